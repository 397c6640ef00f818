package purchasing

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// GetOrder reads an order with its lines and texts. Permission: purchasing.read. Errors: tenancy.not_found.
func (s *Service) GetOrder(ctx context.Context, id uuid.UUID) (OrderDetail, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (OrderDetail, error) {
		o, err := tenancy.Get[Order](ctx, tx, id)
		if err != nil {
			return OrderDetail{}, err
		}
		if err := loadOrderLines(ctx, tx, []*Order{o}); err != nil {
			return OrderDetail{}, err
		}
		if err := s.spellOrder(ctx, o); err != nil {
			return OrderDetail{}, err
		}
		out := OrderDetail{Order: *o}
		texts, err := tenancy.Find[OrderText](ctx, tx, tenancy.Eq("order_id", id))
		for _, t := range texts {
			out.Note = t.Note
			// An erased text is empty: then there are no descriptions.
			_ = json.Unmarshal([]byte(t.LineTexts), &out.Descriptions)
		}
		return out, err
	})
}

// OrdersByReference finds orders by their references, with lines; those that do not exist are left out. Permission:
// purchasing.read. Errors: purchasing.too_many.
func (s *Service) OrdersByReference(ctx context.Context, references []string) (map[string]Order, error) {
	return byReference(ctx, s, "purchasing.OrdersByReference", references, loadOrderLines, func(o *Order) string { return o.Reference })
}

// ListOrders reads a page of orders without lines, in the order of their ids, which is that of placing, unless the request sorts
// by another column. Permission: purchasing.read. Errors: tenancy.bad_input (a foreign cursor or sort).
func (s *Service) ListOrders(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Order], error) {
	return list[Order](ctx, s, page)
}

// GetNote reads a receipt, a return or a cancellation with its lines. Permission: purchasing.read. Errors: tenancy.not_found.
func (s *Service) GetNote(ctx context.Context, id uuid.UUID) (Note, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Note, error) {
		return whole(ctx, tx, id, loadNoteLines)
	})
}

// NotesByReference finds notes by their references, with lines; those that do not exist are left out. Permission:
// purchasing.read. Errors: purchasing.too_many.
func (s *Service) NotesByReference(ctx context.Context, references []string) (map[string]Note, error) {
	return byReference(ctx, s, "purchasing.NotesByReference", references, loadNoteLines, func(n *Note) string { return n.Reference })
}

// ListNotes reads a page of notes without lines, in the order of posting unless the request sorts by another column.
// Permission: purchasing.read. Errors: tenancy.bad_input (a foreign cursor or sort).
func (s *Service) ListNotes(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Note], error) {
	return list[Note](ctx, s, page)
}

// GetBill reads a bill or credit with its lines, their matches and its document in accounting. Permission: purchasing.read.
// Errors: tenancy.not_found.
func (s *Service) GetBill(ctx context.Context, id uuid.UUID) (Bill, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Bill, error) {
		return whole(ctx, tx, id, s.complete)
	})
}

// BillsByReference finds bills and credits by their references, with all that is on them; those that do not exist are left out.
// Permission: purchasing.read. Errors: purchasing.too_many.
func (s *Service) BillsByReference(ctx context.Context, references []string) (map[string]Bill, error) {
	return byReference(ctx, s, "purchasing.BillsByReference", references, s.complete, func(b *Bill) string { return b.Reference })
}

// ListBills reads a page of bills and credits without lines, in the order of recording unless the request sorts by another
// column. Permission: purchasing.read. Errors: tenancy.bad_input (a foreign cursor or sort).
func (s *Service) ListBills(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Bill], error) {
	return list[Bill](ctx, s, page)
}

func list[T any](ctx context.Context, s *Service, page tenancy.PageRequest) (tenancy.PageOf[T], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[T], error) {
		return tenancy.Page[T](ctx, tx, page)
	})
}

func whole[T any](ctx context.Context, tx *tenancy.Tx, id uuid.UUID, load func(context.Context, *tenancy.Tx, []*T) error) (T, error) {
	row, err := tenancy.Get[T](ctx, tx, id)
	if err == nil {
		err = load(ctx, tx, []*T{row})
	}
	if err != nil {
		return *new(T), err
	}
	return *row, nil
}

func byReference[T any](ctx context.Context, s *Service, op string, references []string, load func(context.Context, *tenancy.Tx, []*T) error,
	of func(*T) string) (map[string]T, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (map[string]T, error) {
		if len(references) > MaxBatch {
			return nil, ErrTooMany.New(op, "%d references are more than the %d that one act takes", len(references), MaxBatch)
		}
		out := make(map[string]T, len(references))
		if len(references) == 0 {
			return out, nil
		}
		var found []T
		q := tx.Batch()
		tenancy.Load(q, &found, tenancy.In("reference", references))
		if err := q.Run(ctx); err != nil {
			return nil, err
		}
		if err := load(ctx, tx, pointers(found)); err != nil {
			return nil, err
		}
		for i := range found {
			out[of(&found[i])] = found[i]
		}
		return out, nil
	})
}

// loadOrderLines gives stored orders their lines, in one statement; for no orders, in none.
func loadOrderLines(ctx context.Context, tx *tenancy.Tx, orders []*Order) error {
	if len(orders) == 0 {
		return nil
	}
	byID := make(map[uuid.UUID]*Order, len(orders))
	var ids []uuid.UUID
	for _, o := range orders {
		byID[o.ID], o.Lines = o, nil
		ids = append(ids, o.ID)
	}
	var lines []OrderLine
	q := tx.Batch()
	tenancy.Load(q, &lines, tenancy.In("order_id", ids), tenancy.OrderBy("order_id", "line_no"))
	err := q.Run(ctx)
	for _, l := range lines {
		byID[l.OrderID].Lines = append(byID[l.OrderID].Lines, l)
	}
	return err
}

// loadNoteLines gives stored notes their lines, in one statement; for no notes, in none.
func loadNoteLines(ctx context.Context, tx *tenancy.Tx, notes []*Note) error {
	if len(notes) == 0 {
		return nil
	}
	byID := make(map[uuid.UUID]*Note, len(notes))
	var ids []uuid.UUID
	for _, n := range notes {
		byID[n.ID], n.Lines = n, nil
		ids = append(ids, n.ID)
	}
	var lines []NoteLine
	q := tx.Batch()
	tenancy.Load(q, &lines, tenancy.In("note_id", ids), tenancy.OrderBy("note_id", "line_no"))
	err := q.Run(ctx)
	for _, l := range lines {
		byID[l.NoteID].Lines = append(byID[l.NoteID].Lines, l)
	}
	return err
}

// complete gives stored bills their lines, matches and documents, in three statements; for no bills, in none.
func (s *Service) complete(ctx context.Context, tx *tenancy.Tx, bills []*Bill) error {
	if len(bills) == 0 {
		return nil
	}
	byID := make(map[uuid.UUID]*Bill, len(bills))
	var ids []uuid.UUID
	for _, b := range bills {
		byID[b.ID], b.Lines = b, nil
		ids = append(ids, b.ID)
	}
	var lines []BillLine
	var matches []Match
	q := tx.Batch()
	tenancy.Load(q, &lines, tenancy.In("bill_id", ids), tenancy.OrderBy("bill_id", "line_no"))
	tenancy.Load(q, &matches, tenancy.In("bill_id", ids), tenancy.OrderBy("bill_id", "line_no", "receipt_id", "receipt_line_no"))
	if err := q.Run(ctx); err != nil {
		return err
	}
	for _, l := range lines {
		byID[l.BillID].Lines = append(byID[l.BillID].Lines, l)
	}
	for _, m := range matches {
		l := &byID[m.BillID].Lines[m.LineNo-1]
		l.Matches = append(l.Matches, m)
	}
	documents, err := s.books.BillsByID(ctx, ids)
	for _, b := range bills {
		b.Document = documents[b.ID]
	}
	return err
}
