package erp_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// eachFleet runs fn with the whole suite over a shared PostgreSQL database, one for a single tenant and SQLite files, with the
// control database on either engine.
func eachFleet(t *testing.T, fn func(t *testing.T, f *tenancytest.Fleet, suite *erp.Suite)) {
	t.Helper()
	for _, control := range []string{"shared", "files"} {
		t.Run("control at "+control, func(t *testing.T) {
			f := tenancytest.SharedPlacements(t, "erp, control at "+control, tenancytest.Options{Modules: erp.Modules(), StateMaxAge: 10 * time.Millisecond}, control, "shared",
				map[string]tenancytest.At{"shared": {Engine: "postgres"}, "own": {Engine: "postgres", Dedicated: true}, "files": {Engine: "sqlite"}})
			suite, err := erp.Wire(f.DB, erp.Options{Dir: t.TempDir()})
			require.NoError(t, err)
			fn(t, f, suite)
		})
	}
}

// From a shared PostgreSQL database to a SQLite file, to a database of its own, and back: every table of the suite goes along, to
// the same hashes, statements and checks, with history in locked periods; and the tenant works on at each place.
func TestATenantMovesWithEverything(t *testing.T) {
	eachFleet(t, func(t *testing.T, f *tenancytest.Fleet, suite *erp.Suite) {
		s, neighbour := openShop(t, f.Control, suite, inventory.FIFO), openShop(t, f.Control, suite, inventory.Average)
		s.trade(t)
		neighbour.trade(t)
		id := tenancy.ScopeOf(s.ctx).TenantID()
		for n, to := range []string{"files", "own", "shared"} {
			if n == 2 {
				s.lockAll(t)
			}
			before, err := suite.Privacy.Digest(s.ctx)
			require.NoError(t, err)
			figures, beside := s.figures(t), root(t, neighbour)
			moved, err := suite.Tenancy.Tenants().Move(f.Control.Platform(t), id, to, "it grows")
			require.NoError(t, err)
			require.Equal(t, to, moved.Placement)
			for name, env := range f.At {
				have := env.Holds(t, id)
				require.Equal(t, name == to, len(have) > 0, "%s at %s: %v", to, name, have)
			}
			after, err := suite.Privacy.Digest(s.ctx)
			require.NoError(t, err)
			require.Equal(t, before.Root, after.Root, to)
			_, err = suite.Privacy.Export(s.ctx, io.Discard)
			require.NoError(t, err, "looks that are recorded find where it is now")
			for _, file := range after.Files {
				// The words are of a court that only the story knows: the suite's own job has no use for them.
				require.True(t, file.Trail || file.Rows > 0 || file.Table == "erp.erasure_words", "%s is empty: what was not there cannot have moved", file.Table)
			}
			require.Equal(t, figures, s.figures(t))
			s.verify(t)
			if n < 2 {
				in := s.sale("AT-"+to, 1)
				in.Date = day(28)
				sold, err := suite.Sales.Sell(s.ctx, []sales.NewSale{in, s.sale("S-1", 5)})
				require.NoError(t, err)
				require.Contains(t, sold[0].Invoice.Number, "INV-2026-")
				require.True(t, sold[1].Replayed, "references moved too")
			}
			require.Equal(t, beside, root(t, neighbour), "the neighbour's is as it was")
			ticked, err := suite.Tick(context.Background(), time.Now().Add(time.Duration(n+1)*24*time.Hour))
			require.NoError(t, err)
			require.Zero(t, ticked.Failed, "the background finds it")
		}
		neighbour.verify(t)
	})
}

// What privacy law asks for works wherever a tenant is: taken out of one placement, put in at another, a person erased, all of it
// purged.
func TestPrivacyAtEveryPlacement(t *testing.T) {
	eachFleet(t, func(t *testing.T, f *tenancytest.Fleet, suite *erp.Suite) {
		s := openShop(t, f.Control, suite, inventory.FIFO)
		s.trade(t)
		want, platform := root(t, s), f.Control.Platform(t)
		for _, to := range []string{"files", "own", "shared"} {
			var out bytes.Buffer
			_, err := suite.Privacy.Export(s.ctx, &out)
			require.NoError(t, err)
			made, _, err := suite.Privacy.Import(platform, tenancy.NewTenant{Name: "Copy", TimeZone: "Europe/London", Placement: to}, bytes.NewReader(out.Bytes()), int64(out.Len()))
			require.NoError(t, err)
			require.Equal(t, to, made.Placement)
			next := *s
			next.ctx = f.Control.Enter(t, made.ID, "*")
			require.Equal(t, want, root(t, &next))
			next.verify(t)
			_, err = suite.Privacy.Erase(next.ctx, privacy.Erasure{PersonID: s.customer, Reference: "FORGET", Reason: "asked, Art. 17(1)(b)"})
			require.NoError(t, err)
			next.verify(t)
			purge(t, f, suite, made.ID)
			require.Empty(t, f.At[to].Holds(t, made.ID))
		}
	})
}

func purge(t *testing.T, f *tenancytest.Fleet, suite *erp.Suite, id uuid.UUID) {
	t.Helper()
	platform := f.Control.Platform(t)
	_, err := suite.Tenancy.Tenants().Cancel(platform, id, "they left")
	require.NoError(t, err)
	_, err = suite.Tenancy.Tenants().PurgeNow(platform, id, "they left", "letter in file 7")
	require.NoError(t, err)
}
