package tenancy_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/sqlite"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// kinds are one placement of each kind.
var kinds = map[string]tenancytest.At{
	"shared": {Engine: "postgres", Region: "eu"},
	"own":    {Engine: "postgres", Region: "eu", Dedicated: true},
	"files":  {Engine: "sqlite", Region: "eu"},
	"demo":   {Engine: "sqlite"},
}

func fleet(t *testing.T, control string, opt tenancytest.Options) *tenancytest.Fleet {
	t.Helper()
	opt.Modules = []tenancy.Module{library}
	if opt.StateMaxAge == 0 {
		opt.StateMaxAge = time.Millisecond
	}
	return tenancytest.Placements(t, opt, control, "", kinds)
}

// threePlaces is a fleet that tests share, with the control database at one of its placements.
func threePlaces(t *testing.T, control string) *tenancytest.Fleet {
	t.Helper()
	return tenancytest.SharedPlacements(t, control, tenancytest.Options{Modules: []tenancy.Module{library}, StateMaxAge: time.Millisecond}, control, "", kinds)
}

// eachControl runs fn with the control database on either engine.
func eachControl(t *testing.T, fn func(t *testing.T, f *tenancytest.Fleet)) {
	t.Helper()
	for _, control := range []string{"shared", "files"} {
		t.Run("control at "+control, func(t *testing.T) { fn(t, threePlaces(t, control)) })
	}
}

// eachControlAlone is eachControl for tests that leave behind what would be in others' way.
func eachControlAlone(t *testing.T, fn func(t *testing.T, f *tenancytest.Fleet)) {
	t.Helper()
	for _, control := range []string{"shared", "files"} {
		t.Run("control at "+control, func(t *testing.T) { fn(t, fleet(t, control, tenancytest.Options{})) })
	}
}

// settle makes a tenant at a placement.
func settle(t *testing.T, f *tenancytest.Fleet, placement string) tenancy.Tenant {
	t.Helper()
	made, err := f.DB.Tenants().Create(f.Control.Platform(t), tenancy.NewTenant{Name: placement, TimeZone: "Europe/London", Region: kinds[placement].Region, Placement: placement})
	require.NoError(t, err)
	return made
}

// occupy makes a tenant at the dedicated placement, which is free again when the test is over.
func occupy(t *testing.T, f *tenancytest.Fleet) tenancy.Tenant {
	t.Helper()
	made := settle(t, f, "own")
	t.Cleanup(func() { depart(t, f, made.ID) })
	return made
}

// depart purges a tenant.
func depart(t *testing.T, f *tenancytest.Fleet, tenant uuid.UUID) {
	t.Helper()
	_, err := f.DB.Tenants().Cancel(f.Control.Platform(t), tenant, "they left")
	require.NoError(t, err)
	_, err = f.DB.Tenants().PurgeNow(f.Control.Platform(t), tenant, "they left", "letter")
	require.NoError(t, err)
}

func TestPlacementsSideBySide(t *testing.T) {
	eachControl(t, func(t *testing.T, f *tenancytest.Fleet) {
		ctx := map[string]context.Context{}
		for name := range kinds {
			made := settle(t, f, name)
			require.Equal(t, name, made.Placement)
			ctx[name] = f.Control.Enter(t, made.ID, "*") //nolint:fatcontext // one for each
			require.NoError(t, f.DB.Tx(ctx[name], func(ctx context.Context, tx *tenancy.Tx) error {
				if err := tenancy.Insert(ctx, tx, &Author{Name: "of " + name}); err != nil {
					return err
				}
				refs, err := tx.References(ctx)
				require.NoError(t, err)
				require.NotEmpty(t, refs, "read from the tenant's own database")
				return nil
			}))
			for other, env := range f.At {
				require.Equal(t, other == name, env.Holds(t, made.ID)["lib.authors"] == 1, "%s in %s", name, other)
			}
		}
		for name := range kinds {
			require.NoError(t, f.DB.Read(ctx[name], func(ctx context.Context, tx *tenancy.Tx) error {
				all, err := tenancy.Find[Author](ctx, tx)
				require.NoError(t, err)
				require.Len(t, all, 1)
				require.Equal(t, "of "+name, all[0].Name)
				return nil
			}))
			id := tenancy.ScopeOf(ctx[name]).TenantID()
			depart(t, f, id)
			require.Empty(t, f.At[name].Holds(t, id))
		}
		occupy(t, f) // which is free again
	})
}

// Work that goes round all tenants finds each at its place.
func TestBackgroundWorkReachesEveryPlacement(t *testing.T) {
	eachControlAlone(t, func(t *testing.T, f *tenancytest.Fleet) {
		want := map[uuid.UUID]bool{}
		for name := range kinds {
			want[settle(t, f, name).ID] = true
		}
		lost := settle(t, f, "files")
		require.NoError(t, os.Remove(filepath.Join(f.At["files"].Dir(), "tenants", lost.ID.String()+".db")))
		var mu sync.Mutex
		done := map[uuid.UUID]bool{}
		work, err := f.DB.Background(tenancy.BackgroundOptions{Jobs: []tenancy.Job{{Name: "test.write", Every: time.Hour, Tenant: func(ctx context.Context) (bool, error) {
			err := f.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				return tenancy.Insert(ctx, tx, &Author{Name: "nightly"})
			})
			mu.Lock()
			defer mu.Unlock()
			done[tenancy.ScopeOf(ctx).TenantID()] = true
			return false, err
		}}}})
		require.NoError(t, err)
		ticked, err := work.Tick(context.Background(), time.Now().Add(time.Minute))
		require.NoError(t, err)
		require.Equal(t, tenancy.Ticked{Ran: len(kinds), Failed: 1}, ticked)
		require.Equal(t, want, done)
		failures, err := work.Failures(f.Control.Platform(t), 10)
		require.NoError(t, err)
		require.Len(t, failures, 1)
		require.Equal(t, lost.ID.String(), failures[0].TenantID)
		require.Equal(t, tenancy.ErrPlacement.Code, failures[0].Failure, "no file is made for it, and it does not look empty")
	})
}

// What was cut short is completed at its place, by whoever opens next.
func TestCreationsAreCompletedAtEveryPlacement(t *testing.T) {
	eachControlAlone(t, func(t *testing.T, f *tenancytest.Fleet) {
		control := f.Control.Control(t)
		cut := map[string]tenancy.Tenant{}
		for _, name := range []string{"shared", "files", "demo"} {
			made := settle(t, f, name)
			cut[name] = made
			forget(t, f.At[name], made.ID)
			_, err := control.Exec("UPDATE " + tenantsTable(f.Control) + " SET state = 'creating' WHERE id = '" + made.ID.String() + "'")
			require.NoError(t, err)
		}
		elsewhere := settle(t, f, "demo")
		_, err := control.Exec("UPDATE " + tenantsTable(f.Control) + " SET state = 'creating', placement = 'gone' WHERE id = '" + elsewhere.ID.String() + "'")
		require.NoError(t, err)
		db := f.Open(t, tenancytest.Options{Modules: []tenancy.Module{library}})
		for name, made := range cut {
			_, err := db.Enter(context.Background(), made.ID, "tester", nil)
			require.NoError(t, err, name)
		}
		_, err = db.Enter(context.Background(), elsewhere.ID, "tester", nil)
		require.ErrorIs(t, err, tenancy.ErrTenantNotReady, "one that cannot be completed keeps nobody else waiting")
		platform, err := db.EnterPlatform(context.Background(), "tester", tenancy.Permissions{"*"})
		require.NoError(t, err)
		_, err = db.Tenants().CompletePending(platform, 10)
		require.ErrorIs(t, err, tenancy.ErrPlacement, "and is spoken of")
	})
}

// forget takes from a placement all that it has of a tenant, as its owner.
func forget(t *testing.T, env *tenancytest.Env, tenant uuid.UUID) {
	t.Helper()
	if env.Name == "sqlite" {
		require.NoError(t, os.Remove(filepath.Join(env.Dir(), "tenants", tenant.String()+".db")))
		return
	}
	owner := env.Owner(t, tenant)
	for _, table := range []string{"erp.audit_events", "erp.tenant_gates"} {
		_, err := owner.Exec("ALTER TABLE " + table + " DISABLE TRIGGER USER; DELETE FROM " + table + " WHERE tenant_id = '" + tenant.String() + "'; " +
			"DO $$ DECLARE n name; BEGIN FOR n IN SELECT tgname FROM pg_trigger WHERE tgrelid = '" + table + "'::regclass AND NOT tgisinternal LOOP " +
			"EXECUTE format('ALTER TABLE " + table + " ENABLE ALWAYS TRIGGER %I', n); END LOOP; END $$")
		require.NoError(t, err)
	}
}

func tenantsTable(env *tenancytest.Env) string { return control(env) }

// Control data that lead a tenant astray are refused, by name, and never end at a default or in an empty tenant.
func TestATenantIsLookedForAtItsPlacementOnly(t *testing.T) {
	eachControlAlone(t, func(t *testing.T, f *tenancytest.Fleet) {
		for name := range kinds {
			made := settle(t, f, name)
			ctx := f.Control.Enter(t, made.ID, "*")
			set := func(column, value string) {
				_, err := f.Control.Control(t).Exec(fmt.Sprintf("UPDATE %s SET %s = '%s' WHERE id = '%s'", tenantsTable(f.Control), column, value, made.ID))
				require.NoError(t, err)
			}
			refused := func(why error, msg string) {
				t.Helper()
				require.Eventually(t, func() bool { // within StateMaxAge
					return errors.Is(f.DB.Read(ctx, func(context.Context, *tenancy.Tx) error { return nil }), why)
				}, 5*time.Second, time.Millisecond, msg)
				_, err := f.DB.Enter(context.Background(), made.ID, "tester", nil)
				require.ErrorIs(t, err, why, msg)
			}
			for other, at := range kinds {
				if other == name {
					continue
				}
				set("placement", other)
				set("region", at.Region)
				refused(tenancy.ErrPlacement, "of "+name+", led to "+other)
				if at.Region != kinds[name].Region {
					set("region", kinds[name].Region)
					refused(tenancy.ErrRegion, "of "+name+", led to "+other+" in another region")
				}
			}
			set("region", kinds[name].Region)
			for _, placement := range []string{"", "nowhere", "postgres:shared", "sqlite:file"} {
				set("placement", placement)
				refused(tenancy.ErrPlacement, "led to "+placement)
			}
			set("placement", name)
			set("region", "us")
			refused(tenancy.ErrRegion, "of another region")
			set("region", kinds[name].Region)
			require.Eventually(t, func() bool {
				return f.DB.Read(ctx, func(context.Context, *tenancy.Tx) error { return nil }) == nil
			}, 5*time.Second, time.Millisecond)
			forget(t, f.At[name], made.ID)
			refused(tenancy.ErrPlacement, "not there any more")
			if name == "own" { // so that the test's next tenant may have it
				break
			}
		}
	})
}

func TestRegionIsThePlacements(t *testing.T) {
	eachControlAlone(t, func(t *testing.T, f *tenancytest.Fleet) {
		platform := f.Control.Platform(t)
		write := func(context.Context, *tenancy.Importing) error { t.Error("written where it may not lie"); return nil }
		for _, c := range []struct {
			placement, region string
			why               error
		}{
			{"shared", "", tenancy.ErrRegion}, {"shared", "us", tenancy.ErrRegion}, {"files", "EU", tenancy.ErrBadInput}, {"files", "us", tenancy.ErrRegion}, {"demo", "eu", tenancy.ErrRegion},
			{"", "eu", tenancy.ErrPlacement}, {"nowhere", "eu", tenancy.ErrPlacement}, {"nowhere", "", tenancy.ErrPlacement},
		} {
			in := tenancy.NewTenant{Name: "A", Region: c.region, Placement: c.placement}
			_, err := f.DB.Tenants().Create(platform, in)
			require.ErrorIs(t, err, c.why, "%+v", c)
			_, err = f.DB.Tenants().Import(platform, in, "archive", write)
			require.ErrorIs(t, err, c.why, "%+v", c)
		}
		list, err := f.DB.Tenants().List(platform, uuid.Nil, 10)
		require.NoError(t, err)
		require.Empty(t, list, "what is refused changes nothing")
		in := tenancy.NewTenant{Name: "A", Region: "eu", Placement: "shared", Reference: "a"}
		made, err := f.DB.Tenants().Create(platform, in)
		require.NoError(t, err)
		require.Equal(t, "eu", made.Region)
		again, err := f.DB.Tenants().Create(platform, in)
		require.NoError(t, err)
		require.Equal(t, made.ID, again.ID)
		in.Region, in.Placement = "", "demo"
		_, err = f.DB.Tenants().Create(platform, in)
		require.ErrorIs(t, err, tenancy.ErrDuplicate)
		imported, err := f.DB.Tenants().Import(platform, tenancy.NewTenant{Name: "B", TimeZone: "Europe/London", Region: "eu", Placement: "files"}, "archive", newShelf().write)
		require.NoError(t, err)
		require.Equal(t, 2, f.At["files"].Holds(t, imported.ID)["lib.books"])
	})
}

// Of many creations at once, one gets a dedicated placement.
func TestRaceADedicatedPlacementIsForOne(t *testing.T) {
	eachControlAlone(t, func(t *testing.T, f *tenancytest.Fleet) {
		platform := f.Control.Platform(t)
		second := f.Open(t, tenancytest.Options{Modules: []tenancy.Module{library}})
		rival, err := second.EnterPlatform(context.Background(), "rival", tenancy.Permissions{"*"})
		require.NoError(t, err)
		var wg sync.WaitGroup
		results := make(chan error, 16)
		for i := range cap(results) {
			wg.Go(func() {
				in := tenancy.NewTenant{Name: "A", Region: "eu", Placement: "own", Reference: fmt.Sprint(i)}
				var err error
				switch {
				case i%4 == 0:
					_, err = f.DB.Tenants().Import(platform, in, "archive", newShelf().write)
				case i%2 == 0:
					_, err = f.DB.Tenants().Create(platform, in)
				default:
					_, err = second.Tenants().Create(rival, in)
				}
				results <- err
			})
		}
		wg.Wait()
		close(results)
		won := 0
		for err := range results {
			if err == nil {
				won++
				continue
			}
			require.ErrorIs(t, err, tenancy.ErrDedicated)
		}
		require.Equal(t, 1, won)
		list, err := f.DB.Tenants().List(platform, uuid.Nil, 20)
		require.NoError(t, err)
		require.Len(t, list, 1, "who was refused left nothing")
	})
}

func TestPlacementsThatCannotBeMeant(t *testing.T) {
	eng := sqlite.Engine{Dir: t.TempDir(), Unsynced: true}
	one := map[string]tenancy.Placement{"a": {Engine: eng}}
	for name, p := range map[string]tenancy.Placements{
		"none":                 {},
		"no control":           {At: one},
		"control elsewhere":    {Control: "b", At: one},
		"default elsewhere":    {Control: "a", Default: "b", At: one},
		"default for one":      {Control: "a", Default: "b", At: map[string]tenancy.Placement{"a": one["a"], "b": {Engine: eng, Dedicated: true}}},
		"no engine":            {Control: "a", At: map[string]tenancy.Placement{"a": {}}},
		"no name":              {Control: "", At: map[string]tenancy.Placement{"": {Engine: eng}}},
		"a name with a quote":  {Control: "a'", At: map[string]tenancy.Placement{"a'": {Engine: eng}}},
		"a region with spaces": {Control: "a", At: map[string]tenancy.Placement{"a": {Engine: eng, Region: "the EU"}}},
		"placements within":    {Control: "a", At: map[string]tenancy.Placement{"a": {Engine: tenancy.Placements{Control: "a", At: one}}}},
	} {
		_, err := tenancy.Open(context.Background(), p, tenancy.Options{Migrate: true, Modules: []tenancy.Module{library}})
		require.ErrorIs(t, err, tenancy.ErrBadInput, name)
	}
}

// The same database under two names, whatever the way there, is refused; so is another program's control database.
func TestPlacementsAreDifferentDatabases(t *testing.T) {
	f := fleet(t, "shared", tenancytest.Options{})
	settle(t, f, "shared")
	settle(t, f, "own")
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(f.At["files"].Dir(), link))
	open := func(control string, at map[string]tenancy.Placement) error {
		db, err := tenancy.Open(context.Background(), tenancy.Placements{Control: control, At: at}, tenancy.Options{Modules: []tenancy.Module{library}})
		if err == nil {
			require.NoError(t, db.Close())
		}
		return err
	}
	with := func(name string, p tenancy.Placement) map[string]tenancy.Placement {
		out := map[string]tenancy.Placement{name: p}
		for n, at := range f.Engine.At {
			if _, there := out[n]; !there {
				out[n] = at
			}
		}
		return out
	}
	require.NoError(t, open("shared", f.Engine.At))
	for name, at := range map[string]map[string]tenancy.Placement{
		"PostgreSQL twice":         with("again", f.Engine.At["shared"]),
		"a directory by its link":  with("again", tenancy.Placement{Engine: sqlite.Engine{Dir: link}}),
		"a directory by its other": with("again", tenancy.Placement{Engine: sqlite.Engine{Dir: f.At["files"].Dir() + "/../" + filepath.Base(f.At["files"].Dir())}}),
	} {
		require.ErrorIs(t, open("shared", at), tenancy.ErrPlacement, name)
	}
	require.ErrorIs(t, open("own", f.Engine.At), tenancy.ErrPlacement, "the control database of before")

	_, err := f.Control.Control(t).Exec("UPDATE " + tenantsTable(f.Control) + " SET placement = 'own'")
	require.NoError(t, err)
	require.ErrorIs(t, open("shared", f.Engine.At), tenancy.ErrPlacement, "two tenants where there is to be one")
}

// A program with one engine goes on as it is, and can be given more placements later.
func TestFromOneEngineToSeveral(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	opt := tenancy.Options{Migrate: true, Modules: []tenancy.Module{library}}
	db, err := tenancy.Open(ctx, sqlite.Engine{Dir: dir, Unsynced: true}, opt)
	require.NoError(t, err)
	platform, err := db.EnterPlatform(ctx, "tester", tenancy.Permissions{"*"})
	require.NoError(t, err)
	_, err = db.Tenants().Create(platform, tenancy.NewTenant{Name: "A", Region: "eu"})
	require.ErrorIs(t, err, tenancy.ErrRegion, "one engine alone promises no region")
	_, err = db.Tenants().Create(platform, tenancy.NewTenant{Name: "A", Placement: "elsewhere"})
	require.ErrorIs(t, err, tenancy.ErrPlacement)
	made, err := db.Tenants().Create(platform, tenancy.NewTenant{Name: "A"})
	require.NoError(t, err)
	require.NoError(t, db.Close())
	db, err = tenancy.Open(ctx, tenancy.Placements{Control: "sqlite:file", At: map[string]tenancy.Placement{
		"sqlite:file": {Engine: sqlite.Engine{Dir: dir, Unsynced: true}}, "more": {Engine: sqlite.Engine{Dir: t.TempDir(), Unsynced: true}}}}, opt)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.Enter(ctx, made.ID, "tester", nil)
	require.NoError(t, err)
}
