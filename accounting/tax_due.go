package accounting

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// settled is that an open item was settled by an amount on a day: before and after are what had been settled, in minor units
// above zero.
type settled struct {
	item          *OpenItem
	before, after int64
	on            date.Date
}

// taxBecomingDue is tax that waits for payment and is due in proportion to what is paid. Of a document with instalments each
// open item has its share. Both shares are cut from the running total, rounded half up: so what has become due follows from
// what is settled alone, the parts always sum to the whole, and what rounding leaves over is in the last part.
type taxBecomingDue struct {
	plan    *plan
	waiting map[uuid.UUID][]*TaxEntry // by entry
	items   map[uuid.UUID][]*OpenItem // by entry, in the order of its lines
	rows    []*TaxEntry
}

// releaseTax plans what becomes due by the settlement: the entries, and the tax entries, which write stores. declared are the
// tax entries of the batch's own documents. It asks nothing where no tax of the tenant is due on payment.
func (s *settlement) releaseTax(ctx context.Context, p *plan, declared []*TaxEntry) error {
	if len(s.events) == 0 || !slices.ContainsFunc(p.set.taxes, func(t Tax) bool { return t.Due == TaxDueOnPayment }) {
		return nil
	}
	w := &taxBecomingDue{plan: p, waiting: map[uuid.UUID][]*TaxEntry{}, items: map[uuid.UUID][]*OpenItem{}}
	if err := w.read(ctx, s, declared); err != nil {
		return err
	}
	for _, e := range s.events {
		if err := w.settle(e); err != nil {
			return err
		}
	}
	s.taxes = append(s.taxes, w.rows...)
	return nil
}

// read gathers what waits and the items that share it, from the books and from the batch.
func (w *taxBecomingDue) read(ctx context.Context, s *settlement, declared []*TaxEntry) error {
	var ids []uuid.UUID
	for _, e := range s.events {
		ids = append(ids, e.item.EntryID)
	}
	var waiting []TaxEntry
	var items []OpenItem
	b := w.plan.tx.Batch()
	tenancy.Load(b, &waiting, tenancy.In("entry_id", unique(ids)), tenancy.Eq("due", false), tenancy.Ne("source_model", ""))
	tenancy.Load(b, &items, tenancy.In("entry_id", unique(ids)), tenancy.OrderBy("entry_id", "line_no"))
	if err := b.Run(ctx); err != nil {
		return err
	}
	for _, t := range append(pointers(waiting), declared...) {
		if !t.Due {
			w.waiting[t.EntryID] = append(w.waiting[t.EntryID], t)
		}
	}
	for _, o := range append(pointers(items), w.plan.items...) {
		w.items[o.EntryID] = append(w.items[o.EntryID], o)
	}
	return nil
}

// part is the part of x that lies between two points of a whole, each rounded half up.
func part(x, from, to, whole int64) (int64, error) {
	of := money.Amount{Minor: x}
	first, err := of.MulDiv(from, whole, money.HalfUp)
	if err != nil {
		return 0, err
	}
	last, err := of.MulDiv(to, whole, money.HalfUp)
	return last.Minor - first.Minor, err
}

// settle makes due what belongs to one settlement of one item.
func (w *taxBecomingDue) settle(e settled) error {
	waiting := w.waiting[e.item.EntryID]
	if len(waiting) == 0 {
		return nil
	}
	var first, whole int64
	for _, o := range w.items[e.item.EntryID] {
		if o.LineNo < e.item.LineNo {
			first += abs(o.Original.Minor)
		}
		whole += abs(o.Original.Minor)
	}
	original := abs(e.item.Original.Minor)
	fact := taxDueFact{Date: e.on, Source: Source{waiting[0].SourceModel, waiting[0].SourceID}}
	var rows []*TaxEntry
	for _, t := range waiting {
		due, some := make([]int64, len(t.figures())), false
		for i, x := range t.figures() {
			share, err := part(*x, first, first+original, whole)
			if err != nil {
				return err
			}
			if due[i], err = part(share, e.before, e.after, original); err != nil {
				return err
			}
			some = some || due[i] != 0
		}
		if !some {
			continue
		}
		from, to := w.rowsOf(t, e.on, due)
		rows = append(rows, from, to)
	}
	fact.Rows = rows
	if entry := taxDueEntry(&fact); len(entry.Lines) > 0 {
		made, err := w.plan.add("", &entry, booking{})
		if err != nil {
			return err
		}
		for _, t := range rows {
			t.EntryID = made.ID
		}
	}
	w.rows = append(w.rows, rows...)
	return nil
}

// rowsOf takes a part of a tax from where it waits to where it is due.
func (w *taxBecomingDue) rowsOf(t *TaxEntry, on date.Date, due []int64) (from, to *TaxEntry) {
	tax := w.plan.set.taxByID(t.TaxID)
	a, b := *t, *t
	a.ID, b.ID = tenancy.NewID(), tenancy.NewID()
	for _, row := range []*TaxEntry{&a, &b} {
		row.EntryID, row.EntryDate, row.ResidualMinor, row.RecordedAt = uuid.Nil, on, 0, w.plan.tx.Now()
	}
	for i := range due {
		*a.figures()[i], *b.figures()[i] = -due[i], due[i]
	}
	b.Due, b.AccountID, b.BaseBox, b.TaxBox = true, tax.AccountID, tax.BoxSaleBase, tax.BoxSaleTax
	if t.Side == TaxClaimed {
		b.AccountID, b.BaseBox, b.TaxBox = tax.ClaimID, tax.BoxPurchaseBase, tax.BoxPurchaseTax
	}
	return &a, &b
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}
