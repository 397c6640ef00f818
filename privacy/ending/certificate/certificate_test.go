package certificate_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy/ending/certificate"
)

func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) } //nolint:forcetypeassert // it is one

func id(n byte) uuid.UUID { return uuid.UUID{15: n} }

func at(day int) time.Time { return time.Date(2026, 3, day, 1, 2, 3, 4000, time.UTC) }

// full is a certificate that says all that one can say.
func full() certificate.Deletion {
	return certificate.Deletion{Version: 1, Kind: certificate.KindDeletion, ID: id(1), Issuer: certificate.Issuer{ID: id(2), Name: "Opsmatiq"}, IssuedAt: at(9),
		Tenant:   certificate.Tenant{ID: id(3), CreatedAt: at(1), EndedAt: at(2), KeptUntil: at(7), Early: true},
		TakenOut: certificate.TakenOut{How: certificate.Delivered, At: at(3), By: "user:1", Bytes: 4711, Whole: true, Terms: "2026-11-26"},
		Notices:  []certificate.Notice{{Kind: "reminder", Day: 1, DueAt: at(3), ToldAt: at(4)}, {Kind: "reminder", Day: 15, DueAt: at(5)}},
		Holds:    []certificate.Hold{{PlacedAt: at(2), ReleasedAt: at(6)}},
		Erased: certificate.Erased{BeganAt: at(7), EndedAt: at(8), By: "operator", Engine: "postgres", Placement: "shared-eu", Region: "eu", Schema: 89, HostSchema: 50001,
			Tables: []certificate.Table{{Name: "erp.parties", Rows: 3}, {Name: "erp.invoices", Rows: 0}}, Rows: 3, Root: strings.Repeat("a", 64), NoRoot: "none"},
		Key:     certificate.Key{Versions: 2, DestroyedAt: at(8)},
		Kept:    []certificate.Kept{{Name: "erp_control.contracts", About: "a", Why: "w", Rows: 1, Purpose: "p", Basis: "b", Law: "l", Until: "2036-12-31"}},
		Backups: certificate.Backups{Registered: true, Count: 2, LastExpiry: at(20), PendingUntil: at(30)}}
}

func completion(of certificate.Signed) certificate.Completion {
	return certificate.Completion{Version: 1, Kind: certificate.KindCompletion, ID: id(9), Issuer: certificate.Issuer{ID: id(2), Name: "Opsmatiq"}, IssuedAt: at(31), TenantID: id(3),
		Certificate: id(1), Digest: of.Digest, LastExpiry: at(20), CheckedAt: at(31)}
}

func sign(t *testing.T, k ed25519.PrivateKey, document any) []byte {
	t.Helper()
	file, _, _, err := certificate.Sign(k, document)
	require.NoError(t, err)
	return file
}

func TestWhatWasSignedIsRead(t *testing.T) {
	k := key("first")
	file := sign(t, k, full())
	got, err := certificate.Verify(file, public(key("other")), public(k))
	require.NoError(t, err)
	require.Equal(t, full(), *got.Deletion)
	require.Nil(t, got.Completion)
	second, err := certificate.Verify(sign(t, k, completion(got)), public(k))
	require.NoError(t, err)
	require.True(t, second.Completes(got))
	require.False(t, got.Completes(second))
	var wide bytes.Buffer
	require.NoError(t, json.Indent(&wide, file, "", "    "))
	_, err = certificate.Verify(wide.Bytes(), public(k))
	require.NoError(t, err, "space between members may change on the way")
}

// leaves lists the paths of all values in a JSON document, members and elements.
func leaves(v any, path []any, out *[][]any) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			leaves(v[name], append(slices.Clone(path), name), out)
		}
	case []any:
		for i := range v {
			leaves(v[i], append(slices.Clone(path), i), out)
		}
	}
	if len(path) > 0 {
		*out = append(*out, path)
	}
}

// change gives the value at a path to fn, and puts what it gives in its place; nil takes a member away.
func change(v any, path []any, fn func(any) any) any {
	if len(path) == 0 {
		return fn(v)
	}
	switch of := v.(type) {
	case map[string]any:
		name := path[0].(string) //nolint:forcetypeassert // by leaves
		if out := change(of[name], path[1:], fn); out == nil {
			delete(of, name)
		} else {
			of[name] = out
		}
	case []any:
		i := path[0].(int) //nolint:forcetypeassert // by leaves
		if out := change(of[i], path[1:], fn); out == nil {
			return slices.Delete(of, i, i+1)
		} else {
			of[i] = out
		}
	}
	return v
}

// Whatever is changed, taken away, added or doubled anywhere in a certificate, it is not genuine any more.
func TestEveryFieldTampered(t *testing.T) {
	k := key("first")
	first, err := certificate.Verify(sign(t, k, full()), public(k))
	require.NoError(t, err)
	for name, file := range map[string][]byte{"deletion": sign(t, k, full()), "completion": sign(t, k, completion(first))} {
		var whole map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(file, &whole))
		parse := func() any {
			d := json.NewDecoder(bytes.NewReader(whole["document"]))
			d.UseNumber()
			var v any
			require.NoError(t, d.Decode(&v))
			return v
		}
		var paths [][]any
		leaves(parse(), nil, &paths)
		require.Greater(t, len(paths), 10)
		tampered := 0
		refused := func(path []any, what string, text []byte) {
			t.Helper()
			envelope := map[string]json.RawMessage{"document": text, "key": whole["key"], "signature": whole["signature"]}
			bad, err := json.Marshal(envelope)
			require.NoError(t, err)
			_, err = certificate.Verify(bad, public(k))
			require.ErrorIs(t, err, certificate.ErrAltered, "%s %v %s", name, path, what)
			tampered++
		}
		for _, path := range paths {
			for what, fn := range map[string]func(any) any{
				"changed": func(v any) any {
					switch v := v.(type) {
					case string:
						return v + "0"
					case json.Number:
						return json.Number("1" + v.String())
					case bool:
						return !v
					case []any:
						return append(slices.Clone(v), v...)
					case map[string]any:
						v["more"] = 1
						return v
					}
					return "x"
				},
				"taken away": func(any) any { return nil },
			} {
				text, err := json.Marshal(change(parse(), path, fn))
				require.NoError(t, err)
				refused(path, what, text)
			}
		}
		refused(nil, "doubled member", bytes.Replace(whole["document"], []byte(`{"version":1`), []byte(`{"version":1,"version":1`), 1))
		for _, bad := range [][]byte{bytes.Replace(file, whole["signature"][1:9], []byte("AAAAAAAA"), 1)} {
			_, err := certificate.Verify(bad, public(k))
			require.ErrorIs(t, err, certificate.ErrAltered)
		}
		require.Greater(t, tampered, 20)
	}
}

func TestWhatIsRefused(t *testing.T) {
	k := key("first")
	file := sign(t, k, full())
	for name, c := range map[string]struct {
		file []byte
		keys []ed25519.PublicKey
		want error
	}{
		"no keys":         {file, nil, certificate.ErrUnknownKey},
		"another key":     {file, []ed25519.PublicKey{public(key("other"))}, certificate.ErrUnknownKey},
		"half a key":      {file, []ed25519.PublicKey{public(k)[:9]}, certificate.ErrUnknownKey},
		"nothing":         {nil, []ed25519.PublicKey{public(k)}, certificate.ErrUnreadable},
		"a document":      {[]byte(`{"document":{}}`), []ed25519.PublicKey{public(k)}, certificate.ErrUnknownKey},
		"something more":  {append(slices.Clone(file), '1'), []ed25519.PublicKey{public(k)}, certificate.ErrUnreadable},
		"a member more":   {bytes.Replace(file, []byte(`{"document"`), []byte(`{"note":1,"document"`), 1), []ed25519.PublicKey{public(k)}, certificate.ErrUnreadable},
		"a wrong claim":   {bytes.Replace(file, []byte(certificate.KeyID(public(k))), []byte(certificate.KeyID(public(key("other")))), 1), []ed25519.PublicKey{public(k), public(key("other"))}, certificate.ErrAltered},
		"a later version": {sign(t, k, func() any { d := full(); d.Version = 2; return d }()), []ed25519.PublicKey{public(k)}, certificate.ErrUnreadable},
		"no known kind":   {sign(t, k, func() any { d := full(); d.Kind = "gift"; return d }()), []ed25519.PublicKey{public(k)}, certificate.ErrUnreadable},
		"a wrong kind":    {sign(t, k, func() any { d := full(); d.Kind = certificate.KindCompletion; return d }()), []ed25519.PublicKey{public(k)}, certificate.ErrUnreadable},
	} {
		_, err := certificate.Verify(c.file, c.keys...)
		require.ErrorIs(t, err, c.want, name)
	}
	_, _, _, err := certificate.Sign(k, "a text") //nolint:dogsled // it gives none of them
	require.ErrorIs(t, err, certificate.ErrUnreadable)
	// What is signed by a key is not yet a certificate: the same document, signed for another purpose.
	var parts map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(file, &parts))
	bare, err := json.Marshal(ed25519.Sign(k, parts["document"]))
	require.NoError(t, err)
	_, err = certificate.Verify(fmt.Appendf(nil, `{"document":%s,"key":%s,"signature":%s}`, parts["document"], parts["key"], bare), public(k))
	require.ErrorIs(t, err, certificate.ErrAltered)
}

// What was signed in another form than this package writes is not read, whoever signed it: a reader of the struct would not see all that it says.
func TestOnlyOneForm(t *testing.T) {
	k := key("first")
	var parts map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(sign(t, k, full()), &parts))
	for name, change := range map[string]func(string) string{
		"a member twice": func(s string) string { return strings.Replace(s, `"rows":3,"root"`, `"rows":9,"rows":3,"root"`, 1) },
		"a member more":  func(s string) string { return strings.Replace(s, `{"version":1`, `{"version":1,"note":"x"`, 1) },
		"another order": func(s string) string {
			return strings.Replace(s, `{"version":1,"kind":"deletion"`, `{"kind":"deletion","version":1`, 1)
		},
		"another notation": func(s string) string { return strings.Replace(s, `"bytes":4711`, `"bytes":4.711e3`, 1) },
		"another case":     func(s string) string { return strings.Replace(s, `"issuer"`, `"Issuer"`, 1) },
	} {
		text := change(string(parts["document"]))
		require.NotEqual(t, string(parts["document"]), text, name)
		signature, err := json.Marshal(ed25519.Sign(k, []byte("erp certificate 1\n"+text)))
		require.NoError(t, err)
		_, err = certificate.Verify(fmt.Appendf(nil, `{"document":%s,"key":%s,"signature":%s}`, text, parts["key"], signature), public(k))
		require.ErrorIs(t, err, certificate.ErrUnreadable, name)
	}
}

// A completion is of one certificate.
func TestCompletes(t *testing.T) {
	k := key("first")
	read := func(document any) certificate.Signed {
		s, err := certificate.Verify(sign(t, k, document), public(k))
		require.NoError(t, err)
		return s
	}
	first := read(full())
	require.True(t, read(completion(first)).Completes(first))
	for name, fn := range map[string]func(c *certificate.Completion){
		"certificate": func(c *certificate.Completion) { c.Certificate = id(7) }, "digest": func(c *certificate.Completion) { c.Digest = strings.Repeat("b", 64) },
		"tenant": func(c *certificate.Completion) { c.TenantID = id(7) }, "checked before": func(c *certificate.Completion) { c.CheckedAt = at(7) },
	} {
		c := completion(first)
		fn(&c)
		require.False(t, read(c).Completes(first), name)
	}
}

func TestKeys(t *testing.T) {
	var text []byte
	for _, name := range []string{"a", "b"} {
		block, err := certificate.EncodeKey(public(key(name)))
		require.NoError(t, err)
		text = append(append(text, "# since 2026\n"...), block...)
	}
	keys, err := certificate.DecodeKeys(text)
	require.NoError(t, err)
	require.Equal(t, []ed25519.PublicKey{public(key("a")), public(key("b"))}, keys)
	for _, bad := range []string{"", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"} {
		_, err := certificate.DecodeKeys([]byte(bad))
		require.Error(t, err)
	}
	require.Len(t, certificate.KeyID(public(key("a"))), 32)
}

func TestTexts(t *testing.T) {
	first, err := certificate.Verify(sign(t, key("first"), full()), public(key("first")))
	require.NoError(t, err)
	text := first.Deletion.Text(first)
	for _, part := range []string{"deleted before that, as the tenant asked", "It held all that was deleted.", "reminder of day 15: due at 5 March 2026, 01:02:03 UTC, and not told", "A legal hold",
		"postgres at shared-eu in eu", "There is no root: none", "l, until 2036-12-31", "2 that are registered hold the data"} {
		require.Contains(t, text, part)
	}
	d := full()
	d.TakenOut, d.Backups = certificate.TakenOut{How: certificate.Neither}, certificate.Backups{PendingUntil: at(30)}
	require.Contains(t, d.Text(first), "were not taken out")
	require.Contains(t, d.Text(first), "nobody has looked")
	c := completion(first)
	require.Contains(t, c.Text(first), "no registered backup holds data of the tenant any more")
}
