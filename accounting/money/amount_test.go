package money_test

import (
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting/money"
)

const (
	least    = math.MinInt64
	greatest = math.MaxInt64
)

func TestNewRefusesUnknownCurrency(t *testing.T) {
	_, err := money.New(1, "XXX")
	require.ErrorIs(t, err, money.ErrUnknownCurrency)
	require.Panics(t, func() { money.Of(1, "XXX") })
	a, err := money.New(1234, "GBP")
	require.NoError(t, err)
	require.Equal(t, money.Amount{Minor: 1234, Currency: "GBP"}, a)
}

// bun drops an embed whose fields are unexported, and names columns by these tags: net_minor, net_currency.
func TestAmountEmbedsAsTwoColumns(t *testing.T) {
	typ := reflect.TypeFor[money.Amount]()
	require.Equal(t, 2, typ.NumField())
	for name, tag := range map[string]string{"Minor": "minor,notnull", "Currency": "currency,notnull"} {
		field, ok := typ.FieldByName(name)
		require.True(t, ok)
		require.True(t, field.IsExported())
		require.Equal(t, tag, field.Tag.Get("bun"))
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text  string
		cur   money.Currency
		minor int64
		code  error
	}{
		{"12.34", "GBP", 1234, nil},
		{"-12.34", "GBP", -1234, nil},
		{"12", "GBP", 1200, nil},
		{"12.3", "GBP", 1230, nil},
		{"12.3400", "GBP", 1234, nil},
		{"-0.00", "GBP", 0, nil},
		{"0.05", "GBP", 5, nil},
		{"-0.05", "GBP", -5, nil},
		{"007", "JPY", 7, nil},
		{"7.0", "JPY", 7, nil},
		{"1.234", "KWD", 1234, nil},
		{"92233720368547758.07", "GBP", greatest, nil},
		{"-92233720368547758.08", "GBP", least, nil},
		{"92233720368547758.08", "GBP", 0, money.ErrOverflow},
		{"-92233720368547758.09", "GBP", 0, money.ErrOverflow},
		{"12.345", "GBP", 0, money.ErrNotAnAmount},
		{"7.5", "JPY", 0, money.ErrNotAnAmount},
		{"", "GBP", 0, money.ErrNotAnAmount},
		{"-", "GBP", 0, money.ErrNotAnAmount},
		{"--1", "GBP", 0, money.ErrNotAnAmount},
		{"+1", "GBP", 0, money.ErrNotAnAmount},
		{".5", "GBP", 0, money.ErrNotAnAmount},
		{"5.", "GBP", 0, money.ErrNotAnAmount},
		{"1.2.3", "GBP", 0, money.ErrNotAnAmount},
		{"1,50", "GBP", 0, money.ErrNotAnAmount},
		{"1_000", "GBP", 0, money.ErrNotAnAmount},
		{"1e3", "GBP", 0, money.ErrNotAnAmount},
		{" 1", "GBP", 0, money.ErrNotAnAmount},
		{"٣", "GBP", 0, money.ErrNotAnAmount},
		{strings.Repeat("0", 101), "GBP", 0, money.ErrNotAnAmount},
		{"12.34", "", 0, money.ErrUnknownCurrency},
		{"12.34", "ZZZ", 0, money.ErrUnknownCurrency},
	} {
		t.Run(c.text+" "+string(c.cur), func(t *testing.T) {
			got, err := money.Parse(c.text, c.cur)
			want(t, money.Amount{Minor: c.minor, Currency: c.cur}, got, err, c.code)
		})
	}
}

func TestStringHasExactlyTheMinorUnits(t *testing.T) {
	for expected, a := range map[string]money.Amount{
		"12.34":                 money.Of(1234, "GBP"),
		"12.30":                 money.Of(1230, "GBP"),
		"0.00":                  money.Zero("GBP"),
		"-0.05":                 money.Of(-5, "GBP"),
		"5":                     money.Of(5, "JPY"),
		"0.005":                 money.Of(5, "KWD"),
		"-92233720368547758.08": money.Of(least, "EUR"),
		"0":                     {},
	} {
		require.Equal(t, expected, a.String())
	}
	require.Equal(t, "-0.05 GBP", money.Of(-5, "GBP").Format())
	require.Equal(t, "-92233720368547758.08", money.Of(least, "EUR").Decimal().String())
}

func TestParseReadsWhatStringPrints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyAmount(rapid.SampledFrom(currencies).Draw(t, "cur")).Draw(t, "a")
		back, err := money.Parse(a.String(), a.Currency)
		require.NoError(t, err)
		require.Equal(t, a, back)

		back, err = money.FromDecimal(a.Decimal(), a.Currency, rapid.SampledFrom(roundings).Draw(t, "rounding"))
		require.NoError(t, err)
		require.Equal(t, a, back)

		data, err := json.Marshal(a)
		require.NoError(t, err)
		var read money.Amount
		require.NoError(t, json.Unmarshal(data, &read))
		require.Equal(t, a, read)
	})
}

func TestAmountJSON(t *testing.T) {
	data, err := json.Marshal(money.Of(1234, "GBP"))
	require.NoError(t, err)
	require.Equal(t, `{"amount":"12.34","currency":"GBP"}`, string(data))

	data, err = json.Marshal(money.Amount{})
	require.NoError(t, err)
	require.Equal(t, `{"amount":"0","currency":""}`, string(data))
	read := money.Of(1, "GBP")
	require.NoError(t, json.Unmarshal(data, &read))
	require.Equal(t, money.Amount{}, read)

	_, err = json.Marshal(money.Amount{Minor: 1, Currency: "ZZZ"})
	require.ErrorIs(t, err, money.ErrUnknownCurrency)

	for text, code := range map[string]error{
		`{"amount":12.34,"currency":"GBP"}`:    money.ErrNotAnAmount,
		`{"amount":"12.345","currency":"GBP"}`: money.ErrNotAnAmount,
		`"12.34 GBP"`:                          money.ErrNotAnAmount,
		`{"amount":"12.34","currency":"gbp"}`:  money.ErrUnknownCurrency,
		`{"amount":"12.34"}`:                   money.ErrUnknownCurrency,
		`{}`:                                   money.ErrUnknownCurrency,
		`{"amount":"99999999999999999999","currency":"GBP"}`: money.ErrOverflow,
	} {
		before := money.Of(7, "EUR")
		read := before
		require.ErrorIs(t, json.Unmarshal([]byte(text), &read), code, text)
		require.Equal(t, before, read, "bad input changes nothing")
	}
}

func TestFromDecimal(t *testing.T) {
	for _, c := range []struct {
		value string
		cur   money.Currency
		rule  money.Rounding
		minor int64
		code  error
	}{
		{"1.005", "GBP", "", 101, nil},
		{"1.005", "GBP", money.HalfUp, 101, nil},
		{"-1.005", "GBP", money.HalfUp, -101, nil},
		{"1.00499999999999999999", "GBP", money.HalfUp, 100, nil},
		{"1.005", "GBP", money.HalfEven, 100, nil},
		{"1.015", "GBP", money.HalfEven, 102, nil},
		{"-1.015", "GBP", money.HalfEven, -102, nil},
		{"-1.005", "GBP", money.HalfEven, -100, nil},
		{"1.0050001", "GBP", money.HalfEven, 101, nil},
		{"1.009", "GBP", money.Down, 100, nil},
		{"-1.009", "GBP", money.Down, -100, nil},
		{"1.001", "GBP", money.Up, 101, nil},
		{"-1.001", "GBP", money.Up, -101, nil},
		{"0.5", "JPY", money.HalfUp, 1, nil},
		{"1e3", "JPY", money.HalfUp, 1000, nil},
		{"1e-900", "GBP", money.Up, 1, nil},
		{"1e-900", "GBP", money.HalfUp, 0, nil},
		{"92233720368547758.074", "GBP", money.HalfUp, greatest, nil},
		{"92233720368547758.075", "GBP", money.HalfUp, 0, money.ErrOverflow},
		{"1e900", "GBP", money.HalfUp, 0, money.ErrOverflow},
		{"1e9999", "GBP", money.HalfUp, 0, money.ErrNotAnAmount},
		{"1e-9999", "GBP", money.HalfUp, 0, money.ErrNotAnAmount},
		{"1", "ZZZ", money.HalfUp, 0, money.ErrUnknownCurrency},
		{"1", "GBP", "nearest", 0, money.ErrRounding},
	} {
		t.Run(c.value+" "+string(c.rule), func(t *testing.T) {
			got, err := money.FromDecimal(dec(c.value), c.cur, c.rule)
			want(t, money.Amount{Minor: c.minor, Currency: c.cur}, got, err, c.code)
		})
	}
}

// Expanding this decimal would take a gigabyte.
func TestFromDecimalRefusesADecimalBomb(t *testing.T) {
	for _, exponent := range []int32{math.MaxInt32, 1_000_000_000, -1_000_000_000, math.MinInt32} {
		bomb := decimal.New(1, exponent)
		_, err := money.FromDecimal(bomb, "GBP", money.HalfUp)
		require.ErrorIs(t, err, money.ErrNotAnAmount)
		_, err = money.Extend(1, bomb, "GBP", money.HalfUp)
		require.ErrorIs(t, err, money.ErrNotAnAmount)
		_, err = money.Rate{From: "GBP", To: "EUR", Value: bomb}.Convert(money.Of(1, "GBP"), money.HalfUp)
		require.ErrorIs(t, err, money.ErrRate)
		_, err = money.QuantityFromDecimal(bomb, money.HalfUp)
		require.ErrorIs(t, err, money.ErrNotAQuantity)
	}
}

func TestArithmeticAtTheEnds(t *testing.T) {
	gbp := func(n int64) money.Amount { return money.Of(n, "GBP") }
	for name, c := range map[string]struct {
		do    func() (money.Amount, error)
		minor int64
		code  error
	}{
		"add":                 {func() (money.Amount, error) { return gbp(1).Add(gbp(2)) }, 3, nil},
		"add over":            {func() (money.Amount, error) { return gbp(greatest).Add(gbp(1)) }, 0, money.ErrOverflow},
		"add under":           {func() (money.Amount, error) { return gbp(least).Add(gbp(-1)) }, 0, money.ErrOverflow},
		"add ends":            {func() (money.Amount, error) { return gbp(least).Add(gbp(greatest)) }, -1, nil},
		"add euro":            {func() (money.Amount, error) { return gbp(1).Add(money.Of(1, "EUR")) }, 0, money.ErrCurrencyMismatch},
		"add unset":           {func() (money.Amount, error) { return gbp(1).Add(money.Amount{}) }, 0, money.ErrCurrencyMismatch},
		"sub":                 {func() (money.Amount, error) { return gbp(1).Sub(gbp(2)) }, -1, nil},
		"sub least":           {func() (money.Amount, error) { return gbp(-1).Sub(gbp(least)) }, greatest, nil},
		"sub least from zero": {func() (money.Amount, error) { return gbp(0).Sub(gbp(least)) }, 0, money.ErrOverflow},
		"sub under":           {func() (money.Amount, error) { return gbp(least).Sub(gbp(1)) }, 0, money.ErrOverflow},
		"sub euro":            {func() (money.Amount, error) { return gbp(1).Sub(money.Of(1, "EUR")) }, 0, money.ErrCurrencyMismatch},
		"neg":                 {gbp(5).Neg, -5, nil},
		"neg greatest":        {gbp(greatest).Neg, -greatest, nil},
		"neg least":           {gbp(least).Neg, 0, money.ErrOverflow},
		"abs":                 {gbp(-5).Abs, 5, nil},
		"abs positive":        {gbp(5).Abs, 5, nil},
		"abs least":           {gbp(least).Abs, 0, money.ErrOverflow},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.do()
			want(t, gbp(c.minor), got, err, c.code)
		})
	}
}

func TestCmpAndSign(t *testing.T) {
	one, two := money.Of(1, "GBP"), money.Of(2, "GBP")
	for _, c := range []struct {
		a, b money.Amount
		want int
	}{{one, two, -1}, {two, one, 1}, {one, one, 0}, {money.Of(least, "GBP"), money.Of(greatest, "GBP"), -1}} {
		got, err := c.a.Cmp(c.b)
		want(t, c.want, got, err, nil)
	}
	_, err := one.Cmp(money.Of(1, "EUR"))
	require.ErrorIs(t, err, money.ErrCurrencyMismatch)

	require.Equal(t, []int{-1, 0, 1}, []int{money.Of(least, "GBP").Sign(), money.Zero("GBP").Sign(), one.Sign()})
	require.True(t, money.Zero("GBP").IsZero())
	require.False(t, one.IsZero())
}

func TestSum(t *testing.T) {
	got, err := money.Sum(money.Of(1, "GBP"), money.Of(2, "GBP"), money.Of(-10, "GBP"))
	want(t, money.Of(-7, "GBP"), got, err, nil)
	_, err = money.Sum()
	require.ErrorIs(t, err, money.ErrNotAnAmount)
	_, err = money.Sum(money.Of(1, "GBP"), money.Of(1, "EUR"))
	require.ErrorIs(t, err, money.ErrCurrencyMismatch)

	got, err = money.SumIn("GBP")
	want(t, money.Zero("GBP"), got, err, nil)
	_, err = money.SumIn("GBP", money.Of(1, "EUR"))
	require.ErrorIs(t, err, money.ErrCurrencyMismatch)
}

// Every act agrees with unbounded integers: the same result when it fits, a refusal when it does not.
func TestArithmeticNeverWraps(t *testing.T) {
	agree := func(t *rapid.T, exact *big.Int, got money.Amount, err error) {
		if !exact.IsInt64() {
			require.ErrorIs(t, err, money.ErrOverflow)
			require.Equal(t, money.Amount{}, got)
			return
		}
		require.NoError(t, err)
		require.Equal(t, money.Of(exact.Int64(), "GBP"), got)
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyAmount("GBP").Draw(t, "a"), anyAmount("GBP").Draw(t, "b")
		x, y := big.NewInt(a.Minor), big.NewInt(b.Minor)

		got, err := a.Add(b)
		agree(t, new(big.Int).Add(x, y), got, err)
		got, err = a.Sub(b)
		agree(t, new(big.Int).Sub(x, y), got, err)
		got, err = a.Neg()
		agree(t, new(big.Int).Neg(x), got, err)
		got, err = a.Abs()
		agree(t, new(big.Int).Abs(x), got, err)

		row := rapid.SliceOfN(anyAmount("GBP"), 1, 20).Draw(t, "row")
		exact := new(big.Int)
		for _, part := range row {
			exact.Add(exact, big.NewInt(part.Minor))
		}
		got, err = money.Sum(row...)
		agree(t, exact, got, err)
	})
}

func TestSubUndoesAdd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		half := rapid.Int64Range(least/2, greatest/2)
		a, b := money.Of(half.Draw(t, "a"), "GBP"), money.Of(half.Draw(t, "b"), "GBP")
		sum, err := a.Add(b)
		require.NoError(t, err)
		back, err := sum.Sub(b)
		require.NoError(t, err)
		require.Equal(t, a, back)
	})
}
