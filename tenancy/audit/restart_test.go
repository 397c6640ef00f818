package audit_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/audit"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// putBack takes the end of the trail away, as a restore from an older backup does: what is behind the third event is lost.
func (d *desk) putBack(t *testing.T) {
	t.Helper()
	d.tamper(t, "DELETE FROM erp.audit_events WHERE $T AND id IN (SELECT event_id FROM erp.audit_seals WHERE seq > 3 AND $T)",
		"DELETE FROM erp.audit_roots WHERE $T AND seq > 3", "DELETE FROM erp.audit_seals WHERE $T AND seq > 3")
}

// anchored is the check that the anchor fails.
func anchored(v audit.Verification) tenancy.Check { return v.Checks()[2] }

// A database that was put back to an earlier state is red by the anchor until somebody states so, with a reason; then the trail goes on, roots go to the anchor again, and every verification names the statement. What is cut off later is found as ever.
func TestARestartIsStated(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		d := sealed(t, env)
		in := audit.NewRestart{Reference: "INC-7", Reason: "the disk was lost; restored from the backup of the night"}
		_, err := d.Restart(d.ctx, in)
		require.ErrorIs(t, err, audit.ErrNothingLost, "the chain is what the anchor kept")
		d.putBack(t)
		d.open() // the program starts anew on it
		d.write(t, 2)
		d.seal(t)
		require.Equal(t, audit.ErrBroken.Code, d.alarms[len(d.alarms)-1].Code)
		before := len(d.witness.roots)
		red := d.verify(t)
		require.False(t, anchored(red).OK)
		require.Empty(t, red.Restarts)

		for name, bad := range map[string]audit.NewRestart{"no reference": {Reason: "x"}, "no reason": {Reference: "x"}, "a long reason": {Reference: "x", Reason: strings.Repeat("x", 501)}} {
			_, err := d.Restart(d.ctx, bad)
			require.ErrorIs(t, err, audit.ErrBadInput, name)
		}
		stated, err := d.Restart(d.ctx, in)
		require.NoError(t, err)
		require.Equal(t, []any{"INC-7", in.Reason, int64(3), int64(5), true}, []any{stated.Reference, stated.Reason, stated.Seq, stated.Through, stated.Witnessed})
		require.Len(t, d.witness.roots, before+1, "the anchor has the statement, and still what it had")
		again, err := d.Restart(d.ctx, in)
		require.NoError(t, err)
		require.Equal(t, stated, again)
		require.Len(t, d.witness.roots, before+1)
		other := in
		other.Reason = "another"
		_, err = d.Restart(d.ctx, other)
		require.ErrorIs(t, err, audit.ErrReferenceTaken)
		other.Reference = "INC-8"
		_, err = d.Restart(d.ctx, other)
		require.ErrorIs(t, err, audit.ErrNothingLost, "it is stated")

		d.write(t, 1)
		d.seal(t)
		green := d.verify(t)
		require.Nil(t, green.Finding)
		require.Equal(t, []audit.Restart{stated}, green.Restarts)
		require.True(t, anchored(green).OK)
		require.Contains(t, anchored(green).Detail, "put back to 3")
		require.Contains(t, anchored(green).Detail, "INC-7: the disk was lost")
		require.Equal(t, green.Events, green.Anchored.Seq, "and roots go to the anchor again")
		d.open() // another process
		d.stands(t, green.Events)

		// The statement is of what was lost then, and of nothing after it.
		d.putBack(t)
		require.Equal(t, audit.KeptMissing, d.verify(t).Finding.What)
	})
}

// What is wrong otherwise is not stated away, nor by whom it is not for, nor without an anchor.
func TestWhatNoRestartStates(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		in := audit.NewRestart{Reference: "INC-7", Reason: "restored"}
		d := sealed(t, env)
		d.putBack(t)
		d.tamper(t, "UPDATE erp.audit_events SET act = 'other' WHERE $T AND id = (SELECT event_id FROM erp.audit_seals WHERE seq = 2 AND $T)")
		_, err := d.Restart(d.ctx, in)
		require.ErrorIs(t, err, audit.ErrNothingLost)
		require.Equal(t, audit.EventAltered, d.verify(t).Finding.What)

		// An event behind the place from which the anchor knows another chain.
		d = sealed(t, env)
		d.putBack(t)
		d.write(t, 3)
		d.seal(t)
		d.tamper(t, "UPDATE erp.audit_events SET act = 'other' WHERE $T AND id = (SELECT event_id FROM erp.audit_seals WHERE seq = 6 AND $T)")
		require.Equal(t, audit.KeptDiffers, d.verify(t).Finding.What)
		_, err = d.Restart(d.ctx, in)
		require.ErrorIs(t, err, audit.ErrNothingLost)

		d = sealed(t, env)
		d.putBack(t)
		_, err = d.Restart(env.Enter(t, d.tenant, audit.PermVerify, audit.PermSeal), in)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		d.open(func(o *audit.Options) { o.Anchor = nil })
		_, err = d.Restart(d.ctx, in)
		require.ErrorIs(t, err, audit.ErrNoAnchor)
	})
}

// deaf is a witness that gives back what it has and takes nothing.
type deaf struct{ *witness }

func (deaf) Keep(context.Context, tenancy.Root) error { return errGone }

// A statement counts when the anchor has it: one that stands in the database alone, or that was altered there, explains nothing.
func TestARestartIsWhatTheAnchorHas(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		in := audit.NewRestart{Reference: "INC-7", Reason: "restored"}
		d := sealed(t, env)
		d.putBack(t)
		d.open(func(o *audit.Options) { o.Anchor = deaf{d.witness} })
		got, err := d.Restart(d.ctx, in)
		require.ErrorIs(t, err, audit.ErrAnchor)
		require.False(t, got.Witnessed)
		require.False(t, anchored(d.verify(t)).OK)
		d.open()
		got, err = d.Restart(d.ctx, in)
		require.NoError(t, err)
		require.True(t, got.Witnessed)
		require.True(t, anchored(d.verify(t)).OK)
		d.tamper(t, "UPDATE erp.audit_restarts SET reason = 'nothing happened' WHERE $T")
		v := d.verify(t)
		require.True(t, anchored(v).OK)
		require.Equal(t, []audit.Restart{{Seq: 3, StatedAt: got.StatedAt, Witnessed: true}}, v.Restarts, "the anchor says when and to where, and the altered words are not its")
		d.witness.err = errGone
		_, err = d.Restart(d.ctx, in)
		require.ErrorIs(t, err, audit.ErrAnchor)
	})
}

// Several state the same at once: it is one statement, with the records and with the anchor.
func TestRaceTwoRestarts(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		d := sealed(t, env)
		d.putBack(t)
		d.open()
		d.write(t, 2)
		d.seal(t)
		said := make([]audit.Restart, 4)
		for _, err := range racetest.Together(len(said), func(i int) (err error) {
			said[i], err = d.Restart(d.ctx, audit.NewRestart{Reference: "INC-7", Reason: "the disk was lost"})
			return err
		}) {
			require.NoError(t, err)
		}
		for _, one := range said[1:] {
			require.Equal(t, said[0], one)
		}
		v := d.verify(t)
		require.Equal(t, said[:1], v.Restarts)
		require.True(t, anchored(v).OK)
	})
}
