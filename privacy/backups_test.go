package privacy_test

import (
	"context"
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
		s := privacy.New(v.db, privacy.Options{Holds: nothingHolds, Backups: opt})
		_, err := s.Backup(openPractice(t, v.env).ctx)
		require.ErrorIs(t, err, privacy.ErrBadInput, name)
		p, err := s.PostureAtStart(t.Context())
		require.NoError(t, err)
		require.Equal(t, privacy.Absent, p.Of(privacy.PromiseBackups).State, name)
	}
	require.NoError(t, v.opt.Check())
}

// The job serves suspended and cancelled tenants too: what is kept for 30 days has to be there.
func TestClosedTenantsAreBackedUp(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		job := tenancy.Job{Name: "privacy.backup", Every: time.Hour, Closed: true, Tenant: func(ctx context.Context) (bool, error) { _, err := v.s.BackupIfDue(ctx); return false, err }}
		b, err := v.db.Background(tenancy.BackgroundOptions{Jobs: []tenancy.Job{job}})
		require.NoError(t, err)
		tick := func() {
			t.Helper()
			ticked, err := b.Tick(t.Context(), *v.now)
			require.NoError(t, err)
			require.Zero(t, ticked.Failed)
		}
		id := tenancy.ScopeOf(openPractice(t, v.env).ctx).TenantID()
		for n, closed := range []func() error{
			func() error { return nil },
			func() error { _, err := v.db.Tenants().Suspend(v.platform(t), id, "unpaid"); return err },
			func() error { _, err := v.db.Tenants().Cancel(v.platform(t), id, "they left"); return err },
		} {
			require.NoError(t, closed())
			tick()
			of, err := v.s.BackupsOf(v.platform(t), id, time.Time{}, 10)
			require.NoError(t, err)
			require.Len(t, of, n+1)
			require.Equal(t, tenancy.BackupKept, of[0].State)
			require.Equal(t, "system:privacy.backup", of[0].BegunBy)
			*v.now = v.now.Add(13 * time.Hour)
		}
		last, err := v.s.BackupsOf(v.platform(t), id, time.Time{}, 1)
		require.NoError(t, err)
		v.lose(t, id)
		out := v.restore(t, last[0])
		require.Equal(t, tenancy.StateCancelled, out.Tenant.State)
		require.False(t, out.Tenant.EndsAt.IsZero())
	})
}

// A restoration is given up, and the tenant is as lost as it was; or another backup takes the first one's place.
func TestARestorationIsGivenUp(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		first, second := v.backup(t, p.ctx), v.backup(t, p.ctx)
		v.forget(t, id, p.ada.ID, "REQUEST-1")
		v.lose(t, id)
		stuck := func(after error) {
			t.Helper()
			_, err := v.db.Tenants().Restore(v.platform(t), tenancy.Restoration{ID: id, Archive: "backup " + first.SHA256, Reason: "disk 4 failed",
				Write: func(context.Context, *tenancy.Importing) error { return nil }, Replay: func(context.Context) error { return after }})
			require.ErrorIs(t, err, after)
			now, err := v.db.Tenants().Get(v.platform(t), id)
			require.NoError(t, err)
			require.Equal(t, tenancy.StateRestoring, now.State)
		}
		stuck(errNoMore) // with an empty tenant behind a gate that is open
		now, err := v.db.Tenants().AbandonRestore(v.platform(t), id, "the wrong one")
		require.NoError(t, err)
		require.Equal(t, tenancy.StateActive, now.State)
		_, err = v.db.Enter(t.Context(), id, "tester", tenancy.Permissions{"*"})
		require.ErrorIs(t, err, tenancy.ErrPlacement)
		stuck(errNoMore)
		v.restore(t, second)
		require.Regexp(t, "^erased ", v.name(t, id, p.ada.ID))
		again, err := v.db.Tenants().AbandonRestore(v.platform(t), id, "too late")
		require.NoError(t, err)
		require.Equal(t, tenancy.StateActive, again.State)
		require.Regexp(t, "^erased ", v.name(t, id, p.ada.ID))
	})
}

// While a tenant is being restored nobody enters it, whatever they are; only what restores it does.
func TestNobodyEntersWhatIsBeingRestored(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		v.lose(t, id)
		looked := 0
		look := func(ctx context.Context) {
			looked++
			_, err := v.db.Enter(t.Context(), id, "owner", tenancy.Permissions{"*"})
			require.ErrorIs(t, err, tenancy.ErrTenantNotReady)
			_, err = v.db.System(t.Context(), id, "test.look")
			require.ErrorIs(t, err, tenancy.ErrTenantNotReady)
			for _, act := range []func() (tenancy.Tenant, error){
				func() (tenancy.Tenant, error) { return v.db.Tenants().Suspend(v.platform(t), id, "x") },
				func() (tenancy.Tenant, error) { return v.db.Tenants().Cancel(v.platform(t), id, "x") },
				func() (tenancy.Tenant, error) { return v.db.Tenants().PurgeNow(v.platform(t), id, "x", "x") },
			} {
				_, err := act()
				require.Error(t, err)
			}
			b, err := v.db.Background(tenancy.BackgroundOptions{Jobs: []tenancy.Job{{Name: "test.look", Every: time.Hour, Closed: true, Tenant: func(ctx context.Context) (bool, error) {
				require.NotEqual(t, id, tenancy.ScopeOf(ctx).TenantID())
				return false, nil
			}}}})
			require.NoError(t, err)
			_, err = b.Tick(t.Context(), *v.now)
			require.NoError(t, err)
		}
		_, err := v.db.Tenants().Restore(v.platform(t), tenancy.Restoration{ID: id, Archive: "x", Reason: "x",
			Write: func(ctx context.Context, _ *tenancy.Importing) error { return nil },
			Replay: func(ctx context.Context) error {
				look(ctx)
				return v.db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
					return tenancy.Insert(ctx, tx, &Patient{Name: "written in the replay"})
				})
			}})
		require.NoError(t, err)
		require.Equal(t, 1, looked)
		v.enter(t, id)
	})
}
