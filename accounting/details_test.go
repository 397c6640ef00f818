package accounting_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// A rate that one entry of a batch may use is too old for another one: it is asked for by the day of each.
func TestARateIsNotTooOldForEachEntryOfABatch(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2010-12-01", "0.64")
		books, err := s.books.GetBooks(s.ctx)
		require.NoError(t, err)
		last := day("2010-12-01").AddDays(int(books.RateMaxAgeDays))
		entry := func(on date.Date) accounting.NewEntry {
			return accounting.NewEntry{Date: on, Lines: []accounting.NewLine{{Account: accounting.ByRole(cash), Debit: usd(10_000)}, {Account: accounting.ByRole(sales), Credit: usd(10_000)}}}
		}
		s.post(entry(day("2010-12-01")), entry(last))
		_, err = s.books.Post(s.ctx, []accounting.NewEntry{entry(day("2010-12-01")), entry(last.AddDays(1))})
		require.ErrorIs(t, err, accounting.ErrNoRate)
		s.sound()
	})
}

// Only what rounding leaves over is booked to rounding: a worth that somebody stated wrongly is refused.
func TestAStatedWorthThatDoesNotFitIsNoRounding(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2010-12-01", "0.64")
		in := []accounting.NewEntry{{Date: day("2010-12-01"), Lines: []accounting.NewLine{{Account: accounting.ByRole(cash), Debit: usd(10_000)},
			{Account: accounting.ByRole(sales), Credit: usd(10_000), Base: gbp(6_399)}}}}
		_, err := s.books.Post(s.ctx, in)
		require.ErrorIs(t, err, accounting.ErrUnbalanced)
		require.Equal(t, money.Amount{}, in[0].Lines[0].Base, "what the caller handed in stays as it was")
		in[0].Lines[1].Base = gbp(6_400)
		s.post(in...)
		require.Equal(t, money.Amount{}, in[0].Lines[0].Base)
		s.sound()
	})
}

// Whatever of an exchange differs, its reference was used for another one.
func TestARepeatedExchangeIsTheSame(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2010-12-01", "0.64")
		dollars := s.dollarAccount(10_000, 6_400)
		good := accounting.NewExchange{Reference: "X-1", Date: day("2010-12-02"), From: dollars, To: accounting.ByRole(accounting.RoleBank), Sold: usd(1_000), Bought: eur(800), Base: gbp(640)}
		for i, bad := range []accounting.NewExchange{{}, {Date: day("2010-12-02"), From: dollars, To: dollars, Sold: usd(1_000), Bought: usd(800)}} {
			_, err := s.books.Exchange(s.ctx, []accounting.NewExchange{good, bad})
			require.ErrorContains(t, err, "exchange 2: ", i)
		}
		first, err := s.books.Exchange(s.ctx, []accounting.NewExchange{good})
		require.NoError(t, err)
		again, err := s.books.Exchange(s.ctx, []accounting.NewExchange{good})
		require.NoError(t, err)
		require.Equal(t, first[0].ID, again[0].ID)
		for name, change := range map[string]func(*accounting.NewExchange){
			"day":    func(x *accounting.NewExchange) { x.Date = day("2010-12-03") },
			"from":   func(x *accounting.NewExchange) { x.From = accounting.ByRole(cash) },
			"to":     func(x *accounting.NewExchange) { x.To = accounting.ByRole(cash) },
			"sold":   func(x *accounting.NewExchange) { x.Sold = usd(1_001) },
			"bought": func(x *accounting.NewExchange) { x.Bought = eur(801) },
			"base":   func(x *accounting.NewExchange) { x.Base = gbp(641) },
		} {
			other := good
			change(&other)
			_, err := s.books.Exchange(s.ctx, []accounting.NewExchange{other})
			require.ErrorIs(t, err, accounting.ErrReferenceTaken, name)
		}
		s.sound()
	})
}

// What is late goes to the first open period after its day, and not to one that is open before it.
func TestLateEntriesGoForward(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		require.NoError(t, s.setState("2010-05", accounting.PeriodSoftLocked))
		require.NoError(t, s.setState("2010-06", accounting.PeriodSoftLocked, accounting.JournalGeneral))
		in := transfer("", "2010-05-20", 100)
		in.Late = accounting.LateFirstOpen
		require.Equal(t, "2010-07-01", s.post(in)[0].EntryDate.String(), "June is locked for its journal")
		s.sound()
	})
}

// CheckDate has no database behind it that would refuse as well.
func TestCheckDateKeepsToAllLocks(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		require.NoError(t, s.setState("2010-05", accounting.PeriodSoftLocked, accounting.JournalSales))
		require.NoError(t, s.setState("2010-05", accounting.PeriodOpen, accounting.JournalSales))
		require.NoError(t, s.setState("2010-05", accounting.PeriodSoftLocked))
		require.NoError(t, s.setState("2010-07", accounting.PeriodSoftLocked, accounting.JournalSales))
		require.NoError(t, s.setState("2010-03", accounting.PeriodLocked, accounting.JournalSales))
		check := func(journal accounting.JournalCode, on, exception string) error {
			return s.books.CheckDate(s.ctx, journal, day(on), exception)
		}
		require.ErrorIs(t, check(accounting.JournalSales, "2010-05-05", ""), accounting.ErrPeriodSoftLocked, "a journal's open lock opens nothing that is locked for all")
		require.NoError(t, check(accounting.JournalSales, "2010-05-05", "because"))
		require.ErrorIs(t, check(accounting.JournalSales, "2010-07-31", ""), accounting.ErrPeriodSoftLocked)
		require.NoError(t, check(accounting.JournalGeneral, "2010-07-31", ""))
		require.ErrorIs(t, check(accounting.JournalSales, "2010-01-01", "because"), accounting.ErrPeriodLocked)
		require.NoError(t, check(accounting.JournalSales, "2010-04-01", ""))
		clerk := s.env.Enter(t, tenancy.ScopeOf(s.ctx).TenantID(), accounting.PermRead)
		require.NoError(t, s.books.CheckDate(clerk, accounting.JournalSales, day("2010-04-01"), ""))
		require.ErrorIs(t, s.books.CheckDate(clerk, accounting.JournalSales, day("2010-05-05"), "because"), accounting.ErrNoException)

		in := accounting.SetPeriod{PeriodID: s.period("2010-07").ID, State: accounting.PeriodOpen, Journal: accounting.JournalSales}
		_, err := s.books.SetPeriodState(s.ctx, in)
		require.ErrorIs(t, err, accounting.ErrBadInput, "a reason is needed")
	})
}

// What was asked for one journal is not what was asked for all, and an approval that finds nothing locked says so.
func TestReopeningsOfJournalsAreTheirOwn(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		require.NoError(t, s.setState("2010-03", accounting.PeriodLocked, accounting.JournalSales))
		require.NoError(t, s.setState("2010-03", accounting.PeriodLocked, accounting.JournalGeneral))
		ask := func(by string, journal accounting.JournalCode) accounting.Reopening {
			t.Helper()
			r, err := s.books.AskReopening(s.as(by), accounting.NewReopening{PeriodID: s.period("2010-03").ID, Journal: journal, Reason: "a bill"})
			require.NoError(t, err)
			return r
		}
		first, other := ask("ann", accounting.JournalSales), ask("ann", accounting.JournalGeneral)
		require.NotEqual(t, first.ID, other.ID)
		require.True(t, ask("ann", accounting.JournalSales).Replayed)
		bens := ask("ben", accounting.JournalSales)
		require.False(t, bens.Replayed, "each asks for himself")
		_, err := s.books.ApproveReopening(s.as("cid"), first.ID)
		require.NoError(t, err)
		_, err = s.books.ApproveReopening(s.as("cid"), bens.ID)
		require.ErrorIs(t, err, accounting.ErrReopeningState, "it is not locked any more")
		require.NoError(t, s.setState("2010-03", accounting.PeriodLocked, accounting.JournalSales))
		_, err = s.books.ApproveReopening(s.as("cid"), bens.ID)
		require.ErrorIs(t, err, accounting.ErrReopeningState, "it was locked after it was asked for")
		s.sound()
	})
}

// Closing a year changes no result, of a value either: the entry that closes it names no dimension.
func TestSlicesOfAClosedYear(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.analysed()
		york, none := accounting.Slice{Dimension: "shop", Values: []string{"york"}}, accounting.Slice{Dimension: "shop", Values: []string{""}}
		s.post(takings("2010-03-01", 100, accounting.Dimensions{"shop": "york"}), takings("2010-03-01", 30, nil), takings("2010-12-15", 7, accounting.Dimensions{"shop": "leeds"}))
		said := func() (out []int64) {
			for _, cut := range [][]accounting.Slice{{york}, {none}, {york, none}, {}} {
				pl, err := s.books.ProfitAndLoss(s.ctx, day("2010-01-01"), day("2010-12-31"), cut...)
				require.NoError(t, err)
				out = append(out, pl.NetProfit.Minor)
			}
			return out
		}
		before := said()
		require.Equal(t, []int64{100, 30, 0, 137}, before)
		s.lock("2010-11")
		_, err := s.closeYear(0)
		require.NoError(t, err)
		require.Equal(t, before, said())
		s.post(takings("2011-01-15", 5, accounting.Dimensions{"shop": "leeds"}))
		sheets, err := s.books.BalanceSheetBy(s.ctx, "shop", day("2011-01-31"))
		require.NoError(t, err)
		var values []string
		for _, g := range sheets {
			values = append(values, g.Value)
		}
		require.Subset(t, values, []string{"york", "leeds"}, "a value of this year alone is among them")
		s.sound()
	})
}

// Postings name no dimension that is closed, as its values are not when they are.
func TestClosedDimensionsTakeNothing(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.analysed()
		_, err := s.books.UpdateDimension(s.ctx, accounting.DimensionChange{Code: "shop", Name: "Shops", Active: false})
		require.NoError(t, err)
		_, err = s.books.Post(s.ctx, []accounting.NewEntry{takings("2010-03-01", 100, accounting.Dimensions{"shop": "york"})})
		require.ErrorIs(t, err, accounting.ErrDimensionInactive)
		_, err = s.books.RequireDimensions(s.ctx, accounting.ByRole(sales), []string{"cost_centre"})
		require.NoError(t, err)
		_, err = s.books.UpdateDimension(s.ctx, accounting.DimensionChange{Code: "cost_centre", Name: "Centres", Active: true})
		require.NoError(t, err, "one that is required may be renamed")
	})
}

func TestBoundsOfOpenings(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		line := func(minor int64) accounting.NewLine { return accounting.DebitLine(accounting.ByRole(cash), gbp(minor)) }
		const most = 999_999_999_999_999
		for says, in := range map[string]accounting.NewOpening{
			"line 2: the sum is larger":      {Reference: "O", Date: day("2010-06-01"), Lines: []accounting.NewLine{line(most), line(1)}},
			"line 1: ":                       {Reference: "O", Date: day("2010-06-01"), Lines: []accounting.NewLine{{Account: accounting.ByRole(cash)}}},
			"line 2: an amount in a foreign": {Reference: "O", Date: day("2010-06-01"), Lines: []accounting.NewLine{line(1), accounting.DebitLine(accounting.ByRole(cash), usd(1))}},
			"is not in the first fiscal":     {Reference: "O", Date: day("2011-01-01"), Lines: []accounting.NewLine{line(1)}},
		} {
			_, err := s.books.OpenBalances(s.ctx, in)
			require.ErrorContains(t, err, says)
		}
		credit := accounting.CreditLine(accounting.ByRole(cash), gbp(most))
		_, err := s.books.OpenBalances(s.ctx, accounting.NewOpening{Reference: "O", Date: day("2010-06-01"), Lines: []accounting.NewLine{credit, accounting.CreditLine(accounting.ByRole(cash), gbp(1))}})
		require.ErrorContains(t, err, "line 2: the sum is larger")
		_, err = s.books.OpenBalances(s.ctx, accounting.NewOpening{Reference: "O", Date: day("2010-12-31"), Lines: []accounting.NewLine{line(most)}})
		require.NoError(t, err, "the last day of the year, and the most that the books hold")
		s.sound()
	})
}

func TestBoundsOfReports(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.post(transfer("", "2010-03-01", 100), transfer("", "2010-03-02", 20))
		ledger := func(from, to date.Date, page tenancy.PageRequest) (accounting.GeneralLedger, error) {
			return s.books.GeneralLedger(s.ctx, accounting.ByRole(cash), from, to, page)
		}
		_, err := ledger(date.Date{}, day("2010-12-31"), tenancy.PageRequest{})
		require.ErrorIs(t, err, accounting.ErrBadInput)
		_, err = ledger(day("2010-03-02"), day("2010-03-01"), tenancy.PageRequest{})
		require.ErrorIs(t, err, accounting.ErrBadInput)
		whole, err := ledger(day("2010-03-01"), day("2010-03-02"), tenancy.PageRequest{Limit: 2})
		require.NoError(t, err)
		require.Empty(t, whole.Next, "a page that holds all is the last")
		part, err := ledger(day("2010-03-01"), day("2010-03-02"), tenancy.PageRequest{Limit: 1})
		require.NoError(t, err)
		require.NotEmpty(t, part.Next)
		good := strings.Split(part.Next, ".")
		for i, bad := range []string{"2010-02-30", "nobody", "x"} {
			parts := append([]string(nil), good...)
			parts[i] = bad
			_, err = ledger(day("2010-03-01"), day("2010-03-02"), tenancy.PageRequest{After: strings.Join(parts, ".")})
			require.ErrorIs(t, err, accounting.ErrBadInput, bad)
		}
		_, err = s.books.Revaluations(s.ctx, day("2010-03-30"))
		require.ErrorIs(t, err, accounting.ErrNotPeriodEnd)
		_, err = s.books.Revaluations(s.ctx, day("2031-03-31"))
		require.ErrorIs(t, err, accounting.ErrNotPeriodEnd)
		spans := make([]accounting.Span, accounting.MaxColumns+1)
		for i := range spans {
			spans[i] = accounting.Span{From: day("2010-01-01"), To: day("2010-12-31")}
		}
		_, err = s.books.CompareProfitAndLoss(s.ctx, spans)
		require.ErrorIs(t, err, accounting.ErrBadInput)
		_, err = s.books.CompareProfitAndLoss(s.ctx, spans[1:])
		require.NoError(t, err)
		for _, file := range []string{"from,to,day,rate,source\nUSD,GBP,2010-12-01,1,x\n", "from,to,date,rate\nUSD,GBP,2010-12-01,1\n", "from,to,date,rate,quoted,source\nUSD,GBP,2010-12-01,0." + strings.Repeat("1", 21) + ",direct,x\n"} {
			_, err = accounting.ParseRates(strings.NewReader(file))
			require.ErrorIs(t, err, accounting.ErrBadInput, file)
		}
		_, err = s.books.SetRates(s.ctx, []accounting.NewExchangeRate{{From: "USD", To: "GBP", On: day("2010-12-01"), Rate: price("0." + strings.Repeat("1", 21)), Source: "x"}})
		require.ErrorIs(t, err, accounting.ErrBadInput)
	})
}

// One run realises what an emptied account still carries and revalues another one.
func TestARevaluationOfAFullAndAnEmptyAccount(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2010-12-30", "0.70")
		dollars := s.dollarAccount(10_000, 6_400)
		s.post(accounting.NewEntry{Date: day("2010-12-02"), Lines: []accounting.NewLine{{Account: accounting.ByRole(accounting.RoleBank), Debit: usd(5_000), Base: gbp(3_000)},
			{Account: dollars, Credit: usd(5_000), Base: gbp(3_000)}}})
		s.post(accounting.NewEntry{Date: day("2010-12-03"), Lines: []accounting.NewLine{{Account: accounting.ByRole(cash), Debit: usd(5_000), Base: gbp(3_200)},
			{Account: accounting.ByRole(accounting.RoleBank), Credit: usd(5_000), Base: gbp(3_200)}}})
		r := s.revalue(inDecember)
		require.NotZero(t, r.EntryID)
		require.NotZero(t, r.RealisedID)
		require.Zero(t, s.on(inDecember, accounting.ByRole(accounting.RoleBank)), "the bank holds no dollars and carries no worth of any")
		s.sound()
	})
}
