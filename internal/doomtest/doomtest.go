// Package doomtest hands a test's database to a process that the test has started to be killed ([killtest.Start]): what that process is told has a [Database] among the rest, and opens it.
package doomtest

import (
	"context"
	"time"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/postgres"
	"github.com/opsmatiq/erp/tenancy/sqlite"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// Database is where a test's tenants are: one of the two engines, with the file of the master keys.
type Database struct {
	Postgres *postgres.Engine
	SQLite   *sqlite.Engine
	Keys     string
	// Now is what the process sees as now; zero: the system's clock.
	Now time.Time
}

// Of is the database of a test.
func Of(env *tenancytest.Env, now time.Time) Database {
	d := Database{Keys: env.Keys.Path, Now: now}
	switch eng := env.Engine.(type) {
	case postgres.Engine:
		d.Postgres = &eng
	case sqlite.Engine:
		d.SQLite = &eng
	}
	return d
}

// Open opens it in this process, which counts each statement; change may say more of how.
func (d Database) Open(modules []tenancy.Module, count func(), change ...func(*tenancy.Options)) (*tenancy.DB, error) {
	opt := tenancy.Options{Modules: modules, Keys: local.Keys{Path: d.Keys}, OnStatement: func(tenancy.Sent) { count() }}
	if !d.Now.IsZero() {
		opt.Clock = func() time.Time { return d.Now }
	}
	for _, f := range change {
		f(&opt)
	}
	var eng tenancy.Engine
	switch {
	case d.Postgres != nil:
		eng = *d.Postgres
	case d.SQLite != nil:
		eng = *d.SQLite
	}
	return tenancy.Open(context.Background(), eng, opt)
}
