package access_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
)

// From nothing to an act in a scope, by a session and by a key.
func TestFirstSteps(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		tenant, owner := w.shop()
		ctx := w.enter(owner)
		scope := tenancy.ScopeOf(ctx)
		require.Equal(t, tenant, scope.TenantID())
		require.Equal(t, "user:"+owner.id.String(), scope.Actor())
		require.True(t, scope.Can("sales.sell"))

		clerk := w.hire(owner, "sales")
		inside := w.enter(clerk)
		require.True(t, tenancy.ScopeOf(inside).Can("sales.sell"))
		require.False(t, tenancy.ScopeOf(inside).Can("accounting.post"))
		members, err := w.auth.Members(ctx)
		require.NoError(t, err)
		require.Len(t, members, 2)

		key, err := w.auth.CreateKey(ctx, access.NewKey{Name: "web shop", Permissions: tenancy.Permissions{"sales.sell"}})
		require.NoError(t, err)
		byKey := w.with(key.Secret)
		require.Equal(t, "key:"+key.ID.String(), tenancy.ScopeOf(byKey).Actor())
		require.True(t, tenancy.ScopeOf(byKey).Can("sales.sell"))
		require.False(t, tenancy.ScopeOf(byKey).Can("sales.read"))

		require.NoError(t, w.auth.RevokeKey(ctx, key.ID))
		w.refused(key.Secret, access.ErrNoCredential)
		session := w.login(clerk)
		require.NoError(t, w.auth.Logout(w.with(session.Token)))
		w.refused(session.Token, access.ErrNoCredential)
		_, err = w.auth.Login(context.Background(), access.Login{Email: clerk.email, Password: "wrong"})
		require.ErrorIs(t, err, access.ErrBadCredentials)
	})
}
