package einvoice_test

import (
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// documents are the golden documents by name, before they are calculated.
var documents = map[string]func() einvoice.Document{
	"standard":                  base,
	"reverse_charge":            reverseCharge,
	"intra_community":           intraCommunity,
	"export":                    export,
	"not_subject":               notSubject,
	"exempt":                    exempt,
	"zero_rated":                zeroRated,
	"canary_islands":            func() einvoice.Document { return rated(einvoice.CanaryIslands, "7") },
	"ceuta_melilla":             func() einvoice.Document { return rated(einvoice.CeutaMelilla, "0.5") },
	"mixed":                     mixed,
	"payable_rounding":          payableRounding,
	"base_quantity":             baseQuantity,
	"allowances_and_charges":    allowancesAndCharges,
	"prepayment":                prepayment,
	"credit_note":               creditNote,
	"tax_currency":              taxCurrency,
	"corrected":                 corrected,
	"card":                      card,
	"direct_debit":              directDebit,
	"everything":                everything,
	"currency_without_decimals": yen,
	"currency_of_three":         dinars,
}

// untaxed is an invoice of one line under a category that owes nothing.
func untaxed(c einvoice.Category) einvoice.Document {
	doc := base()
	doc.Lines = []einvoice.Line{line("1", "Band saw", "2", "1249.99", einvoice.Untaxed(c))}
	return doc
}

func reverseCharge() einvoice.Document {
	doc := untaxed(einvoice.ReverseCharge)
	doc.Breakdown = []einvoice.TaxBreakdown{{Tax: einvoice.Untaxed(einvoice.ReverseCharge), Reason: "Reverse charge", ReasonCode: "VATEX-EU-AE"}}
	return doc
}

func intraCommunity() einvoice.Document {
	doc := untaxed(einvoice.IntraCommunity)
	doc.Delivery = &einvoice.Delivery{
		Name: "Warehouse of Möbel & Holz", Date: date.Must("2026-03-30"),
		Address: &einvoice.Address{Line1: "Lagerstr. 9", City: "Bonn", PostCode: "53111", Country: "DE"},
	}
	return doc
}

func export() einvoice.Document {
	doc := untaxed(einvoice.Export)
	doc.Buyer.TaxID, doc.Buyer.Address = "", &einvoice.Address{Line1: "Seestrasse 3", City: "Zürich", PostCode: "8002", Country: "CH"}
	return doc
}

func notSubject() einvoice.Document {
	doc := untaxed(einvoice.NotSubject)
	doc.Seller.TaxID, doc.Buyer.TaxID = "", ""
	doc.Breakdown = []einvoice.TaxBreakdown{{Tax: einvoice.Untaxed(einvoice.NotSubject), Reason: "Damages, outside the scope of VAT"}}
	return doc
}

func exempt() einvoice.Document {
	doc := untaxed(einvoice.Exempt)
	doc.Breakdown = []einvoice.TaxBreakdown{{
		Tax: einvoice.Untaxed(einvoice.Exempt), Reason: "Vocational training, Article 132(1)(i) of Directive 2006/112/EC", ReasonCode: "VATEX-EU-132-1I",
	}}
	return doc
}

func zeroRated() einvoice.Document { return untaxed(einvoice.ZeroRated) }

func rated(c einvoice.Category, percent string) einvoice.Document {
	doc := base()
	doc.Seller.Address.Country, doc.Seller.TaxID = "ES", "ESA00000000"
	doc.Lines = []einvoice.Line{line("1", "Ferry", "3", "10.25", einvoice.Tax{Category: c, Rate: decimal.NewNullDecimal(dec(percent))})}
	return doc
}

// mixed has every category that may stand beside others, each in a line, an allowance and a charge.
func mixed() einvoice.Document {
	doc := intraCommunity()
	doc.Breakdown = []einvoice.TaxBreakdown{{Tax: einvoice.Untaxed(einvoice.Exempt), ReasonCode: "VATEX-EU-132-1I"}}
	doc.Lines = nil
	for n, tax := range []einvoice.Tax{
		einvoice.Rated(dec("25")), einvoice.Rated(dec("6")), einvoice.Untaxed(einvoice.ZeroRated), einvoice.Untaxed(einvoice.Exempt),
		einvoice.Untaxed(einvoice.ReverseCharge), einvoice.Untaxed(einvoice.IntraCommunity), einvoice.Untaxed(einvoice.Export),
		{Category: einvoice.CanaryIslands, Rate: einvoice.Dec("7")}, {Category: einvoice.CeutaMelilla, Rate: einvoice.Dec("0.5")},
	} {
		doc.Lines = append(doc.Lines, line(strconv.Itoa(n+1), "Item", "1", "100", tax))
		doc.AllowanceCharges = append(doc.AllowanceCharges,
			einvoice.AllowanceCharge{Amount: eur("1.50"), Reason: "Rebate", Tax: tax},
			einvoice.AllowanceCharge{Charge: true, Amount: eur("2.70"), Reason: "Freight", Tax: tax})
	}
	return doc
}

// payableRounding is paid in cash, to 0.05.
func payableRounding() einvoice.Document {
	doc := base()
	doc.Totals.Rounding = eur("0.02")
	doc.PaymentMeans = []einvoice.PaymentMeans{{Code: "10", Text: "In cash"}}
	return doc
}

// baseQuantity is priced for 1,000 screws, with a discount on the price.
func baseQuantity() einvoice.Document {
	doc := base()
	screws := line("1", "Screws 4x40", "2750", "0", einvoice.Rated(dec("25")))
	screws.Price = einvoice.Price{Gross: einvoice.Dec("12.495"), Discount: einvoice.Dec("0.5"), Base: einvoice.Dec("1000"), BaseUnit: "C62"}
	wire := line("2", "Wire", "0.333", "7", einvoice.Rated(dec("25")))
	wire.Unit, wire.Price.Base = "KMT", einvoice.Dec("3")
	doc.Lines = []einvoice.Line{screws, wire}
	return doc
}

func allowancesAndCharges() einvoice.Document {
	doc := base()
	doc.Lines[0].AllowanceCharges = []einvoice.AllowanceCharge{
		{Amount: eur("9.95"), Base: eur("99.45"), Percent: einvoice.Dec("10"), Reason: "Loyal customer", ReasonCode: "95"},
		{Charge: true, Amount: eur("1.50"), Reason: "Packing", ReasonCode: "PC"},
	}
	doc.AllowanceCharges = []einvoice.AllowanceCharge{
		{Amount: eur("5.00"), Reason: "Campaign", Tax: einvoice.Rated(dec("25"))},
		{Amount: eur("0.50"), ReasonCode: "100", Tax: einvoice.Rated(dec("6.0"))},
		{Charge: true, Amount: eur("12.00"), Reason: "Freight", ReasonCode: "FC", Tax: einvoice.Rated(dec("25"))},
	}
	return doc
}

func prepayment() einvoice.Document {
	doc := base()
	doc.Totals.Prepaid = eur("100.00")
	doc.Preceding = []einvoice.Preceding{{Number: "INV-2026-0000", IssueDate: date.Must("2026-03-01")}}
	doc.PaymentTerms = "The rest within 30 days"
	return doc
}

func creditNote() einvoice.Document {
	doc := base()
	doc.Number, doc.Type, doc.Project, doc.Tender, doc.Contract = "CN-2026-0001", einvoice.CreditNote, "Workshop", "Lot 1", "C-1"
	doc.TaxPointDate = date.Must("2026-03-30")
	doc.Preceding = []einvoice.Preceding{{Number: "INV-2026-0001", IssueDate: date.Must("2026-03-31")}}
	doc.Notes = []einvoice.Note{{Text: "One plane iron came back"}}
	doc.Lines = doc.Lines[:1]
	return doc
}

// taxCurrency is a Swedish seller's, who declares the tax in kronor.
func taxCurrency() einvoice.Document {
	doc := base()
	doc.TaxCurrency = "SEK"
	doc.Totals.TaxInTaxCurrency = money.Of(28980, "SEK")
	return doc
}

// corrected is an invoice below zero: the price was too high.
func corrected() einvoice.Document {
	doc := base()
	doc.Type, doc.DueDate, doc.PaymentMeans = einvoice.CorrectedInvoice, date.Date{}, nil
	doc.Preceding = []einvoice.Preceding{{Number: "INV-2026-0001"}}
	doc.Lines = []einvoice.Line{line("1", "Plane iron, price", "-3", "1.15", einvoice.Rated(dec("25")))}
	return doc
}

func card() einvoice.Document {
	doc := base()
	doc.PaymentMeans = []einvoice.PaymentMeans{{Code: "48", Text: "Card", Card: &einvoice.Card{Number: "1234", Network: "VISA", Holder: "Otto Holz"}}}
	return doc
}

func directDebit() einvoice.Document {
	doc := base()
	doc.Seller.Identifiers = []einvoice.Identifier{{ID: "SE97ZZZ5560000000", Scheme: "SEPA"}}
	doc.PaymentMeans = []einvoice.PaymentMeans{{Code: "59", Debit: &einvoice.DirectDebit{Mandate: "M-1", Account: "DE00"}}}
	return doc
}

func yen() einvoice.Document {
	doc := base()
	doc.Currency = "JPY"
	doc.Lines = []einvoice.Line{line("1", "Chisel", "3", "1234.5", einvoice.Rated(dec("10")))}
	return doc
}

// dinars have three decimals, and EN 16931 two.
func dinars() einvoice.Document {
	doc := base()
	doc.Currency = "KWD"
	doc.Lines = []einvoice.Line{line("1", "Chisel", "3", "1.235", einvoice.Rated(dec("5")))}
	return doc
}

// everything states each term of the standard that one document can state.
func everything() einvoice.Document {
	doc := allowancesAndCharges()
	doc.ProcessType, doc.TaxPointCode = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0", "35"
	doc.Notes = []einvoice.Note{{Subject: "AAI", Text: "Made to order:\nno returns"}, {Text: "<thank> & you"}}
	doc.Project, doc.Contract, doc.PurchaseOrder, doc.SalesOrder = "P-9", "C-9", "PO-9", "SO-9"
	doc.ReceivingAdvice, doc.DespatchAdvice, doc.Tender = "RA-9", "DA-9", "Lot 9"
	doc.InvoicedObject, doc.AccountingCost = einvoice.Identifier{ID: "meter 77", Scheme: "ABT"}, "4711"
	doc.Preceding = []einvoice.Preceding{{Number: "INV-1"}, {Number: "INV-2", IssueDate: date.Must("2026-01-31")}}
	doc.Period = &einvoice.Period{Start: date.Must("2026-03-01"), End: date.Must("2026-03-31")}
	doc.PaymentTerms = "30 days net"
	s := &doc.Seller
	s.TradingName, s.LegalForm, s.LocalTaxID = "Lindgren", "Share capital 50,000 SEK", "F-skatt 556000-0000"
	s.Identifiers = []einvoice.Identifier{{ID: "7300010000001", Scheme: "0088"}, {ID: "SE97ZZZ5560000000", Scheme: "SEPA"}}
	s.Address.Line2, s.Address.Line3, s.Address.Subdivision = "Gate 2", "Dock 3", "Skåne"
	s.Contact = &einvoice.Contact{Name: "Astrid", Phone: "+46 40 1", Email: "astrid@lindgren.example"}
	doc.Buyer.RegistrationID = einvoice.Identifier{ID: "HRB 1", Scheme: "0002"}
	doc.Buyer.Contact = &einvoice.Contact{Name: "Otto"}
	doc.Buyer.Identifiers = []einvoice.Identifier{{ID: "K-100"}}
	doc.Payee = &einvoice.Payee{Name: "Factor AB", Identifier: einvoice.Identifier{ID: "7300010000002", Scheme: "0088"}, RegistrationID: einvoice.Identifier{ID: "55"}}
	doc.Representative = &einvoice.TaxRepresentative{Name: "Skatt AB", TaxID: "SE556000000002", Address: &einvoice.Address{City: "Lund", Country: "SE"}}
	doc.Delivery = intraCommunity().Delivery
	doc.Delivery.Location = einvoice.Identifier{ID: "7300010000003", Scheme: "0088"}
	doc.PaymentMeans = []einvoice.PaymentMeans{
		{Code: "58", Text: "SEPA", Remittance: "INV-2026-0001", Account: &einvoice.Account{ID: "SE45500000000583", Name: "Factor AB", BIC: "ESSESESS"}},
		{Code: "58", Remittance: "INV-2026-0001", Account: &einvoice.Account{ID: "SE45500000000584"}},
	}
	doc.Attachments = []einvoice.Attachment{
		{ID: "A-1", Description: "Time sheet", URL: "https://example.org/a-1"},
		{ID: "A-2", Content: []byte("a,b\n1,2\n"), MIME: "text/csv", Filename: "a-2.csv"},
	}
	l := &doc.Lines[0]
	l.Note, l.Object, l.OrderLine, l.AccountingCost = "engraved", einvoice.Identifier{ID: "serial 5", Scheme: "ABZ"}, "10", "5001"
	l.Period = &einvoice.Period{Start: date.Must("2026-03-02")}
	l.Item = einvoice.Item{
		Name: "Plane iron", Description: "50 mm", SellerID: "PI-50", BuyerID: "B-50", Origin: "SE",
		StandardID: einvoice.Identifier{ID: "7300010000004", Scheme: "0160"},
		Classes:    []einvoice.Classification{{Code: "27112800", List: "TST", Version: "19.05.01"}, {Code: "44510000", List: "STI"}},
		Attributes: []einvoice.Attribute{{Name: "Steel", Value: "O1"}},
	}
	doc.TaxCurrency, doc.Totals.TaxInTaxCurrency = "SEK", money.Of(29640, "SEK")
	doc.Totals.Prepaid, doc.Totals.Rounding = eur("10.00"), eur("-0.01")
	return doc
}
