package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

const tableHolds = "erp_control.legal_holds"

// Hold is a legal hold: while one stands, the tenant's data are not purged, whatever else was decided about its life.
type Hold struct {
	ID       uuid.UUID
	TenantID uuid.UUID
	// Reference is what the hold is known by outside: a court's or an authority's file number.
	Reference string
	Reason    string
	PlacedAt  time.Time
	PlacedBy  string // an actor
	// ReleasedAt, ReleasedBy and ReleaseReason are zero while the hold stands.
	ReleasedAt    time.Time
	ReleasedBy    string
	ReleaseReason string
}

type holdRow struct {
	ID            uuid.UUID `bun:"id,pk"`
	TenantID      uuid.UUID `bun:"tenant_id"`
	Reference     string    `bun:"reference"`
	Reason        string    `bun:"reason"`
	PlacedAt      time.Time `bun:"placed_at"`
	PlacedBy      string    `bun:"placed_by"`
	ReleasedAt    time.Time `bun:"released_at,nullzero"`
	ReleasedBy    string    `bun:"released_by,nullzero"`
	ReleaseReason string    `bun:"release_reason,nullzero"`
}

func (r *holdRow) hold() Hold {
	h := Hold(*r)
	h.PlacedAt, h.ReleasedAt = h.PlacedAt.UTC(), h.ReleasedAt.UTC()
	return h
}

// Hold places a legal hold on a tenant that has been made and whose purge has not begun. A tenant can be under several, each by a
// reference of its own; each is released by itself. Placing it again with the same reference and reason gives the one that stands.
// A hold is in the platform's journal and not in the tenant's trail: whether the tenant may know is for the law to say.
//
// Permission: tenancy.hold. Errors: tenancy.not_platform, tenancy.not_found, tenancy.tenant_state, tenancy.bad_input (no reason or
// reference), tenancy.card_number, tenancy.duplicate (one stands with this reference and another reason).
func (t *Tenants) Hold(ctx context.Context, tenant uuid.UUID, reason, reference string) (Hold, error) {
	const op = "tenancy.Tenants.Hold"
	actor, err := t.actor(ctx, op, PermHoldTenant)
	if err != nil {
		return Hold{}, err
	}
	if err := checkReason(op, reason, reference); err != nil {
		return Hold{}, err
	}
	row := &holdRow{ID: NewID(), TenantID: tenant, Reference: reference, Reason: reason, PlacedAt: t.now(ctx), PlacedBy: actor}
	err = t.control(ctx, op, func(tx bun.Tx) error {
		of, err := t.lock(ctx, tx, tenant)
		if err != nil {
			return err
		}
		if of == nil {
			return ErrNotFound.New(op, "")
		}
		standing := new(holdRow)
		err = tx.NewSelect().Model(standing).ModelTableExpr(t.table(tableHolds)+" AS ?TableAlias").
			Where("tenant_id = ?", tenant).Where("reference = ?", reference).Where("released_at IS NULL").Scan(ctx)
		switch {
		case err == nil && standing.Reason != reason:
			return ErrDuplicate.New(op, "a hold with this reference stands, for another reason")
		case err == nil:
			row = standing
			return nil
		case !errors.Is(err, sql.ErrNoRows):
			return err
		case !of.living():
			return ErrTenantConflict.New(op, "the tenant is %s", of.State)
		}
		if _, err := tx.NewInsert().Model(row).ModelTableExpr(t.table(tableHolds)).Exec(ctx); err != nil {
			return err
		}
		return t.journal(ctx, tx, &journalRow{Actor: actor, Act: string(PermHoldTenant), TenantID: tenant, Reason: reference + ": " + reason})
	})
	if err != nil {
		return Hold{}, err
	}
	return row.hold(), nil
}

// Release ends a legal hold. The tenant's life goes on as decided: one whose time is over is purged next. Releasing a released
// hold changes nothing.
//
// Permission: tenancy.release. Errors: tenancy.not_platform, tenancy.not_found, tenancy.bad_input (no reason),
// tenancy.card_number.
func (t *Tenants) Release(ctx context.Context, hold uuid.UUID, reason string) (Hold, error) {
	const op = "tenancy.Tenants.Release"
	actor, err := t.actor(ctx, op, PermReleaseHold)
	if err != nil {
		return Hold{}, err
	}
	if err := checkReason(op, reason); err != nil {
		return Hold{}, err
	}
	row := new(holdRow)
	err = t.control(ctx, op, func(tx bun.Tx) error {
		res, err := tx.NewUpdate().Model((*holdRow)(nil)).ModelTableExpr(t.table(tableHolds)+" AS ?TableAlias").
			Set("released_at = ?", t.now(ctx)).Set("released_by = ?", actor).Set("release_reason = ?", reason).
			Where("id = ?", hold).Where("released_at IS NULL").Exec(ctx)
		if err != nil {
			return err
		}
		released, err := res.RowsAffected()
		if err != nil {
			return err
		}
		if err := tx.NewSelect().Model(row).ModelTableExpr(t.table(tableHolds)+" AS ?TableAlias").Where("id = ?", hold).Scan(ctx); err != nil {
			return missing(op, err)
		}
		if released == 0 {
			return nil
		}
		return t.journal(ctx, tx, &journalRow{Actor: actor, Act: string(PermReleaseHold), TenantID: row.TenantID, Reason: row.Reference + ": " + reason})
	})
	if err != nil {
		return Hold{}, err
	}
	return row.hold(), nil
}

// Holds gives all legal holds that were ever placed on a tenant, the oldest first. Permission: tenancy.hold. Errors:
// tenancy.not_platform.
func (t *Tenants) Holds(ctx context.Context, tenant uuid.UUID) ([]Hold, error) {
	const op = "tenancy.Tenants.Holds"
	if _, err := t.actor(ctx, op, PermHoldTenant); err != nil {
		return nil, err
	}
	var rows []holdRow
	err := t.db.control.Control().NewSelect().Model(&rows).ModelTableExpr(t.table(tableHolds)+" AS ?TableAlias").
		Where("tenant_id = ?", tenant).OrderExpr("id").Scan(ctx)
	if err != nil {
		return nil, t.db.control.Fault(op, err)
	}
	out := make([]Hold, len(rows))
	for i := range rows {
		out[i] = rows[i].hold()
	}
	return out, nil
}

// refuseHeld is asked with the tenant's row locked, as it is while a hold is placed. The database refuses as well, whoever asks.
func (t *Tenants) refuseHeld(ctx context.Context, tx bun.Tx, op string, tenant uuid.UUID) error {
	held, err := tx.NewSelect().Model((*holdRow)(nil)).ModelTableExpr(t.table(tableHolds)+" AS ?TableAlias").
		Where("tenant_id = ?", tenant).Where("released_at IS NULL").Exists(ctx)
	if err == nil && held {
		err = ErrLegalHold.New(op, "")
	}
	return err
}
