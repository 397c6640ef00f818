package purchasing_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/inventory/purchasing"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// Goods are ordered for two projects. What the bill asks more for is each project's own variance, and goods received become clear under
// both.
func Example_byProject() {
	ctx := context.Background()
	dir := must(os.MkdirTemp("", "erp-example-"))
	defer func() { _ = os.RemoveAll(dir) }()
	db := must(tenancy.Open(ctx, sqlite.Engine{Dir: dir}, tenancy.Options{Migrate: true, Keys: local.Keys{Path: filepath.Join(dir, "master.key")},
		Modules: []tenancy.Module{accounting.Module(), inventory.Module(), purchasing.Module()}}))
	defer func() { _ = db.Close() }()
	platform := must(db.EnterPlatform(ctx, "setup", tenancy.Permissions{"*"}))
	tenant := must(db.Tenants().Create(platform, tenancy.NewTenant{Name: "Tea & Co", TimeZone: "Europe/London"}))
	ctx = must(db.Enter(ctx, tenant.ID, "anna", tenancy.Permissions{tenancy.AllPermissions}))
	books := accounting.New(db)
	stock := inventory.New(db, books)
	buying := purchasing.New(db, books, stock)
	must(books.OpenBooks(ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartGeneral, YearStart: date.Of(2026, 1, 1)}))
	must(stock.Configure(ctx, inventory.NewSettings{Method: inventory.FIFO}))
	tea := must(stock.CreateProducts(ctx, []inventory.NewProduct{{SKU: "TEA-EG", Name: "Earl Grey, 100 g"}}))[0]
	vendor := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Leaf & Co", Vendor: true}}))[0]
	must(books.CreateDimension(ctx, accounting.NewDimension{Code: "project", Name: "Project"}))
	must(books.SetDimensionValues(ctx, "project", []accounting.NewDimensionValue{{Code: "17", Name: "Festival"}, {Code: "18", Name: "Mail order"}}))
	must(books.RequireDimensions(ctx, accounting.ByRole(accounting.RolePriceVariance), []string{"project"}))
	price := decimal.RequireFromString
	day := date.Of(2026, 1, 5)

	order := purchasing.NewOrder{Reference: "REQ-17", PartyID: vendor.ID, Date: day, Dimensions: accounting.Dimensions{"project": "17"}, Lines: []purchasing.NewOrderLine{
		{ProductID: tea.ID, Quantity: pieces(6), UnitPrice: price("2.00")},
		{ProductID: tea.ID, Quantity: pieces(4), UnitPrice: price("2.00"), Dimensions: accounting.Dimensions{"project": "18"}},
	}}
	placed := must(buying.Order(ctx, []purchasing.NewOrder{order}))[0]
	must(buying.Receive(ctx, []purchasing.NewReceipt{{Reference: "R-1", OrderID: placed.ID, Date: day,
		Lines: []purchasing.NewNoteLine{{LineNo: 1, Quantity: pieces(6)}, {LineNo: 2, Quantity: pieces(4)}}}}))
	must(stock.Issue(ctx, []inventory.NewDocument{{Date: day, Lines: []inventory.NewMove{{ProductID: tea.ID, Quantity: pieces(10)}}}})) // all is sold
	must(buying.Bill(ctx, []purchasing.NewBill{{Reference: "BILL-9", VendorNumber: "2026/117", Date: day, Lines: []purchasing.NewBillLine{
		{OrderID: placed.ID, LineNo: 1, Quantity: pieces(6), UnitPrice: price("2.10")},
		{OrderID: placed.ID, LineNo: 2, Quantity: pieces(4), UnitPrice: price("2.10")}}}}))

	for _, part := range must(books.TrialBalanceBy(ctx, "project", day)) {
		for _, l := range part.Report.Lines {
			if l.Role == accounting.RolePriceVariance || l.Role == accounting.RoleGoodsReceived {
				fmt.Println(part.Name, l.Role, l.Debit, l.Credit)
			}
		}
	}
	// Output:
	// Festival goods_received 0.00 0.00
	// Festival price_variance 0.60 0.00
	// Mail order goods_received 0.00 0.00
	// Mail order price_variance 0.40 0.00
}
