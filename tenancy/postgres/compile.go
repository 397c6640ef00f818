package postgres

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/opsmatiq/erp/tenancy"
)

// compiled is a statement in SQL. The text depends on the model, the columns and the shape of the conditions, never on
// values or on the number of rows, but for an insert of one, which PostgreSQL plans and runs in less time as VALUES. The tenant is always $1 and comes from the scope, whatever a row says.
type compiled struct {
	text   string
	params []param
	fields []*tenancy.Column // of a select's result
}

// compiler builds one statement.
type compiler struct {
	st  *tenancy.Statement
	sql strings.Builder
	out compiled
}

// shape is what the text of a write depends on.
type shape struct {
	model   *tenancy.Model
	verb    tenancy.Verb
	one     bool // a single row
	changed string
}

// shapes are the writes that a connection has compiled, without their rows.
type shapes map[shape]*compiled

// compile gives a statement's SQL.
func (s shapes) compile(st *tenancy.Statement) (*compiled, error) {
	if st.Verb == tenancy.VerbSelect || st.Verb == tenancy.VerbExpect || st.Verb == tenancy.VerbForbid {
		return compile(st)
	}
	key := shape{st.Model, st.Verb, len(st.Rows) == 1, columnNames(st.Changed)}
	known := s[key]
	if known == nil {
		var err error
		if known, err = compile(st); err != nil {
			return nil, err
		}
		s[key] = &compiled{text: known.text, params: slices.Clone(known.params), fields: known.fields}
		s[key].bind(uuid.Nil, nil)
		return known, nil
	}
	out := &compiled{text: known.text, params: slices.Clone(known.params), fields: known.fields}
	out.bind(st.Tenant, st.Rows)
	return out, nil
}

// bind puts a tenant and rows in the place of those that a write was compiled with.
func (c *compiled) bind(tenant uuid.UUID, rows []reflect.Value) {
	c.params[0].value = reflect.ValueOf(tenant)
	for i := range c.params[1:] {
		c.params[i+1].rows = rows
	}
}

func compile(st *tenancy.Statement) (*compiled, error) {
	c := &compiler{st: st}
	c.out.params = []param{{typ: tenancy.UUID, value: reflect.ValueOf(st.Tenant)}}
	var err error
	switch st.Verb {
	case tenancy.VerbInsert:
		c.insert()
	case tenancy.VerbAccrue:
		c.accrue()
	case tenancy.VerbUpdate:
		err = c.update()
	case tenancy.VerbDelete:
		c.delete()
	case tenancy.VerbSelect:
		err = c.selectRows()
	case tenancy.VerbExpect:
		err = c.expect()
	case tenancy.VerbForbid:
		c.forbid()
	default:
		err = fmt.Errorf("unknown verb %q", st.Verb)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", st.Verb, st.Model.Table, err)
	}
	c.out.text = c.sql.String()
	return &c.out, nil
}

func (c *compiler) write(parts ...string) {
	for _, p := range parts {
		c.sql.WriteString(p)
	}
}

// param adds a parameter and writes it with its type.
func (c *compiler) param(p param) {
	c.out.params = append(c.out.params, p)
	c.write("$", strconv.Itoa(len(c.out.params)), "::", p.cast())
}

// unnest writes the rows' columns as a table u; without any, nothing.
func (c *compiler) unnest(before string, columns []*tenancy.Column) {
	if len(columns) == 0 {
		return
	}
	c.write(before, "unnest(")
	for i, col := range columns {
		c.comma(i)
		c.param(param{typ: col.Type, rows: c.st.Rows, col: col})
	}
	c.write(") AS u(")
	for i, col := range columns {
		c.comma(i)
		c.write(quote(col.Name))
	}
	c.write(")")
}

// given is a column of u in the type of the table's column.
func (c *compiler) given(col *tenancy.Column) {
	c.write("u.", quote(col.Name))
	if col.Type == tenancy.Decimal {
		c.write("::erp.decimal_text")
	}
}

func (c *compiler) comma(i int) {
	if i > 0 {
		c.write(", ")
	}
}

// insert gives the statement shared by insert and accrue. Keys[0] is the tenant.
func (c *compiler) insert() {
	m := c.st.Model
	rest := others(m.Columns, m.Keys[0])
	c.write("INSERT INTO ", quoteTable(m.Table), " AS t (", quote(m.Keys[0].Name))
	for _, col := range rest {
		c.write(", ", quote(col.Name))
	}
	if len(c.st.Rows) == 1 && c.st.Verb == tenancy.VerbInsert {
		c.write(") VALUES ($1::uuid")
		for _, col := range rest {
			c.write(", ")
			c.param(param{typ: col.Type, rows: c.st.Rows, col: col, one: true})
			if col.Type == tenancy.Decimal {
				c.write("::erp.decimal_text")
			}
		}
		c.write(")")
		return
	}
	c.write(") SELECT $1::uuid")
	for _, col := range rest {
		c.write(", ")
		c.given(col)
	}
	c.unnest(" FROM ", rest)
}

// accrue inserts in the order of the key, so that two batches over the same balances wait for each other and never cross.
func (c *compiler) accrue() {
	m := c.st.Model
	c.insert()
	for i, k := range m.Keys[1:] {
		if i == 0 {
			c.write(" ORDER BY ")
		}
		c.comma(i)
		c.given(k)
		if k.Type == tenancy.Text {
			c.write(` COLLATE "C"`) // the order in which everything else locks
		}
	}
	c.write(" ON CONFLICT (")
	for i, k := range m.Keys {
		c.comma(i)
		c.write(quote(k.Name))
	}
	c.write(") DO UPDATE SET ")
	for i, col := range c.st.Changed {
		c.comma(i)
		n := quote(col.Name)
		c.write(n, " = t.", n, " + EXCLUDED.", n)
	}
}

func (c *compiler) update() error {
	m := c.st.Model
	for _, col := range c.st.Changed {
		if col.Key {
			return fmt.Errorf("the key column %s cannot be changed", col.Name)
		}
	}
	c.write("UPDATE ", quoteTable(m.Table), " AS t SET ")
	for i, col := range c.st.Changed {
		c.comma(i)
		c.write(quote(col.Name), " = ")
		c.given(col)
	}
	c.unnest(" FROM ", append(append([]*tenancy.Column{}, m.Keys[1:]...), c.st.Changed...))
	c.byKey()
	return nil
}

func (c *compiler) delete() {
	c.write("DELETE FROM ", quoteTable(c.st.Model.Table), " AS t")
	c.unnest(" USING ", c.st.Model.Keys[1:])
	c.byKey()
}

func (c *compiler) byKey() {
	m := c.st.Model
	c.write(" WHERE t.", quote(m.Keys[0].Name), " = $1::uuid")
	for _, k := range m.Keys[1:] {
		c.write(" AND t.", quote(k.Name), " = ")
		c.given(k)
	}
}

// selectRows puts the tenant inside the FROM clause, where no condition can argue with it.
func (c *compiler) selectRows() error {
	m := c.st.Model
	c.out.fields = m.Columns
	c.write("SELECT ")
	for i, col := range m.Columns {
		c.comma(i)
		c.write("t.", quote(col.Name))
	}
	if err := c.from(); err != nil {
		return err
	}
	if err := c.order(); err != nil {
		return err
	}
	if c.st.Limit > 0 {
		c.write(" LIMIT ")
		c.param(param{typ: tenancy.BigInt, value: reflect.ValueOf(c.st.Limit)})
	}
	if c.st.Lock {
		c.write(" FOR UPDATE OF t")
	}
	return nil
}

func (c *compiler) from() error {
	m := c.st.Model
	c.write(" FROM (SELECT * FROM ", quoteTable(m.Table), " WHERE ", quote(m.Keys[0].Name), " = $1::uuid) AS t")
	for i, cond := range c.st.Conds {
		if i == 0 {
			c.write(" WHERE ")
		} else {
			c.write(" AND ")
		}
		if err := c.cond(cond); err != nil {
			return err
		}
	}
	return nil
}

// expect fails in the database, so that what was sent behind it in the same trip is not done.
func (c *compiler) expect() error {
	c.write("SELECT erp.expect(EXISTS (SELECT")
	if err := c.from(); err != nil {
		return err
	}
	c.write("))")
	return nil
}

// forbid fails in the database if one of the ids that the hops lead to has a row.
func (c *compiler) forbid() {
	scoped := func(m *tenancy.Model) string {
		return "(SELECT * FROM " + quoteTable(m.Table) + " WHERE " + quote(m.Keys[0].Name) + " = $1::uuid)"
	}
	c.write("SELECT erp.forbid(EXISTS (SELECT FROM ", scoped(c.st.Model), " AS t WHERE t.id ")
	for i := len(c.st.Via) - 1; i >= 0; i-- {
		c.write("IN (SELECT h.", quote(c.st.Via[i].Column), " FROM ", scoped(c.st.Via[i].Model), " AS h WHERE h.id ")
	}
	c.write("= ANY(")
	c.param(param{typ: tenancy.UUID, list: reflect.ValueOf(c.st.Conds[0].Value)})
	c.write(strings.Repeat(")", len(c.st.Via)+1), "))")
}

func (c *compiler) cond(cond tenancy.Cond) error {
	col := c.st.Model.Column(cond.Column)
	if col == nil {
		return fmt.Errorf("there is no column %q", cond.Column)
	}
	c.write("t.", quote(col.Name), " ")
	v := reflect.ValueOf(cond.Value)
	switch cond.Op {
	case tenancy.OpIsNull:
		c.write("IS NULL")
	case tenancy.OpNotNull:
		c.write("IS NOT NULL")
	case tenancy.OpIn:
		if v.Kind() != reflect.Slice {
			return fmt.Errorf("the values for %q are no slice", cond.Column)
		}
		c.write("= ANY(")
		c.param(param{typ: col.Type, list: v})
		c.write(")")
	case tenancy.OpEq, tenancy.OpNe, tenancy.OpLt, tenancy.OpLe, tenancy.OpGt, tenancy.OpGe:
		if !v.IsValid() {
			return fmt.Errorf("no value to compare %q with", cond.Column)
		}
		c.write(string(cond.Op), " ")
		c.param(param{typ: col.Type, value: v})
	default:
		return fmt.Errorf("unknown comparison %q", cond.Op)
	}
	return nil
}

// order sorts as asked; a lock without an order takes that of the key, which all writers share.
func (c *compiler) order() error {
	m := c.st.Model
	if len(c.st.Order) == 0 && c.st.Lock {
		for i, k := range m.Keys[1:] {
			if i == 0 {
				c.write(" ORDER BY ")
			}
			c.comma(i)
			c.write("t.", quote(k.Name))
		}
	}
	for i, o := range c.st.Order {
		col := m.Column(o.Column)
		if col == nil {
			return fmt.Errorf("there is no column %q", o.Column)
		}
		if i == 0 {
			c.write(" ORDER BY ")
		}
		c.comma(i)
		c.write("t.", quote(col.Name))
		switch {
		case o.Descending && o.Nullable:
			c.write(" DESC NULLS LAST")
		case o.Descending:
			c.write(" DESC")
		case o.Nullable:
			c.write(" NULLS FIRST")
		}
	}
	return nil
}

func others(columns []*tenancy.Column, not *tenancy.Column) []*tenancy.Column {
	out := make([]*tenancy.Column, 0, len(columns))
	for _, c := range columns {
		if c != not {
			out = append(out, c)
		}
	}
	return out
}

// quote makes a name usable in SQL whatever it is.
func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// quoteTable quotes "schema.name".
func quoteTable(table string) string {
	schema, name, _ := strings.Cut(table, ".")
	return pgx.Identifier{schema, name}.Sanitize()
}

// quoteText makes a string literal. Nothing but names and ids of our own goes through it; values are parameters.
func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
