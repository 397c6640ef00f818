package register

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// reach is whom the announcements of a controller have to reach.
type reach struct {
	asked   bool
	at      time.Time // the tenants are those of then
	tenants []tenancy.Tenant
}

// tenantsAtOnce is how many tenants one look at the list gives.
const tenantsAtOnce = 500

// reachFor lists the tenants when the scope is of the platform's own tenant and they are asked for. It is done ahead of the transaction: the control data are not of one transaction with a tenant's. Who came meanwhile
// came behind the announcement, and who left meanwhile is waited for.
func (s *Service) reachFor(ctx context.Context, perm tenancy.Permission, wanted bool) (*reach, error) {
	r := &reach{}
	own, err := tenancy.View(ctx, s.db, perm, func(_ context.Context, tx *tenancy.Tx) (bool, error) { return tx.Scope().OfPlatform(), nil })
	if err != nil || !own || !wanted {
		return r, err
	}
	platform, err := s.db.EnterPlatform(ctx, "system:register", tenancy.Permissions{tenancy.PermReadTenants})
	if err != nil {
		return nil, err
	}
	r.asked, r.at = true, s.db.Now()
	r.tenants, err = s.everybody(platform)
	return r, err
}

// everybody are all tenants but the platform's own and those that are gone.
func (s *Service) everybody(platform context.Context) ([]tenancy.Tenant, error) {
	var out []tenancy.Tenant
	for after := uuid.Nil; ; {
		list, err := s.db.Tenants().List(platform, after, tenantsAtOnce)
		if err != nil {
			return nil, err
		}
		for _, t := range list {
			after = t.ID
			if !t.Platform && t.State != tenancy.StatePurging && t.State != tenancy.StatePurged {
				out = append(out, t)
			}
		}
		if len(list) < tenantsAtOnce {
			return out, nil
		}
	}
}

// name enters which tenants an announcement is to, when it is new and not to all.
func (r *reach) name(ctx context.Context, tx *tenancy.Tx, op string, f filed, named []uuid.UUID) error {
	if len(named) == 0 || f.replayed[f.ids[0]] {
		return nil
	}
	there := map[uuid.UUID]bool{}
	for _, t := range r.tenants {
		there[t.ID] = true
	}
	rows := make([]*announcedTo, len(named))
	for i, id := range named {
		if !there[id] {
			return tenancy.ErrNotFound.New(op, "there is no tenant %s", id)
		}
		rows[i] = &announcedTo{AnnouncementID: f.ids[0], ControllerID: id}
	}
	b := tx.Batch()
	tenancy.Put(b, rows)
	return b.Run(ctx)
}

// audience are the ids of those whom an announcement has to reach.
func (r *reach) audience(ctx context.Context, tx *tenancy.Tx, a *announcementRow, announcedAt time.Time) ([]uuid.UUID, error) {
	var out []uuid.UUID
	switch a.Audience {
	case toOwn:
		return []uuid.UUID{tx.Scope().TenantID()}, nil
	case toNamed:
		rows, err := tenancy.Find[announcedTo](ctx, tx, tenancy.Eq("announcement_id", a.EntryID))
		if err != nil {
			return nil, err
		}
		named := map[uuid.UUID]bool{}
		for _, n := range rows {
			named[n.ControllerID] = true
		}
		for _, t := range r.tenants {
			if named[t.ID] {
				out = append(out, t.ID)
			}
		}
	default:
		for _, t := range r.tenants {
			if !t.CreatedAt.After(announcedAt) {
				out = append(out, t.ID)
			}
		}
	}
	return out, nil
}

// over refuses what was announced, as long as it has not reached everybody or somebody has time left: full days, of 24 hours, from the instant at which it reached them.
func (r *reach) over(ctx context.Context, tx *tenancy.Tx, op string, a *announcementRow) error {
	e, err := tenancy.Get[entryRow](ctx, tx, a.EntryID)
	if err != nil {
		return err
	}
	if a.Audience != toOwn && (!r.asked || e.EnteredAt.After(r.at)) {
		return ErrNoticePeriod.New(op, "it was announced this very moment")
	}
	who, err := r.audience(ctx, tx, a, e.EnteredAt)
	if err != nil {
		return err
	}
	rows, err := tenancy.Find[deliveryRow](ctx, tx, tenancy.Eq("announcement_id", a.EntryID))
	if err != nil {
		return err
	}
	at := map[uuid.UUID]time.Time{}
	for _, d := range rows {
		at[d.ControllerID] = d.DeliveredAt
	}
	missing := 0
	last := e.EnteredAt
	for _, id := range who {
		reached, ok := at[id]
		if !ok {
			missing++
		} else if reached.After(last) {
			last = reached
		}
	}
	switch end := after(last, a.Days); {
	case missing > 0:
		return ErrNoticePeriod.New(op, "%d of %d have not been reached", missing, len(who))
	case len(who) > 0 && tx.Now().Before(end):
		return ErrNoticePeriod.New(op, "the last of %d was reached on %s, and has until %s", len(who), last.UTC().Format(time.RFC3339), end.Format(time.RFC3339))
	}
	return nil
}

// after is the end of full days that begin at an instant.
func after(from time.Time, days int64) time.Time {
	return from.UTC().Add(time.Duration(days) * 24 * time.Hour)
}
