package purchasing

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// NoteKind says what a note tells of.
type NoteKind string

// The kinds.
const (
	// NoteReceipt: goods came, or a service was done.
	NoteReceipt NoteKind = "receipt"
	// NoteReturn: goods went back to the vendor, or a service was refused.
	NoteReturn NoteKind = "return"
	// NoteCancellation: what was to come will not.
	NoteCancellation NoteKind = "cancellation"
)

// Note tells what became of an order: something came, went back, or will not come. It never changes; the counters of a
// receipt's lines do.
type Note struct {
	tenancy.Row
	Kind NoteKind `bun:"kind,notnull" privacy:"none"`
	// Reference is the caller's own number and the idempotency key, unique over notes.
	Reference   string    `bun:"reference,notnull" privacy:"none"`
	Fingerprint string    `bun:"fingerprint,notnull" privacy:"none"`
	OrderID     uuid.UUID `bun:"order_id,notnull"`
	// ReceiptID is the receipt that a return sends back; none for the other kinds.
	ReceiptID uuid.UUID `bun:"receipt_id,nullzero"`
	// Date is the day on which the goods moved.
	Date date.Date `bun:"note_date,notnull"`
	// StockDocumentID is the receipt or return of stock, whose lines have the same numbers; none when no goods moved.
	StockDocumentID uuid.UUID `bun:"stock_document_id,nullzero"`
	PostedAt        time.Time `bun:"posted_at,notnull"`

	// Lines are in order.
	Lines []NoteLine `bun:"-"`
	// Replayed says that the reference had been noted before with the same content, and nothing was written now.
	Replayed bool `bun:"-"`
}

// NoteLine is one line of a note. On a receipt its counters say what became of what came; match.go holds their arithmetic.
type NoteLine struct {
	tenancy.Owned
	NoteID uuid.UUID `bun:"note_id,pk"`
	LineNo int64     `bun:"line_no,pk"` // 1, 2, 3 ...
	// Kind and Date are the note's, repeated.
	Kind        NoteKind  `bun:"kind,notnull" privacy:"none"`
	OrderID     uuid.UUID `bun:"order_id,notnull"`
	OrderLineNo int64     `bun:"order_line_no,notnull"`
	// OriginNoteID and OriginLineNo are the receipt's line that a return sends back.
	OriginNoteID uuid.UUID      `bun:"origin_note_id,nullzero"`
	OriginLineNo int64          `bun:"origin_line_no,nullzero"`
	Date         date.Date      `bun:"note_date,notnull"`
	Quantity     money.Quantity `bun:"quantity,notnull"`
	// Value is what the account of goods received was moved by: of a receipt quantity x price, of a return its share in the
	// receipt's value. Zero where no goods moved.
	Value money.Amount `bun:"embed:value_"`

	// Returned, Billed and Credited are how much of a receipt's line went back, was billed, and was credited by the vendor; the
	// figures in minor units are their shares in Value.
	Returned      money.Quantity `bun:"returned,notnull"`
	ReturnedMinor int64          `bun:"returned_minor,notnull"`
	Billed        money.Quantity `bun:"billed,notnull"`
	BilledMinor   int64          `bun:"billed_minor,notnull"`
	Credited      money.Quantity `bun:"credited,notnull"`
	CreditedMinor int64          `bun:"credited_minor,notnull"`
}

// lineKey names a line of an order or of a note.
type lineKey struct {
	document uuid.UUID
	line     int64
}

// NewReceipt is the input of [Service.Receive]: what came of one order.
type NewReceipt struct {
	// Reference is the number of the delivery and the idempotency key, unique over notes. Required.
	Reference string    `validate:"required,reference"`
	OrderID   uuid.UUID `validate:"required"`
	// Date is the day on which the goods came. Default: today in the tenant's time zone.
	Date date.Date `validate:"-"`
	// WarehouseID is where they came. Default: the order's, else the tenant's default warehouse.
	WarehouseID uuid.UUID `validate:"-"`
	// Lines are 1 to 10,000.
	Lines []NewNoteLine `validate:"required,min=1,max=10000,dive"`
	// LockException is the reason for booking into a soft-locked period; it needs the permission accounting.exception.
	LockException string `validate:"max=500,text"`
}

// NewNoteLine is one line of a [NewReceipt], a [NewReturn] or a [NewCancellation].
type NewNoteLine struct {
	// LineNo is the line of the order; on a return the line of the receipt.
	LineNo int64 `validate:"min=1,max=10000"`
	// Quantity is above zero.
	Quantity money.Quantity `validate:"gt=0"`
}

// NewReturn is the input of [Service.Return]: what goes back of one receipt.
type NewReturn struct {
	// Reference is the idempotency key, unique over notes. Required.
	Reference string `validate:"required,reference"`
	// ReceiptID is the receipt that it came with.
	ReceiptID uuid.UUID `validate:"required"`
	// Date is the day on which the goods left. Default: today in the tenant's time zone.
	Date date.Date `validate:"-"`
	// WarehouseID is where they leave. Default: the order's, else the tenant's default warehouse.
	WarehouseID uuid.UUID `validate:"-"`
	// Lines are 1 to 10,000.
	Lines []NewNoteLine `validate:"required,min=1,max=10000,dive"`
	// Reason is free text, kept with the stock document; at most 500 characters.
	Reason string `validate:"max=500,text"`
	// LockException is as in [NewReceipt].
	LockException string `validate:"max=500,text"`
}

// NewCancellation is the input of [Service.Cancel]: what will not come of one order.
type NewCancellation struct {
	// Reference is the idempotency key, unique over notes. Required.
	Reference string    `validate:"required,reference"`
	OrderID   uuid.UUID `validate:"required"`
	// Date is the day of the cancellation. Default: today in the tenant's time zone.
	Date date.Date `validate:"-"`
	// Lines are what is cancelled. Without any it is all that is still to come.
	Lines []NewNoteLine `validate:"max=10000,dive"`
}
