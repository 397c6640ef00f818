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
// Permission: accounting.setup. Errors: accounting.bad_input, accounting.year_gap, accounting.books_not_open,
// accounting.period_locked (a year before a locked period).
func (s *Service) AddFiscalYear(ctx context.Context, start date.Date) (FiscalYear, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (FiscalYear, error) {
		const op = "accounting.AddFiscalYear"
		if start.IsZero() || start.Day() > 28 || start.Year() > 9990 {
			return FiscalYear{}, ErrBadInput.New(op, "start: a fiscal year starts on a day from the 1st to the 28th, not on %q", start)
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
		if start.Before(first.StartsOn) && set.periods[0].State == PeriodLocked {
			return FiscalYear{}, ErrPeriodLocked.New(op, "period %s is locked, and with it all that is before", set.periods[0].Name)
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
