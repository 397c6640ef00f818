package purchasing

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// held are the orders that an act is about, with all that it may change of them. An act locks its orders in the order of their
// ids before it reads anything that a rival could change, and before it locks stock, numbers and balances.
type held struct {
	op       string
	orders   map[uuid.UUID]*Order
	lines    map[lineKey]*OrderLine
	of       map[uuid.UUID][]*OrderLine // by order
	receipts map[lineKey][]*NoteLine    // by line of the order, the oldest first
	notes    map[lineKey]*NoteLine      // the same by their own key

	orderLines map[*OrderLine]bool // that changed
	noteLines  map[*NoteLine]bool
	fresh      map[*NoteLine]bool // that this act makes
}

// hold locks orders and reads them; also adds reads to the same round trip, after the lock.
func hold(ctx context.Context, tx *tenancy.Tx, op string, ids []uuid.UUID, also func(*tenancy.Batch)) (*held, error) {
	var orders []Order
	var lines []OrderLine
	var receipts []NoteLine
	ids = sorted(ids)
	b := tx.Batch()
	if len(ids) > 0 {
		tenancy.Load(b, &orders, tenancy.In("id", ids), tenancy.ForUpdate())
		tenancy.Load(b, &lines, tenancy.In("order_id", ids), tenancy.OrderBy("order_id", "line_no"))
		tenancy.Load(b, &receipts, tenancy.In("order_id", ids), tenancy.Eq("kind", NoteReceipt), tenancy.OrderBy("note_id", "line_no"))
	}
	also(b)
	if err := b.Run(ctx); err != nil {
		return nil, err
	}
	h := &held{op: op, orders: map[uuid.UUID]*Order{}, lines: map[lineKey]*OrderLine{}, of: map[uuid.UUID][]*OrderLine{},
		receipts: map[lineKey][]*NoteLine{}, notes: map[lineKey]*NoteLine{}, orderLines: map[*OrderLine]bool{}, noteLines: map[*NoteLine]bool{},
		fresh: map[*NoteLine]bool{}}
	for i := range orders {
		h.orders[orders[i].ID] = &orders[i]
	}
	for i := range lines {
		l := &lines[i]
		h.lines[lineKey{l.OrderID, l.LineNo}] = l
		h.of[l.OrderID] = append(h.of[l.OrderID], l)
	}
	for i := range receipts {
		h.addReceipt(&receipts[i])
	}
	return h, nil
}

func (h *held) addReceipt(l *NoteLine) {
	key := lineKey{l.OrderID, l.OrderLineNo}
	h.receipts[key] = append(h.receipts[key], l)
	h.notes[lineKey{l.NoteID, l.LineNo}] = l
}

// order finds a locked order. Errors: purchasing.unknown_order.
func (h *held) order(what string, id uuid.UUID) (*Order, error) {
	if o := h.orders[id]; o != nil {
		return o, nil
	}
	return nil, ErrUnknownOrder.New(h.op, "%s: there is no such order", what)
}

// line finds a line of a locked order. Errors: purchasing.unknown_order.
func (h *held) line(what string, order *Order, no int64) (*OrderLine, error) {
	if l := h.lines[lineKey{order.ID, no}]; l != nil {
		return l, nil
	}
	return nil, ErrUnknownOrder.New(h.op, "%s: order %s has no line %d", what, order.Number, no)
}

// write adds what changed to a batch: counters, and the states that follow from them.
func (h *held) write(b *tenancy.Batch) {
	orderLines, noteLines := make([]*OrderLine, 0, len(h.orderLines)), make([]*NoteLine, 0, len(h.noteLines))
	touched := map[uuid.UUID]bool{}
	for l := range h.orderLines {
		orderLines = append(orderLines, l)
		touched[l.OrderID] = true
	}
	for l := range h.noteLines {
		if !h.fresh[l] {
			noteLines = append(noteLines, l)
		}
		touched[l.OrderID] = true
	}
	var orders []*Order
	for id := range touched {
		var receipts []*NoteLine
		for _, l := range h.of[id] {
			receipts = append(receipts, h.receipts[lineKey{id, l.LineNo}]...)
		}
		if state := stateOf(h.of[id], receipts); state != h.orders[id].State {
			h.orders[id].State = state
			orders = append(orders, h.orders[id])
		}
	}
	tenancy.Set(b, orderLines, "received", "billed", "returned", "credited", "cancelled")
	tenancy.Set(b, noteLines, "returned", "returned_minor", "billed", "billed_minor", "credited", "credited_minor")
	tenancy.Set(b, orders, "state")
}

// sorted are ids in order, each once.
func sorted(ids []uuid.UUID) []uuid.UUID {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return cmp.Compare(a.String(), b.String()) })
	return slices.Compact(ids)
}

func pointers[T any](rows []T) []*T {
	out := make([]*T, len(rows))
	for i := range rows {
		out[i] = &rows[i]
	}
	return out
}
