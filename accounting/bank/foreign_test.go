package bank_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/bank"
	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

func usd(minor int64) money.Amount { return money.Of(minor, "USD") }

// dollars is an account in dollars beside that of the shop, and its account of the chart.
func (s *shop) dollars() (bank.Account, accounting.Account) {
	s.t.Helper()
	ledger, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1012", Name: "Dollar account", Type: accounting.Asset, Monetary: true, CashFlow: accounting.CashFlowCash})
	require.NoError(s.t, err)
	account, err := s.bank.CreateAccount(s.ctx, bank.NewAccount{Number: "USD-1", Name: "Dollars", Currency: "USD", Ledger: accounting.ByID(ledger.ID)})
	require.NoError(s.t, err)
	for on, value := range map[string]string{"2026-01-05": "0.80", "2026-01-09": "0.82", "2026-01-31": "0.90"} {
		s.rate(on, value)
	}
	return account, ledger
}

// rate is what a dollar is worth in pounds.
func (s *shop) rate(on, value string) {
	s.t.Helper()
	_, err := s.books.SetRates(s.ctx, []accounting.NewExchangeRate{{From: "USD", To: "GBP", On: date.Must(on), Rate: price(value), Source: "test"}})
	require.NoError(s.t, err)
}

// inCurrency is an invoice in a currency.
func (s *shop) inCurrency(cur money.Currency, party uuid.UUID, on, amount string) accounting.Invoice {
	s.t.Helper()
	one, err := money.Units(1)
	require.NoError(s.t, err)
	out, err := s.books.Issue(s.ctx, []accounting.NewInvoice{{PartyID: party, Date: day(on), Currency: cur,
		Lines: []accounting.NewInvoiceLine{{Description: "Lamp", Quantity: one, UnitPrice: price(amount)}}}})
	require.NoError(s.t, err)
	return out[0]
}

// inDollars imports a statement of the account in dollars.
func (s *shop) inDollars(lines ...statement.Line) []bank.StatementLine {
	s.t.Helper()
	st := s.statementOf("USD-S", 0, lines...)
	st.Account, st.Currency = "USD-1", "USD"
	st.Opening.Amount.Currency, st.Closing.Amount.Currency = "USD", "USD"
	for i := range st.Lines {
		st.Lines[i].Amount.Currency = "USD"
	}
	stored, err := s.bank.Lines(s.ctx, s.importing(st)[0].Statement.ID)
	require.NoError(s.t, err)
	return stored
}

// An account in dollars is proposed for, reconciled and reported in dollars, and stands in the books in pounds.
func TestAccountInForeignCurrency(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		account, ledger := s.dollars()
		one, err := money.Units(1)
		require.NoError(t, err)
		issued, err := s.books.Issue(s.ctx, []accounting.NewInvoice{
			{PartyID: s.ann, Date: day("2026-01-05"), Currency: "USD", Lines: []accounting.NewInvoiceLine{{Quantity: one, UnitPrice: price("100")}}},
			{PartyID: s.ann, Date: day("2026-01-05"), Lines: []accounting.NewInvoiceLine{{Quantity: one, UnitPrice: price("100")}}}, // as many pounds
			{PartyID: s.ben, Date: day("2026-01-05"), Currency: "USD", Lines: []accounting.NewInvoiceLine{{Quantity: one, UnitPrice: price("50")}}},
		})
		require.NoError(t, err)
		paid, err := s.books.Pay(s.ctx, []accounting.NewPayment{{Reference: "RF-5050", PartyID: s.ben, Direction: accounting.MoneyIn, Date: day("2026-01-08"), Amount: usd(5_000), Base: gbp(4_055),
			Account: accounting.ByID(ledger.ID), Allocate: []accounting.PaymentAllocation{{InvoiceID: issued[2].ID, Amount: usd(5_000)}}}})
		require.NoError(t, err)
		lines := s.inDollars(line("2026-01-09", 10_000, "payment "+issued[0].Number), line("2026-01-09", 5_000, "RF-5050"), line("2026-01-10", -300, "wire fee"))

		proposed, err := s.bank.Propose(s.ctx, bank.ProposalRequest{BankAccountID: account.ID})
		require.NoError(t, err)
		require.Len(t, proposed, 2, "the invoice in pounds is no candidate")
		byLine := map[uuid.UUID]bank.Proposal{}
		for _, p := range proposed {
			require.Equal(t, bank.ByNumber, p.Confidence)
			byLine[p.LineID] = p
		}
		require.Equal(t, issued[0].ID, byLine[lines[0].ID].Parts[0].ItemID)
		require.Equal(t, usd(5_000), byLine[lines[1].ID].Parts[0].Amount)

		before, err := s.bank.Report(s.ctx, account.ID, day("2026-01-31"))
		require.NoError(t, err)
		require.Equal(t, []money.Amount{usd(14_700), usd(5_000), gbp(4_055), usd(14_700), usd(5_000)},
			[]money.Amount{before.StatementBalance, before.LedgerBalance, before.LedgerBase, before.OnStatement.Sum, before.InLedger.Sum})
		out := s.reconcile(byLine[lines[0].ID].Reconciliation(), byLine[lines[1].ID].Reconciliation(), is(lines[2], bank.Part{Account: accounting.ByRole(accounting.RoleFees)}))
		require.Equal(t, usd(10_000), out[0].Matches[0].Amount)
		require.Equal(t, paid[0].EntryID, out[1].Matches[0].EntryID)
		require.Equal(t, usd(-300), out[2].Matches[0].Amount)
		require.Equal(t, int64(246), s.balance(accounting.RoleFees), "3 dollars at 0.82")
		require.Equal(t, int64(-255), s.balance(accounting.RoleExchangeGain), "100 dollars at 0.82 that stood at 0.80, and 50 that brought 0.55")
		require.Zero(t, s.open()[issued[0].ID])

		// A revaluation moves what the dollars are worth, and nothing at the bank.
		_, err = s.books.Revalue(s.ctx, accounting.NewRevaluation{On: day("2026-01-31")})
		require.NoError(t, err)
		s.account = account
		s.sound()
		after, err := s.bank.Report(s.ctx, account.ID, day("2026-01-31"))
		require.NoError(t, err)
		require.Equal(t, usd(14_700), after.LedgerBalance)
		require.Equal(t, gbp(13_230), after.LedgerBase)
		require.Zero(t, after.InLedger.Count)
		require.Empty(t, after.Strays)

		undone, err := s.bank.Unreconcile(s.ctx, []bank.Undo{{ReconciliationID: out[2].ID, Reason: "not ours", TakeBack: true, Date: day("2026-01-20")}})
		require.NoError(t, err)
		require.Len(t, undone[0].Reversals, 1)
		require.Zero(t, s.balance(accounting.RoleFees))
		s.sound()
	})
}

func TestForeignAccountsRefuse(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		account, ledger := s.dollars()
		pounds := s.invoice("I-1", s.ann, "2026-01-05", "100")
		stray, err := s.books.Post(s.ctx, []accounting.NewEntry{{Date: day("2026-01-05"), Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByID(ledger.ID), gbp(700)), accounting.CreditLine(accounting.ByRole(accounting.RoleSales), gbp(700))}}})
		require.NoError(t, err)
		lines := s.inDollars(line("2026-01-09", 10_000, "x"))
		_, err = s.bank.Reconcile(s.ctx, []bank.NewReconciliation{is(lines[0], bank.Part{ItemID: pounds.ID})})
		require.Equal(t, "bank.foreign_currency", code(err))
		require.ErrorContains(t, err, "line 1: part 1: the item is in GBP and the bank account in USD")
		_, err = s.bank.Reconcile(s.ctx, []bank.NewReconciliation{is(lines[0], bank.Part{PartyID: s.ann, Amount: gbp(10_000)})})
		require.Equal(t, "bank.bad_input", code(err))
		_, err = s.bank.Reconcile(s.ctx, []bank.NewReconciliation{is(lines[0], bank.Part{EntryID: stray[0].ID})})
		require.Equal(t, "bank.unknown_item", code(err), "pounds are no dollars")
		report, err := s.bank.Report(s.ctx, account.ID, day("2026-01-31"))
		require.NoError(t, err)
		require.Equal(t, []accounting.Holding{{Amount: gbp(700), Base: gbp(700)}}, report.Strays, "pounds on the account of dollars are told of")
		require.Zero(t, report.LedgerBalance.Minor)
		_, err = s.bank.Reconcile(s.ctx, []bank.NewReconciliation{is(lines[0], bank.Part{PartyID: s.ann})})
		require.NoError(t, err)
		s.account = account
		s.sound()
	})
}
