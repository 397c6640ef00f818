package sales

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// Every exported method of the service refuses a context without a scope, and sends nothing; and wants a permission of its
// own.
func TestUnscopedAndForbidden(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		books := accounting.New(env.DB)
		methods := reflect.ValueOf(New(env.DB, books, inventory.New(env.DB, books)))
		forbidden := env.TenantWith(t, "accounting.*", "inventory.*")
		for i := range methods.NumMethod() {
			name := methods.Type().Method(i).Name
			sent := env.Count(t, func() {
				assert.ErrorIs(t, callWith(context.Background(), methods.Method(i)), fault.Unscoped, name)
			})
			assert.Zero(t, sent, name)
			assert.ErrorIs(t, callWith(forbidden, methods.Method(i)), tenancy.ErrForbidden, name)
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

// Who may sell need not be allowed to issue goods or to post; who may sell may not credit.
func TestPermissions(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		clerk := s.env.Enter(t, tenancy.ScopeOf(s.ctx).TenantID(), PermSell)
		_, err := s.sales.Sell(clerk, []NewSale{s.onAccount("O-1", line(s.tea, "1", "4.50"))})
		require.NoError(t, err)
		_, err = s.sales.Credit(clerk, []NewCredit{creditOf("O-1", "CR-1", back(1, "1", "4.50"))})
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = s.sales.Book(clerk, []Document{s.onAccount("O-2", line(s.tea, "1", "4.50"))})
		require.ErrorIs(t, err, tenancy.ErrForbidden)
	})
}

// Another tenant's records and records that do not exist give the same answer.
func TestAnotherTenant(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		a, b := openShop(t, env, inventory.Average), openShop(t, env, inventory.Average)
		sold := a.sell(t, a.onAccount("O-1", line(a.tea, "1", "4.50")))[0]
		before := a.state(t)
		_, err := b.sales.GetSale(b.ctx, sold.ID)
		require.ErrorIs(t, err, fault.NotFound)
		_, err = b.sales.Credit(b.ctx, []NewCredit{creditOf("O-1", "CR-1", back(1, "1", "4.50"))})
		require.ErrorIs(t, err, ErrUnknownSale)
		_, err = b.sales.Sell(b.ctx, []NewSale{b.onAccount("O-1", line(a.tea, "1", "4.50"))})
		require.ErrorIs(t, err, ErrUnknownProduct)
		theirs := b.onAccount("O-1", line(b.tea, "1", "4.50"))
		theirs.PartyID = a.anna
		_, err = b.sales.Sell(b.ctx, []NewSale{theirs})
		require.ErrorIs(t, err, accounting.ErrUnknownParty)
		found, err := b.sales.SalesByReference(b.ctx, []string{"O-1"})
		require.NoError(t, err)
		assert.Empty(t, found)
		assert.Equal(t, before, a.state(t))
		b.sell(t, b.onAccount("O-1", line(b.tea, "1", "4.50"))) // a reference belongs to its tenant
	})
}

func TestList(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.sell(t, s.onAccount("O-1", line(s.tea, "1", "1")), s.onAccount("O-2", line(s.tea, "1", "1")), s.onAccount("O-3", line(s.tea, "1", "1")))
		page, err := s.sales.ListSales(s.ctx, tenancy.PageRequest{Limit: 2, Sort: "-reference"})
		require.NoError(t, err)
		assert.Equal(t, []string{"O-3", "O-2"}, []string{page.Items[0].Reference, page.Items[1].Reference})
		page, err = s.sales.ListSales(s.ctx, tenancy.PageRequest{Sort: "-reference", After: page.Next})
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		assert.Equal(t, "O-1", page.Items[0].Reference)
		_, err = s.sales.SalesByReference(s.ctx, make([]string, MaxBatch+1))
		require.ErrorIs(t, err, ErrTooMany)
		_, err = s.sales.Sell(s.ctx, make([]NewSale, MaxBatch+1))
		require.ErrorIs(t, err, ErrTooMany)
		none, err := s.sales.Book(s.ctx, nil)
		require.NoError(t, err)
		assert.Empty(t, none)
	})
}

// A hundred documents cost as many statements as one: sales, credits of known sales, credits of unknown ones, replays.
func TestStatementsDoNotGrow(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "1000", "1")
		batch := func(kind string, n int) []Document {
			var out []Document
			var known []NewSale
			for i := range n {
				reference := kind + uuid.NewString()
				switch kind {
				case "sale":
					out = append(out, s.onAccount(reference, line(s.tea, "1", "4.50"), line(s.postage, "1", "3")))
				case "credit":
					sale := fmt.Sprintf("known-%d-%d", n, i)
					known = append(known, s.onAccount(sale, line(s.tea, "1", "4.50")))
					out = append(out, creditOf(sale, reference, back(1, "1", "4.50")))
				case "loose":
					out = append(out, NewCredit{Reference: reference, PartyID: s.anna, Date: newYear,
						Lines: []NewCreditLine{{ProductID: s.tea, Quantity: qty("1"), UnitPrice: dec("4"), Restock: true}}})
				}
			}
			s.sell(t, known...)
			return out
		}
		count := func(documents []Document) int {
			return s.env.Count(t, func() {
				_, err := s.sales.Book(s.ctx, documents)
				require.NoError(t, err)
			})
		}
		for _, kind := range []string{"sale", "credit", "loose"} {
			one, hundred := batch(kind, 1), batch(kind, 100)
			assert.Equal(t, count(one), count(hundred), kind)
			assert.Equal(t, count(one), count(hundred), "replays of %s", kind)
		}
		s.verify(t)
	})
}

// The database refuses what the program would never write, also from the owner of the tables.
func TestDatabaseRefuses(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.sell(t, s.onAccount("O-1", line(s.tea, "1", "4.50")))
		owner := s.env.Owner(t, tenancy.ScopeOf(s.ctx).TenantID())
		for _, statement := range []string{
			"UPDATE erp.sale_lines SET credited = quantity + 1", "UPDATE erp.sale_lines SET credited = -1", "DELETE FROM erp.sale_lines",
			"UPDATE erp.sales SET reference = 'other'", "DELETE FROM erp.sales",
		} {
			_, err := owner.Exec(s.env.SQL(statement))
			assert.Error(t, err, statement)
		}
		s.verify(t)
	})
}

// A difference that somebody makes past the program is found and named.
func TestVerifyFinds(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.sell(t, s.onAccount("O-1", line(s.tea, "2", "4.50")))
		tenant := tenancy.ScopeOf(s.ctx).TenantID()
		_, err := s.env.Owner(t, tenant).Exec(s.env.SQL("UPDATE erp.sale_lines SET quantity = 3000000, credited = 1000000 WHERE tenant_id = '" + tenant.String() + "'"))
		require.NoError(t, err)
		checks, err := s.sales.Verify(s.ctx)
		require.NoError(t, err)
		for _, c := range checks[:len(proofs)] {
			assert.False(t, c.OK, c.Name)
			assert.Contains(t, c.Detail, "O-1, line 1")
		}
	})
}

// The same for orders: each check has its own difference.
func TestVerifyFindsInOrders(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		differences := map[string]struct{ statement, detail string }{
			orderProofs[0].name: {"UPDATE erp.order_lines SET delivered = delivered - 1", "O-1, line 1"},
			orderProofs[1].name: {"UPDATE erp.fulfilment_lines SET quantity = quantity + 1", "D-1, line 1"},
			orderProofs[2].name: {"UPDATE erp.fulfilment_lines SET quantity = quantity + 1", "I-1, line 1"},
			orderProofs[3].name: {"UPDATE erp.fulfilment_lines SET taken_back = 1", "D-1, line 1"},
			orderProofs[4].name: {"UPDATE erp.orders SET state = 'closed'", "O-1, line 1"},
			orderProofs[5].name: {"UPDATE erp.order_lines SET cancelled = 500000", "O-1, line 1"},
			orderProofs[6].name: {"UPDATE erp.order_lines SET quantity = quantity + 1", "Q-1, line 1"},
			orderProofs[7].name: {"UPDATE erp.number_series SET taken = taken + 1", "QUO, line 1: 1, should be 2"},
		}
		require.Len(t, differences, len(orderProofs))
		for _, p := range orderProofs {
			s := openShop(t, env, inventory.Average)
			s.quote(t, s.quotation("Q-1", line(s.tea, "2", "4.50")))
			_, err := s.sales.Accept(s.ctx, []Acceptance{{Quotation: "Q-1", Reference: "O-1", Date: newYear, ReserveUntil: forLong}})
			require.NoError(t, err)
			do := done[Fulfilment](t)
			do(s.deliver("O-1", "D-1", parts(1, "1")...))
			do(s.invoice("O-1", "I-1", parts(1, "1")...))
			s.verify(t)
			tenant := tenancy.ScopeOf(s.ctx).TenantID()
			_, err = env.Owner(t, tenant).Exec(env.SQL(differences[p.name].statement + " WHERE tenant_id = '" + tenant.String() + "'"))
			require.NoError(t, err, p.name)
			checks, err := s.sales.Verify(s.ctx)
			require.NoError(t, err)
			at := slices.IndexFunc(checks, func(c tenancy.Check) bool { return c.Name == p.name })
			require.GreaterOrEqual(t, at, 0, p.name)
			found := checks[at]
			assert.False(t, found.OK, p.name)
			assert.Contains(t, found.Detail, differences[p.name].detail)
		}
	})
}
