package exchange

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// UBLInvoice is the input of [Service.WriteUBL].
type UBLInvoice struct {
	// InvoiceID is an issued invoice, credit note or debit note.
	InvoiceID uuid.UUID
	// Unit is the code of the lines' quantities (UN/ECE Recommendation 20). Default "C62", one.
	Unit string
	// Complete fills in what the books do not know: electronic addresses, means of payment, orders, contacts, cities. Optional. Figures that
	// it changes are refused.
	Complete func(doc *einvoice.Document)
}

// WriteUBL writes an issued document as UBL 2.1 after EN 16931, with both parties as they were when it was issued. Instalments and an
// early-payment discount stand in the payment terms (BT-20) in words; a form that a country prescribes for them is for Complete to write. What would not
// validate is refused with the ids of the rules that it breaks (einvoice.invalid), and nothing is written. The standard rounds tax once
// for each category, so a document that rounds it per line can be refused for a minor unit (exchange.ubl_figures). A document in a foreign
// currency names the books' as the one that tax is declared in (BT-6), and what is declared of it (BT-111; Directive 2006/112/EC, Art. 230).
//
// Permission: exchange.export; it is on record that it leaves the house. Errors: exchange.bad_input, exchange.not_in_ubl (prices that
// include tax, withheld tax, grouped taxes), exchange.ubl_figures, tenancy.not_found, those of [einvoice.Calculate] and
// [einvoice.WriteUBL], and the writer's own.
func (s *Service) WriteUBL(ctx context.Context, w io.Writer, in UBLInvoice) error {
	const op = "exchange.WriteUBL"
	check := func() error {
		if w == nil || in.InvoiceID == uuid.Nil {
			return ErrBadInput.New(op, "a writer and InvoiceID are needed")
		}
		return nil
	}
	return s.export(ctx, check, func(ctx context.Context, _ *tenancy.Tx) error {
		v, err := s.books.GetInvoice(ctx, in.InvoiceID)
		if err != nil {
			return err
		}
		taxes, err := s.books.ListTaxes(ctx)
		if err != nil {
			return err
		}
		doc, err := s.documentOf(ctx, op, &v, taxes, &in)
		if err != nil {
			return err
		}
		if in.Complete != nil {
			in.Complete(&doc)
		}
		if err := einvoice.Calculate(&doc); err != nil {
			return err
		}
		if got, want := doc.Totals.TaxInTaxCurrency, declared(&v, doc.TaxCurrency); got != want {
			return ErrUBLFigures.New(op, "the tax of %s is declared at %s, and the document says %s (BT-111)", v.Number, want, got)
		}
		if t := &doc.Totals; t.Tax.Minor != v.Tax.Minor || t.WithTax.Minor != v.Gross.Minor || t.Payable.Minor != v.Payable.Minor {
			return ErrUBLFigures.New(op, "%s has %s with %s tax, and EN 16931 (BR-CO-15, BR-CO-17) %s with %s", v.Number, v.Gross, v.Tax, t.WithTax, t.Tax)
		}
		file, err := einvoice.WriteUBL(doc)
		if err != nil {
			return err
		}
		_, err = w.Write(file)
		return err
	})
}

// documentOf is an issued document in the terms of EN 16931, before its sums.
func (s *Service) documentOf(ctx context.Context, op string, v *accounting.InvoiceDetail, taxes []accounting.Tax, in *UBLInvoice) (einvoice.Document, error) {
	switch {
	case v.TaxIncluded:
		return einvoice.Document{}, ErrNotInUBL.New(op, "%s has prices that include tax, and the standard's do not", v.Number)
	case v.Withheld.Minor != 0:
		return einvoice.Document{}, ErrNotInUBL.New(op, "tax is withheld from %s, which the standard does not know", v.Number)
	}
	doc := einvoice.Document{Number: v.Number, IssueDate: v.InvoiceDate, Type: einvoice.CommercialInvoice, Currency: v.Net.Currency, DueDate: v.DueDate,
		Seller: partyIn(v.Text.OwnName, v.Text.OwnAddress, v.Text.OwnCountry, v.Text.OwnTaxID),
		Buyer:  partyIn(v.Text.PartyName, v.Text.PartyAddress, v.Text.PartyCountry, v.Text.PartyTaxID)}
	if v.Foreign() {
		books, err := s.books.GetBooks(ctx)
		if err != nil {
			return doc, err
		}
		doc.TaxCurrency = books.Currency
		doc.Totals.TaxInTaxCurrency = declared(v, books.Currency)
	}
	if v.TaxPoint != v.InvoiceDate {
		doc.TaxPointDate = v.TaxPoint
	}
	if v.Text.Note != "" {
		doc.Notes = []einvoice.Note{{Text: v.Text.Note}}
	}
	var err error
	if doc.PaymentTerms, err = s.termsOf(ctx, v); err != nil {
		return doc, err
	}
	switch v.Kind {
	case accounting.CreditNoteDocument:
		doc.Type, doc.DueDate = einvoice.CreditNote, date.Date{} // UBL's credit note has no place for it
	case accounting.DebitNoteDocument:
		doc.Type = einvoice.DebitNote
	case accounting.PrepaymentDocument:
		doc.Type = einvoice.PrepaymentInvoice
	case accounting.InvoiceDocument:
	}
	if err := s.addPrepayments(ctx, &doc, v); err != nil {
		return doc, err
	}
	if v.CorrectsID != uuid.Nil {
		before, err := s.books.GetInvoice(ctx, v.CorrectsID)
		if err != nil {
			return doc, err
		}
		doc.Preceding = []einvoice.Preceding{{Number: before.Number, IssueDate: before.InvoiceDate}}
	}
	for i := range v.Lines {
		if err := addLine(op, &doc, v, i, taxes, in); err != nil {
			return doc, err
		}
	}
	return doc, nil
}

// declared is a document's tax in the currency that it is declared in; not set where that is the document's own.
func declared(v *accounting.InvoiceDetail, in money.Currency) money.Amount {
	if !v.Foreign() {
		return money.Amount{}
	}
	return money.Amount{Minor: v.TaxBaseMinor, Currency: in}
}

// termsOf are the terms of payment in words (BT-20), for the standard has no fields for instalments and discounts: "" for one payment without
// a discount. Amounts of instalments are those of their open items.
func (s *Service) termsOf(ctx context.Context, v *accounting.InvoiceDetail) (string, error) {
	var out []string
	if v.Instalments > 1 {
		ids := make([]uuid.UUID, v.Instalments)
		for n := range ids {
			ids[n] = accounting.InstalmentID(v.ID, n+1)
		}
		items, err := s.books.OpenItemsByID(ctx, ids)
		if err != nil {
			return "", err
		}
		for n, id := range ids {
			if o, ok := items[id]; ok {
				out = append(out, "Instalment "+strconv.Itoa(n+1)+": "+o.Original.String()+" "+string(o.Original.Currency)+" due on "+o.DueDate.String()+".")
			}
		}
	}
	if !v.DiscountPercent.IsZero() {
		out = append(out, v.DiscountPercent.String()+" % discount if paid by "+v.DiscountUntil.String()+".")
	}
	return strings.Join(out, "\n"), nil
}

// addLine adds a line, or a discount or charge of the whole document.
func addLine(op string, doc *einvoice.Document, v *accounting.InvoiceDetail, i int, taxes []accounting.Tax, in *UBLInvoice) error {
	l := &v.Lines[i]
	tax, reason, err := taxIn(op, l, taxes)
	if err != nil {
		return err
	}
	if reason != nil && !slices.ContainsFunc(doc.Breakdown, func(b einvoice.TaxBreakdown) bool { return b.Tax.Category == tax.Category }) {
		doc.Breakdown = append(doc.Breakdown, *reason)
	}
	text := "Line " + strconv.Itoa(i+1)
	if i < len(v.Descriptions) && v.Descriptions[i] != "" {
		text = v.Descriptions[i]
	}
	if l.Kind != accounting.LineItem {
		amount := l.Net
		if l.Kind == accounting.LineDiscount {
			amount.Minor = -amount.Minor
		}
		doc.AllowanceCharges = append(doc.AllowanceCharges, einvoice.AllowanceCharge{Charge: l.Kind == accounting.LineCharge, Amount: amount, Tax: tax, Reason: text})
		return nil
	}
	unit := in.Unit
	if unit == "" {
		unit = "C62"
	}
	quantity, price := l.Quantity.Decimal(), l.UnitPrice
	if price.IsNegative() { // the standard wants the sign on the quantity (BR-27)
		quantity, price = quantity.Neg(), price.Neg()
	}
	line := einvoice.Line{ID: strconv.FormatInt(l.LineNo, 10), Quantity: decimal.NewNullDecimal(quantity), Unit: unit, Item: einvoice.Item{Name: text},
		Price: einvoice.Price{Net: decimal.NewNullDecimal(price)}, Tax: tax}
	if l.DiscountMinor != 0 {
		line.AllowanceCharges = append(line.AllowanceCharges, einvoice.AllowanceCharge{Amount: money.Of(l.DiscountMinor, l.Net.Currency), Reason: "Discount"})
	}
	if l.ChargeMinor != 0 {
		line.AllowanceCharges = append(line.AllowanceCharges, einvoice.AllowanceCharge{Charge: true, Amount: money.Of(l.ChargeMinor, l.Net.Currency), Reason: "Charge"})
	}
	doc.Lines = append(doc.Lines, line)
	return nil
}

// taxIn is a line's tax in the standard's terms, with the reason where none is charged. A line without a tax is outside its scope.
func taxIn(op string, l *accounting.InvoiceLine, taxes []accounting.Tax) (einvoice.Tax, *einvoice.TaxBreakdown, error) {
	if l.TaxID == uuid.Nil {
		t := einvoice.Untaxed(einvoice.NotSubject)
		return t, nil, nil
	}
	for i := range taxes {
		t := &taxes[i]
		if t.ID != l.TaxID {
			continue
		}
		category := einvoice.Category(t.Kind.Category())
		if category == "" {
			return einvoice.Tax{}, nil, ErrNotInUBL.New(op, "line %d: a tax of the kind %s has no category of the standard", l.LineNo, t.Kind)
		}
		if category == einvoice.StandardRated {
			return einvoice.Rated(l.TaxRate), nil, nil
		}
		untaxed := einvoice.Untaxed(category)
		if category == einvoice.ZeroRated { // it is rated, at zero: the standard wants no reason
			return untaxed, nil, nil
		}
		return untaxed, &einvoice.TaxBreakdown{Tax: untaxed, Reason: t.Reason, ReasonCode: t.ReasonCode}, nil
	}
	return einvoice.Tax{}, nil, ErrNotInUBL.New(op, "line %d: its tax is not known", l.LineNo)
}

// partyIn puts a party's text where the standard has places. Cities are not told from other lines.
func partyIn(name, address, country, taxID string) einvoice.Party {
	p := einvoice.Party{Name: name, TaxID: strings.ReplaceAll(taxID, " ", ""), Address: &einvoice.Address{Country: country}}
	for i, line := range strings.Split(address, "\n") {
		switch a := p.Address; i {
		case 0:
			a.Line1 = line
		case 1:
			a.Line2 = line
		case 2:
			a.Line3 = line
		default:
			a.Line3 += ", " + line
		}
	}
	return p
}
