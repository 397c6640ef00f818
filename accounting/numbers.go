package accounting

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Numbers are numbers that [Service.TakeNumbers] gave out: First and the following, in order.
type Numbers struct {
	// SeriesID is the series of the fiscal year; a number is unique with it.
	SeriesID uuid.UUID
	// First is the first of them; the first of a series is 1.
	First int64
	// Count is how many there are.
	Count int64

	code, year string
}

// Seq is number i of them, from 0.
func (n Numbers) Seq(i int) int64 { return n.First + int64(i) }

// Text is number i of them, from 0, as it is printed: "PO-2026-00001".
func (n Numbers) Text(i int) string { return printed(n.code, n.year, n.Seq(i)) }

// TakeNumbers takes the next n numbers (1 to 1,000) of a series for documents of a date: a series of the fiscal year that the
// date lies in, begun when it is first asked for. The series is 1 to 20 capitals, digits and dashes, and does not begin as
// those of invoices, credit and debit notes do (INV, CN, DN). The numbers are without a gap and never dated backwards: they are locked
// until the transaction ends and given back when it is undone, so take them late, and in the transaction that stores what bears
// them. It costs one round trip, and on the first number of another date than the last one's a second.
//
// Permission: accounting.number; acts that issue numbered documents vouch for it. Errors: accounting.bad_input,
// accounting.too_many, accounting.books_not_open, accounting.no_period, accounting.backdated.
func (s *Service) TakeNumbers(ctx context.Context, series string, on date.Date, n int) (Numbers, error) {
	return tenancy.Act(ctx, s.db, PermNumber, func(ctx context.Context, tx *tenancy.Tx) (Numbers, error) {
		const op = "accounting.TakeNumbers"
		if err := checkSeries(op, series, on, n); err != nil {
			return Numbers{}, err
		}
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return Numbers{}, err
		}
		period := set.periodOf(on)
		if period == nil {
			return Numbers{}, ErrNoPeriod.New(op, "%s lies in no period of the books: add its fiscal year first", on)
		}
		return takeNumbers(ctx, tx, op, &numberSeries{Row: tenancy.Row{ID: seriesID(period.FiscalYearID, series)}, Code: series,
			FiscalYearID: period.FiscalYearID, Taken: int64(n), LastDate: on}, set.year(period.FiscalYearID).Label)
	})
}

func checkSeries(op, series string, on date.Date, n int) error {
	switch {
	case !only(series, 1, 20, func(r rune) bool { return capitalOrDigit(r) || r == '-' }):
		return ErrBadInput.New(op, "series %q: it is named by 1 to 20 capitals, digits and dashes", series)
	case slices.ContainsFunc(seriesCodes, func(own string) bool { return strings.HasPrefix(series, own) }):
		return ErrBadInput.New(op, "series %q: those that begin with %s are kept for invoices, credit and debit notes; take another beginning", series, strings.Join(seriesCodes, ", "))
	case on.IsZero():
		return ErrBadInput.New(op, "series %s: the date of the document that bears the number is needed", series)
	case n < 1:
		return ErrBadInput.New(op, "series %s: at least one number is taken, not %d", series, n)
	}
	return checkBatch(op, "numbers", n)
}

// seriesID is the id of a further series. It follows from what the series is, so that whoever comes first begins it and
// whoever comes second waits at the same row, without asking before.
func seriesID(year uuid.UUID, code string) uuid.UUID { return uuid.NewSHA1(year, []byte(code)) }

// takeNumbers adds what is asked for to the series, or begins it with that, and looks at what came of it.
func takeNumbers(ctx context.Context, tx *tenancy.Tx, op string, asked *numberSeries, year string) (Numbers, error) {
	var now []numberSeries
	b := tx.Batch()
	tenancy.Accrue(b, []*numberSeries{asked}, "taken")
	tenancy.Load(b, &now, tenancy.Eq("id", asked.ID))
	if err := b.Run(ctx); err != nil {
		return Numbers{}, err
	}
	s := &now[0]
	switch {
	case asked.LastDate.Before(s.LastDate):
		return Numbers{}, ErrBackdated.New(op, "a document of %s would get a number after one of %s in the series %s-%s", asked.LastDate, s.LastDate, s.Code, year)
	case s.LastDate.Before(asked.LastDate):
		s.LastDate = asked.LastDate
		tenancy.Set(b, []*numberSeries{s}, "last_date")
		if err := b.Run(ctx); err != nil {
			return Numbers{}, err
		}
	}
	return Numbers{SeriesID: s.ID, First: s.Taken - asked.Taken + 1, Count: asked.Taken, code: s.Code, year: year}, nil
}
