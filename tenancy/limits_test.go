package tenancy_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// endless is a report that never comes to its end.
const endless = `WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n FROM r) SELECT COUNT(*) FROM r`

// limited gives a fresh tenant limits of its own.
func limited(t *testing.T, env *tenancytest.Env, l tenancy.Limits) context.Context {
	t.Helper()
	ctx := env.Tenant(t)
	require.NoError(t, env.DB.Tenants().SetLimits(env.Platform(t), tenancy.ScopeOf(ctx).TenantID(), l, "test"))
	return ctx
}

func TestStatementsThatTakeTooLongAreStopped(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := limited(t, env, tenancy.Limits{StatementTimeout: 50 * time.Millisecond})
		run := map[string]func(ctx context.Context, tx *tenancy.Tx) error{
			"report": func(ctx context.Context, tx *tenancy.Tx) error {
				_, err := tenancy.Report[int64](ctx, tx, endless)
				return err
			},
			"after something else": func(ctx context.Context, tx *tenancy.Tx) error {
				if _, err := tenancy.Find[Book](ctx, tx); err != nil {
					return err
				}
				_, err := tenancy.Report[int64](ctx, tx, endless)
				return err
			},
			"after a stream, which is not hurried": func(ctx context.Context, tx *tenancy.Tx) error {
				if err := tenancy.Stream(ctx, tx, func(*Book) error { return nil }); err != nil {
					return err
				}
				_, err := tenancy.Report[int64](ctx, tx, endless)
				return err
			},
		}
		for name, act := range run {
			for _, in := range []func(context.Context, func(context.Context, *tenancy.Tx) error) error{env.DB.Tx, env.DB.Read} {
				err := in(ctx, act)
				require.ErrorIs(t, err, tenancy.ErrExhausted, name)
				require.Equal(t, fault.Exhausted, fault.KindOf(err))
			}
		}
		require.Zero(t, countBooks(t, ctx, env), "the tenant goes on")
		// A caller who loses patience first is told so, and not of a limit.
		short, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
		defer cancel()
		err := env.DB.Read(short, run["report"])
		require.Error(t, err)
		require.NotErrorIs(t, err, tenancy.ErrExhausted)
	})
}

// A stream waits for as long as it takes: here, for a row that somebody else holds.
func TestRaceStreamsAreNotHurried(t *testing.T) {
	env := tenancytest.Open(t, "postgres", tenancytest.Options{Modules: []tenancy.Module{library}})
	ctx := limited(t, env, tenancy.Limits{StatementTimeout: 200 * time.Millisecond})
	addBooks(t, ctx, env, novel("Held"))
	held, release := make(chan struct{}), make(chan struct{})
	done := make(chan error, 2)
	go func() {
		done <- env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			_, err := tenancy.Find[Book](ctx, tx, tenancy.ForUpdate())
			close(held)
			<-release
			return err
		})
	}()
	<-held
	go func() {
		done <- env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			return tenancy.Stream(ctx, tx, func(*Book) error { return nil }, tenancy.ForUpdate())
		})
	}()
	owner := env.Owner(t, uuid.Nil)
	require.Eventually(t, func() bool {
		var waiting int
		err := owner.QueryRow("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()").Scan(&waiting)
		return err == nil && waiting == 1
	}, 10*time.Second, time.Millisecond)
	err := env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		_, err := tenancy.Find[Book](ctx, tx, tenancy.ForUpdate())
		return err
	})
	require.ErrorIs(t, err, tenancy.ErrExhausted, "who came after the stream has given up")
	close(release)
	require.NoError(t, errors.Join(<-done, <-done))
}

func TestRowsOfOneTransactionAreCounted(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := limited(t, env, tenancy.Limits{RowsWritten: 3})
		put := func(in func(context.Context, func(context.Context, *tenancy.Tx) error) error, lots ...int) error {
			return in(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				for _, n := range lots {
					b := tx.Batch()
					var books []*Book
					for range n {
						books = append(books, novel(tenancy.NewID().String()))
					}
					tenancy.Put(b, books)
					if err := b.Run(ctx); err != nil {
						return err
					}
				}
				return nil
			})
		}
		require.NoError(t, put(env.DB.Tx, 3))
		for _, lots := range [][]int{{4}, {2, 2}, {1, 1, 1, 1}} {
			require.ErrorIs(t, put(env.DB.Tx, lots...), tenancy.ErrExhausted, lots)
		}
		require.EqualValues(t, 3, countBooks(t, ctx, env), "nothing of what went too far is kept")
		err := env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			books, err := tenancy.Find[Book](ctx, tx)
			if err != nil {
				return err
			}
			for i := range books {
				books[i].Pages++
				if err := tenancy.Update(ctx, tx, &books[i], "pages"); err != nil {
					return err
				}
			}
			return tenancy.Delete(ctx, tx, &books[0])
		})
		require.ErrorIs(t, err, tenancy.ErrExhausted, "changes and deletions count as well")
	})
}

func TestRowsOfOneAnswerAreCounted(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := limited(t, env, tenancy.Limits{RowsRead: 3})
		read := map[string]func(ctx context.Context, tx *tenancy.Tx) (int, error){
			"find": func(ctx context.Context, tx *tenancy.Tx) (int, error) {
				rows, err := tenancy.Find[Book](ctx, tx)
				return len(rows), err
			},
			"find with a higher limit": func(ctx context.Context, tx *tenancy.Tx) (int, error) {
				rows, err := tenancy.Find[Book](ctx, tx, tenancy.Limit(100))
				return len(rows), err
			},
			"report": func(ctx context.Context, tx *tenancy.Tx) (int, error) {
				rows, err := tenancy.Report[string](ctx, tx, "SELECT title FROM {books} AS b")
				return len(rows), err
			},
			"load": func(ctx context.Context, tx *tenancy.Tx) (int, error) {
				var rows []Book
				b := tx.Batch()
				tenancy.Load(b, &rows)
				err := b.Run(ctx)
				return len(rows), err
			},
		}
		in := func(act func(ctx context.Context, tx *tenancy.Tx) (int, error)) (n int, err error) {
			err = env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				n, err = act(ctx, tx)
				return err
			})
			return n, err
		}
		addBooks(t, ctx, env, novel("1"), novel("2"), novel("3"))
		for name, act := range read {
			n, err := in(act)
			require.NoError(t, err, name)
			require.Equal(t, 3, n, name)
		}
		addBooks(t, ctx, env, novel("4"))
		for name, act := range read {
			_, err := in(act)
			require.ErrorIs(t, err, tenancy.ErrExhausted, name)
		}
		n, err := in(func(ctx context.Context, tx *tenancy.Tx) (n int, err error) {
			if _, err := tenancy.Find[Book](ctx, tx, tenancy.Limit(3)); err != nil {
				return 0, err
			}
			page, err := tenancy.Page[Book](ctx, tx, tenancy.PageRequest{})
			if err != nil {
				return 0, err
			}
			return len(page.Items), tenancy.Stream(ctx, tx, func(*Book) error { n++; return nil })
		})
		require.NoError(t, err, "pages and streams are for more")
		require.Equal(t, 4, n)
	})
}

// One tenant comes with more transactions than there are connections, and holds them open. Its neighbour does not notice.
func TestRaceAFloodLeavesRoomForTheNeighbour(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		noisy := limited(t, env, tenancy.Limits{Waiting: 10, WaitAtMost: time.Minute})
		neighbour := env.Tenant(t)
		const flood = 40 // connections: 10
		release, open := make(chan struct{}), make(chan struct{}, flood)
		ends := make(chan error, flood)
		for range flood {
			go func() {
				ends <- env.DB.Read(noisy, func(ctx context.Context, tx *tenancy.Tx) error {
					if _, err := tenancy.Count[Book](ctx, tx); err != nil {
						return err
					}
					open <- struct{}{}
					<-release
					return nil
				})
			}()
		}
		var refused int
		most := map[string]int{"postgres": 5, "sqlite": 4}[env.Name] // a SQLite file has 4 connections; 8 may try for them
		sure := map[string]int{"postgres": flood - 5 - 10, "sqlite": flood - 8 - 10}[env.Name]
		for ; refused < sure; refused++ { // all that neither run nor wait
			require.ErrorIs(t, <-ends, tenancy.ErrExhausted)
		}
		for range most {
			<-open
		}
		neighbour, cancel := context.WithTimeout(neighbour, time.Minute)
		defer cancel()
		for i := range 20 {
			addBooks(t, neighbour, env, novel(fmt.Sprint(i)))
			require.EqualValues(t, i+1, countBooks(t, neighbour, env))
		}
		close(release)
		for range flood - refused {
			require.NoError(t, <-ends, "those who waited have had their turn")
		}
	})
}

func TestLimitsAreThePlatforms(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		platform := env.Platform(t)
		ctx := env.Tenant(t)
		id := tenancy.ScopeOf(ctx).TenantID()
		set := env.DB.Tenants().SetLimits
		few, err := env.DB.EnterPlatform(context.Background(), "clerk", tenancy.Permissions{tenancy.PermReadTenants})
		require.NoError(t, err)
		l := tenancy.Limits{StatementTimeout: time.Second, Transactions: 2, Waiting: 3, WaitAtMost: time.Minute, RowsWritten: 2, RowsRead: tenancy.Unlimited}
		require.ErrorIs(t, set(ctx, id, l, "why"), tenancy.ErrNotPlatform)
		require.ErrorIs(t, set(few, id, l, "why"), tenancy.ErrForbidden)
		require.ErrorIs(t, set(platform, id, l, " "), tenancy.ErrBadInput)
		require.ErrorIs(t, set(platform, tenancy.NewID(), l, "why"), tenancy.ErrNotFound)
		for _, bad := range []tenancy.Limits{
			{StatementTimeout: time.Microsecond}, {StatementTimeout: 25 * time.Hour}, {StatementTimeout: -2}, {Transactions: -2}, {Transactions: 10_001}, {Waiting: tenancy.Unlimited},
			{WaitAtMost: tenancy.Unlimited}, {WaitAtMost: time.Hour}, {RowsWritten: -2}, {RowsRead: -2},
		} {
			require.ErrorIs(t, set(platform, id, bad, "why"), tenancy.ErrBadInput, bad)
			_, err := tenancy.Open(context.Background(), env.Engine, tenancy.Options{Modules: []tenancy.Module{library}, Limits: bad})
			require.ErrorIs(t, err, tenancy.ErrBadInput, bad)
		}
		had := func() tenancy.Limits {
			got, err := env.DB.Tenants().Limits(few, id)
			require.NoError(t, err)
			return got
		}
		require.Zero(t, had())
		for range 2 {
			require.NoError(t, set(platform, id, l, "too loud"))
			require.Equal(t, l, had())
		}
		_, err = env.DB.Tenants().Limits(ctx, id)
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)
		write := func() error {
			return env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				for range 3 {
					if err := tenancy.Insert(ctx, tx, novel(tenancy.NewID().String())); err != nil {
						return err
					}
				}
				return nil
			})
		}
		require.ErrorIs(t, write(), tenancy.ErrExhausted, "at once")
		require.NoError(t, set(platform, id, tenancy.Limits{}, "better"))
		require.Zero(t, had())
		require.NoError(t, write())
		var lines int
		query := strings.ReplaceAll("SELECT count(*) FROM erp_control.platform_journal WHERE act = 'tenancy.limits' AND tenant_id = '"+id.String()+"'", "erp_control.", map[string]string{"postgres": "erp_control.", "sqlite": "erp_control_"}[env.Name])
		require.NoError(t, env.Control(t).QueryRow(query).Scan(&lines))
		require.Equal(t, 3, lines)
	})
}

// Limits of the program's own, and limits that another process has set; an import knows neither.
func TestLimitsOfAnotherProgram(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		db, err := tenancy.Open(context.Background(), env.Engine, tenancy.Options{Modules: []tenancy.Module{library}, StateMaxAge: time.Millisecond,
			Limits: tenancy.Limits{RowsWritten: 1, StatementTimeout: time.Millisecond}})
		require.NoError(t, err)
		defer func() { require.NoError(t, db.Close()) }()
		platform, err := db.EnterPlatform(context.Background(), "tester", tenancy.Permissions{"*"})
		require.NoError(t, err)
		made, err := db.Tenants().Import(platform, importing(t.Name()), "archive", newShelf().write)
		require.NoError(t, err)
		require.NoError(t, env.DB.Tenants().SetLimits(env.Platform(t), made.ID, tenancy.Limits{StatementTimeout: time.Minute}, "test"))
		ctx, err := db.Enter(context.Background(), made.ID, "tester", tenancy.Permissions{"*"})
		require.NoError(t, err)
		write := func(n int) error {
			return db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				for range n {
					if err := tenancy.Insert(ctx, tx, novel(tenancy.NewID().String())); err != nil {
						return err
					}
				}
				return nil
			})
		}
		require.NoError(t, write(1))
		require.ErrorIs(t, write(2), tenancy.ErrExhausted)
		require.NoError(t, env.DB.Tenants().SetLimits(env.Platform(t), made.ID, tenancy.Limits{RowsWritten: 2, StatementTimeout: time.Minute}, "test"))
		require.Eventually(t, func() bool { return write(2) == nil }, 10*time.Second, time.Millisecond)

		// Nothing of them is left of a purged tenant.
		_, err = db.Tenants().Cancel(platform, made.ID, "test")
		require.NoError(t, err)
		_, err = db.Tenants().PurgeNow(platform, made.ID, "test", "letter")
		require.NoError(t, err)
		left, err := db.Tenants().Limits(platform, made.ID)
		require.NoError(t, err)
		require.Zero(t, left)
		require.ErrorIs(t, db.Tenants().SetLimits(platform, made.ID, tenancy.Limits{Waiting: 1}, "test"), tenancy.ErrNotFound)
	})
}
