package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/opsmatiq/erp/tenancy"
)

const (
	versionTable = "erp_migrations.versions"
	// migrateLock is the advisory lock of everybody who changes the schema of one database. ("erp" in ASCII, then a 1.)
	migrateLock = 0x6572700001
)

// schemas are ours: the tenants' tables of the library, the platform's own, what is known of migrations, and what nobody but
// the owner sees.
var schemas = []string{"erp", "erp_control", "erp_migrations", "erp_wall"}

// migrate brings a database up to date: schemas, the program's migrations, and what is generated from the models. It holds
// a lock of the whole database meanwhile, which ends with its connection, so a process that is killed locks nobody out; and
// every step is one transaction or none, so the next one goes on where it stopped.
func migrate(ctx context.Context, dsn string, l *line, w *walls) (err error) {
	const op = "postgres.Migrate"
	config, err := parseDSN("Engine.MigrateDSN", dsn)
	if err != nil {
		return err
	}
	db := sql.OpenDB(stdlib.GetConnector(*config))
	defer func() { err = errors.Join(err, db.Close()) }()
	lock, err := db.Conn(ctx)
	if err != nil {
		return ErrConnect.Wrap(op, err, "Engine.MigrateDSN does not lead to a database: %v", err)
	}
	defer func() { _ = lock.Close() }()
	if _, err := lock.ExecContext(ctx, "SELECT pg_catalog.pg_advisory_lock($1)", int64(migrateLock)); err != nil {
		return asFault(op, err)
	}
	defer func() { // closing the pool would do as well, but not before this connection is asked for something else
		_, _ = lock.ExecContext(context.WithoutCancel(ctx), "SELECT pg_catalog.pg_advisory_unlock($1)", int64(migrateLock))
	}()
	if err := prepareSchemas(ctx, lock); err != nil {
		return err
	}
	applied, err := appliedVersions(ctx, lock)
	if err != nil {
		return err
	}
	if err := l.refuse(applied, true); err != nil {
		return err
	}
	if missing, _ := l.compare(applied); len(missing) > 0 {
		if err := runGoose(ctx, db, l); err != nil {
			return err
		}
	}
	return w.build(ctx, lock, l)
}

// runGoose applies what is missing. Numbers are ranges of domains, so a lower number may well come later.
func runGoose(ctx context.Context, db *sql.DB, l *line) error {
	p, err := goose.NewProvider(goose.DialectPostgres, db, l.files, goose.WithTableName(versionTable),
		goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return ErrMigration.Wrap("postgres.Migrate", err, "%v", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return ErrMigration.Wrap("postgres.Migrate", err, "%v", err)
	}
	return nil
}

// prepareSchemas makes what migrations stand on. It asks before it makes: an owner without the right to make schemas can
// still migrate where a DBA has made them.
func prepareSchemas(ctx context.Context, conn *sql.Conn) error {
	const op = "postgres.Migrate"
	var roles int
	err := conn.QueryRowContext(ctx, "SELECT count(*) FROM pg_catalog.pg_roles WHERE rolname IN ($1, $2, $3)", appRole, controlRole, sealerRole).Scan(&roles)
	if err != nil {
		return asFault(op, err)
	}
	if roles < 3 {
		return ErrNotInstalled.New(op, "the roles %s, %s and %s do not all exist: run postgres.Install, or have a DBA run postgres.InstallSQL", appRole, controlRole, sealerRole)
	}
	for _, schema := range schemas {
		var there bool
		if err := conn.QueryRowContext(ctx, "SELECT pg_catalog.to_regnamespace($1) IS NOT NULL", schema).Scan(&there); err != nil {
			return asFault(op, err)
		}
		if there {
			continue
		}
		if _, err := conn.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS "+quote(schema)); err != nil {
			return ErrNotInstalled.Wrap(op, err, "the schema %s does not exist and the owner may not make it", schema)
		}
	}
	if _, err := conn.ExecContext(ctx, createDomain); err != nil {
		return ErrMigration.Wrap(op, err, "the domain erp.decimal_text: %v", err)
	}
	return nil
}

// createDomain: NaN sorts above Infinity, so one comparison keeps both out.
const createDomain = `DO $$ BEGIN
	IF pg_catalog.to_regtype('erp.decimal_text') IS NULL THEN
		CREATE DOMAIN erp.decimal_text AS numeric CONSTRAINT erp_decimal_text_finite CHECK (VALUE > '-Infinity'::numeric AND VALUE < 'Infinity'::numeric);
	END IF;
END $$`

// querier is *sql.DB or *sql.Conn or *sql.Tx.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// appliedVersions are those in the database; none when it has no table of them.
func appliedVersions(ctx context.Context, db querier) ([]int64, error) {
	const op = "postgres.Open"
	var there bool
	if err := db.QueryRowContext(ctx, "SELECT pg_catalog.to_regclass('"+versionTable+"') IS NOT NULL").Scan(&there); err != nil {
		return nil, asFault(op, err)
	}
	if !there {
		return nil, nil
	}
	rows, err := db.QueryContext(ctx, "SELECT version_id FROM "+versionTable+" WHERE is_applied AND version_id > 0 ORDER BY version_id")
	if err != nil {
		return nil, asFault(op, err)
	}
	defer func() { _ = rows.Close() }()
	var out []int64
	for rows.Next() {
		var v int64
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

var _ tenancy.Engine = Engine{}
