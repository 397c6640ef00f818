package tenancytest

import (
	"context"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/postgres"
)

// reopen opens the same database once more, as another process would, and lists the intruder's boxes if it may.
func (w *Walled) reopen(eng tenancy.Engine) (any, error) {
	db, err := tenancy.Open(context.Background(), eng, tenancy.Options{Modules: w.Env.modules, Keys: w.Env.Keys})
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	ctx, err := db.Enter(context.Background(), w.own.tenant, "user:1", tenancy.Permissions{"*"})
	if err != nil {
		return nil, err
	}
	var out []box
	err = db.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) (err error) {
		out, err = tenancy.Find[box](ctx, tx)
		return err
	})
	return out, err
}

// ownerSays changes the schema as its owner and undoes it when the attack is over. Each change is tried by itself: the program
// must refuse to start on every one of them. What it did not refuse is seen.
func (w *Walled) ownerSays(changes [][2]string) (seen []any, err error) {
	owner := w.Env.Owner(w.TB, w.own.tenant)
	for _, c := range changes {
		_, e := owner.Exec(c[0])
		require.NoError(w.TB, e, c[0])
		out, refusal := w.reopen(w.Env.Engine)
		_, e = owner.Exec(c[1])
		require.NoError(w.TB, e, c[1])
		if refusal == nil {
			return []any{out, c[0], w.Secret}, nil
		}
		seen, err = append(seen, out), refusal
	}
	out, e := w.reopen(w.Env.Engine) // everything is put back, so what was refused was the change
	require.NoError(w.TB, e)
	return append(seen, out), err
}

// houseAssaults come through what surrounds the tables: migrations, logins, placements.
var houseAssaults = []Assault{
	{
		Name: "migration as owner", Engines: onPostgres, Database: true,
		Unwalled: func(n *Naive) any { // nobody looks at what a migration left behind
			n.must("CREATE VIEW naive_report AS SELECT content FROM naive_boxes")
			return n.try("SELECT content FROM naive_report")
		},
		Walled: func(w *Walled) (any, error) {
			return w.ownerSays([][2]string{
				{"ALTER TABLE attacked.boxes DISABLE ROW LEVEL SECURITY", "ALTER TABLE attacked.boxes ENABLE ROW LEVEL SECURITY"},
				{"ALTER TABLE attacked.boxes NO FORCE ROW LEVEL SECURITY", "ALTER TABLE attacked.boxes FORCE ROW LEVEL SECURITY"},
				{"CREATE POLICY everybody ON attacked.boxes USING (true)", "DROP POLICY everybody ON attacked.boxes"},
				{"CREATE UNIQUE INDEX everywhere ON attacked.boxes (title, tenant_id, id)", "DROP INDEX attacked.everywhere"},
				{"CREATE VIEW attacked.report AS SELECT content FROM attacked.boxes", "DROP VIEW attacked.report"},
				{"GRANT SELECT ON attacked.boxes TO erp_control", "REVOKE SELECT ON attacked.boxes FROM erp_control"},
				{"GRANT SELECT ON attacked.boxes TO PUBLIC", "REVOKE SELECT ON attacked.boxes FROM PUBLIC"},
				{"ALTER TABLE attacked.boxes DISABLE TRIGGER erp_refuse_key", "ALTER TABLE attacked.boxes ENABLE ALWAYS TRIGGER erp_refuse_key"},
				{"CREATE FUNCTION erp.everything() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS 'SELECT content FROM attacked.boxes'", "DROP FUNCTION erp.everything()"},
				{"CREATE TABLE erp.copies AS SELECT * FROM attacked.boxes", "DROP TABLE erp.copies"},
				{"GRANT pg_read_all_data TO " + w.login(), "REVOKE pg_read_all_data FROM " + w.login()},
				{"ALTER ROLE erp_app BYPASSRLS", "ALTER ROLE erp_app NOBYPASSRLS"},
			})
		},
		Own:     true,
		Refused: []*fault.Definition{tenancy.ErrCatalogue, tenancy.ErrPrivilegedLogin},
	},
	{
		Name: "privileged login", Engines: onPostgres, Database: true,
		Unwalled: func(n *Naive) any { // row-level security that asks nobody: the application logs in as the owner
			n.must("ALTER TABLE naive_boxes ENABLE ROW LEVEL SECURITY")
			n.must("CREATE POLICY mine ON naive_boxes USING (tenant_id = '" + n.intruder.tenant + "')")
			return n.try("SELECT content FROM naive_boxes")
		},
		Walled: func(w *Walled) (any, error) {
			eng, ok := w.Env.Engine.(postgres.Engine)
			require.True(w.TB, ok)
			eng.DSN = w.Env.ownerURL
			return w.reopen(eng)
		},
		Refused: []*fault.Definition{tenancy.ErrPrivilegedLogin},
	},
	{
		Name: "routing miss", Database: true, // not the database, but a second program must be able to start
		Unwalled: func(n *Naive) any { // measured: a resolver that finds nothing falls open to the shared database
			place := map[string]string{}["tenant that moved"]
			if place == "" {
				return n.try("SELECT content FROM naive_boxes")
			}
			return nil
		},
		Walled: func(w *Walled) (any, error) {
			control := w.Env.Control(w.TB)
			table := "erp_control.tenants"
			if w.Env.Name == "sqlite" {
				table = "erp_control_tenants"
			}
			var was string
			where := " WHERE id = '" + w.own.tenant.String() + "'"
			require.NoError(w.TB, control.QueryRow("SELECT placement FROM "+table+where).Scan(&was))
			for _, to := range []string{"elsewhere", ""} {
				_, err := control.Exec("UPDATE " + table + " SET placement = '" + to + "'" + where) //nolint:gosec // the suite's own words
				require.NoError(w.TB, err)
				seen, err := w.reopen(w.Env.Engine)
				if fault.CodeOf(err) != tenancy.ErrPlacement.Code {
					return seen, err
				}
			}
			seen, err := w.reopen(w.Env.Engine)
			_, back := control.Exec("UPDATE " + table + " SET placement = '" + was + "'" + where) //nolint:gosec // the suite's own words
			require.NoError(w.TB, back)
			return seen, err
		},
		Refused: []*fault.Definition{tenancy.ErrPlacement},
	},
}
