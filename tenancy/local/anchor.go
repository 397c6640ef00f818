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
	"github.com/opsmatiq/erp/tenancy/fault"
)

// Anchor is a [tenancy.Anchor] that keeps each root in a file of its own, anchors/TENANT/KIND/NUMBER.json, numbered from 1 and
// signed with the Ed25519 key "anchor" (see [SigningKey]): nobody without the master key can make one up or change one. It
// does not notice when the last files are taken away; a witness on another machine does.
type Anchor struct {
	Files tenancy.Files
	Keys  tenancy.Keys
}

// signed is what a file holds.
type signed struct {
	tenancy.Root
	Signature []byte `json:"signature"`
}

func (a Anchor) name(tenant uuid.UUID, kind string, n int) string {
	return fmt.Sprintf("anchors/%s/%s/%09d.json", tenant, kind, n)
}

// Keep implements [tenancy.Anchor].
func (a Anchor) Keep(ctx context.Context, r tenancy.Root) error {
	const op = "local.Anchor.Keep"
	if r.TenantID == uuid.Nil || !part.MatchString(r.Kind) || len(r.Digest) != 64 || r.At.IsZero() {
		return tenancy.ErrBadInput.New(op, "a root has a tenant, a kind, a SHA-256 digest and a time")
	}
	key, err := SigningKey(ctx, a.Files, a.Keys, "anchor")
	if err != nil {
		return err
	}
	r.At = r.At.UTC()
	said, err := json.Marshal(r)
	if err != nil {
		return tenancy.ErrBadInput.Wrap(op, err, "")
	}
	text, err := json.Marshal(signed{r, ed25519.Sign(key, said)})
	if err != nil {
		return tenancy.ErrBadInput.Wrap(op, err, "")
	}
	n, err := a.last(ctx, r.TenantID, r.Kind)
	for err == nil {
		n++ // somebody else may take the number first: then it is the next
		if err = a.Files.Put(ctx, a.name(r.TenantID, r.Kind, n), bytes.NewReader(append(text, '\n'))); err == nil {
			return nil
		}
		if fault.CodeOf(err) == tenancy.ErrDuplicate.Code {
			err = nil
		}
	}
	return err
}

// last is the highest number of a tenant's roots of a kind; 0 when there is none. Files cannot be listed, so it is searched
// for, in as many looks as the number has bits, twice.
func (a Anchor) last(ctx context.Context, tenant uuid.UUID, kind string) (int, error) {
	below, above := 0, 1 // what is there, and what may not be
	for {
		there, err := a.exists(ctx, a.name(tenant, kind, above))
		if err != nil {
			return 0, err
		}
		if !there {
			break
		}
		below, above = above, 2*above
	}
	for above-below > 1 {
		middle := (below + above) / 2
		there, err := a.exists(ctx, a.name(tenant, kind, middle))
		if err != nil {
			return 0, err
		}
		if there {
			below = middle
		} else {
			above = middle
		}
	}
	return below, nil
}

func (a Anchor) exists(ctx context.Context, name string) (bool, error) {
	file, err := a.Files.Open(ctx, name)
	if fault.CodeOf(err) == tenancy.ErrNotFound.Code {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := file.Close(); err != nil {
		return false, tenancy.ErrFiles.Wrap("local.Anchor", err, "")
	}
	return true, nil
}

// Kept implements [tenancy.Anchor]. Errors: tenancy.key (a file was altered, or signed with another key).
func (a Anchor) Kept(ctx context.Context, tenant uuid.UUID, kind string, limit int) ([]tenancy.Root, error) {
	const op = "local.Anchor.Kept"
	if !part.MatchString(kind) || limit < 1 {
		return nil, tenancy.ErrBadInput.New(op, "a kind and a limit are needed")
	}
	n, err := a.last(ctx, tenant, kind)
	if err != nil || n == 0 {
		return nil, err
	}
	key, err := SigningKey(ctx, a.Files, a.Keys, "anchor")
	if err != nil {
		return nil, err
	}
	var out []tenancy.Root
	for ; n > 0 && len(out) < limit; n-- {
		r, err := a.read(ctx, key, a.name(tenant, kind, n))
		if err != nil {
			return nil, err
		}
		if r.TenantID != tenant || r.Kind != kind {
			return nil, tenancy.ErrKey.New(op, "a root lies where another tenant's or kind's should")
		}
		out = append(out, r)
	}
	return out, nil
}

// read gives the root that a file holds, if its signature is good.
func (a Anchor) read(ctx context.Context, key ed25519.PrivateKey, name string) (tenancy.Root, error) {
	const op = "local.Anchor.Kept"
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
