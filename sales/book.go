package sales

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
)

// Sell sells: each sale issues the invoice, takes the goods out of stock and books revenue and cost, in one transaction for
// the whole batch, in order, all or nothing. However many sales there are, it costs the same number of statements.
//
// A sale whose reference was booked before with the same content is given back, marked Replayed, and books nothing.
//
// Permission: sales.sell. Errors: sales.bad_input, sales.too_many, sales.unknown_product, sales.reference_taken; of inventory
// above all inventory.insufficient_stock; of accounting above all accounting.period_locked, accounting.unknown_party,
// accounting.backdated, accounting.dimension_needed (with the line that lacks one), accounting.unknown_dimension.
func (s *Service) Sell(ctx context.Context, sales []NewSale) ([]Sale, error) {
	return book(ctx, s, PermSell, "sales.Sell", sales)
}

// Credit takes sales back: each credit issues the credit note, brings goods back to stock where its lines say so, and takes
// revenue and cost back; otherwise it is as [Service.Sell]. A credit that names its sale never takes back more than was
// sold.
//
// Permission: sales.credit. Errors: as [Service.Sell], and sales.unknown_sale, sales.not_creditable, sales.over_credited,
// accounting.over_credited.
func (s *Service) Credit(ctx context.Context, credits []NewCredit) ([]Sale, error) {
	return book(ctx, s, PermCredit, "sales.Credit", credits)
}

// Book books sales and credits mixed, in order, as an import needs: goods that a credit brings back can be sold by the next
// sale. A credit may name a sale of the same batch. Permission: sales.book. Errors: as [Service.Credit].
func (s *Service) Book(ctx context.Context, documents []Document) ([]Sale, error) {
	return book(ctx, s, PermBook, "sales.Book", documents)
}

// book is the one path of all three.
func book[T Document](ctx context.Context, s *Service, perm tenancy.Permission, op string, in []T) ([]Sale, error) {
	documents := make([]Document, len(in))
	for i, d := range in {
		documents[i] = d
	}
	return againstRivals(func() ([]Sale, error) {
		return tenancy.Act(ctx, s.db, perm, func(ctx context.Context, tx *tenancy.Tx) ([]Sale, error) {
			return s.bookAll(ctx, tx, op, documents)
		})
	})
}

func (s *Service) bookAll(ctx context.Context, tx *tenancy.Tx, op string, documents []Document) ([]Sale, error) {
	checked, err := drafts(op, documents)
	if err != nil || len(checked) == 0 {
		return nil, err
	}
	b := &booking{s: s, tx: tx, op: op, drafts: checked}
	if err := b.read(ctx); err != nil {
		return nil, err
	}
	for _, part := range b.parts() {
		if err := b.book(ctx, part); err != nil {
			return nil, err
		}
	}
	return b.results(ctx)
}

// booking is one batch on its way.
type booking struct {
	s      *Service
	tx     *tenancy.Tx
	op     string
	drafts []*draft

	sales    map[string]*Sale // by reference: booked before, or by this batch
	fresh    map[string]bool  // the references that this batch books
	lines    map[lineKey]*soldLine
	products map[uuid.UUID]inventory.Product
	stated   *accounting.StatedDimensions
	named    map[uuid.UUID]accounting.Dimensions // what combinations are
}

// soldLine is a line that can be taken back.
type soldLine struct {
	Line
	stored  bool // in the database
	changed bool
}

// item is a draft that is new, on its way to a sale.
type item struct {
	draft  *draft
	sale   *Sale
	origin *Sale // the sale that a credit names
	lines  []*soldLine
}

// parts are the new drafts in order. A credit of a sale of this batch begins a new part, because it points at documents
// that must exist first; without such, there is one.
func (b *booking) parts() [][]*draft {
	var parts [][]*draft
	var part []*draft
	here := map[string]bool{}
	for _, d := range b.drafts {
		if !b.fresh[d.reference] || d.replayOf != nil {
			continue
		}
		if here[d.credits] {
			parts, part, here = append(parts, part), nil, map[string]bool{}
		}
		part = append(part, d)
		here[d.reference] = true
	}
	if len(part) > 0 {
		parts = append(parts, part)
	}
	return parts
}

// book books one part: goods first, because stock is locked before balances and numbers, then the documents, then what
// links them.
func (b *booking) book(ctx context.Context, part []*draft) error {
	items := make([]*item, len(part))
	for i, d := range part {
		var err error
		if items[i], err = b.item(d); err != nil {
			return err
		}
	}
	if err := b.stated.Record(ctx); err != nil {
		return err
	}
	if err := b.moveGoods(ctx, items); err != nil {
		return err
	}
	if err := b.issue(ctx, items); err != nil {
		return err
	}
	return b.link(ctx, items)
}

// moveGoods issues and returns goods, in order.
func (b *booking) moveGoods(ctx context.Context, items []*item) error {
	var documents []inventory.NewDocument
	var of []*item
	for _, it := range items {
		if doc := it.stockDocument(b.named); len(doc.Lines) > 0 {
			documents, of = append(documents, doc), append(of, it)
		}
	}
	if len(documents) == 0 {
		return nil
	}
	booked, err := b.s.stock.Book(ctx, documents)
	if err != nil {
		return b.orTaken(err)
	}
	for i, doc := range booked {
		if doc.Replayed {
			return b.taken(of[i].draft.what, errRival)
		}
		of[i].sale.StockDocumentID = doc.ID
	}
	return nil
}

// issue issues invoices and credit notes, in order.
func (b *booking) issue(ctx context.Context, items []*item) error {
	invoices := make([]accounting.NewInvoice, len(items))
	for i, it := range items {
		invoices[i] = it.invoice(b)
	}
	issued, err := b.s.books.Issue(ctx, invoices)
	if err != nil {
		return b.orTaken(err)
	}
	for i, invoice := range issued {
		if invoice.Replayed {
			return b.taken(items[i].draft.what, errRival)
		}
		items[i].sale.InvoiceID, items[i].sale.Invoice = invoice.ID, invoice
	}
	return nil
}

// taken is the refusal of a reference that is new to sales and known to accounting or inventory.
func (b *booking) taken(what string, cause error) error {
	return ErrReferenceTaken.Wrap(b.op, cause, "%s: another document than a sale has this reference", what)
}

// orTaken is err, or what it means here when it says that a reference is known with other content.
func (b *booking) orTaken(err error) error {
	if errors.Is(err, inventory.ErrReferenceTaken) || errors.Is(err, accounting.ErrReferenceTaken) {
		return b.taken(err.Error(), errors.Join(errRival, err))
	}
	return err
}

// link stores the sales and their lines, and what the credits among them took back.
func (b *booking) link(ctx context.Context, items []*item) error {
	var sales []*Sale
	var added, changed []*Line
	for _, it := range items {
		sales = append(sales, it.sale)
		b.sales[it.sale.Reference] = it.sale
		for _, l := range it.lines {
			added = append(added, &l.Line)
		}
	}
	for _, l := range b.lines {
		if l.stored && l.changed {
			changed = append(changed, &l.Line)
			l.changed = false
		}
	}
	w := b.tx.Batch()
	tenancy.Put(w, sales)
	tenancy.Put(w, added)
	tenancy.Set(w, changed, "credited")
	if err := w.Run(ctx); err != nil {
		return err
	}
	for _, it := range items {
		for _, l := range it.lines {
			l.stored = true
			b.lines[lineKey{l.SaleID, l.LineNo}] = l
			l.Dimensions = b.named[l.DimensionSetID]
			it.sale.Lines = append(it.sale.Lines, l.Line)
		}
	}
	return nil
}

// results are the sales in the order of the drafts, with the documents of those that were booked before.
func (b *booking) results(ctx context.Context) ([]Sale, error) {
	var replayed []*Sale
	seen := map[string]bool{}
	for _, d := range b.drafts {
		if !b.fresh[d.reference] && !seen[d.reference] {
			seen[d.reference] = true
			replayed = append(replayed, b.sales[d.reference])
		}
	}
	if err := b.s.complete(ctx, b.tx, replayed); err != nil {
		return nil, err
	}
	out := make([]Sale, len(b.drafts))
	for i, d := range b.drafts {
		out[i] = *b.sales[d.reference]
		out[i].Replayed = d.replayOf != nil || !b.fresh[d.reference]
	}
	return out, nil
}
