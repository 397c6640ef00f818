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

// account is the table whose rule is that of the account of a deletion, and so of all that is kept for nothing else.
const account = "erp_control.platform_journal"

// kept is by which law the platform keeps something of its own about a tenant that is gone, and the last day of that, by the rules of where the platform has said that it is, and by the general ones where it has not: what are books, vouchers and
// letters of its own for as long as those are kept, counted from the end of service; everything else by the rule of its table, or of the account of the deletion, counted from the deletion. The platform's accounting periods are taken to be as long as one
// can be. A host under a law that is not there says so in [Options].Ending.Rule.
func (s *Suite) kept(_ context.Context, of ending.Keeping) (law string, until date.Date, err error) {
	rules, class, table, from := s.Retention.Rules(), of.Class, of.Name, of.EndedAt
	switch class { //nolint:exhaustive // the others are kept for the account of what was done
	case tenancy.Book, tenancy.Voucher, tenancy.Letter:
	default:
		class, from = tenancy.Log, of.GoneAt
	}
	where := of.Jurisdictions
	if len(where) == 0 {
		where = []string{retention.General}
	}
	day := date.In(from, time.UTC)
	if class == tenancy.Log && len(rules.Of(where[0], class, table, day)) == 0 {
		table = account
	}
	for _, in := range where {
		free, rule := rules.Release(in, class, table, retention.Facts{Date: day})
		if last := free.AddDays(-1); rule.ID != "" && until.Before(last) {
			law, until = rule.Source, last
			if rule.Kind == retention.Limit {
				law = "at most: " + law
			}
		}
	}
	return law, until, nil
}
