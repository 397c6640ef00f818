// Package seal is the cipher of sealed columns: AES-256-GCM (NIST SP 800-38D) under a key of each row's own, derived from the
// tenant's data key, with the value's whole place (tenant, table, row, column, version of the key) as associated data. A
// sealed value that was moved to any other place does not open there.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// KeySize is the size of a data key: AES-256.
const KeySize = 32

// mark begins every sealed value: the form's name and version.
const mark = "erp1:"

// ErrSealed says that a value does not open. It holds nothing of the value.
var ErrSealed = errors.New("seal: the value was altered, moved, or sealed under another key")

// Row seals and opens the values of one row under one version of the tenant's key, for one goroutine.
//
// Nonces are random and have 96 bits, so a key must not seal more than 2^32 values (SP 800-38D, 8.3). The row's key is derived
// from the data key by HKDF-Expand (RFC 5869) over the row's place: the bound is of one row, and out of reach, while a data key
// may seal any number of rows.
type Row struct {
	prefix string
	place  []byte
	aead   cipher.AEAD

	sealed, text []byte // used again for each value
}

// NewRow derives the key of a row. row is the row's primary key without the tenant, each part preceded by its length.
func NewRow(key []byte, version int64, tenant uuid.UUID, table string, row []byte) (*Row, error) {
	place := make([]byte, 0, 64+len(table)+len(row)+32)
	place = append(place, "erp sealed row 1\x00"...)
	place = append(place, tenant[:]...)
	place = binary.AppendVarint(place, version)
	place = AppendPart(place, table)
	place = AppendPart(place, string(row))
	secret, err := hkdf.Expand(sha256.New, key, string(place), KeySize)
	if err != nil {
		return nil, err
	}
	aead, err := newAEAD(secret)
	return &Row{prefix: Prefix(version), place: place, aead: aead}, err
}

func newAEAD(secret []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// AppendPart adds a text with its length, so that no two lists of texts look alike.
func AppendPart(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// bound is what a value is tied to, until the next call.
func (r *Row) bound(column string) []byte { return AppendPart(r.place, column) }

// Seal gives the stored form of a text: "erp1:VERSION:" and, in base64url without padding, nonce, ciphertext and tag.
func (r *Row) Seal(column, text string) string {
	r.text = append(r.text[:0], text...)
	r.sealed = r.aead.Seal(r.sealed[:0], nil, r.text, r.bound(column)) //nolint:gosec // an AEAD that makes its nonces itself
	r.text = base64.RawURLEncoding.AppendEncode(append(r.text[:0], r.prefix...), r.sealed)
	return string(r.text)
}

// strict refuses a second spelling of the same bytes.
var strict = base64.RawURLEncoding.Strict()

// Open gives the text back. Errors: [ErrSealed].
func (r *Row) Open(column, stored string) (string, error) {
	body, ok := strings.CutPrefix(stored, r.prefix)
	if !ok || strings.ContainsAny(body, "\r\n") { // which base64 would pass over
		return "", ErrSealed
	}
	var err error
	r.text = append(r.text[:0], body...)
	if r.sealed, err = strict.AppendDecode(r.sealed[:0], r.text); err != nil {
		return "", ErrSealed
	}
	text, err := r.aead.Open(r.sealed[:0], nil, r.sealed, r.bound(column))
	if err != nil {
		return "", ErrSealed
	}
	return string(text), nil
}

// Prefix begins every value that was sealed under a version of the key.
func Prefix(version int64) string { return mark + strconv.FormatInt(version, 10) + ":" }

// Version is the version of the key that a stored value names.
func Version(stored string) (version int64, ok bool) {
	rest, ok := strings.CutPrefix(stored, mark)
	if !ok {
		return 0, false
	}
	number, _, ok := strings.Cut(rest, ":")
	if !ok {
		return 0, false
	}
	version, err := strconv.ParseInt(number, 10, 64)
	return version, err == nil && version > 0
}

// NewBox derives a key of its own for another purpose than columns, with random nonces: at most 2^32 values under one.
func NewBox(key []byte, purpose string) (cipher.AEAD, error) {
	secret, err := hkdf.Expand(sha256.New, key, "erp sealed box 1\x00"+purpose, KeySize)
	if err != nil {
		return nil, err
	}
	return newAEAD(secret)
}
