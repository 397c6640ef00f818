package erp_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy/date"
)

// tradeOrders leaves rows in the tables of quotations and orders: offered, accepted, delivered and charged in parts, taken
// back, the rest given up.
func (s *shop) tradeOrders(t *testing.T) {
	t.Helper()
	_, err := s.suite.Sales.Quote(s.ctx, []sales.NewQuotation{{Reference: "Q-1", PartyID: s.customer, Date: day(16), ValidUntil: date.Must("2099-12-31"),
		Note: "As spoken of with Ada", Lines: []sales.NewLine{{ProductID: s.cup, Quantity: pieces(6), UnitPrice: price("3.20"), TaxCode: "S20"},
			{Description: "Engraving", Quantity: pieces(1), UnitPrice: price("12"), TaxCode: "S20"}}}})
	require.NoError(t, err)
	_, err = s.suite.Sales.Accept(s.ctx, []sales.Acceptance{{Quotation: "Q-1", Reference: "O-1", Date: day(17), ReserveUntil: time.Date(2099, 12, 31, 0, 0, 0, 0, time.UTC)}})
	require.NoError(t, err)
	cups := func(n int64) []sales.OrderPart { return []sales.OrderPart{{Line: 1, Quantity: pieces(n)}} }
	_, err = s.suite.Sales.Deliver(s.ctx, []sales.NewDelivery{{Reference: "O-1-D", Order: "O-1", Date: day(18), Lines: cups(4)}})
	require.NoError(t, err)
	_, err = s.suite.Sales.Invoice(s.ctx, []sales.NewOrderInvoice{{Reference: "O-1-I", Order: "O-1", Date: day(19)}})
	require.NoError(t, err)
	_, err = s.suite.Sales.Return(s.ctx, []sales.NewReturn{{Reference: "O-1-R", Delivery: "O-1-D", Date: day(20), Lines: cups(1)}})
	require.NoError(t, err)
	_, err = s.suite.Sales.CreditInvoice(s.ctx, []sales.NewInvoiceCredit{{Reference: "O-1-C", Invoice: "O-1-I", Date: day(20),
		Lines: []sales.CreditPart{{OrderPart: cups(3)[0]}}}})
	require.NoError(t, err)
	_, err = s.suite.Sales.Cancel(s.ctx, []sales.NewCancellation{{Reference: "O-1-X", Order: "O-1", Date: day(21), Reason: "Ada has enough cups"}})
	require.NoError(t, err)
}
