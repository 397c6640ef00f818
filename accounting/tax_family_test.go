package accounting_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
)

var zeroRated = accounting.NewTax{Code: "Z", Kind: accounting.TaxZero, Reason: "r", Boxes: accounting.TaxBoxes{SaleBase: "z", PurchaseBase: "z"}}

// A credit is no payment: what it takes back is what it credits, and what waits of another rate waits on.
func TestACreditReleasesNoTaxOfAnotherRate(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20, c20, zeroRated)
		for name, c := range map[string]struct {
			taxed, zero string // codes
			supply      string
			credit      [2]string
			rest        int64
			first, then map[string]int64 // boxes of January and, of April, what the payment of the rest makes due
		}{
			"cash, the taxed line":         {"C20", "Z", "", [2]string{"1000", "C20"}, 50_000, map[string]int64{"z": 50_000}, map[string]int64{}},
			"cash, the zero-rated line":    {"C20", "Z", "", [2]string{"500", "Z"}, 120_000, map[string]int64{}, map[string]int64{"1": 20_000, "6": 100_000}},
			"supplied later, the taxed":    {"S20", "Z", "2010-03-15", [2]string{"1000", "S20"}, 50_000, map[string]int64{}, map[string]int64{}},
			"supplied later, the zero one": {"S20", "Z", "2010-03-15", [2]string{"500", "Z"}, 120_000, map[string]int64{}, map[string]int64{}},
		} {
			before, apriled := s.monthOf("2010-01"), s.monthOf("2010-04")
			in := document(s, "1000", c.taxed, "500", c.zero)
			in.Date = day("2010-01-10")
			if c.supply != "" {
				in.TaxPoint = day(c.supply)
			}
			v := s.issue(in)[0]
			s.issue(credits(s, v.ID, "2010-01-20", c.credit[:]...))
			require.Equal(t, c.first, less(s.monthOf("2010-01"), before), "%s: in January", name)
			s.pay(received("", s.ann.ID, "2010-04-10", c.rest, part(v.ID, c.rest)))
			require.Equal(t, c.first, less(s.monthOf("2010-01"), before), "%s: in January, afterwards", name)
			require.Equal(t, c.then, less(s.monthOf("2010-04"), apriled), "%s: in April", name)
			require.Zero(t, s.balance(accounting.RoleTaxNotDue), name)
		}
		s.sound()
	})
}

// After a part payment, tax is due as far as money was received for what is left of the supply.
func TestACreditAfterAPartPayment(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(c20, zeroRated)
		v := s.issue(document(s, "100", "C20", "50", "Z"))[0]
		s.pay(received("", s.ann.ID, "2010-12-05", 5_667, part(v.ID, 5_667)))
		require.Equal(t, map[string]int64{"1": 667, "6": 3_334, "z": 5_000}, s.boxes())
		c := s.issue(credits(s, v.ID, "2010-12-06", "50", "C20"))[0]
		require.Equal(t, map[string]int64{"1": 515, "6": 2_576, "z": 5_000}, s.boxes(), "56.67 / 110 of what is left")
		s.pay(received("", s.ann.ID, "2010-12-07", 5_333, part(v.ID, 5_333)))
		require.Equal(t, map[string]int64{"1": 1_000, "6": 5_000, "z": 5_000}, s.boxes())
		require.Zero(t, s.balance(accounting.RoleTaxNotDue))
		require.Zero(t, s.open("2010-12-31")[c.ID])

		// The rest of the taxed line, credited after all was paid, is owed to the customer; its tax is taken back as that is refunded.
		c = s.issue(credits(s, v.ID, "2010-12-08", "50", "C20"))[0]
		require.Equal(t, map[string]int64{"1": 1_000, "6": 5_000, "z": 5_000}, s.boxes())
		out := received("", s.ann.ID, "2010-12-09", 3_000, part(c.ID, 3_000))
		out.Direction = accounting.MoneyOut
		s.pay(out)
		require.Equal(t, map[string]int64{"1": 500, "6": 2_500, "z": 5_000}, s.boxes())
		s.pay(out)
		require.Equal(t, map[string]int64{"z": 5_000}, without(s.boxes()))
		s.sound()
	})
}

// The same of what we buy: tax is claimed as we pay it.
func TestAVendorsCreditReleasesNoTaxOfAnotherRate(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(c20, zeroRated)
		in := s.withNet(100_000, "C20")
		in.Lines = append(in.Lines, s.withNet(50_000, "Z").Lines...)
		b := s.bill(in)[0]
		back := s.withNet(100_000, "C20")
		back.Kind, back.CorrectsID, back.PartyID = accounting.VendorCreditDocument, b.ID, s.ben.ID
		s.bill(back)
		require.Equal(t, map[string]int64{"z": 50_000}, without(s.boxes()))
		s.pay(accounting.NewPayment{PartyID: s.ben.ID, Direction: accounting.MoneyOut, Date: day("2010-12-20"), Amount: gbp(50_000), Allocate: []accounting.PaymentAllocation{part(b.ID, 50_000)}})
		require.Equal(t, map[string]int64{"z": 50_000}, without(s.boxes()))
		require.Zero(t, s.balance(accounting.RoleInputTaxNotDue))
		s.sound()
	})
}

// monthOf is the return of a month.
func (s *shop) monthOf(month string) map[string]int64 {
	s.t.Helper()
	out, _ := s.boxesOf(month)
	return out
}

// less is what boxes have more than before, without those of nothing.
func less(boxes, before map[string]int64) map[string]int64 {
	for box, minor := range before {
		boxes[box] -= minor
	}
	return without(boxes)
}

// A credit may bear a tax that waits and that its document does not: nothing of it is to be received, so it is due as the credit is settled, and
// not when somebody pays the document, whose own tax waits for nothing.
func TestACreditOfATaxThatTheDocumentDoesNotBear(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(accounting.NewTax{Code: "I20", Rates: s20.Rates, Boxes: s20.Boxes, Due: accounting.TaxDueOnIssue}, c20)
		v := s.issue(document(s, "100", "I20"))[0]
		s.issue(credits(s, v.ID, "2010-12-06", "10", "C20"))
		require.Zero(t, s.balance(accounting.RoleTaxNotDue), "the credit took the document's own item down at once")
		require.Equal(t, map[string]int64{"1": 1_800, "6": 9_000}, s.boxes())
		s.pay(received("", s.ann.ID, "2010-12-07", 10_800, part(v.ID, 10_800)))
		require.Zero(t, s.balance(accounting.RoleTaxNotDue))
		require.Equal(t, map[string]int64{"1": 1_800, "6": 9_000}, s.boxes())
		s.sound()
	})
}

// A final document may bear nothing itself of the tax that its prepayment bore: what of that waits with it is its own matter, and the
// prepayment's, which was paid, is not due once more.
func TestAFinalDocumentWhosePrepaymentAloneWaits(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		five := s20
		five.Code, five.Kind, five.Rates = "R5", accounting.TaxReduced, []accounting.NewTaxRate{rate("2000-01-01", "5")}
		s.taxes(c20, five)
		p := s.issue(prepayment(s, "200", "C20", "100", "R5"))[0]
		s.pay(received("", s.ann.ID, "2010-12-05", 34_500, part(p.ID, 34_500)))
		require.Equal(t, map[string]int64{"1": 4_500, "6": 30_000}, s.boxes())
		final := s.issue(setsOff(document(s, "1000", "R5"), "2010-12-20", p.ID))[0]
		s.pay(received("", s.ann.ID, "2010-12-21", 105_000-34_500, part(final.ID, 105_000-34_500)))
		require.Zero(t, s.balance(accounting.RoleTaxNotDue))
		require.Equal(t, map[string]int64{"1": 5_000, "6": 100_000}, s.boxes())
		s.sound()
	})
}

// What a credit is analysed by does not make its tax due: it is netted with the document's, and each combination has its part.
func TestACreditUnderOtherDimensionsReleasesNoTax(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(c20)
		s.analysed()
		in := document(s, "100", "C20")
		in.Dimensions = accounting.Dimensions{"shop": "york"}
		v := s.issue(in)[0]
		back := credits(s, v.ID, "2010-12-06", "50", "C20")
		back.Dimensions = accounting.Dimensions{"shop": "leeds"}
		s.issue(back)
		require.Empty(t, s.boxes(), "nothing was received")
		s.pay(received("", s.ann.ID, "2010-12-07", 3_000, part(v.ID, 3_000)))
		require.Equal(t, map[string]int64{"1": 500, "6": 2_500}, s.boxes())
		s.pay(received("", s.ann.ID, "2010-12-08", 3_000, part(v.ID, 3_000)))
		require.Equal(t, map[string]int64{"1": 1_000, "6": 5_000}, s.boxes())
		require.Zero(t, s.balance(accounting.RoleTaxNotDue))
		shops, err := s.books.TaxReportBy(s.ctx, "shop", day("2010-12-01"), day("2010-12-31"))
		require.NoError(t, err)
		require.Len(t, shops, 2)
		for _, one := range shops {
			require.Empty(t, one.Report.NotDue, "nothing waits under %s", one.Value)
		}
		s.sound()
	})
}
