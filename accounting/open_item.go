package accounting

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// OpenItem is one line on a control account that waits to be settled: an invoice, a bill, a credit, a payment on account, or a
// line of another entry. Debits are positive: an invoice is above zero, a bill, a credit note or a payment received below.
//
// The id is that of the document for invoices, bills, credits and payments; lines of other entries have their own.
type OpenItem struct {
	tenancy.Row
	PartyID   uuid.UUID `bun:"party_id"`
	AccountID uuid.UUID `bun:"account_id"` // the control account
	// EntryID and LineNo are the journal line that it keeps.
	EntryID  uuid.UUID `bun:"entry_id"`
	LineNo   int64     `bun:"line_no"`
	Kind     EntryKind `bun:"kind" privacy:"none"`
	ItemDate date.Date `bun:"item_date"`
	DueDate  date.Date `bun:"due_date"`
	// Original is the line's amount in its currency; it never changes.
	Original money.Amount `bun:"embed:original_"`
	// OpenMinor is what is left today, between zero and Original. The database lets it move towards zero, and back by what an
	// allocation took that is undone.
	OpenMinor int64 `bun:"open_minor"`
	// BaseMinor is what Original was worth in the base currency when it was booked, OpenBaseMinor what is left of that: each
	// allocation takes its share, the last one all that is left.
	BaseMinor     int64 `bun:"base_minor"`
	OpenBaseMinor int64 `bun:"open_base_minor"`
	// ReopenedOn is the last day for which an allocation of the item was undone, zero for none. What settles the item after that counts
	// for this day at the earliest: until then it was settled.
	ReopenedOn date.Date `bun:"reopened_on,nullzero"`
}

// Open is what is left of the item today.
func (o OpenItem) Open() money.Amount {
	return money.Amount{Minor: o.OpenMinor, Currency: o.Original.Currency}
}

// Allocation sets a debit item off against a credit item of the same party and account. It never changes: what undoes it is another one,
// of the same items, with the amounts below zero.
type Allocation struct {
	tenancy.Row
	PartyID  uuid.UUID `bun:"party_id"`
	DebitID  uuid.UUID `bun:"debit_id"`  // the open item above zero
	CreditID uuid.UUID `bun:"credit_id"` // the open item below zero
	// AllocatedOn is the day it counts for in open items as of a date.
	AllocatedOn date.Date    `bun:"allocated_on"`
	Amount      money.Amount `bun:"embed:amount_"` // in the items' currency; below zero where it undoes another
	// DebitBaseMinor and CreditBaseMinor are what it took of the items' worth in base. Where they differ, the difference is
	// realised: booked by EntryID as a gain or loss on exchange.
	DebitBaseMinor  int64     `bun:"debit_base_minor"`
	CreditBaseMinor int64     `bun:"credit_base_minor"`
	EntryID         uuid.UUID `bun:"entry_id,nullzero"`
	// WithID is the allocation that this one came along with and is undone with: of a write-off the payment's, of a contra's payable the
	// receivable's.
	WithID uuid.UUID `bun:"with_id,nullzero"`
	// UndoesID is the allocation that this one undoes.
	UndoesID    uuid.UUID `bun:"undoes_id,nullzero"`
	Reference   string    `bun:"reference,nullzero" privacy:"none"`
	Fingerprint string    `bun:"fingerprint" privacy:"none"`
	RecordedAt  time.Time `bun:"recorded_at"`

	// Replayed says that the reference had been used before with the same content, and nothing was written now.
	Replayed bool `bun:"-"`
}

// AllocationText is why an allocation was undone. It stands beside the immutable figures so that erasure can reach it.
type AllocationText struct {
	tenancy.Owned
	AllocationID uuid.UUID `bun:"allocation_id,pk"`
	Reason       string    `bun:"reason" privacy:"free-text,delete"`
}

// NewAllocation is the input of [Service.Allocate].
type NewAllocation struct {
	// Reference is the idempotency key, as in [NewEntry]; allocations, write-offs and what undoes them share one set of them.
	Reference string `validate:"reference"`
	// DebitID is an item above zero (an invoice, a refund), CreditID one below zero (a credit note, a payment received).
	DebitID, CreditID uuid.UUID
	// Date is the day it counts for, not before either item's, nor before a day on which an allocation of theirs was undone. Default
	// today.
	Date date.Date
	// Amount is above zero, in the items' currency, and at most what is open of each.
	Amount money.Amount
	// LockException is as in [NewEntry]: a realised exchange difference is booked on Date.
	LockException string `validate:"text=500"`
}
