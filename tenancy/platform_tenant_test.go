package tenancy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestThePlatformHasOneTenantOfItsOwn(t *testing.T) {
	eachAt(t, noon, func(t *testing.T, env *tenancytest.Env, _ *time.Time) {
		tenants, platform := env.DB.Tenants(), env.Platform(t)
		_, err := tenants.Platform(platform)
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		_, err = tenants.Platform(env.Tenant(t))
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)

		own, err := tenants.Create(platform, tenancy.NewTenant{Name: "Opsmatiq", Reference: "own", Platform: true})
		require.NoError(t, err)
		require.True(t, own.Platform)
		again, err := tenants.Create(platform, tenancy.NewTenant{Name: "Opsmatiq", Reference: "own", Platform: true})
		require.NoError(t, err)
		require.Equal(t, own, again)
		found, err := tenants.Platform(platform)
		require.NoError(t, err)
		require.Equal(t, own, found)
		_, err = tenants.Create(platform, tenancy.NewTenant{Name: "Another", Platform: true})
		require.ErrorIs(t, err, tenancy.ErrDuplicate)
		_, err = tenants.Create(platform, tenancy.NewTenant{Name: "Another", Reference: "other", Platform: true})
		require.ErrorIs(t, err, tenancy.ErrDuplicate)

		for name, end := range map[string]func() error{
			"suspended": func() error { _, err := tenants.Suspend(platform, own.ID, "no"); return err },
			"cancelled": func() error { _, err := tenants.Cancel(platform, own.ID, "no"); return err },
			"to end":    func() error { _, err := tenants.CancelAt(platform, own.ID, noon.AddDate(0, 1, 0), "no"); return err },
			"its owner": func() error { _, err := env.DB.Life().Cancel(env.Enter(t, own.ID, "*"), "no"); return err },
			"purged":    func() error { _, err := tenants.PurgeNow(platform, own.ID, "no", "letter"); return err },
		} {
			require.ErrorIs(t, end(), tenancy.ErrTenantConflict, name)
		}
		for _, set := range []string{"state = 'cancelled'", "state = 'suspended'", "state = 'purged'", "ends_at = created_at", "suspended_at = created_at"} {
			_, err := env.Control(t).Exec("UPDATE " + control(env) + " SET " + set + " WHERE id = '" + own.ID.String() + "'")
			require.ErrorContains(t, err, "erp_tenants_platform", set)
		}
	})
}

// TestEveryControlTableIsDescribed: what stands in the control database and is not described stops the start, and so does what is
// described and not there.
func TestEveryControlTableIsDescribed(t *testing.T) {
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{library}}, func(t *testing.T, env *tenancytest.Env) {
		table := map[string]string{"postgres": "erp_control.extra", "sqlite": "erp_control_extra"}[env.Name]
		reopen := func(modules ...tenancy.Module) error {
			db, err := tenancy.Open(t.Context(), env.Engine, tenancy.Options{Modules: append([]tenancy.Module{library}, modules...), Keys: env.Keys})
			if err == nil {
				require.NoError(t, db.Close())
			}
			return err
		}
		require.NoError(t, reopen())
		_, err := env.Control(t).Exec("CREATE TABLE " + table + " (id BIGINT)")
		require.NoError(t, err)
		require.ErrorContains(t, reopen(), "erp_control.extra is not described")
		described := tenancy.Module{Name: "extra", Control: []tenancy.ControlTable{{Table: "erp_control.extra", About: "A row.", Class: tenancy.Settings, Columns: []string{"id"}}}}
		require.NoError(t, reopen(described))
		_, err = env.Control(t).Exec("ALTER TABLE " + table + " ADD COLUMN name TEXT")
		require.NoError(t, err)
		require.ErrorContains(t, reopen(described), "erp_control.extra.name is not described")
		described.Control[0].Columns = []string{"id", "name identity,delete", "gone"}
		require.ErrorContains(t, reopen(described), "erp_control.extra.gone is described and not there")
		_, err = env.Control(t).Exec("DROP TABLE " + table)
		require.NoError(t, err)
		described.Control[0].Columns = []string{"id"}
		require.ErrorIs(t, reopen(described), tenancy.ErrCatalogue)
	})
}

func TestControlTablesAreDescribedInOneForm(t *testing.T) {
	good := tenancy.ControlTable{Table: "erp_control.x", About: "A row.", Class: tenancy.Log, Tenant: "tenant_id", RetainFrom: "at", Columns: []string{"tenant_id", "at", "name identity,keep"}}
	open := func(change func(*tenancy.ControlTable)) error {
		x := good
		change(&x)
		_, err := tenancy.NewRegistry(tenancy.Module{Name: "x", Control: []tenancy.ControlTable{x}})
		return err
	}
	require.NoError(t, open(func(*tenancy.ControlTable) {}))
	for want, change := range map[string]func(*tenancy.ControlTable){
		"no described table": func(x *tenancy.ControlTable) { x.Table = "erp.x" },
		"is no described":    func(x *tenancy.ControlTable) { x.About = "" },
		"no record class":    func(x *tenancy.ControlTable) { x.Class = "cheese" },
		"is no use":          func(x *tenancy.ControlTable) { x.Purpose = "advertising" },
		"on the ground of":   func(x *tenancy.ControlTable) { x.Basis = "vital_interests" },
		"no column client":   func(x *tenancy.ControlTable) { x.Tenant = "client" },
		"no column since":    func(x *tenancy.ControlTable) { x.RetainFrom = "since" },
		"outlasts tenants":   func(x *tenancy.ControlTable) { x.Tenant, x.Outlasts = "", "law" },
		"is not described":   func(x *tenancy.ControlTable) { x.Columns = []string{"tenant_id", "at", "name friendly"} },
	} {
		require.ErrorContains(t, open(change), want)
	}
	_, err := tenancy.NewRegistry(tenancy.Module{Name: "x", Control: []tenancy.ControlTable{good, good}})
	require.ErrorContains(t, err, "described twice")
	out, err := good.Described()
	require.NoError(t, err)
	require.Equal(t, tenancy.Privacy{Category: tenancy.Identity, Erasure: tenancy.EraseKeep}, out[2].Privacy)
}
