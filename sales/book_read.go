package sales

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
)

// read asks for what the batch is about: sales by their references, the products, and the lines that credits take back,
// which it locks in the order of their keys.
func (b *booking) read(ctx context.Context) error {
	references, products := map[string]bool{}, map[uuid.UUID]bool{}
	for _, d := range b.drafts {
		references[d.reference] = true
		if d.credits != "" {
			references[d.credits] = true
		}
		for _, l := range d.lines {
			if l.ProductID != uuid.Nil {
				products[l.ProductID] = true
			}
		}
	}
	var found []Sale
	q := b.tx.Batch()
	tenancy.Load(q, &found, tenancy.In("reference", slices.Sorted(maps.Keys(references))))
	if err := q.Run(ctx); err != nil {
		return err
	}
	b.sales = make(map[string]*Sale, len(found))
	for i := range found {
		b.sales[found[i].Reference] = &found[i]
	}
	if err := b.sortOut(); err != nil {
		return err
	}
	if err := b.readCredited(ctx, products); err != nil {
		return err
	}
	if err := b.readProducts(ctx, products); err != nil {
		return err
	}
	return b.readDimensions(ctx)
}

// sortOut tells the new from what was booked before.
func (b *booking) sortOut() error {
	b.fresh = make(map[string]bool, len(b.drafts))
	for _, d := range b.drafts {
		switch old := b.sales[d.reference]; {
		case old == nil:
			b.fresh[d.reference] = true
		case old.Fingerprint != d.fingerprint:
			return ErrReferenceTaken.New(b.op, "%s was booked before with other content", d.what)
		}
	}
	return nil
}

// readCredited locks the lines of the stored sales that new credits name, and notes their products.
func (b *booking) readCredited(ctx context.Context, products map[uuid.UUID]bool) error {
	b.lines = map[lineKey]*soldLine{}
	credited := map[uuid.UUID]bool{}
	for _, d := range b.drafts {
		if old := b.sales[d.credits]; b.fresh[d.reference] && old != nil {
			credited[old.ID] = true
		}
	}
	if len(credited) == 0 {
		return nil
	}
	var lines []Line
	q := b.tx.Batch()
	tenancy.Load(q, &lines, tenancy.In("sale_id", slices.Collect(maps.Keys(credited))), tenancy.ForUpdate())
	if err := q.Run(ctx); err != nil {
		return err
	}
	for _, l := range lines {
		b.lines[lineKey{l.SaleID, l.LineNo}] = &soldLine{Line: l, stored: true}
		if l.ProductID != uuid.Nil {
			products[l.ProductID] = true
		}
	}
	return nil
}

func (b *booking) readProducts(ctx context.Context, products map[uuid.UUID]bool) error {
	b.products = map[uuid.UUID]inventory.Product{}
	if len(products) == 0 || len(b.fresh) == 0 {
		return nil
	}
	var err error
	b.products, err = b.s.stock.ProductsByID(ctx, slices.Collect(maps.Keys(products)))
	return err
}
