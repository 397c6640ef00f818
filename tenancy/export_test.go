package tenancy

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// ErasuresOf registers an erasure of a receipt's text, as the privacy helpers will.
func ErasuresOf(row uuid.UUID, at time.Time) []*erasure {
	return []*erasure{{TableName: "lib.receipt_texts", RowID: row, State: "registered", RegisteredAt: at}}
}

// SystemAt enters as a background job does: the entering is recorded with the first write.
func SystemAt(ctx context.Context, db *DB, tenant uuid.UUID, job string) (context.Context, error) {
	return db.systemAt(ctx, tenant, &Job{Name: job}, db.now())
}

// BeginImport is what an import's transaction begins with, on a tenant in whatever state.
func BeginImport(ctx context.Context, db *DB, tenant uuid.UUID) error {
	session, err := db.control.Session(ctx, SessionOptions{Tenant: tenant})
	if err != nil {
		return err
	}
	err = db.control.Fault("test", session.Import(ctx))
	return errors.Join(err, session.Rollback(ctx))
}

// MoveGate moves a tenant's gate as the platform's acts do.
func MoveGate(ctx context.Context, db *DB, tenant uuid.UUID, to Gate, turn int64) error {
	return db.control.MoveGate(ctx, tenant, to, turn)
}

// GateOf is the state of a tenant's gate.
func GateOf(ctx context.Context, db *DB, tenant uuid.UUID) (Gate, error) {
	return db.control.Gate(ctx, tenant)
}

// OnControl has f told of every statement that goes to the control database through bun, before it is sent.
func OnControl(db *DB, f func(ctx context.Context)) {
	db.control.Control().AddQueryHook(controlHook{f}) //nolint:staticcheck // on the handle that is there
}

type controlHook struct{ f func(ctx context.Context) }

func (h controlHook) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context {
	h.f(ctx)
	return ctx
}

func (controlHook) AfterQuery(context.Context, *bun.QueryEvent) {}

// GateAt is the state of a tenant's gate at a placement.
func GateAt(ctx context.Context, db *DB, placement string, tenant uuid.UUID) (Gate, error) {
	return db.places[placement].store.Gate(ctx, tenant)
}

// SuspendAndDie writes a suspension down and does nothing more, as a process that is killed right behind that.
func SuspendAndDie(platform context.Context, db *DB, tenant uuid.UUID) error {
	t := db.Tenants()
	d := decision{id: tenant, actor: "the-late", act: string(PermSuspendTenant), reason: "test", now: t.now(platform)}
	_, err := t.change(platform, "test", d, func(_ bun.Tx, row *tenantRow, now time.Time) error {
		row.SuspendedAt = now
		row.stand(now)
		return nil
	})
	return err
}

// PurgeAfter is when the data of a tenant whose service has ended may go.
func PurgeAfter(end time.Time) time.Time { return purgeAfter(end) }

// HoldsCardNumber looks for the number of a payment card.
func HoldsCardNumber(s string) bool { return holdsCardNumber(s) }

// Unannounced sends statements past every verb, on a transaction under a grant, and gives what each of them ended in.
func Unannounced(ctx context.Context, tx *Tx, sql string) map[string]error {
	_, query := tx.session.Conn().QueryContext(ctx, sql) //nolint:rowserrcheck,sqlclosecheck // it is refused
	_, exec := tx.session.Conn().ExecContext(ctx, sql)
	var n int
	row := tx.session.Conn().QueryRowContext(ctx, sql).Scan(&n)
	st := &Statement{Verb: VerbSelect, Model: tx.db.registry.Table("erp.audit_events"), Tenant: tx.scope.tenant, Row: func(func(...any) error) error { return nil }}
	return map[string]error{"query": query, "exec": exec, "row": row, "run": tx.session.Run(ctx, []*Statement{st}),
		"commit": tx.session.Commit(ctx, []*Statement{st}), "import": tx.session.Import(ctx), "host": tx.session.Host(ctx, nil)}
}

// AgeKeys makes a DB's knowledge of keys older, as if time had passed.
func AgeKeys(db *DB, by time.Duration) {
	db.keyrings.mu.Lock()
	defer db.keyrings.mu.Unlock()
	for id, ring := range db.keyrings.known {
		old := *ring
		old.readAt = old.readAt.Add(-by)
		db.keyrings.known[id] = &old
	}
	db.keyrings.swept = db.keyrings.swept.Add(-by)
}

// SmallPieces makes the re-sealing write n rows at a time, so that few rows make many pieces.
func SmallPieces(db *DB, n int) { db.keyrings.piece = n }

// KeyringsKnown is how many tenants' keys a DB holds in memory.
func KeyringsKnown(db *DB) int {
	db.keyrings.mu.Lock()
	defer db.keyrings.mu.Unlock()
	return len(db.keyrings.known)
}
