package accounting_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
)

// ofStock is an entry that brings an amount to the stock account, out of opening equity.
func ofStock(kind accounting.EntryKind, on string, minor int64) accounting.NewEntry {
	return accounting.NewEntry{Kind: kind, Date: day(on), Lines: []accounting.NewLine{
		accounting.DebitLine(accounting.ByRole(accounting.RoleStock), gbp(minor)),
		accounting.CreditLine(accounting.ByRole(accounting.RoleOpeningEquity), gbp(minor)),
	}}
}

// Without inventory the stock account is the bookkeeper's. Once goods are kept, nothing but their movements is booked to it.
func TestStockAccountIsKept(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		counted := s.post(ofStock("", "2010-12-31", 500_00))[0]
		_, err := s.books.KeepStock(s.ctx)
		require.ErrorIs(t, err, accounting.ErrStockBalance)
		require.ErrorContains(t, err, "holds 500.00 GBP: book that to another account first")
		s.post(ofStock("", "2010-12-31", 1)) // refused, it has changed nothing
		s.post(accounting.NewEntry{Date: day("2010-12-31"), Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByRole(accounting.RoleOpeningEquity), gbp(500_01)), accounting.CreditLine(accounting.ByRole(accounting.RoleStock), gbp(500_01))}})
		for range 2 { // kept already, it is given as it is
			account, err := s.books.KeepStock(s.ctx)
			require.NoError(t, err)
			require.Equal(t, accounting.RoleStock, account.Role)
		}

		account, err := s.books.GetAccount(s.ctx, accounting.ByRole(accounting.RoleStock))
		require.NoError(t, err)
		line := invoice("", s.ann.ID, "2010-12-31", "10")
		line.Lines[0].Account = accounting.ByRole(accounting.RoleStock)
		refused := map[string]func() error{
			"an entry": func() error {
				_, err := s.books.Post(s.ctx, []accounting.NewEntry{ofStock("", "2010-12-31", 5)})
				return err
			},
			"one that says that it is of stock": func() error {
				_, err := s.books.Post(s.ctx, []accounting.NewEntry{ofStock(accounting.KindStock, "2010-12-31", 5)})
				return err
			},
			"an opening": func() error {
				_, err := s.books.OpenBalances(s.ctx, accounting.NewOpening{Reference: "O", Date: day("2010-01-01"), Lines: []accounting.NewLine{
					accounting.DebitLine(accounting.ByID(account.ID), gbp(5))}})
				return err
			},
			"a reversal": func() error {
				_, err := s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: counted.ID, Date: day("2010-12-31"), Reason: "x"}})
				return err
			},
			"a document's line": func() error { _, err := s.books.Issue(s.ctx, []accounting.NewInvoice{line}); return err },
			"the role in a chart": func() error {
				_, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1990", Name: "Other stock", Type: accounting.Asset, Role: accounting.RoleStock})
				return err
			},
			"the role of another": func() error {
				other, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1991", Name: "Other stock", Type: accounting.Asset})
				require.NoError(t, err)
				_, err = s.books.UpdateAccount(s.ctx, accounting.AccountChange{ID: other.ID, Name: other.Name, Role: accounting.RoleStock, Active: true})
				return err
			},
		}
		for name, act := range refused {
			err := act()
			require.ErrorIs(t, err, accounting.ErrControlAccount, name)
			require.ErrorContains(t, err, "account "+account.Code+" "+account.Name, name)
		}
		_, err = s.books.Post(s.ctx, []accounting.NewEntry{ofStock("", "2010-12-31", 5)})
		require.ErrorContains(t, err, "entry 1: line 1: account "+account.Code)
		require.ErrorContains(t, err, "move goods instead (a receipt, an issue, an adjustment)")

		require.Zero(t, s.balance(accounting.RoleStock))
		_, err = s.books.PostStock(s.ctx, []accounting.NewEntry{ofStock("", "2010-12-31", 5)})
		require.ErrorIs(t, err, accounting.ErrBadInput)
		clerk := s.env.Enter(t, tenancy.ScopeOf(s.ctx).TenantID(), accounting.PermPost)
		_, err = s.books.PostStock(clerk, []accounting.NewEntry{ofStock(accounting.KindStock, "2010-12-31", 5)})
		require.ErrorIs(t, err, tenancy.ErrForbidden, "who may post entries may not move stock")
		_, err = s.books.PostStock(s.ctx, []accounting.NewEntry{ofStock(accounting.KindStock, "2010-12-31", 5)})
		require.NoError(t, err)
		require.Equal(t, int64(5), s.balance(accounting.RoleStock))
		s.sound()
	})
}

// A balance in a foreign currency that is worth nothing in base is one as well.
func TestKeepStockLooksAtEachCurrency(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2010-12-01", "0.5")
		buy := func(minor int64, base int64) {
			s.post(accounting.NewEntry{Kind: accounting.KindExchange, Date: day("2010-12-01"), Lines: []accounting.NewLine{
				{Account: accounting.ByRole(accounting.RoleStock), Debit: usd(minor), Base: gbp(base)},
				accounting.CreditLine(accounting.ByRole(accounting.RoleCash), gbp(base)),
			}})
		}
		buy(100, 50)
		s.post(accounting.NewEntry{Date: day("2010-12-02"), Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByRole(accounting.RoleCash), gbp(50)), accounting.CreditLine(accounting.ByRole(accounting.RoleStock), gbp(50))}})
		_, err := s.books.KeepStock(s.ctx)
		require.ErrorIs(t, err, accounting.ErrStockBalance)
		require.ErrorContains(t, err, "holds 1.00 USD")
	})
}

func TestDatabaseKeepsStock(t *testing.T) {
	eachRaw(t, func(t *testing.T, r *raw) {
		_, err := r.s.books.KeepStock(r.s.ctx)
		require.NoError(t, err)
		where := " WHERE tenant_id = '" + r.tenant.String() + "' AND "
		entry := func(kind string) []string {
			id := tenancy.NewID().String()
			return []string{r.header(id, "2010-12", "entry_date=2010-12-01", "kind="+kind),
				lines(r.line(id, 1, accounting.RoleStock, 5, "2010-12-01"), r.line(id, 2, sales, -5, "2010-12-01"))}
		}
		for _, kind := range []string{"entry", "opening", "till"} {
			refused(t, r.try(entry(kind)...), "accounting.control_account")
		}
		require.NoError(t, r.rehearse(entry("stock")...))
		refused(t, r.try("UPDATE erp.accounts SET role = NULL"+where+"role = 'stock'"), "accounting.control_account")
		refused(t, r.try("UPDATE erp.books SET stock_kept = FALSE"+where+"1 = 1"), "accounting.control_account")
	})
}

// Of who posts to the account and who begins to keep it, one is refused: never does something stand on it that no goods are behind.
func TestRaceKeepingStock(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		for range 6 {
			fresh := newShop(t, s.env)
			post := func() error {
				_, err := fresh.books.Post(fresh.ctx, []accounting.NewEntry{ofStock("", "2010-12-01", 5)})
				return err
			}
			keep := func() error { _, err := fresh.books.KeepStock(fresh.ctx); return err }
			errs := racetest.Acts(post, keep)
			books, err := fresh.books.GetBooks(fresh.ctx)
			require.NoError(t, err)
			if books.StockKept {
				require.ErrorIs(t, errs[0], accounting.ErrControlAccount)
				require.NoError(t, errs[1])
				require.Zero(t, fresh.balance(accounting.RoleStock))
			} else {
				require.NoError(t, errs[0])
				require.ErrorIs(t, errs[1], accounting.ErrStockBalance)
			}
		}
	})
}
