package accounting

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Direction is which way the money goes.
type Direction string

// The directions.
const (
	MoneyIn  Direction = "in"
	MoneyOut Direction = "out"
)

// NewPayment is the input of [Service.Pay]: money that came from or went to a party.
type NewPayment struct {
	// Reference is the outside number and the idempotency key, as in [NewEntry].
	Reference string    `validate:"reference"`
	PartyID   uuid.UUID `validate:"required"`
	Direction Direction `validate:"oneof=in out"`
	Date      date.Date `validate:"day"`
	// Amount is above zero, in any currency. In a foreign one, what it pays is in the same.
	Amount money.Amount
	// Base is what a foreign Amount is worth in the base currency, such as the bank says. Left out, it is converted at the rate of
	// Date, half up (see [Service.Convert]). It is left out of amounts in the base currency.
	Base money.Amount
	// Banked is what Account took or gave where that is in another currency than Amount: an invoice in dollars paid into a sterling
	// account. It goes through [RoleCurrencyClearing]. In the base currency it says what Amount is worth, and Base is left out.
	// Default Amount.
	Banked money.Amount
	// Account is where the money is. Default [RoleBank].
	Account AccountRef
	// Against is the control account. Default: that of the items it is allocated to. Without any it is what the party is that decides:
	// [RoleReceivable] of a mere customer, to whom money out is a refund, and [RolePayable] of a mere vendor, from whom money in is
	// one; of a party that is both, RoleReceivable for money in and RolePayable for money out.
	Against AccountRef
	// Allocate says what it pays. What is left stays open, on account of the party.
	Allocate []PaymentAllocation
	// Memo is free text, at most 500 characters.
	Memo string `validate:"text=500"`
	// LockException and Late are as in [NewEntry].
	LockException string     `validate:"text=500"`
	Late          LatePolicy `validate:"omitempty,oneof=refuse first_open"`
}

// PaymentAllocation is a part of a payment that pays one invoice (or refunds one credit note, or any other open item).
type PaymentAllocation struct {
	// InvoiceID is the document; it is also the id of its open item. Of a document in instalments it pays as many as Amount reaches, the first that
	// is due before the next. [InstalmentID] names one of them after the first, and that one alone is paid.
	InvoiceID uuid.UUID
	// Amount is above zero, in the payment's currency, and without WriteOff.
	Amount money.Amount
	// WriteOff gives up what a party has paid too little, or the tenant will not pay, of the instalment that Amount reached last; nil for none.
	WriteOff *PaymentWriteOff
}

// PaymentWriteOff is a small difference that a payment leaves and nobody will claim.
type PaymentWriteOff struct {
	// Amount is above zero, in the item's currency; its worth in base is at most [Books.WriteOffLimitMinor].
	Amount money.Amount
	// Account takes the difference.
	Account AccountRef
	// Dimensions are those of the line on Account.
	Dimensions Dimensions
	// Reason is required and kept beside the entry, at most 500 characters.
	Reason string `validate:"required,text=500"`
}

// Payment is a booked payment. It never changes.
type Payment struct {
	tenancy.Row
	Reference   string       `bun:"reference,nullzero" privacy:"none"`
	Fingerprint string       `bun:"fingerprint" privacy:"none"`
	PartyID     uuid.UUID    `bun:"party_id"`
	Direction   Direction    `bun:"direction" privacy:"none"`
	PaymentDate date.Date    `bun:"payment_date"`
	Amount      money.Amount `bun:"embed:amount_"`
	// BaseMinor is what Amount was worth in minor units of the base currency.
	BaseMinor int64 `bun:"base_minor"`
	// AccountID is where the money is, ControlID the control account on the other side.
	AccountID uuid.UUID `bun:"account_id"`
	ControlID uuid.UUID `bun:"control_id"`
	EntryID   uuid.UUID `bun:"entry_id"`
	PostedAt  time.Time `bun:"posted_at"`

	// Replayed says that the reference had been booked before with the same content, and nothing was written now.
	Replayed bool `bun:"-"`
}
