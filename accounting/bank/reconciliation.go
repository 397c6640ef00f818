package bank

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// NewReconciliation is the input of [Service.Reconcile]: what one line of a statement is.
type NewReconciliation struct {
	LineID uuid.UUID `validate:"required"`
	// Parts are what the line is made of; their amounts add up to the line's.
	Parts []Part `validate:"min=1,max=200"`
	// Date is the day that what is booked counts for. Default the line's booking day. What exists already keeps its own.
	Date date.Date
	// LockException is as in [accounting.NewEntry].
	LockException string `validate:"text,max=500"`
}

// Part is one part of a line. It names exactly one of: an open item, a party, a payment, an entry, an account.
type Part struct {
	// ItemID is an open item that the money settles: an invoice paid (money in), a bill (money out), a credit note set off against the
	// others of its party. Booked by Pay, with one payment a party and currency, and by Allocate where items are set off.
	ItemID uuid.UUID
	// PartyID is whose money on account it is: booked by Pay, and allocated to nothing. Against is the control account, as in
	// [accounting.NewPayment].
	PartyID uuid.UUID
	Against accounting.AccountRef
	// PaymentID is a payment that the books have already. It is taken whole.
	PaymentID uuid.UUID
	// EntryID is an entry with a line on the bank's account that the books have already; EntryLineNo says which, 0 the only one. It is
	// taken whole.
	EntryID     uuid.UUID
	EntryLineNo int64
	// Account is booked against by Post: fees, interest, a transfer. No control account.
	Account accounting.AccountRef
	// Settles is what Amount settles of an item, or pays on account, in another currency than the bank account's, signed as Amount. The
	// difference to what the item stands in the books at is realised. Left out, what the bank states is settled ([Line.Foreign]), where
	// the other parts of the line are accounts; what nobody states is refused, for what a rate would make of it is not what was paid.
	Settles money.Amount
	// Amount is signed as the line is: above zero for money in. So a fee that the bank kept back from a payment of 100 is a part of
	// -2 beside one of 100, on a line of 98. One part may leave it out and takes what is left; of a payment or entry it is known.
	Amount money.Amount
}

// Origin says where a journal line came from that a bank line was found to be.
type Origin string

// The origins.
const (
	FromPayment Origin = "payment"  // Reconcile booked a payment
	FromEntry   Origin = "entry"    // Reconcile booked an entry
	Existing    Origin = "existing" // the books had it
)

// Reconciliation says what a line of a statement is in the books. It is undone or it stands, and changes in nothing else.
type Reconciliation struct {
	tenancy.Row
	BankAccountID uuid.UUID `bun:"bank_account_id"`
	LineID        uuid.UUID `bun:"line_id"`
	// Fingerprint is of the parts, so that a retry is told from another answer.
	Fingerprint  string    `bun:"fingerprint" privacy:"none"`
	Active       bool      `bun:"active"`
	ReconciledAt time.Time `bun:"reconciled_at"`
	UndoneAt     time.Time `bun:"undone_at,nullzero"`

	// Matches are the journal lines on the bank's account; set by [Service.Reconcile] and [Service.Unreconcile].
	Matches []Match `bun:"-"`
	// Replayed says that the line was reconciled so before, and nothing was written now.
	Replayed bool `bun:"-"`
}

// Match is a journal line on the bank's account that a bank line, or a part of it, was found to be.
type Match struct {
	tenancy.Owned
	ReconciliationID uuid.UUID    `bun:"reconciliation_id,pk"`
	MatchNo          int64        `bun:"match_no,pk"`
	EntryID          uuid.UUID    `bun:"entry_id"`
	EntryLineNo      int64        `bun:"entry_line_no"`
	Origin           Origin       `bun:"origin" privacy:"none"`
	PaymentID        uuid.UUID    `bun:"payment_id,nullzero"`
	Amount           money.Amount `bun:"embed:amount_"` // the journal line's
	Active           bool         `bun:"active"`
}

// Settlement is an allocation that Reconcile made besides those of its payments: a credit note set off against an invoice.
type Settlement struct {
	tenancy.Owned
	ReconciliationID uuid.UUID `bun:"reconciliation_id,pk"`
	AllocationID     uuid.UUID `bun:"allocation_id,pk"`
}

// ReconciliationText is why a reconciliation was undone.
type ReconciliationText struct {
	tenancy.Owned
	ReconciliationID uuid.UUID `bun:"reconciliation_id,pk"`
	Reason           string    `bun:"reason" privacy:"free-text,delete"`
}
