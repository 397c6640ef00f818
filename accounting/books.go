package accounting

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Books are the settings of a tenant's ledger; a tenant has one set of books.
type Books struct {
	tenancy.Owned
	// Currency is the base currency: what every entry balances in and every statement is drawn up in. It never changes.
	Currency money.Currency `bun:"currency" privacy:"none"`
	// Country is where the business is established (ISO 3166-1 alpha-2), or "".
	Country string `bun:"country" privacy:"none"`
	// Chart is the template that the accounts were made from.
	Chart Chart `bun:"chart" privacy:"none"`
	// YearStart is the first day of the first fiscal year.
	YearStart date.Date `bun:"year_start"`
	OpenedAt  time.Time `bun:"opened_at"`
	// Revision changes with every change of a setting: of the books, accounts, journals, taxes, years and periods.
	Revision uuid.UUID `bun:"revision"`
}

// NewBooks is the input of [Service.OpenBooks].
type NewBooks struct {
	Currency money.Currency `validate:"currency"`
	Chart    Chart          `validate:"chart"`
	// Accounts is the tenant's own chart, for [ChartOwn] alone: at most [MaxAccounts], with every role of [Roles] once. A file
	// of them is read by accounting/exchange.
	Accounts []NewAccount `validate:"max=2000,dive"`
	// YearStart is the first day of the first fiscal year, a day from the 1st to the 28th.
	YearStart date.Date `validate:"day"`
	// Country is where the business is established, ISO 3166-1 alpha-2. Optional.
	Country string `validate:"omitempty,country"`
}
