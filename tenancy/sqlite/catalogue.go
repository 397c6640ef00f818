package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/opsmatiq/erp/tenancy"
)

// checkCatalogue holds the template's live schema against the registry and names everything missing or extra. Tenants'
// files are then held against the template.
func checkCatalogue(ctx context.Context, op string, db *sql.DB, reg *tenancy.Registry) error {
	c := &catalogue{ctx: ctx, db: db, reg: reg}
	c.objects()
	for _, m := range reg.Models {
		c.table(m)
	}
	if c.err != nil {
		return tenancy.ErrCatalogue.Wrap(op, c.err, "the schema cannot be read")
	}
	if len(c.wrong) > 0 {
		return tenancy.ErrCatalogue.New(op, "%s", strings.Join(c.wrong, "; "))
	}
	return nil
}

type catalogue struct {
	ctx   context.Context //nolint:containedctx // lives for one check
	db    *sql.DB
	reg   *tenancy.Registry
	texts map[string]string // CREATE text by "type name"
	wrong []string
	err   error
}

func (c *catalogue) say(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
}

// query reads all rows of a catalogue question as text.
func (c *catalogue) query(width int, text string, args ...any) [][]string {
	if c.err != nil {
		return nil
	}
	rows, err := c.db.QueryContext(c.ctx, text, args...)
	if err != nil {
		c.err = err
		return nil
	}
	defer func() { _ = rows.Close() }()
	var out [][]string
	for rows.Next() {
		values := make([]sql.NullString, width)
		dest := make([]any, width)
		for i := range values {
			dest[i] = &values[i]
		}
		if c.err = rows.Scan(dest...); c.err != nil {
			return nil
		}
		row := make([]string, width)
		for i, v := range values {
			row[i] = v.String
		}
		out = append(out, row)
	}
	c.err = rows.Err()
	return out
}

// objects refuses tables and views of our schemas that no model is registered for.
func (c *catalogue) objects() {
	c.texts = map[string]string{}
	known := map[string]bool{versionTable: true}
	for _, m := range c.reg.Models {
		known[tableName(m.Table)] = true
	}
	ours := prefixes(c.reg)
	for _, r := range c.query(3, "SELECT type, name, COALESCE(sql, '') FROM sqlite_master") {
		c.texts[r[0]+" "+r[1]] = r[2]
		if (r[0] == "table" || r[0] == "view") && hasPrefix(r[1], ours) && !known[r[1]] {
			c.say("%s %s belongs to no registered model", r[0], r[1])
		}
	}
}

func (c *catalogue) table(m *tenancy.Model) {
	table := tableName(m.Table)
	text := c.texts["table "+table]
	if text == "" {
		c.say("table %s is missing", table)
		return
	}
	c.columns(m, table, text)
	c.indexes(m, table)
	c.foreignKeys(table)
	for _, t := range triggers(m) {
		if c.texts["trigger "+t.name] != t.text {
			c.say("trigger %s is missing or another", t.name)
		}
	}
}

func (c *catalogue) columns(m *tenancy.Model, table, text string) {
	seen := map[string]bool{}
	keys := make([]string, len(m.Keys))
	for _, r := range c.query(4, "SELECT name, type, \"notnull\", pk FROM pragma_table_info(?)", table) {
		name := r[0]
		seen[name] = true
		col := m.Column(name)
		if col == nil {
			c.say("column %s.%s belongs to no field", table, name)
			continue
		}
		if r[1] != string(col.Type) {
			c.say("column %s.%s is a %s, not a %s", table, name, r[1], col.Type)
		}
		if nullable := r[2] == "0"; nullable != col.Nullable {
			c.say("column %s.%s and its field differ on NULL", table, name)
		}
		if !strings.Contains(text, typeCheck(name, string(col.Type))) {
			c.say("column %s.%s lacks its type check", table, name)
		}
		if at := slices.Index([]string{"1", "2", "3", "4", "5", "6"}, r[3]); at >= 0 && at < len(keys) {
			keys[at] = name
		} else if at >= len(keys) {
			c.say("the primary key of %s has more columns than its model's", table)
		}
	}
	for _, col := range m.Columns {
		if !seen[col.Name] {
			c.say("column %s.%s is missing", table, col.Name)
		}
	}
	for i, k := range m.Keys {
		if keys[i] != k.Name {
			c.say("the primary key of %s is %s, not its model's", table, strings.Join(keys, ", "))
			break
		}
	}
}

func (c *catalogue) indexes(_ *tenancy.Model, table string) {
	for _, r := range c.query(2, "SELECT name, \"unique\" FROM pragma_index_list(?)", table) {
		if r[1] != "1" {
			continue
		}
		first := c.query(1, "SELECT name FROM pragma_index_info(?) ORDER BY seqno LIMIT 1", r[0])
		if len(first) == 0 || first[0][0] != "tenant_id" {
			c.say("unique index %s of %s does not start with tenant_id", r[0], table)
		}
	}
}

func (c *catalogue) foreignKeys(table string) {
	known := map[string]bool{}
	for _, m := range c.reg.Models {
		known[tableName(m.Table)] = true
	}
	for _, r := range c.query(6, "SELECT \"table\", \"from\", COALESCE(\"to\", \"from\"), seq, on_update, on_delete FROM pragma_foreign_key_list(?)", table) {
		if !known[r[0]] {
			c.say("a foreign key of %s leads to %s, which is not registered", table, r[0])
		}
		if r[3] == "0" && (r[1] != "tenant_id" || r[2] != "tenant_id") {
			c.say("a foreign key of %s to %s does not start with tenant_id", table, r[0])
		}
		if r[4] != "NO ACTION" || r[5] != "NO ACTION" {
			c.say("a foreign key of %s to %s has an action", table, r[0])
		}
	}
}
