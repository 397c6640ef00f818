package money

import (
	"math/big"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/tenancy/date"
)

// Rate is an exchange rate, as it was quoted: one unit of From is worth Value units of To (one pound, not one penny); or, where it is Indirect, one
// unit of To is worth Value units of From. It says on which day it was quoted and by whom, because an auditor asks both.
type Rate struct {
	From  Currency
	To    Currency
	Value decimal.Decimal // above zero, any precision
	// Indirect says that Value counts units of From for one of To, as the European Central Bank quotes all currencies against the euro.
	Indirect bool
	On       date.Date // the day of the quotation
	Source   string    // who quoted it, such as "ECB"
}

// Convert is the amount in the rate's To currency, rounded once to its minor unit: multiplied by Value, or divided by it where the rate is
// Indirect, exactly and never by a reciprocal that was rounded before. Only From to To: the way back is another quotation.
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
	if !x.Indirect {
		return fromDecimal(op, a.Decimal().Mul(x.Value), x.To, r)
	}
	if err := r.check(op); err != nil {
		return Amount{}, err
	}
	num, den := big.NewInt(a.Minor), x.Value.Coefficient()
	if shift := int64(minorUnits[x.To]) - int64(minorUnits[x.From]) - int64(x.Value.Exponent()); shift >= 0 {
		num.Mul(num, power10(shift))
	} else {
		den = new(big.Int).Mul(den, power10(-shift))
	}
	minor, err := fit(op, r.quo(num, den))
	if err != nil {
		return Amount{}, err
	}
	return Amount{Minor: minor, Currency: x.To}, nil
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
