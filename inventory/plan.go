package inventory

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// plan values a batch of documents in order. It does no I/O.
type plan struct {
	op      string
	now     time.Time
	facts   facts
	method  Method
	shelves map[shelfKey]*shelf
	order   []*shelf // as first touched, so that what is written does not depend on a map
	origins map[lineKey]*origin
	came    map[lineKey]*received
	taken   []*Reservation // those that something was taken from, each once
	isTaken map[*Reservation]bool
}

// origin is an issued line with what is still out: neither quantity nor value comes back twice.
type origin struct {
	move     Move
	quantity money.Quantity
	value    money.Amount
}

// received is a receipt's line with what of it went back to the vendor.
type received struct {
	move     Move
	returned money.Quantity
}

// newPlan begins with what is stored. The facts must hold an anchor for every shelf of the batch.
func newPlan(op string, now time.Time, method Method, f facts) (*plan, error) {
	p := &plan{op: op, now: now, facts: f, method: method, shelves: map[shelfKey]*shelf{}, origins: map[lineKey]*origin{}, came: map[lineKey]*received{},
		isTaken: map[*Reservation]bool{}}
	for key, m := range f.origins {
		if f.receipts[m.DocumentID] {
			p.came[key] = &received{move: m}
		}
		if m.Quantity >= 0 || m.OriginDocumentID != uuid.Nil {
			continue // not something that went out, or it went back to its vendor
		}
		value, err := m.Value.Neg()
		if err != nil {
			return nil, err
		}
		p.origins[key] = &origin{move: m, quantity: -m.Quantity, value: value}
	}
	for _, m := range f.named {
		key := lineKey{m.OriginDocumentID, m.OriginLineNo}
		if o := p.origins[key]; o != nil {
			o.quantity -= m.Quantity
			o.value.Minor -= m.Value.Minor
		}
		if o := p.came[key]; o != nil {
			o.returned -= m.Quantity // what only changes values has none
		}
	}
	return p, nil
}

// value finds what each line of a document is worth, and moves it. Where goods come in that had gone out below zero at
// another cost, a second document says what the difference was.
func (p *plan) value(r *request, doc *Document) ([]*booked, error) {
	k := &booked{request: r, doc: doc, lockException: r.LockException}
	var variance *booked
	for i := range r.lines {
		l := &r.lines[i]
		m := &Move{DocumentID: doc.ID, LineNo: l.LineNo, ProductID: l.ProductID, WarehouseID: l.warehouse,
			Date: doc.Date, Quantity: l.Quantity, OriginDocumentID: l.Origin.DocumentID, OriginLineNo: l.Origin.LineNo,
			ReservationID: l.Reservation, DimensionSetID: l.set}
		s, err := p.shelf(shelfKey{l.ProductID, l.warehouse})
		if err != nil {
			return nil, err
		}
		var difference money.Amount
		switch {
		case r.Kind == Revaluation:
			err = p.revalue(r.at(l), s, l, m)
		case r.Kind == VendorReturn:
			err = p.sendBack(r.at(l), s, l, m)
		case r.inward(l.NewMove):
			difference, err = p.bringIn(r.at(l), s, l, m)
		default:
			err = p.takeOut(r, s, l, m)
		}
		if err != nil {
			return nil, err
		}
		k.add(m, counterOf(r.Kind, r.Counter, l.Counter))
		if difference.Minor != 0 {
			if variance == nil {
				variance = k.variance()
			}
			variance.add(&Move{DocumentID: variance.doc.ID, LineNo: m.LineNo, ProductID: m.ProductID, WarehouseID: m.WarehouseID, Date: m.Date,
				Value: difference, OriginDocumentID: m.DocumentID, OriginLineNo: m.LineNo, DimensionSetID: m.DimensionSetID}, counterOf(Variance, accounting.AccountRef{}, accounting.AccountRef{}))
		}
	}
	if variance == nil {
		return []*booked{k}, nil
	}
	return []*booked{k, variance}, nil
}

// variance is the document that follows k for what its goods turned out to cost.
func (k *booked) variance() *booked {
	doc := &Document{Kind: Variance, Date: k.doc.Date, WarehouseID: k.doc.WarehouseID, GroupID: k.doc.GroupID, PostingNo: k.doc.PostingNo, PostedAt: k.doc.PostedAt}
	doc.ID = tenancy.NewID()
	return &booked{doc: doc, lockException: k.lockException}
}

// add appends a line to a document.
func (k *booked) add(m *Move, counter accounting.AccountRef) {
	k.moves = append(k.moves, m)
	k.charges = append(k.charges, charge{counter: counter, value: m.Value, variance: m.PriceVariance(), set: m.DimensionSetID})
}

func (p *plan) shelf(key shelfKey) (*shelf, error) {
	if s := p.shelves[key]; s != nil {
		return s, nil
	}
	s, err := newShelf(key, p.method, p.facts.currency, p.facts.layers[key])
	if err != nil {
		return nil, err
	}
	p.shelves[key] = s
	p.order = append(p.order, s)
	return s, nil
}

// takeOut takes a line off its shelf. What is not there goes out at what it last cost, if the document may go below zero. What
// others have reserved stays, but for what may go below zero, because the goods are gone, and for an adjustment, which says so.
func (p *plan) takeOut(r *request, s *shelf, l *line, m *Move) error {
	asked := max(l.Quantity, -l.Quantity) // an adjustment's is below zero
	there := min(asked, max(s.quantity, 0))
	held, reservation, err := p.held(r.at(l), l, asked)
	if err != nil {
		return err
	}
	ordinary := asked - held
	if !r.BelowZero && (there < asked || r.Kind == Issue && ordinary > 0 && ordinary > s.free()) {
		return p.insufficient(r.at(l), s, asked)
	}
	if held > 0 {
		reservation.take(held, p.now)
		s.hold(-held)
	}
	value, err := s.take(there)
	if err == nil && there < asked {
		var owed money.Amount
		if owed, err = s.owe(asked - there); err == nil {
			value, err = value.Add(owed)
		}
	}
	if err != nil {
		return err
	}
	m.Quantity = -asked
	m.Value, err = value.Neg()
	return err
}

// held is how much of what is asked for the line's reservation still holds.
func (p *plan) held(what string, l *line, asked money.Quantity) (money.Quantity, *Reservation, error) {
	if l.Reservation == uuid.Nil {
		return 0, nil, nil
	}
	r := p.facts.held[l.Reservation]
	if r == nil || r.ProductID != l.ProductID || r.WarehouseID != l.warehouse {
		return 0, nil, ErrUnknownReservation.New(p.op, "%s: there is no such reservation of this product in this warehouse", what)
	}
	q := min(asked, r.Open)
	if q > 0 && !p.isTaken[r] {
		p.taken, p.isTaken[r] = append(p.taken, r), true
	}
	return q, r, nil
}

func (p *plan) insufficient(what string, s *shelf, asked money.Quantity) error {
	if reserved := s.anchor().Reserved; reserved > 0 {
		return ErrInsufficientStock.New(p.op, "%s: %s has %s on hand, of which %s are reserved, and %s are asked for", what,
			p.facts.products[s.key.product].SKU, s.quantity, reserved, asked)
	}
	return ErrInsufficientStock.New(p.op, "%s: %s has %s on hand and %s are asked for", what, p.facts.products[s.key.product].SKU, s.quantity, asked)
}

// bringIn puts a line on its shelf: at its origin's cost, else the stated one, else the average of what is on hand.
func (p *plan) bringIn(what string, s *shelf, l *line, m *Move) (difference money.Amount, err error) {
	switch {
	case !l.Origin.isZero():
		m.Value, err = p.comeBack(what, l)
	case l.Cost.Stated():
		m.Value, err = l.Cost.value(l.Quantity, p.facts.currency)
	default:
		var known bool
		if m.Value, known, err = s.cost(l.Quantity); err == nil && !known {
			err = ErrCostUnknown.New(p.op, "%s: state the cost of %s: none is on hand to take an average of", what, p.facts.products[l.ProductID].SKU)
		}
	}
	if err != nil {
		return difference, err
	}
	return s.put(l.Quantity, m.Value, lineKey{m.DocumentID, m.LineNo})
}

// comeBack takes a quantity out of what an issue still has out, with its share of the value; the last unit takes all.
func (p *plan) comeBack(what string, l *line) (money.Amount, error) {
	o := p.origins[l.Origin.key()]
	if o == nil || o.move.ProductID != l.ProductID {
		return money.Amount{}, ErrUnknownOrigin.New(p.op, "%s: there is no such issue of this product to return from", what)
	}
	if o.quantity < l.Quantity {
		return money.Amount{}, ErrOverReturn.New(p.op, "%s: %s of %s are still out of the %s issued, and %s would come back", what,
			o.quantity, p.facts.products[l.ProductID].SKU, -o.move.Quantity, l.Quantity)
	}
	value, err := share(o.value, l.Quantity, o.quantity)
	if err != nil {
		return money.Amount{}, err
	}
	o.quantity -= l.Quantity
	o.value.Minor -= value.Minor
	return value, nil
}

// changes gathers those of all shelves.
func (p *plan) changes() (added, changed, removed []*Layer) {
	for _, s := range p.order {
		a, c, r := s.changes()
		added, changed, removed = append(added, a...), append(changed, c...), append(removed, r...)
	}
	return added, changed, removed
}
