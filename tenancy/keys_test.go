package tenancy_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// secondProcess is another process on the same database.
func secondProcess(t *testing.T, env *tenancytest.Env, keys tenancy.Keys) *tenancytest.Env {
	t.Helper()
	db, err := tenancy.Open(context.Background(), env.Engine, tenancy.Options{Modules: []tenancy.Module{vault}, Keys: keys})
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return &tenancytest.Env{Name: env.Name, DB: db, Engine: env.Engine}
}

func keysOf(t *testing.T, env *tenancytest.Env, tenant uuid.UUID) map[int64]tenancy.KeyState {
	t.Helper()
	keys, err := env.DB.Tenants().Keys(env.Platform(t), tenant)
	require.NoError(t, err)
	out := map[int64]tenancy.KeyState{}
	for _, k := range keys {
		out[k.Version] = k.State
	}
	return out
}

type states = map[int64]tenancy.KeyState

func TestOpenWantsTheRightKeys(t *testing.T) {
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: []tenancy.Module{vault}, Clock: time.Now})
			open := func(keys tenancy.Keys) error {
				db, err := tenancy.Open(context.Background(), env.Engine, tenancy.Options{Modules: []tenancy.Module{vault}, Keys: keys})
				if err == nil {
					err = db.Close()
				}
				return err
			}
			require.ErrorIs(t, open(nil), tenancy.ErrBadInput, "sealed columns and no Keys")
			other := local.Keys{Path: filepath.Join(t.TempDir(), "other.key")}
			require.NoError(t, open(other), "nothing is wrapped yet")
			fillVault(t, env, env.Tenant(t))
			require.ErrorIs(t, open(other), tenancy.ErrKey)
			require.NoError(t, other.Rotate(t.Context()))
			require.ErrorIs(t, open(other), tenancy.ErrKey, "another master key")
			require.NoError(t, open(env.Keys))
		})
	}
}

// Goroutines of two processes seal a tenant's first values at once: they end up with one key.
func TestRaceTwoWhoMakeTheFirstKeyMakeOne(t *testing.T) {
	eachVault(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		require.Empty(t, keysOf(t, env, tenantOf(ctx)), "made when it is needed")
		envs := []*tenancytest.Env{env, secondProcess(t, env, env.Keys), secondProcess(t, env, env.Keys)}
		scopes := make([]context.Context, len(envs))
		for i, e := range envs {
			scopes[i] = e.Enter(t, tenantOf(ctx), "*") //nolint:fatcontext // one for each
		}
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				e, ctx := envs[i%3], scopes[i%3]
				if err := e.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
					return tenancy.Insert(ctx, tx, &Contact{Name: fmt.Sprint(i), Email: canary, Phone: fmt.Sprint("+", i)})
				}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.Equal(t, states{1: tenancy.KeyActive}, keysOf(t, env, tenantOf(ctx)))
		for i, e := range envs {
			require.NoError(t, e.DB.Read(scopes[i], func(ctx context.Context, tx *tenancy.Tx) error {
				rows, err := tenancy.Find[Contact](ctx, tx)
				require.NoError(t, err)
				require.Len(t, rows, 12)
				for _, r := range rows {
					require.Equal(t, canary, r.Email)
					require.Equal(t, "+"+r.Name, r.Phone)
				}
				return nil
			}))
		}
	})
}

func reseal(t *testing.T, env *tenancytest.Env, tenant uuid.UUID, at time.Time) error {
	t.Helper()
	var failed error
	b, err := env.DB.Background(tenancy.BackgroundOptions{Logger: quiet, Jobs: []tenancy.Job{{Name: "tenancy.reseal", Every: time.Second, Tenant: func(ctx context.Context) (bool, error) {
		if tenantOf(ctx) != tenant {
			return false, nil
		}
		more, err := env.DB.Reseal(ctx)
		failed = errors.Join(failed, err)
		return more, err
	}}}})
	require.NoError(t, err)
	_, err = b.Tick(context.Background(), at)
	require.NoError(t, err)
	return failed
}

func TestRotateKey(t *testing.T) {
	eachVault(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		tenant, tenants := tenantOf(ctx), env.DB.Tenants()
		platform := env.Platform(t)
		_, err := tenants.RotateKey(platform, tenant, 1, "yearly")
		require.ErrorIs(t, err, tenancy.ErrNotFound, "nothing was sealed yet")
		c := fillVault(t, env, ctx)

		_, err = tenants.RotateKey(ctx, tenant, 1, "by itself")
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)
		weak, err := env.DB.EnterPlatform(context.Background(), "clerk", tenancy.Permissions{"tenancy.read"})
		require.NoError(t, err)
		_, err = tenants.RotateKey(weak, tenant, 1, "curious")
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = tenants.RotateKey(platform, tenant, 1, " ")
		require.ErrorIs(t, err, tenancy.ErrBadInput)
		_, err = tenants.RotateKey(platform, tenant, 7, "yearly")
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		require.Equal(t, states{1: tenancy.KeyActive}, keysOf(t, env, tenant), "what was refused changed nothing")

		for range 2 { // the second is a retry
			key, err := tenants.RotateKey(platform, tenant, 1, "yearly")
			require.NoError(t, err)
			require.EqualValues(t, 2, key.Version)
		}
		require.Equal(t, states{1: tenancy.KeyRetiring, 2: tenancy.KeyActive}, keysOf(t, env, tenant))
		within(t, env, ctx, func(ctx context.Context, tx *tenancy.Tx) {
			again, err := tenancy.Get[Contact](ctx, tx, c.ID)
			require.NoError(t, err)
			require.Equal(t, c, again, "sealed before, open as before")
			require.NoError(t, tenancy.Insert(ctx, tx, &Contact{Name: "Bob", Email: canary, Phone: canary}))
		})
		require.Equal(t, 1, versions(t, env, tenant, "vault.contacts", "email")[2])

		now := time.Now()
		require.NoError(t, reseal(t, env, tenant, now.Add(time.Second)))
		require.Equal(t, map[int64]int{2: 2}, versions(t, env, tenant, "vault.contacts", "email"))
		require.Equal(t, map[int64]int{2: 2}, versions(t, env, tenant, "vault.contacts", "phone"))
		require.Equal(t, map[int64]int{2: 1}, versions(t, env, tenant, "vault.badges", "holder"), "a key of several types")
		require.Equal(t, map[int64]int{1: 1}, versions(t, env, tenant, "vault.slips", "signer"), "what is recorded is not changed")
		require.Equal(t, map[int64]int{1: 1}, versions(t, env, tenant, "vault.slip_texts", "payer"))
		require.NoError(t, reseal(t, env, tenant, now.Add(time.Minute)))
		require.Equal(t, tenancy.KeyRetiring, keysOf(t, env, tenant)[1], "somebody may still seal under it")
		require.NoError(t, reseal(t, env, tenant, now.Add(2*time.Hour)))
		require.Equal(t, states{1: tenancy.KeyRetired, 2: tenancy.KeyActive}, keysOf(t, env, tenant))

		within(t, env, ctx, func(ctx context.Context, tx *tenancy.Tx) {
			again, err := tenancy.Get[Contact](ctx, tx, c.ID)
			require.NoError(t, err)
			require.Equal(t, c, again)
			slip, err := tenancy.First[Slip](ctx, tx)
			require.NoError(t, err)
			require.Equal(t, canary, slip.Signer, "under the retired version")
			events, err := tenancy.Find[tenancy.Event](ctx, tx, tenancy.Eq("act", "tenancy.reseal"))
			require.NoError(t, err)
			require.Len(t, events, 3, "one for each model that had something, none for each row")
			for _, e := range events {
				require.Equal(t, "system:tenancy.reseal", e.Actor)
				require.Empty(t, e.Verb)
				require.NotContains(t, e.Columns, "@")
			}
		})
		require.Equal(t, []string{"tenancy.create", "tenancy.rotate_key", "tenancy.reseal"}, journalOf(t, env, tenant))
	})
}

// Of two processes that rotate one version at once, one does, and both are told of it.
func TestRaceTwoRotationsOfOneVersionAreOne(t *testing.T) {
	eachVault(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		fillVault(t, env, ctx)
		envs := []*tenancytest.Env{env, secondProcess(t, env, env.Keys)}
		platforms := []context.Context{env.Platform(t), envs[1].Platform(t)}
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				key, err := envs[i%2].DB.Tenants().RotateKey(platforms[i%2], tenantOf(ctx), 1, "test")
				if err != nil || key.Version != 2 {
					t.Error(key, err)
				}
			})
		}
		wg.Wait()
		require.Equal(t, states{1: tenancy.KeyRetiring, 2: tenancy.KeyActive}, keysOf(t, env, tenantOf(ctx)))
		require.Equal(t, []string{"tenancy.create", "tenancy.rotate_key"}, journalOf(t, env, tenantOf(ctx)))
	})
}

// versions counts a column's sealed values by the version of their key.
func versions(t *testing.T, env *tenancytest.Env, tenant uuid.UUID, table, column string) map[int64]int {
	t.Helper()
	out := map[int64]int{}
	for _, s := range stored(t, env, tenant, table, column) {
		var v int64
		if s.String != "" {
			_, err := fmt.Sscanf(s.String, "erp1:%d:", &v)
			require.NoError(t, err)
			out[v]++
		}
	}
	return out
}

func journalOf(t *testing.T, env *tenancytest.Env, tenant uuid.UUID) (acts []string) {
	t.Helper()
	rows, err := env.Control(t).Query("SELECT act FROM " + strings.Replace(control(env), "tenants", "platform_journal", 1) + " WHERE tenant_id = '" + tenant.String() + "' ORDER BY id")
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var act string
		require.NoError(t, rows.Scan(&act))
		acts = append(acts, act)
	}
	require.NoError(t, rows.Err())
	return acts
}

// Many rows are sealed anew piece by piece; whoever is killed on the way leaves the rest to be found; a row that does not open
// keeps nobody else's back.
func TestResealInPieces(t *testing.T) {
	eachVault(t, func(t *testing.T, env *tenancytest.Env) {
		tenancy.SmallPieces(env.DB, 50)
		defer tenancy.SmallPieces(env.DB, 500)
		ctx := env.Tenant(t)
		tenant := tenantOf(ctx)
		const many = 123
		within(t, env, ctx, func(ctx context.Context, tx *tenancy.Tx) {
			contacts, badges := make([]*Contact, many), make([]*Badge, many)
			for i := range many {
				contacts[i] = &Contact{Name: fmt.Sprint(i), Phone: fmt.Sprint("+", i)}
				badges[i] = &Badge{Door: fmt.Sprint("d", i%3), Day: day().AddDays(i % 5), Seq: int64(i), Holder: fmt.Sprint("h", i)}
			}
			b := tx.Batch()
			tenancy.Put(b, contacts)
			tenancy.Put(b, badges)
			require.NoError(t, b.Run(ctx))
		})
		_, err := env.DB.Tenants().RotateKey(env.Platform(t), tenant, 1, "test")
		require.NoError(t, err)
		more, err := env.DB.Reseal(ctx)
		require.NoError(t, err)
		require.True(t, more)
		require.Equal(t, map[int64]int{2: 50, 1: many - 50}, versions(t, env, tenant, "vault.badges", "holder"), "one piece is bounded")

		other := secondProcess(t, env, env.Keys) // this process is not heard of again
		tenancy.SmallPieces(other.DB, 50)
		there := other.Enter(t, tenant, "*")
		pieces := 0
		for more := true; more; pieces++ {
			more, err = other.DB.Reseal(there)
			require.NoError(t, err)
		}
		require.Equal(t, map[int64]int{2: many}, versions(t, env, tenant, "vault.badges", "holder"))
		require.Equal(t, map[int64]int{2: many}, versions(t, env, tenant, "vault.contacts", "phone"))
		require.Less(t, pieces, 12)
		within(t, env, ctx, func(ctx context.Context, tx *tenancy.Tx) {
			rows, err := tenancy.Find[Badge](ctx, tx)
			require.NoError(t, err)
			for _, r := range rows {
				require.Equal(t, fmt.Sprint("h", r.Seq), r.Holder)
			}
		})

		_, err = env.DB.Tenants().RotateKey(env.Platform(t), tenant, 2, "again")
		require.NoError(t, err)
		_, err = env.Owner(t, tenant).Exec(env.SQL("UPDATE vault.badges SET holder = 'spoilt' WHERE tenant_id = '" + tenant.String() + "' AND seq = 0"))
		require.NoError(t, err)
		require.ErrorIs(t, reseal(t, env, tenant, time.Now().Add(3*time.Hour)), tenancy.ErrKey)
		require.NoError(t, errOf(env.Owner(t, tenant).Exec(env.SQL("DELETE FROM vault.contacts WHERE tenant_id = '"+tenant.String()+"'"))))
		require.ErrorIs(t, reseal(t, env, tenant, time.Now().Add(30*time.Hour)), tenancy.ErrKey)
		require.Equal(t, tenancy.KeyRetiring, keysOf(t, env, tenant)[2], "what does not open may be under it")
		require.NoError(t, errOf(env.Owner(t, tenant).Exec(env.SQL("UPDATE vault.badges SET holder = '' WHERE tenant_id = '"+tenant.String()+"' AND seq = 0"))))
		require.Equal(t, map[int64]int{3: many - 1}, versions(t, env, tenant, "vault.badges", "holder"))
		require.NoError(t, reseal(t, env, tenant, time.Now().Add(90*time.Hour)))
		require.Equal(t, states{1: tenancy.KeyRetired, 2: tenancy.KeyRetired, 3: tenancy.KeyActive}, keysOf(t, env, tenant))
	})
}

func errOf[T any](_ T, err error) error { return err }

// Two processes write and read while keys are rotated, rows sealed anew and the master key changed: nobody is refused, and
// nobody reads anything but what was written.
func TestRaceRotationUnderLoad(t *testing.T) {
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: []tenancy.Module{vault}, Clock: time.Now})
			ctx := env.Tenant(t)
			tenant := tenantOf(ctx)
			envs := []*tenancytest.Env{env, secondProcess(t, env, env.Keys)}
			scopes := []context.Context{ctx, envs[1].Enter(t, tenant, "*")}
			var written atomic.Int64
			done := make(chan struct{})
			var wg sync.WaitGroup
			stop := sync.OnceFunc(func() { close(done); wg.Wait() })
			defer stop()
			for i := range 4 {
				e, ctx := envs[i%2], scopes[i%2]
				wg.Go(func() {
					for n := 0; ; n++ {
						select {
						case <-done:
							return
						default:
						}
						if n%5 == 0 {
							tenancy.AgeKeys(e.DB, time.Minute)
						}
						if err := writeAndRead(e.DB, ctx, i, n); err != nil {
							t.Error(err)
							return
						}
						written.Add(1)
					}
				})
			}
			platform := env.Platform(t)
			version := int64(1)
			atLeast := func(n int64) {
				require.Eventually(t, func() bool { return t.Failed() || written.Load() >= n }, 30*time.Second, time.Millisecond)
			}
			atLeast(4)
			for round := int64(1); round <= 4; round++ {
				key, err := envs[round%2].DB.Tenants().RotateKey(envs[round%2].Platform(t), tenant, version, "test")
				require.NoError(t, err)
				version = key.Version
				require.NoError(t, env.Keys.Rotate(ctx))
				for more := true; more; {
					more, err = envs[round%2].DB.Reseal(scopes[round%2])
					require.NoError(t, err)
				}
				before := time.Now()
				for n := 1; n > 0; {
					n, err = env.DB.Tenants().RewrapKeys(platform, before, 2)
					require.NoError(t, err)
				}
				require.NoError(t, env.Keys.DropOld(ctx))
				atLeast(written.Load() + 4)
			}
			stop()
			require.EqualValues(t, 5, version)
			for range 2 {
				require.NoError(t, reseal(t, env, tenant, time.Now().Add(24*time.Hour)))
			}
			for range 2 {
				require.NoError(t, reseal(t, env, tenant, time.Now().Add(48*time.Hour)))
			}
			require.Equal(t, states{1: "retired", 2: "retired", 3: "retired", 4: "retired", 5: "active"}, keysOf(t, env, tenant))
			last := versions(t, env, tenant, "vault.contacts", "email")
			require.Len(t, last, 1, "%v", last)
			fresh := secondProcess(t, env, env.Keys) // with the last master key alone
			require.NoError(t, fresh.DB.Read(fresh.Enter(t, tenant, "*"), func(ctx context.Context, tx *tenancy.Tx) error {
				return tenancy.Stream(ctx, tx, func(c *Contact) error {
					require.Equal(t, c.Name+"@example.org", c.Email)
					return nil
				})
			}))
		})
	}
}

// writeAndRead adds a contact, changes it, and reads the oldest, which are sealed anew again and again.
func writeAndRead(db *tenancy.DB, ctx context.Context, who, n int) error {
	return db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		c := &Contact{Name: fmt.Sprint(who, "-", n), Email: "before"}
		if err := tenancy.Insert(ctx, tx, c); err != nil {
			return err
		}
		c.Email = c.Name + "@example.org"
		if err := tenancy.Update(ctx, tx, c, "email"); err != nil {
			return err
		}
		rows, err := tenancy.Find[Contact](ctx, tx, tenancy.OrderBy("id"), tenancy.Limit(100))
		for _, r := range rows {
			if r.Email != r.Name+"@example.org" {
				return fmt.Errorf("%s has %s", r.Name, r.Email) //nolint:err113 // a test's
			}
		}
		return err
	})
}

func TestRewrapKeys(t *testing.T) {
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: []tenancy.Module{vault}, Clock: func() time.Time { return now }})
			var scopes []context.Context
			for range 5 {
				ctx := env.Tenant(t)
				fillVault(t, env, ctx)
				scopes = append(scopes, ctx)
			}
			tenants, platform := env.DB.Tenants(), env.Platform(t)
			_, err := tenants.RewrapKeys(scopes[0], now, 1)
			require.ErrorIs(t, err, tenancy.ErrNotPlatform)
			_, err = tenants.RewrapKeys(platform, now.Add(time.Second), 1)
			require.ErrorIs(t, err, tenancy.ErrBadInput)
			require.NoError(t, env.Keys.Rotate(t.Context()))
			now = now.Add(time.Minute)
			var done []int
			for n := 1; n > 0; {
				n, err = tenants.RewrapKeys(platform, now, 2)
				require.NoError(t, err)
				done = append(done, n)
			}
			require.Equal(t, []int{2, 2, 1, 0}, done)
			var lines int
			require.NoError(t, env.Control(t).QueryRow("SELECT count(*) FROM "+strings.Replace(control(env), "tenants", "platform_journal", 1)+" WHERE act = 'tenancy.rewrap_keys'").Scan(&lines))
			require.Equal(t, 3, lines)
			require.NoError(t, env.Keys.DropOld(t.Context()))
			other := secondProcess(t, env, env.Keys)
			for _, ctx := range scopes {
				for _, e := range []*tenancytest.Env{env, other} {
					require.NoError(t, e.DB.Read(e.Enter(t, tenantOf(ctx), "*"), func(ctx context.Context, tx *tenancy.Tx) error {
						c, err := tenancy.First[Contact](ctx, tx)
						require.NoError(t, err)
						require.Equal(t, canary, c.Email)
						return nil
					}))
				}
			}
			// Dropped too early: said at the next start, and a rewrapping says it too.
			require.NoError(t, env.Keys.Rotate(t.Context()))
			require.NoError(t, env.Keys.DropOld(t.Context()))
			_, err = tenancy.Open(context.Background(), env.Engine, tenancy.Options{Modules: []tenancy.Module{vault}, Keys: env.Keys})
			require.ErrorIs(t, err, tenancy.ErrKey)
			now = now.Add(time.Minute)
			n, err := tenants.RewrapKeys(platform, now, 2)
			require.ErrorIs(t, err, tenancy.ErrKey)
			require.Zero(t, n)
		})
	}
}

// A wrapped key in another tenant's place, or another version's, does not unwrap.
func TestAWrappedKeyIsBoundToItsTenant(t *testing.T) {
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: []tenancy.Module{vault}, Clock: time.Now})
			a, b := env.Tenant(t), env.Tenant(t)
			fillVault(t, env, a)
			fillVault(t, env, b)
			table := strings.Replace(control(env), "tenants", "tenant_keys", 1)
			_, err := env.Control(t).Exec("UPDATE " + table + " SET wrapped = (SELECT wrapped FROM " + table + " WHERE tenant_id = '" + tenantOf(a).String() + "') WHERE tenant_id = '" + tenantOf(b).String() + "'")
			require.NoError(t, err)
			_, err = tenancy.Open(context.Background(), env.Engine, tenancy.Options{Modules: []tenancy.Module{vault}, Keys: env.Keys})
			require.ErrorIs(t, err, tenancy.ErrKey)
		})
	}
}

// copyOf takes what a tenant has before it is purged; the function puts it back and makes the tenant active, as whoever has a
// backup and the database could.
func copyOf(t *testing.T, env *tenancytest.Env, tenant uuid.UUID) (restore func()) {
	t.Helper()
	owner := env.Owner(t, tenant)
	revive := func() {
		_, err := env.Control(t).Exec("UPDATE " + control(env) + " SET state = 'active', name = 'back', time_zone = 'UTC', placement = '" +
			map[string]string{"sqlite": "sqlite:file", "postgres": "postgres:shared"}[env.Name] + "' WHERE id = '" + tenant.String() + "'")
		require.NoError(t, err)
	}
	if env.Name == "sqlite" {
		_, err := owner.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
		require.NoError(t, err)
		path := filepath.Join(env.Dir(), "tenants", tenant.String()+".db")
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, owner.Close())
		return func() {
			require.NoError(t, os.WriteFile(path, data, 0o600))
			revive()
		}
	}
	copied := "copy_" + strings.ReplaceAll(tenant.String(), "-", "")
	_, err := owner.Exec("CREATE TABLE public." + copied + " AS SELECT * FROM vault.contacts WHERE tenant_id = '" + tenant.String() + "'")
	require.NoError(t, err)
	return func() {
		_, err := owner.Exec("INSERT INTO vault.contacts SELECT * FROM public." + copied)
		require.NoError(t, err)
		_, err = owner.Exec("INSERT INTO erp.tenant_gates (tenant_id, state, turn) VALUES ('" + tenant.String() + "', 'active', 99)")
		require.NoError(t, err)
		revive()
	}
}

func TestAPurgeDestroysTheKey(t *testing.T) {
	eachVault(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		tenant := tenantOf(ctx)
		c := fillVault(t, env, ctx)
		tenants, platform := env.DB.Tenants(), env.Platform(t)
		_, err := tenants.RotateKey(platform, tenant, 1, "test")
		require.NoError(t, err)
		require.ErrorIs(t, tenants.DestroyKey(platform, tenant, "too early"), tenancy.ErrTenantConflict)
		require.ErrorIs(t, tenants.DestroyKey(ctx, tenant, "by itself"), tenancy.ErrNotPlatform)
		require.ErrorIs(t, tenants.DestroyKey(platform, tenant, ""), tenancy.ErrBadInput)
		require.ErrorIs(t, tenants.DestroyKey(platform, tenancy.NewID(), "who"), tenancy.ErrNotFound)

		restore := copyOf(t, env, tenant)
		restored := func(e *tenancytest.Env) error {
			return e.DB.Read(e.Enter(t, tenant, "*"), func(ctx context.Context, tx *tenancy.Tx) error {
				rows, err := tenancy.Find[Contact](ctx, tx)
				if err == nil {
					require.Equal(t, c.Email, rows[0].Email)
				}
				return err
			})
		}
		require.NoError(t, restored(env), "as long as there is a key")
		_, err = tenants.Cancel(platform, tenant, "they left")
		require.NoError(t, err)
		_, err = tenants.PurgeNow(platform, tenant, "they left", "letter 1")
		require.NoError(t, err)
		require.Equal(t, states{1: tenancy.KeyDestroyed, 2: tenancy.KeyDestroyed}, keysOf(t, env, tenant))
		_, err = tenants.RotateKey(platform, tenant, 2, "after")
		require.ErrorIs(t, err, tenancy.ErrKeyDestroyed)
		require.NoError(t, tenants.DestroyKey(platform, tenant, "again"), "changes nothing")
		require.Equal(t, 1, strings.Count(strings.Join(journalOf(t, env, tenant), " "), "tenancy.destroy_key"))

		// Whoever has the data, the control database and the master key has nothing to read, nor to write with.
		restore()
		for _, e := range []*tenancytest.Env{env, secondProcess(t, env, env.Keys)} {
			require.ErrorIs(t, restored(e), tenancy.ErrKeyDestroyed)
			require.ErrorIs(t, e.DB.Tx(e.Enter(t, tenant, "*"), func(ctx context.Context, tx *tenancy.Tx) error {
				return tenancy.Insert(ctx, tx, &Contact{Name: "new", Email: canary})
			}), tenancy.ErrKeyDestroyed)
		}
		table := strings.Replace(control(env), "tenants", "tenant_keys", 1)
		where := " WHERE tenant_id = '" + tenant.String() + "' AND version = 1"
		for _, stmt := range []string{"UPDATE " + table + " SET state = 'active', wrapped = 'AAAA'" + where, "UPDATE " + table + " SET state = 'retired', wrapped = 'AAAA'" + where,
			"UPDATE " + table + " SET wrapped = 'AAAA'" + where, "DELETE FROM " + table + where, "UPDATE " + table + " SET version = 9" + where} {
			_, err := env.Control(t).Exec(stmt)
			require.Error(t, err, stmt)
		}
	})
}

// Another process that has the key in memory notices within a minute.
func TestADestroyedKeyIsForgottenElsewhere(t *testing.T) {
	eachVault(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		tenant := tenantOf(ctx)
		fillVault(t, env, ctx)
		other := secondProcess(t, env, env.Keys)
		there := other.Enter(t, tenant, "*")
		look := func() error {
			return other.DB.Read(there, func(ctx context.Context, tx *tenancy.Tx) error {
				_, err := tenancy.Find[Contact](ctx, tx)
				return err
			})
		}
		require.NoError(t, look())
		table := strings.Replace(control(env), "tenants", "tenant_keys", 1)
		_, err := env.Control(t).Exec("UPDATE " + table + " SET state = 'destroyed', wrapped = NULL WHERE tenant_id = '" + tenant.String() + "'")
		require.NoError(t, err)
		tenancy.AgeKeys(other.DB, time.Minute)
		require.ErrorIs(t, look(), tenancy.ErrKeyDestroyed)
	})
}

// A purge whose process ended behind the data and before the key, or behind the key and before the end, is completed.
func TestAPurgeCutShortAtItsKey(t *testing.T) {
	eachVault(t, func(t *testing.T, env *tenancytest.Env) {
		for _, destroyed := range []bool{false, true} {
			ctx := env.Tenant(t)
			tenant := tenantOf(ctx)
			fillVault(t, env, ctx)
			_, err := env.Control(t).Exec("UPDATE " + control(env) + " SET state = 'purging' WHERE id = '" + tenant.String() + "'")
			require.NoError(t, err)
			_, err = env.DB.Tenants().RotateKey(env.Platform(t), tenant, 1, "too late")
			require.ErrorIs(t, err, tenancy.ErrTenantConflict)
			if destroyed { // as for a place that cannot be reached
				require.NoError(t, env.DB.Tenants().DestroyKey(env.Platform(t), tenant, "the server is gone"))
			}
			for range 3 {
				if _, err = env.DB.Tenants().CompletePending(env.Platform(t), 1000); err == nil {
					break
				}
			}
			require.NoError(t, err)
			got, err := env.DB.Tenants().Get(env.Platform(t), tenant)
			require.NoError(t, err)
			require.Equal(t, tenancy.StatePurged, got.State)
			require.Equal(t, states{1: tenancy.KeyDestroyed}, keysOf(t, env, tenant))
		}
	})
}

func TestKeysInMemoryAreThoseInUse(t *testing.T) {
	env := tenancytest.Open(t, "sqlite", tenancytest.Options{Modules: []tenancy.Module{vault}, Clock: time.Now})
	require.NoError(t, env.DB.Read(env.Tenant(t), func(ctx context.Context, tx *tenancy.Tx) error {
		_, err := tenancy.Find[Contact](ctx, tx)
		return err
	}))
	require.Zero(t, tenancy.KeyringsKnown(env.DB))
	busy := env.Tenant(t)
	fillVault(t, env, env.Tenant(t))
	fillVault(t, env, busy)
	require.Equal(t, 2, tenancy.KeyringsKnown(env.DB))
	tenancy.AgeKeys(env.DB, 11*time.Minute)
	fillVault(t, env, busy)
	require.Equal(t, 1, tenancy.KeyringsKnown(env.DB), "nobody needs the other's")
}
