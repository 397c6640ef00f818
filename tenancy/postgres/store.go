package postgres

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/schema"

	"github.com/opsmatiq/erp/tenancy"
)

// store is an opened engine: pools on one database.
type store struct {
	scoped   *bun.DB
	control  *bun.DB
	conns    int      // of the scoped pool, at most
	keys     *keyring // nil: the policies are not signed
	sealer   *bun.DB  // nil where nothing is sealed
	hostRole string
	observe  func(tenancy.Sent)
	tables   []string // the models', "schema.name"
	pools    []pool   // for looking at their connections

	mu sync.Mutex
	at identity // where the pools lead; guarded by mu
}

// idleFor is how long a connection may wait for work before it is closed.
const idleFor = 5 * time.Minute

func newStore(e Engine, scoped, control, sealer *pgx.ConnConfig, reg *tenancy.Registry, opt tenancy.EngineOptions) *store {
	// Control texts are short, few and bun's: simple mode keeps nothing of them.
	control.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	s := &store{conns: e.MaxConns, hostRole: e.HostRole, observe: opt.OnStatement, control: bun.NewDB(sql.OpenDB(stdlib.GetConnector(*control)), pgdialect.New())}
	if !e.PolicyWithoutSubselect {
		s.keys = &keyring{read: s.readKey}
	}
	s.scoped = bun.NewDB(sql.OpenDB(newConnector(scoped, e, s.keys)), pgdialect.New())
	for _, m := range reg.Models {
		s.tables = append(s.tables, m.Table)
	}
	limit(s.scoped.DB, e.MaxConns)
	limit(s.control.DB, controlConns)
	s.pools = []pool{{"tenants", s.scoped.DB, scoped}, {"control", s.control.DB, control}}
	if sealer != nil {
		s.sealer = bun.NewDB(sql.OpenDB(newConnector(sealer, e, s.keys)), pgdialect.New())
		limit(s.sealer.DB, sealerConns)
		s.pools = append(s.pools, pool{"sealer", s.sealer.DB, sealer})
	}
	return s
}

func limit(db *sql.DB, conns int) {
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxIdleTime(idleFor)
}

// Control implements tenancy.Store.
func (s *store) Control() *bun.DB { return s.control }

// Sessions implements tenancy.Store.
func (s *store) Sessions() int { return s.conns }

// Dialect implements tenancy.Store.
func (s *store) Dialect() schema.Dialect { return s.scoped.Dialect() }

// TableName implements tenancy.Store.
func (s *store) TableName(table string) string { return quoteTable(table) }

// Placement implements tenancy.Store.
func (s *store) Placement() string { return sharedPlacement }

// Close implements tenancy.Store.
func (s *store) Close() error {
	err := errors.Join(s.scoped.Close(), s.control.Close())
	if s.sealer != nil {
		err = errors.Join(err, s.sealer.Close())
	}
	return err
}

// Provision implements tenancy.Store: the tenant is given a gate, unless it has one.
func (s *store) Provision(ctx context.Context, tenant uuid.UUID, gate tenancy.Gate) error {
	const op = "postgres.Provision"
	_, err := s.control.DB.ExecContext(ctx, `SELECT erp.set_gate($1::uuid, $2, 0) WHERE erp.gate_state($1::uuid) IS NULL`, tenant.String(), string(gate))
	return asFault(op, err)
}

// identity tells one running database from all others, copies of it included.
type identity struct {
	started  string // the server's, to the microsecond
	database string // its oid
	name     string
}

const identityColumns = `extract(epoch FROM pg_catalog.pg_postmaster_start_time())::text,
	(SELECT d.oid::text FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()), pg_catalog.current_database()::text`

func (s *store) identify(ctx context.Context) (at identity, err error) {
	err = s.control.DB.QueryRowContext(ctx, "SELECT "+identityColumns).Scan(&at.started, &at.database, &at.name)
	return at, err
}

// sameDatabase holds a host's connection against ours. What is remembered may be of before a restart, so a difference is
// looked at once more.
func (s *store) sameDatabase(ctx context.Context, theirs identity) error {
	s.mu.Lock()
	ours := s.at
	s.mu.Unlock()
	if ours == theirs {
		return nil
	}
	ours, err := s.identify(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.at = ours
	s.mu.Unlock()
	if ours != theirs {
		return ErrOtherDatabase.New("postgres.Join", "the host's transaction is in another database (%s) than the tenants' (%s)", theirs.name, ours.name)
	}
	return nil
}

// Same implements tenancy.Store.
func (s *store) Same(ctx context.Context, other tenancy.Store) (bool, error) {
	o, ok := other.(*store)
	if !ok {
		return false, nil
	}
	ours, err := s.identify(ctx)
	if err != nil {
		return false, asFault("postgres.Same", err)
	}
	theirs, err := o.identify(ctx)
	return ours == theirs, asFault("postgres.Same", err)
}

// Strays implements tenancy.Store. The host's tables are the database's here, not the tenant's.
func (*store) Strays(context.Context, uuid.UUID) ([]string, error) { return nil, nil }
