package sales

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// Deliver hands goods over for orders, in whole or in part: they leave the stock, taking what was reserved for the order
// first, and their cost is booked. All or nothing for the batch, in order, in a number of statements that does not depend
// on how many there are. A delivery whose reference was used before with the same content is given back, marked Replayed.
//
// Permission: sales.deliver. Errors: sales.bad_input, sales.too_many, sales.unknown_order, sales.wrong_state,
// sales.not_deliverable, sales.over_delivered, sales.nothing_left, sales.reference_taken; of inventory above all
// inventory.insufficient_stock; of accounting above all accounting.period_locked.
func (s *Service) Deliver(ctx context.Context, deliveries []NewDelivery) ([]Fulfilment, error) {
	return fulfil(ctx, s, PermDeliver, "sales.Deliver", "delivery", Delivery, deliveries)
}

// Invoice charges orders, in whole or in part, at the order's prices, delivered or not: what is charged and not credited
// never exceeds what was ordered and neither cancelled nor returned. Otherwise it is as [Service.Deliver].
//
// Permission: sales.invoice. Errors: sales.bad_input, sales.too_many, sales.unknown_order, sales.wrong_state,
// sales.over_invoiced, sales.nothing_left, sales.reference_taken; those of [accounting.Service.Issue].
func (s *Service) Invoice(ctx context.Context, invoices []NewOrderInvoice) ([]Fulfilment, error) {
	return fulfil(ctx, s, PermInvoice, "sales.Invoice", "invoice", OrderInvoice, invoices)
}

// Cancel gives up what is neither delivered nor charged of orders, in whole or in part, and what was reserved for it. What
// was charged is credited first. Otherwise it is as [Service.Deliver].
//
// Permission: sales.cancel. Errors: sales.bad_input, sales.too_many, sales.unknown_order, sales.wrong_state,
// sales.over_cancelled, sales.nothing_left, sales.reference_taken.
func (s *Service) Cancel(ctx context.Context, cancellations []NewCancellation) ([]Fulfilment, error) {
	return fulfil(ctx, s, PermCancel, "sales.Cancel", "cancellation", Cancellation, cancellations)
}

// Return brings goods of a delivery back to stock, in whole or in part, at the cost at which they left. They are not
// delivered again under the same order. What was charged for them is credited by [Service.CreditInvoice], before or after;
// until then the order is open. Otherwise it is as [Service.Deliver].
//
// Permission: sales.return. Errors: sales.bad_input, sales.too_many, sales.unknown_fulfilment, sales.wrong_state,
// sales.over_returned, sales.nothing_left, sales.reference_taken; those of [inventory.Service.Return].
func (s *Service) Return(ctx context.Context, returns []NewReturn) ([]Fulfilment, error) {
	return fulfil(ctx, s, PermReturn, "sales.Return", "return", GoodsReturn, returns)
}

// CreditInvoice credits an order's invoice, in whole or in part: the credit note corrects it, never by more than was
// charged. What is credited can be charged again, cancelled when it was not delivered, or returned. Otherwise it is as
// [Service.Deliver].
//
// Permission: sales.credit. Errors: sales.bad_input, sales.too_many, sales.unknown_fulfilment, sales.wrong_state,
// sales.over_credited, sales.nothing_left, sales.reference_taken; those of [accounting.Service.Issue], above all
// accounting.over_credited.
func (s *Service) CreditInvoice(ctx context.Context, credits []NewInvoiceCredit) ([]Fulfilment, error) {
	return fulfil(ctx, s, PermCredit, "sales.CreditInvoice", "credit", OrderCredit, credits)
}

// fulfil is the one path of all five.
func fulfil[T interface {
	reference() string
	step() step
}](ctx context.Context, s *Service, perm tenancy.Permission, op, noun string, kind FulfilmentKind, in []T) ([]Fulfilment, error) {
	return againstRivals(func() ([]Fulfilment, error) {
		return tenancy.Act(ctx, s.db, perm, func(ctx context.Context, tx *tenancy.Tx) ([]Fulfilment, error) {
			h, err := newHeads(op, noun, len(in))
			if err != nil || len(in) == 0 {
				return nil, err
			}
			f := &fulfilling{s: s, tx: tx, op: op, kind: kind, heads: h, steps: make([]step, len(in))}
			for i, n := range in {
				st := &f.steps[i]
				*st = n.step()
				check := func(what string) error { return st.check(op, what) }
				if err := h.add(n.reference(), n, max(len(st.parts), 1), st.content(kind), check); err != nil {
					return nil, err
				}
			}
			return f.run(ctx)
		})
	})
}

// fulfilling is one batch of fulfilments of one kind on its way.
type fulfilling struct {
	s     *Service
	tx    *tenancy.Tx
	op    string
	kind  FulfilmentKind
	heads *heads
	steps []step

	orders      map[uuid.UUID]*openOrder // locked
	byReference map[string]*openOrder
	named       map[uuid.UUID]accounting.Dimensions // what the orders' combinations are
	origins     map[string]*origin
	known       map[string]*Fulfilment // by reference: done before, or by this batch
	work        []*job                 // what is new, in order
}

// openOrder is a locked order with its lines as they are after the work so far.
type openOrder struct {
	order   *Order
	lines   []*OrderLine
	changed map[*OrderLine]bool
	state   OrderState // as stored
}

// origin is a delivery or an invoice that is taken back, with its lines by the order's line numbers.
type origin struct {
	fulfilment *Fulfilment
	lines      map[int64]*FulfilmentLine
	changed    map[*FulfilmentLine]bool
}

// job is a step that is new, on its way to a fulfilment.
type job struct {
	head   *head
	step   *step
	made   *Fulfilment
	of     *openOrder
	origin *origin
	prices []decimal.Decimal // of the lines
}

func (f *fulfilling) run(ctx context.Context) ([]Fulfilment, error) {
	stored, err := f.read(ctx)
	if err != nil {
		return nil, err
	}
	for i := range f.heads.all {
		h := &f.heads.all[i]
		if old := f.known[h.reference]; old != nil {
			if h.first == i {
				err = h.known(f.op, old.Fingerprint)
			}
		} else if h.first == i {
			err = f.prepare(h, &f.steps[i])
		}
		if err != nil {
			return nil, err
		}
	}
	if err := f.do(ctx); err != nil {
		return nil, err
	}
	if err := f.s.completeFulfilments(ctx, f.tx, stored); err != nil {
		return nil, err
	}
	out := make([]Fulfilment, len(f.steps))
	for i, h := range f.heads.all {
		out[i] = *f.known[h.reference]
		out[i].Replayed = h.first != i || contains(stored, f.known[h.reference])
	}
	return out, nil
}

// prepare makes one fulfilment and counts it on the lines of its order.
func (f *fulfilling) prepare(h *head, st *step) error {
	j := &job{head: h, step: st}
	if err := f.find(j); err != nil {
		return err
	}
	o := j.of
	to := allowed(orderTransitions, o.order.State, act(f.kind))
	if len(to) == 0 {
		return ErrWrongState.New(f.op, "%s: the order %q is %s", h.what, o.order.Reference, o.order.State)
	}
	j.made = &Fulfilment{Kind: f.kind, Reference: h.reference, Fingerprint: h.fingerprint, OrderID: o.order.ID, Date: st.date, PostedAt: f.tx.Now()}
	j.made.ID = tenancy.NewID()
	if j.made.Date.IsZero() {
		j.made.Date = f.tx.Today()
	}
	if j.origin != nil {
		j.made.OriginID = j.origin.fulfilment.ID
	}
	for _, p := range f.parts(j) {
		if err := f.count(j, p); err != nil {
			return err
		}
	}
	if len(j.made.Lines) == 0 {
		return ErrNothingLeft.New(f.op, "%s: nothing is left of the order %q for this act", h.what, o.order.Reference)
	}
	next := stateOf(o.lines)
	if !slices.Contains(to, next) {
		return ErrWrongState.New(f.op, "%s: the order %q would go from %s to %s", h.what, o.order.Reference, o.order.State, next)
	}
	o.order.State = next
	f.known[h.reference] = j.made
	f.work = append(f.work, j)
	return nil
}

// find finds the order, and what is taken back of it.
func (f *fulfilling) find(j *job) error {
	if j.step.origin == "" {
		if j.of = f.byReference[j.step.order]; j.of == nil {
			return ErrUnknownOrder.New(f.op, "%s: there is no order %q", j.head.what, j.step.order)
		}
		return nil
	}
	j.origin = f.origins[j.step.origin]
	want := map[FulfilmentKind]FulfilmentKind{GoodsReturn: Delivery, OrderCredit: OrderInvoice}[f.kind]
	if j.origin == nil || j.origin.fulfilment.Kind != want {
		return ErrUnknownFulfilment.New(f.op, "%s: there is no %s %q of an order", j.head.what, want, j.step.origin)
	}
	j.of = f.orders[j.origin.fulfilment.OrderID]
	return nil
}

// parts are those that the step names; all that is left where it names none.
func (f *fulfilling) parts(j *job) []CreditPart {
	if len(j.step.parts) > 0 {
		return j.step.parts
	}
	var all []CreditPart
	for _, l := range j.of.lines {
		if left := f.left(j, l); left > 0 {
			all = append(all, CreditPart{OrderPart: OrderPart{Line: l.LineNo, Quantity: left}})
		}
	}
	return all
}

// left is how much of a line the act can still be about.
func (f *fulfilling) left(j *job, l *OrderLine) money.Quantity {
	switch f.kind {
	case Delivery:
		return l.Undelivered()
	case OrderInvoice:
		return l.Uninvoiced()
	case Cancellation:
		return l.Cancellable()
	default:
		given := j.origin.lines[l.LineNo]
		if given == nil {
			return 0
		}
		return given.Quantity - given.TakenBack
	}
}

// over is the refusal of more than is left, by kind.
var over = map[FulfilmentKind]func(op, format string, args ...any) error{
	Delivery:     func(op, format string, args ...any) error { return ErrOverDelivered.New(op, format, args...) },
	OrderInvoice: func(op, format string, args ...any) error { return ErrOverInvoiced.New(op, format, args...) },
	Cancellation: func(op, format string, args ...any) error { return ErrOverCancelled.New(op, format, args...) },
	GoodsReturn:  func(op, format string, args ...any) error { return ErrOverReturned.New(op, format, args...) },
	OrderCredit:  func(op, format string, args ...any) error { return ErrOverCredited.New(op, format, args...) },
}

// count adds a part to the fulfilment and to the order's line.
func (f *fulfilling) count(j *job, p CreditPart) error {
	i := p.Line - 1
	if i >= int64(len(j.of.lines)) {
		return ErrUnknownOrder.New(f.op, "%s: the order %q has no line %d", j.head.what, j.of.order.Reference, p.Line)
	}
	l := j.of.lines[i]
	if f.kind == Delivery && !l.Goods {
		return ErrNotDeliverable.New(f.op, "%s: line %d of %q is not about goods, and is only charged", j.head.what, p.Line, j.of.order.Reference)
	}
	if left := f.left(j, l); p.Quantity > left {
		return over[f.kind](f.op, "%s, line %d: %s of the %s ordered is left for this act, not %s", j.head.what, p.Line, left, l.Quantity, p.Quantity)
	}
	line := FulfilmentLine{FulfilmentID: j.made.ID, LineNo: int64(len(j.made.Lines)) + 1, OrderID: l.OrderID, OrderLineNo: l.LineNo, Quantity: p.Quantity}
	if j.origin != nil {
		given := j.origin.lines[l.LineNo]
		given.TakenBack += p.Quantity
		j.origin.changed[given] = true
		line.OriginID, line.OriginLineNo = given.FulfilmentID, given.LineNo
	}
	*l.counter(f.kind) += p.Quantity
	j.of.changed[l] = true
	price := l.UnitPrice
	if f.kind == OrderCredit && !p.UnitPrice.IsZero() {
		price = p.UnitPrice
	}
	j.made.Lines, j.prices = append(j.made.Lines, line), append(j.prices, price)
	return nil
}

// counter is what a kind of fulfilment counts on.
func (l *OrderLine) counter(kind FulfilmentKind) *money.Quantity {
	return map[FulfilmentKind]*money.Quantity{Delivery: &l.Delivered, GoodsReturn: &l.Returned, OrderInvoice: &l.Invoiced,
		OrderCredit: &l.Credited, Cancellation: &l.Cancelled}[kind]
}
