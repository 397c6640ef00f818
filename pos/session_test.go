package pos

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestRegisters(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		again := s.register(t, "T1")
		assert.Equal(t, s.till.ID, again.ID)
		for _, row := range []struct {
			in   NewRegister
			want error
		}{
			{NewRegister{Code: "T1", Name: "Another"}, ErrCodeTaken},
			{NewRegister{Code: "t1", Name: "Till"}, ErrBadInput},
			{NewRegister{Code: "A234567890123456789", Name: "Till"}, ErrBadInput},
			{NewRegister{Name: "Till"}, ErrBadInput},
			{NewRegister{Code: "T9"}, ErrBadInput},
			{NewRegister{Code: "T9", Name: "Till", Country: "Suomi"}, ErrBadInput},
			{NewRegister{Code: "T9", Name: "Till", MaxHours: 169}, ErrBadInput},
			{NewRegister{Code: "T9", Name: "Till", WarehouseID: uuid.New()}, fault.NotFound},
			{NewRegister{Code: "T9", Name: "Till", CashAccount: accounting.ByCode("9999")}, accounting.ErrUnknownAccount},
			{NewRegister{Code: "T9", Name: "Till", CashAccount: accounting.ByRole(accounting.RoleReceivable)}, accounting.ErrControlAccount},
			{NewRegister{Code: "T9", Name: "Till", CashAccount: accounting.ByRole(accounting.RoleStock)}, ErrCashAccount},
			{NewRegister{Code: "T9", Name: "Till", CardAccount: accounting.ByRole(accounting.RoleCash)}, ErrBadInput},
		} {
			before := s.state(t)
			_, err := s.pos.CreateRegisters(s.ctx, []NewRegister{{Code: "T2", Name: "Till T2"}, row.in})
			require.ErrorIs(t, err, row.want, "%+v", row.in)
			require.Equal(t, before, s.state(t))
		}
		both, err := s.pos.CreateRegisters(s.ctx, []NewRegister{{Code: "T2", Name: "Second"}, {Code: "T2", Name: "Second"}})
		require.NoError(t, err)
		assert.Equal(t, both[0].ID, both[1].ID)
		changed, err := s.pos.UpdateRegister(s.ctx, RegisterChange{ID: both[0].ID, Name: "By the door", MaxHours: 8})
		require.NoError(t, err)
		stored, err := s.pos.GetRegister(s.ctx, both[0].ID)
		require.NoError(t, err)
		assert.Equal(t, changed.Name, stored.Name)
		page, err := s.pos.ListRegisters(s.ctx, tenancy.PageRequest{})
		require.NoError(t, err)
		assert.Equal(t, []string{"T1", "T2"}, []string{page.Items[0].Code, page.Items[1].Code})
	})
}

// The statement of cash flows has the money of every drawer: its account is cash, and stays it, in the code and past it.
func TestEveryDrawerIsCash(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		safe, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1055", Name: "Second till", Type: accounting.Asset})
		require.NoError(t, err)
		in := []NewRegister{{Code: "T7", Name: "Second", CashAccount: accounting.ByID(safe.ID)}}
		_, err = s.pos.CreateRegisters(s.ctx, in)
		require.ErrorIs(t, err, ErrCashAccount)
		require.ErrorContains(t, err, "register 1 (T7): account 1055 Second till is operating in the statement of cash flows")
		move := func(to accounting.CashFlow) error {
			_, err := s.books.UpdateAccount(s.ctx, accounting.AccountChange{ID: safe.ID, Name: safe.Name, Active: true, CashFlow: to})
			return err
		}
		require.NoError(t, move(accounting.CashFlowCash))
		made, err := s.pos.CreateRegisters(s.ctx, in)
		require.NoError(t, err)
		require.ErrorIs(t, move(accounting.CashFlowInvesting), ErrCashAccount)
		stock, err := s.books.GetAccount(s.ctx, accounting.ByRole(accounting.RoleStock))
		require.NoError(t, err)
		owner := s.env.Owner(t, tenancy.ScopeOf(s.ctx).TenantID())
		for _, raw := range []string{"UPDATE erp.accounts SET cash_flow = 'operating' WHERE id = '" + safe.ID.String() + "'",
			"UPDATE erp.registers SET cash_account_id = '" + stock.ID.String() + "' WHERE id = '" + made[0].ID.String() + "'",
			"INSERT INTO erp.registers SELECT tenant_id, '" + uuid.NewString() + "', 'T8', name, warehouse_id, country, '" + stock.ID.String() +
				"', card_account_id, max_hours, dimension_set_id, created_at FROM erp.registers WHERE id = '" + made[0].ID.String() + "'"} {
			_, err := owner.Exec(s.env.SQL(raw))
			require.ErrorContains(t, err, "pos.cash_account", raw)
		}
	})
}

func TestOpening(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		in := NewSession{RegisterID: s.till.ID, Float: s.amount("100.00"), Date: monday, Reference: s.session.Reference}
		again, err := s.pos.OpenSession(s.ctx, in)
		require.NoError(t, err)
		assert.True(t, again.Replayed)
		assert.Equal(t, s.session.ID, again.ID)
		other := s.register(t, "T2")
		for _, row := range []struct {
			name   string
			change func(*NewSession)
			want   error
		}{
			{"other content", func(n *NewSession) { n.Reference = s.session.Reference }, ErrReferenceTaken},
			{"while one is open", func(n *NewSession) { n.RegisterID, n.Float = s.till.ID, s.amount("1.00") }, ErrSessionOpen},
			{"no register", func(n *NewSession) { n.RegisterID = uuid.Nil }, ErrBadInput},
			{"an unknown register", func(n *NewSession) { n.RegisterID = uuid.New() }, fault.NotFound},
			{"no reference", func(n *NewSession) { n.Reference = "" }, ErrBadInput},
			{"no float", func(n *NewSession) { n.Float = money.Amount{} }, accounting.ErrWrongCurrency},
			{"a negative float", func(n *NewSession) { n.Float = s.amount("-0.01") }, ErrBadInput},
			{"a huge float", func(n *NewSession) { n.Float = s.amount("10000000000.00") }, ErrAmountLimit},
			{"another currency", func(n *NewSession) { n.Float = money.Of(1, "EUR") }, accounting.ErrWrongCurrency},
			{"no fiscal year", func(n *NewSession) { n.Date = date.Must("2031-01-01") }, accounting.ErrNoPeriod},
		} {
			n := NewSession{RegisterID: other.ID, Float: s.amount("50.00"), Date: monday, Reference: s.reference()}
			before := s.state(t)
			row.change(&n)
			_, err := s.pos.OpenSession(s.ctx, n)
			require.ErrorIs(t, err, row.want, row.name)
			require.Equal(t, before, s.state(t), row.name)
		}
		periods, err := s.books.Periods(s.ctx)
		require.NoError(t, err)
		_, err = s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[1].ID, State: accounting.PeriodSoftLocked})
		require.NoError(t, err)
		_, err = s.pos.OpenSession(s.ctx, NewSession{RegisterID: other.ID, Float: s.amount("50.00"), Date: date.Must("2026-02-02"), Reference: "FEB"})
		require.ErrorIs(t, err, accounting.ErrPeriodSoftLocked)
	})
}

// A period is not locked while a till of it is open, though nothing was sold that it would have to post; locked, no till opens in it.
func TestAPeriodIsNotLockedOverAnOpenTill(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		periods, err := s.books.Periods(s.ctx)
		require.NoError(t, err)
		lock := func() error {
			_, err := s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[1].ID, State: accounting.PeriodLocked})
			return err
		}
		require.ErrorIs(t, lock(), ErrSessionOpen)
		s.closeWith(t, s.session, s.session.Float.String())
		require.NoError(t, lock())
		_, err = s.pos.OpenSession(s.ctx, NewSession{RegisterID: s.register(t, "LATE").ID, Float: s.amount("0.00"), Date: date.Must("2026-01-20"), Reference: "LATE"})
		require.ErrorIs(t, err, accounting.ErrPeriodLocked)
	})
}

// Money that is missing from the drawer overnight is found in the morning, and booked when that session is closed.
func TestOverAndShort(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		short := s.closeWith(t, s.session, "99.00")
		assert.Equal(t, "-1.00", short.OverShort.String())
		assert.Equal(t, "cash -1.00, over_short 1.00", s.balances(t, accounting.RoleCash, accounting.RoleOverShort))
		s.session = s.open(t, s.till, "96.00")
		assert.Equal(t, "99.00", s.session.Left.String())
		s.sell(t, s.ticket(s.cash("4.00"), line(s.tea, "1", "4.00")))
		over := s.closeWith(t, s.session, "100.50")
		assert.Equal(t, "100.00", over.Expected.String())
		assert.Equal(t, "0.50", over.OverShort.String())
		// 1.00 short yesterday, 3.00 short overnight, 0.50 over today.
		assert.Equal(t, "cash 0.50, over_short 3.50", s.balances(t, accounting.RoleCash, accounting.RoleOverShort))
		s.session = s.open(t, s.till, "100.50")
		nothing := s.closeWith(t, s.session, "100.50")
		assert.Equal(t, uuid.Nil, nothing.EntryID, "nothing happened, nothing is booked")
		s.verify(t)
	})
}

func TestClosing(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.sell(t, s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50")))
		before := s.state(t)
		for name, row := range map[string]struct {
			in   Close
			want error
		}{
			"no session":         {Close{Counted: s.amount("1.00")}, ErrBadInput},
			"an unknown session": {Close{SessionID: uuid.New(), Counted: s.amount("1.00")}, fault.NotFound},
			"no count":           {Close{SessionID: s.session.ID}, accounting.ErrWrongCurrency},
			"a negative count":   {Close{SessionID: s.session.ID, Counted: s.amount("-1.00")}, ErrBadInput},
			"a huge count":       {Close{SessionID: s.session.ID, Counted: s.amount("10000000000.00")}, ErrAmountLimit},
		} {
			_, err := s.pos.CloseSession(s.ctx, row.in)
			require.ErrorIs(t, err, row.want, name)
			require.Equal(t, before, s.state(t), name)
		}
		first := s.closeWith(t, s.session, "104.50")
		before = s.state(t)
		again := s.closeWith(t, s.session, "104.50")
		assert.True(t, again.Replayed)
		assert.Equal(t, first.EntryID, again.EntryID)
		_, err := s.pos.CloseSession(s.ctx, Close{SessionID: s.session.ID, Counted: s.amount("104.51")})
		require.ErrorIs(t, err, ErrSessionClosed)
		_, err = s.pos.Sell(s.ctx, []NewTicket{s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50"))})
		require.ErrorIs(t, err, ErrSessionClosed)
		_, err = s.pos.MoveCash(s.ctx, []NewCashMove{s.move(CashIn, "1.00")})
		require.ErrorIs(t, err, ErrSessionClosed)
		assert.Equal(t, before, s.state(t))
		detail, err := s.pos.GetSession(s.ctx, s.session.ID)
		require.NoError(t, err)
		assert.Equal(t, SessionClosed, detail.State)
		assert.Equal(t, first.Totals, detail.Totals)
		require.NotNil(t, detail.Closing)
		postings, err := s.stock.GroupPostings(s.ctx, s.session.ID)
		require.NoError(t, err)
		require.Len(t, postings, 1)
		entry, err := s.books.GetEntry(s.ctx, postings[0].EntryID)
		require.NoError(t, err)
		assert.Equal(t, accounting.Source{Model: sessionTable, ID: s.session.ID}, accounting.Source{Model: entry.SourceModel, ID: entry.SourceID})
	})
}

// A session whose period was soft-locked meanwhile is closed with a reason.
func TestClosingIntoASoftLockedPeriod(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.sell(t, s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50")))
		periods, err := s.books.Periods(s.ctx)
		require.NoError(t, err)
		_, err = s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[0].ID, State: accounting.PeriodSoftLocked})
		require.NoError(t, err)
		before := s.state(t)
		_, err = s.pos.CloseSession(s.ctx, Close{SessionID: s.session.ID, Counted: s.amount("104.50")})
		require.ErrorIs(t, err, accounting.ErrPeriodSoftLocked)
		clerk := s.env.Enter(t, tenancy.ScopeOf(s.ctx).TenantID(), PermClose)
		in := Close{SessionID: s.session.ID, Counted: s.amount("104.50"), LockException: "the till was forgotten"}
		_, err = s.pos.CloseSession(clerk, in)
		require.ErrorIs(t, err, accounting.ErrNoException)
		assert.Equal(t, before, s.state(t))
		_, err = s.pos.CloseSession(s.ctx, in)
		require.NoError(t, err)
		s.verify(t)
	})
}

// move is a cash move against the bank.
func (s *shop) move(direction CashDirection, amount string) NewCashMove {
	return NewCashMove{SessionID: s.session.ID, Reference: s.reference(), Direction: direction, Amount: s.amount(amount),
		Account: accounting.ByRole(accounting.RoleBank), Reason: "change"}
}

func TestCashMoves(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		in := s.move(CashIn, "20.00")
		fee := s.move(CashOut, "7.50")
		fee.Account = accounting.ByRole(accounting.RoleFees)
		moved, err := s.pos.MoveCash(s.ctx, []NewCashMove{in, fee, in})
		require.NoError(t, err)
		assert.Equal(t, []bool{false, false, true}, []bool{moved[0].Replayed, moved[1].Replayed, moved[2].Replayed})
		assert.Equal(t, moved[0].ID, moved[2].ID)
		before := s.state(t)
		for _, row := range []struct {
			name   string
			change func(*NewCashMove)
			want   error
		}{
			{"other content", func(n *NewCashMove) { n.Reference = in.Reference }, ErrReferenceTaken},
			{"no reason", func(n *NewCashMove) { n.Reason = "" }, ErrBadInput},
			{"no account", func(n *NewCashMove) { n.Account = accounting.AccountRef{} }, ErrBadInput},
			{"a control account", func(n *NewCashMove) { n.Account = accounting.ByRole(accounting.RolePayable) }, accounting.ErrControlAccount},
			{"no direction", func(n *NewCashMove) { n.Direction = "" }, ErrBadInput},
			{"nothing", func(n *NewCashMove) { n.Amount.Minor = 0 }, ErrBadInput},
			{"an unknown session", func(n *NewCashMove) { n.SessionID = uuid.New() }, fault.NotFound},
		} {
			n := s.move(CashOut, "1.00")
			row.change(&n)
			_, err := s.pos.MoveCash(s.ctx, []NewCashMove{n})
			require.ErrorIs(t, err, row.want, row.name)
			require.Equal(t, before, s.state(t), row.name)
		}
		closing := s.closeWith(t, s.session, "112.50")
		assert.True(t, closing.OverShort.IsZero())
		assert.Equal(t, "cash 12.50, bank -20.00, fees 7.50", s.balances(t, accounting.RoleCash, accounting.RoleBank, accounting.RoleFees))
		again, err := s.pos.MoveCash(s.ctx, []NewCashMove{in})
		require.NoError(t, err)
		assert.True(t, again[0].Replayed)
		page, err := s.pos.ListCashMoves(s.ctx, tenancy.PageRequest{})
		require.NoError(t, err)
		assert.Len(t, page.Items, 2)
		s.verify(t)
	})
}

// A till that was left open sells nothing the next day, whether the background job came round or not; it is counted and closed.
func TestExpiry(t *testing.T) {
	now := time.Date(2026, 1, 5, 22, 0, 0, 0, time.UTC)
	tenancytest.Each(t, tenancytest.Options{Modules: options.Modules, Clock: func() time.Time { return now }}, func(t *testing.T, env *tenancytest.Env) {
		now = time.Date(2026, 1, 5, 22, 0, 0, 0, time.UTC)
		s := openShop(t, env, "GBP", inventory.Average)
		today, err := s.pos.OpenSession(s.ctx, NewSession{RegisterID: s.register(t, "T2").ID, Float: s.amount("0.00"), Reference: "TODAY"})
		require.NoError(t, err)
		assert.Equal(t, "2026-01-05", today.BusinessDate.String())
		now = now.Add(24*time.Hour - time.Microsecond)
		ticket := func() NewTicket { return s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50")) }
		sold := s.sell(t, ticket())
		assert.Equal(t, "2026-01-05", sold[0].Date.String(), "past midnight it is still that day's")
		n, err := s.pos.ExpireSessions(s.ctx, 10)
		require.NoError(t, err)
		assert.Zero(t, n)

		now = now.Add(time.Microsecond)
		_, err = s.pos.Sell(s.ctx, []NewTicket{ticket()})
		require.ErrorIs(t, err, ErrSessionExpired)
		for _, want := range []int{1, 1, 0} {
			n, err = s.pos.ExpireSessions(s.ctx, 1)
			require.NoError(t, err)
			assert.Equal(t, want, n)
		}
		before := s.state(t)
		for name, act := range map[string]func() error{
			"sell":   func() error { _, err := s.pos.Sell(s.ctx, []NewTicket{ticket()}); return err },
			"refund": func() error { _, err := s.pos.Refund(s.ctx, []NewRefund{s.refund(sold[0].ID, "1")}); return err },
			"void":   func() error { _, err := s.pos.Void(s.ctx, []NewVoid{s.void(sold[0].ID)}); return err },
			"cash":   func() error { _, err := s.pos.MoveCash(s.ctx, []NewCashMove{s.move(CashIn, "1.00")}); return err },
		} {
			require.ErrorIs(t, act(), ErrSessionExpired, name)
		}
		_, err = s.pos.OpenSession(s.ctx, NewSession{RegisterID: s.till.ID, Float: s.amount("0.00"), Reference: "TOMORROW"})
		require.ErrorIs(t, err, ErrSessionOpen)
		_, err = s.pos.ExpireSessions(s.ctx, 0)
		require.ErrorIs(t, err, ErrBadInput)
		assert.Equal(t, before, s.state(t))
		closing := s.closeWith(t, s.session, "104.50")
		assert.True(t, closing.OverShort.IsZero())
		s.verify(t)
	})
}

// What a till charged stands in the tax report once its session is closed, and equals the ledger.
func TestAClosedSessionDeclaresItsTax(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		sold := s.sell(t, s.ticket(s.cash("9.00"), line(s.tea, "2", "4.50")))[0]
		_, err := s.pos.Refund(s.ctx, []NewRefund{{SessionID: s.session.ID, Reference: s.reference(), TicketID: sold.ID, Lines: []NewRefundLine{{TicketLine: 1, Quantity: qty("1")}},
			Payments: []NewPayment{s.cash("4.50")}}})
		require.NoError(t, err)
		s.closeWith(t, s.session, "104.50")
		r, err := s.books.TaxReport(s.ctx, monday, monday)
		require.NoError(t, err)
		require.Len(t, r.Taxes, 1)
		require.Equal(t, [2]string{"3.75", "0.75"}, [2]string{r.Taxes[0].Base.String(), r.Taxes[0].Tax.String()})
		for _, a := range r.Accounts {
			require.Zero(t, a.Other.Minor, a.Name)
		}
		s.verify(t)
	})
}
