package postgres // want package:"."

import (
	"context"
	"database/sql"

	"github.com/opsmatiq/erp/tenancy"
)

type Engine struct {
	DSN, ControlDSN, MigrateDSN string
	HostRole                    string
}

type InstallOptions struct{}

func Install(ctx context.Context, adminURL string, opts InstallOptions) (Engine, error) {
	return Engine{}, nil
}

func (Engine) Name() string { return "postgres" }

// The store itself is behind the door.
func (e Engine) Open(ctx context.Context) (tenancy.Store, error) {
	db, err := sql.Open("pgx", e.DSN)
	_, _ = db.ExecContext(ctx, "DELETE FROM erp.tenant_gates")
	return nil, err
}
