package accounting

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// advanceModel is the source of tax that is declared of a payment without a document; the id is that of the payment.
const advanceModel = "erp.advances"

// NewAdvance is the input of [Service.DeclareAdvances]: a payment that a customer made before there is any document.
type NewAdvance struct {
	// PaymentID is a payment received, of which something is still open on account.
	PaymentID uuid.UUID `validate:"required"`
	// Parts say what it was paid for, 1 to 20; together at most what is open of the payment.
	Parts []AdvancePart
	// LockException and Late are as in [NewEntry].
	LockException string     `validate:"text=500"`
	Late          LatePolicy `validate:"omitempty,oneof=refuse first_open"`
}

// AdvancePart is a part of an advance that bears one tax.
type AdvancePart struct {
	TaxCode string
	// Amount is above zero and includes the tax.
	Amount money.Amount
}

// maxAdvanceParts is how many taxes one advance bears at most.
const maxAdvanceParts = 20

// DeclareAdvances declares the tax on payments on account, all or none: what is paid before the supply is taxed on receipt (Directive
// 2006/112/EC, Art. 65), with or without a document. The tax is within the amount, at the rate of the payment's date, and is booked on
// that date against [RoleTaxNotDue], where the tax of the document to come will meet it. Nothing is guessed: that a payment is an
// advance, and for what, is for the tenant to say.
//
// As the payment is settled, the tax is taken back in proportion, on the day of the settlement: by the invoice that it is
// allocated to, which declares the tax itself, and by a refund. A payment is declared once: again with the same parts it is
// answered with the entry that is there.
//
// Tax on an advance in a foreign currency is refused: that keeps the rate of its receipt (Directive 2006/112/EC, Art. 91(2)) in whatever it is
// allocated to later, so issue a prepayment invoice, which carries it there.
//
// An advance that a vendor is paid gives no claim before his document is there (Art. 178(a)): record his prepayment bill.
//
// Permission: accounting.pay, and accounting.exception where a LockException is given. Errors: accounting.bad_input,
// accounting.too_many, accounting.books_not_open, accounting.unknown_item (there is no such payment), accounting.over_allocated (more
// than is open), accounting.tax_unsupported (a payment made; a foreign currency; a group, a withholding, tax that the buyer owes), accounting.wrong_currency,
// accounting.unknown_tax, accounting.no_tax_rate, accounting.reference_taken (it was declared with other parts), and those of Post.
func (s *Service) DeclareAdvances(ctx context.Context, in []NewAdvance) ([]Entry, error) {
	return tenancy.Act(ctx, s.db, PermPay, func(ctx context.Context, tx *tenancy.Tx) ([]Entry, error) {
		const op = "accounting.DeclareAdvances"
		w := &advancing{op: op, tx: tx, in: in, replays: newReplays[Entry](op, "advance", len(in))}
		if err := w.check(); err != nil || len(in) == 0 {
			return nil, err
		}
		if err := w.read(ctx, s); err != nil {
			return nil, err
		}
		out, err := w.replays.run(w.declare)
		if err != nil {
			return nil, err
		}
		b := tx.Batch()
		w.plan.write(b)
		tenancy.Put(b, w.taxes)
		return give(out, b.Run(ctx))
	})
}

// advancing is one call of DeclareAdvances.
type advancing struct {
	op       string
	tx       *tenancy.Tx
	in       []NewAdvance
	set      *setup
	replays  *replays[Entry, *Entry]
	dims     *dimensionBook
	payments []Payment
	items    []OpenItem // locked
	plan     *plan
	taxes    []*TaxEntry
}

func (w *advancing) check() error {
	if err := checkBatch(w.op, "advances", len(w.in)); err != nil {
		return err
	}
	var hash fingerprint
	for i := range w.in {
		in, where := &w.in[i], fmt.Sprintf("advance %d: ", i+1)
		if err := checkInput(w.op, where, in); err != nil {
			return err
		}
		if n := len(in.Parts); n == 0 || n > maxAdvanceParts {
			return ErrBadInput.New(w.op, "%sParts are 1 to %d", where, maxAdvanceParts)
		}
		hash.reset()
		for j, part := range in.Parts {
			if err := checkAmount(w.op, fmt.Sprintf("%spart %d: ", where, j+1), part.Amount); err != nil {
				return err
			}
			hash.text(part.TaxCode)
			hash.amount(part.Amount)
		}
		w.replays.expect("advance:"+in.PaymentID.String(), hash.sum())
	}
	return nil
}

func (w *advancing) read(ctx context.Context, s *Service) (err error) {
	ids := make([]uuid.UUID, len(w.in))
	for i := range w.in {
		ids[i] = w.in[i].PaymentID
	}
	ids = unique(ids)
	w.set, err = s.setup(ctx, w.tx, w.op, func(b *tenancy.Batch) {
		lockItems(b, &w.items, ids)
		tenancy.Load(b, &w.payments, tenancy.In("id", ids))
		w.replays.load(b)
	})
	if err != nil {
		return err
	}
	w.plan = newPlan(w.op, w.tx, w.set, len(w.in))
	w.dims = newDimensionBook(w.op, w.tx)
	w.plan.dims = w.dims
	return nil
}

// declare plans advance i.
func (w *advancing) declare(i int) (*Entry, error) {
	in, where := &w.in[i], fmt.Sprintf("advance %d: ", i+1)
	p := first(w.payments, func(p *Payment) bool { return p.ID == in.PaymentID })
	item := first(w.items, func(o *OpenItem) bool { return o.ID == in.PaymentID })
	switch {
	case p == nil || item == nil:
		return nil, ErrUnknownItem.New(w.op, "%sthere is no such payment", where)
	case p.Direction != MoneyIn:
		return nil, ErrTaxUnsupported.New(w.op, "%sa payment made gives no claim without the vendor's prepayment bill", where)
	case p.Amount.Currency != w.set.books.Currency:
		return nil, ErrTaxUnsupported.New(w.op, "%stax on an advance in a foreign currency keeps the rate of its receipt and needs a prepayment invoice, which carries that to the final one", where)
	}
	left := -item.OpenMinor
	var moves []taxMove
	for j := range in.Parts {
		part, where := &in.Parts[j], fmt.Sprintf("%spart %d: ", where, j+1)
		if part.Amount.Currency != p.Amount.Currency {
			return nil, ErrWrongCurrency.New(w.op, "%sthe payment is in %s", where, p.Amount.Currency)
		}
		if left -= part.Amount.Minor; left < 0 {
			return nil, ErrOverAllocated.New(w.op, "%smore than is open of the payment, %s", where, money.Amount{Minor: -item.OpenMinor, Currency: p.Amount.Currency})
		}
		move, err := w.taxWithin(where, p, part)
		if err != nil {
			return nil, err
		}
		move.of.EntryDate, move.on = item.ItemDate, item.ItemDate
		moves = append(moves, move)
	}
	// Declared before its document, the tax stands against what the document will have waiting.
	fact := taxDueFact{Date: item.ItemDate, Source: Source{advanceModel, p.ID}, Lock: in.LockException, Late: in.Late, Reference: w.replays.references[i]}
	for j := range moves {
		from, to, err := w.plan.movedTax(where, &moves[j])
		if err != nil {
			return nil, err
		}
		for _, t := range []*TaxEntry{from, to} {
			if err := t.analysed(where, w.set, w.dims, nil); err != nil {
				return nil, err
			}
			fact.Rows = append(fact.Rows, t)
		}
	}
	e := taxDueEntry(&fact)
	if len(e.Lines) == 0 {
		return nil, ErrBadInput.New(w.op, "%sthe parts bear no tax", where)
	}
	entry, err := w.plan.add(where, &e, booking{print: w.replays.prints[i]})
	if err != nil {
		return nil, err
	}
	for _, t := range fact.Rows {
		t.EntryID, t.EntryDate = entry.ID, entry.EntryDate
	}
	w.taxes = append(w.taxes, fact.Rows...)
	return entry, nil
}

// taxWithin is the tax that a part of an advance includes.
func (w *advancing) taxWithin(where string, p *Payment, part *AdvancePart) (taxMove, error) {
	t, err := w.set.taxing(w.op, where, part.TaxCode, p.PaymentDate, false)
	if err != nil {
		return taxMove{}, err
	}
	if len(t.parts) != 1 || t.code.Kind == TaxGroup || t.code.Kind == TaxWithholding || t.code.Kind.selfAssessed() {
		return taxMove{}, ErrTaxUnsupported.New(w.op, "%s%s is of the kind %s, which advances are not declared under without a document", where, part.TaxCode, t.code.Kind)
	}
	d := documentTaxes{trade: Sale, included: true}
	tax, err := d.share(&t.parts[0], t.within, part.Amount.Minor, part.Amount.Currency)
	if err != nil {
		return taxMove{}, err
	}
	cur := w.set.books.Currency
	row := &TaxEntry{SourceModel: advanceModel, SourceID: p.ID, PartyID: p.PartyID, TaxPoint: p.PaymentDate, TaxID: t.code.ID, Kind: t.code.Kind, Trade: Sale,
		Side: TaxOwed, Rate: t.parts[0].rate, Base: money.Zero(cur), Tax: money.Zero(cur), DocumentCurrency: cur}
	net := part.Amount.Minor - tax
	return taxMove{of: row, parts: taxFigures{net, tax, 0, net, tax, 0}}, nil
}

// takeBack takes back what was declared of a payment as the payment is settled.
func (w *taxBecomingDue) takeBack(e settled) error {
	rows := w.advanced[e.item.ID]
	if e.item.Kind != KindPayment || len(rows) == 0 {
		return nil
	}
	if e.given != nil {
		return ErrTaxUnsupported.New(w.plan.op, "tax is declared of this advance: refund it, or issue an invoice for what it is kept for")
	}
	fact := taxDueFact{Source: Source{advanceModel, e.item.ID}, Lock: e.lock}
	left := abs(e.item.Original.Minor) - e.before
	var moves []taxMove
	if e.by.UndoesID != uuid.Nil {
		rows, moves = nil, w.declaredAgain(e, rows)
	} else {
		fact.Reference = takenBack(e.by.ID)
	}
	for _, t := range rows {
		parts, err := t.cut(e.after-e.before, left)
		if err != nil {
			return err
		}
		if parts != (taxFigures{}) {
			moves = append(moves, taxMove{t, parts.negated(), e.on})
		}
	}
	out, err := w.plan.moveTax("", &fact, moves)
	w.rows = append(w.rows, out...)
	return err
}

// takenBack is the reference of the entry that takes the tax of an advance back because of an allocation: what undoes the allocation
// finds it by that.
func takenBack(allocation uuid.UUID) string { return "advance taken back:" + allocation.String() }

// declaredAgain is what an allocation took back of an advance, once it is undone: the mirror image, so that what is left to take back is
// what it was.
func (w *taxBecomingDue) declaredAgain(e settled, left []*TaxEntry) (moves []taxMove) {
	for _, t := range w.taken[e.by.UndoesID] {
		moves = append(moves, taxMove{t, t.parts().negated(), e.on})
		for _, l := range left {
			if l.TaxID == t.TaxID && l.Rate.Equal(t.Rate) && l.DimensionSetID == t.DimensionSetID {
				for i, x := range t.figures() {
					*l.figures()[i] -= *x
				}
			}
		}
	}
	return moves
}
