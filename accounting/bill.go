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
	VendorDebitDocument  BillKind = "vendor_debit" // a vendor claims what his bill should have claimed besides

	PrepaymentBillDocument BillKind = "prepayment" // a vendor claims a payment in advance
)

// NewBill is a document received from a vendor, to be recorded by [Service.Bill].
type NewBill struct {
	// Kind is [BillDocument] (the default), [VendorCreditDocument], [VendorDebitDocument] or [PrepaymentBillDocument], whose lines are
	// booked to [RoleVendorAdvances] and name no account.
	Kind BillKind `validate:"omitempty,oneof=bill vendor_credit vendor_debit prepayment"`
	// Reference is the outside number and the idempotency key, as in [NewEntry].
	Reference string `validate:"reference"`
	// VendorNumber is the number that the vendor gave the document. Of one vendor and kind it is recorded once, so that a
	// bill that comes twice is paid once. "" when the document has none.
	VendorNumber string `validate:"reference"`
	// PartyID is the vendor. A credit that corrects a bill may leave it to the bill.
	PartyID uuid.UUID
	// Duplicates is the window, in days, within which another document of the vendor of the same kind and total counts as a
	// likely duplicate: it is reported in the answer's LikelyDuplicates, an open draft in its LikelyDrafts. 0 does not look; at most 366.
	Duplicates int `validate:"min=0,max=366"`
	// RefuseDuplicates refuses a document with a likely duplicate, in the books or further up in the call.
	RefuseDuplicates bool
	// Date is the document's date; it decides the period.
	Date date.Date `validate:"day"`
	// Currency, Rate, Dimensions and AsStated are as in [NewInvoice].
	Currency   money.Currency
	Rate       DocumentRate
	Dimensions Dimensions
	AsStated   bool
	// TaxPoint, TaxIncluded and TaxRounding are as in [NewInvoice].
	TaxPoint    date.Date
	TaxIncluded bool
	TaxRounding TaxRounding `validate:"omitempty,oneof=line document"`
	// Due is when it is to be paid. Default Date. Left out where Terms have instalments.
	Due date.Date
	// Terms are as in [NewInvoice].
	Terms Terms
	// CorrectsID is the bill that a vendor's credit or debit note corrects. Credits never credit more than the bill. Optional.
	CorrectsID uuid.UUID
	// Lines are 1 to 10,000. Those of a credit are stated as credited: positive.
	Lines []NewBillLine
	// Adjustments are discounts and charges of the whole document, at most 100.
	Adjustments []Adjustment
	// Prepaid are the vendor's prepayments that a bill sets off, as in [NewInvoice].
	Prepaid []NewDeduction
	// Taxes are the taxes as the vendor states them, one for each code; what is not stated is ours. His figures are booked, where they
	// differ from ours by [Books.TaxToleranceMinor] at most.
	Taxes []StatedTax
	// Note is free text beside the document, at most 2,000 characters.
	Note string `validate:"text=2000"`
	// LockException and Late are as in [NewEntry].
	LockException string     `validate:"text=500"`
	Late          LatePolicy `validate:"omitempty,oneof=refuse first_open"`

	asBooked bool // a reversal: the taxes are those of what it takes back, whatever the tolerance is by now
}

// NewBillLine is one line of a [NewBill]. Its amount is Net where that is stated, else Quantity x UnitPrice rounded half up
// (away from zero) to the minor unit, less Discount and plus Charge; it may be negative, as a return is, as long as the
// document's total is not.
type NewBillLine struct {
	// Description is free text, at most 500 characters.
	Description string
	// Account is what the line is booked to: an expense, an asset, goods received. Never a control account.
	Account AccountRef
	// Quantity is as in [NewInvoiceLine]. It may be left out where Net is stated.
	Quantity money.Quantity
	// UnitPrice is in the document's currency, with or without tax as the document declares. Left out where Net is stated.
	UnitPrice decimal.Decimal
	// Net is the line's amount as the vendor states it, with or without tax as the document declares.
	Net money.Amount
	// Discount and Charge are as in [NewInvoiceLine]. Left out where Net is stated.
	Discount, Charge Adjust
	// TaxCode names a [Tax]; what can be claimed of it is booked to the tax's own account, the rest with the line. "" is without
	// tax.
	TaxCode string
	// Dimensions are as in [NewInvoiceLine].
	Dimensions Dimensions

	booked *uuid.UUID // the combination of the line that this one takes back
}

// Bill is a recorded vendor's bill or credit. Nothing of it changes but CreditedMinor and DeductedMinor.
type Bill struct {
	tenancy.Row
	Kind        BillKind `bun:"kind" privacy:"none"`
	Reference   string   `bun:"reference,nullzero" privacy:"none"`
	Fingerprint string   `bun:"fingerprint" privacy:"none"`
	// VendorNumber is the vendor's own number of the document.
	VendorNumber string    `bun:"vendor_number,nullzero" privacy:"none"`
	PartyID      uuid.UUID `bun:"party_id"`
	BillDate     date.Date `bun:"bill_date"`
	CorrectsID   uuid.UUID `bun:"corrects_id,nullzero"`
	DocumentFigures
	// CreditedMinor is how much of a bill the vendor's credits have taken back, in minor units. The database holds it at most
	// to the total.
	CreditedMinor int64 `bun:"credited_minor"`
	// DeductedMinor is as in [Invoice].
	DeductedMinor int64 `bun:"deducted_minor"`
	// TaxVarianceMinor is how much more tax the vendor states than we compute; it is a part of Tax.
	TaxVarianceMinor int64 `bun:"tax_variance_minor"`
	// EntryID is the journal entry; zero when there was nothing to book (all figures zero).
	EntryID    uuid.UUID `bun:"entry_id,nullzero"`
	RecordedAt time.Time `bun:"recorded_at"`

	// Replayed says that the reference had been recorded before with the same content, and nothing was written now.
	Replayed bool `bun:"-"`
	// LikelyDuplicates are other documents of the vendor of the same kind and total within the window that was asked for.
	LikelyDuplicates []uuid.UUID `bun:"-"`
	// LikelyDrafts are open drafts that are likely the same document, by number or by stated total within that window: discard them. They are
	// looked for where a window was asked for.
	LikelyDrafts []uuid.UUID `bun:"-"`
}

// BillLine is one line of a recorded bill; its description stands in [BillText].
type BillLine struct {
	tenancy.Owned
	BillID uuid.UUID `bun:"bill_id,pk"`
	DocumentLine
	// NotRecoverableMinor is tax that cannot be claimed and was booked to the line's account as well.
	NotRecoverableMinor int64 `bun:"not_recoverable_minor"`
}

// BillText is the personal side of a recorded bill: the vendor as it was on the day, and all free text. One row per document,
// beside the immutable figures, so that erasure can reach it.
type BillText struct {
	tenancy.Owned
	BillID uuid.UUID `bun:"bill_id,pk"`
	DocumentText
}

// BillDetail is a bill with everything on it.
type BillDetail struct {
	Bill
	Lines        []BillLine
	Text         BillText
	Taxes        []TaxEntry // one per tax, rate and side
	Descriptions []string   // of the lines, in order
	Dimensions   Dimensions // the document's own
	// Prepayments and PrepaidTaxes are as in [InvoiceDetail].
	Prepayments  []BillPrepayment
	PrepaidTaxes []TaxEntry
}
