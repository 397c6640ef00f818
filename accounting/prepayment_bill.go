package accounting

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// readPrepayments finds out about the locked prepayments.
func (w *billing) readPrepayments(ctx context.Context) error {
	var ids []uuid.UUID
	w.prepaid = prepayments{}
	for i := range w.corrected {
		if v := &w.corrected[i]; v.Kind == PrepaymentBillDocument {
			w.prepaid[v.ID] = &prepayment{id: v.ID, party: v.PartyID, name: "the prepayment bill " + v.VendorNumber, gross: v.Gross, on: v.BillDate, credited: &v.CreditedMinor, deducted: &v.DeductedMinor}
			ids = append(ids, v.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var credits []Bill
	var lines []BillLine
	b, sorted := w.tx.Batch(), unique(ids)
	tenancy.Load(b, &credits, tenancy.In("corrects_id", sorted))
	tenancy.Load(b, &lines, tenancy.In("bill_id", sorted), tenancy.OrderBy("bill_id", "line_no"))
	if err := b.Run(ctx); err != nil {
		return err
	}
	for i := range lines {
		w.prepaid[lines[i].BillID].line(lines[i].AccountID, lines[i].DimensionSetID, lines[i].Net.Minor+lines[i].NotRecoverableMinor)
	}
	of := make(map[uuid.UUID]uuid.UUID, len(credits))
	for i := range credits {
		of[credits[i].ID] = credits[i].CorrectsID
	}
	return w.prepaid.readTaxes(ctx, w.tx, of)
}

// inAdvance says which account the document's lines are booked to, where it is a prepayment or credits one.
func (w *billing) inAdvance(d *billDraft) error {
	if err := d.worth.nothingInAdvance(d.in.Kind == PrepaymentBillDocument || len(d.in.Prepaid) > 0); err != nil {
		return err
	}
	switch {
	case d.in.Kind == PrepaymentBillDocument:
		d.advances, d.taxes.advance = ByRole(RoleVendorAdvances), true
	case d.corrects != nil && d.corrects.Kind == PrepaymentBillDocument:
		d.advances, d.taxes.advance = ByID(w.prepaid[d.corrects.ID].account), true
	}
	d.taxes.residue = d.advances
	return nil
}

// deduct takes what the document sets off from its prepayments.
func (w *billing) deduct(where string, d *billDraft) (err error) {
	if len(d.in.Prepaid) == 0 {
		return nil
	}
	if d.deducted, d.bill.Prepaid.Minor, err = w.prepaid.deduct(w.op, where, d.in.Prepaid, d.bill.PartyID, d.in.Date, w.plan, w.settle.items); err != nil {
		return err
	}
	for i := range d.deducted {
		x := &d.deducted[i]
		w.deductions = append(w.deductions, &BillPrepayment{BillID: d.bill.ID, PrepaymentID: x.of.id, Deducted: x.figures()})
	}
	return nil
}

// reduced are the prepayments that the batch sets off.
func (w *billing) reduced() (rows []*Bill) {
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
