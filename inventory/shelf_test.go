package inventory

import (
	"math"
	"math/big"
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

// modelShelf is an independent statement of the rule: a queue of lots, exact integers, no bookkeeping.
type modelShelf struct {
	average bool
	lots    []lot
}

type lot struct{ quantity, value *big.Int }

func (m *modelShelf) put(q, v int64) {
	if m.average && len(m.lots) > 0 {
		m.lots[0].quantity.Add(m.lots[0].quantity, big.NewInt(q))
		m.lots[0].value.Add(m.lots[0].value, big.NewInt(v))
		return
	}
	m.lots = append(m.lots, lot{big.NewInt(q), big.NewInt(v)})
}

// take gives floor((2 x value x q + quantity) / (2 x quantity)), lot by lot.
func (m *modelShelf) take(q int64) int64 {
	sum := new(big.Int)
	for left := big.NewInt(q); left.Sign() > 0; {
		l := m.lots[0]
		part := new(big.Int).Set(left)
		if part.Cmp(l.quantity) > 0 {
			part.Set(l.quantity)
		}
		v := new(big.Int).Mul(l.value, part)
		v.Lsh(v, 1).Add(v, l.quantity).Div(v, new(big.Int).Lsh(l.quantity, 1))
		sum.Add(sum, v)
		l.quantity.Sub(l.quantity, part)
		l.value.Sub(l.value, v)
		left.Sub(left, part)
		if l.quantity.Sign() == 0 {
			m.lots = m.lots[1:]
		}
	}
	return sum.Int64()
}

func (m *modelShelf) onHand() (quantity, value int64) {
	for _, l := range m.lots {
		quantity += l.quantity.Int64()
		value += l.value.Int64()
	}
	return quantity, value
}

func (m *modelShelf) copy() modelShelf {
	c := modelShelf{average: m.average}
	for _, l := range m.lots {
		c.lots = append(c.lots, lot{new(big.Int).Set(l.quantity), new(big.Int).Set(l.value)})
	}
	return c
}

func TestShelfLaws(t *testing.T) {
	for _, method := range []Method{Average, FIFO} {
		t.Run(string(method), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				s := emptyShelf(t, method)
				model := &modelShelf{average: method == Average}
				in, out := pence(0), pence(0)
				for range rapid.IntRange(1, 40).Draw(t, "steps") {
					if s.quantity > 0 && rapid.Bool().Draw(t, "take") {
						q := rapid.Int64Range(1, int64(s.quantity)).Draw(t, "quantity")
						got, err := s.take(money.Quantity(q))
						require.NoError(t, err)
						require.Equal(t, model.take(q), got.Minor, "the model agrees")
						out.Minor += got.Minor
					} else {
						q := rapid.Int64Range(1, 50_000_000).Draw(t, "quantity")
						v := rapid.Int64Range(0, 10_000).Draw(t, "value")
						require.NoError(t, putOn(s, money.Quantity(q), v))
						model.put(q, v)
						in.Minor += v
					}
					checkShelf(t, s)
					require.Equal(t, in.Minor-out.Minor, s.value.Minor, "what is left is what came less what went")
				}
			})
		})
	}
}

func checkShelf(t *rapid.T, s *shelf) {
	var quantity money.Quantity
	var value int64
	for _, l := range s.layers {
		require.GreaterOrEqual(t, l.Quantity, money.Quantity(0))
		require.GreaterOrEqual(t, l.Value.Minor, int64(0))
		if l.Quantity == 0 {
			require.Zero(t, l.Value.Minor, "nothing is worth nothing")
		}
		quantity += l.Quantity
		value += l.Value.Minor
	}
	require.Equal(t, s.quantity, quantity)
	require.Equal(t, s.value.Minor, value)
}
