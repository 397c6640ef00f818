package einvoice_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/fault"
)

func TestLineNetsAreRoundedOnce(t *testing.T) {
	for _, c := range []struct{ quantity, price, base, cur, net string }{
		{"3", "1.115", "", "EUR", "3.35"}, // 3.345
		{"-3", "1.115", "", "EUR", "-3.35"},
		{"1", "0.005", "", "EUR", "0.01"},
		{"1", "0.0049999", "", "EUR", "0.00"},
		{"1", "1", "3", "EUR", "0.33"},
		{"2", "1", "3", "EUR", "0.67"},
		{"1", "0.015", "3", "EUR", "0.01"}, // 0.005, exactly
		{"-1", "0.015", "3", "EUR", "-0.01"},
		{"1", "0.015", "3.0000001", "EUR", "0.00"}, // a trace below it
		{"1", "2", "-3", "EUR", "-0.67"},
		{"0", "5", "", "EUR", "0.00"},
		{"3", "0.5", "", "JPY", "2"},
		{"1", "1.235", "", "KWD", "1.240"},
		{"0.000001", "1000000", "", "EUR", "1.00"},
	} {
		doc := base()
		doc.Currency = money.Currency(c.cur)
		l := line("1", "x", c.quantity, c.price, einvoice.Rated(dec("20")))
		if c.base != "" {
			l.Price.Base = einvoice.Dec(c.base)
		}
		doc.Lines = []einvoice.Line{l}
		require.Equal(t, c.net, calculated(t, doc).Lines[0].Net.String(), "%+v", c)
	}
}

// Tax is rounded half up for each category and rate, and not for each line; away from zero for a negative taxable amount.
func TestTaxIsRoundedPerCategory(t *testing.T) {
	for _, c := range []struct {
		nets []string
		rate string
		tax  string
	}{
		{[]string{"1460.50"}, "25", "365.13"}, // a tie
		{[]string{"-1460.50"}, "25", "-365.13"},
		{[]string{"0.02", "0.02", "0.02"}, "25", "0.02"}, // 0.015; by line 0.03
		{[]string{"0.02"}, "24.9999", "0.00"},
		{[]string{"100.00", "-100.00"}, "25", "0.00"},
		{[]string{"33.33"}, "5.5", "1.83"},
	} {
		doc := base()
		doc.Lines = nil
		for _, net := range c.nets {
			l := line("1", "x", "1", "1", einvoice.Rated(dec(c.rate)))
			l.Net = eur(net)
			doc.Lines = append(doc.Lines, l)
		}
		doc = calculated(t, doc)
		require.Len(t, doc.Breakdown, 1)
		require.Equal(t, c.tax, doc.Breakdown[0].Amount.String(), "%+v", c)
	}
}

func TestRatesOfOneValueAreOneBreakdown(t *testing.T) {
	doc := base()
	doc.Lines[0].Tax, doc.Lines[1].Tax = einvoice.Rated(dec("25")), einvoice.Rated(dec("25.00"))
	require.Len(t, calculated(t, doc).Breakdown, 1)
}

// Reasons are put into the breakdown before, and where the category is the reason its code is filled in.
func TestReasonsStay(t *testing.T) {
	for category, code := range map[einvoice.Category]string{
		einvoice.ReverseCharge: "VATEX-EU-AE", einvoice.IntraCommunity: "VATEX-EU-IC", einvoice.Export: "VATEX-EU-G",
		einvoice.NotSubject: "VATEX-EU-O", einvoice.Exempt: "", einvoice.ZeroRated: "",
	} {
		doc := untaxed(category)
		require.Equal(t, code, calculated(t, doc).Breakdown[0].ReasonCode)
		doc.Breakdown = []einvoice.TaxBreakdown{{Tax: einvoice.Untaxed(category), Reason: "why", Taxable: eur("9.99"), Amount: eur("9.99")}}
		doc = calculated(t, doc)
		require.Equal(t, einvoice.TaxBreakdown{Tax: einvoice.Untaxed(category), Reason: "why", Taxable: eur("2499.98"), Amount: eur("0.00")}, doc.Breakdown[0])
	}
}

// What is refused leaves the document as it was.
func TestWhatCannotBeCalculated(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*einvoice.Document)
		code  *fault.Definition
	}{
		"no currency":         {func(d *einvoice.Document) { d.Currency = "" }, money.ErrUnknownCurrency},
		"no such currency":    {func(d *einvoice.Document) { d.Currency = "EURO" }, money.ErrUnknownCurrency},
		"two currencies":      {func(d *einvoice.Document) { d.Lines[1].Net = usd }, einvoice.ErrMixedCurrency},
		"a prepayment in USD": {func(d *einvoice.Document) { d.Totals.Prepaid = usd }, einvoice.ErrMixedCurrency},
		"no price":            {func(d *einvoice.Document) { d.Lines[1].Price.Net = decimal.NullDecimal{} }, einvoice.ErrNotCalculable},
		"no quantity":         {func(d *einvoice.Document) { d.Lines[1].Quantity = decimal.NullDecimal{} }, einvoice.ErrNotCalculable},
		"a price for nothing": {func(d *einvoice.Document) { d.Lines[1].Price.Base = einvoice.Dec("0") }, einvoice.ErrNotCalculable},
		"a price of digits":   {func(d *einvoice.Document) { d.Lines[1].Price.Net = decimal.NewNullDecimal(decimal.New(1, 999999)) }, einvoice.ErrNotCalculable},
		"a rate of digits":    {func(d *einvoice.Document) { d.Lines[1].Tax.Rate = decimal.NewNullDecimal(decimal.New(1, -999999)) }, einvoice.ErrNotCalculable},
		"too much":            {func(d *einvoice.Document) { d.Lines[1].Price.Net = einvoice.Dec("1e30") }, money.ErrOverflow},
		"too much together": {func(d *einvoice.Document) {
			d.Lines[0].Net, d.Lines[1].Net = money.Of(1<<62, "EUR"), money.Of(1<<62, "EUR")
		}, money.ErrOverflow},
		"too much with tax": {func(d *einvoice.Document) { d.Lines[0].Net = money.Of(1<<63-1, "EUR") }, money.ErrOverflow},
	} {
		t.Run(name, func(t *testing.T) {
			doc := base()
			c.spoil(&doc)
			before := canonicalOrSame(doc)
			require.ErrorIs(t, einvoice.Calculate(&doc), c.code)
			require.Equal(t, before, canonicalOrSame(doc))
			require.NotEmpty(t, einvoice.Validate(doc))
		})
	}
}

// canonicalOrSame is a copy of the document's parts that Calculate writes to.
func canonicalOrSame(doc einvoice.Document) any {
	return []any{append([]einvoice.Line(nil), doc.Lines...), append([]einvoice.TaxBreakdown(nil), doc.Breakdown...), doc.Totals, doc.Specification}
}

// The tax that is taken out of prices is all of it, whatever the prices.
func TestTakeTaxOut(t *testing.T) {
	for _, c := range []struct {
		prices                    []string
		rate                      string
		nets                      []string
		withoutTax, tax, rounding string
		payable                   string
	}{
		{[]string{"1.20"}, "20", []string{"1.00"}, "1.00", "0.20", "", "1.20"},
		{[]string{"0.03"}, "20", []string{"0.03"}, "0.03", "0.01", "-0.01", "0.03"},
		{[]string{"9.99", "9.99", "9.99"}, "20", []string{"8.33", "8.32", "8.33"}, "24.98", "5.00", "-0.01", "29.97"},
		{[]string{"-9.99"}, "20", []string{"-8.33"}, "-8.33", "-1.67", "0.01", "-9.99"},
		{[]string{"10.00", "-10.00"}, "19", []string{"8.40", "-8.40"}, "0.00", "0.00", "", "0.00"},
		{[]string{"5.00"}, "0.00", []string{"5.00"}, "5.00", "0.00", "", "5.00"},
	} {
		doc := base()
		doc.Lines = nil
		for _, price := range c.prices {
			l := line("1", "x", "1", price, einvoice.Rated(dec(c.rate)))
			if dec(price).IsNegative() { // a return: prices are not negative, quantities are
				l.Quantity, l.Price.Net = einvoice.Dec("-1"), decimal.NewNullDecimal(dec(price).Neg())
			}
			doc.Lines = append(doc.Lines, l)
		}
		got, err := einvoice.TakeTaxOut(doc)
		require.NoError(t, err)
		var nets []string
		for _, l := range got.Lines {
			nets = append(nets, l.Net.String())
		}
		require.Equal(t, c.nets, nets)
		require.Equal(t, c.withoutTax, got.Totals.WithoutTax.String())
		require.Equal(t, c.tax, got.Totals.Tax.String())
		require.Equal(t, c.payable, got.Totals.Payable.String())
		if c.rounding == "" {
			require.Equal(t, money.Amount{}, got.Totals.Rounding)
		} else {
			require.Equal(t, c.rounding, got.Totals.Rounding.String())
		}
	}
}

func TestWhatTaxIsNotTakenOutOf(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*einvoice.Document)
		code  *fault.Definition
	}{
		"an allowance":           {func(d *einvoice.Document) { *d = allowancesAndCharges() }, einvoice.ErrInclusive},
		"an allowance of a line": {func(d *einvoice.Document) { d.Lines = allowancesAndCharges().Lines }, einvoice.ErrInclusive},
		"a gross price":          {func(d *einvoice.Document) { d.Lines = baseQuantity().Lines }, einvoice.ErrInclusive},
		"a stated net amount":    {func(d *einvoice.Document) { d.Lines[0].Net = eur("1.00") }, einvoice.ErrInclusive},
		"a stated rounding":      {func(d *einvoice.Document) { d.Totals.Rounding = eur("0.01") }, einvoice.ErrInclusive},
		"a rate of -100 %":       {func(d *einvoice.Document) { d.Lines[0].Tax = einvoice.Rated(dec("-100")) }, einvoice.ErrNotCalculable},
		"no price":               {func(d *einvoice.Document) { d.Lines[0].Price = einvoice.Price{} }, einvoice.ErrNotCalculable},
		"no currency":            {func(d *einvoice.Document) { d.Currency = "" }, money.ErrUnknownCurrency},
	} {
		t.Run(name, func(t *testing.T) {
			doc := base()
			c.spoil(&doc)
			_, err := einvoice.TakeTaxOut(doc)
			require.ErrorIs(t, err, c.code)
		})
	}
}
