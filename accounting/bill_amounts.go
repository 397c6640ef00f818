package accounting

import (
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
)

// billDraft is a bill whose amounts are settled, by the rule of rounding that [draft] states.
type billDraft struct {
	in       *NewBill
	bill     *Bill
	lines    []BillLine // a part of the batch's store
	corrects *Bill      // what a credit corrects, locked
	parts    []partSum  // by account, input tax after them
	tax      partSum
}

// fact is the bill as the ledger sees it.
func (d *billDraft) fact() *billFact {
	v := d.bill
	f := &billFact{Kind: v.Kind, ID: v.ID, PartyID: v.PartyID, Date: v.BillDate, Due: v.DueDate, Gross: v.Gross, Lock: d.in.LockException, Late: d.in.Late,
		Parts: make([]postingPart, 0, len(d.parts)+1)}
	for _, p := range append(d.parts, d.tax) {
		if p.account != uuid.Nil {
			f.Parts = append(f.Parts, postingPart{ByID(p.account), money.Amount{Minor: p.minor, Currency: v.Gross.Currency}})
		}
	}
	return f
}

// settleLine computes line i and adds it to the bill's sums and to the parts of the entry.
func (d *billDraft) settleLine(op, where string, set *setup, i int) error {
	in, row := &d.in.Lines[i], &d.lines[i]
	base := set.books.Currency
	account, err := set.ordinary(op, where, in.Account)
	if err != nil {
		return err
	}
	row.BillID, row.LineNo, row.AccountID, row.Quantity, row.UnitPrice = d.bill.ID, int64(i+1), account.ID, in.Quantity, in.UnitPrice
	row.Net, row.Tax = in.Net, money.Zero(base)
	switch {
	case in.netStated() && in.Net.Currency != base:
		return ErrWrongCurrency.New(op, "%sline %d: %q is not the books' currency, %s", where, i+1, string(in.Net.Currency), base)
	case !in.netStated():
		if row.Net, err = money.Extend(in.Quantity, in.UnitPrice, base, money.HalfUp); err != nil {
			return lineAmountFault(op, where, i, err)
		}
	}
	if in.TaxCode != "" {
		if err := d.settleTax(op, where, set, i); err != nil {
			return err
		}
	}
	addPart(&d.parts, account.ID, row.Net.Minor)
	v := d.bill
	return addTotals(op, where, i, &v.Net, &v.Tax, row.Net, row.Tax)
}

// settleTax computes the tax of line i, which is had back from the state, whatever account the tax is owed on in sales.
func (d *billDraft) settleTax(op, where string, set *setup, i int) (err error) {
	row := &d.lines[i]
	if row.TaxID, row.TaxRate, row.Tax, err = taxOn(op, where, set, i, d.in.Lines[i].TaxCode, row.Net); err != nil {
		return err
	}
	account, err := set.ordinary(op, where, ByRole(RoleInputTax))
	if err != nil {
		return err
	}
	d.tax.account = account.ID
	d.tax.minor += row.Tax.Minor
	return nil
}
