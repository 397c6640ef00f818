package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"reflect"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy"
)

// session is one transaction of a tenant on one connection of the scoped pool.
type session struct {
	db     *bun.DB
	pool   *sql.Conn
	sender sender
	ended  bool
}

// Session implements tenancy.Store.
func (s *store) Session(ctx context.Context, opt tenancy.SessionOptions) (tenancy.Session, error) {
	on, err := s.newScope(ctx, opt)
	if err != nil {
		return nil, err
	}
	db, err := s.poolFor(opt)
	if err != nil {
		return nil, err
	}
	pool, err := db.DB.Conn(ctx)
	if err != nil {
		return nil, err
	}
	out := &session{db: db, pool: pool}
	out.sender.session = out
	if err := out.use(func(c *conn) error { return c.attach(on) }); err != nil {
		_ = pool.Close()
		return nil, err
	}
	return out, nil
}

// use calls f with the connection, under database/sql's lock on it.
func (s *session) use(f func(c *conn) error) error {
	if s.ended {
		return tenancy.ErrTxEnded.New("postgres", "")
	}
	var err error
	raw := s.pool.Raw(func(dc any) error {
		c, ok := dc.(*conn)
		if !ok {
			return driver.ErrBadConn
		}
		err = f(c)
		return nil // whether the connection stays is decided by its IsValid, when it goes back to the pool
	})
	return errors.Join(err, raw)
}

// DB implements tenancy.Session.
func (s *session) DB() *bun.DB { return s.db }

// Conn implements tenancy.Session.
func (s *session) Conn() bun.IConn { return &s.sender }

// Run implements tenancy.Session.
func (s *session) Run(ctx context.Context, statements []*tenancy.Statement) error {
	return s.use(func(c *conn) error {
		if len(statements) == 0 && len(c.held) == 0 {
			return nil
		}
		if err := c.usable(); err != nil {
			return err
		}
		t := trip{c: c}
		if err := t.begin(ctx); err != nil {
			return err
		}
		for _, st := range statements {
			if err := t.add(st); err != nil {
				return err
			}
		}
		return t.run(ctx)
	})
}

// Hold implements tenancy.Session.
func (s *session) Hold(_ context.Context, statements []*tenancy.Statement) error {
	return s.use(func(c *conn) error {
		if err := c.usable(); err != nil {
			return err
		}
		for _, st := range statements {
			s, err := c.step(st)
			if err != nil {
				return err
			}
			c.held = append(c.held, s)
		}
		return nil
	})
}

// Commit implements tenancy.Session. After an error the session must be rolled back.
func (s *session) Commit(ctx context.Context, statements []*tenancy.Statement) error {
	err := s.use(func(c *conn) error {
		if err := c.usable(); err != nil {
			return err
		}
		if !c.begun() && len(statements)+len(c.held) == 0 {
			return nil
		}
		t := trip{c: c}
		if err := t.begin(ctx); err != nil {
			return err
		}
		for _, st := range statements {
			if err := t.add(st); err != nil {
				return err
			}
		}
		t.commit()
		err := t.run(ctx)
		if err != nil && c.pg.IsClosed() && !pgconn.SafeToRetry(err) {
			return ErrOutcome.Wrap("postgres.Commit", err, "")
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.end()
}

// Rollback implements tenancy.Session.
func (s *session) Rollback(context.Context) error {
	if s.ended {
		return nil
	}
	return s.end()
}

// end gives the connection back, clean; a connection that cannot be cleaned is dropped by the pool.
func (s *session) end() error {
	s.sender.closeRows()
	err := s.use(func(c *conn) error {
		c.detach()
		return nil
	})
	s.ended = true
	if closing := s.pool.Close(); err == nil && !errors.Is(closing, sql.ErrConnDone) {
		err = closing
	}
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		return nil // it is gone, and with it the transaction
	}
	return err
}

// sender is the session as bun sees it. It marks what it sends as the session's own, and can close rows that somebody left
// open: they would hold the connection for ever.
type sender struct {
	session *session
	asked   context.Context // the caller's, last time
	given   context.Context // what was made of it
	cancels []context.CancelFunc
}

// context derives from the caller's context one that ends with the session. A session sees few different ones.
func (s *sender) context(ctx context.Context) context.Context {
	if s.asked != nil && reflect.TypeOf(ctx).Comparable() && s.asked == ctx {
		return s.given
	}
	given, cancel := context.WithCancel(asScoped(ctx))
	s.asked, s.given, s.cancels = ctx, given, append(s.cancels, cancel)
	return given
}

func (s *sender) closeRows() {
	for _, cancel := range s.cancels {
		cancel()
	}
	s.asked, s.given, s.cancels = nil, nil, nil
}

// QueryContext implements bun.IConn.
func (s *sender) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return s.session.pool.QueryContext(s.context(ctx), query, args...)
}

// ExecContext implements bun.IConn.
func (s *sender) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return s.session.pool.ExecContext(asScoped(ctx), query, args...)
}

// QueryRowContext implements bun.IConn.
func (s *sender) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return s.session.pool.QueryRowContext(s.context(ctx), query, args...)
}
