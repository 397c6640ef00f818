package accounting

import (
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/tenancy"
)

// Tax is one simple tax on sales: a percentage of a line's net amount, added to it and owed to the state. Its rate never
// changes; a new rate is a new code, so that documents keep what they were issued under.
type Tax struct {
	tenancy.Row
	// Code is what invoice lines name: "S20".
	Code string `bun:"code" privacy:"none"`
	Name string `bun:"name" privacy:"none"`
	// Rate is in percent: 20 is 20 %. At most four decimals.
	Rate decimal.Decimal `bun:"rate"`
	// AccountID is the liability that the tax is booked to.
	AccountID uuid.UUID `bun:"account_id"`
	Active    bool      `bun:"active"`
}

// TaxChange is the input of [Service.UpdateTax].
type TaxChange struct {
	ID     uuid.UUID `validate:"required"`
	Name   string    `validate:"line=200"`
	Active bool      // documents can name an active tax only
}

// NewTax is the input of [Service.CreateTax].
type NewTax struct {
	Code string          `validate:"code"`
	Name string          `validate:"line=200"`
	Rate decimal.Decimal `validate:"percent"`
	// Account is where the tax is owed. Default: the account with [RoleTax].
	Account AccountRef
}
