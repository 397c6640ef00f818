package audit_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/audit"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// imported is a desk with all the rows of another, under an id of its own.
func (d *desk) imported(t *testing.T) *desk {
	t.Helper()
	rows := map[string][]any{}
	require.NoError(t, d.env.DB.Read(d.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		for _, m := range d.env.DB.Registry().Models {
			found, err := m.Verbs().Find(ctx, tx)
			if err != nil {
				return err
			}
			rows[m.Table] = found
		}
		return nil
	}))
	made, err := d.env.DB.Tenants().Import(d.env.Platform(t), tenancy.NewTenant{Name: "Imported"}, "the rows of "+d.tenant.String(), func(ctx context.Context, i *tenancy.Importing) error {
		for _, m := range i.Models() {
			for _, r := range rows[m.Table] {
				reflect.ValueOf(r).Elem().FieldByIndex(m.Keys[0].Index).SetZero()
			}
			if err := i.Put(ctx, m, rows[m.Table]); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, err)
	out := &desk{env: d.env, ctx: d.env.Enter(t, made.ID, tenancy.AllPermissions), tenant: made.ID, signer: d.signer, witness: d.witness}
	out.open()
	return out
}

// An imported trail stays verifiable and goes on: the sealer signs it for the new tenant, and the anchor hears of it.
func TestAnImportedTrailGoesOn(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		a := sealed(t, env)
		require.NoError(t, a.Ack(a.ctx, "mail", 3))
		a.write(t, 1) // and one that is not sealed yet
		b := a.imported(t)
		v := b.verify(t)
		require.Nil(t, v.Finding)
		require.Equal(t, []audit.Origin{{TenantID: a.tenant, Through: 5, Trusted: true}}, v.Origins)
		require.Zero(t, v.Signed.Seq, "nobody has signed it for this tenant")
		require.Equal(t, int64(2), v.Waiting, "the one, and the entering")
		require.Equal(t, 2, b.seal(t))
		b.stands(t, 7)
		require.Equal(t, int64(7), b.verify(t).Anchored.Seq)
		for i, e := range b.all(t)[:5] {
			require.Equal(t, a.all(t)[i].ID, e.ID)
		}
		rest, err := b.Consume(b.ctx, "mail", 10)
		require.NoError(t, err)
		require.Equal(t, int64(4), rest[0].Seq, "readers go on as well")

		// What came with it is held as before, and cannot be altered unseen.
		c := b.imported(t)
		require.Len(t, c.verify(t).Origins, 2)
		c.seal(t)
		c.tamper(t, "UPDATE erp.audit_events SET actor = 'somebody-else' WHERE $T AND id = (SELECT event_id FROM erp.audit_seals WHERE seq = 2 AND $T)")
		require.Equal(t, audit.EventAltered, c.verify(t).Finding.What)
		a.stands5(t)
	})
}

// stands5 holds the five sealed events to be whole, whatever waits.
func (d *desk) stands5(t *testing.T) {
	t.Helper()
	v := d.verify(t)
	require.Nil(t, v.Finding)
	require.Equal(t, int64(5), v.Events)
}

// A trail from another installation is signed with a key that is not ours. That is told, and no more is made of it.
func TestATrailOfAnotherInstallation(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		a := sealed(t, env)
		b := a.imported(t)
		b.signer = newSigner(3)
		b.witness = &witness{}
		b.open()
		v := b.verify(t)
		require.Nil(t, v.Finding)
		require.Equal(t, []audit.Origin{{TenantID: a.tenant, Through: 5}}, v.Origins)
		require.Contains(t, v.Checks()[1].Detail, "not this installation's")
		require.Zero(t, v.Anchored.Seq)
		b.seal(t)
		b.stands(t, 6)

		// What others signed is believed at the beginning only.
		b.tamper(t, "UPDATE erp.audit_roots SET signed_for = '"+a.tenant.String()+"' WHERE $T AND seq = 6", "INSERT INTO erp.audit_roots SELECT tenant_id, 1, tenant_id, digest, public_key, signature, signed_at FROM erp.audit_roots WHERE $T AND seq = 6")
		require.NotNil(t, b.verify(t).Finding)
	})
}

// A purged tenant takes its trail along.
func TestATrailGoesWithItsTenant(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		d := sealed(t, env)
		require.NoError(t, d.Ack(d.ctx, "mail", 3))
		platform := env.Platform(t)
		_, err := env.DB.Tenants().Cancel(platform, d.tenant, "over")
		require.NoError(t, err)
		_, err = env.DB.Tenants().PurgeNow(platform, d.tenant, "over", "letter of today")
		require.NoError(t, err)
		_, err = d.Seal(d.ctx, 10)
		require.ErrorIs(t, err, fault.Unscoped)
		if env.Name == "postgres" { // elsewhere the file is gone
			for _, table := range []string{"erp.audit_events", "erp.audit_seals", "erp.audit_roots", "erp.audit_cursors"} {
				var left int
				require.NoError(t, env.Owner(t, d.tenant).QueryRow("SELECT count(*) FROM "+table+" WHERE tenant_id = $1", d.tenant).Scan(&left))
				require.Zero(t, left, table)
			}
		}
	})
}
