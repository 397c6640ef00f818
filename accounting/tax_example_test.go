package accounting_test

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// standardRate is the standard rate of the United Kingdom, as it was in 2010 and as it became.
var standardRate = []accounting.NewTaxRate{
	{From: date.Of(2010, 1, 1), Rate: decimal.RequireFromString("17.5"), Source: "VATA 1994, s. 2(1)"},
	{From: date.Of(2011, 1, 4), Rate: decimal.NewFromInt(20), Source: "Finance (No. 2) Act 2010, s. 3"},
}

// A bill under reverse charge: the vendor charges no tax, we owe it and claim it, and the return shows both.
func ExampleService_TaxReport() {
	ctx, books, done := exampleBooks()
	defer done()
	must(books.CreateTax(ctx, accounting.NewTax{Code: "STD", Name: "Standard rate", Rates: standardRate,
		Boxes: accounting.TaxBoxes{SaleBase: "6", SaleTax: "1", PurchaseBase: "7", PurchaseTax: "4"}}))
	must(books.CreateTax(ctx, accounting.NewTax{Code: "RC", Name: "Reverse charge", Kind: accounting.TaxReverseCharge, Rates: standardRate,
		Reason: "Customer to account for VAT: VATA 1994, s. 8", Boxes: accounting.TaxBoxes{SelfBase: "6", SelfTax: "1", PurchaseBase: "7", PurchaseTax: "4"}}))
	parties := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann Example", Customer: true}, {Name: "Dessin SARL", Vendor: true, Country: "FR"}}))
	must(books.Issue(ctx, []accounting.NewInvoice{{PartyID: parties[0].ID, Date: date.Of(2010, 12, 1),
		Lines: []accounting.NewInvoiceLine{{Description: "Lamp", Quantity: must(money.Units(1)), UnitPrice: decimal.NewFromInt(200), TaxCode: "STD"}}}}))
	bill := must(books.Bill(ctx, []accounting.NewBill{{PartyID: parties[1].ID, Date: date.Of(2010, 12, 2),
		Lines: []accounting.NewBillLine{{Description: "Drawings", Account: accounting.ByCode("6700"), Net: pounds("100.00"), TaxCode: "RC"}}}}))[0]
	fmt.Println("to pay the vendor:", bill.Payable)

	report := must(books.TaxReport(ctx, date.Of(2010, 12, 1), date.Of(2010, 12, 31)))
	for _, b := range report.Boxes {
		fmt.Println("box", b.Box, b.Amount)
	}
	for _, a := range report.Accounts {
		if a.Ledger.Minor != 0 {
			fmt.Println(a.Name, a.Ledger, "of which declared", a.Declared)
		}
	}
	// Output:
	// to pay the vendor: 100.00
	// box 1 52.50
	// box 4 17.50
	// box 6 300.00
	// box 7 100.00
	// Input tax 17.50 of which declared 17.50
	// Tax on sales -52.50 of which declared -52.50
}

// What each shop's sales and purchases put into the return of the business.
func ExampleService_TaxReportBy() {
	ctx, books, done := exampleBooks()
	defer done()
	must(books.CreateTax(ctx, accounting.NewTax{Code: "STD", Name: "Standard rate", Rates: standardRate,
		Boxes: accounting.TaxBoxes{SaleBase: "6", SaleTax: "1", PurchaseBase: "7", PurchaseTax: "4"}}))
	must(books.CreateDimension(ctx, accounting.NewDimension{Code: "shop", Name: "Shop"}))
	must(books.SetDimensionValues(ctx, "shop", []accounting.NewDimensionValue{{Code: "york", Name: "York"}, {Code: "leeds", Name: "Leeds"}}))
	ann := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann Example", Customer: true}}))[0]
	for shop, price := range map[string]int64{"york": 200, "leeds": 80} {
		must(books.Issue(ctx, []accounting.NewInvoice{{PartyID: ann.ID, Date: date.Of(2010, 12, 1), Dimensions: accounting.Dimensions{"shop": shop},
			Lines: []accounting.NewInvoiceLine{{Description: "Lamp", Quantity: must(money.Units(1)), UnitPrice: decimal.NewFromInt(price), TaxCode: "STD"}}}}))
	}
	for _, shop := range must(books.TaxReportBy(ctx, "shop", date.Of(2010, 12, 1), date.Of(2010, 12, 31))) {
		for _, b := range shop.Report.Boxes {
			fmt.Println(shop.Name, "box", b.Box, b.Amount)
		}
	}
	// Output:
	// Leeds box 1 14.00
	// Leeds box 6 80.00
	// York box 1 35.00
	// York box 6 200.00
}

func ExampleService_DetermineTax() {
	ctx, books, done := exampleBooks()
	defer done()
	must(books.CreateTax(ctx, accounting.NewTax{Code: "DE19", Name: "Umsatzsteuer 19 %", Rates: []accounting.NewTaxRate{
		{From: date.Of(2007, 1, 1), Rate: decimal.NewFromInt(19), Source: "UStG § 12 (1)"},
		{From: date.Of(2020, 7, 1), Rate: decimal.NewFromInt(16), Source: "UStG § 28 (1)"},
		{From: date.Of(2021, 1, 1), Rate: decimal.NewFromInt(19), Source: "UStG § 12 (1)"}}}))
	must(books.CreateTax(ctx, accounting.NewTax{Code: "DEIC", Name: "Innergemeinschaftliche Lieferung", Kind: accounting.TaxIntraCommunity, Reason: "UStG § 4 Nr. 1b",
		Rates: []accounting.NewTaxRate{{From: date.Of(2007, 1, 1), Rate: decimal.NewFromInt(19), Source: "UStG § 12 (1)"}}}))
	must(books.CreateTaxRules(ctx, []accounting.NewTaxRule{
		{Name: "At home", Rank: 10, ValidFrom: date.Of(2007, 1, 1), Place: accounting.PlaceDomestic, TaxCode: "DE19", Source: "UStG § 1 (1) Nr. 1"},
		{Name: "To a business in another state", Rank: 20, ValidFrom: date.Of(2007, 1, 1), Trade: accounting.Sale, Place: accounting.PlaceEU,
			Status: accounting.StatusBusiness, Nature: accounting.SupplyOfGoods, TaxCode: "DEIC", Source: "UStG § 6a"},
	}))
	question := accounting.TaxQuestion{Date: date.Of(2020, 7, 1), Trade: accounting.Sale, Establishment: "DE", Place: "DE", Status: accounting.StatusConsumer,
		Nature: accounting.SupplyOfGoods}
	home := must(books.DetermineTax(ctx, question))
	fmt.Println(home.TaxCode, home.Rate, home.Why)
	question.Place, question.Status = "FR", accounting.StatusBusiness
	fmt.Println(must(books.DetermineTax(ctx, question)).TaxCode)
	question.Status = accounting.StatusConsumer
	_, err := books.DetermineTax(ctx, question)
	fmt.Println(err)
	// Output:
	// DE19 16 rule 10 "At home", from 2007-01-01: supplied in DE (domestic); UStG § 1 (1) Nr. 1
	// DEIC
	// accounting.DetermineTax: one-stop-shop returns are not supported (accounting.tax_unsupported)
}

// Three instalments, and a discount for whoever pays within ten days: it lowers the tax as well.
func ExampleService_TakeDiscount() {
	ctx, books, done := exampleBooks()
	defer done()
	must(books.CreateTax(ctx, accounting.NewTax{Code: "STD", Name: "Standard rate", Rates: standardRate}))
	ann := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann Example", Customer: true}}))[0]
	on := date.Of(2010, 12, 1)
	agreed := accounting.PaymentTerms{DiscountPercent: decimal.NewFromInt(2), DiscountDays: 10, Instalments: []accounting.InstalmentTerm{
		{Days: 30, Percent: decimal.NewFromInt(50)}, {Days: 60, Percent: decimal.NewFromInt(50)}}}
	_, terms := agreed.On(on)
	invoice := must(books.Issue(ctx, []accounting.NewInvoice{{PartyID: ann.ID, Date: on, Terms: terms,
		Lines: []accounting.NewInvoiceLine{{Description: "Lamps", Quantity: must(money.Units(10)), UnitPrice: decimal.NewFromInt(100), TaxCode: "STD"}}}}))[0]
	for _, o := range must(books.OpenItems(ctx, on)).Items {
		fmt.Println(o.DueDate, o.Open())
	}
	must(books.TakeDiscount(ctx, []accounting.NewDiscount{{DocumentID: invoice.ID, Date: date.Of(2010, 12, 9)}}))
	given := must(books.Balance(ctx, accounting.ByRole(accounting.RoleDiscountGiven), date.Of(2010, 12, 31)))
	tax := must(books.Balance(ctx, accounting.ByRole(accounting.RoleTax), date.Of(2010, 12, 31)))
	fmt.Println("discount", given, "tax", tax, "open", must(books.DocumentStates(ctx, []uuid.UUID{invoice.ID}))[invoice.ID].Open)
	// Output:
	// 2010-12-31 587.50
	// 2011-01-30 587.50
	// discount 20.00 tax -171.50 open 1151.50
}

// A business that accounts for cash owes tax when it is paid.
func ExampleTaxDue() {
	ctx, books, done := exampleBooks()
	defer done()
	must(books.CreateTax(ctx, accounting.NewTax{Code: "CASH", Name: "Standard rate, cash accounting", Rates: standardRate, Due: accounting.TaxDueOnPayment,
		Boxes: accounting.TaxBoxes{SaleTax: "1"}}))
	ann := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann Example", Customer: true}}))[0]
	invoice := must(books.Issue(ctx, []accounting.NewInvoice{{PartyID: ann.ID, Date: date.Of(2010, 12, 1),
		Lines: []accounting.NewInvoiceLine{{Description: "Lamp", Quantity: must(money.Units(1)), UnitPrice: decimal.NewFromInt(100), TaxCode: "CASH"}}}}))[0]
	for _, amount := range []string{"50.00", "67.50"} {
		must(books.Pay(ctx, []accounting.NewPayment{{PartyID: ann.ID, Direction: accounting.MoneyIn, Date: date.Of(2010, 12, 20), Amount: pounds(amount),
			Allocate: []accounting.PaymentAllocation{{InvoiceID: invoice.ID, Amount: pounds(amount)}}}}))
		report := must(books.TaxReport(ctx, date.Of(2010, 12, 1), date.Of(2010, 12, 31)))
		fmt.Println("paid", amount, "box 1:", report.Boxes[0].Amount, "waiting:", len(report.NotDue))
	}
	// Output:
	// paid 50.00 box 1: 7.45 waiting: 1
	// paid 67.50 box 1: 17.50 waiting: 0
}

// A bill that came by post is drafted again as it comes by e-mail: the second draft says so, and so does the first, when it is looked at.
func ExampleService_DraftBills() {
	ctx, books, done := exampleBooks()
	defer done()
	paper := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Paper & Co", Vendor: true}}))[0]
	bill := accounting.NewBill{VendorNumber: "R-17", PartyID: paper.ID, Date: date.Of(2010, 12, 1), Lines: []accounting.NewBillLine{
		{Description: "Paper", Account: accounting.ByCode("6700"), Net: pounds("40.00")}}}
	post := must(books.DraftBills(ctx, []accounting.NewBill{bill}))[0]
	mail := must(books.DraftBills(ctx, []accounting.NewBill{bill}))[0]
	fmt.Println("likely drafted already:", mail.LikelyDrafts[0] == post.ID)
	must(books.RecordDrafts(ctx, []uuid.UUID{post.ID}))
	mail = must(books.GetDraft(ctx, mail.ID))
	fmt.Println("drafts:", len(mail.LikelyDrafts), "in the books:", len(mail.LikelyDuplicates))
	// Output:
	// likely drafted already: true
	// drafts: 0 in the books: 1
}

func ExampleService_IssueDrafts() {
	ctx, books, done := exampleBooks()
	defer done()
	ann := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann Example", Customer: true}}))[0]
	in := accounting.NewInvoice{Reference: "order-17", PartyID: ann.ID}
	draft := must(books.DraftInvoices(ctx, []accounting.NewInvoice{in}))[0]
	_, err := books.IssueDrafts(ctx, []uuid.UUID{draft.ID})
	fmt.Println(fault.CodeOf(err))
	in.Date = date.Of(2010, 12, 1)
	in.Lines = []accounting.NewInvoiceLine{{Description: "Lamp", Quantity: must(money.Units(1)), UnitPrice: decimal.NewFromInt(100)}}
	in.Adjustments = []accounting.Adjustment{{Adjust: accounting.Adjust{Percent: decimal.NewFromInt(10)}, Reason: "for old times' sake"}}
	must(books.ChangeInvoiceDraft(ctx, draft.ID, in))
	invoice := must(books.IssueDrafts(ctx, []uuid.UUID{draft.ID}))[0]
	fmt.Println(invoice.Number, invoice.Gross)
	back := must(books.ReverseInvoices(ctx, []accounting.DocumentReversal{{DocumentID: invoice.ID, Date: date.Of(2010, 12, 2), Reason: "ordered twice"}}))[0]
	fmt.Println(back.Number, back.Gross, must(books.DocumentStates(ctx, []uuid.UUID{invoice.ID}))[invoice.ID].State)
	// Output:
	// accounting.bad_input
	// INV-2010-00001 90.00
	// CN-2010-00001 90.00 reversed
}
