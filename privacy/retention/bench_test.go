package retention_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy/retention"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// BenchmarkSweep sweeps 5,000 bills with their texts that have had their time, and looks at them again when that is done.
func BenchmarkSweep(b *testing.B) {
	const bills = 5000
	for _, engine := range tenancytest.Engines {
		b.Run(engine, func(b *testing.B) {
			now := noon("2026-01-01")
			env := tenancytest.Open(b, engine, tenancytest.Options{Modules: modules(), Clock: func() time.Time { return now }})
			keep, err := retention.New(env.DB, options())
			require.NoError(b, err)
			for b.Loop() {
				b.StopTimer()
				p := &practice{env, keep, &now, env.Tenant(b)}
				p.enable(b, "de.vouchers")
				rows, texts := make([]*Bill, bills), make([]*BillText, bills)
				for i := range rows {
					rows[i] = &Bill{Row: tenancy.Row{ID: tenancy.NewID()}, Day: day("2017-01-01")}
					texts[i] = &BillText{BillID: rows[i].ID, Payer: "Ada Byron", Notes: "owes something"}
				}
				p.do(b, func(batch *tenancy.Batch) {
					tenancy.Put(batch, rows)
					tenancy.Put(batch, texts)
				})
				b.StartTimer()
				began := time.Now()
				p.sweep(b, 500)
				first := time.Now()
				p.sweep(b, 500)
				b.ReportMetric(bills/first.Sub(began).Seconds(), "erased/s")
				b.ReportMetric(bills/time.Since(first).Seconds(), "cleared/s")
			}
		})
	}
}
