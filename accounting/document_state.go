package accounting

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// DocumentState says where an issued or recorded document stands. Nothing of it is stored: it follows from credits and open
// items.
type DocumentState string

// The states.
const (
	DocumentIssued   DocumentState = "issued"    // nothing is paid yet
	DocumentPartPaid DocumentState = "part_paid" // a part of what is to be paid is settled
	DocumentPaid     DocumentState = "paid"      // nothing is open
	DocumentReversed DocumentState = "reversed"  // credits have taken it back altogether
)

// DocumentStanding is a document's state and what is still open of it, above zero whatever the kind.
type DocumentStanding struct {
	State DocumentState
	Open  money.Amount
}

// DocumentStates tells where invoices, bills, credits and debit notes stand, by their ids, at most 1,000; those that do not exist
// are missing in the answer.
//
// Permission: accounting.read. Errors: accounting.too_many.
func (s *Service) DocumentStates(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]DocumentStanding, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (map[uuid.UUID]DocumentStanding, error) {
		const op = "accounting.DocumentStates"
		out := map[uuid.UUID]DocumentStanding{}
		if err := checkBatch(op, "ids", len(ids)); err != nil || len(ids) == 0 {
			return out, err
		}
		var invoices []Invoice
		var bills []Bill
		b, sorted := tx.Batch(), unique(slices.Clone(ids))
		tenancy.Load(b, &invoices, tenancy.In("id", sorted))
		tenancy.Load(b, &bills, tenancy.In("id", sorted))
		if err := b.Run(ctx); err != nil {
			return nil, err
		}
		var wanted []uuid.UUID
		for _, v := range invoices {
			wanted = furtherInstalments(append(wanted, v.ID), v.ID, v.Instalments)
		}
		for _, v := range bills {
			wanted = furtherInstalments(append(wanted, v.ID), v.ID, v.Instalments)
		}
		if len(wanted) == 0 {
			return out, nil
		}
		var items []OpenItem
		tenancy.Load(b, &items, tenancy.In("id", wanted))
		if err := b.Run(ctx); err != nil {
			return nil, err
		}
		open := make(map[uuid.UUID]int64, len(items))
		for _, o := range items {
			open[o.EntryID] += abs(o.OpenMinor)
		}
		for _, v := range invoices {
			out[v.ID] = standing(v.Payable, open[v.EntryID], v.CreditedMinor, v.Gross.Minor)
		}
		for _, v := range bills {
			out[v.ID] = standing(v.Payable, open[v.EntryID], v.CreditedMinor, v.Gross.Minor)
		}
		return out, nil
	})
}

func standing(payable money.Amount, open, credited, gross int64) DocumentStanding {
	d := DocumentStanding{State: DocumentIssued, Open: money.Amount{Minor: open, Currency: payable.Currency}}
	switch {
	case gross > 0 && credited == gross:
		d.State = DocumentReversed
	case open == 0:
		d.State = DocumentPaid
	case open < payable.Minor:
		d.State = DocumentPartPaid
	}
	return d
}
