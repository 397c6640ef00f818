package einvoice

import (
	"math/big"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
)

// maxDecimals is the number of decimals that EN 16931 gives amounts (BR-DEC, BR-CO-17), whatever the currency has.
const maxDecimals = 2

// places is to how many decimals amounts of a currency are rounded here: at most two, and none where the currency has none.
func places(cur money.Currency) int32 {
	return int32(min(maxDecimals, cur.MinorUnits())) //nolint:gosec // at most 2
}

// The widest number that is calculated with. A price or rate beyond it is a mistake or an attack.
const (
	maxExponent = 100
	maxBits     = 1024
)

// bounded reports whether a number can be calculated with.
func bounded(d decimal.Decimal) bool {
	return d.Exponent() <= maxExponent && d.Exponent() >= -maxExponent && d.Coefficient().BitLen() <= maxBits
}

// ratio is num / den in units of the currency, rounded once, half up (away from zero), to the decimals of an amount. den must
// not be zero, and both must be bounded.
func ratio(num, den decimal.Decimal, cur money.Currency) (money.Amount, error) {
	// Half up asks for the first digit that is cut off, and for none after it.
	quotient, _ := num.QuoRem(den, places(cur)+1)
	return money.FromDecimal(quotient.Round(places(cur)), cur, money.HalfUp)
}

// times is the product of an amount and a rate in percent, rounded as ratio does.
func times(a money.Amount, percent decimal.Decimal) (money.Amount, error) {
	return ratio(a.Decimal().Mul(percent), decimal.New(100, 0), a.Currency)
}

// canonical is a bounded number in the one form that its value has: 20 for 20.00. Decimals of one value then are deeply equal.
func canonical(d decimal.Decimal) decimal.Decimal {
	if d.IsZero() {
		return decimal.Decimal{}
	}
	coefficient, exponent := d.Coefficient(), d.Exponent()
	ten := big.NewInt(10)
	for ; exponent > 0; exponent-- {
		coefficient.Mul(coefficient, ten)
	}
	for exponent < 0 {
		quotient, rest := new(big.Int).QuoRem(coefficient, ten, new(big.Int))
		if rest.Sign() != 0 {
			break
		}
		coefficient, exponent = quotient, exponent+1
	}
	return decimal.NewFromBigInt(coefficient, exponent)
}

// shown is the number as a message shows it.
func shown(d decimal.Decimal) string {
	if !bounded(d) {
		return "a number of too many digits"
	}
	return shortened(d.String())
}
