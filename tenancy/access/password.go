package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// HashParams is the cost of one password with argon2id (RFC 9106).
type HashParams struct {
	MemoryKiB uint32 // at least 19,456
	Passes    uint32 // at least 2
	Lanes     uint8  // at least 1
}

// DefaultHash is the second recommended option of RFC 9106, section 4: 64 MiB, three passes, four lanes. The least that is
// accepted is what the OWASP Password Storage Cheat Sheet calls the minimum: 19 MiB, two passes, one lane.
var DefaultHash = HashParams{MemoryKiB: 64 * 1024, Passes: 3, Lanes: 4}

var (
	leastHash = HashParams{MemoryKiB: 19 * 1024, Passes: 2, Lanes: 1}
	mostHash  = HashParams{MemoryKiB: 1024 * 1024, Passes: 20, Lanes: 16}
)

func (p HashParams) check(op string) error {
	if p.MemoryKiB < leastHash.MemoryKiB || p.Passes < leastHash.Passes || p.Lanes < leastHash.Lanes {
		return ErrBadInput.New(op, "the cost of a password is at least %d KiB, %d passes and %d lane", leastHash.MemoryKiB, leastHash.Passes, leastHash.Lanes)
	}
	if p.beyond(mostHash) {
		return ErrBadInput.New(op, "the cost of a password is at most %d KiB, %d passes and %d lanes", mostHash.MemoryKiB, mostHash.Passes, mostHash.Lanes)
	}
	return nil
}

func (p HashParams) beyond(q HashParams) bool {
	return p.MemoryKiB > q.MemoryKiB || p.Passes > q.Passes || p.Lanes > q.Lanes
}

const (
	saltBytes = 16 // RFC 9106, section 3.1
	hashBytes = 32
)

// hasher computes argon2id, a bounded number at a time.
type hasher struct {
	params   HashParams
	room     chan struct{}
	computed atomic.Int64 // for tests: work is counted, not timed
}

func newHasher(p HashParams, atOnce int) *hasher {
	return &hasher{params: p, room: make(chan struct{}, atOnce)}
}

func (h *hasher) compute(ctx context.Context, password string, salt []byte, p HashParams) ([]byte, error) {
	select {
	case h.room <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-h.room }()
	h.computed.Add(1)
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, p.Passes, p.MemoryKiB, p.Lanes, hashBytes), nil
}

// hash gives the stored form of a password, in the notation of the reference implementation.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt)
	key, err := h.compute(ctx, password, salt, h.params)
	if err != nil {
		return "", err
	}
	return encodeHash(h.params, salt, key), nil
}

func encodeHash(p HashParams, salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.MemoryKiB, p.Passes, p.Lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

func decodeHash(stored string) (p HashParams, salt, key []byte, ok bool) {
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, nil, nil, false
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.MemoryKiB, &p.Passes, &p.Lanes); err != nil || n != 3 || p.beyond(mostHash) || p.Passes == 0 || p.Lanes == 0 {
		return p, nil, nil, false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil || len(salt) != saltBytes {
		return p, nil, nil, false
	}
	key, err = base64.RawStdEncoding.DecodeString(parts[5])
	return p, salt, key, err == nil && len(key) == hashBytes
}

// verify compares a password with a stored form. Where there is none to compare with (nobody has the e-mail address, or the
// person has chosen no password yet) it does the same work and says no. stale is for a stored form of another cost than
// today's.
func (h *hasher) verify(ctx context.Context, password, stored string) (ok, stale bool, err error) {
	p, salt, want, usable := decodeHash(stored)
	if !usable {
		p, salt, want = h.params, make([]byte, saltBytes), make([]byte, hashBytes)
		_, _ = rand.Read(want)
	}
	key, err := h.compute(ctx, password, salt, p)
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(key, want) == 1 && usable
	return ok, p != h.params, nil
}

// maxPassword is far above the 64 that NIST SP 800-63B-4 (3.1.1.2) asks verifiers to take, and low enough to be no burden.
const maxPassword = 256

// checkPassword holds a new password to NIST SP 800-63B-4, 3.1.1.2: a least length, no rules about which characters, and not
// one that everybody tries first. about are the person's own e-mail address and name.
func (s *Service) checkPassword(op, password string, about ...string) error {
	n := utf8.RuneCountInString(norm.NFC.String(password))
	switch {
	case !utf8.ValidString(password):
		return ErrBadPassword.New(op, "the password is not UTF-8")
	case n < s.opt.MinPassword:
		return ErrBadPassword.New(op, "the password has fewer than %d characters", s.opt.MinPassword)
	case n > maxPassword:
		return ErrBadPassword.New(op, "the password has more than %d characters", maxPassword)
	case tooCommon(password, about):
		return ErrBadPassword.New(op, "the password is one of those that are tried first")
	}
	return nil
}
