package accounting_test

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// An invoice in dollars, with tax that is declared in pounds at the rate of the supply, paid at another.
func ExampleService_Issue_foreign() {
	ctx, books, done := exampleBooks()
	defer done()
	ann := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann Example", Customer: true}}))[0]
	must(books.CreateTax(ctx, accounting.NewTax{Code: "STD", Name: "Standard rate", Rates: standardRate}))
	must(books.SetRates(ctx, []accounting.NewExchangeRate{
		{From: "USD", To: "GBP", On: date.Of(2010, 12, 1), Rate: decimal.RequireFromString("0.6412"), Source: "ECB"},
		{From: "USD", To: "GBP", On: date.Of(2010, 12, 20), Rate: decimal.RequireFromString("0.6512"), Source: "ECB"},
	}))
	v := must(books.Issue(ctx, []accounting.NewInvoice{{Reference: "order-1", PartyID: ann.ID, Date: date.Of(2010, 12, 2), TaxPoint: date.Of(2010, 12, 1), Currency: "USD",
		Lines: []accounting.NewInvoiceLine{{Description: "Lamp", Quantity: must(money.Units(3)), UnitPrice: decimal.RequireFromString("33.30"), TaxCode: "STD"}}}}))[0]
	fmt.Println(v.Number, "net", v.Net, "tax", v.Tax, "to pay", v.Payable, v.Payable.Currency, "at", v.Rate, "by", v.RateSource)
	for _, l := range must(books.GetEntry(ctx, v.EntryID)).Lines {
		fmt.Println(must(books.GetAccount(ctx, accounting.ByID(l.AccountID))).Name, l.Transaction, l.Transaction.Currency, "worth", l.Amount)
	}
	must(books.Pay(ctx, []accounting.NewPayment{{Reference: "bank-7", PartyID: ann.ID, Direction: accounting.MoneyIn, Date: date.Of(2010, 12, 20),
		Amount: v.Payable, Allocate: []accounting.PaymentAllocation{{InvoiceID: v.ID, Amount: v.Payable}}}}))
	fmt.Println("then", must(books.DocumentStates(ctx, []uuid.UUID{v.ID}))[v.ID].State, "with", must(books.Balance(ctx, accounting.ByRole(accounting.RoleExchangeGain), date.Of(2010, 12, 31))))
	// Output:
	// INV-2010-00001 net 99.90 tax 17.48 to pay 117.38 USD at 0.6412 by ECB
	// Trade receivables 117.38 USD worth 75.26
	// Sales -99.90 USD worth -64.06
	// Tax on sales -17.48 USD worth -11.21
	// Rounding differences 0.01 GBP worth 0.01
	// then paid with -1.18
}

// A vendor's bill at the rate that both agreed.
func ExampleService_Bill_foreign() {
	ctx, books, done := exampleBooks()
	defer done()
	leaf := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Leaf & Co", Vendor: true}}))[0]
	b := must(books.Bill(ctx, []accounting.NewBill{{VendorNumber: "R-2010/17", PartyID: leaf.ID, Date: date.Of(2010, 12, 1), Currency: "EUR",
		Rate:  accounting.DocumentRate{Rate: decimal.RequireFromString("0.8455"), Source: "framework agreement of 2010, § 4"},
		Lines: []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: money.Of(25000, "EUR")}}}}))[0]
	fmt.Println(b.Gross, b.Gross.Currency, "stand in the books at", money.Of(b.PayableBaseMinor, "GBP"))
	// Without a rate, and with none in the table, it is refused.
	_, err := books.Bill(ctx, []accounting.NewBill{{PartyID: leaf.ID, Date: date.Of(2010, 12, 1), Currency: "EUR",
		Lines: []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: money.Of(25000, "EUR")}}}})
	fmt.Println(err)
	// Output:
	// 250.00 EUR stand in the books at 211.38
	// accounting.Bill: document 1: there is no rate from EUR to GBP for 2010-12-01 that is at most 7 days old: record one by SetRates (a table of EUR for one GBP is Indirect) (accounting.no_rate)
}

// An invoice of a shop: its lines are the shop's, but for the one that a project has.
func ExampleService_Issue_dimensions() {
	ctx, books, done := exampleBooks()
	defer done()
	ann := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann Example", Customer: true}}))[0]
	for code, value := range map[string]string{"shop": "york", "project": "fair"} {
		must(books.CreateDimension(ctx, accounting.NewDimension{Code: code, Name: code}))
		must(books.SetDimensionValues(ctx, code, []accounting.NewDimensionValue{{Code: value, Name: value}}))
	}
	must(books.RequireDimensions(ctx, accounting.ByRole(accounting.RoleSales), []string{"shop"}))
	one := must(money.Units(1))
	in := accounting.NewInvoice{PartyID: ann.ID, Date: date.Of(2010, 12, 2), Lines: []accounting.NewInvoiceLine{
		{Description: "Lamp", Quantity: one, UnitPrice: decimal.RequireFromString("40")},
		{Description: "Stand at the fair", Quantity: one, UnitPrice: decimal.RequireFromString("60"), Dimensions: accounting.Dimensions{"project": "fair"}},
	}}
	_, err := books.Issue(ctx, []accounting.NewInvoice{in})
	fmt.Println(err)
	in.Dimensions = accounting.Dimensions{"shop": "york"}
	v := must(books.Issue(ctx, []accounting.NewInvoice{in}))[0]
	for _, l := range must(books.GetEntry(ctx, v.EntryID)).Lines {
		fmt.Println(l.Amount, l.Dimensions)
	}
	// Output:
	// accounting.Issue: document 1: line 1: a line on 4000 Sales names the dimension shop (accounting.dimension_needed)
	// 100.00 map[]
	// -40.00 map[shop:york]
	// -60.00 map[project:fair shop:york]
}
