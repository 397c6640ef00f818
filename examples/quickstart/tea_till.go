package main

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory/purchasing"
	"github.com/opsmatiq/erp/pos"
	"github.com/opsmatiq/erp/tenancy/date"
)

// tillDay is a Saturday at the counter.
type tillDay struct {
	closing pos.Closing
	tickets []pos.Ticket
}

var saturday = date.Of(2026, 3, 28)

// openTill keeps the till for a day: sales in cash and by card, one voided, a part of one refunded, one more tin sold than
// there were, and a drawer that is ten cents short in the evening.
func (t *teaHouse) openTill() error {
	if _, err := t.suite.Purchasing.Order(t.ctx, []purchasing.NewOrder{t.tins("KT-PO-2", date.Of(2026, 3, 26), "2", "3.00")}); err != nil {
		return err
	}
	if err := t.receiveTins("KT-PO-2", "GR-3", date.Of(2026, 3, 27), "2 3.00"); err != nil {
		return err
	}
	tills := t.suite.POS
	registers, err := tills.CreateRegisters(t.ctx, []pos.NewRegister{{Code: "T1", Name: "Counter", Country: "NL"}})
	if err != nil {
		return err
	}
	session, err := tills.OpenSession(t.ctx, pos.NewSession{RegisterID: registers[0].ID, Float: euros("0.00"), Date: saturday, Reference: "KT-T1-0328"})
	if err != nil {
		return err
	}
	if _, err := tills.MoveCash(t.ctx, []pos.NewCashMove{{SessionID: session.ID, Reference: "KT-M-1", Direction: pos.CashIn, Amount: euros("100.00"),
		Account: accounting.ByRole(accounting.RoleBank), Reason: "Change from the bank"}}); err != nil {
		return err
	}
	ticket := func(reference string, payments []pos.NewPayment, lines ...pos.NewLine) pos.NewTicket {
		return pos.NewTicket{SessionID: session.ID, Reference: reference, TaxIncluded: true, Lines: lines, Payments: payments}
	}
	cash := func(amount string) pos.NewPayment {
		return pos.NewPayment{Method: pos.Cash, Amount: euros(amount)}
	}
	card := func(amount string) pos.NewPayment {
		return pos.NewPayment{Method: pos.Card, Amount: euros(amount), Reference: "terminal 1"}
	}
	sold, err := tills.Sell(t.ctx, []pos.NewTicket{
		ticket("KT-R-1", []pos.NewPayment{cash("70.00")}, t.scanned("POT-1L", "2", "29.50"), t.scanned("NIL-KG", "0.25", "36.00")),
		ticket("KT-R-2", []pos.NewPayment{cash("10.00")}, t.scanned("GRN-KG", "0.13", "44.00")),
		ticket("KT-R-3", []pos.NewPayment{card("20.00"), cash("10.00")}, t.scanned("POT-1L", "1", "29.50")),
		ticket("KT-R-4", []pos.NewPayment{card("13.50")}, t.scanned("TIN", "3", "4.50")),
		ticket("KT-R-5", []pos.NewPayment{cash("50.00")}, t.scanned("POT-1L", "1", "29.50")),
	})
	if err != nil {
		return err
	}
	void, err := tills.Void(t.ctx, []pos.NewVoid{{SessionID: session.ID, Reference: "KT-R-6", TicketID: sold[4].ID, Note: "Rung up twice"}})
	if err != nil {
		return err
	}
	refund, err := tills.Refund(t.ctx, []pos.NewRefund{{SessionID: session.ID, Reference: "KT-R-7", TicketID: sold[0].ID,
		Lines: []pos.NewRefundLine{{TicketLine: 1, Quantity: units("1"), Restock: true}}}})
	if err != nil {
		return err
	}
	t.till.tickets = append(append(sold, void...), refund...)
	t.till.closing, err = tills.CloseSession(t.ctx, pos.Close{SessionID: session.ID, Counted: euros("153.60")})
	return err
}

// scanned is a line of a ticket; prices on shelves include the tax.
func (t *teaHouse) scanned(sku, quantity, price string) pos.NewLine {
	return pos.NewLine{ProductID: t.products[sku], Quantity: units(quantity), UnitPrice: decimal.RequireFromString(price), TaxCode: teaTax}
}

// teaTill tells of the day at the till.
func (p *page) teaTill(d tillDay) {
	c := d.closing
	p.heading("The till on "+day(saturday), "EUR")
	p.row(fmt.Sprintf("Receipts %s to %s: %d", d.tickets[0].Number, d.tickets[len(d.tickets)-1].Number, c.Tickets), "")
	p.row("By card", pounds(c.CardSales))
	p.row("Float and change fetched", pounds(c.CashIn))
	p.row("Cash sales, less change", pounds(c.CashSales))
	back := c.CashBack
	back.Minor = -back.Minor
	p.row("Given back", pounds(back))
	p.rule(1)
	p.row("Expected in the drawer", pounds(c.Expected))
	p.row("Counted", pounds(c.Counted))
	p.row("Over or short, booked", pounds(c.OverShort))
}
