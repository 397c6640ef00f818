package accounting_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
)

func (s *shop) allocate(on string, debit, credit uuid.UUID, minor int64) uuid.UUID {
	s.t.Helper()
	out, err := s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: debit, CreditID: credit, Date: day(on), Amount: gbp(minor)}})
	require.NoError(s.t, err)
	return out[0].ID
}

// cannotUndo tries to take allocations back, and the payment.
func (s *shop) cannotUndo(on string, payment uuid.UUID, ids ...uuid.UUID) {
	s.t.Helper()
	for _, id := range ids {
		_, err := s.books.Unallocate(s.ctx, []accounting.Unallocation{{AllocationID: id, Date: day(on), Reason: "r"}})
		require.ErrorIs(s.t, err, accounting.ErrTaxUnsupported)
	}
	_, err := s.books.ReversePayments(s.ctx, []accounting.PaymentReversal{{PaymentID: payment, Date: day(on), Reason: "r"}})
	require.ErrorIs(s.t, err, accounting.ErrTaxUnsupported)
}

// What an allocation took back of an advance is declared again when it is undone, to the penny and in any order.
func TestUnallocateTaxOfAdvances(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		p := s.pay(received("P", s.ann.ID, "2010-11-20", 10_000))[0]
		_, err := s.books.DeclareAdvances(s.ctx, []accounting.NewAdvance{{PaymentID: p.ID, Parts: []accounting.AdvancePart{{TaxCode: "S20", Amount: gbp(10_000)}}}})
		require.NoError(t, err)
		v := s.issue(document(s, "100", "S20"))[0]
		whole := map[string]int64{"1": 1_667 + 2_000, "6": 8_333 + 10_000}
		require.Equal(t, whole, s.boxes())
		var made []uuid.UUID
		for _, minor := range []int64{3_333, 3_334, 3_333} {
			made = append(made, s.allocate("2010-12-02", v.ID, p.ID, minor))
		}
		require.Equal(t, map[string]int64{"1": 2_000, "6": 10_000}, s.boxes())
		s.unallocate("2010-12-10", made[1])
		require.Equal(t, map[string]int64{"1": 2_556, "6": 12_778}, s.boxes())
		s.unallocate("2010-12-11", made[2], made[0])
		require.Equal(t, whole, s.boxes())
		require.Equal(t, int64(1_667), s.balance(accounting.RoleTaxNotDue))
		again := s.allocate("2010-12-12", v.ID, p.ID, 5_000)
		s.unallocate("2010-12-12", again)
		require.Equal(t, whole, s.boxes())
		s.allocate("2010-12-13", v.ID, p.ID, 5_000)
		s.takeBack("2010-12-14", p.ID)
		require.Equal(t, map[string]int64{"1": 2_000, "6": 10_000}, s.boxes(), "there was no advance")
		require.Zero(t, s.balance(accounting.RoleTaxNotDue))
		s.sound()
	})
}

// Tax that was given up with what was written off waits again when that is undone, in whatever currency.
func TestUnallocateWriteOffWithItsTax(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(c20)
		s.rate("2010-12-01", "0.6437")
		_, err := s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 31, WriteOffLimit: gbp(6_000)})
		require.NoError(t, err)
		for _, in := range []accounting.NewInvoice{document(s, "66.67", "C20"), inDollars(s, "66.67", "C20")} {
			v := s.issue(in)[0]
			waits := s.balance(accounting.RoleTaxNotDue)
			amount := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: v.Gross.Currency} }
			pay := func(on string, minor int64) accounting.Payment {
				return s.pay(accounting.NewPayment{PartyID: s.ann.ID, Direction: accounting.MoneyIn, Date: day(on), Amount: amount(minor),
					Allocate: []accounting.PaymentAllocation{{InvoiceID: v.ID, Amount: amount(minor)}}})[0]
			}
			boxes := s.boxes()
			p := pay("2010-12-02", 1_001)
			off, err := s.books.WriteOff(s.ctx, []accounting.NewWriteOff{{ItemID: v.ID, Date: day("2010-12-05"),
				PaymentWriteOff: accounting.PaymentWriteOff{Amount: amount(3_003), Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "r"}}})
			require.NoError(t, err)
			loss := s.balance(accounting.RoleBadDebt)
			require.Positive(t, loss)
			if v.Gross.Currency == "GBP" {
				require.Equal(t, int64(3_003-500), loss, "less by the tax that is never due")
			} else {
				require.Equal(t, int64(1_933-322), loss)
			}
			s.takeBack("2010-12-06", p.ID)
			require.Equal(t, boxes, without(s.boxes()))
			s.unallocate("2010-12-07", off[0].ID)
			require.Zero(t, s.balance(accounting.RoleBadDebt))
			require.Equal(t, waits, s.balance(accounting.RoleTaxNotDue))
			pay("2010-12-08", v.Payable.Minor)
			require.Zero(t, s.balance(accounting.RoleTaxNotDue))
			require.Equal(t, boxes["1"]+v.TaxBaseMinor, s.boxes()["1"])
			s.sound()
		}
	})
}

// without leaves out boxes of nothing.
func without(boxes map[string]int64) map[string]int64 {
	for box, minor := range boxes {
		if minor == 0 {
			delete(boxes, box)
		}
	}
	return boxes
}

// A prepayment whose payment is taken back is not taxed until it is paid again; once it is set off, it stays paid as far as that.
func TestUnallocatePrepayment(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		v := s.issue(prepayment(s, "100", "S20"))[0]
		p := s.pay(received("", s.ann.ID, "2010-12-02", 12_000, part(v.ID, 12_000)))[0]
		require.Equal(t, map[string]int64{"1": 2_000, "6": 10_000}, s.boxes())
		s.takeBack("2010-12-03", p.ID)
		require.Empty(t, without(s.boxes()))
		require.Equal(t, int64(-2_000), s.balance(accounting.RoleTaxNotDue))
		_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{setsOff(document(s, "300", "S20"), "2010-12-04", v.ID)})
		require.ErrorIs(t, err, accounting.ErrOverDeducted, "it is not paid any more")

		one := s.pay(received("", s.ann.ID, "2010-12-05", 5_000, part(v.ID, 5_000)))[0]
		two := s.pay(received("", s.ann.ID, "2010-12-05", 7_000, part(v.ID, 7_000)))[0]
		some := setsOff(document(s, "300", "S20"), "2010-12-06", v.ID)
		some.Prepaid[0].Amount = gbp(6_000)
		s.issue(some)
		s.takeBack("2010-12-07", one.ID)
		require.Equal(t, int64(5_000), s.open("2010-12-31")[v.ID])
		s.cannotUndo("2010-12-08", two.ID, s.allocations(two.ID)[0].ID)
		s.pay(received("", s.ann.ID, "2010-12-09", 5_000, part(v.ID, 5_000)))
		s.issue(setsOff(document(s, "100", "S20"), "2010-12-10", v.ID))
		require.Zero(t, s.balance(accounting.RoleCustomerAdvances))
		require.Equal(t, map[string]int64{"1": 8_000, "6": 40_000}, s.boxes())
		s.sound()
	})
}

// Relief and recovery are acts of their own: allocations do not take them back.
func TestUnallocateIsRefusedForRelief(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(deRelief)
		v := s.issue(document(s, "100", "DE"))[0]
		d := s.relieve(v.ID, "2010-12-05", 6_000)
		p := s.pay(received("", s.ann.ID, "2010-12-20", 2_000))[0]
		s.recover(d.ID, p.ID)
		s.cannotUndo("2010-12-21", p.ID, s.allocations(v.ID)[0].ID, s.allocations(p.ID)[0].ID)
		s.sound()
	})
}

// What is paid before the supply and taken back before it is due on the day of the supply after all; taken back later, it stays due.
func TestUnallocateBeforeTheSupply(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		for _, c := range []struct {
			back string
			want [4]int64 // from September on
		}{{"2010-10-10", [4]int64{2_000, -2_000, 2_000, 0}}, {"2010-12-10", [4]int64{2_000, 0, 0, 0}}} {
			in := supplied(document(s, "100", "S20"), "2010-11-15")
			in.Date = day("2010-09-01")
			v := s.issue(in)[0]
			before := s.months()
			p := s.pay(received("", s.ann.ID, "2010-09-10", 12_000, part(v.ID, 12_000)))[0]
			s.takeBack(c.back, p.ID)
			got := s.months()
			before[2] -= 2_000 // it was due on that day
			for i := range got {
				require.Equal(t, c.want[i], got[i]-before[i], "%s, month %d", c.back, i)
			}
			require.Zero(t, s.balance(accounting.RoleTaxNotDue))
		}
		s.sound()
	})
}

// months is the tax of the sales of September to December.
func (s *shop) months() (out [4]int64) {
	s.t.Helper()
	for i, m := range []string{"2010-09", "2010-10", "2010-11", "2010-12"} {
		boxes, _ := s.boxesOf(m)
		out[i] = boxes["1"]
	}
	return out
}

// A discount that is taken back gives its tax back as well, where that waits for the supply and where the supply has been.
func TestUnallocateDiscountBeforeTheSupply(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		in := supplied(document(s, "100", "S20"), "2010-11-15")
		in.Date, in.Terms.Discount = day("2010-09-01"), accounting.EarlyDiscount{Percent: price("10"), Until: day("2010-12-20")}
		for _, c := range []struct{ taken, back string }{{"2010-09-10", "2010-10-10"}, {"2010-09-10", "2010-12-10"}, {"2010-11-20", "2010-12-10"}} {
			v := s.issue(in)[0]
			due := s.boxes()
			_, err := s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: v.ID, Date: day(c.taken)}})
			require.NoError(t, err)
			require.Equal(t, due["1"]-200, s.boxes()["1"])
			s.unallocate(c.back, s.allocations(v.ID)[0].ID)
			require.Equal(t, due, s.boxes(), "%v", c)
			require.Zero(t, s.balance(accounting.RoleTaxNotDue))
			require.Equal(t, int64(12_000), s.open("2010-12-31")[v.ID])
		}
		s.sound()
	})
}

// Advances are relieved by what the prepayment's lines were analysed by.
func TestDimensionsOfPrepayments(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		s.analysed()
		in := prepayment(s, "100", "S20", "200", "S20")
		in.Lines[0].Dimensions, in.Lines[1].Dimensions = accounting.Dimensions{"shop": "york"}, accounting.Dimensions{"shop": "leeds"}
		v := s.issue(in)[0]
		s.pay(received("", s.ann.ID, "2010-12-02", 36_000, part(v.ID, 36_000)))
		advances := accounting.ByRole(accounting.RoleCustomerAdvances)
		require.Equal(t, map[string]int64{"map[shop:york]": -10_000, "map[shop:leeds]": -20_000}, s.by(v.EntryID, advances))
		final := setsOff(document(s, "1000", "S20"), "2010-12-20", v.ID)
		final.Dimensions = accounting.Dimensions{"shop": "leeds"}
		final.Prepaid[0].Amount = gbp(12_001)
		w := s.issue(final)[0]
		require.Equal(t, map[string]int64{"map[shop:york]": 3_334, "map[shop:leeds]": 6_667}, s.by(w.EntryID, advances))
		require.Equal(t, map[string]int64{"map[]": -18_000}, s.by(w.EntryID, accounting.ByRole(accounting.RoleTax)))
		final.Prepaid[0].Amount = money.Amount{}
		x := s.issue(final)[0]
		require.Equal(t, map[string]int64{"map[shop:york]": 6_666, "map[shop:leeds]": 13_333}, s.by(x.EntryID, advances))
		s.sound()
	})
}

// What a vendor states of his tax may be in any currency.
func TestVendorsTaxInForeignCurrency(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		s.rate("2010-12-01", "0.5")
		bill := s.withNet(1_002, "S20")
		bill.Currency, bill.Lines[0].Net = "USD", usd(1_002)
		bill.Taxes = []accounting.StatedTax{{TaxCode: "S20", Tax: usd(203)}}
		_, err := s.books.Bill(s.ctx, []accounting.NewBill{bill})
		require.ErrorIs(t, err, accounting.ErrTaxVariance)
		_, err = s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 31, TaxTolerance: gbp(2)})
		require.NoError(t, err)
		b := s.bill(bill)[0]
		require.Equal(t, []int64{203, 3, 1_205}, []int64{b.Tax.Minor, b.TaxVarianceMinor, b.Payable.Minor}, "three cents are worth two pence")
		require.Equal(t, int64(102), s.balance(accounting.RoleInputTax))
		_, err = s.books.ReverseBills(s.ctx, []accounting.DocumentReversal{{DocumentID: b.ID, Date: day("2010-12-05"), Reason: "r"}})
		require.NoError(t, err)
		require.Zero(t, s.balance(accounting.RoleInputTax))
		s.sound()
	})
}
