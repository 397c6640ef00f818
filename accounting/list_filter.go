package accounting

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// DocumentFilter narrows a list of invoices or bills down. What is left out narrows nothing.
type DocumentFilter struct {
	// PartyID is the customer or vendor.
	PartyID uuid.UUID
	// From and To are the first and last date of the documents.
	From, To date.Date
	// DueBy keeps what is to be paid on a day or before it, whether or not it is paid by now: what is still to be paid is in
	// [Service.ListOpenItems].
	DueBy date.Date
}

// documentOptions are the conditions of at most one filter.
func documentOptions(op, dated string, only []DocumentFilter) ([]tenancy.Option, error) {
	if len(only) > 1 {
		return nil, ErrBadInput.New(op, "a list has one filter, not %d", len(only))
	}
	var opts []tenancy.Option
	for _, f := range only {
		if f.PartyID != uuid.Nil {
			opts = append(opts, tenancy.Eq("party_id", f.PartyID))
		}
		if !f.From.IsZero() {
			opts = append(opts, tenancy.Ge(dated, f.From))
		}
		if !f.To.IsZero() {
			opts = append(opts, tenancy.Le(dated, f.To))
		}
		if !f.DueBy.IsZero() {
			opts = append(opts, tenancy.Le("due_date", f.DueBy))
		}
	}
	return opts, nil
}

// OpenItemFilter narrows [Service.ListOpenItems] down. What is left out narrows nothing.
type OpenItemFilter struct {
	PartyID uuid.UUID
	// Control keeps what customers owe, or what is owed to vendors.
	Control Control `validate:"omitempty,oneof=receivable payable"`
	// DueBy keeps what is to be paid on a day or before it.
	DueBy date.Date
}

// ListOpenItems gives a page of what is unsettled today, by due date unless another sort (due_date, item_date) is asked for: for a list to work
// through. [Service.OpenItems] gives all of a day's, and their sums.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.books_not_open, tenancy.bad_input (the cursor).
func (s *Service) ListOpenItems(ctx context.Context, page tenancy.PageRequest, f OpenItemFilter) (tenancy.PageOf[OpenItem], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[OpenItem], error) {
		const op = "accounting.ListOpenItems"
		if err := checkInput(op, "", &f); err != nil {
			return tenancy.PageOf[OpenItem]{}, err
		}
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return tenancy.PageOf[OpenItem]{}, err
		}
		opts := []tenancy.Option{tenancy.Ne("open_minor", int64(0))}
		if f.PartyID != uuid.Nil {
			opts = append(opts, tenancy.Eq("party_id", f.PartyID))
		}
		if f.Control != NoControl {
			var accounts []uuid.UUID
			for i := range set.accounts {
				if set.accounts[i].Control == f.Control {
					accounts = append(accounts, set.accounts[i].ID)
				}
			}
			opts = append(opts, tenancy.In("account_id", accounts))
		}
		if !f.DueBy.IsZero() {
			opts = append(opts, tenancy.Le("due_date", f.DueBy))
		}
		return listPage[OpenItem](ctx, s, page, op, []string{"due_date", "item_date"}, opts...)
	})
}

// OpenItemsByID finds items by their ids, at most 1,000, settled or not: that of a document is the document's, those of its further instalments
// follow from it (see [InstalmentID]). Those that do not exist are missing in the answer.
//
// Permission: accounting.read. Errors: accounting.too_many.
func (s *Service) OpenItemsByID(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]OpenItem, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (map[uuid.UUID]OpenItem, error) {
		return byID(ctx, tx, "accounting.OpenItemsByID", ids, func(o *OpenItem) uuid.UUID { return o.ID })
	})
}
