package tenancy

import (
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/uptrace/bun"
)

// Option narrows, sorts or limits what [Find], [Load] and their like read. The tenant is not an option: every read is
// from the tenant's own rows, whatever the options say.
type Option func(*query)

type query struct {
	conds []Cond
	order []Order
	limit int64
	lock  bool

	badLimit bool
}

// MaxRows is how many rows a single [Find] may give; more are refused (tenancy.too_many_rows). [Stream] and [Page] have no
// such bound.
const MaxRows = 100_000

func newQuery(opts []Option) *query {
	q := new(query)
	for _, o := range opts {
		o(q)
	}
	return q
}

func cond(column string, op Op, v any) Option {
	return func(q *query) { q.conds = append(q.conds, Cond{column, op, v}) }
}

// Eq keeps rows whose column equals v.
func Eq(column string, v any) Option { return cond(column, OpEq, v) }

// Ne keeps rows whose column differs from v.
func Ne(column string, v any) Option { return cond(column, OpNe, v) }

// Lt keeps rows whose column is less than v.
func Lt(column string, v any) Option { return cond(column, OpLt, v) }

// Le keeps rows whose column is at most v.
func Le(column string, v any) Option { return cond(column, OpLe, v) }

// Gt keeps rows whose column is greater than v.
func Gt(column string, v any) Option { return cond(column, OpGt, v) }

// Ge keeps rows whose column is at least v.
func Ge(column string, v any) Option { return cond(column, OpGe, v) }

// In keeps rows whose column is one of the values, a slice of uuid.UUID, of a string type or of int64.
func In(column string, values any) Option { return cond(column, OpIn, values) }

// IsNull keeps rows whose column has no value.
func IsNull(column string) Option { return cond(column, OpIsNull, nil) }

// NotNull keeps rows whose column has a value.
func NotNull(column string) Option { return cond(column, OpNotNull, nil) }

// OrderBy sorts by columns; a leading minus sorts downwards.
func OrderBy(columns ...string) Option {
	return func(q *query) {
		for _, c := range columns {
			if c != "" && c[0] == '-' {
				q.order = append(q.order, Order{Column: c[1:], Descending: true})
			} else {
				q.order = append(q.order, Order{Column: c})
			}
		}
	}
}

// Limit reads at most n rows; n is at least 1.
func Limit(n int) Option { return func(q *query) { q.limit, q.badLimit = int64(n), n < 1 } }

// ForUpdate locks the rows until the transaction ends. (SQLite has one writer at a time, so there it changes nothing.)
func ForUpdate() Option { return func(q *query) { q.lock = true } }

// check refuses columns that the model lacks and values that cannot be compared with them alike on both engines.
func (q *query) check(m *Model, op string) error {
	if q.badLimit {
		return ErrBadQuery.New(op, "a limit is at least 1")
	}
	if q.lock && (m.Writes == AppendOnly || m.Writes == ReadOnly) {
		return ErrBadQuery.New(op, "rows of %s never change and need no lock", m.Name())
	}
	for _, c := range q.conds {
		col := m.Column(c.Column)
		if col == nil {
			return ErrBadQuery.New(op, "%s has no column %q", m.Name(), c.Column)
		}
		if err := c.check(op, col); err != nil {
			return err
		}
	}
	for i, o := range q.order {
		col := m.Column(o.Column)
		if col == nil {
			return ErrBadQuery.New(op, "%s has no column %q", m.Name(), o.Column)
		}
		if col.Type == Decimal {
			return ErrBadQuery.New(op, "%s: decimals are not ordered in SQL", o.Column)
		}
		if col.Privacy.Sealed {
			return ErrBadQuery.New(op, "%s is sealed and cannot be sorted by", o.Column)
		}
		q.order[i].Nullable = col.Nullable
	}
	return nil
}

// check holds a condition's value to the column's type: what one engine would quietly convert, the other would refuse.
func (c Cond) check(op string, col *Column) error {
	if c.Op == OpIsNull || c.Op == OpNotNull {
		return nil
	}
	if col.Type == Decimal {
		return ErrBadQuery.New(op, "%s: decimals are not compared in SQL", c.Column)
	}
	if col.Privacy.Sealed {
		return ErrBadQuery.New(op, "%s is sealed and cannot be compared: equal values do not look alike in the database", c.Column)
	}
	v := reflect.ValueOf(c.Value)
	if !v.IsValid() {
		return ErrBadQuery.New(op, "%s is compared with nothing: use IsNull", c.Column)
	}
	if c.Op != OpIn {
		return c.checkValue(op, col, v)
	}
	if v.Kind() != reflect.Slice || col.Type != UUID && col.Type != Text && col.Type != BigInt {
		return ErrBadQuery.New(op, "In takes a slice of ids, texts or numbers, not a %T for %s", c.Value, c.Column)
	}
	for i := range v.Len() {
		if err := c.checkValue(op, col, v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func (c Cond) checkValue(op string, col *Column, v reflect.Value) error {
	typ, ok := valueType(v.Type())
	if !ok || typ != col.Type {
		return ErrBadQuery.New(op, "%s is a %s and is not compared with a %s", c.Column, col.Type, v.Type())
	}
	if typ == Date && v.IsZero() {
		return ErrBadQuery.New(op, "%s is compared with no date: use IsNull", c.Column)
	}
	if typ == Text && !storable(v.String()) {
		return ErrRefusedValue.New(op, "%s is compared with text that holds a NUL or is not UTF-8", c.Column)
	}
	return nil
}

// storable reports whether both engines can hold a text.
func storable(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// apply puts the conditions, as one group, and the sort order on a bun query over the scoped rows.
func (q *query) apply(s *bun.SelectQuery) *bun.SelectQuery {
	if len(q.conds) > 0 {
		s = s.WhereGroup(" AND ", func(s *bun.SelectQuery) *bun.SelectQuery {
			for _, c := range q.conds {
				s = c.apply(s)
			}
			return s
		})
	}
	for _, o := range q.order {
		dir := bun.OrderAsc
		switch {
		case o.Descending && o.Nullable:
			dir = bun.OrderDescNullsLast
		case o.Descending:
			dir = bun.OrderDesc
		case o.Nullable: // not for the others: it would keep them from their index
			dir = bun.OrderAscNullsFirst
		}
		s = s.OrderBy(o.Column, dir)
	}
	if q.limit > 0 {
		s = s.Limit(q.limit)
	}
	return s
}

func (c Cond) apply(s *bun.SelectQuery) *bun.SelectQuery {
	col := bun.Ident(c.Column)
	switch c.Op { //nolint:exhaustive // the comparisons follow
	case OpIsNull:
		return s.Where("? IS NULL", col)
	case OpNotNull:
		return s.Where("? IS NOT NULL", col)
	case OpIn:
		if reflect.ValueOf(c.Value).Len() == 0 {
			return s.Where("1 = 0")
		}
		return s.Where("? IN (?)", col, bun.In(c.Value)) //nolint:staticcheck // bun.List is its new name; see List
	}
	return s.Where("? "+string(c.Op)+" ?", col, c.Value)
}
