package accounting_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// TestYearEndChecklistNamesMoneyThatNoCashFlowHas: payments to an account that nobody has placed in the statement of cash flows.
func TestYearEndChecklistNamesMoneyThatNoCashFlowHas(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		years, err := s.books.FiscalYears(s.ctx)
		require.NoError(t, err)
		purse, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1016", Name: "Payment service", Type: accounting.Asset})
		require.NoError(t, err)
		for i, in := range []accounting.NewPayment{received("", s.ann.ID, "2010-12-01", 500), received("", s.ann.ID, "2010-12-02", 500)} {
			if i == 1 {
				in.Account = accounting.ByID(purse.ID)
			}
			tasks, err := s.books.YearEndChecklist(s.ctx, years[0].ID)
			require.NoError(t, err)
			require.Len(t, tasks, 1, "periods are open; what went to the bank is no question")
			_, err = s.books.Pay(s.ctx, []accounting.NewPayment{in})
			require.NoError(t, err)
		}
		tasks, err := s.books.YearEndChecklist(s.ctx, years[0].ID)
		require.NoError(t, err)
		require.Len(t, tasks, 2)
		require.Equal(t, accounting.YearEndCash, tasks[0].Kind)
		require.False(t, tasks[0].Refused)
		require.Contains(t, tasks[0].Detail, "1016 Payment service")
		_, err = s.books.UpdateAccount(s.ctx, accounting.AccountChange{ID: purse.ID, Name: purse.Name, Active: true, CashFlow: accounting.CashFlowCash})
		require.NoError(t, err)
		tasks, err = s.books.YearEndChecklist(s.ctx, years[0].ID)
		require.NoError(t, err)
		require.Len(t, tasks, 1)
	})
}

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
