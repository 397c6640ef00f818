package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/opsmatiq/erp/tenancy"
)

const (
	hostSavepoint = "erp_host"
	joinSavepoint = "erp_join"
)

// hostTx is the driver's side of the *sql.Tx that the host's function is given. The transaction is not its to end.
type hostTx struct{ c *conn }

// Commit implements driver.Tx.
func (h hostTx) Commit() error { return h.refuse("committed") }

// Rollback implements driver.Tx. The engine calls it too, after the function, to end the handle and nothing else.
func (h hostTx) Rollback() error {
	if !h.c.hosting {
		return nil
	}
	return h.refuse("rolled back")
}

func (h hostTx) refuse(what string) error {
	h.c.broken = tenancy.ErrHostEndedTx.New("postgres.Host", "the host's function %s the shared transaction; nothing of it is kept", what)
	return h.c.broken
}

// Host implements tenancy.Session. fn runs behind a savepoint, under the host's role, with no tenant set and the login's
// own search path. On every way out the role, the tenant and the search path are set again, whatever fn set; if fn fails,
// what it did is undone as well. A handle that fn lets escape is dead afterwards.
func (s *session) Host(ctx context.Context, fn func(*sql.Tx) error) error {
	if err := s.use(func(c *conn) error { return c.enterHost(ctx) }); err != nil {
		return err
	}
	// Not the caller's context: database/sql would roll back by itself when that ends. Statements have their own.
	handle, err := s.pool.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return errors.Join(err, s.use(func(c *conn) error { return c.leaveHost(ctx, true) }))
	}
	failed := true
	leave := func() error {
		endErr := s.use(func(c *conn) error { c.hosting = false; return nil })
		if err := handle.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) { // closes rows left open
			endErr = errors.Join(endErr, err)
		}
		return errors.Join(endErr, s.use(func(c *conn) error { return c.leaveHost(ctx, failed) }))
	}
	defer func() {
		if leave != nil { // fn panicked
			_ = leave()
		}
	}()
	err = fn(handle)
	failed = err != nil
	last := leave
	leave = nil
	if leaving := last(); leaving != nil {
		if errors.Is(leaving, tenancy.ErrHostEndedTx) || err == nil {
			return leaving
		}
		return errors.Join(err, leaving)
	}
	return err
}

func (c *conn) enterHost(ctx context.Context) error {
	if err := c.usable(); err != nil {
		return err
	}
	t := trip{c: c}
	if err := t.begin(ctx); err != nil {
		return err
	}
	c.on.tell("host", "")
	t.plain("SAVEPOINT " + hostSavepoint)
	t.plain("SET LOCAL ROLE " + roleOrNone(c.on.hostRole))
	t.plain("SET LOCAL erp.tenant = ''")
	t.plain("SET LOCAL search_path TO DEFAULT")
	if err := t.run(ctx); err != nil {
		return err
	}
	c.hosting, c.dirty = true, true
	return nil
}

// leaveHost brings the scope back. It does not depend on the caller's context: an expired one must not leave the
// transaction under the host's role.
func (c *conn) leaveHost(ctx context.Context, failed bool) error {
	c.hosting = false
	if c.broken != nil || c.pg.IsClosed() {
		return c.broken
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	swallowed := !failed && c.pg.TxStatus() == aborted
	t := trip{c: c}
	if failed || swallowed {
		t.plain("ROLLBACK TO SAVEPOINT " + hostSavepoint)
	}
	t.plain("RELEASE SAVEPOINT " + hostSavepoint)
	t.enter()
	err := t.run(ctx)
	switch {
	case err == nil && swallowed:
		c.broken = tenancy.ErrTxDoomed.New("postgres.Host", "a statement of the host failed and its function returned no error")
		return c.broken
	case err == nil:
		return nil
	case c.begun() && !savepointGone(err):
		c.broken = err
	default:
		c.broken = tenancy.ErrHostEndedTx.Wrap("postgres.Host", err, "")
	}
	return c.broken
}

// savepointGone reports that the transaction is not the one that the savepoint was set in.
func savepointGone(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "3B001" || pg.Code == "25P01")
}

func roleOrNone(role string) string {
	if role == "" || role == "none" {
		return "NONE"
	}
	return quote(role)
}
