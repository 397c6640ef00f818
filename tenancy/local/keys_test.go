package local_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
)

func masterLines(t *testing.T, k local.Keys) []string {
	t.Helper()
	text, err := os.ReadFile(k.Path)
	require.NoError(t, err)
	info, err := os.Stat(k.Path)
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o077, "for this user only")
	return strings.Fields(string(text))
}

func TestTheMasterKeyRotates(t *testing.T) {
	k := local.Keys{Path: filepath.Join(t.TempDir(), "secret", "master.key")}
	require.NoError(t, k.Rotate(ctx), "the first, if there was none")
	require.Len(t, masterLines(t, k), 1)
	old, err := k.Wrap(ctx, []byte("secret"), "x")
	require.NoError(t, err)
	require.NoError(t, k.Rotate(ctx))
	require.NoError(t, k.Rotate(ctx))
	lines := masterLines(t, k)
	require.Len(t, lines, 3)
	fresh, err := k.Wrap(ctx, []byte("secret"), "x")
	require.NoError(t, err)
	for _, w := range [][]byte{old, fresh} {
		key, err := k.Unwrap(ctx, w, "x")
		require.NoError(t, err)
		require.Equal(t, "secret", string(key))
		_, err = k.Unwrap(ctx, w, "y")
		require.ErrorIs(t, err, tenancy.ErrKey)
	}
	require.NoError(t, k.DropOld(ctx))
	require.Equal(t, lines[:1], masterLines(t, k))
	_, err = k.Unwrap(ctx, fresh, "x")
	require.NoError(t, err)
	_, err = k.Unwrap(ctx, old, "x")
	require.ErrorIs(t, err, tenancy.ErrKey, "what was not wrapped anew is lost")
	left, err := os.ReadDir(filepath.Dir(k.Path))
	require.NoError(t, err)
	require.Len(t, left, 1, "no copy of a master key lies about")

	for _, spoilt := range []string{"", "zz", lines[0] + "\n" + lines[1][:63], lines[0] + "00"} {
		require.NoError(t, os.WriteFile(k.Path, []byte(spoilt), 0o600))
		require.ErrorIs(t, k.Rotate(ctx), tenancy.ErrKey, "a file that is no key is not written over")
		_, err = k.Wrap(ctx, []byte("secret"), "x")
		require.ErrorIs(t, err, tenancy.ErrKey)
	}
	require.ErrorIs(t, local.Keys{}.Rotate(ctx), tenancy.ErrBadInput)
}

// Reading never makes a master key: one that is lost is said to be.
func TestALostMasterKeyStaysLost(t *testing.T) {
	k := local.Keys{Path: filepath.Join(t.TempDir(), "master.key")}
	wrapped, err := k.Wrap(ctx, []byte("secret"), "x")
	require.NoError(t, err)
	require.NoError(t, os.Remove(k.Path))
	_, err = k.Unwrap(ctx, wrapped, "x")
	require.ErrorIs(t, err, tenancy.ErrKey)
	require.NoFileExists(t, k.Path)
}

// Rotations that meet are refused or done one after the other, and no master key is lost.
func TestRaceRotationsAtOnce(t *testing.T) {
	k := local.Keys{Path: filepath.Join(t.TempDir(), "master.key")}
	var wrapped [][]byte
	round := func() (done int) {
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 5 {
					err := k.Rotate(ctx)
					w, failed := k.Wrap(ctx, []byte("secret"), "x")
					mu.Lock()
					if err == nil {
						done++
					}
					wrapped = append(wrapped, w)
					mu.Unlock()
					if failed != nil {
						t.Error(failed)
					}
				}
			})
		}
		wg.Wait()
		return done
	}
	require.Positive(t, round(), "from nothing: of those who make the first, all are content with one")
	before := len(masterLines(t, k))
	done := round()
	require.Positive(t, done)
	require.Len(t, masterLines(t, k), before+done)
	for _, w := range wrapped {
		_, err := k.Unwrap(ctx, w, "x")
		require.NoError(t, err)
	}
	require.NoError(t, os.WriteFile(k.Path+".changing", nil, 0o600)) // of a process that was killed
	require.ErrorIs(t, k.Rotate(ctx), tenancy.ErrFiles)
}

// dying is a store of files whose process ends at one of its changes.
type dying struct {
	local.Files
	left *int
}

type killed struct{}

func (d dying) step() {
	if *d.left--; *d.left == 0 {
		panic(killed{})
	}
}

// Put implements tenancy.Files.
func (d dying) Put(ctx context.Context, name string, content io.Reader) error {
	d.step()
	return d.Files.Put(ctx, name, content)
}

// Remove implements tenancy.Files.
func (d dying) Remove(ctx context.Context, name string) error {
	d.step()
	return d.Files.Remove(ctx, name)
}

func TestASigningKeyIsWrappedAnew(t *testing.T) {
	for kill := range 6 {
		dir := t.TempDir()
		files, keys := local.Files{Dir: dir}, local.Keys{Path: filepath.Join(dir, "master.key")}
		key, err := local.SigningKey(ctx, files, keys, "till")
		require.NoError(t, err)
		require.NoError(t, keys.Rotate(ctx))
		left := kill
		func() {
			defer func() {
				if r := recover(); r != nil {
					require.Equal(t, killed{}, r)
				}
			}()
			_ = local.RewrapSigningKey(ctx, dying{files, &left}, keys, "till")
		}()
		again, err := local.SigningKey(ctx, files, keys, "till")
		require.NoError(t, err)
		require.Equal(t, key, again, "killed at step %d: the key can be had all the while", kill)
		require.NoError(t, local.RewrapSigningKey(ctx, files, keys, "till"))
		require.NoError(t, keys.DropOld(ctx))
		again, err = local.SigningKey(ctx, files, keys, "till")
		require.NoError(t, err)
		require.Equal(t, key, again)
		left2, err := os.ReadDir(filepath.Join(dir, "keys"))
		require.NoError(t, err)
		require.Len(t, left2, 1)
	}
	require.ErrorIs(t, local.RewrapSigningKey(ctx, local.Files{Dir: t.TempDir()}, local.Keys{Path: filepath.Join(t.TempDir(), "k")}, "none"), tenancy.ErrNotFound)
}
