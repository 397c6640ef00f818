package tenancy

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// State is where a tenant stands in its life.
type State string

// The states of a tenant. A suspended and a cancelled one is closed: its owner ([PermOwn]) reads and exports, and nobody writes.
const (
	StateCreating  State = "creating"  // intended; its place is being made
	StateImporting State = "importing" // its history is being written; nobody enters
	StateActive    State = "active"
	StateSuspended State = "suspended" // closed by the platform, until resumed
	StateCancelled State = "cancelled" // its service has ended; closed, and kept until PurgeAfter
	StatePurging   State = "purging"   // its rows are going
	StatePurged    State = "purged"    // nothing is left of it but its id, its dates and this
)

// Tenant is one customer of the platform, as the platform knows it.
type Tenant struct {
	ID        uuid.UUID
	Reference string // the platform's own key for it; "" when none
	Name      string
	TimeZone  string // IANA name
	Region    string // where its data must lie; "" when nothing was promised
	Placement string
	State     State
	// Platform says that it is the platform's own: see [NewTenant].Platform.
	Platform  bool
	CreatedAt time.Time
	ChangedAt time.Time
	// SuspendedAt is since when it is suspended; zero when it is not. A cancelled tenant can be suspended as well.
	SuspendedAt time.Time
	// EndsAt is the effective end of service of a tenant that is cancelled, or will be then; zero otherwise.
	EndsAt time.Time
	// PurgeAfter is when the data of a tenant with an end may go: [RetentionDays] full days in UTC behind EndsAt.
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
	// Region is where the tenant's data must lie, a name of the platform's such as "eu": at most 40 lower-case letters, digits
	// and -. It is that of the placement, or the tenant is refused (tenancy.region).
	Region string
	// Placement is where the tenant's data goes. Default: [Placements].Default, or the one engine that the program has.
	Placement string
	// Plan is what the tenant subscribes to, by a name of the platform's: at most 100 characters. It stands in the tenant's
	// [Contract]. Optional.
	Plan string
	// Platform makes the platform's own tenant: the books of whoever runs the platform, and the registers that they keep as a controller
	// (subject requests, processors, breaches, certificates of deletion), behind the same walls as everybody else's. There is one at
	// most; it is not suspended, cancelled or purged.
	Platform bool
	// Administrator is the person for whom the tenant is set up. Its name and address stand in the tenant's [Contract], among the
	// platform's own records; whether they may enter is another matter. Optional.
	Administrator ContactPerson
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
	Region    string    `bun:"region"`
	Placement string    `bun:"placement"`
	Moved     int64     `bun:"moved"` // how often it has moved: two stays at one placement are not one
	State     State     `bun:"state"`
	Platform  bool      `bun:"platform"`
	CreatedAt time.Time `bun:"created_at"`
	ChangedAt time.Time `bun:"changed_at"`

	SuspendedAt time.Time `bun:"suspended_at,nullzero"`
	EndsAt      time.Time `bun:"ends_at,nullzero"`
	PurgeAfter  time.Time `bun:"purge_after,nullzero"`
	// Turn counts the decisions about the tenant's life, SettledTurn those that its own database has been told.
	Turn        int64 `bun:"turn"`
	SettledTurn int64 `bun:"settled_turn"`
	// Input is a hash of what the tenant was made from: the same reference with other input is refused.
	Input string `bun:"input"`
	// Archive names what an imported tenant was made of.
	Archive string `bun:"archive,nullzero"`
	// Restoring names the backup that a tenant whose place was lost is being written from; "" when it is not.
	Restoring string `bun:"restoring,nullzero"`
}

// utc makes equal instants equal values, whatever zone the driver gave them in.
func (r *tenantRow) utc() *tenantRow {
	for _, t := range []*time.Time{&r.CreatedAt, &r.ChangedAt, &r.SuspendedAt, &r.EndsAt, &r.PurgeAfter} {
		*t = t.UTC()
	}
	return r
}

func (r *tenantRow) tenant() Tenant {
	return Tenant{ID: r.ID, Reference: r.Reference, Name: r.Name, TimeZone: r.TimeZone, Region: r.Region, Placement: r.Placement, State: r.State, Platform: r.Platform,
		CreatedAt: r.CreatedAt, ChangedAt: r.ChangedAt, SuspendedAt: r.SuspendedAt, EndsAt: r.EndsAt, PurgeAfter: r.PurgeAfter}
}

type journalRow struct {
	ID         uuid.UUID `bun:"id,pk"`
	OccurredAt time.Time `bun:"occurred_at"`
	Actor      string    `bun:"actor"`
	Act        string    `bun:"act"`
	TenantID   uuid.UUID `bun:"tenant_id,nullzero"`
	Turn       int64     `bun:"turn,nullzero"`
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
	PermUndoCancel      Permission = "tenancy.undo_cancel"
	PermHoldTenant      Permission = "tenancy.hold" // placing legal holds, and listing them
	PermReleaseHold     Permission = "tenancy.release"
	PermPurgeTenant     Permission = "tenancy.purge"
	PermReadJournal     Permission = "tenancy.read_journal"
	PermReadContract    Permission = "tenancy.read_contract"
	PermSetContract     Permission = "tenancy.set_contract"
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
// is completed when the program next opens. It begins the tenant's [Contract] as well. Errors: tenancy.not_platform,
// tenancy.bad_input, tenancy.card_number, tenancy.duplicate (the reference exists with other input), tenancy.placement,
// tenancy.region, tenancy.dedicated.
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
	row, found, err := t.intend(ctx, op, actor, string(PermCreateTenant), row, in, false)
	if err != nil {
		return Tenant{}, err
	}
	if found && row.State != StateCreating {
		return row.tenant(), nil
	}
	return t.complete(ctx, op, row)
}

// intend writes a new tenant's row, or finds the one that the same input made before.
func (t *Tenants) intend(ctx context.Context, op, actor, act string, row *tenantRow, in NewTenant, again bool) (_ *tenantRow, found bool, err error) {
	at, err := t.db.at(op, row.Placement)
	if err != nil {
		return nil, false, err
	}
	err = t.control(ctx, op, func(tx bun.Tx) error {
		if row.Reference != "" {
			existing, err := t.find(ctx, tx, "reference = ?", row.Reference)
			if err != nil {
				return err
			}
			if existing != nil {
				if existing.Input != row.Input || existing.Archive != row.Archive {
					return ErrDuplicate.New(op, "another tenant has the reference %q", row.Reference)
				}
				row, found = existing, true
				return nil
			}
		}
		if err := t.claim(ctx, tx, op, at, row.ID); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(row).ModelTableExpr(t.table(tableTenants)).Exec(ctx); err != nil {
			return err
		}
		if err := t.beginContract(ctx, tx, row, in); err != nil {
			return err
		}
		return t.journal(ctx, tx, &journalRow{Actor: actor, Act: act, TenantID: row.ID})
	})
	if errors.Is(err, ErrDuplicate) && row.Reference != "" && !again { // somebody else has just created it
		return t.intend(ctx, op, actor, act, row, in, true)
	}
	return row, found, err
}

func (t *Tenants) newRow(op string, in NewTenant) (*tenantRow, error) {
	in.Name = strings.TrimSpace(in.Name)
	if in.Name == "" || len(in.Name) > 200 || len(in.Reference) > 200 {
		return nil, ErrBadInput.New(op, "a tenant has a name and a reference of at most 200 characters")
	}
	if err := plainText(op, in.Name, in.Reference); err != nil {
		return nil, err
	}
	if in.TimeZone == "" {
		in.TimeZone = "UTC"
	}
	if _, err := time.LoadLocation(in.TimeZone); err != nil || in.TimeZone == "Local" {
		return nil, ErrBadInput.New(op, "time zone %q is not known", in.TimeZone)
	}
	if !regionName.MatchString(in.Region) {
		return nil, ErrBadInput.New(op, "a region is a name of at most 40 lower-case letters, digits and -")
	}
	if in.Placement == "" {
		in.Placement = t.db.standard
	}
	if in.Placement == "" {
		return nil, ErrPlacement.New(op, "the program has no default placement: say where the tenant's data goes")
	}
	if _, err := t.db.home(op, in.Placement, in.Region); err != nil {
		return nil, err
	}
	now := t.db.now()
	if err := in.terms(now).check(op); err != nil {
		return nil, err
	}
	return &tenantRow{ID: NewID(), Reference: in.Reference, Name: in.Name, TimeZone: in.TimeZone, Region: in.Region, Placement: in.Placement,
		State: StateCreating, Platform: in.Platform, CreatedAt: now, ChangedAt: now, Turn: 1, SettledTurn: 1, Input: in.hash()}, nil
}

var regionName = regexp.MustCompile(`^[a-z0-9-]{0,40}$`)

// hash tells two inputs apart without keeping either.
func (in NewTenant) hash() string {
	text, err := json.Marshal(in)
	if err != nil {
		panic(err) // strings alone
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// complete makes the tenant's place, which is idempotent, and then says so.
func (t *Tenants) complete(ctx context.Context, op string, row *tenantRow) (Tenant, error) {
	at, err := t.db.home(op, row.Placement, row.Region)
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
		if t.db.places[rows[i].Placement] == nil { // entering it says so; the program's other tenants need not wait
			continue
		}
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
	return row.asOf(t.now(ctx)), nil
}

// Platform is the platform's own tenant: see [NewTenant].Platform. It asks for no permission, for it says nothing of anybody.
// Errors: tenancy.not_platform, tenancy.not_found (none was made).
func (t *Tenants) Platform(ctx context.Context) (Tenant, error) {
	const op = "tenancy.Tenants.Platform"
	if s := ScopeOf(ctx).s; s == nil || !s.platform || s.db != t.db {
		return Tenant{}, ErrNotPlatform.New(op, "")
	}
	row, err := t.find(ctx, t.db.control.Control(), "platform = ?", true)
	if err != nil {
		return Tenant{}, t.db.control.Fault(op, err)
	}
	if row == nil {
		return Tenant{}, ErrNotFound.New(op, "the platform has no tenant of its own: Tenants.Create makes one (NewTenant.Platform)")
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
		out[i] = rows[i].utc().asOf(t.now(ctx))
	}
	return out, nil
}

func (t *Tenants) journal(ctx context.Context, tx bun.IDB, row *journalRow) error {
	row.ID, row.OccurredAt = NewID(), t.now(ctx)
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
	return row.utc(), nil
}

// missing says of a row that was asked for by its key that it does not exist.
func missing(op string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound.New(op, "")
	}
	return err
}

func (t *Tenants) table(name string) string { return t.db.control.TableName(name) }

func (t *Tenants) aliased() string { return t.table(tableTenants) + " AS ?TableAlias" }
