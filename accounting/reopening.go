package accounting

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// ReopeningTerm is how long a reopening can be approved after it was asked for. The database holds it to the same.
const ReopeningTerm = 7 * 24 * time.Hour

// Reopening is the one way past a hard lock: somebody asks, with a reason, for a period to be opened again, and somebody else
// approves in time. Then the lock of that period and of all later ones is lifted, to a soft lock, and the closings of
// these periods are superseded.
type Reopening struct {
	tenancy.Row
	PeriodID uuid.UUID `bun:"period_id"`
	// JournalID is the one journal whose own lock is lifted; zero for the lock that holds for all journals.
	JournalID uuid.UUID `bun:"journal_id,nullzero"`
	Reason    string    `bun:"reason" privacy:"free-text,delete"`
	AskedBy   string    `bun:"asked_by" privacy:"none"`
	AskedAt   time.Time `bun:"asked_at"`
	ExpiresAt time.Time `bun:"expires_at"`
	// ApprovedBy is never AskedBy; "" while nobody has approved.
	ApprovedBy string    `bun:"approved_by,nullzero" privacy:"none"`
	ApprovedAt time.Time `bun:"approved_at,nullzero"`

	// Replayed says that this was asked for or approved before, and nothing was written now.
	Replayed bool `bun:"-"`
}

// Approved reports whether a second person has approved.
func (r *Reopening) Approved() bool { return r.ApprovedBy != "" }

// NewReopening is the input of [Service.AskReopening].
type NewReopening struct {
	PeriodID uuid.UUID `validate:"required"`
	// Journal is the one journal whose own lock is to be lifted. Default what holds for all journals.
	Journal JournalCode `validate:"omitempty,journal"`
	// Reason is required, at most 500 characters.
	Reason string `validate:"required,text=500"`
}
