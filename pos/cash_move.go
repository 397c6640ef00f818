package pos

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// CashDirection tells cash that is put into a drawer from cash that is taken out.
type CashDirection string

// The directions.
const (
	CashIn  CashDirection = "in"
	CashOut CashDirection = "out"
)

// CashMove is cash put into a drawer or taken out of it beside tickets: change from the bank, takings to the safe, a window
// cleaner paid. It is booked when the session is closed.
type CashMove struct {
	tenancy.Row
	SessionID   uuid.UUID     `bun:"session_id,notnull"`
	Reference   string        `bun:"reference,notnull" privacy:"none"`
	Fingerprint string        `bun:"fingerprint,notnull" privacy:"none"`
	Direction   CashDirection `bun:"direction,notnull" privacy:"none"`
	Amount      money.Amount  `bun:"embed:amount_"`
	// AccountID is where the cash came from or went to.
	AccountID uuid.UUID `bun:"account_id,notnull"`
	// Date is the session's business date.
	Date    date.Date `bun:"move_date,notnull"`
	MovedAt time.Time `bun:"moved_at,notnull"`
	// DimensionSetID is what that account's line is analysed by, zero for nothing.
	DimensionSetID uuid.UUID `bun:"dimension_set_id,nullzero"`

	// Replayed says that the reference had been used before with the same content, and nothing was written now.
	Replayed bool `bun:"-"`
}

// CashMoveText is why cash was moved.
type CashMoveText struct {
	tenancy.Owned
	CashMoveID uuid.UUID `bun:"cash_move_id,pk"`
	Reason     string    `bun:"reason,notnull" privacy:"free-text,delete"`
}

// NewCashMove is the input of [Service.MoveCash].
type NewCashMove struct {
	SessionID uuid.UUID `validate:"required"`
	// Reference is the till's own key and the idempotency key, unique over cash moves. Required.
	Reference string        `validate:"required,reference"`
	Direction CashDirection `validate:"required,oneof=in out"`
	// Amount is above zero, in the books' currency.
	Amount money.Amount `validate:"-"`
	// Account is where the cash comes from or goes to: the bank, an expense. Required.
	Account accounting.AccountRef `validate:"-"`
	// Dimensions are what that account's line is analysed by, over those of the register.
	Dimensions accounting.Dimensions `validate:"-"`
	// Reason is required, at most 500 characters. It is not part of what makes two inputs the same.
	Reason string `validate:"required,max=500,text"`
}
