package accounting

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// writeOffModel is the source of tax that waited for the payment of what was written off; the id is that of the write-off's entry.
const writeOffModel = "erp.write_offs"

// NewWriteOff is the input of [Service.WriteOff]: all or part of an open item that nobody will claim.
type NewWriteOff struct {
	// Reference is the idempotency key, as in [NewAllocation].
	Reference string `validate:"reference"`
	// ItemID is the open item: for a document its id.
	ItemID uuid.UUID `validate:"required"`
	// Date is the day that it counts for, not before the item's. Default today.
	Date date.Date
	PaymentWriteOff
	// LockException is as in [NewEntry].
	LockException string `validate:"text=500"`
}

// WriteOff gives up open items, all or in part, all of the batch or none: the party's side is booked to the stated account, and the
// new item of it settles the old one. Each has a reason, and none is larger than the books' limit (see [Service.UpdateBooks]).
// The answer has one allocation per input; [Service.Unallocate] takes it back. A write-off whose reference was used before with the same
// content is given back with Replayed set. Tax that waited for the payment of what is written off is never due: it is taken off where it
// waits, and the loss is less by it. Tax that is declared stays so, whatever account takes the rest: [Service.RelieveBadDebts] takes it back of
// a bad debt, and a discount that is allowed is booked by [Service.TakeDiscount] or, after its last day, by a credit note.
//
// Permission: accounting.pay, and accounting.exception where a LockException is given. Errors: accounting.bad_input,
// accounting.too_many, accounting.unknown_item, accounting.over_allocated, accounting.write_off_limit, accounting.wrong_currency,
// accounting.control_account (of the account that takes it), accounting.tax_unsupported (a prepayment, or an advance that tax is
// declared of), accounting.reference_taken, and those of Post.
func (s *Service) WriteOff(ctx context.Context, in []NewWriteOff) ([]Allocation, error) {
	return settleBatch(ctx, s, "accounting.WriteOff", "write-off", in, (*settlement).giveUp)
}

func (n *NewWriteOff) asked() asked {
	return asked{reference: n.Reference, amount: n.Amount, of: []uuid.UUID{n.ItemID}, dimensions: n.Dimensions}
}

// fingerprint is of a write-off's figures and names.
func (n *NewWriteOff) fingerprint(f *fingerprint) string {
	f.reset()
	f.text("write off")
	f.id(n.ItemID)
	f.day(n.Date)
	f.amount(n.Amount)
	f.text(n.Account.text)
	f.text(n.Dimensions.key())
	return f.sum()
}

// giveUp plans a write-off and gives the allocation of it.
func (s *settlement) giveUp(where string, in *NewWriteOff) (*Allocation, error) {
	item, on := s.items[in.ItemID], in.Date
	if on.IsZero() {
		on = s.tx.Today()
	}
	switch {
	case item == nil:
		return nil, ErrUnknownItem.New(s.op, "%sthere is no such open item", where)
	case on.Before(item.earliest()):
		return nil, ErrBadInput.New(s.op, "%sDate is before that of the item, or until then it was settled: %s", where, item.earliest())
	}
	if item.Kind == KindPrepayment || item.Kind == KindVendorPrepayment {
		return nil, ErrTaxUnsupported.New(s.op, "%sa prepayment that nobody pays is credited, not written off", where)
	}
	s.exception = in.LockException
	before := len(s.events)
	if err := s.writeOff(where, item, &in.PaymentWriteOff, on); err != nil {
		return nil, err
	}
	given := NewLine{Account: in.Account, Dimensions: in.Dimensions}
	for i := before; i < len(s.events); i++ {
		s.events[i].given, s.events[i].source = &given, Source{writeOffModel, s.plan.items[len(s.plan.items)-1].EntryID}
	}
	return s.last(), nil
}

// writeOff plans the entry that gives up a part of an item, and settles the item with it.
func (s *settlement) writeOff(where string, item *OpenItem, in *PaymentWriteOff, on date.Date) error {
	if !strings.HasPrefix(where, "write-off ") { // a payment's
		where += "write-off: "
	}
	set, cur := s.plan.set, item.Original.Currency
	open, worth, sign := item.OpenMinor, item.OpenBaseMinor, int64(1)
	if item.Original.Minor < 0 {
		open, worth, sign = -open, -worth, -1
	}
	switch {
	case in.Amount.Currency != cur:
		return ErrWrongCurrency.New(s.op, "%sthe amount is not in the item's currency, %s", where, cur)
	case in.Amount.Minor > open:
		s.over = item
		return ErrOverAllocated.New(s.op, "%s%s would be written off, and %s of %s is open", where, in.Amount, money.Amount{Minor: open, Currency: cur}, item.named())
	}
	account, err := set.ordinary(s.op, where, in.Account)
	if err != nil {
		return err
	}
	base := money.Zero(set.books.Currency)
	if base.Minor, err = share(worth, in.Amount.Minor, open); err != nil {
		return err
	}
	if base.Minor > set.books.WriteOffLimitMinor {
		return ErrWriteOffLimit.New(s.op, "%sAmount is worth %s, and the books write off at most %s at once (WriteOffLimit, which UpdateBooks sets; it is zero until then)", where, base.Format(),
			money.Amount{Minor: set.books.WriteOffLimitMinor, Currency: base.Currency}.Format())
	}
	e := writeOffEntry(&writeOffFact{PartyID: item.PartyID, Control: ByID(item.AccountID), To: ByID(account.ID), Date: later(on, item.earliest()),
		Open: money.Amount{Minor: sign * in.Amount.Minor, Currency: cur}, Base: base, Lock: s.exception, ToDimensions: in.Dimensions}).withDefaults()
	if _, err := s.plan.add(where, &e, booking{reason: in.Reason}); err != nil {
		return err
	}
	fresh := s.plan.items[len(s.plan.items)-1]
	if sign < 0 {
		return s.pair(where, fresh, item, in.Amount.Minor, on)
	}
	return s.pair(where, item, fresh, in.Amount.Minor, on)
}
