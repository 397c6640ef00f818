package access_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// What is stored opens nothing: no secret stands anywhere in the control database.
func TestOnlyHashesAreStored(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		session := w.login(owner)
		a, codes := w.enrol(session.Token)
		key, err := w.auth.CreateKey(w.with(session.Token), access.NewKey{Name: "till", Permissions: tenancy.Permissions{"pos.*"}})
		require.NoError(t, err)
		require.NoError(t, w.auth.RequestReset(t.Context(), owner.email, noAddress))
		reset := w.token(owner.email)
		_, err = w.auth.Invite(w.with(session.Token), access.NewMember{Email: "x" + owner.email, Name: "X", Roles: []string{"sales"}})
		require.NoError(t, err)
		secrets := []string{session.Token, key.Secret, reset, w.token("x" + owner.email), password, string(a.secret), codes[0], strings.ReplaceAll(codes[0], "-", "")}
		for _, s := range secrets[:4] {
			secrets = append(secrets, s[7:])
		}
		rows := 0
		for _, table := range []string{"users", "user_sessions", "api_keys", "mailed_tokens", "recovery_codes", "access_keys", "platform_journal", "attempts"} {
			for _, text := range w.dump(table) {
				rows++
				for _, s := range secrets {
					require.NotContains(t, text, s, table)
				}
			}
		}
		require.Greater(t, rows, 15)
	})
}

// dump gives a control table's rows as text.
func (w *world) dump(table string) []string {
	w.t.Helper()
	rows, err := w.Control(w.t).Query("SELECT * FROM " + w.controlTable(table))
	require.NoError(w.t, err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	require.NoError(w.t, err)
	var out []string
	for rows.Next() {
		values, at := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			at[i] = &values[i]
		}
		require.NoError(w.t, rows.Scan(at...))
		var b strings.Builder
		for _, v := range values {
			b.WriteString(v.String + "\n")
		}
		out = append(out, b.String())
	}
	require.NoError(w.t, rows.Err())
	return out
}

// A session ends when it is not used, and after its time however busy; the scope that it made ends with it.
func TestSessionsEnd(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		idle := w.login(owner)
		require.Equal(t, w.clock.Now().Add(time.Hour), idle.ExpiresAt)
		ctx := w.with(idle.Token)
		w.clock.Pass(59 * time.Minute)
		w.with(idle.Token) // which is a use
		w.clock.Pass(59 * time.Minute)
		_, err := w.auth.Members(ctx)
		require.ErrorIs(t, err, tenancy.ErrScopeExpired, "the first request's scope")
		ctx = w.with(idle.Token)
		w.clock.Pass(time.Hour)
		w.refused(idle.Token, access.ErrNoCredential)
		_, err = w.auth.Members(ctx)
		require.ErrorIs(t, err, tenancy.ErrScopeExpired)

		busy := w.login(owner)
		for range 48 {
			w.with(busy.Token)
			w.clock.Pass(30 * time.Minute)
		}
		w.refused(busy.Token, access.ErrNoCredential)
		require.Empty(t, w.sessionsOf(owner, w.login(owner))[1:], "what has ended is not listed")
		n, err := w.auth.Sweep(w.Platform(t), 100)
		require.NoError(t, err)
		require.GreaterOrEqual(t, n, 2)
		require.Equal(t, 1, w.count("user_sessions", "1 = 1"))
	})
}

func (w *world) sessionsOf(p person, s access.Session) []access.Session {
	w.t.Helper()
	me, err := w.auth.Identify(w.t.Context(), s.Token)
	require.NoError(w.t, err)
	out, err := w.auth.Sessions(me)
	require.NoError(w.t, err)
	for _, o := range out {
		require.Equal(w.t, p.id, o.UserID)
		require.Empty(w.t, o.Token)
	}
	return out
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		clerk := w.hire(owner, "sales")
		a, err := w.auth.Login(t.Context(), access.Login{Email: clerk.email, Password: password, Device: access.DeviceOf("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")})
		require.NoError(t, err)
		require.Equal(t, "Firefox on Linux", a.Device)
		b, c := w.login(clerk), w.login(clerk)
		require.Len(t, w.sessionsOf(clerk, a), 3)

		mine := w.with(a.Token)
		require.NoError(t, w.auth.EndSession(mine, b.ID))
		w.refused(b.Token, access.ErrNoCredential)
		others := w.login(owner)
		require.ErrorIs(t, w.auth.EndSession(mine, others.ID), tenancy.ErrNotFound, "somebody else's")
		require.ErrorIs(t, w.auth.EndSession(mine, uuid.New()), tenancy.ErrNotFound)
		require.NoError(t, w.auth.EndOtherSessions(mine))
		w.refused(c.Token, access.ErrNoCredential)
		w.with(a.Token)

		// The tenant's owner sees and ends the sessions of its members here, and nobody else's.
		_, stranger := w.shop()
		foreign := w.login(stranger)
		boss := w.with(others.Token)
		in, err := w.auth.TenantSessions(boss)
		require.NoError(t, err)
		for _, s := range in {
			require.Equal(t, owner.tenant, s.TenantID)
		}
		require.ErrorIs(t, w.auth.EndTenantSessions(boss, stranger.member), tenancy.ErrNotFound)
		require.NoError(t, w.auth.EndTenantSessions(boss, clerk.member))
		w.refused(a.Token, access.ErrNoCredential)
		require.NoError(t, w.auth.EndTenantSessions(boss, uuid.Nil))
		w.refused(others.Token, access.ErrNoCredential)
		w.with(foreign.Token)
		require.ErrorIs(t, w.auth.EndTenantSessions(w.enter(clerk), uuid.Nil), tenancy.ErrForbidden)
	})
}

// A person has a bounded number of sessions: the oldest goes.
func TestTheOldestSessionGoes(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		first, second := w.login(owner), w.login(owner)
		for range 49 {
			w.login(owner)
		}
		w.refused(first.Token, access.ErrNoCredential)
		w.with(second.Token)
		require.Len(t, w.sessionsOf(owner, second), 50)
	})
}

// Several tenants: the session is of none until one is chosen; then it is of that one, with a token of its own.
func TestChoosingATenant(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		one, ann := w.shop()
		two, ben := w.shop()
		m, err := w.auth.Invite(w.enter(ben), access.NewMember{Email: ann.email, Name: "Ann", Roles: []string{"auditor"}})
		require.NoError(t, err)
		w.accept(ann.email, m, two)

		s, err := w.auth.Login(t.Context(), access.Login{Email: ann.email, Password: password})
		require.NoError(t, err)
		require.Equal(t, uuid.Nil, s.TenantID)
		w.refused(s.Token, access.ErrNoTenant)
		me, err := w.auth.Identify(t.Context(), s.Token)
		require.NoError(t, err)
		_, err = w.auth.Members(me)
		require.ErrorIs(t, err, tenancy.ErrNoScope, "known, and nowhere")
		list, err := w.auth.Memberships(me)
		require.NoError(t, err)
		require.Len(t, list, 2)
		foreign, _ := w.shop()
		for _, tenant := range []uuid.UUID{foreign, uuid.New(), uuid.Nil} {
			_, err = w.auth.SwitchTenant(me, tenant)
			require.ErrorIs(t, err, access.ErrNotMember)
		}
		w.clock.Pass(10 * time.Minute)
		in, err := w.auth.SwitchTenant(me, two)
		require.NoError(t, err)
		require.Equal(t, two, in.TenantID)
		w.refused(s.Token, access.ErrNoCredential)
		_, err = w.auth.SwitchTenant(me, one)
		require.ErrorIs(t, err, access.ErrNoCredential, "the session it came with has ended")
		require.False(t, scopeOf(w.with(in.Token)).Can("sales.sell"))
		back, err := w.auth.SwitchTenant(w.with(in.Token), one)
		require.NoError(t, err)
		require.True(t, scopeOf(w.with(back.Token)).Can("sales.sell"))
		for i := range 49 { // switching makes no session last longer
			w.clock.Pass(30 * time.Minute)
			if _, err := w.auth.Identify(t.Context(), back.Token); err != nil {
				require.GreaterOrEqual(t, i, 46)
				break
			}
			require.Less(t, i, 48)
		}
	})
}

// A header or a host name can only narrow; nobody but the credential says where it enters.
func TestACredentialIsForItsTenant(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		tenant, owner := w.shop()
		other, stranger := w.shop()
		key, err := w.auth.CreateKey(w.enter(owner), access.NewKey{Name: "till", Permissions: tenancy.Permissions{"pos.*"}})
		require.NoError(t, err)
		for _, secret := range []string{w.login(owner).Token, key.Secret} {
			ctx, err := w.auth.Authenticate(t.Context(), access.Credential{Secret: secret, Tenant: tenant})
			require.NoError(t, err)
			require.Equal(t, tenant, scopeOf(ctx).TenantID())
			for _, named := range []uuid.UUID{other, uuid.New()} { // there or not: one answer
				_, err := w.auth.Authenticate(t.Context(), access.Credential{Secret: secret, Tenant: named})
				require.ErrorIs(t, err, access.ErrWrongTenant)
				require.Equal(t, 403, fault.KindOf(err).HTTPStatus())
			}
		}
		for _, tenant := range []uuid.UUID{other, uuid.New()} {
			_, err = w.auth.Login(t.Context(), access.Login{Email: owner.email, Password: password, Tenant: tenant})
			require.ErrorIs(t, err, access.ErrNotMember)
		}
		require.NotEqual(t, owner.id, stranger.id)
		for _, nonsense := range []string{"", "erp_st_", "erp_sk_" + strings.Repeat("A", 43), "erp_st_" + strings.Repeat("A", 43), strings.Repeat("x", 10_000), "erp_st_\x00" + strings.Repeat("A", 42)} {
			w.refused(nonsense, access.ErrNoCredential)
			_, err := w.auth.Identify(t.Context(), nonsense)
			require.ErrorIs(t, err, access.ErrNoCredential)
		}
	})
}

// A tenant that is suspended lets nobody but its owner in, and one that is gone nobody, by session or by key, from the next request on.
func TestATenantThatIsClosed(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		tenant, owner := w.shop()
		clerk := w.hire(owner, "sales")
		session, other := w.login(clerk), w.login(clerk).Token
		key, err := w.auth.CreateKey(w.enter(owner), access.NewKey{Name: "till", Permissions: tenancy.Permissions{"pos.*"}})
		require.NoError(t, err)
		_, err = w.DB.Tenants().Suspend(w.Platform(t), tenant, "unpaid")
		require.NoError(t, err)
		for _, secret := range []string{session.Token, key.Secret} {
			w.refused(secret, tenancy.ErrTenantSuspended)
		}
		_, err = w.auth.Login(t.Context(), access.Login{Email: clerk.email, Password: password, Tenant: tenant})
		require.ErrorIs(t, err, tenancy.ErrTenantSuspended)
		me, err := w.auth.Identify(t.Context(), other)
		require.NoError(t, err)
		require.NoError(t, w.auth.Logout(me), "out is always possible")
		_, err = w.auth.Identify(t.Context(), other)
		require.ErrorIs(t, err, access.ErrNoCredential)
		require.Contains(t, w.journal("access.logout"), line{"user:" + clerk.id.String(), "access.logout", tenant.String(), ""})
		// The owner comes in, to read and to see to who is in; nothing is written but that they did.
		boss := w.enter(owner)
		_, err = w.auth.Members(boss)
		require.NoError(t, err)
		require.NoError(t, w.auth.RevokeKey(boss, key.ID))
		_, err = w.auth.CreateKey(boss, access.NewKey{Name: "late", Permissions: tenancy.Permissions{"pos.*"}})
		require.ErrorIs(t, err, tenancy.ErrClosed)
		_, err = w.auth.SetRoles(boss, clerk.member, "auditor")
		require.ErrorIs(t, err, tenancy.ErrClosed)
		_, err = w.auth.Invite(boss, access.NewMember{Email: w.email("late"), Name: "L", Roles: []string{"sales"}})
		require.ErrorIs(t, err, tenancy.ErrClosed)
		_, err = w.DB.Tenants().Resume(w.Platform(t), tenant, "paid")
		require.NoError(t, err)
		w.with(session.Token)
		_, err = w.DB.Tenants().Cancel(w.Platform(t), tenant, "ended")
		require.NoError(t, err)
		_, err = w.DB.Tenants().PurgeNow(w.Platform(t), tenant, "ended", "letter 3")
		require.NoError(t, err)
		w.refused(session.Token, tenancy.ErrUnknownTenant)
		_, err = w.auth.Sweep(w.Platform(t), 10_000)
		require.NoError(t, err)
		w.refused(session.Token, access.ErrNoCredential)
		about := 0
		for _, table := range w.DB.Registry().Control { // of what the platform keeps about a tenant nothing is left but what says why
			if table.Tenant != "" && table.Outlasts == "" {
				about++
				require.Zero(t, w.count(strings.TrimPrefix(table.Table, "erp_control."), table.Tenant+" = '"+tenant.String()+"'"), table.Table)
			}
		}
		require.GreaterOrEqual(t, about, 7)
	})
}
