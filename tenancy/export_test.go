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
