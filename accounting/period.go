package accounting

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// FiscalYear is twelve periods. Legal numbers start again in each.
type FiscalYear struct {
	tenancy.Row
	// Label names the year in document numbers: "2010", or "2010-11" when it does not begin on 1 January.
	Label    string    `bun:"label" privacy:"none"`
	StartsOn date.Date `bun:"starts_on"`
	EndsOn   date.Date `bun:"ends_on"`
}

// PeriodState says what may be posted into a period.
type PeriodState string

// The states of a period. See README.md for the moves between them.
const (
	PeriodOpen       PeriodState = "open"        // anything
	PeriodSoftLocked PeriodState = "soft_locked" // only entries with a recorded reason (LockException)
	PeriodLocked     PeriodState = "locked"      // nothing, by anyone, until two persons open it again
)

// tighter reports whether s lets less through than other.
func (s PeriodState) tighter(other PeriodState) bool {
	rank := map[PeriodState]int{PeriodSoftLocked: 1, PeriodLocked: 2}
	return rank[s] > rank[other]
}

// Period is a month of a fiscal year.
type Period struct {
	tenancy.Row
	FiscalYearID uuid.UUID `bun:"fiscal_year_id"`
	// Seq is 1 to 12 within the year.
	Seq int64 `bun:"seq"`
	// Name is the year and month that the period begins in: "2010-12".
	Name     string    `bun:"name" privacy:"none"`
	StartsOn date.Date `bun:"starts_on"`
	EndsOn   date.Date `bun:"ends_on"`
	// State holds for all journals. A [JournalLock] can only be tighter.
	State     PeriodState `bun:"state" privacy:"none"`
	Reason    string      `bun:"reason" privacy:"free-text,delete"` // of the last change of state
	ChangedAt time.Time   `bun:"changed_at"`
}

// JournalLock is what is locked for one journal in a period, more tightly than for all of them. A journal that is locked for
// good in a period is locked in all periods before it.
type JournalLock struct {
	tenancy.Owned
	JournalID uuid.UUID   `bun:"journal_id,pk"`
	PeriodID  uuid.UUID   `bun:"period_id,pk"`
	State     PeriodState `bun:"state" privacy:"none"`
	Reason    string      `bun:"reason" privacy:"free-text,delete"` // of the last change of state
	ChangedAt time.Time   `bun:"changed_at"`
}

// SetPeriod is the input of [Service.SetPeriodState].
type SetPeriod struct {
	PeriodID uuid.UUID `validate:"required"`
	// Journal is the one journal that the state is for. Default all journals.
	Journal JournalCode `validate:"omitempty,journal"`
	State   PeriodState `validate:"oneof=open soft_locked locked"`
	// Reason is required to take a lock away, and kept with the period.
	Reason string `validate:"text=500"`
}
