package access_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

var manager = access.Role{Name: "manager", Permissions: tenancy.Permissions{"access.*", "sales.*"}}

// Nobody grants or takes more than they hold.
func TestNobodyGrantsMore(t *testing.T) {
	each(t, access.Options{Roles: []access.Role{manager}}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		boss := w.hire(owner, "manager")
		clerk := w.hire(owner, "manager")
		ctx := w.enter(boss)
		for _, roles := range [][]string{{"owner"}, {"accountant"}, {"manager", "cashier"}} {
			_, err := w.auth.Invite(ctx, access.NewMember{Email: w.email("x"), Name: "X", Roles: roles})
			require.ErrorIs(t, err, access.ErrGrantsMore, roles)
			_, err = w.auth.SetRoles(ctx, clerk.member, roles...)
			require.ErrorIs(t, err, access.ErrGrantsMore, roles)
			_, err = w.auth.SetRoles(ctx, boss.member, roles...)
			require.ErrorIs(t, err, access.ErrGrantsMore, "not to themselves either")
		}
		for _, taking := range []func() error{
			func() error { _, err := w.auth.SetRoles(ctx, owner.member, "manager"); return err },
			func() error { _, err := w.auth.SuspendMember(ctx, owner.member); return err },
			func() error { return w.auth.RemoveMember(ctx, owner.member) },
		} {
			require.ErrorIs(t, taking(), access.ErrGrantsMore)
		}
		_, err := w.auth.SetRoles(ctx, clerk.member, "nonsense")
		require.ErrorIs(t, err, access.ErrUnknownRole)
		_, err = w.auth.SetRoles(ctx, clerk.member)
		require.ErrorIs(t, err, access.ErrBadInput)
		m, err := w.auth.SetRoles(w.enter(owner), clerk.member, "sales", "cashier", "sales")
		require.NoError(t, err)
		require.Equal(t, []string{"cashier", "sales"}, m.Roles)

		// And without the permission, nothing at all.
		ctx = w.enter(clerk)
		_, err = w.auth.Invite(ctx, access.NewMember{Email: w.email("x"), Name: "X", Roles: []string{"sales"}})
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = w.auth.SetRoles(ctx, clerk.member, "sales")
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = w.auth.Members(ctx)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
	})
}

func TestTheLastOwnerStays(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		ctx := w.enter(owner)
		leave := map[string]func(m uuid.UUID) error{
			"role":    func(m uuid.UUID) error { _, err := w.auth.SetRoles(ctx, m, "auditor"); return err },
			"suspend": func(m uuid.UUID) error { _, err := w.auth.SuspendMember(ctx, m); return err },
			"remove":  func(m uuid.UUID) error { return w.auth.RemoveMember(ctx, m) },
		}
		for what, by := range leave {
			require.ErrorIs(t, by(owner.member), access.ErrLastOwner, what)
		}
		second := w.hire(owner, "owner")
		require.NoError(t, leave["suspend"](second.member))
		for what, by := range leave {
			require.ErrorIs(t, by(owner.member), access.ErrLastOwner, "%s: a suspended owner is none", what)
		}
		_, err := w.auth.ResumeMember(ctx, second.member)
		require.NoError(t, err)
		require.NoError(t, leave["role"](owner.member))
		m, err := w.auth.Invite(w.enter(second), access.NewMember{Email: w.email("third"), Name: "T", Roles: []string{"owner"}})
		require.NoError(t, err)
		_, err = w.auth.SetRoles(w.enter(second), second.member, "auditor")
		require.ErrorIs(t, err, access.ErrLastOwner, "one who was only asked in is none yet")
		w.accept(m.Email, m, second.tenant)
		_, err = w.auth.SetRoles(w.enter(second), m.ID, "auditor")
		require.NoError(t, err)
		_, err = w.auth.SetRoles(w.enter(second), second.member, "auditor")
		require.ErrorIs(t, err, access.ErrLastOwner)
	})
}

// What is changed holds at the next request: no cache knows better.
func TestChangesHoldAtTheNextRequest(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		clerk := w.hire(owner, "sales")
		boss := w.enter(owner)
		s := w.login(clerk)
		require.True(t, scopeOf(w.with(s.Token)).Can("sales.sell"))
		_, err := w.auth.SetRoles(boss, clerk.member, "auditor")
		require.NoError(t, err)
		require.False(t, scopeOf(w.with(s.Token)).Can("sales.sell"))
		_, err = w.auth.SuspendMember(boss, clerk.member)
		require.NoError(t, err)
		w.refused(s.Token, access.ErrNoCredential)
		_, err = w.auth.Login(t.Context(), access.Login{Email: clerk.email, Password: password})
		require.ErrorIs(t, err, access.ErrNotMember)
		_, err = w.auth.ResumeMember(boss, clerk.member)
		require.NoError(t, err)
		s = w.login(clerk)
		_, err = w.auth.SuspendUser(w.Platform(t), clerk.id, "stolen laptop")
		require.NoError(t, err)
		w.refused(s.Token, access.ErrNoCredential)
		_, err = w.auth.ResumeUser(w.Platform(t), clerk.id, "found again")
		require.NoError(t, err)
		w.refused(s.Token, access.ErrNoCredential)
		s = w.login(clerk)
		require.NoError(t, w.auth.EndUserSessions(w.Platform(t), clerk.id, "asked"))
		w.refused(s.Token, access.ErrNoCredential)

		s = w.login(clerk)
		require.NoError(t, w.auth.RemoveMember(boss, clerk.member))
		require.NoError(t, w.auth.RemoveMember(boss, clerk.member), "again: nothing")
		w.refused(s.Token, access.ErrNoCredential)
		_, err = w.auth.SetRoles(boss, clerk.member, "owner")
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		_, err = w.auth.ResumeMember(boss, clerk.member)
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		none, err := w.auth.Login(t.Context(), access.Login{Email: clerk.email, Password: password})
		require.NoError(t, err, "the account is the person's own")
		w.refused(none.Token, access.ErrNoTenant)

		// Asked in again: the same member, once they came.
		m, err := w.auth.Invite(boss, access.NewMember{Email: clerk.email, Name: "Martin", Roles: []string{"cashier"}})
		require.NoError(t, err)
		require.Equal(t, clerk.member, m.ID)
		_, err = w.auth.Login(t.Context(), access.Login{Email: clerk.email, Password: password, Tenant: clerk.tenant})
		require.ErrorIs(t, err, access.ErrNotMember)
		w.accept(clerk.email, m, clerk.tenant)
		require.True(t, scopeOf(w.enter(clerk)).Can("pos.sell"))
	})
}

// Both sides are asked: without the platform's record the tenant's own lets nobody in, by session or by key.
func TestBothSidesAreAsked(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		s := w.login(owner)
		key, err := w.auth.CreateKey(w.with(s.Token), access.NewKey{Name: "k", Permissions: tenancy.Permissions{"pos.*"}})
		require.NoError(t, err)
		for _, gone := range []string{"UPDATE " + w.controlTable("user_tenants") + " SET state = 'invited'", "DELETE FROM " + w.controlTable("user_tenants")} {
			w.with(s.Token)
			w.with(key.Secret)
			_, err = w.Control(t).Exec(gone + " WHERE user_id = '" + owner.id.String() + "'")
			require.NoError(t, err)
			w.refused(s.Token, access.ErrNotMember)
			w.refused(key.Secret, access.ErrNotMember)
			if strings.HasPrefix(gone, "UPDATE") {
				_, err = w.Control(t).Exec("UPDATE " + w.controlTable("user_tenants") + " SET state = 'joined' WHERE user_id = '" + owner.id.String() + "'")
				require.NoError(t, err)
			}
		}
	})
}

// A removal that was cut short after the tenant's own record lets nobody in, and being asked in again does not either
// before they came.
func TestARemovalCutShort(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		clerk := w.hire(owner, "sales")
		boss := w.enter(owner)
		s := w.login(clerk)
		db := w.Owner(t, owner.tenant)
		for _, set := range []string{"state = 'removed', is_owner = FALSE"} {
			_, err := db.Exec(w.SQL("UPDATE erp.members SET " + set + " WHERE id = '" + clerk.member.String() + "'"))
			require.NoError(t, err)
		}
		w.refused(s.Token, access.ErrNotMember)
		m, err := w.auth.Invite(boss, access.NewMember{Email: clerk.email, Name: "Martin", Roles: []string{"sales"}})
		require.NoError(t, err)
		w.refused(s.Token, access.ErrNoCredential)
		_, err = w.auth.Login(t.Context(), access.Login{Email: clerk.email, Password: password, Tenant: clerk.tenant})
		require.ErrorIs(t, err, access.ErrNotMember)
		w.accept(clerk.email, m, clerk.tenant)
		w.enter(clerk)
	})
}

// Only a tenant that has nobody gets an owner from the platform: staff let themselves into no tenant.
func TestAddOwner(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		shop, err := w.DB.Tenants().Create(w.Platform(t), tenancy.NewTenant{Name: "New"})
		require.NoError(t, err)
		email := w.email("first")
		in := access.NewMember{Email: email, Name: "First"}
		_, err = w.auth.AddOwner(t.Context(), shop.ID, in)
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)
		small, err := w.DB.EnterPlatform(t.Context(), "ops:1", tenancy.Permissions{"tenancy.*"})
		require.NoError(t, err)
		_, err = w.auth.AddOwner(small, shop.ID, in)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = w.auth.AddOwner(w.Platform(t), uuid.New(), in)
		require.ErrorIs(t, err, tenancy.ErrUnknownTenant)
		_, err = w.auth.AddOwner(w.Platform(t), shop.ID, access.NewMember{Email: "no address", Name: "X"})
		require.ErrorIs(t, err, access.ErrBadInput)

		m, err := w.auth.AddOwner(w.Platform(t), shop.ID, in)
		require.NoError(t, err)
		first := w.token(email)
		again, err := w.auth.AddOwner(w.Platform(t), shop.ID, in)
		require.NoError(t, err, "the message was lost")
		require.Equal(t, m.ID, again.ID)
		require.NotEqual(t, first, w.token(email))
		_, err = w.auth.AddOwner(w.Platform(t), shop.ID, access.NewMember{Email: w.email("second"), Name: "Second"})
		require.ErrorIs(t, err, access.ErrHasMembers)
		w.accept(email, m, shop.ID)
		_, err = w.auth.AddOwner(w.Platform(t), shop.ID, in)
		require.ErrorIs(t, err, access.ErrHasMembers)
	})
}

// The tenant's members are its own: the store's whole attack as the wrong tenant, and every act of this package by id.
func TestMembersAreTheTenantsOwn(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, victim := w.shop()
		_, intruder := w.shop()
		clerk := w.hire(victim, "sales")
		tenancytest.TwoTenants(t, w.Env, w.Enter(t, victim.tenant, "*"), w.Enter(t, intruder.tenant, "*"))
		ctx := w.enter(intruder)
		for _, id := range []uuid.UUID{clerk.member, uuid.New()} {
			for what, act := range map[string]func() error{
				"roles":    func() error { _, err := w.auth.SetRoles(ctx, id, "sales"); return err },
				"suspend":  func() error { _, err := w.auth.SuspendMember(ctx, id); return err },
				"resume":   func() error { _, err := w.auth.ResumeMember(ctx, id); return err },
				"remove":   func() error { return w.auth.RemoveMember(ctx, id) },
				"sessions": func() error { return w.auth.EndTenantSessions(ctx, id) },
			} {
				require.ErrorIs(t, act(), tenancy.ErrNotFound, what)
			}
		}
		members, err := w.auth.Members(ctx)
		require.NoError(t, err)
		require.Len(t, members, 1)
	})
}

// A member row without the platform's own record opens nothing: what an archive or the host's SQL brings makes no one a
// member.
func TestAMemberRowAloneOpensNothing(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		tenant, stranger := w.shop()
		now := time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
		_, err := w.Owner(t, tenant).Exec(w.SQL("INSERT INTO erp.members (tenant_id, id, user_id, name, email, roles, is_owner, state, created_at, changed_at) VALUES ('" +
			tenant.String() + "', '" + uuid.NewString() + "', '" + owner.id.String() + "', 'X', 'x', 'owner', TRUE, 'active', '" + now + "', '" + now + "')"))
		require.NoError(t, err)
		_, err = w.auth.Login(t.Context(), access.Login{Email: owner.email, Password: password, Tenant: tenant})
		require.ErrorIs(t, err, access.ErrNotMember)
		members, err := w.auth.Members(w.enter(stranger))
		require.NoError(t, err)
		i := slices.IndexFunc(members, func(m access.Member) bool { return m.UserID == owner.id })
		require.Equal(t, access.MemberInvited, members[i].State)
	})
}

// own are the methods that need no scope, or are of the person's own account, or of the platform: which kind of context each
// is for. Every other method that takes a context is a tenant's.
var own = map[string]string{
	"Login": "none", "Accept": "none", "RequestReset": "none", "ResetPassword": "none", "Authenticate": "none", "Identify": "none", "OwnerAddress": "none",
	"Sessions": "self", "EndSession": "self", "EndOtherSessions": "self", "Logout": "self", "ChangePassword": "self", "SetUpFactor": "self", "ConfirmFactor": "self",
	"RemoveFactor": "self", "NewRecoveryCodes": "self", "Memberships": "self", "SwitchTenant": "self",
	"AddOwner": "platform", "AddStaff": "platform", "SetStaffPermissions": "platform", "FindUser": "platform", "Users": "platform", "SuspendUser": "platform",
	"ResumeUser": "platform", "EndUserSessions": "platform", "TakeFactor": "platform", "UnlockUser": "platform", "EraseUser": "platform", "Sweep": "platform", "RewrapKeys": "platform",
	"KeyOwner": "scope",
}

// Every method is called with zero arguments in every context that is not for it: refused before anything is asked. A new
// method is covered the day it is written.
func TestEveryMethodRefusesAnUnusableContext(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		key, err := w.auth.CreateKey(w.enter(owner), access.NewKey{Name: "k", Permissions: tenancy.Permissions{"access.*"}})
		require.NoError(t, err)
		session := w.login(owner)
		self, err := w.auth.Identify(t.Context(), session.Token)
		require.NoError(t, err)
		suspended := w.TenantWith(t, "access.*")
		_, err = w.DB.Tenants().Suspend(w.Platform(t), scopeOf(suspended).TenantID(), "test")
		require.NoError(t, err)
		nobody, err := w.DB.EnterPlatform(t.Context(), "ops:1", nil)
		require.NoError(t, err)
		powerless := w.Enter(t, owner.tenant)
		contexts := map[string]context.Context{
			"none": t.Context(), "zero": tenancy.Scope{}.Attach(t.Context()), "platform": w.Platform(t), "nobody": nobody, "self": self,
			"suspended": suspended, "tenant": powerless, "key": w.with(key.Secret),
		}
		fine := map[string][]string{"self": {"self"}, "platform": {"platform"}, "": {"key"}, "scope": {"tenant", "key", "suspended"}} // who may is no matter of this test
		statements := w.auth.CountStatements()
		v := reflect.ValueOf(w.auth)
		methods := 0
		for i := range v.NumMethod() {
			name, fn := v.Type().Method(i).Name, v.Method(i)
			typ := fn.Type()
			if own[name] == "none" || typ.NumIn() == 0 || typ.In(0) != reflect.TypeFor[context.Context]() {
				continue
			}
			methods++
			for kind, ctx := range contexts {
				if slices.Contains(fine[own[name]], kind) {
					continue
				}
				args := []reflect.Value{reflect.ValueOf(ctx)}
				for i := 1; i < typ.NumIn(); i++ {
					if !typ.IsVariadic() || i < typ.NumIn()-1 {
						args = append(args, reflect.Zero(typ.In(i)))
					}
				}
				before := statements.Load()
				var err error
				sent := w.Count(t, func() {
					out := fn.Call(args)
					err, _ = out[len(out)-1].Interface().(error)
				})
				require.Error(t, err, "%s with %s", name, kind)
				require.Contains(t, []fault.Kind{fault.Unscoped, fault.Forbidden}, fault.KindOf(err), "%s with %s: %v", name, kind, err)
				require.Zero(t, sent, "%s with %s sent SQL", name, kind)
				require.Equal(t, before, statements.Load(), "%s with %s asked the control database", name, kind)
			}
		}
		require.Greater(t, methods, 30)
	})
}

// A key acts for the account that made it, in its own tenant alone.
func TestKeyOwner(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		_, stranger := w.shop()
		key, err := w.auth.CreateKey(w.enter(owner), access.NewKey{Name: "k", Permissions: tenancy.Permissions{"access.*"}})
		require.NoError(t, err)
		actor := scopeOf(w.with(key.Secret)).Actor()
		for want, ask := range map[bool]context.Context{true: w.enter(owner), false: w.enter(stranger)} {
			account, err := w.auth.KeyOwner(ask, actor)
			require.NoError(t, err)
			require.Equal(t, want, account != uuid.Nil)
		}
		nobody, err := w.auth.KeyOwner(w.enter(owner), "ops:1")
		require.NoError(t, err)
		require.Zero(t, nobody)
	})
}
