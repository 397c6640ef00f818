package tenancy_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

const year = 365 * 24 * time.Hour

// Grants that have had their time go with their approvals and uses, by a record; and no other does: what is younger, of which the owner may not know, what the trail does not say yet, and what a legal hold is on.
func TestGrantsAreSweptWhenTheirTimeIsOver(t *testing.T) {
	eachAlone(t, func(t *testing.T, env *tenancytest.Env) {
		w := newWorld(t, env) // of a database of its own: a sweep is of all tenants
		job := w.staff(t, "system:job", "*")
		grants := w.db.Grants()
		old := w.authorised(t)
		_, err := w.books(w.inside(t, old.ID))
		require.NoError(t, err)
		revoked := w.approved(t, w.incident())
		_, err = grants.Revoke(w.owner, revoked.ID, "done")
		require.NoError(t, err)
		refused, err := grants.Refuse(w.owner, w.ask(t, w.request()).ID, "no")
		require.NoError(t, err)
		lapsed := w.ask(t, w.request())
		hidden := w.approved(t, w.order())
		_, err = grants.CompletePending(job, 1000)
		require.NoError(t, err)
		w.pass(2 * year)
		young := w.ask(t, w.request())
		w.pass(2 * year)
		edge := w.now().Add(-3 * year)

		there := func() (ids []string) {
			list, err := grants.List(job, uuid.Nil, 1000)
			require.NoError(t, err)
			for _, g := range list {
				if g.TenantID == w.tenant {
					ids = append(ids, g.ID.String())
				}
			}
			return ids
		}
		all := there()
		require.Len(t, all, 6)
		for name, bad := range map[string]func() (int, error){
			"no rule":         func() (int, error) { return grants.Sweep(job, "", edge, 10) },
			"no limit":        func() (int, error) { return grants.Sweep(job, "x", edge, 0) },
			"a day too young": func() (int, error) { return grants.Sweep(job, "x", w.now().Add(-year+24*time.Hour), 10) },
		} {
			_, err := bad()
			require.ErrorIs(t, err, tenancy.ErrBadInput, name)
		}
		_, err = grants.Sweep(w.ada, "general.grants", edge, 10)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = grants.Sweep(w.owner, "general.grants", edge, 10)
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)

		hold, err := w.db.Tenants().Hold(job, w.tenant, "a court asks", "H-1")
		require.NoError(t, err)
		n, err := grants.Sweep(job, "general.grants", edge, 10)
		require.NoError(t, err)
		require.Zero(t, n, "a legal hold keeps all of them")
		_, err = w.db.Tenants().Release(job, hold.ID, "it is over")
		require.NoError(t, err)
		n, err = grants.Sweep(job, "general.grants", edge, 1)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		n, err = grants.Sweep(job, "general.grants", edge, 10)
		require.NoError(t, err)
		require.Equal(t, 3, n)
		require.ElementsMatch(t, []string{hidden.ID.String(), young.ID.String()}, there())
		for _, g := range []tenancy.Grant{old, revoked, refused, lapsed} {
			for _, table := range []string{"grant_approvals", "grant_uses"} {
				var left int
				require.NoError(t, w.env.Control(t).QueryRow("SELECT count(*) FROM "+w.control(table)+" WHERE grant_id = '"+g.ID.String()+"'").Scan(&left))
				require.Zero(t, left, table)
			}
		}
		require.NotEmpty(t, w.trail(t, old.ID), "what the tenant's own trail says is the tenant's")
		n, err = grants.Sweep(job, "general.grants", edge, 10)
		require.NoError(t, err)
		require.Zero(t, n)
		sweeps, err := grants.Sweeps(job, 10)
		require.NoError(t, err)
		require.Equal(t, []any{"general.grants", edge, w.now(), int64(3)}, []any{sweeps[0].Rule, sweeps[0].Before, sweeps[0].At, sweeps[0].Grants})
		require.Len(t, sweeps, 2)
		require.Positive(t, sweeps[0].Uses+sweeps[1].Uses)

		// When the owner may know, and has been told, it goes like any other; its uses are in the trail by then.
		_, err = grants.Lift(w.bob, hidden.ID, "the court says so")
		require.NoError(t, err)
		_, err = grants.CompletePending(job, 1000)
		require.NoError(t, err)
		w.pass(4 * year)
		n, err = grants.Sweep(job, "general.grants", w.now().Add(-3*year), 10)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		require.Empty(t, there())
	})
}

// The database lets nothing go without the record of a sweep that is of it.
func TestTheDatabaseSweepsNoYoungGrants(t *testing.T) {
	eachAlone(t, func(t *testing.T, env *tenancytest.Env) {
		w := newWorld(t, env) // of a database of its own: a sweep is of all tenants
		g := w.authorised(t)
		_, err := w.books(w.inside(t, g.ID))
		require.NoError(t, err)
		e := w.approved(t, w.incident())
		control := w.env.Control(t)
		refused := func(why string) {
			t.Helper()
			for _, text := range []string{"DELETE FROM " + w.control("grant_uses") + " WHERE grant_id = '" + g.ID.String() + "'", "DELETE FROM " + w.control("grant_approvals") + " WHERE grant_id = '" + e.ID.String() + "'",
				"DELETE FROM " + w.control("grants") + " WHERE id = '" + e.ID.String() + "'"} {
				_, err := control.Exec(text)
				require.ErrorContains(t, err, "append_only", "%s: %s", why, text)
			}
		}
		refused("no sweep")
		insert := "INSERT INTO " + w.control("grant_sweeps") + " (id, rule, before_micros, swept_micros, grants, uses) VALUES ('" + tenancy.NewID().String() + "', 'x', "
		_, err = control.Exec(insert + "100, 31535999999999 + 100, 1, 0)")
		require.Error(t, err, "a year and no less")
		_, err = control.Exec(insert + "100, 31536000000100, 1, 0)")
		require.NoError(t, err)
		refused("a sweep of older ones")
		for _, text := range []string{"UPDATE " + w.control("grant_sweeps") + " SET before_micros = 1", "DELETE FROM " + w.control("grant_sweeps")} {
			_, err := control.Exec(text)
			require.ErrorContains(t, err, "append_only", text)
		}
	})
}

// Two who sweep at once sweep each grant once.
func TestRaceTwoGrantSweeps(t *testing.T) {
	eachAlone(t, func(t *testing.T, env *tenancytest.Env) {
		w := newWorld(t, env) // of a database of its own: a sweep is of all tenants
		job := w.staff(t, "system:job", "*")
		for range 12 {
			w.ask(t, w.request())
		}
		w.pass(4 * year)
		found := make([]int, 3)
		for _, err := range racetest.Together(len(found), func(i int) error {
			for {
				n, err := w.db.Grants().Sweep(job, "general.grants", w.now().Add(-3*year), 2)
				if found[i] += n; err != nil || n == 0 {
					return err
				}
			}
		}) {
			require.NoError(t, err)
		}
		require.Equal(t, 12, found[0]+found[1]+found[2])
		sweeps, err := w.db.Grants().Sweeps(job, 100)
		require.NoError(t, err)
		var told int64
		for _, s := range sweeps {
			told += s.Grants
		}
		require.EqualValues(t, 12, told)
	})
}
