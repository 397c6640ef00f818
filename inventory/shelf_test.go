package inventory

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting/money"
)

var aShelf = shelfKey{uuid.UUID{1}, uuid.UUID{2}}

// emptyShelf is a shelf as the database first gives it: with its anchor.
func emptyShelf(t require.TestingT, method Method) *shelf {
	s, err := newShelf(aShelf, method, "GBP", []Layer{{ProductID: aShelf.product, WarehouseID: aShelf.warehouse, Value: money.Zero("GBP")}})
	require.NoError(t, err)
	return s
}

func units(n int64) money.Quantity { return money.Quantity(n * 1_000_000) }

func putOn(s *shelf, q money.Quantity, minor int64) error {
	_, err := s.put(q, pence(minor), lineKey{})
	return err
}

func pence(n int64) money.Amount { return money.Of(n, "GBP") }

func TestTake(t *testing.T) {
	type in struct {
		quantity int64
		pence    int64
	}
	cases := []struct {
		name   string
		method Method
		in     []in
		take   int64
		want   int64
		left   int64 // pence
	}{
		{"average mixes two costs", Average, []in{{1, 100}, {1, 201}}, 1, 151, 150}, // 150.5 rounds up
		{"average, the last unit takes all", Average, []in{{3, 100}}, 3, 100, 0},
		{"average, a third", Average, []in{{3, 100}}, 1, 33, 67},
		{"fifo takes the oldest", FIFO, []in{{1, 100}, {1, 201}}, 1, 100, 201},
		{"fifo takes part of the second", FIFO, []in{{1, 100}, {2, 201}}, 2, 201, 100}, // 100 + 100.5 rounded up
		{"fifo takes all", FIFO, []in{{1, 100}, {1, 201}}, 2, 301, 0},
		{"goods that cost nothing", FIFO, []in{{2, 0}, {1, 5}}, 2, 0, 5},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := emptyShelf(t, c.method)
			for _, in := range c.in {
				require.NoError(t, putOn(s, units(in.quantity), in.pence))
			}
			got, err := s.take(units(c.take))
			require.NoError(t, err)
			assert.Equal(t, pence(c.want), got)
			assert.Equal(t, pence(c.left), s.value)
		})
	}
}

// A stored layer that is used up is removed, one that came and went within the batch was never there, and the anchor
// always stays.
func TestChanges(t *testing.T) {
	s, err := newShelf(aShelf, FIFO, "GBP", []Layer{
		{Value: money.Zero("GBP")},
		{Seq: 4, Quantity: units(1), Value: pence(10)},
		{Seq: 5, Quantity: units(2), Value: pence(20)},
	})
	require.NoError(t, err)
	_, err = s.take(units(2))
	require.NoError(t, err)
	_, err = s.put(units(1), pence(7), lineKey{uuid.UUID{9}, 3})
	require.NoError(t, err)
	added, changed, removed := s.changes()
	require.Len(t, added, 1)
	assert.Equal(t, int64(6), added[0].Seq)
	assert.Equal(t, int64(3), added[0].LineNo)
	require.Len(t, changed, 2)
	assert.Equal(t, int64(anchorSeq), changed[0].Seq, "what goods last cost")
	assert.Equal(t, []int64{int64(units(1)), 7}, []int64{int64(changed[0].LastQuantity), changed[0].LastValueMinor})
	assert.Equal(t, int64(5), changed[1].Seq)
	require.Len(t, removed, 1)
	assert.Equal(t, int64(4), removed[0].Seq)

	_, err = s.take(units(2))
	require.NoError(t, err)
	added, changed, removed = s.changes()
	assert.Empty(t, added)
	assert.Len(t, changed, 1)
	assert.Len(t, removed, 2)
}

func TestShelfOverflow(t *testing.T) {
	for _, method := range []Method{Average, FIFO} {
		s := emptyShelf(t, method)
		require.NoError(t, putOn(s, math.MaxInt64, math.MaxInt64))
		require.ErrorIs(t, putOn(s, 1, 0), money.ErrOverflow)
		require.ErrorIs(t, putOn(s, 0, 1), money.ErrOverflow)
		assert.Equal(t, money.Quantity(math.MaxInt64), s.quantity, "what is refused changes nothing")
		got, err := s.take(math.MaxInt64 - 1)
		require.NoError(t, err)
		assert.Equal(t, pence(math.MaxInt64-1), got)
	}
}

// modelShelf is an independent statement of the rule: a queue of lots or what is owed, exact integers, no bookkeeping.
type modelShelf struct {
	average      bool
	lots         []lot
	owed         lot // what went out below zero; there are no lots then
	lastQ, lastV int64
	reserved     int64
}

type lot struct {
	quantity, value int64
	from            int // which receipt line of the history made it; 0 for none
}

// halfUp is value x part / whole, a half rounded away from zero.
func halfUp(value, part, whole int64) int64 {
	n := new(big.Int).Mul(big.NewInt(max(value, -value)), big.NewInt(2*part))
	n.Add(n, big.NewInt(whole)).Div(n, big.NewInt(2*whole))
	if value < 0 {
		n.Neg(n)
	}
	return n.Int64()
}

// put gives what the value on hand changes by beside v, because goods that were owed cost otherwise than was thought.
func (m *modelShelf) put(q, v int64, from int) (difference int64) {
	m.lastQ, m.lastV = q, v
	if quantity, value := m.onHand(); m.average && quantity > 0 {
		m.lastQ, m.lastV = quantity+q, value+v
	}
	if fill := min(q, m.owed.quantity); fill > 0 {
		cost, covered := halfUp(v, fill, q), halfUp(m.owed.value, fill, m.owed.quantity)
		m.owed.quantity -= fill
		m.owed.value -= covered
		q, v, difference = q-fill, v-cost, covered-cost
	}
	switch {
	case q == 0:
	case m.average && len(m.lots) > 0:
		m.lots[0].quantity += q
		m.lots[0].value += v
	default:
		m.lots = append(m.lots, lot{q, v, from})
	}
	return difference
}

// take gives the value of what leaves, lot by lot.
func (m *modelShelf) take(q int64) (sum int64) {
	for q > 0 {
		l := &m.lots[0]
		part := min(q, l.quantity)
		v := halfUp(l.value, part, l.quantity)
		sum, q = sum+v, q-part
		l.quantity -= part
		l.value -= v
		if l.quantity == 0 {
			m.lots = m.lots[1:]
		}
	}
	return sum
}

// takeBelow is take of more than there is: the rest at what goods last cost.
func (m *modelShelf) takeBelow(q int64) int64 {
	quantity, _ := m.onHand()
	there := min(q, max(quantity, 0))
	sum := m.take(there)
	if rest := q - there; rest > 0 {
		v := int64(0)
		if m.lastQ > 0 {
			v = halfUp(m.lastV, rest, m.lastQ)
		}
		m.owed.quantity += rest
		m.owed.value += v
		sum += v
	}
	return sum
}

// takeFrom is take, from the lot of a receipt line first.
func (m *modelShelf) takeFrom(q int64, from int) (sum int64) {
	for i := range m.lots {
		l := &m.lots[i]
		if m.average || l.from != from {
			continue
		}
		part := min(q, l.quantity)
		sum = halfUp(l.value, part, l.quantity)
		q -= part
		l.quantity -= part
		l.value -= sum
		if l.quantity == 0 {
			m.lots = slices.Delete(m.lots, i, i+1)
		}
		break
	}
	return sum + m.take(q)
}

// revalue gives what of a difference stays in stock.
func (m *modelShelf) revalue(difference int64, from int, kept int64) int64 {
	for i := range m.lots {
		l := &m.lots[i]
		if kept > 0 && (m.average || l.from == from) {
			v := max(halfUp(difference, min(l.quantity, kept), kept), -l.value)
			l.value += v
			return v
		}
	}
	return 0
}

func (m *modelShelf) onHand() (quantity, value int64) {
	for _, l := range m.lots {
		quantity += l.quantity
		value += l.value
	}
	return quantity - m.owed.quantity, value - m.owed.value
}

func (m modelShelf) copy() modelShelf {
	m.lots = slices.Clone(m.lots)
	return m
}

func TestShelfLaws(t *testing.T) {
	for _, method := range []Method{Average, FIFO} {
		t.Run(string(method), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				s := emptyShelf(t, method)
				model := &modelShelf{average: method == Average}
				in, out, differences := int64(0), int64(0), int64(0)
				for range rapid.IntRange(1, 40).Draw(t, "steps") {
					q := rapid.Int64Range(1, 50_000_000).Draw(t, "quantity")
					if rapid.Bool().Draw(t, "take") {
						there := min(q, max(int64(s.quantity), 0))
						got, err := s.take(money.Quantity(there))
						require.NoError(t, err)
						sum := got.Minor
						if there < q {
							owed, err := s.owe(money.Quantity(q - there))
							require.NoError(t, err)
							sum += owed.Minor
						}
						require.Equal(t, model.takeBelow(q), sum, "the model agrees")
						out += sum
					} else {
						v := rapid.Int64Range(0, 10_000).Draw(t, "value")
						difference, err := s.put(money.Quantity(q), pence(v), lineKey{})
						require.NoError(t, err)
						require.Equal(t, model.put(q, v, 0), difference.Minor, "the model agrees")
						in, differences = in+v, differences+difference.Minor
					}
					checkShelf(t, s)
					require.Equal(t, in-out+differences, s.value.Minor, "what is left is what came less what went, as it turned out to cost")
				}
			})
		})
	}
}

func checkShelf(t *rapid.T, s *shelf) {
	var quantity money.Quantity
	var value int64
	for _, l := range s.layers {
		if l.Quantity < 0 {
			require.Zero(t, l.Seq, "only the anchor owes")
			require.Equal(t, s.quantity, l.Quantity, "what is owed stands alone")
			require.LessOrEqual(t, l.Value.Minor, int64(0))
		} else {
			require.GreaterOrEqual(t, l.Value.Minor, int64(0))
		}
		if l.Quantity == 0 {
			require.Zero(t, l.Value.Minor, "nothing is worth nothing")
		}
		quantity += l.Quantity
		value += l.Value.Minor
	}
	require.Equal(t, s.quantity, quantity)
	require.Equal(t, s.value.Minor, value)
}
