package ending

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// What became of a notice.
const (
	open      = ""          // to be told
	told      = "told"      // the owner was
	overtaken = "overtaken" // a later one has become due before it could be told
	undone    = "undone"    // the tenant came back
	failed    = "failed"    // nobody could be told of a certificate for 30 days
)

// dueAt is when the reminder of a day is due: at the beginning of that full day.
func dueAt(purgeAfter time.Time, day int64) time.Time {
	return purgeAfter.AddDate(0, 0, int(day)-1-tenancy.RetentionDays)
}

// tenantsAtOnce is how many tenants one look at the list gives.
const tenantsAtOnce = 500

// plan writes down the notices that have become due, each once.
func (s *Service) plan(ctx context.Context, h *house, now time.Time) error {
	after := uuid.Nil
	for {
		list, err := s.db.Tenants().Ended(ctx, after, tenantsAtOnce)
		if err != nil || len(list) == 0 {
			return err
		}
		held := map[uuid.UUID]bool{}
		for _, t := range list {
			if held[t.ID], err = s.held(h, t, now); err != nil {
				return err
			}
		}
		// Who plans at the same time has planned the same.
		if err := s.planPage(h, now, list, held); err != nil && !errors.Is(err, tenancy.ErrDuplicate) {
			return err
		}
		if len(list) < tenantsAtOnce {
			return nil
		}
		after = list[len(list)-1].ID
	}
}

// held reports whether the 30 days of a tenant are over and a legal hold keeps it of which it may know.
func (s *Service) held(h *house, t tenancy.Tenant, now time.Time) (bool, error) {
	if now.Before(t.PurgeAfter) {
		return false, nil
	}
	standing, err := s.holds(h, t.ID)
	return len(standing) > 0, err
}

// holds are the legal holds that keep a tenant, of which it may know.
func (s *Service) holds(h *house, tenant uuid.UUID) ([]tenancy.Hold, error) {
	all, err := s.db.Tenants().Holds(h.platform, tenant)
	var out []tenancy.Hold
	for _, hold := range all {
		if hold.ReleasedAt.IsZero() && (s.opt.Quiet == nil || !s.opt.Quiet(hold)) {
			out = append(out, hold)
		}
	}
	return out, err
}

// planPage plans for several tenants, in one transaction.
func (s *Service) planPage(h *house, now time.Time, list []tenancy.Tenant, held map[uuid.UUID]bool) error {
	var missed []noticeRow
	_, err := tenancy.Act(h.inside, s.db, PermWork, func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) {
		missed = nil
		ids := make([]uuid.UUID, len(list))
		for i := range list {
			ids[i] = list[i].ID
		}
		var there []noticeRow
		b := tx.Batch()
		tenancy.Load(b, &there, tenancy.In("of_tenant", ids), tenancy.OrderBy("id"), tenancy.ForUpdate())
		if err := b.Run(ctx); err != nil {
			return struct{}{}, err
		}
		by := map[uuid.UUID][]*noticeRow{}
		for i := range there {
			by[there[i].OfTenant] = append(by[there[i].OfTenant], &there[i])
		}
		var fresh, closed []*noticeRow
		for _, t := range list {
			f, c := s.schedule(t, now, held[t.ID], by[t.ID])
			fresh, closed = append(fresh, f...), append(closed, c...)
		}
		if len(fresh)+len(closed) == 0 {
			return struct{}{}, nil
		}
		for _, n := range append(closed, fresh...) {
			if n.Outcome == overtaken {
				missed = append(missed, *n)
			}
		}
		b = tx.Batch()
		tenancy.Put(b, fresh)
		tenancy.Set(b, closed, "outcome")
		return struct{}{}, b.Run(ctx)
	})
	if err != nil {
		return err
	}
	for i := range missed {
		s.escalate(h, &missed[i])
	}
	return nil
}

// schedule says which notices of one tenant are new, and which of those that are there are closed.
func (s *Service) schedule(t tenancy.Tenant, now time.Time, held bool, there []*noticeRow) (fresh, closed []*noticeRow) {
	var latest int64
	for _, day := range s.opt.Days {
		if !now.Before(dueAt(t.PurgeAfter, day)) {
			latest = day
		}
	}
	known := map[int64]*noticeRow{} // reminders by their days; the notice of a hold as 0
	for _, n := range there {
		switch {
		case !n.EndsAt.Equal(t.EndsAt) && n.Outcome == open: // of an end that was undone
			n.Outcome = undone
			closed = append(closed, n)
		case !n.EndsAt.Equal(t.EndsAt):
		case n.Kind == string(NoticeReminder) || n.Kind == string(NoticeHeld):
			if known[n.Day] = n; n.Outcome == open && (n.Kind == string(NoticeReminder) && n.Day < latest || held && n.Day > 0) {
				n.Outcome = overtaken
				closed = append(closed, n)
			}
		}
	}
	add := func(kind NoticeKind, day int64, due time.Time, outcome string) {
		if known[day] == nil {
			fresh = append(fresh, &noticeRow{Row: tenancy.Row{ID: tenancy.NewID()}, OfTenant: t.ID, EndsAt: t.EndsAt, Kind: string(kind), Day: day, DueAt: due, TryAt: due, Outcome: outcome})
		}
	}
	for _, day := range s.opt.Days {
		switch {
		case day < latest || day == latest && held:
			add(NoticeReminder, day, dueAt(t.PurgeAfter, day), overtaken)
		case day == latest:
			add(NoticeReminder, day, dueAt(t.PurgeAfter, day), open)
		}
	}
	if held {
		add(NoticeHeld, 0, t.PurgeAfter, open)
	}
	return fresh, closed
}
