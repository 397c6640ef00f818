package postgres

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
)

// What is recorded holds against everybody: the scoped role, the superuser who owns the tables, and a session that calls
// itself a replica.
func TestRecordedRowsHoldAgainstTheOwner(t *testing.T) {
	f := newFixture(t)
	mine, other := f.tenant(t), f.tenant(t)
	ctx := t.Context()
	r, o := &record{Row: tenancy.Row{ID: tenancy.NewID()}, Note: "n"}, &record{Row: tenancy.Row{ID: tenancy.NewID()}, Note: "n"}
	text := &recordText{RecordID: r.ID, Name: "Ada"}
	require.NoError(t, f.session(t, mine, false).Commit(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, records, mine, nil, r),
		write(tenancy.VerbInsert, recordTexts, mine, nil, text), write(tenancy.VerbInsert, tickets, mine, nil, &ticket{Row: tenancy.Row{ID: r.ID}, Number: "1"})}))
	require.NoError(t, f.session(t, other, false).Commit(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, records, other, nil, o)}))

	scoped := func(text string) error {
		s := f.session(t, mine, false)
		_, err := s.Conn().ExecContext(ctx, text)
		if err == nil {
			return s.Commit(ctx, nil)
		}
		return errors.Join(err, s.Rollback(ctx))
	}
	admin := f.admin(t)
	admin.SetMaxOpenConns(1)
	owner := func(text string) error { _, err := admin.ExecContext(ctx, text); return err }
	replica := func(text string) error {
		_, err := admin.ExecContext(ctx, "SET session_replication_role = replica; "+text)
		return err
	}
	everybody := map[string]func(string) error{"scoped": scoped, "owner": owner, "replica": replica}

	for _, text := range []string{
		"UPDATE testmod.records SET note = 'changed'", "DELETE FROM testmod.records", "UPDATE testmod.record_texts SET name = 'Eve'",
		"DELETE FROM testmod.record_texts", "DELETE FROM erp.tickets", "UPDATE erp.tickets SET id = id", "UPDATE testmod.things SET tenant_id = tenant_id",
		"UPDATE testmod.tallies SET year = 1",
	} {
		for who, try := range everybody {
			err := asFault("test", try(text))
			if who == "scoped" && errors.Is(err, tenancy.ErrWall) {
				continue // it lacks even the grant
			}
			require.ErrorIs(t, err, tenancy.ErrAppendOnly, "%s: %s", who, text)
		}
	}
	for _, table := range []string{"testmod.records", "testmod.things", "testmod.rates", "erp.tickets", "erp.audit_events"} {
		require.ErrorIs(t, asFault("test", owner("TRUNCATE "+table+" CASCADE")), tenancy.ErrAppendOnly, table)
	}
	require.NoError(t, scoped("UPDATE erp.tickets SET number = '2'"), "kept rows may change")
	require.NoError(t, owner("INSERT INTO erp.tickets VALUES ('"+mine.String()+"', '"+r.ID.String()+"', '3') ON CONFLICT (tenant_id, id) DO UPDATE SET number = '4'"))

	t.Run("a registered erasure opens one companion row", func(t *testing.T) { erasureOpensOneRow(t, f, mine.String(), r.ID.String(), scoped) })
	t.Run("purging opens one tenant's rows", func(t *testing.T) {
		_, err := f.store.control.ExecContext(ctx, "SELECT erp.set_gate(?, 'closed', 1), erp.set_gate(?, 'purging', 2)", mine, mine)
		require.NoError(t, err)
		require.ErrorIs(t, asFault("test", owner("DELETE FROM testmod.records")), tenancy.ErrAppendOnly, "the other tenant's rows are among them")
		require.ErrorIs(t, asFault("test", scoped("UPDATE testmod.records SET note = 'x'")), tenancy.ErrWall, "still not changed")
		for _, table := range []string{"testmod.records", "testmod.record_texts", "erp.tickets"} {
			require.NoError(t, scoped("DELETE FROM "+table), table)
		}
		var left int
		require.NoError(t, admin.QueryRowContext(ctx, "SELECT count(*) FROM testmod.records").Scan(&left))
		require.Equal(t, 1, left)
	})
}

func erasureOpensOneRow(t *testing.T, f *fixture, tenant, row string, scoped func(string) error) {
	replace := "UPDATE testmod.record_texts SET name = '[erased]'"
	register := func(table, tenant, row, state string) {
		f.exec(t, "INSERT INTO erp.erasures VALUES ('"+tenant+"', gen_random_uuid(), '"+table+"', '"+row+"', '"+state+"', now())")
	}
	register("testmod.records", tenant, row, "registered")
	register("testmod.record_texts", tenancy.NewID().String(), row, "registered")
	register("testmod.record_texts", tenant, tenancy.NewID().String(), "registered")
	register("testmod.record_texts", tenant, row, "done")
	require.ErrorIs(t, asFault("test", scoped(replace)), tenancy.ErrAppendOnly, "of another table, tenant, row or time")
	register("testmod.record_texts", tenant, row, "registered")
	require.NoError(t, scoped(replace))
	require.ErrorIs(t, asFault("test", scoped("DELETE FROM testmod.record_texts")), tenancy.ErrAppendOnly, "replaced, not removed")
}

func TestGatesOpenInOneOrder(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	for _, c := range []struct {
		path []string
		ok   bool
	}{
		{[]string{"active"}, true}, {[]string{"importing", "active", "closed", "purging"}, true}, {[]string{"active", "active"}, true}, {[]string{"purging"}, false},
		{[]string{"active", "importing"}, false}, {[]string{"active", "closed", "purging", "active"}, false}, {[]string{"importing", "purging"}, true},
		{[]string{"open"}, false}, {[]string{"active", "closed", "purging", "purging"}, true}, {[]string{"active", "purging"}, false}, {[]string{"closed"}, false},
		{[]string{"active", "closed", "closed", "active", "closed"}, true}, {[]string{"active", "closed", "importing"}, false}, {[]string{"importing", "closed", "active"}, true},
		{[]string{"active", "moving", "active"}, true}, {[]string{"active", "closed", "moving", "closed"}, true}, {[]string{"active", "moving", "purging"}, true}, {[]string{"importing", "moving"}, false},
		{[]string{"active", "moving", "importing"}, false}, {[]string{"active", "moving", "purging", "moving"}, false},
	} {
		tenant := tenancy.NewID()
		var err error
		for turn, state := range c.path {
			require.NoError(t, err, c.path)
			_, err = f.store.control.ExecContext(ctx, "SELECT erp.set_gate(?, ?, ?)", tenant, state, turn)
		}
		if c.ok {
			require.NoError(t, err, c.path)
		} else {
			require.ErrorIs(t, asFault("test", err), tenancy.ErrTenantConflict, c.path)
		}
	}
	tenant := f.tenant(t)
	require.NoError(t, f.store.Provision(ctx, tenant, tenancy.GateActive), "again")
	_, err := f.store.control.ExecContext(ctx, "SELECT erp.set_gate(?, 'closed', 1), erp.set_gate(?, 'purging', 2)", tenant, tenant)
	require.NoError(t, err)
	require.NoError(t, f.store.Provision(ctx, tenant, tenancy.GateActive), "provisioning does not reopen a gate")
	var state string
	require.NoError(t, f.store.control.QueryRowContext(ctx, "SELECT erp.gate_state(?)", tenant).Scan(&state))
	require.Equal(t, "purging", state)
}

// An owner that is no superuser meets FORCE ROW LEVEL SECURITY, and the functions that run as it work all the same.
func TestOwnerWithoutPower(t *testing.T) {
	f := &fixture{reg: registry(t, testModule()), sent: &sentLog{}}
	f.newDatabase(t)
	name := f.databaseName(t)
	owner := "owner_" + name
	f.roles = append(f.roles, owner)
	app, control := loginNames(name)
	f.exec(t, "CREATE ROLE "+quote(owner)+" LOGIN", "GRANT CREATE ON DATABASE "+quote(name)+" TO "+quote(owner), InstallSQL(name, owner), InstallSQL(name, owner))
	f.eng = Engine{DSN: f.as(t, app), ControlDSN: f.as(t, control), SealDSN: f.as(t, sealLogin(name)), MigrateDSN: f.as(t, owner)}
	f.store = f.open(t, true)
	f.open(t, false)
	tenant := f.tenant(t)
	s := f.session(t, tenant, false)
	stands(t, s, tenant, "x")
	require.NoError(t, s.Commit(t.Context(), nil))
	db := f.connect(t, f.eng.MigrateDSN)
	_, err := db.ExecContext(t.Context(), "SELECT * FROM testmod.things")
	require.ErrorIs(t, asFault("test", err), tenancy.ErrWall)
	_, err = db.ExecContext(t.Context(), "DELETE FROM testmod.records")
	require.ErrorIs(t, asFault("test", err), tenancy.ErrWall)
}

func TestPolicyWithoutSubselect(t *testing.T) {
	f := newFixture(t, func(e *Engine) { e.PolicyWithoutSubselect = true })
	tenant := f.tenant(t)
	s, err := f.store.Session(t.Context(), tenancy.SessionOptions{Tenant: tenant, StatementTimeout: time.Minute})
	require.NoError(t, err)
	stands(t, s, tenant, "x")
	require.NoError(t, s.Host(t.Context(), func(*sql.Tx) error { return nil }))
	stands(t, s, tenant, "y")
	require.NoError(t, s.Commit(t.Context(), nil))
	// This wall is not signed, as its documentation says: injected SQL goes where it likes.
	a := newAttacker(t, f, f.tenant(t), tenant)
	require.NoError(t, a.set(tenant.String()))
	require.NoError(t, a.session.Rollback(t.Context()))
	f.eng.PolicyWithoutSubselect = false
	_, err = f.eng.Open(t.Context(), f.reg, tenancy.EngineOptions{})
	require.ErrorIs(t, err, tenancy.ErrCatalogue)
	f.open(t, true) // the policies are written anew
	signed := f.open(t, false)
	f.eng.PolicyWithoutSubselect = true
	_, err = f.eng.Open(t.Context(), f.reg, tenancy.EngineOptions{})
	require.ErrorIs(t, err, tenancy.ErrCatalogue)
	f.open(t, true) // and back: what was signed before is refused, and not taken for something else
	s, err = signed.Session(t.Context(), tenancy.SessionOptions{Tenant: tenant})
	require.NoError(t, err)
	require.Error(t, s.Run(t.Context(), []*tenancy.Statement{read(things, tenant, new([]thing))}))
	require.NoError(t, s.Rollback(t.Context()))
}

// as is the database's address with another login.
func (f *fixture) as(t testing.TB, role string) string {
	t.Helper()
	config, err := parseDSN("url", f.url)
	require.NoError(t, err)
	return addressOf(config, role, "")
}
