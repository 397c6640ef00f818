package accounting

import (
	"context"
	"slices"

	"github.com/google/uuid"
)

// readRates is as that of issuing.
func (w *billing) readRates(ctx context.Context) error {
	w.rates = newRateTable(w.op, w.set.books.Currency, w.set.books.RateMaxAgeDays)
	var hash fingerprint
	for i := range w.in {
		in := &w.in[i]
		w.rates.wantFor(&in.Currency, &in.Rate, in.Date, in.TaxPoint, billFigures(w.correctedBy(in)))
		w.replays.prints[i] = in.fingerprint(&hash)
	}
	return w.rates.load(ctx, w.tx)
}

// correctedBy is what a document corrects; nil for nothing that there is.
func (w *billing) correctedBy(in *NewBill) *Bill {
	if in.CorrectsID == uuid.Nil {
		return nil
	}
	i := slices.IndexFunc(w.corrected, func(v Bill) bool { return v.ID == in.CorrectsID })
	if i < 0 {
		return nil
	}
	return &w.corrected[i]
}

// value settles what a document stands in the books at: a vendor's credit at what its bill did.
func (w *billing) value(d *billDraft) error {
	v := d.bill
	payable, err := d.worth.of(v.Payable.Minor)
	if d.worth.foreign() && d.corrects != nil && v.Kind == VendorCreditDocument {
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

func billFigures(v *Bill) *DocumentFigures {
	if v == nil {
		return nil
	}
	return &v.DocumentFigures
}
