package bank_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/bank"
	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// Whatever a statement that adds up says: it is imported as stated, a second time changes nothing, and any changed line is a conflict.
func TestLawOfImports(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		n := 0
		rapid.Check(t, func(r *rapid.T) {
			n++
			text := rapid.StringMatching(`[A-Za-z0-9 ÄÖé/+-]{0,60}`)
			lines := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) statement.Line {
				l := statement.Line{BookedOn: day("2026-01-01").AddDays(rapid.IntRange(0, 30).Draw(r, "booked")), Reversal: rapid.Bool().Draw(r, "reversal"),
					Amount: gbp(rapid.Int64Range(-1_000_000_000, 1_000_000_000).Draw(r, "amount")), Code: rapid.SampledFrom([]string{"", "NTRF/166", "PMNT"}).Draw(r, "code"),
					Text: text.Draw(r, "text"), Party: text.Draw(r, "party"), Reference: text.Draw(r, "reference")}
				if rapid.Bool().Draw(r, "valued") {
					l.ValueOn = l.BookedOn.AddDays(rapid.IntRange(-3, 3).Draw(r, "value"))
				}
				return l
			}), 0, 12).Draw(r, "lines")
			st := s.statementOf(fmt.Sprintf("L-%d", n), rapid.Int64Range(-1_000_000, 1_000_000).Draw(r, "opening"), lines...)
			st.Page = int64(rapid.IntRange(0, 3).Draw(r, "page"))
			out := s.importing(st)
			have := out[0].Statement
			require.Equal(r, have.Closing.Minor, have.Opening.Minor+have.Sum.Minor)
			stored, err := s.bank.Lines(s.ctx, have.ID)
			require.NoError(r, err)
			require.Len(r, stored, len(lines))
			for i := range stored {
				require.Equal(r, lines[i].Amount, stored[i].Amount)
				require.Equal(r, lines[i].Text, stored[i].Text.Remittance)
			}
			require.True(r, s.importing(st)[0].Replayed)
			if len(lines) == 0 {
				return
			}
			changed := st
			changed.Lines = slices.Clone(st.Lines)
			l := &changed.Lines[rapid.IntRange(0, len(lines)-1).Draw(r, "which")]
			switch rapid.IntRange(0, 4).Draw(r, "change") {
			case 0:
				l.Amount.Minor++
				changed.Closing.Amount.Minor++
			case 1:
				l.BookedOn = l.BookedOn.AddDays(1)
			case 2:
				l.Code += "X"
			case 3:
				l.Text += "!"
			case 4:
				l.Reversal = !l.Reversal
			}
			_, err = s.bank.Import(s.ctx, bank.NewImport{Statements: []statement.Statement{changed}})
			require.Equal(r, "bank.statement_differs", code(err))
		})
		page, err := s.bank.ListStatements(s.ctx, s.account.ID, tenancy.PageRequest{Limit: 1000})
		require.NoError(t, err)
		require.GreaterOrEqual(t, n, len(page.Items), "no history left more statements than it imported")
		s.sound()
	})
}

// Over any history of invoices, statements, reconciliations and undoings: report and books add up, a line is in the ledger at most once, and
// what is refused changes nothing.
func TestLawOfReconciliation(t *testing.T) {
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		rapid.Check(t, func(r *rapid.T) {
			h := &history{r: r, s: newShop(t, env, "GBP")}
			h.s.rate("2026-01-01", "0.8")
			acts := []func(){h.invoice, h.dollars, h.statement, h.statement, h.reconcile, h.reconcile, h.reconcile, h.proposed, h.undo, h.thereAndBack}
			for range rapid.IntRange(5, 25).Draw(r, "acts") {
				acts[rapid.IntRange(0, len(acts)-1).Draw(r, "act")]()
			}
			h.s.sound()
		})
	})
}

// history is one run of the law.
type history struct {
	r      *rapid.T
	s      *shop
	n      int
	items  []uuid.UUID
	abroad []uuid.UUID // items in dollars, which are among items as well
	lines  []bank.StatementLine
	tied   []uuid.UUID
}

func (h *history) ref(prefix string) string { h.n++; return fmt.Sprintf("%s-%d", prefix, h.n) }

func (h *history) amount() int64 {
	return rapid.SampledFrom([]int64{100, 250, 400, 1000}).Draw(h.r, "amount")
}

func (h *history) invoice() {
	party := []uuid.UUID{h.s.ann, h.s.ben}[rapid.IntRange(0, 1).Draw(h.r, "party")]
	v := h.s.invoice(h.ref("I"), party, "2026-01-02", gbp(h.amount()).String())
	h.items = append(h.items, v.ID)
}

func (h *history) dollars() {
	v := h.s.inCurrency("USD", []uuid.UUID{h.s.ann, h.s.ben}[rapid.IntRange(0, 1).Draw(h.r, "party")], "2026-01-02", usd(h.amount()).String())
	h.items, h.abroad = append(h.items, v.ID), append(h.abroad, v.ID)
}

func (h *history) statement() {
	var in []statement.Line
	for range rapid.IntRange(1, 3).Draw(h.r, "lines") {
		minor := h.amount()
		if rapid.Bool().Draw(h.r, "out") {
			minor = -minor
		}
		l := line(fmt.Sprintf("2026-01-%02d", rapid.IntRange(1, 31).Draw(h.r, "day")), minor, h.ref("text"))
		if rapid.IntRange(0, 2).Draw(h.r, "exchanged") == 0 {
			l.Foreign = usd(h.amount())
			if minor < 0 {
				l.Foreign.Minor = -l.Foreign.Minor
			}
		}
		in = append(in, l)
	}
	h.lines = append(h.lines, h.s.lines(in...)...)
}

// refused are the codes with which a history's acts may be refused.
var refused = []string{"", "bank.reconciled", "bank.split_differs", "bank.foreign_currency", "bank.ledger_line_taken", "accounting.over_allocated"}

func (h *history) reconcile() {
	if len(h.lines) == 0 {
		return
	}
	l := h.lines[rapid.IntRange(0, len(h.lines)-1).Draw(h.r, "line")]
	var parts []bank.Part
	switch kind := rapid.IntRange(0, 4).Draw(h.r, "kind"); {
	case kind == 4 && len(h.abroad) > 0:
		parts = []bank.Part{{ItemID: h.abroad[rapid.IntRange(0, len(h.abroad)-1).Draw(h.r, "item")], Settles: usd(h.amount())}}
	case kind == 0 && len(h.items) > 0:
		parts = []bank.Part{{ItemID: h.items[rapid.IntRange(0, len(h.items)-1).Draw(h.r, "item")]}}
	case kind == 1 && len(h.items) > 0:
		parts = []bank.Part{{ItemID: h.items[rapid.IntRange(0, len(h.items)-1).Draw(h.r, "item")], Amount: gbp(h.amount())}, {Account: accounting.ByRole(accounting.RoleFees)}}
	case kind == 2:
		parts = []bank.Part{{PartyID: h.s.ben}}
	default:
		parts = []bank.Part{{Account: accounting.ByRole(accounting.RoleFees)}}
	}
	before := h.s.open()
	out, err := h.s.bank.Reconcile(h.s.ctx, []bank.NewReconciliation{is(l, parts...)})
	require.Contains(h.r, refused, code(err), "%v", err)
	if err != nil {
		require.Equal(h.r, before, h.s.open())
		return
	}
	h.tied = append(h.tied, out[0].ID)
}

// thereAndBack reconciles a line and takes it back on the same day: on every day the books are as they were.
func (h *history) thereAndBack() {
	stated, items := h.lines, h.s.items()
	if len(stated) == 0 {
		return
	}
	l := stated[rapid.IntRange(0, len(stated)-1).Draw(h.r, "line")]
	parts := []bank.Part{{PartyID: h.s.ann}}
	if len(items) > 0 && rapid.Bool().Draw(h.r, "items") {
		// One item of the line's side or the other, and the rest to an account.
		o := items[rapid.IntRange(0, len(items)-1).Draw(h.r, "item")]
		settled := func(o accounting.OpenItem) bank.Part { // dollars at any price
			if o.Original.Currency == "GBP" {
				return bank.Part{ItemID: o.ID, Amount: o.Open()}
			}
			price := gbp(h.amount())
			price.Minor *= int64(o.Open().Sign())
			return bank.Part{ItemID: o.ID, Amount: price, Settles: o.Open()}
		}
		parts = []bank.Part{settled(o), {Account: accounting.ByRole(accounting.RoleFees)}}
		for _, c := range items {
			if c.PartyID == o.PartyID && c.AccountID == o.AccountID && c.ID != o.ID {
				parts = append(parts, settled(c))
				break
			}
		}
	}
	days := []string{"2026-01-01", "2026-01-08", "2026-01-16", "2026-01-31", l.BookedOn.String(), "2026-12-31"}
	open, ledger := h.s.openOn(days...), h.s.ledgerOn(days...)
	in := is(l, parts...)
	in.Date = day("2026-02-01")
	out, err := h.s.bank.Reconcile(h.s.ctx, []bank.NewReconciliation{in})
	require.Contains(h.r, refused, code(err), "%v", err)
	if err != nil {
		return
	}
	_, err = h.s.bank.Unreconcile(h.s.ctx, []bank.Undo{{ReconciliationID: out[0].ID, Reason: "law", Date: day("2026-02-01"), TakeBack: true}})
	require.NoError(h.r, err)
	require.Equal(h.r, open, h.s.openOn(days...))
	require.Equal(h.r, ledger, h.s.ledgerOn(days...))
}

func (h *history) proposed() {
	all, err := h.s.bank.Propose(h.s.ctx, bank.ProposalRequest{BankAccountID: h.s.account.ID, Days: 60})
	require.NoError(h.r, err)
	if len(all) > 0 {
		_, err := h.s.bank.Reconcile(h.s.ctx, []bank.NewReconciliation{all[rapid.IntRange(0, len(all)-1).Draw(h.r, "proposal")].Reconciliation()})
		require.NoError(h.r, err, "what is proposed can be done")
	}
}

func (h *history) undo() {
	if len(h.tied) == 0 {
		return
	}
	r := h.tied[rapid.IntRange(0, len(h.tied)-1).Draw(h.r, "reconciliation")]
	_, err := h.s.bank.Unreconcile(h.s.ctx, []bank.Undo{{ReconciliationID: r, Reason: "undone", Date: day("2026-02-01"), TakeBack: rapid.Bool().Draw(h.r, "reverse")}})
	require.Contains(h.r, refused, code(err), "%v", err)
}

// items are those that are open.
func (s *shop) items() []accounting.OpenItem {
	all, err := s.books.OpenItems(s.ctx, day("2026-12-31"))
	require.NoError(s.t, err)
	return all.Items
}

// ledgerOn is the bank's account, and that of fees, at the ends of days.
func (s *shop) ledgerOn(days ...string) (out []int64) {
	for _, on := range days {
		for _, role := range []accounting.Role{accounting.RoleBank, accounting.RoleFees} {
			a, err := s.books.Balance(s.ctx, accounting.ByRole(role), day(on))
			require.NoError(s.t, err)
			out = append(out, a.Minor)
		}
	}
	return out
}
