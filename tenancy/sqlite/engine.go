// Package sqlite is erp's embedded engine: one directory with a control database and one file per tenant, so the file is
// the wall between tenants. It needs no server and no cgo.
//
//	eng := sqlite.Engine{Dir: "./data"}
//	suite, err := erp.Open(ctx, eng, erp.Options{Migrate: true})
//
// Several directories, or files beside PostgreSQL databases, are placements of one program ([tenancy.Placements]). Each has its own
// bound on open files. A tenant's file may be taken away by another process (a purge, a move) while this one has it open: it is
// known by what it is, not by its name, and looked at each time it is taken.
package sqlite

import (
	"context"
	"os"
	"path/filepath"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/opsmatiq/erp/tenancy"
)

// Engine keeps tenants in files of one directory. The zero value of each option means its default.
type Engine struct {
	// Dir holds control.db, tenants/ and the template that new tenants are copied from. It is made when missing, readable
	// by its owner alone. One machine only: SQLite's locks do not work over network file systems. Required.
	Dir string
	// MaxOpen is how many tenants' files are open at once, 1 to 10,000, with up to 5 connections of 3 descriptors each. The least recently used idle one is closed for a
	// new one; when none is idle the act is refused with tenancy.busy. Default 200.
	MaxOpen int
	// BusyTimeoutMillis is how long a writer waits for another one of the same tenant, 1 to 600,000. Default 10,000.
	BusyTimeoutMillis int
	// Unsynced leaves out the fsync at each commit. A crash of the program loses nothing even so; a crash of the machine
	// may lose the latest commits, but leaves the file sound. For tests and imports. Default false.
	Unsynced bool
}

// Name is "sqlite".
func (Engine) Name() string { return "sqlite" }

// Open makes or opens the directory, migrates when asked, and holds every schema against the registry.
func (e Engine) Open(ctx context.Context, reg *tenancy.Registry, opt tenancy.EngineOptions) (tenancy.Store, error) {
	const op = "sqlite.Open"
	if e.Dir == "" || e.MaxOpen < 0 || e.MaxOpen > 10_000 || e.BusyTimeoutMillis < 0 || e.BusyTimeoutMillis > 600_000 {
		return nil, tenancy.ErrBadInput.New(op, "an engine needs a directory, MaxOpen up to 10,000 and BusyTimeoutMillis up to 600,000")
	}
	if e.MaxOpen == 0 {
		e.MaxOpen = 200
	}
	if e.BusyTimeoutMillis == 0 {
		e.BusyTimeoutMillis = 10_000
	}
	dir, err := filepath.Abs(e.Dir)
	if err != nil {
		return nil, tenancy.ErrBadInput.Wrap(op, err, "the directory %q is not usable", e.Dir)
	}
	e.Dir = dir
	if err := os.MkdirAll(filepath.Join(e.Dir, tenantsDir), 0o700); err != nil {
		return nil, tenancy.ErrDatabase.Wrap(op, err, "the directory cannot be made")
	}
	s := &store{engine: e, reg: reg, onStatement: opt.OnStatement, migrate: opt.Migrate, dialect: newDialect(), open: map[fileKey]*file{}}
	if err := s.prepare(ctx, op); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// dialect is bun's for SQLite, but writes times in the one form that sorts and compares as text.
type dialect struct{ *sqlitedialect.Dialect }

func newDialect() dialect { return dialect{sqlitedialect.New()} }

var _ tenancy.Engine = Engine{}
var _ = (*bun.DB)(nil)
