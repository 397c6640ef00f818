package accounting_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// period finds a period by its name.
func (s *shop) period(name string) accounting.Period {
	s.t.Helper()
	all, err := s.books.Periods(s.ctx)
	require.NoError(s.t, err)
	for _, p := range all {
		if p.Name == name {
			return p
		}
	}
	s.t.Fatalf("no period %s", name)
	return accounting.Period{}
}

// setState changes a period, for all journals or for one.
func (s *shop) setState(name string, state accounting.PeriodState, journal ...accounting.JournalCode) error {
	in := accounting.SetPeriod{PeriodID: s.period(name).ID, State: state, Reason: "the month is done"}
	if len(journal) > 0 {
		in.Journal = journal[0]
	}
	_, err := s.books.SetPeriodState(s.ctx, in)
	return err
}

// lock locks a period, and with it all before.
func (s *shop) lock(name string) {
	s.t.Helper()
	require.NoError(s.t, s.setState(name, accounting.PeriodLocked))
}

// as is the tenant entered by another person.
func (s *shop) as(actor string) context.Context {
	s.t.Helper()
	ctx, err := s.env.DB.Enter(context.Background(), tenancy.ScopeOf(s.ctx).TenantID(), actor, tenancy.Permissions{tenancy.AllPermissions})
	require.NoError(s.t, err)
	return ctx
}

// reopen has one person ask for it and another one approve.
func (s *shop) reopen(name string, journal ...accounting.JournalCode) accounting.Reopening {
	s.t.Helper()
	in := accounting.NewReopening{PeriodID: s.period(name).ID, Reason: "a bill turned up"}
	if len(journal) > 0 {
		in.Journal = journal[0]
	}
	asked, err := s.books.AskReopening(s.ctx, in)
	require.NoError(s.t, err)
	out, err := s.books.ApproveReopening(s.as("second"), asked.ID)
	require.NoError(s.t, err)
	return out
}

// closeYear closes the year that begins on a first of January.
func (s *shop) closeYear(i int) (accounting.Closing, error) {
	s.t.Helper()
	years, err := s.books.FiscalYears(s.ctx)
	require.NoError(s.t, err)
	return s.books.CloseYear(s.ctx, accounting.NewYearEnd{FiscalYearID: years[i].ID})
}

func (s *shop) closings() []accounting.Closing {
	s.t.Helper()
	all, err := s.books.Closings(s.ctx)
	require.NoError(s.t, err)
	return all
}

func (s *shop) tryPost(in accounting.NewEntry) error {
	_, err := s.books.Post(s.ctx, []accounting.NewEntry{in})
	return err
}

func TestALockHoldsForAllThatIsBefore(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.post(transfer("", "2010-01-05", 100), transfer("", "2010-03-05", 50))
		s.lock("2010-03")
		closings := s.closings()
		require.Len(t, closings, 3, "each period that was locked leaves its figures")
		require.Equal(t, gbp(100), closings[0].Debit)
		require.Equal(t, gbp(100), closings[1].Profit)
		require.Equal(t, gbp(150), closings[2].Debit)
		require.Equal(t, closings[0].Root, closings[1].Root, "nothing happened in February")
		require.NotEqual(t, closings[1].Root, closings[2].Root)
		require.Equal(t, "tester", closings[2].ClosedBy)
		for _, on := range []string{"2010-01-31", "2010-02-01", "2010-03-31"} {
			in := transfer("", on, 1)
			require.ErrorIs(t, s.tryPost(in), accounting.ErrPeriodLocked)
			in.LockException = "exceptions are for soft locks"
			require.ErrorIs(t, s.tryPost(in), accounting.ErrPeriodLocked)
		}
		require.NoError(t, s.tryPost(transfer("", "2010-04-01", 1)))
		require.ErrorIs(t, s.setState("2010-02", accounting.PeriodOpen), accounting.ErrPeriodState)
		require.NoError(t, s.setState("2010-02", accounting.PeriodLocked), "the state that it has")
		_, err := s.books.AddFiscalYear(s.ctx, day("2009-01-01"))
		require.ErrorIs(t, err, accounting.ErrPeriodLocked, "a year before a lock would be open")
		clerk := s.env.Enter(t, tenancy.ScopeOf(s.ctx).TenantID(), accounting.PermPeriods, accounting.PermRead)
		_, err = s.books.SetPeriodState(clerk, accounting.SetPeriod{PeriodID: s.period("2010-04").ID, State: accounting.PeriodLocked})
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		s.sound()
	})
}

// What is dated at or before a lock is refused by every act that writes a date, the sub-ledger's included.
func TestEveryActKeepsToTheLock(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("", s.ann.ID, "2010-10-05", "10"))[0]
		p := s.pay(received("", s.ann.ID, "2010-10-06", 400))[0]
		e := s.post(transfer("", "2010-10-07", 7))[0]
		s.lock("2010-11")
		acts := map[string]func() error{
			"Post": func() error { return s.tryPost(transfer("", "2010-11-30", 1)) },
			"Issue": func() error {
				_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{invoice("", s.ann.ID, "2010-11-30", "1")})
				return err
			},
			"Issue of nothing": func() error {
				_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{invoice("", s.ann.ID, "2010-11-30", "0")})
				return err
			},
			"Bill": func() error {
				_, err := s.books.Bill(s.ctx, []accounting.NewBill{aBill("", "", s.ben.ID, "2010-11-30", "1")})
				return err
			},
			"Pay": func() error {
				_, err := s.books.Pay(s.ctx, []accounting.NewPayment{received("", s.ann.ID, "2010-11-30", 1)})
				return err
			},
			"Allocate": func() error {
				_, err := s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: v.ID, CreditID: p.ID, Date: day("2010-11-30"), Amount: gbp(400)}})
				return err
			},
			"Reverse": func() error {
				_, err := s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: e.ID, Date: day("2010-11-30"), Reason: "wrong"}})
				return err
			},
			"OpenBalances": func() error {
				_, err := s.books.OpenBalances(s.ctx, accounting.NewOpening{Reference: "O", Date: day("2010-11-30"), Lines: []accounting.NewLine{accounting.DebitLine(accounting.ByRole(cash), gbp(1))}})
				return err
			},
		}
		for name, act := range acts {
			require.ErrorIs(t, act(), accounting.ErrPeriodLocked, name)
		}
		s.sound()
	})
}

func TestALockOfOneJournal(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		const sales, general = accounting.JournalSales, accounting.JournalGeneral
		issue := func(on string) error {
			_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{invoice("", s.ann.ID, on, "1")})
			return err
		}
		require.NoError(t, s.setState("2010-02", accounting.PeriodSoftLocked, sales))
		require.ErrorIs(t, issue("2010-02-01"), accounting.ErrPeriodSoftLocked)
		require.NoError(t, s.tryPost(transfer("", "2010-02-01", 1)), "the others are open")
		require.NoError(t, s.setState("2010-02", accounting.PeriodOpen, sales))
		require.NoError(t, issue("2010-02-01"))

		require.NoError(t, s.setState("2010-03", accounting.PeriodLocked, sales))
		require.ErrorIs(t, issue("2010-03-01"), accounting.ErrPeriodLocked)
		require.ErrorIs(t, issue("2010-02-28"), accounting.ErrPeriodLocked, "it holds for all that is before")
		require.NoError(t, s.tryPost(transfer("", "2010-03-01", 1)))
		require.NoError(t, issue("2010-04-01"))
		require.ErrorIs(t, s.setState("2010-03", accounting.PeriodSoftLocked, sales), accounting.ErrPeriodState)
		require.Empty(t, s.closings(), "what one journal says is no statement")

		s.lock("2010-03")
		require.Len(t, s.closings(), 3)
		s.reopen("2010-03")
		in := transfer("", "2010-03-01", 1)
		in.LockException = "as approved"
		require.NoError(t, s.tryPost(in))
		late := invoice("", s.ann.ID, "2010-03-01", "0")
		late.LockException = "as approved"
		_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{late})
		require.ErrorIs(t, err, accounting.ErrPeriodLocked, "a reopening lifts the lock that it names, and no other")
		_, err = s.books.AskReopening(s.ctx, accounting.NewReopening{PeriodID: s.period("2010-03").ID, Journal: general, Reason: "why not"})
		require.ErrorIs(t, err, accounting.ErrPeriodState)
		s.reopen("2010-03", sales)
		locks, err := s.books.JournalLocks(s.ctx)
		require.NoError(t, err)
		for _, k := range locks {
			require.Equal(t, k.PeriodID == s.period("2010-03").ID, k.State == accounting.PeriodSoftLocked)
		}
		s.sound()
	})
}

func TestReopeningTakesTwoPersons(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.post(transfer("", "2010-01-05", 100))
		ask := func(ctx context.Context, period string) (accounting.Reopening, error) {
			return s.books.AskReopening(ctx, accounting.NewReopening{PeriodID: s.period(period).ID, Reason: "a bill turned up"})
		}
		_, err := ask(s.ctx, "2010-02")
		require.ErrorIs(t, err, accounting.ErrPeriodState, "what is open is not opened")
		s.lock("2010-03")
		job, err := s.env.DB.System(context.Background(), tenancy.ScopeOf(s.ctx).TenantID(), "nightly")
		require.NoError(t, err)
		for _, program := range []context.Context{job, s.as("key:17")} {
			_, err = ask(program, "2010-02")
			require.ErrorIs(t, err, accounting.ErrNotAPerson)
		}
		_, err = s.books.AskReopening(s.ctx, accounting.NewReopening{PeriodID: s.period("2010-02").ID})
		require.ErrorIs(t, err, accounting.ErrBadInput, "a reason is needed")
		asked, err := ask(s.ctx, "2010-02")
		require.NoError(t, err)
		again, err := ask(s.ctx, "2010-02")
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Equal(t, asked.ID, again.ID)
		require.ErrorIs(t, s.tryPost(transfer("", "2010-02-01", 1)), accounting.ErrPeriodLocked, "asking opens nothing")
		for _, c := range []struct {
			ctx  context.Context
			want error
		}{{s.ctx, accounting.ErrSamePerson}, {job, accounting.ErrNotAPerson}, {s.as("key:17"), accounting.ErrNotAPerson}} {
			_, err = s.books.ApproveReopening(c.ctx, asked.ID)
			require.ErrorIs(t, err, c.want)
		}
		_, err = s.books.ApproveReopening(s.as("second"), uuid.New())
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		approved, err := s.books.ApproveReopening(s.as("second"), asked.ID)
		require.NoError(t, err)
		require.Equal(t, "second", approved.ApprovedBy)
		approved, err = s.books.ApproveReopening(s.as("second"), asked.ID)
		require.NoError(t, err)
		require.True(t, approved.Replayed)
		_, err = s.books.ApproveReopening(s.as("third"), asked.ID)
		require.ErrorIs(t, err, accounting.ErrReopeningState)

		require.Equal(t, accounting.PeriodLocked, s.period("2010-01").State, "what is before stays locked")
		require.Equal(t, accounting.PeriodSoftLocked, s.period("2010-02").State)
		require.Equal(t, accounting.PeriodSoftLocked, s.period("2010-03").State, "later figures rest on these")
		for i, c := range s.closings() {
			require.Equal(t, i == 0, c.Standing())
			if i > 0 {
				require.Equal(t, asked.ID, c.SupersededByID)
			}
		}
		in := transfer("", "2010-02-01", 1)
		require.ErrorIs(t, s.tryPost(in), accounting.ErrPeriodSoftLocked)
		in.LockException = "as approved"
		require.NoError(t, s.tryPost(in))
		s.lock("2010-02")
		require.Len(t, s.closings(), 4)
		_, err = s.books.ApproveReopening(s.as("second"), asked.ID)
		require.NoError(t, err, "a replay, which opens nothing")
		require.Equal(t, accounting.PeriodLocked, s.period("2010-02").State)
		s.sound()
	})
}

// Each act on periods has a permission of its own, and an outer act's does not stand for it.
func TestPermissionsOfPeriods(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.lock("2010-03")
		asked, err := s.books.AskReopening(s.ctx, accounting.NewReopening{PeriodID: s.period("2010-03").ID, Reason: "test"})
		require.NoError(t, err)
		years, err := s.books.FiscalYears(s.ctx)
		require.NoError(t, err)
		acts := map[tenancy.Permission]func(ctx context.Context) error{
			accounting.PermPeriods: func(ctx context.Context) error {
				_, err := s.books.SetPeriodState(ctx, accounting.SetPeriod{PeriodID: s.period("2010-04").ID, State: accounting.PeriodSoftLocked})
				return err
			},
			accounting.PermClose: func(ctx context.Context) error {
				_, err := s.books.CloseYear(ctx, accounting.NewYearEnd{FiscalYearID: years[0].ID})
				return err
			},
			accounting.PermReopen: func(ctx context.Context) error {
				_, err := s.books.AskReopening(ctx, accounting.NewReopening{PeriodID: s.period("2010-03").ID, Reason: "test"})
				return err
			},
			accounting.PermApprove: func(ctx context.Context) error { _, err := s.books.ApproveReopening(ctx, asked.ID); return err },
			accounting.PermSetup: func(ctx context.Context) error {
				_, err := s.books.OpenBalances(ctx, accounting.NewOpening{Reference: "O", Date: day("2010-05-01"), Lines: []accounting.NewLine{accounting.DebitLine(accounting.ByRole(cash), gbp(1))}})
				return err
			},
			accounting.PermRead: func(ctx context.Context) error { _, err := s.books.Closings(ctx); return err },
		}
		tenant := tenancy.ScopeOf(s.ctx).TenantID()
		for perm := range acts {
			for other, act := range acts {
				ctx, err := s.env.DB.Enter(context.Background(), tenant, "clerk", tenancy.Permissions{perm})
				require.NoError(t, err)
				if err := act(ctx); other == perm {
					require.NotErrorIs(t, err, tenancy.ErrForbidden, "%s", perm)
				} else {
					require.ErrorIs(t, err, tenancy.ErrForbidden, "%s with %s", other, perm)
				}
			}
		}
	})
}

func TestLateFactsArePostedInTheFirstOpenPeriod(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		wrong := s.post(transfer("", "2010-10-02", 9))[0]
		s.lock("2010-10")
		require.NoError(t, s.setState("2010-11", accounting.PeriodSoftLocked))

		bill := aBill("B", "V-17", s.ben.ID, "2010-10-20", "30")
		bill.Due = day("2010-11-19")
		_, err := s.books.Bill(s.ctx, []accounting.NewBill{bill})
		require.ErrorIs(t, err, accounting.ErrPeriodLocked, "refused, unless it is asked for")
		bill.Late = accounting.LateFirstOpen
		b := s.bill(bill)[0]
		require.Equal(t, day("2010-10-20"), b.BillDate, "the document keeps its date")
		e, err := s.books.GetEntry(s.ctx, b.EntryID)
		require.NoError(t, err)
		require.True(t, e.Late)
		require.Equal(t, day("2010-12-01"), e.EntryDate, "the first day of the first open period, past the soft lock")
		require.Equal(t, day("2010-10-20"), e.DocumentDate)
		items, err := s.books.OpenItems(s.ctx, day("2010-12-31"))
		require.NoError(t, err)
		require.Equal(t, day("2010-12-01"), items.Items[0].ItemDate)
		require.Equal(t, day("2010-11-19"), items.Items[0].DueDate, "it is due when the vendor says")

		v := invoice("I", s.ann.ID, "2010-10-31", "8")
		v.Late = accounting.LateFirstOpen
		issued := s.issue(v)[0]
		require.Equal(t, day("2010-10-31"), issued.InvoiceDate)
		paid := received("P", s.ann.ID, "2010-10-31", 800, part(issued.ID, 800))
		paid.Late = accounting.LateFirstOpen
		s.pay(paid)
		back, err := s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: wrong.ID, Date: day("2010-10-02"), Reason: "twice", Late: accounting.LateFirstOpen}})
		require.NoError(t, err)
		require.True(t, back[0].Late)
		in := transfer("E", "2010-11-15", 5)
		in.Late = accounting.LateFirstOpen
		require.True(t, s.post(in)[0].Late)
		in.Date, in.Reference = day("2010-12-15"), "on time"
		require.False(t, s.post(in)[0].Late)
		again, err := s.books.Bill(s.ctx, []accounting.NewBill{bill})
		require.NoError(t, err)
		require.True(t, again[0].Replayed)
		require.Zero(t, s.balanceOn(accounting.RolePayable, "2010-11-30"))
		require.Equal(t, int64(-3000), s.balanceOn(accounting.RolePayable, "2010-12-01"))
		page, err := s.books.ListEntries(s.ctx, tenancy.PageRequest{})
		require.NoError(t, err)
		late := 0
		for _, e := range page.Items {
			if e.Late {
				late++
			}
		}
		require.Equal(t, 5, late, "lists show which ones are late")
		gl, err := s.books.GeneralLedger(s.ctx, accounting.ByRole(accounting.RolePayable), day("2010-12-01"), day("2010-12-31"), tenancy.PageRequest{})
		require.NoError(t, err)
		require.True(t, gl.Lines[0].Late)
		require.Equal(t, day("2010-10-20"), gl.Lines[0].DocumentDate)

		in.Kind, in.Date, in.Reference = accounting.KindTill, day("2010-10-15"), ""
		require.ErrorIs(t, s.tryPost(in), accounting.ErrBadInput, "a till is not moved")
		for _, name := range []string{"2010-12", "2011-01", "2011-02", "2011-03", "2011-04", "2011-05", "2011-06", "2011-07", "2011-08", "2011-09", "2011-10", "2011-11", "2011-12"} {
			require.NoError(t, s.setState(name, accounting.PeriodSoftLocked))
		}
		in.Kind = accounting.KindEntry
		require.ErrorIs(t, s.tryPost(in), accounting.ErrNoOpenPeriod)
		s.sound()
	})
}

func (s *shop) balanceOn(role accounting.Role, on string) int64 {
	s.t.Helper()
	a, err := s.books.Balance(s.ctx, accounting.ByRole(role), day(on))
	require.NoError(s.t, err)
	return a.Minor
}

func TestTheFirstFiscalYearOpensWithBalances(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		owed := accounting.DebitLine(accounting.ByRole(accounting.RoleReceivable), gbp(300))
		owed.PartyID, owed.Due = s.ann.ID, day("2010-01-20")
		in := accounting.NewOpening{Reference: "OPENING", Date: day("2010-01-01"), Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByRole(accounting.RoleBank), gbp(1000)), owed}}
		e, err := s.books.OpenBalances(s.ctx, in)
		require.NoError(t, err)
		require.Equal(t, accounting.KindOpening, e.Kind)
		require.Equal(t, int64(-1300), s.balanceOn(accounting.RoleOpeningEquity, "2010-01-01"))
		items, err := s.books.OpenItems(s.ctx, day("2010-01-01"))
		require.NoError(t, err)
		require.Len(t, items.Items, 1)
		require.Equal(t, day("2010-01-20"), items.Items[0].DueDate)
		again, err := s.books.OpenBalances(s.ctx, in)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		for _, c := range []struct {
			change func(*accounting.NewOpening)
			want   error
		}{
			{func(in *accounting.NewOpening) { in.Reference = "" }, accounting.ErrBadInput},
			{func(in *accounting.NewOpening) { in.Lines = nil }, accounting.ErrBadInput},
			{func(in *accounting.NewOpening) { in.Lines[0].Debit = gbp(0) }, accounting.ErrBadInput},
			{func(in *accounting.NewOpening) { in.Lines[0].Debit = gbp(999) }, accounting.ErrReferenceTaken},
			{func(in *accounting.NewOpening) { in.Date = day("2011-01-01") }, accounting.ErrOpeningDate},
			{func(in *accounting.NewOpening) { in.Date = day("2009-12-31") }, accounting.ErrOpeningDate},
			{func(in *accounting.NewOpening) { in.Lines[0].Account = accounting.ByRole(sales) }, accounting.ErrOpeningDate},
			{func(in *accounting.NewOpening) { in.Lines[1].PartyID = uuid.Nil; in.Reference = "X" }, accounting.ErrUnknownParty},
		} {
			bad := in
			bad.Lines = append([]accounting.NewLine(nil), in.Lines...)
			c.change(&bad)
			_, err := s.books.OpenBalances(s.ctx, bad)
			require.ErrorIs(t, err, c.want)
		}
		s.sound()
	})
}

func TestAReopeningIsApprovedInTimeOrNotAtAll(t *testing.T) {
	var ahead atomic.Int64
	opt := modules
	opt.Clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	tenancytest.Each(t, opt, func(t *testing.T, env *tenancytest.Env) {
		ahead.Store(0)
		s := newShop(t, env)
		s.lock("2010-03")
		ask := func() accounting.Reopening {
			asked, err := s.books.AskReopening(s.ctx, accounting.NewReopening{PeriodID: s.period("2010-03").ID, Reason: "test"})
			require.NoError(t, err)
			return asked
		}
		late := ask()
		require.Equal(t, accounting.ReopeningTerm, late.ExpiresAt.Sub(late.AskedAt))
		ahead.Store(int64(accounting.ReopeningTerm + time.Hour))
		_, err := s.books.ApproveReopening(s.as("second"), late.ID)
		require.ErrorIs(t, err, accounting.ErrReopeningState)
		require.Equal(t, accounting.PeriodLocked, s.period("2010-03").State)
		again := ask()
		require.NotEqual(t, late.ID, again.ID, "what has expired is asked for anew")

		// An approval kept back for a lock that was set anew opens nothing.
		kept := again
		_, err = s.books.AskReopening(s.as("third"), accounting.NewReopening{PeriodID: s.period("2010-03").ID, Reason: "test"})
		require.NoError(t, err)
		reopenings, err := s.books.Reopenings(s.ctx)
		require.NoError(t, err)
		require.Len(t, reopenings, 3)
		_, err = s.books.ApproveReopening(s.as("second"), reopenings[2].ID)
		require.NoError(t, err)
		ahead.Add(int64(time.Hour))
		s.lock("2010-03")
		_, err = s.books.ApproveReopening(s.as("second"), kept.ID)
		require.ErrorIs(t, err, accounting.ErrReopeningState)
		require.Equal(t, accounting.PeriodLocked, s.period("2010-03").State)
		s.sound()
	})
}
