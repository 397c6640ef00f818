package tenancy_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// eachAt runs fn on databases of their own whose clock the test sets.
func eachAt(t *testing.T, start time.Time, fn func(t *testing.T, env *tenancytest.Env, now *time.Time)) {
	t.Helper()
	for _, name := range tenancytest.Engines {
		t.Run(name, func(t *testing.T) {
			now := start
			env := tenancytest.Open(t, name, tenancytest.Options{Modules: []tenancy.Module{library}, Clock: func() time.Time { return now }})
			fn(t, env, &now)
		})
	}
}

// trail gives the acts of a tenant's own trail that are about its life, oldest first, as "actor act".
func trail(t *testing.T, env *tenancytest.Env, owner context.Context) []string {
	t.Helper()
	var out []string
	require.NoError(t, env.DB.Read(owner, func(ctx context.Context, tx *tenancy.Tx) error {
		events, err := tenancy.Find[tenancy.Event](ctx, tx, tenancy.Eq("verb", ""), tenancy.OrderBy("id"))
		for _, e := range events {
			if e.Act != "tenancy.enter" {
				out = append(out, e.Actor+" "+e.Act)
			}
		}
		return err
	}))
	return out
}

// journal gives the platform's lines about a tenant as "actor act: reason".
func journal(t *testing.T, env *tenancytest.Env, tenant uuid.UUID) []string {
	t.Helper()
	var out []string
	for page := (tenancy.PageRequest{Limit: 3}); ; {
		lines, err := env.DB.Tenants().Journal(env.Platform(t), tenant, page)
		require.NoError(t, err)
		for _, l := range lines.Items {
			require.Equal(t, tenant, l.TenantID)
			out = append(out, l.Actor+" "+l.Act+": "+l.Reason)
		}
		if page.After = lines.Next; page.After == "" {
			return out
		}
	}
}

// closings are the ways into a closed state.
var closings = map[string]func(tenants *tenancy.Tenants, platform context.Context, id uuid.UUID) error{
	"suspended": func(tenants *tenancy.Tenants, platform context.Context, id uuid.UUID) error {
		_, err := tenants.Suspend(platform, id, "unpaid")
		return err
	},
	"cancelled": func(tenants *tenancy.Tenants, platform context.Context, id uuid.UUID) error {
		_, err := tenants.Cancel(platform, id, "they left")
		return err
	},
}

// What a closed tenant's owner may do, and that nobody else may do anything.
func TestAClosedTenantIsItsOwnersToRead(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		for name, closing := range closings {
			t.Run(name, func(t *testing.T) {
				owner := env.Tenant(t)
				id := tenantOf(owner)
				clerk := env.Enter(t, id, "shelf.*", "tenancy.cancel", "tenancy.undo_cancel")
				author := &Author{Name: "Ada"}
				require.NoError(t, env.DB.Tx(owner, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, author) }))
				require.NoError(t, closing(env.DB.Tenants(), env.Platform(t), id))
				before := rowsOf(t, env, id)

				refusal := map[string]error{"suspended": tenancy.ErrTenantSuspended, "cancelled": tenancy.ErrTenantCancelled}[name]
				nothing := func(context.Context, *tenancy.Tx) error { t.Error("ran"); return nil }
				require.Zero(t, env.Count(t, func() {
					require.ErrorIs(t, env.DB.Read(clerk, nothing), refusal)
					require.ErrorIs(t, env.DB.Tx(clerk, nothing), refusal)
					_, err := env.DB.Enter(context.Background(), id, "tester", tenancy.Permissions{"shelf.*"})
					require.ErrorIs(t, err, refusal)
					_, err = env.DB.System(context.Background(), id, "job")
					require.ErrorIs(t, err, refusal, "work is nobody's, whatever its permissions")
					_, err = env.DB.Life().UndoCancel(clerk, "a clerk's wish")
					require.ErrorIs(t, err, refusal)
				}))

				require.NoError(t, env.DB.Read(owner, func(ctx context.Context, tx *tenancy.Tx) error {
					got, err := tenancy.Get[Author](ctx, tx, author.ID)
					require.NoError(t, err)
					require.Equal(t, "Ada", got.Name)
					return nil
				}))
				again, err := env.DB.Enter(context.Background(), id, "user:1", tenancy.Permissions{tenancy.PermOwn, "privacy.export"})
				require.NoError(t, err)
				_, err = tenancy.Act(again, env.DB, "privacy.export", func(_ context.Context, tx *tenancy.Tx) (bool, error) { return true, tx.RecordAct() })
				require.NoError(t, err)
				before["erp.audit_events"] += 2
				require.Equal(t, before, rowsOf(t, env, id), "the entering and the export are recorded")

				for what, write := range map[string]func(ctx context.Context, tx *tenancy.Tx) error{
					"insert": func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &Author{Name: "x"}) },
					"update": func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Update(ctx, tx, author, "name") },
					"delete": func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Delete(ctx, tx, author) },
					"lock": func(ctx context.Context, tx *tenancy.Tx) error {
						_, err := tenancy.Lock[Author](ctx, tx, author.ID)
						return err
					},
					"a batch": func(ctx context.Context, tx *tenancy.Tx) error {
						b := tx.Batch()
						tenancy.Accrue(b, []*Tally{{BookID: tenancy.NewID(), Year: 1, Loans: 1}}, "loans")
						return b.Run(ctx)
					},
					"the host's": func(ctx context.Context, tx *tenancy.Tx) error {
						return tx.Host(ctx, func(*sql.Tx) error { t.Error("ran"); return nil })
					},
					"an erasure": func(ctx context.Context, tx *tenancy.Tx) error {
						return tx.RecordErasure(ctx, env.DB.Registry().Table("lib.authors"), author.ID)
					},
				} {
					require.ErrorIs(t, env.DB.Tx(owner, write), tenancy.ErrClosed, what)
					_, err := env.DB.DryRun(owner, write)
					require.ErrorIs(t, err, tenancy.ErrClosed, what)
				}
				require.Equal(t, before, rowsOf(t, env, id))
			})
		}
	})
}

// A host's transaction is no way round: not by what the code knows, and not by what the database knows.
func TestAClosedTenantIsNotJoined(t *testing.T) {
	env := tenancytest.Open(t, "postgres", tenancytest.Options{Modules: []tenancy.Module{library}}) // SQLite joins nothing
	owner := env.Tenant(t)
	id := tenantOf(owner)
	db := env.Owner(t, id)
	insert := func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &Author{Name: "x"}) }
	for _, level := range []sql.IsolationLevel{sql.LevelReadCommitted, sql.LevelRepeatableRead} {
		host, err := db.BeginTx(context.Background(), &sql.TxOptions{Isolation: level})
		require.NoError(t, err)
		_, err = host.Exec("SELECT count(*) FROM lib.authors") // from here on, a repeatable read sees the open gate
		require.NoError(t, err)
		gate, err := tenancy.GateOf(context.Background(), env.DB, id)
		require.NoError(t, err)
		require.Equal(t, tenancy.GateActive, gate)
		require.NoError(t, tenancy.MoveGate(context.Background(), env.DB, id, tenancy.GateClosed, 1))
		err = env.DB.Join(owner, host, insert)
		require.Error(t, err, level)
		if level == sql.LevelReadCommitted {
			require.ErrorIs(t, err, tenancy.ErrClosed)
		} else {
			require.ErrorIs(t, err, tenancy.ErrBusy, "an older truth is a serialization failure")
		}
		require.NoError(t, host.Commit())
		require.NoError(t, tenancy.MoveGate(context.Background(), env.DB, id, tenancy.GateActive, 1))
	}
	_, err := env.DB.Tenants().Suspend(env.Platform(t), id, "unpaid")
	require.NoError(t, err)
	host, err := db.Begin()
	require.NoError(t, err)
	require.ErrorIs(t, env.DB.Join(owner, host, insert), tenancy.ErrClosed)
	require.NoError(t, host.Commit())
	require.Zero(t, rowsOf(t, env, id)["lib.authors"])
}

// Derived rows have no event of their own; when they are all that is written, one is left for their table, and so the database is
// asked.
func TestDerivedRowsAloneAreRecorded(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		id := tenantOf(ctx)
		lend := func() error {
			_, err := tenancy.Act(ctx, env.DB, "shelf.lend", func(ctx context.Context, tx *tenancy.Tx) (bool, error) {
				for range 2 {
					b := tx.Batch()
					tenancy.Accrue(b, []*Tally{{BookID: id, Year: 1, Loans: 1}, {BookID: id, Year: 2, Loans: 1}}, "loans")
					if err := b.Run(ctx); err != nil {
						return false, err
					}
				}
				return true, nil
			})
			return err
		}
		require.NoError(t, lend())
		require.NoError(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			events, err := tenancy.Find[tenancy.Event](ctx, tx, tenancy.Eq("model", "lib.tallies"))
			require.Len(t, events, 1)
			require.Equal(t, "shelf.lend", events[0].Act)
			require.Equal(t, "accrue", events[0].Verb)
			return err
		}))
		require.NoError(t, tenancy.MoveGate(context.Background(), env.DB, id, tenancy.GateClosed, 1))
		require.ErrorIs(t, lend(), tenancy.ErrClosed)
	})
}

func TestThirtyFullDays(t *testing.T) {
	day := func(y int, m time.Month, d, h, minute int) time.Time {
		return time.Date(y, m, d, h, minute, 0, 0, time.UTC)
	}
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	require.NoError(t, err)
	for _, c := range []struct{ end, purge time.Time }{
		{day(2026, 1, 10, 15, 0), day(2026, 2, 10, 0, 0)},
		{day(2026, 1, 10, 0, 0), day(2026, 2, 9, 0, 0)}, // the whole of 10 January is the first day
		{day(2026, 1, 10, 0, 0).Add(time.Microsecond), day(2026, 2, 10, 0, 0)},
		{day(2026, 1, 10, 23, 59), day(2026, 2, 10, 0, 0)},
		{day(2026, 2, 28, 12, 0), day(2026, 3, 31, 0, 0)},
		{day(2028, 2, 28, 12, 0), day(2028, 3, 30, 0, 0)}, // a leap year
		{day(2026, 12, 31, 12, 0), day(2027, 1, 31, 0, 0)},
		{time.Date(2026, 1, 11, 8, 0, 0, 0, tokyo), day(2026, 2, 10, 0, 0)}, // still the 10th in UTC
	} {
		require.Equal(t, c.purge, tenancy.PurgeAfter(c.end), c.end)
		full := 0
		for d := c.purge; !d.AddDate(0, 0, -1).Before(c.end); d = d.AddDate(0, 0, -1) {
			full++
		}
		require.Equal(t, tenancy.RetentionDays, full, c.end)
	}
}

// A service ends at an instant that was said before, with nobody there to end it, and is then purged on the 31st day and not before.
func TestAnEndOfServiceThatIsToCome(t *testing.T) {
	start := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	end := time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC) // midnight of London
	eachAt(t, start, func(t *testing.T, env *tenancytest.Env, now *time.Time) {
		owner := env.Tenant(t)
		id := tenantOf(owner)
		clerk := env.Enter(t, id, "shelf.*")
		tenants, platform := env.DB.Tenants(), env.Platform(t)
		for _, bad := range []time.Time{{}, start, start.Add(-time.Second), start.AddDate(11, 0, 0)} {
			_, err := tenants.CancelAt(platform, id, bad, "x")
			require.Error(t, err, bad)
		}
		_, err := tenants.CancelAt(platform, id, end.AddDate(0, 1, 0), "they leave")
		require.NoError(t, err)
		out, err := tenants.CancelAt(platform, id, end, "they leave sooner")
		require.NoError(t, err)
		require.Equal(t, tenancy.StateActive, out.State)
		require.Equal(t, end, out.EndsAt)
		purge := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC) // 1 to 30 April
		require.Equal(t, purge, out.PurgeAfter)
		require.NoError(t, insertAuthor(clerk, env), "until then the tenant goes on")
		_, err = tenants.CompletePending(platform, 10)
		require.NoError(t, err)
		require.NoError(t, insertAuthor(clerk, env))
		before := rowsOf(t, env, id)["lib.authors"]

		// A transaction that is open at that instant does not commit.
		require.ErrorIs(t, env.DB.Tx(clerk, func(ctx context.Context, tx *tenancy.Tx) error {
			*now = end
			return tenancy.Insert(ctx, tx, &Author{Name: "late"})
		}), tenancy.ErrTenantCancelled)
		require.ErrorIs(t, insertAuthor(clerk, env), tenancy.ErrTenantCancelled)
		require.ErrorIs(t, insertAuthor(owner, env), tenancy.ErrClosed)
		got, err := tenants.Get(platform, id)
		require.NoError(t, err)
		require.Equal(t, tenancy.StateCancelled, got.State)
		gate, err := tenancy.GateOf(platform, env.DB, id)
		require.NoError(t, err)
		require.Equal(t, tenancy.GateActive, gate, "the database has not been told yet")
		n, err := tenants.CompletePending(platform, 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		gate, err = tenancy.GateOf(platform, env.DB, id)
		require.NoError(t, err)
		require.Equal(t, tenancy.GateClosed, gate)
		_, err = tenants.CancelAt(platform, id, end, "as was said")
		require.NoError(t, err)
		_, err = tenants.CancelAt(platform, id, end.AddDate(0, 1, 0), "later after all")
		require.ErrorIs(t, err, tenancy.ErrTenantConflict)

		for _, day := range []int{29, 30} { // the 30th day is the last
			*now = time.Date(2026, 4, day, 23, 59, 59, 0, time.UTC)
			_, err = tenants.Purge(platform, id, "early")
			require.ErrorIs(t, err, tenancy.ErrTenantConflict)
			n, err = tenants.CompletePending(platform, 10)
			require.NoError(t, err)
			require.Zero(t, n)
			require.Equal(t, before, rowsOf(t, env, id)["lib.authors"])
			require.Equal(t, []string{"tester tenancy.platform/tenancy.cancel", "tester tenancy.platform/tenancy.cancel", "tester tenancy.platform/tenancy.end"}, trail(t, env, owner))
		}
		*now = purge
		require.NotEmpty(t, trail(t, env, owner), "until the purge begins")
		n, err = tenants.CompletePending(platform, 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Empty(t, rowsOf(t, env, id))
		_, err = env.DB.Life().UndoCancel(owner, "too late")
		require.ErrorIs(t, err, tenancy.ErrUnknownTenant)
		_, err = tenants.UndoCancel(platform, id, "too late")
		require.ErrorIs(t, err, tenancy.ErrTenantConflict)
		contract, err := tenants.Contract(platform, id)
		require.NoError(t, err)
		require.Equal(t, end, contract.EndsAt, "the contract outlasts the tenant")
	})
}

// A tenant is cancelled and comes back, from both sides.
func TestComingBack(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		owner := env.Tenant(t)
		id := tenantOf(owner)
		tenants, platform, life := env.DB.Tenants(), env.Platform(t), env.DB.Life()
		helper := env.Enter(t, id, "shelf.*")
		_, err := life.Cancel(helper, "out of spite")
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = life.Standing(helper)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = life.Cancel(platform, "the wrong side")
		require.ErrorIs(t, err, tenancy.ErrNoScope)
		_, err = tenants.UndoCancel(owner, id, "the wrong side")
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)
		_, err = life.Cancel(owner, "")
		require.ErrorIs(t, err, tenancy.ErrBadInput)
		require.ErrorIs(t, env.DB.Tx(owner, func(ctx context.Context, _ *tenancy.Tx) error {
			_, err := life.Cancel(ctx, "in the middle of something")
			return err
		}), tenancy.ErrOuterContext)

		out, err := life.Cancel(owner, "moving on")
		require.NoError(t, err)
		require.Equal(t, tenancy.StateCancelled, out.State)
		again, err := life.Cancel(owner, "moving on")
		require.NoError(t, err)
		require.Equal(t, out, again)
		require.ErrorIs(t, insertAuthor(owner, env), tenancy.ErrClosed)
		now, err := life.Standing(owner)
		require.NoError(t, err)
		require.Equal(t, out, now)
		contract, err := tenants.Contract(platform, id)
		require.NoError(t, err)
		require.Equal(t, out.EndsAt, contract.EndsAt)
		_, err = tenants.Resume(platform, id, "back")
		require.ErrorIs(t, err, tenancy.ErrTenantConflict, "what a cancelled tenant needs is another act")
		back, err := life.UndoCancel(owner, "staying")
		require.NoError(t, err)
		require.Equal(t, tenancy.Standing{State: tenancy.StateActive}, back)
		contract, err = tenants.Contract(platform, id)
		require.NoError(t, err)
		require.Zero(t, contract.EndsAt)
		require.NoError(t, insertAuthor(helper, env))

		// Whoever is suspended does not get out of it by leaving and coming back.
		_, err = tenants.Suspend(platform, id, "unpaid")
		require.NoError(t, err)
		_, err = life.Cancel(owner, "moving on")
		require.NoError(t, err)
		back, err = life.UndoCancel(owner, "staying")
		require.NoError(t, err)
		require.Equal(t, tenancy.StateSuspended, back.State)
		require.ErrorIs(t, insertAuthor(helper, env), tenancy.ErrTenantSuspended)
		// Nor does whoever is suspended after leaving.
		_, err = tenants.Resume(platform, id, "paid")
		require.NoError(t, err)
		_, err = life.Cancel(owner, "moving on")
		require.NoError(t, err)
		out2, err := tenants.Suspend(platform, id, "fraud")
		require.NoError(t, err)
		require.Equal(t, tenancy.StateCancelled, out2.State)
		back, err = life.UndoCancel(owner, "staying")
		require.NoError(t, err)
		require.Equal(t, tenancy.StateSuspended, back.State)
		resumed, err := tenants.Resume(platform, id, "cleared")
		require.NoError(t, err)
		require.Equal(t, tenancy.StateActive, resumed.State)
		require.NoError(t, insertAuthor(helper, env))

		require.Equal(t, []string{
			"tester tenancy.cancel", "tester tenancy.undo_cancel", "tester tenancy.platform/tenancy.suspend", "tester tenancy.cancel", "tester tenancy.undo_cancel",
			"tester tenancy.platform/tenancy.resume", "tester tenancy.cancel", "tester tenancy.platform/tenancy.suspend", "tester tenancy.undo_cancel", "tester tenancy.platform/tenancy.resume",
		}, trail(t, env, owner))
		require.Equal(t, []string{
			"tester tenancy.create: ", "tester tenancy.own/tenancy.cancel: moving on", "tester tenancy.own/tenancy.undo_cancel: staying", "tester tenancy.suspend: unpaid",
			"tester tenancy.own/tenancy.cancel: moving on", "tester tenancy.own/tenancy.undo_cancel: staying", "tester tenancy.resume: paid",
			"tester tenancy.own/tenancy.cancel: moving on", "tester tenancy.suspend: fraud", "tester tenancy.own/tenancy.undo_cancel: staying", "tester tenancy.resume: cleared",
		}, journal(t, env, id))
	})
}

// Whoever dies behind the decision, or anywhere on the way to the tenant's database, leaves something that is completed.
func TestADecisionThatWasNotToldYetIsTold(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		platform, tenants := env.Platform(t), env.DB.Tenants()
		for name, meanwhile := range map[string]func(t *testing.T, id uuid.UUID) error{
			"behind the control data": func(*testing.T, uuid.UUID) error { return nil },
			"behind the gate": func(_ *testing.T, id uuid.UUID) error {
				return tenancy.MoveGate(platform, env.DB, id, tenancy.GateClosed, 2)
			},
			"behind all of it": func(t *testing.T, id uuid.UUID) error {
				_, err := tenants.Suspend(platform, id, "again")
				require.NoError(t, err)
				_, err = env.Control(t).Exec("UPDATE " + control(env) + " SET settled_turn = 1 WHERE id = '" + id.String() + "'")
				return err
			},
		} {
			t.Run(name, func(t *testing.T) {
				owner := env.Tenant(t)
				id := tenantOf(owner)
				clerk := env.Enter(t, id, "shelf.*")
				require.NoError(t, tenancy.SuspendAndDie(platform, env.DB, id))
				require.ErrorIs(t, insertAuthor(clerk, env), tenancy.ErrTenantSuspended, "it holds from the decision on")
				require.NoError(t, meanwhile(t, id))
				for n := 1; n > 0; {
					var err error
					n, err = tenants.CompletePending(platform, 100)
					require.NoError(t, err)
				}
				gate, err := tenancy.GateOf(platform, env.DB, id)
				require.NoError(t, err)
				require.Equal(t, tenancy.GateClosed, gate)
				require.Equal(t, []string{"the-late tenancy.platform/tenancy.suspend"}, trail(t, env, owner), "once")
			})
		}
	})
}

// Another process finds out within StateMaxAge; its writes are refused at once all the same.
func TestAnotherProcessIsRefusedByTheDatabase(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		id := tenantOf(env.Tenant(t))
		other, err := tenancy.Open(context.Background(), env.Engine, tenancy.Options{Modules: []tenancy.Module{library}, StateMaxAge: time.Minute})
		require.NoError(t, err)
		defer func() { require.NoError(t, other.Close()) }()
		ctx, err := other.Enter(context.Background(), id, "elsewhere", tenancy.Permissions{"shelf.*"})
		require.NoError(t, err)
		insert := func() error {
			return other.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &Author{Name: "x"}) })
		}
		require.NoError(t, insert())
		_, err = env.DB.Tenants().Suspend(env.Platform(t), id, "unpaid")
		require.NoError(t, err)
		require.ErrorIs(t, insert(), tenancy.ErrClosed)
		require.ErrorIs(t, insert(), tenancy.ErrTenantSuspended, "and it has learnt why")
		require.Equal(t, 1, rowsOf(t, env, id)["lib.authors"])
	})
}

// A process whose clock is behind does not bring back what has ended.
func TestAClockThatIsBehindBringsNothingBack(t *testing.T) {
	eachAt(t, noon, func(t *testing.T, env *tenancytest.Env, now *time.Time) {
		owner := env.Tenant(t)
		id := tenantOf(owner)
		late, err := tenancy.Open(context.Background(), env.Engine, tenancy.Options{Modules: []tenancy.Module{library}, Clock: func() time.Time { return now.Add(-time.Hour) }})
		require.NoError(t, err)
		defer func() { require.NoError(t, late.Close()) }()
		platform, err := late.EnterPlatform(context.Background(), "behind", tenancy.Permissions{"*"})
		require.NoError(t, err)
		cancelled, err := env.DB.Tenants().Cancel(env.Platform(t), id, "they left")
		require.NoError(t, err)
		for _, act := range []func(context.Context, uuid.UUID, string) (tenancy.Tenant, error){late.Tenants().Suspend, late.Tenants().Resume, late.Tenants().Cancel} {
			out, err := act(platform, id, "x")
			require.NoError(t, err)
			require.Equal(t, tenancy.StateCancelled, out.State)
			require.Equal(t, cancelled.EndsAt, out.EndsAt)
			seen, err := late.Tenants().Get(platform, id)
			require.NoError(t, err)
			require.Equal(t, tenancy.StateCancelled, seen.State)
			gate, err := tenancy.GateOf(platform, env.DB, id)
			require.NoError(t, err)
			require.Equal(t, tenancy.GateClosed, gate)
		}
		_, err = late.Enter(context.Background(), id, "clerk", tenancy.Permissions{"shelf.*"})
		require.ErrorIs(t, err, tenancy.ErrTenantCancelled)
	})
}

// Each of the platform's acts needs its own permission, and no other helps.
func TestEachActOfThePlatformsHasItsPermission(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		id, end := tenantOf(env.Tenant(t)), time.Now().Add(time.Hour)
		hold, err := env.DB.Tenants().Hold(env.Platform(t), id, "a claim", "7 O 12/26")
		require.NoError(t, err)
		terms := tenancy.Terms{Organisation: "x", Since: noonDate}
		acts := map[tenancy.Permission][]func(ctx context.Context, on *tenancy.Tenants) error{}
		add := func(p tenancy.Permission, act func(ctx context.Context, on *tenancy.Tenants) error) {
			acts[p] = append(acts[p], act)
		}
		add("tenancy.suspend", func(ctx context.Context, on *tenancy.Tenants) error { _, err := on.Suspend(ctx, id, "x"); return err })
		add("tenancy.resume", func(ctx context.Context, on *tenancy.Tenants) error { _, err := on.Resume(ctx, id, "x"); return err })
		add("tenancy.cancel", func(ctx context.Context, on *tenancy.Tenants) error {
			_, err := on.CancelAt(ctx, id, end, "x")
			return err
		})
		add("tenancy.cancel", func(ctx context.Context, on *tenancy.Tenants) error { _, err := on.Cancel(ctx, id, "x"); return err })
		add("tenancy.undo_cancel", func(ctx context.Context, on *tenancy.Tenants) error {
			_, err := on.UndoCancel(ctx, id, "x")
			return err
		})
		add("tenancy.hold", func(ctx context.Context, on *tenancy.Tenants) error { _, err := on.Hold(ctx, id, "x", "y"); return err })
		add("tenancy.hold", func(ctx context.Context, on *tenancy.Tenants) error { _, err := on.Holds(ctx, id); return err })
		add("tenancy.release", func(ctx context.Context, on *tenancy.Tenants) error {
			_, err := on.Release(ctx, hold.ID, "x")
			return err
		})
		add("tenancy.purge", func(ctx context.Context, on *tenancy.Tenants) error { _, err := on.Purge(ctx, id, "x"); return err })
		add("tenancy.purge", func(ctx context.Context, on *tenancy.Tenants) error {
			_, err := on.PurgeNow(ctx, id, "x", "y")
			return err
		})
		add("tenancy.complete", func(ctx context.Context, on *tenancy.Tenants) error { _, err := on.CompletePending(ctx, 1); return err })
		add("tenancy.read_contract", func(ctx context.Context, on *tenancy.Tenants) error { _, err := on.Contract(ctx, id); return err })
		add("tenancy.set_contract", func(ctx context.Context, on *tenancy.Tenants) error {
			_, err := on.SetContract(ctx, id, terms, "x")
			return err
		})
		add("tenancy.read_journal", func(ctx context.Context, on *tenancy.Tenants) error {
			_, err := on.Journal(ctx, id, tenancy.PageRequest{})
			return err
		})
		for need, list := range acts {
			var others tenancy.Permissions
			for p := range acts {
				if p != need {
					others = append(others, p)
				}
			}
			without, err := env.DB.EnterPlatform(context.Background(), "staff:1", others)
			require.NoError(t, err)
			with, err := env.DB.EnterPlatform(context.Background(), "staff:1", tenancy.Permissions{need})
			require.NoError(t, err)
			for i, act := range list {
				before := journal(t, env, id)
				require.ErrorIs(t, act(without, env.DB.Tenants()), tenancy.ErrForbidden, "%s %d", need, i)
				require.ErrorIs(t, act(context.Background(), env.DB.Tenants()), tenancy.ErrNotPlatform, "%s %d", need, i)
				require.Equal(t, before, journal(t, env, id))
				err := act(with, env.DB.Tenants())
				require.False(t, errors.Is(err, tenancy.ErrForbidden) || errors.Is(err, tenancy.ErrNotPlatform), "%s %d: %v", need, i, err)
			}
		}
	})
}

// Work that is under way when the service ends is undone, though no gate has closed yet: it closes when a job comes round.
func TestWorkThatOutlivesTheServiceIsUndone(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	eachAt(t, start, func(t *testing.T, env *tenancytest.Env, now *time.Time) {
		ctx := env.TenantWith(t, "lib.*", "tenancy.own")
		end := start.Add(time.Hour)
		_, err := env.DB.Tenants().CancelAt(env.Platform(t), tenancy.ScopeOf(ctx).TenantID(), end, "they leave")
		require.NoError(t, err)
		late := env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			require.NoError(t, tenancy.Insert(ctx, tx, novel("Too late")))
			*now = end
			return nil
		})
		require.ErrorIs(t, late, tenancy.ErrClosed)
		require.Zero(t, countBooks(t, ctx, env))
	})
}
