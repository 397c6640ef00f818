package accounting

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// ClosingKind tells what a closing is of.
type ClosingKind string

// The kinds.
const (
	ClosingOfPeriod ClosingKind = "period"
	ClosingOfYear   ClosingKind = "year" // of the last period, with the year's result booked into retained earnings
)

// Closing is what the books said when a period was locked. It stands until a reopening supersedes it; nothing else of it ever
// changes.
type Closing struct {
	tenancy.Row
	PeriodID uuid.UUID   `bun:"period_id"`
	Kind     ClosingKind `bun:"kind" privacy:"none"`
	// Root is a SHA-256 over what was posted to each account up to the end of the period, debits and credits apart: two books
	// with the same root have the same figures. [Service.Verify] holds standing closings to it.
	Root string `bun:"root" privacy:"none"`
	// Debit is the sum of the trial balance's debit side, and so of its credit side.
	Debit money.Amount `bun:"embed:debit_"`
	// Profit is the result of the fiscal year up to the end of the period; below zero for a loss.
	Profit money.Amount `bun:"embed:profit_"`
	// EntryID is the entry that closes the year; zero for a month, and for a year without a result to book.
	EntryID  uuid.UUID `bun:"entry_id,nullzero"`
	ClosedBy string    `bun:"closed_by" privacy:"none"`
	ClosedAt time.Time `bun:"closed_at"`
	// SupersededByID is the [Reopening] since which these figures do not hold any more.
	SupersededByID uuid.UUID `bun:"superseded_by_id,nullzero"`
	SupersededAt   time.Time `bun:"superseded_at,nullzero"`

	// Replayed says that the year was closed before, and nothing was written now.
	Replayed bool `bun:"-"`
}

// Standing reports whether the figures still hold.
func (c *Closing) Standing() bool { return c.SupersededByID == uuid.Nil }

// Closings gives what was closed, superseded closings included, in the order in which it was.
//
// Permission: accounting.read.
func (s *Service) Closings(ctx context.Context) ([]Closing, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Closing, error) {
		return tenancy.Find[Closing](ctx, tx, tenancy.OrderBy("id"))
	})
}

// figures are what was posted to each account in each period, up to a day.
type figures struct {
	set      *setup
	byPeriod map[uuid.UUID][]accountSum
}

type figureRow struct {
	PeriodID    uuid.UUID `bun:"period_id"`
	AccountID   uuid.UUID `bun:"account_id"`
	DebitMinor  int64     `bun:"debit_minor"`
	CreditMinor int64     `bun:"credit_minor"`
}

// readFigures reads the kept balances of the periods up to a day: as many rows as accounts and periods, whatever was posted.
func readFigures(ctx context.Context, tx *tenancy.Tx, set *setup, to date.Date) (*figures, error) {
	var ids []uuid.UUID
	for i := range set.periods {
		if !set.periods[i].EndsOn.After(to) {
			ids = append(ids, set.periods[i].ID)
		}
	}
	f := &figures{set: set, byPeriod: map[uuid.UUID][]accountSum{}}
	if len(ids) == 0 {
		return f, nil
	}
	rows, err := tenancy.Report[figureRow](ctx, tx, `SELECT period_id, account_id, CAST(SUM(debit_minor) AS BIGINT) AS debit_minor,
		CAST(SUM(credit_minor) AS BIGINT) AS credit_minor
		FROM {account_balances} AS b WHERE period_id IN (?) GROUP BY period_id, account_id`, tenancy.List(ids))
	for _, r := range rows {
		f.byPeriod[r.PeriodID] = append(f.byPeriod[r.PeriodID], accountSum{r.AccountID, r.DebitMinor, r.CreditMinor})
	}
	return f, err
}

// with adds what is planned and not written yet.
func (f *figures) with(balances []*balance) {
	for _, b := range balances {
		f.byPeriod[b.PeriodID] = append(f.byPeriod[b.PeriodID], accountSum{b.AccountID, b.DebitMinor, b.CreditMinor})
	}
}

// upTo adds up all periods to the end of one, and apart from that those of its fiscal year.
func (f *figures) upTo(p *Period) (all, year map[uuid.UUID]accountSum, err error) {
	all, year = map[uuid.UUID]accountSum{}, map[uuid.UUID]accountSum{}
	for i := range f.set.periods {
		q := &f.set.periods[i]
		if q.StartsOn.After(p.StartsOn) {
			break
		}
		if err = addSums(all, f.byPeriod[q.ID]); err == nil && q.FiscalYearID == p.FiscalYearID {
			err = addSums(year, f.byPeriod[q.ID])
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return all, year, nil
}

// closings draws up the figures of periods that are locked now.
func (f *figures) closings(op string, tx *tenancy.Tx, periods []*Period) ([]*Closing, error) {
	out := make([]*Closing, len(periods))
	for i, p := range periods {
		all, year, err := f.upTo(p)
		if err != nil {
			return nil, err
		}
		out[i] = &Closing{PeriodID: p.ID, Kind: ClosingOfPeriod, Root: rootOf(all), Profit: profitAndLoss(f.set, year, p.StartsOn, p.EndsOn).NetProfit,
			ClosedBy: tx.Scope().Actor(), ClosedAt: p.ChangedAt}
		if out[i].Debit, err = debitSide(op, f.set, all); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// debitSide is the sum of the balances that stand on the debit side.
func debitSide(op string, set *setup, posted map[uuid.UUID]accountSum) (money.Amount, error) {
	total := money.Zero(set.books.Currency)
	for _, sum := range posted {
		if net := sum.net(); net > 0 {
			more, err := total.Add(money.Amount{Minor: net, Currency: total.Currency})
			if err != nil {
				return total, ErrAmountLimit.Wrap(op, err, "the trial balance is larger than a statement can hold")
			}
			total = more
		}
	}
	return total, nil
}

// rootOf is the hash over what was posted to each account, in the order of their ids. Accounts without movement are left out,
// so that an account that is added later does not change what was.
func rootOf(posted map[uuid.UUID]accountSum) string {
	h := sha256.New()
	for _, id := range slices.SortedFunc(maps.Keys(posted), func(a, b uuid.UUID) int { return cmp.Compare(a.String(), b.String()) }) {
		if sum := posted[id]; sum.DebitMinor != 0 || sum.CreditMinor != 0 {
			_, _ = fmt.Fprintln(h, id, sum.DebitMinor, sum.CreditMinor)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// checkClosings holds standing closings against the balances of today, and locked periods against their closings.
func checkClosings(ctx context.Context, tx *tenancy.Tx, set *setup) (tenancy.Check, error) {
	closings, err := tenancy.Find[Closing](ctx, tx, tenancy.IsNull("superseded_by_id"))
	if err != nil {
		return tenancy.Check{}, err
	}
	figures, err := readFigures(ctx, tx, set, set.periods[len(set.periods)-1].EndsOn)
	if err != nil {
		return tenancy.Check{}, err
	}
	roots := map[uuid.UUID]string{}
	for _, c := range closings {
		roots[c.PeriodID] = c.Root
	}
	var bad []string
	for i := range set.periods {
		p := &set.periods[i]
		root, closed := roots[p.ID]
		if closed != (p.State == PeriodLocked) {
			bad = append(bad, fmt.Sprintf("period %s is %s, and its closing says otherwise", p.Name, p.State))
		}
		if !closed {
			continue
		}
		all, _, err := figures.upTo(p)
		if err != nil {
			return tenancy.Check{}, err
		}
		if rootOf(all) != root {
			bad = append(bad, fmt.Sprintf("the figures of period %s are not those that were closed", p.Name))
		}
	}
	return verdict("closed periods are as they were closed", fmt.Sprintf("%d closings stand", len(closings)), bad), nil
}
