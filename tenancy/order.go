package tenancy

import (
	"context"
	"fmt"
	"strings"
)

// Reference is a foreign key between two models, without the tenant: Columns of From lead to Targets of To.
type Reference struct {
	From, To         *Model
	Columns, Targets []*Column
}

// References are the foreign keys between models, read from the live catalogue of the tenant's own database.
func (tx *Tx) References(ctx context.Context) ([]Reference, error) {
	if err := tx.usable("tenancy.Tx.References"); err != nil {
		return nil, err
	}
	return tx.db.references(ctx, tx.store)
}

func (db *DB) references(ctx context.Context, at Store) ([]Reference, error) {
	const op = "tenancy.References"
	found, err := at.References(ctx)
	if err != nil {
		return nil, at.Fault(op, err)
	}
	out := make([]Reference, 0, len(found))
	for _, f := range found {
		r := Reference{From: db.registry.Table(f.From), To: db.registry.Table(f.To)}
		if r.From == nil || r.To == nil || len(f.Columns) < 2 {
			continue // a key that is the tenant alone orders nothing
		}
		if r.Columns, err = r.From.NamedColumns(f.Columns[1:]...); err == nil {
			r.Targets, err = r.To.NamedColumns(f.Targets[1:]...)
		}
		if err != nil {
			return nil, ErrCatalogue.Wrap(op, err, "%v", err)
		}
		out = append(out, r)
	}
	return out, nil
}

// writeOrder is the order in which a whole tenant can be written into a database: what is pointed to before what points, and a root before
// its parts even where it points back to one of them (such a key is deferred, or nobody could ever write the two).
func (db *DB) writeOrder(ctx context.Context, at Store) ([]*Model, error) {
	refs, err := db.references(ctx, at)
	if err != nil {
		return nil, err
	}
	before := map[*Model][]*Model{}
	for _, m := range db.registry.Models {
		if m.PartOf != "" {
			before[m] = append(before[m], db.registry.Table(m.PartOf))
		}
	}
	for _, r := range refs {
		if r.From != r.To && r.To.PartOf != r.From.Table {
			before[r.From] = append(before[r.From], r.To)
		}
	}
	return sorted(db.registry.Models, before)
}

// purgeOrder is the order in which a whole tenant can be deleted: what points before what is pointed to.
func (db *DB) purgeOrder(ctx context.Context, at Store) ([]*Model, error) {
	refs, err := db.references(ctx, at)
	if err != nil {
		return nil, err
	}
	before := map[*Model][]*Model{}
	for _, r := range refs {
		if r.From != r.To {
			before[r.To] = append(before[r.To], r.From)
		}
	}
	order, err := sorted(db.registry.Models, before)
	if err != nil {
		return nil, err
	}
	out := make([]*Model, 0, len(order))
	for _, m := range order {
		if m.Table != gateTable { // the gate goes last, and the engine sees to it
			out = append(out, m)
		}
	}
	return out, nil
}

// gateTable holds the tenants' gates.
const gateTable = "erp.tenant_gates"

// sorted puts models behind those that must come before them, and otherwise keeps their order.
func sorted(models []*Model, before map[*Model][]*Model) ([]*Model, error) {
	const open, done = 1, 2
	state := map[*Model]int{}
	var out []*Model
	var path []string
	var visit func(m *Model) error
	visit = func(m *Model) error {
		switch state[m] {
		case done:
			return nil
		case open:
			return fmt.Errorf("tables point at each other in a circle: %s, %s", strings.Join(path, ", "), m.Table)
		}
		state[m] = open
		path = append(path, m.Table)
		for _, b := range before[m] {
			if err := visit(b); err != nil {
				return err
			}
		}
		path = path[:len(path)-1]
		state[m] = done
		out = append(out, m)
		return nil
	}
	for _, m := range models {
		if err := visit(m); err != nil {
			return nil, ErrCatalogue.Wrap("tenancy.Order", err, "%v", err)
		}
	}
	return out, nil
}
