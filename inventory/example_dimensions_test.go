package inventory_test

import (
	"fmt"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Each warehouse is a shop's. What is lost in one is that shop's loss, unless the document says otherwise.
func ExampleService_UpdateWarehouse() {
	ctx, stock, books, done := openShop(inventory.Average)
	defer done()
	_, err := books.CreateDimension(ctx, accounting.NewDimension{Code: "shop", Name: "Shop"})
	check(err)
	_, err = books.SetDimensionValues(ctx, "shop", []accounting.NewDimensionValue{{Code: "york", Name: "York"}, {Code: "leeds", Name: "Leeds"}})
	check(err)
	_, err = books.RequireDimensions(ctx, accounting.ByRole(accounting.RoleStockLoss), []string{"shop"})
	check(err)
	settings, err := stock.Settings(ctx)
	check(err)
	_, err = stock.UpdateWarehouse(ctx, inventory.WarehouseChange{ID: settings.DefaultWarehouseID, Name: "York, cellar", Dimensions: accounting.Dimensions{"shop": "york"}})
	check(err)

	products, err := stock.CreateProducts(ctx, []inventory.NewProduct{{SKU: "CUP", Name: "Cup"}})
	check(err)
	cup := products[0].ID
	_, err = stock.Receive(ctx, []inventory.NewDocument{{Date: date.Must("2026-01-05"), Counter: accounting.ByRole(accounting.RoleOpeningEquity),
		Lines: []inventory.NewMove{{ProductID: cup, Quantity: units(10), Cost: inventory.PerUnit(pounds("3.10"))}}}})
	check(err)
	_, err = stock.Adjust(ctx, []inventory.NewDocument{{Reference: "COUNT-1", Date: date.Must("2026-01-31"), Lines: []inventory.NewMove{
		{ProductID: cup, Quantity: -units(2)},
		{ProductID: cup, Quantity: -units(1), Dimensions: accounting.Dimensions{"shop": "leeds"}}, // broken on the way there
	}}})
	check(err)

	shops, err := books.ProfitAndLossBy(ctx, "shop", date.Must("2026-01-01"), date.Must("2026-01-31"))
	check(err)
	for _, shop := range shops {
		fmt.Println(shop.Name, shop.Report.NetProfit)
	}

	// Output:
	// Leeds -3.10
	// York -6.20
}
