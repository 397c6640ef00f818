package tenancy_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/sqlite"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func countBooks(t *testing.T, ctx context.Context, env *tenancytest.Env) (n int64) {
	t.Helper()
	require.NoError(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) (err error) {
		n, err = tenancy.Count[Book](ctx, tx)
		return err
	}))
	return n
}

var errOops = errors.New("oops")

func TestInnerErrorDoomsTheWhole(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		err := env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			require.NoError(t, tenancy.Insert(ctx, tx, novel("Lost")))
			inner := env.DB.Tx(ctx, func(context.Context, *tenancy.Tx) error { return errOops })
			require.ErrorIs(t, inner, errOops)
			require.ErrorIs(t, tenancy.Insert(ctx, tx, novel("Later")), tenancy.ErrTxDoomed)
			return nil // swallowed, and yet:
		})
		require.ErrorIs(t, err, tenancy.ErrTxDoomed)
		require.ErrorIs(t, err, errOops)
		require.Zero(t, countBooks(t, ctx, env))
	})
}

func TestNestedJoins(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			require.NoError(t, tenancy.Insert(ctx, tx, novel("Outer")))
			return env.DB.Tx(ctx, func(ctx context.Context, inner *tenancy.Tx) error {
				require.Same(t, tx, inner)
				n, err := tenancy.Count[Book](ctx, inner)
				require.EqualValues(t, 1, n)
				return err
			})
		}))
		require.EqualValues(t, 1, countBooks(t, ctx, env))
	})
}

func TestPanicUndoesAndTheNextOneIsClean(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		require.PanicsWithValue(t, "boom", func() {
			_ = env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				require.NoError(t, tenancy.Insert(ctx, tx, novel("Lost")))
				panic("boom")
			})
		})
		require.Zero(t, countBooks(t, ctx, env))
		addBooks(t, ctx, env, novel("Kept"))
		require.EqualValues(t, 1, countBooks(t, ctx, env))
	})
}

func TestCancelledContextUndoes(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		cut, cancel := context.WithCancel(ctx)
		err := env.DB.Tx(cut, func(ctx context.Context, tx *tenancy.Tx) error {
			require.NoError(t, tenancy.Insert(ctx, tx, novel("Lost")))
			cancel()
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, countBooks(t, ctx, env))
		require.ErrorIs(t, env.DB.Tx(cut, func(context.Context, *tenancy.Tx) error { return nil }), context.Canceled)
	})
}

func TestAfterCommit(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		var ran []string
		require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			tx.AfterCommit(func(ctx context.Context) {
				require.EqualValues(t, 1, countBooks(t, ctx, env), "it runs outside, after")
				ran = append(ran, "first")
			})
			tx.AfterCommit(func(context.Context) { ran = append(ran, "second") })
			return tenancy.Insert(ctx, tx, novel("Kept"))
		}))
		require.Equal(t, []string{"first", "second"}, ran)
		_ = env.DB.Tx(ctx, func(_ context.Context, tx *tenancy.Tx) error {
			tx.AfterCommit(func(context.Context) { ran = append(ran, "never") })
			return errOops
		})
		_, err := env.DB.DryRun(ctx, func(_ context.Context, tx *tenancy.Tx) error {
			tx.AfterCommit(func(context.Context) { ran = append(ran, "never") })
			return nil
		})
		require.NoError(t, err)
		require.Len(t, ran, 2)
	})
}

func TestClockIsFrozenAndTodayIsTheTenants(t *testing.T) {
	now := time.Date(2026, 6, 30, 23, 30, 0, 999, time.UTC) // in London it is July already
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			tick := now
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: []tenancy.Module{library}, Clock: func() time.Time {
				tick = tick.Add(time.Second)
				return tick
			}})
			require.NoError(t, env.DB.Tx(env.Tenant(t), func(_ context.Context, tx *tenancy.Tx) error {
				require.Equal(t, tx.Now(), tx.Now())
				require.Zero(t, tx.Now().Nanosecond()%1000, "whole microseconds")
				require.Equal(t, date.Of(2026, 7, 1), tx.Today())
				return nil
			}))
		})
	}
}

func TestRaceSecondGoroutineIsRefused(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			var wg sync.WaitGroup
			wg.Go(func() {
				_, err := tenancy.Count[Book](ctx, tx)
				require.ErrorIs(t, err, tenancy.ErrOtherGoroutine)
				require.ErrorIs(t, env.DB.Tx(ctx, func(context.Context, *tenancy.Tx) error { return nil }), tenancy.ErrOtherGoroutine)
			})
			wg.Wait()
			return nil
		}))
	})
}

func TestOuterContextWithinIsRefused(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		outer := env.Tenant(t)
		require.NoError(t, env.DB.Tx(outer, func(context.Context, *tenancy.Tx) error {
			require.ErrorIs(t, env.DB.Tx(outer, func(context.Context, *tenancy.Tx) error { return nil }), tenancy.ErrOuterContext)
			return nil
		}))
	})
}

func TestAnotherScopeWithinIsRefused(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		a, b := env.Tenant(t), env.Tenant(t)
		require.NoError(t, env.DB.Tx(a, func(ctx context.Context, _ *tenancy.Tx) error {
			_, err := env.DB.Enter(ctx, tenancy.ScopeOf(b).TenantID(), "tester", nil)
			require.ErrorIs(t, err, tenancy.ErrScopeMismatch)
			require.ErrorIs(t, env.DB.Tx(b, func(context.Context, *tenancy.Tx) error { return nil }), tenancy.ErrOuterContext)
			return nil
		}))
		other, err := tenancy.Open(context.Background(), sqlite.Engine{Dir: t.TempDir(), Unsynced: true}, tenancy.Options{Migrate: true})
		require.NoError(t, err)
		defer func() { require.NoError(t, other.Close()) }()
		require.ErrorIs(t, other.Tx(a, func(context.Context, *tenancy.Tx) error { return nil }), tenancy.ErrScopeMismatch)
	})
}

func TestEndedTransactionIsRefused(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		var kept *tenancy.Tx
		var inner context.Context
		require.NoError(t, env.DB.Tx(env.Tenant(t), func(ctx context.Context, tx *tenancy.Tx) error {
			kept, inner = tx, ctx
			return nil
		}))
		_, err := tenancy.Count[Book](inner, kept)
		require.ErrorIs(t, err, tenancy.ErrTxEnded)
		require.ErrorIs(t, env.DB.Tx(inner, func(context.Context, *tenancy.Tx) error { return nil }), tenancy.ErrTxEnded)
	})
}

func TestReadOnlyRefusesWrites(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		require.ErrorIs(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			return tenancy.Insert(ctx, tx, novel("No"))
		}), tenancy.ErrReadOnly)
		require.ErrorIs(t, env.DB.Read(ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			return env.DB.Tx(ctx, func(context.Context, *tenancy.Tx) error { return nil })
		}), tenancy.ErrReadOnly)
	})
}

func TestRaceReadSeesOneState(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		addBooks(t, ctx, env, novel("First"))
		require.NoError(t, env.DB.Read(ctx, func(inner context.Context, tx *tenancy.Tx) error {
			before, err := tenancy.Count[Book](inner, tx)
			require.NoError(t, err)
			var wg sync.WaitGroup
			wg.Go(func() { addBooks(t, ctx, env, novel("Second")) })
			wg.Wait()
			after, err := tenancy.Count[Book](inner, tx)
			require.Equal(t, before, after)
			return err
		}))
		require.EqualValues(t, 2, countBooks(t, ctx, env))
	})
}

func TestDryRunTellsAndLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		changes, err := env.DB.DryRun(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			return tenancy.Insert(ctx, tx, novel("Maybe"))
		})
		require.NoError(t, err)
		require.Len(t, changes.Of("lib.books"), 1)
		require.Equal(t, "Maybe", changes.Rows[0].Row.(Book).Title)
		require.Zero(t, countBooks(t, ctx, env))
		_, err = env.DB.DryRun(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			require.NoError(t, tenancy.Insert(ctx, tx, novel("Twice")))
			return tenancy.Insert(ctx, tx, novel("Twice"))
		})
		require.ErrorIs(t, err, tenancy.ErrDuplicate)
		require.ErrorIs(t, env.DB.Tx(ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			_, err := env.DB.DryRun(ctx, func(context.Context, *tenancy.Tx) error { return nil })
			return err
		}), tenancy.ErrDryRunWithin)
	})
}

func TestNothingIsSentBeforeTheFirstStatement(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		require.Zero(t, env.Count(t, func() {
			require.NoError(t, env.DB.Tx(ctx, func(context.Context, *tenancy.Tx) error { return nil }))
		}))
	})
}

func TestPermissions(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.TenantWith(t, "lib.lend", "shop.*")
		act := func(p tenancy.Permission, fn func(ctx context.Context) error) error {
			_, err := tenancy.Act(ctx, env.DB, p, func(ctx context.Context, _ *tenancy.Tx) (struct{}, error) { return struct{}{}, fn(ctx) })
			return err
		}
		fine := func(context.Context) error { return nil }
		require.NoError(t, act("lib.lend", fine))
		require.NoError(t, act("shop.sell", fine))
		for _, p := range []tenancy.Permission{"lib.burn", "lib.lend.all", "shopping.cart", "shop", "*"} {
			err := act(p, fine)
			require.ErrorIs(t, err, tenancy.ErrForbidden, p)
			require.ErrorIs(t, err, fault.Forbidden)
		}
		require.NoError(t, act("lib.lend", func(inner context.Context) error {
			_, err := tenancy.Act(inner, env.DB, "lib.burn", func(context.Context, *tenancy.Tx) (int, error) { return 1, nil })
			return err
		}), "an act vouches for the acts it consists of")
	})
}

func TestEventsTellWhoDidWhat(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		book := novel("Told")
		_, err := tenancy.Act(ctx, env.DB, "lib.buy", func(ctx context.Context, tx *tenancy.Tx) (int, error) {
			return tenancy.Act(ctx, env.DB, "lib.shelve", func(ctx context.Context, tx *tenancy.Tx) (int, error) {
				return 0, tenancy.Insert(ctx, tx, book)
			})
		})
		require.NoError(t, err)
		require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			book.Pages = 7
			return tenancy.Update(ctx, tx, book, "pages", "title")
		}))
		require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Delete(ctx, tx, book) }))
		_ = env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			require.NoError(t, tenancy.Insert(ctx, tx, novel("Undone")))
			return errOops
		})
		require.NoError(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			events, err := tenancy.Find[tenancy.Event](ctx, tx, tenancy.OrderBy("id"))
			require.NoError(t, err)
			var got []string
			for _, e := range events {
				require.Equal(t, "tester", e.Actor)
				got = append(got, e.Act+"|"+e.Verb+"|"+e.Model+"|"+e.Columns)
			}
			require.Equal(t, []string{"tenancy.enter|||", "lib.buy/lib.shelve|insert|lib.books|", "|update|lib.books|pages,title", "|delete|lib.books|"}, got)
			require.Equal(t, book.ID, events[1].RowID)
			return nil
		}))
	})
}

func TestPartsWithoutTheirRootAreRefused(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		require.ErrorIs(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			return tenancy.Insert(ctx, tx, &ReceiptText{ReceiptID: tenancy.NewID(), Payer: "Ada"})
		}), tenancy.ErrUnrecorded)
	})
}

func TestUnusableScopesAreRefusedBeforeAnySQL(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		platform := env.Platform(t)
		ctx := env.TenantWith(t, "shelf.*") // all but to own it
		id := tenancy.ScopeOf(ctx).TenantID()
		try := func(ctx context.Context) (err error) {
			require.Zero(t, env.Count(t, func() {
				err = env.DB.Tx(ctx, func(context.Context, *tenancy.Tx) error { t.Error("ran"); return nil })
			}))
			require.ErrorIs(t, err, fault.Unscoped)
			return err
		}
		require.ErrorIs(t, try(context.Background()), tenancy.ErrNoScope)
		require.ErrorIs(t, try(nil), tenancy.ErrNoScope)
		require.ErrorIs(t, try(platform), tenancy.ErrNoScope)

		_, err := env.DB.Enter(context.Background(), tenancy.NewID(), "tester", nil)
		require.ErrorIs(t, err, tenancy.ErrUnknownTenant)
		_, err = env.DB.Enter(context.Background(), uuid.Nil, "tester", nil)
		require.ErrorIs(t, err, tenancy.ErrNoScope)
		_, err = env.DB.Enter(context.Background(), id, "Ada Lovelace <ada@example.org>", nil)
		require.ErrorIs(t, err, tenancy.ErrBadInput)

		tenants := env.DB.Tenants()
		_, err = tenants.Suspend(platform, id, "unpaid")
		require.NoError(t, err)
		require.ErrorIs(t, try(ctx), tenancy.ErrTenantSuspended)
		_, err = env.DB.Enter(context.Background(), id, "tester", nil)
		require.ErrorIs(t, err, tenancy.ErrTenantSuspended)
		_, err = env.DB.System(context.Background(), id, "job")
		require.ErrorIs(t, err, tenancy.ErrTenantSuspended)
		_, err = tenants.Resume(platform, id, "paid")
		require.NoError(t, err)
		require.NoError(t, env.DB.Tx(ctx, func(context.Context, *tenancy.Tx) error { return nil }))
	})
}

func TestTenants(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		platform, tenants := env.Platform(t), env.DB.Tenants()
		ref := uuid.NewString()
		a, err := tenants.Create(platform, tenancy.NewTenant{Name: "A", Reference: ref, TimeZone: "Asia/Tokyo"})
		require.NoError(t, err)
		require.Equal(t, tenancy.StateActive, a.State)
		again, err := tenants.Create(platform, tenancy.NewTenant{Name: "A", Reference: ref, TimeZone: "Asia/Tokyo"})
		require.NoError(t, err)
		require.Equal(t, a.ID, again.ID)
		_, err = tenants.Create(platform, tenancy.NewTenant{Name: "B", Reference: ref})
		require.ErrorIs(t, err, tenancy.ErrDuplicate)
		for _, bad := range []tenancy.NewTenant{{}, {Name: "  "}, {Name: "X", TimeZone: "Mars/Base"}, {Name: "X", Placement: "moon"}} {
			_, err = tenants.Create(platform, bad)
			require.Error(t, err)
		}
		got, err := tenants.Get(platform, a.ID)
		require.NoError(t, err)
		require.Equal(t, "Asia/Tokyo", got.TimeZone)
		_, err = tenants.Get(platform, tenancy.NewID())
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		found := false
		for after := (uuid.UUID{}); ; {
			list, err := tenants.List(platform, after, 2)
			require.NoError(t, err)
			if len(list) == 0 {
				break
			}
			for _, x := range list {
				found = found || x.ID == a.ID
			}
			after = list[len(list)-1].ID
		}
		require.True(t, found)
		_, err = tenants.Suspend(platform, a.ID, " ")
		require.ErrorIs(t, err, tenancy.ErrBadInput)
		_, err = tenants.Resume(platform, a.ID, "it is not suspended")
		require.NoError(t, err, "resuming an active tenant changes nothing")

		scope := env.Tenant(t)
		for name, call := range map[string]func(context.Context) error{
			"create": func(ctx context.Context) error {
				_, err := tenants.Create(ctx, tenancy.NewTenant{Name: "X"})
				return err
			},
			"get":     func(ctx context.Context) error { _, err := tenants.Get(ctx, a.ID); return err },
			"list":    func(ctx context.Context) error { _, err := tenants.List(ctx, uuid.Nil, 1); return err },
			"suspend": func(ctx context.Context) error { _, err := tenants.Suspend(ctx, a.ID, "x"); return err },
			"resume":  func(ctx context.Context) error { _, err := tenants.Resume(ctx, a.ID, "x"); return err },
		} {
			require.ErrorIs(t, call(context.Background()), tenancy.ErrNotPlatform, name)
			require.ErrorIs(t, call(scope), tenancy.ErrNotPlatform, name)
		}
	})
}

// Two transactions that lock the same two rows in opposite order: the database undoes one of them, and it runs again.
func TestRaceDeadlocksAreRetried(t *testing.T) {
	env := tenancytest.Open(t, "postgres", tenancytest.Options{Modules: []tenancy.Module{library}}) // SQLite's writers never meet
	ctx := env.Tenant(t)
	a, b := novel("A"), novel("B")
	addBooks(t, ctx, env, a, b)
	var wg, locked sync.WaitGroup
	locked.Add(2)
	var attempts, committed atomic.Int64
	lend := func(first, second *Book) {
		met := false
		require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			attempts.Add(1)
			tx.AfterCommit(func(context.Context) { committed.Add(1) })
			book, err := tenancy.Lock[Book](ctx, tx, first.ID)
			if err != nil {
				return err
			}
			if !met { // on the first attempt both hold their first lock before either asks for its second
				met = true
				locked.Done()
				locked.Wait()
			}
			if _, err := tenancy.Lock[Book](ctx, tx, second.ID); err != nil {
				return err
			}
			book.Pages++
			return tenancy.Update(ctx, tx, book, "pages")
		}))
	}
	wg.Go(func() { lend(a, b) })
	wg.Go(func() { lend(b, a) })
	wg.Wait()
	require.Greater(t, attempts.Load(), int64(2), "somebody ran again")
	require.EqualValues(t, 2, committed.Load(), "and what was undone left no effect behind")
	require.NoError(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		books, err := tenancy.Find[Book](ctx, tx)
		require.EqualValues(t, 602, books[0].Pages+books[1].Pages)
		return err
	}))
}

func TestThePlatformsJournalOnlyGrows(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		env.Tenant(t)
		control := env.Control(t)
		table := "erp_control.platform_journal"
		if env.Name == "sqlite" {
			table = "erp_control_platform_journal"
		}
		var acts int
		require.NoError(t, control.QueryRow("SELECT COUNT(*) FROM "+table+" WHERE act = 'tenancy.create' AND actor = 'tester'").Scan(&acts))
		require.Positive(t, acts)
		for _, stmt := range []string{"UPDATE " + table + " SET actor = 'nobody'", "DELETE FROM " + table} {
			_, err := control.Exec(stmt)
			require.ErrorContains(t, err, "tenancy.append_only")
		}
	})
}
