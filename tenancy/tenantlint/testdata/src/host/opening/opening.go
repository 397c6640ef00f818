package opening // want package:"."

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jmoiron/sqlx"
	"github.com/opsmatiq/erp/tenancy/postgres"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

const books = "postgres://books@localhost/books"

type address struct{ DSN string }

type config struct{ erp, crm address }

type server struct{ cfg config }

func variables(ctx context.Context, erpDSN, crmDSN string) {
	_ = postgres.Engine{DSN: erpDSN, ControlDSN: books, MigrateDSN: os.Getenv("OWNER")}
	_, _ = sql.Open("pgx", erpDSN) // want `database: Open opens erp's own database beside the store`
	_, _ = sql.Open("pgx", crmDSN)
	_, _ = pgxpool.New(ctx, erpDSN+"?pool_max_conns=4") // want `database: New opens erp's own database`
	_, _ = pgx.Connect(ctx, books)                      // want `database: Connect opens erp's own database`
	_, _ = pgx.Connect(ctx, "postgres://crm@localhost/books")
	_, _ = sqlx.Connect("pgx", os.Getenv("OWNER")) // want `database: Connect opens erp's own database`
	_, _ = sqlx.Connect("pgx", os.Getenv("CRM"))
	owner := os.Getenv("OWNER")
	_, _ = sql.Open("pgx", owner) // want `database: Open opens erp's own database`
	dsn := crmDSN
	if dsn == "" {
		dsn = erpDSN
	}
	_, _ = sql.Open("pgx", dsn) // want `database: Open opens erp's own database`
}

func (s *server) engine() postgres.Engine { return postgres.Engine{DSN: s.cfg.erp.DSN} }

func (srv *server) open() {
	_, _ = sql.Open("pgx", srv.cfg.erp.DSN) // want `database: Open opens erp's own database`
	_, _ = sql.Open("pgx", srv.cfg.crm.DSN)
}

func ofAnEngine(ctx context.Context, admin string) {
	var erp, crm address
	eng := postgres.Engine{HostRole: "crm"}
	eng.DSN = erp.DSN
	_, _ = sql.Open("pgx", eng.MigrateDSN) // want `database: Open opens erp's own database`
	_, _ = sql.Open("pgx", eng.HostRole)
	_, _ = sql.Open("pgx", erp.DSN) // want `database: Open opens erp's own database`
	_, _ = sql.Open("pgx", crm.DSN)
	_, _ = postgres.Install(ctx, admin, postgres.InstallOptions{})
	_, _ = sql.Open("pgx", admin) // want `database: Open opens erp's own database`
}

func literals() {
	erp, crm := address{DSN: os.Getenv("ERP")}, address{DSN: os.Getenv("CRM")}
	_ = postgres.Engine{DSN: erp.DSN}
	_, _ = sql.Open("pgx", crm.DSN)
}

func files(dir, tenant string) {
	eng := sqlite.Engine{Dir: dir}
	_ = sqlite.Engine{Dir: "./data"}
	_, _ = sql.Open("sqlite", filepath.Join(dir, "crm.db")) // a file of the host's own beside ours
	_, _ = sql.Open("sqlite", "./data/crm.db")
	_, _ = sql.Open("sqlite", "./elsewhere/control.db")
	_, _ = sql.Open("sqlite", filepath.Join(dir, "control.db"))       // want `database: Open opens erp's own database`
	_, _ = sql.Open("sqlite", "file:./data/control.db?mode=ro")       // want `database: Open opens erp's own database`
	_, _ = sql.Open("sqlite", filepath.Join(eng.Dir, "tenants", "x")) // want `database: Open opens erp's own database`
	path := filepath.Join(dir, "tenants", tenant+".db")
	_, _ = sql.Open("sqlite", "file:"+path) // want `database: Open opens erp's own database`
}
