package accounting_test

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

func dollars(text string) money.Amount { return must(money.Parse(text, "USD")) }

// A rate applies from its day until the next one, and for a week at most.
func ExampleService_Convert() {
	ctx, books, done := exampleBooks()
	defer done()
	must(books.SetRates(ctx, []accounting.NewExchangeRate{
		{From: "USD", To: "GBP", On: date.Of(2010, 12, 1), Rate: decimal.RequireFromString("0.6412"), Source: "ECB"},
		{From: "USD", To: "GBP", On: date.Of(2010, 12, 3), Rate: decimal.RequireFromString("0.6349"), Source: "ECB"},
	}))
	c := must(books.Convert(ctx, dollars("100.00"), "GBP", date.Of(2010, 12, 2)))
	fmt.Println(c.Amount, c.Amount.Currency, "at", c.Rate.Rate, "by", c.Rate.Source, "of", c.Rate.On)
	_, err := books.Convert(ctx, dollars("100.00"), "GBP", date.Of(2010, 12, 31))
	fmt.Println(err)
	// Output:
	// 64.12 GBP at 0.6412 by ECB of 2010-12-01
	// accounting.Convert: there is no rate from USD to GBP for 2010-12-31 that is at most 7 days old: record one by SetRates (a table of USD for one GBP is Indirect) (accounting.no_rate)
}

// A euro company takes the European Central Bank's own table, which counts dollars for one euro. It is kept as the bank quotes it.
func ExampleParseReferenceRates() {
	ctx, books, done := exampleBooks()
	defer done()
	file := `<Envelope><Cube><Cube time="2024-06-28"><Cube currency="USD" rate="1.0705"/><Cube currency="JPY" rate="171.94"/></Cube></Cube></Envelope>`
	rates := must(accounting.ParseReferenceRates(strings.NewReader(file), "USD"))
	for _, r := range must(books.SetRates(ctx, rates)) {
		fmt.Println(r.From, "to", r.To, "on", r.On, r.Rate, "indirect:", r.Indirect, "by", r.Source)
	}
	c := must(books.Convert(ctx, dollars("1000000.00"), "EUR", date.Of(2024, 6, 28)))
	fmt.Println(c.Amount, c.Amount.Currency) // 1 / 1.0705, rounded to 0.93414, would have made 934140.00 of it
	// Output:
	// USD to EUR on 2024-06-28 1.0705 indirect: true by ECB
	// 934142.92 EUR
}

// A claim of 1,000 dollars stood in the books at 640 pounds, and what was paid was worth 655.
func ExampleService_Pay_foreign() {
	ctx, books, done := exampleBooks()
	defer done()
	ann := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann Example", Customer: true}}))[0]
	must(books.Post(ctx, []accounting.NewEntry{{Reference: "INV-77", Date: date.Of(2010, 12, 1), Lines: []accounting.NewLine{
		{Account: accounting.ByRole(accounting.RoleReceivable), PartyID: ann.ID, Debit: dollars("1000.00"), Base: pounds("640.00")},
		{Account: accounting.ByRole(accounting.RoleSales), Credit: dollars("1000.00"), Base: pounds("640.00")},
	}}}))
	item := must(books.OpenItems(ctx, date.Of(2010, 12, 1))).Items[0]

	must(books.Pay(ctx, []accounting.NewPayment{{
		Reference: "bank-91", PartyID: ann.ID, Direction: accounting.MoneyIn, Date: date.Of(2010, 12, 20),
		Amount: dollars("1000.00"), Base: pounds("655.00"),
		Allocate: []accounting.PaymentAllocation{{InvoiceID: item.ID, Amount: dollars("1000.00")}},
	}}))
	gained := must(books.Balance(ctx, accounting.ByRole(accounting.RoleExchangeGain), date.Of(2010, 12, 31)))
	owed := must(books.Balance(ctx, accounting.ByRole(accounting.RoleReceivable), date.Of(2010, 12, 31)))
	fmt.Println("open:", len(must(books.OpenItems(ctx, date.Of(2010, 12, 31))).Items), "owed:", owed, "exchange gain:", must(gained.Neg()))
	// Output: open: 0 owed: 0.00 exchange gain: 15.00
}

// Buying dollars: both sides go through the currency clearing account.
func ExampleService_Exchange() {
	ctx, books, done := exampleBooks()
	defer done()
	account := must(books.CreateAccount(ctx, accounting.NewAccount{Code: "1010", Name: "Dollar account", Type: accounting.Asset, Monetary: true}))
	e := must(books.Exchange(ctx, []accounting.NewExchange{{Reference: "fx-1", Date: date.Of(2010, 12, 1),
		From: accounting.ByRole(accounting.RoleBank), To: accounting.ByID(account.ID), Sold: pounds("640.00"), Bought: dollars("1000.00")}}))[0]
	for _, l := range must(books.GetEntry(ctx, e.ID)).Lines {
		a := must(books.GetAccount(ctx, accounting.ByID(l.AccountID)))
		fmt.Println(a.Name, l.Transaction, l.Transaction.Currency, "worth", l.Amount)
	}
	// Output:
	// Bank -640.00 GBP worth -640.00
	// Currency clearing 640.00 GBP worth 640.00
	// Dollar account 1000.00 USD worth 640.00
	// Currency clearing -1000.00 USD worth -640.00
}

// At the end of the month a claim in dollars is worth more; on the next day that is taken back.
func ExampleService_Revalue() {
	ctx, books, done := exampleBooks()
	defer done()
	ann := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann Example", Customer: true}}))[0]
	must(books.Post(ctx, []accounting.NewEntry{{Date: date.Of(2010, 11, 10), Lines: []accounting.NewLine{
		{Account: accounting.ByRole(accounting.RoleReceivable), PartyID: ann.ID, Debit: dollars("1000.00"), Base: pounds("640.00")},
		{Account: accounting.ByRole(accounting.RoleSales), Credit: dollars("1000.00"), Base: pounds("640.00")},
	}}}))
	must(books.SetRates(ctx, []accounting.NewExchangeRate{{From: "USD", To: "GBP", On: date.Of(2010, 11, 30), Rate: decimal.RequireFromString("0.6432"), Source: "ECB"}}))

	r := must(books.Revalue(ctx, accounting.NewRevaluation{On: date.Of(2010, 11, 30)}))
	fmt.Println(r.Lines[0].Balance, r.Lines[0].Balance.Currency, "at", r.Lines[0].Rate)
	for _, day := range []date.Date{date.Of(2010, 11, 29), date.Of(2010, 11, 30), date.Of(2010, 12, 1)} {
		fmt.Println(day, must(must(books.Balance(ctx, accounting.ByRole(accounting.RoleUnrealisedGain), day)).Neg()))
	}
	fmt.Println("again:", must(books.Revalue(ctx, accounting.NewRevaluation{On: date.Of(2010, 11, 30)})).Replayed)
	// Output:
	// 1000.00 USD at 0.6432
	// 2010-11-29 0.00
	// 2010-11-30 3.20
	// 2010-12-01 0.00
	// again: true
}

// Lines that name a cost centre, and the result of each.
func ExampleService_ProfitAndLossBy() {
	ctx, books, done := exampleBooks()
	defer done()
	must(books.CreateDimension(ctx, accounting.NewDimension{Code: "cost_centre", Name: "Cost centre"}))
	must(books.SetDimensionValues(ctx, "cost_centre", []accounting.NewDimensionValue{{Code: "10", Name: "Shop"}, {Code: "20", Name: "Workshop"}}))
	must(books.RequireDimensions(ctx, accounting.ByCode("6100"), []string{"cost_centre"}))

	rent := func(amount string, of accounting.Dimensions) accounting.NewEntry {
		line := accounting.DebitLine(accounting.ByCode("6100"), pounds(amount))
		line.Dimensions = of
		return accounting.NewEntry{Date: date.Of(2010, 12, 1), Lines: []accounting.NewLine{line, accounting.CreditLine(accounting.ByRole(accounting.RoleBank), pounds(amount))}}
	}
	must(books.Post(ctx, []accounting.NewEntry{
		rent("500.00", accounting.Dimensions{"cost_centre": "10"}), rent("300.00", accounting.Dimensions{"cost_centre": "20"})}))
	for _, g := range must(books.ProfitAndLossBy(ctx, "cost_centre", date.Of(2010, 12, 1), date.Of(2010, 12, 31))) {
		fmt.Println(g.Value, g.Name, g.Report.TotalExpenses)
	}
	_, err := books.Post(ctx, []accounting.NewEntry{rent("1.00", nil)})
	fmt.Println(err)
	// Output:
	// 10 Shop 500.00
	// 20 Workshop 300.00
	// accounting.Post: entry 1: line 1: a line on 6100 Rent names the dimension cost_centre (accounting.dimension_needed)
}

// What customers owed at the end of a day, by how long it was overdue.
func ExampleService_AgedItems() {
	ctx, books, done := exampleBooks()
	defer done()
	ann := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann Example", Customer: true}}))[0]
	for _, day := range []date.Date{date.Of(2010, 9, 1), date.Of(2010, 11, 15), date.Of(2010, 12, 20)} {
		must(books.Issue(ctx, []accounting.NewInvoice{{PartyID: ann.ID, Date: day, Due: day.AddDays(14), Lines: []accounting.NewInvoiceLine{
			{Description: "Lamp", Quantity: must(money.Units(1)), UnitPrice: decimal.NewFromInt(12)}}}}))
	}
	aged := must(books.AgedItems(ctx, accounting.AgingQuery{Control: accounting.ControlReceivable, AsOf: date.Of(2010, 12, 31)}))
	for _, p := range aged.Parties {
		fmt.Println(p.Name, p.Items.Buckets, "in all", p.Items.Sum)
	}
	// Output: Ann Example [12.00 0.00 12.00 0.00 12.00] in all 36.00
}
