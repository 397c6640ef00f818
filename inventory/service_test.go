package inventory

import (
	"context"
	"reflect"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// Every exported method of the service refuses a context without a scope, and sends nothing.
func TestUnscoped(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		s := New(env.DB, accounting.New(env.DB))
		methods := reflect.ValueOf(s)
		for i := range methods.NumMethod() {
			name := methods.Type().Method(i).Name
			sent := env.Count(t, func() {
				assert.ErrorIs(t, callWith(context.Background(), methods.Method(i)), fault.Unscoped, name)
			})
			assert.Zero(t, sent, name)
		}
	})
}

// Every exported method wants a permission of its own, and an act of another package's does not do.
func TestForbidden(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		s := New(env.DB, accounting.New(env.DB))
		ctx := env.TenantWith(t, "accounting.*", "sales.*")
		methods := reflect.ValueOf(s)
		for i := range methods.NumMethod() {
			assert.ErrorIs(t, callWith(ctx, methods.Method(i)), tenancy.ErrForbidden, methods.Type().Method(i).Name)
		}
	})
}

// callWith calls a method with a context and zero values, and gives its error.
func callWith(ctx context.Context, method reflect.Value) error {
	args := []reflect.Value{reflect.ValueOf(ctx)}
	for i := 1; i < method.Type().NumIn(); i++ {
		args = append(args, reflect.Zero(method.Type().In(i)))
	}
	out := method.Call(args)
	err, _ := out[len(out)-1].Interface().(error)
	return err
}

// Who may receive may not adjust.
func TestPermissionsPerKind(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		s := openShop(t, env, Average)
		tenant := tenancy.ScopeOf(s.ctx).TenantID()
		clerk := env.Enter(t, tenant, PermReceive)
		_, err := s.stock.Receive(clerk, []NewDocument{receipt("", s.tea, "1", "1")})
		require.NoError(t, err, "the permission to receive vouches for the entry")
		_, err = s.stock.Adjust(clerk, []NewDocument{document("", "", move(s.tea, "-1"))})
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = s.stock.Book(clerk, []NewDocument{receipt("", s.tea, "1", "1")})
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = s.stock.OnHand(clerk, StockFilter{})
		require.ErrorIs(t, err, tenancy.ErrForbidden)
	})
}

func TestConfigure(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		s := openShop(t, env, FIFO)
		again, err := s.stock.Configure(s.ctx, NewSettings{Method: FIFO})
		require.NoError(t, err)
		assert.Equal(t, s.main, again.DefaultWarehouseID)
		_, err = s.stock.Configure(s.ctx, NewSettings{Method: Average})
		require.ErrorIs(t, err, ErrMethodFixed)
		_, err = s.stock.Configure(s.ctx, NewSettings{Method: "lifo"})
		require.ErrorIs(t, err, ErrBadInput)

		fresh := env.Tenant(t)
		_, err = s.stock.Settings(fresh)
		require.ErrorIs(t, err, ErrNotConfigured)
		_, err = s.stock.Book(fresh, []NewDocument{receipt("", s.tea, "1", "1")})
		require.ErrorIs(t, err, ErrNotConfigured)
		own, err := s.stock.CreateWarehouse(fresh, NewWarehouse{Code: "MAIN", Name: "My shed"})
		require.NoError(t, err)
		_, err = s.stock.Configure(fresh, NewSettings{Method: Average})
		require.ErrorIs(t, err, accounting.ErrNotOpened)
		_, err = s.books.OpenBooks(fresh, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartGeneral, YearStart: date.Must("2026-01-01")})
		require.NoError(t, err)
		settings, err := s.stock.Configure(fresh, NewSettings{Method: Average})
		require.NoError(t, err)
		assert.Equal(t, own.ID, settings.DefaultWarehouseID)
	})
}

func TestProducts(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		s := openShop(t, env, Average)
		again, err := s.stock.CreateProducts(s.ctx, []NewProduct{{SKU: "TEA", Name: "Earl Grey", Kind: Goods, Unit: "piece"}, {SKU: "tea", Name: "Another"}, {SKU: "tea", Name: "Another"}})
		require.NoError(t, err)
		assert.Equal(t, s.tea.ID, again[0].ID)
		assert.NotEqual(t, s.tea.ID, again[1].ID, "a SKU counts exactly as written")
		assert.Equal(t, again[1], again[2])
		for _, bad := range [][]NewProduct{
			{{SKU: "TEA", Name: "Other name"}}, {{SKU: "TEA", Name: "Earl Grey", Kind: Services}}, {{SKU: "X", Name: "One"}, {SKU: "X", Name: "Two"}},
		} {
			_, err = s.stock.CreateProducts(s.ctx, bad)
			require.ErrorIs(t, err, ErrSKUTaken)
		}
		for _, bad := range []NewProduct{{Name: "No SKU"}, {SKU: "NO-NAME"}, {SKU: "K", Name: "Kind", Kind: "air"}, {SKU: "A\nB", Name: "Lines"}} {
			_, err = s.stock.CreateProducts(s.ctx, []NewProduct{bad})
			require.ErrorIs(t, err, ErrBadInput)
		}
		changed, err := s.stock.UpdateProduct(s.ctx, ProductChange{ID: s.tea.ID, Name: "Lady Grey", Unit: "tin"})
		require.NoError(t, err)
		got, err := s.stock.GetProduct(s.ctx, s.tea.ID)
		require.NoError(t, err)
		assert.Equal(t, changed, got)
		assert.Equal(t, "Lady Grey", got.Name)
		_, err = s.stock.UpdateProduct(s.ctx, ProductChange{ID: uuid.UUID{9}, Name: "Nobody", Unit: "tin"})
		require.ErrorIs(t, err, fault.NotFound)

		bySKU, err := s.stock.ProductsBySKU(s.ctx, []string{"TEA", "CUP", "NOPE"})
		require.NoError(t, err)
		assert.Len(t, bySKU, 2)
		byID, err := s.stock.ProductsByID(s.ctx, []uuid.UUID{s.tea.ID, {9}})
		require.NoError(t, err)
		assert.Len(t, byID, 1)
		page, err := s.stock.ListProducts(s.ctx, tenancy.PageRequest{Limit: 3})
		require.NoError(t, err)
		assert.Equal(t, []string{"CUP", "POST", "TEA"}, []string{page.Items[0].SKU, page.Items[1].SKU, page.Items[2].SKU})
		page, err = s.stock.ListProducts(s.ctx, tenancy.PageRequest{After: page.Next})
		require.NoError(t, err)
		assert.Equal(t, "tea", page.Items[0].SKU)
	})
}

func TestWarehouses(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		s := openShop(t, env, Average)
		again, err := s.stock.CreateWarehouse(s.ctx, NewWarehouse{Code: "TWO", Name: "Second"})
		require.NoError(t, err)
		assert.Equal(t, s.second, again.ID)
		_, err = s.stock.CreateWarehouse(s.ctx, NewWarehouse{Code: "TWO", Name: "Other"})
		require.ErrorIs(t, err, ErrWarehouseCodeTaken)
		_, err = s.stock.CreateWarehouse(s.ctx, NewWarehouse{Code: "TWO"})
		require.ErrorIs(t, err, ErrBadInput)
		changed, err := s.stock.UpdateWarehouse(s.ctx, WarehouseChange{ID: s.second, Name: "Annex"})
		require.NoError(t, err)
		got, err := s.stock.GetWarehouse(s.ctx, s.second)
		require.NoError(t, err)
		assert.Equal(t, changed, got)
		page, err := s.stock.ListWarehouses(s.ctx, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Len(t, page.Items, 2)
		assert.Equal(t, "Annex", page.Items[1].Name)
	})
}

// Another tenant's records and records that do not exist give the same answer.
func TestAnotherTenant(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		a, b := openShop(t, env, Average), openShop(t, env, Average)
		mine := a.receive(t, a.tea, "5", "1.00")
		issued, err := a.stock.Issue(a.ctx, []NewDocument{document("", "", move(a.tea, "1"))})
		require.NoError(t, err)
		before := a.state(t)

		_, err = b.stock.GetDocument(b.ctx, mine.ID)
		require.ErrorIs(t, err, fault.NotFound)
		_, err = b.stock.GetProduct(b.ctx, a.tea.ID)
		require.ErrorIs(t, err, fault.NotFound)
		_, err = b.stock.UpdateProduct(b.ctx, ProductChange{ID: a.tea.ID, Name: "Mine", Unit: "piece"})
		require.ErrorIs(t, err, fault.NotFound)
		_, err = b.stock.Issue(b.ctx, []NewDocument{document("", "", move(a.tea, "1"))})
		require.ErrorIs(t, err, ErrUnknownProduct)
		there := receipt("", b.tea, "1", "1")
		there.WarehouseID = a.main
		_, err = b.stock.Receive(b.ctx, []NewDocument{there})
		require.ErrorIs(t, err, ErrUnknownWarehouse)
		_, err = b.stock.Return(b.ctx, []NewDocument{document("", "", NewMove{ProductID: b.tea.ID, Quantity: 1, Origin: Origin{issued[0].ID, 1}})})
		require.ErrorIs(t, err, ErrUnknownOrigin)
		found, err := b.stock.OnHand(b.ctx, StockFilter{ProductIDs: []uuid.UUID{a.tea.ID}})
		require.NoError(t, err)
		assert.Empty(t, found)
		assert.Equal(t, before, a.state(t))
	})
}

func TestReports(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "4", "1.00")
		s.receive(t, s.cup, "2", "3.00")
		later := receipt("", s.tea, "1", "1.00")
		later.Date, later.WarehouseID = date.Must("2026-02-01"), s.second
		_, err := s.stock.Receive(s.ctx, []NewDocument{later})
		require.NoError(t, err)
		out := document("", "", move(s.cup, "2"))
		out.Date = date.Must("2026-03-01")
		_, err = s.stock.Issue(s.ctx, []NewDocument{out})
		require.NoError(t, err)

		all, err := s.stock.OnHand(s.ctx, StockFilter{})
		require.NoError(t, err)
		assert.Len(t, all, 2, "nothing is left of the cups")
		there, err := s.stock.OnHand(s.ctx, StockFilter{WarehouseID: s.second})
		require.NoError(t, err)
		assert.Equal(t, []Stock{{ProductID: s.tea.ID, WarehouseID: s.second, Quantity: qty("1"), Value: pence(100)}}, there)

		for day, want := range map[string]struct {
			lines    int
			quantity string
			value    int64
		}{
			"2026-01-04": {0, "0", 0}, "2026-01-05": {2, "6", 1000}, "2026-02-01": {3, "7", 1100}, "2026-03-01": {2, "5", 500},
		} {
			v, err := s.stock.Valuation(s.ctx, date.Must(day))
			require.NoError(t, err)
			assert.Len(t, v.Lines, want.lines, day)
			assert.Equal(t, qty(want.quantity), v.Quantity, day)
			assert.Equal(t, money.Of(want.value, "GBP"), v.Value, day)
		}
		_, err = s.stock.Valuation(s.ctx, date.Date{})
		require.ErrorIs(t, err, ErrBadInput)

		page, err := s.stock.ListDocuments(s.ctx, tenancy.PageRequest{Limit: 3})
		require.NoError(t, err)
		require.Len(t, page.Items, 3)
		assert.Equal(t, Receipt, page.Items[0].Kind)
		page, err = s.stock.ListDocuments(s.ctx, tenancy.PageRequest{After: page.Next})
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		assert.Equal(t, Issue, page.Items[0].Kind)
	})
}

// A hundred documents cost as many statements as one, also when some were booked before and some shelves are new.
func TestStatementsDoNotGrow(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		var products []NewProduct
		for range 100 {
			products = append(products, NewProduct{SKU: uuid.NewString(), Name: "Product"})
		}
		made, err := s.stock.CreateProducts(s.ctx, products)
		require.NoError(t, err)
		batch := func(n int, kind Kind) []NewDocument {
			var docs []NewDocument
			for i := range n {
				d := receipt(uuid.NewString(), made[i], "2", "1.10")
				if kind == Issue {
					d = document(Issue, uuid.NewString(), move(made[i], "0.5"))
				}
				docs = append(docs, d)
			}
			return docs
		}
		count := func(docs []NewDocument) int {
			return s.env.Count(t, func() {
				_, err := s.stock.Book(s.ctx, docs)
				require.NoError(t, err)
			})
		}
		hundred := batch(100, Receipt)
		newShelves := count(hundred)
		assert.Equal(t, newShelves, count([]NewDocument{receipt("GRN-1", s.tea, "1", "1.10")}), "new shelves")
		assert.Equal(t, count(batch(1, Receipt)), count(batch(100, Receipt)), "known shelves")
		assert.Equal(t, count(batch(1, Issue)), count(batch(100, Issue)), "issues")
		assert.Equal(t, count(hundred[:1]), count(hundred), "replays")
		s.verify(t)
	})
}

// FIFO layers that are used up are gone: reading a shelf does not grow with what it has seen.
func TestShelvesDoNotGrow(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for range 5 {
			_, err := s.stock.Book(s.ctx, []NewDocument{receipt("", s.tea, "2", "1.00"), document(Issue, "", move(s.tea, "2"))})
			require.NoError(t, err)
		}
		var layers int64
		require.NoError(t, s.env.DB.Read(s.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			var err error
			layers, err = tenancy.Count[Layer](ctx, tx)
			return err
		}))
		assert.Equal(t, int64(1), layers, "the anchor")
	})
}

// The database refuses what the program would never write, also from the owner of the tables.
func TestDatabaseRefuses(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "5", "1.00")
		s.reserve(t, wanted(s.tea, "2"))
		session := tenancy.NewID()
		s.mustBook(t, grouped(session, document(Issue, "", move(s.tea, "1")))...)
		_, err := s.stock.PostGroup(s.ctx, PostGroup{Group: session})
		require.NoError(t, err)
		owner := s.env.Owner(t, tenancy.ScopeOf(s.ctx).TenantID())
		for _, statement := range []string{
			"UPDATE erp.stock_layers SET quantity = -1 WHERE quantity > 0",
			"UPDATE erp.stock_layers SET quantity = -1, value_minor = 1",
			"UPDATE erp.stock_layers SET last_quantity = 0 WHERE seq = 0",
			"UPDATE erp.stock_layers SET reserved = -1",
			"UPDATE erp.stock_layers SET value_minor = -1 WHERE quantity > 0",
			"UPDATE erp.stock_layers SET quantity = 0 WHERE quantity > 0",
			"UPDATE erp.stock_moves SET quantity = quantity + 1",
			"DELETE FROM erp.stock_moves",
			"UPDATE erp.stock_reservations SET open_quantity = 0",
			"UPDATE erp.stock_reservations SET state = 'released'",
			"UPDATE erp.stock_reservations SET taken_quantity = 1",
			"DELETE FROM erp.stock_reservations",
			"UPDATE erp.stock_charges SET value_minor = value_minor + 1",
			"UPDATE erp.stock_group_postings SET documents = 2",
			"DELETE FROM erp.stock_groups",
			"UPDATE erp.stock_documents SET document_date = '2026-01-06'",
			"DELETE FROM erp.stock_documents",
			"UPDATE erp.stock_settings SET method = 'fifo'",
		} {
			_, err := owner.Exec(s.env.SQL(statement))
			assert.Error(t, err, statement)
		}
		s.verify(t)
	})
}

// A difference that somebody makes past the program is found and named.
func TestVerifyFinds(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		s := openShop(t, env, FIFO)
		s.receive(t, s.tea, "5", "1.00")
		tenant := tenancy.ScopeOf(s.ctx).TenantID()
		owner := s.env.Owner(t, tenant)
		_, err := owner.Exec(s.env.SQL("UPDATE erp.stock_layers SET quantity = quantity + 1000000, value_minor = value_minor + 7 WHERE quantity > 0 AND tenant_id = '" + tenant.String() + "'"))
		require.NoError(t, err)
		checks, err := s.stock.Verify(s.ctx)
		require.NoError(t, err)
		assert.Equal(t, []bool{false, false, false, true, true, true, true}, []bool{checks[0].OK, checks[1].OK, checks[2].OK, checks[3].OK, checks[4].OK, checks[5].OK, checks[6].OK})
		assert.Contains(t, checks[0].Detail, "6 on hand, moves give 5")
		assert.Contains(t, checks[1].Detail, "1 units and 0.07 too much")
		assert.Contains(t, checks[2].Detail, "layers 5.07 GBP, ledger 5.00 GBP")
	})
}

// So is a group that was posted with other documents than it has, a reservation that the shelf knows nothing of, and goods
// that are missing without having been let out.
func TestVerifyFindsMore(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		s := openShop(t, env, Average)
		s.receive(t, s.tea, "5", "1.00")
		session := tenancy.NewID()
		s.mustBook(t, grouped(session, document(Issue, "", move(s.tea, "1")))...)
		s.reserve(t, wanted(s.tea, "2"))
		tenant := tenancy.ScopeOf(s.ctx).TenantID()
		owner := s.env.Owner(t, tenant)
		for _, statement := range []string{
			"UPDATE erp.stock_groups SET postings = postings + 1", "UPDATE erp.stock_layers SET reserved = reserved + 1000000, quantity = -1, value_minor = 0",
		} {
			_, err := owner.Exec(s.env.SQL(statement + " WHERE tenant_id = '" + tenant.String() + "'"))
			require.NoError(t, err)
		}
		checks, err := s.stock.Verify(s.ctx)
		require.NoError(t, err)
		assert.Contains(t, checks[3].Detail, "posting 1: 1 documents and 0.00 too much")
		assert.Contains(t, checks[4].Detail, "a layer of -0.000001 units has 0.00")
		assert.Contains(t, checks[6].Detail, "3 reserved, reservations hold 2")
		for i, ok := range []bool{false, false, false, false, false, true, false} {
			assert.Equal(t, ok, checks[i].OK, checks[i].Name)
		}
	})
}
