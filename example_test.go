package erp_test

import (
	"context"
	"fmt"
	"os"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// A shop from nothing to a checked balance sheet.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "erp-example-")
	check(err)
	defer func() { _ = os.RemoveAll(dir) }()

	suite, err := erp.Open(ctx, sqlite.Engine{Dir: dir}, erp.Options{Migrate: true, Dir: dir})
	check(err)
	defer func() { _ = suite.Close() }()

	platform, err := suite.Tenancy.EnterPlatform(ctx, "setup", tenancy.Permissions{"*"})
	check(err)
	shop, err := suite.Tenancy.Tenants().Create(platform, tenancy.NewTenant{Name: "The Shop", TimeZone: "Europe/London"})
	check(err)
	ctx, err = suite.Tenancy.Enter(ctx, shop.ID, "user:7", tenancy.Permissions{tenancy.AllPermissions})
	check(err)

	_, err = suite.Accounting.OpenBooks(ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartUKRetail, YearStart: date.Of(2026, 1, 1)})
	check(err)
	_, err = suite.Inventory.Configure(ctx, inventory.NewSettings{Method: inventory.Average})
	check(err)
	customers, err := suite.Accounting.CreateParties(ctx, []accounting.NewParty{{Reference: "C-1", Name: "Ada Ltd", Customer: true}})
	check(err)
	products, err := suite.Inventory.CreateProducts(ctx, []inventory.NewProduct{{SKU: "TEA", Name: "Tea"}})
	check(err)

	_, err = suite.Inventory.Receive(ctx, []inventory.NewDocument{{
		Reference: "OPENING", Date: date.Of(2026, 1, 1), Counter: accounting.ByRole(accounting.RoleOpeningEquity),
		Lines: []inventory.NewMove{{ProductID: products[0].ID, Quantity: pieces(10), Cost: inventory.PerUnit(decimal.RequireFromString("2.00"))}},
	}})
	check(err)
	sold, err := suite.Sales.Sell(ctx, []sales.NewSale{{
		Reference: "WEB-1001", PartyID: customers[0].ID, Date: date.Of(2026, 1, 5),
		Lines: []sales.NewLine{{ProductID: products[0].ID, Quantity: pieces(3), UnitPrice: decimal.RequireFromString("4.99")}},
	}})
	check(err)
	fmt.Println("invoice", sold[0].Invoice.Number, "of", sold[0].Invoice.Gross.Format())

	sheet, err := suite.Accounting.BalanceSheet(ctx, date.Of(2026, 1, 31))
	check(err)
	fmt.Println("assets", sheet.TotalAssets, "= liabilities", sheet.TotalLiabilities, "+ equity", sheet.TotalEquity)
	fmt.Println("profit", sheet.ProfitForYear)

	checks, err := suite.Verify(ctx)
	check(err)
	for _, c := range checks {
		if !c.OK {
			fmt.Println(c.Name, c.Detail)
		}
	}
	// Output:
	// invoice INV-2026-00001 of 14.97 GBP
	// assets 28.97 = liabilities 0.00 + equity 28.97
	// profit 8.97
}

func pieces(n int64) money.Quantity {
	q, err := money.Units(n)
	check(err)
	return q
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
