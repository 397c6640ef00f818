package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// StateMoving is that of a tenant on its way to another placement: nobody enters.
const StateMoving State = "moving"

// PermMoveTenant allows [Tenants.Move] and [Tenants.AbandonMove].
const PermMoveTenant Permission = "tenancy.move"

// MoveStep is how far a move has come.
type MoveStep string

// The steps of a move. Until it is switched the tenant's one copy in use is the old one, from then on the new one; at no time are
// there two.
const (
	MoveCopying  MoveStep = "copying"  // writing has stopped; the copy is made and held against the original
	MoveSwitched MoveStep = "switched" // the tenant's placement is the new one; nobody enters yet
	MoveOpened   MoveStep = "opened"   // the tenant is in use there; the old copy is still to be purged
	MoveDone     MoveStep = "done"
	MoveLeaving  MoveStep = "leaving"  // given up: the new copy is purged, then the old one is opened again
	MoveGivenUp  MoveStep = "given_up" // the tenant is where it was
)

// Move is a tenant's move from one placement to another.
type Move struct {
	TenantID  uuid.UUID
	From, To  string // placements
	Step      MoveStep
	BeganAt   time.Time
	ChangedAt time.Time
}

const tableMoves = "erp_control.moves"

type moveRow struct {
	ID       uuid.UUID `bun:"id,pk"`
	TenantID uuid.UUID `bun:"tenant_id"`
	Source   string    `bun:"source"`
	Target   string    `bun:"target"`
	Step     MoveStep  `bun:"step"`
	Began    int64     `bun:"began_micros"`
	Changed  int64     `bun:"changed_micros"`
	Holder   uuid.UUID `bun:"holder,nullzero"` // the process that is at it
	Lease    int64     `bun:"lease_micros"`
}

// Move takes a tenant to another placement of its region, on the same engine or the other one, with everything it has: its id,
// its records, the host's own models, its audit trail. A suspended or cancelled tenant stays so.
//
// It is an intent in the control database and then steps that can be repeated: nothing more is written at the old place, and
// nobody enters; the place is made at the new one; one transaction writes every row there, as an import does; every model is
// read back and must give the same hash; then the tenant's placement is the new one, it is in use there, and the old copy is
// purged. Killed anywhere, the same call goes on, or [Tenants.CompletePending] does. What the new place refuses for good, or what
// reads back otherwise, is given up: the tenant is in use where it was, and the error says why.
//
// Moving a tenant to where it is changes nothing. With an error of the old copy's purge (tenancy.busy: its file is in use) the
// tenant that is returned is at its new place; the rest is done later.
//
// Permission: tenancy.move, of the platform. Each step has its line in the journal, and the tenant's own trail tells of the
// move as well. Errors: tenancy.not_platform, tenancy.forbidden, tenancy.bad_input (no reason), tenancy.not_found,
// tenancy.tenant_state (neither active, suspended nor cancelled; or on its way elsewhere), tenancy.placement (unknown, or something
// of the tenant is there already), tenancy.region, tenancy.dedicated, tenancy.not_movable, tenancy.move_differs, tenancy.busy
// (somebody else is at it, or was a minute ago), and what the new place refuses of the rows.
func (t *Tenants) Move(ctx context.Context, id uuid.UUID, placement, reason string) (Tenant, error) {
	const op = "tenancy.Tenants.Move"
	m, err := t.mover(ctx, op, id, reason)
	if err != nil {
		return Tenant{}, err
	}
	if m.open != nil && m.open.Step != MoveCopying && m.open.Step != MoveSwitched && m.open.Target != placement {
		// It has arrived elsewhere, or is on its way back: that comes to its end first.
		if err := m.run(ctx); err != nil {
			return Tenant{}, err
		}
		if m, err = t.mover(ctx, op, id, reason); err != nil {
			return Tenant{}, err
		}
	}
	switch {
	case m.open != nil && m.open.Target != placement:
		return Tenant{}, ErrTenantConflict.New(op, "the tenant is on its way to %s", m.open.Target)
	case m.open == nil && m.row.Placement == placement:
		return m.row.tenant(), nil
	case m.open == nil:
		if m.row.living() { // what was decided before is entered before
			if err := t.settle(ctx, op, m.row); err != nil {
				return Tenant{}, err
			}
		}
		if err := m.intend(ctx, placement, reason); err != nil {
			if again := m.read(ctx); again != nil || m.open == nil || m.open.Target != placement { // else somebody was quicker
				return Tenant{}, errors.Join(err, again)
			}
		}
	}
	err = m.run(ctx)
	if again := m.read(context.WithoutCancel(ctx)); again != nil {
		return Tenant{}, errors.Join(err, again)
	}
	return m.row.tenant(), err
}

// AbandonMove gives up a move that has not been switched yet: the tenant is in use where it was, and the new copy is purged.
// Abandoning what is abandoned changes nothing. Somebody who is at the move gives it up (tenancy.busy: it is not at its end yet).
//
// Permission: tenancy.move, of the platform; it stands in the journal. Errors: tenancy.not_platform, tenancy.forbidden,
// tenancy.bad_input (no reason), tenancy.not_found, tenancy.tenant_state (it is not on its way, or has arrived: move it back), tenancy.busy.
func (t *Tenants) AbandonMove(ctx context.Context, id uuid.UUID, reason string) (Tenant, error) {
	const op = "tenancy.Tenants.AbandonMove"
	m, err := t.mover(ctx, op, id, reason)
	if err != nil {
		return Tenant{}, err
	}
	if m.open == nil || m.open.Step == MoveSwitched || m.open.Step == MoveOpened {
		return Tenant{}, ErrTenantConflict.New(op, "the tenant is not on its way, or has arrived")
	}
	if m.open.Step == MoveCopying {
		if err := m.leave(ctx, reason); err != nil {
			return Tenant{}, err
		}
	}
	if err := m.run(ctx); err != nil {
		return Tenant{}, err
	}
	return m.row.tenant(), m.read(ctx)
}

// Moves lists the moves that have not come to their end, the longest waiting first, at most limit (1 to 1,000). Permission:
// tenancy.read, of the platform. Errors: tenancy.not_platform, tenancy.forbidden.
func (t *Tenants) Moves(ctx context.Context, limit int) ([]Move, error) {
	const op = "tenancy.Tenants.Moves"
	if _, err := t.actor(ctx, op, PermReadTenants); err != nil {
		return nil, err
	}
	rows, err := t.openMoves(ctx, op, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Move, len(rows))
	for i, r := range rows {
		out[i] = Move{TenantID: r.TenantID, From: r.Source, To: r.Target, Step: r.Step, BeganAt: time.UnixMicro(r.Began).UTC(), ChangedAt: time.UnixMicro(r.Changed).UTC()}
	}
	return out, nil
}

func (t *Tenants) openMoves(ctx context.Context, op string, limit int) ([]moveRow, error) {
	var rows []moveRow
	err := t.db.control.Control().NewSelect().Model(&rows).ModelTableExpr(t.table(tableMoves)+" AS ?TableAlias").
		Where("step NOT IN (?, ?)", MoveDone, MoveGivenUp).OrderExpr("changed_micros, id").Limit(int64(min(max(limit, 1), 1000))).Scan(ctx)
	return rows, t.db.control.Fault(op, err)
}

// completeMoves goes on with moves that nobody is at, and tells how many came to their end.
func (t *Tenants) completeMoves(ctx context.Context, op, actor string, limit int) (done int, err error) {
	rows, err := t.openMoves(ctx, op, limit)
	if err != nil {
		return 0, err
	}
	var failed []error
	for i := range rows {
		m := &mover{t: t, op: op, actor: actor, id: rows[i].TenantID}
		taken := false
		if err = m.read(ctx); err == nil && m.open != nil {
			taken, err = m.hold(ctx)
		}
		if err == nil && taken { // else somebody is at it
			err = m.proceed(ctx)
			done++
		}
		if err != nil {
			failed = append(failed, err)
		}
	}
	return done, errors.Join(failed...)
}

// endMove purges what a tenant that is purged itself has left behind at an earlier place.
func (t *Tenants) endMove(ctx context.Context, op, actor string, id uuid.UUID) error {
	m := &mover{t: t, op: op, actor: actor, id: id}
	if err := m.read(ctx); err != nil || m.open == nil {
		return err
	}
	return m.run(ctx)
}

// mover is one call that is at a move.
type mover struct {
	t         *Tenants
	op, actor string
	id        uuid.UUID
	row       *tenantRow
	open      *moveRow  // the tenant's move that has not come to its end; nil when it has none
	holder    uuid.UUID // this call
}

func (t *Tenants) mover(ctx context.Context, op string, id uuid.UUID, reason string) (*mover, error) {
	actor, err := t.actor(ctx, op, PermMoveTenant)
	if err != nil {
		return nil, err
	}
	if err := checkReason(op, reason); err != nil {
		return nil, err
	}
	if _, busy := owners.Load(goroutineID()); busy {
		return nil, ErrOuterContext.New(op, "")
	}
	m := &mover{t: t, op: op, actor: actor, id: id}
	return m, m.read(ctx)
}

// read looks at the tenant and its move as they are now.
func (m *mover) read(ctx context.Context) error {
	db := m.t.db.control.Control()
	row, err := m.t.find(ctx, db, "id = ?", m.id)
	if err != nil {
		return m.t.db.control.Fault(m.op, err)
	}
	if row == nil {
		return ErrNotFound.New(m.op, "")
	}
	open := new(moveRow)
	err = db.NewSelect().Model(open).ModelTableExpr(m.t.table(tableMoves)+" AS ?TableAlias").
		Where("tenant_id = ?", m.id).Where("step NOT IN (?, ?)", MoveDone, MoveGivenUp).Scan(ctx)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		open = nil
	case err != nil:
		return m.t.db.control.Fault(m.op, err)
	}
	m.row, m.open = row, open
	return nil
}

// intend writes what is to be done. From now on nobody enters the tenant.
func (m *mover) intend(ctx context.Context, placement, reason string) error {
	if !m.row.living() {
		return ErrTenantConflict.New(m.op, "the tenant is %s", m.row.State)
	}
	target, err := m.t.db.home(m.op, placement, m.row.Region)
	if err != nil {
		return err
	}
	gate, err := target.store.Gate(ctx, m.id)
	if err != nil {
		return target.store.Fault(m.op, err)
	}
	if gate != "" {
		return ErrPlacement.New(m.op, "the placement %s has something of the tenant already: its gate is %s", placement, gate)
	}
	if err := m.movable(ctx); err != nil {
		return err
	}
	now := m.t.now(ctx).UnixMicro()
	open := &moveRow{ID: NewID(), TenantID: m.id, Source: m.row.Placement, Target: placement, Step: MoveCopying, Began: now, Changed: now}
	err = m.change(ctx, "from "+open.Source+" to "+placement+": "+reason, func(tx bun.Tx, row *tenantRow, _ time.Time) error {
		if !row.living() || row.Placement != open.Source {
			return ErrTenantConflict.New(m.op, "the tenant is %s, at %s", row.State, row.Placement)
		}
		if err := m.t.claim(ctx, tx, m.op, target, m.id); err != nil {
			return err
		}
		row.State = StateMoving
		_, err := tx.NewInsert().Model(open).ModelTableExpr(m.t.table(tableMoves)).Exec(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return m.read(ctx)
}

// leave decides that the move is given up.
func (m *mover) leave(ctx context.Context, reason string) error {
	err := m.t.control(ctx, m.op, func(tx bun.Tx) error {
		if err := m.step(ctx, tx, MoveLeaving); err != nil {
			return err
		}
		return m.journal(ctx, tx, "given up, stays at "+m.open.Source+": "+reason)
	})
	if err != nil {
		return err
	}
	return m.read(ctx)
}

// change is a decision about the tenant, as [Tenants.change] writes it down.
func (m *mover) change(ctx context.Context, reason string, how func(tx bun.Tx, row *tenantRow, now time.Time) error) error {
	_, err := m.t.change(ctx, m.op, decision{id: m.id, actor: m.actor, act: string(PermMoveTenant), reason: reason, now: m.t.now(ctx)}, how)
	return err
}

// advance takes the tenant and its move a step further, if they are still where they were.
func (m *mover) advance(ctx context.Context, step MoveStep, what string, how func(tx bun.Tx, row *tenantRow, now time.Time) error) error {
	return m.change(ctx, what, func(tx bun.Tx, row *tenantRow, now time.Time) error {
		if row.State != StateMoving {
			return ErrTenantConflict.New(m.op, "the tenant is %s", row.State)
		}
		if err := m.step(ctx, tx, step); err != nil {
			return err
		}
		return how(tx, row, now)
	})
}

// step writes down how far the move has come, if it is still where it was.
func (m *mover) step(ctx context.Context, tx bun.Tx, next MoveStep) error {
	res, err := tx.NewUpdate().Model((*moveRow)(nil)).ModelTableExpr(m.t.table(tableMoves)).Set("step = ?", next).
		Set("changed_micros = ?", m.t.now(ctx).UnixMicro()).Where("id = ?", m.open.ID).Where("step = ?", m.open.Step).Exec(ctx)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, ErrTenantConflict.New(m.op, "somebody else has taken the move further, or given it up"))
	}
	return nil
}

func (m *mover) journal(ctx context.Context, tx bun.Tx, what string) error {
	return m.t.journal(ctx, tx, &journalRow{Actor: m.actor, Act: string(PermMoveTenant), TenantID: m.id, Reason: what})
}
