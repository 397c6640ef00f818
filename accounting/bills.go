package accounting

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// Bill records vendors' bills and credits, all or none, in a number of statements that does not depend on how many there are:
// each gets a copy of the vendor as it is now, a journal entry in the purchases journal (what was bought and input tax against
// payables) and an open item, which [Service.Pay] settles. The answer has one document per input, in order. A document
// whose reference was recorded before with the same content is given back with Replayed set.
//
// Documents in a foreign currency are converted as [Service.Issue] converts them.
//
// A credit that corrects a bill is set off against it at once, as far as the bill is still open. A document may total zero; it
// then opens no item, and when all its figures are zero it books nothing.
//
// A vendor's prepayment ([PrepaymentBillDocument]) is to him what ours is to us (see [Service.Issue]): its input tax is claimed when it
// is paid, and the bill of the supply sets it off. What the vendor states of his tax (Taxes) is booked, within the books' tolerance.
//
// Permission: accounting.bill, and accounting.exception where a LockException is given. Errors: accounting.bad_input,
// accounting.too_many, accounting.books_not_open, accounting.unknown_party, accounting.party_kind, accounting.money_account, accounting.unknown_account,
// accounting.account_inactive, accounting.control_account, accounting.tax_account, accounting.unknown_tax,
// accounting.no_tax_rate, accounting.no_rate (of exchange), accounting.unknown_dimension, accounting.dimension_inactive,
// accounting.dimension_needed, accounting.bill_duplicate, accounting.wrong_currency, accounting.amount_limit, accounting.negative_total, accounting.not_creditable, accounting.over_credited,
// accounting.not_deductible, accounting.over_deducted, accounting.tax_variance, accounting.tax_unsupported,
// accounting.bill_taken, accounting.no_period, accounting.period_locked, accounting.period_soft_locked,
// accounting.exception_forbidden, accounting.reference_taken; tenancy.duplicate when another transaction has just recorded the
// same reference or the same number of the vendor (a retry is answered with the replay, or accounting.bill_taken).
func (s *Service) Bill(ctx context.Context, in []NewBill) ([]Bill, error) {
	return tenancy.Act(ctx, s.db, PermBill, func(ctx context.Context, tx *tenancy.Tx) ([]Bill, error) {
		const op = "accounting.Bill"
		lines, err := checkBills(op, in)
		if err != nil {
			return nil, err
		}
		w := &billing{op: op, tx: tx, in: slices.Clone(in), replays: newReplays[Bill](op, "document", len(in))}
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
		return give(out, w.write(ctx))
	})
}

// billing is one call of Bill.
type billing struct {
	op      string
	tx      *tenancy.Tx
	in      []NewBill
	set     *setup
	replays *replays[Bill, *Bill]

	party     map[uuid.UUID]*Party
	corrected []Bill     // locked
	items     []OpenItem // of the corrected bills, locked
	oldTexts  []BillText // of the corrected bills
	given     *givenUp   // of the corrected bills
	numbers   map[vendorNumber]bool
	rates     *rateTable
	dims      *dimensionBook

	plan     *plan
	settle   *settlement
	bills    []Bill
	store    []BillLine
	lines    []*BillLine
	texts    []BillText
	taxes    []*TaxEntry
	alike    map[billLikeness][]datedBill
	credited []*Bill // corrected bills that changed

	prepaid    prepayments // that are set off or credited
	deductions []*BillPrepayment
}

// vendorNumber is what makes a vendor's document known.
type vendorNumber struct {
	party  uuid.UUID
	kind   BillKind
	number string
}

// read asks for all that the batch needs to know, in one round trip, and locks the bills that are corrected.
func (w *billing) read(ctx context.Context, s *Service) (err error) {
	var wanted, corrected, more []uuid.UUID
	var numbers []string
	for i := range w.in {
		if id := w.in[i].PartyID; id != uuid.Nil {
			wanted = append(wanted, id)
		}
		if id := w.in[i].CorrectsID; id != uuid.Nil {
			corrected = append(corrected, id)
		}
		corrected = locksPrepayments(corrected, w.in[i].Prepaid)
		if n := w.in[i].VendorNumber; n != "" {
			numbers = append(numbers, n)
		}
	}
	wanted, corrected = unique(wanted), unique(corrected)
	var parties []Party
	var known, similar []Bill
	w.dims = newDimensionBook(w.op, w.tx)
	for i := range w.in {
		w.in[i].wantDimensions(w.dims)
	}
	w.set, err = s.setup(ctx, w.tx, w.op, func(b *tenancy.Batch) {
		w.replays.load(b)
		w.dims.load(b)
		loadParties(b, &parties, wanted)
		if len(corrected) > 0 {
			tenancy.Load(b, &w.corrected, tenancy.In("id", corrected), tenancy.ForUpdate())
			lockItems(b, &w.items, corrected)
			tenancy.Load(b, &w.oldTexts, tenancy.In("bill_id", corrected))
		}
		if len(numbers) > 0 {
			slices.Sort(numbers)
			tenancy.Load(b, &known, tenancy.In("vendor_number", slices.Compact(numbers)))
		}
		loadSimilar(b, &similar, w.in)
	})
	if err != nil {
		return err
	}
	w.index(parties, known, similar)
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
	if w.given, err = readGivenUp(ctx, w.tx, w.set, entriesOf(w.corrected, func(v *Bill) (uuid.UUID, uuid.UUID) { return v.EntryID, v.ID })); err != nil {
		return err
	}
	return checkTrade(w.op, wanted, parties, Purchase)
}

// index keeps what was read by what it is asked for by.
func (w *billing) index(parties []Party, known, similar []Bill) {
	w.party = make(map[uuid.UUID]*Party, len(parties))
	for i := range parties {
		w.party[parties[i].ID] = &parties[i]
	}
	w.numbers = make(map[vendorNumber]bool, len(known))
	for i := range known {
		w.numbers[known[i].number()] = true
	}
	w.alike = make(map[billLikeness][]datedBill, len(similar))
	for i := range similar {
		w.remember(&similar[i])
	}
}

func (v *Bill) number() vendorNumber { return vendorNumber{v.PartyID, v.Kind, v.VendorNumber} }

// reserve makes room for the rows of the batch, side by side.
func (w *billing) reserve(lines int) {
	n := len(w.in)
	w.bills, w.texts, w.store = make([]Bill, 0, n), make([]BillText, 0, n), make([]BillLine, lines)
	w.plan = newPlan(w.op, w.tx, w.set, n)
	w.plan.dims = w.dims
	w.settle = newSettlement(w.plan, w.items)
}

// draft settles document i and plans its entry.
func (w *billing) draft(i int) (_ *Bill, err error) {
	in := &w.in[i]
	where := fmt.Sprintf("document %d: ", i+1)
	cur, err := currencyOf(w.op, where, in.Currency, w.set.books.Currency, billFigures(w.correctedBy(in)))
	if err != nil {
		return nil, err
	}
	w.bills = append(w.bills, Bill{Row: tenancy.Row{TenantID: w.tx.Scope().TenantID(), ID: tenancy.NewID()}, Kind: in.Kind, Reference: in.Reference,
		Fingerprint: w.replays.prints[i], VendorNumber: in.VendorNumber, PartyID: in.PartyID, BillDate: in.Date, CorrectsID: in.CorrectsID,
		DocumentFigures: newFigures(cur, in.TaxPoint, in.Due, in.TaxIncluded, in.TaxRounding, &in.Terms),
		RecordedAt:      w.tx.Now()})
	n := len(in.Lines) + len(in.Adjustments)
	d := &billDraft{in: in, bill: &w.bills[len(w.bills)-1], lines: w.store[:n:n], taxes: documentTaxes{trade: Purchase, included: in.TaxIncluded, rounding: in.TaxRounding}, stated: map[string]int64{}}
	w.store = w.store[n:]
	if err := w.findCorrected(where, d); err != nil {
		return nil, err
	}
	if d.worth, err = w.rates.valuerOf(where, cur, &in.Rate, in.Date, d.bill.TaxPoint, billFigures(d.corrects)); err != nil {
		return nil, err
	}
	if err := w.takeNumber(where, d.bill); err != nil {
		return nil, err
	}
	if err := w.inAdvance(d); err != nil {
		return nil, err
	}
	if err := currencyOfTaxes(w.op, where, in.Taxes, cur); err != nil {
		return nil, err
	}
	if d.taxes.entered, err = w.set.enteredOn(w.tx, w.op, where, JournalPurchases, in.Date, in.Late, in.LockException); err != nil {
		return nil, err
	}
	d.taxes.supplied, d.taxes.vendor = d.bill.TaxPoint, statedTaxes(in.Taxes)
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
	if err := w.lookForDuplicates(where, d); err != nil {
		return nil, err
	}
	if err := w.credit(where, d); err != nil {
		return nil, err
	}
	w.lines = append(w.lines, pointers(d.lines)...)
	w.addText(d)
	if err := w.enter(where, d); err != nil {
		return nil, err
	}
	return d.bill, w.declare(where, d)
}

// declare makes the tax entries of a document.
func (w *billing) declare(where string, d *billDraft) error {
	v, sign := d.bill, int64(1)
	if v.Kind == VendorCreditDocument {
		sign = -1
	}
	base := money.Zero(w.set.books.Currency)
	like := TaxEntry{SourceModel: "erp.bills", SourceID: v.ID, PartyID: v.PartyID, EntryID: v.EntryID,
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

// findCorrected takes vendor and tax point of a credit or debit note from the bill that it corrects, or holds the vendors equal.
func (w *billing) findCorrected(where string, d *billDraft) error {
	if d.in.CorrectsID == uuid.Nil {
		return nil
	}
	d.corrects = w.correctedBy(d.in)
	if v := d.corrects; v == nil || v.Kind != BillDocument && (v.Kind != PrepaymentBillDocument || d.in.Kind != VendorCreditDocument) {
		return ErrNotCreditable.New(w.op, "%sCorrectsID is not a bill", where)
	}
	switch {
	case d.in.PartyID != uuid.Nil && d.in.PartyID != d.corrects.PartyID:
		return ErrNotCreditable.New(w.op, "%sthe bill is another vendor's", where)
	case d.in.Date.Before(d.corrects.BillDate):
		return ErrNotCreditable.New(w.op, "%sDate is before that of the bill, %s", where, d.corrects.BillDate)
	}
	d.bill.PartyID = d.corrects.PartyID
	if d.bill.TaxPoint.IsZero() {
		d.bill.TaxPoint = d.corrects.TaxPoint
	}
	return nil
}

// takeNumber refuses a document that the vendor's own number says is recorded already.
func (w *billing) takeNumber(where string, v *Bill) error {
	if v.VendorNumber == "" {
		return nil
	}
	if w.numbers[v.number()] {
		return ErrBillTaken.New(w.op, "%sa document of this vendor with the number %q is recorded already", where, v.VendorNumber)
	}
	w.numbers[v.number()] = true
	return nil
}

// credit holds all credits of a bill together to its total. The bill is locked.
func (w *billing) credit(where string, d *billDraft) error {
	v := d.corrects
	if v == nil || d.bill.Kind != VendorCreditDocument || d.bill.Gross.Minor == 0 {
		return nil
	}
	if left := v.Gross.Minor - v.CreditedMinor - v.DeductedMinor; d.bill.Gross.Minor > left {
		return ErrOverCredited.New(w.op, "%sthe bill of %s has %s left to credit, not %s", where, v.Gross,
			money.Amount{Minor: left, Currency: v.Gross.Currency}, d.bill.Gross)
	}
	if lost := w.given.writtenOff[v.ID]; d.bill.Gross.Minor > v.Gross.Minor-v.CreditedMinor-lost {
		return ErrOverCredited.New(w.op, "%s%s of the bill was written off: what is owed no more is credited no more, until the write-off is reversed", where,
			money.Amount{Minor: lost, Currency: v.Gross.Currency})
	}
	if !slices.Contains(w.credited, v) {
		w.credited = append(w.credited, v)
	}
	v.CreditedMinor += d.bill.Gross.Minor
	return nil
}

// addText copies the vendor as it is now, and the free text. A credit that leaves the vendor to its bill bears it as the
// bill does.
func (w *billing) addText(d *billDraft) {
	us := &w.set.books
	t := BillText{BillID: d.bill.ID, Note: d.in.Note, OwnName: us.Name, OwnAddress: us.Address, OwnCountry: us.Country, OwnTaxID: us.TaxID}
	if p := w.party[d.in.PartyID]; p != nil {
		t.PartyName, t.PartyAddress, t.PartyCountry, t.PartyTaxID = p.Name, p.Address, p.Country, p.TaxID
	} else if i := slices.IndexFunc(w.oldTexts, func(t BillText) bool { return t.BillID == d.in.CorrectsID }); i >= 0 {
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

// enter plans the journal entry, and sets a credit off against what it corrects.
func (w *billing) enter(where string, d *billDraft) error {
	e := billEntry(d.fact())
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
	d.bill.EntryID = entry.ID
	if d.corrects == nil || d.bill.Kind != VendorCreditDocument || len(w.plan.items) == before {
		return nil
	}
	fresh := w.plan.items[before]
	if err := w.takeBack(where, d, entry, fresh); err != nil {
		return err
	}
	return w.settle.setOff(where, fresh, d.corrects.ID, d.corrects.Instalments, d.in.Date)
}

// takeBack takes as much of an early-payment discount back as a credit takes back of the bill, and sets it off.
func (w *billing) takeBack(where string, d *billDraft, entry *Entry, fresh *OpenItem) error {
	v, g := d.corrects, d.bill.Gross.Minor
	item, rows, err := w.given.takeBack(where, w.plan, &discountPart{document: v.ID, party: fresh.PartyID, part: g, whole: v.Gross.Minor - v.CreditedMinor + g,
		trade: Purchase, on: entry.EntryDate, lock: d.in.LockException})
	w.taxes = append(w.taxes, rows...)
	if err != nil || item == nil {
		return err
	}
	return w.settle.pairUp(where, item, fresh, d.in.Date)
}

// write stores everything in one round trip.
func (w *billing) write(ctx context.Context) error {
	if err := w.settle.releaseTax(ctx, w.plan, w.taxes); err != nil {
		return err
	}
	b := w.tx.Batch()
	w.plan.write(b)
	w.settle.write(b)
	tenancy.Set(b, w.credited, "credited_minor")
	tenancy.Set(b, w.reduced(), "deducted_minor")
	tenancy.Put(b, pointers(w.bills))
	tenancy.Put(b, w.lines)
	tenancy.Put(b, pointers(w.texts))
	tenancy.Put(b, w.deductions)
	tenancy.Put(b, w.taxes)
	return b.Run(ctx)
}
