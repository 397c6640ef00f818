package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// openShop opens an embedded database with one tenant, its books and its stock. A product opens a database once, and enters
// a tenant with each request.
func openShop(method inventory.Method) (ctx context.Context, stock *inventory.Service, books *accounting.Service, done func()) {
	ctx = context.Background()
	dir, err := os.MkdirTemp("", "shop")
	check(err)
	db, err := tenancy.Open(ctx, sqlite.Engine{Dir: dir}, tenancy.Options{Migrate: true, Keys: local.Keys{Path: filepath.Join(dir, "master.key")},
		Modules: []tenancy.Module{accounting.Module(), inventory.Module()}})
	check(err)

	platform, err := db.EnterPlatform(ctx, "setup", tenancy.Permissions{"*"})
	check(err)
	tenant, err := db.Tenants().Create(platform, tenancy.NewTenant{Name: "Tea & Co", TimeZone: "Europe/London"})
	check(err)
	ctx, err = db.Enter(ctx, tenant.ID, "anna", tenancy.Permissions{tenancy.AllPermissions})
	check(err)

	books = accounting.New(db)
	_, err = books.OpenBooks(ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartGeneral, YearStart: date.Must("2026-01-01")})
	check(err)
	stock = inventory.New(db, books)
	_, err = stock.Configure(ctx, inventory.NewSettings{Method: method})
	check(err)
	return ctx, stock, books, func() { check(db.Close()); check(os.RemoveAll(dir)) }
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func units(n int64) money.Quantity {
	q, err := money.Units(n)
	check(err)
	return q
}

func pounds(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// Goods come in at two costs, some go out, one comes back.
func Example() {
	ctx, stock, _, done := openShop(inventory.FIFO)
	defer done()

	products, err := stock.CreateProducts(ctx, []inventory.NewProduct{{SKU: "TEA-EG", Name: "Earl Grey, 100 g"}})
	check(err)
	tea := products[0].ID

	_, err = stock.Receive(ctx, []inventory.NewDocument{
		{Reference: "GRN-1", Date: date.Must("2026-01-05"), Counter: accounting.ByRole(accounting.RoleOpeningEquity),
			Lines: []inventory.NewMove{{ProductID: tea, Quantity: units(10), Cost: inventory.PerUnit(pounds("2.00"))}}},
		{Reference: "GRN-2", Date: date.Must("2026-01-12"), Counter: accounting.ByRole(accounting.RoleOpeningEquity),
			Lines: []inventory.NewMove{{ProductID: tea, Quantity: units(10), Cost: inventory.PerUnit(pounds("2.50"))}}},
	})
	check(err)

	issued, err := stock.Issue(ctx, []inventory.NewDocument{{Reference: "ORDER-1", Date: date.Must("2026-01-13"),
		Lines: []inventory.NewMove{{ProductID: tea, Quantity: units(12)}}}})
	check(err)
	fmt.Println("12 went out at", issued[0].Moves[0].Value.Format())

	returned, err := stock.Return(ctx, []inventory.NewDocument{{Reference: "RMA-1", Date: date.Must("2026-01-20"),
		Lines: []inventory.NewMove{{ProductID: tea, Quantity: units(3), Origin: inventory.Origin{DocumentID: issued[0].ID, LineNo: 1}}}}})
	check(err)
	fmt.Println("3 came back at", returned[0].Moves[0].Value.Format())

	onHand, err := stock.OnHand(ctx, inventory.StockFilter{})
	check(err)
	fmt.Println(onHand[0].Quantity, "on hand at", onHand[0].Value.Format())

	// Output:
	// 12 went out at -25.00 GBP
	// 3 came back at 6.25 GBP
	// 11 on hand at 26.25 GBP
}

// What is not there cannot leave, and the refusal says what is there.
func ExampleService_Issue_insufficientStock() {
	ctx, stock, _, done := openShop(inventory.Average)
	defer done()
	products, err := stock.CreateProducts(ctx, []inventory.NewProduct{{SKU: "CUP", Name: "Cup"}})
	check(err)

	_, err = stock.Issue(ctx, []inventory.NewDocument{{Reference: "ORDER-2",
		Lines: []inventory.NewMove{{ProductID: products[0].ID, Quantity: units(1)}}}})
	fmt.Println(errors.Is(err, inventory.ErrInsufficientStock))
	fmt.Println(err)

	// Output:
	// true
	// inventory.Issue: document 1 ("ORDER-2"), line 1: CUP has 0 on hand and 1 are asked for (inventory.insufficient_stock)
}

// A count finds two broken and one more than there should be of another; the ledger follows, and everything agrees.
func ExampleService_Adjust() {
	ctx, stock, books, done := openShop(inventory.Average)
	defer done()
	products, err := stock.CreateProducts(ctx, []inventory.NewProduct{{SKU: "CUP", Name: "Cup"}, {SKU: "POT", Name: "Pot"}})
	check(err)
	_, err = stock.Receive(ctx, []inventory.NewDocument{{Date: date.Must("2026-01-05"), Counter: accounting.ByRole(accounting.RoleOpeningEquity),
		Lines: []inventory.NewMove{
			{ProductID: products[0].ID, Quantity: units(10), Cost: inventory.PerUnit(pounds("3.10"))},
			{ProductID: products[1].ID, Quantity: units(4), Cost: inventory.PerUnit(pounds("12"))},
		}}})
	check(err)

	_, err = stock.Adjust(ctx, []inventory.NewDocument{{Reference: "COUNT-2026-01", Date: date.Must("2026-01-31"), Reason: "count of January",
		Lines: []inventory.NewMove{
			{ProductID: products[0].ID, Quantity: -units(2)},
			{ProductID: products[1].ID, Quantity: units(1)},
		}}})
	check(err)

	result, err := books.ProfitAndLoss(ctx, date.Must("2026-01-01"), date.Must("2026-01-31"))
	check(err)
	fmt.Println("net profit", result.NetProfit.Format())
	checks, err := stock.Verify(ctx)
	check(err)
	for _, c := range checks {
		fmt.Println(c.OK, c.Name)
	}

	// Output:
	// net profit 5.80 GBP
	// true on hand equals the moves
	// true layers equal the moves in quantity and value
	// true stock value equals the ledger's stock account
	// true groups are posted once, and charge what their documents moved
	// true no layer is negative that was not let out so, and an empty one has no value
	// true returns do not exceed the issues and receipts they name
	// true what is reserved equals the open reservations
	// true entries stand under the dimensions of their moves
}

// A till sells what the books do not have. Its session is posted as one entry; what comes in makes up for what was missing,
// and the difference in cost is booked.
func ExampleService_PostGroup() {
	ctx, stock, books, done := openShop(inventory.Average)
	defer done()
	products, err := stock.CreateProducts(ctx, []inventory.NewProduct{{SKU: "CUP", Name: "Cup"}})
	check(err)
	cup, day := products[0].ID, date.Must("2026-01-05")
	receive := func(quantity int64, cost string) {
		_, err := stock.Receive(ctx, []inventory.NewDocument{{Date: day, Counter: accounting.ByRole(accounting.RoleGoodsReceived),
			Lines: []inventory.NewMove{{ProductID: cup, Quantity: units(quantity), Cost: inventory.PerUnit(pounds(cost))}}}})
		check(err)
	}
	receive(1, "3.00")

	session := tenancy.NewID()
	_, err = stock.Issue(ctx, []inventory.NewDocument{
		{Reference: "T-1", Date: day, Group: session, BelowZero: true, Lines: []inventory.NewMove{{ProductID: cup, Quantity: units(2)}}},
		{Reference: "T-2", Date: day, Group: session, BelowZero: true, Lines: []inventory.NewMove{{ProductID: cup, Quantity: units(1)}}},
	})
	check(err)
	onHand, err := stock.OnHand(ctx, inventory.StockFilter{})
	check(err)
	fmt.Println(onHand[0].Quantity, "on hand at", onHand[0].Value.Format())
	posted, err := stock.PostGroup(ctx, inventory.PostGroup{Group: session, Date: day})
	check(err)
	fmt.Println(posted.Documents, "documents in one entry")

	receive(10, "3.40")
	variance, err := books.Balance(ctx, accounting.ByRole(accounting.RoleStockVariance), day)
	check(err)
	fmt.Println("two cost", variance.Format(), "more than was thought")

	// Output:
	// -2 on hand at -6.00 GBP
	// 2 documents in one entry
	// two cost 0.80 GBP more than was thought
}

// An order keeps three of the four that are there; another customer gets one.
func ExampleService_Reserve() {
	ctx, stock, _, done := openShop(inventory.FIFO)
	defer done()
	products, err := stock.CreateProducts(ctx, []inventory.NewProduct{{SKU: "POT", Name: "Pot"}})
	check(err)
	pot := products[0].ID
	_, err = stock.Receive(ctx, []inventory.NewDocument{{Date: date.Must("2026-01-05"), Counter: accounting.ByRole(accounting.RoleOpeningEquity),
		Lines: []inventory.NewMove{{ProductID: pot, Quantity: units(4), Cost: inventory.PerUnit(pounds("12"))}}}})
	check(err)

	held, err := stock.Reserve(ctx, []inventory.NewReservation{{Reference: "ORDER-3", ProductID: pot, Quantity: units(3)}})
	check(err)
	_, err = stock.Issue(ctx, []inventory.NewDocument{{Date: date.Must("2026-01-06"), Lines: []inventory.NewMove{{ProductID: pot, Quantity: units(2)}}}})
	fmt.Println(err)
	_, err = stock.Issue(ctx, []inventory.NewDocument{{Date: date.Must("2026-01-07"),
		Lines: []inventory.NewMove{{ProductID: pot, Quantity: units(3), Reservation: held[0].ID}}}})
	check(err)
	left, err := stock.Availability(ctx, inventory.StockFilter{})
	check(err)
	fmt.Println(left[0].OnHand, "on hand,", left[0].Available, "available")

	// Output:
	// inventory.Issue: document 1, line 1: POT has 4 on hand, of which 3 are reserved, and 2 are asked for (inventory.insufficient_stock)
	// 1 on hand, 1 available
}

// A bill says that ten pots cost a pound more each than they were received at, when four have been sold. One then goes back.
func ExampleService_Revalue() {
	ctx, stock, books, done := openShop(inventory.FIFO)
	defer done()
	products, err := stock.CreateProducts(ctx, []inventory.NewProduct{{SKU: "POT", Name: "Pot"}})
	check(err)
	pot, day, goodsReceived := products[0].ID, date.Must("2026-01-05"), accounting.ByRole(accounting.RoleGoodsReceived)
	received, err := stock.Receive(ctx, []inventory.NewDocument{{Reference: "GRN-1", Date: day, Counter: goodsReceived,
		Lines: []inventory.NewMove{{ProductID: pot, Quantity: units(10), Cost: inventory.PerUnit(pounds("12"))}}}})
	check(err)
	_, err = stock.Issue(ctx, []inventory.NewDocument{{Date: day, Lines: []inventory.NewMove{{ProductID: pot, Quantity: units(4)}}}})
	check(err)

	line := inventory.Origin{DocumentID: received[0].ID, LineNo: 1}
	revalued, err := stock.Revalue(ctx, []inventory.NewRevaluation{{Reference: "BILL-1", Date: day, Counter: goodsReceived,
		Lines: []inventory.RevaluedLine{{Receipt: line, Quantity: units(10), Difference: money.Of(1000, "GBP")}}}})
	check(err)
	fmt.Println("stock", revalued[0].Moves[0].Value.Format(), "and price variance", revalued[0].Moves[0].PriceVariance().Format())

	_, err = stock.ReturnToVendor(ctx, []inventory.NewDocument{{Reference: "RTV-1", Date: day,
		Lines: []inventory.NewMove{{ProductID: pot, Quantity: units(1), Origin: line}}}})
	check(err)
	owed, err := books.Balance(ctx, goodsReceived, day)
	check(err)
	fmt.Println("goods received", owed.Format())

	// Output:
	// stock 6.00 GBP and price variance 4.00 GBP
	// goods received -118.00 GBP
}
