package accounting

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Unallocation is the input of [Service.Unallocate]: an allocation that is taken back.
type Unallocation struct {
	AllocationID uuid.UUID `validate:"required"`
	// Reference is the idempotency key, as in [NewAllocation].
	Reference string `validate:"reference"`
	// Date is the day from which the items are open again, not before the day that the allocation counts for. Default today.
	Date date.Date
	// Reason is required and kept beside what undoes the allocation, at most 500 characters.
	Reason string `validate:"required,text=500"`
	// LockException is as in [NewEntry]: what the allocation had booked is reversed on Date.
	LockException string `validate:"text=500"`
}

// Unallocate undoes allocations, all or none: from a day on, what was settled is open again, in the items' currency and in base. Nothing is
// changed or deleted. What undoes an allocation is an allocation of the same items with the amounts below zero, and it is what is given
// back. What hung on it is reversed on the same day: a realised exchange difference, tax that had become due by it, a write-off (that it is
// itself, or that came along with it in one payment), an early-payment discount, with its tax and for all instalments, a contra, on both sides. Afterwards the
// items can be settled anew, from that day on.
//
// It leaves the payment or credit as it is, on account of the party; [Service.ReversePayments] takes the payment back as well. Other programs
// call it resetting a clearing, or removing a reconciliation. An unallocation whose reference was used before with the same content is
// given back with Replayed set.
//
// Permission: accounting.pay, and accounting.exception where a LockException is given. Errors: accounting.bad_input, accounting.too_many,
// tenancy.not_found, accounting.already_unallocated, accounting.of_reversal (it sets off an entry against its reversal),
// accounting.already_reversed (what it had booked), accounting.tax_unsupported (relief for a bad debt or its recovery; a prepayment that a
// final document sets off), accounting.no_period, accounting.period_locked, accounting.period_soft_locked,
// accounting.exception_forbidden, accounting.reference_taken; tenancy.duplicate when another transaction has just undone the same (a
// retry is answered).
func (s *Service) Unallocate(ctx context.Context, in []Unallocation) ([]Allocation, error) {
	return tenancy.Act(ctx, s.db, PermPay, func(ctx context.Context, tx *tenancy.Tx) ([]Allocation, error) {
		const op = "accounting.Unallocate"
		w, replays := newUndoing(op, tx), newReplays[Allocation](op, "unallocation", len(in))
		if err := w.expect(in, replays); err != nil || len(in) == 0 {
			return nil, err
		}
		var asked []Allocation
		set, err := s.setup(ctx, tx, op, func(b *tenancy.Batch) { tenancy.Load(b, &asked, tenancy.In("id", unique(keysOf(w.asked)))) })
		if err != nil {
			return nil, err
		}
		w.know(asked)
		undoing := map[uuid.UUID]bool{}
		for i := range asked {
			undoing[asked[i].ID] = asked[i].UndoesID != uuid.Nil
		}
		if err := w.gather(ctx, set, nil, nil, replays.load); err != nil {
			return nil, err
		}
		out, err := replays.run(func(i int) (*Allocation, error) {
			n, where := &in[i], fmt.Sprintf("unallocation %d: ", i+1)
			on := n.Date
			if on.IsZero() {
				on = tx.Today()
			}
			a := w.known[n.AllocationID]
			switch {
			case undoing[n.AllocationID]:
				return nil, ErrBadInput.New(op, "%sthe allocation undoes another: allocate anew", where)
			case a == nil:
				return nil, tenancy.ErrNotFound.New(op, "%sthere is no such allocation", where)
			case w.undone[a.ID]:
				return nil, ErrAlreadyUnallocated.New(op, "%sthe allocation of %s is undone already", where, a.AllocatedOn)
			}
			row, err := w.undo(where, a, takeBack{on, n.Reason, n.LockException})
			if err == nil {
				row.Reference, row.Fingerprint = n.Reference, replays.prints[i]
			}
			return row, err
		})
		if err != nil {
			return nil, err
		}
		return give(out, w.write(ctx))
	})
}

// expect checks a batch of unallocations.
func (w *undoing) expect(in []Unallocation, replays *replays[Allocation, *Allocation]) error {
	if err := checkBatch(w.op, "unallocations", len(in)); err != nil {
		return err
	}
	var hash fingerprint
	for i := range in {
		where := fmt.Sprintf("unallocation %d: ", i+1)
		if err := checkInput(w.op, where, &in[i]); err != nil {
			return err
		}
		if w.asked[in[i].AllocationID] && in[i].Reference == "" {
			return ErrAlreadyUnallocated.New(w.op, "%sthe allocation stands in the batch twice", where)
		}
		w.asked[in[i].AllocationID] = true
		hash.reset()
		hash.text("unallocate")
		hash.id(in[i].AllocationID)
		hash.day(in[i].Date)
		replays.expect(in[i].Reference, hash.sum())
	}
	return nil
}

// keysOf are the keys of a set.
func keysOf(set map[uuid.UUID]bool) []uuid.UUID {
	out := make([]uuid.UUID, 0, len(set))
	for id := range set {
		out = append(out, id)
	}
	return out
}
