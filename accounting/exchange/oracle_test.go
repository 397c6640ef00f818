package exchange_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/accounting/money"
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

// agree holds what a program makes of the exported journal against the trial balance, and against what accounts hold in each currency.
func (h *house) agree(t require.TestingT, f exchange.Format, dir string, span exchange.Span) {
	names := exchange.AccountNames(f, h.accounts(t))
	tb, err := h.books.TrialBalance(h.ctx, span.To)
	require.NoError(t, err)
	want := map[string]decimal.Decimal{}
	for _, l := range tb.Lines {
		if net := l.Debit.Decimal().Sub(l.Credit.Decimal()); !net.IsZero() {
			want[names[l.AccountID]] = net
		}
	}
	journal := h.journal(f, span)
	same(t, string(f)+" at cost", want, oracle.Balances(t, string(f), dir, journal, string(tb.Currency)))
	held, err := h.books.CurrencyBalances(h.ctx, span.To)
	require.NoError(t, err)
	foreign := map[string]map[string]decimal.Decimal{}
	for _, b := range held {
		if cur := string(b.Amount.Currency); b.Amount.Currency != tb.Currency && !b.Amount.IsZero() {
			if foreign[cur] == nil {
				foreign[cur] = map[string]decimal.Decimal{}
			}
			foreign[cur][names[b.AccountID]] = b.Amount.Decimal()
		}
	}
	for cur, want := range foreign {
		same(t, string(f)+" in "+cur, want, oracle.Holdings(t, string(f), dir, journal, cur))
	}
}

// same holds two sets of figures against each other.
func same(t require.TestingT, what string, want, have map[string]decimal.Decimal) {
	require.Len(t, have, len(want), "%s: %v, and we say %v", what, have, want)
	for name, n := range want {
		require.True(t, n.Equal(have[name]), "%s has %s on %q, and we %s", what, have[name], name, n)
	}
}

func (h *house) accounts(t require.TestingT) (accounts []accounting.Account) {
	require.NoError(t, h.env.DB.Read(h.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		var err error
		accounts, err = tenancy.Find[accounting.Account](ctx, tx, tenancy.OrderBy("code"))
		return err
	}))
	return accounts
}

// statements holds hledger's own profit and loss, balance sheet and cash flow against ours. It knows nothing of ours but what each
// account is declared to be.
func (h *house) statements(t require.TestingT, dir string, days accounting.Span) {
	names, journal := exchange.AccountNames(exchange.Hledger, h.accounts(t)), h.journal(exchange.Hledger, exchange.Span{})
	ask := func(report string, query ...string) map[string]decimal.Decimal {
		return oracle.Statement(t, dir, journal, report, append(query, "-e", days.To.AddDays(1).String(), "not:tag:kind=year_end")...)
	}
	on := func(query ...string) []string { return append(query, "-b", days.From.String()) }
	named := func(out map[string]decimal.Decimal, sections ...[]accounting.StatementLine) map[string]decimal.Decimal {
		for _, lines := range sections {
			for _, l := range lines {
				if l.AccountID != uuid.Nil && !l.Amount.IsZero() {
					out[names[l.AccountID]] = l.Amount.Decimal()
				}
			}
		}
		return out
	}
	total := func(out map[string]decimal.Decimal, name string, minor money.Amount) map[string]decimal.Decimal {
		if !minor.IsZero() {
			out[name] = minor.Decimal()
		}
		return out
	}
	pl, err := h.books.ProfitAndLoss(h.ctx, days.From, days.To)
	require.NoError(t, err)
	same(t, "the income statement", named(map[string]decimal.Decimal{}, pl.Income, pl.CostOfSales, pl.Expenses), ask("incomestatement", on()...))
	bs, err := h.books.BalanceSheet(h.ctx, days.To)
	require.NoError(t, err)
	sheet := ask("balancesheet", "--historical")
	require.True(t, sum(sheet, "Assets:").Sub(sum(sheet, "Liabilities:")).Equal(bs.TotalEquity.Decimal()), "the balance sheet: %v, and we have equity of %s", sheet, bs.TotalEquity)
	cash, err := h.books.CashFlow(h.ctx, accounting.CashFlowIndirect, days.From, days.To)
	require.NoError(t, err)
	require.True(t, sum(ask("cashflow", on()...), "").Equal(cash.Change.Decimal()), "the change of cash is %s", cash.Change)
	flows := func(places ...string) decimal.Decimal {
		return sum(ask("balance", on("tag:cash-flow=^("+strings.Join(places, "|")+")$", "not:tag:journal=^OPN$")...), "").Neg()
	}
	activities := total(total(map[string]decimal.Decimal{}, "investing", cash.FromInvesting), "financing", cash.FromFinancing)
	have := map[string]decimal.Decimal{}
	for name, n := range map[string]decimal.Decimal{"investing": flows("investing"), "financing": flows("financing", "dividends_paid")} {
		if !n.IsZero() {
			have[name] = n
		}
	}
	same(t, "activities", activities, have)
}

func sum(of map[string]decimal.Decimal, root string) decimal.Decimal {
	out := decimal.Zero
	for name, n := range of {
		if strings.HasPrefix(name, root) {
			out = out.Add(n)
		}
	}
	return out
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
				w.Walk(1, 12, append(append(w.Acts(), w.Abroad().Acts()...), w.Invest))
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
				h.statements(rt, dir, accounting.Span{From: w.Date(), To: day("2011-06-30")})
			})
		})
	}
}
