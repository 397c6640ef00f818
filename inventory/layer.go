package inventory

import (
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// Layer is a part of what is on hand, with what it cost in all. It never carries a unit cost: quantity and value are
// whole numbers, so nothing is lost however often something is taken from it, and nothing on hand is worth nothing.
//
// Layer 0 of a product in a warehouse, the anchor, comes into being with the first act on it and stays forever. It is what an
// act locks, so that two acts on the same shelf follow one another. Under moving average it also holds all that is on hand;
// under FIFO it stays empty and every receipt and return adds a layer with the next Seq. A FIFO layer that is used up is
// removed: moves tell its story, and reading a shelf does not grow with history.
//
// What went out below zero stands on the anchor under either method, below zero in quantity and value, and then there is no
// other layer.
type Layer struct {
	tenancy.Owned
	ProductID   uuid.UUID      `bun:"product_id,pk"`
	WarehouseID uuid.UUID      `bun:"warehouse_id,pk"`
	Seq         int64          `bun:"seq,pk"`
	Quantity    money.Quantity `bun:"quantity,notnull"` // below zero on the anchor only
	Value       money.Amount   `bun:"embed:value_"`     // in the books' currency; zero when Quantity is, else of its sign or zero
	// LastQuantity and LastValueMinor are what goods of this shelf last cost, as a quantity with its value, so that what goes
	// out below zero has a cost: under moving average all that was on hand after goods last came in, under FIFO what came in
	// last. On the anchor only; no quantity when none ever came.
	LastQuantity   money.Quantity `bun:"last_quantity,notnull"`
	LastValueMinor int64          `bun:"last_value_minor,notnull"`
	// Reserved is what the reservations of this shelf hold, in all. On the anchor only. It can be more than is on hand, where
	// goods went out below zero or a count found fewer.
	Reserved money.Quantity `bun:"reserved,notnull"`
	// DocumentID and LineNo are the move that brought a FIFO layer in; none on layer 0.
	DocumentID uuid.UUID `bun:"document_id,nullzero"`
	LineNo     int64     `bun:"line_no,nullzero"`
}

// anchorSeq is the layer that is locked, and that moving average keeps everything in.
const anchorSeq = 0
