package money_test

import (
	"math"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting/money"
)

var (
	roundings  = []money.Rounding{money.HalfUp, money.HalfEven, money.Down, money.Up}
	currencies = []money.Currency{"GBP", "JPY", "KWD", "CLF", "EUR"}
)

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

// anyInt64 favours the ends of the range, where wrapping would happen.
func anyInt64() *rapid.Generator[int64] {
	return rapid.OneOf(
		rapid.Int64(),
		rapid.Int64Range(-1000, 1000),
		rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, math.MaxInt64, math.MaxInt64 - 1}),
	)
}

func anyAmount(cur money.Currency) *rapid.Generator[money.Amount] {
	return rapid.Custom(func(t *rapid.T) money.Amount { return money.Of(anyInt64().Draw(t, "minor"), cur) })
}

// want checks a result or, when code is not nil, the refusal.
func want[T any](t *testing.T, expected, got T, err error, code error) {
	t.Helper()
	if code != nil {
		require.ErrorIs(t, err, code)
		return
	}
	require.NoError(t, err)
	require.Equal(t, expected, got)
}
