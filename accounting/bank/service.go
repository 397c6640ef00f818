package bank

import (
	"embed"
	"io/fs"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// Service keeps what banks say beside the books. It is safe for use by many goroutines; each method checks the scope, then the
// permission that its doc comment names, and runs in one transaction, or joins the caller's.
type Service struct {
	db    *tenancy.DB
	books *accounting.Service
}

// New makes the service. Both arguments belong to the same database.
func New(db *tenancy.DB, books *accounting.Service) *Service { return &Service{db: db, books: books} }

// The permissions of this package's acts. Each vouches for what the act consists of: who may reconcile need not be allowed to pay or to
// post.
const (
	PermRead      tenancy.Permission = "bank.read"      // accounts, statements, lines, proposals, the report, Verify
	PermSetup     tenancy.Permission = "bank.setup"     // bank accounts
	PermImport    tenancy.Permission = "bank.import"    // importing statements
	PermAccept    tenancy.Permission = "bank.accept"    // importing one that does not add up, with a reason
	PermReconcile tenancy.Permission = "bank.reconcile" // reconciling, and undoing it
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Module is what the store needs to know of this package: its models and its tables. It stands on accounting's.
func Module() tenancy.Module {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the folder is embedded at build time
	}
	return tenancy.Module{Name: "bank", Models: models, Migrations: files}
}

// The roots of the aggregates.
const (
	statementTable      = "erp.bank_statements"
	lineTable           = "erp.bank_lines"
	reconciliationTable = "erp.bank_reconciliations"
)

var models = []*tenancy.Model{
	tenancy.Define[Account](tenancy.Spec{Table: "erp.bank_accounts", Class: tenancy.Master, Writes: tenancy.Keep}),
	tenancy.Define[Statement](tenancy.Spec{Table: statementTable, Class: tenancy.Voucher, RetainFrom: "closing_on", Writes: tenancy.AppendOnly}),
	tenancy.Define[StatementText](tenancy.Spec{Table: "erp.bank_statement_texts", Class: tenancy.Voucher, Writes: tenancy.Companion, PartOf: statementTable}),
	// A line is about the party that it was reconciled with. Before that nobody can say whom it is about.
	tenancy.Define[Line](tenancy.Spec{Table: lineTable, Class: tenancy.Voucher, Subject: "party_id", RetainFrom: "booked_on", Writes: tenancy.Keep, StillBooks: tenancy.Always}),
	tenancy.Define[LineText](tenancy.Spec{Table: "erp.bank_line_texts", Class: tenancy.Voucher, Subject: "line_id", Writes: tenancy.Companion, PartOf: lineTable}),
	tenancy.Define[Reconciliation](tenancy.Spec{Table: reconciliationTable, Class: tenancy.Book, Subject: "line_id", RetainFrom: "reconciled_at", Writes: tenancy.Keep, StillBooks: tenancy.Always}),
	tenancy.Define[Match](tenancy.Spec{Table: "erp.bank_matches", Class: tenancy.Book, Subject: "reconciliation_id", Writes: tenancy.Keep, PartOf: reconciliationTable}),
	tenancy.Define[Settlement](tenancy.Spec{Table: "erp.bank_settlements", Class: tenancy.Book, Subject: "reconciliation_id", Writes: tenancy.AppendOnly,
		PartOf: reconciliationTable}),
	tenancy.Define[ReconciliationText](tenancy.Spec{Table: "erp.bank_reconciliation_texts", Class: tenancy.Book, Subject: "reconciliation_id",
		Writes: tenancy.Companion, PartOf: reconciliationTable}),
}
