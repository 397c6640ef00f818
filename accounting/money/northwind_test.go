package money_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/money"
)

// Northwind is the check that line amounts are rounded as declared: 53 of its 2155 order lines are exact half cents, so
// the two half rules differ by 27 cents over the whole company.
func TestNorthwindOrderLines(t *testing.T) {
	lines := northwindLines(t)
	require.Len(t, lines, 2155)

	totals := map[money.Rounding]money.Amount{money.HalfUp: money.Zero("USD"), money.HalfEven: money.Zero("USD")}
	ties := 0
	for _, line := range lines {
		for rule, total := range totals {
			amount, err := money.Extend(line.quantity, line.price, "USD", rule)
			require.NoError(t, err)
			totals[rule], err = total.Add(amount)
			require.NoError(t, err)
		}
		cents := line.quantity.Decimal().Mul(line.price).Shift(2)
		if cents.Sub(cents.Floor()).Equal(dec("0.5")) {
			ties++
		}
	}
	require.Equal(t, "1265793.29", totals[money.HalfUp].String())
	require.Equal(t, "1265793.02", totals[money.HalfEven].String())
	require.Equal(t, 53, ties)
}

type orderLine struct {
	quantity money.Quantity
	price    decimal.Decimal // after discount, unrounded
}

// northwindLines reads orderID, productID, unitPrice, quantity, discount.
func northwindLines(t *testing.T) []orderLine {
	t.Helper()
	path := filepath.Join(moduleRoot(t), "..", "shared", "data", "northwind", "order-details.csv")
	file, err := os.Open(path)
	require.NoError(t, err, "the Northwind data is needed for this test and is not skipped without it; put it at %s", path)
	defer func() { require.NoError(t, file.Close()) }()
	records, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"orderID", "productID", "unitPrice", "quantity", "discount"}, records[0])

	var lines []orderLine
	for _, record := range records[1:] {
		quantity, err := money.ParseQuantity(record[3])
		require.NoError(t, err)
		paid := decimal.NewFromInt(1).Sub(dec(record[4]))
		lines = append(lines, orderLine{quantity: quantity, price: dec(record[2]).Mul(paid)})
	}
	return lines
}

// moduleRoot walks up from the test's directory to the folder that holds go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		require.NotEqual(t, dir, parent, "no go.mod above the test's directory")
		dir = parent
	}
}
