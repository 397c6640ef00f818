package accounting

import (
	"context"
	"slices"

	"github.com/google/uuid"

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
// as it is paid; a prepayment that is not is credited. In a foreign currency it is worth what was paid: the advance, and tax that waited for it, are
// restated at the rate of the day of each payment, and the invoice of the supply has that part at what they came to (IFRIC 22.8; Art. 91(2)).
//
// Permission: accounting.issue, and accounting.exception where a LockException is given. Errors: accounting.bad_input,
// accounting.too_many, accounting.books_not_open, accounting.unknown_party, accounting.party_kind, accounting.money_account, accounting.unknown_account,
// accounting.account_inactive, accounting.control_account, accounting.tax_account, accounting.unknown_tax,
// accounting.no_tax_rate, accounting.no_rate (of exchange), accounting.unknown_dimension, accounting.dimension_inactive,
// accounting.dimension_needed, accounting.wrong_currency, accounting.amount_limit, accounting.negative_total, accounting.not_creditable, accounting.over_credited,
// accounting.not_deductible, accounting.over_deducted, accounting.tax_unsupported (of a prepayment; in the European Union tax due on payment in a foreign currency), accounting.backdated,
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
		w := &issuing{documents: documents[Invoice, *Invoice]{op: op, tx: tx, trade: Sale, journal: JournalSales, usual: ByRole(RoleSales), advance: ByRole(RoleCustomerAdvances),
			model: "erp.invoices"}, in: slices.Clone(in), replays: newReplays[Invoice](op, "document", len(in))}
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
		if err := w.book(ctx); err != nil {
			return nil, err
		}
		return give(out, w.number(ctx))
	})
}

// issuing is one call of Issue.
type issuing struct {
	documents[Invoice, *Invoice]
	in       []NewInvoice
	replays  *replays[Invoice, *Invoice]
	oldTexts []InvoiceText // of the corrected invoices
	series   []numberSeries

	drafts     []*invoiceDraft
	invoices   []Invoice
	lines      []InvoiceLine
	texts      []InvoiceText
	deductions []*InvoicePrepayment
}

// invoiceDraft is what a draft of ours is besides.
type invoiceDraft struct {
	*draft
	in      *NewInvoice
	invoice *Invoice
	rows    []InvoiceLine // a part of the batch's store
	counter *Account      // receivables, or what it was settled by
}

// read asks for all that the batch needs to know, in one round trip, and locks the invoices that are corrected.
func (w *issuing) read(ctx context.Context, s *Service) (err error) {
	locked := w.want()
	w.set, err = s.setup(ctx, w.tx, w.op, func(b *tenancy.Batch) {
		w.replays.load(b)
		w.load(b, locked)
		if len(locked) > 0 {
			tenancy.Load(b, &w.oldTexts, tenancy.In("invoice_id", locked))
		}
	})
	if err != nil {
		return err
	}
	return w.complete(ctx, w.replays.prints, func(b *tenancy.Batch, ids []uuid.UUID) func() {
		var lines []InvoiceLine
		var deducted []InvoicePrepayment
		tenancy.Load(b, &lines, tenancy.In("invoice_id", ids), tenancy.OrderBy("invoice_id", "line_no"))
		tenancy.Load(b, &deducted, tenancy.In("prepayment_id", ids))
		return func() {
			for i := range deducted {
				w.prepaid[deducted[i].PrepaymentID].takes(&deducted[i].Deducted)
			}
			for i := range lines {
				w.prepaid[lines[i].InvoiceID].line(lines[i].AccountID, lines[i].DimensionSetID, lines[i].Net.Minor)
			}
		}
	})
}

// reserve makes room for the rows of the batch, side by side.
func (w *issuing) reserve(lines int) {
	n := len(w.in)
	w.invoices, w.texts, w.lines = make([]Invoice, 0, n), make([]InvoiceText, 0, n), make([]InvoiceLine, lines)
	w.begin()
}

// draft settles document i and plans its entry.
func (w *issuing) draft(i int) (_ *Invoice, err error) {
	in := &w.in[i]
	shared, cur, err := w.documents.draft(i)
	if err != nil {
		return nil, err
	}
	d := &invoiceDraft{draft: shared, in: in, rows: w.lines[:len(shared.lines):len(shared.lines)]}
	w.lines = w.lines[len(d.rows):]
	w.invoices = append(w.invoices, Invoice{Row: tenancy.Row{TenantID: w.tx.Scope().TenantID(), ID: tenancy.NewID()}, Kind: in.Kind, Reference: in.Reference,
		Fingerprint: w.replays.prints[i], PartyID: in.PartyID, InvoiceDate: in.Date, CorrectsID: in.CorrectsID, DocumentFigures: d.figures(cur), IssuedAt: w.tx.Now()})
	v := &w.invoices[len(w.invoices)-1]
	d.invoice = v
	if d.corrects != nil && d.corrects.party == uuid.Nil && in.SettledBy.IsZero() {
		return nil, ErrBadInput.New(w.op, "%s%s was a walk-in's: SettledBy says how it is paid", d.where, d.corrects.name)
	}
	d.takeOver(&v.PartyID, &v.DocumentFigures)
	if err := w.findCounter(d); err != nil {
		return nil, err
	}
	d.of = v.paper()
	for j := range d.rows {
		d.rows[j].InvoiceID, d.rows[j].LineNo = v.ID, int64(j+1)
		d.lines[j] = &d.rows[j].DocumentLine
	}
	if err := w.settleAmounts(d.draft, "issue "+otherKind(v.Kind), nil); err != nil {
		return nil, err
	}
	if _, err := w.dims.whole(d.where, d.counter, in.Dimensions); err != nil {
		return nil, err
	}
	for j := range d.deducted {
		w.deductions = append(w.deductions, &InvoicePrepayment{InvoiceID: v.ID, PrepaymentID: d.deducted[j].of.id, Deducted: d.deducted[j].figures()})
	}
	w.drafts = append(w.drafts, d)
	w.texts = append(w.texts, InvoiceText{InvoiceID: v.ID, DocumentText: w.text(d.draft, w.oldText(in.CorrectsID))})
	return v, w.enter(d.draft, invoiceEntry(d.fact()))
}

func (w *issuing) oldText(id uuid.UUID) *DocumentText {
	for i := range w.oldTexts {
		if w.oldTexts[i].InvoiceID == id {
			return &w.oldTexts[i].DocumentText
		}
	}
	return nil
}

// fact is the document as the ledger sees it.
func (d *invoiceDraft) fact() *invoiceFact {
	v := d.invoice
	f := &invoiceFact{Kind: v.Kind, ID: v.ID, PartyID: v.PartyID, Date: v.InvoiceDate, Dues: d.dues, Counter: ByID(d.counter.ID), Settled: d.of.atOnce, Lock: d.lock, Late: d.late,
		Parts: d.entryParts()}
	if d.counter.RequiredDimensions != "" {
		f.Whole = d.dims
	}
	return f
}

func otherKind(k InvoiceKind) string {
	if k == CreditNoteDocument {
		return "an invoice"
	}
	return "a credit note"
}

// findCounter finds the account on the other side: receivables, or the till.
func (w *issuing) findCounter(d *invoiceDraft) (err error) {
	if d.in.SettledBy.IsZero() {
		d.counter, err = w.set.postable(w.op, d.where, ByRole(RoleReceivable))
		return err
	}
	if d.counter, err = w.set.ordinary(w.op, d.where, d.in.SettledBy); err == nil {
		d.invoice.SettledByID = d.counter.ID
	}
	return err
}
