package pos

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// Signer is a fiscal signer: a device or service that signs receipts, as the law of some countries asks for. It is called for
// every receipt, in order, within the transaction that makes it and before it is final: an error means that there is no
// receipt, and its number is not used.
//
// The transaction may yet fail, or run again. So Sign may be asked for a receipt that is then not made, and for one of the same
// number with another digest; for the same register, number and digest it must give the same answer or another that is as
// valid. It must not use the database, and it holds the register while it takes its time: give it a deadline.
type Signer interface {
	Sign(ctx context.Context, receipt Receipt) (Signature, error)
}

// Verifier is a [Signer] that can tell whether a signature is of a receipt; [Service.VerifyChain] asks it.
type Verifier interface {
	// Verify refuses a signature that is not of the receipt.
	Verify(ctx context.Context, receipt Receipt, signature Signature) error
}

// Signature is what a signer gives.
type Signature struct {
	// Signer names the device or key, in at most 200 characters.
	Signer string
	// Text is the signature as it is printed or encoded on the receipt, in at most 4,000 characters.
	Text string
}

// maxSignature is the greatest length of a signature in characters.
const maxSignature = 4000

func (s Signature) valid() bool {
	return s.Signer != "" && s.Text != "" && utf8.RuneCountInString(s.Signer) <= 200 && utf8.RuneCountInString(s.Text) <= maxSignature &&
		clean(s.Signer, "") && clean(s.Text, "\n\t") && strings.TrimSpace(s.Text) != ""
}

// SoftwareSigner signs with an Ed25519 key (RFC 8032) that the program holds: for tests, and where the law asks for a chain that
// others can check but for no certified device.
type SoftwareSigner struct {
	key  ed25519.PrivateKey
	name string
}

// NewSoftwareSigner makes a signer from the 32 bytes of an Ed25519 seed. Errors: pos.bad_input.
func NewSoftwareSigner(seed []byte) (*SoftwareSigner, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, ErrBadInput.New("pos.NewSoftwareSigner", "an Ed25519 seed has %d bytes, not %d", ed25519.SeedSize, len(seed))
	}
	key := ed25519.NewKeyFromSeed(seed)
	public := sha256.Sum256(key[ed25519.SeedSize:])
	return &SoftwareSigner{key: key, name: "ed25519:" + hex.EncodeToString(public[:8])}, nil
}

// Sign signs the receipt's digest.
func (s *SoftwareSigner) Sign(_ context.Context, receipt Receipt) (Signature, error) {
	return Signature{Signer: s.name, Text: base64.StdEncoding.EncodeToString(ed25519.Sign(s.key, []byte(receipt.Digest)))}, nil
}

// Verify refuses a signature that this key did not make over the receipt. Errors: pos.bad_signature.
func (s *SoftwareSigner) Verify(_ context.Context, receipt Receipt, signature Signature) error {
	const op = "pos.SoftwareSigner.Verify"
	if signature.Signer != s.name {
		return ErrBadSignature.New(op, "%s was signed by %s, not by %s", receipt.Number, signature.Signer, s.name)
	}
	text, err := base64.StdEncoding.DecodeString(signature.Text)
	public, ok := s.key.Public().(ed25519.PublicKey)
	if err != nil || !ok || !ed25519.Verify(public, []byte(receipt.Digest), text) {
		return ErrBadSignature.New(op, "the signature of %s is not of its figures", receipt.Number)
	}
	return nil
}
