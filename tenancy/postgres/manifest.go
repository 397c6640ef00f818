package postgres

import (
	"context"
	"strings"
)

// The models say which tables, columns, policies and generated triggers there must be. They do not say which guards,
// CHECKs, references and functions the migrations wrote. Those are noted when the walls are built, and a later Open
// misses what has gone since and names what came.

const manifestTable = "erp_migrations.manifest"

// manifestQuery prints every definition that migrations may have written on the models' tables or in schema erp.
func (w *walls) manifestQuery() string {
	var tables, generated []string
	for _, m := range w.models {
		tables = append(tables, quoteText(m.Table))
	}
	for _, f := range w.functions {
		name, _, _ := strings.Cut(f.name, "(")
		generated = append(generated, quoteText(name))
	}
	return `WITH t AS (
	SELECT c.oid, n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname || '.' || c.relname IN (` + strings.Join(append(tables, "''"), ", ") + `))
SELECT 'trigger ' || g.tgname || ' on ' || t.name AS object, pg_get_triggerdef(g.oid) AS definition
	FROM t JOIN pg_trigger g ON g.tgrelid = t.oid WHERE NOT g.tgisinternal AND g.tgname NOT LIKE 'erp\_refuse\_%'
UNION ALL SELECT 'constraint ' || k.conname || ' on ' || t.name, pg_get_constraintdef(k.oid)
	FROM t JOIN pg_constraint k ON k.conrelid = t.oid WHERE k.contype IN ('c', 'f', 'p', 'u', 'x')
UNION ALL SELECT 'index ' || x.relname || ' on ' || t.name, pg_get_indexdef(i.indexrelid)
	FROM t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class x ON x.oid = i.indexrelid
	WHERE i.indisunique AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
UNION ALL SELECT 'function erp.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', md5(pg_get_functiondef(p.oid))
	FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
	WHERE n.nspname = 'erp' AND p.prokind IN ('f', 'p') AND p.proname NOT IN (` + strings.Join(generated, ", ") + `)
UNION ALL SELECT 'constraint ' || k.conname || ' on domain ' || d.typname, pg_get_constraintdef(k.oid)
	FROM pg_constraint k JOIN pg_type d ON d.oid = k.contypid JOIN pg_namespace n ON n.oid = d.typnamespace WHERE n.nspname = 'erp'`
}

func (w *walls) manifestStatements() []string {
	return []string{
		"CREATE TABLE IF NOT EXISTS " + manifestTable + " (object text NOT NULL PRIMARY KEY, definition text NOT NULL)",
		"DELETE FROM " + manifestTable,
		"INSERT INTO " + manifestTable + " (object, definition) " + w.manifestQuery(),
		"GRANT SELECT ON " + manifestTable + " TO " + controlRole,
	}
}

// manifest compares what was noted with what there is.
func (a *auditor) manifest(ctx context.Context) error {
	rows, err := a.db.QueryContext(ctx, `SELECT coalesce(was.object, is_now.object),
		CASE WHEN was.object IS NULL THEN 'was not written by a migration' WHEN is_now.object IS NULL THEN 'is missing' ELSE 'was changed' END
		FROM `+manifestTable+` AS was FULL JOIN (`+a.walls.manifestQuery()+`) AS is_now ON is_now.object = was.object
		WHERE was.definition IS DISTINCT FROM is_now.definition ORDER BY 1`)
	if err != nil {
		return err
	}
	return each(rows, func(scan func(...any) error) error {
		var object, what string
		if err := scan(&object, &what); err != nil {
			return err
		}
		a.problem("%s %s", object, what)
		return nil
	})
}
