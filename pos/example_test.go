package pos_test

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
	"github.com/opsmatiq/erp/pos"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// shop is one tenant of an embedded database, with ten teas at 2.00 on hand. A product opens a database once, and enters a
// tenant with each request.
type shop struct {
	ctx   context.Context
	db    *tenancy.DB
	dir   string
	books *accounting.Service
	stock *inventory.Service
	tills *pos.Service
	tea   uuid.UUID
}

func openShop(opt pos.Options) *shop {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "shop")
	check(err)
	db, err := tenancy.Open(ctx, sqlite.Engine{Dir: dir}, tenancy.Options{Migrate: true, Keys: local.Keys{Path: filepath.Join(dir, "master.key")},
		Modules: []tenancy.Module{accounting.Module(), inventory.Module(), pos.Module()}})
	check(err)
	platform, err := db.EnterPlatform(ctx, "setup", tenancy.Permissions{"*"})
	check(err)
	tenant, err := db.Tenants().Create(platform, tenancy.NewTenant{Name: "Tea & Co", TimeZone: "Europe/London"})
	check(err)
	ctx, err = db.Enter(ctx, tenant.ID, "anna", tenancy.Permissions{tenancy.AllPermissions})
	check(err)

	s := &shop{ctx: ctx, db: db, dir: dir, books: accounting.New(db)}
	s.stock = inventory.New(db, s.books)
	s.tills = pos.New(db, s.books, s.stock, opt)
	_, err = s.books.OpenBooks(ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartGeneral, YearStart: date.Must("2026-01-01")})
	check(err)
	_, err = s.books.CreateTax(ctx, accounting.NewTax{Code: "S20", Name: "Standard 20 %", Rates: []accounting.NewTaxRate{{From: date.Of(2000, 1, 1), Rate: decimal.RequireFromString("20"), Source: "for the example"}}})
	check(err)
	_, err = s.stock.Configure(ctx, inventory.NewSettings{Method: inventory.FIFO})
	check(err)
	products, err := s.stock.CreateProducts(ctx, []inventory.NewProduct{{SKU: "TEA-EG", Name: "Earl Grey, 100 g"}})
	check(err)
	s.tea = products[0].ID
	_, err = s.stock.Receive(ctx, []inventory.NewDocument{{Reference: "GRN-1", Date: date.Must("2026-01-05"), Counter: accounting.ByRole(accounting.RoleOpeningEquity),
		Lines: []inventory.NewMove{{ProductID: s.tea, Quantity: units(10), Cost: inventory.PerUnit(decimal.RequireFromString("2.00"))}}}})
	check(err)
	return s
}

func (s *shop) close() {
	check(s.db.Close())
	check(os.RemoveAll(s.dir))
}

// open opens a register with 100.00 in its drawer. A till that is open now leaves the date out.
func (s *shop) open() pos.Session {
	registers, err := s.tills.CreateRegisters(s.ctx, []pos.NewRegister{{Code: "T1", Name: "Front till"}})
	check(err)
	session, err := s.tills.OpenSession(s.ctx, pos.NewSession{RegisterID: registers[0].ID, Float: pounds("100.00"), Date: date.Must("2026-01-12"), Reference: "DAY-12"})
	check(err)
	return session
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

func pounds(text string) money.Amount {
	a, err := money.Parse(text, "GBP")
	check(err)
	return a
}

// A day at a till: a sale with change, a part of it refunded, takings to the bank, and a drawer that is a little short.
func Example() {
	s := openShop(pos.Options{})
	defer s.close()
	session := s.open()

	sold, err := s.tills.Sell(s.ctx, []pos.NewTicket{{
		SessionID: session.ID, Reference: "T-1", TaxIncluded: true,
		Lines:    []pos.NewLine{{ProductID: s.tea, Quantity: units(3), UnitPrice: decimal.RequireFromString("4.50"), TaxCode: "S20"}},
		Payments: []pos.NewPayment{{Method: pos.Cash, Amount: pounds("20.00")}},
	}})
	check(err)
	fmt.Println(sold[0].Number, "of", sold[0].Gross.Format(), "change", sold[0].Change())

	refund := pos.NewRefund{SessionID: session.ID, Reference: "T-2", TicketID: sold[0].ID,
		Lines: []pos.NewRefundLine{{TicketLine: 1, Quantity: units(1), Restock: true}}}
	back, err := s.tills.Refund(s.ctx, []pos.NewRefund{refund})
	check(err)
	fmt.Println(back[0].Number, "gives back", back[0].Gross)
	refund.Reference, refund.Lines[0].Quantity = "T-3", units(3)
	_, err = s.tills.Refund(s.ctx, []pos.NewRefund{refund})
	fmt.Println("three more:", errors.Is(err, pos.ErrOverRefunded))

	_, err = s.tills.MoveCash(s.ctx, []pos.NewCashMove{{SessionID: session.ID, Reference: "M-1", Direction: pos.CashOut, Amount: pounds("50.00"),
		Account: accounting.ByRole(accounting.RoleBank), Reason: "takings to the bank"}})
	check(err)
	closing, err := s.tills.CloseSession(s.ctx, pos.Close{SessionID: session.ID, Counted: pounds("58.90")})
	check(err)
	fmt.Println("expected", closing.Expected, "counted", closing.Counted, "over/short", closing.OverShort)

	entry, err := s.books.GetEntry(s.ctx, closing.EntryID)
	check(err)
	for _, l := range entry.Lines {
		account, err := s.books.GetAccount(s.ctx, accounting.ByID(l.AccountID))
		check(err)
		fmt.Printf("%-24s %7s\n", account.Name, l.Amount)
	}
	// Output:
	// R-T1-2026-00001 of 13.50 GBP change 6.50
	// R-T1-2026-00002 gives back 4.50
	// three more: true
	// expected 59.00 counted 58.90 over/short -0.10
	// Bank                       50.00
	// Tills over and short        0.10
	// Cash                      -41.10
	// Tax on sales               -1.50
	// Sales                      -7.50
}

// A customer pays partly by card, and the receipt is signed before it is final.
func ExampleNewSoftwareSigner() {
	signer, err := pos.NewSoftwareSigner([]byte("a seed of thirty-two bytes, kept"))
	check(err)
	s := openShop(pos.Options{Signer: signer})
	defer s.close()
	session := s.open()

	sold, err := s.tills.Sell(s.ctx, []pos.NewTicket{{
		SessionID: session.ID, Reference: "T-1", TaxIncluded: true,
		Lines:    []pos.NewLine{{ProductID: s.tea, Quantity: units(12), UnitPrice: decimal.RequireFromString("4.50"), TaxCode: "S20"}},
		Payments: []pos.NewPayment{{Method: pos.Card, Amount: pounds("50.00"), Reference: "auth 4711"}, {Method: pos.Cash, Amount: pounds("5.00")}},
	}})
	check(err)
	for _, p := range sold[0].Payments {
		fmt.Println(p.Method, p.Amount)
	}
	fmt.Println("signed by", sold[0].Signer)

	chain, err := s.tills.VerifyChain(s.ctx, session.RegisterID)
	check(err)
	fmt.Println("receipts", chain.Receipts, "vouched for", chain.Checked, "broken", len(chain.Broken))
	// Output:
	// card 50.00
	// cash 4.00
	// signed by ed25519:8cd56c967ce088d2
	// receipts 1 vouched for 1 broken 0
}
