package access

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/internal/control"
)

// RewrapKeys has what was wrapped before an instant unwrapped and wrapped anew by [Options].Keys: the secrets of second factors and
// the key of the counters. At most limit (1 to 1,000), and it tells how many: call it again while that is not 0. It is for a change of
// the master key, as [tenancy.Tenants.RewrapKeys] is, and comes before the old one is dropped: without it nobody could log in
// afterwards. Codes and counters stay what they are; a code that is being checked at that very moment may have to be given again.
//
// It needs a context from [tenancy.DB.EnterPlatform] and the permission tenancy.rewrap_keys. Errors: tenancy.not_platform,
// tenancy.forbidden, access.bad_input (an instant to come, a limit), and those of Keys; one that fails does not keep the others back.
func (s *Service) RewrapKeys(ctx context.Context, before time.Time, limit int) (int, error) {
	const op = "access.RewrapKeys"
	if err := s.db.Tenants().Require(ctx, tenancy.PermRewrapKeys); err != nil {
		return 0, err
	}
	if limit < 1 || limit > 1000 || before.After(s.control.Now()) {
		return 0, ErrBadInput.New(op, "what was wrapped before an instant that has passed, 1 to 1,000 at once")
	}
	before = before.UTC().Truncate(time.Microsecond)
	var secrets []struct {
		Name    string `bun:"name"`
		Wrapped string `bun:"wrapped"`
	}
	if err := s.control.DB.NewRaw("SELECT name, wrapped FROM ? WHERE wrapped_at < ?", s.table(tableSecrets), before).Scan(ctx, &secrets); err != nil {
		return 0, s.fault(op, err)
	}
	done, failed := 0, []error(nil)
	count := func(err error) {
		if failed = append(failed, err); err == nil {
			done++
		}
	}
	for _, x := range secrets {
		count(s.rewrapCounters(ctx, op, x.Name, x.Wrapped))
	}
	if left := limit - done; left > 0 {
		var users []userRow
		err := s.control.DB.NewSelect().Model(&users).ModelTableExpr(s.aliased(tableUsers)).Column("id", "totp_sealed", "totp_pending").
			Where("totp_sealed <> '' OR totp_pending <> ''").Where("totp_wrapped_at < ?", before).OrderExpr("totp_wrapped_at, id").Limit(int64(left)).Scan(ctx)
		if err != nil {
			return done, s.fault(op, err)
		}
		for i := range users {
			count(s.rewrapFactor(ctx, op, &users[i]))
		}
	}
	if done > 0 {
		failed = append(failed, s.fault(op, s.journal(ctx, s.control.DB, control.Entry{Actor: tenancy.ScopeOf(ctx).Actor(), Act: string(tenancy.PermRewrapKeys),
			Reason: fmt.Sprintf("%d secrets of access wrapped before %s", done, before.Format(time.RFC3339))})))
	}
	return done, errors.Join(failed...)
}

func (s *Service) rewrapCounters(ctx context.Context, op, name, stored string) error {
	at := s.control.Now() // when the wrapping begins: a master key that changes meanwhile is the next call's
	next, err := s.rewrap(ctx, op, stored, counterBinding)
	if err != nil {
		return err
	}
	_, err = s.control.DB.NewRaw("UPDATE ? SET wrapped = ?, wrapped_at = ? WHERE name = ? AND wrapped = ?", s.table(tableSecrets), next, at, name, stored).Exec(ctx)
	return s.fault(op, err)
}

// rewrapFactor is undone by nobody, and undoes nothing: who sets a factor up or takes it away meanwhile goes first.
func (s *Service) rewrapFactor(ctx context.Context, op string, u *userRow) error {
	at := s.control.Now()
	sealed, err := s.rewrap(ctx, op, u.TOTPSealed, factorBinding(u.ID))
	if err != nil {
		return err
	}
	pending, err := s.rewrap(ctx, op, u.TOTPPending, factorBinding(u.ID))
	if err != nil {
		return err
	}
	_, err = s.control.DB.NewRaw("UPDATE ? SET totp_sealed = ?, totp_pending = ?, totp_wrapped_at = ? WHERE id = ? AND totp_sealed = ? AND totp_pending = ?",
		s.table(tableUsers), sealed, pending, at, u.ID, u.TOTPSealed, u.TOTPPending).Exec(ctx)
	return s.fault(op, err)
}

// rewrap gives a secret wrapped anew, which was unwrapped again before it takes the old one's place.
func (s *Service) rewrap(ctx context.Context, op, stored, binding string) (string, error) {
	if stored == "" {
		return "", nil
	}
	secret, err := s.unseal(ctx, op, stored, binding)
	if err != nil {
		return "", err
	}
	next, err := s.seal(ctx, secret, binding)
	if err != nil {
		return "", err
	}
	again, err := s.unseal(ctx, op, next, binding)
	if err != nil || subtle.ConstantTimeCompare(again, secret) != 1 {
		return "", errors.Join(err, tenancy.ErrKey.New(op, "Keys does not unwrap what it has just wrapped"))
	}
	return next, nil
}
