package tenancy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy/fault"
)

// Background does jobs. Any number of processes may have one for the same database: a lease per job and tenant, kept in
// the control database, sees to it that one of them does each.
type Background struct {
	db  *DB
	opt BackgroundOptions
}

// Background prepares jobs; nothing runs before [Background.Run] or [Background.Tick]. Errors: tenancy.bad_input.
func (db *DB) Background(opt BackgroundOptions) (*Background, error) {
	if err := opt.check("tenancy.Background"); err != nil {
		return nil, err
	}
	return &Background{db: db, opt: opt}, nil
}

// Jobs lists what is done, by name.
func (b *Background) Jobs() []Job { return append([]Job(nil), b.opt.Jobs...) }

// Run does what is due, again and again, until the context is done, which is no error. Failures are logged and tried
// again later; they never end it.
func (b *Background) Run(ctx context.Context) error {
	t := time.NewTicker(b.opt.Pause)
	defer t.Stop()
	for {
		if _, err := b.Tick(ctx, b.db.now()); err != nil && ctx.Err() == nil {
			b.opt.Logger.ErrorContext(ctx, "erp: background work", "code", fault.CodeOf(err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// Tick does once what is due at an instant, and returns when nothing is left. Acts within see that instant as now: for
// tests, and for hosts that have a scheduler of their own. A job that fails is counted, logged and tried again later, each
// time after twice as long, at most a day; it stops neither other jobs nor other tenants. Tenants that are suspended or cancelled
// are passed over, but by jobs that are [Job].Closed or [Job].Duty; all others that are not active, by every job.
//
// Errors: tenancy.scope_mismatch (inside a transaction), tenancy.database (the control database cannot be asked).
func (b *Background) Tick(ctx context.Context, now time.Time) (Ticked, error) {
	const op = "tenancy.Background.Tick"
	if open := openTxOf(ctx); open != nil {
		return Ticked{}, ErrScopeMismatch.New(op, "background work is not part of a transaction")
	}
	now = now.UTC().Truncate(time.Microsecond)
	at := instant{now, time.Now()}
	var done Ticked
	for i := range b.opt.Jobs {
		job := &b.opt.Jobs[i]
		if job.Platform != nil {
			b.runAll(ctx, job, []uuid.UUID{uuid.Nil}, at, &done)
			continue
		}
		for after := uuid.Nil; ctx.Err() == nil; {
			tenants, err := b.due(ctx, job, after, now)
			if err != nil {
				return done, b.db.control.Fault(op, err)
			}
			if len(tenants) == 0 {
				break
			}
			b.runAll(ctx, job, tenants, at, &done)
			after = tenants[len(tenants)-1]
		}
	}
	return done, nil
}

// dueAtOnce bounds how many tenants are looked up at a time.
const dueAtOnce = 200

// due are the next tenants, by id, for whom the job is due and nobody's.
func (b *Background) due(ctx context.Context, job *Job, after uuid.UUID, now time.Time) ([]uuid.UUID, error) {
	states := []State{StateActive}
	if job.Closed || job.Duty {
		states = append(states, StateSuspended, StateCancelled)
	}
	var ids []uuid.UUID
	err := b.db.control.Control().NewRaw(`SELECT t.id FROM ? AS t LEFT JOIN ? AS r ON r.job = ? AND r.tenant_id = t.id
		WHERE t.state IN (?) AND t.id > ? AND (r.job IS NULL OR (r.due_micros <= ? AND r.lease_micros <= ?)) ORDER BY t.id LIMIT ?`,
		b.table(tableTenants), b.table(tableJobRuns), job.Name, bun.In(states), after, now.UnixMicro(), now.UnixMicro(), dueAtOnce).Scan(ctx, &ids) //nolint:staticcheck // see List
	return ids, err
}

func (b *Background) table(name string) bun.Safe { return bun.Safe(b.db.control.TableName(name)) }

// runAll serves several tenants, as many at once as there are workers.
func (b *Background) runAll(ctx context.Context, job *Job, tenants []uuid.UUID, at instant, done *Ticked) {
	var wg sync.WaitGroup
	var ran, failed atomic.Int64
	next := make(chan uuid.UUID)
	for range min(b.opt.Workers, len(tenants)) {
		wg.Go(func() {
			for tenant := range next {
				switch ok, err := b.runOne(ctx, job, tenant, at); {
				case err != nil:
					failed.Add(1)
				case ok:
					ran.Add(1)
				}
			}
		})
	}
	for _, tenant := range tenants {
		if ctx.Err() != nil {
			break
		}
		next <- tenant
	}
	close(next)
	wg.Wait()
	done.Ran += int(ran.Load())
	done.Failed += int(failed.Load())
}

// runOne takes the lease, works until nothing is left, and gives the lease back. ok is false when there was nothing to do:
// somebody else was quicker, or the tenant is not active any more.
func (b *Background) runOne(ctx context.Context, job *Job, tenant uuid.UUID, at instant) (ok bool, err error) {
	run := &jobRun{b: b, job: job, tenant: tenant, holder: NewID(), at: at}
	defer func() {
		if err != nil {
			b.opt.Logger.ErrorContext(ctx, "erp: job failed", "job", job.Name, "tenant", tenant.String(), "code", fault.CodeOf(err))
		}
	}()
	if taken, err := run.claim(ctx); err != nil || !taken {
		return false, err
	}
	inside, err := b.enter(ctx, job, tenant, at.now)
	if err == nil {
		err = run.pieces(inside)
	}
	switch {
	case (errors.Is(err, fault.Unscoped) || errors.Is(err, ErrClosed)) && b.closed(ctx, job, tenant): // suspended meanwhile
		return false, run.end(ctx, at.later().Add(job.Every), "", 0)
	case ctx.Err() != nil: // the process is going down: somebody else goes on where this one stopped
		return false, run.end(context.WithoutCancel(ctx), at.now, "", 0)
	case err != nil:
		return false, errors.Join(err, run.fail(ctx, err))
	}
	return true, run.end(ctx, at.later().Add(job.Every), "", 0)
}

// instant is what a tick calls now, and when that was by the process's own clock.
type instant struct{ now, began time.Time }

// later is the instant with the whole seconds that have passed since. The tick's own clock may stand still.
func (i instant) later() time.Time { return i.now.Add(time.Since(i.began).Truncate(time.Second)) }

// closed reports whether the tenant cannot be entered now, so that what a job was refused says nothing of the job.
func (b *Background) closed(ctx context.Context, job *Job, tenant uuid.UUID) bool {
	if tenant == uuid.Nil {
		return false
	}
	b.db.directory.forget(tenant)
	_, err := b.db.directory.usable(ctx, "tenancy.Background", tenant, &scope{work: true, closed: job.Closed, duty: job.Duty})
	return errors.Is(err, fault.Unscoped)
}

func (b *Background) enter(ctx context.Context, job *Job, tenant uuid.UUID, now time.Time) (context.Context, error) {
	if job.Platform != nil {
		s := &scope{db: b.db, actor: "system:" + job.Name, perms: Permissions{AllPermissions}, zone: time.UTC, platform: true, fixed: now}
		return context.WithValue(ctx, scopeKey{}, Scope{s}), nil
	}
	return b.db.systemAt(ctx, tenant, job, now)
}

// safely turns a panic of a job into an error, so that one tenant's trouble does not end the process.
func safely(ctx context.Context, job *Job) (more bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = ErrJobPanicked.Wrap("tenancy.Background", fmt.Errorf("%v", p), "") //nolint:err113 // what it says is not for callers to match
		}
	}()
	if job.Platform != nil {
		return job.Platform(ctx)
	}
	return job.Tenant(ctx)
}
