package exchange_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/oracle"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}`)

// golden holds a text against its file, with ids numbered in the order in which they appear.
func golden(t *testing.T, name, text string) {
	t.Helper()
	seen := map[string]string{}
	text = ids.ReplaceAllStringFunc(text, func(id string) string {
		if seen[id] == "" {
			seen[id] = fmt.Sprintf("<id %d>", len(seen)+1)
		}
		return seen[id]
	})
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	want, err := os.ReadFile(path) // #nosec G304 -- a golden file
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}

// month is a small month of everything: an invoice, a credit note, a bill, a payment, an entry and its reversal.
func (h *house) month() {
	h.t.Helper()
	one, err := money.Units(1)
	require.NoError(h.t, err)
	issue := func(in accounting.NewInvoice, price int64) accounting.Invoice {
		in.Lines = []accounting.NewInvoiceLine{{Description: "Lamp", Quantity: one, UnitPrice: gbp(price).Decimal()}}
		out, err := h.books.Issue(h.ctx, []accounting.NewInvoice{in})
		require.NoError(h.t, err)
		return out[0]
	}
	invoice := issue(accounting.NewInvoice{Reference: "order-1", PartyID: h.ann.ID, Date: day("2010-12-01"), Due: day("2010-12-31")}, 10_000)
	issue(accounting.NewInvoice{Kind: accounting.CreditNoteDocument, Reference: "back-1", CorrectsID: invoice.ID, Date: day("2010-12-05")}, 2_500)
	_, err = h.books.Bill(h.ctx, []accounting.NewBill{{Reference: "b-1", VendorNumber: "R/77", PartyID: h.ben.ID, Date: day("2010-12-02"), Due: day("2011-01-01"),
		Lines: []accounting.NewBillLine{{Account: accounting.ByCode("6100"), Net: gbp(80_000)}}}})
	require.NoError(h.t, err)
	_, err = h.books.Pay(h.ctx, []accounting.NewPayment{{Reference: "p-1", PartyID: h.ann.ID, Direction: accounting.MoneyIn, Date: day("2010-12-10"), Amount: gbp(5_000),
		Memo: "=part; payment", Allocate: []accounting.PaymentAllocation{{InvoiceID: invoice.ID, Amount: gbp(5_000)}}}})
	require.NoError(h.t, err)
	e := h.post(accounting.NewEntry{Reference: "=1+1", Date: day("2010-12-11"), DocumentDate: day("2010-11-30"), Memo: "two\nlines, and a \"quote\"",
		Lines: []accounting.NewLine{accounting.DebitLine(accounting.ByRole(accounting.RoleFees), gbp(7)), accounting.CreditLine(accounting.ByRole(accounting.RoleCash), gbp(7))}})[0]
	_, err = h.books.Reverse(h.ctx, []accounting.Reversal{{EntryID: e.ID, Date: day("2010-12-12"), Reason: "mistaken"}})
	require.NoError(h.t, err)
}

// file is what a writer of the service writes.
func (h *house) file(write func(w io.Writer) error) string {
	h.t.Helper()
	var b bytes.Buffer
	require.NoError(h.t, write(&b))
	return b.String()
}

// TestGolden shows what leaves, in every form, and that both engines write the same.
func TestGolden(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.month()
		last := day("2010-12-31")
		halves := []accounting.Span{{From: day("2010-12-01"), To: day("2010-12-09")}, {From: day("2010-12-10"), To: last}}
		for _, f := range formats {
			golden(t, "month."+string(f), h.journal(f, exchange.Span{}))
			require.Equal(t, h.journal(f, exchange.Span{}), h.journal(f, exchange.Span{}), "the same bytes")
		}
		for name, write := range map[string]func(w io.Writer) error{
			"entries":         func(w io.Writer) error { return h.ex.WriteEntries(h.ctx, w, exchange.Span{}) },
			"allocations":     func(w io.Writer) error { return h.ex.WriteAllocations(h.ctx, w) },
			"open_items":      func(w io.Writer) error { return h.ex.WriteOpenItems(h.ctx, w, last) },
			"parties":         func(w io.Writer) error { return h.ex.WriteParties(h.ctx, w) },
			"trial_balance":   func(w io.Writer) error { return h.ex.WriteTrialBalance(h.ctx, w, last) },
			"profit_and_loss": func(w io.Writer) error { return h.ex.WriteProfitAndLoss(h.ctx, w, day("2010-01-01"), last) },
			"balance_sheet":   func(w io.Writer) error { return h.ex.WriteBalanceSheet(h.ctx, w, last) },
			"cash_flow_direct": func(w io.Writer) error {
				return h.ex.WriteCashFlow(h.ctx, w, accounting.CashFlowDirect, day("2010-01-01"), last)
			},
			"cash_flow_indirect": func(w io.Writer) error {
				return h.ex.WriteCashFlow(h.ctx, w, accounting.CashFlowIndirect, day("2010-01-01"), last)
			},
			"aged_receivables": func(w io.Writer) error {
				return h.ex.WriteAgedItems(h.ctx, w, accounting.AgingQuery{Control: accounting.ControlReceivable, AsOf: day("2011-01-15")})
			},
			"statement_of_account": func(w io.Writer) error {
				return h.ex.WriteStatementOfAccount(h.ctx, w, accounting.StatementQuery{PartyID: h.ann.ID, Control: accounting.ControlReceivable, From: day("2010-12-02"), To: last})
			},
			"chart": func(w io.Writer) error { return h.ex.WriteChart(h.ctx, w) },
			"compared_trial_balances": func(w io.Writer) error {
				return h.ex.CompareTrialBalances(h.ctx, w, []date.Date{last, day("2010-12-02")})
			},
			"compared_profit_and_loss": func(w io.Writer) error { return h.ex.CompareProfitAndLoss(h.ctx, w, halves) },
			"compared_balance_sheets": func(w io.Writer) error {
				return h.ex.CompareBalanceSheets(h.ctx, w, []date.Date{last, day("2010-12-02")})
			},
			"compared_cash_flows": func(w io.Writer) error { return h.ex.CompareCashFlows(h.ctx, w, accounting.CashFlowIndirect, halves) },
			"general_ledger": func(w io.Writer) error {
				return h.ex.WriteGeneralLedger(h.ctx, w, accounting.ByRole(accounting.RoleReceivable), day("2010-12-01"), last)
			},
		} {
			text := h.file(write)
			rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
			require.NoError(t, err, name)
			require.NotContains(t, text[strings.Index(text, "\r\n"):], "\r\n=", "no cell begins as a formula")
			require.Greater(t, len(rows), 1, name)
			golden(t, name+".csv", strings.ReplaceAll(text, "\r\n", "\n"))
		}
	})
}

// TestSpan: only the days asked for, and the ends of the span belong to it.
func TestSpan(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.month()
		count := func(s exchange.Span) int { return strings.Count(h.journal(exchange.Hledger, s), "; entry:") }
		require.Equal(t, 6, count(exchange.Span{}))
		require.Equal(t, 1, count(exchange.Span{To: day("2010-12-01")}))
		require.Equal(t, 2, count(exchange.Span{From: day("2010-12-11")}))
		require.Equal(t, 2, count(exchange.Span{From: day("2010-12-05"), To: day("2010-12-10")}))
		require.Zero(t, count(exchange.Span{From: day("2011-01-01")}))
		var b bytes.Buffer
		require.ErrorIs(t, h.ex.WriteJournal(h.ctx, &b, exchange.Hledger, exchange.Span{From: day("2010-12-02"), To: day("2010-12-01")}), exchange.ErrBadInput)
		require.ErrorIs(t, h.ex.WriteJournal(h.ctx, &b, "gnucash", exchange.Span{}), exchange.ErrBadInput)
		require.ErrorIs(t, h.ex.WriteEntries(h.ctx, &b, exchange.Span{From: day("2010-12-02"), To: day("2010-12-01")}), exchange.ErrBadInput)
		require.ErrorIs(t, h.ex.WriteEntries(h.ctx, &b, exchange.Span{From: day("2010-12-02"), Forward: true}), exchange.ErrBadInput)
		require.ErrorIs(t, h.ex.WriteJournal(h.ctx, &b, exchange.Ledger, exchange.Span{Forward: true}), exchange.ErrBadInput)
		require.NotContains(t, h.journal(exchange.Hledger, exchange.Span{From: day("2010-01-02"), Forward: true}), "Forward", "there is nothing to bring")
		require.Zero(t, b.Len())
	})
}

// odd are accounts whose names and codes would like to be syntax.
var odd = []accounting.NewAccount{
	{Code: "90.1", Name: "Rent: shop; (office)  two blanks", Type: accounting.Expense}, {Code: "90-1", Name: "Rent: shop; (office)  two blanks", Type: accounting.Expense},
	{Code: "90_1", Name: "Rent: shop; (office)  two blanks", Type: accounting.Expense}, {Code: "-x", Name: "[virtual] = {lot} @ price", Type: accounting.Asset},
	{Code: "x", Name: "\"quoted\\\" \u202eBiDi \u00dcml\u00e4ut \u4e2d\u6587 | * ! # % ^ ~", Type: accounting.Liability}, {Code: "_", Name: "::", Type: accounting.Equity},
}

// TestOddNamesAndCurrencies: accounts, parties and references that look like syntax, in currencies with none, two and three decimals,
// still give our trial balance in every program, and every memo can be read back from hledger.
func TestOddNamesAndCurrencies(t *testing.T) {
	dir := t.TempDir()
	env := tenancytest.Open(t, "sqlite", modules)
	for _, cur := range []money.Currency{"JPY", "GBP", "KWD"} {
		h := bareHouse(t, env, accounting.NewBooks{Chart: accounting.ChartGermany, Currency: cur})
		accounts, err := h.books.CreateAccounts(h.ctx, odd)
		require.NoError(t, err)
		parties, err := h.books.CreateParties(h.ctx, []accounting.NewParty{{Reference: `C;1, date:2009-01-01 [2009-01-01] "x\`, Name: "Ann", Customer: true}})
		require.NoError(t, err)
		var in []accounting.NewEntry
		for i, memo := range hostile {
			a, b := accounts[i%len(accounts)], accounts[(i+1)%len(accounts)]
			amount := money.Of(int64(1_234+i), cur)
			in = append(in, accounting.NewEntry{Reference: fmt.Sprintf("r,%d; [2009-01-01] date:2009-01-01", i), Date: day("2010-12-01"), DocumentDate: day("2010-11-01"), Memo: memo,
				Lines: []accounting.NewLine{accounting.DebitLine(accounting.ByID(a.ID), amount), accounting.CreditLine(accounting.ByID(b.ID), amount),
					{Account: accounting.ByRole(accounting.RoleReceivable), PartyID: parties[0].ID, Debit: amount},
					{Account: accounting.ByRole(accounting.RoleSales), Credit: amount, PartyID: parties[0].ID}}})
		}
		h.post(in...)
		for _, f := range formats {
			h.agree(t, f, dir, exchange.Span{To: day("2010-12-01")})
		}
		file := filepath.Join(dir, "memos.journal")
		printed := oracle.Run(t, file, h.journal(exchange.Hledger, exchange.Span{}), "hledger", "-f", file, "print", "-O", "csv")
		rows, err := csv.NewReader(strings.NewReader(printed)).ReadAll()
		require.NoError(t, err)
		at := slices.Index(rows[0], "description")
		read := map[string]bool{}
		for _, row := range rows[1:] {
			read[exchange.Unescape(row[at])] = true
		}
		for _, memo := range hostile[1:] {
			require.True(t, read["GEN entry: "+memo], "%q was not read back", memo)
		}
	}
}

// TestUnescapedTextForges: without escaping, the hostile memos do what they try. An attack that fails anyway would prove nothing.
func TestUnescapedTextForges(t *testing.T) {
	dir := t.TempDir()
	h := newHouse(t, tenancytest.Open(t, "sqlite", modules), accounting.NewBooks{Chart: accounting.ChartUKRetail})
	forged := "x\n    Assets:1300 Current account  1000.00 GBP\n    Income:4000 Sales of goods  -1000.00 GBP\n\n2010-12-01 * x"
	h.post(accounting.NewEntry{Date: day("2010-12-01"), Memo: forged, Lines: []accounting.NewLine{
		accounting.DebitLine(accounting.ByRole(accounting.RoleCash), gbp(7)), accounting.CreditLine(accounting.ByRole(accounting.RoleSales), gbp(7))}})
	safe := h.journal(exchange.Hledger, exchange.Span{})
	line := regexp.MustCompile(`(?m)^2010-12-01 \* .*$`)
	naive := line.ReplaceAllLiteralString(safe, "2010-12-01 * GEN entry: "+forged)
	require.NotEqual(t, safe, naive)
	honest, fooled := oracle.Balances(t, "hledger", dir, safe, "GBP"), oracle.Balances(t, "hledger", dir, naive, "GBP")
	require.NotContains(t, honest, "Assets:1300 Current account")
	require.Equal(t, "1000", fooled["Assets:1300 Current account"].String(), "the attack works where nothing is escaped")
}

// TestManyEntries: a journal of several pages, and an entry of more lines than one page holds, leaves whole; what one page costs does
// not depend on how many entries are on it.
func TestManyEntries(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		long := accounting.NewEntry{Date: day("2010-12-01")}
		for range 5_100 {
			long.Lines = append(long.Lines, accounting.DebitLine(accounting.ByRole(accounting.RoleCash), gbp(1)))
		}
		long.Lines = append(long.Lines, accounting.CreditLine(accounting.ByRole(accounting.RoleSales), gbp(5_100)))
		short := func(n int) []accounting.NewEntry {
			out := make([]accounting.NewEntry, n)
			for i := range out {
				out[i] = accounting.NewEntry{Date: day("2010-12-02"), Lines: []accounting.NewLine{
					accounting.DebitLine(accounting.ByRole(accounting.RoleCash), gbp(1)), accounting.CreditLine(accounting.ByRole(accounting.RoleSales), gbp(1))}}
			}
			return out
		}
		cost := func() (n int) {
			return h.env.Count(t, func() { n = strings.Count(h.journal(exchange.Hledger, exchange.Span{}), "; entry:") })
		}
		h.post(short(10)...)
		few := cost()
		h.post(short(400)...)
		require.Equal(t, few, cost(), "one page costs the same")
		h.post(long)
		h.post(short(700)...)
		require.Equal(t, 1_111, strings.Count(h.journal(exchange.Hledger, exchange.Span{}), "; entry:"))
		h.agree(t, exchange.Hledger, t.TempDir(), exchange.Span{To: day("2010-12-31")})
	})
}

// TestExportIsAllowedAndRecorded: exporting needs its permission, leaves a trace in the trail, and ends at a writer that fails.
func TestExportIsAllowedAndRecorded(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.month()
		tenant := tenancy.ScopeOf(h.ctx).TenantID()
		reader := h.env.Enter(t, tenant, "accounting.*")
		var b bytes.Buffer
		require.Equal(t, fault.Forbidden, fault.KindOf(h.ex.WriteJournal(reader, &b, exchange.Hledger, exchange.Span{})))
		require.Equal(t, fault.Forbidden, fault.KindOf(h.ex.WriteParties(reader, &b)))
		_, err := h.ex.Import(reader, exchange.Import{})
		require.Equal(t, fault.Forbidden, fault.KindOf(err))
		require.Zero(t, b.Len())

		exporter := h.env.Enter(t, tenant, exchange.PermExport)
		require.NoError(t, h.ex.WriteParties(exporter, &b))
		var told bool
		require.NoError(t, h.env.DB.Read(h.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			events, err := tenancy.Find[tenancy.Event](ctx, tx, tenancy.Eq("act", string(exchange.PermExport)))
			told = len(events) > 0
			return err
		}))
		require.True(t, told, "the trail tells that the books left")

		full := errors.New("disk full")
		require.ErrorIs(t, h.ex.WriteJournal(h.ctx, failing{full}, exchange.Beancount, exchange.Span{}), full)
		require.ErrorIs(t, h.ex.WriteEntries(h.ctx, failing{full}, exchange.Span{}), full)
	})
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestTheTenantNextDoor: what leaves is one tenant's.
func TestTheTenantNextDoor(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.month()
		next := bareHouse(t, h.env, accounting.NewBooks{Chart: accounting.ChartUKRetail})
		require.NotContains(t, next.journal(exchange.Hledger, exchange.Span{}), "; entry:")
		var b bytes.Buffer
		require.NoError(t, next.ex.WriteParties(next.ctx, &b))
		require.NotContains(t, b.String(), "Ann")
		p := h.pack(t)
		_, err := next.ex.Import(next.ctx, exchange.Import{Entries: bytes.NewReader(p.entries.Bytes())})
		require.ErrorIs(t, err, exchange.ErrRejected, "the other tenant's parties are not here")
	})
}
