package main

// of is the part of the attack suite with these words in its names: where only they can notice, so that it goes fast.
func of(words string) []string { return []string{"./tenancy", "-run", "^TestRaceAttack$/./" + words} }

// mutations are the walls, and the ways to take them down. Where two stand one behind the other and one of them falls, nothing is
// lost, so the attacks see nothing: such a mutation names the tests that hold the wall by itself. Two checks of one thing with one
// answer (a context without a tenant is refused by the transaction and by the directory; the tenant is forced by the store and by the
// engine) are one wall, and not taken apart here.
var mutations = []mutation{
	{name: "predicate: reads", file: "tenancy/store.go",
		old: `" WHERE tenant_id = ?) AS ?TableAlias", tx.scope.tenant)`, new: `" WHERE tenant_id IS NOT NULL OR tenant_id = ?) AS ?TableAlias", tx.scope.tenant)`},
	{name: "predicate: reports", file: "tenancy/report.go",
		old: `" WHERE tenant_id = '" + t.tx.scope.tenant.String() + "')"`, new: `" WHERE tenant_id <> '" + t.tx.scope.tenant.String() + "' OR true)"`},
	{name: "scope: another's inside a transaction", file: "tenancy/tx.go",
		old: `	case tx.scope != s:
		return ErrScopeMismatch.New(op, "")
`, new: ``},
	{name: "state: suspended tenants are entered", file: "tenancy/directory.go",
		old: `	case t.state == StateActive || t.closed && s.reachesClosed():`, new: `	case t.state == StateActive || t.closed:`, tests: of("suspended|suspension")},
	{name: "writes: rows of another tenant", file: "tenancy/batch.go",
		old: `		if *t != uuid.Nil && *t != tenant {
			return nil, ErrForeignRow.New(op, "")
		}
`, new: ``},
	{name: "writes: key columns are updated", file: "tenancy/batch.go",
		old: `if c.Key || slices.Contains(changed[:i], c) {`, new: `if slices.Contains(changed[:i], c) {`},
	{name: "goroutine: others use a transaction", file: "tenancy/tx.go",
		old: `	case goroutineID() != tx.owner:
		return ErrOtherGoroutine.New(op, "")
`, new: ``},
	{name: "placement: a missing one is the standard one", file: "tenancy/places.go",
		old: `		return nil, ErrPlacement.New(op, "the program has no placement %q", placement)`, new: `		return db.places[db.standard], nil`},
	{name: "role: the session keeps its login", file: "tenancy/postgres/conn.go",
		old: `role: appRole, timeout`, new: `role: "none", timeout`},
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
		old: `a.indexes, `, new: ``, tests: []string{"./tenancy/postgres"}},
	{name: "catalogue: roles are not looked at", file: "tenancy/postgres/catalogue.go",
		old: `a.roles, `, new: ``},
	{name: "login: powers are not looked at", file: "tenancy/postgres/login.go",
		old: `if len(powers) > 0 && !e.AllowPrivilegedLogin {`, new: `if len(powers) > 99 {`},
	{name: "grants: TRUNCATE", file: "tenancy/postgres/walls.go",
		old: `	return []string{"DELETE", "INSERT", "SELECT", "UPDATE"}`, new: `	return []string{"DELETE", "INSERT", "SELECT", "TRUNCATE", "UPDATE"}`, tests: []string{"./tenancy/postgres"}},
	{name: "host: the tenant stays set", file: "tenancy/postgres/host.go",
		old: `	t.plain("SET LOCAL ROLE " + roleOrNone(c.on.hostRole))
`, new: ``, tests: []string{"./tenancy/postgres"}},
	{name: "host: ATTACH", file: "tenancy/sqlite/conn.go",
		old: `	if ends || sqltext.HasStatement(text, "pragma", "attach", "detach", "vacuum") {`, new: `	if ends {`, tests: []string{"./tenancy", "./tenancy/sqlite", "-run", "Host|Attach"}},
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
	b.WriteString(string(e.Code))`, tests: []string{"./tenancy/fault"}},
	{name: "signed setting: the MAC is not looked at", file: "tenancy/postgres/signed.go", old: `= sha256(convert_to('/' ||`, new: `<> sha256(convert_to('!' ||`, tests: of("set_config")},
	{name: "signed setting: good for every connection", file: "tenancy/postgres/signed.go", old: `split_part(token, '/', 2) = pg_backend_pid()::text AND `, new: ``, tests: of("set_config")},
	{name: "signed setting: anybody may sign", file: "tenancy/postgres/signed.go",
		old: `{name: "sign(tenant uuid)", returns: "text", definer: true, body: ` + "`" + `
DECLARE`, new: `{name: "sign(tenant uuid)", returns: "text", definer: true, callers: []string{appRole}, body: ` + "`" + `
DECLARE`, tests: of("set_config")},
	{name: "grant: the database does not look at its end", file: "tenancy/postgres/signed.go", old: ` AND g.expires_at > clock_timestamp()) THEN`, new: `) THEN`, tests: of("break-glass")},
	{name: "grant: the program does not look at its end", file: "tenancy/grants.go", old: `	case GrantAuthorised:
		return nil
	case GrantExpired:`, new: `	case GrantAuthorised, GrantExpired:
		return nil
	case "":`, tests: of("break-glass")},
	{name: "gate: the database lets writes through a closed one", file: "tenancy/postgres/functions.go",
		old: `IF NOT FOUND OR gate NOT IN ('active', 'importing') AND (writes AND NOT duty OR gate <> 'closed') THEN`, new: `IF NOT FOUND THEN`,
		tests: []string{"./tenancy", "-run", "TestTheDatabaseItselfRefusesWritesBehindAClosedGate"}},
	{name: "gate: a suspension while work is under way", file: "tenancy/tx_run.go",
		old: `	if !mode.readOnly && !mode.platform { // suspended meanwhile?`, new: `	if false {`, tests: []string{"./tenancy", "-run", "TestWorkThatOutlivesTheServiceIsUndone"}},
	{name: "placement: a tenant that is not there", file: "tenancy/directory.go",
		old: `		return ErrPlacement.New(op, "the tenant is not at its placement %s", row.Placement)
`, new: ``, tests: []string{"./tenancy", "-run", "TestATenantIsLookedForAtItsPlacementOnly"}},
	{name: "placement: another region", file: "tenancy/places.go", old: `	if err == nil && p.region != region {`, new: `	if false {`, tests: []string{"./tenancy", "-run", "TestRegionIsThePlacements"}},
	{name: "key prefix: a unique key over all tenants", file: "tenancy/tenancytest/attack_vault.go", old: `UNIQUE (tenant_id, title)`, new: `UNIQUE (title)`, tests: of("list")},
	{name: "key prefix: a primary key over all tenants", file: "tenancy/tenancytest/attack_vault.go", old: `PRIMARY KEY (tenant_id, box_id, text)`, new: `PRIMARY KEY (box_id, text)`, tests: of("list")},
	{name: "sealed: the column is not bound", file: "tenancy/internal/seal/seal.go", old: `return AppendPart(r.place, column)`, new: `return r.place`, tests: sealing},
	{name: "sealed: the tenant is not bound", file: "tenancy/internal/seal/seal.go", old: `	place = append(place, tenant[:]...)
`, new: `	_ = tenant
`, tests: sealing},
	{name: "limits: transactions at once", file: "tenancy/turns.go", old: `	case q.running < q.most && len(q.waiting) == 0:`, new: `	case len(q.waiting) == 0:`, tests: of("starvation")},
	{name: "limits: all that want may wait", file: "tenancy/turns.go", old: `	case len(q.waiting) >= l.Waiting:`, new: `	case len(q.waiting) >= 1_000_000:`, tests: []string{"./tenancy", "-run", "TestRaceAFloodLeavesRoomForTheNeighbour", "-timeout", "30s"}},
	{name: "access: a credential is good for every tenant", file: "tenancy/access/authenticate.go", old: `	case c.Tenant != uuid.Nil && c.Tenant != tenant:`, new: `	case false:`, tests: []string{".", "-run", "^TestAttacks$/sqlite/token"}},
}

var sealing = []string{"./tenancy", "./tenancy/internal/seal", "-run", "TestASealedValueOpensInItsPlaceAlone|TestAValueOpensInItsPlaceAlone"}
