package accounting_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
)

// analysed defines two dimensions with values.
func (s *shop) analysed() {
	s.t.Helper()
	for code, values := range map[string][]string{"shop": {"leeds", "york"}, "cost_centre": {"10", "20", "30"}} {
		_, err := s.books.CreateDimension(s.ctx, accounting.NewDimension{Code: code, Name: "The " + code})
		require.NoError(s.t, err)
		in := make([]accounting.NewDimensionValue, len(values))
		for i, v := range values {
			in[i] = accounting.NewDimensionValue{Code: v, Name: "Named " + v}
		}
		_, err = s.books.SetDimensionValues(s.ctx, code, in)
		require.NoError(s.t, err)
	}
}

// takings are sales of a shop.
func takings(on string, minor int64, of accounting.Dimensions) accounting.NewEntry {
	e := transfer("", on, minor)
	e.Lines[1].Dimensions = of
	return e
}

func TestDimensions(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.analysed()
		york, leeds := accounting.Dimensions{"shop": "york", "cost_centre": "10"}, accounting.Dimensions{"shop": "leeds"}
		e := s.post(takings("2010-11-30", 100, york), takings("2010-12-10", 20, york), takings("2010-12-11", 3, leeds), takings("2010-12-12", 4_000, nil))
		got, err := s.books.GetEntry(s.ctx, e[0].ID)
		require.NoError(t, err)
		require.Equal(t, york, got.Lines[1].Dimensions)
		require.Empty(t, got.Lines[0].Dimensions)

		of := func(dimension string, values ...string) accounting.Slice {
			return accounting.Slice{Dimension: dimension, Values: values}
		}
		for _, row := range []struct {
			slices []accounting.Slice
			want   int64
		}{
			{nil, 4_123}, {[]accounting.Slice{of("shop", "york")}, 120}, {[]accounting.Slice{of("shop", "leeds", "york")}, 123},
			{[]accounting.Slice{of("shop", "")}, 4_000}, {[]accounting.Slice{of("shop", "", "leeds")}, 4_003},
			{[]accounting.Slice{of("shop", "leeds"), of("cost_centre", "10")}, 0}, {[]accounting.Slice{of("cost_centre", "10", "20"), of("shop", "york")}, 120},
			{[]accounting.Slice{of("cost_centre", "")}, 4_003},
		} {
			for _, to := range []string{"2010-12-31", "2010-12-20"} { // from kept balances, and from lines
				pl, err := s.books.ProfitAndLoss(s.ctx, day("2010-11-15"), day(to), row.slices...)
				require.NoError(t, err)
				require.Equal(t, gbp(row.want), pl.TotalIncome, "%v", row.slices)
			}
		}
		tb, err := s.books.TrialBalance(s.ctx, day("2010-12-31"), of("shop", "york"))
		require.NoError(t, err)
		require.Len(t, tb.Lines, 1)
		require.Equal(t, gbp(120), tb.Credit)

		groups, err := s.books.TrialBalanceBy(s.ctx, "shop", day("2010-12-31"))
		require.NoError(t, err)
		require.Len(t, groups, 3)
		require.Equal(t, []string{"", "leeds", "york"}, []string{groups[0].Value, groups[1].Value, groups[2].Value})
		require.Equal(t, "Named york", groups[2].Name)
		require.Equal(t, gbp(120), groups[2].Report.Credit)
		results, err := s.books.ProfitAndLossBy(s.ctx, "shop", day("2010-12-01"), day("2010-12-31"), of("cost_centre", "10"))
		require.NoError(t, err)
		require.Len(t, results, 1)
		require.Equal(t, gbp(20), results[0].Report.NetProfit)
		sheets, err := s.books.BalanceSheetBy(s.ctx, "shop", day("2010-12-31"))
		require.NoError(t, err)
		var out, assets int64
		for _, g := range sheets {
			out, assets = out+g.Report.OutOfSlice.Minor, assets+g.Report.TotalAssets.Minor
			require.Equal(t, g.Report.TotalAssets.Minor, g.Report.TotalLiabilities.Minor+g.Report.TotalEquity.Minor)
		}
		require.Zero(t, out)
		require.Equal(t, int64(4_123), assets)

		gl, err := s.books.GeneralLedger(s.ctx, accounting.ByRole(sales), day("2010-12-01"), day("2010-12-31"), tenancy.PageRequest{}, of("shop", "york"))
		require.NoError(t, err)
		require.Equal(t, gbp(-100), gl.Opening)
		require.Equal(t, gbp(-120), gl.Closing)
		require.Len(t, gl.Lines, 1)
		require.Equal(t, york, gl.Lines[0].Dimensions)

		// A reversal takes its dimensions along.
		_, err = s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: e[0].ID, Date: day("2010-12-31"), Reason: "test"}})
		require.NoError(t, err)
		tb, err = s.books.TrialBalance(s.ctx, day("2010-12-31"), of("shop", "york"))
		require.NoError(t, err)
		require.Equal(t, gbp(20), tb.Credit)
		s.sound()
	})
}

func TestDimensionsRefuse(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.analysed()
		_, err := s.books.CreateDimension(s.ctx, accounting.NewDimension{Code: "shop", Name: "Again"})
		require.ErrorIs(t, err, accounting.ErrCodeTaken)
		_, err = s.books.SetDimensionValues(s.ctx, "planet", nil)
		require.ErrorIs(t, err, accounting.ErrUnknownDimension)
		_, err = s.books.SetDimensionValues(s.ctx, "shop", []accounting.NewDimensionValue{{Code: "x", Name: "x"}, {Code: "x", Name: "x"}})
		require.ErrorIs(t, err, accounting.ErrBadInput)
		_, err = s.books.RequireDimensions(s.ctx, accounting.ByRole(sales), []string{"planet"})
		require.ErrorIs(t, err, accounting.ErrUnknownDimension)
		for _, role := range []accounting.Role{receivable, accounting.RoleExchangeGain} {
			_, err = s.books.RequireDimensions(s.ctx, accounting.ByRole(role), []string{"shop"})
			require.ErrorIs(t, err, accounting.ErrRoleType)
		}
		before := s.post(transfer("", "2010-12-01", 7))[0]
		a, err := s.books.RequireDimensions(s.ctx, accounting.ByRole(sales), []string{"shop", "cost_centre", "shop"})
		require.NoError(t, err)
		require.Equal(t, "cost_centre,shop", a.RequiredDimensions)
		_, err = s.books.UpdateDimension(s.ctx, accounting.DimensionChange{Code: "shop", Name: "Shop"})
		require.ErrorIs(t, err, accounting.ErrRoleNeeded)
		_, err = s.books.SetDimensionValues(s.ctx, "shop", []accounting.NewDimensionValue{{Code: "leeds", Name: "Closed", Inactive: true}})
		require.NoError(t, err)
		values, err := s.books.ListDimensionValues(s.ctx, "shop")
		require.NoError(t, err)
		require.Equal(t, "Closed", values[0].Name)
		dimensions, err := s.books.ListDimensions(s.ctx)
		require.NoError(t, err)
		require.Len(t, dimensions, 2)
		for _, row := range []struct {
			of   accounting.Dimensions
			want error
		}{
			{nil, accounting.ErrDimensionNeeded},
			{accounting.Dimensions{"shop": "york"}, accounting.ErrDimensionNeeded},
			{accounting.Dimensions{"shop": "york", "cost_centre": "99"}, accounting.ErrUnknownDimension},
			{accounting.Dimensions{"shop": "leeds", "cost_centre": "10"}, accounting.ErrDimensionInactive},
			{accounting.Dimensions{"shop": "york", "cost_centre": "10", "planet": "mars"}, accounting.ErrUnknownDimension},
		} {
			_, err := s.books.Post(s.ctx, []accounting.NewEntry{takings("2010-12-01", 5, row.of)})
			require.ErrorIs(t, err, row.want)
			require.ErrorContains(t, err, "entry 1: line 2: ")
		}
		s.post(takings("2010-12-01", 5, accounting.Dimensions{"shop": "york", "cost_centre": "10"}))
		_, err = s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: before.ID, Date: day("2010-12-02"), Reason: "test"}})
		require.NoError(t, err, "it was booked before any were required")
		_, err = s.books.TrialBalance(s.ctx, day("2010-12-31"), accounting.Slice{Dimension: "shop"})
		require.ErrorIs(t, err, accounting.ErrBadInput)
		_, err = s.books.TrialBalance(s.ctx, day("2010-12-31"), accounting.Slice{Dimension: "shop", Values: []string{"x"}})
		require.ErrorIs(t, err, accounting.ErrUnknownDimension)
		_, err = s.books.RequireDimensions(s.ctx, accounting.ByRole(sales), nil)
		require.NoError(t, err)
		s.post(transfer("", "2010-12-01", 5))
		s.sound()
	})
}

// A batch with dimensions costs the same number of statements for any number of lines and combinations, and one without costs
// nothing for having them defined.
func TestDimensionsCostTheSame(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.post(transfer("", "2010-12-01", 1)) // reads the settings
		bare := s.env.Count(t, func() { s.post(transfer("", "2010-12-01", 1)) })
		s.analysed()
		s.post(transfer("", "2010-12-01", 1))
		require.Equal(t, bare, s.env.Count(t, func() { s.post(transfer("", "2010-12-01", 1)) }))
		batch := func(shop string, n int) []accounting.NewEntry {
			in := make([]accounting.NewEntry, n)
			for i := range in {
				in[i] = takings("2010-12-01", 5, accounting.Dimensions{"shop": shop, "cost_centre": fmt.Sprint(10 * (1 + i%3))})
			}
			return in
		}
		first := s.env.Count(t, func() { s.post(batch("york", 1)...) })
		require.Equal(t, first, s.env.Count(t, func() { s.post(batch("leeds", 30)...) }), "new combinations")
		known := s.env.Count(t, func() { s.post(batch("leeds", 1)...) })
		require.Less(t, known, first)
		require.Equal(t, known, s.env.Count(t, func() { s.post(batch("leeds", 30)...) }))
		s.sound()
	})
}

// Who is first to use a combination makes it; the others use it.
func TestRaceFirstUseOfDimensions(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.analysed()
		errs := racetest.Together(4, func(int) error {
			_, err := s.books.Post(s.ctx, []accounting.NewEntry{takings("2010-12-01", 5, accounting.Dimensions{"shop": "york", "cost_centre": "30"})})
			return err
		})
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.Equal(t, int64(20), s.balance(cash))
		s.sound()
	})
}
