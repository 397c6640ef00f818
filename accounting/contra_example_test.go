package accounting_test

import (
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// A party buys from us and sells to us. By agreement the smaller sum is not paid but set off; taken back, both stand as before.
func ExampleService_Contra() {
	ctx, books, done := exampleBooks()
	defer done()
	miller := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Miller & Sons", Customer: true, Vendor: true}}))[0]
	sold := must(books.Issue(ctx, []accounting.NewInvoice{{PartyID: miller.ID, Date: date.Of(2010, 12, 1),
		Lines: []accounting.NewInvoiceLine{{Description: "Lamp", Quantity: must(money.Units(1)), UnitPrice: decimal.NewFromInt(100)}}}}))[0]
	bought := must(books.Bill(ctx, []accounting.NewBill{{PartyID: miller.ID, VendorNumber: "77", Date: date.Of(2010, 12, 3),
		Lines: []accounting.NewBillLine{{Account: accounting.ByCode("6400"), Net: pounds("60.00")}}}}))[0]
	netted := must(books.Contra(ctx, []accounting.NewContra{{Reference: "net-1", ReceivableID: sold.ID, PayableID: bought.ID, Date: date.Of(2010, 12, 10),
		Amount: pounds("60.00"), Agreement: "clause 7 of the supply contract"}}))[0]
	must(books.Unallocate(ctx, []accounting.Unallocation{{AllocationID: netted.ID, Date: date.Of(2010, 12, 20), Reason: "the clause had lapsed"}}))
	openOn(ctx, books, date.Of(2010, 12, 9), date.Of(2010, 12, 10), date.Of(2010, 12, 20))
	// Output:
	// 2010-12-09 invoice 100.00 bill -60.00
	// 2010-12-10 invoice 40.00
	// 2010-12-20 invoice 100.00 bill -60.00
}
