package inventory

import (
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// Layer is a part of what is on hand, with what it cost in all. It never carries a unit cost: quantity and value are
// whole numbers, so nothing is lost however often something is taken from it, and nothing on hand is worth nothing.
//
// Layer 0 of a product in a warehouse comes into being with the first act on it and stays forever. It is what an act
// locks, so that two acts on the same shelf follow one another. Under moving average it also holds all that is on hand;
// under FIFO it stays empty and every receipt and return adds a layer with the next Seq. A FIFO layer that is used up is
// removed: moves tell its story, and reading a shelf does not grow with history.
type Layer struct {
	tenancy.Owned
	ProductID   uuid.UUID      `bun:"product_id,pk"`
	WarehouseID uuid.UUID      `bun:"warehouse_id,pk"`
	Seq         int64          `bun:"seq,pk"`
	Quantity    money.Quantity `bun:"quantity,notnull"` // never negative
	Value       money.Amount   `bun:"embed:value_"`     // in the books' currency, never negative; zero when Quantity is
	// DocumentID and LineNo are the move that brought a FIFO layer in; none on layer 0.
	DocumentID uuid.UUID `bun:"document_id,nullzero"`
	LineNo     int64     `bun:"line_no,nullzero"`
}

// anchorSeq is the layer that is locked, and that moving average keeps everything in.
const anchorSeq = 0
