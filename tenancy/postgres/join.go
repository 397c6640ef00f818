package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/internal/sqltext"
)

// joined is a session inside a transaction that the host began, on the host's connection and driver. It stands behind a
// savepoint, and gives the host's role, tenant setting and search path back on every way out.
type joined struct {
	db     *bun.DB
	tx     *sql.Tx
	on     *scope
	at     backend
	token  string
	pgx    bool // the host's driver is pgx's: texts can go unprepared
	was    settings
	lifted bool  // the bound of a statement's time is lifted, for rows that are streamed
	inFn   bool  // the host's function is running
	bad    error // the session can only be rolled back
	ended  bool
}

var _ tenancy.Session = (*joined)(nil)

// settings are what a scope changes on a connection.
type settings struct{ role, tenant, searchPath, strings, dates, timeout string }

// Join implements tenancy.Store. Errors: postgres.not_member, postgres.other_database.
func (s *store) Join(ctx context.Context, opt tenancy.SessionOptions, host *sql.Tx) (tenancy.Session, error) {
	on, err := s.newScope(ctx, opt)
	if err != nil {
		return nil, err
	}
	j := &joined{db: s.scoped, tx: host, on: on}
	j.on.tell("join", "")
	if _, err := host.ExecContext(ctx, "SAVEPOINT "+joinSavepoint); err != nil {
		return nil, err
	}
	if err = j.enter(ctx, s); err == nil {
		err = j.signed(ctx, s)
	}
	if err != nil {
		return nil, errors.Join(err, j.Rollback(ctx))
	}
	return j, nil
}

func (j *joined) enter(ctx context.Context, s *store) error {
	mine, member, err := j.look(ctx)
	if err != nil {
		return err
	}
	if err := s.sameDatabase(ctx, mine); err != nil {
		return err
	}
	if !member {
		return ErrNotMember.New("postgres.Join", "")
	}
	if j.on.key != nil {
		j.token = j.on.key.token(j.on, j.at)
	}
	return j.set(ctx)
}

// set gives the transaction the settings of the scope. A key that the database does not know is noticed here already, where there
// is still time to read another: a joined transaction is never run again.
func (j *joined) set(ctx context.Context) error {
	if j.on.key == nil {
		return j.exec(ctx, unsignedSettings(j.on)...)
	}
	text, args := signedSettings, []any{j.token, j.on.role}
	if ms := j.on.statementTimeout(); ms != "" {
		text, args = signedTimedSettings, append(args, ms)
	}
	_, err := j.tx.ExecContext(ctx, text, j.mode(args)...)
	return err
}

// signed makes sure that the database takes the token.
func (j *joined) signed(ctx context.Context, s *store) error {
	if j.on.key == nil {
		return nil
	}
	err := j.exec(ctx, askTenant)
	if state, _, _ := stateOf(err); state != stateStaleKey {
		return err
	}
	s.keys.refused(j.on.key)
	if j.on.key, err = s.keys.get(ctx); err != nil {
		return err
	}
	if err := j.exec(ctx, "ROLLBACK TO SAVEPOINT "+joinSavepoint); err != nil {
		return err
	}
	j.token = j.on.key.token(j.on, j.at)
	if err := j.set(ctx); err != nil {
		return err
	}
	return j.exec(ctx, askTenant)
}

const askTenant = "SELECT erp.current_tenant()"

// look asks the host's connection where and who it is. The question doubles as the test whether its driver is pgx, which
// alone understands a mode in front of the arguments; the savepoint takes the failure.
func (j *joined) look(ctx context.Context) (at identity, member bool, err error) {
	read := func(args ...any) error {
		return j.tx.QueryRowContext(ctx, hostQuestion, args...).Scan(&j.was.role, &j.was.tenant, &j.was.searchPath, &j.was.strings, &j.was.dates, &j.was.timeout,
			&j.at.pid, &j.at.now, &member, &at.started, &at.database, &at.name)
	}
	if read(pgx.QueryExecModeSimpleProtocol) == nil {
		j.pgx = true
		return at, member, nil
	}
	if _, err := j.tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT "+joinSavepoint); err != nil {
		return at, false, err
	}
	return at, member, read()
}

// hostQuestion: pg_has_role's MEMBER asks whether SET ROLE is allowed, for the login and not for the role it has now.
const hostQuestion = `SELECT pg_catalog.current_setting('role'), coalesce(pg_catalog.current_setting('erp.tenant', true), ''),
	pg_catalog.current_setting('search_path'), pg_catalog.current_setting('standard_conforming_strings'), pg_catalog.current_setting('datestyle'),
	pg_catalog.current_setting('statement_timeout'), pg_catalog.pg_backend_pid(), ` + askStart + `,
	coalesce((SELECT pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER') FROM pg_catalog.pg_roles r WHERE r.rolname = '` + appRole + `'), false),
	` + identityColumns

// exec sends statements that carry no values.
func (j *joined) exec(ctx context.Context, statements ...string) error {
	for _, text := range statements {
		if _, err := j.tx.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// DB implements tenancy.Session.
func (j *joined) DB() *bun.DB { return j.db }

// Conn implements tenancy.Session.
func (j *joined) Conn() bun.IConn { return (*joinSender)(j) }

func (j *joined) usable() error {
	switch {
	case j.ended:
		return tenancy.ErrTxEnded.New("postgres", "")
	case j.inFn:
		return ErrStatement.New("postgres", "the host's function is running: the transaction is under its role")
	}
	return j.bad
}

// Run implements tenancy.Session.
func (j *joined) Run(ctx context.Context, statements []*tenancy.Statement) error {
	if err := j.usable(); err != nil {
		return err
	}
	for _, st := range statements {
		if err := j.one(ctx, st); err != nil {
			j.bad = err
			return err
		}
	}
	return nil
}

// Hold implements tenancy.Session: the host's transaction may go on without us, so nothing is left for later.
func (j *joined) Hold(ctx context.Context, statements []*tenancy.Statement) error {
	return j.Run(ctx, statements)
}

// one runs a statement. Values go as text, which every driver can bind.
func (j *joined) one(ctx context.Context, st *tenancy.Statement) error {
	if st.Tenant != j.on.tenant {
		return tenancy.ErrScopeMismatch.New("postgres", "a statement is of another tenant than its session")
	}
	out, err := compile(st)
	if err != nil {
		return tenancy.ErrBadQuery.Wrap("postgres", err, "%v", err)
	}
	args := make([]any, len(out.params))
	for i, p := range out.params {
		if args[i], err = p.text(); err != nil {
			return tenancy.ErrRefusedValue.Wrap("postgres", err, "%s: %v", st.Model.Table, err)
		}
	}
	j.on.tell(string(st.Verb), st.Model.Table)
	if st.Verb == tenancy.VerbSelect {
		return j.selectRows(ctx, st, out, args)
	}
	if err := j.hurry(ctx); err != nil {
		return err
	}
	result, err := j.tx.ExecContext(ctx, out.text, args...)
	if err != nil {
		return err
	}
	st.Affected, err = result.RowsAffected()
	return err
}

func (j *joined) selectRows(ctx context.Context, st *tenancy.Statement, out *compiled, args []any) error {
	if err := j.hurry(ctx); err != nil {
		return err
	}
	rows, err := j.tx.QueryContext(ctx, out.text, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	st.Affected = 0
	for rows.Next() {
		st.Affected++
		err := st.Row(func(dest ...any) error {
			if len(dest) != len(out.fields) {
				return fmt.Errorf("%s: %d targets for %d columns", st.Model.Table, len(dest), len(out.fields))
			}
			given := make([]any, len(dest))
			for i, d := range dest {
				given[i] = d
				if out.fields[i].Type == tenancy.Timestamp {
					given[i] = &utcTarget{d}
				}
			}
			return rows.Scan(given...)
		})
		if err != nil {
			return err
		}
	}
	return rows.Err()
}

// utcTarget hands a time on in UTC; drivers give it in the process's zone.
type utcTarget struct{ dest any }

// Scan implements sql.Scanner.
func (u *utcTarget) Scan(src any) error {
	if t, ok := src.(time.Time); ok {
		src = t.UTC()
	}
	switch d := u.dest.(type) {
	case sql.Scanner:
		return d.Scan(src)
	case *time.Time:
		if t, ok := src.(time.Time); ok {
			*d = t
			return nil
		}
	}
	return fmt.Errorf("cannot read a %T into a %T", src, u.dest)
}

// Commit implements tenancy.Session: our part stands, and the host decides about the whole.
func (j *joined) Commit(ctx context.Context, statements []*tenancy.Statement) error {
	if err := j.Run(ctx, statements); err != nil {
		return err
	}
	j.on.tell("release", "")
	if err := j.exec(ctx, append([]string{"RELEASE SAVEPOINT " + joinSavepoint}, j.was.restore()...)...); err != nil {
		j.bad = err
		return err
	}
	j.ended = true
	return nil
}

// Rollback implements tenancy.Session: our part is undone, and the host's transaction is usable and as it was. Going back
// to the savepoint takes our settings with it; they are set once more because the host's may be older than the savepoint.
func (j *joined) Rollback(ctx context.Context) error {
	if j.ended {
		return nil
	}
	j.ended = true
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	j.on.tell("rollback", "")
	err := j.exec(ctx, "ROLLBACK TO SAVEPOINT "+joinSavepoint, "RELEASE SAVEPOINT "+joinSavepoint)
	if errors.Is(err, sql.ErrTxDone) {
		return nil // the host's transaction has ended, by its context or by the host, and our settings with it
	}
	if j.was.searchPath != "" { // the settings had been read, so they may have been changed
		err = errors.Join(err, j.exec(ctx, j.was.restore()...))
	}
	return err
}

// restore gives the statements that bring settings back. They are local, as everything here is: what the host set for its
// whole connection comes back by itself when the transaction ends.
func (w settings) restore() []string {
	return []string{
		"SET LOCAL ROLE " + roleOrNone(w.role),
		"SET LOCAL erp.tenant = " + quoteText(w.tenant),
		"SELECT pg_catalog.set_config('search_path', " + quoteText(w.searchPath) + ", true)",
		"SELECT pg_catalog.set_config('statement_timeout', " + quoteText(w.timeout) + ", true)",
		"SELECT pg_catalog.set_config('datestyle', " + quoteText(w.dates) + ", true)",
		"SELECT pg_catalog.set_config('standard_conforming_strings', " + quoteText(w.strings) + ", true)", // last: it changes how text is read
	}
}

// Host implements tenancy.Session: the host's role and tenant are back while fn runs, in the host's own transaction.
func (j *joined) Host(ctx context.Context, fn func(*sql.Tx) error) error {
	if err := j.usable(); err != nil {
		return err
	}
	j.on.tell("host", "")
	if err := j.exec(ctx, append([]string{"SAVEPOINT " + hostSavepoint}, j.was.restore()...)...); err != nil {
		j.bad = err
		return err
	}
	j.inFn = true
	failed := true
	leave := func() error {
		j.inFn = false
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
		defer cancel()
		var back []string
		if failed {
			back = append(back, "ROLLBACK TO SAVEPOINT "+hostSavepoint)
		}
		err := j.exec(ctx, append(back, "RELEASE SAVEPOINT "+hostSavepoint)...)
		if err == nil {
			err = j.set(ctx)
		}
		if errors.Is(err, sql.ErrTxDone) || savepointGone(err) {
			err = tenancy.ErrHostEndedTx.Wrap("postgres.Host", err, "")
		}
		if err != nil {
			j.bad = err
		}
		return err
	}
	defer func() {
		if leave != nil { // fn panicked
			_ = leave()
		}
	}()
	err := fn(j.tx)
	failed = err != nil
	last := leave
	leave = nil
	return errors.Join(err, last())
}

// joinSender is what bun sends through.
type joinSender joined

func (s *joinSender) check(ctx context.Context, query string) (*joined, error) {
	j := (*joined)(s)
	if err := j.usable(); err != nil {
		return j, err
	}
	verb := sqltext.FirstWord(query)
	if !scopedVerbs[verb] {
		return j, ErrStatement.New("postgres", "a scoped session reads and writes rows; it does not %q", verb)
	}
	if !sqltext.IsSingle(query) { // a driver may send text in a mode that allows several; our own connections cannot
		return j, ErrStatement.New("postgres", "a scoped session sends one statement at a time")
	}
	j.on.tell(verb, "")
	return j, j.hurry(ctx)
}

// hurry lifts the bound of a statement's time for what is streamed, and brings it back for what is not.
func (j *joined) hurry(ctx context.Context) error {
	ms := j.on.statementTimeout()
	if ms == "" || j.lifted == tenancy.Unhurried(ctx) {
		return nil
	}
	j.lifted = !j.lifted
	return j.exec(ctx, map[bool]string{true: unhurriedSetting, false: "SET LOCAL statement_timeout = " + ms}[j.lifted])
}

// mode keeps pgx from preparing and keeping a text that carries values.
func (j *joined) mode(args []any) []any {
	if j.pgx {
		return append([]any{pgx.QueryExecModeExec}, args...)
	}
	return args
}

// QueryContext implements bun.IConn.
func (s *joinSender) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	j, err := s.check(ctx, query)
	if err != nil {
		return nil, err
	}
	return j.tx.QueryContext(ctx, query, j.mode(args)...)
}

// ExecContext implements bun.IConn.
func (s *joinSender) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	j, err := s.check(ctx, query)
	if err != nil {
		return nil, err
	}
	return j.tx.ExecContext(ctx, query, j.mode(args)...)
}

// QueryRowContext implements bun.IConn. A *sql.Row cannot be made to carry our refusal, so it carries that of an ended
// context: database/sql asks for that before it sends anything.
func (s *joinSender) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	j, err := s.check(ctx, query)
	if err != nil {
		refused, cancel := context.WithCancel(ctx)
		cancel()
		return j.tx.QueryRowContext(refused, query)
	}
	return j.tx.QueryRowContext(ctx, query, j.mode(args)...)
}
