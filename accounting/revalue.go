package accounting

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Revalue brings what monetary accounts hold in foreign currencies to the rate of a period's last day (IAS 21.23(a)): the
// differences are unrealised gains and losses on that day, and are taken back on the next. Control accounts are not moved, for
// they equal their open items: their difference stands on [RoleReceivableValuation] or [RolePayableValuation]. An account that
// holds nothing of a currency any more, and still carries something in base for it, has made that gain or loss: it is booked as
// realised, and stays. What is open of prepayments is left out, for advances are not monetary (IFRIC 22).
//
// It books what is missing: run again it finds nothing (and gives the last run, Replayed), unless something was posted into or
// before the period since or a rate was revised; then it books the difference. Two runs at once wait for one another. It reads kept
// balances, what is open of prepayments and no lines, in a number of statements that does not depend on the ledger.
//
// Permission: accounting.revalue, and accounting.exception where a LockException is given. Errors: accounting.bad_input,
// accounting.not_period_end, accounting.no_rate (which names the currency), accounting.no_period (of the day after: add its fiscal
// year first), accounting.period_locked, accounting.period_soft_locked, accounting.exception_forbidden,
// accounting.account_inactive, accounting.dimension_needed.
func (s *Service) Revalue(ctx context.Context, in NewRevaluation) (Revaluation, error) {
	return tenancy.Act(ctx, s.db, PermRevalue, func(ctx context.Context, tx *tenancy.Tx) (Revaluation, error) {
		const op = "accounting.Revalue"
		if err := checkInput(op, "", &in); err != nil {
			return Revaluation{}, err
		}
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return Revaluation{}, err
		}
		period := set.periodOf(in.On)
		if period == nil || period.EndsOn != in.On {
			return Revaluation{}, ErrNotPeriodEnd.New(op, "%s is not the last day of a period", in.On)
		}
		w := &revaluing{op: op, tx: tx, set: set, in: &in, period: period}
		if err := w.read(ctx); err != nil {
			return Revaluation{}, err
		}
		if err := w.compare(); err != nil {
			return Revaluation{}, err
		}
		if len(w.moves)+len(w.final) == 0 {
			return w.nothing(ctx)
		}
		return w.book(ctx)
	})
}

// revaluing is one call of Revalue.
type revaluing struct {
	op     string
	tx     *tenancy.Tx
	set    *setup
	in     *NewRevaluation
	period *Period
	before []Revaluation // of this period's end
	held   []position
	rates  *rateTable

	row          Revaluation
	moves, final []revaluedMove // unrealised, and realised
}

// position is what an account holds in a foreign currency.
type position struct {
	AccountID uuid.UUID      `bun:"account_id"`
	Currency  money.Currency `bun:"currency"`
	Minor     int64          `bun:"minor"` // in the currency
	Base      int64          `bun:"base"`
}

// read waits for postings into the period, and for another run, and then takes the balances.
func (w *revaluing) read(ctx context.Context) error {
	var locked []Period
	b := w.tx.Batch()
	tenancy.Load(b, &locked, tenancy.Eq("id", w.period.ID), tenancy.ForUpdate())
	if err := b.Run(ctx); err != nil {
		return err
	}
	b = w.tx.Batch() // another statement, which sees what was committed until now
	tenancy.Load(b, &w.before, tenancy.Eq("period_id", w.period.ID), tenancy.OrderBy("seq"))
	if err := b.Run(ctx); err != nil {
		return err
	}
	var until []uuid.UUID
	for i := range w.set.periods {
		if !w.set.periods[i].EndsOn.After(w.in.On) {
			until = append(until, w.set.periods[i].ID)
		}
	}
	base := w.set.books.Currency
	var err error
	w.held, err = tenancy.Report[position](ctx, w.tx, `SELECT account_id, currency, CAST(SUM(transaction_minor) AS BIGINT) AS minor,
		CAST(SUM(debit_minor - credit_minor) AS BIGINT) AS base FROM {account_balances} AS b WHERE period_id IN (?) AND currency <> ?
		GROUP BY account_id, currency`, tenancy.List(until), string(base))
	if err != nil {
		return err
	}
	if err := w.leaveAdvances(ctx); err != nil {
		return err
	}
	w.rates = newRateTable(w.op, base, w.set.books.RateMaxAgeDays)
	for _, p := range w.held {
		if p.Minor != 0 && w.set.revalued(w.set.byID[p.AccountID]) {
			w.rates.want(p.Currency, w.in.On)
		}
	}
	return w.rates.load(ctx, w.tx)
}

// leaveAdvances leaves out what is open of prepayments: an advance is no monetary item, nor is the claim to one that nobody has paid (IAS 21.16,
// IFRIC 22.9). Paying it realises nothing.
func (w *revaluing) leaveAdvances(ctx context.Context) error {
	open, err := tenancy.Report[position](ctx, w.tx, `SELECT account_id, currency, CAST(SUM(minor) AS BIGINT) AS minor, CAST(SUM(base) AS BIGINT) AS base FROM (
		SELECT o.account_id, o.original_currency AS currency, o.original_minor AS minor, o.base_minor AS base FROM {open_items} AS o
		WHERE o.kind IN ('prepayment', 'vendor_prepayment') AND o.item_date <= ?
		UNION ALL
		SELECT o.account_id, o.original_currency AS currency, 0 - a.amount_minor AS minor, 0 - a.debit_base_minor AS base
		FROM {allocations} AS a JOIN {open_items} AS o ON o.id = a.debit_id WHERE o.kind = 'prepayment' AND a.allocated_on <= ?
		UNION ALL
		SELECT o.account_id, o.original_currency AS currency, a.amount_minor AS minor, a.credit_base_minor AS base
		FROM {allocations} AS a JOIN {open_items} AS o ON o.id = a.credit_id WHERE o.kind = 'vendor_prepayment' AND a.allocated_on <= ?
		) AS moves GROUP BY account_id, currency`, w.in.On, w.in.On, w.in.On)
	for _, p := range open {
		for i := range w.held {
			if h := &w.held[i]; h.AccountID == p.AccountID && h.Currency == p.Currency {
				h.Minor, h.Base = h.Minor-p.Minor, h.Base-p.Base
			}
		}
	}
	return err
}

// compare finds the differences, in the order of the chart and then of currencies.
func (w *revaluing) compare() error {
	carried := map[balanceKey]int64{} // on the valuation accounts
	for _, p := range w.held {
		carried[balanceKey{account: p.AccountID, currency: p.Currency}] = p.Base
	}
	slices.SortFunc(w.held, func(a, b position) int {
		if a.AccountID != b.AccountID {
			return slices.Compare([]byte(w.set.byID[a.AccountID].Code), []byte(w.set.byID[b.AccountID].Code))
		}
		return slices.Compare([]byte(a.Currency), []byte(b.Currency))
	})
	// All control accounts of a kind share a valuation account: their differences in a currency are one, or those of two accounts
	// would be found again each time.
	var order []balanceKey
	groups := map[balanceKey]*revaluedGroup{}
	for _, p := range w.held {
		account := w.set.byID[p.AccountID]
		if !w.set.revalued(account) {
			continue
		}
		target, err := w.target(account)
		if err != nil {
			return err
		}
		key := balanceKey{account: target.ID, currency: p.Currency}
		g := groups[key]
		if g == nil {
			g = &revaluedGroup{own: target == account}
			groups[key], order = g, append(order, key)
			if !g.own {
				p.Base += carried[key]
			}
		}
		if err := w.line(g, p); err != nil {
			return err
		}
	}
	for _, key := range order {
		w.move(key, groups[key])
	}
	return nil
}

// revaluedGroup is the positions in one currency whose difference goes to one account.
type revaluedGroup struct {
	own   bool // the account is moved itself
	lines []RevaluationLine
	by    int64
	empty bool // nothing is held of the currency
}

// revalued reports whether an account's worth follows the rates. Tax of a document in a foreign currency is owed in base, at the worth
// that was declared.
func (set *setup) revalued(a *Account) bool {
	return a.Monetary && !set.taxAccounts[a.ID] && a.Role != RoleTaxNotDue && a.Role != RoleInputTaxNotDue
}

// target is the account that takes the difference of an account.
func (w *revaluing) target(a *Account) (*Account, error) {
	switch a.Control {
	case ControlReceivable:
		return w.set.postable(w.op, "", ByRole(RoleReceivableValuation))
	case ControlPayable:
		return w.set.postable(w.op, "", ByRole(RolePayableValuation))
	case NoControl:
	}
	return a, nil
}

// line compares one position with what it is worth.
func (w *revaluing) line(g *revaluedGroup, p position) error {
	l := RevaluationLine{AccountID: p.AccountID, Balance: money.Amount{Minor: p.Minor, Currency: p.Currency}, CarriedMinor: p.Base, RateOn: w.in.On}
	if p.Minor != 0 {
		worth, rate, err := w.rates.convert("", l.Balance, w.in.On)
		if err != nil {
			return err
		}
		l.WorthMinor, l.Rate, l.RateIndirect, l.RateOn = worth.Minor, rate.Rate, rate.Indirect, rate.On
	}
	g.empty = p.Minor == 0
	g.by += l.WorthMinor - p.Base
	g.lines = append(g.lines, l)
	return nil
}

// move plans what a group's account is moved by.
func (w *revaluing) move(key balanceKey, g *revaluedGroup) {
	if g.by == 0 {
		return
	}
	for _, l := range g.lines {
		if l.WorthMinor != l.CarriedMinor {
			w.row.Lines = append(w.row.Lines, l)
		}
	}
	move := revaluedMove{Account: ByID(key.account), Of: key.currency, By: money.Amount{Minor: g.by, Currency: w.set.books.Currency}}
	if g.own && g.empty {
		w.final = append(w.final, move)
	} else {
		w.moves = append(w.moves, move)
	}
}

// nothing gives the last run back.
func (w *revaluing) nothing(ctx context.Context) (Revaluation, error) {
	if len(w.before) == 0 {
		return Revaluation{PeriodID: w.period.ID, On: w.in.On, Replayed: true}, nil
	}
	last := w.before[len(w.before)-1]
	b := w.tx.Batch()
	tenancy.Load(b, &last.Lines, tenancy.Eq("revaluation_id", last.ID), tenancy.OrderBy("line_no"))
	last.Replayed = true
	return last, b.Run(ctx)
}

// book writes the entries and the record of the run.
func (w *revaluing) book(ctx context.Context) (Revaluation, error) {
	r := &w.row
	r.ID, r.PeriodID, r.Seq, r.On, r.RecordedAt = tenancy.NewID(), w.period.ID, int64(len(w.before)+1), w.in.On, w.tx.Now()
	p := newPlan(w.op, w.tx, w.set, 3)
	if len(w.moves) > 0 {
		entry, err := w.plan(p, w.moves, KindRevaluation, RoleUnrealisedGain, RoleUnrealisedLoss)
		if err != nil {
			return Revaluation{}, err
		}
		r.EntryID = entry.ID
		next := reversalEntry(&reversalFact{Journal: JournalGeneral, Date: w.in.On.AddDays(1), Lines: lines(p.lines), Lock: w.in.LockException}).withDefaults()
		next.Source = Source{Model: "erp.revaluations", ID: r.ID}
		back, err := p.add("the reversal: ", &next, booking{reverses: entry.ID, unbound: true})
		if err != nil {
			return Revaluation{}, err
		}
		r.ReversalID = back.ID
	}
	if len(w.final) > 0 {
		entry, err := w.plan(p, w.final, KindRealised, RoleExchangeGain, RoleExchangeLoss)
		if err != nil {
			return Revaluation{}, err
		}
		r.RealisedID = entry.ID
	}
	rows := pointers(r.Lines)
	for i, l := range rows {
		l.RevaluationID, l.LineNo = r.ID, int64(i+1)
	}
	b := w.tx.Batch()
	p.write(b)
	tenancy.Put(b, []*Revaluation{r})
	tenancy.Put(b, rows)
	return done(r, b.Run(ctx))
}

func (w *revaluing) plan(p *plan, moves []revaluedMove, kind EntryKind, gain, loss Role) (*Entry, error) {
	e := revaluationEntry(&revaluationFact{ID: w.row.ID, Kind: kind, Date: w.in.On, Gain: gain, Loss: loss, Moves: moves, Lock: w.in.LockException}).withDefaults()
	return p.add("", &e, booking{})
}

func lines(of []*Line) []Line {
	out := make([]Line, len(of))
	for i, l := range of {
		out[i] = *l
	}
	return out
}

// Revaluations gives the runs of [Service.Revalue] for a period's end, first to last, without their lines.
//
// Permission: accounting.read. Errors: accounting.not_period_end, accounting.books_not_open.
func (s *Service) Revaluations(ctx context.Context, on date.Date) ([]Revaluation, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Revaluation, error) {
		const op = "accounting.Revaluations"
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return nil, err
		}
		period := set.periodOf(on)
		if period == nil || period.EndsOn != on {
			return nil, ErrNotPeriodEnd.New(op, "%s is not the last day of a period", on)
		}
		return tenancy.Find[Revaluation](ctx, tx, tenancy.Eq("period_id", period.ID), tenancy.OrderBy("seq"))
	})
}
