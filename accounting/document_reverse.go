package accounting

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// DocumentReversal is the input of [Service.ReverseInvoices] and [Service.ReverseBills].
type DocumentReversal struct {
	// DocumentID is an invoice or bill of which nothing is credited yet.
	DocumentID uuid.UUID `validate:"required"`
	// Reference is that of the document that reverses it, as in [NewInvoice].
	Reference string `validate:"reference"`
	// Date is that document's date, not before the reversed one's.
	Date date.Date `validate:"day"`
	// Reason stands on it as its note, at most 500 characters.
	Reason string `validate:"required,text=500"`
	// LockException is as in [NewEntry].
	LockException string `validate:"text=500"`
}

// ReverseInvoices takes whole invoices back, all or none, by credit notes of the same lines, at the same rates of tax. What was
// settled at once is refunded from the same account. An issued document is never undone otherwise.
//
// Permission: accounting.issue, and accounting.exception where a LockException is given. Errors: accounting.bad_input,
// accounting.too_many, accounting.not_creditable (it is not an invoice), accounting.over_credited (a part of it is credited
// already), and those of [Service.Issue].
func (s *Service) ReverseInvoices(ctx context.Context, in []DocumentReversal) ([]Invoice, error) {
	return tenancy.Act(ctx, s.db, PermIssue, func(ctx context.Context, tx *tenancy.Tx) ([]Invoice, error) {
		const op = "accounting.ReverseInvoices"
		ids, err := reversedIDs(op, in)
		if err != nil {
			return nil, err
		}
		var found []Invoice
		var lines []InvoiceLine
		var texts []InvoiceText
		set, err := s.setup(ctx, tx, op, func(b *tenancy.Batch) {
			tenancy.Load(b, &found, tenancy.In("id", ids))
			tenancy.Load(b, &lines, tenancy.In("invoice_id", ids), tenancy.OrderBy("invoice_id", "line_no"))
			tenancy.Load(b, &texts, tenancy.In("invoice_id", ids))
		})
		if err != nil {
			return nil, err
		}
		heads := make([]uuid.UUID, len(found))
		for i := range found {
			heads[i] = found[i].DimensionSetID
		}
		named, err := spellOut(ctx, tx, heads)
		if err != nil {
			return nil, err
		}
		credits := make([]NewInvoice, len(in))
		for i := range in {
			c := NewInvoice{Kind: CreditNoteDocument, Reference: in[i].Reference, Date: in[i].Date, CorrectsID: in[i].DocumentID, Note: in[i].Reason,
				LockException: in[i].LockException}
			for _, v := range found {
				if v.ID == c.CorrectsID {
					c.TaxPoint, c.TaxIncluded, c.TaxRounding = v.TaxPoint, v.TaxIncluded, v.TaxRounding
					c.Dimensions = named[v.DimensionSetID]
					if v.SettledByID != uuid.Nil {
						c.SettledBy = ByID(v.SettledByID)
					}
				}
			}
			for _, l := range lines {
				if l.InvoiceID == c.CorrectsID {
					discount, charge := restated(l.DiscountMinor-l.ChargeMinor, l.Net.Currency)
					c.Lines = append(c.Lines, NewInvoiceLine{Quantity: l.Quantity, UnitPrice: l.UnitPrice, Discount: discount, Charge: charge,
						TaxCode: set.codeOf(l.TaxID), Account: ByID(l.AccountID), booked: &l.DimensionSetID})
				}
			}
			if len(c.Lines) == 0 {
				return nil, ErrNotCreditable.New(op, "reversal %d: DocumentID is not an invoice", i+1)
			}
			for _, t := range texts {
				if t.InvoiceID == c.CorrectsID {
					for j, text := range decodeTexts(t.LineTexts, len(c.Lines)) {
						c.Lines[j].Description = text
					}
				}
			}
			credits[i] = c
		}
		return s.Issue(ctx, credits)
	})
}

// ReverseBills takes whole bills back, all or none, by vendors' credits of the same lines, at the same rates of tax: what was
// recorded by mistake, or is given back altogether.
//
// Permission: accounting.bill, and accounting.exception where a LockException is given. Errors: accounting.bad_input,
// accounting.too_many, accounting.not_creditable (it is not a bill), accounting.over_credited (a part of it is credited
// already), and those of [Service.Bill].
func (s *Service) ReverseBills(ctx context.Context, in []DocumentReversal) ([]Bill, error) {
	return tenancy.Act(ctx, s.db, PermBill, func(ctx context.Context, tx *tenancy.Tx) ([]Bill, error) {
		const op = "accounting.ReverseBills"
		ids, err := reversedIDs(op, in)
		if err != nil {
			return nil, err
		}
		var found []Bill
		var lines []BillLine
		var texts []BillText
		var taxes []TaxEntry
		set, err := s.setup(ctx, tx, op, func(b *tenancy.Batch) {
			tenancy.Load(b, &found, tenancy.In("id", ids))
			tenancy.Load(b, &lines, tenancy.In("bill_id", ids), tenancy.OrderBy("bill_id", "line_no"))
			tenancy.Load(b, &texts, tenancy.In("bill_id", ids))
			tenancy.Load(b, &taxes, tenancy.In("source_id", ids), tenancy.Ne("source_model", ""), tenancy.OrderBy("id"))
		})
		if err != nil {
			return nil, err
		}
		heads := make([]uuid.UUID, len(found))
		for i := range found {
			heads[i] = found[i].DimensionSetID
		}
		named, err := spellOut(ctx, tx, heads)
		if err != nil {
			return nil, err
		}
		credits := make([]NewBill, len(in))
		for i := range in {
			c := NewBill{Kind: VendorCreditDocument, Reference: in[i].Reference, Date: in[i].Date, CorrectsID: in[i].DocumentID, Note: in[i].Reason,
				LockException: in[i].LockException}
			for _, v := range found {
				if v.ID == c.CorrectsID {
					c.TaxPoint, c.TaxIncluded, c.TaxRounding, c.Dimensions = v.TaxPoint, v.TaxIncluded, v.TaxRounding, named[v.DimensionSetID]
					c.Taxes, c.asBooked = set.statedAgain(&v, taxes), true
				}
			}
			for _, l := range lines {
				if l.BillID == c.CorrectsID {
					stated := l.Net
					if c.TaxIncluded {
						stated.Minor += l.Tax.Minor
					}
					c.Lines = append(c.Lines, NewBillLine{Quantity: l.Quantity, Net: stated, TaxCode: set.codeOf(l.TaxID), Account: ByID(l.AccountID), booked: &l.DimensionSetID})
				}
			}
			if len(c.Lines) == 0 {
				return nil, ErrNotCreditable.New(op, "reversal %d: DocumentID is not a bill", i+1)
			}
			for _, t := range texts {
				if t.BillID == c.CorrectsID {
					for j, text := range decodeTexts(t.LineTexts, len(c.Lines)) {
						c.Lines[j].Description = text
					}
				}
			}
			credits[i] = c
		}
		return s.Bill(ctx, credits)
	})
}

// reversedIDs checks a batch of reversals.
func reversedIDs(op string, in []DocumentReversal) ([]uuid.UUID, error) {
	if err := checkBatch(op, "reversals", len(in)); err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(in))
	for i := range in {
		if err := checkInput(op, fmt.Sprintf("reversal %d: ", i+1), in[i]); err != nil {
			return nil, err
		}
		ids[i] = in[i].DocumentID
	}
	return unique(ids), nil
}

// restated is what was taken off a line, or added to it, as an input.
func restated(off int64, cur money.Currency) (discount, charge Adjust) {
	switch {
	case off > 0:
		discount.Amount = money.Amount{Minor: off, Currency: cur}
	case off < 0:
		charge.Amount = money.Amount{Minor: -off, Currency: cur}
	}
	return discount, charge
}

// codeOf is the code of a tax that a line bears; "" of none.
func (set *setup) codeOf(id uuid.UUID) string {
	if t := set.taxByID(id); t != nil {
		return t.Code
	}
	return ""
}

// decodeTexts reads at most n texts of lines; none where they were erased.
func decodeTexts(encoded string, n int) []string {
	var texts []string
	if json.Unmarshal([]byte(encoded), &texts) != nil || len(texts) > n {
		return nil
	}
	return texts
}
