package accounting

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// checkInvoices holds a batch of documents to what can be told without the database.
func checkInvoices(op string, in []NewInvoice) (lines int, err error) {
	if err := checkBatch(op, "documents", len(in)); err != nil {
		return 0, err
	}
	for i := range in {
		v := &in[i]
		where := fmt.Sprintf("document %d: ", i+1)
		if err := checkInput(op, where, v); err != nil {
			return 0, err
		}
		lines += len(v.Lines) + len(v.Adjustments)
		rate := v.Rate.check(v.Currency, v.CorrectsID != uuid.Nil)
		switch wrong := v.Terms.check(v.Date); {
		case len(v.Lines) == 0:
			return 0, ErrBadInput.New(op, "%sa document has at least one line", where)
		case len(v.Lines) > MaxLines || lines > MaxBatchLines:
			return 0, ErrTooMany.New(op, "%smore than %d lines, or more than %d in one call", where, MaxLines, MaxBatchLines)
		case !v.Due.IsZero() && v.Due.Before(v.Date):
			return 0, ErrBadInput.New(op, "%sDue is before Date", where)
		case rate != "":
			return 0, ErrBadInput.New(op, "%s%s", where, rate)
		case len(v.Adjustments) > maxAdjustments:
			return 0, ErrTooMany.New(op, "%smore than %d discounts and charges", where, maxAdjustments)
		case wrong != "":
			return 0, ErrBadInput.New(op, "%s%s", where, wrong)
		case len(v.Terms.Instalments) > 0 && !v.Due.IsZero():
			return 0, ErrBadInput.New(op, "%sDue is left out where there are instalments", where)
		case !v.Terms.none() && (v.Kind == CreditNoteDocument || v.Kind == PrepaymentDocument || !v.SettledBy.IsZero()):
			return 0, ErrBadInput.New(op, "%sa credit note, a prepayment, or what is settled at once, has no terms of payment", where)
		case v.CorrectsID != uuid.Nil && v.Kind != CreditNoteDocument && v.Kind != DebitNoteDocument:
			return 0, ErrBadInput.New(op, "%sonly a credit or debit note corrects an invoice", where)
		case v.PartyID == uuid.Nil && v.SettledBy.IsZero() && v.CorrectsID == uuid.Nil:
			return 0, ErrBadInput.New(op, "%sPartyID is needed unless SettledBy says that it was paid at once", where)
		}
		for j := range v.Lines {
			if err := v.Lines[j].check(); err != nil {
				return 0, ErrBadInput.New(op, "%sline %d: %v", where, j+1, err)
			}
		}
		if err := checkAdjustments(op, where, v.Adjustments); err != nil {
			return 0, err
		}
		if err := checkDeductions(op, where, v.Prepaid, v.Kind == InvoiceDocument || v.Kind == ""); err != nil {
			return 0, err
		}
	}
	return lines, nil
}

func (l *NewInvoiceLine) check() error {
	switch {
	case l.Quantity == 0:
		return errors.New("the quantity is zero")
	case !reasonable(l.UnitPrice):
		return errors.New("the unit price has too many digits")
	case !validRunes(l.Description, 500, true):
		return errors.New("the description is text of at most 500 characters, without control characters")
	case len(l.TaxCode) > 20:
		return errors.New("the tax code has at most 20 characters")
	}
	return errors.Join(l.Discount.check(), l.Charge.check())
}

// maxAdjustments is how many discounts and charges a whole document has at most.
const maxAdjustments = 100

func checkAdjustments(op, where string, adjustments []Adjustment) error {
	for j := range adjustments {
		if err := adjustments[j].check(); err != nil {
			return ErrBadInput.New(op, "%sadjustment %d: %v", where, j+1, err)
		}
	}
	return nil
}

// fingerprint is of a document's figures and names; its free text stays out (see [fingerprint]).
func (v *NewInvoice) fingerprint(f *fingerprint) string {
	f.reset()
	f.text(string(v.Kind))
	f.id(v.PartyID)
	f.day(v.Date)
	f.day(v.Due)
	f.day(v.TaxPoint)
	f.text(string(v.Currency))
	v.Rate.fingerprint(f)
	f.text(v.Dimensions.key())
	f.flag(v.TaxIncluded)
	f.text(string(v.TaxRounding))
	v.Terms.fingerprint(f)
	f.id(v.CorrectsID)
	f.text(v.SettledBy.text)
	f.deductions(v.Prepaid)
	f.number(int64(len(v.Lines)))
	for i := range v.Lines {
		l := &v.Lines[i]
		f.number(int64(l.Quantity))
		f.text(l.UnitPrice.String())
		f.text(l.TaxCode)
		f.text(l.Account.text)
		l.Discount.fingerprint(f)
		l.Charge.fingerprint(f)
		f.text(l.Dimensions.key())
		if l.booked != nil {
			f.id(*l.booked)
		}
	}
	for i := range v.Adjustments {
		v.Adjustments[i].fingerprint(f)
	}
	return f.sum()
}

// withDefaults fills in what may be left out, so that leaving it out and stating it are the same input.
func (v NewInvoice) withDefaults() NewInvoice {
	if v.Kind == "" {
		v.Kind = InvoiceDocument
	}
	if v.TaxPoint.IsZero() && v.CorrectsID == uuid.Nil {
		v.TaxPoint = v.Date
	}
	if v.TaxRounding == "" {
		v.TaxRounding = RoundPerLine
	}
	if v.Due.IsZero() {
		v.Due = v.Terms.due(v.Date)
	}
	return v
}
