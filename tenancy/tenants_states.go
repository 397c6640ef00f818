package tenancy

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// Suspend closes a tenant: its owner reads and exports, everybody else is refused, at once in this process and within
// StateMaxAge in others; and its own database refuses what is still being written, wherever. A tenant whose service has ended
// can be suspended too: if the end is undone, it is suspended. Suspending a suspended tenant changes nothing.
//
// Permission: tenancy.suspend. It is recorded in the platform's journal and in the tenant's own trail. Errors:
// tenancy.not_platform, tenancy.not_found, tenancy.tenant_state, tenancy.bad_input (no reason), tenancy.card_number,
// tenancy.outer_context (inside a transaction), and tenancy.busy: the tenant is suspended, but a transaction of it has been
// open for 20 s that its database could still let through; the same call or [Tenants.CompletePending] goes on.
func (t *Tenants) Suspend(ctx context.Context, id uuid.UUID, reason string) (Tenant, error) {
	const op = "tenancy.Tenants.Suspend"
	return t.decide(ctx, op, PermSuspendTenant, id, reason, func(row *tenantRow, now time.Time) error {
		if row.SuspendedAt.IsZero() {
			row.SuspendedAt = now
		}
		return nil
	})
}

// Resume undoes Suspend. Resuming a tenant that is not suspended changes nothing.
//
// Permission: tenancy.resume. Errors: as Suspend's; tenancy.tenant_state also for a cancelled tenant that is not suspended, for
// what it needs is [Tenants.UndoCancel].
func (t *Tenants) Resume(ctx context.Context, id uuid.UUID, reason string) (Tenant, error) {
	const op = "tenancy.Tenants.Resume"
	return t.decide(ctx, op, PermResumeTenant, id, reason, func(row *tenantRow, _ time.Time) error {
		if row.SuspendedAt.IsZero() && row.State == StateCancelled {
			return ErrTenantConflict.New(op, "the tenant is cancelled, not suspended")
		}
		row.SuspendedAt = time.Time{}
		return nil
	})
}

// RetentionDays is for how many full days, in UTC, a tenant whose service has ended is kept, so that its owner can read, take
// the data out, or come back.
const RetentionDays = 30

// maxNotice bounds how far ahead an end of service may lie.
const maxNotice = 10 * 366 * 24 * time.Hour

// purgeAfter is the first instant at which [RetentionDays] full days in UTC have passed since the end of service.
func purgeAfter(end time.Time) time.Time {
	day := end.UTC().Truncate(24 * time.Hour) // a day of UTC has 24 hours
	if day.Before(end) {
		day = day.AddDate(0, 0, 1) // the day of the end is no full one
	}
	return day.AddDate(0, 0, RetentionDays)
}

// Cancel ends a tenant's service now; see [Tenants.CancelAt]. Cancelling a cancelled tenant changes nothing; one whose end was to
// come ends now.
func (t *Tenants) Cancel(ctx context.Context, id uuid.UUID, reason string) (Tenant, error) {
	const op = "tenancy.Tenants.Cancel"
	return t.decide(ctx, op, PermCancelTenant, id, reason, endNow)
}

// CancelAt ends a tenant's service at an instant to come, at most ten years ahead, instead of any that was decided before. Until
// then the tenant goes on; from then on it is closed as a suspended one is, and its data are kept for [RetentionDays] full days in
// UTC, until PurgeAfter, for its owner to read and take out. Until the purge begins it can be undone.
//
// Permission: tenancy.cancel. It is recorded in the platform's journal and in the tenant's own trail. Errors: as
// [Tenants.Suspend]'s; tenancy.bad_input for an instant that has passed, tenancy.tenant_state when the service has ended.
func (t *Tenants) CancelAt(ctx context.Context, id uuid.UUID, end time.Time, reason string) (Tenant, error) {
	const op = "tenancy.Tenants.CancelAt"
	return t.decide(ctx, op, PermCancelTenant, id, reason, endAt(op, end))
}

// UndoCancel takes a cancellation back, before or after the end of service, until the purge begins. A tenant that is not cancelled
// stays as it is; one that is suspended stays suspended.
//
// Permission: tenancy.undo_cancel. It is recorded in the platform's journal and in the tenant's own trail. Errors: as
// [Tenants.Suspend]'s.
func (t *Tenants) UndoCancel(ctx context.Context, id uuid.UUID, reason string) (Tenant, error) {
	const op = "tenancy.Tenants.UndoCancel"
	return t.decide(ctx, op, PermUndoCancel, id, reason, endNever)
}

func endNow(row *tenantRow, now time.Time) error {
	if row.State != StateCancelled {
		row.EndsAt = now
	}
	return nil
}

func endAt(op string, end time.Time) func(row *tenantRow, now time.Time) error {
	end = end.UTC().Truncate(time.Microsecond)
	return func(row *tenantRow, now time.Time) error {
		switch {
		case end.IsZero():
			return ErrBadInput.New(op, "an end of service is an instant")
		case row.EndsAt.Equal(end): // said before
		case row.State == StateCancelled:
			return ErrTenantConflict.New(op, "the tenant's service has ended")
		case !now.Before(end) || end.Sub(now) > maxNotice:
			return ErrBadInput.New(op, "an end of service lies ahead, by at most ten years")
		default:
			row.EndsAt = end
		}
		return nil
	}
}

func endNever(row *tenantRow, _ time.Time) error {
	row.EndsAt = time.Time{}
	return nil
}

// decide is how the platform decides about the life of a tenant that has been made and is not going.
func (t *Tenants) decide(ctx context.Context, op string, act Permission, id uuid.UUID, reason string, how func(row *tenantRow, now time.Time) error) (Tenant, error) {
	actor, err := t.actor(ctx, op, act)
	if err != nil {
		return Tenant{}, err
	}
	return t.live(ctx, op, decision{id: id, actor: actor, act: string(act), reason: reason, now: t.now(ctx)}, how)
}

// live writes a decision about a tenant's life down, and then sees to it that the tenant's own database knows.
func (t *Tenants) live(ctx context.Context, op string, d decision, how func(row *tenantRow, now time.Time) error) (Tenant, error) {
	row, err := t.change(ctx, op, d, func(_ bun.Tx, row *tenantRow, now time.Time) error {
		if !row.living() {
			return ErrTenantConflict.New(op, "the tenant is %s", row.State)
		}
		if row.Platform {
			return ErrTenantConflict.New(op, "it is the platform's own tenant, which is neither suspended nor ended")
		}
		row.stand(now)
		if err := how(row, now); err != nil {
			return err
		}
		row.stand(now)
		return nil
	})
	if err != nil {
		return Tenant{}, err
	}
	return row.tenant(), t.settle(ctx, op, row)
}

// living reports whether the tenant has been made and is not going.
func (r *tenantRow) living() bool {
	return r.State == StateActive || r.State == StateSuspended || r.State == StateCancelled
}

// stand gives a living tenant the state that follows from what was decided about it, as of an instant.
func (r *tenantRow) stand(now time.Time) {
	r.PurgeAfter = time.Time{}
	if !r.EndsAt.IsZero() {
		r.PurgeAfter = purgeAfter(r.EndsAt)
	}
	switch {
	case ended(r.EndsAt, now):
		r.State = StateCancelled
	case !r.SuspendedAt.IsZero():
		r.State = StateSuspended
	default:
		r.State = StateActive
	}
}

// asOf is the tenant at an instant: an end of service needs nobody to come into effect.
func (r *tenantRow) asOf(now time.Time) Tenant {
	out := r.tenant()
	if r.living() && ended(r.EndsAt, now) {
		out.State = StateCancelled
	}
	return out
}

func ended(end, now time.Time) bool { return !end.IsZero() && !now.Before(end) }

// decision is who changes what, and why.
type decision struct {
	id     uuid.UUID
	actor  string
	act    string // as the journal has it
	reason string
	now    time.Time // by the clock of whoever decides
}

// maxReason bounds a reason, in bytes.
const maxReason = 1000

func checkReason(op string, texts ...string) error {
	for _, s := range texts {
		if strings.TrimSpace(s) == "" || len(s) > maxReason {
			return ErrBadInput.New(op, "a reason is needed, of at most %d characters", maxReason)
		}
	}
	return plainText(op, texts...)
}

// change lets how look at a tenant's row and change it, and enters the change into the journal; what it leaves as it was is
// neither written nor entered. Of two changes of one tenant the second sees what the first has done, and is not made before it: a
// clock that is behind another's must not bring back what has ended.
func (t *Tenants) change(ctx context.Context, op string, d decision, how func(tx bun.Tx, row *tenantRow, now time.Time) error) (*tenantRow, error) {
	if err := checkReason(op, d.reason); err != nil {
		return nil, err
	}
	if _, busy := owners.Load(goroutineID()); busy { // it would wait for the very transaction that it is called from
		return nil, ErrOuterContext.New(op, "a transaction is open here: end it first")
	}
	defer t.db.directory.changing(d.id)()
	var row *tenantRow
	err := t.control(ctx, op, func(tx bun.Tx) (err error) {
		if row, err = t.lock(ctx, tx, d.id); err != nil {
			return err
		}
		if row == nil {
			return ErrNotFound.New(op, "")
		}
		before, now := *row, d.now
		if now.Before(row.ChangedAt) {
			now = row.ChangedAt
		}
		if err := how(tx, row, now); err != nil || *row == before {
			return err
		}
		row.ChangedAt, row.Turn = now, before.Turn+1
		_, err = tx.NewUpdate().Model(row).ModelTableExpr(t.aliased()).ExcludeColumn("id", "created_at", "settled_turn").Where("id = ?", d.id).Exec(ctx)
		if err != nil {
			return err
		}
		if !row.EndsAt.Equal(before.EndsAt) && row.living() {
			if err := t.endContract(ctx, tx, row); err != nil {
				return err
			}
		}
		return t.journal(ctx, tx, &journalRow{Actor: d.actor, Act: d.act, TenantID: d.id, Turn: row.Turn, Reason: d.reason})
	})
	if err != nil {
		return nil, err
	}
	return row, nil
}

// lock finds a tenant's row and keeps others from changing it; nil when there is none.
func (t *Tenants) lock(ctx context.Context, tx bun.Tx, id uuid.UUID) (*tenantRow, error) {
	if t.db.control.Dialect().Name().String() == "pg" { // SQLite's writers come one after the other
		if _, err := tx.NewRaw("SELECT 1 FROM ? WHERE id = ? FOR UPDATE", bun.Safe(t.table(tableTenants)), id).Exec(ctx); err != nil {
			return nil, err
		}
	}
	return t.find(ctx, tx, "id = ?", id)
}
