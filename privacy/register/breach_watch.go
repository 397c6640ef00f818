package register

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// remindFrom is how long before its time a breach is reminded of.
const remindFrom = 24 * time.Hour

// Overdue lists breaches of which the authority, or of a processor's the controllers, should have been told by now and were not, the oldest first.
//
// Permission: register.read. It writes nothing.
func (s *Service) Overdue(ctx context.Context) ([]Breach, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Breach, error) {
		return s.waiting(ctx, tx, func(b *Breach) bool { return b.Overdue(tx.Now()) })
	})
}

// open is a breach's last step.
type open struct {
	BreachID uuid.UUID `bun:"breach_id"`
}

// waiting are breaches that are not closed and of which is says so.
func (s *Service) waiting(ctx context.Context, tx *tenancy.Tx, is func(b *Breach) bool) ([]Breach, error) {
	rows, err := tenancy.Report[open](ctx, tx, `SELECT b.entry_id AS breach_id FROM {breaches} AS b
		WHERE NOT EXISTS (SELECT 1 FROM {breach_steps} AS s WHERE s.breach_id = b.entry_id AND s.state = ?) ORDER BY b.entry_id`, string(BreachClosed))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	f := filed{ids: make([]uuid.UUID, len(rows))}
	for i := range rows {
		f.ids[i] = rows[i].BreachID
	}
	all, err := breachesOf(ctx, tx, f)
	var out []Breach
	for i := range all {
		if is(&all[i]) {
			out = append(out, all[i])
		}
	}
	return out, err
}

// Remind tells somebody of the tenant ([Options].Notify) of breaches whose 72 hours end within 24, and once more when they have ended: each time under one ID, so that whoever sends it sends it once. It is background work, for one
// tenant, and only reads, so it is done for closed ones too. One that cannot be told keeps no other back: each is tried, and all that failed is given together. Without Notify nobody is told. The platform hears of the tenant's open objections likewise ([Options].Objected).
//
// Permission: register.breach. Errors: those of Notify and Objected.
func (s *Service) Remind(ctx context.Context) error {
	var now time.Time
	due, err := tenancy.View(ctx, s.db, PermBreach, func(ctx context.Context, tx *tenancy.Tx) ([]Breach, error) {
		now = tx.Now()
		return s.waiting(ctx, tx, func(b *Breach) bool {
			return b.Role == AsController && b.AuthorityToldAt.IsZero() && b.Risk != RiskUnlikely && !now.Before(b.Due.Add(-remindFrom))
		})
	})
	if err != nil {
		return err
	}
	failed := s.passOn(ctx)
	for i := range due {
		if s.opt.Notify == nil {
			break
		}
		b := &due[i]
		id := "breach-due-" + b.ID.String()
		if b.Overdue(now) {
			id = "breach-overdue-" + b.ID.String()
		}
		n := Notification{ID: id, TenantID: tenancy.ScopeOf(ctx).TenantID(), Kind: OfBreach, Title: "A breach of personal data: the authority is to be told", Body: remind(b, now)}
		if err := s.opt.Notify(ctx, n); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// passOn tells the platform of the tenant's objections of which nothing has come yet.
func (s *Service) passOn(ctx context.Context) (failed []error) {
	if s.opt.Objected == nil {
		return nil
	}
	all, err := tenancy.View(ctx, s.db, PermBreach, func(ctx context.Context, tx *tenancy.Tx) ([]Objection, error) {
		rows, err := tenancy.Report[uuid.UUID](ctx, tx, `SELECT o.entry_id FROM {objections} AS o WHERE NOT EXISTS (SELECT 1 FROM {objection_outcomes} AS s WHERE s.objection_id = o.entry_id) ORDER BY o.entry_id`)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		return answer(ctx, tx, filed{ids: rows}, func(e Entry, t *textRow, r *objectionRow) Objection {
			return Objection{Entry: e, NoticeID: r.NoticeID, Reason: t.Body}
		})
	})
	if err != nil {
		return []error{err}
	}
	for _, o := range all {
		if err := s.opt.Objected(ctx, Notification{ID: "objection-" + o.ID.String(), TenantID: tenancy.ScopeOf(ctx).TenantID(), Kind: OfProcessor, Title: "A tenant objects to what was announced to it", Body: o.Reason}); err != nil {
			failed = append(failed, err)
		}
	}
	return failed
}

// AddAffected enters whom a breach affected, by the ids of their own rows: such as [Service.Trace] found. Those who are entered already are not entered again; it gives how many were.
//
// Permission: register.breach. Errors: register.bad_input, tenancy.not_found (the breach, or nobody has an id).
func (s *Service) AddAffected(ctx context.Context, breach uuid.UUID, persons []uuid.UUID) (int, error) {
	const op = "register.AddAffected"
	return act(ctx, s.db, PermBreach, func(ctx context.Context, tx *tenancy.Tx) (int, error) {
		if len(persons) == 0 || len(persons) > most {
			return 0, ErrBadInput.New(op, "a call enters 1 to %d", most)
		}
		if _, err := tenancy.First[breachRow](ctx, tx, tenancy.Eq("entry_id", breach)); err != nil {
			return 0, err
		}
		there, err := tenancy.Find[breachPerson](ctx, tx, tenancy.Eq("breach_id", breach), tenancy.In("person_id", persons))
		if err != nil {
			return 0, err
		}
		known := map[uuid.UUID]bool{}
		for _, p := range there {
			known[p.PersonID] = true
		}
		var fresh []*breachPerson
		var ids []uuid.UUID
		for _, p := range persons {
			if !known[p] {
				known[p] = true
				ids, fresh = append(ids, p), append(fresh, &breachPerson{BreachID: breach, PersonID: p, FoundAt: tx.Now()})
			}
		}
		if len(fresh) == 0 {
			return 0, nil
		}
		if err := tx.LockPersons(ctx, ids...); err != nil {
			return 0, err
		}
		b := tx.Batch()
		tenancy.Put(b, fresh)
		return len(fresh), b.Run(ctx)
	})
}

// Affected lists whom a breach affected, by the ids of their own rows, a page at a time. Permission: register.read. Errors: tenancy.bad_input (the cursor or the sort order).
func (s *Service) Affected(ctx context.Context, breach uuid.UUID, page tenancy.PageRequest) (tenancy.PageOf[uuid.UUID], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[uuid.UUID], error) {
		found, err := tenancy.Page[breachPerson](ctx, tx, page, tenancy.Eq("breach_id", breach))
		out := tenancy.PageOf[uuid.UUID]{Next: found.Next}
		for _, p := range found.Items {
			out.Items = append(out.Items, p.PersonID)
		}
		return out, err
	})
}
