package einvoice

// documentRules are about the document as a whole: that it says what it is, and its dates and references.
var documentRules = []Rule{
	has("BR-01", "a specification identifier (BT-24)", "the specification identifier (BT-24)", func(d *Document) bool { return d.Specification != "" }),
	has("BR-02", "a number (BT-1)", "the number (BT-1)", func(d *Document) bool { return d.Number != "" }),
	has("BR-03", "an issue date (BT-2)", "the issue date (BT-2)", func(d *Document) bool { return !d.IssueDate.IsZero() }),
	has("BR-04", "a type code (BT-3)", "the type code (BT-3)", func(d *Document) bool { return d.Type != "" }),
	has("BR-05", "a currency (BT-5)", "the currency (BT-5)", func(d *Document) bool { return d.Currency != "" }),
	{"BT-5", "amounts are in the document's currency, but for BT-111 (the definition of BT-5; no rule id)", func(x *inspection) {
		for _, p := range x.places {
			if p.amount.Currency != "" && p.amount.Currency != x.doc.Currency {
				x.fail(p.where, "%s is in %s, the document in %s", p.term, p.amount.Currency, x.doc.Currency)
			}
		}
		if t := x.doc.Totals.TaxInTaxCurrency; t.Currency != "" && t.Currency != x.doc.TaxCurrency {
			x.fail("", "BT-111 is in %s, the tax currency (BT-6) is %q", t.Currency, x.doc.TaxCurrency)
		}
	}},
	{"BR-CO-03", "a tax point date (BT-7) or its code (BT-8), not both", func(x *inspection) {
		if !x.doc.TaxPointDate.IsZero() && x.doc.TaxPointCode != "" {
			x.fail("", "there are both a tax point date (BT-7) and a code for it (BT-8)")
		}
	}},
	{"BR-29", "the invoicing period does not end before it starts", func(x *inspection) { x.order(x.doc.Period, "") }},
	{"BR-CO-19", "an invoicing period (BG-14) has a start or an end", func(x *inspection) { x.filled(x.doc.Period, "") }},
	has("BR-53", "with a tax currency (BT-6), the tax in it (BT-111)", "the tax in the tax currency (BT-111)", func(d *Document) bool {
		return d.TaxCurrency == "" || d.Totals.TaxInTaxCurrency.Currency != ""
	}),
	{"BR-55", "a preceding invoice reference has a number (BT-25)", func(x *inspection) {
		for _, p := range x.doc.Preceding {
			x.need(p.Number != "", "preceding invoice", "the number (BT-25)")
		}
	}},
	{"BR-52", "a supporting document has an identifier (BT-122)", func(x *inspection) {
		for _, a := range x.doc.Attachments {
			x.need(a.ID != "", "supporting document", "the identifier (BT-122)")
		}
	}},
	{"BR-57", "a deliver-to address has a country (BT-80)", func(x *inspection) {
		if d := x.doc.Delivery; d != nil {
			x.need(d.Address == nil || d.Address.Country != "", "delivery", "the country (BT-80)")
		}
	}},
}

// order fails where a period ends before it starts.
func (x *inspection) order(p *Period, where string) {
	if p != nil && !p.Start.IsZero() && !p.End.IsZero() && p.End.Before(p.Start) {
		x.fail(where, "the period ends on %s, before it starts on %s", p.End, p.Start)
	}
}

// filled fails where a period has no dates at all.
func (x *inspection) filled(p *Period, where string) {
	x.need(p == nil || !p.Start.IsZero() || !p.End.IsZero(), where, "the start or end of the period")
}
