package accounting_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// BenchmarkGrowth fills books of one year up to a million entries of two lines, in batches, synced to disk, and stops on the way:
//
//   - at 10,000, 100,000 and 1,000,000 entries it books one entry a call, from one caller, in turns with the same rows written by
//     hand into the same tables under the same walls. us/entry is what ours costs, x-same its throughput as a part of theirs,
//     x-first and same-x-first what an entry costs ours and theirs beside what it did at the first stop. What the engine itself
//     needs for larger indexes is in both; what the library adds as the books grow is x-first / same-x-first, reported as growth.
//   - at 500,000 entries (a million lines) it draws up a trial balance of the year's last day, and of one in the middle of its last
//     month, beside the sum of the lines by account in one statement (as the application's role, with the tenant signed, on PostgreSQL).
//     x-sum is our time as a part of that one's.
//
// About 4 minutes on each engine.
//
//	go test ./accounting -run '^$' -bench Growth -benchtime 1x -timeout 1h
func BenchmarkGrowth(b *testing.B) {
	for name, open := range map[string]func(*testing.B) *growth{"postgres": growthOnPostgres, "sqlite": growthOnSQLite} {
		b.Run(name, func(b *testing.B) {
			g := open(b)
			var first [2]float64
			for _, entries := range []int{10_000, 100_000, growthYear, 1_000_000} {
				g.fill(b, entries)
				b.Run(fmt.Sprint(entries, " entries"), func(b *testing.B) {
					for b.Loop() {
						if entries == growthYear {
							g.sum(b)
							continue
						}
						g.measure(b, &first)
					}
				})
			}
		})
	}
}

// growth is books that grow.
type growth struct {
	*postingBench
	byHand  func(caller int) error                            // one entry
	sumSQL  func(b *testing.B, to string) map[uuid.UUID]int64 // of each account
	settle  func() error                                      // after filling
	entries int
}

const (
	growthBatch = 500
	growthYear  = 500_000 // entries
	growthTurns = 5
)

// fill posts in batches until there are so many, day by day as books are kept: half a million are a year, and then the year again.
func (g *growth) fill(b *testing.B, entries int) {
	b.Helper()
	for ; g.entries < entries; g.entries += growthBatch {
		in := make([]accounting.NewEntry, growthBatch)
		on := day("2010-01-01").AddDays(g.entries % growthYear * 365 / growthYear)
		for i := range in {
			debit, credit := g.pick()
			in[i] = accounting.NewEntry{Reference: tenancy.NewID().String(), Date: on, Lines: []accounting.NewLine{
				accounting.DebitLine(accounting.ByID(debit.ID), money.Of(5, "GBP")), accounting.CreditLine(accounting.ByID(credit.ID), money.Of(5, "GBP")),
			}}
		}
		_, err := g.books.Post(g.ctx, in)
		require.NoError(b, err)
	}
	require.NoError(b, g.settle())
}

// measure books one entry a call, ours and by hand in turns. first is what they cost at the first stop.
func (g *growth) measure(b *testing.B, first *[2]float64) {
	b.Helper()
	ways := []*postingWay{{name: "post", act: g.post}, {name: "same", act: g.byHand}}
	for turn := range 1 + growthTurns {
		for _, w := range ways {
			w.run(b, 1, turn > 0)
		}
	}
	post, same := 1e6/ways[0].rate(), 1e6/ways[1].rate()
	if first[0] == 0 {
		*first = [2]float64{post, same}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(post, "us/entry")
	b.ReportMetric(same/post, "x-same")
	b.ReportMetric(post/first[0], "x-first")
	b.ReportMetric(same/first[1], "same-x-first")
	b.ReportMetric(post/first[0]/(same/first[1]), "growth")
}

// sum draws up trial balances beside adding up the lines, and requires both to say the same.
func (g *growth) sum(b *testing.B) {
	b.Helper()
	const times = 7
	for _, c := range []struct{ name, to string }{{"", "2010-12-31"}, {"mid-month-", "2010-12-15"}} {
		var ours, theirs []time.Duration
		for range times {
			start := time.Now()
			tb, err := g.books.TrialBalance(g.ctx, day(c.to))
			ours = append(ours, time.Since(start))
			require.NoError(b, err)
			start = time.Now()
			sums := g.sumSQL(b, c.to)
			theirs = append(theirs, time.Since(start))
			for _, l := range tb.Lines {
				require.Equal(b, sums[l.AccountID], l.Debit.Minor-l.Credit.Minor)
			}
		}
		slices.Sort(ours)
		slices.Sort(theirs)
		b.ReportMetric(ours[times/2].Seconds()*1e3, c.name+"ms")
		b.ReportMetric(theirs[times/2].Seconds()*1e3, c.name+"sum-ms")
		b.ReportMetric(ours[times/2].Seconds()/theirs[times/2].Seconds(), c.name+"x-sum")
	}
	b.ReportMetric(0, "ns/op")
}

func growthOnPostgres(b *testing.B) *growth {
	b.Helper()
	s := newPostingBench(b)
	s.batch = 1
	g := &growth{postingBench: s, byHand: s.same}
	g.settle = func() error { // or the server would do it while we measure
		_, err := s.conns[0].Exec(s.ctx, "VACUUM (ANALYZE)")
		if err == nil {
			_, err = s.conns[0].Exec(s.ctx, "CHECKPOINT")
		}
		return err
	}
	g.sumSQL = func(b *testing.B, to string) map[uuid.UUID]int64 {
		b.Helper()
		batch, err := s.scoped(0)
		require.NoError(b, err)
		out := map[uuid.UUID]int64{}
		batch.Queue("SELECT account_id, sum(amount_minor)::bigint FROM erp.journal_lines WHERE tenant_id = $1 AND entry_date <= $2 GROUP BY account_id", s.tenant, day(to).String())
		batch.Queue("COMMIT")
		answers := s.conns[0].SendBatch(s.ctx, batch)
		for range 2 {
			_, err := answers.Exec()
			require.NoError(b, err)
		}
		rows, err := answers.Query()
		require.NoError(b, err)
		for rows.Next() {
			var account uuid.UUID
			var minor int64
			require.NoError(b, rows.Scan(&account, &minor))
			out[account] = minor
		}
		require.NoError(b, rows.Err())
		require.NoError(b, answers.Close())
		return out
	}
	return g
}

// growthOnSQLite writes by hand what postingBench.same does on PostgreSQL.
func growthOnSQLite(b *testing.B) *growth {
	b.Helper()
	dir := b.TempDir()
	db, err := tenancy.Open(context.Background(), sqlite.Engine{Dir: dir}, tenancy.Options{Modules: []tenancy.Module{accounting.Module()}, Migrate: true, Keys: local.Keys{Path: filepath.Join(b.TempDir(), "master.key")}})
	require.NoError(b, err)
	b.Cleanup(func() { _ = db.Close() })
	s := newBooksBench(b, db)
	file, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "tenants", s.tenant.String()+".db")+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_synchronous=FULL&_foreign_keys=1&_txlock=immediate&_pragma=recursive_triggers(1)")
	require.NoError(b, err)
	b.Cleanup(func() { _ = file.Close() })
	g := &growth{postingBench: s}
	g.settle = func() error { _, err := file.Exec("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)"); return err }
	g.byHand = sqliteByHand(b, s, file)
	g.sumSQL = func(b *testing.B, to string) map[uuid.UUID]int64 {
		b.Helper()
		out := map[uuid.UUID]int64{}
		rows, err := file.Query("SELECT account_id, sum(amount_minor) FROM erp_journal_lines WHERE tenant_id = ? AND entry_date <= ? GROUP BY account_id", s.tenant, to)
		require.NoError(b, err)
		defer func() { require.NoError(b, rows.Close()) }()
		for rows.Next() {
			var account uuid.UUID
			var minor int64
			require.NoError(b, rows.Scan(&account, &minor))
			out[account] = minor
		}
		require.NoError(b, rows.Err())
		return out
	}
	return g
}

// sqliteByHand writes the rows of one entry with four prepared statements in a transaction.
func sqliteByHand(b *testing.B, s *postingBench, file *sql.DB) func(int) error {
	b.Helper()
	file.SetMaxOpenConns(1)
	var prepared []*sql.Stmt
	for _, text := range []string{
		`INSERT INTO erp_journal_entries (tenant_id, id, journal_id, period_id, entry_date, document_date, kind, reference, fingerprint, line_count, lock_exception, late, source_model, posted_at)
			VALUES (?, ?, ?, ?, '2010-12-01', '2010-12-01', 'entry', ?, 'f', 2, false, false, '', ?)`,
		`INSERT INTO erp_journal_lines (tenant_id, entry_id, line_no, account_id, entry_date, amount_minor, amount_currency, transaction_minor, transaction_currency)
			VALUES (?, ?, 1, ?, '2010-12-01', 5, 'GBP', 5, 'GBP'), (?, ?, 2, ?, '2010-12-01', -5, 'GBP', -5, 'GBP')`,
		`INSERT INTO erp_account_balances (tenant_id, account_id, period_id, currency, dimension_set_id, stripe, debit_minor, credit_minor, transaction_minor)
			VALUES (?, ?, ?, 'GBP', '00000000-0000-0000-0000-000000000000', 0, 5, 0, 5), (?, ?, ?, 'GBP', '00000000-0000-0000-0000-000000000000', 0, 0, 5, -5)
			ON CONFLICT (tenant_id, account_id, period_id, currency, dimension_set_id, stripe) DO UPDATE SET debit_minor = debit_minor + excluded.debit_minor,
				credit_minor = credit_minor + excluded.credit_minor, transaction_minor = transaction_minor + excluded.transaction_minor`,
		`INSERT INTO erp_audit_events (tenant_id, id, occurred_at, actor, act, verb, model, row_id, columns, row_count)
			VALUES (?, ?, ?, 'bench', 'accounting.post', 'insert', 'erp.journal_entries', ?, '', 1)`,
	} {
		st, err := file.Prepare(text)
		require.NoError(b, err)
		b.Cleanup(func() { _ = st.Close() })
		prepared = append(prepared, st)
	}
	return func(int) error {
		c := s.columns()
		tx, err := file.Begin()
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		now := c.now.Format("2006-01-02T15:04:05.000000Z")
		for i, args := range [][]any{
			{s.tenant, c.entries[0], c.journal, c.period, c.references[0], now},
			{s.tenant, c.entries[0], c.lineAccounts[0], s.tenant, c.entries[0], c.lineAccounts[1]},
			{s.tenant, c.lineAccounts[0], c.period, s.tenant, c.lineAccounts[1], c.period},
			{s.tenant, c.events[0], now, c.entries[0]},
		} {
			if _, err := tx.Stmt(prepared[i]).Exec(args...); err != nil { //nolint:sqlclosecheck // it goes with the transaction
				return err
			}
		}
		return tx.Commit()
	}
}
