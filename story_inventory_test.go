package erp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

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
}
