package privacy

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// paths says, from the registry and the live foreign keys alone, which rows are about whom.
type paths struct {
	reg  *tenancy.Registry
	refs []tenancy.Reference
}

// leads is the model that a model's subject column leads to.
func (p *paths) leads(m *tenancy.Model) (*tenancy.Model, error) {
	for _, r := range p.refs {
		if r.From == m && len(r.Columns) == 1 && r.Columns[0].Name == m.Subject {
			return r.To, nil
		}
	}
	if m.PartOf != "" && m.Keys[1].Name == m.Subject {
		return p.reg.Table(m.PartOf), nil
	}
	return nil, ErrNoPath.New("privacy", "%s.%s, by which a row's person is found, leads nowhere: it needs a foreign key", m.Table, m.Subject)
}

// CheckPaths reports models whose subject leads nowhere, for a test of a program's own models. It reads the catalogue and
// nothing else.
//
// Permission: privacy.digest. Errors: privacy.no_path.
func (s *Service) CheckPaths(ctx context.Context) error {
	_, err := tenancy.View(ctx, s.db, PermDigest, func(ctx context.Context, tx *tenancy.Tx) (any, error) {
		refs, err := tx.References(ctx)
		if err != nil {
			return nil, err
		}
		p := &paths{s.db.Registry(), refs}
		for _, m := range p.reg.Models {
			switch {
			case m.Subject == "" || m.Subject == "self" || m.Subject == tenancy.ByParts || m.Anybody:
			default:
				if _, err := p.leads(m); err != nil {
					return nil, err
				}
			}
		}
		return nil, nil
	})
	return err
}

// finder finds the rows about one person.
type finder struct {
	paths
	tx     *tenancy.Tx
	self   *tenancy.Model // nil: nobody's own row is known, but who acted
	id     uuid.UUID
	actors []string                       // under which they act
	found  map[*tenancy.Model][]uuid.UUID // by the first part of the key, which is an aggregate's id
	busy   map[*tenancy.Model]bool
}

// finderOf finds the rows about the person whose own row it is.
func (s *Service) finderOf(ctx context.Context, tx *tenancy.Tx, refs []tenancy.Reference, self *tenancy.Model, id uuid.UUID, row any) (finder, error) {
	f := finder{paths: paths{s.db.Registry(), refs}, tx: tx, self: self, id: id, found: map[*tenancy.Model][]uuid.UUID{}, busy: map[*tenancy.Model]bool{}}
	return f, s.addActors(ctx, &f, accountOf(self, row))
}

// addActors adds those under which an account acts.
func (s *Service) addActors(ctx context.Context, f *finder, account uuid.UUID) error {
	if account == uuid.Nil {
		return nil
	}
	f.actors = append(f.actors, tenancy.UserActor(account))
	if s.opt.Accounts == nil {
		return nil
	}
	more, err := s.opt.Accounts.Actors(ctx, account)
	f.actors = append(f.actors, more...)
	return err
}

// accountOf is the account of whoever a row is; zero when there is none.
func accountOf(self *tenancy.Model, row any) uuid.UUID {
	if self == nil || self.User == "" || row == nil {
		return uuid.Nil
	}
	return field[uuid.UUID](row, self.Column(self.User))
}

// ownRow finds a person's own row and its model; nil when nobody has the id. lock has it locked until the transaction ends: nobody begins to refer to
// the person meanwhile.
func ownRow(ctx context.Context, tx *tenancy.Tx, reg *tenancy.Registry, id uuid.UUID, lock bool) (*tenancy.Model, any, error) {
	for _, m := range reg.Models {
		if m.Subject != "self" || m.Column("id") == nil {
			continue
		}
		get := m.Verbs().Get
		if lock {
			get = m.Verbs().Lock
		}
		if row, err := get(ctx, tx, id); !tenancy.IsNotFound(err) {
			return m, row, err
		}
	}
	return nil, nil, nil
}

// leading reports whether rows of the model lead to somebody by a column.
func leading(m *tenancy.Model) bool { return m.Person != "" || m.Subject != "" && m.Subject != "self" }

// chunk is how many ids one question names.
const chunk = 500

// about gives the ids of a model's rows about the person: their own, or those of the aggregates that they are part of.
func (f *finder) about(ctx context.Context, m *tenancy.Model) ([]uuid.UUID, error) {
	if m == f.self {
		return []uuid.UUID{f.id}, nil
	}
	if ids, ok := f.found[m]; ok || f.busy[m] || !leading(m) {
		return ids, nil
	}
	f.busy[m] = true
	defer delete(f.busy, m)
	ids, err := f.search(ctx, m)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	f.found[m] = slices.Compact(ids)
	return f.found[m], nil
}

func (f *finder) search(ctx context.Context, m *tenancy.Model) ([]uuid.UUID, error) {
	if m.Person != "" {
		return f.named(ctx, m)
	}
	if m.Subject == tenancy.ByParts {
		var ids []uuid.UUID
		for _, part := range f.reg.Models {
			if part.PartOf != m.Table || part.Subject == "" || part.Subject == part.Keys[1].Name {
				continue
			}
			of, err := f.about(ctx, part)
			if err != nil {
				return nil, err
			}
			ids = append(ids, of...)
		}
		return ids, nil
	}
	from := []uuid.UUID{f.id}
	var err error
	if !m.Anybody {
		to, leads := f.leads(m)
		if leads != nil {
			return nil, leads
		}
		from, err = f.about(ctx, to)
	}
	if err != nil || len(m.Keys) < 2 || m.Keys[1].Type != tenancy.UUID {
		return nil, err
	}
	if m.Subject == m.Keys[1].Name {
		return from, nil // whether each has a row is seen when it is looked for
	}
	var ids []uuid.UUID
	for part := range slices.Chunk(from, chunk) {
		err := m.Verbs().Stream(ctx, f.tx, func(row any) error {
			ids = append(ids, field[uuid.UUID](row, m.Keys[1]))
			return nil
		}, tenancy.In(m.Subject, part))
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// named gives the ids of rows that name the person without a foreign key, or as who acted.
func (f *finder) named(ctx context.Context, m *tenancy.Model) (ids []uuid.UUID, err error) {
	by := tenancy.In(m.Person, f.actors)
	if m.Column(m.Person).Type == tenancy.UUID {
		by = tenancy.Eq(m.Person, f.id)
	} else if len(f.actors) == 0 {
		return nil, nil
	}
	if len(m.Keys) < 2 || m.Keys[1].Type != tenancy.UUID {
		return nil, ErrNoPath.New("privacy", "%s names a person, and its key does not go on with an id", m.Table)
	}
	err = m.Verbs().Stream(ctx, f.tx, func(row any) error {
		ids = append(ids, field[uuid.UUID](row, m.Keys[1]))
		return nil
	}, by)
	return ids, err
}

// whose gives a function that says whether a row of the model is the person's. What it needs is read here, so that it can be asked while rows
// are streamed.
func (f *finder) whose(ctx context.Context, m *tenancy.Model) (func(row any) bool, error) {
	from, column := m, m.Column("id")
	if column == nil || !column.Key {
		if len(m.Keys) < 2 {
			return func(any) bool { return false }, nil
		}
		column = m.Keys[1]
		if m.Column(m.Subject) != nil && m.Subject != column.Name {
			to, err := f.leads(m)
			if err != nil {
				return nil, err
			}
			from, column = to, m.Column(m.Subject)
		}
	}
	ids, err := f.about(ctx, from)
	if err != nil || len(ids) == 0 || column.Type != tenancy.UUID {
		return func(any) bool { return false }, err
	}
	theirs := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		theirs[id] = true
	}
	return func(row any) bool { return theirs[field[uuid.UUID](row, column)] }, nil
}

// nobodys says of rows of a model whether they lead to nobody at all.
func (f *finder) nobodys(ctx context.Context, m *tenancy.Model, rows []any) ([]bool, error) {
	out := make([]bool, len(rows))
	if m.Person != "" || m.Subject == "self" || m.Subject == tenancy.ByParts {
		return out, nil
	}
	if m.Subject == "" {
		for i := range out {
			out[i] = true
		}
		return out, nil
	}
	if m.Anybody {
		for i, row := range rows {
			out[i] = field[uuid.UUID](row, m.Column(m.Subject)) == uuid.Nil
		}
		return out, nil
	}
	to, err := f.leads(m)
	if err != nil {
		return nil, err
	}
	var ids []uuid.UUID
	column := m.Column(m.Subject)
	for i, row := range rows {
		id := field[uuid.UUID](row, column)
		out[i] = id == uuid.Nil
		ids = append(ids, id)
	}
	if to.Subject == "self" || to.Column("id") == nil {
		return out, nil
	}
	over, err := to.Verbs().Find(ctx, f.tx, tenancy.In("id", ids))
	if err != nil {
		return nil, err
	}
	lead, err := f.nobodys(ctx, to, over)
	if err != nil {
		return nil, err
	}
	free := map[uuid.UUID]bool{}
	for i, row := range over {
		free[field[uuid.UUID](row, to.Column("id"))] = lead[i]
	}
	for i, id := range ids {
		out[i] = out[i] || free[id]
	}
	return out, nil
}

// rows hands over the rows about the person, a few at a time, for changing.
func (f *finder) rows(ctx context.Context, m *tenancy.Model, fn func(rows []any) error) error {
	ids, err := f.about(ctx, m)
	if err != nil {
		return err
	}
	column, size := "id", chunk
	if c := m.Column("id"); c == nil || !c.Key { // rows of an aggregate, of which each may have many
		column, size = m.Keys[1].Name, 20
		if m.Person == "" && m.Subject != m.Keys[1].Name {
			column = m.Subject
			to, err := f.leads(m)
			if err != nil {
				return err
			}
			if ids, err = f.about(ctx, to); err != nil {
				return err
			}
		}
	}
	for part := range slices.Chunk(ids, size) {
		rows, err := m.Verbs().Find(ctx, f.tx, tenancy.In(column, part))
		if err != nil {
			return err
		}
		if err := fn(rows); err != nil {
			return err
		}
	}
	return nil
}

// referred reports whether anything of the tenant points at the person's own row.
func (f *finder) referred(ctx context.Context) (bool, error) {
	for _, r := range f.refs {
		if r.To != f.self || len(r.Columns) != 1 || r.Targets[0].Name != "id" {
			continue
		}
		there, err := r.From.Verbs().Exists(ctx, f.tx, tenancy.Eq(r.Columns[0].Name, f.id))
		if err != nil || there {
			return there, err
		}
	}
	return false, nil
}
