package accounting

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// NewYearEnd is the input of [Service.CloseYear].
type NewYearEnd struct {
	FiscalYearID uuid.UUID `validate:"required"`
	// Retained is where the result goes, and what distributions are taken from. Default [RoleRetainedEarnings].
	Retained AccountRef
}

// CloseYear books the result of a fiscal year into retained earnings, in one entry of the year's last day that empties every
// account of income and expense in every combination of dimensions, and locks the last period with it. Retained earnings take what
// each combination has earned under that combination, so that a balance sheet by a dimension says whose the profits are. The accounts of distributions
// ([Account].Distribution: dividends, drawings) are emptied in the same entry, with lines of their own, of all that they hold by then. A year without any gets no entry. The statements of
// profit and loss leave such entries out, and the balance sheet of a day within the year as well, so that they say the same before
// and after. Any number of accounts costs the same few statements.
//
// All years before it are closed and all periods before the last one locked; the refusal names those that are not. A year that
// is closed is given back with Replayed set. After a reopening it is closed anew: if the result has changed, the former entry is
// reversed and a new one shows the whole result, so that at any time one entry stands for a year.
//
// Permission: accounting.close. Errors: accounting.bad_input, accounting.year_open, accounting.period_locked (of the journal),
// accounting.unknown_account, accounting.amount_limit, accounting.too_many, accounting.books_not_open, tenancy.not_found; what
// domains above refuse a lock for, such as inventory.group_unposted.
func (s *Service) CloseYear(ctx context.Context, in NewYearEnd) (Closing, error) {
	return tenancy.Act(ctx, s.db, PermClose, func(ctx context.Context, tx *tenancy.Tx) (Closing, error) {
		const op = "accounting.CloseYear"
		if err := checkInput(op, "", in); err != nil {
			return Closing{}, err
		}
		w := &yearEnd{op: op, tx: tx, in: in}
		if err := w.read(ctx, s); err != nil {
			return Closing{}, err
		}
		if there := w.standing(w.last.ID); there != nil {
			there.Replayed = true
			return *there, nil
		}
		if err := w.check(); err != nil {
			return Closing{}, err
		}
		return done(w.close(ctx))
	})
}

// yearEnd is one call of CloseYear. The year's periods are locked against postings.
type yearEnd struct {
	op       string
	tx       *tenancy.Tx
	in       NewYearEnd
	set      *setup
	year     *FiscalYear
	rows     []Period
	last     *Period   // one of rows
	closings []Closing // all, in order
}

func (w *yearEnd) read(ctx context.Context, s *Service) (err error) {
	b := w.tx.Batch()
	tenancy.Load(b, &w.rows, tenancy.Eq("fiscal_year_id", w.in.FiscalYearID), tenancy.ForUpdate())
	if err := b.Run(ctx); err != nil {
		return err
	}
	w.tx.Forget(setupKey) // what it said may be from before we waited
	w.set, err = s.setup(ctx, w.tx, w.op, func(b *tenancy.Batch) { tenancy.Load(b, &w.closings, tenancy.OrderBy("id")) })
	if err != nil {
		return err
	}
	if w.year = w.set.year(w.in.FiscalYearID); w.year == nil {
		return tenancy.ErrNotFound.New(w.op, "there is no such fiscal year")
	}
	i := slices.IndexFunc(w.rows, func(p Period) bool { return p.Seq == periodsPerYear })
	w.last = &w.rows[i]
	return nil
}

// standing is the closing of a period that holds.
func (w *yearEnd) standing(period uuid.UUID) *Closing {
	for i := range w.closings {
		if c := &w.closings[i]; c.PeriodID == period && c.Standing() {
			return c
		}
	}
	return nil
}

// check says what is in the way. Errors: accounting.year_open.
func (w *yearEnd) check() error {
	var open []string
	for i := range w.set.periods {
		p := &w.set.periods[i]
		if !p.StartsOn.Before(w.last.StartsOn) || w.standing(p.ID) != nil {
			continue
		}
		name := "period " + p.Name
		if p.Seq == periodsPerYear {
			name = "year " + w.set.year(p.FiscalYearID).Label
		}
		open = append(open, name)
	}
	if len(open) > 0 {
		return ErrYearOpen.New(w.op, "before the year %s is closed: lock %s", w.year.Label, strings.Join(open, ", "))
	}
	return nil
}

func (w *yearEnd) close(ctx context.Context) (*Closing, error) {
	figures, err := readFigures(ctx, w.tx, w.set, w.year.EndsOn)
	if err != nil {
		return nil, err
	}
	former, err := w.former(ctx)
	if err != nil {
		return nil, err
	}
	_, posted, err := figures.upTo(w.last)
	if err != nil {
		return nil, err
	}
	for _, l := range former { // the result without what closed it before
		subtract(posted, l.AccountID, l.Amount.Minor)
	}
	result, distributed, err := w.emptied(ctx, former)
	if err != nil {
		return nil, err
	}
	state := w.last.State
	w.last.State, w.last.ChangedAt = PeriodLocked, notBefore(w.tx.Now(), w.last.ChangedAt)
	closing := &Closing{Row: tenancy.Row{ID: tenancy.NewID()}, PeriodID: w.last.ID, Kind: ClosingOfYear, ClosedBy: w.tx.Scope().Actor(), ClosedAt: w.last.ChangedAt,
		Profit: profitAndLoss(w.set, posted, w.year.StartsOn, w.year.EndsOn).NetProfit}
	p := newPlan(w.op, w.tx, w.set, 2)
	if err := w.book(p, closing, result, distributed, former, state); err != nil {
		return nil, err
	}
	figures.with(p.balances)
	all, _, err := figures.upTo(w.last)
	if err != nil {
		return nil, err
	}
	closing.Root = rootOf(all)
	if closing.Debit, err = debitSide(w.op, w.set, all); err != nil {
		return nil, err
	}
	b := changing(w.tx)
	p.write(b)
	tenancy.Put(b, []*Closing{closing})
	tenancy.Set(b, []*Period{w.last}, "state", "changed_at")
	return closing, b.Run(ctx)
}

// former are the lines of the entry that closed the year before it was reopened; none when it had no result, or was never closed.
func (w *yearEnd) former(ctx context.Context) ([]Line, error) {
	for _, c := range slices.Backward(w.closings) {
		if c.PeriodID != w.last.ID {
			continue
		}
		if c.EntryID == uuid.Nil {
			return nil, nil
		}
		return tenancy.Find[Line](ctx, w.tx, tenancy.Eq("entry_id", c.EntryID), tenancy.OrderBy("line_no"))
	}
	return nil, nil
}

// analysedSum is what was posted to an account with a combination of dimensions.
type analysedSum struct {
	accountSum
	Set uuid.UUID `bun:"dimension_set_id"`
}

// emptied is what closing the year empties: what the accounts of income and expense hold of the year, and what those of distributions hold
// altogether, for one that was declared late holds that of earlier years too.
func (w *yearEnd) emptied(ctx context.Context, former []Line) (result, distributed []analysedPart, err error) {
	var within, until []uuid.UUID
	for i := range w.rows {
		within = append(within, w.rows[i].ID)
	}
	for i := range w.set.periods {
		if p := &w.set.periods[i]; !p.StartsOn.After(w.last.StartsOn) {
			until = append(until, p.ID)
		}
	}
	if result, err = w.held(ctx, former, within, func(a *Account) bool { return a.Type.ofResult() }); err != nil {
		return nil, nil, err
	}
	distributed, err = w.held(ctx, former, until, func(a *Account) bool { return a.Distribution })
	return result, distributed, err
}

// held is what some accounts hold of some periods by combination of dimensions, without what closed the year before, in the order of the
// chart and then of combinations.
func (w *yearEnd) held(ctx context.Context, former []Line, periods []uuid.UUID, of func(*Account) bool) ([]analysedPart, error) {
	var accounts []uuid.UUID
	for i := range w.set.accounts {
		if of(&w.set.accounts[i]) {
			accounts = append(accounts, w.set.accounts[i].ID)
		}
	}
	if len(accounts) == 0 {
		return nil, nil
	}
	rows, err := tenancy.Report[analysedSum](ctx, w.tx, `SELECT account_id, dimension_set_id, CAST(SUM(debit_minor) AS BIGINT) AS debit_minor,
		CAST(SUM(credit_minor) AS BIGINT) AS credit_minor
		FROM {account_balances} AS b WHERE account_id IN (?) AND period_id IN (?) GROUP BY account_id, dimension_set_id`,
		tenancy.List(accounts), tenancy.List(periods))
	if err != nil {
		return nil, err
	}
	type place struct{ account, set uuid.UUID }
	left := make(map[place]int64, len(rows))
	for _, r := range rows {
		left[place{r.AccountID, r.Set}] = r.net()
	}
	for _, l := range former {
		left[place{l.AccountID, l.DimensionSetID}] -= l.Amount.Minor
	}
	sets := make(map[uuid.UUID][]uuid.UUID, len(w.set.accounts))
	for at := range left {
		sets[at.account] = append(sets[at.account], at.set)
	}
	var out []analysedPart
	for i := range w.set.accounts {
		a := &w.set.accounts[i]
		if !of(a) {
			continue
		}
		for _, set := range slices.SortedFunc(slices.Values(sets[a.ID]), func(x, y uuid.UUID) int { return bytes.Compare(x[:], y[:]) }) {
			out = append(out, analysedPart{postingPart{ByID(a.ID), money.Amount{Minor: left[place{a.ID, set}], Currency: w.set.books.Currency}}, set})
		}
	}
	return out, nil
}

// book plans the closing entry, and the reversal of the former one if that says something else.
func (w *yearEnd) book(p *plan, closing *Closing, result, distributed []analysedPart, former []Line, state PeriodState) error {
	f := &yearEndFact{Result: result, Distributed: distributed, ClosingID: closing.ID, Date: w.year.EndsOn, Retained: w.in.Retained.orDefault(RoleRetainedEarnings)}
	if state == PeriodSoftLocked {
		f.Lock = "the year is closed" // whoever may close needs no other exception
	}
	retained, err := w.set.ordinary(w.op, "", f.Retained)
	if err != nil {
		return err
	}
	if retained.Distribution {
		return ErrBadInput.New(w.op, "Retained: account %s %s is a distribution, and emptied itself", retained.Code, retained.Name)
	}
	f.Retained = ByID(retained.ID)
	entry := yearEndEntry(f)
	if len(former) > 0 {
		if same(former, entry.Lines) {
			closing.EntryID = former[0].EntryID
			return nil
		}
		back := yearEndReversal(f, former)
		if _, err := p.add("", &back, booking{reverses: former[0].EntryID, reason: "the year was opened again", closing: true}); err != nil {
			return err
		}
	}
	if len(entry.Lines) == 0 {
		return nil
	}
	booked, err := p.add("", &entry, booking{closing: true})
	if err == nil {
		closing.EntryID = booked.ID
	}
	return err
}

// same reports whether booked lines are those that would be booked.
func same(booked []Line, lines []NewLine) bool {
	return slices.EqualFunc(booked, lines, func(b Line, l NewLine) bool {
		return ByID(b.AccountID) == l.Account && b.Amount.Minor == l.booked.base && b.DimensionSetID == l.booked.set
	})
}

// ofResult reports whether accounts of the type are emptied when a year is closed.
func (t AccountType) ofResult() bool {
	switch t {
	case Income, CostOfSales, Expense:
		return true
	case Asset, Liability, Equity:
	}
	return false
}

// resultSums are groupedSums without the entries that closed years.
func resultSums(ctx context.Context, tx *tenancy.Tx, set *setup, from, to date.Date, in *cut) (map[string]map[uuid.UUID]accountSum, error) {
	groups, err := groupedSums(ctx, tx, set, from, to, in)
	if err != nil || len(groups) == 0 {
		return groups, err
	}
	return groups, withoutYearEnd(ctx, tx, set, groups, from, to, in)
}

// withoutYearEnd takes the entries that closed years between two days, both included, out of what was posted.
func withoutYearEnd(ctx context.Context, tx *tenancy.Tx, set *setup, groups map[string]map[uuid.UUID]accountSum, from, to date.Date, in *cut) error {
	value, join, args := in.grouping("l.dimension_set_id")
	where, more := in.where("l.dimension_set_id")
	args = append(append(args, from, to, set.knownUntil()), more...)
	rows, err := tenancy.Report[slicedSum](ctx, tx, `SELECT l.account_id,
		CAST(SUM(CASE WHEN l.amount_minor > 0 THEN l.amount_minor ELSE 0 END) AS BIGINT) AS debit_minor,
		CAST(SUM(CASE WHEN l.amount_minor < 0 THEN -l.amount_minor ELSE 0 END) AS BIGINT) AS credit_minor, `+value+` AS value
		FROM {journal_entries} AS e JOIN {journal_lines} AS l ON l.entry_id = e.id`+join+`
		WHERE e.kind = 'year_end' AND e.entry_date >= ? AND e.entry_date <= ? AND e.posted_at <= ?`+where+` GROUP BY l.account_id, 4`, args...)
	for _, r := range rows {
		subtract(groups[r.Value], r.AccountID, r.DebitMinor)
		subtract(groups[r.Value], r.AccountID, -r.CreditMinor)
	}
	return err
}

// subtract takes one line, debits positive, out of what was posted to an account.
func subtract(posted map[uuid.UUID]accountSum, account uuid.UUID, minor int64) {
	sum := posted[account]
	sum.AccountID = account
	if minor > 0 {
		sum.DebitMinor -= minor
	} else {
		sum.CreditMinor += minor
	}
	if posted[account] = sum; sum.DebitMinor == 0 && sum.CreditMinor == 0 {
		delete(posted, account)
	}
}
