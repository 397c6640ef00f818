package accounting_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/postgres"
	"github.com/opsmatiq/erp/tenancy/sqlite"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// doomed is what a process is told that is to do a clerk's work and to be killed on the way.
type doomed struct {
	Postgres *postgres.Engine
	SQLite   *sqlite.Engine
	Keys     string
	Tenant   uuid.UUID
	Ann, Ben uuid.UUID
}

// doomedTo is the job of such a process on a shop's books.
func doomedTo(s *shop) doomed {
	d := doomed{Keys: s.env.Keys.Path, Tenant: tenancy.ScopeOf(s.ctx).TenantID(), Ann: s.ann.ID, Ben: s.ben.ID}
	switch eng := s.env.Engine.(type) {
	case postgres.Engine:
		d.Postgres = &eng
	case sqlite.Engine:
		d.SQLite = &eng
	}
	return d
}

// run does the work in this process, which has been started for that.
func (d doomed) run(count func()) error {
	var eng tenancy.Engine
	if d.Postgres != nil {
		eng = *d.Postgres
	} else {
		eng = *d.SQLite
	}
	db, err := tenancy.Open(context.Background(), eng, tenancy.Options{Modules: modules.Modules, Keys: local.Keys{Path: d.Keys}, OnStatement: func(tenancy.Sent) { count() }})
	if err != nil {
		return err
	}
	ctx, err := db.Enter(context.Background(), d.Tenant, "doomed", tenancy.Permissions{"*"})
	if err != nil {
		return err
	}
	return (&clerk{ctx: ctx, db: db, books: accounting.New(db), ann: d.Ann, ben: d.Ben}).work()
}

// clerk does the same work each time: whatever is done already, its references say.
type clerk struct {
	ctx      context.Context //nolint:containedctx // the tenant's scope, for the length of a test
	db       *tenancy.DB
	books    *accounting.Service
	ann, ben uuid.UUID
}

// groups are the references of what the clerk books, in order; a group is one act, whole or not there.
var groups = [][]string{{"I1", "I2"}, {"B1", "B2"}, {"P1"}, {"P2"}, {"I3", "E1"}, {"C1"}, {"I4"}, {"P3"}}

var errChangedMind = errors.New("the caller changed its mind")

func (c *clerk) work() error {
	sold, err := c.books.Issue(c.ctx, []accounting.NewInvoice{invoice("I1", c.ann, "2010-11-03", "10"), invoice("I2", c.ann, "2010-11-04", "20")})
	if err != nil {
		return err
	}
	if err := c.lose(); !errors.Is(err, errChangedMind) {
		return fmt.Errorf("the transaction that fails ended with: %w", err)
	}
	bought, err := c.books.Bill(c.ctx, []accounting.NewBill{aBill("B1", "V1", c.ben, "2010-11-05", "7"), aBill("B2", "V2", c.ben, "2010-12-05", "8")})
	if err != nil {
		return err
	}
	out := accounting.NewPayment{Reference: "P2", PartyID: c.ben, Direction: accounting.MoneyOut, Date: day("2010-12-06"), Amount: gbp(700),
		Allocate: []accounting.PaymentAllocation{{InvoiceID: bought[0].ID, Amount: gbp(700)}}}
	for _, p := range []accounting.NewPayment{received("P1", c.ann, "2010-11-06", 1500, part(sold[0].ID, 1000), part(sold[1].ID, 500)), out} {
		if _, err := c.books.Pay(c.ctx, []accounting.NewPayment{p}); err != nil {
			return err
		}
	}
	if err := c.together(); err != nil {
		return err
	}
	credit := invoice("C1", c.ann, "2010-12-07", "15")
	credit.Kind, credit.CorrectsID = accounting.CreditNoteDocument, sold[1].ID
	if _, err := c.books.Issue(c.ctx, []accounting.NewInvoice{credit}); err != nil {
		return err
	}
	if err := c.close(); err != nil {
		return err
	}
	last, err := c.books.Issue(c.ctx, []accounting.NewInvoice{invoice("I4", c.ann, "2011-01-02", "40")})
	if err != nil {
		return err
	}
	_, err = c.books.Pay(c.ctx, []accounting.NewPayment{received("P3", c.ann, "2011-01-05", 9999, part(last[0].ID, 4000))})
	return err
}

// lose issues, records and takes numbers in a host's transaction that fails: of a later day than what is issued afterwards.
func (c *clerk) lose() error {
	return c.db.Tx(c.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
		if _, err := c.books.Issue(ctx, []accounting.NewInvoice{invoice("lost", c.ann, "2011-01-31", "1")}); err != nil {
			return err
		}
		if _, err := c.books.Bill(ctx, []accounting.NewBill{aBill("lost", "lost", c.ben, "2011-01-31", "1")}); err != nil {
			return err
		}
		if _, err := c.books.TakeNumbers(ctx, "TILL", day("2011-01-31"), 3); err != nil {
			return err
		}
		return errChangedMind
	})
}

// together is a host's transaction of several acts, one of which takes a number of the host's own series.
func (c *clerk) together() error {
	return c.db.Tx(c.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
		v, err := c.books.Issue(ctx, []accounting.NewInvoice{invoice("I3", c.ann, "2010-12-06", "30")})
		if err != nil || v[0].Replayed {
			return err
		}
		n, err := c.books.TakeNumbers(ctx, "TILL", day("2010-12-06"), 1)
		if err != nil {
			return err
		}
		e := transfer("E1", "2010-12-06", 123)
		e.Memo = n.Text(0)
		_, err = c.books.Post(ctx, []accounting.NewEntry{e})
		return err
	})
}

// close locks what is before December and closes the year.
func (c *clerk) close() error {
	years, err := c.books.FiscalYears(c.ctx)
	if err != nil {
		return err
	}
	periods, err := c.books.Periods(c.ctx)
	if err != nil {
		return err
	}
	if november := periods[10]; november.State != accounting.PeriodLocked {
		if _, err := c.books.SetPeriodState(c.ctx, accounting.SetPeriod{PeriodID: november.ID, State: accounting.PeriodLocked, Reason: "the month is done"}); err != nil {
			return err
		}
	}
	_, err = c.books.CloseYear(c.ctx, accounting.NewYearEnd{FiscalYearID: years[0].ID})
	return err
}

// TestLegalNumbersSurviveKills: a process that issues, bills, pays and closes is killed with kill -9 before one statement after the
// other. What it leaves has no gap and no half act in it, and another one that does the same work again comes to the figures of one
// that was left alone.
func TestLegalNumbersSurviveKills(t *testing.T) {
	eachKilled(t, func(t *testing.T, again func() *shop, want string) {
		stages := map[int]bool{}
		for at := int64(1); ; at += killStride {
			s := again()
			killed := killtest.Start(t, doomedTo(s), killtest.Kill{Before: at})
			stages[s.goOn(want)] = true
			if !killed {
				break
			}
		}
		require.GreaterOrEqual(t, len(stages), killStages, "the kills came at different stages")
	})
}

// What is issued in a transaction that the host began itself is the host's to commit: rolled back, it leaves neither a number nor its
// day behind.
func TestAHostsRollbackLeavesNoGap(t *testing.T) {
	s := newShop(t, tenancytest.Open(t, "postgres", modules)) // SQLite has no Join
	pool := s.env.Owner(t, tenancy.ScopeOf(s.ctx).TenantID())
	for _, commit := range []bool{false, true, false} {
		host, err := pool.Begin()
		require.NoError(t, err)
		require.NoError(t, s.env.DB.Join(s.ctx, host, func(ctx context.Context, _ *tenancy.Tx) error {
			on := map[bool]string{true: "2010-12-01", false: "2010-12-31"}[commit]
			if _, err := s.books.Issue(ctx, []accounting.NewInvoice{invoice(fmt.Sprint("H", commit), s.ann.ID, on, "10")}); err != nil {
				return err
			}
			_, err := s.books.TakeNumbers(ctx, "TILL", day(on), 2)
			return err
		}))
		if commit {
			require.NoError(t, host.Commit())
		} else {
			require.NoError(t, host.Rollback())
		}
	}
	require.Equal(t, "INV-2010-00002", s.issue(invoice("next", s.ann.ID, "2010-12-01", "10"))[0].Number)
	require.Equal(t, int64(3), s.take("TILL", "2010-12-01", 1).First)
	s.sound()
}

// eachKilled runs fn on every engine with a maker of fresh shops and the figures that the clerk's work comes to.
func eachKilled(t *testing.T, fn func(t *testing.T, again func() *shop, want string)) {
	t.Helper()
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		again := func() *shop { return newShop(t, env) }
		whole := again()
		require.NoError(t, whole.clerk().work())
		want := whole.done()
		require.NotContains(t, want, "lost")
		fn(t, again, want)
	})
}

func (s *shop) clerk() *clerk {
	return &clerk{ctx: s.ctx, db: s.env.DB, books: s.books, ann: s.ann.ID, ben: s.ben.ID}
}

// goOn looks at what a killed process left, does the work again, and tells how many acts it found done.
func (s *shop) goOn(want string) (acts int) {
	s.t.Helper()
	s.sound()
	acts = s.stage()
	require.NoError(s.t, s.clerk().work())
	require.Equal(s.t, want, s.done())
	s.sound()
	return acts
}

// stage is how many of the groups are there: the first ones, each whole.
func (s *shop) stage() int {
	s.t.Helper()
	there := map[string]bool{}
	for _, m := range s.named() {
		there[m.reference] = true
	}
	stage, missing := 0, ""
	for _, g := range groups {
		for _, r := range g {
			if !there[r] {
				missing = r
			}
		}
		if missing == "" {
			stage++
			continue
		}
		for _, r := range g {
			require.False(s.t, there[r], "%s is there and %s is not", r, missing)
		}
	}
	return stage
}

// named is a document or an entry of one's own.
type named struct{ reference, what string }

// named is all of them, in the order in which they were made.
func (s *shop) named() (out []named) {
	s.t.Helper()
	page := tenancy.PageRequest{Limit: 100}
	invoices, err := s.books.ListInvoices(s.ctx, page)
	require.NoError(s.t, err)
	for _, v := range invoices.Items {
		out = append(out, named{v.Reference, fmt.Sprint(v.Number, v.Kind, v.InvoiceDate, v.Gross, v.CreditedMinor)})
	}
	bills, err := s.books.ListBills(s.ctx, page)
	require.NoError(s.t, err)
	for _, v := range bills.Items {
		out = append(out, named{v.Reference, fmt.Sprint(v.VendorNumber, v.BillDate, v.Gross)})
	}
	payments, err := s.books.ListPayments(s.ctx, page)
	require.NoError(s.t, err)
	for _, p := range payments.Items {
		out = append(out, named{p.Reference, fmt.Sprint(p.Direction, p.Amount)})
	}
	entries, err := s.books.ListEntries(s.ctx, page)
	require.NoError(s.t, err)
	for _, e := range entries.Items {
		out = append(out, named{e.Reference, fmt.Sprint(e.Kind, e.EntryDate, e.LineCount)})
	}
	return out
}

// done is everything that two runs must agree on: documents with their numbers, entries, balances, what is open, what is closed, and
// the numbers that come next (which are taken with it).
func (s *shop) done() string {
	s.t.Helper()
	out := fmt.Sprintln(s.named())
	for _, on := range []string{"2010-11-30", "2010-12-31", "2011-12-31"} {
		tb, err := s.books.TrialBalance(s.ctx, day(on))
		require.NoError(s.t, err)
		for _, l := range tb.Lines {
			out += fmt.Sprintln(on, l.Code, l.Debit, l.Credit)
		}
		items, err := s.books.OpenItems(s.ctx, day(on))
		require.NoError(s.t, err)
		for _, o := range items.Items {
			out += fmt.Sprintln(on, o.ItemDate, o.Original, o.OpenMinor)
		}
	}
	for _, c := range s.closings() {
		out += fmt.Sprintln(c.Kind, c.Profit)
	}
	for _, on := range []string{"2010-12-31", "2011-12-31"} {
		out += fmt.Sprintln(s.take("TILL", on, 1).Text(0))
	}
	return out
}
