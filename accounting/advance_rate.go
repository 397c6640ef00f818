package accounting

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// A prepayment in a foreign currency is converted again when it is paid. What is paid in advance is no monetary item: it is worth what was
// paid, on the day on which it was paid, and stays so (IAS 21.23(b), IFRIC 22.8 and 22.9). So paying it realises nothing: where the payment
// and the claim stood in the books at different worths, the difference is a part of the advance. Its tax is chargeable on receipt, and has
// the rate of that day (Directive 2006/112/EC, Art. 65 and 91(2); UStG § 16 Abs. 6); tax that was due on issue stays as it was declared.

// advanceRateModel is the source of what another rate on the day of payment makes of the tax of a prepayment; the id is that of the prepayment.
const advanceRateModel = "erp.prepayment_rates"

// paidAhead is an allocation that settles a prepayment in a foreign currency. What it leaves over is booked once its tax is known.
type paidAhead struct {
	by          *Allocation
	item, other *OpenItem // of the prepayment, and what settles it
	where, lock string
	taxes       []*TaxEntry // the differences
}

// ahead notes an allocation of a prepayment in a foreign currency, and reports whether it is one.
func (s *settlement) ahead(where string, a *Allocation, debit, credit *OpenItem) bool {
	if a.Amount.Currency == s.plan.set.books.Currency {
		return false
	}
	p := &paidAhead{by: a, item: debit, other: credit, where: where, lock: s.exception}
	if credit.Kind == KindPrepayment || credit.Kind == KindVendorPrepayment {
		p.item, p.other = credit, debit
	}
	if p.item.Kind != KindPrepayment && p.item.Kind != KindVendorPrepayment {
		return false
	}
	s.paidAhead = append(s.paidAhead, p)
	return true
}

// paid reports whether money settles the prepayment; a credit takes it back as it was claimed.
func (p *paidAhead) paid() bool {
	return p.other.Kind == KindPayment || p.other.Kind == KindEntry || p.other.Kind == KindOpening
}

// advances are what the lines of prepayments went to, by prepayment and in proportion.
type advances map[uuid.UUID][]partSum

// load asks for the lines; the answer is there once the batch ran.
func (all advances) load(b *tenancy.Batch, paid []*paidAhead) func() {
	ids := make([]uuid.UUID, len(paid))
	for i := range paid {
		ids[i] = paid[i].item.ID
	}
	if len(ids) == 0 {
		return func() {}
	}
	var sold []InvoiceLine
	var bought []BillLine
	tenancy.Load(b, &sold, tenancy.In("invoice_id", unique(ids)), tenancy.OrderBy("invoice_id", "line_no"))
	tenancy.Load(b, &bought, tenancy.In("bill_id", unique(ids)), tenancy.OrderBy("bill_id", "line_no"))
	add := func(id, account, set uuid.UUID, net int64) {
		parts := all[id]
		addPart(&parts, account, lineDims{set: set, booked: true}, net)
		all[id] = parts
	}
	return func() {
		for i := range sold {
			add(sold[i].InvoiceID, sold[i].AccountID, sold[i].DimensionSetID, sold[i].Net.Minor)
		}
		for i := range bought {
			add(bought[i].BillID, bought[i].AccountID, bought[i].DimensionSetID, bought[i].Net.Minor+bought[i].NotRecoverableMinor)
		}
	}
}

// readRates reads the rates of the days on which prepayments were paid whose tax waits for that.
func (w *taxBecomingDue) readRates(ctx context.Context, paid []*paidAhead) error {
	w.ahead = map[*Allocation]*paidAhead{}
	books := &w.plan.set.books
	w.rates = newRateTable(w.plan.op, books.Currency, books.RateMaxAgeDays)
	for _, p := range paid {
		w.ahead[p.by] = p
		if p.paid() && len(w.waiting[p.item.EntryID]) > 0 {
			w.rates.want(p.item.Original.Currency, p.other.ItemDate)
		}
	}
	return w.rates.load(ctx, w.plan.tx)
}

// rerate notes what the rate of the day of payment makes of a part of a tax that becomes due by it. Errors: accounting.no_rate,
// accounting.amount_limit.
func (w *taxBecomingDue) rerate(e settled, t *TaxEntry, due *taxFigures) error {
	p := w.ahead[e.by]
	if p == nil || p.item != e.item || !p.paid() {
		return nil
	}
	var in [3]int64
	for i, minor := range []int64{due[3], due[4], due[4] + due[5]} {
		if minor == 0 {
			continue
		}
		of, _, err := w.rates.convert(p.where, money.Amount{Minor: minor, Currency: t.DocumentCurrency}, p.other.ItemDate)
		if err != nil {
			return err
		}
		in[i] = of.Minor
	}
	by := taxFigures{in[0] - due[0], in[1] - due[1], in[2] - in[1] - due[2]}
	if by == (taxFigures{}) {
		return nil
	}
	row := w.plan.taxPart(t, e.on, 1, by)
	if err := w.plan.set.stand(w.plan.op, p.where, row, true); err != nil {
		return err
	}
	row.SourceModel, row.SourceID = advanceRateModel, t.SourceID
	p.taxes = append(p.taxes, row)
	return nil
}

// bookAdvances books what paying prepayments leaves over: to their tax what the rate of the day makes of it, and the rest to the advance.
func (w *taxBecomingDue) bookAdvances(paid []*paidAhead, of advances) error {
	for _, p := range paid {
		left := p.by.DebitBaseMinor - p.by.CreditBaseMinor
		fact := advanceRateFact{ID: p.by.ID, PartyID: p.by.PartyID, Control: ByID(p.item.AccountID), Date: p.by.AllocatedOn, Currency: p.by.Amount.Currency, Lock: p.lock,
			Left: money.Amount{Minor: left, Currency: w.plan.set.books.Currency}, Taxes: p.taxes, Advances: of[p.item.ID]}
		for _, t := range p.taxes {
			left -= t.ledgerMinor()
		}
		if err := spread(fact.Advances, left); err != nil {
			return err
		}
		e := advanceRateEntry(&fact)
		if len(e.Lines) == 0 {
			continue
		}
		entry, err := w.plan.add(p.where, &e, booking{})
		if err != nil {
			return err
		}
		p.by.EntryID = entry.ID
		for _, t := range p.taxes {
			t.EntryID, t.EntryDate = entry.ID, entry.EntryDate
		}
		w.rows = append(w.rows, p.taxes...)
	}
	return nil
}
