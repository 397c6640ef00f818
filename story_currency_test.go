package erp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
)

// tradeCurrencies books dollars of a shop and brings them to the rate of the month's end.
func (s *shop) tradeCurrencies(t *testing.T) {
	t.Helper()
	books := s.suite.Accounting
	_, err := books.CreateDimension(s.ctx, accounting.NewDimension{Code: "shop", Name: "Shop"})
	require.NoError(t, err)
	_, err = books.SetDimensionValues(s.ctx, "shop", []accounting.NewDimensionValue{{Code: "york", Name: "York"}})
	require.NoError(t, err)
	dollars, pounds := money.Of(1_000, "USD"), money.Of(640, "GBP")
	_, err = books.Post(s.ctx, []accounting.NewEntry{{Date: day(1), Lines: []accounting.NewLine{
		{Account: accounting.ByRole(accounting.RoleBank), Debit: dollars, Base: pounds, Dimensions: accounting.Dimensions{"shop": "york"}},
		{Account: accounting.ByRole(accounting.RoleOpeningEquity), Credit: dollars, Base: pounds}}}})
	require.NoError(t, err)
	on := day(1).AddMonths(1).AddDays(-1)
	_, err = books.SetRates(s.ctx, []accounting.NewExchangeRate{{From: "USD", To: "GBP", On: on, Rate: price("0.70"), Source: "test"}})
	require.NoError(t, err)
	_, err = books.Revalue(s.ctx, accounting.NewRevaluation{On: on})
	require.NoError(t, err)
}
