package accounting_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// exampleDB is the database of the example that runs.
var exampleDB *tenancy.DB

// must ends an example on an error.
func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// exampleBooks are fresh books on SQLite, and a context inside their tenant.
func exampleBooks() (context.Context, *accounting.Service, func()) {
	ctx := context.Background()
	dir := must(os.MkdirTemp("", "erp-example-"))
	db := must(tenancy.Open(ctx, sqlite.Engine{Dir: dir}, tenancy.Options{Modules: []tenancy.Module{accounting.Module()}, Migrate: true,
		Keys: local.Keys{Path: filepath.Join(dir, "master.key")}}))
	staff := must(db.EnterPlatform(ctx, "operator", tenancy.Permissions{"*"}))
	tenant := must(db.Tenants().Create(staff, tenancy.NewTenant{Name: "Lamps Ltd", TimeZone: "Europe/London"}))
	ctx = must(db.Enter(ctx, tenant.ID, "user-1", tenancy.Permissions{"accounting.*"}))
	exampleDB = db
	books := accounting.New(db)
	must(books.OpenBooks(ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartGeneral, YearStart: date.Of(2010, 1, 1)}))
	return ctx, books, func() {
		_ = db.Close()
		_ = os.RemoveAll(dir)
	}
}

func pounds(text string) money.Amount { return must(money.Parse(text, "GBP")) }

// One domain alone: an embedded database, a tenant, its books.
func Example() {
	ctx := context.Background()
	dir := must(os.MkdirTemp("", "erp-example-"))
	defer func() { _ = os.RemoveAll(dir) }()
	db := must(tenancy.Open(ctx, sqlite.Engine{Dir: dir}, tenancy.Options{Modules: []tenancy.Module{accounting.Module()}, Migrate: true,
		Keys: local.Keys{Path: filepath.Join(dir, "master.key")}}))
	defer func() { _ = db.Close() }()

	staff := must(db.EnterPlatform(ctx, "operator", tenancy.Permissions{"*"}))
	tenant := must(db.Tenants().Create(staff, tenancy.NewTenant{Name: "Lamps Ltd", TimeZone: "Europe/London"}))
	ctx = must(db.Enter(ctx, tenant.ID, "user-1", tenancy.Permissions{"accounting.*"}))

	books := accounting.New(db)
	opened := must(books.OpenBooks(ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartUKRetail, YearStart: date.Of(2010, 4, 6)}))
	years := must(books.FiscalYears(ctx))
	bank := must(books.GetAccount(ctx, accounting.ByRole(accounting.RoleBank)))
	fmt.Println(opened.Currency, years[0].Label, bank.Code, bank.Name)
	// Output: GBP 2010-11 1300 Current account
}

// What would an act do? Told in entries and balances, and undone.
func ExampleService_Preview() {
	ctx, books, done := exampleBooks()
	defer done()
	preview := must(books.Preview(ctx, func(ctx context.Context) error {
		_, err := books.Post(ctx, []accounting.NewEntry{{Date: date.Of(2010, 12, 1), Memo: "Rent", Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByCode("6100"), pounds("800.00")),
			accounting.CreditLine(accounting.ByRole(accounting.RoleBank), pounds("800.00")),
		}}})
		return err
	}))
	for _, e := range preview.Entries {
		fmt.Println(e.EntryDate, e.Journal, e.Memo, len(e.Lines), "lines")
	}
	for _, b := range preview.Balances {
		fmt.Println(b.Code, b.Name, b.Before, "->", b.After)
	}
	// Output:
	// 2010-12-01 GEN Rent 2 lines
	// 1000 Bank 0.00 -> -800.00
	// 6100 Rent 0.00 -> 800.00
}

func ExampleService_Post() {
	ctx, books, done := exampleBooks()
	defer done()
	entry := accounting.NewEntry{
		Reference: "rent-2010-12",
		Date:      date.Of(2010, 12, 1),
		Memo:      "December",
		Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByCode("6100"), pounds("800.00")),
			accounting.CreditLine(accounting.ByRole(accounting.RoleBank), pounds("800.00")),
		},
	}
	for range 2 { // the second time is a retry
		posted := must(books.Post(ctx, []accounting.NewEntry{entry}))
		fmt.Println("replayed:", posted[0].Replayed)
	}
	entry.Reference = ""
	entry.Lines[1].Credit = pounds("799.99")
	_, err := books.Post(ctx, []accounting.NewEntry{entry})
	fmt.Println(err)
	// Output:
	// replayed: false
	// replayed: true
	// accounting.Post: entry 1: debits are 800.00 and credits 799.99 (accounting.entry_unbalanced)
}

func ExampleService_Issue() {
	ctx, books, done := exampleBooks()
	defer done()
	must(books.CreateTax(ctx, accounting.NewTax{Code: "STD", Name: "Standard rate", Rates: []accounting.NewTaxRate{
		{From: date.Of(2010, 1, 1), Rate: decimal.RequireFromString("17.5"), Source: "VATA 1994, s. 2(1)"},
		{From: date.Of(2011, 1, 4), Rate: decimal.NewFromInt(20), Source: "Finance (No. 2) Act 2010, s. 3"}}}))
	ann := must(books.CreateParties(ctx, []accounting.NewParty{{Reference: "C-17", Name: "Ann Example", Customer: true}}))[0]

	invoice := must(books.Issue(ctx, []accounting.NewInvoice{{
		Reference: "order-1001",
		PartyID:   ann.ID,
		Date:      date.Of(2010, 12, 1),
		Due:       date.Of(2010, 12, 31),
		Lines: []accounting.NewInvoiceLine{
			{Description: "Lamp", Quantity: must(money.Units(3)), UnitPrice: decimal.RequireFromString("12.345"), TaxCode: "STD"},
			{Description: "Carriage", Quantity: must(money.Units(1)), UnitPrice: decimal.RequireFromString("4.95"), TaxCode: "STD", Account: accounting.ByCode("4200")},
		},
	}}))[0]
	fmt.Println(invoice.Number, "net", invoice.Net, "tax", invoice.Tax, "total", invoice.Gross)

	must(books.Pay(ctx, []accounting.NewPayment{{
		Reference: "bank-778", PartyID: ann.ID, Direction: accounting.MoneyIn, Date: date.Of(2010, 12, 15), Amount: pounds("40.00"),
		Allocate: []accounting.PaymentAllocation{{InvoiceID: invoice.ID, Amount: pounds("40.00")}},
	}}))
	for _, day := range []date.Date{date.Of(2010, 12, 14), date.Of(2010, 12, 15)} {
		open := must(books.OpenItems(ctx, day))
		fmt.Println(day, "open", open.Items[0].Open(), "due", open.Items[0].DueDate)
	}
	// Output:
	// INV-2010-00001 net 41.99 tax 7.35 total 49.34
	// 2010-12-14 open 49.34 due 2010-12-31
	// 2010-12-15 open 9.34 due 2010-12-31
}

// A credit note that names its invoice never credits more than it.
func ExampleService_Issue_creditNote() {
	ctx, books, done := exampleBooks()
	defer done()
	cash := accounting.ByRole(accounting.RoleCash)
	lamps := func(n int64) []accounting.NewInvoiceLine {
		return []accounting.NewInvoiceLine{{Description: "Lamp", Quantity: must(money.Units(n)), UnitPrice: decimal.NewFromInt(12)}}
	}
	sold := must(books.Issue(ctx, []accounting.NewInvoice{{Date: date.Of(2010, 12, 1), Lines: lamps(3), SettledBy: cash}}))[0]
	back := accounting.NewInvoice{Kind: accounting.CreditNoteDocument, Date: date.Of(2010, 12, 2), CorrectsID: sold.ID, Lines: lamps(2), SettledBy: cash}
	fmt.Println(must(books.Issue(ctx, []accounting.NewInvoice{back}))[0].Number)
	_, err := books.Issue(ctx, []accounting.NewInvoice{back})
	fmt.Println(err)
	// Output:
	// CN-2010-00001
	// accounting.Issue: document 1: invoice INV-2010-00001 of 36.00 has 12.00 left to credit, not 24.00 (accounting.over_credited)
}

func ExampleService_Reverse() {
	ctx, books, done := exampleBooks()
	defer done()
	amount := pounds("25.00")
	wrong := must(books.Post(ctx, []accounting.NewEntry{{Date: date.Of(2010, 12, 1), Lines: []accounting.NewLine{
		accounting.DebitLine(accounting.ByRole(accounting.RoleFees), amount), accounting.CreditLine(accounting.ByRole(accounting.RoleBank), amount)}}}))[0]
	must(books.Reverse(ctx, []accounting.Reversal{{EntryID: wrong.ID, Date: date.Of(2010, 12, 3), Reason: "charged to another account"}}))
	fmt.Println(must(books.Balance(ctx, accounting.ByRole(accounting.RoleBank), date.Of(2010, 12, 2))))
	fmt.Println(must(books.Balance(ctx, accounting.ByRole(accounting.RoleBank), date.Of(2010, 12, 3))))
	// Output:
	// -25.00
	// 0.00
}

func ExampleService_BalanceSheet() {
	ctx, books, done := exampleBooks()
	defer done()
	post := func(debit, credit accounting.Role, amount string) {
		must(books.Post(ctx, []accounting.NewEntry{{Date: date.Of(2010, 12, 1), Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByRole(debit), pounds(amount)), accounting.CreditLine(accounting.ByRole(credit), pounds(amount))}}}))
	}
	post(accounting.RoleBank, accounting.RoleOpeningEquity, "1000.00")
	post(accounting.RoleBank, accounting.RoleSales, "300.00")
	post(accounting.RoleFees, accounting.RoleBank, "20.00")
	bs := must(books.BalanceSheet(ctx, date.Of(2010, 12, 31)))
	for _, lines := range [][]accounting.StatementLine{bs.Assets, bs.Equity} {
		for _, l := range lines {
			fmt.Println(l.Name, l.Amount)
		}
	}
	pl := must(books.ProfitAndLoss(ctx, date.Of(2010, 1, 1), date.Of(2010, 12, 31)))
	fmt.Println("net profit", pl.NetProfit)
	// Output:
	// Bank 1280.00
	// Opening balances 1000.00
	// Profit for the year 280.00
	// net profit 280.00
}

func ExampleService_Bill() {
	ctx, books, done := exampleBooks()
	defer done()
	vendor := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Landlord Ltd", Vendor: true}}))[0]
	bill := must(books.Bill(ctx, []accounting.NewBill{{
		Reference:    "bill-17",
		VendorNumber: "2010/117",
		PartyID:      vendor.ID,
		Date:         date.Of(2010, 12, 1),
		Lines:        []accounting.NewBillLine{{Description: "Rent", Account: accounting.ByCode("6100"), Net: pounds("800.00")}},
	}}))[0]
	must(books.Pay(ctx, []accounting.NewPayment{{
		PartyID: vendor.ID, Direction: accounting.MoneyOut, Date: date.Of(2010, 12, 15), Amount: bill.Gross,
		Allocate: []accounting.PaymentAllocation{{InvoiceID: bill.ID, Amount: bill.Gross}},
	}}))
	_, err := books.Bill(ctx, []accounting.NewBill{{VendorNumber: "2010/117", PartyID: vendor.ID, Date: date.Of(2010, 12, 2),
		Lines: []accounting.NewBillLine{{Description: "Rent", Account: accounting.ByCode("6100"), Net: pounds("800.00")}}}})
	fmt.Println(bill.Gross, "and again:", fault.CodeOf(err))
	// Output: 800.00 and again: accounting.bill_taken
}

func ExampleService_Verify() {
	ctx, books, done := exampleBooks()
	defer done()
	for _, c := range must(books.Verify(ctx)) {
		fmt.Println(c.OK, c.Name)
	}
	// Output:
	// true every entry balances
	// true balances equal the lines
	// true open items equal the control accounts
	// true no gaps in legal numbers
	// true documents equal their lines
	// true bills equal their lines
	// true prepayments are set off once
	// true tax declared equals the ledger
	// true closed periods are as they were closed
}

// What did the books say then about November? What was posted since is left out.
func ExampleService_KnownAt() {
	ctx, books, done := exampleBooks()
	defer done()
	sale := func(amount string) accounting.Entry {
		return must(books.Post(ctx, []accounting.NewEntry{{Date: date.Of(2010, 11, 30), Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByRole(accounting.RoleCash), pounds(amount)),
			accounting.CreditLine(accounting.ByRole(accounting.RoleSales), pounds(amount)),
		}}}))[0]
	}
	reported := sale("500.00").PostedAt // and then somebody finds another receipt
	sale("20.00")
	now := must(books.ProfitAndLoss(ctx, date.Of(2010, 11, 1), date.Of(2010, 11, 30)))
	then := must(books.KnownAt(reported).ProfitAndLoss(ctx, date.Of(2010, 11, 1), date.Of(2010, 11, 30)))
	fmt.Println("now", now.NetProfit, "as reported", then.NetProfit)
	// Output: now 520.00 as reported 500.00
}

// Two months side by side.
func ExampleService_CompareProfitAndLoss() {
	ctx, books, done := exampleBooks()
	defer done()
	for _, month := range []int{11, 12} {
		must(books.Post(ctx, []accounting.NewEntry{{Date: date.Of(2010, time.Month(month), 15), Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByRole(accounting.RoleCash), pounds("100.00")),
			accounting.CreditLine(accounting.ByRole(accounting.RoleSales), pounds("100.00")),
		}}}))
	}
	table := must(books.CompareProfitAndLoss(ctx, []accounting.Span{
		{From: date.Of(2010, 11, 1), To: date.Of(2010, 11, 30)},
		{From: date.Of(2010, 12, 1), To: date.Of(2010, 12, 31)},
	}))
	for _, section := range table.Sections {
		fmt.Println(section.Name, section.Totals)
	}
	// Output:
	// Income [100.00 100.00]
	// Cost of sales [0.00 0.00]
	// Gross profit [100.00 100.00]
	// Expenses [0.00 0.00]
	// Net profit [100.00 100.00]
}

// Where does this figure come from? From its lines to their documents, tax rates and roundings.
func ExampleService_Explain() {
	ctx, books, done := exampleBooks()
	defer done()
	must(books.CreateTax(ctx, accounting.NewTax{Code: "S20", Name: "Standard rate", Rates: []accounting.NewTaxRate{
		{From: date.Of(1991, 4, 1), Rate: decimal.RequireFromString("17.5"), Source: "FA 1991 s. 13"},
	}}))
	customer := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann", Customer: true}}))[0]
	must(books.Issue(ctx, []accounting.NewInvoice{{PartyID: customer.ID, Date: date.Of(2010, 12, 1), Lines: []accounting.NewInvoiceLine{
		{Description: "Lamp", Quantity: must(money.Units(3)), UnitPrice: decimal.RequireFromString("12.345"), TaxCode: "S20"},
	}}}))
	for _, role := range []accounting.Role{accounting.RoleSales, accounting.RoleTax} {
		figure := must(books.Explain(ctx, accounting.ByRole(role), date.Of(2010, 12, 1), date.Of(2010, 12, 31), tenancy.PageRequest{}))
		for _, reason := range figure.Reasons {
			for _, step := range reason.Steps {
				fmt.Printf("%s %s %s -> %s %q\n", reason.Document, step.Kind, step.Exact.Decimal, step.Amount, step.RateSource)
			}
		}
	}
	// Output:
	// INV-2010-00001 line 37.035 -> -37.04 ""
	// INV-2010-00001 tax 6.482 -> -6.48 "FA 1991 s. 13"
}
