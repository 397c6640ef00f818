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
	// ReconciliationID is what is undone. It names this one and not the line, so that a retry does not undo what somebody has made of the
	// line since.
	ReconciliationID uuid.UUID `validate:"required"`
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
	// Kept are the journal lines that stay booked: payments, what the books had before, and entries that are not reversed.
	Kept []Match
	// Replayed says that it had been undone before, and nothing was written now.
	Replayed bool
}

// Unreconcile unties lines from what they were reconciled with, all or none. What it undoes is the tie, and, where asked, the entries that
// Reconcile posted. What it leaves is said in Kept: payments with their allocations, and all that the books had before. What is undone
// already is given back with Replayed set.
//
// Permission: bank.reconcile, and accounting.exception where a LockException is given. Errors: bank.bad_input, bank.too_many,
// tenancy.not_found, and those of [accounting.Service.Reverse].
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

	found     map[uuid.UUID]*Reconciliation  // locked
	reversals map[uuid.UUID]accounting.Entry // made before, by the entry that they reverse
	undone    []*Reconciliation
	matches   []*Match
	reasons   []*ReconciliationText
	reverse   []accounting.Reversal
	of        []int // of which input
}

func (w *undoing) check() error {
	if len(w.in) > MaxReconciliations {
		return ErrTooMany.New(w.op, "%d reconciliations in one call; the limit is %d", len(w.in), MaxReconciliations)
	}
	seen := map[uuid.UUID]bool{}
	for i := range w.in {
		if err := checkTags(w.op, fmt.Sprintf("reconciliation %d", i+1), &w.in[i]); err != nil {
			return err
		}
		if seen[w.in[i].ReconciliationID] {
			return ErrBadInput.New(w.op, "reconciliation %d: it stands in the batch twice", i+1)
		}
		seen[w.in[i].ReconciliationID] = true
	}
	return nil
}

// read locks the reconciliations in the order of their ids, and reads what they matched.
func (w *undoing) read(ctx context.Context) error {
	ids := make([]uuid.UUID, len(w.in))
	for i := range w.in {
		ids[i] = w.in[i].ReconciliationID
	}
	ids = uniqueIDs(ids)
	var locked []Reconciliation
	b := w.tx.Batch()
	tenancy.Load(b, &locked, tenancy.In("id", ids), tenancy.ForUpdate())
	if err := b.Run(ctx); err != nil {
		return err
	}
	w.found = byID(locked, func(r *Reconciliation) uuid.UUID { return r.ID })
	matches, err := matchesOf(ctx, w.tx, ids)
	if err != nil {
		return err
	}
	var posted []uuid.UUID
	for _, r := range w.found {
		r.Matches = matches[r.ID]
		for i := range r.Matches {
			if r.Matches[i].Origin == FromEntry {
				posted = append(posted, r.Matches[i].EntryID)
			}
		}
	}
	var reversals []accounting.Entry
	tenancy.Load(b, &reversals, tenancy.In("reverses_id", uniqueIDs(posted)))
	if err := b.Run(ctx); err != nil {
		return err
	}
	w.reversals = map[uuid.UUID]accounting.Entry{}
	for _, e := range reversals {
		w.reversals[e.ReversesID] = e
	}
	return nil
}

// plan unties one. What is reversed already, by an earlier call or by a bookkeeper, is not reversed again.
func (w *undoing) plan(i int) error {
	in, out := &w.in[i], &w.out[i]
	r := w.found[in.ReconciliationID]
	if r == nil {
		return tenancy.ErrNotFound.New(w.op, "reconciliation %d: there is none such", i+1)
	}
	out.Replayed = !r.Active
	if r.Active {
		r.Active, r.UndoneAt = false, w.tx.Now()
		w.undone = append(w.undone, r)
		w.reasons = append(w.reasons, &ReconciliationText{ReconciliationID: r.ID, Reason: in.Reason})
	}
	seen := map[uuid.UUID]bool{}
	for n := range r.Matches {
		m := &r.Matches[n]
		if m.Active {
			m.Active = false
			w.matches = append(w.matches, m)
		}
		before, reversed := w.reversals[m.EntryID]
		switch first := !seen[m.EntryID]; {
		case m.Origin == FromEntry && reversed:
			if first {
				out.Reversals = append(out.Reversals, before)
			}
		case m.Origin == FromEntry && in.ReverseEntries && !out.Replayed:
			if first {
				w.takeBack(i, m.EntryID)
			}
		default:
			out.Kept = append(out.Kept, *m)
		}
		seen[m.EntryID] = true
	}
	out.Reconciliation = *r
	return nil
}

// takeBack has an entry reversed.
func (w *undoing) takeBack(i int, entry uuid.UUID) {
	in := &w.in[i]
	on := in.Date
	if on.IsZero() {
		on = w.tx.Today()
	}
	w.reverse = append(w.reverse, accounting.Reversal{EntryID: entry, Date: on, Reason: in.Reason, LockException: in.LockException})
	w.of = append(w.of, i)
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
