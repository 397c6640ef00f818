package erp_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/bank"
	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/accounting/money"
)

// tradeBank imports a statement that its bank got wrong by a penny; a customer's payment on it is reconciled, untied, and reconciled again.
func (s *shop) tradeBank(t *testing.T, invoice uuid.UUID) {
	t.Helper()
	at := s.suite.Bank
	_, err := at.CreateAccount(s.ctx, bank.NewAccount{IBAN: "GB82 WEST 1234 5698 7654 32", Name: "Current account", Currency: "GBP",
		Ledger: accounting.ByRole(accounting.RoleBank)})
	require.NoError(t, err)
	gbp := func(minor int64) money.Amount { return money.Of(minor, "GBP") }
	out, err := at.Import(s.ctx, bank.NewImport{AcceptUnbalanced: "a penny that the bank will put right", Statements: []statement.Statement{{Format: statement.MT940,
		Account: "GB82WEST12345698765432", Currency: "GBP", ID: "ST-1", Sequence: "1", Opening: statement.Balance{On: day(13), Amount: gbp(0)},
		Closing: statement.Balance{On: day(14), Amount: gbp(481)}, Lines: []statement.Line{
			{BookedOn: day(13), Amount: gbp(480), Party: "Ada Ltd", PartyAccount: "GB29NWBK60161331926819", Reference: "S-1", Text: "thank you"}}}}})
	require.NoError(t, err)
	lines, err := at.Lines(s.ctx, out[0].Statement.ID)
	require.NoError(t, err)
	is := []bank.NewReconciliation{{LineID: lines[0].ID, Parts: []bank.Part{{ItemID: invoice, Amount: gbp(500)},
		{Account: accounting.ByRole(accounting.RoleFees), Amount: gbp(-20)}}}}
	_, err = at.Reconcile(s.ctx, is)
	require.NoError(t, err)
	undone, err := at.Unreconcile(s.ctx, []bank.Undo{{LineID: lines[0].ID, Reason: "ticked on the wrong day", ReverseEntries: true, Date: day(14)}})
	require.NoError(t, err)
	is[0].Parts[0] = bank.Part{PaymentID: undone[0].Kept[0].PaymentID}
	_, err = at.Reconcile(s.ctx, is)
	require.NoError(t, err)
}
