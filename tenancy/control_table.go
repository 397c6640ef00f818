package tenancy

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
)

// ControlTable describes a table of the control database: the platform's own records. Nobody reads or writes it by this; it is there
// so that the platform's records are classified as tenants' are, and none is forgotten: a table or a column that is not described,
// or described and not there, stops the program's start.
type ControlTable struct {
	// Table is "erp_control.name".
	Table string
	// About says in one sentence what a row is.
	About string
	// Class is what retention rules speak of.
	Class RecordClass
	// Purpose and Basis default to what is usual for the class.
	Purpose Purpose
	Basis   Basis
	// Subject is the column that says whom a row is about: that of the id of a row of erp_control.users, or "self". "": nobody.
	Subject string
	// Tenant is the column that names the tenant that a row is about. "": none.
	Tenant string
	// RetainFrom is the column from which retention is counted; "" while what it is about lives.
	RetainFrom string
	// Outlasts says why rows about a tenant are still there when it is purged. "": they are not, or are about none.
	Outlasts string
	// Columns are "name" for what is never personal, and "name category,erasure" as in a model's tag.
	Columns []string
}

// ControlColumn is a described column.
type ControlColumn struct {
	Name    string
	Privacy Privacy
}

// Described reads the columns' descriptions.
func (t *ControlTable) Described() ([]ControlColumn, error) {
	out := make([]ControlColumn, len(t.Columns))
	for i, text := range t.Columns {
		name, class, _ := strings.Cut(text, " ")
		p, err := parsePrivacy(class, BigInt)
		if err != nil || !plainName(name) {
			return nil, fmt.Errorf("tenancy: %s: the column %q is not described as \"name\" or \"name category,erasure\"", t.Table, text)
		}
		out[i] = ControlColumn{Name: name, Privacy: p}
	}
	return out, nil
}

func (t *ControlTable) check() (err error) {
	columns, err := t.Described()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(t.Table, "erp_control.") || t.About == "" {
		return fmt.Errorf("tenancy: %q is no described table of the control database", t.Table)
	}
	if t.Purpose, t.Basis, err = use(t.Class, t.Purpose, t.Basis); err != nil {
		return fmt.Errorf("tenancy: %s: %w", t.Table, err)
	}
	if t.Purpose == ImproveService {
		if err := nobodys(t.Subject, columns, func(c ControlColumn) (string, Privacy) { return c.Name, c.Privacy }); err != nil {
			return fmt.Errorf("tenancy: %s: %w", t.Table, err)
		}
	}
	for _, name := range []string{t.Subject, t.Tenant, t.RetainFrom} {
		if name != "" && name != "self" && !slices.ContainsFunc(columns, func(c ControlColumn) bool { return c.Name == name }) {
			return fmt.Errorf("tenancy: %s has no column %s", t.Table, name)
		}
	}
	if t.Outlasts != "" && t.Tenant == "" {
		return fmt.Errorf("tenancy: %s outlasts tenants, and is about none", t.Table)
	}
	return nil
}

// addControl gathers the described tables of a module.
func (r *Registry) addControl(tables []ControlTable) error {
	for _, t := range tables {
		if slices.ContainsFunc(r.Control, func(o ControlTable) bool { return o.Table == t.Table }) {
			return fmt.Errorf("tenancy: %s is described twice", t.Table)
		}
		if err := t.check(); err != nil {
			return err
		}
		r.Control = append(r.Control, t)
	}
	sort.Slice(r.Control, func(i, j int) bool { return r.Control[i].Table < r.Control[j].Table })
	return nil
}

// checkControl holds the live control database against the descriptions.
func (db *DB) checkControl(ctx context.Context, op string) error {
	live, err := controlColumns(ctx, db.control.Control())
	if err != nil {
		return db.control.Fault(op, err)
	}
	var wrong []string
	for _, t := range db.registry.Control {
		columns, err := t.Described()
		if err != nil {
			return err
		}
		there := live[t.Table]
		delete(live, t.Table)
		for _, c := range columns {
			if i := slices.Index(there, c.Name); i >= 0 {
				there = slices.Delete(there, i, i+1)
				continue
			}
			wrong = append(wrong, t.Table+"."+c.Name+" is described and not there")
		}
		for _, name := range there {
			wrong = append(wrong, t.Table+"."+name+" is not described")
		}
	}
	for table := range live {
		wrong = append(wrong, table+" is not described")
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return ErrCatalogue.New(op, "the control database is not what the program says of it (Module.Control): %s", strings.Join(wrong, "; "))
}

// controlColumns are the columns of the control database's tables, by "erp_control.name".
func controlColumns(ctx context.Context, db *bun.DB) (map[string][]string, error) {
	query := `SELECT c.relname, a.attname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE n.nspname = 'erp_control' AND c.relkind IN ('r', 'p')`
	if db.Dialect().Name() == dialect.SQLite {
		query = `SELECT substr(t.name, length('erp_control_') + 1), c.name FROM sqlite_schema t, pragma_table_info(t.name) c
			WHERE t.type = 'table' AND substr(t.name, 1, length('erp_control_')) = 'erp_control_'`
	}
	found, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	out := map[string][]string{}
	for found.Next() {
		var table, column string
		if err := found.Scan(&table, &column); err != nil {
			return nil, err
		}
		out["erp_control."+table] = append(out["erp_control."+table], column)
	}
	return out, found.Err()
}
