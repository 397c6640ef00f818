package einvoice_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// breach breaks one rule of a document that was valid before.
type breach struct {
	rule  string
	of    string // the golden document; "" is "everything", which has something for each rule to look at
	wreck func(*einvoice.Document)
	// also are the rules that cannot but break with it, since they ask the same or stand on it.
	also string
}

var usd = money.Of(1, "USD")

// breaches has at least one for each rule; those of the tax categories are in categoryBreaches.
var breaches = []breach{
	{"BR-01", "", func(d *einvoice.Document) { d.Specification = "" }, ""},
	{"BR-02", "", func(d *einvoice.Document) { d.Number = "" }, ""},
	{"BR-03", "", func(d *einvoice.Document) { d.IssueDate = date.Date{} }, ""},
	{"BR-04", "", func(d *einvoice.Document) { d.Type = "" }, ""},
	{"BR-05", "not_subject", func(d *einvoice.Document) { *d = inNoCurrency(*d) }, "BR-12 BR-13 BR-14 BR-15 BR-24 BR-45 BR-46"},
	{"BT-5", "standard", func(d *einvoice.Document) {
		d.Lines[0].AllowanceCharges = []einvoice.AllowanceCharge{{Amount: usd, Reason: "x"}}
	}, ""},
	{"BT-5", "", func(d *einvoice.Document) { d.Totals.TaxInTaxCurrency = usd }, ""},
	{"BR-CO-03", "", func(d *einvoice.Document) { d.TaxPointDate = d.IssueDate }, ""},
	{"BR-29", "", func(d *einvoice.Document) { d.Period.End = d.Period.Start.AddDays(-1) }, ""},
	{"BR-CO-19", "", func(d *einvoice.Document) { d.Period = &einvoice.Period{} }, ""},
	{"BR-53", "", func(d *einvoice.Document) { d.Totals.TaxInTaxCurrency = money.Amount{} }, ""},
	{"BR-55", "", func(d *einvoice.Document) { d.Preceding[1].Number = "" }, ""},
	{"BR-52", "", func(d *einvoice.Document) { d.Attachments[0].ID = "" }, ""},
	{"BR-57", "", func(d *einvoice.Document) { d.Delivery.Address.Country = "" }, ""},

	{"BR-06", "", func(d *einvoice.Document) { d.Seller.Name = "" }, ""},
	{"BR-07", "", func(d *einvoice.Document) { d.Buyer.Name = "" }, ""},
	{"BR-08", "", func(d *einvoice.Document) { d.Seller.Address = nil }, ""},
	{"BR-09", "", func(d *einvoice.Document) { d.Seller.Address.Country = "" }, ""},
	{"BR-10", "", func(d *einvoice.Document) { d.Buyer.Address = nil }, ""},
	{"BR-11", "", func(d *einvoice.Document) { d.Buyer.Address.Country = "" }, ""},
	{"BR-17", "", func(d *einvoice.Document) { d.Payee.Name = "" }, ""},
	{"BR-18", "", func(d *einvoice.Document) { d.Representative.Name = "" }, ""},
	{"BR-19", "", func(d *einvoice.Document) { d.Representative.Address = nil }, ""},
	{"BR-20", "", func(d *einvoice.Document) { d.Representative.Address.Country = "" }, ""},
	{"BR-56", "", func(d *einvoice.Document) { d.Representative.TaxID = "" }, ""},
	{"BR-62", "", func(d *einvoice.Document) { d.Seller.Electronic.Scheme = "" }, ""},
	{"BR-63", "", func(d *einvoice.Document) { d.Buyer.Electronic.Scheme = "" }, ""},
	{"BR-CO-09", "", func(d *einvoice.Document) { d.Seller.TaxID = "556000000001" }, ""},
	{"BR-CO-09", "", func(d *einvoice.Document) { d.Buyer.TaxID = "D" }, ""},
	{"BR-CO-09", "", func(d *einvoice.Document) { d.Representative.TaxID = "XK1" }, ""},
	{"BR-CO-26", "", func(d *einvoice.Document) {
		d.Seller.TaxID, d.Seller.RegistrationID, d.Seller.Identifiers = "", einvoice.Identifier{}, d.Seller.Identifiers[1:]
	}, ""},

	{"BR-49", "", func(d *einvoice.Document) { d.PaymentMeans[1].Code = "" }, ""},
	{"BR-50", "card", func(d *einvoice.Document) { d.PaymentMeans[0].Account = &einvoice.Account{Name: "x"} }, ""},
	{"BR-51", "card", func(d *einvoice.Document) { d.PaymentMeans[0].Card.Number = "4111111111111111" }, ""},
	{"BR-51", "card", func(d *einvoice.Document) { d.PaymentMeans[0].Card.Number = "" }, ""},
	{"BR-61", "", func(d *einvoice.Document) { d.PaymentMeans[0].Account = nil }, ""},
	{"BR-61", "standard", func(d *einvoice.Document) { d.PaymentMeans[0].Code, d.PaymentMeans[0].Account.ID = "30", "" }, "BR-50"},
	{"BR-66", "card", func(d *einvoice.Document) {
		d.PaymentMeans[0].Text = ""
		d.PaymentMeans = append(d.PaymentMeans, d.PaymentMeans[0])
	}, ""},
	{"BR-67", "direct_debit", func(d *einvoice.Document) { d.PaymentMeans = append(d.PaymentMeans, d.PaymentMeans[0]) }, ""},
	{"UBL-SR-16", "", func(d *einvoice.Document) { d.Buyer.Identifiers = append(d.Buyer.Identifiers, d.Buyer.Identifiers[0]) }, ""},
	{"UBL-SR-19", "", func(d *einvoice.Document) { d.Payee.Name = d.Seller.Name }, ""},
	{"UBL-SR-29", "", func(d *einvoice.Document) { d.Payee.Identifier.Scheme = "SEPA" }, ""},
	{"UBL-SR-44", "", func(d *einvoice.Document) { d.PaymentMeans[1].Remittance = "another" }, ""},
	{"UBL-SR-46", "", func(d *einvoice.Document) { d.PaymentMeans[1].Text = "SEPA" }, ""},
	{"UBL-SR-47", "", func(d *einvoice.Document) { d.PaymentMeans[1].Code = "30" }, ""},
	{"BR-CO-25", "", func(d *einvoice.Document) { d.DueDate, d.PaymentTerms = date.Date{}, "" }, ""},

	{"BR-16", "", func(d *einvoice.Document) { d.Lines = nil }, "BR-CO-10 BR-S-08"},
	{"BR-21", "", func(d *einvoice.Document) { d.Lines[1].ID = "" }, ""},
	{"BR-22", "", func(d *einvoice.Document) { d.Lines[1].Quantity = decimal.NullDecimal{} }, ""},
	{"BR-23", "", func(d *einvoice.Document) { d.Lines[1].Unit = "" }, ""},
	{"BR-24", "", func(d *einvoice.Document) { d.Lines[1].Net = money.Amount{} }, "BR-CO-10 BR-S-08"},
	{"BR-25", "", func(d *einvoice.Document) { d.Lines[1].Item.Name = "" }, ""},
	{"BR-26", "", func(d *einvoice.Document) { d.Lines[1].Price.Net = decimal.NullDecimal{} }, ""},
	{"BR-27", "", func(d *einvoice.Document) { d.Lines[1].Price.Net = einvoice.Dec("-1") }, ""},
	{"BR-28", "", func(d *einvoice.Document) { d.Lines[1].Price.Gross = einvoice.Dec("-1") }, ""},
	{"BR-30", "", func(d *einvoice.Document) { d.Lines[0].Period.End = d.Lines[0].Period.Start.AddDays(-1) }, ""},
	{"BR-CO-20", "", func(d *einvoice.Document) { d.Lines[0].Period = &einvoice.Period{} }, ""},
	{"BR-CO-04", "", func(d *einvoice.Document) { d.Lines[1].Tax.Category = "" }, "BR-S-08"},
	{"BR-64", "", func(d *einvoice.Document) { d.Lines[0].Item.StandardID.Scheme = "" }, ""},
	{"BR-65", "", func(d *einvoice.Document) { d.Lines[0].Item.Classes[1].List = "" }, ""},
	{"BR-54", "", func(d *einvoice.Document) { d.Lines[0].Item.Attributes[0].Value = "" }, ""},
	{"BR-54", "", func(d *einvoice.Document) { d.Lines[0].Item.Attributes[0].Name = "" }, ""},

	{"BR-31", "", func(d *einvoice.Document) { d.AllowanceCharges[0].Amount = money.Amount{} }, "BR-CO-11 BR-S-08"},
	{"BR-32", "", func(d *einvoice.Document) { d.AllowanceCharges[0].Tax.Category = "" }, "BR-S-08"},
	{"BR-33", "", func(d *einvoice.Document) { d.AllowanceCharges[0].Reason = "" }, "BR-CO-21"},
	{"BR-CO-21", "", func(d *einvoice.Document) { d.AllowanceCharges[1].ReasonCode = "" }, "BR-33"},
	{"BR-36", "", func(d *einvoice.Document) { d.AllowanceCharges[2].Amount = money.Amount{} }, "BR-CO-12 BR-S-08"},
	{"BR-37", "", func(d *einvoice.Document) { d.AllowanceCharges[2].Tax.Category = "" }, "BR-S-08"},
	{"BR-38", "", func(d *einvoice.Document) { d.AllowanceCharges[2].Reason, d.AllowanceCharges[2].ReasonCode = "", "" }, "BR-CO-22"},
	{"BR-CO-22", "", func(d *einvoice.Document) { d.AllowanceCharges[2].Reason, d.AllowanceCharges[2].ReasonCode = "", "" }, "BR-38"},
	{"BR-41", "", func(d *einvoice.Document) { d.Lines[0].AllowanceCharges[0].Amount = money.Amount{} }, ""},
	{"BR-42", "", func(d *einvoice.Document) {
		d.Lines[0].AllowanceCharges[0].Reason, d.Lines[0].AllowanceCharges[0].ReasonCode = "", ""
	}, "BR-CO-23"},
	{"BR-CO-23", "", func(d *einvoice.Document) {
		d.Lines[0].AllowanceCharges[0].Reason, d.Lines[0].AllowanceCharges[0].ReasonCode = "", ""
	}, "BR-42"},
	{"BR-43", "", func(d *einvoice.Document) { d.Lines[0].AllowanceCharges[1].Amount = money.Amount{} }, ""},
	{"BR-44", "", func(d *einvoice.Document) {
		d.Lines[0].AllowanceCharges[1].Reason, d.Lines[0].AllowanceCharges[1].ReasonCode = "", ""
	}, "BR-CO-24"},
	{"BR-CO-24", "", func(d *einvoice.Document) {
		d.Lines[0].AllowanceCharges[1].Reason, d.Lines[0].AllowanceCharges[1].ReasonCode = "", ""
	}, "BR-44"},

	{"BR-12", "", func(d *einvoice.Document) { d.Totals.LineNet = money.Amount{} }, "BR-CO-13"},
	{"BR-13", "", func(d *einvoice.Document) { d.Totals.WithoutTax = money.Amount{} }, "BR-CO-15"},
	{"BR-14", "", func(d *einvoice.Document) { d.Totals.WithTax = money.Amount{} }, "BR-CO-16"},
	{"BR-15", "", func(d *einvoice.Document) { d.Totals.Payable = money.Amount{} }, ""},
	{"BR-CO-10", "", func(d *einvoice.Document) {
		d.Totals.LineNet.Minor++
		d.Totals.Charges.Minor--
	}, "BR-CO-12"},
	{"BR-CO-11", "", func(d *einvoice.Document) {
		d.Totals.Allowances.Minor++
		d.Totals.Charges.Minor++
	}, "BR-CO-12"},
	{"BR-CO-11", "", func(d *einvoice.Document) { d.Totals.Allowances = money.Amount{} }, "BR-CO-13"},
	{"BR-CO-12", "", func(d *einvoice.Document) { d.Totals.Charges = money.Amount{} }, "BR-CO-13"},
	{"BR-CO-13", "", func(d *einvoice.Document) {
		d.Totals.WithoutTax.Minor++
		d.Totals.WithTax.Minor++
		d.Totals.Payable.Minor++
	}, ""},
	{"BR-CO-14", "", func(d *einvoice.Document) { d.Totals.Tax.Minor++; d.Totals.WithTax.Minor++; d.Totals.Payable.Minor++ }, ""},
	{"BR-CO-15", "", func(d *einvoice.Document) { d.Totals.WithTax.Minor++; d.Totals.Payable.Minor++ }, ""},
	{"BR-CO-16", "", func(d *einvoice.Document) { d.Totals.Payable.Minor++ }, ""},
	{"BR-CO-16", "", func(d *einvoice.Document) { d.Totals.Rounding = money.Amount{} }, ""},
	{"BR-CO-16", "", func(d *einvoice.Document) { d.Totals.Prepaid = money.Amount{} }, ""},
	{"BR-CO-17", "", func(d *einvoice.Document) { d.Breakdown[0].Amount.Minor++; d.Breakdown[1].Amount.Minor-- }, "BR-S-09"},
	{"BR-CO-18", "not_subject", func(d *einvoice.Document) { d.Breakdown = nil }, "BR-O-01"},
	{"BR-45", "", func(d *einvoice.Document) { d.Breakdown[0].Taxable = money.Amount{} }, ""},
	{"BR-46", "not_subject", func(d *einvoice.Document) { d.Breakdown[0].Amount = money.Amount{} }, ""},
	{"BR-47", "not_subject", func(d *einvoice.Document) { d.Breakdown[0].Tax.Category = "" }, "BR-48 BR-O-01"},
	{"BR-48", "exempt", func(d *einvoice.Document) { d.Breakdown[0].Tax.Rate = decimal.NullDecimal{} }, ""},

	{"BR-CL-01", "", func(d *einvoice.Document) { d.Type = "999" }, ""},
	{"BR-CL-03", "not_subject", func(d *einvoice.Document) { *d = inCurrency(*d, "XXX") }, "BR-CL-04"},
	{"BR-CL-04", "not_subject", func(d *einvoice.Document) { *d = inCurrency(*d, "eur") }, "BR-CL-03"},
	{"BR-CL-05", "", func(d *einvoice.Document) { d.TaxCurrency = "XXX" }, "BT-5"},
	{"BR-CL-06", "", func(d *einvoice.Document) { d.TaxPointCode = "4" }, ""},
	{"BR-CL-07", "", func(d *einvoice.Document) { d.InvoicedObject.Scheme = "abt" }, ""},
	{"BR-CL-07", "", func(d *einvoice.Document) { d.Lines[0].Object.Scheme = "1" }, ""},
	{"BR-CL-08", "", func(d *einvoice.Document) { d.Notes[0].Subject = "general" }, ""},
	{"BR-CL-10", "", func(d *einvoice.Document) { d.Seller.Identifiers[0].Scheme = "GLN" }, ""},
	{"BR-CL-10", "", func(d *einvoice.Document) { d.Buyer.Identifiers[0].Scheme = "SEPA" }, ""},
	{"BR-CL-10", "", func(d *einvoice.Document) { d.Payee.Identifier.Scheme = "88" }, ""},
	{"BR-CL-11", "", func(d *einvoice.Document) { d.Buyer.RegistrationID.Scheme = "HRB" }, ""},
	{"BR-CL-13", "", func(d *einvoice.Document) { d.Lines[0].Item.Classes[0].List = "unspsc" }, ""},
	{"BR-CL-14", "", func(d *einvoice.Document) { d.Seller.Address.Country = "UK" }, ""},
	{"BR-CL-14", "", func(d *einvoice.Document) { d.Buyer.Address.Country = "EL" }, ""},
	{"BR-CL-14", "", func(d *einvoice.Document) { d.Delivery.Address.Country = "XK" }, ""},
	{"BR-CL-14", "", func(d *einvoice.Document) { d.Representative.Address.Country = "se" }, ""},
	{"BR-CL-15", "", func(d *einvoice.Document) { d.Lines[0].Item.Origin = "EU" }, ""},
	{"BR-CL-16", "card", func(d *einvoice.Document) { d.PaymentMeans[0].Code = "71" }, ""},
	{"BR-CL-17", "", func(d *einvoice.Document) { d.AllowanceCharges[0].Tax.Category = "B" }, "BR-S-08"},
	{"BR-CL-17", "not_subject", func(d *einvoice.Document) { d.Breakdown[0].Tax = einvoice.Untaxed("B") }, "BR-O-01"},
	{"BR-CL-18", "", func(d *einvoice.Document) { d.Lines[1].Tax.Category = "B" }, "BR-S-08"},
	{"BR-CL-19", "", func(d *einvoice.Document) { d.AllowanceCharges[1].ReasonCode = "1" }, ""},
	{"BR-CL-20", "", func(d *einvoice.Document) { d.Lines[0].AllowanceCharges[1].ReasonCode = "95" }, ""},
	{"BR-CL-21", "", func(d *einvoice.Document) { d.Lines[0].Item.StandardID.Scheme = "EAN" }, ""},
	{"BR-CL-22", "exempt", func(d *einvoice.Document) { d.Breakdown[0].ReasonCode = "EXEMPT" }, ""},
	{"BR-CL-23", "", func(d *einvoice.Document) { d.Lines[0].Unit = "pieces" }, ""},
	{"BR-CL-23", "base_quantity", func(d *einvoice.Document) { d.Lines[0].Price.BaseUnit = "pcs" }, ""},
	{"BR-CL-24", "", func(d *einvoice.Document) { d.Attachments[1].MIME = "text/plain" }, ""},
	{"BR-CL-25", "", func(d *einvoice.Document) { d.Seller.Electronic.Scheme = "email" }, ""},
	{"BR-CL-26", "", func(d *einvoice.Document) { d.Delivery.Location.Scheme = "GLN" }, ""},
}

// inNoCurrency takes all currencies away.
func inNoCurrency(doc einvoice.Document) einvoice.Document {
	doc = inCurrency(doc, "")
	doc.Totals, doc.Lines[0].Net = einvoice.Totals{}, money.Amount{}
	doc.Breakdown[0].Taxable, doc.Breakdown[0].Amount = money.Amount{}, money.Amount{}
	return doc
}

// inCurrency calls the currency of a document without allowances otherwise.
func inCurrency(doc einvoice.Document, cur money.Currency) einvoice.Document {
	doc.Currency = cur
	t, l, g := &doc.Totals, &doc.Lines[0], &doc.Breakdown[0]
	for _, a := range []*money.Amount{&t.LineNet, &t.WithoutTax, &t.Tax, &t.WithTax, &t.Payable, &l.Net, &g.Taxable, &g.Amount} {
		a.Currency = cur
	}
	return doc
}

// categoryBreaches are those of the nine families of tax categories.
func categoryBreaches() []breach {
	var all []breach
	for _, f := range []struct{ prefix, of string }{
		{"BR-S", "standard"}, {"BR-Z", "zero_rated"}, {"BR-E", "exempt"}, {"BR-AE", "reverse_charge"}, {"BR-IC", "intra_community"},
		{"BR-G", "export"}, {"BR-O", "not_subject"}, {"BR-AF", "canary_islands"}, {"BR-AG", "ceuta_melilla"},
	} {
		subject := f.prefix != "BR-O"
		byRate := slices.Contains([]string{"BR-S", "BR-AF", "BR-AG"}, f.prefix)
		reasoned := !byRate && f.prefix != "BR-Z"
		id := func(number string) string { return f.prefix + "-" + number }
		wrongRate := func(tax *einvoice.Tax) {
			switch {
			case !subject:
				tax.Rate = einvoice.Dec("0")
			case byRate:
				tax.Rate = einvoice.Dec("-1")
			default:
				tax.Rate = einvoice.Dec("5")
			}
		}
		also08 := ""
		if byRate {
			also08 = id("08")
		}
		with := func(d *einvoice.Document, charge bool) *einvoice.AllowanceCharge {
			d.AllowanceCharges = []einvoice.AllowanceCharge{{Charge: charge, Amount: eur("1.00"), Reason: "x", Tax: d.Lines[0].Tax}}
			if err := einvoice.Calculate(d); err != nil {
				panic(err)
			}
			return &d.AllowanceCharges[0]
		}
		identify := func(d *einvoice.Document) { // as the family must not be
			if subject {
				d.Seller.TaxID = ""
			} else {
				d.Seller.TaxID = "SE556000000001"
			}
		}
		// For 03 and 04 the lines are of another category, which misses the seller's identifier as well.
		other, also03 := einvoice.Untaxed(einvoice.ZeroRated), "BR-Z-02"
		switch f.prefix {
		case "BR-Z":
			other, also03 = einvoice.Rated(dec("25")), "BR-S-02"
		case "BR-O":
			also03 = "BR-O-11 BR-O-12"
		}
		all = append(all,
			breach{id("01"), f.of, func(d *einvoice.Document) { d.Breakdown = nil }, "BR-CO-18" + onlyIf(byRate, " BR-CO-14")},
			breach{id("02"), f.of, identify, ""},
			breach{id("03"), f.of, func(d *einvoice.Document) { with(d, false); otherLines(d, other); mustCalculate(d); identify(d) }, also03},
			breach{id("04"), f.of, func(d *einvoice.Document) { with(d, true); otherLines(d, other); mustCalculate(d); identify(d) }, also03},
			breach{id("05"), f.of, func(d *einvoice.Document) { wrongRate(&d.Lines[0].Tax) }, also08},
			breach{id("06"), f.of, func(d *einvoice.Document) { wrongRate(&with(d, false).Tax) }, also08},
			breach{id("07"), f.of, func(d *einvoice.Document) { wrongRate(&with(d, true).Tax) }, also08},
			breach{id("08"), f.of, func(d *einvoice.Document) { d.Breakdown[0].Taxable.Minor += 10000 }, onlyIf(byRate, "BR-CO-17 "+id("09"))},
			breach{id("09"), f.of, func(d *einvoice.Document) { taxed(d, 1) }, "BR-CO-17"},
			breach{id("10"), f.of, func(d *einvoice.Document) {
				d.Breakdown[0].Reason = onlyIf(!reasoned, "because")
				d.Breakdown[0].ReasonCode = ""
			}, ""},
		)
		if !byRate {
			all = append(all, breach{id("01"), f.of, func(d *einvoice.Document) {
				d.Breakdown = append(d.Breakdown, d.Breakdown[0])
				d.Breakdown[1].Taxable = eur("0.00")
			}, id("08") + onlyIf(!subject, " BR-O-11")})
		}
	}
	all = append(all, mixedBreaches()...)
	return append(all,
		breach{"BR-S-01", "not_subject", func(d *einvoice.Document) {
			d.Breakdown = append(d.Breakdown, einvoice.TaxBreakdown{Tax: einvoice.Rated(dec("25")), Taxable: eur("0.00"), Amount: eur("0.00")})
		}, "BR-O-11"},
		breach{"BR-IC-11", "intra_community", func(d *einvoice.Document) { d.Delivery.Date = date.Date{} }, ""},
		breach{"BR-IC-12", "intra_community", func(d *einvoice.Document) { d.Delivery.Address = nil }, ""},
		breach{"BR-IC-02", "intra_community", func(d *einvoice.Document) { d.Buyer.TaxID = "" }, ""},
		breach{"BR-AE-02", "reverse_charge", func(d *einvoice.Document) { d.Buyer.TaxID = "" }, ""},
		breach{"BR-O-02", "not_subject", func(d *einvoice.Document) { d.Buyer.TaxID = "DE1" }, ""},
		breach{"BR-O-11", "not_subject", func(d *einvoice.Document) {
			d.Lines = append(d.Lines, line("2", "x", "0", "0", einvoice.Untaxed(einvoice.ZeroRated)))
			d.Seller.LocalTaxID = "1"
			mustCalculate(d)
		}, "BR-O-12"},
		breach{"BR-O-12", "not_subject", func(d *einvoice.Document) {
			d.Lines = append(d.Lines, line("2", "x", "0", "0", einvoice.Untaxed(einvoice.ZeroRated)))
			d.Seller.LocalTaxID = "1"
			mustCalculate(d)
		}, "BR-O-11"},
		breach{"BR-O-13", "not_subject", func(d *einvoice.Document) { mixedAllowance(d, false) }, "BR-O-11"},
		breach{"BR-O-14", "not_subject", func(d *einvoice.Document) { mixedAllowance(d, true) }, "BR-O-11"},
	)
}

// mixedBreaches breaks what a breakdown says of itself where others stand beside it, before and behind.
func mixedBreaches() []breach {
	var all []breach
	for n, prefix := range []string{"BR-S", "BR-S", "BR-Z", "BR-E", "BR-AE", "BR-IC", "BR-G", "BR-AF", "BR-AG"} {
		byRate := slices.Contains([]string{"BR-S", "BR-AF", "BR-AG"}, prefix)
		reasoned := !byRate && prefix != "BR-Z"
		all = append(all,
			breach{prefix + "-05", "mixed", func(d *einvoice.Document) { d.Lines[n].Tax.Rate = decimal.NullDecimal{} }, onlyIf(byRate, prefix+"-08")},
			breach{prefix + "-06", "mixed", func(d *einvoice.Document) { d.AllowanceCharges[2*n].Tax.Rate = decimal.NullDecimal{} }, onlyIf(byRate, prefix+"-08")},
			breach{prefix + "-07", "mixed", func(d *einvoice.Document) { d.AllowanceCharges[2*n+1].Tax.Rate = decimal.NullDecimal{} }, onlyIf(byRate, prefix+"-08")},
			breach{prefix + "-08", "mixed", func(d *einvoice.Document) { d.Breakdown[n].Taxable.Minor++ }, ""},
			breach{prefix + "-09", "mixed", func(d *einvoice.Document) {
				d.Breakdown[n].Amount.Minor++
				d.Totals.Tax.Minor++
				d.Totals.WithTax.Minor++
				d.Totals.Payable.Minor++
			}, "BR-CO-17"},
			breach{prefix + "-10", "mixed", func(d *einvoice.Document) {
				d.Breakdown[n].Reason, d.Breakdown[n].ReasonCode = onlyIf(!reasoned, "because"), ""
			}, ""},
		)
	}
	return all
}

func mustCalculate(d *einvoice.Document) {
	if err := einvoice.Calculate(d); err != nil {
		panic(err)
	}
}

func mixedAllowance(d *einvoice.Document, charge bool) {
	d.Seller.LocalTaxID = "1"
	d.AllowanceCharges = []einvoice.AllowanceCharge{{Charge: charge, Amount: eur("1.00"), Reason: "x", Tax: einvoice.Untaxed(einvoice.ZeroRated)}}
	mustCalculate(d)
}

// otherLines leaves only the allowance or charge in the category.
func otherLines(d *einvoice.Document, tax einvoice.Tax) {
	for n := range d.Lines {
		d.Lines[n].Tax = tax
	}
}

// taxed puts tax on a breakdown, and carries it through the totals.
func taxed(d *einvoice.Document, minor int64) {
	d.Breakdown[0].Amount.Minor += minor
	d.Totals.Tax.Minor += minor
	d.Totals.WithTax.Minor += minor
	d.Totals.Payable.Minor += minor
}

func onlyIf(ok bool, s string) string {
	if ok {
		return s
	}
	return ""
}

func TestEachRuleIsBrokenAlone(t *testing.T) {
	broken := map[string]bool{}
	for _, b := range append(slices.Clone(breaches), categoryBreaches()...) {
		broken[b.rule] = true
		t.Run(b.rule, func(t *testing.T) {
			name := b.of
			if name == "" {
				name = "everything"
			}
			doc := calculated(t, documents[name]())
			require.Empty(t, einvoice.Validate(doc))
			b.wreck(&doc)
			got := einvoice.Validate(doc).Rules()
			require.ElementsMatch(t, append(strings.Fields(b.also), b.rule), got, "%s", einvoice.Validate(doc))
			_, err := einvoice.WriteUBL(doc)
			require.ErrorIs(t, err, einvoice.ErrInvalid)
			require.Contains(t, err.Error(), b.rule)
		})
	}
	for _, rule := range einvoice.Rules() {
		if !strings.HasPrefix(rule.ID, "BR-DEC-") {
			require.True(t, broken[rule.ID], "nothing shows that %s can be broken", rule.ID)
		}
	}
}

// Amounts of a currency with three decimals have two all the same.
func TestDecimalsAreBounded(t *testing.T) {
	amounts := map[string]func(*einvoice.Document) *money.Amount{
		"BR-DEC-01": func(d *einvoice.Document) *money.Amount { return &d.AllowanceCharges[0].Amount },
		"BR-DEC-02": func(d *einvoice.Document) *money.Amount { return &d.AllowanceCharges[0].Base },
		"BR-DEC-05": func(d *einvoice.Document) *money.Amount { return &d.AllowanceCharges[1].Amount },
		"BR-DEC-06": func(d *einvoice.Document) *money.Amount { return &d.AllowanceCharges[1].Base },
		"BR-DEC-09": func(d *einvoice.Document) *money.Amount { return &d.Totals.LineNet },
		"BR-DEC-10": func(d *einvoice.Document) *money.Amount { return &d.Totals.Allowances },
		"BR-DEC-11": func(d *einvoice.Document) *money.Amount { return &d.Totals.Charges },
		"BR-DEC-12": func(d *einvoice.Document) *money.Amount { return &d.Totals.WithoutTax },
		"BR-DEC-13": func(d *einvoice.Document) *money.Amount { return &d.Totals.Tax },
		"BR-DEC-14": func(d *einvoice.Document) *money.Amount { return &d.Totals.WithTax },
		"BR-DEC-15": func(d *einvoice.Document) *money.Amount { return &d.Totals.TaxInTaxCurrency },
		"BR-DEC-16": func(d *einvoice.Document) *money.Amount { return &d.Totals.Prepaid },
		"BR-DEC-17": func(d *einvoice.Document) *money.Amount { return &d.Totals.Rounding },
		"BR-DEC-18": func(d *einvoice.Document) *money.Amount { return &d.Totals.Payable },
		"BR-DEC-19": func(d *einvoice.Document) *money.Amount { return &d.Breakdown[0].Taxable },
		"BR-DEC-20": func(d *einvoice.Document) *money.Amount { return &d.Breakdown[0].Amount },
		"BR-DEC-23": func(d *einvoice.Document) *money.Amount { return &d.Lines[0].Net },
		"BR-DEC-24": func(d *einvoice.Document) *money.Amount { return &d.Lines[0].AllowanceCharges[0].Amount },
		"BR-DEC-25": func(d *einvoice.Document) *money.Amount { return &d.Lines[0].AllowanceCharges[0].Base },
		"BR-DEC-27": func(d *einvoice.Document) *money.Amount { return &d.Lines[0].AllowanceCharges[1].Amount },
		"BR-DEC-28": func(d *einvoice.Document) *money.Amount { return &d.Lines[0].AllowanceCharges[1].Base },
	}
	for _, rule := range einvoice.Rules() {
		if !strings.HasPrefix(rule.ID, "BR-DEC-") {
			continue
		}
		t.Run(rule.ID, func(t *testing.T) {
			doc := dinars()
			one := money.Of(1000, "KWD")
			off := func() []einvoice.AllowanceCharge {
				tax := einvoice.Rated(dec("5"))
				return []einvoice.AllowanceCharge{
					{Amount: one, Base: one, Reason: "x", Tax: tax}, {Charge: true, Amount: one, Base: one, Reason: "x", Tax: tax},
				}
			}
			doc.AllowanceCharges, doc.Lines[0].AllowanceCharges = off(), off()
			doc.Totals = einvoice.Totals{TaxInTaxCurrency: money.Of(10, "BHD"), Prepaid: one, Rounding: one}
			doc.TaxCurrency = "BHD"
			doc = calculated(t, doc)
			require.Empty(t, einvoice.Validate(doc))
			amount, ok := amounts[rule.ID]
			require.True(t, ok, "nothing shows that %s can be broken", rule.ID)
			amount(&doc).Minor++
			var decimals []string
			for _, id := range einvoice.Validate(doc).Rules() { // what is a sum breaks the sum's rule as well
				if strings.HasPrefix(id, "BR-DEC-") {
					decimals = append(decimals, id)
				}
			}
			require.Equal(t, []string{rule.ID}, decimals)
		})
	}
}

// A breakdown that nothing is in is held to nothing, as the artefacts do, but for the categories that are taxed at a rate.
func TestAnEmptyBreakdown(t *testing.T) {
	doc := calculated(t, base())
	doc.Breakdown = append(doc.Breakdown, einvoice.TaxBreakdown{Tax: einvoice.Untaxed(einvoice.ZeroRated), Taxable: eur("0.00"), Amount: eur("0.00")})
	require.Empty(t, einvoice.Validate(doc))
	doc.Breakdown[2].Taxable = eur("1.00")
	require.Equal(t, []string{"BR-Z-08"}, einvoice.Validate(doc).Rules())
}

// What cannot be added up is a finding and no panic.
func TestSumsBeyondAll(t *testing.T) {
	doc := calculated(t, base())
	most := money.Of(1<<63-1, "EUR")
	doc.Lines[0].Net, doc.Lines[1].Net, doc.Totals.WithoutTax, doc.Totals.Tax = most, most, most, most
	require.Subset(t, einvoice.Validate(doc).Rules(), []string{"BR-CO-10", "BR-CO-15"})
}
