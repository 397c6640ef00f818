package local

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// Keys is a [tenancy.Keys] whose master key lies in a file: 32 random bytes in hexadecimal. The file is made when first
// needed, readable by this user only; one that others can read is refused. Whoever has the file has the keys, and without
// it nothing that was wrapped can be read again: keep a copy, elsewhere.
type Keys struct {
	// Path is the file. Required.
	Path string
}

const (
	masterSize = 32 // AES-256
	maxKey     = 4096
)

// Wrap implements [tenancy.Keys] by AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce, which comes first in the
// result.
func (k Keys) Wrap(_ context.Context, key []byte, binding string) ([]byte, error) {
	const op = "local.Keys.Wrap"
	if len(key) == 0 || len(key) > maxKey {
		return nil, tenancy.ErrBadInput.New(op, "a key has 1 to %d bytes", maxKey)
	}
	seal, err := k.cipher(op)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, seal.NonceSize())
	_, _ = rand.Read(nonce) // never fails: the program would have ended
	return seal.Seal(nonce, nonce, key, []byte(binding)), nil
}

// Unwrap implements [tenancy.Keys]. Errors: tenancy.key.
func (k Keys) Unwrap(_ context.Context, wrapped []byte, binding string) ([]byte, error) {
	const op = "local.Keys.Unwrap"
	seal, err := k.cipher(op)
	if err != nil {
		return nil, err
	}
	if len(wrapped) < seal.NonceSize() {
		return nil, tenancy.ErrKey.New(op, "")
	}
	key, err := seal.Open(nil, wrapped[:seal.NonceSize()], wrapped[seal.NonceSize():], []byte(binding))
	if err != nil {
		return nil, tenancy.ErrKey.New(op, "")
	}
	return key, nil
}

func (k Keys) cipher(op string) (cipher.AEAD, error) {
	master, err := k.master(op)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(master)
	if err != nil {
		return nil, tenancy.ErrKey.Wrap(op, err, "")
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		return nil, tenancy.ErrKey.Wrap(op, err, "")
	}
	return seal, nil
}

// master reads the master key, and makes it when there is none.
func (k Keys) master(op string) ([]byte, error) {
	if k.Path == "" {
		return nil, tenancy.ErrBadInput.New(op, "Keys needs the path of a file")
	}
	info, err := os.Stat(k.Path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := k.make(op); err != nil {
			return nil, err
		}
		info, err = os.Stat(k.Path)
	}
	switch {
	case err != nil:
		return nil, tenancy.ErrKey.Wrap(op, err, "the master key cannot be read")
	case info.Mode().Perm()&0o077 != 0:
		return nil, tenancy.ErrKey.New(op, "the master key's file can be read by others: chmod 600 it, and think of it as known")
	}
	text, err := os.ReadFile(k.Path)
	if err != nil {
		return nil, tenancy.ErrKey.Wrap(op, err, "the master key cannot be read")
	}
	master, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(master) != masterSize {
		return nil, tenancy.ErrKey.New(op, "the master key's file does not hold %d bytes in hexadecimal", masterSize)
	}
	return master, nil
}

// make writes a new master key. When two processes do at once, the first one's stays.
func (k Keys) make(op string) error {
	fresh := make([]byte, masterSize)
	_, _ = rand.Read(fresh)
	dir, name := filepath.Split(filepath.Clean(k.Path))
	if dir == "" {
		dir = "."
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return tenancy.ErrKey.Wrap(op, err, "")
	}
	temporary, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return tenancy.ErrKey.Wrap(op, err, "")
	}
	defer os.Remove(temporary.Name()) //nolint:errcheck // the link stays
	_, err = temporary.WriteString(hex.EncodeToString(fresh) + "\n")
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err == nil {
		err = os.Link(temporary.Name(), filepath.Join(dir, name))
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return tenancy.ErrKey.Wrap(op, err, "the master key cannot be written")
	}
	return syncDir(op, dir)
}

// SigningKey gives the Ed25519 key (RFC 8032) of a name, kept among the files under the master key; it makes the key when
// there is none. Names are as [tenancy.Files] has them, one part.
func SigningKey(ctx context.Context, files tenancy.Files, keys tenancy.Keys, name string) (ed25519.PrivateKey, error) {
	const op = "local.SigningKey"
	file, binding := "keys/"+name, "signing key "+name
	for range 2 {
		r, err := files.Open(ctx, file)
		if err == nil {
			wrapped, err := io.ReadAll(io.LimitReader(r, 2*maxKey))
			if err := errors.Join(err, r.Close()); err != nil {
				return nil, tenancy.ErrFiles.Wrap(op, err, "")
			}
			seed, err := keys.Unwrap(ctx, wrapped, binding)
			if err != nil {
				return nil, err
			}
			if len(seed) != ed25519.SeedSize {
				return nil, tenancy.ErrKey.New(op, "")
			}
			return ed25519.NewKeyFromSeed(seed), nil
		}
		if fault.CodeOf(err) != tenancy.ErrNotFound.Code {
			return nil, err
		}
		seed := make([]byte, ed25519.SeedSize)
		_, _ = rand.Read(seed)
		wrapped, err := keys.Wrap(ctx, seed, binding)
		if err != nil {
			return nil, err
		}
		// Somebody else may have been quicker: then theirs is read.
		if err := files.Put(ctx, file, bytes.NewReader(wrapped)); err != nil && fault.CodeOf(err) != tenancy.ErrDuplicate.Code {
			return nil, err
		}
	}
	return nil, tenancy.ErrKey.New(op, "the signing key that was just written is not there")
}
