package accounting

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// documents is what one call of [Service.Issue] and one of [Service.Bill] have in common.
type documents[T any, P document[T]] struct {
	op      string
	tx      *tenancy.Tx
	trade   Trade
	journal JournalCode
	usual   AccountRef // where lines go that name no account
	advance AccountRef // where lines of prepayments go
	model   string     // of the documents
	set     *setup
	work    []*paperwork

	wanted    []uuid.UUID
	parties   []Party
	party     map[uuid.UUID]*Party
	corrected []T        // what is corrected or set off, locked
	items     []OpenItem // of them, locked
	given     *givenUp   // of them
	prepaid   prepayments
	rates     *rateTable
	dims      *dimensionBook

	plan   *plan
	settle *settlement
	taxes  []*TaxEntry
	// credited and reduced are the documents that the batch credits and sets off.
	credited, reduced map[uuid.UUID]bool
}

// document is a stored document of either side.
type document[T any] interface {
	*T
	paper() *paper
}

// want gathers what the inputs name: parties, and documents that are to be locked.
func (w *documents[T, P]) want() (locked []uuid.UUID) {
	w.dims = newDimensionBook(w.op, w.tx)
	for _, p := range w.work {
		if p.party != uuid.Nil {
			w.wanted = append(w.wanted, p.party)
		}
		if p.corrects != uuid.Nil {
			locked = append(locked, p.corrects)
		}
		for i := range p.prepaid {
			locked = append(locked, p.prepaid[i].PrepaymentID)
		}
		p.wantDimensions(w.dims)
	}
	w.wanted = unique(w.wanted)
	return unique(locked)
}

// load asks for what was wanted.
func (w *documents[T, P]) load(b *tenancy.Batch, locked []uuid.UUID) {
	w.dims.load(b)
	loadParties(b, &w.parties, w.wanted)
	if len(locked) > 0 {
		tenancy.Load(b, &w.corrected, tenancy.In("id", locked), tenancy.ForUpdate())
		lockItems(b, &w.items, locked)
	}
}

// complete reads what follows from that: further instalments, rates, and what is left of prepayments; and takes the fingerprints of the
// inputs, of which nothing is left out by then. lines asks for the lines of prepayments, and says what to do with them.
func (w *documents[T, P]) complete(ctx context.Context, prints []string, lines func(b *tenancy.Batch, ids []uuid.UUID) func()) (err error) {
	w.party = make(map[uuid.UUID]*Party, len(w.parties))
	for i := range w.parties {
		w.party[w.parties[i].ID] = &w.parties[i]
	}
	var more []uuid.UUID
	entries := make(map[uuid.UUID]uuid.UUID, len(w.corrected))
	for i := range w.corrected {
		p := P(&w.corrected[i]).paper()
		more = furtherInstalments(more, p.id, p.Instalments)
		entries[*p.entry] = p.id
	}
	if err := lockMoreItems(ctx, w.tx, &w.items, more); err != nil {
		return err
	}
	if err := w.dims.complete(ctx); err != nil {
		return err
	}
	w.rates = newRateTable(w.op, w.set.books.Currency, w.set.books.RateMaxAgeDays)
	var hash fingerprint
	for i, p := range w.work {
		w.rates.wantFor(p.currency, p.rate, p.date, p.converted(), w.figuresOf(p.corrects))
		prints[i] = p.fingerprint(&hash)
	}
	if err := w.rates.load(ctx, w.tx); err != nil {
		return err
	}
	if err := w.readPrepayments(ctx, lines); err != nil {
		return err
	}
	if w.given, err = readGivenUp(ctx, w.tx, w.set, entries); err != nil {
		return err
	}
	return checkTrade(w.op, w.wanted, w.parties, w.trade)
}

// readPrepayments finds out about the locked prepayments.
func (w *documents[T, P]) readPrepayments(ctx context.Context, lines func(b *tenancy.Batch, ids []uuid.UUID) func()) error {
	var ids []uuid.UUID
	w.prepaid = prepayments{}
	for i := range w.corrected {
		if p := P(&w.corrected[i]).paper(); p.advance || p.Foreign() && p.Prepaid.Minor > 0 {
			w.prepaid[p.id] = &prepayment{id: p.id, party: p.party, name: p.name, gross: p.Gross, on: p.on, credited: p.credited, deducted: p.deducted, trade: w.trade,
				final: !p.advance, foreign: p.Foreign(), instalments: p.Instalments, whole: worth{p.Payable.Minor + p.Prepaid.Minor, p.PayableBaseMinor + p.PrepaidBaseMinor}}
			ids = append(ids, p.id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var credits []T
	b, sorted := w.tx.Batch(), unique(ids)
	tenancy.Load(b, &credits, tenancy.In("corrects_id", sorted))
	take := lines(b, sorted)
	if err := b.Run(ctx); err != nil {
		return err
	}
	take()
	of := make(map[uuid.UUID]uuid.UUID, len(credits))
	for i := range credits {
		p := P(&credits[i]).paper()
		if p.credit {
			of[p.id] = p.corrects
			w.prepaid[p.corrects].gone.less(worth{-p.Payable.Minor, -p.PayableBaseMinor})
		}
	}
	return w.prepaid.readTaxes(ctx, w.tx, of)
}

// begin makes room for what the batch books.
func (w *documents[T, P]) begin() {
	w.plan = newPlan(w.op, w.tx, w.set, len(w.work))
	w.plan.dims = w.dims
	w.settle = newSettlement(w.plan, w.items)
	w.credited, w.reduced = map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
}

// correctedBy is a document that is corrected; nil for none, and for nothing that there is.
func (w *documents[T, P]) correctedBy(id uuid.UUID) *paper {
	for i := range w.corrected {
		if p := P(&w.corrected[i]).paper(); id != uuid.Nil && p.id == id {
			return p
		}
	}
	return nil
}

func (w *documents[T, P]) figuresOf(id uuid.UUID) *DocumentFigures {
	if p := w.correctedBy(id); p != nil {
		return p.DocumentFigures
	}
	return nil
}

// draft begins document i: it finds out what is corrected, and the currency.
func (w *documents[T, P]) draft(i int) (*draft, money.Currency, error) {
	in := w.work[i]
	where := fmt.Sprintf("document %d: ", i+1)
	n := len(in.items) + len(in.adjustments)
	book := w.dims
	if in.asStated {
		book = book.asStated()
	}
	d := &draft{paperwork: in, op: w.op, where: where, set: w.set, book: book, usual: w.usual, lines: make([]*DocumentLine, n), costs: make([]int64, n), stated: map[string]int64{},
		taxes: documentTaxes{trade: w.trade, included: in.included, rounding: in.rounding}}
	cur, err := currencyOf(w.op, where, *in.currency, w.set.books.Currency, w.figuresOf(in.corrects))
	if err != nil || in.corrects == uuid.Nil {
		return d, cur, err
	}
	d.corrects = w.correctedBy(in.corrects)
	switch v := d.corrects; {
	case v == nil || !v.plain && (!v.advance || !in.credit):
		return nil, "", ErrNotCreditable.New(w.op, "%sCorrectsID is not %s", where, in.correcting)
	case in.party != uuid.Nil && in.party != v.party:
		return nil, "", ErrNotCreditable.New(w.op, "%s%s is another party's", where, v.name)
	case in.date.Before(v.on):
		return nil, "", ErrNotCreditable.New(w.op, "%sDate is before that of %s, %s", where, v.name, v.on)
	}
	return d, cur, nil
}

// takeOver gives a document what it has from the one that it corrects.
func (d *draft) takeOver(party *uuid.UUID, figures *DocumentFigures) {
	if d.corrects == nil {
		return
	}
	*party = d.corrects.party
	if figures.TaxPoint.IsZero() {
		figures.TaxPoint = d.corrects.TaxPoint
	}
}

// settleAmounts computes the document. It needs of and lines.
func (w *documents[T, P]) settleAmounts(d *draft, instead string, vendor func() error) (err error) {
	var corrects *DocumentFigures
	if d.corrects != nil {
		corrects = d.corrects.DocumentFigures
	}
	converted := d.of.TaxPoint // which a correction has from what it corrects
	if d.advance {
		converted = d.converted()
	}
	if d.worth, err = w.rates.valuerOf(d.where, d.of.Net.Currency, d.rate, d.date, converted, corrects); err != nil {
		return err
	}
	switch {
	case d.advance:
		d.advances, d.taxes.advance = w.advance, true
	case d.corrects != nil && d.corrects.advance:
		d.advances, d.taxes.advance = ByID(w.prepaid[d.corrects.id].account), true
	}
	d.taxes.residue, d.taxes.supplied = d.advances, d.of.TaxPoint
	if d.taxes.entered, err = w.set.enteredOn(w.tx, w.op, d.where, w.journal, d.date, d.late, d.lock); err != nil {
		return err
	}
	if err := d.settleLines(); err != nil {
		return err
	}
	if len(d.prepaid) > 0 {
		var sum worth
		if d.deducted, sum, err = w.prepaid.deduct(w.op, d.where, d.prepaid, d.of.party, d.date, d.of.Net.Currency, w.plan, w.settle.items); err != nil {
			return err
		}
		d.of.Prepaid.Minor, d.of.PrepaidBaseMinor = sum.minor, sum.base
		for i := range d.deducted {
			w.reduced[d.deducted[i].of.id] = true
		}
	}
	w.stand(d)
	if err := d.total(instead, vendor); err != nil {
		return err
	}
	if err := w.receiptRate(d); err != nil {
		return err
	}
	payable, err := d.worth.of(d.of.Payable.Minor)
	if d.worth.foreign() && d.corrects != nil && d.of.credit && !d.of.atOnce { // at what the other stands in the books at
		payable, err = w.settle.creditWorth(&d.worth, d.corrects.id, d.corrects.Instalments, d.of.Payable.Minor, w.prepaid[d.corrects.id])
	}
	if err != nil {
		return err
	}
	return d.value(payable)
}

// stand notes what the document's taxes stand in the books at already: as prepayments that it sets off declared them, or as what it credits
// did.
func (w *documents[T, P]) stand(d *draft) {
	if !d.worth.foreign() {
		return
	}
	for i := range d.deducted {
		d.taxes.stands(d.deducted[i].rows, -1, 1)
	}
	var of *prepayment
	if d.corrects != nil && d.of.credit {
		of = w.prepaid[d.corrects.id]
	}
	d.balanced = d.advance || len(d.deducted) > 0 || of != nil
	if of == nil {
		return
	}
	d.taxes.stands(of.left, 1, 1)
	if !d.of.atOnce && !of.final {
		d.taxes.stands(of.waiting, 1, 0)
		d.taxes.stands(of.waiting, -1, 1)
		d.taxes.open = of.open(w.settle.items)
	}
}

// credit holds all credits of a document together to its total. It is locked.
func (w *documents[T, P]) credit(d *draft) error {
	v, gross := d.corrects, d.of.Gross
	if v == nil || !d.of.credit || gross.Minor == 0 {
		return nil
	}
	if left := v.Gross.Minor - *v.credited - *v.deducted; gross.Minor > left {
		return ErrOverCredited.New(w.op, "%s%s of %s has %s left to credit, not %s", d.where, v.name, v.Gross, money.Amount{Minor: left, Currency: v.Gross.Currency}, gross)
	}
	if lost := w.given.writtenOff[v.id]; gross.Minor > v.Gross.Minor-*v.credited-lost {
		return ErrOverCredited.New(w.op, "%s%s of %s was written off: what is claimed no more is credited no more, until the write-off is reversed (Unallocate) or the debt recovered", d.where,
			money.Amount{Minor: lost, Currency: v.Gross.Currency}, v.name)
	}
	over, err := w.given.credits(v.id, d.taxes.sums, v.Gross.Currency)
	if err != nil {
		return err
	}
	if over != nil {
		return ErrOverCredited.New(w.op, "%s%s of %s at %s %% can be credited, and not %s: the rest was written off or relieved with its tax, and is credited no more, "+
			"until the write-off is reversed (Unallocate) or the debt recovered", d.where, over.left, v.name, over.like.Rate, over.credited)
	}
	w.credited[v.id] = true
	*v.credited += gross.Minor
	return nil
}

// enter plans the journal entry, sets a credit off against what it corrects, and declares the taxes.
func (w *documents[T, P]) enter(d *draft, e NewEntry) error {
	if err := w.credit(d); err != nil {
		return err
	}
	if len(e.Lines) == 0 {
		journal, err := w.set.journal(w.op, d.where, w.journal)
		if err != nil {
			return err
		}
		if _, err := w.set.writable(w.tx, w.op, d.where, journal.ID, d.date, d.lock); err != nil { // a document that books nothing respects locks as well
			return err
		}
		return w.declare(d)
	}
	before := len(w.plan.items)
	w.settle.exception = d.lock
	entry, err := w.plan.add(d.where, &e, booking{})
	if err != nil {
		return err
	}
	*d.of.entry = entry.ID
	if d.corrects != nil && d.of.credit && len(w.plan.items) > before {
		fresh := w.plan.items[before]
		w.settle.corrects[entry.ID] = d.corrects.id
		if err := w.takeBack(d, entry, fresh); err != nil {
			return err
		}
		if err := w.settle.setOff(d.where, fresh, d.corrects.id, d.corrects.Instalments, d.date); err != nil {
			return err
		}
	}
	return w.declare(d)
}

// takeBack takes as much of an early-payment discount back as a credit takes back of the document, and sets it off.
func (w *documents[T, P]) takeBack(d *draft, entry *Entry, fresh *OpenItem) error {
	v, g := d.corrects, d.of.Gross.Minor
	item, rows, err := w.given.takeBack(d.where, w.plan, &discountPart{document: v.id, party: fresh.PartyID, part: g, whole: v.Gross.Minor - *v.credited + g, taxes: d.taxes.sums,
		trade: w.trade, on: entry.EntryDate, lock: d.lock})
	w.taxes = append(w.taxes, rows...)
	if err != nil || item == nil {
		return err
	}
	return w.settle.pairUp(d.where, item, fresh, d.date)
}

// declare makes the tax entries of a document.
func (w *documents[T, P]) declare(d *draft) error {
	v, sign := d.of, int64(1)
	if v.credit {
		sign = -1
	}
	base := money.Zero(w.set.books.Currency)
	like := TaxEntry{SourceModel: w.model, SourceID: v.id, PartyID: v.party, EntryID: *v.entry,
		EntryDate: d.taxes.entered, TaxPoint: v.TaxPoint, Base: base, Tax: base, DocumentCurrency: v.Net.Currency, SupplySetID: v.DimensionSetID, RecordedAt: w.tx.Now()}
	rows, err := d.taxes.entries(w.op, d.where, w.set, w.dims, like, sign)
	if err != nil {
		return err
	}
	if v.credit {
		w.prepaid.less(d.paperwork.corrects, v.DocumentFigures, rows)
	}
	rows = append(rows, d.deducted.declared(&like)...)
	due, err := w.plan.fallDue(d.where, Source{like.SourceModel, v.id}, d.lock, rows)
	w.taxes = append(append(w.taxes, rows...), due...)
	return err
}

// text copies both parties as they are now, and the free text. A credit that leaves the party to what it corrects bears it as that
// one does, in old.
func (w *documents[T, P]) text(d *draft, old *DocumentText) DocumentText {
	us := &w.set.books
	t := DocumentText{Note: d.note, OwnName: us.Name, OwnAddress: us.Address, OwnCountry: us.Country, OwnTaxID: us.TaxID}
	if p := w.party[d.party]; p != nil {
		t.PartyName, t.PartyAddress, t.PartyCountry, t.PartyTaxID = p.Name, p.Address, p.Country, p.TaxID
	} else if old != nil {
		t.PartyName, t.PartyAddress, t.PartyCountry, t.PartyTaxID = old.PartyName, old.PartyAddress, old.PartyCountry, old.PartyTaxID
	}
	texts := make([]string, 0, len(d.lines))
	for i := range d.items {
		texts = append(texts, d.items[i].text)
	}
	for j := range d.adjustments {
		texts = append(texts, d.adjustments[j].Reason)
	}
	t.LineTexts = encodeTexts(texts)
	return t
}

// write stores what was booked, and what changed of the documents that were there.
func (w *documents[T, P]) write(b *tenancy.Batch) {
	w.plan.write(b)
	w.settle.write(b)
	tenancy.Set(b, w.changed(w.credited), "credited_minor")
	tenancy.Set(b, w.changed(w.reduced), "deducted_minor")
}

func (w *documents[T, P]) changed(ids map[uuid.UUID]bool) (rows []*T) {
	for i := range w.corrected {
		if v := &w.corrected[i]; ids[P(v).paper().id] {
			rows = append(rows, v)
		}
	}
	return slices.Clip(rows)
}
