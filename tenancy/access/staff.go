package access

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/internal/control"
)

// NewStaff is the input of [Service.AddStaff].
type NewStaff struct {
	Email string
	Name  string
	// Permissions are acts of the platform, such as "tenancy.create" and "access.users".
	Permissions tenancy.Permissions
}

// AddStaff makes an account for a member of the platform's staff and invites them. Staff enter the platform, always with a
// second factor, and no tenant; somebody who is a member of tenants has another account for that. Adding the same person
// again, before they came, sends the invitation anew.
//
// It needs a context from [tenancy.DB.EnterPlatform] and the permission access.staff; it is recorded in the platform's
// journal. Errors: tenancy.not_platform, tenancy.forbidden, access.bad_input, access.grants_more, access.email_taken, access.mail.
func (s *Service) AddStaff(ctx context.Context, in NewStaff) (User, error) {
	const op = "access.AddStaff"
	if err := s.db.Tenants().Require(ctx, PermStaff); err != nil {
		return User{}, err
	}
	address, key, err := cleanEmail(op, in.Email)
	if err != nil {
		return User{}, err
	}
	name, err := cleanName(op, in.Name)
	if err != nil {
		return User{}, err
	}
	if err := s.checkStaffPermissions(ctx, op, in.Permissions); err != nil {
		return User{}, err
	}
	perms := strings.Join(namesOf(in.Permissions), ",")
	var user *userRow
	err = s.within(ctx, op, func(tx bun.Tx) error {
		user, err = s.ensureUser(ctx, tx, userRow{Email: address, EmailKey: key, Name: name, Staff: true, StaffPermissions: perms})
		if err != nil {
			return err
		}
		if !user.Staff || user.PasswordHash != "" || user.StaffPermissions != perms {
			return ErrEmailTaken.New(op, "")
		}
		return s.journal(ctx, tx, s.about(ctx, string(PermStaff), user.ID, "added: "+perms))
	})
	if err != nil {
		return User{}, err
	}
	return user.user(), s.invite(ctx, op, user, uuid.Nil, name)
}

// SetStaffPermissions replaces what a member of the staff may do, from their next request on.
//
// It needs a context from [tenancy.DB.EnterPlatform] and the permission access.staff. Errors: tenancy.not_platform,
// tenancy.forbidden, access.bad_input, access.grants_more (what they had or get is more than the caller holds), tenancy.not_found.
func (s *Service) SetStaffPermissions(ctx context.Context, user uuid.UUID, perms tenancy.Permissions) (User, error) {
	const op = "access.SetStaffPermissions"
	if err := s.checkStaffPermissions(ctx, op, perms); err != nil {
		return User{}, err
	}
	names := strings.Join(namesOf(perms), ",")
	return s.changeUser(ctx, op, PermStaff, user, "permissions: "+names, func(_ bun.Tx, u *userRow) error {
		if !u.Staff {
			return tenancy.ErrNotFound.New(op, "")
		}
		u.StaffPermissions = names
		return nil
	})
}

func (s *Service) checkStaffPermissions(ctx context.Context, op string, perms tenancy.Permissions) error {
	if len(perms) == 0 {
		return ErrBadInput.New(op, "staff have permissions")
	}
	if err := checkPermissions(op, perms); err != nil {
		return err
	}
	for _, p := range perms {
		if !tenancy.ScopeOf(ctx).Can(p) {
			return ErrGrantsMore.New(op, "you do not hold %s", p)
		}
	}
	return nil
}

// about is a line of the platform's journal on a person's account.
func (s *Service) about(ctx context.Context, act string, user uuid.UUID, what string) control.Entry {
	return control.Entry{Actor: tenancy.ScopeOf(ctx).Actor(), Act: act, Reason: actorOf(user) + ": " + what}
}
