package bank_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/bank"
	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

func (s *shop) reconcile(in ...bank.NewReconciliation) []bank.Reconciliation {
	s.t.Helper()
	out, err := s.bank.Reconcile(s.ctx, in)
	require.NoError(s.t, err)
	return out
}

func is(l bank.StatementLine, parts ...bank.Part) bank.NewReconciliation {
	return bank.NewReconciliation{LineID: l.ID, Parts: parts}
}

// fees is a part that goes to the account of bank charges.
func fees(minor int64) bank.Part {
	return bank.Part{Account: accounting.ByRole(accounting.RoleFees), Amount: gbp(minor)}
}

func TestALineIsReconciledWithWhatItPays(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		one, two := s.invoice("I-1", s.ann, "2026-01-02", "100"), s.invoice("I-2", s.ann, "2026-01-03", "50")
		lines := s.lines(line("2026-01-05", 9_800, "one, less a fee"), line("2026-01-06", 6_000, "two, and ten on account"), line("2026-01-07", -300, "fees"))
		out := s.reconcile(
			is(lines[0], bank.Part{ItemID: one.ID, Amount: gbp(10_000)}, fees(-200)),
			is(lines[1], bank.Part{ItemID: two.ID, Amount: gbp(5_000)}, bank.Part{PartyID: s.ann}),
			is(lines[2], fees(-300)))
		require.Len(t, out[0].Matches, 2)
		require.Equal(t, bank.FromPayment, out[0].Matches[0].Origin)
		require.Equal(t, bank.FromEntry, out[0].Matches[1].Origin)
		open := s.open()
		require.NotContains(t, open, one.ID)
		require.NotContains(t, open, two.ID)
		require.Len(t, open, 1, "ten pounds stay on Ann's account")
		require.Equal(t, int64(9_800+6_000-300), s.balance(accounting.RoleBank))
		require.Equal(t, int64(500), s.balance(accounting.RoleFees))
		stored, err := s.bank.Lines(s.ctx, lines[0].StatementID)
		require.NoError(t, err)
		require.Equal(t, s.ann, stored[0].PartyID, "the line is about Ann now")
		require.Equal(t, out[0].ID, stored[0].Reconciliation.ID)
		s.sound()
		r, err := s.bank.Report(s.ctx, s.account.ID, day("2026-01-31"))
		require.NoError(t, err)
		require.Zero(t, r.OnStatement.Count)
		require.Zero(t, r.InLedger.Count)
		require.Equal(t, r.StatementBalance, r.LedgerBalance)
	})
}

// A customer pays an invoice less a credit note: the note is set off by Allocate, the rest comes by Pay.
func TestCreditNotesAreSetOff(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		invoice := s.invoice("I-1", s.ann, "2026-01-02", "100")
		one, err := money.Units(1)
		require.NoError(t, err)
		notes, err := s.books.Issue(s.ctx, []accounting.NewInvoice{{Kind: accounting.CreditNoteDocument, Reference: "N-1", PartyID: s.ann, Date: day("2026-01-03"),
			Lines: []accounting.NewInvoiceLine{{Description: "Dent", Quantity: one, UnitPrice: price("20")}}}})
		require.NoError(t, err)
		lines := s.lines(line("2026-01-02", 8_000, "less the note"))
		s.reconcile(is(lines[0], bank.Part{ItemID: invoice.ID, Amount: gbp(10_000)}, bank.Part{ItemID: notes[0].ID, Amount: gbp(-2_000)}))
		require.Empty(t, s.open())
		require.Equal(t, int64(8_000), s.balance(accounting.RoleBank))
		s.sound()
	})
}

func TestALineIsReconciledWithWhatTheBooksHave(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		paid, err := s.books.Pay(s.ctx, []accounting.NewPayment{{Reference: "CHQ-0001", PartyID: s.leaf, Direction: accounting.MoneyOut, Date: day("2026-01-04"), Amount: gbp(700)}})
		require.NoError(t, err)
		entry := s.transfer("2026-01-04", 300)
		lines := s.lines(line("2026-01-06", -400, "cheque and cash"), line("2026-01-06", -700, "again"))
		out := s.reconcile(is(lines[0], bank.Part{PaymentID: paid[0].ID}, bank.Part{EntryID: entry.ID}))
		require.Len(t, out[0].Matches, 2)
		require.Equal(t, int64(-400), s.balance(accounting.RoleBank), "nothing was booked")
		_, err = s.bank.Reconcile(s.ctx, []bank.NewReconciliation{is(lines[1], bank.Part{PaymentID: paid[0].ID})})
		require.Equal(t, "bank.ledger_line_taken", code(err))
		s.sound()
	})
}

// transfer is an entry that puts cash into the bank.
func (s *shop) transfer(on string, minor int64) accounting.Entry {
	s.t.Helper()
	out, err := s.books.Post(s.ctx, []accounting.NewEntry{{Date: day(on), Lines: []accounting.NewLine{
		accounting.DebitLine(accounting.ByRole(accounting.RoleBank), gbp(minor)), accounting.CreditLine(accounting.ByRole(accounting.RoleCash), gbp(minor))}}})
	require.NoError(s.t, err)
	return out[0]
}

func TestReconcileRefusals(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		invoice := s.invoice("I-1", s.ann, "2026-01-02", "100")
		lines := s.lines(line("2026-01-05", 5_000, "one"), line("2026-01-05", -5_000, "out"))
		entry := s.transfer("2026-01-04", 300)
		in, out := lines[0], lines[1]
		good := is(in, bank.Part{ItemID: invoice.ID})
		cases := map[string]struct {
			in   bank.NewReconciliation
			code string
		}{
			"no parts":                 {is(in), "bank.bad_input"},
			"two names":                {is(in, bank.Part{ItemID: invoice.ID, PartyID: s.ann}), "bank.bad_input"},
			"no name":                  {is(in, bank.Part{Amount: gbp(5_000)}), "bank.bad_input"},
			"twice what is left":       {is(in, bank.Part{ItemID: invoice.ID}, bank.Part{PartyID: s.ann}), "bank.bad_input"},
			"no line":                  {bank.NewReconciliation{LineID: uuid.New(), Parts: good.Parts}, "tenancy.not_found"},
			"does not add up":          {is(in, bank.Part{ItemID: invoice.ID, Amount: gbp(4_999)}), "bank.split_differs"},
			"nothing is left":          {is(in, bank.Part{ItemID: invoice.ID, Amount: gbp(5_000)}, bank.Part{PartyID: s.ann}), "bank.split_differs"},
			"the wrong direction":      {is(out, bank.Part{ItemID: invoice.ID}), "bank.split_differs"},
			"another currency":         {is(in, bank.Part{ItemID: invoice.ID, Amount: money.Of(5_000, "EUR")}), "bank.bad_input"},
			"no item":                  {is(in, bank.Part{ItemID: uuid.New()}), "bank.unknown_item"},
			"no payment":               {is(in, bank.Part{PaymentID: uuid.New()}), "bank.unknown_item"},
			"no party":                 {is(in, bank.Part{PartyID: uuid.New()}), "accounting.unknown_party"},
			"no such line of an entry": {is(in, bank.Part{EntryID: entry.ID, EntryLineNo: 2}), "bank.unknown_item"},
			"a part of an entry":       {is(in, bank.Part{EntryID: entry.ID, Amount: gbp(200)}, bank.Part{PartyID: s.ann}), "bank.split_differs"},
			"more than is open":        {is(in, bank.Part{ItemID: invoice.ID, Amount: gbp(10_001)}, fees(-5_001)), "accounting.over_allocated"},
			"a control account":        {is(in, bank.Part{Account: accounting.ByRole(accounting.RoleReceivable)}), "accounting.unknown_party"},
			"the bank's own account":   {is(in, bank.Part{Account: accounting.ByRole(accounting.RoleBank)}), "bank.split_differs"},
			"no period":                {bank.NewReconciliation{LineID: in.ID, Parts: good.Parts, Date: day("2031-01-01")}, "accounting.no_period"},
		}
		before := s.open()
		for name, tc := range cases {
			t.Run(name, func(t *testing.T) {
				_, err := s.bank.Reconcile(s.ctx, []bank.NewReconciliation{tc.in})
				require.Equal(t, tc.code, code(err), "%v", err)
				require.Equal(t, before, s.open())
			})
		}
		_, err := s.bank.Reconcile(s.ctx, []bank.NewReconciliation{good, good})
		require.Equal(t, "bank.bad_input", code(err), "the same line twice")
		_, err = s.bank.Reconcile(s.ctx, []bank.NewReconciliation{good, is(out, bank.Part{ItemID: invoice.ID})})
		require.Equal(t, "bank.split_differs", code(err))
		require.Equal(t, before, s.open(), "all or none")

		first := s.reconcile(good)
		again := s.reconcile(good)
		require.True(t, again[0].Replayed)
		require.Equal(t, first[0].ID, again[0].ID)
		require.Equal(t, first[0].Matches, again[0].Matches)
		_, err = s.bank.Reconcile(s.ctx, []bank.NewReconciliation{is(in, bank.Part{PartyID: s.ann})})
		require.Equal(t, "bank.reconciled", code(err))
		s.sound()
	})
}

func TestUnreconcileSaysWhatItLeaves(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		invoice := s.invoice("I-1", s.ann, "2026-01-02", "100")
		lines := s.lines(line("2026-01-05", 9_800, "one, less a fee"))
		was := s.reconcile(is(lines[0], bank.Part{ItemID: invoice.ID, Amount: gbp(10_000)}, fees(-200)))
		undo := bank.Undo{ReconciliationID: was[0].ID, Reason: "it was Ben's"}
		_, err := s.bank.Unreconcile(s.ctx, []bank.Undo{{ReconciliationID: was[0].ID}})
		require.Equal(t, "bank.bad_input", code(err), "a reason is needed")
		out, err := s.bank.Unreconcile(s.ctx, []bank.Undo{undo})
		require.NoError(t, err)
		require.Empty(t, out[0].Reversals)
		require.Len(t, out[0].Kept, 2, "the payment and the fee stay")
		require.Equal(t, was[0].Matches[0].PaymentID, out[0].Kept[0].PaymentID)
		require.False(t, out[0].Reconciliation.Active)
		require.Equal(t, int64(200), s.balance(accounting.RoleFees))
		s.sound()
		r, err := s.bank.Report(s.ctx, s.account.ID, day("2026-01-31"))
		require.NoError(t, err)
		require.Equal(t, int64(1), r.OnStatement.Count)
		require.Equal(t, int64(2), r.InLedger.Count, "both wait")

		anew := s.reconcile(is(lines[0], bank.Part{PaymentID: out[0].Kept[0].PaymentID}, bank.Part{EntryID: out[0].Kept[1].EntryID}))
		again, err := s.bank.Unreconcile(s.ctx, []bank.Undo{undo})
		require.NoError(t, err)
		require.True(t, again[0].Replayed, "a retry undoes nothing of what was made of the line since")
		require.Equal(t, out[0].Kept, again[0].Kept)
		stored, err := s.bank.Lines(s.ctx, lines[0].StatementID)
		require.NoError(t, err)
		require.Equal(t, anew[0].ID, stored[0].Reconciliation.ID)
		require.Equal(t, int64(200), s.balance(accounting.RoleFees))
		s.sound()
	})
}

// What a reconciliation booked is taken back with it: a payment, what was set off, and a fee. Nothing of it is proposed again.
func TestUnreconcileTakesBack(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		invoice := s.invoice("I-1", s.ann, "2026-01-02", "100")
		early, err := s.books.Pay(s.ctx, []accounting.NewPayment{{Reference: "P-0", PartyID: s.ann, Direction: accounting.MoneyIn, Date: day("2026-01-03"), Amount: gbp(1_000), Account: accounting.ByRole(accounting.RoleCash)}})
		require.NoError(t, err)
		before, days := s.open(), s.openOn("2026-01-02", "2026-01-04", "2026-01-05", "2026-01-31")
		lines := s.lines(line("2026-01-05", 8_800, "less a fee"))
		parts := []bank.Part{{ItemID: invoice.ID, Amount: gbp(10_000)}, {ItemID: early[0].ID, Amount: gbp(-1_000)}, fees(-200)}
		was := s.reconcile(is(lines[0], parts...))
		require.Empty(t, s.open())
		undo := bank.Undo{ReconciliationID: was[0].ID, Reason: "it was Ben's", TakeBack: true, Date: day("2026-01-05")}
		out, err := s.bank.Unreconcile(s.ctx, []bank.Undo{undo})
		require.NoError(t, err)
		require.Len(t, out[0].Reversals, 2, "the payment and the fee")
		require.Len(t, out[0].Unallocated, 1)
		require.Empty(t, out[0].Kept)
		require.Equal(t, before, s.open())
		require.Equal(t, days, s.openOn("2026-01-02", "2026-01-04", "2026-01-05", "2026-01-31"))
		require.Zero(t, s.balance(accounting.RoleFees))
		require.Zero(t, s.balance(accounting.RoleBank))
		again, err := s.bank.Unreconcile(s.ctx, []bank.Undo{undo})
		require.NoError(t, err)
		require.True(t, again[0].Replayed)
		require.Len(t, again[0].Reversals, 2)
		require.Equal(t, out[0].Unallocated[0].ID, again[0].Unallocated[0].ID)
		r, err := s.bank.Report(s.ctx, s.account.ID, day("2026-01-31"))
		require.NoError(t, err)
		require.Zero(t, r.InLedger.Count, "what was taken back never reached the bank")
		all, err := s.bank.Propose(s.ctx, bank.ProposalRequest{BankAccountID: s.account.ID})
		require.NoError(t, err)
		for _, p := range all {
			for _, part := range p.Parts {
				require.Equal(t, uuid.Nil, part.EntryID)
				require.Equal(t, uuid.Nil, part.PaymentID)
			}
		}
		s.reconcile(is(lines[0], parts...))
		require.Empty(t, s.open())
		s.sound()
	})
}

// What was set off for a later day is undone on that day, what somebody undid already is not undone again, and a line that was taken back
// late is reconciled anew from then on.
func TestUnreconcileIsDated(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		invoice := s.invoice("I-1", s.ann, "2026-01-02", "100")
		early, err := s.books.Pay(s.ctx, []accounting.NewPayment{{Reference: "P-0", PartyID: s.ann, Direction: accounting.MoneyIn, Date: day("2026-01-08"), Amount: gbp(1_000), Account: accounting.ByRole(accounting.RoleCash)}})
		require.NoError(t, err)
		lines := s.lines(line("2026-01-05", 9_000, "one"))
		parts := []bank.Part{{ItemID: invoice.ID, Amount: gbp(10_000)}, {ItemID: early[0].ID, Amount: gbp(-1_000)}}
		was := s.reconcile(is(lines[0], parts...))
		out, err := s.bank.Unreconcile(s.ctx, []bank.Undo{{ReconciliationID: was[0].ID, Reason: "wrong", TakeBack: true, Date: day("2026-01-06")}})
		require.NoError(t, err)
		require.Equal(t, "2026-01-08", out[0].Unallocated[0].AllocatedOn.String())
		require.Equal(t, "2026-01-06", out[0].Reversals[0].EntryDate.String())
		require.Equal(t, []map[uuid.UUID]int64{{invoice.ID: 10_000}}, s.openOn("2026-01-07"))

		anew := s.reconcile(is(lines[0], parts...))
		require.Empty(t, s.open())
		made, err := s.books.Allocations(s.ctx, early[0].ID)
		require.NoError(t, err)
		byHand, err := s.books.Unallocate(s.ctx, []accounting.Unallocation{{AllocationID: made[len(made)-1].ID, Date: day("2026-01-09"), Reason: "by hand"}})
		require.NoError(t, err)
		out, err = s.bank.Unreconcile(s.ctx, []bank.Undo{{ReconciliationID: anew[0].ID, Reason: "wrong", TakeBack: true, Date: day("2026-01-10")}})
		require.NoError(t, err)
		require.Equal(t, byHand[0].ID, out[0].Unallocated[0].ID)
		s.reconcile(is(lines[0], parts...)) // booked on the 5th, settled from the 10th
		require.Empty(t, s.open())
		require.Len(t, s.openOn("2026-01-09")[0], 3)
		s.sound()
	})
}

// A payment that somebody took back already is not taken back again, and what the books had stays.
func TestUnreconcileLeavesWhatIsTakenBackAlready(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		invoice := s.invoice("I-1", s.ann, "2026-01-02", "100")
		own := s.transfer("2026-01-04", 300)
		lines := s.lines(line("2026-01-05", 10_300, "one"))
		was := s.reconcile(is(lines[0], bank.Part{ItemID: invoice.ID, Amount: gbp(10_000)}, bank.Part{EntryID: own.ID}))
		var payment uuid.UUID
		for _, m := range was[0].Matches {
			if m.Origin == bank.FromPayment {
				payment = m.PaymentID
			}
		}
		gone, err := s.books.ReversePayments(s.ctx, []accounting.PaymentReversal{{PaymentID: payment, Date: day("2026-01-06"), Reason: "bounced"}})
		require.NoError(t, err)
		out, err := s.bank.Unreconcile(s.ctx, []bank.Undo{{ReconciliationID: was[0].ID, Reason: "bounced", TakeBack: true, Date: day("2026-01-07")}})
		require.NoError(t, err)
		require.Equal(t, gone[0].ID, out[0].Reversals[0].ID)
		require.Len(t, out[0].Kept, 1)
		require.Equal(t, bank.Existing, out[0].Kept[0].Origin)
		require.Equal(t, int64(300), s.balance(accounting.RoleBank))
		s.sound()
	})
}

func TestProposals(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		numbered, other := s.invoice("I-1", s.ann, "2026-01-02", "100"), s.invoice("I-2", s.ann, "2026-01-02", "40")
		bens := s.invoice("I-3", s.ben, "2026-01-03", "77")
		s.invoice("I-4", s.ann, "2026-01-03", "77")
		lone := s.invoice("I-5", s.ben, "2026-01-09", "31.31")
		cheque := s.transfer("2026-01-10", 2_500)
		lines := s.lines(
			line("2026-01-05", 10_000, "Invoice "+numbered.Number+" thanks"),
			line("2026-01-05", 14_000, numbered.Number+" and "+other.Number),
			line("2026-01-05", 7_700, "transfer from BEN & SONS"),
			line("2026-01-12", 3_131, "no name, no number"),
			line("2026-01-12", 2_500, "cash"),
			line("2026-01-12", 500, "part of "+numbered.Number),
			line("2026-01-12", 7_700, "either"),
			line("2026-01-05", 10_000, "not "+numbered.Number+"9, which is a longer number"))
		before := s.open()
		all, err := s.bank.Propose(s.ctx, bank.ProposalRequest{BankAccountID: s.account.ID})
		require.NoError(t, err)
		require.Equal(t, before, s.open(), "proposals book nothing")
		best := map[uuid.UUID]bank.Proposal{}
		for _, p := range all {
			require.NotEmpty(t, p.Reason)
			if old, ok := best[p.LineID]; !ok || p.Confidence < old.Confidence {
				best[p.LineID] = p
			}
		}
		want := []struct {
			rank  bank.Confidence
			items []uuid.UUID
		}{
			{bank.ByNumber, []uuid.UUID{numbered.ID}}, {bank.ByNumbers, []uuid.UUID{numbered.ID, other.ID}}, {bank.ByParty, []uuid.UUID{bens.ID}},
			{bank.ByAmount, []uuid.UUID{lone.ID}}, {bank.ByLedger, []uuid.UUID{cheque.ID}}, {bank.ByPart, []uuid.UUID{numbered.ID}},
		}
		for i, w := range want {
			p := best[lines[i].ID]
			require.Equal(t, w.rank, p.Confidence, "line %d: %+v", i+1, p)
			var have []uuid.UUID
			for _, part := range p.Parts {
				if part.EntryID != uuid.Nil {
					part.ItemID = part.EntryID
				}
				have = append(have, part.ItemID)
			}
			require.ElementsMatch(t, w.items, have, "line %d", i+1)
		}
		_, either := best[lines[6].ID]
		require.False(t, either, "two documents have the amount, and nothing tells them apart")
		require.NotEqual(t, bank.ByNumber, best[lines[7].ID].Confidence)
		s.reconcile(best[lines[0].ID].Reconciliation(), best[lines[2].ID].Reconciliation(), best[lines[4].ID].Reconciliation())
		s.sound()
		rest, err := s.bank.Propose(s.ctx, bank.ProposalRequest{BankAccountID: s.account.ID, Lines: []uuid.UUID{lines[0].ID}})
		require.NoError(t, err)
		require.Empty(t, rest, "it is reconciled")
	})
}

func TestANeighbourSeesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		lines := s.lines(line("2026-01-05", 100, "secret"))
		tied := s.reconcile(is(lines[0], bank.Part{PartyID: s.ann}))
		other := newShop(t, s.env, "GBP")
		_, err := other.bank.Lines(other.ctx, lines[0].StatementID)
		require.ErrorIs(t, err, fault.NotFound)
		_, err = other.bank.Reconcile(other.ctx, []bank.NewReconciliation{is(lines[0], bank.Part{PartyID: other.ann})})
		require.ErrorIs(t, err, fault.NotFound)
		_, err = other.bank.Report(other.ctx, s.account.ID, day("2026-01-31"))
		require.ErrorIs(t, err, fault.NotFound)
		_, err = other.bank.Unreconcile(other.ctx, []bank.Undo{{ReconciliationID: tied[0].ID, Reason: "x"}})
		require.ErrorIs(t, err, fault.NotFound)
	})
}

// insist retries what lost a race in a way that a retry resolves.
func insist(fn func() error) error { return racetest.Insist(fn, tenancy.ErrDuplicate) }

func TestRaceALineIsReconciledOnce(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		one, two := s.invoice("I-1", s.ann, "2026-01-02", "50"), s.invoice("I-2", s.ben, "2026-01-03", "50")
		lines := s.lines(line("2026-01-05", 5_000, "whose?"))
		errs := racetest.Together(6, func(i int) error {
			item := []uuid.UUID{one.ID, two.ID}[i%2]
			return insist(func() error {
				_, err := s.bank.Reconcile(s.ctx, []bank.NewReconciliation{is(lines[0], bank.Part{ItemID: item})})
				return err
			})
		})
		refused := 0
		for _, err := range errs {
			if err != nil {
				require.Equal(t, "bank.reconciled", code(err), "%v", err)
				refused++
			}
		}
		require.Equal(t, 3, refused, "three asked for the same and were answered with the replay")
		require.Equal(t, int64(5_000), s.balance(accounting.RoleBank), "booked once")
		s.sound()
	})
}

func TestRaceAJournalLineIsTakenOnce(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		entry := s.transfer("2026-01-04", 300)
		lines := s.lines(line("2026-01-05", 300, "a"), line("2026-01-05", 300, "b"), line("2026-01-05", 300, "c"))
		errs := racetest.Together(len(lines), func(i int) error {
			return insist(func() error {
				_, err := s.bank.Reconcile(s.ctx, []bank.NewReconciliation{is(lines[i], bank.Part{EntryID: entry.ID})})
				return err
			})
		})
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else {
				require.Equal(t, "bank.ledger_line_taken", code(err), "%v", err)
			}
		}
		require.Equal(t, 1, done)
		s.sound()
	})
}

func TestRaceOneStatementIsImportedOnce(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		a, b := s.statementOf("A", 0, line("2026-01-05", 500, "one")), s.statementOf("A", 0, line("2026-01-05", 600, "other"))
		errs := racetest.Together(6, func(i int) error {
			return insist(func() error {
				_, err := s.bank.Import(s.ctx, bank.NewImport{Statements: []statement.Statement{[]statement.Statement{a, b}[i%2]}})
				return err
			})
		})
		refused := 0
		for _, err := range errs {
			if err != nil {
				require.Equal(t, "bank.statement_differs", code(err), "%v", err)
				refused++
			}
		}
		require.Equal(t, 3, refused)
		page, err := s.bank.ListStatements(s.ctx, s.account.ID, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		s.sound()
	})
}

// However many lines are reconciled or untied, it costs the same number of round trips.
func TestReconcilingCostsAConstantNumberOfStatements(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		cost := func(n int) (done, undone int) {
			var in []statement.Line
			for range n {
				in = append(in, line("2026-01-05", 9_800, "x"))
			}
			lines := s.lines(in...)
			var all []bank.NewReconciliation
			var undo []bank.Undo
			for i := range lines {
				v := s.invoice(lines[i].ID.String(), s.ann, "2026-01-02", "100")
				all = append(all, is(lines[i], bank.Part{ItemID: v.ID, Amount: gbp(10_000)}, fees(-200)))
			}
			done = s.env.Count(t, func() {
				for _, r := range s.reconcile(all...) {
					undo = append(undo, bank.Undo{ReconciliationID: r.ID, Reason: "x", TakeBack: true, Date: day("2026-01-06")})
				}
			})
			undone = s.env.Count(t, func() {
				_, err := s.bank.Unreconcile(s.ctx, undo)
				require.NoError(t, err)
			})
			return done, undone
		}
		d1, u1 := cost(2)
		d2, u2 := cost(30)
		require.Equal(t, d1, d2)
		require.Equal(t, u1, u2)
		s.sound()
	})
}

// One takes a reconciliation back while others take its payment back, undo what it settled, or use what is left of it.
func TestRaceTakingBackAgainstOthers(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		first, second := s.invoice("I-1", s.ann, "2026-01-02", "100"), s.invoice("I-2", s.ann, "2026-01-02", "100")
		lines := s.lines(line("2026-01-05", 15_000, "both"))
		was := s.reconcile(is(lines[0], bank.Part{PartyID: s.ann}))
		payment := was[0].Matches[0].PaymentID
		tie, err := s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: first.ID, CreditID: payment, Date: day("2026-01-05"), Amount: gbp(10_000)}})
		require.NoError(t, err)
		errs := racetest.Together(4, func(i int) (err error) {
			switch i {
			case 0:
				return insist(func() error {
					_, err := s.bank.Unreconcile(s.ctx, []bank.Undo{{ReconciliationID: was[0].ID, Reason: "race", TakeBack: true, Date: day("2026-01-06")}})
					return err
				})
			case 1:
				_, err = s.books.Unallocate(s.ctx, []accounting.Unallocation{{AllocationID: tie[0].ID, Reason: "race", Date: day("2026-01-06")}})
			case 2:
				_, err = s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: second.ID, CreditID: payment, Date: day("2026-01-06"), Amount: gbp(5_000)}})
			case 3:
				return insist(func() error {
					_, err := s.bank.Unreconcile(s.ctx, []bank.Undo{{ReconciliationID: was[0].ID, Reason: "race", TakeBack: true, Date: day("2026-01-06")}})
					return err
				})
			}
			return err
		})
		require.NoError(t, errs[0])
		require.NoError(t, errs[3])
		for _, err := range []error{errs[1], errs[2]} {
			require.Contains(t, []string{"", "accounting.already_unallocated", "accounting.over_allocated", "accounting.bad_input", "tenancy.duplicate"}, code(err))
		}
		require.Equal(t, map[uuid.UUID]int64{first.ID: 10_000, second.ID: 10_000}, s.open())
		require.Zero(t, s.balance(accounting.RoleBank))
		s.sound()
	})
}

func TestRaceAReconciliationIsUndoneOnce(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		lines := s.lines(line("2026-01-05", -300, "fee"))
		was := s.reconcile(is(lines[0], fees(-300)))
		var undone [4]bank.Undone
		errs := racetest.Together(len(undone), func(i int) error {
			return insist(func() error {
				out, err := s.bank.Unreconcile(s.ctx, []bank.Undo{{ReconciliationID: was[0].ID, Reason: "wrong", TakeBack: true, Date: day("2026-01-06")}})
				if err == nil {
					undone[i] = out[0]
				}
				return err
			})
		})
		first := 0
		for i, err := range errs {
			require.NoError(t, err)
			require.Len(t, undone[i].Reversals, 1)
			if !undone[i].Replayed {
				first++
			}
		}
		require.Equal(t, 1, first)
		require.Zero(t, s.balance(accounting.RoleFees))
		s.sound()
	})
}
