package tenancytest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/pgtest"
	"github.com/opsmatiq/erp/tenancy/postgres"
)

// openPostgres makes a database and logs in as the library does in production: without power of its own.
func openPostgres(ctx context.Context, tb testing.TB, env *Env) {
	tb.Helper()
	// The database outlives this test: later ones of the process share it. The cluster goes at the end.
	env.ownerURL = pgtest.Start(tb).NewDatabase(keep{tb})
	eng, err := postgres.Install(ctx, env.ownerURL, postgres.InstallOptions{})
	require.NoError(tb, err)
	env.Engine = eng
}

// keep is a test that never cleans up.
type keep struct{ testing.TB }

// Cleanup implements testing.TB.
func (keep) Cleanup(func()) {}
