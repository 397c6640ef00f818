package tenancytest

import (
	"context"
	"strings"

	"github.com/opsmatiq/erp/tenancy"
)

// reports runs report texts as the intruder: each must be refused, or give the intruder's own alone. What came back is seen,
// refusals included.
func (w *Walled) reports(texts ...string) (any, error) {
	var seen []any
	for _, text := range texts {
		out, err := w.read(func(ctx context.Context, tx *tenancy.Tx) (any, error) { return tenancy.Report[string](ctx, tx, text) }) //tenantlint:allow report the texts are the attacks
		seen = append(seen, out, err)
	}
	return seen, nil
}

const ownBox = "SELECT content FROM {boxes} AS b"

var (
	onPostgres = []string{"postgres"}
)

// sqlAssaults reach the victim by SQL: text that the program wrote without care (a report), and text that is not the program's
// at all (injected under the application's role).
var sqlAssaults = []Assault{
	{
		Name: "subquery",
		Unwalled: func(n *Naive) any {
			return n.try("SELECT (SELECT content FROM naive_boxes WHERE id = ?) FROM naive_boxes WHERE tenant_id = ?", n.victim.box, n.intruder.tenant)
		},
		Walled: func(w *Walled) (any, error) {
			return w.reports(ownBox, "SELECT (SELECT x.content FROM {boxes} AS x WHERE x.title = '"+w.Secret+"') AS c FROM {boxes} AS b",
				"SELECT content FROM {boxes} AS b WHERE b.owner_id IN (SELECT id FROM attacked.owners)", "SELECT content FROM (SELECT * FROM boxes) AS b")
		},
		Own: true,
	},
	{
		Name: "CTE",
		Unwalled: func(n *Naive) any {
			return n.try("WITH everything AS (SELECT * FROM naive_boxes) SELECT content FROM everything WHERE weight = 1")
		},
		Walled: func(w *Walled) (any, error) {
			return w.reports("WITH everything AS (SELECT * FROM {boxes} AS b) SELECT content FROM everything WHERE weight = 1",
				"WITH everything AS (SELECT * FROM attacked_boxes) SELECT content FROM everything",
				"WITH boxes AS (SELECT * FROM attacked.boxes) SELECT content FROM boxes")
		},
		Own: true,
	},
	{
		Name: "UNION",
		Unwalled: func(n *Naive) any {
			return n.try("SELECT content FROM naive_boxes WHERE tenant_id = ? UNION ALL SELECT name FROM naive_owners", n.intruder.tenant)
		},
		Walled: func(w *Walled) (any, error) {
			return w.reports(ownBox+" UNION ALL SELECT name FROM {owners} AS o", ownBox+" UNION ALL SELECT name FROM attacked.owners", ownBox+" UNION ALL SELECT name FROM attacked_owners")
		},
		Own: true,
	},
	{
		Name: "view", Database: true,
		Unwalled: func(n *Naive) any {
			n.must("CREATE VIEW naive_view AS SELECT content FROM naive_boxes")
			return n.try("SELECT * FROM naive_view")
		},
		Walled: func(w *Walled) (any, error) {
			if w.Env.Name == "sqlite" {
				return w.reports(ownBox, "SELECT content FROM sqlite_master AS b")
			}
			return w.inject().all("CREATE VIEW pg_temp.everything AS SELECT content FROM attacked.boxes; SELECT * FROM pg_temp.everything",
				"CREATE VIEW attacked.everything AS SELECT content FROM attacked.boxes; SELECT * FROM attacked.everything",
				"CREATE VIEW public.everything AS SELECT content FROM attacked.boxes; SELECT * FROM public.everything"), nil
		},
		Own: true,
	},
	{
		Name: "materialised view", Engines: onPostgres, Database: true,
		Unwalled: func(n *Naive) any {
			n.must("CREATE MATERIALIZED VIEW naive_copy AS SELECT content FROM naive_boxes")
			return n.try("SELECT * FROM naive_copy")
		},
		Walled: func(w *Walled) (any, error) {
			return w.inject().all("CREATE MATERIALIZED VIEW attacked.everything AS SELECT content FROM attacked.boxes; SELECT * FROM attacked.everything",
				"CREATE MATERIALIZED VIEW public.everything AS SELECT content FROM attacked.boxes; SELECT * FROM public.everything"), nil
		},
		Own: true,
	},
	{
		Name: "function", Engines: onPostgres, Database: true,
		Unwalled: func(n *Naive) any {
			n.must("CREATE FUNCTION naive_all() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS 'SELECT content FROM naive_boxes'")
			return n.try("SELECT * FROM naive_all()")
		},
		Walled: func(w *Walled) (any, error) {
			reported, err := w.reports("SELECT query_to_xml('select content from attacked.boxes', true, true, '') AS c FROM {boxes} AS b")
			if err != nil {
				return nil, err
			}
			return append(w.inject().all("SELECT query_to_xml('select content from attacked.boxes', true, true, '')",
				"CREATE FUNCTION pg_temp.everything() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS 'SELECT content FROM attacked.boxes'; SELECT * FROM pg_temp.everything()",
				"DO $$ DECLARE t text; BEGIN SELECT string_agg(content, ' ') INTO t FROM attacked.boxes; RAISE EXCEPTION '%', t; END $$",
				"SELECT erp.gate_state('"+w.foreign.tenant.String()+"')", "SELECT lo_import('/etc/passwd')", "SELECT pg_read_file('PG_VERSION')",
				"SELECT * FROM pg_stats WHERE schemaname = 'attacked'", "SELECT most_common_vals::text FROM pg_stats"), reported), nil
		},
		Own: true,
	},
	{
		Name: "raw SQL", Database: true,
		Unwalled: func(n *Naive) any { return n.try("SELECT content FROM naive_boxes") },
		Walled: func(w *Walled) (any, error) {
			if w.Env.Name == "sqlite" {
				return w.rawSQLite()
			}
			return w.inject().all("SELECT * FROM attacked.boxes WHERE tenant_id = '"+w.foreign.tenant.String()+"'", "SELECT * FROM attacked.owners", "TABLE attacked.labels",
				"SELECT count(*) FROM attacked.boxes WHERE title = '"+w.Secret[:8]+"'", "COPY attacked.boxes TO STDOUT", "COPY (SELECT * FROM attacked.boxes) TO PROGRAM 'cat'",
				"SELECT * FROM erp_control.tenants", "SELECT * FROM erp_migrations.manifest", "DECLARE c CURSOR WITH HOLD FOR SELECT * FROM attacked.boxes; FETCH ALL FROM c"), nil
		},
		Own: true,
	},
	{
		Name: "prepared SQL", Engines: onPostgres, Database: true,
		Unwalled: func(n *Naive) any { // prepared for one tenant, run for the next
			n.must("PREPARE naive AS SELECT content FROM naive_boxes WHERE tenant_id = '" + n.victim.tenant + "'")
			return n.try("EXECUTE naive")
		},
		Walled: func(w *Walled) (any, error) {
			i := w.inject()
			seen := []any{i.say("PREPARE attack AS SELECT content FROM attacked.boxes"), i.say("EXECUTE attack")}
			// The same connection, later, for the victim; and then again for the intruder.
			i.must("COMMIT")
			i.must("RESET SESSION AUTHORIZATION")
			i.must("SET SESSION AUTHORIZATION " + w.login())
			i.begin()
			return append(seen, i.all("EXECUTE attack", "EXECUTE attack")...), nil
		},
		Own: true,
	},
}

// rawSQLite is the host's SQL, which on SQLite has the tenant's file to itself: other tenants' are not in it, and cannot be
// attached.
func (w *Walled) rawSQLite() (any, error) {
	victims := strings.ReplaceAll(w.Env.dir+"/tenants/"+w.foreign.tenant.String()+".db", "'", "''")
	var seen []any
	for _, text := range []string{"SELECT content FROM attacked_boxes", "ATTACH DATABASE '" + victims + "' AS v", "PRAGMA writable_schema = 1",
		"SELECT * FROM pragma_database_list", "VACUUM INTO '" + victims + ".copy'", "SELECT readfile('" + victims + "')", "SELECT load_extension('x')"} {
		out, err := w.hostSays(text)
		seen = append(seen, text, out, err)
	}
	return seen, nil
}
