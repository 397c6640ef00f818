package erp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
)

// tradePurchasing buys.
func (s *shop) tradePurchasing(t *testing.T) {
	t.Helper()
	parties, err := s.suite.Accounting.CreateParties(s.ctx, []accounting.NewParty{{Reference: "V-1", Name: "Leaf & Co", Vendor: true, Email: "leaf@example.org"}})
	require.NoError(t, err)
	vendor := parties[0].ID
	_, err = s.suite.Accounting.Bill(s.ctx, []accounting.NewBill{{Reference: "B-1", VendorNumber: "17", PartyID: vendor, Date: day(14), Lines: []accounting.NewBillLine{
		{Description: "Rent", Account: accounting.ByCode("6100"), Net: money.Of(80000, "GBP"), TaxCode: "S20"}}}})
	require.NoError(t, err)
}
