package exchange_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// must ends an example on an error.
func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// exampleTenant is a tenant on SQLite that has no books yet.
func exampleTenant() (context.Context, *accounting.Service, *exchange.Service, func()) {
	ctx := context.Background()
	dir := must(os.MkdirTemp("", "erp-example-"))
	db := must(tenancy.Open(ctx, sqlite.Engine{Dir: dir}, tenancy.Options{Modules: []tenancy.Module{accounting.Module()}, Migrate: true,
		Keys: local.Keys{Path: filepath.Join(dir, "master.key")}}))
	staff := must(db.EnterPlatform(ctx, "operator", tenancy.Permissions{"*"}))
	tenant := must(db.Tenants().Create(staff, tenancy.NewTenant{Name: "Lamps Ltd", TimeZone: "Europe/London"}))
	ctx = must(db.Enter(ctx, tenant.ID, "user-1", tenancy.Permissions{"accounting.*", "exchange.*"}))
	books := accounting.New(db)
	return ctx, books, exchange.New(db, books), func() {
		_ = db.Close()
		_ = os.RemoveAll(dir)
	}
}

var generalBooks = accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartGeneral, YearStart: date.Of(2010, 1, 1)}

// The books as a journal that hledger reads: `hledger -f books.journal balance`.
func ExampleService_WriteJournal() {
	ctx, books, ex, done := exampleTenant()
	defer done()
	must(books.OpenBooks(ctx, generalBooks))
	rent := must(money.Parse("800", "GBP"))
	must(books.Post(ctx, []accounting.NewEntry{{
		Reference: "rent-12", Date: date.Of(2010, 12, 1), Memo: "December; paid late",
		Lines: []accounting.NewLine{accounting.DebitLine(accounting.ByCode("6100"), rent), accounting.CreditLine(accounting.ByRole(accounting.RoleBank), rent)},
	}}))

	var out strings.Builder
	if err := ex.WriteJournal(ctx, &out, exchange.Hledger, exchange.Span{}); err != nil {
		log.Fatal(err)
	}
	_, entry, _ := strings.Cut(out.String(), "\n2010-")
	for line := range strings.Lines("2010-" + entry) {
		if !strings.Contains(line, "; entry:") { // an id, another one each time
			fmt.Print(line)
		}
	}
	// Output:
	// 2010-12-01 * GEN entry: December\u{3b} paid late
	//     ; journal: GEN
	//     ; kind: entry
	//     ; reference: rent-12
	//     Expenses:6100 Rent  800.00 GBP
	//     Assets:1000 Bank  -800.00 GBP
}

// A chart of one's own, and what it began with. What is missing is named; what does not fit is told by line.
func ExampleReadChart() {
	_, err := exchange.ReadChart(strings.NewReader("code,name,type,role\n10,Bank,asset,bank\n20,Sales,incme,sales\n"))
	var files *exchange.FilesError
	if errors.As(err, &files) {
		for _, p := range files.Problems {
			fmt.Printf("%.78s...\n", p)
		}
	}

	var chart strings.Builder // here a template stands for the host's file
	chart.WriteString("code,name,type,role\n")
	for _, a := range accounting.ChartUK.Accounts() {
		fmt.Fprintf(&chart, "%s,%q,%s,%s\n", a.Code, a.Name, a.Type, a.Role)
	}
	accounts := must(exchange.ReadChart(strings.NewReader(chart.String())))

	ctx, books, _, done := exampleTenant()
	defer done()
	must(books.OpenBooks(ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartOwn, Accounts: accounts, YearStart: date.Of(2010, 1, 1)}))
	fmt.Println(must(books.GetAccount(ctx, accounting.ByRole(accounting.RoleReceivable))).Name)
	// Output:
	// chart, role: no account has these roles: bad_debt (expense), bad_debt_allowanc...
	// chart line 3, type: must be one of: asset liability equity income cost_of_sale...
	// Debtors: trade
}

// What was there on the first day: balances, and the open items that the control accounts consist of.
func ExampleService_Import() {
	ctx, books, ex, done := exampleTenant()
	defer done()
	must(books.OpenBooks(ctx, generalBooks))
	opening := func() exchange.Import {
		return exchange.Import{
			OpeningOn: date.Of(2010, 1, 1),
			Parties:   strings.NewReader("reference,name,customer\nC-17,Ann Example,yes\n"),
			Balances:  strings.NewReader("account,debit,credit\n1000,500.00,\n1100,120.00,\n3000,,620.00\n"),
			OpenItems: strings.NewReader("reference,account,party,document_date,due,debit,credit\nINV-9,1100,C-17,2009-11-20,2009-12-20,120.00,\n"),
		}
	}
	for range 2 { // the second time it is all there
		taken := must(ex.Import(ctx, opening()))
		fmt.Printf("parties %+v, entries %+v, left on opening equity %s\n", taken.Parties, taken.Entries, taken.OpeningEquity)
	}
	for _, item := range must(books.OpenItems(ctx, date.Of(2010, 1, 1))).Items {
		fmt.Println("open", item.Open(), "due", item.DueDate)
	}
	// Output:
	// parties {New:1 There:0}, entries {New:2 There:0}, left on opening equity 0.00
	// parties {New:0 There:1}, entries {New:0 There:2}, left on opening equity 0.00
	// open 120.00 due 2009-12-20
}

// Trying an import first. Everything that is wrong is told at once.
func ExampleService_DryRun() {
	ctx, books, ex, done := exampleTenant()
	defer done()
	must(books.OpenBooks(ctx, generalBooks))
	_, err := ex.DryRun(ctx, exchange.Import{Entries: strings.NewReader("entry,date,account,debit,credit\n" +
		"1,2010-12-01,6100,\"800,00\",\n" +
		"1,,1000,,800.00\n" +
		"2,2010-12-02,6199,5.00,\n" +
		"2,,1000,,4.00\n")})
	var files *exchange.FilesError
	if errors.As(err, &files) {
		for _, p := range files.Problems {
			fmt.Println(p)
		}
	}
	would := must(ex.DryRun(ctx, exchange.Import{Entries: strings.NewReader("entry,date,account,debit,credit\n1,2010-12-01,6100,800.00,\n1,,1000,,800.00\n")}))
	fmt.Println("would book", would.Entries.New, "entry;", len(would.Changes.Of("erp.journal_lines")), "lines; debits", would.TrialBalance.Debit)
	fmt.Println("booked:", must(books.TrialBalance(ctx, date.Of(2010, 12, 31))).Debit)
	// Output:
	// entries line 2, debit: "800,00" is no amount in GBP: write 1234.50, with a point and no grouping (exchange.bad_value)
	// entries line 4, account: the chart has no account "6199" (accounting.unknown_account)
	// entries line 5: entry "2": debits are 5.00 and credits 4.00 (accounting.entry_unbalanced)
	// would book 1 entry; 2 lines; debits 800.00
	// booked: 0.00
}

// An issued invoice as a file that the customer's program reads.
func ExampleService_WriteUBL() {
	ctx, books, ex, done := exampleTenant()
	defer done()
	must(books.OpenBooks(ctx, accounting.NewBooks{Currency: "EUR", Chart: accounting.ChartGeneral, YearStart: date.Of(2026, 1, 1), Country: "DE"}))
	must(books.DescribeBusiness(ctx, accounting.Business{Name: "Lampen GmbH", Address: []string{"Weg 1"}, Country: "DE", TaxID: "DE123456789"}))
	customer := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann SARL", Customer: true, Country: "FR", TaxID: "FR12345678901"}}))[0]
	must(books.CreateTax(ctx, accounting.NewTax{Code: "S19", Name: "Umsatzsteuer", Rates: []accounting.NewTaxRate{
		{From: date.Of(2007, 1, 1), Rate: decimal.NewFromInt(19), Source: "UStG § 12 (1)"},
	}}))
	invoice := must(books.Issue(ctx, []accounting.NewInvoice{{
		PartyID: customer.ID, Date: date.Of(2026, 3, 31), Due: date.Of(2026, 4, 30), TaxRounding: accounting.RoundPerDocument,
		Lines: []accounting.NewInvoiceLine{{Description: "Lamp", Quantity: must(money.Units(3)), UnitPrice: decimal.RequireFromString("12.345"), TaxCode: "S19"}},
	}}))[0]

	var file bytes.Buffer
	if err := ex.WriteUBL(ctx, &file, exchange.UBLInvoice{InvoiceID: invoice.ID}); err != nil {
		log.Fatal(err)
	}
	read := must(einvoice.ReadUBL(bytes.NewReader(file.Bytes())))
	fmt.Println(read.Document.Number, read.Document.Totals.Payable.Format(), len(einvoice.Validate(read.Document)), "findings")
	// Output: INV-2026-00001 44.08 EUR 0 findings
}

// A statement as a spreadsheet reads it, beside that of the month before.
func ExampleService_CompareCashFlows() {
	ctx, books, ex, done := exampleTenant()
	defer done()
	must(books.OpenBooks(ctx, generalBooks))
	takings := must(money.Parse("800", "GBP"))
	must(books.Post(ctx, []accounting.NewEntry{{Date: date.Of(2010, 12, 1), Lines: []accounting.NewLine{
		accounting.DebitLine(accounting.ByRole(accounting.RoleBank), takings), accounting.CreditLine(accounting.ByRole(accounting.RoleSales), takings)}}}))
	months := []accounting.Span{{From: date.Of(2010, 11, 1), To: date.Of(2010, 11, 30)}, {From: date.Of(2010, 12, 1), To: date.Of(2010, 12, 31)}}
	var file bytes.Buffer
	if err := ex.CompareCashFlows(ctx, &file, accounting.CashFlowDirect, months); err != nil {
		log.Fatal(err)
	}
	for _, row := range strings.Split(file.String(), "\r\n")[:3] {
		fmt.Println(row)
	}
	// Output:
	// section,account,name,2010-11-01..2010-11-30,2010-12-01..2010-12-31
	// Received from customers,4000,Sales,0.00,800.00
	// Received from customers,,Total,0.00,800.00
}
