package accounting

import (
	"context"
	"fmt"
	"slices"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// periodsPerYear: periods are months.
const periodsPerYear = 12

// AddFiscalYear adds a year of twelve open monthly periods and its number series. It begins the day after the last year
// ends, or ends the day before the first one begins.
//
// Permission: accounting.setup. Errors: accounting.bad_input, accounting.year_gap, accounting.books_not_open.
func (s *Service) AddFiscalYear(ctx context.Context, start date.Date) (FiscalYear, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (FiscalYear, error) {
		const op = "accounting.AddFiscalYear"
		if start.IsZero() || start.Day() > 28 || start.Year() > 9990 {
			return FiscalYear{}, ErrBadInput.New(op, "a fiscal year starts on a day from the 1st to the 28th")
		}
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return FiscalYear{}, err
		}
		first, last := set.years[0], set.years[len(set.years)-1]
		if start != last.EndsOn.AddDays(1) && start.AddMonths(periodsPerYear) != first.StartsOn {
			return FiscalYear{}, ErrYearGap.New(op, "the books run from %s to %s: a year starts on %s or on %s", first.StartsOn, last.EndsOn,
				last.EndsOn.AddDays(1), first.StartsOn.AddMonths(-periodsPerYear))
		}
		b := changing(tx)
		year := putFiscalYear(b, tx, start)
		return done(year, b.Run(ctx))
	})
}

// putFiscalYear adds a year, its periods and its number series to a batch.
func putFiscalYear(b *tenancy.Batch, tx *tenancy.Tx, start date.Date) *FiscalYear {
	year := &FiscalYear{Row: tenancy.Row{ID: tenancy.NewID()}, StartsOn: start, EndsOn: start.AddMonths(periodsPerYear).AddDays(-1)}
	year.Label = fmt.Sprintf("%04d", start.Year())
	if year.EndsOn.Year() != start.Year() {
		year.Label = fmt.Sprintf("%s-%02d", year.Label, year.EndsOn.Year()%100)
	}
	tenancy.Put(b, []*FiscalYear{year})
	periods := make([]*Period, periodsPerYear)
	for i := range periods {
		from := start.AddMonths(i)
		periods[i] = &Period{FiscalYearID: year.ID, Seq: int64(i + 1), Name: fmt.Sprintf("%04d-%02d", from.Year(), from.Month()), StartsOn: from,
			EndsOn: start.AddMonths(i + 1).AddDays(-1), State: PeriodOpen, ChangedAt: tx.Now()}
	}
	tenancy.Put(b, periods)
	series := make([]*numberSeries, len(seriesCodes))
	for i, code := range seriesCodes {
		series[i] = &numberSeries{Code: code, FiscalYearID: year.ID}
	}
	tenancy.Put(b, series)
	return year
}

// FiscalYears gives all fiscal years in order.
//
// Permission: accounting.read. Errors: accounting.books_not_open.
func (s *Service) FiscalYears(ctx context.Context) ([]FiscalYear, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]FiscalYear, error) {
		set, err := s.setup(ctx, tx, "accounting.FiscalYears", nil)
		if err != nil {
			return nil, err
		}
		return slices.Clone(set.years), nil
	})
}

// Periods gives all periods in order.
//
// Permission: accounting.read. Errors: accounting.books_not_open.
func (s *Service) Periods(ctx context.Context) ([]Period, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Period, error) {
		set, err := s.setup(ctx, tx, "accounting.Periods", nil)
		if err != nil {
			return nil, err
		}
		return slices.Clone(set.periods), nil
	})
}

// SetPeriodState opens, soft-locks or locks a period. It waits for postings into the period that are under way, and those
// that come after it see the new state. A locked period stays locked; setting the state that it has changes nothing.
//
// Permission: accounting.periods. Errors: accounting.bad_input (taking a lock away needs a reason), accounting.period_state,
// tenancy.not_found.
func (s *Service) SetPeriodState(ctx context.Context, in SetPeriod) (Period, error) {
	return tenancy.Act(ctx, s.db, PermPeriods, func(ctx context.Context, tx *tenancy.Tx) (Period, error) {
		const op = "accounting.SetPeriodState"
		if err := checkInput(op, "", in); err != nil {
			return Period{}, err
		}
		p, err := tenancy.Lock[Period](ctx, tx, in.PeriodID)
		if err != nil {
			return Period{}, err
		}
		switch {
		case p.State == in.State:
			return *p, nil
		case p.State == PeriodLocked:
			return Period{}, ErrPeriodState.New(op, "period %s is locked for good", p.Name)
		case in.State == PeriodOpen && in.Reason == "":
			return Period{}, ErrBadInput.New(op, "Reason is needed to open period %s again", p.Name)
		}
		p.State, p.Reason, p.ChangedAt = in.State, in.Reason, tx.Now()
		b := changing(tx)
		tenancy.Set(b, []*Period{p}, "state", "reason", "changed_at")
		return done(p, b.Run(ctx))
	})
}
