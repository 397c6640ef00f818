package access

import (
	"context"
	"time"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/internal/control"
)

// keptKeys is how long a key that has ended stays listed.
const keptKeys = 90 * 24 * time.Hour

// sweepPiece bounds one piece of the background job.
const sweepPiece = 500

// Jobs is the background work of this package, for [tenancy.BackgroundOptions]; erp.Suite has it.
func (s *Service) Jobs() []tenancy.Job {
	return []tenancy.Job{{
		Name: "access.sweep", Every: 10 * time.Minute,
		About: "Sessions, tokens, counters and keys that have ended are deleted, and invitations that nobody took up.",
		Platform: func(ctx context.Context) (bool, error) {
			n, err := s.Sweep(ctx, sweepPiece)
			return n >= sweepPiece, err
		},
	}}
}

// Sweep deletes at most limit (1 to 10,000) rows that have had their time, and says how many. What each kind is kept for:
// sessions, tokens and counters until their end; keys for 90 days after; an invitation that nobody took up with its token, and
// with it an account that has nothing else; whatever leads to a purged tenant, at once. No act looks at any of them after
// their end, swept or not.
//
// It needs a context from [tenancy.DB.EnterPlatform] and the permission access.sweep. Errors: tenancy.not_platform,
// tenancy.forbidden, access.bad_input.
func (s *Service) Sweep(ctx context.Context, limit int) (int, error) {
	const op = "access.Sweep"
	if err := s.db.Tenants().Require(ctx, PermSweep); err != nil {
		return 0, err
	}
	if limit < 1 || limit > 10_000 {
		return 0, ErrBadInput.New(op, "limit is between 1 and 10,000")
	}
	now := control.At(ctx, s.db)
	purged := "tenant_id IN (SELECT id FROM " + s.control.Table("erp_control.tenants") + " WHERE state = 'purged')"
	noToken := "NOT EXISTS (SELECT 1 FROM " + s.control.Table(tableTokens) + " AS k WHERE k.user_id = t.user_id AND k.tenant_id = t.tenant_id)"
	nothing := ""
	for _, other := range []string{tableTenants, tableTokens, tableKeys} {
		nothing += " AND NOT EXISTS (SELECT 1 FROM " + s.control.Table(other) + " AS k WHERE k.user_id = t.id)"
	}
	stale := now.Add(-s.opt.Invitation)
	done := 0
	for _, piece := range []struct {
		table, key, where string
		args              []any
	}{
		{tableAttempts, "counter", "expires_at <= ?", []any{now}},
		{tableSessions, "id", "expires_at <= ? OR last_used_at <= ? OR " + purged, []any{now, now.Add(-s.opt.Idle)}},
		{tableTokens, "id", "expires_at <= ? OR " + purged, []any{now}},
		{tableKeys, "id", "expires_at <= ? OR revoked_at <= ? OR " + purged, []any{now.Add(-keptKeys), now.Add(-keptKeys)}},
		{tableTenants, "user_id, tenant_id", "state = 'invited' AND created_at <= ? AND " + noToken + " OR " + purged, []any{stale}},
		{tableUsers, "id", "password_hash = '' AND created_at <= ?" + nothing, []any{stale}},
	} {
		args := append(append([]any{s.table(piece.table), s.table(piece.table)}, piece.args...), limit-done)
		res, err := s.control.DB.NewRaw("DELETE FROM ? WHERE ("+piece.key+") IN (SELECT "+piece.key+" FROM ? AS t WHERE "+piece.where+" LIMIT ?)", args...).Exec(ctx)
		if err != nil {
			return done, s.fault(op, err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return done, s.fault(op, err)
		}
		if done += int(n); done >= limit {
			break
		}
	}
	return done, nil
}
