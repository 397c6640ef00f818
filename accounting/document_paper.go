package accounting

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Documents of both sides are made by the same rules: [Service.Issue] and [Service.Bill] see inputs as paperwork and rows as papers,
// and differ in what is written below them alone.

// paper is a document of either side.
type paper struct {
	*DocumentFigures
	id, party, corrects uuid.UUID
	on                  date.Date
	name                string // as messages call it
	// credit is set of what takes back, advance of a prepayment, plain of an invoice or a bill, atOnce of what no open item waits for.
	credit, advance, plain, atOnce bool
	credited, deducted             *int64
	entry                          *uuid.UUID
}

func (v *Invoice) paper() *paper {
	return &paper{DocumentFigures: &v.DocumentFigures, id: v.ID, party: v.PartyID, corrects: v.CorrectsID, on: v.InvoiceDate, name: "invoice " + v.Number, credit: v.Kind == CreditNoteDocument,
		advance: v.Kind == PrepaymentDocument, plain: v.Kind == InvoiceDocument, atOnce: v.SettledByID != uuid.Nil, credited: &v.CreditedMinor, deducted: &v.DeductedMinor, entry: &v.EntryID}
}

func (v *Bill) paper() *paper {
	p := &paper{DocumentFigures: &v.DocumentFigures, id: v.ID, party: v.PartyID, corrects: v.CorrectsID, on: v.BillDate, name: "the bill", credit: v.Kind == VendorCreditDocument,
		advance: v.Kind == PrepaymentBillDocument, plain: v.Kind == BillDocument, credited: &v.CreditedMinor, deducted: &v.DeductedMinor, entry: &v.EntryID}
	if p.advance {
		p.name = "the prepayment bill"
	}
	if v.VendorNumber != "" {
		p.name += " " + v.VendorNumber
	}
	return p
}

// paperwork is an input of either side. It points into the input, whose gaps are filled in.
type paperwork struct {
	credit, advance  bool
	party, corrects  uuid.UUID
	date, due        date.Date
	taxPoint         date.Date
	currency         *money.Currency
	rate             *DocumentRate
	dims             Dimensions
	asStated         bool // by another document, which was held to what accounts require
	included         bool
	rounding         TaxRounding
	terms            *Terms
	items            []lineInput
	adjustments      []Adjustment
	prepaid          []NewDeduction
	note, lock       string
	late             LatePolicy
	kind, correcting string               // what it is, and in words what it corrects
	own              func(f *fingerprint) // what of the input is one side's own
}

// lineInput is a line of an input of either side.
type lineInput struct {
	text             string
	account          AccountRef
	quantity         money.Quantity
	price            decimal.Decimal
	net              money.Amount // where it is stated instead
	discount, charge Adjust
	tax              string
	dims             Dimensions
	booked           *uuid.UUID
}

func (v *NewInvoice) paperwork() *paperwork {
	p := &paperwork{credit: v.Kind == CreditNoteDocument, advance: v.Kind == PrepaymentDocument, party: v.PartyID, corrects: v.CorrectsID, date: v.Date, due: v.Due, taxPoint: v.TaxPoint,
		currency: &v.Currency, rate: &v.Rate, dims: v.Dimensions, asStated: v.AsStated, included: v.TaxIncluded, rounding: v.TaxRounding, terms: &v.Terms, items: make([]lineInput, len(v.Lines)),
		adjustments: v.Adjustments, prepaid: v.Prepaid, note: v.Note, lock: v.LockException, late: v.Late, kind: string(v.Kind), correcting: "an invoice", own: func(f *fingerprint) { f.text(v.SettledBy.text) }}
	for i := range v.Lines {
		l := &v.Lines[i]
		p.items[i] = lineInput{text: l.Description, account: l.Account, quantity: l.Quantity, price: l.UnitPrice, discount: l.Discount, charge: l.Charge, tax: l.TaxCode, dims: l.Dimensions, booked: l.booked}
	}
	return p
}

func (v *NewBill) paperwork() *paperwork {
	p := &paperwork{credit: v.Kind == VendorCreditDocument, advance: v.Kind == PrepaymentBillDocument, party: v.PartyID, corrects: v.CorrectsID, date: v.Date, due: v.Due, taxPoint: v.TaxPoint,
		currency: &v.Currency, rate: &v.Rate, dims: v.Dimensions, asStated: v.AsStated, included: v.TaxIncluded, rounding: v.TaxRounding, terms: &v.Terms, items: make([]lineInput, len(v.Lines)),
		adjustments: v.Adjustments, prepaid: v.Prepaid, note: v.Note, lock: v.LockException, late: v.Late, kind: string(v.Kind), correcting: "a bill", own: func(f *fingerprint) {
			f.text(v.VendorNumber)
			for i := range v.Taxes {
				f.text(v.Taxes[i].TaxCode)
				f.amount(v.Taxes[i].Tax)
			}
		}}
	for i := range v.Lines {
		l := &v.Lines[i]
		p.items[i] = lineInput{text: l.Description, account: l.Account, quantity: l.Quantity, price: l.UnitPrice, net: l.Net, discount: l.Discount, charge: l.Charge, tax: l.TaxCode, dims: l.Dimensions, booked: l.booked}
	}
	return p
}

// wantDimensions asks for all combinations that a document names.
func (p *paperwork) wantDimensions(d *dimensionBook) {
	d.want(p.dims)
	for i := range p.items {
		d.want(p.analysed(p.items[i].dims))
	}
	for i := range p.adjustments {
		d.want(p.adjustments[i].Dimensions.Over(p.dims))
	}
}

// converted is the day whose rate a document in a foreign currency has, unless it says otherwise: a prepayment's supply is yet to come.
func (p *paperwork) converted() date.Date {
	if p.advance {
		return p.date
	}
	return p.taxPoint
}

// figures are those of the document as it begins.
func (p *paperwork) figures(cur money.Currency) DocumentFigures {
	return newFigures(cur, p.taxPoint, p.due, p.included, p.rounding, p.terms)
}

// check holds an input to what can be told of either side without the database. lines are those of the batch so far.
func (p *paperwork) check(op, where string, lines *int, plain bool) error {
	*lines += len(p.items) + len(p.adjustments)
	rate, terms := p.rate.check(*p.currency, p.corrects != uuid.Nil), p.terms.check(p.date)
	switch {
	case len(p.items) == 0:
		return ErrBadInput.New(op, "%sa document has at least one line", where)
	case len(p.items) > MaxLines || *lines > MaxBatchLines:
		return ErrTooMany.New(op, "%smore than %d lines, or more than %d in one call", where, MaxLines, MaxBatchLines)
	case !p.due.IsZero() && p.due.Before(p.date):
		return ErrBadInput.New(op, "%sDue is before Date", where)
	case rate != "":
		return ErrBadInput.New(op, "%s%s", where, rate)
	case len(p.adjustments) > maxAdjustments:
		return ErrTooMany.New(op, "%smore than %d discounts and charges", where, maxAdjustments)
	case terms != "":
		return ErrBadInput.New(op, "%s%s", where, terms)
	case len(p.terms.Instalments) > 0 && !p.due.IsZero():
		return ErrBadInput.New(op, "%sDue is left out where there are instalments", where)
	}
	for i := range p.items {
		if err := p.items[i].check(); err != nil {
			return ErrBadInput.New(op, "%sline %d: %v", where, i+1, err)
		}
	}
	for j := range p.adjustments {
		if err := p.adjustments[j].check(); err != nil {
			return ErrBadInput.New(op, "%sadjustment %d: %v", where, j+1, err)
		}
	}
	return checkDeductions(op, where, p.prepaid, plain)
}

// maxAdjustments is how many discounts and charges a whole document has at most.
const maxAdjustments = 100

func (l *lineInput) check() error {
	switch {
	case l.netStated() && !l.price.IsZero():
		return errors.New("both Net and UnitPrice state the amount: leave one out")
	case l.netStated() && (!l.discount.isZero() || !l.charge.isZero()):
		return errors.New("the Net is after Discount and Charge: leave them out")
	case !l.netStated() && l.quantity == 0:
		return errors.New("a Quantity is needed")
	case !reasonable(l.price):
		return errors.New("UnitPrice has too many digits")
	case !validRunes(l.text, 500, true):
		return errors.New("the Description is text of at most 500 characters, without control characters")
	case len(l.tax) > 20:
		return errors.New("TaxCode has at most 20 characters")
	}
	return errors.Join(l.discount.check(), l.charge.check())
}

// netStated says that the net amount is stated, rather than a price.
func (l *lineInput) netStated() bool { return l.net != money.Amount{} }

// fingerprint is of the figures and names of either side; free text stays out (see [fingerprint]).
func (p *paperwork) fingerprint(f *fingerprint) string {
	f.reset()
	f.text(p.kind)
	f.id(p.party)
	f.day(p.date)
	f.day(p.due)
	f.day(p.taxPoint)
	f.text(string(*p.currency))
	p.rate.fingerprint(f)
	f.text(p.dims.key())
	f.flag(p.included)
	f.text(string(p.rounding))
	p.terms.fingerprint(f)
	f.id(p.corrects)
	p.own(f)
	f.deductions(p.prepaid)
	f.number(int64(len(p.items)))
	for i := range p.items {
		l := &p.items[i]
		f.number(int64(l.quantity))
		f.text(l.price.String())
		f.amount(l.net)
		f.text(l.tax)
		f.text(l.account.text)
		l.discount.fingerprint(f)
		l.charge.fingerprint(f)
		f.text(l.dims.key())
		if l.booked != nil {
			f.id(*l.booked)
		}
	}
	for i := range p.adjustments {
		p.adjustments[i].fingerprint(f)
	}
	return f.sum()
}

// filled fills in what may be left out, so that leaving it out and stating it are the same input.
func filled(corrects uuid.UUID, on date.Date, taxPoint, due *date.Date, rounding *TaxRounding, t *Terms) {
	if taxPoint.IsZero() && corrects == uuid.Nil {
		*taxPoint = on
	}
	if *rounding == "" {
		*rounding = RoundPerLine
	}
	if due.IsZero() {
		*due = t.due(on)
	}
}

// spelt names the combinations of a document and of its lines.
func spelt(ctx context.Context, tx *tenancy.Tx, document uuid.UUID, lines []*DocumentLine) (Dimensions, error) {
	sets := []uuid.UUID{document}
	for _, l := range lines {
		sets = append(sets, l.DimensionSetID)
	}
	named, err := spellOut(ctx, tx, sets)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		l.Dimensions = named[l.DimensionSetID]
	}
	return named[document], nil
}
