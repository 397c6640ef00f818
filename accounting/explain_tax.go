package accounting

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// TaxOfLine is one tax of one line of a document, above zero for what the document adds.
type TaxOfLine struct {
	LineNo int64
	// Stated is what it was computed on: the line's amount as the document states it, with or without tax.
	Stated money.Amount
	Exact  decimal.Decimal // in units of the currency, before rounding; of a price that includes tax, to 30 digits of the minor unit
	Amount money.Amount
}

// taxedLine is a line of a document as far as its tax goes.
type taxedLine struct {
	no       int64
	tax      uuid.UUID
	point    date.Date
	trade    Trade
	included bool
	stated   money.Amount
}

// included notes the tax that the price of the last step's line includes.
func (r *Reason) included(included bool, tax money.Amount) {
	if included {
		r.Steps[len(r.Steps)-1].IncludedTaxMinor = tax.Minor
	}
}

// readTaxed reads all lines of the documents that bear tax, where it is tax that is explained.
func (w *explaining) readTaxed(ctx context.Context, tx *tenancy.Tx, sources map[string][]uuid.UUID, invoices []Invoice, bills []Bill) error {
	if len(w.taxes) == 0 || !w.set.taxAccounts[w.account.ID] && w.account.Role != RoleTaxNotDue && w.account.Role != RoleInputTaxNotDue {
		return nil
	}
	var sold []InvoiceLine
	var bought []BillLine
	b := tx.Batch()
	if of := sources["erp.invoices"]; len(of) > 0 {
		tenancy.Load(b, &sold, tenancy.In("invoice_id", unique(slices.Clone(of))), tenancy.OrderBy("line_no"))
	}
	if of := sources["erp.bills"]; len(of) > 0 {
		tenancy.Load(b, &bought, tenancy.In("bill_id", unique(slices.Clone(of))), tenancy.OrderBy("line_no"))
	}
	if err := b.Run(ctx); err != nil {
		return err
	}
	heads := map[uuid.UUID]*DocumentFigures{}
	for i := range invoices {
		heads[invoices[i].ID] = &invoices[i].DocumentFigures
	}
	for i := range bills {
		heads[bills[i].ID] = &bills[i].DocumentFigures
	}
	w.taxed = map[uuid.UUID][]taxedLine{}
	add := func(document uuid.UUID, trade Trade, no int64, taxID uuid.UUID, net, tax money.Amount) {
		v := heads[document]
		if v == nil || taxID == uuid.Nil {
			return
		}
		if v.TaxIncluded {
			net.Minor += tax.Minor
		}
		w.taxed[document] = append(w.taxed[document], taxedLine{no, taxID, v.TaxPoint, trade, v.TaxIncluded, net})
	}
	for i := range sold {
		add(sold[i].InvoiceID, Sale, sold[i].LineNo, sold[i].TaxID, sold[i].Net, sold[i].Tax)
	}
	for i := range bought {
		add(bought[i].BillID, Purchase, bought[i].LineNo, bought[i].TaxID, bought[i].Net, bought[i].Tax)
	}
	return nil
}

// byLine spells out what each line adds to a tax of its document, by the same computation that made it.
func (w *explaining) byLine(s *Step, t *TaxEntry) {
	if e := w.entries[t.EntryID]; e == nil || e.SourceID != t.SourceID || e.Kind == KindDiscount {
		return // what became due, or was taken back, is a part of the tax and not made of lines
	}
	alike := 0 // a tax stands alone and in a group: the rows do not say which lines are whose
	for i := range w.taxes {
		if x := &w.taxes[i]; x.EntryID == t.EntryID && x.TaxID == t.TaxID && x.Side == t.Side && x.Rate.Equal(t.Rate) {
			alike++
		}
	}
	if alike > 1 {
		return
	}
	exact := decimal.Zero
	for _, l := range w.taxed[t.SourceID] {
		code := w.set.taxByID(l.tax)
		if code == nil {
			continue
		}
		of, err := w.set.taxing("accounting.Explain", "", code.Code, l.point, true)
		if err != nil {
			continue
		}
		d := documentTaxes{trade: l.trade, included: l.included}
		for i := range of.parts {
			p := &of.parts[i]
			if p.tax.ID != t.TaxID || !p.rate.Equal(t.Rate) {
				continue
			}
			minor, err := d.share(p, of.within, l.stated.Minor, l.stated.Currency)
			if err != nil {
				continue
			}
			x := l.stated.Decimal().Mul(p.share).Shift(-2)
			switch {
			case l.trade == Sale && p.tax.Kind.selfAssessed():
				x = decimal.Zero // the buyer owes it
			case l.included:
				x = l.stated.Decimal().Mul(p.share).DivRound(hundred.Add(of.within), quotientDigits)
			}
			exact = exact.Add(x)
			s.Lines = append(s.Lines, TaxOfLine{LineNo: l.no, Stated: l.stated, Exact: x, Amount: money.Amount{Minor: minor, Currency: l.stated.Currency}})
		}
	}
	if len(s.Lines) > 0 && !w.taxed[t.SourceID][0].included {
		return // base x rate, which Exact says already
	}
	if len(s.Lines) > 0 {
		s.Exact = decimal.NewNullDecimal(exact)
		if t.Tax.Minor < 0 {
			s.Exact.Decimal = exact.Neg()
		}
	}
}
