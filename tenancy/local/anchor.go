package local

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Anchor is a [tenancy.Anchor] that keeps each root in a file of its own, anchors/TENANT/TIME-KIND-ID.json, signed with the
// Ed25519 key "anchor" (see [SigningKey]): nobody without the master key can make one up or change one. It does not notice
// a file that is taken away; a witness on another machine does.
type Anchor struct {
	Files tenancy.Files
	Keys  tenancy.Keys
}

// signed is what a file holds.
type signed struct {
	tenancy.Root
	Signature []byte `json:"signature"`
}

func (a Anchor) name(r tenancy.Root) string {
	return fmt.Sprintf("anchors/%s/%s-%s-%s.json", r.TenantID, r.At.UTC().Format("20060102t150405.000000z"), r.Kind, tenancy.NewID())
}

// Keep implements [tenancy.Anchor].
func (a Anchor) Keep(ctx context.Context, r tenancy.Root) error {
	_, err := a.keep(ctx, r)
	return err
}

func (a Anchor) keep(ctx context.Context, r tenancy.Root) (name string, err error) {
	const op = "local.Anchor.Keep"
	if r.TenantID == uuid.Nil || r.Kind == "" || len(r.Digest) != 64 || r.At.IsZero() {
		return "", tenancy.ErrBadInput.New(op, "a root has a tenant, a kind, a SHA-256 digest and a time")
	}
	key, err := SigningKey(ctx, a.Files, a.Keys, "anchor")
	if err != nil {
		return "", err
	}
	r.At = r.At.UTC()
	said, err := json.Marshal(r)
	if err != nil {
		return "", tenancy.ErrBadInput.Wrap(op, err, "")
	}
	text, err := json.Marshal(signed{r, ed25519.Sign(key, said)})
	if err != nil {
		return "", tenancy.ErrBadInput.Wrap(op, err, "")
	}
	name = a.name(r)
	return name, a.Files.Put(ctx, name, bytes.NewReader(append(text, '\n')))
}

// Read gives the root that a file holds, if its signature is good. Errors: tenancy.not_found, tenancy.key (altered, or
// signed with another key).
func (a Anchor) Read(ctx context.Context, name string) (tenancy.Root, error) {
	const op = "local.Anchor.Read"
	key, err := SigningKey(ctx, a.Files, a.Keys, "anchor")
	if err != nil {
		return tenancy.Root{}, err
	}
	file, err := a.Files.Open(ctx, name)
	if err != nil {
		return tenancy.Root{}, err
	}
	text, err := io.ReadAll(io.LimitReader(file, maxKey))
	if err = errors.Join(err, file.Close()); err != nil {
		return tenancy.Root{}, tenancy.ErrFiles.Wrap(op, err, "")
	}
	var s signed
	if err := json.Unmarshal(text, &s); err != nil {
		return tenancy.Root{}, tenancy.ErrKey.Wrap(op, err, "the file holds no root")
	}
	said, err := json.Marshal(s.Root)
	public, ok := key.Public().(ed25519.PublicKey)
	if err != nil || !ok || !ed25519.Verify(public, said, s.Signature) {
		return tenancy.Root{}, tenancy.ErrKey.New(op, "the root's signature is not good")
	}
	return s.Root, nil
}
