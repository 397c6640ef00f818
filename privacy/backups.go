package privacy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// PruneBackups removes what has to go, at most limit (1 to 1,000) of each kind, and tells how many it removed: backups that expire within a day, what is left of those that were begun a day ago and never ended,
// and copies of the keys of tenants that are being purged or were. What is removed is in the register, with who and when. One that fails does not keep the others back; its error is among those
// returned.
//
// Permissions: tenancy.destroy_backup and tenancy.read_backups, of the platform. It is meant for a background job. Errors: tenancy.not_platform, tenancy.forbidden, tenancy.files.
func (s *Service) PruneBackups(ctx context.Context, limit int) (int, error) {
	if err := s.db.Tenants().Require(ctx, tenancy.PermDestroyBackup); err != nil {
		return 0, err
	}
	if !s.opt.Backups.on() {
		return 0, nil
	}
	now, err := s.db.Tenants().Now(ctx)
	if err != nil {
		return 0, err
	}
	register := s.db.Backups()
	orphaned, err := register.Orphaned(ctx, now, limit)
	if err != nil {
		return 0, err
	}
	due, err := register.Due(ctx, now.Add(pruneAhead), now.Add(-abandonedBackup), limit)
	if err != nil {
		return 0, err
	}
	done := 0
	var failed []error
	count := func(err error) {
		if err != nil {
			failed = append(failed, err)
			return
		}
		done++
	}
	for _, b := range orphaned {
		count(s.forgetKey(ctx, b))
	}
	for _, b := range due {
		count(s.destroy(ctx, b))
	}
	return done, errors.Join(failed...)
}

// forgetKey removes the copy of the key beside a backup. Of two who do at once, both find it gone.
func (s *Service) forgetKey(ctx context.Context, b tenancy.Backup) error {
	if err := s.here(b); err != nil {
		return err
	}
	if err := s.opt.Backups.Keys.Remove(ctx, keyName(b.TenantID, b.ID)); err != nil {
		return err
	}
	_, err := s.db.Backups().KeyDestroyed(ctx, b.ID)
	return err
}

// destroy removes a backup: first what lies anywhere, then the register says so.
func (s *Service) destroy(ctx context.Context, b tenancy.Backup) error {
	if err := s.here(b); err != nil {
		return err
	}
	if err := s.opt.Backups.Keys.Remove(ctx, keyName(b.TenantID, b.ID)); err != nil {
		return err
	}
	if err := s.opt.Backups.Files.Remove(ctx, archiveName(b.TenantID, b.ID)); err != nil {
		return err
	}
	_, err := s.db.Backups().Destroyed(ctx, b.ID)
	return err
}

// here refuses a backup that lies where this program does not reach: removing nothing is no destruction.
func (s *Service) here(b tenancy.Backup) error {
	if !s.opt.Backups.on() || b.Place != s.opt.Backups.Place {
		return ErrNoBackups.New("privacy.DestroyBackup", "the backup %s lies at %q, which is not this program's place", b.ID, b.Place)
	}
	return nil
}

// DestroyBackup removes a backup before it expires, with the copy of the key beside it, and enters that into the register. Destroying a destroyed one changes nothing.
//
// Permissions: tenancy.destroy_backup, of the platform. Errors: tenancy.not_platform, tenancy.forbidden, tenancy.not_found, privacy.no_backups (it lies elsewhere), tenancy.files.
func (s *Service) DestroyBackup(ctx context.Context, id uuid.UUID) (tenancy.Backup, error) {
	if err := s.db.Tenants().Require(ctx, tenancy.PermDestroyBackup); err != nil {
		return tenancy.Backup{}, err
	}
	b, err := s.db.Backups().Get(ctx, id)
	if err != nil || b.State == tenancy.BackupDestroyed {
		return b, err
	}
	if err := s.destroy(ctx, b); err != nil {
		return tenancy.Backup{}, err
	}
	return s.db.Backups().Get(ctx, id)
}

// BackupsOf lists a tenant's backups, purged or not, the latest first: at most limit (1 to 1,000) begun before an instant (zero: from the latest).
//
// Permission: tenancy.read_backups, of the platform. Errors: tenancy.not_platform, tenancy.forbidden.
func (s *Service) BackupsOf(ctx context.Context, tenant uuid.UUID, before time.Time, limit int) ([]tenancy.Backup, error) {
	return s.db.Backups().Of(ctx, tenant, before, limit)
}

// LastBackupExpiry is for a certificate of deletion: when the last backup of a tenant has to be gone, and how many there may be, those included that were begun and never ended. Zero and 0: there is none
// any more, or never was one.
//
// Permission: tenancy.read_backups, of the platform. Errors: tenancy.not_platform, tenancy.forbidden.
func (s *Service) LastBackupExpiry(ctx context.Context, tenant uuid.UUID) (time.Time, int, error) {
	return s.db.Backups().There(ctx, tenant)
}

// BackupsOverdue are the backups that had to be gone by now and are not in the register as destroyed, at most limit (1 to 1,000), the longest overdue first. While there is none of a purged tenant whose last expiry has
// passed, no backup of it exists any more.
//
// Permission: tenancy.read_backups, of the platform. Errors: tenancy.not_platform, tenancy.forbidden.
func (s *Service) BackupsOverdue(ctx context.Context, limit int) ([]tenancy.Backup, error) {
	if err := s.db.Tenants().Require(ctx, tenancy.PermReadBackups); err != nil {
		return nil, err
	}
	now, err := s.db.Tenants().Now(ctx)
	if err != nil {
		return nil, err
	}
	return s.db.Backups().Due(ctx, now, time.Time{}, limit)
}

// BackupsStale are the tenants that have no backup begun within [BackupOptions].Every, though they are older than that: at most limit (1 to 1,000), by id.
//
// Permission: tenancy.read_backups, of the platform. Errors: tenancy.not_platform, tenancy.forbidden.
func (s *Service) BackupsStale(ctx context.Context, limit int) ([]uuid.UUID, error) {
	if err := s.db.Tenants().Require(ctx, tenancy.PermReadBackups); err != nil {
		return nil, err
	}
	now, err := s.db.Tenants().Now(ctx)
	if err != nil {
		return nil, err
	}
	return s.db.Backups().Stale(ctx, now.Add(-s.opt.Backups.Every), limit)
}

// namedAtMost is how many are named where there may be many.
const namedAtMost = 5

// lookAtBackups looks whether every tenant has a backup that is young enough.
func (s *Service) lookAtBackups(ctx context.Context, now time.Time) (State, string, error) {
	opt := &s.opt.Backups
	if !opt.on() {
		return "", "", nil
	}
	if err := opt.Check(); err != nil {
		return Absent, err.Error(), nil //nolint:nilerr // that is what was seen
	}
	platform, err := s.db.EnterPlatform(ctx, "system:privacy", tenancy.Permissions{tenancy.PermReadBackups})
	if err != nil {
		return "", "", err
	}
	stale, err := s.db.Backups().Stale(platform, now.Add(-opt.Every), namedAtMost+1)
	if err != nil {
		return "", "", err
	}
	if len(stale) == 0 {
		return Enforced, fmt.Sprintf("every tenant that is old enough has a backup of the last %s, encrypted to %d recipients", opt.Every, len(opt.Recipients)), nil
	}
	names := make([]string, 0, namedAtMost)
	for _, id := range stale[:min(namedAtMost, len(stale))] {
		names = append(names, id.String())
	}
	if len(stale) > namedAtMost {
		names = append(names, "and others")
	}
	return Absent, fmt.Sprintf("no backup of the last %s of the tenants %s", opt.Every, strings.Join(names, ", ")), nil
}

// lookAtRotation looks whether what had to be gone is.
func (s *Service) lookAtRotation(ctx context.Context, now time.Time) (State, string, error) {
	if !s.opt.Backups.on() {
		return "", "", nil
	}
	platform, err := s.db.EnterPlatform(ctx, "system:privacy", tenancy.Permissions{tenancy.PermReadBackups})
	if err != nil {
		return "", "", err
	}
	overdue, err := s.db.Backups().Due(platform, now, time.Time{}, namedAtMost)
	if err != nil {
		return "", "", err
	}
	orphaned, err := s.db.Backups().Orphaned(platform, now.Add(-pruneAhead), namedAtMost)
	if err != nil {
		return "", "", err
	}
	var found []string
	for _, b := range overdue {
		found = append(found, fmt.Sprintf("the backup %s had to be gone on %s", b.ID, b.ExpiresAt.Format(time.DateOnly)))
	}
	for _, b := range orphaned {
		found = append(found, fmt.Sprintf("the key of a purged tenant lies beside the backup %s", b.ID))
	}
	if len(found) > 0 {
		return Absent, strings.Join(found, "; "), nil
	}
	return Enforced, "no registered backup is beyond its day", nil
}
