package accounting

import (
	"context"
	"slices"

	"github.com/google/uuid"
)

// readRates reads the rates of documents in foreign currencies, and completes what makes two inputs the same.
func (w *issuing) readRates(ctx context.Context) error {
	w.rates = newRateTable(w.op, w.set.books.Currency, w.set.books.RateMaxAgeDays)
	var hash fingerprint
	for i := range w.in {
		in := &w.in[i]
		w.rates.wantFor(&in.Currency, &in.Rate, in.Date, in.TaxPoint, figuresOf(w.correctedBy(in)))
		w.replays.prints[i] = in.fingerprint(&hash)
	}
	return w.rates.load(ctx, w.tx)
}

// correctedBy is what a document corrects; nil for nothing that there is.
func (w *issuing) correctedBy(in *NewInvoice) *Invoice {
	if in.CorrectsID == uuid.Nil {
		return nil
	}
	i := slices.IndexFunc(w.corrected, func(v Invoice) bool { return v.ID == in.CorrectsID })
	if i < 0 {
		return nil
	}
	return &w.corrected[i]
}

// value settles what a document stands in the books at: a credit note at what its invoice did.
func (w *issuing) value(d *draft) error {
	v := d.invoice
	payable, err := d.worth.of(v.Payable.Minor)
	if d.worth.foreign() && d.corrects != nil && v.Kind == CreditNoteDocument && v.SettledByID == uuid.Nil {
		payable, err = w.settle.creditWorth(&d.worth, d.corrects.ID, d.corrects.Instalments, v.Payable.Minor)
	}
	if err != nil {
		return err
	}
	if len(d.in.Dimensions) > 0 {
		v.DimensionSetID = d.in.Dimensions.setID(w.tx.Scope().TenantID())
		if _, err := w.dims.set(d.worth.where, d.in.Dimensions); err != nil {
			return err
		}
	}
	return d.value(w.set, payable)
}

func figuresOf(v *Invoice) *DocumentFigures {
	if v == nil {
		return nil
	}
	return &v.DocumentFigures
}
