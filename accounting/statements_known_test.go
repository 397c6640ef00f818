package accounting_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/bookstest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// said is what the statements said at an instant about a day.
type said struct {
	at      time.Time
	on      date.Date
	reports map[string]any
}

// reports are all statements, of the books as they are and as they were.
type reports interface {
	TrialBalance(ctx context.Context, asOf date.Date, slices ...accounting.Slice) (accounting.TrialBalance, error)
	TrialBalanceBy(ctx context.Context, dimension string, asOf date.Date, slices ...accounting.Slice) ([]accounting.Group[accounting.TrialBalance], error)
	CompareTrialBalances(ctx context.Context, days []date.Date, slices ...accounting.Slice) (accounting.Comparative, error)
	Balance(ctx context.Context, account accounting.AccountRef, asOf date.Date) (money.Amount, error)
	Holdings(ctx context.Context, account accounting.AccountRef, asOf date.Date) ([]accounting.Holding, error)
	CurrencyBalances(ctx context.Context, asOf date.Date, slices ...accounting.Slice) ([]accounting.CurrencyBalance, error)
	ProfitAndLoss(ctx context.Context, from, to date.Date, slices ...accounting.Slice) (accounting.ProfitAndLoss, error)
	ProfitAndLossBy(ctx context.Context, dimension string, from, to date.Date, slices ...accounting.Slice) ([]accounting.Group[accounting.ProfitAndLoss], error)
	CompareProfitAndLoss(ctx context.Context, spans []accounting.Span, slices ...accounting.Slice) (accounting.Comparative, error)
	BalanceSheet(ctx context.Context, asOf date.Date, slices ...accounting.Slice) (accounting.BalanceSheet, error)
	BalanceSheetBy(ctx context.Context, dimension string, asOf date.Date, slices ...accounting.Slice) ([]accounting.Group[accounting.BalanceSheet], error)
	CompareBalanceSheets(ctx context.Context, days []date.Date, slices ...accounting.Slice) (accounting.Comparative, error)
	CashFlow(ctx context.Context, method accounting.CashFlowMethod, from, to date.Date, slices ...accounting.Slice) (accounting.CashFlowStatement, error)
	CashFlowBy(ctx context.Context, dimension string, method accounting.CashFlowMethod, from, to date.Date, slices ...accounting.Slice) ([]accounting.Group[accounting.CashFlowStatement], error)
	CompareCashFlows(ctx context.Context, method accounting.CashFlowMethod, spans []accounting.Span, slices ...accounting.Slice) (accounting.Comparative, error)
	OpenItems(ctx context.Context, asOf date.Date, slices ...accounting.Slice) (accounting.OpenItems, error)
	AgedItems(ctx context.Context, q accounting.AgingQuery) (accounting.AgedItems, error)
	StatementOfAccount(ctx context.Context, q accounting.StatementQuery) (accounting.StatementOfAccount, error)
	GeneralLedger(ctx context.Context, account accounting.AccountRef, from, to date.Date, page tenancy.PageRequest, slices ...accounting.Slice) (accounting.GeneralLedger, error)
	JournalReport(ctx context.Context, journal accounting.JournalCode, from, to date.Date, page tenancy.PageRequest, slices ...accounting.Slice) (accounting.JournalReport, error)
	Explain(ctx context.Context, account accounting.AccountRef, from, to date.Date, page tenancy.PageRequest, slices ...accounting.Slice) (accounting.Explanation, error)
	TaxReport(ctx context.Context, from, to date.Date, slices ...accounting.Slice) (accounting.TaxReport, error)
	TaxReportBy(ctx context.Context, dimension string, from, to date.Date, slices ...accounting.Slice) ([]accounting.Group[accounting.TaxReport], error)
	CompareTaxReports(ctx context.Context, spans []accounting.Span, slices ...accounting.Slice) (accounting.TaxComparison, error)
}

// sayings asks all of them, of the whole; and by dimension, where the books have the dimension shop.
func sayings(t require.TestingT, s *shop, v reports, at time.Time, on date.Date, parties ...uuid.UUID) said {
	out := said{at: at, on: on, reports: map[string]any{}}
	say := func(name string) func(any, error) {
		return func(report any, err error) {
			require.NoError(t, err, name)
			out.reports[name] = report
		}
	}
	from, cashAt, page := day("2010-10-05"), accounting.ByRole(cash), tenancy.PageRequest{Limit: 2}
	spans, days := []accounting.Span{{From: from, To: on}, {From: day("2010-01-01"), To: on.AddDays(-5)}}, []date.Date{on, on.AddDays(-5)}
	say("trial")(v.TrialBalance(s.ctx, on))
	say("trials")(v.CompareTrialBalances(s.ctx, days))
	say("balance")(v.Balance(s.ctx, cashAt, on))
	say("holdings")(v.Holdings(s.ctx, accounting.ByRole(accounting.RoleReceivable), on))
	say("currencies")(v.CurrencyBalances(s.ctx, on))
	say("profit")(v.ProfitAndLoss(s.ctx, from, on))
	say("profits")(v.CompareProfitAndLoss(s.ctx, spans))
	say("sheet")(v.BalanceSheet(s.ctx, on))
	say("sheets")(v.CompareBalanceSheets(s.ctx, days))
	say("cash")(v.CashFlow(s.ctx, accounting.CashFlowIndirect, from, on))
	say("flows")(v.CompareCashFlows(s.ctx, accounting.CashFlowDirect, spans))
	say("open")(v.OpenItems(s.ctx, on))
	say("aged")(v.AgedItems(s.ctx, accounting.AgingQuery{Control: accounting.ControlReceivable, AsOf: on}))
	for _, id := range append(parties, s.ann.ID, s.ben.ID) {
		for _, control := range []accounting.Control{accounting.ControlReceivable, accounting.ControlPayable} {
			say("account of " + id.String() + string(control))(v.StatementOfAccount(s.ctx, accounting.StatementQuery{PartyID: id, Control: control, From: from, To: on}))
		}
	}
	say("ledger")(v.GeneralLedger(s.ctx, cashAt, from, on, page))
	if next := out.reports["ledger"].(accounting.GeneralLedger).Next; next != "" {
		say("second page")(v.GeneralLedger(s.ctx, cashAt, from, on, tenancy.PageRequest{Limit: 2, After: next}))
	}
	say("book")(v.JournalReport(s.ctx, "", from, on, tenancy.PageRequest{Limit: 500}))
	say("explained")(v.Explain(s.ctx, accounting.ByRole(accounting.RoleInputTax), from, on, tenancy.PageRequest{Limit: 500}))
	say("tax")(v.TaxReport(s.ctx, from, on))
	say("taxes")(v.CompareTaxReports(s.ctx, spans))
	if _, err := s.books.ListDimensionValues(s.ctx, "shop"); err == nil {
		by := accounting.Slice{Dimension: "shop", Values: []string{"york", ""}}
		say("trial by shop")(v.TrialBalanceBy(s.ctx, "shop", on))
		say("currencies of york")(v.CurrencyBalances(s.ctx, on, by))
		say("profit by shop")(v.ProfitAndLossBy(s.ctx, "shop", from, on))
		say("sheet by shop")(v.BalanceSheetBy(s.ctx, "shop", on))
		say("cash by shop")(v.CashFlowBy(s.ctx, "shop", accounting.CashFlowDirect, from, on))
		say("account of york")(v.StatementOfAccount(s.ctx, accounting.StatementQuery{PartyID: append(parties, s.ann.ID)[0], Control: accounting.ControlReceivable, From: from, To: on, Slices: []accounting.Slice{by}}))
		say("tax by shop")(v.TaxReportBy(s.ctx, "shop", from, on))
	}
	return out
}

// Whatever is posted later, dated back, credited, paid, reversed, revalued or closed: what the books said is told as they said it, by every
// statement, in every currency and slice.
func TestWhatTheBooksSaidLaws(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			env := tenancytest.Open(t, engine, modules)
			rapid.Check(t, func(rt *rapid.T) {
				s := newShop(t, env)
				s.taxes(s20, c20)
				h := bookstest.New(s.ctx, rt, s.books, s.ann, s.ben)
				abroad := h.Abroad()
				taxed := func() { // what waits for payment is settled by abroad's
					in := accounting.NewBill{PartyID: abroad.Party.ID, Date: h.Date(), Dimensions: abroad.Dimensions(),
						Lines: []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: gbp(h.Minor()), TaxCode: rapid.SampledFrom([]string{"S20", "C20"}).Draw(rt, "tax")}}}
					_, err := s.books.Bill(s.ctx, []accounting.NewBill{in})
					require.NoError(rt, err)
				}
				var past []said
				for range rapid.IntRange(2, 6).Draw(rt, "steps") {
					h.Walk(1, 3, append(append(h.Acts(), abroad.Acts()...), taxed, taxed))
					at := time.Now().UTC().Truncate(time.Microsecond)
					past = append(past, sayings(rt, s, s.books, at, h.Date().AddDays(5), abroad.Party.ID))
				}
				for _, then := range past {
					now := sayings(rt, s, s.books.KnownAt(then.at), then.at, then.on, abroad.Party.ID)
					for name := range then.reports {
						require.Equal(rt, then.reports[name], now.reports[name], name)
					}
				}
			})
		})
	}
}

// An account whose lines are worth nothing in the books' currency stands in what is told of that day, as it did on it, whatever is posted to
// it later; one that had none then does not.
func TestWhatIsWorthNothingIsKnown(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.analysed()
		trade := func(worth int64, shop string) {
			lines := []accounting.NewLine{accounting.DebitLine(accounting.ByRole(accounting.RoleStock), usd(5)), accounting.CreditLine(accounting.ByRole(accounting.RoleSales), usd(5))}
			for i := range lines {
				lines[i].Base, lines[i].Dimensions = gbp(worth), accounting.Dimensions{"shop": shop}
			}
			s.post(accounting.NewEntry{Date: day("2010-12-01"), Lines: lines})
		}
		s.post(transfer("", "2010-12-01", 500))
		trade(0, "york")
		at := time.Now().UTC().Truncate(time.Microsecond)
		then := sayings(t, s, s.books, at, day("2010-12-31"))
		require.Len(t, then.reports["trial"].(accounting.TrialBalance).Lines, 3)
		require.Len(t, then.reports["trial by shop"].([]accounting.Group[accounting.TrialBalance]), 2)
		trade(3, "york")
		trade(0, "leeds")
		trade(4, "leeds")
		require.Equal(t, then, sayings(t, s, s.books.KnownAt(at), at, day("2010-12-31")))
	})
}

func TestAYearEndIsNotKnownBefore(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.post(transfer("", "2010-12-01", 500))
		periods, err := s.books.Periods(s.ctx)
		require.NoError(t, err)
		_, err = s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[10].ID, State: accounting.PeriodLocked})
		require.NoError(t, err)
		at := time.Now().UTC().Truncate(time.Microsecond)
		then := sayings(t, s, s.books, at, day("2011-02-01"))
		_, err = s.books.CloseYear(s.ctx, accounting.NewYearEnd{FiscalYearID: periods[0].FiscalYearID})
		require.NoError(t, err)
		require.NotEqual(t, then.reports["sheet"], sayings(t, s, s.books, at, day("2011-02-01")).reports["sheet"], "the result is in retained earnings")
		require.Equal(t, then, sayings(t, s, s.books.KnownAt(at), at, day("2011-02-01")))
		cash, err := s.books.KnownAt(at.AddDate(-1, 0, 0)).Balance(s.ctx, accounting.ByRole(accounting.RoleCash), day("2011-02-01"))
		require.NoError(t, err)
		require.Zero(t, cash.Minor)
	})
}
