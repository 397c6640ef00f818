package inventory

import (
	"embed"
	"io/fs"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// Service keeps the stock of tenants. It is safe for use by many goroutines.
type Service struct {
	db    *tenancy.DB
	books *accounting.Service
}

// New makes the service. Both arguments must belong to the same database.
func New(db *tenancy.DB, books *accounting.Service) *Service { return &Service{db: db, books: books} }

// The permissions of this package's acts.
const (
	PermRead     tenancy.Permission = "inventory.read"     // lists, documents, stock on hand with its value, Verify
	PermSetup    tenancy.Permission = "inventory.setup"    // the valuation method, warehouses
	PermProducts tenancy.Permission = "inventory.products" // creating and changing products

	// PermBook allows documents of every kind in one batch but revaluations; the others that follow allow one kind each.
	PermBook    tenancy.Permission = "inventory.book"
	PermReceive tenancy.Permission = "inventory.receive"
	PermIssue   tenancy.Permission = "inventory.issue"
	PermReturn  tenancy.Permission = "inventory.return"
	PermAdjust  tenancy.Permission = "inventory.adjust"

	PermReturnToVendor tenancy.Permission = "inventory.return_to_vendor"
	PermRevalue        tenancy.Permission = "inventory.revalue"

	PermReserve tenancy.Permission = "inventory.reserve" // holding goods for somebody, and letting them go
	PermExpire  tenancy.Permission = "inventory.expire"  // letting go what is held past its time: for background work

	PermPostGroup tenancy.Permission = "inventory.post_group" // making the entry of a group's documents
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Module is what the store needs to know of this package: its models and its tables. It stands on accounting's.
func Module() tenancy.Module {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return tenancy.Module{Name: "inventory", Models: models, Migrations: files}
}

// documentTable is the aggregate that moves and texts are part of, and the source that entries name.
const documentTable = "erp.stock_documents"

// groupPostingTable is the source that a group's entry names unless the caller says otherwise.
const groupPostingTable = "erp.stock_group_postings"

var models = []*tenancy.Model{
	tenancy.Define[Product](tenancy.Spec{Table: "erp.products", Class: tenancy.Master}),
	tenancy.Define[Warehouse](tenancy.Spec{Table: "erp.warehouses", Class: tenancy.Master}),
	tenancy.Define[Settings](tenancy.Spec{Table: "erp.stock_settings", Class: tenancy.Settings, Writes: tenancy.AppendOnly}),
	tenancy.Define[Group](tenancy.Spec{Table: "erp.stock_groups", Class: tenancy.Book, RetainFrom: "document_date", Writes: tenancy.Keep}),
	tenancy.Define[Document](tenancy.Spec{Table: documentTable, Class: tenancy.Voucher, RetainFrom: "document_date", Writes: tenancy.AppendOnly}),
	tenancy.Define[DocumentText](tenancy.Spec{Table: "erp.stock_document_texts", Class: tenancy.Voucher, Writes: tenancy.Companion, PartOf: documentTable}),
	tenancy.Define[Move](tenancy.Spec{Table: "erp.stock_moves", Class: tenancy.Book, RetainFrom: "move_date", Writes: tenancy.AppendOnly, PartOf: documentTable}),
	tenancy.Define[Charge](tenancy.Spec{Table: "erp.stock_charges", Class: tenancy.Book, Writes: tenancy.AppendOnly, PartOf: documentTable}),
	tenancy.Define[GroupPosting](tenancy.Spec{Table: groupPostingTable, Class: tenancy.Book, RetainFrom: "document_date", Writes: tenancy.AppendOnly}),
	tenancy.Define[Reservation](tenancy.Spec{Table: "erp.stock_reservations", Class: tenancy.Letter, RetainFrom: "created_at", Writes: tenancy.Keep}),
	tenancy.Define[Layer](tenancy.Spec{Table: "erp.stock_layers", Class: tenancy.Book, Derived: true}),
}
