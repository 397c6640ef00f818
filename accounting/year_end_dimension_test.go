package accounting_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
)

// emptied holds every account of income and expense to zero in every group of a dimension on a day.
func (s *shop) emptied(dimension, on string) {
	s.t.Helper()
	groups, err := s.books.TrialBalanceBy(s.ctx, dimension, day(on))
	require.NoError(s.t, err)
	for _, g := range groups {
		for _, l := range g.Report.Lines {
			a, err := s.books.GetAccount(s.ctx, accounting.ByID(l.AccountID))
			require.NoError(s.t, err)
			if a.Type.Temporary() {
				require.Equal(s.t, l.Debit, l.Credit, "%s of %s %q", l.Code, dimension, g.Value)
			}
		}
	}
}

// earned is the equity of each value of a dimension but for what stands out of the slice.
func (s *shop) earned(dimension, on string) map[string]int64 {
	s.t.Helper()
	groups, err := s.books.BalanceSheetBy(s.ctx, dimension, day(on))
	require.NoError(s.t, err)
	out := map[string]int64{}
	for _, g := range groups {
		out[g.Value] = g.Report.TotalEquity.Minor - g.Report.OutOfSlice.Minor
	}
	return out
}

func TestAYearIsClosedByDimension(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.analysed()
		york := accounting.Dimensions{"shop": "york", "cost_centre": "10"}
		leeds := accounting.Dimensions{"shop": "leeds"}
		costs := fee("2010-07-01", 40)
		costs.Lines[0].Dimensions = leeds
		first := s.post(takings("2010-03-05", 100, york), takings("2010-03-06", 30, leeds), takings("2010-03-07", 5, nil), costs)
		_, err := s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: first[1].ID, Date: day("2010-03-06"), Reason: "a mistake"}})
		require.NoError(t, err)
		_, err = s.books.RequireDimensions(s.ctx, accounting.ByRole(sales), []string{"shop"})
		require.NoError(t, err)
		_, err = s.books.RequireDimensions(s.ctx, accounting.ByRole(retained), []string{"shop"})
		require.NoError(t, err)
		_, err = s.books.SetDimensionValues(s.ctx, "shop", []accounting.NewDimensionValue{{Code: "york", Name: "Closed", Inactive: true}})
		require.NoError(t, err)
		pl, err := s.books.ProfitAndLossBy(s.ctx, "shop", day("2010-01-01"), day("2010-12-31"))
		require.NoError(t, err)
		before := s.earned("shop", "2010-12-31")
		require.Equal(t, map[string]int64{"": 5, "leeds": -40, "york": 100}, before)

		s.lock("2010-11")
		closing, err := s.closeYear(0)
		require.NoError(t, err)
		e, err := s.books.GetEntry(s.ctx, closing.EntryID)
		require.NoError(t, err)
		require.Len(t, e.Lines, 6, "takings of york and of none, costs of leeds, and the profit of each")
		for _, on := range []string{"2010-12-31", "2011-03-31"} {
			s.emptied("shop", on)
			s.emptied("cost_centre", on)
			require.Equal(t, before, s.earned("shop", on))
		}
		for _, dimension := range []string{"shop", "cost_centre"} {
			for _, of := range [][]accounting.Slice{nil, {{Dimension: "shop", Values: []string{"leeds"}}}, {{Dimension: "shop", Values: []string{"", "york"}}}} {
				_, err = s.books.ProfitAndLossBy(s.ctx, dimension, day("2010-01-01"), day("2010-12-31"), of...)
				require.NoError(t, err)
			}
		}
		after, err := s.books.ProfitAndLossBy(s.ctx, "shop", day("2010-01-01"), day("2010-12-31"))
		require.NoError(t, err)
		require.Equal(t, pl, after, "the result of a shop says the same before and after")
		sliced, err := s.books.ProfitAndLoss(s.ctx, day("2010-01-01"), day("2010-12-31"), accounting.Slice{Dimension: "shop", Values: []string{"leeds"}})
		require.NoError(t, err)
		require.Equal(t, gbp(-40), sliced.NetProfit)

		// What moves from one shop to another changes no account, and the closing all the same.
		s.reopen("2010-12")
		same, err := s.closeYear(0)
		require.NoError(t, err)
		require.Equal(t, closing.EntryID, same.EntryID)
		s.reopen("2010-12")
		moved := fee("2010-12-30", 40)
		moved.LockException = "it was york's"
		moved.Lines[0].Dimensions = accounting.Dimensions{"cost_centre": "20"}
		moved.Lines[1] = accounting.CreditLine(accounting.ByRole(accounting.RoleFees), gbp(40))
		moved.Lines[1].Dimensions = leeds
		s.post(moved)
		anew, err := s.closeYear(0)
		require.NoError(t, err)
		require.NotEqual(t, closing.EntryID, anew.EntryID)
		require.Equal(t, gbp(65), anew.Profit)
		s.emptied("shop", "2010-12-31")
		s.emptied("cost_centre", "2010-12-31")
		require.Equal(t, map[string]int64{"": 5 - 40, "york": 100}, s.nonZero(s.earned("shop", "2010-12-31")))
		s.sound()
	})
}

func (s *shop) nonZero(of map[string]int64) map[string]int64 {
	for value, minor := range of {
		if minor == 0 {
			delete(of, value)
		}
	}
	return of
}

// What acts derive never waits for a dimension that an account requires, in whichever order the two came.
func TestDerivedEntriesNeedNoDimensions(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.analysed()
		s.taxes(s20)
		_, err := s.books.RequireDimensions(s.ctx, accounting.ByRole(accounting.RoleTax), []string{"shop"})
		require.ErrorIs(t, err, accounting.ErrRoleType, "tax of documents names none")
		bank := accounting.ByRole(accounting.RoleBank)
		_, err = s.books.RequireDimensions(s.ctx, bank, []string{"shop"})
		require.NoError(t, err)
		rounding, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "7998", Name: "Gains", Type: accounting.Income})
		require.NoError(t, err)
		_, err = s.books.RequireDimensions(s.ctx, accounting.ByID(rounding.ID), []string{"shop"})
		require.NoError(t, err)
		_, err = s.books.UpdateAccount(s.ctx, accounting.AccountChange{ID: rounding.ID, Name: "Gains", Role: accounting.RoleUnrealisedGain, Active: true})
		require.NoError(t, err)
		require.ErrorIs(t, s.tryPost(accounting.NewEntry{Date: day("2010-12-01"), Lines: []accounting.NewLine{
			accounting.DebitLine(bank, gbp(5)), accounting.CreditLine(accounting.ByRole(cash), gbp(5))}}), accounting.ErrDimensionNeeded)

		s.rate("2010-12-01", "0.50")
		s.rate("2010-12-31", "0.75")
		_, err = s.books.Exchange(s.ctx, []accounting.NewExchange{{Date: day("2010-12-01"), From: bank, To: bank, Sold: gbp(500), Bought: usd(1000)}})
		require.NoError(t, err)
		s.pay(received("", s.ann.ID, "2010-12-02", 700))
		r := s.revalue("2010-12-31")
		require.False(t, r.Replayed)
		require.Equal(t, int64(-500+700+750), s.on("2010-12-31", bank))
		require.Equal(t, int64(-250), s.on("2010-12-31", accounting.ByID(rounding.ID)))
		s.lock("2010-11")
		_, err = s.closeYear(0)
		require.NoError(t, err)
		s.emptied("shop", "2010-12-31")
		s.sound()
	})
}
