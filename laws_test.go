package erp_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/laws"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/inventory/purchasing"
	"github.com/opsmatiq/erp/pos"
	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// TestLaws lets all domains act on the same goods and accounts at random. After every step all checks of all domains hold; a
// refused act has changed nothing; ordered >= received >= billed, sold >= refunded, and the drawer holds what it should; profit and loss by
// shop sums to the whole, and whatever is closed or asked for meanwhile, what was stated before is booked; and in the end the tenant is
// exported, imported, and says the same.
func TestLaws(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		for _, method := range []inventory.Method{inventory.Average, inventory.FIFO} {
			t.Run(string(method), func(t *testing.T) {
				laws.Check(t, 1, func(rt *rapid.T) {
					h := &history{t: t, r: rt, shop: openShop(t, env, suite, method)}
					h.open()
					for range rapid.IntRange(6, 16).Draw(rt, "steps") {
						h.step()
					}
					h.move(env)
				})
			})
		}
	})
}

// history is a random story of one tenant. References are taken from a small set, so that some acts are replays and some are
// refused.
type history struct {
	*shop
	t       *testing.T
	r       *rapid.T
	n       int
	vendor  uuid.UUID
	orders  []uuid.UUID // to the vendor
	tickets []uuid.UUID
	session uuid.UUID
}

func (h *history) open() {
	parties, err := h.suite.Accounting.CreateParties(h.ctx, []accounting.NewParty{{Reference: "V-1", Name: "Leaf Ltd", Vendor: true}})
	require.NoError(h.t, err)
	h.vendor = parties[0].ID
	_, err = h.suite.Accounting.CreateDimension(h.ctx, accounting.NewDimension{Code: "shop", Name: "Shop"})
	require.NoError(h.t, err)
	_, err = h.suite.Accounting.SetDimensionValues(h.ctx, "shop", []accounting.NewDimensionValue{{Code: "york", Name: "York"}, {Code: "leeds", Name: "Leeds"}})
	require.NoError(h.t, err)
	settings, err := h.suite.Inventory.Settings(h.ctx)
	require.NoError(h.t, err)
	_, err = h.suite.Inventory.UpdateWarehouse(h.ctx, inventory.WarehouseChange{ID: settings.DefaultWarehouseID, Name: "Main", Dimensions: h.dimensions()})
	require.NoError(h.t, err)
	registers, err := h.suite.POS.CreateRegisters(h.ctx, []pos.NewRegister{{Code: "T1", Name: "Front", Dimensions: h.dimensions()}})
	require.NoError(h.t, err)
	session, err := h.suite.POS.OpenSession(h.ctx, pos.NewSession{RegisterID: registers[0].ID, Float: money.Of(10000, "GBP"), Date: day(20), Reference: "DAY"})
	require.NoError(h.t, err)
	h.session = session.ID
}

func (h *history) pick(n int64) money.Quantity {
	return pieces(rapid.Int64Range(1, n).Draw(h.r, "quantity"))
}

func (h *history) ref(kind string) string {
	h.n++
	return fmt.Sprintf("%s-%d", kind, h.n-rapid.SampledFrom([]int{0, 0, 0, 0, 1}).Draw(h.r, "again"))
}

func (h *history) dimensions() accounting.Dimensions {
	return rapid.SampledFrom([]accounting.Dimensions{nil, nil, {"shop": "york"}, {"shop": "leeds"}}).Draw(h.r, "dimensions")
}

func (h *history) goods() uuid.UUID {
	return rapid.SampledFrom([]uuid.UUID{h.tea, h.cup}).Draw(h.r, "goods")
}

// step does one act and holds the whole to the laws.
func (h *history) step() {
	before := h.digest(h.t)
	acts := map[string]func() error{"order": h.order, "receive": h.receive, "bill": h.bill, "send back": h.sendBack, "sell": h.sellSome, "quote": h.quote,
		"deliver": h.deliver, "charge": h.charge, "cancel": h.cancel, "ticket": h.ticket, "refund": h.refund, "void": h.void, "cash": h.cash, "count": h.count, "close": h.close,
		"ask": h.ask, "shut": h.shut}
	names := []string{"ask", "shut", "order", "receive", "receive", "bill", "bill", "send back", "sell", "quote", "deliver", "charge", "cancel", "ticket", "ticket", "refund", "void", "cash", "count", "close"}
	name := rapid.SampledFrom(names).Draw(h.r, "act")
	err := acts[name]()
	if err != nil {
		require.NotEqual(h.t, fault.Internal, fault.KindOf(err), "%s: %v", name, err)
		require.Equal(h.t, before, h.digest(h.t), "%s was refused and changed something: %v", name, err)
		if slices.Contains([]string{"receive", "bill", "send back", "deliver", "charge", "refund", "void", "close"}, name) {
			require.NotErrorIs(h.t, err, accounting.ErrDimensionNeeded, "%s: what was stated stands", name)
			require.NotErrorIs(h.t, err, accounting.ErrDimensionInactive, "%s: what was stated stands", name)
		}
	}
	h.verify(h.t)
	h.bounds()
}

// bounds are the laws that a child would check.
func (h *history) bounds() {
	for _, id := range h.orders {
		o, err := h.suite.Purchasing.GetOrder(h.ctx, id)
		require.NoError(h.t, err)
		for _, l := range o.Lines {
			require.GreaterOrEqual(h.t, l.Quantity, l.Received)
			require.GreaterOrEqual(h.t, l.Received, l.Billed)
		}
	}
	for _, id := range h.tickets {
		ticket, err := h.suite.POS.GetTicket(h.ctx, id)
		require.NoError(h.t, err)
		require.GreaterOrEqual(h.t, ticket.Gross.Minor, ticket.RefundedMinor)
	}
	whole, err := h.suite.Accounting.ProfitAndLoss(h.ctx, day(1), day(31))
	require.NoError(h.t, err)
	shops, err := h.suite.Accounting.ProfitAndLossBy(h.ctx, "shop", day(1), day(31))
	require.NoError(h.t, err)
	var net int64
	for _, shop := range shops {
		net += shop.Report.NetProfit.Minor
	}
	require.Equal(h.t, whole.NetProfit.Minor, net, "the shops are the whole")
	s, err := h.suite.POS.GetSession(h.ctx, h.session)
	require.NoError(h.t, err)
	c := s.Totals
	require.Equal(h.t, c.Float.Minor+c.CashIn.Minor-c.CashOut.Minor+c.CashSales.Minor-c.CashBack.Minor, c.Expected.Minor)
}

func (h *history) order() error {
	orders, err := h.suite.Purchasing.Order(h.ctx, []purchasing.NewOrder{{Reference: h.ref("PO"), PartyID: h.vendor, Date: day(20),
		Dimensions: h.dimensions(), Lines: []purchasing.NewOrderLine{{ProductID: h.goods(), Quantity: h.pick(40), UnitPrice: price("1.37")}}}})
	if err == nil && !orders[0].Replayed {
		h.orders = append(h.orders, orders[0].ID)
	}
	return err
}

func (h *history) anOrder() uuid.UUID {
	return rapid.SampledFrom(append([]uuid.UUID{h.customer}, h.orders...)).Draw(h.r, "which")
}

func (h *history) receive() error {
	_, err := h.suite.Purchasing.Receive(h.ctx, []purchasing.NewReceipt{{Reference: h.ref("GR"), OrderID: h.anOrder(), Date: day(20),
		Lines: []purchasing.NewNoteLine{{LineNo: 1, Quantity: h.pick(30)}}}})
	return err
}

func (h *history) bill() error {
	_, err := h.suite.Purchasing.Bill(h.ctx, []purchasing.NewBill{{Reference: h.ref("B"), Date: day(20), Lines: []purchasing.NewBillLine{
		{OrderID: h.anOrder(), LineNo: 1, Quantity: h.pick(20), UnitPrice: price(rapid.SampledFrom([]string{"1.37", "1.11", "1.93"}).Draw(h.r, "price")), TaxCode: "S20"}}}})
	return err
}

func (h *history) sendBack() error {
	notes, err := h.suite.Purchasing.NotesByReference(h.ctx, []string{fmt.Sprintf("GR-%d", rapid.IntRange(1, h.n+1).Draw(h.r, "receipt"))})
	if err != nil {
		return err
	}
	for _, n := range notes {
		_, err = h.suite.Purchasing.Return(h.ctx, []purchasing.NewReturn{{Reference: h.ref("RTV"), ReceiptID: n.ID, Date: day(20),
			Lines: []purchasing.NewNoteLine{{LineNo: 1, Quantity: h.pick(5)}}}})
	}
	return err
}

func (h *history) sellSome() error {
	in := h.sale(h.ref("S"), rapid.Int64Range(1, 60).Draw(h.r, "quantity"))
	in.Date, in.Dimensions = day(20), h.dimensions()
	_, err := h.suite.Sales.Sell(h.ctx, []sales.NewSale{in})
	return err
}

func (h *history) quote() error {
	ref := h.ref("Q")
	quotation := sales.NewQuotation{Reference: ref, PartyID: h.customer, Date: day(20), ValidUntil: day(25), Dimensions: h.dimensions(),
		Lines: []sales.NewLine{{ProductID: h.goods(), Quantity: h.pick(20), UnitPrice: price("4.44"), TaxCode: "S20"}}}
	acceptance := sales.Acceptance{Quotation: ref, Reference: "SO-" + ref, Date: day(20), Dimensions: h.dimensions()}
	return h.suite.Tenancy.Tx(h.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
		if _, err := h.suite.Sales.Quote(ctx, []sales.NewQuotation{quotation}); err != nil {
			return err
		}
		_, err := h.suite.Sales.Accept(ctx, []sales.Acceptance{acceptance})
		return err
	})
}

func (h *history) salesOrder() string {
	return fmt.Sprintf("SO-Q-%d", rapid.IntRange(1, h.n+1).Draw(h.r, "order"))
}

func (h *history) deliver() error {
	_, err := h.suite.Sales.Deliver(h.ctx, []sales.NewDelivery{{Reference: h.ref("D"), Order: h.salesOrder(), Date: day(20), Lines: []sales.OrderPart{{Line: 1, Quantity: h.pick(12)}}}})
	return err
}

func (h *history) charge() error {
	_, err := h.suite.Sales.Invoice(h.ctx, []sales.NewOrderInvoice{{Reference: h.ref("I"), Order: h.salesOrder(), Date: day(20), Lines: []sales.OrderPart{{Line: 1, Quantity: h.pick(12)}}}})
	return err
}

func (h *history) cancel() error {
	_, err := h.suite.Sales.Cancel(h.ctx, []sales.NewCancellation{{Reference: h.ref("X"), Order: h.salesOrder(), Date: day(20)}})
	return err
}

// ticket sells at the till, below zero when need be.
func (h *history) ticket() error {
	quantity := h.pick(70)
	sold, err := h.suite.POS.Sell(h.ctx, []pos.NewTicket{{SessionID: h.session, Reference: h.ref("T"), TaxIncluded: true,
		Lines:    []pos.NewLine{{ProductID: h.goods(), Quantity: quantity, UnitPrice: price("5.99"), TaxCode: "S20", Dimensions: h.dimensions()}},
		Payments: []pos.NewPayment{{Method: pos.Cash, Amount: money.Of(50000, "GBP")}}}})
	if err == nil && !sold[0].Replayed {
		h.tickets = append(h.tickets, sold[0].ID)
	}
	return err
}

func (h *history) aTicket() uuid.UUID {
	return rapid.SampledFrom(append([]uuid.UUID{h.customer}, h.tickets...)).Draw(h.r, "which")
}

func (h *history) refund() error {
	_, err := h.suite.POS.Refund(h.ctx, []pos.NewRefund{{SessionID: h.session, Reference: h.ref("R"), TicketID: h.aTicket(),
		Lines: []pos.NewRefundLine{{TicketLine: 1, Quantity: h.pick(9), Restock: rapid.Bool().Draw(h.r, "restock")}}}})
	return err
}

func (h *history) void() error {
	_, err := h.suite.POS.Void(h.ctx, []pos.NewVoid{{SessionID: h.session, Reference: h.ref("V"), TicketID: h.aTicket()}})
	return err
}

func (h *history) cash() error {
	way := rapid.SampledFrom([]pos.NewCashMove{{Direction: pos.CashIn}, {Direction: pos.CashOut}}).Draw(h.r, "way")
	_, err := h.suite.POS.MoveCash(h.ctx, []pos.NewCashMove{{SessionID: h.session, Reference: h.ref("M"), Direction: way.Direction,
		Dimensions: h.dimensions(), Amount: money.Of(1234, "GBP"), Account: accounting.ByRole(accounting.RoleBank), Reason: "bank"}})
	return err
}

func (h *history) count() error {
	_, err := h.suite.Inventory.Adjust(h.ctx, []inventory.NewDocument{{Reference: h.ref("C"), Date: day(20), Dimensions: h.dimensions(),
		Lines: []inventory.NewMove{{ProductID: h.goods(), Quantity: -h.pick(3)}}}})
	return err
}

func (h *history) close() error {
	_, err := h.suite.POS.CloseSession(h.ctx, pos.Close{SessionID: h.session, Counted: money.Of(rapid.Int64Range(0, 50000).Draw(h.r, "counted"), "GBP")})
	return err
}

// ask has an account require the shop from now on, or no more.
func (h *history) ask() error {
	role := rapid.SampledFrom([]accounting.Role{accounting.RoleSales, accounting.RoleCostOfGoodsSold, accounting.RoleGoodsReceived, accounting.RoleStock,
		accounting.RoleStockLoss, accounting.RoleOverShort}).Draw(h.r, "role")
	codes := rapid.SampledFrom([][]string{nil, {"shop"}}).Draw(h.r, "required")
	_, err := h.suite.Accounting.RequireDimensions(h.ctx, accounting.ByRole(role), codes)
	return err
}

// shut closes a shop, or opens it again.
func (h *history) shut() error {
	_, err := h.suite.Accounting.SetDimensionValues(h.ctx, "shop", []accounting.NewDimensionValue{{Code: "leeds", Name: "Leeds", Inactive: rapid.Bool().Draw(h.r, "shut")}})
	return err
}

// move exports the tenant and imports it under another name.
func (h *history) move(env *tenancytest.Env) {
	archive, figures := h.archive(h.t)
	moved := *h.shop
	moved.ctx = moved.take(h.t, env, archive)
	moved.verify(h.t)
	require.Equal(h.t, figures, moved.figures(h.t))
	require.Equal(h.t, root(h.t, h.shop), root(h.t, &moved))
}
