package tenancy_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// What the record costs: reading one row by its id in a transaction of its own, as the owner and under a grant.
func BenchmarkGranted(b *testing.B) {
	for _, engine := range tenancytest.Engines {
		env := tenancytest.Open(b, engine, tenancytest.Options{Modules: []tenancy.Module{library}})
		owner := env.Tenant(b)
		book := novel("Emma")
		require.NoError(b, env.DB.Tx(owner, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, book) }))
		staff, err := env.DB.EnterPlatform(context.Background(), "staff:1", tenancy.Permissions{tenancy.PermAskGrant})
		require.NoError(b, err)
		g, err := env.DB.Grants().Ask(staff, tenancy.NewGrant{Tenant: tenancy.ScopeOf(owner).TenantID(), Person: "staff:1", Reason: "To see what it costs.",
			Permissions: tenancy.Permissions{readBooks}, For: time.Hour})
		require.NoError(b, err)
		_, err = env.DB.Grants().Authorise(owner, g.ID)
		require.NoError(b, err)
		inside, err := env.DB.EnterGrant(staff, g.ID)
		require.NoError(b, err)
		for name, ctx := range map[string]context.Context{"owner": owner, "grant": inside} {
			b.Run(engine+"/"+name, func(b *testing.B) {
				for b.Loop() {
					_, err := tenancy.View(ctx, env.DB, readBooks, func(ctx context.Context, tx *tenancy.Tx) (*Book, error) { return tenancy.Get[Book](ctx, tx, book.ID) })
					require.NoError(b, err)
				}
			})
		}
	}
}
