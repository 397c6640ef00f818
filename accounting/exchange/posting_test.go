package exchange

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/money"
)

func carried(minor, dollars int64) *postedLine {
	return &postedLine{Minor: minor, Transaction: money.Of(dollars, "USD")}
}

// A balance is one line; two where its worth stands on the other side than its currency, for no line is a debit and a credit; none for nothing.
func TestLinesOfABalance(t *testing.T) {
	usd, gbp := func(n int64) money.Amount { return money.Of(n, "USD") }, func(n int64) money.Amount { return money.Of(n, "GBP") }
	type side struct{ debit, credit, base money.Amount }
	for _, c := range []struct {
		name string
		line *postedLine
		want []side
	}{
		{"nothing", carried(0, 0), nil},
		{"nothing in base", &postedLine{}, nil},
		{"base", &postedLine{Minor: 5}, []side{{debit: gbp(5)}}},
		{"base on the other side", &postedLine{Minor: -5}, []side{{credit: gbp(5)}}},
		{"dollars", carried(64, 100), []side{{debit: usd(100), base: gbp(64)}}},
		{"dollars owed", carried(-64, -100), []side{{credit: usd(100), base: gbp(64)}}},
		{"dollars that are worth nothing", carried(0, 100), []side{{debit: usd(100), base: gbp(0)}}},
		{"dollars owed that are worth nothing", carried(0, -100), []side{{credit: usd(100), base: gbp(0)}}},
		{"a worth without dollars", carried(64, 0), []side{{debit: usd(0), base: gbp(64)}}},
		{"a worth owed without dollars", carried(-64, 0), []side{{credit: usd(0), base: gbp(64)}}},
		{"worth less than nothing", carried(-3, 100), []side{{debit: usd(100), base: gbp(0)}, {credit: usd(0), base: gbp(3)}}},
		{"owed and worth more than nothing", carried(3, -100), []side{{credit: usd(100), base: gbp(0)}, {debit: usd(0), base: gbp(3)}}},
	} {
		var got []side
		for _, l := range balanceLines(accounting.ByCode("1"), c.line, "GBP") {
			got = append(got, side{l.Debit, l.Credit, l.Base})
		}
		require.Equal(t, c.want, got, c.name)
	}
}

// An entry is an exchange where a foreign currency does not balance, or where a worth moves alone.
func TestWhatIsAnExchange(t *testing.T) {
	euro := &postedLine{Minor: -64, Transaction: money.Of(-80, "EUR")}
	for name, c := range map[string]struct {
		lines []*postedLine
		want  bool
	}{
		"base alone":                 {[]*postedLine{{Minor: 5}, {Minor: -5}}, false},
		"dollars against dollars":    {[]*postedLine{carried(64, 100), carried(-64, -100)}, false},
		"dollars and a base line":    {[]*postedLine{carried(64, 100), carried(-60, -100), {Minor: -4}}, false},
		"dollars against base":       {[]*postedLine{carried(64, 100), {Minor: -64}}, true},
		"dollars against euro":       {[]*postedLine{carried(64, 100), euro}, true},
		"a worth alone":              {[]*postedLine{carried(4, 0), {Minor: -4}}, true},
		"a worth alone, and base":    {[]*postedLine{{Minor: -4}, carried(4, 0)}, true},
		"base before what is one":    {[]*postedLine{{Minor: -64}, carried(64, 100)}, true},
		"dollars that do not add up": {[]*postedLine{carried(64, 100), carried(-64, -99)}, true},
	} {
		f := entryFact{Currency: "GBP"}
		for _, l := range c.lines {
			f.Lines = append(f.Lines, *l)
		}
		require.Equal(t, c.want, f.exchanges(), name)
	}
}

// A vendor's taxes are ours by their codes: what states an amount needs one, what states none may do without, and two that have one code are one.
func TestStatedTaxesByCode(t *testing.T) {
	rated := func(rate string, minor int64) einvoice.TaxBreakdown {
		return einvoice.TaxBreakdown{Tax: einvoice.Rated(decimal.RequireFromString(rate)), Amount: money.Of(minor, "EUR")}
	}
	zero := einvoice.TaxBreakdown{Tax: einvoice.Untaxed(einvoice.ZeroRated), Amount: money.Of(0, "EUR")}
	bill := &einvoice.Bill{Currency: "EUR", Taxes: []einvoice.TaxBreakdown{rated("19", 190), rated("7", 70), zero}}
	got, err := statedTaxes("x", &UBLBill{TaxCodes: map[string]string{"S 19": "N", "S 7": "N"}}, bill)
	require.NoError(t, err)
	require.Equal(t, []accounting.StatedTax{{TaxCode: "N", Tax: money.Of(260, "EUR")}}, got)
	got, err = statedTaxes("x", &UBLBill{TaxCodes: map[string]string{"S 19": "N", "S 7": "R", zero.Tax.String(): ""}}, bill)
	require.NoError(t, err)
	require.Equal(t, []accounting.StatedTax{{TaxCode: "N", Tax: money.Of(190, "EUR")}, {TaxCode: "R", Tax: money.Of(70, "EUR")}}, got)
	_, err = statedTaxes("x", &UBLBill{TaxCodes: map[string]string{"S 19": "N"}}, bill)
	require.ErrorIs(t, err, ErrUnknownTax)
}

// Our books make of a document what its rates say of each category's sum, rounded half up once; where the buyer owes the tax the vendor charges none.
func TestTaxOnABill(t *testing.T) {
	line := func(minor int64, tax einvoice.Tax) einvoice.BillLine {
		return einvoice.BillLine{Net: money.Of(minor, "EUR"), Tax: tax}
	}
	nineteen := einvoice.Rated(decimal.NewFromInt(19))
	owed := func(c einvoice.Category) einvoice.Tax {
		return einvoice.Tax{Category: c, Rate: decimal.NewNullDecimal(decimal.NewFromInt(19))}
	}
	for name, c := range map[string]struct {
		lines []einvoice.BillLine
		want  int64
	}{
		"once for a category":   {[]einvoice.BillLine{line(3, nineteen), line(3, nineteen), line(3, nineteen)}, 2},
		"half up":               {[]einvoice.BillLine{line(50, nineteen)}, 10},
		"each rate":             {[]einvoice.BillLine{line(1_000, nineteen), line(1_000, einvoice.Rated(decimal.NewFromInt(7)))}, 260},
		"reverse charge":        {[]einvoice.BillLine{line(1_000, owed(einvoice.ReverseCharge))}, 0},
		"intra-community":       {[]einvoice.BillLine{line(1_000, owed(einvoice.IntraCommunity))}, 0},
		"not subject":           {[]einvoice.BillLine{line(1_000, einvoice.Untaxed(einvoice.NotSubject))}, 0},
		"one of them and rated": {[]einvoice.BillLine{line(1_000, owed(einvoice.ReverseCharge)), line(1_000, nineteen), line(5, einvoice.Untaxed(einvoice.NotSubject))}, 190},
	} {
		got, err := taxOn(&einvoice.Bill{Currency: "EUR", Lines: c.lines})
		require.NoError(t, err)
		require.Equal(t, c.want, got, name)
	}
	require.Equal(t, []string{"äö", "äöü", "äöü"}, []string{clip("äöü", 2), clip("äöü", 3), clip("äöü", 4)})
}
