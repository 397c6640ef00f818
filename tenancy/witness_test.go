package tenancy_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// observer is a witness that writes down what it is told, and refuses what it is told to.
type observer struct {
	t       *testing.T
	env     *tenancytest.Env
	calls   []string
	refuse  map[string]error
	authors []string
	leaving tenancy.Tenant
	engine  string
	gone    tenancy.Gone
}

func (o *observer) call(ctx context.Context, name string) error {
	require.Equal(o.t, tenancy.Scope{}, tenancy.ScopeOf(ctx), "it is nobody's act")
	o.calls = append(o.calls, name)
	return o.refuse[name]
}

func (o *observer) AllowEarlyPurge(ctx context.Context, t tenancy.Tenant) error {
	require.Equal(o.t, tenancy.StateCancelled, t.State)
	return o.call(ctx, "allow")
}

func (o *observer) BeforePurge(ctx context.Context, l *tenancy.Leaving) error {
	o.leaving, o.engine, o.authors = l.Tenant, l.Engine, nil
	gate, err := tenancy.GateOf(ctx, o.env.DB, l.Tenant.ID)
	require.NoError(o.t, err)
	require.NotEqual(o.t, tenancy.GateActive, gate, "nobody writes any more")
	require.NoError(o.t, l.Read(ctx, func(ctx context.Context, rows tenancy.LeavingRows) error {
		m := o.env.DB.Registry().Table("lib.authors")
		n, err := rows.Count(ctx, m)
		require.NoError(o.t, err)
		require.NoError(o.t, rows.Stream(ctx, m, func(row any) error {
			o.authors = append(o.authors, row.(*Author).Name) //nolint:forcetypeassert // of the model
			return nil
		}))
		require.Len(o.t, o.authors, int(n))
		return nil
	}))
	return o.call(ctx, "before")
}

func (o *observer) AfterPurge(ctx context.Context, g tenancy.Gone) error {
	o.gone = g
	t, err := o.env.DB.Tenants().Get(o.env.Platform(o.t), g.TenantID)
	require.NoError(o.t, err)
	require.Equal(o.t, tenancy.StatePurged, t.State)
	return o.call(ctx, "after")
}

// told gives the calls since it was asked last.
func (o *observer) told() []string {
	out := o.calls
	o.calls = nil
	return out
}

// A witness is asked before an early purge, told before the first row goes and behind the last; what it refuses waits.
func TestAWitnessOfPurges(t *testing.T) {
	eachAt(t, noon, func(t *testing.T, env *tenancytest.Env, now *time.Time) {
		o := &observer{t: t, env: env, refuse: map[string]error{}}
		env.DB.WitnessPurges(o)
		owner := env.Tenant(t)
		id := tenantOf(owner)
		require.NoError(t, env.DB.Tx(owner, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &Author{Name: "Ada"}) }))
		tenants, platform := env.DB.Tenants(), env.Platform(t)
		early := func() error { _, err := tenants.PurgeNow(platform, id, "x", "letter"); return err }
		require.ErrorIs(t, early(), tenancy.ErrTenantConflict, "it is active")
		require.Empty(t, o.told(), "of a tenant whose service has not ended nothing is asked")
		_, err := tenants.Cancel(platform, id, "x")
		require.NoError(t, err)

		no := errors.New("no")
		o.refuse["allow"] = no
		require.ErrorIs(t, early(), no)
		require.Equal(t, []string{"allow"}, o.told())
		is, err := tenants.Get(platform, id)
		require.NoError(t, err)
		require.Equal(t, tenancy.StateCancelled, is.State)
		_, err = tenants.Purge(platform, id, "x")
		require.ErrorIs(t, err, tenancy.ErrTenantConflict, "it is too early")
		require.Empty(t, o.told())

		*now = is.PurgeAfter
		ended, err := tenants.Ended(platform, uuid.Nil, 10)
		require.NoError(t, err)
		require.Len(t, ended, 1)
		require.Equal(t, is, ended[0])
		o.refuse["before"] = no
		require.ErrorIs(t, early(), no, "at its time nobody is asked whether it may")
		require.Equal(t, []string{"before"}, o.told())
		require.Equal(t, []string{"Ada"}, o.authors)
		require.Equal(t, tenancy.StatePurging, o.leaving.State)
		require.Equal(t, *now, o.leaving.ChangedAt)
		require.Equal(t, is.EndsAt, o.leaving.EndsAt)
		require.Equal(t, env.Name, o.engine)
		require.NotEmpty(t, rowsOf(t, env, id), "and nothing goes meanwhile")
		_, err = tenants.CompletePending(platform, 10)
		require.ErrorIs(t, err, no)
		require.Equal(t, []string{"before"}, o.told())

		delete(o.refuse, "before")
		o.refuse["after"] = no
		gone, err := tenants.Purge(platform, id, "x")
		require.ErrorIs(t, err, no)
		require.Equal(t, tenancy.StatePurged, gone.State, "what is gone is gone")
		require.Equal(t, []string{"before", "after"}, o.told())
		delete(o.refuse, "after")
		first := o.gone.At
		*now = now.Add(time.Hour)
		_, err = tenants.Purge(platform, id, "x")
		require.NoError(t, err)
		require.Equal(t, []string{"after"}, o.told(), "the same call tells it again")
		require.Equal(t, tenancy.Gone{TenantID: id, At: first, Now: *now}, o.gone)
		ended, err = tenants.Ended(platform, uuid.Nil, 10)
		require.NoError(t, err)
		require.Empty(t, ended)

		left, err := tenants.Outlasting(platform, id)
		require.NoError(t, err)
		kept := map[string]int64{}
		for _, l := range left {
			require.NotEmpty(t, l.Outlasts)
			kept[l.Table] = l.Rows
		}
		require.EqualValues(t, 1, kept["erp_control.tenants"])
		require.EqualValues(t, 1, kept["erp_control.contracts"])
		require.EqualValues(t, 4, kept["erp_control.platform_journal"])
		require.NotContains(t, kept, "erp_control.legal_holds")

		env.DB.WitnessPurges(nil)
		_, err = tenants.Purge(platform, id, "x")
		require.NoError(t, err)
		require.Empty(t, o.told())
	})
}

// An end of service that came by the clock, with nobody there to shut the gate: it is shut before the witness looks.
func TestAWitnessLooksBehindAShutGate(t *testing.T) {
	eachAt(t, noon, func(t *testing.T, env *tenancytest.Env, now *time.Time) {
		o := &observer{t: t, env: env, refuse: map[string]error{}}
		env.DB.WitnessPurges(o)
		owner := env.Tenant(t)
		at, err := env.DB.Life().CancelAt(owner, noon.Add(time.Hour), "x")
		require.NoError(t, err)
		*now = at.PurgeAfter
		gate, err := tenancy.GateOf(owner, env.DB, tenantOf(owner))
		require.NoError(t, err)
		require.Equal(t, tenancy.GateActive, gate)
		_, err = env.DB.Tenants().Purge(env.Platform(t), tenantOf(owner), "x")
		require.NoError(t, err)
		require.Equal(t, []string{"before", "after"}, o.told())
	})
}

// Between the witness's word and the purge the end is undone and decided anew: what was asked about is not what would be purged.
func TestAWitnessIsAskedAboutOneEnd(t *testing.T) {
	eachAt(t, noon, func(t *testing.T, env *tenancytest.Env, now *time.Time) {
		id := tenantOf(env.Tenant(t))
		tenants, platform := env.DB.Tenants(), env.Platform(t)
		_, err := tenants.Cancel(platform, id, "x")
		require.NoError(t, err)
		env.DB.WitnessPurges(&distracted{func() {
			_, err := tenants.UndoCancel(platform, id, "x")
			require.NoError(t, err)
			*now = now.Add(time.Minute)
			_, err = tenants.Cancel(platform, id, "x")
			require.NoError(t, err)
		}})
		_, err = tenants.PurgeNow(platform, id, "x", "letter")
		require.ErrorIs(t, err, tenancy.ErrTenantConflict)
		require.ErrorContains(t, err, "anew")
		require.NotEmpty(t, rowsOf(t, env, id))
	})
}

// distracted is a witness under whose eyes something happens.
type distracted struct{ meanwhile func() }

func (d *distracted) AllowEarlyPurge(context.Context, tenancy.Tenant) error {
	d.meanwhile()
	return nil
}
func (d *distracted) BeforePurge(context.Context, *tenancy.Leaving) error { return nil }
func (d *distracted) AfterPurge(context.Context, tenancy.Gone) error      { return nil }

// An import that was given up was never in use: nobody gives account of it.
func TestAnAbandonedImportHasNoWitness(t *testing.T) {
	eachAt(t, noon, func(t *testing.T, env *tenancytest.Env, _ *time.Time) {
		o := &observer{t: t, env: env}
		env.DB.WitnessPurges(o)
		_, err := env.DB.Tenants().Import(env.Platform(t), tenancy.NewTenant{Name: "x", Reference: "given up"}, "archive", func(context.Context, *tenancy.Importing) error { return errors.New("no") })
		require.Error(t, err)
		require.NotContains(t, o.told(), "before")
	})
}

func TestNowIsThePlatforms(t *testing.T) {
	eachAt(t, noon, func(t *testing.T, env *tenancytest.Env, _ *time.Time) {
		at, err := env.DB.Tenants().Now(env.Platform(t))
		require.NoError(t, err)
		require.Equal(t, noon, at)
		for _, ctx := range []context.Context{context.Background(), env.Tenant(t)} {
			_, err = env.DB.Tenants().Now(ctx)
			require.ErrorIs(t, err, tenancy.ErrNotPlatform)
		}
		b, err := env.DB.Background(tenancy.BackgroundOptions{Jobs: []tenancy.Job{{Name: "test.now", Every: time.Hour, Platform: func(ctx context.Context) (bool, error) {
			at, err = env.DB.Tenants().Now(ctx)
			return false, err
		}}}})
		require.NoError(t, err)
		_, err = b.Tick(context.Background(), noon.AddDate(1, 0, 0))
		require.NoError(t, err)
		require.Equal(t, noon.AddDate(1, 0, 0), at, "a tick's")
	})
}
