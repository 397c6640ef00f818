package accounting_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

func usd(minor int64) money.Amount { return money.Of(minor, "USD") }
func eur(minor int64) money.Amount { return money.Of(minor, "EUR") }

const receivable, payable = accounting.RoleReceivable, accounting.RolePayable

// rate records what a dollar was worth in pounds on a day.
func (s *shop) rate(on, value string) {
	s.t.Helper()
	s.rateOf("USD", on, value)
}

func (s *shop) rateOf(from money.Currency, on, value string) {
	s.t.Helper()
	_, err := s.books.SetRates(s.ctx, []accounting.NewExchangeRate{{From: from, To: "GBP", On: day(on), Rate: price(value), Source: "test"}})
	require.NoError(s.t, err)
}

// claim is an entry that says a party owes an amount, worth base.
func claim(reference string, party uuid.UUID, on string, amount, base money.Amount) accounting.NewEntry {
	return accounting.NewEntry{Reference: reference, Date: day(on), Lines: []accounting.NewLine{
		{Account: accounting.ByRole(receivable), PartyID: party, Debit: amount, Base: base},
		{Account: accounting.ByRole(sales), Credit: amount, Base: base},
	}}
}

// itemOf is the open item that an entry made.
func (s *shop) itemOf(entry uuid.UUID) accounting.OpenItem {
	s.t.Helper()
	all, err := s.books.OpenItems(s.ctx, day("2011-12-31"))
	require.NoError(s.t, err)
	for _, o := range all.Items {
		if o.EntryID == entry {
			return o
		}
	}
	return accounting.OpenItem{}
}

func TestPostInForeignCurrency(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2010-12-01", "0.64121")
		stated := s.post(claim("A", s.ann.ID, "2010-12-02", usd(10000), gbp(6500)))[0]
		got, err := s.books.GetEntry(s.ctx, stated.ID)
		require.NoError(t, err)
		require.Equal(t, gbp(6500), got.Lines[0].Amount)
		require.Equal(t, usd(10000), got.Lines[0].Transaction)
		o := s.itemOf(stated.ID)
		require.Equal(t, usd(10000), o.Open())
		require.Equal(t, int64(6500), o.OpenBaseMinor)

		// At the rate of the day, half up; what the roundings leave is a line of its own.
		at := s.post(accounting.NewEntry{Reference: "B", Date: day("2010-12-03"), Lines: []accounting.NewLine{
			{Account: accounting.ByRole(receivable), PartyID: s.ann.ID, Debit: usd(3)}, // 1.92363 -> 2
			accounting.CreditLine(accounting.ByRole(sales), usd(1)),                    // 0.64121 -> 1
			accounting.CreditLine(accounting.ByRole(sales), usd(1)),
			accounting.CreditLine(accounting.ByRole(sales), usd(1)),
		}})[0]
		require.Equal(t, int64(5), at.LineCount)
		got, err = s.books.GetEntry(s.ctx, at.ID)
		require.NoError(t, err)
		require.Equal(t, gbp(1), got.Lines[4].Amount)
		require.Equal(t, int64(1), s.balance(accounting.RoleRounding))
		require.Equal(t, int64(6502), s.balance(receivable))
		require.True(t, s.post(claim("A", s.ann.ID, "2010-12-02", usd(10000), gbp(6500)))[0].Replayed)
		_, err = s.books.Post(s.ctx, []accounting.NewEntry{claim("A", s.ann.ID, "2010-12-02", usd(10000), gbp(6501))})
		require.ErrorIs(t, err, accounting.ErrReferenceTaken)

		// It is taken back at what it was booked at.
		s.rate("2010-12-20", "0.70")
		_, err = s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: stated.ID, Date: day("2010-12-21"), Reason: "test"}})
		require.NoError(t, err)
		require.Equal(t, int64(2), s.balance(receivable))
		s.sound()
	})
}

func TestRates(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2010-12-01", "0.64")
		s.rate("2010-12-03", "0.65")
		convert := func(on string) (string, error) {
			c, err := s.books.Convert(s.ctx, usd(12345), "GBP", day(on))
			return fmt.Sprint(c.Amount, " at ", c.Rate.Rate, " of ", c.Rate.On), err
		}
		for on, want := range map[string]string{"2010-12-01": "79.01 at 0.64 of 2010-12-01", "2010-12-02": "79.01 at 0.64 of 2010-12-01",
			"2010-12-03": "80.24 at 0.65 of 2010-12-03", "2010-12-10": "80.24 at 0.65 of 2010-12-03"} {
			got, err := convert(on)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		for _, on := range []string{"2010-11-30", "2010-12-11"} {
			_, err := convert(on)
			require.ErrorIs(t, err, accounting.ErrNoRate)
			require.ErrorContains(t, err, "from USD to GBP for "+on)
		}
		_, err := s.books.Convert(s.ctx, gbp(1), "USD", day("2010-12-01"))
		require.ErrorIs(t, err, accounting.ErrNoRate, "the way back is a rate of its own")
		same, err := s.books.Convert(s.ctx, gbp(1), "GBP", day("2010-12-01"))
		require.NoError(t, err)
		require.Equal(t, gbp(1), same.Amount)

		// How old a rate may be is the tenant's to say.
		_, err = s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 8})
		require.NoError(t, err)
		_, err = convert("2010-12-11")
		require.NoError(t, err)
		_, err = s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 367})
		require.ErrorIs(t, err, accounting.ErrBadInput)

		// The same again changes nothing; another one is a revision or refused.
		wrong := accounting.NewExchangeRate{From: "USD", To: "GBP", On: day("2010-12-03"), Rate: price("0.66"), Source: "test"}
		_, err = s.books.SetRates(s.ctx, []accounting.NewExchangeRate{wrong})
		require.ErrorIs(t, err, accounting.ErrRateTaken)
		s.rate("2010-12-03", "0.650")
		wrong.Revise = true
		out, err := s.books.SetRates(s.ctx, []accounting.NewExchangeRate{wrong})
		require.NoError(t, err)
		require.Equal(t, int64(2), out[0].Revision)
		got, err := convert("2010-12-03")
		require.NoError(t, err)
		require.Equal(t, "81.48 at 0.66 of 2010-12-03", got)
		page, err := s.books.ListRates(s.ctx, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Len(t, page.Items, 3)

		for _, bad := range []accounting.NewExchangeRate{{From: "USD", To: "USD", On: day("2010-12-01"), Rate: price("1"), Source: "x"},
			{From: "USD", To: "GBP", On: day("2010-12-01"), Rate: price("0"), Source: "x"}, {From: "USD", To: "GBP", Rate: price("1"), Source: "x"},
			{From: "USD", To: "GBP", On: day("2010-12-01"), Rate: price("1")}, {From: "XYZ", To: "GBP", On: day("2010-12-01"), Rate: price("1"), Source: "x"}} {
			_, err := s.books.SetRates(s.ctx, []accounting.NewExchangeRate{bad})
			require.ErrorIs(t, err, accounting.ErrBadInput)
		}
	})
}

// An item settled to zero in its currency is zero in base, whatever the parts were worth.
func TestRealisedDifferences(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.itemOf(s.post(claim("A", s.ann.ID, "2010-12-01", usd(10000), gbp(6400)))[0].ID)
		pay := func(reference, on string, amount, base money.Amount) accounting.Payment {
			p := received(reference, s.ann.ID, on, 0, accounting.PaymentAllocation{InvoiceID: v.ID, Amount: amount})
			p.Amount, p.Base = amount, base
			return s.pay(p)[0]
		}
		pay("P1", "2010-12-10", usd(3333), gbp(2200)) // its share of 64.00 is 21.33: a gain of 0.67
		require.Equal(t, int64(-67), s.balance(accounting.RoleExchangeGain))
		require.Equal(t, int64(6400-2133), s.itemOf(v.EntryID).OpenBaseMinor)
		pay("P2", "2010-12-20", usd(6667), gbp(4000)) // the rest, 42.67: a loss of 2.67
		require.Equal(t, int64(267), s.balance(accounting.RoleExchangeLoss))
		require.Zero(t, s.balance(receivable))
		require.Empty(t, s.open("2011-12-31"))
		require.Equal(t, map[uuid.UUID]int64{v.ID: 6667}, s.open("2010-12-15"))
		all, err := s.books.OpenItems(s.ctx, day("2010-12-15"))
		require.NoError(t, err)
		require.Equal(t, gbp(4267), all.Receivables, "as of a day in between")
		list, err := s.books.Allocations(s.ctx, v.ID)
		require.NoError(t, err)
		require.Equal(t, int64(2133), list[0].DebitBaseMinor)
		require.Equal(t, int64(2200), list[0].CreditBaseMinor)
		realised, err := s.books.GetEntry(s.ctx, list[0].EntryID)
		require.NoError(t, err)
		require.Equal(t, accounting.KindRealised, realised.Kind)
		require.Equal(t, day("2010-12-10"), realised.EntryDate)
		_, err = s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: realised.ID, Date: day("2010-12-31"), Reason: "test"}})
		require.ErrorIs(t, err, accounting.ErrEntryOfSettlement)

		// A debt that got cheaper is a gain.
		debt := s.post(accounting.NewEntry{Date: day("2010-12-01"), Lines: []accounting.NewLine{
			{Account: accounting.ByCode("6100"), Debit: usd(100), Base: gbp(70)},
			{Account: accounting.ByRole(payable), PartyID: s.ben.ID, Credit: usd(100), Base: gbp(70)}}})[0]
		out := received("P3", s.ben.ID, "2010-12-05", 0, accounting.PaymentAllocation{InvoiceID: s.itemOf(debt.ID).ID, Amount: usd(100)})
		out.Direction, out.Amount, out.Base = accounting.MoneyOut, usd(100), gbp(60)
		s.pay(out)
		require.Equal(t, int64(-77), s.balance(accounting.RoleExchangeGain))
		require.Zero(t, s.balance(payable))
		s.sound()
	})
}

// A claim in dollars is paid into a sterling account, and a debt in dollars from a euro account.
func TestPayThroughAnotherCurrency(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.itemOf(s.post(claim("A", s.ann.ID, "2010-12-01", usd(10000), gbp(6400)))[0].ID)
		in := received("P1", s.ann.ID, "2010-12-10", 0, accounting.PaymentAllocation{InvoiceID: v.ID, Amount: usd(10000)})
		in.Amount, in.Banked = usd(10000), gbp(6550)
		p := s.pay(in)[0]
		require.Equal(t, int64(6550), p.BaseMinor)
		require.True(t, s.pay(in)[0].Replayed)
		held, err := s.books.Holdings(s.ctx, accounting.ByRole(accounting.RoleBank), day("2010-12-31"))
		require.NoError(t, err)
		require.Equal(t, []accounting.Holding{{Amount: gbp(6550), Base: gbp(6550)}}, held, "no dollars came in")
		require.Equal(t, int64(-150), s.balance(accounting.RoleExchangeGain))
		require.Zero(t, s.balance(accounting.RoleCurrencyClearing))
		require.Empty(t, s.open("2010-12-31"))

		out := accounting.NewPayment{PartyID: s.ben.ID, Direction: accounting.MoneyOut, Date: day("2010-12-11"), Amount: usd(1000), Base: gbp(650), Banked: eur(760)}
		s.pay(out)
		held, err = s.books.Holdings(s.ctx, accounting.ByRole(accounting.RoleBank), day("2010-12-20"))
		require.NoError(t, err)
		require.Equal(t, []accounting.Holding{{Amount: eur(-760), Base: gbp(-650)}, {Amount: gbp(6550), Base: gbp(6550)}}, held)
		held, err = s.books.Holdings(s.ctx, accounting.ByRole(accounting.RoleCurrencyClearing), day("2010-12-31"))
		require.NoError(t, err)
		require.Equal(t, []accounting.Holding{{Amount: eur(760), Base: gbp(650)}, {Amount: gbp(-6550), Base: gbp(-6550)}, {Amount: usd(9000), Base: gbp(5900)}}, held)
		for _, row := range []struct {
			change func(*accounting.NewPayment)
			want   error
		}{
			{func(p *accounting.NewPayment) { p.Banked = usd(999) }, accounting.ErrBadInput},
			{func(p *accounting.NewPayment) { p.Banked = gbp(651) }, accounting.ErrBadInput},
			{func(p *accounting.NewPayment) { p.Banked = eur(-1) }, accounting.ErrBadInput},
			{func(p *accounting.NewPayment) { p.Banked = money.Amount{Minor: 1, Currency: "XYZ"} }, accounting.ErrWrongCurrency},
			{func(p *accounting.NewPayment) { p.Base = money.Amount{} }, accounting.ErrNoRate},
		} {
			bad := out
			row.change(&bad)
			_, err := s.books.Pay(s.ctx, []accounting.NewPayment{bad})
			require.ErrorIs(t, err, row.want)
		}
		s.sound()
	})
}

func TestParseRates(t *testing.T) {
	rates, err := accounting.ParseRates(strings.NewReader("from,to,date,rate,quoted,source\nUSD,GBP,2010-12-01,0.6412,direct,ECB\nEUR,GBP,2010-12-01,1.1888,indirect,\"ECB, late\"\n"))
	require.NoError(t, err)
	require.Len(t, rates, 2)
	require.Equal(t, "ECB, late", rates[1].Source)
	require.Equal(t, [2]bool{false, true}, [2]bool{rates[0].Indirect, rates[1].Indirect})
	for text, want := range map[string]string{
		"":      "line 1: the first line is",
		"a,b\n": "line 1: the first line is",
		"from,to,date,rate,quoted,source\nUSD,GBP\n":                                                             "line 2: ",
		"from,to,date,rate,quoted,source\nUSD,GBP,2010-13-01,1,direct,x\n":                                       "line 2: date",
		"from,to,date,rate,quoted,source\nUSD,GBP,2010-12-01,1,direct,x\nUSD,GBP,2010-12-02,1e999999,direct,x\n": "line 3: rate",
		"from,to,date,rate,quoted,source\nUSD,GBP,2010-12-01,-1,direct,x\n":                                      "line 2: rate",
		"from,to,date,rate,quoted,source\nUSD,GBP,2010-12-01,1,,x\n":                                             "line 2: quoted is direct or indirect",
		"from,to,date,rate,quoted,source\nUSD,GBP,2010-12-01,1,inverse,x\n":                                      "line 2: quoted is direct or indirect",
		"from,to,date,rate,quoted,source\nUSD,ZZZ,2010-12-01,1,direct,x\n":                                       "line 2: ",
		"from,to,date,rate,quoted,source\nUSD,GBP,2010-12-01,1,direct,\n":                                        "line 2: ",
		"from,to,date,rate,quoted,source\n\"USD,GBP,2010-12-01,1,direct,x\n":                                     "line 2: ",
	} {
		_, err := accounting.ParseRates(strings.NewReader(text))
		require.ErrorIs(t, err, accounting.ErrBadInput, text)
		require.ErrorContains(t, err, want)
	}
}

// What is paid in advance stays open in its currency; a refund gives the rest back; each leaves what it realises.
func TestAdvanceOverpaymentAndRefund(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2010-12-01", "0.60")
		s.rate("2010-12-08", "0.65")
		s.rate("2010-12-15", "0.70")
		in := received("P1", s.ann.ID, "2010-12-01", 0)
		in.Amount = usd(1000)
		advance := s.pay(in)[0]
		require.Equal(t, int64(600), advance.BaseMinor)
		v := s.itemOf(s.post(claim("", s.ann.ID, "2010-12-08", usd(800), money.Amount{}))[0].ID)
		out, err := s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: v.ID, CreditID: advance.ID, Date: day("2010-12-09"), Amount: usd(800)}})
		require.NoError(t, err)
		require.NotEqual(t, uuid.Nil, out[0].EntryID)
		require.Equal(t, int64(40), s.balance(accounting.RoleExchangeLoss), "a claim of 5.20 settled by 4.80 received")
		refund := received("P2", s.ann.ID, "2010-12-15", 0, accounting.PaymentAllocation{InvoiceID: advance.ID, Amount: usd(200)})
		refund.Direction, refund.Amount = accounting.MoneyOut, usd(200)
		s.pay(refund)
		require.Equal(t, int64(60), s.balance(accounting.RoleExchangeLoss), "1.40 given back for 1.20 received")
		require.Empty(t, s.open("2011-12-31"))
		require.Zero(t, s.balance(receivable))
		s.sound()
	})
}

func TestAllocateForeignRefuses(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.itemOf(s.post(claim("", s.ann.ID, "2010-12-01", usd(100), gbp(64)))[0].ID)
		in := received("P", s.ann.ID, "2010-12-10", 0)
		in.Amount, in.Base = eur(100), gbp(80)
		p := s.pay(in)[0]
		for _, a := range []money.Amount{eur(5), usd(5), gbp(5)} {
			_, err := s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: v.ID, CreditID: p.ID, Date: day("2010-12-11"), Amount: a}})
			if a.Currency == "USD" {
				require.ErrorIs(t, err, accounting.ErrMismatch)
			} else {
				require.ErrorIs(t, err, accounting.ErrWrongCurrency)
			}
		}
		// A difference is an entry: it respects the lock of its day.
		in.Reference, in.Amount, in.Base = "Q", usd(100), gbp(60)
		q := s.pay(in)[0]
		periods, err := s.books.Periods(s.ctx)
		require.NoError(t, err)
		_, err = s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[11].ID, State: accounting.PeriodSoftLocked})
		require.NoError(t, err)
		a := accounting.NewAllocation{DebitID: v.ID, CreditID: q.ID, Date: day("2010-12-11"), Amount: usd(100)}
		_, err = s.books.Allocate(s.ctx, []accounting.NewAllocation{a})
		require.ErrorIs(t, err, accounting.ErrPeriodSoftLocked)
		a.LockException = "late"
		_, err = s.books.Allocate(s.ctx, []accounting.NewAllocation{a})
		require.NoError(t, err)
		s.sound()
	})
}

func TestWriteOff(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10"), invoice("I2", s.ann.ID, "2010-12-01", "10"))
		small := func(minor int64) *accounting.PaymentWriteOff {
			return &accounting.PaymentWriteOff{Amount: gbp(minor), Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "not worth a letter"}
		}
		in := received("P1", s.ann.ID, "2010-12-10", 950, part(v[0].ID, 950))
		in.Allocate[0].WriteOff = small(50)
		_, err := s.books.Pay(s.ctx, []accounting.NewPayment{in})
		require.ErrorIs(t, err, accounting.ErrWriteOffLimit, "none is allowed until the tenant says so")
		_, err = s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 7, WriteOffLimit: gbp(50)})
		require.NoError(t, err)
		s.pay(in)
		require.True(t, s.pay(in)[0].Replayed)
		require.Equal(t, map[uuid.UUID]int64{v[1].ID: 1000}, s.open("2010-12-31"))
		require.Equal(t, int64(50), s.balance(accounting.RoleBadDebt))

		write := accounting.NewWriteOff{ItemID: v[1].ID, Date: day("2010-12-20"), PaymentWriteOff: *small(50)}
		for _, row := range []struct {
			change func(*accounting.NewWriteOff)
			want   error
		}{
			{func(w *accounting.NewWriteOff) { w.Amount = gbp(51) }, accounting.ErrWriteOffLimit},
			{func(w *accounting.NewWriteOff) { w.Amount = gbp(1001) }, accounting.ErrOverAllocated},
			{func(w *accounting.NewWriteOff) { w.Amount = usd(1) }, accounting.ErrWrongCurrency},
			{func(w *accounting.NewWriteOff) { w.Amount = gbp(0) }, accounting.ErrBadInput},
			{func(w *accounting.NewWriteOff) { w.Reason = "" }, accounting.ErrBadInput},
			{func(w *accounting.NewWriteOff) { w.ItemID = uuid.New() }, accounting.ErrUnknownItem},
			{func(w *accounting.NewWriteOff) { w.Date = day("2010-11-01") }, accounting.ErrBadInput},
			{func(w *accounting.NewWriteOff) { w.Account = accounting.ByRole(payable) }, accounting.ErrControlAccount},
		} {
			bad := write
			row.change(&bad)
			_, err := s.books.WriteOff(s.ctx, []accounting.NewWriteOff{bad})
			require.ErrorIs(t, err, row.want)
		}
		out, err := s.books.WriteOff(s.ctx, []accounting.NewWriteOff{write})
		require.NoError(t, err)
		require.Equal(t, gbp(50), out[0].Amount)
		require.Equal(t, map[uuid.UUID]int64{v[1].ID: 950}, s.open("2010-12-31"))
		s.sound()
	})
}

func TestExchange(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		_, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1305", Name: "Dollar account", Type: accounting.Asset, Monetary: true})
		require.NoError(t, err)
		bank, dollars := accounting.ByRole(accounting.RoleBank), accounting.ByCode("1305")
		x := accounting.NewExchange{Reference: "X1", Date: day("2010-12-01"), From: bank, To: dollars, Sold: gbp(6500), Bought: usd(10000)}
		out, err := s.books.Exchange(s.ctx, []accounting.NewExchange{x})
		require.NoError(t, err)
		again, err := s.books.Exchange(s.ctx, []accounting.NewExchange{x})
		require.NoError(t, err)
		require.True(t, again[0].Replayed)
		require.Equal(t, out[0].ID, again[0].ID)
		require.Zero(t, s.balance(accounting.RoleCurrencyClearing))
		require.Equal(t, int64(-6500), s.balance(accounting.RoleBank))
		held, err := s.books.Balance(s.ctx, dollars, day("2010-12-31"))
		require.NoError(t, err)
		require.Equal(t, gbp(6500), held)

		// One foreign currency for another is worth what the first one is.
		s.rate("2010-12-02", "0.66")
		_, err = s.books.Exchange(s.ctx, []accounting.NewExchange{{Date: day("2010-12-02"), From: dollars, To: bank, Sold: usd(1000), Bought: eur(760)}})
		require.NoError(t, err)
		require.Equal(t, int64(-6500+660), s.balance(accounting.RoleBank))
		for _, bad := range []struct {
			change func(*accounting.NewExchange)
			want   error
		}{
			{func(x *accounting.NewExchange) { x.Bought = gbp(1) }, accounting.ErrWrongCurrency},
			{func(x *accounting.NewExchange) { x.Bought = money.Amount{Minor: 1, Currency: "XYZ"} }, accounting.ErrWrongCurrency},
			{func(x *accounting.NewExchange) { x.Sold = gbp(0) }, accounting.ErrBadInput},
			{func(x *accounting.NewExchange) { x.Base = gbp(1) }, accounting.ErrBadInput},
			{func(x *accounting.NewExchange) { x.Sold = eur(5) }, accounting.ErrNoRate},
			{func(x *accounting.NewExchange) { x.Sold, x.Base = eur(5), eur(5) }, accounting.ErrWrongCurrency},
			{func(x *accounting.NewExchange) { x.To = accounting.ByRole(receivable) }, accounting.ErrControlAccount},
			{func(x *accounting.NewExchange) { x.Reference, x.Bought = "X1", usd(1) }, accounting.ErrReferenceTaken},
		} {
			y := x
			y.Reference = ""
			bad.change(&y)
			_, err := s.books.Exchange(s.ctx, []accounting.NewExchange{y})
			require.ErrorIs(t, err, bad.want)
		}
		_, err = s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: out[0].ID, Date: day("2010-12-05"), Reason: "test"}})
		require.NoError(t, err)
		s.sound()
	})
}

// Currencies cost the same number of statements for any number of entries.
func TestForeignBatchesCostTheSame(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2010-12-01", "0.64")
		s.rate("2010-12-02", "0.61")
		batch := func(n int) []accounting.NewPayment {
			in := make([]accounting.NewEntry, n)
			for i := range in {
				in[i] = claim("", s.ann.ID, "2010-12-01", usd(1000), money.Amount{})
			}
			pays := make([]accounting.NewPayment, n)
			for i, e := range s.post(in...) {
				pays[i] = received("", s.ann.ID, "2010-12-02", 0, accounting.PaymentAllocation{InvoiceID: s.itemOf(e.ID).ID, Amount: usd(500)})
				pays[i].Amount = usd(500)
			}
			return pays
		}
		first, second := batch(1), batch(40)
		one := s.env.Count(t, func() { s.pay(first...) })
		many := s.env.Count(t, func() { s.pay(second...) })
		require.Equal(t, one, many)
		entries := func(n int) []accounting.NewEntry {
			in := make([]accounting.NewEntry, n)
			for i := range in {
				in[i] = claim("", s.ann.ID, "2010-12-01", usd(int64(i+1)), money.Amount{})
			}
			return in
		}
		one = s.env.Count(t, func() { s.post(entries(1)...) })
		many = s.env.Count(t, func() { s.post(entries(40)...) })
		require.Equal(t, one, many)
		s.sound()
	})
}
