package bank_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/bank"
	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/laws"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestMain(m *testing.M) {
	laws.Default(histories)
	os.Exit(tenancytest.Main(m))
}

var modules = tenancytest.Options{Modules: []tenancy.Module{accounting.Module(), bank.Module()}}

// shop is a fresh tenant with books for 2026, two customers, a vendor, and an account at a bank.
type shop struct {
	t          testing.TB
	env        *tenancytest.Env
	ctx        context.Context
	books      *accounting.Service
	bank       *bank.Service
	ann, ben   uuid.UUID
	leaf       uuid.UUID // a vendor
	account    bank.Account
	statements int
}

func newShop(t testing.TB, env *tenancytest.Env, currency money.Currency) *shop {
	t.Helper()
	s := &shop{t: t, env: env, ctx: env.Tenant(t), books: accounting.New(env.DB)}
	s.bank = bank.New(env.DB, s.books)
	_, err := s.books.OpenBooks(s.ctx, accounting.NewBooks{Currency: currency, Chart: accounting.ChartGeneral, YearStart: day("2026-01-01")})
	require.NoError(t, err)
	parties, err := s.books.CreateParties(s.ctx, []accounting.NewParty{{Reference: "C-1", Name: "Ann Émile", Customer: true}, {Reference: "C-2", Name: "Ben & Sons", Customer: true},
		{Reference: "V-1", Name: "Leaf & Co", Vendor: true}})
	require.NoError(t, err)
	s.ann, s.ben, s.leaf = parties[0].ID, parties[1].ID, parties[2].ID
	s.account, err = s.bank.CreateAccount(s.ctx, bank.NewAccount{IBAN: "GB82 WEST 1234 5698 7654 32", Name: "Current account", Currency: currency,
		Ledger: accounting.ByRole(accounting.RoleBank)})
	require.NoError(t, err)
	return s
}

// each runs fn on every engine with a fresh shop that keeps its books in pounds.
func each(t *testing.T, fn func(t *testing.T, s *shop)) {
	t.Helper()
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) { fn(t, newShop(t, env, "GBP")) })
}

func day(s string) date.Date { return date.Must(s) }

func gbp(minor int64) money.Amount { return money.Of(minor, "GBP") }

func price(s string) decimal.Decimal { return decimal.RequireFromString(s) }

// line is a line of a statement.
func line(on string, minor int64, text string) statement.Line {
	return statement.Line{BookedOn: day(on), Amount: gbp(minor), Text: text}
}

// statementOf is a statement that adds up.
func (s *shop) statementOf(id string, opening int64, lines ...statement.Line) statement.Statement {
	st := statement.Statement{Format: statement.CSV, Account: "GB82WEST12345698765432", Currency: "GBP", ID: id, Lines: lines,
		Opening: statement.Balance{On: day("2026-01-01"), Amount: gbp(opening)}, Closing: statement.Balance{On: day("2026-01-31"), Amount: gbp(opening)}}
	for _, l := range lines {
		st.Closing.Amount.Minor += l.Amount.Minor
	}
	return st
}

func (s *shop) importing(in ...statement.Statement) []bank.Imported {
	s.t.Helper()
	out, err := s.bank.Import(s.ctx, bank.NewImport{Statements: in})
	require.NoError(s.t, err)
	return out
}

// lines imports a statement of these lines, which continues the one before, and gives them as they are stored.
func (s *shop) lines(in ...statement.Line) []bank.StatementLine {
	s.t.Helper()
	s.statements++
	st := s.statementOf("S-"+strings.Repeat("I", s.statements), 0, in...)
	out := s.importing(st)
	stored, err := s.bank.Lines(s.ctx, out[0].Statement.ID)
	require.NoError(s.t, err)
	return stored
}

func (s *shop) invoice(reference string, party uuid.UUID, on, amount string) accounting.Invoice {
	s.t.Helper()
	one, err := money.Units(1)
	require.NoError(s.t, err)
	out, err := s.books.Issue(s.ctx, []accounting.NewInvoice{{Reference: reference, PartyID: party, Date: day(on), Lines: []accounting.NewInvoiceLine{
		{Description: "Lamp", Quantity: one, UnitPrice: price(amount)}}}})
	require.NoError(s.t, err)
	return out[0]
}

// open is what is open of each item, in minor units.
func (s *shop) open() map[uuid.UUID]int64 {
	s.t.Helper()
	items, err := s.books.OpenItems(s.ctx, day("2026-12-31"))
	require.NoError(s.t, err)
	out := map[uuid.UUID]int64{}
	for _, o := range items.Items {
		out[o.ID] = o.OpenMinor
	}
	return out
}

// openOn is what was open at the ends of days.
func (s *shop) openOn(days ...string) (out []map[uuid.UUID]int64) {
	s.t.Helper()
	for _, on := range days {
		items, err := s.books.OpenItems(s.ctx, day(on))
		require.NoError(s.t, err)
		open := map[uuid.UUID]int64{}
		for _, o := range items.Items {
			open[o.ID] = o.OpenMinor
		}
		out = append(out, open)
	}
	return out
}

func (s *shop) balance(role accounting.Role) int64 {
	s.t.Helper()
	a, err := s.books.Balance(s.ctx, accounting.ByRole(role), day("2026-12-31"))
	require.NoError(s.t, err)
	return a.Minor
}

// sound requires all checks of the books and of the bank to hold, and the report to add up.
func (s *shop) sound() {
	s.t.Helper()
	for _, verify := range []func(context.Context) ([]tenancy.Check, error){s.books.Verify, s.bank.Verify} {
		checks, err := verify(s.ctx)
		require.NoError(s.t, err)
		require.NotEmpty(s.t, checks)
		for _, c := range checks {
			require.True(s.t, c.OK, "%s: %s", c.Name, c.Detail)
		}
	}
	for _, on := range []string{"2025-12-31", "2026-01-15", "2026-01-31", "2026-12-31"} {
		r, err := s.bank.Report(s.ctx, s.account.ID, day(on))
		require.NoError(s.t, err)
		require.Equal(s.t, r.StatementBalance.Minor-r.OnStatement.Sum.Minor-r.Opening.Minor-r.Gaps.Minor, r.LedgerBalance.Minor-r.InLedger.Sum.Minor, "the report of %s: %+v", on, r)
	}
}

// shared reads a file of the shared facts (made by others; see data/README.md there).
func shared(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "bank", name))
	require.NoError(t, err, "the shared data lie beside the repository")
	return b
}

func code(err error) string { return string(fault.CodeOf(err)) }
