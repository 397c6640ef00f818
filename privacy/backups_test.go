package privacy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
)

// The rule is 24 hours, to the microsecond: a tenant without a backup begun within them turns the posture red, by its id, whoever vouched for it.
func TestStaleBackupsTurnThePostureRed(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		own, err := v.db.Tenants().Create(v.platform(t), tenancy.NewTenant{Name: "Opsmatiq", Platform: true})
		require.NoError(t, err)
		stands := func(want privacy.State, why string) {
			t.Helper()
			p, err := v.s.Posture(v.enter(t, own.ID))
			require.NoError(t, err)
			require.Equal(t, want, p.Of(privacy.PromiseBackups).State, p.Of(privacy.PromiseBackups).Why)
			require.Contains(t, p.Of(privacy.PromiseBackups).Why, why)
		}
		day := 24 * time.Hour
		stands(privacy.Enforced, "every tenant that is old enough")
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		*v.now = march.Add(day - time.Microsecond)
		stands(privacy.Enforced, "24h0m0s")
		*v.now = march.Add(day)
		stands(privacy.Absent, "no backup of the last 24h0m0s of the tenants "+own.ID.String()+", "+id.String())
		_, err = v.s.Attest(v.enter(t, own.ID), privacy.NewAttestation{Promise: privacy.PromiseBackups, Reference: "B-1", Owner: "operations", Evidence: "file 1", EvidenceHash: proof, Expires: v.now.AddDate(0, 1, 0)})
		require.NoError(t, err)
		stands(privacy.Absent, id.String())
		v.backup(t, p.ctx)
		stands(privacy.Absent, "the tenants "+own.ID.String())
		v.backup(t, v.enter(t, own.ID))
		stands(privacy.Enforced, "encrypted to 1 recipients")
		_, err = v.db.Tenants().Suspend(v.platform(t), id, "unpaid")
		require.NoError(t, err)
		*v.now = march.Add(2*day + time.Microsecond)
		v.backup(t, v.enter(t, own.ID))
		stands(privacy.Absent, id.String())
		_, err = v.db.Tenants().Cancel(v.platform(t), id, "they left")
		require.NoError(t, err)
		stands(privacy.Absent, id.String())
		_, err = v.db.Tenants().PurgeNow(v.platform(t), id, "they left", "letter 1")
		require.NoError(t, err)
		stands(privacy.Enforced, "")
	})
}

// A backup that expires on day 90 is removed in the day before, and so are the two files of it. What is there at its expiry is beyond its day.
func TestBackupsAreGoneAtTheirDay(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		own, err := v.db.Tenants().Create(v.platform(t), tenancy.NewTenant{Name: "Opsmatiq", Platform: true})
		require.NoError(t, err)
		rotation := func(want privacy.State, why string) {
			t.Helper()
			p, err := v.s.Posture(v.enter(t, own.ID))
			require.NoError(t, err)
			require.Equal(t, want, p.Of(privacy.PromiseRotation).State)
			require.Contains(t, p.Of(privacy.PromiseRotation).Why, why)
		}
		p := openPractice(t, v.env)
		b := v.backup(t, p.ctx)
		prune := func(want int) {
			t.Helper()
			n, err := v.s.PruneBackups(v.platform(t), 10)
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		*v.now = march.AddDate(0, 0, 89).Add(-time.Microsecond)
		prune(0)
		*v.now = march.AddDate(0, 0, 90).Add(-time.Microsecond)
		rotation(privacy.Enforced, "no registered backup")
		*v.now = march.AddDate(0, 0, 90)
		rotation(privacy.Absent, "the backup "+b.ID.String()+" had to be gone on 2026-06-02")
		overdue, err := v.s.BackupsOverdue(v.platform(t), 10)
		require.NoError(t, err)
		require.Equal(t, []tenancy.Backup{b}, overdue)
		prune(1)
		prune(0)
		rotation(privacy.Enforced, "")
		require.NoFileExists(t, v.file(b, ".zip"))
		require.NoFileExists(t, v.file(b, ".key"))
		of, err := v.s.BackupsOf(v.platform(t), b.TenantID, time.Time{}, 10)
		require.NoError(t, err)
		b.State, b.DestroyedAt, b.KeyDestroyedAt, b.DestroyedBy = tenancy.BackupDestroyed, *v.now, *v.now, "operator"
		require.Equal(t, []tenancy.Backup{b}, of, "the register says who, and when")

		next := v.backup(t, p.ctx)
		*v.now = next.ExpiresAt.Add(-24 * time.Hour)
		prune(1)
		last, n, err := v.s.LastBackupExpiry(v.platform(t), b.TenantID)
		require.NoError(t, err)
		require.Zero(t, n)
		require.Zero(t, last)
	})
}

// The key of a purged tenant that lies beside a backup for longer than a day is seen.
func TestAKeyThatWasLeftIsSeen(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		own, err := v.db.Tenants().Create(v.platform(t), tenancy.NewTenant{Name: "Opsmatiq", Platform: true})
		require.NoError(t, err)
		b := v.backup(t, openPractice(t, v.env).ctx)
		_, err = v.db.Tenants().Cancel(v.platform(t), b.TenantID, "they left")
		require.NoError(t, err)
		_, err = v.db.Tenants().PurgeNow(v.platform(t), b.TenantID, "they left", "letter 1")
		require.NoError(t, err)
		state := func() privacy.Standing {
			p, err := v.s.Posture(v.enter(t, own.ID))
			require.NoError(t, err)
			return p.Of(privacy.PromiseRotation)
		}
		*v.now = march.Add(24*time.Hour - time.Microsecond)
		require.Equal(t, privacy.Enforced, state().State)
		*v.now = march.Add(24 * time.Hour)
		require.Equal(t, privacy.Absent, state().State)
		require.Contains(t, state().Why, "beside the backup "+b.ID.String())
		_, err = v.s.PruneBackups(v.platform(t), 10)
		require.NoError(t, err)
		require.Equal(t, privacy.Enforced, state().State)
	})
}

// Backups are taken twice as often as the rule asks for, of closed tenants too, and not while another process is at one.
func TestWhenABackupIsDue(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		due := func(at time.Duration, want bool) {
			t.Helper()
			*v.now = march.Add(at)
			took, err := v.s.BackupIfDue(v.enter(t, tenancy.ScopeOf(p.ctx).TenantID()))
			require.NoError(t, err)
			require.Equal(t, want, took)
		}
		due(0, true)
		due(12*time.Hour-time.Microsecond, false)
		_, err := v.db.Backups().Begin(v.enter(t, tenancy.ScopeOf(p.ctx).TenantID()), "backups", "x", time.Hour)
		require.NoError(t, err)
		due(12*time.Hour, false)
		due(13*time.Hour-2*time.Microsecond, false)
		due(13*time.Hour-time.Microsecond, true)
		off := privacy.New(v.db, privacy.Options{})
		took, err := off.BackupIfDue(v.enter(t, tenancy.ScopeOf(p.ctx).TenantID()))
		require.NoError(t, err)
		require.False(t, took)
		_, err = off.Backup(v.enter(t, tenancy.ScopeOf(p.ctx).TenantID()))
		require.ErrorIs(t, err, privacy.ErrNoBackups)
	})
}

// Options by which no backup could be taken, or one that is kept for too long, are refused; and the posture says so.
func TestBackupOptionsAreChecked(t *testing.T) {
	v := newVault(t, "sqlite")
	files := local.Files{Dir: v.dir}
	for name, opt := range map[string]privacy.BackupOptions{
		"no recipient":   {Files: files},
		"a nil one":      {Files: files, Recipients: append(v.opt.Recipients[:1:1], nil)},
		"too often":      {Files: files, Recipients: v.opt.Recipients, Every: time.Minute},
		"kept too long":  {Files: files, Recipients: v.opt.Recipients, Keep: tenancy.LongestBackup + time.Microsecond},
		"kept for a day": {Files: files, Recipients: v.opt.Recipients, Keep: 24 * time.Hour},
	} {
		require.ErrorIs(t, opt.Check(), privacy.ErrBadInput, name)
		s := privacy.New(v.db, privacy.Options{Backups: opt})
		_, err := s.Backup(openPractice(t, v.env).ctx)
		require.ErrorIs(t, err, privacy.ErrBadInput, name)
		p, err := s.PostureAtStart(t.Context())
		require.NoError(t, err)
		require.Equal(t, privacy.Absent, p.Of(privacy.PromiseBackups).State, name)
	}
	require.NoError(t, v.opt.Check())
}
