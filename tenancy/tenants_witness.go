package tenancy

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
)

// PurgeWitness gives account of the purges of tenants whose service has ended: what was there, and that it is gone. There is one at
// most ([DB.WitnessPurges]). It is called outside every transaction and with a context that has no scope; each call may come again after
// a process has died, and from two processes at once.
type PurgeWitness interface {
	// AllowEarlyPurge is asked before a purge is decided that comes before PurgeAfter ([Tenants.PurgeNow]). With an error nothing is
	// decided.
	AllowEarlyPurge(ctx context.Context, t Tenant) error
	// BeforePurge is called when nobody writes for the tenant any more and nothing of it was deleted. With an error nothing is, and the
	// purge is gone on with later.
	BeforePurge(ctx context.Context, l *Leaving) error
	// AfterPurge is called when nothing is left of the tenant, its key is destroyed and its state is purged; and whenever somebody purges
	// it again. An error is the purge's, and changes nothing of it.
	AfterPurge(ctx context.Context, g Gone) error
}

// WitnessPurges has a witness told of all purges that this DB makes from now on, in the place of any before. Nil: none.
func (db *DB) WitnessPurges(w PurgeWitness) { db.witness.Store(&w) }

// purgeWitness is the one that there is, and a context for it.
func (t *Tenants) purgeWitness(ctx context.Context) (PurgeWitness, context.Context) {
	if w := t.db.witness.Load(); w != nil && *w != nil {
		return *w, context.WithValue(ctx, scopeKey{}, Scope{})
	}
	return nil, ctx
}

// Gone is a tenant that was purged.
type Gone struct {
	TenantID uuid.UUID
	At       time.Time // when its state became purged
	Now      time.Time // by the clock of whoever purged it, or asked for it again
}

// Leaving is a tenant that is about to be purged.
type Leaving struct {
	// Tenant is in the state purging, since ChangedAt.
	Tenant Tenant
	// Engine is "postgres" or "sqlite".
	Engine string
	// By is the actor who makes this attempt at the purge.
	By  string
	Now time.Time

	t  *Tenants
	op string
	at *place
}

// LeavingRows are the rows of a tenant that is about to be purged, all of one state of its database.
type LeavingRows struct{ tx *Tx }

// Read runs fn with the tenant's rows. Nobody else can read them any more: it needs no permission and leaves no event. Errors:
// tenancy.placement, and fn's own.
func (l *Leaving) Read(ctx context.Context, fn func(ctx context.Context, rows LeavingRows) error) error {
	m := &mover{t: l.t, op: l.op, actor: l.By, id: l.Tenant.ID}
	tx, err := m.end(ctx, l.at, true)
	if err != nil {
		return err
	}
	defer tx.leave(ctx)
	return fn(ctx, LeavingRows{tx})
}

// Stream gives a model's rows in the order of their keys, in the form that [Records] take. Sealed columns are opened. Errors: tenancy.key
// (one does not open), tenancy.key_destroyed, and fn's own.
func (r LeavingRows) Stream(ctx context.Context, m *Model, fn func(row any) error) error {
	return (&Importing{tx: r.tx}).Stream(ctx, m, fn)
}

// Count is how many rows there are of a model. It opens nothing.
func (r LeavingRows) Count(ctx context.Context, m *Model) (int64, error) {
	return m.verbs.Count(ctx, r.tx)
}

// tellLeaving has the witness told of a tenant of which nothing was deleted yet, or the deletion of which was cut short. What was never in
// use, an import that was given up, is nobody's to give account of.
func (t *Tenants) tellLeaving(ctx context.Context, op, actor string, row *tenantRow) error {
	w, outside := t.purgeWitness(ctx)
	if w == nil || row.EndsAt.IsZero() {
		return nil
	}
	at, err := t.db.at(op, row.Placement)
	if err != nil {
		return err
	}
	gate, err := at.store.Gate(ctx, row.ID)
	if err != nil || gate == "" { // all is gone
		return at.store.Fault(op, err)
	}
	if err := t.shut(ctx, at, row); err != nil {
		return at.store.Fault(op, err)
	}
	engine := "postgres"
	if at.store.Dialect().Name() == dialect.SQLite {
		engine = "sqlite"
	}
	return w.BeforePurge(outside, &Leaving{Tenant: row.tenant(), Engine: engine, By: actor, Now: t.now(ctx), t: t, op: op, at: at})
}

// tellGone has the witness told that nothing is left.
func (t *Tenants) tellGone(ctx context.Context, row *tenantRow) (Tenant, error) {
	if w, outside := t.purgeWitness(ctx); w != nil {
		return row.tenant(), w.AfterPurge(outside, Gone{TenantID: row.ID, At: row.ChangedAt, Now: t.now(ctx)})
	}
	return row.tenant(), nil
}

// askWitness asks whether a tenant may be purged before its time. It gives what a purge that is then decided must hold: it is of the end of
// service that was asked about.
func (t *Tenants) askWitness(ctx context.Context, op string, id uuid.UUID) (still func(row *tenantRow) error, err error) {
	w, outside := t.purgeWitness(ctx)
	if w == nil {
		return func(*tenantRow) error { return nil }, nil
	}
	row, err := t.find(ctx, t.db.control.Control(), "id = ?", id)
	if err != nil {
		return nil, t.db.control.Fault(op, err)
	}
	var asked time.Time
	if now := t.now(ctx); row != nil && row.asOf(now).State == StateCancelled { // to all else the purge itself says something
		if asked = row.EndsAt; now.Before(row.PurgeAfter) {
			err = w.AllowEarlyPurge(outside, row.asOf(now))
		}
	}
	return func(row *tenantRow) error {
		if row.State == StateCancelled && !row.EndsAt.Equal(asked) {
			return ErrTenantConflict.New(op, "its end was decided anew in this very moment: try again")
		}
		return nil
	}, err
}

// Now is the instant of the platform's scope: the clock's, or, in a job, that of the tick. Errors: tenancy.not_platform.
func (t *Tenants) Now(ctx context.Context) (time.Time, error) {
	if s := ScopeOf(ctx).s; s == nil || !s.platform || s.db != t.db {
		return time.Time{}, ErrNotPlatform.New("tenancy.Tenants.Now", "")
	}
	return t.now(ctx), nil
}

// Ended gives tenants whose service has ended and whose purge has not begun, by id, at most limit (1 to 1,000) after the given id (zero:
// from the start).
//
// Permission: tenancy.read. Errors: tenancy.not_platform.
func (t *Tenants) Ended(ctx context.Context, after uuid.UUID, limit int) ([]Tenant, error) {
	const op = "tenancy.Tenants.Ended"
	if _, err := t.actor(ctx, op, PermReadTenants); err != nil {
		return nil, err
	}
	var rows []tenantRow
	living := bun.In([]State{StateActive, StateSuspended, StateCancelled}) //nolint:staticcheck // see List
	err := t.db.control.Control().NewSelect().Model(&rows).ModelTableExpr(t.aliased()).Where("state IN (?)", living).Where("ends_at <= ?", t.now(ctx)).
		Where("id > ?", after).OrderExpr("id").Limit(int64(min(max(limit, 1), 1000))).Scan(ctx)
	if err != nil {
		return nil, t.db.control.Fault(op, err)
	}
	out := make([]Tenant, len(rows))
	for i := range rows {
		out[i] = rows[i].utc().asOf(t.now(ctx))
	}
	return out, nil
}

// Outlasting is a table of the platform's own records that has rows about a tenant and keeps them when it is purged; Outlasts says why.
type Outlasting struct {
	ControlTable
	Rows int64
}

// Outlasting gives the tables of the control database that keep rows about a tenant, by name, with how many: of a purged one, what is
// left.
//
// Permission: tenancy.read. Errors: tenancy.not_platform.
func (t *Tenants) Outlasting(ctx context.Context, id uuid.UUID) ([]Outlasting, error) {
	const op = "tenancy.Tenants.Outlasting"
	if _, err := t.actor(ctx, op, PermReadTenants); err != nil {
		return nil, err
	}
	var out []Outlasting
	for _, c := range t.db.registry.Control {
		if c.Outlasts == "" {
			continue
		}
		var n int64
		err := t.db.control.Control().NewRaw("SELECT COUNT(*) FROM ? WHERE ? = ?", bun.Safe(t.table(c.Table)), bun.Ident(c.Tenant), id).Scan(ctx, &n)
		if err != nil {
			return nil, t.db.control.Fault(op, err)
		}
		if n > 0 {
			out = append(out, Outlasting{c, n})
		}
	}
	return out, nil
}
