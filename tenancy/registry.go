package tenancy

import (
	"fmt"
	"io/fs"
	"reflect"
	"sort"
)

// Module is what a domain, or the host, brings to the store: its models and the migrations that create their tables.
type Module struct {
	// Name is the domain's, such as "accounting"; the host's own modules choose theirs.
	Name string
	// Models are all stored structs. A table in our schemas without a model, and a model without a table, are refused.
	Models []*Model
	// Migrations holds NNNNN_title.sql files, or .postgres.sql and .sqlite.sql variants, at its root. Numbers are global
	// over all modules; ours are below 50000, a host's are 50000 and above.
	Migrations fs.FS
	// Control describes the tables that its migrations make in the control database. Ours alone: a host has tables of its own.
	Control []ControlTable
	// Subjects says in a few words what people a table is about whose rows are people themselves (Subject "self"), by table: "customers and
	// suppliers". Records of processing are written with them.
	Subjects map[string]string
	// Flows are the ways on which its data leave the database.
	Flows []Flow
}

// Registry is the set of all models of a program, checked. Export, erasure, purge and the catalogue check walk it, so a
// new table cannot be forgotten.
type Registry struct {
	Modules []Module
	Models  []*Model // sorted by table
	// Control are the described tables of the control database, sorted.
	Control []ControlTable
	// Subjects and Flows are those of all modules.
	Subjects map[string]string
	Flows    []Flow
	byType   map[reflect.Type]*Model
	byTable  map[string]*Model
	bare     map[string]bool // the names of tables, and of their schemas
	whole    map[string]bool // a table's name on SQLite, its schema in it
}

// NewRegistry gathers modules and refuses duplicates and dangling references.
func NewRegistry(modules ...Module) (*Registry, error) {
	r := &Registry{byType: map[reflect.Type]*Model{}, byTable: map[string]*Model{}, bare: map[string]bool{}, whole: map[string]bool{}, Subjects: map[string]string{}}
	names := map[string]bool{}
	for _, mod := range modules {
		if names[mod.Name] {
			continue // two domains may both bring the module they stand on
		}
		names[mod.Name] = true
		r.Modules = append(r.Modules, mod)
		if err := r.addControl(mod.Control); err != nil {
			return nil, err
		}
		for _, m := range mod.Models {
			if r.byType[m.Type] != nil || r.byTable[m.Table] != nil || r.byName(m.Name()) != nil {
				return nil, fmt.Errorf("tenancy: %s (%s) is registered twice", m.Type, m.Table)
			}
			r.byType[m.Type], r.byTable[m.Table] = m, m
			r.addWords(m.Table)
			r.Models = append(r.Models, m)
		}
	}
	sort.Slice(r.Models, func(i, j int) bool { return r.Models[i].Table < r.Models[j].Table })
	if err := r.addFlows(); err != nil {
		return nil, err
	}
	for _, m := range r.Models {
		if m.PartOf == "" {
			continue
		}
		root := r.byTable[m.PartOf]
		if root == nil || root.PartOf != "" || root.Derived || root.Column("id") == nil {
			return nil, fmt.Errorf("tenancy: %s is part of %s, which is not a registered root with an id", m.Table, m.PartOf)
		}
		if len(m.Keys) < 2 || m.Keys[1].Type != UUID {
			return nil, fmt.Errorf("tenancy: %s is part of %s, but its key does not go on with that one's id", m.Table, m.PartOf)
		}
	}
	return r, nil
}

// Table finds a model by "schema.name"; nil when there is none.
func (r *Registry) Table(table string) *Model { return r.byTable[table] }

// anySealed is a model with sealed columns; nil when there is none.
func (r *Registry) anySealed() *Model {
	for _, m := range r.Models {
		if len(m.sealed) > 0 {
			return m
		}
	}
	return nil
}

// byName finds a model by its table's name without schema, as {braces} in Report SQL name it.
func (r *Registry) byName(name string) *Model {
	for _, m := range r.Models {
		if m.Name() == name {
			return m
		}
	}
	return nil
}

// Of finds the model of a Go type; nil when it is not registered.
func (r *Registry) Of(t reflect.Type) *Model { return r.byType[t] }
