package postgres

import (
	"context"
	"slices"
	"strings"
)

// policies: exactly one per table, permissive, for everything, for the application role, with the expected expression on
// both sides. A second permissive one would open the wall; a restrictive one may open it on Citus.
func (a *auditor) policies(ctx context.Context) error {
	found := map[uint32]int{}
	err := a.ask(ctx, `SELECT p.polrelid, p.polname, p.polpermissive, p.polcmd::text,
			(SELECT string_agg(coalesce(r.rolname, 'PUBLIC'), ', ' ORDER BY r.rolname) FROM unnest(p.polroles) o(oid) LEFT JOIN pg_roles r ON r.oid = o.oid),
			coalesce(pg_get_expr(p.polqual, p.polrelid), ''), coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')
		FROM pg_policy p WHERE p.polrelid IN ($TABLES)`, func(scan func(...any) error) error {
		var table uint32
		var name, command, roles, using, check string
		var permissive bool
		if err := scan(&table, &name, &permissive, &command, &roles, &using, &check); err != nil {
			return err
		}
		m := a.model(table)
		if name != policyName {
			a.problem("table %s has a policy %s that is not ours", m.Table, name)
			return nil
		}
		found[table]++
		if !permissive || command != "*" || roles != strings.Join(policyRoles(m), ", ") || squeeze(using) != squeeze(a.walls.using) || squeeze(check) != squeeze(a.walls.using) {
			a.problem("the policy of table %s was changed", m.Table)
		}
		return nil
	})
	for _, r := range a.tables {
		if found[r.oid] == 0 {
			a.problem("table %s has no policy", r.model.Table)
		}
	}
	return err
}

// squeeze makes white space and quotes not matter.
func squeeze(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, `"`, "")), " ")
}

// grants: the application role has what the model's kind of writes calls for, and the sealer what it needs of the trail; the
// owner what owners have; nobody else anything.
func (a *auditor) grants(ctx context.Context) error {
	have := map[uint32][]string{} // "role privilege"
	err := a.ask(ctx, `SELECT c.oid, coalesce(g.rolname, 'PUBLIC'), x.privilege_type, x.is_grantable
		FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x LEFT JOIN pg_roles g ON g.oid = x.grantee
		WHERE c.oid IN ($TABLES) AND x.grantee <> c.relowner`, func(scan func(...any) error) error {
		var table uint32
		var grantee, privilege string
		var grantable bool
		if err := scan(&table, &grantee, &privilege, &grantable); err != nil {
			return err
		}
		m := a.model(table)
		switch {
		case !slices.Contains(policyRoles(m), grantee) || !slices.Contains(privilegesOf(grantee, m), privilege):
			a.problem("table %s: %s has %s", m.Table, grantee, privilege)
		case grantable:
			a.problem("table %s: %s may grant %s on", m.Table, grantee, privilege)
		default:
			have[table] = append(have[table], grantee+" "+privilege)
		}
		return nil
	})
	for _, r := range a.tables {
		for _, role := range policyRoles(r.model) {
			for _, p := range privilegesOf(role, r.model) {
				if !slices.Contains(have[r.oid], role+" "+p) {
					a.problem("table %s: %s lacks %s", r.model.Table, role, p)
				}
			}
		}
	}
	return err
}

// columnGrants: none; they would stand beside the table's.
func (a *auditor) columnGrants(ctx context.Context) error {
	return a.ask(ctx, `SELECT c.attrelid, c.attname FROM pg_attribute c WHERE c.attrelid IN ($TABLES) AND c.attacl IS NOT NULL AND NOT c.attisdropped
		AND cardinality(c.attacl) > 0`, func(scan func(...any) error) error {
		var table uint32
		var name string
		if err := scan(&table, &name); err != nil {
			return err
		}
		a.problem("column %s.%s has grants of its own", a.model(table).Table, name)
		return nil
	})
}

// triggers: the generated ones are there, as generated; all triggers of models' tables fire ALWAYS, and PostgreSQL's own,
// which hold the references, at least for ordinary sessions.
func (a *auditor) triggers(ctx context.Context) error {
	have := map[uint32]map[string]string{}
	err := a.ask(ctx, `SELECT g.tgrelid, g.tgname, g.tgenabled::text, g.tgisinternal, pg_get_triggerdef(g.oid) FROM pg_trigger g WHERE g.tgrelid IN ($TABLES)`,
		func(scan func(...any) error) error {
			var table uint32
			var name, enabled, definition string
			var internal bool
			if err := scan(&table, &name, &enabled, &internal, &definition); err != nil {
				return err
			}
			m := a.model(table)
			if internal {
				if enabled == "D" || enabled == "R" {
					a.problem("table %s: the triggers that hold its references are disabled", m.Table)
				}
				return nil
			}
			if enabled != "A" {
				a.problem("trigger %s of %s is not enabled ALWAYS", name, m.Table)
			}
			if have[table] == nil {
				have[table] = map[string]string{}
			}
			have[table][name] = definition
			return nil
		})
	for _, r := range a.tables {
		for _, want := range triggers(r.model) {
			live, ok := have[r.oid][want.name]
			switch {
			case !ok:
				a.problem("trigger %s of %s is missing", want.name, r.model.Table)
			case squeeze(live) != squeeze(want.definition):
				a.problem("trigger %s of %s was changed", want.name, r.model.Table)
			}
			delete(have[r.oid], want.name)
		}
		for name := range have[r.oid] {
			if strings.HasPrefix(name, "erp_refuse_") {
				a.problem("trigger %s of %s is not one of ours", name, r.model.Table)
			}
		}
	}
	return err
}

// functions: text, security, search path, owner and callers are as generated.
func (a *auditor) functions(ctx context.Context) error {
	live := map[string]bool{}
	err := a.ask(ctx, `SELECT p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', p.prosrc, p.prosecdef, p.proowner::regrole::text,
			coalesce(array_to_string(p.proconfig, ';'), ''), l.lanname, pg_get_function_result(p.oid), p.provolatile = 's' AND p.proparallel = 'r',
			p.provolatile = 'v' AND p.proparallel = 'u', p.proleakproof OR p.proisstrict OR p.prosupport <> 0,
			coalesce((SELECT string_agg(coalesce(g.rolname, 'PUBLIC'), ',' ORDER BY g.rolname) FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
				LEFT JOIN pg_roles g ON g.oid = x.grantee WHERE x.grantee <> p.proowner), '')
		FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang WHERE n.nspname = 'erp'`,
		func(scan func(...any) error) error {
			var name, body, owner, config, language, returns, callers string
			var definer, stable, volatile, odd bool
			if err := scan(&name, &body, &definer, &owner, &config, &language, &returns, &stable, &volatile, &odd, &callers); err != nil {
				return err
			}
			if owner != a.owner {
				a.problem("function erp.%s belongs to %s, not to the owner of schema erp", name, owner)
			}
			i := slices.IndexFunc(a.walls.functions, func(f function) bool { return f.name == name })
			if i < 0 {
				if definer {
					a.problem("function erp.%s runs as its owner and is not one of ours", name)
				}
				return nil
			}
			live[name] = true
			f := a.walls.functions[i]
			if body != f.body || definer != f.definer || language != "plpgsql" || returns != f.returns || odd || f.stable != stable || f.stable == volatile || config != "search_path="+fixedPath {
				a.problem("function erp.%s was changed", name)
			}
			if callers != strings.Join(f.callers, ",") {
				a.problem("function erp.%s may be called by %q, not by %q", name, callers, strings.Join(f.callers, ","))
			}
			return nil
		})
	for _, f := range a.walls.functions {
		if !live[f.name] {
			a.problem("function erp.%s is missing", f.name)
		}
	}
	return err
}

// strangers: whatever else stands in schema erp that could hold or show rows.
func (a *auditor) strangers(ctx context.Context) error {
	return a.ask(ctx, `SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialised view' WHEN 'f' THEN 'foreign table' WHEN 'S' THEN 'sequence' ELSE 'table' END,
			c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = 'erp' AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.oid NOT IN ($TABLES)`, func(scan func(...any) error) error {
		var kind, name string
		if err := scan(&kind, &name); err != nil {
			return err
		}
		a.problem("%s erp.%s has no model", kind, name)
		return nil
	})
}

// views anywhere that read models' tables with the rights of the view's owner: the policy would be asked about the owner.
func (a *auditor) views(ctx context.Context) error {
	return a.ask(ctx, `SELECT DISTINCT n.nspname || '.' || v.relname, d.refobjid::oid
		FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class JOIN pg_namespace n ON n.oid = v.relnamespace
		WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid IN ($TABLES) AND v.relkind IN ('v', 'm')
			AND NOT coalesce('security_invoker=true' = ANY(v.reloptions) OR 'security_invoker=on' = ANY(v.reloptions), false)`,
		func(scan func(...any) error) error {
			var view string
			var table uint32
			if err := scan(&view, &table); err != nil {
				return err
			}
			a.problem("view %s reads %s as its owner; it needs security_invoker", view, a.model(table).Table)
			return nil
		})
}

// roles: the roles that logins become have no power of their own.
func (a *auditor) roles(ctx context.Context) error {
	return a.ask(ctx, `SELECT r.rolname, r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolreplication,
			coalesce((SELECT string_agg(p.rolname, ', ') FROM pg_auth_members m JOIN pg_roles p ON p.oid = m.roleid WHERE m.member = r.oid), '')
		FROM pg_roles r WHERE r.rolname IN ('`+appRole+`', '`+controlRole+`', '`+sealerRole+`')`, func(scan func(...any) error) error {
		var name, member string
		var power bool
		if err := scan(&name, &power, &member); err != nil {
			return err
		}
		if power {
			a.problem("role %s has powers beyond its grants", name)
		}
		if member != "" {
			a.problem("role %s is a member of %s", name, member)
		}
		return nil
	})
}
