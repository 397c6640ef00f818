package accounting

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// NewContra is the input of [Service.Contra]: what a party owes is set off against what it is owed.
type NewContra struct {
	// Reference is the idempotency key, as in [NewAllocation].
	Reference string `validate:"reference"`
	// ReceivableID is an open item of receivables above zero (an invoice), PayableID one of payables below zero (a bill) of the same party
	// and in the same currency.
	ReceivableID uuid.UUID `validate:"required"`
	PayableID    uuid.UUID `validate:"required"`
	// Date is the day that it counts for, not before either item's, nor before a day on which an allocation of theirs was undone.
	// Default today.
	Date date.Date
	// Amount is above zero, in the items' currency, and at most what is open of each.
	Amount money.Amount
	// Agreement is what the set-off rests on, such as a letter or a clause; kept beside the entry, at most 500 characters.
	Agreement string `validate:"required,text=500"`
	// LockException is as in [NewEntry].
	LockException string `validate:"text=500"`
}

// Contra sets receivables of parties off against payables of the same parties, all or none: by agreement or where the law lets one side
// declare it (BGB §§ 387 to 389, Code civil art. 1347). One entry takes the amount off both control accounts, and its two items settle the
// two that are named. It counts as payment of both: tax that waits for that becomes due. In a foreign currency the claim leaves at what it
// stood in the books at, and what the debt stood at otherwise is realised. The answer has the allocation of the receivable for each input;
// [Service.Unallocate] of it, or of that of the payable, takes the whole back. A contra whose reference was used before with the same
// content is given back with Replayed set.
//
// Permission: accounting.pay, and accounting.exception where a LockException is given. Errors: accounting.bad_input, accounting.too_many,
// accounting.unknown_item, accounting.wrong_currency, accounting.allocation_mismatch (different parties or currencies, or an item on the
// wrong side), accounting.over_allocated, accounting.tax_unsupported (prepayments), accounting.reference_taken, and those of Post;
// tenancy.duplicate when another transaction has just used the same reference (a retry is answered with the replay).
func (s *Service) Contra(ctx context.Context, in []NewContra) ([]Allocation, error) {
	return settleBatch(ctx, s, "accounting.Contra", "contra", in, (*settlement).contra)
}

func (n *NewContra) asked() asked {
	return asked{reference: n.Reference, amount: n.Amount, of: []uuid.UUID{n.ReceivableID, n.PayableID}}
}

// fingerprint is of a contra's figures and names.
func (n *NewContra) fingerprint(f *fingerprint) string {
	f.reset()
	f.text("contra")
	f.id(n.ReceivableID)
	f.id(n.PayableID)
	f.day(n.Date)
	f.amount(n.Amount)
	return f.sum()
}

// contra plans the entry and both allocations, and gives that of the claim; the other one came along with it.
func (s *settlement) contra(where string, in *NewContra) (*Allocation, error) {
	claim, debt, on := s.items[in.ReceivableID], s.items[in.PayableID], in.Date
	if on.IsZero() {
		on = s.tx.Today()
	}
	if claim == nil || debt == nil {
		return nil, ErrUnknownItem.New(s.op, "%sthere is no such open item", where)
	}
	if err := s.checkContra(where, claim, debt, in.Amount, on); err != nil {
		return nil, err
	}
	base := money.Zero(s.plan.set.books.Currency)
	var err error
	if base.Minor, err = share(claim.OpenBaseMinor, in.Amount.Minor, claim.OpenMinor); err != nil {
		return nil, err
	}
	s.exception = in.LockException
	e := contraEntry(&contraFact{PartyID: claim.PartyID, Claim: ByID(claim.AccountID), Debt: ByID(debt.AccountID), Date: on, Amount: in.Amount, Base: base,
		Lock: in.LockException}).withDefaults()
	before := len(s.plan.items)
	if _, err := s.plan.add(where, &e, booking{reason: in.Agreement}); err != nil {
		return nil, err
	}
	payable, receivable := s.plan.items[before], s.plan.items[before+1] // in the order of the entry's lines
	if err := s.pairAt(where, claim, receivable, in.Amount.Minor, on, receivable); err != nil {
		return nil, err
	}
	first := s.last()
	if err := s.pair(where, payable, debt, in.Amount.Minor, on); err != nil {
		return nil, err
	}
	s.last().WithID = first.ID
	return first, nil
}

// checkContra refuses items that are not set off against each other, or not on the day. Errors: accounting.wrong_currency,
// accounting.allocation_mismatch, accounting.over_allocated, accounting.tax_unsupported, accounting.bad_input, accounting.no_period,
// accounting.period_locked.
func (s *settlement) checkContra(where string, claim, debt *OpenItem, amount money.Amount, on date.Date) error {
	set, cur := s.plan.set, claim.Original.Currency
	switch first := later(claim.earliest(), debt.earliest()); {
	case set.byID[claim.AccountID].Control != ControlReceivable || claim.Original.Minor < 0:
		return ErrMismatch.New(s.op, "%sReceivableID: the item is no claim on receivables", where)
	case set.byID[debt.AccountID].Control != ControlPayable || debt.Original.Minor > 0:
		return ErrMismatch.New(s.op, "%sPayableID: the item is no debt on payables", where)
	case claim.PartyID != debt.PartyID:
		return ErrMismatch.New(s.op, "%sthe items are of different parties", where)
	case cur != debt.Original.Currency:
		return ErrMismatch.New(s.op, "%sthe items are in different currencies, %s and %s: exchange is no set-off, pay them", where, cur, debt.Original.Currency)
	case amount.Currency != cur:
		return ErrWrongCurrency.New(s.op, "%sAmount is not in the items' currency, %s", where, cur)
	case claim.Kind == KindPrepayment || debt.Kind == KindVendorPrepayment:
		return ErrTaxUnsupported.New(s.op, "%sa prepayment is paid, or set off by its final document", where)
	case amount.Minor > claim.OpenMinor || amount.Minor > -debt.OpenMinor:
		return ErrOverAllocated.New(s.op, "%s%s would be set off, and %s of %s and %s of %s is open", where, amount, claim.Open(), claim.named(),
			money.Amount{Minor: -debt.OpenMinor, Currency: cur}, debt.named())
	case on.Before(first):
		return ErrBadInput.New(s.op, "%sDate is before that of an item, or until then it was settled: %s", where, first)
	}
	return set.settleable(s.op, where, on)
}
