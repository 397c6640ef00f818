package tenancy

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy/internal/seal"
)

// PermReseal allows [DB.Reseal].
const PermReseal Permission = "tenancy.reseal"

const (
	// resealRows is how many rows one piece of the re-sealing writes.
	resealRows = 500
	// resealGrace is how long after a rotation a pass must begin to prove that nobody seals under the old version any more: far
	// longer than keys are remembered and transactions run.
	resealGrace = time.Hour
)

// resealing is how far this process has come with a tenant. When it is lost, the pass begins anew and passes over what is done.
type resealing struct {
	began   time.Time
	version int64 // under which all is to be
	model   int   // of those with sealed columns
	after   []any // the key of the last row that was looked at; nil at the start of a model
	wrote   bool  // the pass has found something
	broken  int   // values that do not open
}

// Reseal goes on with what a rotation of the tenant's key calls for: it seals rows under the new version, at most a few hundred
// in one transaction, and says whether there is more. A pass over everything that finds nothing, begun an hour after the
// rotation or later, retires the old version. Rows that never change are not touched: they, archives and backups are why a
// retired version still opens. Values stay what they are, so the trail has one event for each piece and none for each row.
//
// It is meant for a background job. Permission: tenancy.reseal. Errors: those of [DB.Tx], tenancy.key (at the end of a pass:
// there are rows that do not open; they stay as they are, and the old version is not retired).
func (db *DB) Reseal(ctx context.Context) (more bool, err error) {
	const op = "tenancy.Reseal"
	var next *resealing
	done, err := Act(ctx, db, PermReseal, func(ctx context.Context, tx *Tx) (done bool, err error) {
		ring, err := db.keyrings.retiring(ctx, op, tx.scope.tenant)
		if ring == nil || err != nil {
			return false, err
		}
		next = db.keyrings.resumed(tx.scope.tenant, ring.active.Version, tx.now)
		models := db.registry.resealable()
		if next.model >= len(models) {
			return true, nil
		}
		return false, tx.resealPiece(ctx, op, models[next.model], next)
	})
	if err != nil || next == nil {
		return false, err
	}
	tenant := ScopeOf(ctx).TenantID()
	if !done {
		db.keyrings.keep(tenant, next)
		return true, nil
	}
	db.keyrings.keep(tenant, nil)
	if next.broken > 0 {
		return false, ErrKey.New(op, "%d rows have values that do not open", next.broken)
	}
	if next.wrote { // what was written meanwhile is for the next pass to see
		return false, nil
	}
	return false, db.keyrings.retire(ctx, op, tenant, next)
}

// retiring is the tenant's ring, if a version of it is being retired.
func (k *keyrings) retiring(ctx context.Context, op string, tenant uuid.UUID) (*keyring, error) {
	if k.port == nil {
		return nil, nil // nothing can have been sealed
	}
	ring, err := k.of(ctx, op, tenant, true)
	if err != nil || ring.active == nil {
		return nil, err
	}
	for _, key := range ring.versions {
		if key.State == KeyRetiring {
			return ring, nil
		}
	}
	return nil, nil
}

// resumed is a copy of how far the tenant's pass has come, or the start of one.
func (k *keyrings) resumed(tenant uuid.UUID, version int64, now time.Time) *resealing {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p := k.progress[tenant]; p != nil && p.version == version {
		again := *p
		return &again
	}
	return &resealing{began: now, version: version}
}

// keep remembers how far a pass has come; nil forgets it.
func (k *keyrings) keep(tenant uuid.UUID, p *resealing) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p == nil {
		delete(k.progress, tenant)
		return
	}
	k.progress[tenant] = p
}

// resealable are the models with sealed columns whose rows can change.
func (r *Registry) resealable() []*Model {
	return slices.DeleteFunc(slices.Clone(r.Models), func(m *Model) bool { return len(m.sealed) == 0 || m.Writes != Mutable && m.Writes != Keep })
}

// resealPiece seals the next rows of a model that are not under the active version.
func (tx *Tx) resealPiece(ctx context.Context, op string, m *Model, at *resealing) error {
	dest := reflect.New(reflect.SliceOf(m.Type))
	q := tx.scoped(m, dest.Interface()).WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
		prefix := seal.Prefix(at.version)
		for _, c := range m.sealed {
			q = q.WhereOr("? <> '' AND substr(?, 1, ?) <> ?", bun.Ident(c.Name), bun.Ident(c.Name), len(prefix), prefix)
		}
		return q
	}).Limit(int64(tx.db.keyrings.piece))
	keys := m.Keys[1:]
	var names []any
	for _, k := range keys {
		names = append(names, bun.Ident(k.Name))
		q = q.OrderExpr("?", bun.Ident(k.Name))
	}
	if at.after != nil {
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(keys)), ", ")
		q = q.Where("("+marks+") > ("+marks+")", slices.Concat(names, at.after)...)
	}
	if tx.store.Dialect().Name().String() == "pg" {
		q = q.For("UPDATE")
	}
	if err := q.Scan(ctx); err != nil {
		return tx.failed(op, err)
	}
	found := dest.Elem()
	rows := make([]reflect.Value, 0, found.Len())
	for i := range found.Len() {
		switch err := tx.unseal(ctx, op, m, found.Index(i)); {
		case err == nil:
			rows = append(rows, found.Index(i))
		case errors.Is(err, ErrKey): // it keeps nobody else's from being sealed
			at.broken++
		default:
			return tx.failed(op, err)
		}
	}
	if n := found.Len(); n < tx.db.keyrings.piece {
		at.model, at.after = at.model+1, nil
	} else {
		at.after = nil
		for _, k := range keys {
			at.after = append(at.after, found.Index(n-1).FieldByIndex(k.Index).Interface())
		}
	}
	return tx.sealAnew(ctx, op, m, rows, at)
}

// sealAnew writes the sealed columns of rows as they are, and leaves one event of it.
func (tx *Tx) sealAnew(ctx context.Context, op string, m *Model, rows []reflect.Value, at *resealing) error {
	if len(rows) == 0 {
		return nil
	}
	at.wrote = true
	st, err := tx.statement(op, VerbUpdate, m, rows, m.sealed)
	if err != nil {
		return err
	}
	if err := tx.run(ctx, op, []*Statement{st}); err != nil {
		return tx.failed(op, err)
	}
	columns := make([]string, len(m.sealed))
	for i, c := range m.sealed {
		columns[i] = c.Name
	}
	tx.record(PermReseal, "", m.Table, uuid.Nil, strings.Join(columns, ","))
	return nil
}

// retire says that nothing is sealed any more under versions that were given up long enough before a pass that found nothing.
func (k *keyrings) retire(ctx context.Context, op string, tenant uuid.UUID, pass *resealing) error {
	t := k.db.Tenants()
	now := ScopeOf(ctx).s.now()
	err := t.control(ctx, op, func(tx bun.Tx) error {
		res, err := tx.NewUpdate().Model((*keyRow)(nil)).ModelTableExpr(k.table()).Set("state = ?", KeyRetired).Set("changed_at = ?", now).
			Where("tenant_id = ?", tenant).Where("state = ?", KeyRetiring).Where("version < ?", pass.version).
			Where("changed_at <= ?", pass.began.Add(-resealGrace)).Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return t.journal(ctx, tx, &journalRow{Actor: ScopeOf(ctx).Actor(), Act: string(PermReseal), TenantID: tenant, Reason: "nothing that can change is sealed under an older version"})
	})
	k.forget(tenant)
	return err
}
