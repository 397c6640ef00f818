package purchasing

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestMain(m *testing.M) { os.Exit(tenancytest.Main(m)) }

var options = tenancytest.Options{Modules: []tenancy.Module{accounting.Module(), inventory.Module(), Module()}}

var newYear = date.Must("2026-01-05")

// shop is a fresh tenant with books, nothing on hand, two vendors, and a customer who is none.
type shop struct {
	ctx              context.Context
	env              *tenancytest.Env
	books            *accounting.Service
	stock            *inventory.Service
	buying           *Service
	tea, cup, repair uuid.UUID
	leaf, clay, anna uuid.UUID
}

func openShop(t testing.TB, env *tenancytest.Env, method inventory.Method) *shop {
	s := &shop{ctx: env.Tenant(t), env: env, books: accounting.New(env.DB)}
	s.stock = inventory.New(env.DB, s.books)
	s.buying = New(env.DB, s.books, s.stock)
	_, err := s.books.OpenBooks(s.ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartGeneral, YearStart: date.Must("2026-01-01")})
	require.NoError(t, err)
	_, err = s.books.CreateTax(s.ctx, accounting.NewTax{Code: "S20", Name: "Standard", Rates: []accounting.NewTaxRate{{From: date.Of(2000, 1, 1), Rate: dec("20"), Source: "for the example"}}})
	require.NoError(t, err)
	_, err = s.stock.Configure(s.ctx, inventory.NewSettings{Method: method})
	require.NoError(t, err)
	products, err := s.stock.CreateProducts(s.ctx, []inventory.NewProduct{
		{SKU: "TEA", Name: "Earl Grey"}, {SKU: "CUP", Name: "Cup"}, {SKU: "FIX", Name: "Repair", Kind: inventory.Services}})
	require.NoError(t, err)
	s.tea, s.cup, s.repair = products[0].ID, products[1].ID, products[2].ID
	parties, err := s.books.CreateParties(s.ctx, []accounting.NewParty{{Reference: "V-1", Name: "Leaf & Co", Vendor: true},
		{Reference: "V-2", Name: "Clay", Vendor: true}, {Reference: "C-1", Name: "Anna", Customer: true}})
	require.NoError(t, err)
	s.leaf, s.clay, s.anna = parties[0].ID, parties[1].ID, parties[2].ID
	return s
}

func eachShop(t *testing.T, fn func(t *testing.T, s *shop)) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) { fn(t, openShop(t, env, inventory.FIFO)) })
}

func qty(text string) money.Quantity {
	q, err := money.ParseQuantity(text)
	if err != nil {
		panic(err)
	}
	return q
}

func dec(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func gbp(minor int64) money.Amount { return money.Of(minor, "GBP") }

func goods(product uuid.UUID, quantity, price string) NewOrderLine {
	return NewOrderLine{ProductID: product, Quantity: qty(quantity), UnitPrice: dec(price)}
}

func (s *shop) service(quantity, price string) NewOrderLine {
	return NewOrderLine{ProductID: s.repair, Quantity: qty(quantity), UnitPrice: dec(price), Account: accounting.ByCode("6900")}
}

func (s *shop) order(t require.TestingT, reference string, lines ...NewOrderLine) Order {
	out, err := s.buying.Order(s.ctx, []NewOrder{{Reference: reference, PartyID: s.leaf, Date: newYear, Lines: lines}})
	require.NoError(t, err)
	return out[0]
}

func some(lineNo int64, quantity string) NewNoteLine {
	return NewNoteLine{LineNo: lineNo, Quantity: qty(quantity)}
}

func receipt(reference string, o Order, lines ...NewNoteLine) NewReceipt {
	return NewReceipt{Reference: reference, OrderID: o.ID, Date: newYear, Lines: lines}
}

func (s *shop) receive(t require.TestingT, in ...NewReceipt) []Note {
	out, err := s.buying.Receive(s.ctx, in)
	require.NoError(t, err)
	return out
}

func back(reference string, receipt Note, lines ...NewNoteLine) NewReturn {
	return NewReturn{Reference: reference, ReceiptID: receipt.ID, Date: newYear, Lines: lines, Reason: "broken"}
}

func (s *shop) sendBack(t require.TestingT, in ...NewReturn) []Note {
	out, err := s.buying.Return(s.ctx, in)
	require.NoError(t, err)
	return out
}

func billed(o Order, lineNo int64, quantity, price string) NewBillLine {
	return NewBillLine{OrderID: o.ID, LineNo: lineNo, Quantity: qty(quantity), UnitPrice: dec(price)}
}

func bill(reference string, lines ...NewBillLine) NewBill {
	return NewBill{Reference: reference, VendorNumber: "V" + reference, Date: newYear, Lines: lines}
}

func (s *shop) bill(t require.TestingT, in ...NewBill) []Bill {
	out, err := s.buying.Bill(s.ctx, in)
	require.NoError(t, err)
	return out
}

func credit(reference string, of Bill, lines ...NewBillLine) NewCredit {
	return NewCredit{Reference: reference, Date: newYear, BillID: of.ID, Lines: lines}
}

func (s *shop) credit(t require.TestingT, in ...NewCredit) []Bill {
	out, err := s.buying.Credit(s.ctx, in)
	require.NoError(t, err)
	return out
}

func (s *shop) reread(t require.TestingT, o Order) Order {
	d, err := s.buying.GetOrder(s.ctx, o.ID)
	require.NoError(t, err)
	return d.Order
}

const (
	stock    = accounting.RoleStock
	grni     = accounting.RoleGoodsReceived
	payable  = accounting.RolePayable
	variance = accounting.RolePriceVariance
)

// balances are the ledger's balances by role, debits positive: "stock 12.00, payable -12.00".
func (s *shop) balances(t require.TestingT, roles ...accounting.Role) string {
	trial, err := s.books.TrialBalance(s.ctx, date.Last)
	require.NoError(t, err)
	out := ""
	for _, role := range roles {
		sum := money.Zero("GBP")
		for _, l := range trial.Lines {
			if l.Role == role {
				sum.Minor += l.Debit.Minor - l.Credit.Minor
			}
		}
		if out != "" {
			out += ", "
		}
		out += fmt.Sprintf("%s %s", role, sum)
	}
	return out
}

// verify proves that all checks of all three domains hold.
func (s *shop) verify(t require.TestingT) {
	for _, verify := range []func(context.Context) ([]tenancy.Check, error){s.books.Verify, s.stock.Verify, s.buying.Verify} {
		checks, err := verify(s.ctx)
		require.NoError(t, err)
		require.NotEmpty(t, checks)
		for _, c := range checks {
			require.True(t, c.OK, "%s: %s", c.Name, c.Detail)
		}
	}
}

// state is everything that a refused act must leave as it was.
func (s *shop) state(t require.TestingT) string {
	var out string
	err := s.env.DB.Read(s.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		for _, query := range []string{
			`SELECT COUNT(*) FROM {purchase_orders} AS o`, `SELECT COUNT(*) FROM {purchase_notes} AS n`, `SELECT COUNT(*) FROM {purchase_bills} AS b`,
			`SELECT CAST(COALESCE(SUM(received + 3 * billed + 5 * returned + 7 * credited + 11 * cancelled), 0) AS BIGINT) FROM {purchase_order_lines} AS l`,
			`SELECT CAST(COALESCE(SUM(3 * billed_minor + 5 * returned_minor + 7 * credited_minor), 0) AS BIGINT) FROM {purchase_note_lines} AS l`,
			`SELECT COUNT(*) FROM {purchase_orders} AS o WHERE state = 'open'`, `SELECT COUNT(*) FROM {purchase_matches} AS m`,
			`SELECT CAST(COALESCE(SUM(taken), 0) AS BIGINT) FROM {number_series} AS s`, `SELECT COUNT(*) FROM {bills} AS b`,
			`SELECT COUNT(*) FROM {stock_documents} AS d`, `SELECT COUNT(*) FROM {stock_moves} AS m`,
			`SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM {stock_layers} AS l`, `SELECT CAST(COALESCE(SUM(value_minor), 0) AS BIGINT) FROM {stock_layers} AS l`,
			`SELECT COUNT(*) FROM {journal_entries} AS e`, `SELECT COUNT(*) FROM {journal_lines} AS l`,
			`SELECT CAST(COALESCE(SUM(open_minor), 0) AS BIGINT) FROM {open_items} AS o`,
		} {
			n, err := tenancy.Report[int64](ctx, tx, query)
			if err != nil {
				return err
			}
			out += " " + strconv.FormatInt(n[0], 10)
		}
		return nil
	})
	require.NoError(t, err)
	return out
}
