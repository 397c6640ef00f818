package purchasing

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy/date"
)

// The whole way: ordered, received in parts, billed dearer, paid; the account of goods received is clear.
func TestFromOrderToPayment(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		o := s.order(t, "O-1", goods(s.tea, "10", "2.00"), s.service("1", "30"))
		assert.Equal(t, "PO-2026-00001", o.Number)
		assert.Equal(t, gbp(5000), o.Total)
		first := s.receive(t, receipt("R-1", o, some(1, "6")))[0]
		assert.Equal(t, gbp(1200), first.Lines[0].Value)
		s.receive(t, receipt("R-2", o, some(1, "4"), some(2, "1")))
		assert.Equal(t, "stock 20.00, goods_received -20.00, payable 0.00", s.balances(t, stock, grni, payable))
		assert.Equal(t, OrderReceived, s.reread(t, o).State)

		part := s.bill(t, bill("B-1", billed(o, 1, "3", "2.50")))[0]
		assert.Equal(t, gbp(750), part.Document.Gross)
		assert.Equal(t, "stock 21.50, goods_received -14.00, payable -7.50", s.balances(t, stock, grni, payable))
		rest := bill("B-2", billed(o, 1, "7", "2.00"), billed(o, 2, "1", "30"),
			NewBillLine{Description: "Carriage", Account: accounting.ByCode("6300"), Net: gbp(499)})
		rest.Lines[1].TaxCode = "S20"
		b := s.bill(t, rest)[0]
		assert.Equal(t, gbp(1400+3000+499+600), b.Document.Gross)
		assert.Len(t, b.Lines[0].Matches, 2, "three of the first receipt and four of the second")
		assert.Equal(t, "stock 21.50, goods_received 0.00, price_variance 0.00", s.balances(t, stock, grni, variance))
		assert.Equal(t, OrderClosed, s.reread(t, o).State)
		_, err := s.books.Pay(s.ctx, []accounting.NewPayment{{PartyID: s.leaf, Direction: accounting.MoneyOut, Date: newYear, Amount: b.Document.Gross,
			Allocate: []accounting.PaymentAllocation{{InvoiceID: b.ID, Amount: b.Document.Gross}}}})
		require.NoError(t, err)
		assert.Equal(t, "payable -7.50", s.balances(t, payable))
		s.verify(t)

		d, err := s.books.GetBill(s.ctx, b.ID)
		require.NoError(t, err)
		assert.Equal(t, []string{"Earl Grey", "Repair", "Carriage"}, d.Descriptions)
		_ = date.Last
	})
}
