package tenancy

import (
	"maps"
	"slices"

	"github.com/google/uuid"
)

// derivedWrite is the first write of derived rows of a table.
type derivedWrite struct {
	act  string
	verb Verb
}

// recordDerived leaves one event per table of derived rows when nothing else was written: then nothing speaks for them, and the
// database would not be asked whether the tenant may be written to.
func (tx *Tx) recordDerived() {
	if slices.ContainsFunc(tx.events, func(e *Event) bool { return e.Verb != "" && e.Verb != "read" }) {
		return
	}
	for _, table := range slices.Sorted(maps.Keys(tx.derived)) {
		first := tx.derived[table]
		tx.recordAs(first.act, first.verb, table, uuid.Nil, "")
	}
}
