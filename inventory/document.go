package inventory

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Kind is what happens to the goods of a document.
type Kind string

// The kinds of stock documents.
const (
	// Receipt brings goods in at a stated cost.
	Receipt Kind = "receipt"
	// Issue takes goods out at the cost that the valuation method finds.
	Issue Kind = "issue"
	// Return brings issued goods back, at the cost at which they went out where that is known.
	Return Kind = "return"
	// Adjustment makes the books follow a count: breakage and loss are negative, finds positive.
	Adjustment Kind = "adjustment"
)

// Document is one booked act on a warehouse, with its moves. It is never changed: a mistake is corrected by another
// document.
type Document struct {
	tenancy.Row
	Kind Kind `bun:"kind,notnull" privacy:"none"`
	// Reference is the caller's own key: booking it again with the same content books nothing. "" when none was given.
	Reference string `bun:"reference,nullzero" privacy:"none"`
	// Fingerprint is a digest of the input without its free text, by which a replay is told from a reference used twice.
	Fingerprint string `bun:"fingerprint,notnull" privacy:"none"`
	// Date is the day on which the goods moved, and the date of the entry.
	Date        date.Date `bun:"document_date,notnull"`
	WarehouseID uuid.UUID `bun:"warehouse_id,notnull"`
	// EntryID is the journal entry; none when the document is worth nothing.
	EntryID uuid.UUID `bun:"entry_id,nullzero"`
	// PostedAt is when we learnt of it. Costs follow the order of posting, not of Date.
	PostedAt time.Time `bun:"posted_at,notnull"`

	// Moves are the document's lines, in order.
	Moves []Move `bun:"-"`
	// Replayed is true when the reference had been booked before, with the same content, and this is that document.
	Replayed bool `bun:"-"`
}

// DocumentText is the free text of a document. It stands beside the immutable figures so that erasure can reach it; a
// document without text has none.
type DocumentText struct {
	tenancy.Owned
	DocumentID uuid.UUID `bun:"document_id,pk"`
	// Reason is what a person wrote about the document.
	Reason string `bun:"reason,notnull" privacy:"free-text,delete"`
}

// Move is one line of a document: what it did to the quantity and value on hand.
type Move struct {
	tenancy.Owned
	DocumentID  uuid.UUID `bun:"document_id,pk"`
	LineNo      int64     `bun:"line_no,pk"`
	ProductID   uuid.UUID `bun:"product_id,notnull"`
	WarehouseID uuid.UUID `bun:"warehouse_id,notnull"`
	// Date is the document's, repeated for reports as of a date.
	Date date.Date `bun:"move_date,notnull"`
	// Quantity and Value are what was added: negative when goods left.
	Quantity money.Quantity `bun:"quantity,notnull"`
	Value    money.Amount   `bun:"embed:value_"`
	// OriginDocumentID and OriginLineNo are the issue that a return brings back; none when it is not known.
	OriginDocumentID uuid.UUID `bun:"origin_document_id,nullzero"`
	OriginLineNo     int64     `bun:"origin_line_no,nullzero"`
}

// lineKey names a line of a stored document.
type lineKey struct {
	document uuid.UUID
	line     int64
}
