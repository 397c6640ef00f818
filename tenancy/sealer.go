package tenancy

import (
	"context"
	"reflect"

	"github.com/opsmatiq/erp/tenancy/internal/trail"
)

func init() { // what package audit may do with the door, and hosts may not
	trail.Sealing = func(ctx context.Context, of any, readOnly bool, fn func(ctx context.Context, tx any) error) error {
		db, ok := of.(*DB)
		if !ok {
			panic("tenancy: what is sealed is that of a *tenancy.DB")
		}
		return db.run(ctx, "tenancy.Sealing", txMode{readOnly: readOnly, sealer: true}, func(ctx context.Context, tx *Tx) error { return fn(ctx, tx) })
	}
	trail.Put = func(ctx context.Context, of any, kinds ...[]any) error {
		tx, ok := of.(*Tx)
		if !ok {
			panic("tenancy: the sealer writes in a *tenancy.Tx")
		}
		return tx.putSealed(ctx, kinds)
	}
}

// putSealed writes rows of models that are BySealer, in the sealer's session. They leave no event: they are about events.
func (tx *Tx) putSealed(ctx context.Context, kinds [][]any) error {
	const op = "tenancy.Sealing"
	if err := tx.usable(op); err != nil { // a closed tenant's trail is sealed too: its last events are of being closed, and looked into
		return err
	}
	if tx.readOnly {
		return ErrReadOnly.New(op, "")
	}
	var statements []*Statement
	for _, rows := range kinds {
		if len(rows) == 0 {
			continue
		}
		m := tx.db.registry.Of(reflect.TypeOf(rows[0]).Elem())
		if m == nil || !m.BySealer || !tx.sealer {
			return ErrSystemModel.New(op, "")
		}
		values := make([]reflect.Value, len(rows))
		for i, r := range rows {
			if values[i] = reflect.ValueOf(r).Elem(); values[i].Type() != m.Type {
				return ErrUnregistered.New(op, "a %T is no row of %s", r, m.Table)
			}
		}
		st, err := tx.statement(op, VerbInsert, m, values, nil)
		if err != nil {
			return err
		}
		statements = append(statements, st)
	}
	if len(statements) == 0 {
		return nil
	}
	return tx.failed(op, tx.session.Run(ctx, statements))
}
