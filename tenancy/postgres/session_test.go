package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// trips counts how often the client spoke after it had listened.
type trips struct {
	net.Conn
	n         *atomic.Int64
	listening atomic.Bool
}

func (c *trips) Write(b []byte) (int, error) {
	if c.listening.CompareAndSwap(true, false) {
		c.n.Add(1)
	}
	return c.Conn.Write(b)
}

func (c *trips) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.listening.Store(true)
	return n, err
}

// counted replaces the scoped pool by one of a single connection whose trips are counted.
func (f *fixture) counted(t *testing.T) *atomic.Int64 {
	t.Helper()
	config, err := parseDSN("DSN", f.eng.DSN)
	require.NoError(t, err)
	n := new(atomic.Int64)
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return &trips{Conn: c, n: n}, err
	}
	return f.onePool(t, config, n)
}

func (f *fixture) onePool(t testing.TB, config *pgx.ConnConfig, n *atomic.Int64) *atomic.Int64 {
	db := sql.OpenDB(newConnector(config, f.eng, f.store.keys))
	db.SetMaxOpenConns(1)
	f.store.scoped = bun.NewDB(db, pgdialect.New())
	t.Cleanup(func() { _ = db.Close() })
	for range 2 { // pgx pings a connection the first time it is used again
		require.NoError(t, f.session(t, tenancy.NewID(), false).Rollback(t.Context()))
	}
	return n
}

func TestTripsAreAsFewAsPromised(t *testing.T) {
	f := newFixture(t)
	n := f.counted(t)
	tenant := f.tenant(t)
	ctx := t.Context()
	count := func(what string, want int64, act func()) {
		t.Helper()
		before := n.Load()
		act()
		require.Equal(t, want, n.Load()-before, what)
	}
	insert := func() *tenancy.Statement {
		return write(tenancy.VerbInsert, things, tenant, nil, newThing(tenant, tenancy.NewID().String()))
	}
	for _, round := range []string{"first time", "statements known"} {
		count("a session that says nothing, "+round, 0, func() { require.NoError(t, f.session(t, tenant, false).Commit(ctx, nil)) })
		count("a rollback of nothing, "+round, 0, func() { require.NoError(t, f.session(t, tenant, false).Rollback(ctx)) })
		f.sent.take()
		count("begin, role, tenant, statements, commit, "+round, 1, func() {
			require.NoError(t, f.session(t, tenant, false).Commit(ctx, []*tenancy.Statement{insert(), insert()}))
		})
		require.Equal(t, []string{"begin", "insert testmod.things", "insert testmod.things", "commit"}, f.sent.take())
		count("reading, writing, committing, "+round, 3, func() {
			s := f.session(t, tenant, false)
			var got []thing
			require.NoError(t, s.Run(ctx, []*tenancy.Statement{read(things, tenant, &got)}))
			require.NoError(t, s.Run(ctx, []*tenancy.Statement{insert()}))
			require.NoError(t, s.Commit(ctx, []*tenancy.Statement{insert()}))
		})
		f.sent.take()
		count("bun's text first, "+round, 2, func() {
			s := f.session(t, tenant, false)
			_, err := s.DB().NewSelect().Conn(s.Conn()).TableExpr("testmod.things").Count(ctx)
			require.NoError(t, err)
			require.NoError(t, s.Rollback(ctx))
		})
		require.Equal(t, []string{"begin", "select", "rollback"}, f.sent.take())
	}
}

// The first item of the spike: texts with values in them beside batches, on one connection.
func TestTextsLeaveNothingPrepared(t *testing.T) {
	f := newFixture(t)
	f.counted(t)
	tenant := f.tenant(t)
	ctx := t.Context()
	prepared := func(s *session) (n int) {
		require.NoError(t, s.Conn().QueryRowContext(ctx, "SELECT CAST(COUNT(*) AS BIGINT) FROM pg_catalog.pg_prepared_statements").Scan(&n))
		return n
	}
	batch := func(s *session) {
		var got []thing
		require.NoError(t, s.Run(ctx, []*tenancy.Statement{
			write(tenancy.VerbInsert, things, tenant, nil, newThing(tenant, tenancy.NewID().String())), read(things, tenant, &got)}))
	}
	s := f.session(t, tenant, false)
	batch(s)
	before := prepared(s)
	require.Equal(t, 4, before, "one for each text of the batch, BEGIN, and the settings")
	for range 20 {
		var got []thing
		require.NoError(t, s.DB().NewSelect().Conn(s.Conn()).Model(&got).ModelTableExpr(`testmod.things AS "thing"`).
			Where("code = ?", tenancy.NewID().String()).Scan(ctx))
		batch(s)
	}
	require.Equal(t, before, prepared(s))
	require.NoError(t, s.Commit(ctx, nil))
}

func TestThePoolRefusesWhatIsNotASession(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	_, err := f.store.scoped.ExecContext(ctx, "SELECT 1")
	require.ErrorIs(t, err, ErrOutside)
	_, err = f.store.scoped.QueryContext(ctx, "SELECT 1") //nolint:rowserrcheck,sqlclosecheck // it fails
	require.ErrorIs(t, err, ErrOutside)
	_, err = f.store.scoped.BeginTx(ctx, nil)
	require.ErrorIs(t, err, ErrOutside)
	_, err = f.store.scoped.PrepareContext(ctx, "SELECT 1")
	require.ErrorIs(t, err, ErrOutside)
}

func TestTextsCannotArgueWithTheSession(t *testing.T) {
	f := newFixture(t)
	mine, other := f.tenant(t), f.tenant(t)
	ctx := t.Context()
	for _, text := range []string{
		"COMMIT", "ROLLBACK", "SET LOCAL erp.tenant = '" + other.String() + "'", "/* x */ RESET ROLE", "SET ROLE NONE", "DISCARD ALL", "(((BEGIN", "",
	} {
		s := f.session(t, mine, false)
		_, err := s.Conn().ExecContext(ctx, text)
		require.ErrorIs(t, err, ErrStatement, text)
		require.NoError(t, s.Rollback(ctx))
	}
	s := f.session(t, mine, false)
	_, err := s.Conn().ExecContext(ctx, "SELECT 1; SET LOCAL erp.tenant = '"+other.String()+"'")
	require.ErrorContains(t, err, "42601", "PostgreSQL refuses a second statement")
	_, err = s.Conn().ExecContext(ctx, "SELECT 1")
	require.ErrorIs(t, err, tenancy.ErrTxDoomed)
	require.ErrorIs(t, s.Commit(ctx, nil), tenancy.ErrTxDoomed, "a failed transaction is never committed")
	require.NoError(t, s.Rollback(ctx))
	require.ErrorIs(t, s.Run(ctx, []*tenancy.Statement{read(things, mine, new([]thing))}), tenancy.ErrTxEnded)

	s = f.session(t, mine, false)
	require.ErrorIs(t, s.Run(ctx, []*tenancy.Statement{read(things, other, new([]thing))}), tenancy.ErrScopeMismatch)
}

// The second item: what the policy does for a login that has nothing else.
func TestPolicyUnderTheUnprivilegedLogin(t *testing.T) {
	f := newFixture(t)
	mine, other := f.tenant(t), f.tenant(t)
	ctx := t.Context()
	for _, tenant := range []uuid.UUID{mine, other} {
		require.NoError(t, f.session(t, tenant, false).Commit(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, things, tenant, nil, newThing(tenant, "x"))}))
	}
	// Straight to the database, without any of our code: the walls are its own.
	db := f.connect(t, f.eng.DSN)
	in := func(prepare []string, text string, args ...any) (n int64, err error) {
		tx, err := db.BeginTx(ctx, nil)
		require.NoError(t, err)
		defer func() { _ = tx.Rollback() }()
		_, err = tx.ExecContext(ctx, "SELECT set_config('test.token', $1, true)", f.token(t, tx, mine))
		require.NoError(t, err)
		for _, p := range prepare {
			_, err := tx.ExecContext(ctx, p)
			require.NoError(t, err)
		}
		r, err := tx.ExecContext(ctx, text, args...)
		if err != nil {
			return 0, asFault("test", err)
		}
		return r.RowsAffected()
	}
	role := []string{setAppRole}
	scoped := []string{setAppRole, "SELECT set_config('erp.tenant', current_setting('test.token'), true)"}
	everything := "SELECT * FROM testmod.things"

	_, err := in(nil, everything)
	require.ErrorIs(t, err, tenancy.ErrWall, "the login itself may not even look into the schema")
	_, err = in(role, everything)
	require.ErrorIs(t, err, tenancy.ErrWall, "no tenant is an error, not an empty answer")
	n, err := in(scoped, everything)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	n, err = in(scoped, "UPDATE testmod.things SET amount_minor = 0")
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	n, err = in(scoped, "DELETE FROM testmod.things WHERE tenant_id = $1", other)
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = in(scoped, "INSERT INTO testmod.tallies VALUES ($1, $2, 2026, 1)", other, tenancy.NewID())
	require.ErrorIs(t, err, tenancy.ErrWall, "a row for another tenant")
	_, err = in(scoped, "TRUNCATE testmod.things")
	require.ErrorIs(t, err, tenancy.ErrWall)
	_, err = in(scoped, "UPDATE testmod.rates SET percent = 0")
	require.ErrorIs(t, err, tenancy.ErrWall, "read-only")
	_, err = in(scoped, "SELECT erp.set_gate($1, 'purging', 1)", mine)
	require.ErrorIs(t, err, tenancy.ErrWall)
	_, err = in(scoped, "SELECT * FROM erp_control.tenants")
	require.ErrorIs(t, err, tenancy.ErrWall)
	_, err = in(nil, "SET ROLE "+controlRole)
	require.ErrorIs(t, err, tenancy.ErrWall)
	_, err = in([]string{setAppRole, "SET LOCAL row_security = off", scoped[1]}, everything)
	require.ErrorIs(t, err, tenancy.ErrWall, "switching the policies off is refused, not obeyed")

	// What was set does not outlive the transaction, and a connection that has seen a tenant is as closed as a new one.
	db.SetMaxOpenConns(1)
	_, err = in(scoped, everything)
	require.NoError(t, err)
	_, err = in(role, everything)
	require.Error(t, err)

	control := f.connect(t, f.eng.ControlDSN)
	_, err = control.ExecContext(ctx, everything)
	require.ErrorIs(t, asFault("test", err), tenancy.ErrWall, "the control login does not see tenants' rows")
}

func TestReadOnlySessionsSeeOneState(t *testing.T) {
	f := newFixture(t)
	tenant := f.tenant(t)
	ctx := t.Context()
	s := f.session(t, tenant, true)
	var before, after []thing
	require.NoError(t, s.Run(ctx, []*tenancy.Statement{read(things, tenant, &before)}))
	require.NoError(t, f.session(t, tenant, false).Commit(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, things, tenant, nil, newThing(tenant, "new"))}))
	require.NoError(t, s.Run(ctx, []*tenancy.Statement{read(things, tenant, &after)}))
	require.Empty(t, after)
	err := s.Run(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, things, tenant, nil, newThing(tenant, "y"))})
	require.ErrorIs(t, asFault("test", err), tenancy.ErrReadOnly)
}

// A deferred constraint speaks at COMMIT, in the answer to the last step of the trip.
func TestRefusalAtCommitIsClassified(t *testing.T) {
	f := newFixture(t)
	tenant := f.tenant(t)
	orphan := newThing(tenant, "orphan")
	orphan.Parent = tenancy.NewID()
	s := f.session(t, tenant, false)
	err := asFault("test", s.Commit(t.Context(), []*tenancy.Statement{write(tenancy.VerbInsert, things, tenant, nil, orphan)}))
	require.ErrorIs(t, err, tenancy.ErrReference)
	require.ErrorContains(t, err, "testmod_things_parent")
	require.NotContains(t, err.Error(), orphan.Parent.String())
	require.NoError(t, s.Rollback(t.Context()))
}

func TestFaults(t *testing.T) {
	f := newFixture(t)
	tenant := f.tenant(t)
	ctx := t.Context()
	taken := newThing(tenant, "taken")
	require.NoError(t, f.session(t, tenant, false).Commit(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, things, tenant, nil, taken)}))
	bad := func(change func(*thing)) *tenancy.Statement {
		r := newThing(tenant, "secret value")
		change(r)
		return write(tenancy.VerbInsert, things, tenant, nil, r)
	}
	for name, c := range map[string]struct {
		st   *tenancy.Statement
		want error
	}{
		"same code":      {bad(func(r *thing) { r.Code = "taken" }), tenancy.ErrDuplicate},
		"negative":       {bad(func(r *thing) { r.Amount = -1 }), tenancy.ErrRefusedValue},
		"no day":         {bad(func(r *thing) { r.Day = r.DueDay }), tenancy.ErrRefusedValue},
		"NUL":            {bad(func(r *thing) { r.Code = "secret value\x00" }), tenancy.ErrRefusedValue},
		"not UTF-8":      {bad(func(r *thing) { r.Code = "secret value\xff" }), tenancy.ErrRefusedValue},
		"a guard's word": {bad(func(r *thing) { r.Code = "forbidden" }), tenancy.ErrAppendOnly},
	} {
		s := f.session(t, tenant, false)
		err := s.Run(ctx, []*tenancy.Statement{c.st})
		require.Error(t, err, name)
		err = f.store.Fault("test", err)
		require.ErrorIs(t, err, c.want, name)
		require.False(t, f.store.Retryable(err), name)
		tellsNothing(t, err)
		require.NoError(t, s.Rollback(ctx))
	}
	s := f.session(t, tenant, false)
	_, err := s.Conn().ExecContext(ctx, "SELECT 'secret value'::uuid")
	require.ErrorIs(t, f.store.Fault("test", err), tenancy.ErrRefusedValue)
	tellsNothing(t, f.store.Fault("test", err))
	require.NoError(t, f.store.Fault("test", nil))
	require.ErrorIs(t, f.store.Fault("test", sql.ErrNoRows), tenancy.ErrNotFound)
	require.ErrorIs(t, f.store.Fault("test", context.DeadlineExceeded), tenancy.ErrBusy)
	require.Equal(t, fault.Internal, fault.KindOf(f.store.Fault("test", errors.New("something else"))))
}

// tellsNothing: no value of a row is anywhere in an error, however far it is unwrapped.
func tellsNothing(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		require.NotContains(t, e.Error(), "secret")
		require.NotContains(t, fmt.Sprintf("%+v", e), "secret")
	}
	var pg *pgconn.PgError
	require.ErrorAs(t, err, &pg)
	require.Empty(t, pg.Detail+pg.Where+pg.InternalQuery)
}

func TestRaceDeadlocksAreRetryable(t *testing.T) {
	f := newFixture(t)
	tenant := f.tenant(t)
	ctx := t.Context()
	a, b := newThing(tenant, "a"), newThing(tenant, "b")
	require.NoError(t, f.session(t, tenant, false).Commit(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, things, tenant, nil, a, b)}))
	touch := func(s *session, r *thing) error {
		return s.Run(ctx, []*tenancy.Statement{write(tenancy.VerbUpdate, things, tenant, []string{"amount_minor"}, r)})
	}
	first, second := f.session(t, tenant, false), f.session(t, tenant, false)
	require.NoError(t, touch(first, a))
	require.NoError(t, touch(second, b))
	done := make(chan error, 1)
	go func() { done <- errors.Join(touch(first, b), first.Rollback(ctx)) }()
	err := errors.Join(touch(second, a), second.Rollback(ctx))
	err = errors.Join(err, <-done)
	require.Error(t, err)
	require.True(t, f.store.Retryable(err))
	require.True(t, f.store.Retryable(f.store.Fault("test", err)), "the classified error as well")
	require.ErrorIs(t, f.store.Fault("test", err), tenancy.ErrBusy)
}

// After whatever went wrong, the connection that the next one gets has no role, no tenant and no transaction.
func TestConnectionsComeBackCleanOrNotAtAll(t *testing.T) {
	f := newFixture(t)
	f.counted(t) // one connection: the next session gets the same or a new one
	tenant := f.tenant(t)
	ctx := t.Context()
	insert := func(code string) []*tenancy.Statement {
		return []*tenancy.Statement{write(tenancy.VerbInsert, things, tenant, nil, newThing(tenant, code))}
	}
	troubles := map[string]func(s *session){
		"abandoned after writing": func(s *session) { require.NoError(t, s.Run(ctx, insert("lost 1"))) },
		"cancelled while waiting": func(s *session) {
			require.NoError(t, s.Run(ctx, insert("lost 2")))
			short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			defer cancel()
			_, err := s.Conn().ExecContext(short, "SELECT pg_sleep(60)")
			require.ErrorIs(t, err, context.DeadlineExceeded)
		},
		"cancelled before": func(s *session) {
			done, cancel := context.WithCancel(ctx)
			cancel()
			require.ErrorIs(t, s.Run(done, insert("lost 3")), context.Canceled)
			require.Error(t, s.Commit(ctx, nil), "what was asked for did not happen, so there is nothing to commit")
		},
		"cancelled before a text": func(s *session) {
			done, cancel := context.WithCancel(ctx)
			require.NoError(t, s.Run(ctx, insert("lost 6")))
			cancel()
			_, err := s.Conn().ExecContext(done, "SELECT 1")
			require.ErrorIs(t, err, context.Canceled)
		},
		"server gone before the commit": func(s *session) {
			require.NoError(t, s.Run(ctx, insert("lost 7")))
			var pid int
			require.NoError(t, s.Conn().QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid))
			_, err := f.admin(t).ExecContext(ctx, "SELECT pg_terminate_backend($1, 5000)", pid)
			require.NoError(t, err)
			err = s.Commit(ctx, insert("lost 8"))
			require.Error(t, err)
			// Nothing could be written, so it may be run again; had something been, the outcome would not be known.
			require.True(t, f.store.Retryable(err) || errors.Is(err, ErrOutcome), err)
		},
		"failed statement": func(s *session) { require.Error(t, s.Run(ctx, insert("forbidden"))) },
		"panic in a row": func(s *session) {
			require.NoError(t, s.Run(ctx, insert("lost 4")))
			st := read(things, tenant, new([]thing))
			st.Row = func(func(...any) error) error { panic("in a row") }
			require.Panics(t, func() { _ = s.Run(ctx, []*tenancy.Statement{st}) })
		},
		"error in a row": func(s *session) {
			require.NoError(t, s.Run(ctx, insert("lost 5")))
			st := read(things, tenant, new([]thing))
			st.Row = func(func(...any) error) error { return errCaptured }
			require.ErrorIs(t, s.Run(ctx, []*tenancy.Statement{st}), errCaptured)
			require.Error(t, s.Commit(ctx, nil))
		},
		"rows left open": func(s *session) {
			rows, err := s.Conn().QueryContext(ctx, "SELECT generate_series(1, 100000)") //nolint:sqlclosecheck // that is the point
			require.NoError(t, err)
			require.True(t, rows.Next())
			require.NoError(t, rows.Err())
		},
		"panic in the host's function": func(s *session) {
			require.Panics(t, func() { _ = s.Host(ctx, func(*sql.Tx) error { panic("in the host") }) })
		},
	}
	for name, trouble := range troubles {
		s := f.session(t, tenant, false)
		trouble(s)
		require.NoError(t, s.Rollback(ctx), name)

		var got []thing
		next := f.session(t, tenant, false)
		require.NoError(t, next.use(func(c *conn) error {
			require.False(t, c.begun(), name)
			var state [3]string
			text := "SELECT current_setting('role'), coalesce(current_setting('erp.tenant', true), ''), current_user::text"
			require.NoError(t, c.std.Conn().QueryRow(ctx, text).Scan(&state[0], &state[1], &state[2]), name)
			require.Equal(t, [3]string{"none", "", c.std.Conn().Config().User}, state, name)
			return nil
		}), name)
		require.NoError(t, next.Run(ctx, []*tenancy.Statement{read(things, tenant, &got)}), name)
		require.Empty(t, got, name)
		require.NoError(t, next.Rollback(ctx))
	}
}

// A schema changed under a running program: the statements that a connection has parsed are of the old one.
func TestStaleStatementsAreRetried(t *testing.T) {
	f := newFixture(t)
	f.counted(t)
	tenant := f.tenant(t)
	ctx := t.Context()
	ask := func() error {
		s := f.session(t, tenant, true)
		return errors.Join(s.Run(ctx, []*tenancy.Statement{read(rates, tenant, new([]rate))}), s.Rollback(ctx))
	}
	require.NoError(t, ask())
	f.exec(t, "ALTER TABLE testmod.rates ALTER COLUMN percent TYPE numeric(20, 4)")
	err := ask()
	require.Error(t, err)
	require.True(t, f.store.Retryable(err))
	require.NoError(t, ask(), "the connection with the stale statement is gone")
}
