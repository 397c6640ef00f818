package accounting

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// prepaymentModel is the source of the tax that a final document takes off because a prepayment declared it; the id is that of the
// prepayment.
const prepaymentModel = "erp.prepayments"

// NewDeduction sets a prepayment off in the final invoice or bill.
type NewDeduction struct {
	// PrepaymentID is a prepayment of the same party.
	PrepaymentID uuid.UUID `validate:"required"`
	// Amount is above zero, tax included, in the prepayment's currency, which is the document's. Left out, it is all that is paid of the prepayment by the document's date, and neither credited
	// nor set off.
	Amount money.Amount
}

// maxDeductions is how many prepayments one document sets off at most.
const maxDeductions = 100

// Deducted is what a final document takes off for a prepayment. It never changes.
type Deducted struct {
	Net   money.Amount `bun:"embed:net_"`
	Tax   money.Amount `bun:"embed:tax_"`
	Gross money.Amount `bun:"embed:gross_"`
	// BaseMinor is what Gross stood in the books at, and TaxBaseMinor what was declared of Tax: at the rates of the days on which it was
	// paid.
	BaseMinor    int64 `bun:"base_minor"`
	TaxBaseMinor int64 `bun:"tax_base_minor"`
}

// InvoicePrepayment is a prepayment invoice that an invoice sets off.
type InvoicePrepayment struct {
	tenancy.Owned
	InvoiceID    uuid.UUID `bun:"invoice_id,pk"`
	PrepaymentID uuid.UUID `bun:"prepayment_id,pk"`
	Deducted
}

// BillPrepayment is a vendor's prepayment bill that a bill sets off.
type BillPrepayment struct {
	tenancy.Owned
	BillID       uuid.UUID `bun:"bill_id,pk"`
	PrepaymentID uuid.UUID `bun:"prepayment_id,pk"`
	Deducted
}

// prepayment is a prepayment that is set off or credited by a batch, or a document in a foreign currency that set one off and is credited.
// Its document is locked.
type prepayment struct {
	id, party uuid.UUID
	final     bool // it set prepayments off
	foreign   bool
	trade     Trade
	name      string
	gross     money.Amount
	credited  *int64
	deducted  *int64
	account   uuid.UUID   // of advances, as it was booked
	nets      []partSum   // its lines, by what they are analysed by
	left      []*TaxEntry // its tax, less what was credited and set off; waiting or due
	on        date.Date
	waiting   []*TaxEntry  // of left, what waits for its payment
	settled   []Allocation // before this batch

	instalments int64
	whole, gone worth // what was to be paid and was paid by others; what credits, and what sets it off, took of that
}

// usable is what is paid of the prepayment at the end of a day and neither credited nor set off. What is open of it is not paid; a
// credit that the item did not take is to be refunded.
func (p *prepayment) usable(on date.Date, items map[uuid.UUID]*OpenItem) int64 {
	open := int64(0)
	if o := items[p.id]; o != nil {
		open = abs(o.OpenMinor)
	}
	for i := range p.settled {
		if p.settled[i].AllocatedOn.After(on) {
			open += p.settled[i].Amount.Minor
		}
	}
	return p.gross.Minor - *p.credited - *p.deducted - open
}

// paid is what is paid of the document and neither credited nor set off, at what it stands in the books at. What was paid of a
// prepayment is worth what was paid: the difference to what was claimed is a part of the advance (see advance_rate.go).
func (p *prepayment) paid(items map[uuid.UUID]*OpenItem) worth {
	out := p.whole
	for i := range p.settled {
		a := &p.settled[i]
		switch {
		case p.final: // its claim was worth what it was, and the difference is a gain or loss
		case p.trade == Sale:
			out.base += a.CreditBaseMinor - a.DebitBaseMinor
		default:
			out.base += a.DebitBaseMinor - a.CreditBaseMinor
		}
	}
	for n := 1; int64(n) <= p.instalments; n++ {
		if o := items[InstalmentID(p.id, n)]; o != nil {
			out.less(worth{abs(o.OpenMinor), abs(o.OpenBaseMinor)})
		}
	}
	out.less(p.gone)
	return out
}

// open is what is open of the document, in its currency.
func (p *prepayment) open(items map[uuid.UUID]*OpenItem) (minor int64) {
	for n := 1; int64(n) <= p.instalments; n++ {
		if o := items[InstalmentID(p.id, n)]; o != nil {
			minor += abs(o.OpenMinor)
		}
	}
	return minor
}

// cut takes the part of a tax that goes with an amount off what is left, as [TaxEntry.cut] does; in base at what was declared when it was
// paid, and not at what waits for the rest to be paid.
func (p *prepayment) cut(t *TaxEntry, amount, left int64) (taxFigures, error) {
	before := t.parts()
	parts, err := t.cut(amount, left)
	if err != nil || !p.foreign || amount == left {
		return parts, err
	}
	paid := before
	if i := slices.IndexFunc(p.waiting, t.alike); i >= 0 {
		for j, x := range p.waiting[i].figures() {
			paid[j] -= *x
		}
	}
	stated, in := parts[3:], paid[3:] // in the document's currency; in base stand before them
	for j, x := range t.figures()[:3] {
		if of := (worth{in[j], paid[j]}); stated[j] >= 0 && of.minor >= stated[j] && of.minor > 0 {
			base, err := of.of(stated[j])
			if err != nil {
				return parts, err
			}
			*x, parts[j] = *x+parts[j]-base, base
		}
	}
	return parts, nil
}

// prepayments are those of a batch, by id.
type prepayments map[uuid.UUID]*prepayment

// readTaxes finds what is left of the prepayments' taxes, and when they were settled. credits are the credits of each that were issued
// before.
func (all prepayments) readTaxes(ctx context.Context, tx *tenancy.Tx, credits map[uuid.UUID]uuid.UUID) error {
	var ids, items []uuid.UUID
	for id := range all {
		ids, items = append(ids, id), append(items, id)
	}
	for id := range credits {
		ids = append(ids, id)
	}
	var rows []TaxEntry
	var debits, others []Allocation
	b := tx.Batch()
	tenancy.Load(b, &rows, tenancy.In("source_id", unique(ids)), tenancy.Ne("source_model", ""), tenancy.OrderBy("id"))
	tenancy.Load(b, &debits, tenancy.In("debit_id", unique(items)))
	tenancy.Load(b, &others, tenancy.In("credit_id", items))
	if err := b.Run(ctx); err != nil {
		return err
	}
	for _, a := range debits {
		all[a.DebitID].settled = append(all[a.DebitID].settled, a)
	}
	for _, a := range others {
		all[a.CreditID].settled = append(all[a.CreditID].settled, a)
	}
	for id, of := range bySource(pointers(rows)) {
		if prepaid, ok := credits[id]; ok {
			id = prepaid
		}
		all[id].left = append(all[id].left, of...)
	}
	for _, p := range all {
		for _, t := range p.left {
			if t.SourceID == p.id && t.SourceModel != prepaymentModel && !t.Due && t.DueOn.IsZero() {
				p.waiting = append(p.waiting, t)
			}
		}
		p.left, p.waiting = netTaxes(p.left), netTaxes(p.waiting)
	}
	return nil
}

// less takes a credit of the batch, and its tax, off what is left.
func (all prepayments) less(id uuid.UUID, credit *DocumentFigures, taxes []*TaxEntry) {
	if p := all[id]; p != nil {
		p.left = netTaxes(append(p.left, taxes...))
		p.gone.less(worth{-credit.Payable.Minor, -credit.PayableBaseMinor})
	}
}

// deduction is one prepayment that a document sets off.
type deduction struct {
	of    *prepayment
	gross worth
	tax   worth       // charged
	rows  []*TaxEntry // what is taken off of each tax
}

// deductions are all of a document.
type deductions []deduction

// deduct takes what a document sets off from its prepayments. Errors: accounting.bad_input, accounting.not_deductible,
// accounting.over_deducted, accounting.wrong_currency.
func (all prepayments) deduct(op, where string, in []NewDeduction, party uuid.UUID, on date.Date, cur money.Currency, p *plan, items map[uuid.UUID]*OpenItem) (out deductions, sum worth, err error) {
	for j := range in {
		where := fmt.Sprintf("%sprepayment %d: ", where, j+1)
		of, amount := all[in[j].PrepaymentID], in[j].Amount
		switch {
		case of == nil || of.final || of.party != party:
			return nil, sum, ErrNotDeductible.New(op, "%sPrepaymentID is no prepayment of this party", where)
		case on.Before(of.on):
			return nil, sum, ErrNotDeductible.New(op, "%sDate is before that of %s, %s", where, of.name, of.on)
		case slices.ContainsFunc(out, func(d deduction) bool { return d.of == of }):
			return nil, sum, ErrBadInput.New(op, "%s%s is set off twice", where, of.name)
		case of.gross.Currency != cur || amount != (money.Amount{}) && amount.Currency != cur:
			return nil, sum, ErrWrongCurrency.New(op, "%s%s is in %s, and is set off in it, by a document in it", where, of.name, of.gross.Currency)
		}
		usable := of.usable(on, items)
		if amount.Minor == 0 {
			amount = money.Amount{Minor: usable, Currency: of.gross.Currency}
		}
		if amount.Minor <= 0 || amount.Minor > usable {
			return nil, sum, ErrOverDeducted.New(op, "%sof %s, %s is paid by %s and not set off yet", where, of.name, money.Amount{Minor: max(0, usable), Currency: of.gross.Currency}, on)
		}
		d := deduction{of: of, gross: worth{amount.Minor, amount.Minor}}
		if of.foreign {
			if d.gross.base, err = of.paid(items).of(amount.Minor); err != nil {
				return nil, sum, err
			}
		}
		left := of.gross.Minor - *of.credited - *of.deducted
		for _, t := range of.left {
			parts, err := of.cut(t, amount.Minor, left)
			if err != nil {
				return nil, sum, err
			}
			if t.Kind.charged() {
				d.tax.less(worth{-parts[4] - parts[5], -parts[1] - parts[2]})
			}
			row := p.taxPart(t, t.EntryDate, -1, parts)
			row.SourceModel, row.SourceID = prepaymentModel, of.id
			d.rows = append(d.rows, row)
		}
		*of.deducted += amount.Minor
		of.gone.less(worth{-d.gross.minor, -d.gross.base})
		sum.less(worth{-d.gross.minor, -d.gross.base})
		out = append(out, d)
	}
	return out, sum, nil
}

// place puts the taxes that are taken off where the document's own taxes stand, and adds them and the advances to the parts of the
// entry: of a sale what is credited, of a purchase what is debited.
func (all deductions) place(op, where string, set *setup, taxes *documentTaxes, parts *[]partSum) error {
	sign := int64(1)
	if taxes.trade == Sale {
		sign = -1
	}
	for i := range all {
		d := &all[i]
		rest := worth{-d.gross.minor, -d.gross.base}
		for _, t := range d.rows {
			waits, until := taxes.waits(set.taxByID(t.TaxID))
			t.DueOn = until
			if err := set.stand(op, where, t, !waits); err != nil {
				return err
			}
			line := t.line().booked
			of := worth{sign * line.transaction.Minor, sign * line.base}
			d.of.book(parts, t.AccountID, lineDims{set: t.DimensionSetID, booked: true}, of)
			rest.less(of)
		}
		if err := d.advances(parts, rest); err != nil {
			return err
		}
	}
	return nil
}

// advances takes what is set off from the account of advances, in proportion to what the prepayment's lines are analysed by. The last
// part has what rounding leaves over.
func (d *deduction) advances(parts *[]partSum, rest worth) error {
	var whole, from int64
	for i := range d.of.nets {
		whole += d.of.nets[i].minor
	}
	left := rest
	for i := range d.of.nets {
		n := &d.of.nets[i]
		share := left
		if i < len(d.of.nets)-1 && whole != 0 {
			var err error
			if share.minor, err = part(rest.minor, from, from+n.minor, whole); err != nil {
				return err
			}
			if share.base, err = part(rest.base, from, from+n.minor, whole); err != nil {
				return err
			}
		}
		d.of.book(parts, d.of.account, n.dims, share)
		left.less(share)
		from += n.minor
	}
	return nil
}

// book adds what a prepayment takes off an account to the parts of an entry. In a foreign currency it is a part of its own, for it has a
// worth of its own.
func (p *prepayment) book(parts *[]partSum, account uuid.UUID, dims lineDims, of worth) {
	if !p.foreign {
		addPart(parts, account, dims, of.minor)
		return
	}
	*parts = append(*parts, partSum{account, dims, of.minor, of.base})
}

// takes notes what a final document set off before.
func (p *prepayment) takes(d *Deducted) { p.gone.less(worth{-d.Gross.Minor, -d.BaseMinor}) }

// line notes a line of the prepayment.
func (p *prepayment) line(account, set uuid.UUID, net int64) {
	p.account = account
	addPart(&p.nets, account, lineDims{set: set, booked: true}, net)
}

// declared are the tax entries of the deductions, once the document is booked.
func (all deductions) declared(like *TaxEntry) (rows []*TaxEntry) {
	for i := range all {
		for _, t := range all[i].rows {
			t.PartyID, t.EntryID, t.EntryDate = like.PartyID, like.EntryID, like.EntryDate
			rows = append(rows, t)
		}
	}
	return rows
}

// figures are what a deduction is stored as.
func (d *deduction) figures() Deducted {
	cur := d.of.gross.Currency
	of := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: cur} }
	return Deducted{Net: of(d.gross.minor - d.tax.minor), Tax: of(d.tax.minor), Gross: of(d.gross.minor), BaseMinor: d.gross.base, TaxBaseMinor: d.tax.base}
}

// checkDeductions holds what a document sets off to what can be told without the database. final says that it is an invoice or bill.
func checkDeductions(op, where string, in []NewDeduction, final bool) error {
	switch {
	case len(in) > maxDeductions:
		return ErrTooMany.New(op, "%smore than %d prepayments", where, maxDeductions)
	case len(in) > 0 && !final:
		return ErrBadInput.New(op, "%sonly an invoice or a bill sets prepayments off", where)
	}
	for j := range in {
		where := fmt.Sprintf("%sprepayment %d: ", where, j+1)
		if err := checkInput(op, where, in[j]); err != nil {
			return err
		}
		if err := checkPart(op, where, in[j].Amount); err != nil {
			return err
		}
	}
	return nil
}

func (f *fingerprint) deductions(in []NewDeduction) {
	f.number(int64(len(in)))
	for i := range in {
		f.id(in[i].PrepaymentID)
		f.amount(in[i].Amount)
	}
}

// advanceLine finds the account of a line: of a prepayment, and of what credits it, that of the advances and no other.
func (set *setup) advanceLine(op, where string, stated, advances, usual AccountRef) (*Account, error) {
	if advances.IsZero() {
		return set.lineAccount(op, where, stated.orDefaultTo(usual))
	}
	account, err := set.lineAccount(op, where, advances)
	if err != nil || stated.IsZero() {
		return account, err
	}
	if other, err := set.lineAccount(op, where, stated); err != nil || other.ID != account.ID {
		return nil, ErrBadInput.New(op, "%sa prepayment is booked to advances, account %s: leave the account out", where, account.Code)
	}
	return account, nil
}

// taxableInAdvance refuses taxes that no prepayment bears.
func (d *documentTaxes) taxableInAdvance(op, where string) error {
	if !d.advance {
		return nil
	}
	for i := range d.sums {
		switch k := d.sums[i].part.tax.Kind; k { //nolint:exhaustive // the others can be
		case TaxWithholding:
			return ErrTaxUnsupported.New(op, "%stax is not withheld from prepayments", where)
		case TaxIntraCommunity:
			return ErrTaxUnsupported.New(op, "%sa prepayment of an intra-community supply of goods is not taxed (Directive 2006/112/EC, Art. 67): leave the tax code out", where)
		}
	}
	return nil
}
