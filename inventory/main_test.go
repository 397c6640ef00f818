package inventory

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
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestMain(m *testing.M) { os.Exit(tenancytest.Main(m)) }

var options = tenancytest.Options{Modules: []tenancy.Module{accounting.Module(), Module()}}

// shop is a fresh tenant with books, a method, and something to trade in.
type shop struct {
	ctx     context.Context
	env     *tenancytest.Env
	books   *accounting.Service
	stock   *Service
	tea     Product
	cup     Product
	postage Product // a service
	main    uuid.UUID
	second  uuid.UUID // warehouse
}

func openShop(t testing.TB, env *tenancytest.Env, method Method) *shop {
	s := &shop{ctx: env.Tenant(t), env: env, books: accounting.New(env.DB)}
	s.stock = New(env.DB, s.books)
	_, err := s.books.OpenBooks(s.ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartGeneral, YearStart: date.Must("2026-01-01")})
	require.NoError(t, err)
	settings, err := s.stock.Configure(s.ctx, NewSettings{Method: method})
	require.NoError(t, err)
	products, err := s.stock.CreateProducts(s.ctx, []NewProduct{
		{SKU: "TEA", Name: "Earl Grey"}, {SKU: "CUP", Name: "Cup"}, {SKU: "POST", Name: "Postage", Kind: Services},
	})
	require.NoError(t, err)
	second, err := s.stock.CreateWarehouse(s.ctx, NewWarehouse{Code: "TWO", Name: "Second"})
	require.NoError(t, err)
	s.tea, s.cup, s.postage, s.main, s.second = products[0], products[1], products[2], settings.DefaultWarehouseID, second.ID
	return s
}

// eachShop runs fn on both engines and with both methods.
func eachShop(t *testing.T, fn func(t *testing.T, s *shop)) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		for _, method := range []Method{Average, FIFO} {
			t.Run(string(method), func(t *testing.T) { fn(t, openShop(t, env, method)) })
		}
	})
}

var newYear = date.Must("2026-01-05")

func qty(text string) money.Quantity {
	q, err := money.ParseQuantity(text)
	if err != nil {
		panic(err)
	}
	return q
}

func dec(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func opening() accounting.AccountRef { return accounting.ByRole(accounting.RoleOpeningEquity) }

// receive books a receipt of one line.
func (s *shop) receive(t testing.TB, p Product, quantity, unitCost string) Document {
	t.Helper()
	docs, err := s.stock.Receive(s.ctx, []NewDocument{receipt("", p, quantity, unitCost)})
	require.NoError(t, err)
	return docs[0]
}

func receipt(reference string, p Product, quantity, unitCost string) NewDocument {
	return NewDocument{Kind: Receipt, Reference: reference, Date: newYear, Counter: opening(),
		Lines: []NewMove{{ProductID: p.ID, Quantity: qty(quantity), Cost: PerUnit(dec(unitCost))}}}
}

func document(kind Kind, reference string, lines ...NewMove) NewDocument {
	return NewDocument{Kind: kind, Reference: reference, Date: newYear, Lines: lines}
}

func move(p Product, quantity string) NewMove {
	return NewMove{ProductID: p.ID, Quantity: qty(quantity)}
}

// value is what a product has on hand, as "3 @ 10.50" over all warehouses; "0 @ 0.00" for nothing.
func (s *shop) value(t testing.TB, p Product) string {
	t.Helper()
	found, err := s.stock.OnHand(s.ctx, StockFilter{ProductIDs: []uuid.UUID{p.ID}})
	require.NoError(t, err)
	var quantity money.Quantity
	value := money.Zero("GBP")
	for _, f := range found {
		quantity += f.Quantity
		value.Minor += f.Value.Minor
	}
	return fmt.Sprintf("%s @ %s", quantity, value)
}

// balance is the ledger's balance of an account by role; debits are positive.
func (s *shop) balance(t testing.TB, role accounting.Role) string {
	t.Helper()
	trial, err := s.books.TrialBalance(s.ctx, date.Last)
	require.NoError(t, err)
	for _, l := range trial.Lines {
		if l.Role == role {
			return money.Amount{Minor: l.Debit.Minor - l.Credit.Minor, Currency: "GBP"}.String()
		}
	}
	return "0.00"
}

// verify proves that all checks hold.
func (s *shop) verify(t require.TestingT) {
	checks, err := s.stock.Verify(s.ctx)
	require.NoError(t, err)
	require.Len(t, checks, 8)
	for _, c := range checks {
		require.True(t, c.OK, "%s: %s", c.Name, c.Detail)
	}
}

// state is everything that a refused act must leave as it was.
func (s *shop) state(t require.TestingT) string {
	var out string
	err := s.env.DB.Read(s.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		for _, query := range []string{
			`SELECT COUNT(*) FROM {stock_documents} AS d`, `SELECT COUNT(*) FROM {stock_moves} AS m`, `SELECT COUNT(*) FROM {stock_layers} AS l`,
			`SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM {stock_layers} AS l`, `SELECT COUNT(*) FROM {stock_document_texts} AS t`,
			`SELECT CAST(COALESCE(SUM(value_minor), 0) AS BIGINT) FROM {stock_layers} AS l`, `SELECT CAST(COALESCE(SUM(variance_minor), 0) AS BIGINT) FROM {stock_moves} AS m`, `SELECT COUNT(*) FROM {journal_entries} AS e`,
			`SELECT COUNT(*) FROM {journal_lines} AS l`, `SELECT COUNT(*) FROM {stock_groups} AS g`, `SELECT COUNT(*) FROM {stock_reservations} AS r`,
			`SELECT CAST(COALESCE(SUM(reserved), 0) AS BIGINT) FROM {stock_layers} AS l`, `SELECT CAST(COALESCE(SUM(open_quantity), 0) AS BIGINT) FROM {stock_reservations} AS r`, `SELECT COUNT(*) FROM {stock_charges} AS c`,
			`SELECT COUNT(*) FROM {stock_group_postings} AS g`, `SELECT COUNT(*) FROM {products} AS p`,
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
