package tenancy

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy/fault"
)

const tableJobRuns = "erp_control.job_runs"

// jobRun is one job being done for one tenant, under a lease.
type jobRun struct {
	b        *Background
	job      *Job
	tenant   uuid.UUID // zero for the platform
	holder   uuid.UUID
	at       instant
	failures int64 // in a row, before this run
}

// claim takes the lease if the job is due and the lease free.
func (r *jobRun) claim(ctx context.Context) (bool, error) {
	const op = "tenancy.Background"
	control := r.b.db.control.Control()
	now := r.at.later().UnixMicro()
	res, err := control.NewRaw(`INSERT INTO ? AS r (job, tenant_id, due_micros, holder, lease_micros, began_micros, ended_micros, failures, failure)
		VALUES (?, ?, ?, ?, ?, ?, 0, 0, '')
		ON CONFLICT (job, tenant_id) DO UPDATE SET holder = EXCLUDED.holder, lease_micros = EXCLUDED.lease_micros, began_micros = EXCLUDED.began_micros
		WHERE r.due_micros <= ? AND r.lease_micros <= ?`,
		r.b.table(tableJobRuns), r.job.Name, r.tenant, now, r.holder, r.until(), now, now, now).Exec(ctx)
	if err != nil {
		return false, r.b.db.control.Fault(op, err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return false, err
	}
	err = control.NewRaw(`SELECT failures FROM ? WHERE job = ? AND tenant_id = ?`, r.b.table(tableJobRuns), r.job.Name, r.tenant).Scan(ctx, &r.failures)
	return err == nil, r.b.db.control.Fault(op, err)
}

// until is when a lease that is taken now runs out.
func (r *jobRun) until() int64 { return r.at.later().Add(r.b.opt.Lease).UnixMicro() }

// maxPieces bounds one run, so that a job that always claims to have more cannot hold a worker for ever.
const maxPieces = 10_000

// pieces works until nothing is left, and keeps the lease alive between pieces.
func (r *jobRun) pieces(ctx context.Context) error {
	for range maxPieces {
		more, err := safely(ctx, r.job)
		if err != nil || !more {
			return err
		}
		kept, err := r.update(ctx, "lease_micros = ?", r.until())
		if err != nil {
			return err
		}
		if !kept {
			return ErrLeaseLost.New("tenancy.Background", "")
		}
	}
	return nil
}

// end gives the lease back.
func (r *jobRun) end(ctx context.Context, due time.Time, failure string, failures int64) error {
	_, err := r.update(ctx, "holder = NULL, lease_micros = 0, due_micros = ?, ended_micros = ?, failures = ?, failure = ?",
		due.UnixMicro(), r.at.later().UnixMicro(), failures, failure)
	return err
}

// The waits after failures: they double from run to run.
const (
	longestWait = 24 * time.Hour
	stuckAfter  = 3
)

// fail ends the run in an error.
func (r *jobRun) fail(ctx context.Context, cause error) error {
	r.failures++
	wait := r.job.Every
	for i := int64(1); i < r.failures && wait < longestWait; i++ {
		wait *= 2
	}
	stuck := JobFailure{Job: r.job.Name, Failures: r.failures, Failure: fault.CodeOf(cause), Due: r.at.later().Add(min(wait, max(longestWait, r.job.Every)))}
	if stuck.Failure == "" {
		stuck.Failure = ErrDatabase.Code
	}
	if r.tenant != uuid.Nil {
		stuck.TenantID = r.tenant.String()
	}
	if err := r.end(ctx, stuck.Due, string(stuck.Failure), r.failures); err != nil {
		return err
	}
	if r.failures == stuckAfter && r.b.opt.OnStuck != nil {
		r.b.opt.OnStuck(ctx, stuck)
	}
	return nil
}

// update changes the run's row, if the lease is still this one's.
func (r *jobRun) update(ctx context.Context, set string, args ...any) (bool, error) {
	all := append([]any{r.b.table(tableJobRuns)}, args...)
	res, err := r.b.db.control.Control().NewRaw(`UPDATE ? SET `+set+` WHERE job = ? AND tenant_id = ? AND holder = ?`,
		append(all, r.job.Name, r.tenant, r.holder)...).Exec(ctx)
	if err != nil {
		return false, r.b.db.control.Fault("tenancy.Background", err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// Failures lists jobs whose last run failed, by job and tenant, at most limit (1 to 1,000). It needs a context of
// [DB.EnterPlatform] and the permission tenancy.read. Errors: tenancy.not_platform, tenancy.forbidden.
func (b *Background) Failures(ctx context.Context, limit int) ([]JobFailure, error) {
	const op = "tenancy.Background.Failures"
	if _, err := b.db.Tenants().actor(ctx, op, PermReadTenants); err != nil {
		return nil, err
	}
	var rows []struct {
		Job      string    `bun:"job"`
		TenantID uuid.UUID `bun:"tenant_id"`
		Failures int64     `bun:"failures"`
		Failure  string    `bun:"failure"`
		Due      int64     `bun:"due_micros"`
	}
	err := b.db.control.Control().NewRaw(`SELECT job, tenant_id, failures, failure, due_micros FROM ? WHERE failures > 0 ORDER BY job, tenant_id LIMIT ?`,
		b.table(tableJobRuns), min(max(limit, 1), 1000)).Scan(ctx, &rows)
	if err != nil {
		return nil, b.db.control.Fault(op, err)
	}
	out := make([]JobFailure, len(rows))
	for i, r := range rows {
		out[i] = JobFailure{Job: r.Job, Failures: r.Failures, Failure: fault.Code(r.Failure), Due: time.UnixMicro(r.Due).UTC()}
		if r.TenantID != uuid.Nil {
			out[i].TenantID = r.TenantID.String()
		}
	}
	return out, nil
}
