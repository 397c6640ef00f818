package money

import (
	"math/big"

	"github.com/shopspring/decimal"
)

// Extend is the amount of a document line: quantity x unit price, rounded once to the minor unit. The unit price is in
// units of the currency and may have any number of decimals (0.00125 per screw); a discount of the line belongs into it
// unrounded. Rounding the price first would be a different, wrong amount.
//
// Errors: money.unknown_currency, money.rounding, money.not_an_amount (a price with absurdly many digits), money.overflow.
func Extend(quantity Quantity, unitPrice decimal.Decimal, cur Currency, r Rounding) (Amount, error) {
	const op = "money.Extend"
	if err := bounded(op, unitPrice, ErrNotAnAmount); err != nil {
		return Amount{}, err
	}
	return fromDecimal(op, quantity.Decimal().Mul(unitPrice), cur, r)
}

// MulQuantity is a, as the price of one unit, times a quantity, rounded to the minor unit. A price finer than the minor
// unit needs [Extend].
//
// Errors: money.rounding, money.overflow.
func (a Amount) MulQuantity(q Quantity, r Rounding) (Amount, error) {
	return a.mulDiv("money.MulQuantity", int64(q), quantityScale, r)
}

// MulDiv is a x num / den, rounded once from the exact value: the intermediate product has all the bits it needs. It is
// the value of what leaves a stock: value x quantity / quantity on hand.
//
// Errors: money.division_by_zero, money.rounding, money.overflow.
func (a Amount) MulDiv(num, den int64, r Rounding) (Amount, error) {
	return a.mulDiv("money.MulDiv", num, den, r)
}

func (a Amount) mulDiv(op string, num, den int64, r Rounding) (Amount, error) {
	if err := r.check(op); err != nil {
		return Amount{}, err
	}
	if den == 0 {
		return Amount{}, ErrDivisionByZero.New(op, "")
	}
	product := new(big.Int).Mul(big.NewInt(a.Minor), big.NewInt(num))
	return a.with(fit(op, r.quo(product, big.NewInt(den))))
}
