package tenancytest

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
)

var errUndo = errors.New("undo")

// TwoTenants drives every registered model through every verb of the store as the wrong tenant. victim is a tenant that
// holds rows of every model (models without rows fail the suite: an attack on nothing proves nothing), intruder another.
// Each attack is first made by the victim itself and must succeed there.
func TwoTenants(t *testing.T, env *Env, victim, intruder context.Context) {
	t.Helper()
	require.NotEqual(t, tenancy.ScopeOf(victim).TenantID(), tenancy.ScopeOf(intruder).TenantID())
	insert(t, env, victim, "erp.erasures", map[string]any{"table_name": "erp.none", "row_id": tenancy.NewID(), "state": "registered", "registered_at": time.Unix(0, 0).UTC()})
	insert(t, env, victim, "erp.restrictions", map[string]any{"ground": tenancy.UnlawfulUse, "reference": "none", "restricted_at": time.Unix(0, 0).UTC()})
	for _, m := range env.DB.Registry().Models {
		t.Run(m.Name(), func(t *testing.T) {
			a := &attack{t: t, env: env, model: m, victim: victim, intruder: intruder}
			a.find()
			a.reads()
			a.writes()
		})
	}
}

type attack struct {
	t                *testing.T
	env              *Env
	model            *tenancy.Model
	victim, intruder context.Context //nolint:containedctx // the two sides of the test
	row              reflect.Value   // one of the victim's rows
	before           int64
}

// as runs fn in a transaction of one side and undoes what it did.
func (a *attack) as(ctx context.Context, fn func(ctx context.Context, tx *tenancy.Tx) error) error {
	err := a.env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		return errUndo
	})
	if errors.Is(err, errUndo) {
		return nil
	}
	return err
}

// find takes one of the victim's rows as the target.
func (a *attack) find() {
	require.NoError(a.t, a.as(a.victim, func(ctx context.Context, tx *tenancy.Tx) error {
		rows, err := a.model.Verbs().Find(ctx, tx, tenancy.Limit(1))
		require.NoError(a.t, err)
		require.NotEmpty(a.t, rows, "the victim has no row of %s: fill it first", a.model.Table)
		a.row = reflect.ValueOf(rows[0]).Elem()
		a.before, err = a.model.Verbs().Count(ctx, tx)
		return err
	}))
}

// key is the target's key below the tenant, as options.
func (a *attack) key() []tenancy.Option {
	var opts []tenancy.Option
	for _, k := range a.model.Keys[1:] {
		opts = append(opts, tenancy.Eq(k.Name, a.row.FieldByIndex(k.Index).Interface()))
	}
	if len(opts) == 0 { // the tenant is the whole key
		opts = append(opts, tenancy.Eq("tenant_id", tenancy.ScopeOf(a.victim).TenantID()))
	}
	return opts
}

func (a *attack) id() uuid.UUID {
	if c := a.model.Column("id"); c != nil {
		if id, ok := a.row.FieldByIndex(c.Index).Interface().(uuid.UUID); ok {
			return id
		}
	}
	return uuid.Nil
}

// reads counts what each reading verb gives of the target: one to the victim, nothing to the intruder.
func (a *attack) reads() {
	v := a.model.Verbs()
	hasID := a.model.Column("id") != nil && a.model.Column("id").Key
	reads := map[string]func(ctx context.Context, tx *tenancy.Tx) (int, error){
		"find": func(ctx context.Context, tx *tenancy.Tx) (int, error) {
			rows, err := v.Find(ctx, tx, a.key()...)
			return len(rows), err
		},
		"count": func(ctx context.Context, tx *tenancy.Tx) (int, error) {
			n, err := v.Count(ctx, tx, a.key()...)
			return int(n), err
		},
		"exists": func(ctx context.Context, tx *tenancy.Tx) (int, error) {
			ok, err := v.Exists(ctx, tx, a.key()...)
			return map[bool]int{true: 1}[ok], err
		},
		"stream": func(ctx context.Context, tx *tenancy.Tx) (n int, err error) {
			err = v.Stream(ctx, tx, func(any) error { n++; return nil }, a.key()...)
			return n, err
		},
		"load": func(ctx context.Context, tx *tenancy.Tx) (int, error) {
			b := tx.Batch()
			rows := v.Load(b, a.key()...)
			err := b.Run(ctx)
			return len(rows()), err
		},
		"report": func(ctx context.Context, tx *tenancy.Tx) (int, error) {
			//tenantlint:allow report the suite goes through every registered table, by the registry's own name for it
			n, err := tenancy.Report[int64](ctx, tx, "SELECT COUNT(*) FROM {"+a.model.Name()+"} AS x WHERE x.tenant_id = ?", tenancy.ScopeOf(a.victim).TenantID())
			require.NoError(a.t, err)
			return int(min(n[0], 1)), nil
		},
	}
	lockable := a.model.Writes != tenancy.ReadOnly && a.model.Writes != tenancy.AppendOnly // what never changes needs no lock
	if lockable {
		reads["find for update"] = func(ctx context.Context, tx *tenancy.Tx) (int, error) {
			rows, err := v.Find(ctx, tx, append(a.key(), tenancy.ForUpdate())...)
			return len(rows), err
		}
	}
	if hasID {
		reads["get"] = func(ctx context.Context, tx *tenancy.Tx) (int, error) { return found(v.Get(ctx, tx, a.id())) }
		reads["page"] = func(ctx context.Context, tx *tenancy.Tx) (int, error) {
			rows, _, err := v.Page(ctx, tx, tenancy.PageRequest{}, a.key()...)
			return len(rows), err
		}
		if lockable {
			reads["lock"] = func(ctx context.Context, tx *tenancy.Tx) (int, error) { return found(v.Lock(ctx, tx, a.id())) }
		}
	}
	for name, read := range reads {
		for who, ctx := range map[string]context.Context{"victim": a.victim, "intruder": a.intruder} {
			want := map[string]int{"victim": 1}[who]
			require.NoError(a.t, a.as(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				n, err := read(ctx, tx)
				require.NoError(a.t, err, "%s as the %s", name, who)
				require.Equal(a.t, want, n, "%s as the %s", name, who)
				return nil
			}))
		}
	}
}

func found(_ any, err error) (int, error) {
	if tenancy.IsNotFound(err) {
		return 0, nil
	}
	return 1, err
}

// writes tries to change the target as the intruder, with the row as it is and with the tenant left for the store to
// fill in; afterwards the victim's rows are as they were.
func (a *attack) writes() {
	v := a.model.Verbs()
	var columns []string
	for _, c := range a.model.Columns {
		if !c.Key {
			columns = append(columns, c.Name)
		}
	}
	verbs := map[string]func(b *tenancy.Batch, row any){
		"put":    func(b *tenancy.Batch, row any) { v.Put(b, []any{row}) },
		"remove": func(b *tenancy.Batch, row any) { v.Remove(b, []any{row}) },
	}
	if len(columns) > 0 {
		verbs["set"] = func(b *tenancy.Batch, row any) { v.Set(b, []any{row}, columns...) }
	}
	if sums := a.sums(); len(sums) > 0 {
		verbs["accrue"] = func(b *tenancy.Batch, row any) { v.Accrue(b, []any{row}, sums...) }
	}
	if a.model.System { // nobody writes these through the store, the victim included
		for name, write := range verbs {
			require.ErrorIs(a.t, a.write(a.victim, write, a.copy(true)), tenancy.ErrSystemModel, name)
		}
		return
	}
	for name, write := range verbs {
		foreign := a.copy(false)
		require.ErrorIs(a.t, a.write(a.intruder, write, foreign), tenancy.ErrForeignRow, "%s with the victim's tenant", name)
		if len(a.model.Keys) == 1 || name == "put" || name == "accrue" {
			continue // what is left of the row without its tenant is the intruder's own
		}
		err := a.write(a.intruder, write, a.copy(true))
		require.Error(a.t, err, "%s with the victim's key", name)
		require.True(a.t, tenancy.IsNotFound(err) || errors.Is(err, tenancy.ErrPlatformOnly) || errors.Is(err, tenancy.ErrAppendOnly),
			"%s: the answer is that of a record that does not exist, not %v", name, err)
	}
	if a.model.Writes == tenancy.Mutable || a.model.Writes == tenancy.Keep {
		if set := verbs["set"]; set != nil {
			require.NoError(a.t, a.write(a.victim, set, a.copy(false)), "set as the victim itself")
		}
	}
	a.unchanged()
}

// sums are the columns that an accrual could add to.
func (a *attack) sums() []string {
	var out []string
	for _, c := range a.model.Columns {
		if !c.Key && c.Type == tenancy.BigInt {
			out = append(out, c.Name)
		}
	}
	return out
}

func (a *attack) write(ctx context.Context, fill func(b *tenancy.Batch, row any), row any) error {
	act := a.as
	if tenancy.ScopeOf(ctx).TenantID() == tenancy.ScopeOf(a.intruder).TenantID() {
		act = a.env.DB.Tx // what the intruder does is committed: only so can it be seen whether it did harm
	}
	return act(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		b := tx.Batch()
		fill(b, row)
		return b.Run(ctx)
	})
}

// copy is the target row, bare of its tenant or not.
func (a *attack) copy(bare bool) any {
	row := reflect.New(a.row.Type())
	row.Elem().Set(a.row)
	if bare {
		row.Elem().FieldByIndex(a.model.Keys[0].Index).SetZero()
	}
	return row.Interface()
}

func (a *attack) unchanged() {
	require.NoError(a.t, a.as(a.victim, func(ctx context.Context, tx *tenancy.Tx) error {
		rows, err := a.model.Verbs().Find(ctx, tx, a.key()...)
		require.NoError(a.t, err)
		require.Len(a.t, rows, 1)
		require.Equal(a.t, a.row.Interface(), reflect.ValueOf(rows[0]).Elem().Interface())
		n, err := a.model.Verbs().Count(ctx, tx)
		require.NoError(a.t, err)
		require.Equal(a.t, a.before, n)
		return nil
	}))
}

// insert writes a row of a model that the library writes by itself.
func insert(t *testing.T, env *Env, victim context.Context, table string, columns map[string]any) {
	t.Helper()
	m := env.DB.Registry().Table(table)
	row := reflect.ValueOf(m.Verbs().New())
	for name, v := range columns {
		row.Elem().FieldByIndex(m.Column(name).Index).Set(reflect.ValueOf(v))
	}
	require.NoError(t, env.DB.Tx(victim, func(ctx context.Context, tx *tenancy.Tx) error {
		b := tx.Batch()
		m.Verbs().Put(b, []any{row.Interface()})
		return b.Run(ctx)
	}))
}
