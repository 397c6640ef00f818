package privacy_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// vault is an installation of clinics with a place for their backups and a clock. It can be started again, as another process would be.
type vault struct {
	env      *tenancytest.Env
	db       *tenancy.DB
	s        *privacy.Service
	opt      privacy.BackupOptions
	identity *age.X25519Identity
	dir      string // of the backups
	now      *time.Time
	rules    privacy.Options // what holds, accounts; else nothing does, and there are none
}

// options are the service's.
func (v *vault) options() privacy.Options {
	opt := v.rules
	if opt.Backups = v.opt; opt.Holds == nil {
		opt.Holds = nothingHolds
	}
	return opt
}

// serve makes the service anew, with what holds and accounts of a test's own.
func (v *vault) serve(rules privacy.Options) {
	v.rules = rules
	v.s = privacy.New(v.db, v.options())
}

// eachVault runs a test on a database of its own of each engine.
func eachVault(t *testing.T, fn func(t *testing.T, v *vault)) {
	t.Helper()
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) { fn(t, newVault(t, engine)) })
	}
}

func newVault(t *testing.T, engine string) *vault {
	t.Helper()
	now := march
	v := &vault{now: &now, dir: t.TempDir()}
	v.env = tenancytest.Open(t, engine, tenancytest.Options{Modules: modules(), StateMaxAge: time.Millisecond, Clock: func() time.Time { return *v.now }})
	v.env.CloseAfter(t)
	var err error
	v.identity, err = age.GenerateX25519Identity()
	require.NoError(t, err)
	v.opt = privacy.BackupOptions{Files: local.Files{Dir: v.dir}, Recipients: []age.Recipient{v.identity.Recipient()}, Scratch: t.TempDir()}
	v.db = v.env.DB
	v.serve(privacy.Options{})
	return v
}

// again is the installation after a restart.
func (v *vault) again(t *testing.T) {
	t.Helper()
	db, err := tenancy.Open(t.Context(), v.env.Engine, tenancy.Options{Modules: modules(), StateMaxAge: time.Millisecond, Clock: func() time.Time { return *v.now }, Keys: v.env.Keys})
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	if v.db != v.env.DB { // what was open before is gone: a proof that restarts a thousand times has not a thousand open
		require.NoError(t, v.db.Close())
	}
	v.db, v.s = db, privacy.New(db, v.options())
}

func (v *vault) platform(t *testing.T, perms ...tenancy.Permission) context.Context {
	t.Helper()
	if len(perms) == 0 {
		perms = []tenancy.Permission{"*"}
	}
	ctx, err := v.db.EnterPlatform(t.Context(), "operator", perms)
	require.NoError(t, err)
	return ctx
}

func (v *vault) enter(t *testing.T, id uuid.UUID) context.Context {
	t.Helper()
	ctx, err := v.db.Enter(t.Context(), id, "tester", tenancy.Permissions{"*"})
	require.NoError(t, err)
	return ctx
}

// lose takes the tenant's place away, past the library, and starts the program again.
func (v *vault) lose(t *testing.T, id uuid.UUID) {
	t.Helper()
	lose(t, v.env, id)
	v.again(t)
	_, err := v.db.Enter(t.Context(), id, "tester", tenancy.Permissions{"*"})
	require.ErrorIs(t, err, tenancy.ErrPlacement, "it is lost")
}

func lose(t *testing.T, env *tenancytest.Env, id uuid.UUID) {
	t.Helper()
	if env.Dir() != "" {
		files, err := filepath.Glob(filepath.Join(env.Dir(), "tenants", id.String()+".db*"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, f := range files {
			require.NoError(t, os.Remove(f))
		}
		return
	}
	owner := env.Owner(t, id)
	defer func() { require.NoError(t, owner.Close()) }()
	conn, err := owner.Conn(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	texts := []string{"SET session_replication_role = replica", "UPDATE erp.tenant_gates SET state = 'closed', turn = turn + 1 WHERE tenant_id = '" + id.String() + "'",
		"UPDATE erp.tenant_gates SET state = 'purging' WHERE tenant_id = '" + id.String() + "'"} // no foreign key, and no guard
	for _, m := range env.DB.Registry().Models {
		if m.Table != "erp.tenant_gates" {
			texts = append(texts, "DELETE FROM "+m.Table+" WHERE tenant_id = '"+id.String()+"'")
		}
	}
	for _, text := range append(texts, "DELETE FROM erp.tenant_gates WHERE tenant_id = '"+id.String()+"'") {
		_, err = conn.ExecContext(t.Context(), text)
		require.NoError(t, err, text)
	}
}

func (v *vault) restoration(b tenancy.Backup) privacy.Restoration {
	return privacy.Restoration{BackupID: b.ID, Identities: []age.Identity{v.identity}, Reason: "disk 4 failed"}
}

func (v *vault) restore(t *testing.T, b tenancy.Backup) privacy.Restored {
	t.Helper()
	out, err := v.s.Restore(v.platform(t), v.restoration(b))
	require.NoError(t, err)
	require.Equal(t, b.TenantID, out.Tenant.ID)
	return out
}

func (v *vault) backup(t *testing.T, ctx context.Context) tenancy.Backup {
	t.Helper()
	b, err := v.s.Backup(v.enter(t, tenancy.ScopeOf(ctx).TenantID()))
	require.NoError(t, err)
	return b
}

func (v *vault) file(b tenancy.Backup, kind string) string {
	return filepath.Join(v.dir, b.TenantID.String(), b.ID.String()+kind+".age")
}

// Neither what the server has nor what the operator has opens a backup: both do.
func TestABackupIsReadByWhoHasBothKeys(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		want, err := v.s.Digest(p.ctx)
		require.NoError(t, err)
		b := v.backup(t, p.ctx)
		require.Equal(t, tenancy.Backup{ID: b.ID, TenantID: id, State: tenancy.BackupKept, Place: "backups", Recipients: v.identity.Recipient().String(), BegunAt: march, BegunBy: "tester",
			ExpiresAt: march.AddDate(0, 0, 90), KeptAt: march, Bytes: b.Bytes, SHA256: b.SHA256, Root: want.Root}, b)
		of, err := v.s.BackupsOf(v.platform(t), id, time.Time{}, 10)
		require.NoError(t, err)
		require.Equal(t, []tenancy.Backup{b}, of)

		lies, err := os.ReadFile(v.file(b, ".zip"))
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(lies, []byte("age-encryption.org/v1\n-> X25519 ")))
		require.EqualValues(t, len(lies), b.Bytes)
		for _, shown := range []string{"erp-tenant", id.String(), "PK\x03\x04", "manifest", "Ada"} {
			require.NotContains(t, string(lies), shown)
		}
		outer, err := age.Decrypt(bytes.NewReader(lies), v.identity)
		require.NoError(t, err)
		inner, err := io.ReadAll(outer)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(inner, []byte("age-encryption.org/v1\n-> erp-tenant "+id.String()+" 1\n")), "with the operator's identity alone it is sealed still")
		require.NotContains(t, string(inner), "PK\x03\x04")

		v.lose(t, id)
		stranger, err := age.GenerateX25519Identity()
		require.NoError(t, err)
		in := v.restoration(b)
		in.Identities = []age.Identity{stranger}
		_, err = v.s.Restore(v.platform(t), in)
		require.ErrorIs(t, err, tenancy.ErrKey, "the server's keys alone open nothing")
		v.restore(t, b)
	})
}

// What is restored is the tenant that it was: its id, its records, its sealed columns, as suspended as it was decided to be.
func TestRestore(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		b := v.backup(t, p.ctx)
		_, err := v.s.Restore(v.platform(t), v.restoration(b))
		require.ErrorIs(t, err, tenancy.ErrTenantConflict, "it is there")
		_, err = v.db.Tenants().Suspend(v.platform(t), id, "unpaid")
		require.NoError(t, err)
		v.lose(t, id)
		out := v.restore(t, b)
		require.Equal(t, tenancy.StateSuspended, out.Tenant.State)
		require.Empty(t, out.Erased)
		require.Equal(t, b.Root, out.Manifest.Root)
		_, err = v.db.Tenants().Resume(v.platform(t), id, "paid")
		require.NoError(t, err)
		ctx := v.enter(t, id)
		d, err := v.s.Digest(ctx)
		require.NoError(t, err)
		require.Equal(t, b.Root, d.Root)
		acts := map[string]int{}
		require.NoError(t, v.db.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			ada, err := tenancy.Get[Patient](ctx, tx, p.ada.ID)
			require.NoError(t, err)
			require.Equal(t, p.ada.Email, ada.Email, "sealed under the same key")
			return tenancy.Stream(ctx, tx, func(e *tenancy.Event) error { acts[e.Act]++; return nil })
		}))
		require.Equal(t, 1, acts["tenancy.platform/tenancy.suspend"], "what was decided since the backup is in its trail: %v", acts)
		require.Equal(t, 2, acts["tenancy.platform/tenancy.restore"])
		scratch, err := os.ReadDir(v.opt.Scratch)
		require.NoError(t, err)
		require.Empty(t, scratch)
		_, err = v.s.Restore(v.platform(t), v.restoration(b))
		require.ErrorIs(t, err, tenancy.ErrTenantConflict, "it is there again")
		require.NoError(t, v.db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &Patient{Name: "New"}) }))
	})
}

// A tenant's purge destroys its key, and the copies of it: what lies anywhere is of no use to anybody, and the register says until when it lies there.
func TestABackupDiesWithItsTenant(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		b := v.backup(t, p.ctx)
		copied, err := os.ReadFile(v.file(b, ".key"))
		require.NoError(t, err)
		archive, err := os.ReadFile(v.file(b, ".zip"))
		require.NoError(t, err)
		platform := v.platform(t)
		_, err = v.db.Tenants().Cancel(platform, id, "they left")
		require.NoError(t, err)
		_, err = v.db.Tenants().PurgeNow(platform, id, "they left", "letter 1")
		require.NoError(t, err)
		n, err := v.s.PruneBackups(platform, 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.NoFileExists(t, v.file(b, ".key"))
		require.FileExists(t, v.file(b, ".zip"), "it lies there until its day")
		last, there, err := v.s.LastBackupExpiry(platform, id)
		require.NoError(t, err)
		require.Equal(t, 1, there)
		require.Equal(t, b.ExpiresAt, last)

		_, err = v.s.Restore(platform, v.restoration(b))
		require.ErrorIs(t, err, tenancy.ErrKeyDestroyed)
		by := privacy.Restoration{Archive: bytes.NewReader(archive), Size: int64(len(archive)), Identities: []age.Identity{v.identity}, Reason: "who kept a copy of all of it", KeyCopy: bytes.NewReader(copied)}
		_, err = v.s.Restore(platform, by)
		require.ErrorIs(t, err, tenancy.ErrTenantConflict, "this installation knows that it was purged")
		elsewhere := newVault(t, v.env.Name)
		by.KeyCopy = nil
		_, err = elsewhere.s.Restore(elsewhere.platform(t), by)
		require.ErrorIs(t, err, tenancy.ErrKey, "and another one has no key")
		require.Equal(t, tenancy.StatePurged, must(v.db.Tenants().Get(platform, id)).State)
	})
}

// After the loss of the control database, its keys included, a backup is restored by its two files and the operator's identity.
func TestRestoreWithoutTheControlDatabase(t *testing.T) {
	for _, from := range tenancytest.Engines {
		for _, to := range tenancytest.Engines {
			t.Run(from+" to "+to, func(t *testing.T) {
				v, there := newVault(t, from), newVault(t, to)
				p := openPractice(t, v.env)
				id := tenancy.ScopeOf(p.ctx).TenantID()
				_, err := v.db.Tenants().RotateKey(v.platform(t), id, 1, "yearly")
				require.NoError(t, err)
				b := v.backup(t, p.ctx)
				copied, err := os.ReadFile(v.file(b, ".key"))
				require.NoError(t, err)
				require.NotContains(t, string(copied), id.String(), "in the clear it says nothing")
				archive, err := os.Open(v.file(b, ".zip"))
				require.NoError(t, err)
				defer func() { require.NoError(t, archive.Close()) }()
				in := privacy.Restoration{Archive: archive, Size: b.Bytes, Identities: []age.Identity{v.identity}, Reason: "everything burnt", KeyCopy: bytes.NewReader(copied)}
				_, err = there.s.Restore(there.platform(t), in)
				require.ErrorIs(t, err, tenancy.ErrBadInput, "nobody knows what it is called")
				theirs, err := os.ReadFile(v.file(v.backup(t, openPractice(t, v.env).ctx), ".key"))
				require.NoError(t, err)
				in.Unknown = tenancy.NewTenant{Name: "The Clinic", TimeZone: "Europe/London"}
				for _, other := range [][]byte{theirs, copied[:len(copied)-1], nil} {
					in.KeyCopy = bytes.NewReader(other)
					_, err = there.s.Restore(there.platform(t), in)
					require.ErrorIs(t, err, tenancy.ErrKey)
				}
				in.KeyCopy = bytes.NewReader(copied)
				out, err := there.s.Restore(there.platform(t), in)
				require.NoError(t, err)
				require.Equal(t, id, out.Tenant.ID)
				require.Equal(t, "The Clinic", out.Tenant.Name)
				d, err := there.s.Digest(there.enter(t, id))
				require.NoError(t, err)
				require.Equal(t, b.Root, d.Root)
				keys, err := there.db.Tenants().Keys(there.platform(t), id)
				require.NoError(t, err)
				require.Len(t, keys, 2)
				next := there.backup(t, there.enter(t, id))
				require.Equal(t, b.Root, next.Root)
			})
		}
	}
}

// A backup that is not the one that was registered is refused, and leaves the tenant as lost as it was.
func TestAnAlteredBackupIsRefused(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p, other := openPractice(t, v.env), openPractice(t, v.env)
		b, twin, theirs := v.backup(t, p.ctx), v.backup(t, p.ctx), v.backup(t, other.ctx)
		v.lose(t, b.TenantID)
		whole, err := os.ReadFile(v.file(b, ".zip"))
		require.NoError(t, err)
		swapped, err := os.ReadFile(v.file(theirs, ".zip"))
		require.NoError(t, err)
		equal, err := os.ReadFile(v.file(twin, ".zip"))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(v.file(b, ".zip"), equal, 0o600))
		_, err = v.s.Restore(v.platform(t), v.restoration(b))
		require.ErrorIs(t, err, privacy.ErrArchive, "of the same state, and another file all the same")
		flipped := bytes.Clone(whole)
		flipped[len(flipped)/2] ^= 1
		for name, text := range map[string][]byte{"a bit": flipped, "cut off": whole[:len(whole)-1], "another tenant's": swapped, "empty": {}} {
			require.NoError(t, os.WriteFile(v.file(b, ".zip"), text, 0o600), name)
			_, err := v.s.Restore(v.platform(t), v.restoration(b))
			require.ErrorIs(t, err, privacy.ErrArchive, name)
			_, err = v.s.Restore(v.platform(t), privacy.Restoration{Archive: bytes.NewReader(text), Size: int64(len(text)), Identities: []age.Identity{v.identity}, Reason: "x"})
			require.Error(t, err, name)
		}
		require.NoError(t, os.Remove(v.file(b, ".zip")))
		_, err = v.s.Restore(v.platform(t), v.restoration(b))
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		require.Equal(t, tenancy.StateActive, must(v.db.Tenants().Get(v.platform(t), b.TenantID)).State)
		require.NoError(t, os.WriteFile(v.file(b, ".zip"), whole, 0o600))
		v.restore(t, b)
	})
}

// Who may what; and that nobody takes, restores or destroys by anything less.
func TestBackupPermissions(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		b := v.backup(t, p.ctx)
		weak, err := v.db.Enter(t.Context(), b.TenantID, "tester", tenancy.Permissions{"privacy.*"})
		require.NoError(t, err)
		_, err = v.s.Backup(weak)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		weak, err = v.db.Enter(t.Context(), b.TenantID, "tester", tenancy.Permissions{tenancy.PermBackup})
		require.NoError(t, err)
		_, err = v.s.Backup(weak)
		require.ErrorIs(t, err, tenancy.ErrForbidden, "who takes a backup exports")
		v.lose(t, b.TenantID)
		for _, perms := range [][]tenancy.Permission{{tenancy.PermRestoreTenant}, {tenancy.PermImportTenant}, {tenancy.PermRestoreTenant, tenancy.PermImportTenant}, {"tenancy.read"}} {
			_, err = v.s.Restore(v.platform(t, perms...), v.restoration(b))
			require.ErrorIs(t, err, tenancy.ErrForbidden, "%v", perms)
			_, err = v.s.DestroyBackup(v.platform(t, perms...), b.ID)
			require.ErrorIs(t, err, tenancy.ErrForbidden, "%v", perms)
			_, err = v.s.PruneBackups(v.platform(t, perms...), 1)
			require.ErrorIs(t, err, tenancy.ErrForbidden, "%v", perms)
			_, _, err = v.s.LastBackupExpiry(v.platform(t, perms...), b.TenantID)
			require.ErrorIs(t, err, tenancy.ErrForbidden, "%v", perms)
		}
		_, err = v.s.Restore(v.platform(t, tenancy.PermRestoreTenant, tenancy.PermImportTenant, tenancy.PermReadBackups), v.restoration(b))
		require.NoError(t, err)
		gone, err := v.s.DestroyBackup(v.platform(t, tenancy.PermDestroyBackup), b.ID)
		require.NoError(t, err)
		require.Equal(t, tenancy.BackupDestroyed, gone.State)
		require.Equal(t, "operator", gone.DestroyedBy)
		_, err = v.s.Restore(v.platform(t), v.restoration(b))
		require.ErrorIs(t, err, privacy.ErrBackupGone)
	})
}

// broken is a store that fails.
type broken struct{ after int }

var errDisk = errors.New("the disk is full")

func (b broken) Put(_ context.Context, name string, r io.Reader) error {
	if strings.HasSuffix(name, ".key.age") {
		return nil
	}
	_, _ = io.CopyN(io.Discard, r, int64(b.after))
	return errDisk
}
func (b broken) Open(context.Context, string) (io.ReadCloser, error) { return nil, errDisk }
func (b broken) Remove(context.Context, string) error                { return nil }

// A store that fails, at once or on the way, leaves no backup but an entry that says that one was begun, until it is cleared away.
func TestABackupThatFailsIsNone(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		for _, after := range []int{0, 100} {
			opt := v.opt
			opt.Files = broken{after}
			_, err := privacy.New(v.db, privacy.Options{Holds: nothingHolds, Backups: opt}).Backup(p.ctx)
			require.ErrorIs(t, err, errDisk)
		}
		of, err := v.s.BackupsOf(v.platform(t), id, time.Time{}, 10)
		require.NoError(t, err)
		require.Len(t, of, 2)
		for _, b := range of {
			require.Equal(t, tenancy.BackupTaking, b.State)
			_, err := v.s.Restore(v.platform(t), v.restoration(b))
			require.ErrorIs(t, err, privacy.ErrBackupGone)
		}
		stale, err := v.s.BackupsStale(v.platform(t), 10)
		require.NoError(t, err)
		require.Empty(t, stale, "it is of today")
		*v.now = march.Add(24*time.Hour - time.Microsecond)
		n, err := v.s.PruneBackups(v.platform(t), 10)
		require.NoError(t, err)
		require.Zero(t, n, "they may be under way still")
		*v.now = march.Add(24 * time.Hour)
		stale, err = v.s.BackupsStale(v.platform(t), 10)
		require.NoError(t, err)
		require.Equal(t, []uuid.UUID{id}, stale, "what was only begun does not count")
		n, err = v.s.PruneBackups(v.platform(t), 10)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		_, there, err := v.s.LastBackupExpiry(v.platform(t), id)
		require.NoError(t, err)
		require.Zero(t, there)
	})
}

// nothingHolds is a law that asks to keep nothing: an erasure is whole at once.
func nothingHolds(_ context.Context, _ *tenancy.Tx, _ *tenancy.Model, rows []any) ([]privacy.Hold, error) {
	return make([]privacy.Hold, len(rows)), nil
}
