package bookstest

import (
	"context"
	"fmt"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Analysis is a tenant's books as they are cut by dimensions, for the tests of whoever states them.
type Analysis struct {
	Ctx   context.Context
	Books *accounting.Service
}

// Values are values of dimensions, in pairs of a dimension's code and its value's; of "" there is none.
func Values(pairs ...string) accounting.Dimensions {
	out := accounting.Dimensions{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out[pairs[i]] = pairs[i+1]
		}
	}
	return out
}

// Define makes a dimension with its values.
func (a Analysis) Define(t require.TestingT, dimension string, values ...string) {
	_, err := a.Books.CreateDimension(a.Ctx, accounting.NewDimension{Code: dimension, Name: dimension})
	require.NoError(t, err)
	for _, v := range values {
		a.SetValue(t, dimension, v, false)
	}
}

// SetValue opens or closes a value of a dimension.
func (a Analysis) SetValue(t require.TestingT, dimension, code string, closed bool) {
	_, err := a.Books.SetDimensionValues(a.Ctx, dimension, []accounting.NewDimensionValue{{Code: code, Name: code, Inactive: closed}})
	require.NoError(t, err)
}

// Require has an account require dimensions from now on; none lets it go.
func (a Analysis) Require(t require.TestingT, account accounting.AccountRef, dimensions ...string) {
	_, err := a.Books.RequireDimensions(a.Ctx, account, dimensions)
	require.NoError(t, err)
}

// By is what an account has by combination, in all entries.
func (a Analysis) By(t require.TestingT, account accounting.AccountRef) map[string]int64 {
	of, err := a.Books.GetAccount(a.Ctx, account)
	require.NoError(t, err)
	page, err := a.Books.ListEntries(a.Ctx, tenancy.PageRequest{Limit: 200})
	require.NoError(t, err)
	out := map[string]int64{}
	for _, e := range page.Items {
		d, err := a.Books.GetEntry(a.Ctx, e.ID)
		require.NoError(t, err)
		for _, l := range d.Lines {
			if l.AccountID == of.ID {
				out[fmt.Sprint(map[string]string(l.Dimensions))] += l.Amount.Minor
			}
		}
	}
	return out
}

// Sliced holds profit and loss by dimension to the whole, and gives the net profit of each value.
func (a Analysis) Sliced(t require.TestingT, dimension string, from, to date.Date) map[string]int64 {
	whole, err := a.Books.ProfitAndLoss(a.Ctx, from, to)
	require.NoError(t, err)
	parts, err := a.Books.ProfitAndLossBy(a.Ctx, dimension, from, to)
	require.NoError(t, err)
	out, sum := map[string]int64{}, int64(0)
	for _, p := range parts {
		out[p.Value] = p.Report.NetProfit.Minor
		sum += p.Report.NetProfit.Minor
	}
	require.Equal(t, whole.NetProfit.Minor, sum, "the slices of %s sum to the whole", dimension)
	return out
}
