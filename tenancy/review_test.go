package tenancy_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// Ways through the store that an independent reading found, each once open.

func TestReportsCannotBeTalkedOutOfTheirTenant(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		for _, bad := range []string{
			`SELECT b.title FROM {books} AS b WHERE b.title <> '%?%'`,
			`SELECT b.title FROM {books} AS b WHERE b.title LIKE ?`,
			`SELECT b.title FROM (SELECT E'\' AS a ', set_config(?, ?, true) AS s OFFSET 0) AS s CROSS JOIN LATERAL (SELECT title FROM lib.books) AS b --'`,
			`SELECT query_to_xml_and_xmlschema('SELECT 1', true, true, '')`, `SELECT ts_stat ('SELECT 1')`, `SELECT U&'\0061'`, `SELECT N'a'`,
			`SELECT b.title INTO TEMP leak FROM {books} AS b`, `SELECT b.title FROM {books} AS b FOR UPDATE`, `SELECT b.title FROM {books} AS b FOR SHARE`,
			`SELECT pg_sleep(1)`, `SELECT lo_from_bytea(0, '')`, `SELECT * FROM pg_class`, `SELECT * FROM sqlite_master`, `SELECT title FROM 'lib_books'`,
			`SELECT title FROM {books} AS b, 'lib_books'`, `SELECT 'a\'`, `SELECT 1::text`, `SELECT @x`, `SELECT 'ünïcode' FROM {books} AS ü`, `SELECT upper('a')`,
		} {
			require.ErrorIs(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				_, err := tenancy.Report[string](ctx, tx, bad, "x", "y")
				return err
			}), tenancy.ErrBadQuery, bad)
		}
		for _, arg := range []any{nil, 1.5, []string{"a"}, struct{}{}, tenancy.List("a"), tenancy.List([]float64{1})} {
			require.ErrorIs(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				_, err := tenancy.Report[string](ctx, tx, `SELECT b.title FROM {books} AS b WHERE b.title = ?`, arg)
				return err
			}), tenancy.ErrBadQuery, "%T", arg)
		}
	})
}

// A host may have set its connection so that backslashes escape; a value with one must stay a value.
func TestValuesStayValuesWhateverTheHostSet(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		victim, ctx := env.Tenant(t), env.Tenant(t)
		addBooks(t, victim, env, novel("VICTIM"))
		addBooks(t, ctx, env, novel("own"))
		payload := `\' )) UNION ALL SELECT b.* FROM (SELECT set_config($$erp.tenant$$,$$` + tenancy.ScopeOf(victim).TenantID().String() +
			`$$,true) OFFSET 0) AS s, LATERAL (SELECT * FROM lib.books) AS b --`
		attack := func(ctx context.Context, tx *tenancy.Tx) error {
			rows, err := tenancy.Find[Book](ctx, tx, tenancy.Eq("title", payload))
			require.NoError(t, err)
			require.Empty(t, rows)
			all, err := tenancy.Find[Book](ctx, tx)
			require.NoError(t, err)
			require.Len(t, all, 1)
			require.Equal(t, date.Of(1813, 1, 28), all[0].Published)
			return nil
		}
		settings := "SET LOCAL standard_conforming_strings = off; SET LOCAL datestyle = 'German'"
		if env.Name == "sqlite" {
			settings = "SELECT 1"
		}
		require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			require.NoError(t, tx.Host(ctx, func(host *sql.Tx) error { _, err := host.Exec(settings); return err }))
			return attack(ctx, tx)
		}))
		if env.Name == "sqlite" {
			return
		}
		tx, err := env.Owner(t, tenancy.ScopeOf(ctx).TenantID()).Begin()
		require.NoError(t, err)
		defer func() { require.NoError(t, tx.Rollback()) }()
		_, err = tx.Exec(settings)
		require.NoError(t, err)
		require.NoError(t, env.DB.Join(ctx, tx, attack))
		var strings, dates string
		require.NoError(t, tx.QueryRow("SELECT current_setting('standard_conforming_strings'), current_setting('datestyle')").Scan(&strings, &dates))
		require.Equal(t, "off", strings)
		require.Contains(t, dates, "German")
	})
}

func TestAHostCannotEndTheTransactionByText(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		for _, text := range []string{"COMMIT", "ROLLBACK", "END", "/* x */ commit", "SELECT 1; COMMIT"} {
			require.Error(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				require.NoError(t, tenancy.Insert(ctx, tx, novel("before")))
				_ = tx.Host(ctx, func(host *sql.Tx) error { _, err := host.Exec(text); _ = err; return nil })
				return tenancy.Insert(ctx, tx, novel("after"))
			}), text)
			require.Zero(t, countBooks(t, ctx, env), text)
		}
		var kept *sql.Tx
		require.ErrorIs(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			require.NoError(t, tx.Host(ctx, func(host *sql.Tx) error { kept = host; return nil }))
			require.NoError(t, tenancy.Insert(ctx, tx, novel("before")))
			require.Error(t, kept.Commit())
			return errOops
		}), errOops)
		require.Zero(t, countBooks(t, ctx, env))
	})
}

func TestEventsAreNotForged(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		require.ErrorIs(t, env.DB.Tx(env.Tenant(t), func(ctx context.Context, tx *tenancy.Tx) error {
			return tenancy.Insert(ctx, tx, &tenancy.Event{Actor: "the-boss", Act: "forged", OccurredAt: tx.Now()})
		}), tenancy.ErrSystemModel)
	})
}

func TestAPartNeedsItsOwnRoot(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		require.ErrorIs(t, env.DB.Tx(env.Tenant(t), func(ctx context.Context, tx *tenancy.Tx) error {
			require.NoError(t, tenancy.Insert(ctx, tx, &Receipt{Number: "R-2"}))
			return tenancy.Insert(ctx, tx, &ReceiptText{ReceiptID: tenancy.NewID(), Payer: "Ada"})
		}), tenancy.ErrUnrecorded, "another root's event does not speak for it")
	})
}

func TestConditionsAreOfTheirColumnsType(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		for name, opt := range map[string]tenancy.Option{
			"text for a number": tenancy.Lt("pages", "abc"), "digits for a number": tenancy.Eq("pages", "300"), "a time for a date": tenancy.Eq("published", time.Now()),
			"no date": tenancy.Ne("published", date.Date{}), "a number for a bool": tenancy.Eq("in_print", 1), "a float": tenancy.Gt("pages", 299.5),
			"texts for ids": tenancy.In("id", []string{"abc"}), "nil": tenancy.Eq("title", nil), "a NUL": tenancy.Eq("title", "a\x00"), "bad UTF-8": tenancy.Eq("title", "\xff"),
			"a decimal": tenancy.Eq("price", novel("x").Price), "no column": tenancy.Eq("nowhere", 1), "limit 0": tenancy.Limit(0),
		} {
			for path, read := range map[string]func(ctx context.Context, tx *tenancy.Tx) error{
				"find": func(ctx context.Context, tx *tenancy.Tx) error {
					_, err := tenancy.Find[Book](ctx, tx, opt)
					return err
				},
				"load": func(ctx context.Context, tx *tenancy.Tx) error {
					var rows []Book
					b := tx.Batch()
					tenancy.Load(b, &rows, opt)
					return b.Run(ctx)
				},
			} {
				err := env.DB.Read(ctx, read)
				require.Error(t, err, "%s, %s", name, path)
				require.NotErrorIs(t, err, tenancy.ErrDatabase, "%s, %s", name, path)
			}
		}
	})
}

func TestWritesThatTheEnginesWouldTakeDifferently(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		book := novel("Fine")
		addBooks(t, ctx, env, book)
		batch := func(fill func(b *tenancy.Batch)) error {
			return env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				b := tx.Batch()
				fill(b)
				return b.Run(ctx)
			})
		}
		require.ErrorIs(t, batch(func(b *tenancy.Batch) { tenancy.Put(b, []*Book{novel("bad \xff")}) }), tenancy.ErrRefusedValue)
		require.ErrorIs(t, batch(func(b *tenancy.Batch) { tenancy.Put(b, []*Book{novel("bad \x00")}) }), tenancy.ErrRefusedValue)
		require.ErrorIs(t, batch(func(b *tenancy.Batch) { tenancy.Accrue(b, []*Book{book}, "price") }), tenancy.ErrBadQuery)
		require.ErrorIs(t, batch(func(b *tenancy.Batch) { tenancy.Set(b, []*Book{book}, "pages", "pages") }), tenancy.ErrBadQuery)
		require.ErrorIs(t, batch(func(b *tenancy.Batch) { tenancy.Set(b, []*Book{book, book}, "pages") }), tenancy.ErrBadQuery)
		require.ErrorIs(t, batch(func(b *tenancy.Batch) { tenancy.Set(b, []*Book{book}, "tenant_id") }), tenancy.ErrBadQuery)
	})
}

func TestMissingValuesSortAlike(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		dated, undated := novel("dated"), novel("undated")
		undated.Published = date.Date{}
		addBooks(t, ctx, env, dated, undated)
		require.NoError(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			for order, want := range map[string]string{"published": "undated", "-published": "dated"} {
				first, err := tenancy.First[Book](ctx, tx, tenancy.OrderBy(order))
				require.NoError(t, err)
				require.Equal(t, want, first.Title)
				var rows []Book
				b := tx.Batch()
				tenancy.Load(b, &rows, tenancy.OrderBy(order), tenancy.Limit(1))
				require.NoError(t, b.Run(ctx))
				require.Equal(t, want, rows[0].Title)
			}
			return nil
		}))
	})
}

func TestTheTransactionRestsWhileRowsAreStreamed(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		addBooks(t, ctx, env, novel("a"), novel("b"))
		rows := 0
		require.ErrorIs(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			return tenancy.Stream(ctx, tx, func(*Book) error {
				rows++
				return tenancy.Insert(ctx, tx, novel(uuid.NewString()))
			})
		}), tenancy.ErrStreaming)
		require.Equal(t, 1, rows)
	})
}

// Several processes, or goroutines, may complete one tenant's creation; what is written into it meanwhile stays.
func TestRaceCreatingOneTenantManyTimesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		for round := range 5 {
			reference := fmt.Sprint(uuid.NewString(), round)
			var wg sync.WaitGroup
			ids := make([]uuid.UUID, 4)
			for i := range ids {
				wg.Go(func() {
					created, err := env.DB.Tenants().Create(env.Platform(t), tenancy.NewTenant{Name: "one", Reference: reference})
					if err != nil {
						t.Errorf("create: %v", err)
						return
					}
					ids[i] = created.ID
					addBooks(t, env.Enter(t, created.ID, tenancy.AllPermissions), env, novel(fmt.Sprint("by ", i)))
				})
			}
			wg.Wait()
			for _, id := range ids {
				require.Equal(t, ids[0], id)
			}
			require.EqualValues(t, len(ids), countBooks(t, env.Enter(t, ids[0], tenancy.AllPermissions), env))
			var stored int
			require.NoError(t, env.Owner(t, ids[0]).QueryRow(env.SQL("SELECT COUNT(*) FROM lib.books WHERE tenant_id = '"+ids[0].String()+"'")).Scan(&stored))
			require.Equal(t, len(ids), stored, "in the place that the next process would open")
		}
	})
}

func TestRaceAWaitEndsWithItsContext(t *testing.T) {
	env := tenancytest.Open(t, "sqlite", tenancytest.Options{Modules: []tenancy.Module{library}})
	ctx := env.Tenant(t)
	require.NoError(t, env.DB.Tx(ctx, func(_ context.Context, tx *tenancy.Tx) error {
		require.NoError(t, tenancy.Insert(ctx, tx, novel("holds the lock")))
		var wg sync.WaitGroup
		wg.Go(func() {
			cut, cancel := context.WithCancel(ctx)
			time.AfterFunc(10*time.Millisecond, cancel)
			_, err := tenancy.Act(cut, env.DB, "lib.wait", func(ctx context.Context, tx *tenancy.Tx) (int64, error) { return tenancy.Count[Book](ctx, tx) })
			require.ErrorIs(t, err, context.Canceled)
			require.Zero(t, countBooks(t, ctx, env), "a reader does not wait for writers")
		})
		wg.Wait()
		return nil
	}))
}

// The predicate of the code alone: in a SQLite file there is no policy behind it, so a row of somebody else that got into
// the file by another way is what shows whether each read carries it.
func TestTheCodesOwnPredicateHidesForeignRows(t *testing.T) {
	env := tenancytest.Open(t, "sqlite", tenancytest.Options{Modules: []tenancy.Module{library}})
	ctx := env.Tenant(t)
	own := novel("own")
	addBooks(t, ctx, env, own)
	_, err := env.Owner(t, tenancy.ScopeOf(ctx).TenantID()).Exec(
		`INSERT INTO lib_books SELECT ?, id, author_id, 'foreign', subtitle, pages, published, price, in_print, seen_at FROM lib_books`, uuid.NewString())
	require.NoError(t, err)
	require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		rows, err := tenancy.Find[Book](ctx, tx)
		require.NoError(t, err)
		require.Len(t, rows, 1)
		n, err := tenancy.Count[Book](ctx, tx)
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
		streamed := 0
		require.NoError(t, tenancy.Stream(ctx, tx, func(*Book) error { streamed++; return nil }))
		require.Equal(t, 1, streamed)
		titles, err := tenancy.Report[string](ctx, tx, "SELECT b.title FROM {books} AS b")
		require.NoError(t, err)
		require.Equal(t, []string{"own"}, titles)
		var loaded []Book
		b := tx.Batch()
		tenancy.Load(b, &loaded)
		require.NoError(t, b.Run(ctx))
		require.Len(t, loaded, 1)
		own.Pages = 7
		return tenancy.Update(ctx, tx, own, "pages")
	}))
	var pages int
	require.NoError(t, env.Owner(t, tenancy.ScopeOf(ctx).TenantID()).QueryRow("SELECT pages FROM lib_books WHERE title = 'foreign'").Scan(&pages))
	require.Equal(t, 300, pages)
}
