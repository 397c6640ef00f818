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
	db.control.Control().AddQueryHook(controlHook{f})
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
