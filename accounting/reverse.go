package accounting

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Reverse takes entries back, all or none: each is booked again with every line on the other side, in the same journal. Open
// items of the entry are set off against those of the reversal, as far as they are still open. It is taken back at the worth in
// base that it was booked at, whatever the rate is by then. An entry is reversed once; entries that book a document are corrected through the document.
//
// Permission: accounting.reverse, and accounting.exception where a LockException is given. Errors: accounting.bad_input,
// accounting.too_many, tenancy.not_found, accounting.entry_of_document, accounting.entry_of_settlement, accounting.already_reversed, and those of Post.
func (s *Service) Reverse(ctx context.Context, in []Reversal) ([]Entry, error) {
	return tenancy.Act(ctx, s.db, PermReverse, func(ctx context.Context, tx *tenancy.Tx) ([]Entry, error) {
		const op = "accounting.Reverse"
		ids, err := checkReversals(op, in)
		if err != nil {
			return nil, err
		}
		var found reversible
		set, err := s.setup(ctx, tx, op, func(b *tenancy.Batch) {
			found.load(b, ids)
			tenancy.Load(b, &found.items, tenancy.In("entry_id", ids), tenancy.ForUpdate())
		})
		if err != nil {
			return nil, err
		}
		found.index()
		p := newPlan(op, tx, set, len(in))
		settle := newSettlement(p, found.items)
		rows := make([]*Entry, len(in))
		for i := range in {
			where := fmt.Sprintf("reversal %d: ", i+1)
			if rows[i], err = found.reverse(where, &in[i], p, settle); err != nil {
				return nil, err
			}
		}
		b := tx.Batch()
		p.write(b)
		settle.write(b)
		return give(&answers[Entry]{rows: rows, replayed: make([]bool, len(rows))}, b.Run(ctx))
	})
}

func checkReversals(op string, in []Reversal) ([]uuid.UUID, error) {
	if err := checkBatch(op, "reversals", len(in)); err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(in))
	for i := range in {
		if err := checkInput(op, fmt.Sprintf("reversal %d: ", i+1), &in[i]); err != nil {
			return nil, err
		}
		ids[i] = in[i].EntryID
	}
	if ids = unique(ids); len(ids) != len(in) {
		return nil, ErrAlreadyReversed.New(op, "an entry stands in the batch twice")
	}
	return ids, nil
}

// reversible is what is known of the entries to be reversed.
type reversible struct {
	entries   []Entry
	reversals []Entry
	lines     []Line
	items     []OpenItem // locked
	given     []TaxEntry // tax that was given up with what was written off

	byID     map[uuid.UUID]*Entry
	reversed map[uuid.UUID]bool
	linesOf  map[uuid.UUID][]Line
	itemOf   map[lineKey]*OpenItem
}

type lineKey struct {
	entry uuid.UUID
	line  int64
}

// load reads what was booked; the items are locked by whoever reverses.
func (r *reversible) load(b *tenancy.Batch, ids []uuid.UUID) {
	if len(ids) == 0 {
		return
	}
	tenancy.Load(b, &r.entries, tenancy.In("id", ids))
	tenancy.Load(b, &r.reversals, tenancy.In("reverses_id", ids))
	tenancy.Load(b, &r.lines, tenancy.In("entry_id", ids), tenancy.OrderBy("entry_id", "line_no"))
}

func (r *reversible) index() {
	r.byID, r.reversed = map[uuid.UUID]*Entry{}, map[uuid.UUID]bool{}
	r.linesOf, r.itemOf = map[uuid.UUID][]Line{}, map[lineKey]*OpenItem{}
	for i := range r.entries {
		r.byID[r.entries[i].ID] = &r.entries[i]
	}
	for i := range r.reversals {
		r.reversed[r.reversals[i].ReversesID] = true
	}
	for i := range r.lines {
		r.linesOf[r.lines[i].EntryID] = append(r.linesOf[r.lines[i].EntryID], r.lines[i])
	}
	for i := range r.items {
		r.itemOf[lineKey{r.items[i].EntryID, r.items[i].LineNo}] = &r.items[i]
	}
}

// reverse plans one reversal.
func (r *reversible) reverse(where string, in *Reversal, p *plan, settle *settlement) (*Entry, error) {
	there := r.byID[in.EntryID]
	switch {
	case there == nil:
		return nil, tenancy.ErrNotFound.New(p.op, "%sthere is no such entry", where)
	case there.Kind == KindWriteOff || there.Kind == KindDiscount || there.Kind == KindContra || there.SourceModel == allocationModel:
		return nil, ErrEntryOfSettlement.New(p.op, "%sthe entry belongs to a settlement: undo the allocation", where)
	case there.SourceModel != "":
		return nil, ErrEntryOfDocument.New(p.op, "%sthe entry books a document: correct the document", where)
	case r.reversed[there.ID]:
		return nil, ErrAlreadyReversed.New(p.op, "%sthe entry of %s is reversed already", where, there.EntryDate)
	case in.Date.Before(there.EntryDate):
		return nil, ErrBadInput.New(p.op, "%sDate is before the entry's own, %s", where, there.EntryDate)
	}
	e := reversalEntry(&reversalFact{Journal: p.set.journalCode(there.JournalID), Date: in.Date, Lines: r.linesOf[there.ID], Lock: in.LockException, Late: in.Late}).withDefaults()
	before := len(p.items)
	settle.exception = in.LockException
	entry, err := p.add(where, &e, booking{reverses: there.ID, reason: in.Reason, unbound: there.Kind.exchanges()})
	if err != nil {
		return nil, err
	}
	for _, fresh := range p.items[before:] {
		if old := r.itemOf[lineKey{there.ID, fresh.LineNo}]; old != nil {
			if err := settle.pairUp(where, fresh, old, in.Date); err != nil {
				return nil, err
			}
		}
	}
	return entry, nil
}
