package tenancy

import (
	"context"
)

// PermScrub allows [Tenants.Scrub].
const PermScrub Permission = "tenancy.scrub"

// Scrub leaves nothing in the tenant's files of what was deleted or overwritten in the tenant's tables before: after an erasure. On SQLite the file is
// written anew and its log emptied, which takes the time of a copy and keeps the tenant's writers waiting (tenancy.busy: somebody was reading for too
// long; call it again). On PostgreSQL there is nothing that a tenant's scope could do: the server reuses the space in its own time, see README.md.
//
// It needs a scope, and no permission, and changes no row. Errors: tenancy.scope_mismatch (a transaction is open), tenancy.busy.
func (db *DB) Scrub(ctx context.Context) error {
	const op = "tenancy.Scrub"
	s, err := db.heldScope(ctx, op)
	if err != nil {
		return err
	}
	if openTxOf(ctx) != nil {
		return ErrScopeMismatch.New(op, "it waits for all transactions of the tenant to end, and one is open here")
	}
	info, err := db.directory.usable(ctx, op, s.tenant, s)
	if err != nil {
		return err
	}
	at, err := db.at(op, info.placement)
	if err != nil {
		return err
	}
	return at.store.Fault(op, at.store.Scrub(ctx, s.tenant))
}

// Scrub is [DB.Scrub] for the control database, after an account was erased.
//
// It needs a context from [DB.EnterPlatform] and the permission tenancy.scrub. Errors: tenancy.not_platform, tenancy.forbidden, tenancy.busy.
func (t *Tenants) Scrub(ctx context.Context) error {
	const op = "tenancy.Tenants.Scrub"
	if err := t.Require(ctx, PermScrub); err != nil {
		return err
	}
	return t.db.control.Fault(op, t.db.control.ScrubControl(ctx))
}
