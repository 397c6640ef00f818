package audit_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/audit"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func numbers(entries []audit.Entry) (out []int64) {
	for _, e := range entries {
		out = append(out, e.Seq)
	}
	return out
}

func TestAConsumerMissesNothing(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		d := newDesk(t, env)
		consume := func(name string, limit int) []int64 {
			got, err := d.Consume(d.ctx, name, limit)
			require.NoError(t, err)
			return numbers(got)
		}
		require.Empty(t, consume("mail", 10), "what is not sealed is not handed out")
		d.write(t, 4)
		d.seal(t)
		require.Equal(t, []int64{1, 2, 3}, consume("mail", 3))
		require.Equal(t, []int64{1, 2, 3}, consume("mail", 3), "again, until it is acknowledged")
		require.NoError(t, d.Ack(d.ctx, "mail", 2))
		require.Equal(t, []int64{3, 4, 5}, consume("mail", 10))
		require.NoError(t, d.Ack(d.ctx, "mail", 5))
		require.NoError(t, d.Ack(d.ctx, "mail", 3), "late")
		require.Empty(t, consume("mail", 10), "a cursor never goes back")
		require.Equal(t, []int64{1, 2, 3, 4, 5}, consume("search", 10), "another reader has a place of its own")
		require.Zero(t, d.seal(t), "acknowledging leaves no event, or readers would never be done")

		for _, c := range []struct {
			consumer string
			seq      int64
		}{{"mail", 6}, {"mail", 0}, {"mail", -1}, {"", 1}, {"Mail", 1}} {
			require.ErrorIs(t, d.Ack(d.ctx, c.consumer, c.seq), audit.ErrBadInput, c)
		}
		for _, limit := range []int{0, 1001} {
			_, err := d.Consume(d.ctx, "mail", limit)
			require.ErrorIs(t, err, audit.ErrBadInput)
			_, err = d.Events(d.ctx, 0, limit)
			require.ErrorIs(t, err, audit.ErrBadInput)
		}
		_, err := d.Consume(d.ctx, "No!", 1)
		require.ErrorIs(t, err, audit.ErrBadInput)
		_, err = d.Events(d.ctx, -1, 1)
		require.ErrorIs(t, err, audit.ErrBadInput)
		poor := env.Enter(t, d.tenant, audit.PermRead)
		_, err = d.Consume(poor, "mail", 1)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = d.Events(poor, 0, 1)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		require.ErrorIs(t, d.Ack(poor, "mail", 1), tenancy.ErrForbidden)
	})
}

// A reader is not led past what somebody took away.
func TestAReaderStopsAtAGap(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		for _, gone := range []string{"DELETE FROM erp.audit_seals WHERE seq = 3 AND $T",
			"DELETE FROM erp.audit_events WHERE id = (SELECT event_id FROM erp.audit_seals WHERE seq = 3 AND $T) AND $T"} {
			d := sealed(t, env)
			d.tamper(t, gone)
			got, err := d.Events(d.ctx, 0, 2)
			require.NoError(t, err)
			require.Len(t, got, 2)
			_, err = d.Events(d.ctx, 2, 2)
			require.ErrorIs(t, err, audit.ErrGap, gone)
		}
	})
}

// What a consumer writes and how far it is can be one transaction: then an effect in the tenant's database happens once.
func TestAckIsPartOfTheConsumersTransaction(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		d := newDesk(t, env)
		d.seal(t)
		deal := func(fail error) error {
			return env.DB.Tx(d.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				got, err := d.Consume(ctx, "copy", 10)
				if err != nil || len(got) == 0 {
					return err
				}
				if err := tenancy.Insert(ctx, tx, &Note{Text: got[0].Act}); err != nil {
					return err
				}
				if err := d.Ack(ctx, "copy", got[len(got)-1].Seq); err != nil {
					return err
				}
				return fail
			})
		}
		require.ErrorIs(t, deal(errGone), errGone)
		require.NoError(t, deal(nil))
		require.NoError(t, deal(nil))
		require.NoError(t, env.DB.Read(d.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			n, err := tenancy.Count[Note](ctx, tx)
			require.Equal(t, int64(1), n)
			return err
		}))
	})
}

// Readers, sealers and writers at once: each reader sees every number in order, without one missing.
func TestRaceConsumers(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		d := newDesk(t, env)
		const events = 41
		var all sync.WaitGroup
		all.Go(func() {
			for range (events - 1) / 2 {
				if err := env.DB.Tx(d.ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &Note{}) }); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			for range (events - 1) / 2 {
				if err := env.DB.Tx(d.ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &Note{}) }); err != nil {
					t.Error(err)
				}
			}
		})
		for range 2 {
			all.Go(func() {
				for sealed := int64(0); sealed < events; {
					if _, err := d.Seal(d.ctx, 5); err != nil {
						t.Error(err)
						return
					}
					got, err := d.Events(d.ctx, sealed, 100)
					if err != nil {
						t.Error(err)
						return
					}
					for _, e := range got { // Events itself refuses a gap
						sealed = e.Seq
					}
				}
			})
		}
		for range 3 { // of one name: whatever one of them has not acknowledged is given to the others
			all.Go(func() {
				for {
					end, err := d.Events(d.ctx, events-1, 1)
					if err != nil {
						t.Error(err)
						return
					}
					got, err := d.Consume(d.ctx, "mail", 7)
					switch {
					case err != nil:
						t.Error(err)
						return
					case len(got) > 0:
						if err := d.Ack(d.ctx, "mail", got[len(got)-1].Seq); err != nil {
							t.Error(err)
							return
						}
					case len(end) > 0: // all were sealed before the last look
						return
					}
				}
			})
		}
		all.Wait()
		got, err := d.Consume(d.ctx, "mail", 10)
		require.NoError(t, err)
		require.Empty(t, got)
		d.stands(t, events)
	})
}
