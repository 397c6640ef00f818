package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/opsmatiq/erp/tenancy"
)

// loginQuestion asks what the scoped login could do if injected SQL said RESET ROLE. Before version 16 a membership has no
// inherit option of its own, so the row is asked as JSON.
const loginQuestion = `SELECT r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolreplication,
	coalesce((SELECT string_agg(p.rolname, ', ' ORDER BY p.rolname) FROM pg_auth_members m JOIN pg_roles p ON p.oid = m.roleid
		WHERE m.member = r.oid AND p.rolname NOT IN ($1, $2)), ''),
	EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles p ON p.oid = m.roleid
		WHERE m.member = r.oid AND p.rolname = $1 AND coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, r.rolinherit)),
	EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles p ON p.oid = m.roleid WHERE m.member = r.oid AND p.rolname = $1),
	EXISTS (SELECT FROM pg_namespace n WHERE n.nspname IN ('erp', 'erp_control', 'erp_migrations', 'erp_wall')
		AND (n.nspowner = r.oid OR has_schema_privilege(r.oid, n.oid, 'CREATE') OR has_schema_privilege(r.oid, n.oid, 'USAGE'))),
	EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname || '.' || c.relname = ANY ($3) AND (c.relowner = r.oid OR has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE')
			OR has_table_privilege(r.oid, c.oid, 'DELETE, TRUNCATE, TRIGGER, REFERENCES'))),
	` + identityColumns + `
	FROM pg_roles r WHERE r.rolname = session_user`

// checkLogin holds the scoped login to having no power but to become erp_app. Errors: tenancy.privileged_login,
// postgres.not_installed, postgres.other_database.
func (s *store) checkLogin(ctx context.Context, e Engine, config *pgx.ConnConfig) error {
	const op = "postgres.Open"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return ErrConnect.Wrap(op, err, "Engine.DSN does not lead to a database: %v", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "SET search_path = pg_catalog"); err != nil {
		return asFault(op, err)
	}
	var super, bypass, creates, replicates, inherits, member, schema, table bool
	var others string
	var at identity
	err = conn.QueryRow(ctx, loginQuestion, appRole, e.HostRole, s.tables).Scan(&super, &bypass, &creates, &replicates, &others, &inherits, &member, &schema, &table,
		&at.started, &at.database, &at.name)
	if err != nil {
		return asFault(op, err)
	}
	if at != s.at {
		return ErrOtherDatabase.New(op, "Engine.DSN leads to database %s, Engine.ControlDSN to %s", at.name, s.at.name)
	}
	if !member && !super {
		return ErrNotInstalled.New(op, "the login of Engine.DSN is not a member of %s", appRole)
	}
	var powers []string
	for _, p := range []struct {
		has  bool
		what string
	}{
		{super, "it is a superuser"}, {bypass, "it bypasses row-level security"}, {creates, "it may create roles"}, {replicates, "it may replicate"},
		{others != "", "it is a member of " + others}, {inherits, "it inherits the rights of " + appRole + " (NOINHERIT is missing)"},
		{schema, "it may use or change our schemas itself"}, {table, "it may read or write tables itself, or owns them"},
	} {
		if p.has {
			powers = append(powers, p.what)
		}
	}
	if len(powers) > 0 && !e.AllowPrivilegedLogin {
		return tenancy.ErrPrivilegedLogin.New(op, "the login of Engine.DSN has powers that go round the wall: %s", strings.Join(powers, ", "))
	}
	return nil
}
