package audit_test

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
	"github.com/opsmatiq/erp/tenancy/audit"
	"github.com/opsmatiq/erp/tenancy/internal/trail"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestEventsGetNumbersInOrder(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		d := newDesk(t, env)
		d.write(t, 3)
		require.Equal(t, 4, d.seal(t), "the entering is one")
		require.Zero(t, d.seal(t))
		d.write(t, 250)
		require.Equal(t, 250, d.seal(t))
		all := d.all(t)
		require.Len(t, all, 254)
		for i, e := range all {
			require.Equal(t, int64(i+1), e.Seq)
			require.Equal(t, d.tenant, e.TenantID)
			if i > 0 {
				require.Negative(t, compare(all[i-1].ID, e.ID))
			}
		}
		d.stands(t, 254)
		_, err := d.Seal(d.ctx, 0)
		require.ErrorIs(t, err, audit.ErrBadInput)
		_, err = d.Seal(env.Enter(t, d.tenant, "notes.*"), 10)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = d.Sweep(env.Enter(t, d.tenant, "notes.*"))
		require.ErrorIs(t, err, tenancy.ErrForbidden)
	})
}

func compare(a, b uuid.UUID) int {
	for i := range a {
		if a[i] != b[i] {
			return int(a[i]) - int(b[i])
		}
	}
	return 0
}

func TestAPassCostsTheSameHoweverManyEventsThereAre(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		d := newDesk(t, env)
		d.seal(t)
		pass := func(n int) int {
			d.write(t, n)
			return env.Count(t, func() {
				sealed, err := d.Seal(d.ctx, 1000)
				require.NoError(t, err)
				require.Equal(t, n, sealed)
			})
		}
		one := pass(1)
		require.Equal(t, one, pass(50))
		require.Equal(t, one, pass(700))
		var written []string
		env.Observe(t, func(s tenancy.Sent) {
			if s.Verb != "begin" && s.Verb != "select" && s.Verb != "commit" && s.Verb != "with" {
				written = append(written, s.Verb)
			}
		})
		require.Zero(t, d.seal(t))
		require.Empty(t, written, "a look that finds nothing writes nothing")
	})
}

// late puts an event into the trail that was made before others that are sealed by now.
func (d *desk) late(t testing.TB, by time.Duration) uuid.UUID {
	t.Helper()
	id := tenancy.NewID()
	at := time.Now().Add(-by).UnixMilli()
	for i := range 6 {
		id[i] = byte(at >> (8 * (5 - i)))
	}
	_, err := d.env.Owner(t, d.tenant).Exec(d.env.SQL(fmt.Sprintf(`INSERT INTO erp.audit_events (tenant_id, id, occurred_at, actor, act, verb, model, columns, row_count)
		VALUES ('%s', '%s', '2026-03-01T12:00:00.000000Z', 'late', 'test.late', '', '', '', 0)`, d.tenant, id)))
	require.NoError(t, err)
	return id
}

func TestAnEventThatCameLateIsNotForgotten(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		d := newDesk(t, env)
		d.write(t, 3)
		d.seal(t)
		a := d.late(t, 10*time.Second)
		require.Equal(t, 1, d.seal(t))
		require.Equal(t, a, d.all(t)[4].ID, "older by its id, later in the chain")

		b := d.late(t, time.Hour)
		require.Zero(t, d.seal(t), "too far behind for an ordinary pass")
		require.Equal(t, int64(1), d.verify(t).Waiting)
		for more := true; more; {
			var err error
			more, err = d.Sweep(d.ctx)
			require.NoError(t, err)
		}
		require.Equal(t, b, d.all(t)[5].ID)
		d.stands(t, 6)

		// An id of a clock that runs ahead hides nothing either.
		d.late(t, -24*time.Hour)
		require.Equal(t, 1, d.seal(t))
		d.write(t, 1)
		require.Equal(t, 1, d.seal(t))
	})
}

// A sweep goes through the trail piece by piece, and begins anew when it was cut short.
func TestASweepGoesThroughEveryPiece(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		d := newDesk(t, env)
		d.SweepBy(3)
		more, err := d.Sweep(d.ctx)
		require.NoError(t, err)
		require.False(t, more, "nothing was ever sealed")
		d.write(t, 7)
		d.seal(t)
		d.late(t, 2*time.Hour)
		d.late(t, time.Hour)
		sweep := func() (pieces int) {
			for more := true; more; pieces++ {
				more, err = d.Sweep(d.ctx)
				require.NoError(t, err)
			}
			return pieces
		}
		require.Equal(t, 4, sweep(), "three full ones of ten events, and the rest")
		d.stands(t, 10)
		_, err = d.Sweep(d.ctx)
		require.NoError(t, err)
		d.open()
		d.SweepBy(3)
		require.Equal(t, 4, sweep())
	})
}

// On PostgreSQL a host's own transaction can stay open for as long as it likes after our act in it has ended.
func TestAnActInALongTransactionOfTheHostIsSealed(t *testing.T) {
	env := tenancytest.Open(t, "postgres", tenancytest.Options{Modules: []tenancy.Module{audit.Module(), notes}})
	d := newDesk(t, env)
	db, err := sql.Open("pgx", env.OwnerURL())
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	host, err := db.BeginTx(d.ctx, nil)
	require.NoError(t, err)
	var note Note
	require.NoError(t, env.DB.Join(d.ctx, host, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &note) }))
	d.write(t, 2)
	require.Equal(t, 3, d.seal(t), "what is not committed is not sealed")
	require.NoError(t, host.Commit())
	require.Equal(t, 1, d.seal(t))
	all := d.all(t)
	require.Equal(t, note.ID, all[3].RowID)
	require.Negative(t, compare(all[3].ID, all[2].ID), "it was made before those that were sealed before")
	d.stands(t, 4)
}

// Several sealers, several writers: every event has one place, and no number is missing.
func TestRaceSealers(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		d := newDesk(t, env)
		services := []*audit.Service{d.Service, audit.New(env.DB, audit.Options{Key: d.signer.give}), audit.New(env.DB, audit.Options{Key: d.signer.give})}
		var writers, sealers sync.WaitGroup
		done := make(chan struct{})
		for range 3 {
			writers.Go(func() {
				for range 20 {
					if err := env.DB.Tx(d.ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &Note{}) }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for _, s := range services {
			sealers.Go(func() {
				for last := false; ; {
					if _, err := s.Seal(d.ctx, 7); err != nil {
						t.Error(err)
						return
					}
					if last {
						return
					}
					select {
					case <-done:
						last = true
					default:
					}
				}
			})
		}
		writers.Wait()
		close(done)
		sealers.Wait()
		d.seal(t)
		d.open()
		d.seal(t)
		d.stands(t, 61)
	})
}

func TestRootsAreSignedAndHandedOver(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		d := newDesk(t, env)
		d.write(t, 1)
		d.seal(t)
		require.Len(t, d.witness.roots, 1)
		v := d.verify(t)
		require.Equal(t, tenancy.Root{TenantID: d.tenant, Kind: "audit", Seq: 2, Digest: v.Head, At: v.Anchored.At}, d.witness.roots[0])
		require.Equal(t, int64(2), v.Signed.Seq)
		d.seal(t)
		require.Len(t, d.witness.roots, 1, "nothing new")

		// Without a key and a witness sealing goes on.
		d.signer.err = errGone
		d.write(t, 1)
		require.Equal(t, 1, d.seal(t))
		require.Equal(t, int64(2), d.signed(t))
		require.Equal(t, audit.ErrKey.Code, d.alarms[0].Code)
		require.Equal(t, d.tenant, d.alarms[0].TenantID)
		d.signer.err, d.witness.err = nil, errGone
		require.Zero(t, d.seal(t))
		require.Equal(t, int64(3), d.signed(t), "what was due is signed by the next pass")
		require.Len(t, d.alarms, 2)
		require.Equal(t, audit.ErrAnchor.Code, d.alarms[1].Code)
		d.seal(t)
		require.Len(t, d.alarms, 2, "told once")
		v = d.verify(t)
		require.ErrorIs(t, v.AnchorErr, audit.ErrAnchor)
		require.False(t, v.Checks()[2].OK)
		d.witness.err = nil
		require.Zero(t, d.seal(t))
		require.Len(t, d.witness.roots, 2, "and handed over")
		d.stands(t, 3)
	})
}

// signed is the number of the last root, as it stands in the database.
func (d *desk) signed(t testing.TB) (seq int64) {
	t.Helper()
	require.NoError(t, d.env.Owner(t, d.tenant).QueryRow(d.env.SQL("SELECT max(seq) FROM erp.audit_roots WHERE tenant_id = '"+d.tenant.String()+"'")).Scan(&seq))
	return seq
}

func TestTheAnchorIsNotHandedEveryRoot(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{audit.Module(), notes}, Clock: func() time.Time { return now }}, func(t *testing.T, env *tenancytest.Env) {
		d := newDesk(t, env, func(o *audit.Options) { o.AnchorEvery = 0 })
		pass := func(after time.Duration) int {
			now = now.Add(after)
			d.write(t, 1)
			d.seal(t)
			return len(d.witness.roots)
		}
		require.Equal(t, 1, pass(0))
		require.Equal(t, 1, pass(30*time.Second))
		d.open(func(o *audit.Options) { o.AnchorEvery = 0 })
		require.Equal(t, 1, pass(20*time.Second), "another process knows as well")
		require.Equal(t, 2, pass(10*time.Second))
		now = now.Add(time.Hour)
		d.seal(t)
		require.Len(t, d.witness.roots, 2, "the same root is not handed over again")
		require.Equal(t, int64(5), d.witness.roots[1].Seq)
	})
}

// Nothing is signed, and nothing handed over, that contradicts what was.
func TestTheSealerDoesNotSignForForgers(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		for what, forge := range map[string][]string{
			"the seal that was signed": {"UPDATE erp.audit_seals SET digest = '" + zeros + "' WHERE seq = 2 AND $T"},
			"the root":                 {"UPDATE erp.audit_roots SET digest = '" + zeros + "' WHERE $T", "UPDATE erp.audit_seals SET digest = '" + zeros + "' WHERE seq = 2 AND $T"},
			"the end":                  {"DELETE FROM erp.audit_seals WHERE seq = 2 AND $T"},
		} {
			d := newDesk(t, env)
			d.write(t, 1)
			d.seal(t)
			d.tamper(t, forge...)
			d.write(t, 2)
			require.NotZero(t, d.seal(t), "%s: sealing goes on", what)
			require.Equal(t, int64(2), d.signed(t), what)
			require.Len(t, d.witness.roots, 1, what)
			require.Equal(t, audit.ErrBroken.Code, d.alarms[0].Code, what)
		}
		// A chain that was cut off and signed again, by somebody who has the key, is not what the anchor has.
		d := newDesk(t, env)
		d.write(t, 1)
		d.seal(t)
		d.tamper(t, "DELETE FROM erp.audit_roots WHERE $T", "DELETE FROM erp.audit_seals WHERE $T", "DELETE FROM erp.audit_events WHERE $T AND verb <> ''")
		d.write(t, 2)
		d.seal(t)
		require.Len(t, d.witness.roots, 1)
		require.Equal(t, audit.ErrBroken.Code, d.alarms[0].Code)
		require.Equal(t, audit.KeptDiffers, d.verify(t).Finding.What)
	})
}

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"

func TestTheAlarmSaysThatEventsWait(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{audit.Module(), notes}, Clock: func() time.Time { return now }}, func(t *testing.T, env *tenancytest.Env) {
		d := newDesk(t, env)
		d.write(t, 1)
		now = now.Add(10 * time.Second)
		require.True(t, lag(d.verify(t)).OK)
		now = now.Add(time.Second)
		v := d.verify(t)
		require.Equal(t, int64(2), v.Waiting)
		require.Equal(t, 11*time.Second, v.Oldest)
		require.False(t, lag(v).OK)
		d.seal(t)
		require.Len(t, d.alarms, 1)
		require.Equal(t, audit.Alarm{TenantID: d.tenant, Code: audit.ErrLate.Code, Seq: 1, Age: 11 * time.Second, At: now}, d.alarms[0])
		require.Contains(t, d.alarms[0].String(), "waited 11s")
		d.stands(t, 2)
		d.write(t, 1)
		now = now.Add(time.Minute)
		d.seal(t)
		require.Len(t, d.alarms, 1, "told within the hour")
		d.write(t, 1)
		now = now.Add(time.Hour)
		d.seal(t)
		require.Len(t, d.alarms, 2)

		d.signer.err = errGone
		d.write(t, 1)
		d.seal(t)
		now = now.Add(11 * time.Second)
		d.signer.err = nil
		require.Equal(t, 11*time.Second, d.verify(t).Unsigned)
		require.False(t, lag(d.verify(t)).OK)
	})
}

func lag(v audit.Verification) tenancy.Check { return v.Checks()[3] }

// Nobody but the sealer's own transaction writes seals, and it is never part of another.
func TestTheSealersDoorIsShut(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		d := newDesk(t, env)
		m := env.DB.Registry().Table("erp.audit_seals")
		put := func(ctx context.Context, tx *tenancy.Tx) error { return trail.Put(ctx, tx, []any{m.Verbs().New()}) }
		require.ErrorIs(t, env.DB.Tx(d.ctx, put), tenancy.ErrSystemModel)
		err := env.DB.Tx(d.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			_, err := d.Seal(ctx, 10)
			return err
		})
		require.ErrorIs(t, err, tenancy.ErrScopeMismatch)
		sealing := func(fn func(ctx context.Context, tx *tenancy.Tx) error) error {
			return trail.Sealing(d.ctx, env.DB, false, func(ctx context.Context, tx any) error { return fn(ctx, tx.(*tenancy.Tx)) })
		}
		require.ErrorIs(t, sealing(func(ctx context.Context, tx *tenancy.Tx) error { return trail.Put(ctx, tx, []any{new(Note)}) }), tenancy.ErrSystemModel)
		require.ErrorIs(t, sealing(func(ctx context.Context, _ *tenancy.Tx) error {
			return env.DB.Tx(ctx, func(context.Context, *tenancy.Tx) error { return nil })
		}), tenancy.ErrScopeMismatch)
		if env.Name == "postgres" { // where it has a role
			require.ErrorIs(t, sealing(func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &Note{}) }), tenancy.ErrWall)
			err := sealing(func(ctx context.Context, tx *tenancy.Tx) error { _, err := tenancy.Count[Note](ctx, tx); return err })
			require.ErrorIs(t, err, tenancy.ErrWall)
		}
		for _, text := range []string{"UPDATE erp.audit_seals SET seq = 9", "DELETE FROM erp.audit_seals", "UPDATE erp.audit_roots SET digest = 'x'", "DELETE FROM erp.audit_roots"} {
			d.seal(t)
			_, err := env.Owner(t, d.tenant).Exec(env.SQL(text))
			require.Error(t, err, text)
			require.Regexp(t, "append_only|erp_audit_roots_of", err.Error(), text)
		}
	})
}
