package access_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
)

// The trail's actors have names in the tenant itself, and in no other.
func TestNames(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		_, stranger := w.shop()
		clerk := w.hire(owner, "sales")
		ctx := w.enter(owner)
		key, err := w.auth.CreateKey(ctx, access.NewKey{Name: "web shop", Permissions: tenancy.Permissions{"sales.sell"}})
		require.NoError(t, err)
		require.NoError(t, w.auth.RemoveMember(ctx, clerk.member))
		actors := []string{"user:" + owner.id.String(), "user:" + clerk.id.String(), "user:" + stranger.id.String(), "key:" + key.ID.String(), "system:x", "user:nonsense", "user:" + uuid.NewString()}
		names, err := w.auth.Names(ctx, actors)
		require.NoError(t, err)
		require.Equal(t, map[string]string{actors[0]: "Olivia Owner", actors[1]: "Martin Member", actors[3]: "web shop"}, names)
		names, err = w.auth.Names(w.enter(stranger), actors)
		require.NoError(t, err)
		require.Equal(t, map[string]string{actors[2]: "Olivia Owner"}, names)
		_, err = w.auth.Names(w.Enter(t, owner.tenant, "sales.*"), actors)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
	})
}

func TestOwnerAddress(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		tenant, owner := w.shop()
		address := func() string {
			a, err := w.auth.OwnerAddress(t.Context(), tenant)
			require.NoError(t, err)
			return a
		}
		second := w.hire(owner, "owner")
		w.hire(owner, "sales")
		require.Equal(t, owner.email, address())
		_, err := w.auth.SetRoles(w.enter(second), owner.member, "auditor")
		require.NoError(t, err)
		require.Equal(t, second.email, address())
		_, err = w.auth.SuspendUser(w.Platform(t), second.id, "ticket 3")
		require.NoError(t, err)
		require.Empty(t, address())
		_, err = w.auth.OwnerAddress(t.Context(), uuid.New())
		require.ErrorIs(t, err, tenancy.ErrUnknownTenant)
	})
}
