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

// SystemAt enters as a background job does: the entering is recorded with the first write.
func SystemAt(ctx context.Context, db *DB, tenant uuid.UUID, job string) (context.Context, error) {
	return db.systemAt(ctx, tenant, job, db.now())
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
