package local_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
)

var ctx = context.Background()

func read(t *testing.T, f tenancy.Files, name string) string {
	t.Helper()
	r, err := f.Open(ctx, name)
	require.NoError(t, err)
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	return string(text)
}

func TestFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	f := local.Files{Dir: dir}
	require.NoError(t, f.Put(ctx, "a/b-1.txt", strings.NewReader("one")))
	require.Equal(t, "one", read(t, f, "a/b-1.txt"))
	require.ErrorIs(t, f.Put(ctx, "a/b-1.txt", strings.NewReader("two")), tenancy.ErrDuplicate)
	require.Equal(t, "one", read(t, f, "a/b-1.txt"), "a file is never replaced")

	require.ErrorIs(t, f.Put(ctx, "a/half", iotest.ErrReader(errors.New("cut"))), tenancy.ErrFiles) //nolint:err113 // any error
	ended, stop := context.WithCancel(ctx)
	stop()
	require.ErrorIs(t, f.Put(ended, "a/half", strings.NewReader("x")), tenancy.ErrFiles)
	_, err := f.Open(ctx, "a/half")
	require.ErrorIs(t, err, tenancy.ErrNotFound, "all of it or nothing")
	left, err := os.ReadDir(filepath.Join(dir, "a"))
	require.NoError(t, err)
	require.Len(t, left, 1, "no half file lies about")
	info, err := left[0].Info()
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o077, "for this user only")

	require.NoError(t, f.Remove(ctx, "a/b-1.txt"))
	require.NoError(t, f.Remove(ctx, "a/b-1.txt"))
	for _, name := range []string{"", "/etc/passwd", "../x", "a/../../x", "a//b", ".hidden", "A", "a b", `a\b`, strings.Repeat("a/", 9) + "a"} {
		require.ErrorIs(t, f.Put(ctx, name, strings.NewReader("x")), tenancy.ErrBadInput, name)
		_, err := f.Open(ctx, name)
		require.ErrorIs(t, err, tenancy.ErrBadInput, name)
		require.ErrorIs(t, f.Remove(ctx, name), tenancy.ErrBadInput, name)
	}
	require.ErrorIs(t, local.Files{}.Put(ctx, "a", strings.NewReader("x")), tenancy.ErrBadInput)
}

func TestKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret", "master.key")
	k := local.Keys{Path: path}
	secret := []byte("a data key of thirty-two bytes..")
	wrapped, err := k.Wrap(ctx, secret, "tenant 1")
	require.NoError(t, err)
	require.False(t, bytes.Contains(wrapped, secret))
	again, err := local.Keys{Path: path}.Unwrap(ctx, wrapped, "tenant 1")
	require.NoError(t, err)
	require.Equal(t, secret, again)

	_, err = k.Unwrap(ctx, wrapped, "tenant 2")
	require.ErrorIs(t, err, tenancy.ErrKey, "for another use")
	for i := range wrapped {
		altered := bytes.Clone(wrapped)
		altered[i] ^= 1
		_, err = k.Unwrap(ctx, altered, "tenant 1")
		require.ErrorIs(t, err, tenancy.ErrKey)
	}
	_, err = k.Unwrap(ctx, nil, "tenant 1")
	require.ErrorIs(t, err, tenancy.ErrKey)
	_, err = k.Wrap(ctx, nil, "")
	require.ErrorIs(t, err, tenancy.ErrBadInput)
	other := local.Keys{Path: filepath.Join(t.TempDir(), "other")}
	_, err = other.Unwrap(ctx, wrapped, "tenant 1")
	require.ErrorIs(t, err, tenancy.ErrKey, "another master key")

	require.NoError(t, os.Chmod(path, 0o644))
	_, err = k.Unwrap(ctx, wrapped, "tenant 1")
	require.ErrorIs(t, err, tenancy.ErrKey, "others can read it")
	_, err = local.Keys{}.Wrap(ctx, secret, "")
	require.ErrorIs(t, err, tenancy.ErrBadInput)
}

func TestRaceTwoProcessesMakeOneKey(t *testing.T) {
	dir := t.TempDir()
	files, keys := local.Files{Dir: dir}, local.Keys{Path: filepath.Join(dir, "master.key")}
	made := make([][]byte, 8)
	var wg sync.WaitGroup
	for i := range made {
		wg.Go(func() {
			key, err := local.SigningKey(ctx, files, keys, "till")
			if err != nil {
				t.Error(err)
			}
			made[i] = key
		})
	}
	wg.Wait()
	for _, key := range made {
		require.Equal(t, made[0], key)
	}
	other, err := local.SigningKey(ctx, files, keys, "other")
	require.NoError(t, err)
	require.NotEqual(t, made[0], []byte(other))
	require.NoError(t, os.Remove(keys.Path))
	_, err = local.SigningKey(ctx, files, keys, "till")
	require.ErrorIs(t, err, tenancy.ErrKey, "a lost master key is said, not papered over")
}

func TestMailer(t *testing.T) {
	files := local.Files{Dir: t.TempDir()}
	m := local.Mailer{Files: files, Clock: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }}
	msg := tenancy.Message{ID: "stuck-1", To: "ops@example.org", Subject: "A job is stuck: écoute", Text: "100 % über\n" + strings.Repeat("long ", 40)}
	require.NoError(t, m.Send(ctx, msg))
	require.NoError(t, m.Send(ctx, msg), "sent once, however often it is asked for")
	text := read(t, files, "outbox/stuck-1.eml")
	require.Contains(t, text, "To: <ops@example.org>\r\n")
	require.Contains(t, text, "Date: Sun, 01 Mar 2026 12:00:00 +0000\r\n")
	require.Contains(t, text, "Subject: =?utf-8?q?A_job_is_stuck:_=C3=A9coute?=\r\n")
	require.Contains(t, text, "100 % =C3=BCber")
	for name, change := range map[string]func(*tenancy.Message){
		"a second header": func(m *tenancy.Message) { m.Subject = "a\r\nBcc: everybody@example.org" },
		"two addresses":   func(m *tenancy.Message) { m.To = "a@example.org, b@example.org" },
		"a header in it":  func(m *tenancy.Message) { m.To = "a@example.org\r\nBcc: b@example.org" },
		"a path":          func(m *tenancy.Message) { m.ID = "../../x" },
		"no subject":      func(m *tenancy.Message) { m.Subject = "" },
	} {
		bad := msg
		bad.ID = "bad"
		change(&bad)
		require.ErrorIs(t, m.Send(ctx, bad), tenancy.ErrBadInput, name)
	}
}

func TestAnchor(t *testing.T) {
	dir := t.TempDir()
	a := local.Anchor{Files: local.Files{Dir: dir}, Keys: local.Keys{Path: filepath.Join(dir, "master.key")}}
	sum := sha256.Sum256([]byte("an archive"))
	root := tenancy.Root{TenantID: tenancy.NewID(), Kind: "audit", Digest: hex.EncodeToString(sum[:]), At: time.Date(2026, 3, 1, 12, 0, 0, 1000, time.UTC)}
	none, err := a.Kept(ctx, root.TenantID, "audit", 5)
	require.NoError(t, err)
	require.Empty(t, none)
	for n := int64(1); n <= 21; n++ { // through every width of the search
		root.Seq = 10 * n
		require.NoError(t, a.Keep(ctx, root))
		kept, err := a.Kept(ctx, root.TenantID, "audit", 2)
		require.NoError(t, err)
		require.Equal(t, root, kept[0], "the latest first")
		require.Len(t, kept, int(min(n, 2)))
	}
	other := root
	other.Kind = "export"
	require.NoError(t, a.Keep(ctx, other))
	all, err := a.Kept(ctx, root.TenantID, "audit", 100)
	require.NoError(t, err)
	require.Len(t, all, 21)
	require.Equal(t, int64(10), all[20].Seq)

	last := filepath.Join(dir, "anchors", root.TenantID.String(), "audit", "000000021.json")
	text, err := os.ReadFile(last)
	require.NoError(t, err)
	for what, forged := range map[string][]byte{
		"altered": bytes.Replace(text, []byte(`"seq":210`), []byte(`"seq":200`), 1), "no root": []byte("{}"), "no JSON": []byte("x"),
	} {
		require.NoError(t, os.WriteFile(last, forged, 0o600))
		_, err = a.Kept(ctx, root.TenantID, "audit", 1)
		require.ErrorIs(t, err, tenancy.ErrKey, what)
	}
	text, err = os.ReadFile(filepath.Join(dir, "anchors", root.TenantID.String(), "export", "000000001.json"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(last, text, 0o600))
	_, err = a.Kept(ctx, root.TenantID, "audit", 1)
	require.ErrorIs(t, err, tenancy.ErrKey, "of another kind")
	root.Digest = "short"
	require.ErrorIs(t, a.Keep(ctx, root), tenancy.ErrBadInput)
	_, err = a.Kept(ctx, root.TenantID, "../audit", 1)
	require.ErrorIs(t, err, tenancy.ErrBadInput)
}

// Two that keep roots at once both find them kept.
func TestRaceAnchor(t *testing.T) {
	dir := t.TempDir()
	a := local.Anchor{Files: local.Files{Dir: dir}, Keys: local.Keys{Path: filepath.Join(dir, "master.key")}}
	root := tenancy.Root{TenantID: tenancy.NewID(), Kind: "audit", Digest: strings.Repeat("a", 64), At: time.Unix(1, 0)}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			r := root
			r.Seq = int64(i)
			if err := a.Keep(ctx, r); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	kept, err := a.Kept(ctx, root.TenantID, "audit", 100)
	require.NoError(t, err)
	seen := map[int64]bool{}
	for _, r := range kept {
		seen[r.Seq] = true
	}
	require.Len(t, seen, 8)
}
