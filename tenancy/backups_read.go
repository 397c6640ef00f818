package tenancy

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// reader is the platform's context of who may read the register: whoever destroys backups reads what there is.
func (b *Backups) reader(ctx context.Context, op string) error {
	t := b.db.Tenants()
	if _, err := t.actor(ctx, op, PermReadBackups); err != nil {
		if _, may := t.actor(ctx, op, PermDestroyBackup); may != nil {
			return err
		}
	}
	return nil
}

func (b *Backups) find(ctx context.Context, op string, limit int, how func(*bun.SelectQuery) *bun.SelectQuery) ([]Backup, error) {
	var rows []backupRow
	err := how(b.db.control.Control().NewSelect().Model(&rows).ModelTableExpr(b.table() + " AS b")).Limit(int64(min(max(limit, 1), 1000))).Scan(ctx)
	if err != nil {
		return nil, b.db.control.Fault(op, err)
	}
	out := make([]Backup, len(rows))
	for i := range rows {
		out[i] = rows[i].backup()
	}
	return out, nil
}

// Get finds a backup. Permission: tenancy.read_backups, of the platform. Errors: tenancy.not_platform, tenancy.forbidden, tenancy.not_found.
func (b *Backups) Get(ctx context.Context, id uuid.UUID) (Backup, error) {
	const op = "tenancy.Backups.Get"
	if err := b.reader(ctx, op); err != nil {
		return Backup{}, err
	}
	found, err := b.find(ctx, op, 1, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("b.id = ?", id) })
	if err != nil {
		return Backup{}, err
	}
	if len(found) == 0 {
		return Backup{}, ErrNotFound.New(op, "there is no such backup")
	}
	return found[0], nil
}

// Of lists a tenant's backups, the latest first, purged or not, destroyed ones too: at most limit (1 to 1,000) begun before an instant (zero: from the latest).
//
// Permission: tenancy.read_backups, of the platform. Errors: tenancy.not_platform, tenancy.forbidden.
func (b *Backups) Of(ctx context.Context, tenant uuid.UUID, before time.Time, limit int) ([]Backup, error) {
	const op = "tenancy.Backups.Of"
	if err := b.reader(ctx, op); err != nil {
		return nil, err
	}
	return b.find(ctx, op, limit, func(q *bun.SelectQuery) *bun.SelectQuery {
		if !before.IsZero() {
			q = q.Where("b.begun_micros < ?", before.UnixMicro())
		}
		return q.Where("b.tenant_id = ?", tenant).OrderExpr("b.begun_micros DESC, b.id DESC")
	})
}

// There says of a tenant, purged or not, how many backups of it may lie anywhere, those included that were begun and never ended, and when the last of them has to be gone; zero where there is none.
//
// Permission: tenancy.read_backups, of the platform. Errors: tenancy.not_platform, tenancy.forbidden.
func (b *Backups) There(ctx context.Context, tenant uuid.UUID) (last time.Time, n int, err error) {
	const op = "tenancy.Backups.There"
	if err := b.reader(ctx, op); err != nil {
		return time.Time{}, 0, err
	}
	var found struct {
		N    int   `bun:"n"`
		Last int64 `bun:"last"`
	}
	err = b.db.control.Control().NewSelect().TableExpr(b.table()+" AS b").ColumnExpr("count(*) AS n, coalesce(max(b.expires_micros), 0) AS last").
		Where("b.tenant_id = ?", tenant).Where("b.state <> ?", BackupDestroyed).Scan(ctx, &found)
	return instantOf(found.Last), found.N, b.db.control.Fault(op, err)
}

// Latest is the last whole backup of the scope's tenant that was not destroyed, and the begun one behind it, if there is any; zero where there is none.
//
// Permission: tenancy.backup, in the tenant's scope. Errors: the unscoped codes, tenancy.forbidden.
func (b *Backups) Latest(ctx context.Context) (kept, taking Backup, err error) {
	const op = "tenancy.Backups.Latest"
	s, err := b.scope(ctx, op)
	if err != nil {
		return Backup{}, Backup{}, err
	}
	for _, of := range []struct {
		state BackupState
		into  *Backup
	}{{BackupKept, &kept}, {BackupTaking, &taking}} {
		found, err := b.find(ctx, op, 1, func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("b.tenant_id = ?", s.tenant).Where("b.state = ?", of.state).OrderExpr("b.begun_micros DESC, b.id DESC")
		})
		if err != nil {
			return Backup{}, Backup{}, err
		}
		if len(found) == 1 {
			*of.into = found[0]
		}
	}
	return kept, taking, nil
}

// Stale are the tenants, by id, at most limit (1 to 1,000), that have no whole backup begun since an instant, though they were there then: active, suspended and cancelled ones, and those that
// are on their way or being restored.
//
// Permission: tenancy.read_backups, of the platform. Errors: tenancy.not_platform, tenancy.forbidden.
func (b *Backups) Stale(ctx context.Context, since time.Time, limit int) ([]uuid.UUID, error) {
	const op = "tenancy.Backups.Stale"
	if err := b.reader(ctx, op); err != nil {
		return nil, err
	}
	var ids []uuid.UUID
	states := bun.In([]State{StateActive, StateSuspended, StateCancelled, StateMoving, StateRestoring}) //nolint:staticcheck // see List
	err := b.db.control.Control().NewRaw(`SELECT t.id FROM ? AS t WHERE t.state IN (?) AND t.created_at <= ? AND NOT EXISTS
		(SELECT 1 FROM ? AS b WHERE b.tenant_id = t.id AND b.state = ? AND b.begun_micros >= ?) ORDER BY t.id LIMIT ?`,
		bun.Safe(b.db.control.TableName(tableTenants)), states, since.UTC().Truncate(time.Microsecond), bun.Safe(b.table()), BackupKept, since.UnixMicro(), min(max(limit, 1), 1000)).Scan(ctx, &ids)
	return ids, b.db.control.Fault(op, err)
}

// Due are backups that have to go, at most limit (1 to 1,000), the longest waiting first: that expire up to an instant, and those begun before another and never ended.
//
// Permission: tenancy.read_backups, of the platform. Errors: tenancy.not_platform, tenancy.forbidden.
func (b *Backups) Due(ctx context.Context, expired, abandoned time.Time, limit int) ([]Backup, error) {
	const op = "tenancy.Backups.Due"
	if err := b.reader(ctx, op); err != nil {
		return nil, err
	}
	return b.find(ctx, op, limit, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("b.state <> ?", BackupDestroyed).Where("(b.expires_micros <= ? OR b.state = ? AND b.begun_micros <= ?)", expired.UnixMicro(), BackupTaking, abandoned.UnixMicro()).
			OrderExpr("b.expires_micros, b.id")
	})
}

// Orphaned are backups of tenants that are going or gone, since before an instant, beside which a copy of the tenant's key may lie: at most limit (1 to 1,000), the oldest first.
//
// Permission: tenancy.read_backups, of the platform. Errors: tenancy.not_platform, tenancy.forbidden.
func (b *Backups) Orphaned(ctx context.Context, before time.Time, limit int) ([]Backup, error) {
	const op = "tenancy.Backups.Orphaned"
	if err := b.reader(ctx, op); err != nil {
		return nil, err
	}
	return b.find(ctx, op, limit, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Join("JOIN ? AS t ON t.id = b.tenant_id", bun.Safe(b.db.control.TableName(tableTenants))).Where("b.key_destroyed_micros = 0").
			Where("t.state IN (?, ?)", StatePurging, StatePurged).Where("t.changed_at <= ?", before.UTC().Truncate(time.Microsecond)).OrderExpr("b.begun_micros, b.id")
	})
}
