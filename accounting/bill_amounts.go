package accounting

import (
	"github.com/opsmatiq/erp/accounting/money"
)

// billDraft is a bill whose amounts are settled, by the rule of rounding that [draft] states.
type billDraft struct {
	in       *NewBill
	bill     *Bill
	lines    []BillLine // a part of the batch's store
	corrects *Bill      // what a credit or debit note corrects, locked
	dues     []duePart
	bought   []partSum // by account
	taxes    documentTaxes
	taxParts []partSum
	stated   map[string]int64 // the items' amounts by tax code, where there are adjustments
	advances AccountRef       // where its lines go, of a prepayment
	deducted deductions       // the prepayments that it sets off
}

// fact is the bill as the ledger sees it.
func (d *billDraft) fact() *billFact {
	v := d.bill
	f := &billFact{Kind: v.Kind, ID: v.ID, PartyID: v.PartyID, Date: v.BillDate, Dues: d.dues, Lock: d.in.LockException, Late: d.in.Late,
		Parts: make([]postingPart, 0, len(d.bought)+len(d.taxParts))}
	f.Parts = appendParts(f.Parts, v.Gross.Currency, d.bought, d.taxParts)
	return f
}

// settleLine computes line i.
func (d *billDraft) settleLine(op, where string, set *setup, i int) error {
	in, row := &d.in.Lines[i], &d.lines[i]
	base := set.books.Currency
	account, err := set.advanceLine(op, where, in.Account, d.advances, in.Account)
	if err != nil {
		return err
	}
	row.Kind, row.AccountID, row.Quantity, row.UnitPrice = LineItem, account.ID, in.Quantity, in.UnitPrice
	stated := in.Net
	switch {
	case in.netStated() && in.Net.Currency != base:
		return ErrWrongCurrency.New(op, "%sline %d: %q is not the books' currency, %s", where, i+1, string(in.Net.Currency), base)
	case !in.netStated():
		stated, err = money.Extend(in.Quantity, in.UnitPrice, base, money.HalfUp)
		if err == nil {
			row.DiscountMinor, row.ChargeMinor, err = adjusted(&stated, in.Discount, in.Charge)
		}
		if err != nil {
			return lineAmountFault(op, where, i, err)
		}
	}
	if len(d.in.Adjustments) > 0 {
		d.stated[in.TaxCode] += stated.Minor
	}
	return d.settle(op, where, set, i, in.TaxCode, stated)
}

// settleAdjustment computes a discount or charge of the whole document, as line i.
func (d *billDraft) settleAdjustment(op, where string, set *setup, a *Adjustment, i int) error {
	row := &d.lines[i]
	account, err := set.advanceLine(op, where, a.Account, d.advances, ByID(d.lines[0].AccountID))
	if err != nil {
		return err
	}
	stated, kind, err := a.settle(op, where, i, d.stated, set.books.Currency)
	if err != nil {
		return err
	}
	row.Kind, row.AccountID, row.Quantity, row.UnitPrice = kind, account.ID, oneUnit, stated.Decimal()
	return d.settle(op, where, set, i, a.TaxCode, stated)
}

// settle computes the tax of line i and adds the line to the bill's sums and to the parts of the entry. Tax that cannot be
// claimed goes where the line goes.
func (d *billDraft) settle(op, where string, set *setup, i int, code string, stated money.Amount) error {
	row, v := &d.lines[i], d.bill
	row.BillID, row.LineNo, row.Net, row.Tax = v.ID, int64(i+1), stated, money.Zero(stated.Currency)
	if code != "" {
		t, err := set.taxing(op, where, code, v.TaxPoint, d.corrects != nil)
		if err != nil {
			return err
		}
		l, err := d.taxes.line(t, stated)
		if err != nil {
			return lineAmountFault(op, where, i, err)
		}
		row.TaxID, row.TaxRate, row.Net, row.Tax, row.NotRecoverableMinor = t.code.ID, t.within, l.net, l.tax, l.cost
	}
	addPart(&d.bought, row.AccountID, row.Net.Minor+row.NotRecoverableMinor)
	return addTotals(op, where, i, &v.Net, &v.Tax, row.Net, row.Tax)
}

// total settles what the document comes to, once all lines are in.
func (d *billDraft) total(op, where string, set *setup) (err error) {
	v := d.bill
	if d.dues, err = v.total(op, where, "record the other kind", &d.taxes, &d.in.Terms); err != nil {
		return err
	}
	if v.TaxVarianceMinor, err = d.taxes.variance(op, where, set, d.in.asBooked); err != nil {
		return err
	}
	d.taxes.dueNow = v.Payable.Minor == 0
	if err := d.taxes.taxableInAdvance(op, where); err != nil {
		return err
	}
	if err := d.taxes.parts(op, where, set, &d.taxParts, v.TaxResidualMinor); err != nil {
		return err
	}
	return d.deducted.place(op, where, set, &d.taxes, &d.taxParts)
}
