package inventory

import (
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
)

// shelfKey says whose shelf it is.
type shelfKey struct{ product, warehouse uuid.UUID }

// shelf is what is on hand of one product in one warehouse while a batch of documents is valued, and what the batch has
// changed of it. It does no I/O.
type shelf struct {
	key      shelfKey
	method   Method
	quantity money.Quantity // of all layers
	value    money.Amount   // of all layers
	layers   []*shelfLayer  // by Seq; layers[0] is the anchor
	first    int            // under FIFO, everything in layers before it (but the anchor) is used up
}

// shelfLayer is a layer with what became of it.
type shelfLayer struct {
	Layer
	stored  bool // it is in the database
	changed bool
}

// newShelf takes stored layers, which begin with the anchor and stand in order of Seq.
func newShelf(key shelfKey, method Method, cur money.Currency, stored []Layer) (*shelf, error) {
	s := &shelf{key: key, method: method, value: money.Zero(cur), first: 1}
	for _, l := range stored {
		var err error
		if s.quantity, err = s.quantity.Add(l.Quantity); err != nil {
			return nil, err
		}
		if s.value, err = s.value.Add(l.Value); err != nil {
			return nil, err
		}
		s.layers = append(s.layers, &shelfLayer{Layer: l, stored: true})
	}
	return s, nil
}

// anchor is the layer that is always there.
func (s *shelf) anchor() *shelfLayer { return s.layers[anchorSeq] }

// free is what is on hand and not reserved; nothing when more is reserved than there is.
func (s *shelf) free() money.Quantity {
	return max(s.quantity, 0) - min(max(s.quantity, 0), s.anchor().Reserved)
}

// hold changes what is reserved.
func (s *shelf) hold(q money.Quantity) {
	a := s.anchor()
	a.Reserved += q
	a.changed = true
}

// put adds goods of a value. from is the move that brings them. They first make up for what went out below zero; difference
// is what that changes the value on hand by beside the goods' own: less when they cost more than was thought. Errors:
// money.overflow, money.currency_mismatch.
func (s *shelf) put(q money.Quantity, value money.Amount, from lineKey) (difference money.Amount, err error) {
	quantity, err := s.quantity.Add(q)
	if err != nil {
		return money.Amount{}, err
	}
	total, err := s.value.Add(value)
	if err != nil {
		return money.Amount{}, err
	}
	if s.quantity > 0 && s.method == Average {
		s.learn(quantity, total)
	} else {
		s.learn(q, value)
	}
	difference = money.Zero(s.value.Currency)
	if s.quantity < 0 {
		if q, value, difference, err = s.fill(q, value); err != nil {
			return money.Amount{}, err
		}
	}
	s.quantity = quantity
	if s.value, err = total.Add(difference); err != nil {
		return money.Amount{}, err
	}
	switch {
	case q == 0:
	case s.method == Average:
		a := s.anchor()
		a.Quantity, a.Value, a.changed = s.quantity, s.value, true
	default:
		s.layers = append(s.layers, &shelfLayer{changed: true, Layer: Layer{
			ProductID: s.key.product, WarehouseID: s.key.warehouse, Seq: s.layers[len(s.layers)-1].Seq + 1,
			Quantity: q, Value: value, DocumentID: from.document, LineNo: from.line,
		}})
	}
	return difference, nil
}

// learn keeps what goods last cost.
func (s *shelf) learn(q money.Quantity, value money.Amount) {
	a := s.anchor()
	a.LastQuantity, a.LastValueMinor, a.changed = q, value.Minor, true
}

// fill makes up for what is missing with a part of what comes in, and gives what is left of that. Both the missing and the
// incoming part have their share of their values, rounded half up; whichever is used up gives all.
func (s *shelf) fill(q money.Quantity, value money.Amount) (rest money.Quantity, restValue, difference money.Amount, err error) {
	a := s.anchor()
	part := min(q, -a.Quantity) // what is missing has an opposite: owe sees to it
	cost, err := share(value, part, q)
	if err != nil {
		return 0, restValue, difference, err
	}
	covered, err := share(money.Amount{Minor: -a.Value.Minor, Currency: a.Value.Currency}, part, -a.Quantity)
	if err != nil {
		return 0, restValue, difference, err
	}
	if difference, err = covered.Sub(cost); err != nil {
		return 0, restValue, difference, err
	}
	a.Quantity += part
	a.Value.Minor += covered.Minor
	a.changed = true
	restValue, err = value.Sub(cost)
	return q - part, restValue, difference, err
}

// owe lets goods out that are not there, at what such goods last cost; at nothing when that was never known. The caller has
// taken what there is. Errors: money.overflow.
func (s *shelf) owe(q money.Quantity) (money.Amount, error) {
	value, known, err := s.lastCost(q)
	if err != nil {
		return money.Amount{}, err
	}
	if !known {
		value = money.Zero(s.value.Currency)
	}
	quantity, err := s.quantity.Add(-q)
	if err != nil {
		return money.Amount{}, err
	}
	total, err := s.value.Sub(value)
	if err != nil {
		return money.Amount{}, err
	}
	if _, err := quantity.Neg(); err != nil {
		return money.Amount{}, err
	}
	if _, err := total.Neg(); err != nil {
		return money.Amount{}, err
	}
	s.quantity, s.value = quantity, total
	a := s.anchor()
	a.Quantity, a.Value, a.changed = quantity, total, true
	return value, nil
}

// lastCost is what q would cost at what goods last cost here; known is false when none ever came.
func (s *shelf) lastCost(q money.Quantity) (value money.Amount, known bool, err error) {
	a := s.anchor()
	if a.LastQuantity == 0 {
		return money.Amount{}, false, nil
	}
	value, err = share(money.Amount{Minor: a.LastValueMinor, Currency: s.value.Currency}, q, a.LastQuantity)
	return value, true, err
}

// take removes goods and gives their value. The caller has seen that there are enough.
func (s *shelf) take(q money.Quantity) (money.Amount, error) {
	taken := money.Zero(s.value.Currency)
	for left := q; left > 0; {
		l := s.next()
		part := min(left, l.Quantity)
		value, err := l.give(part)
		if err != nil {
			return money.Amount{}, err
		}
		if taken, err = taken.Add(value); err != nil {
			return money.Amount{}, err
		}
		left -= part
	}
	s.quantity -= q // not more than there was, so neither can wrap
	s.value.Minor -= taken.Minor
	return taken, nil
}

// takeFrom is take, out of the layer that a move brought in first, as far as that goes and the method knows of it.
func (s *shelf) takeFrom(q money.Quantity, from lineKey) (money.Amount, error) {
	l := s.brought(from)
	if l == nil {
		return s.take(q)
	}
	part := min(q, l.Quantity)
	value, err := l.give(part)
	if err != nil {
		return money.Amount{}, err
	}
	s.quantity -= part
	s.value.Minor -= value.Minor
	rest, err := s.take(q - part)
	if err != nil {
		return money.Amount{}, err
	}
	return value.Add(rest)
}

// brought is the FIFO layer that a move brought in, while there is something left of it.
func (s *shelf) brought(from lineKey) *shelfLayer {
	for _, l := range s.layers[anchorSeq+1:] {
		if l.DocumentID == from.document && l.LineNo == from.line && l.Quantity > 0 {
			return l
		}
	}
	return nil
}

// next is the layer to take from.
func (s *shelf) next() *shelfLayer {
	if s.method == Average {
		return s.anchor()
	}
	for s.layers[s.first].Quantity == 0 {
		s.first++
	}
	return s.layers[s.first]
}

// give takes q, at most all, out of a layer: value x q / quantity, rounded half up; the last unit takes all that is left.
func (l *shelfLayer) give(q money.Quantity) (money.Amount, error) {
	value, err := share(l.Value, q, l.Quantity)
	if err != nil {
		return money.Amount{}, err
	}
	l.Quantity -= q
	l.Value.Minor -= value.Minor
	l.changed = true
	return value, nil
}

// cost is what q that comes in without a stated cost is worth: the average of all that is on hand; where goods are missing,
// what they last cost. known is false when nothing tells.
func (s *shelf) cost(q money.Quantity) (value money.Amount, known bool, err error) {
	switch {
	case s.quantity < 0:
		return s.lastCost(q)
	case s.quantity == 0:
		return money.Amount{}, false, nil
	}
	value, err = share(s.value, q, s.quantity)
	return value, true, err
}

// share is the part of a value that goes with part of a quantity. The whole quantity has the whole value, exactly.
func share(value money.Amount, part, whole money.Quantity) (money.Amount, error) {
	return value.MulDiv(int64(part), int64(whole), money.HalfUp)
}

// changes sorts what became of the layers into what must be written. A layer that came and went within the batch was
// never there.
func (s *shelf) changes() (added, changed, removed []*Layer) {
	for _, l := range s.layers {
		gone := l.Quantity == 0 && l.Seq != anchorSeq
		switch {
		case !l.changed || gone && !l.stored:
		case gone:
			removed = append(removed, &l.Layer)
		case l.stored:
			changed = append(changed, &l.Layer)
		default:
			added = append(added, &l.Layer)
		}
	}
	return added, changed, removed
}
