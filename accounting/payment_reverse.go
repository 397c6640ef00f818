package accounting

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// PaymentReversal is the input of [Service.ReversePayments]: a payment that did not come about after all, or was booked wrongly.
type PaymentReversal struct {
	PaymentID uuid.UUID `validate:"required"`
	// Reference is the idempotency key, as in [NewEntry].
	Reference string `validate:"reference"`
	// Date is the day on which the money went back, not before the payment's own.
	Date date.Date `validate:"day"`
	// Reason is required and kept beside the reversal, at most 500 characters: "returned direct debit, AC04".
	Reason string `validate:"required,text=500"`
	// LockException and Late are as in [NewEntry].
	LockException string     `validate:"text=500"`
	Late          LatePolicy `validate:"omitempty,oneof=refuse first_open"`
}

// ReversePayments takes payments back, all or none: a cheque that bounced, a direct debit that was returned, a payment booked for the wrong
// party. The payment's allocations are undone as [Service.Unallocate] does it, whoever made them, so that what it paid is open again; its
// entry is booked again with every line on the other side, at the worth that it was booked at; and its own item is set off against that
// of the reversal. An allocation that counts for a later day than Date is undone on its own day. The answer is the reversals' entries;
// the payment stays as it was, with its reversal beside it ([Service.PaymentReversals]). What the bank charges for it is an entry of its
// own. Money that is paid back is no reversal but a payment the other way.
//
// A reversal whose reference was used before with the same content is given back with Replayed set.
//
// Permission: accounting.pay, and accounting.exception where a LockException is given. Errors: accounting.bad_input, accounting.too_many,
// tenancy.not_found, accounting.already_reversed, accounting.no_period, accounting.period_locked, accounting.period_soft_locked,
// accounting.no_open_period, accounting.exception_forbidden, accounting.account_inactive, accounting.reference_taken; tenancy.duplicate
// when another transaction has just taken the same payment back (a retry is answered).
func (s *Service) ReversePayments(ctx context.Context, in []PaymentReversal) ([]Entry, error) {
	return tenancy.Act(ctx, s.db, PermPay, func(ctx context.Context, tx *tenancy.Tx) ([]Entry, error) {
		const op = "accounting.ReversePayments"
		w := &paymentsBack{undoing: newUndoing(op, tx), in: in, replays: newReplays[Entry](op, "reversal", len(in)), payments: map[uuid.UUID]*Payment{}, of: map[uuid.UUID][]*Allocation{}}
		if err := w.check(); err != nil || len(in) == 0 {
			return nil, err
		}
		if err := w.read(ctx, s); err != nil {
			return nil, err
		}
		out, err := w.replays.run(w.takeBack)
		if err != nil {
			return nil, err
		}
		return give(out, w.write(ctx))
	})
}

// paymentsBack is one call of ReversePayments.
type paymentsBack struct {
	*undoing
	in       []PaymentReversal
	replays  *replays[Entry, *Entry]
	payments map[uuid.UUID]*Payment
	of       map[uuid.UUID][]*Allocation // by payment
}

func (w *paymentsBack) check() error {
	if err := checkBatch(w.op, "reversals", len(w.in)); err != nil {
		return err
	}
	var hash fingerprint
	for i := range w.in {
		if err := checkInput(w.op, fmt.Sprintf("reversal %d: ", i+1), &w.in[i]); err != nil {
			return err
		}
		hash.reset()
		hash.text("take back")
		hash.id(w.in[i].PaymentID)
		hash.day(w.in[i].Date)
		w.replays.expect(w.in[i].Reference, hash.sum())
	}
	return nil
}

// read locks the payments' items and those that they settle, and reads what is taken back. What a rival allocates in between is found once
// the payments' own items are locked.
func (w *paymentsBack) read(ctx context.Context, s *Service) error {
	ids := make([]uuid.UUID, len(w.in))
	for i := range w.in {
		ids[i] = w.in[i].PaymentID
	}
	ids = unique(ids)
	var payments []Payment
	set, err := s.setup(ctx, w.tx, w.op, func(b *tenancy.Batch) { tenancy.Load(b, &payments, tenancy.In("id", ids)) })
	if err != nil {
		return err
	}
	var entries []uuid.UUID
	for i := range payments {
		w.payments[payments[i].ID] = &payments[i]
		entries = append(entries, payments[i].EntryID)
	}
	for locked := false; ; locked = true {
		known := len(w.known)
		var debits, credits []Allocation
		b := w.tx.Batch()
		tenancy.Load(b, &debits, tenancy.In("debit_id", ids))
		tenancy.Load(b, &credits, tenancy.In("credit_id", ids))
		if err := b.Run(ctx); err != nil {
			return err
		}
		w.know(debits)
		w.know(credits)
		if locked && len(w.known) == known {
			break
		}
		if err := w.gather(ctx, set, ids, entries, w.replays.load); err != nil {
			return err
		}
	}
	for _, id := range w.order {
		a := w.known[id]
		for _, item := range []uuid.UUID{a.DebitID, a.CreditID} {
			if w.payments[item] != nil {
				w.of[item] = append(w.of[item], a)
			}
		}
	}
	return nil
}

// takeBack plans reversal i: the entry first, since it says for which day a late one counts.
func (w *paymentsBack) takeBack(i int) (*Entry, error) {
	in, where := &w.in[i], fmt.Sprintf("reversal %d: ", i+1)
	p := w.payments[in.PaymentID]
	if p == nil {
		return nil, tenancy.ErrNotFound.New(w.op, "%sthere is no such payment", where)
	}
	there := w.found.byID[p.EntryID]
	switch {
	case w.found.reversed[there.ID]:
		return nil, ErrAlreadyReversed.New(w.op, "%sthe payment of %s is taken back already", where, p.PaymentDate)
	case in.Date.Before(there.EntryDate):
		return nil, ErrBadInput.New(w.op, "%sDate is before the payment's own, %s", where, there.EntryDate)
	}
	w.found.reversed[there.ID] = true
	e := settlementReversal(&reversalFact{Journal: w.plan.set.journalCode(there.JournalID), Date: in.Date, Lines: w.found.linesOf[there.ID], Lock: in.LockException, Late: in.Late},
		there, Source{there.SourceModel, there.SourceID}).withDefaults()
	e.Reference = in.Reference
	entry, err := w.plan.add(where, &e, booking{reverses: there.ID, reason: in.Reason, print: w.replays.prints[i]})
	if err != nil {
		return nil, err
	}
	fresh := w.plan.items[len(w.plan.items)-1]
	for _, a := range w.of[p.ID] {
		if w.undone[a.ID] {
			continue
		}
		if _, err := w.undo(where, a, takeBack{later(entry.EntryDate, a.AllocatedOn), in.Reason, in.LockException}); err != nil {
			return nil, err
		}
	}
	w.settle.exception = in.LockException
	return entry, w.settle.pairUp(where, fresh, w.settle.items[p.ID], entry.EntryDate)
}

// PaymentReversals tells which of the payments, at most 1,000, were taken back, and by which entries.
//
// Permission: accounting.read. Errors: accounting.too_many.
func (s *Service) PaymentReversals(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]Entry, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (map[uuid.UUID]Entry, error) {
		out := map[uuid.UUID]Entry{}
		if err := checkBatch("accounting.PaymentReversals", "ids", len(ids)); err != nil || len(ids) == 0 {
			return out, err
		}
		payments, err := tenancy.Find[Payment](ctx, tx, tenancy.In("id", unique(slices.Clone(ids))))
		if err != nil || len(payments) == 0 {
			return out, err
		}
		of := make(map[uuid.UUID]uuid.UUID, len(payments)) // by entry
		entries := make([]uuid.UUID, len(payments))
		for i := range payments {
			of[payments[i].EntryID], entries[i] = payments[i].ID, payments[i].EntryID
		}
		reversals, err := tenancy.Find[Entry](ctx, tx, tenancy.In("reverses_id", unique(entries)))
		for i := range reversals {
			out[of[reversals[i].ReversesID]] = reversals[i]
		}
		return out, err
	})
}
