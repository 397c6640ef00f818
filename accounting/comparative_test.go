package accounting_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy/date"
)

// sumOf are the sums of a section's lines by column.
func sumOf(s *accounting.ComparativeSection) []int64 {
	out := make([]int64, len(s.Totals))
	for _, l := range s.Lines {
		for i, a := range l.Amounts {
			out[i] += a.Minor
		}
	}
	return out
}

func TestComparativeStatements(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.post(transfer("", "2010-11-01", 500), transfer("", "2010-12-01", 700))
		rent := transfer("", "2010-12-02", 300)
		rent.Lines[0].Account, rent.Lines[1].Account = accounting.ByCode("6100"), accounting.ByRole(accounting.RoleBank)
		s.post(rent)
		months := []accounting.Span{{From: day("2010-11-01"), To: day("2010-11-30")}, {From: day("2010-12-01"), To: day("2010-12-31")}, {From: day("2010-10-01"), To: day("2010-10-31")}}
		pl, err := s.books.CompareProfitAndLoss(s.ctx, months)
		require.NoError(t, err)
		var names []string
		for i := range pl.Sections {
			c := &pl.Sections[i]
			names = append(names, c.Name)
			if len(c.Lines) > 0 {
				for j, sum := range sumOf(c) {
					require.Equal(t, sum, c.Totals[j].Minor, "%s %d", c.Name, j)
				}
				require.True(t, slices.IsSortedFunc(c.Lines, func(a, b accounting.ComparativeLine) int { return strings.Compare(a.Code, b.Code) }))
			}
		}
		require.Equal(t, []string{"Income", "Cost of sales", "Gross profit", "Expenses", "Net profit"}, names)
		for i, month := range months {
			one, err := s.books.ProfitAndLoss(s.ctx, month.From, month.To)
			require.NoError(t, err)
			require.Equal(t, one.NetProfit, pl.Sections[4].Totals[i])
		}
		require.Equal(t, []int64{0, 300, 0}, sumOf(&pl.Sections[3]))

		days := []date.Date{day("2010-12-31"), day("2010-11-30")}
		bs, err := s.books.CompareBalanceSheets(s.ctx, days)
		require.NoError(t, err)
		for i, on := range days {
			one, err := s.books.BalanceSheet(s.ctx, on)
			require.NoError(t, err)
			require.Equal(t, []any{one.TotalAssets, one.TotalLiabilities, one.TotalEquity}, []any{bs.Sections[0].Totals[i], bs.Sections[1].Totals[i], bs.Sections[2].Totals[i]})
			for j := range bs.Sections {
				require.Equal(t, bs.Sections[j].Totals[i].Minor, sumOf(&bs.Sections[j])[i])
			}
		}
		_, err = s.books.CompareBalanceSheets(s.ctx, nil)
		require.ErrorIs(t, err, accounting.ErrBadInput)
		_, err = s.books.CompareProfitAndLoss(s.ctx, make([]accounting.Span, accounting.MaxColumns+1))
		require.ErrorIs(t, err, accounting.ErrBadInput)
	})
}
