package bank_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/bank"
	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
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

// open makes a tenant with books and an account at a bank. done takes it all away.
func open() (ctx context.Context, books *accounting.Service, at *bank.Service, account bank.Account, done func()) {
	ctx = context.Background()
	dir := must(os.MkdirTemp("", "erp-example-"))
	db := must(tenancy.Open(ctx, sqlite.Engine{Dir: dir}, tenancy.Options{Migrate: true, Keys: local.Keys{Path: filepath.Join(dir, "master.key")},
		Modules: []tenancy.Module{accounting.Module(), bank.Module()}}))
	platform := must(db.EnterPlatform(ctx, "setup", tenancy.Permissions{"*"}))
	tenant := must(db.Tenants().Create(platform, tenancy.NewTenant{Name: "Tea & Co", TimeZone: "Europe/London"}))
	ctx = must(db.Enter(ctx, tenant.ID, "anna", tenancy.Permissions{tenancy.AllPermissions}))
	books = accounting.New(db)
	at = bank.New(db, books)
	must(books.OpenBooks(ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartGeneral, YearStart: date.Of(2026, 1, 1)}))
	account = must(at.CreateAccount(ctx, bank.NewAccount{IBAN: "GB82 WEST 1234 5698 7654 32", Name: "Current account", Currency: "GBP",
		Ledger: accounting.ByRole(accounting.RoleBank)}))
	return ctx, books, at, account, func() { _ = db.Close(); _ = os.RemoveAll(dir) }
}

const january = `:20:ST-2026-01
:25:GB82WEST12345698765432
:28C:00001/001
:60F:C260101GBP0,00
:61:2601090109C98,00NTRFI-1
:86:INV-2026-00001 ADA LTD, CHARGES DEDUCTED
:61:2601120112D3,50NCHGNONREF
:86:ACCOUNT FEE
:62F:C260131GBP94,50
-
`

// A file is imported once. Sent again it changes nothing; sent with other content it is refused; and so is one that does not add up.
func ExampleService_Import() {
	ctx, _, at, _, done := open()
	defer done()

	read := must(statement.ReadMT940(strings.NewReader(january)))
	for range 2 {
		for _, i := range must(at.Import(ctx, bank.NewImport{Statements: read})) {
			st := i.Statement
			fmt.Println(st.StatementID, st.Opening, "to", st.Closing.Format(), "in", st.LineCount, "lines; seen before:", i.Replayed)
		}
	}
	changed := must(statement.ReadMT940(strings.NewReader(strings.ReplaceAll(january, "ACCOUNT FEE", "ACCOUNT FEES"))))
	_, err := at.Import(ctx, bank.NewImport{Statements: changed})
	fmt.Println("other content:", fault.CodeOf(err))
	short := must(statement.ReadMT940(strings.NewReader(strings.NewReplacer("ST-2026-01", "ST-2026-1A", "94,50", "95,50").Replace(january))))
	_, err = at.Import(ctx, bank.NewImport{Statements: short})
	fmt.Println(err)
	// Output:
	// ST-2026-01 0.00 to 94.50 GBP in 2 lines; seen before: false
	// ST-2026-01 0.00 to 94.50 GBP in 2 lines; seen before: true
	// other content: bank.statement_differs
	// bank.Import: statement 1 (ST-2026-1A, number 00001, page 1): opening 0.00 GBP and lines 94.50 GBP give 94.50 GBP, closing is 95.50 GBP: off by 1.00 GBP (bank.unbalanced)
}

// An invoice of 100.00 comes as 98.00. What the line may be is proposed, with its reason; what it is is decided, and booked.
func ExampleService_Reconcile() {
	ctx, books, at, account, done := open()
	defer done()
	ada := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ada Ltd", Customer: true}}))[0]
	invoice := must(books.Issue(ctx, []accounting.NewInvoice{{Reference: "I-1", PartyID: ada.ID, Date: date.Of(2026, 1, 5), Lines: []accounting.NewInvoiceLine{
		{Description: "Tea", Quantity: must(money.Units(10)), UnitPrice: money.Of(1000, "GBP").Decimal()}}}}))[0]
	done1 := must(at.Import(ctx, bank.NewImport{Statements: must(statement.ReadMT940(strings.NewReader(january)))}))
	lines := must(at.Lines(ctx, done1[0].Statement.ID))

	for _, p := range must(at.Propose(ctx, bank.ProposalRequest{BankAccountID: account.ID})) {
		fmt.Printf("%s: %s (%s)\n", p.Amount.Format(), p.Reason, p.Confidence)
	}
	gbp := func(minor int64) money.Amount { return money.Of(minor, "GBP") }
	fees := accounting.ByRole(accounting.RoleFees)
	must(at.Reconcile(ctx, []bank.NewReconciliation{
		{LineID: lines[0].ID, Parts: []bank.Part{{ItemID: invoice.ID, Amount: gbp(10000)}, {Account: fees, Amount: gbp(-200)}}},
		{LineID: lines[1].ID, Parts: []bank.Part{{Account: fees}}},
	}))
	r := must(at.Report(ctx, account.ID, date.Of(2026, 1, 31)))
	fmt.Println("bank", r.StatementBalance, "books", r.LedgerBalance, "waiting", r.OnStatement.Count, "and", r.InLedger.Count)
	fmt.Println("still open:", len(must(books.OpenItems(ctx, date.Of(2026, 1, 31))).Items))
	// Output:
	// 98.00 GBP: the line names invoice INV-2026-00001, of which it is a part (number and a part)
	// bank 94.50 books 94.50 waiting 0 and 0
	// still open: 0
}

// An account in dollars: what is paid there settles an invoice in dollars, and stands in the books in pounds.
func ExampleService_Reconcile_foreign() {
	ctx, books, at, _, done := open()
	defer done()
	ada := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ada Ltd", Customer: true}}))[0]
	ledger := must(books.CreateAccount(ctx, accounting.NewAccount{Code: "1012", Name: "Dollar account", Type: accounting.Asset, Monetary: true, CashFlow: accounting.CashFlowCash}))
	account := must(at.CreateAccount(ctx, bank.NewAccount{Number: "USD-1", Name: "Dollars", Currency: "USD", Ledger: accounting.ByID(ledger.ID)}))
	must(books.SetRates(ctx, []accounting.NewExchangeRate{{From: "USD", To: "GBP", On: date.Of(2026, 1, 8), Rate: decimal.RequireFromString("0.75"), Source: "ECB"}}))
	invoice := must(books.Issue(ctx, []accounting.NewInvoice{{PartyID: ada.ID, Date: date.Of(2026, 1, 8), Currency: "USD",
		Lines: []accounting.NewInvoiceLine{{Description: "Tea", Quantity: must(money.Units(1)), UnitPrice: decimal.RequireFromString("98")}}}}))[0]

	file := strings.NewReplacer("GB82WEST12345698765432", "USD-1", "GBP", "USD").Replace(january)
	statements := must(statement.ReadMT940(strings.NewReader(file)))
	must(at.Import(ctx, bank.NewImport{Statements: statements}))
	found := must(at.Propose(ctx, bank.ProposalRequest{BankAccountID: account.ID}))[0]
	fmt.Println(found.Amount, found.Amount.Currency, found.Reason)
	must(at.Reconcile(ctx, []bank.NewReconciliation{found.Reconciliation()}))
	report := must(at.Report(ctx, account.ID, date.Of(2026, 1, 31)))
	fmt.Println(invoice.Number, "is paid:", report.LedgerBalance, report.LedgerBalance.Currency, "in the books, worth", report.LedgerBase, report.LedgerBase.Currency)
	// Output:
	// 98.00 USD the line names invoice INV-2026-00001, and the amounts are the same
	// INV-2026-00001 is paid: 98.00 USD in the books, worth 73.50 GBP
}

// Dollars that a customer owes are paid into an account in pounds. The bank states both amounts and keeps a fee; what the pounds are more than
// the invoice stood in the books at is a gain.
func ExampleService_Reconcile_exchanged() {
	ctx, books, at, account, done := open()
	defer done()
	ada := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ada Inc", Customer: true}}))[0]
	must(books.SetRates(ctx, []accounting.NewExchangeRate{{From: "USD", To: "GBP", On: date.Of(2026, 1, 5), Rate: decimal.RequireFromString("0.75"), Source: "ECB"}}))
	must(books.Issue(ctx, []accounting.NewInvoice{{PartyID: ada.ID, Date: date.Of(2026, 1, 5), Currency: "USD",
		Lines: []accounting.NewInvoiceLine{{Description: "Tea", Quantity: must(money.Units(1)), UnitPrice: decimal.RequireFromString("100")}}}}))
	file := `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>ST-1</Id><Acct><Id><IBAN>GB82WEST12345698765432</IBAN></Id></Acct>
		<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="GBP">0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-09</Dt></Dt></Bal>
		<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="GBP">79.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-09</Dt></Dt></Bal>
		<Ntry><Amt Ccy="GBP">79.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-01-09</Dt></BookgDt><BkTxCd/><NtryDtls><TxDtls>
			<AmtDtls><InstdAmt><Amt Ccy="USD">100.00</Amt></InstdAmt></AmtDtls><RmtInf><Ustrd>INV-2026-00001</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
	</Stmt></BkToCstmrStmt></Document>`
	must(at.Import(ctx, bank.NewImport{Statements: must(statement.ReadCAMT053(strings.NewReader(file)))}))

	found := must(at.Propose(ctx, bank.ProposalRequest{BankAccountID: account.ID}))[0]
	fmt.Println(found.Amount.Format()+":", found.Reason)
	item := found.Parts[0]
	item.Amount = money.Of(8000, "GBP") // the bank kept a pound back
	must(at.Reconcile(ctx, []bank.NewReconciliation{{LineID: found.LineID, Parts: []bank.Part{item, {Account: accounting.ByRole(accounting.RoleFees)}}}}))
	for _, role := range []accounting.Role{accounting.RoleBank, accounting.RoleFees, accounting.RoleExchangeGain} {
		fmt.Println(role, must(books.Balance(ctx, accounting.ByRole(role), date.Of(2026, 1, 31))))
	}
	fmt.Println("still open:", len(must(books.OpenItems(ctx, date.Of(2026, 1, 31))).Items))
	// Output:
	// 79.00 GBP: the line names invoice INV-2026-00001, and the bank states its amount, 100.00 USD
	// bank 79.00
	// fees 1.00
	// exchange_gain -5.00
	// still open: 0
}

// It was another customer's money. What reconciling the line booked is taken back with it: the invoice is open again, and the line waits.
func ExampleService_Unreconcile() {
	ctx, books, at, account, done := open()
	defer done()
	ada := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ada Ltd", Customer: true}}))[0]
	invoice := must(books.Issue(ctx, []accounting.NewInvoice{{Reference: "I-1", PartyID: ada.ID, Date: date.Of(2026, 1, 5), Lines: []accounting.NewInvoiceLine{
		{Description: "Tea", Quantity: must(money.Units(10)), UnitPrice: money.Of(1000, "GBP").Decimal()}}}}))[0]
	imported := must(at.Import(ctx, bank.NewImport{Statements: must(statement.ReadMT940(strings.NewReader(january)))}))
	lines := must(at.Lines(ctx, imported[0].Statement.ID))
	tied := must(at.Reconcile(ctx, []bank.NewReconciliation{{LineID: lines[0].ID, Parts: []bank.Part{{ItemID: invoice.ID}}}}))
	must(at.Unreconcile(ctx, []bank.Undo{{ReconciliationID: tied[0].ID, Reason: "it was Ben's", TakeBack: true, Date: date.Of(2026, 1, 9)}}))
	r := must(at.Report(ctx, account.ID, date.Of(2026, 1, 31)))
	fmt.Println("bank", r.StatementBalance, "books", r.LedgerBalance, "waiting", r.OnStatement.Count, "and", r.InLedger.Count)
	for _, o := range must(books.OpenItems(ctx, date.Of(2026, 1, 31))).Items {
		fmt.Println("open:", o.Kind, o.Open())
	}
	// Output:
	// bank 94.50 books 0.00 waiting 2 and 0
	// open: invoice 100.00
}
