package tenancy

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy/fault"
)

// run goes on with the move until it has come to its end, or is refused. It alone is at it, as long as it keeps its lease; and
// should the lease be lost, two at once do no harm: a step is taken by whoever finds the one before it, and a gate does not follow
// a decision that was overtaken.
func (m *mover) run(ctx context.Context) error {
	taken, err := m.hold(ctx)
	if err == nil && !taken {
		err = ErrBusy.New(m.op, "somebody is moving the tenant, or was a minute ago")
	}
	if err != nil {
		return err
	}
	return m.proceed(ctx)
}

// proceed is run for whoever has the lease.
func (m *mover) proceed(ctx context.Context) error {
	defer m.release(context.WithoutCancel(ctx))
	for m.open != nil {
		was := m.open
		err := m.next(ctx)
		if again := m.read(context.WithoutCancel(ctx)); again != nil {
			return errors.Join(err, again)
		}
		stands := m.open != nil && m.open.ID == was.ID && m.open.Step == was.Step
		switch {
		case err == nil:
		case stands && was.Step == MoveCopying && final(ctx, err):
			return errors.Join(err, m.giveUp(context.WithoutCancel(ctx), err))
		case stands:
			return err
		case was.Step == MoveCopying && m.row.Placement != was.Target: // somebody has given it up
			return errors.Join(err, m.backOut(context.WithoutCancel(ctx)))
		}
	}
	return nil
}

// next does what the move's step calls for.
func (m *mover) next(ctx context.Context) error {
	ctx, done := m.keep(ctx)
	defer done()
	switch m.open.Step { //nolint:exhaustive // the others are ends
	case MoveCopying:
		if err := m.stop(ctx); err != nil {
			return err
		}
		if err := m.copy(ctx); err != nil {
			return err
		}
		return m.switchOver(ctx)
	case MoveSwitched:
		return m.openTarget(ctx)
	case MoveOpened:
		return m.purgeSource(ctx)
	default:
		return m.reopenSource(ctx)
	}
}

// final reports whether the copying would be refused again: by what the rows are, not by how the databases fare, and not because
// this process lacks a placement that another has.
func final(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	var f *fault.Error
	if !errors.As(err, &f) {
		return false
	}
	switch f.Kind { //nolint:exhaustive // the others pass
	case fault.Invalid, fault.Conflict, fault.Locked, fault.Restricted:
		return true
	}
	return errors.Is(err, ErrMoveDiffers) || errors.Is(err, ErrUnordered)
}

// giveUp leaves the tenant where it was, because of what copying it was refused with.
func (m *mover) giveUp(ctx context.Context, why error) error {
	if err := m.leave(ctx, "refused with "+string(fault.CodeOf(why))); err != nil {
		return err
	}
	return m.backOut(ctx)
}

// backOut does the last steps of a move that is given up.
func (m *mover) backOut(ctx context.Context) error {
	if m.open == nil || m.open.Step != MoveLeaving {
		return nil
	}
	return m.next(ctx)
}

// stop ends all writing at the old place, and all reading that could outlast it: first for the database, whose gate waits for
// whoever found it open, and then for every process, which knows a tenant's state for so long and no longer.
func (m *mover) stop(ctx context.Context) error {
	source, err := m.t.db.at(m.op, m.open.Source)
	if err != nil {
		return err
	}
	if err := source.store.MoveGate(ctx, m.id, GateMoving, m.row.Turn); err != nil {
		return source.store.Fault(m.op, err)
	}
	gate, err := source.store.Gate(ctx, m.id)
	if err != nil {
		return source.store.Fault(m.op, err)
	}
	if gate != GateMoving {
		return ErrTenantConflict.New(m.op, "the tenant's gate at %s is %q: the move was overtaken", source.name, gate)
	}
	return m.t.awaitNotice(ctx, m.op)
}

// awaitNotice waits until every process has had the time to notice a change of a tenant's state.
func (t *Tenants) awaitNotice(ctx context.Context, op string) error {
	var micros int64
	db := t.db.control
	if err := db.Control().NewSelect().TableExpr(t.table(tableNotice)).Column("micros").Scan(ctx, &micros); err != nil {
		return db.Fault(op, err)
	}
	wait := time.NewTimer(time.Duration(micros) * time.Microsecond)
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return db.Fault(op, context.Cause(ctx))
	case <-wait.C:
		return nil
	}
}

const tableNotice = "erp_control.notice"

// allow notes for how long a process of this program may take to notice a change of a tenant's state.
func (db *DB) allow(ctx context.Context, op string, notice time.Duration) error {
	_, err := db.control.Control().NewRaw(`INSERT INTO ? AS n (id, micros) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET micros = EXCLUDED.micros WHERE n.micros < EXCLUDED.micros`,
		bun.Safe(db.control.TableName(tableNotice)), notice.Microseconds()).Exec(ctx)
	return db.control.Fault(op, err)
}

// switchOver makes the copy the tenant, in one transaction of the control database.
func (m *mover) switchOver(ctx context.Context) error {
	return m.advance(ctx, MoveSwitched, "the copy at "+m.open.Target+" is whole", func(_ bun.Tx, row *tenantRow, _ time.Time) error {
		row.Placement, row.Moved = m.open.Target, row.Moved+1
		return nil
	})
}

// openAt opens a tenant's gate at a placement, as far as what was decided about the tenant allows, then the tenant; and enters
// into its trail what was decided meanwhile.
func (m *mover) openAt(ctx context.Context, placement string, step MoveStep, what string, also func(tx bun.Tx) error) error {
	at, err := m.t.db.home(m.op, placement, m.row.Region)
	if err != nil {
		return err
	}
	as := *m.row
	as.stand(m.t.now(ctx))
	if err := at.store.MoveGate(ctx, m.id, as.gate(), m.row.Turn); err != nil {
		return at.store.Fault(m.op, err)
	}
	err = m.advance(ctx, step, what, func(tx bun.Tx, row *tenantRow, now time.Time) error {
		row.stand(now)
		return also(tx)
	})
	if err != nil {
		return err
	}
	if err := m.read(ctx); err != nil {
		return err
	}
	return m.t.settle(ctx, m.op, m.row)
}

// openTarget takes the tenant into use at its new place.
func (m *mover) openTarget(ctx context.Context) error {
	return m.openAt(ctx, m.open.Target, MoveOpened, "is at "+m.open.Target, func(bun.Tx) error { return nil })
}

// purgeSource deletes the old copy.
func (m *mover) purgeSource(ctx context.Context) error {
	if err := m.purge(ctx, m.open.Source); err != nil {
		return err
	}
	return m.t.control(ctx, m.op, func(tx bun.Tx) error {
		if err := m.step(ctx, tx, MoveDone); err != nil {
			return err
		}
		if err := m.t.unclaim(ctx, tx, m.id, m.open.Source); err != nil {
			return err
		}
		return m.journal(ctx, tx, "nothing is left at "+m.open.Source)
	})
}

// reopenSource ends a move that is given up: the new copy goes first, so that there are never two in use.
func (m *mover) reopenSource(ctx context.Context) error {
	target := m.open.Target
	if err := m.purge(ctx, target); err != nil {
		return err
	}
	return m.openAt(ctx, m.open.Source, MoveGivenUp, "is at "+m.open.Source+" as before", func(tx bun.Tx) error { return m.t.unclaim(ctx, tx, m.id, target) })
}

// purge deletes what a placement has of the tenant.
func (m *mover) purge(ctx context.Context, placement string) error {
	at, err := m.t.db.at(m.op, placement)
	if err != nil {
		return err
	}
	order, err := m.t.db.purgeOrder(ctx, at.store)
	if err != nil {
		return err
	}
	return at.store.Fault(m.op, at.store.Purge(ctx, m.id, order))
}

// moveLease is for how long a mover that gives no sign of life is waited for.
const moveLease = time.Minute

// hold takes the move's lease, unless somebody has it.
func (m *mover) hold(ctx context.Context) (bool, error) {
	if m.open == nil {
		return true, nil
	}
	m.holder = NewID()
	now := m.t.db.now().UnixMicro() // a tick's own instant stands still, however long the move takes
	return m.lease(ctx, "holder = ?, lease_micros = ?", []any{m.holder, now + moveLease.Microseconds()}, "lease_micros <= ?", now)
}

// release gives the lease back.
func (m *mover) release(ctx context.Context) {
	_, _ = m.lease(ctx, "holder = NULL, lease_micros = 0", nil, "holder = ?", m.holder) // else it runs out
}

// lease changes the lease of the tenant's moves, if the condition holds.
func (m *mover) lease(ctx context.Context, set string, to []any, where string, arg any) (bool, error) {
	res, err := m.t.db.control.Control().NewUpdate().Model((*moveRow)(nil)).ModelTableExpr(m.t.table(tableMoves)).
		Set(set, to...).Where("tenant_id = ?", m.id).Where("step NOT IN (?, ?)", MoveDone, MoveGivenUp).Where(where, arg).Exec(ctx)
	if err != nil {
		return false, m.t.db.control.Fault(m.op, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// keep renews the lease while a step is being done, and ends the step's context when it is lost, or when somebody has given
// the move up.
func (m *mover) keep(ctx context.Context) (_ context.Context, done func()) {
	within, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	step, id := m.open.Step, m.open.ID
	wg.Go(func() {
		tick := time.NewTicker(moveLease / 6)
		defer tick.Stop()
		for {
			select {
			case <-within.Done():
				return
			case <-tick.C:
			}
			if kept, err := m.renew(within, id, step); err == nil && !kept {
				cancel(ErrTenantConflict.New(m.op, "the move was given up, or somebody else took it over"))
			}
		}
	})
	return within, func() { cancel(context.Canceled); wg.Wait() }
}

func (m *mover) renew(ctx context.Context, id uuid.UUID, step MoveStep) (bool, error) {
	res, err := m.t.db.control.Control().NewUpdate().Model((*moveRow)(nil)).ModelTableExpr(m.t.table(tableMoves)).
		Set("lease_micros = ?", m.t.db.now().Add(moveLease).UnixMicro()).Where("id = ?", id).Where("step = ?", step).Where("holder = ?", m.holder).Exec(ctx)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}
