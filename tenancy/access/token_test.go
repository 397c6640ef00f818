package access_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy/access"
)

func TestReset(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		session := w.login(owner)
		ask := func(email string) error {
			return w.auth.RequestReset(t.Context(), email, netip.MustParseAddr("192.0.2.1"))
		}
		require.NoError(t, ask(owner.email))
		first := w.token(owner.email)
		require.NoError(t, ask(owner.email))
		last := w.token(owner.email)
		require.NotEqual(t, first, last)

		const fresh = "something else entirely"
		for _, bad := range []string{"", "nonsense", first, "erp_it_" + last[7:], last[:len(last)-1] + "x"} {
			require.ErrorIs(t, w.auth.ResetPassword(t.Context(), bad, fresh), access.ErrBadToken, "%q", bad)
		}
		require.ErrorIs(t, w.auth.ResetPassword(t.Context(), last, "short"), access.ErrBadPassword)
		require.NoError(t, w.auth.ResetPassword(t.Context(), last, fresh))
		require.ErrorIs(t, w.auth.ResetPassword(t.Context(), last, password), access.ErrBadToken, "single use")
		w.refused(session.Token, access.ErrNoCredential)
		require.ErrorIs(t, w.try(owner.email, password), access.ErrBadCredentials)
		require.NoError(t, w.try(owner.email, fresh))

		require.NoError(t, ask(owner.email))
		late := w.token(owner.email)
		w.clock.Pass(30 * time.Minute)
		require.ErrorIs(t, w.auth.ResetPassword(t.Context(), late, password), access.ErrBadToken, "expired")
	})
}

// Asking for a reset has one answer at one cost, and is limited, whether anybody has the address or not.
func TestResetTellsNothing(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		require.NoError(t, w.auth.RequestReset(t.Context(), "warm.up@example.com", netip.Addr{}))
		w.auth.Wait()
		before := len(w.post.to(owner.email))
		for _, email := range []string{owner.email, "nobody@example.com", "not an address"} {
			for range 5 {
				require.NoError(t, w.auth.RequestReset(t.Context(), email, netip.Addr{}), email)
				w.auth.Wait()
			}
			require.ErrorIs(t, w.auth.RequestReset(t.Context(), email, netip.Addr{}), access.ErrThrottled, email)
		}
		require.Len(t, w.post.to(owner.email), before+5)
		require.Empty(t, w.post.to("nobody@example.com"))
	})
}

func TestInvitation(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		tenant, owner := w.shop()
		ctx := w.enter(owner)
		email := w.email("sam")
		invite := func() access.Member {
			m, err := w.auth.Invite(ctx, access.NewMember{Email: email, Name: "Sam", Roles: []string{"sales"}})
			require.NoError(t, err)
			return m
		}
		m := invite()
		first := w.token(email)
		require.Equal(t, m.ID, invite().ID, "asked again: the same member")
		last := w.token(email)

		accept := func(token, secret string) error {
			_, err := w.auth.Accept(t.Context(), access.Acceptance{Token: token, Password: secret, Name: "Samantha"})
			return err
		}
		require.ErrorIs(t, w.try(email, password), access.ErrBadCredentials, "nobody enters before the token came back")
		for _, bad := range []string{"", first, "erp_rt_" + last[7:]} {
			require.ErrorIs(t, accept(bad, password), access.ErrBadToken)
		}
		require.ErrorIs(t, accept(last, "short"), access.ErrBadPassword)
		require.NoError(t, accept(last, password), "a bad password has not used the token up")
		require.ErrorIs(t, accept(last, "another long password"), access.ErrBadToken, "single use")
		require.NoError(t, w.try(email, password))
		_, err := w.auth.Invite(ctx, access.NewMember{Email: email, Name: "Sam", Roles: []string{"sales"}})
		require.ErrorIs(t, err, access.ErrIsMember)

		late := w.email("late")
		_, err = w.auth.Invite(ctx, access.NewMember{Email: late, Name: "Lat", Roles: []string{"sales"}})
		require.NoError(t, err)
		token := w.token(late)
		w.clock.Pass(7 * 24 * time.Hour)
		require.ErrorIs(t, accept(token, password), access.ErrBadToken, "expired")
		require.NotEqual(t, uuid.Nil, tenant)
	})
}

// Who has an account accepts with nothing but the token: it joins them and changes no password. The owner who asks learns
// nothing of the account.
func TestInvitingSomebodyWhoHasAnAccount(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, ann := w.shop()
		tenant, ben := w.shop()
		m, err := w.auth.Invite(w.enter(ben), access.NewMember{Email: ann.email, Name: "Ann", Roles: []string{"auditor"}})
		require.NoError(t, err)
		require.Equal(t, access.MemberInvited, m.State)
		_, err = w.auth.Login(t.Context(), access.Login{Email: ann.email, Password: password, Tenant: tenant})
		require.ErrorIs(t, err, access.ErrNotMember, "not before she came")
		_, err = w.auth.Accept(t.Context(), access.Acceptance{Token: w.token(ann.email), Password: "whatever this one is"})
		require.NoError(t, err)
		require.ErrorIs(t, w.try(ann.email, "whatever this one is"), access.ErrBadCredentials)
		s, err := w.auth.Login(t.Context(), access.Login{Email: ann.email, Password: password, Tenant: tenant})
		require.NoError(t, err)
		require.Equal(t, tenant, s.TenantID)
	})
}
