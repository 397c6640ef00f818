package pos

import (
	"context"
	"fmt"
	"reflect"
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
		methods := reflect.ValueOf(New(env.DB, books, inventory.New(env.DB, books), Options{}))
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

// A cashier who may sell needs no right to issue goods, to take numbers or to post, and may not refund, void or close.
func TestPermissions(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		tenant := tenancy.ScopeOf(s.ctx).TenantID()
		cashier := s.env.Enter(t, tenant, PermSell)
		sold, err := s.pos.Sell(cashier, []NewTicket{s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50"))})
		require.NoError(t, err)
		for name, act := range map[tenancy.Permission]func(ctx context.Context) error{
			PermRefund: func(ctx context.Context) error {
				_, err := s.pos.Refund(ctx, []NewRefund{s.refund(sold[0].ID, "0.1")})
				return err
			},
			PermVoid: func(ctx context.Context) error {
				other := s.sell(t, s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50")))[0]
				_, err := s.pos.Void(ctx, []NewVoid{s.void(other.ID)})
				return err
			},
			PermCash: func(ctx context.Context) error {
				_, err := s.pos.MoveCash(ctx, []NewCashMove{s.move(CashIn, "1.00")})
				return err
			},
		} {
			require.ErrorIs(t, act(cashier), tenancy.ErrForbidden, name)
			require.NoError(t, act(s.env.Enter(t, tenant, name)), name)
		}
		in := Close{SessionID: s.session.ID, Counted: s.amount("105.05")}
		_, err = s.pos.CloseSession(cashier, in)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = s.pos.CloseSession(s.env.Enter(t, tenant, PermClose), in)
		require.NoError(t, err)
		_, err = s.pos.OpenSession(s.env.Enter(t, tenant, PermOpen), NewSession{RegisterID: s.till.ID, Float: s.amount("105.05"), Date: monday, Reference: "N"})
		require.NoError(t, err)
		s.verify(t)
	})
}

// Another tenant's records and records that do not exist give the same answer.
func TestAnotherTenant(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		a, b := openShop(t, env, "GBP", inventory.Average), openShop(t, env, "GBP", inventory.Average)
		sold := a.sell(t, a.ticket(a.cash("4.50"), line(a.tea, "1", "4.50")))[0]
		before := a.state(t)
		for _, their := range []struct{ ticket, session, register, product uuid.UUID }{
			{sold.ID, a.session.ID, a.till.ID, a.tea}, {uuid.New(), uuid.New(), uuid.New(), uuid.New()},
		} {
			_, err := b.pos.GetTicket(b.ctx, their.ticket)
			require.ErrorIs(t, err, tenancy.ErrNotFound)
			_, err = b.pos.GetSession(b.ctx, their.session)
			require.ErrorIs(t, err, tenancy.ErrNotFound)
			_, err = b.pos.GetRegister(b.ctx, their.register)
			require.ErrorIs(t, err, tenancy.ErrNotFound)
			_, err = b.pos.VerifyChain(b.ctx, their.register)
			require.ErrorIs(t, err, tenancy.ErrNotFound)
			_, err = b.pos.OpenSession(b.ctx, NewSession{RegisterID: their.register, Float: b.amount("1.00"), Date: monday, Reference: b.reference()})
			require.ErrorIs(t, err, tenancy.ErrNotFound)
			_, err = b.pos.CloseSession(b.ctx, Close{SessionID: their.session, Counted: b.amount("1.00")})
			require.ErrorIs(t, err, tenancy.ErrNotFound)
			_, err = b.pos.Refund(b.ctx, []NewRefund{b.refund(their.ticket, "1")})
			require.ErrorIs(t, err, ErrUnknownTicket)
			_, err = b.pos.Void(b.ctx, []NewVoid{b.void(their.ticket)})
			require.ErrorIs(t, err, ErrUnknownTicket)
			in := b.ticket(b.cash("4.50"), line(their.product, "1", "4.50"))
			_, err = b.pos.Sell(b.ctx, []NewTicket{in})
			require.ErrorIs(t, err, ErrUnknownProduct)
			in.SessionID = their.session
			_, err = b.pos.Sell(b.ctx, []NewTicket{in})
			require.ErrorIs(t, err, tenancy.ErrNotFound)
		}
		found, err := b.pos.TicketsByReference(b.ctx, []string{sold.Reference})
		require.NoError(t, err)
		assert.Empty(t, found)
		assert.Equal(t, before, a.state(t))
		theirs := b.sell(t, b.ticket(b.cash("4.50"), line(b.tea, "1", "4.50")))[0]
		assert.Equal(t, sold.Number, theirs.Number, "a series belongs to its tenant")
		b.verify(t)
	})
}

func TestReading(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		in := s.ticket(s.card("4.50"), line(s.tea, "1", "4.50"))
		in.Note, in.Lines[0].Description = "for Ada", "Tea, the good one"
		sold := s.sell(t, in, s.ticket(s.cash("8.00"), line(s.cup, "1", "8.00")))
		detail, err := s.pos.GetTicket(s.ctx, sold[0].ID)
		require.NoError(t, err)
		assert.Equal(t, []string{"for Ada", "Tea, the good one", "auth 4711", "T1"}, []string{detail.Note, detail.Descriptions[0], detail.References[0], detail.Register.Code})
		assert.Contains(t, detail.Receipt(), "Tea, the good one")
		found, err := s.pos.TicketsByReference(s.ctx, []string{sold[1].Reference, "none"})
		require.NoError(t, err)
		require.Len(t, found, 1)
		assert.Equal(t, sold[1].Payments, found[sold[1].Reference].Payments)
		assert.Equal(t, sold[1].Lines[0].Net, found[sold[1].Reference].Lines[0].Net)
		page, err := s.pos.ListTickets(s.ctx, tenancy.PageRequest{Limit: 1, Sort: "-number"})
		require.NoError(t, err)
		assert.Equal(t, sold[1].Number, page.Items[0].Number)
		page, err = s.pos.ListTickets(s.ctx, tenancy.PageRequest{Sort: "-number", After: page.Next})
		require.NoError(t, err)
		assert.Equal(t, sold[0].Number, page.Items[0].Number)
		sessions, err := s.pos.ListSessions(s.ctx, tenancy.PageRequest{})
		require.NoError(t, err)
		assert.Len(t, sessions.Items, 1)
		_, err = s.pos.TicketsByReference(s.ctx, make([]string, MaxBatch+1))
		require.ErrorIs(t, err, ErrTooMany)
		none, err := s.pos.Sell(s.ctx, nil)
		require.NoError(t, err)
		assert.Empty(t, none)
	})
}

// Fifty tickets cost as many statements as one, of every kind, made and replayed; so does closing a session of them.
func TestStatementsDoNotGrow(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		sales := func(n int) []NewTicket {
			var out []NewTicket
			for range n {
				out = append(out, s.ticket(s.card("12.50"), line(s.tea, "1", "4.50"), line(s.cup, "1", "8.00")))
			}
			return out
		}
		count := func(act func() error) int {
			return s.env.Count(t, func() { require.NoError(t, act()) })
		}
		sell := func(in []NewTicket) func() error { return func() error { _, err := s.pos.Sell(s.ctx, in); return err } }
		s.sell(t, sales(1)...) // begins the series
		one, many := sales(1), sales(50)
		assert.Equal(t, count(sell(one)), count(sell(many)), "sales")
		assert.Equal(t, count(sell(one)), count(sell(many)), "replays")

		sold := s.sell(t, sales(53)...)
		var refunds []NewRefund
		var voids []NewVoid
		for i := range 26 {
			refunds = append(refunds, s.refund(sold[i].ID, "1", "0.5"))
			voids = append(voids, s.void(sold[26+i].ID))
		}
		refund := func(in []NewRefund) func() error {
			return func() error { _, err := s.pos.Refund(s.ctx, in); return err }
		}
		void := func(in []NewVoid) func() error { return func() error { _, err := s.pos.Void(s.ctx, in); return err } }
		assert.Equal(t, count(refund(refunds[:1])), count(refund(refunds[1:])), "refunds")
		assert.Equal(t, count(void(voids[:1])), count(void(voids[1:])), "voids")

		closing := func(session Session) func() error {
			return func() error {
				_, err := s.pos.CloseSession(s.ctx, Close{SessionID: session.ID, Counted: s.amount("50.00")})
				return err
			}
		}
		big := count(closing(s.session))
		s.session = s.open(t, s.till, "50.00")
		s.sell(t, s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50")))
		assert.Equal(t, big, count(closing(s.session)), "closings")
		s.verify(t)
	})
}

// A host may sell within a transaction of its own: all or nothing, with whatever else stands in it.
func TestWithinATransaction(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		before := s.state(t)
		sorry := fmt.Errorf("the host changed its mind") //nolint:err113 // any error
		sale := func(ctx context.Context) error {
			_, err := s.pos.Sell(ctx, []NewTicket{s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50"))})
			return err
		}
		require.ErrorIs(t, s.env.DB.Tx(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			if err := sale(ctx); err != nil {
				return err
			}
			return sorry
		}), sorry)
		assert.Equal(t, before, s.state(t))
		require.NoError(t, s.env.DB.Tx(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			if err := sale(ctx); err != nil {
				return err
			}
			if err := sale(ctx); err != nil {
				return err
			}
			_, err := s.pos.CloseSession(ctx, Close{SessionID: s.session.ID, Counted: s.amount("109.00")})
			return err
		}))
		s.verify(t)
	})
}

// The database refuses what the program would never write, also from the owner of the tables.
func TestDatabaseRefuses(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		sold := s.sell(t, s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50")))
		_, err := s.pos.MoveCash(s.ctx, []NewCashMove{s.move(CashIn, "1.00")})
		require.NoError(t, err)
		s.closeWith(t, s.session, "105.50")
		closed := s.session.ID.String()
		s.session = s.open(t, s.till, "105.50")
		before := s.state(t)
		tenant := tenancy.ScopeOf(s.ctx).TenantID()
		owner := s.env.Owner(t, tenant)
		where := " WHERE tenant_id = '" + tenant.String() + "'"
		copied := func(table, columns, values string) string {
			return "INSERT INTO erp." + table + " (" + columns + ") SELECT " + values + " FROM erp." + table + where
		}
		moves := "tenant_id, id, session_id, reference, fingerprint, direction, amount_minor, amount_currency, account_id, move_date, moved_at"
		sessions := "tenant_id, id, register_id, reference, fingerprint, state, business_date, float_minor, float_currency, left_minor, left_currency, opened_at, expires_at"
		another := uuid.NewString()
		for _, statement := range []string{
			"UPDATE erp.tickets SET gross_minor = 1, net_minor = 1, tax_minor = 0" + where, "UPDATE erp.tickets SET refunded_minor = 451" + where,
			"UPDATE erp.tickets SET refunded_minor = -1" + where, "UPDATE erp.tickets SET number = 'R-1'" + where, "UPDATE erp.tickets SET signature = 'x'" + where,
			"DELETE FROM erp.tickets" + where, "DELETE FROM erp.ticket_lines" + where, "DELETE FROM erp.ticket_payments" + where,
			"UPDATE erp.ticket_lines SET refunded = quantity + 1" + where, "UPDATE erp.ticket_lines SET refunded_gross_minor = 451" + where,
			"UPDATE erp.ticket_lines SET refunded_tax_minor = 76" + where, "UPDATE erp.ticket_lines SET quantity = 2" + where,
			"UPDATE erp.ticket_payments SET amount_minor = 1" + where, "UPDATE erp.ticket_texts SET note = 'x'" + where, "UPDATE erp.cash_moves SET amount_minor = 1" + where,
			"UPDATE erp.till_closings SET counted_minor = 1, over_short_minor = over_short_minor + 1" + where, "DELETE FROM erp.till_closings" + where,
			"UPDATE erp.till_sessions SET state = 'open'" + where + " AND id = '" + closed + "'",
			"UPDATE erp.till_sessions SET float_minor = 1" + where, "DELETE FROM erp.till_sessions" + where,
			copied("cash_moves", moves, "tenant_id, '"+another+"', session_id, 'LATE', fingerprint, direction, amount_minor, amount_currency, account_id, move_date, moved_at"),
			copied("till_sessions", sessions, "tenant_id, '"+another+"', register_id, 'SECOND', fingerprint, 'open', business_date, float_minor, float_currency, left_minor, "+
				"left_currency, opened_at, expires_at") + " AND state = 'open'",
		} {
			_, err := owner.Exec(s.env.SQL(statement))
			assert.Error(t, err, statement)
		}
		assert.Equal(t, before, s.state(t))
		assert.NotEmpty(t, sold)
		s.verify(t)
	})
}

// A difference that somebody makes past the program is found and named.
func TestVerifyFinds(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		in := s.ticket(s.cash("50.00"), line(s.tea, "3", "4.50"))
		sold := s.sell(t, in)[0]
		_, err := s.pos.Refund(s.ctx, []NewRefund{s.refund(sold.ID, "1")})
		require.NoError(t, err)
		s.closeWith(t, s.session, "100.00")
		s.session = s.open(t, s.till, "100.00")
		s.verify(t)
		tenant := tenancy.ScopeOf(s.ctx).TenantID()
		s.unguard(t, "tickets", "ticket_lines", "ticket_payments", "till_sessions", "till_closings", "number_series", "stock_moves")
		owner := s.env.Owner(t, tenant)
		where := " WHERE tenant_id = '" + tenant.String() + "'"
		ofSale := where + " AND ticket_id = '" + sold.ID.String() + "'"
		for _, row := range []struct{ change, back, check string }{
			{"UPDATE erp.ticket_payments SET tendered_minor = tendered_minor + 1, amount_minor = amount_minor + 1" + where,
				"UPDATE erp.ticket_payments SET tendered_minor = tendered_minor - 1, amount_minor = amount_minor - 1" + where, "tickets equal their lines and payments"},
			{"UPDATE erp.ticket_lines SET net_minor = net_minor + 1" + ofSale, "UPDATE erp.ticket_lines SET net_minor = net_minor - 1" + ofSale, "closed sessions equal their entries"},
			{"UPDATE erp.number_series SET taken = taken + 1" + where, "UPDATE erp.number_series SET taken = taken - 1" + where, "no gaps in receipts"},
			{"UPDATE erp.drawers SET receipts = 3" + where, "UPDATE erp.drawers SET receipts = 2" + where, "no gaps in receipts"},
			{"UPDATE erp.tickets SET ticket_date = '2026-01-06'" + where + " AND seq = 1", "UPDATE erp.tickets SET ticket_date = '2026-01-05'" + where, "receipts are not dated backwards"},
			{"UPDATE erp.ticket_lines SET refunded = 2000000" + ofSale, "UPDATE erp.ticket_lines SET refunded = 1000000" + ofSale, "nothing came back that was not sold"},
			{"UPDATE erp.tickets SET refunded_minor = 451" + where + " AND seq = 1", "UPDATE erp.tickets SET refunded_minor = 450" + where + " AND seq = 1", "nothing came back that was not sold"},
			{"UPDATE erp.stock_moves SET quantity = -4000000" + where + " AND quantity = -3000000", "UPDATE erp.stock_moves SET quantity = -3000000" + where + " AND quantity = -4000000",
				"goods on tickets equal the moves of stock"},
			{"UPDATE erp.till_closings SET expected_minor = expected_minor + 1, cash_in_minor = 1, over_short_minor = over_short_minor - 1" + where,
				"UPDATE erp.till_closings SET expected_minor = expected_minor - 1, cash_in_minor = 0, over_short_minor = over_short_minor + 1" + where,
				"what drawers should hold is what came in less what went out"},
			{"UPDATE erp.till_sessions SET left_minor = 9999" + where + " AND state = 'open'", "UPDATE erp.till_sessions SET left_minor = 10000" + where + " AND state = 'open'",
				"what a session leaves is what the next one finds"},
		} {
			_, err := owner.Exec(s.env.SQL(row.change))
			require.NoError(t, err, row.change)
			checks, err := s.pos.Verify(s.ctx)
			require.NoError(t, err)
			found := false
			for _, c := range checks {
				found = found || c.Name == row.check && !c.OK
			}
			assert.True(t, found, "%s: %s", row.check, row.change)
			_, err = owner.Exec(s.env.SQL(row.back))
			require.NoError(t, err, row.back)
		}
		s.verify(t)
	})
}
