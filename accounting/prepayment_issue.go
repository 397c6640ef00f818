package accounting

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// locksPrepayments are the prepayments that a document sets off.
func locksPrepayments(ids []uuid.UUID, in []NewDeduction) []uuid.UUID {
	for i := range in {
		ids = append(ids, in[i].PrepaymentID)
	}
	return ids
}

// readPrepayments finds out about the locked prepayments.
func (w *issuing) readPrepayments(ctx context.Context) error {
	var ids []uuid.UUID
	w.prepaid = prepayments{}
	for i := range w.corrected {
		if v := &w.corrected[i]; v.Kind == PrepaymentDocument {
			w.prepaid[v.ID] = &prepayment{id: v.ID, party: v.PartyID, name: v.Number, gross: v.Gross, on: v.InvoiceDate, credited: &v.CreditedMinor, deducted: &v.DeductedMinor}
			ids = append(ids, v.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var credits []Invoice
	var lines []InvoiceLine
	b, sorted := w.tx.Batch(), unique(ids)
	tenancy.Load(b, &credits, tenancy.In("corrects_id", sorted))
	tenancy.Load(b, &lines, tenancy.In("invoice_id", sorted), tenancy.OrderBy("invoice_id", "line_no"))
	if err := b.Run(ctx); err != nil {
		return err
	}
	for i := range lines {
		w.prepaid[lines[i].InvoiceID].line(lines[i].AccountID, lines[i].DimensionSetID, lines[i].Net.Minor)
	}
	of := make(map[uuid.UUID]uuid.UUID, len(credits))
	for i := range credits {
		of[credits[i].ID] = credits[i].CorrectsID
	}
	return w.prepaid.readTaxes(ctx, w.tx, of)
}

// inAdvance says which account the document's lines are booked to, where it is a prepayment or credits one.
func (w *issuing) inAdvance(d *draft) error {
	if err := d.worth.nothingInAdvance(d.in.Kind == PrepaymentDocument || len(d.in.Prepaid) > 0); err != nil {
		return err
	}
	switch {
	case d.in.Kind == PrepaymentDocument:
		d.advances, d.taxes.advance = ByRole(RoleCustomerAdvances), true
	case d.corrects != nil && d.corrects.Kind == PrepaymentDocument:
		d.advances, d.taxes.advance = ByID(w.prepaid[d.corrects.ID].account), true
	}
	d.taxes.residue = d.advances
	return nil
}

// deduct takes what the document sets off from its prepayments.
func (w *issuing) deduct(where string, d *draft) (err error) {
	if len(d.in.Prepaid) == 0 {
		return nil
	}
	if d.deducted, d.invoice.Prepaid.Minor, err = w.prepaid.deduct(w.op, where, d.in.Prepaid, d.invoice.PartyID, d.in.Date, w.plan, w.settle.items); err != nil {
		return err
	}
	for i := range d.deducted {
		x := &d.deducted[i]
		w.deductions = append(w.deductions, &InvoicePrepayment{InvoiceID: d.invoice.ID, PrepaymentID: x.of.id, Deducted: x.figures()})
	}
	return nil
}

// reduced are the prepayments that the batch sets off.
func (w *issuing) reduced() (rows []*Invoice) {
	used := map[uuid.UUID]bool{}
	for _, x := range w.deductions {
		used[x.PrepaymentID] = true
	}
	for i := range w.corrected {
		if v := &w.corrected[i]; used[v.ID] {
			rows = append(rows, v)
		}
	}
	return rows
}
