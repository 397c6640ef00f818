package accounting

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Holding is what an account holds in one currency; debits are positive.
type Holding struct {
	Amount money.Amount
	// Base is what that stands in the books at, in the base currency.
	Base money.Amount
}

// Holdings gives what an account holds in each currency at the end of a day, by entry date, in the order of currencies: the dollars of
// a bank account, what customers owe in euros. A currency that is gone is left out once nothing is carried for it in base either.
//
// Permission: accounting.read. Errors: accounting.unknown_account, accounting.books_not_open.
func (s *Service) Holdings(ctx context.Context, account AccountRef, asOf date.Date) ([]Holding, error) {
	return Statements{s, time.Time{}}.Holdings(ctx, account, asOf)
}

// Holdings is [Service.Holdings] as the books said then.
func (v Statements) Holdings(ctx context.Context, account AccountRef, asOf date.Date) ([]Holding, error) {
	return tenancy.View(ctx, v.books.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Holding, error) {
		const op = "accounting.Holdings"
		set, err := v.setup(ctx, tx, op)
		if err != nil {
			return nil, err
		}
		a, err := set.account(op, "", account)
		if err != nil {
			return nil, err
		}
		rows, err := (*cut)(nil).currencySums(ctx, tx, set, asOf, []uuid.UUID{a.ID})
		if err != nil {
			return nil, err
		}
		out := make([]Holding, len(rows))
		for i, r := range rows {
			out[i] = Holding{Amount: money.Amount{Minor: r.Minor, Currency: r.Currency}, Base: money.Amount{Minor: r.Base, Currency: set.books.Currency}}
		}
		slices.SortFunc(out, func(a, b Holding) int { return strings.Compare(string(a.Amount.Currency), string(b.Amount.Currency)) })
		return out, nil
	})
}
