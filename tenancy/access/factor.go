package access

import (
	"context"
	"crypto/rand"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy/internal/control"
)

// Factor is a second factor to be: what an authenticator app is given.
type Factor struct {
	// Secret is in base32, for typing in.
	Secret string
	// URI is for a QR code (otpauth://totp/...).
	URI string
}

// codeRow is a recovery code that was not used yet.
type codeRow struct {
	UserID   uuid.UUID `bun:"user_id,pk"`
	CodeHash string    `bun:"code_hash,pk" privacy:"credential,delete"`
}

// Recovery codes stand in for a lost second factor. 80 random bits are beyond guessing, so a plain hash is enough.
const (
	recoveryCodes = 10
	recoveryBytes = 10
)

func factorBinding(user uuid.UUID) string { return "second factor of user " + user.String() }

// SetUpFactor begins to set up the caller's second factor: a new secret, which counts once [Service.ConfirmFactor] has seen a
// code of it. Calling again replaces it. The context is of [Service.Identify] or [Service.Authenticate]; the password is asked
// again, because a session that somebody left open must not lock its owner out.
//
// Errors: access.no_credential, access.bad_credentials, access.throttled, access.second_factor_present.
func (s *Service) SetUpFactor(ctx context.Context, password string) (Factor, error) {
	const op = "access.SetUpFactor"
	user, err := s.myself(ctx, op)
	if err != nil {
		return Factor{}, err
	}
	if user, err = s.askPassword(ctx, op, user, password); err != nil {
		return Factor{}, err
	}
	if user.TOTPSealed != "" {
		return Factor{}, ErrFactorPresent.New(op, "")
	}
	secret, at := newTOTPSecret(), s.control.Now()
	sealed, err := s.seal(ctx, secret, factorBinding(user.ID))
	if err != nil {
		return Factor{}, err
	}
	err = s.setUser(ctx, s.control.DB, user.ID, "totp_sealed = ''", "totp_pending = ?, totp_wrapped_at = ?", sealed, at)
	if err != nil {
		return Factor{}, s.fault(op, err)
	}
	return Factor{Secret: base32Plain.EncodeToString(secret), URI: totpURI(s.opt.Issuer, user.Email, secret)}, nil
}

// ConfirmFactor ends SetUpFactor: the caller's app shows the right code, so from now on a code is asked for at each login. It
// gives recovery codes, which are seen once. The caller's session counts as one with a second factor; their others end.
//
// Errors: access.no_credential, access.no_second_factor (nothing was begun), access.bad_credentials, access.throttled.
func (s *Service) ConfirmFactor(ctx context.Context, code string) ([]string, error) {
	const op = "access.ConfirmFactor"
	user, err := s.myself(ctx, op)
	if err != nil {
		return nil, err
	}
	if user.TOTPPending == "" {
		return nil, ErrNoFactor.New(op, "")
	}
	var codes []string
	err = s.attempt(ctx, op, user.Email, noAddress, func() (string, error) {
		secret, err := s.unseal(ctx, op, user.TOTPPending, factorBinding(user.ID))
		if err != nil {
			return actorOf(user.ID), err
		}
		step, ok := totpStep(secret, plainCode(code), s.control.Now(), 0) // no code of a new secret was used
		if !ok {
			return actorOf(user.ID), ErrBadCredentials.New(op, "")
		}
		codes, err = s.confirm(ctx, op, user, step)
		return actorOf(user.ID), err
	})
	return codes, err
}

func (s *Service) confirm(ctx context.Context, op string, user *userRow, step int64) (codes []string, err error) {
	me, err := s.self(ctx, op)
	if err != nil {
		return nil, err
	}
	err = s.within(ctx, op, func(tx bun.Tx) error {
		res, err := tx.NewUpdate().Model((*userRow)(nil)).ModelTableExpr(s.aliased(tableUsers)).Set("totp_sealed = totp_pending").Set("totp_pending = ''").
			Set("totp_step = ?", step).Set("changed_at = ?", s.control.Now()).Where("id = ?", user.ID).Where("totp_pending = ?", user.TOTPPending).Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 { // somebody else has just begun or ended it
			return ErrNoFactor.New(op, "")
		}
		if codes, err = s.putCodes(ctx, tx, user.ID); err != nil {
			return err
		}
		if _, err := tx.NewRaw("DELETE FROM ? WHERE user_id = ? AND id <> ?", s.table(tableSessions), user.ID, me.SessionID).Exec(ctx); err != nil {
			return err
		}
		if _, err := tx.NewRaw("UPDATE ? SET second_factor = ? WHERE id = ?", s.table(tableSessions), true, me.SessionID).Exec(ctx); err != nil {
			return err
		}
		return s.journal(ctx, tx, control.Entry{Actor: actorOf(user.ID), Act: actFactorSet})
	})
	return codes, err
}

// RemoveFactor takes the caller's second factor and recovery codes away. Where a role needs one, nothing can be entered until
// there is a new one. The platform's staff keep theirs.
//
// Errors: access.no_credential, access.no_second_factor, access.bad_credentials, access.throttled, access.second_factor_required.
func (s *Service) RemoveFactor(ctx context.Context, code string) error {
	const op = "access.RemoveFactor"
	return s.withFactor(ctx, op, code, func(user *userRow) error {
		if user.Staff {
			return ErrNeedsFactor.New(op, "")
		}
		return s.dropFactor(ctx, op, user, control.Entry{Actor: actorOf(user.ID), Act: actFactorGone})
	})
}

// NewRecoveryCodes replaces the caller's recovery codes; they are seen once.
//
// Errors: access.no_credential, access.no_second_factor, access.bad_credentials, access.throttled.
func (s *Service) NewRecoveryCodes(ctx context.Context, code string) (codes []string, err error) {
	const op = "access.NewRecoveryCodes"
	err = s.withFactor(ctx, op, code, func(user *userRow) error {
		return s.within(ctx, op, func(tx bun.Tx) (err error) {
			if codes, err = s.putCodes(ctx, tx, user.ID); err != nil {
				return err
			}
			return s.journal(ctx, tx, control.Entry{Actor: actorOf(user.ID), Act: actCodesMade})
		})
	})
	return codes, err
}

// withFactor does something of the caller's own once they have shown their second factor.
func (s *Service) withFactor(ctx context.Context, op, code string, do func(user *userRow) error) error {
	user, err := s.myself(ctx, op)
	if err != nil {
		return err
	}
	if user.TOTPSealed == "" {
		return ErrNoFactor.New(op, "")
	}
	return s.attempt(ctx, op, user.Email, noAddress, func() (string, error) {
		if code == "" {
			return actorOf(user.ID), ErrBadCredentials.New(op, "")
		}
		if _, err := s.checkFactor(ctx, op, user, code); err != nil {
			return actorOf(user.ID), err
		}
		return actorOf(user.ID), do(user)
	})
}

// dropFactor takes somebody's second factor away, and ends the sessions that rest on it.
func (s *Service) dropFactor(ctx context.Context, op string, user *userRow, e control.Entry) error {
	return s.within(ctx, op, func(tx bun.Tx) error {
		if _, err := s.lockUser(ctx, tx, op, user.ID); err != nil {
			return err
		}
		if err := s.setUser(ctx, tx, user.ID, "1 = 1", "totp_sealed = '', totp_pending = '', changed_at = ?", s.control.Now()); err != nil {
			return err
		}
		for _, table := range []string{tableCodes, tableSessions} {
			if _, err := tx.NewRaw("DELETE FROM ? WHERE user_id = ?", s.table(table), user.ID).Exec(ctx); err != nil {
				return err
			}
		}
		return s.journal(ctx, tx, e)
	})
}

// setUser changes columns of an account.
func (s *Service) setUser(ctx context.Context, idb bun.IDB, user uuid.UUID, where, set string, args ...any) error {
	all := append(append([]any{s.table(tableUsers)}, args...), user)
	_, err := idb.NewRaw("UPDATE ? SET "+set+" WHERE id = ? AND "+where, all...).Exec(ctx)
	return err
}

// putCodes replaces somebody's recovery codes.
func (s *Service) putCodes(ctx context.Context, tx bun.Tx, user uuid.UUID) ([]string, error) {
	if _, err := tx.NewRaw("DELETE FROM ? WHERE user_id = ?", s.table(tableCodes), user).Exec(ctx); err != nil {
		return nil, err
	}
	codes, rows := make([]string, recoveryCodes), make([]codeRow, recoveryCodes)
	for i := range codes {
		b := make([]byte, recoveryBytes)
		_, _ = rand.Read(b)
		plain := strings.ToLower(base32Plain.EncodeToString(b))
		rows[i] = codeRow{UserID: user, CodeHash: codeHash(user, plain)}
		codes[i] = plain[:4] + "-" + plain[4:8] + "-" + plain[8:12] + "-" + plain[12:]
	}
	_, err := tx.NewInsert().Model(&rows).ModelTableExpr(s.control.Table(tableCodes)).Exec(ctx)
	return codes, err
}

func codeHash(user uuid.UUID, plain string) string { return sha256Hex(user.String() + ":" + plain) }

// plainCode is a code without what people put between its parts.
func plainCode(code string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(code))
}

// checkFactor asks for the second factor where there is one, and says whether it was shown. A code is good once: of two who
// show the same at once, one is right.
func (s *Service) checkFactor(ctx context.Context, op string, user *userRow, code string) (bool, error) {
	if user.TOTPSealed == "" {
		return false, nil
	}
	if code == "" {
		return false, ErrCodeNeeded.New(op, "")
	}
	code = plainCode(code)
	if !isTOTP(code) {
		return s.useRecoveryCode(ctx, op, user, code)
	}
	secret, err := s.unseal(ctx, op, user.TOTPSealed, factorBinding(user.ID))
	if err != nil {
		return false, err
	}
	step, ok := totpStep(secret, code, s.control.Now(), user.TOTPStep)
	if !ok {
		return false, ErrBadCredentials.New(op, "")
	}
	res, err := s.control.DB.NewRaw("UPDATE ? SET totp_step = ? WHERE id = ? AND totp_step < ? AND totp_sealed = ?", s.table(tableUsers), step, user.ID, step, user.TOTPSealed).Exec(ctx)
	if err != nil {
		return false, s.fault(op, err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return false, ErrBadCredentials.New(op, "")
	}
	return true, nil
}

func (s *Service) useRecoveryCode(ctx context.Context, op string, user *userRow, code string) (bool, error) {
	used := false
	err := s.within(ctx, op, func(tx bun.Tx) error {
		res, err := tx.NewRaw("DELETE FROM ? WHERE user_id = ? AND code_hash = ?", s.table(tableCodes), user.ID, codeHash(user.ID, code)).Exec(ctx)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if used = n == 1; err != nil || !used {
			return err
		}
		return s.journal(ctx, tx, control.Entry{Actor: actorOf(user.ID), Act: actCodeUsed})
	})
	if err == nil && !used {
		err = ErrBadCredentials.New(op, "")
	}
	return used, err
}

// myself is the account of the caller, as it is now.
func (s *Service) myself(ctx context.Context, op string) (*userRow, error) {
	me, err := s.self(ctx, op)
	if err != nil {
		return nil, err
	}
	user, err := s.findUser(ctx, s.control.DB, "id = ?", me.UserID)
	if err != nil {
		return nil, s.fault(op, err)
	}
	if user == nil || user.State != userActive {
		return nil, ErrNoCredential.New(op, "")
	}
	return user, nil
}

// askPassword holds the caller's own password against their account, counted as a login is.
func (s *Service) askPassword(ctx context.Context, op string, user *userRow, password string) (*userRow, error) {
	err := s.attempt(ctx, op, user.Email, noAddress, func() (string, error) {
		var err error
		user, err = s.checkPasswordOf(ctx, op, user.Email, password)
		return actorOrUnknown(user), err
	})
	return user, err
}
