package purchasing

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// line makes line i of a bill: what accounting is to book, and what it is matched with.
func (w *billing) line(what string, d *billDraft, b *Bill, i int, out *accounting.NewBillLine) error {
	in := &d.lines[i]
	*out = accounting.NewBillLine{Description: in.Description, Account: in.Account, Quantity: in.Quantity, UnitPrice: in.UnitPrice, Net: in.Net, TaxCode: in.TaxCode}
	l := &b.Lines[i]
	l.LineNo, l.OrderID, l.OrderLineNo, l.Quantity = int64(i)+1, in.OrderID, in.LineNo, in.Quantity
	var err error
	if l.Net, err = w.net(in); err != nil {
		return err
	}
	if in.OrderID == uuid.Nil {
		out.Dimensions = in.Dimensions.Over(d.dimensions)
		_, err = w.stated.Hold(what+": ", out.Dimensions, in.Account)
		return err
	}
	order, err := w.held.order(what, in.OrderID)
	if err != nil {
		return err
	}
	if b.PartyID == uuid.Nil {
		b.PartyID = order.PartyID
	}
	if b.PartyID != order.PartyID {
		return ErrWrongVendor.New(w.op, "%s: order %s was placed with another vendor", what, order.Number)
	}
	ordered, err := w.held.line(what, order, in.LineNo)
	if err != nil {
		return err
	}
	if out.Account = accounting.ByID(ordered.AccountID); ordered.Goods {
		out.Account = accounting.ByRole(accounting.RoleGoodsReceived)
	}
	out.Dimensions = w.named[ordered.DimensionSetID]
	if out.Description == "" {
		out.Description = w.products[ordered.ProductID].Name
	}
	return w.match(what, d.kind, ordered, l)
}

// net is what a line comes to before tax, by the rule by which accounting finds it.
func (w *billing) net(in *NewBillLine) (money.Amount, error) {
	if in.Net != (money.Amount{}) {
		return money.Zero(w.currency).Add(in.Net) // refuses another currency
	}
	return money.Extend(in.Quantity, in.UnitPrice, w.currency, money.HalfUp)
}

// match finds the receipts that a line is for, the oldest first, and counts it on them and on the order.
func (w *billing) match(what string, kind accounting.BillKind, ordered *OrderLine, l *BillLine) error {
	left := l.Quantity
	var weights []int64
	for _, r := range w.held.receipts[lineKey{ordered.OrderID, ordered.LineNo}] {
		waits, count := r.gap(), r.bill
		if kind == accounting.VendorCreditDocument {
			waits, count = -r.gap(), r.credit
		}
		q := min(left, waits)
		if q <= 0 {
			continue
		}
		share, err := count(q)
		if err != nil {
			return err
		}
		w.held.noteLines[r] = true
		l.Matches = append(l.Matches, Match{LineNo: l.LineNo, ReceiptID: r.NoteID, ReceiptLineNo: r.LineNo, Quantity: q, Share: share})
		weights = append(weights, int64(q))
		left -= q
	}
	w.held.orderLines[ordered] = true
	switch {
	case left > 0 && kind == accounting.VendorCreditDocument:
		return ErrOverCredited.New(w.op, "%s: %s were billed and went back without a credit, and %s would be credited", what, l.Quantity-left, l.Quantity)
	case left > 0:
		return ErrOverBilled.New(w.op, "%s: %s came and are not billed, and %s would be billed", what, l.Quantity-left, l.Quantity)
	case kind == accounting.VendorCreditDocument:
		ordered.Credited += l.Quantity
	default:
		ordered.Billed += l.Quantity
	}
	nets, err := money.Allocate(l.Net, weights)
	if err != nil {
		return err
	}
	for i := range l.Matches {
		l.Matches[i].Net = nets[i]
	}
	return nil
}

// revalue brings goods that were billed at another price than they were received at to what they cost. It is dated as the
// bill's entry, or as the last of the receipts where that came after it.
func (w *billing) revalue(ctx context.Context) error {
	var in []inventory.NewRevaluation
	var of []*Bill
	for i, b := range w.fresh {
		if b.Kind != accounting.BillDocument {
			continue
		}
		on, err := w.countsFor(ctx, &w.inputs[i])
		if err != nil {
			return err
		}
		r := inventory.NewRevaluation{Date: on, Counter: accounting.ByRole(accounting.RoleGoodsReceived), LockException: w.inputs[i].LockException}
		for j := range b.Lines {
			for k := range b.Lines[j].Matches {
				m := &b.Lines[j].Matches[k]
				stock := w.stocks[m.ReceiptID]
				if !w.held.lines[lineKey{b.Lines[j].OrderID, b.Lines[j].OrderLineNo}].Goods || m.Net == m.Share {
					continue
				}
				difference, err := m.Net.Sub(m.Share)
				if err != nil {
					return err
				}
				r.Lines = append(r.Lines, inventory.RevaluedLine{Receipt: inventory.Origin{DocumentID: stock, LineNo: m.ReceiptLineNo}, Quantity: m.Quantity,
					Difference: difference})
				r.Date = later(r.Date, w.held.notes[lineKey{m.ReceiptID, m.ReceiptLineNo}].Date)
			}
		}
		if len(r.Lines) > 0 {
			in, of = append(in, r), append(of, b)
		}
	}
	if len(in) == 0 {
		return nil
	}
	docs, err := w.s.stock.Revalue(ctx, in)
	if err != nil {
		return err
	}
	for i := range docs {
		of[i].RevaluationID = docs[i].ID
	}
	return nil
}

// countsFor is the day for which a bill's entry will count.
func (w *billing) countsFor(ctx context.Context, in *accounting.NewBill) (date.Date, error) {
	if in.Late != accounting.LateFirstOpen {
		return in.Date, nil
	}
	return w.s.books.CountsFor(ctx, accounting.JournalPurchases, in.Date, in.LockException, in.Late)
}

func later(a, b date.Date) date.Date {
	if a.Before(b) {
		return b
	}
	return a
}

// record hands the documents to accounting, which gives them their ids, and books what credits gave back more or less than
// the goods were received at.
func (w *billing) record(ctx context.Context) error {
	if len(w.fresh) == 0 {
		return nil
	}
	recorded, err := w.s.books.Bill(ctx, w.inputs)
	if err != nil {
		return err
	}
	var entries []accounting.NewEntry
	var of []*Bill
	for i, b := range w.fresh {
		b.TenantID, b.ID, b.PartyID, b.Document = recorded[i].TenantID, recorded[i].ID, recorded[i].PartyID, recorded[i]
		for j := range b.Lines {
			b.Lines[j].BillID = b.ID
			for k := range b.Lines[j].Matches {
				b.Lines[j].Matches[k].BillID = b.ID
			}
		}
		f, err := w.creditFact(b, &w.inputs[i])
		if err != nil {
			return err
		}
		if e, ok := creditEntry(f); ok {
			entries, of = append(entries, e), append(of, b)
		}
	}
	if len(entries) == 0 {
		return nil
	}
	posted, err := w.s.books.Post(ctx, entries)
	if err != nil {
		return err
	}
	for i := range posted {
		of[i].EntryID = posted[i].ID
	}
	return nil
}

// creditFact is what a credit gave back more than the goods were received at; nothing for a bill, which values goods anew.
func (w *billing) creditFact(b *Bill, in *accounting.NewBill) (*creditFact, error) {
	f := &creditFact{ID: b.ID, Date: b.Date, Lock: in.LockException, Late: in.Late}
	if b.Kind != accounting.VendorCreditDocument {
		return f, nil
	}
	for i := range b.Lines {
		l := &b.Lines[i]
		ordered := w.held.lines[lineKey{l.OrderID, l.OrderLineNo}]
		if ordered == nil || !ordered.Goods {
			continue
		}
		for _, m := range l.Matches {
			more, err := m.Net.Sub(m.Share)
			if err == nil {
				err = f.add(w.named[ordered.DimensionSetID], more)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return f, nil
}

// write stores the bills that are new, and what they changed.
func (w *billing) write(ctx context.Context) error {
	var lines []*BillLine
	var matches []*Match
	for _, b := range w.fresh {
		lines = append(lines, pointers(b.Lines)...)
		for i := range b.Lines {
			matches = append(matches, pointers(b.Lines[i].Matches)...)
		}
	}
	b := w.tx.Batch()
	w.held.write(b)
	tenancy.Put(b, w.fresh)
	tenancy.Put(b, lines)
	tenancy.Put(b, matches)
	return b.Run(ctx)
}

func (w *billing) results() []Bill {
	out := make([]Bill, len(w.bills))
	for i, b := range w.bills {
		out[i] = *b
		out[i].Lines = append([]BillLine(nil), b.Lines...)
		out[i].Replayed = w.replayed[i]
	}
	return out
}
