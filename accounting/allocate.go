package accounting

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Allocate sets open debit items off against open credit items of the same party and control account, all or none: an
// invoice against a credit note, or against a payment that was left on account. Items in the base currency book nothing but tax
// that is due on payment. Items in a foreign currency that stand in the books at different worths leave a realised gain or loss,
// which is booked on the day that the allocation counts for. Two callers can never allocate the same open amount: the items are
// locked in the order of their ids.
//
// Permission: accounting.pay. Errors: accounting.bad_input, accounting.too_many, accounting.wrong_currency,
// accounting.amount_limit, accounting.unknown_item, accounting.over_allocated, accounting.allocation_mismatch,
// accounting.no_period, accounting.period_soft_locked and accounting.exception_forbidden (where a difference is booked),
// accounting.period_locked (open items as of a day in a locked period do not change any more).
func (s *Service) Allocate(ctx context.Context, in []NewAllocation) ([]Allocation, error) {
	return tenancy.Act(ctx, s.db, PermPay, func(ctx context.Context, tx *tenancy.Tx) ([]Allocation, error) {
		const op = "accounting.Allocate"
		if err := checkBatch(op, "allocations", len(in)); err != nil {
			return nil, err
		}
		ids := make([]uuid.UUID, 0, 2*len(in))
		for i := range in {
			ids = append(ids, in[i].DebitID, in[i].CreditID)
		}
		var locked []OpenItem
		set, err := s.setup(ctx, tx, op, func(b *tenancy.Batch) { lockItems(b, &locked, unique(ids)) })
		if err != nil {
			return nil, err
		}
		settle := newSettlement(newPlan(op, tx, set, 0), locked)
		for i := range in {
			if err := settle.allocate(fmt.Sprintf("allocation %d: ", i+1), set, &in[i]); err != nil {
				return nil, err
			}
		}
		if err := settle.releaseTax(ctx, settle.plan, nil); err != nil {
			return nil, err
		}
		return settle.run(ctx)
	})
}

func (s *settlement) allocate(where string, set *setup, in *NewAllocation) error {
	if err := checkInput(s.op, where, in); err != nil {
		return err
	}
	if err := checkAmount(s.op, where, in.Amount); err != nil {
		return err
	}
	debit, credit := s.items[in.DebitID], s.items[in.CreditID]
	if debit == nil || credit == nil {
		return ErrUnknownItem.New(s.op, "%sthere is no such open item", where)
	}
	if in.Amount.Currency != debit.Original.Currency {
		return ErrWrongCurrency.New(s.op, "%sthe amount is not in the item's currency, %s", where, debit.Original.Currency)
	}
	on := in.Date
	if on.IsZero() {
		on = s.tx.Today()
	}
	if on.Before(debit.ItemDate) || on.Before(credit.ItemDate) {
		return ErrBadInput.New(s.op, "%sDate is before that of an item", where)
	}
	p := set.periodOf(on)
	switch {
	case p == nil:
		return ErrNoPeriod.New(s.op, "%s%s lies in no period of the books", where, on)
	case p.State == PeriodLocked:
		return ErrPeriodLocked.New(s.op, "%speriod %s is locked", where, p.Name)
	}
	s.exception = in.LockException
	return s.pair(where, debit, credit, in.Amount.Minor, on)
}

// Allocations lists what an open item was set off against, oldest first.
//
// Permission: accounting.read.
func (s *Service) Allocations(ctx context.Context, itemID uuid.UUID) ([]Allocation, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Allocation, error) {
		var debits, credits []Allocation
		b := tx.Batch()
		tenancy.Load(b, &debits, tenancy.Eq("debit_id", itemID))
		tenancy.Load(b, &credits, tenancy.Eq("credit_id", itemID))
		if err := b.Run(ctx); err != nil {
			return nil, err
		}
		all := append(debits, credits...)
		slices.SortFunc(all, func(a, b Allocation) int { return slices.Compare(a.ID[:], b.ID[:]) })
		return all, nil
	})
}
