package tenancy

import (
	"context"
	"reflect"

	"github.com/google/uuid"
)

// ByParts is a [Spec.Subject] that says that a row is about whoever its parts are about: an entry about the parties on its
// lines.
const ByParts = "parts"

// Erasable reports whether an erasure can change the column: it is personal, and rows of the model can change at all. What is of class keep is changed when its
// rule has ended, which is for whoever erases to know.
func (m *Model) Erasable(c *Column) bool {
	return c.Privacy.Personal() && !c.Key && m.Writes != AppendOnly && m.Writes != ReadOnly && !m.System
}

// Erase writes the named columns of rows, pointers to the model's struct, in the course of an act that erases a person. It
// writes no column whose class does not call for it. Each row of a companion is replaced under an erasure that is registered
// for it and closed behind it.
//
// Errors: tenancy.unrecorded_write (no act is running), tenancy.bad_query (a column that is not [Model.Erasable]).
func (tx *Tx) Erase(ctx context.Context, m *Model, rows []any, columns ...string) error {
	const op = "tenancy.Tx.Erase"
	if err := tx.writable(op); err != nil {
		return err
	}
	if len(tx.acts) == 0 {
		return ErrUnrecorded.New(op, "no act is running")
	}
	if len(rows) == 0 || len(columns) == 0 {
		return nil
	}
	for _, name := range columns {
		if c := m.Column(name); c == nil || !m.Erasable(c) {
			return ErrBadQuery.New(op, "%s.%s is not for erasing", m.Name(), name)
		}
	}
	defer func(before bool) { tx.despite = before }(tx.despite)
	tx.despite = true // to be forgotten is what a restriction may end with
	b := tx.Batch()
	var opened []*erasure
	if m.Writes == Companion {
		seen := map[uuid.UUID]bool{}
		for _, r := range rows {
			id := rowID(m, reflect.ValueOf(r).Elem())
			if !seen[id] {
				seen[id] = true
				opened = append(opened, &erasure{TableName: m.Table, RowID: id, State: erasureRegistered, RegisteredAt: tx.now})
			}
		}
		Put(b, opened)
	}
	m.verbs.Set(b, rows, columns...)
	if err := b.Run(ctx); err != nil {
		return err
	}
	for _, e := range opened {
		e.State = erasureDone
	}
	Set(b, opened, "state")
	return b.Run(ctx)
}

// RecordErasure notes that a person was erased: the row that was theirs, whether it still stands or not. It stands in the [Ledger] before the transaction is
// committed. It is for the end of an erasure: what fails behind it leaves an entry that somebody has to settle.
func (tx *Tx) RecordErasure(ctx context.Context, m *Model, id uuid.UUID) error {
	const op = "tenancy.Tx.RecordErasure"
	if err := tx.writable(op); err != nil {
		return err
	}
	e := &erasure{Row: Row{ID: NewID()}, TableName: m.Table, RowID: id, State: erasureDone, RegisteredAt: tx.now}
	if err := tx.db.Ledger().enter(ctx, op, tx, &ledgerRow{ID: e.ID, Kind: ledgerErased, TableName: e.TableName, RowID: e.RowID}); err != nil {
		return err
	}
	return Insert(ctx, tx, e)
}
