package tenancy_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// held puts books into a batch that waits.
func held(ctx context.Context, tx *tenancy.Tx, books ...*Book) error {
	b := tx.Batch()
	tenancy.Put(b, books)
	return b.Hold(ctx)
}

// booksTold is how many books the trail tells of.
func booksTold(t *testing.T, ctx context.Context, env *tenancytest.Env) (n int64) {
	t.Helper()
	require.NoError(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) (err error) {
		n, err = tenancy.Count[tenancy.Event](ctx, tx, tenancy.Eq("model", "lib.books"))
		return err
	}))
	return n
}

func TestWhatIsHeldIsThereForWhatFollows(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		book := novel("Held")
		require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			require.NoError(t, held(ctx, tx, book))
			id := book.ID
			book.Title = "changed afterwards"
			b := tx.Batch()
			var loaded []Book
			tenancy.Load(b, &loaded, tenancy.Eq("id", id))
			require.NoError(t, b.Run(ctx))
			require.Len(t, loaded, 1)
			require.Equal(t, "Held", loaded[0].Title)
			require.NoError(t, held(ctx, tx, novel("Another"))) // and what bun asks for
			n, err := tenancy.Count[Book](ctx, tx)
			require.EqualValues(t, 2, n)
			require.NoError(t, err)
			return held(ctx, tx, novel("Last"))
		}))
		require.EqualValues(t, 3, countBooks(t, ctx, env))
		require.EqualValues(t, 3, booksTold(t, ctx, env))
	})
}

func TestWhatIsHeldIsRefusedAtTheCommit(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		twice := func(ctx context.Context, tx *tenancy.Tx) error {
			if err := held(ctx, tx, novel("One")); err != nil {
				return err
			}
			return held(ctx, tx, novel("Twice"), novel("Twice"))
		}
		require.ErrorIs(t, env.DB.Tx(ctx, twice), tenancy.ErrDuplicate)
		_, err := env.DB.DryRun(ctx, twice)
		require.ErrorIs(t, err, tenancy.ErrDuplicate)
		require.Zero(t, countBooks(t, ctx, env))
		require.Zero(t, booksTold(t, ctx, env))
		changes, err := env.DB.DryRun(ctx, func(ctx context.Context, tx *tenancy.Tx) error { return held(ctx, tx, novel("Maybe")) })
		require.NoError(t, err)
		require.Len(t, changes.Of("lib.books"), 1)
	})
}

func TestABatchThatMustBeAnsweredIsNotHeld(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		book := novel("There")
		require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, book) }))
		for name, fill := range map[string]func(b *tenancy.Batch){
			"load":   func(b *tenancy.Batch) { tenancy.Load(b, new([]Book)) },
			"set":    func(b *tenancy.Batch) { tenancy.Set(b, []*Book{book}, "title") },
			"remove": func(b *tenancy.Batch) { tenancy.Remove(b, []*Book{book}) },
		} {
			t.Run(name, func(t *testing.T) {
				require.ErrorIs(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
					b := tx.Batch()
					fill(b)
					return b.Hold(ctx)
				}), tenancy.ErrBadQuery)
			})
		}
		require.EqualValues(t, 1, countBooks(t, ctx, env))
	})
}

// A transaction that ends with its writes costs one trip to the database: what is sent is told of at once.
func TestAnActOfWritesIsOneTrip(t *testing.T) {
	env := tenancytest.Open(t, "postgres", tenancytest.Options{Modules: []tenancy.Module{library}})
	ctx := env.Tenant(t)
	require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error { return held(ctx, tx, novel("The first enters")) }))
	var order []string
	env.Observe(t, func(s tenancy.Sent) { order = append(order, s.Verb+" "+s.Table) })
	require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		require.NoError(t, held(ctx, tx, novel("One trip")))
		require.Empty(t, order, "nothing is sent yet")
		return nil
	}))
	require.Equal(t, []string{"begin ", "insert lib.books", "insert erp.audit_events", "commit "}, order)
}

func TestWhatIsExpectedMustBeSo(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx, other := env.Tenant(t), env.Tenant(t)
		for _, owner := range []context.Context{ctx, other} {
			require.NoError(t, env.DB.Tx(owner, func(ctx context.Context, tx *tenancy.Tx) error { return held(ctx, tx, novel("There")) }))
		}
		require.NoError(t, env.DB.Tx(other, func(ctx context.Context, tx *tenancy.Tx) error { return held(ctx, tx, novel("Next door")) }))
		expecting := func(title string, end func(*tenancy.Batch, context.Context) error) error {
			return env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				b := tx.Batch()
				tenancy.Expect[Book](b, tenancy.Eq("title", title))
				tenancy.Put(b, []*Book{novel("Rests on " + title + tenancy.NewID().String())})
				return end(b, ctx)
			})
		}
		for _, end := range []func(*tenancy.Batch, context.Context) error{(*tenancy.Batch).Run, (*tenancy.Batch).Hold} {
			require.NoError(t, expecting("There", end))
			require.ErrorIs(t, expecting("Nowhere", end), tenancy.ErrStale)
			require.ErrorIs(t, expecting("Next door", end), tenancy.ErrStale)
		}
		require.EqualValues(t, 3, countBooks(t, ctx, env))
		require.ErrorIs(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			b := tx.Batch()
			tenancy.Expect[Book](b, tenancy.Limit(1))
			return b.Run(ctx)
		}), tenancy.ErrBadQuery)
	})
}

func TestAWrongGuessIsTriedAgainWithoutOne(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		var guesses []bool
		act := func(title string) error {
			guesses = nil
			return env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				guess := tx.Guess()
				guesses = append(guesses, guess)
				if !guess {
					there, err := tenancy.Exists[Book](ctx, tx, tenancy.Eq("title", title))
					if err != nil || there {
						return err
					}
				}
				return held(ctx, tx, novel(title))
			})
		}
		require.NoError(t, act("Once"))
		require.Equal(t, []bool{true}, guesses)
		require.NoError(t, act("Once"), "the second attempt sees that it is there")
		require.Equal(t, []bool{true, false}, guesses)
		require.EqualValues(t, 1, countBooks(t, ctx, env))

		runs := 0
		require.ErrorIs(t, env.DB.Tx(ctx, func(context.Context, *tenancy.Tx) error { runs++; return tenancy.ErrBadInput.New("test", "") }), tenancy.ErrBadInput)
		require.Equal(t, 1, runs, "nobody guessed")
		runs = 0
		require.ErrorIs(t, env.DB.Tx(ctx, func(_ context.Context, tx *tenancy.Tx) error {
			runs++
			tx.Guess()
			return tenancy.ErrBadInput.New("test", "")
		}), tenancy.ErrBadInput)
		require.Equal(t, 2, runs, "and the answer is that of the attempt that did not")
		runs = 0
		_, err := env.DB.DryRun(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			runs++
			if tx.Guess() {
				return held(ctx, tx, novel("Once"))
			}
			return held(ctx, tx, novel("Twice"))
		})
		require.NoError(t, err)
		require.Equal(t, 2, runs)
	})
}
