package accounting

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// undoing takes settlements back, for the acts that undo allocations and for those that take a payment back. What it takes back it
// mirrors: rows of the opposite sign and entries of the opposite sides, on a day of its own.
type undoing struct {
	op     string
	tx     *tenancy.Tx
	plan   *plan
	settle *settlement
	locked []OpenItem

	known    map[uuid.UUID]*Allocation   // all that may have to be undone, but no undoing
	order    []uuid.UUID                 // of known
	undone   map[uuid.UUID]bool          // by their ids, before or by now
	asked    map[uuid.UUID]bool          // to be undone by inputs of their own
	along    map[uuid.UUID][]*Allocation // of write-offs, by the payment's allocation that they came with
	whole    map[uuid.UUID][]*Allocation // by the item of a write-off, discount or contra, which is taken back altogether
	twins    map[uuid.UUID][]*OpenItem   // both items of a contra, by its entry
	found    reversible                  // what was booked
	taxes    map[uuid.UUID][]TaxEntry    // of discounts and of what allocations left over, by entry
	credited map[uuid.UUID]bool          // discounts, by entry, of which a credit took something back
	rows     []*TaxEntry                 // that take taxes of discounts back
	kinds    map[uuid.UUID]*OpenItem     // the items as they were before they were locked
	setOff   map[uuid.UUID]int64         // of prepayments that are set off, or credited in a foreign currency: how much may be open
}

// takeBack is why and when something is taken back.
type takeBack struct {
	on           date.Date
	reason, lock string
}

func newUndoing(op string, tx *tenancy.Tx) *undoing {
	return &undoing{op: op, tx: tx, known: map[uuid.UUID]*Allocation{}, undone: map[uuid.UUID]bool{}, asked: map[uuid.UUID]bool{},
		along: map[uuid.UUID][]*Allocation{}, credited: map[uuid.UUID]bool{}, taxes: map[uuid.UUID][]TaxEntry{}, kinds: map[uuid.UUID]*OpenItem{}}
}

// know adds allocations to those that may have to be undone.
func (w *undoing) know(rows []Allocation) {
	for i := range rows {
		a := &rows[i]
		if w.known[a.ID] != nil || a.UndoesID != uuid.Nil {
			continue
		}
		w.known[a.ID] = a
		w.order = append(w.order, a.ID)
		if a.WithID != uuid.Nil {
			w.along[a.WithID] = append(w.along[a.WithID], a)
		}
	}
}

// gather reads what hangs on the known allocations, then locks the items of all of them in the order of their ids, and then reads what
// a rival may have undone until then. further are items that are locked as well, entries what else is taken back, also what is read under
// the locks.
func (w *undoing) gather(ctx context.Context, set *setup, further, entries []uuid.UUID, also func(*tenancy.Batch)) error {
	if err := w.readAlong(ctx); err != nil {
		return err
	}
	if err := w.readWholes(ctx); err != nil {
		return err
	}
	items, entries := slices.Clone(further), slices.Clone(entries)
	for _, a := range w.known {
		items = append(items, a.DebitID, a.CreditID)
		if a.EntryID != uuid.Nil {
			entries = append(entries, a.EntryID)
		}
	}
	var discounts, prepaid []uuid.UUID
	booked := slices.Clone(entries) // what has tax: of allocations, and of discounts
	for _, o := range w.kinds {
		switch o.Kind { //nolint:exhaustive // what is taken back with the allocation, or not undone at all
		case KindDiscount:
			discounts = append(discounts, o.EntryID)
			entries = append(entries, o.EntryID)
		case KindPrepayment, KindVendorPrepayment:
			prepaid = append(prepaid, o.ID)
		case KindWriteOff, KindReversal, KindContra:
			entries = append(entries, o.EntryID)
		}
	}
	entries = unique(entries) // a contra's two items are of one
	var undone []Allocation
	var taxes []TaxEntry
	var invoices []Invoice
	var bills []Bill
	b := w.tx.Batch()
	if len(prepaid) > 0 { // locked before their items, as by what sets them off
		tenancy.Load(b, &invoices, tenancy.In("id", unique(prepaid)), tenancy.ForUpdate())
		tenancy.Load(b, &bills, tenancy.In("id", unique(prepaid)), tenancy.ForUpdate())
	}
	lockItems(b, &w.locked, unique(items))
	if len(w.order) > 0 {
		tenancy.Load(b, &undone, tenancy.In("undoes_id", unique(slices.Clone(w.order))))
	}
	w.found.load(b, entries)
	if len(entries) > 0 {
		tenancy.Load(b, &w.found.given, tenancy.In("source_id", entries), tenancy.Eq("source_model", writeOffModel), tenancy.Ne("source_model", ""))
	}
	if booked = append(booked, discounts...); len(booked) > 0 {
		tenancy.Load(b, &taxes, tenancy.In("entry_id", unique(booked)), tenancy.OrderBy("id"))
	}
	also(b)
	if err := b.Run(ctx); err != nil {
		return err
	}
	w.found.index()
	w.prepaid(invoices, bills)
	for i := range undone {
		w.undone[undone[i].UndoesID] = true
	}
	if err := w.readCredited(ctx, discounts); err != nil {
		return err
	}
	for _, t := range taxes {
		w.taxes[t.EntryID] = append(w.taxes[t.EntryID], t)
	}
	w.plan = newPlan(w.op, w.tx, set, 0)
	w.settle = newSettlement(w.plan, w.locked)
	return nil
}

// prepaid notes how much of prepayments may be open: of those that final documents set off, and of those in a foreign currency that credits took
// back at what they stood in the books at by then.
func (w *undoing) prepaid(invoices []Invoice, bills []Bill) {
	w.setOff = map[uuid.UUID]int64{}
	for i := range invoices {
		if v := &invoices[i]; v.DeductedMinor > 0 || v.Foreign() && v.CreditedMinor > 0 {
			w.setOff[v.ID] = v.Gross.Minor - v.CreditedMinor - v.DeductedMinor
		}
	}
	for i := range bills {
		if v := &bills[i]; v.DeductedMinor > 0 || v.Foreign() && v.CreditedMinor > 0 {
			w.setOff[v.ID] = v.Gross.Minor - v.CreditedMinor - v.DeductedMinor
		}
	}
}

// readCredited finds which discounts credits took something back of: entries of the same source that stand beside the discount.
func (w *undoing) readCredited(ctx context.Context, discounts []uuid.UUID) error {
	if len(discounts) == 0 {
		return nil
	}
	ids, err := tenancy.Report[uuid.UUID](ctx, w.tx, `SELECT DISTINCT d.id FROM {journal_entries} AS d JOIN {journal_entries} AS e ON e.source_id = d.source_id
		WHERE d.id IN (?) AND e.source_model = 'erp.discounts' AND e.kind = 'discount' AND e.id <> d.id AND e.reverses_id IS NULL
			AND NOT EXISTS (SELECT 1 FROM {journal_entries} AS r WHERE r.reverses_id = e.id)`, tenancy.List(discounts))
	for _, id := range ids {
		w.credited[id] = true
	}
	return err
}

// readAlong reads the write-offs that came along with payments.
func (w *undoing) readAlong(ctx context.Context) error {
	if len(w.order) == 0 {
		return nil
	}
	var along []Allocation
	b := w.tx.Batch()
	tenancy.Load(b, &along, tenancy.In("with_id", unique(slices.Clone(w.order))))
	err := b.Run(ctx)
	w.know(along)
	return err
}

// readWholes reads what the items are, and all allocations of those that are taken back altogether: a discount has one for each
// instalment, a contra one on each side.
func (w *undoing) readWholes(ctx context.Context) error {
	var ids []uuid.UUID
	for _, a := range w.known {
		ids = append(ids, a.DebitID, a.CreditID)
	}
	if len(ids) == 0 {
		return nil
	}
	var items []OpenItem
	b := w.tx.Batch()
	tenancy.Load(b, &items, tenancy.In("id", unique(ids)))
	if err := b.Run(ctx); err != nil {
		return err
	}
	var wholes []uuid.UUID
	for i := range items {
		w.kinds[items[i].ID] = &items[i]
		if items[i].Kind == KindDiscount {
			wholes = append(wholes, items[i].ID)
		}
	}
	if err := w.readTwins(ctx); err != nil {
		return err
	}
	for _, twins := range w.twins {
		for _, o := range twins {
			wholes = append(wholes, o.ID)
		}
	}
	if wholes = unique(wholes); len(wholes) > 0 {
		var debits, credits []Allocation
		tenancy.Load(b, &debits, tenancy.In("debit_id", wholes))
		tenancy.Load(b, &credits, tenancy.In("credit_id", wholes))
		if err := b.Run(ctx); err != nil {
			return err
		}
		w.know(debits)
		w.know(credits)
	}
	w.whole = map[uuid.UUID][]*Allocation{}
	for _, id := range w.order {
		a := w.known[id]
		for _, item := range []uuid.UUID{a.DebitID, a.CreditID} {
			o := w.kinds[item]
			switch {
			case o == nil:
			case o.Kind == KindDiscount || o.Kind == KindWriteOff:
				w.whole[item] = append(w.whole[item], a)
			case o.Kind == KindContra:
				for _, twin := range w.twins[o.EntryID] {
					w.whole[twin.ID] = append(w.whole[twin.ID], a)
				}
			}
		}
	}
	return nil
}

// readTwins reads both items of each contra that an allocation is of.
func (w *undoing) readTwins(ctx context.Context) error {
	var entries []uuid.UUID
	for _, o := range w.kinds {
		if o.Kind == KindContra {
			entries = append(entries, o.EntryID)
		}
	}
	if len(entries) == 0 {
		return nil
	}
	var items []OpenItem
	b := w.tx.Batch()
	tenancy.Load(b, &items, tenancy.In("entry_id", unique(entries)), tenancy.OrderBy("entry_id", "line_no"))
	if err := b.Run(ctx); err != nil {
		return err
	}
	w.twins = map[uuid.UUID][]*OpenItem{}
	for i := range items {
		o := &items[i]
		w.kinds[o.ID], w.twins[o.EntryID] = o, append(w.twins[o.EntryID], o)
	}
	return nil
}

// undo plans what takes an allocation back, and all that hangs on it: the difference that it realised, the write-off, discount or contra that
// one of its items is, and the write-off that came along. Errors: accounting.bad_input, accounting.period_locked,
// accounting.no_period, accounting.of_reversal, accounting.already_reversed, and those of Post for what was booked.
func (w *undoing) undo(where string, a *Allocation, back takeBack) (*Allocation, error) {
	if err := w.check(where, a, back.on); err != nil {
		return nil, err
	}
	begun := len(w.settle.events)
	row, err := w.mirror(where, a, back)
	if err != nil {
		return nil, err
	}
	for _, id := range []uuid.UUID{a.DebitID, a.CreditID} {
		if len(w.whole[id]) == 0 {
			continue
		}
		item := w.settle.items[id]
		if err := w.takeWhole(where, item, row.ID, back); err != nil {
			return nil, err
		}
		// It was settled before and is after: nothing of its own becomes due or waits.
		w.settle.events = append(w.settle.events[:begun:begun], slices.DeleteFunc(w.settle.events[begun:], func(e settled) bool { return e.item.EntryID == item.EntryID })...)
		w.givenBack(item, begun)
	}
	for _, other := range w.along[a.ID] {
		if !w.undone[other.ID] && !w.asked[other.ID] {
			if _, err := w.undo(where, other, takeBack{later(back.on, other.AllocatedOn), back.reason, back.lock}); err != nil {
				return nil, err
			}
		}
	}
	return row, nil
}

// check refuses what cannot be undone, or not on the day. A prepayment stays paid as far as final documents set it off: they count on its
// tax being declared.
func (w *undoing) check(where string, a *Allocation, on date.Date) error {
	if on.Before(a.AllocatedOn) {
		return ErrBadInput.New(w.op, "%sDate is before the day that the allocation counts for, %s", where, a.AllocatedOn)
	}
	for _, pair := range [][2]uuid.UUID{{a.DebitID, a.CreditID}, {a.CreditID, a.DebitID}} {
		item, other := w.settle.items[pair[0]], w.settle.items[pair[1]]
		if e := w.found.byID[item.EntryID]; item.Kind == KindReversal && e != nil && e.ReversesID == other.EntryID {
			return ErrOfReversal.New(w.op, "%sit sets what was booked off against its reversal", where)
		}
		if item.Kind == KindBadDebt {
			return ErrTaxUnsupported.New(w.op, "%sit is relief for a bad debt, or its recovery: relief is taken back as the debt is recovered", where)
		}
		if may, ok := w.setOff[item.ID]; ok && abs(item.OpenMinor)+a.Amount.Minor > may {
			return ErrTaxUnsupported.New(w.op, "%sa final document sets the prepayment off, or a credit took it back: it stays settled as far as that", where)
		}
	}
	return w.plan.set.settleable(w.op, where, on)
}

// mirror plans the row that takes an allocation back, and the entry that takes back what it realised.
func (w *undoing) mirror(where string, a *Allocation, back takeBack) (*Allocation, error) {
	debit, credit, minor := w.settle.items[a.DebitID], w.settle.items[a.CreditID], a.Amount.Minor
	row := &Allocation{Row: tenancy.Row{TenantID: w.tx.Scope().TenantID(), ID: tenancy.NewID()}, PartyID: a.PartyID, DebitID: a.DebitID, CreditID: a.CreditID, AllocatedOn: back.on,
		Amount: a.Amount, DebitBaseMinor: -a.DebitBaseMinor, CreditBaseMinor: -a.CreditBaseMinor, UndoesID: a.ID, RecordedAt: w.tx.Now()}
	row.Amount.Minor = -minor
	paidDebit, paidCredit := debit.Original.Minor-debit.OpenMinor, credit.OpenMinor-credit.Original.Minor
	w.settle.settles(row, debit, credit, paidDebit, paidCredit, back.lock)
	debit.OpenMinor += minor
	debit.OpenBaseMinor += a.DebitBaseMinor
	credit.OpenMinor -= minor
	credit.OpenBaseMinor -= a.CreditBaseMinor
	for _, o := range []*OpenItem{debit, credit} {
		o.ReopenedOn = later(o.ReopenedOn, back.on)
		w.settle.touch(o)
	}
	w.settle.allocations = append(w.settle.allocations, row)
	w.settle.texts = append(w.settle.texts, &AllocationText{AllocationID: row.ID, Reason: back.reason})
	w.undone[a.ID] = true
	if a.EntryID == uuid.Nil {
		return row, nil
	}
	entry, err := w.reverse(where, a.EntryID, Source{allocationModel, row.ID}, back)
	if err != nil {
		return row, err
	}
	row.EntryID = entry.ID
	for i := range w.taxes[a.EntryID] { // of a prepayment, at the rate of the day of payment
		w.mirrored(&w.taxes[a.EntryID][i], entry)
	}
	return row, nil
}

// reverse plans the mirror image of an entry.
func (w *undoing) reverse(where string, id uuid.UUID, source Source, back takeBack) (*Entry, error) {
	there := w.found.byID[id]
	if w.found.reversed[id] {
		return nil, ErrAlreadyReversed.New(w.op, "%sthe entry of %s is reversed already", where, there.EntryDate)
	}
	w.found.reversed[id] = true
	e := settlementReversal(&reversalFact{Journal: w.plan.set.journalCode(there.JournalID), Date: back.on, Lines: w.found.linesOf[id], Lock: back.lock}, there, source).withDefaults()
	return w.plan.add(where, &e, booking{reverses: id, reason: back.reason, unbound: there.Kind.exchanges()})
}

// takeWhole takes a write-off, a discount or a contra back altogether, its taxes with it: what else its items settled is undone as well, and then
// they are set off against those of the reversal. by is the row that undoes the allocation.
func (w *undoing) takeWhole(where string, item *OpenItem, by uuid.UUID, back takeBack) error {
	for _, other := range w.whole[item.ID] {
		if w.undone[other.ID] {
			continue
		}
		if _, err := w.mirror(where, other, takeBack{later(back.on, other.AllocatedOn), back.reason, back.lock}); err != nil {
			return err
		}
	}
	there := w.found.byID[item.EntryID]
	if w.credited[item.EntryID] {
		return ErrOfReversal.New(w.op, "%sa credit took the discount, or a part of it, back", where)
	}
	source := Source{there.SourceModel, there.SourceID}
	if there.Kind == KindWriteOff || there.Kind == KindContra {
		source = Source{allocationModel, by}
	}
	before := len(w.plan.items)
	entry, err := w.reverse(where, item.EntryID, source, back)
	if err != nil {
		return err
	}
	made := w.plan.items[before:]
	var forDay []taxMove
	for _, t := range w.taxes[item.EntryID] {
		row := w.mirrored(&t, entry)
		if !row.Due && !row.DueOn.IsZero() { // what the day made due is as well
			forDay = append(forDay, taxMove{row, row.parts(), later(row.DueOn, back.on)})
		}
	}
	due, err := w.plan.moveTax(where, &taxDueFact{Source: source, Lock: back.lock}, forDay)
	if err != nil {
		return err
	}
	w.rows = append(w.rows, due...)
	w.settle.exception = back.lock
	for _, fresh := range made {
		old := item
		if i := slices.IndexFunc(w.twins[item.EntryID], func(o *OpenItem) bool { return o.LineNo == fresh.LineNo }); i >= 0 {
			old = w.settle.items[w.twins[item.EntryID][i].ID]
		}
		if err := w.settle.pairUp(where, fresh, old, back.on); err != nil {
			return err
		}
	}
	return nil
}

// mirrored takes a tax entry back with the entry that reverses its own.
func (w *undoing) mirrored(t *TaxEntry, entry *Entry) *TaxEntry {
	row := *t
	row.ID, row.EntryID, row.EntryDate, row.RecordedAt = tenancy.NewID(), entry.ID, entry.EntryDate, w.tx.Now()
	for _, x := range append(row.figures(), &row.ResidualMinor, &row.VarianceMinor) {
		*x = -*x
	}
	w.rows = append(w.rows, &row)
	return &row
}

// givenBack notes on the events since begun that a write-off was undone with which tax was given up: that waits again.
func (w *undoing) givenBack(item *OpenItem, begun int) {
	if first(w.found.given, func(t *TaxEntry) bool { return t.SourceID == item.EntryID }) == nil {
		return
	}
	to := first(w.found.linesOf[item.EntryID], func(l *Line) bool { return l.LineNo != item.LineNo })
	given := NewLine{Account: ByID(to.AccountID), booked: &bookedAmounts{set: to.DimensionSetID}}
	for i := begun; i < len(w.settle.events); i++ {
		w.settle.events[i].given, w.settle.events[i].source = &given, Source{writeOffModel, item.EntryID}
	}
}

// write plans the taxes that follow and writes all of it in one round trip.
func (w *undoing) write(ctx context.Context) error {
	if err := w.settle.releaseTax(ctx, w.plan, w.rows); err != nil {
		return err
	}
	b := w.tx.Batch()
	w.plan.write(b)
	w.settle.write(b)
	tenancy.Put(b, w.rows)
	return b.Run(ctx)
}
