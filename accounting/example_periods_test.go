package accounting_test

import (
	"context"
	"fmt"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// Closing a month: locked, it takes nothing any more, and neither does what is before. Its figures are on record.
func ExampleService_SetPeriodState() {
	ctx, books, done := exampleBooks()
	defer done()
	sale := func(on date.Date) accounting.NewEntry {
		return accounting.NewEntry{Date: on, Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByRole(accounting.RoleCash), pounds("10.00")), accounting.CreditLine(accounting.ByRole(accounting.RoleSales), pounds("10.00"))}}
	}
	must(books.Post(ctx, []accounting.NewEntry{sale(date.Of(2010, 1, 15))}))
	january := must(books.Periods(ctx))[0]
	must(books.SetPeriodState(ctx, accounting.SetPeriod{PeriodID: january.ID, State: accounting.PeriodLocked}))
	closing := must(books.Closings(ctx))[0]
	fmt.Println("closed by", closing.ClosedBy, "with a profit of", closing.Profit)
	_, err := books.Post(ctx, []accounting.NewEntry{sale(date.Of(2010, 1, 31))})
	fmt.Println(fault.KindOf(err), err)
	// Output:
	// closed by user-1 with a profit of 10.00
	// locked accounting.Post: entry 1: period 2010-01 is locked (accounting.period_locked)
}

// Sales are done, the bank is not: one journal is locked more tightly than the others.
func ExampleService_SetPeriodState_journal() {
	ctx, books, done := exampleBooks()
	defer done()
	january := must(books.Periods(ctx))[0]
	must(books.SetPeriodState(ctx, accounting.SetPeriod{PeriodID: january.ID, Journal: accounting.JournalSales, State: accounting.PeriodSoftLocked}))
	ann := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann Example", Customer: true}}))[0]
	invoice := accounting.NewInvoice{PartyID: ann.ID, Date: date.Of(2010, 1, 31), Lines: []accounting.NewInvoiceLine{{Description: "Lamp", Quantity: units(1), UnitPrice: price("12")}}}
	_, err := books.Issue(ctx, []accounting.NewInvoice{invoice})
	fmt.Println(err)
	invoice.LockException = "agreed with the auditor"
	fmt.Println(must(books.Issue(ctx, []accounting.NewInvoice{invoice}))[0].Number)
	// Output:
	// accounting.Issue: document 1: period 2010-01 is soft-locked for the journal SAL: a reason is needed (LockException) (accounting.period_soft_locked)
	// INV-2010-00001
}

// A bill of January that comes in March: it keeps its date, and its entry counts for the first open month.
func ExampleLatePolicy() {
	ctx, books, done := exampleBooks()
	defer done()
	vendor := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Power & Light", Vendor: true}}))[0]
	must(books.SetPeriodState(ctx, accounting.SetPeriod{PeriodID: must(books.Periods(ctx))[1].ID, State: accounting.PeriodLocked}))
	bill := must(books.Bill(ctx, []accounting.NewBill{{
		VendorNumber: "77-1", PartyID: vendor.ID, Date: date.Of(2010, 1, 20), Late: accounting.LateFirstOpen,
		Lines: []accounting.NewBillLine{{Description: "Electricity", Account: accounting.ByCode("6200"), Net: pounds("85.00")}},
	}}))[0]
	entry := must(books.GetEntry(ctx, bill.EntryID))
	fmt.Println("bill of", bill.BillDate, "late:", entry.Late, "counts for", entry.EntryDate)
	// Output: bill of 2010-01-20 late: true counts for 2010-03-01
}

// A locked month is opened again by two persons, and what was closed does not stand any more.
func ExampleService_ApproveReopening() {
	ctx, books, done := exampleBooks()
	defer done()
	january := must(books.Periods(ctx))[0]
	must(books.SetPeriodState(ctx, accounting.SetPeriod{PeriodID: january.ID, State: accounting.PeriodLocked}))

	asked := must(books.AskReopening(ctx, accounting.NewReopening{PeriodID: january.ID, Reason: "the bank's statement was incomplete"}))
	_, err := books.ApproveReopening(ctx, asked.ID)
	fmt.Println(err)
	must(books.ApproveReopening(as(ctx, "user-2"), asked.ID))

	fmt.Println(must(books.Periods(ctx))[0].State, "standing:", must(books.Closings(ctx))[0].Standing())
	// Output:
	// accounting.ApproveReopening: whoever asks for a reopening does not approve it (accounting.same_person)
	// soft_locked standing: false
}

// Closing a year books its result into retained earnings and locks its last month. The statements say what they said before.
func ExampleService_CloseYear() {
	ctx, books, done := exampleBooks()
	defer done()
	must(books.Post(ctx, []accounting.NewEntry{{Date: date.Of(2010, 12, 30), Lines: []accounting.NewLine{
		accounting.DebitLine(accounting.ByRole(accounting.RoleCash), pounds("300.00")), accounting.CreditLine(accounting.ByRole(accounting.RoleSales), pounds("300.00"))}}}))
	year := must(books.FiscalYears(ctx))[0]
	must(books.SetPeriodState(ctx, accounting.SetPeriod{PeriodID: must(books.Periods(ctx))[10].ID, State: accounting.PeriodLocked}))
	closing := must(books.CloseYear(ctx, accounting.NewYearEnd{FiscalYearID: year.ID}))
	fmt.Println(year.Label, closing.Profit)
	fmt.Println(must(books.Balance(ctx, accounting.ByRole(accounting.RoleRetainedEarnings), year.EndsOn)))
	fmt.Println(must(books.ProfitAndLoss(ctx, year.StartsOn, year.EndsOn)).NetProfit)
	// Output:
	// 2010 300.00
	// -300.00
	// 300.00
}

func ExampleService_OpenBalances() {
	ctx, books, done := exampleBooks()
	defer done()
	ann := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann Example", Customer: true}}))[0]
	must(books.OpenBalances(ctx, accounting.NewOpening{Reference: "opening", Date: date.Of(2010, 1, 1), Lines: []accounting.NewLine{
		accounting.DebitLine(accounting.ByRole(accounting.RoleBank), pounds("1000.00")),
		{Account: accounting.ByRole(accounting.RoleReceivable), PartyID: ann.ID, Debit: pounds("60.00"), Due: date.Of(2010, 1, 20)},
	}}))
	fmt.Println(must(books.Balance(ctx, accounting.ByRole(accounting.RoleOpeningEquity), date.Of(2010, 1, 1))))
	open := must(books.OpenItems(ctx, date.Of(2010, 1, 1))).Items[0]
	fmt.Println(open.Open(), "due", open.DueDate)
	// Output:
	// -1060.00
	// 60.00 due 2010-01-20
}

// as is the same tenant, entered by another person.
func as(ctx context.Context, actor string) context.Context {
	return must(exampleDB.Enter(context.Background(), tenancy.ScopeOf(ctx).TenantID(), actor, tenancy.Permissions{"accounting.*"}))
}
