package access

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy/internal/control"
)

// Login is the input of [Service.Login].
type Login struct {
	Email    string
	Password string
	// Code is of the second factor: six digits, or a recovery code. Asked for (access.code_needed) where there is one.
	Code string
	// Tenant is where to; zero is the person's only tenant, or none: then [Service.SwitchTenant] chooses.
	Tenant uuid.UUID
	// Address is where the request comes from. It is counted against Limits.Address and stored only as a keyed hash. Zero:
	// not counted, which leaves one guesser with one guess per e-mail address as many as there are.
	Address netip.Addr
	// Device is by what the person will know the session again, such as [DeviceOf] a User-Agent. At most 60 characters are kept.
	Device string
}

// Login checks who somebody is and makes a session of one tenant, of none yet, or of the platform's staff. It needs no
// scope. It is recorded in the tenant's trail or, without a tenant, in the platform's journal; a refusal always in the
// latter, by code and without what was typed.
//
// An unknown address and a wrong password have one answer at one cost: one password is hashed, the same statements are
// sent. Errors: access.bad_credentials, access.code_needed (after the right password only, as the following),
// access.user_suspended, access.not_member (the tenant is unknown, or the person is no member of it), access.throttled;
// Enter's for the tenant.
func (s *Service) Login(ctx context.Context, in Login) (Session, error) {
	const op = "access.Login"
	var session Session
	in.Email = plausible(in.Email)
	err := s.attempt(ctx, op, in.Email, in.Address, func() (actor string, err error) {
		user, err := s.checkPasswordOf(ctx, op, in.Email, in.Password)
		if err != nil {
			return actorOrUnknown(user), err
		}
		factor, err := s.checkFactor(ctx, op, user, in.Code)
		if err != nil {
			return actorOf(user.ID), err
		}
		session, err = s.open(ctx, op, user, in.Tenant, factor, in.Device)
		return actorOf(user.ID), err
	})
	return session, err
}

// plausible is an address as it was typed, or nothing where it cannot be one: that is nobody's, at the same cost.
func plausible(email string) string {
	email = strings.TrimSpace(email)
	if len(email) > 254 || !utf8.ValidString(email) || strings.ContainsRune(email, 0) {
		return ""
	}
	return email
}

// attempt counts a try at somebody's secret before it is made, and settles the counters by what came of it.
func (s *Service) attempt(ctx context.Context, op, email string, from netip.Addr, try func() (actor string, err error)) error {
	account, err := s.counter(ctx, op, countAccount, emailKey(email), s.opt.Limits.Account)
	if err != nil {
		return err
	}
	var address counter
	lastOfAddress := false
	if from.IsValid() {
		if address, err = s.counter(ctx, op, countAddress, network(from), s.opt.Limits.Address); err != nil {
			return err
		}
		if lastOfAddress, err = s.take(ctx, op, address); err != nil {
			return err
		}
	}
	lastOfAccount, err := s.take(ctx, op, account)
	if err != nil {
		return err
	}
	actor, err := try()
	switch {
	case err == nil:
		if err := s.clear(ctx, op, account); err != nil {
			return err
		}
		return s.giveBack(ctx, op, address)
	case errors.Is(err, ErrBadCredentials):
		return s.refused(ctx, op, actor, err, lastOfAccount, lastOfAddress)
	}
	// The password was right, or nothing was tried: no failure.
	if back := s.giveBack(ctx, op, account, address); back != nil {
		return back
	}
	return err
}

// refused records a failure, and that it was the last that is taken for a while.
func (s *Service) refused(ctx context.Context, op, actor string, why error, account, address bool) error {
	err := s.journal(ctx, s.control.DB, control.Entry{Actor: actor, Act: actRefused, Reason: string(ErrBadCredentials.Code)})
	if err != nil {
		return s.fault(op, err)
	}
	for _, last := range []struct {
		is   bool
		kind string
	}{{account, countAccount}, {address, countAddress}} {
		if last.is {
			if err := s.lockedOut(ctx, op, last.kind, actor); err != nil {
				return err
			}
		}
	}
	return why
}

// unknown is the actor of who could not be told.
const unknown = "unknown"

func actorOrUnknown(u *userRow) string {
	if u == nil {
		return unknown
	}
	return actorOf(u.ID)
}

// checkPasswordOf gives the account of an address if the password is its own. It does the same whether anybody has the
// address or not. A hash of another cost than today's is made anew.
func (s *Service) checkPasswordOf(ctx context.Context, op, email, password string) (*userRow, error) {
	user, err := s.findUser(ctx, s.control.DB, "email_key = ?", emailKey(email))
	if err != nil {
		return nil, s.fault(op, err)
	}
	stored := ""
	if user != nil {
		stored = user.PasswordHash
	}
	if len(password) > 4*maxPassword { // hashing it would be work for a stranger
		password = password[:4*maxPassword]
	}
	ok, stale, err := s.hasher.verify(ctx, password, stored)
	switch {
	case err != nil:
		return user, s.fault(op, err)
	case !ok:
		return user, ErrBadCredentials.New(op, "")
	case user.State != userActive:
		return user, ErrUserSuspended.New(op, "")
	case stale:
		return user, s.rehash(ctx, op, user, password)
	}
	return user, nil
}

// rehash stores a right password at today's cost, unless it was changed meanwhile.
func (s *Service) rehash(ctx context.Context, op string, user *userRow, password string) error {
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return s.fault(op, err)
	}
	res, err := s.control.DB.NewUpdate().Model((*userRow)(nil)).ModelTableExpr(s.aliased(tableUsers)).Set("password_hash = ?", hash).
		Where("id = ?", user.ID).Where("password_hash = ?", user.PasswordHash).Exec(ctx)
	if err != nil {
		return s.fault(op, err)
	}
	if n, err := res.RowsAffected(); err == nil && n == 1 {
		user.PasswordHash = hash
	}
	return nil
}

// open makes a session for somebody who has proved who they are.
func (s *Service) open(ctx context.Context, op string, user *userRow, tenant uuid.UUID, factor bool, device string) (Session, error) {
	if user.Staff && tenant != uuid.Nil {
		return Session{}, ErrNotMember.New(op, "")
	}
	if tenant == uuid.Nil && !user.Staff {
		var links []linkRow
		err := s.control.DB.NewSelect().Model(&links).ModelTableExpr(s.aliased(tableTenants)).Where("user_id = ?", user.ID).Where("state = ?", linkJoined).Limit(2).Scan(ctx)
		if err != nil {
			return Session{}, s.fault(op, err)
		}
		if len(links) == 1 {
			tenant = links[0].TenantID
		}
	}
	if err := s.recordLogin(ctx, op, user, tenant); err != nil {
		return Session{}, err
	}
	secret, hash := newSecret(sessionPrefix)
	now := s.control.Now()
	row := sessionRow{ID: newID(), TokenHash: hash, UserID: user.ID, TenantID: tenant, SecondFactor: factor, Device: cleanDevice(device),
		CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(s.opt.Absolute)}
	err := s.within(ctx, op, func(tx bun.Tx) error {
		is, err := s.lockUser(ctx, tx, op, user.ID)
		if err != nil {
			return err
		}
		if is.PasswordHash != user.PasswordHash || is.TOTPSealed != user.TOTPSealed || is.State != userActive { // what was shown is worth nothing any more
			return ErrBadCredentials.New(op, "")
		}
		if err := s.dropOldest(ctx, tx, user.ID); err != nil {
			return err
		}
		_, err = tx.NewInsert().Model(&row).ModelTableExpr(s.control.Table(tableSessions)).Exec(ctx)
		return err
	})
	if err != nil {
		return Session{}, err
	}
	out := row.session(s.opt.Idle)
	out.Token = secret
	return out, nil
}

// recordLogin tells of a login before there is one: in the tenant's trail, or in the platform's journal.
func (s *Service) recordLogin(ctx context.Context, op string, user *userRow, tenant uuid.UUID) error {
	if tenant == uuid.Nil {
		return s.fault(op, s.journal(ctx, s.control.DB, control.Entry{Actor: actorOf(user.ID), Act: actLogin}))
	}
	member, err := s.admitted(ctx, op, user.ID, tenant)
	if err != nil {
		return err
	}
	_, err = control.Enter(ctx, s.db, control.Entering{Tenant: tenant, Actor: actorOf(member.UserID), Act: actLogin, Expires: s.control.Now().Add(time.Minute)})
	return err
}
