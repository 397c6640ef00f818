package money

import (
	"math/big"
	"slices"
)

// Allocate splits a total in proportion to the weights, by the method of the largest remainder: every part is its exact
// share rounded down or up to a minor unit, and the parts sum to the total exactly. The units left over by cutting off
// go to the largest remainders; equal remainders are served from the first weight on, so the same input gives the same
// split. A weight of zero gets nothing. A negative total is split as the positive one, with every sign turned.
//
// Errors: money.allocation (no weights, a negative weight, or all zero).
func Allocate(total Amount, weights []int64) ([]Amount, error) {
	whole, err := sumOfWeights(weights)
	if err != nil {
		return nil, err
	}
	parts := make([]Amount, len(weights))
	rests := make([]*big.Int, len(weights))
	left := total.Minor // parts are cut off toward zero, so left goes from the total toward zero and cannot wrap
	for i, weight := range weights {
		product := new(big.Int).Mul(big.NewInt(total.Minor), big.NewInt(weight))
		share, rest := product.QuoRem(product, whole, new(big.Int))
		parts[i] = Amount{Minor: share.Int64(), Currency: total.Currency} // |share| <= |total|
		rests[i] = rest
		left -= parts[i].Minor
	}
	handOut(parts, rests, left)
	return parts, nil
}

func sumOfWeights(weights []int64) (*big.Int, error) {
	const op = "money.Allocate"
	whole := new(big.Int)
	for i, weight := range weights {
		if weight < 0 {
			return nil, ErrAllocation.New(op, "weight %d is negative", i+1)
		}
		whole.Add(whole, big.NewInt(weight))
	}
	if whole.Sign() == 0 {
		return nil, ErrAllocation.New(op, "a split needs at least one weight above zero")
	}
	return whole, nil
}

// handOut gives the units that are left, one each, to the largest remainders. There are fewer units than remainders above
// zero, since each remainder is less than one unit and together they are what is left.
func handOut(parts []Amount, rests []*big.Int, left int64) {
	if left == 0 {
		return
	}
	order := make([]int, len(parts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return rests[j].CmpAbs(rests[i]) })
	unit := int64(sign(left))
	for _, i := range order[:left*unit] {
		parts[i].Minor += unit
	}
}
