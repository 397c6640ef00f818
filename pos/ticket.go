package pos

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Kind says what a ticket does.
type Kind string

// The kinds of tickets. Figures of all of them are stated above zero: those of refunds and voids are given back.
const (
	KindSale   Kind = "sale"
	KindRefund Kind = "refund" // takes back a part of a sale
	KindVoid   Kind = "void"   // the mirror of a sale of the same session
)

// sign is 1 for what comes in and -1 for what is given back.
func (k Kind) sign() int64 {
	if k == KindSale {
		return 1
	}
	return -1
}

// Ticket is a receipt of a till: a sale, a refund or a void, with a legal number. It is final when it is made; nothing of it
// changes but RefundedMinor.
type Ticket struct {
	tenancy.Row
	Kind       Kind      `bun:"kind,notnull" privacy:"none"`
	RegisterID uuid.UUID `bun:"register_id,notnull"`
	SessionID  uuid.UUID `bun:"session_id,notnull"`
	// Reference is the till's own key and the idempotency key, unique over tickets of all kinds.
	Reference string `bun:"reference,notnull" privacy:"none"`
	// Fingerprint is a digest of the input without its free text, by which a replay is told from a reference used twice.
	Fingerprint string `bun:"fingerprint,notnull" privacy:"none"`
	// SeriesID and Seq are the number's parts: gapless within a series, which belongs to a register and a fiscal year.
	SeriesID uuid.UUID `bun:"series_id,notnull"`
	Seq      int64     `bun:"seq,notnull"`
	// Number is the legal number as printed: "R-T1-2026-00001".
	Number string `bun:"number,notnull" privacy:"none"`
	// ReceiptNo counts all receipts of the register, over the years: its place in the chain.
	ReceiptNo int64 `bun:"receipt_no,notnull"`
	// Date is the session's business date: document date and tax point.
	Date date.Date `bun:"ticket_date,notnull"`
	// OriginID is the sale that a refund or void takes back.
	OriginID uuid.UUID `bun:"origin_id,nullzero"`
	// TaxIncluded says that the prices of the lines include tax.
	TaxIncluded bool         `bun:"tax_included,notnull"`
	Net         money.Amount `bun:"embed:net_"`
	Tax         money.Amount `bun:"embed:tax_"`
	Gross       money.Amount `bun:"embed:gross_"`
	// Rounding is what cash rounding added to Gross, or took off: Gross + Rounding is paid.
	Rounding money.Amount `bun:"embed:rounding_"`
	// RefundedMinor is how much of Gross of a sale was given back, in minor units.
	RefundedMinor int64 `bun:"refunded_minor,notnull"`
	// StockDocumentID is the issue or return of goods, whose lines have the same numbers; none when no goods moved.
	StockDocumentID uuid.UUID `bun:"stock_document_id,nullzero"`
	MadeAt          time.Time `bun:"made_at,notnull"`
	// Digest is of the receipt's figures and of the receipt before it: see [Receipt]. Signer and Signature are the fiscal
	// signer's; "" where there is none.
	Digest    string `bun:"digest,notnull" privacy:"none"`
	Signer    string `bun:"signer,nullzero" privacy:"none"`
	Signature string `bun:"signature,nullzero" privacy:"none"`

	// Lines and Payments are in order.
	Lines    []Line    `bun:"-"`
	Payments []Payment `bun:"-"`
	// Replayed says that the reference had been used before with the same content, and nothing was written now.
	Replayed bool `bun:"-"`
}

// Change is what the customer got back of the cash that was handed over.
func (t *Ticket) Change() money.Amount {
	change := money.Zero(t.Gross.Currency)
	for _, p := range t.Payments {
		change.Minor += p.TenderedMinor - p.Amount.Minor
	}
	return change
}

// Line is one line of a ticket; its description stands in [TicketText]. Nothing of it changes but what was refunded.
type Line struct {
	tenancy.Owned
	TicketID uuid.UUID `bun:"ticket_id,pk"`
	LineNo   int64     `bun:"line_no,pk"` // 1, 2, 3 ...
	// ProductID is none for a line that is about no product.
	ProductID uuid.UUID `bun:"product_id,nullzero"`
	// AccountID is what the net amount is booked to.
	AccountID uuid.UUID      `bun:"account_id,notnull"`
	Quantity  money.Quantity `bun:"quantity,notnull"`
	// UnitPrice is with tax where the ticket says so, else without.
	UnitPrice decimal.Decimal `bun:"unit_price"`
	TaxID     uuid.UUID       `bun:"tax_id,nullzero"`
	// TaxRate is the percentage that was applied; zero without tax.
	TaxRate decimal.Decimal `bun:"tax_rate"`
	Net     money.Amount    `bun:"embed:net_"`
	Tax     money.Amount    `bun:"embed:tax_"`
	// Moved says that goods left, or came back, with this line.
	Moved bool `bun:"moved,notnull"`
	// OriginTicketID and OriginLineNo are the line of the sale that this one takes back.
	OriginTicketID uuid.UUID `bun:"origin_ticket_id,nullzero"`
	OriginLineNo   int64     `bun:"origin_line_no,nullzero"`
	// Refunded is how much of it came back, at most Quantity; RefundedGrossMinor and RefundedTaxMinor the money that went with
	// it, in minor units. The database holds all three to what was sold.
	Refunded           money.Quantity `bun:"refunded,notnull"`
	RefundedGrossMinor int64          `bun:"refunded_gross_minor,notnull"`
	RefundedTaxMinor   int64          `bun:"refunded_tax_minor,notnull"`
	// DimensionSetID is what revenue and cost of the line are analysed by, zero for nothing; [Service.GetTicket] spells it out in
	// Dimensions. What comes back has that of the line that it was sold on.
	DimensionSetID uuid.UUID             `bun:"dimension_set_id,nullzero"`
	Dimensions     accounting.Dimensions `bun:"-"`
}

// Gross is Net and Tax.
func (l *Line) Gross() money.Amount {
	return money.Amount{Minor: l.Net.Minor + l.Tax.Minor, Currency: l.Net.Currency} // both within the limit of a till
}

// Method is how a ticket is paid.
type Method string

// The methods.
const (
	Cash Method = "cash"
	Card Method = "card"
)

// Payment is one payment of a ticket; of a refund or void, one paying back.
type Payment struct {
	tenancy.Owned
	TicketID uuid.UUID `bun:"ticket_id,pk"`
	LineNo   int64     `bun:"line_no,pk"` // 1, 2, 3 ...
	Method   Method    `bun:"method,notnull" privacy:"none"`
	// Amount is what it settles: of cash, tendered less change.
	Amount money.Amount `bun:"embed:amount_"`
	// TenderedMinor is what was handed over, in minor units.
	TenderedMinor int64 `bun:"tendered_minor,notnull"`
}

// TicketText is the free text of a ticket. It stands beside the immutable figures so that erasure can reach it, and it is no
// part of what is signed.
type TicketText struct {
	tenancy.Owned
	TicketID uuid.UUID `bun:"ticket_id,pk"`
	Note     string    `bun:"note,notnull" privacy:"free-text,delete"`
	// LineTexts is a JSON array of the lines' descriptions, CardReferences one of the payments' references, both in order.
	LineTexts      string `bun:"line_texts,notnull" privacy:"free-text,delete"`
	CardReferences string `bun:"card_references,notnull" privacy:"financial,delete"`
}

// TicketDetail is a ticket with everything on it.
type TicketDetail struct {
	Ticket
	Register Register
	// OriginNumber is the number of the sale that a refund or void takes back.
	OriginNumber string
	Note         string
	Descriptions []string // of the lines, in order; "" where they were erased
	References   []string // of the payments, in order; "" where there is none, or where it was erased
}

// lineKey names a line of a ticket.
type lineKey struct {
	ticket uuid.UUID
	line   int64
}
