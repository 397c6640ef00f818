package accounting

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Party is whoever the books deal with: a customer, a vendor, or both.
type Party struct {
	tenancy.Row
	// Reference is the number that the outside world knows the party by; unique when given. It names nobody.
	Reference string `bun:"reference,nullzero" privacy:"none"`
	Name      string `bun:"name" privacy:"identity,pseudonymise"`
	// NameKey is the name folded for search and sorting: lower case, without accents.
	NameKey  string `bun:"name_key" privacy:"identity,pseudonymise"`
	Customer bool   `bun:"is_customer"`
	Vendor   bool   `bun:"is_vendor"`
	Email    string `bun:"email" privacy:"contact,delete,sealed"`
	Phone    string `bun:"phone" privacy:"contact,delete,sealed"`
	// Address is the postal address without the country, lines separated by a newline.
	Address string `bun:"address" privacy:"contact,delete,sealed"`
	// Country is ISO 3166-1 alpha-2, or "".
	Country string `bun:"country" privacy:"none"`
	TaxID   string `bun:"tax_id" privacy:"identity,delete,sealed"`
	// Fingerprint is of the input that made the party, so that the same input again is told from another. Sealed: who knew the
	// rest of the input could try telephone numbers against it.
	Fingerprint string    `bun:"fingerprint" privacy:"identity,delete,sealed"`
	CreatedAt   time.Time `bun:"created_at"`
	ChangedAt   time.Time `bun:"changed_at"`
}

// side is the control account that money on account goes against: that of what the party is, so that a refund stands with what it
// refunds; where it is both, what money in the direction commonly is.
func (p *Party) side(d Direction) Role {
	if p.Vendor && (!p.Customer || d == MoneyOut) {
		return RolePayable
	}
	return RoleReceivable
}

// NewParty is the input of [Service.CreateParties].
type NewParty struct {
	// Reference is the outside number and the idempotency key: creating it again with the same input gives the party that
	// exists. Optional.
	Reference string `validate:"reference"`
	Name      string `validate:"line=200"`
	// Customer and Vendor say what the party is; at least one of them.
	Customer bool `validate:"required_without=Vendor"`
	Vendor   bool
	Email    string `validate:"omitempty,max=254,email"`
	Phone    string `validate:"omitempty,line=40"`
	// Address are the lines of the postal address, at most 8 of 100 characters.
	Address []string `validate:"max=8,dive,line=100"`
	Country string   `validate:"omitempty,country"`
	TaxID   string   `validate:"omitempty,line=40"`
}

// PartyChange is the input of [Service.UpdateParty]: the whole of what may change.
type PartyChange struct {
	ID       uuid.UUID `validate:"required"`
	Name     string    `validate:"line=200"`
	Customer bool      `validate:"required_without=Vendor"`
	Vendor   bool
	Email    string   `validate:"omitempty,max=254,email"`
	Phone    string   `validate:"omitempty,line=40"`
	Address  []string `validate:"max=8,dive,line=100"`
	Country  string   `validate:"omitempty,country"`
	TaxID    string   `validate:"omitempty,line=40"`
}
