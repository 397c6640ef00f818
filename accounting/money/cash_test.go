package money_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

func TestRoundCash(t *testing.T) {
	for _, c := range []struct {
		amount  string
		cur     money.Currency
		country string
		on      string
		want    string
	}{
		{"17.87", "CHF", "CH", "2026-01-01", "17.85"},
		{"17.88", "CHF", "", "2026-01-01", "17.90"},
		{"-17.88", "CHF", "", "2026-01-01", "-17.90"},
		{"17.88", "CHF", "", "2006-12-31", "17.88"},
		{"10.49", "SEK", "SE", "2026-01-01", "10.00"},
		{"10.50", "SEK", "SE", "2026-01-01", "11.00"},
		{"10.49", "SEK", "SE", "2010-09-30", "10.49"},
		{"10.50", "NOK", "NO", "2012-05-01", "11.00"},
		{"10.50", "NOK", "NO", "2012-04-30", "10.50"},
		{"10.24", "DKK", "DK", "2026-01-01", "10.00"},
		{"10.25", "DKK", "DK", "2026-01-01", "10.50"},
		{"10.74", "DKK", "DK", "2026-01-01", "10.50"},
		{"10.75", "DKK", "DK", "2026-01-01", "11.00"},
		{"102.49", "HUF", "HU", "2026-01-01", "100.00"},
		{"102.50", "HUF", "HU", "2026-01-01", "105.00"},
		{"107.50", "HUF", "HU", "2026-01-01", "110.00"},
		{"10.50", "CZK", "CZ", "2008-09-01", "11.00"},
		{"10.50", "CZK", "CZ", "2008-08-31", "10.50"},
		{"1.02", "CAD", "CA", "2013-02-04", "1.00"},
		{"1.02", "CAD", "CA", "2013-02-03", "1.02"},
		{"10.03", "AUD", "AU", "2026-01-01", "10.05"},
		{"1.05", "NZD", "NZ", "2026-01-01", "1.00"}, // half-way goes down in New Zealand
		{"-1.05", "NZD", "NZ", "2026-01-01", "-1.00"},
		{"1.06", "NZD", "NZ", "2026-01-01", "1.10"},
		{"1.15", "NZD", "NZ", "2026-01-01", "1.10"},
		{"30.76", "EUR", "EE", "2025-01-01", "30.75"},
		{"30.76", "EUR", "EE", "2024-12-31", "30.76"},
		{"30.76", "EUR", "LT", "2025-05-01", "30.75"},
		{"30.76", "EUR", "LT", "2025-04-30", "30.76"},
		{"14.98", "EUR", "NL", "2004-09-01", "15.00"},
		{"14.98", "EUR", "NL", "2004-08-31", "14.98"},
		{"20.99", "EUR", "IT", "2018-01-01", "21.00"},
		{"20.99", "EUR", "IT", "2017-12-31", "20.99"},
		{"5.96", "EUR", "IE", "2015-10-28", "5.95"},
		{"5.96", "EUR", "IE", "2015-10-27", "5.96"},
		{"0.02", "EUR", "FI", "2026-01-01", "0.02"}, // one and two cents are not rounded in Finland
		{"0.03", "EUR", "FI", "2026-01-01", "0.05"},
		{"1.02", "EUR", "FI", "2026-01-01", "1.00"},
		{"0.04", "EUR", "BE", "2026-01-01", "0.04"}, // only above five cents in Belgium
		{"0.06", "EUR", "BE", "2026-01-01", "0.05"},
		{"1.08", "EUR", "BE", "2014-09-30", "1.08"},
		{"0.01", "EUR", "SK", "2026-01-01", "0.05"}, // and never to nothing in Slovakia
		{"-0.01", "EUR", "SK", "2026-01-01", "-0.05"},
		{"0.00", "EUR", "SK", "2026-01-01", "0.00"},
		{"1.02", "EUR", "SK", "2022-07-01", "1.00"},
		{"1.02", "EUR", "SK", "2022-06-30", "1.02"},
		{"1.02", "EUR", "DE", "2026-01-01", "1.02"}, // no rule
		{"1.02", "EUR", "", "2026-01-01", "1.02"},
		{"1.02", "GBP", "GB", "2026-01-01", "1.02"},
	} {
		t.Run(c.amount+" "+string(c.cur)+" "+c.country+" "+c.on, func(t *testing.T) {
			a, err := money.Parse(c.amount, c.cur)
			require.NoError(t, err)
			rounded, difference := money.RoundCash(a, c.country, date.Must(c.on))
			require.Equal(t, c.want, rounded.String())
			back, err := rounded.Sub(difference)
			require.NoError(t, err)
			require.Equal(t, a, back)
		})
	}
}

func TestRoundCashWithoutADayHasNoRule(t *testing.T) {
	rounded, difference := money.RoundCash(money.Of(1788, "CHF"), "CH", date.Date{})
	require.Equal(t, money.Of(1788, "CHF"), rounded)
	require.Equal(t, money.Zero("CHF"), difference)
}

func TestRoundCashLaws(t *testing.T) {
	type place struct {
		cur     money.Currency
		country string
		step    int64
	}
	places := []place{{"CHF", "", 5}, {"NZD", "", 10}, {"DKK", "", 50}, {"SEK", "", 100}, {"HUF", "", 500}, {"EUR", "NL", 5}}
	on := date.Must("2026-01-01")
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(places).Draw(t, "place")
		a := anyAmount(p.cur).Draw(t, "a")
		rounded, difference := money.RoundCash(a, p.country, on)

		require.Zero(t, rounded.Minor%p.step, "payable in coins")
		require.Less(t, abs(difference.Minor), p.step)
		if abs(a.Minor/2) < greatest/2-p.step {
			require.LessOrEqual(t, 2*abs(difference.Minor), p.step, "to the nearest")
		}
		back, err := rounded.Sub(difference)
		require.NoError(t, err)
		require.Equal(t, a, back)
		again, none := money.RoundCash(rounded, p.country, on)
		require.Equal(t, rounded, again)
		require.True(t, none.IsZero())
		if a.Minor != least {
			mirrored, _ := money.RoundCash(money.Of(-a.Minor, p.cur), p.country, on)
			require.Equal(t, -rounded.Minor, mirrored.Minor)
		}
	})
}

func abs(n int64) int64 { return max(n, -n) }
