package money

import (
	"strings"

	"github.com/shopspring/decimal"
)

// Quantity is a number of units of a product in millionths: 1_500_000 is one and a half. It is stored as that BIGINT and
// sent as text ("1.5"). The range is about nine million million units either way.
type Quantity int64

const (
	quantityPlaces = 6
	quantityScale  = 1_000_000
)

// Units is a whole number of units.
//
// Errors: money.overflow.
func Units(n int64) (Quantity, error) {
	q := n * quantityScale
	if q/quantityScale != n {
		return 0, ErrOverflow.New("money.Units", "")
	}
	return Quantity(q), nil
}

// ParseQuantity reads a decimal number with at most six decimals that are not zeros, such as "1.5" or "-0.000001".
//
// Errors: money.not_a_quantity, money.overflow.
func ParseQuantity(text string) (Quantity, error) {
	n, err := parseFixed(text, quantityPlaces)
	if err != nil {
		return 0, textFault("money.ParseQuantity", text, err, ErrNotAQuantity)
	}
	return Quantity(n), nil
}

// QuantityFromDecimal rounds a number of units to millionths, as after a conversion between units of measure.
//
// Errors: money.rounding, money.not_a_quantity (absurdly many digits), money.overflow.
func QuantityFromDecimal(d decimal.Decimal, r Rounding) (Quantity, error) {
	const op = "money.QuantityFromDecimal"
	if err := r.check(op); err != nil {
		return 0, err
	}
	if err := bounded(op, d, ErrNotAQuantity); err != nil {
		return 0, err
	}
	n, err := fit(op, scaled(d, quantityPlaces, r))
	return Quantity(n), err
}

// Decimal is the exact number of units.
func (q Quantity) Decimal() decimal.Decimal { return decimal.New(int64(q), -quantityPlaces) }

// String is the number of units without needless zeros: "1.5", "3", "-0.000001".
func (q Quantity) String() string {
	return strings.TrimSuffix(strings.TrimRight(formatFixed(int64(q), quantityPlaces), "0"), ".")
}

// Add is q + other.
//
// Errors: money.overflow.
func (q Quantity) Add(other Quantity) (Quantity, error) {
	n, err := addInt64("money.Quantity.Add", int64(q), int64(other))
	return Quantity(n), err
}

// Sub is q - other.
//
// Errors: money.overflow.
func (q Quantity) Sub(other Quantity) (Quantity, error) {
	n, err := subInt64("money.Quantity.Sub", int64(q), int64(other))
	return Quantity(n), err
}

// Neg is -q.
//
// Errors: money.overflow, for the least int64.
func (q Quantity) Neg() (Quantity, error) {
	n, err := subInt64("money.Quantity.Neg", 0, int64(q))
	return Quantity(n), err
}

// IsZero reports whether there is nothing.
func (q Quantity) IsZero() bool { return q == 0 }

// Sign is -1, 0 or 1.
func (q Quantity) Sign() int { return sign(int64(q)) }

// MarshalText is String; JSON shows a quantity as text, because a JSON number becomes a float in most readers.
func (q Quantity) MarshalText() ([]byte, error) { return []byte(q.String()), nil }

// UnmarshalText is ParseQuantity. A JSON number is refused by encoding/json.
//
// Errors: money.not_a_quantity, money.overflow.
func (q *Quantity) UnmarshalText(text []byte) error {
	parsed, err := ParseQuantity(string(text))
	if err != nil {
		return err
	}
	*q = parsed
	return nil
}
