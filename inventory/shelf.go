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

// put adds goods of a value. from is the move that brings them. Errors: money.overflow, money.currency_mismatch.
func (s *shelf) put(q money.Quantity, value money.Amount, from lineKey) error {
	quantity, err := s.quantity.Add(q)
	if err != nil {
		return err
	}
	total, err := s.value.Add(value)
	if err != nil {
		return err
	}
	s.quantity, s.value = quantity, total
	if s.method == Average {
		only := s.layers[anchorSeq]
		only.Quantity, only.Value, only.changed = quantity, total, true
		return nil
	}
	s.layers = append(s.layers, &shelfLayer{changed: true, Layer: Layer{
		ProductID: s.key.product, WarehouseID: s.key.warehouse, Seq: s.layers[len(s.layers)-1].Seq + 1,
		Quantity: q, Value: value, DocumentID: from.document, LineNo: from.line,
	}})
	return nil
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

// next is the layer to take from.
func (s *shelf) next() *shelfLayer {
	if s.method == Average {
		return s.layers[anchorSeq]
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

// average is what q would cost at the average of all that is on hand; ok is false when nothing is.
func (s *shelf) average(q money.Quantity) (value money.Amount, ok bool, err error) {
	if s.quantity == 0 {
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
