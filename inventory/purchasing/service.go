package purchasing

import (
	"embed"
	"io/fs"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
)

// Service buys. It is safe for use by many goroutines.
type Service struct {
	db    *tenancy.DB
	books *accounting.Service
	stock *inventory.Service
}

// New makes the service. All arguments must belong to the same database.
func New(db *tenancy.DB, books *accounting.Service, stock *inventory.Service) *Service {
	return &Service{db: db, books: books, stock: stock}
}

// The permissions of this package's acts. Each vouches for what the act consists of: who may receive need not be allowed to
// move other stock or to post.
const (
	PermRead    tenancy.Permission = "purchasing.read"    // orders, notes, bills, Verify
	PermOrder   tenancy.Permission = "purchasing.order"   // orders
	PermCancel  tenancy.Permission = "purchasing.cancel"  // cancelling what is still to come
	PermReceive tenancy.Permission = "purchasing.receive" // receipts
	PermReturn  tenancy.Permission = "purchasing.return"  // returns to vendors
	PermBill    tenancy.Permission = "purchasing.bill"    // bills and vendors' credits
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Module is what the store needs to know of this package: its models and its tables. It stands on inventory's and
// accounting's.
func Module() tenancy.Module {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the folder is embedded at build time
	}
	return tenancy.Module{Name: "purchasing", Models: models, Migrations: files}
}

// The roots of the aggregates, as entries name them.
const (
	orderTable = "erp.purchase_orders"
	noteTable  = "erp.purchase_notes"
	billTable  = "erp.purchase_bills"
)

var models = []*tenancy.Model{
	tenancy.Define[Order](tenancy.Spec{Table: orderTable, Class: tenancy.Voucher, Subject: "party_id", RetainFrom: "order_date", Writes: tenancy.Keep}),
	tenancy.Define[OrderLine](tenancy.Spec{Table: "erp.purchase_order_lines", Class: tenancy.Voucher, Subject: "order_id", Writes: tenancy.Keep,
		PartOf: orderTable}),
	tenancy.Define[OrderText](tenancy.Spec{Table: "erp.purchase_order_texts", Class: tenancy.Voucher, Subject: "order_id", Writes: tenancy.Companion,
		PartOf: orderTable}),
	tenancy.Define[Note](tenancy.Spec{Table: noteTable, Class: tenancy.Voucher, Subject: "order_id", RetainFrom: "note_date", Writes: tenancy.AppendOnly,
		StillBooks: tenancy.Always}),
	tenancy.Define[NoteLine](tenancy.Spec{Table: "erp.purchase_note_lines", Class: tenancy.Voucher, Subject: "note_id", RetainFrom: "note_date",
		Writes: tenancy.Keep, PartOf: noteTable}),
	tenancy.Define[Bill](tenancy.Spec{Table: billTable, Class: tenancy.Voucher, Subject: "party_id", RetainFrom: "bill_date", Writes: tenancy.AppendOnly, StillBooks: tenancy.Always}),
	tenancy.Define[BillLine](tenancy.Spec{Table: "erp.purchase_bill_lines", Class: tenancy.Voucher, Subject: "bill_id", Writes: tenancy.AppendOnly,
		PartOf: billTable}),
	tenancy.Define[Match](tenancy.Spec{Table: "erp.purchase_matches", Class: tenancy.Voucher, Subject: "bill_id", Writes: tenancy.AppendOnly, PartOf: billTable}),
}
