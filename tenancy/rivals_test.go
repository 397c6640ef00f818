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

// A transaction that wrote before a purge began, and commits late, leaves nothing behind: the purge outlasts it.
func TestAPurgeOutlastsOpenTransactions(t *testing.T) {
	eachAlone(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		id := tenantOf(ctx)
		written, cancelled := make(chan bool), make(chan bool)
		var wg sync.WaitGroup
		wg.Go(func() {
			_ = env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error { // committed or refused: nothing may stay
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
		tenants := env.DB.Tenants()
		_, err := tenants.Cancel(env.Platform(t), id, "test")
		require.NoError(t, err)
		purged := make(chan error)
		platform := env.Platform(t)
		go func() {
			_, err := tenants.PurgeNow(platform, id, "test", "letter 1")
			purged <- err
		}()
		if env.Name == "postgres" {
			require.Eventually(t, func() bool { // the purge has closed the gate, and waits
				var state string
				err := env.Owner(t, id).QueryRow("SELECT state FROM erp.tenant_gates WHERE tenant_id = '" + id.String() + "'").Scan(&state)
				return err == nil && state == "purging"
			}, 10*time.Second, 5*time.Millisecond)
		}
		close(cancelled)
		err = <-purged
		wg.Wait()
		if err != nil { // SQLite's file may have been in use at that very moment
			require.ErrorIs(t, err, tenancy.ErrBusy)
			_, err = tenants.PurgeNow(platform, id, "test", "letter 1")
			require.NoError(t, err)
		}
		if env.Name == "postgres" {
			var n int
			require.NoError(t, env.Owner(t, id).QueryRow("SELECT COUNT(*) FROM lib.authors WHERE tenant_id = '"+id.String()+"'").Scan(&n))
			require.Zero(t, n)
		}
	})
}

// Two calls import the same archive; one gives up while the other writes. The other's tenant stays.
func TestAnImportThatGivesUpLeavesItsRivalsWork(t *testing.T) {
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
