package tenancy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"

	"filippo.io/age"
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/internal/seal"
)

// A sealed archive is a file in the age format (age-encryption.org/v1): a file key of its own, chunks of 64 KiB under ChaCha20-
// Poly1305, of which none can be exchanged, left out or cut off. Its file key is wrapped in a stanza of our own under the
// tenant's key, which never leaves this package, by AES-256-GCM.

const (
	// archiveStanza is the stanza's type: "erp-tenant TENANT VERSION".
	archiveStanza = "erp-tenant"
	// archiveIntro begins every age file.
	archiveIntro = "age-encryption.org/v1\n"
	// maxArchiveHeader is far more than a header with one stanza takes.
	maxArchiveHeader = 4 << 10
	fileKeySize      = 16
)

// archiveKey wraps and unwraps the file keys of a tenant's archives.
type archiveKey struct {
	secret []byte
	args   []string // tenant and version, authenticated
}

func (k *archiveKey) bound() []byte {
	return seal.AppendPart(seal.AppendPart(nil, k.args[0]), k.args[1])
}

// Wrap implements age.Recipient.
func (k *archiveKey) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	box, err := seal.NewBox(k.secret, archiveStanza)
	if err != nil {
		return nil, err
	}
	return []*age.Stanza{{Type: archiveStanza, Args: k.args, Body: box.Seal(nil, nil, fileKey, k.bound())}}, nil //nolint:gosec // an AEAD that makes its nonces itself
}

// SealArchive gives a writer that seals what is written to it under the tenant's key, and passes it on to w as it comes; Close
// ends it. Whoever has what w took needs this control database and the master key to read it ([Tenants.OpenArchive]), and once
// the tenant's key is destroyed nobody can.
//
// Errors: tenancy.key (the program has no Keys), and those of Keys and w.
func (tx *Tx) SealArchive(ctx context.Context, w io.Writer) (io.WriteCloser, error) {
	const op = "tenancy.Tx.SealArchive"
	if err := tx.usable(op); err != nil {
		return nil, err
	}
	key, secret, err := tx.db.keyrings.sealing(ctx, op, tx.scope.tenant)
	if err != nil {
		return nil, err
	}
	return age.Encrypt(w, &archiveKey{secret, []string{tx.scope.tenant.String(), strconv.FormatInt(key.Version, 10)}})
}

// OpenArchive gives what was sealed by [Tx.SealArchive], of whichever tenant of this control database; an archive that is not
// sealed, as it is. Chunks are decrypted as they are read: one that was altered fails the read.
//
// Permission: tenancy.import. Errors: tenancy.not_platform, tenancy.forbidden, tenancy.key (a key that is not here),
// tenancy.key_destroyed, tenancy.bad_input (damaged, cut off, or sealed by somebody else).
func (t *Tenants) OpenArchive(ctx context.Context, r io.ReaderAt, size int64) (io.ReaderAt, int64, error) {
	const op = "tenancy.Tenants.OpenArchive"
	if _, err := t.actor(ctx, op, PermImportTenant); err != nil {
		return nil, 0, err
	}
	start := make([]byte, min(max(size, 0), maxArchiveHeader))
	n, err := r.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, ErrBadInput.Wrap(op, err, "the archive cannot be read")
	}
	if !bytes.HasPrefix(start[:n], []byte(archiveIntro)) {
		return r, size, nil
	}
	if !bytes.Contains(start[:n], []byte("\n--- ")) { // what we sealed has a short header, and no other is worth its memory
		return nil, 0, ErrBadInput.New(op, "the archive is not one that was sealed here")
	}
	plain, size, err := age.DecryptReaderAt(r, size, &archiveOpener{ctx, op, t.db.keyrings})
	var known *fault.Error
	switch {
	case errors.As(err, &known):
		return nil, 0, err
	case err != nil:
		return nil, 0, ErrBadInput.Wrap(op, err, "the archive is damaged, cut off, or was not sealed here")
	}
	return plain, size, nil
}

// archiveOpener finds the key that an archive names.
type archiveOpener struct {
	ctx  context.Context //nolint:containedctx // for the length of one call, whose form is age's
	op   string
	keys *keyrings
}

// Unwrap implements age.Identity.
func (o *archiveOpener) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if len(stanzas) != 1 || stanzas[0].Type != archiveStanza || len(stanzas[0].Args) != 2 {
		return nil, age.ErrIncorrectIdentity
	}
	st := stanzas[0]
	tenant, err := uuid.Parse(st.Args[0])
	if err != nil {
		return nil, age.ErrIncorrectIdentity
	}
	version, err := strconv.ParseInt(st.Args[1], 10, 64)
	if err != nil {
		return nil, age.ErrIncorrectIdentity
	}
	_, secret, err := o.keys.opening(o.ctx, o.op, tenant, version)
	if err != nil {
		return nil, err
	}
	box, err := seal.NewBox(secret, archiveStanza)
	if err != nil {
		return nil, err
	}
	fileKey, err := box.Open(nil, nil, st.Body, (&archiveKey{args: st.Args}).bound())
	if err != nil || len(fileKey) != fileKeySize {
		return nil, age.ErrIncorrectIdentity
	}
	return fileKey, nil
}
