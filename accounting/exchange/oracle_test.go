package exchange_test

import (
	"context"
	"encoding/csv"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/bookstest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// hostile are memos and names that try to be more than text.
var hostile = []string{
	"", "rent", "caf\u00e9; comment", "two\nlines\n2010-12-01 * forged\n    Assets:1300  1000.00 GBP\n    Income:4000", "a, date:2009-01-01, b: c",
	"[2009-01-01] [=2009-01-01]", `"quoted" \ back`, "(code) * ! | note", "include /etc/passwd", "x  ; y\ttab", "@ 5 USD = 3 {7}", ":tag:", "key:: 1+1",
	"\u202eright to left\u2028next", "P 2010-01-01 GBP 5 USD", "%20 #tag ^link", "\"\n2010-12-01 open Assets:Forged\n\"", `\u{3b} \n`,
}

// balancesOf are the balances that a program gives, by its name of the account.
type balancesOf func(t require.TestingT, dir, journal string, cur money.Currency) map[string]decimal.Decimal

// oracles are the programs, each with the way to ask it.
var oracles = map[exchange.Format]balancesOf{
	exchange.Hledger: func(t require.TestingT, dir, journal string, _ money.Currency) map[string]decimal.Decimal {
		file := filepath.Join(dir, "books.journal")
		return table(t, run(t, file, journal, "hledger", "-f", file, "--strict", "balance", "--flat", "--no-total", "-O", "csv", "--layout=bare"), 0, 2)
	},
	exchange.Ledger: func(t require.TestingT, dir, journal string, _ money.Currency) map[string]decimal.Decimal {
		file := filepath.Join(dir, "books.ledger")
		return table(t, "account,balance\n"+run(t, file, journal, "ledger", "--args-only", "-f", file, "--strict", "--pedantic", "balance", "--flat", "--no-total", "--format",
			"%(quoted(account)),%(quoted(quantity(scrub(display_total))))\n"), 0, 1)
	},
	exchange.Beancount: func(t require.TestingT, dir, journal string, cur money.Currency) map[string]decimal.Decimal {
		file := filepath.Join(dir, "books.beancount")
		run(t, file, journal, "bean-check", "--no-cache", file)
		return table(t, run(t, file, journal, "bean-query", "-f", "csv", file, "SELECT account, number(only('"+string(cur)+"', sum(position))) AS n GROUP BY account"), 0, 1)
	},
}

// table reads what a program prints as CSV, past its header.
func table(t require.TestingT, text string, name, value int) map[string]decimal.Decimal {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err, text)
	out := map[string]decimal.Decimal{}
	for _, row := range rows[1:] {
		n, err := decimal.NewFromString(strings.TrimSpace(row[value]))
		require.NoError(t, err, text)
		if !n.IsZero() {
			out[strings.TrimSpace(row[name])] = n
		}
	}
	return out
}

// agree holds what a program makes of the exported journal against the trial balance.
func (h *house) agree(t require.TestingT, f exchange.Format, dir string, on date.Date) {
	var accounts []accounting.Account
	require.NoError(t, h.env.DB.Read(h.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		var err error
		accounts, err = tenancy.Find[accounting.Account](ctx, tx, tenancy.OrderBy("code"))
		return err
	}))
	names := exchange.AccountNames(f, accounts)
	tb, err := h.books.TrialBalance(h.ctx, on)
	require.NoError(t, err)
	want := map[string]decimal.Decimal{}
	for _, l := range tb.Lines {
		if net := l.Debit.Decimal().Sub(l.Credit.Decimal()); !net.IsZero() {
			want[names[l.AccountID]] = net
		}
	}
	have := oracles[f](t, dir, h.journal(f, exchange.Span{To: on}), tb.Currency)
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
				for _, on := range []date.Date{w.Date(), day("2011-12-31")} {
					h.agree(rt, exchange.Hledger, dir, on)
				}
				h.agree(rt, exchange.Ledger, dir, day("2011-12-31"))
				h.agree(rt, exchange.Beancount, dir, day("2011-12-31"))
			})
		})
	}
}
