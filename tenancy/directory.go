package tenancy

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
)

// tenantInfo is what every act needs to know of its tenant.
type tenantInfo struct {
	state     State
	endsAt    time.Time // its end of service, which needs nobody to come into effect
	placement string
	region    string
	moved     int64 // how often the tenant had moved
	zone      *time.Location
	limits    Limits
	readAt    time.Time
	closed    bool // nothing is written, whoever was let in
	own       bool // it is the platform's own
}

// directory keeps the states of tenants in use, so that a suspended tenant is refused before any SQL is sent and an
// active one costs no question to the control database per act. It forgets at once what this process changes, and what
// others change after maxAge.
type directory struct {
	db     *DB
	maxAge time.Duration
	mu     sync.Mutex
	known  map[uuid.UUID]tenantInfo
	turn   uint64            // counts forgettings, so that an answer read before one is not kept after it
	moving map[uuid.UUID]int // tenants that are being changed right now, of whom nothing is kept
}

// maxKnown bounds the directory's memory; beyond it, it starts again.
const maxKnown = 100_000

func newDirectory(db *DB, maxAge time.Duration) *directory {
	return &directory{db: db, maxAge: maxAge, known: map[uuid.UUID]tenantInfo{}, moving: map[uuid.UUID]int{}}
}

func (d *directory) forget(id uuid.UUID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.known, id)
	d.turn++
}

// changing is called before this process changes a tenant, and what it gives afterwards. Meanwhile everybody asks the control data:
// nobody goes by what was true before, once the change can be seen.
func (d *directory) changing(id uuid.UUID) (done func()) {
	d.mu.Lock()
	d.moving[id]++
	d.mu.Unlock()
	d.forget(id)
	return func() {
		d.mu.Lock()
		if d.moving[id]--; d.moving[id] == 0 {
			delete(d.moving, id)
		}
		d.mu.Unlock()
		d.forget(id)
	}
}

// usable gives the tenant's info, or the refusal that its state calls for. A closed tenant lets its owner in, and jobs that are for it, to read.
func (d *directory) usable(ctx context.Context, op string, id uuid.UUID, s *scope) (*tenantInfo, error) {
	if id == uuid.Nil {
		return nil, ErrNoScope.New(op, "no tenant is named")
	}
	t, err := d.get(ctx, op, id)
	if err != nil {
		return nil, err
	}
	now := s.fixed
	if now.IsZero() {
		now = d.db.now()
	}
	if (t.state == StateActive || t.state == StateSuspended) && ended(t.endsAt, now) {
		t.state = StateCancelled
	}
	t.closed = t.state == StateSuspended || t.state == StateCancelled
	switch {
	case t.state == StateActive || t.closed && s.reachesClosed() || t.state == StateRestoring && s.restoring:
	case t.state == StateSuspended:
		return nil, ErrTenantSuspended.New(op, "")
	case t.state == StateCancelled:
		return nil, ErrTenantCancelled.New(op, "")
	case t.state == "" || t.state == StatePurged:
		return nil, ErrUnknownTenant.New(op, "")
	default:
		return nil, ErrTenantNotReady.New(op, "the tenant is %s", t.state)
	}
	if _, err := d.db.home(op, t.placement, t.region); err != nil {
		return nil, err
	}
	return t, nil
}

// stayed refuses what was read at a place that the tenant has left meanwhile: it may be of what was left there, or of half of it. A
// mover waits until nobody's answer is of before, so one that is young enough says enough.
func (d *directory) stayed(ctx context.Context, op string, tx *Tx) error {
	now, err := d.get(ctx, op, tx.scope.tenant)
	if err == nil && now.moved != tx.moved {
		err = ErrPlacement.New(op, "the tenant has moved meanwhile: try again")
	}
	return err
}

// still refuses to commit what was begun while the tenant was otherwise than it is now.
func (d *directory) still(ctx context.Context, op string, tx *Tx) error {
	now, err := d.usable(ctx, op, tx.scope.tenant, tx.scope)
	if err != nil {
		return err
	}
	if now.closed && tx.wrote && !tx.scope.duty {
		return ErrClosed.New(op, "")
	}
	return nil
}

func (d *directory) get(ctx context.Context, op string, id uuid.UUID) (*tenantInfo, error) {
	// The age of an answer is measured by the process's own monotonic clock: an injected clock may stand still.
	d.mu.Lock()
	t, ok := d.known[id]
	turn := d.turn
	d.mu.Unlock()
	if ok && time.Since(t.readAt) < d.maxAge {
		return &t, nil
	}
	readAt := time.Now()
	row, err := d.db.Tenants().find(ctx, d.db.control.Control(), "id = ?", id)
	if err != nil {
		return nil, d.db.control.Fault(op, err)
	}
	if row == nil {
		return &tenantInfo{}, nil // unknown ids are not kept: they would let strangers fill the memory
	}
	zone, err := zoneOf(op, row)
	if err != nil {
		return nil, err
	}
	if err := d.seen(ctx, op, row); err != nil {
		return nil, err
	}
	own, err := d.db.Tenants().findLimits(ctx, id)
	if err != nil {
		return nil, d.db.control.Fault(op, err)
	}
	t = tenantInfo{state: row.State, endsAt: row.EndsAt, placement: row.Placement, region: row.Region, moved: row.Moved, zone: zone, limits: own.or(d.db.limits), readAt: readAt, own: row.Platform}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.turn != turn || d.moving[id] > 0 {
		return &t, nil
	}
	if len(d.known) >= maxKnown {
		clear(d.known)
	}
	d.known[id] = t
	return &t, nil
}

// seen asks the tenant's place whether it knows the tenant: control data that lead elsewhere, a database that was put back as
// it was before the tenant came, a file that somebody took away, must not look like a tenant without records. What the
// directory keeps was seen at both ends.
func (d *directory) seen(ctx context.Context, op string, row *tenantRow) error {
	switch row.State { //nolint:exhaustive // in the others nobody enters, and there may be nothing yet
	case StateActive, StateSuspended, StateCancelled:
	default:
		return nil
	}
	at, err := d.db.home(op, row.Placement, row.Region)
	if err != nil {
		return err
	}
	gate, err := at.store.Gate(ctx, row.ID)
	if err != nil {
		return at.store.Fault(op, err)
	}
	switch gate { //nolint:exhaustive // the others are of a tenant in use
	case "":
		return ErrPlacement.New(op, "the tenant is not at its placement %s", row.Placement)
	case GateMoving: // the old copy, and control data of before the move
		return ErrPlacement.New(op, "what the placement %s has of the tenant is not in use any more", row.Placement)
	case GateImporting, GatePurging:
		return ErrClosed.New(op, "the tenant's gate is %s", gate)
	}
	return nil
}
