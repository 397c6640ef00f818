package inventory

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/laws"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// model is an independent statement of what stock does: plain numbers, one line after the other, no batch, no database.
type model struct {
	fifo     bool
	shelves  map[shelfKey]modelShelf
	out      map[Origin]modelOut
	came     map[Origin]modelReceipt
	held     map[uuid.UUID]modelHeld
	receipts int                       // lines so far: what FIFO lots are known by
	accounts map[accounting.Role]int64 // debits are positive
}

// modelOut is what of an issued line has not come back.
type modelOut struct {
	product         uuid.UUID
	quantity, value int64
}

// modelReceipt is a receipt's line with what of it went back to the vendor.
type modelReceipt struct {
	key                       shelfKey
	serial                    int
	quantity, value, returned int64
}

type modelHeld struct {
	key  shelfKey
	open int64
}

func newModel(method Method) *model {
	return &model{fifo: method == FIFO, shelves: map[shelfKey]modelShelf{}, out: map[Origin]modelOut{}, came: map[Origin]modelReceipt{},
		held: map[uuid.UUID]modelHeld{}, accounts: map[accounting.Role]int64{}}
}

func (m *model) copy() *model {
	c := *m
	c.shelves, c.out, c.came, c.held, c.accounts = map[shelfKey]modelShelf{}, maps.Clone(m.out), maps.Clone(m.came), maps.Clone(m.held), maps.Clone(m.accounts)
	for key, s := range m.shelves {
		c.shelves[key] = s.copy()
	}
	return &c
}

func (m *model) shelf(key shelfKey) modelShelf {
	s := m.shelves[key]
	s.average = !m.fifo
	return s
}

// post books what a move did to stock and to price variance against a role.
func (m *model) post(value, variance int64, counter accounting.Role) {
	m.accounts[accounting.RoleStock] += value
	m.accounts[accounting.RolePriceVariance] += variance
	m.accounts[counter] -= value + variance
}

// book applies a document and gives the values of its moves, or the code of the refusal.
func (m *model) book(d NewDocument) ([]int64, fault.Code) {
	var values []int64
	for _, l := range d.Lines {
		v, variance, code := m.line(d, l)
		if code != "" {
			return nil, code
		}
		m.post(v, variance, map[Kind]accounting.Role{Receipt: accounting.RoleOpeningEquity, Issue: accounting.RoleCostOfGoodsSold,
			Return: accounting.RoleCostOfGoodsSold, Adjustment: accounting.RoleStockLoss, VendorReturn: accounting.RoleGoodsReceived}[d.Kind])
		values = append(values, v)
	}
	return values, ""
}

func (m *model) line(d NewDocument, l NewMove) (value, variance int64, code fault.Code) {
	key := shelfKey{l.ProductID, d.WarehouseID}
	s := m.shelf(key)
	defer func() { m.shelves[key] = s }()
	quantity, _ := s.onHand()
	free := max(0, quantity-s.reserved)
	q := max(int64(l.Quantity), -int64(l.Quantity))
	switch {
	case d.Kind == VendorReturn:
		r := m.came[l.Origin]
		if r.quantity-r.returned < q {
			return 0, 0, ErrOverReturn.Code
		}
		if free < q {
			return 0, 0, ErrInsufficientStock.Code
		}
		value = -s.takeFrom(q, r.serial)
		due := halfUp(r.value, r.returned+q, r.quantity) - halfUp(r.value, r.returned, r.quantity)
		r.returned += q
		m.came[l.Origin] = r
		return value, -value - due, ""
	case d.Kind == Issue || l.Quantity < 0:
		h := m.held[l.Reservation]
		taken := min(q, h.open)
		if !d.BelowZero && (quantity < q || d.Kind == Issue && q > taken && q-taken > free) {
			return 0, 0, ErrInsufficientStock.Code
		}
		if taken > 0 {
			s.reserved -= taken
			m.held[l.Reservation] = modelHeld{key, h.open - taken}
		}
		return -s.takeBelow(q), 0, ""
	}
	if value, code = m.cost(l, &s); code != "" {
		return 0, 0, code
	}
	serial := 0
	if d.Kind == Receipt {
		m.receipts++
		serial = m.receipts
	}
	difference := s.put(q, value, serial)
	m.post(difference, 0, accounting.RoleStockVariance)
	return value, 0, ""
}

// cost is what goods that come in are worth.
func (m *model) cost(l NewMove, s *modelShelf) (int64, fault.Code) {
	q := int64(l.Quantity)
	quantity, value := s.onHand()
	switch {
	case !l.Origin.isZero():
		o := m.out[l.Origin]
		if o.quantity < q {
			return 0, ErrOverReturn.Code
		}
		v := halfUp(o.value, q, o.quantity)
		m.out[l.Origin] = modelOut{o.product, o.quantity - q, o.value - v}
		return v, ""
	case l.Cost.Stated():
		return l.Cost.Total.Minor, ""
	case quantity < 0 && s.lastQ > 0:
		return halfUp(s.lastV, q, s.lastQ), ""
	case quantity <= 0:
		return 0, ErrCostUnknown.Code
	}
	return halfUp(value, q, quantity), ""
}

// TestLaws lives through random histories and holds them to the model, the ledger and Verify after every step.
func TestLaws(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		for _, method := range []Method{Average, FIFO} {
			t.Run(string(method), func(t *testing.T) {
				laws.Check(t, 6, func(rt *rapid.T) {
					h := &history{t: rt, shop: openShop(t, env, method), model: newModel(method), groups: map[uuid.UUID]date.Date{}}
					for range rapid.IntRange(3, 20).Draw(rt, "steps") {
						rapid.SampledFrom([]func(){h.book, h.book, h.book, h.book, h.revalue, h.reserve, h.release, h.postGroup}).Draw(rt, "act")()
						h.compareShelves()
						if rapid.IntRange(0, 2).Draw(rt, "verify") == 0 {
							h.shop.verify(rt)
						}
					}
					h.compareAccounts()
				})
			})
		}
	})
}

type history struct {
	t      *rapid.T
	shop   *shop
	model  *model
	groups map[uuid.UUID]date.Date
}

// book books a batch of documents, which the model says will pass or be refused.
func (h *history) book() {
	batch := rapid.SliceOfN(rapid.Custom(h.document), 1, 4).Draw(h.t, "batch")
	after := h.model.copy()
	var values [][]int64
	var code fault.Code
	for _, d := range batch { // products are looked at before anything moves
		if slices.ContainsFunc(d.Lines, func(l NewMove) bool { return l.ProductID == h.shop.postage.ID }) {
			code = ErrNotGoods.Code
		}
	}
	for _, d := range batch {
		if code != "" {
			break
		}
		var v []int64
		if v, code = after.book(d); code == "" {
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
	serial := h.model.receipts
	h.model = after
	for i, doc := range docs {
		serial = h.compare(doc, values[i], serial)
	}
}

func (h *history) document(t *rapid.T) NewDocument {
	d := NewDocument{Date: newYear.AddDays(rapid.IntRange(0, 60).Draw(t, "day"))}
	d.Kind = rapid.SampledFrom([]Kind{Receipt, Receipt, Receipt, Issue, Issue, Issue, Issue, Return, Adjustment, VendorReturn}).Draw(t, "kind")
	d.WarehouseID = rapid.SampledFrom([]uuid.UUID{h.shop.main, h.shop.main, h.shop.main, h.shop.second}).Draw(t, "warehouse")
	if d.Kind == VendorReturn && len(h.model.came) == 0 {
		d.Kind = Receipt
	}
	if d.Kind == Receipt {
		d.Counter = opening()
	}
	d.BelowZero = d.Kind == Issue && rapid.Bool().Draw(t, "below zero")
	if rapid.IntRange(0, 3).Draw(t, "grouped") == 0 {
		d.Group = rapid.SampledFrom(h.sessions()).Draw(t, "group")
		if day, known := h.groups[d.Group]; known {
			d.Date = day
		} else {
			h.groups[d.Group] = d.Date // also when it is refused: then it is the date that the next one has
		}
	}
	for range rapid.IntRange(1, 3).Draw(t, "lines") {
		d.Lines = append(d.Lines, h.line(t, d))
	}
	return d
}

// sessions are two that a history knows, by ids that do not depend on the draw.
func (h *history) sessions() []uuid.UUID { return []uuid.UUID{{1}, {2}} }

func (h *history) line(t *rapid.T, d NewDocument) NewMove {
	products := []uuid.UUID{h.shop.tea.ID, h.shop.tea.ID, h.shop.cup.ID, h.shop.cup.ID, h.shop.tea.ID, h.shop.cup.ID, h.shop.tea.ID, h.shop.cup.ID, h.shop.tea.ID, h.shop.postage.ID}
	l := NewMove{ProductID: rapid.SampledFrom(products).Draw(t, "product"), Quantity: money.Quantity(rapid.Int64Range(1, 5_000_000).Draw(t, "quantity"))}
	if rapid.Bool().Draw(t, "whole") {
		l.Quantity = units(rapid.Int64Range(1, 5).Draw(t, "units"))
	}
	if d.Kind == Adjustment && rapid.Bool().Draw(t, "down") {
		l.Quantity = -l.Quantity
	}
	switch {
	case d.Kind == VendorReturn:
		l.Origin = rapid.SampledFrom(origins(h.model.came)).Draw(t, "receipt")
		l.ProductID = h.model.came[l.Origin].key.product
	case d.Kind == Issue && rapid.Bool().Draw(t, "for whom it is reserved"):
		for _, id := range ids(h.model.held) {
			if key := h.model.held[id].key; key.warehouse == d.WarehouseID {
				l.ProductID, l.Reservation = key.product, id
			}
		}
	case d.Kind == Issue || l.Quantity < 0:
	case d.Kind == Return && len(h.model.out) > 0 && rapid.Bool().Draw(t, "known"):
		l.Origin = rapid.SampledFrom(origins(h.model.out)).Draw(t, "origin")
		l.ProductID = h.model.out[l.Origin].product
	case d.Kind == Receipt || rapid.Bool().Draw(t, "stated"):
		l.Cost = InTotal(pence(rapid.Int64Range(0, 2_000).Draw(t, "cost")))
	}
	return l
}

// origins and ids are the keys in an order that a replay of the history has too.
func origins[T any](m map[Origin]T) []Origin {
	return slices.SortedFunc(maps.Keys(m), func(a, b Origin) int {
		return slices.Compare(append(a.DocumentID[:], byte(a.LineNo)), append(b.DocumentID[:], byte(b.LineNo)))
	})
}

func ids[T any](m map[uuid.UUID]T) []uuid.UUID {
	return slices.SortedFunc(maps.Keys(m), func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
}

// compare holds a booked document to the model's values, and lets the model know its lines.
func (h *history) compare(doc Document, values []int64, serial int) int {
	require.Len(h.t, doc.Moves, len(values))
	for i, m := range doc.Moves {
		require.Equal(h.t, pence(values[i]), m.Value, "the model values line %d of a %s alike", i+1, doc.Kind)
		line := Origin{doc.ID, m.LineNo}
		switch doc.Kind {
		case Issue:
			h.model.out[line] = modelOut{m.ProductID, -int64(m.Quantity), -m.Value.Minor}
		case Receipt:
			serial++
			h.model.came[line] = modelReceipt{key: shelfKey{m.ProductID, m.WarehouseID}, serial: serial, quantity: int64(m.Quantity), value: m.Value.Minor}
		}
	}
	return serial
}

// revalue gives one or two receipt lines the cost of their bill.
func (h *history) revalue() {
	if len(h.model.came) == 0 {
		return
	}
	in := NewRevaluation{Date: newYear, Counter: grni()}
	for range rapid.IntRange(1, 2).Draw(h.t, "lines") {
		key := rapid.SampledFrom(origins(h.model.came)).Draw(h.t, "receipt")
		in.Lines = append(in.Lines, RevaluedLine{Receipt: key, Quantity: money.Quantity(rapid.Int64Range(1, h.model.came[key].quantity).Draw(h.t, "quantity")),
			Difference: pence(rapid.Int64Range(-1_500, 1_500).Draw(h.t, "difference"))})
	}
	docs, err := h.shop.stock.Revalue(h.shop.ctx, []NewRevaluation{in})
	require.NoError(h.t, err)
	for i, l := range in.Lines {
		r := h.model.came[l.Receipt]
		s := h.model.shelf(r.key)
		value := s.revalue(l.Difference.Minor, r.serial, r.quantity-r.returned)
		h.model.shelves[r.key] = s
		h.model.post(value, l.Difference.Minor-value, accounting.RoleGoodsReceived)
		m := docs[0].Moves[i]
		require.Equal(h.t, []int64{0, value, l.Difference.Minor - value}, []int64{int64(m.Quantity), m.Value.Minor, m.VarianceMinor})
	}
}

func (h *history) reserve() {
	key := shelfKey{h.shop.tea.ID, h.shop.main}
	s := h.model.shelf(key)
	quantity, _ := s.onHand()
	q := rapid.Int64Range(1, 4_000_000).Draw(h.t, "quantity")
	made, err := h.shop.stock.Reserve(h.shop.ctx, []NewReservation{{ProductID: key.product, Quantity: money.Quantity(q)}})
	if quantity-s.reserved < q {
		require.ErrorIs(h.t, err, ErrInsufficientStock)
		return
	}
	require.NoError(h.t, err)
	s.reserved += q
	h.model.shelves[key] = s
	h.model.held[made[0].ID] = modelHeld{key, q}
}

func (h *history) release() {
	if len(h.model.held) == 0 {
		return
	}
	id := rapid.SampledFrom(ids(h.model.held)).Draw(h.t, "reservation")
	require.NoError(h.t, h.shop.stock.Release(h.shop.ctx, []uuid.UUID{id}))
	held := h.model.held[id]
	s := h.model.shelf(held.key)
	s.reserved -= held.open
	h.model.shelves[held.key] = s
	h.model.held[id] = modelHeld{held.key, 0}
}

func (h *history) postGroup() {
	_, err := h.shop.stock.PostGroup(h.shop.ctx, PostGroup{Group: rapid.SampledFrom(h.sessions()).Draw(h.t, "group")})
	require.NoError(h.t, err)
}

func (h *history) compareShelves() {
	found, err := h.shop.stock.Availability(h.shop.ctx, StockFilter{})
	require.NoError(h.t, err)
	values, err := h.shop.stock.OnHand(h.shop.ctx, StockFilter{})
	require.NoError(h.t, err)
	got, want := map[shelfKey][3]int64{}, map[shelfKey][3]int64{}
	for _, f := range found {
		got[shelfKey{f.ProductID, f.WarehouseID}] = [3]int64{int64(f.OnHand), int64(f.Reserved), 0}
	}
	for _, v := range values {
		key := shelfKey{v.ProductID, v.WarehouseID}
		got[key] = [3]int64{got[key][0], got[key][1], v.Value.Minor}
	}
	for key, s := range h.model.shelves {
		if quantity, value := s.onHand(); quantity != 0 || s.reserved != 0 {
			want[key] = [3]int64{quantity, s.reserved, value}
		}
	}
	require.Equal(h.t, want, got)
}

// compareAccounts posts what groups have left, and holds the whole ledger to the model.
func (h *history) compareAccounts() {
	for _, g := range h.sessions() {
		_, err := h.shop.stock.PostGroup(h.shop.ctx, PostGroup{Group: g})
		require.NoError(h.t, err)
	}
	h.shop.verify(h.t)
	got := map[accounting.Role]int64{}
	trial, err := h.shop.books.TrialBalance(h.shop.ctx, date.Last)
	require.NoError(h.t, err)
	for _, l := range trial.Lines {
		if net := l.Debit.Minor - l.Credit.Minor; net != 0 {
			got[l.Role] = net
		}
	}
	maps.DeleteFunc(h.model.accounts, func(_ accounting.Role, net int64) bool { return net == 0 })
	require.Equal(h.t, h.model.accounts, got)
}
