package bank_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/bank"
	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func read(t testing.TB, name string) []statement.Statement {
	t.Helper()
	reader := statement.ReadMT940
	if name[:4] == "camt" {
		reader = statement.ReadCAMT053
	}
	out, err := reader(bytes.NewReader(shared(t, name)))
	require.NoError(t, err)
	return out
}

// knows gives the shop a bank account for every number that a file names.
func (s *shop) knows(t testing.TB, statements []statement.Statement) {
	t.Helper()
	for _, st := range statements {
		have, err := s.bank.Accounts(s.ctx)
		require.NoError(t, err)
		known := false
		for _, a := range have {
			known = known || a.Number == st.Account || a.IBAN == st.Account
		}
		if known {
			continue
		}
		code := fmt.Sprintf("12%04d", len(have))
		_, err = s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: code, Name: "Bank " + code, Type: accounting.Asset, CashFlow: accounting.CashFlowCash})
		require.NoError(t, err)
		_, err = s.bank.CreateAccount(s.ctx, bank.NewAccount{Number: st.Account, Name: "Bank " + code, Currency: "EUR", Ledger: accounting.ByCode(code)})
		require.NoError(t, err)
	}
}

// Every file ends as data/README.md says.
func TestImportOfRealFiles(t *testing.T) {
	cases := []struct {
		file       string
		statements int
		code       string   // of the refusal
		says       []string // in its detail
		breaks     string
	}{
		{file: "mt940-sepa.sta", statements: 26},
		{file: "mt940-february-30.sta", statements: 1},
		{file: "camt053.v2.multi.statement.xml", statements: 2},
		{file: "mt940-abnamro.sta", statements: 2, code: "bank.unbalanced", says: []string{"off by -2038.00 EUR", "off by -1002.60 EUR"}, breaks: "2000.00 EUR"},
		{file: "mt940-ing.sta", statements: 1, code: "bank.unbalanced", says: []string{"off by 49.06 EUR"}},
		{file: "camt053.v2.minimal.xml", statements: 1, code: "statement.mixed_currencies", says: []string{"18.15 EUR", "-27.00 SEK"}},
		{file: "camt053.v4.xml", statements: 1, code: "statement.mixed_currencies", says: []string{"18.15 EUR", "-27.00 SEK"}},
	}
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		for _, tc := range cases {
			t.Run(tc.file, func(t *testing.T) {
				s := newShop(t, env, "EUR")
				in := read(t, tc.file)
				require.Len(t, in, tc.statements)
				s.knows(t, in)
				out, err := s.bank.Import(s.ctx, bank.NewImport{Statements: in})
				if tc.code == "" {
					require.NoError(t, err)
					require.Len(t, out, tc.statements)
					s.sound()
					return
				}
				require.Equal(t, tc.code, code(err))
				for _, words := range tc.says {
					require.ErrorContains(t, err, words)
				}
				accounts, err := s.bank.Accounts(s.ctx)
				require.NoError(t, err)
				for _, a := range accounts {
					page, err := s.bank.ListStatements(s.ctx, a.ID, tenancy.PageRequest{})
					require.NoError(t, err)
					require.Empty(t, page.Items, "what is refused changes nothing")
				}
				out, err = s.bank.Import(s.ctx, bank.NewImport{Statements: in, AcceptUnbalanced: "the bank's own sample"})
				if tc.code != "bank.unbalanced" {
					require.Equal(t, tc.code, code(err), "there is no figure to accept")
					return
				}
				require.NoError(t, err)
				for _, i := range out {
					require.True(t, i.Statement.Accepted)
					why, err := s.bank.AcceptedBecause(s.ctx, i.Statement.ID)
					require.NoError(t, err)
					require.Equal(t, "the bank's own sample", why)
				}
				if tc.breaks != "" {
					require.Len(t, out[1].Breaks, 1)
					require.Equal(t, tc.breaks, out[1].Breaks[0].Difference.Format())
					listed, err := s.bank.Breaks(s.ctx, out[1].Statement.BankAccountID)
					require.NoError(t, err)
					require.Equal(t, out[1].Breaks, listed)
				}
				s.sound()
			})
		}
	})
}

// The three CAMT files carry one message id and one id of their first statement, with different content.
func TestSameIdentityWithOtherContentIsAConflict(t *testing.T) {
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		s := newShop(t, env, "EUR")
		multi, minimal := read(t, "camt053.v2.multi.statement.xml"), read(t, "camt053.v2.minimal.xml")
		s.knows(t, multi)
		first := s.importing(multi...)
		require.False(t, first[0].Replayed)
		again := s.importing(multi...)
		for i := range again {
			require.True(t, again[i].Replayed)
			require.Equal(t, first[i].Statement.ID, again[i].Statement.ID)
		}
		mended := minimal[0] // as its bank would have to send it for it to add up
		mended.Closing.Amount = money.Of(2700, "EUR")
		_, err := s.bank.Import(s.ctx, bank.NewImport{Statements: []statement.Statement{mended}})
		require.Equal(t, "bank.statement_differs", code(err))
		_, err = s.bank.Import(s.ctx, bank.NewImport{Statements: []statement.Statement{mended}, AcceptUnbalanced: "no way round"})
		require.Equal(t, "bank.statement_differs", code(err))
		s.sound()
	})
}

func TestImportRefusals(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		good := func() statement.Statement {
			return s.statementOf("A", 1000, line("2026-01-05", 500, "one"), line("2026-01-06", -200, "two"))
		}
		cases := map[string]struct {
			change func(*statement.Statement)
			code   string
		}{
			"another account":     {func(st *statement.Statement) { st.Account = "0815" }, "bank.unknown_account"},
			"another currency":    {func(st *statement.Statement) { inEuros(st) }, "bank.wrong_currency"},
			"does not add up":     {func(st *statement.Statement) { st.Closing.Amount.Minor++ }, "bank.unbalanced"},
			"a mixture":           {func(st *statement.Statement) { st.Lines[1].Amount.Currency = "EUR" }, "statement.mixed_currencies"},
			"no id":               {func(st *statement.Statement) { st.ID = "" }, "bank.bad_input"},
			"no day":              {func(st *statement.Statement) { st.Lines[0].BookedOn = day("0001-01-01").AddDays(-1) }, "bank.bad_input"},
			"an amount too large": {func(st *statement.Statement) { st.Lines[0].Amount.Minor = 1 << 60 }, "bank.bad_input"},
			"a NUL":               {func(st *statement.Statement) { st.Lines[0].Text = "a\x00b" }, "bank.bad_input"},
			"broken UTF-8":        {func(st *statement.Statement) { st.Lines[0].Party = "\xff" }, "bank.bad_input"},
			"no format":           {func(st *statement.Statement) { st.Format = "" }, "bank.bad_input"},
		}
		for name, tc := range cases {
			t.Run(name, func(t *testing.T) {
				bad := good()
				tc.change(&bad)
				other := s.statementOf("B", 0, line("2026-01-05", 1, "beside it"))
				_, err := s.bank.Import(s.ctx, bank.NewImport{Statements: []statement.Statement{other, bad}})
				require.Equal(t, tc.code, code(err), "%v", err)
			})
		}
		page, err := s.bank.ListStatements(s.ctx, s.account.ID, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Empty(t, page.Items, "nothing of any of them")

		clerk := s.env.Enter(t, tenancy.ScopeOf(s.ctx).TenantID(), bank.PermImport)
		bad := good()
		bad.Closing.Amount.Minor++
		_, err = s.bank.Import(clerk, bank.NewImport{Statements: []statement.Statement{bad}, AcceptUnbalanced: "because"})
		require.Equal(t, "bank.accept_forbidden", code(err))
	})
}

func inEuros(st *statement.Statement) {
	st.Opening.Amount.Currency, st.Closing.Amount.Currency = "EUR", "EUR"
	for i := range st.Lines {
		st.Lines[i].Amount.Currency = "EUR"
	}
}

func TestAChangedTextIsAConflictUntilItIsErased(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		st := s.statementOf("A", 0, line("2026-01-05", 500, "rent of Ann"), line("2026-01-06", 100, "other"))
		s.importing(st)
		changed := s.statementOf("A", 0, line("2026-01-05", 500, "rent of Anna"), line("2026-01-06", 100, "other"))
		_, err := s.bank.Import(s.ctx, bank.NewImport{Statements: []statement.Statement{changed}})
		require.Equal(t, "bank.statement_differs", code(err))
		require.NotContains(t, err.Error(), "Ann", "no message quotes what it should not")
		require.True(t, s.importing(st)[0].Replayed)
	})
}

func TestOverlapsAndBreaksArePointedOut(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		twice := line("2026-01-20", -999, "CARD 4711 SHOP")
		first := s.statementOf("A", 0, line("2026-01-05", 5000, "one"), twice, line("2026-01-20", -999, "another card"))
		s.importing(first)
		second := s.statementOf("B", first.Closing.Amount.Minor+7, twice)
		second.Closing.On = day("2026-02-28")
		out := s.importing(second)
		require.Len(t, out[0].Overlaps, 1, "the other line of that day and amount has another text")
		require.Len(t, out[0].Breaks, 1)
		require.Equal(t, "0.07 GBP", out[0].Breaks[0].Difference.Format())

		between := s.statementOf("C", first.Closing.Amount.Minor, line("2026-02-02", 7, "the missing one"))
		between.Closing.On = day("2026-02-03")
		require.Empty(t, s.importing(between)[0].Breaks, "it closes the gap")
		listed, err := s.bank.Breaks(s.ctx, s.account.ID)
		require.NoError(t, err)
		require.Empty(t, listed)
		s.sound()
	})
}

func TestDryRunOfAnImport(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		st := s.statementOf("A", 0, line("2026-01-05", 500, "one"))
		changes, err := s.env.DB.DryRun(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			_, err := s.bank.Import(ctx, bank.NewImport{Statements: []statement.Statement{st}})
			return err
		})
		require.NoError(t, err)
		require.Len(t, changes.Of("erp.bank_statements"), 1)
		require.Len(t, changes.Of("erp.bank_lines"), 1)
		require.False(t, s.importing(st)[0].Replayed, "nothing was kept")
	})
}

// However many statements there are, an import costs the same number of round trips.
func TestImportCostsAConstantNumberOfStatements(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		cost := func(prefix string, n int) int {
			var in []statement.Statement
			for i := range n {
				in = append(in, s.statementOf(fmt.Sprintf("%s-%d", prefix, i), 0, line("2026-01-05", 500, "one"), line("2026-01-06", -500, "two")))
			}
			return s.env.Count(t, func() { s.importing(in...) })
		}
		few := cost("A", 2)
		require.Equal(t, few, cost("B", 40))
	})
}

// Banks that call every statement alike: the second is a conflict, unless the account says that its bank does not number.
func TestStatementsThatAreAllCalledAlike(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		two := func(account string) []statement.Statement {
			first, second := s.statementOf("STARTUMSE", 0, line("2026-01-05", 500, "one")), s.statementOf("STARTUMSE", 500, line("2026-02-05", 100, "two"))
			first.Account, second.Account, second.Closing.On = account, account, day("2026-02-28")
			first.Sequence, second.Sequence = "00000", "00000"
			return []statement.Statement{first, second}
		}
		_, err := s.bank.Import(s.ctx, bank.NewImport{Statements: two(s.account.IBAN)})
		require.Equal(t, "bank.statement_differs", code(err))

		_, err = s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1298", Name: "Savings", Type: accounting.Asset, CashFlow: accounting.CashFlowCash})
		require.NoError(t, err)
		_, err = s.bank.CreateAccount(s.ctx, bank.NewAccount{Number: "4711", Name: "Savings", Currency: "GBP", Ledger: accounting.ByCode("1298"), Unnumbered: true})
		require.NoError(t, err)
		out := s.importing(two("4711")...)
		require.Equal(t, "00000 2026-02-28", out[1].Statement.Sequence)
		for _, again := range s.importing(two("4711")...) {
			require.True(t, again.Replayed)
		}
		changed := two("4711")
		changed[1].Lines[0].Text = "other"
		_, err = s.bank.Import(s.ctx, bank.NewImport{Statements: changed})
		require.Equal(t, "bank.statement_differs", code(err))
	})
}
