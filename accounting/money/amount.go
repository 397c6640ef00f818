package money

import "github.com/shopspring/decimal"

// Amount is a sum of money: a whole number of minor units of one currency. Amounts are values, comparable with ==.
//
// The fields are exported because bun silently drops an embedded struct without exported fields; arithmetic goes through
// the methods, which neither wrap nor mix currencies. The zero Amount has no currency: it means "not set", and it cannot
// be combined with anything but itself. Zero pounds is [Zero]("GBP").
type Amount struct {
	Minor    int64    `bun:"minor,notnull"`                   // in the currency's minor units: 1234 of GBP is 12.34
	Currency Currency `bun:"currency,notnull" privacy:"none"` // ISO 4217
}

// New makes an amount from minor units: New(1234, "GBP") is 12.34 GBP.
//
// Errors: money.unknown_currency.
func New(minor int64, cur Currency) (Amount, error) {
	if _, err := cur.units("money.New"); err != nil {
		return Amount{}, err
	}
	return Amount{Minor: minor, Currency: cur}, nil
}

// Of is New for constants and tests; it panics on an unknown currency.
func Of(minor int64, cur Currency) Amount {
	a, err := New(minor, cur)
	if err != nil {
		panic(err)
	}
	return a
}

// Zero is nothing, in a currency: where sums begin. The currency is not looked at here; parsing and storing refuse an
// unknown one.
func Zero(cur Currency) Amount { return Amount{Currency: cur} }

// FromDecimal rounds d units of the currency (pounds, not pence) to its minor units.
//
// Errors: money.unknown_currency, money.rounding, money.not_an_amount (absurdly many digits), money.overflow.
func FromDecimal(d decimal.Decimal, cur Currency, r Rounding) (Amount, error) {
	return fromDecimal("money.FromDecimal", d, cur, r)
}

func fromDecimal(op string, d decimal.Decimal, cur Currency, r Rounding) (Amount, error) {
	units, err := cur.units(op)
	if err != nil {
		return Amount{}, err
	}
	if err := r.check(op); err != nil {
		return Amount{}, err
	}
	if err := bounded(op, d, ErrNotAnAmount); err != nil {
		return Amount{}, err
	}
	minor, err := fit(op, scaled(d, units, r))
	if err != nil {
		return Amount{}, err
	}
	return Amount{Minor: minor, Currency: cur}, nil
}

// Decimal is the exact value in units of the currency: 12.34 for 1234 minor units of GBP.
func (a Amount) Decimal() decimal.Decimal {
	return decimal.New(a.Minor, -minorUnits[a.Currency])
}

// IsZero reports whether it is nothing, in whatever currency.
func (a Amount) IsZero() bool { return a.Minor == 0 }

// Sign is -1, 0 or 1.
func (a Amount) Sign() int { return sign(a.Minor) }
