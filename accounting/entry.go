package accounting

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// EntryKind says what sort of fact an entry tells of.
type EntryKind string

// The kinds.
const (
	KindEntry        EntryKind = "entry"         // a bookkeeper's entry: the default
	KindOpening      EntryKind = "opening"       // opening balances
	KindStock        EntryKind = "stock"         // a movement of stock at cost
	KindInvoice      EntryKind = "invoice"       // made by Issue
	KindCreditNote   EntryKind = "credit_note"   // made by Issue
	KindPayment      EntryKind = "payment"       // made by Pay
	KindReversal     EntryKind = "reversal"      // made by Reverse
	KindBill         EntryKind = "bill"          // made by Bill
	KindVendorCredit EntryKind = "vendor_credit" // made by Bill
	KindTill         EntryKind = "till"          // a till's closing, by aggregate
	KindYearEnd      EntryKind = "year_end"      // made by CloseYear
	KindExchange     EntryKind = "exchange"      // one currency for another
	KindRounding     EntryKind = "rounding"      // residues of declared rounding
	KindRevaluation  EntryKind = "revaluation"   // made by Revalue
	KindRealised     EntryKind = "realised"      // a realised exchange difference: made by Allocate, Pay and Revalue
	KindWriteOff     EntryKind = "write_off"     // made by WriteOff and Pay
	KindDebitNote    EntryKind = "debit_note"    // made by Issue
	KindVendorDebit  EntryKind = "vendor_debit"  // made by Bill
	KindDiscount     EntryKind = "discount"      // made by TakeDiscount
	KindTaxDue       EntryKind = "tax_due"       // tax that became due
	KindPrepayment   EntryKind = "prepayment"    // made by Issue
	KindBadDebt      EntryKind = "bad_debt"      // made by RelieveBadDebts and RecoverBadDebts
	KindContra       EntryKind = "contra"        // made by Contra

	KindVendorPrepayment EntryKind = "vendor_prepayment" // made by Bill
)

// Source is the document that an entry books: the model's name and the document's id. An entry with a source is corrected
// through its document and cannot be reversed on its own.
type Source struct {
	Model string
	ID    uuid.UUID
}

// NewEntry is one journal entry to be booked by [Service.Post].
type NewEntry struct {
	// Reference is the outside number and the idempotency key, unique in the tenant: the same reference with the same
	// content is booked once, with other content it is refused. "" for none.
	Reference string `validate:"reference"`
	// Journal is the book of first entry. Default [JournalGeneral].
	Journal JournalCode `validate:"omitempty,journal"`
	// Kind is the sort of fact. Default [KindEntry]; the kinds that acts of this package make are refused. Entries of the
	// kinds exchange and rounding balance in the base currency alone, all others in each foreign currency as well.
	Kind EntryKind `validate:"omitempty,oneof=entry opening stock till exchange rounding"`
	// Date is the day that the entry counts for; it decides the period.
	Date date.Date `validate:"day"`
	// DocumentDate is the date on the paper. Default Date.
	DocumentDate date.Date
	// Memo is free text, at most 500 characters, kept beside the entry (see [EntryText]). It is not part of what makes two
	// inputs the same, because erasure may empty it.
	Memo string `validate:"text=500"`
	// Lines are at least two, and their debits equal their credits, in base and in each foreign currency.
	Lines []NewLine
	// LockException is the reason for posting into a soft-locked period; it needs [PermException]. Elsewhere it is
	// recorded and has no effect.
	LockException string `validate:"text=500"`
	// Late says what becomes of the entry when its date lies in a period that takes none. Default [LateRefuse]. It is not part
	// of what makes two inputs the same.
	Late LatePolicy `validate:"omitempty,oneof=refuse first_open"`
	// Source is the document that is booked, if any.
	Source Source
	// AsStated says that Source stated the lines' dimensions, and was held to what accounts require then (see
	// [Service.ReadDimensions]): they are booked as they are, whichever values are closed and whatever accounts require by now.
	// It needs a Source, and is not part of what makes two inputs the same.
	AsStated bool
}

// NewLine is one line of a [NewEntry]: an amount above zero, on one side.
type NewLine struct {
	Account AccountRef
	// PartyID is whom the line is about: required on control accounts, where it opens an open item.
	PartyID uuid.UUID
	// Debit or Credit, in the currency of the transaction; the other one is left out. In entries of the kinds opening, exchange and
	// rounding it may be zero of a foreign currency: then the line moves Base alone, what the account carries for that currency.
	Debit, Credit money.Amount
	// Base is what an amount in a foreign currency is worth in the base currency. Left out, it is converted at the rate of the
	// entry's date, half up (see [Service.Convert]), and what the roundings of an entry leave over is a line of its own on
	// [RoleRounding]. It is left out of amounts in the base currency.
	Base money.Amount
	// Dimensions are what the line is analysed by, such as {"cost_centre": "10"}. See [Service.CreateDimension].
	Dimensions Dimensions
	// Due is when an open item of this line falls due. Default the entry's date, and not before it unless the entry is an
	// opening; meant for control accounts.
	Due date.Date

	booked *bookedAmounts // made by this package from what is booked already
}

// DebitLine is a line on the debit side.
func DebitLine(account AccountRef, amount money.Amount) NewLine {
	return NewLine{Account: account, Debit: amount}
}

// CreditLine is a line on the credit side.
func CreditLine(account AccountRef, amount money.Amount) NewLine {
	return NewLine{Account: account, Credit: amount}
}

// Entry is a booked journal entry, without its lines. It never changes.
type Entry struct {
	tenancy.Row
	JournalID uuid.UUID `bun:"journal_id"`
	PeriodID  uuid.UUID `bun:"period_id"`
	// EntryDate is the day the entry counts for.
	EntryDate date.Date `bun:"entry_date"`
	// Late says that the day of the fact, DocumentDate, lies in a period that took no entries any more, so that the entry counts
	// for the first day of a later one.
	Late bool `bun:"late"`
	// DocumentDate is the date on the paper.
	DocumentDate date.Date `bun:"document_date"`
	Kind         EntryKind `bun:"kind" privacy:"none"`
	Reference    string    `bun:"reference,nullzero" privacy:"none"`
	// Fingerprint is a hash of the figures and names of the input, so that a retry is told from another entry.
	Fingerprint string `bun:"fingerprint" privacy:"none"`
	// ReversesID is the entry that this one reverses.
	ReversesID uuid.UUID `bun:"reverses_id,nullzero"`
	LineCount  int64     `bun:"line_count"`
	// LockException says that a reason was given for posting into a soft-locked period; it stands in the texts.
	LockException bool      `bun:"lock_exception"`
	SourceModel   string    `bun:"source_model" privacy:"none"`
	SourceID      uuid.UUID `bun:"source_id,nullzero"`
	// PostedAt is when we learnt it.
	PostedAt time.Time `bun:"posted_at"`

	// Replayed says that the reference had been booked before with the same content, and nothing was written now.
	Replayed bool `bun:"-"`
}

// Line is one booked line. It never changes.
type Line struct {
	tenancy.Owned
	EntryID   uuid.UUID `bun:"entry_id,pk"`
	LineNo    int64     `bun:"line_no,pk"` // 1, 2, 3 ...
	AccountID uuid.UUID `bun:"account_id"`
	PartyID   uuid.UUID `bun:"party_id,nullzero"`
	EntryDate date.Date `bun:"entry_date"` // the entry's; the database holds it equal
	// Amount is in the base currency, above zero for a debit and below for a credit.
	Amount money.Amount `bun:"embed:amount_"`
	// Transaction is the same in the currency of the transaction; equal to Amount where that is the base currency. A
	// revaluation moves Amount alone: its Transaction is zero of the currency that was revalued.
	Transaction money.Amount `bun:"embed:transaction_"`
	// DimensionSetID is the combination of dimension values, zero for none; [Service.GetEntry] spells it out in Dimensions.
	DimensionSetID uuid.UUID  `bun:"dimension_set_id,nullzero"`
	Dimensions     Dimensions `bun:"-"`
}

// EntryText is the free text of an entry. It stands beside the immutable figures so that erasure can reach it.
type EntryText struct {
	tenancy.Owned
	EntryID uuid.UUID `bun:"entry_id,pk"`
	Memo    string    `bun:"memo" privacy:"free-text,delete"`
	// Reason is why a lock was passed, or why an entry was reversed.
	Reason string `bun:"reason" privacy:"free-text,delete"`
}

// Reversal is the input of [Service.Reverse]: an entry to be taken back by its mirror image.
type Reversal struct {
	EntryID uuid.UUID `validate:"required"`
	// Date is the day that the reversal counts for, not before the entry's own.
	Date date.Date `validate:"day"`
	// Reason is required and kept beside the reversal, at most 500 characters.
	Reason string `validate:"required,text=500"`
	// LockException and Late are as in [NewEntry].
	LockException string     `validate:"text=500"`
	Late          LatePolicy `validate:"omitempty,oneof=refuse first_open"`
}
