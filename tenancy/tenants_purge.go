package tenancy

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	// RetentionDays is for how many full days a cancelled tenant's data are kept, so that they can be had.
	RetentionDays = 30
	// abandonedAfter is how long an import may take. It is longer than any that was measured, by far.
	abandonedAfter = 24 * time.Hour
)

// Cancel ends a tenant's subscription: it is refused everywhere as a suspended one is, and its data are kept for 30 full days
// of its own time zone, until PurgeAfter. Cancelling a cancelled tenant changes nothing.
//
// Errors: tenancy.not_platform, tenancy.not_found, tenancy.tenant_state, tenancy.bad_input (no reason).
func (t *Tenants) Cancel(ctx context.Context, id uuid.UUID, reason string) (Tenant, error) {
	const op = "tenancy.Tenants.Cancel"
	return t.change(ctx, op, PermCancelTenant, id, reason, func(row *tenantRow) error {
		switch row.State { //nolint:exhaustive // the rest is refused
		case StateCancelled:
			return nil
		case StateActive, StateSuspended:
		default:
			return ErrTenantConflict.New(op, "the tenant is %s", row.State)
		}
		zone, err := zoneOf(op, row)
		if err != nil {
			return err
		}
		y, m, d := t.now(ctx).In(zone).Date()
		row.State, row.PurgeAfter = StateCancelled, time.Date(y, m, d+1+RetentionDays, 0, 0, 0, 0, zone).UTC()
		return nil
	})
}

// Purge removes a cancelled tenant for good: every row of it in every table, or its file. Of the tenant remain its id, its
// dates and its state, and the platform's journal. It is refused before PurgeAfter. Killed on the way, it is completed by the
// same call or by [Tenants.CompletePending]. Purging a purged tenant changes nothing. Copies in the host's backups are the
// host's to let run out.
//
// Errors: tenancy.not_platform, tenancy.not_found, tenancy.tenant_state, tenancy.bad_input (no reason), tenancy.busy (its
// file is in use: try again).
func (t *Tenants) Purge(ctx context.Context, id uuid.UUID, reason string) (Tenant, error) {
	return t.purge(ctx, "tenancy.Tenants.Purge", id, reason, false)
}

// PurgeNow is [Tenants.Purge] before PurgeAfter. waiver says where the tenant's own written waiver of the 30 days is kept; it
// stands in the platform's journal with the reason. Errors: as Purge's.
func (t *Tenants) PurgeNow(ctx context.Context, id uuid.UUID, reason, waiver string) (Tenant, error) {
	const op = "tenancy.Tenants.PurgeNow"
	if strings.TrimSpace(waiver) == "" || strings.TrimSpace(reason) == "" {
		return Tenant{}, ErrBadInput.New(op, "a purge before its time needs the tenant's waiver")
	}
	return t.purge(ctx, op, id, reason+"; waiver: "+waiver, true)
}

func (t *Tenants) purge(ctx context.Context, op string, id uuid.UUID, reason string, waived bool) (Tenant, error) {
	var place tenantRow
	out, err := t.change(ctx, op, PermPurgeTenant, id, reason, func(row *tenantRow) error {
		place = *row
		switch row.State { //nolint:exhaustive // the rest is refused
		case StatePurging, StatePurged:
			return nil
		case StateCancelled:
		default:
			return ErrTenantConflict.New(op, "the tenant is %s: cancel it first", row.State)
		}
		if !waived && t.now(ctx).Before(row.PurgeAfter) {
			return ErrTenantConflict.New(op, "the tenant's data are kept until %s", row.PurgeAfter.Format(time.RFC3339))
		}
		row.State = StatePurging
		return nil
	})
	if err != nil || out.State == StatePurged {
		return out, err
	}
	return t.finish(ctx, op, &place)
}

// clear deletes everything that a tenant has at its place.
func (t *Tenants) clear(ctx context.Context, op string, row *tenantRow) error {
	at, err := t.db.at(op, row.Placement)
	if err != nil {
		return err
	}
	order, err := t.db.purgeOrder(ctx, at.store)
	if err != nil {
		return err
	}
	gate, err := at.store.Gate(ctx, row.ID)
	if err == nil && gate == GateActive {
		err = at.store.MoveGate(ctx, row.ID, GateClosed, 0)
	}
	if err != nil {
		return at.store.Fault(op, err)
	}
	return at.store.Fault(op, at.store.Purge(ctx, row.ID, order))
}

// finish completes a purge: the data, then the row. Both can be repeated.
func (t *Tenants) finish(ctx context.Context, op string, row *tenantRow) (Tenant, error) {
	if err := t.endMove(ctx, op, row.ID); err != nil { // a copy at the place before, which could not be purged yet
		return Tenant{}, err
	}
	if err := t.clear(ctx, op, row); err != nil {
		return Tenant{}, err
	}
	return t.change(ctx, op, PermPurgeTenant, row.ID, "nothing is left", func(row *tenantRow) error {
		switch row.State { //nolint:exhaustive // the rest is refused
		case StatePurged:
		case StatePurging:
			*row = tenantRow{ID: row.ID, State: StatePurged, CreatedAt: row.CreatedAt}
		default:
			return ErrTenantConflict.New(op, "the tenant is %s", row.State)
		}
		return nil
	})
}

// CompletePending goes on with what was cut short or has become due, for at most limit tenants (1 to 1,000), the longest
// waiting first: creations, purges, moves, imports that nobody has gone on with for a day, and cancelled tenants whose time is over.
// It tells how many it completed; call it again while that is limit. One that fails does not keep the others back; its error
// is among those returned. It is meant for a background job.
//
// Errors: tenancy.not_platform, and those of the single acts.
func (t *Tenants) CompletePending(ctx context.Context, limit int) (int, error) {
	const op = "tenancy.Tenants.CompletePending"
	actor, err := t.actor(ctx, op, PermCompleteTenants)
	if err != nil {
		return 0, err
	}
	now := t.now(ctx)
	var rows []tenantRow
	err = t.db.control.Control().NewSelect().Model(&rows).ModelTableExpr(t.aliased()).
		WhereOr("state IN (?, ?)", StateCreating, StatePurging).
		WhereOr("state = ? AND changed_at < ?", StateImporting, now.Add(-abandonedAfter)).
		WhereOr("state = ? AND purge_after <= ?", StateCancelled, now).
		OrderExpr("changed_at, id").Limit(int64(min(max(limit, 1), 1000))).Scan(ctx)
	if err != nil {
		return 0, t.db.control.Fault(op, err)
	}
	done, err := t.completeMoves(ctx, op, actor, limit)
	failed := []error{err}
	for i := range rows {
		row := &rows[i]
		switch row.State { //nolint:exhaustive // as selected
		case StateCreating:
			_, err = t.complete(ctx, op, row)
		case StateImporting:
			err = t.abandon(ctx, op, row)
		default:
			_, err = t.purge(ctx, op, row.ID, "its time is over", false)
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		done++
	}
	return done, errors.Join(failed...)
}

func zoneOf(op string, row *tenantRow) (*time.Location, error) {
	zone, err := time.LoadLocation(row.TimeZone)
	if err != nil {
		return nil, ErrDatabase.Wrap(op, err, "the tenant's time zone is not known to this machine")
	}
	return zone, nil
}
