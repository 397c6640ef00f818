package erp_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func price(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func day(d int) date.Date { return date.Of(2026, 1, d) }

// shop is a tenant with books, goods and customers.
type shop struct {
	ctx      context.Context //nolint:containedctx // the tenant's scope, for the length of a test
	suite    *erp.Suite
	customer uuid.UUID
	tea, cup uuid.UUID // goods
	wrapping uuid.UUID // a service
}

func openShop(t *testing.T, env *tenancytest.Env, suite *erp.Suite, method inventory.Method) *shop {
	t.Helper()
	s := &shop{ctx: env.Tenant(t), suite: suite}
	_, err := suite.Accounting.OpenBooks(s.ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartUKRetail, YearStart: day(1)})
	require.NoError(t, err)
	_, err = suite.Inventory.Configure(s.ctx, inventory.NewSettings{Method: method})
	require.NoError(t, err)
	_, err = suite.Accounting.CreateTax(s.ctx, accounting.NewTax{Code: "S20", Name: "Standard 20 %", Rates: []accounting.NewTaxRate{{From: date.Of(2000, 1, 1), Rate: price("20"), Source: "for the example"}}})
	require.NoError(t, err)
	parties, err := suite.Accounting.CreateParties(s.ctx, []accounting.NewParty{{Reference: "C-1", Name: "Ada Ltd", Customer: true, Email: "ada@example.org"}})
	require.NoError(t, err)
	s.customer = parties[0].ID
	products, err := suite.Inventory.CreateProducts(s.ctx, []inventory.NewProduct{
		{SKU: "TEA", Name: "Tea"}, {SKU: "CUP", Name: "Cup"}, {SKU: "WRAP", Name: "Gift wrapping", Kind: inventory.Services}})
	require.NoError(t, err)
	s.tea, s.cup, s.wrapping = products[0].ID, products[1].ID, products[2].ID
	_, err = suite.Inventory.Receive(s.ctx, []inventory.NewDocument{{Reference: "OPENING", Date: day(1), Reason: "opening stock",
		Counter: accounting.ByRole(accounting.RoleOpeningEquity), Lines: []inventory.NewMove{
			{ProductID: s.tea, Quantity: pieces(100), Cost: inventory.PerUnit(price("2.00"))},
			{ProductID: s.cup, Quantity: pieces(50), Cost: inventory.PerUnit(price("1.25"))}}}})
	require.NoError(t, err)
	return s
}

func (s *shop) sale(reference string, quantity int64) sales.NewSale {
	return sales.NewSale{Reference: reference, PartyID: s.customer, Date: day(10), Lines: []sales.NewLine{
		{ProductID: s.tea, Quantity: pieces(quantity), UnitPrice: price("4.99"), TaxCode: "S20"},
		{ProductID: s.wrapping, Quantity: pieces(1), UnitPrice: price("0.50")}}}
}

// trade leaves at least one row in every table.
func (s *shop) trade(t *testing.T) accounting.Invoice {
	t.Helper()
	sold, err := s.suite.Sales.Sell(s.ctx, []sales.NewSale{s.sale("S-1", 5), {Reference: "S-2", Date: day(11), SettledBy: accounting.ByRole(accounting.RoleCash),
		Lines: []sales.NewLine{{ProductID: s.cup, Quantity: pieces(2), UnitPrice: price("3.00")}, {ProductID: s.tea, Quantity: pieces(1), Giveaway: true}}}})
	require.NoError(t, err)
	_, err = s.suite.Sales.Credit(s.ctx, []sales.NewCredit{{Reference: "S-3", Sale: "S-1", Date: day(12),
		Lines: []sales.NewCreditLine{{SaleLine: 1, Quantity: pieces(2), UnitPrice: price("4.99"), TaxCode: "S20", Restock: true}}}})
	require.NoError(t, err)
	_, err = s.suite.Accounting.Pay(s.ctx, []accounting.NewPayment{{Reference: "P-1", PartyID: s.customer, Direction: accounting.MoneyIn, Date: day(13),
		Amount: money.Of(1000, "GBP"), Allocate: []accounting.PaymentAllocation{{InvoiceID: sold[0].InvoiceID, Amount: money.Of(1000, "GBP")}}}})
	require.NoError(t, err)
	entries, err := s.suite.Accounting.Post(s.ctx, []accounting.NewEntry{s.entry("E-1", 700)})
	require.NoError(t, err)
	_, err = s.suite.Accounting.Reverse(s.ctx, []accounting.Reversal{{EntryID: entries[0].ID, Date: day(20), Reason: "booked twice on paper"}})
	require.NoError(t, err)
	s.tradePeriods(t)
	s.tradeBank(t, sold[0].InvoiceID)
	s.tradeTax(t)
	s.tradePrepayments(t)
	s.tradePurchasing(t)
	s.tradeStock(t)
	s.tradeOrders(t)
	s.tradePOS(t)
	s.tradeCurrencies(t)
	s.tradeDimensions(t)
	s.tradeRetention(t)
	s.tradePrivacy(t)
	s.tradeErasures(t)
	s.tradeRequests(t)
	s.tradeRestarts(t)
	s.tradeRegisters(t)
	s.tradeAudit(t)
	return sold[0].Invoice
}

// tradeTax leaves a rule, a group of taxes and a draft; none of them books anything.
func (s *shop) tradeTax(t *testing.T) {
	t.Helper()
	_, err := s.suite.Accounting.CreateTax(s.ctx, accounting.NewTax{Code: "ALL", Name: "All taxes", Kind: accounting.TaxGroup, Components: []accounting.NewTaxComponent{{Code: "S20"}}})
	require.NoError(t, err)
	_, err = s.suite.Accounting.CreateTaxRules(s.ctx, []accounting.NewTaxRule{{Name: "At home", Rank: 1, ValidFrom: date.Of(2000, 1, 1), Place: accounting.PlaceDomestic,
		TaxCode: "S20", Source: "for the example"}})
	require.NoError(t, err)
	_, err = s.suite.Accounting.DraftInvoices(s.ctx, []accounting.NewInvoice{{Reference: "DRAFT-1", PartyID: s.customer, Note: "to be agreed"}})
	require.NoError(t, err)
}

func (s *shop) entry(reference string, minor int64) accounting.NewEntry {
	return accounting.NewEntry{Reference: reference, Date: day(15), Memo: "bank charges", Lines: []accounting.NewLine{
		accounting.DebitLine(accounting.ByRole(accounting.RoleFees), money.Of(minor, "GBP")),
		accounting.CreditLine(accounting.ByRole(accounting.RoleBank), money.Of(minor, "GBP"))}}
}

func (s *shop) verify(t *testing.T) {
	t.Helper()
	checks, err := s.suite.Verify(s.ctx)
	require.NoError(t, err)
	require.NotEmpty(t, checks)
	for _, c := range checks {
		require.True(t, c.OK, "%s: %s", c.Name, c.Detail)
	}
}

// digest is a hash over every row of every table of the tenant.
func (s *shop) digest(t *testing.T) string {
	t.Helper()
	h := sha256.New()
	require.NoError(t, s.suite.Tenancy.Read(s.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		for _, m := range s.suite.Tenancy.Registry().Models {
			var order []string
			for _, k := range m.Keys[1:] {
				order = append(order, k.Name)
			}
			err := m.Verbs().Stream(ctx, tx, func(row any) error {
				if e, ok := row.(*tenancy.Event); ok && e.Verb == string(tenancy.VerbRead) {
					return nil // this very look leaves one
				}
				_, err := fmt.Fprintf(h, "%s %+v\n", m.Table, row)
				return err
			}, tenancy.OrderBy(order...))
			require.NoError(t, err, m.Table)
		}
		return nil
	}))
	return hex.EncodeToString(h.Sum(nil))
}

func TestTwoTenantsOverTheWholeSuite(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		victim, intruder := openShop(t, env, suite, inventory.FIFO), openShop(t, env, suite, inventory.FIFO)
		invoice := victim.trade(t)
		victim.verify(t)
		tenancytest.TwoTenants(t, env, victim.ctx, intruder.ctx)

		_, foreign := suite.Accounting.GetInvoice(intruder.ctx, invoice.ID)
		_, missing := suite.Accounting.GetInvoice(intruder.ctx, tenancy.NewID())
		require.ErrorIs(t, foreign, fault.NotFound)
		require.Equal(t, missing.Error(), foreign.Error(), "another tenant's and no one's give the same answer")
		_, err := suite.Sales.Credit(intruder.ctx, []sales.NewCredit{{Reference: "X", Sale: "S-1", Date: day(12),
			Lines: []sales.NewCreditLine{{SaleLine: 1, Quantity: pieces(1), UnitPrice: price("4.99")}}}})
		require.Error(t, err)
		_, err = suite.Accounting.Pay(intruder.ctx, []accounting.NewPayment{{PartyID: victim.customer, Direction: accounting.MoneyIn, Date: day(13), Amount: money.Of(1, "GBP")}})
		require.Error(t, err)
		_, err = suite.Inventory.Issue(intruder.ctx, []inventory.NewDocument{{Date: day(13), Lines: []inventory.NewMove{{ProductID: victim.tea, Quantity: pieces(1)}}}})
		require.Error(t, err)
		intruder.verify(t)
	})
}

func TestRefusedActsChangeNothing(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.Average)
		s.trade(t)
		periods, err := suite.Accounting.Periods(s.ctx)
		require.NoError(t, err)
		_, err = suite.Accounting.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[0].ID, State: accounting.PeriodLocked})
		require.NoError(t, err)
		sell := func(change func(*sales.NewSale)) func() error {
			return func() error {
				in := s.sale("BAD", 1)
				change(&in)
				_, err := suite.Sales.Sell(s.ctx, []sales.NewSale{s.sale("GOOD", 1), in})
				return err
			}
		}
		post := func(change func(*accounting.NewEntry)) func() error {
			return func() error {
				in := s.entry("BAD", 100)
				change(&in)
				_, err := suite.Accounting.Post(s.ctx, []accounting.NewEntry{s.entry("GOOD", 1), in})
				return err
			}
		}
		cases := map[string]struct {
			act  func() error
			kind fault.Kind
		}{
			"oversold":                {sell(func(in *sales.NewSale) { in.Lines[0].Quantity = pieces(1000) }), fault.Conflict},
			"an unknown product":      {sell(func(in *sales.NewSale) { in.Lines[0].ProductID = tenancy.NewID() }), ""},
			"an unknown customer":     {sell(func(in *sales.NewSale) { in.PartyID = tenancy.NewID() }), ""},
			"no lines":                {sell(func(in *sales.NewSale) { in.Lines = nil }), fault.Invalid},
			"a locked period":         {sell(func(in *sales.NewSale) { in.Date = date.Of(2025, 1, 5) }), fault.Locked},
			"no fiscal year":          {sell(func(in *sales.NewSale) { in.Date = date.Of(2031, 1, 1) }), ""},
			"backdated":               {sell(func(in *sales.NewSale) { in.Date = day(2) }), fault.Conflict},
			"an amount too large":     {sell(func(in *sales.NewSale) { in.Lines[0].UnitPrice = price("99999999999999999999") }), fault.Invalid},
			"an unknown tax":          {sell(func(in *sales.NewSale) { in.Lines[0].TaxCode = "NOPE" }), ""},
			"a reference used before": {sell(func(in *sales.NewSale) { in.Reference = "S-1" }), fault.Conflict},
			"unbalanced":              {post(func(in *accounting.NewEntry) { in.Lines[0].Debit = money.Of(101, "GBP") }), fault.Invalid},
			"another currency": {post(func(in *accounting.NewEntry) {
				in.Lines[0].Debit, in.Lines[1].Credit = money.Of(100, "EUR"), money.Of(100, "EUR")
			}), fault.Invalid},
			"an overflow": {post(func(in *accounting.NewEntry) {
				in.Lines = append(in.Lines, in.Lines...)
				for i := range in.Lines {
					if in.Lines[i].Debit.Minor > 0 {
						in.Lines[i].Debit = money.Of(math.MaxInt64, "GBP")
					} else {
						in.Lines[i].Credit = money.Of(math.MaxInt64, "GBP")
					}
				}
			}), fault.Invalid},
			"a locked period, posted": {post(func(in *accounting.NewEntry) { in.Date = date.Of(2025, 1, 5) }), fault.Locked},
			"an unknown account":      {post(func(in *accounting.NewEntry) { in.Lines[0].Account = accounting.ByCode("0") }), ""},
			"credited twice": {func() error {
				_, err := suite.Sales.Credit(s.ctx, []sales.NewCredit{{Reference: "BAD", Sale: "S-1", Date: day(20),
					Lines: []sales.NewCreditLine{{SaleLine: 1, Quantity: pieces(4), UnitPrice: price("4.99"), TaxCode: "S20", Restock: true}}}})
				return err
			}, fault.Conflict},
		}
		before := s.digest(t)
		for name, tc := range cases {
			t.Run(name, func(t *testing.T) {
				err := tc.act()
				require.Error(t, err)
				require.NotEqual(t, fault.Internal, fault.KindOf(err), "%v", err)
				if tc.kind != "" {
					require.ErrorIs(t, err, tc.kind)
				}
				require.Equal(t, before, s.digest(t), "%v", err)
			})
		}
		s.verify(t)
	})
}

func TestRaceManySellersAtOnce(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.Average)
		var wg sync.WaitGroup
		var mu sync.Mutex
		sold, refused := 0, 0
		for seller := range 6 {
			wg.Go(func() {
				for i := range 6 {
					ref := fmt.Sprintf("W-%d-%d", seller, i)
					_, err := suite.Sales.Sell(s.ctx, []sales.NewSale{s.sale(ref, 3), {Reference: ref + "-cup", Date: day(10),
						SettledBy: accounting.ByRole(accounting.RoleCash), Lines: []sales.NewLine{{ProductID: s.cup, Quantity: pieces(1), UnitPrice: price("3")}}}})
					mu.Lock()
					if err == nil {
						sold++
					} else if refused++; fault.CodeOf(err) != "inventory.insufficient_stock" {
						t.Errorf("seller %d: %v", seller, err)
					}
					mu.Unlock()
					if _, err := suite.Accounting.Post(s.ctx, []accounting.NewEntry{s.entry(ref, 5)}); err != nil {
						t.Errorf("posting: %v", err)
					}
				}
			})
		}
		wg.Wait()
		require.Equal(t, 33, sold, "100 units at 3 each")
		require.Equal(t, 3, refused)
		s.verify(t)
	})
}

func TestServicesComposeIntoOneAct(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.FIFO)
		before := s.digest(t)
		err := suite.Tenancy.Tx(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			_, err := suite.Sales.Sell(ctx, []sales.NewSale{s.sale("S-1", 5)})
			require.NoError(t, err)
			_, err = suite.Accounting.Post(ctx, []accounting.NewEntry{s.entry("E-1", 5)})
			require.NoError(t, err)
			_, err = suite.Sales.Sell(ctx, []sales.NewSale{s.sale("S-2", 500)})
			require.ErrorIs(t, err, fault.Conflict)
			return nil
		})
		require.ErrorIs(t, err, tenancy.ErrTxDoomed)
		require.Equal(t, before, s.digest(t))

		changes, err := suite.Tenancy.DryRun(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			_, err := suite.Sales.Sell(ctx, []sales.NewSale{s.sale("S-1", 5)})
			return err
		})
		require.NoError(t, err)
		require.Len(t, changes.Of("erp.invoices"), 1)
		require.Equal(t, before, s.digest(t))
	})
}
