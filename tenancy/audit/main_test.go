package audit_test

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/audit"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestMain(m *testing.M) { os.Exit(tenancytest.Main(m)) }

// Note is what the tests write: each leaves an event.
type Note struct {
	tenancy.Row
	Text string `bun:"text" privacy:"free-text,delete"`
}

var notes = tenancy.Module{
	Name:   "notes",
	Models: []*tenancy.Model{tenancy.Define[Note](tenancy.Spec{Table: "app.notes", Class: tenancy.Master, Controller: tenancy.ByHost})},
	Migrations: fstest.MapFS{"50001_notes.sql": {Data: []byte(`-- +goose Up
CREATE SCHEMA app;
CREATE TABLE app.notes (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
`)}},
}

func each(t *testing.T, fn func(t *testing.T, env *tenancytest.Env)) {
	t.Helper()
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{audit.Module(), notes}}, fn)
}

// signer is a key that can be taken away.
type signer struct {
	key ed25519.PrivateKey
	err error
}

func newSigner(seed byte) *signer {
	return &signer{key: ed25519.NewKeyFromSeed(slices.Repeat([]byte{seed}, ed25519.SeedSize))}
}

func (s *signer) give(context.Context) (ed25519.PrivateKey, error) { return s.key, s.err }

func (s *signer) public() ed25519.PublicKey { return s.key.Public().(ed25519.PublicKey) }

// witness is an anchor in memory, which can be out of reach.
type witness struct {
	mu    sync.Mutex
	roots []tenancy.Root
	err   error
}

var errGone = errors.New("the witness is out of reach")

func (w *witness) Keep(_ context.Context, r tenancy.Root) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.roots = append(w.roots, r)
	}
	return w.err
}

func (w *witness) Kept(_ context.Context, tenant uuid.UUID, kind string, limit int) ([]tenancy.Root, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []tenancy.Root
	for _, r := range slices.Backward(w.roots) {
		if r.TenantID == tenant && r.Kind == kind && len(out) < limit {
			out = append(out, r)
		}
	}
	return out, w.err
}

// desk is a tenant with a service of its own.
type desk struct {
	*audit.Service
	env     *tenancytest.Env
	ctx     context.Context //nolint:containedctx // the tenant's scope
	tenant  uuid.UUID
	signer  *signer
	witness *witness
	alarms  []audit.Alarm
}

// quick hands every root to the anchor.
const quick = time.Nanosecond

func newDesk(t testing.TB, env *tenancytest.Env, change ...func(*audit.Options)) *desk {
	t.Helper()
	d := &desk{env: env, ctx: env.Tenant(t), signer: newSigner(1), witness: &witness{}}
	d.tenant = tenancy.ScopeOf(d.ctx).TenantID()
	d.open(change...)
	return d
}

// open makes the service anew, as another process would.
func (d *desk) open(change ...func(*audit.Options)) {
	opt := audit.Options{Key: d.signer.give, Anchor: d.witness, AnchorEvery: quick, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		OnAlarm: func(_ context.Context, a audit.Alarm) { d.alarms = append(d.alarms, a) }}
	for _, c := range change {
		c(&opt)
	}
	d.Service = audit.New(d.env.DB, opt)
}

// write leaves n events.
func (d *desk) write(t testing.TB, n int) {
	t.Helper()
	_, err := tenancy.Act(d.ctx, d.env.DB, "notes.write", func(ctx context.Context, tx *tenancy.Tx) (bool, error) {
		rows := make([]*Note, n)
		for i := range rows {
			rows[i] = &Note{Text: "a note"}
		}
		b := tx.Batch()
		tenancy.Put(b, rows)
		return true, b.Run(ctx)
	})
	require.NoError(t, err)
}

// seal seals all that waits.
func (d *desk) seal(t testing.TB) int {
	t.Helper()
	total := 0
	for {
		n, err := d.Seal(d.ctx, 100)
		require.NoError(t, err)
		if total += n; n < 100 {
			return total
		}
	}
}

// all are the sealed events.
func (d *desk) all(t testing.TB) []audit.Entry {
	t.Helper()
	out, err := d.Events(d.ctx, 0, 1000)
	require.NoError(t, err)
	return out
}

func (d *desk) verify(t testing.TB) audit.Verification {
	t.Helper()
	v, err := d.Verify(d.ctx)
	require.NoError(t, err)
	return v
}

// stands holds the trail to being whole.
func (d *desk) stands(t testing.TB, events int64) {
	t.Helper()
	v := d.verify(t)
	for _, c := range v.Checks() {
		require.True(t, c.OK, "%s: %s", c.Name, c.Detail)
	}
	require.Equal(t, events, v.Events)
}

// tamper changes rows as the owner of the tables, who can take every guard away, and puts the guards back.
func (d *desk) tamper(t testing.TB, statements ...string) {
	t.Helper()
	db := d.env.Owner(t, d.tenant)
	db.SetMaxOpenConns(1)
	tables := []string{"erp.audit_events", "erp.audit_seals", "erp.audit_roots", "erp.audit_restarts"}
	for i, s := range statements {
		statements[i] = strings.ReplaceAll(s, "$T", "tenant_id = '"+d.tenant.String()+"'")
	}
	if d.env.Name == "postgres" {
		d.tamperPostgres(t, db, tables, statements)
	} else {
		d.tamperSQLite(t, db, tables, statements)
	}
}

func (d *desk) tamperPostgres(t testing.TB, db *sql.DB, tables, statements []string) {
	t.Helper()
	var before, after []string
	for _, table := range tables {
		before = append(before, "ALTER TABLE "+table+" DISABLE TRIGGER ALL")
		after = append(after, "ALTER TABLE "+table+" ENABLE TRIGGER ALL", `DO $$ DECLARE n name; BEGIN
			FOR n IN SELECT tgname FROM pg_trigger WHERE tgrelid = '`+table+`'::regclass AND NOT tgisinternal LOOP
				EXECUTE format('ALTER TABLE `+table+` ENABLE ALWAYS TRIGGER %I', n);
			END LOOP;
		END $$`)
	}
	tx, err := db.Begin()
	require.NoError(t, err)
	for _, s := range slices.Concat(before, statements, after) {
		_, err := tx.Exec(s)
		require.NoError(t, err, s)
	}
	require.NoError(t, tx.Commit())
}

func (d *desk) tamperSQLite(t testing.TB, db *sql.DB, tables, statements []string) {
	t.Helper()
	exec := func(s string) { _, err := db.Exec(s); require.NoError(t, err, s) }
	exec("PRAGMA foreign_keys = off")
	guards := map[string]string{}
	rows, err := db.Query("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var name, text string
		require.NoError(t, rows.Scan(&name, &text))
		for _, table := range tables {
			if strings.HasPrefix(name, strings.ReplaceAll(table, ".", "_")) {
				guards[name] = text
			}
		}
	}
	require.NoError(t, rows.Err())
	require.NotEmpty(t, guards)
	for name := range guards {
		exec("DROP TRIGGER " + name)
	}
	for _, s := range statements {
		exec(d.env.SQL(s))
	}
	for _, text := range guards {
		exec(text)
	}
}
