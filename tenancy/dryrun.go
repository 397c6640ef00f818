package tenancy

import (
	"context"
	"reflect"
)

// Changes is what a dry run would have written, in order.
type Changes struct{ Rows []Change }

// Change is one row that would have been written.
type Change struct {
	Verb  Verb
	Table string
	// Row is a copy of the model struct. Sealed columns are empty in it: what is shown before it is done lies in more places
	// than what is done.
	Row any
	// Columns are the changed columns of an update or accrual.
	Columns []string
}

// Of gives the rows of one table among the changes.
func (c *Changes) Of(table string) []Change {
	var out []Change
	for _, r := range c.Rows {
		if r.Table == table {
			out = append(out, r)
		}
	}
	return out
}

// DryRun runs fn as [DB.Tx] does, tells what it would have written, and rolls back whatever happens. Every check of the
// code and the database is made but those that the database defers to the commit. It cannot run inside another
// transaction (tenancy.dry_run_within).
func (db *DB) DryRun(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) (*Changes, error) {
	var changes *Changes
	mode := txMode{changes: new(Changes)}
	err := db.run(ctx, "tenancy.DryRun", mode, func(ctx context.Context, tx *Tx) error {
		mode.changes.Rows = nil // a retried attempt starts again
		changes = mode.changes
		tx.after = nil
		return fn(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	return changes, nil
}

// noteChanges keeps copies of written rows for a dry run.
func (tx *Tx) noteChanges(st *Statement) {
	if tx.changes == nil || st.Verb.reads() || st.Model.Table == "erp.audit_events" {
		return
	}
	var columns []string
	for _, c := range st.Changed {
		columns = append(columns, c.Name)
	}
	for _, row := range st.Rows {
		cp := reflect.New(row.Type()).Elem()
		cp.Set(row)
		for _, c := range st.Model.sealed {
			cp.FieldByIndex(c.Index).SetZero()
		}
		tx.changes.Rows = append(tx.changes.Rows, Change{Verb: st.Verb, Table: st.Model.Table, Row: cp.Interface(), Columns: columns})
	}
}
