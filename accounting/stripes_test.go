package accounting_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
)

// stripesOf is how many balance rows the account has, counted past the library.
func (s *shop) stripesOf(role accounting.Role) (n int) {
	s.t.Helper()
	a, err := s.books.GetAccount(s.ctx, accounting.ByRole(role))
	require.NoError(s.t, err)
	owner := s.env.Owner(s.t, tenancy.ScopeOf(s.ctx).TenantID())
	defer func() { _ = owner.Close() }()
	require.NoError(s.t, owner.QueryRow(s.env.SQL("SELECT COUNT(*) FROM erp.account_balances WHERE account_id = '"+a.ID.String()+"'")).Scan(&n))
	return n
}

func TestPostingsAloneUseOneBalance(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		for range 5 {
			s.post(transfer("", "2010-12-01", 1))
		}
		require.Equal(t, 1, s.stripesOf(accounting.RoleCash))
		require.NoError(t, s.env.DB.Tx(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			_, err := s.books.Post(ctx, []accounting.NewEntry{transfer("", "2010-12-01", 1)})
			return err
		}))
		require.Equal(t, 1, s.stripesOf(accounting.RoleCash))
		require.EqualValues(t, 6, s.balance(accounting.RoleCash))
		s.sound()
	})
}

// Postings on the very same accounts at once: what they add up to is right, by whatever rows it is kept.
func TestRacePostingsOnOneHotAccount(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		const callers, times = 8, 6
		for _, err := range racetest.Together(callers, func(int) error {
			for range times {
				if err := insist(func() error {
					_, err := s.books.Post(s.ctx, []accounting.NewEntry{transfer("", "2010-12-01", 1)})
					return err
				}); err != nil {
					return err
				}
			}
			return nil
		}) {
			require.NoError(t, err)
		}
		require.EqualValues(t, callers*times, s.balance(accounting.RoleCash))
		require.LessOrEqual(t, s.stripesOf(accounting.RoleCash), callers)
		s.sound()
	})
}
