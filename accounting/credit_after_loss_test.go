package accounting_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/laws"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// lossTaxes are two that wait for payment, and two of which relief is given.
func (s *shop) lossTaxes() {
	for code, percent := range map[string]string{"C20": "20", "C5": "5", "D20": "20", "D7": "7"} {
		t := accounting.NewTax{Code: code, Rates: []accounting.NewTaxRate{rate("2000-01-01", percent)}, Boxes: accounting.TaxBoxes{SaleBase: code, SaleTax: "t" + code},
			Relief: accounting.NewTaxRelief{Source: "law"}}
		if code[0] == 'C' {
			t.Due = accounting.TaxDueOnPayment
		}
		if len(percent) == 1 {
			t.Kind = accounting.TaxReduced
		}
		s.taxes(t)
	}
	_, err := s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 7, WriteOffLimit: gbp(1_000_000)})
	require.NoError(s.t, err)
}

func (s *shop) writeOff(item uuid.UUID, minor int64) accounting.Allocation {
	s.t.Helper()
	out, err := s.books.WriteOff(s.ctx, []accounting.NewWriteOff{{ItemID: item, Date: day("2010-12-03"), PaymentWriteOff: accounting.PaymentWriteOff{Amount: gbp(minor),
		Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "gone"}}})
	require.NoError(s.t, err)
	return out[0]
}

// Half of a document of two rates is given up, and with it half of each. Of one rate the other half can be credited and no more; claimed again, all of it.
func TestACreditAfterALossTakesWhatIsLeftOfItsRate(t *testing.T) {
	for _, codes := range [][2]string{{"C20", "C5"}, {"D20", "D7"}} {
		each(t, func(t *testing.T, s *shop) {
			s.lossTaxes()
			gross := map[string]int64{"C5": 22_500, "D7": 22_700}[codes[1]]
			v := s.issue(document(s, "100", codes[0], "100", codes[1]))[0]
			var again func()
			if codes[0] == "C20" {
				a := s.writeOff(v.ID, gross/2)
				again = func() { s.unallocate("2010-12-15", a.ID) }
			} else {
				d := s.relieve(v.ID, "2010-12-03", gross/2)
				again = func() { s.recover(d.ID, s.pay(received("", s.ann.ID, "2010-12-15", gross/2))[0].ID) }
			}
			_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{credits(s, v.ID, "2010-12-04", "50.01", codes[0])})
			require.ErrorIs(t, err, accounting.ErrOverCredited)
			require.ErrorContains(t, err, fmt.Sprintf("50.00 of invoice %s at 20 %% can be credited, and not 50.01: the rest was written off or relieved with its tax", v.Number))
			first := credits(s, v.ID, "2010-12-04", "30", codes[0])
			_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{first, credits(s, v.ID, "2010-12-04", "20.01", codes[0])})
			require.ErrorIs(t, err, accounting.ErrOverCredited, "nor by two of one batch")
			s.issue(first, credits(s, v.ID, "2010-12-04", "20", codes[0]))
			left := s.open("2010-12-31")[v.ID]
			require.Equal(t, gross-gross/2-6_000, left)
			s.pay(received("", s.ann.ID, "2010-12-10", left, part(v.ID, left)))
			now := s.boxes()
			require.Zero(t, now[codes[0]]+now["t"+codes[0]], "half was lost, half credited: %v", now)
			require.Equal(t, int64(5_000), now[codes[1]], "%v", now)
			require.Zero(t, s.balance(accounting.RoleTaxNotDue))
			again()
			s.issue(credits(s, v.ID, "2010-12-20", "50", codes[0]))
			s.sound()
		})
	}
}

// losses is a document of several rates, and what becomes of it.
type losses struct {
	*shop
	rt     *rapid.T
	id     uuid.UUID
	left   map[string]int64 // of each rate's lines, what is not credited, in pennies
	writes []uuid.UUID      // allocations of write-offs
	debts  []accounting.BadDebt
}

// Whatever is given up, recovered, claimed again, paid and credited by line, and in whatever order: no rate is ever declared below zero, by
// more than the penny that rounding a tax may leave.
func TestLawNoRateIsCreditedBeyondWhatIsLeftOfIt(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			env := tenancytest.Open(t, engine, modules)
			laws.Check(t, 12, func(rt *rapid.T) {
				h := &losses{shop: newShop(t, env), rt: rt, left: map[string]int64{}}
				h.lossTaxes()
				h.begin()
				for range rapid.IntRange(2, 7).Draw(rt, "acts") {
					rapid.SampledFrom([]func(){h.lose, h.lose, h.credit, h.credit, h.payPart, h.findAgain}).Draw(rt, "act")()
					h.lawful()
				}
				if left := h.owes(); left > 0 {
					h.pay(received("", h.ann.ID, "2010-12-20", left, part(h.id, left)))
				}
				h.lawful()
				h.sound()
			})
		})
	}
}

func inPounds(minor int64) string { return gbp(minor).Decimal().StringFixed(2) }

func (h *losses) begin() {
	var pairs []string
	for range rapid.IntRange(2, 4).Draw(h.rt, "lines") {
		code := rapid.SampledFrom([]string{"C20", "C5", "D20", "D7"}).Draw(h.rt, "code")
		minor := rapid.Int64Range(100, 9_999).Draw(h.rt, "net")
		pairs, h.left[code] = append(pairs, inPounds(minor), code), h.left[code]+minor
	}
	in := document(h.shop, pairs...)
	discounted := rapid.Bool().Draw(h.rt, "discounted")
	if discounted {
		in.Terms.Discount = accounting.EarlyDiscount{Percent: price("3"), Until: day("2010-12-31")}
	}
	h.id = h.issue(in)[0].ID
	if discounted {
		_, err := h.books.TakeDiscount(h.ctx, []accounting.NewDiscount{{DocumentID: h.id, Date: day("2010-12-02")}})
		require.NoError(h.rt, err)
	}
}

func (h *losses) owes() int64 { return h.open("2010-12-31")[h.id] }

// lose writes a part off, or has relief for it.
func (h *losses) lose() {
	left := h.owes()
	if left <= 0 {
		return
	}
	minor := rapid.Int64Range(1, left).Draw(h.rt, "lost")
	if rapid.Bool().Draw(h.rt, "relief") {
		h.debts = append(h.debts, h.relieve(h.id, "2010-12-13", minor))
		return
	}
	h.writes = append(h.writes, h.giveUp(minor))
}

func (h *losses) giveUp(minor int64) uuid.UUID {
	out, err := h.books.WriteOff(h.ctx, []accounting.NewWriteOff{{ItemID: h.id, Date: day("2010-12-13"), PaymentWriteOff: accounting.PaymentWriteOff{Amount: gbp(minor),
		Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "gone"}}})
	require.NoError(h.rt, err)
	return out[0].ID
}

// credit takes a part of one rate back, where it may.
func (h *losses) credit() {
	code := rapid.SampledFrom(slices.Sorted(maps.Keys(h.left))).Draw(h.rt, "credited")
	if h.left[code] == 0 {
		return
	}
	minor := rapid.Int64Range(1, h.left[code]).Draw(h.rt, "back")
	_, err := h.books.Issue(h.ctx, []accounting.NewInvoice{credits(h.shop, h.id, "2010-12-13", inPounds(minor), code)})
	if err != nil {
		require.ErrorIs(h.rt, err, accounting.ErrOverCredited)
		return
	}
	h.left[code] -= minor
}

func (h *losses) payPart() {
	if left := h.owes(); left > 0 {
		minor := rapid.Int64Range(1, left).Draw(h.rt, "paid")
		h.pay(received("", h.ann.ID, "2010-12-13", minor, part(h.id, minor)))
	}
}

// findAgain claims a write-off again, or recovers a debt.
func (h *losses) findAgain() {
	switch {
	case len(h.writes) > 0 && rapid.Bool().Draw(h.rt, "claim again"):
		h.unallocate("2010-12-13", h.writes[0])
		h.writes = slices.Delete(h.writes, 0, 1)
	case len(h.debts) > 0:
		d := h.debts[0]
		h.recover(d.ID, h.pay(received("", h.ann.ID, "2010-12-13", d.Amount.Minor))[0].ID)
		h.debts = slices.Delete(h.debts, 0, 1)
	}
}

func (h *losses) lawful() {
	for box, minor := range h.boxes() {
		require.GreaterOrEqual(h.rt, minor, int64(-1), box)
	}
}
