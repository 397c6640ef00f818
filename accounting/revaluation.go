package accounting

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Revaluation is one run of [Service.Revalue] that found something to book. It never changes.
type Revaluation struct {
	tenancy.Row
	PeriodID uuid.UUID `bun:"period_id"`
	// Seq counts the runs of a period's end, from 1.
	Seq int64 `bun:"seq"`
	// On is the last day of the period.
	On date.Date `bun:"revalued_on"`
	// EntryID books the unrealised differences on On, ReversalID takes them back on the day after; zero when there were none.
	EntryID    uuid.UUID `bun:"entry_id,nullzero"`
	ReversalID uuid.UUID `bun:"reversal_id,nullzero"`
	// RealisedID books what accounts still carried that are empty in their currency; zero when there was none.
	RealisedID uuid.UUID `bun:"realised_id,nullzero"`
	RecordedAt time.Time `bun:"recorded_at"`

	// Lines are what was looked at and found to differ, by account and currency.
	Lines []RevaluationLine `bun:"-"`
	// Replayed says that nothing differed any more, and nothing was written now.
	Replayed bool `bun:"-"`
}

// RevaluationLine is what one account held in one currency at a period's end, and what that was worth.
type RevaluationLine struct {
	tenancy.Owned
	RevaluationID uuid.UUID `bun:"revaluation_id,pk"`
	LineNo        int64     `bun:"line_no,pk"`
	AccountID     uuid.UUID `bun:"account_id"`
	// Balance is what the account held, debits positive, in its currency.
	Balance money.Amount `bun:"embed:balance_"`
	// CarriedMinor is what it stood in the books at, in minor units of the base currency, earlier runs for the day included. (Of
	// several control accounts of a kind, which share a valuation account, the first one in the chart bears the earlier runs.)
	CarriedMinor int64 `bun:"carried_minor"`
	// Rate and RateOn are the quotation that was used, RateIndirect says which way round it is ([ExchangeRate]); the rate is zero when Balance is.
	Rate         decimal.Decimal `bun:"rate"`
	RateIndirect bool            `bun:"rate_indirect"`
	RateOn       date.Date       `bun:"rate_on"`
	// WorthMinor is Balance at the rate, rounded half up. WorthMinor less CarriedMinor was booked: above zero a gain.
	WorthMinor int64 `bun:"worth_minor"`
}

// NewRevaluation is the input of [Service.Revalue].
type NewRevaluation struct {
	// On is the last day of a period.
	On date.Date `validate:"day"`
	// LockException is as in [NewEntry], for the period that ends and for the one that begins.
	LockException string `validate:"text=500"`
}
