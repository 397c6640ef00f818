package pos

import (
	"fmt"

	"github.com/opsmatiq/erp/accounting/money"
)

// sale finds the sale that a draft takes back.
func (m *making) sale(it *item) error {
	d := it.draft
	it.origin = m.origins[d.origin]
	if it.origin == nil {
		return ErrUnknownTicket.New(m.op, "%s: there is no such ticket to take back", d.what)
	}
	it.ticket.OriginID, it.ticket.TaxIncluded = it.origin.ID, it.origin.TaxIncluded
	return nil
}

// refundLines takes back parts of a sale.
func (m *making) refundLines(it *item) (descriptions []string, err error) {
	if err := m.sale(it); err != nil {
		return nil, err
	}
	d, o := it.draft, it.origin
	if o.Kind != KindSale {
		return nil, ErrNotRefundable.New(m.op, "%s: %s is a %s", d.what, o.Number, o.Kind)
	}
	for i, in := range d.back {
		where := fmt.Sprintf("%s, line %d", d.what, i+1)
		sold := o.lines[in.TicketLine]
		if sold == nil {
			return nil, ErrUnknownTicket.New(m.op, "%s: %s has no line %d", where, o.Number, in.TicketLine)
		}
		if left := sold.Quantity - sold.Refunded; in.Quantity > left {
			return nil, ErrOverRefunded.New(m.op, "%s: of the %s sold on line %d of %s %s can still come back, not %s", where, sold.Quantity, in.TicketLine,
				o.Number, left, in.Quantity)
		}
		if err := m.takeBack(it, sold, in.Quantity, sold.Moved && in.Restock, where); err != nil {
			return nil, err
		}
		descriptions = append(descriptions, o.text(sold.LineNo))
	}
	switch total := it.ticket.Gross; {
	case total.Sign() < 0:
		return nil, ErrNegativeTotal.New(m.op, "%s: what comes back is worth %s: a discount comes back together with what it was given on", d.what, total)
	case o.RefundedMinor+total.Minor > o.Gross.Minor:
		left := money.Amount{Minor: o.Gross.Minor - o.RefundedMinor, Currency: m.currency}
		return nil, ErrOverRefunded.New(m.op, "%s: of the %s of %s %s can still be given back, not %s: a discount comes back together with what it was given on",
			d.what, o.Gross, o.Number, left, total)
	}
	o.RefundedMinor += it.ticket.Gross.Minor
	return descriptions, nil
}

// voidLines takes back all of a sale of this session.
func (m *making) voidLines(it *item) (descriptions []string, err error) {
	if err := m.sale(it); err != nil {
		return nil, err
	}
	d, o := it.draft, it.origin
	if o.Kind != KindSale {
		return nil, ErrNotVoidable.New(m.op, "%s: %s is a %s", d.what, o.Number, o.Kind)
	}
	if o.SessionID != m.session.ID {
		return nil, ErrNotVoidable.New(m.op, "%s: %s was made in another session: refund it", d.what, o.Number)
	}
	for no := int64(1); no <= int64(len(o.lines)); no++ {
		sold := o.lines[no]
		if sold.Refunded != 0 {
			return nil, ErrNotVoidable.New(m.op, "%s: %s was taken back already, in part or whole", d.what, o.Number)
		}
		if err := m.takeBack(it, sold, sold.Quantity, sold.Moved, d.what); err != nil {
			return nil, err
		}
		descriptions = append(descriptions, o.text(no))
	}
	o.RefundedMinor = o.Gross.Minor
	return descriptions, nil
}

// takeBack adds a line that takes back a quantity of a sold one, at its share of gross and tax. Shares are differences of
// rounded running totals, so that all parts add up to the whole however it is cut.
func (m *making) takeBack(it *item, sold *Line, quantity money.Quantity, restock bool, where string) error {
	back := sold.Refunded + quantity
	gross, err := sold.Gross().MulDiv(int64(back), int64(sold.Quantity), money.HalfUp)
	if err != nil {
		return err
	}
	tax, err := sold.Tax.MulDiv(int64(back), int64(sold.Quantity), money.HalfUp)
	if err != nil {
		return err
	}
	l := &Line{TicketID: it.ticket.ID, LineNo: int64(len(it.lines)) + 1, ProductID: sold.ProductID, AccountID: sold.AccountID, Quantity: quantity,
		UnitPrice: sold.UnitPrice, DimensionSetID: sold.DimensionSetID, Dimensions: m.named[sold.DimensionSetID], TaxID: sold.TaxID, TaxRate: sold.TaxRate, Net: money.Zero(m.currency), Tax: money.Zero(m.currency), Moved: restock,
		OriginTicketID: sold.TicketID, OriginLineNo: sold.LineNo}
	l.Tax.Minor = tax.Minor - sold.RefundedTaxMinor
	l.Net.Minor = gross.Minor - sold.RefundedGrossMinor - l.Tax.Minor
	sold.Refunded, sold.RefundedGrossMinor, sold.RefundedTaxMinor = back, gross.Minor, tax.Minor
	it.origin.changed[sold.LineNo] = sold
	return m.add(it, l, where)
}

// text is the description of a line; "" where it was erased.
func (o *origin) text(no int64) string {
	if no > int64(len(o.texts)) {
		return ""
	}
	return o.texts[no-1]
}
