package postgres

import "strings"

// function is one that the engine generates. Its text is compared with the live one at every Open.
type function struct {
	name    string // with argument types
	returns string
	definer bool // SECURITY DEFINER: it runs as the owner
	stable  bool // one answer per statement; and only in the session's own process, never in a parallel worker
	body    string
	callers []string // roles that may call it; triggers need none
}

// fixedPath is the search path of every function: nobody can put anything in front of pg_catalog.
const fixedPath = "pg_catalog, pg_temp"

// create is the statement that makes the function, and nobody but its callers may call it.
func (f function) create() []string {
	security := "INVOKER"
	if f.definer {
		security = "DEFINER"
	}
	out := []string{
		"CREATE OR REPLACE FUNCTION " + f.signature() + " RETURNS " + f.returns + " LANGUAGE plpgsql " + f.planning() + " SECURITY " + security +
			" SET search_path = " + fixedPath + " AS " + quoteText(f.body),
		"REVOKE ALL ON FUNCTION " + f.types() + " FROM PUBLIC, " + appRole + ", " + controlRole + ", " + sealerRole,
	}
	for _, role := range f.callers {
		out = append(out, "GRANT EXECUTE ON FUNCTION "+f.types()+" TO "+role)
	}
	return out
}

// planning is what the planner may take for granted.
func (f function) planning() string {
	if f.stable {
		return "STABLE PARALLEL RESTRICTED"
	}
	return "VOLATILE PARALLEL UNSAFE"
}

// signature is the name with named arguments, types the name with their types alone.
func (f function) signature() string { return "erp." + f.name }

func (f function) types() string {
	name, args, _ := strings.Cut(strings.TrimSuffix(f.signature(), ")"), "(")
	var types []string
	for _, a := range strings.Split(args, ", ") {
		if _, typ, ok := strings.Cut(a, " "); ok {
			types = append(types, typ)
		}
	}
	return name + "(" + strings.Join(types, ", ") + ")"
}

// The triggers' functions run as whoever changes the row, and look only at rows of the row's own tenant. Their refusals
// are read by asFault; the last part is for people.
var functions = []function{
	{name: "refuse_update()", returns: "trigger", body: `
BEGIN
	RAISE EXCEPTION 'erp/locked/tenancy.append_only/a row of %.% is recorded and never changed', TG_TABLE_SCHEMA, TG_TABLE_NAME;
END`},
	{name: "refuse_key()", returns: "trigger", body: `
BEGIN
	RAISE EXCEPTION 'erp/locked/tenancy.append_only/the key of a row of %.% is never changed', TG_TABLE_SCHEMA, TG_TABLE_NAME;
END`},
	{name: "refuse_truncate()", returns: "trigger", body: `
BEGIN
	RAISE EXCEPTION 'erp/locked/tenancy.append_only/%.% holds the rows of all tenants and is never emptied', TG_TABLE_SCHEMA, TG_TABLE_NAME;
END`},
	// One look at the gate per tenant and statement, however many rows go.
	{name: "refuse_delete()", returns: "trigger", body: `
BEGIN
	IF EXISTS (SELECT FROM (SELECT DISTINCT g.tenant_id FROM gone AS g) AS t
		WHERE NOT EXISTS (SELECT FROM erp.tenant_gates AS k WHERE k.tenant_id = t.tenant_id AND k.state = 'purging')) THEN
		RAISE EXCEPTION 'erp/locked/tenancy.append_only/rows of %.% are deleted only while their tenant is being purged', TG_TABLE_SCHEMA, TG_TABLE_NAME;
	END IF;
	RETURN NULL;
END`},
	// What the sealer writes nobody else does, but an import, which brings a tenant's history as it was. The roles are asked
	// first and apart: the sealer need not see the gate.
	{name: "refuse_insert()", returns: "trigger", body: `
BEGIN
	IF current_user = '` + sealerRole + `' THEN
		RETURN NULL;
	END IF;
	IF EXISTS (SELECT FROM (SELECT DISTINCT c.tenant_id FROM came AS c) AS t
		WHERE NOT EXISTS (SELECT FROM erp.tenant_gates AS k WHERE k.tenant_id = t.tenant_id AND k.state = 'importing')) THEN
		RAISE EXCEPTION 'erp/forbidden/tenancy.wall/rows of %.% are written by the sealer alone', TG_TABLE_SCHEMA, TG_TABLE_NAME;
	END IF;
	RETURN NULL;
END`},
	// The argument names the column that says which row it is.
	{name: "refuse_replace()", returns: "trigger", body: `
BEGIN
	IF NOT EXISTS (SELECT FROM erp.erasures AS e WHERE e.tenant_id = OLD.tenant_id AND e.state = 'registered'
		AND e.table_name = TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME AND e.row_id = (to_jsonb(OLD) ->> TG_ARGV[0])::uuid) THEN
		RAISE EXCEPTION 'erp/locked/tenancy.append_only/a row of %.% is replaced only under a registered erasure', TG_TABLE_SCHEMA, TG_TABLE_NAME;
	END IF;
	RETURN NEW;
END`},
	{name: "expect(holds boolean)", returns: "void", callers: []string{appRole}, body: `
BEGIN
	IF holds IS NOT TRUE THEN
		RAISE EXCEPTION 'erp/conflict/tenancy.stale/what was read before does not hold any more';
	END IF;
END`},
	{name: "forbid(stands boolean)", returns: "void", callers: []string{appRole}, body: `
BEGIN
	IF stands THEN
		RAISE EXCEPTION 'erp/restricted/tenancy.restricted/the data of this person are kept and not processed any further';
	END IF;
END`},
	{name: "gate_state(tenant uuid)", returns: "text", definer: true, callers: []string{controlRole}, body: `
DECLARE
	before text := coalesce(current_setting('erp.tenant', true), '');
	result text;
BEGIN
	PERFORM set_config('erp.tenant', erp.sign(tenant), true);
	SELECT g.state INTO result FROM erp.tenant_gates AS g WHERE g.tenant_id = tenant;
	PERFORM set_config('erp.tenant', before, true);
	RETURN result;
END`},
	// The one way to a gate. It says which door may be opened after which. Whoever has written an event holds the gate's row
	// until the commit (refuse_closed), so a gate that has moved was moved behind the last of them.
	{name: "set_gate(tenant uuid, new_state text, new_turn bigint)", returns: "text", definer: true, callers: []string{controlRole}, body: `
DECLARE
	before text := coalesce(current_setting('erp.tenant', true), '');
	patience text := current_setting('lock_timeout');
	old_state text;
	old_turn bigint;
BEGIN
	PERFORM set_config('erp.tenant', erp.sign(tenant), true), set_config('lock_timeout', '20s', true);
	IF new_state = 'purging' THEN -- not behind an import that is still being written
		PERFORM FROM erp.tenant_gates AS g WHERE g.tenant_id = tenant AND g.state = 'importing' FOR UPDATE NOWAIT;
	END IF;
	IF new_state IN ('active', 'importing') THEN
		INSERT INTO erp.tenant_gates AS g (tenant_id, state, turn) VALUES (tenant, new_state, new_turn) ON CONFLICT DO NOTHING;
	END IF;
	SELECT g.state, g.turn INTO old_state, old_turn FROM erp.tenant_gates AS g WHERE g.tenant_id = tenant FOR UPDATE;
	IF new_turn < old_turn THEN -- overtaken
		new_state := old_state;
	ELSIF (old_state, new_state) IN (('importing', 'active'), ('importing', 'closed'), ('importing', 'purging'),
		('active', 'closed'), ('closed', 'active'), ('closed', 'purging'), ('active', 'moving'), ('closed', 'moving'), ('moving', 'active'),
		('moving', 'closed'), ('moving', 'purging')) OR old_state = new_state AND old_turn < new_turn THEN
		UPDATE erp.tenant_gates AS g SET state = new_state, turn = new_turn WHERE g.tenant_id = tenant;
	ELSIF old_state IS DISTINCT FROM new_state THEN
		RAISE EXCEPTION 'erp/conflict/tenancy.tenant_state/a tenant''s gate does not go from % to %', coalesce(old_state, 'none'), new_state;
	END IF;
	PERFORM set_config('erp.tenant', before, true), set_config('lock_timeout', patience, true);
	RETURN new_state;
END`},
	// No event without a gate that is open for it, so no write either: every one has its event in the same transaction. Events of
	// acts without a row and of reads are for a closed one too, and those of a session that does a duty, which is signed with its tenant. The gate's row is held until the commit, which is what the application role may not do itself: a gate that closes waits for
	// those who found it open, and whoever looks through an older snapshot meets a serialization failure, not an older truth.
	{name: "refuse_closed()", returns: "trigger", definer: true, body: `
DECLARE
	tenant uuid;
	writes boolean;
	gate text;
	duty boolean := false;
BEGIN
	IF split_part(current_setting('erp.tenant', true), '/', 4) = '` + dutyToken + `' THEN
		duty := erp.current_tenant() IS NOT NULL; -- refuses what was not signed, whatever stood there when the row came
	END IF;
	FOR tenant, writes IN SELECT f.tenant_id, bool_or(f.verb NOT IN ('', 'read')) FROM fresh AS f GROUP BY f.tenant_id LOOP
		SELECT g.state INTO gate FROM erp.tenant_gates AS g WHERE g.tenant_id = tenant FOR SHARE;
		IF NOT FOUND OR gate NOT IN ('active', 'importing') AND (writes AND NOT duty OR gate <> 'closed') THEN
			RAISE EXCEPTION 'erp/locked/tenancy.closed/the tenant is closed: nothing is written for it';
		END IF;
	END LOOP;
	RETURN NULL;
END`},
	// What an import begins with: the gate of the session's own tenant stays at 'importing' until the transaction ends.
	{name: "begin_import()", returns: "void", definer: true, callers: []string{appRole}, body: `
BEGIN
	PERFORM FROM erp.tenant_gates AS g WHERE g.tenant_id = erp.current_tenant() AND g.state = 'importing' FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'erp/conflict/tenancy.tenant_state/the tenant is not being imported';
	END IF;
END`},
	// Keeps every other writer of the session's own tenant waiting until the transaction ends.
	{name: "hold_gate()", returns: "void", definer: true, callers: []string{appRole}, body: `
DECLARE
	patience text := current_setting('lock_timeout');
BEGIN
	PERFORM set_config('lock_timeout', '20s', true);
	PERFORM FROM erp.tenant_gates AS g WHERE g.tenant_id = erp.current_tenant() FOR UPDATE;
	PERFORM set_config('lock_timeout', patience, true);
END`},
	// What a purge ends with. The gate's own guard lets it go from 'purging' only.
	{name: "drop_gate(tenant uuid)", returns: "void", definer: true, callers: []string{controlRole}, body: `
DECLARE
	before text := coalesce(current_setting('erp.tenant', true), '');
BEGIN
	PERFORM set_config('erp.tenant', erp.sign(tenant), true);
	DELETE FROM erp.tenant_gates AS g WHERE g.tenant_id = tenant;
	PERFORM set_config('erp.tenant', before, true);
END`},
}
