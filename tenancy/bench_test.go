package tenancy_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/pgtest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/postgres"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// BenchmarkScoped puts a scoped, recorded transaction of one insert beside the same INSERT in its own BEGIN and COMMIT, on a
// pool of the same driver and size, without scope or event; synced to disk, at one and at eight callers. The two take turns, so
// that what else the machine does meets both. x-raw is the throughput of the first as a part of the second's, x-raw-at-once that of the first
// when it waits for the answer to its insert before it commits.
//
//	go test ./tenancy -run '^$' -bench Scoped -benchtime 1x
func BenchmarkScoped(b *testing.B) {
	for _, name := range []string{"sqlite", "postgres"} {
		b.Run(name, func(b *testing.B) {
			s := newScopedBench(b, name)
			for _, callers := range []int{1, 8} {
				b.Run(fmt.Sprintf("%d callers", callers), func(b *testing.B) {
					for b.Loop() {
						s.warm(b, callers)
						var scoped, inserted, raw float64
						for range benchTurns {
							scoped += s.rate(b, callers, s.scoped)
							inserted += s.rate(b, callers, s.inserted)
							raw += s.rate(b, callers, s.raw)
						}
						b.ReportMetric(0, "ns/op")
						b.ReportMetric(scoped/benchTurns, "scoped-tx/s")
						b.ReportMetric(raw/benchTurns, "raw-tx/s")
						b.ReportMetric(scoped/raw, "x-raw")
						b.ReportMetric(inserted/raw, "x-raw-at-once")
					}
				})
			}
		})
	}
}

const (
	benchTurns = 5
	benchTurn  = 2 * time.Second
	benchConns = 20 // more than the callers: one tenant may have half of them at once, unless its limits say otherwise
)

type scopedBench struct {
	db     *tenancy.DB
	ctx    context.Context //nolint:containedctx // the tenant's scope, for the length of the benchmark
	pool   *sql.DB
	insert string
	tenant string
	n      atomic.Int64
}

func newScopedBench(b *testing.B, name string) *scopedBench {
	b.Helper()
	ctx := context.Background()
	s := &scopedBench{}
	var eng tenancy.Engine
	var open func() *sql.DB
	switch name {
	case "sqlite":
		dir := b.TempDir()
		eng, s.insert = sqlite.Engine{Dir: dir}, `INSERT INTO lib_receipts (tenant_id, id, number) VALUES (?, ?, ?)`
		open = func() *sql.DB {
			pool, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "tenants", s.tenant+".db")+
				"?_pragma=journal_mode(WAL)&_synchronous=FULL&_foreign_keys=1&_txlock=immediate&_pragma=recursive_triggers(1)&_busy_timeout=10000")
			require.NoError(b, err)
			return pool
		}
	default:
		server, err := pgtest.Open(ctx, pgtest.Options{Durable: true})
		require.NoError(b, err)
		url := server.NewDatabase(b)
		installed, err := postgres.Install(ctx, url, postgres.InstallOptions{})
		require.NoError(b, err)
		installed.MaxConns = benchConns
		eng, s.insert = installed, `INSERT INTO lib.receipts (tenant_id, id, number) VALUES ($1, $2, $3)`
		open = func() *sql.DB { // as the owner, whom no policy asks
			pool, err := sql.Open("pgx", url)
			require.NoError(b, err)
			return pool
		}
	}
	var err error
	s.db, err = tenancy.Open(ctx, eng, tenancy.Options{Modules: []tenancy.Module{library}, Migrate: true})
	require.NoError(b, err)
	b.Cleanup(func() { _ = s.db.Close() })
	platform, err := s.db.EnterPlatform(ctx, "bench", tenancy.Permissions{"*"})
	require.NoError(b, err)
	t, err := s.db.Tenants().Create(platform, tenancy.NewTenant{Name: "bench"})
	require.NoError(b, err)
	s.tenant = t.ID.String()
	s.ctx, err = s.db.Enter(ctx, t.ID, "bench", tenancy.Permissions{"*"})
	require.NoError(b, err)
	s.pool = open()
	s.pool.SetMaxOpenConns(benchConns)
	s.pool.SetMaxIdleConns(benchConns)
	b.Cleanup(func() { _ = s.pool.Close() })
	return s
}

func (s *scopedBench) number() string { return fmt.Sprint("R-", s.n.Add(1)) }

// scoped is the library's way: scope, role, policy, trigger and an audit event.
func (s *scopedBench) scoped() error {
	return s.db.Tx(s.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		b := tx.Batch()
		tenancy.Put(b, []*Receipt{{Number: s.number()}})
		return b.Hold(ctx)
	})
}

// inserted is the same, but it waits for the insert's own answer.
func (s *scopedBench) inserted() error {
	return s.db.Tx(s.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		return tenancy.Insert(ctx, tx, &Receipt{Number: s.number()})
	})
}

// raw is the same INSERT by hand.
func (s *scopedBench) raw() error {
	tx, err := s.pool.BeginTx(s.ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(s.ctx, s.insert, s.tenant, tenancy.NewID().String(), s.number()); err != nil {
		return err
	}
	return tx.Commit()
}

// warm fills both pools, so that no turn pays for connections and first plans.
func (s *scopedBench) warm(b *testing.B, callers int) {
	b.Helper()
	for _, act := range []func() error{s.scoped, s.inserted, s.raw} {
		s.run(b, callers, time.Now().Add(benchTurn/4), act)
	}
}

// rate is how many transactions a second the callers make together.
func (s *scopedBench) rate(b *testing.B, callers int, act func() error) float64 {
	b.Helper()
	start := time.Now()
	done := s.run(b, callers, start.Add(benchTurn), act)
	return float64(done) / time.Since(start).Seconds()
}

func (s *scopedBench) run(b *testing.B, callers int, until time.Time, act func() error) int64 {
	b.Helper()
	var done atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for time.Now().Before(until) {
				if err := act(); err != nil {
					b.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	return done.Load()
}
