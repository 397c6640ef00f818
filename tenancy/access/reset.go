package access

import (
	"context"
	"net/netip"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/internal/control"
)

// noAddress is for attempts that are not counted by where they come from: the caller is known already.
var noAddress netip.Addr

// RequestReset sends the person who has an e-mail address a token for [Service.ResetPassword]. It needs no scope. The answer
// is the same, and given before anything is looked up, whether anybody has the address or not. Only the last token that was
// sent can be used.
//
// Errors: access.throttled (too many for this e-mail address, known or not, or from this network address).
func (s *Service) RequestReset(ctx context.Context, email string, from netip.Addr) error {
	const op = "access.RequestReset"
	key := emailKey(plausible(email))
	counts := []struct {
		kind, about string
		limit       int
	}{{countMails, key, s.opt.Limits.Mails}, {countResets, network(from), s.opt.Limits.Address}}
	if !from.IsValid() {
		counts = counts[:1]
	}
	for _, n := range counts {
		c, err := s.counter(ctx, op, n.kind, n.about, n.limit)
		if err != nil {
			return err
		}
		if _, err := s.take(ctx, op, c); err != nil {
			return err
		}
	}
	return s.later(ctx, op, func(ctx context.Context) error { return s.sendReset(ctx, op, key) })
}

// sendReset makes the token and sends it, where there is somebody to send it to.
func (s *Service) sendReset(ctx context.Context, op, key string) error {
	user, err := s.findUser(ctx, s.control.DB, "email_key = ?", key)
	if err != nil {
		return s.fault(op, err)
	}
	if user == nil || user.PasswordHash == "" || user.State != userActive {
		return nil // who was only invited has an invitation to use
	}
	var token tokenRow
	var secret string
	err = s.within(ctx, op, func(tx bun.Tx) (err error) {
		token, secret, err = s.putToken(ctx, tx, NoticeReset, resetPrefix, user.ID, uuid.Nil, s.opt.Reset)
		return err
	})
	if err != nil {
		return err
	}
	return s.send(ctx, token.ID, user.Email, Notice{Kind: NoticeReset, Name: user.Name, Token: secret, ExpiresAt: token.ExpiresAt})
}

// later does something after the answer was given, so that how long it takes tells the caller nothing. When too much is under
// way it waits for room.
func (s *Service) later(ctx context.Context, op string, do func(ctx context.Context) error) error {
	select {
	case s.room <- struct{}{}:
	case <-ctx.Done():
		return s.fault(op, ctx.Err())
	}
	ctx = context.WithoutCancel(ctx)
	s.mailing.Go(func() {
		defer func() { <-s.room }()
		if err := do(ctx); err != nil {
			s.opt.Logger.ErrorContext(ctx, "access: work in the background failed", "op", op, "code", fault.CodeOf(err))
		}
	})
	return nil
}

// Wait returns when what was under way in the background is done: for the end of a program, and tests.
func (s *Service) Wait() { s.mailing.Wait() }

// ResetPassword gives somebody a new password for a token that [Service.RequestReset] sent. It needs no scope. All their
// sessions end, other tokens of the kind are void, and a lock is lifted: who reads the e-mail is no guesser. A second factor
// stays what it was. It is recorded in the platform's journal.
//
// Errors: access.bad_token (unknown, used and expired are one answer), access.bad_password.
func (s *Service) ResetPassword(ctx context.Context, token, password string) error {
	const op = "access.ResetPassword"
	t, err := s.findToken(ctx, op, NoticeReset, resetPrefix, token)
	if err != nil {
		return err
	}
	user, err := s.findUser(ctx, s.control.DB, "id = ?", t.UserID)
	if err != nil {
		return s.fault(op, err)
	}
	if user == nil || user.State != userActive {
		return ErrBadToken.New(op, "")
	}
	if err := s.checkPassword(op, password, user.Email, user.Name); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return s.fault(op, err)
	}
	err = s.within(ctx, op, func(tx bun.Tx) error {
		if err := s.useToken(ctx, tx, op, t); err != nil {
			return err
		}
		return s.setPassword(ctx, tx, user, hash, uuid.Nil, actPasswordReset)
	})
	if err != nil {
		return err
	}
	c, err := s.counter(ctx, op, countAccount, user.EmailKey, s.opt.Limits.Account)
	if err != nil {
		return err
	}
	return s.clear(ctx, op, c)
}

// ChangePassword replaces the caller's password; their other sessions end. The context is of [Service.Identify] or
// [Service.Authenticate].
//
// Errors: access.no_credential, access.bad_credentials (the old one), access.throttled, access.bad_password.
func (s *Service) ChangePassword(ctx context.Context, old, password string) error {
	const op = "access.ChangePassword"
	user, err := s.myself(ctx, op)
	if err != nil {
		return err
	}
	me, err := s.self(ctx, op)
	if err != nil {
		return err
	}
	if err := s.checkPassword(op, password, user.Email, user.Name); err != nil {
		return err
	}
	if user, err = s.askPassword(ctx, op, user, old); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return s.fault(op, err)
	}
	return s.within(ctx, op, func(tx bun.Tx) error {
		is, err := s.lockUser(ctx, tx, op, user.ID)
		if err != nil {
			return err
		}
		if is.PasswordHash != user.PasswordHash { // changed by another request, or reset
			return ErrBadCredentials.New(op, "")
		}
		return s.setPassword(ctx, tx, user, hash, me.SessionID, actPasswordSet)
	})
}

// setPassword stores a password and ends what rests on the old one: sessions but the one that stays, and tokens.
func (s *Service) setPassword(ctx context.Context, tx bun.Tx, user *userRow, hash string, stays uuid.UUID, act string) error {
	// The account first: a login under way with the old password waits for this, or is found below.
	if err := s.setUser(ctx, tx, user.ID, "1 = 1", "password_hash = ?, changed_at = ?", hash, s.control.Now()); err != nil {
		return err
	}
	if _, err := tx.NewRaw("DELETE FROM ? WHERE user_id = ? AND id <> ?", s.table(tableSessions), user.ID, stays).Exec(ctx); err != nil {
		return err
	}
	if err := s.dropTokens(ctx, tx, NoticeReset, user.ID, uuid.Nil); err != nil {
		return err
	}
	return s.journal(ctx, tx, control.Entry{Actor: actorOf(user.ID), Act: act})
}
