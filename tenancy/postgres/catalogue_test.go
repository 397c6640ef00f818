package postgres

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
)

// Each kind of tampering is found and named. Every line starts from the same sound database, in a transaction that is
// rolled back.
var tampering = []struct{ do, names string }{
	{"DROP POLICY erp_tenant ON testmod.things", "table testmod.things has no policy"},
	{"CREATE POLICY more ON testmod.things TO erp_app USING (true)", "table testmod.things has a policy more"},
	{"CREATE POLICY less ON testmod.things AS RESTRICTIVE TO erp_app USING (true)", "table testmod.things has a policy less"},
	{"ALTER POLICY erp_tenant ON testmod.things USING (true)", "the policy of table testmod.things was changed"},
	{"ALTER POLICY erp_tenant ON testmod.things WITH CHECK (true)", "the policy of table testmod.things was changed"},
	{"ALTER POLICY erp_tenant ON testmod.things TO PUBLIC", "the policy of table testmod.things was changed"},
	{"DROP POLICY erp_tenant ON testmod.things; CREATE POLICY erp_tenant ON testmod.things AS RESTRICTIVE TO erp_app USING (tenant_id = (SELECT current_setting('erp.tenant')::uuid))", "the policy of table testmod.things was changed"},
	{"ALTER TABLE testmod.things DISABLE ROW LEVEL SECURITY", "table testmod.things has row-level security disabled"},
	{"ALTER TABLE testmod.things NO FORCE ROW LEVEL SECURITY", "table testmod.things does not force"},
	{"GRANT TRUNCATE ON testmod.things TO erp_app", "erp_app has TRUNCATE"},
	{"GRANT UPDATE ON testmod.records TO erp_app", "table testmod.records: erp_app has UPDATE"},
	{"GRANT INSERT ON testmod.rates TO erp_app", "table testmod.rates: erp_app has INSERT"},
	{"REVOKE DELETE ON testmod.things FROM erp_app", "table testmod.things: erp_app lacks DELETE"},
	{"GRANT SELECT ON testmod.things TO PUBLIC", "table testmod.things: PUBLIC has SELECT"},
	{"GRANT SELECT ON testmod.things TO erp_control", "table testmod.things: erp_control has SELECT"},
	{"GRANT SELECT ON testmod.things TO erp_app WITH GRANT OPTION", "table testmod.things: erp_app may grant SELECT on"},
	{"GRANT UPDATE (note) ON testmod.records TO erp_app", "column testmod.records.note has grants of its own"},
	{"GRANT CREATE ON SCHEMA erp TO PUBLIC", "schema erp: PUBLIC has CREATE"},
	{"GRANT USAGE ON SCHEMA erp_control TO erp_app", "schema erp_control: erp_app has USAGE"},
	{"CREATE TABLE erp.stranger (id int)", "table erp.stranger has no model"},
	{"CREATE VIEW erp.stranger AS SELECT 1", "view erp.stranger has no model"},
	{"CREATE MATERIALIZED VIEW erp.stranger AS SELECT 1", "materialised view erp.stranger has no model"},
	{"CREATE VIEW public.window AS SELECT * FROM testmod.things", "view public.window reads testmod.things as its owner"},
	{"DROP TABLE erp.tickets", "table erp.tickets is missing"},
	{"DROP TABLE erp.tickets; CREATE VIEW erp.tickets AS SELECT 1 AS tenant_id", "table erp.tickets is not an ordinary table"},
	{"ALTER TABLE testmod.things ADD COLUMN extra text", "column testmod.things.extra is not in the model"},
	{"ALTER TABLE testmod.things DROP COLUMN flag", "column testmod.things.flag is missing"},
	{"ALTER TABLE testmod.things ALTER COLUMN amount_minor TYPE numeric", "column testmod.things.amount_minor is of type pg_catalog.numeric"},
	{"ALTER TABLE testmod.things ALTER COLUMN price TYPE numeric(10, 2)", "column testmod.things.price is of type pg_catalog.numeric"},
	{"ALTER TABLE testmod.things ALTER COLUMN amount_minor DROP NOT NULL", "column testmod.things.amount_minor is nullable"},
	{"ALTER TABLE testmod.records DROP CONSTRAINT records_pkey", "table testmod.records has no primary key"},
	{"ALTER TABLE testmod.records DROP CONSTRAINT records_pkey, ADD PRIMARY KEY (id, tenant_id)", "the primary key of testmod.records is (id,tenant_id)"},
	{"CREATE UNIQUE INDEX feeler ON testmod.things (code)", "unique index feeler of testmod.things does not start with tenant_id"},
	{"CREATE UNIQUE INDEX feeler ON testmod.things (lower(code), tenant_id)", "unique index feeler of testmod.things does not start with tenant_id"},
	{"CREATE UNIQUE INDEX more ON testmod.things (tenant_id, at)", "index more on testmod.things was not written by a migration"},
	{"ALTER TABLE testmod.things ADD CONSTRAINT feeler UNIQUE (code)", "constraint feeler of testmod.things does not start with tenant_id"},
	{"CREATE TABLE public.target (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id)); ALTER TABLE testmod.records ADD CONSTRAINT out FOREIGN KEY (tenant_id, id) REFERENCES public.target", "constraint out of testmod.records leads to a table without a model"},
	{"CREATE TABLE public.source (tenant_id uuid, id uuid, CONSTRAINT feeler FOREIGN KEY (tenant_id, id) REFERENCES testmod.records)", "constraint feeler: a table without a model refers to testmod.records"},
	{"ALTER TABLE testmod.tallies ADD CONSTRAINT away FOREIGN KEY (tenant_id, thing_id) REFERENCES testmod.things ON DELETE CASCADE", "constraint away of testmod.tallies cascades"},
	{"ALTER TABLE testmod.things DROP CONSTRAINT testmod_things_amount", "constraint testmod_things_amount on testmod.things is missing"},
	{"ALTER TABLE testmod.things DROP CONSTRAINT testmod_things_amount, ADD CONSTRAINT testmod_things_amount CHECK (true)", "constraint testmod_things_amount on testmod.things was changed"},
	{"ALTER DOMAIN erp.decimal_text DROP CONSTRAINT erp_decimal_text_finite", "constraint erp_decimal_text_finite on domain decimal_text is missing"},
	{"ALTER TABLE testmod.records DISABLE TRIGGER erp_refuse_update", "trigger erp_refuse_update of testmod.records is not enabled ALWAYS"},
	{"ALTER TABLE testmod.records ENABLE TRIGGER erp_refuse_update", "trigger erp_refuse_update of testmod.records is not enabled ALWAYS"},
	{"DROP TRIGGER erp_refuse_delete ON testmod.records", "trigger erp_refuse_delete of testmod.records is missing"},
	{"DROP TRIGGER erp_refuse_key ON testmod.things; CREATE TRIGGER erp_refuse_key BEFORE UPDATE OF id ON testmod.things EXECUTE FUNCTION erp.refuse_key(); ALTER TABLE testmod.things ENABLE ALWAYS TRIGGER erp_refuse_key", "trigger erp_refuse_key of testmod.things was changed"},
	{"ALTER TABLE testmod.things DISABLE TRIGGER ALL", "table testmod.things: the triggers that hold its references are disabled"},
	{"DROP TRIGGER testmod_things_guard ON testmod.things", "trigger testmod_things_guard on testmod.things is missing"},
	{"CREATE OR REPLACE FUNCTION erp.guard_things() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'", "function erp.guard_things() was changed"},
	{"CREATE OR REPLACE FUNCTION erp.refuse_delete() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NULL; END'", "function erp.refuse_delete() was changed"},
	{"ALTER FUNCTION erp.set_gate(uuid, text, bigint) SECURITY INVOKER", "function erp.set_gate(tenant uuid, new_state text, new_turn bigint) was changed"},
	{"ALTER FUNCTION erp.set_gate(uuid, text, bigint) SET search_path = public", "function erp.set_gate(tenant uuid, new_state text, new_turn bigint) was changed"},
	{"GRANT EXECUTE ON FUNCTION erp.set_gate(uuid, text, bigint) TO erp_app", "function erp.set_gate(tenant uuid, new_state text, new_turn bigint) may be called by"},
	{"ALTER FUNCTION erp.gate_state(uuid) OWNER TO erp_control", "function erp.gate_state(tenant uuid) belongs to erp_control"},
	{"DROP FUNCTION erp.gate_state(uuid)", "function erp.gate_state(tenant uuid) is missing"},
	{"CREATE FUNCTION erp.door() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'", "function erp.door() runs as its owner"},
	{"ALTER TABLE testmod.things OWNER TO erp_app", "table testmod.things belongs to erp_app"},
	{"CREATE TABLE public.child () INHERITS (testmod.rates)", "table testmod.rates has a parent or child table"},
	{"CREATE RULE r AS ON DELETE TO testmod.things DO INSTEAD NOTHING", "table testmod.things has a rewrite rule"},
	{"ALTER TABLE testmod.rates SET UNLOGGED", "table testmod.rates is not kept through a crash"},
	{"ALTER ROLE erp_app BYPASSRLS", "role erp_app has powers beyond its grants"},
	{"GRANT pg_read_all_data TO erp_app", "role erp_app is a member of pg_read_all_data"},
}

func TestCatalogueCheckFindsTampering(t *testing.T) {
	f := newFixture(t)
	db := f.admin(t)
	ctx := t.Context()
	for _, c := range tampering {
		tx, err := db.BeginTx(ctx, nil)
		require.NoError(t, err)
		_, err = tx.ExecContext(ctx, c.do)
		require.NoError(t, err, c.do)
		_, err = tx.ExecContext(ctx, setSearchPath)
		require.NoError(t, err)
		a := &auditor{db: tx, walls: newWalls(f.reg, false)}
		require.NoError(t, a.run(ctx), c.do)
		require.Contains(t, strings.Join(a.problems, "\n"), c.names, c.do)
		require.NoError(t, tx.Rollback())
	}
}

// Open refuses, names everything at once, and Migrate repairs nothing in silence.
func TestOpenRefusesATamperedDatabase(t *testing.T) {
	f := newFixture(t)
	f.exec(t, "ALTER TABLE testmod.things DISABLE ROW LEVEL SECURITY", "CREATE TABLE erp.stranger (id int)", "GRANT TRUNCATE ON erp.tickets TO erp_app")
	for _, migrate := range []bool{false, true} {
		_, err := f.eng.Open(t.Context(), f.reg, tenancy.EngineOptions{Migrate: migrate})
		require.ErrorIs(t, err, tenancy.ErrCatalogue)
		for _, name := range []string{"table testmod.things has row-level security disabled", "table erp.stranger has no model", "table erp.tickets: erp_app has TRUNCATE"} {
			require.ErrorContains(t, err, name)
		}
	}
}

func TestLoginsWithPowerAreRefused(t *testing.T) {
	f := newFixture(t)
	app, _ := loginNames(f.databaseName(t))
	sound := f.eng
	try := func(want error, contains string) {
		t.Helper()
		opened, err := f.eng.Open(t.Context(), f.reg, tenancy.EngineOptions{})
		if want == nil {
			require.NoError(t, err)
			require.NoError(t, opened.Close())
			return
		}
		require.ErrorIs(t, err, want)
		require.ErrorContains(t, err, contains)
	}
	try(nil, "")
	for _, c := range []struct{ do, undo, names string }{
		{"ALTER ROLE " + quote(app) + " INHERIT", "ALTER ROLE " + quote(app) + " NOINHERIT", "NOINHERIT is missing"},
		{"ALTER ROLE " + quote(app) + " SUPERUSER", "ALTER ROLE " + quote(app) + " NOSUPERUSER", "superuser"},
		{"ALTER ROLE " + quote(app) + " BYPASSRLS", "ALTER ROLE " + quote(app) + " NOBYPASSRLS", "bypasses row-level security"},
		{"ALTER ROLE " + quote(app) + " CREATEROLE", "ALTER ROLE " + quote(app) + " NOCREATEROLE", "may create roles"},
		{"GRANT pg_read_all_data TO " + quote(app), "REVOKE pg_read_all_data FROM " + quote(app), "member of pg_read_all_data"},
		{"GRANT erp_control TO " + quote(app), "REVOKE erp_control FROM " + quote(app), "member of erp_control"},
		{"GRANT USAGE ON SCHEMA erp_control TO " + quote(app), "REVOKE USAGE ON SCHEMA erp_control FROM " + quote(app), "schemas itself"},
		{"GRANT DELETE ON testmod.things TO " + quote(app), "REVOKE DELETE ON testmod.things FROM " + quote(app), "tables itself"},
	} {
		f.exec(t, c.do)
		try(tenancy.ErrPrivilegedLogin, c.names)
		f.exec(t, c.undo)
	}
	try(nil, "")
	f.eng.DSN = f.url
	try(tenancy.ErrPrivilegedLogin, "superuser")
	f.eng.AllowPrivilegedLogin = true
	try(nil, "")
	f.eng = sound
	f.eng.DSN = sound.ControlDSN
	try(ErrNotInstalled, "not a member of erp_app")
	f.eng = sound
	f.eng.ControlDSN = sound.DSN
	try(ErrNotInstalled, "control login")
	f.eng = sound
	f.eng.DSN = strings.Replace(sound.DSN, "/"+f.databaseName(t), "/postgres", 1)
	try(ErrOtherDatabase, "postgres")
	f.eng = Engine{}
	try(ErrConfiguration, "Engine.DSN is not set")
	f.eng = sound
	f.eng.MaxConns = 5000
	try(ErrConfiguration, "MaxConns")
}
