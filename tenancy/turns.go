package tenancy

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// turns see to it that no tenant has more transactions open in this process than it may, so that a flood of one tenant's leaves
// connections for the others. Whoever comes beyond waits outside: without a connection, in the order of coming, for a bounded
// time, and there are only so many who may.
type turns struct {
	mu sync.Mutex
	of map[uuid.UUID]*queue // of tenants that have a transaction open or waiting
}

type queue struct {
	most    int // as the latest who came has it; changes with SetLimits
	running int
	waiting []chan struct{} // closed when it is their turn
}

// take waits for the tenant's turn; the caller gives it back. most 0 is without bound.
func (t *turns) take(ctx context.Context, op string, tenant uuid.UUID, l Limits, most int) (giveBack func(), err error) {
	if most == 0 {
		return func() {}, nil
	}
	giveBack = func() { t.giveBack(tenant) }
	turn, err := t.join(op, tenant, l, most)
	if err != nil || turn == nil {
		return giveBack, err
	}
	enough := time.NewTimer(l.WaitAtMost)
	defer enough.Stop()
	select {
	case <-turn:
		return giveBack, nil
	case <-enough.C:
		err = ErrExhausted.New(op, "%d transactions of the tenant are open, as many as it may have, and none ended within %s", most, l.WaitAtMost)
	case <-ctx.Done():
		err = ctx.Err()
	}
	if !t.leave(tenant, turn) { // it came at this very moment
		return giveBack, nil
	}
	return nil, err
}

// join gives nil to whom it is the turn of already, else what to wait for.
func (t *turns) join(op string, tenant uuid.UUID, l Limits, most int) (turn chan struct{}, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = map[uuid.UUID]*queue{}
	}
	q := t.of[tenant]
	if q == nil {
		q = &queue{}
		t.of[tenant] = q
	}
	q.most = most
	switch {
	case q.running < q.most && len(q.waiting) == 0:
		q.running++
		return nil, nil
	case len(q.waiting) >= l.Waiting:
		return nil, ErrExhausted.New(op, "%d transactions of the tenant are open, as many as it may have, and %d wait for their turn", q.running, len(q.waiting))
	}
	turn = make(chan struct{})
	q.waiting = append(q.waiting, turn)
	q.next() // the limit may have been raised
	return turn, nil
}

// next lets in whoever may come in.
func (q *queue) next() {
	for len(q.waiting) > 0 && q.running < q.most {
		close(q.waiting[0])
		q.waiting = q.waiting[1:]
		q.running++
	}
}

func (t *turns) giveBack(tenant uuid.UUID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.of[tenant]
	q.running--
	q.next()
	if q.running == 0 && len(q.waiting) == 0 {
		delete(t.of, tenant)
	}
}

// leave takes one who waits out of the queue; false says that it is his turn.
func (t *turns) leave(tenant uuid.UUID, turn chan struct{}) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.of[tenant]
	if q == nil {
		return false
	}
	i := slices.Index(q.waiting, turn)
	if i < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	return true
}
