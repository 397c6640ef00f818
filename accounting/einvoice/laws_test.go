package einvoice_test

import (
	"strconv"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// anyDocument draws a document that is valid once it is calculated: any kind, currency and categories, lines with and without
// stated nets, allowances, charges, references.
func anyDocument() *rapid.Generator[einvoice.Document] {
	return rapid.Custom(func(t *rapid.T) einvoice.Document {
		doc := base()
		doc.Type = rapid.SampledFrom([]einvoice.TypeCode{"380", "381", "383", "384", "386", "389", "396", "71"}).Draw(t, "type")
		doc.Currency = rapid.SampledFrom([]money.Currency{"EUR", "SEK", "JPY", "KWD", "HUF"}).Draw(t, "currency")
		doc.Number, doc.IssueDate = text(t, "number"), date.Must("2026-01-01").AddDays(rapid.IntRange(-10_000, 10_000).Draw(t, "day"))
		doc.Contract, doc.Project, doc.PaymentTerms = maybe(t, "contract"), maybe(t, "project"), maybe(t, "terms")
		if note := maybe(t, "note"); note != "" {
			doc.Notes = []einvoice.Note{{Subject: rapid.SampledFrom([]string{"", "AAI", "SUR"}).Draw(t, "subject"), Text: note}}
		}
		doc.Seller.Name, doc.Buyer.Name = text(t, "seller"), text(t, "buyer")
		doc.Delivery = intraCommunity().Delivery
		taxes := anyTaxes(t, &doc)
		for n := range rapid.IntRange(1, 8).Draw(t, "lines") {
			doc.Lines = append(doc.Lines[:n:n], anyLine(t, n, doc.Currency, taxes))
		}
		doc.AllowanceCharges = anyAllowances(t, "document", doc.Currency, func() einvoice.Tax { return rapid.SampledFrom(taxes).Draw(t, "tax") })
		if rapid.Bool().Draw(t, "prepaid") {
			doc.Totals.Prepaid = anyAmount(t, "paid", doc.Currency, -1_000, 1_000_000)
		}
		if rapid.Bool().Draw(t, "rounded") {
			doc.Totals.Rounding = anyAmount(t, "rounding", doc.Currency, -5, 5)
		}
		return doc
	})
}

// text is what a document may say, white space at its ends left out.
func text(t *rapid.T, label string) string {
	return rapid.StringMatching(`[!-~äöüßéÅ漢]([ -~äöüßéÅ漢\n\t]{0,20}[!-~äöüßéÅ漢])?`).Filter(func(s string) bool { return s[0] != '#' }).Draw(t, label)
}

func maybe(t *rapid.T, label string) string {
	if rapid.Bool().Draw(t, "has "+label) {
		return text(t, label)
	}
	return ""
}

// anyTaxes draws the categories that may stand together, and puts down the reasons of those that need one.
func anyTaxes(t *rapid.T, doc *einvoice.Document) []einvoice.Tax {
	if rapid.IntRange(0, 5).Draw(t, "not subject") == 0 {
		doc.Seller.TaxID, doc.Buyer.TaxID = "", ""
		doc.Breakdown = []einvoice.TaxBreakdown{{Tax: einvoice.Untaxed(einvoice.NotSubject), Reason: text(t, "reason")}}
		return []einvoice.Tax{einvoice.Untaxed(einvoice.NotSubject)}
	}
	doc.Breakdown = []einvoice.TaxBreakdown{{Tax: einvoice.Untaxed(einvoice.Exempt), Reason: text(t, "reason"), ReasonCode: "VATEX-EU-132"}}
	taxes := []einvoice.Tax{einvoice.Untaxed(einvoice.Exempt)}
	for _, c := range []einvoice.Category{einvoice.ZeroRated, einvoice.ReverseCharge, einvoice.IntraCommunity, einvoice.Export} {
		taxes = append(taxes, einvoice.Untaxed(c))
	}
	for _, c := range []einvoice.Category{einvoice.StandardRated, einvoice.StandardRated, einvoice.CanaryIslands, einvoice.CeutaMelilla} {
		rate := decimal.New(rapid.Int64Range(1, 30_000).Draw(t, "rate"), -3)
		taxes = append(taxes, einvoice.Tax{Category: c, Rate: decimal.NewNullDecimal(rate)})
	}
	return taxes
}

func anyLine(t *rapid.T, n int, cur money.Currency, taxes []einvoice.Tax) einvoice.Line {
	number := func(label string, least, most int64, most10 int32) decimal.NullDecimal {
		return decimal.NewNullDecimal(decimal.New(rapid.Int64Range(least, most).Draw(t, label), -rapid.Int32Range(0, most10).Draw(t, label+" decimals")))
	}
	l := line(strconv.Itoa(n+1), text(t, "item"), "1", "1", rapid.SampledFrom(taxes).Draw(t, "tax"))
	l.Quantity, l.Price.Net = number("quantity", -100_000, 100_000, 6), number("price", 0, 1_000_000, 6)
	if rapid.Bool().Draw(t, "base") {
		l.Price.Base = number("base", 1, 1_000, 3)
	}
	if rapid.Bool().Draw(t, "discount") {
		l.Price.Discount = number("discount", 0, 1_000, 4)
		l.Price.Gross = decimal.NewNullDecimal(l.Price.Net.Decimal.Add(l.Price.Discount.Decimal))
		l.Price.Net = decimal.NullDecimal{}
	}
	if rapid.IntRange(0, 3).Draw(t, "stated") == 0 {
		l.Net = anyAmount(t, "net", cur, -1_000_000, 1_000_000)
	}
	l.Note, l.Item.Description = maybe(t, "line note"), maybe(t, "description")
	l.AllowanceCharges = anyAllowances(t, "line", cur, func() einvoice.Tax { return einvoice.Tax{} })
	return l
}

func anyAllowances(t *rapid.T, label string, cur money.Currency, tax func() einvoice.Tax) []einvoice.AllowanceCharge {
	var all []einvoice.AllowanceCharge
	for range rapid.IntRange(0, 3).Draw(t, label+" allowances") {
		all = append(all, einvoice.AllowanceCharge{
			Charge: rapid.Bool().Draw(t, "charge"), Amount: anyAmount(t, "amount", cur, 0, 100_000), Reason: text(t, "why"), Tax: tax(),
		})
	}
	return all
}

// anyAmount has at most two decimals, in a currency of three as well.
func anyAmount(t *rapid.T, label string, cur money.Currency, least, most int64) money.Amount {
	minor := rapid.Int64Range(least, most).Draw(t, label)
	if cur.MinorUnits() > 2 {
		minor *= 10
	}
	return money.Of(minor, cur)
}

// What is calculated validates, is written and read again as it was, and is a bill that adds up. Calculating once more changes
// nothing, and a variance is where a net amount was stated.
func TestLawWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		drawn := anyDocument().Draw(t, "document")
		doc := calculated(t, drawn)
		require.Equal(t, doc, calculated(t, doc))
		_, got := roundTrip(t, doc)

		for _, v := range einvoice.Variances(doc) {
			require.NotEmpty(t, drawn.Lines[v.Line].Net.Currency)
		}
		bill, err := got.Bill()
		if doc.Type.SelfBilled() {
			require.ErrorIs(t, err, einvoice.ErrNotABill)
			return
		}
		require.NoError(t, err)
		addsUp(t, bill)
	})
}

// One minor unit anywhere among the amounts that others are computed from does not go unnoticed.
func TestLawEachMinorUnitCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := calculated(t, anyDocument().Draw(t, "document"))
		one := int64(1)
		if doc.Currency.MinorUnits() > 2 {
			one = 10
		}
		figures := []*money.Amount{&doc.Totals.LineNet, &doc.Totals.WithoutTax, &doc.Totals.Tax, &doc.Totals.WithTax, &doc.Totals.Payable}
		for n := range doc.Lines {
			figures = append(figures, &doc.Lines[n].Net)
		}
		for n := range doc.AllowanceCharges {
			figures = append(figures, &doc.AllowanceCharges[n].Amount)
		}
		for n := range doc.Breakdown {
			figures = append(figures, &doc.Breakdown[n].Taxable, &doc.Breakdown[n].Amount)
		}
		figure := rapid.SampledFrom(figures).Draw(t, "figure")
		figure.Minor += one
		require.NotEmpty(t, einvoice.Validate(doc))
		_, err := einvoice.WriteUBL(doc)
		require.ErrorIs(t, err, einvoice.ErrInvalid)
	})
}

// Whatever prices say with tax in them is what is payable, and every net amount is off by less than one minor unit.
func TestLawPricesIncludingTax(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := base()
		doc.Lines = nil
		rates := []einvoice.Tax{einvoice.Rated(dec("20")), einvoice.Rated(dec("5.5")), einvoice.Untaxed(einvoice.ZeroRated)}
		asked := eur("0.00")
		for n := range rapid.IntRange(1, 10).Draw(t, "lines") {
			price := decimal.New(rapid.Int64Range(0, 100_000).Draw(t, "price"), -2)
			quantity := rapid.Int64Range(-3, 9).Draw(t, "quantity")
			doc.Lines = append(doc.Lines, line(strconv.Itoa(n), "x", strconv.FormatInt(quantity, 10), price.String(), rapid.SampledFrom(rates).Draw(t, "tax")))
			amount, err := money.FromDecimal(price.Mul(decimal.NewFromInt(quantity)), "EUR", money.HalfUp)
			require.NoError(t, err)
			asked, err = asked.Add(amount)
			require.NoError(t, err)
		}
		got, err := einvoice.TakeTaxOut(doc)
		require.NoError(t, err)
		require.Empty(t, einvoice.Validate(got))
		require.Equal(t, asked, got.Totals.Payable)
		require.LessOrEqual(t, abs(got.Totals.Rounding.Minor), int64(len(got.Breakdown)))
		for n, l := range got.Lines {
			exact := doc.Lines[n].Price.Net.Decimal.Mul(l.Quantity.Decimal).Mul(dec("100")).Div(l.Tax.Rate.Decimal.Add(dec("100")))
			require.True(t, l.Net.Decimal().Sub(exact).Abs().LessThanOrEqual(dec("0.0100000001")), "%s for %s", l.Net, exact)
		}
	})
}

func abs(n int64) int64 { return max(n, -n) }

// Reading never panics, and what it accepts can be looked at.
func TestLawAnyBytesAreReadOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := []byte(file(t, rapid.SampledFrom([]string{"everything", "credit_note", "base_quantity"}).Draw(t, "file")))
		for range rapid.IntRange(1, 5).Draw(t, "changes") {
			at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
			switch rapid.IntRange(0, 2).Draw(t, "how") {
			case 0:
				data[at] = rapid.Byte().Draw(t, "byte")
			case 1:
				end := min(len(data), at+rapid.IntRange(1, 200).Draw(t, "cut"))
				data = append(data[:at:at], data[end:]...)
			case 2:
				end := min(len(data), at+rapid.IntRange(1, 200).Draw(t, "doubled"))
				data = append(data[:end:end], data[at:]...)
			}
		}
		got, err := readUBL(data)
		if err != nil {
			require.Equal(t, einvoice.Received{}, got)
			return
		}
		einvoice.Validate(got.Document)
		einvoice.Variances(got.Document)
		if bill, err := got.Bill(); err == nil {
			addsUp(t, bill)
		}
	})
}
