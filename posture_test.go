package erp_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// In production a program starts when every promise is kept or vouched for, and says of each that is not why. Elsewhere it logs them.
func TestProductionAsksForThePosture(t *testing.T) {
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: append(erp.Modules(), access.Module()), Clock: func() time.Time { return now }})
			var log bytes.Buffer
			opt := erp.Options{Dir: t.TempDir(), Listener: privacy.TLSConfig(), Ports: erp.Ports{Logger: slog.New(slog.NewTextHandler(&log, nil))}, Clock: func() time.Time { return now },
				Access: &access.Options{Mailer: mailer(func(tenancy.Message) {})}}
			start := func() (*erp.Suite, error) {
				opt.Production = true
				defer func() { opt.Production = false }()
				return erp.Wire(env.DB, opt)
			}
			absent := []string{"hosting", "backups", "backup_rotation", "encryption_at_rest", "production_mfa", "assessments", "secure_development", "incident_response", "training"}
			refused := func(names ...string) {
				t.Helper()
				_, err := start()
				require.ErrorIs(t, err, privacy.ErrPromiseAbsent)
				for _, p := range privacy.Promises() {
					named := strings.Contains(err.Error(), string(p.ID)+" (policy "+p.Sentences[0])
					require.Equal(t, slices.Contains(names, string(p.ID)), named, "%s: %v", p.ID, err)
				}
			}
			refused(append([]string{"platform_tenant"}, absent...)...)
			opt.Platform = "Opsmatiq"
			refused(absent...)
			own, err := env.DB.Tenants().Platform(env.Platform(t))
			require.NoError(t, err)
			refused(absent...)

			suite, err := erp.Wire(env.DB, opt)
			require.NoError(t, err)
			require.Contains(t, log.String(), "level=WARN")
			require.Contains(t, log.String(), fmt.Sprint(absent))
			log.Reset()
			inside := env.Enter(t, own.ID, "privacy.*")
			for i, name := range absent {
				_, err := suite.Privacy.Attest(inside, privacy.NewAttestation{Promise: privacy.PromiseID(name), Reference: name, Owner: "operations", Evidence: "file 1", EvidenceHash: strings.Repeat("0a", 32),
					Expires: now.AddDate(0, 0, i+1)})
				require.NoError(t, err)
				if i < len(absent)-1 {
					refused(absent[i+1:]...)
				}
			}
			var told []tenancy.Message
			opt.Operator, opt.Ports.Mailer = "operator@example.org", mailer(func(m tenancy.Message) {
				if strings.HasPrefix(m.ID, "posture-") { // and not of trails, whose sealer has slept meanwhile
					told = append(told, m)
				}
			})
			running, err := start()
			require.NoError(t, err)
			_, err = running.Tick(t.Context(), now)
			require.NoError(t, err)
			require.Len(t, told, 1)
			require.Equal(t, "posture-2026-03-04", told[0].ID)
			for _, name := range absent {
				require.Contains(t, told[0].Text, name+" is attested until")
			}
			log.Reset()
			_, err = erp.Wire(env.DB, opt)
			require.NoError(t, err)
			require.Empty(t, log.String())
			now = now.AddDate(0, 0, 2)
			refused(absent[:2]...)
			_, err = running.Tick(t.Context(), now)
			require.NoError(t, err)
			require.Len(t, told, 2)
			require.Contains(t, told[1].Text, "hosting is absent: the attestation of 2026-03-04 expired on 2026-03-05")
			for _, name := range absent {
				_, err := suite.Privacy.Attest(inside, privacy.NewAttestation{Promise: privacy.PromiseID(name), Reference: name + "-2", Owner: "operations", Evidence: "file 2", EvidenceHash: strings.Repeat("0b", 32),
					Expires: now.AddDate(0, 6, 0)})
				require.NoError(t, err)
			}
			now = now.AddDate(0, 0, 1)
			_, err = running.Tick(t.Context(), now)
			require.NoError(t, err)
			require.Len(t, told, 2, "nothing is near its end")
			now = now.AddDate(0, 6, 0)

			opt.Listener, opt.Access = nil, nil
			refused(append(slices.Clone(absent), "tls_listener", "staff_mfa")...)
		})
	}
}

// A password, the token of a session, an API key, a second factor's secret and its recovery codes, a mailed token and the number of a payment card are nowhere afterwards: in no table, no
// file of the database or of the ports, no log, no message of an error and no archive.
func TestNoSecretLiesAnywhere(t *testing.T) {
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: append(erp.Modules(), access.Module()), Clock: time.Now})
			hay := &haystack{secrets: map[string]string{}}
			dir := t.TempDir()
			var post []tenancy.Message
			suite, err := erp.Wire(env.DB, erp.Options{Dir: dir, Ports: erp.Ports{Logger: slog.New(slog.NewJSONHandler(&hay.text, &slog.HandlerOptions{Level: slog.LevelDebug}))}, Access: &access.Options{
				Mailer: mailer(func(m tenancy.Message) { post = append(post, m) }), Hash: access.HashParams{MemoryKiB: 19 * 1024, Passes: 2, Lanes: 1}}})
			require.NoError(t, err)
			shop := env.Tenant(t)
			hay.live(t, env, suite, tenancy.ScopeOf(shop).TenantID(), &post)
			hay.archive(t, suite, shop)
			hay.tables(t, env)
			hay.files(t, env, dir)
			hay.search(t)
		})
	}
}

// haystack is everything that somebody could find, and what must not be in it.
type haystack struct {
	text    bytes.Buffer
	secrets map[string]string
}

const cardNumber = "4111 1111 1111 1111"

// live is a life in which each secret is used, rightly and wrongly.
func (h *haystack) live(t *testing.T, env *tenancytest.Env, suite *erp.Suite, tenant uuid.UUID, post *[]tenancy.Message) {
	t.Helper()
	auth, ctx := suite.Access, t.Context()
	failed := func(err error) {
		t.Helper()
		require.Error(t, err)
		_, _ = fmt.Fprintf(&h.text, "%v %+v\n", err, err)
	}
	mailed := func(name string) string {
		auth.Wait()
		token := tokenIn((*post)[len(*post)-1])
		require.NotEmpty(t, token)
		h.secrets[name] = token
		return token
	}
	h.secrets["password"], h.secrets["new password"], h.secrets["wrong password"] = "canary password eleven", "canary password twelve", "canary guess thirteen"
	member := access.NewMember{Email: "findable@example.org", Name: "Findable Canary"}
	_, err := auth.AddOwner(env.Platform(t), tenant, member)
	require.NoError(t, err)
	_, err = auth.Accept(ctx, access.Acceptance{Token: mailed("invitation"), Password: h.secrets["password"]})
	require.NoError(t, err)
	login := access.Login{Email: member.Email, Password: h.secrets["wrong password"], Tenant: tenant, Device: "Findable browser"}
	_, err = auth.Login(ctx, login)
	failed(err)
	login.Password = h.secrets["password"]
	session, err := auth.Login(ctx, login)
	require.NoError(t, err)
	h.secrets["session"] = session.Token
	inside, err := auth.Authenticate(ctx, access.Credential{Secret: session.Token})
	require.NoError(t, err)
	key, err := auth.CreateKey(inside, access.NewKey{Name: "findable key", Permissions: tenancy.Permissions{"sales.*"}})
	require.NoError(t, err)
	h.secrets["API key"] = key.Secret
	_, err = auth.Authenticate(ctx, access.Credential{Secret: key.Secret})
	require.NoError(t, err)
	_, err = auth.Authenticate(ctx, access.Credential{Secret: key.Secret[:len(key.Secret)-4] + "zzzz"})
	failed(err)
	_, err = auth.Authenticate(ctx, access.Credential{Secret: key.Secret, Tenant: tenancy.NewID()})
	failed(err)
	factor, err := auth.SetUpFactor(inside, h.secrets["password"])
	require.NoError(t, err)
	h.secrets["second factor"] = factor.Secret
	codes, err := auth.ConfirmFactor(inside, codeNow(t, factor.Secret))
	require.NoError(t, err)
	for i, code := range codes {
		h.secrets[fmt.Sprint("recovery code ", i)] = code
	}
	require.NoError(t, auth.RequestReset(ctx, member.Email, netip.Addr{}))
	require.NoError(t, auth.ResetPassword(ctx, mailed("reset"), h.secrets["new password"]))
	login.Password = h.secrets["new password"]
	_, err = auth.Login(ctx, login)
	failed(err) // a code is asked for
	login.Code = codes[0]
	_, err = auth.Login(ctx, login)
	require.NoError(t, err)

	// Whoever is asked for how a customer pays is told a number of a contract with the payment provider, and never a card's.
	h.secrets["card number"], h.secrets["bare card number"] = cardNumber, strings.ReplaceAll(cardNumber, " ", "")
	for _, number := range []string{h.secrets["card number"], h.secrets["bare card number"]} {
		_, err = env.DB.Tenants().SetContract(env.Platform(t), tenant, tenancy.Terms{Organisation: "Findable Ltd", Billing: tenancy.ContactPerson{Name: "pays by " + number}}, "told on the telephone")
		failed(err)
		_, err = env.DB.Tenants().Create(env.Platform(t), tenancy.NewTenant{Name: "Findable " + number})
		failed(err)
	}
	// Somebody searches for what they should not have, and writes it where reasons stand.
	inside = env.Enter(t, tenant, tenancy.AllPermissions)
	for _, secret := range []string{h.secrets["password"], h.secrets["card number"]} {
		got, err := suite.Privacy.Find(inside, privacy.Query{Name: secret})
		require.NoError(t, err)
		require.Empty(t, got.Tables)
		_, err = suite.Privacy.Find(inside, privacy.Query{Email: secret})
		failed(err)
		_, err = suite.Privacy.Erase(inside, privacy.Erasure{PersonID: tenancy.NewID(), Reference: secret, Reason: secret})
		failed(err)
	}
	_, err = suite.Tick(env.Platform(t), time.Now())
	require.NoError(t, err)
}

// codeNow is what an authenticator app shows (RFC 6238).
func codeNow(t *testing.T, secret string) string {
	t.Helper()
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	require.NoError(t, err)
	var step [8]byte
	binary.BigEndian.PutUint64(step[:], uint64(time.Now().Unix()/30))
	mac := hmac.New(sha1.New, raw)
	_, _ = mac.Write(step[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff%1_000_000)
}

func (h *haystack) archive(t *testing.T, suite *erp.Suite, shop context.Context) {
	t.Helper()
	var out bytes.Buffer
	_, err := suite.Privacy.Export(shop, &out)
	require.NoError(t, err)
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.NoError(t, err)
	for _, f := range z.File {
		r, err := f.Open()
		require.NoError(t, err)
		_, err = io.Copy(&h.text, r)
		require.NoError(t, err)
	}
}

// tables are all that the superuser sees, in whatever schema.
func (h *haystack) tables(t *testing.T, env *tenancytest.Env) {
	t.Helper()
	if env.Name == "sqlite" {
		return // the files are the tables
	}
	owner := env.Control(t)
	column := func(query string) (out []string) {
		rows, err := owner.Query(query)
		require.NoError(t, err)
		defer func() { require.NoError(t, rows.Close()) }()
		for rows.Next() {
			var text string
			require.NoError(t, rows.Scan(&text))
			out = append(out, text)
		}
		require.NoError(t, rows.Err())
		return out
	}
	names := column(`SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`)
	require.Greater(t, len(names), 100)
	for _, name := range names {
		for _, row := range column("SELECT t::text FROM " + name + " AS t") {
			h.text.WriteString(row + "\n")
		}
	}
	for _, query := range column("SELECT coalesce(query, '') FROM pg_stat_activity") {
		h.text.WriteString(query + "\n")
	}
	_, err := owner.Exec("CHECKPOINT")
	require.NoError(t, err)
}

// files are those of the ports, of SQLite, and of the PostgreSQL server where it is on this machine: tables, indexes, the write-ahead log and its own log.
func (h *haystack) files(t *testing.T, env *tenancytest.Env, dir string) {
	t.Helper()
	roots := []string{dir}
	if env.Dir() != "" {
		roots = append(roots, env.Dir())
	} else {
		var data string
		require.NoError(t, env.Control(t).QueryRow("SHOW data_directory").Scan(&data))
		if _, err := os.Stat(data); err == nil {
			roots = append(roots, filepath.Dir(data)) // the server's log lies beside its data
		}
	}
	for _, root := range roots {
		require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil //nolint:nilerr // the server removes files meanwhile
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return nil //nolint:nilerr // as above
			}
			_, _ = h.text.Write(text)
			return nil
		}))
	}
}

// search looks for each secret as it is, and as it would look when somebody encoded it. What is no secret must be found, or the search proves nothing.
func (h *haystack) search(t *testing.T) {
	t.Helper()
	for _, there := range []string{"Findable Canary", "findable@example.org", "Findable browser", "findable key"} {
		require.True(t, bytes.Contains(h.text.Bytes(), []byte(there)), "%q is not found, so nothing would be", there)
	}
	require.Greater(t, len(h.secrets), 15)
	for name, secret := range h.secrets {
		require.GreaterOrEqual(t, len(secret), 12, name)
		for _, form := range []string{secret, hex.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte(secret))} {
			require.False(t, bytes.Contains(h.text.Bytes(), []byte(form)), "the %s lies somewhere", name)
		}
	}
}
