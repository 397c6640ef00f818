package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"

	msqlite "modernc.org/sqlite"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/internal/sqltext"
)

// driverConn is what modernc's connections are; all of it must be passed on (see sqlite.NewConnector).
type driverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// statement is what modernc's prepared statements are.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// conn keeps prepared statements of its own and guards the transaction while the host's function runs.
type conn struct {
	driverConn
	patience   time.Duration // how long a statement waits for another process
	statements map[string]statement
	guarded    bool // the transaction is a session's
	ours       bool // the session itself is ending the transaction; nobody else may
	inHost     bool // the host's function is running
	hostEnded  bool // it has tried to end the transaction
}

// maxStatements bounds a connection's prepared statements; they are few, for their texts are constant.
const maxStatements = 1000

// Unwrap lets modernc find its own connection.
func (c *conn) Unwrap() driver.Conn { return c.driverConn }

// Close finalises the prepared statements with the connection.
func (c *conn) Close() error {
	for _, st := range c.statements {
		_ = st.Close()
	}
	c.statements = nil
	return c.driverConn.Close()
}

// BeginTx implements driver.ConnBeginTx.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	begin := c.beginWriting
	if opts.ReadOnly {
		begin = c.driverConn.BeginTx
	}
	tx, err := begin(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &guardedTx{tx, c}, nil
}

// beginWriting waits for the file's write lock. SQLite's own way to wait sleeps for up to a tenth of a second between two
// looks, so that a process which writes without a pause lets nobody else in for as long as it likes. Here the looks are closer
// together than the gaps that such a process leaves ([file.leaveAGap]).
func (c *conn) beginWriting(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if err := c.waits(ctx, 0); err != nil {
		return nil, err
	}
	tx, err := c.driverConn.BeginTx(ctx, opts)
	for until := time.Now().Add(c.patience); isBusy(err) && time.Now().Before(until) && ctx.Err() == nil; {
		time.Sleep(time.Millisecond + rand.N(2*time.Millisecond)) //nolint:gosec // jitter is no secret
		tx, err = c.driverConn.BeginTx(ctx, opts)
	}
	if patient := c.waits(context.WithoutCancel(ctx), c.patience); patient != nil && err == nil {
		return nil, errors.Join(patient, tx.Rollback())
	}
	return tx, err
}

// waits sets how long a statement waits where another process has locked what it needs.
func (c *conn) waits(ctx context.Context, d time.Duration) error {
	_, err := c.driverConn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout=%d", d.Milliseconds()), nil)
	return err
}

type guardedTx struct {
	driver.Tx
	conn *conn
}

// Commit implements driver.Tx.
func (t *guardedTx) Commit() error {
	if t.conn.guarded && !t.conn.ours {
		t.conn.hostEnded = true
		return tenancy.ErrHostEndedTx.New("tenancy.Tx.Host", "")
	}
	return t.Tx.Commit()
}

// Rollback implements driver.Tx.
func (t *guardedTx) Rollback() error {
	if t.conn.guarded && !t.conn.ours {
		t.conn.hostEnded = true
		return tenancy.ErrHostEndedTx.New("tenancy.Tx.Host", "")
	}
	return t.Tx.Rollback()
}

// hostMay looks at what the host's function wants to run: not what ends the transaction, and not what changes the
// connection for whoever comes next.
func (c *conn) hostMay(text string) error {
	if !c.inHost {
		return nil
	}
	_, ends := sqltext.EndsTransaction(text)
	if ends || sqltext.HasStatement(text, "pragma", "attach", "detach", "vacuum") {
		c.hostEnded = ends || c.hostEnded
		return tenancy.ErrHostEndedTx.New("tenancy.Tx.Host", "the host's function may not end the transaction or change the connection")
	}
	return nil
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.hostMay(text); err != nil {
		return nil, err
	}
	return c.driverConn.ExecContext(ctx, text, args)
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := c.hostMay(text); err != nil {
		return nil, err
	}
	return c.driverConn.QueryContext(ctx, text, args)
}

// PrepareContext implements driver.ConnPrepareContext.
func (c *conn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	if err := c.hostMay(text); err != nil {
		return nil, err
	}
	return c.driverConn.PrepareContext(ctx, text)
}

// prepared gives a statement by its text, preparing it once per connection.
func (c *conn) prepared(ctx context.Context, text string) (statement, error) {
	if st := c.statements[text]; st != nil {
		return st, nil
	}
	made, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	st, ok := made.(statement)
	if !ok {
		_ = made.Close()
		return nil, fmt.Errorf("sqlite: the driver's statement lacks what erp needs: %T", made)
	}
	if len(c.statements) >= maxStatements {
		for k, old := range c.statements {
			_ = old.Close()
			delete(c.statements, k)
		}
	}
	c.statements[text] = st
	return st, nil
}

// connector opens guarded connections.
type connector struct {
	driver.Connector
	patience time.Duration
}

// Connect implements driver.Connector.
func (k connector) Connect(ctx context.Context) (driver.Conn, error) {
	dc, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := dc.(driverConn)
	if !ok {
		_ = dc.Close()
		return nil, fmt.Errorf("sqlite: the driver's connection lacks what erp needs: %T", dc)
	}
	return &conn{driverConn: full, patience: k.patience, statements: map[string]statement{}}, nil
}

const (
	limitAttached   = 7 // SQLITE_LIMIT_ATTACHED
	sessionsPerFile = 4 // one writer and a few readers
	connsPerFile    = sessionsPerFile + 1
	idlePerFile     = 2
	cacheKibibytes  = 4096
)

// openFile opens one database file with the settings that erp relies on. It makes the file when there is none.
func (e Engine) openFile(path string) (*sql.DB, error) { return e.openWith(path, url.Values{}) }

// openThere opens a file that somebody may be taking away, and never makes one in its place.
func (e Engine) openThere(path string) (*sql.DB, error) {
	return e.openWith(path, url.Values{"mode": {"rw"}})
}

func (e Engine) openWith(path string, q url.Values) (*sql.DB, error) {
	for _, p := range []string{"journal_mode(WAL)", "secure_delete(1)", "trusted_schema(0)", "recursive_triggers(1)", fmt.Sprintf("cache_size(-%d)", cacheKibibytes)} {
		q.Add("_pragma", p)
	}
	q.Set("_busy_timeout", fmt.Sprint(e.BusyTimeoutMillis))
	q.Set("_foreign_keys", "1")
	q.Set("_synchronous", "FULL")
	if e.Unsynced {
		q.Set("_synchronous", "OFF")
	}
	q.Set("_txlock", "immediate")
	q.Set("_dqs", "0")
	q.Set("_defensive", "1")
	k, err := msqlite.NewConnector("file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode())
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector{k, time.Duration(e.BusyTimeoutMillis) * time.Millisecond})
	db.SetMaxOpenConns(connsPerFile)
	db.SetMaxIdleConns(idlePerFile)
	return db, nil
}

// forbidAttach closes the one way from a tenant's file to another.
func forbidAttach(c *sql.Conn) error {
	_, err := msqlite.Limit(c, limitAttached, 0)
	return err
}

// raw runs fn with the guarded connection.
func raw(c *sql.Conn, fn func(*conn) error) error {
	return c.Raw(func(dc any) error {
		g, ok := dc.(*conn)
		if !ok {
			return errors.New("sqlite: not erp's connection")
		}
		return fn(g)
	})
}
