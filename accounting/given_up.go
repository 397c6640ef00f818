package accounting

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// A credit gives back what was charged and not given up before. An early-payment discount lowered what was paid and what tax is
// due on (Directive 2006/112/EC, Art. 90(1); VAT Notice 700, section 7.3: tax is due on what is paid), so a credit takes as much of it back as it takes back of the document, and of
// each tax as much as it takes back of that one: all credits together take back the tax that was declared, rate by rate, and never more. What was written off or
// relieved is no part of the price: it is claimed again, or recovered, before it can be credited. That holds of the whole and, where tax was given up with it, of
// each rate: a loss falls on all that a document bears, and what it took of one rate is not there to be credited a second time.

// givenUp is what was given up of documents that a batch corrects.
type givenUp struct {
	discounts  map[uuid.UUID]*givenDiscount // by document
	writtenOff map[uuid.UUID]int64          // by document, in its currency
	left       map[uuid.UUID][]*TaxEntry    // by document of these: its taxes less what credits took back
	gone       map[uuid.UUID][]*TaxEntry    // by document: what was given up of its taxes, below zero
	spared     map[uuid.UUID][]*sparedTax   // by document that the batch credits
}

// givenDiscount is what is left of a discount that was taken: less what credits took back of it.
type givenDiscount struct {
	control     uuid.UUID // the account of the party's side, with what the discount put there, debits positive
	transaction money.Amount
	base        int64
	rest        uuid.UUID // the account of what is no tax, and its dimensions
	set         uuid.UUID
	taxes       []*TaxEntry // one for each tax, side and rate
}

type givenLine struct {
	DocumentID uuid.UUID      `bun:"source_id"`
	AccountID  uuid.UUID      `bun:"account_id"`
	Set        uuid.UUID      `bun:"dimension_set_id"`
	Currency   money.Currency `bun:"currency"`
	Minor      int64          `bun:"minor"`
	Base       int64          `bun:"base"`
}

type writtenOff struct {
	EntryID uuid.UUID `bun:"entry_id"` // of the document
	By      uuid.UUID `bun:"by_id"`    // the write-off's
	Minor   int64     `bun:"minor"`
}

// readGivenUp is called once the documents and their items are locked. documents are by the entry that books them. It asks nothing
// of a batch that corrects nothing.
func readGivenUp(ctx context.Context, tx *tenancy.Tx, set *setup, documents map[uuid.UUID]uuid.UUID) (*givenUp, error) {
	g := &givenUp{discounts: map[uuid.UUID]*givenDiscount{}, writtenOff: map[uuid.UUID]int64{}, gone: map[uuid.UUID][]*TaxEntry{}, spared: map[uuid.UUID][]*sparedTax{}}
	if len(documents) == 0 {
		return g, nil
	}
	ids, entries := make([]uuid.UUID, 0, len(documents)), make([]uuid.UUID, 0, len(documents))
	for entry, id := range documents {
		ids, entries = append(ids, id), append(entries, entry)
	}
	lines, err := tenancy.Report[givenLine](ctx, tx, `SELECT e.source_id, l.account_id, l.dimension_set_id, l.transaction_currency AS currency,
		CAST(SUM(l.transaction_minor) AS BIGINT) AS minor, CAST(SUM(l.amount_minor) AS BIGINT) AS base
		FROM {journal_entries} AS e JOIN {journal_lines} AS l ON l.entry_id = e.id
		WHERE e.source_model = 'erp.discounts' AND e.source_id IN (?) AND e.reverses_id IS NULL
			AND NOT EXISTS (SELECT 1 FROM {journal_entries} AS r WHERE r.reverses_id = e.id)
		GROUP BY e.source_id, l.account_id, l.dimension_set_id, l.transaction_currency ORDER BY 1, 2, 3`, tenancy.List(ids))
	if err != nil {
		return nil, err
	}
	lost, err := tenancy.Report[writtenOff](ctx, tx, `SELECT i.entry_id, w.entry_id AS by_id, CAST(SUM(a.amount_minor) AS BIGINT) AS minor
		FROM {open_items} AS i JOIN {allocations} AS a ON a.debit_id = i.id OR a.credit_id = i.id
		JOIN {open_items} AS w ON w.id = CASE WHEN a.debit_id = i.id THEN a.credit_id ELSE a.debit_id END
		WHERE i.entry_id IN (?) AND w.kind = 'write_off'
			AND NOT EXISTS (SELECT 1 FROM {journal_entries} AS r WHERE r.reverses_id = w.entry_id)
		GROUP BY i.entry_id, w.entry_id`, tenancy.List(entries))
	if err != nil {
		return nil, err
	}
	if err := g.readGone(ctx, tx, documents, ids, lost); err != nil {
		return nil, err
	}
	if len(lines) == 0 && len(g.gone) == 0 {
		return g, nil
	}
	var taxes []TaxEntry
	b := tx.Batch()
	tenancy.Load(b, &taxes, tenancy.In("source_id", unique(ids)), tenancy.Eq("source_model", discountModel), tenancy.Ne("source_model", ""), tenancy.OrderBy("id"))
	if err := b.Run(ctx); err != nil {
		return nil, err
	}
	g.gather(set, lines, taxes)
	g.left, err = readLeft(ctx, tx, documents)
	return g, err
}

// gather sums what was read, by document.
func (g *givenUp) gather(set *setup, lines []givenLine, taxes []TaxEntry) {
	for _, l := range lines {
		d := g.discounts[l.DocumentID]
		if d == nil {
			d = &givenDiscount{}
			g.discounts[l.DocumentID] = d
		}
		switch a := set.byID[l.AccountID]; {
		case a.Control != NoControl:
			d.control, d.base = l.AccountID, d.base+l.Base
			d.transaction.Minor, d.transaction.Currency = d.transaction.Minor+l.Minor, l.Currency
		case !set.derived(a):
			d.rest, d.set = l.AccountID, l.Set
		}
	}
	for i := range taxes {
		t := &taxes[i]
		d := g.discounts[t.SourceID]
		if d == nil {
			continue
		}
		j := slices.IndexFunc(d.taxes, func(x *TaxEntry) bool {
			return x.TaxID == t.TaxID && x.Side == t.Side && x.Rate.Equal(t.Rate) && x.AccountID == t.AccountID && x.Due == t.Due && x.DimensionSetID == t.DimensionSetID && x.SupplySetID == t.SupplySetID
		})
		if j < 0 {
			d.taxes = append(d.taxes, t)
			continue
		}
		for k, sum := range d.taxes[j].figures() {
			*sum += *t.figures()[k]
		}
	}
}

// discountPart is one part of a discount that a credit takes back.
type discountPart struct {
	document, party uuid.UUID
	part, whole     int64    // what the credit takes of what was left of the document
	taxes           []taxSum // of the credit
	trade           Trade
	on              date.Date
	lock            string
}

// takeBack plans the entry and the tax rows that take a part of a discount back, and gives the party's open item of it; nil when there is
// nothing to take back.
func (g *givenUp) takeBack(where string, p *plan, f *discountPart) (*OpenItem, []*TaxEntry, error) {
	d := g.discounts[f.document]
	if d == nil || d.transaction.Minor == 0 {
		return nil, nil, nil
	}
	rest := ByID(d.rest)
	if d.rest == uuid.Nil { // the discount was tax alone
		rest = ByRole(map[Trade]Role{Sale: RoleDiscountGiven, Purchase: RoleDiscountTaken}[f.trade])
	}
	back := discountBackFact{Trade: f.trade, DocumentID: f.document, PartyID: f.party, Date: f.on, Control: ByID(d.control), Rest: rest, RestSet: d.set, Lock: f.lock}
	var err error
	for _, x := range []struct{ left, back *int64 }{{&d.transaction.Minor, &back.Transaction.Minor}, {&d.base, &back.Base}} {
		if *x.back, err = share(*x.left, f.part, f.whole); err != nil {
			return nil, nil, err
		}
		*x.left -= *x.back
	}
	back.Transaction.Currency = d.transaction.Currency
	taken := g.credit(f)
	for _, t := range d.taxes {
		row := *t
		row.ID, row.EntryDate, row.RecordedAt = tenancy.NewID(), f.on, p.tx.Now()
		part, whole := taken(t)
		for k, left := range t.figures() {
			of, err := share(*left, part, whole)
			if err != nil {
				return nil, nil, err
			}
			*left, *row.figures()[k] = *left-of, -of
		}
		back.Taxes = append(back.Taxes, &row)
	}
	e := discountBackEntry(&back)
	if len(e.Lines) == 0 {
		return nil, nil, nil
	}
	before := len(p.items)
	entry, err := p.add(where, &e, booking{})
	if err != nil {
		return nil, nil, err
	}
	for _, t := range back.Taxes {
		t.EntryID = entry.ID
	}
	if len(p.items) == before {
		return nil, back.Taxes, nil
	}
	return p.items[before], back.Taxes, nil
}

// credit takes a credit off what was left of the document's taxes, and says of a tax what it took of what: with the last of the document
// all of it.
func (g *givenUp) credit(f *discountPart) func(t *TaxEntry) (part, whole int64) {
	before := map[*TaxEntry]int64{}
	for _, l := range g.left[f.document] {
		before[l] = l.DocumentBaseMinor
		for i := range f.taxes {
			if s := &f.taxes[i]; s.part.tax.ID == l.TaxID && s.part.rate.Equal(l.Rate) {
				l.DocumentBaseMinor -= min(s.base, l.DocumentBaseMinor)
			}
		}
	}
	return func(t *TaxEntry) (part, whole int64) {
		l := t.sameIn(g.left[f.document])
		switch {
		case f.part == f.whole || l == nil:
			return f.part, f.whole
		case before[l] == 0:
			return 0, 1
		}
		return before[l] - l.DocumentBaseMinor, before[l]
	}
}
