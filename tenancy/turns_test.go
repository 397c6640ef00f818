package tenancy

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// waits lets a goroutine wait for its turn, and returns when it stands in the queue.
func (t *turns) waits(ctx context.Context, tt *testing.T, tenant uuid.UUID, l Limits, most int, then func(giveBack func(), err error)) {
	tt.Helper()
	inQueue := func() (n int) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if q := t.of[tenant]; q != nil {
			n = len(q.waiting)
		}
		return n
	}
	before := inQueue()
	go func() { then(t.take(ctx, "test", tenant, l, most)) }()
	require.Eventually(tt, func() bool { return inQueue() > before }, 10*time.Second, time.Millisecond)
}

func TestTurnsAreTakenInOrder(t *testing.T) {
	var all turns
	tenant, other := NewID(), NewID()
	l := Limits{Waiting: 2, WaitAtMost: time.Hour}
	ctx := t.Context()
	one, err := all.take(ctx, "test", tenant, l, 1)
	require.NoError(t, err)
	order := make(chan string, 4)
	for _, name := range []string{"first", "second"} {
		all.waits(ctx, t, tenant, l, 1, func(giveBack func(), err error) {
			if err == nil {
				order <- name
				giveBack()
			}
		})
	}
	_, err = all.take(ctx, "test", tenant, l, 1)
	require.ErrorIs(t, err, ErrExhausted, "the queue is full")
	theirs, err := all.take(ctx, "test", other, l, 1)
	require.NoError(t, err, "which is nothing to another tenant")
	theirs()
	one()
	require.Equal(t, "first", <-order)
	require.Equal(t, "second", <-order)
	again, err := all.take(ctx, "test", tenant, l, 1)
	require.NoError(t, err)
	again()
	require.Empty(t, all.of, "nothing is kept of tenants that do nothing")
}

func TestTurnsEndInTime(t *testing.T) {
	var all turns
	tenant := NewID()
	l := Limits{Waiting: 1, WaitAtMost: time.Hour}
	ctx := t.Context()
	one, err := all.take(ctx, "test", tenant, l, 1)
	require.NoError(t, err)
	short := l
	short.WaitAtMost = time.Millisecond
	_, err = all.take(ctx, "test", tenant, short, 1)
	require.ErrorIs(t, err, ErrExhausted)
	patience, cancel := context.WithCancel(ctx)
	gone := make(chan error)
	all.waits(patience, t, tenant, l, 1, func(_ func(), err error) { gone <- err })
	cancel()
	require.ErrorIs(t, <-gone, context.Canceled)
	// Neither is in the way of who comes now.
	in := make(chan func())
	all.waits(ctx, t, tenant, l, 1, func(giveBack func(), _ error) { in <- giveBack })
	one()
	(<-in)()
	require.Empty(t, all.of)

	// A limit that is raised meanwhile lets in who waits.
	one, err = all.take(ctx, "test", tenant, l, 1)
	require.NoError(t, err)
	all.waits(ctx, t, tenant, l, 1, func(giveBack func(), _ error) { in <- giveBack })
	wide := l
	wide.Waiting = 2
	two, err := all.take(ctx, "test", tenant, wide, 3)
	require.NoError(t, err)
	three := <-in
	for _, giveBack := range []func(){one, two, three} {
		giveBack()
	}
	require.Empty(t, all.of)
	free, err := all.take(ctx, "test", tenant, l, 0)
	require.NoError(t, err)
	free()
}

// However they come and go, there are never more than may be, and nobody is forgotten.
func TestRaceTurns(t *testing.T) {
	var all turns
	tenants := []uuid.UUID{NewID(), NewID()}
	running := map[uuid.UUID]chan struct{}{}
	const most = 3
	for _, id := range tenants {
		running[id] = make(chan struct{}, most)
	}
	var crowd errgroup.Group
	for i := range 40 {
		crowd.Go(func() error {
			for n := range 50 {
				id := tenants[(i+n)%2]
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n%5)*time.Millisecond)
				giveBack, err := all.take(ctx, "test", id, Limits{Waiting: 5, WaitAtMost: time.Duration(1+n%3) * time.Millisecond}, most)
				if err == nil {
					select {
					case running[id] <- struct{}{}:
						<-running[id]
					default:
						cancel()
						return ErrExhausted.New("test", "too many at once")
					}
					giveBack()
				}
				cancel()
			}
			return nil
		})
	}
	require.NoError(t, crowd.Wait())
	require.Empty(t, all.of)
}

func TestTheLastConnectionIsNobodys(t *testing.T) {
	for _, c := range []struct{ asked, sessions, want int }{
		{0, 10, 5}, {0, 1, 1}, {0, 3, 1}, {4, 10, 4}, {10, 10, 9}, {Unlimited, 10, 9}, {50, 2, 1}, {1, 1, 1}, {0, 0, fileTransactions}, {3, 0, 3}, {Unlimited, 0, 0},
	} {
		require.Equal(t, c.want, Limits{Transactions: c.asked}.transactions(c.sessions), c)
	}
}
