package privacy_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/doomtest"
	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
)

// doomedBackup is what a process is told that is to do one thing with a tenant and its backups, and to be killed on the way.
type doomedBackup struct {
	doomtest.Database
	Dir      string
	Scratch  string
	Identity string
	Tenant   uuid.UUID
	Do       string // "backup", "restore", "erase" or "prune"
	Backup   uuid.UUID
	Person   uuid.UUID
	Round    string
}

func (v *vault) doomed(do string, tenant uuid.UUID) doomedBackup {
	return doomedBackup{Database: doomtest.Of(v.env, *v.now), Dir: v.dir, Scratch: v.opt.Scratch, Identity: v.identity.String(), Tenant: tenant, Do: do}
}

// watchedFiles counts what is asked of the store, as statements are counted.
type watchedFiles struct {
	tenancy.Files
	count func()
}

func (f watchedFiles) Put(ctx context.Context, name string, r io.Reader) error {
	f.count()
	err := f.Files.Put(ctx, name, r)
	f.count()
	return err
}

func (f watchedFiles) Remove(ctx context.Context, name string) error {
	f.count()
	err := f.Files.Remove(ctx, name)
	f.count()
	return err
}

// run does it in this process, which has been started for that.
func (d doomedBackup) run(count func()) error {
	ctx := context.Background()
	db, err := d.Open(modules(), count, func(o *tenancy.Options) { o.StateMaxAge = time.Millisecond })
	if err != nil {
		return err
	}
	identity, err := age.ParseX25519Identity(d.Identity)
	if err != nil {
		return err
	}
	s := privacy.New(db, privacy.Options{Holds: nothingHolds, Backups: privacy.BackupOptions{Files: watchedFiles{local.Files{Dir: d.Dir}, count}, Recipients: []age.Recipient{identity.Recipient()}, Scratch: d.Scratch}})
	platform, err := db.EnterPlatform(ctx, "doomed", tenancy.Permissions{"*"})
	if err != nil {
		return err
	}
	enter := func() context.Context {
		var inside context.Context
		inside, err = db.Enter(ctx, d.Tenant, "doomed", tenancy.Permissions{"*"})
		return inside
	}
	switch d.Do {
	case "backup":
		if inside := enter(); err == nil {
			_, err = s.Backup(inside)
		}
	case "erase":
		if inside := enter(); err == nil {
			_, err = s.Erase(inside, privacy.Erasure{PersonID: d.Person, Reference: d.Round, Reason: "GDPR Art. 17"})
		}
	case "prune":
		_, err = s.PruneBackups(platform, 100)
	case "restore":
		_, err = s.Restore(platform, privacy.Restoration{BackupID: d.Backup, Identities: []age.Identity{identity}, Reason: "disk 4 failed"})
	default:
		err = fmt.Errorf("there is nothing to do: %q", d.Do)
	}
	return err
}

// A process that takes a backup is killed all along the way. What it leaves is in the register, and is no backup; the next one is whole, and what was left is cleared away.
func TestABackupWhoseProcessIsKilled(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		killed := 0
		for at := int64(1); startDoomed(t, "backup", v.doomed("backup", id), killtest.Kill{Before: at}); at += backupStride {
			killed++
		}
		require.Greater(t, killed, 3)
		of, err := v.s.BackupsOf(v.platform(t), id, time.Time{}, 1000)
		require.NoError(t, err)
		var whole []tenancy.Backup
		known := map[string]bool{}
		for _, b := range of {
			if b.State == tenancy.BackupKept {
				whole = append(whole, b)
			}
			known[v.file(b, ".zip")], known[v.file(b, ".key")] = true, true
		}
		require.Len(t, whole, 1, "the one that came to its end")
		for _, name := range v.files(t) {
			require.True(t, known[name], "%s is in no register", name)
		}
		b := whole[0]
		*v.now = march.Add(24 * time.Hour)
		_, err = v.s.PruneBackups(v.platform(t), 1000)
		require.NoError(t, err)
		require.ElementsMatch(t, []string{v.file(b, ".zip"), v.file(b, ".key")}, v.files(t))
		v.lose(t, id)
		v.restore(t, b)
	})
}

// files are what lies in the place for backups, but for what a store that was killed had not named yet.
func (v *vault) files(t *testing.T) (out []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(v.dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !strings.HasPrefix(e.Name(), ".new-") {
			out = append(out, path)
		}
		return err
	}))
	return out
}

// A process that restores is killed all along the way. Until the restoration has come to its end nobody enters; the next call brings it there, and who was erased is erased.
func TestARestoreWhoseProcessIsKilled(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		b := v.backup(t, p.ctx)
		v.forget(t, id, p.ada.ID, "REQUEST-1")
		erased := v.name(t, id, p.ada.ID)
		d := v.doomed("restore", id)
		d.Backup = b.ID
		killed, closed := 0, 0
		v.lose(t, id)
		for at := int64(1); startDoomed(t, "backup", d, killtest.Kill{Before: at}); at += restoreStride {
			killed++
			v.again(t)
			now, err := v.db.Tenants().Get(v.platform(t), id)
			require.NoError(t, err)
			if now.State == tenancy.StateRestoring {
				closed++
				_, err := v.db.Enter(t.Context(), id, "tester", tenancy.Permissions{"*"})
				require.ErrorIs(t, err, tenancy.ErrTenantNotReady, "statement %d", at)
				_, err = v.db.System(t.Context(), id, "test.look")
				require.ErrorIs(t, err, tenancy.ErrTenantNotReady, "statement %d", at)
				_, err = v.db.Tenants().CompletePending(v.platform(t), 10)
				require.NoError(t, err, "nobody clears it away")
				v.restore(t, b)
			} else if _, err := v.db.Enter(t.Context(), id, "tester", tenancy.Permissions{"*"}); err != nil {
				require.ErrorIs(t, err, tenancy.ErrPlacement)
				v.restore(t, b) // it had not begun
			} // else it had come to its end
			require.Equal(t, erased, v.name(t, id, p.ada.ID), "statement %d", at)
			v.lose(t, id)
		}
		require.Greater(t, killed, 3)
		require.Greater(t, closed, 2)
		v.again(t)
		require.Equal(t, erased, v.name(t, id, p.ada.ID))
		scratch, err := filepath.Glob(filepath.Join(v.opt.Scratch, "*"))
		require.NoError(t, err)
		for _, name := range scratch {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			require.True(t, len(text) == 0 || strings.HasPrefix(string(text), "age-encryption.org/v1\n-> X25519"), "what a killed process leaves is encrypted")
		}
	})
}

// A process that erases is killed all along the way: whatever was committed is in the ledger, and a restore from before does it again.
func TestTheLedgerOfAnErasureWhoseProcessIsKilled(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		b := v.backup(t, p.ctx)
		d := v.doomed("erase", id)
		d.Person = p.ada.ID
		killed, intended := 0, 0
		for at := int64(1); ; at += eraseStride {
			d.Round = fmt.Sprintf("ROUND-%d", at)
			died := startDoomed(t, "backup", d, killtest.Kill{Before: at})
			v.again(t)
			gone := strings.HasPrefix(v.name(t, id, p.ada.ID), "erased ")
			states := v.entries(t, id)
			require.True(t, !gone || len(states) > 0, "statement %d: an erasure was committed that the ledger has not", at)
			if !died {
				require.True(t, gone)
				break
			}
			killed++
			*v.now = v.now.Add(time.Hour)
			d.Now = *v.now
			_, err := v.s.SettleLedger(v.enter(t, id), 100)
			require.NoError(t, err)
			for i, state := range v.entries(t, id) {
				require.NotEqual(t, "intended", state)
				if i == len(states)-1 && states[i] == "intended" {
					intended++
					require.Equal(t, gone, state == "done", "statement %d", at)
				}
			}
			if gone {
				break
			}
		}
		require.Greater(t, killed, 3)
		v.lose(t, id)
		v.restore(t, b)
		require.Regexp(t, "^erased ", v.name(t, id, p.ada.ID))
	})
}
