package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/opsmatiq/erp/tenancy"
)

// loginKind is one of the logins that have no power of their own.
type loginKind struct {
	field string // of Engine, for errors
	role  string // that it becomes
	host  string // another that it may become
}

func scopedLogin(e Engine) loginKind { return loginKind{"Engine.DSN", appRole, e.HostRole} }

var sealerLogin = loginKind{field: "Engine.SealDSN", role: sealerRole}

// loginQuestion asks what a login could do if injected SQL said RESET ROLE. Before version 16 a membership has no
// inherit option of its own, so the row is asked as JSON.
const loginQuestion = `SELECT r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolreplication,
	coalesce((SELECT string_agg(p.rolname, ', ' ORDER BY p.rolname) FROM pg_auth_members m JOIN pg_roles p ON p.oid = m.roleid
		WHERE m.member = r.oid AND p.rolname NOT IN ($1, $2)), ''),
	coalesce((SELECT string_agg(p.rolname, ', ' ORDER BY p.rolname) FROM pg_roles p
		WHERE p.rolname IN ('` + appRole + `', '` + controlRole + `', '` + sealerRole + `') AND p.rolname <> $1 AND pg_has_role(r.oid, p.oid, 'MEMBER')), ''),
	EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles p ON p.oid = m.roleid
		WHERE m.member = r.oid AND p.rolname = $1 AND coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, r.rolinherit)),
	EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles p ON p.oid = m.roleid WHERE m.member = r.oid AND p.rolname = $1),
	EXISTS (SELECT FROM pg_namespace n WHERE n.nspname IN ('erp', 'erp_control', 'erp_migrations', 'erp_wall')
		AND (n.nspowner = r.oid OR has_schema_privilege(r.oid, n.oid, 'CREATE') OR has_schema_privilege(r.oid, n.oid, 'USAGE'))),
	EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname || '.' || c.relname = ANY ($3) AND (c.relowner = r.oid OR has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE')
			OR has_table_privilege(r.oid, c.oid, 'DELETE, TRUNCATE, TRIGGER, REFERENCES'))),
	pg_backend_pid(), ` + identityColumns + `
	FROM pg_roles r WHERE r.rolname = session_user`

// checkLogin holds a login to having no power but to become its role. Errors: tenancy.privileged_login,
// postgres.not_installed, postgres.other_database, postgres.configuration (a pooler that nobody spoke of).
func (s *store) checkLogin(ctx context.Context, e Engine, login loginKind, config *pgx.ConnConfig) error {
	const op = "postgres.Open"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return ErrConnect.Wrap(op, err, "%s does not lead to a database: %v", login.field, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "SET search_path = pg_catalog"); err != nil {
		return asFault(op, err)
	}
	var super, bypass, creates, replicates, inherits, member, schema, table bool
	var others, ours string
	var at identity
	var pid uint32
	err = conn.QueryRow(ctx, loginQuestion, login.role, login.host, s.tables).Scan(&super, &bypass, &creates, &replicates, &others, &ours, &inherits, &member, &schema, &table,
		&pid, &at.started, &at.database, &at.name)
	if err != nil {
		return asFault(op, err)
	}
	if at != s.at {
		return ErrOtherDatabase.New(op, "%s leads to database %s, Engine.ControlDSN to %s", login.field, at.name, s.at.name)
	}
	if pid != conn.PgConn().PID() && !e.Pooler {
		return ErrConfiguration.New(op, "a pooler stands between Engine.DSN and the server: set Engine.Pooler")
	}
	if !member && !super {
		return ErrNotInstalled.New(op, "the login of %s is not a member of %s", login.field, login.role)
	}
	var powers []string
	for _, p := range []struct {
		has  bool
		what string
	}{
		{super, "it is a superuser"}, {bypass, "it bypasses row-level security"}, {creates, "it may create roles"}, {replicates, "it may replicate"},
		{others != "", "it is a member of " + others}, {ours != "", "it can become " + ours}, {inherits, "it inherits the rights of " + login.role + " (NOINHERIT is missing)"},
		{schema, "it may use or change our schemas itself"}, {table, "it may read or write tables itself, or owns them"},
	} {
		if p.has {
			powers = append(powers, p.what)
		}
	}
	if len(powers) > 0 && !e.AllowPrivilegedLogin {
		return tenancy.ErrPrivilegedLogin.New(op, "the login of %s has powers that go round the wall: %s", login.field, strings.Join(powers, ", "))
	}
	return nil
}
