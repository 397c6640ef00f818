package accounting

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// AskReopening asks for a locked period, and all that is locked after it, to be opened again. Another person approves within
// [ReopeningTerm], or nothing comes of it. It changes nothing by itself. The same person asking again for the same gets what is
// pending, with Replayed set.
//
// Permission: accounting.reopen. Errors: accounting.bad_input, accounting.not_a_person, accounting.period_state (the period is
// not locked), accounting.unknown_journal, accounting.books_not_open, tenancy.not_found.
func (s *Service) AskReopening(ctx context.Context, in NewReopening) (Reopening, error) {
	return tenancy.Act(ctx, s.db, PermReopen, func(ctx context.Context, tx *tenancy.Tx) (Reopening, error) {
		const op = "accounting.AskReopening"
		if err := checkInput(op, "", in); err != nil {
			return Reopening{}, err
		}
		actor := tx.Scope().Actor()
		if err := checkPerson(op, actor); err != nil {
			return Reopening{}, err
		}
		var journal uuid.UUID
		var asked []Reopening
		set, err := s.setup(ctx, tx, op, func(b *tenancy.Batch) {
			tenancy.Load(b, &asked, tenancy.Eq("period_id", in.PeriodID), tenancy.OrderBy("id"))
		})
		if err != nil {
			return Reopening{}, err
		}
		if in.Journal != "" {
			found, err := set.journal(op, "", in.Journal)
			if err != nil {
				return Reopening{}, err
			}
			journal = found.ID
		}
		p, err := tenancy.Lock[Period](ctx, tx, in.PeriodID)
		if err != nil {
			return Reopening{}, err
		}
		locked := p.State == PeriodLocked
		now := notBefore(tx.Now(), p.ChangedAt)
		if in.Journal != "" {
			i := slices.IndexFunc(set.locks, func(k JournalLock) bool { return k.PeriodID == p.ID && k.JournalID == journal })
			if locked = i >= 0 && set.locks[i].State == PeriodLocked; locked {
				now = notBefore(now, set.locks[i].ChangedAt)
			}
		}
		if !locked {
			return Reopening{}, ErrPeriodState.New(op, "period %s is not locked, or not in this way", p.Name)
		}
		for i := range asked {
			if r := &asked[i]; r.AskedBy == actor && r.JournalID == journal && !r.Approved() && !now.After(r.ExpiresAt) && !r.AskedAt.Before(p.ChangedAt) {
				r.Replayed = true
				return *r, nil
			}
		}
		r := &Reopening{PeriodID: p.ID, JournalID: journal, Reason: in.Reason, AskedBy: actor, AskedAt: now, ExpiresAt: now.Add(ReopeningTerm)}
		return done(r, tenancy.Insert(ctx, tx, r))
	})
}

// checkPerson refuses background work and API keys. Errors: accounting.not_a_person.
func checkPerson(op, actor string) error {
	if strings.HasPrefix(actor, "system:") || strings.HasPrefix(actor, "key:") {
		return ErrNotAPerson.New(op, "")
	}
	return nil
}

// ApproveReopening approves what another person asked for, and opens: the locks of the period and of all later ones become soft
// locks, so that what is written there carries a reason, and their closings are superseded. Approving again changes nothing.
//
// Permission: accounting.approve. Errors: accounting.not_a_person, accounting.same_person, accounting.reopening_state (expired,
// approved by somebody else, or of a lock that has been lifted and set anew since), tenancy.not_found.
func (s *Service) ApproveReopening(ctx context.Context, id uuid.UUID) (Reopening, error) {
	return tenancy.Act(ctx, s.db, PermApprove, func(ctx context.Context, tx *tenancy.Tx) (Reopening, error) {
		const op = "accounting.ApproveReopening"
		actor := tx.Scope().Actor()
		if err := checkPerson(op, actor); err != nil {
			return Reopening{}, err
		}
		r, err := tenancy.Lock[Reopening](ctx, tx, id)
		if err != nil {
			return Reopening{}, err
		}
		now := notBefore(tx.Now(), r.AskedAt)
		switch {
		case r.AskedBy == actor:
			return Reopening{}, ErrSamePerson.New(op, "")
		case r.ApprovedBy == actor:
			r.Replayed = true
			return *r, nil
		case r.Approved():
			return Reopening{}, ErrReopeningState.New(op, "somebody else has approved already")
		case now.After(r.ExpiresAt):
			return Reopening{}, ErrReopeningState.New(op, "it was to be approved by %s", r.ExpiresAt.Format("2006-01-02 15:04 MST"))
		}
		r.ApprovedBy, r.ApprovedAt = actor, now
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return Reopening{}, err
		}
		b := changing(tx)
		tenancy.Set(b, []*Reopening{r}, "approved_by", "approved_at")
		if r.JournalID != uuid.Nil {
			err = liftJournal(ctx, tx, op, set, r, b)
		} else {
			err = liftAll(ctx, tx, op, set, r, b)
		}
		if err != nil {
			return Reopening{}, err
		}
		return done(r, b.Run(ctx))
	})
}

// liftAll makes soft locks of the hard ones from the reopening's period on, the last one first, and supersedes their closings.
func liftAll(ctx context.Context, tx *tenancy.Tx, op string, set *setup, r *Reopening, b *tenancy.Batch) error {
	var rows []Period
	var standing []Closing
	read := tx.Batch()
	tenancy.Load(read, &rows, tenancy.Ge("starts_on", set.begins(r.PeriodID)), tenancy.ForUpdate())
	tenancy.Load(read, &standing, tenancy.IsNull("superseded_by_id"), tenancy.ForUpdate())
	if err := read.Run(ctx); err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b Period) int { return -strings.Compare(a.StartsOn.String(), b.StartsOn.String()) })
	lifted := map[uuid.UUID]bool{}
	var periods []*Period
	for i := range rows {
		p := &rows[i]
		if p.State != PeriodLocked {
			continue
		}
		if r.AskedAt.Before(p.ChangedAt) {
			return ErrReopeningState.New(op, "period %s was locked after it was asked for: ask again", p.Name)
		}
		p.State, p.Reason, p.ChangedAt = PeriodSoftLocked, r.Reason, r.ApprovedAt
		periods, lifted[p.ID] = append(periods, p), true
	}
	if !lifted[r.PeriodID] {
		return ErrReopeningState.New(op, "the period is not locked any more")
	}
	var closings []*Closing
	for i := range standing {
		if c := &standing[i]; lifted[c.PeriodID] {
			c.SupersededByID, c.SupersededAt = r.ID, r.ApprovedAt
			closings = append(closings, c)
		}
	}
	tenancy.Set(b, closings, "superseded_by_id", "superseded_at")
	tenancy.Set(b, periods, "state", "reason", "changed_at")
	return nil
}

// liftJournal makes soft locks of a journal's own hard ones from the reopening's period on.
func liftJournal(ctx context.Context, tx *tenancy.Tx, op string, set *setup, r *Reopening, b *tenancy.Batch) error {
	locks, err := tenancy.Find[JournalLock](ctx, tx, tenancy.Eq("journal_id", r.JournalID), tenancy.Eq("state", string(PeriodLocked)), tenancy.ForUpdate())
	if err != nil {
		return err
	}
	var lifted []*JournalLock
	for i := range locks {
		k := &locks[i]
		if set.begins(k.PeriodID).Before(set.begins(r.PeriodID)) {
			continue
		}
		if r.AskedAt.Before(k.ChangedAt) {
			return ErrReopeningState.New(op, "the journal was locked after it was asked for: ask again")
		}
		k.State, k.Reason, k.ChangedAt = PeriodSoftLocked, r.Reason, r.ApprovedAt
		lifted = append(lifted, k)
	}
	if len(lifted) == 0 {
		return ErrReopeningState.New(op, "the journal is not locked any more")
	}
	tenancy.Set(b, lifted, "state", "reason", "changed_at")
	return nil
}

// Reopenings gives everything that was asked for, in that order.
//
// Permission: accounting.read.
func (s *Service) Reopenings(ctx context.Context) ([]Reopening, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Reopening, error) {
		return tenancy.Find[Reopening](ctx, tx, tenancy.OrderBy("id"))
	})
}
