package money

import "math/big"

// Rounding says how an exact result becomes a whole number of minor units. It is text so that a document can store the
// rule it was made under. All rules are symmetric: rounding -x gives minus the rounding of x. The zero value is [HalfUp].
type Rounding string

// The closed list of rounding rules.
const (
	HalfUp   Rounding = "half_up"   // to the nearest, ties away from zero: 0.005 -> 0.01, -0.005 -> -0.01. The default
	HalfEven Rounding = "half_even" // to the nearest, ties to the even neighbour: 0.005 -> 0.00, 0.015 -> 0.02
	Down     Rounding = "down"      // toward zero: 0.009 -> 0.00, -0.009 -> 0.00
	Up       Rounding = "up"        // away from zero: 0.001 -> 0.01, -0.001 -> -0.01
)

// Valid reports whether the rule is one of those above; the empty rule is valid and means HalfUp.
func (r Rounding) Valid() bool {
	switch r {
	case "", HalfUp, HalfEven, Down, Up:
		return true
	}
	return false
}

func (r Rounding) check(op string) error {
	if !r.Valid() {
		return ErrRounding.New(op, "%s is not a rounding rule", shown(string(r)))
	}
	return nil
}

// quo is num / den rounded to an integer. den must not be zero.
func (r Rounding) quo(num, den *big.Int) *big.Int {
	quotient, rest := new(big.Int).QuoRem(num, den, new(big.Int))
	if rest.Sign() == 0 || !r.awayFromZero(quotient, rest, den) {
		return quotient
	}
	return quotient.Add(quotient, big.NewInt(int64(num.Sign()*den.Sign())))
}

// awayFromZero decides on a quotient that was cut off toward zero and left a rest.
func (r Rounding) awayFromZero(quotient, rest, den *big.Int) bool {
	switch r {
	case Down:
		return false
	case Up:
		return true
	}
	half := new(big.Int).Lsh(rest, 1).CmpAbs(den)
	if half != 0 {
		return half > 0
	}
	return r != HalfEven || quotient.Bit(0) == 1
}
