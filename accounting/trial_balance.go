package accounting

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// TrialBalance is every account with its balance at the end of a day (by entry date), and the proof that both sides agree.
type TrialBalance struct {
	AsOf     date.Date
	Currency money.Currency
	Lines    []TrialBalanceLine // accounts that have ever been posted to, by code
	Debit    money.Amount       // the sum of the debit balances
	Credit   money.Amount       // the sum of the credit balances; equal to Debit, but for slices
}

// TrialBalanceLine is one account's balance, on the side that it stands on; the other side is zero.
type TrialBalanceLine struct {
	AccountID uuid.UUID
	Code      string
	Name      string
	Type      AccountType
	Role      Role
	Debit     money.Amount
	Credit    money.Amount
}

// TrialBalance draws up the balances of all accounts at the end of a day, by entry date; of slices where some are given, and then
// its two sides may differ.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.unknown_dimension, accounting.books_not_open.
func (s *Service) TrialBalance(ctx context.Context, asOf date.Date, slices ...Slice) (TrialBalance, error) {
	return Statements{s, time.Time{}}.TrialBalance(ctx, asOf, slices...)
}

// TrialBalance is [Service.TrialBalance] as the books said then.
func (v Statements) TrialBalance(ctx context.Context, asOf date.Date, slices ...Slice) (TrialBalance, error) {
	return tenancy.View(ctx, v.books.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (TrialBalance, error) {
		const op = "accounting.TrialBalance"
		if err := checkDay(op, asOf); err != nil {
			return TrialBalance{}, err
		}
		set, err := v.setup(ctx, tx, op)
		if err != nil {
			return TrialBalance{}, err
		}
		in, err := cutOf(ctx, tx, op, slices)
		if err != nil {
			return TrialBalance{}, err
		}
		posted, err := sumsOf(ctx, tx, set, date.Date{}, asOf, in)
		if err != nil {
			return TrialBalance{}, err
		}
		return trialBalance(set, posted, asOf)
	})
}

func trialBalance(set *setup, posted map[uuid.UUID]accountSum, asOf date.Date) (TrialBalance, error) {
	base := set.books.Currency
	tb := TrialBalance{AsOf: asOf, Currency: base, Debit: money.Zero(base), Credit: money.Zero(base)}
	for i := range set.accounts {
		a := &set.accounts[i]
		sum, ok := posted[a.ID]
		if !ok {
			continue
		}
		line := TrialBalanceLine{AccountID: a.ID, Code: a.Code, Name: a.Name, Type: a.Type, Role: a.Role, Debit: money.Zero(base), Credit: money.Zero(base)}
		if net := sum.net(); net > 0 {
			line.Debit.Minor = net
		} else {
			line.Credit.Minor = -net
		}
		var err error
		if tb.Debit, err = tb.Debit.Add(line.Debit); err != nil {
			return TrialBalance{}, err
		}
		if tb.Credit, err = tb.Credit.Add(line.Credit); err != nil {
			return TrialBalance{}, err
		}
		tb.Lines = append(tb.Lines, line)
	}
	return tb, nil
}

// Balance is one account's balance at the end of a day, by entry date; debits are positive.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.unknown_account, accounting.books_not_open.
func (s *Service) Balance(ctx context.Context, account AccountRef, asOf date.Date) (money.Amount, error) {
	return Statements{s, time.Time{}}.Balance(ctx, account, asOf)
}

// Balance is [Service.Balance] as the books said then.
func (v Statements) Balance(ctx context.Context, account AccountRef, asOf date.Date) (money.Amount, error) {
	return tenancy.View(ctx, v.books.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (money.Amount, error) {
		const op = "accounting.Balance"
		if err := checkDay(op, asOf); err != nil {
			return money.Amount{}, err
		}
		set, err := v.setup(ctx, tx, op)
		if err != nil {
			return money.Amount{}, err
		}
		a, err := set.account(op, "", account)
		if err != nil {
			return money.Amount{}, err
		}
		posted, err := sums(ctx, tx, set, date.Date{}, asOf)
		if err != nil {
			return money.Amount{}, err
		}
		return money.Amount{Minor: posted[a.ID].net(), Currency: set.books.Currency}, nil
	})
}
