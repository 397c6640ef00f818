package tenancy_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

var quiet = slog.New(slog.DiscardHandler)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// eachAlone runs fn on databases that no other test's tenants are in.
func eachAlone(t *testing.T, fn func(t *testing.T, env *tenancytest.Env)) {
	t.Helper()
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{library}, Clock: func() time.Time { return noon }}, fn)
}

func background(t *testing.T, env *tenancytest.Env, opt tenancy.BackgroundOptions) *tenancy.Background {
	t.Helper()
	if opt.Logger == nil {
		opt.Logger = quiet
	}
	b, err := env.DB.Background(opt)
	require.NoError(t, err)
	return b
}

func ticked(t *testing.T, b *tenancy.Background, at time.Time) tenancy.Ticked {
	t.Helper()
	done, err := b.Tick(context.Background(), at)
	require.NoError(t, err)
	return done
}

// counter is a job that counts whom it served.
type counter struct {
	sync.Mutex
	served map[uuid.UUID]int
}

func (c *counter) job(name string, also func(ctx context.Context) (bool, error)) tenancy.Job {
	return tenancy.Job{Name: name, About: "counts", Every: time.Minute, Tenant: func(ctx context.Context) (bool, error) {
		c.Lock()
		if c.served == nil {
			c.served = map[uuid.UUID]int{}
		}
		c.served[tenancy.ScopeOf(ctx).TenantID()]++
		c.Unlock()
		if also == nil {
			return false, nil
		}
		return also(ctx)
	}}
}

func tenantOf(ctx context.Context) uuid.UUID { return tenancy.ScopeOf(ctx).TenantID() }

func TestTickServesEveryActiveTenantWhenDue(t *testing.T) {
	eachAlone(t, func(t *testing.T, env *tenancytest.Env) {
		a, b, asleep := tenantOf(env.Tenant(t)), tenantOf(env.Tenant(t)), tenantOf(env.Tenant(t))
		_, err := env.DB.Tenants().Suspend(env.Platform(t), asleep, "test")
		require.NoError(t, err)
		var c counter
		var platform atomic.Int64
		bg := background(t, env, tenancy.BackgroundOptions{Jobs: []tenancy.Job{c.job("test.count", nil), {Name: "test.platform", Every: time.Hour,
			Platform: func(ctx context.Context) (bool, error) {
				_, err := env.DB.Tenants().List(ctx, uuid.Nil, 1)
				return platform.Add(1) == 1, err // the first piece has more
			}}}})

		require.Equal(t, tenancy.Ticked{Ran: 3}, ticked(t, bg, noon))
		require.Equal(t, map[uuid.UUID]int{a: 1, b: 1}, c.served)
		require.Equal(t, int64(2), platform.Load())
		require.Zero(t, ticked(t, bg, noon.Add(59*time.Second)), "nothing is due yet")
		require.Equal(t, tenancy.Ticked{Ran: 2}, ticked(t, bg, noon.Add(time.Minute)))
		_, err = env.DB.Tenants().Resume(env.Platform(t), asleep, "test")
		require.NoError(t, err)
		require.Equal(t, tenancy.Ticked{Ran: 1}, ticked(t, bg, noon.Add(time.Minute)))
		require.Equal(t, 1, c.served[asleep])
	})
}

// Work that is for closed tenants too reads there, and writes nothing; what is being purged it passes over.
func TestJobsForClosedTenantsRead(t *testing.T) {
	eachAlone(t, func(t *testing.T, env *tenancytest.Env) {
		active, asleep, gone, purged := tenantOf(env.Tenant(t)), tenantOf(env.Tenant(t)), tenantOf(env.Tenant(t)), tenantOf(env.Tenant(t))
		platform := env.Platform(t)
		_, err := env.DB.Tenants().Suspend(platform, asleep, "test")
		require.NoError(t, err)
		for _, id := range []uuid.UUID{gone, purged} {
			_, err = env.DB.Tenants().Cancel(platform, id, "test")
			require.NoError(t, err)
		}
		_, err = env.DB.Tenants().PurgeNow(platform, purged, "test", "waiver")
		require.NoError(t, err)
		var c, w counter
		look := c.job("test.look", func(ctx context.Context) (bool, error) {
			return false, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				_, err := tenancy.Count[Author](ctx, tx)
				return err
			})
		})
		write := w.job("test.write", func(ctx context.Context) (bool, error) {
			return false, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				return tenancy.Insert(ctx, tx, &Author{Name: "by a job"})
			})
		})
		look.Closed, write.Closed = true, true
		bg := background(t, env, tenancy.BackgroundOptions{Jobs: []tenancy.Job{look}})
		require.Equal(t, tenancy.Ticked{Ran: 3}, ticked(t, bg, noon))
		require.Equal(t, map[uuid.UUID]int{active: 1, asleep: 1, gone: 1}, c.served)
		bg = background(t, env, tenancy.BackgroundOptions{Jobs: []tenancy.Job{write}})
		require.Equal(t, tenancy.Ticked{Ran: 1, Failed: 2}, ticked(t, bg, noon))
		failures, err := bg.Failures(platform, 10)
		require.NoError(t, err)
		for _, f := range failures {
			require.Equal(t, tenancy.ErrClosed.Code, f.Failure)
		}
		_, err = env.DB.System(t.Context(), asleep, "other")
		require.ErrorIs(t, err, tenancy.ErrTenantSuspended, "it is a job's own, and no other work's")
	})
}

// What the law asks for by a day is done for closed tenants too, and written there; nobody else gets in by the same door, in the code or in the database, then or afterwards.
func TestADutyIsDoneForClosedTenants(t *testing.T) {
	eachAlone(t, func(t *testing.T, env *tenancytest.Env) {
		active, asleep, gone, purged := tenantOf(env.Tenant(t)), tenantOf(env.Tenant(t)), tenantOf(env.Tenant(t)), tenantOf(env.Tenant(t))
		platform := env.Platform(t)
		stale := env.Enter(t, asleep, "shelf.*")
		_, err := env.DB.Tenants().Suspend(platform, asleep, "test")
		require.NoError(t, err)
		for _, id := range []uuid.UUID{gone, purged} {
			_, err = env.DB.Tenants().Cancel(platform, id, "test")
			require.NoError(t, err)
		}
		_, err = env.DB.Tenants().PurgeNow(platform, purged, "test", "waiver")
		require.NoError(t, err)
		var c counter
		fails := false
		write := c.job("test.duty", func(ctx context.Context) (bool, error) {
			return false, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				err := tenancy.Insert(ctx, tx, &Author{Name: "by law"})
				if err == nil && fails {
					err = errors.New("too late") //nolint:err113 // any error
				}
				return err
			})
		})
		write.Duty = true
		bg := background(t, env, tenancy.BackgroundOptions{Jobs: []tenancy.Job{write}})
		require.Equal(t, tenancy.Ticked{Ran: 3}, ticked(t, bg, noon))
		require.Equal(t, map[uuid.UUID]int{active: 1, asleep: 1, gone: 1}, c.served, "and not for who is purged")
		authors := func(id uuid.UUID) (n int) {
			require.NoError(t, env.Owner(t, id).QueryRow(env.SQL("SELECT COUNT(*) FROM lib.authors WHERE tenant_id = '"+id.String()+"'")).Scan(&n))
			return n
		}
		closed := func() {
			t.Helper()
			for _, id := range []uuid.UUID{asleep, gone} {
				gate, err := tenancy.GateOf(platform, env.DB, id)
				require.NoError(t, err)
				require.Equal(t, tenancy.GateClosed, gate)
			}
			require.ErrorIs(t, insertAuthor(stale, env), tenancy.ErrTenantSuspended)
			_, err := env.DB.System(t.Context(), asleep, "other")
			require.ErrorIs(t, err, tenancy.ErrTenantSuspended)
		}
		require.Equal(t, []int{1, 1, 1}, []int{authors(active), authors(asleep), authors(gone)})
		closed()
		fails = true
		require.Equal(t, tenancy.Ticked{Failed: 3}, ticked(t, bg, noon.Add(time.Hour)))
		require.Equal(t, []int{1, 1, 1}, []int{authors(active), authors(asleep), authors(gone)}, "what was undone leaves the gate as it was")
		closed()

		// The database keeps out who is behind the times, and lets nothing of a duty through once rows are going.
		other, err := tenancy.Open(context.Background(), env.Engine, tenancy.Options{Modules: []tenancy.Module{library}, StateMaxAge: time.Minute})
		require.NoError(t, err)
		defer func() { require.NoError(t, other.Close()) }()
		late, err := other.Enter(context.Background(), active, "elsewhere", tenancy.Permissions{"shelf.*"})
		require.NoError(t, err)
		_, err = env.DB.Tenants().Suspend(platform, active, "test")
		require.NoError(t, err)
		require.ErrorIs(t, other.Tx(late, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &Author{Name: "x"}) }), tenancy.ErrClosed)
		slow, err := other.Background(tenancy.BackgroundOptions{Jobs: []tenancy.Job{{Name: "test.slow", Every: time.Minute, Duty: true, Tenant: func(ctx context.Context) (bool, error) {
			return false, other.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				return tenancy.Insert(ctx, tx, &Author{Name: "by law"})
			})
		}}}})
		require.NoError(t, err)
		require.Equal(t, tenancy.Ticked{Ran: 3}, ticked(t, slow, noon))
		require.NoError(t, tenancy.MoveGate(platform, env.DB, gone, tenancy.GatePurging, 99))
		require.Equal(t, tenancy.Ticked{Ran: 2, Failed: 1}, ticked(t, slow, noon.Add(time.Hour)), "which thinks for a minute that it is cancelled still")
		failures, err := bg.Failures(platform, 10)
		require.NoError(t, err)
		for _, f := range failures {
			if f.Job == "test.slow" {
				require.Equal(t, []string{gone.String(), string(tenancy.ErrClosed.Code)}, []string{f.TenantID, string(f.Failure)})
			}
		}
		require.Equal(t, []int{3, 3, 2}, []int{authors(active), authors(asleep), authors(gone)})

		_, err = env.DB.Background(tenancy.BackgroundOptions{Jobs: []tenancy.Job{{Name: "test.both", Every: time.Minute, Closed: true, Duty: true, Tenant: func(context.Context) (bool, error) { return false, nil }}}})
		require.ErrorIs(t, err, tenancy.ErrBadInput)
		_, err = env.DB.Background(tenancy.BackgroundOptions{Jobs: []tenancy.Job{{Name: "test.platform", Every: time.Minute, Duty: true, Platform: func(context.Context) (bool, error) { return false, nil }}}})
		require.ErrorIs(t, err, tenancy.ErrBadInput)
	})
}

func TestAJobSeesTheTicksInstantAndIsRecordedWhenItWrites(t *testing.T) {
	eachAlone(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		later := noon.Add(48 * time.Hour)
		write := false
		var c counter
		bg := background(t, env, tenancy.BackgroundOptions{Jobs: []tenancy.Job{c.job("test.write", func(ctx context.Context) (bool, error) {
			return false, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				require.Equal(t, later, tx.Now())
				if !write {
					_, err := tenancy.Count[Author](ctx, tx)
					return err
				}
				return tenancy.Insert(ctx, tx, &Author{Name: "by a job"})
			})
		})}})
		events := func() []tenancy.Event {
			var out []tenancy.Event
			require.NoError(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				var err error
				out, err = tenancy.Find[tenancy.Event](ctx, tx, tenancy.Eq("actor", "system:test.write"), tenancy.OrderBy("id"))
				return err
			}))
			return out
		}
		require.Equal(t, 1, ticked(t, bg, later).Ran)
		require.Empty(t, events(), "a look that found nothing fills no trail")
		write, later = true, later.Add(time.Hour)
		require.Equal(t, 1, ticked(t, bg, later).Ran)
		found := events()
		require.Len(t, found, 2)
		require.Equal(t, "tenancy.system", found[0].Act)
		require.Equal(t, "lib.authors", found[1].Model)
		require.Equal(t, later, found[1].OccurredAt)
	})
}

func TestAFailingJobHarmsNobodyElseAndIsTriedLater(t *testing.T) {
	eachAlone(t, func(t *testing.T, env *tenancytest.Env) {
		bad, good := tenantOf(env.Tenant(t)), tenantOf(env.Tenant(t))
		var c counter
		var stuck []tenancy.JobFailure
		broken := true
		bg := background(t, env, tenancy.BackgroundOptions{OnStuck: func(_ context.Context, f tenancy.JobFailure) { stuck = append(stuck, f) },
			Jobs: []tenancy.Job{c.job("test.fails", func(ctx context.Context) (bool, error) {
				switch n := c.served[tenantOf(ctx)]; {
				case tenantOf(ctx) != bad || !broken:
					return false, nil
				case n == 1:
					panic("a mistake")
				default:
					return false, errors.New("with a value in its text") //nolint:err113 // any error
				}
			})}, Workers: 1})
		require.Equal(t, tenancy.Ticked{Ran: 1, Failed: 1}, ticked(t, bg, noon))
		failures, err := bg.Failures(env.Platform(t), 10)
		require.NoError(t, err)
		require.Len(t, failures, 1)
		require.Equal(t, tenancy.ErrJobPanicked.Code, failures[0].Failure)
		require.Equal(t, noon.Add(time.Minute), failures[0].Due)
		_, err = bg.Failures(context.Background(), 10)
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)

		at := noon
		for _, wait := range []time.Duration{time.Minute, 2 * time.Minute} {
			at = at.Add(wait)
			require.Equal(t, 1, ticked(t, bg, at).Failed)
			require.Zero(t, ticked(t, bg, at.Add(59*time.Second)).Failed)
		}
		require.Len(t, stuck, 1)
		require.Equal(t, tenancy.JobFailure{Job: "test.fails", TenantID: bad.String(), Failures: 3, Failure: "tenancy.database", Due: at.Add(4 * time.Minute)}, stuck[0])
		require.NotContains(t, stuck[0].String(), "value")
		require.Positive(t, c.served[good])
		broken = false
		require.Equal(t, 0, ticked(t, bg, at.Add(4*time.Minute)).Failed)
		failures, err = bg.Failures(env.Platform(t), 10)
		require.NoError(t, err)
		require.Empty(t, failures, "success forgets the failures")
	})
}

func TestRaceOneOfManyProcessesDoesEachRun(t *testing.T) {
	eachAlone(t, func(t *testing.T, env *tenancytest.Env) {
		for range 5 {
			env.Tenant(t)
		}
		var c counter
		opt := tenancy.BackgroundOptions{Workers: 3, Jobs: []tenancy.Job{c.job("test.race", nil)}}
		one, two := background(t, env, opt), background(t, env, opt)
		var wg sync.WaitGroup
		for _, bg := range []*tenancy.Background{one, two} {
			wg.Go(func() {
				_, err := bg.Tick(context.Background(), noon)
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.Len(t, c.served, 5)
		for id, n := range c.served {
			require.Equal(t, 1, n, id)
		}
	})
}

// A job's own mistake is a failure, also when it looks like a tenant that cannot be entered.
func TestAJobThatForgetsItsScopeFails(t *testing.T) {
	eachAlone(t, func(t *testing.T, env *tenancytest.Env) {
		env.Tenant(t)
		bg := background(t, env, tenancy.BackgroundOptions{Jobs: []tenancy.Job{{Name: "test.lost", Every: time.Hour, Tenant: func(context.Context) (bool, error) {
			return false, env.DB.Tx(context.Background(), func(context.Context, *tenancy.Tx) error { return nil })
		}}}})
		require.Equal(t, tenancy.Ticked{Failed: 1}, ticked(t, bg, noon))
		failures, err := bg.Failures(env.Platform(t), 10)
		require.NoError(t, err)
		require.Len(t, failures, 1)
		require.Equal(t, tenancy.ErrNoScope.Code, failures[0].Failure)
	})
}

// A process that dies holds its lease until it runs out; then another goes on with what is left.
func TestALeaseRunsOutAndAnotherGoesOn(t *testing.T) {
	eachAlone(t, func(t *testing.T, env *tenancytest.Env) {
		env.Tenant(t)
		var c counter
		var survivor *tenancy.Background
		opt := tenancy.BackgroundOptions{Lease: time.Minute}
		opt.Jobs = []tenancy.Job{c.job("test.lease", func(ctx context.Context) (bool, error) {
			if survivor == nil {
				return false, nil
			}
			bg := survivor
			survivor = nil
			require.Zero(t, ticked(t, bg, noon.Add(59*time.Second)), "the first one's lease holds")
			require.Equal(t, 1, ticked(t, bg, noon.Add(time.Minute)).Ran, "it has run out")
			return true, nil // and the first one, who thought itself alive, must notice
		})}
		first := background(t, env, opt)
		survivor = background(t, env, opt)
		require.Equal(t, tenancy.Ticked{Failed: 1}, ticked(t, first, noon))
		failures, err := first.Failures(env.Platform(t), 10)
		require.NoError(t, err)
		require.Empty(t, failures, "the row is the survivor's, who did well")
	})
}

func TestRunEndsWithItsContextAndLeavesTheRestDue(t *testing.T) {
	eachAlone(t, func(t *testing.T, env *tenancytest.Env) {
		env.Tenant(t)
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		var c counter
		bg := background(t, env, tenancy.BackgroundOptions{Jobs: []tenancy.Job{c.job("test.stop", func(ctx context.Context) (bool, error) {
			stop()
			return true, ctx.Err()
		})}})
		require.NoError(t, bg.Run(ctx))
		require.Len(t, c.served, 1)
		require.Equal(t, 0, ticked(t, background(t, env, tenancy.BackgroundOptions{Jobs: []tenancy.Job{{Name: "test.none", Every: time.Hour,
			Tenant: func(context.Context) (bool, error) { return false, errors.New("x") }}}}), noon).Ran) //nolint:err113 // any error
		var again counter
		require.Equal(t, 1, ticked(t, background(t, env, tenancy.BackgroundOptions{Jobs: []tenancy.Job{again.job("test.stop", nil)}}), noon).Ran,
			"what was cut short is due at once, and its lease is free")
	})
}

func TestBackgroundRefusesMistakes(t *testing.T) {
	eachAlone(t, func(t *testing.T, env *tenancytest.Env) {
		do := func(context.Context) (bool, error) { return false, nil }
		for name, opt := range map[string]tenancy.BackgroundOptions{
			"a name":       {Jobs: []tenancy.Job{{Name: "Job", Every: time.Hour, Tenant: do}}},
			"two names":    {Jobs: []tenancy.Job{{Name: "a.b", Every: time.Hour, Tenant: do}, {Name: "a.b", Every: time.Hour, Tenant: do}}},
			"nothing":      {Jobs: []tenancy.Job{{Name: "a.b", Every: time.Hour}}},
			"both":         {Jobs: []tenancy.Job{{Name: "a.b", Every: time.Hour, Tenant: do, Platform: do}}},
			"closed":       {Jobs: []tenancy.Job{{Name: "a.b", Every: time.Hour, Platform: do, Closed: true}}},
			"never":        {Jobs: []tenancy.Job{{Name: "a.b", Tenant: do}}},
			"many workers": {Workers: 65},
			"long lease":   {Lease: 2 * time.Hour},
			"short pause":  {Pause: time.Millisecond},
		} {
			_, err := env.DB.Background(opt)
			require.ErrorIs(t, err, tenancy.ErrBadInput, name)
		}
		bg := background(t, env, tenancy.BackgroundOptions{})
		require.ErrorIs(t, env.DB.Tx(env.Tenant(t), func(ctx context.Context, _ *tenancy.Tx) error {
			_, err := bg.Tick(ctx, noon)
			return err
		}), tenancy.ErrScopeMismatch)
		require.Empty(t, bg.Jobs())
	})
}
