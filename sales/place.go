package sales

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Order takes orders, in order, all or nothing, in a number of statements that does not depend on how many there are. An
// order books nothing; with ReserveUntil it keeps its goods from others.
//
// An order whose reference was used before with the same content is given back as it is now, marked Replayed.
//
// Permission: sales.order. Errors: sales.bad_input, sales.too_many, sales.unknown_product, sales.reference_taken; of
// inventory, for orders that reserve, inventory.insufficient_stock and inventory.unknown_warehouse; of accounting as
// [Service.Quote], and accounting.dimension_needed, with the line that lacks what its accounts require.
func (s *Service) Order(ctx context.Context, orders []NewOrder) ([]Order, error) {
	const op = "sales.Order"
	return s.place(ctx, op, func() (*heads, []*orderDraft, error) {
		h, err := newHeads(op, "order", len(orders))
		if err != nil {
			return nil, nil, err
		}
		drafts := make([]*orderDraft, len(orders))
		for i := range orders {
			n := &orders[i]
			content := struct {
				PartyID, WarehouseID uuid.UUID
				Date                 date.Date
				ReserveUntil         time.Time
				Dimensions           accounting.Dimensions `json:",omitempty"`
				Lines                []lineContent
			}{n.PartyID, n.WarehouseID, n.Date, n.ReserveUntil.UTC(), n.Dimensions, contentOf(n.Lines)}
			if err := h.add(n.Reference, *n, len(n.Lines), content, func(what string) error { return checkLines(op, what, n.Lines) }); err != nil {
				return nil, nil, err
			}
			drafts[i] = &orderDraft{party: n.PartyID, date: n.Date, warehouse: n.WarehouseID, reserveUntil: n.ReserveUntil, dimensions: n.Dimensions, lines: n.Lines,
				note: n.Note}
		}
		return h, drafts, nil
	})
}

// Accept turns quotations into orders, on their terms; otherwise it is as [Service.Order]. A quotation is accepted once: a
// second acceptance with the same reference gives the same order, with another it is refused.
//
// Permission: sales.order. Errors: as [Service.Order], and sales.unknown_quotation, sales.quotation_expired (the date of the
// acceptance is after ValidUntil), sales.wrong_state.
func (s *Service) Accept(ctx context.Context, acceptances []Acceptance) ([]Order, error) {
	const op = "sales.Accept"
	return s.place(ctx, op, func() (*heads, []*orderDraft, error) {
		h, err := newHeads(op, "acceptance", len(acceptances))
		if err != nil {
			return nil, nil, err
		}
		drafts := make([]*orderDraft, len(acceptances))
		for i := range acceptances {
			n := &acceptances[i]
			content := struct {
				Quotation    string
				WarehouseID  uuid.UUID
				Date         date.Date
				ReserveUntil time.Time
				Dimensions   accounting.Dimensions `json:",omitempty"`
			}{n.Quotation, n.WarehouseID, n.Date, n.ReserveUntil.UTC(), n.Dimensions}
			if err := h.add(n.Reference, *n, 1, content, func(string) error { return nil }); err != nil {
				return nil, nil, err
			}
			drafts[i] = &orderDraft{quotation: n.Quotation, date: n.Date, warehouse: n.WarehouseID, reserveUntil: n.ReserveUntil, dimensions: n.Dimensions}
		}
		return h, drafts, nil
	})
}

// place is the one path of both.
func (s *Service) place(ctx context.Context, op string, check func() (*heads, []*orderDraft, error)) ([]Order, error) {
	return againstRivals(func() ([]Order, error) {
		return tenancy.Act(ctx, s.db, PermOrder, func(ctx context.Context, tx *tenancy.Tx) ([]Order, error) {
			heads, drafts, err := check()
			if err != nil || len(drafts) == 0 {
				return nil, err
			}
			p := &placing{s: s, tx: tx, op: op, heads: heads, drafts: drafts}
			return p.run(ctx)
		})
	})
}

// orderDraft is an order on its way, from a quotation or without.
type orderDraft struct {
	quotation    string
	party        uuid.UUID
	date         date.Date
	warehouse    uuid.UUID
	reserveUntil time.Time
	dimensions   accounting.Dimensions
	lines        []NewLine
	note         string
}

// placing is one batch of orders on its way.
type placing struct {
	s      *Service
	tx     *tenancy.Tx
	op     string
	heads  *heads
	drafts []*orderDraft

	known      map[string]*Order // by reference: taken before, or by this batch
	quotations map[string]*Quotation
	accepted   []*Quotation
	fresh      []*Order
	until      []time.Time // how long goods of each are reserved; zero for those that reserve none
}

func (p *placing) run(ctx context.Context) ([]Order, error) {
	stored, err := p.read(ctx)
	if err != nil {
		return nil, err
	}
	var wanted []int
	for i := range p.heads.all {
		h := &p.heads.all[i]
		switch old := p.known[h.reference]; {
		case old != nil:
			if err := h.known(p.op, old.Fingerprint); err != nil {
				return nil, err
			}
		case h.first == i:
			wanted = append(wanted, i)
		}
	}
	if err := p.s.completeOrders(ctx, p.tx, stored); err != nil {
		return nil, err
	}
	if len(wanted) > 0 {
		if err := p.make(ctx, wanted); err != nil {
			return nil, err
		}
	}
	out := make([]Order, len(p.drafts))
	for i, h := range p.heads.all {
		out[i] = *p.known[h.reference]
		out[i].Replayed = h.first != i || len(stored) > 0 && contains(stored, p.known[h.reference])
	}
	return out, nil
}

func contains[T any](rows []*T, row *T) bool {
	for _, r := range rows {
		if r == row {
			return true
		}
	}
	return false
}

// read locks the quotations that are accepted, and then looks for what was ordered before under the same references: a
// rival that accepted the same quotation has committed by then.
func (p *placing) read(ctx context.Context) ([]*Order, error) {
	var references []string
	for _, d := range p.drafts {
		if d.quotation != "" {
			references = append(references, d.quotation)
		}
	}
	var quotations []Quotation
	var found []Order
	q := p.tx.Batch()
	if len(references) > 0 {
		tenancy.Load(q, &quotations, tenancy.In("reference", unrepeated(references)), tenancy.ForUpdate())
	}
	tenancy.Load(q, &found, tenancy.In("reference", unrepeated(p.heads.references())))
	if err := q.Run(ctx); err != nil {
		return nil, err
	}
	p.quotations, p.known = make(map[string]*Quotation, len(quotations)), make(map[string]*Order, len(p.drafts))
	for i := range quotations {
		p.quotations[quotations[i].Reference] = &quotations[i]
	}
	for i := range found {
		p.known[found[i].Reference] = &found[i]
	}
	return pointers(found), p.s.completeQuotations(ctx, p.tx, pointers(quotations))
}

// make takes the new orders.
func (p *placing) make(ctx context.Context, wanted []int) error {
	var parties, warehouses []uuid.UUID
	var offers []*offer
	for _, i := range wanted {
		d := p.drafts[i]
		parties, warehouses = append(parties, d.party), append(warehouses, d.warehouse)
		offers = append(offers, &offer{what: p.heads.all[i].what, order: true, dimensions: d.dimensions, warehouse: d.warehouse, lines: d.lines,
			from: p.quotations[d.quotation]})
	}
	c, err := p.s.catalogue(ctx, p.tx, p.op, parties, warehouses, offers)
	if err != nil {
		return err
	}
	for n, i := range wanted {
		h, d := &p.heads.all[i], p.drafts[i]
		o := &Order{Reference: h.reference, Fingerprint: h.fingerprint, PartyID: d.party, Date: d.date, WarehouseID: d.warehouse, State: OrderOpen,
			OrderedAt: p.tx.Now(), Note: d.note}
		o.ID = tenancy.NewID()
		if o.Date.IsZero() {
			o.Date = p.tx.Today()
		}
		var terms []Terms
		if d.quotation != "" {
			terms, err = p.accept(h, o, d.quotation)
		} else {
			terms, o.Net, err = c.terms(p.op, h.what, d.lines)
		}
		if err != nil {
			return err
		}
		if o.DimensionSetID, err = c.analyse(offers[n], terms); err != nil {
			return err
		}
		o.Dimensions = offers[n].document()
		for n, t := range terms {
			o.Lines = append(o.Lines, OrderLine{OrderID: o.ID, LineNo: int64(n) + 1, Terms: t})
		}
		p.fresh, p.until = append(p.fresh, o), append(p.until, d.reserveUntil)
		p.known[o.Reference] = o
	}
	if err := c.stated.Record(ctx); err != nil {
		return err
	}
	if err := p.write(ctx); err != nil { // before goods are reserved: one of two with the same reference stops here
		return err
	}
	return p.reserve(ctx)
}

// accept takes an order's terms from the quotation, which is locked.
func (p *placing) accept(h *head, o *Order, reference string) ([]Terms, error) {
	from := p.quotations[reference]
	if from == nil {
		return nil, ErrUnknownQuotation.New(p.op, "%s: there is no quotation %q", h.what, reference)
	}
	if err := from.decide(p.op, h.what, actAccept); err != nil {
		return nil, err
	}
	switch {
	case o.Date.After(from.ValidUntil):
		return nil, ErrQuotationExpired.New(p.op, "%s: the quotation %q was valid until %s", h.what, reference, from.ValidUntil)
	case o.Date.Before(from.Date):
		return nil, ErrBadInput.New(p.op, "%s: Date is before that of the quotation %q", h.what, reference)
	}
	from.DecidedAt = p.tx.Now()
	p.accepted = append(p.accepted, from)
	o.QuotationID, o.PartyID, o.Net, o.Note = from.ID, from.PartyID, from.Net, from.Note
	var terms []Terms
	for _, l := range from.Lines {
		terms = append(terms, l.Terms)
	}
	return terms, nil
}

func (p *placing) write(ctx context.Context) error {
	var lines []*OrderLine
	var texts []*OrderText
	for _, o := range p.fresh {
		lines = append(lines, pointers(o.Lines)...)
		texts = append(texts, &OrderText{OrderID: o.ID, Note: o.Note, LineTexts: encodeTexts(o.terms())})
	}
	w := p.tx.Batch()
	tenancy.Set(w, p.accepted, "state", "decided_at")
	tenancy.Put(w, p.fresh)
	tenancy.Put(w, lines)
	tenancy.Put(w, texts)
	return w.Run(ctx)
}

// terms are those of the lines, in order.
func (o *Order) terms() []*Terms {
	out := make([]*Terms, len(o.Lines))
	for i := range o.Lines {
		out[i] = &o.Lines[i].Terms
	}
	return out
}
