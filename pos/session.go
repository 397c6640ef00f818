package pos

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// SessionState is where a session stands.
type SessionState string

// The states: open -> closed, or open -> expired -> closed. An expired session sells nothing more and can only be closed.
const (
	SessionOpen    SessionState = "open"
	SessionExpired SessionState = "expired"
	SessionClosed  SessionState = "closed"
)

// Session is the time between the opening and the closing of a register. Nothing of it changes but State, which goes forward.
type Session struct {
	tenancy.Row
	RegisterID uuid.UUID `bun:"register_id,notnull"`
	// Reference is the caller's own key, unique over sessions.
	Reference   string       `bun:"reference,notnull" privacy:"none"`
	Fingerprint string       `bun:"fingerprint,notnull" privacy:"none"`
	State       SessionState `bun:"state,notnull" privacy:"none"`
	// BusinessDate is the day that all its tickets, goods and entries count for, past midnight as well.
	BusinessDate date.Date `bun:"business_date,notnull"`
	// Float is the cash counted at the opening; Left what the session before left in the drawer, and for the first session of
	// a register the same as Float.
	Float    money.Amount `bun:"embed:float_"`
	Left     money.Amount `bun:"embed:left_"`
	OpenedAt time.Time    `bun:"opened_at,notnull"`
	// ExpiresAt is when it has been open for as long as its register allows.
	ExpiresAt time.Time `bun:"expires_at,notnull"`
	// DimensionSetID is its register's at the opening.
	DimensionSetID uuid.UUID `bun:"dimension_set_id,nullzero"`

	// Replayed says that the reference had been used before with the same content, and nothing was written now.
	Replayed bool `bun:"-"`
}

// NewSession is the input of [Service.OpenSession].
type NewSession struct {
	RegisterID uuid.UUID `validate:"required"`
	// Float is the cash in the drawer, counted. It may be zero, in the books' currency.
	Float money.Amount `validate:"-"`
	// Date is the business date. Default: today in the tenant's time zone. Another day is for what was sold then and is entered
	// later; receipts of a register are never dated backwards.
	Date date.Date `validate:"-"`
	// Reference is the caller's own key and the idempotency key. Required.
	Reference string `validate:"required,reference"`
}

// Totals are what a session took and gave.
type Totals struct {
	Float   money.Amount `bun:"embed:float_"`
	CashIn  money.Amount `bun:"embed:cash_in_"`  // put into the drawer beside sales
	CashOut money.Amount `bun:"embed:cash_out_"` // taken out of it beside refunds
	// CashSales is what sales left in the drawer: tendered less change. CashBack is what refunds and voids took out.
	CashSales money.Amount `bun:"embed:cash_sales_"`
	CashBack  money.Amount `bun:"embed:cash_back_"`
	CardSales money.Amount `bun:"embed:card_sales_"`
	CardBack  money.Amount `bun:"embed:card_back_"`
	// Rounding is what cash rounding added to what customers paid, less what it took off.
	Rounding money.Amount `bun:"embed:rounding_"`
	// Expected is what should be in the drawer: Float + CashIn - CashOut + CashSales - CashBack.
	Expected money.Amount `bun:"embed:expected_"`
	// Tickets is how many were made, of all kinds.
	Tickets int64 `bun:"tickets,notnull"`
}

// Closing is what a session came to: its totals, the cash counted, and the difference. It never changes.
type Closing struct {
	tenancy.Owned
	SessionID uuid.UUID `bun:"session_id,pk"`
	Totals
	Counted money.Amount `bun:"embed:counted_"`
	// OverShort is Counted less Expected: above zero when there is more than there should be.
	OverShort money.Amount `bun:"embed:over_short_"`
	// Date is the session's business date.
	Date date.Date `bun:"closing_date,notnull"`
	// EntryID is the journal entry of money, revenue and tax; none when nothing happened. The goods have an entry of their own,
	// made by inventory for the group with the session's id.
	EntryID uuid.UUID `bun:"entry_id,nullzero"`
	// RoundingAccountID and OverShortAccountID are where cash rounding and over/short were booked; none where there was none.
	RoundingAccountID  uuid.UUID `bun:"rounding_account_id,nullzero"`
	OverShortAccountID uuid.UUID `bun:"over_short_account_id,nullzero"`
	ClosedAt           time.Time `bun:"closed_at,notnull"`

	// Replayed says that the session had been closed before with the same count, and nothing was written now.
	Replayed bool `bun:"-"`
}

// Close is the input of [Service.CloseSession].
type Close struct {
	SessionID uuid.UUID `validate:"required"`
	// Counted is the cash found in the drawer, all of it: what stays there is the next session's float.
	Counted money.Amount `validate:"-"`
	// LockException is the reason for booking into a soft-locked period; it needs the permission accounting.exception.
	LockException string `validate:"max=500,text"`
}

// SessionDetail is a session with what it came to so far, or at its closing.
type SessionDetail struct {
	Session
	Totals Totals
	// Closing is nil while the session is not closed.
	Closing *Closing
}
