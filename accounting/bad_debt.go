package accounting

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// badDebtModel is the source of what books relief and recovery; the id is that of the [BadDebt].
const badDebtModel = "erp.bad_debts"

// NoRelief is [Tax].ReliefMonths of a tax whose bad debts give no relief.
const NoRelief = -1

// NewTaxRelief says when a debt that is not paid gives its tax back (Directive 2006/112/EC, Art. 90): the law of the place says it,
// such as after six months (VATA 1994, s. 36(1)(c) and SI 1995/2518, reg. 165A) or as soon as it cannot be collected (UStG § 17
// Abs. 2 Nr. 1). That it cannot be collected, or was written off, is for whoever claims it to know.
type NewTaxRelief struct {
	// Source is the law that gives the relief; "" gives none.
	Source string `validate:"text=200"`
	// AfterMonths is how long after the debt fell due, and after the supply, relief is given at the earliest: 0 to 120.
	AfterMonths int `validate:"min=0,max=120"`
}

func (r NewTaxRelief) months() int64 {
	if r.Source == "" {
		return NoRelief
	}
	return int64(r.AfterMonths)
}

func (r NewTaxRelief) check(kind TaxKind) string {
	switch {
	case r.Source == "" && r.AfterMonths != 0:
		return "needs the law that gives relief, Relief.Source"
	case r.Source != "" && !kind.charged():
		return "gives no relief for bad debts: only what is charged is lost"
	}
	return ""
}

// NewBadDebt is the input of [Service.RelieveBadDebts]: an invoice, or a part of it, that will not be paid.
type NewBadDebt struct {
	// Reference is the outside number and the idempotency key, as in [NewEntry].
	Reference string `validate:"reference"`
	// InvoiceID is an invoice or debit note.
	InvoiceID uuid.UUID `validate:"required"`
	// Date is the day that it counts for.
	Date date.Date `validate:"day"`
	// Amount is above zero, tax included. Left out, it is all that is open.
	Amount money.Amount
	// Account takes the loss. Default [RoleBadDebt].
	Account AccountRef
	// Dimensions are those of the line on Account.
	Dimensions Dimensions
	// Reason is required and kept beside the entry, at most 500 characters.
	Reason string `validate:"required,text=500"`
	// LockException is as in [NewEntry].
	LockException string `validate:"text=500"`
}

// BadDebt is a debt that was written off with relief of its tax. Nothing of it changes but RecoveredMinor.
type BadDebt struct {
	tenancy.Row
	Reference   string    `bun:"reference,nullzero" privacy:"none"`
	Fingerprint string    `bun:"fingerprint" privacy:"none"`
	InvoiceID   uuid.UUID `bun:"invoice_id"`
	PartyID     uuid.UUID `bun:"party_id"`
	RelievedOn  date.Date `bun:"relieved_on"`
	// Amount was written off, tax included; Tax is what was taken back of it. What waited for payment is taken back as well, but was
	// never due, and is not in Tax.
	Amount money.Amount `bun:"embed:amount_"`
	Tax    money.Amount `bun:"embed:tax_"`
	// BaseMinor is what Amount stood in the books at, in base, and TaxBaseMinor what Tax had been declared at.
	BaseMinor    int64 `bun:"base_minor"`
	TaxBaseMinor int64 `bun:"tax_base_minor"`
	// RecoveredMinor is how much was paid after all, in minor units. The database holds it at most to Amount.
	RecoveredMinor int64     `bun:"recovered_minor"`
	AccountID      uuid.UUID `bun:"account_id"`
	EntryID        uuid.UUID `bun:"entry_id"`
	RecordedAt     time.Time `bun:"recorded_at"`

	// Replayed says that the reference had been used before with the same content, and nothing was written now.
	Replayed bool `bun:"-"`
}

func (d *BadDebt) reference() (string, string) { return d.Reference, d.Fingerprint }
func (d *BadDebt) markReplayed()               { d.Replayed = true }

// NewRecovery is the input of [Service.RecoverBadDebts]: a payment of what was written off.
type NewRecovery struct {
	BadDebtID uuid.UUID `validate:"required"`
	// PaymentID is a payment received from the same party, open on account as far as it is claimed here.
	PaymentID uuid.UUID `validate:"required"`
	// Date is the day that it counts for, not before the payment's. Default the payment's.
	Date date.Date
	// Amount is above zero, tax included. Left out, it is all that is left of the debt and open of the payment.
	Amount money.Amount
	// Dimensions are those of the line on the account that took the loss.
	Dimensions Dimensions
	// LockException is as in [NewEntry].
	LockException string `validate:"text=500"`
}

func (in *NewBadDebt) asked() asked {
	return asked{reference: in.Reference, amount: in.Amount, all: true, of: []uuid.UUID{in.InvoiceID}, dimensions: in.Dimensions}
}

func (in *NewRecovery) asked() asked {
	return asked{reference: "recovery:" + in.BadDebtID.String() + ":" + in.PaymentID.String(), amount: in.Amount, all: true, of: []uuid.UUID{in.BadDebtID},
		dimensions: in.Dimensions}
}

func (in *NewBadDebt) fingerprint(f *fingerprint) string {
	f.reset()
	f.id(in.InvoiceID)
	f.day(in.Date)
	f.amount(in.Amount)
	f.text(in.Account.text)
	f.text(in.Dimensions.key())
	return f.sum()
}

func (in *NewRecovery) fingerprint(f *fingerprint) string {
	f.reset()
	f.day(in.Date)
	f.amount(in.Amount)
	f.text(in.Dimensions.key())
	return f.sum()
}
