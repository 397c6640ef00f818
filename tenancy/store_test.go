package tenancy_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func novel(title string) *Book {
	return &Book{Title: title, Pages: 300, Published: date.Of(1813, 1, 28), Price: decimal.RequireFromString("12.50"), InPrint: true,
		SeenAt: time.Date(2026, 11, 23, 10, 30, 0, 123456000, time.UTC)}
}

func addBooks(t *testing.T, ctx context.Context, env *tenancytest.Env, books ...*Book) {
	t.Helper()
	require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		b := tx.Batch()
		tenancy.Put(b, books)
		return b.Run(ctx)
	}))
}

func TestEveryTypeSurvivesTheStore(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		full, bare := novel("Pride"), &Book{Title: "Bare", Pages: 1, SeenAt: time.Unix(0, 0).UTC()}
		addBooks(t, ctx, env, full, bare)
		require.NotEqual(t, uuid.Nil, full.ID)
		require.NoError(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			for _, want := range []*Book{full, bare} {
				byBun, err := tenancy.Get[Book](ctx, tx, want.ID)
				require.NoError(t, err)
				var byBatch []Book
				b := tx.Batch()
				tenancy.Load(b, &byBatch, tenancy.Eq("id", want.ID))
				require.NoError(t, b.Run(ctx))
				for _, got := range []*Book{byBun, &byBatch[0]} {
					require.True(t, want.Price.Equal(got.Price))
					require.True(t, want.SeenAt.Equal(got.SeenAt))
					cp := *got
					cp.Price, cp.SeenAt = want.Price, want.SeenAt
					require.Equal(t, *want, cp)
				}
			}
			return nil
		}))
	})
}

func TestOptionsSelectAlikeOnBothPaths(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		a, b, c := novel("Alpha"), novel("beta"), novel("Gamma")
		a.Pages, b.Pages, c.Pages = 100, 200, 300
		b.Published = date.Date{}
		b.InPrint = false
		addBooks(t, ctx, env, a, b, c)
		cases := map[string]struct {
			opts []tenancy.Option
			want []string
		}{
			"all sorted":     {[]tenancy.Option{tenancy.OrderBy("title")}, []string{"Alpha", "Gamma", "beta"}},
			"downwards":      {[]tenancy.Option{tenancy.OrderBy("-pages")}, []string{"Gamma", "beta", "Alpha"}},
			"greater":        {[]tenancy.Option{tenancy.Gt("pages", 100), tenancy.OrderBy("pages")}, []string{"beta", "Gamma"}},
			"between":        {[]tenancy.Option{tenancy.Ge("pages", 100), tenancy.Lt("pages", 300), tenancy.OrderBy("pages")}, []string{"Alpha", "beta"}},
			"in ids":         {[]tenancy.Option{tenancy.In("id", []uuid.UUID{a.ID, c.ID}), tenancy.OrderBy("pages")}, []string{"Alpha", "Gamma"}},
			"in strings":     {[]tenancy.Option{tenancy.In("title", []string{"beta", "nowhere"})}, []string{"beta"}},
			"in nothing":     {[]tenancy.Option{tenancy.In("title", []string{})}, nil},
			"null":           {[]tenancy.Option{tenancy.IsNull("published")}, []string{"beta"}},
			"not null":       {[]tenancy.Option{tenancy.NotNull("published"), tenancy.OrderBy("pages")}, []string{"Alpha", "Gamma"}},
			"date":           {[]tenancy.Option{tenancy.Eq("published", date.Of(1813, 1, 28)), tenancy.OrderBy("pages")}, []string{"Alpha", "Gamma"}},
			"bool":           {[]tenancy.Option{tenancy.Eq("in_print", false)}, []string{"beta"}},
			"differs, limit": {[]tenancy.Option{tenancy.Ne("title", "Alpha"), tenancy.OrderBy("pages"), tenancy.Limit(1)}, []string{"beta"}},
		}
		for name, tc := range cases {
			t.Run(name, func(t *testing.T) {
				require.NoError(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
					byBun, err := tenancy.Find[Book](ctx, tx, tc.opts...)
					require.NoError(t, err)
					var byBatch []Book
					batch := tx.Batch()
					tenancy.Load(batch, &byBatch, tc.opts...)
					require.NoError(t, batch.Run(ctx))
					for _, rows := range [][]Book{byBun, byBatch} {
						var titles []string
						for _, r := range rows {
							titles = append(titles, r.Title)
						}
						require.Equal(t, tc.want, titles)
					}
					n, err := tenancy.Count[Book](ctx, tx, tc.opts...)
					require.NoError(t, err)
					if name != "differs, limit" {
						require.EqualValues(t, len(tc.want), n)
					}
					ok, err := tenancy.Exists[Book](ctx, tx, tc.opts...)
					require.NoError(t, err)
					require.Equal(t, len(tc.want) > 0, ok)
					return nil
				}))
			})
		}
	})
}

func TestWrites(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		book := novel("Emma")
		addBooks(t, ctx, env, book)
		tx := func(fn func(ctx context.Context, tx *tenancy.Tx) error) error { return env.DB.Tx(ctx, fn) }

		book.Pages, book.Subtitle = 400, "never stored"
		require.NoError(t, tx(func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Update(ctx, tx, book, "pages") }))
		require.NoError(t, tx(func(ctx context.Context, tx *tenancy.Tx) error {
			got, err := tenancy.Lock[Book](ctx, tx, book.ID)
			require.NoError(t, err)
			require.EqualValues(t, 400, got.Pages)
			require.Empty(t, got.Subtitle)
			return nil
		}))

		require.ErrorIs(t, tx(func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, novel("Emma")) }), tenancy.ErrDuplicate)
		require.ErrorIs(t, tx(func(ctx context.Context, tx *tenancy.Tx) error {
			b := novel("Orphan")
			b.AuthorID = tenancy.NewID()
			return tenancy.Insert(ctx, tx, b)
		}), tenancy.ErrReference)
		require.ErrorIs(t, tx(func(ctx context.Context, tx *tenancy.Tx) error {
			b := novel("Empty")
			b.Pages = 0
			return tenancy.Insert(ctx, tx, b)
		}), tenancy.ErrRefusedValue)
		require.ErrorIs(t, tx(func(ctx context.Context, tx *tenancy.Tx) error {
			b := novel("Absent")
			b.ID = tenancy.NewID()
			return tenancy.Update(ctx, tx, b, "pages")
		}), tenancy.ErrNotFound)

		for year := range int64(3) {
			require.NoError(t, tx(func(ctx context.Context, tx *tenancy.Tx) error {
				b := tx.Batch()
				tenancy.Accrue(b, []*Tally{{BookID: book.ID, Year: 2024 + year%2, Loans: 5}, {BookID: book.ID, Year: 2030, Loans: 1}}, "loans")
				return b.Run(ctx)
			}))
		}
		require.NoError(t, tx(func(ctx context.Context, tx *tenancy.Tx) error {
			tallies, err := tenancy.Find[Tally](ctx, tx, tenancy.OrderBy("year"))
			require.NoError(t, err)
			require.Len(t, tallies, 3)
			require.Equal(t, []int64{10, 5, 3}, []int64{tallies[0].Loans, tallies[1].Loans, tallies[2].Loans})
			return tenancy.Delete(ctx, tx, book)
		}))
		require.NoError(t, tx(func(ctx context.Context, tx *tenancy.Tx) error {
			_, err := tenancy.Get[Book](ctx, tx, book.ID)
			require.ErrorIs(t, err, tenancy.ErrNotFound)
			require.Equal(t, fault.NotFound, fault.KindOf(err))
			return nil
		}))
	})
}

func TestManyRowsCostTheSameStatements(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		cost := func(n int, prefix string) int {
			books := make([]*Book, n)
			for i := range books {
				books[i] = novel(prefix + uuid.NewString())
			}
			return env.Count(t, func() { addBooks(t, ctx, env, books...) })
		}
		require.Equal(t, cost(1, "one "), cost(500, "many "))
	})
}

func TestPagesNeitherSkipNorRepeat(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		var books []*Book
		for i := range 25 {
			b := novel(string(rune('A'+i%7)) + uuid.NewString()[:4])
			b.Pages = int64(1 + i%3)
			books = append(books, b)
		}
		addBooks(t, ctx, env, books...)
		for _, sort := range []string{"", "title", "-title", "pages", "-pages", "seen_at"} {
			seen := map[uuid.UUID]bool{}
			require.NoError(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				req := tenancy.PageRequest{Sort: sort, Limit: 4}
				for {
					page, err := tenancy.Page[Book](ctx, tx, req)
					require.NoError(t, err)
					for _, b := range page.Items {
						require.False(t, seen[b.ID], "%s repeats a row", sort)
						seen[b.ID] = true
					}
					if req.After = page.Next; req.After == "" {
						return nil
					}
				}
			}))
			require.Len(t, seen, 25, sort)
		}
		require.ErrorIs(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			_, err := tenancy.Page[Book](ctx, tx, tenancy.PageRequest{After: "nonsense"})
			return err
		}), tenancy.ErrBadInput)
	})
}

func TestStreamAndReport(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx, other := env.Tenant(t), env.Tenant(t)
		addBooks(t, ctx, env, novel("One"), novel("Two"))
		addBooks(t, other, env, novel("Three"))
		require.NoError(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			var titles []string
			require.NoError(t, tenancy.Stream(ctx, tx, func(b *Book) error { titles = append(titles, b.Title); return nil }, tenancy.OrderBy("title")))
			require.Equal(t, []string{"One", "Two"}, titles)

			type sum struct {
				Title string `bun:"title"`
				Pages int64  `bun:"pages"`
			}
			rows, err := tenancy.Report[sum](ctx, tx, `SELECT b.title, CAST(SUM(b.pages) AS BIGINT) AS pages FROM {books} AS b
				WHERE b.title IN (?) GROUP BY b.title ORDER BY b.title`, tenancy.List([]string{"One", "Three"}))
			require.NoError(t, err)
			require.Equal(t, []sum{{"One", 300}}, rows)
			n, err := tenancy.Report[int64](ctx, tx, `SELECT COUNT(*) FROM {books} AS b`)
			require.NoError(t, err)
			require.Equal(t, []int64{2}, n)
			return nil
		}))
		for _, bad := range []string{
			"SELECT * FROM books", "SELECT * FROM lib.books", "SELECT * FROM lib_books", "SELECT 1; SELECT 2", "DELETE FROM {books}",
			"SELECT 1 -- no", "SELECT /* no */ 1", `SELECT * FROM "books"`, "SELECT * FROM {nowhere}", "SELECT * FROM {books", "SELECT 'open",
			"WITH x AS (DELETE FROM {books} RETURNING 1) SELECT * FROM x", "SELECT set_config('erp.tenant', 'x', true)", "SELECT $$x$$",
		} {
			require.ErrorIs(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				_, err := tenancy.Report[int64](ctx, tx, bad)
				return err
			}), tenancy.ErrBadQuery, bad)
		}
	})
}
