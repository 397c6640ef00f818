package sales

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/laws"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// TestOrderLaws takes orders through random histories: all checks of all domains hold after every step, what is ordered and
// not cancelled is never less than what is delivered or charged, revenue and stock are what a child would add up, everything
// can be brought to an end, and a refused act changes nothing.
func TestOrderLaws(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		for _, method := range []inventory.Method{inventory.Average, inventory.FIFO} {
			t.Run(string(method), func(t *testing.T) {
				laws.Check(t, 3, func(rt *rapid.T) {
					h := &orderHistory{t: rt, shop: openShop(t, env, method), goods: 100, origins: map[FulfilmentKind][]string{}, prices: map[string]int64{}}
					for range rapid.IntRange(3, 14).Draw(rt, "steps") {
						h.step()
					}
					h.finish()
				})
			})
		}
	})
}

type orderHistory struct {
	t       *rapid.T
	shop    *shop
	next    int
	quoted  []string
	orders  []string
	origins map[FulfilmentKind][]string
	prices  map[string]int64 // of an order, in pence a unit
	revenue int64
	goods   int64 // on hand, in units
	replay  []func() (Fulfilment, error)
}

// refusals are what a random history may meet.
var refusals = []fault.Code{inventory.ErrInsufficientStock.Code, ErrWrongState.Code, ErrOverDelivered.Code, ErrOverInvoiced.Code, ErrOverCancelled.Code,
	ErrOverReturned.Code, ErrOverCredited.Code, ErrNothingLeft.Code, ErrNotDeliverable.Code}

func (h *orderHistory) reference() string {
	h.next++
	return fmt.Sprint("X-", h.next)
}

func (h *orderHistory) step() {
	before := h.shop.state(h.t)
	acts := []func() error{h.newQuotation, h.newOrder}
	if len(h.quoted) > 0 {
		acts = append(acts, h.decideOne)
	}
	if len(h.orders) > 0 {
		acts = append(acts, h.fulfil(Delivery), h.fulfil(Delivery), h.fulfil(OrderInvoice), h.fulfil(OrderInvoice), h.fulfil(Cancellation))
	}
	for origin, kind := range map[FulfilmentKind]FulfilmentKind{Delivery: GoodsReturn, OrderInvoice: OrderCredit} {
		if len(h.origins[origin]) > 0 {
			acts = append(acts, h.fulfil(kind))
		}
	}
	if err := acts[rapid.IntRange(0, len(acts)-1).Draw(h.t, "act")](); err != nil {
		require.Contains(h.t, refusals, fault.CodeOf(err), "%v", err)
		require.Equal(h.t, before, h.shop.state(h.t), "a refused act changes nothing")
	}
	h.holds()
}

// holds proves what must hold at any time.
func (h *orderHistory) holds() {
	amount := func(minor int64) money.Amount { return money.Of(minor, "GBP") }
	require.Equal(h.t, fmt.Sprintf("sales %s, receivable %s", amount(-h.revenue), amount(h.revenue)), h.shop.balances(h.t, revenueRole, receivable))
	require.Equal(h.t, fmt.Sprint(h.goods), h.shop.onHand(h.t, h.shop.tea))
	for _, o := range h.orders {
		for _, l := range h.shop.orderNow(h.t, o).Lines {
			kept := l.Quantity - l.Cancelled
			require.GreaterOrEqual(h.t, kept, l.Delivered, o)
			require.GreaterOrEqual(h.t, kept, l.Charged(), o)
			require.GreaterOrEqual(h.t, l.Delivered, l.Returned, o)
		}
	}
	h.shop.verify(h.t)
}

// lines are tea at one price and now and then a service at the same.
func (h *orderHistory) lines(price int64) []NewLine {
	var out []NewLine
	for range rapid.IntRange(1, 3).Draw(h.t, "lines") {
		product := rapid.SampledFrom([]uuid.UUID{h.shop.tea, h.shop.tea, h.shop.postage}).Draw(h.t, "product")
		l := line(product, fmt.Sprint(rapid.Int64Range(1, 30).Draw(h.t, "units")), "0")
		l.UnitPrice = money.Of(price, "GBP").Decimal()
		out = append(out, l)
	}
	return out
}

// until says at random whether goods are reserved.
func (h *orderHistory) until() (t time.Time) {
	if rapid.Bool().Draw(h.t, "reserve") {
		t = forLong
	}
	return t
}

func (h *orderHistory) newQuotation() error {
	reference, price := h.reference(), rapid.Int64Range(1, 900).Draw(h.t, "price")
	in := h.shop.quotation(reference, h.lines(price)...)
	_, err := h.shop.sales.Quote(h.shop.ctx, []NewQuotation{in})
	h.quoted, h.prices[reference] = append(h.quoted, reference), price
	return err
}

func (h *orderHistory) newOrder() error {
	reference, price := h.reference(), rapid.Int64Range(1, 900).Draw(h.t, "price")
	in := h.shop.newOrder(reference, h.lines(price)...)
	in.ReserveUntil = h.until()
	_, err := h.shop.sales.Order(h.shop.ctx, []NewOrder{in})
	if err == nil {
		h.orders, h.prices[reference] = append(h.orders, reference), price
	}
	return err
}

func (h *orderHistory) decideOne() error {
	quotation := rapid.SampledFrom(h.quoted).Draw(h.t, "quotation")
	switch rapid.IntRange(0, 4).Draw(h.t, "decision") {
	case 0:
		_, err := h.shop.sales.Decline(h.shop.ctx, []string{quotation})
		return err
	case 1:
		_, err := h.shop.sales.Withdraw(h.shop.ctx, []string{quotation})
		return err
	}
	reference := h.reference()
	_, err := h.shop.sales.Accept(h.shop.ctx, []Acceptance{{Quotation: quotation, Reference: reference, Date: newYear, ReserveUntil: h.until()}})
	if err == nil {
		h.orders, h.prices[reference] = append(h.orders, reference), h.prices[quotation]
	}
	return err
}

// fulfil does something for a random order, sometimes too much, sometimes all that is left, sometimes what was done before.
func (h *orderHistory) fulfil(kind FulfilmentKind) func() error {
	return func() error {
		if len(h.replay) > 0 && rapid.IntRange(0, 5).Draw(h.t, "replay") == 0 {
			before := h.shop.state(h.t)
			again, err := rapid.SampledFrom(h.replay).Draw(h.t, "replayed")()
			require.NoError(h.t, err)
			require.True(h.t, again.Replayed)
			require.Equal(h.t, before, h.shop.state(h.t), "a replay changes nothing")
			return nil
		}
		of := h.orders
		if from := map[FulfilmentKind]FulfilmentKind{GoodsReturn: Delivery, OrderCredit: OrderInvoice}[kind]; from != "" {
			of = h.origins[from]
		}
		target, reference := rapid.SampledFrom(of).Draw(h.t, "of"), h.reference()
		var lines []OrderPart
		if rapid.Bool().Draw(h.t, "in part") {
			lines = parts(rapid.IntRange(1, 2).Draw(h.t, "line"), fmt.Sprint(rapid.Int64Range(1, 20).Draw(h.t, "units")))
		}
		do := map[FulfilmentKind]func(string, string, ...OrderPart) (Fulfilment, error){Delivery: h.shop.deliver, OrderInvoice: h.shop.invoice,
			Cancellation: h.shop.cancel, GoodsReturn: h.shop.takeBack, OrderCredit: h.shop.credit}[kind]
		act := func() (Fulfilment, error) { return do(target, reference, lines...) }
		made, err := act()
		if err != nil {
			if fault.CodeOf(err) == ErrUnknownOrder.Code { // an order of one line
				err = ErrNothingLeft.Wrap("", err, "")
			}
			return err
		}
		h.replay = append(h.replay, act)
		h.origins[kind] = append(h.origins[kind], reference)
		h.count(made)
		return nil
	}
}

// count adds up by hand.
func (h *orderHistory) count(made Fulfilment) {
	order, err := h.shop.sales.GetOrder(h.shop.ctx, made.OrderID)
	require.NoError(h.t, err)
	var units int64
	for _, l := range made.Lines {
		units += int64(l.Quantity) / 1_000_000
	}
	worth := units * h.prices[order.Reference]
	switch made.Kind {
	case Delivery:
		h.goods -= units
	case GoodsReturn:
		h.goods += units
	case OrderInvoice:
		h.revenue += worth
		require.Equal(h.t, worth, made.Invoice.Gross.Minor)
	case OrderCredit:
		h.revenue -= worth
	case Cancellation:
	}
}

// finish brings every order to its end: what is delivered and uncharged is charged, what is charged too much is credited, the
// rest is given up.
func (h *orderHistory) finish() {
	for _, reference := range h.origins[OrderInvoice] {
		made, err := h.shop.credit(reference, "ends "+reference)
		if err == nil {
			h.count(made)
		} else {
			require.Contains(h.t, refusals, fault.CodeOf(err))
		}
	}
	for _, o := range h.orders {
		if made, err := h.shop.cancel(o, "gives up "+o); err == nil {
			h.count(made)
		} else {
			require.Contains(h.t, refusals, fault.CodeOf(err))
		}
		if made, err := h.shop.invoice(o, "charges "+o); err == nil {
			h.count(made)
		} else {
			require.Contains(h.t, refusals, fault.CodeOf(err))
		}
		require.NotEqual(h.t, OrderOpen, h.shop.orderNow(h.t, o).State, o)
	}
	h.holds()
}
