package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// chunks are the numbers of rows that one INSERT carries: few texts to prepare, few steps for many rows.
var chunks = [...]int{64, 8, 1}

// run executes one statement on the connection.
func (c *conn) run(ctx context.Context, st *tenancy.Statement) error {
	// modernc starts a goroutine per execution to watch a context that can end; the context is looked at between
	// executions instead.
	quiet := context.WithoutCancel(ctx)
	switch st.Verb {
	case tenancy.VerbInsert, tenancy.VerbAccrue:
		return c.insert(ctx, quiet, st)
	case tenancy.VerbUpdate, tenancy.VerbDelete:
		return c.each(ctx, quiet, st)
	case tenancy.VerbSelect:
		return c.query(ctx, st)
	case tenancy.VerbExpect:
		return c.expect(ctx, st)
	case tenancy.VerbForbid:
		return c.forbid(ctx, st)
	}
	return errors.New("sqlite: unknown verb " + string(st.Verb))
}

func (c *conn) insert(ctx, quiet context.Context, st *tenancy.Statement) error {
	rows := st.Rows
	for _, size := range chunks {
		if len(rows) < size {
			continue
		}
		prepared, err := c.prepared(quiet, insertSQL(st, size))
		if err != nil {
			return err
		}
		args := make([]driver.NamedValue, 0, size*len(st.Model.Columns))
		for len(rows) >= size {
			args = args[:0]
			for _, row := range rows[:size] {
				args = appendRow(args, st, st.Model.Columns, row)
			}
			if err := c.exec(ctx, quiet, st, prepared, args); err != nil {
				return err
			}
			rows = rows[size:]
		}
	}
	return nil
}

// each runs an UPDATE or DELETE per row.
func (c *conn) each(ctx, quiet context.Context, st *tenancy.Statement) error {
	prepared, err := c.prepared(quiet, eachSQL(st))
	if err != nil {
		return err
	}
	args := make([]driver.NamedValue, 0, len(st.Changed)+len(st.Model.Keys))
	for _, row := range st.Rows {
		args = appendRow(args[:0], st, st.Changed, row)
		args = appendRow(args, st, st.Model.Keys, row)
		if err := c.exec(ctx, quiet, st, prepared, args); err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) exec(ctx, quiet context.Context, st *tenancy.Statement, prepared statement, args []driver.NamedValue) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	res, err := prepared.ExecContext(quiet, args)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	st.Affected += n
	return err
}

// query runs a SELECT and hands its rows over.
func (c *conn) query(ctx context.Context, st *tenancy.Statement) error {
	text, args, err := selectSQL(st)
	if err != nil {
		return err
	}
	prepared, err := c.prepared(ctx, text)
	if err != nil {
		return err
	}
	rows, err := prepared.QueryContext(ctx, args)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	columns := st.Model.Columns
	values := make([]driver.Value, len(columns))
	scan := func(dest ...any) error {
		for i, d := range dest {
			if err := decode(columns[i], values[i], d); err != nil {
				return err
			}
		}
		return nil
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := rows.Next(values); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		st.Affected++
		if err := st.Row(scan); err != nil {
			return err
		}
	}
}

// expect looks for one row.
func (c *conn) expect(ctx context.Context, st *tenancy.Statement) error {
	look := *st
	look.Limit, look.Row = 1, func(func(...any) error) error { return nil }
	if err := c.query(ctx, &look); err != nil || look.Affected > 0 {
		return err
	}
	return tenancy.ErrStale.New("sqlite", "")
}

// forbid looks for one row.
func (c *conn) forbid(ctx context.Context, st *tenancy.Statement) error {
	list, err := jsonList(st.Conds[0].Value)
	if err != nil {
		return err
	}
	var args []driver.NamedValue
	add := func(v string) { args = append(args, driver.NamedValue{Ordinal: len(args) + 1, Value: v}) }
	scoped := func(m *tenancy.Model) string {
		add(st.Tenant.String())
		return "(SELECT * FROM " + tableName(m.Table) + " WHERE tenant_id = ?)"
	}
	text := "SELECT 1 FROM " + scoped(st.Model) + " AS t WHERE t.id IN ("
	for i := len(st.Via) - 1; i >= 0; i-- {
		text += "SELECT h." + st.Via[i].Column + " FROM " + scoped(st.Via[i].Model) + " AS h WHERE h.id IN ("
	}
	add(list)
	text += "SELECT value FROM json_each(?)" + strings.Repeat(")", len(st.Via)+1) + " LIMIT 1"
	prepared, err := c.prepared(context.WithoutCancel(ctx), text)
	if err != nil {
		return err
	}
	rows, err := prepared.QueryContext(ctx, args)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	switch err := rows.Next(make([]driver.Value, 1)); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	return tenancy.ErrRestricted.New("sqlite", "")
}

// appendRow adds a row's columns as arguments; the tenant is always the scope's.
func appendRow(args []driver.NamedValue, st *tenancy.Statement, columns []*tenancy.Column, row reflect.Value) []driver.NamedValue {
	for _, col := range columns {
		var v driver.Value
		if col == st.Model.Keys[0] {
			v = st.Tenant.String()
		} else {
			v = encode(col, row.FieldByIndex(col.Index))
		}
		args = append(args, driver.NamedValue{Ordinal: len(args) + 1, Value: v})
	}
	return args
}

func insertSQL(st *tenancy.Statement, rows int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + tableName(st.Model.Table) + " (")
	marks := strings.Repeat("?,", len(st.Model.Columns))
	for i, c := range st.Model.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.Name)
	}
	b.WriteString(") VALUES ")
	tuple := "(" + marks[:len(marks)-1] + "),"
	all := strings.Repeat(tuple, rows)
	b.WriteString(all[:len(all)-1])
	if st.Verb == tenancy.VerbAccrue {
		b.WriteString(" ON CONFLICT (" + names(st.Model.Keys, ", ", "") + ") DO UPDATE SET ")
		for i, c := range st.Changed {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(c.Name + " = " + c.Name + " + excluded." + c.Name)
		}
	}
	return b.String()
}

func eachSQL(st *tenancy.Statement) string {
	where := " WHERE " + names(st.Model.Keys, " AND ", " = ?")
	if st.Verb == tenancy.VerbDelete {
		return "DELETE FROM " + tableName(st.Model.Table) + where
	}
	return "UPDATE " + tableName(st.Model.Table) + " SET " + names(st.Changed, ", ", " = ?") + where
}

func selectSQL(st *tenancy.Statement) (string, []driver.NamedValue, error) {
	var b strings.Builder
	args := []driver.NamedValue{{Ordinal: 1, Value: st.Tenant.String()}}
	b.WriteString("SELECT " + names(st.Model.Columns, ", ", "") + " FROM (SELECT * FROM " + tableName(st.Model.Table) + " WHERE tenant_id = ?) AS t")
	for i, c := range st.Conds {
		if i == 0 {
			b.WriteString(" WHERE ")
		} else {
			b.WriteString(" AND ")
		}
		col := st.Model.Column(c.Column)
		switch c.Op { //nolint:exhaustive // the comparisons follow
		case tenancy.OpIsNull, tenancy.OpNotNull:
			b.WriteString(c.Column + " " + string(c.Op))
			continue
		case tenancy.OpIn:
			list, err := jsonList(c.Value)
			if err != nil {
				return "", nil, err
			}
			b.WriteString(c.Column + " IN (SELECT value FROM json_each(?))")
			args = append(args, driver.NamedValue{Ordinal: len(args) + 1, Value: list})
			continue
		}
		v, err := encodeArg(col, c.Value)
		if err != nil {
			return "", nil, err
		}
		b.WriteString(c.Column + " " + string(c.Op) + " ?")
		args = append(args, driver.NamedValue{Ordinal: len(args) + 1, Value: v})
	}
	for i, o := range st.Order {
		if i == 0 {
			b.WriteString(" ORDER BY ")
		} else {
			b.WriteString(", ")
		}
		b.WriteString(o.Column)
		if o.Descending {
			b.WriteString(" DESC")
		}
	}
	if st.Limit > 0 {
		b.WriteString(" LIMIT ?")
		args = append(args, driver.NamedValue{Ordinal: len(args) + 1, Value: st.Limit})
	}
	return b.String(), args, nil
}

// jsonList writes the values of an In as one argument, so that the text does not change with their number.
func jsonList(slice any) (string, error) {
	v := reflect.ValueOf(slice)
	list := make([]any, v.Len())
	for i := range list {
		e := v.Index(i)
		if id, ok := e.Interface().(uuid.UUID); ok {
			list[i] = id.String()
			continue
		}
		if e.Kind() == reflect.String {
			list[i] = e.String()
			continue
		}
		list[i] = e.Int()
	}
	b, err := json.Marshal(list)
	return string(b), err
}

func names(columns []*tenancy.Column, sep, suffix string) string {
	var b strings.Builder
	for i, c := range columns {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(c.Name + suffix)
	}
	return b.String()
}

// tableName turns "schema.name" into schema_name.
func tableName(table string) string { return strings.Replace(table, ".", "_", 1) }
