package sales

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// FulfilmentKind is what was done for an order.
type FulfilmentKind string

// The kinds of fulfilments.
const (
	Delivery     FulfilmentKind = "delivery"     // goods left
	OrderInvoice FulfilmentKind = "invoice"      // lines were charged
	Cancellation FulfilmentKind = "cancellation" // what was neither delivered nor charged is given up
	GoodsReturn  FulfilmentKind = "return"       // goods of a delivery came back
	OrderCredit  FulfilmentKind = "credit"       // lines of an invoice were credited
)

// Fulfilment is one thing that was done for an order: what holds the order, the goods and the invoice together. It never
// changes.
type Fulfilment struct {
	tenancy.Row
	Kind FulfilmentKind `bun:"kind,notnull" privacy:"none"`
	// Reference is the caller's own number and the idempotency key, unique over fulfilments.
	Reference string `bun:"reference,notnull" privacy:"none"`
	// Fingerprint is a digest of the input without its free text.
	Fingerprint string    `bun:"fingerprint,notnull" privacy:"none"`
	OrderID     uuid.UUID `bun:"order_id,notnull"`
	// OriginID is the delivery that a return takes back, or the invoice that a credit does; none for the others.
	OriginID uuid.UUID `bun:"origin_id,nullzero"`
	// Date is the day on which goods moved, or the invoice's date.
	Date date.Date `bun:"fulfilment_date,notnull"`
	// StockDocumentID is the issue or return of goods of a delivery or a return. Line n of it is line n here.
	StockDocumentID uuid.UUID `bun:"stock_document_id,nullzero"`
	// InvoiceID is the invoice or credit note. Line n of it is line n here.
	InvoiceID uuid.UUID `bun:"invoice_id,nullzero"`
	PostedAt  time.Time `bun:"posted_at,notnull"`

	// Invoice is the invoice or credit note: its legal number and its totals.
	Invoice accounting.Invoice `bun:"-"`
	// Lines are in order.
	Lines []FulfilmentLine `bun:"-"`
	// Replayed says that the reference had been used before with the same content, and nothing was written now.
	Replayed bool `bun:"-"`
}

// FulfilmentLine is how much of an order's line it was about. Nothing of it changes but TakenBack.
type FulfilmentLine struct {
	tenancy.Owned
	FulfilmentID uuid.UUID      `bun:"fulfilment_id,pk"`
	LineNo       int64          `bun:"line_no,pk"` // 1, 2, 3 ...
	OrderID      uuid.UUID      `bun:"order_id,notnull"`
	OrderLineNo  int64          `bun:"order_line_no,notnull"`
	Quantity     money.Quantity `bun:"quantity,notnull"`
	// OriginID and OriginLineNo are the line that a line of a return or credit takes back.
	OriginID     uuid.UUID `bun:"origin_id,nullzero"`
	OriginLineNo int64     `bun:"origin_line_no,nullzero"`
	// TakenBack is how much of it returns or credits have taken back, at most Quantity; the database holds it to that.
	TakenBack money.Quantity `bun:"taken_back,notnull"`
}

// FulfilmentText is why something was cancelled, beside the figures, so that erasure can reach it.
type FulfilmentText struct {
	tenancy.Owned
	FulfilmentID uuid.UUID `bun:"fulfilment_id,pk"`
	Note         string    `bun:"note,notnull" privacy:"free-text,delete"`
}
