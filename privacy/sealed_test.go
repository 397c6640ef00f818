package privacy_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func exportSealed(t *testing.T, s *privacy.Service, ctx context.Context) ([]byte, privacy.Manifest) {
	t.Helper()
	var out bytes.Buffer
	m, err := s.Export(ctx, &out, privacy.Sealed())
	require.NoError(t, err)
	return out.Bytes(), m
}

// addresses are what the tables' owner sees of the patients' addresses.
func addresses(t *testing.T, env *tenancytest.Env, ctx context.Context) (out []string) {
	t.Helper()
	id := tenancy.ScopeOf(ctx).TenantID()
	rows, err := env.Owner(t, id).Query(env.SQL("SELECT address FROM clinic.patients WHERE tenant_id = '" + id.String() + "' ORDER BY id"))
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var s string
		require.NoError(t, rows.Scan(&s))
		out = append(out, s)
	}
	require.NoError(t, rows.Err())
	return out
}

func TestSealedArchive(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		sealed, m := exportSealed(t, s, p.ctx)
		require.True(t, bytes.HasPrefix(sealed, []byte("age-encryption.org/v1\n-> erp-tenant "+tenancy.ScopeOf(p.ctx).TenantID().String()+" 1\n")))
		require.NotContains(t, string(sealed), "manifest.json")
		require.NotContains(t, string(sealed), "PK\x03\x04", "no zip shows through")
		open, plain := export(t, s, p.ctx)
		require.Equal(t, plain.Root, m.Root, "of the same state")
		require.Contains(t, string(files(t, open)[patients]), p.ada.Email, "an archive that is not sealed is for other programs")

		ref := tenancy.NewID().String()
		moved, read, err := take(t, env, s, sealed, ref)
		require.NoError(t, err)
		require.Equal(t, m, read)
		again, _, err := take(t, env, s, sealed, ref)
		require.NoError(t, err)
		require.Equal(t, moved.ID, again.ID)
		there := env.Enter(t, moved.ID, "*")
		d, err := s.Digest(there)
		require.NoError(t, err)
		require.Equal(t, m.Root, d.Root)
		for i, a := range addresses(t, env, there) {
			require.True(t, strings.HasPrefix(a, "erp1:1:"), a)
			require.NotEqual(t, addresses(t, env, p.ctx)[i], a, "sealed anew, under the new tenant's own key")
		}
	})
}

// Rotating a tenant's key changes no record, and no archive loses its key by it.
func TestRotationAndArchives(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		sealed, m := exportSealed(t, s, p.ctx)
		_, err := env.DB.Tenants().RotateKey(env.Platform(t), tenancy.ScopeOf(p.ctx).TenantID(), 1, "yearly")
		require.NoError(t, err)
		for more := true; more; {
			more, err = env.DB.Reseal(p.ctx)
			require.NoError(t, err)
		}
		for _, a := range addresses(t, env, p.ctx) {
			require.True(t, strings.HasPrefix(a, "erp1:2:"), a)
		}
		d, err := s.Digest(p.ctx)
		require.NoError(t, err)
		require.Equal(t, m.Root, d.Root)
		_, _, err = take(t, env, s, sealed, "")
		require.NoError(t, err)
	})
}

func TestASealedArchiveGoesWithItsTenant(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		sealed, _ := exportSealed(t, s, p.ctx)
		_, _, err := s.Import(p.ctx, tenancy.NewTenant{Name: "x"}, bytes.NewReader(sealed), int64(len(sealed)))
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)
		platform, id := env.Platform(t), tenancy.ScopeOf(p.ctx).TenantID()
		_, err = env.DB.Tenants().Cancel(platform, id, "they left")
		require.NoError(t, err)
		_, err = env.DB.Tenants().PurgeNow(platform, id, "they left", "letter 1")
		require.NoError(t, err)
		before := all(t, env)
		_, _, err = take(t, env, s, sealed, "")
		require.ErrorIs(t, err, tenancy.ErrKeyDestroyed)
		require.Equal(t, before, all(t, env))
	})
}

// Where the key is not, the archive is of no use.
func TestASealedArchiveNeedsItsKey(t *testing.T) {
	from, to := tenancytest.Open(t, "sqlite", tenancytest.Options{Modules: modules()}), tenancytest.Open(t, "postgres", tenancytest.Options{Modules: modules()})
	sealed, _ := exportSealed(t, privacy.New(from.DB, privacy.Options{}), openPractice(t, from).ctx)
	_, _, err := take(t, to, privacy.New(to.DB, privacy.Options{}), sealed, "")
	require.ErrorIs(t, err, tenancy.ErrKey)
}

// Whatever byte of a sealed archive is another, wherever it is cut off, and whatever stands behind it: it is refused.
func TestASealedArchiveThatWasAltered(t *testing.T) {
	env := tenancytest.Open(t, "sqlite", tenancytest.Options{Modules: modules()})
	s := privacy.New(env.DB, privacy.Options{})
	p, other := openPractice(t, env), openPractice(t, env)
	sealed, _ := exportSealed(t, s, p.ctx)
	theirs, _ := exportSealed(t, s, other.ctx)
	before := all(t, env)
	refused := func(archive []byte, what any) {
		_, _, err := take(t, env, s, archive, "")
		require.Error(t, err, what)
		require.Contains(t, []fault.Code{"privacy.archive", "tenancy.key"}, fault.CodeOf(err), "%v: %v", what, err)
	}
	for at := 0; at < len(sealed); at += 1 + len(sealed)/200 {
		bad := slices.Clone(sealed)
		bad[at] ^= 1 << (at % 8)
		refused(bad, at)
	}
	for at := range min(300, len(sealed)) { // every byte of the header
		bad := slices.Clone(sealed)
		bad[at] ^= 1
		refused(bad, at)
	}
	for _, cut := range []int{1, 16, 17, len(sealed) / 2, len(sealed) - 30} {
		refused(sealed[:len(sealed)-cut], cut)
	}
	refused(append(slices.Clone(sealed), 0), "longer")
	mine, foreign := tenancy.ScopeOf(p.ctx).TenantID().String(), tenancy.ScopeOf(other.ctx).TenantID().String()
	refused(bytes.Replace(sealed, []byte(mine), []byte(foreign), 1), "said to be another tenant's")
	head := bytes.Index(theirs, []byte("\n--- "))
	refused(append(slices.Clone(theirs[:head]), sealed[bytes.Index(sealed, []byte("\n--- ")):]...), "with another's header")
	refused(append([]byte("age-encryption.org/v1\n-> erp-tenant "), bytes.Repeat([]byte("x"), 100_000)...), "a header without an end")
	require.Equal(t, before, all(t, env))
	_, _, err := take(t, env, s, sealed, "")
	require.NoError(t, err, "what was not changed is taken")
}

// chunks is a place that sees how much it is given at a time.
type chunks struct{ largest, total int }

func (c *chunks) Write(p []byte) (int, error) {
	c.largest, c.total = max(c.largest, len(p)), c.total+len(p)
	return len(p), nil
}

// A sealed archive goes out as it is made.
func TestASealedExportIsAStream(t *testing.T) {
	env := tenancytest.Open(t, "sqlite", tenancytest.Options{Modules: modules()})
	s := privacy.New(env.DB, privacy.Options{})
	p := openPractice(t, env)
	noise := rand.New(rand.NewPCG(1, 2))
	require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		rows := make([]*Notice, 300)
		for i := range rows {
			text := make([]rune, 3000)
			for j := range text {
				text[j] = rune('a' + noise.IntN(26))
			}
			rows[i] = &Notice{Code: "N", Body: string(text)}
		}
		b := tx.Batch()
		tenancy.Put(b, rows)
		return b.Run(ctx)
	}))
	var w chunks
	_, err := s.Export(p.ctx, &w, privacy.Sealed())
	require.NoError(t, err)
	require.Greater(t, w.total, 400_000)
	require.LessOrEqual(t, w.largest, 64<<10+16)
}

func TestASealedExportThatIsCutOffIsNone(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		_, err := s.Export(p.ctx, &stopped{left: 150}, privacy.Sealed())
		require.Error(t, err)
	})
}
