package access_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
)

// Everything that is recorded, in order: README.md lists the same.
func TestWhatIsRecorded(t *testing.T) {
	eachWithClock(t, access.Options{Limits: access.Limits{Account: 3}}, func(t *testing.T, w *world) {
		tenant, owner := w.shop()
		s := w.login(owner)
		ctx := w.with(s.Token)
		clerk := w.hire(owner, "sales")
		key, err := w.auth.CreateKey(ctx, access.NewKey{Name: "till", Permissions: tenancy.Permissions{"pos.*"}})
		require.NoError(t, err)
		w.with(key.Secret)
		_, err = w.auth.SetRoles(ctx, clerk.member, "cashier")
		require.NoError(t, err)
		require.NoError(t, w.auth.RevokeKey(ctx, key.ID))
		require.NoError(t, w.auth.EndTenantSessions(ctx, clerk.member))
		require.NoError(t, w.auth.RemoveMember(ctx, clerk.member))
		require.NoError(t, w.auth.Logout(ctx))
		boss, sam, till := "user:"+owner.id.String(), "user:"+clerk.id.String(), "key:"+key.ID.String()
		require.Equal(t, []string{
			"system:access.add_owner tenancy.system",
			"system:access.add_owner access.add_owner erp.members",
			boss + " access.accept",
			boss + " access.login",
			boss + " access.login", // by the one who hires
			boss + " access.members erp.members",
			sam + " access.accept",
			boss + " access.keys erp_control.api_keys",
			till + " access.key_used",
			boss + " access.members erp.members",
			boss + " access.keys erp_control.api_keys",
			boss + " access.sessions erp.members",
			boss + " access.members erp.members",
			boss + " access.logout",
			"tester tenancy.enter",
		}, w.trail(tenant))

		// The platform's journal: refusals by code, and what people do to their own accounts.
		for range 3 {
			_, err := w.auth.Login(t.Context(), access.Login{Email: owner.email, Password: "wrong", Address: netip.MustParseAddr("192.0.2.9")})
			require.ErrorIs(t, err, access.ErrBadCredentials)
		}
		require.NoError(t, w.auth.RequestReset(t.Context(), owner.email, noAddress))
		require.NoError(t, w.auth.ResetPassword(t.Context(), w.token(owner.email), password))
		s = w.login(owner)
		me := w.with(s.Token)
		require.NoError(t, w.auth.ChangePassword(me, password, "another long password"))
		require.NoError(t, w.auth.ChangePassword(me, "another long password", password))
		_, codes := w.enrol(s.Token)
		_, err = w.loginWith(owner, codes[0])
		require.NoError(t, err)
		require.NoError(t, w.auth.EndOtherSessions(me))
		_, err = w.auth.SuspendUser(w.Platform(t), owner.id, "ticket 7")
		require.NoError(t, err)
		require.Equal(t, []line{
			{"tester", "access.add_owner", tenant.String(), boss},
			{boss, "access.login_refused", "", "access.bad_credentials"},
			{boss, "access.login_refused", "", "access.bad_credentials"},
			{boss, "access.login_refused", "", "access.bad_credentials"},
			{boss, "access.locked_out", "", "account"},
			{boss, "access.password_reset", "", ""},
			{boss, "access.password_changed", "", ""},
			{boss, "access.password_changed", "", ""},
			{boss, "access.second_factor_set", "", ""},
			{boss, "access.recovery_code_used", "", ""},
			{boss, "access.sessions_ended", "", ""},
			{"tester", "access.users", "", boss + ": suspended: ticket 7"},
		}, w.journal(boss))
		require.ErrorIs(t, w.try("nobody@example.com", "x"), access.ErrBadCredentials)
		require.Equal(t, []line{{"unknown", "access.login_refused", "", "access.bad_credentials"}}, w.journal("unknown"))
		require.Empty(t, w.journal("example.com"), "no personal values")
		require.Empty(t, w.journal("192.0.2"))
	})
}

// A login that leads to no tenant is the platform's to know.
func TestALoginWithoutATenant(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		ops := w.staff("tenancy.read")
		s, err := w.loginWith(ops, "")
		require.NoError(t, err)
		me, err := w.auth.Identify(t.Context(), s.Token)
		require.NoError(t, err)
		require.NoError(t, w.auth.Logout(me))
		who := "user:" + ops.id.String()
		require.Equal(t, []line{
			{"tester", "access.staff", "", who + ": added: tenancy.read"},
			{who, "access.accept", "", "staff"}, {who, "access.login", "", ""}, {who, "access.logout", "", ""},
		}, w.journal(who))
	})
}
