package accounting

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// billLikeness is what a bill that comes twice under two numbers has in common with itself.
type billLikeness struct {
	party uuid.UUID
	kind  BillKind
	gross money.Amount
}

type datedBill struct {
	id     uuid.UUID
	number string
	on     date.Date
}

// String names the document as the vendor does: "R-17 of 2010-12-01".
func (d *datedBill) String() string {
	if d.number == "" {
		return fmt.Sprintf("one without a number of %s", d.on)
	}
	return fmt.Sprintf("%s of %s", d.number, d.on)
}

// loadSimilar asks for the documents of the same vendors within the widest window of the batch.
func loadSimilar(b *tenancy.Batch, dest *[]Bill, in []NewBill) {
	parties := lookedFor(in)
	var from, to date.Date
	for i := range in {
		v := &in[i]
		if v.Duplicates == 0 || v.PartyID == uuid.Nil {
			continue
		}
		if first := v.Date.AddDays(-v.Duplicates); from.IsZero() || first.Before(from) {
			from = first
		}
		if last := v.Date.AddDays(v.Duplicates); to.Before(last) {
			to = last
		}
	}
	if len(parties) > 0 {
		tenancy.Load(b, dest, tenancy.In("party_id", parties), tenancy.Ge("bill_date", from), tenancy.Le("bill_date", to),
			tenancy.Ge("gross_minor", int64(0)))
	}
}

// lookedFor are the vendors for whose documents a batch looks for duplicates.
func lookedFor(in []NewBill) (parties []uuid.UUID) {
	for i := range in {
		if in[i].Duplicates != 0 && in[i].PartyID != uuid.Nil {
			parties = append(parties, in[i].PartyID)
		}
	}
	return unique(parties)
}

// remember keeps a document for those that follow.
func (w *billing) remember(v *Bill) {
	key := billLikeness{v.PartyID, v.Kind, v.Gross}
	w.alike[key] = append(w.alike[key], datedBill{v.ID, v.VendorNumber, v.BillDate})
}

// lookForDuplicates reports or refuses a document that looks like another. Nothing is owed twice of a total of zero.
func (w *billing) lookForDuplicates(where string, in *NewBill, v *Bill) error {
	days := in.Duplicates
	if days > 0 {
		own := in.likeness(w.set.books.Currency)
		v.LikelyDrafts = alike(&own, days, w.drafts)
	}
	if days > 0 && v.Gross.Minor != 0 {
		var names []string
		for _, other := range w.alike[billLikeness{v.PartyID, v.Kind, v.Gross}] {
			if n := other.on.DaysUntil(v.BillDate); n >= -days && n <= days {
				v.LikelyDuplicates = append(v.LikelyDuplicates, other.id)
				names = append(names, other.String())
			}
		}
		if in.RefuseDuplicates && len(v.LikelyDuplicates) > 0 {
			slices.Sort(names)
			return ErrBillDuplicate.New(w.op, "%sa document of this vendor of %s is recorded within %d days: %s", where, v.Gross, days, names[0])
		}
	}
	w.remember(v)
	return nil
}
