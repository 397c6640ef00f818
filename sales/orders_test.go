package sales

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
)

var later = date.Must("2099-12-31")

// quotation is an offer to Anna.
func (s *shop) quotation(reference string, lines ...NewLine) NewQuotation {
	return NewQuotation{Reference: reference, PartyID: s.anna, Date: newYear, ValidUntil: later, Lines: lines}
}

// newOrder is an order of Anna's.
func (s *shop) newOrder(reference string, lines ...NewLine) NewOrder {
	return NewOrder{Reference: reference, PartyID: s.anna, Date: newYear, Lines: lines}
}

func (s *shop) quote(t require.TestingT, quotations ...NewQuotation) []Quotation {
	out, err := s.sales.Quote(s.ctx, quotations)
	require.NoError(t, err)
	return out
}

func (s *shop) order(t require.TestingT, orders ...NewOrder) []Order {
	out, err := s.sales.Order(s.ctx, orders)
	require.NoError(t, err)
	return out
}

func (s *shop) accept(t require.TestingT, quotation, reference string) Order {
	out, err := s.sales.Accept(s.ctx, []Acceptance{{Quotation: quotation, Reference: reference, Date: newYear}})
	require.NoError(t, err)
	return out[0]
}

func parts(pairs ...any) []OrderPart {
	var out []OrderPart
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, OrderPart{Line: int64(pairs[i].(int)), Quantity: qty(pairs[i+1].(string))})
	}
	return out
}

func (s *shop) deliver(order, reference string, lines ...OrderPart) (Fulfilment, error) {
	return only(s.sales.Deliver(s.ctx, []NewDelivery{{Reference: reference, Order: order, Date: newYear, Lines: lines}}))
}

func (s *shop) invoice(order, reference string, lines ...OrderPart) (Fulfilment, error) {
	return only(s.sales.Invoice(s.ctx, []NewOrderInvoice{{Reference: reference, Order: order, Date: newYear, Lines: lines}}))
}

func (s *shop) cancel(order, reference string, lines ...OrderPart) (Fulfilment, error) {
	return only(s.sales.Cancel(s.ctx, []NewCancellation{{Reference: reference, Order: order, Date: newYear, Lines: lines}}))
}

func (s *shop) takeBack(delivery, reference string, lines ...OrderPart) (Fulfilment, error) {
	return only(s.sales.Return(s.ctx, []NewReturn{{Reference: reference, Delivery: delivery, Date: newYear, Lines: lines}}))
}

func (s *shop) credit(invoice, reference string, lines ...OrderPart) (Fulfilment, error) {
	return only(s.sales.CreditInvoice(s.ctx, []NewInvoiceCredit{{Reference: reference, Invoice: invoice, Date: newYear, Lines: creditParts(lines)}}))
}

// only is the one answer of an act on one input.
func only[T any](all []T, err error) (one T, _ error) {
	if len(all) == 1 {
		one = all[0]
	}
	return one, err
}

// done takes the answer of an act that must succeed.
func done[T any](t require.TestingT) func(T, error) T {
	return func(out T, err error) T {
		require.NoError(t, err)
		return out
	}
}

func (s *shop) orderNow(t require.TestingT, reference string) Order {
	found, err := s.sales.OrdersByReference(s.ctx, []string{reference})
	require.NoError(t, err)
	require.Contains(t, found, reference)
	return found[reference]
}

// TestQuotationToPaid is the whole way: offered, accepted, delivered and charged in parts, cancelled in part, paid.
func TestQuotationToPaid(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		fee := NewLine{Description: "Engraving", Quantity: qty("1"), UnitPrice: dec("5"), Account: accounting.ByRole(accounting.RoleFees)}
		quoted := s.quote(t, s.quotation("Q-1", line(s.tea, "10", "4.50"), line(s.postage, "1", "2.95"), fee))[0]
		assert.Equal(t, "QUO-2026-00001", quoted.Number)
		assert.Equal(t, money.Of(5295, "GBP"), quoted.Net)
		assert.Equal(t, QuotationOpen, quoted.State)

		order := s.accept(t, "Q-1", "O-1")
		assert.Equal(t, quoted.ID, order.QuotationID)
		assert.Equal(t, quoted.Net, order.Net)
		assert.Equal(t, "Earl Grey", order.Lines[0].Description)
		assert.Equal(t, "Engraving", order.Lines[2].Description)
		assert.Equal(t, "receivable 0.00, sales 0.00, stock 400.00", s.balances(t, receivable, revenue, inStock), "an order books nothing")

		do := done[Fulfilment](t)
		delivered := do(s.deliver("O-1", "D-1", parts(1, "4")...))
		assert.NotEqual(t, uuid.Nil, delivered.StockDocumentID)
		invoiced := do(s.invoice("O-1", "I-1", parts(1, "4", 2, "1", 3, "1")...))
		assert.Equal(t, "INV-2026-00001", invoiced.Invoice.Number)
		assert.Equal(t, money.Of(2595, "GBP"), invoiced.Invoice.Gross)
		do(s.deliver("O-1", "D-2", parts(1, "3")...))
		do(s.cancel("O-1", "X-1", parts(1, "3")...))
		assert.Equal(t, OrderOpen, s.orderNow(t, "O-1").State)
		last := do(s.invoice("O-1", "I-2")) // all that can still be charged
		assert.Equal(t, money.Of(1350, "GBP"), last.Invoice.Gross)
		closed := s.orderNow(t, "O-1")
		assert.Equal(t, OrderClosed, closed.State)
		assert.Equal(t, "receivable 39.45, sales -34.45, fees -5.00, cost_of_goods_sold 7.00, stock 393.00",
			s.balances(t, receivable, revenue, accounting.RoleFees, cogs, inStock))

		detail, err := s.books.GetInvoice(s.ctx, invoiced.InvoiceID)
		require.NoError(t, err)
		assert.Equal(t, []string{"Earl Grey", "Postage", "Engraving"}, detail.Descriptions)
		_, err = s.books.Pay(s.ctx, []accounting.NewPayment{{Reference: "P-1", PartyID: s.anna, Direction: accounting.MoneyIn, Date: newYear, Amount: money.Of(3945, "GBP"),
			Allocate: []accounting.PaymentAllocation{{InvoiceID: invoiced.InvoiceID, Amount: invoiced.Invoice.Gross}, {InvoiceID: last.InvoiceID, Amount: last.Invoice.Gross}}}})
		require.NoError(t, err)
		assert.Equal(t, "receivable 0.00", s.balances(t, receivable))
		s.verify(t)
	})
}

// Goods come back and are credited, in either order; what was credited without need is charged again.
func TestReturnsAndCredits(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		do := done[Fulfilment](t)
		gift := line(s.cup, "1", "0")
		gift.Giveaway = true
		s.order(t, s.newOrder("O-1", line(s.tea, "5", "4.50"), line(s.postage, "1", "3"), gift))
		do(s.deliver("O-1", "D-1"))
		do(s.invoice("O-1", "I-1"))
		assert.Equal(t, OrderClosed, s.orderNow(t, "O-1").State)
		s.receive(t, s.tea, "100", "9.00") // the average is another now

		back := do(s.takeBack("D-1", "R-1", parts(1, "2")...))
		assert.Equal(t, "cost_of_goods_sold 3.00, marketing 3.00", s.balances(t, cogs, marketing), "at the cost it left at")
		assert.Equal(t, OrderOpen, s.orderNow(t, "O-1").State, "a credit is due")
		note := do(s.credit("I-1", "C-1", parts(1, "2")...))
		assert.Equal(t, "CN-2026-00001", note.Invoice.Number)
		assert.Equal(t, money.Of(900, "GBP"), note.Invoice.Gross)
		assert.Equal(t, OrderClosed, s.orderNow(t, "O-1").State)

		do(s.credit("I-1", "C-2", parts(2, "1")...))
		assert.Equal(t, OrderOpen, s.orderNow(t, "O-1").State, "the postage is not charged")
		do(s.invoice("O-1", "I-2"))
		assert.Equal(t, OrderClosed, s.orderNow(t, "O-1").State)
		do(s.takeBack("D-1", "R-2", parts(3, "1")...))
		assert.Equal(t, "cost_of_goods_sold 3.00, marketing 0.00", s.balances(t, cogs, marketing), "to where its cost went")

		before := s.state(t)
		_, err := s.takeBack("D-1", "R-3", parts(1, "4")...)
		require.ErrorIs(t, err, ErrOverReturned)
		_, err = s.credit("I-1", "C-3", parts(2, "1")...)
		require.ErrorIs(t, err, ErrOverCredited)
		_, err = s.credit("I-2", "C-3", parts(1, "1")...)
		require.ErrorIs(t, err, ErrOverCredited, "line 1 is not on that invoice")
		_, err = s.takeBack("I-1", "R-3")
		require.ErrorIs(t, err, ErrUnknownFulfilment)
		_, err = s.credit("D-1", "C-3")
		require.ErrorIs(t, err, ErrUnknownFulfilment)
		assert.Equal(t, before, s.state(t))

		list, err := s.sales.ListFulfilments(s.ctx, back.OrderID, tenancy.PageRequest{})
		require.NoError(t, err)
		kinds := ""
		for _, f := range list.Items {
			kinds += string(f.Kind) + " "
		}
		assert.Equal(t, "delivery invoice return credit credit invoice return ", kinds)
		got, err := s.sales.GetFulfilment(s.ctx, note.ID)
		require.NoError(t, err)
		assert.Equal(t, note, got)
		s.verify(t)
	})
}

// Charged before delivery, then given up: credited first.
func TestPaidInAdvanceAndCancelled(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		do := done[Fulfilment](t)
		s.order(t, s.newOrder("O-1", line(s.tea, "5", "4.50")))
		do(s.invoice("O-1", "I-1"))
		_, err := s.cancel("O-1", "X-1")
		require.ErrorIs(t, err, ErrNothingLeft)
		_, err = s.cancel("O-1", "X-1", parts(1, "1")...)
		require.ErrorIs(t, err, ErrOverCancelled)
		do(s.credit("I-1", "C-1"))
		_, err = only(s.sales.Cancel(s.ctx, []NewCancellation{{Reference: "X-1", Order: "O-1", Date: newYear, Reason: "Changed her mind"}}))
		require.NoError(t, err)
		assert.Equal(t, OrderCancelled, s.orderNow(t, "O-1").State)
		assert.Equal(t, "receivable 0.00, sales 0.00, stock 400.00", s.balances(t, receivable, revenue, inStock))
		s.verify(t)
	})
}

func TestOrderReplays(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		q, o := s.quotation("Q-1", line(s.tea, "5", "4.5")), s.newOrder("O-2", line(s.cup, "2", "7"))
		first := s.quote(t, q)[0]
		accepted := s.accept(t, "Q-1", "O-1")
		s.order(t, o)
		do := done[Fulfilment](t)
		delivered, invoiced := do(s.deliver("O-1", "D-1")), do(s.invoice("O-1", "I-1"))
		before := s.state(t)

		q.Note, q.Lines[0].Description, q.Lines[0].UnitPrice = "other words", "another name", dec("4.500")
		again := s.quote(t, q, q)
		for _, r := range again {
			assert.True(t, r.Replayed)
			assert.Equal(t, QuotationAccepted, r.State, "as it is now")
			assert.Equal(t, first.Number, r.Number)
			assert.Equal(t, first.Lines, r.Lines)
		}
		replayed := s.accept(t, "Q-1", "O-1")
		assert.True(t, replayed.Replayed)
		assert.Equal(t, accepted.ID, replayed.ID)
		assert.Equal(t, qty("5"), replayed.Lines[0].Delivered, "as it is now")
		assert.True(t, s.order(t, o)[0].Replayed)
		for _, pair := range [][2]Fulfilment{{delivered, do(s.deliver("O-1", "D-1"))}, {invoiced, do(s.invoice("O-1", "I-1"))}} {
			assert.True(t, pair[1].Replayed)
			pair[1].Replayed = false
			assert.Equal(t, pair[0], pair[1])
		}
		assert.Equal(t, before, s.state(t))

		q.ValidUntil = later.AddDays(-1)
		_, err := s.sales.Quote(s.ctx, []NewQuotation{q})
		require.ErrorIs(t, err, ErrReferenceTaken)
		o.Lines[0].Quantity = qty("3")
		_, err = s.sales.Order(s.ctx, []NewOrder{o})
		require.ErrorIs(t, err, ErrReferenceTaken)
		_, err = s.sales.Accept(s.ctx, []Acceptance{{Quotation: "Q-1", Reference: "O-2", Date: newYear}})
		require.ErrorIs(t, err, ErrReferenceTaken)
		_, err = s.sales.Accept(s.ctx, []Acceptance{{Quotation: "Q-1", Reference: "O-3", Date: newYear}})
		require.ErrorIs(t, err, ErrWrongState)
		_, err = s.deliver("O-1", "I-1")
		require.ErrorIs(t, err, ErrReferenceTaken, "one reference, one fulfilment")
		s.sell(t, s.onAccount("S-1", line(s.cup, "1", "7")))
		before = s.state(t)
		_, err = s.deliver("O-2", "S-1", parts(1, "1")...)
		require.ErrorIs(t, err, ErrReferenceTaken, "a sale has it")
		_, err = s.invoice("O-2", "S-1")
		require.ErrorIs(t, err, ErrReferenceTaken, "a sale has it")
		assert.Equal(t, before, s.state(t))
		s.verify(t)
	})
}

// TestOrderRefusals: whatever is refused says why, and changes nothing.
func TestOrderRefusals(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.quote(t, s.quotation("Q-1", line(s.tea, "5", "4.5")))
		s.order(t, s.newOrder("O-1", line(s.tea, "5", "4.5"), line(s.postage, "1", "3")))
		s.order(t, s.newOrder("O-2", line(s.tea, "500", "4.5")))
		do := done[Fulfilment](t)
		do(s.deliver("O-1", "D-1", parts(1, "1")...))
		quote := func(change func(*NewQuotation)) func() error {
			return func() error {
				in := s.quotation("X", line(s.tea, "1", "4.5"))
				change(&in)
				_, err := s.sales.Quote(s.ctx, []NewQuotation{s.quotation("GOOD", line(s.tea, "1", "4.5")), in})
				return err
			}
		}
		order := func(change func(*NewOrder)) func() error {
			return func() error {
				in := s.newOrder("X", line(s.tea, "1", "4.5"))
				change(&in)
				_, err := s.sales.Order(s.ctx, []NewOrder{s.newOrder("GOOD", line(s.tea, "1", "4.5")), in})
				return err
			}
		}
		accept := func(change func(*Acceptance)) func() error {
			return func() error {
				in := Acceptance{Quotation: "Q-1", Reference: "X", Date: newYear}
				change(&in)
				_, err := s.sales.Accept(s.ctx, []Acceptance{in})
				return err
			}
		}
		deliver := func(order string, lines ...OrderPart) func() error {
			return func() error {
				_, err := s.sales.Deliver(s.ctx, []NewDelivery{{Reference: "GOOD", Order: "O-1", Date: newYear, Lines: parts(1, "1")},
					{Reference: "X", Order: order, Date: newYear, Lines: lines}})
				return err
			}
		}
		invoice := func(change func(*NewOrderInvoice)) func() error {
			return func() error {
				in := NewOrderInvoice{Reference: "X", Order: "O-1", Date: newYear, Lines: parts(1, "1")}
				change(&in)
				_, err := s.sales.Invoice(s.ctx, []NewOrderInvoice{in})
				return err
			}
		}
		cases := map[string]struct {
			act  func() error
			want error
		}{
			"nobody to offer to":    {quote(func(in *NewQuotation) { in.PartyID = uuid.Nil }), ErrBadInput},
			"unknown customer":      {quote(func(in *NewQuotation) { in.PartyID = uuid.UUID{9} }), accounting.ErrUnknownParty},
			"no last day":           {quote(func(in *NewQuotation) { in.ValidUntil = date.Date{} }), ErrBadInput},
			"over before it begins": {quote(func(in *NewQuotation) { in.ValidUntil = newYear.AddDays(-1) }), ErrBadInput},
			"unknown product":       {quote(func(in *NewQuotation) { in.Lines[0].ProductID = uuid.UUID{9} }), ErrUnknownProduct},
			"unknown tax":           {quote(func(in *NewQuotation) { in.Lines[0].TaxCode = "NOPE" }), accounting.ErrUnknownTax},
			"unknown account":       {quote(func(in *NewQuotation) { in.Lines[0].Account = accounting.ByCode("nope") }), accounting.ErrUnknownAccount},
			"below zero":            {quote(func(in *NewQuotation) { in.Lines[0].UnitPrice = dec("-1") }), accounting.ErrNegativeTotal},
			"too much money":        {quote(func(in *NewQuotation) { in.Lines[0].UnitPrice = dec("1e14") }), accounting.ErrAmountLimit},
			"overflow":              {quote(func(in *NewQuotation) { in.Lines[0].UnitPrice = dec("1e19") }), accounting.ErrAmountLimit},
			"a price like an attack": {quote(func(in *NewQuotation) { in.Lines[0].UnitPrice = huge() }),
				ErrBadInput},
			"a gift with a price":    {quote(func(in *NewQuotation) { in.Lines[0].Giveaway = true }), ErrBadInput},
			"before the books":       {quote(func(in *NewQuotation) { in.Date = date.Must("2025-12-31") }), accounting.ErrNoPeriod},
			"no reference":           {quote(func(in *NewQuotation) { in.Reference = "" }), ErrBadInput},
			"another under the same": {quote(func(in *NewQuotation) { in.Reference, in.Lines[0].Quantity = "GOOD", qty("2") }), ErrReferenceTaken},

			"an order of nobody's":   {order(func(in *NewOrder) { in.PartyID = uuid.Nil }), ErrBadInput},
			"an order of no one":     {order(func(in *NewOrder) { in.PartyID = uuid.UUID{9} }), accounting.ErrUnknownParty},
			"an order of nothing":    {order(func(in *NewOrder) { in.Lines = nil }), ErrBadInput},
			"from nowhere":           {order(func(in *NewOrder) { in.WarehouseID = uuid.UUID{9} }), inventory.ErrUnknownWarehouse},
			"an order of an unknown": {order(func(in *NewOrder) { in.Lines[0].ProductID = uuid.UUID{9} }), ErrUnknownProduct},

			"no such quotation":         {accept(func(in *Acceptance) { in.Quotation = "Q-9" }), ErrUnknownQuotation},
			"accepted too late":         {accept(func(in *Acceptance) { in.Date = later.AddDays(1) }), ErrQuotationExpired},
			"accepted before it was":    {accept(func(in *Acceptance) { in.Date = newYear.AddDays(-1) }), ErrBadInput},
			"under an order's own name": {accept(func(in *Acceptance) { in.Reference = "O-1" }), ErrReferenceTaken},

			"no such order":           {deliver("O-9"), ErrUnknownOrder},
			"no such line":            {deliver("O-1", parts(3, "1")...), ErrUnknownOrder},
			"line zero":               {deliver("O-1", parts(0, "1")...), ErrBadInput},
			"a line twice":            {deliver("O-1", parts(1, "1", 1, "1")...), ErrBadInput},
			"a service delivered":     {deliver("O-1", parts(2, "1")...), ErrNotDeliverable},
			"more than was ordered":   {deliver("O-1", parts(1, "3.000001")...), ErrOverDelivered},
			"more than is there":      {deliver("O-2"), inventory.ErrInsufficientStock},
			"more charged than sold":  {invoice(func(in *NewOrderInvoice) { in.Lines = parts(1, "5.1") }), ErrOverInvoiced},
			"charged to no account":   {invoice(func(in *NewOrderInvoice) { in.SettledBy = accounting.ByCode("nope") }), accounting.ErrUnknownAccount},
			"charged before the year": {invoice(func(in *NewOrderInvoice) { in.Date = date.Must("2025-12-31") }), accounting.ErrNoPeriod},
			"cancelled too much":      {func() error { _, err := s.cancel("O-1", "X", parts(1, "4.1")...); return err }, ErrOverCancelled},
			"returned from nowhere":   {func() error { _, err := s.takeBack("D-9", "X"); return err }, ErrUnknownFulfilment},
			"returned twice": {func() error {
				_, err := s.sales.Return(s.ctx, []NewReturn{{Reference: "X", Delivery: "D-1", Date: newYear}, {Reference: "Y", Delivery: "D-1", Date: newYear}})
				return err
			}, ErrNothingLeft},
			"nothing to expire": {func() error { _, err := s.sales.ExpireQuotations(s.ctx, 0); return err }, ErrBadInput},
			"declined nothing":  {func() error { _, err := s.sales.Decline(s.ctx, []string{"Q-1", "Q-9"}); return err }, ErrUnknownQuotation},
		}
		before := s.state(t)
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				require.ErrorIs(t, c.act(), c.want)
				assert.Equal(t, before, s.state(t))
			})
		}
		s.verify(t)
	})
}

// Another tenant's records and records that do not exist give the same answer.
func TestAnotherTenantsOrders(t *testing.T) {
	eachShop(t, func(t *testing.T, a *shop) {
		b := openShop(t, a.env, inventory.Average)
		quoted := a.quote(t, a.quotation("Q-1", line(a.tea, "5", "4.5")))[0]
		ordered := a.order(t, a.newOrder("O-1", line(a.tea, "5", "4.5")))[0]
		delivered := done[Fulfilment](t)(a.deliver("O-1", "D-1"))
		before := a.state(t)
		for name, act := range map[string]func() error{
			"quotation":  func() error { _, err := b.sales.GetQuotation(b.ctx, quoted.ID); return err },
			"order":      func() error { _, err := b.sales.GetOrder(b.ctx, ordered.ID); return err },
			"fulfilment": func() error { _, err := b.sales.GetFulfilment(b.ctx, delivered.ID); return err },
			"accept": func() error {
				_, err := b.sales.Accept(b.ctx, []Acceptance{{Quotation: "Q-1", Reference: "X", Date: newYear}})
				return err
			},
			"decline": func() error { _, err := b.sales.Decline(b.ctx, []string{"Q-1"}); return err },
			"deliver": func() error { _, err := b.deliver("O-1", "X"); return err },
			"return":  func() error { _, err := b.takeBack("D-1", "X"); return err },
		} {
			require.ErrorIs(t, act(), fault.NotFound, name)
		}
		list, err := b.sales.ListFulfilments(b.ctx, ordered.ID, tenancy.PageRequest{})
		require.NoError(t, err)
		assert.Empty(t, list.Items)
		assert.Equal(t, before, a.state(t))
	})
}

// Many of anything cost as many statements as one, and so do their replays.
func TestOrderStatementsDoNotGrow(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "1000", "1")
		acts := map[string]func(n int) func() error{
			"quote": func(n int) func() error {
				var in []NewQuotation
				for range n {
					in = append(in, s.quotation(uuid.NewString(), line(s.tea, "1", "4.5"), line(s.postage, "1", "3")))
				}
				return func() error { _, err := s.sales.Quote(s.ctx, in); return err }
			},
			"order": func(n int) func() error {
				var in []NewOrder
				for range n {
					in = append(in, s.reserved(uuid.NewString(), line(s.tea, "1", "4.5"), line(s.postage, "1", "3")))
				}
				return func() error { _, err := s.sales.Order(s.ctx, in); return err }
			},
			"accept": func(n int) func() error {
				var in []Acceptance
				for range n {
					q := s.quote(t, s.quotation(uuid.NewString(), line(s.tea, "1", "4.5")))[0]
					in = append(in, Acceptance{Quotation: q.Reference, Reference: q.Reference, Date: newYear})
				}
				return func() error { _, err := s.sales.Accept(s.ctx, in); return err }
			},
			"decline": func(n int) func() error {
				var in []string
				for range n {
					in = append(in, s.quote(t, s.quotation(uuid.NewString(), line(s.tea, "1", "4.5")))[0].Reference)
				}
				return func() error { _, err := s.sales.Decline(s.ctx, in); return err }
			},
		}
		// What is done for orders, after what must be done before.
		fulfil := func(before func(order string), act func(orders []string) error) func(n int) func() error {
			return func(n int) func() error {
				var orders []string
				for range n {
					o := s.order(t, s.reserved(uuid.NewString(), line(s.tea, "2", "4.5"), line(s.postage, "1", "3")))[0].Reference
					before(o)
					orders = append(orders, o)
				}
				return func() error { return act(orders) }
			}
		}
		nothing := func(string) {}
		acts["deliver"] = fulfil(nothing, func(orders []string) error {
			var in []NewDelivery
			for _, o := range orders {
				in = append(in, NewDelivery{Reference: o + "-D", Order: o, Date: newYear, Lines: parts(1, "1")})
			}
			_, err := s.sales.Deliver(s.ctx, in)
			return err
		})
		acts["invoice"] = fulfil(nothing, func(orders []string) error {
			var in []NewOrderInvoice
			for _, o := range orders {
				in = append(in, NewOrderInvoice{Reference: o + "-I", Order: o, Date: newYear})
			}
			_, err := s.sales.Invoice(s.ctx, in)
			return err
		})
		acts["cancel"] = fulfil(nothing, func(orders []string) error {
			var in []NewCancellation
			for _, o := range orders {
				in = append(in, NewCancellation{Reference: o + "-X", Order: o, Date: newYear, Reason: "why not"})
			}
			_, err := s.sales.Cancel(s.ctx, in)
			return err
		})
		acts["return"] = fulfil(func(o string) { done[Fulfilment](t)(s.deliver(o, o+"-D")) }, func(orders []string) error {
			var in []NewReturn
			for _, o := range orders {
				in = append(in, NewReturn{Reference: o + "-R", Delivery: o + "-D", Date: newYear})
			}
			_, err := s.sales.Return(s.ctx, in)
			return err
		})
		acts["credit"] = fulfil(func(o string) { done[Fulfilment](t)(s.invoice(o, o+"-I")) }, func(orders []string) error {
			var in []NewInvoiceCredit
			for _, o := range orders {
				in = append(in, NewInvoiceCredit{Reference: o + "-C", Invoice: o + "-I", Date: newYear})
			}
			_, err := s.sales.CreditInvoice(s.ctx, in)
			return err
		})
		const many = 12
		for name, prepare := range acts {
			one, several := prepare(1), prepare(many)
			for _, what := range []string{"new", "replayed"} {
				assert.Equal(t, s.env.Count(t, func() { require.NoError(t, one(), name) }), s.env.Count(t, func() { require.NoError(t, several(), name) }), "%s, %s", name, what)
			}
		}
		s.verify(t)
	})
}

// Several parts of one order in one batch: each sees what those before it left, and a repetition is one.
func TestManyPartsInOneBatch(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.order(t, s.reserved("O-1", line(s.tea, "5", "4.50"), line(s.cup, "2", "7")), s.newOrder("O-2", line(s.tea, "1", "4.50")))
		delivery := func(reference, order string, lines ...OrderPart) NewDelivery {
			return NewDelivery{Reference: reference, Order: order, Date: newYear, Lines: lines}
		}
		made, err := s.sales.Deliver(s.ctx, []NewDelivery{delivery("D-1", "O-1", parts(1, "2")...), delivery("D-2", "O-2"), delivery("D-1", "O-1", parts(1, "2")...),
			delivery("D-3", "O-1")})
		require.NoError(t, err)
		assert.Equal(t, []bool{false, false, true, false}, []bool{made[0].Replayed, made[1].Replayed, made[2].Replayed, made[3].Replayed})
		assert.Equal(t, made[0].ID, made[2].ID)
		assert.Equal(t, []money.Quantity{qty("3"), qty("2")}, []money.Quantity{made[3].Lines[0].Quantity, made[3].Lines[1].Quantity}, "the rest")
		invoice := func(reference, order string, lines ...OrderPart) NewOrderInvoice {
			return NewOrderInvoice{Reference: reference, Order: order, Date: newYear, Lines: lines}
		}
		before := s.state(t)
		_, err = s.sales.Invoice(s.ctx, []NewOrderInvoice{invoice("I-1", "O-1"), invoice("I-2", "O-1", parts(1, "1")...)})
		require.ErrorIs(t, err, ErrWrongState, "the first closes the order")
		assert.Equal(t, before, s.state(t))
		_, err = s.sales.Invoice(s.ctx, []NewOrderInvoice{invoice("I-1", "O-1", parts(2, "2")...), invoice("I-2", "O-1"), invoice("I-3", "O-2")})
		require.NoError(t, err)
		assert.Equal(t, OrderClosed, s.orderNow(t, "O-1").State)
		_, err = s.sales.Return(s.ctx, []NewReturn{{Reference: "R-1", Delivery: "D-1", Date: newYear, Lines: parts(1, "1")}, {Reference: "R-2", Delivery: "D-3", Date: newYear},
			{Reference: "R-3", Delivery: "D-1", Date: newYear}})
		require.NoError(t, err)
		assert.Equal(t, "99", s.onHand(t, s.tea), "all of O-1's came back")
		s.verify(t)
	})
}

// Charged and paid at once, and refunded; a credit's last part can state its price, so that parts come to the whole.
func TestSettledOrders(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.order(t, s.newOrder("O-1", line(s.postage, "3", "0.335")))
		_, err := s.sales.Invoice(s.ctx, []NewOrderInvoice{{Reference: "I-1", Order: "O-1", Date: newYear, SettledBy: cash()}})
		require.NoError(t, err)
		assert.Equal(t, "cash 1.01, receivable 0.00, sales -1.01", s.balances(t, till, receivable, revenue))
		credit := func(reference, price string) error {
			_, err := s.sales.CreditInvoice(s.ctx, []NewInvoiceCredit{{Reference: reference, Invoice: "I-1", Date: newYear, RefundedBy: cash(),
				Lines: []CreditPart{{OrderPart: parts(1, "1")[0], UnitPrice: dec(price)}}}})
			return err
		}
		require.NoError(t, credit("C-1", "0"))
		require.NoError(t, credit("C-2", "0"))
		before := s.state(t)
		require.ErrorIs(t, credit("C-3", "0"), accounting.ErrOverCredited, "a third of 0.34 is more than was charged")
		require.ErrorIs(t, credit("C-3", "1e30"), ErrBadInput)
		assert.Equal(t, before, s.state(t))
		require.NoError(t, credit("C-3", "0.33"))
		assert.Equal(t, "cash 0.00, receivable 0.00, sales 0.00", s.balances(t, till, receivable, revenue))
		s.verify(t)
	})
}

// Each act needs its own permission and no other, and none stands for another.
func TestOrderPermissions(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		// with is the shop as one with these permissions sees it.
		with := func(perms ...tenancy.Permission) *shop {
			clerk := *s
			clerk.ctx = s.env.Enter(t, tenancy.ScopeOf(s.ctx).TenantID(), perms...)
			return &clerk
		}
		acts := []struct {
			perm tenancy.Permission
			do   func(s *shop) error
		}{
			{PermQuote, func(s *shop) error {
				_, err := s.sales.Quote(s.ctx, []NewQuotation{s.quotation("Q-1", line(s.tea, "3", "4.50"))})
				return err
			}},
			{PermOrder, func(s *shop) error {
				_, err := s.sales.Accept(s.ctx, []Acceptance{{Quotation: "Q-1", Reference: "O-1", Date: newYear, ReserveUntil: forLong}})
				return err
			}},
			{PermOrder, func(s *shop) error {
				_, err := s.sales.Order(s.ctx, []NewOrder{s.reserved("O-2", line(s.tea, "3", "4.50"))})
				return err
			}},
			{PermDeliver, func(s *shop) error { _, err := s.deliver("O-1", "D-1", parts(1, "2")...); return err }},
			{PermInvoice, func(s *shop) error { _, err := s.invoice("O-1", "I-1", parts(1, "2")...); return err }},
			{PermCancel, func(s *shop) error { _, err := s.cancel("O-1", "X-1"); return err }},
			{PermReturn, func(s *shop) error { _, err := s.takeBack("D-1", "R-1"); return err }},
			{PermCredit, func(s *shop) error { _, err := s.credit("I-1", "C-1"); return err }},
			{PermExpire, func(s *shop) error { _, err := s.sales.ExpireQuotations(s.ctx, 1); return err }},
		}
		others := []tenancy.Permission{PermRead, PermSell, PermBook, PermQuote, PermOrder, PermDeliver, PermInvoice, PermCancel, PermReturn, PermCredit, PermExpire}
		for _, a := range acts {
			without := slices.DeleteFunc(slices.Clone(others), func(p tenancy.Permission) bool { return p == a.perm })
			require.ErrorIs(t, a.do(with(append(without, "accounting.*", "inventory.*")...)), tenancy.ErrForbidden, "without %s", a.perm)
			require.NoError(t, a.do(with(a.perm)), "with %s", a.perm)
		}
		s.verify(t)
	})
}
