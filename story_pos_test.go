package erp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/pos"
)

// tradePOS leaves rows in the tables of tills: a day with sales, a refund, a void and cash taken to the bank, closed a penny
// short.
func (s *shop) tradePOS(t *testing.T) {
	t.Helper()
	gbp := func(minor int64) money.Amount { return money.Of(minor, "GBP") }
	registers, err := s.suite.POS.CreateRegisters(s.ctx, []pos.NewRegister{{Code: "T1", Name: "Front till"}})
	require.NoError(t, err)
	session, err := s.suite.POS.OpenSession(s.ctx, pos.NewSession{RegisterID: registers[0].ID, Float: gbp(10000), Date: day(22), Reference: "DAY-22"})
	require.NoError(t, err)
	sold, err := s.suite.POS.Sell(s.ctx, []pos.NewTicket{
		{SessionID: session.ID, Reference: "T-1", TaxIncluded: true, Note: "For Ada's sister",
			Lines:    []pos.NewLine{{ProductID: s.tea, Quantity: pieces(2), UnitPrice: price("5.99"), TaxCode: "S20"}, {ProductID: s.wrapping, Quantity: pieces(1), UnitPrice: price("0.60")}},
			Payments: []pos.NewPayment{{Method: pos.Card, Amount: gbp(1000), Reference: "auth 4711"}, {Method: pos.Cash, Amount: gbp(500)}}},
		{SessionID: session.ID, Reference: "T-2", TaxIncluded: true, Lines: []pos.NewLine{{ProductID: s.cup, Quantity: pieces(1), UnitPrice: price("3.60"), TaxCode: "S20"}},
			Payments: []pos.NewPayment{{Method: pos.Cash, Amount: gbp(360)}}}})
	require.NoError(t, err)
	_, err = s.suite.POS.Refund(s.ctx, []pos.NewRefund{{SessionID: session.ID, Reference: "T-3", TicketID: sold[0].ID,
		Lines: []pos.NewRefundLine{{TicketLine: 1, Quantity: pieces(1), Restock: true}}}})
	require.NoError(t, err)
	_, err = s.suite.POS.Void(s.ctx, []pos.NewVoid{{SessionID: session.ID, Reference: "T-4", TicketID: sold[1].ID}})
	require.NoError(t, err)
	_, err = s.suite.POS.MoveCash(s.ctx, []pos.NewCashMove{{SessionID: session.ID, Reference: "M-1", Direction: pos.CashOut, Amount: gbp(5000),
		Account: accounting.ByRole(accounting.RoleBank), Reason: "taken to the bank by Ada"}})
	require.NoError(t, err)
	closing, err := s.suite.POS.CloseSession(s.ctx, pos.Close{SessionID: session.ID, Counted: gbp(4658)})
	require.NoError(t, err)
	require.Equal(t, "-0.01", closing.OverShort.String())
}
