package accounting

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// YearEndTaskKind says what is left to do before a year is closed.
type YearEndTaskKind string

// The kinds of tasks.
const (
	// YearEndLocks: earlier years are not closed, or periods before the last one not locked. CloseYear refuses until they are.
	YearEndLocks YearEndTaskKind = "locks"
	// YearEndRevaluation: monetary accounts hold foreign currency on the last day that was not revalued, or was moved since it was.
	YearEndRevaluation YearEndTaskKind = "revaluation"
	// YearEndNextYear: the next fiscal year is not in the books, in which the reversal of a revaluation is dated.
	YearEndNextYear YearEndTaskKind = "next_year"
	// YearEndCash: payments of the year were booked to accounts that are neither cash in the statement of cash flows nor anything else that
	// somebody said: they have the place that accounts without a role begin with.
	YearEndCash YearEndTaskKind = "cash"
	// YearEndDrafts: there are drafts of documents, of whatever date, that are neither issued nor discarded.
	YearEndDrafts YearEndTaskKind = "drafts"
)

// YearEndTask is one thing left to do.
type YearEndTask struct {
	Kind YearEndTaskKind
	// Refused says that CloseYear refuses while it is so; else it is for the bookkeeper to judge.
	Refused bool
	// Detail is a sentence with periods, balances or numbers.
	Detail string
}

// YearEndChecklist tells what is left to do before [Service.CloseYear] of a fiscal year, in the order in which it is done; none of a year
// that is closed. It writes nothing. What domains above still have open (a till's session, goods that wait for a period) they say when
// the last period is locked: run CloseYear in [Service.Preview] to hear it.
//
// Permission: accounting.read. Errors: tenancy.not_found, accounting.books_not_open.
func (s *Service) YearEndChecklist(ctx context.Context, fiscalYear uuid.UUID) ([]YearEndTask, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]YearEndTask, error) {
		const op = "accounting.YearEndChecklist"
		w := &yearEnd{op: op, tx: tx}
		var err error
		w.set, err = s.setup(ctx, tx, op, func(b *tenancy.Batch) { tenancy.Load(b, &w.closings, tenancy.OrderBy("id")) })
		if err != nil {
			return nil, err
		}
		if w.year = w.set.year(fiscalYear); w.year == nil {
			return nil, tenancy.ErrNotFound.New(op, "there is no such fiscal year")
		}
		i := slices.IndexFunc(w.set.periods, func(p Period) bool { return p.FiscalYearID == fiscalYear && p.Seq == periodsPerYear })
		w.last = &w.set.periods[i]
		if w.standing(w.last.ID) != nil {
			return nil, nil
		}
		var out []YearEndTask
		drafts, err := tenancy.Count[Draft](ctx, tx, tenancy.Eq("state", string(DraftOpen)))
		if err != nil {
			return nil, err
		}
		if drafts > 0 {
			out = append(out, YearEndTask{Kind: YearEndDrafts, Detail: fmt.Sprintf("%d drafts of documents are neither issued nor discarded", drafts)})
		}
		missed, err := w.missedByCashFlow(ctx)
		if err != nil {
			return nil, err
		}
		if len(missed) > 0 {
			out = append(out, YearEndTask{Kind: YearEndCash, Detail: "payments went to accounts that are not cash in the statement of cash flows; make them cash with UpdateAccount, if they hold money: " +
				strings.Join(missed, ", ")})
		}
		held, err := w.unrevalued(ctx)
		if err != nil {
			return nil, err
		}
		if len(held) > 0 {
			if w.set.periodOf(w.year.EndsOn.AddDays(1)) == nil {
				out = append(out, YearEndTask{Kind: YearEndNextYear, Detail: "the reversal of a revaluation is dated the day after, in a year that is not in the books: add it"})
			}
			out = append(out, YearEndTask{Kind: YearEndRevaluation, Detail: "on " + w.year.EndsOn.String() + " accounts hold currency that is not revalued as it stands: " +
				strings.Join(held, ", ")})
		}
		if err := w.check(); err != nil {
			open := strings.TrimSuffix(strings.TrimPrefix(err.Error(), op+": "), " ("+string(ErrYearOpen.Code)+")")
			out = append(out, YearEndTask{Kind: YearEndLocks, Refused: true, Detail: open})
		}
		return out, nil
	})
}

// missedByCashFlow are the accounts that payments and exchanges of the year took for money, and the statement of cash flows for something
// operating, as it does what nobody has placed.
func (w *yearEnd) missedByCashFlow(ctx context.Context) ([]string, error) {
	var asked []uuid.UUID
	for i := range w.set.accounts {
		if a := &w.set.accounts[i]; a.CashFlow == CashFlowOperating && a.Role == "" && a.Control == NoControl && (a.Type == Asset || a.Type == Liability) {
			asked = append(asked, a.ID)
		}
	}
	if len(asked) == 0 {
		return nil, nil
	}
	found, err := tenancy.Report[uuid.UUID](ctx, w.tx, `SELECT DISTINCT l.account_id FROM {journal_lines} AS l JOIN {journal_entries} AS e ON e.id = l.entry_id
		WHERE l.account_id IN (?) AND l.entry_date >= ? AND l.entry_date <= ? AND e.kind IN ('payment', 'exchange')`, tenancy.List(asked), w.year.StartsOn, w.year.EndsOn)
	var out []string
	for i := range w.set.accounts { // in the order of the chart
		if a := &w.set.accounts[i]; slices.Contains(found, a.ID) {
			out = append(out, a.Code+" "+a.Name)
		}
	}
	return out, err
}

// unrevalued is what monetary accounts hold in foreign currencies at the year's end; none where the last revaluation of that day is
// younger than all that moved them.
func (w *yearEnd) unrevalued(ctx context.Context) ([]string, error) {
	held, err := positions(ctx, w.tx, w.set, w.year.EndsOn)
	if err != nil || !slices.ContainsFunc(held, func(p position) bool { return w.set.byID[p.AccountID].Monetary }) {
		return nil, err
	}
	runs, err := tenancy.Find[Revaluation](ctx, w.tx, tenancy.Eq("period_id", w.last.ID), tenancy.OrderBy("seq"))
	if err != nil {
		return nil, err
	}
	since := time.Time{}
	if len(runs) > 0 {
		since = runs[len(runs)-1].RecordedAt
	}
	moved, err := tenancy.Report[int64](ctx, w.tx, `SELECT COUNT(*) FROM {journal_entries} AS e JOIN {journal_lines} AS l ON l.entry_id = e.id
		WHERE e.posted_at > ? AND e.entry_date <= ? AND l.transaction_currency <> ? AND l.transaction_minor <> 0`, since, w.year.EndsOn, string(w.set.books.Currency))
	if err != nil || len(moved) == 0 || moved[0] == 0 {
		return nil, err
	}
	var out []string
	for i := range w.set.accounts { // in the order of the chart
		for _, p := range held {
			if a := &w.set.accounts[i]; p.AccountID == a.ID && a.Monetary {
				out = append(out, fmt.Sprintf("%s %s", a.Code, money.Amount{Minor: p.Minor, Currency: p.Currency}))
			}
		}
	}
	return out, nil
}

// positions are what accounts hold in foreign currencies at the end of a period, by currency.
func positions(ctx context.Context, tx *tenancy.Tx, set *setup, on date.Date) ([]position, error) {
	var until []uuid.UUID
	for i := range set.periods {
		if !set.periods[i].EndsOn.After(on) {
			until = append(until, set.periods[i].ID)
		}
	}
	return tenancy.Report[position](ctx, tx, `SELECT account_id, currency, CAST(SUM(transaction_minor) AS BIGINT) AS minor,
		CAST(SUM(debit_minor - credit_minor) AS BIGINT) AS base FROM {account_balances} AS b WHERE period_id IN (?) AND currency <> ?
		GROUP BY account_id, currency HAVING SUM(transaction_minor) <> 0 ORDER BY account_id, currency`, tenancy.List(until), string(set.books.Currency))
}
