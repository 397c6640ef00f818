package access

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy"
)

// memberRow is that a person belongs to a tenant, and what they may do there. It is the tenant's own record: the platform's
// account behind it is known by its id alone.
type memberRow struct {
	tenancy.Row
	UserID uuid.UUID `bun:"user_id"`
	Name   string    `bun:"name" privacy:"identity,pseudonymise"`
	Email  string    `bun:"email" privacy:"contact,delete"`
	// EmailKey is the address folded, so that one person is not asked in twice; nothing once they are erased.
	EmailKey string `bun:"email_key,nullzero" privacy:"contact,delete"`
	// Roles are names, sorted, separated by commas.
	Roles string `bun:"roles" privacy:"none"`
	// IsOwner says that the member is active and has the role owner: what the last of must stay.
	IsOwner   bool      `bun:"is_owner"`
	State     string    `bun:"state" privacy:"none"`
	CreatedAt time.Time `bun:"created_at"`
	ChangedAt time.Time `bun:"changed_at"`
}

// MemberState is where a member stands.
type MemberState string

// The states of a member. Invited and active are one to the tenant's own record: whether somebody has come is the
// platform's.
const (
	MemberInvited   MemberState = "invited"   // asked in; nobody enters by it yet
	MemberActive    MemberState = "active"    // may enter
	MemberSuspended MemberState = "suspended" // may not, until resumed
	MemberRemoved   MemberState = "removed"   // is no member any more; the name stays for the trail
)

// Member is a person who belongs to a tenant.
type Member struct {
	ID uuid.UUID
	// UserID is the account's id: "user:" and it is the actor in the tenant's trail.
	UserID    uuid.UUID
	Name      string
	Email     string
	Roles     []string
	State     MemberState
	CreatedAt time.Time
	ChangedAt time.Time
}

func (r *memberRow) member(joined bool) Member {
	m := Member{ID: r.ID, UserID: r.UserID, Name: r.Name, Email: r.Email, Roles: words(r.Roles), State: MemberState(r.State), CreatedAt: r.CreatedAt, ChangedAt: r.ChangedAt}
	if m.State == MemberActive && !joined {
		m.State = MemberInvited
	}
	return m
}

var _ tenancy.ColumnChecker = (*memberRow)(nil)

// CheckColumn implements [tenancy.ColumnChecker]: what an invitation would say of the column. The folded address follows from the other.
func (r *memberRow) CheckColumn(name string) (err error) {
	const op = "access.Member"
	var clean string
	switch name {
	case "name":
		clean, err = cleanName(op, r.Name)
	case "email":
		clean, _, err = cleanEmail(op, r.Email)
	default:
		return ErrBadInput.New(op, "%s follows from the rest", name)
	}
	if err == nil && clean != map[string]string{"name": r.Name, "email": r.Email}[name] {
		err = ErrBadInput.New(op, "no blanks stand at its ends")
	}
	return err
}

func (r *memberRow) settle(now time.Time) {
	r.IsOwner = r.State == string(MemberActive) && slices.Contains(words(r.Roles), RoleOwner)
	r.ChangedAt = now
}

// NewMember is who is asked in.
type NewMember struct {
	Email string
	Name  string
	// Roles are names of [Service.Roles]. An owner whom the platform adds needs none.
	Roles []string
}

// newMember is NewMember, checked.
type newMember struct {
	address, key, name string
	roles              []string
}

func (s *Service) checkMember(op string, in NewMember) (out newMember, err error) {
	if out.address, out.key, err = cleanEmail(op, in.Email); err != nil {
		return out, err
	}
	if out.name, err = cleanName(op, in.Name); err != nil {
		return out, err
	}
	out.roles, err = s.cleanRoles(op, in.Roles)
	return out, err
}

func (m newMember) row(user uuid.UUID, now time.Time) *memberRow {
	r := &memberRow{UserID: user, Name: m.name, Email: m.address, EmailKey: m.key, Roles: strings.Join(m.roles, ","), State: string(MemberActive), CreatedAt: now}
	r.settle(now)
	return r
}

// memberOf is the tenant's record of a person, in whatever state; nil when there is none.
func memberOf(ctx context.Context, tx *tenancy.Tx, user uuid.UUID, opts ...tenancy.Option) (*memberRow, error) {
	row, err := tenancy.First[memberRow](ctx, tx, append(opts, tenancy.Eq("user_id", user))...)
	if tenancy.IsNotFound(err) {
		return nil, nil
	}
	return row, err
}

// mayHandle refuses an actor who does not hold what the roles allow: nobody grants or takes more than they hold.
func (s *Service) mayHandle(op string, tx *tenancy.Tx, roles ...[]string) error {
	for _, names := range roles {
		perms, _ := s.powers(names)
		for _, p := range perms {
			if !tx.Scope().Can(p) {
				return ErrGrantsMore.New(op, "the roles %s allow %s, which you do not hold", strings.Join(names, ", "), p)
			}
		}
	}
	return nil
}

// Members lists who belongs to the tenant, those who left included, in the order they came.
//
// Permission: access.read.
func (s *Service) Members(ctx context.Context) ([]Member, error) {
	const op = "access.Members"
	rows, err := tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]memberRow, error) {
		return tenancy.Find[memberRow](ctx, tx, tenancy.OrderBy("id"))
	})
	if err != nil {
		return nil, err
	}
	var links []linkRow
	err = s.control.DB.NewSelect().Model(&links).ModelTableExpr(s.aliased(tableTenants)).Where("tenant_id = ?", tenancy.ScopeOf(ctx).TenantID()).Scan(ctx)
	if err != nil {
		return nil, s.fault(op, err)
	}
	joined := map[uuid.UUID]bool{}
	for _, l := range links {
		joined[l.UserID] = l.State == linkJoined
	}
	out := make([]Member, len(rows))
	for i := range rows {
		out[i] = rows[i].member(joined[rows[i].UserID])
	}
	return out, nil
}

// SetRoles replaces a member's roles; it holds from their next request.
//
// Permission: access.members. Errors: access.unknown_role, access.grants_more (the roles they had or get allow what the caller
// does not hold), access.last_owner, tenancy.not_found.
func (s *Service) SetRoles(ctx context.Context, member uuid.UUID, roles ...string) (Member, error) {
	const op = "access.SetRoles"
	return s.changeMember(ctx, op, member, func(r *memberRow) error {
		names, err := s.cleanRoles(op, roles)
		if err != nil {
			return err
		}
		if r.State == string(MemberRemoved) {
			return tenancy.ErrNotFound.New(op, "")
		}
		r.Roles = strings.Join(names, ",")
		return nil
	})
}

// SuspendMember keeps a member out until ResumeMember; their sessions here end, and their keys do nothing meanwhile.
//
// Permission: access.members. Errors: access.grants_more, access.last_owner, tenancy.not_found.
func (s *Service) SuspendMember(ctx context.Context, member uuid.UUID) (Member, error) {
	return s.moveMember(ctx, "access.SuspendMember", member, MemberSuspended)
}

// ResumeMember undoes SuspendMember. Permission and errors: as there.
func (s *Service) ResumeMember(ctx context.Context, member uuid.UUID) (Member, error) {
	return s.moveMember(ctx, "access.ResumeMember", member, MemberActive)
}

// RemoveMember ends a membership: sessions here end, keys that the member made are revoked, the name stays for the trail until
// it is erased. Being asked in again makes them a member again.
//
// Permission: access.members. Errors: access.grants_more, access.last_owner, tenancy.not_found.
func (s *Service) RemoveMember(ctx context.Context, member uuid.UUID) error {
	_, err := s.moveMember(ctx, "access.RemoveMember", member, MemberRemoved)
	return err
}

func (s *Service) moveMember(ctx context.Context, op string, member uuid.UUID, to MemberState) (Member, error) {
	m, err := s.changeMember(ctx, op, member, func(r *memberRow) error {
		if r.State == string(MemberRemoved) && to != MemberRemoved {
			return tenancy.ErrNotFound.New(op, "")
		}
		r.State = string(to)
		return nil
	})
	if err != nil {
		return Member{}, err
	}
	// The tenant's record comes first: from here on nobody enters by it, whether what follows is done or cut short and done again.
	tenant := tenancy.ScopeOf(ctx).TenantID()
	if to != MemberActive {
		if err := s.endSessions(ctx, op, "user_id = ? AND tenant_id = ?", m.UserID, tenant); err != nil {
			return Member{}, err
		}
	}
	if to == MemberRemoved {
		err = s.unlink(ctx, op, m.UserID, tenant)
	}
	return m, err
}

// changeMember lets change look at a member's row and alter it, under the rules that hold for every such change. It locks the
// owners first, in the order of their ids, so that of two who are removed at once the second sees what the first did.
func (s *Service) changeMember(ctx context.Context, op string, member uuid.UUID, change func(r *memberRow) error) (Member, error) {
	row, err := tenancy.Act(ctx, s.db, PermMembers, func(ctx context.Context, tx *tenancy.Tx) (*memberRow, error) {
		owners, err := tenancy.Find[memberRow](ctx, tx, tenancy.Eq("is_owner", true), tenancy.ForUpdate())
		if err != nil {
			return nil, err
		}
		row, err := tenancy.Lock[memberRow](ctx, tx, member)
		if err != nil {
			return nil, err
		}
		was := *row
		if err := change(row); err != nil {
			return nil, err
		}
		if err := s.mayHandle(op, tx, words(was.Roles), words(row.Roles)); err != nil {
			return nil, err
		}
		row.settle(tx.Now())
		if was.IsOwner && !row.IsOwner {
			if err := s.keepsOwner(ctx, op, owners, row); err != nil {
				return nil, err
			}
		}
		if row.Roles == was.Roles && row.State == was.State {
			return &was, nil
		}
		return row, tenancy.Update(ctx, tx, row, "roles", "is_owner", "state", "changed_at")
	})
	if err != nil {
		return Member{}, err
	}
	return row.member(true), nil
}

// keepsOwner refuses what would leave the tenant without an owner who can come in: one who was only asked in counts for nobody.
func (s *Service) keepsOwner(ctx context.Context, op string, owners []memberRow, leaving *memberRow) error {
	var others []uuid.UUID
	for _, o := range owners {
		if o.ID != leaving.ID {
			others = append(others, o.UserID)
		}
	}
	if len(others) == 0 {
		return ErrLastOwner.New(op, "")
	}
	n, err := s.control.DB.NewSelect().Model((*linkRow)(nil)).ModelTableExpr(s.aliased(tableTenants)).Where("tenant_id = ?", leaving.TenantID).
		Where("state = ?", linkJoined).Where("user_id IN (?)", bun.In(others)).Count(ctx) //nolint:staticcheck // bun.List is its new name
	if err != nil {
		return s.fault(op, err)
	}
	if n == 0 {
		return ErrLastOwner.New(op, "")
	}
	return nil
}
