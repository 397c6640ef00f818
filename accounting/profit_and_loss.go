package accounting

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// StatementLine is one account (or one computed line, without an account) in a statement. Amount is above zero when it
// stands on the side that is usual for its section.
type StatementLine struct {
	AccountID uuid.UUID // zero for a computed line
	Code      string    // "" for a computed line
	Name      string
	Amount    money.Amount
}

// ProfitAndLoss is the result of a span of days, both included, by entry date.
type ProfitAndLoss struct {
	From, To      date.Date
	Currency      money.Currency
	Income        []StatementLine
	CostOfSales   []StatementLine
	Expenses      []StatementLine
	TotalIncome   money.Amount
	TotalCost     money.Amount // of sales
	GrossProfit   money.Amount // TotalIncome less TotalCost
	TotalExpenses money.Amount
	NetProfit     money.Amount // GrossProfit less TotalExpenses; below zero for a loss
}

// ProfitAndLoss draws up the result of a span of days, both included, by entry date; of slices where some are given. The entries
// that close years are left out.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.unknown_dimension, accounting.books_not_open.
func (s *Service) ProfitAndLoss(ctx context.Context, from, to date.Date, slices ...Slice) (ProfitAndLoss, error) {
	return Statements{s, time.Time{}}.ProfitAndLoss(ctx, from, to, slices...)
}

// ProfitAndLoss is [Service.ProfitAndLoss] as the books said then.
func (v Statements) ProfitAndLoss(ctx context.Context, from, to date.Date, slices ...Slice) (ProfitAndLoss, error) {
	return tenancy.View(ctx, v.books.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (ProfitAndLoss, error) {
		const op = "accounting.ProfitAndLoss"
		if from.IsZero() || to.Before(from) {
			return ProfitAndLoss{}, ErrBadInput.New(op, "From and To are needed, the first and the last day of the span, and To is not before From")
		}
		set, err := v.setup(ctx, tx, op)
		if err != nil {
			return ProfitAndLoss{}, err
		}
		in, err := cutOf(ctx, tx, op, slices)
		if err != nil {
			return ProfitAndLoss{}, err
		}
		posted, err := resultSums(ctx, tx, set, from, to, in)
		if err != nil {
			return ProfitAndLoss{}, err
		}
		return profitAndLoss(set, posted[""], from, to), nil
	})
}

func profitAndLoss(set *setup, posted map[uuid.UUID]accountSum, from, to date.Date) ProfitAndLoss {
	pl := ProfitAndLoss{From: from, To: to, Currency: set.books.Currency}
	pl.Income, pl.TotalIncome = section(set, posted, Income)
	pl.CostOfSales, pl.TotalCost = section(set, posted, CostOfSales)
	pl.Expenses, pl.TotalExpenses = section(set, posted, Expense)
	pl.GrossProfit = money.Amount{Minor: pl.TotalIncome.Minor - pl.TotalCost.Minor, Currency: pl.Currency}
	pl.NetProfit = money.Amount{Minor: pl.GrossProfit.Minor - pl.TotalExpenses.Minor, Currency: pl.Currency}
	return pl
}

// section lists the accounts of a type that were posted to, by code, and their total.
func section(set *setup, posted map[uuid.UUID]accountSum, typ AccountType) (lines []StatementLine, total money.Amount) {
	total = money.Zero(set.books.Currency)
	for i := range set.accounts {
		a := &set.accounts[i]
		sum, ok := posted[a.ID]
		if a.Type != typ || !ok {
			continue
		}
		net := sum.net()
		if !typ.DebitNormal() {
			net = -net
		}
		lines = append(lines, StatementLine{AccountID: a.ID, Code: a.Code, Name: a.Name, Amount: money.Amount{Minor: net, Currency: total.Currency}})
		total.Minor += net // statement totals are sums of kept balances, which the database holds within int64 with room to spare
	}
	return lines, total
}
