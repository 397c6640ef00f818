package accounting

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// ExchangeRate is what one unit of a currency was worth in another on a day, as somebody quoted it. It never changes: a rate
// that was wrong is followed by a revision. What was booked at the old one stays as it was booked.
type ExchangeRate struct {
	tenancy.Row
	From money.Currency `bun:"from_currency" privacy:"none"`
	To   money.Currency `bun:"to_currency" privacy:"none"`
	// On is the day of the quotation.
	On date.Date `bun:"quoted_on"`
	// Revision counts from 1; the highest of a day is the one that applies.
	Revision int64 `bun:"revision"`
	// Rate is how many units of To one unit of From is worth.
	Rate decimal.Decimal `bun:"rate"`
	// Source is who quoted it: "ECB", "HMRC monthly".
	Source     string    `bun:"source" privacy:"none"`
	RecordedAt time.Time `bun:"recorded_at"`
}

// rate is the quotation, to convert with.
func (r *ExchangeRate) rate() money.Rate {
	return money.Rate{From: r.From, To: r.To, Value: r.Rate, On: r.On, Source: r.Source}
}

// NewExchangeRate is one line of the input of [Service.SetRates].
type NewExchangeRate struct {
	From, To money.Currency `validate:"currency"`
	// On is the day of the quotation.
	On date.Date `validate:"day"`
	// Rate is above zero: how many units of To one unit of From is worth. The way back is a rate of its own, never the
	// reciprocal.
	Rate decimal.Decimal
	// Source is who quoted it, one line of at most 100 characters.
	Source string `validate:"line=100"`
	// Revise replaces another rate of the same pair and day.
	Revise bool
}

// Conversion is an amount in another currency, and the rate that made it so.
type Conversion struct {
	Amount money.Amount
	Rate   ExchangeRate
}
