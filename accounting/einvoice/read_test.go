package einvoice_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// file is a golden document with one piece of it replaced, which must be there.
func file(t require.TestingT, name string, replace ...string) string {
	data, err := os.ReadFile("testdata/" + name + ".xml")
	require.NoError(t, err)
	text := string(data)
	for n := 0; n < len(replace); n += 2 {
		require.Contains(t, text, replace[n])
		text = strings.Replace(text, replace[n], replace[n+1], 1)
	}
	return text
}

func TestBadFilesAreRefused(t *testing.T) {
	deep := strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100)
	for name, c := range map[string]struct {
		data string
		code *fault.Definition
		says string
	}{
		"nothing":              {"", einvoice.ErrBadXML, "is not XML"},
		"no XML":               {"PK\x03\x04", einvoice.ErrBadXML, ""},
		"cut off":              {file(t, "standard")[:2000], einvoice.ErrBadXML, "line"},
		"two roots":            {file(t, "standard", "</Invoice>", "</Invoice><Invoice/>"), einvoice.ErrBadXML, "one root element"},
		"text before the root": {"Dear sirs, " + file(t, "standard"), einvoice.ErrBadXML, "beside"},
		"text after the root":  {file(t, "standard") + "\nYours", einvoice.ErrBadXML, "beside"},
		"another charset":      {file(t, "standard", `encoding="UTF-8"`, `encoding="UTF-16"`), einvoice.ErrBadXML, ""},
		"not UTF-8":            {file(t, "standard", "Handbook", "Handb\xff\xfeok"), einvoice.ErrBadXML, ""},
		"an entity of its own": {
			file(t, "standard", "<Invoice ", `<!DOCTYPE Invoice [<!ENTITY x SYSTEM "file:///etc/passwd">]><Invoice `, "Handbook", "&x;"),
			einvoice.ErrBadXML, "document type declarations",
		},
		"entities that multiply": {
			file(t, "standard", "<Invoice ", `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><Invoice `), einvoice.ErrBadXML, "document type declarations",
		},
		"an entity nobody knows": {file(t, "standard", "Handbook", "&nbsp;"), einvoice.ErrBadXML, ""},
		"text between elements":  {file(t, "standard", "<cac:Price>", "<cac:Price>3"), einvoice.ErrBadXML, "Price"},
		"too deep":               {file(t, "standard", "<cac:Price>", deep+"<cac:Price>"), einvoice.ErrTooLarge, "deep"},
		"too many elements":      {file(t, "standard", "<cac:Price>", strings.Repeat("<a/>", 600_000)+"<cac:Price>"), einvoice.ErrTooLarge, "elements"},
		"too long":               {strings.Repeat(" ", einvoice.MaxBytes+1), einvoice.ErrTooLarge, "bytes"},
		"too many lines": {
			file(t, "standard", "</Invoice>", strings.Repeat("<cac:InvoiceLine/>", einvoice.MaxLines)+"</Invoice>"), einvoice.ErrTooLarge, "lines",
		},
		"too many breakdowns": {
			file(t, "standard", "<cac:TaxSubtotal>", strings.Repeat("<cac:TaxSubtotal/>", einvoice.MaxBreakdowns)+"<cac:TaxSubtotal>"),
			einvoice.ErrTooLarge, "breakdowns",
		},
		"another document":  {`<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>`, einvoice.ErrNotUBL, "Order"},
		"another namespace": {`<Invoice xmlns="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"/>`, einvoice.ErrNotUBL, "uncefact"},
		"no namespace":      {`<Invoice/>`, einvoice.ErrNotUBL, ""},
		"no such day":       {file(t, "standard", "2026-03-31", "2026-02-30"), einvoice.ErrBadValue, "cbc:IssueDate"},
		"a day with a zone": {file(t, "standard", "2026-03-31", "2026-03-31Z"), einvoice.ErrBadValue, "cbc:IssueDate"},
		"no number":         {file(t, "standard", ">3</cbc:Inv", ">three</cbc:Inv"), einvoice.ErrBadValue, "cbc:InvoicedQuantity"},
		"an exponent":       {file(t, "standard", ">3</cbc:Inv", ">3e999999999</cbc:Inv"), einvoice.ErrBadValue, "cbc:InvoicedQuantity"},
		"a number of megabytes": {
			file(t, "standard", ">3</cbc:Inv", ">"+strings.Repeat("9", 1<<20)+"</cbc:Inv"), einvoice.ErrBadValue, "cbc:InvoicedQuantity",
		},
		"an amount too fine":      {file(t, "standard", ">99.45</cbc:LineExt", ">99.455</cbc:LineExt"), einvoice.ErrBadValue, "BR-DEC-23"},
		"cents of yen":            {file(t, "currency_without_decimals", ">4074</cbc:Payable", ">4074.10</cbc:Payable"), einvoice.ErrBadValue, "BR-DEC-18"},
		"an amount that is empty": {file(t, "standard", ">99.45</cbc:LineExt", "></cbc:LineExt"), einvoice.ErrBadValue, "cbc:LineExtensionAmount"},
		"an unknown currency":     {file(t, "standard", "EUR</cbc:Doc", "EURO</cbc:Doc"), einvoice.ErrBadValue, "BR-CL-04"},
		"an amount without one":   {file(t, "standard", `<cbc:PayableAmount currencyID="EUR">`, `<cbc:PayableAmount>`), einvoice.ErrBadValue, "BR-CL-03"},
		"an amount of another": {
			file(t, "standard", `<cbc:PayableAmount currencyID="EUR">`, `<cbc:PayableAmount currencyID="USD">`), einvoice.ErrMixedCurrency, "cbc:PayableAmount",
		},
		"a price in another": {
			file(t, "standard", `<cbc:PriceAmount currencyID="EUR">`, `<cbc:PriceAmount currencyID="USD">`), einvoice.ErrMixedCurrency, "cbc:PriceAmount",
		},
		"an invoice that credits":    {file(t, "standard", ">380<", ">381<"), einvoice.ErrBadValue, "BR-CL-01"},
		"an invoice of code 81":      {file(t, "standard", ">380<", ">81<"), einvoice.ErrBadValue, "BR-CL-01"},
		"a credit note of no code":   {file(t, "credit_note", ">381<", ">999<"), einvoice.ErrBadValue, "BR-CL-01"},
		"a credit note without one":  {file(t, "credit_note", "<cbc:CreditNoteTypeCode>381</cbc:CreditNoteTypeCode>", ""), einvoice.ErrBadValue, "BR-04"},
		"a credit note that charges": {file(t, "credit_note", ">381<", ">380<"), einvoice.ErrBadValue, "BR-CL-01"},
		"neither yes nor no":         {file(t, "allowances_and_charges", ">false<", ">no<"), einvoice.ErrBadValue, "cbc:ChargeIndicator"},
		"allowance or charge?": {
			file(t, "allowances_and_charges", "<cbc:ChargeIndicator>false</cbc:ChargeIndicator>", ""), einvoice.ErrBadValue, "cbc:ChargeIndicator",
		},
		"an attachment that is none": {file(t, "everything", "YSxi", "%%%%"), einvoice.ErrBadValue, "cbc:EmbeddedDocumentBinaryObject"},
		"an amount beyond all":       {file(t, "standard", ">99.45</cbc:LineExt", ">99999999999999999999</cbc:LineExt"), nil, "money.overflow"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readUBL([]byte(c.data))
			require.Error(t, err)
			require.Equal(t, einvoice.Received{}, got)
			if c.code != nil {
				require.ErrorIs(t, err, c.code)
			}
			require.Contains(t, err.Error(), c.says)
		})
	}
}

// What is not understood is listed, and what changes money keeps a bill from being made.
func TestWhatIsNotUnderstoodIsListed(t *testing.T) {
	for name, c := range map[string]struct {
		data  string
		paths []string
		money bool
	}{
		"a delivery at a line": {
			file(t, "standard", "<cac:Item>", "<cac:Delivery><cbc:ActualDeliveryDate>2026-03-01</cbc:ActualDeliveryDate></cac:Delivery><cac:Item>"),
			[]string{"Invoice/cac:InvoiceLine[1]/cac:Delivery"}, false,
		},
		"the host's own extension": {
			file(t, "standard", "<cbc:CustomizationID>", `<x:Ext xmlns:x="urn:x">1</x:Ext><cbc:CustomizationID>`), []string{"Invoice/Ext"}, false,
		},
		"a second contract": {
			file(t, "everything", "<cac:ContractDocumentReference>", "<cac:ContractDocumentReference><cbc:ID>C-8</cbc:ID></cac:ContractDocumentReference><cac:ContractDocumentReference>"),
			[]string{"Invoice/cac:ContractDocumentReference[2]"}, false,
		},
		"another type of document": {
			file(t, "everything", "<cbc:DocumentTypeCode>130", "<cbc:DocumentTypeCode>916"),
			[]string{"Invoice/cac:AdditionalDocumentReference[1]/cbc:DocumentTypeCode"}, false,
		},
		"a prepaid payment": {
			file(t, "standard", "<cac:TaxTotal>", `<cac:PrepaidPayment><cbc:PaidAmount currencyID="EUR">5.00</cbc:PaidAmount></cac:PrepaidPayment><cac:TaxTotal>`),
			[]string{"Invoice/cac:PrepaidPayment"}, true,
		},
		"a withholding tax": {
			file(t, "standard", "<cac:LegalM", `<cac:WithholdingTaxTotal><cbc:TaxAmount currencyID="EUR">5.00</cbc:TaxAmount></cac:WithholdingTaxTotal><cac:LegalM`),
			[]string{"Invoice/cac:WithholdingTaxTotal"}, true,
		},
		"a tax that is not VAT": {
			file(t, "standard", "<cac:ClassifiedTaxCategory>", `<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cac:TaxScheme><cbc:ID>GST</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory><cac:ClassifiedTaxCategory>`),
			[]string{"Invoice/cac:InvoiceLine[1]/cac:Item/cac:ClassifiedTaxCategory[1]"}, true,
		},
		"a total in a third currency": {
			file(t, "standard", "<cac:LegalM", `<cac:TaxTotal><cbc:TaxAmount currencyID="NOK">5.00</cbc:TaxAmount></cac:TaxTotal><cac:LegalM`),
			[]string{"Invoice/cac:TaxTotal[2]"}, true,
		},
		"a second total in the document's currency": {
			file(t, "standard", "<cac:LegalM", `<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">5.00</cbc:TaxAmount></cac:TaxTotal><cac:LegalM`),
			[]string{"Invoice/cac:TaxTotal[2]"}, true,
		},
		"a total in another currency before the document's": {
			file(t, "standard", "<cac:TaxTotal>", `<cac:TaxTotal><cbc:TaxAmount currencyID="USD">5.00</cbc:TaxAmount></cac:TaxTotal><cac:TaxTotal>`),
			[]string{"Invoice/cac:TaxTotal[1]"}, true,
		},
		"a second total in the tax currency": {
			file(t, "tax_currency", "<cac:LegalM", `<cac:TaxTotal><cbc:TaxAmount currencyID="SEK">5.00</cbc:TaxAmount></cac:TaxTotal><cac:LegalM`),
			[]string{"Invoice/cac:TaxTotal[3]"}, true,
		},
		"tax at a line": {
			file(t, "standard", "<cac:Item>", `<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">5.00</cbc:TaxAmount></cac:TaxTotal><cac:Item>`),
			[]string{"Invoice/cac:InvoiceLine[1]/cac:TaxTotal"}, true,
		},
		"a charge on a price": {
			file(t, "base_quantity", "<cbc:ChargeIndicator>false", "<cbc:ChargeIndicator>true"), []string{"Invoice/cac:InvoiceLine[1]/cac:Price/cac:AllowanceCharge"}, true,
		},
		"a credit note's line in an invoice": {
			file(t, "standard", "</Invoice>", "<cac:CreditNoteLine><cbc:ID>9</cbc:ID></cac:CreditNoteLine></Invoice>"), []string{"Invoice/cac:CreditNoteLine"}, true,
		},
		"a copy": {
			file(t, "standard", "<cbc:IssueDate>", "<cbc:CopyIndicator>true</cbc:CopyIndicator><cbc:IssueDate>"), []string{"Invoice/cbc:CopyIndicator"}, true,
		},
		"a discount for early payment": {
			file(t, "prepayment", "<cac:PaymentTerms>", "<cac:PaymentTerms><cbc:SettlementDiscountPercent>2</cbc:SettlementDiscountPercent>"),
			[]string{"Invoice/cac:PaymentTerms/cbc:SettlementDiscountPercent"}, true,
		},
		"a second quantity": {
			file(t, "standard", "<cbc:InvoicedQuantity ", `<cbc:InvoicedQuantity unitCode="C62">9</cbc:InvoicedQuantity><cbc:InvoicedQuantity `),
			[]string{"Invoice/cac:InvoiceLine[1]/cbc:InvoicedQuantity[2]"}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readUBL([]byte(c.data))
			require.NoError(t, err)
			var paths []string
			for _, u := range got.NotUnderstood {
				paths = append(paths, u.Path)
				require.Equal(t, c.money, u.Money)
			}
			require.Equal(t, c.paths, paths)

			_, err = got.Bill()
			if !c.money {
				require.NoError(t, err)
				return
			}
			if !errors.Is(err, einvoice.ErrInvalid) {
				require.ErrorIs(t, err, einvoice.ErrNotUnderstood)
				require.Contains(t, err.Error(), c.paths[0])
			}
			got.NotUnderstood = nil // whoever has looked at them
			_, err = got.Bill()
			require.NoError(t, err)
		})
	}
}

// Byte order marks, comments, processing instructions and attributes for people change nothing.
func TestWhatIsPassedOver(t *testing.T) {
	plain, err := readUBL([]byte(file(t, "everything")))
	require.NoError(t, err)
	dressed, err := readUBL([]byte("\uFEFF" + file(t, "everything",
		"<cbc:IssueDate>", "<!-- the day -->\n<?show me?><cbc:IssueDate>",
		"<cbc:ID>INV-2026-0001", `<cbc:ID schemeAgencyName="us"><!-- x -->INV-<![CDATA[2026]]>-0001`,
		`<cbc:CustomizationID>`, `<cbc:UBLVersionID>2.1</cbc:UBLVersionID><cbc:CustomizationID>`,
		">25<", "> 25.000\n<", ">false<", ">0<", ">VAT<", ">vat<", ">99.45</", ">+099.450</", ">33.15<", ">33.1500<")))
	require.NoError(t, err)
	require.Equal(t, plain, dressed)
}

// Of two identifiers of a kind the first counts, and what stands behind them is read all the same.
func TestASecondTaxIdentifier(t *testing.T) {
	got, err := readUBL([]byte(file(t, "everything", "<cbc:CompanyID>F-skatt",
		"<cbc:CompanyID>SE999</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme><cac:PartyTaxScheme><cbc:CompanyID>F-skatt")))
	require.NoError(t, err)
	require.Equal(t, "SE556000000001", got.Document.Seller.TaxID)
	require.Equal(t, "F-skatt 556000-0000", got.Document.Seller.LocalTaxID)
	require.Len(t, got.NotUnderstood, 1)
	require.Equal(t, "Invoice/cac:AccountingSupplierParty/cac:Party/cac:PartyTaxScheme[2]", got.NotUnderstood[0].Path)
}

// An invoice without a type, or with one that is on no list, is read all the same: the rules find it.
func TestAnUnknownType(t *testing.T) {
	for rule, text := range map[string]string{
		"BR-CL-01": file(t, "standard", ">380<", ">999<"), "BR-04": file(t, "standard", "<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>", ""),
	} {
		got, err := readUBL([]byte(text))
		require.NoError(t, err)
		require.Equal(t, []string{rule}, einvoice.Validate(got.Document).Rules())
	}
}
