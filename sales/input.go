package sales

import (
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Document is a [NewSale] or a [NewCredit]: what [Service.Book] takes, in order.
type Document interface {
	// draft is the common form of both.
	draft() *draft
}

// NewSale is the input of [Service.Sell].
type NewSale struct {
	// Reference is the caller's own number and the idempotency key, unique over sales and credits. Required.
	Reference string `validate:"required,reference"`
	// PartyID is the customer. Zero is a walk-in, who pays at once.
	PartyID uuid.UUID `validate:"-"`
	// Date is the day of the invoice and of the issue of goods. Default: today in the tenant's time zone.
	Date date.Date `validate:"-"`
	// Due is when it is to be paid. Default: Date.
	Due date.Date `validate:"-"`
	// SettledBy is the cash or bank account that it is paid by at once. Zero: it goes on the customer's account.
	SettledBy accounting.AccountRef `validate:"-"`
	// WarehouseID is where the goods leave. Default: the tenant's default warehouse.
	WarehouseID uuid.UUID `validate:"-"`
	// Dimensions are what lines are analysed by that say nothing else, such as {"shop": "york"}: revenue, and the cost of what is sold. A
	// line of goods has those of the warehouse besides, where neither says otherwise.
	Dimensions accounting.Dimensions `validate:"-"`
	// Lines are 1 to 10,000.
	Lines []NewLine `validate:"required,min=1,max=10000,dive"`
	// Note is free text on the invoice, at most 2,000 characters.
	Note string `validate:"max=2000,text"`
	// LockException is the reason for booking into a soft-locked period; it needs the permission accounting.exception.
	LockException string `validate:"max=500,text"`
	// Late says what becomes of a sale whose date lies in a period that takes none, as in [accounting.NewEntry]. Goods do not move late: a
	// sale of goods is dated when they leave. Default [accounting.LateRefuse].
	Late accounting.LatePolicy `validate:"omitempty,oneof=refuse first_open"`
}

// NewLine is one line of a [NewSale]. Its amount is Quantity x UnitPrice, rounded half up to the minor unit.
type NewLine struct {
	// ProductID is what is sold: goods leave the stock, services do not. Zero is a line about no product, such as a fee.
	ProductID uuid.UUID `validate:"-"`
	// Description is free text on the invoice. Default: the product's name.
	Description string `validate:"max=500,text"`
	// Quantity is above zero.
	Quantity money.Quantity `validate:"gt=0"`
	// UnitPrice is before tax, in the books' currency. It may be below zero on a line that is a discount.
	UnitPrice decimal.Decimal `validate:"-"`
	// TaxCode names a tax of accounting. "" is without tax.
	TaxCode string `validate:"max=20,line"`
	// Account is what the line is booked to. Default: the account with the role sales.
	Account accounting.AccountRef `validate:"-"`
	// Giveaway marks goods that are given away: their cost is a marketing expense. The price must be zero. A price of zero
	// alone does not make a giveaway: a free part of a bundle is a cost of what was sold with it.
	Giveaway bool `validate:"-"`
	// Dimensions are what the line is analysed by, over those of its document.
	Dimensions accounting.Dimensions `validate:"-"`
}

// NewCredit is the input of [Service.Credit].
type NewCredit struct {
	// Reference is as in [NewSale].
	Reference string `validate:"required,reference"`
	// Sale is the reference of the sale that is taken back, in whole or in part. "" when it is not known: then nothing says
	// how much may be taken back.
	Sale string `validate:"reference"`
	// PartyID is the customer. Zero is a walk-in, who is refunded at once, or with Sale that sale's customer.
	PartyID uuid.UUID `validate:"-"`
	// Date is the day of the credit note and of the return of goods. Default: today in the tenant's time zone.
	Date date.Date `validate:"-"`
	// RefundedBy is the cash or bank account that it is refunded from at once. Zero: it goes on the customer's account.
	RefundedBy accounting.AccountRef `validate:"-"`
	// WarehouseID is where goods come back. Default: the tenant's default warehouse.
	WarehouseID uuid.UUID `validate:"-"`
	// Dimensions are as in [NewSale], of lines that name no line of a sale; those that do have that one's. Default: the sale's.
	Dimensions accounting.Dimensions `validate:"-"`
	// Lines are 1 to 10,000.
	Lines []NewCreditLine `validate:"required,min=1,max=10000,dive"`
	// Note is free text on the credit note, at most 2,000 characters.
	Note string `validate:"max=2000,text"`
	// LockException and Late are as in [NewSale].
	LockException string                `validate:"max=500,text"`
	Late          accounting.LatePolicy `validate:"omitempty,oneof=refuse first_open"`
}

// NewCreditLine is one line of a [NewCredit], stated as credited: quantity and price above zero give money back.
type NewCreditLine struct {
	// SaleLine is the number of the line that is taken back, from 1. Required for lines with a product when the credit
	// names a sale; else left out.
	SaleLine int64 `validate:"min=0,max=10000"`
	// ProductID is what comes back. Default: the product of SaleLine.
	ProductID   uuid.UUID             `validate:"-"`
	Description string                `validate:"max=500,text"`
	Quantity    money.Quantity        `validate:"gt=0"`
	UnitPrice   decimal.Decimal       `validate:"-"`
	TaxCode     string                `validate:"max=20,line"`
	Account     accounting.AccountRef `validate:"-"`
	// Giveaway says that the goods had been given away: their cost goes back to marketing. With SaleLine that line says so.
	Giveaway bool `validate:"-"`
	// Restock brings goods back to stock, at the cost at which SaleLine left, else at ReturnCost, else at the average of
	// what is on hand. Without it (broken, kept by the customer) only money moves. Services never come back.
	Restock bool `validate:"-"`
	// ReturnCost is what the goods cost when they left, where the sale is not known and somebody knows it.
	ReturnCost inventory.Cost `validate:"-"`
	// Dimensions are as in [NewLine]; left out where SaleLine is named.
	Dimensions accounting.Dimensions `validate:"-"`
}

// draft is a sale or a credit in the form that both are booked in.
type draft struct {
	kind          Kind
	input         any // for the tags
	reference     string
	credits       string // the reference of the sale that is taken back
	party         uuid.UUID
	date, due     date.Date
	settledBy     accounting.AccountRef
	warehouse     uuid.UUID
	note          string
	lockException string
	late          accounting.LatePolicy
	dimensions    accounting.Dimensions
	lines         []draftLine

	what        string // for messages: "document 3 (R-17)"
	fingerprint string
	replayOf    *draft // an earlier one of the same batch with the same reference
}

type draftLine struct {
	NewLine
	saleLine   int64
	moves      bool // goods of it, if it has any, move
	returnCost inventory.Cost
	analysed   accounting.Dimensions // of a line that names no other
}

func (n NewSale) draft() *draft {
	d := &draft{kind: KindSale, input: n, reference: n.Reference, party: n.PartyID, date: n.Date, due: n.Due, settledBy: n.SettledBy,
		warehouse: n.WarehouseID, note: n.Note, lockException: n.LockException, late: n.Late, dimensions: n.Dimensions}
	for _, l := range n.Lines {
		d.lines = append(d.lines, draftLine{NewLine: l, moves: true})
	}
	return d
}

func (n NewCredit) draft() *draft {
	d := &draft{kind: KindCredit, input: n, reference: n.Reference, credits: n.Sale, party: n.PartyID, date: n.Date, settledBy: n.RefundedBy,
		warehouse: n.WarehouseID, note: n.Note, lockException: n.LockException, late: n.Late, dimensions: n.Dimensions}
	for _, l := range n.Lines {
		d.lines = append(d.lines, draftLine{saleLine: l.SaleLine, moves: l.Restock, returnCost: l.ReturnCost,
			NewLine: NewLine{ProductID: l.ProductID, Description: l.Description, Quantity: l.Quantity, UnitPrice: l.UnitPrice,
				TaxCode: l.TaxCode, Account: l.Account, Giveaway: l.Giveaway, Dimensions: l.Dimensions}})
	}
	return d
}
