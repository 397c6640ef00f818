package sales

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

// TestLaws sells and takes back at random: all checks of all domains hold after every step, never more is credited than was
// sold, revenue and receivables are what a child would add up, and a refused act changes nothing.
func TestLaws(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		for _, method := range []inventory.Method{inventory.Average, inventory.FIFO} {
			t.Run(string(method), func(t *testing.T) {
				laws.Check(t, 4, func(rt *rapid.T) {
					h := &history{t: rt, shop: openShop(t, env, method), left: map[string][]money.Quantity{}}
					for range rapid.IntRange(2, 10).Draw(rt, "steps") {
						h.step()
					}
				})
			})
		}
	})
}

type history struct {
	t       *rapid.T
	shop    *shop
	next    int
	sales   []string
	left    map[string][]money.Quantity // of each line of a sale, not yet credited
	revenue int64
	cash    int64
	booked  []Document
}

func (h *history) step() {
	before := h.shop.state(h.t)
	var batch []Document
	var revenue, cash int64
	for range rapid.IntRange(1, 3).Draw(h.t, "documents") {
		d, total, paid := h.sale()
		if len(h.sales) > 0 && rapid.Bool().Draw(h.t, "credit") {
			d, total, paid = h.credit()
		}
		batch, revenue = append(batch, d), revenue+total
		if paid {
			cash += total
		}
	}
	if len(h.booked) > 0 && rapid.Bool().Draw(h.t, "replay") {
		batch = append(batch, rapid.SampledFrom(h.booked).Draw(h.t, "replayed"))
	}
	booked, err := h.shop.sales.Book(h.shop.ctx, batch)
	if err != nil {
		require.Contains(h.t, []fault.Code{inventory.ErrInsufficientStock.Code, ErrOverCredited.Code, accounting.ErrOverCredited.Code}, fault.CodeOf(err), "%v", err)
		require.Equal(h.t, before, h.shop.state(h.t), "a refused act changes nothing")
		return
	}
	for i, sale := range booked {
		if sale.Replayed {
			continue
		}
		h.booked = append(h.booked, batch[i])
		h.count(sale)
	}
	h.revenue += revenue
	h.cash += cash
	amount := func(minor int64) money.Amount { return money.Of(minor, "GBP") }
	require.Equal(h.t, fmt.Sprintf("sales %s, cash %s, receivable %s", amount(-h.revenue), amount(h.cash), amount(h.revenue-h.cash)),
		h.shop.balances(h.t, revenueRole, till, receivable))
	h.shop.verify(h.t)
}

const revenueRole = accounting.RoleSales

// count notes what can still be taken back of a sale, and what a credit took.
func (h *history) count(sale Sale) {
	if sale.Kind == KindSale {
		h.sales = append(h.sales, sale.Reference)
		for _, l := range sale.Lines {
			h.left[sale.Reference] = append(h.left[sale.Reference], l.Quantity)
		}
		return
	}
	for _, d := range h.booked {
		if c, ok := d.(NewCredit); ok && c.Reference == sale.Reference {
			for _, l := range c.Lines {
				h.left[c.Sale][l.SaleLine-1] -= l.Quantity
				require.GreaterOrEqual(h.t, h.left[c.Sale][l.SaleLine-1], money.Quantity(0), "never more than was sold")
			}
		}
	}
}

func (h *history) reference() string {
	h.next++
	return fmt.Sprint("D-", h.next)
}

// sale is a random sale with what it comes to, and whether it is paid at once.
func (h *history) sale() (document Document, total int64, paid bool) {
	in := NewSale{Reference: h.reference(), Date: newYear}
	if paid = rapid.Bool().Draw(h.t, "paid"); paid {
		in.SettledBy = cash()
	} else {
		in.PartyID = rapid.SampledFrom([]uuid.UUID{h.shop.anna, h.shop.ben}).Draw(h.t, "customer")
	}
	for range rapid.IntRange(1, 3).Draw(h.t, "lines") {
		product := rapid.SampledFrom([]uuid.UUID{h.shop.tea, h.shop.cup, h.shop.postage}).Draw(h.t, "product")
		units := rapid.Int64Range(1, 40).Draw(h.t, "units")
		l := line(product, fmt.Sprint(units), "2.5")
		total += units * 250
		if rapid.IntRange(0, 4).Draw(h.t, "gift") == 0 {
			l.UnitPrice, l.Giveaway = dec("0"), true
			total -= units * 250
		}
		in.Lines = append(in.Lines, l)
	}
	return in, total, paid
}

// credit takes something back of a known sale at half its price, sometimes too much.
func (h *history) credit() (document Document, total int64, paid bool) {
	in := NewCredit{Reference: h.reference(), Sale: rapid.SampledFrom(h.sales).Draw(h.t, "sale"), Date: newYear, RefundedBy: cash()}
	for i := range h.left[in.Sale] {
		units := rapid.Int64Range(0, 15).Draw(h.t, "units back")
		if units == 0 {
			continue
		}
		l := back(int64(i)+1, fmt.Sprint(units), "1")
		l.Restock = rapid.Bool().Draw(h.t, "restock")
		in.Lines = append(in.Lines, l)
		total -= units * 100
	}
	if len(in.Lines) == 0 {
		return h.sale()
	}
	return in, total, true
}
