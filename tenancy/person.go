package tenancy

import (
	"bytes"
	"context"
	"reflect"
	"slices"

	"github.com/google/uuid"
)

// Person is somebody's own row.
type Person struct {
	Model *Model // of those whose subject is "self"
	ID    uuid.UUID
	Row   any // a pointer to the model's struct
}

// People are the models whose rows are people themselves.
func (r *Registry) People() []*Model {
	var out []*Model
	for _, m := range r.Models {
		if m.Subject == "self" {
			out = append(out, m)
		}
	}
	return out
}

// personsAtOnce is how many ids one question names.
const personsAtOnce = 500

// Persons finds people by the ids of their own rows, whichever tables these are in. Whom nobody is, it leaves out. Where lock is set, the rows are locked until the transaction ends, but
// for those that never change: who restricts or erases one of them, or begins to refer to them, waits, or was there first.
func (tx *Tx) Persons(ctx context.Context, lock bool, ids ...uuid.UUID) (map[uuid.UUID]Person, error) {
	ids = slices.SortedFunc(slices.Values(ids), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	out := make(map[uuid.UUID]Person, len(ids))
	for _, m := range tx.db.registry.People() {
		for some := range slices.Chunk(ids, personsAtOnce) {
			if len(out) == len(ids) {
				return out, nil
			}
			opts := []Option{In("id", some)}
			if lock && m.Writes != AppendOnly && m.Writes != ReadOnly {
				opts = append(opts, ForUpdate())
			}
			rows, err := m.verbs.Find(ctx, tx, opts...)
			if err != nil {
				return nil, err
			}
			for _, row := range rows {
				id := *field[uuid.UUID](reflect.ValueOf(row).Elem(), m.RowKey())
				out[id] = Person{m, id, row}
			}
		}
	}
	return out, nil
}

// LockPersons locks the own rows of persons until the transaction ends, and refuses an id that nobody has (tenancy.not_found): for rows that name a person
// without a foreign key ([Spec].Anybody).
func (tx *Tx) LockPersons(ctx context.Context, persons ...uuid.UUID) error {
	return tx.lockPersons(ctx, "tenancy.Tx.LockPersons", persons...)
}

func (tx *Tx) lockPersons(ctx context.Context, op string, persons ...uuid.UUID) error {
	found, err := tx.Persons(ctx, true, persons...)
	if err != nil {
		return err
	}
	for _, id := range persons {
		if _, there := found[id]; !there {
			return tx.failed(op, ErrNotFound.New(op, "nobody has this id"))
		}
	}
	return nil
}
