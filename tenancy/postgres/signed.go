package postgres

import "strconv"

// signedFunctions are the database's side of the signed setting. Schema erp_wall, where the keys are, is the owner's alone; so
// they run as the owner.
func signedFunctions() []function {
	life := strconv.FormatInt(tokenLife.Microseconds(), 10)
	return []function{
		// What every policy asks. All refusals of a text that was not signed here are one, so that trying tells nothing; the MACs
		// are compared by their hashes, so that the time it takes tells nothing either. It is asked once in every statement, so it
		// is written in few expressions: PostgreSQL makes each of them ready anew in every transaction.
		{name: "current_tenant()", returns: "uuid", definer: true, stable: true, callers: []string{appRole, sealerRole}, body: `
DECLARE
	token text := current_setting('erp.tenant', true);
	inner_key bytea;
	outer_key bytea;
BEGIN
	SELECT k.inner_pad, k.outer_pad INTO inner_key, outer_key FROM erp_wall.signing_keys AS k
		WHERE k.id = split_part(token, '/', 5) AND (k.retired_at IS NULL OR k.retired_at > clock_timestamp());
	IF (split_part(token, '/', 2) = pg_backend_pid()::text AND sha256(convert_to(right(token, 65), 'UTF8'))
			= sha256(convert_to('/' || encode(sha256(outer_key || sha256(inner_key || convert_to(left(token, -65), 'UTF8'))), 'hex'), 'UTF8'))) IS NOT TRUE THEN
		IF token IS NULL OR token = '' THEN
			RAISE EXCEPTION 'erp/forbidden/tenancy.wall/no tenant is set';
		ELSIF outer_key IS NULL AND token ~ '^([^/]*/){5}[0-9a-f]{64}$' THEN
			RAISE EXCEPTION 'erp/exhausted/tenancy.busy/the key that the tenant is signed with is not known' USING ERRCODE = '` + stateStaleKey + `';
		END IF;
		RAISE EXCEPTION 'erp/forbidden/tenancy.wall/the tenant is not signed for this connection';
	END IF;
	IF split_part(token, '/', 3)::bigint - (extract(epoch FROM now()) * 1000000)::bigint NOT BETWEEN 1 AND 2 * ` + life + ` THEN
		RAISE EXCEPTION 'erp/exhausted/tenancy.busy/the tenant is not signed for this time' USING ERRCODE = '` + stateStaleClock + `';
	END IF;
	IF split_part(token, '/', 4) NOT IN ('', '` + dutyToken + `') THEN -- two steps: the second opens a table
		IF NOT EXISTS (SELECT FROM erp_wall.grants AS g WHERE g.id = split_part(token, '/', 4)::uuid AND g.tenant_id = split_part(token, '/', 1)::uuid
				AND g.ended_at IS NULL AND g.expires_at > clock_timestamp()) THEN
			RAISE EXCEPTION 'erp/forbidden/tenancy.grant_ended/the break-glass grant has expired, was revoked or is not known';
		END IF;
	END IF;
	RETURN split_part(token, '/', 1)::uuid;
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
	RETURN split_part(current_setting('erp.tenant'), '/', 1)::uuid;
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
