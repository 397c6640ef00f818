package accounting_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/pgtest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/postgres"
)

// BenchmarkPosting books entries of two lines through Post beside two baselines, hand-written pgx in one trip a call, on the
// same cluster, synced to disk, taking turns:
//
//   - same schema: the rows that Post stores (header, lines, balances, audit event) into the same tables with their indexes,
//     policies, triggers and checks, under the application's role with the tenant signed;
//   - bare: header, lines and balances into tables with a primary key and nothing else, as the superuser.
//
// x-same and x-bare are the throughput as a part of theirs; p99-x-same is our 99th percentile in theirs. Callers book between
// random accounts, or all on the same two (hot), one entry a call, or a hundred.
//
//	go test ./accounting -run '^$' -bench Posting -benchtime 1x
func BenchmarkPosting(b *testing.B) {
	s := newPostingBench(b)
	for _, row := range []struct {
		name    string
		callers int
		batch   int
		hot     bool
	}{{"1 caller", 1, 1, false}, {"8 callers", 8, 1, false}, {"16 callers", 16, 1, false}, {"8 callers, hot", 8, 1, true}, {"batches of 100", 1, 100, false}} {
		b.Run(row.name, func(b *testing.B) {
			s.batch, s.hot = row.batch, row.hot
			for b.Loop() {
				ways := []*postingWay{{name: "post", act: s.post}, {name: "same", act: s.same}, {name: "bare", act: s.bare}}
				for turn := range 1 + postingTurns {
					for _, w := range ways {
						w.run(b, row.callers, turn > 0) // the first turn fills pools and plans
					}
				}
				post, same, bare := ways[0].rate(), ways[1].rate(), ways[2].rate()
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(post*float64(row.batch), "entries/s")
				b.ReportMetric(post/same, "x-same")
				b.ReportMetric(post/bare, "x-bare")
				b.ReportMetric(ways[0].p99()/ways[1].p99(), "p99-x-same")
			}
		})
	}
}

const (
	postingTurns    = 3
	postingTurn     = 1500 * time.Millisecond
	postingAccounts = 50
	postingCallers  = 16
)

// postingWay is one of the three, and what it has done.
type postingWay struct {
	name  string
	act   func(caller int) error
	took  []time.Duration
	spent time.Duration
}

func (w *postingWay) run(b *testing.B, callers int, count bool) {
	b.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	start := time.Now()
	for c := range callers {
		wg.Go(func() {
			var took []time.Duration
			for time.Since(start) < postingTurn {
				from := time.Now()
				if err := w.act(c); err != nil {
					b.Error(w.name, err)
					return
				}
				took = append(took, time.Since(from))
			}
			mu.Lock()
			defer mu.Unlock()
			if count {
				w.took = append(w.took, took...)
			}
		})
	}
	wg.Wait()
	if count {
		w.spent += time.Since(start)
	}
}

func (w *postingWay) rate() float64 { return float64(len(w.took)) / w.spent.Seconds() }

func (w *postingWay) p99() float64 {
	slices.Sort(w.took)
	return w.took[len(w.took)*99/100].Seconds()
}

type postingBench struct {
	db       *tenancy.DB
	books    *accounting.Service
	ctx      context.Context //nolint:containedctx // the tenant's scope, for the length of the benchmark
	tenant   uuid.UUID
	accounts []accounting.Account
	period   accounting.Period
	journal  uuid.UUID
	batch    int
	hot      bool
	conns    []*pgx.Conn
	tokens   []string
	signedAt []time.Time
}

func newPostingBench(b *testing.B) *postingBench {
	b.Helper()
	ctx := context.Background()
	server, err := pgtest.Open(ctx, pgtest.Options{Durable: true})
	require.NoError(b, err)
	url := server.NewDatabase(b)
	eng, err := postgres.Install(ctx, url, postgres.InstallOptions{})
	require.NoError(b, err)
	eng.MaxConns = 2*postingCallers + 2
	db, err := tenancy.Open(ctx, eng, tenancy.Options{Modules: []tenancy.Module{accounting.Module()}, Migrate: true, Keys: local.Keys{Path: filepath.Join(b.TempDir(), "master.key")}})
	require.NoError(b, err)
	b.Cleanup(func() { _ = db.Close() })
	s := newBooksBench(b, db)
	for range postingCallers {
		conn, err := pgx.Connect(ctx, url)
		require.NoError(b, err)
		b.Cleanup(func() { _ = conn.Close(context.Background()) })
		s.conns = append(s.conns, conn)
	}
	s.tokens, s.signedAt = make([]string, postingCallers), make([]time.Time, postingCallers)
	for _, text := range []string{
		"CREATE SCHEMA bare",
		"CREATE TABLE bare.entries (id UUID PRIMARY KEY, journal_id UUID, period_id UUID, entry_date DATE, kind TEXT, reference TEXT, posted_at TIMESTAMPTZ)",
		"CREATE TABLE bare.lines (entry_id UUID, line_no BIGINT, account_id UUID, entry_date DATE, amount_minor BIGINT, PRIMARY KEY (entry_id, line_no))",
		"CREATE TABLE bare.balances (account_id UUID, period_id UUID, debit_minor BIGINT, credit_minor BIGINT, PRIMARY KEY (account_id, period_id))",
	} {
		_, err := s.conns[0].Exec(ctx, text)
		require.NoError(b, err)
	}
	return s
}

// newBooksBench is a tenant with open books and accounts to post between.
func newBooksBench(b *testing.B, db *tenancy.DB) *postingBench {
	b.Helper()
	ctx := context.Background()
	platform, err := db.EnterPlatform(ctx, "bench", tenancy.Permissions{"*"})
	require.NoError(b, err)
	t, err := db.Tenants().Create(platform, tenancy.NewTenant{Name: "bench"})
	require.NoError(b, err)
	s := &postingBench{db: db, books: accounting.New(db), tenant: t.ID, batch: 1}
	s.ctx, err = db.Enter(ctx, t.ID, "bench", tenancy.Permissions{"*"})
	require.NoError(b, err)
	_, err = s.books.OpenBooks(s.ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartUKRetail, YearStart: day("2010-01-01")})
	require.NoError(b, err)
	for i := range postingAccounts {
		a, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: fmt.Sprint("B", 1000+i), Name: "Bench", Type: accounting.Asset})
		require.NoError(b, err)
		s.accounts = append(s.accounts, a)
	}
	journals, err := s.books.ListJournals(s.ctx)
	require.NoError(b, err)
	s.journal = journals[0].ID
	periods, err := s.books.Periods(s.ctx)
	require.NoError(b, err)
	s.period = periods[11]
	return s
}

// pick is two accounts, in the order in which balances are locked.
func (s *postingBench) pick() (debit, credit accounting.Account) {
	if s.hot {
		return s.accounts[0], s.accounts[1]
	}
	i := rand.IntN(len(s.accounts) - 1)
	return s.accounts[i], s.accounts[i+1+rand.IntN(len(s.accounts)-1-i)]
}

func (s *postingBench) post(int) error {
	in := make([]accounting.NewEntry, s.batch)
	for i := range in {
		debit, credit := s.pick()
		in[i] = accounting.NewEntry{Reference: tenancy.NewID().String(), Date: day("2010-12-01"), Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByID(debit.ID), money.Of(5, "GBP")), accounting.CreditLine(accounting.ByID(credit.ID), money.Of(5, "GBP")),
		}}
	}
	_, err := s.books.Post(s.ctx, in)
	return err
}

// columns are the rows of a batch of entries, as unnest takes them.
type columns struct {
	entries, events []uuid.UUID
	references      []string
	lineEntries     []uuid.UUID
	lineNos         []int64
	lineAccounts    []uuid.UUID
	amounts         []int64
	accounts        []uuid.UUID
	debits, credits []int64
	balanceOf       map[uuid.UUID]int
	period, journal uuid.UUID
	now             time.Time
}

func (s *postingBench) columns() *columns {
	c := &columns{balanceOf: map[uuid.UUID]int{}, period: s.period.ID, journal: s.journal, now: time.Now().UTC()}
	accrue := func(a uuid.UUID, debit, credit int64) {
		i, ok := c.balanceOf[a]
		if !ok {
			i = len(c.accounts)
			c.balanceOf[a] = i
			c.accounts, c.debits, c.credits = append(c.accounts, a), append(c.debits, 0), append(c.credits, 0)
		}
		c.debits[i] += debit
		c.credits[i] += credit
	}
	for range s.batch {
		debit, credit := s.pick()
		id := tenancy.NewID()
		c.entries, c.events, c.references = append(c.entries, id), append(c.events, tenancy.NewID()), append(c.references, tenancy.NewID().String())
		for i, a := range []uuid.UUID{debit.ID, credit.ID} {
			c.lineEntries, c.lineNos, c.lineAccounts, c.amounts = append(c.lineEntries, id), append(c.lineNos, int64(i+1)), append(c.lineAccounts, a), append(c.amounts, int64(5-10*i))
		}
		accrue(debit.ID, 5, 0)
		accrue(credit.ID, 0, 5)
	}
	return c
}

// same writes by hand what Post writes, under the same walls.
func (s *postingBench) same(caller int) error {
	c := s.columns()
	b, err := s.scoped(caller)
	if err != nil {
		return err
	}
	b.Queue(`INSERT INTO erp.journal_entries (tenant_id, id, journal_id, period_id, entry_date, document_date, kind, reference, fingerprint, line_count, lock_exception, late, source_model, posted_at)
		SELECT $1, u.id, $2, $3, '2010-12-01', '2010-12-01', 'entry', u.reference, 'f', 2, false, false, '', $4 FROM unnest($5::uuid[], $6::text[]) AS u(id, reference)`,
		s.tenant, c.journal, c.period, c.now, c.entries, c.references)
	b.Queue(`INSERT INTO erp.journal_lines (tenant_id, entry_id, line_no, account_id, entry_date, amount_minor, amount_currency, transaction_minor, transaction_currency)
		SELECT $1, u.e, u.n, u.a, '2010-12-01', u.m, 'GBP', u.m, 'GBP' FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::bigint[]) AS u(e, n, a, m)`,
		s.tenant, c.lineEntries, c.lineNos, c.lineAccounts, c.amounts)
	b.Queue(`INSERT INTO erp.account_balances AS t (tenant_id, account_id, period_id, currency, dimension_set_id, stripe, debit_minor, credit_minor, transaction_minor)
		SELECT $1, u.a, $2, 'GBP', '00000000-0000-0000-0000-000000000000', 0, u.d, u.c, u.d - u.c FROM unnest($3::uuid[], $4::bigint[], $5::bigint[]) AS u(a, d, c) ORDER BY u.a
		ON CONFLICT (tenant_id, account_id, period_id, currency, dimension_set_id, stripe) DO UPDATE SET debit_minor = t.debit_minor + EXCLUDED.debit_minor,
			credit_minor = t.credit_minor + EXCLUDED.credit_minor, transaction_minor = t.transaction_minor + EXCLUDED.transaction_minor`,
		s.tenant, c.period, c.accounts, c.debits, c.credits)
	b.Queue(`INSERT INTO erp.audit_events (tenant_id, id, occurred_at, actor, act, verb, model, row_id, columns, row_count)
		SELECT $1, u.id, $2, 'bench', 'accounting.post', 'insert', 'erp.journal_entries', u.row, '', 1 FROM unnest($3::uuid[], $4::uuid[]) AS u(id, row)`,
		s.tenant, c.now, c.events, c.entries)
	return s.send(caller, b)
}

// scoped begins a transaction as the application's role with the tenant signed, in a batch that send sends with its commit.
func (s *postingBench) scoped(caller int) (*pgx.Batch, error) {
	if time.Since(s.signedAt[caller]) > 30*time.Second {
		if err := s.conns[caller].QueryRow(s.ctx, "SELECT erp.sign($1)", s.tenant).Scan(&s.tokens[caller]); err != nil {
			return nil, err
		}
		s.signedAt[caller] = time.Now()
	}
	b := new(pgx.Batch)
	b.Queue("BEGIN")
	b.Queue("SELECT set_config('role', 'erp_app', true), set_config('erp.tenant', $1, true), set_config('search_path', 'pg_catalog, pg_temp', true)", s.tokens[caller])
	return b, nil
}

func (s *postingBench) send(caller int, b *pgx.Batch) error {
	b.Queue("COMMIT")
	return s.conns[caller].SendBatch(s.ctx, b).Close()
}

// bare writes the figures alone, into tables without walls.
func (s *postingBench) bare(caller int) error {
	c := s.columns()
	var b pgx.Batch
	b.Queue("BEGIN")
	b.Queue(`INSERT INTO bare.entries SELECT u.id, $1, $2, '2010-12-01', 'entry', u.reference, $3 FROM unnest($4::uuid[], $5::text[]) AS u(id, reference)`,
		c.journal, c.period, c.now, c.entries, c.references)
	b.Queue(`INSERT INTO bare.lines SELECT u.e, u.n, u.a, '2010-12-01', u.m FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bigint[]) AS u(e, n, a, m)`,
		c.lineEntries, c.lineNos, c.lineAccounts, c.amounts)
	b.Queue(`INSERT INTO bare.balances AS t SELECT u.a, $1, u.d, u.c FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS u(a, d, c) ORDER BY u.a
		ON CONFLICT (account_id, period_id) DO UPDATE SET debit_minor = t.debit_minor + EXCLUDED.debit_minor, credit_minor = t.credit_minor + EXCLUDED.credit_minor`,
		c.period, c.accounts, c.debits, c.credits)
	return s.send(caller, &b)
}
