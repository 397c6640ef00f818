package tenancytest

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// switches are what injected SQL says to become the victim, each with a look at what it then sees. (SET SESSION AUTHORIZATION is
// not among them: see injected.)
func (w *Walled) switches(i *injected) []string {
	victim, own := w.foreign.tenant.String(), ""
	require.NoError(w.TB, i.conn.QueryRowContext(context.Background(), "SELECT current_setting('erp.tenant')").Scan(&own))
	forged := strings.Replace(own, w.own.tenant.String(), victim, 1) // the MAC is of the intruder's
	stolen := ""                                                     // of another connection, which no attack shows how to get
	require.NoError(w.TB, w.Env.Owner(w.TB, w.foreign.tenant).QueryRow("SELECT erp.sign('"+victim+"')").Scan(&stolen))
	look := "; SELECT content FROM attacked.boxes"
	out := []string{}
	for _, token := range []string{victim, forged, forged[:len(forged)-64] + strings.Repeat("0", 64), "", own + "/" + victim, stolen} {
		out = append(out, "SET LOCAL erp.tenant = '"+token+"'"+look, "SELECT set_config('erp.tenant', '"+token+"', true)"+look, "SELECT set_config('erp.tenant', '"+token+"', false)"+look)
	}
	for _, text := range []string{
		"RESET ROLE", "SET ROLE none", "RESET ALL", "SET LOCAL row_security = off", "SET LOCAL search_path = pg_temp, attacked",
		"SET ROLE erp_control", "SET ROLE erp_sealer", "SET LOCAL session_replication_role = replica",
		"RESET ROLE; SET erp.tenant = '" + victim + "'; SET ROLE erp_app", "ALTER TABLE attacked.boxes DISABLE ROW LEVEL SECURITY",
		"SELECT set_config('erp.tenant', erp.sign('" + victim + "'), true)", "SELECT * FROM erp.signing_key()", "SELECT * FROM erp_wall.signing_keys", "SELECT * FROM erp_wall.grants",
		"CREATE FUNCTION pg_temp.current_tenant() RETURNS uuid LANGUAGE sql AS $$ SELECT '" + victim + "'::uuid $$; SET LOCAL search_path = pg_temp",
		"CREATE OR REPLACE FUNCTION erp.current_tenant() RETURNS uuid LANGUAGE sql STABLE AS $$ SELECT '" + victim + "'::uuid $$",
		"CREATE TEMP TABLE signing_keys AS SELECT 1 AS one",
	} {
		out = append(out, text+look)
	}
	// At last, for nothing of the transaction is left afterwards.
	return append(out, "ROLLBACK; BEGIN; SET LOCAL ROLE erp_app; SET LOCAL erp.tenant = '"+forged+"'"+look)
}

// trails are the audit events of both sides as the tables' owner sees them.
func (w *Walled) trails() map[string]bool {
	w.TB.Helper()
	out := map[string]bool{}
	events := w.Env.DB.Registry().Table("erp.audit_events")
	for _, tenant := range []uuid.UUID{w.own.tenant, w.foreign.tenant} {
		rows, err := tenantRows(w.Env, w.Env.Owner(w.TB, tenant), tenant, events)
		require.NoError(w.TB, err)
		require.NotEmpty(w.TB, rows)
		for _, r := range rows {
			out[r] = true
		}
	}
	return out
}

// settingAssaults are of SQL that is not the program's, against what says who asks and what happened.
var settingAssaults = []Assault{
	{
		Name: "set_config and RESET ROLE by injection", Engines: onPostgres, Database: true,
		Unwalled: func(n *Naive) any { // row-level security as it is usually written: by a setting that whoever speaks can change
			role := "naive_" + strings.ReplaceAll(uuid.NewString(), "-", "")
			n.must("CREATE ROLE " + role + "; GRANT SELECT ON naive_boxes TO " + role)
			n.must("DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO " + role + "', current_schema()); END $$")
			n.must("ALTER TABLE naive_boxes ENABLE ROW LEVEL SECURITY")
			n.must("CREATE POLICY mine ON naive_boxes USING (tenant_id = current_setting('naive.tenant'))")
			n.must("SELECT set_config('naive.tenant', ?, false)", n.intruder.tenant)
			n.must("SET ROLE " + role)
			require.NotContains(n.TB, show(n.try("SELECT content FROM naive_boxes")), n.Secret)
			n.must("SELECT set_config('naive.tenant', ?, false)", n.victim.tenant)
			seen := n.try("SELECT content FROM naive_boxes")
			n.must("RESET ROLE; DROP OWNED BY " + role + "; DROP ROLE " + role)
			return seen
		},
		Walled: func(w *Walled) (any, error) {
			i := w.inject()
			seen := i.all(w.switches(i)...)
			require.Contains(w.TB, show(seen), "tenancy.wall", "a forged tenant is refused, and not just in vain")
			return seen, nil
		},
		Own: true,
	},
	{
		Name: "event re-attributed by injection", Database: true,
		Unwalled: func(n *Naive) any { // a log like any other table
			return n.try("UPDATE naive_events SET actor = 'user:2' WHERE tenant_id = ?", n.victim.tenant)
		},
		Walled: func(w *Walled) (any, error) {
			before := w.trails()
			texts := []string{"UPDATE erp.audit_events SET actor = 'user:2'", "DELETE FROM erp.audit_events", "UPDATE erp.audit_events SET tenant_id = '" + w.foreign.tenant.String() + "'",
				"INSERT INTO erp.audit_events (tenant_id, id, occurred_at, actor, act, verb, model, row_id, columns, row_count) SELECT '" + w.foreign.tenant.String() + "', '" + uuid.NewString() + "', e.occurred_at, 'user:2', e.act, e.verb, e.model, e.row_id, e.columns, e.row_count FROM erp.audit_events AS e LIMIT 1"}
			var seen any
			if w.Env.Name == "postgres" {
				seen = w.inject().all(texts...)
			} else {
				seen = w.hostEach(texts...)
			}
			after := w.trails()
			for row := range before {
				if !after[row] {
					return says(true, w.Secret), nil
				}
				delete(after, row)
			}
			for row := range after {
				if strings.Contains(row, w.foreign.tenant.String()) { // who wrote nothing
					return says(true, w.Secret), nil
				}
			}
			return seen, nil
		},
	},
	{
		Name: "many-to-many",
		Unwalled: func(n *Naive) any { // the table in the middle belongs to nobody: ids on both sides are enough
			n.must("CREATE TABLE naive_boxes_owners (box_id TEXT NOT NULL, owner_id TEXT NOT NULL)")
			n.must("INSERT INTO naive_boxes_owners VALUES (?, ?)", n.intruder.box, n.victim.owner)
			return n.try("SELECT o.name FROM naive_boxes AS b JOIN naive_boxes_owners AS m ON m.box_id = b.id JOIN naive_owners AS o ON o.id = m.owner_id WHERE b.tenant_id = ?", n.intruder.tenant)
		},
		Walled: func(w *Walled) (any, error) {
			seen, err := w.reports("SELECT o.name FROM {boxes} AS b JOIN {labels} AS m ON true LEFT JOIN {owners} AS o ON true",
				fmt.Sprintf("SELECT o.name FROM {labels} AS m JOIN {boxes} AS b ON b.id = m.box_id OR b.id = '%s' JOIN {owners} AS o ON o.id = b.owner_id", w.foreign.box))
			if err != nil {
				return seen, err
			}
			return seen, w.write(func(b *tenancy.Batch) { tenancy.Put(b, []*label{{BoxID: w.foreign.box, Text: "mine"}}) }) // a link to the victim's
		},
		Own:     true,
		Refused: []*fault.Definition{tenancy.ErrReference},
	},
}

// hostEach runs statements as the host, each in a transaction of the intruder's.
func (w *Walled) hostEach(texts ...string) (seen []any) {
	for _, text := range texts {
		out, err := w.hostSays(w.Env.SQL(text))
		seen = append(seen, text, out, err)
	}
	return seen
}
