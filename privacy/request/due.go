package request

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Due is an open request with a clock that has run out, or is about to.
type Due struct {
	Request Request
	// Clocks are all that run for it, as seen today.
	Clocks []Running
	// Late says that the first of them has run out: the request is overdue.
	Late bool
}

// Due lists open requests whose first day is over, or comes within so many days (0 to 90), the most urgent first and at most limit (1 to 1,000). With 0 days it lists what is overdue or due
// today. Today is the controller's, in the tenant's time zone.
//
// Permission: request.read. Errors: request.bad_input.
func (s *Service) Due(ctx context.Context, days, limit int) ([]Due, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Due, error) {
		if days < 0 || days > 90 || limit < 1 || limit > 1000 {
			return nil, ErrBadInput.New("request.Due", "days are between 0 and 90, the limit between 1 and 1,000")
		}
		return due(ctx, tx, days, tenancy.Limit(limit))
	})
}

func due(ctx context.Context, tx *tenancy.Tx, days int, opts ...tenancy.Option) ([]Due, error) {
	today := tx.Today()
	rows, err := tenancy.Find[Request](ctx, tx, append(opts, tenancy.IsNull("closed_at"), tenancy.Le("due_on", today.AddDays(days)), tenancy.OrderBy("due_on", "id"))...)
	if err != nil {
		return nil, err
	}
	all := make([]*Request, len(rows))
	for i := range rows {
		all[i] = &rows[i]
	}
	if err := know(ctx, tx, all...); err != nil {
		return nil, err
	}
	out := make([]Due, len(rows))
	for i, r := range rows {
		out[i] = Due{Request: r, Clocks: r.Clocks(today), Late: r.DueOn.Before(today)}
	}
	return out, nil
}

// Report tells [Options].Tell of at most limit (1 to 1,000) requests that are overdue, or due within [Options].SoonDays, and were not reported today, and marks them as reported; it says how many. It is for a
// background job: call it again while it gives the limit. They are marked when they have been told of, so that nothing is lost with a process that dies between the two: it is told twice then.
//
// Permission: request.report. Errors: request.bad_input, and those of [Options].Tell, after which nothing is marked.
func (s *Service) Report(ctx context.Context, limit int) (int, error) {
	list, err := tenancy.View(ctx, s.db, PermReport, func(ctx context.Context, tx *tenancy.Tx) ([]Due, error) {
		if limit < 1 || limit > 1000 {
			return nil, ErrBadInput.New("request.Report", "limit is between 1 and 1,000")
		}
		return due(ctx, tx, s.opt.SoonDays, tenancy.Lt("reported_on", tx.Today()), tenancy.Limit(limit))
	})
	if err != nil || len(list) == 0 || s.opt.Tell == nil {
		return 0, err
	}
	if err := s.opt.Tell(ctx, list); err != nil {
		return 0, err
	}
	return tenancy.Act(ctx, s.db, PermReport, func(ctx context.Context, tx *tenancy.Tx) (int, error) {
		ids := make([]uuid.UUID, len(list))
		for i := range list {
			ids[i] = list[i].Request.ID
		}
		rows, err := tenancy.Find[Request](ctx, tx, tenancy.In("id", ids), tenancy.IsNull("closed_at"), tenancy.ForUpdate())
		if err != nil {
			return 0, err
		}
		set := make([]*Request, len(rows))
		for i := range rows {
			rows[i].ReportedOn = tx.Today()
			set[i] = &rows[i]
		}
		b := tx.Batch()
		tenancy.Set(b, set, "reported_on")
		return len(list), b.Run(ctx)
	})
}
