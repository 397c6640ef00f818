package access

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/internal/control"
)

// newID makes an id that is ordered by the time it was made.
func newID() uuid.UUID { return tenancy.NewID() }

// Invite asks a person into the tenant of the context and sends them a token that [Service.Accept] takes. The member is
// recorded at once; nobody enters before the token came back. Inviting again who has not come sends a new token and
// replaces name and roles. Whether the address has an account elsewhere cannot be told from the answer.
//
// Permission: access.members. Errors: access.bad_input, access.unknown_role, access.grants_more, access.is_member,
// access.mail (the member is recorded: invite again).
func (s *Service) Invite(ctx context.Context, in NewMember) (Member, error) {
	const op = "access.Invite"
	var m newMember
	// Asked before anything is written, and again with the write: the platform's own records come first.
	old, err := tenancy.View(ctx, s.db, PermMembers, func(ctx context.Context, tx *tenancy.Tx) (_ []memberRow, err error) {
		if m, err = s.checkMember(op, in); err != nil {
			return nil, err
		}
		if err := s.mayHandle(op, tx, m.roles); err != nil {
			return nil, err
		}
		return tenancy.Find[memberRow](ctx, tx, tenancy.Eq("email_key", m.key), tenancy.Eq("state", string(MemberRemoved)))
	})
	if err != nil {
		return Member{}, err
	}
	tenant := tenancy.ScopeOf(ctx).TenantID()
	for _, r := range old { // a removal that was cut short must not count as having come
		if err := s.unlink(ctx, op, r.UserID, tenant); err != nil {
			return Member{}, err
		}
	}
	user, joined, err := s.prepare(ctx, op, m, tenant)
	if err != nil {
		return Member{}, err
	}
	row, err := tenancy.Act(ctx, s.db, PermMembers, func(ctx context.Context, tx *tenancy.Tx) (*memberRow, error) {
		if err := s.mayHandle(op, tx, m.roles); err != nil {
			return nil, err
		}
		return s.record(ctx, tx, op, m, user.ID, joined, func(had []string) error { return s.mayHandle(op, tx, had) })
	})
	if err != nil {
		return Member{}, err
	}
	return row.member(false), s.invite(ctx, op, user, tenant, m.name)
}

// prepare makes the platform's side of an invitation: the account, if the address has none, and the link.
func (s *Service) prepare(ctx context.Context, op string, m newMember, tenant uuid.UUID) (user *userRow, joined bool, err error) {
	err = s.within(ctx, op, func(tx bun.Tx) error {
		if user, err = s.ensureUser(ctx, tx, userRow{Email: m.address, EmailKey: m.key, Name: m.name}); err != nil {
			return err
		}
		l, err := s.link(ctx, tx, user.ID, tenant)
		joined = l.State == linkJoined
		return err
	})
	return user, joined, err
}

// record writes the tenant's side: a new member, or one who left or has not come yet. may decides about the roles that the
// latter had.
func (s *Service) record(ctx context.Context, tx *tenancy.Tx, op string, m newMember, user uuid.UUID, joined bool, may func(had []string) error) (*memberRow, error) {
	fresh := m.row(user, tx.Now())
	found, err := tenancy.Find[memberRow](ctx, tx, tenancy.Eq("email_key", m.key), tenancy.ForUpdate())
	if err != nil {
		return nil, err
	}
	var old *memberRow
	if len(found) > 0 {
		old = &found[0]
	} else if old, err = memberOf(ctx, tx, user, tenancy.ForUpdate()); err != nil {
		return nil, err
	}
	if old == nil {
		return fresh, tenancy.Insert(ctx, tx, fresh)
	}
	if old.State != string(MemberRemoved) {
		if joined || old.State == string(MemberSuspended) {
			return nil, ErrIsMember.New(op, "")
		}
		if err := may(words(old.Roles)); err != nil {
			return nil, err
		}
	}
	fresh.Row, fresh.CreatedAt = old.Row, old.CreatedAt
	return fresh, tenancy.Update(ctx, tx, fresh, "user_id", "name", "email", "email_key", "roles", "is_owner", "state", "changed_at")
}

// invite makes the token and sends it.
func (s *Service) invite(ctx context.Context, op string, user *userRow, tenant uuid.UUID, name string) error {
	var token tokenRow
	var secret, tenantName string
	err := s.within(ctx, op, func(tx bun.Tx) (err error) {
		if tenant != uuid.Nil {
			if err := tx.NewRaw("SELECT name FROM ? WHERE id = ?", s.table("erp_control.tenants"), tenant).Scan(ctx, &tenantName); err != nil {
				return err
			}
		}
		token, secret, err = s.putToken(ctx, tx, NoticeInvitation, invitationPrefix, user.ID, tenant, s.opt.Invitation)
		return err
	})
	if err != nil {
		return err
	}
	return s.send(ctx, token.ID, user.Email, Notice{Kind: NoticeInvitation, Name: name, Tenant: tenantName, Token: secret, ExpiresAt: token.ExpiresAt})
}

// AddOwner gives a tenant its first owner and sends them an invitation; the owner invites everybody else. It is refused once
// somebody has been asked into the tenant, so that nobody of the platform lets themselves in. Adding the same person again,
// before they came, sends the invitation anew; when theirs has expired and was swept, another may be added. A tenant that was
// imported has members by its own record and nobody who may come in: it gets an owner in the same way.
//
// It needs a context from [tenancy.DB.EnterPlatform] and the permission access.add_owner. Errors: tenancy.not_platform,
// tenancy.forbidden, access.bad_input, access.has_members, access.email_taken (staff), access.mail (the owner is recorded: add again), and Enter's for
// the tenant.
func (s *Service) AddOwner(ctx context.Context, tenant uuid.UUID, in NewMember) (Member, error) {
	const op = "access.AddOwner"
	if err := s.db.Tenants().Require(ctx, PermAddOwner); err != nil {
		return Member{}, err
	}
	in.Roles = []string{RoleOwner}
	m, err := s.checkMember(op, in)
	if err != nil {
		return Member{}, err
	}
	// With this one permission, which a tenant that is closed lets nobody in by.
	inside, err := control.Enter(ctx, s.db, control.Entering{Tenant: tenant, Actor: "system:" + string(PermAddOwner), Permissions: []string{string(PermAddOwner)}, Act: actSystem})
	if err != nil {
		return Member{}, err
	}
	var user *userRow
	err = s.within(ctx, op, func(tx bun.Tx) error {
		if user, err = s.firstOwner(ctx, tx, op, m, tenant); err != nil {
			return err
		}
		return s.journal(ctx, tx, control.Entry{Actor: tenancy.ScopeOf(ctx).Actor(), Act: string(PermAddOwner), TenantID: tenant, Reason: actorOf(user.ID)})
	})
	if err != nil {
		return Member{}, err
	}
	row, err := tenancy.Act(inside, s.db, PermAddOwner, func(ctx context.Context, tx *tenancy.Tx) (*memberRow, error) {
		return s.record(ctx, tx, op, m, user.ID, false, func([]string) error { return nil })
	})
	if err != nil {
		return Member{}, err
	}
	return row.member(false), s.invite(ctx, op, user, tenant, m.name)
}

// firstOwner makes the platform's side of a first owner. It holds the tenant's row, so that of several who are added at once
// one is.
func (s *Service) firstOwner(ctx context.Context, tx bun.Tx, op string, m newMember, tenant uuid.UUID) (*userRow, error) {
	lock := ""
	if s.control.DB.Dialect().Name().String() == "pg" { // SQLite has one writer
		lock = " FOR UPDATE"
	}
	var id uuid.UUID
	if err := tx.NewRaw("SELECT id FROM ? WHERE id = ?"+lock, s.table("erp_control.tenants"), tenant).Scan(ctx, &id); err != nil {
		return nil, err
	}
	user, err := s.ensureUser(ctx, tx, userRow{Email: m.address, EmailKey: m.key, Name: m.name})
	if err != nil {
		return nil, err
	}
	if user.Staff {
		return nil, ErrEmailTaken.New(op, "this is an account of the platform's staff, who enter no tenant")
	}
	var links []linkRow
	if err := tx.NewSelect().Model(&links).ModelTableExpr(s.aliased(tableTenants)).Where("tenant_id = ?", tenant).Limit(2).Scan(ctx); err != nil {
		return nil, err
	}
	for _, l := range links {
		if l.UserID != user.ID || l.State == linkJoined {
			return nil, ErrHasMembers.New(op, "")
		}
	}
	_, err = s.link(ctx, tx, user.ID, tenant)
	return user, err
}

// Acceptance is the input of [Service.Accept].
type Acceptance struct {
	Token string
	// Password is needed from people who have none yet, and not looked at otherwise: an invitation changes no password.
	Password string
	// Name, when given by somebody new, replaces the one they were invited by.
	Name string
}

// Accepted is what an invitation was to.
type Accepted struct {
	UserID   uuid.UUID
	TenantID uuid.UUID // zero: to the platform's staff
}

// Accept takes up an invitation. It needs no scope: the token is what proves that the caller reads the person's e-mail.
// The account gets its password, the membership counts from now on, and the token is gone. It is recorded in the tenant's
// trail, or in the platform's journal.
//
// Errors: access.bad_token (unknown, used and expired are one answer), access.bad_password, access.bad_input, and Enter's for
// the tenant.
func (s *Service) Accept(ctx context.Context, in Acceptance) (Accepted, error) {
	const op = "access.Accept"
	token, err := s.findToken(ctx, op, NoticeInvitation, invitationPrefix, in.Token)
	if err != nil {
		return Accepted{}, err
	}
	user, err := s.findUser(ctx, s.control.DB, "id = ?", token.UserID)
	if err != nil {
		return Accepted{}, s.fault(op, err)
	}
	if user == nil || user.State != userActive {
		return Accepted{}, ErrBadToken.New(op, "")
	}
	hash, name := "", user.Name
	if user.PasswordHash == "" {
		if in.Name != "" {
			if name, err = cleanName(op, in.Name); err != nil {
				return Accepted{}, err
			}
		}
		if err := s.checkPassword(op, in.Password, user.Email, name); err != nil {
			return Accepted{}, err
		}
		if hash, err = s.hasher.hash(ctx, in.Password); err != nil {
			return Accepted{}, s.fault(op, err)
		}
	}
	if token.TenantID != uuid.Nil { // first what tells of it, then what it tells of
		if _, err := control.Enter(ctx, s.db, control.Entering{Tenant: token.TenantID, Actor: actorOf(user.ID), Act: actAccept}); err != nil {
			return Accepted{}, err
		}
	}
	err = s.within(ctx, op, func(tx bun.Tx) error {
		if err := s.useToken(ctx, tx, op, token); err != nil {
			return err
		}
		return s.joinIn(ctx, tx, op, token, user, hash, name, s.control.Now())
	})
	if err != nil {
		return Accepted{}, err
	}
	return Accepted{UserID: user.ID, TenantID: token.TenantID}, nil
}

func (s *Service) joinIn(ctx context.Context, tx bun.Tx, op string, token *tokenRow, user *userRow, hash, name string, now time.Time) error {
	if hash != "" {
		_, err := tx.NewUpdate().Model((*userRow)(nil)).ModelTableExpr(s.aliased(tableUsers)).Set("password_hash = ?", hash).Set("name = ?", name).
			Set("changed_at = ?", now).Where("id = ?", user.ID).Where("password_hash = ''").Exec(ctx)
		if err != nil {
			return err
		}
	}
	if token.TenantID == uuid.Nil {
		return s.journal(ctx, tx, control.Entry{Actor: actorOf(user.ID), Act: actAccept, Reason: "staff"})
	}
	res, err := tx.NewUpdate().Model((*linkRow)(nil)).ModelTableExpr(s.aliased(tableTenants)).Set("state = ?", linkJoined).
		Where("user_id = ?", user.ID).Where("tenant_id = ?", token.TenantID).Exec(ctx)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 { // removed before they came
		return ErrBadToken.New(op, "")
	}
	return nil
}
