package accounting_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// aheadHistory is a customer who pays in advance, late, too much and not at all.
type aheadHistory struct {
	*shop
	rt       *rapid.T
	on       date.Date
	invoices []accounting.Invoice // prepayments as well
	debts    []accounting.BadDebt
	advances []uuid.UUID // payments on account
	tax      int64       // what documents bear, less what they credit and set off
}

// lawfulRefusals are what an act of a random history may be refused with.
var lawfulRefusals = []error{accounting.ErrOverDeducted, accounting.ErrOverCredited, accounting.ErrOverAllocated, accounting.ErrNoRelief, accounting.ErrReferenceTaken,
	accounting.ErrNegativeTotal}

func (h *aheadHistory) draw(name string, n int) int { return rapid.IntRange(0, n-1).Draw(h.rt, name) }

// ok says whether an act was done.
func (h *aheadHistory) ok(err error) bool {
	if err == nil {
		return true
	}
	for _, lawful := range lawfulRefusals {
		if errors.Is(err, lawful) {
			return false
		}
	}
	require.NoError(h.rt, err)
	return false
}

// document draws a document of up to three lines.
func (h *aheadHistory) document(kind accounting.InvoiceKind) accounting.NewInvoice {
	in := accounting.NewInvoice{Kind: kind, PartyID: h.ann.ID, Date: h.on,
		TaxRounding: rapid.SampledFrom([]accounting.TaxRounding{accounting.RoundPerLine, accounting.RoundPerDocument}).Draw(h.rt, "rounding"), TaxIncluded: rapid.Bool().Draw(h.rt, "included")}
	for range 1 + h.draw("lines", 3) {
		in.Lines = append(in.Lines, accounting.NewInvoiceLine{Quantity: units(int64(1 + h.draw("quantity", 5))), UnitPrice: gbp(int64(1 + h.draw("price", 5_000))).Decimal(),
			TaxCode: rapid.SampledFrom([]string{"", "E", "S20", "R5", "C20", "I20"}).Draw(h.rt, "code")})
	}
	return in
}

func (h *aheadHistory) issued(in accounting.NewInvoice) {
	out, err := h.books.Issue(h.ctx, []accounting.NewInvoice{in})
	if !h.ok(err) {
		return
	}
	v := out[0]
	if v.Kind == accounting.CreditNoteDocument {
		h.tax -= v.Tax.Minor
		return
	}
	h.tax += v.Tax.Minor
	h.invoices = append(h.invoices, v)
	if v.Prepaid.Minor > 0 {
		d, err := h.books.GetInvoice(h.ctx, v.ID)
		require.NoError(h.rt, err)
		for _, p := range d.Prepayments {
			h.tax -= p.Tax.Minor
		}
	}
}

// any draws an issued document of a kind.
func (h *aheadHistory) any(kinds ...accounting.InvoiceKind) (accounting.Invoice, bool) {
	var some []accounting.Invoice
	for _, v := range h.invoices {
		if slices.Contains(kinds, v.Kind) {
			some = append(some, v)
		}
	}
	if len(some) == 0 {
		return accounting.Invoice{}, false
	}
	return some[h.draw("which", len(some))], true
}

// received is money from the customer, for an item or on account.
func (h *aheadHistory) received(minor int64, items ...uuid.UUID) uuid.UUID {
	var parts []accounting.PaymentAllocation
	for _, id := range items {
		parts = append(parts, part(id, minor))
	}
	return h.pay(received("", h.ann.ID, h.on.String(), minor, parts...))[0].ID
}

func (h *aheadHistory) refunded(minor int64, item uuid.UUID) {
	h.pay(accounting.NewPayment{PartyID: h.ann.ID, Direction: accounting.MoneyOut, Against: accounting.ByRole(accounting.RoleReceivable), Date: h.on, Amount: gbp(minor),
		Allocate: []accounting.PaymentAllocation{part(item, minor)}})
}

func (h *aheadHistory) step() {
	h.on = h.on.AddDays(h.draw("days", 12))
	open := h.open("2011-12-31")
	switch h.draw("act", 9) {
	case 0:
		h.issued(h.document(accounting.PrepaymentDocument))
	case 1: // a final invoice, supplied later or not
		in := h.document(accounting.InvoiceDocument)
		in.TaxPoint = h.on.AddDays(h.draw("later", 3) * 25)
		if p, ok := h.any(accounting.PrepaymentDocument); ok {
			in.Prepaid = []accounting.NewDeduction{{PrepaymentID: p.ID}}
			if rapid.Bool().Draw(h.rt, "in part") {
				in.Prepaid[0].Amount = gbp(int64(1 + h.draw("deduct", 10_000)))
			}
		}
		h.issued(in)
	case 2: // paid, in part or altogether
		if v, ok := h.any(accounting.InvoiceDocument, accounting.PrepaymentDocument); ok && open[v.ID] > 0 {
			h.received(rapid.SampledFrom([]int64{open[v.ID], (open[v.ID] + 1) / 2}).Draw(h.rt, "pays"), v.ID)
		}
	case 3: // credited in part
		if v, ok := h.any(accounting.InvoiceDocument, accounting.PrepaymentDocument); ok {
			in := h.document(accounting.CreditNoteDocument)
			in.CorrectsID, in.PartyID, in.Lines = v.ID, uuid.Nil, in.Lines[:1]
			in.Lines[0].UnitPrice = in.Lines[0].UnitPrice.DivRound(units(4).Decimal(), 2)
			h.issued(in)
		}
	case 4: // on account, declared
		id := h.received(int64(100 + h.draw("advance", 10_000)))
		_, err := h.books.DeclareAdvances(h.ctx, []accounting.NewAdvance{{PaymentID: id, Parts: []accounting.AdvancePart{{TaxCode: "S20", Amount: gbp(60)}, {TaxCode: "R5", Amount: gbp(40)}}}})
		require.NoError(h.rt, err)
		h.advances = append(h.advances, id)
	case 5: // an advance is allocated
		if v, ok := h.any(accounting.InvoiceDocument, accounting.PrepaymentDocument); ok && len(h.advances) > 0 {
			id := h.advances[h.draw("advance", len(h.advances))]
			if most := min(open[v.ID], -open[id]); most > 0 {
				_, err := h.books.Allocate(h.ctx, []accounting.NewAllocation{{DebitID: v.ID, CreditID: id, Date: h.on, Amount: gbp(1 + int64(h.draw("allocate", int(most))))}})
				require.NoError(h.rt, err)
			}
		}
	case 6: // lost
		if v, ok := h.any(accounting.InvoiceDocument); ok && open[v.ID] > 0 {
			out, err := h.books.RelieveBadDebts(h.ctx, []accounting.NewBadDebt{{InvoiceID: v.ID, Date: h.on, Amount: gbp(1 + int64(h.draw("lost", int(open[v.ID])))), Reason: "law"}})
			if h.ok(err) {
				h.debts = append(h.debts, out...)
			}
		}
	case 7: // and found
		h.found(false)
	case 8: // refunded
		if len(h.advances) > 0 {
			if id := h.advances[h.draw("refund", len(h.advances))]; open[id] < 0 {
				h.refunded(1+int64(h.draw("refunded", int(-open[id]))), id)
			}
		}
	}
}

// found recovers debts: a part of one, or all of all.
func (h *aheadHistory) found(all bool) {
	for i := range h.debts {
		d := &h.debts[i]
		left := d.Amount.Minor - d.RecoveredMinor
		if left == 0 {
			continue
		}
		if !all {
			left = 1 + int64(h.draw("found", int(left)))
		}
		h.recover(d.ID, h.received(left))
		d.RecoveredMinor += left
		if !all {
			return
		}
	}
}

// Whatever a customer pays in advance, is credited, refunded, given up and pays after all, of documents whose supply comes later or not:
// the report of each month equals the ledger, and when all is settled nothing waits, and what is declared is what the documents bear,
// once.
func TestLawTaxOfAdvancesIsDeclaredOnce(t *testing.T) {
	engines := []*tenancytest.Env{tenancytest.Open(t, "sqlite", modules), tenancytest.Open(t, "postgres", modules)}
	rapid.Check(t, func(rt *rapid.T) {
		h := &aheadHistory{shop: newShop(t, engines[rapid.IntRange(0, 1).Draw(rt, "engine")]), rt: rt, on: day("2010-11-01")}
		boxes := accounting.TaxBoxes{SaleBase: "6", SaleTax: "1"}
		relief := accounting.NewTaxRelief{Source: "a law for the test"}
		h.taxes(accounting.NewTax{Code: "S20", Rates: s20.Rates, Boxes: boxes, Relief: relief},
			accounting.NewTax{Code: "R5", Kind: accounting.TaxReduced, Rates: []accounting.NewTaxRate{rate("2000-01-01", "5.5")}, Boxes: boxes, Relief: relief},
			accounting.NewTax{Code: "I20", Rates: s20.Rates, Boxes: boxes, Due: accounting.TaxDueOnIssue, Relief: relief}, c20,
			accounting.NewTax{Code: "E", Kind: accounting.TaxExempt, Reason: "r", Boxes: accounting.TaxBoxes{SaleBase: "e"}})
		for range rapid.IntRange(4, 16).Draw(rt, "steps") {
			h.step()
		}
		for m := range 6 {
			h.boxesOf(day("2010-11-01").AddMonths(m).String()[:7]) // holds the report to the ledger
		}
		h.sound()
		for id, minor := range h.open("2011-12-31") {
			if minor > 0 {
				h.received(minor, id)
			} else {
				h.refunded(-minor, id)
			}
		}
		h.found(true)
		require.Empty(rt, h.open("2011-12-31"))
		require.Zero(rt, h.balance(accounting.RoleTaxNotDue))
		r, err := h.books.TaxReport(h.ctx, day("2010-01-01"), day("2011-12-31"))
		require.NoError(rt, err)
		require.Empty(rt, r.NotDue)
		declared := int64(0)
		for _, b := range r.Boxes {
			if b.Box == "1" {
				declared = b.Amount.Minor
			}
		}
		require.Equal(rt, h.tax, declared)
		require.Equal(rt, -h.tax, h.balance(accounting.RoleTax))
		h.sound()
	})
}
