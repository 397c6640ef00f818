package postgres

import "strconv"

// signedFunctions are the database's side of the signed setting. Schema erp_wall, where the keys are, is the owner's alone; so
// they run as the owner.
func signedFunctions() []function {
	life := strconv.FormatInt(tokenLife.Microseconds(), 10)
	return []function{
		// What every policy asks. All refusals of a text that was not signed here are one, so that trying tells nothing; the MACs
		// are compared bit by bit to their end, so that the time it takes tells nothing either.
		{name: "current_tenant()", returns: "uuid", definer: true, stable: true, callers: []string{appRole, sealerRole}, body: `
DECLARE
	token text := current_setting('erp.tenant', true);
	part text[] := string_to_array(token, '/');
	key erp_wall.signing_keys;
	ahead bigint;
BEGIN
	IF token IS NULL OR token = '' THEN
		RAISE EXCEPTION 'erp/forbidden/tenancy.wall/no tenant is set';
	ELSIF cardinality(part) <> 6 OR length(part[6]) <> 64 OR translate(part[6], '0123456789abcdef', '') <> '' THEN
		RAISE EXCEPTION 'erp/forbidden/tenancy.wall/the tenant is not signed for this connection';
	END IF;
	SELECT k.* INTO key FROM erp_wall.signing_keys AS k WHERE k.id = part[5];
	IF NOT FOUND OR key.retired_at <= clock_timestamp() THEN
		RAISE EXCEPTION 'erp/exhausted/tenancy.busy/the key that the tenant is signed with is not known' USING ERRCODE = '` + stateStaleKey + `';
	END IF;
	IF bit_count(('x' || encode(sha256(key.outer_pad || sha256(key.inner_pad || convert_to(left(token, -65), 'UTF8'))), 'hex'))::bit(256)
			# ('x' || part[6])::bit(256)) IS DISTINCT FROM 0 OR part[2]::bigint IS DISTINCT FROM pg_backend_pid() THEN
		RAISE EXCEPTION 'erp/forbidden/tenancy.wall/the tenant is not signed for this connection';
	END IF;
	ahead := part[3]::bigint - (extract(epoch FROM now()) * 1000000)::bigint;
	IF ahead NOT BETWEEN 1 AND 2 * ` + life + ` THEN
		RAISE EXCEPTION 'erp/exhausted/tenancy.busy/the tenant is not signed for this time' USING ERRCODE = '` + stateStaleClock + `';
	END IF;
	IF part[4] <> '' AND NOT EXISTS (SELECT FROM erp_wall.grants AS g WHERE g.id = part[4]::uuid AND g.tenant_id = part[1]::uuid
			AND g.ended_at IS NULL AND g.expires_at > clock_timestamp()) THEN
		RAISE EXCEPTION 'erp/forbidden/tenancy.grant_ended/the break-glass grant has expired, was revoked or is not known';
	END IF;
	RETURN part[1]::uuid;
END`},
		// For functions that run as the owner and look at a tenant's rows themselves. Nobody else may call it.
		{name: "sign(tenant uuid)", returns: "text", definer: true, body: `
DECLARE
	key erp_wall.signing_keys;
	token text;
BEGIN
	SELECT k.* INTO key FROM erp_wall.signing_keys AS k WHERE k.retired_at IS NULL ORDER BY k.created_at DESC, k.id DESC LIMIT 1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'erp/forbidden/tenancy.wall/there is no key to sign tenants with';
	END IF;
	token := tenant || '/' || pg_backend_pid() || '/' || (extract(epoch FROM now()) * 1000000)::bigint + ` + life + ` || '//' || key.id;
	RETURN token || '/' || encode(sha256(key.outer_pad || sha256(key.inner_pad || convert_to(token, 'UTF8'))), 'hex');
END`},
		// For the program, which signs by itself. Only the control login may ask.
		{name: "signing_key()", returns: "TABLE(id text, inner_pad bytea, outer_pad bytea)", definer: true, callers: []string{controlRole}, body: `
BEGIN
	RETURN QUERY SELECT k.id, k.inner_pad, k.outer_pad FROM erp_wall.signing_keys AS k WHERE k.retired_at IS NULL
		ORDER BY k.created_at DESC, k.id DESC LIMIT 1;
END`},
	}
}

// unsignedFunctions take the place of signedFunctions where the policies are written for Citus: a worker has other process ids
// than the session that its rows are asked for.
var unsignedFunctions = []function{
	{name: "current_tenant()", returns: "uuid", definer: true, stable: true, callers: []string{appRole, sealerRole}, body: `
BEGIN
	RETURN current_setting('erp.tenant')::uuid;
END`},
	{name: "sign(tenant uuid)", returns: "text", definer: true, body: `
BEGIN
	RETURN tenant::text;
END`},
}

// plantedFunction is called before a connection that heard text of one tenant works for another: what SQL has prepared there was
// not prepared by us, who do so in the protocol. If it has the name of one of ours, ours is missing then, and the transaction
// is run again on another connection.
var plantedFunction = function{name: "forget_planted()", returns: "void", callers: []string{appRole, sealerRole}, body: `
DECLARE
	planted text;
BEGIN
	FOR planted IN SELECT p.name FROM pg_prepared_statement() AS p WHERE p.from_sql LOOP
		EXECUTE format('DEALLOCATE %I', planted);
	END LOOP;
END`}
