package exchange_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// cells are what rows are spoilt with: right elsewhere, wrong and hostile, by column.
var cells = map[string][]string{
	"code": {"1300", "4000", "A1", "A2", "", "x y"}, "type": {"asset", "income", "nonsense"}, "role": {"", "", "bank"}, "control": {"", "", "receivable"}, "active": {"", "yes", "no"},
	"name": {"A name", "", "=1"}, "reference": {"C1", "N1", "N2", "R1", "R2", ""}, "customer": {"yes", "no", ""},
	"account": {"1300", "1100", "4000", "A1", "2000", "9"}, "party": {"", "C1", "N1", "zz"}, "debit": {"5", "5.00", "", "", "0", "-1", "x"}, "credit": {"5", "", "", "", "99999999999999999"},
	"entry": {"E1", "E2", "E3", "R1", ""}, "date": {"2010-12-01", "2010-12-01", "", "2020-01-01", "x"}, "due": {"", "2009-01-01", "2011-01-01"}, "journal": {"", "SAL", "no"},
	"kind": {"", "invoice", "stock", "\u202e"}, "memo": {"", "memo", "a\nb"}, "debit_entry": {"E1", "R1", "zz"}, "credit_entry": {"E2", "R2", "zz"},
	"debit_line": {"1", "2", "0"}, "credit_line": {"1", "2", "x"}, "amount": {"5", "1", ""}, "undoes": {"", "2010-12-02", "x"},
}

var headers = map[string][]string{
	"chart": {"code", "name", "type", "role", "control", "active"}, "parties": {"reference", "name", "customer"}, "balances": {"account", "debit", "credit"},
	"open_items": {"reference", "account", "party", "due", "debit", "credit"}, "entries": {"entry", "date", "journal", "kind", "memo", "account", "party", "debit", "credit", "due"},
	"allocations": {"debit_entry", "debit_line", "credit_entry", "credit_line", "date", "amount", "undoes"},
}

// sound draws rows that may come in as they are.
func sound(rt *rapid.T, file string) [][]string {
	one := func(choices ...string) string { return rapid.SampledFrom(choices).Draw(rt, "one") }
	switch file {
	case "chart":
		return [][]string{{one("A1", "A2"), "More", "asset", "", "", one("yes", "")}}
	case "parties":
		return [][]string{{"N1", "Somebody", "yes"}, {"N2", one("Nobody", "=1"), "yes"}}
	case "balances":
		return [][]string{{"1300", "50", ""}, {"1100", "5", ""}, {"3000", "", one("55", "54.99")}}
	case "open_items":
		return [][]string{{"R1", "1100", "C1", one("", "2009-01-01"), "7", ""}, {"R2", "1100", "C1", "", "", "2.00"}}
	case "allocations":
		return [][]string{{"E0", "1", "E1", "2", "2010-12-01", one("1", "2"), ""}}
	}
	var rows [][]string
	for i := range rapid.IntRange(2, 4).Draw(rt, "entries") {
		name := []string{"E0", "E1", "E2", "E3"}[i]
		debit, credit := []string{"1100", "C1"}, []string{"4000", ""}
		if i == 1 {
			debit, credit = []string{"1300", ""}, []string{"1100", "C1"}
		}
		rows = append(rows, []string{name, "2010-12-01", one("", "SAL"), one("", "invoice", "stock"), one("", "a memo"), debit[0], debit[1], "5", "", ""},
			[]string{name, "", "", "", "", credit[0], credit[1], "", "5", ""})
	}
	return rows
}

// drawFile draws sound rows and, half of the time, spoils some of their cells.
func drawFile(rt *rapid.T, file string) string {
	rows := sound(rt, file)
	for range max(0, rapid.IntRange(-2, 2).Draw(rt, "spoilt")) {
		row, column := rapid.IntRange(0, len(rows)-1).Draw(rt, "row"), rapid.IntRange(0, len(headers[file])-1).Draw(rt, "column")
		rows[row][column] = rapid.SampledFrom(cells[headers[file][column]]).Draw(rt, "cell")
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(headers[file])
	_ = w.WriteAll(rows) // to memory
	return b.String()
}

// TestAnyFileLaws: whatever the files say, either all of it came in and every check of the books holds, or nothing did and the dry run
// had said so with the same code.
func TestAnyFileLaws(t *testing.T) {
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			env := tenancytest.Open(t, engine, modules)
			rapid.Check(t, func(rt *rapid.T) {
				h := newHouse(t, env, accounting.NewBooks{Chart: accounting.ChartUKRetail})
				for range 4 {
					f := csvFiles{"entries": drawFile(rt, "entries")}
					for _, name := range []string{"chart", "parties", "balances", "open_items", "allocations"} {
						if rapid.Bool().Draw(rt, name) {
							f[name] = drawFile(rt, name)
						}
					}
					tenant := tenancy.ScopeOf(h.ctx).TenantID()
					before := env.Holds(t, tenant)
					_, wouldFail := h.ex.DryRun(h.ctx, f.in())
					require.Equal(rt, before, env.Holds(t, tenant))
					_, failed := h.ex.Import(h.ctx, f.in())
					require.Equal(rt, fault.CodeOf(wouldFail), fault.CodeOf(failed))
					if failed != nil {
						require.NotEqual(rt, fault.Internal, fault.KindOf(failed), "%v", failed)
						require.Equal(rt, before, env.Holds(t, tenant))
						continue
					}
					_, err := h.ex.Import(h.ctx, f.in())
					require.NoError(rt, err, "again")
				}
				checks, err := h.books.Verify(h.ctx)
				require.NoError(rt, err)
				for _, c := range checks {
					require.True(rt, c.OK, "%s: %s", c.Name, c.Detail)
				}
			})
		})
	}
}

// TestAnyBytes: bytes that are no CSV at all are refused, never worse.
func TestAnyBytes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		_, err := exchange.ReadChart(strings.NewReader(string(rapid.SliceOf(rapid.Byte()).Draw(rt, "bytes"))))
		require.ErrorIs(rt, err, exchange.ErrRejected)
	})
}
