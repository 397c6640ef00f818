package erp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/audit"
)

// jobBatch is how much a job does in one act: a bound on its transaction.
const jobBatch = 500

// bounded makes a job of an act that does at most jobBatch things and says how many it did.
func bounded(act func(ctx context.Context, limit int) (int, error)) func(ctx context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		n, err := act(ctx, jobBatch)
		return n == jobBatch, err
	}
}

// jobs are the suite's own.
func (s *Suite) jobs(production bool) []tenancy.Job {
	jobs := []tenancy.Job{
		{Name: "tenancy.complete_pending", About: "What was cut short in a tenant's life is completed, ends of service that have come take effect, and tenants whose 30 days are over are purged.",
			Every: time.Minute, Platform: bounded(s.Tenancy.Tenants().CompletePending)},
		{Name: "tenancy.complete_grants", About: "What was done under break-glass grants is in the tenants' own trails, owners are told, and databases know of revocations.",
			Every: time.Minute, Platform: bounded(s.Tenancy.Grants().CompletePending)},
		{Name: "tenancy.sweep_grants", About: "Break-glass grants that have had their time are deleted with what is on record of their use.",
			Every: 24 * time.Hour, Platform: bounded(s.sweepGrants)},
		{Name: "tenancy.reseal", About: "After a rotation of a tenant's key, what was sealed under the old version is sealed under the new one.",
			Every: time.Hour, Tenant: s.Tenancy.Reseal},
		{Name: "tenancy.scrub", About: "The files of the control database hold nothing of accounts that were erased.",
			Every: 24 * time.Hour, Platform: func(ctx context.Context) (bool, error) { return false, s.Tenancy.Tenants().Scrub(ctx) }},
		{Name: "inventory.expire_reservations", About: "Goods that were reserved until an instant that has passed are free again.",
			Every: time.Minute, Tenant: bounded(s.Inventory.ExpireReservations)},
		{Name: "sales.expire_quotations", About: "Quotations whose last day has passed are expired.",
			Every: time.Hour, Tenant: bounded(s.Sales.ExpireQuotations)},
		{Name: "pos.expire_sessions", About: "Tills that were open for longer than they may sell nothing more until they are closed.",
			Every: 10 * time.Minute, Tenant: bounded(s.POS.ExpireSessions)},
		{Name: "privacy.backup", About: "Tenants whose last backup is older than half of what the rule of freshness allows get another one.",
			Every: 15 * time.Minute, Closed: true, Tenant: func(ctx context.Context) (bool, error) { _, err := s.Privacy.BackupIfDue(ctx); return false, err }},
		{Name: "privacy.prune_backups", About: "Backups that expire, what is left of those that never ended, and copies of purged tenants' keys are removed.",
			Every: 10 * time.Minute, Platform: bounded(s.Privacy.PruneBackups)},
		{Name: "privacy.settle_ledger", About: "Of erasures that were cut short it is found out whether they were committed.",
			Every: 10 * time.Minute, Duty: true, Tenant: bounded(s.Privacy.SettleLedger)},
		{Name: "retention.sweep", About: "What has had its time is deleted: the access log, and of the tenant's own records those under rules that the tenant switched on.",
			Every: 24 * time.Hour, Duty: true, Tenant: s.Retention.Job},
		{Name: "usage.aggregate", About: "What was used on days that are over is added up over all tenants, and each tenant's own count is deleted.",
			Every: time.Hour, Platform: func(ctx context.Context) (bool, error) { _, err := s.Usage.Aggregate(ctx); return false, err }},
		{Name: "privacy.erasures", About: "What an erasure had to leave is erased when its rule has ended, and the files beneath the tables hold nothing of what was erased.",
			Every: time.Hour, Duty: true, Tenant: s.Privacy.FinishErasures},
		{Name: "request.report", About: "Requests about personal data that are overdue or due within a week are told of, each once a day.",
			Every: time.Hour, Duty: true, Tenant: bounded(s.Requests.Report)},
		{Name: "request.forward", About: "Parts of requests that another controller answers for, and that did not arrive yet, are entered there.",
			Every: 10 * time.Minute, Duty: true, Tenant: bounded(s.Requests.ForwardPending)},
		{Name: "register.deliver", About: "Tenants are told of what the platform announced: changes of the policy, processors, business transfers, breaches.",
			Every: time.Minute, Platform: bounded(s.Registers.Deliver)},
		{Name: "register.remind", About: "Somebody of a tenant is told when the time ends in which the authority has to hear of a breach; the operator of objections that nothing has come of.",
			Every: time.Hour, Closed: true, Tenant: func(ctx context.Context) (bool, error) { return false, s.Registers.Remind(ctx) }},
		{Name: "audit.seal", About: "Audit events get their places in the chain, which is signed and handed to the anchor.",
			Every: 2 * time.Second, Closed: true, Tenant: bounded(s.Audit.Seal)},
		{Name: "audit.sweep", About: "Audit events that were committed long after they were made are found and sealed.",
			Every: time.Hour, Closed: true, Tenant: s.Audit.Sweep},
	}
	jobs = append(jobs, s.Ending.Jobs()...)
	if s.Access != nil {
		jobs = append(jobs, s.Access.Jobs()...)
	}
	if production {
		jobs = append(jobs, tenancy.Job{Name: "privacy.posture", About: "The operator is told of promises of the privacy policy that are absent, or will be within 30 days.",
			Every: 24 * time.Hour, Platform: s.tellOfPosture})
	}
	return jobs
}

// Run does the background work of this database until the context is done: expiring what was promised for a time, ending
// what was begun and cut short, and the host's own jobs ([Options].Jobs). Any number of processes may run it; each piece
// of work is done by one of them. A failure is logged, tried again later, and told to [Options].Operator when it happens
// three times in a row.
func (s *Suite) Run(ctx context.Context) error { return s.background.Run(ctx) }

// Tick does once what is due at an instant, which the work sees as now: for tests, and for hosts with a scheduler of their
// own. Errors: those of [tenancy.Background.Tick].
func (s *Suite) Tick(ctx context.Context, now time.Time) (tenancy.Ticked, error) {
	return s.background.Tick(ctx, now)
}

// Jobs lists the background work by name: what it does, and how often.
func (s *Suite) Jobs() []tenancy.Job { return s.background.Jobs() }

// JobFailures lists jobs whose last run failed, at most limit (1 to 1,000). It needs a context of
// [tenancy.DB.EnterPlatform]. Errors: tenancy.not_platform.
func (s *Suite) JobFailures(ctx context.Context, limit int) ([]tenancy.JobFailure, error) {
	return s.background.Failures(ctx, limit)
}

// tellOperator sends a message about a job that keeps failing.
func (s *Suite) tellOperator(ctx context.Context, stuck tenancy.JobFailure) {
	err := s.Ports.Mailer.Send(ctx, tenancy.Message{
		ID: messageID(stuck), To: s.operator,
		Subject: "A background job keeps failing: " + stuck.Job,
		Text:    stuck.String() + "\n\nThe log of the process that ran it says more. JobFailures lists all that fail.\n",
	})
	if err != nil {
		s.Ports.Logger.ErrorContext(ctx, "erp: the operator could not be told", "job", stuck.Job, "error", err)
	}
}

// tellOfAlarm sends a message about an audit trail.
func (s *Suite) tellOfAlarm(ctx context.Context, a audit.Alarm) {
	if s.operator == "" {
		return
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", a.Code, a.TenantID, a.At.Unix()))
	err := s.Ports.Mailer.Send(ctx, tenancy.Message{
		ID: "audit-" + hex.EncodeToString(sum[:16]), To: s.operator,
		Subject: "An alarm about an audit trail: " + string(a.Code),
		Text:    a.String() + "\n\nAudit.Verify, in that tenant's scope, says more.\n",
	})
	if err != nil {
		s.Ports.Logger.ErrorContext(ctx, "erp: the operator could not be told", "code", string(a.Code), "error", err)
	}
}

// messageID is the same for the same failure, and short, however long the job's name is.
func messageID(stuck tenancy.JobFailure) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", stuck.Job, stuck.TenantID, stuck.Due.Unix()))
	return "stuck-" + hex.EncodeToString(sum[:16])
}
