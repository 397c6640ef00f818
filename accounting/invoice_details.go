package accounting

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// MaxDetails is how many documents [Service.InvoiceDetailsByID] reads at once, each with up to [MaxLines] lines.
const MaxDetails = 100

// InvoiceDetailsByID reads documents with everything on them, at most [MaxDetails], in a number of statements that does not grow with them.
// Those that do not exist are missing in the answer.
//
// Permission: accounting.read. Errors: accounting.too_many.
func (s *Service) InvoiceDetailsByID(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]InvoiceDetail, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (map[uuid.UUID]InvoiceDetail, error) {
		const op = "accounting.InvoiceDetailsByID"
		if len(ids) > MaxDetails {
			return nil, ErrTooMany.New(op, "%d documents in one call; the limit is %d", len(ids), MaxDetails)
		}
		return invoiceDetails(ctx, tx, ids)
	})
}

// invoiceDetails are documents with everything on them, by id.
func invoiceDetails(ctx context.Context, tx *tenancy.Tx, ids []uuid.UUID) (map[uuid.UUID]InvoiceDetail, error) {
	out := make(map[uuid.UUID]InvoiceDetail, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	var found []Invoice
	var lines []InvoiceLine
	var texts []InvoiceText
	var taxes []TaxEntry
	var prepayments []InvoicePrepayment
	b := tx.Batch()
	tenancy.Load(b, &found, tenancy.In("id", ids))
	tenancy.Load(b, &lines, tenancy.In("invoice_id", ids), tenancy.OrderBy("line_no"))
	tenancy.Load(b, &texts, tenancy.In("invoice_id", ids))
	tenancy.Load(b, &taxes, tenancy.In("source_id", ids), tenancy.Ne("source_model", ""), tenancy.OrderBy("id"))
	tenancy.Load(b, &prepayments, tenancy.In("invoice_id", ids), tenancy.OrderBy("prepayment_id"))
	if err := b.Run(ctx); err != nil {
		return nil, err
	}
	details := make(map[uuid.UUID]*InvoiceDetail, len(found))
	sets := make([]uuid.UUID, 0, len(found)+len(lines))
	for i := range found {
		details[found[i].ID] = &InvoiceDetail{Invoice: found[i]}
		sets = append(sets, found[i].DimensionSetID)
	}
	for i := range lines {
		sets = append(sets, lines[i].DimensionSetID)
	}
	named, err := spellOut(ctx, tx, sets)
	if err != nil {
		return nil, err
	}
	for i := range lines {
		d := details[lines[i].InvoiceID]
		lines[i].Dimensions = named[lines[i].DimensionSetID]
		d.Lines = append(d.Lines, lines[i])
	}
	for i := range texts {
		d := details[texts[i].InvoiceID]
		d.Text, d.Descriptions = texts[i], texts[i].descriptions()
	}
	for i := range taxes {
		if d := details[taxes[i].SourceID]; d != nil { // what else has an id can be a source
			d.Taxes = append(d.Taxes, taxes[i])
		}
	}
	for i := range prepayments {
		d := details[prepayments[i].InvoiceID]
		d.Prepayments = append(d.Prepayments, prepayments[i])
	}
	if err := addPrepaidTaxes(ctx, tx, details); err != nil {
		return nil, err
	}
	for id, d := range details {
		d.Taxes, d.Dimensions = ownTaxes(d.Taxes, d.EntryID), named[d.DimensionSetID]
		out[id] = *d
	}
	return out, nil
}

// addPrepaidTaxes gives each document what its entry takes off for prepayments.
func addPrepaidTaxes(ctx context.Context, tx *tenancy.Tx, details map[uuid.UUID]*InvoiceDetail) error {
	by := map[uuid.UUID]*InvoiceDetail{}
	var entries []uuid.UUID
	for _, d := range details {
		if len(d.Prepayments) > 0 {
			by[d.EntryID] = d
			entries = append(entries, d.EntryID)
		}
	}
	if len(entries) == 0 {
		return nil
	}
	taxes, err := tenancy.Find[TaxEntry](ctx, tx, tenancy.In("entry_id", entries), tenancy.Eq("source_model", prepaymentModel), tenancy.Ne("source_model", ""), tenancy.OrderBy("id"))
	for i := range taxes {
		d := by[taxes[i].EntryID]
		d.PrepaidTaxes = append(d.PrepaidTaxes, taxes[i])
	}
	return err
}
