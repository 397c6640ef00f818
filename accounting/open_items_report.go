package accounting

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// OpenItems is what was unsettled at the end of a day: items by their own date, less what had been allocated to them by
// then, by allocation date.
type OpenItems struct {
	AsOf date.Date
	// Items are ordered by due date. Their OpenMinor and OpenBaseMinor are what was open on that day.
	Items []OpenItem
	// Receivables and Payables are the sums by kind of control account in the base currency, debits positive: they equal the
	// ledger's.
	Receivables, Payables money.Amount
}

// OpenItems lists what was unsettled at the end of a day; of slices where some are given, by what the line was analysed by that
// opened the item. The items of slices that make the whole are all of them.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.unknown_dimension, accounting.books_not_open.
func (s *Service) OpenItems(ctx context.Context, asOf date.Date, slices ...Slice) (OpenItems, error) {
	return Statements{s, time.Time{}}.OpenItems(ctx, asOf, slices...)
}

// OpenItems is [Service.OpenItems] as the books said then. Besides what was posted since, it costs the allocations that there are.
func (v Statements) OpenItems(ctx context.Context, asOf date.Date, of ...Slice) (OpenItems, error) {
	return tenancy.View(ctx, v.books.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (OpenItems, error) {
		const op = "accounting.OpenItems"
		if err := checkDay(op, asOf); err != nil {
			return OpenItems{}, err
		}
		set, err := v.setup(ctx, tx, op)
		if err != nil {
			return OpenItems{}, err
		}
		in, err := cutOf(ctx, tx, op, of)
		if err != nil {
			return OpenItems{}, err
		}
		rows, err := openItemsAsOf(ctx, tx, set, asOf, in)
		if err != nil {
			return OpenItems{}, err
		}
		base := set.books.Currency
		out := OpenItems{AsOf: asOf, Items: rows, Receivables: money.Zero(base), Payables: money.Zero(base)}
		for i := range rows {
			if set.byID[rows[i].AccountID].Control == ControlPayable {
				out.Payables.Minor += rows[i].OpenBaseMinor
			} else {
				out.Receivables.Minor += rows[i].OpenBaseMinor
			}
		}
		slices.SortStableFunc(out.Items, func(a, b OpenItem) int {
			if c := a.DueDate.Compare(b.DueDate); c != 0 {
				return c
			}
			return slices.Compare(a.ID[:], b.ID[:])
		})
		return out, nil
	})
}

// laterSum is what was allocated to an item after a day, or an instant.
type laterSum struct {
	ItemID uuid.UUID `bun:"item_id"`
	Minor  int64     `bun:"minor"`
	Base   int64     `bun:"base"`
}

// openItemsAsOf takes what is open today and undoes the allocations that came later.
func openItemsAsOf(ctx context.Context, tx *tenancy.Tx, set *setup, asOf date.Date, in *cut) ([]OpenItem, error) {
	undo, err := allocatedLater(ctx, tx, set, asOf)
	if err != nil {
		return nil, err
	}
	back := make(map[uuid.UUID]laterSum, len(undo))
	for _, u := range undo {
		back[u.ItemID] = u
	}
	counts, err := in.items(ctx, tx, set, asOf, slices.Collect(maps.Keys(back)))
	if err != nil {
		return nil, err
	}
	reopened, err := reopenedOn(ctx, tx, set.known)
	if err != nil {
		return nil, err
	}
	var open []OpenItem
	err = tenancy.Stream(ctx, tx, func(o *OpenItem) error {
		o.OpenMinor += back[o.ID].Minor
		o.OpenBaseMinor += back[o.ID].Base
		o.ReopenedOn = reopened(o)
		delete(back, o.ID)
		if o.OpenMinor != 0 && counts(o.ID) { // it may have been settled then, and undone later
			open = append(open, *o)
		}
		return nil
	}, tenancy.Ne("open_minor", int64(0)), tenancy.Le("item_date", asOf))
	for id, sum := range back {
		if sum.Minor == 0 { // settled and undone again, both later
			delete(back, id)
		}
	}
	if err != nil || len(back) == 0 {
		return open, err
	}
	// What is settled today but was not then.
	err = tenancy.Stream(ctx, tx, func(o *OpenItem) error {
		o.OpenMinor, o.OpenBaseMinor, o.ReopenedOn = back[o.ID].Minor, back[o.ID].Base, reopened(o)
		if counts(o.ID) {
			open = append(open, *o)
		}
		return nil
	}, tenancy.In("id", slices.Collect(maps.Keys(back))), tenancy.Eq("open_minor", int64(0)), tenancy.Le("item_date", asOf))
	return open, err
}

// reopenedOn tells the last day for which an allocation of an item was undone, as far as that was known then.
func reopenedOn(ctx context.Context, tx *tenancy.Tx, known time.Time) (func(*OpenItem) date.Date, error) {
	if known.IsZero() {
		return func(o *OpenItem) date.Date { return o.ReopenedOn }, nil
	}
	type row struct {
		ItemID uuid.UUID `bun:"item_id"`
		On     date.Date `bun:"on_day"`
	}
	rows, err := tenancy.Report[row](ctx, tx, `SELECT item_id, MAX(allocated_on) AS on_day FROM (
		SELECT debit_id AS item_id, allocated_on FROM {allocations} AS d WHERE undoes_id IS NOT NULL AND recorded_at <= ?
		UNION ALL
		SELECT credit_id AS item_id, allocated_on FROM {allocations} AS c WHERE undoes_id IS NOT NULL AND recorded_at <= ?
		) AS undone GROUP BY item_id`, known, known)
	on := make(map[uuid.UUID]date.Date, len(rows))
	for _, r := range rows {
		on[r.ItemID] = r.On
	}
	return func(o *OpenItem) date.Date { return on[o.ID] }, err
}

// allocatedLater sums the allocations that count for a later day, or were not known yet.
func allocatedLater(ctx context.Context, tx *tenancy.Tx, set *setup, asOf date.Date) ([]laterSum, error) {
	if set.known.IsZero() {
		return tenancy.Report[laterSum](ctx, tx, `SELECT item_id, CAST(SUM(minor) AS BIGINT) AS minor, CAST(SUM(base) AS BIGINT) AS base FROM (
			SELECT debit_id AS item_id, amount_minor AS minor, debit_base_minor AS base FROM {allocations} AS d WHERE allocated_on > ?
			UNION ALL
			SELECT credit_id AS item_id, -amount_minor AS minor, -credit_base_minor AS base FROM {allocations} AS c WHERE allocated_on > ?
			) AS undone GROUP BY item_id`, asOf, asOf)
	}
	return tenancy.Report[laterSum](ctx, tx, `SELECT item_id, CAST(SUM(minor) AS BIGINT) AS minor, CAST(SUM(base) AS BIGINT) AS base FROM (
		SELECT debit_id AS item_id, amount_minor AS minor, debit_base_minor AS base FROM {allocations} AS d WHERE allocated_on > ? OR recorded_at > ?
		UNION ALL
		SELECT credit_id AS item_id, -amount_minor AS minor, -credit_base_minor AS base FROM {allocations} AS c WHERE allocated_on > ? OR recorded_at > ?
		) AS undone GROUP BY item_id`, asOf, set.known, asOf, set.known)
}

// items tells which items count: those whose lines are in the cut, and that were known. later are those that are settled and may be looked
// at all the same.
func (c *cut) items(ctx context.Context, tx *tenancy.Tx, set *setup, asOf date.Date, later []uuid.UUID) (func(uuid.UUID) bool, error) {
	if c == nil && set.known.IsZero() {
		return func(uuid.UUID) bool { return true }, nil
	}
	where, more := c.where("l.dimension_set_id")
	args := append([]any{asOf, tenancy.List(append(later, uuid.Nil)), set.knownUntil()}, more...)
	rows, err := tenancy.Report[uuid.UUID](ctx, tx, `SELECT o.id FROM {open_items} AS o JOIN {journal_entries} AS e ON e.id = o.entry_id
		JOIN {journal_lines} AS l ON l.entry_id = o.entry_id AND l.line_no = o.line_no
		WHERE o.item_date <= ? AND (o.open_minor <> 0 OR o.id IN (?)) AND e.posted_at <= ?`+where, args...)
	in := make(map[uuid.UUID]bool, len(rows))
	for _, id := range rows {
		in[id] = true
	}
	return func(id uuid.UUID) bool { return in[id] }, err
}
