package bank_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/bank"
	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// mostMinor is the largest amount that the books hold.
const mostMinor = 999_999_999_999_999

// A host may make statements by hand: what a reader never gives is refused too, and by what is wrong with it.
func TestHandmadeStatementsKeepToTheLimits(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		for says, change := range map[string]func(*statement.Statement){
			"Account and ID are needed":         func(st *statement.Statement) { st.Account = "" },
			"statement 1 (A, page -1): Account": func(st *statement.Statement) { st.Page = -1 },
			"at most 100 bytes":                 func(st *statement.Statement) { st.ID = strings.Repeat("x", 101) },
			"statement 1 (A, number 1\n2)":      func(st *statement.Statement) { st.Sequence = "1\n2" },
			"statement 1 (A): Account":          func(st *statement.Statement) { st.Account = "a\x00b" },
			"have no day":                       func(st *statement.Statement) { st.Opening.On = date.Date{} },
			"balances have no day":              func(st *statement.Statement) { st.Closing.On = date.Date{} },
			"have no currency":                  func(st *statement.Statement) { st.Opening.Amount.Currency = "" },
			"balances have no currency":         func(st *statement.Statement) { st.Closing.Amount.Currency = "xxx" },
			"a balance is larger":               func(st *statement.Statement) { st.Opening.Amount.Minor = mostMinor + 1 },
			"balance is larger than the books":  func(st *statement.Statement) { st.Closing.Amount.Minor = -mostMinor - 1 },
			"line 1: the amount is larger":      func(st *statement.Statement) { st.Lines[0].Amount.Minor, st.Lines[1].Amount.Minor = 1<<60, -1<<60+300 },
			"line 2: ValueStated":               func(st *statement.Statement) { st.Lines[1].ValueStated = "a\nb" },
			"ValueStated has more than 100":     func(st *statement.Statement) { st.Lines[1].ValueStated = strings.Repeat("9", 101) },
			"a text has more than 4000 bytes":   func(st *statement.Statement) { st.Lines[1].PartyAccount = strings.Repeat("9", statement.MaxText+1) },
			"the lines add up to more":          func(st *statement.Statement) { st.Lines[0].Amount.Minor, st.Lines[1].Amount.Minor = mostMinor, 1 },
			"lines add up to more than the books hold": func(st *statement.Statement) {
				st.Opening.Amount.Minor, st.Closing.Amount.Minor, st.Lines = -mostMinor, mostMinor, nil
			},
		} {
			st := s.statementOf("A", 1000, line("2026-01-05", 500, "one"), line("2026-01-06", -200, "two"))
			change(&st)
			_, err := s.bank.Import(s.ctx, bank.NewImport{Statements: []statement.Statement{st}, AcceptUnbalanced: "whatever it is"})
			require.Equal(t, "bank.bad_input", code(err), "%s: %v", says, err)
			require.ErrorContains(t, err, says)
		}
		full := s.statementOf(strings.Repeat("x", 100), -mostMinor, line("2026-01-05", mostMinor, strings.Repeat("x", statement.MaxText)))
		full.Lines[0].ValueStated = strings.Repeat("9", 100)
		s.importing(full)
		_, err := s.bank.Import(s.ctx, bank.NewImport{Statements: make([]statement.Statement, bank.MaxStatements+1)})
		require.Equal(t, "bank.too_many", code(err))
		out, err := s.bank.Import(s.ctx, bank.NewImport{})
		require.NoError(t, err, "nothing of nothing")
		require.Empty(t, out)
		s.sound()
	})
}

// Whatever of a statement differs, it is other content.
func TestEachPartOfAStatementIsContent(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		made := func() statement.Statement {
			st := s.statementOf("A", 0, line("2026-01-04", 100, "first"), line("2026-01-05", 500, ""), line("2026-01-06", 5, "last"))
			st.Lines[1].Reference, st.Lines[1].BankReference, st.Lines[1].Party, st.Lines[1].PartyAccount = "R", "B", "P", "N"
			return st
		}
		s.importing(made())
		for name, change := range map[string]func(*statement.Statement, *statement.Line){
			"opening day":          func(st *statement.Statement, _ *statement.Line) { st.Opening.On = day("2026-01-02") },
			"closing day":          func(st *statement.Statement, _ *statement.Line) { st.Closing.On = day("2026-01-30") },
			"balances":             func(st *statement.Statement, _ *statement.Line) { st.Opening.Amount.Minor++; st.Closing.Amount.Minor++ },
			"intermediate opening": func(st *statement.Statement, _ *statement.Line) { st.Opening.Intermediate = true },
			"intermediate closing": func(st *statement.Statement, _ *statement.Line) { st.Closing.Intermediate = true },
			"booking day":          func(_ *statement.Statement, l *statement.Line) { l.BookedOn = day("2026-01-06") },
			"value day":            func(_ *statement.Statement, l *statement.Line) { l.ValueOn = day("2026-01-06") },
			"value day as stated":  func(_ *statement.Statement, l *statement.Line) { l.ValueStated = "2026-02-30" },
			"code":                 func(_ *statement.Statement, l *statement.Line) { l.Code = "NTRF" },
			"reversal":             func(_ *statement.Statement, l *statement.Line) { l.Reversal = true },
			"amounts":              func(st *statement.Statement, l *statement.Line) { l.Amount.Minor++; st.Lines[0].Amount.Minor-- },
			"no texts": func(_ *statement.Statement, l *statement.Line) {
				*l = statement.Line{BookedOn: l.BookedOn, Amount: l.Amount}
			},
			"line 2: reference":   func(_ *statement.Statement, l *statement.Line) { l.Reference = "r" },
			"line 2: the bank's":  func(_ *statement.Statement, l *statement.Line) { l.BankReference = "b" },
			"line 2: party":       func(_ *statement.Statement, l *statement.Line) { l.Party = "p" },
			"line 2: its account": func(_ *statement.Statement, l *statement.Line) { l.PartyAccount = "n" },
			"line 2: text":        func(_ *statement.Statement, l *statement.Line) { l.Text = "t" },
			"line 2: two of five": func(_ *statement.Statement, l *statement.Line) { l.Reference, l.PartyAccount = "r", "" },
			"line 2: all but one": func(_ *statement.Statement, l *statement.Line) { l.Reference, l.BankReference, l.Party = "", "", "" },
		} {
			changed := made()
			change(&changed, &changed.Lines[1])
			_, err := s.bank.Import(s.ctx, bank.NewImport{Statements: []statement.Statement{changed}})
			require.Equal(t, "bank.statement_differs", code(err), "%s: %v", name, err)
			if at, _, ok := strings.Cut(name, ":"); ok {
				require.ErrorContains(t, err, at+" has other texts")
			}
		}
		require.True(t, s.importing(made())[0].Replayed)
	})
}

// Overlaps are looked for on all days that the new lines span, whatever their order.
func TestOverlapsOnTheFirstAndTheLastDay(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		early, late := line("2026-01-03", 700, "early"), line("2026-01-20", -300, "late")
		first := s.statementOf("A", 0, early, line("2026-01-10", 1, "between"), late)
		s.importing(first)
		next := s.statementOf("B", first.Closing.Amount.Minor, line("2026-01-08", 2, "x"), early, line("2026-01-09", 3, "y"), late)
		require.Len(t, s.importing(next)[0].Overlaps, 2)
	})
}

// What was accepted within a statement is a gap of the report, as a break between two is.
func TestTheReportShowsAcceptedDifferencesAsGaps(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		st := s.statementOf("A", 1_000, line("2026-01-05", 500, "one"))
		st.Closing.Amount.Minor += 30
		_, err := s.bank.Import(s.ctx, bank.NewImport{Statements: []statement.Statement{st}, AcceptUnbalanced: "the bank lost a page"})
		require.NoError(t, err)
		next := s.statementOf("B", st.Closing.Amount.Minor+4)
		next.Closing.On = day("2026-02-28")
		s.importing(next)
		r, err := s.bank.Report(s.ctx, s.account.ID, day("2026-01-31"))
		require.NoError(t, err)
		require.Equal(t, "0.30 GBP", r.Gaps.Format())
		r, err = s.bank.Report(s.ctx, s.account.ID, day("2026-02-28"))
		require.NoError(t, err)
		require.Equal(t, "0.34 GBP", r.Gaps.Format())
		_, err = s.bank.Report(s.ctx, s.account.ID, date.Date{})
		require.Equal(t, "bank.bad_input", code(err))
		s.sound()
	})
}

// What waits in the ledger is shown by day, whether nothing or a later statement has it.
func TestTheReportShowsTheOldestFirst(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		later, waits := s.transfer("2026-01-04", 300), s.transfer("2026-01-10", 5)
		lines := s.lines(line("2026-01-06", 300, "cheque"))
		s.reconcile(is(lines[0], bank.Part{EntryID: later.ID}))
		r, err := s.bank.Report(s.ctx, s.account.ID, day("2026-01-15"))
		require.NoError(t, err)
		require.Len(t, r.InLedger.Lines, 2)
		require.Equal(t, []uuid.UUID{later.ID, waits.ID}, []uuid.UUID{r.InLedger.Lines[0].EntryID, r.InLedger.Lines[1].EntryID})
	})
}

func TestBoundsOfBankAccounts(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		_, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "2999", Name: "Overdraft", Type: accounting.Liability, CashFlow: accounting.CashFlowCash})
		require.NoError(t, err)
		in := bank.NewAccount{Number: strings.Repeat("1", 101), Name: "Overdraft", Currency: "GBP", Ledger: accounting.ByCode("2999")}
		for _, number := range []string{in.Number, "1\x002"} {
			in.Number = number
			_, err = s.bank.CreateAccount(s.ctx, in)
			require.Equal(t, "bank.bad_input", code(err))
		}
		in.Number = strings.Repeat("1", 100)
		_, err = s.bank.CreateAccount(s.ctx, in)
		require.NoError(t, err, "an overdraft is a liability")
	})
}

// A number counts where it is not a part of a longer one.
func TestNumbersInTexts(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.invoice("1234", s.ann, "2026-01-02", "100")
		s.invoice("AB12CD", s.ben, "2026-01-02", "50")
		texts := map[string]bank.Confidence{"pays x1234y": bank.ByNumber, "pays 91234": 0, "pays 12345": 0, "91234 and 1234": bank.ByNumber, "12345/x1234": bank.ByNumber}
		var in []statement.Line
		var order []string
		for text := range texts {
			in, order = append(in, line("2026-06-05", 10_000, text)), append(order, text)
		}
		in, order = append(in, line("2026-06-05", 5_000, "9ab12cd7")), append(order, "9ab12cd7")
		texts["9ab12cd7"] = bank.ByNumber // its ends are letters: no number goes on there
		lines := s.lines(in...)
		for i, l := range lines {
			out, err := s.bank.Propose(s.ctx, bank.ProposalRequest{BankAccountID: s.account.ID, Lines: []uuid.UUID{l.ID}})
			require.NoError(t, err)
			if texts[order[i]] == 0 {
				require.Empty(t, out, order[i])
				continue
			}
			require.Len(t, out, 1, "what is proposed by number is not proposed again: %s", order[i])
			require.Equal(t, texts[order[i]], out[0].Confidence, order[i])
		}
	})
}

func TestDetailsOfProposals(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		propose := func(l bank.StatementLine, days int) []bank.Proposal {
			t.Helper()
			out, err := s.bank.Propose(s.ctx, bank.ProposalRequest{BankAccountID: s.account.ID, Lines: []uuid.UUID{l.ID}, Days: days})
			require.NoError(t, err)
			return out
		}
		one, err := money.Units(1)
		require.NoError(t, err)
		bills, err := s.books.Bill(s.ctx, []accounting.NewBill{{VendorNumber: "RE-2026-17", PartyID: s.leaf, Date: day("2026-01-02"), Lines: []accounting.NewBillLine{
			{Description: "Paper", Account: accounting.ByRole(accounting.RoleFees), Quantity: one, UnitPrice: price("70")}}}})
		require.NoError(t, err)
		_, err = s.books.Pay(s.ctx, []accounting.NewPayment{{Reference: "CHQ-0001", PartyID: s.ann, Direction: accounting.MoneyIn, Date: day("2026-01-10"), Amount: gbp(2_500)}})
		require.NoError(t, err)
		invoice := s.invoice("", s.ann, "2026-01-02", "40")
		lines := s.lines(line("2026-01-05", -7_000, "RE 2026/17"), line("2026-03-12", 2_500, "chq 0001"), line("2026-01-13", 2_500, "cash"), line("2026-01-07", 2_500, "cash"),
			line("2026-01-05", 1_500, invoice.Number), line("2026-01-05", -1_500, invoice.Number), line("2026-01-05", 0, "RE 2026/17 "+invoice.Number))
		require.Equal(t, "the line names bill RE-2026-17, and the amounts are the same", propose(lines[0], 0)[0].Reason)
		require.Equal(t, bills[0].ID, propose(lines[0], 0)[0].Parts[0].ItemID)
		byReference := propose(lines[1], 0)
		require.Len(t, byReference, 1, "the day does not matter to what is named")
		require.Equal(t, "the line names payment CHQ-0001, and the amounts are the same", byReference[0].Reason)
		for _, l := range lines[2:4] {
			require.Empty(t, propose(l, 2), "three days from the line, of which two are looked at")
			require.Contains(t, propose(l, 3)[0].Reason, " 3 days from the line")
		}
		part := propose(lines[4], 0)
		require.Len(t, part, 1)
		require.Equal(t, bank.ByPart, part[0].Confidence)
		require.Equal(t, gbp(1_500), part[0].Parts[0].Amount, "of the line, not of the invoice")
		require.Empty(t, propose(lines[5], 0), "money out is no part of an invoice")
		require.Empty(t, propose(lines[6], 0), "nothing is no part of anything")
		for _, in := range []bank.ProposalRequest{{Days: -1}, {Days: 61}, {Each: -1}, {Each: 21}} {
			in.BankAccountID = s.account.ID
			_, err := s.bank.Propose(s.ctx, in)
			require.Equal(t, "bank.bad_input", code(err), "%+v", in)
		}
		_, err = s.bank.Propose(s.ctx, bank.ProposalRequest{BankAccountID: s.account.ID, Days: 60, Each: 20})
		require.NoError(t, err)
		_, err = s.bank.Propose(s.ctx, bank.ProposalRequest{BankAccountID: s.account.ID, Lines: make([]uuid.UUID, bank.MaxProposalLines+1)})
		require.Equal(t, "bank.too_many", code(err))
	})
}

// Refusals say which line, and which part of it.
func TestReconcileSaysWhere(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		invoice := s.invoice("I-1", s.ann, "2026-01-02", "100")
		entry := s.transfer("2026-01-04", 300)
		lines := s.lines(line("2026-01-05", 5_000, "one"), line("2026-01-05", 300, "two"), line("2026-01-05", 300, "three"))
		good := is(lines[0], bank.Part{ItemID: invoice.ID})
		for says, bad := range map[string][]bank.Part{
			"line 2, part 2: exactly one of":         {fees(300), {}},
			"line 2, part 1: Against goes with":      {{ItemID: invoice.ID, Against: accounting.ByRole(accounting.RoleReceivable)}},
			"line 2, part 1: EntryLineNo goes":       {{ItemID: invoice.ID, EntryLineNo: 1}},
			"part 1: EntryLineNo goes with EntryID":  {{EntryID: entry.ID, EntryLineNo: -1}},
			"line 2, part 1: the amount is larger":   {fees(mostMinor + 1)},
			"line 2: more than one part leaves":      {{PartyID: s.ann}, {PartyID: s.ben}},
			"line 2: part 2: there is no such open":  {fees(100), {ItemID: uuid.New()}},
			"line 2: part 1: the entry has no such":  {{EntryID: entry.ID, EntryLineNo: 7}},
			"line 2: part 2: the journal line is re": {{EntryID: entry.ID}, {EntryID: entry.ID}},
		} {
			_, err := s.bank.Reconcile(s.ctx, []bank.NewReconciliation{good, is(lines[1], bad...)})
			require.ErrorContains(t, err, says)
		}
		_, err := s.bank.Reconcile(s.ctx, []bank.NewReconciliation{is(lines[1], bank.Part{EntryID: entry.ID}), is(lines[2], bank.Part{EntryID: entry.ID})})
		require.Equal(t, "bank.ledger_line_taken", code(err), "two lines of one call are not one and the same entry")
		s.reconcile(is(lines[1], bank.Part{EntryID: entry.ID}))
		_, err = s.bank.Reconcile(s.ctx, []bank.NewReconciliation{is(lines[2], bank.Part{EntryID: entry.ID})})
		require.ErrorContains(t, err, "line 1: part 1: the journal line is reconciled already")
		_, err = s.bank.Reconcile(s.ctx, make([]bank.NewReconciliation, bank.MaxReconciliations+1))
		require.Equal(t, "bank.too_many", code(err))
		_, err = s.bank.Reconcile(s.ctx, []bank.NewReconciliation{good, good})
		require.ErrorContains(t, err, "line 2: it stands in the batch twice")
		s.reconcile(is(lines[2], bank.Part{PartyID: s.leaf, Against: accounting.ByRole(accounting.RoleReceivable)}))
		_, err = s.bank.Lines(s.ctx, uuid.New())
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		s.sound()
	})
}
