package tenancy

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// Engine is a database product that can hold tenants: postgres.Engine or sqlite.Engine; or several, as [Placements]. A host
// makes one and hands it to [Open]; nothing else uses it.
type Engine interface {
	// Name is "postgres" or "sqlite".
	Name() string
	// Open connects, migrates when asked, and holds the live catalogue against the registry: anything missing or extra is
	// refused and named.
	Open(ctx context.Context, reg *Registry, opt EngineOptions) (Store, error)
}

// EngineOptions is what Open passes on to an engine.
type EngineOptions struct {
	// Migrate brings the schema up to date first. Without it an old schema is refused.
	Migrate bool
	// OnStatement, when set, is told of every statement of a scoped transaction before it is sent, including BEGIN and
	// COMMIT. It never sees values.
	OnStatement func(Sent)
}

// Sent describes a statement about to be sent: what it does and to which table. It never carries values.
type Sent struct {
	Verb  string // "begin", "select", "insert", "update", "delete", "report", "commit", ...
	Table string // "" when it is about none, or several
}

// Store is an opened engine.
type Store interface {
	// Control is the control database, under a login of its own.
	Control() *bun.DB
	// Sessions is how many sessions it has room for at once, for all its tenants together; 0: each tenant has its own.
	Sessions() int
	// Dialect gives SQL forms.
	Dialect() schema.Dialect
	// TableName is the quoted SQL name of "schema.name" on this engine.
	TableName(table string) string
	// Placement is the name of this store where the program has no other.
	Placement() string
	// Same reports whether another store is of the very same database, by whatever address and login.
	Same(ctx context.Context, other Store) (bool, error)
	// Provision makes room for a tenant, a file or its gate row, with its gate at 'active' or 'importing'.
	// Idempotent: what is there stays as it is.
	Provision(ctx context.Context, tenant uuid.UUID, gate Gate) error
	// Gate is the state of the tenant's gate; "" when it has none.
	Gate(ctx context.Context, tenant uuid.UUID) (Gate, error)
	// MoveGate moves the tenant's gate to 'active', 'closed' or 'moving'. When it returns, no transaction that found the gate open can
	// commit any more: whoever was about to is waited for, at most 20 s (tenancy.busy). turn is the number of the decision: one
	// that was overtaken by a later one changes nothing, without an error. Idempotent. The database refuses moves that are
	// out of order (tenancy.tenant_state), such as opening a gate that is 'purging'.
	MoveGate(ctx context.Context, tenant uuid.UUID, to Gate, turn int64) error
	// Purge moves a gate that is 'closed', 'moving' or 'importing' to 'purging', deletes the tenant's rows of the models in their order,
	// which is such that nothing points to what goes, and then the gate; or the file. It may be cut short and run again.
	Purge(ctx context.Context, tenant uuid.UUID, models []*Model) error
	// Scrub leaves nothing in the tenant's files of what was deleted or overwritten before; ScrubControl of the control database's. On PostgreSQL
	// they do nothing: that is for the server and its administrators.
	Scrub(ctx context.Context, tenant uuid.UUID) error
	ScrubControl(ctx context.Context) error
	// PutGrant makes a break-glass grant known to the database, so that it checks for itself that the grant stands whenever a
	// session names it. Putting it again changes nothing; with another tenant or expiry it is refused (tenancy.duplicate), after
	// EndGrant as well (tenancy.grant_ended). SQLite has nothing to do here: its wall is the file, and Go looks at the grant.
	PutGrant(ctx context.Context, g StoredGrant) error
	// EndGrant has the database refuse every further statement under the grant (tenancy.grant_ended), in transactions that are
	// open as well. Idempotent; a grant that was never put is ended beforehand. SQLite has nothing to do here.
	EndGrant(ctx context.Context, id uuid.UUID) error
	// Strays are the tables beside the models' that would go with the tenant's place and that nobody registered: those that a
	// host has made in the tenant's file.
	Strays(ctx context.Context, tenant uuid.UUID) ([]string, error)
	// References are the foreign keys between the models' tables, as the live catalogue has them.
	References(ctx context.Context) ([]TableReference, error)
	// Links are the connections that the store talks to its database by, looked at now: one for each of its logins.
	Links(ctx context.Context) ([]Link, error)
	// Session takes a connection to the tenant's database for one transaction. Nothing is sent before the first
	// statement.
	Session(ctx context.Context, on SessionOptions) (Session, error)
	// Join wraps a transaction that the host began. Engines that cannot refuse with ErrJoinUnsupported.
	Join(ctx context.Context, on SessionOptions, host *sql.Tx) (Session, error)
	// Fault turns a driver's error into a *fault.Error where it means something to a caller.
	Fault(op string, err error) error
	// Retryable reports a serialization failure or deadlock: the whole transaction may run again.
	Retryable(err error) bool
	Close() error
}

// Gate is a tenant's state as its own database knows it. The doors past immutability check it, and so does every audit event:
// without a gate that is open for it, none is written, and what it would have told of is undone (tenancy.closed).
type Gate string

// The states of a gate. It goes from importing to active or closed, between active, closed and moving, and from closed, moving or
// importing to purging.
const (
	GateActive    Gate = "active"
	GateImporting Gate = "importing" // history may be written into locked periods; nobody enters
	GateClosed    Gate = "closed"    // rows may be read; of events, those of reads and of acts without a row are written, and those of duties
	GateMoving    Gate = "moving"    // a copy is being made elsewhere, or is in use there: nothing is written
	GatePurging   Gate = "purging"   // what is recorded may be deleted; nobody enters
)

// TableReference is a foreign key from one table to another, both "schema.name". Columns and Targets correspond and begin
// with tenant_id.
type TableReference struct {
	From, To         string
	Columns, Targets []string
}

// SessionOptions is what a session is bound to.
type SessionOptions struct {
	Tenant uuid.UUID
	// ReadOnly: one snapshot throughout; writes are refused. Under a Grant each statement sees its own snapshot, for else a
	// revocation could not be seen before the end.
	ReadOnly bool
	// Grant is the break-glass grant that the session works under: see Store.PutGrant. Zero: none.
	Grant uuid.UUID
	// StatementTimeout bounds each statement (tenancy.exhausted) but those whose rows are streamed; see Unhurried. Zero: no bound.
	StatementTimeout time.Duration
	// Sealer asks for the sealer's own session, which reads audit events and writes models that are BySealer, and nothing
	// else. On PostgreSQL it has a login and a role of its own; SQLite has no roles, so there it is a session like any other.
	Sealer bool
	// Duty has the gate let what is written pass while it is 'closed', and in no other state but those in which everybody's passes: see [Job].Duty.
	// On PostgreSQL the tenant's signature covers it.
	Duty bool
}

type unhurriedKey struct{}

func unhurried(ctx context.Context) context.Context {
	return context.WithValue(ctx, unhurriedKey{}, true)
}

// Unhurried reports that the context is of a query whose rows are streamed: how long that takes is up to who reads them. Engines
// ask.
func Unhurried(ctx context.Context) bool { return ctx.Value(unhurriedKey{}) != nil }

// StoredGrant is what the database needs to know of a break-glass grant.
type StoredGrant struct {
	ID       uuid.UUID
	TenantID uuid.UUID
	// ExpiresAt is when it ends by itself, by the database server's clock.
	ExpiresAt time.Time
}

// Session is one transaction on one connection, scoped to one tenant. It is used by one goroutine.
type Session interface {
	// DB and Conn are what bun's queries are built with and sent through; a query sent through Conn begins the
	// transaction first, if nothing has.
	DB() *bun.DB
	Conn() bun.IConn
	// Run sends statements in order, in one round trip where the engine can, and stops at the first error.
	Run(ctx context.Context, statements []*Statement) error
	// Hold is Run for inserts and accruals that may wait: an engine for which a trip to the database costs something sends them
	// in front of what it sends next, at the latest of the commit, with the values that the rows have now. A refusal comes
	// there, and Affected is not set.
	Hold(ctx context.Context, statements []*Statement) error
	// Commit sends the last statements and commits. A session that sent nothing and has nothing to send commits nothing.
	Commit(ctx context.Context, statements []*Statement) error
	// Rollback ends the transaction (for Join: goes back to the savepoint and restores the host's role and tenant). It is
	// safe to call after Commit and more than once.
	Rollback(ctx context.Context) error
	// Import begins the transaction for a tenant's whole history: the database holds the tenant's gate at 'importing' until
	// the end, or refuses (tenancy.tenant_state), and leaves references that may wait to be checked at the commit.
	Import(ctx context.Context) error
	// Alone begins the transaction and keeps every other writer of the tenant out until the end: for what is looked for, and
	// written when it is not there.
	Alone(ctx context.Context) error
	// Host runs fn with the transaction under the host's role and without a tenant, and restores both on every exit.
	// The *sql.Tx must not be committed or rolled back by fn: that is refused and the session must then be rolled back.
	Host(ctx context.Context, fn func(*sql.Tx) error) error
}

// Clock is the source of "now". What it says is cut to whole microseconds in UTC, which is what both engines keep.
type Clock = func() time.Time

func systemClock() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
