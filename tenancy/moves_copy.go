package tenancy

import (
	"context"
	"io"
	"reflect"
	"strings"
	"time"
)

// moveRows and moveBytes bound what of a tenant is in memory while it is copied, beside one row.
const (
	moveRows  = 1_000
	moveBytes = 4 << 20
)

// movable refuses a tenant that has what would not go along: tables in its file that nobody registered, and rows that the
// platform alone writes, for which there is no door.
func (m *mover) movable(ctx context.Context) error {
	source, err := m.t.db.at(m.op, m.row.Placement)
	if err != nil {
		return err
	}
	strays, err := source.store.Strays(ctx, m.id)
	if err != nil {
		return source.store.Fault(m.op, err)
	}
	if len(strays) > 0 {
		return ErrNotMovable.New(m.op, "its file holds tables that are no registered models: %s", strings.Join(strays, ", "))
	}
	tx, err := m.end(ctx, source, true)
	if err != nil {
		return err
	}
	defer tx.leave(ctx)
	for _, model := range m.t.db.registry.Models {
		if model.Writes != ReadOnly || model.Table == gateTable {
			continue
		}
		there, err := model.verbs.Exists(ctx, tx)
		if err != nil {
			return err
		}
		if there {
			return ErrNotMovable.New(m.op, "it has rows of %s, which are the platform's to write", model.Table)
		}
	}
	return nil
}

// end is a transaction at one end of the move.
func (m *mover) end(ctx context.Context, at *place, readOnly bool) (*Tx, error) {
	session, err := at.store.Session(ctx, SessionOptions{Tenant: m.id, ReadOnly: readOnly})
	if err != nil {
		return nil, at.store.Fault(m.op, err)
	}
	s := &scope{db: m.t.db, tenant: m.id, actor: m.actor, zone: time.UTC}
	return &Tx{db: m.t.db, store: at.store, scope: s, session: session, owner: goroutineID(), now: m.t.now(ctx), readOnly: readOnly,
		roots: map[aggregate]bool{}, parts: map[aggregate]bool{}, memo: map[string]any{}}, nil
}

// leave ends a mover's transaction without keeping anything, unless it was committed.
func (tx *Tx) leave(ctx context.Context) {
	tx.over.Store(true)
	_ = tx.session.Rollback(context.WithoutCancel(ctx)) // what it has written is not committed, whatever it says
}

// ends opens both ends in the order of the placements' names, so that movers whose ways cross do not wait for each other's
// connections.
func (m *mover) ends(ctx context.Context, source, target *place) (from, to *Tx, err error) {
	open := []struct {
		at *place
		tx **Tx
	}{{source, &from}, {target, &to}}
	if target.name < source.name {
		open[0], open[1] = open[1], open[0]
	}
	for _, o := range open {
		if *o.tx, err = m.end(ctx, o.at, o.at == source); err != nil {
			break
		}
	}
	if err != nil && from != nil {
		from.leave(ctx)
	}
	if err != nil && to != nil {
		to.leave(ctx)
	}
	return from, to, err
}

// copy writes the tenant into the new place, in one transaction, and holds what it reads back there against what it read here.
// A copy that was committed before is only held against the original.
func (m *mover) copy(ctx context.Context) error {
	source, err := m.t.db.at(m.op, m.open.Source)
	if err != nil {
		return err
	}
	target, err := m.t.db.home(m.op, m.open.Target, m.row.Region)
	if err != nil {
		return err
	}
	if err := m.movable(ctx); err != nil {
		return err
	}
	if err := target.store.Provision(ctx, m.id, GateImporting); err != nil {
		return target.store.Fault(m.op, err)
	}
	order, err := m.t.db.writeOrder(ctx, target.store)
	if err != nil {
		return err
	}
	from, to, err := m.ends(ctx, source, target)
	if err != nil {
		return err
	}
	defer from.leave(ctx)
	defer to.leave(ctx)
	if err := to.session.Import(ctx); err != nil {
		return to.failed(m.op, err)
	}
	in := &Importing{tx: to}
	for _, model := range order {
		if model.Writes != ReadOnly {
			in.order = append(in.order, model)
		}
	}
	fresh, err := in.Fresh(ctx)
	if err != nil {
		return err
	}
	sums := make([]*Records, len(in.order))
	for i, model := range in.order {
		if sums[i], err = m.send(ctx, from, in, model, fresh); err != nil {
			return err
		}
	}
	for i, model := range in.order {
		have := NewRecords(model, io.Discard)
		if err := in.Stream(ctx, model, have.Add); err != nil {
			return err
		}
		if have.Rows != sums[i].Rows || have.Sum() != sums[i].Sum() {
			return ErrMoveDiffers.New(m.op, "%s reads back as %d rows with other contents than the %d that were written", model.Table, have.Rows, sums[i].Rows)
		}
	}
	return to.failed(m.op, to.session.Commit(ctx, nil))
}

// send reads a model's rows at the old place, and writes them at the new one unless they are there.
func (m *mover) send(ctx context.Context, from *Tx, in *Importing, model *Model, write bool) (*Records, error) {
	sum := NewRecords(model, io.Discard)
	var rows []any
	var held int64
	flush := func() error {
		err := in.Put(ctx, model, rows)
		rows, held = rows[:0], sum.Bytes
		return err
	}
	err := (&Importing{tx: from}).Stream(ctx, model, func(row any) error {
		if err := sum.Add(row); err != nil || !write {
			return err
		}
		kept := reflect.New(model.Type)
		kept.Elem().Set(reflect.ValueOf(row).Elem())
		rows = append(rows, kept.Interface())
		if len(rows) < moveRows && sum.Bytes-held < moveBytes {
			return nil
		}
		return flush()
	})
	if err != nil || !write {
		return sum, err
	}
	return sum, flush()
}
