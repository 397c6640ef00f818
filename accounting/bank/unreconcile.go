package bank

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Undo is the input of [Service.Unreconcile].
type Undo struct {
	LineID uuid.UUID `validate:"required"`
	// Reason is needed and kept, at most 500 characters.
	Reason string `validate:"required,text,max=500"`
	// ReverseEntries takes back the entries that Reconcile posted to accounts (fees, interest), on Date. Payments and allocations stay
	// whatever it says: accounting takes neither back.
	ReverseEntries bool
	// Date is the day that the reversals count for, not before the entries' own. Default today.
	Date date.Date
	// LockException is as in [accounting.NewEntry].
	LockException string `validate:"text,max=500"`
}

// Undone is what became of one [Undo].
type Undone struct {
	// Reconciliation is no longer in force. Its Matches are the journal lines that it tied to the line: those of Kept stand in the ledger
	// as they were, and wait to be reconciled again.
	Reconciliation Reconciliation
	// Reversals are the entries that take back what Reconcile had posted.
	Reversals []accounting.Entry
	// Kept are the journal lines that stay booked: payments, what the books had before, and entries that were not reversed.
	Kept []Match
}

// Unreconcile unties lines from what they were reconciled with, all or none. What it undoes is the tie, and, where asked, the entries that
// Reconcile posted. What it leaves is said in Kept: payments with their allocations, and all that the books had before.
//
// Permission: bank.reconcile, and accounting.exception where a LockException is given. Errors: bank.bad_input, bank.too_many,
// tenancy.not_found, bank.not_reconciled, and those of [accounting.Service.Reverse].
func (s *Service) Unreconcile(ctx context.Context, in []Undo) ([]Undone, error) {
	return tenancy.Act(ctx, s.db, PermReconcile, func(ctx context.Context, tx *tenancy.Tx) ([]Undone, error) {
		w := &undoing{op: "bank.Unreconcile", s: s, tx: tx, in: in, out: make([]Undone, len(in))}
		if err := w.check(); err != nil || len(in) == 0 {
			return nil, err
		}
		if err := w.read(ctx); err != nil {
			return nil, err
		}
		for i := range in {
			if err := w.plan(i); err != nil {
				return nil, err
			}
		}
		return w.out, w.write(ctx)
	})
}

// undoing is one call of Unreconcile.
type undoing struct {
	op  string
	s   *Service
	tx  *tenancy.Tx
	in  []Undo
	out []Undone

	lines   map[uuid.UUID]*Line
	found   map[uuid.UUID]*Reconciliation // by line
	undone  []*Reconciliation
	matches []*Match
	reasons []*ReconciliationText
	reverse []accounting.Reversal
	of      []int // of which input
}

func (w *undoing) check() error {
	if len(w.in) > MaxReconciliations {
		return ErrTooMany.New(w.op, "%d lines in one call; the limit is %d", len(w.in), MaxReconciliations)
	}
	seen := map[uuid.UUID]bool{}
	for i := range w.in {
		if err := checkTags(w.op, fmt.Sprintf("line %d", i+1), &w.in[i]); err != nil {
			return err
		}
		if seen[w.in[i].LineID] {
			return ErrBadInput.New(w.op, "line %d: it stands in the batch twice", i+1)
		}
		seen[w.in[i].LineID] = true
	}
	return nil
}

func (w *undoing) read(ctx context.Context) error {
	ids := make([]uuid.UUID, len(w.in))
	for i := range w.in {
		ids[i] = w.in[i].LineID
	}
	ids = uniqueIDs(ids)
	var locked []Line
	var found []Reconciliation
	b := w.tx.Batch()
	tenancy.Load(b, &locked, tenancy.In("id", ids), tenancy.ForUpdate())
	tenancy.Load(b, &found, tenancy.In("line_id", ids), tenancy.Eq("active", true))
	if err := b.Run(ctx); err != nil {
		return err
	}
	w.lines = byID(locked, func(l *Line) uuid.UUID { return l.ID })
	w.found = byID(found, func(r *Reconciliation) uuid.UUID { return r.LineID })
	for i := range found {
		ids[i] = found[i].ID
	}
	matches, err := matchesOf(ctx, w.tx, ids[:len(found)])
	for _, r := range w.found {
		r.Matches = matches[r.ID]
	}
	return err
}

func (w *undoing) plan(i int) error {
	in := &w.in[i]
	r := w.found[in.LineID]
	switch {
	case w.lines[in.LineID] == nil:
		return tenancy.ErrNotFound.New(w.op, "line %d: there is no such line of a statement", i+1)
	case r == nil:
		return ErrNotReconciled.New(w.op, "line %d: it is not reconciled", i+1)
	}
	r.Active, r.UndoneAt = false, w.tx.Now()
	w.undone = append(w.undone, r)
	w.reasons = append(w.reasons, &ReconciliationText{ReconciliationID: r.ID, Reason: in.Reason})
	reversed := map[uuid.UUID]bool{}
	for n := range r.Matches {
		m := &r.Matches[n]
		m.Active = false
		w.matches = append(w.matches, m)
		if m.Origin != FromEntry || !in.ReverseEntries {
			w.out[i].Kept = append(w.out[i].Kept, *m)
			continue
		}
		if !reversed[m.EntryID] {
			reversed[m.EntryID] = true
			on := in.Date
			if on.IsZero() {
				on = w.tx.Today()
			}
			w.reverse, w.of = append(w.reverse, accounting.Reversal{EntryID: m.EntryID, Date: on, Reason: in.Reason, LockException: in.LockException}), append(w.of, i)
		}
	}
	w.out[i].Reconciliation = *r
	return nil
}

func (w *undoing) write(ctx context.Context) error {
	if len(w.reverse) > 0 {
		entries, err := w.s.books.Reverse(ctx, w.reverse)
		if err != nil {
			return err
		}
		for n := range entries {
			out := &w.out[w.of[n]]
			out.Reversals = append(out.Reversals, entries[n])
		}
	}
	b := w.tx.Batch()
	tenancy.Set(b, w.undone, "active", "undone_at")
	tenancy.Set(b, w.matches, "active")
	tenancy.Put(b, w.reasons)
	return b.Run(ctx)
}
