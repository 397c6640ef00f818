package exchange

import (
	"context"
	"io"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// UBLBill is the input of [Service.DraftBill].
type UBLBill struct {
	// File is an invoice or credit note in UBL 2.1.
	File io.Reader
	// VendorID is the party that the document is from. Whether it is the seller of the document is for whoever imports it to say: tax ids
	// lie sealed, so nobody is looked up by them.
	VendorID uuid.UUID
	// Account is what the lines are booked to; of a prepayment invoice, advances are in its place.
	Account accounting.AccountRef
	// Prepaid are the vendor's prepayment bills that the document sets off. What it states as prepaid (BT-113) has no references that a
	// program could rely on: whoever imports it says which they are.
	Prepaid []accounting.NewDeduction
	// TaxCodes are the tenant's codes for the document's taxes, by category and rate as [einvoice.Tax] prints them: "S 20", "E 0", "AE 0", "O".
	TaxCodes map[string]string
	// Reference is the draft's idempotency key. Optional.
	Reference string
	// Rate is what the document's currency is worth where it is not the books' (see [accounting.NewBill]): the standard has no place for
	// one. Default the tenant's table on the tax point, when the draft is recorded.
	Rate accounting.DocumentRate
	// Dimensions are what the lines are analysed by.
	Dimensions accounting.Dimensions
}

// UBLDraft is a draft that was made of a document.
type UBLDraft struct {
	Draft accounting.Draft
	// Bill is the document as it was read, with what a person looks at before it is recorded: variances of lines, findings, what was not
	// understood, what is prepaid, and the tax as the vendor declares it in another currency (TaxDeclared).
	Bill einvoice.Bill
	// RoundingMinor is what was added as a line on the account with the role rounding, in minor units: what the document rounds to its
	// amount due (BT-114).
	RoundingMinor int64
	// TaxVarianceMinor is how much more tax the document states than its bases bear, in minor units. Its own figures are recorded, within
	// the books' tolerance ([accounting.BooksChange]).
	TaxVarianceMinor int64
}

// DraftBill makes a draft of a vendor's bill or credit from a document of EN 16931 in UBL. Lines have the net amounts that the document
// states, whatever quantity x price is; document allowances and charges are lines of their own; tax is rounded once per document, as
// the standard does. The draft's net, tax and total are the document's, to the minor unit, in its own currency. A prepayment invoice
// (386) becomes a prepayment bill.
//
// Permission: exchange.import. Errors: exchange.bad_input, exchange.too_large, exchange.unknown_tax (a tax of the document has no code, or one
// that is not there), exchange.tax_rate_differs (a code charges another rate on the tax point than the document does);
// those of [einvoice.ReadUBL] and [einvoice.Received.Bill], and those of [accounting.Service.DraftBills].
func (s *Service) DraftBill(ctx context.Context, in UBLBill) (UBLDraft, error) {
	const op = "exchange.DraftBill"
	return tenancy.Act(ctx, s.db, PermImport, func(ctx context.Context, _ *tenancy.Tx) (UBLDraft, error) {
		if in.File == nil || in.VendorID == uuid.Nil || in.Account.IsZero() {
			return UBLDraft{}, ErrBadInput.New(op, "File, VendorID and Account are needed")
		}
		received, err := einvoice.ReadUBL(in.File)
		if err != nil {
			return UBLDraft{}, err
		}
		bill, err := received.Bill()
		if err != nil {
			return UBLDraft{}, err
		}
		taxes, err := s.books.ListTaxes(ctx)
		if err != nil {
			return UBLDraft{}, err
		}
		if err := checkCodes(op, &in, &bill, taxes); err != nil {
			return UBLDraft{}, err
		}
		draft, err := draftOf(op, &in, &bill)
		if err != nil {
			return UBLDraft{}, err
		}
		own, err := taxOn(&bill)
		if err != nil {
			return UBLDraft{}, err
		}
		made, err := s.books.DraftBills(ctx, []accounting.NewBill{draft})
		if err != nil {
			return UBLDraft{}, err
		}
		return UBLDraft{Draft: made[0], Bill: bill, RoundingMinor: bill.Rounding.Minor, TaxVarianceMinor: bill.Tax.Minor - own}, nil
	})
}

// checkCodes holds the rates that the tenant's codes charge on the document's tax point to those of the document: else its tax would not
// be what the vendor states.
func checkCodes(op string, in *UBLBill, bill *einvoice.Bill, taxes []accounting.Tax) error {
	on := bill.TaxPoint
	if on.IsZero() {
		on = bill.IssueDate
	}
	for i := range bill.Lines {
		t := bill.Lines[i].Tax
		code, ok := in.TaxCodes[t.String()]
		if !ok {
			return ErrUnknownTax.New(op, "line %d: there is no code for the tax %s", i+1, t)
		}
		j := slices.IndexFunc(taxes, func(x accounting.Tax) bool { return x.Code == code && x.Active })
		if j < 0 {
			return ErrUnknownTax.New(op, "line %d: the tax %s is mapped to %s, and there is no such code", i+1, t, code)
		}
		stated, charged := decimal.Zero, decimal.Zero
		if t.Rate.Valid && t.Category != einvoice.ReverseCharge && t.Category != einvoice.IntraCommunity {
			stated = t.Rate.Decimal
		}
		switch taxes[j].Kind {
		case accounting.TaxGroup, accounting.TaxWithholding:
			return ErrTaxRate.New(op, "line %d: the tax %s is mapped to %s, which is of the kind %s and no single rate", i+1, t, code, taxes[j].Kind)
		case accounting.TaxStandard, accounting.TaxReduced:
			rate, known := taxes[j].RateOn(on)
			if !known {
				return ErrTaxRate.New(op, "line %d: the tax %s is mapped to %s, which has no rate on %s", i+1, t, code, on)
			}
			charged = rate
		case accounting.TaxZero, accounting.TaxExempt, accounting.TaxExport, accounting.TaxOutsideScope, accounting.TaxReverseCharge, accounting.TaxIntraCommunity:
		}
		if !stated.Equal(charged) {
			return ErrTaxRate.New(op, "line %d: the document charges %s %% (%s), and the code %s %s %% on %s", i+1, stated, t, code, charged, on)
		}
	}
	return nil
}

// draftOf turns a document into what is recorded.
func draftOf(op string, in *UBLBill, bill *einvoice.Bill) (accounting.NewBill, error) {
	out := accounting.NewBill{Kind: accounting.BillDocument, Reference: in.Reference, VendorNumber: bill.Number, PartyID: in.VendorID, Date: bill.IssueDate,
		TaxPoint: bill.TaxPoint, Due: bill.Due, TaxRounding: accounting.RoundPerDocument, Note: clip(bill.Terms, maxNote),
		Currency: bill.Currency, Rate: in.Rate, Dimensions: in.Dimensions}
	out.Prepaid = in.Prepaid
	account := in.Account
	switch {
	case bill.Credit:
		out.Kind = accounting.VendorCreditDocument
	case bill.InAdvance:
		out.Kind, account = accounting.PrepaymentBillDocument, accounting.AccountRef{}
	}
	if out.Due.Before(out.Date) {
		out.Due = out.Date
	}
	for i := range bill.Lines {
		l := &bill.Lines[i]
		line := accounting.NewBillLine{Description: clip(l.Description, maxDescription), Account: account, Net: l.Net, TaxCode: in.TaxCodes[l.Tax.String()]}
		if l.Quantity.Valid {
			if q, err := money.QuantityFromDecimal(l.Quantity.Decimal, money.HalfUp); err == nil && q.Decimal().Equal(l.Quantity.Decimal) {
				line.Quantity = q // for information: the amount is the stated one
			}
		}
		out.Lines = append(out.Lines, line)
	}
	if bill.Rounding.Minor != 0 {
		out.Lines = append(out.Lines, accounting.NewBillLine{Description: "Rounding", Account: accounting.ByRole(accounting.RoleRounding), Net: bill.Rounding})
	}
	var err error
	out.Taxes, err = statedTaxes(op, in, bill)
	return out, err
}

// statedTaxes are the document's taxes (BG-23) by the tenant's codes.
func statedTaxes(op string, in *UBLBill, bill *einvoice.Bill) ([]accounting.StatedTax, error) {
	sums := map[string]int64{}
	for i := range bill.Taxes {
		t := &bill.Taxes[i]
		code, ok := in.TaxCodes[t.Tax.String()]
		if !ok && t.Amount.Minor != 0 {
			return nil, ErrUnknownTax.New(op, "there is no code for the tax %s", t.Tax)
		}
		if ok && code != "" {
			sums[code] += t.Amount.Minor
		}
	}
	out := make([]accounting.StatedTax, 0, len(sums))
	for _, code := range slices.Sorted(maps.Keys(sums)) {
		out = append(out, accounting.StatedTax{TaxCode: code, Tax: money.Of(sums[code], bill.Currency)})
	}
	return out, nil
}

// What fits into a draft's texts, in characters.
const (
	maxNote        = 2000
	maxDescription = 500
)

func clip(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n])
	}
	return text
}

// taxOn is what our own books make of the document's taxes: for each category and rate the tax on the sum of the lines' stated nets,
// rounded half up. Where the buyer owes the tax the vendor charges none.
func taxOn(bill *einvoice.Bill) (int64, error) {
	bases, taxes := map[string]decimal.Decimal{}, map[string]einvoice.Tax{}
	for i := range bill.Lines {
		l := &bill.Lines[i]
		key := l.Tax.String()
		bases[key], taxes[key] = bases[key].Add(l.Net.Decimal()), l.Tax
	}
	var sum int64
	for key, base := range bases {
		t := taxes[key]
		if !t.Rate.Valid || t.Category == einvoice.ReverseCharge || t.Category == einvoice.IntraCommunity {
			continue
		}
		tax, err := money.FromDecimal(base.Mul(t.Rate.Decimal).Shift(-2), bill.Currency, money.HalfUp)
		if err != nil {
			return 0, err
		}
		sum += tax.Minor
	}
	return sum, nil
}
