package sqlite

import (
	"context"
	"sync"
	"time"

	"github.com/opsmatiq/erp/tenancy"
)

// overdue is a context that ends when a statement has taken as long as it may, and says so: what database/sql and the driver
// give back is then the refusal itself, and not that of a caller who has lost patience. It has a channel of its own, for
// contexts that are derived from a standard one ask that one, and not those between.
type overdue struct {
	context.Context //nolint:containedctx // it is one
	done            chan struct{}

	mu  sync.Mutex
	err error
}

// bound gives a statement's context, and what ends it.
func (s *session) bound(ctx context.Context) (context.Context, func()) {
	if s.timeout <= 0 || tenancy.Unhurried(ctx) {
		return ctx, func() {}
	}
	c := &overdue{Context: ctx, done: make(chan struct{})}
	timer := time.AfterFunc(s.timeout, func() {
		c.end(tenancy.ErrExhausted.New("sqlite", "a statement took longer than %s, which is as long as it may", s.timeout))
	})
	stop := context.AfterFunc(ctx, func() { c.end(ctx.Err()) })
	return c, func() { timer.Stop(); stop() }
}

func (c *overdue) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		close(c.done)
	}
}

// Done implements context.Context.
func (c *overdue) Done() <-chan struct{} { return c.done }

// Err implements context.Context.
func (c *overdue) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}
