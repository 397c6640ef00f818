package accounting

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// book writes everything that needs no legal number and, last in the same round trip, locks the number series: in the
// order of their ids, after all other locks, so that documents wait for each other as briefly as can be.
func (w *issuing) book(ctx context.Context) error {
	if len(w.drafts) == 0 {
		return nil
	}
	if err := w.settle.releaseTax(ctx, w.plan, w.taxes); err != nil {
		return err
	}
	b := w.tx.Batch()
	w.write(b)
	tenancy.Load(b, &w.series, tenancy.In("fiscal_year_id", w.years()), tenancy.In("code", w.codes()), tenancy.ForUpdate())
	return b.Run(ctx)
}

func (w *issuing) years() []uuid.UUID {
	var ids []uuid.UUID
	for _, d := range w.drafts {
		ids = append(ids, w.set.periodOf(d.date).FiscalYearID)
	}
	return unique(ids)
}

func (w *issuing) codes() []string {
	used := map[string]bool{}
	for _, d := range w.drafts {
		used[d.in.Kind.series()] = true
	}
	var codes []string
	for _, c := range seriesCodes {
		if used[c] {
			codes = append(codes, c)
		}
	}
	return codes
}

// number gives out the legal numbers in the order of the batch and writes the documents.
func (w *issuing) number(ctx context.Context) error {
	if len(w.drafts) == 0 {
		return nil
	}
	var lines []*InvoiceLine
	for _, d := range w.drafts {
		series, err := w.seriesOf(d.invoice)
		if err != nil {
			return err
		}
		v := d.invoice
		v.SeriesID = series.ID
		if v.Seq, v.Number, err = series.take(w.op, d.where, v.InvoiceDate, w.set.year(series.FiscalYearID).Label); err != nil {
			return err
		}
		lines = append(lines, pointers(d.rows)...)
	}
	b := w.tx.Batch()
	tenancy.Put(b, pointers(w.invoices))
	tenancy.Put(b, lines)
	tenancy.Put(b, pointers(w.texts))
	tenancy.Put(b, w.deductions)
	tenancy.Put(b, w.taxes)
	tenancy.Set(b, pointers(w.series), "taken", "last_date")
	return b.Run(ctx)
}

// seriesOf finds the locked series that a document takes its number from.
func (w *issuing) seriesOf(v *Invoice) (*numberSeries, error) {
	year := w.set.periodOf(v.InvoiceDate).FiscalYearID
	for i := range w.series {
		if s := &w.series[i]; s.FiscalYearID == year && s.Code == v.Kind.series() {
			return s, nil
		}
	}
	return nil, ErrNoPeriod.New(w.op, "the fiscal year of %s has no series %s", v.InvoiceDate, v.Kind.series())
}

func pointers[T any](rows []T) []*T {
	out := make([]*T, len(rows))
	for i := range rows {
		out[i] = &rows[i]
	}
	return out
}
