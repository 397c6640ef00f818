package accounting_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// said is what the statements say of a year's last day, and of the first one after it.
func (s *shop) said(first, last string) (accounting.ProfitAndLoss, accounting.BalanceSheet) {
	s.t.Helper()
	pl, err := s.books.ProfitAndLoss(s.ctx, day(first), day(last))
	require.NoError(s.t, err)
	bs, err := s.books.BalanceSheet(s.ctx, day(last))
	require.NoError(s.t, err)
	return pl, bs
}

// equity is a line of the balance sheet's equity; 0 when it has none of the name.
func (s *shop) equity(on, name string) int64 {
	s.t.Helper()
	bs, err := s.books.BalanceSheet(s.ctx, day(on))
	require.NoError(s.t, err)
	for _, l := range bs.Equity {
		if l.Name == name {
			return l.Amount.Minor
		}
	}
	return 0
}

const (
	earlierYears = "Profits and losses of earlier years"
	retained     = accounting.RoleRetainedEarnings
)

func fee(on string, minor int64) accounting.NewEntry {
	return accounting.NewEntry{Date: day(on), Lines: []accounting.NewLine{accounting.DebitLine(accounting.ByRole(accounting.RoleFees), gbp(minor)),
		accounting.CreditLine(accounting.ByRole(cash), gbp(minor))}}
}

func TestCloseYear(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.post(transfer("", "2010-03-05", 500), fee("2010-12-31", 120), transfer("", "2011-02-01", 70))
		pl, bs := s.said("2010-01-01", "2010-12-31")
		require.Equal(t, int64(380), s.equity("2011-03-31", earlierYears))
		_, err := s.closeYear(0)
		require.EqualError(t, err, "accounting.CloseYear: before the year 2010 is closed: lock period 2010-01, period 2010-02, period 2010-03, period 2010-04, "+
			"period 2010-05, period 2010-06, period 2010-07, period 2010-08, period 2010-09, period 2010-10, period 2010-11 (accounting.year_open)")
		s.lock("2010-11")
		require.NoError(t, s.setState("2010-12", accounting.PeriodSoftLocked))
		require.ErrorIs(t, s.setState("2011-01", accounting.PeriodLocked), accounting.ErrYearOpen)
		_, err = s.closeYear(1)
		require.EqualError(t, err, "accounting.CloseYear: before the year 2011 is closed: lock year 2010, period 2011-01, period 2011-02, period 2011-03, period 2011-04, "+
			"period 2011-05, period 2011-06, period 2011-07, period 2011-08, period 2011-09, period 2011-10, period 2011-11 (accounting.year_open)")
		closing, err := s.closeYear(0)
		require.NoError(t, err)
		require.Equal(t, gbp(380), closing.Profit)
		require.Equal(t, accounting.ClosingOfYear, closing.Kind)
		require.Equal(t, accounting.PeriodLocked, s.period("2010-12").State)
		again, err := s.closeYear(0)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Equal(t, closing.ID, again.ID)

		e, err := s.books.GetEntry(s.ctx, closing.EntryID)
		require.NoError(t, err)
		require.Equal(t, day("2010-12-31"), e.EntryDate)
		require.Len(t, e.Lines, 3)
		require.Equal(t, int64(-380), s.balanceOn(retained, "2010-12-31"))
		require.Zero(t, s.balanceOn(sales, "2010-12-31"))
		plAfter, bsAfter := s.said("2010-01-01", "2010-12-31")
		require.Equal(t, pl, plAfter, "the statements of the year say the same before and after")
		require.Equal(t, bs, bsAfter)
		require.Zero(t, s.equity("2011-03-31", earlierYears), "they are in retained earnings now")
		require.Equal(t, int64(380), s.equity("2011-03-31", "Retained earnings")+s.equity("2011-03-31", "Profit and loss account brought forward"))

		_, err = s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: e.ID, Date: day("2011-01-31"), Reason: "no"}})
		require.ErrorIs(t, err, accounting.ErrEntryOfDocument, "it is taken back by a reopening alone")
		_, err = s.books.CloseYear(s.ctx, accounting.NewYearEnd{FiscalYearID: uuid.New()})
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		s.sound()
	})
}

func TestAYearIsClosedAnew(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.post(transfer("", "2010-03-05", 500))
		s.lock("2010-11")
		first, err := s.closeYear(0)
		require.NoError(t, err)

		s.reopen("2010-12")
		same, err := s.closeYear(0)
		require.NoError(t, err)
		require.NotEqual(t, first.ID, same.ID)
		require.Equal(t, first.EntryID, same.EntryID, "the result is as it was: its entry stands")
		require.Equal(t, first.Root, same.Root)

		s.reopen("2010-11")
		late := fee("2010-12-30", 40)
		late.LockException = "the bank's charges"
		require.NoError(t, s.tryPost(late))
		_, err = s.closeYear(0)
		require.ErrorIs(t, err, accounting.ErrYearOpen, "November is soft-locked only")
		s.lock("2010-11")
		second, err := s.closeYear(0)
		require.NoError(t, err)
		require.Equal(t, gbp(460), second.Profit)
		require.NotEqual(t, first.EntryID, second.EntryID)
		require.Equal(t, int64(-460), s.balanceOn(retained, "2010-12-31"), "the former entry is taken back, and the new one has the whole result")
		require.Zero(t, s.balanceOn(sales, "2010-12-31"))
		pl, _ := s.said("2010-01-01", "2010-12-31")
		require.Equal(t, gbp(460), pl.NetProfit)
		s.reopen("2010-12")
		back := fee("2010-12-30", 40)
		back.Lines[0], back.Lines[1] = accounting.CreditLine(accounting.ByRole(accounting.RoleFees), gbp(40)), accounting.DebitLine(accounting.ByRole(cash), gbp(40))
		more := fee("2010-12-30", 500)
		back.LockException, more.LockException = "after all", "after all"
		s.post(back, more)
		third, err := s.closeYear(0)
		require.NoError(t, err)
		require.Equal(t, gbp(0), third.Profit)
		require.Zero(t, s.balanceOn(retained, "2010-12-31"))
		require.Zero(t, s.balanceOn(sales, "2010-12-31"), "income and expense are emptied, though they cancel out")
		s.sound()
	})
}

func TestAYearWithoutResultHasNoEntry(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		account, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "7999", Name: "Fines", Type: accounting.Expense})
		require.NoError(t, err)
		fine := fee("2011-05-01", 30)
		fine.Lines[0].Account = accounting.ByID(account.ID)
		s.post(fine)
		s.lock("2010-11")
		empty, err := s.closeYear(0)
		require.NoError(t, err)
		require.Equal(t, uuid.Nil, empty.EntryID)
		s.lock("2011-11")
		_, err = s.books.UpdateAccount(s.ctx, accounting.AccountChange{ID: account.ID, Name: account.Name})
		require.NoError(t, err)
		loss, err := s.closeYear(1)
		require.NoError(t, err, "an account that takes no postings any more is closed all the same")
		require.Equal(t, gbp(-30), loss.Profit)
		require.Equal(t, int64(30), s.balanceOn(retained, "2011-12-31"))
		s.sound()
	})
}

// Locking and closing cost the same few statements, however much was posted and to however many accounts.
func TestClosingCostsConstantStatements(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		var counts [2][2]int
		for i := range counts {
			other := newShop(t, s.env)
			var in []accounting.NewEntry
			for n := range i*30 + 1 {
				account, err := other.books.CreateAccount(other.ctx, accounting.NewAccount{Code: fmt.Sprint("X", n), Name: "More", Type: accounting.Expense})
				require.NoError(t, err)
				e := fee(fmt.Sprintf("2010-%02d-01", n%12+1), int64(n+1))
				e.Lines[0].Account = accounting.ByID(account.ID)
				in = append(in, e)
			}
			other.post(in...)
			november := other.period("2010-11")
			years, err := other.books.FiscalYears(other.ctx)
			require.NoError(t, err)
			counts[i][0] = s.env.Count(t, func() {
				_, err = other.books.SetPeriodState(other.ctx, accounting.SetPeriod{PeriodID: november.ID, State: accounting.PeriodLocked})
				require.NoError(t, err)
			})
			counts[i][1] = s.env.Count(t, func() {
				_, err = other.books.CloseYear(other.ctx, accounting.NewYearEnd{FiscalYearID: years[0].ID})
				require.NoError(t, err)
			})
			other.sound()
		}
		require.Equal(t, counts[0], counts[1])
		require.Less(t, counts[0][1], 40)
	})
}
