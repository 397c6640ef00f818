package tenancy

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
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
func GateOf(ctx context.Context, db *DB, tenant uuid.UUID) (Gate, error) { return db.control.Gate(ctx, tenant) }
