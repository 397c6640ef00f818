package accounting

import (
	"embed"
	"io/fs"

	"github.com/opsmatiq/erp/tenancy"
)

// Service is the door to a tenant's books. Its methods are safe for concurrent use; each checks the scope in its context
// before anything else, then the permission that its doc comment names, and runs in one transaction: called inside
// [tenancy.DB.Tx] it joins that one.
type Service struct {
	db   *tenancy.DB
	kept keptSettings
	busy stripesTaken
}

// New makes the service on an opened database whose modules include [Module].
func New(db *tenancy.DB) *Service { return &Service{db: db} }

// The permissions of this package's acts.
const (
	PermRead      tenancy.Permission = "accounting.read"      // lists, statements, Verify
	PermSetup     tenancy.Permission = "accounting.setup"     // books, accounts, journals, taxes, fiscal years
	PermPeriods   tenancy.Permission = "accounting.periods"   // opening and soft-locking periods
	PermClose     tenancy.Permission = "accounting.close"     // locking periods for good, closing years
	PermReopen    tenancy.Permission = "accounting.reopen"    // asking for a locked period to be opened again
	PermApprove   tenancy.Permission = "accounting.approve"   // approving what another person asked for
	PermParties   tenancy.Permission = "accounting.parties"   // creating and changing parties
	PermPost      tenancy.Permission = "accounting.post"      // journal entries
	PermStock     tenancy.Permission = "accounting.stock"     // entries on the stock account that inventory keeps
	PermReverse   tenancy.Permission = "accounting.reverse"   // reversing journal entries
	PermIssue     tenancy.Permission = "accounting.issue"     // invoices, credit and debit notes
	PermDraft     tenancy.Permission = "accounting.draft"     // drafts of documents
	PermBill      tenancy.Permission = "accounting.bill"      // vendors' bills and credits
	PermNumber    tenancy.Permission = "accounting.number"    // numbers of further series
	PermRates     tenancy.Permission = "accounting.rates"     // exchange rates
	PermRevalue   tenancy.Permission = "accounting.revalue"   // revaluation at a period's end
	PermPay       tenancy.Permission = "accounting.pay"       // payments, allocations, write-offs, undoing these, and exchange of currencies
	PermRelief    tenancy.Permission = "accounting.relief"    // relief of tax for bad debts, and their recovery
	PermException tenancy.Permission = "accounting.exception" // posting into a soft-locked period, with a reason
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Module is what accounting brings to the store: hand it to [tenancy.Options].Modules.
func Module() tenancy.Module {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the folder is embedded at build time
	}
	return tenancy.Module{Name: "accounting", Models: models, Migrations: files}
}

// models are all stored structs of this package. They are declared here, side by side, so that what is personal, what may
// change and what speaks for what can be read at a glance. StillBooks is what is written though a person's data are restricted: what
// comes in (payments, vendors' bills), credit notes, and what the books say of what was booked.
var models = []*tenancy.Model{
	tenancy.Define[Books](tenancy.Spec{Table: "erp.books", Class: tenancy.Settings, Writes: tenancy.Keep}),
	tenancy.Define[Account](tenancy.Spec{Table: "erp.accounts", Class: tenancy.Master, Writes: tenancy.Keep}),
	tenancy.Define[Journal](tenancy.Spec{Table: "erp.journals", Class: tenancy.Master, Writes: tenancy.Keep}),
	tenancy.Define[FiscalYear](tenancy.Spec{Table: "erp.fiscal_years", Class: tenancy.Master, Writes: tenancy.AppendOnly}),
	tenancy.Define[Period](tenancy.Spec{Table: "erp.periods", Class: tenancy.Master, Writes: tenancy.Keep}),
	tenancy.Define[JournalLock](tenancy.Spec{Table: "erp.journal_locks", Class: tenancy.Master, Writes: tenancy.Keep}),
	tenancy.Define[Reopening](tenancy.Spec{Table: "erp.period_reopenings", Class: tenancy.Book, RetainFrom: "asked_at", Writes: tenancy.Keep}),
	tenancy.Define[Closing](tenancy.Spec{Table: "erp.period_closings", Class: tenancy.Book, RetainFrom: "closed_at", Writes: tenancy.Keep}),
	tenancy.Define[numberSeries](tenancy.Spec{Table: "erp.number_series", Class: tenancy.Book, Writes: tenancy.Keep, Derived: true}),
	tenancy.Define[Tax](tenancy.Spec{Table: "erp.taxes", Class: tenancy.Master, Writes: tenancy.Keep}),
	tenancy.Define[TaxRate](tenancy.Spec{Table: "erp.tax_rates", Class: tenancy.Master, Writes: tenancy.AppendOnly}),
	tenancy.Define[TaxComponent](tenancy.Spec{Table: "erp.tax_components", Class: tenancy.Master, Writes: tenancy.AppendOnly, PartOf: "erp.taxes"}),
	tenancy.Define[TaxRule](tenancy.Spec{Table: "erp.tax_rules", Class: tenancy.Master, Writes: tenancy.Keep}),
	// A party that nothing refers to can be erased altogether.
	tenancy.Define[Party](tenancy.Spec{Table: "erp.parties", Class: tenancy.Master, Subject: "self"}),

	tenancy.Define[Dimension](tenancy.Spec{Table: "erp.dimensions", Class: tenancy.Master, Writes: tenancy.Keep}),
	tenancy.Define[DimensionValue](tenancy.Spec{Table: "erp.dimension_values", Class: tenancy.Master, Writes: tenancy.Keep}),
	tenancy.Define[dimensionSet](tenancy.Spec{Table: "erp.dimension_sets", Class: tenancy.Master, Writes: tenancy.AppendOnly}),
	tenancy.Define[dimensionSetValue](tenancy.Spec{Table: "erp.dimension_set_values", Class: tenancy.Master, Writes: tenancy.AppendOnly,
		PartOf: "erp.dimension_sets"}),

	tenancy.Define[Entry](tenancy.Spec{Table: "erp.journal_entries", Class: tenancy.Book, Subject: tenancy.ByParts, RetainFrom: "entry_date", Writes: tenancy.AppendOnly}),
	tenancy.Define[Line](tenancy.Spec{Table: "erp.journal_lines", Class: tenancy.Book, Subject: "party_id", RetainFrom: "entry_date",
		Writes: tenancy.AppendOnly, PartOf: "erp.journal_entries"}),
	tenancy.Define[EntryText](tenancy.Spec{Table: "erp.entry_texts", Class: tenancy.Book, Subject: "entry_id", Writes: tenancy.Companion,
		PartOf: "erp.journal_entries"}),
	tenancy.Define[balance](tenancy.Spec{Table: "erp.account_balances", Class: tenancy.Book, Writes: tenancy.Keep, Derived: true}),

	tenancy.Define[Draft](tenancy.Spec{Table: "erp.document_drafts", Class: tenancy.Letter, Subject: "party_id", RetainFrom: "changed_at", Writes: tenancy.Keep}),
	tenancy.Define[Invoice](tenancy.Spec{Table: "erp.invoices", Class: tenancy.Voucher, Subject: "party_id", RetainFrom: "invoice_date",
		Writes: tenancy.Keep, StillBooks: tenancy.When(func(v *Invoice) bool { return v.Kind == CreditNoteDocument })}),
	tenancy.Define[InvoiceLine](tenancy.Spec{Table: "erp.invoice_lines", Class: tenancy.Voucher, Subject: "invoice_id", Writes: tenancy.AppendOnly,
		PartOf: "erp.invoices"}),
	tenancy.Define[InvoiceText](tenancy.Spec{Table: "erp.invoice_texts", Class: tenancy.Voucher, Subject: "invoice_id", Writes: tenancy.Companion,
		PartOf: "erp.invoices"}),
	tenancy.Define[Bill](tenancy.Spec{Table: "erp.bills", Class: tenancy.Voucher, Subject: "party_id", RetainFrom: "bill_date", Writes: tenancy.Keep,
		StillBooks: tenancy.Always}),
	tenancy.Define[BillLine](tenancy.Spec{Table: "erp.bill_lines", Class: tenancy.Voucher, Subject: "bill_id", Writes: tenancy.AppendOnly,
		PartOf: "erp.bills"}),
	tenancy.Define[BillText](tenancy.Spec{Table: "erp.bill_texts", Class: tenancy.Voucher, Subject: "bill_id", Writes: tenancy.Companion,
		PartOf: "erp.bills"}),
	tenancy.Define[InvoicePrepayment](tenancy.Spec{Table: "erp.invoice_prepayments", Class: tenancy.Voucher, Subject: "invoice_id", Writes: tenancy.AppendOnly,
		PartOf: "erp.invoices"}),
	tenancy.Define[BillPrepayment](tenancy.Spec{Table: "erp.bill_prepayments", Class: tenancy.Voucher, Subject: "bill_id", Writes: tenancy.AppendOnly,
		PartOf: "erp.bills"}),
	tenancy.Define[BadDebt](tenancy.Spec{Table: "erp.bad_debts", Class: tenancy.Voucher, Subject: "party_id", RetainFrom: "relieved_on", Writes: tenancy.Keep}),
	tenancy.Define[TaxEntry](tenancy.Spec{Table: "erp.tax_entries", Class: tenancy.Book, Subject: "party_id", RetainFrom: "entry_date",
		Writes: tenancy.AppendOnly, StillBooks: tenancy.Always}),
	tenancy.Define[Payment](tenancy.Spec{Table: "erp.payments", Class: tenancy.Voucher, Subject: "party_id", RetainFrom: "payment_date",
		Writes: tenancy.AppendOnly, StillBooks: tenancy.When(func(p *Payment) bool { return p.Direction == MoneyIn })}),
	tenancy.Define[OpenItem](tenancy.Spec{Table: "erp.open_items", Class: tenancy.Book, Subject: "party_id", RetainFrom: "item_date",
		Writes: tenancy.Keep, Derived: true, StillBooks: tenancy.Always}),
	tenancy.Define[ExchangeRate](tenancy.Spec{Table: "erp.exchange_rates", Class: tenancy.Book, Writes: tenancy.AppendOnly}),
	tenancy.Define[Revaluation](tenancy.Spec{Table: "erp.revaluations", Class: tenancy.Book, RetainFrom: "revalued_on", Writes: tenancy.AppendOnly}),
	tenancy.Define[RevaluationLine](tenancy.Spec{Table: "erp.revaluation_lines", Class: tenancy.Book, Writes: tenancy.AppendOnly,
		PartOf: "erp.revaluations"}),
	tenancy.Define[Allocation](tenancy.Spec{Table: "erp.allocations", Class: tenancy.Book, Subject: "party_id", RetainFrom: "allocated_on",
		Writes: tenancy.AppendOnly, StillBooks: tenancy.Always}),
	tenancy.Define[AllocationText](tenancy.Spec{Table: "erp.allocation_texts", Class: tenancy.Book, Subject: "allocation_id",
		Writes: tenancy.Companion, PartOf: "erp.allocations"}),
}
