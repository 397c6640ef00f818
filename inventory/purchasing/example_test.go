package purchasing_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/inventory/purchasing"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// must ends an example on an error.
func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

func pieces(n int64) money.Quantity { return must(money.Units(n)) }

// Ten are ordered at 2.00. Six come and are billed at 2.10 when two of them are sold; one goes back; the rest is cancelled.
func Example() {
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
	day := func(d int) date.Date { return date.Of(2026, 1, d) }

	order := must(buying.Order(ctx, []purchasing.NewOrder{{Reference: "REQ-17", PartyID: vendor.ID, Date: day(5),
		Lines: []purchasing.NewOrderLine{{ProductID: tea.ID, Quantity: pieces(10), UnitPrice: decimal.RequireFromString("2.00")}}}}))[0]
	fmt.Println(order.Number, order.Total, order.State)

	came := must(buying.Receive(ctx, []purchasing.NewReceipt{{Reference: "DELIVERY-4711", OrderID: order.ID, Date: day(8),
		Lines: []purchasing.NewNoteLine{{LineNo: 1, Quantity: pieces(6)}}}}))[0]
	must(stock.Issue(ctx, []inventory.NewDocument{{Date: day(9), Lines: []inventory.NewMove{{ProductID: tea.ID, Quantity: pieces(2)}}}}))

	bill := must(buying.Bill(ctx, []purchasing.NewBill{{Reference: "BILL-9", VendorNumber: "2026/117", Date: day(10),
		Lines: []purchasing.NewBillLine{{OrderID: order.ID, LineNo: 1, Quantity: pieces(6), UnitPrice: decimal.RequireFromString("2.10")}}}}))[0]
	_, err := buying.Bill(ctx, []purchasing.NewBill{{Reference: "BILL-10", Date: day(10),
		Lines: []purchasing.NewBillLine{{OrderID: order.ID, LineNo: 1, Quantity: pieces(1), UnitPrice: decimal.RequireFromString("2.10")}}}})
	fmt.Println("billed", bill.Document.Gross, "and one more:", fault.CodeOf(err))

	must(buying.Return(ctx, []purchasing.NewReturn{{Reference: "RTV-1", ReceiptID: came.ID, Date: day(11),
		Lines: []purchasing.NewNoteLine{{LineNo: 1, Quantity: pieces(1)}}}}))
	must(buying.Credit(ctx, []purchasing.NewCredit{{Reference: "VC-1", BillID: bill.ID, Date: day(12),
		Lines: []purchasing.NewBillLine{{OrderID: order.ID, LineNo: 1, Quantity: pieces(1), UnitPrice: decimal.RequireFromString("2.10")}}}}))
	must(buying.Cancel(ctx, []purchasing.NewCancellation{{Reference: "CANCEL-1", OrderID: order.ID, Date: day(12)}}))
	owed := must(money.Parse("10.50", "GBP"))
	must(books.Pay(ctx, []accounting.NewPayment{{PartyID: vendor.ID, Direction: accounting.MoneyOut, Date: day(20), Amount: owed,
		Allocate: []accounting.PaymentAllocation{{InvoiceID: bill.ID, Amount: owed}}}}))

	for _, role := range []accounting.Role{accounting.RoleStock, accounting.RoleGoodsReceived, accounting.RolePriceVariance, accounting.RolePayable} {
		fmt.Println(role, must(books.Balance(ctx, accounting.ByRole(role), day(31))))
	}
	fmt.Println(must(buying.GetOrder(ctx, order.ID)).State)
	// Output:
	// PO-2026-00001 20.00 open
	// billed 12.60 and one more: purchasing.over_billed
	// stock 6.30
	// goods_received 0.00
	// price_variance 0.20
	// payable 0.00
	// closed
}
