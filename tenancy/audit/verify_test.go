package audit_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/audit"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// sealed is a desk with events 1 to 5: each sealed and signed by itself, and kept by the anchor.
func sealed(t *testing.T, env *tenancytest.Env) *desk {
	t.Helper()
	d := newDesk(t, env)
	d.seal(t)
	for range 4 {
		d.write(t, 1)
		d.seal(t)
	}
	d.stands(t, 5)
	return d
}

// other is a value of the column's type that no event of the tests has.
func other(c *tenancy.Column) string {
	switch c.Type {
	case tenancy.UUID:
		return "'" + tenancy.NewID().String() + "'"
	case tenancy.Timestamp:
		return "'2001-01-01T00:00:00.000000Z'"
	case tenancy.BigInt:
		return "77"
	case tenancy.Boolean, tenancy.Date, tenancy.Decimal, tenancy.Text:
	}
	return "'altered'"
}

func TestVerifyFindsEveryAlteredColumn(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		tables := map[string]string{"erp.audit_events": "id = (SELECT event_id FROM erp.audit_seals WHERE seq = 3 AND $T) AND $T",
			"erp.audit_seals": "seq = 3 AND $T", "erp.audit_roots": "seq = 3 AND $T"}
		want := map[string]audit.Wrong{
			"erp.audit_events.id": audit.EventMissing,
			"erp.audit_seals.seq": audit.SealMissing, "erp.audit_seals.event_id": audit.EventMissing, "erp.audit_seals.digest": audit.SealAltered,
			"erp.audit_roots.signed_for": audit.RootForeign,
		}
		for table, where := range tables {
			for _, c := range env.DB.Registry().Table(table).Columns {
				name := table + "." + c.Name
				if name == "erp.audit_roots.seq" || c.Name == "tenant_id" && table != "erp.audit_events" {
					continue // below: they are rows that were moved
				}
				d := sealed(t, env)
				ids := d.all(t)
				d.tamper(t, "UPDATE "+table+" SET "+c.Name+" = "+other(c)+" WHERE "+where)
				f := d.verify(t).Finding
				require.NotNil(t, f, name)
				expected, ok := want[name]
				if !ok {
					expected = map[string]audit.Wrong{"erp.audit_events": audit.EventAltered, "erp.audit_seals": audit.EventAltered, "erp.audit_roots": audit.RootForged}[table]
				}
				if c.Name == "tenant_id" {
					expected = audit.EventMissing
				}
				require.Equal(t, expected, f.What, name)
				require.Equal(t, int64(3), f.Seq, name)
				if table == "erp.audit_events" {
					require.Equal(t, ids[2].ID, f.EventID, name)
				}
			}
		}
	})
}

// Each tampering, by whoever has the whole database, is found where it is.
func TestVerifyFindsTampering(t *testing.T) {
	event := func(seq int) string {
		return fmt.Sprintf("(SELECT event_id FROM erp.audit_seals WHERE seq = %d AND $T)", seq)
	}
	for _, c := range []struct {
		name   string
		do     []string
		what   audit.Wrong
		seq    int64
		vouch  int64 // up to where the anchor does
		events int64
	}{
		{"an event deleted", []string{"DELETE FROM erp.audit_events WHERE $T AND id = " + event(3)}, audit.EventMissing, 3, 2, 2},
		{"an event and its seal deleted", []string{"DELETE FROM erp.audit_events WHERE $T AND id = " + event(3), "DELETE FROM erp.audit_seals WHERE $T AND seq = 3"}, audit.SealMissing, 3, 2, 2},
		{"a seal deleted", []string{"DELETE FROM erp.audit_seals WHERE $T AND seq = 1"}, audit.SealMissing, 1, 0, 0},
		{"deleted, and those behind moved up", []string{
			"DELETE FROM erp.audit_events WHERE $T AND id = " + event(3), "DELETE FROM erp.audit_seals WHERE $T AND seq = 3",
			"UPDATE erp.audit_seals SET seq = 3 WHERE $T AND seq = 4", "UPDATE erp.audit_seals SET seq = 4 WHERE $T AND seq = 5"}, audit.EventAltered, 3, 2, 2},
		{"two numbers swapped", []string{"UPDATE erp.audit_seals SET seq = 9 WHERE $T AND seq = 2", "UPDATE erp.audit_seals SET seq = 2 WHERE $T AND seq = 4",
			"UPDATE erp.audit_seals SET seq = 4 WHERE $T AND seq = 9"}, audit.EventAltered, 2, 1, 1},
		{"an actor put in another's place", []string{"UPDATE erp.audit_events SET actor = 'somebody-else' WHERE $T AND id = " + event(4)}, audit.EventAltered, 4, 3, 3},
		{"the last event altered", []string{"UPDATE erp.audit_events SET act = 'x' WHERE $T AND id = " + event(5)}, audit.EventAltered, 5, 4, 4},
		{"the last seal altered", []string{"UPDATE erp.audit_seals SET digest = '" + zeros + "' WHERE $T AND seq = 5"}, audit.SealAltered, 5, 4, 4},
		{"a root's digest", []string{"UPDATE erp.audit_roots SET digest = '" + zeros + "' WHERE $T AND seq = 4"}, audit.RootForged, 4, 4, 3},
		{"the end cut off, roots left", []string{"DELETE FROM erp.audit_seals WHERE $T AND seq > 3"}, audit.KeptMissing, 4, 3, 3},
		{"the end cut off altogether", []string{"DELETE FROM erp.audit_events WHERE $T AND id IN (SELECT event_id FROM erp.audit_seals WHERE seq > 3 AND $T)",
			"DELETE FROM erp.audit_roots WHERE $T AND seq > 3", "DELETE FROM erp.audit_seals WHERE $T AND seq > 3"}, audit.KeptMissing, 4, 3, 3},
		{"everything taken away", []string{"DELETE FROM erp.audit_roots WHERE $T", "DELETE FROM erp.audit_seals WHERE $T", "DELETE FROM erp.audit_events WHERE $T"}, audit.KeptMissing, 1, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, env *tenancytest.Env) {
				d := sealed(t, env)
				d.tamper(t, append([]string(nil), c.do...)...)
				v := d.verify(t)
				require.NotNil(t, v.Finding)
				require.Equal(t, c.what, v.Finding.What)
				require.Equal(t, c.seq, v.Finding.Seq)
				require.Equal(t, c.vouch, v.Anchored.Seq)
				require.Equal(t, c.events, v.Events)
				require.Contains(t, v.Finding.String(), string(c.what))
				bad := 0
				for _, check := range v.Checks()[:3] {
					if !check.OK {
						bad++
					}
				}
				require.Equal(t, 1, bad)
			})
		})
	}
}

// The end that was cut off is missed by the anchor alone.
func TestOnlyTheAnchorMissesTheEnd(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		d := sealed(t, env)
		d.tamper(t, "DELETE FROM erp.audit_events WHERE $T AND id IN (SELECT event_id FROM erp.audit_seals WHERE seq > 3 AND $T)",
			"DELETE FROM erp.audit_roots WHERE $T AND seq > 3", "DELETE FROM erp.audit_seals WHERE $T AND seq > 3")
		require.Equal(t, &audit.Finding{What: audit.KeptMissing, Seq: 4, Through: 5}, d.verify(t).Finding)
		d.open(func(o *audit.Options) { o.Anchor = nil })
		v := d.verify(t)
		require.Nil(t, v.Finding)
		require.Contains(t, v.Checks()[2].Detail, "nobody would notice")

		// Nor do the roots that are left help where the anchor does not.
		e := sealed(t, env)
		e.open(func(o *audit.Options) { o.Anchor = nil })
		e.tamper(t, "DELETE FROM erp.audit_seals WHERE $T AND seq > 3")
		require.Equal(t, &audit.Finding{What: audit.RootMissing, Seq: 4, Through: 5}, e.verify(t).Finding)
	})
}

// link is the digest of a seal as an auditor would write it from the README.
func link(previous string, e audit.Entry) string {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "%s:%d:%s\n", name, len(value), value) }
	const form = "2006-01-02T15:04:05.000000Z"
	row := ""
	if e.RowID != uuid.Nil {
		row = e.RowID.String()
	}
	b.WriteString("erp audit 1\n")
	line("previous", previous)
	line("seq", fmt.Sprint(e.Seq))
	line("sealed_at", e.SealedAt.Format(form))
	line("id", e.ID.String())
	line("occurred_at", e.OccurredAt.Format(form))
	line("actor", e.Actor)
	line("act", e.Act)
	line("verb", e.Verb)
	line("model", e.Model)
	line("row_id", row)
	line("columns", e.Columns)
	line("row_count", fmt.Sprint(e.Rows))
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

// rewrite makes the whole chain anew behind an altered event, as somebody would who knows how, and signs it.
func (d *desk) rewrite(t *testing.T, key ed25519.PrivateKey, sign bool) {
	t.Helper()
	d.tamper(t, "UPDATE erp.audit_events SET actor = 'somebody-else' WHERE $T AND id = (SELECT event_id FROM erp.audit_seals WHERE seq = 2 AND $T)")
	var do []string
	previous := ""
	for _, e := range d.all(t) {
		previous = link(previous, e)
		do = append(do, fmt.Sprintf("UPDATE erp.audit_seals SET digest = '%s' WHERE seq = %d AND $T", previous, e.Seq))
		if sign {
			var b strings.Builder
			line := func(name, value string) { fmt.Fprintf(&b, "%s:%d:%s\n", name, len(value), value) }
			b.WriteString("erp audit root 1\n")
			line("tenant", d.tenant.String())
			line("seq", fmt.Sprint(e.Seq))
			line("digest", previous)
			line("signed_at", "2026-03-01T12:00:00.000000Z")
			do = append(do, fmt.Sprintf("UPDATE erp.audit_roots SET digest = '%s', signature = '%x', public_key = '%x', signed_at = '2026-03-01T12:00:00.000000Z' WHERE seq = %d AND $T",
				previous, ed25519.Sign(key, []byte(b.String())), key.Public(), e.Seq))
		}
	}
	d.tamper(t, do...)
}

// Who rewrites everything consistently is found by the signatures; who has the key as well, by the anchor.
func TestAConsistentForgeryIsFound(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		d := sealed(t, env)
		first := d.all(t)[0]
		require.Equal(t, link("", first), d.digest(t, 1), "the form that the README states")

		d.rewrite(t, nil, false)
		require.Equal(t, &audit.Finding{What: audit.KeptDiffers, Seq: 2, Through: 2}, d.verify(t).Finding)
		d.open(func(o *audit.Options) { o.Anchor = nil })
		v := d.verify(t)
		require.Equal(t, &audit.Finding{What: audit.RootDiffers, Seq: 2, Through: 2}, v.Finding)
		require.Equal(t, int64(1), v.Signed.Seq)

		e := sealed(t, env)
		e.open(func(o *audit.Options) { o.Anchor = nil })
		e.rewrite(t, newSigner(9).key, true)
		require.Equal(t, &audit.Finding{What: audit.RootUnknown, Seq: 1, Through: 1}, e.verify(t).Finding)

		f := sealed(t, env)
		f.rewrite(t, f.signer.key, true)
		v = f.verify(t)
		require.Equal(t, &audit.Finding{What: audit.KeptDiffers, Seq: 2, Through: 2}, v.Finding)
		require.Equal(t, int64(1), v.Anchored.Seq)
		f.open(func(o *audit.Options) { o.Anchor = nil })
		require.Nil(t, f.verify(t).Finding, "which is what the anchor is for")
	})
}

func (d *desk) digest(t *testing.T, seq int) (digest string) {
	t.Helper()
	require.NoError(t, d.env.Owner(t, d.tenant).QueryRow(d.env.SQL(fmt.Sprintf("SELECT digest FROM erp.audit_seals WHERE tenant_id = '%s' AND seq = %d", d.tenant, seq))).Scan(&digest))
	return digest
}

// A key is followed by another without the old roots becoming worthless.
func TestKeysFollowEachOther(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		d := sealed(t, env)
		old := d.signer
		d.signer = newSigner(2)
		d.open(func(o *audit.Options) { o.Trusted = []ed25519.PublicKey{old.public()} })
		d.write(t, 1)
		d.seal(t)
		d.stands(t, 6)
		d.open()
		require.Equal(t, &audit.Finding{What: audit.RootUnknown, Seq: 1, Through: 1}, d.verify(t).Finding)
		d.signer.err = errGone
		_, err := d.Verify(d.ctx)
		require.ErrorIs(t, err, audit.ErrKey)
	})
}

// An event that is moved to another tenant is missing in its own, and is one more in the other.
func TestAMovedEventIsMissed(t *testing.T) {
	env := tenancytest.Open(t, "postgres", tenancytest.Options{Modules: []tenancy.Module{audit.Module(), notes}})
	a, b := sealed(t, env), sealed(t, env)
	a.tamper(t, "UPDATE erp.audit_events SET tenant_id = '"+b.tenant.String()+"' WHERE $T AND id = (SELECT event_id FROM erp.audit_seals WHERE seq = 3 AND $T)")
	require.Equal(t, audit.EventMissing, a.verify(t).Finding.What)
	require.Equal(t, int64(1), b.verify(t).Waiting)

	// Two whole trails that are swapped are each the other's, and their roots say so.
	c, d := sealed(t, env), sealed(t, env)
	swap := func(table string) []string {
		third := uuid.NewString()
		move := func(from, to string) string {
			return "UPDATE " + table + " SET tenant_id = '" + to + "' WHERE tenant_id = '" + from + "'"
		}
		return []string{move(c.tenant.String(), third), move(d.tenant.String(), c.tenant.String()), move(third, d.tenant.String())}
	}
	c.tamper(t, append(append(swap("erp.audit_events"), swap("erp.audit_seals")...), swap("erp.audit_roots")...)...)
	for _, one := range []*desk{c, d} {
		require.Equal(t, &audit.Finding{What: audit.KeptDiffers, Seq: 1, Through: 1}, one.verify(t).Finding)
		one.open(func(o *audit.Options) { o.Anchor = nil })
		require.Equal(t, &audit.Finding{What: audit.RootForeign, Seq: 1, Through: 1}, one.verify(t).Finding)
		one.write(t, 1)
		one.seal(t)
		require.Equal(t, audit.ErrBroken.Code, one.alarms[0].Code, "the sealer does not adopt what no import brought")
		require.Equal(t, int64(5), one.signed(t))
	}
}

func TestVerifyNeedsAPermissionAndWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		d := sealed(t, env)
		_, err := d.Verify(env.Enter(t, d.tenant, audit.PermRead))
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = d.Verify(env.Enter(t, d.tenant, audit.PermVerify))
		require.NoError(t, err)
		d.seal(t)
		before := len(d.all(t))
		d.verify(t)
		require.Zero(t, d.seal(t))
		require.Len(t, d.all(t), before)
	})
}

// A trail of many chunks is read a chunk at a time: memory does not grow with it.
func TestVerifyGoesThroughManyChunks(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		d := newDesk(t, env)
		d.VerifyBy(100)
		d.write(t, 700)
		d.seal(t)
		var chunks atomic.Int64
		env.Observe(t, func(s tenancy.Sent) {
			if s.Verb == "select" && s.Table == "erp.audit_events" {
				chunks.Add(1)
			}
		})
		d.stands(t, 701)
		require.Equal(t, int64(8), chunks.Load())
		d.tamper(t, "UPDATE erp.audit_seals SET digest = '"+zeros+"' WHERE seq = 400 AND $T")
		require.Equal(t, audit.SealAltered, d.verify(t).Finding.What, "the last of a chunk")
		d.tamper(t, "UPDATE erp.audit_events SET act = 'x' WHERE $T AND id = (SELECT event_id FROM erp.audit_seals WHERE seq = 301 AND $T)")
		require.Equal(t, audit.EventAltered, d.verify(t).Finding.What, "the first of one")
		require.Equal(t, int64(301), d.verify(t).Finding.Seq)
	})
}

// PostgreSQL has no statistics of a young tenant, and must not take every event into its hands for every other.
func TestAYoungTrailIsSealedWithoutStatistics(t *testing.T) {
	env := tenancytest.Open(t, "postgres", tenancytest.Options{Modules: []tenancy.Module{audit.Module(), notes}})
	d := newDesk(t, env)
	ctx, cancel := context.WithTimeout(d.ctx, time.Minute) // as a join, each look took 10 s, and more under the race detector
	defer cancel()
	d.ctx = ctx
	for range 7 {
		d.write(t, 1000)
		d.seal(t)
		d.late(t, time.Second)
		require.Equal(t, 1, d.seal(t))
	}
	d.stands(t, 7008)
}
