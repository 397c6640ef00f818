package tenancy_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// The grant's time ends while a transaction is open: its next statement is refused, and so is its commit.
func TestAGrantEndsWithinATransaction(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		for name, end := range map[string]func(id uuid.UUID) error{
			"expired":            func(uuid.UUID) error { w.pass(2 * time.Hour); return nil },
			"revoked":            func(id uuid.UUID) error { return second(w.db.Grants().Revoke(w.owner, id, "")) },
			"revoked by another": nil,
		} {
			if name == "revoked by another" {
				other := w.open(t)
				bob, err := other.EnterPlatform(context.Background(), "staff:bob", tenancy.Permissions{tenancy.PermAskGrant})
				require.NoError(t, err)
				end = func(id uuid.UUID) error { return second(other.Grants().Revoke(bob, id, "")) }
			}
			g := w.authorised(t)
			inside := w.inside(t, g.ID)
			require.ErrorIs(t, w.in(inside, func(ctx context.Context, tx *tenancy.Tx) error {
				if err := tenancy.Insert(ctx, tx, novel("Never "+name)); err != nil {
					return err
				}
				if err := end(g.ID); err != nil {
					return err
				}
				_, err := tenancy.Count[Book](ctx, tx)
				require.ErrorIs(t, err, tenancy.ErrGrantEnded, name)
				return nil
			}), tenancy.ErrGrantEnded, name)

			g = w.authorised(t)
			inside = w.inside(t, g.ID)
			require.ErrorIs(t, w.in(inside, func(ctx context.Context, tx *tenancy.Tx) error {
				if err := tenancy.Insert(ctx, tx, novel("Never "+name)); err != nil {
					return err
				}
				return end(g.ID)
			}), tenancy.ErrGrantEnded, name+", at the commit")
			require.Empty(t, w.shelf(t), name)
		}
	})
}

// A revocation between a statement and the record of it: the rows are not handed out, and the look is on record.
func TestAGrantEndsWithinAStatement(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		require.NoError(t, w.write(w.enter(t, w.tenant, "user:7", "*"), "Emma"))
		g := w.authorised(t)
		var seen atomic.Bool
		var once sync.Once
		db, err := tenancy.Open(context.Background(), w.env.Engine, tenancy.Options{Modules: []tenancy.Module{library}, Clock: w.now, OnStatement: func(s tenancy.Sent) {
			if s.Verb == "select" && seen.Load() {
				once.Do(func() { w.pass(2 * time.Hour) })
			}
		}})
		require.NoError(t, err)
		defer func() { require.NoError(t, db.Close()) }()
		ada, err := db.EnterPlatform(context.Background(), "staff:ada", nil)
		require.NoError(t, err)
		inside, err := db.EnterGrant(ada, g.ID)
		require.NoError(t, err)
		seen.Store(true)
		require.ErrorIs(t, second(tenancy.View(inside, db, readBooks, func(ctx context.Context, tx *tenancy.Tx) (bool, error) {
			rows, err := tenancy.Find[Book](ctx, tx)
			require.ErrorIs(t, err, tenancy.ErrGrantEnded)
			require.Nil(t, rows)
			return true, err
		})), tenancy.ErrGrantEnded)
		lines := w.kept(t, g.ID)
		require.Equal(t, "find lib.books 1 tenancy.grant_ended", lines[len(lines)-1])
	})
}

// The owner revokes while several work under the grant, in two programs. Once Revoke has returned, nothing more is written.
func TestRaceRevocationAgainstWork(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		g := w.authorised(t)
		other := w.open(t)
		ada, err := other.EnterPlatform(context.Background(), "staff:ada", nil)
		require.NoError(t, err)
		there, err := other.EnterGrant(ada, g.ID)
		require.NoError(t, err)
		inside := w.inside(t, g.ID)

		var wg sync.WaitGroup
		var committed atomic.Int64
		work := func(db *tenancy.DB, ctx context.Context, who string) {
			for i := 0; ; i++ {
				_, err := tenancy.Act(ctx, db, writeBooks, func(ctx context.Context, tx *tenancy.Tx) (bool, error) {
					return true, tenancy.Insert(ctx, tx, novel(fmt.Sprintf("%s %d", who, i)))
				})
				if err != nil {
					if !errors.Is(err, tenancy.ErrGrantEnded) {
						t.Errorf("%s: %v", who, err)
					}
					return
				}
				committed.Add(1)
			}
		}
		for i := range 2 {
			wg.Go(func() { work(w.db, inside, fmt.Sprintf("here %d", i)) })
			wg.Go(func() { work(other, there, fmt.Sprintf("there %d", i)) })
		}
		require.Eventually(t, func() bool { return committed.Load() > 4 }, 20*time.Second, time.Millisecond)
		_, err = w.db.Grants().Revoke(w.owner, g.ID, "enough")
		require.NoError(t, err)
		then := w.shelf(t)
		wg.Wait()
		require.Equal(t, then, w.shelf(t), "nothing came after")
		require.Len(t, then, int(committed.Load()), "and what was committed is there")

		job := w.staff(t, "system:job", "*")
		for range 2 { // several mark at once, and each use stands in the trail once
			wg.Go(func() { _, err := w.db.Grants().CompletePending(job, 1000); require.NoError(t, err) })
		}
		wg.Wait()
		uses := w.uses(t, w.owner, g.ID)
		require.Len(t, w.trail(t, g.ID), len(uses))
		require.GreaterOrEqual(t, len(uses), len(then))
	})
}

// The same person approves twice at once, and two people once each.
func TestRaceApprovals(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		g := w.ask(t, w.incident())
		approve := func(people ...context.Context) {
			var wg sync.WaitGroup
			for _, who := range people {
				wg.Go(func() { require.NoError(t, second(w.db.Grants().Approve(who, g.ID))) })
			}
			wg.Wait()
		}
		approve(w.bob, w.bob, w.bob, w.bob)
		list, err := w.db.Grants().List(w.owner, uuid.Nil, 10)
		require.NoError(t, err)
		require.Equal(t, tenancy.GrantAsked, list[0].State)
		require.Len(t, list[0].Approvals, 1)

		g = w.ask(t, w.incident())
		approve(w.bob, w.eve, w.bob, w.eve)
		list, err = w.db.Grants().List(w.owner, uuid.Nil, 10)
		require.NoError(t, err)
		require.Equal(t, tenancy.GrantAuthorised, list[1].State)
		require.Len(t, list[1].Approvals, 2)

		// The owner authorises while two approve: it is authorised once, by the one or the others.
		g = w.ask(t, w.incident())
		var wg sync.WaitGroup
		for _, decide := range []func() (tenancy.Grant, error){
			func() (tenancy.Grant, error) { return w.db.Grants().Authorise(w.owner, g.ID) },
			func() (tenancy.Grant, error) { return w.db.Grants().Approve(w.bob, g.ID) },
			func() (tenancy.Grant, error) { return w.db.Grants().Approve(w.eve, g.ID) },
		} {
			wg.Go(func() {
				if _, err := decide(); err != nil && !errors.Is(err, tenancy.ErrGrantState) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		list, err = w.db.Grants().List(w.owner, uuid.Nil, 10)
		require.NoError(t, err)
		require.Equal(t, tenancy.GrantAuthorised, list[2].State)
		require.Equal(t, list[2].AuthorisedBy == "", len(list[2].Approvals) == 2)
	})
}

// Two ask with one reference at once.
func TestRaceAsking(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		in := w.request()
		in.Reference = uuid.NewString()
		var ids [4]uuid.UUID
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				g, err := w.db.Grants().Ask(w.ada, in)
				require.NoError(t, err)
				ids[i] = g.ID
			})
		}
		wg.Wait()
		require.Equal(t, [4]uuid.UUID{ids[0], ids[0], ids[0], ids[0]}, ids)
	})
}

// The database knows by itself that a grant has ended, whatever the program believes.
func TestTheDatabaseLooksAtTheGrantItself(t *testing.T) {
	env := tenancytest.Open(t, "postgres", tenancytest.Options{Modules: []tenancy.Module{library}}) // SQLite's wall is the file
	w := newWorld(t, env)
	for name, end := range map[string]string{
		"ended":   "UPDATE erp_wall.grants SET ended_at = clock_timestamp() WHERE id = '%s'",
		"expired": "UPDATE erp_wall.grants SET expires_at = clock_timestamp() WHERE id = '%s'",
		"foreign": "UPDATE erp_wall.grants SET tenant_id = gen_random_uuid() WHERE id = '%s'",
		"unknown": "DELETE FROM erp_wall.grants WHERE id = '%s'",
	} {
		g := w.authorised(t)
		inside := w.inside(t, g.ID)
		_, err := w.books(inside)
		require.NoError(t, err)
		raw := func() {
			result, err := env.Owner(t, w.tenant).Exec(fmt.Sprintf(end, g.ID))
			require.NoError(t, err)
			n, err := result.RowsAffected()
			require.NoError(t, err)
			require.EqualValues(t, 1, n)
		}
		require.ErrorIs(t, w.in(inside, func(ctx context.Context, tx *tenancy.Tx) error {
			if err := tenancy.Insert(ctx, tx, novel("Never "+name)); err != nil {
				return err
			}
			raw()
			_, err := tenancy.Count[Book](ctx, tx)
			require.ErrorIs(t, err, tenancy.ErrGrantEnded, name)
			return err
		}), tenancy.ErrGrantEnded, name)
		_, err = w.books(inside)
		require.ErrorIs(t, err, tenancy.ErrGrantEnded, name)

		g = w.authorised(t)
		inside = w.inside(t, g.ID)
		require.ErrorIs(t, w.in(inside, func(ctx context.Context, tx *tenancy.Tx) error {
			err := tenancy.Insert(ctx, tx, novel("Never "+name))
			raw()
			return err
		}), tenancy.ErrGrantEnded, name+", at the commit")
		require.Empty(t, w.shelf(t), name)
		list, err := w.db.Grants().List(w.owner, uuid.Nil, 100)
		require.NoError(t, err)
		require.Equal(t, tenancy.GrantAuthorised, list[len(list)-1].State, "the platform's own record says otherwise")
	}
}

// A revocation reaches the database that the tenant is in, at once, or when it can be asked again.
func TestARevocationReachesTheDatabase(t *testing.T) {
	env := tenancytest.Open(t, "postgres", tenancytest.Options{Modules: []tenancy.Module{library}})
	w := newWorld(t, env)
	owner := env.Owner(t, w.tenant)
	ended := func(id uuid.UUID) (yes bool) {
		require.NoError(t, owner.QueryRow("SELECT count(ended_at) = 1 FROM erp_wall.grants WHERE id = '"+id.String()+"'").Scan(&yes))
		return yes
	}
	g := w.authorised(t)
	w.inside(t, g.ID)
	require.False(t, ended(g.ID))
	_, err := w.db.Grants().Revoke(w.owner, g.ID, "")
	require.NoError(t, err)
	require.True(t, ended(g.ID))

	g = w.authorised(t)
	inside := w.inside(t, g.ID)
	_, err = owner.Exec("REVOKE EXECUTE ON FUNCTION erp.end_grant(uuid) FROM erp_control")
	require.NoError(t, err)
	_, err = w.db.Grants().Revoke(w.owner, g.ID, "")
	require.Error(t, err)
	_, err = w.books(inside)
	require.ErrorIs(t, err, tenancy.ErrGrantEnded, "it is revoked all the same")
	require.False(t, ended(g.ID))
	_, err = owner.Exec("GRANT EXECUTE ON FUNCTION erp.end_grant(uuid) TO erp_control")
	require.NoError(t, err)
	_, err = w.db.Grants().CompletePending(w.staff(t, "system:job", "*"), 1000)
	require.NoError(t, err)
	require.True(t, ended(g.ID))
}

// What the code refuses, the control database refuses as well, whoever asks.
func TestTheControlDatabaseGuardsGrants(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		control := w.env.Control(t)
		grants, approvals, uses := w.control("grants"), w.control("grant_approvals"), w.control("grant_uses")
		g := w.authorised(t)
		emergency := w.ask(t, w.incident())
		one := w.ask(t, w.incident())
		_, err := w.db.Grants().Approve(w.bob, one.ID)
		require.NoError(t, err)
		row := func(id uuid.UUID) string { return " WHERE id = '" + id.String() + "'" }
		approval := func(id uuid.UUID, who string) string {
			return "INSERT INTO " + approvals + " (grant_id, approver, approved_micros) VALUES ('" + id.String() + "', '" + who + "', 1)"
		}
		authorise := "SET state = 'authorised', authorised_micros = 1, expires_micros = 1 + duration_micros"
		copied := func(id uuid.UUID, columns string) string {
			return "INSERT INTO " + grants + ` SELECT '` + tenancy.NewID().String() + `', tenant_id, NULL, person, asked_by, asked_micros, ` + columns +
				`, 'asked', '', 0, 0, 0, '', 0, 0, '', 0, '', 0 FROM ` + grants + row(id)
		}
		require.NoError(t, second(control.Exec(copied(g.ID, "reason, emergency, withheld, permissions, duration_micros"))), "the form is right")
		for name, text := range map[string]string{
			"one approval":                "UPDATE " + grants + " " + authorise + row(one.ID),
			"no approval":                 "UPDATE " + grants + " " + authorise + row(emergency.ID),
			"by who asked":                "UPDATE " + grants + " " + authorise + ", authorised_by = 'staff:ada'" + row(emergency.ID),
			"longer than asked for":       "UPDATE " + grants + " SET state = 'authorised', authorised_by = 'user:1', authorised_micros = 1, expires_micros = 2 + duration_micros" + row(emergency.ID),
			"a longer life":               "UPDATE " + grants + " SET expires_micros = expires_micros + 1, authorised_micros = authorised_micros + 1" + row(g.ID),
			"another person":              "UPDATE " + grants + " SET person = 'staff:eve'" + row(g.ID),
			"another tenant":              "UPDATE " + grants + " SET tenant_id = '" + tenancy.NewID().String() + "'" + row(g.ID),
			"more permissions":            "UPDATE " + grants + " SET permissions = 'a.b c.d'" + row(g.ID),
			"another reason":              "UPDATE " + grants + " SET reason = 'x'" + row(g.ID),
			"back to asked":               "UPDATE " + grants + " SET state = 'asked', authorised_by = '', authorised_micros = 0, expires_micros = 0" + row(g.ID),
			"away":                        "DELETE FROM " + grants + row(emergency.ID),
			"an approval of one's own":    approval(emergency.ID, "staff:ada"),
			"an approval of no emergency": approval(w.ask(t, w.request()).ID, "staff:bob"),
			"a late approval":             approval(g.ID, "staff:bob"),
			"a changed approval":          "UPDATE " + approvals + " SET approver = 'staff:eve' WHERE grant_id = '" + one.ID.String() + "'",
			"a deleted approval":          "DELETE FROM " + approvals + " WHERE grant_id = '" + one.ID.String() + "'",
			"a changed use":               "UPDATE " + uses + " SET row_count = 0, marked_micros = 1 WHERE grant_id = '" + one.ID.String() + "'",
			"an unmarked use":             "UPDATE " + uses + " SET marked_micros = 0 WHERE grant_id = '" + g.ID.String() + "'",
			"a deleted use":               "DELETE FROM " + uses + " WHERE grant_id = '" + g.ID.String() + "'",
			"born authorised":             "INSERT INTO " + grants + " SELECT '" + tenancy.NewID().String() + "', tenant_id, NULL, person, asked_by, asked_micros, reason, emergency, withheld, permissions, duration_micros, state, authorised_by, authorised_micros, expires_micros, wall_micros, ended_by, ended_micros, closed_micros, lifted_by, lifted_micros, told, told_micros FROM " + grants + row(g.ID),
			"without a reason":            copied(g.ID, "' ', emergency, withheld, permissions, duration_micros"),
			"with a star":                 copied(g.ID, "reason, emergency, withheld, 'accounting.*', duration_micros"),
			"for nine hours":              copied(g.ID, "reason, emergency, withheld, permissions, 32400000000"),
			"in another emergency":        copied(g.ID, "reason, 'boredom', withheld, permissions, duration_micros"),
			"in silence":                  copied(g.ID, "reason, emergency, 'because', permissions, duration_micros"),
		} {
			_, err := control.Exec(text)
			require.Error(t, err, name)
		}
		if w.env.Name == "postgres" {
			for _, table := range []string{grants, approvals, uses} {
				_, err := control.Exec("TRUNCATE " + table + " CASCADE")
				require.ErrorContains(t, err, "tenancy.append_only")
			}
		}
	})
}

// A commit that is under way when the grant is revoked is waited for: Revoke does not return before it has ended.
func TestRaceARevocationOutlastsACommit(t *testing.T) {
	env := tenancytest.Open(t, "postgres", tenancytest.Options{Modules: []tenancy.Module{library}}) // on SQLite the revocation waits for control.db
	w := newWorld(t, env)
	g := w.authorised(t)
	inside := w.inside(t, g.ID)
	owner := env.Owner(t, w.tenant)
	waiting := func(what string) func() bool {
		return func() bool {
			var n int
			require.NoError(t, owner.QueryRow("SELECT count(*) FROM pg_locks WHERE NOT granted AND "+what).Scan(&n))
			return n > 0
		}
	}
	held, err := owner.Begin()
	require.NoError(t, err)
	defer func() { _ = held.Rollback() }()
	_, err = held.Exec("LOCK TABLE erp.audit_events IN SHARE MODE")
	require.NoError(t, err)
	var wg sync.WaitGroup
	var written error
	var revoked atomic.Bool
	wg.Go(func() { written = w.write(inside, "Just in time, or never") })
	require.Eventually(t, waiting("relation = 'erp.audit_events'::regclass"), 20*time.Second, time.Millisecond, "the commit is under way")
	wg.Go(func() {
		require.NoError(t, second(w.db.Grants().Revoke(w.owner, g.ID, "")))
		revoked.Store(true)
	})
	require.Eventually(t, waiting("locktype = 'advisory'"), 20*time.Second, time.Millisecond, "the revocation waits for it")
	require.False(t, revoked.Load())
	require.ErrorIs(t, second(w.db.EnterGrant(w.ada, g.ID)), tenancy.ErrGrantEnded, "and holds already")
	require.NoError(t, held.Rollback())
	wg.Wait()
	if written != nil {
		require.ErrorIs(t, written, tenancy.ErrGrantEnded)
		require.Empty(t, w.shelf(t))
	} else {
		require.Len(t, w.shelf(t), 1)
	}
}
