package sales

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
)

// wish is goods to be kept for a line of an order.
type wish struct {
	order    *Order
	line     *OrderLine
	quantity money.Quantity
	until    time.Time
}

// reserve keeps goods for lines, and notes it on them. Stock takes so many at once as a batch may have documents; the wishes
// are sorted, so that it locks all of them in one order however they are cut.
func (s *Service) reserve(ctx context.Context, wishes []wish) error {
	slices.SortStableFunc(wishes, func(a, b wish) int {
		return cmp.Or(bytes.Compare(a.line.ProductID[:], b.line.ProductID[:]), bytes.Compare(a.order.WarehouseID[:], b.order.WarehouseID[:]))
	})
	for part := range slices.Chunk(wishes, inventory.MaxBatch) {
		in := make([]inventory.NewReservation, len(part))
		for i, w := range part {
			in[i] = inventory.NewReservation{ProductID: w.line.ProductID, WarehouseID: w.order.WarehouseID, Quantity: w.quantity, ExpiresAt: w.until,
				Source: accounting.Source{Model: orderTable, ID: w.order.ID}}
		}
		made, err := s.stock.Reserve(ctx, in)
		if err != nil {
			return err
		}
		for i, r := range made {
			part[i].line.ReservationID = r.ID
		}
	}
	return nil
}

// reserve keeps the goods of the new orders that ask for it.
func (p *placing) reserve(ctx context.Context) error {
	var wishes []wish
	for i, o := range p.fresh {
		if p.until[i].IsZero() {
			continue
		}
		for n := range o.Lines {
			if l := &o.Lines[n]; l.Goods {
				wishes = append(wishes, wish{o, l, l.Quantity, p.until[i]})
			}
		}
	}
	if err := p.s.reserve(ctx, wishes); err != nil {
		return err
	}
	lines := make([]*OrderLine, len(wishes))
	for i, w := range wishes {
		lines[i] = w.line
	}
	w := p.tx.Batch()
	tenancy.Set(w, lines, "reservation_id")
	return w.Run(ctx)
}

// release lets go of what was reserved for what is cancelled. A reservation is let go whole, so what is still to be delivered
// is reserved again, in the same transaction, for as long as it was before.
func (f *fulfilling) release(ctx context.Context) error {
	lines := map[uuid.UUID]wish{} // by their reservation
	for _, o := range f.orders {
		for l := range o.changed {
			if l.ReservationID != uuid.Nil {
				lines[l.ReservationID] = wish{order: o.order, line: l, quantity: l.Undelivered()}
			}
		}
	}
	if len(lines) == 0 {
		return nil
	}
	var held []inventory.Reservation
	q := f.tx.Batch()
	tenancy.Load(q, &held, tenancy.In("id", keys(lines)), tenancy.OrderBy("product_id", "warehouse_id", "id"))
	if err := q.Run(ctx); err != nil {
		return err
	}
	var ids []uuid.UUID
	var again []wish
	for _, r := range held {
		w := lines[r.ID]
		if r.Open <= w.quantity {
			continue // it holds no more than is still to be delivered
		}
		ids = append(ids, r.ID)
		if w.until = r.ExpiresAt; w.quantity > 0 && w.until.After(f.tx.Now()) {
			again = append(again, w)
		}
	}
	for part := range slices.Chunk(ids, inventory.MaxBatch) {
		if err := f.s.stock.Release(ctx, part); err != nil {
			return err
		}
	}
	return f.s.reserve(ctx, again)
}
