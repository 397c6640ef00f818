package accounting

import (
	"fmt"

	"github.com/google/uuid"
)

// checkBills holds a batch of bills to what can be told without the database.
func checkBills(op string, in []NewBill) (lines int, err error) {
	if err := checkBatch(op, "documents", len(in)); err != nil {
		return 0, err
	}
	for i := range in {
		v := &in[i]
		where := fmt.Sprintf("document %d: ", i+1)
		if err := checkInput(op, where, v); err != nil {
			return 0, err
		}
		if err := v.paperwork().check(op, where, &lines, v.Kind == BillDocument || v.Kind == ""); err != nil {
			return 0, err
		}
		switch {
		case !v.Terms.none() && (v.Kind == VendorCreditDocument || v.Kind == PrepaymentBillDocument):
			return 0, ErrBadInput.New(op, "%sa vendor's credit or prepayment has no terms of payment", where)
		case v.RefuseDuplicates && v.Duplicates == 0:
			return 0, ErrBadInput.New(op, "%sRefuseDuplicates needs the window, Duplicates", where)
		case v.CorrectsID != uuid.Nil && v.Kind != VendorCreditDocument && v.Kind != VendorDebitDocument:
			return 0, ErrBadInput.New(op, "%sonly a vendor's credit or debit note corrects a bill", where)
		case v.PartyID == uuid.Nil && v.CorrectsID == uuid.Nil:
			return 0, ErrBadInput.New(op, "%sPartyID is needed: the vendor", where)
		}
		for j := range v.Lines {
			if v.Lines[j].Account.IsZero() && v.Kind != PrepaymentBillDocument {
				return 0, ErrBadInput.New(op, "%sline %d: the account is needed", where, j+1)
			}
		}
		if err := checkStatedTaxes(op, where, v.Taxes); err != nil {
			return 0, err
		}
	}
	return lines, nil
}

// withDefaults fills in what may be left out, so that leaving it out and stating it are the same input.
func (v NewBill) withDefaults() NewBill {
	if v.Kind == "" {
		v.Kind = BillDocument
	}
	filled(v.CorrectsID, v.Date, &v.TaxPoint, &v.Due, &v.TaxRounding, &v.Terms)
	return v
}
