package einvoice

import "github.com/opsmatiq/erp/accounting/money"

// totalRules are the arithmetic: each total from the figures that the document itself states.
var totalRules = []Rule{
	has("BR-12", "the sum of line net amounts (BT-106)", "the sum of line net amounts (BT-106)", func(d *Document) bool { return d.Totals.LineNet.Currency != "" }),
	has("BR-13", "the total without tax (BT-109)", "the total without tax (BT-109)", func(d *Document) bool { return d.Totals.WithoutTax.Currency != "" }),
	has("BR-14", "the total with tax (BT-112)", "the total with tax (BT-112)", func(d *Document) bool { return d.Totals.WithTax.Currency != "" }),
	has("BR-15", "the amount due (BT-115)", "the amount due (BT-115)", func(d *Document) bool { return d.Totals.Payable.Currency != "" }),
	{"BR-CO-10", "BT-106 = the sum of BT-131", func(x *inspection) {
		var nets []money.Amount
		for _, l := range x.doc.Lines {
			nets = append(nets, or(l.Net, x.doc.Currency))
		}
		sum, err := money.SumIn(x.doc.Currency, nets...)
		x.equal("", "the sum of line net amounts (BT-106)", x.doc.Totals.LineNet, sum, err)
	}},
	{"BR-CO-11", "BT-107 = the sum of BT-92", func(x *inspection) { x.adjustments("allowances (BT-107)", x.doc.Totals.Allowances, false) }},
	{"BR-CO-12", "BT-108 = the sum of BT-99", func(x *inspection) { x.adjustments("charges (BT-108)", x.doc.Totals.Charges, true) }},
	{"BR-CO-13", "BT-109 = BT-106 - BT-107 + BT-108", func(x *inspection) {
		t := x.doc.Totals
		want, err := x.sum([]money.Amount{t.LineNet, t.Charges}, []money.Amount{t.Allowances})
		x.equal("", "the total without tax (BT-109)", t.WithoutTax, want, err)
	}},
	{"BR-CO-14", "BT-110 = the sum of BT-117", func(x *inspection) {
		var taxes []money.Amount
		for _, g := range x.doc.Breakdown {
			taxes = append(taxes, g.Amount)
		}
		want, err := x.sum(taxes, nil)
		x.equal("", "the total of tax (BT-110)", x.doc.Totals.Tax, want, err)
	}},
	{"BR-CO-15", "BT-112 = BT-109 + BT-110", func(x *inspection) {
		t := x.doc.Totals
		want, err := x.sum([]money.Amount{t.WithoutTax, t.Tax}, nil)
		x.equal("", "the total with tax (BT-112)", t.WithTax, want, err)
	}},
	{"BR-CO-16", "BT-115 = BT-112 - BT-113 + BT-114", func(x *inspection) {
		t := x.doc.Totals
		want, err := x.sum([]money.Amount{t.WithTax, t.Rounding}, []money.Amount{t.Prepaid})
		x.equal("", "the amount due (BT-115)", t.Payable, want, err)
	}},
	{"BR-CO-17", "BT-117 = BT-116 x BT-119 / 100, rounded half up to two decimals", func(x *inspection) {
		for n, g := range x.doc.Breakdown {
			if want, ok, err := g.due(); ok {
				x.near(breakdownName(g, n), "the tax (BT-117)", g.Tax.Rate.Decimal, g.Amount, want, err)
			}
		}
	}},
	has("BR-CO-18", "at least one tax breakdown (BG-23)", "a tax breakdown (BG-23)", func(d *Document) bool { return len(d.Breakdown) > 0 }),
	eachBreakdown("BR-45", "a breakdown has a taxable amount (BT-116)", "the taxable amount (BT-116)", func(g TaxBreakdown) bool { return g.Taxable.Currency != "" }),
	eachBreakdown("BR-46", "a breakdown has a tax amount (BT-117)", "the tax (BT-117)", func(g TaxBreakdown) bool { return g.Amount.Currency != "" }),
	eachBreakdown("BR-47", "a breakdown has a category (BT-118)", "the category (BT-118)", func(g TaxBreakdown) bool { return g.Tax.Category != "" }),
	eachBreakdown("BR-48", "a breakdown has a rate (BT-119), except of category O", "the rate (BT-119)", func(g TaxBreakdown) bool {
		return g.Tax.Rate.Valid || g.Tax.Category == NotSubject
	}),
}

// due is the tax of a breakdown by its own figures; not ok where they are missing, which is other rules' matter.
func (g TaxBreakdown) due() (due money.Amount, ok bool, err error) {
	if !g.Taxable.Currency.Valid() || !bounded(g.Tax.Rate.Decimal) {
		return money.Amount{}, false, nil
	}
	due, err = times(g.Taxable, g.Tax.Rate.Decimal)
	return due, true, err
}

// adjustments checks the sum of the document's allowances, or of its charges. Where there are none, none may be stated but zero.
func (x *inspection) adjustments(term string, stated money.Amount, charge bool) {
	var all []money.Amount
	for _, a := range x.doc.AllowanceCharges {
		if a.Charge == charge {
			all = append(all, a.Amount)
		}
	}
	if stated.Currency == "" && len(all) > 0 {
		x.fail("", "the sum of %s is missing", term)
		return
	}
	want, err := x.sum(all, nil)
	x.equal("", "the sum of "+term, stated, want, err)
}

// sum adds up, and takes off; what is not stated is nothing.
func (x *inspection) sum(plus, minus []money.Amount) (money.Amount, error) {
	total := money.Zero(x.doc.Currency)
	var err error
	for _, a := range plus {
		if total, err = total.Add(or(a, x.doc.Currency)); err != nil {
			return money.Amount{}, err
		}
	}
	for _, a := range minus {
		if total, err = total.Sub(or(a, x.doc.Currency)); err != nil {
			return money.Amount{}, err
		}
	}
	return total, nil
}
