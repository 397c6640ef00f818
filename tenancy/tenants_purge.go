package tenancy

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// abandonedAfter is how long an import may take. It is longer than any that was measured, by far.
const abandonedAfter = 24 * time.Hour

// Purge removes a cancelled tenant for good: every row of it in every table, or its file. Of the tenant remain its id, its
// dates and its state, its [Contract] and the platform's journal. It is refused before PurgeAfter, and while a legal hold stands
// ([Tenants.Hold]). Killed on the way, it is completed by the same call or by [Tenants.CompletePending]. Purging a purged tenant
// changes nothing. Copies in the host's backups are the host's to let run out. A [PurgeWitness] is told before and afterwards.
//
// Permission: tenancy.purge. Errors: tenancy.not_platform, tenancy.not_found, tenancy.tenant_state, tenancy.legal_hold,
// tenancy.bad_input (no reason), tenancy.card_number, tenancy.outer_context, tenancy.busy (its file is in use, or a transaction
// that has begun before holds its rows: try again).
func (t *Tenants) Purge(ctx context.Context, id uuid.UUID, reason string) (Tenant, error) {
	const op = "tenancy.Tenants.Purge"
	actor, err := t.actor(ctx, op, PermPurgeTenant)
	if err != nil {
		return Tenant{}, err
	}
	return t.purge(ctx, op, actor, id, reason, false)
}

// PurgeNow is [Tenants.Purge] before PurgeAfter. waiver says where the tenant's own written waiver of the 30 days is kept; it
// stands in the platform's journal with the reason. Permission and errors: as Purge's, and what the [PurgeWitness] has against it.
func (t *Tenants) PurgeNow(ctx context.Context, id uuid.UUID, reason, waiver string) (Tenant, error) {
	const op = "tenancy.Tenants.PurgeNow"
	actor, err := t.actor(ctx, op, PermPurgeTenant)
	if err != nil {
		return Tenant{}, err
	}
	if err := checkReason(op, reason, waiver); err != nil {
		return Tenant{}, err
	}
	return t.purge(ctx, op, actor, id, reason+"; waiver: "+waiver, true)
}

func (t *Tenants) purge(ctx context.Context, op, actor string, id uuid.UUID, reason string, waived bool) (Tenant, error) {
	still := func(*tenantRow) error { return nil }
	if waived {
		var err error
		if still, err = t.askWitness(ctx, op, id); err != nil {
			return Tenant{}, err
		}
	}
	d := decision{id: id, actor: actor, act: string(PermPurgeTenant), reason: reason, now: t.now(ctx)}
	row, err := t.change(ctx, op, d, func(tx bun.Tx, row *tenantRow, now time.Time) error {
		if row.living() {
			row.stand(now)
		}
		switch row.State { //nolint:exhaustive // the rest is refused
		case StatePurging, StatePurged:
			return nil
		case StateCancelled:
		default:
			return ErrTenantConflict.New(op, "the tenant is %s: cancel it first", row.State)
		}
		if err := still(row); err != nil {
			return err
		}
		if !waived && now.Before(row.PurgeAfter) {
			return ErrTenantConflict.New(op, "the tenant's data are kept until %s", row.PurgeAfter.Format(time.RFC3339))
		}
		if err := t.refuseHeld(ctx, tx, op, id); err != nil {
			return err
		}
		row.State = StatePurging
		return nil
	})
	if err != nil {
		return Tenant{}, err
	}
	if row.State == StatePurged {
		return t.tellGone(ctx, row)
	}
	return t.finish(ctx, op, actor, row)
}

// clear deletes everything that a tenant has at its place. The gate closes first, in case that was still to come: behind a closed
// gate nobody writes, whatever they think of the tenant's state.
func (t *Tenants) clear(ctx context.Context, op string, row *tenantRow) error {
	at, err := t.db.at(op, row.Placement)
	if err != nil {
		return err
	}
	order, err := t.db.purgeOrder(ctx, at.store)
	if err != nil {
		return err
	}
	if err := t.shut(ctx, at, row); err != nil {
		return at.store.Fault(op, err)
	}
	return at.store.Fault(op, at.store.Purge(ctx, row.ID, order))
}

// shut closes the gate of a tenant that is going, if it is open still.
func (t *Tenants) shut(ctx context.Context, at *place, row *tenantRow) error {
	gate, err := at.store.Gate(ctx, row.ID)
	if err == nil && gate == GateActive {
		err = at.store.MoveGate(ctx, row.ID, GateClosed, math.MaxInt64)
		if now, again := at.store.Gate(ctx, row.ID); err != nil && again == nil && now != GateActive {
			return nil // another purger was faster
		}
	}
	return err
}

// finish completes a purge: the witness, the data, then the key, then the row, and the witness again. Each can be repeated.
func (t *Tenants) finish(ctx context.Context, op, actor string, row *tenantRow) (Tenant, error) {
	if err := t.endMove(ctx, op, actor, row.ID); err != nil { // a copy at the place before, which could not be purged yet
		return Tenant{}, err
	}
	if err := t.tellLeaving(ctx, op, actor, row); err != nil {
		return Tenant{}, err
	}
	if err := t.clear(ctx, op, row); err != nil {
		return Tenant{}, err
	}
	if err := t.destroyKeys(ctx, op, row.ID, "nothing is left"); err != nil {
		return Tenant{}, err
	}
	if err := t.control(ctx, op, func(tx bun.Tx) error { // what was set for it, and when its jobs were due
		if _, err := tx.NewDelete().TableExpr(t.table(tableJobRuns)).Where("tenant_id = ?", row.ID).Exec(ctx); err != nil {
			return err
		}
		return t.dropLimits(ctx, tx, row.ID)
	}); err != nil {
		return Tenant{}, err
	}
	d := decision{id: row.ID, actor: actor, act: string(PermPurgeTenant), reason: "nothing is left", now: t.now(ctx)}
	row, err := t.change(ctx, op, d, func(tx bun.Tx, row *tenantRow, _ time.Time) error {
		switch row.State { //nolint:exhaustive // the rest is refused
		case StatePurged:
		case StatePurging:
			if err := t.unclaim(ctx, tx, row.ID, ""); err != nil {
				return err
			}
			*row = tenantRow{ID: row.ID, State: StatePurged, CreatedAt: row.CreatedAt, Turn: row.Turn, SettledTurn: row.SettledTurn}
		default:
			return ErrTenantConflict.New(op, "the tenant is %s", row.State)
		}
		return nil
	})
	if err != nil {
		return Tenant{}, err
	}
	return t.tellGone(ctx, row)
}

// CompletePending goes on with what was cut short or has become due, for at most limit tenants (1 to 1,000), the longest
// waiting first: creations, purges, moves, imports that nobody has gone on with for a day, decisions that a tenant's own database has
// not been told, ends of service that have come, and cancelled tenants whose time is over and that no legal hold keeps. It tells
// how many it completed; call it again while that is limit. One that fails does not keep the others back; its error is among
// those returned. It is meant for a background job.
//
// Permission: tenancy.complete. Errors: tenancy.not_platform, and those of the single acts.
func (t *Tenants) CompletePending(ctx context.Context, limit int) (int, error) {
	const op = "tenancy.Tenants.CompletePending"
	actor, err := t.actor(ctx, op, PermCompleteTenants)
	if err != nil {
		return 0, err
	}
	now := t.now(ctx)
	var rows []tenantRow
	living := bun.In([]State{StateActive, StateSuspended, StateCancelled}) //nolint:staticcheck // see List
	err = t.db.control.Control().NewSelect().Model(&rows).ModelTableExpr(t.aliased()).
		WhereOr("state IN (?, ?)", StateCreating, StatePurging).
		WhereOr("state = ? AND changed_at < ?", StateImporting, now.Add(-abandonedAfter)).
		WhereOr("state IN (?) AND settled_turn < turn", living).
		WhereOr("state IN (?, ?) AND ends_at <= ?", StateActive, StateSuspended, now).
		WhereOr("state = ? AND purge_after <= ? AND NOT EXISTS (SELECT 1 FROM ? AS h WHERE h.tenant_id = ?TableAlias.id AND h.released_at IS NULL)",
			StateCancelled, now, bun.Safe(t.table(tableHolds))).
		OrderExpr("changed_at, id").Limit(int64(min(max(limit, 1), 1000))).Scan(ctx)
	if err != nil {
		return 0, t.db.control.Fault(op, err)
	}
	done, err := t.completeMoves(ctx, op, actor, limit)
	failed := []error{err}
	for i := range rows {
		if err := t.goOn(ctx, op, actor, rows[i].utc()); err != nil {
			failed = append(failed, err)
			continue
		}
		done++
	}
	return done, errors.Join(failed...)
}

// goOn does what is next for one tenant.
func (t *Tenants) goOn(ctx context.Context, op, actor string, row *tenantRow) error {
	now := t.now(ctx)
	switch {
	case row.living() && row.SettledTurn < row.Turn:
		return t.settle(ctx, op, row)
	case row.State == StateCreating:
		_, err := t.complete(ctx, op, row)
		return err
	case row.State == StateImporting:
		return t.abandon(ctx, op, actor, row)
	case row.State == StatePurging, row.State == StateCancelled && !now.Before(row.PurgeAfter):
		_, err := t.purge(ctx, op, actor, row.ID, "its time is over", false)
		return err
	default: // the end of service has come
		d := decision{id: row.ID, actor: actor, act: actEnd, reason: "the end of service has come", now: now}
		_, err := t.live(ctx, op, d, func(*tenantRow, time.Time) error { return nil })
		return err
	}
}

// actEnd is what an end of service that has come is recorded as.
const actEnd = "tenancy.end"

func zoneOf(op string, row *tenantRow) (*time.Location, error) {
	zone, err := time.LoadLocation(row.TimeZone)
	if err != nil {
		return nil, ErrDatabase.Wrap(op, err, "the tenant's time zone is not known to this machine")
	}
	return zone, nil
}
