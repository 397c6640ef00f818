package tenancy

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// The platform's permissions for keys.
const (
	PermRotateKey  Permission = "tenancy.rotate_key"
	PermRewrapKeys Permission = "tenancy.rewrap_keys"
	PermDestroyKey Permission = "tenancy.destroy_key"
)

// TenantKey is one version of a tenant's data key, of which nobody sees more than this.
type TenantKey struct {
	Version   int64
	State     KeyState
	CreatedAt time.Time
	// ChangedAt is when it came into its state.
	ChangedAt time.Time
	// WrappedAt is when it was last wrapped by the master key.
	WrappedAt time.Time
}

func (r *keyRow) key() TenantKey {
	return TenantKey{Version: r.Version, State: r.State, CreatedAt: r.CreatedAt, ChangedAt: r.ChangedAt, WrappedAt: r.WrappedAt}
}

// Keys lists the versions of a tenant's key, the oldest first. A tenant of whom nothing was sealed yet has none.
//
// Errors: tenancy.not_platform, tenancy.forbidden.
func (t *Tenants) Keys(ctx context.Context, id uuid.UUID) ([]TenantKey, error) {
	const op = "tenancy.Tenants.Keys"
	if _, err := t.actor(ctx, op, PermReadTenants); err != nil {
		return nil, err
	}
	rows, err := t.db.keyrings.rows(ctx, op, id)
	if err != nil {
		return nil, err
	}
	out := make([]TenantKey, len(rows))
	for i := range rows {
		out[i] = rows[i].key()
	}
	return out, nil
}

// RotateKey gives a tenant a new version of its key in the place of the active one, which the caller names: with a version that
// is not the active one any more nothing is changed, so the call can be repeated. It stops nobody: what is written from now on
// is sealed under the new version, by other processes within a minute; what was sealed before opens as it did, and is sealed
// anew by [DB.Reseal].
//
// Rotating bounds what a key that became known lays open. It gives back nothing: who had the old key and a copy of the rows
// has both.
//
// Permission: tenancy.rotate_key. Errors: tenancy.not_platform, tenancy.forbidden, tenancy.bad_input (no reason),
// tenancy.not_found (no such version), tenancy.tenant_state (being purged), tenancy.key_destroyed, and those of Keys.
func (t *Tenants) RotateKey(ctx context.Context, id uuid.UUID, version int64, reason string) (TenantKey, error) {
	const op = "tenancy.Tenants.RotateKey"
	actor, err := t.actor(ctx, op, PermRotateKey)
	if err != nil {
		return TenantKey{}, err
	}
	if strings.TrimSpace(reason) == "" {
		return TenantKey{}, ErrBadInput.New(op, "a reason is needed")
	}
	ring, err := t.db.keyrings.of(ctx, op, id, true)
	switch {
	case err != nil:
		return TenantKey{}, err
	case ring.destroyed:
		return TenantKey{}, ErrKeyDestroyed.New(op, "")
	case ring.versions[version] == nil || ring.active == nil:
		return TenantKey{}, ErrNotFound.New(op, "the tenant has no key of version %d", version)
	case ring.active.Version != version:
		return ring.active.key(), nil
	}
	next, err := t.db.keyrings.fresh(ctx, id, version+1)
	if err != nil {
		return TenantKey{}, err
	}
	next.CreatedAt, next.ChangedAt = t.now(ctx), t.now(ctx)
	lost := false
	err = t.control(ctx, op, func(tx bun.Tx) error {
		row, err := t.find(ctx, tx, "id = ?", id)
		if err != nil {
			return err
		}
		if row == nil || row.State == StatePurging || row.State == StatePurged {
			return ErrTenantConflict.New(op, "the tenant is being purged")
		}
		res, err := tx.NewUpdate().Model((*keyRow)(nil)).ModelTableExpr(t.table(tableKeys)).Set("state = ?", KeyRetiring).Set("changed_at = ?", next.ChangedAt).
			Where("tenant_id = ?", id).Where("version = ?", version).Where("state = ?", KeyActive).Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			lost = true // somebody else has just done it
			return err
		}
		if _, err := tx.NewInsert().Model(next).ModelTableExpr(t.table(tableKeys)).Exec(ctx); err != nil {
			return err
		}
		return t.journal(ctx, tx, &journalRow{Actor: actor, Act: string(PermRotateKey), TenantID: id, Reason: fmt.Sprintf("version %d: %s", next.Version, reason)})
	})
	t.db.keyrings.forget(id)
	if err != nil {
		return TenantKey{}, err
	}
	if lost {
		return t.RotateKey(ctx, id, version, reason) // finds theirs
	}
	return next.key(), nil
}

// RewrapKeys has keys that were wrapped before an instant unwrapped and wrapped anew by [Options].Keys, at most limit (1 to
// 1,000), those that have waited longest first, and tells how many: call it again while that is not 0. It is for a change of
// the master key: let Keys wrap with the new one and still unwrap with the old; wait a minute; rewrap what was wrapped before;
// then drop the old one. No tenant notices. What was wrapped anew is unwrapped again before it takes the old one's place.
//
// Permission: tenancy.rewrap_keys. Errors: tenancy.not_platform, tenancy.forbidden, tenancy.bad_input (an instant to come), and
// those of Keys; a key that fails does not keep the others back.
func (t *Tenants) RewrapKeys(ctx context.Context, before time.Time, limit int) (int, error) {
	const op = "tenancy.Tenants.RewrapKeys"
	actor, err := t.actor(ctx, op, PermRewrapKeys)
	if err != nil {
		return 0, err
	}
	before = before.UTC().Truncate(time.Microsecond)
	if before.After(t.db.now()) {
		return 0, ErrBadInput.New(op, "keys are rewrapped that were wrapped before an instant that has passed")
	}
	if t.db.keyrings.port == nil {
		return 0, ErrKey.New(op, "the program has no Keys")
	}
	var rows []keyRow
	err = t.db.control.Control().NewSelect().Model(&rows).ModelTableExpr(t.table(tableKeys)+" AS ?TableAlias").Where("wrapped IS NOT NULL").
		Where("wrapped_at < ?", before).OrderExpr("wrapped_at, tenant_id, version").Limit(int64(min(max(limit, 1), 1000))).Scan(ctx)
	if err != nil {
		return 0, t.db.control.Fault(op, err)
	}
	var failed []error
	done := 0
	for i := range rows {
		if err := t.rewrap(ctx, op, &rows[i]); err != nil {
			failed = append(failed, err)
			continue
		}
		done++
	}
	if done > 0 {
		err = t.control(ctx, op, func(tx bun.Tx) error {
			return t.journal(ctx, tx, &journalRow{Actor: actor, Act: string(PermRewrapKeys), Reason: fmt.Sprintf("%d keys wrapped before %s", done, before.UTC().Format(time.RFC3339))})
		})
		failed = append(failed, err)
	}
	return done, errors.Join(failed...)
}

func (t *Tenants) rewrap(ctx context.Context, op string, row *keyRow) error {
	at := t.db.now()
	secret, err := t.db.keyrings.unwrap(ctx, op, row)
	if err != nil {
		return err
	}
	next := *row
	if next.Wrapped, err = t.db.keyrings.wrap(ctx, secret, row.TenantID, row.Version); err != nil {
		return err
	}
	again, err := t.db.keyrings.unwrap(ctx, op, &next)
	if err != nil || subtle.ConstantTimeCompare(again, secret) != 1 {
		return errors.Join(err, ErrKey.New(op, "Keys does not unwrap what it has just wrapped"))
	}
	// Whoever rewraps or destroys the key meanwhile is not undone.
	_, err = t.db.control.Control().NewUpdate().Model((*keyRow)(nil)).ModelTableExpr(t.table(tableKeys)).Set("wrapped = ?", next.Wrapped).
		Set("wrapped_at = ?", at).Where("tenant_id = ?", row.TenantID).Where("version = ?", row.Version).Where("wrapped = ?", row.Wrapped).Exec(ctx)
	return t.db.control.Fault(op, err)
}

// DestroyKey destroys all versions of the key of a tenant whose purge has begun, without waiting for its data to go: what is
// sealed is unreadable from now on wherever copies of it lie, and so are the tenant's sealed archives. A purge does it by
// itself; the act of its own is for a place that cannot be reached any more. Destroying again changes nothing.
//
// A backup of the control database holds the keys still, wrapped. They are gone for good when the master key that wrapped them
// is: change it (see [Tenants.RewrapKeys]) and destroy the old one.
//
// Permission: tenancy.destroy_key. Errors: tenancy.not_platform, tenancy.forbidden, tenancy.bad_input (no reason),
// tenancy.not_found, tenancy.tenant_state (not being purged).
func (t *Tenants) DestroyKey(ctx context.Context, id uuid.UUID, reason string) error {
	const op = "tenancy.Tenants.DestroyKey"
	if _, err := t.actor(ctx, op, PermDestroyKey); err != nil {
		return err
	}
	if strings.TrimSpace(reason) == "" {
		return ErrBadInput.New(op, "a reason is needed")
	}
	return t.destroyKeys(ctx, op, id, reason)
}

// destroyKeys is the end of a tenant's keys. It asks for the state in the transaction that it writes in.
func (t *Tenants) destroyKeys(ctx context.Context, op string, id uuid.UUID, reason string) error {
	actor := ScopeOf(ctx).Actor()
	err := t.control(ctx, op, func(tx bun.Tx) error {
		row, err := t.find(ctx, tx, "id = ?", id)
		if err != nil {
			return err
		}
		switch {
		case row == nil:
			return ErrNotFound.New(op, "")
		case row.State != StatePurging && row.State != StatePurged:
			return ErrTenantConflict.New(op, "the tenant is %s: its key goes with its data", row.State)
		}
		res, err := tx.NewUpdate().Model((*keyRow)(nil)).ModelTableExpr(t.table(tableKeys)).Set("state = ?", KeyDestroyed).Set("wrapped = NULL").
			Set("changed_at = ?", t.now(ctx)).Where("tenant_id = ?", id).Where("state <> ?", KeyDestroyed).Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return t.journal(ctx, tx, &journalRow{Actor: actor, Act: string(PermDestroyKey), TenantID: id, Reason: reason})
	})
	t.db.keyrings.forget(id)
	return err
}
