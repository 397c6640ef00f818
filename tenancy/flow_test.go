package tenancy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// What a module says of people and of ways out is about registered tables, and said once.
func TestWhatIsSaidOfPeopleAndWaysOut(t *testing.T) {
	type guest struct {
		tenancy.Row
		Name string `bun:"name" privacy:"identity,pseudonymise"`
	}
	guests := tenancy.Define[guest](tenancy.Spec{Table: "inn.guests", Class: tenancy.Master, Subject: "self"})
	table := tenancy.ControlTable{Table: "erp_control.inns", About: "An inn.", Class: tenancy.Master, Subject: "self", Columns: []string{"id"}}
	registered := func(change func(m, other *tenancy.Module)) (*tenancy.Registry, error) {
		m := tenancy.Module{Name: "inn", Models: []*tenancy.Model{guests}, Control: []tenancy.ControlTable{table},
			Subjects: map[string]string{"inn.guests": "guests", "erp_control.inns": "innkeepers"},
			Flows:    []tenancy.Flow{{Name: "inn.bill", About: "The bill goes to the guest.", Tables: []string{"inn.guests", "erp_control.inns"}}}}
		other := tenancy.Module{Name: "other", Flows: []tenancy.Flow{{Name: "a.first", About: "A list goes to the police.", Tables: []string{"inn.guests"}}}}
		change(&m, &other)
		return tenancy.NewRegistry(m, other)
	}
	reg, err := registered(func(_, _ *tenancy.Module) {})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"inn.guests": "guests", "erp_control.inns": "innkeepers"}, reg.Subjects)
	require.Equal(t, "a.first", reg.Flows[0].Name)
	require.Len(t, reg.Flows, 2)
	for want, change := range map[string]func(m, other *tenancy.Module){
		"whom inn.rooms is about":         func(m, _ *tenancy.Module) { m.Subjects["inn.rooms"] = "rooms" },
		"whom erp_control.inns is about":  func(m, _ *tenancy.Module) { m.Subjects["erp_control.inns"] = "" },
		"whom inn.guests is about":        func(_, o *tenancy.Module) { o.Subjects = map[string]string{"inn.guests": "visitors"} },
		"the flow inn.bill is declared":   func(_, o *tenancy.Module) { o.Flows[0].Name = "inn.bill" },
		`the flow "" of other`:            func(_, o *tenancy.Module) { o.Flows[0].Name = "" },
		`the flow "The bill" of other`:    func(_, o *tenancy.Module) { o.Flows[0].Name = "The bill" },
		`the flow "a.first" of other`:     func(_, o *tenancy.Module) { o.Flows[0].About = "" },
		"has no name, no sentence about":  func(_, o *tenancy.Module) { o.Flows[0].Tables = nil },
		"inn.rooms, which is not":         func(_, o *tenancy.Module) { o.Flows[0].Tables = []string{"inn.rooms"} },
		"the flow a.first is of inn.room": func(_, o *tenancy.Module) { o.Flows[0].Tables = []string{"inn.guests", "inn.room"} },
	} {
		_, err := registered(change)
		require.ErrorContains(t, err, want)
	}
}

// Improving the service needs nobody's data: what is for that has no column that could hold any, and leads to nobody.
func TestImprovingNeedsNobodysData(t *testing.T) {
	type counter struct {
		tenancy.Row
		Feature string `bun:"feature" privacy:"none"`
	}
	type click struct {
		tenancy.Row
		Page string `bun:"page" privacy:"behaviour,delete"`
	}
	spec := tenancy.Spec{Table: "inn.counters", Class: tenancy.Log, Purpose: tenancy.ImproveService}
	require.NotPanics(t, func() { tenancy.Define[counter](spec) })
	require.PanicsWithError(t, "tenancy: model tenancy_test.click: what improves the service is nobody's, and page is personal", func() { tenancy.Define[click](spec) })
	spec.Subject = "self"
	require.Panics(t, func() { tenancy.Define[counter](spec) })
	for _, bad := range []tenancy.ControlTable{{Columns: []string{"id", "page behaviour,delete"}}, {Columns: []string{"id", "user_id"}, Subject: "user_id"}} {
		bad.Table, bad.About, bad.Class, bad.Purpose = "erp_control.counters", "A count.", tenancy.Log, tenancy.ImproveService
		_, err := tenancy.NewRegistry(tenancy.Module{Name: "x", Control: []tenancy.ControlTable{bad}})
		require.ErrorContains(t, err, "nobody's")
		bad.Columns, bad.Subject = bad.Columns[:1], ""
		_, err = tenancy.NewRegistry(tenancy.Module{Name: "x", Control: []tenancy.ControlTable{bad}})
		require.NoError(t, err)
	}
}

func TestWhichLinksAreSafe(t *testing.T) {
	for name, c := range map[string]struct {
		link tenancy.Link
		safe bool
	}{
		"a file":                             {tenancy.Link{Local: true}, true},
		"a socket":                           {tenancy.Link{Local: true, Server: "local"}, true},
		"a network":                          {tenancy.Link{Server: "none"}, false},
		"TLS 1.3 at both ends":               {tenancy.Link{TLS: "TLS 1.3", Always: true, Server: "TLSv1.3"}, true},
		"TLS 1.2":                            {tenancy.Link{TLS: "TLS 1.2", Always: true, Server: "TLSv1.2"}, true},
		"TLS 1.1":                            {tenancy.Link{TLS: "TLS 1.1", Always: true, Server: "TLSv1.1"}, false},
		"an old TLS behind a pooler":         {tenancy.Link{TLS: "TLS 1.3", Always: true, Server: "TLSv1.1"}, false},
		"TLS that may fall back":             {tenancy.Link{TLS: "TLS 1.3", Server: "TLSv1.3"}, false},
		"a pooler on a network without":      {tenancy.Link{TLS: "TLS 1.3", Always: true, Server: "none"}, false},
		"a pooler here, a network behind it": {tenancy.Link{Local: true, Server: "none"}, false},
		"a pooler here, TLS behind it":       {tenancy.Link{Local: true, Server: "TLSv1.3"}, true},
		"TLS to a pooler beside the server":  {tenancy.Link{TLS: "TLS 1.3", Always: true, Server: "local"}, true},
	} {
		require.Equal(t, c.safe, c.link.Safe(), name)
	}
}

// The connections are looked at by the platform, and those of this machine's tests are its own.
func TestLinksAreLookedAt(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		links, err := env.DB.Tenants().Links(env.Platform(t))
		require.NoError(t, err)
		require.NotEmpty(t, links)
		for _, l := range links {
			require.True(t, l.Safe(), "%+v", l)
			require.NotEmpty(t, l.Placement)
			require.NotEmpty(t, l.Login)
		}
		_, err = env.DB.Tenants().Links(env.Tenant(t))
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)
		staff, err := env.DB.EnterPlatform(t.Context(), "staff:1", tenancy.Permissions{"tenancy.create"})
		require.NoError(t, err)
		_, err = env.DB.Tenants().Links(staff)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
	})
}

// A scope knows whether its tenant is the platform's own.
func TestAScopeKnowsThePlatformsTenant(t *testing.T) {
	eachAt(t, noon, func(t *testing.T, env *tenancytest.Env, _ *time.Time) {
		own, err := env.DB.Tenants().Create(env.Platform(t), tenancy.NewTenant{Name: "Opsmatiq", Platform: true})
		require.NoError(t, err)
		inside := env.Enter(t, own.ID)
		require.True(t, tenancy.ScopeOf(inside).OfPlatform())
		again := env.Enter(t, own.ID) // by what the directory has kept
		require.True(t, tenancy.ScopeOf(again).OfPlatform())
		work, err := env.DB.System(t.Context(), own.ID, "test")
		require.NoError(t, err)
		require.True(t, tenancy.ScopeOf(work).OfPlatform())
		require.False(t, tenancy.ScopeOf(env.Tenant(t)).OfPlatform())
		require.False(t, tenancy.ScopeOf(env.Platform(t)).OfPlatform(), "the platform's staff are in no tenant")
		require.False(t, tenancy.ScopeOf(t.Context()).OfPlatform())
		require.WithinDuration(t, noon, env.DB.Now(), 0)
	})
}
