package accounting_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
)

// discounted is an invoice of 1,200.00, or of odd figures, whose discount of 2 per cent was taken and whose rest was paid.
func (s *shop) discounted(net string) accounting.Invoice {
	s.t.Helper()
	in := document(s, net, "S20")
	in.Due, in.Terms.Discount = day("2010-12-31"), accounting.EarlyDiscount{Percent: price("2"), Until: day("2010-12-11")}
	v := s.issue(in)[0]
	_, err := s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: v.ID, Date: day("2010-12-10")}})
	require.NoError(s.t, err)
	left := s.open("2010-12-31")[v.ID]
	s.pay(received("", s.ann.ID, "2010-12-10", left, part(v.ID, left)))
	return v
}

// owed is what a party owes, or below zero is owed, by all its items.
func (s *shop) owed(party uuid.UUID) (sum int64) {
	s.t.Helper()
	items, err := s.books.OpenItems(s.ctx, day("2011-12-31"))
	require.NoError(s.t, err)
	for _, o := range items.Items {
		if o.PartyID == party {
			sum += o.OpenMinor
		}
	}
	return sum
}

func TestAReversalTakesTheDiscountBack(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		v := s.discounted("1000")
		credit, err := s.books.ReverseInvoices(s.ctx, []accounting.DocumentReversal{{DocumentID: v.ID, Date: day("2010-12-20"), Reason: "never delivered"}})
		require.NoError(t, err)
		require.Equal(t, v.Gross, credit[0].Gross)
		require.Equal(t, int64(-117_600), s.owed(s.ann.ID), "what was paid is what is owed")
		require.Equal(t, map[string]int64{"1": 0, "6": 0}, s.boxes(), "no more tax is taken back than was declared")
		require.Zero(t, s.balance(accounting.RoleDiscountGiven))
		require.Zero(t, s.balance(accounting.RoleTax))
		_, err = s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: v.ID, Date: day("2010-12-09")}})
		require.ErrorIs(t, err, accounting.ErrDiscountTaken)
		s.sound()
	})
}

// Credits take the discount back in proportion, whatever the figures: at any time the tax declared lies between nothing and what was
// declared, and with the last credit nothing is left of either.
func TestPartialCreditsTakeTheDiscountBack(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		for net, credits := range map[string][]string{"1000": {"333.30", "333.35", "333.35"}, "33.35": {"11.10", "11.15", "11.10"}, "0.55": {"0.15", "0.20", "0.20"}} {
			before, earlier := s.owed(s.ann.ID), s.boxes()["1"]
			v := s.discounted(net)
			require.Equal(t, before, s.owed(s.ann.ID))
			declared := s.boxes()["1"] - earlier
			for _, credit := range credits {
				c := document(s, credit, "S20")
				c.Kind, c.CorrectsID, c.PartyID, c.Date = accounting.CreditNoteDocument, v.ID, uuid.Nil, day("2010-12-20")
				s.issue(c)
				left := s.boxes()["1"] - earlier
				require.GreaterOrEqual(t, left, int64(0))
				require.LessOrEqual(t, left, declared)
			}
			paid := v.Gross.Minor * 98 / 100
			require.InDelta(t, float64(before-paid), float64(s.owed(s.ann.ID)), 1, "what was paid is what is owed")
			require.Zero(t, s.balance(accounting.RoleDiscountGiven), net)
			require.Zero(t, s.balance(accounting.RoleTax), net)
			require.Zero(t, s.balance(sales), net)
		}
		// Nothing was paid yet: half of the invoice, less half of the discount, is left to pay, and as one item.
		in := document(s, "1000", "S20")
		in.Due, in.Terms.Discount = day("2010-12-31"), accounting.EarlyDiscount{Percent: price("2"), Until: day("2010-12-11")}
		v := s.issue(in)[0]
		_, err := s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: v.ID, Date: day("2010-12-10")}})
		require.NoError(t, err)
		c := document(s, "500", "S20")
		c.Date = day("2010-12-20")
		c.Kind, c.CorrectsID, c.PartyID = accounting.CreditNoteDocument, v.ID, uuid.Nil
		s.issue(c)
		require.Equal(t, int64(58_800), s.open("2011-12-31")[v.ID])
		require.Equal(t, int64(9_800), -s.balance(accounting.RoleTax))
		s.sound()
	})
}

func TestAVendorsCreditTakesTheDiscountBack(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		half := s20
		half.Code, half.NotRecoverable = "H20", price("50")
		s.taxes(s20, half)
		for _, code := range []string{"S20", "H20"} {
			bill := s.withNet(100_001, code)
			bill.Terms.Discount = accounting.EarlyDiscount{Percent: price("3"), Until: day("2010-12-11")}
			b := s.bill(bill)[0]
			_, err := s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: b.ID, Date: day("2010-12-10")}})
			require.NoError(t, err)
			left := s.open("2010-12-31")[b.ID]
			s.pay(accounting.NewPayment{PartyID: s.ben.ID, Direction: accounting.MoneyOut, Date: day("2010-12-10"), Amount: gbp(-left), Allocate: []accounting.PaymentAllocation{part(b.ID, -left)}})
			before := s.owed(s.ben.ID)
			_, err = s.books.ReverseBills(s.ctx, []accounting.DocumentReversal{{DocumentID: b.ID, Date: day("2010-12-20"), Reason: "sent back"}})
			require.NoError(t, err)
			require.Equal(t, before-left, s.owed(s.ben.ID), "what was paid is what is owed")
			require.Zero(t, s.balance(accounting.RoleDiscountTaken))
			require.Zero(t, s.balance(accounting.RoleInputTax))
			require.Equal(t, map[string]int64{"4": 0, "7": 0}, s.boxes())
		}
		s.sound()
	})
}

func TestWhatWasWrittenOffIsNotCredited(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		_, err := s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 7, WriteOffLimit: gbp(100_000)})
		require.NoError(t, err)
		v := s.issue(document(s, "1000", "S20"))[0]
		s.pay(received("", s.ann.ID, "2010-12-10", 110_000, part(v.ID, 110_000)))
		_, err = s.books.WriteOff(s.ctx, []accounting.NewWriteOff{{ItemID: v.ID, Date: day("2010-12-12"), PaymentWriteOff: accounting.PaymentWriteOff{
			Amount: gbp(10_000), Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "gone"}}})
		require.NoError(t, err)
		reversal := []accounting.DocumentReversal{{DocumentID: v.ID, Date: day("2010-12-20"), Reason: "never delivered"}}
		_, err = s.books.ReverseInvoices(s.ctx, reversal)
		require.ErrorIs(t, err, accounting.ErrOverCredited)
		require.ErrorContains(t, err, "100.00 of invoice "+v.Number+" was written off")
		c := document(s, "100", "S20")
		c.Kind, c.CorrectsID, c.PartyID = accounting.CreditNoteDocument, v.ID, uuid.Nil
		s.issue(c)

		off := s.allocations(v.ID)
		i := slices.IndexFunc(off, func(a accounting.Allocation) bool { return a.Amount.Minor == 10_000 })
		s.unallocate("2010-12-15", off[i].ID) // claimed again
		c.Lines[0].UnitPrice = price("900")
		s.issue(c)
		require.Equal(t, int64(-110_000), s.owed(s.ann.ID))
		require.Zero(t, s.balance(accounting.RoleTax))

		b := s.bill(s.withNet(5000, "S20"))[0]
		_, err = s.books.WriteOff(s.ctx, []accounting.NewWriteOff{{ItemID: b.ID, Date: day("2010-12-12"), PaymentWriteOff: accounting.PaymentWriteOff{
			Amount: gbp(1), Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "pennies"}}})
		require.NoError(t, err)
		_, err = s.books.ReverseBills(s.ctx, []accounting.DocumentReversal{{DocumentID: b.ID, Date: day("2010-12-20"), Reason: "sent back"}})
		require.ErrorIs(t, err, accounting.ErrOverCredited)
		s.sound()
	})
}

// What a credit took back of a discount is not undone a second time with the discount.
func TestADiscountThatACreditTookBackIsNotUndone(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		in := document(s, "1000", "S20")
		in.Terms.Discount = accounting.EarlyDiscount{Percent: price("2"), Until: day("2010-12-11")}
		v := s.issue(in)[0]
		_, err := s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: v.ID, Date: day("2010-12-10")}})
		require.NoError(t, err)
		off := s.allocations(v.ID)[0].ID
		c := document(s, "100", "S20")
		c.Kind, c.CorrectsID, c.PartyID = accounting.CreditNoteDocument, v.ID, uuid.Nil
		s.issue(c)
		_, err = s.books.Unallocate(s.ctx, []accounting.Unallocation{{AllocationID: off, Date: day("2010-12-31"), Reason: "too late"}})
		require.ErrorIs(t, err, accounting.ErrOfReversal)
	})
}

// A discount falls on what is left of each rate, and a credit of one rate takes it back of that rate alone, whichever comes first: of an
// invoice of 1,000.00 at 19 and 1,000.00 at 7 per cent with 3 per cent off, 970.00 at 7 is left once the first line is credited.
func TestDiscountAndCreditOfOneRate(t *testing.T) {
	nineteen, seven := s20, s20
	nineteen.Code, nineteen.Rates = "S19", []accounting.NewTaxRate{rate("2000-01-01", "19")}
	nineteen.Boxes = accounting.TaxBoxes{SaleBase: "81", SaleTax: "19", PurchaseBase: "b81", PurchaseTax: "b19"}
	seven.Code, seven.Kind, seven.Rates = "R7", accounting.TaxReduced, []accounting.NewTaxRate{rate("2000-01-01", "7")}
	seven.Boxes = accounting.TaxBoxes{SaleBase: "86", SaleTax: "7", PurchaseBase: "b86", PurchaseTax: "b7"}
	each(t, func(t *testing.T, s *shop) {
		s.taxes(nineteen, seven)
		discount := func(id uuid.UUID) {
			_, err := s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: id, Date: day("2010-12-10")}})
			require.NoError(t, err)
		}
		early := accounting.EarlyDiscount{Percent: price("3"), Until: day("2010-12-11")}
		for _, first := range []string{"credit", "discount"} {
			before, owed := s.boxes(), s.owed(s.ann.ID)
			in := document(s, "1000", "S19", "1000", "R7")
			in.Terms.Discount = early
			v := s.issue(in)[0]
			if first == "discount" {
				discount(v.ID)
				s.pay(received("", s.ann.ID, "2010-12-10", 219_220, part(v.ID, 219_220)))
				s.issue(credits(s, v.ID, "2010-12-20", "1000", "S19"))
				require.Equal(t, int64(-115_430), s.owed(s.ann.ID)-owed, "97 per cent of the line")
			} else {
				s.issue(credits(s, v.ID, "2010-12-05", "1000", "S19"))
				discount(v.ID)
				require.Equal(t, int64(103_790), s.open("2010-12-31")[v.ID])
				s.pay(received("", s.ann.ID, "2010-12-10", 103_790, part(v.ID, 103_790)))
			}
			require.Equal(t, map[string]int64{"86": 97_000, "7": 6_790}, less(s.boxes(), before), first)
		}
		for _, first := range []string{"discount", "credit"} {
			before := s.boxes()
			bill := s.withNet(100_000, "S19")
			bill.Lines = append(bill.Lines, s.withNet(100_000, "R7").Lines...)
			bill.Terms.Discount = early
			b := s.bill(bill)[0]
			back := s.withNet(100_000, "S19")
			back.Kind, back.CorrectsID, back.Date = accounting.VendorCreditDocument, b.ID, day("2010-12-10")
			if first == "discount" {
				discount(b.ID)
				s.bill(back)
			} else {
				s.bill(back)
				discount(b.ID)
			}
			require.Equal(t, map[string]int64{"b86": 97_000, "b7": 6_790}, less(s.boxes(), before), first)
			require.Equal(t, int64(-103_790), s.open("2010-12-31")[b.ID])
		}
		s.sound()
	})
}
