package ending_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// BenchmarkPurge is what account of a purge costs: every row is read once more, counted and hashed before it goes. Rows are of one table, with a sealed column each.
func BenchmarkPurge(b *testing.B) {
	const notes = 20_000
	for _, engine := range tenancytest.Engines {
		for _, name := range []string{"alone", "certified"} {
			b.Run(engine+"/"+name, func(b *testing.B) {
				w := newWorld(b, engine, start, nil)
				if name == "alone" {
					w.DB.WitnessPurges(nil)
				}
				for b.Loop() {
					b.StopTimer()
					made, err := w.DB.Tenants().Create(w.Platform(b), tenancy.NewTenant{Name: "Kade Tea"})
					require.NoError(b, err)
					owner := w.Enter(b, made.ID, tenancy.AllPermissions)
					fill(w.DB, owner, notes)
					w.now = w.cancel(b, owner).PurgeAfter
					b.StartTimer()
					_, err = w.DB.Tenants().Purge(w.Platform(b), made.ID, "its time is over")
					require.NoError(b, err)
				}
				b.ReportMetric(float64(notes)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}
