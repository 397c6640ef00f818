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
			switch m.Subject {
			case "", "self", tenancy.ByParts:
			default:
				if m.Anybody {
					continue
				}
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
	tx    *tenancy.Tx
	self  *tenancy.Model
	id    uuid.UUID
	found map[*tenancy.Model][]uuid.UUID // by the first part of the key, which is an aggregate's id
	busy  map[*tenancy.Model]bool
}

// chunk is how many ids one question names.
const chunk = 500

// about gives the ids of a model's rows about the person: their own, or those of the aggregates that they are part of.
func (f *finder) about(ctx context.Context, m *tenancy.Model) ([]uuid.UUID, error) {
	if m == f.self {
		return []uuid.UUID{f.id}, nil
	}
	if ids, ok := f.found[m]; ok || f.busy[m] || m.Subject == "" || m.Subject == "self" {
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
	from, err := []uuid.UUID{f.id}, error(nil)
	if !m.Anybody {
		var to *tenancy.Model
		if to, err = f.leads(m); err != nil {
			return nil, err
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

// rows hands over the rows about the person, a few at a time, for changing.
func (f *finder) rows(ctx context.Context, m *tenancy.Model, fn func(rows []any) error) error {
	ids, err := f.about(ctx, m)
	if err != nil {
		return err
	}
	column, size := "id", chunk
	if c := m.Column("id"); c == nil || !c.Key { // rows of an aggregate, of which each may have many
		column, size = m.Subject, 20
		if m.Subject != m.Keys[1].Name {
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
