package sales

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Kind tells a sale from a credit.
type Kind string

// The kinds.
const (
	KindSale   Kind = "sale"
	KindCredit Kind = "credit"
)

// Sale is a sale or a credit: what holds its invoice, its goods and its customer together. It never changes.
type Sale struct {
	tenancy.Row
	Kind Kind `bun:"kind,notnull" privacy:"none"`
	// Reference is the caller's own number and the idempotency key, unique over sales and credits.
	Reference string `bun:"reference,notnull" privacy:"none"`
	// Fingerprint is a digest of the input without its free text, by which a replay is told from a reference used twice.
	Fingerprint string `bun:"fingerprint,notnull" privacy:"none"`
	// PartyID is the customer; none for a walk-in.
	PartyID uuid.UUID `bun:"party_id,nullzero"`
	// Date is the invoice's date and the day on which the goods moved.
	Date date.Date `bun:"sale_date,notnull"`
	// InvoiceID is the invoice or credit note. Line n of it is line n of the sale.
	InvoiceID uuid.UUID `bun:"invoice_id,notnull"`
	// StockDocumentID is the issue or return of goods, whose lines have the same numbers; none when no goods moved.
	StockDocumentID uuid.UUID `bun:"stock_document_id,nullzero"`
	// CreditsID is the sale that a credit takes back; none for a sale, and for a credit that names none.
	CreditsID uuid.UUID `bun:"credits_id,nullzero"`
	// DimensionSetID is what was stated for lines that say nothing else, zero for nothing; Dimensions spells it out.
	DimensionSetID uuid.UUID             `bun:"dimension_set_id,nullzero"`
	Dimensions     accounting.Dimensions `bun:"-"`
	PostedAt       time.Time             `bun:"posted_at,notnull"`

	// Invoice is the invoice or credit note: its legal number and its totals.
	Invoice accounting.Invoice `bun:"-"`
	// Lines are in order.
	Lines []Line `bun:"-"`
	// Replayed says that the reference had been booked before with the same content, and nothing was written now.
	Replayed bool `bun:"-"`
}

// Line is one line of a sale: which product the invoice's line with the same number is about, and how much of it has been
// taken back. Nothing of it changes but Credited.
type Line struct {
	tenancy.Owned
	SaleID uuid.UUID `bun:"sale_id,pk"`
	LineNo int64     `bun:"line_no,pk"` // 1, 2, 3 ...
	// ProductID is none for a line that is about no product, such as a fee.
	ProductID uuid.UUID      `bun:"product_id,nullzero"`
	Quantity  money.Quantity `bun:"quantity,notnull"`
	// Giveaway says that the cost is marketing's and not a cost of goods sold.
	Giveaway bool `bun:"giveaway,notnull"`
	// Moved says that goods left, or came back, with this line.
	Moved bool `bun:"moved,notnull"`
	// OriginSaleID and OriginLineNo are the line that a line of a credit takes back; none when it names none.
	OriginSaleID uuid.UUID `bun:"origin_sale_id,nullzero"`
	OriginLineNo int64     `bun:"origin_line_no,nullzero"`
	// Credited is how much of it credits have taken back, at most Quantity; the database holds it to that.
	Credited money.Quantity `bun:"credited,notnull"`
	// DimensionSetID is what revenue and cost of the line are analysed by, zero for nothing; Dimensions spells it out.
	DimensionSetID uuid.UUID             `bun:"dimension_set_id,nullzero"`
	Dimensions     accounting.Dimensions `bun:"-"`
}

// lineKey names a line of a sale.
type lineKey struct {
	sale uuid.UUID
	line int64
}
