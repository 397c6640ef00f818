package postgres

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
)

// The tenant of a transaction is a signed setting: tenant/pid/expiry/grant/key/MAC, with dutyToken for the grant where there is none and the law's work is done. Whoever can say SET can put any text into
// erp.tenant, but a policy takes none that is not signed, for this very connection and this very time, with a key that the
// application role cannot read.
//
// The MAC is HMAC-SHA-256 (RFC 2104) over all that stands before it. PostgreSQL has sha256() and no HMAC, so the key is kept
// as the two blocks that HMAC makes of it.

const (
	macBlock = 64 // bytes that SHA-256 takes at a time
	innerPad = 0x36
	outerPad = 0x5c
)

const (
	// tokenLife is how long after its signing a transaction may begin with a token. It says nothing about how long the
	// transaction may last: the database compares with the transaction's start.
	tokenLife = 2 * time.Minute
	// keyMaxAge is after how long a process looks whether there is a newer key. A key that is no longer known is noticed by
	// the refusal as well.
	keyMaxAge = time.Minute
)

// The SQLSTATEs of refusals that say nothing about the caller: the transaction is run again, by another key or clock.
const (
	stateStaleKey   = "WA001"
	stateStaleClock = "WA002"
)

// signingKey signs tenants' settings.
type signingKey struct {
	id           string
	inner, outer []byte
}

// pads makes of a key what HMAC hashes.
func pads(key []byte) (inner, outer []byte) {
	inner, outer = make([]byte, macBlock), make([]byte, macBlock)
	copy(inner, key)
	copy(outer, key)
	for i := range macBlock {
		inner[i] ^= innerPad
		outer[i] ^= outerPad
	}
	return inner, outer
}

func (k *signingKey) mac(text string) string {
	h := sha256.New()
	h.Write(k.inner)
	h.Write([]byte(text))
	sum := h.Sum(nil)
	h.Reset()
	h.Write(k.outer)
	h.Write(sum)
	return hex.EncodeToString(h.Sum(nil))
}

// backend is what a token is bound to besides the tenant: a server process, and its clock at about now.
type backend struct {
	pid uint32
	now int64 // microseconds since 1970
}

// dutyToken stands where a grant would, in a session of [tenancy.SessionOptions].Duty.
const dutyToken = "duty"

// token is what stands where a grant would.
func (s *scope) token() string {
	switch {
	case s.grant != uuid.Nil:
		return s.grant.String()
	case s.duty:
		return dutyToken
	}
	return ""
}

// token signs a tenant for a transaction that begins within tokenLife.
func (k *signingKey) token(on *scope, b backend) string {
	grant := on.token()
	text := on.tenant.String() + "/" + strconv.FormatUint(uint64(b.pid), 10) + "/" + strconv.FormatInt(b.now+tokenLife.Microseconds(), 10) + "/" + grant + "/" + k.id
	return text + "/" + k.mac(text)
}

// keyring knows the key to sign with.
type keyring struct {
	read func(ctx context.Context) (*signingKey, error)

	mu     sync.Mutex
	key    *signingKey
	readAt time.Time // zero: it must be read before it is used
}

// get gives the key. Reading it anew because of its age fails only when there is none.
func (r *keyring) get(ctx context.Context) (*signingKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.key != nil && !r.readAt.IsZero() && time.Since(r.readAt) < keyMaxAge {
		return r.key, nil
	}
	key, err := r.read(ctx)
	if err != nil {
		if r.key == nil || r.readAt.IsZero() {
			return nil, err
		}
		key = r.key // until the database itself refuses it
	}
	r.key, r.readAt = key, time.Now()
	return key, nil
}

// refused notes that the database does not know a key any more.
func (r *keyring) refused(k *signingKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.key == k {
		r.readAt = time.Time{}
	}
}

// readKey asks for the key through the control login, which alone of all logins may.
func (s *store) readKey(ctx context.Context) (*signingKey, error) {
	const op = "postgres.SigningKey"
	k := &signingKey{}
	err := s.control.DB.QueryRowContext(ctx, "SELECT k.id, k.inner_pad, k.outer_pad FROM erp.signing_key() AS k").Scan(&k.id, &k.inner, &k.outer)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotInstalled.New(op, "there is no key to sign tenants with: open with Migrate, or run RotateSigningKey")
	}
	return k, asFault(op, err)
}

// serverClock is the server's clock as it was read once, carried on by this process's monotonic clock: whatever the host's
// own clock says, and whoever sets it, does not matter.
type serverClock struct {
	micros int64
	at     time.Time
}

func (c serverClock) now() int64 { return c.micros + time.Since(c.at).Microseconds() }

// askClock and askStart give microseconds since 1970 of now and of the transaction's start: without a detour through floating point,
// and without an operator, which could be found where others can write.
const (
	askClock = "pg_catalog.int8(pg_catalog.numeric_mul(pg_catalog.extract('epoch', pg_catalog.clock_timestamp()), 1000000::numeric))"
	askStart = "pg_catalog.int8(pg_catalog.numeric_mul(pg_catalog.extract('epoch', pg_catalog.now()), 1000000::numeric))"
)

// readClock reads the server's clock, at connect.
func (c *conn) readClock(ctx context.Context) error {
	results, err := c.pg.Exec(ctx, "SELECT "+askClock).ReadAll()
	if err != nil {
		return err
	}
	micros, err := strconv.ParseInt(string(results[0].Rows[0][0]), 10, 64)
	c.clock = serverClock{micros: micros, at: time.Now()}
	return err
}
