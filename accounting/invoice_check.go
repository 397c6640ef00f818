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
		lines += len(v.Lines)
		switch {
		case len(v.Lines) == 0:
			return 0, ErrBadInput.New(op, "%sa document has at least one line", where)
		case len(v.Lines) > MaxLines || lines > MaxBatchLines:
			return 0, ErrTooMany.New(op, "%smore than %d lines, or more than %d in one call", where, MaxLines, MaxBatchLines)
		case !v.Due.IsZero() && v.Due.Before(v.Date):
			return 0, ErrBadInput.New(op, "%sDue is before Date", where)
		case v.CorrectsID != uuid.Nil && v.Kind != CreditNoteDocument:
			return 0, ErrBadInput.New(op, "%sonly a credit note corrects an invoice", where)
		case v.PartyID == uuid.Nil && v.SettledBy.IsZero() && v.CorrectsID == uuid.Nil:
			return 0, ErrBadInput.New(op, "%sPartyID is needed unless SettledBy says that it was paid at once", where)
		}
		for j := range v.Lines {
			if err := v.Lines[j].check(); err != nil {
				return 0, ErrBadInput.New(op, "%sline %d: %v", where, j+1, err)
			}
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
	return nil
}

// fingerprint is of a document's figures and names; its free text stays out (see [fingerprint]).
func (v *NewInvoice) fingerprint(f *fingerprint) string {
	f.reset()
	f.text(string(v.Kind))
	f.id(v.PartyID)
	f.day(v.Date)
	f.day(v.Due)
	f.id(v.CorrectsID)
	f.text(v.SettledBy.text)
	for i := range v.Lines {
		l := &v.Lines[i]
		f.number(int64(l.Quantity))
		f.text(l.UnitPrice.String())
		f.text(l.TaxCode)
		f.text(l.Account.text)
	}
	return f.sum()
}

// withDefaults fills in what may be left out, so that leaving it out and stating it are the same input.
func (v NewInvoice) withDefaults() NewInvoice {
	if v.Kind == "" {
		v.Kind = InvoiceDocument
	}
	if v.Due.IsZero() {
		v.Due = v.Date
	}
	return v
}
