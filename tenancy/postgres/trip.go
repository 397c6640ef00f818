package postgres

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/opsmatiq/erp/tenancy"
)

// trip is a list of steps that go to the server in one write and are answered in order. The server stops at the first that
// fails and passes over the rest.
type trip struct {
	c     *conn
	steps []step
}

type step struct {
	text     string
	st       *tenancy.Statement // nil for plain text
	compiled *compiled
	values   [][]byte
	oids     []uint32
	commits  bool
}

// begin adds what opens the transaction, unless it is open: the isolation, the role, the tenant, and a search path that
// nobody can write to.
func (t *trip) begin() {
	if t.c.begun() {
		return
	}
	t.c.on.tell("begin", "")
	if t.c.on.readOnly {
		t.plain("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	} else {
		t.plain("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
	}
	t.enter()
	t.replan()
}

// replan has the server plan anew what it planned on this connection, at the connection's 1st, 2nd, 4th, 8th transaction
// and so on. Plans are kept, those of foreign-key checks too, and a table that is small and has no statistics yet looks
// alike from every index that begins with tenant_id: the check of invoice_lines against invoices was seen to read all of
// a tenant's invoices through another index than the primary key, for as long as the connection lived. Autovacuum would
// come a minute later; a shop that starts with a month of documents does not wait for it.
func (t *trip) replan() {
	if n := t.c.transactions; n&(n-1) == 0 {
		t.plain("DISCARD PLANS")
	}
	t.c.transactions++
}

// enter adds the settings of the scope. They are statements, not set_config(): Citus hands only statements to its nodes.
func (t *trip) enter() {
	t.plain(t.c.on.setRole())
	t.plain("SET LOCAL erp.tenant = " + quoteText(t.c.on.tenant.String()))
	t.plain(setSearchPath)
	t.plain(setStrings)
	t.plain(setDates)
}

const (
	setAppRole    = `SET LOCAL ROLE "` + appRole + `"`
	setSearchPath = "SET LOCAL search_path = pg_catalog, pg_temp"
	// bun writes values into its texts and counts on backslashes being nothing special: were a host's setting to change
	// that, a value could become code.
	setStrings = "SET LOCAL standard_conforming_strings = on"
	setDates   = "SET LOCAL datestyle = 'ISO, MDY'"
)

func (t *trip) plain(text string) { t.steps = append(t.steps, step{text: text}) }

// add compiles a statement and encodes its values.
func (t *trip) add(st *tenancy.Statement) error {
	if st.Tenant != t.c.on.tenant {
		return tenancy.ErrScopeMismatch.New("postgres", "a statement is of another tenant than its session")
	}
	out, err := compile(st)
	if err != nil {
		return tenancy.ErrBadQuery.Wrap("postgres", err, "%v", err)
	}
	s := step{text: out.text, st: st, compiled: out, values: make([][]byte, len(out.params)), oids: make([]uint32, len(out.params))}
	for i, p := range out.params {
		s.oids[i] = p.oid()
		if s.values[i], err = p.binary(); err != nil {
			return tenancy.ErrRefusedValue.Wrap("postgres", err, "%s: %v", st.Model.Table, err)
		}
	}
	t.c.on.tell(string(st.Verb), st.Model.Table)
	t.steps = append(t.steps, s)
	return nil
}

func (t *trip) commit() {
	t.c.on.tell("commit", "")
	t.steps = append(t.steps, step{text: "COMMIT", commits: true})
}

var binaryParams = []int16{pgx.BinaryFormatCode}

// run makes the trip. After an error the transaction, if it was begun, is aborted, or marked so, or the connection closed.
func (t *trip) run(ctx context.Context) (err error) {
	p := t.c.pg.StartPipeline(ctx)
	defer func() {
		if closing := p.Close(); closing != nil && err == nil {
			err = closing
		}
		if err != nil {
			t.c.failed(err)
		}
	}()
	fresh := t.queue(p)
	if err := p.Sync(); err != nil {
		return err
	}
	for i := range t.steps {
		if name := fresh[i]; name != "" {
			if _, err := p.GetResults(); err != nil {
				return err
			}
			t.c.prepared[t.steps[i].text] = name
		}
		if err := t.steps[i].receive(p); err != nil {
			return err
		}
	}
	return nil
}

// queue writes all steps into the pipeline. A text that this connection has not seen is parsed under a name in the same
// trip that first uses it; it cannot be parsed before, for the login may not even look into the schema until it has the
// role. The names of this trip are returned by the index of their step; they count once the server has answered.
func (t *trip) queue(p *pgconn.Pipeline) map[int]string {
	fresh, names := map[int]string{}, map[string]string{}
	for i := range t.steps {
		s := &t.steps[i]
		if s.st == nil {
			p.SendQueryParams(s.text, nil, nil, nil, nil)
			continue
		}
		name := t.c.prepared[s.text]
		if name == "" {
			name = names[s.text]
		}
		if name == "" && !t.c.unprepared && len(t.c.prepared)+len(fresh) < maxPrepared {
			t.c.parsed++
			name = "erp_" + strconv.Itoa(t.c.parsed)
			fresh[i], names[s.text] = name, name
			p.SendPrepare(name, s.text, s.oids)
		}
		if name == "" {
			p.SendQueryParams(s.text, s.values, s.oids, binaryParams, s.formats())
		} else {
			p.SendQueryPrepared(name, s.values, binaryParams, s.formats())
		}
	}
	return fresh
}

// formats are those of a select's columns.
func (s *step) formats() []int16 {
	out := make([]int16, len(s.compiled.fields))
	for i, f := range s.compiled.fields {
		out[i] = wireTypes[f.Type].format
	}
	return out
}

// receive reads a step's answer.
func (s *step) receive(p *pgconn.Pipeline) error {
	result, err := p.GetResults()
	if err != nil {
		return err
	}
	rr, ok := result.(*pgconn.ResultReader)
	if !ok {
		return fmt.Errorf("the server answered a statement with %T", result)
	}
	if s.st != nil && s.st.Verb == tenancy.VerbSelect {
		if err := s.rows(rr); err != nil {
			_, _ = rr.Close()
			return err
		}
	}
	tag, err := rr.Close()
	if err != nil {
		return err
	}
	if s.st != nil {
		s.st.Affected = tag.RowsAffected()
	}
	if s.commits && tag.String() != "COMMIT" {
		return tenancy.ErrTxDoomed.New("postgres.Commit", "the database rolled back instead of committing")
	}
	return nil
}

// rows hands a select's rows to the core.
func (s *step) rows(rr *pgconn.ResultReader) error {
	columns := s.compiled.fields
	for rr.NextRow() {
		values := rr.Values()
		err := s.st.Row(func(dest ...any) error {
			if len(dest) != len(columns) || len(values) != len(columns) {
				return fmt.Errorf("%s: %d targets for %d columns", s.st.Model.Table, len(dest), len(columns))
			}
			for i, col := range columns {
				if err := decode(dest[i], col.Type, values[i]); err != nil {
					return fmt.Errorf("%s.%s: %w", s.st.Model.Table, col.Name, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
