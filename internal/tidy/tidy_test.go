package tidy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/tidy"
)

// TestTheTree holds this module to every rule.
func TestTheTree(t *testing.T) {
	tree, err := tidy.Load("../..")
	require.NoError(t, err)
	require.True(t, tree.Names["go.mod"], "not the module's root")
	require.NotEmpty(t, tree.Files)
	for _, check := range tidy.Checks() {
		t.Run(check.Name, func(t *testing.T) {
			for _, p := range check.Run(tree) {
				t.Error(p)
			}
		})
	}
}

// imports is a source that does nothing but import.
func imports(pkg string, folders ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n", pkg)
	for _, f := range folders {
		if !strings.Contains(f, ".") && f != "database/sql" {
			f = strings.TrimSuffix("github.com/opsmatiq/erp/"+f, "/")
		}
		fmt.Fprintf(&b, "import _ %q\n", f)
	}
	return b.String()
}

func lines(n int) string { return strings.Repeat("\n", n) }

const entry = "import \"github.com/opsmatiq/erp/accounting\"\n"

const faults = "import \"github.com/opsmatiq/erp/tenancy/fault\"\n"

type sources = map[string]string

// trees are the made-up trees: each breaks the named rule as often as problems says; 0 shows what the rule must let pass.
var trees = []struct {
	check, name string
	problems    int
	sources     sources
}{
	{"import arrows", "downwards", 0, sources{
		"erp.go":                      imports("erp", "pos", "sales", "inventory", "inventory/purchasing", "accounting/bank", "privacy", "tenancy/access"),
		"pos/a.go":                    imports("pos", "sales", "inventory", "accounting", "accounting/money", "tenancy", "tenancy/date"),
		"inventory/purchasing/a.go":   imports("purchasing", "inventory", "accounting"),
		"tenancy/a.go":                imports("tenancy", "tenancy/fault", "tenancy/date", "tenancy/internal/sqltext"),
		"tenancy/internal/sqltext.go": imports("sqltext", "tenancy/fault"),
		"tenancy/sqlite/a.go":         imports("sqlite", "tenancy", "tenancy/fault", "tenancy/internal/sqltext"),
		"tenancy/tenancytest/a.go":    imports("tenancytest", "tenancy", "tenancy/postgres", "tenancy/sqlite", "internal/pgtest"),
		"tenancy/tenantlint/a.go":     imports("tenantlint", "tenancy/internal/sqltext"),
		"accounting/charts/a.go":      imports("charts", "accounting"),
		"accounting/bank/a.go":        imports("bank", "accounting", "accounting/bank/statement", "accounting/money", "tenancy"),
		"accounting/money/a.go":       imports("money", "tenancy/fault"),
		"accounting/exchange/a.go":    imports("exchange", "accounting", "accounting/money", "tenancy"),
		"accounting/a_test.go":        imports("accounting_test", "", "accounting", "tenancy/tenancytest", "tenancy/sqlite", "internal/golden"),
		"examples/server/main.go":     imports("main", "", "sales", "tenancy/postgres"),
		"internal/bench/a.go":         imports("bench", "", "sales", "tenancy/postgres", "internal/pgtest"),
	}},
	{"import arrows", "upwards", 7, sources{
		"accounting/c.go": imports("accounting", "accounting/bank"), "accounting/bank/b.go": imports("bank", "inventory"),
		"accounting/a.go": imports("accounting", "sales"), "accounting/b.go": imports("accounting", "accounting/exchange"), "inventory/a.go": imports("inventory", "sales"),
		"sales/a.go": imports("sales", "pos"), "inventory/b.go": imports("inventory", "inventory/purchasing"),
	}},
	{"import arrows", "back to erp", 2, sources{
		"sales/a.go": imports("sales", ""), "privacy/a.go": imports("privacy", ""),
	}},
	{"import arrows", "tenancy and its children", 3, sources{
		"tenancy/a.go": imports("tenancy", "tenancy/sqlite", "tenancy/migrations"), "tenancy/fault/a.go": imports("fault", "tenancy/date"),
	}},
	{"import arrows", "an engine for all", 2, sources{
		"erp.go": imports("erp", "tenancy/postgres"), "accounting/a.go": imports("accounting", "tenancy/sqlite"),
	}},
	{"import arrows", "privacy knows a domain", 2, sources{"privacy/a.go": imports("privacy", "accounting", "tenancy/audit")}},
	{"import arrows", "a reader of programs needs one", 3, sources{
		"tenancy/tenantlint/a.go": imports("tenantlint", "tenancy", "tenancy/sqlite", "accounting"),
	}},
	{"import arrows", "the helpers' house", 4, sources{
		"sales/a.go": imports("sales", "internal/bench"), "examples/quickstart/main.go": imports("main", "internal/pgtest"),
		"internal/pgtest/a.go": imports("pgtest", "tenancy"), "accounting/a_test.go": imports("accounting", "sales"),
	}},

	{"one door to the database", "behind the door, outside, in tests", 0, sources{
		"tenancy/sqlite/a.go": imports("sqlite", "modernc.org/sqlite", "database/sql"), "sales/a_test.go": imports("sales", "database/sql"),
		"examples/quickstart/a.go": imports("main", "database/sql"), "internal/bench/a.go": imports("bench", "github.com/jackc/pgx/v5"),
		"sales/a.go": imports("sales", "github.com/shopspring/decimal"),
	}},
	{"one door to the database", "in domains and the root", 4, sources{
		"sales/a.go":   imports("sales", "github.com/uptrace/bun", "database/sql"),
		"erp.go":       imports("erp", "github.com/jackc/pgx/v5/pgxpool"),
		"privacy/a.go": imports("privacy", "modernc.org/sqlite"),
	}},

	{"no floats", "elsewhere and in tests", 0, sources{
		"tenancy/a.go": "package tenancy\nvar x float64", "sales/a_test.go": "package sales\nvar x = 1.5",
		"sales/a.go": "package sales\nvar x = 15 // float64",
	}},
	{"no floats", "types and literals", 3, sources{
		"accounting/money/a.go": "package money\nfunc f(float64) {}\nvar y []float32", "pos/a.go": "package pos\nvar x = 1.5",
	}},

	{"sizes", "as large as may be", 0, sources{
		"sales/a.go":      "package sales\nfunc f() {" + lines(69) + "}\n" + lines(429),
		"sales/a_test.go": "package sales\nfunc f() {" + lines(600) + "}\n",
		"sales/gen.go":    "// Code generated by hand. DO NOT EDIT.\npackage sales\n" + lines(600),
	}},
	{"sizes", "a line too many", 3, sources{
		"sales/a.go": "package sales\nfunc f() {" + lines(70) + "}\n", "sales/b.go": "package sales" + lines(501),
		"internal/x/a.go": "package x\nvar f = func() {" + lines(70) + "}\n",
	}},

	{"domain folders", "whole, absent, or no domain", 0, sources{
		"sales/doc.go": "package sales", "sales/README.md": "", "pos/a_test.go": "package pos", "internal/x/a.go": "package x",
	}},
	{"domain folders", "bare", 3, sources{
		"sales/a.go": "package sales", "inventory/purchasing/doc.go": "package purchasing", "inventory/purchasing/readme.md": "",
	}},

	{"posting.go makes entries", "where it should, or passed on", 0, sources{
		"sales/posting.go":              "package sales\n" + entry + "var e = accounting.NewEntry{}",
		"sales/a.go":                    "package sales\n" + entry + "func f(e accounting.NewEntry) []accounting.NewEntry { return []accounting.NewEntry{e} }",
		"sales/a_test.go":               "package sales\n" + entry + "var e = accounting.NewEntry{}",
		"accounting/posting.go":         "package accounting\nvar e = NewEntry{}",
		"accounting/entry.go":           "package accounting\ntype NewEntry struct{}",
		"examples/quickstart/debt.go":   "package main\n" + entry + "var e = accounting.NewEntry{}",
		"inventory/purchasing/other.go": "package purchasing\ntype NewEntry struct{}\nvar e = NewEntry{}",
	}},
	{"posting.go makes entries", "elsewhere", 6, sources{
		"sales/a.go":      "package sales\n" + entry + "var e = &accounting.NewEntry{}",
		"sales/b.go":      "package sales\n" + entry + "var e = []accounting.NewEntry{{}}",
		"sales/c.go":      "package sales\n" + entry + "var e = new(accounting.NewEntry)",
		"sales/d.go":      "package sales\nimport books \"github.com/opsmatiq/erp/accounting\"\nvar e = books.NewEntry{}",
		"accounting/a.go": "package accounting\nvar e = NewEntry{}",
		"accounting/b.go": "package accounting\nvar e = map[string]*NewEntry{\"\": {}}",
	}},

	{"no skips", "another Skip", 0, sources{
		"sales/a_test.go": "package sales\nimport \"encoding/xml\"\nfunc f(d *xml.Decoder) { d.Skip() }",
	}},
	{"no skips", "of every kind", 4, sources{
		"sales/a_test.go": "package sales\nimport \"testing\"\nfunc f(t *testing.T, b testing.TB) { t.Skip(); b.Skipf(\"\") }",
		"sales/b_test.go": "package sales\nimport \"pgregory.net/rapid\"\nvar f = func(r *rapid.T) { r.SkipNow() }",
		"sales/c_test.go": "package sales\nfunc (s *all) TestX() { s.T().Skip() }",
	}},

	{"no open ends", "a string, and a word that contains one", 0, sources{"sales/a.go": "package sales\nvar s = \"TO" + "DO\" // a TO" + "DOLIST"}},
	{"no open ends", "comments", 2, sources{"sales/a.go": "package sales\n// TO" + "DO: later\nvar x int /* FIX" + "ME */"}},

	{"no sleeping tests", "not a test", 0, sources{"internal/x/a.go": "package x\nimport \"time\"\nfunc f() { time.Sleep(1) }"}},
	{"no sleeping tests", "tests", 2, sources{
		"sales/a_test.go":          "package sales\nimport \"time\"\nfunc f() { time.Sleep(1) }",
		"tenancy/tenancytest/a.go": "package tenancytest\nimport clock \"time\"\nvar wait = clock.Sleep",
	}},

	{"races by name", "named, or no test", 0, sources{
		"sales/a_test.go": "package sales\nfunc TestRaceA() { go f() }\nfunc BenchmarkA() { go f() }\nfunc TestA() { f() }\nfunc f() { go f() }",
	}},
	{"races by name", "not named", 4, sources{
		"sales/a_test.go": "package sales\nfunc TestA() { go f() }\nfunc TestB() { wg.Go(f) }\nfunc TestC() { bookstest.Together(2, f) }\nfunc TestD() { together(f, f) }",
	}},

	{"fault codes", "well formed", 0, sources{
		"sales/errors.go": "package sales\n" + faults + "var a, b = fault.Define(k, \"sales.sold_out\", \"\"), fault.Define(k, \"sales.no_2_price\", \"\")",
	}},
	{"fault codes", "ill formed or taken", 6, sources{
		"sales/errors.go": "package sales\n" + faults + "var a = fault.Define(k, \"sales.SoldOut\", \"\")\nvar b = fault.Define(k, \"pos.x\", \"\")\n" +
			"var c = fault.Define(k, name, \"\")\nvar d = fault.Define(k, \"sales.x_\", \"\")",
		"pos/errors.go":      "package pos\n" + faults + "var a = fault.Define(k, \"pos.x\", \"\")\nvar b = fault.Define(k, \"pos.x\", \"\")",
		"tenancy/fault/a.go": "package fault\nvar a = Define(k, \"nothing\", \"\")",
	}},

	{"doc comments", "documented, unexported, a program, internal", 0, sources{
		"sales/a.go": "// Package sales sells.\npackage sales\n// F is.\nfunc F() {}\nfunc g() {}\n// T is.\ntype T struct{}\n" +
			"// The kinds.\nconst (\nA = 1\nB = 2\n)\nvar V = 1 // is\ntype u struct{}\nfunc (*u) M() {}",
		"examples/quickstart/main.go": "package main\nfunc F() {}", "internal/x/a.go": "package x\nfunc F() {}",
		"sales/a_test.go": "package sales\nfunc H() {}",
	}},
	{"doc comments", "bare", 6, sources{
		"sales/a.go": "package sales\nfunc F() {}\ntype T[K any] struct{}\nfunc (*T[K]) M() {}\nconst A, b = 1, 2\nvar (\nV int\n)",
	}},
}

// TestEachCheckCanFail runs every rule on trees made to break it, and on trees made to look as if they did.
func TestEachCheckCanFail(t *testing.T) {
	byName := make(map[string]tidy.Check)
	for _, c := range tidy.Checks() {
		byName[c.Name] = c
	}
	failed, passed := make(map[string]bool), make(map[string]bool)
	for _, c := range trees {
		t.Run(c.check+"/"+c.name, func(t *testing.T) {
			check, ok := byName[c.check]
			require.True(t, ok, "no such check")
			tree, err := tidy.Parse(c.sources)
			require.NoError(t, err)
			require.Len(t, check.Run(tree), c.problems)
		})
		failed[c.check] = failed[c.check] || c.problems > 0
		passed[c.check] = passed[c.check] || c.problems == 0
	}
	for name := range byName {
		require.True(t, failed[name], "nothing shows that %q can fail", name)
		require.True(t, passed[name], "nothing shows what %q lets pass", name)
	}
}
