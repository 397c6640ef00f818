package accounting_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

func TestPreviewTellsAndLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.issue(invoice("before", s.ann.ID, "2010-12-01", "5.00"))
		preview, err := s.books.Preview(s.ctx, func(ctx context.Context) error {
			if _, err := s.books.Issue(ctx, []accounting.NewInvoice{invoice("INV", s.ann.ID, "2010-12-02", "7.00")}); err != nil {
				return err
			}
			_, err := s.books.Post(ctx, []accounting.NewEntry{transfer("cash", "2011-01-03", 3)})
			return err
		})
		require.NoError(t, err)
		require.Len(t, preview.Entries, 2)
		require.Equal(t, accounting.KindInvoice, preview.Entries[0].Kind)
		require.Len(t, preview.Entries[0].Lines, 2)
		require.Equal(t, accounting.JournalGeneral, preview.Entries[1].Journal)
		require.Equal(t, "takings", preview.Entries[1].Memo)
		require.Len(t, preview.Changes.Of("erp.invoices"), 1)
		byCode := map[string]accounting.BalanceChange{}
		for _, c := range preview.Balances {
			byCode[c.Code] = c
		}
		account := func(role accounting.Role) accounting.BalanceChange {
			a, err := s.books.GetAccount(s.ctx, accounting.ByRole(role))
			require.NoError(t, err)
			return byCode[a.Code]
		}
		require.Len(t, preview.Balances, 3)
		require.Equal(t, gbp(500), account(accounting.RoleReceivable).Before)
		require.Equal(t, gbp(1200), account(accounting.RoleReceivable).After)
		require.Equal(t, gbp(-1203), account(accounting.RoleSales).After)
		require.Equal(t, gbp(3), account(accounting.RoleCash).After)

		issued := s.issue(invoice("INV", s.ann.ID, "2010-12-02", "7.00"))
		require.False(t, issued[0].Replayed, "the reference is free")
		require.EqualValues(t, 2, issued[0].Seq, "and so is the number")
		s.sound()
	})
}

func TestPreviewRefusesWhatTheActRefuses(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		_, err := s.books.Preview(s.ctx, func(ctx context.Context) error {
			_, err := s.books.Post(ctx, []accounting.NewEntry{transfer("", "1999-01-01", 3)})
			return err
		})
		require.ErrorIs(t, err, accounting.ErrNoPeriod)
		within := s.env.DB.Tx(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			_, err := s.books.Preview(ctx, func(context.Context) error { return nil })
			return err
		})
		require.ErrorIs(t, within, tenancy.ErrDryRunWithin)
		poor := s.env.TenantWith(t, "accounting.post")
		_, err = s.books.Preview(poor, func(context.Context) error { return nil })
		require.ErrorIs(t, err, tenancy.ErrForbidden)
	})
}
