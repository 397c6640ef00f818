package booking_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/examples/quickstart/booking"
	"github.com/opsmatiq/erp/examples/quickstart/retail"
	"github.com/opsmatiq/erp/internal/pgtest"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/postgres"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// BenchmarkMainJob books December beside its baseline, in one run and on one cluster, everything synced to disk.
//
// The baseline is every row that the main job stored, written by hand without our code: the same schema with its indexes,
// policies, triggers and checks, 1,000 rows a statement, as many commits, hand-written pgx as the scoped role (or
// database/sql on SQLite). It reads and computes nothing; what the main job adds to it is reading the file twice, looking
// things up, valuing the stock, adding up balances and updating layers as it goes.
//
// Reported: documents a second of the main job (all of it, from the first read of the file), the ratio of its time to the
// baseline's, and the ratio of the last tenth's time per line to the first's.
func BenchmarkMainJob(b *testing.B) {
	for _, name := range []string{"sqlite", "postgres"} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				j := mainJob(b, name)
				base := baseline(b, name, j)
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(j.documents)/j.took.Seconds(), "docs/s")
				b.ReportMetric(float64(j.documents)/base.Seconds(), "baseline-docs/s")
				b.ReportMetric(j.took.Seconds()/base.Seconds(), "x-baseline")
				b.ReportMetric(j.lastTenth/j.firstTenth, "last/first-tenth")
				b.ReportMetric(float64(j.commits), "commits")
				b.ReportMetric(float64(j.rows), "rows")
			}
		})
	}
}

type job struct {
	engine                tenancy.Engine
	dir, ownerURL         string
	ctx                   context.Context //nolint:containedctx // the tenant's scope
	suite                 *erp.Suite
	documents             int64
	rows                  int
	commits               int
	took                  time.Duration
	firstTenth, lastTenth float64 // seconds per line
}

func decemberFile(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	require.NoError(tb, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	return filepath.Join(dir, "..", "shared", "data", "online-retail", "2010-12.csv.gz")
}

func newEngine(b *testing.B, name string) (eng tenancy.Engine, dir, ownerURL string) {
	b.Helper()
	if name == "sqlite" {
		dir = b.TempDir()
		return sqlite.Engine{Dir: dir}, dir, ""
	}
	ctx := context.Background()
	server, err := pgtest.Open(ctx, pgtest.Options{Durable: true})
	require.NoError(b, err)
	ownerURL, drop, err := server.CreateDatabase(ctx)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, drop(ctx)) })
	installed, err := postgres.Install(ctx, ownerURL, postgres.InstallOptions{})
	require.NoError(b, err)
	return installed, "", ownerURL
}

// mainJob books December and keeps the time at each step of its progress.
func mainJob(b *testing.B, name string) *job {
	b.Helper()
	ctx := context.Background()
	j := new(job)
	j.engine, j.dir, j.ownerURL = newEngine(b, name)
	counting := false
	var err error
	j.suite, err = erp.Open(ctx, j.engine, erp.Options{Migrate: true, Dir: b.TempDir(), OnStatement: func(s tenancy.Sent) {
		if counting && s.Verb == "commit" {
			j.commits++
		}
	}})
	require.NoError(b, err)
	b.Cleanup(func() { _ = j.suite.Close() })
	linesAt := linesByDocument(b)
	type mark struct {
		documents int64
		at        time.Time
	}
	var marks []mark
	counting = true
	start := time.Now()
	file, err := retail.Open(decemberFile(b))
	require.NoError(b, err)
	defer func() { _ = file.Close() }()
	out, err := booking.Import(ctx, j.suite, file, booking.Options{Method: inventory.Average, BatchDocuments: 100,
		Progress: func(booked, _ int64) { marks = append(marks, mark{booked, time.Now()}) }})
	require.NoError(b, err)
	j.took = time.Since(start)
	counting = false
	j.ctx = out.Context
	j.documents = marks[len(marks)-1].documents
	perLine := func(from, to int) float64 {
		a, z := marks[from], marks[to]
		return z.at.Sub(a.at).Seconds() / float64(linesAt[min(z.documents, int64(len(linesAt)-1))]-linesAt[a.documents])
	}
	tenth := max(len(marks)/10, 1)
	j.firstTenth, j.lastTenth = perLine(0, tenth), perLine(len(marks)-1-tenth, len(marks)-1)
	return j
}

// linesByDocument is how many lines stand before the nth document.
func linesByDocument(b *testing.B) []int {
	b.Helper()
	ctx := context.Background()
	file, err := retail.Open(decemberFile(b))
	require.NoError(b, err)
	defer func() { _ = file.Close() }()
	survey, err := file.Survey(ctx)
	require.NoError(b, err)
	at := []int{0}
	for doc, err := range file.Documents(ctx, survey) {
		require.NoError(b, err)
		at = append(at, at[len(at)-1]+len(doc.Lines))
	}
	return at
}

// order is the tables in an order that foreign keys allow.
var order = []string{"erp.erasures", "erp.books", "erp.accounts", "erp.journals", "erp.fiscal_years", "erp.periods", "erp.number_series", "erp.taxes",
	"erp.parties", "erp.products", "erp.warehouses", "erp.stock_settings", "erp.journal_entries", "erp.entry_texts", "erp.journal_lines", "erp.account_balances",
	"erp.invoices", "erp.invoice_lines", "erp.invoice_texts", "erp.bills", "erp.bill_lines", "erp.bill_texts", "erp.payments", "erp.open_items", "erp.allocations", "erp.stock_documents", "erp.stock_document_texts",
	"erp.stock_moves", "erp.stock_layers", "erp.purchase_orders", "erp.purchase_order_lines",
	"erp.purchase_order_texts", "erp.purchase_notes", "erp.purchase_note_lines", "erp.purchase_bills", "erp.purchase_bill_lines", "erp.purchase_matches",
	"erp.sales", "erp.sale_lines", "erp.audit_events"}

const rowsPerStatement = 1000

// variablesPerStatement is SQLite's limit: a wide table takes fewer rows at once.
const variablesPerStatement = 32766

// step is one statement of the baseline, ready to be sent.
type step struct {
	text  string
	args  []any
	glued bool // to the one before: an entry and its lines are one commit, or the database refuses them
}

// baseline writes the job's rows into a fresh database of the same schema and tells how long the commits took.
func baseline(b *testing.B, name string, j *job) time.Duration {
	b.Helper()
	ctx := context.Background()
	eng, dir, owner := newEngine(b, name)
	suite, err := erp.Open(ctx, eng, erp.Options{Migrate: true, Dir: b.TempDir()})
	require.NoError(b, err)
	b.Cleanup(func() { _ = suite.Close() })
	platform, err := suite.Tenancy.EnterPlatform(ctx, "bench", tenancy.Permissions{"*"})
	require.NoError(b, err)
	created, err := suite.Tenancy.Tenants().Create(platform, tenancy.NewTenant{Name: "baseline"})
	require.NoError(b, err)
	tenant := created.ID.String()
	require.NoError(b, j.suite.Tenancy.Read(j.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		for _, m := range j.suite.Tenancy.Registry().Models {
			if there, err := m.Verbs().Exists(ctx, tx); err != nil || there && m.Writes != tenancy.ReadOnly && !slices.Contains(order, m.Table) {
				b.Fatalf("%s has rows and is missing from the order (%v)", m.Table, err)
			}
		}
		return nil
	}))
	if name == "sqlite" {
		return baselineSQLite(b, j, filepath.Join(dir, "tenants", tenant+".db"), tenant)
	}
	return baselinePostgres(b, j, owner, tenant)
}

func baselineSQLite(b *testing.B, j *job, path, tenant string) time.Duration {
	b.Helper()
	old := tenancy.ScopeOf(j.ctx).TenantID().String()
	source, err := sql.Open("sqlite", "file:"+filepath.Join(j.dir, "tenants", old+".db"))
	require.NoError(b, err)
	defer func() { _ = source.Close() }()
	read := func(m *tenancy.Model, where string) (steps []step) {
		name := strings.Replace(m.Table, ".", "_", 1)
		columns := columnNames(m)
		rows, err := source.Query("SELECT " + strings.Join(columns, ", ") + " FROM " + name + " " + where + " ORDER BY " + keyNames(m))
		require.NoError(b, err)
		defer func() { require.NoError(b, rows.Close()) }()
		var args []any
		flush := func() {
			if len(args) == 0 {
				return
			}
			tuple := "(" + strings.TrimSuffix(strings.Repeat("?,", len(columns)), ",") + "),"
			text := "INSERT INTO " + name + " (" + strings.Join(columns, ", ") + ") VALUES " + strings.TrimSuffix(strings.Repeat(tuple, len(args)/len(columns)), ",")
			steps = append(steps, step{text: text, args: args})
			args = nil
		}
		for rows.Next() {
			values := make([]any, len(columns))
			dest := make([]any, len(columns))
			for i := range values {
				dest[i] = &values[i]
			}
			require.NoError(b, rows.Scan(dest...))
			for i, c := range m.Columns {
				if t, ok := values[i].(time.Time); ok && c.Type == tenancy.Date {
					values[i] = t.Format("2006-01-02")
				}
			}
			values[0] = tenant
			args = append(args, values...)
			j.rows++
			if len(args) == min(rowsPerStatement, variablesPerStatement/len(columns))*len(columns) {
				flush()
			}
		}
		require.NoError(b, rows.Err())
		flush()
		return steps
	}
	steps := inOrder(j, read, func(s step) string {
		m := j.suite.Tenancy.Registry().Table("erp.journal_entries")
		return s.args[len(s.args)-len(m.Columns)+1].(string)
	})
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_synchronous=FULL&_foreign_keys=1&_txlock=immediate&_pragma=recursive_triggers(1)")
	require.NoError(b, err)
	defer func() { _ = db.Close() }()
	start := time.Now()
	for _, part := range parts(steps, j.commits) {
		tx, err := db.Begin()
		require.NoError(b, err)
		for _, s := range part {
			_, err := tx.Exec(s.text, s.args...)
			require.NoError(b, err, s.text[:60])
		}
		require.NoError(b, tx.Commit())
	}
	return time.Since(start)
}

func baselinePostgres(b *testing.B, j *job, ownerURL, tenant string) time.Duration {
	b.Helper()
	ctx := context.Background()
	source, err := pgx.Connect(ctx, j.ownerURL)
	require.NoError(b, err)
	defer func() { _ = source.Close(ctx) }()
	read := func(m *tenancy.Model, where string) (steps []step) {
		for _, columns := range readColumns(b, source, j, m, where) {
			steps = append(steps, step{text: unnestSQL(m, tenant), args: columns})
		}
		return steps
	}
	steps := inOrder(j, read, func(s step) string {
		ids := s.args[0].([]pgtype.UUID)
		return uuid.UUID(ids[len(ids)-1].Bytes).String()
	})
	conn, err := pgx.Connect(ctx, ownerURL)
	require.NoError(b, err)
	defer func() { _ = conn.Close(ctx) }()
	start := time.Now()
	for _, part := range parts(steps, j.commits) {
		batch := &pgx.Batch{}
		tx, err := conn.Begin(ctx)
		require.NoError(b, err)
		_, err = tx.Exec(ctx, "SELECT set_config('erp.tenant', erp.sign('"+tenant+"'), true)") // as the owner: the application cannot sign for itself
		require.NoError(b, err)
		_, err = tx.Exec(ctx, "SET LOCAL ROLE erp_app")
		require.NoError(b, err)
		for _, s := range part {
			batch.Queue(s.text, s.args...)
		}
		require.NoError(b, tx.SendBatch(ctx, batch).Close())
		require.NoError(b, tx.Commit(ctx))
	}
	return time.Since(start)
}

// readColumns reads a table of the job's tenant as columns, 1,000 rows at a time.
func readColumns(b *testing.B, source *pgx.Conn, j *job, m *tenancy.Model, where string) [][]any {
	b.Helper()
	ctx := context.Background()
	names := columnNames(m)[1:]
	if where != "" {
		where = " AND " + strings.TrimPrefix(where, "WHERE ")
	}
	for i, c := range m.Columns[1:] {
		if c.Type == tenancy.Decimal {
			names[i] += "::text"
		}
	}
	rows, err := source.Query(ctx, "SELECT "+strings.Join(names, ", ")+" FROM "+m.Table+" WHERE tenant_id = $1"+where+" ORDER BY "+keyNames(m),
		tenancy.ScopeOf(j.ctx).TenantID().String())
	require.NoError(b, err)
	defer rows.Close()
	var out [][]any
	var current []any
	n := 0
	for rows.Next() {
		if n%rowsPerStatement == 0 {
			current = make([]any, len(names))
			out = append(out, current)
		}
		scanned := make([]any, len(names))
		for i, c := range m.Columns[1:] {
			scanned[i] = newValue(c.Type)
		}
		require.NoError(b, rows.Scan(scanned...))
		for i := range scanned {
			current[i] = appendValue(current[i], scanned[i])
		}
		n++
		j.rows++
	}
	require.NoError(b, rows.Err())
	return out
}

func newValue(t tenancy.ColumnType) any {
	switch t {
	case tenancy.UUID:
		return new(pgtype.UUID)
	case tenancy.BigInt:
		return new(pgtype.Int8)
	case tenancy.Boolean:
		return new(pgtype.Bool)
	case tenancy.Date:
		return new(pgtype.Date)
	case tenancy.Timestamp:
		return new(pgtype.Timestamptz)
	case tenancy.Text, tenancy.Decimal:
	}
	return new(pgtype.Text)
}

func appendValue(column, v any) any {
	switch x := v.(type) {
	case *pgtype.UUID:
		c, _ := column.([]pgtype.UUID)
		return append(c, *x)
	case *pgtype.Int8:
		c, _ := column.([]pgtype.Int8)
		return append(c, *x)
	case *pgtype.Bool:
		c, _ := column.([]pgtype.Bool)
		return append(c, *x)
	case *pgtype.Date:
		c, _ := column.([]pgtype.Date)
		return append(c, *x)
	case *pgtype.Timestamptz:
		c, _ := column.([]pgtype.Timestamptz)
		return append(c, *x)
	case *pgtype.Text:
		c, _ := column.([]pgtype.Text)
		return append(c, *x)
	}
	panic(fmt.Sprintf("no column of %T", v))
}

func unnestSQL(m *tenancy.Model, tenant string) string {
	names := columnNames(m)
	types := map[tenancy.ColumnType]string{tenancy.UUID: "uuid", tenancy.BigInt: "bigint", tenancy.Boolean: "boolean", tenancy.Date: "date",
		tenancy.Timestamp: "timestamptz", tenancy.Text: "text", tenancy.Decimal: "text"}
	args, values := make([]string, 0, len(names)), []string{"'" + tenant + "'::uuid"}
	for i, c := range m.Columns[1:] {
		args = append(args, fmt.Sprintf("$%d::%s[]", i+1, types[c.Type]))
		value := "u." + c.Name
		if c.Type == tenancy.Decimal {
			value += "::erp.decimal_text"
		}
		values = append(values, value)
	}
	return "INSERT INTO " + m.Table + " (" + strings.Join(names, ", ") + ") SELECT " + strings.Join(values, ", ") + " FROM unnest(" +
		strings.Join(args, ", ") + ") AS u(" + strings.Join(names[1:], ", ") + ")"
}

// inOrder puts the statements of all tables in order, the lines of each thousand entries right behind them.
func inOrder(j *job, read func(m *tenancy.Model, where string) []step, lastID func(step) string) []step {
	var steps []step
	for _, table := range order {
		m := j.suite.Tenancy.Registry().Table(table)
		if table == "erp.journal_lines" {
			continue
		}
		part := read(m, "")
		if table != "erp.journal_entries" {
			steps = append(steps, part...)
			continue
		}
		after := uuid.Nil.String()
		for _, entries := range part {
			last := lastID(entries)
			lines := read(j.suite.Tenancy.Registry().Table("erp.journal_lines"), "WHERE entry_id > '"+after+"' AND entry_id <= '"+last+"'")
			for i := range lines {
				lines[i].glued = true
			}
			steps = append(append(steps, entries), lines...)
			after = last
		}
	}
	return steps
}

func keyNames(m *tenancy.Model) string {
	var keys []string
	for _, k := range m.Keys {
		keys = append(keys, k.Name)
	}
	return strings.Join(keys, ", ")
}

func columnNames(m *tenancy.Model) []string {
	out := make([]string, len(m.Columns))
	for i, c := range m.Columns {
		out[i] = c.Name
	}
	return out
}

// parts spreads the statements evenly over the commits.
func parts(steps []step, commits int) [][]step {
	out := make([][]step, commits)
	at := 0
	for i, s := range steps {
		if !s.glued {
			at = i * commits / len(steps)
		}
		out[at] = append(out[at], s)
	}
	return out
}
