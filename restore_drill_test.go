package erp_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/audit"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// drill is an installation of the whole suite with backups.
type drill struct {
	env      *tenancytest.Env
	suite    *erp.Suite
	opt      erp.Options
	identity *age.X25519Identity
	backups  string
}

func openDrill(t *testing.T, engine string, trusted ...ed25519.PublicKey) *drill {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	d := &drill{identity: identity, backups: t.TempDir()}
	d.env = tenancytest.Open(t, engine, tenancytest.Options{Modules: erp.Modules(), StateMaxAge: 10 * time.Millisecond, Clock: time.Now})
	d.opt = erp.Options{Dir: t.TempDir(), TrustedKeys: trusted, Backups: privacy.BackupOptions{Files: local.Files{Dir: d.backups}, Recipients: []age.Recipient{identity.Recipient()}, Scratch: t.TempDir()}}
	d.suite, err = erp.Wire(d.env.DB, d.opt)
	require.NoError(t, err)
	return d
}

// lose takes the tenant's place away, past the library, and starts the program again.
func (d *drill) lose(t *testing.T, id uuid.UUID) {
	t.Helper()
	if d.env.Dir() != "" {
		files, err := filepath.Glob(filepath.Join(d.env.Dir(), "tenants", id.String()+".db*"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, f := range files {
			require.NoError(t, os.Remove(f))
		}
	} else {
		conn, err := d.env.Owner(t, id).Conn(t.Context())
		require.NoError(t, err)
		defer func() { require.NoError(t, conn.Close()) }()
		texts := []string{"SET session_replication_role = replica", "UPDATE erp.tenant_gates SET state = 'closed', turn = turn + 1 WHERE tenant_id = '" + id.String() + "'",
			"UPDATE erp.tenant_gates SET state = 'purging' WHERE tenant_id = '" + id.String() + "'"} // no foreign key, and no guard
		for _, m := range d.env.DB.Registry().Models {
			if m.Table != "erp.tenant_gates" {
				texts = append(texts, "DELETE FROM "+m.Table+" WHERE tenant_id = '"+id.String()+"'")
			}
		}
		for _, text := range append(texts, "DELETE FROM erp.tenant_gates WHERE tenant_id = '"+id.String()+"'") {
			_, err = conn.ExecContext(t.Context(), text)
			require.NoError(t, err, text)
		}
	}
	require.Empty(t, d.env.Holds(t, id))
	db, err := tenancy.Open(t.Context(), d.env.Engine, tenancy.Options{Modules: erp.Modules(), StateMaxAge: 10 * time.Millisecond, Keys: d.env.Keys})
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	d.suite, err = erp.Wire(db, d.opt)
	require.NoError(t, err)
}

func (d *drill) platform(t *testing.T) context.Context {
	t.Helper()
	ctx, err := d.suite.Tenancy.EnterPlatform(t.Context(), "operator", tenancy.Permissions{"*"})
	require.NoError(t, err)
	return ctx
}

func (d *drill) enter(t *testing.T, s *shop) {
	t.Helper()
	var err error
	s.suite = d.suite
	s.ctx, err = d.suite.Tenancy.Enter(t.Context(), tenancy.ScopeOf(s.ctx).TenantID(), "tester", tenancy.Permissions{"*"})
	require.NoError(t, err)
}

// sums are the hashes of a tenant's tables but the trail's, and those that tell of erasures themselves.
func (s *shop) sums(t *testing.T) map[string]string {
	t.Helper()
	d, err := s.suite.Privacy.Digest(s.ctx)
	require.NoError(t, err)
	out := map[string]string{}
	for _, f := range d.Files {
		if !f.Trail && !slices.Contains([]string{"erp.erasures", "erp.erasure_requests", "erp.erasure_holds", "erp.erasure_words", "erp.restrictions"}, f.Table) {
			out[f.Table] = f.SHA256
		}
	}
	return out
}

// The drill, over everything that the suite stores: a backup by the job, somebody is erased, the database is lost, and restored. It is the tenant that it was, to the hash of every table, the erased are found nowhere, the
// books verify, and work goes on. Then the same backup in another installation, on the other engine, from its two files alone.
func TestRestoreDrill(t *testing.T) {
	for engine, other := range map[string]string{"sqlite": "postgres", "postgres": "sqlite"} {
		t.Run(engine, func(t *testing.T) {
			d := openDrill(t, engine)
			s := openShop(t, d.env, d.suite, inventory.FIFO)
			id := tenancy.ScopeOf(s.ctx).TenantID()
			_, err := d.suite.Accounting.UpdateParty(s.ctx, accounting.PartyChange{ID: s.customer, Name: "Ada Canary", Customer: true, Email: "ada.canary@example.org",
				Phone: "+44 20 7946 0991", Address: []string{"12 Canary Row", "London"}, Country: "GB", TaxID: "GB999CANARY"})
			require.NoError(t, err)
			s.trade(t)
			s.lockAll(t)
			taken := root(t, s)
			ticked, err := d.suite.Tick(t.Context(), time.Now())
			require.NoError(t, err)
			require.Zero(t, ticked.Failed)
			of, err := d.suite.Privacy.BackupsOf(d.platform(t), id, time.Time{}, 10)
			require.NoError(t, err)
			require.Len(t, of, 1, "the job has taken one")
			require.Equal(t, taken, of[0].Root)

			report, err := d.suite.Privacy.Erase(s.ctx, privacy.Erasure{PersonID: s.customer, Reference: "FORGET-2", Reason: "asked, Art. 17(1)(b)"})
			require.NoError(t, err)
			require.NotEmpty(t, report.Lines)
			want, figures, held := s.sums(t), s.figures(t), s.search(t)

			d.lose(t, id)
			restored, err := d.suite.Privacy.Restore(d.platform(t), privacy.Restoration{BackupID: of[0].ID, Identities: []age.Identity{d.identity}, Reason: "the yearly drill"})
			require.NoError(t, err)
			require.Equal(t, taken, restored.Manifest.Root)
			require.Len(t, restored.Erased, 1)
			require.Equal(t, s.customer, restored.Erased[0].RowID)
			d.enter(t, s)
			require.Equal(t, want, s.sums(t), "equal but for what tells of the erasure")
			require.Equal(t, figures, s.figures(t))
			left := s.search(t)
			for _, canary := range []string{"canary", "7946 0991"} {
				require.Equal(t, strings.Count(held, canary), strings.Count(left, canary), "no more of %s than the law holds", canary)
			}
			s.verify(t)
			ticked, err = d.suite.Tick(t.Context(), time.Now().Add(24*time.Hour))
			require.NoError(t, err)
			require.Zero(t, ticked.Failed)

			d.elsewhere(t, other, of[0], s)

			// Where the anchor has kept a root that is younger than the backup it cannot be hidden that the end of the trail was lost; and nothing else is wrong.
			require.NoError(t, d.suite.Ports.Anchor.Keep(t.Context(), tenancy.Root{TenantID: id, Kind: "audit", Seq: 100_000, Digest: strings.Repeat("0a", 32), At: time.Now()}))
			d.lose(t, id)
			_, err = d.suite.Privacy.Restore(d.platform(t), privacy.Restoration{BackupID: of[0].ID, Identities: []age.Identity{d.identity}, Reason: "once more"})
			require.NoError(t, err)
			d.enter(t, s)
			checks, err := d.suite.Verify(s.ctx)
			require.NoError(t, err)
			for _, c := range checks {
				require.Equal(t, c.Name != audit.CheckAnchor, c.OK, "%s: %s", c.Name, c.Detail)
			}
			// Until somebody answers for it, with a reason; from then on each verification says so.
			_, err = d.suite.Audit.Restart(s.ctx, audit.NewRestart{Reference: "DRILL-2", Reason: "restored once more, from the backup of before the erasure"})
			require.NoError(t, err)
			checks, err = d.suite.Verify(s.ctx)
			require.NoError(t, err)
			for _, c := range checks {
				require.True(t, c.OK, "%s: %s", c.Name, c.Detail)
				if c.Name == audit.CheckAnchor {
					require.Contains(t, c.Detail, "DRILL-2: restored once more")
				}
			}
		})
	}
}

// elsewhere restores a backup into another installation, which knows nothing of the tenant.
func (d *drill) elsewhere(t *testing.T, engine string, b tenancy.Backup, s *shop) {
	t.Helper()
	signed, err := local.SigningKey(t.Context(), d.suite.Ports.Files, d.suite.Ports.Keys, "audit")
	require.NoError(t, err)
	there := openDrill(t, engine, signed.Public().(ed25519.PublicKey)) // or nobody could tell whose the trail's roots are
	file := func(kind string) []byte {
		text, err := os.ReadFile(filepath.Join(d.backups, b.TenantID.String(), b.ID.String()+kind))
		require.NoError(t, err)
		return text
	}
	archive := file(".zip.age")
	restored, err := there.suite.Privacy.Restore(there.platform(t), privacy.Restoration{Archive: bytes.NewReader(archive), Size: int64(len(archive)), KeyCopy: bytes.NewReader(file(".key.age")),
		Identities: []age.Identity{d.identity}, Unknown: tenancy.NewTenant{Name: "The Shop", TimeZone: "Europe/London"}, Reason: "the yearly drill"})
	require.NoError(t, err)
	require.Empty(t, restored.Erased, "that installation has another ledger")
	copied := *s
	there.enter(t, &copied)
	require.Equal(t, b.Root, root(t, &copied))
	require.Contains(t, copied.search(t), "ada canary", "of before the erasure")
	copied.verify(t)
}
