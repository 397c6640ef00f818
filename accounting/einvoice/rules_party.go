package einvoice

import "slices"

// partyRules are about seller, buyer, payee and tax representative.
var partyRules = []Rule{
	has("BR-06", "the seller's name (BT-27)", "the seller's name (BT-27)", func(d *Document) bool { return d.Seller.Name != "" }),
	has("BR-07", "the buyer's name (BT-44)", "the buyer's name (BT-44)", func(d *Document) bool { return d.Buyer.Name != "" }),
	has("BR-08", "the seller's address (BG-5)", "the seller's address (BG-5)", func(d *Document) bool { return d.Seller.Address != nil }),
	has("BR-09", "the seller's country (BT-40)", "the seller's country (BT-40)", func(d *Document) bool { return located(d.Seller.Address) }),
	has("BR-10", "the buyer's address (BG-8)", "the buyer's address (BG-8)", func(d *Document) bool { return d.Buyer.Address != nil }),
	has("BR-11", "the buyer's country (BT-55)", "the buyer's country (BT-55)", func(d *Document) bool { return located(d.Buyer.Address) }),
	has("BR-17", "a payee's name (BT-59)", "the payee's name (BT-59)", func(d *Document) bool { return d.Payee == nil || d.Payee.Name != "" }),
	has("BR-18", "a tax representative's name (BT-62)", "the tax representative's name (BT-62)", func(d *Document) bool {
		return d.Representative == nil || d.Representative.Name != ""
	}),
	has("BR-19", "a tax representative's address (BG-12)", "the tax representative's address (BG-12)", func(d *Document) bool {
		return d.Representative == nil || d.Representative.Address != nil
	}),
	has("BR-20", "a tax representative's country (BT-69)", "the tax representative's country (BT-69)", func(d *Document) bool {
		return d.Representative == nil || located(d.Representative.Address)
	}),
	has("BR-56", "a tax representative's VAT identifier (BT-63)", "the tax representative's VAT identifier (BT-63)", func(d *Document) bool {
		return d.Representative == nil || d.Representative.TaxID != ""
	}),
	has("BR-62", "the scheme of the seller's electronic address (BT-34)", "the scheme of the seller's electronic address (BT-34)", func(d *Document) bool {
		return schemed(d.Seller.Electronic)
	}),
	has("BR-63", "the scheme of the buyer's electronic address (BT-49)", "the scheme of the buyer's electronic address (BT-49)", func(d *Document) bool {
		return schemed(d.Buyer.Electronic)
	}),
	{"BR-CO-09", "VAT identifiers begin with a country code, Greece's also with EL", func(x *inspection) {
		d := x.doc
		ids := []string{d.Seller.TaxID, d.Buyer.TaxID, ""}
		if d.Representative != nil {
			ids[2] = d.Representative.TaxID
		}
		for n, who := range []string{"seller (BT-31)", "buyer (BT-48)", "tax representative (BT-63)"} {
			if id := ids[n]; id != "" && (len(id) < 2 || id[:2] != "EL" && !isCountry(id[:2])) {
				x.fail(who, "the VAT identifier does not begin with a country code")
			}
		}
	}},
	has("BR-CO-26", "the seller's identifier (BT-29), registration (BT-30) or VAT identifier (BT-31)",
		"the seller's identifier (BT-29), registration (BT-30) or VAT identifier (BT-31)", func(d *Document) bool {
			s := d.Seller
			// The creditor identifier (BT-90) stands among the identifiers in UBL, but is none of the seller's.
			identified := slices.ContainsFunc(s.Identifiers, func(i Identifier) bool { return i.ID != "" && i.Scheme != schemeSEPA })
			return identified || s.RegistrationID.ID != "" || s.TaxID != ""
		}),
}

// schemeSEPA marks BT-90, the bank's identifier of a creditor, among a party's identifiers.
const schemeSEPA = "SEPA"

// located reports whether an address names its country. No address at all is another rule's matter.
func located(a *Address) bool { return a == nil || a.Country != "" }

func schemed(i Identifier) bool { return i.ID == "" || i.Scheme != "" }

// paymentRules are about how and when it is paid.
var paymentRules = []Rule{
	eachPayment("BR-49", "payment instructions have a means code (BT-81)", "the payment means code (BT-81)", func(p PaymentMeans) bool { return p.Code != "" }),
	eachPayment("BR-50", "a credit transfer (BG-17) has an account (BT-84)", "the account (BT-84)", func(p PaymentMeans) bool { return p.Account == nil || p.Account.ID != "" }),
	eachPayment("BR-51", "a card shows at most ten digits of its number (BT-87)", "the card's number (BT-87), cut to at most ten digits,", func(p PaymentMeans) bool {
		return p.Card == nil || digits(p.Card.Number) > 0 && digits(p.Card.Number) <= 10
	}),
	eachPayment("BR-61", "means 30 and 58, transfers, have an account (BT-84)", "the account (BT-84) of a transfer", func(p PaymentMeans) bool {
		transfer := p.Code == "30" || p.Code == "58"
		return !transfer || p.Account != nil && p.Account.ID != ""
	}),
	{"BR-66", "at most one card (BG-18)", func(x *inspection) {
		if n := x.doc.count(func(p PaymentMeans) bool { return p.Card != nil }); n > 1 {
			x.fail("", "there are %d cards", n)
		}
	}},
	{"BR-67", "at most one mandate of a direct debit (BG-19)", func(x *inspection) {
		if n := x.doc.count(func(p PaymentMeans) bool { return p.Debit != nil }); n > 1 {
			x.fail("", "there are %d mandates", n)
		}
	}},
	has("BR-CO-25", "what is payable by an invoice has a due date (BT-9) or terms (BT-20)", "the due date (BT-9) or the payment terms (BT-20)", func(d *Document) bool {
		return d.Type.IsCredit() || d.Totals.Payable.Sign() <= 0 || !d.DueDate.IsZero() || d.PaymentTerms != ""
	}),
}

func eachPayment(id, text, what string, ok func(PaymentMeans) bool) Rule {
	return Rule{id, text, func(x *inspection) {
		for _, p := range x.doc.PaymentMeans {
			x.need(ok(p), "payment means", what)
		}
	}}
}

func (d *Document) count(which func(PaymentMeans) bool) int {
	n := 0
	for _, p := range d.PaymentMeans {
		if which(p) {
			n++
		}
	}
	return n
}

// digits is how many digits a text has; what hides the others does not count.
func digits(s string) int {
	n := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n
}
