package accounting

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// readGone finds what was written off and relieved of documents, and what of their taxes went with it. documents are by the entry that
// books them, ids are theirs, lost is what write-offs took.
func (g *givenUp) readGone(ctx context.Context, tx *tenancy.Tx, documents map[uuid.UUID]uuid.UUID, ids []uuid.UUID, lost []writtenOff) error {
	of := make(map[uuid.UUID]uuid.UUID, len(lost)) // the document, by what gave it up
	for _, w := range lost {
		g.writtenOff[documents[w.EntryID]] += w.Minor
		of[w.By] = documents[w.EntryID]
	}
	debts, err := tenancy.Find[BadDebt](ctx, tx, tenancy.In("invoice_id", ids))
	if err != nil {
		return err
	}
	for i := range debts {
		g.writtenOff[debts[i].InvoiceID] += debts[i].Amount.Minor - debts[i].RecoveredMinor
		of[debts[i].ID] = debts[i].InvoiceID
	}
	if len(of) == 0 {
		return nil
	}
	rows, err := tenancy.Find[TaxEntry](ctx, tx, tenancy.In("source_id", slices.Collect(maps.Keys(of))), tenancy.Ne("source_model", ""), tenancy.OrderBy("id"))
	if err != nil {
		return err
	}
	for i := range rows {
		if t := &rows[i]; t.SourceModel == writeOffModel || t.SourceModel == badDebtModel {
			g.gone[of[t.SourceID]] = append(g.gone[of[t.SourceID]], t.asSale())
		}
	}
	return nil
}

// sparedTax is one tax of a document of which a part was given up: base is what it is on, less what credits took back, and net that less
// what a discount took off. gone was given up of it.
type sparedTax struct {
	like            *TaxEntry
	base, net, gone int64 // in minor units of the document's currency
}

// sparedOf are the taxes of a document of which something was given up, as they are before the batch credits it.
func (g *givenUp) sparedOf(document uuid.UUID) []*sparedTax {
	if out, ok := g.spared[document]; ok {
		return out
	}
	var out []*sparedTax
	for _, t := range g.left[document] {
		x := &sparedTax{like: t, base: t.DocumentBaseMinor, net: t.DocumentBaseMinor}
		for _, gone := range g.gone[document] {
			if t.sameIn([]*TaxEntry{gone}) != nil {
				x.gone -= gone.DocumentBaseMinor
			}
		}
		if d := g.discounts[document]; d != nil {
			for _, off := range d.taxes {
				if t.sameIn([]*TaxEntry{off}) != nil {
					x.net += off.DocumentBaseMinor
				}
			}
		}
		if x.gone > 0 {
			out = append(out, x)
		}
	}
	g.spared[document] = out
	return out
}

// overCredit is a tax of which a credit takes what was given up.
type overCredit struct {
	like           *TaxEntry
	left, credited money.Amount // what could be credited of its base, and what would be
}

// credits takes a credit off what is left of a document's taxes; nil where it takes of none what was given up.
func (g *givenUp) credits(document uuid.UUID, sums []taxSum, cur money.Currency) (over *overCredit, err error) {
	for _, x := range g.sparedOf(document) {
		var minor int64
		for i := range sums {
			if s := &sums[i]; s.part.tax.ID == x.like.TaxID && s.part.rate.Equal(x.like.Rate) {
				minor += s.base
			}
		}
		if minor == 0 {
			continue
		}
		taken := x.net
		if minor < x.base {
			if taken, err = share(x.net, minor, x.base); err != nil {
				return nil, err
			}
		}
		if minor > x.base || taken > x.net-x.gone {
			may := max(0, x.net-x.gone)
			if x.net > 0 {
				if may, err = share(x.base, may, x.net); err != nil {
					return nil, err
				}
			}
			return &overCredit{x.like, money.Amount{Minor: may, Currency: cur}, money.Amount{Minor: minor, Currency: cur}}, nil
		}
		x.base, x.net = x.base-minor, x.net-taken
	}
	return over, nil
}
