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

// CurrencyBalance is what an account holds in one currency.
type CurrencyBalance struct {
	AccountID uuid.UUID
	Code      string // of the account
	Holding
}

// CurrencyBalances gives what every account holds in each currency at the end of a day, by entry date, by code and currency; of slices
// where some are given. Account by account, their Base is the trial balance. What is gone is left out once nothing is carried for it in
// base either. Any number of accounts costs the same few statements.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.unknown_dimension, accounting.books_not_open.
func (s *Service) CurrencyBalances(ctx context.Context, asOf date.Date, slices ...Slice) ([]CurrencyBalance, error) {
	return Statements{s, time.Time{}}.CurrencyBalances(ctx, asOf, slices...)
}

// CurrencyBalances is [Service.CurrencyBalances] as the books said then.
func (v Statements) CurrencyBalances(ctx context.Context, asOf date.Date, of ...Slice) ([]CurrencyBalance, error) {
	return tenancy.View(ctx, v.books.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]CurrencyBalance, error) {
		const op = "accounting.CurrencyBalances"
		if err := checkDay(op, asOf); err != nil {
			return nil, err
		}
		set, err := v.setup(ctx, tx, op)
		if err != nil {
			return nil, err
		}
		in, err := cutOf(ctx, tx, op, of)
		if err != nil {
			return nil, err
		}
		ids := make([]uuid.UUID, len(set.accounts))
		for i := range set.accounts {
			ids[i] = set.accounts[i].ID
		}
		rows, err := in.currencySums(ctx, tx, set, asOf, ids)
		if err != nil {
			return nil, err
		}
		out := make([]CurrencyBalance, len(rows))
		for i, r := range rows {
			out[i] = CurrencyBalance{r.AccountID, set.byID[r.AccountID].Code, Holding{Amount: money.Amount{Minor: r.Minor, Currency: r.Currency},
				Base: money.Amount{Minor: r.Base, Currency: set.books.Currency}}}
		}
		slices.SortFunc(out, func(a, b CurrencyBalance) int {
			if c := strings.Compare(a.Code, b.Code); c != 0 {
				return c
			}
			return strings.Compare(string(a.Amount.Currency), string(b.Amount.Currency))
		})
		return out, nil
	})
}

// currencySums adds up, for some accounts, kept balances of the periods before the day's, and lines of that one, and takes out what was not
// known. A day after the books is their last.
func (c *cut) currencySums(ctx context.Context, tx *tenancy.Tx, set *setup, asOf date.Date, of []uuid.UUID) ([]position, error) {
	whole, begins := []uuid.UUID{uuid.Nil}, asOf.AddDays(1) // an empty list is no SQL
	for i := range set.periods {
		switch p := &set.periods[i]; {
		case !p.EndsOn.After(asOf):
			whole = append(whole, p.ID)
		case !p.StartsOn.After(asOf):
			begins = p.StartsOn
		}
	}
	kept, keptArgs := c.where("b.dimension_set_id")
	read, readArgs := c.where("l.dimension_set_id")
	args := append([]any{tenancy.List(of), tenancy.List(whole)}, keptArgs...)
	args = append(append(args, tenancy.List(of), begins, asOf), readArgs...)
	forgotten := ""
	if !set.known.IsZero() { // as forget does
		forgotten = `
		UNION ALL
		SELECT l.account_id, l.transaction_currency AS currency, -l.transaction_minor AS minor, -l.amount_minor AS base
		FROM {journal_entries} AS e JOIN {journal_lines} AS l ON l.entry_id = e.id
		WHERE e.line_count >= 2 AND e.posted_at > ? AND l.account_id IN (?) AND l.entry_date <= ?` + read
		args = append(append(args, set.known, tenancy.List(of), asOf), readArgs...)
	}
	return tenancy.Report[position](ctx, tx, `SELECT account_id, currency, CAST(SUM(minor) AS BIGINT) AS minor, CAST(SUM(base) AS BIGINT) AS base FROM (
		SELECT b.account_id, b.currency, b.transaction_minor AS minor, b.debit_minor - b.credit_minor AS base FROM {account_balances} AS b
		WHERE b.account_id IN (?) AND b.period_id IN (?)`+kept+`
		UNION ALL
		SELECT l.account_id, l.transaction_currency AS currency, l.transaction_minor AS minor, l.amount_minor AS base FROM {journal_lines} AS l
		WHERE l.account_id IN (?) AND l.entry_date >= ? AND l.entry_date <= ?`+read+forgotten+`
		) AS moves GROUP BY account_id, currency HAVING SUM(minor) <> 0 OR SUM(base) <> 0`, args...)
}
