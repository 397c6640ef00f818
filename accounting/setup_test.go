package accounting_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestOpenBooks(t *testing.T) {
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		ctx, books := env.Tenant(t), accounting.New(env.DB)
		_, err := books.TrialBalance(ctx, day("2010-12-31"))
		require.ErrorIs(t, err, accounting.ErrNotOpened)
		in := accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartGeneral, YearStart: day("2010-04-06")}
		first, err := books.OpenBooks(ctx, in)
		require.NoError(t, err)
		again, err := books.OpenBooks(ctx, in)
		require.NoError(t, err)
		require.Equal(t, first, again)
		in.Currency = "EUR"
		_, err = books.OpenBooks(ctx, in)
		require.ErrorIs(t, err, accounting.ErrBooksDiffer)

		periods, err := books.Periods(ctx)
		require.NoError(t, err)
		require.Len(t, periods, 12)
		require.Equal(t, day("2010-04-06"), periods[0].StartsOn)
		require.Equal(t, day("2011-04-05"), periods[11].EndsOn)
		for i := 1; i < 12; i++ {
			require.Equal(t, periods[i-1].EndsOn.AddDays(1), periods[i].StartsOn)
		}
		years, err := books.FiscalYears(ctx)
		require.NoError(t, err)
		require.Equal(t, "2010-11", years[0].Label)
		_, err = books.AddFiscalYear(ctx, day("2012-04-06"))
		require.ErrorIs(t, err, accounting.ErrYearGap)
		for _, start := range []string{"2011-04-06", "2009-04-06"} {
			_, err = books.AddFiscalYear(ctx, day(start))
			require.NoError(t, err)
		}
		years, err = books.FiscalYears(ctx)
		require.NoError(t, err)
		require.Len(t, years, 3)
		_, err = books.AddFiscalYear(ctx, date.Date{})
		require.ErrorIs(t, err, accounting.ErrBadInput)
	})
}

func TestOpenBooksRefuses(t *testing.T) {
	env := tenancytest.Open(t, "sqlite", modules)
	ctx, books := env.Tenant(t), accounting.New(env.DB)
	good := accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartGeneral, YearStart: day("2010-01-01")}
	for _, change := range []func(*accounting.NewBooks){
		func(b *accounting.NewBooks) { b.Currency = "XYZ" }, func(b *accounting.NewBooks) { b.Currency = "" }, func(b *accounting.NewBooks) { b.Chart = "mine" },
		func(b *accounting.NewBooks) { b.YearStart = date.Date{} }, func(b *accounting.NewBooks) { b.YearStart = day("2010-01-31") },
		func(b *accounting.NewBooks) { b.Country = "gb" },
	} {
		bad := good
		change(&bad)
		_, err := books.OpenBooks(ctx, bad)
		require.ErrorIs(t, err, accounting.ErrBadInput, "%+v", bad)
	}
	_, err := books.GetBooks(ctx)
	require.ErrorIs(t, err, accounting.ErrNotOpened)
}

func TestAccounts(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		a, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1301", Name: "Second bank", Type: accounting.Asset})
		require.NoError(t, err)
		_, err = s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1301", Name: "Again", Type: accounting.Asset})
		require.ErrorIs(t, err, accounting.ErrCodeTaken)
		_, err = s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1302", Name: "Sales?", Type: accounting.Asset, Role: accounting.RoleSales})
		require.ErrorIs(t, err, accounting.ErrRoleType)
		_, err = s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "13 2", Name: "Blank", Type: accounting.Asset})
		require.ErrorIs(t, err, accounting.ErrBadInput)

		// The role of the bank moves to the new account.
		old, err := s.books.GetAccount(s.ctx, accounting.ByRole(accounting.RoleBank))
		require.NoError(t, err)
		_, err = s.books.UpdateAccount(s.ctx, accounting.AccountChange{ID: old.ID, Name: old.Name, Active: false})
		require.ErrorIs(t, err, accounting.ErrRoleNeeded)
		_, err = s.books.UpdateAccount(s.ctx, accounting.AccountChange{ID: a.ID, Name: "Main bank", Role: accounting.RoleBank, Active: true})
		require.NoError(t, err)
		now, err := s.books.GetAccount(s.ctx, accounting.ByRole(accounting.RoleBank))
		require.NoError(t, err)
		require.Equal(t, a.ID, now.ID)
		require.Equal(t, "Main bank", now.Name)
		_, err = s.books.UpdateAccount(s.ctx, accounting.AccountChange{ID: old.ID, Name: old.Name, Active: false})
		require.NoError(t, err)
		_, err = s.books.Post(s.ctx, []accounting.NewEntry{{Date: day("2010-12-01"), Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByID(old.ID), gbp(1)), accounting.CreditLine(accounting.ByRole(sales), gbp(1))}}})
		require.ErrorIs(t, err, accounting.ErrAccountInactive)

		// A second control account keeps open items as the first does.
		_, err = s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1101", Name: "Trade customers", Type: accounting.Asset, Role: accounting.RoleReceivable})
		require.NoError(t, err)
		s.issue(invoice("", s.ann.ID, "2010-12-01", "3"))
		s.sound()

		page, err := s.books.ListAccounts(s.ctx, tenancy.PageRequest{Limit: 7})
		require.NoError(t, err)
		require.Len(t, page.Items, 7)
		require.Equal(t, "0100", page.Items[0].Code)
		page, err = s.books.ListAccounts(s.ctx, tenancy.PageRequest{Limit: 1000, After: page.Next})
		require.NoError(t, err)
		require.Len(t, page.Items, len(accounting.ChartUKRetail.Accounts())+2-7)
		_, err = s.books.ListAccounts(s.ctx, tenancy.PageRequest{Sort: "role"})
		require.ErrorIs(t, err, accounting.ErrBadInput)
	})
}

func TestJournalsAndTaxes(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		_, err := s.books.CreateJournal(s.ctx, accounting.NewJournal{Code: "WEB", Name: "Web shop"})
		require.NoError(t, err)
		_, err = s.books.CreateJournal(s.ctx, accounting.NewJournal{Code: "WEB", Name: "Web shop"})
		require.ErrorIs(t, err, accounting.ErrCodeTaken)
		e := transfer("", "2010-12-01", 5)
		e.Journal = "WEB"
		s.post(e)
		all, err := s.books.ListJournals(s.ctx)
		require.NoError(t, err)
		require.Len(t, all, 8)
		for _, rate := range []decimal.Decimal{price("-1"), price("1000.1"), price("0.00001"), decimal.New(1, 2_000_000_000)} {
			_, err = s.books.CreateTax(s.ctx, accounting.NewTax{Code: "X", Name: "X", Rates: []accounting.NewTaxRate{{From: day("2000-01-01"), Rate: rate, Source: "for the example"}}})
			require.ErrorIs(t, err, accounting.ErrBadInput)
		}
		_, err = s.books.CreateTax(s.ctx, accounting.NewTax{Code: "X", Name: "X", Rates: []accounting.NewTaxRate{{From: day("2000-01-01"), Rate: price("5"), Source: "for the example"}}, Account: accounting.ByRole(cash)})
		require.ErrorIs(t, err, accounting.ErrRoleType)
		_, err = s.books.CreateTax(s.ctx, accounting.NewTax{Code: "Z", Name: "Zero rate", Kind: accounting.TaxZero, Reason: "books"})
		require.NoError(t, err)
		taxes, err := s.books.ListTaxes(s.ctx)
		require.NoError(t, err)
		require.Len(t, taxes, 1)
		_, err = s.books.UpdateTax(s.ctx, accounting.TaxChange{ID: taxes[0].ID, Name: "Zero"})
		require.NoError(t, err)
		in := invoice("", s.ann.ID, "2010-12-01", "1")
		in.Lines[0].TaxCode = "Z"
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{in})
		require.ErrorIs(t, err, accounting.ErrUnknownTax, "out of use")
	})
}

func TestParties(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		in := []accounting.NewParty{
			{Reference: "C1", Name: "Ann Émile", Customer: true, Vendor: true, Address: []string{"1 High Street", "York"}, Country: "GB"},
			{Reference: "C3", Name: "ángel  Åkesson", Vendor: true},
			{Name: "Nameless reference", Customer: true},
			{Reference: "C3", Name: "ángel  Åkesson", Vendor: true},
		}
		out, err := s.books.CreateParties(s.ctx, in)
		require.NoError(t, err)
		require.Equal(t, s.ann.ID, out[0].ID)
		require.Equal(t, out[1].ID, out[3].ID)
		require.Equal(t, "angel akesson", out[1].NameKey)
		in[0].Phone = "1"
		_, err = s.books.CreateParties(s.ctx, in)
		require.ErrorIs(t, err, accounting.ErrReferenceTaken)

		found, err := s.books.PartiesByReference(s.ctx, []string{"C3", "C1", "none", "C1"})
		require.NoError(t, err)
		require.Len(t, found, 2)
		page, err := s.books.ListParties(s.ctx, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Equal(t, []string{"ángel  Åkesson", "Ann Émile", "Ben & Sons", "Nameless reference"},
			[]string{page.Items[0].Name, page.Items[1].Name, page.Items[2].Name, page.Items[3].Name})
		p, err := s.books.GetParty(s.ctx, out[1].ID)
		require.NoError(t, err)
		require.Equal(t, out[1], p)
		_, err = s.books.GetParty(s.ctx, uuid.New())
		require.ErrorIs(t, err, fault.NotFound)
		for _, bad := range []accounting.NewParty{{Name: "", Customer: true}, {Name: "Neither"}, {Name: "x", Customer: true, Email: "no"},
			{Name: "x\ny", Customer: true}, {Name: "x", Customer: true, Country: "England"}, {Name: "x", Customer: true, Address: make([]string, 9)}} {
			_, err = s.books.CreateParties(s.ctx, []accounting.NewParty{bad})
			require.ErrorIs(t, err, accounting.ErrBadInput)
		}
		_, err = s.books.CreateParties(s.ctx, make([]accounting.NewParty, accounting.MaxBatch+1))
		require.ErrorIs(t, err, accounting.ErrTooMany)
	})
}

func TestMessagesNameTheField(t *testing.T) {
	env := tenancytest.Open(t, "sqlite", modules)
	s := newShop(t, env)
	_, err := s.books.CreateParties(s.ctx, []accounting.NewParty{{Name: "Good", Customer: true}, {Name: "Bad", Customer: true, Address: []string{"ok", "a\x01"}}})
	require.EqualError(t, err, "accounting.CreateParties: party 2: Address[1] must be one line of 1 to 100 characters (accounting.bad_input)")
	_, err = s.books.Post(s.ctx, []accounting.NewEntry{{Date: day("2010-12-01"), Memo: "\x00"}})
	require.EqualError(t, err, "accounting.Post: entry 1: Memo must be at most 500 characters (accounting.bad_input)")
	unbalanced := transfer("", "2010-12-01", 100)
	unbalanced.Lines[1].Credit = gbp(99)
	_, err = s.books.Post(s.ctx, []accounting.NewEntry{unbalanced})
	require.EqualError(t, err, "accounting.Post: entry 1: debits are 1.00 and credits 0.99 (accounting.entry_unbalanced)")
}

func TestSoftLock(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		periods, err := s.books.Periods(s.ctx)
		require.NoError(t, err)
		p := periods[11]
		lock := accounting.SetPeriod{PeriodID: p.ID, State: accounting.PeriodSoftLocked}
		_, err = s.books.SetPeriodState(s.ctx, lock)
		require.NoError(t, err)
		_, err = s.books.SetPeriodState(s.ctx, lock)
		require.NoError(t, err, "the state that it has")
		_, err = s.books.Post(s.ctx, []accounting.NewEntry{transfer("", "2010-12-01", 1)})
		require.ErrorIs(t, err, accounting.ErrPeriodSoftLocked)
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{invoice("", s.ann.ID, "2010-12-01", "0")})
		require.ErrorIs(t, err, accounting.ErrPeriodSoftLocked, "a document that books nothing respects the lock")
		late := transfer("", "2010-12-01", 1)
		late.LockException = "the auditor asked"
		out := s.post(late)
		require.True(t, out[0].LockException)
		e, err := s.books.GetEntry(s.ctx, out[0].ID)
		require.NoError(t, err)
		require.Equal(t, "the auditor asked", e.Reason)
		clerk := s.env.Enter(t, tenancy.ScopeOf(s.ctx).TenantID(), accounting.PermPost)
		_, err = s.books.Post(clerk, []accounting.NewEntry{late})
		require.ErrorIs(t, err, accounting.ErrNoException)
		_, err = s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: p.ID, State: accounting.PeriodOpen})
		require.ErrorIs(t, err, accounting.ErrBadInput, "opening again needs a reason")
		_, err = s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: p.ID, State: accounting.PeriodLocked})
		require.ErrorIs(t, err, accounting.ErrYearOpen, "the last period of a year is locked by closing the year")
		s.lock("2010-11")
		late.Date = day("2010-11-30")
		_, err = s.books.Post(s.ctx, []accounting.NewEntry{late})
		require.ErrorIs(t, err, accounting.ErrPeriodLocked)
		_, err = s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: uuid.New(), State: accounting.PeriodLocked})
		require.ErrorIs(t, err, fault.NotFound)
		s.sound()
	})
}

// Every exported method refuses a context without a usable scope before it looks at anything else.
func TestEveryMethodNeedsAScope(t *testing.T) {
	env := tenancytest.Open(t, "sqlite", modules)
	all := methods(env)
	require.Greater(t, len(all), 60)
	for name, method := range all {
		for _, ctx := range []context.Context{context.Background(), env.Platform(t)} {
			args := []reflect.Value{reflect.ValueOf(ctx)}
			for j := 1; j < method.Type().NumIn(); j++ {
				args = append(args, reflect.Zero(method.Type().In(j)))
			}
			out := call(method, args)
			err, _ := out[len(out)-1].Interface().(error)
			require.ErrorIs(t, err, fault.Unscoped, name)
		}
	}
}

// Every exported method needs a permission of this package, and refuses before it looks at the input.
func TestEveryMethodNeedsAPermission(t *testing.T) {
	env := tenancytest.Open(t, "sqlite", modules)
	nobody := env.TenantWith(t, "sales.sell")
	for name, method := range methods(env) {
		args := []reflect.Value{reflect.ValueOf(nobody)}
		for j := 1; j < method.Type().NumIn(); j++ {
			args = append(args, reflect.Zero(method.Type().In(j)))
		}
		out := call(method, args)
		err, _ := out[len(out)-1].Interface().(error)
		require.ErrorIs(t, err, fault.Forbidden, name)
	}
}

// methods are those of the service and of its statements as they were known, but for the way from the one to the other.
func methods(env *tenancytest.Env) map[string]reflect.Value {
	books := accounting.New(env.DB)
	out := map[string]reflect.Value{}
	for _, v := range []reflect.Value{reflect.ValueOf(books), reflect.ValueOf(books.KnownAt(time.Now()))} {
		for i := range v.NumMethod() {
			out[v.Type().String()+"."+v.Type().Method(i).Name] = v.Method(i)
		}
	}
	delete(out, "*accounting.Service.KnownAt")
	return out
}

// call is method.Call, with the last argument of a variadic method as a slice.
func call(method reflect.Value, args []reflect.Value) []reflect.Value {
	if method.Type().IsVariadic() {
		return method.CallSlice(args)
	}
	return method.Call(args)
}
