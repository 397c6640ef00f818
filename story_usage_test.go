package erp_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/inventory/purchasing"
	"github.com/opsmatiq/erp/privacy/usage"
	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// tradeUsage leaves rows in the tables of usage; those of the platform's own tenant, which this is not, are put there by hand.
func (s *shop) tradeUsage(t *testing.T) {
	t.Helper()
	require.NoError(t, s.suite.Usage.Log(s.ctx, usage.Hit{Page: "/sales"}))
	quiet, err := s.suite.Accounting.CreateParties(s.ctx, []accounting.NewParty{{Reference: "C-8", Name: "Quiet Customer", Customer: true}})
	require.NoError(t, err)
	_, err = tenancy.Act(s.ctx, s.suite.Tenancy, "privacy.restrict", func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) {
		return struct{}{}, tx.Restrict(ctx, quiet[0].ID, tenancy.AccuracyContested, "R-1")
	})
	require.NoError(t, err)
	require.NoError(t, s.suite.Tenancy.Tx(s.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		b := tx.Batch()
		for table, columns := range map[string]map[string]any{"erp.feature_days": {"day": date.Of(2026, 1, 1)},
			"erp.feature_counts": {"day": date.Of(2026, 1, 1), "feature": "sales.sell", "uses": int64(3)}} {
			m := s.suite.Tenancy.Registry().Table(table)
			row := m.Verbs().New()
			for name, v := range columns {
				reflect.ValueOf(row).Elem().FieldByIndex(m.Column(name).Index).Set(reflect.ValueOf(v))
			}
			m.Verbs().Put(b, []any{row})
		}
		tenancy.Put(b, []*usage.FeatureUse{{Day: date.Of(2026, 1, 1), Feature: "sales.sell", Tenants: 12, Uses: 40}})
		return b.Run(ctx)
	}))
}

// What a restriction refuses and what it still books, over the whole suite.
func TestARestrictedPersonOverTheWholeSuite(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.FIFO)
		vendors, err := suite.Accounting.CreateParties(s.ctx, []accounting.NewParty{{Reference: "V-1", Name: "Leaf & Co", Vendor: true}})
		require.NoError(t, err)
		vendor := vendors[0].ID
		sold, err := suite.Sales.Sell(s.ctx, []sales.NewSale{s.sale("S-1", 5)})
		require.NoError(t, err)
		cups := []sales.NewLine{{ProductID: s.cup, Quantity: pieces(6), UnitPrice: price("3.20"), TaxCode: "S20"}}
		_, err = suite.Sales.Quote(s.ctx, []sales.NewQuotation{{Reference: "Q-1", PartyID: s.customer, Date: day(16), ValidUntil: date.Must("2099-12-31"), Lines: cups},
			{Reference: "Q-2", PartyID: s.customer, Date: day(16), ValidUntil: date.Must("2099-12-31"), Lines: cups}})
		require.NoError(t, err)
		_, err = suite.Sales.Accept(s.ctx, []sales.Acceptance{{Quotation: "Q-1", Reference: "O-1", Date: day(17)}})
		require.NoError(t, err)
		orders, err := suite.Purchasing.Order(s.ctx, []purchasing.NewOrder{{Reference: "PO-1", PartyID: vendor, Date: day(14),
			Lines: []purchasing.NewOrderLine{{ProductID: s.tea, Quantity: pieces(10), UnitPrice: price("2.10")}}}})
		require.NoError(t, err)
		for _, person := range []uuid.UUID{s.customer, vendor} {
			_, err = tenancy.Act(s.ctx, suite.Tenancy, "privacy.restrict", func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) {
				return struct{}{}, tx.Restrict(ctx, person, tenancy.AccuracyContested, "R-1")
			})
			require.NoError(t, err)
		}
		before := root(t, s)
		pay := func(reference string, who uuid.UUID, way accounting.Direction) error {
			_, err := suite.Accounting.Pay(s.ctx, []accounting.NewPayment{{Reference: reference, PartyID: who, Direction: way, Date: day(20), Amount: money.Of(100, "GBP")}})
			return err
		}
		invoice := accounting.NewInvoice{Reference: "I-1", PartyID: s.customer, Date: day(20), Lines: []accounting.NewInvoiceLine{
			{Description: "advice", Quantity: pieces(1), UnitPrice: price("10"), TaxCode: "S20"}}}
		for what, act := range map[string]func() error{
			"a sale":     func() error { _, err := suite.Sales.Sell(s.ctx, []sales.NewSale{s.sale("S-2", 1)}); return err },
			"an invoice": func() error { _, err := suite.Accounting.Issue(s.ctx, []accounting.NewInvoice{invoice}); return err },
			"a draft": func() error {
				_, err := suite.Accounting.DraftInvoices(s.ctx, []accounting.NewInvoice{invoice})
				return err
			},
			"a quotation": func() error {
				_, err := suite.Sales.Quote(s.ctx, []sales.NewQuotation{{Reference: "Q-3", PartyID: s.customer, Date: day(20), ValidUntil: date.Must("2099-12-31"), Lines: cups}})
				return err
			},
			"an order": func() error {
				_, err := suite.Sales.Accept(s.ctx, []sales.Acceptance{{Quotation: "Q-2", Reference: "O-2", Date: day(20)}})
				return err
			},
			"a delivery": func() error {
				_, err := suite.Sales.Deliver(s.ctx, []sales.NewDelivery{{Reference: "D-1", Order: "O-1", Date: day(20), Lines: []sales.OrderPart{{Line: 1, Quantity: pieces(1)}}}})
				return err
			},
			"an order's invoice": func() error {
				_, err := suite.Sales.Invoice(s.ctx, []sales.NewOrderInvoice{{Reference: "OI-1", Order: "O-1", Date: day(20)}})
				return err
			},
			"a change of the name": func() error {
				_, err := suite.Accounting.UpdateParty(s.ctx, accounting.PartyChange{ID: s.customer, Name: "Ada Limited", Customer: true})
				return err
			},
			"money out": func() error { return pay("P-1", vendor, accounting.MoneyOut) },
			"an order to a vendor": func() error {
				_, err := suite.Purchasing.Order(s.ctx, []purchasing.NewOrder{{Reference: "PO-2", PartyID: vendor, Date: day(20), Lines: []purchasing.NewOrderLine{{ProductID: s.tea, Quantity: pieces(1), UnitPrice: price("2.10")}}}})
				return err
			},
		} {
			require.ErrorIs(t, act(), tenancy.ErrRestricted, what)
			require.Equal(t, before, root(t, s), "%s wrote something", what)
		}
		for what, act := range map[string]func() error{
			"money in": func() error { return pay("P-2", s.customer, accounting.MoneyIn) },
			"a credit note": func() error {
				_, err := suite.Sales.Credit(s.ctx, []sales.NewCredit{{Reference: "S-3", Sale: "S-1", Date: day(20), Lines: []sales.NewCreditLine{{SaleLine: 1, Quantity: pieces(1), UnitPrice: price("4.99"), TaxCode: "S20", Restock: true}}}})
				return err
			},
			"an entry": func() error {
				_, err := suite.Accounting.Post(s.ctx, []accounting.NewEntry{{Reference: "E-1", Date: day(20), Memo: "interest by law", Lines: []accounting.NewLine{
					{Account: accounting.ByRole(accounting.RoleReceivable), PartyID: s.customer, Debit: money.Of(50, "GBP")}, accounting.CreditLine(accounting.ByRole(accounting.RoleSales), money.Of(50, "GBP"))}}})
				return err
			},
			"goods that come": func() error {
				_, err := suite.Purchasing.Receive(s.ctx, []purchasing.NewReceipt{{Reference: "GR-1", OrderID: orders[0].ID, Date: day(20), Lines: []purchasing.NewNoteLine{{LineNo: 1, Quantity: pieces(8)}}}})
				return err
			},
			"a vendor's bill": func() error {
				_, err := suite.Accounting.Bill(s.ctx, []accounting.NewBill{{Reference: "B-1", VendorNumber: "17", PartyID: vendor, Date: day(20), Lines: []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: money.Of(100, "GBP")}}}})
				return err
			},
			"what is left of an order given up": func() error {
				_, err := suite.Sales.Cancel(s.ctx, []sales.NewCancellation{{Reference: "X-1", Order: "O-1", Date: day(21), Reason: "restricted"}})
				return err
			},
		} {
			require.NoError(t, act(), what)
		}
		require.NotEmpty(t, sold)
		s.verify(t)
	})
}
