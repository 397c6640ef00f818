package accounting

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// waits says whether a tax of the document waits, and until which day: the zero day where it waits for payment.
//
// What waits for the supply (Directive 2006/112/EC, Art. 63) is released by an entry of the day of the supply, which is booked
// together with the document. So nothing has to run on that day, what becomes due is in the return of its period whenever that
// is drawn up, and no period can be locked before it has its tax. What is paid before is due on payment (Art. 65): then a further
// pair of entries brings that part forward.
func (d *documentTaxes) waits(t *Tax) (waits bool, until date.Date) {
	switch {
	case d.dueNow || t.Kind == TaxWithholding || t.Due == TaxDueOnIssue:
		return false, until
	case t.Due == TaxDueOnPayment || d.advance:
		return true, until
	case d.supplied.After(d.entered):
		return true, d.supplied
	}
	return false, until
}

// taxMove is a tax entry that waits, and the part of it that falls due on a day (or, below zero, waits again).
type taxMove struct {
	of    *TaxEntry
	parts taxFigures
	on    date.Date
}

// moveTax plans the entries that take tax from where it waits to where it is due, one for each day, and gives their tax entries. like
// has what the entries share. Errors: those of Post.
func (p *plan) moveTax(where string, like *taxDueFact, moves []taxMove) ([]*TaxEntry, error) {
	slices.SortStableFunc(moves, func(a, b taxMove) int { return cmp.Compare(a.on.String(), b.on.String()) })
	var out []*TaxEntry
	for first := 0; first < len(moves); {
		last := first
		fact := *like
		fact.Date = moves[first].on
		for ; last < len(moves) && moves[last].on == moves[first].on; last++ {
			from, to, err := p.movedTax(where, &moves[last])
			if err != nil {
				return nil, err
			}
			fact.Rows = append(fact.Rows, from, to)
		}
		if err := p.bookTaxes(where, taxDueEntry(&fact), fact.Rows, booking{}); err != nil {
			return nil, err
		}
		out, first = append(out, fact.Rows...), last
	}
	return out, nil
}

// movedTax is the pair of rows of one move.
func (p *plan) movedTax(where string, m *taxMove) (from, to *TaxEntry, err error) {
	a, b := p.taxPart(m.of, m.on, -1, m.parts), p.taxPart(m.of, m.on, 1, m.parts)
	if err := p.set.stand(p.op, where, a, false); err != nil {
		return nil, nil, err
	}
	a.DueOn = m.of.DueOn
	return a, b, p.set.stand(p.op, where, b, true)
}

// taxPart is a part of a tax entry as a row of its own, to be booked on a day.
func (p *plan) taxPart(of *TaxEntry, on date.Date, sign int64, parts taxFigures) *TaxEntry {
	row := *of
	row.ID, row.EntryID, row.EntryDate, row.ResidualMinor, row.VarianceMinor, row.RecordedAt = tenancy.NewID(), uuid.Nil, on, 0, 0, p.tx.Now()
	for i, x := range row.figures() {
		*x = sign * parts[i]
	}
	return &row
}

// bookTaxes plans the entry that books tax entries, if there is anything to book, and gives them its id and date.
func (p *plan) bookTaxes(where string, e NewEntry, rows []*TaxEntry, also booking) error {
	if len(e.Lines) == 0 {
		return nil
	}
	made, err := p.add(where, &e, also)
	if err != nil {
		return err
	}
	for _, t := range rows {
		t.EntryID, t.EntryDate = made.ID, made.EntryDate
	}
	return nil
}

// fallDue plans what becomes of the tax of a document that waits for a day: it is due on that day.
func (p *plan) fallDue(where string, source Source, lock string, rows []*TaxEntry) ([]*TaxEntry, error) {
	var moves []taxMove
	for _, t := range rows {
		if !t.Due && !t.DueOn.IsZero() {
			moves = append(moves, taxMove{t, t.parts(), t.DueOn})
		}
	}
	return p.moveTax(where, &taxDueFact{Source: source, Lock: lock}, moves)
}
