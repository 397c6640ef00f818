package accounting

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// SetPeriodState opens, soft-locks or locks a period, for all journals or for one. A lock of one journal can only be tighter
// than what holds for all; opening takes only the journal's own lock away. Setting the state that it has changes nothing.
//
// Locking locks all periods before as well: nothing is written at or before a hard lock. Locked for all journals, each period
// leaves a [Closing] with its figures. The last period of a year is locked by [Service.CloseYear]. Locking waits for postings
// that are under way, and those that come after it see the lock, so the figures have either the whole of an entry or it is
// refused. What is locked is opened again by [Service.AskReopening] and [Service.ApproveReopening] alone.
//
// Permission: accounting.periods, and accounting.close to lock. Errors: accounting.bad_input (taking a lock away needs a
// reason), accounting.period_state, accounting.year_open, accounting.unknown_journal, accounting.books_not_open,
// tenancy.not_found, tenancy.forbidden; what domains above refuse a lock for, such as inventory.group_unposted.
func (s *Service) SetPeriodState(ctx context.Context, in SetPeriod) (Period, error) {
	return tenancy.Act(ctx, s.db, PermPeriods, func(ctx context.Context, tx *tenancy.Tx) (Period, error) {
		const op = "accounting.SetPeriodState"
		if err := checkInput(op, "", in); err != nil {
			return Period{}, err
		}
		if in.State == PeriodLocked && !tx.Scope().Can(PermClose) {
			return Period{}, tenancy.ErrForbidden.New(op, "the scope lacks the permission %s", PermClose)
		}
		w, err := s.lockPeriods(ctx, tx, op, in)
		if err != nil {
			return Period{}, err
		}
		if in.Journal == "" {
			return w.setAll(ctx)
		}
		return w.setOne(ctx)
	})
}

// locking is one change of a period's state. The periods that it is about are locked against postings.
type locking struct {
	op     string
	tx     *tenancy.Tx
	in     SetPeriod
	set    *setup
	target Period
	rows   []Period // by date: the target, and to lock it all periods before
	known  []JournalLock
}

// lockPeriods locks the rows in the order of their ids, as postings do.
func (s *Service) lockPeriods(ctx context.Context, tx *tenancy.Tx, op string, in SetPeriod) (*locking, error) {
	set, err := s.setup(ctx, tx, op, nil)
	if err != nil {
		return nil, err
	}
	w := &locking{op: op, tx: tx, in: in, set: set}
	i := slices.IndexFunc(set.periods, func(p Period) bool { return p.ID == in.PeriodID })
	if i < 0 {
		return nil, tenancy.ErrNotFound.New(op, "there is no such period")
	}
	only := tenancy.Eq("id", in.PeriodID)
	if in.State == PeriodLocked {
		only = tenancy.Le("starts_on", set.periods[i].StartsOn)
	}
	b := tx.Batch()
	tenancy.Load(b, &w.rows, only, tenancy.ForUpdate())
	if in.Journal != "" {
		journal, err := set.journal(op, "", in.Journal)
		if err != nil {
			return nil, err
		}
		tenancy.Load(b, &w.known, tenancy.Eq("journal_id", journal.ID), tenancy.ForUpdate())
	}
	if err := b.Run(ctx); err != nil {
		return nil, err
	}
	slices.SortFunc(w.rows, func(a, b Period) int { return cmp.Compare(a.StartsOn.String(), b.StartsOn.String()) })
	w.target = w.rows[len(w.rows)-1]
	tx.Forget(setupKey) // what was posted while we waited may stand on accounts that were new
	w.set, err = s.setup(ctx, tx, op, nil)
	tx.Forget(setupKey)
	return w, err
}

// setAll changes what holds for all journals.
func (w *locking) setAll(ctx context.Context) (Period, error) {
	p := &w.target
	switch {
	case p.State == w.in.State:
		return *p, nil
	case p.State == PeriodLocked:
		return Period{}, ErrPeriodState.New(w.op, "period %s is locked: ask for a reopening", p.Name)
	case w.in.State == PeriodOpen && w.in.Reason == "":
		return Period{}, ErrBadInput.New(w.op, "Reason is needed to open period %s again", p.Name)
	}
	var changed []*Period
	for i := range w.rows {
		p := &w.rows[i]
		if p.State == PeriodLocked {
			continue
		}
		if w.in.State == PeriodLocked && p.Seq == periodsPerYear {
			return Period{}, ErrYearOpen.New(w.op, "period %s is the last of the year %s: it is locked by closing the year", p.Name, w.set.year(p.FiscalYearID).Label)
		}
		p.State, p.Reason, p.ChangedAt = w.in.State, w.in.Reason, notBefore(w.tx.Now(), p.ChangedAt)
		changed = append(changed, p)
	}
	b := changing(w.tx)
	if w.in.State == PeriodLocked {
		figures, err := readFigures(ctx, w.tx, w.set, w.target.EndsOn)
		if err != nil {
			return Period{}, err
		}
		closings, err := figures.closings(w.op, w.tx, changed)
		if err != nil {
			return Period{}, err
		}
		tenancy.Put(b, closings)
	}
	tenancy.Set(b, changed, "state", "reason", "changed_at")
	return done(changed[len(changed)-1], b.Run(ctx))
}

// setOne changes what is tighter for one journal.
func (w *locking) setOne(ctx context.Context) (Period, error) {
	journal, err := w.set.journal(w.op, "", w.in.Journal)
	if err != nil {
		return Period{}, err
	}
	known := map[uuid.UUID]*JournalLock{}
	for i := range w.known {
		known[w.known[i].PeriodID] = &w.known[i]
	}
	if there := known[w.target.ID]; there != nil && there.State == PeriodLocked && w.in.State != PeriodLocked {
		return Period{}, ErrPeriodState.New(w.op, "period %s is locked for the journal %s: ask for a reopening", w.target.Name, w.in.Journal)
	}
	if w.in.State == PeriodOpen && w.in.Reason == "" {
		return Period{}, ErrBadInput.New(w.op, "Reason is needed to open period %s again", w.target.Name)
	}
	var fresh, changed []*JournalLock
	for i := range w.rows {
		p := &w.rows[i]
		there := known[p.ID]
		switch {
		case p.State == PeriodLocked, there == nil && w.in.State == PeriodOpen, there != nil && there.State == w.in.State:
		case there == nil:
			fresh = append(fresh, &JournalLock{JournalID: journal.ID, PeriodID: p.ID, State: w.in.State, Reason: w.in.Reason, ChangedAt: w.tx.Now()})
		default:
			there.State, there.Reason, there.ChangedAt = w.in.State, w.in.Reason, notBefore(w.tx.Now(), there.ChangedAt)
			changed = append(changed, there)
		}
	}
	b := changing(w.tx)
	tenancy.Put(b, fresh)
	tenancy.Set(b, changed, "state", "reason", "changed_at")
	return w.target, b.Run(ctx)
}

// notBefore is now, or what it may not be before should the clock have been set back.
func notBefore(now, than time.Time) time.Time {
	if now.Before(than) {
		return than
	}
	return now
}

// JournalLocks gives what is locked more tightly for a journal than for all, in no particular order.
//
// Permission: accounting.read. Errors: accounting.books_not_open.
func (s *Service) JournalLocks(ctx context.Context) ([]JournalLock, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]JournalLock, error) {
		set, err := s.setup(ctx, tx, "accounting.JournalLocks", nil)
		if err != nil {
			return nil, err
		}
		return set.locks, nil
	})
}
