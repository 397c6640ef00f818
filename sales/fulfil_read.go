package sales

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// read finds the orders that the batch is about and locks them, in the order of their ids. Everything else is read after
// the lock, so that what a rival did for the same order before is seen: its counters, and that it used the same reference.
func (f *fulfilling) read(ctx context.Context) ([]*Fulfilment, error) {
	ids, err := f.orderIDs(ctx)
	if err != nil {
		return nil, err
	}
	var orders []Order
	var lines []OrderLine
	var done []Fulfilment
	q := f.tx.Batch()
	if len(ids) > 0 {
		tenancy.Load(q, &orders, tenancy.In("id", ids), tenancy.ForUpdate())
		tenancy.Load(q, &lines, tenancy.In("order_id", ids), tenancy.OrderBy("order_id", "line_no"))
	}
	tenancy.Load(q, &done, tenancy.In("reference", unrepeated(f.heads.references())))
	if err := q.Run(ctx); err != nil {
		return nil, err
	}
	f.orders, f.byReference = make(map[uuid.UUID]*openOrder, len(orders)), make(map[string]*openOrder, len(orders))
	for i := range orders {
		o := &openOrder{order: &orders[i], changed: map[*OrderLine]bool{}, state: orders[i].State}
		f.orders[o.order.ID], f.byReference[o.order.Reference] = o, o
	}
	documents, terms := make([]uuid.UUID, len(orders)), make([]*Terms, len(lines))
	for i := range orders {
		documents[i] = orders[i].DimensionSetID
	}
	for i := range lines {
		o := f.orders[lines[i].OrderID]
		o.lines, terms[i] = append(o.lines, &lines[i]), &lines[i].Terms
	}
	if f.named, err = f.s.spellTerms(ctx, terms, documents...); err != nil {
		return nil, err
	}
	f.known = make(map[string]*Fulfilment, len(f.steps))
	for i := range done {
		f.known[done[i].Reference] = &done[i]
	}
	return pointers(done), f.readOriginLines(ctx)
}

// orderIDs finds the orders by what the steps name: their own references, or those of deliveries and invoices.
func (f *fulfilling) orderIDs(ctx context.Context) ([]uuid.UUID, error) {
	var orders, origins []string
	for i := range f.steps {
		if st := &f.steps[i]; st.origin != "" {
			origins = append(origins, st.origin)
		} else {
			orders = append(orders, st.order)
		}
	}
	var named []Order
	var taken []Fulfilment
	q := f.tx.Batch()
	if len(orders) > 0 {
		tenancy.Load(q, &named, tenancy.In("reference", unrepeated(orders)))
	}
	if len(origins) > 0 {
		tenancy.Load(q, &taken, tenancy.In("reference", unrepeated(origins)))
	}
	if err := q.Run(ctx); err != nil {
		return nil, err
	}
	var ids []uuid.UUID
	for i := range named {
		ids = append(ids, named[i].ID)
	}
	f.origins = make(map[string]*origin, len(taken))
	for i := range taken {
		ids = append(ids, taken[i].OrderID)
		f.origins[taken[i].Reference] = &origin{fulfilment: &taken[i], lines: map[int64]*FulfilmentLine{}, changed: map[*FulfilmentLine]bool{}}
	}
	return distinct(ids), nil
}

// readOriginLines reads the lines of what is taken back. Their order is locked, so they need no lock.
func (f *fulfilling) readOriginLines(ctx context.Context) error {
	if len(f.origins) == 0 {
		return nil
	}
	of := map[uuid.UUID]*origin{}
	for _, o := range f.origins {
		of[o.fulfilment.ID] = o
	}
	var lines []FulfilmentLine
	q := f.tx.Batch()
	tenancy.Load(q, &lines, tenancy.In("fulfilment_id", slices.Collect(maps.Keys(of))))
	if err := q.Run(ctx); err != nil {
		return err
	}
	for i := range lines {
		of[lines[i].FulfilmentID].lines[lines[i].OrderLineNo] = &lines[i]
	}
	return nil
}
