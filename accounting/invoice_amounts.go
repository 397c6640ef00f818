package accounting

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
)

// draft is a document whose amounts are settled.
//
// The rule of rounding: each line's amount is quantity x unit price, its discount and its charge, each rounded half up (away
// from zero) to the minor unit, and so is its tax. The document's figures are the sums of its lines' rounded figures; where
// the document rounds tax once, the residual is a figure of its own (see [RoundPerDocument]).
type draft struct {
	in       *NewInvoice
	where    string // which document of the batch it is
	invoice  *Invoice
	lines    []InvoiceLine // a part of the batch's store
	corrects *Invoice      // what a credit or debit note corrects, locked
	counter  *Account      // receivables, or what it was settled by
	dues     []duePart
	revenue  []partSum
	taxes    documentTaxes
	taxParts []partSum
	worth    valuer
	rounding *partSum         // what its conversion leaves over
	stated   map[string]int64 // the items' amounts by tax code, where there are adjustments
	advances AccountRef       // where its lines go, of a prepayment
	deducted deductions       // the prepayments that it sets off
}

// partSum is what goes to one account for one combination of dimensions, in minor units of the document's currency and, where that is
// foreign, of base.
type partSum struct {
	account     uuid.UUID
	dims        lineDims
	minor, base int64
}

// fact is the document as the ledger sees it.
func (d *draft) fact() *invoiceFact {
	v := d.invoice
	f := &invoiceFact{Kind: v.Kind, ID: v.ID, PartyID: v.PartyID, Date: v.InvoiceDate, Dues: d.dues, Counter: ByID(d.counter.ID),
		Settled: v.SettledByID != uuid.Nil, Lock: d.in.LockException, Late: d.in.Late, Parts: partsOf(&d.worth, v.Gross.Currency, d.rounding, d.revenue, d.taxParts)}
	if d.counter.RequiredDimensions != "" {
		f.Whole = d.in.Dimensions
	}
	return f
}

// settleLine computes line i.
func (d *draft) settleLine(op, where string, set *setup, dims *dimensionBook, i int) error {
	in, row := &d.in.Lines[i], &d.lines[i]
	account, err := set.advanceLine(op, where, in.Account, d.advances, ByRole(RoleSales))
	if err != nil {
		return err
	}
	row.Kind, row.AccountID, row.Quantity, row.UnitPrice = LineItem, account.ID, in.Quantity, in.UnitPrice
	of, err := dims.line(fmt.Sprintf("%sline %d: ", where, i+1), account, in.Dimensions.over(d.in.Dimensions), in.booked)
	if err != nil {
		return err
	}
	stated, err := extended(op, where, i, in.Quantity, in.UnitPrice, d.invoice.Net.Currency)
	if err != nil {
		return err
	}
	if row.DiscountMinor, row.ChargeMinor, err = adjusted(&stated, in.Discount, in.Charge); err != nil {
		return lineAmountFault(op, where, i, err)
	}
	if len(d.in.Adjustments) > 0 {
		d.stated[in.TaxCode] += stated.Minor
	}
	return d.settle(op, where, set, i, in.TaxCode, of, stated)
}

// adjusted takes a discount off an amount and adds a charge to it, both computed on the amount as it was.
func adjusted(stated *money.Amount, discount, charge Adjust) (off, on int64, err error) {
	for _, a := range []Adjust{discount, charge} {
		if a.Amount.Minor != 0 && a.Amount.Currency != stated.Currency {
			return 0, 0, money.ErrCurrencyMismatch.New("accounting.adjust", "a discount or charge is in %s, not in %q", stated.Currency, string(a.Amount.Currency))
		}
	}
	if off, err = discount.of(*stated); err != nil {
		return 0, 0, err
	}
	if on, err = charge.of(*stated); err != nil {
		return 0, 0, err
	}
	if beyond(*stated) || beyond(money.Amount{Minor: off}) || beyond(money.Amount{Minor: on}) {
		return 0, 0, money.ErrOverflow.New("accounting.adjust", "")
	}
	stated.Minor += on - off
	return off, on, nil
}

// settleAdjustment computes a discount or charge of the whole document, as line i.
func (d *draft) settleAdjustment(op, where string, set *setup, dims *dimensionBook, a *Adjustment, i int) error {
	row := &d.lines[i]
	account, err := set.advanceLine(op, where, a.Account, d.advances, ByID(d.lines[0].AccountID))
	if err != nil {
		return err
	}
	of, err := dims.line(where, account, a.Dimensions.over(d.in.Dimensions), nil)
	if err != nil {
		return err
	}
	stated, kind, err := a.settle(op, where, i, d.stated, d.invoice.Net.Currency)
	if err != nil {
		return err
	}
	row.Kind, row.AccountID, row.Quantity, row.UnitPrice = kind, account.ID, oneUnit, stated.Decimal()
	return d.settle(op, where, set, i, a.TaxCode, of, stated)
}

// settle computes the tax of line i and adds the line to the document's sums and to the parts of the entry. stated is its
// amount as the document declares it.
func (d *draft) settle(op, where string, set *setup, i int, code string, of lineDims, stated money.Amount) error {
	row, v := &d.lines[i], d.invoice
	row.InvoiceID, row.LineNo, row.Net, row.Tax, row.DimensionSetID = v.ID, int64(i+1), stated, money.Zero(stated.Currency), of.set
	if code != "" {
		t, err := set.taxing(op, where, code, v.TaxPoint, d.corrects != nil)
		if err != nil {
			return err
		}
		l, err := d.taxes.line(t, stated)
		if err != nil {
			return lineAmountFault(op, where, i, err)
		}
		row.TaxID, row.TaxRate, row.Net, row.Tax = t.code.ID, t.within, l.net, l.tax
	}
	addPart(&d.revenue, row.AccountID, of, row.Net.Minor)
	return addTotals(op, where, i, &v.Net, &v.Tax, row.Net, row.Tax)
}

// total settles what the document comes to, once all lines are in.
func (d *draft) total(op, where string, set *setup, dims *dimensionBook) (err error) {
	v := d.invoice
	d.taxes.worth, d.taxes.dims = &d.worth, d.in.Dimensions
	if d.dues, err = v.total(op, where, "issue "+otherKind(v.Kind), &d.taxes, &d.in.Terms); err != nil {
		return err
	}
	d.taxes.dueNow = v.SettledByID != uuid.Nil || v.Payable.Minor == 0
	if err := d.taxes.taxableInAdvance(op, where); err != nil {
		return err
	}
	if err := d.taxes.parts(op, where, set, dims, &d.taxParts, v.TaxResidualMinor); err != nil {
		return err
	}
	if err := d.deducted.place(op, where, set, &d.taxes, &d.taxParts); err != nil {
		return err
	}
	if _, err := dims.whole(where, d.counter, d.in.Dimensions); err != nil {
		return err
	}
	return d.worth.convert(d.revenue)
}

// value settles what the document stands in the books at. payable is what is to be paid, in base.
func (d *draft) value(set *setup, payable int64) (err error) {
	if err := d.worth.valued(d.dues, payable); err != nil {
		return err
	}
	if err := d.invoice.settle(&d.worth, &d.invoice.DocumentFigures, payable, &d.taxes, d.revenue, d.taxParts); err != nil {
		return err
	}
	d.rounding, err = d.worth.residual(set, d.invoice.ConversionMinor)
	return err
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
	if errors.Is(err, money.ErrCurrencyMismatch) {
		return ErrWrongCurrency.Wrap(op, err, "%sline %d: a discount or charge is not in the document's currency", where, i+1)
	}
	return ErrBadInput.Wrap(op, err, "%sline %d: the amount cannot be computed", where, i+1)
}

// addPart sums what goes to an account. Documents name few accounts, so a walk through the parts beats a map.
func addPart(parts *[]partSum, account uuid.UUID, dims lineDims, minor int64) {
	for i := range *parts {
		if p := &(*parts)[i]; p.account == account && p.dims.set == dims.set {
			p.minor += minor
			if p.dims.booked {
				p.dims = dims
			}
			return
		}
	}
	*parts = append(*parts, partSum{account: account, dims: dims, minor: minor})
}
