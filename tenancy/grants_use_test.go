package tenancy_test

import (
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// in runs fn in a transaction of an act under the grant.
func (w *world) in(ctx context.Context, fn func(ctx context.Context, tx *tenancy.Tx) error) error {
	_, err := tenancy.Act(ctx, w.db, writeBooks, func(ctx context.Context, tx *tenancy.Tx) (bool, error) { return true, fn(ctx, tx) })
	return err
}

// kept are the uses of a grant as the control database has them, past the library.
func (w *world) kept(t *testing.T, id uuid.UUID) []string {
	t.Helper()
	rows, err := w.env.Control(t).Query("SELECT verb || ' ' || table_name || ' ' || row_count || ' ' || refusal FROM " + w.control("grant_uses") + " WHERE grant_id = '" + id.String() + "' ORDER BY id")
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var s string
		require.NoError(t, rows.Scan(&s))
		out = append(out, s)
	}
	require.NoError(t, rows.Err())
	return out
}

// control is a control table's name on the engine.
func (w *world) control(table string) string {
	if w.env.Name == "sqlite" {
		return "erp_control_" + table
	}
	return "erp_control." + table
}

// Every verb of the store, with what is on record before anybody sees a row.
func TestEveryStatementIsOnRecordBeforeItsRows(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		author := &Author{Name: "Jane Austen"}
		emma, persuasion := novel("Emma"), novel("Persuasion")
		require.NoError(t, w.db.Tx(w.enter(t, w.tenant, "user:7", "*"), func(ctx context.Context, tx *tenancy.Tx) error {
			if err := tenancy.Insert(ctx, tx, author); err != nil {
				return err
			}
			emma.AuthorID, persuasion.AuthorID = author.ID, author.ID
			b := tx.Batch()
			tenancy.Put(b, []*Book{emma, persuasion})
			return b.Run(ctx)
		}))
		g := w.authorised(t)
		inside := w.inside(t, g.ID)
		seen := len(w.kept(t, g.ID))
		last := func() string { // and not earlier: each statement is one more line
			lines := w.kept(t, g.ID)
			require.Len(t, lines, seen+1)
			seen++
			return lines[seen-1]
		}
		var page string
		require.ErrorIs(t, w.in(inside, func(ctx context.Context, tx *tenancy.Tx) error {
			_, err := tenancy.Get[Book](ctx, tx, emma.ID)
			require.NoError(t, err)
			require.Equal(t, "find lib.books 1 ", last())
			_, err = tenancy.Get[Book](ctx, tx, tenancy.NewID())
			require.ErrorIs(t, err, tenancy.ErrNotFound)
			require.Equal(t, "find lib.books 0 ", last())
			_, err = tenancy.Lock[Book](ctx, tx, emma.ID)
			require.NoError(t, err)
			require.Equal(t, "lock lib.books 1 ", last())
			_, err = tenancy.First[Author](ctx, tx, tenancy.Eq("name", "Jane Austen"), tenancy.NotNull("id"))
			require.NoError(t, err)
			require.Equal(t, "find lib.authors 1 ", last())
			n, err := tenancy.Count[Book](ctx, tx, tenancy.In("id", []uuid.UUID{emma.ID, persuasion.ID}))
			require.NoError(t, err)
			require.EqualValues(t, 2, n)
			require.Equal(t, "count lib.books 2 ", last())
			_, err = tenancy.Exists[Book](ctx, tx, tenancy.In("title", []string{"Emma", "Mansfield Park"}))
			require.NoError(t, err)
			require.Equal(t, "exists lib.books 1 ", last())
			p, err := tenancy.Page[Book](ctx, tx, tenancy.PageRequest{Limit: 1, Sort: "title"})
			require.NoError(t, err)
			page = p.Next
			require.Equal(t, "page lib.books 1 ", last())
			_, err = tenancy.Page[Book](ctx, tx, tenancy.PageRequest{Limit: 1, Sort: "title", After: page})
			require.NoError(t, err)
			require.Equal(t, "page lib.books 1 ", last())
			streamed := 0
			require.NoError(t, tenancy.Stream(ctx, tx, func(b *Book) error {
				if streamed == 0 {
					require.Equal(t, "stream lib.books 2 ", last())
				}
				streamed++
				return nil
			}))
			require.Equal(t, 2, streamed)
			titles, err := tenancy.Report[string](ctx, tx, `SELECT b.title FROM {books} AS b JOIN {authors} AS a ON a.id = b.author_id
				WHERE a.id = ? AND a.name <> 'Mary Shelley' AND b.pages > ? AND b.title IN (?)`, author.ID, 12, tenancy.List([]string{"Emma"}))
			require.NoError(t, err)
			require.Equal(t, []string{"Emma"}, titles)
			require.Equal(t, "report lib.authors lib.books 1 ", last())
			var loaded []Book
			b := tx.Batch()
			tenancy.Load(b, &loaded, tenancy.Le("pages", int64(300)))
			require.NoError(t, b.Run(ctx))
			require.Len(t, loaded, 2)
			require.Equal(t, "load lib.books 2 ", last())
			require.NoError(t, tenancy.Insert(ctx, tx, novel("Sanditon")))
			require.Equal(t, "insert lib.books 1 ", last())
			emma.Pages, emma.Subtitle = 301, "A novel"
			require.NoError(t, tenancy.Update(ctx, tx, emma, "pages", "subtitle"))
			require.Equal(t, "update lib.books 1 ", last())
			tally := []*Tally{{BookID: emma.ID, Year: 2026, Loans: 1}}
			tenancy.Accrue(b, tally, "loans")
			require.NoError(t, b.Run(ctx))
			require.Equal(t, "accrue lib.tallies 1 ", last())
			require.NoError(t, tenancy.Delete(ctx, tx, persuasion))
			require.Equal(t, "delete lib.books 1 ", last())
			require.ErrorIs(t, tenancy.Insert(ctx, tx, novel("Sanditon")), tenancy.ErrDuplicate)
			require.Equal(t, "insert lib.books 0 tenancy.duplicate", last(), "an error tells something as well")
			return errOops
		}), errOops)
		require.Empty(t, w.kept(t, g.ID)[seen:])
	})
}

// What stands in the filter: columns, comparisons and ids, and no other value.
func TestFiltersHoldNoValues(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		g := w.authorised(t)
		a, b := tenancy.NewID(), tenancy.NewID()
		book := novel("Secret title")
		require.NoError(t, w.in(w.inside(t, g.ID), func(ctx context.Context, tx *tenancy.Tx) error {
			for _, options := range [][]tenancy.Option{
				{tenancy.Eq("id", a)},
				{tenancy.In("id", []uuid.UUID{a, b}), tenancy.IsNull("subtitle")},
				{tenancy.Ge("title", "Secret"), tenancy.Lt("title", "Secreu"), tenancy.Ne("pages", int64(4711)), tenancy.In("title", []string{"Secret"})},
			} {
				if _, err := tenancy.Find[Book](ctx, tx, options...); err != nil {
					return err
				}
			}
			if err := tenancy.Insert(ctx, tx, book); err != nil {
				return err
			}
			if err := tenancy.Update(ctx, tx, book, "title", "pages"); err != nil {
				return err
			}
			if _, err := tenancy.Page[Book](ctx, tx, tenancy.PageRequest{Sort: "-title", Limit: 1, After: pageAfter(t, w, book.ID)}); err != nil {
				return err
			}
			_, err := tenancy.Report[int64](ctx, tx, "SELECT COUNT(*) FROM {books} AS b\n  WHERE title = ? AND id = ? AND subtitle <> 'Secret' AND id IN (?)", "Secret", a, tenancy.List([]uuid.UUID{b}))
			return err
		}))
		var filters []string
		for _, u := range w.uses(t, w.owner, g.ID)[3:] {
			require.Equal(t, string(writeBooks), u.Act)
			filters = append(filters, u.Filter)
		}
		require.Equal(t, []string{
			"id = " + a.String(),
			"id in (" + a.String() + ", " + b.String() + ") and subtitle is null",
			"title >= ? and title < ? and pages <> ? and title in (1 values)",
			"id in (" + book.ID.String() + ")",
			"set title,pages id in (" + book.ID.String() + ")",
			"title < that of " + book.ID.String(),
			"SELECT COUNT(*) FROM {books} AS b WHERE title = ? AND id = ? AND subtitle <> ? AND id IN (?); 2 = " + a.String() + "; 3 = (" + b.String() + ")",
		}, filters)
		for _, e := range w.trail(t, g.ID) {
			require.NotContains(t, e.Columns, "Secret")
			require.NotContains(t, e.Columns, "4711")
		}
	})
}

// pageAfter is a cursor that stands behind a row.
func pageAfter(t *testing.T, w *world, id uuid.UUID) string {
	t.Helper()
	return base64Cursor(fmt.Sprintf(`{"k":"\"Secret title\"","i":%q}`, id))
}

// Rows are handed out in pieces, each on record before.
func TestAStreamIsOnRecordPieceByPiece(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		var many []*Book
		for i := range 1100 {
			many = append(many, novel(fmt.Sprintf("Volume %04d", i)))
		}
		addBooks(t, w.env.Enter(t, w.tenant, "*"), w.env, many...)
		g := w.authorised(t)
		read := 0
		require.NoError(t, w.in(w.inside(t, g.ID), func(ctx context.Context, tx *tenancy.Tx) error {
			return tenancy.Stream(ctx, tx, func(b *Book) error {
				if read%500 == 0 {
					var recorded int
					for _, line := range w.kept(t, g.ID) {
						var n int
						if _, err := fmt.Sscanf(line, "stream lib.books %d", &n); err == nil {
							recorded += n
						}
					}
					require.Equal(t, min(read+500, 1100), recorded)
				}
				read++
				return nil
			})
		}))
		require.Equal(t, 1100, read)

		read = 0
		err := w.in(w.inside(t, g.ID), func(ctx context.Context, tx *tenancy.Tx) error {
			return tenancy.Stream(ctx, tx, func(*Book) error {
				if read++; read == 100 {
					_, err := w.db.Grants().Revoke(w.owner, g.ID, "")
					return err
				}
				return nil
			})
		})
		require.ErrorIs(t, err, tenancy.ErrGrantEnded)
		require.Equal(t, 500, read, "what was on record, and no more")
	})
}

// What cannot be recorded is not handed out, and not written.
func TestNothingIsHandedOutThatIsNotOnRecord(t *testing.T) {
	eachAlone(t, func(t *testing.T, env *tenancytest.Env) {
		w := &world{env: env}
		w.clock.Store(noon.UnixMicro())
		w.db = env.DB
		w.tenant = tenancy.ScopeOf(env.Tenant(t)).TenantID()
		w.owner, w.ada = w.enter(t, w.tenant, "user:owner", "tenancy.own"), w.staff(t, "staff:ada")
		require.NoError(t, w.write(w.enter(t, w.tenant, "user:7", "*"), "Emma"))
		g := w.authorised(t)
		inside := w.inside(t, g.ID)
		control := env.Control(t)
		refuse := "ALTER TABLE erp_control.grant_uses ADD CONSTRAINT nothing CHECK (false) NOT VALID"
		if env.Name == "sqlite" {
			refuse = "CREATE TRIGGER no_use BEFORE INSERT ON erp_control_grant_uses BEGIN SELECT RAISE(ABORT, 'nothing'); END"
		}
		_, err := control.Exec(refuse)
		require.NoError(t, err)
		for name, look := range map[string]func(ctx context.Context, tx *tenancy.Tx) error{
			"find": func(ctx context.Context, tx *tenancy.Tx) error {
				rows, err := tenancy.Find[Book](ctx, tx)
				require.Nil(t, rows)
				return err
			},
			"count": func(ctx context.Context, tx *tenancy.Tx) error {
				n, err := tenancy.Count[Book](ctx, tx)
				require.Zero(t, n)
				return err
			},
			"exists": func(ctx context.Context, tx *tenancy.Tx) error {
				ok, err := tenancy.Exists[Book](ctx, tx)
				require.False(t, ok)
				return err
			},
			"page": func(ctx context.Context, tx *tenancy.Tx) error {
				p, err := tenancy.Page[Book](ctx, tx, tenancy.PageRequest{})
				require.Zero(t, p)
				return err
			},
			"stream": func(ctx context.Context, tx *tenancy.Tx) error {
				return tenancy.Stream(ctx, tx, func(*Book) error { t.Error("a row was handed out"); return nil })
			},
			"report": func(ctx context.Context, tx *tenancy.Tx) error {
				rows, err := tenancy.Report[string](ctx, tx, "SELECT b.title FROM {books} AS b")
				require.Nil(t, rows)
				return err
			},
			"load": func(ctx context.Context, tx *tenancy.Tx) error {
				var rows []Book
				b := tx.Batch()
				tenancy.Load(b, &rows)
				err := b.Run(ctx)
				require.Empty(t, rows)
				return err
			},
			"insert": func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, novel("Never")) },
		} {
			require.Error(t, w.in(inside, func(ctx context.Context, tx *tenancy.Tx) error {
				_ = look(ctx, tx)
				return nil // swallowed; the transaction is undone all the same
			}), name)
			_, err := w.db.DryRun(inside, func(ctx context.Context, tx *tenancy.Tx) error {
				_, err := tenancy.Act(ctx, w.db, writeBooks, func(ctx context.Context, tx *tenancy.Tx) (bool, error) { return true, look(ctx, tx) })
				return err
			})
			require.Error(t, err, name)
		}
		_, err = w.db.EnterGrant(w.ada, g.ID)
		require.Error(t, err)
		require.Equal(t, []string{"Emma"}, w.shelf(t))
	})
}

// The ways round: each is shut.
func TestWaysRoundAGrantAreShut(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		g := w.authorised(t)
		inside := w.inside(t, g.ID)
		for name, err := range map[string]error{
			"the host's own SQL": w.in(inside, func(ctx context.Context, tx *tenancy.Tx) error {
				return tx.Host(ctx, func(*sql.Tx) error { t.Error("it ran"); return nil })
			}),
			"a host's transaction": w.db.Join(inside, new(sql.Tx), func(context.Context, *tenancy.Tx) error { t.Error("it ran"); return nil }),
			"as background work":   second(w.db.System(inside, w.tenant, "job")),
			"as somebody else":     second(w.db.Enter(inside, w.tenant, "user:1", tenancy.Permissions{"*"})),
			"staff without grant":  second(w.db.Enter(w.ada, w.tenant, "staff:ada", tenancy.Permissions{"*"})),
			"staff as a program":   second(w.db.System(w.ada, w.tenant, "job")),
			"authorising more":     second(w.db.Grants().Authorise(inside, g.ID)),
			"reading the record":   second(w.db.Grants().Uses(inside, g.ID, uuid.Nil, 10)),
		} {
			require.ErrorIs(t, err, tenancy.ErrGrantScope, name)
		}
		looked := len(w.kept(t, g.ID))
		// Outside every act no permission was asked for, so nothing is looked at.
		for name, err := range map[string]error{
			"read": w.db.Read(inside, func(ctx context.Context, tx *tenancy.Tx) error { return second(tenancy.Find[Book](ctx, tx)) }),
			"report": w.db.Read(inside, func(ctx context.Context, tx *tenancy.Tx) error {
				return second(tenancy.Report[int64](ctx, tx, "SELECT COUNT(*) FROM {books} AS b"))
			}),
			"stream": w.db.Read(inside, func(ctx context.Context, tx *tenancy.Tx) error {
				return tenancy.Stream(ctx, tx, func(*Book) error { return nil })
			}),
			"write":       w.db.Tx(inside, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, novel("No")) }),
			"another act": second(tenancy.View(inside, w.db, "library.burn", func(ctx context.Context, tx *tenancy.Tx) ([]Book, error) { return tenancy.Find[Book](ctx, tx) })),
		} {
			require.ErrorIs(t, err, tenancy.ErrForbidden, name)
		}
		require.Len(t, w.kept(t, g.ID), looked)

		// A dry run looks as well as another.
		changes, err := w.db.DryRun(inside, func(ctx context.Context, tx *tenancy.Tx) error { return w.write(ctx, "Tried") })
		require.NoError(t, err)
		require.Len(t, changes.Of("lib.books"), 1)
		require.Empty(t, w.shelf(t))
		require.Equal(t, "insert lib.books 1 ", w.kept(t, g.ID)[looked])

		// Work that outlives the context is under the grant still.
		later := tenancy.ScopeOf(inside).Attach(context.Background())
		require.NoError(t, w.write(later, "Later"))
		require.Equal(t, "insert lib.books 1 ", w.kept(t, g.ID)[looked+1])
		// And the whole is that of one tenant.
		require.ErrorIs(t, w.in(inside, func(ctx context.Context, tx *tenancy.Tx) error {
			b := novel("Elsewhere")
			b.TenantID = tenancy.NewID()
			return tenancy.Insert(ctx, tx, b)
		}), tenancy.ErrForeignRow)
	})
}

func second[T any](_ T, err error) error { return err }

// An act about grants within a transaction would say something that may never have been.
func TestGrantsAreNotManagedInsideATransaction(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		g := w.ask(t, w.request())
		require.NoError(t, w.db.Tx(w.owner, func(ctx context.Context, _ *tenancy.Tx) error {
			require.ErrorIs(t, second(w.db.Grants().Authorise(ctx, g.ID)), tenancy.ErrScopeMismatch)
			require.ErrorIs(t, second(w.db.Grants().List(ctx, uuid.Nil, 10)), tenancy.ErrScopeMismatch)
			return nil
		}))
	})
}

// The trail tells of looks in transactions that were rolled back, panicked, only read, or belonged to a process that died.
func TestTheTrailTellsOfEveryLook(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		g := w.authorised(t)
		inside := w.inside(t, g.ID)
		lines := func() int { return len(w.trail(t, g.ID)) }
		before := lines()
		_, err := w.books(inside)
		require.NoError(t, err)
		require.Equal(t, before+1, lines(), "only read")
		require.ErrorIs(t, w.in(inside, func(ctx context.Context, tx *tenancy.Tx) error {
			if _, err := tenancy.Count[Book](ctx, tx); err != nil {
				return err
			}
			return errOops
		}), errOops)
		require.Equal(t, before+2, lines(), "rolled back")
		require.Panics(t, func() {
			_ = w.in(inside, func(ctx context.Context, tx *tenancy.Tx) error {
				_, _ = tenancy.Count[Book](ctx, tx)
				panic("boom")
			})
		})
		require.Equal(t, before+3, lines(), "panicked")
		cut, cancel := context.WithCancel(inside)
		require.Error(t, w.in(cut, func(ctx context.Context, tx *tenancy.Tx) error {
			_, err := tenancy.Count[Book](ctx, tx)
			cancel()
			return err
		}))
		require.Equal(t, before+4, lines(), "cancelled")
		require.NoError(t, w.write(inside, "Emma"))
		require.Equal(t, before+5, lines(), "written")
		var written []tenancy.Event
		require.NoError(t, w.db.Read(w.owner, func(ctx context.Context, tx *tenancy.Tx) (err error) {
			written, err = tenancy.Find[tenancy.Event](ctx, tx, tenancy.Eq("verb", "insert"))
			return err
		}))
		require.Len(t, written, 1)
		require.Equal(t, "grant:"+g.ID.String(), written[0].Actor, "what was written says under which grant")

		// A process that died between the record and the trail.
		w.untold(t, true)
		_, err = w.books(inside)
		require.NoError(t, err)
		require.Equal(t, before+5, lines())
		w.untold(t, false)
		again := w.open(t)
		job, err := again.EnterPlatform(context.Background(), "system:job", tenancy.Permissions{tenancy.PermCompleteTenants})
		require.NoError(t, err)
		n, err := again.Grants().CompletePending(job, 1000)
		require.NoError(t, err)
		require.Positive(t, n)
		require.Equal(t, before+6, lines())
		_, err = again.Grants().CompletePending(job, 1000)
		require.NoError(t, err)
		require.Equal(t, before+6, lines(), "once")

		// And one that died between the trail and the note of it.
		w.unnoted(t, true)
		_, err = w.books(inside)
		require.NoError(t, err)
		require.Equal(t, before+7, lines())
		w.unnoted(t, false)
		require.False(t, w.uses(t, w.owner, g.ID)[before+6].Marked)
		_, err = again.Grants().CompletePending(job, 1000)
		require.NoError(t, err)
		require.True(t, w.uses(t, w.owner, g.ID)[before+6].Marked)
		require.Equal(t, before+7, lines(), "once")
		_, err = again.Grants().CompletePending(w.ada, 1)
		require.ErrorIs(t, err, tenancy.ErrNotPlatform, "of another program")
	})
}

// unnoted has the control database refuse to note that a use stands in the trail, or take it again.
func (w *world) unnoted(t *testing.T, refuse bool) {
	t.Helper()
	text := "ALTER TABLE erp_control.grant_uses ADD CONSTRAINT unnoted CHECK (marked_micros = 0) NOT VALID"
	if !refuse {
		text = "ALTER TABLE erp_control.grant_uses DROP CONSTRAINT unnoted"
	}
	if w.env.Name == "sqlite" {
		text = "CREATE TRIGGER unnoted BEFORE UPDATE ON erp_control_grant_uses BEGIN SELECT RAISE(ABORT, 'no'); END"
		if !refuse {
			text = "DROP TRIGGER unnoted"
		}
	}
	_, err := w.env.Control(t).Exec(text)
	require.NoError(t, err)
}

// untold has the tenant's database refuse events of grants, as if the process had ended before them; or take them again.
func (w *world) untold(t *testing.T, refuse bool) {
	t.Helper()
	text := "ALTER TABLE erp.audit_events ADD CONSTRAINT untold CHECK (act <> 'tenancy.break_glass' OR tenant_id <> '" + w.tenant.String() + "') NOT VALID"
	if !refuse {
		text = "ALTER TABLE erp.audit_events DROP CONSTRAINT untold"
	}
	if w.env.Name == "sqlite" {
		text = "CREATE TRIGGER untold BEFORE INSERT ON erp_audit_events WHEN NEW.act = 'tenancy.break_glass' BEGIN SELECT RAISE(ABORT, 'no'); END"
		if !refuse {
			text = "DROP TRIGGER untold"
		}
	}
	_, err := w.env.Owner(t, w.tenant).Exec(text)
	require.NoError(t, err)
}

// A purged tenant's grants stay as the platform's record, and what could not be told any more waits for nothing.
func TestGrantsOutliveTheirTenant(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		g := w.authorised(t)
		_, err := w.books(w.inside(t, g.ID))
		require.NoError(t, err)
		hidden := w.approved(t, w.order())
		_, err = w.books(w.inside(t, hidden.ID))
		require.NoError(t, err)
		platform := w.env.Platform(t)
		tenants := w.env.DB.Tenants()
		_, err = tenants.Cancel(platform, w.tenant, "over")
		require.NoError(t, err)
		require.Eventually(t, func() bool { // on SQLite the file may be in use by the other program
			_, err = tenants.PurgeNow(platform, w.tenant, "over", "letter 1")
			return err == nil
		}, 20*time.Second, 10*time.Millisecond)
		_, err = w.db.Grants().Lift(w.bob, hidden.ID, "over")
		require.NoError(t, err)
		require.Eventually(t, func() bool { // the other program learns within a second that the tenant is gone
			_, err := w.db.Grants().CompletePending(w.staff(t, "system:job", "*"), 1000)
			if err != nil {
				return false
			}
			for _, u := range w.uses(t, w.bob, hidden.ID) {
				if !u.Marked {
					return false
				}
			}
			return true
		}, 10*time.Second, 50*time.Millisecond)
		require.Contains(t, strings.Join(verbsOf(w.uses(t, w.bob, g.ID)), " "), "find")
	})
}

func base64Cursor(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// A way to the database that forgets to say what it looks at is shut.
func TestAnUnannouncedStatementIsNotSent(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		inside := w.inside(t, w.authorised(t).ID)
		require.Error(t, w.in(inside, func(ctx context.Context, tx *tenancy.Tx) error {
			for name, err := range tenancy.Unannounced(ctx, tx, "SELECT 1") {
				require.Error(t, err, name)
				if name != "row" { // a *sql.Row cannot carry ours
					require.ErrorIs(t, err, tenancy.ErrGrantScope, name)
				}
			}
			return errOops
		}))
	})
}

// A suspended tenant is not entered under a grant, but its owner ends one still, and its trail is told.
func TestTheTrailOfASuspendedTenantIsTold(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		g := w.authorised(t)
		inside := w.inside(t, g.ID)
		_, err := w.db.Tenants().Suspend(w.staff(t, "staff:ops", "*"), w.tenant, "unpaid")
		require.NoError(t, err)
		_, err = w.books(inside)
		require.ErrorIs(t, err, tenancy.ErrTenantSuspended)
		_, err = w.db.EnterGrant(w.ada, g.ID)
		require.ErrorIs(t, err, tenancy.ErrTenantSuspended)
		_, err = w.db.Grants().Revoke(w.owner, g.ID, "")
		require.NoError(t, err)
		uses := w.uses(t, w.owner, g.ID)
		require.Equal(t, []string{"ask", "authorise", "enter", "revoke"}, verbsOf(uses))
		require.True(t, uses[3].Marked)
		var n int
		require.NoError(t, w.env.Owner(t, w.tenant).QueryRow(w.env.SQL("SELECT count(*) FROM erp.audit_events WHERE act = 'tenancy.break_glass' AND tenant_id = '"+w.tenant.String()+"'")).Scan(&n))
		require.Equal(t, len(uses), n)
	})
}
