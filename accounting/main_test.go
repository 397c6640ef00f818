package accounting_test

import (
	"context"
	"os"
	"testing"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/internal/laws"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestMain(m *testing.M) {
	killtest.Main(doomed.run)
	laws.Default(histories)
	os.Exit(tenancytest.Main(m))
}

// shop is a fresh tenant with open books for 2010 and 2011 and two parties.
type shop struct {
	t     testing.TB
	env   *tenancytest.Env
	ctx   context.Context
	books *accounting.Service
	ann   accounting.Party // a customer and vendor
	ben   accounting.Party // a customer and vendor
}

var modules = tenancytest.Options{Modules: []tenancy.Module{accounting.Module()}}

// each runs fn on every engine with a fresh shop.
func each(t *testing.T, fn func(t *testing.T, s *shop)) {
	t.Helper()
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) { fn(t, newShop(t, env)) })
}

func newShop(t testing.TB, env *tenancytest.Env) *shop {
	t.Helper()
	s := &shop{t: t, env: env, ctx: env.Tenant(t), books: accounting.New(env.DB)}
	_, err := s.books.OpenBooks(s.ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartUKRetail, YearStart: day("2010-01-01"), Country: "GB"})
	require.NoError(t, err)
	_, err = s.books.AddFiscalYear(s.ctx, day("2011-01-01"))
	require.NoError(t, err)
	parties, err := s.books.CreateParties(s.ctx, []accounting.NewParty{
		{Reference: "C1", Name: "Ann Émile", Customer: true, Vendor: true, Address: []string{"1 High Street", "York"}, Country: "GB"},
		{Reference: "C2", Name: "Ben & Sons", Customer: true, Vendor: true, TaxID: "GB123"},
	})
	require.NoError(t, err)
	s.ann, s.ben = parties[0], parties[1]
	return s
}

func day(s string) date.Date { return date.Must(s) }

func gbp(minor int64) money.Amount { return money.Of(minor, "GBP") }

func units(n int64) money.Quantity {
	q, err := money.Units(n)
	if err != nil {
		panic(err)
	}
	return q
}

func price(s string) decimal.Decimal { return decimal.RequireFromString(s) }

// transfer is an entry that moves an amount from sales to cash.
func transfer(reference, on string, minor int64) accounting.NewEntry {
	return accounting.NewEntry{Reference: reference, Date: day(on), Memo: "takings", Lines: []accounting.NewLine{
		accounting.DebitLine(accounting.ByRole(accounting.RoleCash), gbp(minor)),
		accounting.CreditLine(accounting.ByRole(accounting.RoleSales), gbp(minor)),
	}}
}

// invoice is a document of one line.
func invoice(reference string, party uuid.UUID, on, unitPrice string) accounting.NewInvoice {
	return accounting.NewInvoice{Reference: reference, PartyID: party, Date: day(on), Lines: []accounting.NewInvoiceLine{
		{Description: "Lamp", Quantity: units(1), UnitPrice: price(unitPrice)},
	}}
}

func (s *shop) issue(in ...accounting.NewInvoice) []accounting.Invoice {
	s.t.Helper()
	out, err := s.books.Issue(s.ctx, in)
	require.NoError(s.t, err)
	return out
}

func (s *shop) bill(in ...accounting.NewBill) []accounting.Bill {
	s.t.Helper()
	out, err := s.books.Bill(s.ctx, in)
	require.NoError(s.t, err)
	return out
}

func (s *shop) post(in ...accounting.NewEntry) []accounting.Entry {
	s.t.Helper()
	out, err := s.books.Post(s.ctx, in)
	require.NoError(s.t, err)
	return out
}

func (s *shop) pay(in ...accounting.NewPayment) []accounting.Payment {
	s.t.Helper()
	out, err := s.books.Pay(s.ctx, in)
	require.NoError(s.t, err)
	return out
}

// balance is an account's balance at the end of 2011, in minor units.
func (s *shop) balance(role accounting.Role) int64 {
	s.t.Helper()
	a, err := s.books.Balance(s.ctx, accounting.ByRole(role), day("2011-12-31"))
	require.NoError(s.t, err)
	return a.Minor
}

// open is what is open of each item, in minor units.
func (s *shop) open(asOf string) map[uuid.UUID]int64 {
	s.t.Helper()
	items, err := s.books.OpenItems(s.ctx, day(asOf))
	require.NoError(s.t, err)
	out := map[uuid.UUID]int64{}
	for _, o := range items.Items {
		out[o.ID] = o.OpenMinor
	}
	return out
}

// sound requires all of Verify's checks to hold.
func (s *shop) sound() {
	s.t.Helper()
	checks, err := s.books.Verify(s.ctx)
	require.NoError(s.t, err)
	require.Len(s.t, checks, 9)
	for _, c := range checks {
		require.True(s.t, c.OK, "%s: %s", c.Name, c.Detail)
	}
}
