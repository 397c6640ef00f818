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

// learn gathers what the person is known by, in all their rows, and what others are, by their own.
func (c *copier) learn(ctx context.Context) error {
	for _, m := range c.Registry.Models {
		if m == c.Self || !named(m) {
			continue
		}
		err := c.Each(ctx, m, func(row any) error {
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
	for _, m := range c.Registry.Models {
		if m.Subject != "self" || len(m.Keys) < 2 {
			continue
		}
		err := m.Verbs().Stream(ctx, c.Tx, func(row any) error {
			if m == c.Self && field[uuid.UUID](row, m.Keys[1]) == c.ID {
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
	for _, r := range c.References {
		if r.From == m && len(r.Columns) == 1 && r.Columns[0] == col && r.To.Subject == "self" {
			return r.To != c.Self || f.Interface() != any(c.ID)
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
	for _, m := range archived(c.Registry) {
		texts := mentioning(m)
		if len(texts) == 0 || m.Trail {
			continue
		}
		theirs, err := c.Theirs(ctx, m)
		if err != nil {
			return err
		}
		err = m.Verbs().Stream(ctx, c.Tx, func(row any) error {
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
