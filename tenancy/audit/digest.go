package audit

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// The digest of a seal is the SHA-256 of a text that anybody can write: the line "erp audit 1", then one line
// "name:length:value" for each of previous (the digest before; nothing before the first), seq, sealed_at, and every column of
// the event but tenant_id in the order of its struct. Lengths are of bytes, so no value can look like a line. The tenant's id
// is left out because an import gives it another; roots say whose the chain is.

// instant is the form of a time.
const instant = "2006-01-02T15:04:05.000000Z"

// canon writes events in their one form.
type canon struct{ model *tenancy.Model }

// digest is the link that s and its event make behind the digest before.
func (c canon) digest(previous string, s *seal, e *tenancy.Event) string {
	b := make([]byte, 0, 512)
	b = append(b, "erp audit 1\n"...)
	b = appendLine(b, "previous", previous)
	b = appendLine(b, "seq", strconv.FormatInt(s.Seq, 10))
	b = appendLine(b, "sealed_at", s.SealedAt.UTC().Format(instant))
	row := reflect.ValueOf(e).Elem()
	for _, col := range c.model.Columns {
		if col.Name != "tenant_id" {
			b = appendLine(b, col.Name, valueText(row.FieldByIndex(col.Index)))
		}
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func appendLine(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, ':')
	b = strconv.AppendInt(b, int64(len(value)), 10)
	b = append(b, ':')
	b = append(b, value...)
	return append(b, '\n')
}

// valueText is a column's value as text; a missing id is none.
func valueText(v reflect.Value) string {
	switch v.Kind() { //nolint:exhaustive // the rest has text of its own
	case reflect.String:
		return v.String()
	case reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	}
	switch x := v.Interface().(type) {
	case uuid.UUID:
		if x == uuid.Nil {
			return ""
		}
		return x.String()
	case time.Time:
		return x.UTC().Format(instant)
	case interface{ String() string }:
		return x.String()
	}
	panic("audit: an event has a column of a type that has no text") // found by the first digest of any test
}

// message is what a root's signature is over.
func (r *root) message() []byte {
	b := append([]byte(nil), "erp audit root 1\n"...)
	b = appendLine(b, "tenant", r.SignedFor.String())
	b = appendLine(b, "seq", strconv.FormatInt(r.Seq, 10))
	b = appendLine(b, "digest", r.Digest)
	return appendLine(b, "signed_at", r.SignedAt.UTC().Format(instant))
}

// sign completes a root.
func (r *root) sign(key ed25519.PrivateKey) {
	r.PublicKey = hex.EncodeToString(publicOf(key))
	r.Signature = hex.EncodeToString(ed25519.Sign(key, r.message()))
}

// genuine reports whether the signature is that of the key that the root names.
func (r *root) genuine() bool {
	public, err := hex.DecodeString(r.PublicKey)
	if err != nil || len(public) != ed25519.PublicKeySize {
		return false
	}
	signature, err := hex.DecodeString(r.Signature)
	return err == nil && ed25519.Verify(public, r.message(), signature)
}

func publicOf(key ed25519.PrivateKey) ed25519.PublicKey {
	public, _ := key.Public().(ed25519.PublicKey) // an Ed25519 key has no other
	return public
}
