package accounting

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Statements are drawn up from what the books said at an instant, about any day: what did they say on that day about that day?
// What was posted, allocated and declared later is left out, whatever day it counts for; accounts, taxes and dimensions have the names that
// they have now.
// Permissions and errors are those of the [Service]'s methods of the same names.
type Statements struct {
	books *Service
	known time.Time // zero: what they say now
}

// KnownAt gives the statements as the books said at an instant, by the time at which entries were posted (PostedAt: the beginning of
// their transaction). It costs what was posted since.
func (s *Service) KnownAt(at time.Time) Statements { return Statements{s, at} }

// setup is that of the books, with the instant.
func (v Statements) setup(ctx context.Context, tx *tenancy.Tx, op string) (*setup, error) {
	set, err := v.books.setup(ctx, tx, op, nil)
	if err != nil || v.known.IsZero() {
		return set, err
	}
	own := *set
	own.known = v.known.UTC().Truncate(time.Microsecond)
	return &own, nil
}

// entryKnown is the condition, to be added to others, that the entry which a column names was known, with its argument; nothing where
// all entries are.
func (set *setup) entryKnown(column string) (string, []any) {
	if set.known.IsZero() {
		return "", nil
	}
	where := " AND EXISTS (SELECT 1 FROM {journal_entries} AS k WHERE k.id = " + column + " AND k.posted_at <= ?)"
	return where, []any{set.known}
}

// endOfTime is later than all that is known.
var endOfTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// knownUntil is the instant up to which entries count.
func (set *setup) knownUntil() time.Time {
	if set.known.IsZero() {
		return endOfTime
	}
	return set.known
}

// forget takes what was posted after the known instant out of sums. (line_count >= 2 always holds: see the head of 00010.)
func (c *cut) forget(ctx context.Context, tx *tenancy.Tx, set *setup, from, to date.Date, out map[string]map[uuid.UUID]accountSum) error {
	value, join, args := c.grouping("l.dimension_set_id")
	where, more := c.where("l.dimension_set_id")
	args = append(append(args, set.known, from, to), more...)
	rows, err := tenancy.Report[slicedSum](ctx, tx, `SELECT l.account_id,
		CAST(SUM(CASE WHEN l.amount_minor > 0 THEN l.amount_minor ELSE 0 END) AS BIGINT) AS debit_minor,
		CAST(SUM(CASE WHEN l.amount_minor < 0 THEN -l.amount_minor ELSE 0 END) AS BIGINT) AS credit_minor, `+value+` AS value
		FROM {journal_entries} AS e JOIN {journal_lines} AS l ON l.entry_id = e.id`+join+`
		WHERE e.line_count >= 2 AND e.posted_at > ? AND l.entry_date >= ? AND l.entry_date <= ?`+where+` GROUP BY l.account_id, 4`, args...)
	if err != nil {
		return err
	}
	var doubtful []uuid.UUID
	for _, r := range rows {
		group := out[r.Value]
		if group == nil {
			continue
		}
		subtract(group, r.AccountID, r.DebitMinor)
		subtract(group, r.AccountID, -r.CreditMinor)
		if _, still := group[r.AccountID]; !still {
			doubtful = append(doubtful, r.AccountID)
		}
	}
	return c.worthNothing(ctx, tx, set, from, to, doubtful, out)
}

// worthNothing puts those accounts back that had lines then, all of them worth nothing in base.
func (c *cut) worthNothing(ctx context.Context, tx *tenancy.Tx, set *setup, from, to date.Date, of []uuid.UUID, out map[string]map[uuid.UUID]accountSum) error {
	if len(of) == 0 {
		return nil
	}
	value, join, args := c.grouping("l.dimension_set_id")
	where, more := c.where("l.dimension_set_id")
	args = append(append(args, tenancy.List(of), from, to, set.known), more...)
	rows, err := tenancy.Report[slicedSum](ctx, tx, `SELECT l.account_id, CAST(0 AS BIGINT) AS debit_minor, CAST(0 AS BIGINT) AS credit_minor, `+value+` AS value
		FROM {journal_lines} AS l JOIN {journal_entries} AS e ON e.id = l.entry_id`+join+`
		WHERE l.account_id IN (?) AND l.entry_date >= ? AND l.entry_date <= ? AND e.posted_at <= ?`+where+` GROUP BY l.account_id, 4`, args...)
	for _, r := range rows {
		group := out[r.Value]
		if _, there := group[r.AccountID]; group != nil && !there {
			group[r.AccountID] = r.accountSum
		}
	}
	return err
}

// partySumsKnown is partySums of what was known at an instant.
func partySumsKnown(ctx context.Context, tx *tenancy.Tx, asOf date.Date, known time.Time) ([]partySum, error) {
	return tenancy.Report[partySum](ctx, tx, `SELECT account_id, party_id, CAST(SUM(minor) AS BIGINT) AS minor FROM (
		SELECT account_id, party_id, open_base_minor AS minor FROM {open_items} AS o WHERE open_minor <> 0
		UNION ALL
		SELECT l.account_id, l.party_id, -l.base_minor AS minor FROM {open_items} AS l JOIN {journal_entries} AS e ON e.id = l.entry_id
		WHERE l.item_date > ? OR e.posted_at > ?
		UNION ALL
		SELECT i.account_id, a.party_id, a.debit_base_minor - a.credit_base_minor AS minor
		FROM {allocations} AS a JOIN {open_items} AS i ON i.id = a.debit_id WHERE (a.allocated_on > ? OR a.recorded_at > ?) AND a.entry_id IS NOT NULL
		) AS moves GROUP BY account_id, party_id HAVING SUM(minor) <> 0`, asOf, known, asOf, known)
}
