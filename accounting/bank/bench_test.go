package bank_test

import (
	"fmt"
	"testing"

	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// BenchmarkImport imports statements of 10,000 lines, one after the other, into one account.
func BenchmarkImport(b *testing.B) {
	const lines = 10_000
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			s := newShop(b, tenancytest.Open(b, engine, modules), "GBP")
			n := 0
			for b.Loop() {
				n++
				in := make([]statement.Line, lines)
				for i := range in {
					in[i] = line(fmt.Sprintf("2026-01-%02d", 1+i%31), int64(i+n*lines), fmt.Sprintf("invoice %d of %d", i, n))
				}
				s.importing(s.statementOf(fmt.Sprintf("B-%d", n), 0, in...))
			}
			b.ReportMetric(float64(n*lines)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
