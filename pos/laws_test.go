package pos

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/laws"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// TestLaws runs two tills at random, in a currency whose cash is rounded: all checks of all domains hold after every step; what a
// drawer should hold is what a child would add up, float + in - out + tendered - change - refunds; never more comes back than was
// sold; the ledger has what was counted; and a refused act changes nothing.
func TestLaws(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		for _, method := range []inventory.Method{inventory.Average, inventory.FIFO} {
			t.Run(string(method), func(t *testing.T) {
				laws.Check(t, 3, func(rt *rapid.T) {
					s := openShop(t, env, "CHF", method)
					h := &history{t: rt, shop: s, tills: []*drawn{{register: s.till, session: s.session, cash: 10000}}, left: map[lineKey]money.Quantity{}}
					h.tills = append(h.tills, h.reopen(s.register(rt, "T2"), 0, true))
					for range rapid.IntRange(5, 12).Draw(rt, "steps") {
						h.step()
					}
					for _, till := range h.tills {
						h.close(till)
					}
					s.verify(rt)
				})
			})
		}
	})
}

// drawn is a till as a child would keep it.
type drawn struct {
	register Register
	session  Session
	cash     int64 // in the drawer
}

type history struct {
	t      *rapid.T
	shop   *shop
	tills  []*drawn
	sold   []Ticket
	left   map[lineKey]money.Quantity // of each line sold, not yet back
	booked int64                      // on the cash account, by all that was closed
}

// step does something at one of the tills, and looks at everything afterwards.
func (h *history) step() {
	before := h.shop.state(h.t)
	till := rapid.SampledFrom(h.tills).Draw(h.t, "till")
	h.shop.session = till.session
	act := rapid.SampledFrom([]func(*drawn) error{h.sell, h.refund, h.sell, h.void, h.closing, h.refund, h.move, h.receive}).Draw(h.t, "act")
	if len(h.sold) == 0 {
		act = h.sell
	}
	if err := act(till); err != nil {
		require.Contains(h.t, []fault.Code{ErrUnderpaid.Code, ErrOverpaid.Code, ErrNegativeTotal.Code, ErrOverRefunded.Code, ErrNotVoidable.Code}, fault.CodeOf(err), "%v", err)
		require.Equal(h.t, before, h.shop.state(h.t), "a refused act changes nothing")
	}
	detail, err := h.shop.pos.GetSession(h.shop.ctx, till.session.ID)
	require.NoError(h.t, err)
	require.Equal(h.t, till.cash, detail.Totals.Expected.Minor, "what the drawer should hold")
	h.shop.verify(h.t)
}

// take counts what tickets put into the drawer: what was handed over less the change, or what was given back.
func (h *history) take(till *drawn, tickets []Ticket) {
	for _, t := range tickets {
		var paid int64
		for _, p := range t.Payments {
			paid += p.Amount.Minor
			if p.Method != Cash {
				continue
			}
			change := t.Change()
			require.Zero(h.t, p.Amount.Minor%5, "coins end in five")
			till.cash += t.Kind.sign() * (p.TenderedMinor - change.Minor)
		}
		require.Equal(h.t, t.Gross.Minor+t.Rounding.Minor, paid, "what is paid is the total and its rounding")
		for _, l := range t.Lines {
			if t.Kind == KindSale {
				h.left[lineKey{t.ID, l.LineNo}] = l.Quantity
				continue
			}
			at := lineKey{l.OriginTicketID, l.OriginLineNo}
			h.left[at] -= l.Quantity
			require.GreaterOrEqual(h.t, h.left[at], money.Quantity(0), "never more than was sold")
		}
		if t.Kind == KindSale {
			h.sold = append(h.sold, t)
		}
	}
}

func (h *history) sell(till *drawn) error {
	var in []NewTicket
	for range rapid.IntRange(1, 2).Draw(h.t, "tickets") {
		ticket := h.shop.ticket(h.shop.cash("0.00"))
		ticket.TaxIncluded = rapid.Bool().Draw(h.t, "tax included")
		for range rapid.IntRange(1, 3).Draw(h.t, "lines") {
			product := rapid.SampledFrom([]uuid.UUID{h.shop.tea, h.shop.cup, h.shop.wrapping}).Draw(h.t, "product")
			l := line(product, fmt.Sprint(rapid.IntRange(1, 60).Draw(h.t, "units")), fmt.Sprintf("%d.%02d", rapid.IntRange(0, 9).Draw(h.t, "francs"), rapid.IntRange(1, 99).Draw(h.t, "rappen")))
			if len(ticket.Lines) > 0 && rapid.IntRange(0, 3).Draw(h.t, "discount") == 0 {
				l.Quantity, l.UnitPrice = qty("1"), l.UnitPrice.Neg()
			}
			if rapid.Bool().Draw(h.t, "no tax") {
				l.TaxCode = ""
			}
			ticket.Lines = append(ticket.Lines, l)
		}
		ticket.Payments = nil
		if rapid.Bool().Draw(h.t, "card") {
			ticket.Payments = append(ticket.Payments, h.shop.card(h.shop.amountOf(rapid.Int64Range(1, 3000).Draw(h.t, "charged"))))
		}
		notes := rapid.SampledFrom([]int64{1000000, 500000, 1000000, 1000}).Draw(h.t, "notes")
		ticket.Payments = append(ticket.Payments, h.shop.cash(h.shop.amountOf(notes)))
		in = append(in, ticket)
	}
	out, err := h.shop.pos.Sell(h.shop.ctx, in)
	h.take(till, out)
	return err
}

func (h *history) refund(till *drawn) error {
	sold := rapid.SampledFrom(h.sold).Draw(h.t, "sold")
	in := h.shop.refund(sold.ID)
	for _, l := range sold.Lines {
		part := rapid.Int64Range(0, 2).Draw(h.t, "quarters") * int64(l.Quantity) / 4
		if rapid.IntRange(0, 9).Draw(h.t, "greedy") == 0 {
			part++
		}
		if part > 0 {
			in.Lines = append(in.Lines, NewRefundLine{TicketLine: l.LineNo, Quantity: money.Quantity(part), Restock: rapid.Bool().Draw(h.t, "restock")})
		}
	}
	if len(in.Lines) == 0 {
		return nil
	}
	if rapid.Bool().Draw(h.t, "to a card") {
		in.Payments = []NewPayment{{Method: Card}}
		if rapid.Bool().Draw(h.t, "in part") {
			in.Payments = []NewPayment{h.shop.card("0.37"), {Method: Cash}}
		}
	}
	out, err := h.shop.pos.Refund(h.shop.ctx, []NewRefund{in})
	if fault.CodeOf(err) == ErrBadInput.Code { // nothing is left for the card
		require.ErrorContains(h.t, err, "too small")
		return nil
	}
	h.take(till, out)
	return err
}

func (h *history) void(till *drawn) error {
	out, err := h.shop.pos.Void(h.shop.ctx, []NewVoid{h.shop.void(rapid.SampledFrom(h.sold).Draw(h.t, "voided").ID)})
	h.take(till, out)
	return err
}

func (h *history) move(till *drawn) error {
	direction := rapid.SampledFrom([]CashDirection{CashIn, CashOut}).Draw(h.t, "direction")
	minor := rapid.Int64Range(1, 2000).Draw(h.t, "moved") * 5
	_, err := h.shop.pos.MoveCash(h.shop.ctx, []NewCashMove{h.shop.move(direction, h.shop.amountOf(minor))})
	require.NoError(h.t, err)
	if direction == CashOut {
		minor = -minor
	}
	till.cash += minor
	return nil
}

func (h *history) receive(*drawn) error {
	h.shop.receive(h.t, rapid.SampledFrom([]uuid.UUID{h.shop.tea, h.shop.cup}).Draw(h.t, "received"), "40", rapid.SampledFrom([]string{"1.00", "1.37", "2.99"}).Draw(h.t, "cost"))
	return nil
}

// closing counts a drawer, closes it, and opens the till again.
func (h *history) closing(till *drawn) error {
	left := h.close(till)
	*till = *h.reopen(till.register, left, false)
	return nil
}

// close closes a till with a count that may be off, and looks at the cash account.
func (h *history) close(till *drawn) (counted int64) {
	counted = max(0, till.cash+rapid.Int64Range(-20, 20).Draw(h.t, "miscounted"))
	c, err := h.shop.pos.CloseSession(h.shop.ctx, Close{SessionID: till.session.ID, Counted: money.Of(counted, "CHF")})
	require.NoError(h.t, err)
	require.Equal(h.t, counted-till.cash, c.OverShort.Minor)
	h.booked += counted - till.session.Left.Minor
	require.Equal(h.t, "cash "+h.shop.amountOf(h.booked), h.shop.balances(h.t, accounting.RoleCash))
	return counted
}

// reopen opens a till with what was left in it, or something else.
func (h *history) reopen(r Register, left int64, first bool) *drawn {
	float := max(0, left+rapid.Int64Range(-10, 10).Draw(h.t, "overnight"))
	session := h.shop.open(h.t, r, h.shop.amountOf(float))
	if !first {
		require.Equal(h.t, left, session.Left.Minor)
	}
	return &drawn{register: r, session: session, cash: float}
}
