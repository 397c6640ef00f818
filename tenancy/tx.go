package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy/date"
)

// Tx is one transaction in one tenant's database, for one goroutine. It is handed to the functions given to [DB.Tx],
// [DB.Read], [DB.DryRun] and [DB.Join], and ends with them.
type Tx struct {
	db        *DB
	store     Store // of the tenant's place
	scope     *scope
	session   Session
	owner     int64 // the goroutine that may use it
	now       time.Time
	readOnly  bool
	over      atomic.Bool // it has ended; the one field that others than the owner may look at
	inHost    bool
	streaming bool  // rows are being handed out; the connection is theirs
	joined    bool  // the transaction is the host's
	closed    bool  // the tenant is, so nothing is written but acts without a row
	wrote     bool  // rows, or the host has
	moved     int64 // see txMode
	doomed    error // the first failure within; the whole is undone
	sealer    bool  // the session is the sealer's
	despite   bool  // persons' restrictions do not hold here
	importing bool  // rows come and go as they are: nobody looks at them
	acts      []string
	events    []*Event
	reads     []*Event                // of models with RecordReads
	reported  []*Model                // of the report that is being read
	roots     map[aggregate]bool      // whose root was written
	parts     map[aggregate]bool      // of which a part was inserted, which the root's event must speak for
	derived   map[string]derivedWrite // derived rows written, by table
	memo      map[string]any
	after     []func(context.Context)
	changes   *Changes // of a dry run
	looks     []look   // announced and not on record yet; under a grant alone
	limits    *Limits  // nil: none
	guesses   *guesses // nil: it runs once only
	written   int      // rows so far
}

// aggregate is a root with its parts.
type aggregate struct {
	table string
	id    uuid.UUID
}

type txKey struct{}

func openTxOf(ctx context.Context) *Tx {
	tx, _ := ctx.Value(txKey{}).(*Tx)
	return tx
}

// owners are the transactions that goroutines have open, by goroutine. With it an outer context used inside a
// transaction is refused at once; it would otherwise wait for itself, or quietly be a second transaction.
var owners sync.Map

// Tx runs fn in a transaction of the scope's tenant and commits when fn returns nil. Called inside another, it joins it:
// several services compose into one act, and an error of an inner one undoes the whole even if the outer one swallows it.
//
// fn may run more than once (serialization failures and deadlocks are retried), so effects outside the database belong
// in [Tx.AfterCommit]. fn must use the context it is given, on its own goroutine. Errors: tenancy.no_scope and the other
// unscoped codes before any SQL is sent; tenancy.scope_mismatch, tenancy.outer_context, tenancy.other_goroutine,
// tenancy.tx_doomed, tenancy.unrecorded_write, tenancy.busy; and fn's own.
func (db *DB) Tx(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return db.run(ctx, "tenancy.Tx", txMode{}, fn)
}

// Read runs fn in a read-only transaction that sees one state of the database throughout. Inside another transaction it
// joins that. Errors: as [DB.Tx]'s; writes within give tenancy.read_only.
func (db *DB) Read(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return db.run(ctx, "tenancy.Read", txMode{readOnly: true}, fn)
}

// Join runs fn in a transaction that the host began on the same database (PostgreSQL only; elsewhere
// tenancy.join_unsupported). What fn does is committed or rolled back by the host. An error of fn undoes fn's part and
// leaves the host's usable; the host's role and tenant setting are as they were on every exit. There are no retries.
// Functions given to AfterCommit are refused: only the host knows when it commits.
func (db *DB) Join(ctx context.Context, host *sql.Tx, fn func(ctx context.Context, tx *Tx) error) error {
	if host == nil {
		return ErrBadInput.New("tenancy.Join", "the host's transaction is nil")
	}
	return db.run(ctx, "tenancy.Join", txMode{host: host}, fn)
}

// join runs an inner transaction inside the open one.
func (tx *Tx) join(ctx context.Context, op string, s *scope, mode txMode, fn func(context.Context, *Tx) error) error {
	if goroutineID() != tx.owner && !tx.over.Load() {
		return ErrOtherGoroutine.New(op, "")
	}
	switch {
	case tx.over.Load():
		return ErrTxEnded.New(op, "the context is of a transaction that has ended")
	case tx.scope != s:
		return ErrScopeMismatch.New(op, "")
	case mode.host != nil:
		return ErrScopeMismatch.New(op, "the host's transaction cannot be joined inside another")
	case mode.changes != nil:
		return ErrDryRunWithin.New(op, "")
	case mode.sealer || tx.sealer:
		return ErrScopeMismatch.New(op, "sealing is a transaction of its own")
	case tx.readOnly && !mode.readOnly:
		return ErrReadOnly.New(op, "")
	}
	if err := tx.usable(op); err != nil {
		return err
	}
	if err := fn(ctx, tx); err != nil {
		tx.doom(err)
		return err
	}
	return nil
}

// usable is checked by everything that touches the transaction.
func (tx *Tx) usable(op string) error {
	switch {
	case tx == nil || tx.over.Load():
		return ErrTxEnded.New(op, "")
	case goroutineID() != tx.owner:
		return ErrOtherGoroutine.New(op, "")
	case tx.inHost:
		return ErrInHost.New(op, "")
	case tx.streaming:
		return ErrStreaming.New(op, "")
	case tx.doomed != nil:
		return ErrTxDoomed.Wrap(op, tx.doomed, "")
	}
	return nil
}

func (tx *Tx) writable(op string) error {
	if err := tx.usable(op); err != nil {
		return err
	}
	switch {
	case tx.readOnly:
		return ErrReadOnly.New(op, "")
	case tx.closed:
		return ErrClosed.New(op, "")
	}
	return nil
}

func (tx *Tx) doom(err error) {
	if tx.doomed == nil {
		tx.doomed = err
	}
}

// failed turns the database's refusal into a fault and dooms the transaction.
func (tx *Tx) failed(op string, err error) error {
	if err == nil {
		return nil
	}
	err = tx.store.Fault(op, err)
	tx.doom(err)
	return err
}

// Now is the transaction's one instant, in UTC and whole microseconds.
func (tx *Tx) Now() time.Time { return tx.now }

// Today is the day it is in the tenant's time zone.
func (tx *Tx) Today() date.Date { return date.In(tx.now, tx.scope.zone) }

// Scope is for whom and by whom the transaction runs.
func (tx *Tx) Scope() Scope { return Scope{tx.scope} }

// Require refuses (tenancy.forbidden) a scope without the permission, unless an act that has been allowed is running:
// an act vouches for the acts it consists of.
func (tx *Tx) Require(act Permission) error {
	if len(tx.acts) > 0 || tx.scope.perms.Allow(act) {
		return nil
	}
	return ErrForbidden.New(string(act), "the scope lacks the permission %s", act)
}

// Guess tells an act whether it may rest on what it kept from earlier transactions, and leave it to the database to refuse what
// is not so ([Expect], keys, guards), instead of asking first. It says yes on the first attempt of a transaction that can be run
// again. If that one fails with a fault of the kinds invalid, not_found, conflict or locked, for whatever reason, it is run
// again, and Guess says no: what is refused is always refused by what is. Inside [DB.Join] it says no.
func (tx *Tx) Guess() bool {
	if tx.guesses == nil || tx.guesses.wrong {
		return false
	}
	tx.guesses.made = true
	return true
}

// AfterCommit has f run once, after the transaction is committed and not otherwise: never on a dry run, never on an
// attempt that is retried. Inside [DB.Join] it is refused with tenancy.join_unsupported.
func (tx *Tx) AfterCommit(f func(ctx context.Context)) {
	if tx.joined {
		tx.doom(ErrJoinUnsupported.New("tenancy.Tx.AfterCommit", "only the host knows when its transaction commits"))
		return
	}
	if err := tx.usable("tenancy.Tx.AfterCommit"); err != nil {
		panic(err) // there is no other way to say that f would never run
	}
	tx.after = append(tx.after, f)
}

// Host runs the host's own SQL in this transaction, under the host's role and without a tenant, so that it cannot read
// what is ours and both commit or neither. fn must not commit or roll back (tenancy.host_ended_tx). An error of fn undoes
// the whole. Under a break-glass grant it is refused (tenancy.grant_scope), and so is [DB.Join].
func (tx *Tx) Host(ctx context.Context, fn func(*sql.Tx) error) error {
	const op = "tenancy.Tx.Host"
	if err := tx.writable(op); err != nil {
		return err
	}
	if tx.scope.grant != nil {
		return ErrGrantScope.New(op, "nobody could say what the host's own SQL looks at")
	}
	tx.inHost, tx.wrote = true, true
	defer func() { tx.inHost = false }()
	var hosts error
	err := tx.session.Host(ctx, func(host *sql.Tx) error {
		hosts = fn(host)
		return hosts
	})
	if hosts != nil && errors.Is(err, hosts) { // the host gets its own error back as it is
		tx.doom(err)
		return err
	}
	return tx.failed(op, err)
}

// Act runs one act of a service in a transaction: it checks the scope, then the permission that the act is named after,
// and names the act in the audit events of what fn writes. Inside another act it joins that act's transaction and needs
// no permission of its own.
func Act[T any](ctx context.Context, db *DB, act Permission, fn func(ctx context.Context, tx *Tx) (T, error)) (T, error) {
	return perform(ctx, db, act, txMode{}, fn)
}

// View is [Act] for what only reads: in a read-only transaction, unless it joins one that writes.
func View[T any](ctx context.Context, db *DB, act Permission, fn func(ctx context.Context, tx *Tx) (T, error)) (T, error) {
	return perform(ctx, db, act, txMode{readOnly: true}, fn)
}

func perform[T any](ctx context.Context, db *DB, act Permission, mode txMode, fn func(context.Context, *Tx) (T, error)) (T, error) {
	var out, zero T
	err := db.run(ctx, string(act), mode, func(ctx context.Context, tx *Tx) error {
		if err := tx.Require(act); err != nil {
			return err
		}
		tx.acts = append(tx.acts, string(act))
		defer func() { tx.acts = tx.acts[:len(tx.acts)-1] }()
		var err error
		out, err = fn(ctx, tx)
		return err
	})
	if err != nil {
		return zero, err
	}
	return out, nil
}

// Memo keeps an answer for the rest of the transaction, so that settings that several acts need are read once.
func Memo[T any](tx *Tx, key string, load func() (T, error)) (T, error) {
	if v, ok := tx.memo[key].(T); ok {
		return v, nil
	}
	v, err := load()
	if err == nil {
		tx.memo[key] = v
	}
	return v, err
}

// Forget drops a [Memo] answer after what it says was changed.
func (tx *Tx) Forget(key string) { delete(tx.memo, key) }

// RecordAct leaves an audit event of the running act itself, for acts that write no row of their own, such as an export.
// Outside [Act] it is refused with tenancy.unrecorded_write: there would be nothing to name.
func (tx *Tx) RecordAct() error {
	const op = "tenancy.Tx.RecordAct"
	if err := tx.usable(op); err != nil {
		return err
	}
	if tx.readOnly {
		return ErrReadOnly.New(op, "")
	}
	if len(tx.acts) == 0 {
		return ErrUnrecorded.New(op, "no act is running")
	}
	tx.record("", "", "", uuid.Nil, "")
	return nil
}

// record adds an audit event to those that are written just before the commit.
func (tx *Tx) record(act Permission, verb Verb, table string, row uuid.UUID, columns string) {
	tx.recordAs(tx.actName(act), verb, table, row, columns)
}

// actName is what is being done, outermost first.
func (tx *Tx) actName(otherwise Permission) string {
	if len(tx.acts) == 0 {
		return string(otherwise)
	}
	return strings.Join(tx.acts, "/")
}

func (tx *Tx) recordAs(name string, verb Verb, table string, row uuid.UUID, columns string) {
	tx.keepEvent(tx.newEvent(name, verb, table, row, columns))
}

// keepEvent adds an event; background work that has not said so yet has entered with it.
func (tx *Tx) keepEvent(e *Event) {
	if len(tx.events) == 0 && tx.scope.quiet && !tx.scope.entered.Load() {
		tx.events = append(tx.events, tx.newEvent(string(actSystem), "", "", uuid.Nil, ""))
	}
	tx.events = append(tx.events, e)
}

func (tx *Tx) addEvent(name string, verb Verb, table string, row uuid.UUID, columns string) *Event {
	e := tx.newEvent(name, verb, table, row, columns)
	tx.events = append(tx.events, e)
	return e
}

func (tx *Tx) newEvent(name string, verb Verb, table string, row uuid.UUID, columns string) *Event {
	return &Event{Row: Row{TenantID: tx.scope.tenant}, OccurredAt: tx.now, Actor: tx.scope.actor,
		Act: name, Verb: string(verb), Model: table, RowID: row, Columns: columns}
}

// lastStatements are the audit events, after the check that every written part has its root's event. Events get their ids
// only here, so that an id is hardly older than its commit: the sealer looks for new events behind the newest that it knows.
func (tx *Tx) lastStatements(op string) ([]*Statement, error) {
	for part := range tx.parts {
		if !tx.roots[part] {
			return nil, ErrUnrecorded.New(op, "rows that are part of one of %s were written without it", part.table)
		}
	}
	tx.recordDerived()
	if !tx.readOnly && tx.changes == nil {
		for _, e := range tx.reads {
			tx.keepEvent(e)
		}
	}
	if len(tx.events) == 0 {
		return nil, nil
	}
	for _, e := range tx.events {
		e.ID = NewID()
	}
	st, err := tx.statement(op, VerbInsert, tx.db.registry.byTable["erp.audit_events"], rowsOf(tx.events), nil)
	if err != nil {
		return nil, err
	}
	return []*Statement{st}, nil
}

// heldScope checks what can be told without asking anyone.
func (db *DB) heldScope(ctx context.Context, op string) (*scope, error) {
	if ctx == nil {
		return nil, ErrNoScope.New(op, "")
	}
	s := ScopeOf(ctx).s
	switch {
	case s == nil || s.tenant == uuid.Nil && !s.platform:
		return nil, ErrNoScope.New(op, "")
	case s.platform:
		return nil, ErrNoScope.New(op, "platform staff have no tenant scope")
	case s.db != db:
		return nil, ErrScopeMismatch.New(op, "the scope was entered through another database")
	case !s.expires.IsZero() && !db.now().Before(s.expires):
		return nil, ErrScopeExpired.New(op, "")
	case s.grant != nil && !db.now().Before(s.grant.expires):
		return nil, ErrGrantEnded.New(op, "the grant has expired")
	}
	if err := ctx.Err(); err != nil {
		return nil, errors.Join(ErrDatabase.New(op, "the context is done"), err)
	}
	return s, nil
}
