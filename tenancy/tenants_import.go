package tenancy

import (
	"context"
	"errors"
	"reflect"

	"github.com/uptrace/bun"
)

// Importing is the door through which a tenant's whole history is written, and the only one that takes rows as they are:
// with their ids and times, without audit events of the writing. It exists inside [Tenants.Import] alone, and the database
// holds the tenant's gate at 'importing' as long as it does.
type Importing struct {
	tx    *Tx
	order []*Model
}

// Models are all models that can be written, in an order in which they can: what is pointed to comes first, and a root
// before its parts. Read-only models are the platform's and are not among them.
func (i *Importing) Models() []*Model { return i.order }

// Fresh reports whether nothing has been written yet: an import that was cut short after its commit finds all of it.
func (i *Importing) Fresh(ctx context.Context) (bool, error) {
	for _, m := range i.order {
		there, err := m.verbs.Exists(ctx, i.tx)
		if err != nil || there {
			return false, err
		}
	}
	return true, nil
}

// Put writes rows, pointers to the model's struct whose TenantID is zero. The database checks what it checks of every row;
// references that are declared DEFERRABLE, at the end.
//
// Errors: tenancy.foreign_row, tenancy.platform_only, tenancy.unregistered, and what the database refuses.
func (i *Importing) Put(ctx context.Context, m *Model, rows []any) error {
	const op = "tenancy.Importing.Put"
	if err := i.tx.writable(op); err != nil {
		return err
	}
	if i.tx.db.registry.Table(m.Table) != m {
		return ErrUnregistered.New(op, "%s", m.Table)
	}
	values := make([]reflect.Value, len(rows))
	for n, r := range rows {
		v := reflect.ValueOf(r)
		if v.Kind() != reflect.Pointer || v.Elem().Type() != m.Type {
			return ErrUnregistered.New(op, "a %T is no row of %s", r, m.Table)
		}
		values[n] = v.Elem()
	}
	if len(values) == 0 {
		return nil
	}
	st, err := i.tx.statement(op, VerbInsert, m, values, nil)
	if err != nil {
		return err
	}
	return i.tx.failed(op, i.tx.run(ctx, op, []*Statement{st}))
}

// Stream hands every row of the model to fn, in the order of its key, as [Stream] does.
func (i *Importing) Stream(ctx context.Context, m *Model, fn func(row any) error) error {
	var order []string
	for _, k := range m.Keys[1:] {
		order = append(order, k.Name)
	}
	return m.verbs.Stream(ctx, i.tx, fn, OrderBy(order...))
}

// Import makes a tenant out of what write puts into it: an intent in the control database, a place whose gate is
// 'importing', one transaction with everything, then the open gate, then the state active. Until then nobody can enter it. A
// refusal by write or by the database leaves nothing of the tenant but its id; cut short anywhere, the same call with the
// same reference goes on, and [Tenants.CompletePending] clears away what nobody goes on with.
//
// archive names what the tenant is made of, such as a hash, at most 200 characters: with the same reference another
// archive is refused. write may run more than once, and reaches the tenant through its argument alone; the context that it
// is given has no scope of the tenant.
//
// Errors: tenancy.not_platform, tenancy.bad_input, tenancy.duplicate (the reference exists with other input),
// tenancy.tenant_state (somebody has purged the import meanwhile), tenancy.placement, tenancy.region, tenancy.dedicated; and
// write's own.
func (t *Tenants) Import(ctx context.Context, in NewTenant, archive string, write func(ctx context.Context, i *Importing) error) (Tenant, error) {
	const op = "tenancy.Tenants.Import"
	actor, err := t.actor(ctx, op, PermImportTenant)
	if err != nil {
		return Tenant{}, err
	}
	if archive == "" || len(archive) > 200 || write == nil {
		return Tenant{}, ErrBadInput.New(op, "an import names its archive, in at most 200 characters")
	}
	row, err := t.newRow(op, in)
	if err != nil {
		return Tenant{}, err
	}
	row.State, row.Archive = StateImporting, archive
	row, found, err := t.intend(ctx, op, actor, string(PermImportTenant), row, in, false)
	if err != nil {
		return Tenant{}, err
	}
	if found && row.State != StateImporting {
		return row.tenant(), nil
	}
	if ended, err := t.ended(ctx, op, row); err != nil || ended {
		if err == nil {
			return t.open(ctx, op, row)
		}
		return Tenant{}, err
	}
	if err := t.fill(ctx, op, actor, row, write); err != nil {
		if ended, _ := t.ended(context.WithoutCancel(ctx), op, row); ended { // by another process, with the same archive
			return t.open(ctx, op, row)
		}
		// What was refused is not kept, and what cannot be cleared away now is cleared away later.
		_ = t.abandon(context.WithoutCancel(ctx), op, actor, row)
		return Tenant{}, err
	}
	return t.open(ctx, op, row)
}

// fill writes the history, in one transaction.
func (t *Tenants) fill(ctx context.Context, op, actor string, row *tenantRow, write func(context.Context, *Importing) error) error {
	at, err := t.db.home(op, row.Placement, row.Region)
	if err != nil {
		return err
	}
	if err := at.store.Provision(ctx, row.ID, GateImporting); err != nil {
		return at.store.Fault(op, err)
	}
	zone, err := zoneOf(op, row)
	if err != nil {
		return err
	}
	order, err := t.db.writeOrder(ctx, at.store)
	if err != nil {
		return err
	}
	writable := make([]*Model, 0, len(order))
	for _, m := range order {
		if m.Writes != ReadOnly {
			writable = append(writable, m)
		}
	}
	s := &scope{db: t.db, tenant: row.ID, actor: actor, zone: zone}
	owner := goroutineID()
	if _, busy := owners.Load(owner); busy {
		return ErrOuterContext.New(op, "")
	}
	return t.db.attempt(ctx, op, s, at, owner, txMode{platform: true, importing: true}, func(_ context.Context, tx *Tx) error {
		if err := tx.session.Import(ctx); err != nil {
			return tx.failed(op, err)
		}
		if err := write(ctx, &Importing{tx: tx, order: writable}); err != nil {
			tx.doom(err)
			return err
		}
		return nil
	})
}

// ended reports whether the import's gate is open: all that is left is to say so.
func (t *Tenants) ended(ctx context.Context, op string, row *tenantRow) (bool, error) {
	at, err := t.db.at(op, row.Placement)
	if err != nil {
		return false, err
	}
	gate, err := at.store.Gate(ctx, row.ID)
	if err != nil {
		return false, at.store.Fault(op, err)
	}
	return gate == GateActive, nil
}

// open ends an import: first for the database, then for everybody.
func (t *Tenants) open(ctx context.Context, op string, row *tenantRow) (Tenant, error) {
	at, err := t.db.at(op, row.Placement)
	if err != nil {
		return Tenant{}, err
	}
	if err := at.store.MoveGate(ctx, row.ID, GateActive, row.Turn); err != nil {
		return Tenant{}, at.store.Fault(op, err)
	}
	return t.activate(ctx, op, row, StateImporting)
}

// abandon clears away an import. One whose gate is open was ended, and only its row does not say so yet.
func (t *Tenants) abandon(ctx context.Context, op, actor string, row *tenantRow) error {
	ended, err := t.ended(ctx, op, row)
	if err != nil {
		return err
	}
	if ended {
		_, err = t.open(ctx, op, row)
		return err
	}
	// The place first, which refuses while somebody writes there: what they are about to finish must not be given up.
	if err := t.clear(ctx, op, row); err != nil {
		return err
	}
	err = t.control(ctx, op, func(tx bun.Tx) error {
		res, err := tx.NewUpdate().Model((*tenantRow)(nil)).ModelTableExpr(t.table(tableTenants)).
			Set("state = ?", StatePurging).Set("changed_at = ?", t.now(ctx)).
			Where("id = ?", row.ID).Where("state = ?", StateImporting).Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, ErrTenantConflict.New(op, "the tenant's state changed meanwhile"))
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = t.finish(ctx, op, actor, row)
	return err
}
