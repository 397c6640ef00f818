package tenancy

import (
	"cmp"
	"fmt"
	"slices"
)

// Flow is a way on which data leave the database: a file that somebody asks for, a message, a service. It moves nothing; it is there so
// that a data map can say where data go, and is part of what is reviewed when a program learns a new way.
type Flow struct {
	// Name is the flow's own, of lower-case letters, digits, '.', '_' and '-', such as "exchange.journal".
	Name string
	// About says in one sentence what goes out, and to whom.
	About string
	// Tables are those whose rows, or parts of them, go out, as "schema.name".
	Tables []string
}

// addFlows gathers what the modules say of people and of ways out, and refuses what is about no table.
func (r *Registry) addFlows() error {
	known := func(table string) bool {
		return r.byTable[table] != nil || slices.ContainsFunc(r.Control, func(t ControlTable) bool { return t.Table == table })
	}
	for _, mod := range r.Modules {
		for _, table := range sortedKeys(mod.Subjects) {
			if !known(table) || r.Subjects[table] != "" || mod.Subjects[table] == "" {
				return fmt.Errorf("tenancy: whom %s is about is said twice, not at all, or of no registered table", table)
			}
			r.Subjects[table] = mod.Subjects[table]
		}
		for _, f := range mod.Flows {
			if f.Name == "" || !made(f.Name, "._-", 63) || f.About == "" || len(f.Tables) == 0 {
				return fmt.Errorf("tenancy: the flow %q of %s has no name, no sentence about it or no tables", f.Name, mod.Name)
			}
			if slices.ContainsFunc(r.Flows, func(o Flow) bool { return o.Name == f.Name }) {
				return fmt.Errorf("tenancy: the flow %s is declared twice", f.Name)
			}
			for _, table := range f.Tables {
				if !known(table) {
					return fmt.Errorf("tenancy: the flow %s is of %s, which is not registered", f.Name, table)
				}
			}
			r.Flows = append(r.Flows, f)
		}
	}
	slices.SortFunc(r.Flows, func(a, b Flow) int { return cmp.Compare(a.Name, b.Name) })
	return nil
}
