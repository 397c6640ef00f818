package sales

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// GetOrder reads one order with its lines and texts. Permission: sales.read. Errors: tenancy.not_found.
func (s *Service) GetOrder(ctx context.Context, id uuid.UUID) (Order, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Order, error) {
		found, err := tenancy.Get[Order](ctx, tx, id)
		if err != nil {
			return Order{}, err
		}
		if err := s.completeOrders(ctx, tx, []*Order{found}); err != nil {
			return Order{}, err
		}
		return *found, nil
	})
}

// OrdersByReference finds orders by their references, with lines and texts; those that do not exist are left out.
// Permission: sales.read. Errors: sales.too_many.
func (s *Service) OrdersByReference(ctx context.Context, references []string) (map[string]Order, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (map[string]Order, error) {
		if len(references) > MaxBatch {
			return nil, ErrTooMany.New("sales.OrdersByReference", "%d references are more than the %d that one act takes", len(references), MaxBatch)
		}
		out := make(map[string]Order, len(references))
		if len(references) == 0 {
			return out, nil
		}
		var found []Order
		q := tx.Batch()
		tenancy.Load(q, &found, tenancy.In("reference", unrepeated(references)))
		if err := q.Run(ctx); err != nil {
			return nil, err
		}
		if err := s.completeOrders(ctx, tx, pointers(found)); err != nil {
			return nil, err
		}
		for _, o := range found {
			out[o.Reference] = o
		}
		return out, nil
	})
}

// ListOrders reads a page of orders without lines and texts, in the order in which they were taken unless the request sorts
// by another column. Permission: sales.read. Errors: tenancy.bad_input (a foreign cursor or sort).
func (s *Service) ListOrders(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Order], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Order], error) {
		return tenancy.Page[Order](ctx, tx, page)
	})
}

// completeOrders gives stored orders their lines and texts, in one round trip; for none, in none.
func (s *Service) completeOrders(ctx context.Context, tx *tenancy.Tx, orders []*Order) error {
	if len(orders) == 0 {
		return nil
	}
	of := byID(orders, func(o *Order) uuid.UUID { return o.ID })
	ids := slices.Collect(maps.Keys(of))
	var lines []OrderLine
	var texts []OrderText
	q := tx.Batch()
	tenancy.Load(q, &lines, tenancy.In("order_id", ids), tenancy.OrderBy("order_id", "line_no"))
	tenancy.Load(q, &texts, tenancy.In("order_id", ids))
	if err := q.Run(ctx); err != nil {
		return err
	}
	for _, l := range lines {
		of[l.OrderID].Lines = append(of[l.OrderID].Lines, l)
	}
	for _, t := range texts {
		found := of[t.OrderID]
		found.Note = t.Note
		decodeTexts(t.LineTexts, found.terms())
	}
	var terms []*Terms
	var documents []uuid.UUID
	for _, o := range orders {
		terms, documents = append(terms, o.terms()...), append(documents, o.DimensionSetID)
	}
	named, err := s.spellTerms(ctx, terms, documents...)
	for _, o := range orders {
		o.Dimensions = named[o.DimensionSetID]
	}
	return err
}

// GetFulfilment reads one fulfilment with its lines, and its invoice where it has one. Permission: sales.read. Errors:
// tenancy.not_found.
func (s *Service) GetFulfilment(ctx context.Context, id uuid.UUID) (Fulfilment, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Fulfilment, error) {
		found, err := tenancy.Get[Fulfilment](ctx, tx, id)
		if err != nil {
			return Fulfilment{}, err
		}
		if err := s.completeFulfilments(ctx, tx, []*Fulfilment{found}); err != nil {
			return Fulfilment{}, err
		}
		return *found, nil
	})
}

// ListFulfilments reads a page of what was done for an order, without lines and invoices, in the order in which it was done
// unless the request sorts by another column. An order that does not exist has none. Permission: sales.read. Errors:
// tenancy.bad_input (a foreign cursor or sort).
func (s *Service) ListFulfilments(ctx context.Context, order uuid.UUID, page tenancy.PageRequest) (tenancy.PageOf[Fulfilment], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Fulfilment], error) {
		return tenancy.Page[Fulfilment](ctx, tx, page, tenancy.Eq("order_id", order), tenancy.Ne("kind", "")) // the index's condition
	})
}

// completeFulfilments gives stored fulfilments their lines and invoices, in two statements; for none, in none.
func (s *Service) completeFulfilments(ctx context.Context, tx *tenancy.Tx, fulfilments []*Fulfilment) error {
	if len(fulfilments) == 0 {
		return nil
	}
	of := byID(fulfilments, func(f *Fulfilment) uuid.UUID { return f.ID })
	var lines []FulfilmentLine
	q := tx.Batch()
	tenancy.Load(q, &lines, tenancy.In("fulfilment_id", keys(of)), tenancy.OrderBy("fulfilment_id", "line_no"))
	if err := q.Run(ctx); err != nil {
		return err
	}
	for _, l := range lines {
		of[l.FulfilmentID].Lines = append(of[l.FulfilmentID].Lines, l)
	}
	var references []string
	for _, f := range fulfilments {
		if f.InvoiceID != uuid.Nil {
			references = append(references, f.Reference)
		}
	}
	if len(references) == 0 {
		return nil
	}
	invoices, err := s.books.InvoicesByReference(ctx, references)
	for _, f := range fulfilments {
		if f.InvoiceID != uuid.Nil {
			f.Invoice = invoices[f.Reference]
		}
	}
	return err
}
