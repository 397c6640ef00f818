package accounting_test

import (
	"fmt"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Where did the cash come from, and where did it go? By the indirect method, from the profit.
func ExampleService_CashFlow() {
	ctx, books, done := exampleBooks()
	defer done()
	post := func(debit, credit, amount string) {
		must(books.Post(ctx, []accounting.NewEntry{{Date: date.Of(2010, 12, 1), Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByCode(debit), pounds(amount)), accounting.CreditLine(accounting.ByCode(credit), pounds(amount))}}}))
	}
	post("1000", "2500", "5000.00") // a loan
	post("1500", "1000", "3000.00") // equipment
	post("1000", "4000", "900.00")  // takings
	post("7400", "1590", "250.00")  // depreciation moves no money
	flow := must(books.CashFlow(ctx, accounting.CashFlowIndirect, date.Of(2010, 1, 1), date.Of(2010, 12, 31)))
	for _, part := range flow.Operating[:3] {
		fmt.Println(part.Name, part.Total)
	}
	fmt.Println("operating", flow.FromOperating, "investing", flow.FromInvesting, "financing", flow.FromFinancing)
	fmt.Println("cash", flow.Opening, flow.Change, flow.Closing)
	// Output:
	// Profit 650.00
	// Adjustments 250.00
	// Changes in working capital 0.00
	// operating 900.00 investing -3000.00 financing 5000.00
	// cash 0.00 2900.00 2900.00
}

// A deposit account that stands for cash: an account says where it stands in the statement of cash flows.
func ExampleService_UpdateAccount() {
	ctx, books, done := exampleBooks()
	defer done()
	deposit := must(books.CreateAccount(ctx, accounting.NewAccount{Code: "1005", Name: "Deposit account", Type: accounting.Asset}))
	fmt.Println(deposit.CashFlow)
	deposit = must(books.UpdateAccount(ctx, accounting.AccountChange{ID: deposit.ID, Name: deposit.Name, Active: true, CashFlow: accounting.CashFlowCash}))
	fmt.Println(deposit.CashFlow)
	// Output:
	// operating
	// cash
}

// What stands in the sales journal, entry by entry.
func ExampleService_JournalReport() {
	ctx, books, done := exampleBooks()
	defer done()
	must(books.Post(ctx, []accounting.NewEntry{{Journal: accounting.JournalSales, Date: date.Of(2010, 12, 1), Memo: "Lamp", Lines: []accounting.NewLine{
		accounting.DebitLine(accounting.ByRole(accounting.RoleCash), pounds("40.00")), accounting.CreditLine(accounting.ByRole(accounting.RoleSales), pounds("40.00"))}}}))
	page := must(books.JournalReport(ctx, accounting.JournalSales, date.Of(2010, 12, 1), date.Of(2010, 12, 31), tenancy.PageRequest{}))
	for _, entry := range page.Entries {
		fmt.Println(entry.EntryDate, entry.Kind, entry.Memo, len(entry.Lines), "lines")
	}
	fmt.Println(page.Debit, page.Credit)
	// Output:
	// 2010-12-01 entry Lamp 2 lines
	// 40.00 40.00
}
