package tenancy

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// Authorise lets the person that a grant names into the tenant, for the acts and the time that it names, beginning now. It is
// the tenant's owner who does: the context is of the tenant's own scope, with the permission tenancy.grant or tenancy.own, and
// not of the person who asked or will use it. Authorising again changes nothing.
//
// It leaves a line in the platform's journal and an event in the tenant's trail. Errors: tenancy.no_scope and the other
// unscoped codes, tenancy.forbidden, tenancy.not_found, tenancy.grant_self, tenancy.grant_state (refused, revoked, lapsed).
func (g *Grants) Authorise(ctx context.Context, id uuid.UUID) (Grant, error) {
	const op = "tenancy.Grants.Authorise"
	return g.decide(ctx, op, id, func(tx bun.Tx, s *scope, row *grantRow) error {
		now := g.db.now()
		switch {
		case s.actor == row.AskedBy || s.actor == row.Person:
			return ErrGrantSelf.New(op, "")
		case row.State == GrantAuthorised:
			return nil
		case row.state(now) != GrantAsked:
			return ErrGrantState.New(op, "the grant is %s", row.state(now))
		}
		row.authorise(now, s.actor)
		if err := g.write(ctx, tx, row); err != nil {
			return err
		}
		return g.note(ctx, tx, row, s.actor, PermGrant, "authorise", row.Reason)
	})
}

// Refuse says no to a grant that was asked for. Refusing again changes nothing; one that is authorised is revoked instead. In an
// emergency the two people can then not approve it any more: they ask again, and say why. Permission and errors: as
// [Grants.Authorise]'s.
func (g *Grants) Refuse(ctx context.Context, id uuid.UUID, reason string) (Grant, error) {
	const op = "tenancy.Grants.Refuse"
	return g.decide(ctx, op, id, func(tx bun.Tx, s *scope, row *grantRow) error {
		switch row.State { //nolint:exhaustive // the other states are made of time
		case GrantRefused:
			return nil
		case GrantAsked:
			return g.end(ctx, tx, row, s.actor, GrantRefused, PermGrant, reason)
		}
		return ErrGrantState.New(op, "the grant is %s", row.state(g.db.now()))
	})
}

// decide lets a tenant's owner change one of the tenant's grants, and sees to what follows. A grant that the owner may not know
// of, another tenant's and one that does not exist give the same answer.
func (g *Grants) decide(ctx context.Context, op string, id uuid.UUID, fn func(bun.Tx, *scope, *grantRow) error) (Grant, error) {
	s, err := g.owner(ctx, op)
	if err != nil {
		return Grant{}, err
	}
	row, err := g.change(ctx, op, id, func(tx bun.Tx, row *grantRow) error {
		if row.TenantID != s.tenant || row.hidden() {
			return ErrNotFound.New(op, "")
		}
		return fn(tx, s, row)
	})
	if err != nil {
		return Grant{}, err
	}
	g.settle(ctx, row)
	return g.get(ctx, op, id)
}

// Revoke ends a grant at once: for scopes that are entered and transactions that are open as well, in every process. Whatever
// is being committed at that instant is waited for; once Revoke has returned, nothing more is read or written under the grant.
// Revoking again changes nothing.
//
// The tenant's owner may (permission tenancy.grant or tenancy.own, from the tenant's scope), and on the platform's side who may
// ask or approve (grant.ask, grant.approve). reason is optional. Errors: tenancy.not_found, tenancy.forbidden,
// tenancy.grant_state (refused), and the codes of contexts without a usable scope. An error of the database that comes after
// the grant was revoked says that the tenant's own database could not be told, which [Grants.CompletePending] does later;
// every process of this library refuses the grant meanwhile.
func (g *Grants) Revoke(ctx context.Context, id uuid.UUID, reason string) (Grant, error) {
	const op = "tenancy.Grants.Revoke"
	var tenant uuid.UUID // zero for the platform
	var actor string
	var err error
	act := PermGrant
	if byPlatform(ctx) {
		act = PermApproveGrant
		actor, err = g.staff(ctx, op, PermAskGrant, PermApproveGrant)
	} else {
		var s *scope
		if s, err = g.owner(ctx, op); err == nil {
			actor, tenant = s.actor, s.tenant
		}
	}
	if err != nil {
		return Grant{}, err
	}
	row, err := g.change(ctx, op, id, func(tx bun.Tx, row *grantRow) error {
		if tenant != uuid.Nil && (row.TenantID != tenant || row.hidden()) {
			return ErrNotFound.New(op, "")
		}
		switch row.State { //nolint:exhaustive // the other states are made of time
		case GrantRevoked:
			return nil
		case GrantRefused:
			return ErrGrantState.New(op, "the grant was refused")
		}
		return g.end(ctx, tx, row, actor, GrantRevoked, act, reason)
	})
	if err != nil {
		return Grant{}, err
	}
	err = g.close(ctx, op, row)
	g.outlast(ctx, id)
	g.settle(ctx, row)
	if err != nil {
		return Grant{}, err
	}
	return g.get(ctx, op, id)
}

// end writes that a grant is over.
func (g *Grants) end(ctx context.Context, tx bun.Tx, row *grantRow, actor string, state GrantState, act Permission, reason string) error {
	if len(reason) > maxReason || !storable(reason) {
		return ErrBadInput.New("tenancy.Grants", "a reason has at most %d characters", maxReason)
	}
	verb := "revoke"
	if state == GrantRefused {
		verb = "refuse"
	}
	row.State, row.EndedBy, row.Ended = state, actor, g.db.now().UnixMicro()
	if err := g.write(ctx, tx, row); err != nil {
		return err
	}
	return g.note(ctx, tx, row, actor, act, verb, reason)
}

// close has the tenant's own database end a revoked grant, and notes that it did.
func (g *Grants) close(ctx context.Context, op string, row *grantRow) error {
	if row.State != GrantRevoked || row.Closed != 0 {
		return nil
	}
	info, err := g.db.directory.get(ctx, op, row.TenantID)
	if err != nil {
		return err
	}
	if info.state != "" && info.state != StatePurged && row.Authorised != 0 {
		at, err := g.db.at(op, info.placement)
		if err != nil {
			return err
		}
		if err := at.store.EndGrant(ctx, row.ID); err != nil {
			return at.store.Fault(op, err)
		}
	}
	return g.db.Tenants().control(ctx, op, func(tx bun.Tx) error {
		_, err := tx.NewUpdate().Model((*grantRow)(nil)).ModelTableExpr(g.rows()).Set("closed_micros = ?", g.db.now().UnixMicro()).
			Where("g.id = ?", row.ID).Where("g.closed_micros = 0").Exec(ctx)
		return err
	})
}

// List gives grants in the order in which they were asked for, at most limit (1 to 1,000) after the given id (zero: from the
// start): to the platform's staff all (permission grant.read), to a tenant's owner (tenancy.grant or tenancy.own) the
// tenant's own, but for those that the law forbids to tell of. Errors: tenancy.no_scope and the other codes of contexts
// without a usable scope, tenancy.forbidden.
func (g *Grants) List(ctx context.Context, after uuid.UUID, limit int) ([]Grant, error) {
	const op = "tenancy.Grants.List"
	control := g.db.control.Control()
	var rows []grantRow
	q := control.NewSelect().Model(&rows).ModelTableExpr(g.rows()).Where("g.id > ?", after).OrderExpr("g.id").Limit(int64(min(max(limit, 1), 1000)))
	if byPlatform(ctx) {
		if _, err := g.staff(ctx, op, PermReadGrants); err != nil {
			return nil, err
		}
	} else {
		s, err := g.owner(ctx, op)
		if err != nil {
			return nil, err
		}
		q = q.Where("g.tenant_id = ?", s.tenant).Where("g.withheld = '' OR g.lifted_micros <> 0")
	}
	if err := q.Scan(ctx); err != nil {
		return nil, g.db.control.Fault(op, err)
	}
	out := make([]Grant, len(rows))
	if len(rows) == 0 {
		return out, nil
	}
	ids := make([]uuid.UUID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	approvals, err := g.approvals(ctx, control, ids...)
	if err != nil {
		return nil, g.db.control.Fault(op, err)
	}
	now := g.db.now()
	for i := range rows {
		out[i] = rows[i].grant(now, approvals)
	}
	return out, nil
}

// Uses gives what was done about a grant and under it, in order, at most limit (1 to 1,000) after the given id (zero: from the
// start). What stands here was written before the rows were handed out. Permissions and errors: as [Grants.List]'s, and
// tenancy.not_found.
func (g *Grants) Uses(ctx context.Context, id, after uuid.UUID, limit int) ([]Use, error) {
	const op = "tenancy.Grants.Uses"
	var tenant uuid.UUID
	if byPlatform(ctx) {
		if _, err := g.staff(ctx, op, PermReadGrants); err != nil {
			return nil, err
		}
	} else {
		s, err := g.owner(ctx, op)
		if err != nil {
			return nil, err
		}
		tenant = s.tenant
	}
	control := g.db.control.Control()
	row, err := g.find(ctx, control, "g.id = ?", id)
	if err != nil {
		return nil, g.db.control.Fault(op, err)
	}
	if row == nil || tenant != uuid.Nil && (row.TenantID != tenant || row.hidden()) {
		return nil, ErrNotFound.New(op, "")
	}
	var rows []useRow
	err = control.NewSelect().Model(&rows).ModelTableExpr(g.table(tableUses)+" AS u").Where("u.grant_id = ?", id).Where("u.id > ?", after).
		OrderExpr("u.id").Limit(int64(min(max(limit, 1), 1000))).Scan(ctx)
	if err != nil {
		return nil, g.db.control.Fault(op, err)
	}
	out := make([]Use, len(rows))
	for i := range rows {
		out[i] = rows[i].use()
	}
	return out, nil
}

// authorise begins the grant's time.
func (r *grantRow) authorise(now time.Time, by string) {
	r.State, r.AuthorisedBy, r.Authorised = GrantAuthorised, by, now.UnixMicro()
	r.Expires = r.Authorised + r.Duration
	// The tenant's database has a clock of its own, which no test moves.
	r.Wall = time.Now().UnixMicro() + r.Duration
}

// change lets decide look at a grant's row, which nobody else changes meanwhile.
func (g *Grants) change(ctx context.Context, op string, id uuid.UUID, decide func(bun.Tx, *grantRow) error) (*grantRow, error) {
	var row *grantRow
	err := g.db.Tenants().control(ctx, op, func(tx bun.Tx) error {
		if g.postgres() { // SQLite's control transactions have the only write lock from their start
			if _, err := tx.NewRaw("SELECT FROM ? WHERE id = ? FOR UPDATE", bun.Safe(g.table(tableGrants)), id).Exec(ctx); err != nil {
				return err
			}
		}
		var err error
		if row, err = g.find(ctx, tx, "g.id = ?", id); err != nil {
			return err
		}
		if row == nil {
			return ErrNotFound.New(op, "")
		}
		return decide(tx, row)
	})
	return row, err
}

// write keeps what was decided.
func (g *Grants) write(ctx context.Context, tx bun.Tx, row *grantRow) error {
	_, err := tx.NewUpdate().Model(row).ModelTableExpr(g.rows()).
		Column("state", "authorised_by", "authorised_micros", "expires_micros", "wall_micros", "ended_by", "ended_micros", "lifted_by", "lifted_micros").
		Where("g.id = ?", row.ID).Exec(ctx)
	return err
}

// note records an act about a grant: in the platform's journal, and among the grant's uses, from which the tenant's trail is
// told.
func (g *Grants) note(ctx context.Context, tx bun.Tx, row *grantRow, actor string, act Permission, verb, reason string) error {
	t := g.db.Tenants()
	text := strings.TrimSuffix("grant "+row.ID.String()+" "+verb+": "+reason, ": ")
	if err := t.journal(ctx, tx, &journalRow{Actor: actor, Act: string(act), TenantID: row.TenantID, Reason: text}); err != nil {
		return err
	}
	use := &useRow{ID: NewID(), GrantID: row.ID, TenantID: row.TenantID, Used: g.db.now().UnixMicro(), Actor: actor, Act: string(act), Verb: verb}
	_, err := tx.NewInsert().Model(use).ModelTableExpr(g.table(tableUses)).Exec(ctx)
	return err
}
