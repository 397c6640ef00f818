package money

import (
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/tenancy/date"
)

// Rate is an exchange rate: one unit of From is worth Value units of To (one pound, not one penny). It says on which day
// it was quoted and by whom, because an auditor asks both.
type Rate struct {
	From   Currency
	To     Currency
	Value  decimal.Decimal // above zero, any precision
	On     date.Date       // the day of the quotation
	Source string          // who quoted it, such as "ECB"
}

// Convert is the amount in the rate's To currency, rounded once to its minor unit. Only From to To: the way back is
// another quotation, never the reciprocal of this one.
//
// Errors: money.currency_mismatch (a is not in From), money.rate, money.unknown_currency, money.rounding, money.overflow.
func (x Rate) Convert(a Amount, r Rounding) (Amount, error) {
	const op = "money.Convert"
	if err := x.check(op); err != nil {
		return Amount{}, err
	}
	if a.Currency != x.From {
		return Amount{}, ErrCurrencyMismatch.New(op, "a rate from %s cannot convert %s", x.From, shown(string(a.Currency)))
	}
	return fromDecimal(op, a.Decimal().Mul(x.Value), x.To, r)
}

func (x Rate) check(op string) error {
	for _, cur := range []Currency{x.From, x.To} {
		if _, err := cur.units(op); err != nil {
			return err
		}
	}
	if err := bounded(op, x.Value, ErrRate); err != nil {
		return err
	}
	if x.Value.Sign() <= 0 {
		return ErrRate.New(op, "a rate must be above zero, %s to %s is not", x.From, x.To)
	}
	return nil
}
