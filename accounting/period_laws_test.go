package accounting_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/bookstest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// lockedHistory is a random history of a shop in which periods are locked and opened again, and what must stand: for each period
// that is locked, its trial balance on the day of the lock.
type lockedHistory struct {
	*history
	second context.Context //nolint:containedctx // the other person, for the length of a test
	closed map[string]accounting.TrialBalance
	lock   date.Date // the last day of the last locked period; zero: none
	years  int       // closed
}

// TestLawsOfLocks: whatever is posted, dated back, locked, closed and opened again, nothing is written at or before a hard lock that
// stands, the balances of a closed period stay as they were closed until they are superseded, and a refused act leaves every table as
// it was.
func TestLawsOfLocks(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			env := tenancytest.Open(t, engine, modules)
			rapid.Check(t, func(rt *rapid.T) {
				shop := newShop(t, env)
				h := &lockedHistory{history: &history{shop: shop, History: bookstest.New(shop.ctx, rt, shop.books, shop.ann, shop.ben)}, closed: map[string]accounting.TrialBalance{}}
				h.second = h.as("second")
				h.owner = env.Owner(t, tenancy.ScopeOf(h.ctx).TenantID())
				defer func() { _ = h.owner.Close() }()
				for range rapid.IntRange(2, 12).Draw(rt, "acts") {
					acts := []func(){h.write, h.write, h.write, h.lockOne, h.reopenOne, h.closeOne}
					acts[rapid.IntRange(0, len(acts)-1).Draw(rt, "act")]()
					h.stands()
				}
				h.sound()
			})
		})
	}
}

// attempt runs an act that is dated, late or not, and holds the answer to the lock.
func (h *lockedHistory) attempt(on date.Date, late accounting.LatePolicy, act func() error) {
	locked := !h.lock.IsZero() && !on.After(h.lock)
	before := ""
	if locked && late == "" {
		before = h.print()
	}
	err := act()
	if locked && late == "" {
		require.ErrorIs(h.T, err, accounting.ErrPeriodLocked)
		require.Equal(h.T, before, h.print(), "a refused act leaves every table as it was")
		return
	}
	require.NoError(h.T, err)
}

// write posts, bills, pays or reverses something of a random day, with an exception where the period may be soft-locked.
func (h *lockedHistory) write() {
	on := h.Date()
	late := rapid.SampledFrom([]accounting.LatePolicy{"", accounting.LateFirstOpen}).Draw(h.T, "late")
	const why = "an exception" // where the period is soft-locked after a reopening; elsewhere it has no effect
	switch rapid.IntRange(0, 3).Draw(h.T, "kind") {
	case 0:
		e := transfer(h.Reference(), on.String(), h.Minor())
		e.Late, e.LockException = late, why
		h.attempt(on, late, func() error {
			out, err := h.books.Post(h.ctx, []accounting.NewEntry{e})
			if err == nil {
				require.Equal(h.T, !h.lock.IsZero() && !on.After(h.lock), out[0].Late)
				require.Equal(h.T, on, out[0].DocumentDate)
				require.True(h.T, h.lock.IsZero() || out[0].EntryDate.After(h.lock))
				h.Manual[out[0].ID] = out[0].EntryDate
			}
			return err
		})
	case 1:
		b := aBill(h.Reference(), h.Reference(), h.ben.ID, on.String(), gbp(h.Minor()).Decimal().String())
		b.Late, b.LockException = late, why
		h.attempt(on, late, func() error { _, err := h.books.Bill(h.ctx, []accounting.NewBill{b}); return err })
	case 2:
		p := received(h.Reference(), h.ann.ID, on.String(), h.Minor())
		p.Late, p.LockException = late, why
		h.attempt(on, late, func() error { _, err := h.books.Pay(h.ctx, []accounting.NewPayment{p}); return err })
	case 3:
		for id, posted := range h.Manual {
			in := accounting.Reversal{EntryID: id, Date: later(on, posted), Reason: "law", Late: late, LockException: why}
			h.attempt(in.Date, late, func() error {
				_, err := h.books.Reverse(h.ctx, []accounting.Reversal{in})
				if err == nil {
					delete(h.Manual, id)
				}
				return err
			})
			return
		}
	}
}

// lockOne locks a random month.
func (h *lockedHistory) lockOne() {
	p := h.period(fmt.Sprintf("2010-%02d", rapid.IntRange(9, 11).Draw(h.T, "month")))
	if h.years > 0 {
		p = h.period(fmt.Sprintf("2011-%02d", rapid.IntRange(1, 3).Draw(h.T, "month")))
	}
	h.lock = later(h.lock, p.EndsOn)
	_, err := h.books.SetPeriodState(h.ctx, accounting.SetPeriod{PeriodID: p.ID, State: accounting.PeriodLocked})
	require.NoError(h.T, err)
	h.record()
}

// closeOne closes the first year, if it can be.
func (h *lockedHistory) closeOne() {
	before := h.print()
	_, err := h.closeYear(0)
	if h.lock.IsZero() || h.lock.Before(day("2010-11-30")) {
		require.ErrorIs(h.T, err, accounting.ErrYearOpen)
		require.Equal(h.T, before, h.print())
		return
	}
	require.NoError(h.T, err)
	h.years, h.lock = 1, later(h.lock, day("2010-12-31"))
	h.record()
}

// reopenOne opens a random locked month again, with all that is locked after it.
func (h *lockedHistory) reopenOne() {
	name := rapid.SampledFrom([]string{"2010-09", "2010-10", "2010-11", "2010-12", "2011-01", "2011-02"}).Draw(h.T, "reopen")
	p := h.period(name)
	before := h.print()
	asked, err := h.books.AskReopening(h.ctx, accounting.NewReopening{PeriodID: p.ID, Reason: "law"})
	if h.lock.Before(p.EndsOn) {
		require.ErrorIs(h.T, err, accounting.ErrPeriodState)
		require.Equal(h.T, before, h.print())
		return
	}
	require.NoError(h.T, err)
	before = h.print()
	_, err = h.books.ApproveReopening(h.ctx, asked.ID)
	require.ErrorIs(h.T, err, accounting.ErrSamePerson)
	require.Equal(h.T, before, h.print())
	_, err = h.books.ApproveReopening(h.second, asked.ID)
	require.NoError(h.T, err)
	h.lock = p.StartsOn.AddDays(-1)
	for name := range h.closed {
		if h.period(name).EndsOn.After(h.lock) {
			delete(h.closed, name)
		}
	}
	if h.lock.Before(day("2010-12-31")) {
		h.years = 0
	}
}

// record remembers what was closed.
func (h *lockedHistory) record() {
	for _, name := range []string{"2010-09", "2010-10", "2010-11", "2010-12", "2011-01", "2011-02", "2011-03"} {
		p := h.period(name)
		if _, known := h.closed[name]; known || p.EndsOn.After(h.lock) {
			continue
		}
		tb, err := h.books.TrialBalance(h.ctx, p.EndsOn)
		require.NoError(h.T, err)
		h.closed[name] = tb
	}
}

// stands holds the books to what was closed, through the statements and through the roots.
func (h *lockedHistory) stands() {
	for name, want := range h.closed {
		tb, err := h.books.TrialBalance(h.ctx, want.AsOf)
		require.NoError(h.T, err)
		require.Equal(h.T, want, tb, "period %s is closed", name)
	}
	standing := 0
	for _, c := range h.closings() {
		if c.Standing() {
			standing++
		}
	}
	months := 0
	if !h.lock.IsZero() {
		months = (h.lock.Year()-2010)*12 + int(h.lock.Month())
	}
	require.Equal(h.T, months, standing, "each locked period has the one closing that stands")
}

// A refused act of this file's leaves every table as it was, and so does one that succeeded in a transaction that did not.
func TestRefusedActsOnPeriodsChangeNothing(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.post(transfer("", "2010-02-05", 100))
		s.lock("2010-02")
		asked, err := s.books.AskReopening(s.ctx, accounting.NewReopening{PeriodID: s.period("2010-02").ID, Reason: "test"})
		require.NoError(t, err)
		owner := s.env.Owner(t, tenancy.ScopeOf(s.ctx).TenantID())
		second := s.as("second")
		job, err := s.env.DB.System(context.Background(), tenancy.ScopeOf(s.ctx).TenantID(), "nightly")
		require.NoError(t, err)
		stop := errors.New("the caller changed its mind")
		undone := func(ctx context.Context, act func(ctx context.Context) error) func() error {
			return func() error {
				return s.env.DB.Tx(ctx, func(ctx context.Context, _ *tenancy.Tx) error {
					if err := act(ctx); err != nil {
						return err
					}
					return stop
				})
			}
		}
		march := accounting.SetPeriod{PeriodID: s.period("2010-03").ID, State: accounting.PeriodLocked}
		cases := map[string]struct {
			act  func() error
			want error
		}{
			"a lock, rolled back":       {undone(s.ctx, func(ctx context.Context) error { _, err := s.books.SetPeriodState(ctx, march); return err }), stop},
			"an approval, rolled back":  {undone(second, func(ctx context.Context) error { _, err := s.books.ApproveReopening(ctx, asked.ID); return err }), stop},
			"the same person":           {func() error { _, err := s.books.ApproveReopening(s.ctx, asked.ID); return err }, accounting.ErrSamePerson},
			"a job":                     {func() error { _, err := s.books.ApproveReopening(job, asked.ID); return err }, accounting.ErrNotAPerson},
			"the last period of a year": {func() error { return s.setState("2010-12", accounting.PeriodLocked) }, accounting.ErrYearOpen},
			"opening a locked one":      {func() error { return s.setState("2010-01", accounting.PeriodOpen) }, accounting.ErrPeriodState},
			"a year too early":          {func() error { _, err := s.closeYear(0); return err }, accounting.ErrYearOpen},
			"an unknown journal":        {func() error { return s.setState("2010-03", accounting.PeriodLocked, "NOPE") }, accounting.ErrUnknownJournal},
			"a batch with one late": {func() error {
				_, err := s.books.Post(s.ctx, []accounting.NewEntry{transfer("", "2010-03-01", 1), transfer("", "2010-02-28", 1)})
				return err
			}, accounting.ErrPeriodLocked},
		}
		before := tables(s, owner)
		for name, c := range cases {
			require.ErrorIs(t, c.act(), c.want, name)
			require.Equal(t, before, tables(s, owner), name)
		}
		s.sound()
	})
}

// tables is every row of the tenant.
func tables(s *shop, owner *sql.DB) string { return (&history{shop: s, owner: owner}).print() }

func later(a, b date.Date) date.Date {
	if a.Before(b) {
		return b
	}
	return a
}
