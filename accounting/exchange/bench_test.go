package exchange_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// peak is a writer that looks at the heap in use every so many bytes.
type peak struct{ seen, next, high uint64 }

func (p *peak) Write(b []byte) (int, error) {
	if p.seen += uint64(len(b)); p.seen >= p.next {
		p.next = p.seen + 1<<19
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		p.high = max(p.high, m.HeapInuse)
	}
	return len(b), nil
}

// BenchmarkExport writes 2,000 and 20,000 entries of two lines as a journal of hledger's: the heap does not grow with them.
// BenchmarkImport takes the CSV of 20,000 into an empty tenant.
func BenchmarkExport(b *testing.B) {
	for _, engine := range tenancytest.Engines {
		env := tenancytest.Open(b, engine, modules)
		for _, n := range []int{2_000, 20_000} {
			h := filled(b, env, n)
			b.Run(fmt.Sprint(engine, "/", n), func(b *testing.B) {
				for range b.N {
					require.NoError(b, h.ex.WriteJournal(h.ctx, io.Discard, exchange.Hledger, exchange.Span{}))
				}
				b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "entries/s")
				var before runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				p := &peak{}
				require.NoError(b, h.ex.WriteJournal(h.ctx, p, exchange.Hledger, exchange.Span{}))
				b.ReportMetric(float64(int64(p.high)-int64(before.HeapInuse))/1e6, "MB-over")
			})
		}
	}
}

func BenchmarkImport(b *testing.B) {
	const n = 20_000
	for _, engine := range tenancytest.Engines {
		env := tenancytest.Open(b, engine, modules)
		h := filled(b, env, n)
		var entries bytes.Buffer
		require.NoError(b, h.ex.WriteEntries(h.ctx, &entries, exchange.Span{}))
		b.Run(engine, func(b *testing.B) {
			var took time.Duration
			for range b.N {
				there := bareHouse(b, env, accounting.NewBooks{Chart: accounting.ChartUKRetail})
				began := time.Now()
				_, err := there.ex.Import(there.ctx, exchange.Import{Entries: strings.NewReader(entries.String())})
				took += time.Since(began)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(n*b.N)/took.Seconds(), "entries/s")
		})
	}
}

// filled is a house with so many entries.
func filled(b *testing.B, env *tenancytest.Env, n int) *house {
	b.Helper()
	h := newHouse(b, env, accounting.NewBooks{Chart: accounting.ChartUKRetail})
	for done := 0; done < n; done += 500 {
		in := make([]accounting.NewEntry, 500)
		for i := range in {
			in[i] = accounting.NewEntry{Reference: fmt.Sprint("E", done+i), Date: day("2010-12-01").AddDays(i % 28), Memo: "takings", Lines: []accounting.NewLine{
				accounting.DebitLine(accounting.ByRole(accounting.RoleCash), gbp(int64(i+1))), accounting.CreditLine(accounting.ByRole(accounting.RoleSales), gbp(int64(i+1)))}}
		}
		h.post(in...)
	}
	return h
}
