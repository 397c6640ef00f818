package accounting_test

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// paidInvoice is an invoice of 100.00 that was paid.
func paidInvoice(ctx context.Context, books *accounting.Service) (accounting.Invoice, accounting.Payment) {
	ann := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann Example", Customer: true}}))[0]
	invoice := must(books.Issue(ctx, []accounting.NewInvoice{{PartyID: ann.ID, Date: date.Of(2010, 12, 1),
		Lines: []accounting.NewInvoiceLine{{Description: "Lamp", Quantity: must(money.Units(1)), UnitPrice: decimal.NewFromInt(100)}}}}))[0]
	payment := must(books.Pay(ctx, []accounting.NewPayment{{PartyID: ann.ID, Direction: accounting.MoneyIn, Date: date.Of(2010, 12, 10), Amount: pounds("100.00"),
		Allocate: []accounting.PaymentAllocation{{InvoiceID: invoice.ID, Amount: pounds("100.00")}}}}))[0]
	return invoice, payment
}

// openOn prints what is open at the ends of days.
func openOn(ctx context.Context, books *accounting.Service, days ...date.Date) {
	for _, on := range days {
		fmt.Print(on)
		for _, o := range must(books.OpenItems(ctx, on)).Items {
			fmt.Print(" ", o.Kind, " ", o.Open())
		}
		fmt.Println()
	}
}

// The payment was for another invoice. From the 20th on both wait again; until then the invoice was paid.
func ExampleService_Unallocate() {
	ctx, books, done := exampleBooks()
	defer done()
	invoice, payment := paidInvoice(ctx, books)
	settled := must(books.Allocations(ctx, payment.ID))[0]
	must(books.Unallocate(ctx, []accounting.Unallocation{{AllocationID: settled.ID, Date: date.Of(2010, 12, 20), Reason: "it pays January's rent"}}))
	openOn(ctx, books, date.Of(2010, 12, 19), date.Of(2010, 12, 20))
	fmt.Println(must(books.DocumentStates(ctx, []uuid.UUID{invoice.ID}))[invoice.ID].State)
	// Output:
	// 2010-12-19
	// 2010-12-20 invoice 100.00 payment -100.00
	// issued
}

// A cheque bounces: the invoice is open again, the bank shows both ways, and what the bank charges is an entry of its own. A preview says so
// beforehand.
func ExampleService_ReversePayments() {
	ctx, books, done := exampleBooks()
	defer done()
	_, payment := paidInvoice(ctx, books)
	bounced := []accounting.PaymentReversal{{Reference: "return-1", PaymentID: payment.ID, Date: date.Of(2010, 12, 15), Reason: "refer to drawer"}}
	preview := must(books.Preview(ctx, func(ctx context.Context) error {
		_, err := books.ReversePayments(ctx, bounced)
		return err
	}))
	for _, b := range preview.Balances {
		fmt.Println("would move", b.Name, "from", b.Before, "to", b.After)
	}
	for range 2 { // a retry is answered with what was done
		reversal := must(books.ReversePayments(ctx, bounced))[0]
		fmt.Println(reversal.EntryDate, reversal.Kind, reversal.Replayed)
	}
	must(books.Post(ctx, []accounting.NewEntry{{Date: date.Of(2010, 12, 15), Lines: []accounting.NewLine{
		accounting.DebitLine(accounting.ByRole(accounting.RoleFees), pounds("4.00")),
		accounting.CreditLine(accounting.ByRole(accounting.RoleBank), pounds("4.00"))}}}))
	openOn(ctx, books, date.Of(2010, 12, 14), date.Of(2010, 12, 15))
	// Output:
	// would move Bank from 100.00 to 0.00
	// would move Trade receivables from 0.00 to 100.00
	// 2010-12-15 reversal false
	// 2010-12-15 reversal true
	// 2010-12-14
	// 2010-12-15 invoice 100.00
}
