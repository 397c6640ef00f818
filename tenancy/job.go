package tenancy

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/opsmatiq/erp/tenancy/fault"
)

// Job is background work: done now and then for every active tenant, for closed ones too when it says so (Closed, Duty), or for the platform itself.
type Job struct {
	// Name is "domain.act" in lower case, such as "inventory.expire_reservations". It is the key of the job's leases, and
	// "system:NAME" is the actor of what the job does.
	Name string
	// About says in one line what the job does.
	About string
	// Every is how long after the end of a run the next is due: one second to 31 days.
	Every time.Duration
	// Tenant does one bounded piece of the work for the tenant of the context's scope, and says whether there is more. A
	// run is cut short when the process dies, and another process goes on: each piece must be an act of its own that
	// leaves the rest to be found again.
	Tenant func(ctx context.Context) (more bool, err error)
	// Closed has Tenant done for tenants that are suspended or cancelled as well. It reads there: nothing is written for a closed
	// tenant (tenancy.closed), but the seals of its audit trail.
	Closed bool
	// Duty, instead of Closed, has Tenant done for tenants that are suspended or cancelled as well, and it writes there: it is for what the law asks for by a
	// day, whether the tenant has paid or not, such as an erasure that was held, and for nothing else. See docs/decisions/024.
	Duty bool
	// Platform, instead of Tenant, does a piece of the platform's own work, in a context of [DB.EnterPlatform].
	Platform func(ctx context.Context) (more bool, err error)
}

// BackgroundOptions configures [DB.Background].
type BackgroundOptions struct {
	// Jobs are what is to be done. Names are unique.
	Jobs []Job
	// Workers is how many tenants are served at once: 1 to 64. Default 2.
	Workers int
	// Lease is how long one piece of work may take before another process may think its holder dead: 1 s to 1 h. Default
	// 1 minute. Acts are safe when it thinks so wrongly, if wasteful.
	Lease time.Duration
	// Pause is how long Run waits between two looks at what is due: 10 ms to 1 h. Default 5 s.
	Pause time.Duration
	// Logger is told of failures, never with values. Default: [slog.Default].
	Logger *slog.Logger
	// OnStuck, when set, is told once when a job has failed three times in a row for a tenant.
	OnStuck func(ctx context.Context, stuck JobFailure)
}

var jobName = regexp.MustCompile(`^[a-z_]{1,30}\.[a-z_]{1,30}$`)

func (opt *BackgroundOptions) check(op string) error {
	within := func(what string, d *time.Duration, standard, least, most time.Duration) error {
		if *d == 0 {
			*d = standard
		}
		if *d < least || *d > most {
			return ErrBadInput.New(op, "%s is between %s and %s", what, least, most)
		}
		return nil
	}
	if opt.Workers == 0 {
		opt.Workers = 2
	}
	if opt.Workers < 1 || opt.Workers > 64 {
		return ErrBadInput.New(op, "Workers is between 1 and 64")
	}
	if err := within("Lease", &opt.Lease, time.Minute, time.Second, time.Hour); err != nil {
		return err
	}
	if err := within("Pause", &opt.Pause, 5*time.Second, 10*time.Millisecond, time.Hour); err != nil {
		return err
	}
	if opt.Logger == nil {
		opt.Logger = slog.Default()
	}
	opt.Jobs = slices.Clone(opt.Jobs)
	slices.SortFunc(opt.Jobs, func(a, b Job) int { return strings.Compare(a.Name, b.Name) })
	for i, j := range opt.Jobs {
		switch {
		case !jobName.MatchString(j.Name):
			return ErrBadInput.New(op, "%q is not a job's name of the form domain.act", j.Name)
		case i > 0 && opt.Jobs[i-1].Name == j.Name:
			return ErrBadInput.New(op, "two jobs are called %s", j.Name)
		case (j.Tenant == nil) == (j.Platform == nil):
			return ErrBadInput.New(op, "job %s works for tenants or for the platform, not for both or none", j.Name)
		case (j.Closed || j.Duty) && j.Tenant == nil:
			return ErrBadInput.New(op, "job %s works for the platform, which is never closed", j.Name)
		case j.Closed && j.Duty:
			return ErrBadInput.New(op, "job %s either reads of closed tenants or writes there as a duty", j.Name)
		}
		if err := within("Every of job "+j.Name, &j.Every, 0, time.Second, 31*24*time.Hour); err != nil {
			return err
		}
	}
	return nil
}

// Ticked says what a [Background.Tick] did.
type Ticked struct {
	Ran    int // runs that ended well
	Failed int // runs that ended in an error
}

// JobFailure is a job that keeps failing.
type JobFailure struct {
	Job      string
	TenantID string // "" for the platform's own
	// Failures is how many runs in a row ended in an error.
	Failures int64
	// Failure is the last error's code: never its text, in which values may stand.
	Failure fault.Code
	// Due is when it is tried again.
	Due time.Time
}

// String tells an operator, without any value of a tenant's.
func (f JobFailure) String() string {
	of := "the platform"
	if f.TenantID != "" {
		of = "tenant " + f.TenantID
	}
	return fmt.Sprintf("job %s of %s failed %d times in a row: %s; tried again at %s", f.Job, of, f.Failures, f.Failure, f.Due.Format(time.RFC3339))
}
