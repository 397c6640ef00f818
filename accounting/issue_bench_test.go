package accounting_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// BenchmarkIssueOne issues one invoice a call from eight callers: three lines at 20 %, on account, with legal number, entry, open item,
// what is declared of tax, and audit events, synced to disk. On PostgreSQL in turns with two baselines of hand-written pgx, one
// trip an invoice:
//
//   - same schema: every row that one such call stores, copied with new ids and the next number, under the same walls;
//   - bare: number, document, lines, entry, balances and open item, in tables with a primary key and nothing else, as the superuser.
//
// All three take the number in the transaction that stores the invoice, so each holds the series until its commit is on the disk: that is
// what a number without gaps costs. About 30 seconds.
//
//	go test ./accounting -run '^$' -bench IssueOne -benchtime 1x
func BenchmarkIssueOne(b *testing.B) {
	b.Run("postgres", func(b *testing.B) {
		s := newIssueBench(b, newPostingBench(b))
		s.copied(b)
		s.bareTables(b)
		for b.Loop() {
			s.measure(b, &postingWay{name: "issue", act: s.issue}, &postingWay{name: "same", act: s.sameRows}, &postingWay{name: "bare", act: s.bareRows})
		}
	})
	b.Run("sqlite", func(b *testing.B) {
		db, err := tenancy.Open(context.Background(), sqlite.Engine{Dir: b.TempDir()}, tenancy.Options{Modules: []tenancy.Module{accounting.Module()}, Migrate: true, Keys: local.Keys{Path: filepath.Join(b.TempDir(), "master.key")}})
		require.NoError(b, err)
		b.Cleanup(func() { _ = db.Close() })
		s := newIssueBench(b, newBooksBench(b, db))
		for b.Loop() {
			s.measure(b, &postingWay{name: "issue", act: s.issue})
		}
	})
}

const issueCallers = 8

type issueBench struct {
	*postingBench
	party  uuid.UUID
	tables []copiedTable
	fresh  map[uuid.UUID]bool // ids that are each copy's own
	series uuid.UUID
}

// copiedTable is what one invoice stores in a table.
type copiedTable struct {
	name    string
	columns []string
	rows    [][]any
}

func newIssueBench(b *testing.B, s *postingBench) *issueBench {
	b.Helper()
	tax := s20
	tax.Name = "Standard rate"
	_, err := s.books.CreateTax(s.ctx, tax)
	require.NoError(b, err)
	parties, err := s.books.CreateParties(s.ctx, []accounting.NewParty{{Name: "Ann Émile", Customer: true, Address: []string{"1 High Street", "York"}, Country: "GB"}})
	require.NoError(b, err)
	return &issueBench{postingBench: s, party: parties[0].ID}
}

// measure lets the ways take turns.
func (s *issueBench) measure(b *testing.B, ways ...*postingWay) {
	b.Helper()
	for turn := range 1 + postingTurns {
		for _, w := range ways {
			w.run(b, issueCallers, turn > 0)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ways[0].rate(), "invoices/s")
	b.ReportMetric(ways[0].rate()/3, "x-Tryton") // 3 a second: see the issue of accounting's speed
	for _, w := range ways[1:] {
		b.ReportMetric(ways[0].rate()/w.rate(), "x-"+w.name)
		b.ReportMetric(ways[0].p99()/w.p99(), "p99-x-"+w.name)
	}
}

func (s *issueBench) issue(int) error {
	in := accounting.NewInvoice{Reference: tenancy.NewID().String(), PartyID: s.party, Date: day("2010-12-01")}
	for _, p := range []string{"12.34", "5.67", "8.90"} {
		in.Lines = append(in.Lines, accounting.NewInvoiceLine{Description: "Lamp", Quantity: units(1), UnitPrice: price(p), TaxCode: "S20"})
	}
	_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{in})
	return err
}

// rowsOf reads all of the tenant's rows of a table, by their text.
func (s *issueBench) rowsOf(b *testing.B, table string) (columns []string, rows map[string][]any) {
	b.Helper()
	answer, err := s.conns[0].Query(s.ctx, "SELECT * FROM "+table+" WHERE tenant_id = $1", s.tenant)
	require.NoError(b, err)
	defer answer.Close()
	for _, f := range answer.FieldDescriptions() {
		columns = append(columns, f.Name)
	}
	rows = map[string][]any{}
	for answer.Next() {
		values, err := answer.Values()
		require.NoError(b, err)
		rows[fmt.Sprint(values...)] = values
	}
	require.NoError(b, answer.Err())
	return columns, rows
}

// first are the tables whose rows others refer to.
var first = []string{"erp.journal_entries", "erp.journal_lines", "erp.invoices"}

// copied finds what one more invoice adds to each table. Balances and the series are updated, not copied.
func (s *issueBench) copied(b *testing.B) {
	b.Helper()
	require.NoError(b, s.issue(0))
	names := slices.Clone(first)
	for _, m := range s.db.Registry().Models {
		if !slices.Contains(append(first, "erp.account_balances", "erp.number_series"), m.Table) {
			names = append(names, m.Table)
		}
	}
	before := map[string]map[string][]any{}
	for _, name := range names {
		_, before[name] = s.rowsOf(b, name)
	}
	require.NoError(b, s.issue(0))
	s.fresh = map[uuid.UUID]bool{}
	for _, name := range names {
		columns, after := s.rowsOf(b, name)
		t := copiedTable{name: name, columns: columns}
		for _, key := range slices.Sorted(maps.Keys(after)) {
			if _, old := before[name][key]; old {
				continue
			}
			row := after[key]
			t.rows = append(t.rows, row)
			if i := slices.Index(columns, "id"); i >= 0 {
				s.fresh[row[i].([16]byte)] = true
			}
			if i := slices.Index(columns, "series_id"); i >= 0 {
				s.series = row[i].([16]byte)
			}
		}
		if len(t.rows) > 0 {
			s.tables = append(s.tables, t)
		}
	}
	require.Greater(b, len(s.tables), 6)
}

// sameRows stores one more copy.
func (s *issueBench) sameRows(caller int) error {
	batch, err := s.scoped(caller)
	if err != nil {
		return err
	}
	batch.Queue("UPDATE erp.number_series SET taken = taken + 1 WHERE tenant_id = $1 AND id = $2", s.tenant, s.series)
	ids, reference := map[uuid.UUID]uuid.UUID{}, tenancy.NewID().String()
	for _, t := range s.tables {
		var args []any
		var tuples []string
		for _, row := range t.rows {
			values := make([]string, len(row))
			for i, v := range row {
				switch c := t.columns[i]; {
				case c == "seq":
					values[i] = "(SELECT taken FROM erp.number_series WHERE tenant_id = '" + s.tenant.String() + "' AND id = '" + s.series.String() + "')"
					continue
				case c == "number", c == "reference" && v != nil:
					v = reference
				}
				if id, ok := v.([16]byte); ok && s.fresh[id] {
					if ids[id] == uuid.Nil {
						ids[id] = tenancy.NewID()
					}
					v = ids[id]
				}
				args = append(args, v)
				values[i] = fmt.Sprint("$", len(args))
			}
			tuples = append(tuples, "("+strings.Join(values, ", ")+")")
		}
		batch.Queue("INSERT INTO "+t.name+" ("+strings.Join(t.columns, ", ")+") VALUES "+strings.Join(tuples, ", "), args...)
	}
	s.balances(batch)
	return s.send(caller, batch)
}

// balances adds what an invoice posts to three accounts.
func (s *issueBench) balances(batch *pgx.Batch) {
	batch.Queue(`INSERT INTO erp.account_balances AS t (tenant_id, account_id, period_id, currency, dimension_set_id, stripe, debit_minor, credit_minor, transaction_minor)
		SELECT $1, u.a, $2, 'GBP', '00000000-0000-0000-0000-000000000000', 0, u.d, 0, u.d FROM unnest($3::uuid[], $4::bigint[]) AS u(a, d) ORDER BY u.a
		ON CONFLICT (tenant_id, account_id, period_id, currency, dimension_set_id, stripe) DO UPDATE SET debit_minor = t.debit_minor + EXCLUDED.debit_minor,
			transaction_minor = t.transaction_minor + EXCLUDED.transaction_minor`,
		s.tenant, s.period.ID, []uuid.UUID{s.accounts[0].ID, s.accounts[1].ID, s.accounts[2].ID}, []int64{1, 2, 3})
}

func (s *issueBench) bareTables(b *testing.B) {
	b.Helper()
	for _, text := range []string{
		"CREATE TABLE bare.series (id UUID PRIMARY KEY, taken BIGINT)",
		"INSERT INTO bare.series VALUES ('" + s.series.String() + "', 0)",
		"CREATE TABLE bare.invoices (id UUID PRIMARY KEY, seq BIGINT, reference TEXT, party_id UUID, invoice_date DATE, net_minor BIGINT, tax_minor BIGINT, gross_minor BIGINT, entry_id UUID)",
		"CREATE TABLE bare.invoice_lines (invoice_id UUID, line_no BIGINT, description TEXT, quantity BIGINT, unit_price NUMERIC, net_minor BIGINT, tax_minor BIGINT, PRIMARY KEY (invoice_id, line_no))",
		"CREATE TABLE bare.open_items (id UUID PRIMARY KEY, party_id UUID, entry_id UUID, due_date DATE, original_minor BIGINT, open_minor BIGINT)",
	} {
		_, err := s.conns[0].Exec(s.ctx, text)
		require.NoError(b, err)
	}
}

// bareRows stores the figures of an invoice.
func (s *issueBench) bareRows(caller int) error {
	invoice, entry, reference := tenancy.NewID(), tenancy.NewID(), tenancy.NewID().String()
	accounts := []uuid.UUID{s.accounts[0].ID, s.accounts[1].ID, s.accounts[2].ID}
	var batch pgx.Batch
	batch.Queue("BEGIN")
	batch.Queue("UPDATE bare.series SET taken = taken + 1 WHERE id = $1", s.series)
	batch.Queue("INSERT INTO bare.entries VALUES ($1, $2, $3, '2010-12-01', 'invoice', $4, now())", entry, s.journal, s.period.ID, reference)
	batch.Queue("INSERT INTO bare.lines SELECT $1, u.n, u.a, '2010-12-01', u.m FROM unnest($2::bigint[], $3::uuid[], $4::bigint[]) AS u(n, a, m)", entry, []int64{1, 2, 3}, accounts, []int64{3229, -2691, -538})
	batch.Queue("INSERT INTO bare.invoices SELECT $1, taken, $2, $3, '2010-12-01', 2691, 538, 3229, $4 FROM bare.series WHERE id = $5", invoice, reference, s.party, entry, s.series)
	batch.Queue("INSERT INTO bare.invoice_lines SELECT $1, u.n, 'Lamp', 1000000, u.p, u.m, u.t FROM unnest($2::bigint[], $3::numeric[], $4::bigint[], $5::bigint[]) AS u(n, p, m, t)",
		invoice, []int64{1, 2, 3}, []string{"12.34", "5.67", "8.90"}, []int64{1234, 567, 890}, []int64{247, 113, 178})
	batch.Queue("INSERT INTO bare.open_items VALUES ($1, $2, $3, '2010-12-31', 3229, 3229)", invoice, s.party, entry)
	batch.Queue(`INSERT INTO bare.balances AS t SELECT u.a, $1, u.d, 0 FROM unnest($2::uuid[], $3::bigint[]) AS u(a, d) ORDER BY u.a
		ON CONFLICT (account_id, period_id) DO UPDATE SET debit_minor = t.debit_minor + EXCLUDED.debit_minor`, s.period.ID, accounts, []int64{3229, 2691, 538})
	return s.send(caller, &batch)
}
