package certificate

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
)

// What a certificate can be refused for.
var (
	// ErrAltered: it is not what was signed, or was not signed by the key that it names.
	ErrAltered = errors.New("the certificate is not genuine")
	// ErrUnknownKey: it may be genuine, and the key that it names is none of those at hand.
	ErrUnknownKey = errors.New("the certificate was signed with another key")
	// ErrUnreadable: it is no certificate, or one of another version.
	ErrUnreadable = errors.New("this is no certificate that can be read here")
)

// envelope is a certificate as a file.
type envelope struct {
	Document  json.RawMessage `json:"document"`
	Key       string          `json:"key"`
	Signature []byte          `json:"signature"`
}

// Signed is a certificate that was read: one of Deletion and Completion is there.
type Signed struct {
	Deletion   *Deletion
	Completion *Completion
	// Key is the id of the key that signed, Digest the SHA-256 of the document, in hexadecimal.
	Key    string
	Digest string
}

// purpose keeps a signature on a certificate from being one on anything else.
const purpose = "erp certificate 1\n"

// KeyID is the name of a public key: the first 16 bytes of its SHA-256, in hexadecimal.
func KeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:16])
}

// Digest is the SHA-256 of a document, in hexadecimal, as a completion has it.
func Digest(document []byte) string {
	sum := sha256.Sum256(document)
	return hex.EncodeToString(sum[:])
}

// Sign makes a certificate of a [Deletion] or a [Completion]. It gives the document by itself as well, and the public key that it was
// signed with.
func Sign(signer crypto.Signer, document any) (file, text []byte, key ed25519.PublicKey, err error) {
	switch document.(type) {
	case Deletion, Completion:
	default:
		return nil, nil, nil, fmt.Errorf("%w: a %T is no document", ErrUnreadable, document)
	}
	key, ok := signer.Public().(ed25519.PublicKey)
	if !ok {
		return nil, nil, nil, fmt.Errorf("certificates are signed with Ed25519, not with a %T", signer.Public())
	}
	if text, err = json.Marshal(document); err != nil {
		return nil, nil, nil, err
	}
	signature, err := signer.Sign(rand.Reader, append([]byte(purpose), text...), crypto.Hash(0))
	if err != nil {
		return nil, nil, nil, err
	}
	if !ed25519.Verify(key, append([]byte(purpose), text...), signature) {
		return nil, nil, nil, errors.New("the signer's signature is not good under its own public key")
	}
	if file, err = json.Marshal(envelope{text, KeyID(key), signature}); err != nil {
		return nil, nil, nil, err
	}
	return append(file, '\n'), text, key, nil
}

// Verify reads a certificate and says whether it is what was signed, with one of the keys. Errors: [ErrUnreadable], [ErrUnknownKey],
// [ErrAltered].
func Verify(file []byte, keys ...ed25519.PublicKey) (Signed, error) {
	var e envelope
	if err := strict(file, &e); err != nil {
		return Signed{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	var tight bytes.Buffer
	if err := json.Compact(&tight, e.Document); err != nil {
		return Signed{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	text := tight.Bytes()
	var found ed25519.PublicKey
	for _, k := range keys {
		if len(k) == ed25519.PublicKeySize && KeyID(k) == e.Key {
			found = k
		}
	}
	if found == nil {
		return Signed{}, fmt.Errorf("%w: %.64q", ErrUnknownKey, e.Key)
	}
	if !ed25519.Verify(found, append([]byte(purpose), text...), e.Signature) {
		return Signed{}, ErrAltered
	}
	out := Signed{Key: e.Key, Digest: Digest(text)}
	return out, out.read(text)
}

// read understands a document whose signature is good. What is understood must be all that it says.
func (s *Signed) read(text []byte) error {
	var head struct {
		Version int    `json:"version"`
		Kind    string `json:"kind"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if head.Version != Version {
		return fmt.Errorf("%w: it is of version %d, and this program reads version %d", ErrUnreadable, head.Version, Version)
	}
	var again []byte
	var err error
	switch head.Kind {
	case KindDeletion:
		s.Deletion = new(Deletion)
		if err = strict(text, s.Deletion); err == nil {
			again, err = json.Marshal(*s.Deletion)
		}
	case KindCompletion:
		s.Completion = new(Completion)
		if err = strict(text, s.Completion); err == nil {
			again, err = json.Marshal(*s.Completion)
		}
	default:
		err = fmt.Errorf("its kind is %q", head.Kind)
	}
	if err == nil && !bytes.Equal(again, text) {
		err = errors.New("it says something in another form than this package writes")
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return nil
}

// Completes reports whether a completion is of this certificate.
func (s Signed) Completes(certificate Signed) bool {
	c, d := s.Completion, certificate.Deletion
	return c != nil && d != nil && c.Certificate == d.ID && c.Digest == certificate.Digest && c.TenantID == d.Tenant.ID && !c.CheckedAt.Before(d.Erased.EndedAt)
}

// strict decodes one JSON value that has no members but those of the struct, and nothing behind it.
func strict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind it")
	}
	return nil
}

// EncodeKey gives a public key as a PEM block, for publication; [DecodeKeys] reads any number of them.
func EncodeKey(key ed25519.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// DecodeKeys reads public keys, one PEM block after the other. Text between the blocks is passed over.
func DecodeKeys(text []byte) ([]ed25519.PublicKey, error) {
	var keys []ed25519.PublicKey
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("a block is no public key: %w", err)
		}
		of, ok := key.(ed25519.PublicKey)
		if !ok {
			return nil, fmt.Errorf("a block is a %T, no Ed25519 key", key)
		}
		keys = append(keys, of)
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no public key")
	}
	return keys, nil
}
