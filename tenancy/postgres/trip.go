package postgres

import (
	"context"
	"fmt"
	"strconv"

	"github.com/google/uuid"
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
	row      func(values [][]byte) error // of plain text that answers
	kept     bool                        // plain text that is parsed once per connection, as statements are
	commits  bool
}

// begin adds what opens the transaction, unless it is open, and what was held for the next trip.
func (t *trip) begin(ctx context.Context) error {
	if t.c.begun() {
		t.hurry(true)
	} else if err := t.open(ctx); err != nil {
		return err
	}
	for _, s := range t.c.held {
		t.send(s)
	}
	t.c.held = nil
	return nil
}

// open adds the isolation, the role, the tenant, and a search path that nobody can write to.
func (t *trip) open(ctx context.Context) error {
	t.c.on.tell("begin", "")
	t.kept(t.c.on.isolation())
	if err := t.sign(ctx); err != nil {
		return err
	}
	t.wash()
	t.enter()
	t.replan()
	return nil
}

// isolation is how the transaction begins. Under a grant there is no snapshot of the whole transaction: the database would not
// see in it that the grant has ended meanwhile.
func (s *scope) isolation() string {
	switch {
	case s.readOnly && s.grant != uuid.Nil:
		return "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"
	case s.readOnly:
		return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	return "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
}

// sign makes the token of the transaction that is about to begin. Behind a pooler it is not known which backend that will be: the
// transaction is begun in a trip of its own, which asks.
func (t *trip) sign(ctx context.Context) error {
	c := t.c
	if c.on.key == nil {
		return nil
	}
	at := backend{pid: c.pg.PID(), now: c.clock.now()}
	if c.pooler {
		first := trip{c: c, steps: t.steps}
		t.steps = nil
		first.steps = append(first.steps, step{text: askBackend, row: at.read})
		if err := first.run(ctx); err != nil {
			return err
		}
	}
	c.token = c.on.key.token(c.on, at)
	return nil
}

// askBackend: the transaction's own start is what the database compares with.
const askBackend = "SELECT pg_catalog.pg_backend_pid(), " + askStart

func (b *backend) read(values [][]byte) error {
	pid, err := strconv.ParseUint(string(values[0]), 10, 32)
	if err != nil {
		return err
	}
	b.pid = uint32(pid)
	b.now, err = strconv.ParseInt(string(values[1]), 10, 64)
	return err
}

// wash sees to it that one tenant's text leaves nothing on the connection that would work in another's transaction: no setting,
// and no statement under the name of one of ours. Our texts cannot contain such things; what cannot be still is not to be worth
// anything. Connections that heard nothing but statements with bound values are not washed. Behind a pooler it is not known
// who used the backend before us.
func (t *trip) wash() {
	c := t.c
	c.washed = c.heard && c.tenant != c.on.tenant
	if c.washed {
		c.heard = false
		t.plain("RESET ALL")
	}
	if c.washed || c.pooler { // before anything of ours is called by its name
		t.plain(c.on.setRole())
		t.plain(forgetPlanted)
	}
	c.tenant = c.on.tenant
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

// enter adds the settings of the scope, all of them for the transaction only.
func (t *trip) enter() {
	on := t.c.on
	if on.key == nil {
		for _, text := range unsignedSettings(on) {
			t.plain(text)
		}
		return
	}
	s := step{text: signedSettings, values: [][]byte{[]byte(t.c.token), []byte(on.role)}, oids: []uint32{textOID, textOID}, kept: true}
	if ms := on.statementTimeout(); ms != "" {
		s.text, s.values, s.oids = signedTimedSettings, append(s.values, []byte(ms)), append(s.oids, textOID)
	}
	t.steps = append(t.steps, s)
}

const textOID = 25

// signedSettings are set in one statement, the tenant as a parameter of it: what stands in a statement's text can be read by
// other connections of the same login while it runs, and stays in pg_stat_statements. They hold no operator: until the search path
// is set, one could be found where others can write, and would be run with the tenant set.
const signedSettings = `SELECT pg_catalog.set_config('role', $2, true), pg_catalog.set_config('erp.tenant', $1, true),
	pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), pg_catalog.set_config('standard_conforming_strings', 'on', true),
	pg_catalog.set_config('datestyle', 'ISO, MDY', true)`

const signedTimedSettings = signedSettings + `, pg_catalog.set_config('statement_timeout', $3, true)`

// unsignedSettings are statements, not set_config(): Citus hands only statements to its nodes.
func unsignedSettings(on *scope) []string {
	out := []string{on.setRole(), "SET LOCAL erp.tenant = " + quoteText(on.unsigned()), setSearchPath, setStrings, setDates}
	if ms := on.statementTimeout(); ms != "" {
		out = append(out, "SET LOCAL statement_timeout = "+ms)
	}
	return out
}

// unsigned is the tenant as a signed setting has it, without what signs it.
func (s *scope) unsigned() string {
	if s.duty {
		return s.tenant.String() + "///" + dutyToken
	}
	return s.tenant.String()
}

// hurry lifts the bound of a statement's time, or brings it back, in front of what is sent next.
func (t *trip) hurry(again bool) {
	ms := t.c.on.statementTimeout()
	if ms == "" || t.c.lifted != again {
		return
	}
	t.c.lifted = !again
	t.plain(map[bool]string{false: unhurriedSetting, true: "SET LOCAL statement_timeout = " + ms}[again])
}

const unhurriedSetting = "SET LOCAL statement_timeout = 0"

// statementTimeout is in milliseconds, "" for none of ours. PostgreSQL takes 0 for none at all.
func (s *scope) statementTimeout() string {
	if s.timeout <= 0 {
		return ""
	}
	return strconv.FormatInt(max(s.timeout.Milliseconds(), 1), 10)
}

const (
	setAppRole    = `SET LOCAL ROLE "` + appRole + `"`
	setSearchPath = "SET LOCAL search_path = pg_catalog, pg_temp"
	// bun writes values into its texts and counts on backslashes being nothing special: were a host's setting to change
	// that, a value could become code.
	setStrings = "SET LOCAL standard_conforming_strings = on"
	setDates   = "SET LOCAL datestyle = 'ISO, MDY'"

	forgetPlanted = "SELECT erp.forget_planted()"
)

func (t *trip) plain(text string) { t.steps = append(t.steps, step{text: text}) }

func (t *trip) kept(text string) { t.steps = append(t.steps, step{text: text, kept: true}) }

// add adds a statement.
func (t *trip) add(st *tenancy.Statement) error {
	s, err := t.c.step(st)
	if err != nil {
		return err
	}
	t.send(s)
	return nil
}

func (t *trip) send(s step) {
	t.c.on.tell(string(s.st.Verb), s.st.Model.Table)
	t.steps = append(t.steps, s)
}

// step compiles a statement and encodes its values.
func (c *conn) step(st *tenancy.Statement) (step, error) {
	if st.Tenant != c.on.tenant {
		return step{}, tenancy.ErrScopeMismatch.New("postgres", "a statement is of another tenant than its session")
	}
	out, err := c.shapes.compile(st)
	if err != nil {
		return step{}, tenancy.ErrBadQuery.Wrap("postgres", err, "%v", err)
	}
	s := step{text: out.text, st: st, compiled: out, values: make([][]byte, len(out.params)), oids: make([]uint32, len(out.params))}
	for i, p := range out.params {
		s.oids[i] = p.oid()
		if s.values[i], err = p.binary(); err != nil {
			return step{}, tenancy.ErrRefusedValue.Wrap("postgres", err, "%s: %v", st.Model.Table, err)
		}
	}
	return s, nil
}

func (t *trip) commit() {
	t.c.on.tell("commit", "")
	t.steps = append(t.steps, step{text: "COMMIT", commits: true, kept: true})
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
	return t.answers(p, fresh)
}

// answers reads what the server says to each step.
func (t *trip) answers(p *pgconn.Pipeline, fresh map[int]string) error {
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
		if s.st == nil && !s.kept {
			p.SendQueryParams(s.text, s.values, s.oids, nil, nil)
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
		formats := binaryParams
		if s.kept {
			formats = nil // text
		}
		if name == "" {
			p.SendQueryParams(s.text, s.values, s.oids, formats, s.formats())
		} else {
			p.SendQueryPrepared(name, s.values, formats, s.formats())
		}
	}
	return fresh
}

// formats are those of a select's columns.
func (s *step) formats() []int16 {
	if s.st == nil {
		return nil
	}
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
	for s.row != nil && rr.NextRow() {
		if err := s.row(rr.Values()); err != nil {
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
