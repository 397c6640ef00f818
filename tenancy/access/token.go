package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// The prefixes by which secrets are recognised: by people, and by the scanners that look for secrets in source.
const (
	sessionPrefix    = "erp_st_"
	keyPrefix        = "erp_sk_"
	invitationPrefix = "erp_it_"
	resetPrefix      = "erp_rt_"
)

const (
	secretBytes = 32                      // 256 bits: nobody guesses one, so a plain hash is enough
	secretChars = (secretBytes*8 + 5) / 6 // in base64url without padding
)

// newSecret makes a random secret and the hash by which it is stored.
func newSecret(prefix string) (secret, hash string) {
	b := make([]byte, secretBytes)
	_, _ = rand.Read(b) // never fails: the program would have ended
	secret = prefix + base64.RawURLEncoding.EncodeToString(b)
	return secret, sha256Hex(secret)
}

// hashOf is the stored form of a secret; ok is false for what cannot be one of its kind.
func hashOf(secret, prefix string) (hash string, ok bool) {
	if !strings.HasPrefix(secret, prefix) || len(secret) != len(prefix)+secretChars {
		return "", false
	}
	return sha256Hex(secret), true
}

func sha256Hex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
