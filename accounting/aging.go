package accounting

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// AgingQuery is the input of [Service.AgedItems].
type AgingQuery struct {
	// Control is receivable or payable.
	Control Control `validate:"oneof=receivable payable"`
	// AsOf is the day at whose end items are looked at, and from which their age is counted.
	AsOf date.Date `validate:"day"`
	// Buckets are the upper bounds of the buckets in days overdue, growing: 30, 60, 90 make "1 to 30", "31 to 60", "61 to 90" and
	// "over 90", after "not due". Default 30, 60, 90.
	Buckets []int
	// Slices cut the report down, by what the lines were analysed by that opened the items.
	Slices []Slice
}

// AgedItems is what parties owed (or were owed) at the end of a day, by how long it was overdue then: items by their own date less
// what was allocated by then, aged by due date.
type AgedItems struct {
	AsOf    date.Date
	Control Control
	// Buckets are the bounds. Every Aged has two amounts more: not due first, over the last bound at the end.
	Buckets []int
	// Parties have one row per party and currency, by name and currency.
	Parties []AgedParty
	// Total is of all parties in the base currency: its Sum equals the control accounts.
	Total Aged
}

// AgedParty is one party's items in one currency.
type AgedParty struct {
	PartyID uuid.UUID
	Name    string
	// Items is in the items' currency, Base what they stand in the books at.
	Items, Base Aged
}

// Aged are amounts by age. Above zero is what the control account usually shows: a claim on a customer, a debt to a vendor.
type Aged struct {
	// Buckets are not due, then one per bound, then over the last.
	Buckets []money.Amount
	// Unallocated is what stands on the other side, below zero: credits and payments that nobody has set off yet. It is not aged.
	Unallocated money.Amount
	// Sum is of all of these.
	Sum money.Amount
}

// AgedItems lists what was open at the end of a day by how long it was overdue.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.unknown_dimension, accounting.books_not_open.
func (s *Service) AgedItems(ctx context.Context, q AgingQuery) (AgedItems, error) {
	return Statements{s, time.Time{}}.AgedItems(ctx, q)
}

// AgedItems is [Service.AgedItems] as the books said then, at the cost of [Statements.OpenItems].
func (v Statements) AgedItems(ctx context.Context, q AgingQuery) (AgedItems, error) {
	return tenancy.View(ctx, v.books.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (AgedItems, error) {
		const op = "accounting.AgedItems"
		if err := checkInput(op, "", &q); err != nil {
			return AgedItems{}, err
		}
		if len(q.Buckets) == 0 {
			q.Buckets = []int{30, 60, 90}
		}
		for i, days := range q.Buckets {
			if days < 1 || i > 0 && days <= q.Buckets[i-1] || len(q.Buckets) > 24 {
				return AgedItems{}, ErrBadInput.New(op, "Buckets are at most 24 numbers of days above zero, each greater than the one before")
			}
		}
		set, err := v.setup(ctx, tx, op)
		if err != nil {
			return AgedItems{}, err
		}
		in, err := cutOf(ctx, tx, op, q.Slices)
		if err != nil {
			return AgedItems{}, err
		}
		items, err := openItemsAsOf(ctx, tx, set, q.AsOf, in)
		if err != nil {
			return AgedItems{}, err
		}
		out := age(set, &q, items)
		return out, nameParties(ctx, tx, &out)
	})
}

type agedKey struct {
	party    uuid.UUID
	currency money.Currency
}

func age(set *setup, q *AgingQuery, items []OpenItem) AgedItems {
	base := set.books.Currency
	out := AgedItems{AsOf: q.AsOf, Control: q.Control, Buckets: q.Buckets, Total: newAged(base, len(q.Buckets))}
	rows := map[agedKey]*AgedParty{}
	sign := int64(1)
	if q.Control == ControlPayable {
		sign = -1
	}
	for i := range items {
		o := &items[i]
		if set.byID[o.AccountID].Control != q.Control {
			continue
		}
		key := agedKey{o.PartyID, o.Original.Currency}
		if rows[key] == nil {
			rows[key] = &AgedParty{PartyID: o.PartyID, Items: newAged(o.Original.Currency, len(q.Buckets)), Base: newAged(base, len(q.Buckets))}
		}
		bucket := -1
		if sign*o.OpenMinor > 0 {
			bucket = bucketOf(q.Buckets, o.DueDate.DaysUntil(q.AsOf))
		}
		rows[key].Items.add(bucket, sign*o.OpenMinor)
		rows[key].Base.add(bucket, sign*o.OpenBaseMinor)
		out.Total.add(bucket, sign*o.OpenBaseMinor)
	}
	for _, row := range rows {
		out.Parties = append(out.Parties, *row)
	}
	return out
}

// bucketOf is 0 for what is not overdue.
func bucketOf(bounds []int, overdue int) int {
	if overdue <= 0 {
		return 0
	}
	for i, days := range bounds {
		if overdue <= days {
			return i + 1
		}
	}
	return len(bounds) + 1
}

func newAged(cur money.Currency, bounds int) Aged {
	a := Aged{Buckets: make([]money.Amount, bounds+2), Unallocated: money.Zero(cur), Sum: money.Zero(cur)}
	for i := range a.Buckets {
		a.Buckets[i] = money.Zero(cur)
	}
	return a
}

// add puts an amount into a bucket, or to what is unallocated. What a control account was moved by is bounded (see maxSum).
func (a *Aged) add(bucket int, minor int64) {
	if bucket < 0 {
		a.Unallocated.Minor += minor
	} else {
		a.Buckets[bucket].Minor += minor
	}
	a.Sum.Minor += minor
}

// nameParties puts names to the rows and sorts by them.
func nameParties(ctx context.Context, tx *tenancy.Tx, out *AgedItems) error {
	type row struct {
		ID   uuid.UUID `bun:"id"`
		Name string    `bun:"name"`
		Key  string    `bun:"name_key"`
	}
	ids := make([]uuid.UUID, len(out.Parties))
	for i := range out.Parties {
		ids[i] = out.Parties[i].PartyID
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := tenancy.Report[row](ctx, tx, `SELECT id, name, name_key FROM {parties} AS p WHERE id IN (?)`, tenancy.List(unique(ids)))
	if err != nil {
		return err
	}
	named := make(map[uuid.UUID]row, len(rows))
	for _, r := range rows {
		named[r.ID] = r
	}
	for i := range out.Parties {
		out.Parties[i].Name = named[out.Parties[i].PartyID].Name
	}
	slices.SortFunc(out.Parties, func(a, b AgedParty) int {
		if c := strings.Compare(named[a.PartyID].Key, named[b.PartyID].Key); c != 0 {
			return c
		}
		if c := slices.Compare(a.PartyID[:], b.PartyID[:]); c != 0 {
			return c
		}
		return strings.Compare(string(a.Items.Sum.Currency), string(b.Items.Sum.Currency))
	})
	return nil
}
