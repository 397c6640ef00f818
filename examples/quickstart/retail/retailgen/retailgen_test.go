package retailgen_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/examples/quickstart/retail"
	"github.com/opsmatiq/erp/examples/quickstart/retail/retailgen"
)

func write(t *testing.T, opt retailgen.Options) *retail.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "made.csv")
	out, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, retailgen.Write(out, opt))
	require.NoError(t, out.Close())
	f, err := retail.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestFullYearHasItsSizeAndEveryKind(t *testing.T) {
	f := write(t, retailgen.FullYear)
	s, err := f.Survey(t.Context())
	require.NoError(t, err)
	require.Empty(t, s.Refused)
	require.EqualValues(t, 541_909, s.Lines)
	require.EqualValues(t, 25_900, s.TotalDocuments())
	require.Len(t, s.Documents, 5, "every kind of document")
	require.Equal(t, "2010-12-01", s.First.String())
	require.Equal(t, "2011-12-09", s.Last.String())
	fine := 0
	for _, p := range s.Products {
		if p.FirstPrice.Exponent() == -3 {
			fine++
		}
	}
	require.Greater(t, fine, 40, "prices with three decimals")
	_, _, err = retail.OpeningTotals(s.Opening(true))
	require.NoError(t, err)
}

// The second reading holds a document or two at a time, however many there are.
func TestReadingHoldsNoDocuments(t *testing.T) {
	f := write(t, retailgen.FullYear)
	s, err := f.Survey(t.Context())
	require.NoError(t, err)
	live := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, n := live(), 0
	for _, err := range f.Documents(t.Context(), s) {
		require.NoError(t, err)
		if n++; n%5_000 == 0 {
			require.Less(t, live(), before+(1<<20), "after %d documents", n)
		}
	}
	require.Equal(t, 25_900, n)
}

func TestTheSameOptionsMakeTheSameBytes(t *testing.T) {
	var a, b, other bytes.Buffer
	opt := retailgen.Options{Documents: 50, Lines: 300, Seed: 7}
	require.NoError(t, retailgen.Write(&a, opt))
	require.NoError(t, retailgen.Write(&b, opt))
	opt.Seed++
	require.NoError(t, retailgen.Write(&other, opt))
	require.Equal(t, a.String(), b.String())
	require.NotEqual(t, a.String(), other.String())
	require.Error(t, retailgen.Write(&a, retailgen.Options{Documents: 5, Lines: 4}))
}
