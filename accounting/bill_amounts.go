package accounting

import (
	"fmt"

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
	worth    valuer
	rounding *partSum         // what its conversion leaves over
	stated   map[string]int64 // the items' amounts by tax code, where there are adjustments
	advances AccountRef       // where its lines go, of a prepayment
	deducted deductions       // the prepayments that it sets off
}

// fact is the bill as the ledger sees it.
func (d *billDraft) fact() *billFact {
	v := d.bill
	f := &billFact{Kind: v.Kind, ID: v.ID, PartyID: v.PartyID, Date: v.BillDate, Dues: d.dues, Lock: d.in.LockException, Late: d.in.Late,
		Parts: partsOf(&d.worth, v.Gross.Currency, d.rounding, d.bought, d.taxParts)}
	return f
}

// settleLine computes line i.
func (d *billDraft) settleLine(op, where string, set *setup, dims *dimensionBook, i int) error {
	in, row := &d.in.Lines[i], &d.lines[i]
	cur := d.bill.Net.Currency
	account, err := set.advanceLine(op, where, in.Account, d.advances, in.Account)
	if err != nil {
		return err
	}
	row.Kind, row.AccountID, row.Quantity, row.UnitPrice = LineItem, account.ID, in.Quantity, in.UnitPrice
	of, err := dims.line(fmt.Sprintf("%sline %d: ", where, i+1), account, in.Dimensions.over(d.in.Dimensions), in.booked)
	if err != nil {
		return err
	}
	stated := in.Net
	switch {
	case in.netStated() && in.Net.Currency != cur:
		return ErrWrongCurrency.New(op, "%sline %d: %q is not the document's currency, %s", where, i+1, string(in.Net.Currency), cur)
	case !in.netStated():
		if stated, err = extended(op, where, i, in.Quantity, in.UnitPrice, cur); err != nil {
			return err
		}
		if row.DiscountMinor, row.ChargeMinor, err = adjusted(&stated, in.Discount, in.Charge); err != nil {
			return lineAmountFault(op, where, i, err)
		}
	}
	if len(d.in.Adjustments) > 0 {
		d.stated[in.TaxCode] += stated.Minor
	}
	return d.settle(op, where, set, i, in.TaxCode, of, stated)
}

// settleAdjustment computes a discount or charge of the whole document, as line i.
func (d *billDraft) settleAdjustment(op, where string, set *setup, dims *dimensionBook, a *Adjustment, i int) error {
	row := &d.lines[i]
	account, err := set.advanceLine(op, where, a.Account, d.advances, ByID(d.lines[0].AccountID))
	if err != nil {
		return err
	}
	of, err := dims.line(where, account, a.Dimensions.over(d.in.Dimensions), nil)
	if err != nil {
		return err
	}
	stated, kind, err := a.settle(op, where, i, d.stated, d.bill.Net.Currency)
	if err != nil {
		return err
	}
	row.Kind, row.AccountID, row.Quantity, row.UnitPrice = kind, account.ID, oneUnit, stated.Decimal()
	return d.settle(op, where, set, i, a.TaxCode, of, stated)
}

// settle computes the tax of line i and adds the line to the bill's sums and to the parts of the entry. Tax that cannot be
// claimed goes where the line goes.
func (d *billDraft) settle(op, where string, set *setup, i int, code string, of lineDims, stated money.Amount) error {
	row, v := &d.lines[i], d.bill
	row.BillID, row.LineNo, row.Net, row.Tax, row.DimensionSetID = v.ID, int64(i+1), stated, money.Zero(stated.Currency), of.set
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
	addPart(&d.bought, row.AccountID, of, row.Net.Minor+row.NotRecoverableMinor)
	return addTotals(op, where, i, &v.Net, &v.Tax, row.Net, row.Tax)
}

// total settles what the document comes to, once all lines are in.
func (d *billDraft) total(op, where string, set *setup, dims *dimensionBook) (err error) {
	v := d.bill
	d.taxes.worth, d.taxes.dims = &d.worth, d.in.Dimensions
	if d.dues, err = v.total(op, where, "record the other kind", &d.taxes, &d.in.Terms); err != nil {
		return err
	}
	if v.TaxVarianceMinor, err = d.taxes.variance(op, where, set, v.Net.Currency, d.in.asBooked); err != nil {
		return err
	}
	d.taxes.dueNow = v.Payable.Minor == 0
	if err := d.taxes.taxableInAdvance(op, where); err != nil {
		return err
	}
	if err := d.taxes.parts(op, where, set, dims, &d.taxParts, v.TaxResidualMinor); err != nil {
		return err
	}
	if err := d.deducted.place(op, where, set, &d.taxes, &d.taxParts); err != nil {
		return err
	}
	return d.worth.convert(d.bought)
}

// value settles what the document stands in the books at. payable is what is to be paid, in base.
func (d *billDraft) value(set *setup, payable int64) (err error) {
	if err := d.worth.valued(d.dues, payable); err != nil {
		return err
	}
	if err := d.bill.settle(&d.worth, &d.bill.DocumentFigures, payable, &d.taxes, d.bought, d.taxParts); err != nil {
		return err
	}
	d.rounding, err = d.worth.residual(set, d.bill.ConversionMinor)
	return err
}
