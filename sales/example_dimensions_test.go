package sales_test

import (
	"fmt"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Whoever reads the books by shop asks that sales and their cost name one. An order says so when it is made, and not when its invoice is
// written; what is charged and delivered for it stands under the same shop.
func Example_byShop() {
	s := openShop()
	defer s.close()
	_, err := s.books.CreateDimension(s.ctx, accounting.NewDimension{Code: "shop", Name: "Shop"})
	check(err)
	_, err = s.books.SetDimensionValues(s.ctx, "shop", []accounting.NewDimensionValue{{Code: "york", Name: "York"}, {Code: "leeds", Name: "Leeds"}})
	check(err)
	for _, role := range []accounting.Role{accounting.RoleSales, accounting.RoleCostOfGoodsSold} {
		_, err = s.books.RequireDimensions(s.ctx, accounting.ByRole(role), []string{"shop"})
		check(err)
	}

	order := sales.NewOrder{Reference: "O-9", PartyID: s.customer, Date: date.Must("2026-01-10"), Lines: []sales.NewLine{
		{ProductID: s.tea, Quantity: units(4), UnitPrice: pounds("4.50"), Dimensions: accounting.Dimensions{"shop": "leeds"}},
		{ProductID: s.postage, Quantity: units(1), UnitPrice: pounds("2.95")},
	}}
	_, err = s.sales.Order(s.ctx, []sales.NewOrder{order})
	fmt.Println(err)
	order.Dimensions = accounting.Dimensions{"shop": "york"} // of every line that says nothing else
	_, err = s.sales.Order(s.ctx, []sales.NewOrder{order})
	check(err)

	_, err = s.sales.Deliver(s.ctx, []sales.NewDelivery{{Reference: "O-9/1", Order: "O-9", Date: date.Must("2026-01-13")}})
	check(err)
	_, err = s.sales.Invoice(s.ctx, []sales.NewOrderInvoice{{Reference: "O-9/2", Order: "O-9", Date: date.Must("2026-01-14")}})
	check(err)
	shops, err := s.books.ProfitAndLossBy(s.ctx, "shop", date.Must("2026-01-01"), date.Must("2026-01-31"))
	check(err)
	for _, shop := range shops {
		fmt.Printf("%-5s income %s, cost of sales %s\n", shop.Name, shop.Report.TotalIncome, shop.Report.TotalCost)
	}

	// Output:
	// sales.Order: order 1 ("O-9"), line 2: a line on 4000 Sales names the dimension shop (accounting.dimension_needed)
	// Leeds income 18.00, cost of sales 8.00
	// York  income 2.95, cost of sales 0.00
}
