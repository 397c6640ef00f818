package erp

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/privacy/ending"
	"github.com/opsmatiq/erp/privacy/retention"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// wireRetention tells retention what no model says: by whose law a tenant keeps its records, and when its years end and its books were written in last.
func (s *Suite) wireRetention(rules []retention.Rule) (*retention.Service, error) {
	return retention.New(s.Tenancy, retention.Options{Rules: rules, Jurisdiction: s.jurisdiction, Periods: periods, Held: s.held})
}

// jurisdiction is that of the controller, as it was last stated.
func (s *Suite) jurisdiction(ctx context.Context) (string, error) {
	all, err := s.Privacy.Controllers(ctx)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0].Jurisdiction, nil
}

// sweepGrants deletes break-glass grants that have had their time by the rule of them.
func (s *Suite) sweepGrants(ctx context.Context, limit int) (int, error) {
	const table = "erp_control.grants"
	now, err := s.Tenancy.Tenants().Now(ctx)
	if err != nil {
		return 0, err
	}
	today := date.In(now, time.UTC)
	through := s.Retention.Rules().Through(retention.General, tenancy.Log, table, today)
	if through.IsZero() {
		return 0, nil
	}
	before := through.AddDays(1).Time()
	if least := now.AddDate(0, 0, -365*tenancy.LeastGrantYears); least.Before(before) { // a host's rule may be shorter, and the database is not
		before = least
	}
	return s.Tenancy.Grants().Sweep(ctx, s.Retention.Rules().Of(retention.General, tenancy.Log, table, today)[0].ID, before, limit)
}

// held reports whether a tenant is under a legal hold, which the tenant need not know.
func (s *Suite) held(ctx context.Context, tenant uuid.UUID) (bool, error) {
	platform, err := s.Tenancy.EnterPlatform(ctx, "system:retention.sweep", tenancy.Permissions{tenancy.PermHoldTenant})
	if err != nil {
		return false, err
	}
	holds, err := s.Tenancy.Tenants().Holds(platform, tenant)
	return slices.ContainsFunc(holds, func(h tenancy.Hold) bool { return h.ReleasedAt.IsZero() }), err
}

// periods are the fiscal years of the tenant's books, each with the day on which its last entry was made.
func periods(ctx context.Context, tx *tenancy.Tx) ([]retention.Period, error) {
	years, err := tenancy.Find[accounting.FiscalYear](ctx, tx, tenancy.OrderBy("starts_on"))
	if err != nil {
		return nil, err
	}
	out := make([]retention.Period, len(years))
	for i, y := range years {
		out[i] = retention.Period{From: y.StartsOn, To: y.EndsOn}
		last, err := tenancy.Find[accounting.Entry](ctx, tx, tenancy.Ge("entry_date", y.StartsOn), tenancy.Le("entry_date", y.EndsOn), tenancy.OrderBy("-posted_at"), tenancy.Limit(1))
		if err != nil {
			return nil, err
		}
		if len(last) > 0 {
			out[i].LastEntry = date.In(last[0].PostedAt, tx.Scope().Zone())
		}
	}
	return out, nil
}

// duties are what the law of a jurisdiction asks a tenant to keep of its own records, class by class: a waiver of the archive names them.
func (s *Suite) duties(_ context.Context, jurisdiction string) ([]ending.Duty, error) {
	var out []ending.Duty
	for _, class := range []tenancy.RecordClass{tenancy.Book, tenancy.Voucher, tenancy.Letter} {
		for _, r := range s.Retention.Rules().Of(jurisdiction, class, "", date.In(s.Tenancy.Now(), time.UTC)) {
			if r.Kind == retention.Duty {
				out = append(out, ending.Duty{Class: class, Jurisdiction: jurisdiction, Rule: r.Source, For: r.Words()})
			}
		}
	}
	return out, nil
}

// kept is by which duty the platform keeps a class of its own records about a tenant whose service ended, and the last day of it: counted from the end of that
// calendar year, which is where the latest of the general duties begin. A host under a law of its own says so in [Options].Ending.Rule.
func (s *Suite) kept(_ context.Context, class tenancy.RecordClass, ended time.Time) (law string, until date.Date, err error) {
	on := date.In(ended, time.UTC)
	for _, r := range s.Retention.Rules().Of(retention.General, class, "", on) {
		last := date.Of(on.Year(), time.December, 31).AddMonths(12*r.Length.Years + r.Length.Months).AddDays(r.Length.Days)
		if r.Kind == retention.Duty && until.Before(last) {
			law, until = r.Source, last
		}
	}
	return law, until, nil
}
