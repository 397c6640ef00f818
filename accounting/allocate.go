package accounting

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Allocate sets open debit items off against open credit items of the same party and control account, all or none: an
// invoice against a credit note, or against a payment that was left on account. Items in the base currency book nothing but tax
// that is due on payment. Items in a foreign currency that stand in the books at different worths leave a realised gain or loss,
// which is booked on the day that the allocation counts for; where a prepayment is one of them, it is a part of the advance and of its tax. Two callers can never allocate the same open amount: the items are
// locked in the order of their ids. An allocation whose reference was used before with the same content is given back with Replayed set.
//
// Permission: accounting.pay. Errors: accounting.bad_input, accounting.too_many, accounting.wrong_currency,
// accounting.amount_limit, accounting.no_rate (of the day on which a prepayment in a foreign currency was paid), accounting.unknown_item, accounting.over_allocated, accounting.allocation_mismatch,
// accounting.no_period, accounting.period_soft_locked and accounting.exception_forbidden (where a difference is booked),
// accounting.period_locked (open items as of a day in a locked period do not change any more), accounting.reference_taken;
// tenancy.duplicate when another transaction has just used the same reference (a retry is answered with the replay).
func (s *Service) Allocate(ctx context.Context, in []NewAllocation) ([]Allocation, error) {
	return settleBatch(ctx, s, "accounting.Allocate", "allocation", in, (*settlement).allocate)
}

// asked is what an input says that settles open items: of what, and how much.
type asked struct {
	reference  string
	amount     money.Amount
	all        bool // no amount stands for all that there is
	of         []uuid.UUID
	dimensions Dimensions
}

// settling is such an input.
type settling[T any] interface {
	*T
	asked() asked
	fingerprint(f *fingerprint) string
}

// opening checks a batch of such inputs and expects their references. It gives the ids of what they are of, and what they are analysed by.
func opening[T any, P settling[T]](tx *tenancy.Tx, op, noun, plural string, in []T, expect func(reference, hash string)) ([]uuid.UUID, *dimensionBook, error) {
	if err := checkBatch(op, plural, len(in)); err != nil {
		return nil, nil, err
	}
	ids, dims := make([]uuid.UUID, 0, 2*len(in)), newDimensionBook(op, tx)
	var hash fingerprint
	for i := range in {
		where := fmt.Sprintf("%s %d: ", noun, i+1)
		if err := checkInput(op, where, &in[i]); err != nil {
			return nil, nil, err
		}
		a, check := P(&in[i]).asked(), checkAmount
		if a.all {
			check = checkPart
		}
		if err := check(op, where, a.amount); err != nil {
			return nil, nil, err
		}
		ids = append(ids, a.of...)
		dims.want(a.dimensions)
		expect(a.reference, P(&in[i]).fingerprint(&hash))
	}
	return unique(ids), dims, nil
}

// settleBatch is the act of a batch of such inputs, all or none: it locks the items that they name, lets plan settle one after the other,
// and gives the allocation of each. One whose reference was used before is given back.
func settleBatch[T any, P settling[T]](ctx context.Context, s *Service, op, noun string, in []T, plan func(*settlement, string, P) (*Allocation, error)) ([]Allocation, error) {
	return tenancy.Act(ctx, s.db, PermPay, func(ctx context.Context, tx *tenancy.Tx) ([]Allocation, error) {
		replays := newReplays[Allocation](op, noun, len(in))
		ids, dims, err := opening[T, P](tx, op, noun, noun+"s", in, replays.expect)
		if err != nil {
			return nil, err
		}
		var locked []OpenItem
		set, err := s.setup(ctx, tx, op, func(b *tenancy.Batch) {
			lockItems(b, &locked, ids)
			replays.load(b)
			dims.load(b)
		})
		if err != nil {
			return nil, err
		}
		if err := dims.complete(ctx); err != nil {
			return nil, err
		}
		p := newPlan(op, tx, set, 0)
		p.dims = dims
		settle := newSettlement(p, locked)
		out, err := replays.run(func(i int) (*Allocation, error) {
			a, err := plan(settle, fmt.Sprintf("%s %d: ", noun, i+1), &in[i])
			if err != nil {
				return nil, err
			}
			a.Reference, a.Fingerprint = replays.references[i], replays.prints[i]
			return a, nil
		})
		if err != nil {
			return nil, settle.tellInstalments(ctx, err)
		}
		if err := settle.releaseTax(ctx, p, nil); err != nil {
			return nil, err
		}
		return give(out, settle.run(ctx))
	})
}

func (a *NewAllocation) asked() asked {
	return asked{reference: a.Reference, amount: a.Amount, of: []uuid.UUID{a.DebitID, a.CreditID}}
}

// fingerprint is of an allocation's figures and names. The word keeps it apart from the other acts that share its references.
func (a *NewAllocation) fingerprint(f *fingerprint) string {
	f.reset()
	f.text("allocate")
	f.id(a.DebitID)
	f.id(a.CreditID)
	f.day(a.Date)
	f.amount(a.Amount)
	return f.sum()
}

// allocate plans an allocation and gives it.
func (s *settlement) allocate(where string, in *NewAllocation) (*Allocation, error) {
	debit, credit := s.items[in.DebitID], s.items[in.CreditID]
	if debit == nil || credit == nil {
		return nil, ErrUnknownItem.New(s.op, "%sthere is no such open item", where)
	}
	if in.Amount.Currency != debit.Original.Currency {
		return nil, ErrWrongCurrency.New(s.op, "%sthe amount is not in the item's currency, %s", where, debit.Original.Currency)
	}
	on := in.Date
	if on.IsZero() {
		on = s.tx.Today()
	}
	if on.Before(debit.ItemDate) || on.Before(credit.ItemDate) {
		return nil, ErrBadInput.New(s.op, "%sDate is before that of an item", where)
	}
	if first := later(debit.ReopenedOn, credit.ReopenedOn); on.Before(first) {
		return nil, ErrBadInput.New(s.op, "%sDate is before %s, until when an item was settled", where, first)
	}
	if err := s.plan.set.settleable(s.op, where, on); err != nil {
		return nil, err
	}
	s.exception = in.LockException
	if err := s.pair(where, debit, credit, in.Amount.Minor, on); err != nil {
		return nil, err
	}
	return s.last(), nil
}

// settleable refuses a day in a locked period, whose open items do not change any more. Errors: accounting.no_period,
// accounting.period_locked.
func (set *setup) settleable(op, where string, on date.Date) error {
	p := set.periodOf(on)
	switch {
	case p == nil:
		return ErrNoPeriod.New(op, "%s%s lies in no period of the books", where, on)
	case p.State == PeriodLocked:
		return ErrPeriodLocked.New(op, "%speriod %s is locked", where, p.Name)
	}
	return nil
}

// Allocations lists what an open item was set off against, oldest first, and what undid it.
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
