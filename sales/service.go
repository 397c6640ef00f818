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
	PermRead    tenancy.Permission = "sales.read"    // everything that is stored, Verify
	PermSell    tenancy.Permission = "sales.sell"    // sales
	PermCredit  tenancy.Permission = "sales.credit"  // credits of sales and of orders' invoices
	PermBook    tenancy.Permission = "sales.book"    // sales and credits, mixed in one batch
	PermQuote   tenancy.Permission = "sales.quote"   // making, declining and withdrawing quotations
	PermExpire  tenancy.Permission = "sales.expire"  // marking quotations expired; for a background job
	PermOrder   tenancy.Permission = "sales.order"   // taking orders, accepting quotations
	PermDeliver tenancy.Permission = "sales.deliver" // deliveries
	PermInvoice tenancy.Permission = "sales.invoice" // invoices of orders
	PermCancel  tenancy.Permission = "sales.cancel"  // cancellations
	PermReturn  tenancy.Permission = "sales.return"  // returns of deliveries
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

// The roots of the aggregates.
const (
	saleTable       = "erp.sales"
	quotationTable  = "erp.quotations"
	orderTable      = "erp.orders"
	fulfilmentTable = "erp.fulfilments"
)

var models = []*tenancy.Model{
	tenancy.Define[Sale](tenancy.Spec{Table: saleTable, Class: tenancy.Voucher, Subject: "party_id", RetainFrom: "sale_date", Writes: tenancy.AppendOnly,
		StillBooks: tenancy.When(func(s *Sale) bool { return s.Kind == KindCredit })}),
	tenancy.Define[Line](tenancy.Spec{Table: "erp.sale_lines", Class: tenancy.Voucher, Subject: "sale_id", Writes: tenancy.Keep, PartOf: saleTable}),

	// Quotations and orders are letters: they hold whom they are about by id alone.
	tenancy.Define[Quotation](tenancy.Spec{Table: quotationTable, Class: tenancy.Letter, Subject: "party_id", RetainFrom: "quotation_date", Writes: tenancy.Keep}),
	tenancy.Define[QuotationLine](tenancy.Spec{Table: "erp.quotation_lines", Class: tenancy.Letter, Subject: "quotation_id", Writes: tenancy.AppendOnly, PartOf: quotationTable}),
	tenancy.Define[QuotationText](tenancy.Spec{Table: "erp.quotation_texts", Class: tenancy.Letter, Subject: "quotation_id", Writes: tenancy.Companion, PartOf: quotationTable}),
	tenancy.Define[Order](tenancy.Spec{Table: orderTable, Class: tenancy.Letter, Subject: "party_id", RetainFrom: "order_date", Writes: tenancy.Keep}),
	tenancy.Define[OrderLine](tenancy.Spec{Table: "erp.order_lines", Class: tenancy.Letter, Subject: "order_id", Writes: tenancy.Keep, PartOf: orderTable}),
	tenancy.Define[OrderText](tenancy.Spec{Table: "erp.order_texts", Class: tenancy.Letter, Subject: "order_id", Writes: tenancy.Companion, PartOf: orderTable}),
	tenancy.Define[Fulfilment](tenancy.Spec{Table: fulfilmentTable, Class: tenancy.Voucher, Subject: "order_id", RetainFrom: "fulfilment_date", Writes: tenancy.AppendOnly,
		StillBooks: tenancy.When(func(f *Fulfilment) bool {
			return f.Kind == Cancellation || f.Kind == GoodsReturn || f.Kind == OrderCredit
		})}),
	tenancy.Define[FulfilmentLine](tenancy.Spec{Table: "erp.fulfilment_lines", Class: tenancy.Voucher, Subject: "fulfilment_id", Writes: tenancy.Keep, PartOf: fulfilmentTable}),
	tenancy.Define[FulfilmentText](tenancy.Spec{Table: "erp.fulfilment_texts", Class: tenancy.Voucher, Subject: "fulfilment_id", Writes: tenancy.Companion, PartOf: fulfilmentTable}),
}
