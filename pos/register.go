package pos

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// Register is a till: a place where tickets are made, with a drawer of cash and a series of receipts of its own.
type Register struct {
	tenancy.Row
	// Code begins the numbers of its receipts: "R-T1-2026-00001". It never changes.
	Code string `bun:"code,notnull" privacy:"none"`
	Name string `bun:"name,notnull" privacy:"none"`
	// WarehouseID is where its goods leave and come back.
	WarehouseID uuid.UUID `bun:"warehouse_id,notnull"`
	// Country decides how cash is rounded (see [github.com/opsmatiq/erp/accounting/money.RoundCash]); "" where the currency alone does.
	Country string `bun:"country,notnull" privacy:"none"`
	// CashAccountID and CardAccountID are where its money is booked.
	CashAccountID uuid.UUID `bun:"cash_account_id,notnull"`
	CardAccountID uuid.UUID `bun:"card_account_id,notnull"`
	// MaxHours is how long a session of it may be open.
	MaxHours int64 `bun:"max_hours,notnull"`
	// DimensionSetID is what all that is booked of it is analysed by where nobody says otherwise, zero for nothing; Dimensions spells it
	// out. A session has what its register had at the opening.
	DimensionSetID uuid.UUID             `bun:"dimension_set_id,nullzero"`
	Dimensions     accounting.Dimensions `bun:"-"`
	CreatedAt      time.Time             `bun:"created_at,notnull"`
}

// drawer is what a register has at the moment. Its row is the lock of all that happens at the register: whoever sells,
// refunds, moves cash, opens or closes holds it first.
type drawer struct {
	tenancy.Owned
	RegisterID uuid.UUID `bun:"register_id,pk"`
	// SessionID is the session that is not closed.
	SessionID uuid.UUID `bun:"session_id,nullzero"`
	// Closings is how many sessions were closed; LeftMinor what the last of them counted.
	Closings  int64 `bun:"closings,notnull"`
	LeftMinor int64 `bun:"left_minor,notnull"`
	// Receipts, Digest and Signature are the end of the chain of receipts: how many there are, and the last one's.
	Receipts  int64  `bun:"receipts,notnull"`
	Digest    string `bun:"digest,nullzero" privacy:"none"`
	Signature string `bun:"signature,nullzero" privacy:"none"`
}

// NewRegister is the input of [Service.CreateRegisters].
type NewRegister struct {
	// Code is 1 to 18 capitals, digits and dashes, unique.
	Code string `validate:"register_code"`
	Name string `validate:"required,max=200,line"`
	// WarehouseID is where its goods leave. Default: the tenant's default warehouse.
	WarehouseID uuid.UUID `validate:"-"`
	// Country is ISO 3166-1 alpha-2; needed only where countries that share a currency round cash differently.
	Country string `validate:"omitempty,country"`
	// CashAccount is the drawer's: cash in the statement of cash flows ([accounting.CashFlowCash]), and it stays it. Default: the account with the
	// role cash.
	CashAccount accounting.AccountRef `validate:"-"`
	// CardAccount is where card takings wait for the acquirer. Default: the account with the role card_clearing.
	CardAccount accounting.AccountRef `validate:"-"`
	// MaxHours is how long a session may be open, 1 to 168. Default 24.
	MaxHours int64 `validate:"min=0,max=168"`
	// Dimensions are what all that is booked of it is analysed by, such as {"shop": "york"}: lines of tickets and cash moves that say
	// nothing else, over/short, and the accounts of cash and cards where these require any. Optional.
	Dimensions accounting.Dimensions `validate:"-"`
}

// RegisterChange is the input of [Service.UpdateRegister]: the whole of what may change, so that Dimensions left out are none. But for
// Name it counts from the next session on.
type RegisterChange struct {
	ID         uuid.UUID             `validate:"required"`
	Name       string                `validate:"required,max=200,line"`
	MaxHours   int64                 `validate:"min=1,max=168"`
	Dimensions accounting.Dimensions `validate:"-"`
}

// defaultMaxHours is long enough for any day and short enough that yesterday's till is noticed.
const defaultMaxHours = 24

// seriesPrefix begins the series of receipts of a register.
const seriesPrefix = "R-"

// series is the register's series of receipts.
func (r *Register) series() string { return seriesPrefix + r.Code }

// same reports whether r says what o says.
func (r *Register) same(o *Register) bool {
	return r.Code == o.Code && r.Name == o.Name && r.WarehouseID == o.WarehouseID && r.Country == o.Country && r.CashAccountID == o.CashAccountID &&
		r.CardAccountID == o.CardAccountID && r.MaxHours == o.MaxHours && r.DimensionSetID == o.DimensionSetID
}
