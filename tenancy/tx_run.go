package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/opsmatiq/erp/tenancy/fault"
)

// guesses are what the attempts of one transaction know of each other: see [Tx.Guess].
type guesses struct{ made, wrong bool }

// blame reports that an attempt may have failed because it guessed.
func (g *guesses) blame(err error) bool {
	if g == nil || !g.made || g.wrong {
		return false
	}
	for _, kind := range []fault.Kind{fault.Invalid, fault.NotFound, fault.Conflict, fault.Locked} {
		if errors.Is(err, kind) {
			g.wrong = true
			return true
		}
	}
	return false
}

type txMode struct {
	readOnly  bool
	changes   *Changes
	host      *sql.Tx // Join
	closed    bool    // the tenant is closed: who is let in reads
	platform  bool    // the platform's own work on a tenant, in whatever state
	sealer    bool    // see Sealing
	importing bool
	limits    *Limits // nil: none
	guesses   *guesses
	moved     int64 // how often the tenant had moved when it was asked where it is
}

// maxAttempts bounds how often a transaction runs when it meets serialization failures or deadlocks.
const maxAttempts = 8

func (db *DB) run(ctx context.Context, op string, mode txMode, fn func(context.Context, *Tx) error) error {
	s, err := db.heldScope(ctx, op)
	if err != nil {
		return err
	}
	if s.grant != nil {
		if mode.host != nil {
			return ErrGrantScope.New(op, "nobody could say what a host's own transaction looks at")
		}
		mode.readOnly = mode.readOnly || s.grant.withheld
	}
	if tx := openTxOf(ctx); tx != nil {
		return tx.join(ctx, op, s, mode, fn)
	}
	if s.grant != nil {
		defer db.Grants().markAfter(ctx, op, s.grant.id)
	}
	owner := goroutineID()
	if _, busy := owners.Load(owner); busy {
		return ErrOuterContext.New(op, "")
	}
	info, err := db.directory.usable(ctx, op, s.tenant, s)
	if err != nil {
		return err
	}
	mode.closed, mode.moved = info.closed && !s.duty, info.moved
	place, err := db.at(op, info.placement)
	if err != nil {
		return err
	}
	mode.limits = &info.limits
	return db.attempt(ctx, op, s, place, owner, mode, fn)
}

// attempt runs a transaction until it is not in another's way. What was read in it is on record before it returns, whatever
// way that is.
func (db *DB) attempt(ctx context.Context, op string, s *scope, at *place, owner int64, mode txMode, fn func(context.Context, *Tx) error) (err error) {
	var reads []*Event
	defer func() { err = db.recordReads(ctx, op, s, at, owner, mode.moved, reads, err) }()
	after, err := db.retry(ctx, op, s, at, owner, mode, &reads, fn)
	if err != nil {
		return err
	}
	pending := reads
	reads = nil
	if err := db.recordReads(ctx, op, s, at, owner, mode.moved, pending, nil); err != nil {
		return err
	}
	for _, f := range after {
		f(ctx)
	}
	return nil
}

func (db *DB) retry(ctx context.Context, op string, s *scope, at *place, owner int64, mode txMode, reads *[]*Event, fn func(context.Context, *Tx) error) ([]func(context.Context), error) {
	if mode.host == nil {
		mode.guesses = new(guesses)
	}
	for attempt := 1; ; attempt++ {
		after, err := db.once(ctx, op, s, at, owner, mode, reads, fn)
		if err != nil && mode.guesses.blame(err) {
			continue
		}
		if errors.Is(err, ErrClosed) {
			db.directory.forget(s.tenant) // another process has closed it
		}
		if err == nil || mode.host != nil || !at.store.Retryable(err) {
			return after, err
		}
		if attempt == maxAttempts {
			return nil, ErrBusy.Wrap(op, err, "")
		}
		if err := pause(ctx, attempt); err != nil {
			return nil, err
		}
	}
}

// pause waits a little longer after each attempt, and unevenly, so that two rivals do not meet again.
func pause(ctx context.Context, attempt int) error {
	t := time.NewTimer(time.Duration(rand.Int64N(int64(time.Millisecond) << attempt))) //nolint:gosec // jitter is no secret
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// once runs one attempt. Whatever way it is left, panics included, the session ends clean, and reads are the events of reading
// that are still to be written.
func (db *DB) once(ctx context.Context, op string, s *scope, at *place, owner int64, mode txMode, reads *[]*Event, fn func(context.Context, *Tx) error) (_ []func(context.Context), err error) {
	if mode.limits != nil && mode.host == nil {
		giveBack, err := db.turns.take(ctx, op, s.tenant, *mode.limits, mode.limits.transactions(at.store.Sessions()))
		if err != nil {
			return nil, at.store.Fault(op, err)
		}
		defer giveBack()
	}
	session, err := newSession(ctx, s, at.store, mode)
	if err != nil {
		return nil, at.store.Fault(op, err)
	}
	tx := &Tx{db: db, store: at.store, scope: s, session: session, owner: owner, now: s.now(), readOnly: mode.readOnly, changes: mode.changes, guesses: mode.guesses, joined: mode.host != nil, limits: mode.limits,
		closed: mode.closed, moved: mode.moved, sealer: mode.sealer, importing: mode.importing, roots: map[aggregate]bool{}, parts: map[aggregate]bool{}, derived: map[string]derivedWrite{}, memo: map[string]any{}}
	if s.grant != nil {
		tx.session = &watched{session, tx}
	}
	owners.Store(owner, tx)
	committed := false
	defer func() {
		tx.over.Store(true)
		owners.Delete(owner)
		if *reads = nil; !committed || tx.readOnly {
			*reads = tx.reads
		}
		if !committed {
			if back := session.Rollback(context.WithoutCancel(ctx)); back != nil && err == nil {
				err = at.store.Fault(op, back)
			}
		}
	}()
	if err := fn(context.WithValue(ctx, txKey{}, tx), tx); err != nil {
		return nil, err
	}
	if tx.doomed != nil {
		return nil, ErrTxDoomed.Wrap(op, tx.doomed, "an act within the transaction failed, so the whole is undone: %v", tx.doomed)
	}
	if !mode.platform {
		if err := db.directory.stayed(ctx, op, tx); err != nil {
			return nil, err
		}
	}
	last, err := tx.lastStatements(op)
	if err != nil {
		return nil, err
	}
	if mode.changes != nil { // a dry run goes as far as the database's own refusals, and no further
		return nil, at.store.Fault(op, session.Run(ctx, last))
	}
	if !mode.readOnly && !mode.platform { // suspended meanwhile?
		if err := db.directory.still(ctx, op, tx); err != nil {
			return nil, err
		}
	}
	commit := func() error { return at.store.Fault(op, session.Commit(ctx, last)) }
	if s.grant != nil {
		err = db.Grants().commit(ctx, op, s.grant.id, commit)
	} else {
		err = commit()
	}
	if err != nil {
		return nil, err
	}
	committed = true
	if len(tx.events) > 0 {
		s.entered.Store(true)
	}
	return tx.after, nil
}

func newSession(ctx context.Context, s *scope, store Store, mode txMode) (Session, error) {
	on := SessionOptions{Tenant: s.tenant, ReadOnly: mode.readOnly, Sealer: mode.sealer, Duty: s.duty}
	if s.grant != nil {
		on.Grant = s.grant.id
	}
	if mode.limits != nil {
		on.StatementTimeout = mode.limits.statementTimeout()
	}
	if mode.host != nil {
		return store.Join(ctx, on, mode.host)
	}
	return store.Session(ctx, on)
}
