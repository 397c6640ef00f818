package accounting

import (
	"context"
	"slices"
	"strings"

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

// holdingRow is a sum as it is read.
type holdingRow struct {
	Currency money.Currency `bun:"currency"`
	Minor    int64          `bun:"minor"`
	Base     int64          `bun:"base"`
}

// Holdings gives what an account holds in each currency at the end of a day, by entry date, in the order of currencies: the dollars of
// a bank account, what customers owe in euros. A currency that is gone is left out once nothing is carried for it in base either.
//
// Permission: accounting.read. Errors: accounting.unknown_account, accounting.books_not_open.
func (s *Service) Holdings(ctx context.Context, account AccountRef, asOf date.Date) ([]Holding, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Holding, error) {
		const op = "accounting.Holdings"
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return nil, err
		}
		a, err := set.account(op, "", account)
		if err != nil {
			return nil, err
		}
		first := asOf // of the lines that are read: beyond the periods there are none
		if period := set.periodOf(asOf); period != nil {
			first = period.StartsOn
		}
		whole := []uuid.UUID{uuid.Nil} // an empty list is no SQL
		for i := range set.periods {
			if set.periods[i].EndsOn.Before(first) {
				whole = append(whole, set.periods[i].ID)
			}
		}
		// Earlier periods from the kept balances, and the lines of the one that the day lies in.
		rows, err := tenancy.Report[holdingRow](ctx, tx, `SELECT currency, CAST(SUM(minor) AS BIGINT) AS minor, CAST(SUM(base) AS BIGINT) AS base FROM (
			SELECT currency, transaction_minor AS minor, debit_minor - credit_minor AS base FROM {account_balances} AS b
			WHERE account_id = ? AND period_id IN (?)
			UNION ALL
			SELECT transaction_currency AS currency, transaction_minor AS minor, amount_minor AS base FROM {journal_lines} AS l
			WHERE account_id = ? AND entry_date >= ? AND entry_date <= ?
			) AS moves GROUP BY currency HAVING SUM(minor) <> 0 OR SUM(base) <> 0`, a.ID, tenancy.List(whole), a.ID, first, asOf)
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
