package postgres

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/opsmatiq/erp/tenancy"
)

// walls is what the database is to hold besides the migrations' tables, generated from the models: policies, grants,
// triggers and functions. The same value makes them and checks them.
type walls struct {
	models []*tenancy.Model
	using  string // the policies' expression, as PostgreSQL prints it
	define string // and as it is written
}

const policyName = "erp_tenant"

func newWalls(reg *tenancy.Registry, withoutSubselect bool) *walls {
	w := &walls{models: reg.Models,
		define: "tenant_id = (SELECT current_setting('erp.tenant')::uuid)",
		using:  "(tenant_id = ( SELECT (current_setting('erp.tenant'::text))::uuid AS current_setting))",
	}
	if withoutSubselect {
		w.define = "tenant_id = current_setting('erp.tenant')::uuid"
		w.using = "(tenant_id = (current_setting('erp.tenant'::text))::uuid)"
	}
	return w
}

// gateTable goes last and by a function of its own: what opens the doors is not behind one of them.
const gateTable = "erp.tenant_gates"

// eventTable is where every write leaves a row, so it is there that writes are refused while the gate is not open.
const eventTable = "erp.audit_events"

// privileges are what the application role has on a model's table. Append-only and read-only rows can be deleted as far as
// grants go: a purge does, and the trigger lets nobody else.
func privileges(m *tenancy.Model) []string {
	switch m.Writes {
	case tenancy.ReadOnly:
		if m.Table == gateTable {
			return []string{"SELECT"}
		}
		return []string{"DELETE", "SELECT"}
	case tenancy.AppendOnly:
		return []string{"DELETE", "INSERT", "SELECT"}
	}
	return []string{"DELETE", "INSERT", "SELECT", "UPDATE"}
}

// trigger is one that the engine generates, written as PostgreSQL prints it.
type trigger struct{ name, definition string }

func triggers(m *tenancy.Model) []trigger {
	on := func(name, event, rest, function string) trigger {
		return trigger{name, "CREATE TRIGGER " + name + " " + event + " ON " + m.Table + rest + " EXECUTE FUNCTION erp." + function}
	}
	keys := columnNames(m.Keys)
	out := []trigger{
		on("erp_refuse_key", "BEFORE UPDATE OF "+keys, " FOR EACH STATEMENT", "refuse_key()"),
		on("erp_refuse_truncate", "BEFORE TRUNCATE", " FOR EACH STATEMENT", "refuse_truncate()"),
	}
	switch m.Writes {
	case tenancy.AppendOnly:
		out = append(out, on("erp_refuse_update", "BEFORE UPDATE", " FOR EACH STATEMENT", "refuse_update()"))
	case tenancy.Companion:
		out = append(out, on("erp_refuse_update", "BEFORE UPDATE", " FOR EACH ROW", "refuse_replace('"+rowKey(m)+"')"))
	}
	switch m.Writes {
	case tenancy.AppendOnly, tenancy.Companion, tenancy.Keep, tenancy.ReadOnly:
		if m.Table == gateTable {
			break // a guard of its own holds it
		}
		out = append(out, on("erp_refuse_delete", "AFTER DELETE", " REFERENCING OLD TABLE AS gone FOR EACH STATEMENT", "refuse_delete()"))
	}
	if m.Table == eventTable {
		out = append(out, on("erp_refuse_closed", "AFTER INSERT", " REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT", "refuse_closed()"))
	}
	return out
}

func columnNames(columns []*tenancy.Column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// rowKey is the column by which an erasure names a row: id, or else the second of the key.
func rowKey(m *tenancy.Model) string {
	if c := m.Column("id"); c != nil || len(m.Keys) < 2 {
		return "id"
	}
	return m.Keys[1].Name
}

// statements make everything that is generated. They can be run again over themselves.
func (w *walls) statements() []string {
	out := []string{
		"REVOKE ALL ON SCHEMA erp, erp_control, erp_migrations FROM PUBLIC",
		"GRANT USAGE ON SCHEMA erp TO " + appRole + ", " + controlRole,
		"GRANT USAGE ON SCHEMA erp_control, erp_migrations TO " + controlRole,
		"REVOKE ALL ON ALL TABLES IN SCHEMA erp_control, erp_migrations FROM PUBLIC, " + appRole + ", " + controlRole,
		"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA erp_control TO " + controlRole,
		"GRANT SELECT ON ALL TABLES IN SCHEMA erp_migrations TO " + controlRole,
		"REVOKE USAGE ON TYPE erp.decimal_text FROM PUBLIC",
		"GRANT USAGE ON TYPE erp.decimal_text TO " + appRole,
	}
	for _, f := range functions {
		out = append(out, f.create()...)
	}
	schemas := map[string]bool{"erp": true}
	for _, m := range w.models {
		schema, _, _ := strings.Cut(m.Table, ".")
		if !schemas[schema] {
			schemas[schema] = true
			out = append(out, "GRANT USAGE ON SCHEMA "+quote(schema)+" TO "+appRole)
		}
		out = append(out, w.around(m)...)
	}
	return out
}

// around gives the walls of one table.
func (w *walls) around(m *tenancy.Model) []string {
	t := quoteTable(m.Table)
	out := []string{
		"ALTER TABLE " + t + " ENABLE ROW LEVEL SECURITY",
		"ALTER TABLE " + t + " FORCE ROW LEVEL SECURITY",
		"DROP POLICY IF EXISTS " + policyName + " ON " + t,
		"CREATE POLICY " + policyName + " ON " + t + " AS PERMISSIVE FOR ALL TO " + appRole + " USING (" + w.define + ") WITH CHECK (" + w.define + ")",
		"REVOKE ALL ON TABLE " + t + " FROM PUBLIC, " + appRole + ", " + controlRole,
		"GRANT " + strings.Join(privileges(m), ", ") + " ON TABLE " + t + " TO " + appRole,
	}
	for _, name := range []string{"erp_refuse_key", "erp_refuse_truncate", "erp_refuse_update", "erp_refuse_delete", "erp_refuse_closed"} {
		out = append(out, "DROP TRIGGER IF EXISTS "+name+" ON "+t)
	}
	for _, tr := range triggers(m) {
		out = append(out, strings.Replace(tr.definition, " ON "+m.Table+" ", " ON "+t+" ", 1))
	}
	// ALWAYS: also for a session that calls itself a replica. Guards that migrations wrote are meant as well.
	return append(out, `DO $$ DECLARE n name; BEGIN
	FOR n IN SELECT tgname FROM pg_catalog.pg_trigger WHERE tgrelid = `+quoteText(t)+`::pg_catalog.regclass AND NOT tgisinternal AND tgenabled <> 'A' LOOP
		EXECUTE pg_catalog.format('ALTER TABLE `+t+` ENABLE ALWAYS TRIGGER %I', n);
	END LOOP;
END $$`)
}

// fingerprint changes when anything that is generated does, or the migrations, or the server's way of printing it.
func (w *walls) fingerprint(l *line, serverVersion int) string {
	h := sha256.New()
	_, _ = fmt.Fprintln(h, serverVersion/10000, l.versions())
	for _, s := range w.statements() {
		_, _ = fmt.Fprintln(h, s)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// build makes the walls, in one transaction, unless these very walls were made before: what somebody has changed since is
// then refused by the check that follows, and not repaired in silence.
func (w *walls) build(ctx context.Context, conn *sql.Conn, l *line) (err error) {
	const op = "postgres.Migrate"
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return asFault(op, err)
	}
	defer func() {
		if back := tx.Rollback(); err == nil && !errors.Is(back, sql.ErrTxDone) {
			err = back
		}
	}()
	// What PostgreSQL prints of a definition depends on the search path; the check looks with the same one.
	if _, err := tx.ExecContext(ctx, setSearchPath); err != nil {
		return asFault(op, err)
	}
	var version int
	var member bool
	err = tx.QueryRowContext(ctx, "SELECT current_setting('server_version_num')::int, pg_has_role(current_user, '"+appRole+"', 'USAGE')").Scan(&version, &member)
	if err != nil {
		return asFault(op, err)
	}
	want := w.fingerprint(l, version)
	if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS erp_migrations.walls (fingerprint text NOT NULL)"); err != nil {
		return asFault(op, err)
	}
	var same bool
	if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM erp_migrations.walls WHERE fingerprint = $1)", want).Scan(&same); err != nil {
		return asFault(op, err)
	}
	if same {
		return nil
	}
	if !member {
		// Functions that run as the owner meet the policies like everybody else.
		if _, err := tx.ExecContext(ctx, "GRANT "+appRole+" TO CURRENT_USER"); err != nil {
			return ErrNotInstalled.Wrap(op, err, "the owner must be a member of %s: have a DBA run GRANT %s TO the owner", appRole, appRole)
		}
	}
	for _, text := range slices.Concat(w.statements(), manifestStatements(w.models)) {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return ErrMigration.Wrap(op, err, "%v, in: %.80s", err, text)
		}
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM erp_migrations.walls"); err != nil {
		return asFault(op, err)
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO erp_migrations.walls (fingerprint) VALUES ($1)", want); err != nil {
		return asFault(op, err)
	}
	if err := tx.Commit(); err != nil {
		return asFault(op, err)
	}
	return nil
}
