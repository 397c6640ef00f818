package accounting_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

func TestYearEndChecklist(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		years, err := s.books.FiscalYears(s.ctx)
		require.NoError(t, err)
		left := func(i int) (kinds []accounting.YearEndTaskKind, details string) {
			tasks, err := s.books.YearEndChecklist(s.ctx, years[i].ID)
			require.NoError(t, err)
			for _, task := range tasks {
				require.Equal(t, task.Kind == accounting.YearEndLocks, task.Refused)
				kinds, details = append(kinds, task.Kind), details+task.Detail+"\n"
			}
			return kinds, details
		}
		s.dollarAccount(10_000, 5_000)
		drafts, err := s.books.DraftInvoices(s.ctx, []accounting.NewInvoice{invoice("", s.ann.ID, "2010-12-01", "1.00")})
		require.NoError(t, err)
		kinds, details := left(0)
		require.Equal(t, []accounting.YearEndTaskKind{accounting.YearEndDrafts, accounting.YearEndRevaluation, accounting.YearEndLocks}, kinds)
		require.Contains(t, details, "1 drafts of documents")
		require.Contains(t, details, dollarsCode+" 100.00")
		require.Contains(t, details, "before the year 2010 is closed: lock period 2010-01")
		kinds, _ = left(1)
		require.Contains(t, kinds, accounting.YearEndNextYear)

		_, err = s.books.DiscardDraft(s.ctx, drafts[0].ID)
		require.NoError(t, err)
		s.rate(inDecember, "0.55")
		s.revalue(inDecember)
		s.lock("2010-11")
		kinds, _ = left(0)
		require.Empty(t, kinds)
		s.post(accounting.NewEntry{Kind: accounting.KindOpening, Date: day(inDecember), Lines: []accounting.NewLine{
			{Account: accounting.ByCode(dollarsCode), Debit: usd(1), Base: gbp(1)}, {Account: accounting.ByRole(accounting.RoleOpeningEquity), Credit: usd(1), Base: gbp(1)}}})
		kinds, _ = left(0)
		require.Equal(t, []accounting.YearEndTaskKind{accounting.YearEndRevaluation}, kinds, "something came since")
		_, err = s.closeYear(0)
		require.NoError(t, err, "it is for the bookkeeper to judge")
		kinds, _ = left(0)
		require.Empty(t, kinds)
		_, err = s.books.YearEndChecklist(s.ctx, uuid.New())
		require.ErrorIs(t, err, tenancy.ErrNotFound)
	})
}
