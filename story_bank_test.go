package erp_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/bank"
	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// tradeBank imports a statement that its bank got wrong by a penny; a customer's payment on it is reconciled, taken
// back, and reconciled again.
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
	early, err := s.suite.Accounting.Pay(s.ctx, []accounting.NewPayment{{Reference: "P-0", PartyID: s.customer, Direction: accounting.MoneyIn, Date: day(12), Amount: gbp(100)}})
	require.NoError(t, err)
	is := []bank.NewReconciliation{{LineID: lines[0].ID, Parts: []bank.Part{{ItemID: invoice, Amount: gbp(600)}, {ItemID: early[0].ID, Amount: gbp(-100)},
		{Account: accounting.ByRole(accounting.RoleFees), Amount: gbp(-20)}}}}
	tied, err := at.Reconcile(s.ctx, is)
	require.NoError(t, err)
	_, err = at.Unreconcile(s.ctx, []bank.Undo{{ReconciliationID: tied[0].ID, Reason: "ticked on the wrong day", TakeBack: true, Date: day(14)}})
	require.NoError(t, err)
	_, err = at.Reconcile(s.ctx, is)
	require.NoError(t, err)
}

// A customer whose payments stand on statements: afterwards no line knows them, the figures are the same, and the statement sent again is
// still known for what it is.
func TestACustomerOnAStatementIsForgotten(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.FIFO)
		s.trade(t)
		at := suite.Bank
		accounts, err := at.Accounts(s.ctx)
		require.NoError(t, err)
		st := statement.Statement{Format: statement.CAMT053, Account: accounts[0].IBAN, Currency: "GBP", ID: "ST-2", Opening: statement.Balance{On: day(14), Amount: money.Of(481, "GBP")},
			Closing: statement.Balance{On: day(15), Amount: money.Of(486, "GBP")}, Lines: []statement.Line{
				{BookedOn: day(15), Amount: money.Of(3, "GBP"), Party: "Ada Canary", PartyAccount: "GB29NWBK60161331926819", Reference: "CANARY-1", Text: "from the canary"},
				{BookedOn: day(15), Amount: money.Of(2, "GBP"), Party: "Somebody", Text: "else"}}}
		out, err := at.Import(s.ctx, bank.NewImport{Statements: []statement.Statement{st}})
		require.NoError(t, err)
		lines, err := at.Lines(s.ctx, out[0].Statement.ID)
		require.NoError(t, err)
		require.Equal(t, "Ada Canary", lines[0].Text.Party, "the store shows what lies sealed")
		_, err = at.Reconcile(s.ctx, []bank.NewReconciliation{{LineID: lines[0].ID, Parts: []bank.Part{{PartyID: s.customer}}}})
		require.NoError(t, err)
		require.Contains(t, s.search(t), "canary")

		_, err = lawless(env).Erase(s.ctx, privacy.Erasure{PersonID: s.customer, Reference: "FORGET-B", Reason: "asked, Art. 17(1)(b)"})
		require.NoError(t, err)
		require.NotContains(t, s.search(t), "canary")
		lines, err = at.Lines(s.ctx, out[0].Statement.ID)
		require.NoError(t, err)
		require.Equal(t, int64(3), lines[0].Amount.Minor)
		require.Empty(t, lines[0].Text.Party+lines[0].Text.PartyAccount+lines[0].Text.Reference+lines[0].Text.Remittance)
		require.Equal(t, "Somebody", lines[1].Text.Party, "a neighbour on the statement stays")
		again, err := at.Import(s.ctx, bank.NewImport{Statements: []statement.Statement{st}})
		require.NoError(t, err)
		require.True(t, again[0].Replayed)
		st.Lines[1].Text = "other"
		_, err = at.Import(s.ctx, bank.NewImport{Statements: []statement.Statement{st}})
		require.Equal(t, fault.Code("bank.statement_differs"), fault.CodeOf(err))
		s.verify(t)
	})
}
