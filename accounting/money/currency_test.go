package money_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/money"
)

func TestMinorUnitsAreThoseOfISO4217(t *testing.T) {
	for code, units := range map[money.Currency]int{
		"GBP": 2, "EUR": 2, "USD": 2, "JPY": 0, "KWD": 3, "CLF": 4, "UYW": 4, "UYI": 0, "ISK": 0, "UGX": 0, "MGA": 2, "MRU": 2,
		"RSD": 2, "IQD": 3, "COP": 2, "IDR": 2, "HUF": 2, "TWD": 2, // where CLDR differs
		"XCG": 2, "ZWG": 2, "VED": 2, "SLE": 2, "XAD": 2, // the youngest
	} {
		require.True(t, code.Valid(), code)
		require.False(t, code.Withdrawn(), code)
		require.Equal(t, units, code.MinorUnits(), code)
	}
}

func TestWithdrawnCurrenciesStayReadable(t *testing.T) {
	for _, code := range []money.Currency{"HRK", "BGN", "ANG", "ZWL", "SLL", "CUC"} {
		require.True(t, code.Valid(), code)
		require.True(t, code.Withdrawn(), code)
		require.Equal(t, 2, code.MinorUnits(), code)
	}
}

func TestParseCurrencyRefusesWhatIsNoCurrency(t *testing.T) {
	for _, code := range []string{"", "gbp", "GBP ", "GB", "GBPX", "XXX", "XAU", "XTS", "ZZZ", "£"} {
		_, err := money.ParseCurrency(code)
		require.ErrorIs(t, err, money.ErrUnknownCurrency, code)
		require.False(t, money.Currency(code).Valid(), code)
	}
	cur, err := money.ParseCurrency("GBP")
	require.NoError(t, err)
	require.Equal(t, money.Currency("GBP"), cur)
}

func TestCurrencyInTheDatabaseIsText(t *testing.T) {
	value, err := money.Currency("GBP").Value()
	require.NoError(t, err)
	require.Equal(t, "GBP", value)

	value, err = money.Currency("").Value()
	require.NoError(t, err)
	require.Nil(t, value)

	_, err = money.Currency("gbp").Value()
	require.ErrorIs(t, err, money.ErrUnknownCurrency)

	for _, src := range []any{"EUR", []byte("EUR")} {
		var cur money.Currency
		require.NoError(t, cur.Scan(src))
		require.Equal(t, money.Currency("EUR"), cur)
	}
	cur := money.Currency("EUR")
	require.NoError(t, cur.Scan(nil))
	require.Empty(t, cur)
	require.ErrorIs(t, cur.Scan("euro"), money.ErrUnknownCurrency)
	require.ErrorIs(t, cur.Scan(42), money.ErrUnknownCurrency)
}

func TestCurrencyInJSONIsChecked(t *testing.T) {
	var cur money.Currency
	require.NoError(t, json.Unmarshal([]byte(`"KWD"`), &cur))
	require.Equal(t, money.Currency("KWD"), cur)
	require.ErrorIs(t, json.Unmarshal([]byte(`"kwd"`), &cur), money.ErrUnknownCurrency)
	out, err := json.Marshal(cur)
	require.NoError(t, err)
	require.Equal(t, `"KWD"`, string(out))
}
