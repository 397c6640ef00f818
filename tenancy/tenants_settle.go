package tenancy

import (
	"context"
	"strings"

	"github.com/google/uuid"
)

// gate is what the tenant's own database is to know of a living tenant.
func (r *tenantRow) gate() Gate {
	if r.State == StateActive {
		return GateActive
	}
	return GateClosed
}

// settle tells the tenant's own database what was decided: the gate is moved, the acts are entered into the tenant's trail, and
// then the control data say that it was done. Each step can be repeated, by anybody and in any order with another's: a gate is
// not moved by a decision that was overtaken, and an act is in the trail with the id of its line in the journal.
func (t *Tenants) settle(ctx context.Context, op string, row *tenantRow) error {
	if row.SettledTurn >= row.Turn {
		return nil
	}
	at, err := t.db.at(op, row.Placement)
	if err != nil {
		return err
	}
	if err := at.store.MoveGate(ctx, row.ID, row.gate(), row.Turn); err != nil {
		return at.store.Fault(op, err)
	}
	var lines []journalRow
	control := t.db.control.Control()
	err = control.NewSelect().Model(&lines).ModelTableExpr(t.table(tableJournal)+" AS ?TableAlias").
		Where("tenant_id = ?", row.ID).Where("turn > ?", row.SettledTurn).Where("turn <= ?", row.Turn).OrderExpr("turn").Scan(ctx)
	if err != nil {
		return t.db.control.Fault(op, err)
	}
	if err := t.tell(ctx, op, at, row.ID, lines); err != nil {
		return err
	}
	_, err = control.NewUpdate().Model((*tenantRow)(nil)).ModelTableExpr(t.aliased()).Set("settled_turn = ?", row.Turn).
		Where("id = ?", row.ID).Where("settled_turn < ?", row.Turn).Exec(ctx)
	return t.db.control.Fault(op, err)
}

// How acts about a tenant's life are called where they come from the other side: the owner's in the platform's journal, the
// platform's in the tenant's trail.
const (
	byOwner    = "tenancy.own/"
	byPlatform = "tenancy.platform/"
)

// tell enters lines of the journal into the tenant's trail, those that are not there yet. An event there names its line.
func (t *Tenants) tell(ctx context.Context, op string, at *place, tenant uuid.UUID, lines []journalRow) error {
	return t.db.attempt(ctx, op, &scope{db: t.db, tenant: tenant}, at, goroutineID(), txMode{platform: true}, func(ctx context.Context, tx *Tx) error {
		if err := tx.session.Alone(ctx); err != nil { // somebody else may be at the same
			return tx.failed(op, err)
		}
		for _, l := range lines {
			there, err := Exists[Event](ctx, tx, Eq("row_id", l.ID), Eq("model", tableJournal))
			if err != nil {
				return err
			}
			if there {
				continue
			}
			act, owners := strings.CutPrefix(l.Act, byOwner)
			if !owners {
				act = byPlatform + l.Act
			}
			e := tx.addEvent(act, "", tableJournal, l.ID, "")
			e.OccurredAt, e.Actor = l.OccurredAt, l.Actor
		}
		return nil
	})
}
