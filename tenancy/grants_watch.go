package tenancy

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy/fault"
)

// watched is a session under a grant. It lets no statement through that was not announced, so that a way to the database that
// forgets to record what it looks at is shut, and not open.
type watched struct {
	Session
	tx *Tx
}

// Conn implements Session.
func (w *watched) Conn() bun.IConn { return watchedConn{w.Session.Conn(), w.tx} }

// Run implements Session.
func (w *watched) Run(ctx context.Context, statements []*Statement) error {
	if err := w.tx.announced(); err != nil {
		return err
	}
	return w.Session.Run(ctx, statements)
}

// Hold implements Session: nothing under a grant waits until after it was announced.
func (w *watched) Hold(context.Context, []*Statement) error { return w.refuse() }

// Commit implements Session. The transaction itself commits, past this.
func (w *watched) Commit(context.Context, []*Statement) error { return w.refuse() }

// Import implements Session.
func (w *watched) Import(context.Context) error { return w.refuse() }

// Host implements Session.
func (w *watched) Host(context.Context, func(*sql.Tx) error) error { return w.refuse() }

func (w *watched) refuse() error {
	return ErrGrantScope.New("tenancy.Tx", "nobody could say what this looks at")
}

type watchedConn struct {
	bun.IConn
	tx *Tx
}

// QueryContext implements bun.IConn.
func (c watchedConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := c.tx.announced(); err != nil {
		return nil, err
	}
	return c.IConn.QueryContext(ctx, query, args...)
}

// ExecContext implements bun.IConn: nothing is written this way.
func (c watchedConn) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, ErrGrantScope.New("tenancy.Tx", "nobody could say what this looks at")
}

// QueryRowContext implements bun.IConn.
func (c watchedConn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if err := c.tx.announced(); err != nil {
		dead, cancel := context.WithCancelCause(ctx)
		cancel(err) // a *sql.Row cannot carry an error of ours; nothing is sent on a context that is done
		return c.IConn.QueryRowContext(dead, query, args...)
	}
	return c.IConn.QueryRowContext(ctx, query, args...)
}

// announced refuses a statement under a grant that nobody announced.
func (tx *Tx) announced() error {
	if len(tx.looks) == 0 {
		return ErrGrantScope.New("tenancy.Tx", "a statement was not announced, so it would not be on record")
	}
	return nil
}

// announce says what is about to be looked at or written. Outside of grants it costs nothing and does nothing. Under one it
// refuses what no act vouches for and what would come after the grant's end.
func (tx *Tx) announce(ctx context.Context, op string, looks func() []look) error {
	s := tx.scope
	if s.grant == nil {
		return nil
	}
	if len(tx.acts) == 0 {
		return tx.failed(op, ErrForbidden.New(op, "a grant names acts, and none is running: use Act or View"))
	}
	if err := tx.db.Grants().standing(ctx, op, s.grant.id); err != nil {
		return tx.failed(op, err)
	}
	tx.looks = looks()
	return nil
}

// told ends a statement: it makes a fault of the database's error, and under a grant puts on record what was announced, with
// the number of rows of each, before anybody sees one of them. An error of it means that the rows are not to be handed out.
func (tx *Tx) told(ctx context.Context, op string, err error, rows ...int64) error {
	err = tx.failed(op, err)
	if tx.scope.grant == nil {
		return err
	}
	looks := tx.looks
	tx.looks = nil
	for i := range looks {
		if i < len(rows) {
			looks[i].rows = rows[i]
		}
		if err != nil {
			looks[i].refusal = fault.CodeOf(err)
		}
	}
	recording := tx.db.Grants().record(ctx, op, tx.scope, strings.Join(tx.acts, "/"), looks)
	if err != nil {
		return err
	}
	return tx.failed(op, recording)
}

// grantChunk is how many rows [Stream] takes at a time under a grant: they are on record before they are handed out.
const grantChunk = 500

// streamGranted is [Stream] under a grant, for rows of one announced look.
func streamGranted[T any](ctx context.Context, tx *Tx, op string, again func() []look, rows *sql.Rows, fn func(row *T) error) error {
	chunk := make([]T, 0, grantChunk)
	for more := true; more; {
		chunk = chunk[:0]
		var err error
		for len(chunk) < grantChunk {
			if more = rows.Next(); !more {
				err = rows.Err()
				break
			}
			var row T
			if err = tx.session.DB().ScanRow(ctx, rows, &row); err != nil {
				break
			}
			chunk = append(chunk, row)
		}
		if err := tx.told(ctx, op, err, int64(len(chunk))); err != nil {
			return err
		}
		if err := unsealAll(ctx, tx, op, chunk); err != nil {
			return err
		}
		for i := range chunk {
			if err := fn(&chunk[i]); err != nil {
				return err
			}
		}
		if more {
			if err := tx.announce(ctx, op, again); err != nil {
				return err
			}
		}
	}
	return nil
}

// looked describes a read of a model.
func (q *query) looked(verb string, m *Model, more ...string) func() []look {
	return func() []look {
		if q.lock && verb == "find" {
			verb = "lock"
		}
		filter := shownConds(q.conds)
		for _, s := range more {
			if s != "" && filter != "" {
				s = " and " + s
			}
			filter += s
		}
		return []look{{verb: verb, table: m.Table, filter: filter}}
	}
}

// shownConds are conditions without their values, but for ids.
func shownConds(conds []Cond) string {
	parts := make([]string, len(conds))
	for i, c := range conds {
		parts[i] = c.Column + " " + string(c.Op)
		switch c.Op { //nolint:exhaustive // the comparisons follow
		case OpIsNull, OpNotNull:
		case OpIn:
			parts[i] += " " + shownList(c.Value)
		default:
			parts[i] += " " + shownValue(reflect.ValueOf(c.Value))
		}
	}
	return strings.Join(parts, " and ")
}

// shownValue is an id as it is, and nothing of anything else.
func shownValue(v reflect.Value) string {
	if v.IsValid() && v.Type() == reflect.TypeFor[uuid.UUID]() {
		return fmt.Sprint(v.Interface())
	}
	return "?"
}

// shownList is every id of a list, however many: one that was looked at must not hide behind others.
func shownList(values any) string {
	v := reflect.ValueOf(values)
	if v.Kind() != reflect.Slice {
		return "?"
	}
	if v.Type().Elem() != reflect.TypeFor[uuid.UUID]() {
		return fmt.Sprintf("(%d values)", v.Len())
	}
	ids := make([]string, v.Len())
	for i := range ids {
		ids[i] = shownValue(v.Index(i))
	}
	return "(" + strings.Join(ids, ", ") + ")"
}

// shownIDs bounds the ids of a write: each written record has an event of its own in the trail besides.
const shownIDs = 20

// lookedBatch describes the statements of a batch.
func lookedBatch(statements []*Statement) func() []look {
	return func() []look {
		out := make([]look, len(statements))
		for i, st := range statements {
			out[i] = look{verb: string(st.Verb), table: st.Model.Table}
			if st.Verb.reads() {
				out[i].filter = shownConds(st.Conds)
				if st.Verb == VerbSelect {
					out[i].verb = "load"
				}
				continue
			}
			var ids []string
			for _, row := range st.Rows[:min(len(st.Rows), shownIDs)] {
				if id := rowID(st.Model, row); id != uuid.Nil {
					ids = append(ids, id.String())
				}
			}
			if len(ids) > 0 {
				out[i].filter = "id in (" + strings.Join(ids, ", ") + ")"
			}
			if n := len(st.Rows) - shownIDs; n > 0 {
				out[i].filter += fmt.Sprintf(" and %d more", n)
			}
			if len(st.Changed) > 0 {
				out[i].filter = strings.TrimSpace("set " + columnList(st.Changed) + " " + out[i].filter)
			}
		}
		return out
	}
}

// affected are the numbers of rows of a batch's statements, where somebody wants to know.
func (tx *Tx) affected(statements []*Statement) []int64 {
	if tx.scope.grant == nil {
		return nil
	}
	rows := make([]int64, len(statements))
	for i, st := range statements {
		rows[i] = st.Affected
	}
	return rows
}

func columnList(columns []*Column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return strings.Join(names, ",")
}

// lookedReport describes a report: its tables, its text without what stands in quotes, and of its arguments the ids. The text
// has been read and found harmless before.
func (tx *Tx) lookedReport(query string, args []any) func() []look {
	return func() []look {
		var tables []string
		for _, part := range strings.Split(query, "{")[1:] {
			name, _, _ := strings.Cut(part, "}")
			if m := tx.db.registry.byName(name); m != nil && !slices.Contains(tables, m.Table) {
				tables = append(tables, m.Table)
			}
		}
		slices.Sort(tables)
		var text strings.Builder
		for i, part := range strings.Split(query, "'") {
			if i%2 == 1 {
				part = "?"
			}
			text.WriteString(part)
		}
		filter := strings.Join(strings.Fields(text.String()), " ")
		for i, a := range args {
			shown := shownValue(reflect.ValueOf(a))
			if l, ok := a.(list); ok {
				shown = shownList(l.slice)
			}
			if shown != "?" {
				filter += fmt.Sprintf("; %d = %s", i+1, shown)
			}
		}
		return []look{{verb: "report", table: strings.Join(tables, " "), filter: filter}}
	}
}
