package tenancy_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// A transaction that wrote before its tenant was cancelled, and is still open when it is, does not commit: a purge leaves nothing
// behind.
func TestRaceAPurgeOutlastsOpenTransactions(t *testing.T) {
	eachAlone(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		id := tenantOf(ctx)
		tenants, platform := env.DB.Tenants(), env.Platform(t)
		written, cancelled := make(chan bool), make(chan bool)
		var wg sync.WaitGroup
		var late error
		wg.Go(func() {
			late = env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				if err := tenancy.Insert(ctx, tx, &Author{Name: "late"}); err != nil {
					return err
				}
				_, err := tenancy.Count[Author](ctx, tx)
				close(written)
				<-cancelled
				return err
			})
		})
		<-written
		wg.Go(func() { // on SQLite it waits for the file's writer to end
			_, err := tenants.Cancel(platform, id, "test")
			require.NoError(t, err)
		})
		require.Eventually(t, func() bool {
			now, err := tenants.Get(platform, id)
			return err == nil && now.State == tenancy.StateCancelled
		}, 10*time.Second, time.Millisecond)
		close(cancelled)
		wg.Wait()
		require.ErrorIs(t, late, tenancy.ErrClosed)
		require.Zero(t, rowsOf(t, env, id)["lib.authors"])
		_, err := tenants.PurgeNow(platform, id, "test", "letter 1")
		require.NoError(t, err)
		require.Empty(t, rowsOf(t, env, id))
	})
}

// Two calls import the same archive; one gives up while the other writes. The other's tenant stays.
func TestRaceAnImportThatGivesUpLeavesItsRivalsWork(t *testing.T) {
	eachAlone(t, func(t *testing.T, env *tenancytest.Env) {
		in := tenancy.NewTenant{Reference: "R", Name: "n", TimeZone: "UTC"}
		inside, release := make(chan bool), make(chan bool)
		var wg sync.WaitGroup
		var once sync.Once
		var kept tenancy.Tenant
		var keptErr error
		platform := env.Platform(t)
		wg.Go(func() {
			kept, keptErr = env.DB.Tenants().Import(platform, in, "archive", func(ctx context.Context, i *tenancy.Importing) error {
				once.Do(func() { close(inside) })
				<-release
				for _, m := range i.Models() {
					if m.Table == "lib.authors" {
						return i.Put(ctx, m, []any{&Author{Row: tenancy.Row{ID: tenancy.NewID()}, Name: "x"}})
					}
				}
				return nil
			})
		})
		<-inside
		ctx, stop := context.WithTimeout(platform, 500*time.Millisecond)
		defer stop()
		_, err := env.DB.Tenants().Import(ctx, in, "archive", func(context.Context, *tenancy.Importing) error { return errors.New("gave up") }) //nolint:err113 // any error
		require.Error(t, err)
		close(release)
		wg.Wait()
		_, _ = env.DB.Tenants().CompletePending(platform, 10)
		if keptErr != nil { // it may lose, but then it must say so
			return
		}
		require.Equal(t, tenancy.StateActive, kept.State)
		now, err := env.DB.Tenants().Get(platform, kept.ID)
		require.NoError(t, err)
		require.Equal(t, tenancy.StateActive, now.State)
		require.NoError(t, env.DB.Read(env.Enter(t, kept.ID, tenancy.AllPermissions), func(ctx context.Context, tx *tenancy.Tx) error {
			n, err := tenancy.Count[Author](ctx, tx)
			require.Equal(t, int64(1), n)
			return err
		}))
	})
}

// A row of SQLite has a second name, its rowid: writing over that would delete what is recorded without a word.
func TestRecordedRowsAreNotReplacedByRowid(t *testing.T) {
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{library}}, func(t *testing.T, env *tenancytest.Env) {
		if env.Name != "sqlite" {
			return // PostgreSQL has no such name
		}
		ctx := env.Tenant(t)
		require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			return tenancy.Insert(ctx, tx, &Receipt{Number: "R-1"})
		}))
		id := tenantOf(ctx)
		owner := env.Owner(t, id)
		var row int64
		require.NoError(t, owner.QueryRow("SELECT rowid FROM lib_receipts").Scan(&row))
		_, err := owner.Exec(fmt.Sprintf("INSERT OR REPLACE INTO lib_receipts (rowid, tenant_id, id, number) VALUES (%d, '%s', '%s', 'R-2')", row, id, tenancy.NewID()))
		require.ErrorContains(t, err, "tenancy.duplicate")
		var number string
		require.NoError(t, owner.QueryRow("SELECT number FROM lib_receipts").Scan(&number))
		require.Equal(t, "R-1", number)
	})
}
