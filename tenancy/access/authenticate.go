package access

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/internal/control"
)

// Credential is what a request brings.
type Credential struct {
	// Secret is a session's token or an API key.
	Secret string
	// Tenant is the one that the request names by other means, a host name or a header; zero when it names none. It can only
	// narrow: the credential's own tenant is the one that is entered, and another is refused.
	Tenant uuid.UUID
}

// Authenticate enters what a credential is for, and gives a context with the scope and the [Identity]. A session or key of a
// tenant enters that tenant, as "user:ID" or "key:ID", with what the member may do now; a session of the platform's staff
// enters the platform, and never a tenant. The scope ends when the credential does.
//
// Nothing is remembered between requests: what was revoked, changed or suspended holds from the next call on (a tenant's state
// that another process changed: within tenancy.Options.StateMaxAge). Entering itself leaves no event: the login did, and a
// key leaves one ("access.key_used") per day.
//
// Errors: access.no_credential (unknown, expired and revoked are one answer), access.wrong_tenant, access.no_tenant,
// access.not_member, access.second_factor_required; Enter's for the tenant.
func (s *Service) Authenticate(ctx context.Context, c Credential) (context.Context, error) {
	const op = "access.Authenticate"
	if strings.HasPrefix(c.Secret, keyPrefix) {
		return s.authenticateKey(ctx, op, c)
	}
	found, err := s.findSession(ctx, op, c.Secret)
	if err != nil {
		return nil, err
	}
	if found.Staff {
		return s.enterStaff(ctx, op, c, found)
	}
	member, err := s.memberFor(ctx, op, c, found.UserID, found.TenantID, found.Link)
	if err != nil {
		return nil, err
	}
	perms, factor := s.powers(words(member.Roles))
	if factor && !found.SecondFactor {
		return nil, ErrNeedsFactor.New(op, "")
	}
	inside, err := control.Enter(ctx, s.db, control.Entering{Tenant: found.TenantID, Actor: actorOf(found.UserID), Permissions: namesOf(perms), Expires: found.end(s.opt.Idle)})
	if err != nil {
		return nil, err
	}
	return s.with(inside, found.identity()), nil
}

// Identify tells who a session is of, and enters nothing: for what people do to their own account ([Service.SwitchTenant],
// [Service.SetUpFactor]) before they may enter. Errors: access.no_credential.
func (s *Service) Identify(ctx context.Context, session string) (context.Context, error) {
	found, err := s.findSession(ctx, "access.Identify", session)
	if err != nil {
		return nil, err
	}
	return s.with(ctx, found.identity()), nil
}

// enterStaff enters the platform, for which a second factor is always needed.
func (s *Service) enterStaff(ctx context.Context, op string, c Credential, found *foundSession) (context.Context, error) {
	switch {
	case c.Tenant != uuid.Nil:
		return nil, ErrWrongTenant.New(op, "the platform's staff enter no tenant")
	case !found.SecondFactor:
		return nil, ErrNeedsFactor.New(op, "")
	}
	inside, err := control.EnterPlatform(ctx, s.db, control.Entering{Actor: actorOf(found.UserID), Permissions: words(found.StaffPermissions), Expires: found.end(s.opt.Idle)})
	if err != nil {
		return nil, err
	}
	return s.with(inside, found.identity()), nil
}

// foundSession is a session with what is known of its person.
type foundSession struct {
	sessionRow
	Staff            bool   `bun:"staff"`
	StaffPermissions string `bun:"staff_permissions"`
	Link             string `bun:"link"`
}

func (f *foundSession) identity() Identity {
	return Identity{UserID: f.UserID, SessionID: f.ID, TenantID: f.TenantID, Staff: f.Staff, SecondFactor: f.SecondFactor}
}

// findSession looks a session up by its secret, and notes that it was used, at most once a minute.
func (s *Service) findSession(ctx context.Context, op, secret string) (*foundSession, error) {
	if ctx == nil {
		return nil, ErrNoCredential.New(op, "")
	}
	hash, ok := hashOf(secret, sessionPrefix)
	if !ok {
		return nil, ErrNoCredential.New(op, "")
	}
	var rows []foundSession
	err := s.control.DB.NewRaw(`SELECT s.*, u.staff, u.staff_permissions, COALESCE(l.state, '') AS link
		FROM ? AS s JOIN ? AS u ON u.id = s.user_id LEFT JOIN ? AS l ON l.user_id = s.user_id AND l.tenant_id = s.tenant_id
		WHERE s.token_hash = ? AND u.state = ?`, s.table(tableSessions), s.table(tableUsers), s.table(tableTenants), hash, userActive).Scan(ctx, &rows)
	if err != nil {
		return nil, s.fault(op, err)
	}
	now := s.control.Now()
	if len(rows) == 0 || !now.Before(rows[0].end(s.opt.Idle)) {
		return nil, ErrNoCredential.New(op, "")
	}
	found := &rows[0]
	if now.Sub(found.LastUsedAt) >= time.Minute {
		_, err := s.control.DB.NewRaw(`UPDATE ? SET last_used_at = ? WHERE id = ? AND last_used_at < ?`, s.table(tableSessions), now, found.ID, now).Exec(ctx)
		if err != nil {
			return nil, s.fault(op, err)
		}
		found.LastUsedAt = now
	}
	return found, nil
}

// admitted is the member that a person enters a tenant as, if they may.
func (s *Service) admitted(ctx context.Context, op string, user, tenant uuid.UUID) (*memberRow, error) {
	n, err := s.control.DB.NewSelect().Model((*linkRow)(nil)).ModelTableExpr(s.aliased(tableTenants)).
		Where("user_id = ?", user).Where("tenant_id = ?", tenant).Where("state = ?", linkJoined).Count(ctx)
	if err != nil {
		return nil, s.fault(op, err)
	}
	if n == 0 { // a tenant that does not exist gives the same answer
		return nil, ErrNotMember.New(op, "")
	}
	return s.memberIn(ctx, op, user, tenant)
}

// permOwn is what an owner has: also what lets somebody into a tenant that is suspended or cancelled, to read.
const permOwn = "tenancy.own"

// memberFor is who a credential makes somebody in its tenant, unless it is used for another one.
func (s *Service) memberFor(ctx context.Context, op string, c Credential, user, tenant uuid.UUID, link string) (*memberRow, error) {
	switch {
	case tenant == uuid.Nil:
		return nil, ErrNoTenant.New(op, "")
	case c.Tenant != uuid.Nil && c.Tenant != tenant:
		return nil, ErrWrongTenant.New(op, "")
	case link != linkJoined:
		return nil, ErrNotMember.New(op, "")
	}
	return s.memberIn(ctx, op, user, tenant)
}

// memberIn is the tenant's own record of a person, if it lets them in.
func (s *Service) memberIn(ctx context.Context, op string, user, tenant uuid.UUID) (*memberRow, error) {
	// Looked at as an owner may, who reaches a tenant that is closed; whether the person is one is decided when they enter.
	looking, err := control.Enter(ctx, s.db, control.Entering{Tenant: tenant, Actor: actorOf(user), Permissions: []string{permOwn}})
	if err != nil {
		return nil, err
	}
	var member *memberRow
	err = s.db.Read(looking, func(ctx context.Context, tx *tenancy.Tx) error {
		member, err = memberOf(ctx, tx, user)
		return err
	})
	if err != nil {
		return nil, err
	}
	if member == nil || member.State != string(MemberActive) {
		return nil, ErrNotMember.New(op, "")
	}
	return member, nil
}

// unlink makes sure that nothing of the platform's leads a person into a tenant any more.
func (s *Service) unlink(ctx context.Context, op string, user, tenant uuid.UUID) error {
	now := s.control.Now()
	for _, table := range []string{tableTenants, tableSessions, tableTokens} {
		if _, err := s.control.DB.NewRaw("DELETE FROM ? WHERE user_id = ? AND tenant_id = ?", s.table(table), user, tenant).Exec(ctx); err != nil {
			return s.fault(op, err)
		}
	}
	_, err := s.control.DB.NewRaw("UPDATE ? SET revoked_at = ? WHERE user_id = ? AND tenant_id = ? AND revoked_at IS NULL", s.table(tableKeys), now, user, tenant).Exec(ctx)
	return s.fault(op, err)
}
