package einvoice

import "slices"

// syntaxRules are restrictions of the UBL syntax that stand for the standard's cardinalities: groups and terms that a document
// has once, and that UBL, and so [Document], could repeat. The others of their kind cannot be broken by a Document.
var syntaxRules = []Rule{
	{"UBL-SR-16", "at most one identifier of the buyer (BT-46)", func(x *inspection) {
		if n := len(x.doc.Buyer.Identifiers); n > 1 {
			x.fail("", "the buyer has %d identifiers", n)
		}
	}},
	{"UBL-SR-19", "a payee (BT-59) is somebody else than the seller", func(x *inspection) {
		if p := x.doc.Payee; p != nil && p.Name != "" && p.Name == x.doc.Seller.Name {
			x.fail("", "the payee has the seller's name")
		}
	}},
	{"UBL-SR-29", "at most one creditor identifier (BT-90)", func(x *inspection) {
		ids := slices.Clone(x.doc.Seller.Identifiers)
		if x.doc.Payee != nil {
			ids = append(ids, x.doc.Payee.Identifier)
		}
		ids = slices.DeleteFunc(ids, func(i Identifier) bool { return i.Scheme != schemeSEPA || i.ID == "" })
		if len(ids) > 1 {
			x.fail("", "there are %d identifiers with the scheme SEPA", len(ids))
		}
	}},
	onePayment("UBL-SR-44", "all payment means quote the same (BT-83)", func(p PaymentMeans) string { return p.Remittance }),
	{"UBL-SR-46", "the payment means' text (BT-82) stands once", func(x *inspection) {
		if n := x.doc.count(func(p PaymentMeans) bool { return p.Text != "" }); n > 1 {
			x.fail("", "%d payment means have a text", n)
		}
	}},
	onePayment("UBL-SR-47", "all payment means have one code (BT-81)", func(p PaymentMeans) string { return p.Code }),
}

// onePayment is a rule that what is stated of several payment means is the same.
func onePayment(id, text string, of func(PaymentMeans) string) Rule {
	return Rule{id, text, func(x *inspection) {
		first := ""
		for _, p := range x.doc.PaymentMeans {
			switch said := of(p); {
			case said == "" || said == first:
			case first == "":
				first = said
			default:
				x.fail("payment means", "%q and %q differ", shortened(first), shortened(said))
			}
		}
	}}
}
