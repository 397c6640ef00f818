package access

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// Membership is a tenant that a person may choose.
type Membership struct {
	TenantID uuid.UUID
	Name     string
}

// Memberships lists the tenants that the caller has come to, by name. Whether each lets them in is asked when they choose it. The
// context is of [Service.Identify] or [Service.Authenticate]. Errors: access.no_credential.
func (s *Service) Memberships(ctx context.Context) ([]Membership, error) {
	const op = "access.Memberships"
	me, err := s.self(ctx, op)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		ID   uuid.UUID `bun:"id"`
		Name string    `bun:"name"`
	}
	err = s.control.DB.NewRaw(`SELECT t.id, t.name FROM ? AS l JOIN ? AS t ON t.id = l.tenant_id WHERE l.user_id = ? AND l.state = ? ORDER BY t.name, t.id LIMIT 1000`,
		s.table(tableTenants), s.table("erp_control.tenants"), me.UserID, linkJoined).Scan(ctx, &rows)
	if err != nil {
		return nil, s.fault(op, err)
	}
	out := make([]Membership, len(rows))
	for i, r := range rows {
		out[i] = Membership{TenantID: r.ID, Name: r.Name}
	}
	return out, nil
}

// SwitchTenant gives the caller a session of another tenant for the one they came with, which ends. It is recorded as a login
// there, lasts no longer than the other would have, and has shown the same factors.
//
// The context is of [Service.Identify] or [Service.Authenticate]. Errors: access.no_credential, access.not_member (an unknown
// tenant gives the same answer), Enter's for the tenant.
func (s *Service) SwitchTenant(ctx context.Context, tenant uuid.UUID) (Session, error) {
	const op = "access.SwitchTenant"
	user, err := s.myself(ctx, op)
	if err != nil {
		return Session{}, err
	}
	if user.Staff || tenant == uuid.Nil {
		return Session{}, ErrNotMember.New(op, "")
	}
	me, err := s.self(ctx, op)
	if err != nil {
		return Session{}, err
	}
	var old []sessionRow
	err = s.control.DB.NewSelect().Model(&old).ModelTableExpr(s.aliased(tableSessions)).Where("id = ?", me.SessionID).Scan(ctx)
	if err != nil {
		return Session{}, s.fault(op, err)
	}
	if len(old) == 0 {
		return Session{}, ErrNoCredential.New(op, "")
	}
	if err := s.recordLogin(ctx, op, user, tenant); err != nil {
		return Session{}, err
	}
	secret, hash := newSecret(sessionPrefix)
	row := old[0]
	row.ID, row.TokenHash, row.TenantID, row.CreatedAt, row.LastUsedAt = newID(), hash, tenant, s.control.Now(), s.control.Now()
	err = s.within(ctx, op, func(tx bun.Tx) error {
		if _, err := s.lockUser(ctx, tx, op, user.ID); err != nil {
			return err
		}
		res, err := tx.NewRaw("DELETE FROM ? WHERE id = ?", s.table(tableSessions), me.SessionID).Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 { // ended meanwhile, or switched by another request
			return ErrNoCredential.New(op, "")
		}
		_, err = tx.NewInsert().Model(&row).ModelTableExpr(s.control.Table(tableSessions)).Exec(ctx)
		return err
	})
	if err != nil {
		return Session{}, err
	}
	out := row.session(s.opt.Idle)
	out.Token = secret
	return out, nil
}
