package tenancy_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/postgres"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// Keys are replaced at once and again while tenants work: their transactions run again where they must, and none fails or is
// done twice.
func TestRaceSigningKeysAreReplacedUnderLoad(t *testing.T) {
	env := tenancytest.Open(t, "postgres", tenancytest.Options{Modules: []tenancy.Module{library}})
	const callers, books = 4, 25
	var tenants []context.Context
	var all errgroup.Group
	for range callers {
		ctx := env.Tenant(t)
		tenants = append(tenants, ctx)
		all.Go(func() error {
			for range books {
				err := env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
					if _, err := tenancy.Find[Book](ctx, tx); err != nil { // so that it may be refused in the middle
						return err
					}
					return tenancy.Insert(ctx, tx, novel(tenancy.NewID().String()))
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	all.Go(func() error {
		for range 5 {
			if err := postgres.RotateSigningKey(t.Context(), env.OwnerURL(), postgres.RotateOptions{AtOnce: true}); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, all.Wait())
	for _, ctx := range tenants {
		require.EqualValues(t, books, countBooks(t, ctx, env))
	}
}
