package main

import (
	"strings"
	"time"

	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy/date"
)

// orderStory is a quotation that became an order.
type orderStory struct {
	quotation sales.Quotation
	order     sales.Order
	invoices  []sales.Fulfilment
}

// The references of the story.
const (
	theQuotation = "KT-Q-1"
	theOrder     = "KT-SO-1"
)

// promise quotes six kilograms to the café, which accepts: they are reserved, so that nobody else gets them. Four are
// delivered and charged.
func (t *teaHouse) promise() error {
	quotations, err := t.suite.Sales.Quote(t.ctx, []sales.NewQuotation{{
		Reference: theQuotation, PartyID: t.parties["cafe"], Date: date.Of(2026, 3, 12), ValidUntil: date.Of(2026, 3, 20),
		Lines: []sales.NewLine{t.line("GRN-KG", "6", "35.00")},
	}})
	if err != nil {
		return err
	}
	t.order.quotation = quotations[0]
	if _, err := t.suite.Sales.Accept(t.ctx, []sales.Acceptance{{
		Quotation: theQuotation, Reference: theOrder, Date: date.Of(2026, 3, 14), ReserveUntil: time.Date(2026, 4, 14, 16, 0, 0, 0, time.UTC),
	}}); err != nil {
		return err
	}
	return t.deliverAndCharge("KT-D-1", "KT-I-1", date.Of(2026, 3, 20), "4")
}

// keepPromise delivers and charges one more; the café does without the last.
func (t *teaHouse) keepPromise() error {
	if err := t.deliverAndCharge("KT-D-2", "KT-I-2", date.Of(2026, 3, 30), "1"); err != nil {
		return err
	}
	if _, err := t.suite.Sales.Cancel(t.ctx, []sales.NewCancellation{{Reference: "KT-X-1", Order: theOrder, Date: date.Of(2026, 3, 30)}}); err != nil {
		return err
	}
	orders, err := t.suite.Sales.OrdersByReference(t.ctx, []string{theOrder})
	t.order.order = orders[theOrder]
	return err
}

func (t *teaHouse) deliverAndCharge(delivery, invoice string, on date.Date, quantity string) error {
	part := []sales.OrderPart{{Line: 1, Quantity: units(quantity)}}
	if _, err := t.suite.Sales.Deliver(t.ctx, []sales.NewDelivery{{Reference: delivery, Order: theOrder, Date: on, Lines: part}}); err != nil {
		return err
	}
	charged, err := t.suite.Sales.Invoice(t.ctx, []sales.NewOrderInvoice{{Reference: invoice, Order: theOrder, Date: on, Due: on.AddDays(30), Lines: part}})
	t.order.invoices = append(t.order.invoices, charged...)
	return err
}

// teaOrder tells of the order.
func (p *page) teaOrder(s orderStory) {
	line := s.order.Lines[0]
	p.heading("A quotation that became an order", "kg")
	p.row("Quoted: "+s.quotation.Number+", until "+day(s.quotation.ValidUntil), s.quotation.Lines[0].Quantity.String())
	p.row("Delivered, out of what was reserved", line.Delivered.String())
	var numbers []string
	for _, i := range s.invoices {
		numbers = append(numbers, i.Invoice.Number)
	}
	p.row("Charged: "+strings.Join(numbers, ", "), line.Invoiced.String())
	p.row("Cancelled, and free for others again", line.Cancelled.String())
	p.row("The order is", string(s.order.State))
}

// cut splits "quantity price".
func cut(text string) (quantity, price string) {
	quantity, price, _ = strings.Cut(text, " ")
	return quantity, price
}
