package tenancy

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/opsmatiq/erp/tenancy/internal/control"
)

// Options configures [Open].
type Options struct {
	// Modules are the domains and the host's own models. tenancy's own is always included.
	Modules []Module
	// Migrate brings the schema up to date first. Without it, a database of another version is refused.
	Migrate bool
	// Clock is the source of "now". Default: the system's, in UTC whole microseconds.
	Clock Clock
	// Keys wraps the tenants' data keys. Needed when a model has sealed columns, and not used otherwise.
	Keys Keys
	// OnStatement, when set, is told of every statement of a scoped transaction before it is sent: for telemetry, and
	// for tests that count. It never sees values.
	OnStatement func(Sent)
	// StateMaxAge is how long another process's change of a tenant's state may go unnoticed here; changes made through
	// this DB are seen at once. A tenant that moves waits for the longest that any process has ever been opened with. Default
	// 1 s, at most 1 minute.
	StateMaxAge time.Duration
	// TellOwner tells the owner of a tenant of a break-glass grant, such as [TellByMail] does. A notice may come more than
	// once. Default: none; then the owner sees grants in the tenant's own trail and by [Grants.List] alone, and no grant is
	// given in an emergency, for which the owner must be told at once.
	TellOwner func(ctx context.Context, n GrantNotice) error
	// Limits are what each tenant may take at most, unless [Tenants.SetLimits] says otherwise for it.
	Limits Limits
}

// DB is the one door to tenants' data. It is safe for use by many goroutines. A DB is made by [Open].
type DB struct {
	control   Store             // where the platform's own records are
	places    map[string]*place // where tenants are, by the names of placements
	standard  string            // the placement of new tenants when nobody says otherwise
	registry  *Registry
	now       Clock
	directory *directory
	tellOwner func(context.Context, GrantNotice) error
	limits    Limits
	turns     turns
	keyrings  *keyrings
	witness   atomic.Pointer[PurgeWitness] // nil, or of nil: none

	pathsMu sync.Mutex
	paths   *Paths // from rows to the persons whom they are about
}

// Open opens an engine, or several as [Placements], with all models of the program, migrates when asked, holds the live
// catalogues against the models and refuses to go on when anything is missing or extra. Tenants whose creation was cut short
// are completed.
//
// Errors: tenancy.catalogue, tenancy.schema_version, tenancy.privileged_login, tenancy.bad_input, tenancy.placement (two names
// for one database, a second control database, several tenants at a dedicated placement), tenancy.key (Keys
// does not unwrap the keys that there are).
func Open(ctx context.Context, eng Engine, opt Options) (*DB, error) {
	const op = "tenancy.Open"
	if eng == nil {
		return nil, ErrBadInput.New(op, "an engine is needed: postgres.Engine or sqlite.Engine")
	}
	if opt.StateMaxAge < 0 || opt.StateMaxAge > time.Minute {
		return nil, ErrBadInput.New(op, "StateMaxAge must be between 0 and one minute")
	}
	if err := opt.Limits.check(op); err != nil {
		return nil, err
	}
	if opt.StateMaxAge == 0 {
		opt.StateMaxAge = time.Second
	}
	if opt.Clock == nil {
		opt.Clock = systemClock
	}
	reg, err := NewRegistry(append([]Module{module}, opt.Modules...)...)
	if err != nil {
		return nil, ErrBadInput.Wrap(op, err, "%v", err)
	}
	if m := reg.anySealed(); m != nil && opt.Keys == nil {
		return nil, ErrBadInput.New(op, "%s has sealed columns, so Options.Keys is needed", m.Table)
	}
	db := &DB{registry: reg, now: func() time.Time { return opt.Clock().UTC().Truncate(time.Microsecond) }}
	db.limits = opt.Limits.or(defaultLimits)
	db.tellOwner = opt.TellOwner
	db.directory, db.keyrings = newDirectory(db, opt.StateMaxAge), newKeyrings(db, opt.Keys)
	if err := db.openPlaces(ctx, op, eng, EngineOptions{Migrate: opt.Migrate, OnStatement: opt.OnStatement}); err != nil {
		return nil, err
	}
	err = db.checkControl(ctx, op)
	if err == nil {
		err = db.keyrings.check(ctx, op)
	}
	if err == nil {
		err = db.allow(ctx, op, opt.StateMaxAge)
	}
	if err == nil {
		err = db.Tenants().recover(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Close gives back every connection and file.
func (db *DB) Close() error {
	var errs []error
	for _, p := range db.places {
		errs = append(errs, p.store.Close())
	}
	return errors.Join(errs...)
}

func init() { // the bridge to access and audit, which may see what hosts may not
	control.Of = func(of any) control.Control {
		db, ok := of.(*DB)
		if !ok {
			panic("tenancy: the control database is that of a *tenancy.DB")
		}
		return control.Control{DB: db.control.Control(), Table: db.control.TableName, Now: db.now, Fault: db.control.Fault}
	}
}

// Now is the instant of the database's clock, in UTC and whole microseconds. Acts have [Tx.Now].
func (db *DB) Now() time.Time { return db.now() }

// Registry is the set of models that this DB stores.
func (db *DB) Registry() *Registry { return db.registry }
