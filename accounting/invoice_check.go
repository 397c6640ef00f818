package accounting

import (
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
		if err := v.paperwork().check(op, where, &lines, v.Kind == InvoiceDocument || v.Kind == ""); err != nil {
			return 0, err
		}
		switch {
		case !v.Terms.none() && (v.Kind == CreditNoteDocument || v.Kind == PrepaymentDocument || !v.SettledBy.IsZero()):
			return 0, ErrBadInput.New(op, "%sa credit note, a prepayment, or what is settled at once, has no terms of payment", where)
		case v.CorrectsID != uuid.Nil && v.Kind != CreditNoteDocument && v.Kind != DebitNoteDocument:
			return 0, ErrBadInput.New(op, "%sonly a credit or debit note corrects an invoice", where)
		case v.PartyID == uuid.Nil && v.SettledBy.IsZero() && v.CorrectsID == uuid.Nil:
			return 0, ErrBadInput.New(op, "%sPartyID is needed unless SettledBy says that it was paid at once", where)
		}
	}
	return lines, nil
}

// withDefaults fills in what may be left out, so that leaving it out and stating it are the same input.
func (v NewInvoice) withDefaults() NewInvoice {
	if v.Kind == "" {
		v.Kind = InvoiceDocument
	}
	filled(v.CorrectsID, v.Date, &v.TaxPoint, &v.Due, &v.TaxRounding, &v.Terms)
	return v
}
