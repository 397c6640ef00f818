package exchange_test

import (
	"context"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/internal/bookstest"
	"github.com/opsmatiq/erp/internal/oracle"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// hostile are memos and names that try to be more than text.
var hostile = []string{
	"", "rent", "caf\u00e9; comment", "two\nlines\n2010-12-01 * forged\n    Assets:1300  1000.00 GBP\n    Income:4000", "a, date:2009-01-01, b: c",
	"[2009-01-01] [=2009-01-01]", `"quoted" \ back`, "(code) * ! | note", "include /etc/passwd", "x  ; y\ttab", "@ 5 USD = 3 {7}", ":tag:", "key:: 1+1",
	"\u202eright to left\u2028next", "P 2010-01-01 GBP 5 USD", "%20 #tag ^link", "\"\n2010-12-01 open Assets:Forged\n\"", `\u{3b} \n`,
}

// formats are all of them; each is the name of the program that reads it.
var formats = []exchange.Format{exchange.Hledger, exchange.Ledger, exchange.Beancount}

// agree holds what a program makes of the exported journal against the trial balance.
func (h *house) agree(t require.TestingT, f exchange.Format, dir string, span exchange.Span) {
	var accounts []accounting.Account
	require.NoError(t, h.env.DB.Read(h.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		var err error
		accounts, err = tenancy.Find[accounting.Account](ctx, tx, tenancy.OrderBy("code"))
		return err
	}))
	names := exchange.AccountNames(f, accounts)
	tb, err := h.books.TrialBalance(h.ctx, span.To)
	require.NoError(t, err)
	want := map[string]decimal.Decimal{}
	for _, l := range tb.Lines {
		if net := l.Debit.Decimal().Sub(l.Credit.Decimal()); !net.IsZero() {
			want[names[l.AccountID]] = net
		}
	}
	have := oracle.Balances(t, string(f), dir, h.journal(f, span), string(tb.Currency))
	require.Len(t, have, len(want), "%s: %v", f, have)
	for name, n := range want {
		require.True(t, n.Equal(have[name]), "%s has %s on %q, the trial balance %s", f, have[name], name, n)
	}
}

// TestOracleLaws: whatever happened, the journal that leaves gives in another program the balances of our trial balance, account by
// account.
func TestOracleLaws(t *testing.T) {
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			env, dir := tenancytest.Open(t, engine, modules), t.TempDir()
			charts := accounting.Charts()
			rapid.Check(t, func(rt *rapid.T) {
				chart := rapid.SampledFrom(charts).Draw(rt, "chart")
				h := newHouse(t, env, accounting.NewBooks{Chart: chart})
				w := bookstest.New(h.ctx, rt, h.books, h.ann, h.ben)
				w.Memos = hostile
				w.Walk(1, 12, w.Acts())
				h.agree(rt, exchange.Hledger, dir, exchange.Span{To: w.Date()})
				span := exchange.Span{To: day("2011-12-31")}
				if rapid.Bool().Draw(rt, "forward") {
					span.From, span.Forward = w.Date(), true
				}
				readers := formats
				if !everyProgram {
					readers = []exchange.Format{rapid.SampledFrom(formats).Draw(rt, "reader")}
				}
				for _, f := range readers {
					h.agree(rt, f, dir, span)
				}
			})
		})
	}
}
