package exchange_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/laws"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) {
	laws.Default(histories)
	os.Exit(tenancytest.Main(m))
}

var modules = tenancytest.Options{Modules: []tenancy.Module{accounting.Module()}}

// house is a fresh tenant with open books for 2010 and 2011.
type house struct {
	t     testing.TB
	env   *tenancytest.Env
	ctx   context.Context
	books *accounting.Service
	ex    *exchange.Service
	ann   accounting.Party // a customer
	ben   accounting.Party // a customer and vendor
}

// each runs fn on every engine with a fresh house.
func each(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		fn(t, newHouse(t, env, accounting.NewBooks{Chart: accounting.ChartUKRetail}))
	})
}

func newHouse(t testing.TB, env *tenancytest.Env, in accounting.NewBooks) *house {
	t.Helper()
	h := bareHouse(t, env, in)
	parties, err := h.books.CreateParties(h.ctx, []accounting.NewParty{
		{Reference: "C1", Name: "Ann Émile", Customer: true, Address: []string{"1 High Street", "York"}, Country: "GB",
			Phone: "+44 1904 000000", Email: "ann@example.org"},
		{Name: "=Ben & Sons", Customer: true, Vendor: true, TaxID: "GB123"},
	})
	require.NoError(t, err)
	h.ann, h.ben = parties[0], parties[1]
	return h
}

// bareHouse has nobody in it.
func bareHouse(t testing.TB, env *tenancytest.Env, in accounting.NewBooks) *house {
	t.Helper()
	h := &house{t: t, env: env, ctx: env.Tenant(t), books: accounting.New(env.DB)}
	h.ex = exchange.New(env.DB, h.books)
	if in.Currency == "" {
		in.Currency = "GBP"
	}
	in.YearStart = day("2010-01-01")
	_, err := h.books.OpenBooks(h.ctx, in)
	require.NoError(t, err)
	_, err = h.books.AddFiscalYear(h.ctx, day("2011-01-01"))
	require.NoError(t, err)
	return h
}

func day(s string) date.Date { return date.Must(s) }

func gbp(minor int64) money.Amount { return money.Of(minor, "GBP") }

func (h *house) post(in ...accounting.NewEntry) []accounting.Entry {
	h.t.Helper()
	out, err := h.books.Post(h.ctx, in)
	require.NoError(h.t, err)
	return out
}

// journal is the books as a plain-text journal.
func (h *house) journal(f exchange.Format, span exchange.Span) string {
	h.t.Helper()
	var b bytes.Buffer
	require.NoError(h.t, h.ex.WriteJournal(h.ctx, &b, f, span))
	return b.String()
}
