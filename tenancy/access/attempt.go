package access

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/netip"
	"time"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/internal/control"
)

// Limits are how many attempts are too many. They are counted in the control database, so that all processes agree, by
// e-mail address whether anybody has it or not: what a limit answers tells nobody who has an account.
type Limits struct {
	// Account is how many failed logins in a row an e-mail address has before it is locked for Window: 3 to 100. Default 10.
	Account int
	// Address is how many failed logins come from one network address within Window before it is refused for as long: 10 to
	// 100,000. Default 100. IPv6 addresses count by their /64, which is what one subscriber has.
	Address int
	// Window is how long failures count, and how long a lock holds: 1 minute to 24 hours. Default 15 minutes.
	Window time.Duration
	// Mails is how many password resets one e-mail address gets within Window: 1 to 100. Default 5.
	Mails int
}

// counter names what is counted. What it is about (an e-mail address, a network address) is not stored: the key that hashes
// it is sealed by the key service.
type counter struct {
	name  string
	limit int
}

// The kinds of counters.
const (
	countAccount = "account"
	countAddress = "address"
	countMails   = "mails"
	countResets  = "resets"
)

func (s *Service) counter(ctx context.Context, op, kind, about string, limit int) (counter, error) {
	key, err := s.counterKey(ctx, op)
	if err != nil {
		return counter{}, err
	}
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(kind + "\x00" + about)) // a hash never fails
	return counter{kind + ":" + hex.EncodeToString(mac.Sum(nil)), limit}, nil
}

// take counts an attempt before it is made, so that many at once are not more than many in a row. reached says that it was
// the last one. Errors: access.throttled.
func (s *Service) take(ctx context.Context, op string, c counter) (reached bool, err error) {
	now := s.control.Now()
	end := now.Add(s.opt.Limits.Window)
	var n int
	err = s.control.DB.NewRaw(`INSERT INTO ? AS a (counter, failures, expires_at) VALUES (?, 1, ?)
		ON CONFLICT (counter) DO UPDATE SET
			failures = CASE WHEN a.expires_at <= ? THEN 1 ELSE a.failures + 1 END,
			expires_at = CASE WHEN a.expires_at <= ? OR a.failures + 1 >= ? THEN EXCLUDED.expires_at ELSE a.expires_at END
		WHERE a.expires_at <= ? OR a.failures < ? RETURNING failures`,
		s.table(tableAttempts), c.name, end, now, now, c.limit, now, c.limit).Scan(ctx, &n)
	if errors.Is(err, sql.ErrNoRows) {
		return false, ErrThrottled.New(op, "")
	}
	return n >= c.limit, s.fault(op, err)
}

// giveBack undoes take: the attempt was no failure.
func (s *Service) giveBack(ctx context.Context, op string, counters ...counter) error {
	for _, c := range counters {
		if c.name == "" {
			continue
		}
		_, err := s.control.DB.NewRaw(`UPDATE ? SET failures = failures - 1 WHERE counter = ? AND failures > 0`, s.table(tableAttempts), c.name).Exec(ctx)
		if err != nil {
			return s.fault(op, err)
		}
	}
	return nil
}

// clear forgets a counter: who has proved who they are starts afresh.
func (s *Service) clear(ctx context.Context, op string, c counter) error {
	_, err := s.control.DB.NewRaw(`DELETE FROM ? WHERE counter = ?`, s.table(tableAttempts), c.name).Exec(ctx)
	return s.fault(op, err)
}

// network is what of an address counts.
func network(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// counterBinding is what the counters' key is wrapped for.
const counterBinding = "access counters"

// counterKey is the key of the counters' hashes: made once for a database, sealed there by the key service.
func (s *Service) counterKey(ctx context.Context, op string) ([]byte, error) {
	const name, binding = "counters", counterBinding
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pepper != nil {
		return s.pepper, nil
	}
	fresh := make([]byte, sha256.Size)
	_, _ = rand.Read(fresh)
	at := s.control.Now()
	sealed, err := s.seal(ctx, fresh, binding)
	if err != nil {
		return nil, err
	}
	// Somebody else may have been quicker: then theirs is read.
	_, err = s.control.DB.NewRaw(`INSERT INTO ? (name, wrapped, wrapped_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING`, s.table(tableSecrets), name, sealed, at).Exec(ctx)
	if err != nil {
		return nil, s.fault(op, err)
	}
	var stored string
	if err := s.control.DB.NewRaw(`SELECT wrapped FROM ? WHERE name = ?`, s.table(tableSecrets), name).Scan(ctx, &stored); err != nil {
		return nil, s.fault(op, err)
	}
	key, err := s.unseal(ctx, op, stored, binding)
	if err != nil {
		return nil, err
	}
	s.pepper = key
	return key, nil
}

func (s *Service) seal(ctx context.Context, secret []byte, binding string) (string, error) {
	sealed, err := s.opt.Keys.Wrap(ctx, secret, binding)
	return base64.StdEncoding.EncodeToString(sealed), err
}

func (s *Service) unseal(ctx context.Context, op, stored, binding string) ([]byte, error) {
	sealed, err := base64.StdEncoding.DecodeString(stored)
	if err != nil {
		return nil, tenancy.ErrKey.Wrap(op, err, "")
	}
	return s.opt.Keys.Unwrap(ctx, sealed, binding)
}

// lockedOut records that a counter has reached its limit, once.
func (s *Service) lockedOut(ctx context.Context, op, kind, actor string) error {
	return s.fault(op, s.journal(ctx, s.control.DB, control.Entry{Actor: actor, Act: actLockedOut, Reason: kind}))
}
