package pos

import (
	"embed"
	"io/fs"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
)

// Options configures [New].
type Options struct {
	// Signer, when set, signs every receipt before it is final. Default: receipts are chained by their digests and unsigned.
	Signer Signer
}

// Service keeps tills. It is safe for use by many goroutines.
type Service struct {
	db     *tenancy.DB
	books  *accounting.Service
	stock  *inventory.Service
	signer Signer
}

// New makes the service. The database and both services belong together.
func New(db *tenancy.DB, books *accounting.Service, stock *inventory.Service, opt Options) *Service {
	return &Service{db: db, books: books, stock: stock, signer: opt.Signer}
}

// The permissions of this package's acts. Each vouches for what the act consists of: a cashier need not be allowed to issue
// goods or to post.
const (
	PermRead   tenancy.Permission = "pos.read"   // registers, sessions, tickets, VerifyChain, Verify
	PermSetup  tenancy.Permission = "pos.setup"  // registers
	PermOpen   tenancy.Permission = "pos.open"   // opening sessions
	PermSell   tenancy.Permission = "pos.sell"   // sales
	PermVoid   tenancy.Permission = "pos.void"   // voids
	PermRefund tenancy.Permission = "pos.refund" // refunds
	PermCash   tenancy.Permission = "pos.cash"   // cash in and out
	PermClose  tenancy.Permission = "pos.close"  // closing sessions
	PermExpire tenancy.Permission = "pos.expire" // expiring sessions: a background job's
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
	return tenancy.Module{Name: "pos", Models: models, Migrations: files}
}

// The aggregates' roots. Entries name the session as their source.
const (
	sessionTable  = "erp.till_sessions"
	ticketTable   = "erp.tickets"
	cashMoveTable = "erp.cash_moves"
)

var models = []*tenancy.Model{
	tenancy.Define[Register](tenancy.Spec{Table: "erp.registers", Class: tenancy.Master, Writes: tenancy.Keep}),
	tenancy.Define[drawer](tenancy.Spec{Table: "erp.drawers", Class: tenancy.Book, Writes: tenancy.Keep, Derived: true}),
	tenancy.Define[Session](tenancy.Spec{Table: sessionTable, Class: tenancy.Voucher, RetainFrom: "business_date", Writes: tenancy.Keep}),
	tenancy.Define[Closing](tenancy.Spec{Table: "erp.till_closings", Class: tenancy.Voucher, RetainFrom: "closing_date", Writes: tenancy.AppendOnly,
		PartOf: sessionTable}),
	tenancy.Define[Ticket](tenancy.Spec{Table: ticketTable, Class: tenancy.Voucher, RetainFrom: "ticket_date", Writes: tenancy.Keep}),
	tenancy.Define[Line](tenancy.Spec{Table: "erp.ticket_lines", Class: tenancy.Voucher, Writes: tenancy.Keep, PartOf: ticketTable}),
	tenancy.Define[Payment](tenancy.Spec{Table: "erp.ticket_payments", Class: tenancy.Voucher, Writes: tenancy.AppendOnly, PartOf: ticketTable}),
	tenancy.Define[TicketText](tenancy.Spec{Table: "erp.ticket_texts", Class: tenancy.Voucher, Writes: tenancy.Companion, PartOf: ticketTable}),
	tenancy.Define[CashMove](tenancy.Spec{Table: cashMoveTable, Class: tenancy.Voucher, RetainFrom: "move_date", Writes: tenancy.AppendOnly}),
	tenancy.Define[CashMoveText](tenancy.Spec{Table: "erp.cash_move_texts", Class: tenancy.Voucher, Writes: tenancy.Companion, PartOf: cashMoveTable}),
}
