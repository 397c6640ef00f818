package main

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy/ending/certificate"
)

// The command ends with 0, 1 or 2, and says what it found.
func TestTheCommand(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, text, 0o600))
		return path
	}
	signer := ed25519.NewKeyFromSeed(make([]byte, 32))
	at := time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)
	d := certificate.Deletion{Version: 1, Kind: certificate.KindDeletion, ID: uuid.UUID{1}, IssuedAt: at, Erased: certificate.Erased{EndedAt: at}}
	file, _, public, err := certificate.Sign(signer, d)
	require.NoError(t, err)
	first, err := certificate.Verify(file, public)
	require.NoError(t, err)
	c := certificate.Completion{Version: 1, Kind: certificate.KindCompletion, Certificate: d.ID, Digest: first.Digest, CheckedAt: at}
	second, _, _, err := certificate.Sign(signer, c)
	require.NoError(t, err)
	c.Digest = "another"
	foreign, _, _, err := certificate.Sign(signer, c)
	require.NoError(t, err)
	pem, err := certificate.EncodeKey(public)
	require.NoError(t, err)
	other, err := certificate.EncodeKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32)).Public().(ed25519.PublicKey)) //nolint:forcetypeassert // it is one
	require.NoError(t, err)
	keys, otherKeys := put("keys.pem", append(other, pem...)), put("other.pem", other)
	cert, completion := put("certificate.json", file), put("completion.json", second)
	for name, run1 := range map[string]struct {
		args []string
		code int
		says string
	}{
		"genuine":              {[]string{"-keys", keys, cert}, genuine, "Genuine."},
		"with its completion":  {[]string{"-keys", keys, cert, completion}, genuine, "no registered backup"},
		"altered":              {[]string{"-keys", keys, put("altered.json", bytes.Replace(file, []byte("2026-03-03"), []byte("2026-03-04"), 1))}, notGenuine, "not genuine"},
		"another's completion": {[]string{"-keys", keys, cert, put("foreign.json", foreign)}, notGenuine, "as the completion of"},
		"another key":          {[]string{"-keys", otherKeys, cert}, unknown, "another key"},
		"the completion alone": {[]string{"-keys", keys, completion}, unknown, "name that first"},
		"no certificate":       {[]string{"-keys", keys, keys}, unknown, "no certificate"},
		"no file":              {[]string{"-keys", keys, filepath.Join(dir, "none")}, unknown, "none"},
		"no keys' file":        {[]string{"-keys", filepath.Join(dir, "none"), cert}, unknown, "none"},
		"no keys":              {[]string{cert}, unknown, "usage"},
		"nothing":              {nil, unknown, "usage"},
		"too much":             {[]string{"-keys", keys, cert, completion, cert}, unknown, "usage"},
		"no such flag":         {[]string{"-trust", keys, cert}, unknown, "usage"},
	} {
		var out, trouble bytes.Buffer
		require.Equal(t, run1.code, run(run1.args, &out, &trouble), name)
		require.Contains(t, out.String()+trouble.String(), run1.says, name)
		require.Equal(t, run1.code == genuine, trouble.Len() == 0, name)
	}
}
