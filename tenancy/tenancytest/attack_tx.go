package tenancytest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// set is how a store on session variables says whose turn it is. It stays until somebody says otherwise.
func (n *Naive) set(tenant string) { n.current = tenant }

// currentBoxes lists by the variable.
func (n *Naive) currentBoxes() any {
	return n.try("SELECT content FROM naive_boxes WHERE tenant_id = ?", n.current)
}

// own is what the intruder sees afterwards.
func (w *Walled) mine() (any, error) { return w.boxes(w.Intruder) }

var errAttack = errors.New("attack")

// txAssaults leave something behind on a connection, a goroutine or a cache for the next one to find.
var txAssaults = []Assault{
	{
		Name: "pool of one, alternating tenants",
		Unwalled: func(n *Naive) any { // the second request forgets to set it
			n.set(n.victim.tenant)
			_ = n.currentBoxes()
			return n.currentBoxes()
		},
		Walled: func(w *Walled) (any, error) {
			var seen []any
			var wg sync.WaitGroup
			var mu sync.Mutex
			for _, ctx := range []context.Context{w.Victim, w.Intruder} {
				wg.Go(func() {
					for range 20 {
						out, err := w.boxes(ctx)
						if tenancy.ScopeOf(ctx).TenantID() == w.own.tenant {
							mu.Lock()
							seen = append(seen, out, err)
							mu.Unlock()
						}
					}
				})
			}
			wg.Wait()
			return seen, nil
		},
		Own: true,
	},
	{
		Name: "panic in the middle of a transaction",
		Unwalled: func(n *Naive) any {
			func() {
				defer func() { _ = recover() }()
				n.set(n.victim.tenant)
				panic("the handler's framework catches it, and resets nothing")
			}()
			return n.currentBoxes()
		},
		Walled: func(w *Walled) (any, error) {
			func() {
				defer func() { _ = recover() }()
				_ = w.Env.DB.Tx(w.Victim, func(ctx context.Context, tx *tenancy.Tx) error {
					_, _ = tenancy.Find[box](ctx, tx)
					panic("attack")
				})
			}()
			return w.mine()
		},
		Own: true,
	},
	{
		Name: "rollback and savepoint",
		Unwalled: func(n *Naive) any {
			n.set(n.victim.tenant)
			_ = n.db.RunInTx(context.Background(), nil, func(context.Context, bun.Tx) error { return errAttack }) // undoes rows, not variables
			return n.currentBoxes()
		},
		Walled: func(w *Walled) (any, error) {
			for _, end := range []error{errAttack, nil} {
				_ = w.Env.DB.Tx(w.Victim, func(ctx context.Context, tx *tenancy.Tx) error {
					_, _ = tenancy.Find[box](ctx, tx)
					_ = tx.Host(ctx, func(host *sql.Tx) error {
						_, err := host.ExecContext(ctx, "SELECT 1 / 0 FROM nothing")
						return err
					})
					return end
				})
			}
			_, err := w.Env.DB.DryRun(w.Victim, func(ctx context.Context, tx *tenancy.Tx) error {
				return tenancy.Insert(ctx, tx, &owner{Name: w.Secret})
			})
			require.NoError(w.TB, err)
			return w.mine()
		},
		Own: true,
	},
	{
		Name: "Host leaving a role or a tenant behind", Engines: onPostgres, Database: true,
		Unwalled: func(n *Naive) any { // the application's own SQL says SET, without LOCAL
			n.must("SELECT set_config('naive.tenant', ?, false)", n.victim.tenant)
			return n.try("SELECT content FROM naive_boxes WHERE tenant_id = current_setting('naive.tenant')")
		},
		Walled: func(w *Walled) (any, error) {
			for _, text := range []string{"SET erp.tenant = '" + w.foreign.tenant.String() + "'", "SET SESSION search_path = attacked, public", "CREATE TEMP TABLE boxes AS SELECT 1 AS one",
				"SET standard_conforming_strings = off", "SELECT set_config('role', 'none', false)"} {
				_, err := w.hostSays(text)
				if err != nil && fault.KindOf(err) != fault.Internal {
					return nil, err
				}
			}
			leaks, err := w.hostSays("SELECT content FROM attacked.boxes")
			out, own := w.mine()
			return []any{leaks, err, out}, own
		},
		Own: true,
	},
	{
		Name: "Join leaving a role or a tenant behind", Engines: onPostgres, Database: true,
		Unwalled: func(n *Naive) any {
			n.must("SELECT set_config('naive.tenant', ?, false)", n.victim.tenant) // the library's part ends, the setting stays
			return n.try("SELECT content FROM naive_boxes WHERE tenant_id = current_setting('naive.tenant')")
		},
		Walled: func(w *Walled) (any, error) {
			ctx := context.Background()
			host, err := w.hostConn().BeginTx(ctx, nil)
			require.NoError(w.TB, err)
			defer func() { _ = host.Rollback() }()
			err = w.Env.DB.Join(w.Victim, host, func(ctx context.Context, tx *tenancy.Tx) error {
				_, err := tenancy.Find[box](ctx, tx)
				return err
			})
			require.NoError(w.TB, err)
			var left string
			err = host.QueryRowContext(ctx, "SELECT coalesce(current_setting('erp.tenant', true), '') || ' ' || current_user").Scan(&left)
			require.NoError(w.TB, err)
			require.NotContains(w.TB, left, w.foreign.tenant.String())
			require.NotContains(w.TB, left, "erp_app")
			_, denied := host.ExecContext(ctx, "SELECT content FROM attacked.boxes")
			require.Error(w.TB, denied)
			return []any{left, denied}, nil
		},
	},
	{
		Name: "goroutine without a context",
		Unwalled: func(n *Naive) any { // go func() { list(context.Background()) }()
			out := make(chan any)
			go func() { out <- n.boxes(context.Background()) }()
			return <-out
		},
		Walled: func(w *Walled) (any, error) {
			type answer struct {
				seen any
				err  error
			}
			got := make(chan answer)
			go func() {
				out, err := w.boxes(context.Background())
				got <- answer{out, err}
			}()
			a := <-got
			return a.seen, a.err
		},
		Refused: []*fault.Definition{tenancy.ErrNoScope},
	},
	{
		Name: "another goroutine's transaction",
		Unwalled: func(n *Naive) any { // a shared variable, changed by whoever comes
			n.set(n.intruder.tenant)
			done := make(chan bool)
			go func() { n.set(n.victim.tenant); close(done) }()
			<-done
			return n.currentBoxes()
		},
		Walled: func(w *Walled) (any, error) {
			var seen any
			got := make(chan error)
			_ = w.Env.DB.Tx(w.Victim, func(ctx context.Context, tx *tenancy.Tx) error {
				go func() {
					rows, err := tenancy.Find[box](ctx, tx) //tenantlint:allow context that is the attack
					seen = rows
					got <- err
				}()
				return <-got
			})
			var err error
			_ = w.Env.DB.Tx(w.Victim, func(ctx context.Context, tx *tenancy.Tx) error {
				go func() {
					_, e := tenancy.Find[box](ctx, tx) //tenantlint:allow context that is the attack
					got <- e
				}()
				err = <-got
				return nil
			})
			return seen, err
		},
		Refused: []*fault.Definition{tenancy.ErrOtherGoroutine},
	},
	{
		Name: "job without an envelope",
		Unwalled: func(n *Naive) any { // a job's payload is an id; whose it is, nobody wrote down
			payload := map[string]string{"box": n.victim.box}
			return n.try("SELECT content FROM naive_boxes WHERE id = ?", payload["box"])
		},
		Walled: func(w *Walled) (any, error) {
			var mu sync.Mutex // tenants take their turns at once
			var seen any
			var failure error
			jobs, err := w.Env.DB.Background(tenancy.BackgroundOptions{Jobs: []tenancy.Job{{Name: "attack.forgot", Every: time.Second, Tenant: func(context.Context) (bool, error) {
				mu.Lock()
				defer mu.Unlock()
				seen, failure = w.boxes(context.Background()) //tenantlint:allow context that is the attack
				return false, nil
			}}}})
			require.NoError(w.TB, err)
			_, err = jobs.Tick(context.Background(), time.Now())
			require.NoError(w.TB, err)
			return seen, failure
		},
		Refused: []*fault.Definition{tenancy.ErrNoScope},
	},
	{
		Name: "job replayed after suspension",
		Unwalled: func(n *Naive) any { // the queue still has it
			n.must("UPDATE naive_tenants SET state = 'suspended' WHERE id = ?", n.victim.tenant)
			return n.boxes(n.as(n.victim.tenant))
		},
		Walled: func(w *Walled) (any, error) {
			id := tenancy.ScopeOf(w.another()).TenantID()
			replay, err := w.Env.DB.System(context.Background(), id, "attack.replay")
			require.NoError(w.TB, err)
			_, err = w.Env.DB.Tenants().Suspend(w.Env.Platform(w.TB), id, "attack")
			require.NoError(w.TB, err)
			if out, err := w.Env.DB.System(context.Background(), id, "attack.replay"); err == nil {
				seen, err := w.boxes(out)
				return seen, err
			}
			seen, err := w.boxes(replay)
			return seen, err
		},
		Refused: []*fault.Definition{tenancy.ErrTenantSuspended},
	},
	{
		Name: "cache collision",
		Unwalled: func(n *Naive) any { // the key is the question, without who asks
			ask := func(tenant string) any {
				if v, ok := n.cache["boxes"]; ok {
					return v
				}
				n.cache["boxes"] = n.boxes(n.as(tenant))
				return n.cache["boxes"]
			}
			ask(n.victim.tenant)
			return ask(n.intruder.tenant)
		},
		Walled: func(w *Walled) (any, error) {
			ask := func(ctx context.Context) (seen []box, err error) {
				err = w.Env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
					seen, err = tenancy.Memo(tx, "boxes", func() ([]box, error) { return tenancy.Find[box](ctx, tx) })
					return err
				})
				return seen, err
			}
			_, err := ask(w.Victim)
			require.NoError(w.TB, err)
			return ask(w.Intruder)
		},
		Own: true,
	},
	{
		Name: "error text and logs leaking values",
		Unwalled: func(n *Naive) any { // the driver's own text goes to the caller
			if n.engine == "postgres" {
				return n.try("SELECT CAST((SELECT content FROM naive_boxes WHERE id = ?) AS integer)", n.victim.box)
			}
			return fmt.Errorf("box %v exists already", n.boxes(context.Background())) //nolint:err113 // as in the wild
		},
		Walled: func(w *Walled) (any, error) {
			var seen []any
			for _, act := range []func(ctx context.Context, tx *tenancy.Tx) error{
				func(ctx context.Context, tx *tenancy.Tx) error {
					_, err := tenancy.Report[int64](ctx, tx, "SELECT CAST(content AS BIGINT) FROM {boxes} AS b")
					return err
				},
				func(ctx context.Context, tx *tenancy.Tx) error {
					return tenancy.Insert(ctx, tx, &box{OwnerID: w.own.owner, Title: w.own.title})
				},
				func(ctx context.Context, tx *tenancy.Tx) error {
					return tenancy.Insert(ctx, tx, &box{OwnerID: uuid.New(), Title: "personal@example.org"})
				},
			} {
				err := w.tx(act)
				require.NotContains(w.TB, show(err), "personal@example.org")
				require.NotContains(w.TB, show(err), w.OwnSecret, "the caller's own values do not belong into errors either, for errors are logged")
				seen = append(seen, err)
			}
			return seen, nil
		},
	},
}
