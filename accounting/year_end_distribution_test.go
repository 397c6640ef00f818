package accounting_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// dividends is the template's account of distributions.
var dividends = accounting.ByCode("3300")

// dividend pays the owners in cash.
func dividend(account accounting.AccountRef, on string, minor int64) accounting.NewEntry {
	return accounting.NewEntry{Date: day(on), Lines: []accounting.NewLine{accounting.DebitLine(account, gbp(minor)), accounting.CreditLine(accounting.ByRole(cash), gbp(minor))}}
}

// of is the balance of an account at the end of a day.
func (s *shop) of(account accounting.AccountRef, on string) int64 {
	s.t.Helper()
	a, err := s.books.Balance(s.ctx, account, day(on))
	require.NoError(s.t, err)
	return a.Minor
}

// distributes says whether an account is one of distributions.
func (s *shop) distributes(ref accounting.AccountRef, yes bool) error {
	a, err := s.books.GetAccount(s.ctx, ref)
	require.NoError(s.t, err)
	_, err = s.books.UpdateAccount(s.ctx, accounting.AccountChange{ID: a.ID, Name: a.Name, Role: a.Role, Active: true, Distribution: &yes})
	return err
}

// What the owners took out is no expense, stands on its own until the year is closed, and then is off retained earnings, on lines of its own.
func TestDistributionsAreClosed(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.post(transfer("", "2010-03-05", 500), dividend(dividends, "2010-06-30", 200))
		pl, bs := s.said("2010-01-01", "2010-12-31")
		require.Equal(t, gbp(500), pl.NetProfit)
		paid := func() accounting.CashFlowStatement {
			c, err := s.books.CashFlow(s.ctx, accounting.CashFlowDirect, day("2010-01-01"), day("2010-12-31"))
			require.NoError(t, err)
			return c
		}
		flows := paid()
		require.Equal(t, gbp(-200), flows.FromFinancing)
		s.lock("2010-11")
		closing, err := s.closeYear(0)
		require.NoError(t, err)
		require.Equal(t, gbp(500), closing.Profit, "the profit is what was earned")
		require.Zero(t, s.of(dividends, "2010-12-31"))
		require.Equal(t, int64(-300), s.balanceOn(retained, "2010-12-31"))
		e, err := s.books.GetEntry(s.ctx, closing.EntryID)
		require.NoError(t, err)
		var lines []int64
		for _, l := range e.Lines {
			lines = append(lines, l.Amount.Minor)
		}
		require.Equal(t, []int64{500, -500, -200, 200}, lines, "profit and distribution change retained earnings each for itself")
		plAfter, bsAfter := s.said("2010-01-01", "2010-12-31")
		require.Equal(t, pl, plAfter, "the statements of the year say the same before and after")
		require.Equal(t, bs, bsAfter)
		require.Equal(t, flows, paid())
		require.Zero(t, s.equity("2011-03-31", "Dividends"))

		s.reopen("2010-12")
		more := dividend(dividends, "2010-12-31", 50)
		more.LockException = "resolved in December"
		s.post(more)
		_, err = s.closeYear(0)
		require.NoError(t, err)
		require.Zero(t, s.of(dividends, "2010-12-31"))
		require.Equal(t, int64(-250), s.balanceOn(retained, "2010-12-31"), "closed anew, with the whole distribution")
		s.sound()
	})
}

// A year that earned nothing is closed with what was taken out; an account that is declared late brings along what it held before.
func TestDistributionsDeclaredLate(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		drawings, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "3310", Name: "Drawings", Type: accounting.Equity})
		require.NoError(t, err)
		require.Equal(t, accounting.CashFlowFinancing, drawings.CashFlow)
		ref := accounting.ByID(drawings.ID)
		s.post(dividend(ref, "2010-06-30", 70), dividend(dividends, "2010-06-30", 30))
		s.lock("2010-11")
		closing, err := s.closeYear(0)
		require.NoError(t, err)
		require.Equal(t, gbp(0), closing.Profit)
		require.Equal(t, []int64{70, 0, 30}, []int64{s.of(ref, "2010-12-31"), s.of(dividends, "2010-12-31"), s.balanceOn(retained, "2010-12-31")}, "what nobody declared stays")
		require.NoError(t, s.distributes(ref, true))
		s.post(dividend(ref, "2011-06-30", 5))
		s.lock("2011-11")
		_, err = s.closeYear(1)
		require.NoError(t, err)
		require.Equal(t, []int64{0, 105}, []int64{s.of(ref, "2011-12-31"), s.balanceOn(retained, "2011-12-31")})
		require.Equal(t, int64(70), s.of(ref, "2010-12-31"), "years that are closed stay as they are")
		s.sound()
	})
}

// Each combination of dimensions bears what was taken out under it.
func TestDistributionsByDimension(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.analysed()
		out := dividend(dividends, "2010-06-30", 40)
		out.Lines[0].Dimensions = accounting.Dimensions{"shop": "york", "cost_centre": "10"}
		s.post(takings("2010-03-05", 100, out.Lines[0].Dimensions), out, dividend(dividends, "2010-07-01", 7))
		before := s.earned("shop", "2010-12-31")
		s.lock("2010-11")
		_, err := s.closeYear(0)
		require.NoError(t, err)
		require.Equal(t, before, s.earned("shop", "2010-12-31"))
		groups, err := s.books.TrialBalanceBy(s.ctx, "shop", day("2010-12-31"))
		require.NoError(t, err)
		held := map[string]int64{}
		for _, g := range groups {
			for _, l := range g.Report.Lines {
				if l.Code == "3200" || l.Code == "3300" {
					held[g.Value+" "+l.Code] = l.Debit.Minor - l.Credit.Minor
				}
			}
		}
		require.Equal(t, map[string]int64{"york 3300": 0, "york 3200": -60, " 3300": 0, " 3200": 7}, held)
		s.sound()
	})
}

// Distributions are equity that has no other purpose, and nothing is closed into one.
func TestWhatIsNoDistribution(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		_, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1999", Name: "Odd", Type: accounting.Asset, Distribution: true})
		require.ErrorIs(t, err, accounting.ErrRoleType)
		require.ErrorIs(t, s.distributes(accounting.ByRole(retained), true), accounting.ErrRoleType)
		made, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "3310", Name: "Drawings", Type: accounting.Equity, Distribution: true})
		require.NoError(t, err)
		require.Equal(t, accounting.CashFlowDividendsPaid, made.CashFlow)
		s.post(transfer("", "2010-03-05", 500))
		s.lock("2010-11")
		years, err := s.books.FiscalYears(s.ctx)
		require.NoError(t, err)
		_, err = s.books.CloseYear(s.ctx, accounting.NewYearEnd{FiscalYearID: years[0].ID, Retained: dividends})
		require.ErrorIs(t, err, accounting.ErrBadInput)
		require.ErrorContains(t, err, "account 3300")
		require.Empty(t, s.of(dividends, "2010-12-31"))

		owner := s.env.Owner(t, tenancy.ScopeOf(s.ctx).TenantID())
		defer func() { _ = owner.Close() }()
		for _, where := range []string{"role = 'retained_earnings'", "type = 'income'"} {
			_, err = owner.Exec(s.env.SQL("UPDATE erp.accounts SET distribution = TRUE WHERE " + where))
			require.ErrorContains(t, err, "erp_accounts_distribution")
		}
	})
}
