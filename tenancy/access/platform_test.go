package access_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
)

// Staff enter the platform, with a second factor always, and no tenant ever.
func TestStaff(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		tenant, owner := w.shop()
		ops := w.staff("tenancy.read", "tenancy.suspend")
		s, err := w.loginWith(ops, "")
		require.NoError(t, err)
		w.refused(s.Token, access.ErrNeedsFactor)
		a, _ := w.enrol(s.Token)
		ctx := w.with(s.Token)
		got, err := w.DB.Tenants().Get(ctx, tenant)
		require.NoError(t, err)
		require.Equal(t, tenant, got.ID)
		_, err = w.DB.Tenants().Cancel(ctx, tenant, "no reason of mine")
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		require.ErrorIs(t, w.DB.Read(ctx, nil), tenancy.ErrNoScope, "no tenant's data")
		_, err = w.auth.Authenticate(t.Context(), access.Credential{Secret: s.Token, Tenant: tenant})
		require.ErrorIs(t, err, access.ErrWrongTenant)
		_, err = w.auth.SwitchTenant(ctx, tenant)
		require.ErrorIs(t, err, access.ErrNotMember)
		_, err = w.auth.Login(t.Context(), access.Login{Email: ops.email, Password: password, Code: a.next(), Tenant: tenant})
		require.ErrorIs(t, err, access.ErrNotMember)
		require.ErrorIs(t, w.auth.RemoveFactor(ctx, a.next()), access.ErrNeedsFactor)

		// An owner who asks them in is not told who they are, and lets them in nowhere.
		m, err := w.auth.Invite(w.enter(owner), access.NewMember{Email: ops.email, Name: "Stan", Roles: []string{"owner"}})
		require.NoError(t, err)
		w.accept(ops.email, m, tenant)
		_, err = w.auth.Login(t.Context(), access.Login{Email: ops.email, Password: password, Code: a.next(), Tenant: tenant})
		require.ErrorIs(t, err, access.ErrNotMember)
		in, err := w.loginWith(ops, a.next())
		require.NoError(t, err)
		require.Equal(t, uuid.Nil, in.TenantID)
		require.Equal(t, uuid.Nil, scopeOf(w.with(in.Token)).TenantID())
		_, err = w.auth.SwitchTenant(w.with(in.Token), tenant)
		require.ErrorIs(t, err, access.ErrNotMember)
		_, err = w.Control(t).Exec("UPDATE " + w.controlTable("user_sessions") + " SET tenant_id = '" + tenant.String() + "' WHERE id = '" + in.ID.String() + "'")
		require.NoError(t, err)
		require.Equal(t, uuid.Nil, scopeOf(w.with(in.Token)).TenantID(), "whatever the session says")

		// The scope ends with the session, for acts of the platform too.
		ctx = w.with(in.Token)
		w.clock.Pass(time.Hour)
		_, err = w.DB.Tenants().Get(ctx, tenant)
		require.ErrorIs(t, err, tenancy.ErrScopeExpired)
	})
}

func TestStaffAreManagedByStaff(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		small, err := w.DB.EnterPlatform(t.Context(), "ops:1", tenancy.Permissions{"access.*", "tenancy.read"})
		require.NoError(t, err)
		clerk, err := w.DB.EnterPlatform(t.Context(), "ops:2", tenancy.Permissions{"access.users", "tenancy.*"})
		require.NoError(t, err)
		add := func(email string, perms ...tenancy.Permission) error {
			_, err := w.auth.AddStaff(small, access.NewStaff{Email: email, Name: "Stan", Permissions: perms})
			return err
		}
		require.ErrorIs(t, add(w.email("x"), "tenancy.purge"), access.ErrGrantsMore)
		require.ErrorIs(t, add(w.email("x"), "*"), access.ErrGrantsMore)
		require.ErrorIs(t, add(w.email("x")), access.ErrBadInput)
		require.ErrorIs(t, add(owner.email, "tenancy.read"), access.ErrEmailTaken, "staff have an account of their own")
		_, err = w.auth.AddStaff(clerk, access.NewStaff{Email: w.email("x"), Name: "X", Permissions: tenancy.Permissions{"tenancy.read"}})
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = w.auth.AddStaff(w.Enter(t, owner.tenant, "*"), access.NewStaff{Email: w.email("x"), Name: "X", Permissions: tenancy.Permissions{"tenancy.read"}})
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)

		mighty, equal := w.staff("*"), w.staff("tenancy.read")
		for what, act := range map[string]func() error{
			"suspend":  func() error { _, err := w.auth.SuspendUser(small, mighty.id, "x"); return err },
			"factor":   func() error { return w.auth.TakeFactor(small, mighty.id, "x") },
			"sessions": func() error { return w.auth.EndUserSessions(small, mighty.id, "x") },
			"erase":    func() error { return w.auth.EraseUser(small, mighty.id, "x") },
			"permissions": func() error {
				_, err := w.auth.SetStaffPermissions(small, mighty.id, tenancy.Permissions{"tenancy.read"})
				return err
			},
			"more": func() error {
				_, err := w.auth.SetStaffPermissions(small, equal.id, tenancy.Permissions{"*"})
				return err
			},
		} {
			require.ErrorIs(t, act(), access.ErrGrantsMore, what)
		}
		_, err = w.auth.SuspendUser(clerk, equal.id, "x")
		require.ErrorIs(t, err, tenancy.ErrForbidden, "a colleague, without access.staff")
		_, err = w.auth.SetStaffPermissions(small, owner.id, tenancy.Permissions{"tenancy.read"})
		require.ErrorIs(t, err, tenancy.ErrNotFound, "who is no staff does not become it")
		for _, reason := range []string{"", "  ", strings.Repeat("x", 1001), "two\nlines", "\xff"} {
			_, err = w.auth.SuspendUser(small, owner.id, reason)
			require.ErrorIs(t, err, access.ErrBadInput)
		}
		_, err = w.auth.SuspendUser(small, uuid.New(), "x")
		require.ErrorIs(t, err, tenancy.ErrNotFound)

		// Permissions hold from the next request.
		s, err := w.loginWith(equal, "")
		require.NoError(t, err)
		w.enrol(s.Token)
		require.False(t, scopeOf(w.with(s.Token)).Can("access.users"))
		_, err = w.auth.SetStaffPermissions(small, equal.id, tenancy.Permissions{"access.users"})
		require.NoError(t, err)
		require.True(t, scopeOf(w.with(s.Token)).Can("access.users"))
		require.False(t, scopeOf(w.with(s.Token)).Can("tenancy.read"))
		found, err := w.auth.FindUser(w.with(s.Token), strings.ToUpper(owner.email))
		require.NoError(t, err)
		require.Equal(t, owner.id, found.ID)
		all, err := w.auth.Users(small, uuid.Nil, 2)
		require.NoError(t, err)
		require.Len(t, all, 2)
		rest, err := w.auth.Users(small, all[1].ID, 1000)
		require.NoError(t, err)
		require.NotEmpty(t, rest)
		require.NotEqual(t, all[1].ID, rest[0].ID)
	})
}

// Who lost the second factor and its codes gets it taken away by staff, and sets a new one up.
func TestALostFactor(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		s := w.login(owner)
		_, codes := w.enrol(s.Token)
		require.NoError(t, w.auth.TakeFactor(w.Platform(t), owner.id, "passport shown, ticket 9"))
		w.refused(s.Token, access.ErrNoCredential)
		s = w.login(owner)
		require.False(t, s.SecondFactor)
		w.enrol(s.Token)
		_, err := w.loginWith(owner, codes[5])
		require.ErrorIs(t, err, access.ErrBadCredentials, "the old codes are void")
	})
}

func TestErasingAUser(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		clerk := w.hire(owner, "sales")
		w.login(clerk)
		require.ErrorIs(t, w.auth.EraseUser(w.Platform(t), clerk.id, "asked"), access.ErrHasMemberships)
		require.NoError(t, w.auth.RemoveMember(w.enter(owner), clerk.member))
		require.NoError(t, w.auth.EraseUser(w.Platform(t), clerk.id, "asked"))
		for _, table := range []string{"users", "user_sessions", "user_tenants", "api_keys", "mailed_tokens", "recovery_codes"} {
			for _, row := range w.dump(table) {
				require.NotContains(t, row, clerk.email, table)
				require.NotContains(t, row, clerk.id.String(), table)
			}
		}
		require.NoError(t, w.DB.Tenants().Scrub(w.Platform(t)))
		if w.Dir() != "" {
			for _, name := range []string{"control.db", "control.db-wal"} {
				data, err := os.ReadFile(filepath.Join(w.Dir(), name))
				require.NoError(t, err)
				require.NotContains(t, string(data), clerk.email, "the files beneath")
			}
		}
		require.ErrorIs(t, w.try(clerk.email, password), access.ErrBadCredentials)
	})
}

// What is left of somebody's time in one tenant goes with their erasure there, after they have left, and nothing of another tenant's.
func TestForgettingAnAccount(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		clerk := w.hire(owner, access.RoleOwner)
		key, err := w.auth.CreateKey(w.enter(clerk), access.NewKey{Name: "the canary's key", Permissions: tenancy.Permissions{"sales.*"}})
		require.NoError(t, err)
		inside := w.enter(owner)
		require.ErrorIs(t, w.auth.CheckLeft(inside, clerk.id), access.ErrHasMemberships)
		require.ErrorIs(t, w.auth.ForgetAccount(inside, clerk.id), access.ErrHasMemberships)
		require.NoError(t, w.auth.RemoveMember(inside, clerk.member))
		require.NoError(t, w.auth.CheckLeft(inside, clerk.id))
		actors, err := w.auth.Actors(inside, clerk.id)
		require.NoError(t, err)
		require.Equal(t, []string{"key:" + key.ID.String()}, actors)
		require.Contains(t, strings.Join(w.dump("api_keys"), " "), "the canary's key", "a key that was revoked keeps its name")
		_, elsewhere := w.shop()
		require.NoError(t, w.auth.ForgetAccount(w.enter(elsewhere), clerk.id), "there is nothing of theirs")
		require.Contains(t, strings.Join(w.dump("api_keys"), " "), "the canary's key", "another tenant's")
		nobody := w.Enter(t, scopeOf(inside).TenantID(), "sales.*")
		require.ErrorIs(t, w.auth.CheckLeft(nobody, clerk.id), tenancy.ErrForbidden)
		_, err = w.auth.Actors(nobody, clerk.id)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		require.ErrorIs(t, w.auth.ForgetAccount(nobody, clerk.id), tenancy.ErrForbidden)
		for range 2 {
			require.NoError(t, w.auth.ForgetAccount(inside, clerk.id))
		}
		for _, table := range []string{"user_sessions", "api_keys", "mailed_tokens", "user_tenants"} {
			require.NotContains(t, strings.Join(w.dump(table), " "), clerk.id.String(), table)
		}
		require.Contains(t, strings.Join(w.dump("users"), " "), clerk.email, "the account is the platform's")
	})
}

// Who was asked in and never came is not kept.
func TestInvitationsThatNobodyTookUpGo(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		email := w.email("never")
		_, err := w.auth.Invite(w.enter(owner), access.NewMember{Email: email, Name: "N", Roles: []string{"sales"}})
		require.NoError(t, err)
		_, err = w.auth.AddStaff(w.Platform(t), access.NewStaff{Email: w.email("staff"), Name: "N", Permissions: tenancy.Permissions{"tenancy.read"}})
		require.NoError(t, err)
		require.Equal(t, 3, w.count("users", "1 = 1"))
		sweep := func() {
			_, err := w.auth.Sweep(w.Platform(t), 1000)
			require.NoError(t, err)
		}
		w.clock.Pass(6 * 24 * time.Hour)
		sweep()
		require.Equal(t, 3, w.count("users", "1 = 1"))
		w.clock.Pass(24 * time.Hour)
		sweep()
		require.Equal(t, 1, w.count("users", "1 = 1"))
		require.Equal(t, 1, w.count("user_tenants", "1 = 1"))
		m, err := w.auth.Invite(w.enter(owner), access.NewMember{Email: email, Name: "N", Roles: []string{"sales"}})
		require.NoError(t, err, "and may be asked again")
		w.accept(email, m, owner.tenant)

		_, err = w.auth.Sweep(t.Context(), 10)
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)
		_, err = w.auth.Sweep(w.Platform(t), 0)
		require.ErrorIs(t, err, access.ErrBadInput)
		b, err := w.DB.Background(tenancy.BackgroundOptions{Jobs: w.auth.Jobs()})
		require.NoError(t, err)
		done, err := b.Tick(t.Context(), w.clock.Now())
		require.NoError(t, err)
		require.Equal(t, tenancy.Ticked{Ran: 1}, done)
	})
}

// Each text column of the control database's rows says whether it is personal, and what becomes of it.
func TestControlRowsAreClassified(t *testing.T) {
	allowed := map[string]bool{"none": true, "contact,delete": true, "identity,delete": true, "credential,delete": true, "behaviour,delete": true, "free-text,delete": true}
	for _, row := range access.Rows {
		typ := reflect.TypeOf(row)
		for i := range typ.NumField() {
			f := typ.Field(i)
			if f.Type.Kind() == reflect.String {
				require.True(t, allowed[f.Tag.Get("privacy")], "%s.%s has no class", typ, f.Name)
			}
		}
	}
}
