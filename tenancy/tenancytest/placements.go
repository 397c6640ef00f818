package tenancytest

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// At is a placement of [Placements]: an engine's name, and what is said of it.
type At struct {
	Engine    string // one of Engines
	Region    string
	Dedicated bool
	// Bound is the engine's own: MaxConns or MaxOpen. 0: its default.
	Bound int
}

// Fleet is one program with several placements, on fresh databases.
type Fleet struct {
	DB *tenancy.DB
	// Engine is what DB was opened with, for tests that open it again.
	Engine tenancy.Placements
	// At are the placements' environments, all of the one DB.
	At map[string]*Env
	// Control is the one with the control database.
	Control *Env
	// Keys is what DB was opened with.
	Keys local.Keys
}

// Placements opens one program with several placements, on databases that go with the test.
func Placements(tb testing.TB, opt Options, control, standard string, at map[string]At) *Fleet {
	tb.Helper()
	return placements(tb, opt, control, standard, at, tb.TempDir, tb.Cleanup)
}

// SharedPlacements is [Placements] for tests that take them as they find them: the tests of a process that ask for the same
// under one name share them, as they share the environments of [Open].
func SharedPlacements(tb testing.TB, name string, opt Options, control, standard string, at map[string]At) *Fleet {
	tb.Helper()
	shared.Lock()
	defer shared.Unlock()
	if f := shared.fleets[name]; f != nil {
		return f
	}
	if shared.fleets == nil {
		shared.fleets = map[string]*Fleet{}
	}
	dir := func() string {
		dir, err := os.MkdirTemp("", "erp-test-")
		require.NoError(tb, err)
		shared.atEnd = append(shared.atEnd, func() error { return os.RemoveAll(dir) })
		return dir
	}
	f := placements(tb, opt, control, standard, at, dir, func(end func()) {
		shared.atEnd = append([]func() error{func() error { end(); return nil }}, shared.atEnd...)
	})
	shared.fleets[name] = f
	return f
}

func placements(tb testing.TB, opt Options, control, standard string, at map[string]At, dir func() string, atEnd func(func())) *Fleet {
	tb.Helper()
	f := &Fleet{At: map[string]*Env{}, Engine: tenancy.Placements{Control: control, Default: standard, At: map[string]tenancy.Placement{}}}
	for name, a := range at {
		env := &Env{Name: a.Engine}
		f.At[name] = env
		switch a.Engine {
		case "sqlite":
			env.dir = dir()
			env.Engine = sqlite.Engine{Dir: env.dir, Unsynced: true, MaxOpen: a.Bound}
		case "postgres":
			eng, drop := newPostgres(context.Background(), tb, env)
			atEnd(func() { env.unwatch(); _ = drop() }) // a server that goes with the process takes it along
			eng.MaxConns = a.Bound
			env.Engine = eng
		default:
			tb.Fatalf("there is no engine %q", a.Engine)
		}
		f.Engine.At[name] = tenancy.Placement{Engine: env.Engine, Region: a.Region, Dedicated: a.Dedicated}
	}
	f.Control = f.At[control]
	f.Keys = local.Keys{Path: filepath.Join(dir(), "master.key")}
	f.DB = f.open(tb, opt)
	atEnd(func() { _ = f.DB.Close() })
	for _, env := range f.At {
		env.DB, env.Keys = f.DB, f.Keys
	}
	return f
}

// Open opens the same placements again, as another process would.
func (f *Fleet) Open(tb testing.TB, opt Options) *tenancy.DB {
	tb.Helper()
	db := f.open(tb, opt)
	tb.Cleanup(func() { require.NoError(tb, db.Close()) })
	return db
}

func (f *Fleet) open(tb testing.TB, opt Options) *tenancy.DB {
	tb.Helper()
	observe := func(s tenancy.Sent) {
		for _, env := range f.At {
			env.observe(s)
		}
	}
	db, err := tenancy.Open(context.Background(), f.Engine, tenancy.Options{Modules: opt.Modules, Migrate: true, Clock: opt.Clock,
		StateMaxAge: opt.StateMaxAge, Keys: f.Keys, OnStatement: observe})
	require.NoError(tb, err)
	return db
}

// Holds counts what the placement has of the tenant, table by table, as the tables' owner; nothing where it has no file.
func (e *Env) Holds(tb testing.TB, tenant uuid.UUID) map[string]int {
	tb.Helper()
	out := map[string]int{}
	if e.Name == "sqlite" {
		if _, err := os.Stat(e.file(tenant)); err != nil {
			require.ErrorIs(tb, err, os.ErrNotExist)
			return out
		}
	}
	owner := e.watcher(tb, tenant)
	if e.Name == "sqlite" {
		defer func() { _ = owner.Close() }() // tests ask this often
	}
	for _, m := range e.DB.Registry().Models {
		var n int
		require.NoError(tb, owner.QueryRow(e.SQL("SELECT count(*) FROM "+m.Table+" WHERE tenant_id = "+placeholder(e.Name, 1)), tenant.String()).Scan(&n))
		if n > 0 {
			out[m.Table] = n
		}
	}
	return out
}
