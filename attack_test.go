package erp_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// The attack suite over everything that the suite registers, and over what stands above the store: archives, the audit trail, and
// access over HTTP.
func TestAttacks(t *testing.T) {
	tenancytest.Attack(t, tenancytest.Options{Modules: append(erp.Modules(), access.Module()), Surface: surface})
}

func surface(tb testing.TB, env *tenancytest.Env) tenancytest.Surface {
	tb.Helper()
	var last tenancy.Message
	suite, err := erp.Wire(env.DB, erp.Options{Dir: tb.TempDir(), Access: &access.Options{Mailer: mailer(func(m tenancy.Message) { last = m }), Hash: access.HashParams{MemoryKiB: 19 * 1024, Passes: 2, Lanes: 1}}})
	require.NoError(tb, err)
	return tenancytest.Surface{
		Export: func(ctx context.Context, w io.Writer) error { _, err := suite.Privacy.Export(ctx, w); return err },
		Import: func(platform context.Context, archive []byte) error {
			_, _, err := suite.Privacy.Import(platform, tenancy.NewTenant{Name: "imported", TimeZone: "Europe/London"}, bytes.NewReader(archive), int64(len(archive)))
			return err
		},
		Forge: forge,
		Seal:  func(ctx context.Context) error { _, err := suite.Audit.Seal(ctx, 1000); return err },
		Verify: func(ctx context.Context) (string, error) {
			v, err := suite.Audit.Verify(ctx)
			if err != nil || v.Finding == nil {
				return "", err
			}
			return v.Finding.String(), nil
		},
		Web: func(w *tenancytest.Walled) tenancytest.Web {
			return web(w, suite, func() string { suite.Access.Wait(); return tokenIn(last) })
		},
	}
}

// web is a small program behind the middleware: what it serves is the attack suite's own.
func web(w *tenancytest.Walled, suite *erp.Suite, token func() string) tenancytest.Web {
	w.TB.Helper()
	hosts := map[string]uuid.UUID{}
	caller := func(scope context.Context, host, secret string) tenancytest.Caller {
		tenant := tenancy.ScopeOf(scope).TenantID()
		hosts[host] = tenant
		return tenancytest.Caller{Tenant: tenant, Host: host, Secret: secret, Credential: http.Header{"Authorization": {"Bearer " + keyOf(w, suite, tenant, token)}}}
	}
	out := tenancytest.Web{Read: "/boxes", Write: "/boxes", Header: "X-Tenant", Intruder: caller(w.Intruder, "intruder.example", w.OwnSecret), Victim: caller(w.Victim, "victim.example", w.Secret),
		Body: func(claimed uuid.UUID) string { return `{"TenantID":"` + claimed.String() + `","Name":"planted"}` }}
	byHeader := access.TenantHeader(out.Header)
	guard, err := suite.Access.HTTP(access.HTTPOptions{Tenant: func(r *http.Request) (uuid.UUID, error) {
		if r.Header.Get(out.Header) != "" {
			return byHeader(r)
		}
		return hosts[r.Host], nil
	}})
	require.NoError(w.TB, err)
	out.Handler = guard.Require(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			body, _ := io.ReadAll(r.Body)
			_, _ = fmt.Fprint(rw, w.Keep(r.Context(), body))
			return
		}
		all, err := w.List(r.Context())
		_, _ = fmt.Fprint(rw, all, err)
	}))
	return out
}

// keyOf is an API key of the tenant's owner.
func keyOf(w *tenancytest.Walled, suite *erp.Suite, tenant uuid.UUID, token func() string) string {
	w.TB.Helper()
	const password = "a long and winding road"
	member := access.NewMember{Email: tenant.String() + "@example.com", Name: "Ada Byron"}
	_, err := suite.Access.AddOwner(w.Env.Platform(w.TB), tenant, member)
	require.NoError(w.TB, err)
	_, err = suite.Access.Accept(context.Background(), access.Acceptance{Token: token(), Password: password})
	require.NoError(w.TB, err)
	s, err := suite.Access.Login(context.Background(), access.Login{Email: member.Email, Password: password, Tenant: tenant})
	require.NoError(w.TB, err)
	owner, err := suite.Access.Authenticate(context.Background(), access.Credential{Secret: s.Token})
	require.NoError(w.TB, err)
	key, err := suite.Access.CreateKey(owner, access.NewKey{Name: "attack", Permissions: tenancy.Permissions{"attacked.*"}})
	require.NoError(w.TB, err)
	return key.Secret
}

// forge replaces a text in an archive and makes the manifest fit again.
func forge(archive []byte, old, by string) ([]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			return nil, err
		}
		files[f.Name] = bytes.ReplaceAll(data, []byte(old), []byte(by))
	}
	var m privacy.Manifest
	if err := json.Unmarshal(files["manifest.json"], &m); err != nil {
		return nil, err
	}
	root := sha256.New()
	_, _ = fmt.Fprintf(root, "erp archive %d\nschema %d %d\n", m.Format, m.Schema, m.HostSchema)
	for i := range m.Files {
		f := &m.Files[i]
		sum := sha256.Sum256(files[f.Name])
		f.Bytes, f.SHA256 = int64(len(files[f.Name])), hex.EncodeToString(sum[:])
		if _, was, ok := strings.Cut(old, `":"`); ok && bytes.Contains(files[f.Name], []byte(by)) { // the CSV has the value without the column's name
			_, is, _ := strings.Cut(by, `":"`)
			files[f.CSV.Name] = bytes.ReplaceAll(files[f.CSV.Name], []byte(was), []byte(is))
		}
		sum = sha256.Sum256(files[f.CSV.Name])
		f.CSV.Bytes, f.CSV.SHA256 = int64(len(files[f.CSV.Name])), hex.EncodeToString(sum[:])
		if !f.Trail {
			_, _ = fmt.Fprintf(root, "%s %d %d %s\n", f.Name, f.Rows, f.Bytes, f.SHA256)
		}
	}
	m.Root = hex.EncodeToString(root.Sum(nil))
	if files["manifest.json"], err = json.MarshalIndent(&m, "", "  "); err != nil {
		return nil, err
	}
	files["manifest.json"] = append(files["manifest.json"], '\n')
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range z.File {
		part, err := w.Create(f.Name)
		if err != nil {
			return nil, err
		}
		if _, err := part.Write(files[f.Name]); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return out.Bytes(), err
}
