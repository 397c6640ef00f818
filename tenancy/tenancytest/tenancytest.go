package tenancytest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/pgtest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// Options says what a test's database must hold.
type Options struct {
	// Modules are the domains under test; tenancy's own is always there.
	Modules []tenancy.Module
	// Clock, when set, gives the test a database of its own with this clock.
	Clock func() time.Time
	// StateMaxAge is [tenancy.Options].StateMaxAge, for databases of a test's own.
	StateMaxAge time.Duration
	// Surface is what [Attack] attacks beyond the store, of a program on env's database. Default: nothing.
	Surface func(tb testing.TB, env *Env) Surface
}

// Env is one engine's database in a test.
type Env struct {
	// Name is "sqlite" or "postgres".
	Name string
	// DB is the door.
	DB *tenancy.DB
	// Engine is what DB was opened with, for tests that open it again.
	Engine tenancy.Engine
	// Keys is what DB was opened with: a master key in a directory of its own.
	Keys local.Keys

	modules  []tenancy.Module
	ownerURL string // PostgreSQL: a superuser's URL of the database
	dir      string // SQLite: the directory
	watching sync.Mutex
	watch    *sql.DB // see watcher
	observer atomic.Pointer[func(tenancy.Sent)]
}

// Main runs a package's tests and stops the throw-away PostgreSQL.
func Main(m *testing.M) int {
	return pgtest.Run(runner{m})
}

// runner removes what the tests of a process shared, while the server still runs.
type runner struct{ *testing.M }

// Run implements pgtest's runner.
func (r runner) Run() int {
	status := r.M.Run()
	shared.Lock()
	defer shared.Unlock()
	for _, env := range shared.envs {
		env.unwatch()
		_ = env.DB.Close()
	}
	for _, end := range shared.atEnd {
		if err := end(); err != nil {
			fmt.Fprintln(os.Stderr, "tenancytest:", err)
		}
	}
	return status
}

// Engines are the names of the engines that [Each] runs on.
var Engines = []string{"sqlite", "postgres"}

// Each runs fn on every engine, as subtests named after them.
func Each(t *testing.T, opt Options, fn func(t *testing.T, env *Env)) {
	t.Helper()
	for _, name := range Engines {
		t.Run(name, func(t *testing.T) { fn(t, Open(t, name, opt)) })
	}
}

var shared struct {
	sync.Mutex
	envs   map[string]*Env
	fleets map[string]*Fleet
	atEnd  []func() error
}

// Open gives the environment of one engine. Environments without a clock of their own are shared by the tests of a
// process; of the others a test that has one to itself says when it is done with it (CloseAfter).
func Open(tb testing.TB, engine string, opt Options) *Env {
	tb.Helper()
	if opt.Clock != nil {
		return open(tb, engine, opt)
	}
	key := engine
	for _, m := range opt.Modules {
		key += "," + m.Name
	}
	shared.Lock()
	defer shared.Unlock()
	if shared.envs == nil {
		shared.envs = map[string]*Env{}
	}
	if env := shared.envs[key]; env != nil {
		return env
	}
	env := open(tb, engine, opt)
	shared.envs[key] = env
	return env
}

// CloseAfter closes what is open with the test. A process with many environments runs out of the server's connections.
func (e *Env) CloseAfter(tb testing.TB) {
	tb.Helper()
	tb.Cleanup(func() {
		require.NoError(tb, e.DB.Close())
		e.unwatch()
	})
}

func open(tb testing.TB, engine string, opt Options) *Env {
	tb.Helper()
	ctx := context.Background()
	env := &Env{Name: engine, modules: opt.Modules}
	switch engine {
	case "sqlite":
		dir, err := os.MkdirTemp("", "erp-test-")
		require.NoError(tb, err)
		shared.atEnd = append(shared.atEnd, func() error { return os.RemoveAll(dir) })
		env.dir = dir
		env.Engine = sqlite.Engine{Dir: dir, Unsynced: true}
	case "postgres":
		openPostgres(ctx, tb, env)
	default:
		tb.Fatalf("there is no engine %q", engine)
	}
	secret, err := os.MkdirTemp("", "erp-test-keys-")
	require.NoError(tb, err)
	shared.atEnd = append(shared.atEnd, func() error { return os.RemoveAll(secret) })
	env.Keys = local.Keys{Path: filepath.Join(secret, "master.key")}
	db, err := tenancy.Open(ctx, env.Engine, tenancy.Options{Modules: opt.Modules, Migrate: true, Clock: opt.Clock, StateMaxAge: opt.StateMaxAge, Keys: env.Keys, OnStatement: env.observe})
	require.NoError(tb, err)
	env.DB = db
	return env
}

func (e *Env) observe(s tenancy.Sent) {
	if f := e.observer.Load(); f != nil {
		(*f)(s)
	}
}

// Observe has f told of every statement until the test ends. f may be called from several goroutines.
func (e *Env) Observe(tb testing.TB, f func(tenancy.Sent)) {
	e.observer.Store(&f)
	tb.Cleanup(func() { e.observer.Store(nil) })
}

// Count runs fn and tells how many statements it sent.
func (e *Env) Count(tb testing.TB, fn func()) int {
	tb.Helper()
	var n atomic.Int64
	count := func(tenancy.Sent) { n.Add(1) }
	e.observer.Store(&count)
	defer e.observer.Store(nil)
	fn()
	return int(n.Load())
}

// Platform gives a context for the platform's own acts.
func (e *Env) Platform(tb testing.TB) context.Context {
	tb.Helper()
	ctx, err := e.DB.EnterPlatform(context.Background(), "tester", tenancy.Permissions{"*"})
	require.NoError(tb, err)
	return ctx
}

// Tenant makes a fresh tenant in the zone of London and enters it with all permissions.
func (e *Env) Tenant(tb testing.TB) context.Context {
	tb.Helper()
	return e.TenantWith(tb, tenancy.AllPermissions)
}

// TenantWith makes a fresh tenant and enters it with these permissions.
func (e *Env) TenantWith(tb testing.TB, perms ...tenancy.Permission) context.Context {
	tb.Helper()
	t, err := e.DB.Tenants().Create(e.Platform(tb), tenancy.NewTenant{Name: tb.Name(), TimeZone: "Europe/London"})
	require.NoError(tb, err)
	return e.Enter(tb, t.ID, perms...)
}

// Enter enters a tenant as "tester".
func (e *Env) Enter(tb testing.TB, tenant uuid.UUID, perms ...tenancy.Permission) context.Context {
	tb.Helper()
	ctx, err := e.DB.Enter(context.Background(), tenant, "tester", perms)
	require.NoError(tb, err)
	return ctx
}

// Owner opens a raw connection as the owner of the tables, past the library: PostgreSQL's superuser, or the tenant's
// SQLite file. It is for trying what the database itself refuses.
func (e *Env) Owner(tb testing.TB, tenant uuid.UUID) *sql.DB {
	tb.Helper()
	var db *sql.DB
	var err error
	if e.Name == "postgres" {
		db, err = sql.Open("pgx", e.ownerURL)
	} else {
		db, err = sql.Open("sqlite", "file:"+e.file(tenant)+"?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)")
	}
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = db.Close() })
	return db
}

// watcher is Owner for those who only look, and look often. On PostgreSQL all tests of the database share it: to get to know all its
// tables takes a new session longer than to read them.
func (e *Env) watcher(tb testing.TB, tenant uuid.UUID) *sql.DB {
	tb.Helper()
	if e.Name != "postgres" {
		return e.Owner(tb, tenant)
	}
	e.watching.Lock()
	defer e.watching.Unlock()
	if e.watch == nil {
		var err error
		e.watch, err = sql.Open("pgx", e.ownerURL)
		require.NoError(tb, err)
		e.watch.SetMaxOpenConns(1)
	}
	return e.watch
}

func (e *Env) unwatch() {
	e.watching.Lock()
	defer e.watching.Unlock()
	if e.watch != nil {
		_ = e.watch.Close()
		e.watch = nil
	}
}

// file is where SQLite keeps a tenant.
func (e *Env) file(tenant uuid.UUID) string {
	return filepath.Join(e.dir, "tenants", tenant.String()+".db")
}

// Control opens a raw connection to the control data as its owner.
func (e *Env) Control(tb testing.TB) *sql.DB {
	tb.Helper()
	driver, dsn := "pgx", e.ownerURL
	if e.Name == "sqlite" {
		driver, dsn = "sqlite", "file:"+filepath.Join(e.dir, "control.db")+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, dsn)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = db.Close() })
	return db
}

// SQL turns "erp.name" into the engine's name of each registered table, for raw statements.
func (e *Env) SQL(text string) string {
	if e.Name == "sqlite" {
		for _, m := range e.DB.Registry().Models {
			text = strings.ReplaceAll(text, m.Table, strings.Replace(m.Table, ".", "_", 1))
		}
	}
	return text
}

// OwnerURL is a superuser's URL of the PostgreSQL database; "" on SQLite.
func (e *Env) OwnerURL() string { return e.ownerURL }

// Dir is the directory of the SQLite engine; "" on PostgreSQL.
func (e *Env) Dir() string { return e.dir }

// String names the environment in failures.
func (e *Env) String() string { return fmt.Sprintf("tenancytest(%s)", e.Name) }
