package access

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy"
)

// User is an account, as the platform's staff see it.
type User struct {
	ID           uuid.UUID
	Email        string
	Name         string
	Suspended    bool
	HasPassword  bool // false: was invited and has not come yet
	SecondFactor bool
	Staff        bool
	Permissions  tenancy.Permissions // of staff
	CreatedAt    time.Time
	ChangedAt    time.Time
}

func (r *userRow) user() User {
	return User{ID: r.ID, Email: r.Email, Name: r.Name, Suspended: r.State == userSuspended, HasPassword: r.PasswordHash != "", SecondFactor: r.TOTPSealed != "",
		Staff: r.Staff, Permissions: permissionsOf(r.StaffPermissions), CreatedAt: r.CreatedAt, ChangedAt: r.ChangedAt}
}

// FindUser gives the account of an e-mail address. It needs a context from [tenancy.DB.EnterPlatform] and the permission
// access.users. Errors: tenancy.not_platform, tenancy.forbidden, tenancy.not_found.
func (s *Service) FindUser(ctx context.Context, email string) (User, error) {
	const op = "access.FindUser"
	if err := s.db.Tenants().Require(ctx, PermUsers); err != nil {
		return User{}, err
	}
	u, err := s.findUser(ctx, s.control.DB, "email_key = ?", emailKey(plausible(email)))
	if err != nil {
		return User{}, s.fault(op, err)
	}
	if u == nil {
		return User{}, tenancy.ErrNotFound.New(op, "")
	}
	return u.user(), nil
}

// Users lists accounts in the order of their ids, which is no order of time, at most limit (1 to 1,000) after the given id (zero: from the start). It
// needs a context from [tenancy.DB.EnterPlatform] and the permission access.users. Errors: tenancy.not_platform, tenancy.forbidden.
func (s *Service) Users(ctx context.Context, after uuid.UUID, limit int) ([]User, error) {
	const op = "access.Users"
	if err := s.db.Tenants().Require(ctx, PermUsers); err != nil {
		return nil, err
	}
	var rows []userRow
	err := s.control.DB.NewSelect().Model(&rows).ModelTableExpr(s.aliased(tableUsers)).Where("id > ?", after).OrderExpr("id").
		Limit(int64(min(max(limit, 1), 1000))).Scan(ctx)
	if err != nil {
		return nil, s.fault(op, err)
	}
	out := make([]User, len(rows))
	for i := range rows {
		out[i] = rows[i].user()
	}
	return out, nil
}

// SuspendUser keeps a person out of everything, by sessions and by their keys, from the next request on. The reason stands in
// the platform's journal for good: no names, no addresses.
//
// It needs a context from [tenancy.DB.EnterPlatform] and the permission access.users, for staff access.staff as well. Errors:
// tenancy.not_platform, tenancy.forbidden, access.bad_input (no reason), access.grants_more, tenancy.not_found.
func (s *Service) SuspendUser(ctx context.Context, user uuid.UUID, reason string) (User, error) {
	return s.changeUser(ctx, "access.SuspendUser", PermUsers, user, "suspended: "+reason, func(tx bun.Tx, u *userRow) error {
		u.State = userSuspended
		return s.drop(ctx, tx, u.ID, tableSessions, tableTokens)
	})
}

// ResumeUser undoes SuspendUser. Errors: as there.
func (s *Service) ResumeUser(ctx context.Context, user uuid.UUID, reason string) (User, error) {
	return s.changeUser(ctx, "access.ResumeUser", PermUsers, user, "resumed: "+reason, func(_ bun.Tx, u *userRow) error {
		u.State = userActive
		return nil
	})
}

// EndUserSessions ends a person's sessions, everywhere. Permissions and errors: as [Service.SuspendUser]'s.
func (s *Service) EndUserSessions(ctx context.Context, user uuid.UUID, reason string) error {
	_, err := s.changeUser(ctx, "access.EndUserSessions", PermUsers, user, "sessions ended: "+reason, func(tx bun.Tx, u *userRow) error {
		return s.drop(ctx, tx, u.ID, tableSessions)
	})
	return err
}

// TakeFactor takes away the second factor of a person who has lost it and its recovery codes, and ends their sessions. Make sure
// by other means that it is them. Permissions and errors: as [Service.SuspendUser]'s.
func (s *Service) TakeFactor(ctx context.Context, user uuid.UUID, reason string) error {
	_, err := s.changeUser(ctx, "access.TakeFactor", PermUsers, user, "second factor taken: "+reason, func(tx bun.Tx, u *userRow) error {
		u.TOTPSealed, u.TOTPPending = "", ""
		return s.drop(ctx, tx, u.ID, tableCodes, tableSessions)
	})
	return err
}

// UnlockUser lifts the lock that too many failed logins put on a person's e-mail address. Permissions and errors: as
// [Service.SuspendUser]'s.
func (s *Service) UnlockUser(ctx context.Context, user uuid.UUID, reason string) error {
	const op = "access.UnlockUser"
	var key string
	_, err := s.changeUser(ctx, op, PermUsers, user, "unlocked: "+reason, func(_ bun.Tx, u *userRow) error {
		key = u.EmailKey
		return nil
	})
	if err != nil {
		return err
	}
	c, err := s.counter(ctx, op, countAccount, key, s.opt.Limits.Account)
	if err != nil {
		return err
	}
	return s.clear(ctx, op, c)
}

// EraseUser forgets a person: account, sessions, keys, codes and tokens go. Their id stays in trails, where it names nobody any
// more but for the tenants' own records of their members. Who still belongs to a tenant is removed there first, by its owner.
//
// Permissions and errors: as [Service.SuspendUser]'s, and access.has_memberships.
func (s *Service) EraseUser(ctx context.Context, user uuid.UUID, reason string) error {
	const op = "access.EraseUser"
	_, err := s.changeUser(ctx, op, PermUsers, user, "erased: "+reason, func(tx bun.Tx, u *userRow) error {
		n, err := tx.NewSelect().Model((*linkRow)(nil)).ModelTableExpr(s.aliased(tableTenants)).Where("user_id = ?", u.ID).Count(ctx)
		if err != nil {
			return err
		}
		if n > 0 {
			return ErrHasMemberships.New(op, "the account belongs to %d tenants", n)
		}
		u.ID = uuid.Nil // nothing is left to change
		return s.drop(ctx, tx, user, tableSessions, tableTokens, tableCodes, tableKeys)
	})
	return err
}

// drop deletes what a person has in other tables.
func (s *Service) drop(ctx context.Context, tx bun.Tx, user uuid.UUID, tables ...string) error {
	for _, t := range tables {
		if _, err := tx.NewRaw("DELETE FROM ? WHERE user_id = ?", s.table(t), user).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// changeUser lets change look at an account and alter it, under the rules that hold for every such act of the platform, and
// records it.
func (s *Service) changeUser(ctx context.Context, op string, act tenancy.Permission, user uuid.UUID, what string, change func(tx bun.Tx, u *userRow) error) (User, error) {
	if err := s.db.Tenants().Require(ctx, act); err != nil {
		return User{}, err
	}
	_, reason, _ := strings.Cut(what, ": ")
	if len(reason) > 1000 || strings.TrimSpace(reason) == "" || !utf8.ValidString(reason) || strings.IndexFunc(reason, unicode.IsControl) >= 0 {
		return User{}, ErrBadInput.New(op, "a reason is needed: one line of at most 1,000 characters")
	}
	var out User
	err := s.within(ctx, op, func(tx bun.Tx) error {
		u, err := s.lockUser(ctx, tx, op, user)
		if err != nil {
			return err
		}
		if err := s.mayHandleUser(ctx, op, u); err != nil {
			return err
		}
		if err := change(tx, u); err != nil {
			return err
		}
		out = u.user()
		if err := s.storeUser(ctx, tx, user, u); err != nil {
			return err
		}
		return s.journal(ctx, tx, s.about(ctx, string(act), user, what))
	})
	return out, err
}

// mayHandleUser refuses who would reach a colleague without being allowed to, or one who may do more.
func (s *Service) mayHandleUser(ctx context.Context, op string, u *userRow) error {
	if !u.Staff {
		return nil
	}
	if err := s.db.Tenants().Require(ctx, PermStaff); err != nil {
		return err
	}
	for _, p := range permissionsOf(u.StaffPermissions) {
		if !tenancy.ScopeOf(ctx).Can(p) {
			return ErrGrantsMore.New(op, "they hold %s, which you do not", p)
		}
	}
	return nil
}

func (s *Service) storeUser(ctx context.Context, tx bun.Tx, user uuid.UUID, u *userRow) error {
	if u.ID == uuid.Nil {
		_, err := tx.NewDelete().Model((*userRow)(nil)).ModelTableExpr(s.aliased(tableUsers)).Where("id = ?", user).Exec(ctx)
		return err
	}
	u.ChangedAt = s.control.Now()
	_, err := tx.NewUpdate().Model(u).ModelTableExpr(s.aliased(tableUsers)).
		Column("state", "staff_permissions", "totp_sealed", "totp_pending", "changed_at").Where("id = ?", user).Exec(ctx)
	return err
}

// Actors gives the opaque ids under which a person's keys act in the tenant of the scope, as long as the keys are known: for 90 days after their end.
//
// Permission: access.read, unless another act asks.
func (s *Service) Actors(ctx context.Context, user uuid.UUID) ([]string, error) {
	tenant, err := tenancy.View(ctx, s.db, PermRead, func(_ context.Context, tx *tenancy.Tx) (uuid.UUID, error) { return tx.Scope().TenantID(), nil })
	if err != nil {
		return nil, err
	}
	var keys []uuid.UUID
	err = s.control.DB.NewSelect().Model((*keyRow)(nil)).ModelTableExpr(s.aliased(tableKeys)).Column("id").Where("user_id = ?", user).Where("tenant_id = ?", tenant).OrderExpr("id").Scan(ctx, &keys)
	if err != nil {
		return nil, s.fault("access.Actors", err)
	}
	out := make([]string, len(keys))
	for i, id := range keys {
		out[i] = keyActor(id)
	}
	return out, nil
}

// KeyOwner gives the account behind a key that acts in the tenant of the scope as "key:ID"; zero when that is no key's actor, or the key is not known any more. It needs a scope and no permission: it gives one opaque id for another.
func (s *Service) KeyOwner(ctx context.Context, actor string) (uuid.UUID, error) {
	var tenant uuid.UUID
	err := s.db.Read(ctx, func(_ context.Context, tx *tenancy.Tx) error {
		tenant = tx.Scope().TenantID()
		return nil
	})
	if err != nil {
		return uuid.Nil, err
	}
	id, ok := strings.CutPrefix(actor, "key:")
	key, bad := uuid.Parse(id)
	if !ok || bad != nil {
		return uuid.Nil, nil //nolint:nilerr // somebody else's actor
	}
	var owners []uuid.UUID
	err = s.control.DB.NewSelect().Model((*keyRow)(nil)).ModelTableExpr(s.aliased(tableKeys)).Column("user_id").Where("id = ?", key).Where("tenant_id = ?", tenant).Scan(ctx, &owners)
	if err != nil || len(owners) == 0 {
		return uuid.Nil, s.fault("access.KeyOwner", err)
	}
	return owners[0], nil
}

// CheckLeft refuses to have somebody forgotten who can still come into the tenant of the scope, or was asked in: they are removed first ([Service.RemoveMember]). With
// [Service.ForgetAccount] it is what an erasure asks of this package.
//
// Permission: access.members, unless another act asks. Errors: access.has_memberships.
func (s *Service) CheckLeft(ctx context.Context, user uuid.UUID) error {
	const op = "access.CheckLeft"
	tenant, err := tenancy.View(ctx, s.db, PermMembers, func(_ context.Context, tx *tenancy.Tx) (uuid.UUID, error) { return tx.Scope().TenantID(), nil })
	if err != nil {
		return err
	}
	n, err := s.control.DB.NewSelect().Model((*linkRow)(nil)).ModelTableExpr(s.aliased(tableTenants)).Where("user_id = ?", user).Where("tenant_id = ?", tenant).Count(ctx)
	if err != nil {
		return s.fault(op, err)
	}
	if n > 0 {
		return ErrHasMemberships.New(op, "the account is a member of the tenant: remove it first")
	}
	return nil
}

// ForgetAccount takes away what is left of a person's time in the tenant of the scope: sessions, invitations and keys, with the names that they gave
// them. The account itself is the platform's ([Service.EraseUser]). It may be called again; the trail says that it was.
//
// Permission: access.members, unless another act asks. Errors: access.has_memberships.
func (s *Service) ForgetAccount(ctx context.Context, user uuid.UUID) error {
	const op = "access.ForgetAccount"
	if err := s.CheckLeft(ctx, user); err != nil {
		return err
	}
	tenant, err := tenancy.Act(ctx, s.db, PermMembers, func(_ context.Context, tx *tenancy.Tx) (uuid.UUID, error) {
		return tx.Scope().TenantID(), tx.RecordAct()
	})
	if err != nil {
		return err
	}
	for _, table := range []string{tableSessions, tableTokens, tableKeys} {
		if _, err := s.control.DB.NewRaw("DELETE FROM ? WHERE user_id = ? AND tenant_id = ?", s.table(table), user, tenant).Exec(ctx); err != nil {
			return s.fault(op, err)
		}
	}
	return nil
}
