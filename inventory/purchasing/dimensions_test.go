package purchasing

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
)

// requireShop has an account require a dimension from now on.
func requireShop(t *testing.T, s *shop, role accounting.Role) {
	t.Helper()
	_, err := s.books.CreateDimension(s.ctx, accounting.NewDimension{Code: "shop", Name: "Shop"})
	require.NoError(t, err)
	_, err = s.books.RequireDimensions(s.ctx, accounting.ByRole(role), []string{"shop"})
	require.NoError(t, err)
}

// What books to an account that requires a dimension is refused by name, as long as it does, and changes nothing.
func TestADimensionThatAnAccountRequires(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		o := s.order(t, "D-1", goods(s.tea, "2", "3.00"))
		s.receive(t, receipt("D-2", o, some(1, "2")))
		requireShop(t, s, accounting.RoleGoodsReceived)
		in := bill("D-3", billed(o, 1, "2", "3.00"))
		_, err := s.buying.Bill(s.ctx, []NewBill{in})
		require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
		require.ErrorContains(t, err, "names the dimension shop")
		before := s.state(t)
		_, err = s.buying.Bill(s.ctx, []NewBill{in})
		require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
		require.Equal(t, before, s.state(t))
		s.verify(t)
		_, err = s.books.RequireDimensions(s.ctx, accounting.ByRole(accounting.RoleGoodsReceived), nil)
		require.NoError(t, err)
		_, err = s.buying.Bill(s.ctx, []NewBill{in})
		require.NoError(t, err)
		s.verify(t)
	})
}
