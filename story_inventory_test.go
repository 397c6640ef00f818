package erp_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
)

// tradeStock leaves rows in the tables of stock that selling alone does not reach.
func (s *shop) tradeStock(t *testing.T) {
	t.Helper()
	session := tenancy.NewID()
	_, err := s.suite.Inventory.Issue(s.ctx, []inventory.NewDocument{{Reference: "T-1", Date: day(14), Group: session, BelowZero: true,
		Lines: []inventory.NewMove{{ProductID: s.cup, Quantity: pieces(2)}}}})
	require.NoError(t, err)
	_, err = s.suite.Inventory.PostGroup(s.ctx, inventory.PostGroup{Group: session, Date: day(14)})
	require.NoError(t, err)
	received, err := s.suite.Inventory.Receive(s.ctx, []inventory.NewDocument{{Reference: "GRN-1", Date: day(14), Counter: accounting.ByRole(accounting.RoleGoodsReceived),
		Lines: []inventory.NewMove{{ProductID: s.cup, Quantity: pieces(4), Cost: inventory.PerUnit(price("1.30"))}}}})
	require.NoError(t, err)
	origin := inventory.Origin{DocumentID: received[0].ID, LineNo: 1}
	_, err = s.suite.Inventory.ReturnToVendor(s.ctx, []inventory.NewDocument{{Reference: "RTV-1", Date: day(15),
		Lines: []inventory.NewMove{{ProductID: s.cup, Quantity: pieces(1), Origin: origin}}}})
	require.NoError(t, err)
	_, err = s.suite.Inventory.Revalue(s.ctx, []inventory.NewRevaluation{{Reference: "BILL-1", Date: day(16), Counter: accounting.ByRole(accounting.RoleGoodsReceived),
		Lines: []inventory.RevaluedLine{{Receipt: origin, Quantity: pieces(3), Difference: money.Of(15, "GBP")}}}})
	require.NoError(t, err)
	held, err := s.suite.Inventory.Reserve(s.ctx, []inventory.NewReservation{{Reference: "ORDER-1", ProductID: s.cup, Quantity: pieces(2)}})
	require.NoError(t, err)
	require.NoError(t, s.suite.Inventory.Release(s.ctx, []uuid.UUID{held[0].ID}))
}
