package sales

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy/date"
)

// NewQuotation is the input of [Service.Quote].
type NewQuotation struct {
	// Reference is the caller's own number and the idempotency key, unique over quotations. Required.
	Reference string `validate:"required,reference"`
	// PartyID is whom it is offered to. Required.
	PartyID uuid.UUID `validate:"required"`
	// Date is the day of the quotation; it decides the fiscal year of its number. Default: today in the tenant's time zone.
	Date date.Date `validate:"-"`
	// ValidUntil is the last day on which it can be accepted. Required.
	ValidUntil date.Date `validate:"-"`
	// Dimensions are what lines are analysed by that say nothing else. Those of the warehouse are added when it is accepted, and then
	// what accounts require is asked for.
	Dimensions accounting.Dimensions `validate:"-"`
	// Lines are 1 to 10,000.
	Lines []NewLine `validate:"required,min=1,max=10000,dive"`
	// Note is free text, at most 2,000 characters.
	Note string `validate:"max=2000,text"`
}

// Acceptance is the input of [Service.Accept].
type Acceptance struct {
	// Quotation is the reference of the quotation that is accepted. Required.
	Quotation string `validate:"required,reference"`
	// Reference becomes the order's, and is the idempotency key. Required.
	Reference string `validate:"required,reference"`
	// Date is the day on which the customer accepted, and the order's date. Default: today in the tenant's time zone.
	Date date.Date `validate:"-"`
	// WarehouseID and ReserveUntil are as in [NewOrder].
	WarehouseID  uuid.UUID `validate:"-"`
	ReserveUntil time.Time `validate:"-"`
	// Dimensions go before those of the quotation, dimension by dimension.
	Dimensions accounting.Dimensions `validate:"-"`
}

// NewOrder is the input of [Service.Order].
type NewOrder struct {
	// Reference is the caller's own number and the idempotency key, unique over orders. Required.
	Reference string `validate:"required,reference"`
	// PartyID is the customer. Required: an order is invoiced on account, or settled by somebody known.
	PartyID uuid.UUID `validate:"required"`
	// Date is the day of the order. Default: today in the tenant's time zone.
	Date date.Date `validate:"-"`
	// WarehouseID is where its goods leave. Default: the tenant's default warehouse.
	WarehouseID uuid.UUID `validate:"-"`
	// ReserveUntil, when set, reserves all goods of the order until that instant: nobody else can have them. When not all
	// are available the order is refused.
	ReserveUntil time.Time `validate:"-"`
	// Dimensions are what lines are analysed by that say nothing else, such as {"project": "17"}: revenue, and the cost of what is sold. A
	// line of goods has those of the warehouse besides, where neither says otherwise. They stand as they are agreed.
	Dimensions accounting.Dimensions `validate:"-"`
	// Lines are 1 to 10,000.
	Lines []NewLine `validate:"required,min=1,max=10000,dive"`
	// Note is free text, at most 2,000 characters.
	Note string `validate:"max=2000,text"`
}
