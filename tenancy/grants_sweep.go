package tenancy

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// PermSweepGrants allows deleting grants that have had their time, and their records: for background work.
const PermSweepGrants Permission = "grant.sweep"

// LeastGrantYears is how long grants and their uses are kept at least, in years of 365 days: the database lets nobody delete younger ones.
const LeastGrantYears = 1

const tableGrantSweeps = "erp_control.grant_sweeps"

// GrantSweep is the record of grants that were deleted.
type GrantSweep struct {
	ID uuid.UUID
	// Rule is by what they had had their time, such as the id of a retention rule.
	Rule string
	// Before is what all that was done about them was before.
	Before time.Time
	At     time.Time
	// Grants and Uses are how many were deleted.
	Grants, Uses int64
}

type grantSweepRow struct {
	bun.BaseModel `bun:"alias:s"`

	ID     uuid.UUID `bun:"id,pk"`
	Rule   string    `bun:"rule"`
	Before int64     `bun:"before_micros"`
	Swept  int64     `bun:"swept_micros"`
	Grants int64     `bun:"grants"`
	Uses   int64     `bun:"uses"`
}

// overGrants says which grants are over: nothing was done about them since, nothing is owed to the tenant's trail, and the owner knows of them, or may not before the law allows it. A tenant under a legal hold keeps its own.
const overGrants = ` AS g WHERE g.asked_micros < ? AND g.authorised_micros < ? AND g.expires_micros < ? AND g.ended_micros < ? AND g.closed_micros < ? AND g.lifted_micros < ? AND g.told_micros < ?
	AND (g.state <> 'revoked' OR g.closed_micros <> 0) AND (g.withheld = '' OR g.lifted_micros <> 0)`

// Sweep deletes grants about which nothing was done since an instant, a year ago at least, with their approvals and uses: at most limit (1 to 1,000) of them, and it says how many. rule is by what they have had their time. Grants of which the owner may
// not know yet, whose uses are not in the tenant's trail yet, and those of tenants under a legal hold stay. What a tenant's own trail says of them is the tenant's.
//
// It leaves a record ([Grants.Sweeps]), without which the database deletes none. Permission: grant.sweep. Errors: tenancy.not_platform, tenancy.forbidden, tenancy.bad_input.
func (g *Grants) Sweep(ctx context.Context, rule string, before time.Time, limit int) (int, error) {
	const op = "tenancy.Grants.Sweep"
	t := g.db.Tenants()
	if _, err := t.actor(ctx, op, PermSweepGrants); err != nil {
		return 0, err
	}
	now := t.now(ctx)
	if rule == "" || len(rule) > 100 || limit < 1 || limit > 1000 || before.After(now.AddDate(0, 0, -365*LeastGrantYears)) {
		return 0, ErrBadInput.New(op, "a sweep names a rule of at most 100 characters, an instant a year ago at least, and a limit between 1 and 1,000")
	}
	var ids []uuid.UUID
	err := t.control(ctx, op, func(tx bun.Tx) error {
		ids = nil
		lock, edge := "", before.UnixMicro()
		if g.postgres() {
			lock = " FOR UPDATE OF g SKIP LOCKED" // two who sweep at once take different ones
		}
		err := tx.NewRaw("SELECT g.id FROM ?"+overGrants+` AND NOT EXISTS (SELECT 1 FROM ? AS u WHERE u.grant_id = g.id AND (u.used_micros >= ? OR u.marked_micros = 0))
			AND NOT EXISTS (SELECT 1 FROM ? AS h WHERE h.tenant_id = g.tenant_id AND h.released_at IS NULL) ORDER BY g.id LIMIT ?`+lock,
			bun.Safe(g.table(tableGrants)), edge, edge, edge, edge, edge, edge, edge, bun.Safe(g.table(tableUses)), edge, bun.Safe(g.table(tableHolds)), limit).Scan(ctx, &ids)
		if err != nil || len(ids) == 0 {
			return err
		}
		row := &grantSweepRow{ID: NewID(), Rule: rule, Before: edge, Swept: now.UnixMicro(), Grants: int64(len(ids))}
		if err := tx.NewRaw("SELECT count(*) FROM ? AS u WHERE u.grant_id IN (?)", bun.Safe(g.table(tableUses)), bun.In(ids)).Scan(ctx, &row.Uses); err != nil { //nolint:staticcheck // bun.List is its new name
			return err
		}
		if _, err := tx.NewInsert().Model(row).ModelTableExpr(g.table(tableGrantSweeps)).Exec(ctx); err != nil {
			return err
		}
		for _, of := range []struct{ table, column string }{{tableUses, "grant_id"}, {tableApprovals, "grant_id"}, {tableGrants, "id"}} {
			if _, err := tx.NewRaw("DELETE FROM ? WHERE "+of.column+" IN (?)", bun.Safe(g.table(of.table)), bun.In(ids)).Exec(ctx); err != nil { //nolint:staticcheck // bun.List is its new name
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return len(ids), nil
}

// Sweeps lists what was swept, the latest first, at most limit (1 to 1,000). Permission: grant.read, of the platform. Errors: tenancy.not_platform, tenancy.forbidden.
func (g *Grants) Sweeps(ctx context.Context, limit int) ([]GrantSweep, error) {
	const op = "tenancy.Grants.Sweeps"
	if _, err := g.db.Tenants().actor(ctx, op, PermReadGrants); err != nil {
		return nil, err
	}
	var rows []grantSweepRow
	err := g.db.control.Control().NewSelect().Model(&rows).ModelTableExpr(g.table(tableGrantSweeps) + " AS s").OrderExpr("s.id DESC").Limit(int64(min(max(limit, 1), 1000))).Scan(ctx)
	out := make([]GrantSweep, len(rows))
	for i, r := range rows {
		out[i] = GrantSweep{ID: r.ID, Rule: r.Rule, Before: instantOf(r.Before), At: instantOf(r.Swept), Grants: r.Grants, Uses: r.Uses}
	}
	return out, g.db.control.Fault(op, err)
}
