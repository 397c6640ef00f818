package tenancy

import (
	"reflect"

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
}

// MaxRows is how many rows a single [Find] reads at most; [Stream] and [Page] have no such bound.
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
				q.order = append(q.order, Order{c[1:], true})
			} else {
				q.order = append(q.order, Order{c, false})
			}
		}
	}
}

// Limit reads at most n rows.
func Limit(n int) Option { return func(q *query) { q.limit = int64(n) } }

// ForUpdate locks the rows until the transaction ends. (SQLite has one writer at a time, so there it changes nothing.)
func ForUpdate() Option { return func(q *query) { q.lock = true } }

// check refuses columns that the model lacks and values that cannot be compared with them alike on both engines.
func (q *query) check(m *Model, op string) error {
	if q.lock && (m.Writes == AppendOnly || m.Writes == ReadOnly) {
		return ErrBadQuery.New(op, "rows of %s never change and need no lock", m.Name())
	}
	for _, c := range q.conds {
		col := m.Column(c.Column)
		if col == nil {
			return ErrBadQuery.New(op, "%s has no column %q", m.Name(), c.Column)
		}
		if col.Type == Decimal && c.Op != OpIsNull && c.Op != OpNotNull {
			return ErrBadQuery.New(op, "%s: decimals are not compared in SQL", c.Column)
		}
		if c.Op == OpIn {
			if v := reflect.ValueOf(c.Value); v.Kind() != reflect.Slice || !inListType(v.Type().Elem()) {
				return ErrBadQuery.New(op, "In takes a slice of ids, strings or int64, not a %T", c.Value)
			}
		}
	}
	for _, o := range q.order {
		col := m.Column(o.Column)
		if col == nil {
			return ErrBadQuery.New(op, "%s has no column %q", m.Name(), o.Column)
		}
		if col.Type == Decimal {
			return ErrBadQuery.New(op, "%s: decimals are not ordered in SQL", o.Column)
		}
	}
	return nil
}

func inListType(t reflect.Type) bool {
	return t == typeUUID || t.Kind() == reflect.String || t.Kind() == reflect.Int64
}

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
		if o.Descending {
			dir = bun.OrderDesc
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
