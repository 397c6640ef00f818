package accounting

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// settlement pairs open items of a batch: those that the batch locked, and those that it makes. What items in a foreign currency
// leave over in base, it books as a realised gain or loss, in the plan of the batch.
type settlement struct {
	op          string
	tx          *tenancy.Tx
	plan        *plan
	over        *OpenItem               // of which more would have been settled than is open, when that was refused
	exception   string                  // the reason for booking into a soft-locked period, of what is paired now
	items       map[uuid.UUID]*OpenItem // locked; FOR UPDATE in the order of their ids
	touched     []*OpenItem
	isTouched   map[uuid.UUID]bool
	allocations []*Allocation
	events      []settled   // what the pairs settled, in order
	taxes       []*TaxEntry // what became due by it (see releaseTax)
	texts       []*AllocationText
	paidAhead   []*paidAhead            // prepayments in foreign currencies
	corrects    map[uuid.UUID]uuid.UUID // the document that an entry of the batch credits
}

func newSettlement(p *plan, locked []OpenItem) *settlement {
	s := &settlement{op: p.op, tx: p.tx, plan: p, items: make(map[uuid.UUID]*OpenItem, len(locked)), isTouched: map[uuid.UUID]bool{}, corrects: map[uuid.UUID]uuid.UUID{}}
	for i := range locked {
		s.items[locked[i].ID] = &locked[i]
	}
	return s
}

// pair sets amount (above zero, minor units of the items' currency) of a debit item off against a credit item. Each loses the
// share of its worth in base that goes with it; the last one to be settled loses all that is left, so that zero in its currency
// is zero in base. Errors: accounting.over_allocated, accounting.allocation_mismatch, and those of Post for a realised difference.
func (s *settlement) pair(where string, debit, credit *OpenItem, amount int64, on date.Date) error {
	return s.pairAt(where, debit, credit, amount, on, nil)
}

// pairAt is pair, where follows is an item that was made to settle the other, so that it has that one's worth.
func (s *settlement) pairAt(where string, debit, credit *OpenItem, amount int64, on date.Date, follows *OpenItem) error {
	cur := debit.Original.Currency
	switch {
	case debit.Original.Minor < 0 || credit.Original.Minor > 0:
		return ErrMismatch.New(s.op, "%sboth items stand on the same side", where)
	case debit.PartyID != credit.PartyID:
		return ErrMismatch.New(s.op, "%sthe items are of different parties", where)
	case debit.AccountID != credit.AccountID:
		return ErrMismatch.New(s.op, "%sthe items are of different control accounts: a claim is set off against a debt by Contra", where)
	case cur != credit.Original.Currency:
		return ErrMismatch.New(s.op, "%sthe items are in different currencies, %s and %s", where, cur, credit.Original.Currency)
	case amount > debit.OpenMinor || amount > -credit.OpenMinor:
		if s.over = debit; amount <= debit.OpenMinor {
			s.over = credit
		}
		return ErrOverAllocated.New(s.op, "%s%s would be allocated, and %s of %s and %s of %s is open", where,
			money.Amount{Minor: amount, Currency: cur}, money.Amount{Minor: debit.OpenMinor, Currency: cur}, debit.named(), money.Amount{Minor: -credit.OpenMinor, Currency: cur}, credit.named())
	}
	paidDebit, paidCredit := debit.Original.Minor-debit.OpenMinor, credit.OpenMinor-credit.Original.Minor
	a := &Allocation{Row: tenancy.Row{ID: tenancy.NewID()}, PartyID: debit.PartyID, DebitID: debit.ID, CreditID: credit.ID,
		AllocatedOn: later(on, later(debit.earliest(), credit.earliest())), Amount: money.Amount{Minor: amount, Currency: cur}, RecordedAt: s.tx.Now()}
	var err error
	if a.DebitBaseMinor, err = share(debit.OpenBaseMinor, amount, debit.OpenMinor); err != nil {
		return err
	}
	if a.CreditBaseMinor, err = share(-credit.OpenBaseMinor, amount, -credit.OpenMinor); err != nil {
		return err
	}
	if follows == debit && amount < debit.OpenMinor {
		a.DebitBaseMinor = min(a.CreditBaseMinor, debit.OpenBaseMinor)
	} else if follows == credit && amount < -credit.OpenMinor {
		a.CreditBaseMinor = min(a.DebitBaseMinor, -credit.OpenBaseMinor)
	}
	s.settles(a, debit, credit, paidDebit, paidCredit, s.exception)
	debit.OpenMinor -= amount
	debit.OpenBaseMinor -= a.DebitBaseMinor
	credit.OpenMinor += amount
	credit.OpenBaseMinor += a.CreditBaseMinor
	s.touch(debit)
	s.touch(credit)
	s.allocations = append(s.allocations, a)
	if s.ahead(where, a, debit, credit) {
		return nil // releaseTax books what is left over
	}
	return s.realise(where, a, debit.AccountID)
}

// settles notes what an allocation settles of both items: below zero where it undoes another.
func (s *settlement) settles(a *Allocation, debit, credit *OpenItem, paidDebit, paidCredit int64, lock string) {
	s.events = append(s.events, settled{item: debit, by: a, before: paidDebit, after: paidDebit + a.Amount.Minor, on: a.AllocatedOn, lock: lock},
		settled{item: credit, by: a, before: paidCredit, after: paidCredit + a.Amount.Minor, on: a.AllocatedOn, lock: lock})
}

// earliest is the first day on which an item may be settled: there is no more of it to settle before that.
func (o *OpenItem) earliest() date.Date { return later(o.ItemDate, o.ReopenedOn) }

// named says which item is meant, for whoever reads an error: its own day and amount are what a bookkeeper knows it by.
func (o *OpenItem) named() string {
	over := o.Original
	if over.Minor < 0 {
		over.Minor = -over.Minor
	}
	return fmt.Sprintf("the %s of %s over %s", strings.ReplaceAll(string(o.Kind), "_", " "), o.ItemDate, over.Format())
}

// last is the allocation that was planned last.
func (s *settlement) last() *Allocation { return s.allocations[len(s.allocations)-1] }

// share is the part of an item's worth in base that goes with a part of what is open of it, rounded half up.
func share(base, part, whole int64) (int64, error) {
	if part == whole {
		return base, nil
	}
	a, err := money.Amount{Minor: base}.MulDiv(part, whole, money.HalfUp)
	return a.Minor, err
}

// realise books what an allocation leaves over in base. Items in the base currency leave nothing.
func (s *settlement) realise(where string, a *Allocation, control uuid.UUID) error {
	left := a.DebitBaseMinor - a.CreditBaseMinor
	if left == 0 {
		return nil
	}
	e := realisedEntry(&realisedFact{ID: a.ID, PartyID: a.PartyID, Control: ByID(control), Date: a.AllocatedOn, Currency: a.Amount.Currency,
		Left: money.Amount{Minor: left, Currency: s.plan.set.books.Currency}, Lock: s.exception})
	entry, err := s.plan.add(where, &e, booking{})
	if err != nil {
		return err
	}
	a.EntryID = entry.ID
	return nil
}

// pairUp sets a new item off against an older one as far as both are open.
func (s *settlement) pairUp(where string, fresh, old *OpenItem, on date.Date) error {
	return s.pairUpAt(where, fresh, old, on, nil)
}

func (s *settlement) pairUpAt(where string, fresh, old *OpenItem, on date.Date, follows *OpenItem) error {
	debit, credit := old, fresh
	if fresh.Original.Minor > 0 {
		debit, credit = fresh, old
	}
	amount := min(debit.OpenMinor, -credit.OpenMinor)
	if amount <= 0 {
		return nil
	}
	return s.pairAt(where, debit, credit, amount, on, follows)
}

// worthOf is what setting an amount off against a document's items takes off them in base, and how much of the amount is beyond
// what is open.
func (s *settlement) worthOf(document uuid.UUID, instalments, amount int64) (base, rest int64, err error) {
	for n := 1; int64(n) <= instalments && amount > 0; n++ {
		old := s.items[InstalmentID(document, n)]
		if old == nil || old.OpenMinor == 0 {
			continue
		}
		open := abs(old.OpenMinor)
		taken := min(amount, open)
		worth, err := share(abs(old.OpenBaseMinor), taken, open)
		if err != nil {
			return 0, 0, err
		}
		base, amount = base+worth, amount-taken
	}
	return base, amount, nil
}

// creditWorth is what a credit of a document is worth in base: what it takes off the document's items, and for what is beyond them
// the document's rate, or where that is not what it was paid at, that: paid, where it is not nil.
func (s *settlement) creditWorth(v *valuer, document uuid.UUID, instalments, amount int64, paid *prepayment) (int64, error) {
	base, rest, err := s.worthOf(document, instalments, amount)
	if err != nil || rest == 0 {
		return base, err
	}
	if paid != nil {
		if of := paid.paid(s.items); of.minor >= rest {
			more, err := of.of(rest)
			return base + more, err
		}
	}
	more, err := v.of(rest)
	return base + more, err
}

// setOff sets a new credit off against a document's items, by instalment, as far as they are open. It was made for it, so nothing
// is realised.
func (s *settlement) setOff(where string, fresh *OpenItem, document uuid.UUID, instalments int64, on date.Date) error {
	for n := 1; int64(n) <= instalments; n++ {
		if old := s.items[InstalmentID(document, n)]; old != nil {
			if err := s.pairUpAt(where, fresh, old, on, fresh); err != nil {
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

// write adds the settlement to a batch, after the new items and entries.
func (s *settlement) write(b *tenancy.Batch) {
	tenancy.Put(b, s.allocations)
	tenancy.Put(b, s.texts)
	tenancy.Put(b, s.taxes)
	tenancy.Set(b, s.touched, "open_minor", "open_base_minor", "reopened_on")
}

// run writes the plan and the settlement in one round trip.
func (s *settlement) run(ctx context.Context) error {
	b := s.tx.Batch()
	s.plan.write(b)
	s.write(b)
	return b.Run(ctx)
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
