package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy/fault"
)

// Grants manages break-glass grants. The platform's staff have no scope of any tenant; a grant is the one way for one of
// them into one tenant, for a documented reason, to do what it names, until it expires. The tenant's owner authorises it, or,
// in an emergency, two people who did not ask. See [DB.EnterGrant] for its use.
type Grants struct{ db *DB }

// Grants are the break-glass grants of all tenants, for the platform and for each tenant's owner.
func (db *DB) Grants() *Grants { return &Grants{db} }

// The permissions around grants. The first three are the platform's, the last is the tenant's: whoever has it, or is the
// tenant's owner (tenancy.own), decides about access to the tenant.
const (
	PermAskGrant     Permission = "grant.ask"
	PermApproveGrant Permission = "grant.approve"
	PermReadGrants   Permission = "grant.read"
	PermGrant        Permission = "tenancy.grant"
)

const (
	// MaxGrant is the longest that a grant may last from when it is authorised.
	MaxGrant = 8 * time.Hour
	// AskedFor is for how long a grant that was asked for may still be authorised.
	AskedFor = 7 * 24 * time.Hour
)

// Emergency is an occasion on which a grant needs no owner. There are no others.
type Emergency string

// The emergencies.
const (
	SecurityIncident Emergency = "security_incident" // data are in danger
	LegalOrder       Emergency = "legal_order"       // a court or an authority orders it
)

// GrantState is where a grant stands.
type GrantState string

// The states of a grant.
const (
	GrantAsked      GrantState = "asked"      // nobody has decided yet
	GrantAuthorised GrantState = "authorised" // usable until it expires
	GrantRefused    GrantState = "refused"    // the owner said no
	GrantRevoked    GrantState = "revoked"    // withdrawn, by either side
	GrantExpired    GrantState = "expired"    // its time is over
	GrantLapsed     GrantState = "lapsed"     // nobody decided in time
)

// NewGrant is the input of [Grants.Ask].
type NewGrant struct {
	// Tenant is whose data it is about, and no other's. Required.
	Tenant uuid.UUID
	// Person is the opaque actor id of who will use it, and nobody else. Required.
	Person string
	// Reason is documented and shown to the owner: what happened, and where it is written down. 1 to 1,000 characters. It is
	// kept after the tenant is gone and names nobody.
	Reason string
	// Permissions are the acts, each by its full name, at most 100. A star is refused, and so is what manages grants or makes
	// one an owner.
	Permissions Permissions
	// For is how long it holds once it is authorised: up to [MaxGrant]. Required.
	For time.Duration
	// Emergency lets two people approve it instead of the owner. Default: the owner decides.
	Emergency Emergency
	// Withheld says why the law forbids to tell the owner, and by which order. For a [LegalOrder] alone. Such a grant only
	// reads. Default: the owner is told.
	Withheld string
	// Reference is the platform's own key for the request. Asking again with the same reference gives the grant that exists, if
	// the rest is the same too. Optional, at most 200 characters.
	Reference string
}

// Approval says who allowed a grant in an emergency.
type Approval struct {
	Approver string
	At       time.Time
}

// Grant is one break-glass grant.
type Grant struct {
	ID          uuid.UUID
	TenantID    uuid.UUID
	Reference   string
	Person      string
	AskedBy     string
	AskedAt     time.Time
	Reason      string
	Emergency   Emergency
	Withheld    string
	Permissions Permissions
	For         time.Duration
	State       GrantState
	// Approvals are those of an emergency.
	Approvals []Approval
	// AuthorisedBy is the owner who did, "" where two people approved.
	AuthorisedBy string
	AuthorisedAt time.Time
	ExpiresAt    time.Time
	// EndedBy refused or revoked it.
	EndedBy string
	EndedAt time.Time
	// LiftedAt is when the owner might know again.
	LiftedAt time.Time
	// Told is what the owner was last told, and when.
	Told   NoticeKind
	ToldAt time.Time
}

type grantRow struct {
	bun.BaseModel `bun:"alias:g"`

	ID           uuid.UUID  `bun:"id,pk"`
	TenantID     uuid.UUID  `bun:"tenant_id"`
	Reference    string     `bun:"reference,nullzero"`
	Person       string     `bun:"person"`
	AskedBy      string     `bun:"asked_by"`
	Asked        int64      `bun:"asked_micros"`
	Reason       string     `bun:"reason"`
	Emergency    Emergency  `bun:"emergency"`
	Withheld     string     `bun:"withheld"`
	Permissions  string     `bun:"permissions"`
	Duration     int64      `bun:"duration_micros"`
	State        GrantState `bun:"state"`
	AuthorisedBy string     `bun:"authorised_by"`
	Authorised   int64      `bun:"authorised_micros"`
	Expires      int64      `bun:"expires_micros"`
	Wall         int64      `bun:"wall_micros"`
	EndedBy      string     `bun:"ended_by"`
	Ended        int64      `bun:"ended_micros"`
	Closed       int64      `bun:"closed_micros"`
	LiftedBy     string     `bun:"lifted_by"`
	Lifted       int64      `bun:"lifted_micros"`
	Told         NoticeKind `bun:"told"`
	ToldAt       int64      `bun:"told_micros"`
}

type approvalRow struct {
	bun.BaseModel `bun:"alias:a"`

	GrantID  uuid.UUID `bun:"grant_id,pk"`
	Approver string    `bun:"approver,pk"`
	Approved int64     `bun:"approved_micros"`
}

const (
	tableGrants    = "erp_control.grants"
	tableApprovals = "erp_control.grant_approvals"
	tableUses      = "erp_control.grant_uses"
)

// hidden reports whether the owner may not know of the grant.
func (r *grantRow) hidden() bool { return r.Withheld != "" && r.Lifted == 0 }

// state is where the grant stands at an instant: time moves it as well.
func (r *grantRow) state(now time.Time) GrantState {
	switch {
	case r.State == GrantAuthorised && now.UnixMicro() >= r.Expires:
		return GrantExpired
	case r.State == GrantAsked && now.UnixMicro() >= r.Asked+AskedFor.Microseconds():
		return GrantLapsed
	}
	return r.State
}

// usable refuses a grant that does not hold at an instant.
func (r *grantRow) usable(op string, now time.Time) error {
	switch r.state(now) {
	case GrantAuthorised:
		return nil
	case GrantExpired:
		return ErrGrantEnded.New(op, "the grant has expired")
	case GrantRevoked:
		return ErrGrantEnded.New(op, "the grant was revoked")
	case GrantAsked, GrantRefused, GrantLapsed:
	}
	return ErrGrantUnauthorised.New(op, "the grant is %s", r.state(now))
}

func (r *grantRow) permissions() Permissions {
	var out Permissions
	for _, name := range strings.Fields(r.Permissions) {
		out = append(out, Permission(name))
	}
	return out
}

func instantOf(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

func (r *grantRow) grant(now time.Time, approvals []approvalRow) Grant {
	out := Grant{ID: r.ID, TenantID: r.TenantID, Reference: r.Reference, Person: r.Person, AskedBy: r.AskedBy, AskedAt: instantOf(r.Asked), Reason: r.Reason,
		Emergency: r.Emergency, Withheld: r.Withheld, Permissions: r.permissions(), For: time.Duration(r.Duration) * time.Microsecond, State: r.state(now),
		AuthorisedBy: r.AuthorisedBy, AuthorisedAt: instantOf(r.Authorised), ExpiresAt: instantOf(r.Expires), EndedBy: r.EndedBy, EndedAt: instantOf(r.Ended),
		LiftedAt: instantOf(r.Lifted), Told: r.Told, ToldAt: instantOf(r.ToldAt)}
	for _, a := range approvals {
		if a.GrantID == r.ID {
			out.Approvals = append(out.Approvals, Approval{Approver: a.Approver, At: instantOf(a.Approved)})
		}
	}
	return out
}

func (g *Grants) table(name string) string { return g.db.control.TableName(name) }

func (g *Grants) rows() string { return g.table(tableGrants) + " AS g" }

// find reads a grant; nil: there is none.
func (g *Grants) find(ctx context.Context, idb bun.IDB, where string, arg any) (*grantRow, error) {
	row := new(grantRow)
	err := idb.NewSelect().Model(row).ModelTableExpr(g.rows()).Where(where, arg).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return row, err
}

func (g *Grants) postgres() bool { return g.db.control.Dialect().Name().String() == "pg" }

func (g *Grants) approvals(ctx context.Context, idb bun.IDB, ids ...uuid.UUID) ([]approvalRow, error) {
	var out []approvalRow
	err := idb.NewSelect().Model(&out).ModelTableExpr(g.table(tableApprovals)+" AS a").
		Where("a.grant_id IN (?)", bun.In(ids)).OrderExpr("a.approved_micros, a.approver").Scan(ctx) //nolint:staticcheck // bun.List is its new name
	return out, err
}

// get is a grant as it is given out.
func (g *Grants) get(ctx context.Context, op string, id uuid.UUID) (Grant, error) {
	control := g.db.control.Control()
	row, err := g.find(ctx, control, "g.id = ?", id)
	if err != nil {
		return Grant{}, g.db.control.Fault(op, err)
	}
	if row == nil {
		return Grant{}, ErrNotFound.New(op, "")
	}
	approvals, err := g.approvals(ctx, control, id)
	if err != nil {
		return Grant{}, g.db.control.Fault(op, err)
	}
	return row.grant(g.db.now(), approvals), nil
}

// outside refuses an act about grants within a transaction: it writes elsewhere, and what it says must not hang on a commit.
func (g *Grants) outside(ctx context.Context, op string) error {
	if ctx == nil {
		return ErrNoScope.New(op, "")
	}
	if open := openTxOf(ctx); open != nil {
		return ErrScopeMismatch.New(op, "an act about grants is not part of a transaction")
	}
	return nil
}

// staff is who acts for the platform: a person with the permission.
func (g *Grants) staff(ctx context.Context, op string, acts ...Permission) (string, error) {
	if err := g.outside(ctx, op); err != nil {
		return "", err
	}
	var actor string
	var err error
	for _, act := range acts { // any of them
		if actor, err = g.db.Tenants().actor(ctx, op, act); err == nil {
			return actor, nil
		}
	}
	return "", err
}

// byPlatform reports whether the context is the platform's.
func byPlatform(ctx context.Context) bool {
	s := ScopeOf(ctx).s
	return s != nil && s.platform
}

// owner is who acts for a tenant: somebody who may decide about access to it, and no program and no grant.
func (g *Grants) owner(ctx context.Context, op string) (*scope, error) {
	if err := g.outside(ctx, op); err != nil {
		return nil, err
	}
	s, err := g.db.heldScope(ctx, op)
	switch {
	case err != nil:
		return nil, err
	case s.grant != nil:
		return nil, ErrGrantScope.New(op, "grants are not managed under a grant")
	case !s.perms.Allow(PermGrant) && !s.perms.Allow(PermOwn):
		return nil, ErrForbidden.New(op, "the scope lacks the permission %s", PermGrant)
	case isProgram(s.actor):
		return nil, ErrForbidden.New(op, "a person decides about access, not a program")
	}
	info, err := g.db.directory.get(ctx, op, s.tenant)
	if err != nil {
		return nil, err
	}
	switch info.state { //nolint:exhaustive // the others have no owner who could be in
	case StateActive, StateSuspended, StateCancelled:
		return s, nil
	}
	return nil, ErrTenantNotReady.New(op, "the tenant is %s", info.state)
}

// isProgram reports whether an actor is background work or comes with an API key.
func isProgram(actor string) bool {
	return strings.HasPrefix(actor, "system:") || strings.HasPrefix(actor, "key:")
}

// Use is one line of a grant's history: an act about it, or a statement under it.
type Use struct {
	ID      uuid.UUID
	GrantID uuid.UUID
	At      time.Time
	// Actor is who did it: "grant:ID" for what was done under the grant.
	Actor string
	// Act is what was being done, outermost first: "accounting.read".
	Act string
	// Verb is ask, approve, authorise, refuse, revoke, lift or enter for acts about the grant, and for a statement what it did:
	// find, count, exists, page, stream, report, load, insert, accrue, update or delete.
	Verb string
	// Table is "schema.name"; a report names several.
	Table string
	// Filter is what was asked for: columns, comparisons and ids, never other values.
	Filter string
	// Rows is how many rows were read or written.
	Rows int64
	// Refusal is the code of the error that it ended in; nothing was handed out then.
	Refusal fault.Code
	// Marked reports whether it stands in the tenant's own trail yet.
	Marked bool
}

type useRow struct {
	bun.BaseModel `bun:"alias:u"`

	ID       uuid.UUID  `bun:"id,pk"`
	GrantID  uuid.UUID  `bun:"grant_id"`
	TenantID uuid.UUID  `bun:"tenant_id"`
	Used     int64      `bun:"used_micros"`
	Actor    string     `bun:"actor"`
	Act      string     `bun:"act"`
	Verb     string     `bun:"verb"`
	Table    string     `bun:"table_name"`
	Filter   string     `bun:"filter"`
	Rows     int64      `bun:"row_count"`
	Refusal  fault.Code `bun:"refusal"`
	Marked   int64      `bun:"marked_micros"`
}

func (r *useRow) use() Use {
	return Use{ID: r.ID, GrantID: r.GrantID, At: instantOf(r.Used), Actor: r.Actor, Act: r.Act, Verb: r.Verb, Table: r.Table, Filter: r.Filter,
		Rows: r.Rows, Refusal: r.Refusal, Marked: r.Marked != 0}
}
