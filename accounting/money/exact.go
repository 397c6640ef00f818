package money

import (
	"math/big"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/tenancy/fault"
)

// The widest decimal that is worked with. A price or rate beyond it is a mistake or an attack: a decimal of a few bytes
// (one with an exponent of a thousand million) can stand for gigabytes of digits.
const (
	maxExponent        = 1000
	maxCoefficientBits = 4096
)

// bounded refuses a decimal too extreme to be calculated with, as not.
func bounded(op string, d decimal.Decimal, not *fault.Definition) error {
	if e := d.Exponent(); e > maxExponent || e < -maxExponent || d.Coefficient().BitLen() > maxCoefficientBits {
		return not.New(op, "the number has too many digits")
	}
	return nil
}

// scaled is d x 10^places as a rounded integer. d must be bounded.
func scaled(d decimal.Decimal, places int32, r Rounding) *big.Int {
	exponent := int64(d.Exponent()) + int64(places)
	if exponent >= 0 {
		return new(big.Int).Mul(d.Coefficient(), power10(exponent))
	}
	return r.quo(d.Coefficient(), power10(-exponent))
}

func power10(n int64) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil) }

// fit is the one way from an exact integer back to int64.
func fit(op string, n *big.Int) (int64, error) {
	if !n.IsInt64() {
		return 0, ErrOverflow.New(op, "")
	}
	return n.Int64(), nil
}

// addInt64 adds without wrapping.
func addInt64(op string, a, b int64) (int64, error) {
	sum := a + b
	if (sum > a) != (b > 0) {
		return 0, ErrOverflow.New(op, "")
	}
	return sum, nil
}

// subInt64 subtracts without wrapping; it is not the addition of -b, which does not exist for the least int64.
func subInt64(op string, a, b int64) (int64, error) {
	difference := a - b
	if (difference < a) != (b > 0) {
		return 0, ErrOverflow.New(op, "")
	}
	return difference, nil
}

// magnitude is |n|, which for the least int64 fits into no int64.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n) //nolint:gosec // two's complement negation is meant
	}
	return uint64(n)
}

func sign(n int64) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
