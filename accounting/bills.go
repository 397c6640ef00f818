package accounting

import (
	"context"
	"slices"

	"github.com/google/uuid"

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
		w := &billing{documents: documents[Bill, *Bill]{op: op, tx: tx, trade: Purchase, journal: JournalPurchases, advance: ByRole(RoleVendorAdvances), model: "erp.bills"},
			in: slices.Clone(in), replays: newReplays[Bill](op, "document", len(in))}
		for i := range w.in {
			w.in[i] = w.in[i].withDefaults()
			w.work = append(w.work, w.in[i].paperwork())
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
		return give(out, w.store(ctx))
	})
}

// billing is one call of Bill.
type billing struct {
	documents[Bill, *Bill]
	in       []NewBill
	replays  *replays[Bill, *Bill]
	oldTexts []BillText // of the corrected bills
	numbers  map[vendorNumber]bool
	alike    map[billLikeness][]datedBill
	drafts   []likeness // of the vendors for whose documents duplicates are looked for

	bills      []Bill
	lines      []BillLine
	rows       []*BillLine // of the documents that are new
	texts      []BillText
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
	locked := w.want()
	var numbers []string
	for i := range w.in {
		if n := w.in[i].VendorNumber; n != "" {
			numbers = append(numbers, n)
		}
	}
	var known, similar []Bill
	w.set, err = s.setup(ctx, w.tx, w.op, func(b *tenancy.Batch) {
		w.replays.load(b)
		w.load(b, locked)
		if len(locked) > 0 {
			tenancy.Load(b, &w.oldTexts, tenancy.In("bill_id", locked))
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
	w.numbers = make(map[vendorNumber]bool, len(known))
	for i := range known {
		w.numbers[known[i].number()] = true
	}
	w.alike = make(map[billLikeness][]datedBill, len(similar))
	for i := range similar {
		w.remember(&similar[i])
	}
	if w.drafts, err = openDrafts(ctx, w.tx, lookedFor(w.in)); err != nil {
		return err
	}
	return w.complete(ctx, w.replays.prints, func(b *tenancy.Batch, ids []uuid.UUID) func() {
		var lines []BillLine
		var deducted []BillPrepayment
		tenancy.Load(b, &lines, tenancy.In("bill_id", ids), tenancy.OrderBy("bill_id", "line_no"))
		tenancy.Load(b, &deducted, tenancy.In("prepayment_id", ids))
		return func() {
			for i := range deducted {
				w.prepaid[deducted[i].PrepaymentID].takes(&deducted[i].Deducted)
			}
			for i := range lines {
				w.prepaid[lines[i].BillID].line(lines[i].AccountID, lines[i].DimensionSetID, lines[i].Net.Minor+lines[i].NotRecoverableMinor)
			}
		}
	})
}

func (v *Bill) number() vendorNumber { return vendorNumber{v.PartyID, v.Kind, v.VendorNumber} }

// reserve makes room for the rows of the batch, side by side.
func (w *billing) reserve(lines int) {
	n := len(w.in)
	w.bills, w.texts, w.lines = make([]Bill, 0, n), make([]BillText, 0, n), make([]BillLine, lines)
	w.begin()
}

// draft settles document i and plans its entry.
func (w *billing) draft(i int) (_ *Bill, err error) {
	in := &w.in[i]
	d, cur, err := w.documents.draft(i)
	if err != nil {
		return nil, err
	}
	w.bills = append(w.bills, Bill{Row: tenancy.Row{TenantID: w.tx.Scope().TenantID(), ID: tenancy.NewID()}, Kind: in.Kind, Reference: in.Reference, Fingerprint: w.replays.prints[i],
		VendorNumber: in.VendorNumber, PartyID: in.PartyID, BillDate: in.Date, CorrectsID: in.CorrectsID, DocumentFigures: d.figures(cur), RecordedAt: w.tx.Now()})
	v := &w.bills[len(w.bills)-1]
	d.takeOver(&v.PartyID, &v.DocumentFigures)
	if err := w.takeNumber(d.where, v); err != nil {
		return nil, err
	}
	if err := currencyOfTaxes(w.op, d.where, in.Taxes, cur); err != nil {
		return nil, err
	}
	d.of, d.taxes.vendor = v.paper(), statedTaxes(in.Taxes)
	rows := w.lines[:len(d.lines):len(d.lines)]
	w.lines = w.lines[len(rows):]
	for j := range rows {
		rows[j].BillID, rows[j].LineNo = v.ID, int64(j+1)
		d.lines[j] = &rows[j].DocumentLine
	}
	err = w.settleAmounts(d, "record the other kind", func() (err error) {
		v.TaxVarianceMinor, err = d.taxes.variance(w.op, d.where, w.set, v.Net.Currency, in.asBooked)
		return err
	})
	if err != nil {
		return nil, err
	}
	for j := range rows {
		rows[j].NotRecoverableMinor = d.costs[j]
	}
	if err := w.lookForDuplicates(d.where, in, v); err != nil {
		return nil, err
	}
	for j := range d.deducted {
		w.deductions = append(w.deductions, &BillPrepayment{BillID: v.ID, PrepaymentID: d.deducted[j].of.id, Deducted: d.deducted[j].figures()})
	}
	w.rows = append(w.rows, pointers(rows)...)
	w.texts = append(w.texts, BillText{BillID: v.ID, DocumentText: w.text(d, w.oldText(in.CorrectsID))})
	return v, w.enter(d, billEntry(&billFact{Kind: v.Kind, ID: v.ID, PartyID: v.PartyID, Date: v.BillDate, Dues: d.dues, Lock: d.lock, Late: d.late, Parts: d.entryParts()}))
}

func (w *billing) oldText(id uuid.UUID) *DocumentText {
	for i := range w.oldTexts {
		if w.oldTexts[i].BillID == id {
			return &w.oldTexts[i].DocumentText
		}
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

// store writes everything in one round trip.
func (w *billing) store(ctx context.Context) error {
	if err := w.settle.releaseTax(ctx, w.plan, w.taxes); err != nil {
		return err
	}
	b := w.tx.Batch()
	w.write(b)
	tenancy.Put(b, pointers(w.bills))
	tenancy.Put(b, w.rows)
	tenancy.Put(b, pointers(w.texts))
	tenancy.Put(b, w.deductions)
	tenancy.Put(b, w.taxes)
	return b.Run(ctx)
}
