package tenancy

import (
	"context"
	"slices"
)

// Paths say how the rows of every model lead to the people whom they are about, by [Spec].Subject and the live foreign keys, and by nothing else. Whoever finds
// somebody's rows, or whose a row is, goes by them: docs/decisions/023-whom-a-row-is-about.md.
type Paths struct {
	Registry   *Registry
	References []Reference
	of         map[*Model]Path
}

// Path is how the rows of one model lead to people: one step.
type Path struct {
	How Lead
	// Column is the row's own that leads: its key of [IsPerson] and [ByItsParts]. Nil of [AboutNobody].
	Column *Column
	// To is the model whose key Column has, of [LeadsOn].
	To *Model
	// Parts are those by which the row leads, of [ByItsParts].
	Parts []*Model
	// Loose are, of [AboutNobody], the columns with an id that no foreign key explains. Where such an id is a person's, the row is about them all the same.
	Loose []*Column
}

// Lead is the kind of a step.
type Lead int

// The kinds.
const (
	AboutNobody  Lead = iota // no subject is declared
	IsPerson                 // the row is the person: "self"
	LeadsOn                  // to a row of another model, by a foreign key or as a part of it
	NamesPerson              // Column has the id of a person's own row, of whichever model: [Spec].Anybody
	NamesActor               // Column has the opaque id of who acted
	ByItsParts               // the row is about whoever its parts are about: [ByParts]
	LeadsNowhere             // the subject's column needs a foreign key, or leads in a circle
)

// Paths gives the paths by the foreign keys of the database, which are read once. It is for reading alone: all share it.
func (tx *Tx) Paths(ctx context.Context) (*Paths, error) {
	if err := tx.usable("tenancy.Tx.Paths"); err != nil {
		return nil, err
	}
	db := tx.db
	db.pathsMu.Lock()
	defer db.pathsMu.Unlock()
	if db.paths == nil {
		refs, err := db.references(ctx, tx.store)
		if err != nil {
			return nil, err
		}
		db.paths = newPaths(db.registry, refs)
	}
	return db.paths, nil
}

// Of is the path of a model.
func (p *Paths) Of(m *Model) Path { return p.of[m] }

func newPaths(reg *Registry, refs []Reference) *Paths {
	p := &Paths{Registry: reg, References: refs, of: map[*Model]Path{}}
	for _, m := range reg.Models {
		p.of[m] = p.read(m)
	}
	var circles []*Model
	for _, m := range reg.Models {
		if p.circles(m, nil) {
			circles = append(circles, m)
		}
	}
	for _, m := range circles {
		p.of[m] = Path{How: LeadsNowhere, Column: p.of[m].Column}
	}
	return p
}

// read is the path of a model, as far as the model and its foreign keys say.
func (p *Paths) read(m *Model) Path {
	column := m.byName[m.Subject]
	switch {
	case m.Subject == "":
		return Path{How: AboutNobody, Loose: p.loose(m)}
	case m.Subject == "self":
		return Path{How: IsPerson, Column: m.RowKey()}
	case m.Subject == ByParts:
		out := Path{How: ByItsParts, Column: m.RowKey()}
		for _, part := range p.Registry.Models {
			if part.PartOf == m.Table && part.Subject != "" && part.Subject != part.Keys[1].Name {
				out.Parts = append(out.Parts, part)
			}
		}
		return out
	case m.Anybody:
		return Path{How: NamesPerson, Column: column}
	case column.Type == Text:
		return Path{How: NamesActor, Column: column}
	}
	for _, r := range p.References {
		if r.From == m && len(r.Columns) == 1 && r.Columns[0] == column && r.Targets[0] == r.To.RowKey() {
			return Path{How: LeadsOn, Column: column, To: r.To}
		}
	}
	if m.PartOf != "" && m.Keys[1] == column {
		return Path{How: LeadsOn, Column: column, To: p.Registry.Table(m.PartOf)}
	}
	return Path{How: LeadsNowhere, Column: column}
}

// loose are a model's columns with an id, outside its key, that no foreign key explains.
func (p *Paths) loose(m *Model) []*Column {
	if m.Derived {
		return nil
	}
	var out []*Column
	for _, c := range m.Columns {
		explained := slices.ContainsFunc(p.References, func(r Reference) bool { return r.From == m && slices.Contains(r.Columns, c) })
		if c.Type == UUID && !c.Key && !explained {
			out = append(out, c)
		}
	}
	return out
}

// circles reports whether the way from a model comes back to one that it has passed.
func (p *Paths) circles(m *Model, passed []*Model) bool {
	if slices.Contains(passed, m) {
		return true
	}
	passed = append(passed, m)
	path := p.of[m]
	return path.To != nil && p.circles(path.To, passed) || slices.ContainsFunc(path.Parts, func(part *Model) bool { return p.circles(part, passed) })
}

// RowKey is the column whose value names a row, or the root that it is part of: the first of the key behind the tenant. Nil where that is no id.
func (m *Model) RowKey() *Column {
	if len(m.Keys) < 2 || m.Keys[1].Type != UUID {
		return nil
	}
	return m.Keys[1]
}
