package purchasing

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// OrderState is where an order stands. It follows from what was ordered, came, was billed, went back, was credited and
// cancelled; no act sets it.
type OrderState string

// The states.
const (
	// OrderOpen: something is still to come.
	OrderOpen OrderState = "open"
	// OrderReceived: nothing more comes; a bill is awaited, or a credit for what was billed and went back.
	OrderReceived OrderState = "received"
	// OrderClosed: what came and stayed is billed, and the account of goods received is clear of the order.
	OrderClosed OrderState = "closed"
	// OrderCancelled: nothing came, and nothing will.
	OrderCancelled OrderState = "cancelled"
)

// Order is a purchase order. Nothing of it changes but State and the counters of its lines.
type Order struct {
	tenancy.Row
	// Reference is the caller's own number and the idempotency key, unique over orders.
	Reference string `bun:"reference,notnull" privacy:"none"`
	// Fingerprint is a digest of the input without its free text, by which a replay is told from a reference used twice.
	Fingerprint string `bun:"fingerprint,notnull" privacy:"none"`
	// SeriesID and Seq are the number's parts: the series PO of a fiscal year, without gaps.
	SeriesID uuid.UUID `bun:"series_id,notnull"`
	Seq      int64     `bun:"seq,notnull"`
	// Number is the number as printed: "PO-2026-00001".
	Number string `bun:"number,notnull" privacy:"none"`
	// PartyID is the vendor.
	PartyID uuid.UUID `bun:"party_id,notnull"`
	Date    date.Date `bun:"order_date,notnull"`
	// ExpectedOn is when the goods are expected; information.
	ExpectedOn date.Date `bun:"expected_on,nullzero"`
	// WarehouseID is where the goods are to come, unless a receipt says otherwise; none is the tenant's default.
	WarehouseID uuid.UUID `bun:"warehouse_id,nullzero"`
	// Total is the sum over the lines of quantity x price, each rounded half up.
	Total money.Amount `bun:"embed:total_"`
	State OrderState   `bun:"state,notnull" privacy:"none"`
	// DimensionSetID is what was stated for lines that say nothing else, zero for nothing; [Service.GetOrder] spells it out in
	// Dimensions.
	DimensionSetID uuid.UUID             `bun:"dimension_set_id,nullzero"`
	Dimensions     accounting.Dimensions `bun:"-"`
	// OrderedAt is when we learnt of it.
	OrderedAt time.Time `bun:"ordered_at,notnull"`

	// Lines are in order.
	Lines []OrderLine `bun:"-"`
	// Replayed says that the reference had been ordered before with the same content, and nothing was written now.
	Replayed bool `bun:"-"`
}

// OrderLine is one line of an order. Its counters are sums over notes and bills.
type OrderLine struct {
	tenancy.Owned
	OrderID uuid.UUID `bun:"order_id,pk"`
	LineNo  int64     `bun:"line_no,pk"` // 1, 2, 3 ...
	// ProductID is none for a line about no product.
	ProductID uuid.UUID `bun:"product_id,nullzero"`
	// Goods says that the line is about stock; else it is a service or another cost.
	Goods bool `bun:"goods,notnull"`
	// AccountID is what a line that is not about goods is booked to when it is billed.
	AccountID uuid.UUID      `bun:"account_id,nullzero"`
	Quantity  money.Quantity `bun:"quantity,notnull"`
	// UnitPrice is before tax, in the books' currency: what goods are received at.
	UnitPrice decimal.Decimal `bun:"unit_price,notnull"`
	Received  money.Quantity  `bun:"received,notnull"`
	Billed    money.Quantity  `bun:"billed,notnull"`
	Returned  money.Quantity  `bun:"returned,notnull"`
	Credited  money.Quantity  `bun:"credited,notnull"`
	Cancelled money.Quantity  `bun:"cancelled,notnull"`
	// DimensionSetID is what all that is booked of the line is analysed by, zero for nothing; [Service.GetOrder] spells it out in
	// Dimensions.
	DimensionSetID uuid.UUID             `bun:"dimension_set_id,nullzero"`
	Dimensions     accounting.Dimensions `bun:"-"`
}

// ToCome is how much of a line is still to come.
func (l *OrderLine) ToCome() money.Quantity { return l.Quantity - l.Received - l.Cancelled }

// OrderText is the free text of an order. It stands beside the figures so that erasure can reach it.
type OrderText struct {
	tenancy.Owned
	OrderID uuid.UUID `bun:"order_id,pk"`
	Note    string    `bun:"note,notnull" privacy:"free-text,delete"`
	// LineTexts is a JSON array of the lines' descriptions, in order.
	LineTexts string `bun:"line_texts,notnull" privacy:"free-text,delete"`
}

// OrderDetail is an order with everything on it.
type OrderDetail struct {
	Order
	Note         string
	Descriptions []string // of the lines, in order
}

// NewOrder is the input of [Service.Order].
type NewOrder struct {
	// Reference is the caller's own number and the idempotency key, unique over orders. Required. The order's number is ours.
	Reference string `validate:"required,reference"`
	// PartyID is the vendor: a party with Vendor set.
	PartyID uuid.UUID `validate:"required"`
	// Date is the date of the order and the fiscal year of its number. Numbers follow the dates, so it is not before that of
	// the last order. Default: today in the tenant's time zone.
	Date date.Date `validate:"-"`
	// ExpectedOn is when the goods are expected. Optional.
	ExpectedOn date.Date `validate:"-"`
	// WarehouseID is where the goods are to come. Default: the tenant's default warehouse at the time of the receipt.
	WarehouseID uuid.UUID `validate:"-"`
	// Dimensions are what lines are analysed by that say nothing else, such as {"project": "17"}: goods received, the bill, price variance,
	// and the cost of what is no goods. A line of goods has those of the warehouse besides, where neither says otherwise. They stand as
	// they are ordered.
	Dimensions accounting.Dimensions `validate:"-"`
	// Lines are 1 to 10,000.
	Lines []NewOrderLine `validate:"required,min=1,max=10000,dive"`
	// Note is free text on the order, at most 2,000 characters.
	Note string `validate:"max=2000,text"`
}

// NewOrderLine is one line of a [NewOrder].
type NewOrderLine struct {
	// ProductID is what is ordered: goods come into stock, services do not. Zero is a line about no product, such as carriage.
	ProductID uuid.UUID `validate:"-"`
	// Description is free text for the vendor. Default: the product's name.
	Description string `validate:"max=500,text"`
	// Quantity is above zero.
	Quantity money.Quantity `validate:"gt=0"`
	// UnitPrice is before tax, in the books' currency, and not below zero.
	UnitPrice decimal.Decimal `validate:"-"`
	// Account is what a line that is not about goods is booked to when it is billed: required there, refused on goods.
	Account accounting.AccountRef `validate:"-"`
	// Dimensions are what the line is analysed by, over those of the order.
	Dimensions accounting.Dimensions `validate:"-"`
}
