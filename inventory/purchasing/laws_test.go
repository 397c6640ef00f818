package purchasing

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/laws"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// TestLaws buys at random, in parts that do not divide evenly, sells in between, and at the end bills and credits all that
// waits: all checks of all domains hold after every step, a refused act changes nothing, the account of goods received holds
// what a child would add up, and at the end nothing.
func TestLaws(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		for _, method := range []inventory.Method{inventory.Average, inventory.FIFO} {
			t.Run(string(method), func(t *testing.T) {
				laws.Check(t, 5, func(rt *rapid.T) {
					h := &history{rt: rt, shop: openShop(t, env, method)}
					h.order()
					for range rapid.IntRange(3, 14).Draw(rt, "steps") {
						h.step()
					}
					h.settle()
				})
			})
		}
	})
}

type history struct {
	*shop
	rt       *rapid.T
	n        int
	orders   []Order
	receipts []Note
}

func (h *history) reference() string { h.n++; return fmt.Sprint("D-", h.n) }

func (h *history) quantity(most int64) money.Quantity {
	return money.Quantity(rapid.Int64Range(1, most).Draw(h.rt, "quantity") * 500_000)
}

func (h *history) price() string {
	return gbp(rapid.Int64Range(0, 300).Draw(h.rt, "price")).String()
}

// step does one act; what is refused changes nothing.
func (h *history) step() {
	before := h.state(h.rt)
	acts := []func() error{h.order, h.receive, h.receive, h.bill, h.bill, h.giveBack, h.credit, h.cancel, h.sell}
	if err := acts[rapid.IntRange(0, len(acts)-1).Draw(h.rt, "act")](); err != nil {
		require.Contains(h.rt, []fault.Code{ErrOverReceived.Code, ErrOverBilled.Code, ErrOverReturned.Code, ErrOverCredited.Code,
			inventory.ErrInsufficientStock.Code, accounting.ErrOverCredited.Code}, fault.CodeOf(err), "%v", err)
		require.Equal(h.rt, before, h.state(h.rt), "a refused act changes nothing")
		return
	}
	h.hold()
}

// hold checks the laws: Verify's, and that each line's counters are in their order.
func (h *history) hold() {
	h.verify(h.rt)
	var owed int64
	for _, n := range h.receipts {
		n, err := h.buying.GetNote(h.ctx, n.ID)
		require.NoError(h.rt, err)
		for i := range n.Lines {
			owed += n.Lines[i].open()
			if n.Lines[i].gap() == 0 {
				require.Zero(h.rt, n.Lines[i].open())
			}
		}
	}
	require.Equal(h.rt, fmt.Sprintf("goods_received %s", gbp(-owed)), h.balances(h.rt, grni))
	for _, o := range h.orders {
		for _, l := range h.reread(h.rt, o).Lines {
			require.True(h.rt, l.Quantity-l.Cancelled >= l.Received && l.Received >= l.Billed && l.Received >= l.Returned && l.Billed >= l.Credited &&
				l.Returned >= l.Credited, "%+v", l)
		}
	}
}

func (h *history) order() error {
	in := NewOrder{Reference: h.reference(), PartyID: h.leaf, Date: newYear}
	for range rapid.IntRange(1, 3).Draw(h.rt, "lines") {
		l := NewOrderLine{ProductID: h.tea, Quantity: h.quantity(20), UnitPrice: dec(h.price())}
		switch rapid.IntRange(0, 4).Draw(h.rt, "product") {
		case 0:
			l.ProductID = h.cup
		case 1:
			l.ProductID, l.Account = h.repair, accounting.ByCode("6900")
		}
		in.Lines = append(in.Lines, l)
	}
	out, err := h.buying.Order(h.ctx, []NewOrder{in})
	h.orders = append(h.orders, out...)
	return err
}

func (h *history) anOrder() Order { return rapid.SampledFrom(h.orders).Draw(h.rt, "order") }

// lines are some of a document's, with quantities that sometimes are too large.
func (h *history) lines(n int) []NewNoteLine {
	var out []NewNoteLine
	for range rapid.IntRange(1, 2).Draw(h.rt, "lines") {
		out = append(out, NewNoteLine{LineNo: rapid.Int64Range(1, int64(n)).Draw(h.rt, "line"), Quantity: h.quantity(9)})
	}
	return out
}

func (h *history) receive() error {
	o := h.anOrder()
	in := NewReceipt{Reference: h.reference(), OrderID: o.ID, Date: newYear, Lines: h.lines(len(o.Lines))}
	out, err := h.buying.Receive(h.ctx, []NewReceipt{in, in}) // the second is a retry
	if err == nil {
		require.True(h.rt, out[1].Replayed)
		h.receipts = append(h.receipts, out[0])
	}
	return err
}

func (h *history) giveBack() error {
	if len(h.receipts) == 0 {
		return nil
	}
	r := rapid.SampledFrom(h.receipts).Draw(h.rt, "receipt")
	in := NewReturn{Reference: h.reference(), ReceiptID: r.ID, Date: newYear, Lines: h.lines(len(r.Lines))}
	_, err := h.buying.Return(h.ctx, []NewReturn{in, in})
	return err
}

func (h *history) cancel() error {
	_, err := h.buying.Cancel(h.ctx, []NewCancellation{{Reference: h.reference(), OrderID: h.anOrder().ID, Date: newYear}})
	return err
}

// billLines are for some lines of an order at prices of the vendor's own.
func (h *history) billLines() []NewBillLine {
	o := h.anOrder()
	var out []NewBillLine
	for _, l := range h.lines(len(o.Lines)) {
		out = append(out, billed(o, l.LineNo, l.Quantity.String(), h.price()))
	}
	if rapid.IntRange(0, 3).Draw(h.rt, "carriage") == 0 {
		out = append(out, NewBillLine{Description: "Carriage", Account: accounting.ByCode("6900"), Net: gbp(99), TaxCode: "S20"})
	}
	return out
}

func (h *history) bill() error {
	in := NewBill{Reference: h.reference(), Date: newYear, Lines: h.billLines()}
	_, err := h.buying.Bill(h.ctx, []NewBill{in, in})
	return err
}

func (h *history) credit() error {
	in := NewCredit{Reference: h.reference(), Date: newYear, Lines: h.billLines()}
	_, err := h.buying.Credit(h.ctx, []NewCredit{in, in})
	return err
}

func (h *history) sell() error {
	_, err := h.stock.Issue(h.ctx, []inventory.NewDocument{{Date: newYear, BelowZero: rapid.IntRange(0, 3).Draw(h.rt, "below zero") == 0,
		Lines: []inventory.NewMove{{ProductID: h.tea, Quantity: h.quantity(9)}}}})
	return err
}

// settle bills and credits all that waits; then the account is clear.
func (h *history) settle() {
	var bills, credits []NewBillLine
	for _, o := range h.orders {
		waits := map[int64]money.Quantity{}
		returned := map[int64]money.Quantity{}
		for _, r := range h.receipts {
			n, err := h.buying.GetNote(h.ctx, r.ID)
			require.NoError(h.rt, err)
			for i := range n.Lines {
				if n.OrderID == o.ID && n.Lines[i].gap() > 0 {
					waits[n.Lines[i].OrderLineNo] += n.Lines[i].gap()
				} else if n.OrderID == o.ID {
					returned[n.Lines[i].OrderLineNo] -= n.Lines[i].gap()
				}
			}
		}
		for _, l := range o.Lines {
			if waits[l.LineNo] > 0 {
				bills = append(bills, billed(o, l.LineNo, waits[l.LineNo].String(), h.price()))
			}
			if returned[l.LineNo] > 0 {
				credits = append(credits, billed(o, l.LineNo, returned[l.LineNo].String(), h.price()))
			}
		}
	}
	if len(bills) > 0 {
		h.shop.bill(h.rt, NewBill{Reference: h.reference(), Date: newYear, Lines: bills})
	}
	if len(credits) > 0 {
		h.shop.credit(h.rt, NewCredit{Reference: h.reference(), Date: newYear, Lines: credits})
	}
	h.hold()
	require.Equal(h.rt, "goods_received 0.00", h.balances(h.rt, grni))
	for _, o := range h.orders {
		require.NotEqual(h.rt, OrderReceived, h.reread(h.rt, o).State)
	}
}
