package exchange_test

import (
	"encoding/csv"
	"io"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/accounting/money"
)

func usd(minor int64) money.Amount { return money.Of(minor, "USD") }

// abroad is a month with dollars, dimensions and tax: a claim that is paid at another worth, an account in dollars that is revalued, and
// something worth nothing.
func (h *house) abroad() {
	h.t.Helper()
	for _, code := range []string{"shop", "cost.centre"} {
		_, err := h.books.CreateDimension(h.ctx, accounting.NewDimension{Code: code, Name: "The " + code})
		require.NoError(h.t, err)
		_, err = h.books.SetDimensionValues(h.ctx, code, []accounting.NewDimensionValue{{Code: "-1", Name: "=Head office"}, {Code: "york", Name: "York"}})
		require.NoError(h.t, err)
	}
	_, err := h.books.CreateAccount(h.ctx, accounting.NewAccount{Code: "1305", Name: "Dollar account", Type: accounting.Asset, Monetary: true, CashFlow: accounting.CashFlowCash})
	require.NoError(h.t, err)
	_, err = h.books.RequireDimensions(h.ctx, accounting.ByRole(accounting.RoleMarketing), []string{"shop"})
	require.NoError(h.t, err)
	_, err = h.books.SetRates(h.ctx, []accounting.NewExchangeRate{{From: "USD", To: "GBP", On: day("2010-12-31"), Rate: decimal.RequireFromString("0.64"), Source: "test"}})
	require.NoError(h.t, err)
	analysed := accounting.Dimensions{"shop": "york", "cost.centre": "-1"}
	h.post(
		accounting.NewEntry{Reference: "claim", Date: day("2010-12-01"), Lines: []accounting.NewLine{
			{Account: accounting.ByRole(accounting.RoleReceivable), PartyID: h.ann.ID, Debit: usd(10_000), Base: gbp(6_400), Due: day("2010-12-31"), Dimensions: accounting.Dimensions{"shop": "york"}},
			{Account: accounting.ByRole(accounting.RoleSales), Credit: usd(10_000), Base: gbp(6_400), Dimensions: analysed}}},
		accounting.NewEntry{Reference: "worth nothing", Date: day("2010-12-02"), Lines: []accounting.NewLine{
			{Account: accounting.ByRole(accounting.RoleMarketing), Debit: money.Of(1, "JPY"), Base: gbp(0), Dimensions: accounting.Dimensions{"shop": "-1"}},
			{Account: accounting.ByRole(accounting.RoleStock), Credit: money.Of(1, "JPY"), Base: gbp(0)}}})
	open, err := h.books.OpenItems(h.ctx, day("2010-12-31"))
	require.NoError(h.t, err)
	_, err = h.books.Pay(h.ctx, []accounting.NewPayment{{Reference: "paid", PartyID: h.ann.ID, Direction: accounting.MoneyIn, Date: day("2010-12-10"), Amount: usd(4_000), Base: gbp(2_500),
		Account: accounting.ByCode("1305"), Allocate: []accounting.PaymentAllocation{{InvoiceID: open.Items[0].ID, Amount: usd(4_000)}}}})
	require.NoError(h.t, err)
	_, err = h.books.Revalue(h.ctx, accounting.NewRevaluation{On: day("2010-12-31")})
	require.NoError(h.t, err)
	_, err = h.books.CreateTax(h.ctx, accounting.NewTax{Code: "S", Name: "Standard", Kind: accounting.TaxStandard,
		Rates: []accounting.NewTaxRate{{From: day("2010-01-01"), Rate: decimal.NewFromInt(20), Source: "test"}}, Boxes: accounting.TaxBoxes{SaleBase: "6", SaleTax: "1"}})
	require.NoError(h.t, err)
	one, err := money.Units(1)
	require.NoError(h.t, err)
	_, err = h.books.Issue(h.ctx, []accounting.NewInvoice{{Reference: "taxed", PartyID: h.ben.ID, Date: day("2010-12-20"),
		Lines: []accounting.NewInvoiceLine{{Description: "Lamp", Quantity: one, UnitPrice: decimal.NewFromInt(50), TaxCode: "S"}}}})
	require.NoError(h.t, err)
}

// TestGoldenAbroad shows what leaves of foreign amounts, dimensions and tax.
func TestGoldenAbroad(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.abroad()
		last := day("2010-12-31")
		for _, f := range formats {
			golden(t, "abroad."+string(f), h.journal(f, exchange.Span{}))
			h.agree(t, f, t.TempDir(), exchange.Span{To: last})
			h.agree(t, f, t.TempDir(), exchange.Span{From: last, To: day("2011-01-31"), Forward: true})
		}
		for name, write := range map[string]func(w io.Writer) error{
			"entries":       func(w io.Writer) error { return h.ex.WriteEntries(h.ctx, w, exchange.Span{}) },
			"allocations":   func(w io.Writer) error { return h.ex.WriteAllocations(h.ctx, w) },
			"open_items":    func(w io.Writer) error { return h.ex.WriteOpenItems(h.ctx, w, last) },
			"trial_balance": func(w io.Writer) error { return h.ex.WriteTrialBalance(h.ctx, w, last) },
			"trial_balance_of_york": func(w io.Writer) error {
				return h.ex.WriteTrialBalance(h.ctx, w, last, accounting.Slice{Dimension: "shop", Values: []string{"york"}})
			},
			"dimensions": func(w io.Writer) error { return h.ex.WriteDimensions(h.ctx, w) },
			"tax_report": func(w io.Writer) error { return h.ex.WriteTaxReport(h.ctx, w, day("2010-12-01"), last) },
			"cash_flow": func(w io.Writer) error {
				return h.ex.WriteCashFlow(h.ctx, w, accounting.CashFlowDirect, day("2010-12-01"), last)
			},
			"aged_receivables": func(w io.Writer) error {
				return h.ex.WriteAgedItems(h.ctx, w, accounting.AgingQuery{Control: accounting.ControlReceivable, AsOf: day("2011-01-15")})
			},
			"general_ledger": func(w io.Writer) error {
				return h.ex.WriteGeneralLedger(h.ctx, w, accounting.ByCode("1305"), day("2010-12-01"), day("2011-01-31"))
			},
		} {
			text := h.file(write)
			rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
			require.NoError(t, err, name)
			require.Greater(t, len(rows), 1, name)
			golden(t, "abroad_"+name+".csv", strings.ReplaceAll(text, "\r\n", "\n"))
		}
	})
}

// TestAbroadComesBack: dimensions that are closed, accounts that ask for some, and what a revaluation and an allocation booked, come into
// other books as they left.
func TestAbroadComesBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.abroad()
		_, err := h.books.SetDimensionValues(h.ctx, "shop", []accounting.NewDimensionValue{{Code: "york", Name: "York", Inactive: true}})
		require.NoError(t, err)
		_, err = h.books.CreateDimension(h.ctx, accounting.NewDimension{Code: "closed", Name: "Closed"})
		require.NoError(t, err)
		_, err = h.books.UpdateDimension(h.ctx, accounting.DimensionChange{Code: "closed", Name: "Closed"})
		require.NoError(t, err)
		p := h.pack(t)
		there := elsewhere(t, h.env, p)
		_, err = there.ex.Import(there.ctx, p.in())
		require.NoError(t, err)
		back := there.pack(t)
		require.Equal(t, p.chart.String(), back.chart.String())
		require.Equal(t, p.dimensions.String(), back.dimensions.String())
		for _, on := range []string{"2010-12-09", "2010-12-31", "2011-12-31"} {
			balances, items := h.said(t, day(on))
			balancesThere, itemsThere := there.said(t, day(on))
			require.Equal(t, balances, balancesThere)
			require.Equal(t, items, itemsThere)
		}
		flow := func(h *house) (out []int64) {
			c, err := h.books.CashFlow(h.ctx, accounting.CashFlowIndirect, day("2010-01-01"), day("2010-12-31"))
			require.NoError(t, err)
			return []int64{c.FromOperating.Minor, c.Exchange.Total.Minor, c.Closing.Minor}
		}
		require.Equal(t, flow(h), flow(there), "what rates made of cash is told apart there too")
		again, err := there.ex.Import(there.ctx, p.in())
		require.NoError(t, err)
		require.Zero(t, again.Entries.New+again.Accounts.New+again.Allocations.New)

		in := p.in()
		in.Allocations = nil
		other := elsewhere(t, h.env, p)
		_, err = other.ex.Import(other.ctx, in)
		var found *exchange.FilesError
		require.ErrorAs(t, err, &found)
		require.Equal(t, exchange.ErrAllocationsNeeded.Code, found.Problems[0].Code)
	})
}

// TestAbroadProblems: what is wrong with foreign amounts and dimensions is said by line and column.
func TestAbroadProblems(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for row, want := range map[string]string{
			"a,2010-12-01,4000,1.00,,EURO,1.00,":                "entries line 2, currency",
			"a,2010-12-01,4000,1.00,,USD,-1.00,":                "entries line 2, amount",
			"a,2010-12-01,4000,1.00,,USD,x,":                    "entries line 2, amount",
			"a,2010-12-01,4000,1.00,,GBP,2.00,":                 "entries line 2, amount",
			"a,2010-12-01,4000,,,USD,,":                         "entries line 2, amount",
			"a,2010-12-01,4000,1.00,,,,york":                    "entries line 2, dimension:shop",
			"a,2010-12-01,1100,1.00,,USD,0.00,":                 "entries line 2, amount",
			"a,2010-12-01,4000,1.00,,USD,99999999999999999.00,": "entries line 2, amount",
		} {
			file := "entry,date,account,debit,credit,currency,amount,dimension:shop\n" + row + "\na,2010-12-01,1300,,1.00,,,\n"
			_, err := h.ex.Import(h.ctx, exchange.Import{Entries: strings.NewReader(file)})
			require.ErrorIs(t, err, exchange.ErrRejected, row)
			var found *exchange.FilesError
			require.ErrorAs(t, err, &found)
			require.Contains(t, found.Problems[0].String()+found.Problems[len(found.Problems)-1].String(), want, row)
		}
		for file, want := range map[string]string{
			"dimension,name,value\nshop,Shop,york\nshop,Shop,york\n": "dimensions line 3, value",
			"dimension,name,value\nno good,Shop,york\n":              "dimensions line 2, dimension",
			"dimension,name,value\nshop,Shop,no good\n":              "dimensions line 2, value",
		} {
			_, err := h.ex.Import(h.ctx, exchange.Import{Dimensions: strings.NewReader(file)})
			var found *exchange.FilesError
			require.ErrorAs(t, err, &found, file)
			require.Contains(t, found.Error(), want)
		}
	})
}
