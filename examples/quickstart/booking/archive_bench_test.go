package booking_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
)

// BenchmarkArchive exports December's tenant to a file and imports the file under another name, on one database, everything
// synced to disk, beside two baselines of the same run: for the export, reading the same rows in the order of their keys
// without making anything of them; for the import, the same rows written by hand into the same schema at 1,000 rows a statement
// in one commit (see BenchmarkMainJob). The import also checks every hash and reads everything back. On PostgreSQL there is a third: COPY of the same rows
// out of the tables, and into tables that have the same columns and nothing else, no key, no index, no policy, no trigger, in one commit.
//
// Documents are timed by themselves: an archive of the invoices as UBL beside one without.
//
// Reported: rows a second of both, their time beside their baseline's, and the most memory in use at a time while they ran,
// which is to be held against the archive's size.
func BenchmarkArchive(b *testing.B) {
	for _, name := range []string{"sqlite", "postgres"} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				j := mainJob(b, name)
				j.commits = 1
				base := baseline(b, name, j)
				rows, read := readAll(b, j)
				file := filepath.Join(b.TempDir(), "tenant.zip")
				export, exportPeak := timed(b, func() {
					f, err := os.Create(file)
					require.NoError(b, err)
					_, err = j.suite.Privacy.Export(j.ctx, f, privacy.WithoutDocuments())
					require.NoError(b, err)
					require.NoError(b, f.Sync())
					require.NoError(b, f.Close())
				})
				f, err := os.Open(file)
				require.NoError(b, err)
				size, err := f.Seek(0, io.SeekEnd)
				require.NoError(b, err)
				platform, err := j.suite.Tenancy.EnterPlatform(context.Background(), "bench", tenancy.Permissions{"*"})
				require.NoError(b, err)
				imported, importPeak := timed(b, func() {
					_, _, err := j.suite.Privacy.Import(platform, tenancy.NewTenant{Name: "copy"}, f, size)
					require.NoError(b, err)
				})
				require.NoError(b, f.Close())
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(rows), "rows")
				b.ReportMetric(float64(rows)/export.Seconds(), "export-rows/s")
				b.ReportMetric(export.Seconds()/read.Seconds(), "export-x-baseline")
				b.ReportMetric(exportPeak, "export-MB")
				b.ReportMetric(float64(rows)/imported.Seconds(), "import-rows/s")
				b.ReportMetric(imported.Seconds()/base.Seconds(), "import-x-baseline")
				b.ReportMetric(importPeak, "import-MB")
				b.ReportMetric(float64(size)/1e6, "archive-MB")
				var documents int64
				withDocuments, _ := timed(b, func() {
					m, err := j.suite.Privacy.Export(j.ctx, io.Discard)
					require.NoError(b, err)
					for _, d := range m.Documents {
						documents += d.Documents
						for _, n := range d.Refused {
							documents += n
						}
					}
				})
				b.ReportMetric(float64(documents), "documents")
				b.ReportMetric(float64(documents)/max(withDocuments-export, time.Millisecond).Seconds(), "documents/s")
				if name == "postgres" {
					out, in := copyBare(b, j)
					b.ReportMetric(float64(rows)/out.Seconds(), "copy-out-rows/s")
					b.ReportMetric(export.Seconds()/out.Seconds(), "export-x-copy")
					b.ReportMetric(float64(rows)/in.Seconds(), "copy-in-rows/s")
					b.ReportMetric(imported.Seconds()/in.Seconds(), "import-x-copy")
				}
			}
		})
	}
}

// readAll reads every row of the tenant in the order of the keys, and nothing more.
func readAll(b *testing.B, j *job) (rows int64, took time.Duration) {
	b.Helper()
	start := time.Now()
	require.NoError(b, j.suite.Tenancy.Read(j.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		for _, m := range j.suite.Tenancy.Registry().Models {
			var order []string
			for _, k := range m.Keys[1:] {
				order = append(order, k.Name)
			}
			if err := m.Verbs().Stream(ctx, tx, func(any) error { rows++; return nil }, tenancy.OrderBy(order...)); err != nil {
				return err
			}
		}
		return nil
	}))
	return rows, time.Since(start)
}

// timed runs fn and tells how long it took, and the most heap in use above what was in use before, in MB.
func timed(b *testing.B, fn func()) (time.Duration, float64) {
	b.Helper()
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	runtime.GC()
	before, peak := inUse(), uint64(0)
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				peak = max(peak, inUse())
			}
		}
	}()
	start := time.Now()
	fn()
	took := time.Since(start)
	close(stop)
	<-done
	return took, float64(max(peak, before)-before) / 1e6
}

// copyBare takes the tenant's rows out by COPY, as text into files, and into tables with the same columns and nothing else. Of the archived models alone: their rows are what both others move.
func copyBare(b *testing.B, j *job) (out, in time.Duration) {
	b.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, j.ownerURL)
	require.NoError(b, err)
	defer func() { _ = conn.Close(ctx) }()
	var models []*tenancy.Model
	for _, m := range j.suite.Tenancy.Registry().Models {
		if m.Writes != tenancy.ReadOnly {
			models = append(models, m)
		}
	}
	_, err = conn.Exec(ctx, "CREATE SCHEMA bare")
	require.NoError(b, err)
	dir, tenant := b.TempDir(), tenancy.ScopeOf(j.ctx).TenantID().String()
	start := time.Now()
	for _, m := range models {
		f, err := os.Create(filepath.Join(dir, m.Name()))
		require.NoError(b, err)
		_, err = conn.PgConn().CopyTo(ctx, f, "COPY (SELECT * FROM "+m.Table+" WHERE tenant_id = '"+tenant+"') TO STDOUT")
		require.NoError(b, err)
		require.NoError(b, f.Sync())
		require.NoError(b, f.Close())
	}
	out = time.Since(start)
	for _, m := range models {
		_, err := conn.Exec(ctx, "CREATE TABLE bare."+m.Name()+" AS SELECT * FROM "+m.Table+" WITH NO DATA")
		require.NoError(b, err)
	}
	start = time.Now()
	tx, err := conn.Begin(ctx)
	require.NoError(b, err)
	for _, m := range models {
		f, err := os.Open(filepath.Join(dir, m.Name()))
		require.NoError(b, err)
		_, err = conn.PgConn().CopyFrom(ctx, f, "COPY bare."+m.Name()+" FROM STDIN")
		require.NoError(b, err, m.Table)
		require.NoError(b, f.Close())
	}
	require.NoError(b, tx.Commit(ctx))
	return out, time.Since(start)
}
