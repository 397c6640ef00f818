package inventory

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// The four kinds, one after the other, with what each leaves on hand and in the ledger.
func TestKinds(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "2", "1.00")
		s.receive(t, s.tea, "2", "2.00")
		assert.Equal(t, "4 @ 6.00", s.value(t, s.tea))
		assert.Equal(t, "-6.00", s.balance(t, accounting.RoleOpeningEquity))

		issued, err := s.stock.Issue(s.ctx, []NewDocument{document("", "I-1", move(s.tea, "3"))})
		require.NoError(t, err)
		cost := map[Method]string{Average: "4.50", FIFO: "4.00"}[s.method(t)]
		assert.Equal(t, cost, s.balance(t, accounting.RoleCostOfGoodsSold))
		require.Len(t, issued[0].Moves, 1)
		assert.Equal(t, qty("-3"), issued[0].Moves[0].Quantity)

		back := move(s.tea, "1")
		back.Origin = Origin{issued[0].ID, 1}
		_, err = s.stock.Return(s.ctx, []NewDocument{document("", "R-1", back)})
		require.NoError(t, err)
		share := map[Method]string{Average: "3.00", FIFO: "2.67"}[s.method(t)] // less 1.50; less 1.33 of 4.00
		assert.Equal(t, share, s.balance(t, accounting.RoleCostOfGoodsSold))

		_, err = s.stock.Adjust(s.ctx, []NewDocument{document("", "A-1", move(s.tea, "-1"))})
		require.NoError(t, err)
		loss := map[Method]string{Average: "1.50", FIFO: "2.00"}[s.method(t)]
		assert.Equal(t, loss, s.balance(t, accounting.RoleStockLoss))
		s.verify(t)
	})
}

func (s *shop) method(t *testing.T) Method {
	settings, err := s.stock.Settings(s.ctx)
	require.NoError(t, err)
	return settings.Method
}

// What comes back of one issue in parts adds up to what went out, to the penny.
func TestReturnsInPartsAddUp(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		_, err := s.stock.Receive(s.ctx, []NewDocument{{Date: newYear, Counter: opening(),
			Lines: []NewMove{{ProductID: s.tea.ID, Quantity: qty("3"), Cost: InTotal(pence(1000))}}}})
		require.NoError(t, err)
		issued, err := s.stock.Issue(s.ctx, []NewDocument{document("", "", move(s.tea, "3"))})
		require.NoError(t, err)
		back := move(s.tea, "1")
		back.Origin = Origin{issued[0].ID, 1}
		var values []int64
		for range 3 {
			docs, err := s.stock.Return(s.ctx, []NewDocument{document("", "", back)})
			require.NoError(t, err)
			values = append(values, docs[0].Moves[0].Value.Minor)
		}
		assert.Equal(t, []int64{333, 334, 333}, values)
		_, err = s.stock.Return(s.ctx, []NewDocument{document("", "", back)})
		require.ErrorIs(t, err, ErrOverReturn)
		assert.Equal(t, "0.00", s.balance(t, accounting.RoleCostOfGoodsSold))
		s.verify(t)
	})
}

// Within a batch, later documents see what earlier ones did.
func TestBatchIsInOrder(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		in := []NewDocument{receipt("R", s.tea, "1", "5"), document(Issue, "I", move(s.tea, "1"))}
		before := s.state(t)
		_, err := s.stock.Book(s.ctx, []NewDocument{in[1], in[0]})
		require.ErrorIs(t, err, ErrInsufficientStock)
		assert.Equal(t, before, s.state(t))
		_, err = s.stock.Book(s.ctx, in)
		require.NoError(t, err)
		assert.Equal(t, "0 @ 0.00", s.value(t, s.tea))
		assert.Equal(t, "5.00", s.balance(t, accounting.RoleCostOfGoodsSold))
		s.verify(t)
	})
}

// Goods given away go to marketing, in the same document as goods sold.
func TestLineCounter(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "10", "1.00")
		gift := move(s.tea, "2")
		gift.Counter = accounting.ByRole(accounting.RoleMarketing)
		_, err := s.stock.Issue(s.ctx, []NewDocument{document("", "", move(s.tea, "3"), gift)})
		require.NoError(t, err)
		assert.Equal(t, "3.00", s.balance(t, accounting.RoleCostOfGoodsSold))
		assert.Equal(t, "2.00", s.balance(t, accounting.RoleMarketing))
	})
}

// A warehouse has its own goods at its own cost.
func TestWarehousesAreApart(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "1", "1.00")
		there := document(Issue, "", move(s.tea, "1"))
		there.WarehouseID = s.second
		_, err := s.stock.Book(s.ctx, []NewDocument{there})
		require.ErrorIs(t, err, ErrInsufficientStock)

		issued, err := s.stock.Issue(s.ctx, []NewDocument{document("", "", move(s.tea, "1"))})
		require.NoError(t, err)
		back := document(Return, "", NewMove{ProductID: s.tea.ID, Quantity: qty("1"), Origin: Origin{issued[0].ID, 1}})
		back.WarehouseID = s.second
		_, err = s.stock.Book(s.ctx, []NewDocument{back})
		require.NoError(t, err, "goods may come back to another warehouse than they left")
		_, err = s.stock.Book(s.ctx, []NewDocument{there})
		require.NoError(t, err)
		s.verify(t)
	})
}

func TestReplay(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		in := receipt("GRN-1", s.tea, "4", "1.10")
		first, err := s.stock.Receive(s.ctx, []NewDocument{in})
		require.NoError(t, err)
		assert.False(t, first[0].Replayed)
		before := s.state(t)

		in.Lines[0].Cost = PerUnit(dec("1.1000")) // the same cost, written otherwise
		in.Reason = "another word about it"       // free text does not make another document
		again, err := s.stock.Book(s.ctx, []NewDocument{in, in})
		require.NoError(t, err)
		for _, d := range again {
			assert.True(t, d.Replayed)
			assert.Equal(t, first[0].ID, d.ID)
			require.Len(t, d.Moves, 1)
			assert.Equal(t, first[0].Moves[0].Value, d.Moves[0].Value)
		}
		assert.Equal(t, before, s.state(t))

		mixed, err := s.stock.Book(s.ctx, []NewDocument{in, receipt("GRN-2", s.tea, "1", "1"), receipt("GRN-2", s.tea, "1", "1")})
		require.NoError(t, err)
		assert.Equal(t, []bool{true, false, true}, []bool{mixed[0].Replayed, mixed[1].Replayed, mixed[2].Replayed})
		assert.Equal(t, mixed[1].ID, mixed[2].ID)
		assert.Equal(t, "5 @ 5.40", s.value(t, s.tea))

		before = s.state(t)
		_, err = s.stock.Receive(s.ctx, []NewDocument{receipt("GRN-1", s.tea, "5", "1.10")})
		require.ErrorIs(t, err, ErrReferenceTaken)
		_, err = s.stock.Receive(s.ctx, []NewDocument{receipt("GRN-3", s.tea, "5", "1"), receipt("GRN-3", s.tea, "6", "1")})
		require.ErrorIs(t, err, ErrReferenceTaken)
		assert.Equal(t, before, s.state(t))
	})
}

// TestRefusals: whatever is refused says why, and changes nothing.
func TestRefusals(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "5", "1.00")
		issued, err := s.stock.Issue(s.ctx, []NewDocument{document("", "", move(s.tea, "2"))})
		require.NoError(t, err)
		jars, err := s.stock.CreateProducts(s.ctx, []NewProduct{{SKU: "JAR", Name: "Jar"}})
		require.NoError(t, err)
		stock, err := s.books.GetAccount(s.ctx, accounting.ByRole(accounting.RoleStock))
		require.NoError(t, err)
		from := func(id uuid.UUID, line int64, p Product, q string) NewMove {
			return NewMove{ProductID: p.ID, Quantity: qty(q), Origin: Origin{id, line}}
		}
		with := func(d NewDocument, change func(*NewDocument)) NewDocument { change(&d); return d }
		costs := func(c Cost) NewDocument {
			return with(receipt("", s.tea, "1", "1"), func(d *NewDocument) { d.Lines[0].Cost = c })
		}
		cases := map[string]struct {
			doc  NewDocument
			want *fault.Definition
		}{
			"oversold":                  {document(Issue, "", move(s.tea, "3.000001")), ErrInsufficientStock},
			"oversold by two lines":     {document(Issue, "", move(s.tea, "2"), move(s.tea, "2")), ErrInsufficientStock},
			"never received":            {document(Issue, "", move(s.cup, "1")), ErrInsufficientStock},
			"adjusted below zero":       {document(Adjustment, "", move(s.tea, "-4")), ErrInsufficientStock},
			"returned too much":         {document(Return, "", from(issued[0].ID, 1, s.tea, "2.5")), ErrOverReturn},
			"returned twice":            {document(Return, "", from(issued[0].ID, 1, s.tea, "1.5"), from(issued[0].ID, 1, s.tea, "1")), ErrOverReturn},
			"returned, another product": {document(Return, "", from(issued[0].ID, 1, s.cup, "1")), ErrUnknownOrigin},
			"returned, no such line":    {document(Return, "", from(issued[0].ID, 2, s.tea, "1")), ErrUnknownOrigin},
			"returned, no such issue":   {document(Return, "", from(uuid.UUID{9}, 1, s.tea, "1")), ErrUnknownOrigin},
			"cost unknown":              {document(Return, "", move(s.cup, "1")), ErrCostUnknown},
			"found, cost unknown":       {document(Adjustment, "", move(s.cup, "1")), ErrCostUnknown},
			"a service":                 {document(Issue, "", move(s.postage, "1")), ErrNotGoods},
			"no such product":           {document(Issue, "", NewMove{ProductID: uuid.UUID{9}, Quantity: 1}), ErrUnknownProduct},
			"no such warehouse":         {with(document(Issue, "", move(s.tea, "1")), func(d *NewDocument) { d.WarehouseID = uuid.UUID{9} }), ErrUnknownWarehouse},
			"no such account":           {with(document(Issue, "", move(s.tea, "1")), func(d *NewDocument) { d.Counter = accounting.ByCode("nope") }), accounting.ErrUnknownAccount},
			"stock against itself":      {with(receipt("", s.tea, "1", "1"), func(d *NewDocument) { d.Counter = accounting.ByID(stock.ID) }), ErrBadInput},
			"before the books":          {with(document(Issue, "", move(s.tea, "1")), func(d *NewDocument) { d.Date = date.Must("2025-12-31") }), accounting.ErrNoPeriod},
			"before, worth nothing":     {with(receipt("", s.cup, "1", "0"), func(d *NewDocument) { d.Date = date.Must("2025-12-31") }), accounting.ErrNoPeriod},
			"another currency":          {costs(InTotal(money.Of(5, "USD"))), money.ErrCurrencyMismatch},
			"no such currency":          {costs(Cost{Total: money.Amount{Minor: 5, Currency: "XXX"}}), ErrBadInput},
			"value overflows":           {with(costs(PerUnit(dec("1e17"))), func(d *NewDocument) { d.Lines[0].Quantity = math.MaxInt64 }), money.ErrOverflow},
			"quantity overflows": {with(costs(PerUnit(dec("0"))), func(d *NewDocument) {
				d.Lines[0].Quantity = math.MaxInt64
				d.Lines = append(d.Lines, d.Lines[0])
			}), money.ErrOverflow},
			"more than the books hold": {costs(InTotal(pence(1e15))), accounting.ErrAmountLimit},
			"kind missing":             {document("", "", move(s.tea, "1")), ErrBadInput},
			"kind unknown":             {document("theft", "", move(s.tea, "1")), ErrBadInput},
			"no lines":                 {document(Issue, ""), ErrBadInput},
			"no quantity":              {document(Issue, "", move(s.tea, "0")), ErrBadInput},
			"negative quantity":        {document(Issue, "", move(s.tea, "-1")), ErrBadInput},
			"the least quantity":       {document(Adjustment, "", NewMove{ProductID: s.tea.ID, Quantity: math.MinInt64}), ErrBadInput},
			"no product":               {document(Issue, "", NewMove{Quantity: 1}), ErrBadInput},
			"no counter":               {with(receipt("", s.tea, "1", "1"), func(d *NewDocument) { d.Counter = accounting.AccountRef{} }), ErrBadInput},
			"no cost":                  {costs(Cost{}), ErrBadInput},
			"negative cost":            {costs(PerUnit(dec("-1"))), ErrBadInput},
			"negative total":           {costs(InTotal(pence(-1))), ErrBadInput},
			"a cost like an attack":    {costs(PerUnit(decimal.New(1, 1_000_000_000))), ErrBadInput},
			"cost stated twice":        {costs(Cost{Unit: PerUnit(dec("1")).Unit, Total: pence(1)}), ErrBadInput},
			"an issue with a cost":     {document(Issue, "", NewMove{ProductID: s.tea.ID, Quantity: 1, Cost: PerUnit(dec("1"))}), ErrBadInput},
			"an issue with an origin":  {document(Issue, "", from(issued[0].ID, 1, s.tea, "1")), ErrBadInput},
			"origin and cost": {document(Return, "", NewMove{ProductID: s.tea.ID, Quantity: 1, Cost: PerUnit(dec("1")),
				Origin: Origin{issued[0].ID, 1}}), ErrBadInput},
			"line number twice":   {document(Issue, "", NewMove{LineNo: 2, ProductID: s.tea.ID, Quantity: 1}, move(s.tea, "1")), ErrBadInput},
			"blanks in reference": {document(Issue, " R", move(s.tea, "1")), ErrBadInput},
			"control characters":  {document(Issue, "R\x00", move(s.tea, "1")), ErrBadInput},
			"broken UTF-8":        {with(document(Issue, "R", move(s.tea, "1")), func(d *NewDocument) { d.Reason = "\xff" }), ErrBadInput},
		}
		before := s.state(t)
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				// A good document before it does not survive it.
				_, err := s.stock.Book(s.ctx, []NewDocument{receipt("", jars[0], "1", "1"), c.doc})
				require.ErrorIs(t, err, c.want)
				assert.Equal(t, before, s.state(t))
			})
		}
		s.verify(t)
	})
}

// The refusal names the SKU, what is on hand and what was asked for.
func TestInsufficientStockSays(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		s := openShop(t, env, Average)
		s.receive(t, s.tea, "1.5", "1")
		_, err := s.stock.Issue(s.ctx, []NewDocument{document("", "ORDER-7", move(s.tea, "2"))})
		require.ErrorContains(t, err, `document 1 ("ORDER-7"), line 1: TEA has 1.5 on hand and 2 are asked for`)
		assert.Equal(t, fault.Conflict, fault.KindOf(err))
	})
}

func TestClosedPeriod(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "5", "1.00")
		s.receive(t, s.cup, "5", "0")
		periods, err := s.books.Periods(s.ctx)
		require.NoError(t, err)
		set := func(state accounting.PeriodState) {
			_, err := s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[0].ID, State: state, Reason: "closing"})
			require.NoError(t, err)
		}
		set(accounting.PeriodSoftLocked)
		before := s.state(t)
		for _, p := range []Product{s.tea, s.cup} { // cups are worth nothing, and so have no entry
			_, err = s.stock.Issue(s.ctx, []NewDocument{document("", "", move(p, "1"))})
			require.ErrorIs(t, err, accounting.ErrPeriodSoftLocked)
		}
		assert.Equal(t, before, s.state(t))
		excepted := document("", "", move(s.tea, "1"), move(s.cup, "1"))
		excepted.LockException = "found late"
		_, err = s.stock.Issue(s.ctx, []NewDocument{excepted})
		require.NoError(t, err)

		set(accounting.PeriodLocked)
		before = s.state(t)
		for _, p := range []Product{s.tea, s.cup} {
			_, err = s.stock.Issue(s.ctx, []NewDocument{document("", "", move(p, "1"))})
			require.ErrorIs(t, err, accounting.ErrPeriodLocked)
		}
		assert.Equal(t, before, s.state(t))
		s.verify(t)
	})
}

func TestDefaults(t *testing.T) {
	// Half past eleven in Greenwich is the next day in London, in summer.
	clock := func() time.Time { return time.Date(2026, 6, 30, 23, 30, 0, 0, time.UTC) }
	tenancytest.Each(t, tenancytest.Options{Modules: options.Modules, Clock: clock}, func(t *testing.T, env *tenancytest.Env) {
		s := openShop(t, env, FIFO)
		in := receipt("", s.tea, "1", "1")
		in.Date, in.Kind, in.Reason = date.Date{}, "", "from the old shop"
		docs, err := s.stock.Receive(s.ctx, []NewDocument{in})
		require.NoError(t, err)
		d, err := s.stock.GetDocument(s.ctx, docs[0].ID)
		require.NoError(t, err)
		assert.Equal(t, date.Must("2026-07-01"), d.Date, "today in the tenant's zone")
		assert.Equal(t, s.main, d.WarehouseID)
		assert.Equal(t, Receipt, d.Kind)
		assert.Equal(t, "from the old shop", d.Reason)
		assert.Equal(t, clock(), d.PostedAt)
		assert.Equal(t, int64(1), d.Moves[0].LineNo)
		assert.NotEqual(t, uuid.Nil, d.EntryID)
	})
}

// A verb books its own kind.
func TestVerbs(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		s := openShop(t, env, Average)
		for kind, verb := range map[Kind]func(context.Context, []NewDocument) ([]Document, error){
			Receipt: s.stock.Receive, Issue: s.stock.Issue, Return: s.stock.Return, Adjustment: s.stock.Adjust, VendorReturn: s.stock.ReturnToVendor,
		} {
			other := Issue
			if kind == Issue {
				other = Return
			}
			_, err := verb(s.ctx, []NewDocument{document(other, "", move(s.tea, "1"))})
			require.ErrorIs(t, err, ErrBadInput, "%s", kind)
			none, err := verb(s.ctx, nil)
			require.NoError(t, err)
			assert.Empty(t, none)
		}
	})
}

func TestTooMany(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		s := openShop(t, env, Average)
		_, err := s.stock.Book(s.ctx, make([]NewDocument, MaxBatch+1))
		require.ErrorIs(t, err, ErrTooMany)
		_, err = s.stock.CreateProducts(s.ctx, make([]NewProduct, MaxProducts+1))
		require.ErrorIs(t, err, ErrTooMany)
		_, err = s.stock.OnHand(s.ctx, StockFilter{ProductIDs: make([]uuid.UUID, MaxProducts+1)})
		require.ErrorIs(t, err, ErrTooMany)
		d := document(Issue, "")
		d.Lines = make([]NewMove, 10_000)
		for i := range d.Lines {
			d.Lines[i] = move(s.tea, "1")
		}
		var many []NewDocument
		for range 11 {
			many = append(many, d)
		}
		_, err = s.stock.Book(s.ctx, many)
		require.ErrorIs(t, err, ErrTooMany)
	})
}
