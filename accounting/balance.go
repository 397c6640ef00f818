package accounting

import (
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// balance is the sum of all lines of an account in a period, by currency and set of dimensions, kept as they are posted, so that statements do not grow with
// the ledger.
type balance struct {
	tenancy.Owned
	AccountID uuid.UUID `bun:"account_id,pk"`
	PeriodID  uuid.UUID `bun:"period_id,pk"`
	// Currency is that of the transactions. A foreign currency has a row of its own, so that revaluation reads no lines.
	Currency money.Currency `bun:"currency,pk" privacy:"none"`
	// DimensionSetID is the combination of dimension values; the nil UUID for none.
	DimensionSetID uuid.UUID `bun:"dimension_set_id,pk"`
	// Stripe splits a hot row into several that are summed on reading: one for each Post that is under way at once (see
	// stripesTaken). Documents use the first: they wait for each other's numbers anyway.
	Stripe int64 `bun:"stripe,pk"`
	// DebitMinor and CreditMinor are in minor units of the base currency.
	DebitMinor  int64 `bun:"debit_minor"`
	CreditMinor int64 `bun:"credit_minor"`
	// TransactionMinor is debits less credits in minor units of Currency.
	TransactionMinor int64 `bun:"transaction_minor"`
}
