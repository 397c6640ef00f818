package inventory

import (
	"fmt"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// plan values a batch of documents in order. It does no I/O.
type plan struct {
	op      string
	facts   facts
	method  Method
	shelves map[shelfKey]*shelf
	order   []*shelf // as first touched, so that what is written does not depend on a map
	origins map[lineKey]*origin
}

// origin is an issued line with what is still out: neither quantity nor value comes back twice.
type origin struct {
	move     Move
	quantity money.Quantity
	value    money.Amount
}

// newPlan begins with what is stored. The facts must hold an anchor for every shelf of the batch.
func newPlan(op string, method Method, f facts) (*plan, error) {
	p := &plan{op: op, facts: f, method: method, shelves: map[shelfKey]*shelf{}, origins: map[lineKey]*origin{}}
	for key, m := range f.origins {
		if m.Quantity >= 0 {
			continue // not something that went out
		}
		value, err := m.Value.Neg()
		if err != nil {
			return nil, err
		}
		p.origins[key] = &origin{move: m, quantity: -m.Quantity, value: value}
	}
	for _, m := range f.returns {
		if o := p.origins[lineKey{m.OriginDocumentID, m.OriginLineNo}]; o != nil {
			o.quantity -= m.Quantity
			o.value.Minor -= m.Value.Minor
		}
	}
	return p, nil
}

// value finds what each line of a document is worth, and moves it. Where goods come in that had gone out below zero at
// another cost, a second document says what the difference was.
func (p *plan) value(r *request, doc *Document) ([]*booked, error) {
	k := &booked{request: r, doc: doc, lockException: r.LockException}
	var variance *booked
	for _, line := range r.Lines {
		what := fmt.Sprintf("%s, line %d", r.what, line.LineNo)
		m := &Move{DocumentID: doc.ID, LineNo: line.LineNo, ProductID: line.ProductID, WarehouseID: doc.WarehouseID,
			Date: doc.Date, Quantity: line.Quantity, OriginDocumentID: line.Origin.DocumentID, OriginLineNo: line.Origin.LineNo}
		s, err := p.shelf(shelfKey{line.ProductID, doc.WarehouseID})
		if err != nil {
			return nil, err
		}
		var difference money.Amount
		if r.inward(line) {
			difference, err = p.bringIn(what, s, line, m)
		} else {
			err = p.takeOut(what, r, s, line, m)
		}
		if err != nil {
			return nil, err
		}
		k.add(m, counterOf(r.Kind, r.Counter, line.Counter))
		if difference.Minor != 0 {
			if variance == nil {
				variance = k.variance()
			}
			variance.add(&Move{DocumentID: variance.doc.ID, LineNo: line.LineNo, ProductID: m.ProductID, WarehouseID: m.WarehouseID, Date: m.Date,
				Value: difference, OriginDocumentID: m.DocumentID, OriginLineNo: m.LineNo}, counterOf(Variance, accounting.AccountRef{}, accounting.AccountRef{}))
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
	k.charges = append(k.charges, charge{counter: counter, value: m.Value})
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

// takeOut takes a line off its shelf. What is not there goes out at what it last cost, if the document may go below zero.
func (p *plan) takeOut(what string, r *request, s *shelf, line NewMove, m *Move) error {
	asked := max(line.Quantity, -line.Quantity) // an adjustment's is below zero
	there := min(asked, max(s.quantity, 0))
	if there < asked && !r.BelowZero {
		return ErrInsufficientStock.New(p.op, "%s: %s has %s on hand and %s are asked for", what, p.facts.products[line.ProductID].SKU, s.quantity, asked)
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

// bringIn puts a line on its shelf: at its origin's cost, else the stated one, else the average of what is on hand.
func (p *plan) bringIn(what string, s *shelf, line NewMove, m *Move) (difference money.Amount, err error) {
	switch {
	case !line.Origin.isZero():
		m.Value, err = p.comeBack(what, line)
	case line.Cost.Stated():
		m.Value, err = line.Cost.value(line.Quantity, p.facts.currency)
	default:
		var known bool
		if m.Value, known, err = s.cost(line.Quantity); err == nil && !known {
			err = ErrCostUnknown.New(p.op, "%s: state the cost of %s: none is on hand to take an average of", what, p.facts.products[line.ProductID].SKU)
		}
	}
	if err != nil {
		return difference, err
	}
	return s.put(line.Quantity, m.Value, lineKey{m.DocumentID, m.LineNo})
}

// comeBack takes a quantity out of what an issue still has out, with its share of the value; the last unit takes all.
func (p *plan) comeBack(what string, line NewMove) (money.Amount, error) {
	o := p.origins[line.Origin.key()]
	if o == nil || o.move.ProductID != line.ProductID {
		return money.Amount{}, ErrUnknownOrigin.New(p.op, "%s: there is no such issue of this product to return from", what)
	}
	if o.quantity < line.Quantity {
		return money.Amount{}, ErrOverReturn.New(p.op, "%s: %s of %s are still out of the %s issued, and %s would come back", what,
			o.quantity, p.facts.products[line.ProductID].SKU, -o.move.Quantity, line.Quantity)
	}
	value, err := share(o.value, line.Quantity, o.quantity)
	if err != nil {
		return money.Amount{}, err
	}
	o.quantity -= line.Quantity
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
