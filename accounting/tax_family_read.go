package accounting

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// settledBy is what other items took off an entry's.
type settledBy struct {
	EntryID uuid.UUID `bun:"entry_id"`
	Other   uuid.UUID `bun:"other_id"` // the other item's entry
	Kind    EntryKind `bun:"kind"`
	Minor   int64     `bun:"minor"`
}

// readFamilies finds the families of what the batch settles, where tax of theirs waits. All items of a document with instalments are
// locked, for they share its tax.
func (w *taxBecomingDue) readFamilies(ctx context.Context, s *settlement, declared []*TaxEntry) error {
	heads, err := w.readHeads(ctx, s)
	if err != nil || len(heads) == 0 {
		return err
	}
	debts, err := w.readMembers(ctx, s, heads)
	if err != nil {
		return err
	}
	entries := unique(slices.Collect(maps.Keys(w.members)))
	var waiting []TaxEntry
	var items []OpenItem
	b := w.plan.tx.Batch()
	tenancy.Load(b, &waiting, tenancy.In("entry_id", entries), tenancy.Eq("due", false), tenancy.Ne("source_model", ""), tenancy.OrderBy("id"))
	tenancy.Load(b, &items, tenancy.In("entry_id", entries), tenancy.ForUpdate())
	if err := b.Run(ctx); err != nil {
		return err
	}
	for _, o := range append(pointers(items), w.plan.items...) {
		if m := w.members[o.EntryID]; m != nil {
			m.whole += abs(o.Original.Minor)
		}
	}
	for _, t := range append(pointers(waiting), declared...) {
		if m := w.members[t.EntryID]; m != nil && !t.Due {
			m.family.add(m, t)
		}
	}
	return w.readSettled(ctx, entries, debts)
}

// readHeads finds the documents that are settled, or whose corrections are, and whose tax waits.
func (w *taxBecomingDue) readHeads(ctx context.Context, s *settlement) (map[uuid.UUID]bool, error) {
	if err := w.readSources(ctx); err != nil {
		return nil, err
	}
	heads := map[uuid.UUID]bool{}
	var named []uuid.UUID
	for entry := range w.waiting {
		id := w.sources[entry]
		if of, ok := s.corrects[entry]; ok {
			id = of
		} else {
			named = append(named, id)
		}
		heads[id] = true
	}
	credits, err := readDocuments(ctx, w.plan.tx, "id", named)
	for _, c := range credits {
		if c.credit && c.corrects != uuid.Nil {
			delete(heads, c.id)
			heads[c.corrects] = true
		}
	}
	return heads, err
}

// readSources finds of what document the waiting tax of each entry is. Where a final document bears none of its own, the rows name the
// prepayments that it sets off, which are families of their own.
func (w *taxBecomingDue) readSources(ctx context.Context) error {
	w.sources = map[uuid.UUID]uuid.UUID{}
	var final []uuid.UUID
	for entry, rows := range w.waiting {
		of := sourceOf(rows)
		if w.sources[entry] = of.ID; of.Model == prepaymentModel {
			final, w.sources[entry] = append(final, entry), entry
		}
	}
	documents, err := readDocuments(ctx, w.plan.tx, "entry_id", final)
	for _, d := range documents {
		w.sources[*d.entry] = d.id
	}
	return err
}

// readMembers finds the entries of each family, and the bad debts of the documents, by their entries.
func (w *taxBecomingDue) readMembers(ctx context.Context, s *settlement, heads map[uuid.UUID]bool) (map[uuid.UUID]uuid.UUID, error) {
	ids := unique(slices.Collect(maps.Keys(heads)))
	own, err := readDocuments(ctx, w.plan.tx, "id", ids)
	if err != nil {
		return nil, err
	}
	credits, err := readDocuments(ctx, w.plan.tx, "corrects_id", ids)
	if err != nil {
		return nil, err
	}
	var discounts []Entry
	var relieved []BadDebt
	b := w.plan.tx.Batch()
	tenancy.Load(b, &discounts, tenancy.In("source_id", ids), tenancy.Eq("source_model", discountModel), tenancy.Ne("source_model", ""))
	tenancy.Load(b, &relieved, tenancy.In("invoice_id", ids))
	if err := b.Run(ctx); err != nil {
		return nil, err
	}
	families := map[uuid.UUID]*taxFamily{}
	for _, id := range ids {
		f := &taxFamily{gone: map[uuid.UUID][]taxMove{}, seen: map[*Allocation]bool{}}
		f.head = &taxMember{family: f}
		families[id] = f
	}
	w.members = map[uuid.UUID]*taxMember{}
	for entry, rows := range w.waiting { // what is no document stands for itself
		if f := families[w.sources[entry]]; f != nil && s.corrects[entry] == uuid.Nil && rows[0].SourceModel != discountModel {
			w.members[entry] = f.head
		}
	}
	for _, d := range own {
		if *d.entry != uuid.Nil {
			w.members[*d.entry] = families[d.id].head
		}
	}
	for _, c := range credits {
		if c.credit && *c.entry != uuid.Nil {
			w.members[*c.entry] = &taxMember{family: families[c.corrects]}
		}
	}
	for i := range discounts {
		if e := &discounts[i]; e.Kind != KindTaxDue {
			w.members[e.ID] = &taxMember{family: families[e.SourceID]}
		}
	}
	w.freshMembers(s, families)
	debts := map[uuid.UUID]uuid.UUID{}
	for i := range relieved {
		debts[relieved[i].EntryID] = relieved[i].ID
	}
	return debts, nil
}

// freshMembers are those that the batch makes.
func (w *taxBecomingDue) freshMembers(s *settlement, families map[uuid.UUID]*taxFamily) {
	for _, e := range w.plan.entries {
		id := s.corrects[e.ID]
		if e.SourceModel == discountModel && e.Kind != KindTaxDue {
			id = e.SourceID
		}
		if f := families[id]; f != nil && id != uuid.Nil {
			m := &taxMember{family: f, fresh: true}
			w.members[e.ID], f.fresh = m, append(f.fresh, m)
		}
	}
}

// readSettled finds what the items of the families were settled by before the batch, and what was given up of their taxes.
func (w *taxBecomingDue) readSettled(ctx context.Context, entries []uuid.UUID, debts map[uuid.UUID]uuid.UUID) error {
	settled, err := tenancy.Report[settledBy](ctx, w.plan.tx, `SELECT i.entry_id, o.entry_id AS other_id, o.kind, CAST(SUM(a.amount_minor) AS BIGINT) AS minor
		FROM {open_items} AS i JOIN {allocations} AS a ON a.debit_id = i.id OR a.credit_id = i.id
		JOIN {open_items} AS o ON o.id = CASE WHEN a.debit_id = i.id THEN a.credit_id ELSE a.debit_id END
		WHERE i.entry_id IN (?) GROUP BY i.entry_id, o.entry_id, o.kind ORDER BY 1, 2`, tenancy.List(entries))
	if err != nil {
		return err
	}
	gaveUp := map[uuid.UUID]uuid.UUID{} // the source of what was taken off, by the other entry
	var sources []uuid.UUID
	for i := range settled {
		switch x := &settled[i]; x.Kind { //nolint:exhaustive // what gives up
		case KindWriteOff:
			gaveUp[x.Other] = x.Other
		case KindBadDebt:
			gaveUp[x.Other] = debts[x.Other]
		default:
			continue
		}
		sources = append(sources, gaveUp[settled[i].Other])
	}
	var gone []TaxEntry
	if len(sources) > 0 {
		if gone, err = tenancy.Find[TaxEntry](ctx, w.plan.tx, tenancy.In("source_id", unique(sources)), tenancy.Eq("due", false), tenancy.Ne("source_model", ""), tenancy.OrderBy("id")); err != nil {
			return err
		}
	}
	lost := bySource(pointers(gone))
	for i := range settled {
		x := &settled[i]
		m, other := w.members[x.EntryID], w.members[x.Other]
		switch rows := lost[gaveUp[x.Other]]; {
		case other != nil && other.family == m.family:
			m.within += x.Minor
		case len(rows) > 0 && x.Minor != 0:
			gone := m.family.gaveUp(m, netTaxes(rows))
			m.family.gone[gaveUp[x.Other]] = gone
			m.family.gives(m, x.Minor, gone)
		default:
			m.settles(x.Kind, x.Minor)
		}
	}
	return nil
}

// readDocuments reads documents of either side by one of their columns.
func readDocuments(ctx context.Context, tx *tenancy.Tx, column string, ids []uuid.UUID) (out []*paper, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var invoices []Invoice
	var bills []Bill
	b := tx.Batch()
	tenancy.Load(b, &invoices, tenancy.In(column, unique(ids)))
	tenancy.Load(b, &bills, tenancy.In(column, unique(ids)))
	if err := b.Run(ctx); err != nil {
		return nil, err
	}
	for i := range invoices {
		out = append(out, invoices[i].paper())
	}
	for i := range bills {
		out = append(out, bills[i].paper())
	}
	return out, nil
}
