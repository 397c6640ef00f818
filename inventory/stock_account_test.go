package inventory

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func ofStock(minor int64) accounting.NewEntry {
	stock, equity := accounting.ByRole(accounting.RoleStock), opening()
	if minor < 0 {
		stock, equity, minor = equity, stock, -minor
	}
	return accounting.NewEntry{Date: newYear, Lines: []accounting.NewLine{accounting.DebitLine(stock, money.Of(minor, "GBP")), accounting.CreditLine(equity, money.Of(minor, "GBP"))}}
}

// A plain entry on the stock account is refused where goods are kept: it would leave the ledger and the shelves apart for good.
func TestStockAccountTakesGoodsAlone(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "10", "2.00")
		_, err := s.books.Post(s.ctx, []accounting.NewEntry{ofStock(100)})
		require.ErrorIs(t, err, accounting.ErrControlAccount)
		require.ErrorContains(t, err, "account 1200 Stock of goods is the control account of the goods that inventory keeps: move goods instead")
		assert.Equal(t, "20.00", s.balance(t, accounting.RoleStock))
		s.verify(t)
	})
}

// Who keeps no goods here writes the stock up and down by entries, and Verify has nothing to say of it. Once goods are kept, what the
// account held comes in as goods.
func TestStockWithoutInventory(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		s := &shop{ctx: env.Tenant(t), env: env, books: accounting.New(env.DB)}
		s.stock = New(env.DB, s.books)
		_, err := s.books.OpenBooks(s.ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartGeneral, YearStart: date.Must("2026-01-01")})
		require.NoError(t, err)
		post := func(ctx context.Context, minor int64) {
			t.Helper()
			_, err := s.books.Post(ctx, []accounting.NewEntry{ofStock(minor)})
			require.NoError(t, err)
		}
		post(s.ctx, 20_00)
		s.verify(t)

		_, err = s.stock.Configure(s.ctx, NewSettings{Method: FIFO})
		require.ErrorIs(t, err, accounting.ErrStockBalance)
		_, err = s.stock.Settings(s.ctx)
		require.ErrorIs(t, err, ErrNotConfigured, "refused, it has changed nothing")
		post(s.ctx, -20_00)
		_, err = s.stock.Configure(s.ctx, NewSettings{Method: FIFO})
		require.NoError(t, err)
		products, err := s.stock.CreateProducts(s.ctx, []NewProduct{{SKU: "TEA", Name: "Earl Grey"}})
		require.NoError(t, err)
		s.receive(t, products[0], "10", "2.00")
		assert.Equal(t, "20.00", s.balance(t, accounting.RoleStock))
		s.verify(t)
	})
}
