package sales

import (
	"embed"
	"io/fs"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
)

// Service sells. It is safe for use by many goroutines.
type Service struct {
	db    *tenancy.DB
	books *accounting.Service
	stock *inventory.Service
}

// New makes the service. All arguments must belong to the same database.
func New(db *tenancy.DB, books *accounting.Service, stock *inventory.Service) *Service {
	return &Service{db: db, books: books, stock: stock}
}

// The permissions of this package's acts. Each vouches for what the act consists of: who may sell need not be allowed to
// issue goods or to post.
const (
	PermRead   tenancy.Permission = "sales.read"   // sales and credits, Verify
	PermSell   tenancy.Permission = "sales.sell"   // sales
	PermCredit tenancy.Permission = "sales.credit" // credits
	PermBook   tenancy.Permission = "sales.book"   // both, mixed in one batch
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
	return tenancy.Module{Name: "sales", Models: models, Migrations: files}
}

const saleTable = "erp.sales"

var models = []*tenancy.Model{
	tenancy.Define[Sale](tenancy.Spec{Table: saleTable, Class: tenancy.Voucher, Subject: "party_id", RetainFrom: "sale_date", Writes: tenancy.AppendOnly}),
	tenancy.Define[Line](tenancy.Spec{Table: "erp.sale_lines", Class: tenancy.Voucher, Subject: "sale_id", Writes: tenancy.Keep, PartOf: saleTable}),
}
