package tenancy_test

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/postgres"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// Every placement keeps its own bound, and one that is at its bound keeps nobody at the others waiting.
func TestRaceEveryPlacementHasItsBound(t *testing.T) {
	bounds := map[string]int{"p1": 2, "p2": 3, "s1": 2, "s2": 3}
	f := tenancytest.Placements(t, tenancytest.Options{Modules: []tenancy.Module{library}, StateMaxAge: time.Minute}, "p1", "", map[string]tenancytest.At{
		"p1": {Engine: "postgres", Bound: bounds["p1"]}, "p2": {Engine: "postgres", Bound: bounds["p2"]},
		"s1": {Engine: "sqlite", Bound: bounds["s1"]}, "s2": {Engine: "sqlite", Bound: bounds["s2"]},
	})
	create := func(name string) uuid.UUID {
		made, err := f.DB.Tenants().Create(f.Control.Platform(t), tenancy.NewTenant{Name: name, Placement: name})
		require.NoError(t, err)
		return made.ID
	}
	release := make(chan struct{})
	var held sync.WaitGroup
	for name, bound := range bounds {
		for range bound { // tenants with an open transaction each, as many as fit
			ctx := f.Control.Enter(t, create(name), "*")
			begun := make(chan struct{})
			held.Go(func() {
				err := f.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
					_, err := tenancy.Count[Author](ctx, tx)
					close(begun)
					<-release
					return err
				})
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
			<-begun
		}
	}
	late := map[string]uuid.UUID{}
	for name, bound := range bounds {
		late[name] = create(name) // which needs no connection of a tenant's, and leaves no file open
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		_, err := f.DB.Enter(ctx, late[name], "tester", tenancy.Permissions{"*"})
		cancel()
		require.ErrorIs(t, err, tenancy.ErrBusy, "one more than %d at %s", bound, name)
		if eng, ok := f.At[name].Engine.(postgres.Engine); ok {
			dsn, err := url.Parse(eng.DSN)
			require.NoError(t, err)
			var open int
			require.NoError(t, f.At[name].Owner(t, late[name]).QueryRow("SELECT count(*) FROM pg_stat_activity WHERE usename = $1", dsn.User.Username()).Scan(&open))
			require.Equal(t, bound, open, name)
		}
	}
	close(release)
	held.Wait()
	for name, id := range late {
		_, err := authors(f.Control.Enter(t, id, "*"), f.DB)
		require.NoError(t, err, name)
	}
}

// A placement that becomes one tenant's when somebody is there, or is only just leaving, is that tenant's.
func TestRaceAPlacementBecomesDedicated(t *testing.T) {
	f := tenancytest.Placements(t, tenancytest.Options{Modules: []tenancy.Module{library}, StateMaxAge: time.Millisecond}, "a", "a", map[string]tenancytest.At{
		"a": {Engine: "postgres"}, "b": {Engine: "sqlite"},
	})
	made, err := f.DB.Tenants().Create(f.Control.Platform(t), tenancy.NewTenant{Name: "first", Placement: "b"})
	require.NoError(t, err)
	b := f.Engine.At["b"]
	b.Dedicated = true
	f.Engine.At["b"] = b
	db := f.Open(t, tenancytest.Options{Modules: []tenancy.Module{library}, StateMaxAge: time.Millisecond})
	platform, err := db.EnterPlatform(context.Background(), "tester", tenancy.Permissions{"*"})
	require.NoError(t, err)
	second := func() error {
		_, err := db.Tenants().Create(platform, tenancy.NewTenant{Name: "second", Placement: "b"})
		return err
	}
	require.ErrorIs(t, second(), tenancy.ErrDedicated)
	ctx, err := db.Enter(context.Background(), made.ID, "tester", nil)
	require.NoError(t, err)
	reading, release := make(chan struct{}), make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		_ = db.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			_, err := tenancy.Count[Author](ctx, tx)
			close(reading)
			<-release
			return err
		})
	})
	<-reading
	_, err = db.Tenants().Move(platform, made.ID, "a", "x")
	require.ErrorIs(t, err, tenancy.ErrBusy, "its file is still there")
	require.ErrorIs(t, second(), tenancy.ErrDedicated)
	close(release)
	reader.Wait()
	_, err = db.Tenants().CompletePending(platform, 10)
	require.NoError(t, err)
	require.NoError(t, second())
	require.ErrorIs(t, second(), tenancy.ErrDedicated)
}
