package postgres

import (
	"context"

	"github.com/opsmatiq/erp/tenancy"
)

// Engine holds tenants in one PostgreSQL database. Fill it in by hand, or let [Install] do so.
type Engine struct {
	// DSN is the scoped login: NOINHERIT, a member of erp_app and of nothing else (but HostRole), owner of nothing.
	DSN string
	// ControlDSN is a login that is a member of erp_control. It must lead to the same database as DSN.
	ControlDSN string
	// SealDSN is the sealer's login: NOINHERIT, a member of erp_sealer and of nothing else. It must lead to the same database
	// as DSN. Needed where models are BySealer, as package audit's are.
	SealDSN string
	// MigrateDSN is the owner of the schemas. Needed with tenancy.Options.Migrate, unused otherwise.
	MigrateDSN string

	// HostRole is the role under which Tx.Host runs the host's SQL; the scoped login must be a member of it. "" means the
	// scoped login's own, with whatever the host granted to that.
	HostRole string
	// AllowPrivilegedLogin accepts a scoped login that is superuser, owns tables or can become other roles. The walls in
	// the database then hold against mistakes, not against injected SQL: RESET ROLE goes round them.
	AllowPrivilegedLogin bool
	// PolicyWithoutSubselect writes the policies as Citus can take them: current_setting() without a sub-select. An insert
	// of many rows then costs more, for it is evaluated once per row. The tenant is then not signed, for Citus's workers have
	// process ids of their own: who can run SQL of his own in a tenant's transaction can set another tenant there.
	PolicyWithoutSubselect bool
	// Unprepared sends every statement unnamed, for PgBouncer in transaction mode without max_prepared_statements.
	Unprepared bool
	// Pooler says that a pooler in transaction mode, such as PgBouncer, stands between us and the server, so that each
	// transaction may have another backend. A tenant is signed for one backend: which one it is costs each transaction a trip
	// more. Without it, behind a pooler, Open refuses (postgres.configuration).
	Pooler bool
	// MaxConns bounds the scoped pool, and with it the transactions that run at once. Default 10, at most 1,000. The
	// control pool has up to 4 connections besides, the sealer's up to 2.
	MaxConns int
}

// The roles, which belong to the whole cluster; what they may do is said in each database.
const (
	appRole     = "erp_app"
	controlRole = "erp_control"
	sealerRole  = "erp_sealer"
)

const (
	defaultMaxConns = 10
	greatestConns   = 1000
	controlConns    = 4
	sealerConns     = 2
	sharedPlacement = "postgres:shared"
)

// Name implements tenancy.Engine.
func (Engine) Name() string { return "postgres" }

// Open implements tenancy.Engine. Errors: postgres.configuration, postgres.connect, postgres.not_installed,
// postgres.other_database, postgres.migration, tenancy.schema_version, tenancy.privileged_login, tenancy.catalogue.
func (e Engine) Open(ctx context.Context, reg *tenancy.Registry, opt tenancy.EngineOptions) (tenancy.Store, error) {
	const op = "postgres.Open"
	if e.MaxConns < 0 || e.MaxConns > greatestConns {
		return nil, ErrConfiguration.New(op, "MaxConns is %d, but must be between 0 (the default) and %d", e.MaxConns, greatestConns)
	}
	if e.MaxConns == 0 {
		e.MaxConns = defaultMaxConns
	}
	scoped, err := parseDSN("Engine.DSN", e.DSN)
	if err != nil {
		return nil, err
	}
	control, err := parseDSN("Engine.ControlDSN", e.ControlDSN)
	if err != nil {
		return nil, err
	}
	sealer, err := e.sealer(reg)
	if err != nil {
		return nil, err
	}
	line, err := newLine(reg)
	if err != nil {
		return nil, err
	}
	walls := newWalls(reg, e.PolicyWithoutSubselect)
	if opt.Migrate {
		if err := migrate(ctx, e.MigrateDSN, line, walls); err != nil {
			return nil, err
		}
	}
	s := newStore(e, scoped, control, sealer, reg, opt)
	if err := s.check(ctx, e, scoped, sealer, line, walls); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}
