package main

import (
	"context"
	"os"
	"strings"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/postgres"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// database is where the books are kept.
type database struct {
	engine  tenancy.Engine
	where   string // for people; without a password
	dir     string // of the master key, under which contact data are sealed
	cleanUp func() error
}

// besideServer is where the master key of a database on a server is kept: where the program runs.
var besideServer = "erp-data"

// openDatabase understands -db. On PostgreSQL it installs what is needed with the given login, and works without it.
func openDatabase(ctx context.Context, db string) (*database, error) {
	keep := func() error { return nil }
	switch {
	case strings.HasPrefix(db, "postgres://"), strings.HasPrefix(db, "postgresql://"):
		engine, err := postgres.Install(ctx, db, postgres.InstallOptions{})
		if err != nil {
			return nil, err
		}
		return &database{engine, "PostgreSQL", besideServer, keep}, nil
	case db != "":
		return &database{sqlite.Engine{Dir: db}, "SQLite in " + db, db, keep}, nil
	}
	dir, err := os.MkdirTemp("", "erp-quickstart-")
	if err != nil {
		return nil, err
	}
	// What is removed at the end need not survive a power cut.
	return &database{sqlite.Engine{Dir: dir, Unsynced: true}, "SQLite in a temporary directory", dir, func() error { return os.RemoveAll(dir) }}, nil
}
