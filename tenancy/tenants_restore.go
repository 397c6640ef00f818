package tenancy

import (
	"context"
	"errors"
	"io"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// StateRestoring is that of a tenant whose place was lost, and that is being written anew from a backup: nobody enters.
const StateRestoring State = "restoring"

// PermRestoreTenant allows [Tenants.Restore].
const PermRestoreTenant Permission = "tenancy.restore"

// Restoration is the input of [Tenants.Restore].
type Restoration struct {
	// ID is the tenant's own: what is restored is the tenant that it was.
	ID uuid.UUID
	// Archive names what it is restored from, such as a hash, in at most 200 characters. Required.
	Archive string
	// Placement is where its data go. Default: where they were.
	Placement string
	// Unknown says what the tenant is called where this control database has never heard of it: after the loss of the one that had, or in another installation. Its Placement is the one above.
	Unknown NewTenant
	// KeyCopy, when set, is what [Backups.CopyKey] wrote: the tenant's key, for a control database that does not have it. Identities open it.
	KeyCopy    io.Reader
	Identities []age.Identity
	// Reason stands in the journal, behind what was restored from. Required, at most 800 characters.
	Reason string

	// Write writes the history, as in [Tenants.Import]. Required.
	Write func(ctx context.Context, i *Importing) error
	// Replay does in the tenant's scope, as "system:tenancy.restore", what has to be done before anybody enters. It may run more than once. Required.
	Replay func(ctx context.Context) error
}

// Restore writes a tenant anew whose place was lost, under its own id, from a backup: an intent in the control database, from which on nobody enters; a place whose gate is 'importing'; one
// transaction with everything; then Replay, while still nobody enters; then the tenant is in use, and is as suspended or cancelled as it was decided to be. What was decided about it since the backup is entered into its
// trail. Cut short anywhere, the same call goes on; until it has come to its end nobody can read what was restored.
//
// A tenant that is at its place is refused, and so is one that is being purged or was. Where Write is refused nothing of it is kept, and the tenant stays as it is, restoring, for another archive to be tried.
//
// Permission: tenancy.restore, of the platform; it stands in the journal. Errors: tenancy.not_platform, tenancy.forbidden, tenancy.bad_input, tenancy.tenant_state, tenancy.placement, tenancy.region, tenancy.dedicated,
// tenancy.key, tenancy.key_destroyed, tenancy.outer_context; and those of Write and Replay.
func (t *Tenants) Restore(ctx context.Context, in Restoration) (Tenant, error) {
	const op = "tenancy.Tenants.Restore"
	actor, err := t.actor(ctx, op, PermRestoreTenant)
	if err != nil {
		return Tenant{}, err
	}
	if in.ID == uuid.Nil || in.Archive == "" || len(in.Archive) > 200 || in.Write == nil || in.Replay == nil {
		return Tenant{}, ErrBadInput.New(op, "what is restored has an id, and an archive with a name of at most 200 characters")
	}
	r := &restorer{t: t, op: op, actor: actor, in: in}
	if err := r.begin(ctx); err != nil {
		return Tenant{}, err
	}
	if err := r.write(ctx); err != nil {
		return Tenant{}, err
	}
	if err := in.Replay(r.inside(ctx)); err != nil {
		return Tenant{}, err
	}
	return r.end(ctx)
}

// restorer is one call that restores a tenant.
type restorer struct {
	t         *Tenants
	op, actor string
	in        Restoration
	row       *tenantRow
}

// begin decides that the tenant is restored from this archive, if it is lost.
func (r *restorer) begin(ctx context.Context) error {
	t := r.t
	var err error
	if r.row, err = t.find(ctx, t.db.control.Control(), "id = ?", r.in.ID); err != nil {
		return t.db.control.Fault(r.op, err)
	}
	if r.row == nil {
		return r.makeKnown(ctx)
	}
	if r.row.State != StateRestoring && !r.row.living() {
		return ErrTenantConflict.New(r.op, "the tenant is %s", r.row.State)
	}
	if r.in.Placement == "" {
		r.in.Placement = r.row.Placement
	}
	at, err := t.db.home(r.op, r.in.Placement, r.row.Region)
	if err != nil {
		return err
	}
	if r.row.State == StateRestoring && (r.row.Restoring != r.in.Archive || r.row.Placement != r.in.Placement) {
		if err := t.clear(ctx, r.op, r.row); err != nil { // what was written of another
			return err
		}
	}
	if r.row.State != StateRestoring {
		if err := r.lost(ctx, r.row.Placement); err != nil {
			return err
		}
	}
	if r.in.Placement != r.row.Placement {
		if err := r.lost(ctx, r.in.Placement); err != nil {
			return err
		}
	}
	seen := *r.row
	r.row, err = t.change(ctx, r.op, r.decision(ctx, "from "+r.in.Archive+" at "+r.in.Placement+": "+r.in.Reason), func(tx bun.Tx, row *tenantRow, _ time.Time) error {
		if row.State != seen.State || row.Restoring != seen.Restoring || row.Placement != seen.Placement {
			return ErrTenantConflict.New(r.op, "the tenant has just become %s", row.State)
		}
		if row.Placement != r.in.Placement {
			if err := t.claim(ctx, tx, r.op, at, row.ID); err != nil {
				return err
			}
			row.Placement, row.Moved = r.in.Placement, row.Moved+1
		}
		row.State, row.Restoring = StateRestoring, r.in.Archive
		return nil
	})
	return err
}

func (r *restorer) decision(ctx context.Context, reason string) decision {
	return decision{id: r.in.ID, actor: r.actor, act: string(PermRestoreTenant), reason: reason, now: r.t.now(ctx)}
}

// lost refuses a placement that has something of the tenant. One that the program does not have any more is as lost as can be.
func (r *restorer) lost(ctx context.Context, placement string) error {
	at := r.t.db.places[placement]
	if at == nil {
		return nil
	}
	gate, err := at.store.Gate(ctx, r.in.ID)
	if err != nil {
		return at.store.Fault(r.op, err)
	}
	if gate != "" {
		return ErrTenantConflict.New(r.op, "the tenant is at %s, its gate is %s: restored is only what was lost", placement, gate)
	}
	return nil
}

// makeKnown enters a tenant of whom this control database has never heard, under the id that it had.
func (r *restorer) makeKnown(ctx context.Context) error {
	t, in := r.t, r.in.Unknown
	if err := checkReason(r.op, r.in.Reason); err != nil {
		return err
	}
	in.Placement = r.in.Placement
	row, err := t.newRow(r.op, in)
	if err != nil {
		return err
	}
	row.ID, row.State, row.Restoring = r.in.ID, StateRestoring, r.in.Archive
	row.Archive = r.in.Archive // its trail may hold what others signed
	if err := r.lost(ctx, row.Placement); err != nil {
		return err
	}
	row, found, err := t.intend(ctx, r.op, r.actor, string(PermRestoreTenant), row, in, false)
	if err != nil {
		return err
	}
	if found && row.ID != r.in.ID {
		return ErrDuplicate.New(r.op, "another tenant has the reference %q", in.Reference)
	}
	r.row = row
	return nil
}

// write has everything written and the gate opened; what was written by an earlier call stays. Control data still keep everybody out.
func (r *restorer) write(ctx context.Context) error {
	t := r.t
	if r.in.KeyCopy != nil {
		c, err := openKeyCopy(r.op, r.in.ID, r.in.KeyCopy, r.in.Identities)
		if err != nil {
			return err
		}
		if err := t.db.keyrings.adopt(ctx, r.op, c); err != nil {
			return err
		}
	}
	at, err := t.db.home(r.op, r.row.Placement, r.row.Region)
	if err != nil {
		return err
	}
	written, err := t.ended(ctx, r.op, r.row)
	if err != nil || written {
		return err
	}
	if err := t.awaitNotice(ctx, r.op); err != nil {
		return err
	}
	if err := t.fill(ctx, r.op, r.actor, r.row, r.in.Write); err != nil {
		return errors.Join(err, r.drop(context.WithoutCancel(ctx), at))
	}
	return at.store.Fault(r.op, at.store.MoveGate(ctx, r.row.ID, GateActive, r.row.Turn))
}

// drop clears away what was refused, unless somebody else has just brought it to its end.
func (r *restorer) drop(ctx context.Context, at *place) error {
	gate, err := at.store.Gate(ctx, r.row.ID)
	if err != nil || gate != GateImporting {
		return at.store.Fault(r.op, err)
	}
	order, err := r.t.db.purgeOrder(ctx, at.store)
	if err != nil {
		return err
	}
	return at.store.Fault(r.op, at.store.Purge(ctx, r.row.ID, order))
}

// inside is a scope of the tenant that nobody else gets while it is being restored.
func (r *restorer) inside(ctx context.Context) context.Context {
	zone, err := zoneOf(r.op, r.row)
	if err != nil { // fill asked before
		zone = time.UTC
	}
	s := &scope{db: r.t.db, tenant: r.row.ID, actor: "system:" + string(PermRestoreTenant), perms: Permissions{AllPermissions}, zone: zone, work: true, restoring: true, quiet: true, own: r.row.Platform}
	return context.WithValue(ctx, scopeKey{}, Scope{s})
}

// end takes the tenant into use, as far as what was decided about it allows, and enters into its trail what the backup did not know of.
func (r *restorer) end(ctx context.Context) (Tenant, error) {
	t := r.t
	row, err := t.change(ctx, r.op, r.decision(ctx, "restored from "+r.in.Archive), func(tx bun.Tx, row *tenantRow, now time.Time) error {
		if row.State != StateRestoring { // another call has brought it to its end
			return nil
		}
		if row.Restoring != r.in.Archive {
			return ErrTenantConflict.New(r.op, "the tenant is being restored from something else")
		}
		row.State, row.Restoring = StateActive, ""
		row.stand(now)
		_, err := tx.NewUpdate().Model((*tenantRow)(nil)).ModelTableExpr(t.aliased()).Set("settled_turn = 0").Where("id = ?", row.ID).Exec(ctx)
		row.SettledTurn = 0
		return err
	})
	if err != nil {
		return Tenant{}, err
	}
	return row.tenant(), t.settle(ctx, r.op, row)
}

// AbandonRestore gives up a restoration: what was written is cleared away, and the tenant is as lost as it was before, in the state that was decided about it, to be restored from something else, moved on or cancelled.
// Abandoning what is not being restored changes nothing.
//
// Permission: tenancy.restore, of the platform; it stands in the journal. Errors: tenancy.not_platform, tenancy.forbidden, tenancy.bad_input (no reason), tenancy.not_found, tenancy.placement, tenancy.busy (somebody is at it).
func (t *Tenants) AbandonRestore(ctx context.Context, id uuid.UUID, reason string) (Tenant, error) {
	const op = "tenancy.Tenants.AbandonRestore"
	actor, err := t.actor(ctx, op, PermRestoreTenant)
	if err != nil {
		return Tenant{}, err
	}
	row, err := t.find(ctx, t.db.control.Control(), "id = ?", id)
	switch {
	case err != nil:
		return Tenant{}, t.db.control.Fault(op, err)
	case row == nil:
		return Tenant{}, ErrNotFound.New(op, "")
	case row.State == StateRestoring:
		if err := t.clear(ctx, op, row); err != nil {
			return Tenant{}, err
		}
	}
	d := decision{id: id, actor: actor, act: string(PermRestoreTenant), reason: "given up: " + reason, now: t.now(ctx)}
	row, err = t.change(ctx, op, d, func(_ bun.Tx, row *tenantRow, now time.Time) error {
		if row.State == StateRestoring {
			row.State, row.Restoring = StateActive, ""
			row.stand(now)
		}
		return nil
	})
	if err != nil {
		return Tenant{}, err
	}
	return row.tenant(), nil
}
