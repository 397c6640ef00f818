package seal_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/tenancy/internal/seal"
)

var (
	key    = []byte("0123456789abcdef0123456789abcdef")
	tenant = uuid.MustParse("01890000-0000-7000-8000-000000000001")
)

func row(t require.TestingT, key []byte, version int64, tenant uuid.UUID, table, id string) *seal.Row {
	r, err := seal.NewRow(key, version, tenant, table, seal.AppendPart(nil, id))
	require.NoError(t, err)
	return r
}

func TestSealLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		r := row(t, key, 1, tenant, "erp.parties", "a")
		stored := r.Seal("email", text)
		require.True(t, strings.HasPrefix(stored, "erp1:1:"))
		require.NotEqual(t, stored, r.Seal("email", text), "equal values do not look alike")
		again, err := row(t, key, 1, tenant, "erp.parties", "a").Open("email", stored)
		require.NoError(t, err)
		require.Equal(t, text, again)
		at := rapid.IntRange(0, len(stored)-1).Draw(t, "at")
		with := rapid.Byte().Draw(t, "with")
		if altered := stored[:at] + string([]byte{with}) + stored[at+1:]; altered != stored {
			_, err := r.Open("email", altered)
			require.ErrorIs(t, err, seal.ErrSealed, altered)
		}
	})
}

// Under one and the same key, every part of a value's place is bound.
func TestAValueOpensInItsPlaceAlone(t *testing.T) {
	stored := row(t, key, 1, tenant, "erp.parties", "a").Seal("email", "ada@example.org")
	other := []byte("0123456789abcdef0123456789abcdeF")
	for name, r := range map[string]*seal.Row{
		"key":     row(t, other, 1, tenant, "erp.parties", "a"),
		"version": row(t, key, 2, tenant, "erp.parties", "a"),
		"tenant":  row(t, key, 1, uuid.MustParse("01890000-0000-7000-8000-000000000002"), "erp.parties", "a"),
		"table":   row(t, key, 1, tenant, "erp.partiesx", "a"),
		"row":     row(t, key, 1, tenant, "erp.parties", "b"),
	} {
		_, err := r.Open("email", stored)
		require.ErrorIs(t, err, seal.ErrSealed, name)
		_, err = r.Open("email", strings.Replace(stored, "erp1:1:", seal.Prefix(2), 1))
		require.ErrorIs(t, err, seal.ErrSealed, name)
	}
	r := row(t, key, 1, tenant, "erp.parties", "a")
	_, err := r.Open("phone", stored)
	require.ErrorIs(t, err, seal.ErrSealed, "column")
	text, err := r.Open("email", stored)
	require.NoError(t, err)
	require.Equal(t, "ada@example.org", text)
}

func TestWhatIsNoSealedValue(t *testing.T) {
	r := row(t, key, 1, tenant, "erp.parties", "a")
	good := r.Seal("email", "ada@example.org")
	for _, bad := range []string{
		"", "ada@example.org", "erp1:", "erp1:1", "erp1:1:", "erp1:x:AAAA", "erp1:-1:AAAA", "erp2" + good[4:], "erp1:01:" + good[7:], "erp1:+1:" + good[7:],
		good + "=", good + "A", good[:len(good)-1], good + "\n", good[:20] + "\r" + good[20:], " " + good,
	} {
		_, err := r.Open("email", bad)
		require.ErrorIs(t, err, seal.ErrSealed, bad)
	}
	v, ok := seal.Version(good)
	require.True(t, ok)
	require.EqualValues(t, 1, v)
	for _, bad := range []string{"", "ada", "erp1:", "erp1:x:", "erp1:0:", "erp1:-1:", "erp1:9223372036854775808:"} {
		_, ok := seal.Version(bad)
		require.False(t, ok, bad)
	}
}

func TestBoxesOfDifferentPurposesDiffer(t *testing.T) {
	a, err := seal.NewBox(key, "a")
	require.NoError(t, err)
	b, err := seal.NewBox(key, "b")
	require.NoError(t, err)
	sealed := a.Seal(nil, nil, []byte("secret"), []byte("for"))
	_, err = b.Open(nil, nil, sealed, []byte("for"))
	require.Error(t, err)
	_, err = a.Open(nil, nil, sealed, []byte("against"))
	require.Error(t, err)
	open, err := a.Open(nil, nil, sealed, []byte("for"))
	require.NoError(t, err)
	require.Equal(t, "secret", string(open))
}

func BenchmarkRow(b *testing.B) {
	var stored [4]string
	columns := [4]string{"email", "phone", "address", "tax_id"}
	first := row(b, key, 1, tenant, "erp.parties", string(tenant[:]))
	for i, c := range columns {
		stored[i] = first.Seal(c, "ada.canary@example.org")
	}
	b.Run("seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r := row(b, key, 1, tenant, "erp.parties", string(tenant[:]))
			for i, c := range columns {
				stored[i] = r.Seal(c, "ada.canary@example.org")
			}
		}
	})
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r := row(b, key, 1, tenant, "erp.parties", string(tenant[:]))
			for i, c := range columns {
				if _, err := r.Open(c, stored[i]); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
