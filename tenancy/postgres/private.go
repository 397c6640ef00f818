package postgres

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// privateTable is one of schema erp_wall, which nobody but the owner sees. What stands there is reached through functions that
// run as the owner.
type privateTable struct {
	name    string
	columns []privateColumn
	key     string
}

type privateColumn struct {
	name, typ string
	nullable  bool
}

var privateTables = []privateTable{
	// What tenants' settings are signed with. A key that is retired is taken until then, so that others can be told of the new one.
	{name: "signing_keys", key: "id", columns: []privateColumn{
		{"id", "text", false}, {"inner_pad", "bytea", false}, {"outer_pad", "bytea", false}, {"created_at", "timestamp with time zone", false},
		{"retired_at", "timestamp with time zone", true},
	}},
	// The break-glass grants that the database itself checks. One that was ended before it was put has no tenant.
	{name: "grants", key: "id", columns: []privateColumn{
		{"id", "uuid", false}, {"tenant_id", "uuid", true}, {"expires_at", "timestamp with time zone", false}, {"ended_at", "timestamp with time zone", true},
	}},
}

// create are the statements that make the table.
func (t privateTable) create() []string {
	var lines []string
	for _, c := range t.columns {
		line := c.name + " " + c.typ
		if !c.nullable {
			line += " NOT NULL"
		}
		lines = append(lines, line)
	}
	name := "erp_wall." + t.name
	return []string{
		"CREATE TABLE IF NOT EXISTS " + name + " (" + strings.Join(lines, ", ") + ", PRIMARY KEY (" + t.key + "))",
		"REVOKE ALL ON TABLE " + name + " FROM PUBLIC, " + appRole + ", " + controlRole,
	}
}

// keptGrants is for how long a grant is remembered after its expiry. It is refused all the same once it is forgotten.
const keptGrants = "30 days"

var grantFunctions = []function{
	{name: "put_grant(grant_id uuid, tenant uuid, expiry timestamp with time zone)", returns: "void", definer: true, callers: []string{controlRole}, body: `
DECLARE
	known erp_wall.grants;
BEGIN
	DELETE FROM erp_wall.grants AS g WHERE g.expires_at < clock_timestamp() - interval '` + keptGrants + `';
	INSERT INTO erp_wall.grants (id, tenant_id, expires_at) VALUES (grant_id, tenant, expiry) ON CONFLICT (id) DO NOTHING;
	SELECT g.* INTO STRICT known FROM erp_wall.grants AS g WHERE g.id = grant_id;
	IF known.ended_at IS NOT NULL THEN
		RAISE EXCEPTION 'erp/forbidden/tenancy.grant_ended/the grant was ended';
	ELSIF known.tenant_id IS DISTINCT FROM tenant OR known.expires_at <> expiry THEN
		RAISE EXCEPTION 'erp/conflict/tenancy.duplicate/the grant was put with another tenant or expiry';
	END IF;
END`},
	{name: "end_grant(grant_id uuid)", returns: "void", definer: true, callers: []string{controlRole}, body: `
BEGIN
	INSERT INTO erp_wall.grants AS g (id, expires_at, ended_at) VALUES (grant_id, clock_timestamp(), clock_timestamp())
		ON CONFLICT (id) DO UPDATE SET ended_at = coalesce(g.ended_at, excluded.ended_at);
END`},
}

// PutGrant implements tenancy.Store.
func (s *store) PutGrant(ctx context.Context, g tenancy.StoredGrant) error {
	_, err := s.control.DB.ExecContext(ctx, "SELECT erp.put_grant($1::uuid, $2::uuid, $3::timestamptz)", g.ID.String(), g.TenantID.String(),
		g.ExpiresAt.UTC().Truncate(time.Microsecond))
	return asFault("postgres.PutGrant", err)
}

// EndGrant implements tenancy.Store.
func (s *store) EndGrant(ctx context.Context, id uuid.UUID) error {
	_, err := s.control.DB.ExecContext(ctx, "SELECT erp.end_grant($1::uuid)", id.String())
	return asFault("postgres.EndGrant", err)
}

// private: schema erp_wall holds its tables and nothing else, and nobody but the owner has anything in it.
func (a *auditor) private(ctx context.Context) error {
	for _, question := range []func(context.Context) error{a.privateRelations, a.privateColumns, a.privateGrants, a.privateFunctions} {
		if err := question(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (a *auditor) privateRelations(ctx context.Context) error {
	missing := map[string]bool{}
	for _, t := range privateTables {
		missing[t.name] = true
	}
	err := a.ask(ctx, `SELECT c.relname, c.relkind::text, c.relpersistence::text, c.relowner::regrole::text,
			EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid OR i.inhrelid = c.oid),
			EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid),
			EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid),
			EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) OR c.relrowsecurity,
			coalesce((SELECT string_agg(pg_get_constraintdef(k.oid), '; ') FROM pg_constraint k WHERE k.conrelid = c.oid), '')
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'erp_wall' AND c.relkind NOT IN ('i', 't')`,
		func(scan func(...any) error) error {
			var name, kind, persistence, owner, constraints string
			var inherits, ruled, triggered, secured bool
			if err := scan(&name, &kind, &persistence, &owner, &inherits, &ruled, &triggered, &secured, &constraints); err != nil {
				return err
			}
			i := slices.IndexFunc(privateTables, func(t privateTable) bool { return t.name == name })
			if i < 0 {
				a.problem("erp_wall.%s is not one of ours", name)
				return nil
			}
			delete(missing, name)
			if kind != "r" || persistence != "p" || inherits || ruled || triggered || secured || constraints != "PRIMARY KEY ("+privateTables[i].key+")" {
				a.problem("table erp_wall.%s was changed", name)
			}
			if owner != a.owner {
				a.problem("table erp_wall.%s belongs to %s, not to the owner of schema erp", name, owner)
			}
			return nil
		})
	for name := range missing {
		a.problem("table erp_wall.%s is missing", name)
	}
	return err
}

func (a *auditor) privateColumns(ctx context.Context) error {
	live := map[string][]privateColumn{}
	err := a.ask(ctx, `SELECT c.relname, t.attname, format_type(t.atttypid, t.atttypmod), NOT t.attnotnull,
			t.atthasdef OR t.attgenerated <> '' OR t.attidentity <> '' OR t.attacl IS NOT NULL
		FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = 'erp_wall' AND c.relkind = 'r' AND t.attnum > 0 AND NOT t.attisdropped ORDER BY t.attnum`, func(scan func(...any) error) error {
		var table string
		var c privateColumn
		var more bool
		if err := scan(&table, &c.name, &c.typ, &c.nullable, &more); err != nil {
			return err
		}
		if more {
			a.problem("column erp_wall.%s.%s was changed", table, c.name)
		}
		live[table] = append(live[table], c)
		return nil
	})
	for _, t := range privateTables {
		if got, there := live[t.name]; there && !slices.Equal(got, t.columns) {
			a.problem("the columns of erp_wall.%s were changed", t.name)
		}
	}
	return err
}

func (a *auditor) privateGrants(ctx context.Context) error {
	return a.ask(ctx, `SELECT c.relname, coalesce(g.rolname, 'PUBLIC'), x.privilege_type
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) x LEFT JOIN pg_roles g ON g.oid = x.grantee
		WHERE n.nspname = 'erp_wall' AND x.grantee <> c.relowner`, func(scan func(...any) error) error {
		var table, grantee, privilege string
		if err := scan(&table, &grantee, &privilege); err != nil {
			return err
		}
		a.problem("table erp_wall.%s: %s has %s", table, grantee, privilege)
		return nil
	})
}

func (a *auditor) privateFunctions(ctx context.Context) error {
	return a.ask(ctx, `SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'erp_wall'`,
		func(scan func(...any) error) error {
			var name string
			if err := scan(&name); err != nil {
				return err
			}
			a.problem("function erp_wall.%s is not one of ours", name)
			return nil
		})
}
