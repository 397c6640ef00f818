package inventory

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// model is an independent statement of what stock does: plain numbers, one line after the other, no batch, no database.
type model struct {
	fifo    bool
	shelves map[shelfKey]modelShelf
	out     map[lineKey]modelOut
}

// modelOut is what of an issued line has not come back.
type modelOut struct {
	product         uuid.UUID
	quantity, value int64
}

func (m *model) copy() *model {
	c := &model{fifo: m.fifo, shelves: map[shelfKey]modelShelf{}, out: maps.Clone(m.out)}
	for key, s := range m.shelves {
		c.shelves[key] = s.copy()
	}
	return c
}

// book applies a document and gives the values of its moves, or the code of the refusal.
func (m *model) book(d NewDocument, services map[uuid.UUID]bool) ([]int64, fault.Code) {
	var values []int64
	for _, l := range d.Lines {
		if services[l.ProductID] {
			return nil, ErrNotGoods.Code
		}
	}
	for _, l := range d.Lines {
		key := shelfKey{l.ProductID, d.WarehouseID}
		s := m.shelves[key]
		s.average = !m.fifo
		q := int64(l.Quantity)
		quantity, value := s.onHand()
		switch {
		case d.Kind == Issue || q < 0:
			q = max(q, -q)
			if quantity < q {
				return nil, ErrInsufficientStock.Code
			}
			values = append(values, -s.take(q))
		default:
			v := l.Cost.Total.Minor
			switch {
			case !l.Origin.isZero():
				o := m.out[l.Origin.key()]
				if o.quantity < q {
					return nil, ErrOverReturn.Code
				}
				v = halfUp(o.value, q, o.quantity)
				m.out[l.Origin.key()] = modelOut{o.product, o.quantity - q, o.value - v}
			case !l.Cost.Stated() && quantity == 0:
				return nil, ErrCostUnknown.Code
			case !l.Cost.Stated():
				v = halfUp(value, q, quantity)
			}
			s.put(q, v)
			values = append(values, v)
		}
		m.shelves[key] = s
	}
	return values, ""
}

// halfUp is value x part / whole, a half rounded up. The numbers of the laws are small.
func halfUp(value, part, whole int64) int64 { return (2*value*part + whole) / (2 * whole) }

// TestLaws books random histories and holds them to the model, the ledger and Verify after every step.
func TestLaws(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		for _, method := range []Method{Average, FIFO} {
			t.Run(string(method), func(t *testing.T) {
				withChecks(t, 10, func() {
					rapid.Check(t, func(rt *rapid.T) {
						h := &history{t: rt, shop: openShop(t, env, method), model: &model{fifo: method == FIFO, shelves: map[shelfKey]modelShelf{}, out: map[lineKey]modelOut{}}}
						for range rapid.IntRange(3, 15).Draw(rt, "steps") {
							h.step()
						}
					})
				})
			})
		}
	})
}

type history struct {
	t     *rapid.T
	shop  *shop
	model *model
}

// step books a batch of documents, which the model says will pass or be refused.
func (h *history) step() {
	services := map[uuid.UUID]bool{h.shop.postage.ID: true}
	batch := rapid.SliceOfN(rapid.Custom(h.document), 1, 4).Draw(h.t, "batch")
	after := h.model.copy()
	var values [][]int64
	var code fault.Code
	for _, d := range batch { // products are looked at before anything moves
		if slices.ContainsFunc(d.Lines, func(l NewMove) bool { return services[l.ProductID] }) {
			code = ErrNotGoods.Code
		}
	}
	for _, d := range batch {
		if code != "" {
			break
		}
		var v []int64
		if v, code = after.book(d, services); code == "" {
			values = append(values, v)
		}
	}
	before := h.shop.state(h.t)
	docs, err := h.shop.stock.Book(h.shop.ctx, batch)
	if code != "" {
		require.Equal(h.t, code, fault.CodeOf(err), "%v", err)
		require.Equal(h.t, before, h.shop.state(h.t), "a refused act changes nothing")
		return
	}
	require.NoError(h.t, err)
	h.model = after
	for i, doc := range docs {
		h.compare(doc, batch[i], values[i])
	}
	h.compareShelves()
	h.shop.verify(h.t)
}

func (h *history) document(t *rapid.T) NewDocument {
	d := NewDocument{Date: newYear.AddDays(rapid.IntRange(0, 60).Draw(t, "day"))}
	d.Kind = rapid.SampledFrom([]Kind{Receipt, Receipt, Issue, Issue, Issue, Return, Adjustment}).Draw(t, "kind")
	d.WarehouseID = rapid.SampledFrom([]uuid.UUID{h.shop.main, h.shop.main, h.shop.second}).Draw(t, "warehouse")
	if d.Kind == Receipt {
		d.Counter = opening()
	}
	for range rapid.IntRange(1, 3).Draw(t, "lines") {
		d.Lines = append(d.Lines, h.line(t, d.Kind))
	}
	return d
}

func (h *history) line(t *rapid.T, kind Kind) NewMove {
	products := []uuid.UUID{h.shop.tea.ID, h.shop.tea.ID, h.shop.cup.ID, h.shop.cup.ID, h.shop.tea.ID, h.shop.cup.ID, h.shop.tea.ID, h.shop.postage.ID}
	l := NewMove{ProductID: rapid.SampledFrom(products).Draw(t, "product"), Quantity: money.Quantity(rapid.Int64Range(1, 5_000_000).Draw(t, "quantity"))}
	if rapid.Bool().Draw(t, "whole") {
		l.Quantity = units(rapid.Int64Range(1, 5).Draw(t, "units"))
	}
	if kind == Adjustment && rapid.Bool().Draw(t, "down") {
		l.Quantity = -l.Quantity
	}
	if kind == Issue || l.Quantity < 0 {
		return l
	}
	if kind == Return && len(h.model.out) > 0 && rapid.Bool().Draw(t, "known") {
		keys := slices.SortedFunc(maps.Keys(h.model.out), func(a, b lineKey) int {
			return slices.Compare(append(a.document[:], byte(a.line)), append(b.document[:], byte(b.line)))
		})
		key := rapid.SampledFrom(keys).Draw(t, "origin")
		l.ProductID, l.Origin = h.model.out[key].product, Origin{DocumentID: key.document, LineNo: key.line}
		return l
	}
	if kind == Receipt || rapid.Bool().Draw(t, "stated") {
		l.Cost = InTotal(pence(rapid.Int64Range(0, 2_000).Draw(t, "cost")))
	}
	return l
}

func (h *history) compare(doc Document, in NewDocument, values []int64) {
	require.Len(h.t, doc.Moves, len(values))
	for i, m := range doc.Moves {
		require.Equal(h.t, pence(values[i]), m.Value, "the model values line %d of a %s alike", i+1, doc.Kind)
		if doc.Kind == Issue {
			h.model.out[lineKey{doc.ID, m.LineNo}] = modelOut{in.Lines[i].ProductID, -int64(m.Quantity), -m.Value.Minor}
		}
	}
}

func (h *history) compareShelves() {
	found, err := h.shop.stock.OnHand(h.shop.ctx, StockFilter{})
	require.NoError(h.t, err)
	got := map[shelfKey][2]int64{}
	for _, f := range found {
		got[shelfKey{f.ProductID, f.WarehouseID}] = [2]int64{int64(f.Quantity), f.Value.Minor}
	}
	want := map[shelfKey][2]int64{}
	for key, s := range h.model.shelves {
		if quantity, value := s.onHand(); quantity > 0 {
			want[key] = [2]int64{quantity, value}
		}
	}
	require.Equal(h.t, want, got)
}
