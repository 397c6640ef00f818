package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy"
)

// session is one transaction on one connection to one tenant's file. It begins with its first statement.
type session struct {
	store    *store
	file     *file
	conn     *sql.Conn
	tx       *sql.Tx
	readOnly bool
	duty     bool          // see tenancy.SessionOptions
	opened   bool          // the gate, for as long as the transaction lasts
	timeout  time.Duration // of a statement; 0: none
	rests    []func()      // ends of the contexts of what may still be read
	writing  bool          // it is this session's turn to write
	seated   bool
	ended    bool
}

// DB implements tenancy.Session.
func (s *session) DB() *bun.DB { return s.file.bun }

// Conn implements tenancy.Session.
func (s *session) Conn() bun.IConn { return (*bunConn)(s) }

func (s *session) sent(verb, table string) {
	if s.store.onStatement != nil {
		s.store.onStatement(tenancy.Sent{Verb: verb, Table: table})
	}
}

// begin starts the transaction once. A writer takes the file's write lock here, before it reads, so that no two writers
// decide on the same facts.
func (s *session) begin(ctx context.Context) error {
	if s.tx != nil {
		return nil
	}
	if s.ended {
		return sql.ErrTxDone
	}
	s.sent("begin", "")
	if !s.readOnly {
		select {
		case s.file.writer <- struct{}{}:
			s.writing = true
		case <-ctx.Done():
			return ctx.Err()
		}
		s.file.leaveAGap()
	}
	select {
	case s.file.seats <- struct{}{}:
		s.seated = true
	case <-ctx.Done():
		return ctx.Err()
	}
	var err error
	if s.conn, err = s.file.db.Conn(ctx); err != nil {
		return err
	}
	if err := forbidAttach(s.conn); err != nil {
		return err
	}
	// The transaction's life is the session's, not the context's: the session itself sees to its end.
	tx, err := s.conn.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{ReadOnly: s.readOnly})
	if err != nil {
		return err
	}
	s.tx = tx
	if err := raw(s.conn, func(c *conn) error { c.guarded = true; return nil }); err != nil {
		return err
	}
	if err := s.openGate(ctx); err != nil {
		return err
	}
	return ctx.Err()
}

// openGate opens a closed gate for a session that does a duty, until its commit. The file has one writer and readers see what was committed, so
// nobody else ever finds it open.
func (s *session) openGate(ctx context.Context) error {
	if !s.duty || s.readOnly {
		return nil
	}
	res, err := s.tx.ExecContext(ctx, "UPDATE erp_tenant_gates SET state = 'active' WHERE state = 'closed'")
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	s.opened = n > 0
	return err
}

// closeGate is the end of openGate.
func (s *session) closeGate(ctx context.Context) error {
	if !s.opened {
		return nil
	}
	_, err := s.tx.ExecContext(ctx, "UPDATE erp_tenant_gates SET state = 'closed' WHERE state = 'active'")
	return err
}

// Run implements tenancy.Session.
func (s *session) Run(ctx context.Context, statements []*tenancy.Statement) error {
	if len(statements) == 0 {
		return nil
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	return raw(s.conn, func(c *conn) error {
		for _, st := range statements {
			s.sent(string(st.Verb), st.Model.Table)
			bounded, rest := s.bound(ctx)
			err := c.run(bounded, st)
			rest()
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Hold implements tenancy.Session: no trip is saved here.
func (s *session) Hold(ctx context.Context, statements []*tenancy.Statement) error {
	return s.Run(ctx, statements)
}

// Commit implements tenancy.Session.
func (s *session) Commit(ctx context.Context, statements []*tenancy.Statement) error {
	if err := s.Run(ctx, statements); err != nil {
		return err
	}
	if s.tx != nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.closeGate(ctx); err != nil {
			return err
		}
		s.sent("commit", "")
		if err := s.finish(s.tx.Commit); err != nil {
			return err
		}
	}
	return s.end()
}

// Rollback implements tenancy.Session.
func (s *session) Rollback(ctx context.Context) error {
	if s.ended {
		return nil
	}
	var err error
	if s.tx != nil {
		s.sent("rollback", "")
		if err = s.finish(s.tx.Rollback); errors.Is(err, sql.ErrTxDone) {
			// The host ended database/sql's transaction; the real one is still open on the connection.
			err = raw(s.conn, func(c *conn) error {
				if _, err := c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK", nil); err != nil && !strings.Contains(err.Error(), "no transaction is active") {
					return err
				}
				return nil
			})
		}
	}
	return errors.Join(err, s.end())
}

func (s *session) end() error {
	if s.ended {
		return nil
	}
	s.ended = true
	s.rest()
	var err error
	if s.conn != nil {
		err = s.conn.Close()
	}
	if s.seated {
		<-s.file.seats
	}
	if s.writing {
		s.file.wrote = time.Now()
		<-s.file.writer
	}
	s.store.release(s.file)
	return err
}

// rest ends what watches over statements that have been read, or never will be.
func (s *session) rest() {
	for _, f := range s.rests {
		f()
	}
	s.rests = nil
}

// finish ends database/sql's transaction, which the connection allows to nobody else: a host may have kept the handle.
func (s *session) finish(end func() error) error {
	allow := func(ours bool) error { return raw(s.conn, func(c *conn) error { c.ours = ours; return nil }) }
	if err := allow(true); err != nil {
		return err
	}
	return errors.Join(end(), allow(false))
}

// Host implements tenancy.Session. The tenant's file is its own wall and SQLite has no roles, so the host's function has
// the file to itself; our tables in it are still guarded by their triggers.
func (s *session) Host(ctx context.Context, fn func(*sql.Tx) error) (err error) {
	if err := s.begin(ctx); err != nil {
		return err
	}
	set := func(in bool) (ended bool) {
		_ = raw(s.conn, func(c *conn) error { ended, c.inHost, c.hostEnded = c.hostEnded, in, false; return nil })
		return ended
	}
	set(true)
	defer func() {
		if set(false) {
			err = tenancy.ErrHostEndedTx.New("tenancy.Tx.Host", "")
		}
	}()
	return fn(s.tx)
}

// bunConn sends bun's texts through the session.
type bunConn session

// start gives the context that the text is to be sent with.
func (b *bunConn) start(ctx context.Context, query string) (context.Context, error) {
	s := (*session)(b)
	if err := s.begin(ctx); err != nil {
		return ctx, err
	}
	verb, _, _ := strings.Cut(strings.TrimLeft(query, "( "), " ")
	s.sent(strings.ToLower(verb), "")
	s.rest() // one text at a time is read, and what came before has been
	bounded, rest := s.bound(ctx)
	s.rests = append(s.rests, rest)
	return bounded, nil
}

// QueryContext implements bun.IConn.
func (b *bunConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx, err := b.start(ctx, query)
	if err != nil {
		return nil, err
	}
	return b.tx.QueryContext(ctx, query, args...)
}

// ExecContext implements bun.IConn.
func (b *bunConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx, err := b.start(ctx, query)
	if err != nil {
		return nil, err
	}
	return b.tx.ExecContext(ctx, query, args...)
}

// QueryRowContext implements bun.IConn.
func (b *bunConn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	ctx, err := b.start(ctx, query)
	if err != nil {
		return b.file.db.QueryRowContext(failedContext{ctx, err}, query) // a *sql.Row cannot be made; this one carries the error
	}
	return b.tx.QueryRowContext(ctx, query, args...)
}

// failedContext is done from the start, for the reason given.
type failedContext struct {
	context.Context //nolint:containedctx // it is one
	err             error
}

var done = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// Done implements context.Context.
func (failedContext) Done() <-chan struct{} { return done }

// Err implements context.Context.
func (f failedContext) Err() error {
	return f.err
}
