package tenancy

import (
	"context"
	"encoding/binary"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy/fault"
)

// granted is what a scope under a grant holds.
type granted struct {
	id       uuid.UUID
	expires  time.Time
	withheld bool // the owner may not know yet: it only reads, and the trail is told later
}

// recordWithin bounds what is written about a grant's use when the caller's own time has run out.
const recordWithin = 10 * time.Second

// EnterGrant is the platform's staff's one way into a tenant: under a break-glass grant, as actor "grant:ID". The context is
// of [DB.EnterPlatform], and its actor the person that the grant names. What the scope may do is what the grant names; a
// statement outside every act ([Act], [View]) is refused. Each statement is on record with its table, its filter and its number
// of rows before its rows are handed out ([Grants.Uses]), and in the tenant's own trail as "tenancy.break_glass" when the
// transaction has ended, however it did. The host's own SQL (Tx.Host, DB.Join) is refused, for nobody could say what it looks at.
//
// The grant is looked at before every statement, before its rows are handed out and at the commit, so that its expiry and a
// revocation hold for what is under way; on PostgreSQL the database looks at it too. Under a grant whose owner may not know
// of it, everything is read-only.
//
// Errors: tenancy.not_platform, tenancy.not_found, tenancy.grant_person, tenancy.grant_unauthorised, tenancy.grant_ended,
// tenancy.grant_reason, tenancy.grant_untold (an emergency of which the owner could not be told), and those of a tenant that
// cannot be entered.
func (db *DB) EnterGrant(ctx context.Context, id uuid.UUID) (context.Context, error) {
	const op = "tenancy.EnterGrant"
	g := db.Grants()
	if err := g.outside(ctx, op); err != nil {
		return nil, err
	}
	by := ScopeOf(ctx).s
	if by == nil || !by.platform || by.db != db {
		return nil, ErrNotPlatform.New(op, "")
	}
	row, err := g.find(ctx, db.control.Control(), "g.id = ?", id)
	if err != nil {
		return nil, db.control.Fault(op, err)
	}
	switch {
	case row == nil:
		return nil, ErrNotFound.New(op, "")
	case row.Person != by.actor:
		return nil, ErrGrantPerson.New(op, "")
	case strings.TrimSpace(row.Reason) == "":
		return nil, ErrGrantReason.New(op, "")
	}
	if err := row.usable(op, db.now()); err != nil {
		return nil, err
	}
	if err := g.toldOrRefused(ctx, op, row); err != nil {
		return nil, err
	}
	info, err := db.directory.usable(ctx, op, row.TenantID, &scope{db: db})
	if err != nil {
		return nil, err
	}
	at, err := db.at(op, info.placement)
	if err != nil {
		return nil, err
	}
	if err := at.store.PutGrant(ctx, StoredGrant{ID: id, TenantID: row.TenantID, ExpiresAt: instantOf(row.Wall)}); err != nil {
		return nil, at.store.Fault(op, err)
	}
	s := &scope{db: db, tenant: row.TenantID, actor: "grant:" + id.String(), perms: row.permissions(), zone: info.zone,
		grant: &granted{id: id, expires: instantOf(row.Expires), withheld: row.hidden()}}
	if err := g.record(ctx, op, s, string(actEnterGrant), []look{{verb: "enter"}}); err != nil {
		return nil, err
	}
	g.settle(ctx, row)
	return context.WithValue(ctx, scopeKey{}, Scope{s}), nil
}

const (
	// actEnterGrant is what entering under a grant is recorded as among its uses.
	actEnterGrant Permission = "grant.enter"
	// actBreakGlass is the act of everything that the tenant's own trail says about grants.
	actBreakGlass = "tenancy.break_glass"
)

// Grant is the break-glass grant that the scope works under; zero for all other scopes.
func (s Scope) Grant() uuid.UUID {
	if s.s == nil || s.s.grant == nil {
		return uuid.Nil
	}
	return s.s.grant.id
}

// noGrant refuses to make a scope of another kind out of the platform's staff's, or out of one under a grant: that would be a
// way round the grant. Background work of the platform goes on to tenants as System.
func (db *DB) noGrant(ctx context.Context, op string) error {
	s := ScopeOf(ctx).s
	switch {
	case s == nil:
	case s.grant != nil:
		return ErrGrantScope.New(op, "a scope under a grant does not become another")
	case s.platform && s.fixed.IsZero():
		return ErrGrantScope.New(op, "platform staff enter a tenant under a grant: EnterGrant")
	}
	return nil
}

// hold runs fn while the grant cannot end: whoever revokes it waits until fn is over, or was there first, and then ended says
// so. On PostgreSQL a shared advisory lock sees to that, so that a revocation itself never waits; SQLite's control transactions
// have the only write lock.
func (g *Grants) hold(ctx context.Context, op string, id uuid.UUID, fn func(tx bun.Tx, ended error) error) error {
	return g.db.Tenants().control(ctx, op, func(tx bun.Tx) error {
		if g.postgres() {
			if _, err := tx.NewRaw("SELECT pg_advisory_xact_lock_shared(?, ?)", lockSpace, lockOf(id)).Exec(ctx); err != nil {
				return err
			}
		}
		row, err := g.find(ctx, tx, "g.id = ?", id)
		if err != nil {
			return err
		}
		if row == nil {
			return fn(tx, ErrGrantEnded.New(op, ""))
		}
		return fn(tx, row.usable(op, g.db.now()))
	})
}

// The first halves of the advisory locks of grants: "gran" for their life, in the control database, and "mark" for the trail, in
// the tenant's. (They may be one.)
const (
	lockSpace = 0x6772616e
	markSpace = 0x6d61726b
)

// lockOf is the second half. Two grants with the same one wait for each other now and then, and that is all.
func lockOf(id uuid.UUID) int32 {
	return int32(binary.BigEndian.Uint32(id[12:])) //nolint:gosec // any bits will do
}

// outlast waits for what was being recorded or committed under a grant when it was revoked. What takes longer than a few
// seconds is not waited for: it was under way before.
func (g *Grants) outlast(ctx context.Context, id uuid.UUID) {
	if !g.postgres() {
		return // the revocation itself has waited
	}
	_ = g.db.Tenants().control(ctx, "tenancy.Grants.Revoke", func(tx bun.Tx) error {
		if _, err := tx.NewRaw("SET LOCAL lock_timeout = '5s'").Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewRaw("SELECT pg_advisory_xact_lock(?, ?)", lockSpace, lockOf(id)).Exec(ctx)
		return err
	})
}

// look is one statement under a grant, as it is recorded.
type look struct {
	verb, table, filter string
	rows                int64
	refusal             fault.Code
}

// record writes what was looked at, durably, and then says whether the grant still held: what comes after its end is on record
// as refused. It is written even if the caller's context is done.
func (g *Grants) record(ctx context.Context, op string, s *scope, act string, looks []look) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	var refused error
	err := g.hold(ctx, op, s.grant.id, func(tx bun.Tx, ended error) error {
		refused = ended
		now := g.db.now().UnixMicro()
		rows := make([]useRow, len(looks))
		for i, l := range looks {
			rows[i] = useRow{ID: NewID(), GrantID: s.grant.id, TenantID: s.tenant, Used: now, Actor: s.actor, Act: act,
				Verb: l.verb, Table: l.table, Filter: l.filter, Rows: l.rows, Refusal: l.refusal}
			if ended != nil && l.refusal == "" {
				rows[i].Refusal = fault.CodeOf(ended)
			}
		}
		_, err := tx.NewInsert().Model(&rows).ModelTableExpr(g.table(tableUses)).Exec(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return refused
}

// standing refuses a statement that would come after the grant's end.
func (g *Grants) standing(ctx context.Context, op string, id uuid.UUID) error {
	row, err := g.find(ctx, g.db.control.Control(), "g.id = ?", id)
	switch {
	case err != nil:
		return g.db.control.Fault(op, err)
	case row == nil:
		return ErrGrantEnded.New(op, "")
	}
	return row.usable(op, g.db.now())
}

// commit commits a transaction under a grant, if the grant holds until it is done.
func (g *Grants) commit(ctx context.Context, op string, id uuid.UUID, commit func() error) error {
	var committed bool
	err := g.hold(ctx, op, id, func(_ bun.Tx, ended error) error {
		if ended != nil {
			return ended
		}
		err := commit()
		committed = err == nil
		return err
	})
	if committed {
		return nil // whatever became of the lock
	}
	return err
}
