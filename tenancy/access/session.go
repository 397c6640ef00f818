package access

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/agent"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/internal/control"
)

// sessionRow is a session. It holds no network address: device is what the person knows it again by, and goes with it.
type sessionRow struct {
	ID           uuid.UUID `bun:"id,pk"`
	TokenHash    string    `bun:"token_hash" privacy:"credential,delete"`
	UserID       uuid.UUID `bun:"user_id"`
	TenantID     uuid.UUID `bun:"tenant_id,nullzero"`
	SecondFactor bool      `bun:"second_factor"`
	Device       string    `bun:"device" privacy:"behaviour,delete"`
	CreatedAt    time.Time `bun:"created_at"`
	LastUsedAt   time.Time `bun:"last_used_at"`
	ExpiresAt    time.Time `bun:"expires_at"`
}

// Session is a login that lasts.
type Session struct {
	ID uuid.UUID
	// Token is the secret that the person comes back with. It is known once, when the session is made; what is stored is its
	// hash.
	Token        string
	UserID       uuid.UUID
	TenantID     uuid.UUID // zero: none chosen yet, or the platform's staff
	SecondFactor bool      // a second factor was shown
	Device       string
	CreatedAt    time.Time
	LastUsedAt   time.Time // to the minute
	// ExpiresAt is its end if it is not used meanwhile.
	ExpiresAt time.Time
}

func (r *sessionRow) session(idle time.Duration) Session {
	return Session{ID: r.ID, UserID: r.UserID, TenantID: r.TenantID, SecondFactor: r.SecondFactor, Device: r.Device, CreatedAt: r.CreatedAt,
		LastUsedAt: r.LastUsedAt, ExpiresAt: r.end(idle)}
}

// end is when the session ends if it is not used meanwhile.
func (r *sessionRow) end(idle time.Duration) time.Time {
	if unused := r.LastUsedAt.Add(idle); unused.Before(r.ExpiresAt) {
		return unused
	}
	return r.ExpiresAt
}

// maxSessions bounds a person's sessions; a further login ends the oldest.
const maxSessions = 50

func (s *Service) dropOldest(ctx context.Context, tx bun.Tx, user uuid.UUID) error {
	_, err := tx.NewRaw(`DELETE FROM ? WHERE user_id = ? AND id NOT IN (SELECT id FROM ? WHERE user_id = ? ORDER BY id DESC LIMIT ?)`,
		s.table(tableSessions), user, s.table(tableSessions), user, maxSessions-1).Exec(ctx)
	return err
}

const maxDevice = 60

// cleanDevice keeps a device's label short and plain.
func cleanDevice(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if r := []rune(strings.TrimSpace(text)); len(r) > maxDevice {
		return string(r[:maxDevice])
	}
	return strings.TrimSpace(text)
}

// DeviceOf makes a label of a User-Agent: the browser's family and the system's, such as "Firefox on Linux". A whole
// User-Agent tells more than the person needs to know a session again, so it is not stored.
func DeviceOf(userAgent string) string {
	browser, system := agent.Families(userAgent)
	switch {
	case browser == "" && system == "":
		return "unknown device"
	case system == "":
		return browser
	case browser == "":
		return system
	}
	return browser + " on " + system
}

// endSessions deletes the sessions that meet a condition: they are refused from the next request on.
func (s *Service) endSessions(ctx context.Context, op, where string, args ...any) error {
	_, err := s.control.DB.NewDelete().Model((*sessionRow)(nil)).ModelTableExpr(s.aliased(tableSessions)).Where(where, args...).Exec(ctx)
	return s.fault(op, err)
}

// listSessions gives the sessions that meet a condition and have not ended, oldest first.
func (s *Service) listSessions(ctx context.Context, op, where string, arg any) ([]Session, error) {
	var rows []sessionRow
	now := s.control.Now()
	err := s.control.DB.NewSelect().Model(&rows).ModelTableExpr(s.aliased(tableSessions)).Where(where, arg).Where("expires_at > ?", now).
		Where("last_used_at > ?", now.Add(-s.opt.Idle)).OrderExpr("id").Limit(tenancy.MaxRows).Scan(ctx)
	if err != nil {
		return nil, s.fault(op, err)
	}
	out := make([]Session, len(rows))
	for i := range rows {
		out[i] = rows[i].session(s.opt.Idle)
	}
	return out, nil
}

// Sessions lists the caller's own sessions, everywhere, oldest first. The context is of [Service.Authenticate] or
// [Service.Identify] with a session. Errors: access.no_credential.
func (s *Service) Sessions(ctx context.Context) ([]Session, error) {
	const op = "access.Sessions"
	me, err := s.self(ctx, op)
	if err != nil {
		return nil, err
	}
	return s.listSessions(ctx, op, "user_id = ?", me.UserID)
}

// EndSession ends one of the caller's own sessions. Errors: access.no_credential, tenancy.not_found.
func (s *Service) EndSession(ctx context.Context, session uuid.UUID) error {
	const op = "access.EndSession"
	me, err := s.self(ctx, op)
	if err != nil {
		return err
	}
	mine, err := s.listSessions(ctx, op, "user_id = ?", me.UserID)
	if err != nil {
		return err
	}
	for _, m := range mine {
		if m.ID == session {
			return s.logout(ctx, op, m)
		}
	}
	return tenancy.ErrNotFound.New(op, "")
}

// EndOtherSessions ends all of the caller's own sessions but the one they came with. Errors: access.no_credential.
func (s *Service) EndOtherSessions(ctx context.Context) error {
	const op = "access.EndOtherSessions"
	me, err := s.self(ctx, op)
	if err != nil {
		return err
	}
	if err := s.endSessions(ctx, op, "user_id = ? AND id <> ?", me.UserID, me.SessionID); err != nil {
		return err
	}
	return s.fault(op, s.journal(ctx, s.control.DB, control.Entry{Actor: actorOf(me.UserID), Act: actSessionsEnded}))
}

// Logout ends the session that the caller came with. Errors: access.no_credential.
func (s *Service) Logout(ctx context.Context) error {
	const op = "access.Logout"
	me, err := s.self(ctx, op)
	if err != nil {
		return err
	}
	return s.logout(ctx, op, Session{ID: me.SessionID, UserID: me.UserID, TenantID: me.TenantID})
}

// logout ends a session and tells of it, of a tenant that is closed in the platform's journal. The end comes first: a session
// that somebody wants ended must not outlive a trail that cannot be written.
func (s *Service) logout(ctx context.Context, op string, of Session) error {
	if err := s.endSessions(ctx, op, "id = ?", of.ID); err != nil {
		return err
	}
	if of.TenantID != uuid.Nil {
		_, err := control.Enter(ctx, s.db, control.Entering{Tenant: of.TenantID, Actor: actorOf(of.UserID), Act: actLogout})
		if !errors.Is(err, fault.Unscoped) {
			return err
		}
	}
	return s.fault(op, s.journal(ctx, s.control.DB, control.Entry{Actor: actorOf(of.UserID), Act: actLogout, TenantID: of.TenantID}))
}

// TenantSessions lists the sessions in the tenant of the context, oldest first.
//
// Permission: access.read.
func (s *Service) TenantSessions(ctx context.Context) ([]Session, error) {
	const op = "access.TenantSessions"
	tenant, err := tenancy.View(ctx, s.db, PermRead, func(_ context.Context, tx *tenancy.Tx) (uuid.UUID, error) { return tx.Scope().TenantID(), nil })
	if err != nil {
		return nil, err
	}
	return s.listSessions(ctx, op, "tenant_id = ?", tenant)
}

// EndTenantSessions ends the sessions of a member in the tenant of the context; of all members, the caller included, when
// member is zero. Sessions of the same people in other tenants stay.
//
// Permission: access.sessions. Errors: tenancy.not_found.
func (s *Service) EndTenantSessions(ctx context.Context, member uuid.UUID) error {
	const op = "access.EndTenantSessions"
	row, err := tenancy.Act(ctx, s.db, PermSessions, func(ctx context.Context, tx *tenancy.Tx) (*memberRow, error) {
		if member == uuid.Nil {
			return nil, tx.RecordAct()
		}
		row, err := tenancy.Get[memberRow](ctx, tx, member)
		if err != nil {
			return nil, err
		}
		return row, control.Record(tx, membersTable, row.ID, false)
	})
	if err != nil {
		return err
	}
	tenant := tenancy.ScopeOf(ctx).TenantID()
	if row == nil {
		return s.endSessions(ctx, op, "tenant_id = ?", tenant)
	}
	return s.endSessions(ctx, op, "tenant_id = ? AND user_id = ?", tenant, row.UserID)
}
