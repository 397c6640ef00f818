package sales_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// shop is one tenant of an embedded database, with ten teas at 2.00 on hand. A product opens a database once, and enters a
// tenant with each request.
type shop struct {
	ctx          context.Context
	db           *tenancy.DB
	dir          string
	books        *accounting.Service
	stock        *inventory.Service
	sales        *sales.Service
	customer     uuid.UUID
	tea, postage uuid.UUID
}

func openShop() *shop {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "shop")
	check(err)
	db, err := tenancy.Open(ctx, sqlite.Engine{Dir: dir}, tenancy.Options{Migrate: true, Keys: local.Keys{Path: filepath.Join(dir, "master.key")},
		Modules: []tenancy.Module{accounting.Module(), inventory.Module(), sales.Module()}})
	check(err)
	platform, err := db.EnterPlatform(ctx, "setup", tenancy.Permissions{"*"})
	check(err)
	tenant, err := db.Tenants().Create(platform, tenancy.NewTenant{Name: "Tea & Co", TimeZone: "Europe/London"})
	check(err)
	ctx, err = db.Enter(ctx, tenant.ID, "anna", tenancy.Permissions{tenancy.AllPermissions})
	check(err)

	s := &shop{ctx: ctx, db: db, dir: dir, books: accounting.New(db)}
	s.stock = inventory.New(db, s.books)
	s.sales = sales.New(db, s.books, s.stock)
	_, err = s.books.OpenBooks(ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartGeneral, YearStart: date.Must("2026-01-01")})
	check(err)
	customers, err := s.books.CreateParties(ctx, []accounting.NewParty{{Reference: "C-1", Name: "Café Ben", Customer: true}})
	check(err)
	_, err = s.stock.Configure(ctx, inventory.NewSettings{Method: inventory.FIFO})
	check(err)
	products, err := s.stock.CreateProducts(ctx, []inventory.NewProduct{
		{SKU: "TEA-EG", Name: "Earl Grey, 100 g"}, {SKU: "POST", Name: "Postage", Kind: inventory.Services},
	})
	check(err)
	s.customer, s.tea, s.postage = customers[0].ID, products[0].ID, products[1].ID
	_, err = s.stock.Receive(ctx, []inventory.NewDocument{{Date: date.Must("2026-01-05"), Counter: accounting.ByRole(accounting.RoleOpeningEquity),
		Lines: []inventory.NewMove{{ProductID: s.tea, Quantity: units(10), Cost: inventory.PerUnit(pounds("2.00"))}}}})
	check(err)
	return s
}

func (s *shop) close() { check(s.db.Close()); check(os.RemoveAll(s.dir)) }

// profit prints the profit and loss of January.
func (s *shop) profit() {
	result, err := s.books.ProfitAndLoss(s.ctx, date.Must("2026-01-01"), date.Must("2026-01-31"))
	check(err)
	fmt.Printf("income %s, cost of sales %s, gross profit %s\n", result.TotalIncome, result.TotalCost, result.GrossProfit)
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

// A sale on account with carriage; the customer sends one back.
func Example() {
	s := openShop()
	defer s.close()

	sold, err := s.sales.Sell(s.ctx, []sales.NewSale{{
		Reference: "ORDER-1001", PartyID: s.customer, Date: date.Must("2026-01-10"), Due: date.Must("2026-02-09"),
		Lines: []sales.NewLine{
			{ProductID: s.tea, Quantity: units(4), UnitPrice: pounds("4.50")},
			{ProductID: s.postage, Quantity: units(1), UnitPrice: pounds("2.95")},
		},
	}})
	check(err)
	fmt.Println(sold[0].Invoice.Number, sold[0].Invoice.Gross.Format())
	s.profit()

	credited, err := s.sales.Credit(s.ctx, []sales.NewCredit{{
		Reference: "RMA-5", Sale: "ORDER-1001", Date: date.Must("2026-01-20"),
		Lines: []sales.NewCreditLine{{SaleLine: 1, Quantity: units(1), UnitPrice: pounds("4.50"), Restock: true}},
	}})
	check(err)
	fmt.Println(credited[0].Invoice.Number, credited[0].Invoice.Gross.Format())
	s.profit()

	// Output:
	// INV-2026-00001 20.95 GBP
	// income 20.95, cost of sales 8.00, gross profit 12.95
	// CN-2026-00001 4.50 GBP
	// income 16.45, cost of sales 6.00, gross profit 10.45
}

// A walk-in pays at once. Calling again with the same reference sells nothing twice.
func ExampleService_Sell_walkIn() {
	s := openShop()
	defer s.close()

	sale := []sales.NewSale{{
		Reference: "TILL-77", Date: date.Must("2026-01-10"), SettledBy: accounting.ByRole(accounting.RoleCash),
		Lines: []sales.NewLine{{ProductID: s.tea, Quantity: units(1), UnitPrice: pounds("4.50")}},
	}}
	for range 2 {
		sold, err := s.sales.Sell(s.ctx, sale)
		check(err)
		fmt.Println(sold[0].Invoice.Number, "replayed:", sold[0].Replayed)
	}
	s.profit()

	// Output:
	// INV-2026-00001 replayed: false
	// INV-2026-00001 replayed: true
	// income 4.50, cost of sales 2.00, gross profit 2.50
}

// Never more is taken back than was sold, and a refused credit changes nothing.
func ExampleService_Credit_tooMuch() {
	s := openShop()
	defer s.close()
	_, err := s.sales.Sell(s.ctx, []sales.NewSale{{Reference: "ORDER-1", PartyID: s.customer, Date: date.Must("2026-01-10"),
		Lines: []sales.NewLine{{ProductID: s.tea, Quantity: units(2), UnitPrice: pounds("4.50")}}}})
	check(err)

	_, err = s.sales.Credit(s.ctx, []sales.NewCredit{{Reference: "RMA-1", Sale: "ORDER-1", Date: date.Must("2026-01-11"),
		Lines: []sales.NewCreditLine{{SaleLine: 1, Quantity: units(3), UnitPrice: pounds("4.50"), Restock: true}}}})
	fmt.Println(errors.Is(err, sales.ErrOverCredited))
	fmt.Println(err)

	// Output:
	// true
	// sales.Credit: document 1 ("RMA-1"), line 1: of the 2 sold on line 1 of "ORDER-1" 2 can still be credited, not 3 (sales.over_credited)
}

// The long way: offered, accepted, delivered and charged in parts, the rest given up, paid.
func ExampleService_Quote() {
	s := openShop()
	defer s.close()
	parts := func(n int64) []sales.OrderPart { return []sales.OrderPart{{Line: 1, Quantity: units(n)}} }

	quoted, err := s.sales.Quote(s.ctx, []sales.NewQuotation{{
		Reference: "Q-7", PartyID: s.customer, Date: date.Must("2026-01-10"), ValidUntil: date.Must("2026-01-31"),
		Lines: []sales.NewLine{
			{ProductID: s.tea, Quantity: units(6), UnitPrice: pounds("4.50")},
			{ProductID: s.postage, Quantity: units(1), UnitPrice: pounds("2.95")},
		},
	}})
	check(err)
	fmt.Println(quoted[0].Number, quoted[0].Net.Format(), quoted[0].State)

	_, err = s.sales.Accept(s.ctx, []sales.Acceptance{{Quotation: "Q-7", Reference: "O-7", Date: date.Must("2026-01-12")}})
	check(err)
	_, err = s.sales.Deliver(s.ctx, []sales.NewDelivery{{Reference: "O-7/1", Order: "O-7", Date: date.Must("2026-01-13"), Lines: parts(4)}})
	check(err)
	_, err = s.sales.Cancel(s.ctx, []sales.NewCancellation{{Reference: "O-7/2", Order: "O-7", Date: date.Must("2026-01-14"), Lines: parts(2), Reason: "has enough"}})
	check(err)
	charged, err := s.sales.Invoice(s.ctx, []sales.NewOrderInvoice{{Reference: "O-7/3", Order: "O-7", Date: date.Must("2026-01-14")}})
	check(err)
	invoice := charged[0].Invoice
	fmt.Println(invoice.Number, invoice.Gross.Format())
	_, err = s.books.Pay(s.ctx, []accounting.NewPayment{{Reference: "BANK-1", PartyID: s.customer, Direction: accounting.MoneyIn, Date: date.Must("2026-01-20"),
		Amount: invoice.Gross, Allocate: []accounting.PaymentAllocation{{InvoiceID: invoice.ID, Amount: invoice.Gross}}}})
	check(err)

	order, err := s.sales.OrdersByReference(s.ctx, []string{"O-7"})
	check(err)
	tea := order["O-7"].Lines[0]
	fmt.Println("ordered", tea.Quantity, "delivered", tea.Delivered, "charged", tea.Invoiced, "cancelled", tea.Cancelled, order["O-7"].State)
	s.profit()

	// Output:
	// QUO-2026-00001 29.95 GBP open
	// INV-2026-00001 20.95 GBP
	// ordered 6 delivered 4 charged 4 cancelled 2 closed
	// income 20.95, cost of sales 8.00, gross profit 12.95
}

// A quotation binds until its last day, and is accepted once.
func ExampleService_Accept_tooLate() {
	s := openShop()
	defer s.close()
	_, err := s.sales.Quote(s.ctx, []sales.NewQuotation{{Reference: "Q-7", PartyID: s.customer, Date: date.Must("2026-01-10"), ValidUntil: date.Must("2026-01-31"),
		Lines: []sales.NewLine{{ProductID: s.tea, Quantity: units(6), UnitPrice: pounds("4.50")}}}})
	check(err)

	_, err = s.sales.Accept(s.ctx, []sales.Acceptance{{Quotation: "Q-7", Reference: "O-7", Date: date.Must("2026-02-01")}})
	fmt.Println(err)
	_, err = s.sales.Accept(s.ctx, []sales.Acceptance{{Quotation: "Q-7", Reference: "O-7", Date: date.Must("2026-01-31")}})
	fmt.Println(err)
	_, err = s.sales.Accept(s.ctx, []sales.Acceptance{{Quotation: "Q-7", Reference: "O-8", Date: date.Must("2026-01-31")}})
	fmt.Println(err)

	// Output:
	// sales.Accept: acceptance 1 ("O-7"): the quotation "Q-7" was valid until 2026-01-31 (sales.quotation_expired)
	// <nil>
	// sales.Accept: acceptance 1 ("O-8"): the quotation "Q-7" is accepted (sales.wrong_state)
}
