package sales

import (
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
)

// item turns a draft into a sale, and takes what it credits off the lines it names.
func (b *booking) item(d *draft) (*item, error) {
	it := &item{draft: d, sale: &Sale{Kind: d.kind, Reference: d.reference, Fingerprint: d.fingerprint, PartyID: d.party, Date: d.date, PostedAt: b.tx.Now()}}
	it.sale.ID = tenancy.NewID()
	if it.sale.Date.IsZero() {
		it.sale.Date = b.tx.Today()
	}
	if err := b.findOrigin(it); err != nil {
		return nil, err
	}
	if err := b.analyse(it); err != nil {
		return nil, err
	}
	for i := range d.lines {
		line, err := b.line(it, i)
		if err != nil {
			return nil, err
		}
		it.lines = append(it.lines, line)
	}
	return it, nil
}

// findOrigin finds the sale that a credit names, and takes its customer.
func (b *booking) findOrigin(it *item) error {
	d := it.draft
	if d.credits != "" {
		it.origin = b.sales[d.credits]
		switch {
		case it.origin == nil:
			return ErrUnknownSale.New(b.op, "%s: there is no sale %q to credit", d.what, d.credits)
		case it.origin.Kind != KindSale:
			return ErrNotCreditable.New(b.op, "%s: %q is a credit itself", d.what, d.credits)
		case d.party != uuid.Nil && d.party != it.origin.PartyID:
			return ErrNotCreditable.New(b.op, "%s: %q was a sale to another customer", d.what, d.credits)
		}
		it.sale.CreditsID, it.sale.PartyID = it.origin.ID, it.origin.PartyID
	}
	if it.sale.PartyID == uuid.Nil && d.settledBy.IsZero() {
		return ErrBadInput.New(b.op, "%s: without a customer it is refunded at once: RefundedBy is needed", d.what)
	}
	return nil
}

// line makes line i, from the line it takes back where it names one.
func (b *booking) line(it *item, i int) (*soldLine, error) {
	l := &it.draft.lines[i]
	if l.saleLine != 0 {
		if err := b.takeBack(it, l, i+1); err != nil {
			return nil, err
		}
	}
	if _, ok := b.products[l.ProductID]; !ok && l.ProductID != uuid.Nil {
		return nil, ErrUnknownProduct.New(b.op, "%s, line %d: there is no such product", it.draft.what, i+1)
	}
	out := &soldLine{Line: Line{SaleID: it.sale.ID, LineNo: int64(i) + 1, ProductID: l.ProductID, Quantity: l.Quantity, Giveaway: l.Giveaway,
		Moved: isGoods(b.products, l.ProductID) && l.moves}}
	if l.saleLine != 0 {
		out.OriginSaleID, out.OriginLineNo = it.origin.ID, l.saleLine
		out.DimensionSetID = b.lines[lineKey{it.origin.ID, l.saleLine}].DimensionSetID
		return out, nil
	}
	var err error
	out.DimensionSetID, err = b.held(it, i, out.Moved)
	return out, err
}

// isGoods reports whether a product has stock.
func isGoods(products map[uuid.UUID]inventory.Product, id uuid.UUID) bool {
	return id != uuid.Nil && products[id].Kind == inventory.Goods
}

// takeBack counts a line of a credit against the line it names, and learns from it what is not stated again.
func (b *booking) takeBack(it *item, l *draftLine, no int) error {
	d := it.draft
	sold := b.lines[lineKey{it.origin.ID, l.saleLine}]
	if sold == nil {
		return ErrUnknownSale.New(b.op, "%s, line %d: the sale %q has no line %d", d.what, no, d.credits, l.saleLine)
	}
	if l.ProductID != uuid.Nil && l.ProductID != sold.ProductID {
		return ErrNotCreditable.New(b.op, "%s, line %d: line %d of %q is about another product", d.what, no, l.saleLine, d.credits)
	}
	if left := sold.creditable(); l.Quantity > left {
		return ErrOverCredited.New(b.op, "%s, line %d: of the %s sold on line %d of %q %s can still be credited, not %s", d.what, no,
			sold.Quantity, l.saleLine, d.credits, left, l.Quantity)
	}
	sold.Credited += l.Quantity
	sold.changed = true
	l.ProductID, l.Giveaway = sold.ProductID, sold.Giveaway
	l.moves = l.moves && sold.Moved
	return nil
}

// stockDocument is the issue or return of the goods; without lines when no goods move.
func (it *item) stockDocument(named map[uuid.UUID]accounting.Dimensions) inventory.NewDocument {
	d := it.draft
	doc := inventory.NewDocument{Kind: inventory.Issue, Reference: d.reference, Date: it.sale.Date, WarehouseID: d.warehouse, LockException: d.lockException,
		AsStated: true}
	if d.kind == KindCredit {
		doc.Kind = inventory.Return
	}
	for i, l := range d.lines {
		if !it.lines[i].Moved {
			continue
		}
		m := inventory.NewMove{LineNo: int64(i) + 1, ProductID: l.ProductID, Quantity: l.Quantity, Cost: l.returnCost}
		if l.saleLine != 0 {
			m.Origin = inventory.Origin{DocumentID: it.origin.StockDocumentID, LineNo: l.saleLine}
		} else {
			m.Dimensions = named[it.lines[i].DimensionSetID]
		}
		if l.Giveaway {
			m.Counter = accounting.ByRole(accounting.RoleMarketing)
		}
		doc.Lines = append(doc.Lines, m)
	}
	return doc
}

// invoice is the invoice or credit note.
func (it *item) invoice(b *booking) accounting.NewInvoice {
	d := it.draft
	inv := accounting.NewInvoice{Kind: accounting.InvoiceDocument, Reference: d.reference, PartyID: it.sale.PartyID, Date: it.sale.Date, Due: d.due,
		SettledBy: d.settledBy, Note: d.note, LockException: d.lockException, Late: d.late, Dimensions: b.named[it.sale.DimensionSetID], AsStated: true}
	if d.kind == KindCredit {
		inv.Kind = accounting.CreditNoteDocument
	}
	if it.origin != nil {
		inv.CorrectsID = it.origin.InvoiceID
	}
	for i, l := range d.lines {
		text := l.Description
		if text == "" {
			text = b.products[l.ProductID].Name
		}
		inv.Lines = append(inv.Lines, accounting.NewInvoiceLine{Description: text, Quantity: l.Quantity, UnitPrice: l.UnitPrice, TaxCode: l.TaxCode, Account: l.Account,
			Dimensions: b.named[it.lines[i].DimensionSetID]})
	}
	return inv
}

// creditable is how much of a line can still be taken back.
func (l Line) creditable() money.Quantity { return l.Quantity - l.Credited }
