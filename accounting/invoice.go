package accounting

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// InvoiceKind tells an invoice from a credit note.
type InvoiceKind string

// The kinds.
const (
	InvoiceDocument    InvoiceKind = "invoice"
	CreditNoteDocument InvoiceKind = "credit_note"
	DebitNoteDocument  InvoiceKind = "debit_note" // claims what an invoice should have claimed besides
	PrepaymentDocument InvoiceKind = "prepayment" // claims a payment in advance (UNTDID 1001: 386)
)

// NewInvoice is a document to be issued by [Service.Issue].
type NewInvoice struct {
	// Kind is [InvoiceDocument] (the default), [CreditNoteDocument], [DebitNoteDocument] or [PrepaymentDocument]. A prepayment's lines
	// are booked to [RoleCustomerAdvances], and it has no terms.
	Kind InvoiceKind `validate:"omitempty,oneof=invoice credit_note debit_note prepayment"`
	// Reference is the outside number and the idempotency key, as in [NewEntry]. The legal number is ours.
	Reference string `validate:"reference"`
	// PartyID is the customer. Zero is a walk-in: then SettledBy is required.
	PartyID uuid.UUID
	// Date is the document's date; it decides the period and the fiscal year of the number.
	Date date.Date `validate:"day"`
	// Currency is what prices, discounts, charges and totals are in. Default the books'; of a document that corrects another, that
	// one's.
	Currency money.Currency
	// Rate is what a foreign Currency is worth. Default the tenant's table on the tax point; of a document that corrects another, what
	// that one was booked at.
	Rate DocumentRate
	// Dimensions are what lines are analysed by that say nothing else, such as {"shop": "york"}. Taxes, and the account of SettledBy,
	// have them where their account requires any, and else none; the party's side and roundings never have any.
	Dimensions Dimensions
	// AsStated says that another document stated the lines' dimensions, and was held to what accounts require then (see
	// [Service.ReadDimensions]): each line has exactly its own, whichever values are closed and whatever accounts require by now.
	AsStated bool
	// TaxPoint decides the rates of tax: the day of the supply. Default Date; of a document that corrects an invoice, that
	// invoice's.
	TaxPoint date.Date
	// TaxIncluded says that the lines' prices, discounts and charges include tax.
	TaxIncluded bool
	// TaxRounding is how tax is rounded. Default [RoundPerLine].
	TaxRounding TaxRounding `validate:"omitempty,oneof=line document"`
	// Due is when it is to be paid. Default Date. Left out where Terms have instalments.
	Due date.Date
	// Terms are instalments and an early-payment discount. Not of a credit note, nor of what is settled at once.
	Terms Terms
	// CorrectsID is the invoice that a credit or debit note corrects. Credit notes never credit more than the invoice. Optional.
	CorrectsID uuid.UUID
	// Lines are 1 to 10,000. Those of a credit note are stated as credited: positive.
	Lines []NewInvoiceLine
	// Adjustments are discounts and charges of the whole document, at most 100.
	Adjustments []Adjustment
	// Prepaid are the prepayments that an invoice sets off, at most 100. Its lines total the whole supply: the tax that the
	// prepayments bear is taken off its own, and what they were paid off what is to be paid.
	Prepaid []NewDeduction
	// SettledBy is the cash or bank account that it is paid (or refunded) by at once; then there is no open item.
	SettledBy AccountRef
	// Note is free text on the document, at most 2,000 characters.
	Note string `validate:"text=2000"`
	// LockException and Late are as in [NewEntry].
	LockException string     `validate:"text=500"`
	Late          LatePolicy `validate:"omitempty,oneof=refuse first_open"`
}

// NewInvoiceLine is one line of a [NewInvoice]. Its amount is Quantity x UnitPrice rounded half up (away from zero) to the
// minor unit, less Discount and plus Charge; it may be negative, as a return is, as long as the document's total is not.
type NewInvoiceLine struct {
	// Description is free text, at most 500 characters.
	Description string
	// Quantity is in millionths: [money.Units] makes three of it, the constant 3 is three millionths.
	Quantity money.Quantity
	// UnitPrice is in the document's currency, with or without tax as the document declares.
	UnitPrice decimal.Decimal
	// Discount is taken off the line's amount and Charge added to it; percentages are of Quantity x UnitPrice.
	Discount, Charge Adjust
	// TaxCode names a [Tax]. "" is without tax.
	TaxCode string
	// Account is what the line is booked to. Default [RoleSales]; a fee on a credit note goes to an expense.
	Account AccountRef
	// Dimensions are what the line is analysed by, over those of the document.
	Dimensions Dimensions

	booked *uuid.UUID // the combination of the line that this one takes back
}

// Invoice is an issued invoice, prepayment, credit or debit note. Nothing of it changes but CreditedMinor and DeductedMinor.
type Invoice struct {
	tenancy.Row
	Kind InvoiceKind `bun:"kind" privacy:"none"`
	// SeriesID and Seq are the legal number's parts: gapless within a series, which belongs to a fiscal year.
	SeriesID uuid.UUID `bun:"series_id"`
	Seq      int64     `bun:"seq"`
	// Number is the legal number as printed: "INV-2010-00001".
	Number      string `bun:"number" privacy:"none"`
	Reference   string `bun:"reference,nullzero" privacy:"none"`
	Fingerprint string `bun:"fingerprint" privacy:"none"`
	// PartyID is zero for a walk-in.
	PartyID     uuid.UUID `bun:"party_id,nullzero"`
	InvoiceDate date.Date `bun:"invoice_date"`
	CorrectsID  uuid.UUID `bun:"corrects_id,nullzero"`
	DocumentFigures
	// CreditedMinor is how much of an invoice credit notes have taken back, in minor units. The database holds it at
	// most to the total.
	CreditedMinor int64 `bun:"credited_minor"`
	// DeductedMinor is how much of a prepayment final invoices have set off. The database holds it, with what was credited, at most to
	// the total.
	DeductedMinor int64 `bun:"deducted_minor"`
	// SettledByID is the account that it was paid by at once; zero when it was put on account.
	SettledByID uuid.UUID `bun:"settled_by_id,nullzero"`
	// EntryID is the journal entry; zero when there was nothing to book (all figures zero).
	EntryID  uuid.UUID `bun:"entry_id,nullzero"`
	IssuedAt time.Time `bun:"issued_at"`

	// Replayed says that the reference had been issued before with the same content, and nothing was written now.
	Replayed bool `bun:"-"`
}

// InvoiceLine is one line of an issued document; its description stands in [InvoiceText].
type InvoiceLine struct {
	tenancy.Owned
	InvoiceID uuid.UUID `bun:"invoice_id,pk"`
	DocumentLine
}

// InvoiceText is the personal side of an issued document: both parties as they were on the day, and all free text. One row per
// document, beside the immutable figures, so that erasure can reach it.
type InvoiceText struct {
	tenancy.Owned
	InvoiceID uuid.UUID `bun:"invoice_id,pk"`
	DocumentText
}

// InvoiceDetail is a document with everything on it.
type InvoiceDetail struct {
	Invoice
	Lines        []InvoiceLine
	Text         InvoiceText
	Taxes        []TaxEntry // one per tax, rate and side
	Descriptions []string   // of the lines, in order
	Dimensions   Dimensions // the document's own
	// Prepayments are those that it sets off; PrepaidTaxes what is taken off for them, by prepayment, tax and rate, below zero.
	Prepayments  []InvoicePrepayment
	PrepaidTaxes []TaxEntry
}
