package money_test

import (
	"math/big"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting/money"
)

func TestExtend(t *testing.T) {
	for _, c := range []struct {
		quantity, price string
		cur             money.Currency
		minor           int64
		code            error
	}{
		{"3", "1.115", "GBP", 335, nil}, // 3.345; rounding the price first would give 3.36
		{"1", "0.005", "GBP", 1, nil},   // a tie
		{"-1", "0.005", "GBP", -1, nil}, // and its mirror image
		{"1000", "0.00125", "GBP", 125, nil},
		{"0.000001", "4999", "GBP", 0, nil},
		{"0.000001", "5000", "GBP", 1, nil},
		{"1.5", "333", "JPY", 500, nil},
		{"0", "123.456", "GBP", 0, nil},
		{"9000000000000", "9000000000000", "GBP", 0, money.ErrOverflow},
		{"1", "1e9999", "GBP", 0, money.ErrNotAnAmount},
		{"1", "1", "ZZZ", 0, money.ErrUnknownCurrency},
	} {
		t.Run(c.quantity+" x "+c.price, func(t *testing.T) {
			quantity, err := money.ParseQuantity(c.quantity)
			require.NoError(t, err)
			got, err := money.Extend(quantity, dec(c.price), c.cur, money.HalfUp)
			want(t, money.Amount{Minor: c.minor, Currency: c.cur}, got, err, c.code)
		})
	}
	_, err := money.Extend(1, dec("1"), "GBP", "nearest")
	require.ErrorIs(t, err, money.ErrRounding)
}

func TestMulQuantityIsExtendOfAWholePrice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		price := money.Of(rapid.Int64Range(-1e9, 1e9).Draw(t, "price"), "GBP")
		quantity := money.Quantity(rapid.Int64Range(-1e12, 1e12).Draw(t, "quantity"))
		rule := rapid.SampledFrom(roundings).Draw(t, "rule")
		expected, err := money.Extend(quantity, price.Decimal(), "GBP", rule)
		require.NoError(t, err)
		got, err := price.MulQuantity(quantity, rule)
		require.NoError(t, err)
		require.Equal(t, expected, got)
	})
	_, err := money.Of(greatest, "GBP").MulQuantity(2_000_000, money.HalfUp)
	require.ErrorIs(t, err, money.ErrOverflow)
}

func TestMulDiv(t *testing.T) {
	for name, c := range map[string]struct {
		minor, num, den int64
		rule            money.Rounding
		want            int64
		code            error
	}{
		"a third":           {100, 1, 3, money.HalfUp, 33, nil},
		"two thirds":        {100, 2, 3, money.HalfUp, 67, nil},
		"tie":               {1, 1, 2, money.HalfUp, 1, nil},
		"tie even":          {1, 1, 2, money.HalfEven, 0, nil},
		"negative tie":      {-1, 1, 2, money.HalfUp, -1, nil},
		"negative divisor":  {1, 1, -2, money.HalfUp, -1, nil},
		"down":              {199, 1, 100, money.Down, 1, nil},
		"up":                {101, 1, 100, money.Up, 2, nil},
		"wide intermediate": {greatest, greatest, greatest, money.HalfUp, greatest, nil},
		"all of the least":  {least, 7, 7, money.HalfUp, least, nil},
		"least over -1":     {least, 1, -1, money.HalfUp, 0, money.ErrOverflow},
		"too large":         {greatest, 2, 1, money.HalfUp, 0, money.ErrOverflow},
		"by zero":           {1, 1, 0, money.HalfUp, 0, money.ErrDivisionByZero},
		"no rule":           {1, 1, 1, "nearest", 0, money.ErrRounding},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := money.Of(c.minor, "GBP").MulDiv(c.num, c.den, c.rule)
			want(t, money.Of(c.want, "GBP"), got, err, c.code)
		})
	}
}

// The reference rounds by another way than the package: by floor and ceiling of the fraction, and by distance.
func TestMulDivEqualsBigRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minor, num := anyInt64().Draw(t, "minor"), anyInt64().Draw(t, "num")
		den := anyInt64().Filter(func(n int64) bool { return n != 0 }).Draw(t, "den")
		rule := rapid.SampledFrom(roundings).Draw(t, "rule")

		product := new(big.Int).Mul(big.NewInt(minor), big.NewInt(num))
		expected := roundRat(new(big.Rat).SetFrac(product, big.NewInt(den)), rule)
		got, err := money.Of(minor, "GBP").MulDiv(num, den, rule)
		if !expected.IsInt64() {
			require.ErrorIs(t, err, money.ErrOverflow)
			return
		}
		require.NoError(t, err)
		require.Equal(t, expected.Int64(), got.Minor)
	})
}

func roundRat(x *big.Rat, rule money.Rounding) *big.Int {
	floor := new(big.Int).Div(x.Num(), x.Denom()) // Euclidean; the denominator of a Rat is positive, so this is the floor
	rest := new(big.Rat).Sub(x, new(big.Rat).SetInt(floor))
	if rest.Sign() == 0 {
		return floor
	}
	ceiling := new(big.Int).Add(floor, big.NewInt(1))
	inner, outer := floor, ceiling // toward and away from zero
	if x.Sign() < 0 {
		inner, outer = ceiling, floor
	}
	half := rest.Cmp(big.NewRat(1, 2))
	switch {
	case rule == money.Down:
		return inner
	case rule == money.Up:
		return outer
	case half < 0:
		return floor
	case half > 0:
		return ceiling
	case rule == money.HalfUp:
		return outer
	case floor.Bit(0) == 0:
		return floor
	}
	return ceiling
}

func TestRoundingIsSymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := decimal.New(rapid.Int64Range(-1e14, 1e14).Draw(t, "coefficient"), rapid.Int32Range(-20, 2).Draw(t, "exponent"))
		rule := rapid.SampledFrom(roundings).Draw(t, "rule")
		plus, err := money.FromDecimal(d, "GBP", rule)
		require.NoError(t, err)
		minus, err := money.FromDecimal(d.Neg(), "GBP", rule)
		require.NoError(t, err)
		require.Equal(t, plus.Minor, -minus.Minor)
	})
}

func TestRoundingValid(t *testing.T) {
	for _, rule := range append(roundings, "") {
		require.True(t, rule.Valid(), rule)
	}
	require.False(t, money.Rounding("HALF_UP").Valid())
}

func TestConvert(t *testing.T) {
	rate := money.Rate{From: "GBP", To: "JPY", Value: dec("190.255"), Source: "test"}
	for name, c := range map[string]struct {
		rate  func(money.Rate) money.Rate
		a     money.Amount
		minor int64
		code  error
	}{
		"to yen":        {a: money.Of(1000, "GBP"), minor: 1903},
		"negative":      {a: money.Of(-1000, "GBP"), minor: -1903},
		"wrong way":     {a: money.Of(1000, "JPY"), code: money.ErrCurrencyMismatch},
		"zero rate":     {rate: func(r money.Rate) money.Rate { r.Value = dec("0"); return r }, a: money.Of(1, "GBP"), code: money.ErrRate},
		"negative rate": {rate: func(r money.Rate) money.Rate { r.Value = dec("-1"); return r }, a: money.Of(1, "GBP"), code: money.ErrRate},
		"absurd rate":   {rate: func(r money.Rate) money.Rate { r.Value = dec("1e9999"); return r }, a: money.Of(1, "GBP"), code: money.ErrRate},
		"no target":     {rate: func(r money.Rate) money.Rate { r.To = ""; return r }, a: money.Of(1, "GBP"), code: money.ErrUnknownCurrency},
		"too large":     {a: money.Of(greatest, "GBP"), code: money.ErrOverflow},

		"yen for one pound":   {rate: func(r money.Rate) money.Rate { r.Indirect = true; return r }, a: money.Of(1000, "GBP"), minor: 0},
		"pounds for one yen":  {rate: func(r money.Rate) money.Rate { r.Indirect, r.Value = true, dec("0.0052561"); return r }, a: money.Of(1000, "GBP"), minor: 1903},
		"the same, negative":  {rate: func(r money.Rate) money.Rate { r.Indirect, r.Value = true, dec("0.0052561"); return r }, a: money.Of(-1000, "GBP"), minor: -1903},
		"a tie":               {rate: func(r money.Rate) money.Rate { r.Indirect, r.Value = true, dec("4"); return r }, a: money.Of(1000, "GBP"), minor: 3},
		"indirect, too large": {rate: func(r money.Rate) money.Rate { r.Indirect, r.Value = true, dec("0.000001"); return r }, a: money.Of(greatest, "GBP"), code: money.ErrOverflow},
		"indirect, wrong way": {rate: func(r money.Rate) money.Rate { r.Indirect = true; return r }, a: money.Of(1000, "JPY"), code: money.ErrCurrencyMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			used := rate
			if c.rate != nil {
				used = c.rate(rate)
			}
			got, err := used.Convert(c.a, money.HalfUp)
			want(t, money.Of(c.minor, "JPY"), got, err, c.code)
		})
	}
	_, err := rate.Convert(money.Of(1, "GBP"), "nearest")
	require.ErrorIs(t, err, money.ErrRounding)
}

// Quoted the other way round, a rate divides: what comes out is within half a minor unit of the exact quotient, and no more than one away however it is rounded.
func TestLawIndirectRatesDivideExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.SampledFrom(currencies).Draw(t, "from")
		to := rapid.SampledFrom(currencies).Filter(func(c money.Currency) bool { return c != from }).Draw(t, "to")
		rate := money.Rate{From: from, To: to, Indirect: true, Value: decimal.New(rapid.Int64Range(1, 99_999_999).Draw(t, "rate"), -rapid.Int32Range(0, 8).Draw(t, "decimals"))}
		a := money.Of(rapid.Int64Range(-999_999_999, 999_999_999).Draw(t, "minor"), from)
		rule := rapid.SampledFrom(roundings).Draw(t, "rule")
		got, err := rate.Convert(a, rule)
		require.NoError(t, err)
		require.Equal(t, to, got.Currency)
		exact := new(big.Rat).Quo(a.Decimal().Rat(), rate.Value.Rat())
		minor := exact.Quo(exact, money.Of(1, to).Decimal().Rat()) // in minor units of to
		require.Equal(t, roundRat(minor, rule).String(), big.NewInt(got.Minor).String())
		if rule == money.HalfUp {
			off := new(big.Rat).Sub(minor, new(big.Rat).SetInt64(got.Minor))
			require.LessOrEqual(t, off.Abs(off).Cmp(big.NewRat(1, 2)), 0, "%s at %s", a.Format(), rate.Value)
		}
		// A quotation of one is the same either way round.
		rate.Value = decimal.NewFromInt(1)
		there, err := rate.Convert(a, rule)
		require.NoError(t, err)
		rate.Indirect = false
		direct, err := rate.Convert(a, rule)
		require.NoError(t, err)
		require.Equal(t, direct, there)
	})
}
