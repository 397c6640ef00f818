package access_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
)

func TestKeys(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		tenant, owner := w.shop()
		clerk := w.hire(owner, "sales", "manager_of_keys")
		ctx := w.enter(clerk)
		for what, in := range map[string]access.NewKey{
			"no name": {Permissions: tenancy.Permissions{"sales.sell"}}, "no permissions": {Name: "x"},
			"past": {Name: "x", Permissions: tenancy.Permissions{"sales.sell"}, ExpiresAt: w.clock.Now()},
			"long": {Name: "x", Permissions: tenancy.Permissions{"sales.sell"}, ExpiresAt: w.clock.Now().Add(367 * 24 * time.Hour)},
			"form": {Name: "x", Permissions: tenancy.Permissions{"sales.sell,accounting.post"}},
		} {
			_, err := w.auth.CreateKey(ctx, in)
			require.ErrorIs(t, err, access.ErrBadInput, what)
		}
		for _, more := range []tenancy.Permission{"accounting.post", "accounting.*", "*"} {
			_, err := w.auth.CreateKey(ctx, access.NewKey{Name: "x", Permissions: tenancy.Permissions{"sales.sell", more}})
			require.ErrorIs(t, err, access.ErrGrantsMore)
		}
		key, err := w.auth.CreateKey(ctx, access.NewKey{Name: "shop", Permissions: tenancy.Permissions{"sales.*", "access.keys"}})
		require.NoError(t, err)
		require.Regexp(t, `^erp_sk_[A-Za-z0-9_-]{43}$`, key.Secret)
		require.Equal(t, key.Secret[len(key.Secret)-4:], key.Hint)
		require.Equal(t, w.clock.Now().Add(90*24*time.Hour), key.ExpiresAt)

		byKey := w.with(key.Secret)
		require.True(t, scopeOf(byKey).Can("sales.sell"))
		require.False(t, scopeOf(byKey).Can("accounting.parties"), "the maker may, the key does not list it")
		_, err = w.auth.CreateKey(byKey, access.NewKey{Name: "child", Permissions: tenancy.Permissions{"sales.sell"}})
		require.ErrorIs(t, err, access.ErrWrongCredential, "a key makes no keys")
		_, err = w.auth.Sessions(byKey)
		require.ErrorIs(t, err, access.ErrNoCredential, "a key is not a person")
		_, err = w.auth.Identify(t.Context(), key.Secret)
		require.ErrorIs(t, err, access.ErrNoCredential)

		// It can do no more than its maker can now.
		boss := w.enter(owner)
		_, err = w.auth.SetRoles(boss, clerk.member, "seller")
		require.NoError(t, err)
		byKey = w.with(key.Secret)
		require.True(t, scopeOf(byKey).Can("sales.sell"))
		require.False(t, scopeOf(byKey).Can("sales.credit"))
		_, err = w.auth.SuspendMember(boss, clerk.member)
		require.NoError(t, err)
		w.refused(key.Secret, access.ErrNotMember)
		_, err = w.auth.ResumeMember(boss, clerk.member)
		require.NoError(t, err)
		w.with(key.Secret)
		_, err = w.auth.SuspendUser(w.Platform(t), clerk.id, "stolen laptop")
		require.NoError(t, err)
		w.refused(key.Secret, access.ErrNoCredential)
		_, err = w.auth.ResumeUser(w.Platform(t), clerk.id, "found again")
		require.NoError(t, err)
		w.with(key.Secret)
		require.NoError(t, w.auth.RemoveMember(boss, clerk.member))
		w.refused(key.Secret, access.ErrNoCredential)
		list, err := w.auth.Keys(boss)
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Empty(t, list[0].Secret)
		require.False(t, list[0].RevokedAt.IsZero())
		require.NotEqual(t, uuid.Nil, tenant)
	}, access.Role{Name: "manager_of_keys", Permissions: tenancy.Permissions{"access.keys"}}, access.Role{Name: "seller", Permissions: tenancy.Permissions{"sales.sell"}})
}

func TestKeysEnd(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		tenant, owner := w.shop()
		session := w.login(owner)
		key, err := w.auth.CreateKey(w.with(session.Token), access.NewKey{Name: "till", Permissions: tenancy.Permissions{"pos.*"}, ExpiresAt: w.clock.Now().Add(36 * time.Hour)})
		require.NoError(t, err)
		used := "key:" + key.ID.String() + " access.key_used"
		for range 3 {
			w.with(key.Secret)
			w.clock.Pass(2 * time.Minute)
		}
		require.Equal(t, 1, countOf(w.trail(tenant), used), "once a day")
		w.clock.Pass(24 * time.Hour)
		ctx := w.with(key.Secret)
		w.with(key.Secret)
		require.Equal(t, 2, countOf(w.trail(tenant), used))
		w.clock.Pass(12 * time.Hour)
		w.refused(key.Secret, access.ErrNoCredential)
		require.ErrorIs(t, w.DB.Read(ctx, nil), tenancy.ErrScopeExpired, "and the scope it made")

		boss := w.enter(owner)
		again, err := w.auth.CreateKey(boss, access.NewKey{Name: "till", Permissions: tenancy.Permissions{"pos.*"}})
		require.NoError(t, err)
		_, stranger := w.shop()
		foreign := w.enter(stranger)
		list, err := w.auth.Keys(foreign)
		require.NoError(t, err)
		require.Empty(t, list)
		require.ErrorIs(t, w.auth.RevokeKey(foreign, again.ID), tenancy.ErrNotFound, "another tenant's")
		require.ErrorIs(t, w.auth.RevokeKey(foreign, uuid.New()), tenancy.ErrNotFound)
		w.with(again.Secret)
		require.NoError(t, w.auth.RevokeKey(boss, again.ID))
		require.NoError(t, w.auth.RevokeKey(boss, again.ID), "again: nothing")
		w.refused(again.Secret, access.ErrNoCredential)
		clerk := w.hire(owner, "sales")
		require.ErrorIs(t, w.auth.RevokeKey(w.enter(clerk), again.ID), tenancy.ErrForbidden)
		_, err = w.auth.CreateKey(w.enter(clerk), access.NewKey{Name: "x", Permissions: tenancy.Permissions{"sales.sell"}})
		require.ErrorIs(t, err, tenancy.ErrForbidden)

		w.clock.Pass(91 * 24 * time.Hour)
		_, err = w.auth.Sweep(w.Platform(t), 1000)
		require.NoError(t, err)
		require.Zero(t, w.count("api_keys", "1 = 1"))
	})
}

func countOf(all []string, one string) (n int) {
	for _, a := range all {
		if a == one {
			n++
		}
	}
	return n
}

func TestCommon(t *testing.T) {
	for _, c := range []struct{ a, b, want tenancy.Permissions }{
		{tenancy.Permissions{"*"}, tenancy.Permissions{"sales.sell", "pos.*"}, tenancy.Permissions{"pos.*", "sales.sell"}},
		{tenancy.Permissions{"sales.*"}, tenancy.Permissions{"sales.sell", "pos.sell"}, tenancy.Permissions{"sales.sell"}},
		{tenancy.Permissions{"sales.sell"}, tenancy.Permissions{"sales.*"}, tenancy.Permissions{"sales.sell"}},
		{tenancy.Permissions{"sales.sell"}, tenancy.Permissions{"sales.credit"}, nil},
		{tenancy.Permissions{"*"}, tenancy.Permissions{"*"}, tenancy.Permissions{"*"}},
	} {
		require.Equal(t, c.want, access.Common(c.a, c.b))
		require.Equal(t, c.want, access.Common(c.b, c.a))
	}
}
