package postgres

import (
	"context"
	"database/sql"
	"os"
	"slices"
	"strconv"
	"strings"
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
	signed := func(conn *pgx.Conn) []string {
		key, err := f.store.keys.get(ctx)
		require.NoError(b, err)
		token := key.token(&scope{tenant: tenant}, backend{pid: conn.PgConn().PID(), now: time.Now().UnixMicro()})
		return []string{"BEGIN", setAppRole, "SET LOCAL erp.tenant = '" + token + "'"}
	}
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
			for _, p := range signed(conn) {
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
			_, err := conn.Exec(ctx, strings.Join(signed(conn), ";"))
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

// unwall gives the fixture policies that ask the plain setting, as they were before it was signed, and a pool that sets it.
func (f *fixture) unwall(b *testing.B) {
	b.Helper()
	for _, m := range f.reg.Models {
		f.exec(b, "ALTER POLICY "+policyName+" ON "+quoteTable(m.Table)+" USING (tenant_id = (SELECT current_setting('erp.tenant')::uuid)) WITH CHECK (tenant_id = (SELECT current_setting('erp.tenant')::uuid))")
	}
	f.store.keys = nil
	config, err := parseDSN("DSN", f.eng.DSN)
	require.NoError(b, err)
	f.onePool(b, config, nil)
}

// policyBench is a database with the signed policies or the plain ones, and one connection to it.
type policyBench struct {
	f       *fixture
	tenants [2]uuid.UUID
	known   [2]*thing
	pid     uint32
}

func newPolicyBench(b *testing.B, signed bool) *policyBench {
	b.Helper()
	p := &policyBench{f: newFixture(b)}
	config, err := parseDSN("DSN", p.f.eng.DSN)
	require.NoError(b, err)
	p.f.onePool(b, config, nil)
	if !signed {
		p.f.unwall(b)
	}
	for i := range p.tenants {
		p.tenants[i] = p.f.tenant(b)
		p.known[i] = newThing(p.tenants[i], "known")
		require.NoError(b, p.f.session(b, p.tenants[i], false).Commit(b.Context(), []*tenancy.Statement{write(tenancy.VerbInsert, things, p.tenants[i], nil, p.known[i])}))
	}
	return p
}

func (p *policyBench) insert(b *testing.B, n int) {
	rows := make([]*tally, n)
	for i := range rows {
		rows[i] = &tally{ThingID: tenancy.NewID(), Year: 2026, Total: 1}
	}
	s, err := p.f.store.Session(b.Context(), tenancy.SessionOptions{Tenant: p.tenants[0]})
	require.NoError(b, err)
	require.NoError(b, s.Commit(b.Context(), []*tenancy.Statement{write(tenancy.VerbInsert, tallies, p.tenants[0], nil, rows...)}))
}

func (p *policyBench) look(b *testing.B, i int, text bool) {
	s, err := p.f.store.Session(b.Context(), tenancy.SessionOptions{Tenant: p.tenants[i], ReadOnly: true})
	require.NoError(b, err)
	var got []thing
	if text {
		err = s.DB().NewSelect().Conn(s.Conn()).Model(&got).ModelTableExpr(`testmod.things AS "thing"`).Where("id = ?", p.known[i].ID).Scan(b.Context())
	} else {
		err = s.Run(b.Context(), []*tenancy.Statement{read(things, p.tenants[i], &got, tenancy.Cond{Column: "id", Op: tenancy.OpEq, Value: p.known[i].ID})})
	}
	require.NoError(b, err)
	require.Len(b, got, 1)
	require.NoError(b, s.Rollback(b.Context()))
}

// serverTime is for how long the connection's server process has had a processor, where the system tells (Linux): unlike the
// time on the clock, it does not depend on what else the machine does.
func (p *policyBench) serverTime(b *testing.B) time.Duration {
	if p.pid == 0 {
		s := p.f.session(b, p.tenants[0], true)
		p.pid = pidOf(b, s)
		require.NoError(b, s.Rollback(b.Context()))
	}
	text, err := os.ReadFile("/proc/" + strconv.FormatUint(uint64(p.pid), 10) + "/schedstat")
	if err != nil {
		return 0
	}
	ran, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
	require.NoError(b, err)
	return time.Duration(ran)
}

// BenchmarkSignedPolicy compares the signed policy with one that asks a plain setting, on work of different sizes, in turns, so
// that what else the machine does falls on both. "two tenants" is two reads through bun's text, for one tenant and for
// another, on one connection: it is washed between them.
//
//	go test ./tenancy/postgres -run '^$' -bench SignedPolicy -benchtime 1000x
func BenchmarkSignedPolicy(b *testing.B) {
	walls := []*policyBench{newPolicyBench(b, false), newPolicyBench(b, true)}
	for _, c := range []struct {
		name string
		act  func(b *testing.B, p *policyBench)
	}{
		{"10 rows", func(b *testing.B, p *policyBench) { p.insert(b, 10) }},
		{"10000 rows", func(b *testing.B, p *policyBench) { p.insert(b, 10_000) }},
		{"point read", func(b *testing.B, p *policyBench) { p.look(b, 0, false) }},
		{"point read as text", func(b *testing.B, p *policyBench) { p.look(b, 0, true) }},
		{"two tenants", func(b *testing.B, p *policyBench) { p.look(b, 0, true); p.look(b, 1, true) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took [2][]time.Duration
			var server [2]time.Duration
			for b.Loop() {
				for i, p := range walls {
					before, started := p.serverTime(b), time.Now()
					c.act(b, p)
					took[i] = append(took[i], time.Since(started))
					server[i] += p.serverTime(b) - before
				}
			}
			b.ReportMetric(0, "ns/op")
			for i, wall := range []string{"plain", "signed"} {
				slices.Sort(took[i])
				b.ReportMetric(float64(took[i][len(took[i])/2].Microseconds()), wall+"-µs")
				b.ReportMetric(float64(server[i].Microseconds())/float64(len(took[i])), wall+"-server-µs")
			}
		})
	}
}
