package main

// mutations are the walls, and the ways to take them down.
var mutations = []mutation{
	{name: "predicate: reads", file: "tenancy/store.go",
		old: `" WHERE tenant_id = ?) AS ?TableAlias", tx.scope.tenant)`, new: `" WHERE tenant_id IS NOT NULL OR tenant_id = ?) AS ?TableAlias", tx.scope.tenant)`},
	{name: "predicate: reports", file: "tenancy/report.go",
		old: `" WHERE tenant_id = '" + s.tx.scope.tenant.String() + "')"`, new: `" WHERE tenant_id <> '" + s.tx.scope.tenant.String() + "' OR true)"`},
	{name: "scope: none is as good as any", file: "tenancy/tx.go",
		old: `	case s == nil || s.tenant == uuid.Nil && !s.platform:
		return nil, ErrNoScope.New(op, "")`, new: `	case s == nil:
		return &scope{db: db, actor: "nobody"}, nil`},
	{name: "scope: another's inside a transaction", file: "tenancy/tx.go",
		old: `	case tx.scope != s:
		return ErrScopeMismatch.New(op, "")
`, new: ``},
	{name: "scope: platform staff reach tenants", file: "tenancy/tx.go",
		old: `	case s.platform:
		return nil, ErrNoScope.New(op, "platform staff have no tenant scope")
`, new: ``},
	{name: "state: suspended tenants are entered", file: "tenancy/directory.go",
		old: `	case StateSuspended:
		return nil, ErrTenantSuspended.New(op, "")`, new: `	case StateSuspended:`},
	{name: "writes: rows of another tenant", file: "tenancy/batch.go",
		old: `		if *t != uuid.Nil && *t != tenant {
			return nil, ErrForeignRow.New(op, "")
		}
`, new: ``},
	{name: "writes: the tenant is not forced", file: "tenancy/batch.go",
		old: `		*t = tenant
`, new: ``},
	{name: "writes: key columns are updated", file: "tenancy/batch.go",
		old: `if c.Key || slices.Contains(changed[:i], c) {`, new: `if slices.Contains(changed[:i], c) {`},
	{name: "goroutine: others use a transaction", file: "tenancy/tx.go",
		old: `	case goroutineID() != tx.owner:
		return ErrOtherGoroutine.New(op, "")
`, new: ``},
	{name: "placement: a missing one is the standard one", file: "tenancy/places.go",
		old: `		return nil, ErrPlacement.New(op, "the program has no placement %q", placement)`, new: `		return db.places[db.standard], nil`},
	{name: "role: the session keeps its login", file: "tenancy/postgres/trip.go",
		old: "setAppRole    = `SET LOCAL ROLE \"` + appRole + `\"`", new: "setAppRole    = `SET LOCAL ROLE NONE`"},
	{name: "policy: everybody's rows are seen", file: "tenancy/postgres/walls.go",
		old: `" USING (" + w.define + ")`, new: `" USING (true)`},
	{name: "policy: FORCE is left out", file: "tenancy/postgres/walls.go",
		old: `		"ALTER TABLE " + t + " FORCE ROW LEVEL SECURITY",
`, new: ``},
	{name: "catalogue: policies are not looked at", file: "tenancy/postgres/catalogue.go",
		old: `a.policies, `, new: ``},
	{name: "catalogue: grants are not looked at", file: "tenancy/postgres/catalogue.go",
		old: `a.grants, `, new: ``},
	{name: "catalogue: triggers are not looked at", file: "tenancy/postgres/catalogue.go",
		old: `a.triggers,`, new: ``},
	{name: "catalogue: views are not looked at", file: "tenancy/postgres/catalogue.go",
		old: `a.views, `, new: ``},
	{name: "catalogue: unique keys are not looked at", file: "tenancy/postgres/catalogue.go",
		old: `a.indexes, `, new: ``},
	{name: "catalogue: roles are not looked at", file: "tenancy/postgres/catalogue.go",
		old: `a.roles, `, new: ``},
	{name: "login: powers are not looked at", file: "tenancy/postgres/login.go",
		old: `if len(powers) > 0 && !e.AllowPrivilegedLogin {`, new: `if len(powers) > 99 {`},
	{name: "grants: TRUNCATE", file: "tenancy/postgres/walls.go",
		old: `	return []string{"DELETE", "INSERT", "SELECT", "UPDATE"}`, new: `	return []string{"DELETE", "INSERT", "SELECT", "TRUNCATE", "UPDATE"}`},
	{name: "host: the tenant stays set", file: "tenancy/postgres/host.go",
		old: `	t.plain("SET LOCAL ROLE " + roleOrNone(c.on.hostRole))
`, new: ``},
	{name: "host: ATTACH", file: "tenancy/sqlite/conn.go",
		old: `	if ends || sqltext.HasStatement(text, "pragma", "attach", "detach", "vacuum") {`, new: `	if ends {`},
	{name: "sqlite: the limit on ATTACH", file: "tenancy/sqlite/session.go",
		old: `	if err := forbidAttach(s.conn); err != nil {
		return err
	}
`, new: ``, tests: []string{"./tenancy/sqlite"}},
	{name: "errors: the database's own text", file: "tenancy/fault/fault.go",
		old: `	b.WriteString("(")
	b.WriteString(string(e.Code))`, new: `	if e.Err != nil {
		b.WriteString(e.Err.Error())
	}
	b.WriteString("(")
	b.WriteString(string(e.Code))`},
}
