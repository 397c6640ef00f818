package inventory

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestPostings holds every kind of entry that this package makes to testdata/postings.golden, which an auditor can read.
func TestPostings(t *testing.T) {
	role, code := accounting.ByRole, accounting.ByCode
	none := accounting.AccountRef{}
	type line struct {
		value    int64 // pence, signed as the move's
		counter  accounting.AccountRef
		variance int64 // pence, debits positive
	}
	cases := []struct {
		name    string
		kind    Kind
		counter accounting.AccountRef
		lines   []line
	}{
		{"receipt of opening stock", Receipt, role(accounting.RoleOpeningEquity), []line{{1250, none, 0}, {300, none, 0}}},
		{"receipt with freight from another account", Receipt, code("2100"), []line{{1250, none, 0}, {99, code("5100"), 0}}},
		{"issue for a sale", Issue, none, []line{{-700, none, 0}, {-55, none, 0}}},
		{"issue for a sale with something given away", Issue, none, []line{{-700, none, 0}, {-120, role(accounting.RoleMarketing), 0}, {-80, none, 0}}},
		{"issue of samples", Issue, role(accounting.RoleMarketing), []line{{-45, none, 0}}},
		{"return from a customer", Return, none, []line{{350, none, 0}}},
		{"adjustment for breakage", Adjustment, none, []line{{-42, none, 0}}},
		{"adjustment for a find", Adjustment, none, []line{{17, none, 0}}},
		{"adjustment that finds less than it misses", Adjustment, none, []line{{17, none, 0}, {-40, none, 0}}},
		{"adjustment that finds what it misses: no entry", Adjustment, none, []line{{40, none, 0}, {-40, none, 0}}},
		{"issue of goods that cost nothing: no entry", Issue, none, []line{{0, none, 0}}},
		{"variance: goods sold below zero cost more", Variance, none, []line{{-150, none, 0}}},
		{"variance: goods sold below zero cost less", Variance, none, []line{{60, none, 0}}},
		{"return to a vendor at what was received", VendorReturn, none, []line{{-1000, none, 0}}},
		{"return to a vendor of goods that cost less by now", VendorReturn, none, []line{{-950, none, -50}}},
		{"return to a vendor of goods that cost more by now", VendorReturn, none, []line{{-1075, none, 75}}},
		{"revaluation: the bill says more, half has left", Revaluation, role(accounting.RoleGoodsReceived), []line{{300, none, 300}}},
		{"revaluation: the bill says less, half has left", Revaluation, role(accounting.RoleGoodsReceived), []line{{-200, none, -200}}},
		{"revaluation: all has left", Revaluation, role(accounting.RoleGoodsReceived), []line{{0, none, 120}}},
	}
	var out strings.Builder
	for _, c := range cases {
		var charges []charge
		for _, l := range c.lines {
			charges = append(charges, charge{counter: counterOf(c.kind, c.counter, l.counter), value: pence(l.value), variance: pence(l.variance)})
		}
		doc := &Document{Kind: c.kind, Date: date.Must("2026-01-05")}
		doc.ID = uuid.MustParse("00000000-0000-7000-8000-000000000001")
		entry, ok, err := entryOf(doc, charges, &analysis{}, "")
		require.NoError(t, err)
		fmt.Fprintf(&out, "%s\n", c.name)
		if ok {
			writeEntry(t, &out, entry)
		}
		out.WriteByte('\n')
	}
	writeGroupEntry(t, &out)
	const golden = "testdata/postings.golden"
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(out.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), out.String())
}

// writeGroupEntry prints the entry of a session's documents, and that nothing comes of what adds up to nothing.
func writeGroupEntry(t *testing.T, out *strings.Builder) {
	t.Helper()
	account := func(n byte) uuid.UUID { return uuid.UUID{15: n} }
	posting := &GroupPosting{Date: date.Must("2026-01-05")}
	posting.ID = uuid.MustParse("00000000-0000-7000-8000-000000000002")
	totals := []accountTotal{{account: account(1), value: pence(1200)}, {account: account(2), value: pence(80)}, {account: account(3), value: pence(-5)}}
	entry, ok, err := groupEntry(posting, totals, &analysis{}, "", accounting.Source{})
	require.NoError(t, err)
	require.True(t, ok)
	out.WriteString("a group: cost of goods sold, marketing, stock losses with a find\n")
	writeEntry(t, out, entry)
	_, ok, err = groupEntry(posting, []accountTotal{{account: account(1), value: pence(0)}}, &analysis{}, "", accounting.Source{})
	require.NoError(t, err)
	require.False(t, ok)
}

// writeEntry prints an entry and proves that it balances.
func writeEntry(t *testing.T, out *strings.Builder, e accounting.NewEntry) {
	t.Helper()
	var balance int64
	fmt.Fprintf(out, "  %s %s %s, source %s\n", e.Journal, e.Date, e.Kind, e.Source.Model)
	for _, l := range e.Lines {
		debit, credit := "", ""
		if l.Debit.Minor != 0 {
			debit = l.Debit.String()
		}
		if l.Credit.Minor != 0 {
			credit = l.Credit.String()
		}
		fmt.Fprintf(out, "    %-26s %8s %8s\n", l.Account, debit, credit)
		balance += l.Debit.Minor - l.Credit.Minor
	}
	assert.Zero(t, balance)
}

func TestPostingOverflow(t *testing.T) {
	huge := money.Of(1<<63-1, "GBP")
	_, _, err := entryOf(&Document{Kind: Receipt}, []charge{{counter: accounting.ByCode("1"), value: huge}, {counter: accounting.ByCode("1"), value: huge}}, &analysis{}, "")
	require.ErrorIs(t, err, money.ErrOverflow)
}
