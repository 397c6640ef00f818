package accounting_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/bookstest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// said is what the statements said at an instant about a day.
type said struct {
	at     time.Time
	on     date.Date
	trial  accounting.TrialBalance
	profit accounting.ProfitAndLoss
	sheet  accounting.BalanceSheet
	cash   accounting.CashFlowStatement
	open   accounting.OpenItems
	aged   accounting.AgedItems
	ledger accounting.GeneralLedger
	second accounting.GeneralLedger // the page after it
	book   accounting.JournalReport
}

func sayings(t require.TestingT, s *shop, v interface {
	TrialBalance(ctx context.Context, asOf date.Date, slices ...accounting.Slice) (accounting.TrialBalance, error)
	ProfitAndLoss(ctx context.Context, from, to date.Date, slices ...accounting.Slice) (accounting.ProfitAndLoss, error)
	BalanceSheet(ctx context.Context, asOf date.Date, slices ...accounting.Slice) (accounting.BalanceSheet, error)
	CashFlow(ctx context.Context, method accounting.CashFlowMethod, from, to date.Date, slices ...accounting.Slice) (accounting.CashFlowStatement, error)
	OpenItems(ctx context.Context, asOf date.Date, slices ...accounting.Slice) (accounting.OpenItems, error)
	AgedItems(ctx context.Context, q accounting.AgingQuery) (accounting.AgedItems, error)
	GeneralLedger(ctx context.Context, account accounting.AccountRef, from, to date.Date, page tenancy.PageRequest, slices ...accounting.Slice) (accounting.GeneralLedger, error)
	JournalReport(ctx context.Context, journal accounting.JournalCode, from, to date.Date, page tenancy.PageRequest, slices ...accounting.Slice) (accounting.JournalReport, error)
}, at time.Time, on date.Date,
) said {
	out := said{at: at, on: on}
	var err error
	out.trial, err = v.TrialBalance(s.ctx, on)
	require.NoError(t, err)
	out.profit, err = v.ProfitAndLoss(s.ctx, day("2010-10-05"), on)
	require.NoError(t, err)
	out.sheet, err = v.BalanceSheet(s.ctx, on)
	require.NoError(t, err)
	out.cash, err = v.CashFlow(s.ctx, accounting.CashFlowIndirect, day("2010-10-05"), on)
	require.NoError(t, err)
	out.open, err = v.OpenItems(s.ctx, on)
	require.NoError(t, err)
	out.aged, err = v.AgedItems(s.ctx, accounting.AgingQuery{Control: accounting.ControlReceivable, AsOf: on})
	require.NoError(t, err)
	page := tenancy.PageRequest{Limit: 2}
	out.ledger, err = v.GeneralLedger(s.ctx, accounting.ByRole(cash), day("2010-10-05"), on, page)
	require.NoError(t, err)
	if out.ledger.Next != "" {
		page.After = out.ledger.Next
		out.second, err = v.GeneralLedger(s.ctx, accounting.ByRole(cash), day("2010-10-05"), on, page)
		require.NoError(t, err)
	}
	out.book, err = v.JournalReport(s.ctx, "", day("2010-10-05"), on, tenancy.PageRequest{Limit: 500})
	require.NoError(t, err)
	return out
}

// Whatever is posted later, dated back, credited, paid, reversed or closed: what the books said is told as they said it.
func TestWhatTheBooksSaidLaws(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			env := tenancytest.Open(t, engine, modules)
			rapid.Check(t, func(rt *rapid.T) {
				s := newShop(t, env)
				h := bookstest.New(s.ctx, rt, s.books, s.ann, s.ben)
				var past []said
				for range rapid.IntRange(2, 8).Draw(rt, "steps") {
					h.Walk(1, 3, h.Acts())
					at := time.Now().UTC().Truncate(time.Microsecond)
					past = append(past, sayings(rt, s, s.books, at, h.Date().AddDays(5)))
				}
				for _, then := range past {
					require.Equal(rt, then, sayings(rt, s, s.books.KnownAt(then.at), then.at, then.on))
				}
			})
		})
	}
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
		require.NotEqual(t, then.sheet, sayings(t, s, s.books, at, day("2011-02-01")).sheet, "the result is in retained earnings")
		require.Equal(t, then, sayings(t, s, s.books.KnownAt(at), at, day("2011-02-01")))
		cash, err := s.books.KnownAt(at.AddDate(-1, 0, 0)).Balance(s.ctx, accounting.ByRole(accounting.RoleCash), day("2011-02-01"))
		require.NoError(t, err)
		require.Zero(t, cash.Minor)
	})
}
