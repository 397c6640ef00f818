package sales

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
)

// do makes the documents that the batch calls for, and stores what links them: the stock is locked after the orders, and
// balances and numbers last.
func (f *fulfilling) do(ctx context.Context) error {
	if len(f.work) == 0 {
		return nil
	}
	var err error
	switch f.kind {
	case Delivery, GoodsReturn:
		err = f.move(ctx)
	case OrderInvoice, OrderCredit:
		err = f.charge(ctx)
	case Cancellation:
		err = f.release(ctx)
	}
	if err != nil {
		return err
	}
	return f.write(ctx)
}

// move issues or returns goods.
func (f *fulfilling) move(ctx context.Context) error {
	documents := make([]inventory.NewDocument, len(f.work))
	for i, j := range f.work {
		documents[i] = f.stockDocument(j)
	}
	book := f.s.stock.Issue
	if f.kind == GoodsReturn {
		book = f.s.stock.Return
	}
	booked, err := book(ctx, documents)
	if err != nil {
		return f.orTaken(err)
	}
	for i, doc := range booked {
		if doc.Replayed {
			return f.taken(f.work[i].head.what, errRival)
		}
		f.work[i].made.StockDocumentID = doc.ID
	}
	return nil
}

// stockDocument is the issue or return of a job's goods, line by line.
func (f *fulfilling) stockDocument(j *job) inventory.NewDocument {
	doc := inventory.NewDocument{Reference: j.head.reference, Date: j.made.Date, WarehouseID: j.of.order.WarehouseID, Reason: j.step.note,
		LockException: j.step.lock, AsStated: true}
	if j.step.warehouse != uuid.Nil {
		doc.WarehouseID = j.step.warehouse
	}
	for _, l := range j.made.Lines {
		ordered := j.of.lines[l.OrderLineNo-1]
		m := inventory.NewMove{LineNo: l.LineNo, ProductID: ordered.ProductID, Quantity: l.Quantity}
		if f.kind == Delivery {
			m.Dimensions = ordered.Dimensions
			m.Reservation = ordered.ReservationID // as far as it still holds; the rest comes from what is free
		} else {
			m.Origin = inventory.Origin{DocumentID: j.origin.fulfilment.StockDocumentID, LineNo: l.OriginLineNo}
		}
		if ordered.Giveaway {
			m.Counter = accounting.ByRole(accounting.RoleMarketing)
		}
		doc.Lines = append(doc.Lines, m)
	}
	return doc
}

// charge issues invoices or credit notes.
func (f *fulfilling) charge(ctx context.Context) error {
	if err := f.describe(ctx); err != nil {
		return err
	}
	invoices := make([]accounting.NewInvoice, len(f.work))
	for i, j := range f.work {
		var err error
		if invoices[i], err = f.invoice(j); err != nil {
			return err
		}
	}
	issued, err := f.s.books.Issue(ctx, invoices)
	if err != nil {
		return f.orTaken(err)
	}
	for i, invoice := range issued {
		if invoice.Replayed {
			return f.taken(f.work[i].head.what, errRival)
		}
		f.work[i].made.InvoiceID, f.work[i].made.Invoice = invoice.ID, invoice
	}
	return nil
}

// invoice is a job's invoice or credit note, line by line.
func (f *fulfilling) invoice(j *job) (accounting.NewInvoice, error) {
	in := accounting.NewInvoice{Kind: accounting.InvoiceDocument, Reference: j.head.reference, PartyID: j.of.order.PartyID, Date: j.made.Date, Due: j.step.due,
		SettledBy: j.step.settledBy, Note: j.step.note, LockException: j.step.lock, Late: j.step.late, Dimensions: f.named[j.of.order.DimensionSetID], AsStated: true}
	if j.origin != nil {
		in.Kind, in.CorrectsID = accounting.CreditNoteDocument, j.origin.fulfilment.InvoiceID
	}
	for i, l := range j.made.Lines {
		ordered := j.of.lines[l.OrderLineNo-1]
		account, err := ordered.account()
		if err != nil {
			return in, err
		}
		in.Lines = append(in.Lines, accounting.NewInvoiceLine{Description: ordered.Description, Quantity: l.Quantity, UnitPrice: j.prices[i],
			TaxCode: ordered.TaxCode, Account: account, Dimensions: ordered.Dimensions})
	}
	return in, nil
}

// describe gives the lines of the orders their descriptions, which stand on invoices; products' names where those were
// erased.
func (f *fulfilling) describe(ctx context.Context) error {
	of := map[uuid.UUID]*openOrder{}
	for _, j := range f.work {
		of[j.of.order.ID] = j.of
	}
	var texts []OrderText
	q := f.tx.Batch()
	tenancy.Load(q, &texts, tenancy.In("order_id", keys(of)))
	if err := q.Run(ctx); err != nil {
		return err
	}
	for _, t := range texts {
		decodeTexts(t.LineTexts, lineTerms(of[t.OrderID].lines))
	}
	var nameless []*OrderLine
	var products []uuid.UUID
	for _, o := range of {
		for _, l := range o.lines {
			if l.Description == "" && l.ProductID != uuid.Nil {
				nameless, products = append(nameless, l), append(products, l.ProductID)
			}
		}
	}
	if len(nameless) == 0 {
		return nil
	}
	named, err := f.s.stock.ProductsByID(ctx, distinct(products))
	for _, l := range nameless {
		l.Description = named[l.ProductID].Name
	}
	return err
}

// write stores the fulfilments with their lines, and what they changed.
func (f *fulfilling) write(ctx context.Context) error {
	var made []*Fulfilment
	var lines, takenBack []*FulfilmentLine
	var texts []*FulfilmentText
	for _, j := range f.work {
		made = append(made, j.made)
		lines = append(lines, pointers(j.made.Lines)...)
		if f.kind == Cancellation && j.step.note != "" {
			texts = append(texts, &FulfilmentText{FulfilmentID: j.made.ID, Note: j.step.note})
		}
	}
	var counted []*OrderLine
	var moved []*Order
	for _, o := range f.orders {
		counted = append(counted, keys(o.changed)...)
		if o.order.State != o.state {
			moved = append(moved, o.order)
		}
	}
	for _, o := range f.origins {
		takenBack = append(takenBack, keys(o.changed)...)
	}
	w := f.tx.Batch()
	tenancy.Put(w, made)
	tenancy.Put(w, lines)
	tenancy.Put(w, texts)
	tenancy.Set(w, takenBack, "taken_back")
	tenancy.Set(w, counted, "reservation_id", "delivered", "returned", "invoiced", "credited", "cancelled")
	tenancy.Set(w, moved, "state")
	return w.Run(ctx)
}

// taken is the refusal of a reference that is new to sales and known to accounting or inventory.
func (f *fulfilling) taken(what string, cause error) error {
	return ErrReferenceTaken.Wrap(f.op, cause, "%s: another document has this reference", what)
}

// orTaken is err, or what it means here when it says that a reference is known with other content.
func (f *fulfilling) orTaken(err error) error {
	if errors.Is(err, inventory.ErrReferenceTaken) || errors.Is(err, accounting.ErrReferenceTaken) {
		return f.taken(err.Error(), errors.Join(errRival, err))
	}
	return err
}

// keys are those of a map, in no order.
func keys[K comparable, V any](m map[K]V) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}

// lineTerms are the terms of an order's lines, in order.
func lineTerms(lines []*OrderLine) []*Terms {
	out := make([]*Terms, len(lines))
	for i, l := range lines {
		out[i] = &l.Terms
	}
	return out
}
