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

// Bill is a vendor's bill or credit for orders: what holds the document in accounting and its matches with receipts together.
// It never changes. Its id is that of the document in accounting, and so of its open item.
type Bill struct {
	tenancy.Row
	Kind accounting.BillKind `bun:"kind,notnull" privacy:"none"`
	// Reference is the caller's own number and the idempotency key, unique over bills and credits.
	Reference   string    `bun:"reference,notnull" privacy:"none"`
	Fingerprint string    `bun:"fingerprint,notnull" privacy:"none"`
	PartyID     uuid.UUID `bun:"party_id,notnull"`
	Date        date.Date `bun:"bill_date,notnull"`
	// RevaluationID is the stock document that brought the goods to what they were billed at; none when they were received at
	// that.
	RevaluationID uuid.UUID `bun:"revaluation_id,nullzero"`
	// EntryID is the entry for what a credit gave back more or less than the goods were received at; none without such.
	EntryID  uuid.UUID `bun:"entry_id,nullzero"`
	PostedAt time.Time `bun:"posted_at,notnull"`

	// Document is the bill in accounting: its totals and its tax.
	Document accounting.Bill `bun:"-"`
	// Lines are in order, with their matches.
	Lines []BillLine `bun:"-"`
	// Replayed says that the reference had been billed before with the same content, and nothing was written now.
	Replayed bool `bun:"-"`
}

// BillLine is one line of a bill; line n of it is line n of the document in accounting.
type BillLine struct {
	tenancy.Owned
	BillID uuid.UUID `bun:"bill_id,pk"`
	LineNo int64     `bun:"line_no,pk"` // 1, 2, 3 ...
	// OrderID and OrderLineNo are what was billed; none for a line beside the orders, such as carriage.
	OrderID     uuid.UUID      `bun:"order_id,nullzero"`
	OrderLineNo int64          `bun:"order_line_no,nullzero"`
	Quantity    money.Quantity `bun:"quantity,notnull"`
	// Net is the line's amount before tax.
	Net money.Amount `bun:"embed:net_"`

	// Matches are the receipts' lines that it is for.
	Matches []Match `bun:"-"`
}

// Match is so much of a receipt's line as a bill's line is for.
type Match struct {
	tenancy.Owned
	BillID        uuid.UUID      `bun:"bill_id,pk"`
	LineNo        int64          `bun:"line_no,pk"`
	ReceiptID     uuid.UUID      `bun:"receipt_id,pk"`
	ReceiptLineNo int64          `bun:"receipt_line_no,pk"`
	Quantity      money.Quantity `bun:"quantity,notnull"`
	// Share is its share in what the goods were received at: what the account of goods received is cleared by.
	Share money.Amount `bun:"embed:share_"`
	// Net is its part of the line's amount.
	Net money.Amount `bun:"embed:net_"`
}

// NewBill is the input of [Service.Bill].
type NewBill struct {
	// Reference is the caller's own number and the idempotency key, unique over bills and credits. Required.
	Reference string `validate:"required,reference"`
	// VendorNumber is the number that the vendor gave the document; it is recorded once (accounting.bill_taken).
	VendorNumber string `validate:"reference"`
	// PartyID is the vendor. Default: that of the orders.
	PartyID uuid.UUID `validate:"-"`
	// Date is the date of the bill and its tax point. Required, for it is on the paper.
	Date date.Date `validate:"-"`
	// Due is when it is to be paid. Default Date.
	Due date.Date `validate:"-"`
	// Dimensions are what lines beside the orders are analysed by that say nothing else. Lines of orders have those of the order's line.
	Dimensions accounting.Dimensions `validate:"-"`
	// Lines are 1 to 10,000.
	Lines []NewBillLine `validate:"required,min=1,max=10000,dive"`
	// Note is free text beside the document, at most 2,000 characters.
	Note string `validate:"max=2000,text"`
	// LockException is as in [NewReceipt].
	LockException string `validate:"max=500,text"`
	// Late says what becomes of a document whose date lies in a period that takes none, as in [accounting.NewEntry]: a bill that comes
	// when its month is closed. What it changes in the worth of goods counts for the same day as its entry. Default
	// [accounting.LateRefuse].
	Late accounting.LatePolicy `validate:"omitempty,oneof=refuse first_open"`
}

// NewCredit is the input of [Service.Credit]: a vendor's credit, stated as credited: positive.
type NewCredit struct {
	// Reference is as in [NewBill].
	Reference string `validate:"required,reference"`
	// VendorNumber is as in [NewBill].
	VendorNumber string `validate:"reference"`
	// PartyID is the vendor. Default: that of the orders.
	PartyID uuid.UUID `validate:"-"`
	// Date is the date of the credit. Required.
	Date date.Date `validate:"-"`
	// BillID is the bill that it corrects and is set off against. Optional; without it the credit stays open until it is
	// allocated.
	BillID uuid.UUID `validate:"-"`
	// Dimensions are as in [NewBill].
	Dimensions accounting.Dimensions `validate:"-"`
	// Lines are 1 to 10,000.
	Lines []NewBillLine `validate:"required,min=1,max=10000,dive"`
	// Note is as in [NewBill].
	Note string `validate:"max=2000,text"`
	// LockException is as in [NewReceipt].
	LockException string `validate:"max=500,text"`
	// Late is as in [NewBill].
	Late accounting.LatePolicy `validate:"omitempty,oneof=refuse first_open"`
}

// NewBillLine is one line of a [NewBill] or a [NewCredit]. Its net amount is Net where that is stated, else Quantity x
// UnitPrice, rounded half up to the minor unit.
type NewBillLine struct {
	// OrderID and LineNo are what is billed: of what came and was not billed yet, the oldest first; on a credit, of what was
	// billed and went back. Without them it is a line beside the orders: then Account is needed.
	OrderID uuid.UUID `validate:"-"`
	LineNo  int64     `validate:"min=0,max=10000"`
	// Description is free text, at most 500 characters. Default: the product's name.
	Description string `validate:"max=500,text"`
	// Quantity is above zero; it may be left out beside the orders where Net is stated.
	Quantity money.Quantity `validate:"-"`
	// UnitPrice is before tax, in the books' currency. Below zero beside the orders only, as a discount.
	UnitPrice decimal.Decimal `validate:"-"`
	// Net is the line's amount before tax as the vendor states it, instead of UnitPrice.
	Net money.Amount `validate:"-"`
	// TaxCode names a tax of accounting. "" is without tax.
	TaxCode string `validate:"max=20,line"`
	// Account is what a line beside the orders is booked to.
	Account accounting.AccountRef `validate:"-"`
	// Dimensions are what a line beside the orders is analysed by, over those of the bill; refused on lines of orders.
	Dimensions accounting.Dimensions `validate:"-"`
}
