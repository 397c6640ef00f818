package accounting

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
)

// draft is a document of either side whose amounts are settled.
//
// The rule of rounding: each line's amount is quantity x unit price, its discount and its charge, each rounded half up (away
// from zero) to the minor unit, and so is its tax. The document's figures are the sums of its lines' rounded figures; where
// the document rounds tax once, the residual is a figure of its own (see [RoundPerDocument]).
type draft struct {
	*paperwork
	op, where string // which document of the batch it is
	set       *setup
	book      *dimensionBook
	of        *paper
	lines     []*DocumentLine // its rows
	costs     []int64         // tax on each that cannot be claimed
	corrects  *paper          // what a credit or debit note corrects, locked
	dues      []duePart
	parts     []partSum // its lines by account
	taxes     documentTaxes
	taxParts  []partSum
	worth     valuer
	left      *partSum         // what its conversion leaves over
	stated    map[string]int64 // the items' amounts by tax code, where there are adjustments
	usual     AccountRef       // where lines go that name no account
	advances  AccountRef       // where its lines go, of a prepayment
	deducted  deductions       // the prepayments that it sets off
	balanced  bool             // its lines have what its taxes and prepayments leave of its worth in base (see spread)
}

// partSum is what goes to one account for one combination of dimensions, in minor units of the document's currency and, where that is
// foreign, of base.
type partSum struct {
	account     uuid.UUID
	dims        lineDims
	minor, base int64
}

// entryParts are the entry's lines but for the party's side.
func (d *draft) entryParts() []documentPart {
	return partsOf(&d.worth, d.of.Gross.Currency, d.left, d.parts, d.taxParts)
}

// settleLines computes all lines, and then discounts and charges of the whole document.
func (d *draft) settleLines() error {
	for i := range d.items {
		if err := d.settleLine(i); err != nil {
			return err
		}
	}
	for j := range d.adjustments {
		if err := d.settleAdjustment(j); err != nil {
			return err
		}
	}
	return nil
}

func (d *draft) settleLine(i int) error {
	in, row, cur := &d.items[i], d.lines[i], d.of.Net.Currency
	usual := d.usual
	if usual.IsZero() {
		usual = in.account
	}
	account, err := d.set.advanceLine(d.op, d.where, in.account, d.advances, usual)
	if err != nil {
		return err
	}
	row.Kind, row.AccountID, row.Quantity, row.UnitPrice = LineItem, account.ID, in.quantity, in.price
	of, err := d.book.line(fmt.Sprintf("%sline %d: ", d.where, i+1), account, d.analysed(in.dims), in.booked)
	if err != nil {
		return err
	}
	stated := in.net
	switch {
	case in.netStated() && in.net.Currency != cur:
		return ErrWrongCurrency.New(d.op, "%sline %d: %q is not the document's currency, %s", d.where, i+1, string(in.net.Currency), cur)
	case !in.netStated():
		if stated, err = extended(d.op, d.where, i, in.quantity, in.price, cur); err != nil {
			return err
		}
		if row.DiscountMinor, row.ChargeMinor, err = adjusted(&stated, in.discount, in.charge); err != nil {
			return lineAmountFault(d.op, d.where, i, err)
		}
	}
	if len(d.adjustments) > 0 {
		d.stated[in.tax] += stated.Minor
	}
	return d.settle(i, in.tax, of, stated)
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

// settleAdjustment computes discount or charge j of the whole document, a line behind the others.
func (d *draft) settleAdjustment(j int) error {
	a, i, where := &d.adjustments[j], len(d.items)+j, fmt.Sprintf("%sadjustment %d: ", d.where, j+1)
	row := d.lines[i]
	account, err := d.set.advanceLine(d.op, where, a.Account, d.advances, ByID(d.lines[0].AccountID))
	if err != nil {
		return err
	}
	of, err := d.book.line(where, account, a.Dimensions.Over(d.dims), nil)
	if err != nil {
		return err
	}
	stated, kind, err := a.settle(d.op, where, i, d.stated, d.of.Net.Currency)
	if err != nil {
		return err
	}
	row.Kind, row.AccountID, row.Quantity, row.UnitPrice = kind, account.ID, oneUnit, stated.Decimal()
	return d.settle(i, a.TaxCode, of, stated)
}

// settle computes the tax of line i and adds the line to the document's sums and to the parts of the entry. stated is its
// amount as the document declares it. Tax that cannot be claimed goes where the line goes.
func (d *draft) settle(i int, code string, of lineDims, stated money.Amount) error {
	row, v := d.lines[i], d.of
	row.Net, row.Tax, row.DimensionSetID = stated, money.Zero(stated.Currency), of.set
	if code != "" {
		t, err := d.set.taxing(d.op, d.where, code, v.TaxPoint, d.corrects != nil)
		if err != nil {
			return err
		}
		l, err := d.taxes.line(t, stated, of.set)
		if err != nil {
			return lineAmountFault(d.op, d.where, i, err)
		}
		row.TaxID, row.TaxRate, row.Net, row.Tax, d.costs[i] = t.code.ID, t.within, l.net, l.tax, l.cost
	}
	addPart(&d.parts, row.AccountID, of, row.Net.Minor+d.costs[i])
	return addTotals(d.op, d.where, i, &v.Net, &v.Tax, row.Net, row.Tax)
}

// total settles what the document comes to, once all lines are in. instead is what to do when that is less than zero; vendor, where it is
// not nil, compares with the tax that the vendor states.
func (d *draft) total(instead string, vendor func() error) (err error) {
	v := d.of
	d.taxes.worth, d.taxes.dims = &d.worth, d.dims
	if d.dues, err = v.total(d.op, d.where, instead, &d.taxes, d.terms); err != nil {
		return err
	}
	if err := d.taxes.convert(v.Payable.Minor); err != nil {
		return err
	}
	if vendor != nil {
		if err := vendor(); err != nil {
			return err
		}
	}
	d.taxes.dueNow = v.atOnce || v.Payable.Minor == 0
	if err := d.taxes.taxableInAdvance(d.op, d.where); err != nil {
		return err
	}
	if err := d.taxes.parts(d.op, d.where, d.set, d.book, &d.taxParts, v.TaxResidualMinor); err != nil {
		return err
	}
	if err := d.deducted.place(d.op, d.where, d.set, &d.taxes, &d.taxParts); err != nil {
		return err
	}
	return d.worth.convert(d.parts)
}

// value settles what the document stands in the books at. payable is what is to be paid, in base.
func (d *draft) value(payable int64) (err error) {
	if len(d.dims) > 0 {
		if d.of.DimensionSetID, err = d.book.set(d.where, d.dims); err != nil {
			return err
		}
	}
	if err := d.worth.valued(d.dues, payable); err != nil {
		return err
	}
	if d.balanced {
		if err := spread(d.parts, payable-inBase(d.taxParts)); err != nil {
			return err
		}
	}
	if err := d.of.settle(&d.worth, d.of.DocumentFigures, payable, &d.taxes, d.parts, d.taxParts); err != nil {
		return err
	}
	d.left, err = d.worth.residual(d.set, d.of.ConversionMinor)
	return err
}

// spread gives the parts a worth in base, in proportion to their amounts; the last one has what rounding leaves over. It is how the lines of
// what is not converted at one rate are valued: what was paid in advance stays at the rate of the day on which it was paid, and so does its
// part of the revenue or the cost (IFRIC 22.8); what is credited goes back at what it was booked at.
func spread(parts []partSum, base int64) error {
	var whole, from int64
	last := -1
	for i := range parts {
		parts[i].base = 0
		if parts[i].minor != 0 {
			whole, last = whole+parts[i].minor, i
		}
	}
	left := base
	for i := range parts {
		p := &parts[i]
		switch {
		case p.minor == 0 || whole == 0:
			continue
		case i == last:
			p.base = left
		default:
			var err error
			if p.base, err = part(base, from, from+p.minor, whole); err != nil {
				return err
			}
		}
		left, from = left-p.base, from+p.minor
	}
	return nil
}

// inBase sums the worth of parts.
func inBase(parts []partSum) (base int64) {
	for i := range parts {
		base += parts[i].base
	}
	return base
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
