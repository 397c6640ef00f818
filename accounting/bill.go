package accounting

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// BillKind tells a vendor's bill from a vendor's credit.
type BillKind string

// The kinds.
const (
	BillDocument         BillKind = "bill"
	VendorCreditDocument BillKind = "vendor_credit"
)

// NewBill is a document received from a vendor, to be recorded by [Service.Bill].
type NewBill struct {
	// Kind is [BillDocument] (the default) or [VendorCreditDocument].
	Kind BillKind `validate:"omitempty,oneof=bill vendor_credit"`
	// Reference is the outside number and the idempotency key, as in [NewEntry].
	Reference string `validate:"reference"`
	// VendorNumber is the number that the vendor gave the document. Of one vendor and kind it is recorded once, so that a
	// bill that comes twice is paid once. "" when the document has none.
	VendorNumber string `validate:"reference"`
	// PartyID is the vendor. A credit that corrects a bill may leave it to the bill.
	PartyID uuid.UUID
	// Date is the document's date and tax point; it decides the period.
	Date date.Date `validate:"day"`
	// Due is when it is to be paid. Default Date.
	Due date.Date
	// CorrectsID is the bill that a vendor's credit corrects. Together they never credit more than the bill. Optional.
	CorrectsID uuid.UUID
	// Lines are 1 to 10,000. Those of a credit are stated as credited: positive.
	Lines []NewBillLine
	// Note is free text beside the document, at most 2,000 characters.
	Note string `validate:"text=2000"`
	// LockException and Late are as in [NewEntry].
	LockException string     `validate:"text=500"`
	Late          LatePolicy `validate:"omitempty,oneof=refuse first_open"`
}

// NewBillLine is one line of a [NewBill]. Its net amount is Net where that is stated, else Quantity x UnitPrice rounded half
// up (away from zero) to the minor unit; it may be negative, as a discount is, as long as the document's total is not.
type NewBillLine struct {
	// Description is free text, at most 500 characters.
	Description string
	// Account is what the line is booked to: an expense, an asset, goods received. Never a control account.
	Account AccountRef
	// Quantity may be left out where Net is stated.
	Quantity money.Quantity
	// UnitPrice is before tax, in the base currency. Left out where Net is stated.
	UnitPrice decimal.Decimal
	// Net is the line's amount before tax as the vendor states it.
	Net money.Amount
	// TaxCode names a [Tax], whose rate is applied and booked to the account with [RoleInputTax]. "" is without tax. Where the
	// vendor's own figure differs by a rounding, a line of that difference on [RoleRounding] brings the total to his.
	TaxCode string
}

// Bill is a recorded vendor's bill or credit. Nothing of it changes but CreditedMinor.
type Bill struct {
	tenancy.Row
	Kind        BillKind `bun:"kind" privacy:"none"`
	Reference   string   `bun:"reference,nullzero" privacy:"none"`
	Fingerprint string   `bun:"fingerprint" privacy:"none"`
	// VendorNumber is the vendor's own number of the document.
	VendorNumber string    `bun:"vendor_number,nullzero" privacy:"none"`
	PartyID      uuid.UUID `bun:"party_id"`
	BillDate     date.Date `bun:"bill_date"`
	DueDate      date.Date `bun:"due_date"`
	CorrectsID   uuid.UUID `bun:"corrects_id,nullzero"`
	// Net, Tax and Gross are the sums over the lines, Gross never below zero, whatever the kind.
	Net   money.Amount `bun:"embed:net_"`
	Tax   money.Amount `bun:"embed:tax_"`
	Gross money.Amount `bun:"embed:gross_"`
	// CreditedMinor is how much of a bill the vendor's credits have taken back, in minor units. The database holds it at most
	// to the total.
	CreditedMinor int64 `bun:"credited_minor"`
	// EntryID is the journal entry; zero when there was nothing to book (all figures zero).
	EntryID    uuid.UUID `bun:"entry_id,nullzero"`
	RecordedAt time.Time `bun:"recorded_at"`

	// Replayed says that the reference had been recorded before with the same content, and nothing was written now.
	Replayed bool `bun:"-"`
}

// BillLine is one line of a recorded bill; its description stands in [BillText].
type BillLine struct {
	tenancy.Owned
	BillID    uuid.UUID      `bun:"bill_id,pk"`
	LineNo    int64          `bun:"line_no,pk"` // 1, 2, 3 ...
	AccountID uuid.UUID      `bun:"account_id"`
	Quantity  money.Quantity `bun:"quantity"`
	// UnitPrice is zero where the net amount was stated.
	UnitPrice decimal.Decimal `bun:"unit_price"`
	Net       money.Amount    `bun:"embed:net_"`
	TaxID     uuid.UUID       `bun:"tax_id,nullzero"`
	// TaxRate is the percentage that was applied; zero without tax.
	TaxRate decimal.Decimal `bun:"tax_rate"`
	Tax     money.Amount    `bun:"embed:tax_"`
}

// BillText is the personal side of a recorded bill: the vendor as it was on the day, and all free text. One row per document,
// beside the immutable figures, so that erasure can reach it.
type BillText struct {
	tenancy.Owned
	BillID       uuid.UUID `bun:"bill_id,pk"`
	PartyName    string    `bun:"party_name" privacy:"identity,pseudonymise"`
	PartyAddress string    `bun:"party_address" privacy:"contact,delete,sealed"`
	PartyCountry string    `bun:"party_country" privacy:"none"`
	PartyTaxID   string    `bun:"party_tax_id" privacy:"identity,delete,sealed"`
	Note         string    `bun:"note" privacy:"free-text,delete"`
	// LineTexts is a JSON array of the lines' descriptions, in order.
	LineTexts string `bun:"line_texts" privacy:"free-text,delete"`
}

// BillDetail is a bill with everything on it.
type BillDetail struct {
	Bill
	Lines        []BillLine
	Text         BillText
	Descriptions []string // of the lines, in order
}
