package einvoice

import "github.com/opsmatiq/erp/accounting/money"

// family is the set of rules that one tax category brings: BR-S-01 to BR-S-10 and its siblings. What the siblings differ in
// is here; the rest is one for all.
type family struct {
	prefix   string // "BR-S"
	category Category
	name     string
	rate     rateRule
	ids      idRule
	byRate   bool // one breakdown for each rate, else exactly one
	reasoned bool // needs a reason why no tax is owed, else must not have one
}

// rateRule is what rate a category may have.
type rateRule int

const (
	ratePositive rateRule = iota
	rateZero
	rateNotNegative
	rateNone
)

// idRule is which tax identifiers a category asks for.
type idRule int

const (
	sellerTaxed       idRule = iota // seller's VAT identifier or tax registration, or the representative's
	sellerAndBuyer                  // the same, and the buyer's VAT identifier or registration
	sellerAndBuyerVAT               // seller's or representative's VAT identifier, and the buyer's
	sellerVAT                       // seller's or representative's VAT identifier
	nobodyTaxed                     // none at all
)

var families = []family{
	{"BR-S", StandardRated, "standard rated", ratePositive, sellerTaxed, true, false},
	{"BR-Z", ZeroRated, "zero rated", rateZero, sellerTaxed, false, false},
	{"BR-E", Exempt, "exempt", rateZero, sellerTaxed, false, true},
	{"BR-AE", ReverseCharge, "reverse charge", rateZero, sellerAndBuyer, false, true},
	{"BR-IC", IntraCommunity, "intra-community supply", rateZero, sellerAndBuyerVAT, false, true},
	{"BR-G", Export, "export", rateZero, sellerVAT, false, true},
	{"BR-O", NotSubject, "not subject to tax", rateNone, nobodyTaxed, false, true},
	{"BR-AF", CanaryIslands, "IGIC", rateNotNegative, sellerTaxed, true, false},
	{"BR-AG", CeutaMelilla, "IPSI", rateNotNegative, sellerTaxed, true, false},
}

// categoryRules are the ten rules of each family, and those that intra-community supplies and what is not subject have besides.
func categoryRules() []Rule {
	var all []Rule
	for _, f := range families {
		all = append(all,
			Rule{f.prefix + "-01", f.text("what is %s has its breakdown", "what is %s has exactly one breakdown"), f.present},
			Rule{f.prefix + "-02", "a line that is " + f.name + ": " + f.ids.text(), func(x *inspection) { x.identified(f, "lines", x.anyLine(f.category)) }},
			Rule{f.prefix + "-03", "an allowance that is " + f.name + ": " + f.ids.text(), func(x *inspection) { x.identified(f, "allowances", x.anyAllowance(f.category, false)) }},
			Rule{f.prefix + "-04", "a charge that is " + f.name + ": " + f.ids.text(), func(x *inspection) { x.identified(f, "charges", x.anyAllowance(f.category, true)) }},
			Rule{f.prefix + "-05", "a line that is " + f.name + ": the rate must " + f.rate.must(), f.lineRates},
			Rule{f.prefix + "-06", "an allowance that is " + f.name + ": the rate must " + f.rate.must(), func(x *inspection) { f.allowanceRates(x, false) }},
			Rule{f.prefix + "-07", "a charge that is " + f.name + ": the rate must " + f.rate.must(), func(x *inspection) { f.allowanceRates(x, true) }},
			Rule{f.prefix + "-08", f.name + ": BT-116 = lines - allowances + charges of the category", f.taxable},
			Rule{f.prefix + "-09", f.name + ": " + f.textOfTax(), f.tax},
			Rule{f.prefix + "-10", f.name + ": " + f.textOfReason(), f.reasons},
		)
		switch f.category {
		case IntraCommunity:
			all = append(all, intraCommunityRules...)
		case NotSubject:
			all = append(all, notSubjectRules...)
		}
	}
	return all
}

var intraCommunityRules = []Rule{
	has("BR-IC-11", "intra-community supply: a delivery date (BT-72) or invoicing period (BG-14)", "the delivery date (BT-72) or the invoicing period (BG-14)", func(d *Document) bool {
		return !d.broken(IntraCommunity) || d.Delivery != nil && !d.Delivery.Date.IsZero() || d.Period != nil
	}),
	has("BR-IC-12", "intra-community supply: a deliver-to country (BT-80)", "the deliver-to country (BT-80)", func(d *Document) bool {
		return !d.broken(IntraCommunity) || d.Delivery != nil && d.Delivery.Address != nil && d.Delivery.Address.Country != ""
	}),
}

var notSubjectRules = []Rule{
	{"BR-O-11", "not subject to tax: no other breakdown", func(x *inspection) {
		if x.doc.broken(NotSubject) && len(x.doc.Breakdown) > 1 {
			x.fail("", "there is a breakdown that is not subject to tax, and %d others", len(x.doc.Breakdown)-1)
		}
	}},
	{"BR-O-12", "not subject to tax: no line of another category", func(x *inspection) {
		for n, l := range x.doc.Lines {
			x.alone(l.Tax, lineName(l, n))
		}
	}},
	{"BR-O-13", "not subject to tax: no allowance of another category", func(x *inspection) { x.aloneAllowances(false) }},
	{"BR-O-14", "not subject to tax: no charge of another category", func(x *inspection) { x.aloneAllowances(true) }},
}

func (x *inspection) alone(t Tax, where string) {
	if x.doc.broken(NotSubject) && t.Category != NotSubject {
		x.fail(where, "the category is %s in a document that is not subject to tax", t.Category)
	}
}

func (x *inspection) aloneAllowances(charge bool) {
	for n, a := range x.doc.AllowanceCharges {
		if a.Charge == charge {
			x.alone(a.Tax, allowanceName(a, n))
		}
	}
}

// broken reports whether the breakdown has a category.
func (d *Document) broken(c Category) bool {
	for _, g := range d.Breakdown {
		if g.Tax.Category == c {
			return true
		}
	}
	return false
}

func (x *inspection) anyLine(c Category) bool {
	for _, l := range x.doc.Lines {
		if l.Tax.Category == c {
			return true
		}
	}
	return false
}

func (x *inspection) anyAllowance(c Category, charge bool) bool {
	for _, a := range x.doc.AllowanceCharges {
		if a.Charge == charge && a.Tax.Category == c {
			return true
		}
	}
	return false
}

// present is rule 01: the breakdown has the category once, or for S, L and M at least once, and not without need.
func (f family) present(x *inspection) {
	count := 0
	for _, g := range x.doc.Breakdown {
		if g.Tax.Category == f.category {
			count++
		}
	}
	used := x.anyLine(f.category) || x.anyAllowance(f.category, false) || x.anyAllowance(f.category, true)
	switch {
	case used && count == 0:
		x.fail("", "something is %s (%s), and there is no breakdown of it", f.name, f.category)
	case count > 1 && !f.byRate:
		x.fail("", "there are %d breakdowns that are %s (%s)", count, f.name, f.category)
	case !used && count > 0 && f.byRate: // of the others one may stand there without need: rule 08 holds it to nothing
		x.fail("", "there is a breakdown that is %s (%s), and nothing else is", f.name, f.category)
	}
}

// identified is rules 02 to 04: who needs which tax identifier.
func (x *inspection) identified(f family, what string, used bool) {
	if !used {
		return
	}
	d := x.doc
	representative := d.Representative != nil && d.Representative.TaxID != ""
	vat := d.Seller.TaxID != "" || representative
	taxed := vat || d.Seller.LocalTaxID != ""
	buyer := d.Buyer.TaxID != ""
	ok := false
	switch f.ids {
	case sellerTaxed:
		ok = taxed
	case sellerAndBuyer:
		ok = taxed && (buyer || d.Buyer.RegistrationID.ID != "")
	case sellerAndBuyerVAT:
		ok = vat && buyer
	case sellerVAT:
		ok = vat
	case nobodyTaxed:
		ok = !vat && !buyer
	}
	if !ok {
		x.fail("", "%s are %s (%s): %s", what, f.name, f.category, f.ids.text())
	}
}

func (f family) lineRates(x *inspection) {
	for n, l := range x.doc.Lines {
		f.rates(x, l.Tax, lineName(l, n))
	}
}

func (f family) allowanceRates(x *inspection, charge bool) {
	for n, a := range x.doc.AllowanceCharges {
		if a.Charge == charge {
			f.rates(x, a.Tax, allowanceName(a, n))
		}
	}
}

// rates is rules 05 to 07.
func (f family) rates(x *inspection, t Tax, where string) {
	if t.Category == f.category && !f.rate.admits(t) {
		stated := "not stated"
		if t.Rate.Valid {
			stated = shown(t.Rate.Decimal)
		}
		x.fail(where, "the rate is %s and must %s, for this is %s (%s)", stated, f.rate.must(), f.name, f.category)
	}
}

// taxable is rule 08. For what is taxed at a rate, the artefacts let it be off by less than one unit.
func (f family) taxable(x *inspection) {
	err := x.groupsErr
	sums := map[string]money.Amount{}
	all := money.Zero(x.doc.Currency)
	for _, group := range x.groups {
		if group.Tax.Category == f.category && err == nil {
			sums[group.Tax.String()] = group.Taxable
			all, err = all.Add(group.Taxable)
		}
	}
	for n, g := range x.doc.Breakdown {
		if g.Tax.Category != f.category || g.Taxable.Currency == "" {
			continue
		}
		want := all
		if f.byRate {
			want = or(sums[g.Tax.String()], x.doc.Currency)
		}
		const term = "the taxable amount (BT-116)"
		if f.byRate {
			x.near(breakdownName(g, n), term, oneUnit, g.Taxable, want, err) // whatever the rate, one unit
		} else {
			x.equal(breakdownName(g, n), term, g.Taxable, want, err)
		}
	}
}

// stated is the document with zeros where lines and allowances state nothing.
func stated(doc *Document) Document {
	d := Document{Currency: doc.Currency}
	for _, l := range doc.Lines {
		d.Lines = append(d.Lines, Line{Net: or(l.Net, doc.Currency), Tax: l.Tax})
	}
	for _, a := range doc.AllowanceCharges {
		d.AllowanceCharges = append(d.AllowanceCharges, AllowanceCharge{Charge: a.Charge, Amount: or(a.Amount, doc.Currency), Tax: a.Tax})
	}
	return d
}

// tax is rule 09.
func (f family) tax(x *inspection) {
	for n, g := range x.doc.Breakdown {
		if g.Tax.Category != f.category {
			continue
		}
		if !f.byRate {
			if g.Amount.Sign() != 0 {
				x.fail(breakdownName(g, n), "the tax (BT-117) is %s and must be nothing", g.Amount)
			}
			continue
		}
		if want, ok, err := g.due(); ok {
			x.near(breakdownName(g, n), "the tax (BT-117)", g.Tax.Rate.Decimal, g.Amount, want, err)
		}
	}
}

// reasons is rule 10.
func (f family) reasons(x *inspection) {
	for n, g := range x.doc.Breakdown {
		if g.Tax.Category != f.category {
			continue
		}
		given := g.Reason != "" || g.ReasonCode != ""
		switch {
		case f.reasoned && !given:
			x.fail(breakdownName(g, n), "the reason why no tax is owed (BT-120, BT-121) is missing")
		case !f.reasoned && given:
			x.fail(breakdownName(g, n), "there is a reason why no tax is owed (BT-120, BT-121)")
		}
	}
}
