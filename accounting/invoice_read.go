package accounting

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// GetInvoice reads a document with its lines and texts.
//
// Permission: accounting.read. Errors: tenancy.not_found.
func (s *Service) GetInvoice(ctx context.Context, id uuid.UUID) (InvoiceDetail, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (InvoiceDetail, error) {
		found, err := invoiceDetails(ctx, tx, []uuid.UUID{id})
		if err != nil {
			return InvoiceDetail{}, err
		}
		out, ok := found[id]
		if !ok {
			return InvoiceDetail{}, tenancy.ErrNotFound.New("accounting.GetInvoice", "there is no such document")
		}
		return out, nil
	})
}

// ownTaxes are the tax entries of a document's own entry, without those of what became due or was taken back later.
func ownTaxes(all []TaxEntry, entry uuid.UUID) []TaxEntry {
	return slices.DeleteFunc(all, func(t TaxEntry) bool { return t.EntryID != entry || t.SourceModel == prepaymentModel })
}

// prepaidTaxes are what the entry of a document takes off for prepayments.
func prepaidTaxes(ctx context.Context, tx *tenancy.Tx, entry uuid.UUID, prepayments int) ([]TaxEntry, error) {
	if prepayments == 0 {
		return nil, nil
	}
	return tenancy.Find[TaxEntry](ctx, tx, tenancy.Eq("entry_id", entry), tenancy.Eq("source_model", prepaymentModel), tenancy.Ne("source_model", ""), tenancy.OrderBy("id"))
}

// ListInvoices gives a page of invoices and credit notes, by date unless another sort (invoice_date, due_date, number,
// issued_at) is asked for; those of a filter where one is given.
//
// Permission: accounting.read. Errors: accounting.bad_input, tenancy.bad_input (the cursor).
func (s *Service) ListInvoices(ctx context.Context, page tenancy.PageRequest, only ...DocumentFilter) (tenancy.PageOf[Invoice], error) {
	const op = "accounting.ListInvoices"
	opts, err := documentOptions(op, "invoice_date", only)
	if err != nil {
		return tenancy.PageOf[Invoice]{}, err
	}
	return listPage[Invoice](ctx, s, page, op, []string{"invoice_date", "due_date", "number", "issued_at"}, append(opts, tenancy.Ge("seq", int64(1)))...)
}

// InvoicesByID finds documents by their ids, at most 1,000; those that do not exist are missing in the answer.
//
// Permission: accounting.read. Errors: accounting.too_many.
func (s *Service) InvoicesByID(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]Invoice, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (map[uuid.UUID]Invoice, error) {
		return byID(ctx, tx, "accounting.InvoicesByID", ids, func(v *Invoice) uuid.UUID { return v.ID })
	})
}

// InvoicesByReference finds documents by their outside numbers; those that do not exist are missing in the answer.
//
// Permission: accounting.read. Errors: accounting.too_many.
func (s *Service) InvoicesByReference(ctx context.Context, references []string) (map[string]Invoice, error) {
	return byReference[Invoice](ctx, s, "accounting.InvoicesByReference", references)
}
