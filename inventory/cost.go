package inventory

import (
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
)

// Cost is what goods cost when they come in, where somebody knows it: per unit or for the whole line. Make one with
// [PerUnit] or [InTotal]; the zero Cost is "not stated", which is not the same as a cost of nothing.
type Cost struct {
	// Unit is in units of the books' currency (pounds, not pence), with any number of decimals; at most one of the two
	// is set.
	Unit decimal.NullDecimal `json:"unit"`
	// Total is for the whole line.
	Total money.Amount `json:"total"`
}

// PerUnit states the cost of one unit: 3.5 is 3.50 pounds each. The line's value is quantity x unit cost, rounded half up
// to the minor unit once.
func PerUnit(unit decimal.Decimal) Cost { return Cost{Unit: decimal.NewNullDecimal(unit)} }

// InTotal states the cost of the whole line to the penny, as a supplier's bill does.
func InTotal(total money.Amount) Cost { return Cost{Total: total} }

// Stated reports whether a cost is stated, be it nothing.
func (c Cost) Stated() bool { return c.Unit.Valid || c.Total != money.Amount{} }

// Valid reports whether the cost can be worked with: it is stated in at most one way, not negative, and without absurdly many
// digits (1e1000000000 is a few bytes of input and a gigabyte when written out).
func (c Cost) Valid() bool {
	d := c.Unit.Decimal
	bounded := d.Exponent() <= 20 && d.Exponent() >= -20 && d.Coefficient().BitLen() <= 128
	return bounded && !d.IsNegative() && c.Total.Minor >= 0 && (!c.Unit.Valid || c.Total == money.Amount{})
}

// value is what a quantity costs in all.
func (c Cost) value(q money.Quantity, cur money.Currency) (money.Amount, error) {
	if c.Unit.Valid {
		return money.Extend(q, c.Unit.Decimal, cur, money.HalfUp)
	}
	return money.Zero(cur).Add(c.Total) // refuses another currency
}
