package accounting

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// GetBill reads a vendor's bill or credit with its lines and texts.
//
// Permission: accounting.read. Errors: tenancy.not_found.
func (s *Service) GetBill(ctx context.Context, id uuid.UUID) (BillDetail, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (BillDetail, error) {
		const op = "accounting.GetBill"
		var found []Bill
		var texts []BillText
		out := BillDetail{}
		b := tx.Batch()
		tenancy.Load(b, &found, tenancy.Eq("id", id))
		tenancy.Load(b, &out.Lines, tenancy.Eq("bill_id", id), tenancy.OrderBy("line_no"))
		tenancy.Load(b, &texts, tenancy.Eq("bill_id", id))
		tenancy.Load(b, &out.Taxes, tenancy.Eq("source_id", id), tenancy.Ne("source_model", ""), tenancy.OrderBy("id"))
		tenancy.Load(b, &out.Prepayments, tenancy.Eq("bill_id", id))
		if err := b.Run(ctx); err != nil {
			return BillDetail{}, err
		}
		if len(found) == 0 {
			return BillDetail{}, tenancy.ErrNotFound.New(op, "there is no such document")
		}
		out.Bill = found[0]
		out.Taxes = ownTaxes(out.Taxes, out.EntryID)
		lines := make([]*DocumentLine, len(out.Lines))
		for i := range out.Lines {
			lines[i] = &out.Lines[i].DocumentLine
		}
		var err error
		if out.Dimensions, err = spelt(ctx, tx, out.DimensionSetID, lines); err != nil {
			return BillDetail{}, err
		}
		if out.PrepaidTaxes, err = prepaidTaxes(ctx, tx, out.EntryID, len(out.Prepayments)); err != nil {
			return BillDetail{}, err
		}
		for _, t := range texts {
			out.Text, out.Descriptions = t, t.descriptions()
		}
		return out, nil
	})
}

// ListBills gives a page of vendors' bills and credits, by date unless another sort (bill_date, due_date, recorded_at) is
// asked for; those of a filter where one is given.
//
// Permission: accounting.read. Errors: accounting.bad_input, tenancy.bad_input (the cursor).
func (s *Service) ListBills(ctx context.Context, page tenancy.PageRequest, only ...DocumentFilter) (tenancy.PageOf[Bill], error) {
	const op = "accounting.ListBills"
	opts, err := documentOptions(op, "bill_date", only)
	if err != nil {
		return tenancy.PageOf[Bill]{}, err
	}
	return listPage[Bill](ctx, s, page, op, []string{"bill_date", "due_date", "recorded_at"}, append(opts, tenancy.Ge("gross_minor", int64(0)))...)
}

// BillsByReference finds vendors' documents by their references; those that do not exist are missing in the answer.
//
// Permission: accounting.read. Errors: accounting.too_many.
func (s *Service) BillsByReference(ctx context.Context, references []string) (map[string]Bill, error) {
	return byReference[Bill](ctx, s, "accounting.BillsByReference", references)
}

// BillsByID finds vendors' documents by their ids, at most 1,000; those that do not exist are missing in the answer.
//
// Permission: accounting.read. Errors: accounting.too_many.
func (s *Service) BillsByID(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]Bill, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (map[uuid.UUID]Bill, error) {
		return byID(ctx, tx, "accounting.BillsByID", ids, func(v *Bill) uuid.UUID { return v.ID })
	})
}

// byID reads rows by their ids, in one statement.
func byID[T any](ctx context.Context, tx *tenancy.Tx, op string, ids []uuid.UUID, of func(*T) uuid.UUID) (map[uuid.UUID]T, error) {
	if err := checkBatch(op, "ids", len(ids)); err != nil || len(ids) == 0 {
		return map[uuid.UUID]T{}, err
	}
	var rows []T
	b := tx.Batch()
	tenancy.Load(b, &rows, tenancy.In("id", ids))
	if err := b.Run(ctx); err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID]T, len(rows))
	for i := range rows {
		out[of(&rows[i])] = rows[i]
	}
	return out, nil
}
