package accounting

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// ExchangeRate is what a currency was worth in another on a day, as somebody quoted it, and the way round in which he did. It never changes: a
// rate that was wrong is followed by a revision. What was booked at the old one stays as it was booked.
type ExchangeRate struct {
	tenancy.Row
	From money.Currency `bun:"from_currency" privacy:"none"`
	To   money.Currency `bun:"to_currency" privacy:"none"`
	// On is the day of the quotation.
	On date.Date `bun:"quoted_on"`
	// Revision counts from 1; the highest of a day is the one that applies.
	Revision int64 `bun:"revision"`
	// Rate is how many units of To one unit of From is worth; if Indirect, how many units of From one unit of To is worth.
	Rate     decimal.Decimal `bun:"rate"`
	Indirect bool            `bun:"indirect"`
	// Source is who quoted it: "ECB", "HMRC monthly".
	Source     string    `bun:"source" privacy:"none"`
	RecordedAt time.Time `bun:"recorded_at"`
}

// Quoted is the rate to convert with.
func (r *ExchangeRate) Quoted() money.Rate {
	return money.Rate{From: r.From, To: r.To, Value: r.Rate, Indirect: r.Indirect, On: r.On, Source: r.Source}
}

// told is the rate in words: "1 EUR = 1.3362 USD".
func (r *ExchangeRate) told() string {
	if r.Indirect {
		return "1 " + string(r.To) + " = " + r.Rate.String() + " " + string(r.From)
	}
	return "1 " + string(r.From) + " = " + r.Rate.String() + " " + string(r.To)
}

// NewExchangeRate is one line of the input of [Service.SetRates].
type NewExchangeRate struct {
	From, To money.Currency `validate:"currency"`
	// On is the day of the quotation.
	On date.Date `validate:"day"`
	// Rate is above zero, as it was quoted: how many units of To one unit of From is worth. The way back is a rate of its own.
	Rate decimal.Decimal
	// Indirect says that it was quoted the other way round: Rate is how many units of From one unit of To is worth. So the European Central
	// Bank quotes all currencies against the euro: 1.3362 dollars to the euro is From USD, To EUR, Rate 1.3362, Indirect. It is recorded as given, and
	// amounts are divided by it, rounded once, half up; no reciprocal is ever rounded.
	Indirect bool
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
