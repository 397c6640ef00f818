package postgres

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
)

// BenchmarkCommit writes ten rows per transaction: through a session; by hand with everything in one pgx batch; by hand in
// three trips; and as a bare statement of the superuser, without transaction block, role or policy.
//
//	go test ./tenancy/postgres -run '^$' -bench Commit -benchtime 2s
func BenchmarkCommit(b *testing.B) {
	f := newFixture(b)
	tenant := f.tenant(b)
	ctx := b.Context()
	rows := func() []*tally {
		out := make([]*tally, 10)
		for i := range out {
			out[i] = &tally{ThingID: tenancy.NewID(), Year: 2026, Total: 1}
		}
		return out
	}
	b.Run("session", func(b *testing.B) {
		for b.Loop() {
			s, err := f.store.Session(ctx, tenancy.SessionOptions{Tenant: tenant})
			require.NoError(b, err)
			require.NoError(b, s.Commit(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, tallies, tenant, nil, rows()...)}))
		}
	})
	const insert = `INSERT INTO testmod.tallies (tenant_id, thing_id, year, total) SELECT $1, * FROM unnest($2::uuid[], $3::bigint[], $4::bigint[])`
	args := func() []any {
		ids, years, totals := make([]uuid.UUID, 10), make([]int64, 10), make([]int64, 10)
		for i := range ids {
			ids[i], years[i], totals[i] = tenancy.NewID(), 2026, 1
		}
		return []any{tenant, ids, years, totals}
	}
	preamble := []string{"BEGIN", setAppRole, "SET LOCAL erp.tenant = '" + tenant.String() + "'"}
	login := func(dsn string) *pgx.Conn {
		conn, err := pgx.Connect(ctx, dsn)
		require.NoError(b, err)
		b.Cleanup(func() { _ = conn.Close(context.Background()) })
		return conn
	}
	b.Run("by hand, one trip", func(b *testing.B) {
		conn := login(f.url) // the owner, for pgx prepares before the role is set
		for b.Loop() {
			batch := &pgx.Batch{}
			for _, p := range preamble {
				batch.Queue(p)
			}
			batch.Queue(insert, args()...)
			batch.Queue("COMMIT")
			require.NoError(b, conn.SendBatch(ctx, batch).Close())
		}
	})
	b.Run("by hand, three trips", func(b *testing.B) {
		conn := login(f.eng.DSN)
		for b.Loop() {
			_, err := conn.Exec(ctx, preamble[0]+";"+preamble[1]+";"+preamble[2])
			require.NoError(b, err)
			_, err = conn.Exec(ctx, insert, args()...)
			require.NoError(b, err)
			_, err = conn.Exec(ctx, "COMMIT")
			require.NoError(b, err)
		}
	})
	b.Run("bare", func(b *testing.B) {
		conn := login(f.url)
		for b.Loop() {
			_, err := conn.Exec(ctx, insert, args()...)
			require.NoError(b, err)
		}
	})
}

// BenchmarkOpen is what a program pays at its start: everything is there already.
func BenchmarkOpen(b *testing.B) {
	f := newFixture(b)
	for _, migrate := range []bool{false, true} {
		b.Run(map[bool]string{false: "check", true: "migrate and check"}[migrate], func(b *testing.B) {
			for b.Loop() {
				s, err := f.eng.Open(b.Context(), f.reg, tenancy.EngineOptions{Migrate: migrate})
				require.NoError(b, err)
				require.NoError(b, s.Close())
			}
		})
	}
}

// BenchmarkHost is the price of letting the host in: the way in, one statement, the way out, and the cleaning afterwards.
func BenchmarkHost(b *testing.B) {
	f := newFixture(b)
	tenant := f.tenant(b)
	for b.Loop() {
		s, err := f.store.Session(b.Context(), tenancy.SessionOptions{Tenant: tenant})
		require.NoError(b, err)
		require.NoError(b, s.Host(b.Context(), func(*sql.Tx) error { return nil }))
		require.NoError(b, s.Commit(b.Context(), nil))
	}
}

// BenchmarkRows is what a large statement costs per row.
func BenchmarkRows(b *testing.B) {
	f := newFixture(b)
	tenant := f.tenant(b)
	const many = 10_000
	var all []*thing
	for b.Loop() {
		b.StopTimer()
		all = all[:0]
		for range many {
			all = append(all, newThing(tenant, tenancy.NewID().String()))
		}
		s, err := f.store.Session(b.Context(), tenancy.SessionOptions{Tenant: tenant})
		require.NoError(b, err)
		b.StartTimer()
		started := time.Now()
		require.NoError(b, s.Run(b.Context(), []*tenancy.Statement{write(tenancy.VerbInsert, things, tenant, nil, all...)}))
		written := time.Since(started)
		var got []thing
		require.NoError(b, s.Run(b.Context(), []*tenancy.Statement{read(things, tenant, &got)}))
		b.ReportMetric(float64(written.Nanoseconds())/many, "ns/row-written")
		b.ReportMetric(float64((time.Since(started)-written).Nanoseconds())/many, "ns/row-read")
		require.Len(b, got, many)
		require.NoError(b, s.Rollback(b.Context()))
	}
}
