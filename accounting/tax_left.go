package accounting

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// readLeft finds what documents bear of each tax, less what credits took back of it. documents are by the entry that books them. What
// prepayments declared of it is not taken off, nor what a discount did.
func readLeft(ctx context.Context, tx *tenancy.Tx, documents map[uuid.UUID]uuid.UUID) (left map[uuid.UUID][]*TaxEntry, err error) {
	credits, err := readDocuments(ctx, tx, "corrects_id", slices.Collect(maps.Values(documents)))
	if err != nil {
		return nil, err
	}
	of := maps.Clone(documents)
	for _, c := range credits {
		if c.credit {
			of[*c.entry] = c.corrects
		}
	}
	delete(of, uuid.Nil)
	if len(of) == 0 {
		return left, nil
	}
	rows, err := tenancy.Find[TaxEntry](ctx, tx, tenancy.In("entry_id", slices.Collect(maps.Keys(of))), tenancy.Ne("source_model", ""), tenancy.OrderBy("id"))
	if err != nil {
		return nil, err
	}
	left = map[uuid.UUID][]*TaxEntry{}
	for i := range rows {
		t := &rows[i]
		if t.SourceModel == prepaymentModel {
			continue
		}
		id := of[t.EntryID]
		if l := t.sameIn(left[id]); l != nil {
			for k, x := range t.figures() {
				*l.figures()[k] += *x
			}
			continue
		}
		left[id] = append(left[id], t)
	}
	return left, nil
}

// sameIn is the row of the same tax, rate and side; nil where there is none.
func (t *TaxEntry) sameIn(rows []*TaxEntry) *TaxEntry {
	for _, l := range rows {
		if l.TaxID == t.TaxID && l.Rate.Equal(t.Rate) && l.Side == t.Side {
			return l
		}
	}
	return nil
}
