package sales

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// GetSale reads one sale or credit with its lines and its invoice. Permission: sales.read. Errors: tenancy.not_found.
func (s *Service) GetSale(ctx context.Context, id uuid.UUID) (Sale, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Sale, error) {
		sale, err := tenancy.Get[Sale](ctx, tx, id)
		if err != nil {
			return Sale{}, err
		}
		if err := s.complete(ctx, tx, []*Sale{sale}); err != nil {
			return Sale{}, err
		}
		return *sale, nil
	})
}

// SalesByReference finds sales and credits by their references, with lines and invoices; those that do not exist are left
// out. Permission: sales.read. Errors: sales.too_many.
func (s *Service) SalesByReference(ctx context.Context, references []string) (map[string]Sale, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (map[string]Sale, error) {
		if len(references) > MaxBatch {
			return nil, ErrTooMany.New("sales.SalesByReference", "%d references are more than the %d that one act takes", len(references), MaxBatch)
		}
		out := make(map[string]Sale, len(references))
		if len(references) == 0 {
			return out, nil
		}
		var found []Sale
		q := tx.Batch()
		tenancy.Load(q, &found, tenancy.In("reference", references))
		if err := q.Run(ctx); err != nil {
			return nil, err
		}
		sales := make([]*Sale, len(found))
		for i := range found {
			sales[i] = &found[i]
		}
		if err := s.complete(ctx, tx, sales); err != nil {
			return nil, err
		}
		for _, sale := range sales {
			out[sale.Reference] = *sale
		}
		return out, nil
	})
}

// ListSales reads a page of sales and credits without lines and invoices, in the order of posting unless the request sorts
// by another column. Permission: sales.read. Errors: tenancy.bad_input (a foreign cursor or sort).
func (s *Service) ListSales(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Sale], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Sale], error) {
		return tenancy.Page[Sale](ctx, tx, page)
	})
}

// complete gives stored sales their lines and invoices, in two statements; for no sales, in none.
func (s *Service) complete(ctx context.Context, tx *tenancy.Tx, sales []*Sale) error {
	if len(sales) == 0 {
		return nil
	}
	byID := make(map[uuid.UUID]*Sale, len(sales))
	references := make([]string, len(sales))
	for i, sale := range sales {
		byID[sale.ID], references[i] = sale, sale.Reference
		sale.Lines = nil
	}
	var lines []Line
	q := tx.Batch()
	tenancy.Load(q, &lines, tenancy.In("sale_id", slices.Collect(maps.Keys(byID))), tenancy.OrderBy("sale_id", "line_no"))
	if err := q.Run(ctx); err != nil {
		return err
	}
	for _, l := range lines {
		byID[l.SaleID].Lines = append(byID[l.SaleID].Lines, l)
	}
	if err := s.spellSales(ctx, sales); err != nil {
		return err
	}
	invoices, err := s.books.InvoicesByReference(ctx, references)
	if err != nil {
		return err
	}
	for _, sale := range sales {
		sale.Invoice = invoices[sale.Reference]
	}
	return nil
}
