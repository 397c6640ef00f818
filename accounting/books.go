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
	// RateMaxAgeDays is how old an exchange rate may be to be used.
	RateMaxAgeDays int64 `bun:"rate_max_age_days"`
	// WriteOffLimitMinor is the most that one write-off may be, in minor units of the base currency; zero forbids them.
	WriteOffLimitMinor int64 `bun:"write_off_limit_minor"`
	// TaxToleranceMinor is how far the tax that a vendor states may be from ours, for each tax of a bill.
	TaxToleranceMinor int64 `bun:"tax_tolerance_minor"`
	// StockKept says that inventory keeps the account with [RoleStock]: it is a control account then, moved by the movements of goods
	// alone. It never goes back. See [Service.KeepStock].
	StockKept bool      `bun:"stock_kept"`
	OpenedAt  time.Time `bun:"opened_at"`
	// Revision changes with every change of a setting: of the books, accounts, journals, taxes, years and periods.
	Revision uuid.UUID `bun:"revision"`
	// Name, Address (lines separated by a newline) and TaxID are the business as its documents bear it: the tenant's own
	// data, which it publishes with every invoice.
	Name    string `bun:"name" privacy:"none"`
	Address string `bun:"address" privacy:"none"`
	TaxID   string `bun:"tax_id" privacy:"none"`
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
	// Country is where the business is established, ISO 3166-1 alpha-2 (GB, not UK: only the form is checked). Optional.
	Country string `validate:"omitempty,country"`
}

// DefaultRateMaxAgeDays is what books begin with: rates of working days reach over a weekend and holidays.
const DefaultRateMaxAgeDays = 7

// BooksChange is the input of [Service.UpdateBooks]: the whole of what may change. What is left out becomes zero: to change one,
// begin with what [Service.GetBooks] gives.
type BooksChange struct {
	// RateMaxAgeDays is from 0 (only the rate of the day itself) to 366.
	RateMaxAgeDays int64 `validate:"min=0,max=366"`
	// WriteOffLimit is the most that one write-off may be, in the base currency; zero forbids them.
	WriteOffLimit money.Amount
	// TaxTolerance is how far the tax that a vendor states on a bill may be from ours, for each tax; zero takes none but ours.
	TaxTolerance money.Amount
}

// Business is the input of [Service.DescribeBusiness].
type Business struct {
	Name string `validate:"line=200"`
	// Address are the lines of the postal address, at most 8 of 100 characters.
	Address []string `validate:"max=8,dive,line=100"`
	// Country is where the business is established, ISO 3166-1 alpha-2.
	Country string `validate:"country"`
	TaxID   string `validate:"omitempty,line=40"`
}
