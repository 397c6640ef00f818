package ending

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy/ending/certificate"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// Untold is a notice of which the owner was not told, or not yet.
type Untold struct {
	ID       uuid.UUID
	TenantID uuid.UUID
	Kind     NoticeKind
	Day      int64
	EndsAt   time.Time
	DueAt    time.Time
	// Outcome is "" while it is tried again, at TryAt; "overtaken" when a later notice or the deletion came first; "failed" when it was
	// given up.
	Outcome  string
	Attempts int64
	TryAt    time.Time
	// Failure is the code of the last error: never its text, in which addresses may stand.
	Failure fault.Code
}

func (r *noticeRow) untold() Untold {
	return Untold{ID: r.ID, TenantID: r.OfTenant, Kind: NoticeKind(r.Kind), Day: r.Day, EndsAt: r.EndsAt.UTC(), DueAt: r.DueAt.UTC(), Outcome: r.Outcome, Attempts: r.Attempts,
		TryAt: r.TryAt.UTC(), Failure: fault.Code(r.Failure)}
}

// String tells an operator.
func (u Untold) String() string {
	text := fmt.Sprintf("the owner of tenant %s was not told (%s", u.TenantID, u.Kind)
	if u.Day > 0 {
		text += fmt.Sprintf(" of day %d", u.Day)
	}
	text += fmt.Sprintf("), due at %s, after %d attempts", u.DueAt.Format(time.RFC3339), u.Attempts)
	if u.Failure != "" {
		text += ": " + string(u.Failure)
	}
	return text
}

// Untold lists the notices that could not be told and are tried again, that were given up, and that were overtaken, in the order in which they were planned. Page.Sort is "" or "id".
// It is an act in the platform's own tenant.
//
// Permission: ending.read. Errors: ending.not_platform, tenancy.bad_input (the page).
func (s *Service) Untold(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Untold], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Untold], error) {
		var out tenancy.PageOf[Untold]
		if !tx.Scope().OfPlatform() {
			return out, ErrNotPlatform.New("ending.Untold", "")
		}
		rows, err := tenancy.Page[noticeRow](ctx, tx, page, tenancy.In("outcome", []string{open, overtaken, failed}))
		if err != nil {
			return out, err
		}
		out.Next = rows.Next
		for i := range rows.Items {
			if r := &rows.Items[i]; r.Outcome != open || r.Attempts > 0 {
				out.Items = append(out.Items, r.untold())
			}
		}
		return out, nil
	})
}

// How long a notice waits after a failure: the first wait doubles up to the longest. A certificate is given up after 30 days; a reminder when a later one is due.
const (
	firstWait   = 15 * time.Minute
	longestWait = 6 * time.Hour
	giveUpAfter = 30 * 24 * time.Hour
	escalateAt  = 3
)

// Tell writes down which notices have become due, tells owners of at most limit (1 to 1,000) of them, and says how many it tried. What fails is tried again
// later, and listed by [Service.Untold]; a notice that is told twice, because a process died in between, has the same ID. It is for a background job: call it
// again while it gives the limit. Without a tenant of the platform's own nothing is told.
//
// Permission: ending.work, in a context of [tenancy.DB.EnterPlatform]. Errors: tenancy.not_platform, ending.bad_input.
func (s *Service) Tell(ctx context.Context, limit int) (int, error) {
	now, err := s.forBackground(ctx, "ending.Tell", limit)
	if err != nil {
		return 0, err
	}
	h, err := s.enter(ctx, "tell")
	if err != nil || h == nil {
		return 0, err
	}
	if err := s.plan(ctx, h, now); err != nil {
		return 0, err
	}
	due, err := tenancy.View(h.inside, s.db, PermWork, func(ctx context.Context, tx *tenancy.Tx) ([]noticeRow, error) {
		return tenancy.Find[noticeRow](ctx, tx, tenancy.Eq("outcome", open), tenancy.Le("try_at", now), tenancy.OrderBy("try_at", "id"), tenancy.Limit(limit))
	})
	if err != nil {
		return 0, err
	}
	for i := range due {
		if err := s.tell(h, &due[i], now); err != nil {
			return i, err
		}
	}
	return len(due), nil
}

// tell tells one notice, and writes down what became of it.
func (s *Service) tell(h *house, row *noticeRow, now time.Time) error {
	n, outcome, err := s.notice(h, row, now)
	if err != nil {
		return err
	}
	var failure error
	if outcome == told {
		failure = s.notify(h, n)
	}
	kept, err := tenancy.Act(h.inside, s.db, PermWork, func(ctx context.Context, tx *tenancy.Tx) (bool, error) {
		r, err := tenancy.Lock[noticeRow](ctx, tx, row.ID)
		if err != nil || r.Outcome != open { // somebody else was quicker
			return false, err
		}
		*row = *r
		switch row.Outcome = outcome; {
		case failure != nil:
			row.Outcome, row.Attempts, row.Failure = open, row.Attempts+1, codeOf(failure)
			row.TryAt = now.Add(min(firstWait<<min(row.Attempts-1, 8), longestWait))
			if n.Document != nil && !row.TryAt.Before(row.DueAt.Add(giveUpAfter)) {
				row.Outcome = failed
			}
		case outcome == told:
			row.ToldAt = now
		}
		return true, tenancy.Update(ctx, tx, row, "outcome", "told_at", "attempts", "try_at", "failure")
	})
	if err == nil && kept && (row.Outcome == failed || row.Outcome == overtaken || row.Outcome == open && row.Attempts == escalateAt) {
		s.escalate(h, row)
	}
	return err
}

func codeOf(err error) string {
	if code := fault.CodeOf(err); code != "" {
		return string(code)
	}
	return string(ErrUntold.Code)
}

// notify asks the host, which gets no scope: what it does is not done in anybody's name.
func (s *Service) notify(h *house, n Notice) (err error) {
	if s.opt.Notify == nil {
		return ErrUntold.New("ending.Tell", "the program has no way to tell: Options.Notify")
	}
	defer func() {
		if p := recover(); p != nil { // one owner's trouble is not another's
			err = ErrUntold.New("ending.Tell", "Options.Notify panicked")
		}
	}()
	return s.opt.Notify(tenancy.Scope{}.Attach(h.inside), n)
}

// escalate tells the operator of a notice that is in trouble.
func (s *Service) escalate(h *house, row *noticeRow) {
	u := row.untold()
	s.opt.Logger.WarnContext(h.inside, "erp: the owner of a tenant that ends was not told", "tenant", u.TenantID, "kind", u.Kind, "day", u.Day, "outcome", u.Outcome, "attempts", u.Attempts, "code", u.Failure)
	if s.opt.Escalate != nil {
		s.opt.Escalate(tenancy.Scope{}.Attach(h.inside), u)
	}
}

// notice is what a row has to say now; outcome is told when it is to be told, and otherwise what became of it.
func (s *Service) notice(h *house, row *noticeRow, now time.Time) (n Notice, outcome string, err error) {
	n = Notice{ID: "ending-" + row.ID.String(), TenantID: row.OfTenant, Kind: NoticeKind(row.Kind), Day: row.Day, EndedAt: row.EndsAt.UTC(), Zone: time.UTC}
	if n.Kind == NoticeCertificate || n.Kind == NoticeCompletion {
		n.Document, err = s.file(h, row.OfTenant, map[NoticeKind]string{NoticeCertificate: certificate.KindDeletion, NoticeCompletion: certificate.KindCompletion}[n.Kind])
		return n, told, err
	}
	t, err := s.db.Tenants().Get(h.platform, row.OfTenant)
	if err != nil {
		return n, "", err
	}
	switch {
	case t.State == tenancy.StatePurging || t.State == tenancy.StatePurged:
		return n, overtaken, nil
	case t.EndsAt.IsZero() || !t.EndsAt.Equal(row.EndsAt) || now.Before(t.EndsAt):
		return n, undone, nil
	}
	n.PurgeAfter = t.PurgeAfter
	if n.Zone, err = time.LoadLocation(t.TimeZone); err != nil {
		n.Zone = time.UTC
	}
	standing, err := s.holds(h, t.ID)
	if err != nil {
		return n, "", err
	}
	if n.Held = len(standing) > 0; !n.Held && !now.Before(t.PurgeAfter) { // the purge is next, and nothing can be promised any more
		return n, overtaken, nil
	}
	n.TakenOut, _, err = s.takenOut(h, t.ID, t.EndsAt)
	return n, told, err
}

// file is a certificate as it was signed.
func (s *Service) file(h *house, of uuid.UUID, kind string) ([]byte, error) {
	return tenancy.View(h.inside, s.db, PermWork, func(ctx context.Context, tx *tenancy.Tx) ([]byte, error) {
		row, err := tenancy.First[certificateRow](ctx, tx, tenancy.Eq("of_tenant", of), tenancy.Eq("kind", kind))
		if err != nil {
			return nil, err
		}
		return []byte(row.File), nil
	})
}

// takenOut says what became of the right to take the data out: the last archive that was delivered since the end of service, or else the waiver. root is that of
// the archive.
func (s *Service) takenOut(h *house, of uuid.UUID, ends time.Time) (out certificate.TakenOut, root string, err error) {
	out.How = certificate.Neither
	_, err = tenancy.View(h.inside, s.db, PermWork, func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) {
		this := []tenancy.Option{tenancy.Eq("of_tenant", of), tenancy.Eq("ends_at", ends)}
		d, err := tenancy.First[deliveryRow](ctx, tx, append(this, tenancy.OrderBy("-delivered_at", "-id"))...)
		if err == nil {
			out, root = certificate.TakenOut{How: certificate.Delivered, At: d.DeliveredAt.UTC(), By: d.DeliveredTo, Bytes: d.Bytes}, d.Root
			return struct{}{}, nil
		}
		if !tenancy.IsNotFound(err) {
			return struct{}{}, err
		}
		w, err := tenancy.First[waiverRow](ctx, tx, this...)
		switch {
		case err == nil:
			out = certificate.TakenOut{How: certificate.Waived, At: w.WaivedAt.UTC(), By: w.WaivedBy, Terms: w.Terms}
		case tenancy.IsNotFound(err):
			err = nil
		}
		return struct{}{}, err
	})
	if err != nil {
		return out, "", err
	}
	return out, root, nil
}

// AllowEarlyPurge implements [tenancy.PurgeWitness]: what is purged before the 30 days are over was delivered or expressly waived. Where the platform has no
// tenant of its own neither could be recorded, and nothing is asked for.
func (s *Service) AllowEarlyPurge(ctx context.Context, t tenancy.Tenant) error {
	h, err := s.enter(ctx, "purge")
	if err != nil || h == nil {
		return err
	}
	out, _, err := s.takenOut(h, t.ID, t.EndsAt)
	if err == nil && out.How == certificate.Neither {
		err = ErrNotTakenOut.New("ending.AllowEarlyPurge", "")
	}
	return err
}

var _ tenancy.PurgeWitness = (*Service)(nil)

// passing reports that an act was lost to another of the same kind.
func passing(err error) bool { return errors.Is(err, tenancy.ErrDuplicate) }

// attempts is how often an act is tried that is lost to another.
const attempts = 16

// again runs fn until it is not lost to another.
func again(ctx context.Context, fn func() error) (err error) {
	for range attempts {
		if err = fn(); !passing(err) || ctx.Err() != nil {
			break
		}
	}
	return err
}
