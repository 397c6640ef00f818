package accounting

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// settled is that an open item was settled by an amount on a day: before and after are what had been settled, in minor units
// above zero.
type settled struct {
	item          *OpenItem
	by            *Allocation // below zero where it undoes another
	before, after int64
	on            date.Date
	lock          string // the reason for booking into a soft-locked period
	// given is what takes it where the item was given up instead of paid: then what waits for payment is never due.
	given *NewLine
	// source is what gave it up, where that is a document of its own.
	source Source
}

// taxBecomingDue is tax that waits for payment and is due in proportion to what is received (see taxFamily). It is cut from the
// running total, rounded half up: so what has become due follows from what is settled alone, the parts always sum to the whole, and
// what rounding leaves over is in the last part.
type taxBecomingDue struct {
	plan     *plan
	waiting  map[uuid.UUID][]*TaxEntry // by entry, of what is settled
	sources  map[uuid.UUID]uuid.UUID   // by entry, the document whose tax waits
	members  map[uuid.UUID]*taxMember  // by entry, of the families of these
	items    map[uuid.UUID]*OpenItem   // of the settlement
	advanced map[uuid.UUID][]*TaxEntry // by payment: what was declared of it and is not taken back yet
	taken    map[uuid.UUID][]*TaxEntry // by allocation that is undone: what it took back of that
	rows     []*TaxEntry
	ahead    map[*Allocation]*paidAhead // prepayments in foreign currencies
	rates    *rateTable                 // of the days on which they were paid
}

// releaseTax plans what becomes due by the settlement: the entries, and the tax entries, which write stores; and what paying prepayments in
// foreign currencies leaves over. declared are the tax entries of the batch's own documents. It asks nothing where the tenant has no taxes and
// pays no such prepayment.
func (s *settlement) releaseTax(ctx context.Context, p *plan, declared []*TaxEntry) error {
	if len(s.events) == 0 || len(p.set.taxes) == 0 && len(s.paidAhead) == 0 {
		return nil
	}
	w := &taxBecomingDue{plan: p, waiting: map[uuid.UUID][]*TaxEntry{}, items: map[uuid.UUID]*OpenItem{}, advanced: map[uuid.UUID][]*TaxEntry{}}
	to := advances{}
	if err := w.read(ctx, s, declared, to); err != nil {
		return err
	}
	for _, e := range s.events {
		if err := w.settle(e); err != nil {
			return err
		}
		if err := w.takeBack(e); err != nil {
			return err
		}
	}
	if err := w.bookAdvances(s.paidAhead, to); err != nil {
		return err
	}
	s.taxes = append(s.taxes, w.rows...)
	return nil
}

// read gathers what waits, from the books and from the batch, what was declared of payments, and where advances stand.
func (w *taxBecomingDue) read(ctx context.Context, s *settlement, declared []*TaxEntry, to advances) error {
	var ids, payments []uuid.UUID
	undone := map[string]uuid.UUID{}
	for _, e := range s.events {
		ids = append(ids, e.item.EntryID)
		if e.item.Kind == KindPayment {
			payments = append(payments, e.item.ID)
			if e.by.UndoesID != uuid.Nil {
				undone[takenBack(e.by.UndoesID)] = e.by.UndoesID
			}
		}
	}
	for _, o := range append(slices.Collect(maps.Values(s.items)), w.plan.items...) {
		w.items[o.ID] = o
	}
	var waiting, advanced []TaxEntry
	b := w.plan.tx.Batch()
	tenancy.Load(b, &waiting, tenancy.In("entry_id", unique(ids)), tenancy.Eq("due", false), tenancy.Ne("source_model", ""), tenancy.OrderBy("id"))
	if len(payments) > 0 {
		tenancy.Load(b, &advanced, tenancy.In("source_id", unique(payments)), tenancy.Eq("source_model", advanceModel), tenancy.Eq("due", true), tenancy.Ne("source_model", ""),
			tenancy.OrderBy("id"))
	}
	found := to.load(b, s.paidAhead)
	var taken []Entry
	if len(undone) > 0 {
		tenancy.Load(b, &taken, tenancy.In("reference", slices.Sorted(maps.Keys(undone))))
	}
	if err := b.Run(ctx); err != nil {
		return err
	}
	found()
	settled := map[uuid.UUID]bool{}
	for _, id := range ids {
		settled[id] = true
	}
	for _, t := range append(pointers(waiting), declared...) {
		if !t.Due && settled[t.EntryID] {
			w.waiting[t.EntryID] = append(w.waiting[t.EntryID], t)
		}
	}
	for id, rows := range bySource(pointers(advanced)) {
		w.advanced[id] = netTaxes(rows)
	}
	w.taken = map[uuid.UUID][]*TaxEntry{}
	for i := range taken {
		for j := range advanced {
			if advanced[j].EntryID == taken[i].ID {
				id := undone[taken[i].Reference]
				w.taken[id] = append(w.taken[id], &advanced[j])
			}
		}
	}
	if err := w.readRates(ctx, s.paidAhead); err != nil {
		return err
	}
	return w.readFamilies(ctx, s, declared)
}

// part is the part of x that lies between two points of a whole, each rounded half up.
func part(x, from, to, whole int64) (int64, error) {
	of := money.Amount{Minor: x}
	first, err := of.MulDiv(from, whole, money.HalfUp)
	if err != nil {
		return 0, err
	}
	last, err := of.MulDiv(to, whole, money.HalfUp)
	return last.Minor - first.Minor, err
}

// settle makes due what follows from one settlement of one item. A pair of a family's own items counts once.
func (w *taxBecomingDue) settle(e settled) error {
	m := w.members[e.item.EntryID]
	if m == nil || m.family.seen[e.by] {
		return nil
	}
	f := m.family
	f.seen[e.by] = true
	before := make([]taxFigures, len(f.pools))
	var err error
	for i, p := range f.pools {
		if before[i], err = p.due(f); err != nil {
			return err
		}
	}
	gone, err := w.count(e, m)
	if err != nil {
		return err
	}
	var moves []taxMove
	for i, p := range f.pools {
		due, err := p.due(f)
		if err != nil {
			return err
		}
		for k := range due {
			due[k] -= before[i][k]
		}
		forDay := !p.like.DueOn.IsZero()
		if due == (taxFigures{}) || forDay && !e.on.Before(p.like.DueOn) { // the day makes it due
			continue
		}
		moves = append(moves, taxMove{p.like, due, e.on})
		if e.given == nil {
			if err := w.rerate(e, p.like, &due); err != nil {
				return err
			}
		}
		if forDay { // what is paid before the supply is not due on its day again
			moves = append(moves, taxMove{p.like, due.negated(), p.like.DueOn})
		}
	}
	rows, err := w.plan.moveTax("", &taxDueFact{Source: sourceOf(f.rows), Lock: e.lock}, moves)
	if err != nil {
		return err
	}
	w.rows = append(w.rows, rows...)
	return w.giveUp(e, sourceOf(f.rows), gone)
}

// count notes on the family what an allocation settles of it, and gives what it gives up.
func (w *taxBecomingDue) count(e settled, m *taxMember) (gone []taxMove, err error) {
	f, amount := m.family, e.after-e.before
	for _, x := range f.fresh {
		x.fresh = false
	}
	f.fresh = nil
	other := w.items[e.by.DebitID]
	if other == e.item {
		other = w.items[e.by.CreditID]
	}
	if o := w.members[other.EntryID]; o != nil && o.family == f {
		m.within, o.within = m.within+amount, o.within+amount
		return nil, nil
	}
	if e.given != nil {
		if gone, err = f.givesUp(e, m, amount); err != nil {
			return nil, err
		}
	}
	if len(gone) == 0 {
		m.settles(other.Kind, amount)
	} else {
		f.gives(m, amount, gone)
	}
	return gone, nil
}

// givesUp is what a write-off gives up of each tax that waits for payment; undone, all that it gave up.
func (f *taxFamily) givesUp(e settled, m *taxMember, amount int64) (gone []taxMove, err error) {
	if amount < 0 {
		for _, g := range f.gone[e.source.ID] {
			gone = append(gone, taxMove{g.of, g.parts.negated(), e.on})
		}
		return gone, nil
	}
	for _, p := range f.pools {
		if !p.like.DueOn.IsZero() {
			continue
		}
		parts, err := p.giveUp(m, amount)
		if err != nil {
			return nil, err
		}
		if parts != (taxFigures{}) {
			gone = append(gone, taxMove{p.like, parts, e.on})
		}
	}
	return gone, nil
}

// giveUp takes back what waits for a payment that nobody expects any more: it was never due, and what was written off is less
// by it. Where a write-off is undone it waits again.
func (w *taxBecomingDue) giveUp(e settled, source Source, gone []taxMove) error {
	fact := writtenOffTaxFact{Date: e.on, Source: source, To: e.given, Lock: e.lock}
	if e.source.Model != "" {
		fact.Source = e.source
	}
	for _, m := range gone {
		row := w.plan.taxPart(m.of, m.on, -1, m.parts)
		if e.source.Model != "" {
			row.SourceModel, row.SourceID = e.source.Model, e.source.ID
		}
		fact.Rows = append(fact.Rows, row)
	}
	w.rows = append(w.rows, fact.Rows...)
	return w.plan.bookTaxes("", writtenOffTaxEntry(&fact), fact.Rows, booking{})
}

// sourceOf is the document whose tax waits: beside its own rows stand those of prepayments that it sets off.
func sourceOf(rows []*TaxEntry) Source {
	for _, t := range rows {
		if t.SourceModel != prepaymentModel {
			return Source{t.SourceModel, t.SourceID}
		}
	}
	return Source{rows[0].SourceModel, rows[0].SourceID}
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// bySource groups tax entries by what they are of.
func bySource(rows []*TaxEntry) map[uuid.UUID][]*TaxEntry {
	out := map[uuid.UUID][]*TaxEntry{}
	for _, t := range rows {
		out[t.SourceID] = append(out[t.SourceID], t)
	}
	return out
}

// alike reports whether two tax entries are summed by netTaxes.
func (t *TaxEntry) alike(o *TaxEntry) bool {
	return t.TaxID == o.TaxID && t.Rate.Equal(o.Rate) && t.Side == o.Side && t.DimensionSetID == o.DimensionSetID && t.SupplySetID == o.SupplySetID
}

// netTaxes sums tax entries by tax, rate, side and what they and their supplies are analysed by, as copies of the first of each.
func netTaxes(rows []*TaxEntry) []*TaxEntry {
	var out []*TaxEntry
	at := map[string]*TaxEntry{}
	for _, t := range rows {
		key := fmt.Sprint(t.TaxID, t.Rate, t.Side, t.DimensionSetID, t.SupplySetID)
		sum := at[key]
		if sum == nil {
			first := *t
			at[key] = &first
			out = append(out, &first)
			continue
		}
		for i, x := range t.figures() {
			*sum.figures()[i] += *x
		}
	}
	return out
}

// cut takes the part of a row that goes with an amount of what is left of a whole, half up; the last amount takes all that is left.
func (t *TaxEntry) cut(amount, left int64) (parts taxFigures, err error) {
	for i, x := range t.figures() {
		if parts[i], err = share(*x, amount, left); err != nil {
			return parts, err
		}
		*x -= parts[i]
	}
	return parts, nil
}
