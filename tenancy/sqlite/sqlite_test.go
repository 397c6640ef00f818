package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

type Thing struct {
	tenancy.Row
	Day   date.Date `bun:"day"`
	At    time.Time `bun:"at"`
	Count int64     `bun:"count"`
}

const first = `-- +goose Up
CREATE TABLE lab.things (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    day DATE NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
`

func lab(files fstest.MapFS) tenancy.Options {
	return tenancy.Options{Migrate: true, Modules: []tenancy.Module{{Name: "lab", Migrations: files,
		Models: []*tenancy.Model{tenancy.Define[Thing](tenancy.Spec{Table: "lab.things", Class: tenancy.Master})}}}}
}

func oneFile(text string) fstest.MapFS { return fstest.MapFS{"50001_lab.sql": {Data: []byte(text)}} }

func open(t *testing.T, eng sqlite.Engine, opt tenancy.Options) *tenancy.DB {
	t.Helper()
	db, err := tenancy.Open(context.Background(), eng, opt)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func tenant(t *testing.T, db *tenancy.DB) context.Context {
	t.Helper()
	platform, err := db.EnterPlatform(context.Background(), "tester", tenancy.Permissions{"*"})
	require.NoError(t, err)
	created, err := db.Tenants().Create(platform, tenancy.NewTenant{Name: t.Name()})
	require.NoError(t, err)
	ctx, err := db.Enter(context.Background(), created.ID, "tester", tenancy.Permissions{tenancy.AllPermissions})
	require.NoError(t, err)
	return ctx
}

func rawFile(t *testing.T, dir string, ctx context.Context) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "tenants", tenancy.ScopeOf(ctx).TenantID().String()+".db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// The laxness of SQLite that was measured, and that the generated CHECKs end.
func TestTypesAreHeld(t *testing.T) {
	dir := t.TempDir()
	db := open(t, sqlite.Engine{Dir: dir, Unsynced: true}, lab(oneFile(first)))
	ctx := tenant(t, db)
	raw := rawFile(t, dir, ctx)
	insert := func(id, day, at, count any) error {
		_, err := raw.Exec("INSERT INTO lab_things (tenant_id, id, day, at, count) VALUES (?, ?, ?, ?, ?)",
			tenancy.ScopeOf(ctx).TenantID().String(), id, day, at, count)
		return err
	}
	id, day, at := tenancy.NewID().String(), "2026-11-23", "2026-11-23T10:00:00.000000Z"
	require.NoError(t, insert(id, day, at, int64(1)))
	for name, err := range map[string]error{
		"digits as an id":               insert("123456789012345678901234567890123456", day, at, int64(1)),
		"a time in a date":              insert(tenancy.NewID().String(), time.Now(), at, int64(1)),
		"a date of another form":        insert(tenancy.NewID().String(), "23.11.2026", at, int64(1)),
		"nanoseconds":                   insert(tenancy.NewID().String(), day, "2026-11-23T10:00:00.000000001Z", int64(1)),
		"a zone other than UTC":         insert(tenancy.NewID().String(), day, "2026-11-23T10:00:00.000000+", int64(1)),
		"a float":                       insert(tenancy.NewID().String(), day, at, 1.5),
		"text as a number":              insert(tenancy.NewID().String(), day, at, "many"),
		"a number as an id":             insert(int64(5), day, at, int64(1)),
		"a blob as an id":               insert([]byte(id), day, at, int64(1)),
		"nothing where a value belongs": insert(tenancy.NewID().String(), nil, at, int64(1)),
	} {
		require.Error(t, err, name)
	}
	_, err := raw.Exec("UPDATE lab_things SET count = 9223372036854775807 + 1")
	require.Error(t, err, "an overflow would become a REAL")
}

func TestOverflowIsAnError(t *testing.T) {
	db := open(t, sqlite.Engine{Dir: t.TempDir(), Unsynced: true}, lab(oneFile(first)))
	ctx := tenant(t, db)
	row := &Thing{Day: date.Of(2026, 1, 1), At: time.Unix(0, 0), Count: 1<<63 - 1}
	accrue := func() error {
		return db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			b := tx.Batch()
			tenancy.Accrue(b, []*Thing{row}, "count")
			return b.Run(ctx)
		})
	}
	row.ID = tenancy.NewID()
	require.NoError(t, accrue())
	require.ErrorIs(t, accrue(), tenancy.ErrRefusedValue)
}

func TestMigrationsReachTenantsThatExist(t *testing.T) {
	dir := t.TempDir()
	eng := sqlite.Engine{Dir: dir, Unsynced: true}
	db := open(t, eng, lab(oneFile(first)))
	ctx := tenant(t, db)
	id := tenancy.ScopeOf(ctx).TenantID()
	require.NoError(t, db.Close())

	type Thing2 struct {
		Thing
		Label string `bun:"label,nullzero" privacy:"none"`
	}
	files := oneFile(first)
	files["50002_label.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nALTER TABLE lab.things ADD COLUMN label TEXT;\n")}
	next := tenancy.Options{Modules: []tenancy.Module{{Name: "lab", Migrations: files,
		Models: []*tenancy.Model{tenancy.Define[Thing2](tenancy.Spec{Table: "lab.things", Class: tenancy.Master})}}}}
	_, err := tenancy.Open(context.Background(), eng, next)
	require.ErrorIs(t, err, tenancy.ErrSchemaVersion, "without Migrate the old schema is refused")
	next.Migrate = true
	db = open(t, eng, next)
	ctx, err = db.Enter(context.Background(), id, "tester", tenancy.Permissions{tenancy.AllPermissions})
	require.NoError(t, err)
	require.NoError(t, db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		return tenancy.Insert(ctx, tx, &Thing2{Thing: Thing{Day: date.Of(2026, 1, 1), At: tx.Now()}, Label: "new"})
	}))
}

func TestTamperedSchemasAreRefused(t *testing.T) {
	for name, tamper := range map[string]string{
		"a trigger is gone":      "DROP TRIGGER lab_things_generated_key",
		"a table more":           "CREATE TABLE lab_extra (x)",
		"a column more":          "ALTER TABLE lab_things ADD COLUMN extra TEXT",
		"an index more":          "CREATE UNIQUE INDEX lab_things_count ON lab_things (count)",
		"a view more":            "CREATE VIEW lab_all AS SELECT * FROM lab_things",
		"the audit trail is off": "DROP TRIGGER erp_audit_events_generated_delete",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			eng := sqlite.Engine{Dir: dir, Unsynced: true}
			db := open(t, eng, lab(oneFile(first)))
			ctx := tenant(t, db)
			id := tenancy.ScopeOf(ctx).TenantID()
			require.NoError(t, db.Close())
			_, err := rawFile(t, dir, ctx).Exec(tamper)
			require.NoError(t, err)
			opt := lab(oneFile(first))
			opt.Migrate = false
			db = open(t, eng, opt)
			_, err = db.Enter(context.Background(), id, "tester", nil)
			require.ErrorIs(t, err, tenancy.ErrCatalogue)
		})
	}
}

func TestModelsAndTablesMustAgree(t *testing.T) {
	for name, text := range map[string]string{
		"a table without a model":     first + "CREATE TABLE lab.more (\n    tenant_id UUID NOT NULL,\n    PRIMARY KEY (tenant_id)\n);\n",
		"a missing column":            "-- +goose Up\nCREATE TABLE lab.things (\n    tenant_id UUID NOT NULL,\n    id UUID NOT NULL,\n    day DATE NOT NULL,\n    at TIMESTAMPTZ NOT NULL,\n    PRIMARY KEY (tenant_id, id)\n);\n",
		"another type":                "-- +goose Up\nCREATE TABLE lab.things (\n    tenant_id UUID NOT NULL,\n    id UUID NOT NULL,\n    day TEXT NOT NULL,\n    at TIMESTAMPTZ NOT NULL,\n    count BIGINT NOT NULL,\n    PRIMARY KEY (tenant_id, id)\n);\n",
		"a key without the tenant":    "-- +goose Up\nCREATE TABLE lab.things (\n    tenant_id UUID NOT NULL,\n    id UUID NOT NULL,\n    day DATE NOT NULL,\n    at TIMESTAMPTZ NOT NULL,\n    count BIGINT NOT NULL,\n    PRIMARY KEY (id)\n);\n",
		"a unique key across tenants": first + "CREATE UNIQUE INDEX lab_things_count ON lab.things (count);\n",
		"NULL allowed":                "-- +goose Up\nCREATE TABLE lab.things (\n    tenant_id UUID NOT NULL,\n    id UUID NOT NULL,\n    day DATE,\n    at TIMESTAMPTZ NOT NULL,\n    count BIGINT NOT NULL,\n    PRIMARY KEY (tenant_id, id)\n);\n",
		"a cascade":                   "-- +goose Up\nCREATE TABLE lab.things (\n    tenant_id UUID NOT NULL,\n    id UUID NOT NULL,\n    day DATE NOT NULL,\n    at TIMESTAMPTZ NOT NULL,\n    count BIGINT NOT NULL,\n    PRIMARY KEY (tenant_id, id),\n    FOREIGN KEY (tenant_id, id) REFERENCES lab.things (tenant_id, id) ON DELETE CASCADE\n);\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tenancy.Open(context.Background(), sqlite.Engine{Dir: t.TempDir(), Unsynced: true}, lab(oneFile(text)))
			require.ErrorIs(t, err, tenancy.ErrCatalogue)
		})
	}
}

func TestRaceOpenFilesAreBounded(t *testing.T) {
	db := open(t, sqlite.Engine{Dir: t.TempDir(), Unsynced: true, MaxOpen: 2}, lab(oneFile(first)))
	a, b, c := tenant(t, db), tenant(t, db), tenant(t, db)
	for range 3 {
		for _, ctx := range []context.Context{a, b, c} {
			require.NoError(t, db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				return tenancy.Insert(ctx, tx, &Thing{Day: date.Of(2026, 1, 1), At: tx.Now()})
			}))
		}
	}
	use := func(ctx context.Context, fn func()) error {
		return db.Tx(ctx, func(context.Context, *tenancy.Tx) error { fn(); return nil })
	}
	require.NoError(t, use(a, func() {
		var wg sync.WaitGroup
		wg.Go(func() {
			require.NoError(t, use(b, func() {
				var inner sync.WaitGroup
				inner.Go(func() { require.ErrorIs(t, use(c, func() {}), tenancy.ErrBusy) })
				inner.Wait()
			}))
		})
		wg.Wait()
	}))
	require.NoError(t, use(c, func() {}))
}

func TestCreationCutShortIsCompleted(t *testing.T) {
	dir := t.TempDir()
	eng := sqlite.Engine{Dir: dir, Unsynced: true}
	db := open(t, eng, lab(oneFile(first)))
	ctx := tenant(t, db)
	id := tenancy.ScopeOf(ctx).TenantID()
	require.NoError(t, db.Close())
	// As if the program had died between the intent and the file, with half a copy left behind.
	path := filepath.Join(dir, "tenants", id.String()+".db")
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.WriteFile(path+".new", []byte("half"), 0o600))
	control, err := sql.Open("sqlite", filepath.Join(dir, "control.db"))
	require.NoError(t, err)
	_, err = control.Exec("UPDATE erp_control_tenants SET state = 'creating'")
	require.NoError(t, err)
	require.NoError(t, control.Close())

	db = open(t, eng, lab(oneFile(first)))
	_, err = db.Enter(context.Background(), id, "tester", nil)
	require.NoError(t, err)
}

func TestMissingFileIsAnErrorNeverANewOne(t *testing.T) {
	dir := t.TempDir()
	db := open(t, sqlite.Engine{Dir: dir, Unsynced: true}, lab(oneFile(first)))
	ctx := tenant(t, db)
	id := tenancy.ScopeOf(ctx).TenantID()
	require.NoError(t, db.Close())
	require.NoError(t, os.Remove(filepath.Join(dir, "tenants", id.String()+".db")))
	db = open(t, sqlite.Engine{Dir: dir, Unsynced: true}, lab(oneFile(first)))
	_, err := db.Enter(context.Background(), id, "tester", nil)
	require.ErrorIs(t, err, tenancy.ErrPlacement)
}

func TestAttachIsForbidden(t *testing.T) {
	dir := t.TempDir()
	db := open(t, sqlite.Engine{Dir: dir, Unsynced: true}, lab(oneFile(first)))
	victim, intruder := tenant(t, db), tenant(t, db)
	path := filepath.Join(dir, "tenants", tenancy.ScopeOf(victim).TenantID().String()+".db")
	for range 3 {
		err := db.Tx(intruder, func(ctx context.Context, tx *tenancy.Tx) error {
			return tx.Host(ctx, func(sqlTx *sql.Tx) error {
				_, err := sqlTx.Exec("ATTACH '" + path + "' AS victim")
				return err
			})
		})
		require.ErrorIs(t, err, tenancy.ErrHostEndedTx)
	}
}

func TestBadEngines(t *testing.T) {
	for _, eng := range []sqlite.Engine{{}, {Dir: "x", MaxOpen: -1}, {Dir: "x", MaxOpen: 20_000}, {Dir: "x", BusyTimeoutMillis: -1}} {
		_, err := tenancy.Open(context.Background(), eng, tenancy.Options{Migrate: true})
		require.ErrorIs(t, err, tenancy.ErrBadInput)
	}
}

func TestOurMigrationsGoOnBelowAHosts(t *testing.T) {
	eng := sqlite.Engine{Dir: t.TempDir(), Unsynced: true}
	db := open(t, eng, lab(oneFile(first)))
	id := tenancy.ScopeOf(tenant(t, db)).TenantID()
	require.NoError(t, db.Close())
	later := oneFile(first)
	later["40000_later.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE INDEX erp_erasures_later ON erp.erasures (tenant_id, state);\n")}
	db = open(t, eng, lab(later))
	_, err := db.Enter(context.Background(), id, "tester", nil)
	require.NoError(t, err)
}

func TestAModelMayChangeItsKind(t *testing.T) {
	eng := sqlite.Engine{Dir: t.TempDir(), Unsynced: true}
	kind := func(w tenancy.Writes) tenancy.Options {
		opt := lab(oneFile(first))
		opt.Modules[0].Models = []*tenancy.Model{tenancy.Define[Thing](tenancy.Spec{Table: "lab.things", Class: tenancy.Master, Writes: w})}
		return opt
	}
	db := open(t, eng, kind(tenancy.AppendOnly))
	id := tenancy.ScopeOf(tenant(t, db)).TenantID()
	require.NoError(t, db.Close())
	for _, w := range []tenancy.Writes{tenancy.Mutable, tenancy.Keep, tenancy.AppendOnly} {
		db = open(t, eng, kind(w))
		_, err := db.Enter(context.Background(), id, "tester", nil)
		require.NoError(t, err, w)
		require.NoError(t, db.Close())
	}
}

func TestWhatIsRecordedIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	opt := lab(oneFile(first))
	opt.Modules[0].Models = []*tenancy.Model{tenancy.Define[Thing](tenancy.Spec{Table: "lab.things", Class: tenancy.Master, Writes: tenancy.AppendOnly})}
	db := open(t, sqlite.Engine{Dir: dir, Unsynced: true}, opt)
	ctx := tenant(t, db)
	row := &Thing{Day: date.Of(2026, 1, 1), At: time.Unix(0, 0)}
	require.NoError(t, db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, row) }))
	_, err := rawFile(t, dir, ctx).Exec("INSERT OR REPLACE INTO lab_things SELECT tenant_id, id, day, at, 99 FROM lab_things")
	require.ErrorContains(t, err, "tenancy.duplicate")
}

func TestACommentBehindAColumnDoesNotSwallowItsCheck(t *testing.T) {
	dir := t.TempDir()
	db := open(t, sqlite.Engine{Dir: dir, Unsynced: true}, lab(oneFile(strings.Replace(first, "count BIGINT NOT NULL,", "count BIGINT NOT NULL, -- how many", 1))))
	ctx := tenant(t, db)
	_, err := rawFile(t, dir, ctx).Exec("INSERT INTO lab_things VALUES (?, ?, '2026-01-01', '2026-01-01T00:00:00.000000Z', 1.5)",
		tenancy.ScopeOf(ctx).TenantID().String(), tenancy.NewID().String())
	require.ErrorContains(t, err, "CHECK")
}

// Behind the words that are looked for stands SQLite's own limit: whatever gets past them attaches nothing.
func TestAttachIsOutOfReachOfASession(t *testing.T) {
	ctx := t.Context()
	db := open(t, sqlite.Engine{Dir: t.TempDir(), Unsynced: true}, lab(oneFile(first)))
	store, err := sqlite.Engine{Dir: t.TempDir(), Unsynced: true}.Open(ctx, db.Registry(), tenancy.EngineOptions{Migrate: true})
	require.NoError(t, err)
	defer func() { _ = store.Close() }()
	id := tenancy.NewID()
	require.NoError(t, store.Provision(ctx, id, tenancy.GateActive))
	session, err := store.Session(ctx, tenancy.SessionOptions{Tenant: id})
	require.NoError(t, err)
	defer func() { _ = session.Rollback(ctx) }()
	_, err = session.Conn().ExecContext(ctx, "SELECT 1")
	require.NoError(t, err)
	_, err = session.Conn().ExecContext(ctx, "ATTACH DATABASE ':memory:' AS x")
	require.ErrorContains(t, err, "too many attached databases")
}

// A process that writes without a pause lets another one in: SQLite's own way to wait looks ten times a second and does not
// meet the gap between two transactions.
func TestRaceAWriterIsNotStarved(t *testing.T) {
	eng := sqlite.Engine{Dir: t.TempDir(), Unsynced: true, BusyTimeoutMillis: 3000}
	busy, other := open(t, eng, lab(oneFile(first))), open(t, eng, lab(oneFile(first)))
	ctx := tenant(t, busy)
	write := func(db *tenancy.DB, ctx context.Context) error {
		return db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			b := tx.Batch()
			things := make([]*Thing, 300)
			for i := range things {
				things[i] = &Thing{Day: date.Of(2026, 1, 1), At: time.Unix(0, 0)}
			}
			tenancy.Put(b, things)
			return b.Run(ctx)
		})
	}
	there, err := other.Enter(context.Background(), tenancy.ScopeOf(ctx).TenantID(), "tester", tenancy.Permissions{tenancy.AllPermissions})
	require.NoError(t, err)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := write(busy, ctx); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 8 {
		require.NoError(t, write(other, there))
	}
	close(done)
	wg.Wait()
}
