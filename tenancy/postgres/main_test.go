package postgres

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/pgtest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

type color string

type thing struct {
	tenancy.Row
	Code    string          `bun:"code" privacy:"none"`
	Color   color           `bun:"color,nullzero" privacy:"none"`
	Parent  uuid.UUID       `bun:"parent_id,nullzero"`
	Amount  int64           `bun:"amount_minor"`
	Flag    bool            `bun:"flag"`
	Day     date.Date       `bun:"day"`
	DueDay  date.Date       `bun:"due_day,nullzero"`
	At      time.Time       `bun:"at"`
	SeenAt  time.Time       `bun:"seen_at,nullzero"`
	Price   decimal.Decimal `bun:"price"`
	Rebate  decimal.Decimal `bun:"rebate"`
	Counted int64           `bun:"counted,nullzero"`
}

type tally struct {
	tenancy.Owned
	ThingID uuid.UUID `bun:"thing_id,pk"`
	Year    int64     `bun:"year,pk"`
	Total   int64     `bun:"total"`
}

type record struct {
	tenancy.Row
	Note string `bun:"note" privacy:"free-text,keep"`
}

type recordText struct {
	tenancy.Owned
	RecordID uuid.UUID `bun:"record_id,pk"`
	Name     string    `bun:"name" privacy:"identity,pseudonymise"`
}

type rate struct {
	tenancy.Row
	Percent decimal.Decimal `bun:"percent"`
}

type mark struct {
	tenancy.Owned
	Seq     int64     `bun:"seq,pk"`
	EventID uuid.UUID `bun:"event_id"`
}

type ticket struct {
	tenancy.Row
	Number string `bun:"number" privacy:"none"`
}

var (
	things      = tenancy.Define[thing](tenancy.Spec{Table: "testmod.things", Class: tenancy.Master})
	tallies     = tenancy.Define[tally](tenancy.Spec{Table: "testmod.tallies", Class: tenancy.Book, Derived: true})
	records     = tenancy.Define[record](tenancy.Spec{Table: "testmod.records", Class: tenancy.Book, Writes: tenancy.AppendOnly})
	recordTexts = tenancy.Define[recordText](tenancy.Spec{Table: "testmod.record_texts", Class: tenancy.Voucher, Writes: tenancy.Companion, PartOf: "testmod.records"})
	rates       = tenancy.Define[rate](tenancy.Spec{Table: "testmod.rates", Class: tenancy.Settings, Writes: tenancy.ReadOnly})
	marks       = tenancy.Define[mark](tenancy.Spec{Table: "testmod.marks", Class: tenancy.Log, Writes: tenancy.AppendOnly, Derived: true, System: true, BySealer: true})
	tickets     = tenancy.Define[ticket](tenancy.Spec{Table: "erp.tickets", Class: tenancy.Voucher, Writes: tenancy.Keep})
)

const testTables = `-- +goose Up
CREATE SCHEMA testmod;
CREATE TABLE testmod.things (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    color TEXT,
    parent_id UUID,
    amount_minor BIGINT NOT NULL,
    flag BOOLEAN NOT NULL,
    day DATE NOT NULL,
    due_day DATE,
    at TIMESTAMPTZ NOT NULL,
    seen_at TIMESTAMPTZ,
    price decimal_text NOT NULL,
    rebate decimal_text NOT NULL,
    counted BIGINT,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT testmod_things_code UNIQUE (tenant_id, code),
    CONSTRAINT testmod_things_parent FOREIGN KEY (tenant_id, parent_id) REFERENCES testmod.things (tenant_id, id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT testmod_things_amount CHECK (amount_minor >= 0)
);
CREATE TABLE testmod.tallies (tenant_id UUID NOT NULL, thing_id UUID NOT NULL, year BIGINT NOT NULL, total BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, thing_id, year));
CREATE TABLE testmod.records (tenant_id UUID NOT NULL, id UUID NOT NULL, note TEXT NOT NULL, PRIMARY KEY (tenant_id, id));
CREATE TABLE testmod.record_texts (tenant_id UUID NOT NULL, record_id UUID NOT NULL, name TEXT NOT NULL, PRIMARY KEY (tenant_id, record_id));
CREATE TABLE testmod.rates (tenant_id UUID NOT NULL, id UUID NOT NULL, percent decimal_text NOT NULL, PRIMARY KEY (tenant_id, id));
CREATE TABLE testmod.marks (tenant_id UUID NOT NULL, seq BIGINT NOT NULL, event_id UUID NOT NULL, PRIMARY KEY (tenant_id, seq),
    CONSTRAINT testmod_marks_event FOREIGN KEY (tenant_id, event_id) REFERENCES erp.audit_events (tenant_id, id));
CREATE TABLE erp.tickets (tenant_id UUID NOT NULL, id UUID NOT NULL, number TEXT NOT NULL, PRIMARY KEY (tenant_id, id));
`

// testGuard is what a domain's own guard looks like.
const testGuard = `-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION erp.guard_things() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.code = 'forbidden' THEN
        RAISE EXCEPTION 'erp/locked/tenancy.append_only/the code % is not for use', NEW.code;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER testmod_things_guard BEFORE INSERT ON testmod.things FOR EACH ROW EXECUTE FUNCTION erp.guard_things();
`

func testModule() tenancy.Module {
	return tenancy.Module{
		Name:   "testmod",
		Models: []*tenancy.Model{things, tallies, records, recordTexts, rates, marks, tickets},
		Migrations: fstest.MapFS{
			"50000_testmod.sql":                {Data: []byte(testTables)},
			"50001_testmod_guard.postgres.sql": {Data: []byte(testGuard)},
			"50001_testmod_guard.sqlite.sql":   {Data: []byte("-- +goose Up\nSELECT nothing of this;")},
		},
	}
}

// capture is an engine that only remembers the registry: tenancy's own module is in it.
type capture struct{ reg *tenancy.Registry }

var errCaptured = errors.New("captured")

func (*capture) Name() string { return "capture" }

func (c *capture) Open(_ context.Context, reg *tenancy.Registry, _ tenancy.EngineOptions) (tenancy.Store, error) {
	c.reg = reg
	return nil, errCaptured
}

func registry(t testing.TB, modules ...tenancy.Module) *tenancy.Registry {
	t.Helper()
	c := &capture{}
	_, err := tenancy.Open(context.Background(), c, tenancy.Options{Modules: modules})
	require.ErrorIs(t, err, errCaptured)
	return c.reg
}

// fixture is an installed and migrated database with an opened store.
type fixture struct {
	url   string // as superuser
	eng   Engine
	reg   *tenancy.Registry
	store *store
	sent  *sentLog
	roles []string // to be dropped after the database
}

// sentLog gathers what a store says it sends.
type sentLog struct {
	mu  sync.Mutex
	all []tenancy.Sent
}

func (l *sentLog) add(s tenancy.Sent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, s)
}

func (l *sentLog) take() (verbs []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.all {
		v := s.Verb
		if s.Table != "" {
			v += " " + s.Table
		}
		verbs = append(verbs, v)
	}
	l.all = nil
	return verbs
}

func newFixture(t testing.TB, change ...func(*Engine)) *fixture {
	t.Helper()
	ctx := t.Context()
	f := &fixture{reg: registry(t, testModule()), sent: &sentLog{}}
	f.newDatabase(t)
	var err error
	f.eng, err = Install(ctx, f.url, InstallOptions{})
	require.NoError(t, err)
	for _, c := range change {
		c(&f.eng)
	}
	f.store = f.open(t, true)
	return f
}

// newDatabase makes an empty one; what roles the test makes go after it.
func (f *fixture) newDatabase(t testing.TB) {
	t.Helper()
	server := pgtest.Start(t)
	t.Cleanup(func() { // runs after that of NewDatabase
		db, err := sql.Open("pgx", server.URL("postgres"))
		require.NoError(t, err)
		defer func() { _ = db.Close() }()
		for _, r := range f.roles {
			_, err := db.ExecContext(context.Background(), "DROP ROLE IF EXISTS "+quote(r))
			require.NoError(t, err)
		}
	})
	f.url = server.NewDatabase(t)
	u, err := url.Parse(f.url)
	require.NoError(t, err)
	app, control := loginNames(u.Path[1:])
	f.roles = append(f.roles, app, control, sealLogin(u.Path[1:]))
}

func (f *fixture) open(t testing.TB, migrate bool) *store {
	t.Helper()
	opened, err := f.eng.Open(t.Context(), f.reg, tenancy.EngineOptions{Migrate: migrate, OnStatement: f.sent.add})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	return opened.(*store)
}

// admin is a connection as the superuser that owns the tables.
func (f *fixture) admin(t testing.TB) *sql.DB { return f.connect(t, f.url) }

func (f *fixture) connect(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func (f *fixture) exec(t testing.TB, statements ...string) {
	t.Helper()
	db := f.admin(t)
	for _, s := range statements {
		_, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err, s)
	}
}

// tenant makes a tenant with an open gate.
func (f *fixture) tenant(t testing.TB) uuid.UUID {
	t.Helper()
	id := tenancy.NewID()
	require.NoError(t, f.store.Provision(t.Context(), id, tenancy.GateActive))
	return id
}

// token signs a tenant for the transaction that is open on q, as the program does.
func (f *fixture) token(t testing.TB, q querier, tenant uuid.UUID) string {
	t.Helper()
	key, err := f.store.keys.get(t.Context())
	require.NoError(t, err)
	var at backend
	require.NoError(t, q.QueryRowContext(t.Context(), askBackend).Scan(&at.pid, &at.now))
	return key.token(&scope{tenant: tenant}, at)
}

func (f *fixture) session(t testing.TB, tenant uuid.UUID, readOnly bool) *session {
	t.Helper()
	s, err := f.store.Session(t.Context(), tenancy.SessionOptions{Tenant: tenant, ReadOnly: readOnly})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Rollback(context.Background()) })
	return s.(*session)
}
