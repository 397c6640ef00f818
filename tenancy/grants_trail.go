package tenancy

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// marksAtOnce bounds what is written into a tenant's trail in one transaction.
const marksAtOnce = 500

// mark writes what was done about a grant and under it into the tenant's own trail, in transactions of their own: whatever
// became of the one in which it was done. Each event names its use, so that doing it again, or two doing it at once, changes
// nothing.
func (g *Grants) mark(ctx context.Context, op string, row *grantRow) error {
	if row.hidden() {
		return nil // the owner reads the trail
	}
	for {
		var uses []useRow
		err := g.db.control.Control().NewSelect().Model(&uses).ModelTableExpr(g.table(tableUses)+" AS u").
			Where("u.grant_id = ?", row.ID).Where("u.marked_micros = 0").OrderExpr("u.id").Limit(marksAtOnce).Scan(ctx)
		if err != nil {
			return g.db.control.Fault(op, err)
		}
		if len(uses) == 0 {
			return nil
		}
		if ok, err := g.markUses(ctx, op, row.TenantID, uses); err != nil || !ok {
			return err
		}
		if len(uses) < marksAtOnce {
			return nil
		}
	}
}

// markUses writes events and then says so. ok is false where the tenant's trail cannot be written now: its data are moving, or
// are not there yet.
func (g *Grants) markUses(ctx context.Context, op string, tenant uuid.UUID, uses []useRow) (ok bool, err error) {
	info, err := g.db.directory.get(ctx, op, tenant)
	if err != nil {
		return false, err
	}
	switch info.state { //nolint:exhaustive // the others wait
	case StateActive, StateSuspended, StateCancelled:
		at, err := g.db.at(op, info.placement)
		if err != nil {
			return false, err
		}
		if err := g.events(ctx, op, at, tenant, uses); err != nil {
			return false, err
		}
	case "", StatePurging, StatePurged: // there is no trail any more; the platform's record stays
	default:
		return false, nil
	}
	ids := make([]uuid.UUID, len(uses))
	for i := range uses {
		ids[i] = uses[i].ID
	}
	return true, g.db.Tenants().control(ctx, op, func(tx bun.Tx) error {
		_, err := tx.NewUpdate().Model((*useRow)(nil)).ModelTableExpr(g.table(tableUses)+" AS u").Set("marked_micros = ?", g.db.now().UnixMicro()).
			Where("u.id IN (?)", bun.In(ids)).Where("u.marked_micros = 0").Exec(ctx) //nolint:staticcheck // bun.List is its new name
		return err
	})
}

// events writes what is not in the tenant's trail yet. It needs no scope and no grant: a grant that has ended is told of as
// well. Who does the same at once waits: for an advisory lock in the tenant's database, or for the file's one writer.
func (g *Grants) events(ctx context.Context, op string, at *place, tenant uuid.UUID, uses []useRow) error {
	owner := goroutineID()
	if _, busy := owners.Load(owner); busy {
		return ErrOuterContext.New(op, "")
	}
	s := &scope{db: g.db, tenant: tenant, actor: "system:grants", zone: time.UTC}
	ids := make([]uuid.UUID, len(uses))
	for i := range uses {
		ids[i] = uses[i].ID
	}
	return g.db.attempt(ctx, op, s, at, owner, txMode{platform: true}, func(ctx context.Context, tx *Tx) error {
		if at.store.Dialect().Name().String() == "pg" {
			lock := tx.session.DB().NewRaw("SELECT pg_advisory_xact_lock(?, ?)", markSpace, lockOf(uses[0].GrantID)).Conn(tx.session.Conn())
			if _, err := lock.Exec(ctx); err != nil {
				return tx.failed(op, err)
			}
		}
		known, err := Find[Event](ctx, tx, In("row_id", ids), Eq("act", actBreakGlass))
		if err != nil {
			return err
		}
		there := map[uuid.UUID]bool{}
		for i := range known {
			there[known[i].RowID] = true
		}
		for i := range uses {
			if !there[uses[i].ID] {
				tx.events = append(tx.events, uses[i].event())
			}
		}
		return nil
	})
}

// maxShown bounds what an event says of a use; the use itself says all.
const maxShown = 1000

// event is the use as the tenant's own trail has it: without a verb, for it writes no row, and with the use as its record.
func (r *useRow) event() *Event {
	said := fmt.Sprintf("grant %s: %s", r.GrantID, r.Verb)
	if r.Table != "" {
		said += fmt.Sprintf(" by %s: ", r.Act)
		if r.Refusal != "" {
			said += string(r.Refusal)
		} else {
			said += fmt.Sprintf("%d rows", r.Rows)
		}
		if r.Filter != "" {
			said += " of " + r.Filter
		}
	}
	if len(said) > maxShown {
		said = strings.ToValidUTF8(said[:maxShown], "") + " ..."
	}
	return &Event{Row: Row{TenantID: r.TenantID, ID: NewID()}, OccurredAt: instantOf(r.Used), Actor: r.Actor, Act: actBreakGlass, Model: r.Table, RowID: r.ID, Columns: said}
}

// pending are the grants with something left to do, the oldest first. Tenants whose trail cannot be written now are passed over,
// and so are grants of which the owner may not know.
func (g *Grants) pending(ctx context.Context, limit int) ([]grantRow, error) {
	var rows []grantRow
	err := g.db.control.Control().NewSelect().Model(&rows).ModelTableExpr(g.rows()).
		Where(`g.state = ? AND g.closed_micros = 0
			OR (g.withheld = '' OR g.lifted_micros <> 0) AND EXISTS (SELECT 1 FROM ? AS u JOIN ? AS t ON t.id = u.tenant_id
				WHERE u.grant_id = g.id AND u.marked_micros = 0 AND t.state IN (?, ?, ?, ?, ?))
			OR ? AND (g.lifted_micros <> 0 AND g.told <> ? OR g.withheld = '' AND g.authorised_micros <> 0 AND g.authorised_by = '' AND g.told <> ?
				OR g.withheld = '' AND g.state = ? AND g.asked_micros > ? AND g.told = '')`,
			GrantRevoked, bun.Safe(g.table(tableUses)), bun.Safe(g.table(tableTenants)), StateActive, StateSuspended, StateCancelled, StatePurging, StatePurged,
			g.db.tellOwner != nil, NoticeLifted, NoticeAuthorised, GrantAsked, g.db.now().Add(-AskedFor).UnixMicro()).
		OrderExpr("g.id").Limit(int64(limit)).Scan(ctx)
	return rows, err
}

// markAfter tells the trail of a transaction that has ended. What it cannot do now is done by CompletePending.
func (g *Grants) markAfter(ctx context.Context, op string, id uuid.UUID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
	defer cancel()
	row, err := g.find(ctx, g.db.control.Control(), "g.id = ?", id)
	if err == nil && row != nil {
		_ = g.mark(ctx, op, row)
	}
}
