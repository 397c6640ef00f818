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

// Unannounced sends statements past every verb, on a transaction under a grant, and gives what each of them ended in.
func Unannounced(ctx context.Context, tx *Tx, sql string) map[string]error {
	_, query := tx.session.Conn().QueryContext(ctx, sql)
	_, exec := tx.session.Conn().ExecContext(ctx, sql)
	var n int
	row := tx.session.Conn().QueryRowContext(ctx, sql).Scan(&n)
	st := &Statement{Verb: VerbSelect, Model: tx.db.registry.Table("erp.audit_events"), Tenant: tx.scope.tenant, Row: func(func(...any) error) error { return nil }}
	return map[string]error{"query": query, "exec": exec, "row": row, "run": tx.session.Run(ctx, []*Statement{st}),
		"commit": tx.session.Commit(ctx, []*Statement{st}), "import": tx.session.Import(ctx), "host": tx.session.Host(ctx, nil)}
}
