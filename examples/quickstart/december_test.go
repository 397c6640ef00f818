package main

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/examples/quickstart/booking"
	"github.com/opsmatiq/erp/examples/quickstart/retail"
)

// The known results of data/README.md. In all cases the same is sold, and the same units are left.
func TestDecember(t *testing.T) {
	cases := []struct {
		name                   string
		args                   []string
		opening, cost          string
		giveaways, adjustments string
		closing, profit        string
	}{
		{"one cost, average", nil, "516974.96", "476610.17", "5322.96", "8515.99", "26525.84", "258507.90"},
		{"one cost, FIFO", []string{"-cost", "fifo"}, "516974.96", "476610.17", "5322.96", "8515.99", "26525.84", "258507.90"},
		{"two costs, average", []string{"-two-costs"}, "560214.46", "517897.13", "5761.49", "9221.87", "27333.97", "216076.53"},
		{"two costs, FIFO", []string{"-two-costs", "-cost", "fifo"}, "560214.46", "518602.25", "6003.52", "9082.85", "26525.84", "215268.40"},
	}
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel() // one engine computes in this process, the other mostly in its server
			again := false
			for _, tc := range cases {
				if !booksDecember(engine, slices.Contains(tc.args, "-two-costs"), slices.Contains(tc.args, "fifo")) {
					continue
				}
				t.Run(tc.name, func(t *testing.T) {
					args := append([]string{"-in", december, "-db", newDB(t, engine)}, tc.args...)
					r, f := bookDecember(t, args)
					require.Equal(t, engine, r.Engine)
					require.Equal(t, documentCounts{Sales: 1_559, CreditNotes: 326, Giveaways: 70, StockAdjustments: 70}, r.Documents)
					require.EqualValues(t, 42_481, r.Lines)
					require.Equal(t, []string{"823746.14", "-74789.12", "748957.02"}, []string{r.Sales, r.Returns, r.Net})
					require.Equal(t, r.TrialBalance.Debit, r.TrialBalance.Credit)
					require.Equal(t, tc.profit, r.NetProfit)
					require.Equal(t, tc.cost, r.CostOfGoods)
					require.Equal(t, stock{"16009", tc.closing}, r.Stock)
					require.Equal(t, tc.closing, r.LedgerStock)
					require.Equal(t, receivables{"554604.02", "554604.02"}, r.Receivables)
					require.Equal(t, "4547.21", r.BalanceSheet.Liabilities)
					require.Equal(t, sum(t, tc.opening, tc.profit), r.BalanceSheet.Equity)
					require.Equal(t, sum(t, tc.closing, "554604.02", "4547.21", "194353.00"), r.BalanceSheet.Assets)
					require.Empty(t, r.Refused)
					require.Zero(t, r.AlreadyBooked)

					require.Equal(t, "-"+tc.opening, f.Balance(accounting.RoleOpeningEquity).String())
					require.Equal(t, tc.giveaways, f.Balance(accounting.RoleMarketing).String())
					require.Equal(t, tc.adjustments, f.Balance(accounting.RoleStockLoss).String())
					require.Equal(t, "194353.00", f.Balance(accounting.RoleCash).String())
					require.Equal(t, 67, f.BalanceSheet.CustomersInCredit)
					require.True(t, f.AllOK())

					if !again {
						again = true
						second := book(t, exitOK, args...)
						require.EqualValues(t, 2_025, second.AlreadyBooked)
						require.Equal(t, r.figures(), second.figures(), "a second run books nothing")
					}
				})
			}
		})
	}
}

// bookDecember is what the program does with these arguments, and gives both of its forms of the outcome.
func bookDecember(t *testing.T, args []string) (*result, *booking.Figures) {
	t.Helper()
	c, err := parse(args, t.Output())
	require.NoError(t, err)
	file, err := retail.Open(c.in)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	db, err := openDatabase(t.Context(), c.db)
	require.NoError(t, err)
	suite, err := erp.Open(t.Context(), db.engine, erp.Options{Migrate: true, Dir: db.dir})
	require.NoError(t, err)
	defer func() { require.NoError(t, suite.Close()) }()
	began := time.Now()
	outcome, figures, err := c.importFile(t.Context(), suite, file, nil)
	require.NoError(t, err)
	took := time.Since(began)
	_, last := outcome.Days()
	requireOracle(outcome.Context, t, suite, last)
	return newResult(db.engine.Name(), outcome, figures, took), figures
}
