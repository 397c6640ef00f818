package bank_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/bank"
	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// exchanged is a line of which the bank states what was paid in dollars.
func exchanged(on string, minor, dollars int64, text string) statement.Line {
	l := line(on, minor, text)
	l.Foreign, l.ForeignRate = usd(dollars), price("0.82")
	return l
}

func one(t testing.TB) money.Quantity {
	t.Helper()
	q, err := money.Units(1)
	require.NoError(t, err)
	return q
}

// dollarBill is a vendor's bill in dollars.
func (s *shop) dollarBill(number string, minor int64) accounting.Bill {
	s.t.Helper()
	out, err := s.books.Bill(s.ctx, []accounting.NewBill{{PartyID: s.leaf, VendorNumber: number, Date: day("2026-01-05"), Currency: "USD",
		Lines: []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: usd(minor)}}}})
	require.NoError(s.t, err)
	return out[0]
}

// A dollar invoice is paid into the account in pounds: it is settled by the dollars that the bank states, the difference is realised, and
// all of it is taken back again.
func TestItemsInAnotherCurrency(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2026-01-05", "0.80")
		v := s.inCurrency("USD", s.ann, "2026-01-05", "100")
		lines := s.lines(exchanged("2026-01-09", 8_200, 10_000, "thanks for "+v.Number))
		require.Equal(t, usd(10_000), lines[0].Foreign())
		require.True(t, price("0.82").Equal(lines[0].ForeignRate))

		proposed, err := s.bank.Propose(s.ctx, bank.ProposalRequest{BankAccountID: s.account.ID})
		require.NoError(t, err)
		require.Len(t, proposed, 1)
		require.Equal(t, bank.ByNumber, proposed[0].Confidence)
		require.Equal(t, "the line names invoice "+v.Number+", and the bank states its amount, 100.00 USD", proposed[0].Reason)
		require.Equal(t, []bank.Part{{ItemID: v.ID, Amount: gbp(8_200), Settles: usd(10_000)}}, proposed[0].Parts)

		out := s.reconcile(proposed[0].Reconciliation())
		require.Equal(t, gbp(8_200), out[0].Matches[0].Amount)
		require.Empty(t, s.open())
		require.Equal(t, int64(8_200), s.balance(accounting.RoleBank))
		require.Equal(t, int64(-200), s.balance(accounting.RoleExchangeGain), "82 pounds for a claim of 80")
		held, err := s.books.Holdings(s.ctx, accounting.ByRole(accounting.RoleCurrencyClearing), day("2026-12-31"))
		require.NoError(t, err)
		require.Equal(t, []accounting.Holding{{Amount: gbp(-8_200), Base: gbp(-8_200)}, {Amount: usd(10_000), Base: gbp(8_200)}}, held)
		require.True(t, s.reconcile(proposed[0].Reconciliation())[0].Replayed)
		s.sound()

		_, err = s.bank.Unreconcile(s.ctx, []bank.Undo{{ReconciliationID: out[0].ID, Reason: "Ben's", TakeBack: true, Date: day("2026-01-09")}})
		require.NoError(t, err)
		require.Equal(t, map[uuid.UUID]int64{v.ID: 10_000}, s.open())
		for _, role := range []accounting.Role{accounting.RoleBank, accounting.RoleExchangeGain, accounting.RoleCurrencyClearing} {
			require.Zero(t, s.balance(role), role)
		}
		s.sound()
	})
}

// What is settled is what the caller says, or the bank of a line that is nothing else but charges.
func TestWhatALineSettlesInAnotherCurrency(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2026-01-05", "0.80")
		first, two := s.inCurrency("USD", s.ann, "2026-01-05", "100"), s.inCurrency("USD", s.ann, "2026-01-05", "50")
		bill := s.dollarBill("L-1", 4_000)
		credit, err := s.books.Issue(s.ctx, []accounting.NewInvoice{{Kind: accounting.CreditNoteDocument, PartyID: s.ann, Date: day("2026-01-05"), Currency: "USD",
			Lines: []accounting.NewInvoiceLine{{Quantity: one(t), UnitPrice: price("10")}}}})
		require.NoError(t, err)
		lines := s.lines(
			line("2026-01-09", 4_100, "half of one, as Ann says"),
			exchanged("2026-01-10", 3_900, 5_000, "the rest, and the bank kept a pound back"),
			line("2026-01-11", 4_080, "two, less the credit, and more on account"),
			line("2026-01-12", -3_300, "the bill"),
		)
		s.reconcile(is(lines[0], bank.Part{ItemID: first.ID, Settles: usd(5_000)}))
		require.Equal(t, int64(5_000), s.open()[first.ID])
		s.reconcile(is(lines[1], bank.Part{ItemID: first.ID, Amount: gbp(4_000)}, fees(-100)))
		require.Zero(t, s.open()[first.ID])
		s.reconcile(is(lines[2], bank.Part{ItemID: two.ID, Amount: gbp(4_100), Settles: usd(5_000)}, bank.Part{ItemID: credit[0].ID, Amount: gbp(-820), Settles: usd(-1_000)},
			bank.Part{PartyID: s.ann, Settles: usd(1_000)}))
		open := s.items()
		require.Len(t, open, 2, "the bill, and ten dollars on account")
		for _, o := range open {
			if o.PartyID == s.ann {
				require.Equal(t, usd(-1_000), o.Open())
				require.Equal(t, int64(-800), o.OpenBaseMinor)
			}
		}
		s.reconcile(is(lines[3], bank.Part{ItemID: bill.ID, Settles: usd(-4_000)}))
		require.Zero(t, s.open()[bill.ID])
		require.Equal(t, int64(100), s.balance(accounting.RoleExchangeLoss), "33 pounds for a debt of 32")
		require.Equal(t, int64(-100-0-80), s.balance(accounting.RoleExchangeGain))
		require.Zero(t, s.balance(accounting.RoleCurrencyClearing))
		s.sound()
	})
}

// Whatever is not known is refused, by name and place, and has changed nothing.
func TestItemsInAnotherCurrencyRefuse(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2026-01-05", "0.80")
		v, other, home := s.inCurrency("USD", s.ann, "2026-01-05", "100"), s.inCurrency("USD", s.ann, "2026-01-05", "10"), s.invoice("I-1", s.ann, "2026-01-05", "90")
		lines := s.lines(line("2026-01-09", 8_200, "who knows"), exchanged("2026-01-09", 9_020, 11_000, "stated"), line("2026-01-09", -500, "out"))
		plain := lines[0]
		before := s.open()
		for _, c := range []struct {
			name  string
			line  bank.StatementLine
			parts []bank.Part
			code  fault.Code
			says  string
		}{
			{"nobody says it", lines[0], []bank.Part{{ItemID: v.ID}}, "bank.foreign_currency", "line 1: part 1: the item is in USD and the bank account in GBP, and neither the statement nor Settles says what is settled of it"},
			{"the bank says it of two", lines[1], []bank.Part{{ItemID: v.ID, Amount: gbp(8_200)}, {ItemID: other.ID}}, "bank.foreign_currency", "line 1: part 1: the bank states 110.00 USD for the whole line, and Settles does not say what of it is this part's"},
			{"the bank says it of one and of a payment", lines[1], []bank.Part{{ItemID: v.ID, Amount: gbp(8_200)}, {PartyID: s.ann}}, "bank.foreign_currency", "part 1: the bank states"},
			{"more than is open", lines[1], []bank.Part{{ItemID: v.ID}}, "accounting.over_allocated", "110.00 would be allocated"},
			{"no exchange", plain, []bank.Part{{ItemID: home.ID, Settles: gbp(8_200)}}, "bank.bad_input", "leave Settles out"},
			{"another currency", plain, []bank.Part{{ItemID: v.ID, Settles: money.Of(9_000, "EUR")}}, "bank.bad_input", "part 1: Settles is in EUR and the item in USD"},
			{"another side", plain, []bank.Part{{ItemID: v.ID, Settles: usd(-100)}}, "bank.split_differs", "100.00 USD of the item are open, which 82.00 GBP does not settle"},
			{"money the other way", lines[2], []bank.Part{{ItemID: v.ID, Settles: usd(100)}}, "bank.split_differs", "does not settle"},
			{"on account, without exchange", plain, []bank.Part{{PartyID: s.ann, Settles: gbp(8_200)}}, "bank.bad_input", "part 1: Settles is in the bank account's currency"},
			{"on account, the other way", plain, []bank.Part{{PartyID: s.ann, Settles: usd(-10_000)}}, "bank.split_differs", "-100.00 USD is not paid by 82.00 GBP"},
			{"charges", plain, []bank.Part{{Account: accounting.ByRole(accounting.RoleFees), Settles: usd(1)}}, "bank.bad_input", "line 1, part 1: Settles goes with ItemID or PartyID"},
			{"nothing", plain, []bank.Part{{ItemID: v.ID, Settles: money.Zero("USD")}}, "bank.bad_input", "line 1, part 1: Settles is an amount in another currency, and not zero"},
			{"no currency", plain, []bank.Part{{ItemID: v.ID, Settles: money.Amount{Minor: 5, Currency: "XQX"}}}, "bank.bad_input", "Settles is an amount"},
			{"too much", plain, []bank.Part{{ItemID: v.ID, Settles: usd(1_000_000_000_000_000)}}, "bank.bad_input", "larger than the books hold"},
		} {
			_, err := s.bank.Reconcile(s.ctx, []bank.NewReconciliation{is(c.line, c.parts...)})
			require.Equal(t, c.code, fault.CodeOf(err), c.name)
			require.ErrorContains(t, err, c.says, c.name)
			require.Equal(t, before, s.open(), c.name)
		}
		s.sound()
	})
}

// What is set off altogether leaves nothing for the line to pay.
func TestSetOffsInAnotherCurrencyLeaveNoMoney(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2026-01-05", "0.80")
		v := s.inCurrency("USD", s.ann, "2026-01-05", "10")
		credit, err := s.books.Issue(s.ctx, []accounting.NewInvoice{{Kind: accounting.CreditNoteDocument, PartyID: s.ann, Date: day("2026-01-05"), Currency: "USD",
			Lines: []accounting.NewInvoiceLine{{Quantity: one(t), UnitPrice: price("10")}}}})
		require.NoError(t, err)
		lines := s.lines(line("2026-01-09", 100, "a pound"))
		_, err = s.bank.Reconcile(s.ctx, []bank.NewReconciliation{is(lines[0], bank.Part{ItemID: v.ID, Amount: gbp(900), Settles: usd(1_000)},
			bank.Part{ItemID: credit[0].ID, Amount: gbp(-800), Settles: usd(-1_000)})})
		require.Equal(t, "bank.split_differs", code(err))
		require.ErrorContains(t, err, "what is set off leaves 0.00 USD to be paid, and the line has 1.00 GBP for it")
		s.reconcile(is(lines[0], bank.Part{ItemID: v.ID, Amount: gbp(800), Settles: usd(1_000)}, bank.Part{ItemID: credit[0].ID, Amount: gbp(-800), Settles: usd(-1_000)},
			fees(100)))
		require.Empty(t, s.open())
		s.sound()
	})
}

// An account in dollars is paid what is owed in pounds, and in a third currency at the rate of the day, or not at all.
func TestForeignAccountsSettleOtherCurrencies(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		account, _ := s.dollars()
		home := s.invoice("I-1", s.ann, "2026-01-05", "100")
		rate := func(on string) error {
			_, err := s.books.SetRates(s.ctx, []accounting.NewExchangeRate{{From: "EUR", To: "GBP", On: day(on), Rate: price("0.85"), Source: "test"}})
			return err
		}
		require.NoError(t, rate("2026-01-01"))
		third := s.inCurrency("EUR", s.ann, "2026-01-05", "100")
		lines := s.inDollars(line("2026-01-09", 12_500, "x"), line("2026-01-09", 11_000, "y"))
		s.reconcile(is(lines[0], bank.Part{ItemID: home.ID, Settles: gbp(10_000)}))
		_, err := s.bank.Reconcile(s.ctx, []bank.NewReconciliation{is(lines[1], bank.Part{ItemID: third.ID, Settles: money.Of(10_000, "EUR")})})
		require.Equal(t, "accounting.no_rate", code(err), "what plain were worth on the 9th is not known")
		require.NoError(t, rate("2026-01-08"))
		s.reconcile(is(lines[1], bank.Part{ItemID: third.ID, Settles: money.Of(10_000, "EUR")}))
		require.Empty(t, s.open())
		report, err := s.bank.Report(s.ctx, account.ID, day("2026-01-31"))
		require.NoError(t, err)
		require.Equal(t, []money.Amount{usd(23_500), gbp(18_500)}, []money.Amount{report.LedgerBalance, report.LedgerBase})
		s.account = account
		s.sound()
	})
}

// Proposals for what is open in another currency say what speaks for the amount: the bank, or but a rate.
func TestProposalsInAnotherCurrency(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2026-01-05", "0.80")
		a, b, c := s.inCurrency("USD", s.ann, "2026-01-05", "100"), s.inCurrency("USD", s.ann, "2026-01-05", "50"), s.inCurrency("USD", s.ben, "2026-01-05", "70")
		bill := s.dollarBill("LEAF-77", 9_900)
		named := line("2026-01-09", 8_399, "for "+a.Number)
		for _, x := range []struct {
			name  string
			line  statement.Line
			rank  bank.Confidence
			says  string
			parts []bank.Part
		}{
			{"two numbers", exchanged("2026-01-09", 12_301, 15_000, a.Number+" "+b.Number), bank.ByNumbers, "the line names invoice " + a.Number + ", invoice " + b.Number + ", and together they are what the bank states, 150.00 USD",
				[]bank.Part{{ItemID: a.ID, Amount: gbp(8_201), Settles: usd(10_000)}, {ItemID: b.ID, Amount: gbp(4_100), Settles: usd(5_000)}}},
			{"a part", exchanged("2026-01-09", 2_460, 3_000, a.Number), bank.ByPart, "the line names invoice " + a.Number + ", of which 30.00 USD, as the bank states it, is a part",
				[]bank.Part{{ItemID: a.ID, Amount: gbp(2_460), Settles: usd(3_000)}}},
			{"a party", exchanged("2026-01-09", 4_100, 5_000, "from Ann Émile"), bank.ByParty, "the line names the party of invoice " + b.Number + ", and the bank states its amount, 50.00 USD",
				[]bank.Part{{ItemID: b.ID, Amount: gbp(4_100), Settles: usd(5_000)}}},
			{"an amount", exchanged("2026-01-09", 5_740, 7_000, "somebody"), bank.ByAmount, "of all that is open within 7 days of the line invoice " + c.Number + " alone has the amount that the bank states, 70.00 USD, due 4 days from it",
				[]bank.Part{{ItemID: c.ID, Amount: gbp(5_740), Settles: usd(7_000)}}},
			{"money out", exchanged("2026-01-09", -8_118, -9_900, "LEAF-77"), bank.ByNumber, "the line names bill LEAF-77, and the bank states its amount, -99.00 USD",
				[]bank.Part{{ItemID: bill.ID, Amount: gbp(-8_118), Settles: usd(-9_900)}}},
			{"but a rate", named, bank.ByRate, "the line names invoice " + a.Number + " of 100.00 USD, which is 80.00 GBP at the rate of 2026-01-05; the bank does not state what was paid of it",
				[]bank.Part{{ItemID: a.ID, Amount: gbp(8_399), Settles: usd(10_000)}}},
		} {
			lines := s.lines(x.line)
			found, err := s.bank.Propose(s.ctx, bank.ProposalRequest{BankAccountID: s.account.ID, Lines: []uuid.UUID{lines[0].ID}})
			require.NoError(t, err)
			require.NotEmpty(t, found, x.name)
			require.Equal(t, x.rank, found[0].Confidence, x.name)
			require.Equal(t, x.says, found[0].Reason)
			require.Equal(t, x.parts, found[0].Parts, x.name)
			out := s.reconcile(found[0].Reconciliation())
			_, err = s.bank.Unreconcile(s.ctx, []bank.Undo{{ReconciliationID: out[0].ID, Reason: "test", TakeBack: true, Date: day("2026-01-09")}})
			require.NoError(t, err)
		}
		s.sound()

		// What is not near, not of the day, stated otherwise, or of the other side, is not proposed.
		far, other := named, exchanged("2026-01-09", 8_200, 12_000, "for "+a.Number)
		far.Amount.Minor = 8_401
		late, out, amount := named, named, line("2026-01-09", 5_600, "no number")
		late.BookedOn, out.Amount.Minor = day("2026-01-13"), -8_000
		for name, l := range map[string]statement.Line{"far": far, "late": late, "stated otherwise": other, "the other way": out, "but an amount": amount} {
			lines := s.lines(l)
			found, err := s.bank.Propose(s.ctx, bank.ProposalRequest{BankAccountID: s.account.ID, Lines: []uuid.UUID{lines[0].ID}})
			require.NoError(t, err)
			require.Empty(t, found, name)
		}
		lines := s.lines(far)
		found, err := s.bank.Propose(s.ctx, bank.ProposalRequest{BankAccountID: s.account.ID, Lines: []uuid.UUID{lines[0].ID}, RatePercent: 6})
		require.NoError(t, err)
		require.Len(t, found, 1)
		// An invoice less a credit: what was paid for each side of it nobody states, so that only a part of the invoice is proposed.
		credit, err := s.books.Issue(s.ctx, []accounting.NewInvoice{{Kind: accounting.CreditNoteDocument, PartyID: s.ann, Date: day("2026-01-05"), Currency: "USD",
			Lines: []accounting.NewInvoiceLine{{Quantity: one(t), UnitPrice: price("10")}}}})
		require.NoError(t, err)
		lines = s.lines(exchanged("2026-01-09", 7_380, 9_000, a.Number+" less "+credit[0].Number))
		found, err = s.bank.Propose(s.ctx, bank.ProposalRequest{BankAccountID: s.account.ID, Lines: []uuid.UUID{lines[0].ID}})
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, bank.ByPart, found[0].Confidence)
		_, err = s.bank.Propose(s.ctx, bank.ProposalRequest{BankAccountID: s.account.ID, RatePercent: 21})
		require.Equal(t, "bank.bad_input", code(err))
	})
}

// What the bank states in another currency is content: another amount is another statement. And what cannot be is refused.
func TestForeignAmountsAreContent(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		st := s.statementOf("F-1", 0, exchanged("2026-01-09", 8_200, 10_000, "x"))
		s.importing(st)
		require.True(t, s.importing(st)[0].Replayed)
		for _, change := range []func(l *statement.Line){
			func(l *statement.Line) { l.Foreign.Minor++ },
			func(l *statement.Line) { l.Foreign.Currency = "EUR" },
			func(l *statement.Line) { l.Foreign = money.Amount{} },
			func(l *statement.Line) { l.ForeignRate = price("0.83") },
		} {
			other := st
			other.Lines = []statement.Line{st.Lines[0]}
			change(&other.Lines[0])
			_, err := s.bank.Import(s.ctx, bank.NewImport{Statements: []statement.Statement{other}})
			require.Equal(t, "bank.statement_differs", code(err))
		}
		for _, change := range []func(l *statement.Line){
			func(l *statement.Line) { l.Foreign = gbp(5) },
			func(l *statement.Line) { l.Foreign = usd(-5) },
			func(l *statement.Line) { l.Foreign = money.Zero("USD") },
			func(l *statement.Line) { l.Foreign = money.Amount{Minor: 5, Currency: "XQX"} },
			func(l *statement.Line) { l.Foreign = usd(1_000_000_000_000_000) },
			func(l *statement.Line) { l.ForeignRate = price("-1") },
			func(l *statement.Line) { l.ForeignRate = price("0.123456789012345678901") },
		} {
			bad := s.statementOf("F-2", 0, exchanged("2026-01-09", 8_200, 10_000, "x"))
			change(&bad.Lines[0])
			_, err := s.bank.Import(s.ctx, bank.NewImport{Statements: []statement.Statement{bad}})
			require.Equal(t, "bank.bad_input", code(err))
			require.ErrorContains(t, err, "line 1: Foreign is in another currency than Amount")
		}
	})
}
