package sales

import (
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// OrderPart is a part of a line of an order. A fulfilment names each line once.
type OrderPart struct {
	// Line is the number of the order's line, from 1.
	Line int64 `validate:"min=1,max=10000"`
	// Quantity is above zero.
	Quantity money.Quantity `validate:"gt=0"`
}

// NewDelivery is the input of [Service.Deliver].
type NewDelivery struct {
	// Reference is the caller's own number and the idempotency key, unique over what is done for orders. The issue of goods
	// bears it as well. Required.
	Reference string `validate:"required,reference"`
	// Order is the reference of the order. Required.
	Order string `validate:"required,reference"`
	// Date is the day on which the goods leave. Default: today in the tenant's time zone.
	Date date.Date `validate:"-"`
	// Lines are what leaves. Default: all goods that are still to be delivered.
	Lines []OrderPart `validate:"max=10000,dive"`
	// Note is free text on the issue of goods, at most 500 characters.
	Note string `validate:"max=500,text"`
	// LockException is as in [NewSale].
	LockException string `validate:"max=500,text"`
}

// NewOrderInvoice is the input of [Service.Invoice].
type NewOrderInvoice struct {
	// Reference is as in [NewDelivery]; the invoice bears it as well. The legal number is the invoice's own.
	Reference string `validate:"required,reference"`
	// Order is the reference of the order. Required.
	Order string `validate:"required,reference"`
	// Date is the invoice's date and tax point. Default: today in the tenant's time zone.
	Date date.Date `validate:"-"`
	// Due is when it is to be paid. Default: Date.
	Due date.Date `validate:"-"`
	// SettledBy is the cash or bank account that it is paid by at once. Zero: it goes on the customer's account.
	SettledBy accounting.AccountRef `validate:"-"`
	// Lines are what is charged, at the order's prices, delivered or not. Default: all that can still be charged.
	Lines []OrderPart `validate:"max=10000,dive"`
	// Note is free text on the invoice, at most 2,000 characters.
	Note string `validate:"max=2000,text"`
	// LockException and Late are as in [NewSale].
	LockException string                `validate:"max=500,text"`
	Late          accounting.LatePolicy `validate:"omitempty,oneof=refuse first_open"`
}

// NewCancellation is the input of [Service.Cancel].
type NewCancellation struct {
	// Reference is as in [NewDelivery].
	Reference string `validate:"required,reference"`
	// Order is the reference of the order. Required.
	Order string `validate:"required,reference"`
	// Date is the day of the cancellation. Default: today in the tenant's time zone.
	Date date.Date `validate:"-"`
	// Lines are what is given up. Default: all that is neither delivered nor charged.
	Lines []OrderPart `validate:"max=10000,dive"`
	// Reason is free text, at most 2,000 characters.
	Reason string `validate:"max=2000,text"`
}

// NewReturn is the input of [Service.Return].
type NewReturn struct {
	// Reference is as in [NewDelivery]; the return of goods bears it as well.
	Reference string `validate:"required,reference"`
	// Delivery is the reference of the delivery that comes back, in whole or in part. Required.
	Delivery string `validate:"required,reference"`
	// Date is the day on which the goods come back. Default: today in the tenant's time zone.
	Date date.Date `validate:"-"`
	// WarehouseID is where they come back. Default: the order's warehouse.
	WarehouseID uuid.UUID `validate:"-"`
	// Lines are what comes back, by the order's line numbers. Default: all of the delivery that did not come back yet.
	Lines []OrderPart `validate:"max=10000,dive"`
	// Note is free text on the return of goods, at most 500 characters.
	Note string `validate:"max=500,text"`
	// LockException is as in [NewSale].
	LockException string `validate:"max=500,text"`
}

// NewInvoiceCredit is the input of [Service.CreditInvoice].
type NewInvoiceCredit struct {
	// Reference is as in [NewDelivery]; the credit note bears it as well.
	Reference string `validate:"required,reference"`
	// Invoice is the reference of the order's invoice that is credited, in whole or in part. Required.
	Invoice string `validate:"required,reference"`
	// Date is the day of the credit note. Default: today in the tenant's time zone.
	Date date.Date `validate:"-"`
	// RefundedBy is the cash or bank account that it is refunded from at once. Zero: it goes on the customer's account.
	RefundedBy accounting.AccountRef `validate:"-"`
	// Lines are what is credited, by the order's line numbers. Default: all of the invoice that is not credited yet.
	Lines []CreditPart `validate:"max=10000,dive"`
	// Note is free text on the credit note, at most 2,000 characters.
	Note string `validate:"max=2000,text"`
	// LockException and Late are as in [NewSale].
	LockException string                `validate:"max=500,text"`
	Late          accounting.LatePolicy `validate:"omitempty,oneof=refuse first_open"`
}

// CreditPart is a part of a line of an order that is credited.
type CreditPart struct {
	OrderPart
	// UnitPrice is what is credited a unit, before tax. Default: the order's price.
	UnitPrice decimal.Decimal `validate:"-"`
}

// step is one input in the form in which all are fulfilled.
type step struct {
	order     string // the reference of the order, or
	origin    string // that of the delivery or invoice that is taken back
	date, due date.Date
	settledBy accounting.AccountRef
	warehouse uuid.UUID
	parts     []CreditPart
	note      string
	lock      string
	late      accounting.LatePolicy
}

func creditParts(parts []OrderPart) []CreditPart {
	out := make([]CreditPart, len(parts))
	for i, p := range parts {
		out[i].OrderPart = p
	}
	return out
}

func (n NewDelivery) step() step {
	return step{order: n.Order, date: n.Date, parts: creditParts(n.Lines), note: n.Note, lock: n.LockException}
}

func (n NewOrderInvoice) step() step {
	return step{order: n.Order, date: n.Date, due: n.Due, settledBy: n.SettledBy, parts: creditParts(n.Lines), note: n.Note, lock: n.LockException, late: n.Late}
}

func (n NewCancellation) step() step {
	return step{order: n.Order, date: n.Date, parts: creditParts(n.Lines), note: n.Reason}
}

func (n NewReturn) step() step {
	return step{origin: n.Delivery, date: n.Date, warehouse: n.WarehouseID, parts: creditParts(n.Lines), note: n.Note, lock: n.LockException}
}

func (n NewInvoiceCredit) step() step {
	return step{origin: n.Invoice, date: n.Date, settledBy: n.RefundedBy, parts: n.Lines, note: n.Note, lock: n.LockException, late: n.Late}
}

func (n NewDelivery) reference() string      { return n.Reference }
func (n NewOrderInvoice) reference() string  { return n.Reference }
func (n NewCancellation) reference() string  { return n.Reference }
func (n NewReturn) reference() string        { return n.Reference }
func (n NewInvoiceCredit) reference() string { return n.Reference }

// content is the step without its free text, for fingerprints.
func (st *step) content(kind FulfilmentKind) any {
	return struct {
		Kind          FulfilmentKind
		Order, Origin string
		Date, Due     date.Date
		SettledBy     string
		WarehouseID   uuid.UUID
		Parts         []CreditPart
	}{kind, st.order, st.origin, st.date, st.due, st.settledBy.String(), st.warehouse, st.parts}
}

// check refuses a step that names a line twice, or states a price that is out of bounds.
func (st *step) check(op, what string) error {
	seen := make(map[int64]bool, len(st.parts))
	for _, p := range st.parts {
		if seen[p.Line] {
			return ErrBadInput.New(op, "%s: line %d stands twice", what, p.Line)
		}
		seen[p.Line] = true
		switch price := p.UnitPrice; {
		case price.Exponent() > 20 || price.Exponent() < -20 || price.Coefficient().BitLen() > 128:
			return ErrBadInput.New(op, "%s, line %d: UnitPrice has too many digits", what, p.Line)
		}
	}
	return nil
}
