package money

import (
	"errors"

	"github.com/opsmatiq/erp/tenancy/fault"
)

// Parse reads an amount in units of the currency, such as "12.34" or "-5". A point separates the decimals; there is no
// grouping, plus or exponent. More decimals than the currency has are refused unless they are zeros ("12.3400" is fine,
// "12.345" is not): Parse never rounds.
//
// Errors: money.unknown_currency, money.not_an_amount, money.overflow.
func Parse(text string, cur Currency) (Amount, error) {
	const op = "money.Parse"
	units, err := cur.units(op)
	if err != nil {
		return Amount{}, err
	}
	minor, err := parseFixed(text, int(units))
	if err != nil {
		return Amount{}, textFault(op, text, err, ErrNotAnAmount)
	}
	return Amount{Minor: minor, Currency: cur}, nil
}

// textFault gives the code for a text that parseFixed refused.
func textFault(op, text string, why error, not *fault.Definition) error {
	if errors.Is(why, errTooLarge) {
		not = ErrOverflow
	}
	return not.Wrap(op, why, "%s %s", shown(text), why)
}

// String is the value with exactly the currency's decimals and without its code, such as "12.34"; [Parse] reads it back.
func (a Amount) String() string { return formatFixed(a.Minor, a.Currency.MinorUnits()) }

// Format is the value and the code, such as "12.34 GBP": for logs, messages and golden files. It is not localised.
func (a Amount) Format() string { return a.String() + " " + string(a.Currency) }
