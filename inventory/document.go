package inventory

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
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
	// Variance is made by the program alone, after a document that brought in what had gone out below zero: the difference
	// between what the goods went out at and what they turned out to cost. Its moves have no quantity.
	Variance Kind = "variance"
	// Revaluation changes what received goods are thought to have cost, once their bill says so. Its moves have no quantity.
	Revaluation Kind = "revaluation"
	// VendorReturn sends received goods back to their vendor.
	VendorReturn Kind = "vendor_return"
)

// Document is one booked act on a warehouse, with its moves. It is never changed: a mistake is corrected by another
// document.
type Document struct {
	tenancy.Row
	Kind Kind `bun:"kind,notnull" privacy:"none"`
	// Reference is the caller's own key: booking it again with the same content books nothing. "" when none was given.
	Reference string `bun:"reference,nullzero" privacy:"none"`
	// Fingerprint is a digest of the input without its free text, by which a replay is told from a reference used twice. ""
	// on a variance, which nobody asks for.
	Fingerprint string `bun:"fingerprint,notnull" privacy:"none"`
	// Date is the day on which the goods moved, and the date of the entry.
	Date date.Date `bun:"document_date,notnull"`
	// WarehouseID is where; none on a revaluation, whose lines may be of several.
	WarehouseID uuid.UUID `bun:"warehouse_id,nullzero"`
	// EntryID is the journal entry; none when the document is worth nothing, or is posted with its group.
	EntryID uuid.UUID `bun:"entry_id,nullzero"`
	// BelowZero is true of an issue that was allowed to take out more than there was.
	BelowZero bool `bun:"below_zero,notnull"`
	// GroupID is the group that the document is posted with, and PostingNo which of the group's postings: see [GroupPosting].
	GroupID   uuid.UUID `bun:"group_id,nullzero"`
	PostingNo int64     `bun:"posting_no,nullzero"`
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
	// Quantity and Value are what was added: negative when goods left. Without Quantity, Value is what goods cost otherwise
	// than was thought.
	Quantity money.Quantity `bun:"quantity,notnull"`
	Value    money.Amount   `bun:"embed:value_"`
	// VarianceMinor is what went to the price variance account, in Value's currency; debits are positive. The account on the other
	// side got the opposite of Value and VarianceMinor together. Only where goods are sent back or valued anew.
	VarianceMinor int64 `bun:"variance_minor,notnull"`
	// OriginDocumentID and OriginLineNo are the issue that a return brings back, and none when it is not known; the receipt that
	// is sent back or valued anew; of a variance, the move that filled what was missing.
	OriginDocumentID uuid.UUID `bun:"origin_document_id,nullzero"`
	OriginLineNo     int64     `bun:"origin_line_no,nullzero"`
	// ReservationID is the reservation that an issue took from; none for most.
	ReservationID uuid.UUID `bun:"reservation_id,nullzero"`
	// DimensionSetID is what the accounts on the other side of stock are analysed by, zero for nothing; [Service.GetDocument] spells
	// it out in Dimensions.
	DimensionSetID uuid.UUID             `bun:"dimension_set_id,nullzero"`
	Dimensions     accounting.Dimensions `bun:"-"`
}

// PriceVariance is what went to the price variance account: above zero when goods that are not on hand any more cost more
// than they were received at.
func (m Move) PriceVariance() money.Amount {
	return money.Amount{Minor: m.VarianceMinor, Currency: m.Value.Currency}
}

// lineKey names a line of a stored document.
type lineKey struct {
	document uuid.UUID
	line     int64
}
