package register

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Notification is what somebody of a tenant is told, beside what stands in its registers.
type Notification struct {
	// ID is the same when the same is told again: letters, digits and '-'.
	ID       string
	TenantID uuid.UUID
	Kind     AnnouncementKind
	Title    string
	Body     string
}

// NotifyByMail makes an [Options].Notify out of a mailer and of who knows the address of a tenant's owner. One without an address is not told, and that is an error, for nobody may take it for told.
func NotifyByMail(mailer tenancy.Mailer, owner func(ctx context.Context, tenant uuid.UUID) (address string, err error)) func(context.Context, Notification) error {
	return func(ctx context.Context, n Notification) error {
		to, err := owner(ctx, n.TenantID)
		if err != nil {
			return err
		}
		if to == "" {
			return ErrBadInput.New("register.NotifyByMail", "nobody knows the address of the tenant's owner")
		}
		return mailer.Send(ctx, tenancy.Message{ID: n.ID, To: to, Subject: n.Title, Text: n.Body + "\n"})
	}
}

// Deliver tells tenants what the platform has announced: it puts a notice into the register of each, and where it is of a breach, the breach, whose 72 hours begin there; then somebody there is told
// ([Options].Notify); and then it is entered in the platform's register that it reached them. Each is a transaction of its own, and all are done again without harm: what was cut short is gone on with, and
// nobody has a notice twice. A tenant that is suspended or cancelled takes no notice; it is reached by Notify alone, and finds the notice when it is back. Of the processors that are in use, tenants that came
// later have the notice too, with no time to wait.
//
// It is the platform's background work: it reaches at most limit tenants, says how many, and goes on with what is left. Permission: register.deliver, in a context of [tenancy.DB.EnterPlatform] of a job. Errors:
// tenancy.not_platform, tenancy.forbidden, tenancy.grant_scope (a member of staff, not a job), and those of Notify, behind the tenants that could be told.
func (s *Service) Deliver(ctx context.Context, limit int) (int, error) {
	tenants := s.db.Tenants()
	if err := tenants.Require(ctx, PermDeliver); err != nil {
		return 0, err
	}
	if limit < 1 {
		return 0, ErrBadInput.New("register.Deliver", "the limit is at least 1")
	}
	own, err := tenants.Platform(ctx)
	if tenancy.IsNotFound(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	inside, err := s.db.System(ctx, own.ID, "register.deliver")
	if err != nil {
		return 0, err
	}
	open, err := s.undelivered(inside)
	if err != nil || len(open) == 0 {
		return 0, err
	}
	p := postman{s: s, platform: ctx, inside: inside, own: own.ID, left: limit}
	if p.tenants, err = s.everybody(ctx); err != nil {
		return 0, err
	}
	var failed []error
	for i := range open {
		if err := p.round(&open[i]); err != nil {
			failed = append(failed, err)
		}
		if p.left == 0 {
			break
		}
	}
	return limit - p.left, errors.Join(failed...)
}

// mail is an announcement that is under way.
type mail struct {
	Announcement
	row     announcementRow
	reached map[uuid.UUID]string // by which channel
	named   map[uuid.UUID]bool
	all     bool // all of those whom it was to were reached; who comes later may not have been
}

// undelivered are the announcements to tenants that have not reached all, and those of processors that are still in use.
func (s *Service) undelivered(inside context.Context) ([]mail, error) {
	return tenancy.View(inside, s.db, PermDeliver, func(ctx context.Context, tx *tenancy.Tx) ([]mail, error) {
		rows, err := tenancy.Find[announcementRow](ctx, tx, tenancy.Ne("audience", toOwn), tenancy.OrderBy("entry_id"))
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		ids := make([]uuid.UUID, len(rows))
		for i := range rows {
			ids[i] = rows[i].EntryID
		}
		done, err := tenancy.Find[deliveryRow](ctx, tx, tenancy.In("announcement_id", ids), tenancy.Eq("controller_id", tx.Scope().TenantID()))
		if err != nil {
			return nil, err
		}
		all := map[uuid.UUID]bool{}
		for _, d := range done {
			all[d.AnnouncementID] = true
		}
		used, err := inUse(ctx, tx)
		if err != nil {
			return nil, err
		}
		var open []announcementRow
		for _, r := range rows {
			if !all[r.EntryID] || used[r.AboutID] {
				open = append(open, r)
			}
		}
		whole, err := bundle(ctx, tx, open, announcement)
		if err != nil {
			return nil, err
		}
		out := make([]mail, len(open))
		for i := range open {
			out[i] = mail{Announcement: whole[i], row: open[i], reached: map[uuid.UUID]string{}, named: map[uuid.UUID]bool{}, all: all[open[i].EntryID]}
			if err := out[i].load(ctx, tx); err != nil {
				return nil, err
			}
		}
		return out, nil
	})
}

// inUse are contracts with processors that hold today or will.
func inUse(ctx context.Context, tx *tenancy.Tx) (map[uuid.UUID]bool, error) {
	rows, err := tenancy.Find[processorRow](ctx, tx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	ids := make([]uuid.UUID, len(rows))
	for i := range rows {
		ids[i] = rows[i].EntryID
	}
	ends, err := endsOf(ctx, tx, ids)
	out := map[uuid.UUID]bool{}
	for _, r := range rows {
		out[r.EntryID] = holds(maxDate(tx.Today(), r.ValidFrom), r.ValidFrom, r.ValidUntil, ends[r.EntryID])
	}
	return out, err
}

func (m *mail) load(ctx context.Context, tx *tenancy.Tx) error {
	err := tenancy.Stream(ctx, tx, func(d *deliveryRow) error { m.reached[d.ControllerID] = d.Channel; return nil }, tenancy.Eq("announcement_id", m.ID))
	if err != nil || m.row.Audience != toNamed {
		return err
	}
	rows, err := tenancy.Find[announcedTo](ctx, tx, tenancy.Eq("announcement_id", m.ID))
	for _, n := range rows {
		m.named[n.ControllerID] = true
	}
	return err
}

// to reports whether it is to a tenant; late, that the tenant came behind it.
func (m *mail) to(t *tenancy.Tenant) (is, late bool) {
	late = t.CreatedAt.After(m.EnteredAt)
	switch {
	case m.row.Audience == toNamed:
		return m.named[t.ID], false
	case m.Kind == OfProcessor:
		return !m.all || late, late
	}
	return !late, false
}

// postman brings announcements to tenants.
type postman struct {
	s        *Service
	platform context.Context //nolint:containedctx // the scopes of one job
	inside   context.Context //nolint:containedctx // of the platform's own tenant
	own      uuid.UUID
	tenants  []tenancy.Tenant
	left     int
}

// round brings one announcement to those whom it has not reached. A tenant that cannot be told now is passed over, and the others are told.
func (p *postman) round(m *mail) error {
	waiting := false
	var failed []error
	for i := range p.tenants {
		t := &p.tenants[i]
		is, late := m.to(t)
		channel := m.reached[t.ID]
		if !is || channel == byService || channel == byBoth {
			continue
		}
		if p.left == 0 {
			return errors.Join(failed...)
		}
		here, err := p.bring(m, t, channel, late)
		if err != nil {
			failed = append(failed, err)
		}
		waiting = waiting || !here
	}
	if waiting || m.all || len(failed) > 0 {
		return errors.Join(failed...)
	}
	return p.complete(m)
}

// bring tells one tenant. here is false when its register has no notice yet.
func (p *postman) bring(m *mail, t *tenancy.Tenant, channel string, late bool) (here bool, err error) {
	days := m.row.Days
	if late {
		days = 0
	}
	switch t.State { //nolint:exhaustive // in the others nobody enters, and nobody is told: later
	case tenancy.StateActive:
		if here, err = p.place(m, t.ID, days); err != nil {
			return false, err
		}
	case tenancy.StateSuspended, tenancy.StateCancelled:
		if channel == byMail || p.s.opt.Notify == nil {
			return false, nil
		}
	default:
		return false, nil
	}
	if channel == byMail { // it was told, and is back
		return here, nil
	}
	by := byService
	if p.s.opt.Notify != nil && !late {
		id := "notice-" + m.ID.String() + "-" + t.ID.String()
		if err := p.s.opt.Notify(p.platform, Notification{ID: id, TenantID: t.ID, Kind: m.Kind, Title: m.Title, Body: m.Body}); err != nil {
			return here, fmt.Errorf("register: tenant %s was not told: %w", t.ID, err)
		}
		if by = byBoth; !here {
			by = byMail
		}
	} else if !here {
		return false, nil
	}
	if err := p.enter(m, t.ID, by); err != nil {
		return here, err
	}
	m.reached[t.ID] = by
	p.left--
	return here, nil
}

// place puts the notice into a tenant's register, once, and with it the breach that it is of. A tenant that was closed or left meanwhile has none.
func (p *postman) place(m *mail, tenant uuid.UUID, days int64) (bool, error) {
	inside, err := p.s.db.System(p.platform, tenant, "register.deliver")
	if err == nil {
		_, err = act(inside, p.s.db, PermDeliver, func(ctx context.Context, tx *tenancy.Tx) (any, error) { return nil, m.notice(ctx, tx, days) })
	}
	if err != nil && passing(err) {
		return false, nil
	}
	return err == nil, err
}

// notice is the tenant's side.
func (m *mail) notice(ctx context.Context, tx *tenancy.Tx, days int64) error {
	const op = "register.Deliver"
	given := []input{{reference: m.ID.String(), said: m.ID, text: textRow{Name: m.Who, Body: m.Body, Evidence: m.Title}}}
	f, err := enter(ctx, tx, op, kindNotice, given, nil, func(_ int, id uuid.UUID) (*noticeRow, error) {
		return &noticeRow{EntryID: id, AnnouncementID: m.ID, Kind: string(m.Kind), AboutID: m.About, Days: days, Number: m.row.Number, Digest: m.row.Digest, Country: m.row.Country,
			AnnouncedAt: m.EnteredAt}, nil
	})
	if err != nil || m.Kind != OfBreach {
		return err
	}
	_, err = openBreach(ctx, tx, op, NewBreach{Reference: "notice:" + m.About.String(), Role: AsController, Facts: m.Title + "\n\n" + m.Body}, f.ids[0])
	return err
}

// enter enters in the platform's register that somebody was reached, once.
func (p *postman) enter(m *mail, who uuid.UUID, by string) error {
	_, err := tenancy.Act(p.inside, p.s.db, PermDeliver, func(ctx context.Context, tx *tenancy.Tx) (any, error) {
		there, err := tenancy.Exists[deliveryRow](ctx, tx, tenancy.Eq("announcement_id", m.ID), tenancy.Eq("controller_id", who))
		if err != nil || there {
			return nil, err
		}
		return nil, tenancy.Insert(ctx, tx, &deliveryRow{AnnouncementID: m.ID, ControllerID: who, DeliveredAt: tx.Now(), Channel: by})
	})
	if errors.Is(err, tenancy.ErrDuplicate) {
		return nil
	}
	return err
}

// complete enters that all are reached; of a breach, in the register of breaches as well.
func (p *postman) complete(m *mail) error {
	if m.Kind == OfBreach {
		step := NewStep{Reference: "told:" + m.ID.String(), BreachID: m.About, Kind: ControllersTold, Text: "announcement " + m.Reference}
		if _, err := p.s.RecordStep(p.inside, step); err != nil && !errors.Is(err, ErrTransition) {
			return err
		}
	}
	return p.enter(m, p.own, byOwn)
}

// passing reports that a tenant was closed or left meanwhile.
func passing(err error) bool {
	for _, known := range []error{tenancy.ErrTenantSuspended, tenancy.ErrTenantCancelled, tenancy.ErrTenantNotReady, tenancy.ErrUnknownTenant, tenancy.ErrClosed} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// remind is the text of a reminder.
func remind(b *Breach, now time.Time) string {
	left := b.Due.Sub(now)
	var out strings.Builder
	if left < 0 {
		fmt.Fprintf(&out, "The authority was to be told of breach %s by %s, and was not.", b.Reference, b.Due.Format(time.RFC3339))
	} else {
		fmt.Fprintf(&out, "The authority is to be told of breach %s by %s.", b.Reference, b.Due.Format(time.RFC3339))
	}
	out.WriteString(" Later than that, the reasons go with it (GDPR Art. 33(1)).")
	return out.String()
}
