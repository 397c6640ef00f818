package tenancy

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// LongestBackup is for how long a backup may be kept: what was deleted is out of all of them after 90 days, as the privacy policy says (7.3).
const LongestBackup = 90 * 24 * time.Hour

// The permissions for the register of backups.
const (
	PermBackup        Permission = "tenancy.backup"         // entering a backup, in the tenant's scope
	PermReadBackups   Permission = "tenancy.read_backups"   // reading the register, of the platform
	PermDestroyBackup Permission = "tenancy.destroy_backup" // entering that a backup is gone, of the platform
)

// BackupState is where a backup stands.
type BackupState string

// The states of a backup.
const (
	BackupTaking    BackupState = "taking" // begun; whether anything of it lies anywhere is not known
	BackupKept      BackupState = "kept"
	BackupDestroyed BackupState = "destroyed"
)

// Backup is an entry of the register of backups. It outlasts its tenant.
type Backup struct {
	ID       uuid.UUID
	TenantID uuid.UUID
	State    BackupState
	// Place is where it lies, in the operator's words.
	Place string
	// Recipients tells which keys open it.
	Recipients string
	// BegunAt is before the state was read that it is of; BegunBy is an actor.
	BegunAt time.Time
	BegunBy string
	// ExpiresAt is when it has to be gone.
	ExpiresAt time.Time
	// KeptAt is since when it is whole; Bytes, SHA256 and Root say of what it consists. Zero before.
	KeptAt time.Time
	Bytes  int64
	SHA256 string // of the encrypted file
	Root   string // of the archive in it
	// KeyDestroyedAt is since when there is no copy of the tenant's key beside it; DestroyedAt since when it is gone itself.
	KeyDestroyedAt time.Time
	DestroyedAt    time.Time
	DestroyedBy    string
}

type backupRow struct {
	bun.BaseModel `bun:"alias:b"`

	ID           uuid.UUID   `bun:"id,pk"`
	TenantID     uuid.UUID   `bun:"tenant_id"`
	State        BackupState `bun:"state"`
	Place        string      `bun:"place"`
	Recipients   string      `bun:"recipients"`
	BegunBy      string      `bun:"begun_by"`
	Begun        int64       `bun:"begun_micros"`
	Expires      int64       `bun:"expires_micros"`
	Kept         int64       `bun:"kept_micros"`
	Bytes        int64       `bun:"size_bytes"`
	SHA256       string      `bun:"sha256"`
	Root         string      `bun:"root"`
	KeyDestroyed int64       `bun:"key_destroyed_micros"`
	Destroyed    int64       `bun:"destroyed_micros"`
	DestroyedBy  string      `bun:"destroyed_by"`
}

func (r *backupRow) backup() Backup {
	return Backup{ID: r.ID, TenantID: r.TenantID, State: r.State, Place: r.Place, Recipients: r.Recipients, BegunAt: instantOf(r.Begun), BegunBy: r.BegunBy,
		ExpiresAt: instantOf(r.Expires), KeptAt: instantOf(r.Kept), Bytes: r.Bytes, SHA256: r.SHA256, Root: r.Root,
		KeyDestroyedAt: instantOf(r.KeyDestroyed), DestroyedAt: instantOf(r.Destroyed), DestroyedBy: r.DestroyedBy}
}

// Backups is the register of backups, in the control database. It takes none: [package privacy] does.
//
// `taking -> kept -> destroyed`, or `taking -> destroyed`; the database lets none go back, lets no row go, and takes none whose expiry is further away than [LongestBackup].
//
// [package privacy]: https://pkg.go.dev/github.com/opsmatiq/erp/privacy
type Backups struct{ db *DB }

// Backups gives the register.
func (db *DB) Backups() *Backups { return &Backups{db} }

const tableBackups = "erp_control.backups"

func (b *Backups) table() string { return b.db.control.TableName(tableBackups) }

func (b *Backups) scope(ctx context.Context, op string) (*scope, error) {
	s, err := b.db.heldScope(ctx, op)
	if err != nil {
		return nil, err
	}
	if _, err := b.db.directory.usable(ctx, op, s.tenant, s); err != nil {
		return nil, err
	}
	if s.grant != nil || !s.perms.Allow(PermBackup) {
		return nil, ErrForbidden.New(op, "the scope lacks the permission %s", PermBackup)
	}
	return s, nil
}

// Require refuses a context that is not of a tenant, or lacks the permission tenancy.backup, for work that comes before [Backups.Begin].
func (b *Backups) Require(ctx context.Context) error {
	_, err := b.scope(ctx, "tenancy.Backups.Require")
	return err
}

// Begin enters a backup of the scope's tenant, before its first byte: whatever lies anywhere is known. place is where it will lie and recipients which keys open it, at most 200 characters
// each.
//
// Permission: tenancy.backup, in the tenant's scope. Errors: the unscoped codes, tenancy.forbidden, tenancy.bad_input (no place; kept for no time or for longer than [LongestBackup]),
// tenancy.tenant_state (the tenant is going).
func (b *Backups) Begin(ctx context.Context, place, recipients string, keep time.Duration) (Backup, error) {
	const op = "tenancy.Backups.Begin"
	s, err := b.scope(ctx, op)
	if err != nil {
		return Backup{}, err
	}
	if strings.TrimSpace(place) == "" || len(place) > 200 || recipients == "" || len(recipients) > 200 {
		return Backup{}, ErrBadInput.New(op, "a backup has a place and recipients of at most 200 characters")
	}
	if keep <= 0 || keep > LongestBackup {
		return Backup{}, ErrBadInput.New(op, "a backup is kept for at most 90 days, for what was deleted is out of all backups by then")
	}
	now := s.now()
	row := &backupRow{ID: NewID(), TenantID: s.tenant, State: BackupTaking, Place: place, Recipients: recipients, BegunBy: s.actor, Begun: now.UnixMicro(),
		Expires: now.Add(keep).UnixMicro()}
	t := b.db.Tenants()
	err = t.control(ctx, op, func(tx bun.Tx) error {
		of, err := t.lock(ctx, tx, s.tenant) // whoever counts the backups of a tenant that is purged counts this one too, or it is refused
		if err != nil {
			return err
		}
		if of == nil || !of.living() {
			return ErrTenantConflict.New(op, "the tenant is not there to be taken a backup of")
		}
		_, err = tx.NewInsert().Model(row).ModelTableExpr(b.table()).Exec(ctx)
		return err
	})
	if err != nil {
		return Backup{}, err
	}
	return row.backup(), nil
}

// Complete enters that a backup is whole: its size and hash as it lies, and the root of the archive in it.
//
// Permission: tenancy.backup, in the tenant's scope. Errors: the unscoped codes, tenancy.forbidden, tenancy.bad_input, tenancy.tenant_state (it is not being taken, or is another tenant's).
func (b *Backups) Complete(ctx context.Context, id uuid.UUID, size int64, sha256, root string) (Backup, error) {
	const op = "tenancy.Backups.Complete"
	s, err := b.scope(ctx, op)
	if err != nil {
		return Backup{}, err
	}
	if size <= 0 || len(sha256) != 64 || len(root) != 64 {
		return Backup{}, ErrBadInput.New(op, "a backup has a size, a hash and a root")
	}
	return b.move(ctx, op, id, func(q *bun.UpdateQuery) *bun.UpdateQuery {
		return q.Set("state = ?", BackupKept).Set("kept_micros = ?", s.now().UnixMicro()).Set("size_bytes = ?", size).Set("sha256 = ?", sha256).Set("root = ?", root).
			Where("tenant_id = ?", s.tenant).Where("state = ?", BackupTaking)
	})
}

// move changes a backup's row, if it is as it has to be.
func (b *Backups) move(ctx context.Context, op string, id uuid.UUID, how func(*bun.UpdateQuery) *bun.UpdateQuery) (Backup, error) {
	control := b.db.control.Control()
	res, err := how(control.NewUpdate().Model((*backupRow)(nil)).ModelTableExpr(b.table()).Where("id = ?", id)).Exec(ctx)
	if err != nil {
		return Backup{}, b.db.control.Fault(op, err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return Backup{}, errors.Join(err, ErrTenantConflict.New(op, "the backup is not there, or not in the state for it"))
	}
	row := new(backupRow)
	if err := control.NewSelect().Model(row).ModelTableExpr(b.table()+" AS ?TableAlias").Where("id = ?", id).Scan(ctx); err != nil {
		return Backup{}, b.db.control.Fault(op, err)
	}
	return row.backup(), nil
}

// Destroyed enters that a backup is gone, with the copy of the key beside it. Entering it again changes nothing.
//
// Permission: tenancy.destroy_backup, of the platform. Errors: tenancy.not_platform, tenancy.forbidden, tenancy.not_found.
func (b *Backups) Destroyed(ctx context.Context, id uuid.UUID) (Backup, error) {
	const op = "tenancy.Backups.Destroyed"
	t := b.db.Tenants()
	actor, err := t.actor(ctx, op, PermDestroyBackup)
	if err != nil {
		return Backup{}, err
	}
	now := t.now(ctx).UnixMicro()
	_, err = b.move(ctx, op, id, func(q *bun.UpdateQuery) *bun.UpdateQuery {
		return q.Set("state = ?", BackupDestroyed).Set("destroyed_micros = ?", now).Set("destroyed_by = ?", actor).
			Set("key_destroyed_micros = CASE WHEN key_destroyed_micros = 0 THEN ? ELSE key_destroyed_micros END", now).Where("state <> ?", BackupDestroyed)
	})
	if err != nil && !errors.Is(err, ErrTenantConflict) {
		return Backup{}, err
	}
	return b.Get(ctx, id)
}

// KeyDestroyed enters that the copy of the tenant's key that lay beside a backup is gone. Entering it again changes nothing.
//
// Permission: tenancy.destroy_backup, of the platform. Errors: tenancy.not_platform, tenancy.forbidden, tenancy.not_found.
func (b *Backups) KeyDestroyed(ctx context.Context, id uuid.UUID) (Backup, error) {
	const op = "tenancy.Backups.KeyDestroyed"
	t := b.db.Tenants()
	if _, err := t.actor(ctx, op, PermDestroyBackup); err != nil {
		return Backup{}, err
	}
	_, err := b.move(ctx, op, id, func(q *bun.UpdateQuery) *bun.UpdateQuery {
		return q.Set("key_destroyed_micros = ?", t.now(ctx).UnixMicro()).Where("key_destroyed_micros = 0")
	})
	if err != nil && !errors.Is(err, ErrTenantConflict) {
		return Backup{}, err
	}
	return b.Get(ctx, id)
}
