package erp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory/purchasing"
)

// tradePurchasing buys tea, gets a part of it, pays it dearer than it was ordered, and sends one back.
func (s *shop) tradePurchasing(t *testing.T) {
	t.Helper()
	parties, err := s.suite.Accounting.CreateParties(s.ctx, []accounting.NewParty{{Reference: "V-1", Name: "Leaf & Co", Vendor: true, Email: "leaf@example.org"}})
	require.NoError(t, err)
	buying := s.suite.Purchasing
	orders, err := buying.Order(s.ctx, []purchasing.NewOrder{{Reference: "PO-1", PartyID: parties[0].ID, Date: day(14), Note: "ring the bell",
		Lines: []purchasing.NewOrderLine{{ProductID: s.tea, Quantity: pieces(10), UnitPrice: price("2.10")}}}})
	require.NoError(t, err)
	order := orders[0].ID
	came, err := buying.Receive(s.ctx, []purchasing.NewReceipt{{Reference: "GR-1", OrderID: order, Date: day(15), Lines: []purchasing.NewNoteLine{{LineNo: 1, Quantity: pieces(8)}}}})
	require.NoError(t, err)
	_, err = buying.Cancel(s.ctx, []purchasing.NewCancellation{{Reference: "GC-1", OrderID: order, Date: day(15)}})
	require.NoError(t, err)
	line := purchasing.NewBillLine{OrderID: order, LineNo: 1, Quantity: pieces(8), UnitPrice: price("2.25"), TaxCode: "S20"}
	bills, err := buying.Bill(s.ctx, []purchasing.NewBill{{Reference: "B-1", VendorNumber: "17", Date: day(16), Lines: []purchasing.NewBillLine{line}}})
	require.NoError(t, err)
	_, err = buying.Return(s.ctx, []purchasing.NewReturn{{Reference: "RTV-1", ReceiptID: came[0].ID, Date: day(17), Reason: "damp",
		Lines: []purchasing.NewNoteLine{{LineNo: 1, Quantity: pieces(1)}}}})
	require.NoError(t, err)
	line.Quantity = pieces(1)
	_, err = buying.Credit(s.ctx, []purchasing.NewCredit{{Reference: "VC-1", Date: day(18), BillID: bills[0].ID, Lines: []purchasing.NewBillLine{line}}})
	require.NoError(t, err)
	_, err = s.suite.Accounting.Pay(s.ctx, []accounting.NewPayment{{Reference: "PV-1", PartyID: parties[0].ID, Direction: accounting.MoneyOut, Date: day(19),
		Amount: money.Of(1890, "GBP"), Allocate: []accounting.PaymentAllocation{{InvoiceID: bills[0].ID, Amount: money.Of(1890, "GBP")}}}})
	require.NoError(t, err)
}
