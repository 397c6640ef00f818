package main

import (
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory/purchasing"
	"github.com/opsmatiq/erp/tenancy/date"
)

// purchase is what the tea house ordered of the grower, and what became of it.
type purchase struct {
	order   purchasing.Order
	billed  []purchasing.Bill
	back    purchasing.Bill // the grower's credit
	paid    money.Amount
	between money.Amount // goods received and not billed, when all is billed
}

// buy orders a season's tea. It comes in two parts; the second is billed dearer than it was ordered, after some of it was
// sold already; two teapots are broken and go back.
func (t *teaHouse) buy() (err error) {
	buying := t.suite.Purchasing
	orders, err := buying.Order(t.ctx, []purchasing.NewOrder{{
		Reference: "KT-PO-1", PartyID: t.parties["estate"], Date: teaFirst,
		Lines: []purchasing.NewOrderLine{t.ordered("NIL-KG", "80", "14.20"), t.ordered("GRN-KG", "37.5", "18.90"), t.ordered("POT-1L", "30", "11.50")},
	}})
	if err != nil {
		return err
	}
	t.bought.order = orders[0]
	order := orders[0].ID
	receipts, err := buying.Receive(t.ctx, []purchasing.NewReceipt{
		{Reference: "GR-1", OrderID: order, Date: date.Of(2026, 3, 2), Lines: parts("40", "25", "30")},
		{Reference: "GR-2", OrderID: order, Date: date.Of(2026, 3, 13), Lines: parts("40", "12.5")},
	})
	if err != nil {
		return err
	}
	if t.bought.billed, err = buying.Bill(t.ctx, []purchasing.NewBill{
		{Reference: "BILL-1", VendorNumber: "NLC/26/118", Date: date.Of(2026, 3, 4), Due: date.Of(2026, 4, 3), Lines: billed(order, "40 14.20", "25 18.90", "30 11.50")},
		{Reference: "BILL-2", VendorNumber: "NLC/26/131", Date: date.Of(2026, 3, 16), Due: date.Of(2026, 4, 15), Lines: billed(order, "40 15.75", "12.5 19.40")},
	}); err != nil {
		return err
	}
	if _, err = buying.Return(t.ctx, []purchasing.NewReturn{{
		Reference: "RTV-1", ReceiptID: receipts[0].ID, Date: date.Of(2026, 3, 17), Reason: "Two came broken",
		Lines: []purchasing.NewNoteLine{{LineNo: 3, Quantity: units("2")}},
	}}); err != nil {
		return err
	}
	credits, err := buying.Credit(t.ctx, []purchasing.NewCredit{{
		Reference: "VC-1", VendorNumber: "NLC/26/C7", Date: date.Of(2026, 3, 18), BillID: t.bought.billed[0].ID,
		Lines: []purchasing.NewBillLine{{OrderID: order, LineNo: 3, Quantity: units("2"), UnitPrice: decimal.RequireFromString("11.50")}},
	}})
	if err != nil {
		return err
	}
	t.bought.back = credits[0]
	return t.payGrower()
}

// payGrower pays what the first bill comes to less the credit.
func (t *teaHouse) payGrower() (err error) {
	first := t.bought.billed[0]
	if t.bought.paid, err = first.Document.Gross.Sub(t.bought.back.Document.Gross); err != nil {
		return err
	}
	if _, err = t.suite.Accounting.Pay(t.ctx, []accounting.NewPayment{{
		Reference: "BANK-OUT-1", PartyID: t.parties["estate"], Direction: accounting.MoneyOut, Date: date.Of(2026, 3, 26), Amount: t.bought.paid,
		Allocate: []accounting.PaymentAllocation{{InvoiceID: first.ID, Amount: t.bought.paid}},
	}}); err != nil {
		return err
	}
	t.bought.between, err = t.suite.Accounting.Balance(t.ctx, accounting.ByRole(accounting.RoleGoodsReceived), teaLast)
	return err
}

// restock buys tins after the till sold one more than there were: what that one cost is known now, and booked.
func (t *teaHouse) restock() error {
	_, err := t.suite.Purchasing.Order(t.ctx, []purchasing.NewOrder{t.tins("KT-PO-3", date.Of(2026, 3, 29), "10", "3.20")})
	if err != nil {
		return err
	}
	return t.receiveTins("KT-PO-3", "GR-4", date.Of(2026, 3, 30), "10 3.20")
}

func (t *teaHouse) tins(reference string, on date.Date, quantity, price string) purchasing.NewOrder {
	return purchasing.NewOrder{Reference: reference, PartyID: t.parties["estate"], Date: on, Lines: []purchasing.NewOrderLine{t.ordered("TIN", quantity, price)}}
}

// receiveTins receives and bills all of an order of tins.
func (t *teaHouse) receiveTins(order, receipt string, on date.Date, line string) error {
	orders, err := t.suite.Purchasing.OrdersByReference(t.ctx, []string{order})
	if err != nil {
		return err
	}
	id := orders[order].ID
	if _, err := t.suite.Purchasing.Receive(t.ctx, []purchasing.NewReceipt{{Reference: receipt, OrderID: id, Date: on,
		Lines: []purchasing.NewNoteLine{{LineNo: 1, Quantity: orders[order].Lines[0].Quantity}}}}); err != nil {
		return err
	}
	_, err = t.suite.Purchasing.Bill(t.ctx, []purchasing.NewBill{{Reference: "BILL-" + receipt, VendorNumber: "NLC/" + receipt, Date: on, Lines: billed(id, line)}})
	return err
}

func (t *teaHouse) ordered(sku, quantity, price string) purchasing.NewOrderLine {
	return purchasing.NewOrderLine{ProductID: t.products[sku], Quantity: units(quantity), UnitPrice: decimal.RequireFromString(price)}
}

// parts are quantities of the lines of an order from the first on.
func parts(quantities ...string) []purchasing.NewNoteLine {
	out := make([]purchasing.NewNoteLine, len(quantities))
	for i, q := range quantities {
		out[i] = purchasing.NewNoteLine{LineNo: int64(i) + 1, Quantity: units(q)}
	}
	return out
}

// billed are "quantity price" of the lines of an order from the first on.
func billed(order uuid.UUID, lines ...string) []purchasing.NewBillLine {
	out := make([]purchasing.NewBillLine, len(lines))
	for i, l := range lines {
		quantity, price := cut(l)
		out[i] = purchasing.NewBillLine{OrderID: order, LineNo: int64(i) + 1, Quantity: units(quantity), UnitPrice: decimal.RequireFromString(price)}
	}
	return out
}

// teaBought tells of the order of tea.
func (p *page) teaBought(b purchase) {
	p.heading("What was bought", "EUR")
	p.row("Ordered: "+b.order.Number, pounds(b.order.Total))
	for _, bill := range b.billed {
		p.row("Billed: "+bill.Document.VendorNumber+", "+day(bill.Document.BillDate), pounds(bill.Document.Gross))
	}
	credit := b.back.Document.Gross
	credit.Minor = -credit.Minor
	p.row("Sent back: "+b.back.Document.VendorNumber+", "+day(b.back.Document.BillDate), pounds(credit))
	p.row("Paid", pounds(b.paid))
	p.row("Goods received, not billed, when all is billed", pounds(b.between))
}
