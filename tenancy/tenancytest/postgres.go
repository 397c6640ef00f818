package tenancytest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/pgtest"
	"github.com/opsmatiq/erp/tenancy/postgres"
)

// openPostgres makes a database and logs in as the library does in production: without power of its own. The database
// outlives the test, for later ones of the process share it; Main removes it and its logins.
func openPostgres(ctx context.Context, tb testing.TB, env *Env) {
	tb.Helper()
	eng, drop := newPostgres(ctx, tb, env)
	env.Engine = eng
	shared.atEnd = append(shared.atEnd, drop)
}

// newPostgres makes a database with its logins; drop removes both.
func newPostgres(ctx context.Context, tb testing.TB, env *Env) (eng postgres.Engine, drop func() error) {
	tb.Helper()
	server := pgtest.Start(tb)
	database, dropDatabase, err := server.CreateDatabase(ctx)
	require.NoError(tb, err)
	env.ownerURL = database
	eng, err = postgres.Install(ctx, database, postgres.InstallOptions{})
	require.NoError(tb, err)
	return eng, func() error {
		if err := dropDatabase(context.Background()); err != nil {
			return err
		}
		return dropLogins(server.URL("postgres"), eng.DSN, eng.ControlDSN, eng.SealDSN)
	}
}

// dropLogins removes the roles that the DSNs log in as: roles belong to the cluster and would outlive their database.
func dropLogins(admin string, dsns ...string) error {
	db, err := sql.Open("pgx", admin)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for _, dsn := range dsns {
		u, err := url.Parse(dsn)
		if err != nil {
			return err
		}
		if _, err := db.ExecContext(context.Background(), fmt.Sprintf("DROP ROLE IF EXISTS %q", u.User.Username())); err != nil {
			return err
		}
	}
	return nil
}
