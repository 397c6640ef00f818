package sales

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

// shop is a fresh tenant with books, a hundred teas at 1.00 and a hundred cups at 3.00 on hand, a service and two customers.
type shop struct {
	ctx       context.Context
	env       *tenancytest.Env
	books     *accounting.Service
	stock     *inventory.Service
	sales     *Service
	tea       uuid.UUID
	cup       uuid.UUID
	postage   uuid.UUID
	anna, ben uuid.UUID
}

func openShop(t testing.TB, env *tenancytest.Env, method inventory.Method) *shop {
	s := &shop{ctx: env.Tenant(t), env: env, books: accounting.New(env.DB)}
	s.stock = inventory.New(env.DB, s.books)
	s.sales = New(env.DB, s.books, s.stock)
	_, err := s.books.OpenBooks(s.ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartGeneral, YearStart: date.Must("2026-01-01")})
	require.NoError(t, err)
	_, err = s.stock.Configure(s.ctx, inventory.NewSettings{Method: method})
	require.NoError(t, err)
	products, err := s.stock.CreateProducts(s.ctx, []inventory.NewProduct{
		{SKU: "TEA", Name: "Earl Grey"}, {SKU: "CUP", Name: "Cup"}, {SKU: "POST", Name: "Postage", Kind: inventory.Services},
	})
	require.NoError(t, err)
	s.tea, s.cup, s.postage = products[0].ID, products[1].ID, products[2].ID
	parties, err := s.books.CreateParties(s.ctx, []accounting.NewParty{{Reference: "C-1", Name: "Anna", Customer: true}, {Reference: "C-2", Name: "Ben", Customer: true}})
	require.NoError(t, err)
	s.anna, s.ben = parties[0].ID, parties[1].ID
	s.receive(t, s.tea, "100", "1.00")
	s.receive(t, s.cup, "100", "3.00")
	return s
}

func (s *shop) receive(t require.TestingT, product uuid.UUID, quantity, cost string) {
	_, err := s.stock.Receive(s.ctx, []inventory.NewDocument{{Date: newYear, Counter: accounting.ByRole(accounting.RoleOpeningEquity),
		Lines: []inventory.NewMove{{ProductID: product, Quantity: qty(quantity), Cost: inventory.PerUnit(dec(cost))}}}})
	require.NoError(t, err)
}

func eachShop(t *testing.T, fn func(t *testing.T, s *shop)) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) { fn(t, openShop(t, env, inventory.Average)) })
}

func qty(text string) money.Quantity {
	q, err := money.ParseQuantity(text)
	if err != nil {
		panic(err)
	}
	return q
}

func huge() decimal.Decimal { return decimal.New(1, 1_000_000_000) }

func dec(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func cash() accounting.AccountRef { return accounting.ByRole(accounting.RoleCash) }

func line(product uuid.UUID, quantity, price string) NewLine {
	return NewLine{ProductID: product, Quantity: qty(quantity), UnitPrice: dec(price)}
}

func back(saleLine int64, quantity, price string) NewCreditLine {
	return NewCreditLine{SaleLine: saleLine, Quantity: qty(quantity), UnitPrice: dec(price), Restock: true}
}

// onAccount is a sale to Anna.
func (s *shop) onAccount(reference string, lines ...NewLine) NewSale {
	return NewSale{Reference: reference, PartyID: s.anna, Date: newYear, Lines: lines}
}

func creditOf(sale, reference string, lines ...NewCreditLine) NewCredit {
	return NewCredit{Reference: reference, Sale: sale, Date: newYear, Lines: lines}
}

func (s *shop) sell(t require.TestingT, sales ...NewSale) []Sale {
	out, err := s.sales.Sell(s.ctx, sales)
	require.NoError(t, err)
	return out
}

// balances are the ledger's balances by role, debits positive: "receivable 12.00, sales -12.00".
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

// onHand is the quantity of a product.
func (s *shop) onHand(t require.TestingT, product uuid.UUID) string {
	found, err := s.stock.OnHand(s.ctx, inventory.StockFilter{ProductIDs: []uuid.UUID{product}})
	require.NoError(t, err)
	var quantity money.Quantity
	for _, f := range found {
		quantity += f.Quantity
	}
	return quantity.String()
}

// verify proves that all checks of all three domains hold.
func (s *shop) verify(t require.TestingT) {
	for _, verify := range []func(context.Context) ([]tenancy.Check, error){s.books.Verify, s.stock.Verify, s.sales.Verify} {
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
			`SELECT COUNT(*) FROM {sales} AS s`, `SELECT COUNT(*) FROM {sale_lines} AS l`, `SELECT CAST(COALESCE(SUM(credited), 0) AS BIGINT) FROM {sale_lines} AS l`,
			`SELECT COUNT(*) FROM {quotations} AS q`, `SELECT COUNT(*) FROM {quotations} AS q WHERE q.state = 'open'`, `SELECT COUNT(*) FROM {quotation_lines} AS l`,
			`SELECT COUNT(*) FROM {orders} AS o`, `SELECT COUNT(*) FROM {orders} AS o WHERE o.state = 'open'`, `SELECT COUNT(*) FROM {order_lines} AS l`,
			`SELECT CAST(COALESCE(SUM(delivered + 3 * returned + 5 * invoiced + 7 * credited + 11 * cancelled), 0) AS BIGINT) FROM {order_lines} AS l`,
			`SELECT COUNT(*) FROM {stock_reservations} AS r`, `SELECT CAST(COALESCE(SUM(open_quantity), 0) AS BIGINT) FROM {stock_reservations} AS r`,
			`SELECT COUNT(*) FROM {fulfilments} AS f`, `SELECT COUNT(*) FROM {fulfilment_lines} AS l`,
			`SELECT CAST(COALESCE(SUM(taken_back), 0) AS BIGINT) FROM {fulfilment_lines} AS l`, `SELECT CAST(COALESCE(SUM(taken), 0) AS BIGINT) FROM {number_series} AS s`,
			`SELECT COUNT(*) FROM {invoices} AS i`, `SELECT CAST(COALESCE(SUM(credited_minor), 0) AS BIGINT) FROM {invoices} AS i`,
			`SELECT COUNT(*) FROM {stock_documents} AS d`, `SELECT COUNT(*) FROM {stock_moves} AS m`,
			`SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM {stock_layers} AS l`, `SELECT CAST(COALESCE(SUM(value_minor), 0) AS BIGINT) FROM {stock_layers} AS l`,
			`SELECT COUNT(*) FROM {journal_entries} AS e`, `SELECT COUNT(*) FROM {journal_lines} AS l`, `SELECT COUNT(*) FROM {open_items} AS o`,
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
