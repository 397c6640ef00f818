package money_test

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting/money"
)

func TestParseQuantity(t *testing.T) {
	for _, c := range []struct {
		text   string
		want   money.Quantity
		prints string
		code   error
	}{
		{"1.5", 1_500_000, "1.5", nil},
		{"3", 3_000_000, "3", nil},
		{"100", 100_000_000, "100", nil},
		{"0", 0, "0", nil},
		{"-0.000001", -1, "-0.000001", nil},
		{"2.5000000", 2_500_000, "2.5", nil},
		{"-9223372036854.775808", least, "-9223372036854.775808", nil},
		{"9223372036854.775808", 0, "", money.ErrOverflow},
		{"0.0000001", 0, "", money.ErrNotAQuantity},
		{"", 0, "", money.ErrNotAQuantity},
		{"1,5", 0, "", money.ErrNotAQuantity},
		{"1 kg", 0, "", money.ErrNotAQuantity},
	} {
		t.Run(c.text, func(t *testing.T) {
			got, err := money.ParseQuantity(c.text)
			want(t, c.want, got, err, c.code)
			if c.code == nil {
				require.Equal(t, c.prints, got.String())
			}
		})
	}
}

func TestUnits(t *testing.T) {
	for n, expected := range map[int64]money.Quantity{0: 0, 7: 7_000_000, -7: -7_000_000, 9223372036854: 9223372036854000000} {
		got, err := money.Units(n)
		want(t, expected, got, err, nil)
	}
	for _, n := range []int64{9223372036855, -9223372036855, least, greatest} {
		_, err := money.Units(n)
		require.ErrorIs(t, err, money.ErrOverflow, n)
	}
}

func TestQuantityFromDecimal(t *testing.T) {
	got, err := money.QuantityFromDecimal(dec("0.4535923"), money.HalfUp)
	want(t, money.Quantity(453_592), got, err, nil)
	got, err = money.QuantityFromDecimal(dec("-0.0000005"), money.HalfUp)
	want(t, money.Quantity(-1), got, err, nil)
	_, err = money.QuantityFromDecimal(dec("1e13"), money.HalfUp)
	require.ErrorIs(t, err, money.ErrOverflow)
	_, err = money.QuantityFromDecimal(dec("1e9999"), money.HalfUp)
	require.ErrorIs(t, err, money.ErrNotAQuantity)
	_, err = money.QuantityFromDecimal(dec("1"), "nearest")
	require.ErrorIs(t, err, money.ErrRounding)
}

func TestQuantityLaws(t *testing.T) {
	agree := func(t *rapid.T, exact *big.Int, got money.Quantity, err error) {
		if !exact.IsInt64() {
			require.ErrorIs(t, err, money.ErrOverflow)
			return
		}
		require.NoError(t, err)
		require.Equal(t, exact.Int64(), int64(got))
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := money.Quantity(anyInt64().Draw(t, "a")), money.Quantity(anyInt64().Draw(t, "b"))
		x, y := big.NewInt(int64(a)), big.NewInt(int64(b))
		got, err := a.Add(b)
		agree(t, new(big.Int).Add(x, y), got, err)
		got, err = a.Sub(b)
		agree(t, new(big.Int).Sub(x, y), got, err)
		got, err = a.Neg()
		agree(t, new(big.Int).Neg(x), got, err)

		got, err = money.ParseQuantity(a.String())
		agree(t, x, got, err)
		got, err = money.QuantityFromDecimal(a.Decimal(), money.HalfUp)
		agree(t, x, got, err)
		require.Equal(t, x.Sign(), a.Sign())
		require.Equal(t, a == 0, a.IsZero())
	})
}

func TestQuantityJSONIsText(t *testing.T) {
	type line struct{ Quantity money.Quantity }
	data, err := json.Marshal(line{1_500_000})
	require.NoError(t, err)
	require.Equal(t, `{"Quantity":"1.5"}`, string(data))
	var read line
	require.NoError(t, json.Unmarshal(data, &read))
	require.Equal(t, line{1_500_000}, read)
	require.Error(t, json.Unmarshal([]byte(`{"Quantity":1.5}`), &read), "a JSON number may have been a float")
	require.ErrorIs(t, json.Unmarshal([]byte(`{"Quantity":"x"}`), &read), money.ErrNotAQuantity)
	require.Equal(t, line{1_500_000}, read)
}
