package pos

import (
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
)

// NewTicket is the input of [Service.Sell].
type NewTicket struct {
	// SessionID is the open session that it is made in; one batch is of one session.
	SessionID uuid.UUID `validate:"required"`
	// Reference is the till's own key and the idempotency key, unique over tickets of all kinds. Required.
	Reference string `validate:"required,reference"`
	// TaxIncluded says that unit prices include tax, as prices on shelves do.
	TaxIncluded bool `validate:"-"`
	// Lines are 1 to 1,000.
	Lines []NewLine `validate:"required,min=1,max=1000,dive"`
	// Payments are at most 20, at most one of them in cash. Cards are charged with what they say, the rest is due in cash,
	// rounded as the register's country does. None where nothing is to be paid.
	Payments []NewPayment `validate:"max=20,dive"`
	// Note is free text on the receipt, at most 2,000 characters.
	Note string `validate:"max=2000,text"`
}

// NewLine is one line of a [NewTicket]. Its amount is Quantity x UnitPrice, rounded half up to the minor unit. Where tax is
// included that is the gross amount, and the tax in it is gross x rate / (100 + rate), rounded half up; else it is the net
// amount, and the tax is net x rate, rounded half up. The ticket's figures are the sums of its lines'.
type NewLine struct {
	// ProductID is what is sold: goods leave the stock, below zero when need be; services do not. Zero is a line about no
	// product, such as a department's key.
	ProductID uuid.UUID `validate:"-"`
	// Description is free text on the receipt. Default: the product's name.
	Description string `validate:"max=500,line"`
	// Quantity is above zero.
	Quantity money.Quantity `validate:"gt=0"`
	// UnitPrice is in the books' currency. It may be below zero on a line that is a discount.
	UnitPrice decimal.Decimal `validate:"-"`
	// TaxCode names a tax of accounting. "" is without tax.
	TaxCode string `validate:"max=20,line"`
	// Account is what the line is booked to. Default: the account with the role sales.
	Account accounting.AccountRef `validate:"-"`
	// Dimensions are what the line is analysed by, its revenue and the cost of its goods, over those of the register and of its
	// warehouse.
	Dimensions accounting.Dimensions `validate:"-"`
}

// NewPayment is one payment of a [NewTicket] or, paying back, of a [NewRefund].
type NewPayment struct {
	Method Method `validate:"required,oneof=cash card"`
	// Amount is what the card is charged with, or the cash that is handed over, of which change is given. Cash may be zero
	// where rounding leaves nothing to pay. In a refund it may be left out: then it is all that is left to pay back.
	Amount money.Amount `validate:"-"`
	// Reference is the card's authorisation or the terminal's number of the payment. Optional.
	Reference string `validate:"max=100,line"`
}

// NewRefund is the input of [Service.Refund]: a part of a sale that comes back, or all of it.
type NewRefund struct {
	// SessionID is the open session that it is made in, at any register; one batch is of one session.
	SessionID uuid.UUID `validate:"required"`
	// Reference is as in [NewTicket].
	Reference string `validate:"required,reference"`
	// TicketID is the sale.
	TicketID uuid.UUID `validate:"required"`
	// Lines are 1 to 1,000; a line of the sale stands at most once.
	Lines []NewRefundLine `validate:"required,min=1,max=1000,dive"`
	// Payments say how it is paid back. None: in cash.
	Payments []NewPayment `validate:"max=20,dive"`
	// Note is free text on the receipt, at most 2,000 characters.
	Note string `validate:"max=2000,text"`
}

// NewRefundLine takes back a quantity of a line of the sale, at its share of the price: all parts together are what was paid,
// to the penny.
type NewRefundLine struct {
	// TicketLine is the number of the line of the sale, from 1.
	TicketLine int64 `validate:"min=1"`
	// Quantity is above zero and at most what was sold and has not come back.
	Quantity money.Quantity `validate:"gt=0"`
	// Restock brings goods back to the register's stock at what they left at. Without it (broken, kept) only money moves.
	Restock bool `validate:"-"`
}

// NewVoid is the input of [Service.Void]: a sale that should not have been, taken back whole.
type NewVoid struct {
	// SessionID is the open session that the sale was made in; one batch is of one session.
	SessionID uuid.UUID `validate:"required"`
	// Reference is as in [NewTicket].
	Reference string `validate:"required,reference"`
	// TicketID is the sale.
	TicketID uuid.UUID `validate:"required"`
	// Note is free text on the receipt, at most 2,000 characters.
	Note string `validate:"max=2000,text"`
}

// draft is a ticket of any kind in the form that all are made in.
type draft struct {
	kind        Kind
	input       any // for the tags
	session     uuid.UUID
	reference   string
	origin      uuid.UUID // the sale that is taken back
	taxIncluded bool
	lines       []NewLine               // of a sale
	analysed    []accounting.Dimensions // of these
	back        []NewRefundLine         // of a refund
	payments    []NewPayment
	note        string

	what        string // for messages: "ticket 3 (T-17)"
	fingerprint string
	replayOf    *draft // an earlier one of the same batch with the same reference
}

func (n NewTicket) draft() *draft {
	return &draft{kind: KindSale, input: n, session: n.SessionID, reference: n.Reference, taxIncluded: n.TaxIncluded, lines: n.Lines,
		payments: n.Payments, note: n.Note}
}

func (n NewRefund) draft() *draft {
	return &draft{kind: KindRefund, input: n, session: n.SessionID, reference: n.Reference, origin: n.TicketID, back: n.Lines,
		payments: n.Payments, note: n.Note}
}

func (n NewVoid) draft() *draft {
	return &draft{kind: KindVoid, input: n, session: n.SessionID, reference: n.Reference, origin: n.TicketID, note: n.Note}
}
