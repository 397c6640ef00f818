package accounting

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// Issue issues invoices and credit notes, all or none, in a number of statements that does not depend on how many there are:
// each gets the next legal number of its series and fiscal year, a copy of the party as it is now, a journal entry and,
// unless it was settled at once, an open item. The answer has one document per input, in order; numbers follow that
// order. A document whose reference was issued before with the same content is given back with Replayed set.
//
// A document in a foreign currency has its figures in that currency, and in base at its rate: each tax is converted once, what goes to
// each account once, and what is to be paid once; what they leave over is a line on [RoleRounding]. A credit or debit note has the
// rate of what it corrects, and a credit note takes off the invoice what it stood in the books at.
//
// A credit note that corrects an invoice is set off against it at once, as far as the invoice is still open. A document may
// total zero (goods given free of charge are documented too); it then opens no item, and when all its figures are
// zero it books nothing.
//
// A prepayment ([PrepaymentDocument]) claims money before the supply: its net amount is an advance, and its tax is due when it is paid
// (Directive 2006/112/EC, Art. 65), or at once where the tax is [TaxDueOnIssue]. The invoice of the supply sets it off (Prepaid), as far
// as it is paid; a prepayment that is not is credited.
//
// Permission: accounting.issue, and accounting.exception where a LockException is given. Errors: accounting.bad_input,
// accounting.too_many, accounting.books_not_open, accounting.unknown_party, accounting.party_kind, accounting.money_account, accounting.unknown_account,
// accounting.account_inactive, accounting.control_account, accounting.tax_account, accounting.unknown_tax,
// accounting.no_tax_rate, accounting.no_rate (of exchange), accounting.unknown_dimension, accounting.dimension_inactive,
// accounting.dimension_needed, accounting.wrong_currency, accounting.amount_limit, accounting.negative_total, accounting.not_creditable, accounting.over_credited,
// accounting.not_deductible, accounting.over_deducted, accounting.tax_unsupported (of a prepayment), accounting.backdated,
// accounting.no_period, accounting.period_locked, accounting.period_soft_locked, accounting.exception_forbidden,
// accounting.reference_taken; tenancy.duplicate when another transaction has just issued the same reference (a retry is
// answered with the replay).
func (s *Service) Issue(ctx context.Context, in []NewInvoice) ([]Invoice, error) {
	return tenancy.Act(ctx, s.db, PermIssue, func(ctx context.Context, tx *tenancy.Tx) ([]Invoice, error) {
		const op = "accounting.Issue"
		lines, err := checkInvoices(op, in)
		if err != nil {
			return nil, err
		}
		w := &issuing{op: op, tx: tx, in: slices.Clone(in), replays: newReplays[Invoice](op, "document", len(in))}
		for i := range w.in {
			w.in[i] = w.in[i].withDefaults()
			w.replays.expect(w.in[i].Reference, "")
		}
		if err := w.read(ctx, s); err != nil {
			return nil, err
		}
		w.reserve(lines)
		out, err := w.replays.run(w.draft)
		if err != nil {
			return nil, err
		}
		if err := w.book(ctx); err != nil {
			return nil, err
		}
		return give(out, w.number(ctx))
	})
}

// issuing is one call of Issue.
type issuing struct {
	op      string
	tx      *tenancy.Tx
	in      []NewInvoice
	set     *setup
	replays *replays[Invoice, *Invoice]

	wanted    []uuid.UUID
	parties   []Party
	party     map[uuid.UUID]*Party
	corrected []Invoice     // locked
	items     []OpenItem    // of the corrected invoices, locked
	oldTexts  []InvoiceText // of the corrected invoices
	given     *givenUp      // of the corrected invoices
	series    []numberSeries
	rates     *rateTable
	dims      *dimensionBook

	plan     *plan
	settle   *settlement
	drafts   []*draft
	invoices []Invoice
	lines    []InvoiceLine
	texts    []InvoiceText
	taxes    []*TaxEntry
	credited []*Invoice // corrected invoices that changed

	prepaid    prepayments // that are set off or credited
	deductions []*InvoicePrepayment
}

// read asks for all that the batch needs to know, in one round trip, and locks the invoices that are corrected.
func (w *issuing) read(ctx context.Context, s *Service) (err error) {
	var corrected, more []uuid.UUID
	for i := range w.in {
		if id := w.in[i].PartyID; id != uuid.Nil {
			w.wanted = append(w.wanted, id)
		}
		if id := w.in[i].CorrectsID; id != uuid.Nil {
			corrected = append(corrected, id)
		}
		corrected = locksPrepayments(corrected, w.in[i].Prepaid)
	}
	w.wanted, corrected = unique(w.wanted), unique(corrected)
	w.dims = newDimensionBook(w.op, w.tx)
	for i := range w.in {
		w.in[i].wantDimensions(w.dims)
	}
	w.set, err = s.setup(ctx, w.tx, w.op, func(b *tenancy.Batch) {
		w.dims.load(b)
		w.replays.load(b)
		loadParties(b, &w.parties, w.wanted)
		if len(corrected) > 0 {
			tenancy.Load(b, &w.corrected, tenancy.In("id", corrected), tenancy.ForUpdate())
			lockItems(b, &w.items, corrected)
			tenancy.Load(b, &w.oldTexts, tenancy.In("invoice_id", corrected))
		}
	})
	if err != nil {
		return err
	}
	w.party = make(map[uuid.UUID]*Party, len(w.parties))
	for i := range w.parties {
		w.party[w.parties[i].ID] = &w.parties[i]
	}
	for i := range w.corrected {
		more = furtherInstalments(more, w.corrected[i].ID, w.corrected[i].Instalments)
	}
	if err := lockMoreItems(ctx, w.tx, &w.items, more); err != nil {
		return err
	}
	if err := w.dims.complete(ctx); err != nil {
		return err
	}
	if err := w.readRates(ctx); err != nil {
		return err
	}
	if err := w.readPrepayments(ctx); err != nil {
		return err
	}
	if w.given, err = readGivenUp(ctx, w.tx, w.set, entriesOf(w.corrected, func(v *Invoice) (uuid.UUID, uuid.UUID) { return v.EntryID, v.ID })); err != nil {
		return err
	}
	return checkTrade(w.op, w.wanted, w.parties, Sale)
}

// reserve makes room for the rows of the batch, side by side.
func (w *issuing) reserve(lines int) {
	n := len(w.in)
	w.invoices, w.texts, w.lines = make([]Invoice, 0, n), make([]InvoiceText, 0, n), make([]InvoiceLine, lines)
	w.plan = newPlan(w.op, w.tx, w.set, n)
	w.plan.dims = w.dims
	w.settle = newSettlement(w.plan, w.items)
}

// draft settles document i and plans its entry.
func (w *issuing) draft(i int) (_ *Invoice, err error) {
	in := &w.in[i]
	where := fmt.Sprintf("document %d: ", i+1)
	cur, err := currencyOf(w.op, where, in.Currency, w.set.books.Currency, figuresOf(w.correctedBy(in)))
	if err != nil {
		return nil, err
	}
	w.invoices = append(w.invoices, Invoice{Row: tenancy.Row{TenantID: w.tx.Scope().TenantID(), ID: tenancy.NewID()}, Kind: in.Kind, Reference: in.Reference,
		Fingerprint: w.replays.prints[i], PartyID: in.PartyID, InvoiceDate: in.Date, CorrectsID: in.CorrectsID,
		DocumentFigures: newFigures(cur, in.TaxPoint, in.Due, in.TaxIncluded, in.TaxRounding, &in.Terms),
		IssuedAt:        w.tx.Now()})
	n := len(in.Lines) + len(in.Adjustments)
	d := &draft{in: in, where: where, invoice: &w.invoices[len(w.invoices)-1], lines: w.lines[:n:n], taxes: documentTaxes{trade: Sale, included: in.TaxIncluded, rounding: in.TaxRounding}, stated: map[string]int64{}}
	w.lines = w.lines[n:]
	if err := w.findCorrected(where, d); err != nil {
		return nil, err
	}
	if d.worth, err = w.rates.valuerOf(where, cur, &in.Rate, in.Date, d.invoice.TaxPoint, figuresOf(d.corrects)); err != nil {
		return nil, err
	}
	if err := w.findCounter(where, d); err != nil {
		return nil, err
	}
	if err := w.inAdvance(d); err != nil {
		return nil, err
	}
	if d.taxes.entered, err = w.set.enteredOn(w.tx, w.op, where, JournalSales, in.Date, in.Late, in.LockException); err != nil {
		return nil, err
	}
	d.taxes.supplied = d.invoice.TaxPoint
	for j := range in.Lines {
		if err := d.settleLine(w.op, where, w.set, w.dims, j); err != nil {
			return nil, err
		}
	}
	for j := range in.Adjustments {
		if err := d.settleAdjustment(w.op, fmt.Sprintf("%sadjustment %d: ", where, j+1), w.set, w.dims, &in.Adjustments[j], len(in.Lines)+j); err != nil {
			return nil, err
		}
	}
	if err := w.deduct(where, d); err != nil {
		return nil, err
	}
	if err := d.total(w.op, where, w.set, w.dims); err != nil {
		return nil, err
	}
	if err := w.value(d); err != nil {
		return nil, err
	}
	if err := w.credit(where, d); err != nil {
		return nil, err
	}
	w.drafts = append(w.drafts, d)
	w.addText(d)
	if err := w.enter(where, d); err != nil {
		return nil, err
	}
	return d.invoice, w.declare(where, d)
}

func otherKind(k InvoiceKind) string {
	if k == CreditNoteDocument {
		return "an invoice"
	}
	return "a credit note"
}

// declare makes the tax entries of a document.
func (w *issuing) declare(where string, d *draft) error {
	v, sign := d.invoice, int64(1)
	if v.Kind == CreditNoteDocument {
		sign = -1
	}
	base := money.Zero(w.set.books.Currency)
	like := TaxEntry{SourceModel: "erp.invoices", SourceID: v.ID, PartyID: v.PartyID, EntryID: v.EntryID,
		EntryDate: d.taxes.entered, TaxPoint: v.TaxPoint, Base: base, Tax: base, DocumentCurrency: v.Net.Currency, RecordedAt: w.tx.Now()}
	rows, err := d.taxes.entries(w.op, where, w.set, w.dims, like, sign)
	if err != nil {
		return err
	}
	w.prepaid.less(v.CorrectsID, rows)
	rows = append(rows, d.deducted.declared(&like)...)
	due, err := w.plan.fallDue(where, Source{like.SourceModel, v.ID}, d.in.LockException, rows)
	w.taxes = append(append(w.taxes, rows...), due...)
	return err
}

// findCorrected takes party and tax point of a credit or debit note from the invoice that it corrects, or holds the parties equal.
func (w *issuing) findCorrected(where string, d *draft) error {
	if d.in.CorrectsID == uuid.Nil {
		return nil
	}
	d.corrects = w.correctedBy(d.in)
	if v := d.corrects; v == nil || v.Kind != InvoiceDocument && (v.Kind != PrepaymentDocument || d.in.Kind != CreditNoteDocument) {
		return ErrNotCreditable.New(w.op, "%sCorrectsID is not an invoice", where)
	}
	switch {
	case d.in.PartyID != uuid.Nil && d.in.PartyID != d.corrects.PartyID:
		return ErrNotCreditable.New(w.op, "%sinvoice %s is another party's", where, d.corrects.Number)
	case d.in.Date.Before(d.corrects.InvoiceDate):
		return ErrNotCreditable.New(w.op, "%sDate is before that of invoice %s", where, d.corrects.Number)
	case d.corrects.PartyID == uuid.Nil && d.in.SettledBy.IsZero():
		return ErrBadInput.New(w.op, "%sinvoice %s was a walk-in's: SettledBy says how it is paid", where, d.corrects.Number)
	}
	d.invoice.PartyID = d.corrects.PartyID
	if d.invoice.TaxPoint.IsZero() {
		d.invoice.TaxPoint = d.corrects.TaxPoint
	}
	return nil
}

// findCounter finds the account on the other side: receivables, or the till.
func (w *issuing) findCounter(where string, d *draft) (err error) {
	if d.in.SettledBy.IsZero() {
		d.counter, err = w.set.postable(w.op, where, ByRole(RoleReceivable))
		return err
	}
	if d.counter, err = w.set.ordinary(w.op, where, d.in.SettledBy); err == nil {
		d.invoice.SettledByID = d.counter.ID
	}
	return err
}

// credit holds all credit notes of an invoice together to its total. The invoice is locked.
func (w *issuing) credit(where string, d *draft) error {
	v := d.corrects
	if v == nil || d.invoice.Kind != CreditNoteDocument || d.invoice.Gross.Minor == 0 {
		return nil
	}
	if left := v.Gross.Minor - v.CreditedMinor - v.DeductedMinor; d.invoice.Gross.Minor > left {
		return ErrOverCredited.New(w.op, "%sinvoice %s of %s has %s left to credit, not %s", where, v.Number, v.Gross,
			money.Amount{Minor: left, Currency: v.Gross.Currency}, d.invoice.Gross)
	}
	if lost := w.given.writtenOff[v.ID]; d.invoice.Gross.Minor > v.Gross.Minor-v.CreditedMinor-lost {
		return ErrOverCredited.New(w.op, "%s%s of invoice %s was written off: what is claimed no more is credited no more, until the write-off is reversed", where,
			money.Amount{Minor: lost, Currency: v.Gross.Currency}, v.Number)
	}
	if !slices.Contains(w.credited, v) {
		w.credited = append(w.credited, v)
	}
	v.CreditedMinor += d.invoice.Gross.Minor
	return nil
}

// addText copies the party as it is now, and the free text. A credit note that leaves the party to its invoice bears it as
// the invoice does.
func (w *issuing) addText(d *draft) {
	us := &w.set.books
	t := InvoiceText{InvoiceID: d.invoice.ID, Note: d.in.Note, OwnName: us.Name, OwnAddress: us.Address, OwnCountry: us.Country, OwnTaxID: us.TaxID}
	if p := w.party[d.in.PartyID]; p != nil {
		t.PartyName, t.PartyAddress, t.PartyCountry, t.PartyTaxID = p.Name, p.Address, p.Country, p.TaxID
	} else if i := slices.IndexFunc(w.oldTexts, func(t InvoiceText) bool { return t.InvoiceID == d.in.CorrectsID }); i >= 0 && d.corrects != nil {
		old := &w.oldTexts[i]
		t.PartyName, t.PartyAddress, t.PartyCountry, t.PartyTaxID = old.PartyName, old.PartyAddress, old.PartyCountry, old.PartyTaxID
	}
	texts := make([]string, 0, len(d.lines))
	for j := range d.in.Lines {
		texts = append(texts, d.in.Lines[j].Description)
	}
	for j := range d.in.Adjustments {
		texts = append(texts, d.in.Adjustments[j].Reason)
	}
	t.LineTexts = encodeTexts(texts)
	w.texts = append(w.texts, t)
}

// enter plans the journal entry, and sets a credit note off against what it corrects.
func (w *issuing) enter(where string, d *draft) error {
	v, e := d.invoice, invoiceEntry(d.fact())
	if len(e.Lines) == 0 {
		journal, err := w.set.journal(w.op, where, e.Journal)
		if err != nil {
			return err
		}
		_, err = w.set.writable(w.tx, w.op, where, journal.ID, d.in.Date, d.in.LockException) // a document that books nothing respects locks as well
		return err
	}
	before := len(w.plan.items)
	w.settle.exception = d.in.LockException
	entry, err := w.plan.add(where, &e, booking{})
	if err != nil {
		return err
	}
	v.EntryID = entry.ID
	if d.corrects == nil || v.Kind != CreditNoteDocument || len(w.plan.items) == before {
		return nil
	}
	fresh := w.plan.items[before]
	if err := w.takeBack(where, d, entry, fresh); err != nil {
		return err
	}
	return w.settle.setOff(where, fresh, d.corrects.ID, d.corrects.Instalments, d.in.Date)
}

// takeBack takes as much of an early-payment discount back as a credit note takes back of the invoice, and sets it off.
func (w *issuing) takeBack(where string, d *draft, entry *Entry, fresh *OpenItem) error {
	v, g := d.corrects, d.invoice.Gross.Minor
	item, rows, err := w.given.takeBack(where, w.plan, &discountPart{document: v.ID, party: fresh.PartyID, part: g, whole: v.Gross.Minor - v.CreditedMinor + g,
		trade: Sale, on: entry.EntryDate, lock: d.in.LockException})
	w.taxes = append(w.taxes, rows...)
	if err != nil || item == nil {
		return err
	}
	return w.settle.pairUp(where, item, fresh, d.in.Date)
}
