package tenancy

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy/date"
)

// Batch gathers statements and sends them together: one round trip on PostgreSQL, and a number of statements that does
// not depend on the number of rows. Fill it with [Put], [Accrue], [Set], [Remove] and [Load], then Run it. The first
// mistake in filling it is reported by Run, before anything is sent.
type Batch struct {
	tx         *Tx
	statements []*Statement
	held       []func()                          // hands out what was read, when it may be
	loaded     []func(ctx context.Context) error // what is done with rows that were read
	writes     bool
	err        error
}

// Batch starts an empty batch.
func (tx *Tx) Batch() *Batch { return &Batch{tx: tx} }

// Put inserts rows. The store sets TenantID, and ID where it is zero.
func Put[T any](b *Batch, rows []*T) { add(b, VerbInsert, rows) }

// Accrue inserts rows or, where a row with the same key exists, adds the named columns to it. Rows with equal keys within
// one call must be added up before.
func Accrue[T any](b *Batch, rows []*T, columns ...string) { add(b, VerbAccrue, rows, columns...) }

// Set updates the named columns of the rows with these keys. Every row must exist (tenancy.not_found). PostgreSQL locks
// them in the order of its plan: where others write the same rows, [Load] them [ForUpdate] first, which locks in the order
// of the key. (Two Sets that cross are undone by the database and run again, at a cost of a second.)
func Set[T any](b *Batch, rows []*T, columns ...string) { add(b, VerbUpdate, rows, columns...) }

// Remove deletes the rows with these keys. Every row must exist (tenancy.not_found).
func Remove[T any](b *Batch, rows []*T) { add(b, VerbDelete, rows) }

// Load reads into dest, which is filled when Run returns. With [ForUpdate] rows are locked in the order of their key.
func Load[T any](b *Batch, dest *[]T, opts ...Option) {
	if b.err != nil {
		return
	}
	m, err := modelOf[T](b.tx, "tenancy.Load")
	if err != nil {
		b.err = err
		return
	}
	q := newQuery(opts)
	if b.err = q.check(m, "tenancy.Load"); b.err != nil {
		return
	}
	st := &Statement{Verb: VerbSelect, Model: m, Tenant: b.tx.scope.tenant, Conds: q.conds, Order: q.order, Limit: q.limit, Lock: q.lock}
	if q.lock {
		b.writes = true
		if len(st.Order) == 0 {
			st.Order = keyOrder(m)
		}
	}
	*dest = (*dest)[:0]
	into := dest
	if b.tx.scope.grant != nil { // not before it is on record
		into = new([]T)
		b.held = append(b.held, func() { *dest = *into })
	}
	most := b.tx.mostRead()
	st.Row = func(scan func(dest ...any) error) error {
		if most > 0 && len(*into) == most {
			return tooManyRead("tenancy.Load", most)
		}
		*into = append(*into, *new(T))
		return scan(targets(m, reflect.ValueOf(&(*into)[len(*into)-1]).Elem())...)
	}
	b.statements = append(b.statements, st)
	b.loaded = append(b.loaded, func(ctx context.Context) error {
		err := unsealAll(ctx, b.tx, "tenancy.Load", *into)
		if err != nil {
			*into = nil // nothing of what does not open is handed out
		}
		return err
	})
}

// Expect has the batch refused (tenancy.stale) unless a row meets the options when it is run: so an act can rest on what an
// earlier transaction read, and still answer by what is. See [Tx.Guess].
func Expect[T any](b *Batch, opts ...Option) {
	if b.err != nil {
		return
	}
	const op = "tenancy.Expect"
	m, err := modelOf[T](b.tx, op)
	if err != nil {
		b.err = err
		return
	}
	q := newQuery(opts)
	if b.err = q.check(m, op); b.err == nil && (q.lock || len(q.order) > 0 || q.limit != 0) {
		b.err = ErrBadQuery.New(op, "only conditions can be expected")
	}
	b.statements = append(b.statements, &Statement{Verb: VerbExpect, Model: m, Tenant: b.tx.scope.tenant, Conds: q.conds})
}

func add[T any](b *Batch, verb Verb, rows []*T, columns ...string) {
	if b.err != nil || len(rows) == 0 {
		return
	}
	op := "tenancy." + string(verb)
	m, err := modelOf[T](b.tx, op)
	if err != nil {
		b.err = err
		return
	}
	if m.System {
		b.err = ErrSystemModel.New(op, "")
		return
	}
	changed, err := m.NamedColumns(columns...)
	if err != nil {
		b.err = ErrUnregistered.Wrap(op, err, "%v", err)
		return
	}
	st, err := b.tx.statement(op, verb, m, rowsOf(rows), changed)
	if err != nil {
		b.err = err
		return
	}
	b.writes = true
	b.statements = append(b.statements, st)
}

// Run sends the batch. On an error nothing of the transaction remains. A batch may be filled and run again.
func (b *Batch) Run(ctx context.Context) error { return b.run(ctx, false) }

// Hold is [Batch.Run] for what [Put] and [Accrue] wrote, and what is [Expect]ed, when nobody waits for the answer: it goes to the database together
// with what the transaction sends next, at the latest with the commit, so that an act that ends with its writes has no trip
// for them alone. What is read afterwards sees them. What the database refuses comes as the error of that later call, or of
// [DB.Tx]. A batch that loads, sets or removes is refused (tenancy.bad_query).
func (b *Batch) Hold(ctx context.Context) error { return b.run(ctx, true) }

func (b *Batch) run(ctx context.Context, hold bool) error {
	const op = "tenancy.Batch"
	tx := b.tx
	check := tx.usable
	if b.writes { // one of the two: each asks for the goroutine's number, which is not cheap
		check = tx.writable
	}
	if err := check(op); err != nil {
		return err
	}
	if b.err != nil {
		tx.doom(b.err)
		return b.err
	}
	statements, held, loaded := b.statements, b.held, b.loaded
	b.statements, b.held, b.loaded, b.writes = nil, nil, nil, false
	if len(statements) == 0 {
		return nil
	}
	if hold {
		return tx.hold(ctx, op, statements)
	}
	if err := tx.send(ctx, op, statements); err != nil {
		return err
	}
	for _, done := range loaded {
		if err := done(ctx); err != nil {
			return err
		}
	}
	for _, hand := range held {
		hand()
	}
	return nil
}

// send runs statements and does what every write calls for: rows that were meant exist, and events tell of them.
func (tx *Tx) send(ctx context.Context, op string, statements []*Statement) error {
	statements, err := tx.guard(ctx, op, statements)
	if err != nil {
		return err
	}
	if err := tx.countWritten(op, statements); err != nil {
		return tx.failed(op, err)
	}
	if err := tx.announce(ctx, op, lookedBatch(statements)); err != nil {
		return err
	}
	err = tx.run(ctx, op, statements)
	if err := tx.told(ctx, op, err, tx.affected(statements)...); err != nil {
		return err
	}
	for _, st := range statements {
		if (st.Verb == VerbUpdate || st.Verb == VerbDelete) && st.Affected != int64(len(st.Rows)) {
			return tx.failed(op, ErrNotFound.New(op, "a row of %s to %s does not exist", st.Model.Name(), st.Verb))
		}
		tx.recordRows(st)
		tx.noteChanges(st)
	}
	return nil
}

// hold is send for what may wait. Under a grant, and for a host that looks at changes before they are made, nothing does.
func (tx *Tx) hold(ctx context.Context, op string, statements []*Statement) error {
	for _, st := range statements {
		if st.Verb != VerbInsert && st.Verb != VerbAccrue && st.Verb != VerbExpect {
			return tx.failed(op, ErrBadQuery.New(op, "a batch that is held only inserts: whether it can %s must be known at once", st.Verb))
		}
	}
	if tx.scope.grant != nil || tx.changes != nil {
		return tx.send(ctx, op, statements)
	}
	statements, err := tx.guard(ctx, op, statements)
	if err != nil {
		return err
	}
	if err := tx.countWritten(op, statements); err != nil {
		return tx.failed(op, err)
	}
	if err := tx.failed(op, tx.sealed(ctx, op, statements, tx.session.Hold)); err != nil {
		return err
	}
	for _, st := range statements {
		tx.recordRows(st)
	}
	return nil
}

// recordRows leaves one event per root row written. Parts that come with their root are spoken for by its event; a part
// that is changed or removed later has an event of its own; derived rows are spoken for by what they are derived from.
func (tx *Tx) recordRows(st *Statement) {
	m := st.Model
	tx.wrote = tx.wrote || !st.Verb.reads()
	switch {
	case st.Verb == VerbExpect || st.Verb == VerbForbid:
	case st.Verb == VerbSelect:
		tx.noteRead(m, st.Affected, pinned(st.Conds))
	case m.Derived && m.Trail: // how far a consumer is: an event of it would be one more to consume
	case m.Derived:
		if _, noted := tx.derived[m.Table]; !noted {
			tx.derived[m.Table] = derivedWrite{tx.actName(""), st.Verb}
		}
	case m.PartOf != "" && (st.Verb == VerbInsert || st.Verb == VerbAccrue):
		for _, row := range st.Rows {
			tx.parts[aggregate{m.PartOf, *field[uuid.UUID](row, m.Keys[1])}] = true
		}
	default:
		names := make([]string, len(st.Changed))
		for i, c := range st.Changed {
			names[i] = c.Name
		}
		columns := strings.Join(names, ",")
		for _, row := range st.Rows {
			id := rowID(m, row)
			tx.roots[aggregate{m.Table, id}] = true
			tx.record("", st.Verb, m.Table, id, columns)
		}
	}
}

// statement prepares a write: the tenant is forced, missing ids are made, times are in whole microseconds, and rows stand
// in the order of their keys, so that all writers lock in one order.
func (tx *Tx) statement(op string, verb Verb, m *Model, rows []reflect.Value, changed []*Column) (*Statement, error) {
	tenant := tx.scope.tenant
	id := m.Column("id")
	for _, row := range rows {
		t := field[uuid.UUID](row, m.Keys[0])
		if *t != uuid.Nil && *t != tenant {
			return nil, ErrForeignRow.New(op, "")
		}
		*t = tenant
		if id != nil && id.Key && verb == VerbInsert {
			if v := field[uuid.UUID](row, id); *v == uuid.Nil {
				*v = NewID()
			}
		}
		if err := tidyTimes(op, m, row); err != nil {
			return nil, err
		}
	}
	if m.Writes == ReadOnly {
		return nil, ErrPlatformOnly.New(op, "")
	}
	if m.Writes == AppendOnly && (verb == VerbUpdate || verb == VerbAccrue) {
		return nil, ErrAppendOnly.New(op, "what is recorded in %s is not changed", m.Name())
	}
	for i, c := range changed {
		if c.Key || slices.Contains(changed[:i], c) {
			return nil, ErrBadQuery.New(op, "%s is a key column or named twice", c.Name)
		}
		if verb == VerbAccrue && c.Type != BigInt {
			return nil, ErrBadQuery.New(op, "%s is not a whole number and cannot be added to", c.Name)
		}
	}
	if verb == VerbUpdate && len(changed) == 0 || verb == VerbAccrue && len(changed) == 0 {
		return nil, ErrBadQuery.New(op, "no columns are named")
	}
	sorted := rows
	if verb != VerbInsert {
		sorted = slices.Clone(rows)
		slices.SortFunc(sorted, func(a, b reflect.Value) int { return compareKeys(m, a, b) })
		for i := 1; i < len(sorted); i++ {
			if compareKeys(m, sorted[i-1], sorted[i]) == 0 {
				return nil, ErrBadQuery.New(op, "two rows for %s have the same key", m.Name())
			}
		}
	}
	return &Statement{Verb: verb, Model: m, Tenant: tenant, Rows: sorted, Changed: changed}, nil
}

// tidyTimes holds every time to UTC and whole microseconds, which is what both engines keep.
func tidyTimes(op string, m *Model, row reflect.Value) error {
	for _, c := range m.Columns {
		switch c.Type { //nolint:exhaustive // the other types need no tidying
		case Timestamp:
			t := field[time.Time](row, c)
			*t = t.UTC().Truncate(time.Microsecond)
			if y := t.Year(); !t.IsZero() && (y < 1 || y > 9999) {
				return ErrRefusedValue.New(op, "%s is not within the years 1 to 9999", c.Name)
			}
		case Text:
			if !storable(row.FieldByIndex(c.Index).String()) {
				return ErrRefusedValue.New(op, "%s holds a NUL or is not UTF-8", c.Name)
			}
		}
	}
	return nil
}

// field is a pointer to a column's field. A registered model's columns have the types they say.
func field[T any](row reflect.Value, c *Column) *T {
	p, ok := row.FieldByIndex(c.Index).Addr().Interface().(*T)
	if !ok {
		panic(fmt.Sprintf("tenancy: column %s is not a %T", c.Name, *new(T)))
	}
	return p
}

// CompareKeys orders two rows of the model, pointers to its struct, by their keys within the tenant: bytes for ids, code
// points for texts, as both engines are asked to.
func (m *Model) CompareKeys(a, b any) int {
	return compareKeys(m, reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem())
}

func compareKeys(m *Model, a, b reflect.Value) int {
	for _, k := range m.Keys[1:] {
		x, y := a.FieldByIndex(k.Index), b.FieldByIndex(k.Index)
		c := 0
		switch k.Type { //nolint:exhaustive // keys are of these types
		case UUID:
			c = bytes.Compare(field[uuid.UUID](a, k)[:], field[uuid.UUID](b, k)[:])
		case Text:
			c = strings.Compare(x.String(), y.String())
		case BigInt:
			c = cmp.Compare(x.Int(), y.Int())
		case Date:
			c = field[date.Date](a, k).Compare(*field[date.Date](b, k))
		case Timestamp:
			c = field[time.Time](a, k).Compare(*field[time.Time](b, k))
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

func rowID(m *Model, row reflect.Value) uuid.UUID {
	c := m.Column("id")
	if c == nil && len(m.Keys) > 1 {
		c = m.Keys[1]
	}
	if c == nil || c.Type != UUID {
		return uuid.Nil
	}
	return *field[uuid.UUID](row, c)
}

func rowsOf[T any](rows []*T) []reflect.Value {
	out := make([]reflect.Value, len(rows))
	for i, r := range rows {
		out[i] = reflect.ValueOf(r).Elem()
	}
	return out
}

func modelOf[T any](tx *Tx, op string) (*Model, error) {
	m := tx.db.registry.Of(reflect.TypeFor[T]())
	if m == nil {
		return nil, ErrUnregistered.New(op, "%s is not a registered model", reflect.TypeFor[T]())
	}
	return m, nil
}

// targets are pointers to the fields of a row in the order of its columns; nullable ones read NULL as zero.
func targets(m *Model, row reflect.Value) []any {
	out := make([]any, len(m.Columns))
	for i, c := range m.Columns {
		p := row.FieldByIndex(c.Index).Addr()
		if c.Nullable {
			out[i] = &zeroIfNull{p}
		} else {
			out[i] = p.Interface()
		}
	}
	return out
}

// zeroIfNull scans NULL as the field's zero value.
type zeroIfNull struct{ field reflect.Value }

// Scan implements sql.Scanner.
func (z *zeroIfNull) Scan(src any) error {
	f := z.field.Elem()
	if src == nil {
		f.SetZero()
		return nil
	}
	if s, ok := z.field.Interface().(interface{ Scan(any) error }); ok {
		return s.Scan(src)
	}
	switch v := src.(type) {
	case string:
		if f.Kind() == reflect.String {
			f.SetString(v)
			return nil
		}
	case []byte:
		if f.Kind() == reflect.String {
			f.SetString(string(v))
			return nil
		}
	case int64:
		if f.CanInt() {
			f.SetInt(v)
			return nil
		}
		if f.Kind() == reflect.Bool {
			f.SetBool(v != 0)
			return nil
		}
	case bool:
		if f.Kind() == reflect.Bool {
			f.SetBool(v)
			return nil
		}
	case time.Time:
		if f.Type() == typeTime {
			f.Set(reflect.ValueOf(v.UTC()))
			return nil
		}
	}
	return fmt.Errorf("cannot read a %T into a %s", src, f.Type())
}

func keyOrder(m *Model) []Order {
	out := make([]Order, 0, len(m.Keys)-1)
	for _, k := range m.Keys[1:] {
		out = append(out, Order{Column: k.Name})
	}
	return out
}
