package pos

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
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

// monday is the business date of the tests' sessions.
var monday = date.Must("2026-01-05")

var options = tenancytest.Options{Modules: []tenancy.Module{accounting.Module(), inventory.Module(), Module()}}

// shop is a fresh tenant with books, a hundred teas at 1.00 and a hundred cups at 3.00 on hand, a service, a tax of 20 % and a
// register with a float of 100.00.
type shop struct {
	ctx      context.Context
	env      *tenancytest.Env
	currency money.Currency
	books    *accounting.Service
	stock    *inventory.Service
	pos      *Service
	tea, cup uuid.UUID
	wrapping uuid.UUID
	till     Register
	session  Session
	next     int
}

// eachShop runs fn on both engines.
func eachShop(t *testing.T, fn func(t *testing.T, s *shop)) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) { fn(t, openShop(t, env, "GBP", inventory.Average)) })
}

func openShop(t testing.TB, env *tenancytest.Env, currency money.Currency, method inventory.Method) *shop {
	s := &shop{ctx: env.Tenant(t), env: env, currency: currency, books: accounting.New(env.DB)}
	s.stock = inventory.New(env.DB, s.books)
	s.pos = New(env.DB, s.books, s.stock, Options{Signer: signer(t)})
	_, err := s.books.OpenBooks(s.ctx, accounting.NewBooks{Currency: currency, Chart: accounting.ChartGeneral, YearStart: date.Must("2026-01-01")})
	require.NoError(t, err)
	_, err = s.books.CreateTax(s.ctx, accounting.NewTax{Code: "S20", Name: "Standard", Rates: []accounting.NewTaxRate{{From: date.Of(2000, 1, 1), Rate: dec("20"), Source: "for the example"}}})
	require.NoError(t, err)
	_, err = s.stock.Configure(s.ctx, inventory.NewSettings{Method: method})
	require.NoError(t, err)
	products, err := s.stock.CreateProducts(s.ctx, []inventory.NewProduct{
		{SKU: "TEA", Name: "Earl Grey"}, {SKU: "CUP", Name: "Cup"}, {SKU: "WRAP", Name: "Gift wrapping", Kind: inventory.Services},
	})
	require.NoError(t, err)
	s.tea, s.cup, s.wrapping = products[0].ID, products[1].ID, products[2].ID
	s.receive(t, s.tea, "100", "1.00")
	s.receive(t, s.cup, "100", "3.00")
	s.till = s.register(t, "T1")
	s.session = s.open(t, s.till, "100.00")
	return s
}

func signer(t testing.TB) *SoftwareSigner {
	s, err := NewSoftwareSigner(make([]byte, 32))
	require.NoError(t, err)
	return s
}

func (s *shop) receive(t require.TestingT, product uuid.UUID, quantity, cost string) {
	_, err := s.stock.Receive(s.ctx, []inventory.NewDocument{{Date: monday, Counter: accounting.ByRole(accounting.RoleOpeningEquity),
		Lines: []inventory.NewMove{{ProductID: product, Quantity: qty(quantity), Cost: inventory.PerUnit(dec(cost))}}}})
	require.NoError(t, err)
}

func (s *shop) register(t require.TestingT, code string) Register {
	registers, err := s.pos.CreateRegisters(s.ctx, []NewRegister{{Code: code, Name: "Till " + code}})
	require.NoError(t, err)
	return registers[0]
}

func (s *shop) open(t require.TestingT, r Register, float string) Session {
	session, err := s.pos.OpenSession(s.ctx, NewSession{RegisterID: r.ID, Float: s.amount(float), Date: monday, Reference: s.reference()})
	require.NoError(t, err)
	return session
}

func (s *shop) closeWith(t require.TestingT, session Session, counted string) Closing {
	c, err := s.pos.CloseSession(s.ctx, Close{SessionID: session.ID, Counted: s.amount(counted)})
	require.NoError(t, err)
	return c
}

// reference is one that was not used before.
func (s *shop) reference() string {
	s.next++
	return fmt.Sprint("REF-", s.next)
}

func (s *shop) amount(text string) money.Amount {
	a, err := money.Parse(text, s.currency)
	if err != nil {
		panic(err)
	}
	return a
}

func qty(text string) money.Quantity {
	q, err := money.ParseQuantity(text)
	if err != nil {
		panic(err)
	}
	return q
}

func dec(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// line is of a product at a price with 20 % tax.
func line(product uuid.UUID, quantity, price string) NewLine {
	return NewLine{ProductID: product, Quantity: qty(quantity), UnitPrice: dec(price), TaxCode: "S20"}
}

func (s *shop) cash(amount string) NewPayment {
	return NewPayment{Method: Cash, Amount: s.amount(amount)}
}

func (s *shop) card(amount string) NewPayment {
	return NewPayment{Method: Card, Amount: s.amount(amount), Reference: "auth 4711"}
}

// ticket is a sale at prices with tax, in the shop's session.
func (s *shop) ticket(payment NewPayment, lines ...NewLine) NewTicket {
	return NewTicket{SessionID: s.session.ID, Reference: s.reference(), TaxIncluded: true, Lines: lines, Payments: []NewPayment{payment}}
}

func (s *shop) sell(t require.TestingT, tickets ...NewTicket) []Ticket {
	out, err := s.pos.Sell(s.ctx, tickets)
	require.NoError(t, err)
	return out
}

// refund takes back quantities of lines, in order, restocked, in cash.
func (s *shop) refund(ticket uuid.UUID, quantities ...string) NewRefund {
	r := NewRefund{SessionID: s.session.ID, Reference: s.reference(), TicketID: ticket}
	for i, q := range quantities {
		if q != "0" {
			r.Lines = append(r.Lines, NewRefundLine{TicketLine: int64(i) + 1, Quantity: qty(q), Restock: true})
		}
	}
	return r
}

func (s *shop) void(ticket uuid.UUID) NewVoid {
	return NewVoid{SessionID: s.session.ID, Reference: s.reference(), TicketID: ticket}
}

// balances are the ledger's balances by role, debits positive: "cash 12.00, sales -12.00".
func (s *shop) balances(t require.TestingT, roles ...accounting.Role) string {
	trial, err := s.books.TrialBalance(s.ctx, date.Last)
	require.NoError(t, err)
	var out []string
	for _, role := range roles {
		sum := money.Zero(s.currency)
		for _, l := range trial.Lines {
			if l.Role == role {
				sum.Minor += l.Debit.Minor - l.Credit.Minor
			}
		}
		out = append(out, fmt.Sprintf("%s %s", role, sum))
	}
	return strings.Join(out, ", ")
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

// verify proves that all checks of all three domains hold, and the chains of receipts.
func (s *shop) verify(t require.TestingT) {
	for _, verify := range []func(context.Context) ([]tenancy.Check, error){s.books.Verify, s.stock.Verify, s.pos.Verify} {
		checks, err := verify(s.ctx)
		require.NoError(t, err)
		require.NotEmpty(t, checks)
		for _, c := range checks {
			require.True(t, c.OK, "%s: %s", c.Name, c.Detail)
		}
	}
	registers, err := s.pos.ListRegisters(s.ctx, tenancy.PageRequest{})
	require.NoError(t, err)
	for _, r := range registers.Items {
		chain, err := s.pos.VerifyChain(s.ctx, r.ID)
		require.NoError(t, err)
		require.Empty(t, chain.Broken)
		require.Equal(t, chain.Receipts, chain.Checked)
	}
}

// state is everything that a refused act must leave as it was.
func (s *shop) state(t require.TestingT) string {
	var out []string
	err := s.env.DB.Read(s.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		for _, query := range []string{
			`SELECT COUNT(*) FROM {registers} AS r`, `SELECT COUNT(*) FROM {till_sessions} AS s WHERE s.state = 'open'`, `SELECT COUNT(*) FROM {till_sessions} AS s`,
			`SELECT COUNT(*) FROM {tickets} AS t`, `SELECT COUNT(*) FROM {ticket_lines} AS l`, `SELECT COUNT(*) FROM {ticket_payments} AS p`,
			`SELECT CAST(COALESCE(SUM(refunded), 0) AS BIGINT) FROM {ticket_lines} AS l`, `SELECT CAST(COALESCE(SUM(refunded_minor), 0) AS BIGINT) FROM {tickets} AS t`,
			`SELECT COUNT(*) FROM {cash_moves} AS m`, `SELECT COUNT(*) FROM {till_closings} AS c`, `SELECT CAST(COALESCE(SUM(receipts), 0) AS BIGINT) FROM {drawers} AS d`,
			`SELECT CAST(COALESCE(SUM(taken), 0) AS BIGINT) FROM {number_series} AS n`,
			`SELECT COUNT(*) FROM {stock_documents} AS d`, `SELECT COUNT(*) FROM {stock_moves} AS m`,
			`SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM {stock_layers} AS l`, `SELECT CAST(COALESCE(SUM(value_minor), 0) AS BIGINT) FROM {stock_layers} AS l`,
			`SELECT COUNT(*) FROM {journal_entries} AS e`, `SELECT COUNT(*) FROM {journal_lines} AS l`,
		} {
			n, err := tenancy.Report[int64](ctx, tx, query)
			if err != nil {
				return err
			}
			out = append(out, strconv.FormatInt(n[0], 10))
		}
		return nil
	})
	require.NoError(t, err)
	return strings.Join(out, " ")
}
