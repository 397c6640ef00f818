package tenancytest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/postgres"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// patience is how long a victim waits for its turn before its work counts as not done.
const patience = 20 * time.Second

// crowd is a second program on the same database with few connections.
func (w *Walled) crowd() *tenancy.DB {
	w.TB.Helper()
	eng := w.Env.Engine
	switch e := eng.(type) {
	case postgres.Engine:
		e.MaxConns = 4
		eng = e
	case sqlite.Engine:
		e.MaxOpen = 4
		eng = e
	}
	db, err := tenancy.Open(context.Background(), eng, tenancy.Options{Modules: w.Env.modules, Keys: w.Env.Keys, Limits: tenancy.Limits{Waiting: 2, WaitAtMost: 10 * time.Minute}})
	require.NoError(w.TB, err)
	w.TB.Cleanup(func() { _ = db.Close() })
	return db
}

// work is what the victim has to do: it looks, and writes, and all is as it was.
func (w *Walled) work(db *tenancy.DB) error {
	ctx, err := db.Enter(context.Background(), w.foreign.tenant, "user:1", tenancy.Permissions{"*"})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		b, err := tenancy.Lock[box](ctx, tx, w.foreign.box)
		if err != nil {
			return err
		}
		return tenancy.Update(ctx, tx, b, "content")
	})
}

// floodAssaults take nothing of the victim's but its turn.
var floodAssaults = []Assault{
	{
		Name: "lock and quota starvation", Database: true, // not the database, but a second program must be able to start
		Unwalled: func(n *Naive) any { // one pool for all, and whoever has a connection keeps it
			held, err := n.db.DB.BeginTx(context.Background(), nil)
			require.NoError(n.TB, err)
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			_, starved := n.db.DB.QueryContext(ctx, "SELECT 1") // it is to fail
			require.NoError(n.TB, held.Rollback())
			return says(starved != nil, n.Secret)
		},
		Walled: func(w *Walled) (any, error) {
			db := w.crowd()
			intruder, err := db.Enter(context.Background(), w.own.tenant, "user:1", tenancy.Permissions{"*"})
			require.NoError(w.TB, err)
			const flood = 30
			open, release, ends := make(chan struct{}, flood), make(chan struct{}), make(chan error, flood)
			for range flood {
				go func() {
					ends <- db.Read(intruder, func(ctx context.Context, tx *tenancy.Tx) error {
						_, err := tenancy.Find[box](ctx, tx)
						open <- struct{}{}
						<-release
						return err
					})
				}()
			}
			<-open
			var refusal error
			left := flood
			select {
			case refusal = <-ends: // somebody neither ran nor might wait
				left--
			case <-time.After(patience):
			}
			work := w.work(db)
			close(release)
			for range left {
				if err := <-ends; refusal == nil {
					refusal = err
				}
			}
			return says(work != nil, w.Secret), refusal
		},
		Refused: []*fault.Definition{tenancy.ErrExhausted},
	},
	{
		Name: "locks held on everything", Database: true,
		Unwalled: func(n *Naive) any { // "SELECT ... FOR UPDATE" without a predicate: here the whole database is one lock
			held, err := n.db.DB.BeginTx(context.Background(), nil)
			require.NoError(n.TB, err)
			_, err = held.Exec("UPDATE naive_boxes SET weight = weight")
			require.NoError(n.TB, err)
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			_, starved := n.db.DB.ExecContext(ctx, "UPDATE naive_boxes SET weight = weight")
			require.NoError(n.TB, held.Rollback())
			return says(starved != nil, n.Secret)
		},
		Walled: func(w *Walled) (any, error) { // all that it can reach
			db := w.crowd()
			intruder, err := db.Enter(context.Background(), w.own.tenant, "user:1", tenancy.Permissions{"*"})
			require.NoError(w.TB, err)
			var seen []any
			var work error
			err = db.Tx(intruder, func(ctx context.Context, tx *tenancy.Tx) error {
				all, err := tenancy.Find[box](ctx, tx, tenancy.ForUpdate())
				if err != nil {
					return err
				}
				seen = append(seen, all)
				done := make(chan error)
				go func() { done <- w.work(db) }()
				work = <-done
				return nil
			})
			return append(seen, says(work != nil, w.Secret)), err
		},
		Own: true,
	},
}
