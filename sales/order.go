package sales

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Order is an agreement to sell. Nothing of it changes but its state, which follows from what was done for its lines: it is
// open until of every line of goods what is not cancelled was delivered and what the customer keeps is charged, and of every
// other line what is not cancelled is charged. Then it is closed, or cancelled when all of it was cancelled.
type Order struct {
	tenancy.Row
	// Reference is the caller's own number and the idempotency key, unique over orders.
	Reference string `bun:"reference,notnull" privacy:"none"`
	// Fingerprint is a digest of the input without its free text.
	Fingerprint string `bun:"fingerprint,notnull" privacy:"none"`
	// QuotationID is the quotation that was accepted; none when the order came without.
	QuotationID uuid.UUID `bun:"quotation_id,nullzero"`
	// PartyID is the customer.
	PartyID uuid.UUID `bun:"party_id,notnull"`
	Date    date.Date `bun:"order_date,notnull"`
	// WarehouseID is where its goods leave; none is the tenant's default warehouse.
	WarehouseID uuid.UUID `bun:"warehouse_id,nullzero"`
	// Net is the sum over the lines before tax, each rounded half up, as ordered.
	Net       money.Amount `bun:"embed:net_"`
	State     OrderState   `bun:"state,notnull" privacy:"none"`
	OrderedAt time.Time    `bun:"ordered_at,notnull"`
	// DimensionSetID is what was stated for lines that say nothing else, zero for nothing; Dimensions spells it out.
	DimensionSetID uuid.UUID             `bun:"dimension_set_id,nullzero"`
	Dimensions     accounting.Dimensions `bun:"-"`

	// Lines are in order, with their descriptions.
	Lines []OrderLine `bun:"-"`
	// Note is the free text.
	Note string `bun:"-"`
	// Replayed says that the reference had been used before with the same content, and nothing was written now.
	Replayed bool `bun:"-"`
}

// OrderLine is one line of an order: what was agreed, and how much of it was delivered, charged and so on since. What was
// agreed never changes.
type OrderLine struct {
	tenancy.Owned
	OrderID uuid.UUID `bun:"order_id,pk"`
	LineNo  int64     `bun:"line_no,pk"` // 1, 2, 3 ...
	Terms
	// ReservationID is what keeps goods on hand for the line, or kept them until they were taken or its time was over; none
	// when nothing was reserved.
	ReservationID uuid.UUID `bun:"reservation_id,nullzero"`
	// Delivered is how much left, Returned how much of that came back. What came back is not delivered again.
	Delivered money.Quantity `bun:"delivered,notnull"`
	Returned  money.Quantity `bun:"returned,notnull"`
	// Invoiced is how much was charged, Credited how much of that was taken back. What was credited can be charged again.
	Invoiced money.Quantity `bun:"invoiced,notnull"`
	Credited money.Quantity `bun:"credited,notnull"`
	// Cancelled is how much will be neither delivered nor charged.
	Cancelled money.Quantity `bun:"cancelled,notnull"`
}

// Undelivered is how much is still to be delivered.
func (l *OrderLine) Undelivered() money.Quantity {
	if !l.Goods {
		return 0
	}
	return l.Quantity - l.Cancelled - l.Delivered
}

// Charged is how much is charged and not credited.
func (l *OrderLine) Charged() money.Quantity { return l.Invoiced - l.Credited }

// Uninvoiced is how much can still be charged, whether it was delivered or not.
func (l *OrderLine) Uninvoiced() money.Quantity {
	return max(l.Quantity-l.Cancelled-l.Returned-l.Charged(), 0)
}

// Cancellable is how much is neither delivered nor charged.
func (l *OrderLine) Cancellable() money.Quantity {
	return l.Quantity - l.Cancelled - max(l.Delivered, l.Charged())
}

// settled reports whether nothing is left to do for a line.
func (l *OrderLine) settled() bool {
	due := l.Quantity - l.Cancelled - l.Returned // what the customer keeps once all is delivered
	return l.Undelivered() == 0 && l.Charged() == due
}

// stateOf derives an order's state.
func stateOf(lines []*OrderLine) OrderState {
	cancelled := true
	for _, l := range lines {
		if !l.settled() {
			return OrderOpen
		}
		cancelled = cancelled && l.Cancelled == l.Quantity
	}
	if cancelled {
		return OrderCancelled
	}
	return OrderClosed
}

// OrderText is the free text of an order, beside its figures, so that erasure can reach it.
type OrderText struct {
	tenancy.Owned
	OrderID uuid.UUID `bun:"order_id,pk"`
	Note    string    `bun:"note,notnull" privacy:"free-text,delete"`
	// LineTexts is a JSON array of the lines' descriptions, in order.
	LineTexts string `bun:"line_texts,notnull" privacy:"free-text,delete"`
}
