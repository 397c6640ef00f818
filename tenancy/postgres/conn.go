package postgres

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/internal/sqltext"
)

// conn is one connection of the scoped pool. It answers to database/sql, but does nothing for it unless a session has been
// put on it: a statement that reaches the pool without one is refused here, before the database would refuse it.
//
// It is used by one goroutine at a time: database/sql holds its lock around every call, and sessions go through
// sql.Conn.Raw, which takes the same lock.
type conn struct {
	std        *stdlib.Conn
	pg         *pgconn.PgConn
	types      *pgtype.Map
	unprepared bool
	pooler     bool              // between us and the server is one that changes the backend from transaction to transaction
	keys       *keyring          // nil: tenants are not signed
	clock      serverClock       // as read when connecting
	token      string            // the tenant as signed for the transaction that is open
	prepared   map[string]string // text to name; on this connection, for as long as it lives
	parsed     int               // names given so far; never given twice
	shapes     shapes

	transactions uint64    // begun on this connection; see trip.replan
	tenant       uuid.UUID // of the last transaction
	heard        bool      // text with values in it was sent since the connection was last washed; see trip.wash
	washed       bool      // by the transaction that is open

	on      *scope // nil: no session
	held    []step // what waits for the next trip
	lifted  bool   // the bound of a statement's time is lifted, for rows that are streamed
	hosting bool   // the host's function is running
	dirty   bool   // it has run, so the connection may carry settings of its own
	broken  error  // the transaction must not be committed
	spoilt  bool   // the connection must not be used again
}

// scope is what a session is bound to.
type scope struct {
	tenant   uuid.UUID
	readOnly bool
	role     string
	grant    uuid.UUID
	duty     bool
	timeout  time.Duration // of a statement; 0: whatever the server says
	key      *signingKey   // nil: tenants are not signed
	hostRole string
	observe  func(tenancy.Sent)
}

// newScope is what the options call for, with the key to sign it.
func (s *store) newScope(ctx context.Context, opt tenancy.SessionOptions) (*scope, error) {
	on := &scope{tenant: opt.Tenant, readOnly: opt.ReadOnly, grant: opt.Grant, duty: opt.Duty, role: appRole, timeout: opt.StatementTimeout, hostRole: s.hostRole, observe: s.observe}
	if opt.Sealer {
		on.role = sealerRole
	}
	if s.keys == nil {
		return on, nil
	}
	var err error
	on.key, err = s.keys.get(ctx)
	return on, err
}

func (s *scope) tell(verb, table string) {
	if s.observe != nil {
		s.observe(tenancy.Sent{Verb: verb, Table: table})
	}
}

const (
	idle    = 'I' // outside a transaction block
	aborted = 'E' // inside one that failed
)

// begun reports whether BEGIN has been answered. Until then nothing has been sent.
func (c *conn) begun() bool { return c.pg.TxStatus() != idle }

// maxPrepared bounds the statements that one connection keeps parsed. The texts come from the program, not from data, so
// the bound is there for programs that build conditions in very many shapes.
const maxPrepared = 1000

// attach puts a session on the connection.
func (c *conn) attach(s *scope) error {
	if c.on != nil || c.begun() {
		c.spoilt = true
		return fmt.Errorf("the connection is in use: %w", driver.ErrBadConn)
	}
	c.on, c.held, c.lifted, c.hosting, c.dirty, c.broken = s, nil, false, false, false, nil
	return nil
}

// cleanupTimeout bounds a rollback, which must happen whatever became of the caller's context.
const cleanupTimeout = 5 * time.Second

// forget undoes what a host's SQL may have set for longer than the transaction, our statements included: it may have put others
// under their names.
const forget = "DISCARD ALL"

// detach takes the session off: an open transaction is rolled back, and what a host left behind is removed. Where that
// cannot be done the connection is closed; database/sql then drops it.
func (c *conn) detach() {
	s := c.on
	c.on, c.held, c.hosting = nil, nil, false
	if s == nil || c.pg.IsClosed() {
		return
	}
	if c.pg.IsBusy() || c.spoilt { // somebody still reads from it
		c.close()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	if c.begun() {
		s.tell("rollback", "")
		c.heard = c.heard || c.washed
		if err := c.pg.Exec(ctx, "ROLLBACK").Close(); err != nil || c.begun() {
			c.close()
			return
		}
	}
	if c.dirty {
		c.dirty, c.heard = false, false
		clear(c.prepared)
		if err := c.pg.Exec(ctx, forget).Close(); err != nil {
			c.close()
		}
	}
}

// close drops the network connection without waiting; the server rolls back.
func (c *conn) close() {
	c.spoilt = true
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // do not wait for the server's goodbye
	_ = c.pg.Close(ctx)
}

// usable is asked before anything is sent for a session.
func (c *conn) usable() error {
	switch {
	case c.on == nil:
		return ErrOutside.New("postgres", "")
	case c.hosting:
		return ErrStatement.New("postgres", "the host's function is running: the transaction is under its role")
	case c.broken != nil:
		return c.broken
	case c.pg.IsClosed():
		return fmt.Errorf("the connection was lost: %w", driver.ErrBadConn)
	case c.pg.TxStatus() == aborted:
		return tenancy.ErrTxDoomed.New("postgres", "")
	}
	return nil
}

// failed remembers an error of which the server may know nothing: what was asked for did not happen, so the rest must not
// be committed. Where the server knows, the transaction is aborted.
func (c *conn) failed(err error) {
	if c.broken == nil && c.pg.TxStatus() != aborted {
		c.broken = err
	}
	c.heard = c.heard || c.washed // nothing of the washing is kept
	if stalePlan(err) {
		c.spoilt = true // it has parsed statements for a schema that somebody has changed
	}
	switch state, _, _ := stateOf(err); state {
	case stateStaleKey:
		if c.on != nil && c.on.key != nil {
			c.keys.refused(c.on.key)
		}
	case stateStaleClock:
		c.spoilt = true
	}
}

// IsValid implements driver.Validator: database/sql drops a connection that is not as it was.
func (c *conn) IsValid() bool {
	return !c.spoilt && c.on == nil && !c.pg.IsClosed() && !c.pg.IsBusy() && !c.begun() && c.speaks()
}

// ResetSession implements driver.SessionResetter; pgx pings a connection that was idle for more than a second.
func (c *conn) ResetSession(ctx context.Context) error {
	if !c.IsValid() {
		return driver.ErrBadConn
	}
	return c.std.ResetSession(ctx)
}

// Close implements driver.Conn.
func (c *conn) Close() error { return c.std.Close() }

// Ping implements driver.Pinger.
func (c *conn) Ping(ctx context.Context) error {
	if c.pg.IsBusy() {
		return driver.ErrBadConn
	}
	return c.std.Ping(ctx)
}

// CheckNamedValue implements driver.NamedValueChecker: pgx takes values as they are.
func (c *conn) CheckNamedValue(*driver.NamedValue) error { return nil }

// Begin implements driver.Conn.
func (c *conn) Begin() (driver.Tx, error) { return c.BeginTx(context.Background(), driver.TxOptions{}) }

// BeginTx implements driver.ConnBeginTx. The one transaction that database/sql may have of this pool is the handle that the
// host's function is given; the real one was begun by the session and is ended by it.
func (c *conn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	if c.on == nil || !c.hosting {
		return nil, ErrOutside.New("postgres", "")
	}
	return hostTx{c}, nil
}

// Prepare implements driver.Conn.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext implements driver.ConnPrepareContext, for the host's function only.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.hostMay(ctx, query); err != nil {
		return nil, err
	}
	return c.std.PrepareContext(ctx, query)
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.hosting && !isScoped(ctx) {
		if err := c.hostMay(ctx, query); err != nil {
			return nil, err
		}
		return c.std.ExecContext(ctx, query, args)
	}
	rows, err := c.queryText(ctx, query, args)
	if err != nil {
		return nil, err
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	return driver.RowsAffected(rows.affected), nil
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.hosting && !isScoped(ctx) {
		if err := c.hostMay(ctx, query); err != nil {
			return nil, err
		}
		return c.std.QueryContext(ctx, query, args)
	}
	return c.queryText(ctx, query, args)
}

// hostMay refuses host SQL outside of Host, and any that would end the shared transaction.
func (c *conn) hostMay(ctx context.Context, query string) error {
	if c.on == nil || !c.hosting || isScoped(ctx) {
		return ErrOutside.New("postgres", "")
	}
	if verb, found := sqltext.EndsTransaction(query); found {
		c.broken = tenancy.ErrHostEndedTx.New("postgres.Host", "the host's SQL says %s, but the transaction is shared", verb)
		return c.broken
	}
	return nil
}

// scopedKey marks what a session sends itself, as opposed to the host's function, which uses the same connection.
type scopedKey struct{}

func asScoped(ctx context.Context) context.Context { return context.WithValue(ctx, scopedKey{}, true) }

func isScoped(ctx context.Context) bool { return ctx.Value(scopedKey{}) != nil }
