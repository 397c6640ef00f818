package tenancy_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// Work is in flight in every stage while the tenant is suspended: begun, written, about to commit, in a chain of others. What ends
// after the suspension has returned has ended in a typed refusal, and what has not was committed before.
func TestRaceSuspensionAgainstWorkInFlight(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		id := tenantOf(ctx)
		clerk := env.Enter(t, id, "shelf.*")
		tenants, platform := env.DB.Tenants(), env.Platform(t)
		owner, count := env.Owner(t, id), env.SQL("SELECT COUNT(*) FROM lib.authors WHERE tenant_id = '"+id.String()+"'")
		authors := func() (n int64) {
			require.NoError(t, owner.QueryRow(count).Scan(&n))
			return n
		}
		for range 5 {
			var suspended, stop atomic.Bool
			var committed, refused atomic.Int64
			var wg sync.WaitGroup
			before := authors()
			for worker := range 4 {
				who := []context.Context{clerk, ctx}[worker%2]
				wg.Go(func() {
					for !stop.Load() {
						late := suspended.Load()
						err := env.DB.Tx(who, func(ctx context.Context, tx *tenancy.Tx) error {
							if worker < 2 { // one that has read first
								if _, err := tenancy.Count[Author](ctx, tx); err != nil {
									return err
								}
							}
							return tenancy.Insert(ctx, tx, &Author{Name: "x"})
						})
						switch {
						case err == nil:
							committed.Add(1)
							require.False(t, late, "begun after the suspension had returned, and committed")
						case errors.Is(err, fault.Unscoped) || errors.Is(err, tenancy.ErrClosed):
							refused.Add(1)
						default:
							require.NoError(t, err)
						}
					}
				})
			}
			require.Eventually(t, func() bool { return committed.Load() > 8 }, 20*time.Second, time.Millisecond)
			_, err := tenants.Suspend(platform, id, "unpaid")
			require.NoError(t, err)
			suspended.Store(true)
			held := authors()
			require.Eventually(t, func() bool { return refused.Load() > 8 }, 20*time.Second, time.Millisecond)
			require.Equal(t, held, authors(), "nothing was committed behind the suspension")
			stop.Store(true)
			wg.Wait()
			require.Equal(t, before+committed.Load(), authors(), "what was said to be committed is there, and nothing else")
			_, err = tenants.Resume(platform, id, "paid")
			require.NoError(t, err)
		}
	})
}

// A transaction that has written and is still open when its tenant is suspended does not commit, whoever's it is.
func TestRaceATransactionThatIsOpenWhileItsTenantIsSuspended(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		for name, want := range map[string]error{"*": tenancy.ErrClosed, "shelf.*": tenancy.ErrTenantSuspended} {
			ctx := env.Tenant(t)
			id := tenantOf(ctx)
			who := env.Enter(t, id, tenancy.Permission(name))
			var wg sync.WaitGroup
			require.ErrorIs(t, env.DB.Tx(who, func(ctx context.Context, tx *tenancy.Tx) error {
				require.NoError(t, tenancy.Insert(ctx, tx, &Author{Name: "late"}))
				wg.Go(func() { // on SQLite it waits until this transaction has ended
					_, err := env.DB.Tenants().Suspend(env.Platform(t), id, "unpaid")
					require.NoError(t, err)
				})
				require.Eventually(t, func() bool {
					now, err := env.DB.Tenants().Get(env.Platform(t), id)
					return err == nil && now.State == tenancy.StateSuspended
				}, 20*time.Second, time.Millisecond)
				return nil
			}), want, name)
			wg.Wait()
			require.Zero(t, rowsOf(t, env, id)["lib.authors"])
			gate, err := tenancy.GateOf(ctx, env.DB, id)
			require.NoError(t, err)
			require.Equal(t, tenancy.GateClosed, gate)
		}
	})
}

// Many decide about one tenant at once. In the end its database knows what the last of them decided, and every decision stands once
// in the journal and once in the trail.
func TestRaceManyDecideAtOnce(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		owner := env.Tenant(t)
		id := tenantOf(owner)
		tenants, platform := env.DB.Tenants(), env.Platform(t)
		other, err := tenancy.Open(context.Background(), env.Engine, tenancy.Options{Modules: []tenancy.Module{library}})
		require.NoError(t, err)
		defer func() { require.NoError(t, other.Close()) }()
		theirs, err := other.EnterPlatform(context.Background(), "elsewhere", tenancy.Permissions{"*"})
		require.NoError(t, err)
		acts := []func() error{
			func() error { _, err := tenants.Suspend(platform, id, "a"); return err },
			func() error { _, err := other.Tenants().Resume(theirs, id, "b"); return err },
			func() error { _, err := env.DB.Life().Cancel(owner, "c"); return err },
			func() error { _, err := other.Tenants().UndoCancel(theirs, id, "d"); return err },
			func() error { _, err := tenants.CompletePending(platform, 10); return err },
			func() error { _, err := other.Tenants().Suspend(theirs, id, "e"); return err },
		}
		for round := range 6 {
			var wg sync.WaitGroup
			for n, act := range acts {
				wg.Go(func() {
					for range 3 {
						if err := act(); err != nil { // a cancelled tenant that is not suspended is not resumed
							require.ErrorIs(t, err, tenancy.ErrTenantConflict, "round %d, act %d", round, n)
						}
					}
				})
			}
			wg.Wait()
			now, err := tenants.Get(platform, id)
			require.NoError(t, err)
			gate, err := tenancy.GateOf(platform, env.DB, id)
			require.NoError(t, err)
			require.Equal(t, map[bool]tenancy.Gate{true: tenancy.GateActive, false: tenancy.GateClosed}[now.State == tenancy.StateActive], gate, now.State)
			require.Len(t, trail(t, env, owner), len(journal(t, env, id))-1, "all but the making")
		}
	})
}

// Of a hold and a purge that meet, one is refused.
func TestRaceAHoldAndAPurgeMeet(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		tenants, platform := env.DB.Tenants(), env.Platform(t)
		for range 5 {
			id := tenantOf(env.Tenant(t))
			_, err := tenants.Cancel(platform, id, "x")
			require.NoError(t, err)
			var hold, purge error
			var wg sync.WaitGroup
			wg.Go(func() { _, hold = tenants.Hold(platform, id, "a claim", "1") })
			wg.Go(func() { _, purge = tenants.PurgeNow(platform, id, "x", "letter") })
			wg.Wait()
			if hold == nil {
				require.ErrorIs(t, purge, tenancy.ErrLegalHold)
				require.NotEmpty(t, rowsOf(t, env, id))
			} else {
				require.ErrorIs(t, hold, tenancy.ErrTenantConflict)
				require.NoError(t, purge)
			}
		}
	})
}
