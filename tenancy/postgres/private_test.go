package postgres

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
)

func TestCatalogueCheckFindsTamperingWithPrivateTables(t *testing.T) {
	newFixture(t).noticesTampering(t, []tampered{
		{"GRANT USAGE ON SCHEMA erp_wall TO erp_app", "schema erp_wall: erp_app has USAGE"},
		{"GRANT USAGE ON SCHEMA erp_wall TO erp_control", "schema erp_wall: erp_control has USAGE"},
		{"GRANT SELECT ON erp_wall.grants TO erp_control", "table erp_wall.grants: erp_control has SELECT"},
		{"GRANT SELECT (id) ON erp_wall.grants TO erp_app", "column erp_wall.grants.id was changed"},
		{"ALTER TABLE erp_wall.grants ALTER COLUMN ended_at SET DEFAULT now()", "column erp_wall.grants.ended_at was changed"},
		{"ALTER TABLE erp_wall.grants ADD COLUMN note text", "the columns of erp_wall.grants were changed"},
		{"ALTER TABLE erp_wall.grants ALTER COLUMN expires_at DROP NOT NULL", "the columns of erp_wall.grants were changed"},
		{"ALTER TABLE erp_wall.grants DROP CONSTRAINT grants_pkey", "table erp_wall.grants was changed"},
		{"ALTER TABLE erp_wall.grants ENABLE ROW LEVEL SECURITY", "table erp_wall.grants was changed"},
		{"CREATE RULE r AS ON INSERT TO erp_wall.grants DO INSTEAD NOTHING", "table erp_wall.grants was changed"},
		{"CREATE TRIGGER x BEFORE INSERT ON erp_wall.grants EXECUTE FUNCTION erp.refuse_key()", "table erp_wall.grants was changed"},
		{"ALTER TABLE erp_wall.grants OWNER TO erp_control", "table erp_wall.grants belongs to erp_control"},
		{"DROP TABLE erp_wall.grants", "table erp_wall.grants is missing"},
		{"CREATE VIEW erp_wall.window AS SELECT 1", "erp_wall.window is not one of ours"},
		{"GRANT SELECT ON erp_wall.signing_keys TO erp_app", "table erp_wall.signing_keys: erp_app has SELECT"},
		{"GRANT EXECUTE ON FUNCTION erp.sign(uuid) TO erp_app", "function erp.sign(tenant uuid) may be called by"},
		{"GRANT EXECUTE ON FUNCTION erp.sign(uuid) TO erp_control", "function erp.sign(tenant uuid) may be called by"},
		{"GRANT EXECUTE ON FUNCTION erp.signing_key() TO PUBLIC", "function erp.signing_key() may be called by"},
		{"REVOKE EXECUTE ON FUNCTION erp.current_tenant() FROM erp_app", "function erp.current_tenant() may be called by"},
		{"ALTER FUNCTION erp.current_tenant() VOLATILE", "function erp.current_tenant() was changed"},
		{"ALTER FUNCTION erp.current_tenant() PARALLEL SAFE", "function erp.current_tenant() was changed"},
		{"ALTER FUNCTION erp.current_tenant() STRICT", "function erp.current_tenant() was changed"},
		{"ALTER FUNCTION erp.current_tenant() LEAKPROOF", "function erp.current_tenant() was changed"},
		{"ALTER FUNCTION erp.current_tenant() SECURITY INVOKER", "function erp.current_tenant() was changed"},
		{"ALTER FUNCTION erp.current_tenant() RESET search_path", "function erp.current_tenant() was changed"},
		{"ALTER FUNCTION erp.sign(uuid) IMMUTABLE", "function erp.sign(tenant uuid) was changed"},
		{without(macCheck), "function erp.current_tenant() was changed"},
		{"DROP FUNCTION erp.forget_planted()", "function erp.forget_planted() is missing"},
		{"ALTER POLICY erp_tenant ON testmod.things USING (tenant_id = (SELECT current_setting('erp.tenant')::uuid))", "the policy of table testmod.things was changed"},
		{"CREATE FUNCTION erp_wall.door() RETURNS int LANGUAGE sql AS 'SELECT 1'", "function erp_wall.door is not one of ours"},
	})
}

func TestGrantsArePutOnceAndEndForGood(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	at := time.Now().Add(time.Hour)
	g := tenancy.StoredGrant{ID: tenancy.NewID(), TenantID: tenancy.NewID(), ExpiresAt: at}
	require.NoError(t, f.store.PutGrant(ctx, g))
	require.NoError(t, f.store.PutGrant(ctx, g), "again")
	other := g
	other.TenantID = tenancy.NewID()
	require.ErrorIs(t, f.store.PutGrant(ctx, other), tenancy.ErrDuplicate)
	other = g
	other.ExpiresAt = at.Add(time.Minute)
	require.ErrorIs(t, f.store.PutGrant(ctx, other), tenancy.ErrDuplicate)
	require.NoError(t, f.store.EndGrant(ctx, g.ID))
	require.NoError(t, f.store.EndGrant(ctx, g.ID), "again")
	require.ErrorIs(t, f.store.PutGrant(ctx, g), tenancy.ErrGrantEnded)

	// A revocation that overtakes the putting.
	g.ID = tenancy.NewID()
	require.NoError(t, f.store.EndGrant(ctx, g.ID))
	require.ErrorIs(t, f.store.PutGrant(ctx, g), tenancy.ErrGrantEnded)

	for _, dsn := range []string{f.eng.DSN, f.eng.ControlDSN} {
		_, err := f.connect(t, dsn).ExecContext(ctx, "SELECT * FROM erp_wall.grants")
		require.ErrorIs(t, asFault("test", err), tenancy.ErrWall)
	}
	app := f.connect(t, f.eng.DSN)
	app.SetMaxOpenConns(1)
	_, err := app.ExecContext(ctx, "SET ROLE erp_app")
	require.NoError(t, err)
	for _, text := range []string{"SELECT * FROM erp_wall.grants", "SELECT erp.end_grant('" + g.ID.String() + "')", "SELECT erp.put_grant('" + g.ID.String() + "', '" + g.ID.String() + "', now())"} {
		_, err := app.ExecContext(ctx, text)
		require.ErrorIs(t, asFault("test", err), tenancy.ErrWall, text)
	}
}

// A grant that has long expired is forgotten when the next one is put.
func TestGrantsAreForgotten(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	old := tenancy.StoredGrant{ID: tenancy.NewID(), TenantID: tenancy.NewID(), ExpiresAt: time.Now()}
	require.NoError(t, f.store.PutGrant(ctx, old))
	f.exec(t, "UPDATE erp_wall.grants SET expires_at = now() - interval '31 days'")
	next := tenancy.StoredGrant{ID: tenancy.NewID(), TenantID: tenancy.NewID(), ExpiresAt: time.Now()}
	require.NoError(t, f.store.PutGrant(ctx, next))
	var left []string
	rows, err := f.admin(t).QueryContext(ctx, "SELECT id::text FROM erp_wall.grants")
	require.NoError(t, err)
	require.NoError(t, each(rows, func(scan func(...any) error) error {
		left = append(left, "")
		return scan(&left[len(left)-1])
	}))
	require.Equal(t, []string{next.ID.String()}, left)
}
