package accounting

import (
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// balance is the sum of all lines of an account in a period, kept as they are posted, so that statements do not grow with
// the ledger.
type balance struct {
	tenancy.Owned
	AccountID uuid.UUID `bun:"account_id,pk"`
	PeriodID  uuid.UUID `bun:"period_id,pk"`
	// Stripe splits a hot row into several that are summed on reading. All postings use stripe 0 today: one row per
	// account and period was never the limit while batches add their deltas up first. The column is part of the
	// key so that striping needs no migration.
	Stripe int64 `bun:"stripe,pk"`
	// DebitMinor and CreditMinor are in minor units of the base currency.
	DebitMinor  int64 `bun:"debit_minor"`
	CreditMinor int64 `bun:"credit_minor"`
}
