package accounting_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// TestChartTemplates: every template has an account of the right type for every role, codes once and in order, and names in which a
// colon is rare and control characters never; the listing shows it to whoever would rather read it.
func TestChartTemplates(t *testing.T) {
	require.Len(t, accounting.Charts(), 6)
	require.Nil(t, accounting.Chart("none").Accounts())
	require.False(t, accounting.Chart("none").Valid())
	for _, chart := range accounting.Charts() {
		t.Run(string(chart), func(t *testing.T) {
			require.True(t, chart.Valid())
			var listing strings.Builder
			roles, distributions := map[accounting.Role]int{}, 0
			accounts := chart.Accounts()
			for i, a := range accounts {
				require.NoError(t, accounting.NewAccount{Code: a.Code, Name: a.Name, Type: a.Type, Role: a.Role}.Check(), a.Code)
				require.True(t, i == 0 || accounts[i-1].Code < a.Code, "%s is out of order", a.Code)
				if a.Role != "" {
					roles[a.Role]++
				}
				fmt.Fprintf(&listing, "%-7s %-13s %-19s %s\n", a.Code, a.Type, a.Role, a.Name)
				if chart.Distribution(a.Code) {
					distributions++
					require.Equal(t, accounting.Equity, a.Type)
					require.Equal(t, accounting.CashFlowDividendsPaid, chart.CashFlow(a.Code))
				}
			}
			for _, r := range accounting.Roles() {
				require.Equal(t, 1, roles[r], "role %s", r)
			}
			require.Equal(t, 1, distributions, "what owners take is emptied when a year is closed")
			golden(t, "chart_"+string(chart), listing.String())
		})
	}
}

// golden holds a text against its file.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if flag.Lookup("update").Value.String() == "true" {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	want, err := os.ReadFile(path) // #nosec G304 -- a golden file
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}

// ownChart is a smallest chart: an account for each role.
func ownChart() []accounting.NewAccount {
	var out []accounting.NewAccount
	for i, r := range accounting.Roles() {
		out = append(out, accounting.NewAccount{Code: fmt.Sprint(100 + i), Name: "For " + string(r), Type: r.AccountType(), Role: r})
	}
	return out
}

func TestOwnChart(t *testing.T) {
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		ctx, books := env.Tenant(t), accounting.New(env.DB)
		open := func(accounts []accounting.NewAccount) error {
			_, err := books.OpenBooks(ctx, accounting.NewBooks{Currency: "EUR", Chart: accounting.ChartOwn, Accounts: accounts, YearStart: day("2010-01-01")})
			return err
		}
		require.ErrorIs(t, open(nil), accounting.ErrBadInput)
		lacking := slices.DeleteFunc(ownChart(), func(a accounting.NewAccount) bool {
			return a.Role == accounting.RoleBank || a.Role == accounting.RoleTax
		})
		err := open(lacking)
		require.ErrorIs(t, err, accounting.ErrRolesMissing)
		require.ErrorContains(t, err, "bank, tax", "all that is missing is named")
		twice := append(ownChart(), accounting.NewAccount{Code: "100", Name: "Again", Type: accounting.Asset})
		require.ErrorIs(t, open(twice), accounting.ErrCodeTaken)
		rival := append(ownChart(), accounting.NewAccount{Code: "900", Name: "Second bank", Type: accounting.Asset, Role: accounting.RoleBank})
		require.ErrorIs(t, open(rival), accounting.ErrRoleType)
		wrong := ownChart()
		wrong[0].Type = accounting.Equity
		require.ErrorIs(t, open(wrong), accounting.ErrRoleType)
		_, err = books.OpenBooks(ctx, accounting.NewBooks{Currency: "EUR", Chart: accounting.ChartUK, Accounts: ownChart(), YearStart: day("2010-01-01")})
		require.ErrorIs(t, err, accounting.ErrBadInput)

		second := accounting.NewAccount{Code: "901", Name: "Foreign customers", Type: accounting.Asset, Control: accounting.ControlReceivable}
		require.NoError(t, open(append(ownChart(), second)))
		require.NoError(t, open(append(ownChart(), second)), "the same again")
		require.NoError(t, open(ownChart()))
		require.ErrorIs(t, open(append(ownChart(), accounting.NewAccount{Code: "902", Name: "New", Type: accounting.Asset})), accounting.ErrBooksDiffer)
		a, err := books.GetAccount(ctx, accounting.ByCode("901"))
		require.NoError(t, err)
		require.Equal(t, accounting.ControlReceivable, a.Control)
		payable, err := books.GetAccount(ctx, accounting.ByRole(accounting.RolePayable))
		require.NoError(t, err)
		require.Equal(t, accounting.ControlPayable, payable.Control, "a role brings its control")
	})
}

func TestCreateAccounts(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		many := func(from, n int) []accounting.NewAccount {
			out := make([]accounting.NewAccount, n)
			for i := range out {
				out[i] = accounting.NewAccount{Code: fmt.Sprint(from + i), Name: "More", Type: accounting.Asset}
			}
			return out
		}
		create := func(in []accounting.NewAccount) int {
			return s.env.Count(t, func() {
				_, err := s.books.CreateAccounts(s.ctx, in)
				require.NoError(t, err)
			})
		}
		require.Equal(t, create(many(20_000, 2)), create(many(30_000, 900)), "the number of statements does not depend on the batch")
		_, err := s.books.CreateAccounts(s.ctx, append(many(40_000, 1), many(40_000, 1)...))
		require.ErrorIs(t, err, accounting.ErrCodeTaken)
		require.ErrorContains(t, err, "account 2: ")
		_, err = s.books.CreateAccounts(s.ctx, many(50_000, accounting.MaxBatch+1))
		require.ErrorIs(t, err, accounting.ErrTooMany)
		bank := accounting.NewAccount{Code: "40001", Name: "Bank", Type: accounting.Asset, Role: accounting.RoleBank}
		rival := bank
		rival.Code = "40002"
		_, err = s.books.CreateAccounts(s.ctx, []accounting.NewAccount{bank, rival})
		require.ErrorIs(t, err, accounting.ErrRoleType)
		made, err := s.books.CreateAccounts(s.ctx, []accounting.NewAccount{bank})
		require.NoError(t, err)
		now, err := s.books.GetAccount(s.ctx, accounting.ByRole(accounting.RoleBank))
		require.NoError(t, err)
		require.Equal(t, made[0].ID, now.ID, "the role was taken over")
	})
}

// What is taken over keeps its due date; what is booked today cannot be overdue already.
func TestOpeningItemsMayBeOverdue(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		for kind, want := range map[accounting.EntryKind]string{accounting.KindOpening: "2009-11-30", accounting.KindEntry: "2010-01-01"} {
			e := accounting.NewEntry{Kind: kind, Date: day("2010-01-01"), Lines: []accounting.NewLine{
				{Account: accounting.ByRole(accounting.RoleReceivable), PartyID: s.ann.ID, Debit: gbp(5), Due: day("2009-11-30")},
				accounting.CreditLine(accounting.ByRole(accounting.RoleOpeningEquity), gbp(5)),
			}}
			id := s.post(e)[0].ID
			open, err := s.books.OpenItems(s.ctx, day("2010-01-01"))
			require.NoError(t, err)
			at := slices.IndexFunc(open.Items, func(o accounting.OpenItem) bool { return o.EntryID == id })
			require.Equal(t, day(want), open.Items[at].DueDate, kind)
		}
		s.sound()
	})
}
