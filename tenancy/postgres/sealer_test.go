package postgres

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
)

func (f *fixture) sealer(t testing.TB, tenant uuid.UUID) *session {
	t.Helper()
	s, err := f.store.Session(t.Context(), tenancy.SessionOptions{Tenant: tenant, Sealer: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Rollback(context.Background()) })
	return s.(*session)
}

// The sealer reads events and writes what it alone writes, of one tenant, and can do nothing else. The application writes
// events and can do nothing of the sealer's.
func TestTheSealerAndTheApplicationAreApart(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	mine, other := f.tenant(t), f.tenant(t)
	events := f.reg.Table("erp.audit_events")
	event := func(tenant uuid.UUID) *tenancy.Event {
		e := &tenancy.Event{Row: tenancy.Row{TenantID: tenant, ID: tenancy.NewID()}, Actor: "tester", Act: "test.act"}
		require.NoError(t, f.session(t, tenant, false).Commit(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, events, tenant, nil, e)}))
		return e
	}
	a, b := event(mine), event(other)

	s := f.sealer(t, mine)
	var seen []tenancy.Event
	require.NoError(t, s.Run(ctx, []*tenancy.Statement{read(events, mine, &seen)}))
	require.Len(t, seen, 1, "the tenant's own")
	require.Equal(t, a.ID, seen[0].ID)
	require.NoError(t, s.Commit(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, marks, mine, nil, &mark{Seq: 1, EventID: a.ID})}))

	asRole := func(s *session, text string) error {
		_, err := s.Conn().ExecContext(ctx, text)
		if err == nil {
			return s.Commit(ctx, nil)
		}
		return errors.Join(err, s.Rollback(ctx))
	}
	row := func(tenant uuid.UUID, seq string, id uuid.UUID) string {
		return "INSERT INTO testmod.marks VALUES ('" + tenant.String() + "', " + seq + ", '" + id.String() + "')"
	}
	event2 := "INSERT INTO erp.audit_events SELECT tenant_id, gen_random_uuid(), occurred_at, actor, act, verb, model, row_id, columns, row_count FROM erp.audit_events"
	for who, c := range map[string]struct {
		session func() *session
		refused []string
		allowed string
	}{
		"the application": {func() *session { return f.session(t, mine, false) }, []string{row(mine, "4", a.ID), "UPDATE testmod.marks SET seq = 2", "DELETE FROM testmod.marks"}, event2},
		"the sealer": {func() *session { return f.sealer(t, mine) }, []string{
			event2, row(other, "1", b.ID), "UPDATE testmod.marks SET seq = 2", "DELETE FROM testmod.marks", "DELETE FROM erp.audit_events",
			"SELECT * FROM testmod.things", "SELECT * FROM erp_control.tenants", "INSERT INTO erp.tenant_gates SELECT tenant_id, state FROM erp.tenant_gates",
		}, row(mine, "2", a.ID)},
	} {
		for _, text := range c.refused {
			err := asFault("test", asRole(c.session(), text))
			require.Error(t, err, "%s: %s", who, text)
			require.True(t, errors.Is(err, tenancy.ErrWall) || errors.Is(err, tenancy.ErrAppendOnly), "%s: %s: %v", who, text, err)
		}
		require.NoError(t, asRole(c.session(), c.allowed), "%s: %s", who, c.allowed)
	}
	for who, text := range map[string]string{
		"another tenant's event": row(mine, "3", b.ID), "no event": row(mine, "3", tenancy.NewID()),
	} {
		require.ErrorIs(t, asFault("test", asRole(f.sealer(t, mine), text)), tenancy.ErrReference, who)
	}
	// The owner of the tables is not the sealer either.
	_, err := f.admin(t).ExecContext(ctx, row(mine, "3", a.ID))
	require.ErrorIs(t, asFault("test", err), tenancy.ErrWall)
}

// While a tenant is imported, and only then, the application brings what another sealer wrote.
func TestAnImportBringsSeals(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	tenant := tenancy.NewID()
	require.NoError(t, f.store.Provision(ctx, tenant, tenancy.GateImporting))
	events := f.reg.Table("erp.audit_events")
	bring := func(seq int64) error {
		s := f.session(t, tenant, false)
		e := &tenancy.Event{Row: tenancy.Row{TenantID: tenant, ID: tenancy.NewID()}, Actor: "tester", Act: "test.act"}
		err := s.Run(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, events, tenant, nil, e), write(tenancy.VerbInsert, marks, tenant, nil, &mark{Seq: seq, EventID: e.ID})})
		if err == nil {
			return s.Commit(ctx, nil)
		}
		return errors.Join(err, s.Rollback(ctx))
	}
	require.NoError(t, bring(1))
	require.NoError(t, f.store.MoveGate(ctx, tenant, tenancy.GateActive, 1))
	require.ErrorIs(t, asFault("test", bring(2)), tenancy.ErrWall)
	require.NoError(t, f.store.MoveGate(ctx, tenant, tenancy.GateClosed, 2))
	require.NoError(t, f.store.Purge(ctx, tenant, []*tenancy.Model{marks, events}), "and they go with their tenant")
	var left int
	require.NoError(t, f.admin(t).QueryRowContext(ctx, "SELECT count(*) FROM testmod.marks WHERE tenant_id = $1", tenant).Scan(&left))
	require.Zero(t, left)
}
