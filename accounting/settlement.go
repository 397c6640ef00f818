package accounting

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// settlement pairs open items of a batch: those that the batch locked, and those that it makes.
type settlement struct {
	op          string
	tx          *tenancy.Tx
	items       map[uuid.UUID]*OpenItem // locked; FOR UPDATE in the order of their ids
	touched     []*OpenItem
	isTouched   map[uuid.UUID]bool
	allocations []*Allocation
	events      []settled   // what the pairs settled, in order
	taxes       []*TaxEntry // what became due by it (see releaseTax)
}

func newSettlement(op string, tx *tenancy.Tx, locked []OpenItem) *settlement {
	s := &settlement{op: op, tx: tx, items: make(map[uuid.UUID]*OpenItem, len(locked)), isTouched: map[uuid.UUID]bool{}}
	for i := range locked {
		s.items[locked[i].ID] = &locked[i]
	}
	return s
}

// pair sets amount (above zero, minor units) of a debit item off against a credit item. Errors: accounting.over_allocated,
// accounting.allocation_mismatch.
func (s *settlement) pair(where string, debit, credit *OpenItem, amount int64, on date.Date) error {
	switch {
	case debit.Original.Minor < 0 || credit.Original.Minor > 0:
		return ErrMismatch.New(s.op, "%sboth items stand on the same side", where)
	case debit.PartyID != credit.PartyID || debit.AccountID != credit.AccountID:
		return ErrMismatch.New(s.op, "%sthe items are of different parties or control accounts", where)
	case amount > debit.OpenMinor || amount > -credit.OpenMinor:
		cur := debit.Original.Currency
		return ErrOverAllocated.New(s.op, "%s%s would be allocated, and %s of the one and %s of the other item is open", where,
			money.Amount{Minor: amount, Currency: cur}, money.Amount{Minor: debit.OpenMinor, Currency: cur}, money.Amount{Minor: -credit.OpenMinor, Currency: cur})
	}
	paidDebit, paidCredit := debit.Original.Minor-debit.OpenMinor, credit.OpenMinor-credit.Original.Minor
	debit.OpenMinor -= amount
	credit.OpenMinor += amount
	s.touch(debit)
	s.touch(credit)
	if on.Before(debit.ItemDate) {
		on = debit.ItemDate
	}
	if on.Before(credit.ItemDate) {
		on = credit.ItemDate
	}
	s.events = append(s.events, settled{debit, paidDebit, paidDebit + amount, on}, settled{credit, paidCredit, paidCredit + amount, on})
	s.allocations = append(s.allocations, &Allocation{PartyID: debit.PartyID, DebitID: debit.ID, CreditID: credit.ID, AllocatedOn: on,
		Amount: money.Amount{Minor: amount, Currency: debit.Original.Currency}, RecordedAt: s.tx.Now()})
	return nil
}

// pairUp sets a new item off against an older one as far as both are open.
func (s *settlement) pairUp(where string, fresh, old *OpenItem, on date.Date) error {
	debit, credit := old, fresh
	if fresh.Original.Minor > 0 {
		debit, credit = fresh, old
	}
	amount := min(debit.OpenMinor, -credit.OpenMinor)
	if amount <= 0 {
		return nil
	}
	return s.pair(where, debit, credit, amount, on)
}

// setOff sets a new credit off against a document's items, by instalment, as far as they are open.
func (s *settlement) setOff(where string, fresh *OpenItem, document uuid.UUID, instalments int64, on date.Date) error {
	for n := 1; int64(n) <= instalments; n++ {
		if old := s.items[InstalmentID(document, n)]; old != nil {
			if err := s.pairUp(where, fresh, old, on); err != nil {
				return err
			}
		}
	}
	return nil
}

// touch remembers locked items that changed; new ones are written as they are by then.
func (s *settlement) touch(item *OpenItem) {
	if s.items[item.ID] != nil && !s.isTouched[item.ID] {
		s.isTouched[item.ID] = true
		s.touched = append(s.touched, item)
	}
}

// write adds the settlement to a batch, after the new items.
func (s *settlement) write(b *tenancy.Batch) {
	tenancy.Put(b, s.allocations)
	tenancy.Put(b, s.taxes)
	tenancy.Set(b, s.touched, "open_minor")
}

// furtherInstalments are the open items of a document besides the one with its id.
func furtherInstalments(ids []uuid.UUID, document uuid.UUID, instalments int64) []uuid.UUID {
	for n := 2; int64(n) <= instalments; n++ {
		ids = append(ids, InstalmentID(document, n))
	}
	return ids
}

// lockMoreItems locks further items, in a round trip of its own where there are any.
func lockMoreItems(ctx context.Context, tx *tenancy.Tx, items *[]OpenItem, ids []uuid.UUID) error {
	if len(ids) == 0 {
		return nil
	}
	var more []OpenItem
	b := tx.Batch()
	lockItems(b, &more, unique(ids))
	if err := b.Run(ctx); err != nil {
		return err
	}
	*items = append(*items, more...)
	return nil
}

// lockItems adds the locking read of open items to a batch.
func lockItems(b *tenancy.Batch, dest *[]OpenItem, ids []uuid.UUID) {
	if len(ids) > 0 {
		tenancy.Load(b, dest, tenancy.In("id", ids), tenancy.ForUpdate())
	}
}
