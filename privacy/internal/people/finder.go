package people

import (
	"context"
	"reflect"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Finder finds the rows about one person.
type Finder struct {
	*tenancy.Paths
	Tx *tenancy.Tx
	// Self is the model of the person's own row; nil: nobody's own row is known, but who acted. ID is that row's.
	Self *tenancy.Model
	ID   uuid.UUID
	// Actors are the opaque ids under which they act.
	Actors []string

	found map[*tenancy.Model][]uuid.UUID // by [tenancy.Model.RowKey]
}

// NewFinder finds the rows about a person.
func NewFinder(tx *tenancy.Tx, paths *tenancy.Paths, self *tenancy.Model, id uuid.UUID) Finder {
	return Finder{Paths: paths, Tx: tx, Self: self, ID: id, found: map[*tenancy.Model][]uuid.UUID{}}
}

// way is one by which rows of a model are the person's: a column has one of these ids, or names one of these actors.
type way struct {
	column *tenancy.Column
	ids    []uuid.UUID
	actors []string
}

// ways are all by which a model's rows are the person's: more than one where ids lie loose, none where nothing leads there.
func (f *Finder) ways(ctx context.Context, m *tenancy.Model) ([]way, error) {
	w := way{column: f.Of(m).Column}
	switch path := f.Of(m); path.How {
	case tenancy.LeadsNowhere:
	case tenancy.IsPerson:
		if m == f.Self {
			w.ids = f.own()
		}
	case tenancy.NamesPerson:
		w.ids = f.own()
	case tenancy.NamesActor:
		w.actors = f.Actors
	case tenancy.LeadsOn:
		var err error
		if w.ids, err = f.IDs(ctx, path.To); err != nil {
			return nil, err
		}
	case tenancy.ByItsParts:
		for _, part := range path.Parts {
			ids, err := f.IDs(ctx, part)
			if err != nil {
				return nil, err
			}
			w.ids = append(w.ids, ids...)
		}
		w.ids = sorted(w.ids)
	case tenancy.AboutNobody:
		var out []way
		for _, c := range path.Loose {
			if ids := f.own(); ids != nil {
				out = append(out, way{column: c, ids: ids})
			}
		}
		return out, nil
	}
	if len(w.ids) == 0 && len(w.actors) == 0 {
		return nil, nil
	}
	return []way{w}, nil
}

func (f *Finder) own() []uuid.UUID {
	if f.ID == uuid.Nil {
		return nil
	}
	return []uuid.UUID{f.ID}
}

// IDs are those of the person's rows of a model, sorted: their own, or, of parts, those of the roots that they are part of. Where the key itself leads, whether each has a row
// is seen when it is looked for.
func (f *Finder) IDs(ctx context.Context, m *tenancy.Model) ([]uuid.UUID, error) {
	if ids, ok := f.found[m]; ok {
		return ids, nil
	}
	ways, err := f.ways(ctx, m)
	if err != nil {
		return nil, err
	}
	var ids []uuid.UUID
	for _, w := range ways {
		switch key := m.RowKey(); key {
		case nil:
		case w.column:
			ids = append(ids, w.ids...)
		default:
			err := w.stream(ctx, f.Tx, m, func(row any) error {
				ids = append(ids, id(row, key))
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	f.found[m] = sorted(ids)
	return f.found[m], nil
}

// reads are the ways by which rows are read: by their own ids where they have such, so that each comes once and in order.
func (f *Finder) reads(ctx context.Context, m *tenancy.Model) ([]way, error) {
	if m.RowKey() == nil || len(m.Keys) != 2 {
		return f.ways(ctx, m)
	}
	ids, err := f.IDs(ctx, m)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return []way{{column: m.RowKey(), ids: ids}}, nil
}

// Each hands over the person's rows of a model, one at a time, at flat memory but for ids: in the order of the key where that begins with what they are found by, or the
// ids are few.
func (f *Finder) Each(ctx context.Context, m *tenancy.Model, fn func(row any) error) error {
	ways, err := f.reads(ctx, m)
	if err != nil {
		return err
	}
	order := make([]string, 0, len(m.Keys))
	for _, c := range m.Keys[1:] {
		order = append(order, c.Name)
	}
	for i, w := range ways {
		err := w.stream(ctx, f.Tx, m, func(row any) error {
			if passed(ways[:i], row) {
				return nil
			}
			return fn(row)
		}, tenancy.OrderBy(order...))
		if err != nil {
			return err
		}
	}
	return nil
}

// Batches hands over the person's rows of a model, a few at a time, for changing.
func (f *Finder) Batches(ctx context.Context, m *tenancy.Model, fn func(rows []any) error) error {
	ways, err := f.reads(ctx, m)
	if err != nil {
		return err
	}
	size := chunk
	if len(m.Keys) != 2 { // rows of an aggregate, of which each may have many
		size = 20
	}
	for i, w := range ways {
		for _, by := range w.by(size) {
			rows, err := m.Verbs().Find(ctx, f.Tx, by)
			if err != nil {
				return err
			}
			rows = slices.DeleteFunc(rows, func(row any) bool { return passed(ways[:i], row) })
			if len(rows) == 0 {
				continue
			}
			if err := fn(rows); err != nil {
				return err
			}
		}
	}
	return nil
}

// Theirs gives a function that says whether a row of the model is the person's. What it needs is read here, so that it can be asked while rows are streamed.
func (f *Finder) Theirs(ctx context.Context, m *tenancy.Model) (func(row any) bool, error) {
	ways, err := f.ways(ctx, m)
	if err != nil {
		return nil, err
	}
	sets := make([]map[uuid.UUID]bool, len(ways))
	for i, w := range ways {
		sets[i] = make(map[uuid.UUID]bool, len(w.ids))
		for _, one := range w.ids {
			sets[i][one] = true
		}
	}
	return func(row any) bool {
		for i, w := range ways {
			if len(w.ids) > 0 && sets[i][id(row, w.column)] || len(w.actors) > 0 && w.leads(row) {
				return true
			}
		}
		return false
	}, nil
}

// Referred reports whether anything of the tenant points at the person's own row.
func (f *Finder) Referred(ctx context.Context) (bool, error) {
	for _, r := range f.References {
		if r.To != f.Self || len(r.Columns) != 1 || r.Targets[0] != f.Self.RowKey() {
			continue
		}
		there, err := r.From.Verbs().Exists(ctx, f.Tx, tenancy.Eq(r.Columns[0].Name, f.ID))
		if err != nil || there {
			return there, err
		}
	}
	return false, nil
}

// by are the questions that name so many values each.
func (w way) by(size int) []tenancy.Option {
	if len(w.actors) > 0 {
		return []tenancy.Option{tenancy.In(w.column.Name, w.actors)}
	}
	var out []tenancy.Option
	for part := range slices.Chunk(w.ids, size) {
		out = append(out, tenancy.In(w.column.Name, part))
	}
	return out
}

func (w way) stream(ctx context.Context, tx *tenancy.Tx, m *tenancy.Model, fn func(row any) error, opts ...tenancy.Option) error {
	for _, by := range w.by(chunk) {
		if err := m.Verbs().Stream(ctx, tx, fn, append([]tenancy.Option{by}, opts...)...); err != nil {
			return err
		}
	}
	return nil
}

// leads reports whether a row is found by the way.
func (w way) leads(row any) bool {
	if len(w.actors) > 0 {
		return slices.Contains(w.actors, reflect.ValueOf(row).Elem().FieldByIndex(w.column.Index).String())
	}
	return slices.Contains(w.ids, id(row, w.column))
}

func passed(ways []way, row any) bool {
	return slices.ContainsFunc(ways, func(w way) bool { return w.leads(row) })
}
