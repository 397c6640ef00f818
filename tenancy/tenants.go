package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// State is where a tenant stands in its life.
type State string

// The states of a tenant.
const (
	StateCreating  State = "creating"  // intended; its place is being made
	StateImporting State = "importing" // its history is being written; nobody enters
	StateActive    State = "active"
	StateSuspended State = "suspended" // refused everywhere until resumed
	StateCancelled State = "cancelled" // refused everywhere; kept until PurgeAfter
	StatePurging   State = "purging"   // its rows are going
	StatePurged    State = "purged"    // nothing is left of it but its id, its dates and this
)

// Tenant is one customer of the platform, as the platform knows it.
type Tenant struct {
	ID        uuid.UUID
	Reference string // the platform's own key for it; "" when none
	Name      string
	TimeZone  string // IANA name
	Placement string
	State     State
	CreatedAt time.Time
	ChangedAt time.Time
	// PurgeAfter is when a cancelled tenant's data may go; zero in every other state.
	PurgeAfter time.Time
}

// NewTenant is the input of [Tenants.Create].
type NewTenant struct {
	// Name of the organisation. Required, at most 200 characters.
	Name string
	// TimeZone is an IANA name, such as "Europe/London"; it decides what day "today" is. Default "UTC".
	TimeZone string
	// Reference is the platform's own key for the tenant. Creating again with the same reference returns the tenant
	// that exists, if the rest of the input is the same too. Optional.
	Reference string
	// Placement is where the tenant's data goes. Default: the engine's.
	Placement string
}

// Tenants manages tenants. Every act needs a context from [DB.EnterPlatform] and leaves a line in the platform's journal.
type Tenants struct{ db *DB }

// Tenants is the platform's side of the door.
func (db *DB) Tenants() *Tenants { return &Tenants{db} }

type tenantRow struct {
	ID        uuid.UUID `bun:"id,pk"`
	Reference string    `bun:"reference,nullzero"`
	Name      string    `bun:"name"`
	TimeZone  string    `bun:"time_zone"`
	Placement string    `bun:"placement"`
	State     State     `bun:"state"`
	CreatedAt time.Time `bun:"created_at"`
	ChangedAt time.Time `bun:"changed_at"`

	PurgeAfter time.Time `bun:"purge_after,nullzero"`
	// Archive names what an imported tenant was made of.
	Archive string `bun:"archive,nullzero"`
}

func (r *tenantRow) tenant() Tenant {
	return Tenant{ID: r.ID, Reference: r.Reference, Name: r.Name, TimeZone: r.TimeZone, Placement: r.Placement, State: r.State,
		CreatedAt: r.CreatedAt, ChangedAt: r.ChangedAt, PurgeAfter: r.PurgeAfter}
}

type journalRow struct {
	ID         uuid.UUID `bun:"id,pk"`
	OccurredAt time.Time `bun:"occurred_at"`
	Actor      string    `bun:"actor"`
	Act        string    `bun:"act"`
	TenantID   uuid.UUID `bun:"tenant_id,nullzero"`
	Reason     string    `bun:"reason"`
}

const (
	tableTenants = "erp_control.tenants"
	tableJournal = "erp_control.platform_journal"
)

// Require refuses a context that is not the platform's (tenancy.not_platform) or lacks the permission (tenancy.forbidden), for
// work that comes before an act of the platform and is not worth doing for anybody else.
func (t *Tenants) Require(ctx context.Context, act Permission) error {
	_, err := t.actor(ctx, "tenancy.Tenants.Require", act)
	return err
}

// now is the instant of the platform's scope: the clock's, or that of a tick.
func (t *Tenants) now(ctx context.Context) time.Time {
	if s := ScopeOf(ctx).s; s != nil && s.platform {
		return s.now()
	}
	return t.db.now()
}

// The platform's permissions: each is for the act of its name.
const (
	PermReadTenants     Permission = "tenancy.read" // tenants, jobs that fail
	PermCreateTenant    Permission = "tenancy.create"
	PermImportTenant    Permission = "tenancy.import"
	PermSuspendTenant   Permission = "tenancy.suspend"
	PermResumeTenant    Permission = "tenancy.resume"
	PermCancelTenant    Permission = "tenancy.cancel"
	PermPurgeTenant     Permission = "tenancy.purge"
	PermCompleteTenants Permission = "tenancy.complete" // going on with what was cut short or has become due
)

// actor is who acts for the platform, if they may.
func (t *Tenants) actor(ctx context.Context, op string, act Permission) (string, error) {
	s := ScopeOf(ctx).s
	if s == nil || !s.platform || s.db != t.db {
		return "", ErrNotPlatform.New(op, "")
	}
	if !s.expires.IsZero() && !t.db.now().Before(s.expires) {
		return "", ErrScopeExpired.New(op, "")
	}
	if !s.perms.Allow(act) {
		return "", ErrForbidden.New(op, "the platform's scope lacks the permission %s", act)
	}
	return s.actor, nil
}

// Create makes a tenant: an intent in the control database, then its place, then the state active. Cut short anywhere, it
// is completed when the program next opens. Errors: tenancy.not_platform, tenancy.bad_input, tenancy.duplicate (the
// reference exists with other input).
func (t *Tenants) Create(ctx context.Context, in NewTenant) (Tenant, error) {
	const op = "tenancy.Tenants.Create"
	actor, err := t.actor(ctx, op, PermCreateTenant)
	if err != nil {
		return Tenant{}, err
	}
	row, err := t.newRow(op, in)
	if err != nil {
		return Tenant{}, err
	}
	row, found, err := t.intend(ctx, op, actor, string(PermCreateTenant), row, false)
	if err != nil {
		return Tenant{}, err
	}
	if found && row.State != StateCreating {
		return row.tenant(), nil
	}
	return t.complete(ctx, op, row)
}

// intend writes a new tenant's row, or finds the one that the same input made before.
func (t *Tenants) intend(ctx context.Context, op, actor, act string, row *tenantRow, again bool) (_ *tenantRow, found bool, err error) {
	err = t.control(ctx, op, func(tx bun.Tx) error {
		if row.Reference != "" {
			existing, err := t.find(ctx, tx, "reference = ?", row.Reference)
			if err != nil {
				return err
			}
			if existing != nil {
				if existing.Name != row.Name || existing.TimeZone != row.TimeZone || existing.Placement != row.Placement || existing.Archive != row.Archive {
					return ErrDuplicate.New(op, "another tenant has the reference %q", row.Reference)
				}
				row, found = existing, true
				return nil
			}
		}
		if _, err := tx.NewInsert().Model(row).ModelTableExpr(t.table(tableTenants)).Exec(ctx); err != nil {
			return err
		}
		return t.journal(ctx, tx, actor, act, row.ID, "")
	})
	if errors.Is(err, ErrDuplicate) && row.Reference != "" && !again { // somebody else has just created it
		return t.intend(ctx, op, actor, act, row, true)
	}
	return row, found, err
}

func (t *Tenants) newRow(op string, in NewTenant) (*tenantRow, error) {
	in.Name = strings.TrimSpace(in.Name)
	if in.Name == "" || len(in.Name) > 200 || len(in.Reference) > 200 {
		return nil, ErrBadInput.New(op, "a tenant has a name and a reference of at most 200 characters")
	}
	if in.TimeZone == "" {
		in.TimeZone = "UTC"
	}
	if _, err := time.LoadLocation(in.TimeZone); err != nil || in.TimeZone == "Local" {
		return nil, ErrBadInput.New(op, "time zone %q is not known", in.TimeZone)
	}
	if in.Placement == "" {
		in.Placement = t.db.standard
	}
	if _, err := t.db.at(op, in.Placement); err != nil {
		return nil, err
	}
	now := t.db.now()
	return &tenantRow{ID: NewID(), Reference: in.Reference, Name: in.Name, TimeZone: in.TimeZone, Placement: in.Placement,
		State: StateCreating, CreatedAt: now, ChangedAt: now}, nil
}

// complete makes the tenant's place, which is idempotent, and then says so.
func (t *Tenants) complete(ctx context.Context, op string, row *tenantRow) (Tenant, error) {
	at, err := t.db.at(op, row.Placement)
	if err != nil {
		return Tenant{}, err
	}
	if err := at.store.Provision(ctx, row.ID, GateActive); err != nil {
		return Tenant{}, at.store.Fault(op, err)
	}
	return t.activate(ctx, op, row, StateCreating)
}

// activate ends a tenant's making.
func (t *Tenants) activate(ctx context.Context, op string, row *tenantRow, from State) (Tenant, error) {
	err := t.control(ctx, op, func(tx bun.Tx) error {
		_, err := tx.NewUpdate().Model((*tenantRow)(nil)).ModelTableExpr(t.table(tableTenants)).
			Set("state = ?", StateActive).Set("changed_at = ?", t.now(ctx)).
			Where("id = ?", row.ID).Where("state = ?", from).Exec(ctx)
		return err
	})
	if err != nil {
		return Tenant{}, err
	}
	t.db.directory.forget(row.ID)
	now, err := t.find(ctx, t.db.control.Control(), "id = ?", row.ID) // another process may have completed it, and gone on
	if err != nil {
		return Tenant{}, t.db.control.Fault(op, err)
	}
	if now == nil {
		return Tenant{}, ErrNotFound.New(op, "")
	}
	switch now.State { //nolint:exhaustive // in the others it was made, and is here
	case StateCreating, StateImporting, StatePurging, StatePurged:
		return Tenant{}, ErrTenantConflict.New(op, "the tenant is %s: somebody else has given it up meanwhile", now.State)
	}
	return now.tenant(), nil
}

// recover completes creations that were cut short.
func (t *Tenants) recover(ctx context.Context) error {
	const op = "tenancy.Open"
	var rows []tenantRow
	err := t.db.control.Control().NewSelect().Model(&rows).ModelTableExpr(t.aliased()).
		Where("state = ?", StateCreating).Scan(ctx)
	if err != nil {
		return t.db.control.Fault(op, err)
	}
	for i := range rows {
		if _, err := t.complete(ctx, op, &rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// Get finds a tenant. Errors: tenancy.not_platform, tenancy.not_found.
func (t *Tenants) Get(ctx context.Context, id uuid.UUID) (Tenant, error) {
	const op = "tenancy.Tenants.Get"
	if _, err := t.actor(ctx, op, PermReadTenants); err != nil {
		return Tenant{}, err
	}
	row, err := t.find(ctx, t.db.control.Control(), "id = ?", id)
	if err != nil {
		return Tenant{}, t.db.control.Fault(op, err)
	}
	if row == nil {
		return Tenant{}, ErrNotFound.New(op, "")
	}
	return row.tenant(), nil
}

// List gives tenants in the order of their creation, at most limit (1 to 1,000) after the given id (zero: from the
// start). Errors: tenancy.not_platform.
func (t *Tenants) List(ctx context.Context, after uuid.UUID, limit int) ([]Tenant, error) {
	const op = "tenancy.Tenants.List"
	if _, err := t.actor(ctx, op, PermReadTenants); err != nil {
		return nil, err
	}
	var rows []tenantRow
	err := t.db.control.Control().NewSelect().Model(&rows).ModelTableExpr(t.aliased()).
		Where("id > ?", after).OrderExpr("id").Limit(int64(min(max(limit, 1), 1000))).Scan(ctx)
	if err != nil {
		return nil, t.db.control.Fault(op, err)
	}
	out := make([]Tenant, len(rows))
	for i := range rows {
		out[i] = rows[i].tenant()
	}
	return out, nil
}

// Suspend refuses the tenant everywhere, at once in this process and within StateMaxAge in others. Suspending a
// suspended tenant changes nothing. Errors: tenancy.not_platform, tenancy.not_found, tenancy.tenant_state,
// tenancy.bad_input (no reason).
func (t *Tenants) Suspend(ctx context.Context, id uuid.UUID, reason string) (Tenant, error) {
	return t.move(ctx, "tenancy.Tenants.Suspend", PermSuspendTenant, id, reason, StateActive, StateSuspended)
}

// Resume undoes Suspend. Errors: as Suspend's.
func (t *Tenants) Resume(ctx context.Context, id uuid.UUID, reason string) (Tenant, error) {
	return t.move(ctx, "tenancy.Tenants.Resume", PermResumeTenant, id, reason, StateSuspended, StateActive)
}

func (t *Tenants) move(ctx context.Context, op string, act Permission, id uuid.UUID, reason string, from, to State) (Tenant, error) {
	return t.change(ctx, op, act, id, reason, func(row *tenantRow) error {
		if row.State != to && row.State != from {
			return ErrTenantConflict.New(op, "the tenant is %s", row.State)
		}
		row.State = to
		return nil
	})
}

// change lets decide look at a tenant's row and change it; what it leaves as it was is not written. Whoever changes the row
// meanwhile is noticed.
func (t *Tenants) change(ctx context.Context, op string, act Permission, id uuid.UUID, reason string, decide func(row *tenantRow) error) (Tenant, error) {
	actor, err := t.actor(ctx, op, act)
	if err != nil {
		return Tenant{}, err
	}
	if strings.TrimSpace(reason) == "" {
		return Tenant{}, ErrBadInput.New(op, "a reason is needed")
	}
	var row *tenantRow
	err = t.control(ctx, op, func(tx bun.Tx) error {
		if row, err = t.find(ctx, tx, "id = ?", id); err != nil {
			return err
		}
		if row == nil {
			return ErrNotFound.New(op, "")
		}
		from := row.State
		if err := decide(row); err != nil || row.State == from {
			return err
		}
		row.ChangedAt = t.now(ctx)
		res, err := tx.NewUpdate().Model(row).ModelTableExpr(t.aliased()).
			Column("state", "changed_at", "purge_after", "reference", "name", "time_zone", "placement", "archive").
			Where("id = ?", id).Where("state = ?", from).Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return ErrTenantConflict.New(op, "the tenant's state changed meanwhile")
		}
		return t.journal(ctx, tx, actor, string(act), id, reason)
	})
	t.db.directory.forget(id)
	if err != nil {
		return Tenant{}, err
	}
	return row.tenant(), nil
}

func (t *Tenants) journal(ctx context.Context, tx bun.IDB, actor, act string, tenant uuid.UUID, reason string) error {
	row := &journalRow{ID: NewID(), OccurredAt: t.now(ctx), Actor: actor, Act: act, TenantID: tenant, Reason: reason}
	_, err := tx.NewInsert().Model(row).ModelTableExpr(t.table(tableJournal)).Exec(ctx)
	return err
}

// control runs fn in one transaction of the control database.
func (t *Tenants) control(ctx context.Context, op string, fn func(bun.Tx) error) error {
	err := t.db.control.Control().RunInTx(ctx, &sql.TxOptions{}, func(_ context.Context, tx bun.Tx) error { return fn(tx) })
	if err != nil {
		return t.db.control.Fault(op, err)
	}
	return nil
}

func (t *Tenants) find(ctx context.Context, idb bun.IDB, where string, arg any) (*tenantRow, error) {
	row := new(tenantRow)
	err := idb.NewSelect().Model(row).ModelTableExpr(t.aliased()).Where(where, arg).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return row, nil
}

func (t *Tenants) table(name string) string { return t.db.control.TableName(name) }

func (t *Tenants) aliased() string { return t.table(tableTenants) + " AS ?TableAlias" }
