package einvoice_test

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// What UBL or XML cannot carry is refused and never left out.
func TestWhatCannotBeWritten(t *testing.T) {
	for name, c := range map[string]struct {
		of    func() einvoice.Document
		spoil func(*einvoice.Document)
		code  *fault.Definition
		says  string
	}{
		"a sales order alone": {base, func(d *einvoice.Document) { d.SalesOrder = "SO" }, einvoice.ErrNotInUBL, "BT-14"},
		"a credit note's due date without means": {
			creditNote, func(d *einvoice.Document) { d.PaymentMeans = nil }, einvoice.ErrNotInUBL, "BT-9",
		},
		"a tax currency that is none": {
			base, func(d *einvoice.Document) { d.TaxCurrency, d.Totals.TaxInTaxCurrency = "EUR", eur("1.00") }, einvoice.ErrNotInUBL, "BT-6",
		},
		"a note that begins like a subject": {base, func(d *einvoice.Document) { d.Notes = []einvoice.Note{{Text: "#ABC#x"}} }, einvoice.ErrNotInUBL, "BT-21"},
		"a card without a network": {
			base, func(d *einvoice.Document) { d.PaymentMeans[0].Card = &einvoice.Card{Number: "1234"} }, einvoice.ErrNotInUBL, "BG-18",
		},
		"content without a type": {
			base, func(d *einvoice.Document) { d.Attachments = []einvoice.Attachment{{ID: "1", Content: []byte("x")}} }, einvoice.ErrNotInUBL, "BT-125",
		},
		"a type without content": {
			base, func(d *einvoice.Document) {
				d.Attachments = []einvoice.Attachment{{ID: "1", MIME: "text/csv", Filename: "x"}}
			}, einvoice.ErrNotInUBL, "BT-125",
		},
		"a gross price alone": {base, func(d *einvoice.Document) { d.Lines[0].Price.Gross = einvoice.Dec("40") }, einvoice.ErrNotInUBL, "line 1"},
		"a base unit alone":   {base, func(d *einvoice.Document) { d.Lines[0].Price.BaseUnit = "C62" }, einvoice.ErrNotInUBL, "BT-150"},
		"a tax on a line's allowance": {
			allowancesAndCharges, func(d *einvoice.Document) { d.Lines[0].AllowanceCharges[0].Tax = d.Lines[0].Tax }, einvoice.ErrNotInUBL, "line 1",
		},
		"a control character": {base, func(d *einvoice.Document) { d.Lines[0].Item.Name = "a\x00b" }, einvoice.ErrBadValue, "cbc:Name"},
		"an escape":           {base, func(d *einvoice.Document) { d.PaymentTerms = "\x1b[31mred" }, einvoice.ErrBadValue, "cbc:Note"},
		"no UTF-8":            {base, func(d *einvoice.Document) { d.Seller.Name = "\xff" }, einvoice.ErrBadValue, "cbc:RegistrationName"},
		"white space at ends": {base, func(d *einvoice.Document) { d.Number = " 7" }, einvoice.ErrBadValue, "cbc:ID"},
		"nothing but space":   {base, func(d *einvoice.Document) { d.Contract = "\n" }, einvoice.ErrBadValue, "cbc:ID"},
		"space in a scheme":   {base, func(d *einvoice.Document) { d.PaymentMeans[0].Text = "cash " }, einvoice.ErrBadValue, "cbc:PaymentMeansCode"},
		"a number of digits": {
			base, func(d *einvoice.Document) { d.Lines[0].Price.Discount = decimal.NewNullDecimal(decimal.New(1, 200)) }, einvoice.ErrBadValue, "cbc:Amount",
		},
		"too many lines": {
			base, func(d *einvoice.Document) { d.Lines = make([]einvoice.Line, einvoice.MaxLines+1) }, einvoice.ErrTooLarge, "lines",
		},
		"an attachment of megabytes": {
			base, func(d *einvoice.Document) {
				d.Attachments = []einvoice.Attachment{{ID: "1", Content: make([]byte, einvoice.MaxBytes), MIME: "text/csv", Filename: "x"}}
			}, einvoice.ErrTooLarge, "bytes",
		},
	} {
		t.Run(name, func(t *testing.T) {
			doc := calculated(t, c.of())
			c.spoil(&doc)
			file, err := einvoice.WriteUBL(doc)
			require.ErrorIs(t, err, c.code)
			require.Contains(t, err.Error(), c.says)
			require.Nil(t, file)
		})
	}
}

// A credit note's due date stands with the payment means, and comes back from there.
func TestDueDateOfACreditNote(t *testing.T) {
	doc := calculated(t, creditNote())
	doc.PaymentMeans = append(doc.PaymentMeans, doc.PaymentMeans[0])
	file, err := einvoice.WriteUBL(doc)
	require.NoError(t, err)
	require.NotContains(t, string(file), "cbc:DueDate")
	require.Equal(t, 1, strings.Count(string(file), "cbc:PaymentDueDate>")/2, "once, however many accounts there are")
	got, err := readUBL(file)
	require.NoError(t, err)
	require.Equal(t, date.Must("2026-04-30"), got.Document.DueDate)

	// A second, other date is not understood, and does not replace the first.
	two := strings.Replace(string(file), "<cac:PaymentMeans>", "<cac:PaymentMeans><cbc:PaymentMeansCode>10</cbc:PaymentMeansCode><cbc:PaymentDueDate>2026-05-01</cbc:PaymentDueDate></cac:PaymentMeans><cac:PaymentMeans>", 1)
	got, err = readUBL([]byte(two))
	require.NoError(t, err)
	require.Equal(t, date.Must("2026-05-01"), got.Document.DueDate)
	require.Equal(t, "CreditNote/cac:PaymentMeans[2]/cbc:PaymentDueDate", got.NotUnderstood[0].Path)
}

// The artefacts let a tax be off by less than one unit; the finding says so, and what is off by one unit is off.
func TestToleratedFindings(t *testing.T) {
	for minor, tolerated := range map[int64]bool{1: true, -99: true, 100: false, -100: false} {
		doc := calculated(t, base())
		taxed(&doc, minor)
		findings := einvoice.Validate(doc)
		require.Equal(t, []string{"BR-CO-17", "BR-S-09"}, findings.Rules())
		for _, f := range findings {
			require.Equal(t, tolerated, f.Tolerated, "%d: %s", minor, f)
		}
		_, err := einvoice.WriteUBL(doc)
		require.ErrorIs(t, err, einvoice.ErrInvalid)
	}
}

// Where the rate is zero, the artefacts want a tax that rounds to nothing.
func TestToleratedAtZero(t *testing.T) {
	for minor, tolerated := range map[int64]bool{1: true, 49: true, 50: false} {
		doc := calculated(t, zeroRated())
		taxed(&doc, minor)
		for _, f := range einvoice.Validate(doc) {
			require.Equal(t, tolerated && f.Rule == "BR-CO-17", f.Tolerated, "%d: %s", minor, f)
		}
	}
}

func TestFindingsAreCutShort(t *testing.T) {
	findings := einvoice.Validate(einvoice.Document{})
	require.Greater(t, len(findings), 10)
	require.True(t, strings.HasSuffix(findings.String(), "more"))
}
