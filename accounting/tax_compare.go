package accounting

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// TaxComparison are the tax reports of several spans side by side. Amounts are one for each span, zero where it has none.
type TaxComparison struct {
	Spans []Span
	// Boxes are those of the return, by name.
	Boxes []TaxBoxRow
	// Taxes are by tax, trade, side and rate, in the order of the reports.
	Taxes []TaxRow
	// Net is what is owed less what is claimed: above zero, it is to be paid.
	Net []money.Amount
	// Reports are the reports themselves.
	Reports []TaxReport
}

// TaxBoxRow is one box of the return.
type TaxBoxRow struct {
	Box     string
	Amounts []money.Amount
}

// TaxRow is one tax at one rate, on one side of one trade. Figure has its names and rate, and no amounts.
type TaxRow struct {
	Figure     TaxFigure
	Bases, Tax []money.Amount
}

// CompareTaxReports draws up the tax of several spans of days, 1 to [MaxColumns], side by side and of one state of the books: the
// months of a quarter, or this year's and last year's; of slices where some are given.
//
// Permission: accounting.read. Errors: those of TaxReport.
func (s *Service) CompareTaxReports(ctx context.Context, spans []Span, slices ...Slice) (TaxComparison, error) {
	return Statements{s, time.Time{}}.CompareTaxReports(ctx, spans, slices...)
}

// CompareTaxReports is [Service.CompareTaxReports] as the books said then.
func (v Statements) CompareTaxReports(ctx context.Context, spans []Span, of ...Slice) (TaxComparison, error) {
	return tenancy.View(ctx, v.books.db, PermRead, func(ctx context.Context, _ *tenancy.Tx) (TaxComparison, error) {
		const op = "accounting.CompareTaxReports"
		if len(spans) < 1 || len(spans) > MaxColumns {
			return TaxComparison{}, ErrBadInput.New(op, "Spans: a comparison has 1 to %d columns, not %d", MaxColumns, len(spans))
		}
		out := TaxComparison{Spans: slices.Clone(spans)}
		books, err := v.books.GetBooks(ctx)
		if err != nil {
			return TaxComparison{}, err
		}
		zeros := func() []money.Amount { return slices.Repeat([]money.Amount{money.Zero(books.Currency)}, len(spans)) }
		out.Net = zeros()
		for i, span := range spans {
			r, err := v.TaxReport(ctx, span.From, span.To, of...)
			if err != nil {
				return TaxComparison{}, err
			}
			out.Reports = append(out.Reports, r)
			for _, b := range r.Boxes {
				out.box(b.Box, zeros).Amounts[i] = b.Amount
			}
			for _, f := range r.Taxes {
				row := out.tax(&f, zeros)
				row.Bases[i], row.Tax[i] = f.Base, f.Tax
				if f.Side == TaxOwed {
					out.Net[i].Minor += f.Tax.Minor
				} else {
					out.Net[i].Minor -= f.Tax.Minor
				}
			}
		}
		slices.SortFunc(out.Boxes, func(a, b TaxBoxRow) int { return cmp.Compare(a.Box, b.Box) })
		slices.SortFunc(out.Taxes, func(a, b TaxRow) int { return a.Figure.compare(&b.Figure) })
		return out, nil
	})
}

func (c *TaxComparison) box(name string, zeros func() []money.Amount) *TaxBoxRow {
	if row := first(c.Boxes, func(b *TaxBoxRow) bool { return b.Box == name }); row != nil {
		return row
	}
	c.Boxes = append(c.Boxes, TaxBoxRow{name, zeros()})
	return &c.Boxes[len(c.Boxes)-1]
}

func (c *TaxComparison) tax(f *TaxFigure, zeros func() []money.Amount) *TaxRow {
	if row := first(c.Taxes, func(t *TaxRow) bool { return t.Figure.compare(f) == 0 }); row != nil {
		return row
	}
	names := *f
	names.Base, names.Tax, names.NotRecoverable = money.Amount{}, money.Amount{}, money.Amount{}
	c.Taxes = append(c.Taxes, TaxRow{Figure: names, Bases: zeros(), Tax: zeros()})
	return &c.Taxes[len(c.Taxes)-1]
}

// compare puts figures in order: by code, trade, side and rate.
func (f *TaxFigure) compare(other *TaxFigure) int {
	return cmp.Or(cmp.Compare(f.Code, other.Code), cmp.Compare(f.Trade, other.Trade), cmp.Compare(f.Side, other.Side), f.Rate.Cmp(other.Rate))
}
