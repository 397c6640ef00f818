package tenancy

import (
	"context"
	"time"
)

// Life is what a tenant's own people decide about its life, from within its scope: to leave, and to come back. It works while the
// tenant is suspended or cancelled, for its owner ([PermOwn]). Each act is recorded in the tenant's trail, and in the platform's
// journal under "tenancy.own/" and its name.
type Life struct{ db *DB }

// Life is the tenant's side of [Tenants].
func (db *DB) Life() *Life { return &Life{db} }

// Standing is where a tenant stands in its life.
type Standing struct {
	// State is active, suspended or cancelled: in every other nobody enters.
	State State
	// SuspendedAt, EndsAt and PurgeAfter are those of [Tenant].
	SuspendedAt, EndsAt, PurgeAfter time.Time
}

func standing(t Tenant) Standing {
	return Standing{State: t.State, SuspendedAt: t.SuspendedAt, EndsAt: t.EndsAt, PurgeAfter: t.PurgeAfter}
}

// Standing tells where the tenant stands. It is read from the platform's records and leaves no event. Permission: tenancy.own.
// Errors: the unscoped codes, tenancy.forbidden.
func (l *Life) Standing(ctx context.Context) (Standing, error) {
	const op = "tenancy.Life.Standing"
	s, err := l.scope(ctx, op, PermOwn)
	if err != nil {
		return Standing{}, err
	}
	row, err := l.db.Tenants().find(ctx, l.db.control.Control(), "id = ?", s.tenant)
	if err != nil {
		return Standing{}, l.db.control.Fault(op, err)
	}
	if row == nil {
		return Standing{}, ErrUnknownTenant.New(op, "")
	}
	return standing(row.asOf(s.now())), nil
}

// Cancel ends the tenant's service now; see [Life.CancelAt].
func (l *Life) Cancel(ctx context.Context, reason string) (Standing, error) {
	return l.decide(ctx, "tenancy.Life.Cancel", PermCancelTenant, reason, endNow)
}

// CancelAt ends the tenant's service at an instant to come, at most ten years ahead, as [Tenants.CancelAt] does.
//
// Permission: tenancy.cancel. Errors: the unscoped codes, tenancy.forbidden, tenancy.bad_input (no reason, or an instant that has
// passed), tenancy.card_number, tenancy.tenant_state, tenancy.outer_context (inside a transaction), tenancy.busy (it is decided, but
// a transaction that has been open for 20 s keeps the tenant's database from knowing: call again).
func (l *Life) CancelAt(ctx context.Context, end time.Time, reason string) (Standing, error) {
	const op = "tenancy.Life.CancelAt"
	return l.decide(ctx, op, PermCancelTenant, reason, endAt(op, end))
}

// UndoCancel takes a cancellation back, whoever cancelled, until the purge begins. A tenant that is suspended stays so.
//
// Permission: tenancy.undo_cancel. Errors: as [Life.CancelAt]'s.
func (l *Life) UndoCancel(ctx context.Context, reason string) (Standing, error) {
	return l.decide(ctx, "tenancy.Life.UndoCancel", PermUndoCancel, reason, endNever)
}

func (l *Life) decide(ctx context.Context, op string, act Permission, reason string, how func(row *tenantRow, now time.Time) error) (Standing, error) {
	s, err := l.scope(ctx, op, act)
	if err != nil {
		return Standing{}, err
	}
	d := decision{id: s.tenant, actor: s.actor, act: fromOwner + string(act), reason: reason, now: s.now()}
	t, err := l.db.Tenants().live(ctx, op, d, how)
	return standing(t), err
}

// scope is that of the context, if it may be used now and has the permission.
func (l *Life) scope(ctx context.Context, op string, act Permission) (*scope, error) {
	s, err := l.db.heldScope(ctx, op)
	if err != nil {
		return nil, err
	}
	if s.grant != nil {
		return nil, ErrGrantScope.New(op, "a grant decides nothing about a tenant's life")
	}
	if _, err := l.db.directory.usable(ctx, op, s.tenant, s); err != nil {
		return nil, err
	}
	if !s.perms.Allow(act) {
		return nil, ErrForbidden.New(op, "the scope lacks the permission %s", act)
	}
	return s, nil
}
