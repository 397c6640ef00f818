package exchange

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// papers is what the files of a batch of documents are made of, read at once.
type papers struct {
	documents map[uuid.UUID]accounting.InvoiceDetail
	before    map[uuid.UUID]accounting.Invoice  // what they correct or set off
	items     map[uuid.UUID]accounting.OpenItem // of those that are paid in instalments
	taxes     map[uuid.UUID]*accounting.Tax
	base      money.Currency
}

// renderUBL makes the files of a batch.
func (s *Service) renderUBL(ctx context.Context, op string, in []UBLInvoice) ([]UBLFile, error) {
	p, err := s.papersOf(ctx, in)
	if err != nil {
		return nil, err
	}
	out := make([]UBLFile, len(in))
	for i := range in {
		f := UBLFile{InvoiceID: in[i].InvoiceID}
		f.Content, f.Refusal = p.render(op, &in[i])
		out[i] = f
	}
	return out, nil
}

// papersOf reads what a batch needs. Only what documents name more than a thousand of takes more statements.
func (s *Service) papersOf(ctx context.Context, in []UBLInvoice) (*papers, error) {
	ids := make([]uuid.UUID, len(in))
	for i := range in {
		ids[i] = in[i].InvoiceID
	}
	p := &papers{taxes: map[uuid.UUID]*accounting.Tax{}}
	var err error
	if p.documents, err = s.books.InvoiceDetailsByID(ctx, ids); err != nil || len(p.documents) == 0 {
		return p, err
	}
	books, err := s.books.GetBooks(ctx)
	if err != nil {
		return nil, err
	}
	p.base = books.Currency
	taxes, err := s.books.ListTaxes(ctx)
	if err != nil {
		return nil, err
	}
	for i := range taxes {
		p.taxes[taxes[i].ID] = &taxes[i]
	}
	var before, items []uuid.UUID
	for _, v := range p.documents {
		if v.CorrectsID != uuid.Nil {
			before = append(before, v.CorrectsID)
		}
		for i := range v.Prepayments {
			before = append(before, v.Prepayments[i].PrepaymentID)
		}
		if v.Instalments > 1 {
			for n := range v.Instalments {
				items = append(items, accounting.InstalmentID(v.ID, int(n)+1))
			}
		}
	}
	if p.before, err = inThousands(ctx, before, s.books.InvoicesByID); err != nil {
		return nil, err
	}
	p.items, err = inThousands(ctx, items, s.books.OpenItemsByID)
	return p, err
}

// inThousands finds rows by as many ids as there are.
func inThousands[T any](ctx context.Context, ids []uuid.UUID, find func(context.Context, []uuid.UUID) (map[uuid.UUID]T, error)) (map[uuid.UUID]T, error) {
	out := map[uuid.UUID]T{}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return strings.Compare(string(a[:]), string(b[:])) })
	for part := range slices.Chunk(slices.Compact(ids), accounting.MaxBatch) {
		found, err := find(ctx, part)
		if err != nil {
			return nil, err
		}
		maps.Copy(out, found)
	}
	return out, nil
}

// render makes the file of one document, or says why there is none.
func (p *papers) render(op string, in *UBLInvoice) ([]byte, error) {
	v, ok := p.documents[in.InvoiceID]
	if !ok {
		return nil, tenancy.ErrNotFound.New(op, "there is no such document")
	}
	doc, err := p.documentOf(op, &v, in)
	if err != nil {
		return nil, err
	}
	if in.Complete != nil {
		in.Complete(&doc)
	}
	if err := einvoice.Calculate(&doc); err != nil {
		return nil, err
	}
	if got, want := doc.Totals.TaxInTaxCurrency, declared(&v, doc.TaxCurrency); got != want {
		return nil, ErrUBLFigures.New(op, "the tax of %s is declared at %s, and the document says %s (BT-111)", v.Number, want, got)
	}
	if t := &doc.Totals; t.Tax.Minor != v.Tax.Minor || t.WithTax.Minor != v.Gross.Minor || t.Payable.Minor != v.Payable.Minor {
		return nil, ErrUBLFigures.New(op, "%s has %s with %s tax, and EN 16931 (BR-CO-15, BR-CO-17) %s with %s", v.Number, v.Gross, v.Tax, t.WithTax, t.Tax)
	}
	return einvoice.WriteUBL(doc)
}

// documentOf is an issued document in the terms of EN 16931, before its sums.
func (p *papers) documentOf(op string, v *accounting.InvoiceDetail, in *UBLInvoice) (einvoice.Document, error) {
	switch {
	case v.TaxIncluded:
		return einvoice.Document{}, ErrNotInUBL.New(op, "%s has prices that include tax, and the standard's do not", v.Number)
	case v.Withheld.Minor != 0:
		return einvoice.Document{}, ErrNotInUBL.New(op, "tax is withheld from %s, which the standard does not know", v.Number)
	}
	doc := einvoice.Document{Number: v.Number, IssueDate: v.InvoiceDate, Type: einvoice.CommercialInvoice, Currency: v.Net.Currency, DueDate: v.DueDate,
		PaymentTerms: p.termsOf(v),
		Seller:       partyIn(v.Text.OwnName, v.Text.OwnAddress, v.Text.OwnCountry, v.Text.OwnTaxID),
		Buyer:        partyIn(v.Text.PartyName, v.Text.PartyAddress, v.Text.PartyCountry, v.Text.PartyTaxID)}
	if v.Foreign() {
		doc.TaxCurrency = p.base
		doc.Totals.TaxInTaxCurrency = declared(v, p.base)
	}
	if v.TaxPoint != v.InvoiceDate {
		doc.TaxPointDate = v.TaxPoint
	}
	if v.Text.Note != "" {
		doc.Notes = []einvoice.Note{{Text: v.Text.Note}}
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
	p.addPrepayments(&doc, v)
	if v.CorrectsID != uuid.Nil {
		before := p.before[v.CorrectsID]
		doc.Preceding = append(doc.Preceding, einvoice.Preceding{Number: before.Number, IssueDate: before.InvoiceDate})
	}
	for i := range v.Lines {
		if err := addLine(op, &doc, v, i, p.taxes, in); err != nil {
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
func (p *papers) termsOf(v *accounting.InvoiceDetail) string {
	var out []string
	if v.Instalments > 1 {
		for n := range int(v.Instalments) {
			if o, ok := p.items[accounting.InstalmentID(v.ID, n+1)]; ok {
				out = append(out, "Instalment "+strconv.Itoa(n+1)+": "+o.Original.String()+" "+string(o.Original.Currency)+" due on "+o.DueDate.String()+".")
			}
		}
	}
	if !v.DiscountPercent.IsZero() {
		out = append(out, v.DiscountPercent.String()+" % discount if paid by "+v.DiscountUntil.String()+".")
	}
	return strings.Join(out, "\n")
}
