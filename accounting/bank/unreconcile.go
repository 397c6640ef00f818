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
	// TakeBack takes back, on Date, what Reconcile had booked for the line: entries on accounts (fees, interest), payments with whatever
	// was settled by them since, and what was set off. Open items and the bank's account are then as if the line had never been
	// reconciled. Without it these stay, and the payment can be what another line is.
	TakeBack bool
	// Date is the day that it counts for, not before that of what is taken back. Default today.
	Date date.Date
	// LockException is as in [accounting.NewEntry].
	LockException string `validate:"text,max=500"`
}

// Undone is what became of one [Undo].
type Undone struct {
	// Reconciliation is no longer in force. Its Matches are the journal lines that it tied to the line: those of Kept stand in the ledger
	// as they were, and wait to be reconciled again.
	Reconciliation Reconciliation
	// Reversals are the entries that take back the entries and payments that Reconcile had booked.
	Reversals []accounting.Entry
	// Unallocated undo what Reconcile had set off.
	Unallocated []accounting.Allocation
	// Kept are the journal lines that stay booked: what the books had before, and what was not taken back.
	Kept []Match
	// Replayed says that it had been undone before, and nothing was written now.
	Replayed bool
}

// Unreconcile unties lines from what they were reconciled with, all or none. What it undoes is the tie, and, where asked, what Reconcile had
// booked. What it leaves is said in Kept: always what the books had before. What is undone already is given back with Replayed set.
//
// Permission: bank.reconcile, and accounting.exception where a LockException is given. Errors: bank.bad_input, bank.too_many,
// tenancy.not_found, and those of [accounting.Service.Reverse], [accounting.Service.ReversePayments] and [accounting.Service.Unallocate].
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

	found     map[uuid.UUID]*Reconciliation       // locked
	reversals map[uuid.UUID]accounting.Entry      // made before, by the entry that they reverse
	setOffs   map[uuid.UUID][]Settlement          // by reconciliation
	made      map[uuid.UUID]accounting.Allocation // what was set off
	before    map[uuid.UUID]accounting.Allocation // undone before, by what they undo
	undone    []*Reconciliation
	matches   []*Match
	reasons   []*ReconciliationText
	reverse   []accounting.Reversal
	of        []int // of which input
	payments  []accounting.PaymentReversal
	paidOf    []int
	unsettle  []accounting.Unallocation
	setOffOf  []int
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
			if r.Matches[i].Origin != Existing {
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
	return w.readSettlements(ctx, ids)
}

// readSettlements reads what was set off for the lines, and what of it is undone.
func (w *undoing) readSettlements(ctx context.Context, ids []uuid.UUID) error {
	w.setOffs, w.made, w.before = map[uuid.UUID][]Settlement{}, map[uuid.UUID]accounting.Allocation{}, map[uuid.UUID]accounting.Allocation{}
	var settlements []Settlement
	b := w.tx.Batch()
	tenancy.Load(b, &settlements, tenancy.In("reconciliation_id", ids), tenancy.OrderBy("reconciliation_id", "allocation_id"))
	if err := b.Run(ctx); err != nil || len(settlements) == 0 {
		return err
	}
	of := make([]uuid.UUID, len(settlements))
	for i, x := range settlements {
		w.setOffs[x.ReconciliationID] = append(w.setOffs[x.ReconciliationID], x)
		of[i] = x.AllocationID
	}
	of = uniqueIDs(of)
	var made, undone []accounting.Allocation
	tenancy.Load(b, &made, tenancy.In("id", of))
	tenancy.Load(b, &undone, tenancy.In("undoes_id", of))
	err := b.Run(ctx)
	for i := range made {
		w.made[made[i].ID] = made[i]
	}
	for i := range undone {
		w.before[undone[i].UndoesID] = undone[i]
	}
	return err
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
		case m.Origin != Existing && reversed:
			if first {
				out.Reversals = append(out.Reversals, before)
			}
		case m.Origin != Existing && in.TakeBack && !out.Replayed:
			if first {
				w.takeBack(i, m)
			}
		default:
			out.Kept = append(out.Kept, *m)
		}
		seen[m.EntryID] = true
	}
	for _, x := range w.setOffs[r.ID] {
		if before, undone := w.before[x.AllocationID]; undone {
			out.Unallocated = append(out.Unallocated, before)
		} else if in.TakeBack && !out.Replayed {
			w.unallocate(i, x.AllocationID)
		}
	}
	out.Reconciliation = *r
	return nil
}

// on is the day that what input i takes back counts for.
func (w *undoing) on(i int) date.Date {
	if w.in[i].Date.IsZero() {
		return w.tx.Today()
	}
	return w.in[i].Date
}

// takeBack has an entry or a payment reversed.
func (w *undoing) takeBack(i int, m *Match) {
	in := &w.in[i]
	if m.Origin == FromPayment {
		w.payments = append(w.payments, accounting.PaymentReversal{PaymentID: m.PaymentID, Date: w.on(i), Reason: in.Reason, LockException: in.LockException})
		w.paidOf = append(w.paidOf, i)
		return
	}
	w.reverse = append(w.reverse, accounting.Reversal{EntryID: m.EntryID, Date: w.on(i), Reason: in.Reason, LockException: in.LockException})
	w.of = append(w.of, i)
}

// unallocate has an allocation undone, on the day that it counts for where that is later.
func (w *undoing) unallocate(i int, allocation uuid.UUID) {
	in, on := &w.in[i], w.on(i)
	if first := w.made[allocation].AllocatedOn; on.Before(first) {
		on = first
	}
	w.unsettle = append(w.unsettle, accounting.Unallocation{AllocationID: allocation, Date: on, Reason: in.Reason, LockException: in.LockException})
	w.setOffOf = append(w.setOffOf, i)
}

func (w *undoing) write(ctx context.Context) error {
	if len(w.unsettle) > 0 {
		undone, err := w.s.books.Unallocate(ctx, w.unsettle)
		if err != nil {
			return err
		}
		for n := range undone {
			out := &w.out[w.setOffOf[n]]
			out.Unallocated = append(out.Unallocated, undone[n])
		}
	}
	if len(w.payments) > 0 {
		entries, err := w.s.books.ReversePayments(ctx, w.payments)
		if err != nil {
			return err
		}
		for n := range entries {
			out := &w.out[w.paidOf[n]]
			out.Reversals = append(out.Reversals, entries[n])
		}
	}
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
