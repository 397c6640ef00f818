package money_test

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting/money"
)

func TestAllocate(t *testing.T) {
	for name, c := range map[string]struct {
		total   int64
		weights []int64
		parts   []int64
		code    error
	}{
		"thirds":                       {100, []int64{1, 1, 1}, []int64{34, 33, 33}, nil},
		"negative thirds":              {-100, []int64{1, 1, 1}, []int64{-34, -33, -33}, nil},
		"largest remainder, not first": {10, []int64{14, 43, 43}, []int64{2, 4, 4}, nil},
		"remainder to the last":        {100, []int64{100, 100, 101}, []int64{33, 33, 34}, nil},
		"zero weight gets nothing":     {1, []int64{0, 1, 0}, []int64{0, 1, 0}, nil},
		"fewer units than parts":       {2, []int64{1, 1, 1}, []int64{1, 1, 0}, nil},
		"nothing":                      {0, []int64{1, 2}, []int64{0, 0}, nil},
		"one":                          {-7, []int64{3}, []int64{-7}, nil},
		"least":                        {least, []int64{1, 1}, []int64{least / 2, least / 2}, nil},
		"weights past int64":           {10, []int64{greatest, greatest}, []int64{5, 5}, nil},
		"no weights":                   {10, nil, nil, money.ErrAllocation},
		"all zero":                     {10, []int64{0, 0}, nil, money.ErrAllocation},
		"negative weight":              {10, []int64{5, -1}, nil, money.ErrAllocation},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := money.Allocate(money.Of(c.total, "GBP"), c.weights)
			var expected []money.Amount
			for _, part := range c.parts {
				expected = append(expected, money.Of(part, "GBP"))
			}
			want(t, expected, got, err, c.code)
		})
	}
}

// Of a hundred parts with only two kinds of remainder, ties go by place; an unstable sort shows only past a dozen.
func TestAllocateServesTiesInOrder(t *testing.T) {
	weights := make([]int64, 100)
	for i := range weights {
		weights[i] = 1 + int64(i*7%2)
	}
	parts, err := money.Allocate(money.Of(20, "GBP"), weights) // less than half a unit each: only remainders count
	require.NoError(t, err)
	for i, part := range parts {
		require.Equal(t, weights[i] == 2 && i < 40, part.Minor == 1, "part %d is %s", i, part)
	}
}

func TestAllocationLaws(t *testing.T) {
	weight := rapid.OneOf(rapid.Int64Range(0, 20), rapid.Int64Range(0, greatest))
	some := func(weights []int64) bool {
		for _, w := range weights {
			if w > 0 {
				return true
			}
		}
		return false
	}
	rapid.Check(t, func(t *rapid.T) {
		total := anyAmount("GBP").Draw(t, "total")
		weights := rapid.SliceOfN(weight, 1, 12).Filter(some).Draw(t, "weights")
		parts, err := money.Allocate(total, weights)
		require.NoError(t, err)

		sum, err := money.Sum(parts...)
		require.NoError(t, err)
		require.Equal(t, total, sum, "parts sum to the whole")

		whole := new(big.Int)
		for _, w := range weights {
			whole.Add(whole, big.NewInt(w))
		}
		for i, part := range parts {
			share := new(big.Int).Mul(big.NewInt(total.Minor), big.NewInt(weights[i]))
			off := new(big.Int).Sub(share, new(big.Int).Mul(big.NewInt(part.Minor), whole))
			require.Negative(t, off.CmpAbs(whole), "part %d is within one unit of its exact share", i)
			for j := range i {
				if weights[i] == weights[j] {
					require.LessOrEqual(t, magnitude(part), magnitude(parts[j]), "of equal weights the earlier never gets less")
				}
			}
		}
		again, err := money.Allocate(total, weights)
		require.NoError(t, err)
		require.Equal(t, parts, again)

		if total.Minor == least {
			return
		}
		mirrored, err := money.Allocate(money.Of(-total.Minor, "GBP"), weights)
		require.NoError(t, err)
		for i := range parts {
			require.Equal(t, -parts[i].Minor, mirrored[i].Minor)
		}
	})
}

func magnitude(a money.Amount) uint64 { return new(big.Int).Abs(big.NewInt(a.Minor)).Uint64() }
