package einvoice

import (
	"regexp"
	"slices"
	"strings"

	"github.com/opsmatiq/erp/accounting/money"
)

// codeRules hold codes to their lists, or to the shape of a list that is not carried (README.md says which).
var codeRules = []Rule{
	coded("BR-CL-01", "type codes (BT-3): UNTDID 1001", func(d *Document, see seen) { see("", string(d.Type), d.Type.valid()) }),
	coded("BR-CL-03", "currencies of amounts: ISO 4217", func(d *Document, see seen) {
		for _, p := range append(amounts(*d), place{amount: d.Totals.TaxInTaxCurrency}) {
			see("", string(p.amount.Currency), p.amount.Currency.Valid())
		}
	}),
	coded("BR-CL-04", "currency (BT-5): ISO 4217", func(d *Document, see seen) { see("", string(d.Currency), d.Currency.Valid()) }),
	coded("BR-CL-05", "tax currency (BT-6): ISO 4217", func(d *Document, see seen) { see("", string(d.TaxCurrency), d.TaxCurrency.Valid()) }),
	coded("BR-CL-06", "tax point codes (BT-8): 3, 35, 432", func(d *Document, see seen) {
		see("", d.TaxPointCode, slices.Contains(taxPointCodes, d.TaxPointCode))
	}),
	coded("BR-CL-07", "schemes of invoiced objects (BT-18, BT-128): the shape of UNTDID 1153", func(d *Document, see seen) {
		see("", d.InvoicedObject.Scheme, referencePattern.MatchString(d.InvoicedObject.Scheme))
		for n, l := range d.Lines {
			see(lineName(l, n), l.Object.Scheme, referencePattern.MatchString(l.Object.Scheme))
		}
	}),
	coded("BR-CL-08", "subject codes of notes (BT-21): the shape of UNTDID 4451", func(d *Document, see seen) {
		for _, n := range d.Notes {
			see("", n.Subject, subjectPattern.MatchString(n.Subject))
		}
	}),
	coded("BR-CL-10", "schemes of party identifiers (BT-29, BT-46, BT-60): the shape of ISO 6523, and SEPA", func(d *Document, see seen) {
		for _, i := range d.Seller.Identifiers {
			see("", i.Scheme, i.Scheme == schemeSEPA || icdPattern.MatchString(i.Scheme))
		}
		for _, i := range d.Buyer.Identifiers {
			see("", i.Scheme, icdPattern.MatchString(i.Scheme))
		}
		if p := d.Payee; p != nil {
			see("", p.Identifier.Scheme, p.Identifier.Scheme == schemeSEPA || icdPattern.MatchString(p.Identifier.Scheme))
		}
	}),
	coded("BR-CL-11", "schemes of registrations (BT-30, BT-47, BT-61): the shape of ISO 6523", func(d *Document, see seen) {
		schemes := []string{d.Seller.RegistrationID.Scheme, d.Buyer.RegistrationID.Scheme}
		if d.Payee != nil {
			schemes = append(schemes, d.Payee.RegistrationID.Scheme)
		}
		matching(icdPattern, see, "", schemes...)
	}),
	coded("BR-CL-13", "lists of classifications (BT-158): the shape of UNTDID 7143", func(d *Document, see seen) {
		for n, l := range d.Lines {
			for _, c := range l.Item.Classes {
				see(lineName(l, n), c.List, classPattern.MatchString(c.List))
			}
		}
	}),
	coded("BR-CL-14", "countries (BT-40, BT-55, BT-69, BT-80): ISO 3166-1, and 1A and XI", func(d *Document, see seen) {
		addresses := []*Address{d.Seller.Address, d.Buyer.Address}
		if d.Representative != nil {
			addresses = append(addresses, d.Representative.Address)
		}
		if d.Delivery != nil {
			addresses = append(addresses, d.Delivery.Address)
		}
		for _, a := range addresses {
			if a != nil {
				see("", a.Country, isCountry(a.Country))
			}
		}
	}),
	coded("BR-CL-15", "countries of origin (BT-159): ISO 3166-1, and 1A and XI", func(d *Document, see seen) {
		for n, l := range d.Lines {
			see(lineName(l, n), l.Item.Origin, isCountry(l.Item.Origin))
		}
	}),
	coded("BR-CL-16", "payment means (BT-81): UNTDID 4461", func(d *Document, see seen) {
		for _, p := range d.PaymentMeans {
			see("", p.Code, slices.Contains(paymentCodes, p.Code))
		}
	}),
	coded("BR-CL-17", "tax categories of document allowances, charges and breakdowns: S Z E AE K G O L M", func(d *Document, see seen) {
		for _, a := range d.AllowanceCharges {
			see("", string(a.Tax.Category), slices.Contains(categories, a.Tax.Category))
		}
		for _, g := range d.Breakdown {
			see("", string(g.Tax.Category), slices.Contains(categories, g.Tax.Category))
		}
	}),
	coded("BR-CL-18", "tax categories of lines (BT-151): S Z E AE K G O L M", func(d *Document, see seen) {
		for n, l := range d.Lines {
			see(lineName(l, n), string(l.Tax.Category), slices.Contains(categories, l.Tax.Category))
		}
	}),
	coded("BR-CL-19", "reasons of allowances (BT-98, BT-140): UNTDID 5189", func(d *Document, see seen) {
		d.eachReason(false, func(where, code string) { see(where, code, slices.Contains(allowanceReasons, code)) })
	}),
	coded("BR-CL-20", "reasons of charges (BT-105, BT-145): the shape of UNTDID 7161", func(d *Document, see seen) {
		d.eachReason(true, func(where, code string) { see(where, code, chargeReasonPattern.MatchString(code)) })
	}),
	coded("BR-CL-21", "schemes of item standard identifiers (BT-157): the shape of ISO 6523", func(d *Document, see seen) {
		for n, l := range d.Lines {
			see(lineName(l, n), l.Item.StandardID.Scheme, icdPattern.MatchString(l.Item.StandardID.Scheme))
		}
	}),
	coded("BR-CL-22", "exemption reason codes (BT-121): the shape of VATEX", func(d *Document, see seen) {
		for _, g := range d.Breakdown {
			see("", g.ReasonCode, vatexPattern.MatchString(strings.ToUpper(g.ReasonCode)))
		}
	}),
	coded("BR-CL-23", "units (BT-130, BT-150): the shape of UN/ECE Recommendation 20 and 21", func(d *Document, see seen) {
		for n, l := range d.Lines {
			matching(unitPattern, see, lineName(l, n), l.Unit, l.Price.BaseUnit)
		}
	}),
	coded("BR-CL-24", "MIME types of attachments (BT-125): the six of the standard", func(d *Document, see seen) {
		for _, a := range d.Attachments {
			see("", a.MIME, slices.Contains(mimeTypes, a.MIME))
		}
	}),
	coded("BR-CL-25", "schemes of electronic addresses (BT-34, BT-49): the shape of the EAS list", func(d *Document, see seen) {
		matching(easPattern, see, "", d.Seller.Electronic.Scheme, d.Buyer.Electronic.Scheme)
	}),
	coded("BR-CL-26", "schemes of delivery locations (BT-71): the shape of ISO 6523", func(d *Document, see seen) {
		if d.Delivery != nil {
			matching(icdPattern, see, "", d.Delivery.Location.Scheme)
		}
	}),
}

// seen takes a code that a rule came upon: where it stands, and whether it is on the list.
type seen func(where, code string, ok bool)

// coded is a rule about codes. An empty code is not stated, which is for other rules to miss.
func coded(id, text string, visit func(d *Document, see seen)) Rule {
	return Rule{id, text, func(x *inspection) {
		said := map[string]bool{}
		visit(x.doc, func(where, code string, ok bool) {
			if code == "" || ok || said[where+code] {
				return
			}
			said[where+code] = true
			x.fail(where, "%q is not one of the %s", shortened(code), text)
		})
	}}
}

func matching(pattern *regexp.Regexp, see seen, where string, codes ...string) {
	for _, code := range codes {
		see(where, code, pattern.MatchString(code))
	}
}

// eachReason visits the reason codes of all allowances, or of all charges, of the document and its lines.
func (d *Document) eachReason(charge bool, visit func(where, code string)) {
	each := func(all []AllowanceCharge, where string) {
		for n, a := range all {
			if a.Charge == charge {
				visit(where+allowanceName(a, n), a.ReasonCode)
			}
		}
	}
	each(d.AllowanceCharges, "")
	for n, l := range d.Lines {
		each(l.AllowanceCharges, lineName(l, n)+", ")
	}
}

// decimalRules are BR-DEC: amounts have at most two decimals, in currencies that have more as well. The currencies that have
// fewer are held to theirs by money.Amount.
func decimalRules() []Rule {
	terms := map[string]string{}
	var ids []string
	everything := Document{AllowanceCharges: make([]AllowanceCharge, 2), Breakdown: make([]TaxBreakdown, 1), Lines: make([]Line, 1)}
	everything.AllowanceCharges[1].Charge = true
	everything.Lines[0].AllowanceCharges = everything.AllowanceCharges
	for _, p := range amounts(everything) {
		terms[p.rule] = p.term
		ids = append(ids, p.rule)
	}
	terms["BR-DEC-15"] = "BT-111"
	ids = append(ids, "BR-DEC-15")
	slices.Sort(ids)
	var all []Rule
	for _, id := range ids {
		all = append(all, Rule{id, terms[id] + " has at most two decimals", func(x *inspection) {
			for _, p := range x.byRule[id] {
				if !cents(p.amount) {
					x.fail(p.where, "%s is %s", p.term, p.amount)
				}
			}
		}})
	}
	return all
}

// cents reports whether an amount has no more than two decimals.
func cents(a money.Amount) bool {
	return a.Currency.MinorUnits() <= maxDecimals || a.Decimal().Equal(a.Decimal().Truncate(maxDecimals))
}

// shortened keeps a stranger's text out of our messages beyond a few characters.
func shortened(s string) string { return shortenedTo(s, 40) }
