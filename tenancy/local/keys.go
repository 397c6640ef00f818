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

// Keys is a [tenancy.Keys] whose master keys lie in a file: 32 random bytes in hexadecimal on each line. The first wraps, all
// unwrap: after [Keys.Rotate] the older ones stay for what was wrapped before, until [Keys.DropOld]. The file is made when
// something is first wrapped, readable by this user only; one that others can read is refused. It is read for every call, so
// that all processes of a machine see a change at once.
//
// Whoever has the file has the keys, and without it nothing that was wrapped can be read again: keep a copy, elsewhere.
type Keys struct {
	// Path is the file. Required.
	Path string
}

const (
	masterSize = 32 // AES-256
	maxKey     = 4096
)

// Wrap implements [tenancy.Keys] by AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce, which comes first in the
// result. A master key must not wrap more than 2^32 keys.
func (k Keys) Wrap(_ context.Context, key []byte, binding string) ([]byte, error) {
	const op = "local.Keys.Wrap"
	if len(key) == 0 || len(key) > maxKey {
		return nil, tenancy.ErrBadInput.New(op, "a key has 1 to %d bytes", maxKey)
	}
	masters, err := k.masters(op)
	if err == nil && len(masters) == 0 {
		if err = k.make(op); err == nil {
			masters, err = k.masters(op)
		}
	}
	if err != nil {
		return nil, err
	}
	if len(masters) == 0 {
		return nil, tenancy.ErrKey.New(op, "the master key that was just written is not there")
	}
	seal, err := newGCM(op, masters[0])
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
	masters, err := k.masters(op)
	if err != nil {
		return nil, err
	}
	if len(masters) == 0 {
		return nil, tenancy.ErrKey.New(op, "the master key's file is missing")
	}
	for _, master := range masters {
		seal, err := newGCM(op, master)
		if err != nil {
			return nil, err
		}
		if len(wrapped) < seal.NonceSize() {
			break
		}
		if key, err := seal.Open(nil, wrapped[:seal.NonceSize()], wrapped[seal.NonceSize():], []byte(binding)); err == nil {
			return key, nil
		}
	}
	return nil, tenancy.ErrKey.New(op, "")
}

// Rotate makes a new master key, or the first, which wraps from now on; the older ones still unwrap. What they have wrapped is then to be
// wrapped anew ([tenancy.Tenants.RewrapKeys], [RewrapSigningKey]) before they are dropped. Of two at once, one is refused
// (tenancy.files).
func (k Keys) Rotate(context.Context) error {
	const op = "local.Keys.Rotate"
	// The first one is made in one way only: renamed into place, it could push aside one that somebody has just wrapped with.
	if masters, err := k.masters(op); err != nil || len(masters) == 0 {
		if err == nil {
			err = k.make(op)
		}
		return err
	}
	return k.change(op, func(masters [][]byte) [][]byte {
		fresh := make([]byte, masterSize)
		_, _ = rand.Read(fresh)
		return append([][]byte{fresh}, masters...)
	})
}

// DropOld forgets all master keys but the one that wraps: what the others have wrapped can never be read again, in backups of
// the database either.
func (k Keys) DropOld(context.Context) error {
	return k.change("local.Keys.DropOld", func(masters [][]byte) [][]byte { return masters[:1] })
}

// change replaces the file. A second file keeps two from doing so at once.
func (k Keys) change(op string, change func(masters [][]byte) [][]byte) (err error) {
	if k.Path == "" {
		return tenancy.ErrBadInput.New(op, "Keys needs the path of a file")
	}
	dir, err := k.dir(op)
	if err != nil {
		return err
	}
	guard := k.Path + ".changing"
	held, err := os.OpenFile(guard, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // beside the key file, whose path is the host's
	if err != nil {
		return tenancy.ErrFiles.Wrap(op, err, "the master keys are being changed by another process; if none is alive, remove %s", filepath.Base(guard))
	}
	defer func() { err = errors.Join(err, held.Close(), os.Remove(guard)) }()
	masters, err := k.masters(op)
	if err == nil && len(masters) == 0 {
		err = tenancy.ErrKey.New(op, "the master key's file is missing")
	}
	if err != nil {
		return err
	}
	return k.write(op, dir, change(masters), os.Rename)
}

func newGCM(op string, master []byte) (cipher.AEAD, error) {
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

// masters reads the master keys, the current one first; none when there is no file.
func (k Keys) masters(op string) ([][]byte, error) {
	if k.Path == "" {
		return nil, tenancy.ErrBadInput.New(op, "Keys needs the path of a file")
	}
	info, err := os.Stat(k.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, tenancy.ErrKey.Wrap(op, err, "the master key cannot be read")
	case info.Mode().Perm()&0o077 != 0:
		return nil, tenancy.ErrKey.New(op, "the master key's file can be read by others: chmod 600 it, and think of it as known")
	}
	text, err := os.ReadFile(k.Path)
	if err != nil {
		return nil, tenancy.ErrKey.Wrap(op, err, "the master key cannot be read")
	}
	var masters [][]byte
	for line := range strings.FieldsSeq(string(text)) {
		master, err := hex.DecodeString(line)
		if err != nil || len(master) != masterSize {
			masters = nil
			break
		}
		masters = append(masters, master)
	}
	if len(masters) == 0 {
		return nil, tenancy.ErrKey.New(op, "the master key's file does not hold %d bytes in hexadecimal on each line", masterSize)
	}
	return masters, nil
}

// make writes a first master key. When two processes do at once, the first one's stays.
func (k Keys) make(op string) error {
	dir, err := k.dir(op)
	if err != nil {
		return err
	}
	fresh := make([]byte, masterSize)
	_, _ = rand.Read(fresh)
	err = k.write(op, dir, [][]byte{fresh}, os.Link)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// dir is the file's directory, made if need be.
func (k Keys) dir(op string) (string, error) {
	dir := filepath.Dir(filepath.Clean(k.Path))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", tenancy.ErrKey.Wrap(op, err, "")
	}
	return dir, nil
}

// write puts master keys into a file of their own and has place give it its name.
func (k Keys) write(op, dir string, masters [][]byte, place func(from, to string) error) error {
	temporary, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return tenancy.ErrKey.Wrap(op, err, "")
	}
	defer os.Remove(temporary.Name()) //nolint:errcheck // a link stays, and what was renamed is gone
	for _, master := range masters {
		_, failed := temporary.WriteString(hex.EncodeToString(master) + "\n")
		err = errors.Join(err, failed)
	}
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err == nil {
		err = place(temporary.Name(), k.Path)
	}
	if err != nil {
		return tenancy.ErrKey.Wrap(op, err, "the master key cannot be written")
	}
	return syncDir(op, dir)
}

// SigningKey gives the Ed25519 key (RFC 8032) of a name, kept among the files under the master key; it makes the key when
// there is none. Names are as [tenancy.Files] has them, one part.
func SigningKey(ctx context.Context, files tenancy.Files, keys tenancy.Keys, name string) (ed25519.PrivateKey, error) {
	const op = "local.SigningKey"
	for range 2 {
		seed, err := signingSeed(ctx, op, files, keys, name)
		if err == nil {
			return ed25519.NewKeyFromSeed(seed), nil
		}
		if fault.CodeOf(err) != tenancy.ErrNotFound.Code {
			return nil, err
		}
		seed = make([]byte, ed25519.SeedSize)
		_, _ = rand.Read(seed)
		// Somebody else may have been quicker: then theirs is read.
		if err := keepSeed(ctx, files, keys, name, seed, signingFile(name)); err != nil && fault.CodeOf(err) != tenancy.ErrDuplicate.Code {
			return nil, err
		}
	}
	return nil, tenancy.ErrKey.New(op, "the signing key that was just written is not there")
}

// signingFile is where a signing key lies, and nextFile where it lies while it is being wrapped anew.
func signingFile(name string) string { return "keys/" + name }
func nextFile(name string) string    { return "keys/" + name + ".next" }

// signingSeed finds a key's seed. Files are not replaced, so while a key is being wrapped anew it may be under its other name.
func signingSeed(ctx context.Context, op string, files tenancy.Files, keys tenancy.Keys, name string) ([]byte, error) {
	var err error
	for _, file := range []string{signingFile(name), nextFile(name), signingFile(name)} {
		var r io.ReadCloser
		if r, err = files.Open(ctx, file); fault.CodeOf(err) == tenancy.ErrNotFound.Code {
			continue
		}
		if err != nil {
			return nil, err
		}
		wrapped, err := io.ReadAll(io.LimitReader(r, 2*maxKey))
		if err := errors.Join(err, r.Close()); err != nil {
			return nil, tenancy.ErrFiles.Wrap(op, err, "")
		}
		seed, err := keys.Unwrap(ctx, wrapped, "signing key "+name)
		if err != nil {
			return nil, err
		}
		if len(seed) != ed25519.SeedSize {
			return nil, tenancy.ErrKey.New(op, "")
		}
		return seed, nil
	}
	return nil, err
}

func keepSeed(ctx context.Context, files tenancy.Files, keys tenancy.Keys, name string, seed []byte, file string) error {
	wrapped, err := keys.Wrap(ctx, seed, "signing key "+name)
	if err != nil {
		return err
	}
	return files.Put(ctx, file, bytes.NewReader(wrapped))
}

// RewrapSigningKey has a signing key wrapped anew, after a change of the master key ([Keys.Rotate]) and before the old one is
// dropped. The key stays the same, and can be had all the while. Cut short, it is repeated; one process does it at a time.
//
// Errors: tenancy.not_found (there is no such key), and those of keys and files.
func RewrapSigningKey(ctx context.Context, files tenancy.Files, keys tenancy.Keys, name string) error {
	const op = "local.RewrapSigningKey"
	seed, err := signingSeed(ctx, op, files, keys, name)
	if err != nil {
		return err
	}
	// A copy that an earlier call left is under whatever master key was then the current one: it goes once the key has its own
	// name again.
	if r, err := files.Open(ctx, signingFile(name)); err == nil {
		if err := errors.Join(r.Close(), files.Remove(ctx, nextFile(name))); err != nil {
			return err
		}
		if err := keepSeed(ctx, files, keys, name, seed, nextFile(name)); err != nil {
			return err
		}
	} else if fault.CodeOf(err) != tenancy.ErrNotFound.Code {
		return err
	}
	if err := files.Remove(ctx, signingFile(name)); err != nil {
		return err
	}
	if err := keepSeed(ctx, files, keys, name, seed, signingFile(name)); err != nil {
		return err
	}
	return files.Remove(ctx, nextFile(name))
}
