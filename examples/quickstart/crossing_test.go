package main

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/examples/quickstart/booking"
	"github.com/opsmatiq/erp/examples/quickstart/retail"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
)

// A real month, booked on SQLite, goes to PostgreSQL as an archive and comes back: the same statements, the same checks, the
// same hash over every record each time.
func TestDecemberCrossesTheEngines(t *testing.T) {
	suites := map[string]*erp.Suite{}
	for _, engine := range engines {
		db, err := openDatabase(t.Context(), newDB(t, engine))
		require.NoError(t, err)
		suites[engine], err = erp.Open(t.Context(), db.engine, erp.Options{Migrate: true, Dir: db.dir})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, suites[engine].Close()) })
	}
	file, err := retail.Open(december)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	outcome, err := booking.Import(t.Context(), suites["sqlite"], file, booking.Options{Method: inventory.FIFO, TwoCosts: true})
	require.NoError(t, err)
	from, to := outcome.Days()
	draw := func(ctx context.Context, suite *erp.Suite) *booking.Figures {
		f, err := booking.Draw(ctx, suite, from, to)
		require.NoError(t, err)
		return f
	}
	here, want := outcome.Context, draw(outcome.Context, suites["sqlite"])
	root := ""
	for _, hop := range [][2]string{{"sqlite", "postgres"}, {"postgres", "sqlite"}} {
		var archive bytes.Buffer
		manifest, err := suites[hop[0]].Privacy.Export(here, &archive)
		require.NoError(t, err)
		if root == "" {
			root = manifest.Root
		}
		require.Equal(t, root, manifest.Root)
		to := suites[hop[1]]
		platform, err := to.Tenancy.EnterPlatform(t.Context(), booking.Actor, tenancy.Permissions{"*"})
		require.NoError(t, err)
		tenant, _, err := to.Privacy.Import(platform, tenancy.NewTenant{Name: "moved", TimeZone: "Europe/London"}, bytes.NewReader(archive.Bytes()), int64(archive.Len()))
		require.NoError(t, err)
		here, err = to.Tenancy.Enter( //nolint:fatcontext // each hop has a fresh one
			t.Context(), tenant.ID, booking.Actor, tenancy.Permissions{tenancy.AllPermissions})
		require.NoError(t, err)
		digest, err := to.Privacy.Digest(here)
		require.NoError(t, err)
		require.Equal(t, root, digest.Root, "%s to %s", hop[0], hop[1])
		require.True(t, sameFigures(want, draw(here, to)), "%s to %s", hop[0], hop[1])
	}
}
