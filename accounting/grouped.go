package accounting

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// TrialBalanceBy draws up one trial balance for each value of a dimension that was posted with, and one for lines without a value,
// by code. Account by account they sum to [Service.TrialBalance] of the same slices.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.unknown_dimension, accounting.books_not_open.
func (s *Service) TrialBalanceBy(ctx context.Context, dimension string, asOf date.Date, slices ...Slice) ([]Group[TrialBalance], error) {
	return Statements{s, time.Time{}}.TrialBalanceBy(ctx, dimension, asOf, slices...)
}

// TrialBalanceBy is [Service.TrialBalanceBy] as the books said then.
func (v Statements) TrialBalanceBy(ctx context.Context, dimension string, asOf date.Date, slices ...Slice) ([]Group[TrialBalance], error) {
	return groupBy(ctx, v, "accounting.TrialBalanceBy", dimension, slices, func(ctx context.Context, tx *tenancy.Tx, set *setup, in *cut) (map[string]TrialBalance, error) {
		if err := checkDay("accounting.TrialBalanceBy", asOf); err != nil {
			return nil, err
		}
		posted, err := groupedSums(ctx, tx, set, date.Date{}, asOf, in)
		if err != nil {
			return nil, err
		}
		out := make(map[string]TrialBalance, len(posted))
		for value, sums := range posted {
			if out[value], err = trialBalance(set, sums, asOf); err != nil {
				return nil, err
			}
		}
		return out, nil
	})
}

// ProfitAndLossBy draws up one result for each value of a dimension that income or expenses were posted with, and one for those
// without a value, by code. Line by line they sum to [Service.ProfitAndLoss] of the same slices.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.unknown_dimension, accounting.books_not_open.
func (s *Service) ProfitAndLossBy(ctx context.Context, dimension string, from, to date.Date, slices ...Slice) ([]Group[ProfitAndLoss], error) {
	return Statements{s, time.Time{}}.ProfitAndLossBy(ctx, dimension, from, to, slices...)
}

// ProfitAndLossBy is [Service.ProfitAndLossBy] as the books said then.
func (v Statements) ProfitAndLossBy(ctx context.Context, dimension string, from, to date.Date, slices ...Slice) ([]Group[ProfitAndLoss], error) {
	return groupBy(ctx, v, "accounting.ProfitAndLossBy", dimension, slices, func(ctx context.Context, tx *tenancy.Tx, set *setup, in *cut) (map[string]ProfitAndLoss, error) {
		if from.IsZero() || to.Before(from) {
			return nil, ErrBadInput.New("accounting.ProfitAndLossBy", "From and To are needed, the first and the last day of the span, and To is not before From")
		}
		posted, err := resultSums(ctx, tx, set, from, to, in)
		if err != nil {
			return nil, err
		}
		out := make(map[string]ProfitAndLoss, len(posted))
		for value, sums := range posted {
			if pl := profitAndLoss(set, sums, from, to); len(pl.Income)+len(pl.CostOfSales)+len(pl.Expenses) > 0 {
				out[value] = pl
			}
		}
		return out, nil
	})
}

// BalanceSheetBy draws up one balance sheet for each value of a dimension that was posted with, and one for lines without a value,
// by code. What the entries of one have on their other sides is its OutOfSlice; these sum to zero.
//
// Permission: accounting.read. Errors: accounting.no_period, accounting.unknown_dimension, accounting.books_not_open.
func (s *Service) BalanceSheetBy(ctx context.Context, dimension string, asOf date.Date, slices ...Slice) ([]Group[BalanceSheet], error) {
	return Statements{s, time.Time{}}.BalanceSheetBy(ctx, dimension, asOf, slices...)
}

// BalanceSheetBy is [Service.BalanceSheetBy] as the books said then.
func (v Statements) BalanceSheetBy(ctx context.Context, dimension string, asOf date.Date, slices ...Slice) ([]Group[BalanceSheet], error) {
	const op = "accounting.BalanceSheetBy"
	return groupBy(ctx, v, op, dimension, slices, func(ctx context.Context, tx *tenancy.Tx, set *setup, in *cut) (map[string]BalanceSheet, error) {
		return balanceSheets(ctx, tx, op, set, asOf, in)
	})
}

// groupBy is the common body: draw gives a report per id of a value, which are named here.
func groupBy[T any](ctx context.Context, v Statements, op, dimension string, of []Slice,
	draw func(context.Context, *tenancy.Tx, *setup, *cut) (map[string]T, error),
) ([]Group[T], error) {
	return tenancy.View(ctx, v.books.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Group[T], error) {
		set, err := v.setup(ctx, tx, op)
		if err != nil {
			return nil, err
		}
		d, values, err := valuesOf(ctx, tx, op, dimension)
		if err != nil {
			return nil, err
		}
		in, err := cutOf(ctx, tx, op, of)
		if err != nil {
			return nil, err
		}
		if in == nil {
			in = &cut{}
		}
		in.by = d.ID
		drawn, err := draw(ctx, tx, set, in)
		if err != nil {
			return nil, err
		}
		named := make(map[uuid.UUID]DimensionValue, len(values))
		for _, value := range values {
			named[value.ID] = value
		}
		out := make([]Group[T], 0, len(drawn))
		for id, report := range drawn {
			value, _ := uuid.Parse(id) // "" is none
			out = append(out, Group[T]{Value: named[value].Code, Name: named[value].Name, Report: report})
		}
		slices.SortFunc(out, func(a, b Group[T]) int { return strings.Compare(a.Value, b.Value) })
		return out, nil
	})
}
