package tenancy

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy/internal/sqltext"
)

// Report runs hand-written SQL that only reads. Tables are named in braces, and each becomes this tenant's rows:
//
//	tenancy.Report[Line](ctx, tx, `SELECT a.code, CAST(SUM(l.amount_minor) AS BIGINT) AS total
//	    FROM {journal_lines} AS l JOIN {accounts} AS a ON a.id = l.account_id
//	    WHERE l.entry_date <= ? GROUP BY a.code ORDER BY a.code`, asOf)
//
// T is a struct whose bun tags name the columns, or a scalar for one column. Placeholders are ?, lists are ? with
// [List]. The SQL must mean the same on both engines: LIKE, double quotes, :: casts and functions that only one of them has
// are refused, as are a registered table named outside braces, a semicolon, a comment, a verb that writes, every
// function that is not known to be harmless, and a sealed column, of which a table in braces has none (tenancy.bad_query,
// before anything is sent). Report SQL is the program's own:
// values belong in args, never in the text.
func Report[T any](ctx context.Context, tx *Tx, query string, args ...any) ([]T, error) {
	const op = "tenancy.Report"
	if err := tx.usable(op); err != nil {
		return nil, err
	}
	tx.reported = nil
	text, err := tx.scopeSQL(op, query)
	if err != nil {
		return nil, err
	}
	given := args
	if args, err = reportArgs(op, args); err != nil {
		return nil, err
	}
	if err := tx.announce(ctx, op, tx.lookedReport(query, given)); err != nil {
		return nil, err
	}
	out, err := reportRows[T](ctx, tx, op, tx.session.DB().NewRaw(text, args...).String())
	if err := tx.told(ctx, op, err, int64(len(out))); err != nil {
		return nil, err
	}
	for _, m := range tx.reported {
		tx.noteRead(m, int64(len(out)), uuid.Nil)
	}
	return out, nil
}

// reportRows reads an answer, as far as the tenant may.
func reportRows[T any](ctx context.Context, tx *Tx, op, text string) (out []T, err error) {
	rows, err := tx.session.Conn().QueryContext(ctx, text)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closing := rows.Close(); err == nil {
			err = closing
		}
	}()
	most := tx.mostRead()
	for rows.Next() {
		if most > 0 && len(out) == most {
			return nil, tooManyRead(op, most)
		}
		out = append(out, *new(T))
		if err := tx.session.DB().ScanRow(ctx, rows, &out[len(out)-1]); err != nil {
			return nil, err
		}
	}
	return out, rows.Err()
}

// list is a slice for IN (?).
type list struct{ slice any }

// List makes a slice usable as IN (?) in a [Report].
func List(slice any) any { return list{slice} }

// reportArgs lets only plain values through: bun would take some of its own types as SQL.
func reportArgs(op string, args []any) ([]any, error) {
	out := make([]any, len(args))
	for i, a := range args {
		v := reflect.ValueOf(a)
		if l, ok := a.(list); ok {
			if v = reflect.ValueOf(l.slice); v.Kind() != reflect.Slice {
				return nil, ErrBadQuery.New(op, "List takes a slice, not a %T", l.slice)
			}
			if _, ok := valueType(v.Type().Elem()); !ok {
				return nil, ErrBadQuery.New(op, "a %T is no list of values", l.slice)
			}
			out[i] = bun.In(l.slice) //nolint:staticcheck // bun.Tuple would add its own brackets
			continue
		}
		if !v.IsValid() {
			return nil, ErrBadQuery.New(op, "an argument is nil")
		}
		typ, ok := valueType(v.Type())
		if !ok {
			return nil, ErrBadQuery.New(op, "a %T is no value for a report", a)
		}
		if typ == Text && !storable(v.String()) {
			return nil, ErrRefusedValue.New(op, "an argument holds a NUL or is not UTF-8")
		}
		out[i] = a
	}
	return out, nil
}

// scopeSQL replaces {tables} by the tenant's rows of them, and refuses what it cannot vouch for.
func (tx *Tx) scopeSQL(op, query string) (string, error) {
	tables := reportTables{tx, map[string]bool{}}
	text, refused := sqltext.ScopeReport(query, tables)
	if refused != nil {
		return "", ErrBadQuery.New(op, "%s", refused.Why)
	}
	return text, tables.unsealed(op)
}

// reportTables are the registered tables, as the reader of a report's SQL asks for them, and the words that it met.
type reportTables struct {
	tx    *Tx
	words map[string]bool
}

// unsealed refuses the name of a sealed column of one of the tables, unless it may be another's of the same name; then the
// database decides, to whom a sealed column is not shown.
func (t reportTables) unsealed(op string) error {
	for _, m := range t.tx.reported {
		for _, c := range m.sealed {
			other := slices.ContainsFunc(t.tx.reported, func(o *Model) bool { return o.Column(c.Name) != nil && !o.Column(c.Name).Privacy.Sealed })
			if t.words[c.Name] && !other {
				return ErrBadQuery.New(op, "%s.%s is sealed: a report cannot read it", m.Name(), c.Name)
			}
		}
	}
	return nil
}

// Rows implements sqltext.Tables.
func (t reportTables) Rows(name string) (string, bool) {
	m := t.tx.db.registry.byName(name)
	if m == nil {
		return "", false
	}
	t.tx.reported = append(t.tx.reported, m)
	return "(SELECT " + reportable(m) + " FROM " + t.tx.store.TableName(m.Table) + " WHERE tenant_id = '" + t.tx.scope.tenant.String() + "')", true
}

// Named implements sqltext.Tables.
func (t reportTables) Named(word string) bool {
	t.words[word] = true
	return t.tx.db.registry.namesTable(word)
}

// Stored implements sqltext.Tables.
func (t reportTables) Stored(word string) bool { return t.tx.db.registry.namesEngineTable(word) }

// reportable are the columns that a report can see.
func reportable(m *Model) string {
	if len(m.sealed) == 0 {
		return "*"
	}
	var names []string
	for _, c := range m.Columns {
		if !c.Privacy.Sealed {
			names = append(names, `"`+c.Name+`"`)
		}
	}
	return strings.Join(names, ", ")
}

// addWords adds the words that name a table.
func (r *Registry) addWords(table string) {
	schema, name, _ := strings.Cut(table, ".")
	r.bare[schema], r.bare[name] = true, true
	r.whole[strings.Replace(table, ".", "_", 1)] = true
}

// namesTable reports whether a bare word is the name of a registered table or of its schema, as either engine writes it.
func (r *Registry) namesTable(word string) bool { return r.bare[word] || r.whole[word] }

// namesEngineTable reports whether a word is a registered table's name on SQLite.
func (r *Registry) namesEngineTable(word string) bool { return r.whole[word] }
