package tenancy_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// BenchmarkMove takes a tenant of 50,000 rows and as many events from PostgreSQL to SQLite and back: read, written, read back, hashed
// at both ends, purged.
//
//	go test ./tenancy -run '^$' -bench Move -benchtime 1x
func BenchmarkMove(b *testing.B) {
	const rows = 50_000
	f := tenancytest.Placements(b, tenancytest.Options{Modules: []tenancy.Module{library}, StateMaxAge: time.Millisecond}, "shared", "shared", map[string]tenancytest.At{
		"shared": {Engine: "postgres"}, "files": {Engine: "sqlite"},
	})
	ctx := f.Control.Tenant(b)
	for n := 0; n < rows; n += 1000 {
		require.NoError(b, f.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			batch := tx.Batch()
			var authors []*Author
			for i := range 1000 {
				authors = append(authors, &Author{Name: fmt.Sprintf("Author %d", n+i)})
			}
			tenancy.Put(batch, authors)
			return batch.Run(ctx)
		}))
	}
	for b.Loop() {
		for _, to := range []string{"files", "shared"} {
			began := time.Now()
			_, err := f.DB.Tenants().Move(f.Control.Platform(b), tenantOf(ctx), to, "measured")
			require.NoError(b, err)
			b.ReportMetric(2*rows/time.Since(began).Seconds(), "rows/s-to-"+to)
		}
	}
}
