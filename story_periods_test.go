package erp_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// tradePeriods adds the year before, locks a journal and a month of it, and opens that again.
func (s *shop) tradePeriods(t *testing.T) {
	t.Helper()
	books := s.suite.Accounting
	_, err := books.AddFiscalYear(s.ctx, date.Of(2025, 1, 1))
	require.NoError(t, err)
	periods, err := books.Periods(s.ctx)
	require.NoError(t, err)
	_, err = books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[0].ID, Journal: accounting.JournalSales, State: accounting.PeriodLocked})
	require.NoError(t, err)
	_, err = books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[1].ID, State: accounting.PeriodLocked})
	require.NoError(t, err)
	asked, err := books.AskReopening(s.ctx, accounting.NewReopening{PeriodID: periods[1].ID, Reason: "a receipt from the old books"})
	require.NoError(t, err)
	other, err := s.suite.Tenancy.Enter(context.Background(), tenancy.ScopeOf(s.ctx).TenantID(), "auditor", tenancy.Permissions{tenancy.AllPermissions})
	require.NoError(t, err)
	_, err = books.ApproveReopening(other, asked.ID)
	require.NoError(t, err)
}
