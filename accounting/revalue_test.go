package accounting_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/racetest"
)

const (
	gain, loss   = accounting.RoleUnrealisedGain, accounting.RoleUnrealisedLoss
	customersTo  = accounting.RoleReceivableValuation
	vendorsTo    = accounting.RolePayableValuation
	dollarsCode  = "1305"
	inDecember   = "2010-12-31"
	afterwards   = "2011-01-01"
	beforeTheEnd = "2010-12-30"
)

// on is an account's balance at the end of a day.
func (s *shop) on(day_ string, ref accounting.AccountRef) int64 {
	s.t.Helper()
	a, err := s.books.Balance(s.ctx, ref, day(day_))
	require.NoError(s.t, err)
	return a.Minor
}

// dollarAccount opens a bank account and fills it with dollars.
func (s *shop) dollarAccount(minor, base int64) accounting.AccountRef {
	s.t.Helper()
	_, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: dollarsCode, Name: "Dollar account", Type: accounting.Asset, Monetary: true})
	require.NoError(s.t, err)
	s.post(accounting.NewEntry{Kind: accounting.KindOpening, Date: day("2010-12-01"), Lines: []accounting.NewLine{
		{Account: accounting.ByCode(dollarsCode), Debit: usd(minor), Base: gbp(base)},
		{Account: accounting.ByRole(accounting.RoleOpeningEquity), Credit: usd(minor), Base: gbp(base)}}})
	return accounting.ByCode(dollarsCode)
}

func (s *shop) revalue(on string) accounting.Revaluation {
	s.t.Helper()
	r, err := s.books.Revalue(s.ctx, accounting.NewRevaluation{On: day(on)})
	require.NoError(s.t, err)
	return r
}

func TestRevalue(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		dollars := s.dollarAccount(10_000, 6_400)
		s.post(claim("A", s.ann.ID, "2010-12-05", usd(20_000), gbp(12_800)), accounting.NewEntry{Date: day("2010-12-06"), Lines: []accounting.NewLine{
			{Account: accounting.ByRole(accounting.RoleStock), Debit: usd(5_000), Base: gbp(3_200)},
			{Account: accounting.ByRole(payable), PartyID: s.ben.ID, Credit: usd(5_000), Base: gbp(3_200)}}})
		s.rate("2010-12-30", "0.70")

		r := s.revalue(inDecember)
		require.Len(t, r.Lines, 3, "stock is not monetary")
		require.False(t, r.Replayed)
		require.Equal(t, day("2010-12-30"), r.Lines[0].RateOn)
		require.Equal(t, int64(7_000), s.on(inDecember, dollars))
		require.Equal(t, int64(1_200), s.on(inDecember, accounting.ByRole(customersTo)))
		require.Equal(t, int64(-300), s.on(inDecember, accounting.ByRole(vendorsTo)))
		require.Equal(t, int64(12_800), s.on(inDecember, accounting.ByRole(receivable)), "equal to its open items")
		require.Equal(t, int64(-1_800), s.on(inDecember, accounting.ByRole(gain)))
		require.Equal(t, int64(300), s.on(inDecember, accounting.ByRole(loss)))
		// The next day it is as if nothing had been.
		for _, on := range []string{beforeTheEnd, afterwards} {
			require.Equal(t, int64(6_400), s.on(on, dollars))
			for _, role := range []accounting.Role{customersTo, vendorsTo, gain, loss} {
				require.Zero(t, s.on(on, accounting.ByRole(role)), "%s on %s", role, on)
			}
		}
		// Again finds nothing.
		again := s.revalue(inDecember)
		require.True(t, again.Replayed)
		require.Equal(t, r.ID, again.ID)
		require.Equal(t, r.Lines, again.Lines)
		_, err := s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: r.EntryID, Date: day(afterwards), Reason: "test"}})
		require.ErrorIs(t, err, accounting.ErrEntryOfDocument)

		// A late claim, and a rate that was wrong: the difference alone.
		s.post(claim("B", s.ann.ID, inDecember, usd(1_000), gbp(690)))
		second := s.revalue(inDecember)
		require.Equal(t, int64(2), second.Seq)
		require.Len(t, second.Lines, 1)
		require.Equal(t, int64(1_210), s.on(inDecember, accounting.ByRole(customersTo)))
		_, err = s.books.SetRates(s.ctx, []accounting.NewExchangeRate{{From: "USD", To: "GBP", On: day("2010-12-30"), Rate: price("0.69"), Source: "test", Revise: true}})
		require.NoError(t, err)
		s.revalue(inDecember)
		require.Equal(t, int64(6_900), s.on(inDecember, dollars))
		require.Equal(t, int64(21_000*69/100-13_490), s.on(inDecember, accounting.ByRole(customersTo)))
		require.Equal(t, int64(6_400), s.on(afterwards, dollars))
		all, err := s.books.Revaluations(s.ctx, day(inDecember))
		require.NoError(t, err)
		require.Len(t, all, 3)
		s.sound()

		// The next end begins from what was booked, not from the last one.
		s.rate("2011-01-31", "0.60")
		s.revalue("2011-01-31")
		require.Equal(t, int64(6_000), s.on("2011-01-31", dollars))
		require.Equal(t, int64(400+13_490-12_600), s.on("2011-01-31", accounting.ByRole(loss)))
		s.sound()
	})
}

// Two control accounts share a valuation account: their differences are found once.
func TestRevalueSeveralControlAccounts(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		other, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1101", Name: "Trade customers", Type: accounting.Asset, Control: accounting.ControlReceivable})
		require.NoError(t, err)
		require.True(t, other.Monetary)
		second := claim("B", s.ann.ID, "2010-12-01", usd(2_000), gbp(1_280))
		second.Lines[0].Account = accounting.ByID(other.ID)
		s.post(claim("A", s.ann.ID, "2010-12-01", usd(1_000), gbp(640)), second)
		s.rate(inDecember, "0.70")
		require.Len(t, s.revalue(inDecember).Lines, 2)
		require.Equal(t, int64(180), s.on(inDecember, accounting.ByRole(customersTo)))
		require.True(t, s.revalue(inDecember).Replayed)
		third := claim("C", s.ann.ID, inDecember, usd(100), gbp(60))
		third.Lines[0].Account = accounting.ByID(other.ID)
		s.post(third)
		s.revalue(inDecember)
		require.Equal(t, int64(190), s.on(inDecember, accounting.ByRole(customersTo)))
		require.True(t, s.revalue(inDecember).Replayed)
		require.Zero(t, s.on(afterwards, accounting.ByRole(customersTo)))
		s.sound()
	})
}

// What an empty account still carries is made: it is realised, and stays.
func TestRevalueRealisesWhatIsGone(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		dollars := s.dollarAccount(10_000, 6_400)
		_, err := s.books.Exchange(s.ctx, []accounting.NewExchange{{Date: day("2010-12-10"), From: dollars, To: accounting.ByRole(accounting.RoleBank), Sold: usd(10_000), Bought: gbp(7_000)}})
		require.NoError(t, err)
		r := s.revalue(inDecember)
		require.Equal(t, uuid.Nil, r.EntryID)
		require.NotEqual(t, uuid.Nil, r.RealisedID)
		require.Zero(t, s.on("2011-06-30", dollars))
		require.Equal(t, int64(-600), s.on("2011-06-30", accounting.ByRole(accounting.RoleExchangeGain)))
		require.True(t, s.revalue(inDecember).Replayed)
		require.True(t, s.revalue("2011-01-31").Replayed, "nothing is left for the next end")
		s.sound()
	})
}

// What is left in one account is valued, and comes back on the next day; what is gone from another is realised, and stays.
func TestRevalueValuesOneAccountAndRealisesAnother(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		gone := s.dollarAccount(10_000, 6_400)
		_, err := s.books.Exchange(s.ctx, []accounting.NewExchange{{Date: day("2010-12-10"), From: gone, To: accounting.ByRole(accounting.RoleBank), Sold: usd(10_000), Bought: gbp(7_000)}})
		require.NoError(t, err)
		_, err = s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1299", Name: "Second dollar account", Type: accounting.Asset, Monetary: true})
		require.NoError(t, err)
		left := accounting.ByCode("1299")
		s.post(accounting.NewEntry{Date: day("2010-12-02"), Lines: []accounting.NewLine{{Account: left, Debit: usd(1_000), Base: gbp(640)},
			{Account: accounting.ByRole(accounting.RoleOpeningEquity), Credit: usd(1_000), Base: gbp(640)}}})
		s.rate(inDecember, "0.70")
		r := s.revalue(inDecember)
		require.NotEqual(t, uuid.Nil, r.EntryID)
		require.NotEqual(t, uuid.Nil, r.ReversalID)
		require.NotEqual(t, uuid.Nil, r.RealisedID)
		require.Equal(t, []int64{0, 700}, []int64{s.on(inDecember, gone), s.on(inDecember, left)})
		require.Equal(t, []int64{0, 640}, []int64{s.on("2011-01-01", gone), s.on("2011-01-01", left)})
		require.Equal(t, int64(-600), s.on("2011-01-01", accounting.ByRole(accounting.RoleExchangeGain)))
		require.True(t, s.revalue(inDecember).Replayed)
		s.sound()
	})
}

func TestRevalueRefuses(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		_, err := s.books.Revalue(s.ctx, accounting.NewRevaluation{On: day("2010-12-30")})
		require.ErrorIs(t, err, accounting.ErrNotPeriodEnd)
		_, err = s.books.Revalue(s.ctx, accounting.NewRevaluation{On: day("2031-12-31")})
		require.ErrorIs(t, err, accounting.ErrNotPeriodEnd)
		require.True(t, s.revalue(inDecember).Replayed, "nothing to do is no fault")
		s.dollarAccount(10_000, 6_400)
		_, err = s.books.Revalue(s.ctx, accounting.NewRevaluation{On: day(inDecember)})
		require.ErrorIs(t, err, accounting.ErrNoRate)
		s.rate(inDecember, "0.70")
		s.rate("2011-12-31", "0.70")
		_, err = s.books.Revalue(s.ctx, accounting.NewRevaluation{On: day("2011-12-31")})
		require.ErrorIs(t, err, accounting.ErrNoPeriod, "the day after lies in no year yet")
		periods, err := s.books.Periods(s.ctx)
		require.NoError(t, err)
		_, err = s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[11].ID, State: accounting.PeriodSoftLocked})
		require.NoError(t, err)
		_, err = s.books.Revalue(s.ctx, accounting.NewRevaluation{On: day(inDecember)})
		require.ErrorIs(t, err, accounting.ErrPeriodSoftLocked)
		_, err = s.books.Revalue(s.ctx, accounting.NewRevaluation{On: day(inDecember), LockException: "year end"})
		require.NoError(t, err)
		s.sound()

		// What is monetary is the tenant's to say, within the nature of the account.
		a, err := s.books.GetAccount(s.ctx, accounting.ByCode(dollarsCode))
		require.NoError(t, err)
		no, yes := false, true
		a, err = s.books.UpdateAccount(s.ctx, accounting.AccountChange{ID: a.ID, Name: a.Name, Active: true, Monetary: &no})
		require.NoError(t, err)
		require.False(t, a.Monetary)
		for _, role := range []accounting.Role{sales, customersTo} {
			b, err := s.books.GetAccount(s.ctx, accounting.ByRole(role))
			require.NoError(t, err)
			_, err = s.books.UpdateAccount(s.ctx, accounting.AccountChange{ID: b.ID, Name: b.Name, Role: b.Role, Active: true, Monetary: &yes})
			require.ErrorIs(t, err, accounting.ErrRoleType)
		}
		bank, err := s.books.GetAccount(s.ctx, accounting.ByRole(accounting.RoleBank))
		require.NoError(t, err)
		require.True(t, bank.Monetary)
	})
}

func TestRaceRevaluingTwice(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		dollars := s.dollarAccount(10_000, 6_400)
		s.rate(inDecember, "0.70")
		errs := racetest.Together(4, func(i int) error {
			return insist(func() error {
				if i == 3 {
					_, err := s.books.Post(s.ctx, []accounting.NewEntry{claim("C", s.ann.ID, inDecember, usd(100), gbp(64))})
					return err
				}
				_, err := s.books.Revalue(s.ctx, accounting.NewRevaluation{On: day(inDecember)})
				return err
			})
		})
		for _, err := range errs {
			require.NoError(t, err)
		}
		s.revalue(inDecember)
		require.Equal(t, int64(7_000), s.on(inDecember, dollars))
		require.Equal(t, int64(6), s.on(inDecember, accounting.ByRole(customersTo)))
		require.Equal(t, int64(6_400), s.on(afterwards, dollars))
		s.sound()
	})
}

// Two people settle the same dollars with the same credit: one of them does.
func TestRaceAllocatingDollars(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		out := s.post(claim("", s.ann.ID, "2010-12-01", usd(1_000), gbp(640)), claim("", s.ann.ID, "2010-12-01", usd(1_000), gbp(650)))
		v := []accounting.OpenItem{s.itemOf(out[0].ID), s.itemOf(out[1].ID)}
		in := received("P", s.ann.ID, "2010-12-02", 0)
		in.Amount, in.Base = usd(1_000), gbp(700)
		p := s.pay(in)[0]
		errs := racetest.Together(2, func(i int) error {
			_, err := s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: v[i].ID, CreditID: p.ID, Date: day("2010-12-03"), Amount: usd(600)}})
			return err
		})
		require.Equal(t, 1, countOf(errs, nil))
		require.Equal(t, 1, countOf(errs, accounting.ErrOverAllocated))
		require.Equal(t, int64(-400), s.open("2010-12-31")[p.ID])
		s.sound()
	})
}

// One credit note, several people: it is used up once, whether it is set off, refunded or written off.
func TestRaceOneCreditNote(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		_, err := s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 7, WriteOffLimit: gbp(1_000)})
		require.NoError(t, err)
		c := invoice("C", s.ann.ID, "2010-12-01", "10")
		c.Kind = accounting.CreditNoteDocument
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10"), invoice("I2", s.ann.ID, "2010-12-01", "10"), c)
		errs := racetest.Together(4, func(i int) error {
			var err error
			switch i {
			case 0, 1:
				_, err = s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: v[i].ID, CreditID: v[2].ID, Date: day("2010-12-02"), Amount: gbp(600)}})
			case 2:
				refund := received("", s.ann.ID, "2010-12-02", 600, part(v[2].ID, 600))
				refund.Direction = accounting.MoneyOut
				_, err = s.books.Pay(s.ctx, []accounting.NewPayment{refund})
			case 3:
				_, err = s.books.WriteOff(s.ctx, []accounting.NewWriteOff{{ItemID: v[2].ID, Date: day("2010-12-02"), PaymentWriteOff: accounting.PaymentWriteOff{
					Amount: gbp(600), Account: accounting.ByCode("4900"), Reason: "never claimed"}}})
			}
			return err
		})
		require.Equal(t, 1, countOf(errs, nil))
		require.Equal(t, 3, countOf(errs, accounting.ErrOverAllocated))
		require.Equal(t, int64(-400), s.open("2010-12-31")[v[2].ID])
		s.sound()
	})
}

// Revaluation reads no lines: the same number of statements whatever was posted.
func TestRevalueCostsTheSame(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.dollarAccount(10_000, 6_400)
		for _, on := range []string{"2010-12-31", "2011-01-31"} {
			s.rate(on, "0.70")
		}
		one := s.env.Count(t, func() { s.revalue(inDecember) })
		entries := make([]accounting.NewEntry, 60)
		for i := range entries {
			cur := []money.Currency{"USD", "EUR", "JPY"}[i%3]
			entries[i] = claim("", s.ann.ID, "2011-01-05", money.Of(int64(100+i), cur), gbp(int64(60+i)))
		}
		s.post(entries...)
		s.rateOf("EUR", "2011-01-31", "0.85")
		s.rateOf("JPY", "2011-01-31", "0.0075")
		require.Equal(t, one, s.env.Count(t, func() { s.revalue("2011-01-31") }))
		s.sound()
	})
}
