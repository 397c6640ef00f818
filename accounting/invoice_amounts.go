package accounting

import (
	"errors"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
)

// draft is a document whose amounts are settled.
//
// The rule of rounding: each line's net amount is quantity x unit price, each line's tax is that net amount x the rate, and
// both are rounded half up (away from zero) to the minor unit. The document's figures are the sums of its lines' rounded
// figures. So there is no residue between a document and its lines, and none to be booked.
type draft struct {
	in       *NewInvoice
	invoice  *Invoice
	lines    []InvoiceLine // a part of the batch's store
	corrects *Invoice      // what a credit note corrects, locked
	counter  *Account      // receivables, or what it was settled by
	revenue  []partSum
	taxes    []partSum
}

// partSum is what goes to one account, in minor units.
type partSum struct {
	account uuid.UUID
	minor   int64
}

// fact is the document as the ledger sees it.
func (d *draft) fact() *invoiceFact {
	v := d.invoice
	f := &invoiceFact{Kind: v.Kind, ID: v.ID, PartyID: v.PartyID, Date: v.InvoiceDate, Due: v.DueDate, Counter: ByID(d.counter.ID),
		Settled: v.SettledByID != uuid.Nil, Gross: v.Gross, Lock: d.in.LockException, Late: d.in.Late, Parts: make([]postingPart, 0, len(d.revenue)+len(d.taxes))}
	for _, sums := range [][]partSum{d.revenue, d.taxes} {
		for _, p := range sums {
			f.Parts = append(f.Parts, postingPart{ByID(p.account), money.Amount{Minor: p.minor, Currency: v.Gross.Currency}})
		}
	}
	return f
}

// settleLine computes line i and adds it to the document's sums and to the parts of the entry.
func (d *draft) settleLine(op, where string, set *setup, i int) error {
	in, row := &d.in.Lines[i], &d.lines[i]
	base := set.books.Currency
	account, err := set.ordinary(op, where, in.Account.orDefault(RoleSales))
	if err != nil {
		return err
	}
	row.InvoiceID, row.LineNo, row.AccountID, row.Quantity, row.UnitPrice = d.invoice.ID, int64(i+1), account.ID, in.Quantity, in.UnitPrice
	row.Tax = money.Zero(base)
	if row.Net, err = money.Extend(in.Quantity, in.UnitPrice, base, money.HalfUp); err != nil {
		return lineAmountFault(op, where, i, err)
	}
	if in.TaxCode != "" {
		if row.TaxID, row.TaxRate, row.Tax, err = taxOn(op, where, set, i, in.TaxCode, row.Net); err != nil {
			return err
		}
		owed, err := set.ordinary(op, where, ByID(set.taxAccount(row.TaxID)))
		if err != nil {
			return err
		}
		addPart(&d.taxes, owed.ID, row.Tax.Minor)
	}
	addPart(&d.revenue, account.ID, row.Net.Minor)
	v := d.invoice
	return addTotals(op, where, i, &v.Net, &v.Tax, row.Net, row.Tax)
}

// taxOn is the tax with a code, its rate, and what it comes to on a net amount.
func taxOn(op, where string, set *setup, i int, code string, net money.Amount) (id uuid.UUID, rate decimal.Decimal, tax money.Amount, err error) {
	t, err := set.tax(op, where, code)
	if err != nil {
		return id, rate, tax, err
	}
	if tax, err = money.FromDecimal(net.Decimal().Mul(t.Rate).Shift(-2), net.Currency, money.HalfUp); err != nil {
		err = lineAmountFault(op, where, i, err)
	}
	return t.ID, t.Rate, tax, err
}

// addTotals adds a line to a document's sums, and holds line and sums to what the books hold.
func addTotals(op, where string, i int, nets, taxes *money.Amount, net, tax money.Amount) error {
	if beyond(net) || beyond(tax) {
		return ErrAmountLimit.New(op, "%sline %d: the amount is larger than the books hold", where, i+1)
	}
	nets.Minor += net.Minor // at most 10,000 lines of at most 1e15 overshoot int64, so the sums are held as they grow
	taxes.Minor += tax.Minor
	if beyond(*nets) || beyond(*taxes) {
		return ErrAmountLimit.New(op, "%sline %d: the document's total is larger than the books hold", where, i+1)
	}
	return nil
}

func beyond(a money.Amount) bool { return a.Minor > maxMinor || a.Minor < -maxMinor }

// lineAmountFault says which line could not be computed.
func lineAmountFault(op, where string, i int, err error) error {
	if errors.Is(err, money.ErrOverflow) {
		return ErrAmountLimit.Wrap(op, err, "%sline %d: the amount is larger than the books hold", where, i+1)
	}
	return ErrBadInput.Wrap(op, err, "%sline %d: the amount cannot be computed", where, i+1)
}

// addPart sums what goes to an account. Documents name few accounts, so a walk through the parts beats a map.
func addPart(parts *[]partSum, account uuid.UUID, minor int64) {
	for i := range *parts {
		if (*parts)[i].account == account {
			(*parts)[i].minor += minor
			return
		}
	}
	*parts = append(*parts, partSum{account, minor})
}
