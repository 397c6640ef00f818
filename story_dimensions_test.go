package erp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/inventory/purchasing"
	"github.com/opsmatiq/erp/pos"
	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// tradeDimensions has every table that names dimensions name some: a shop of its own, with its warehouse and till, that sells, quotes, buys
// and counts.
func (s *shop) tradeDimensions(t *testing.T) {
	t.Helper()
	york := accounting.Dimensions{"shop": "york"}
	place, err := s.suite.Inventory.CreateWarehouse(s.ctx, inventory.NewWarehouse{Code: "YORK", Name: "York", Dimensions: york})
	require.NoError(t, err)
	vendors, err := s.suite.Accounting.PartiesByReference(s.ctx, []string{"V-1"})
	require.NoError(t, err)
	orders, err := s.suite.Purchasing.Order(s.ctx, []purchasing.NewOrder{{Reference: "PO-YORK", PartyID: vendors["V-1"].ID, Date: day(24), WarehouseID: place.ID, Dimensions: york,
		Lines: []purchasing.NewOrderLine{{ProductID: s.cup, Quantity: pieces(5), UnitPrice: price("1.20")}}}})
	require.NoError(t, err)
	_, err = s.suite.Purchasing.Receive(s.ctx, []purchasing.NewReceipt{{Reference: "GR-YORK", OrderID: orders[0].ID, Date: day(24), Lines: []purchasing.NewNoteLine{{LineNo: 1, Quantity: pieces(5)}}}})
	require.NoError(t, err)
	_, err = s.suite.Purchasing.Bill(s.ctx, []purchasing.NewBill{{Reference: "B-YORK", VendorNumber: "18", Date: day(24),
		Lines: []purchasing.NewBillLine{{OrderID: orders[0].ID, LineNo: 1, Quantity: pieces(5), UnitPrice: price("1.20"), TaxCode: "S20"}}}})
	require.NoError(t, err)
	cups := []sales.NewLine{{ProductID: s.cup, Quantity: pieces(1), UnitPrice: price("3.20"), TaxCode: "S20"}}
	_, err = s.suite.Sales.Sell(s.ctx, []sales.NewSale{{Reference: "S-YORK", Date: day(24), SettledBy: accounting.ByRole(accounting.RoleCash), WarehouseID: place.ID, Dimensions: york, Lines: cups}})
	require.NoError(t, err)
	_, err = s.suite.Sales.Quote(s.ctx, []sales.NewQuotation{{Reference: "Q-YORK", PartyID: s.customer, Date: day(24), ValidUntil: day(31), Dimensions: york, Lines: cups}})
	require.NoError(t, err)
	_, err = s.suite.Sales.Accept(s.ctx, []sales.Acceptance{{Quotation: "Q-YORK", Reference: "O-YORK", Date: day(24), WarehouseID: place.ID}})
	require.NoError(t, err)
	_, err = s.suite.Sales.Cancel(s.ctx, []sales.NewCancellation{{Reference: "O-YORK-X", Order: "O-YORK", Date: day(24)}})
	require.NoError(t, err)
	registers, err := s.suite.POS.CreateRegisters(s.ctx, []pos.NewRegister{{Code: "Y1", Name: "York", WarehouseID: place.ID, Dimensions: york}})
	require.NoError(t, err)
	session, err := s.suite.POS.OpenSession(s.ctx, pos.NewSession{RegisterID: registers[0].ID, Float: money.Of(1000, "GBP"), Date: day(24), Reference: "YORK-24"})
	require.NoError(t, err)
	_, err = s.suite.POS.Sell(s.ctx, []pos.NewTicket{{SessionID: session.ID, Reference: "T-YORK", TaxIncluded: true,
		Lines:    []pos.NewLine{{ProductID: s.cup, Quantity: pieces(1), UnitPrice: price("3.60"), TaxCode: "S20"}},
		Payments: []pos.NewPayment{{Method: pos.Cash, Amount: money.Of(360, "GBP")}}}})
	require.NoError(t, err)
	_, err = s.suite.POS.MoveCash(s.ctx, []pos.NewCashMove{{SessionID: session.ID, Reference: "M-YORK", Direction: pos.CashOut, Amount: money.Of(100, "GBP"),
		Account: accounting.ByRole(accounting.RoleFees), Reason: "change from the bank"}})
	require.NoError(t, err)
	_, err = s.suite.POS.CloseSession(s.ctx, pos.Close{SessionID: session.ID, Counted: money.Of(1260, "GBP")})
	require.NoError(t, err)
}

// TestProfitByShop sells in all three ways and buys, and asks what each shop has earned: together they are the whole.
func TestProfitByShop(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.FIFO)
		s.trade(t)
		whole, err := s.suite.Accounting.ProfitAndLoss(s.ctx, day(1), day(31))
		require.NoError(t, err)
		shops, err := s.suite.Accounting.ProfitAndLossBy(s.ctx, "shop", day(1), day(31))
		require.NoError(t, err)
		require.Len(t, shops, 2)
		york := shops[1].Report
		require.Equal(t, "6.20", york.TotalIncome.String(), "3.20 on account of a sale, 3.00 at the till")
		require.Equal(t, "2.40", york.TotalCost.String(), "two cups of the ones that were bought for it")
		require.Equal(t, "2.80", york.NetProfit.String(), "less 1.00 of fees out of the drawer")
		require.Equal(t, whole.NetProfit.Minor, shops[0].Report.NetProfit.Minor+york.NetProfit.Minor)
		s.verify(t)
	})
}
