package tenancy_test

import (
	"context"
	"database/sql"

	"github.com/opsmatiq/erp/tenancy"
)

// The host begins a transaction on its own pool (the same PostgreSQL database, under a login that is a member of erp_app)
// and asks erp to take part. The host commits or rolls back; both parts follow.
func ExampleDB_Join() {
	signUp := func(ctx context.Context, pool *sql.DB, erp *tenancy.DB, name string) error {
		tx, err := pool.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		if _, err := tx.ExecContext(ctx, "INSERT INTO app.sign_ups (name) VALUES ($1)", name); err != nil {
			return err
		}
		err = erp.Join(ctx, tx, func(ctx context.Context, etx *tenancy.Tx) error {
			return tenancy.Insert(ctx, etx, &Author{Name: name})
		})
		if err != nil {
			return err // erp's part is undone; the host's transaction is still usable, and here it is given up
		}
		return tx.Commit()
	}
	_ = signUp
}
