package privacy_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// csvOf makes the CSV of records in a way of its own, from their JSON; not where a line is no record.
func csvOf(f *privacy.File, records []byte) ([]byte, bool) {
	var out strings.Builder
	for i, c := range f.Columns {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(c.Name)
	}
	out.WriteString("\r\n")
	for line := range bytes.Lines(records) {
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		var values map[string]any
		if d.Decode(&values) != nil || len(values) != len(f.Columns) {
			return nil, false
		}
		for i, c := range f.Columns {
			if i > 0 {
				out.WriteByte(',')
			}
			switch v := values[c.Name].(type) {
			case nil:
			case string:
				if c.Type != tenancy.Text {
					out.WriteString(v)
					break
				}
				if bare := strings.TrimLeft(v, "'"); bare != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(bare)[0]) {
					v = "'" + v
				}
				out.WriteString(`"` + strings.ReplaceAll(v, `"`, `""`) + `"`)
			default:
				fmt.Fprint(&out, v)
			}
		}
		out.WriteString("\r\n")
	}
	return []byte(out.String()), true
}

// cell is a value of a CSV; quoted tells a text that is empty from one that is missing.
type cell struct {
	text   string
	quoted bool
}

// cells reads a CSV by the grammar of RFC 4180, section 2, and nothing more lenient.
func cells(t require.TestingT, data string) (lines [][]cell) {
	var line []cell
	for data != "" {
		var c cell
		if rest, ok := strings.CutPrefix(data, `"`); ok {
			c.quoted = true
			for {
				at := strings.IndexByte(rest, '"')
				require.GreaterOrEqual(t, at, 0, "a quotation mark that is not closed")
				c.text += rest[:at]
				rest = rest[at+1:]
				if !strings.HasPrefix(rest, `"`) {
					break
				}
				c.text += `"`
				rest = rest[1:]
			}
			data = rest
		} else {
			at := strings.IndexAny(data, ",\r")
			require.GreaterOrEqual(t, at, 0, "the last line does not end")
			c.text, data = data[:at], data[at:]
			require.NotContains(t, c.text, `"`)
		}
		line = append(line, c)
		if rest, ok := strings.CutPrefix(data, ","); ok {
			data = rest
			continue
		}
		rest, ok := strings.CutPrefix(data, "\r\n")
		require.True(t, ok, "a cell is followed by a comma or the end of the line")
		lines, line, data = append(lines, line), nil, rest
	}
	require.Empty(t, line)
	return lines
}

// unguarded is a text as it was before it was kept from being a formula.
func unguarded(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok {
		if bare := strings.TrimLeft(rest, "'"); bare != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(bare)[0]) {
			return rest
		}
	}
	return s
}

var texts = rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "'", "''=x", "=1+1", "-5", "@SUM(A1)", "\tx", "\rx", "\n", "a\r\nb", "a\rb", `"`, `""`, `a"b,c`, ",", " x ", "\\.", "＝1",
	"null", "\u2028", "\ufeff", "🙂"}), rapid.StringMatching(`'{0,3}[=+@,"\r\n-]{1,3}.{0,3}`))

// Whatever a row holds, the CSV says of it what the record says: each value read back by a reader of the standard is the record's, and no text is a formula.
func TestTheCSVSaysWhatTheRecordsSay(t *testing.T) {
	env := tenancytest.Open(t, "sqlite", tenancytest.Options{Modules: modules()})
	visits, patients := env.DB.Registry().Table("clinic.visits"), env.DB.Registry().Table("clinic.patients")
	rapid.Check(t, func(r *rapid.T) {
		storable := texts.Filter(func(s string) bool { return strings.IndexByte(s, 0) < 0 && strings.ToValidUTF8(s, "") == s })
		id := func(name string) uuid.UUID {
			if rapid.Bool().Draw(r, name) {
				return uuid.Nil
			}
			return tenancy.NewID()
		}
		at := time.UnixMicro(rapid.Int64Range(-62135596800000000, 253402300799999999).Draw(r, "at")).UTC()
		patient := &Patient{Name: storable.Draw(r, "name"), Email: storable.Draw(r, "email"), Address: storable.Draw(r, "address"), Premium: rapid.Int64().Draw(r, "premium"), Referrer: id("referrer")}
		patient.ID = tenancy.NewID()
		if rapid.Bool().Draw(r, "born") {
			patient.Born = date.Of(rapid.IntRange(1, 9999).Draw(r, "year"), 2, 28)
		}
		visit := &Visit{PatientID: id("patient"), Fee: decimal.New(rapid.Int64().Draw(r, "fee"), int32(rapid.IntRange(-8, 3).Draw(r, "scale"))), Paid: rapid.Bool().Draw(r, "paid"), Day: date.Of(2026, 3, 4), At: at,
			Units: rapid.Int64().Draw(r, "units")}
		for m, row := range map[*tenancy.Model]any{patients: patient, visits: visit} {
			line := string(privacy.CSVLine(m, row))
			d := json.NewDecoder(bytes.NewReader(m.AppendRecord(nil, row)))
			d.UseNumber()
			var want map[string]any
			require.NoError(r, d.Decode(&want))
			lines := cells(r, line)
			require.Len(r, lines, 1)
			require.Len(r, lines[0], len(m.Recorded()))
			for i, c := range m.Recorded() {
				have := lines[0][i]
				require.Equal(r, c.Type == tenancy.Text && want[c.Name] != nil, have.quoted, c.Name)
				if want[c.Name] == nil {
					require.Empty(r, have.text, c.Name)
					continue
				}
				require.Equal(r, fmt.Sprint(want[c.Name]), unguarded(have.text), c.Name)
				if c.Type == tenancy.Text {
					require.NotRegexp(r, "^[=+\\-@\t\r\n＝＋－＠]", have.text)
				}
			}
		}
	})
}

// What everybody reads CSV with reads it, but for what that reader makes of line breaks within a text.
func TestTheCSVIsReadByOthers(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			return tenancy.Insert(ctx, tx, &Notice{Code: "N-3", Body: "=HYPERLINK(\"http://example.org\")"})
		}))
		archive, m := export(t, s, p.ctx)
		there := files(t, archive)
		for _, f := range m.Files {
			rows, err := csv.NewReader(bytes.NewReader(there[f.CSV.Name])).ReadAll()
			require.NoError(t, err, f.CSV.Name)
			require.Len(t, rows, int(f.Rows)+1, f.CSV.Name)
			for i, c := range f.Columns {
				require.Equal(t, c.Name, rows[0][i])
			}
			again, ok := csvOf(&f, there[f.Name])
			require.True(t, ok)
			require.Equal(t, string(again), string(there[f.CSV.Name]))
		}
		require.Contains(t, string(there["clinic.notices.csv"]), `,"'=HYPERLINK(""http://example.org"")"`+"\r\n")
		require.Contains(t, string(there["clinic.notices.jsonl"]), `"=HYPERLINK(\"http://example.org\")"`)
	})
}

// A table whose CSV is larger than what is held in memory is read twice, and says the same.
func TestALargeTable(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			rows := make([]*Notice, 400)
			for i := range rows {
				rows[i] = &Notice{Code: strconv.Itoa(i), Body: strings.Repeat("a long text, ", 300)}
			}
			b := tx.Batch()
			tenancy.Put(b, rows)
			return b.Run(ctx)
		}))
		archive, m := export(t, s, p.ctx)
		f := of(&m, "clinic.notices")
		require.Greater(t, f.CSV.Bytes, int64(1<<20))
		again, ok := csvOf(f, files(t, archive)[f.Name])
		require.True(t, ok)
		require.True(t, string(again) == string(files(t, archive)[f.CSV.Name]))
		_, _, err := take(t, env, s, archive, "")
		require.NoError(t, err)
	})
}

// PostgreSQL's own COPY reads a CSV into a table without anything being said of its form: what is missing is null, and a text that is empty is empty.
func TestPostgresReadsTheCSV(t *testing.T) {
	env := tenancytest.Open(t, "postgres", tenancytest.Options{Modules: modules()})
	s := privacy.New(env.DB, privacy.Options{})
	p := openPractice(t, env)
	archive, m := export(t, s, p.ctx)
	there := files(t, archive)
	conn, err := pgx.Connect(t.Context(), env.OwnerURL())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	for _, table := range []string{"clinic.patients", "clinic.visits", "clinic.visit_texts"} {
		f := of(&m, table)
		_, err := conn.Exec(t.Context(), "CREATE TEMP TABLE copied AS SELECT * FROM "+table+" WITH NO DATA; ALTER TABLE copied DROP COLUMN tenant_id")
		require.NoError(t, err)
		n, err := conn.PgConn().CopyFrom(t.Context(), bytes.NewReader(there[f.CSV.Name]), "COPY copied FROM STDIN (FORMAT csv, HEADER match)")
		require.NoError(t, err, table)
		require.Equal(t, f.Rows, n.RowsAffected())
		var missing, empty int
		for _, c := range f.Columns {
			var n int
			require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM copied WHERE "+c.Name+" IS NULL").Scan(&n))
			missing += n
			if c.Type == tenancy.Text {
				require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM copied WHERE "+c.Name+" = ''").Scan(&n))
				empty += n
			}
		}
		if f.Table == "clinic.visit_texts" {
			var notes string
			require.NoError(t, conn.QueryRow(t.Context(), "SELECT notes FROM copied WHERE visit_id = $1", p.visits[0].ID.String()).Scan(&notes))
			require.Equal(t, awkward, notes)
		}
		require.Equal(t, bytes.Count(there[f.Name], []byte(":null")), missing, table)
		require.Equal(t, bytes.Count(there[f.Name], []byte(`:""`)), empty, table)
		_, err = conn.Exec(t.Context(), "DROP TABLE copied")
		require.NoError(t, err)
	}
}
