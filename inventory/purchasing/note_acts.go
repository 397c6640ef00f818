package purchasing

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Receive books what came of orders, in order and all or none: goods come into stock at the order's price, against the account
// of goods received and not yet billed; services are counted only. An order may come in any number of parts, and never more
// of it than was ordered and not cancelled. However many receipts there are, it costs the same number of statements.
//
// A receipt whose reference was booked before with the same content is given back, marked Replayed.
//
// Permission: purchasing.receive. Errors: purchasing.bad_input, purchasing.too_many, purchasing.unknown_order,
// purchasing.over_received, purchasing.reference_taken; those of [inventory.Service.Receive] (inventory.not_configured,
// inventory.unknown_warehouse, accounting.period_locked, ...).
func (s *Service) Receive(ctx context.Context, in []NewReceipt) ([]Note, error) {
	return s.note(ctx, PermReceive, "purchasing.Receive", len(in), func(i int) (*noteDraft, any) {
		n := &in[i]
		return &noteDraft{kind: NoteReceipt, head: head{reference: n.Reference}, order: n.OrderID, date: n.Date, warehouse: n.WarehouseID, lines: n.Lines,
			lock: n.LockException}, n
	})
}

// Return books what goes back to vendors, each return of one receipt, in order and all or none. Goods leave stock at what they
// are carried at; the account of goods received is debited with their share in what they were received at, and the
// difference is price variance. What had been billed already waits for a [Service.Credit].
//
// Permission: purchasing.return. Errors: as [Service.Receive], and purchasing.unknown_receipt, purchasing.over_returned,
// inventory.insufficient_stock.
func (s *Service) Return(ctx context.Context, in []NewReturn) ([]Note, error) {
	return s.note(ctx, PermReturn, "purchasing.Return", len(in), func(i int) (*noteDraft, any) {
		n := &in[i]
		return &noteDraft{kind: NoteReturn, head: head{reference: n.Reference}, receipt: n.ReceiptID, date: n.Date, warehouse: n.WarehouseID, lines: n.Lines,
			reason: n.Reason, lock: n.LockException}, n
	})
}

// Cancel notes what of orders will not come, in order and all or none. It books nothing.
//
// Permission: purchasing.cancel. Errors: purchasing.bad_input, purchasing.too_many, purchasing.unknown_order,
// purchasing.over_received (more than is still to come, or nothing is), purchasing.reference_taken.
func (s *Service) Cancel(ctx context.Context, in []NewCancellation) ([]Note, error) {
	return s.note(ctx, PermCancel, "purchasing.Cancel", len(in), func(i int) (*noteDraft, any) {
		n := &in[i]
		return &noteDraft{kind: NoteCancellation, head: head{reference: n.Reference}, order: n.OrderID, date: n.Date, lines: n.Lines}, n
	})
}

// noteDraft is the common form of a receipt, a return and a cancellation.
type noteDraft struct {
	head
	kind           NoteKind
	order, receipt uuid.UUID
	date           date.Date
	warehouse      uuid.UUID
	lines          []NewNoteLine
	reason, lock   string
}

// note is the one path of all three.
func (s *Service) note(ctx context.Context, perm tenancy.Permission, op string, n int, draft func(i int) (*noteDraft, any)) ([]Note, error) {
	return againstRivals(func() ([]Note, error) {
		return tenancy.Act(ctx, s.db, perm, func(ctx context.Context, tx *tenancy.Tx) ([]Note, error) {
			drafts, err := noteDrafts(op, n, draft)
			if err != nil || n == 0 {
				return nil, err
			}
			w := &noting{s: s, tx: tx, op: op, drafts: drafts}
			if err := w.read(ctx); err != nil {
				return nil, err
			}
			if err := w.plan(ctx); err != nil {
				return nil, err
			}
			if err := w.moveGoods(ctx); err != nil {
				return nil, err
			}
			if err := w.write(ctx); err != nil {
				return nil, err
			}
			return w.results(), nil
		})
	})
}

func noteDrafts(op string, n int, draft func(i int) (*noteDraft, any)) ([]*noteDraft, error) {
	if n > MaxBatch {
		return nil, ErrTooMany.New(op, "%d documents are more than the %d that one act takes", n, MaxBatch)
	}
	drafts := make([]*noteDraft, n)
	total := 0
	for i := range drafts {
		d, input := draft(i)
		d.what = fmt.Sprintf("document %d (%q)", i+1, d.reference)
		if total += len(d.lines); total > MaxBatchLines {
			return nil, ErrTooMany.New(op, "the documents have more than the %d lines that one act takes", MaxBatchLines)
		}
		if err := checkTags(op, d.what, input); err != nil {
			return nil, err
		}
		var err error
		if d.fingerprint, err = digest(op, d.what, struct {
			Kind           NoteKind
			Order, Receipt uuid.UUID
			Date           date.Date
			Warehouse      uuid.UUID
			Lines          []NewNoteLine
		}{d.kind, d.order, d.receipt, d.date, d.warehouse, d.lines}); err != nil {
			return nil, err
		}
		drafts[i] = d
	}
	return drafts, nil
}

// noting is one act on notes.
type noting struct {
	s      *Service
	tx     *tenancy.Tx
	op     string
	drafts []*noteDraft

	currency money.Currency
	held     *held
	named    map[uuid.UUID]accounting.Dimensions // what the orders' lines are analysed by
	origins  map[uuid.UUID]*Note                 // the receipts that returns name
	replays  *replays[Note]

	notes    []*Note // the answers, in the order of the drafts
	replayed []bool
	fresh    []*Note
	stock    []inventory.NewDocument
	of       []*Note // of each stock document
}

// read locks the orders and reads all that the batch is about. A return names its receipt, and so needs a round more.
func (w *noting) read(ctx context.Context) error {
	books, err := w.s.books.GetBooks(ctx)
	if err != nil {
		return err
	}
	w.currency = books.Currency
	var orders, receipts []uuid.UUID
	var references []string
	for _, d := range w.drafts {
		references = append(references, d.reference)
		if d.kind == NoteReturn {
			receipts = append(receipts, d.receipt)
		} else {
			orders = append(orders, d.order)
		}
	}
	w.origins = map[uuid.UUID]*Note{}
	if len(receipts) > 0 {
		var named []Note
		b := w.tx.Batch()
		tenancy.Load(b, &named, tenancy.In("id", sorted(receipts)), tenancy.Eq("kind", NoteReceipt))
		if err := b.Run(ctx); err != nil {
			return err
		}
		for i := range named {
			w.origins[named[i].ID] = &named[i]
			orders = append(orders, named[i].OrderID)
		}
	}
	var stored []Note
	w.held, err = hold(ctx, w.tx, w.op, orders, func(b *tenancy.Batch) { tenancy.Load(b, &stored, tenancy.In("reference", references)) })
	if err != nil {
		return err
	}
	if err := loadNoteLines(ctx, w.tx, pointers(stored)); err != nil {
		return err
	}
	if w.named, err = w.held.spell(ctx, w.s); err != nil {
		return err
	}
	w.replays = newReplays(w.op, stored, func(n *Note) (string, string) { return n.Reference, n.Fingerprint })
	return nil
}

// plan makes the notes that are new, and counts them on the orders.
func (w *noting) plan(_ context.Context) error {
	for _, d := range w.drafts {
		n, err := w.replays.find(d.head)
		if err != nil {
			return err
		}
		w.replayed = append(w.replayed, n != nil)
		if n == nil {
			if n, err = w.draft(d); err != nil {
				return err
			}
			w.replays.add(d.head, n)
			w.fresh = append(w.fresh, n)
		}
		w.notes = append(w.notes, n)
	}
	return nil
}

// draft makes one note.
func (w *noting) draft(d *noteDraft) (*Note, error) {
	if d.kind == NoteReturn {
		receipt := w.origins[d.receipt]
		if receipt == nil {
			return nil, ErrUnknownReceipt.New(w.op, "%s: there is no such receipt", d.what)
		}
		d.order = receipt.OrderID
	}
	order, err := w.held.order(d.what, d.order)
	if err != nil {
		return nil, err
	}
	n := &Note{Kind: d.kind, Reference: d.reference, Fingerprint: d.fingerprint, OrderID: order.ID, ReceiptID: d.receipt, Date: d.date, PostedAt: w.tx.Now()}
	n.TenantID, n.ID = w.tx.Scope().TenantID(), tenancy.NewID()
	if n.Date.IsZero() {
		n.Date = w.tx.Today()
	}
	doc := inventory.NewDocument{Date: n.Date, WarehouseID: d.warehouse, Counter: accounting.ByRole(accounting.RoleGoodsReceived), Reason: d.reason,
		LockException: d.lock, AsStated: true}
	if doc.WarehouseID == uuid.Nil {
		doc.WarehouseID = order.WarehouseID
	}
	if d.kind == NoteCancellation && len(d.lines) == 0 {
		if d.lines = w.rest(order); len(d.lines) == 0 {
			return nil, ErrOverReceived.New(w.op, "%s: nothing of order %s is still to come", d.what, order.Number)
		}
	}
	n.Lines = make([]NoteLine, len(d.lines))
	for i, in := range d.lines {
		n.Lines[i] = NoteLine{NoteID: n.ID, LineNo: int64(i) + 1, Kind: d.kind, OrderID: order.ID, Date: n.Date, Quantity: in.Quantity, Value: money.Zero(w.currency)}
		move, err := w.line(fmt.Sprintf("%s, line %d", d.what, i+1), d, order, &n.Lines[i], in)
		if err != nil {
			return nil, err
		}
		if move != nil {
			doc.Lines = append(doc.Lines, *move)
		}
	}
	if len(doc.Lines) > 0 {
		w.stock, w.of = append(w.stock, doc), append(w.of, n)
	}
	return n, nil
}

// rest is all that is still to come of an order.
func (w *noting) rest(order *Order) []NewNoteLine {
	var out []NewNoteLine
	for _, l := range w.held.of[order.ID] {
		if l.ToCome() > 0 {
			out = append(out, NewNoteLine{LineNo: l.LineNo, Quantity: l.ToCome()})
		}
	}
	return out
}

// line counts a line on the order, and says what moves of stock; nil when nothing does.
func (w *noting) line(what string, d *noteDraft, order *Order, l *NoteLine, in NewNoteLine) (*inventory.NewMove, error) {
	if d.kind == NoteReturn {
		return w.returned(what, d, order, l, in)
	}
	ordered, err := w.held.line(what, order, in.LineNo)
	if err != nil {
		return nil, err
	}
	l.OrderLineNo = in.LineNo
	if in.Quantity > ordered.ToCome() {
		return nil, ErrOverReceived.New(w.op, "%s: of line %d of order %s %s are still to come, not %s", what, in.LineNo, order.Number, ordered.ToCome(), in.Quantity)
	}
	w.held.orderLines[ordered] = true
	if d.kind == NoteCancellation {
		ordered.Cancelled += in.Quantity
		return nil, nil
	}
	ordered.Received += in.Quantity
	w.held.addReceipt(l)
	w.held.noteLines[l], w.held.fresh[l] = true, true
	if !ordered.Goods {
		return nil, nil
	}
	return &inventory.NewMove{LineNo: l.LineNo, ProductID: ordered.ProductID, Quantity: in.Quantity, Cost: inventory.PerUnit(ordered.UnitPrice),
		Dimensions: w.named[ordered.DimensionSetID]}, nil
}

// returned counts a line that goes back on its receipt and on the order.
func (w *noting) returned(what string, d *noteDraft, order *Order, l *NoteLine, in NewNoteLine) (*inventory.NewMove, error) {
	came := w.held.notes[lineKey{d.receipt, in.LineNo}]
	if came == nil {
		return nil, ErrUnknownReceipt.New(w.op, "%s: the receipt has no line %d", what, in.LineNo)
	}
	if in.Quantity > came.kept() {
		return nil, ErrOverReturned.New(w.op, "%s: of the %s received %s have not gone back, and %s would go", what, came.Quantity, came.kept(), in.Quantity)
	}
	ordered, err := w.held.line(what, order, came.OrderLineNo)
	if err != nil {
		return nil, err
	}
	ordered.Returned += in.Quantity
	came.Returned += in.Quantity
	w.held.orderLines[ordered], w.held.noteLines[came] = true, true
	l.OrderLineNo, l.OriginNoteID, l.OriginLineNo = came.OrderLineNo, came.NoteID, came.LineNo
	if !ordered.Goods {
		return nil, nil
	}
	return &inventory.NewMove{LineNo: l.LineNo, ProductID: ordered.ProductID, Quantity: in.Quantity,
		Origin: inventory.Origin{DocumentID: w.origins[d.receipt].StockDocumentID, LineNo: came.LineNo}}, nil
}

// moveGoods brings goods in, or sends them back, and notes what that is worth to the account of goods received.
func (w *noting) moveGoods(ctx context.Context) error {
	if len(w.stock) == 0 {
		return nil
	}
	act := w.s.stock.Receive
	if w.of[0].Kind == NoteReturn {
		act = w.s.stock.ReturnToVendor
	}
	booked, err := act(ctx, w.stock)
	if err != nil {
		return err
	}
	for i, doc := range booked {
		n := w.of[i]
		n.StockDocumentID = doc.ID
		for _, m := range doc.Moves {
			l := &n.Lines[m.LineNo-1]
			if n.Kind == NoteReceipt {
				l.Value = m.Value
				continue
			}
			l.Value.Minor = -m.Value.Minor - m.VarianceMinor // what left stock, less what of it is price variance
			w.held.notes[lineKey{l.OriginNoteID, l.OriginLineNo}].ReturnedMinor += l.Value.Minor
		}
	}
	return nil
}

// write stores the notes that are new, and what they changed.
func (w *noting) write(ctx context.Context) error {
	var lines []*NoteLine
	for _, n := range w.fresh {
		lines = append(lines, pointers(n.Lines)...)
	}
	b := w.tx.Batch()
	w.held.write(b)
	tenancy.Put(b, w.fresh)
	tenancy.Put(b, lines)
	return b.Run(ctx)
}

func (w *noting) results() []Note {
	out := make([]Note, len(w.notes))
	for i, n := range w.notes {
		out[i] = *n
		out[i].Lines = append([]NoteLine(nil), n.Lines...)
		out[i].Replayed = w.replayed[i]
	}
	return out
}
