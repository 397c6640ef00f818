package privacy

import (
	"context"
	"errors"
	"reflect"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// errEnough ends a reading whose first row says enough.
var errEnough = errors.New("enough")

// way is how the person's rows of a model are found: those whose column has one of the ids.
func (c *copier) way(ctx context.Context, m *tenancy.Model) (column string, ids []uuid.UUID, err error) {
	if ids, err = c.about(ctx, m); err != nil {
		return "", nil, err
	}
	if id := m.Column("id"); id != nil && id.Key {
		return "id", ids, nil
	}
	if len(m.Keys) < 2 || m.Subject == "self" {
		return "", nil, nil
	}
	if m.Person != "" {
		return m.Keys[1].Name, ids, nil
	}
	if m.Subject != m.Keys[1].Name { // rows of aggregates that are about others as well
		to, err := c.leads(m)
		if err != nil {
			return "", nil, err
		}
		if ids, err = c.about(ctx, to); err != nil {
			return "", nil, err
		}
	}
	return m.Subject, ids, nil
}

// loose are the columns of a model without a subject that hold an id which no foreign key explains: a restriction's, or that of an erasure that was asked for.
func (c *copier) loose(m *tenancy.Model) []*tenancy.Column {
	if m.Subject != "" || m.Derived {
		return nil
	}
	var out []*tenancy.Column
	for _, col := range m.Columns {
		if col.Type != tenancy.UUID || col == m.Keys[0] || col.Key && col.Name != "id" {
			continue
		}
		leads := slices.ContainsFunc(c.refs, func(r tenancy.Reference) bool { return r.From == m && slices.Contains(r.Columns, col) })
		if !leads {
			out = append(out, col)
		}
	}
	return out
}

// eachLoose hands over the rows of a model without a subject that hold the person's id.
func (c *copier) eachLoose(ctx context.Context, m *tenancy.Model, fn func(row any) error) error {
	columns := c.loose(m)
	for i, col := range columns {
		err := m.Verbs().Stream(ctx, c.tx, func(row any) error {
			if c.holds(row, columns[:i]) { // it was handed over already
				return nil
			}
			return fn(row)
		}, tenancy.Eq(col.Name, c.id), tenancy.OrderBy(columnNames(m.Keys[1:])...))
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) holds(row any, columns []*tenancy.Column) bool {
	return slices.ContainsFunc(columns, func(col *tenancy.Column) bool { return field[uuid.UUID](row, col) == c.id })
}

// each hands over the person's rows of a model, one at a time, at flat memory: in the order of the key where that begins with what they are found by, or the ids are few.
func (c *copier) each(ctx context.Context, m *tenancy.Model, fn func(row any) error) error {
	if m.Subject != "self" && !leading(m) {
		return c.eachLoose(ctx, m, fn)
	}
	column, ids, err := c.way(ctx, m)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(ids, chunk) {
		if err := m.Verbs().Stream(ctx, c.tx, fn, tenancy.In(column, part), tenancy.OrderBy(columnNames(m.Keys[1:])...)); err != nil {
			return err
		}
	}
	return nil
}

// learn gathers what the person is known by, in all their rows, and what others are, by their own.
func (c *copier) learn(ctx context.Context) error {
	for _, m := range c.reg.Models {
		if !leading(m) || !named(m) {
			continue
		}
		err := c.each(ctx, m, func(row any) error {
			c.known.add(m, row)
			return nil
		})
		if err != nil {
			return err
		}
	}
	c.known.compile()
	for value := range c.known.values {
		c.others.add(value, true)
	}
	for _, m := range c.reg.Models {
		if m.Subject != "self" || len(m.Keys) < 2 {
			continue
		}
		err := m.Verbs().Stream(ctx, c.tx, func(row any) error {
			if m == c.self && field[uuid.UUID](row, m.Keys[1]) == c.id {
				return nil
			}
			other := known{values: map[string]bool{}}
			other.add(m, row)
			for value := range other.values {
				c.others.add(value, false)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	c.others.sort()
	return nil
}

// named reports whether a model has columns by which somebody is known.
func named(m *tenancy.Model) bool {
	return slices.ContainsFunc(m.Columns, func(c *tenancy.Column) bool {
		return c.Type == tenancy.Text && m.Erasable(c) && c.Privacy.Category != tenancy.FreeText
	})
}

// redact takes out of a row of the person's what is of others, and what would let somebody in.
func (c *copier) redact(m *tenancy.Model, row any) {
	v := reflect.ValueOf(row).Elem()
	for _, col := range m.Columns {
		f := v.FieldByIndex(col.Index)
		switch {
		case col.Privacy.Category == tenancy.Credential:
			f.SetZero()
		case col.Type == tenancy.Text && col.Privacy.Category == tenancy.FreeText:
			f.SetString(c.others.redact(f.String()))
		case col.Type == tenancy.UUID && !col.Key && c.leadsElsewhere(m, col, f):
			f.SetZero()
		}
	}
}

// leadsElsewhere reports whether a column leads to somebody who is not the person.
func (c *copier) leadsElsewhere(m *tenancy.Model, col *tenancy.Column, f reflect.Value) bool {
	for _, r := range c.refs {
		if r.From == m && len(r.Columns) == 1 && r.Columns[0] == col && r.To.Subject == "self" {
			return r.To != c.self || f.Interface() != any(c.id)
		}
	}
	return false
}

// see keeps in mind which columns of a table say anything of the person.
func (c *copier) see(m *tenancy.Model, row any) {
	seen := c.seen[m.Table]
	if seen == nil {
		return
	}
	v := reflect.ValueOf(row).Elem()
	for _, col := range m.Columns {
		if col.Privacy.Personal() && !v.FieldByIndex(col.Index).IsZero() {
			seen[col.Name] = true
		}
	}
}

// mention is a text that names the person in a row that does not lead to them: the text alone, for the row may be about somebody else.
type mention struct {
	tenancy.Owned
	Table  string `bun:"in_table,pk" privacy:"none"`
	Row    string `bun:"in_row,pk" privacy:"none"`
	Column string `bun:"in_column,pk" privacy:"none"`
	Text   string `bun:"text" privacy:"free-text,delete"`
}

// mentionModel is the form of mentions, which are written as rows are. No database has such a table.
var mentionModel = tenancy.Define[mention](tenancy.Spec{Table: "subject.mentions", Class: tenancy.Log})

// mentions writes the texts that name the person in rows that do not lead to them, if there are any.
func (c *copier) mentions(ctx context.Context) error {
	if c.known.pattern == nil {
		return nil
	}
	there := false
	err := c.eachMention(ctx, func(any) error {
		there = true
		return errEnough
	})
	if !there {
		return err
	}
	return c.file(mentionModel, func(fn func(row any) error) error { return c.eachMention(ctx, fn) })
}

func (c *copier) eachMention(ctx context.Context, fn func(row any) error) error {
	for _, m := range archived(c.reg) {
		texts := mentioning(m)
		if len(texts) == 0 || m.Trail {
			continue
		}
		theirs, err := c.theirs(ctx, m)
		if err != nil {
			return err
		}
		err = m.Verbs().Stream(ctx, c.tx, func(row any) error {
			if theirs(row) {
				return nil
			}
			for _, col := range texts {
				text := field[string](row, col)
				if c.known.redact(text) == text {
					continue
				}
				c.noteMention(m, col)
				out := &mention{Table: m.Table, Row: rowName(m, row), Column: col.Name, Text: c.others.redact(text)}
				if err := fn(out); err != nil {
					return err
				}
			}
			return nil
		}, tenancy.OrderBy(columnNames(m.Keys[1:])...))
		if err != nil {
			return err
		}
	}
	return nil
}

// mentioning are the columns in which somebody may be named whose row it is not: free text, and in rows that lead to nobody everything personal.
func mentioning(m *tenancy.Model) []*tenancy.Column {
	var out []*tenancy.Column
	for _, c := range m.Columns {
		if c.Type == tenancy.Text && c.Privacy.Personal() && c.Privacy.Category != tenancy.Credential && (c.Privacy.Category == tenancy.FreeText || m.Subject == "") {
			out = append(out, c)
		}
	}
	return out
}

// theirs says of a model's rows whether they are the person's.
func (c *copier) theirs(ctx context.Context, m *tenancy.Model) (func(row any) bool, error) {
	if m.Subject != "self" && !leading(m) {
		loose := c.loose(m)
		return func(row any) bool { return c.holds(row, loose) }, nil
	}
	column, ids, err := c.way(ctx, m)
	if err != nil || len(ids) == 0 {
		return func(any) bool { return false }, err
	}
	col := m.Column(column)
	set := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return func(row any) bool { return set[field[uuid.UUID](row, col)] }, nil
}

func (c *copier) noteMention(m *tenancy.Model, col *tenancy.Column) {
	if c.seen[m.Table] == nil {
		c.seen[m.Table] = map[string]bool{}
	}
	c.seen[m.Table][col.Name] = true
}

// rowName is a row's key, as text.
func rowName(m *tenancy.Model, row any) string {
	v := reflect.ValueOf(row).Elem()
	var b []byte
	for i, k := range m.Keys[1:] {
		if i > 0 {
			b = append(b, '/')
		}
		if k.Type == tenancy.Text {
			b = append(b, v.FieldByIndex(k.Index).String()...)
			continue
		}
		b = appendCell(b, k, v.FieldByIndex(k.Index))
	}
	return string(b)
}
