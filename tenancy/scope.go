package tenancy

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Scope says for whom and by whom work is done. It is made by [DB.Enter] and [DB.System] alone and travels in the
// context; a program cannot make a usable one otherwise. The zero Scope is refused everywhere.
type Scope struct{ s *scope }

type scope struct {
	db        *DB
	tenant    uuid.UUID
	actor     string
	perms     Permissions
	zone      *time.Location
	expires   time.Time // zero: never
	platform  bool      // platform staff: tenants only, no tenant data
	work      bool      // background work, which is nobody's and passes closed tenants over
	closed    bool      // background work that does not: see Job.Closed
	duty      bool      // background work that writes for closed tenants too: see Job.Duty
	restoring bool      // the one that restores the tenant: see Tenants.Restore
	fixed     time.Time // background work sees this instant as now; zero: the clock's
	quiet     bool      // the entering is recorded with the first write, by entered
	entered   atomic.Bool
	own       bool     // the tenant is the platform's own
	grant     *granted // the break-glass grant that platform staff are in under
}

// now is the scope's instant.
func (s *scope) now() time.Time {
	if s.fixed.IsZero() {
		return s.db.now()
	}
	return s.fixed
}

// PermOwn makes its holder an owner of the tenant: one who may enter while it is suspended or cancelled, to read, to take its data
// out, and to decide about its life ([DB.Life]). Nothing is written for such a tenant but that.
const PermOwn Permission = "tenancy.own"

// reachesClosed reports whether the scope reaches a closed tenant, to read.
func (s *scope) reachesClosed() bool { return s.closed || s.duty || s.owner() }

func (s *scope) owner() bool { return !s.work && s.grant == nil && s.perms.Allow(PermOwn) }

// TenantID is whose data the scope reaches.
func (s Scope) TenantID() uuid.UUID {
	if s.s == nil {
		return uuid.Nil
	}
	return s.s.tenant
}

// Actor is the opaque id of who acts. Names are resolved elsewhere, so that records of acts hold none.
func (s Scope) Actor() string {
	if s.s == nil {
		return ""
	}
	return s.s.actor
}

// OfPlatform reports whether the scope is of the platform's own tenant: see [NewTenant].Platform.
func (s Scope) OfPlatform() bool { return s.s != nil && s.s.own }

// Can reports whether the scope has a permission.
func (s Scope) Can(act Permission) bool { return s.s != nil && s.s.perms.Allow(act) }

// Zone is the tenant's time zone, which decides what day "today" is.
func (s Scope) Zone() *time.Location {
	if s.s == nil {
		return time.UTC
	}
	return s.s.zone
}

type scopeKey struct{}

// ScopeOf is the scope that a context carries; the zero Scope when it carries none.
func ScopeOf(ctx context.Context) Scope {
	if ctx == nil {
		return Scope{}
	}
	s, _ := ctx.Value(scopeKey{}).(Scope)
	return s
}

// Enter is the one way to a scope. It checks that the tenant exists, is active and has a placement, leaves an audit event
// ("tenancy.enter") in the tenant's own trail, and returns a context that carries the scope. Whether this actor may enter
// is the caller's responsibility. A suspended or cancelled tenant is entered by its owner alone (perms hold [PermOwn]), and
// nothing is written for it (tenancy.closed).
//
// actor is an opaque id of at most 64 characters (letters, digits, . _ : -): never a name or an e-mail address, for it
// stays in records that erasure must not touch. Errors: tenancy.unknown_tenant, tenancy.suspended, tenancy.cancelled,
// tenancy.not_ready, tenancy.placement, tenancy.bad_input; tenancy.grant_scope on a context of the platform's staff, whose way
// in is [DB.EnterGrant], or of one who is in under a grant.
func (db *DB) Enter(ctx context.Context, tenant uuid.UUID, actor string, perms Permissions) (context.Context, error) {
	if err := db.noGrant(ctx, "tenancy.Enter"); err != nil {
		return nil, err
	}
	return db.enter(ctx, tenant, &scope{actor: actor, perms: slices.Clone(perms)}, "tenancy.enter")
}

// System enters a tenant for background work, as actor "system:job" with all permissions. It is checked and recorded as
// Enter is, and refused by a tenant that is not active: work is nobody's, and passes over who is suspended or cancelled.
func (db *DB) System(ctx context.Context, tenant uuid.UUID, job string) (context.Context, error) {
	if err := db.noGrant(ctx, "tenancy.System"); err != nil {
		return nil, err
	}
	return db.enter(ctx, tenant, &scope{actor: "system:" + job, perms: Permissions{AllPermissions}, work: true}, actSystem)
}

// actSystem is what the entering of background work is recorded as.
const actSystem Permission = "tenancy.system"

// systemAt is System for a run of a job: at a fixed instant, and recorded with the first write, because a job that looks
// and finds nothing to do, every minute for every tenant, is nothing that a trail should be filled with.
func (db *DB) systemAt(ctx context.Context, tenant uuid.UUID, job *Job, now time.Time) (context.Context, error) {
	return db.enter(ctx, tenant, &scope{actor: "system:" + job.Name, perms: Permissions{AllPermissions}, work: true, closed: job.Closed, duty: job.Duty, fixed: now, quiet: true}, actSystem)
}

// enter completes a scope that says who and what for, and puts it on a context. act is what that is recorded as; "" is for
// credentials whose entering was recorded when they were given out.
func (db *DB) enter(ctx context.Context, tenant uuid.UUID, s *scope, act Permission) (context.Context, error) {
	const op = "tenancy.Enter"
	if ctx == nil {
		return nil, ErrNoScope.New(op, "a context is needed")
	}
	if !plainActor(s.actor) {
		return nil, ErrBadInput.New(op, "an actor is an opaque id of 1 to 64 letters, digits and . _ : -")
	}
	if open := openTxOf(ctx); open != nil && !open.over.Load() {
		return nil, ErrScopeMismatch.New(op, "a transaction of another scope is open here")
	}
	t, err := db.directory.usable(ctx, op, tenant, s)
	if err != nil {
		return nil, err
	}
	s.db, s.tenant, s.zone, s.own = db, tenant, t.zone, t.own
	ctx = context.WithValue(ctx, scopeKey{}, Scope{s})
	if s.quiet || act == "" {
		return ctx, nil
	}
	err = db.Tx(ctx, func(_ context.Context, tx *Tx) error {
		tx.record(act, "", "", uuid.Nil, "")
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ctx, nil
}

// EnterPlatform gives a context for the platform's own acts: creating, listing and suspending tenants. It reaches no
// tenant's data. perms are the acts that this member of the platform's staff may perform, such as "tenancy.create"; each act's
// documentation names its own. Deciding who has which is the caller's responsibility. Errors: tenancy.bad_input.
func (db *DB) EnterPlatform(ctx context.Context, actor string, perms Permissions) (context.Context, error) {
	if !plainActor(actor) {
		return nil, ErrBadInput.New("tenancy.EnterPlatform", "an actor is an opaque id of 1 to 64 letters, digits and . _ : -")
	}
	s := Scope{&scope{db: db, actor: actor, perms: slices.Clone(perms), zone: time.UTC, platform: true}}
	return context.WithValue(ctx, scopeKey{}, s), nil
}

func plainActor(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != ':' && r != '-' {
			return false
		}
	}
	return true
}

// Attach puts a scope that was taken from another context on this one: for work that outlives the context it was asked
// in. It makes no scope: the zero Scope stays useless.
func (s Scope) Attach(ctx context.Context) context.Context {
	return context.WithValue(ctx, scopeKey{}, s)
}
