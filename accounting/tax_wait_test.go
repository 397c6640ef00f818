package accounting_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
)

// boxesOf is the return of a month, with what waits at its end.
func (s *shop) boxesOf(month string) (boxes map[string]int64, waits int64) {
	s.t.Helper()
	from := day(month + "-01")
	r, err := s.books.TaxReport(s.ctx, from, from.AddMonths(1).AddDays(-1))
	require.NoError(s.t, err)
	boxes = map[string]int64{}
	for _, b := range r.Boxes {
		if b.Amount.Minor != 0 {
			boxes[b.Box] = b.Amount.Minor
		}
	}
	for _, f := range r.NotDue {
		waits += f.Tax.Minor
	}
	for _, a := range r.Accounts {
		require.Zero(s.t, a.Other.Minor, a.Code)
	}
	sides := map[accounting.TaxSide]int64{}
	for _, o := range r.Origins {
		sides[o.Side] += o.Tax.Minor
	}
	for _, f := range r.Taxes {
		sides[f.Side] -= f.Tax.Minor
	}
	require.Zero(s.t, sides[accounting.TaxOwed], "origins sum to the taxes")
	require.Zero(s.t, sides[accounting.TaxClaimed], "origins sum to the taxes")
	return boxes, waits
}

// supplied is a document whose supply is on another day.
func supplied(in accounting.NewInvoice, on string) accounting.NewInvoice {
	in.TaxPoint = day(on)
	return in
}

func TestTaxWaitsForTheSupply(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		issue, exempt := s20, accounting.NewTax{Code: "E", Kind: accounting.TaxExempt, Reason: "r", Boxes: accounting.TaxBoxes{SaleBase: "e"}}
		issue.Code, issue.Due = "I20", accounting.TaxDueOnIssue
		s.taxes(s20, issue, exempt)
		month := func(m string, want map[string]int64, waits int64) {
			t.Helper()
			got, left := s.boxesOf(m)
			require.Equal(t, want, got, m)
			require.Equal(t, waits, left, "waits at the end of %s", m)
		}
		v := s.issue(supplied(document(s, "100", "S20", "10", "E"), "2011-01-15"))[0]
		s.issue(supplied(document(s, "1", "I20"), "2011-01-15"))
		month("2010-12", map[string]int64{"1": 20, "6": 100}, 2_000)
		month("2011-01", map[string]int64{"1": 2_000, "6": 10_000, "e": 1_000}, 0)

		// The period of the document is locked by the time of the supply: nothing has to be booked then.
		s.pay(received("", s.ann.ID, "2010-12-20", 6_500, part(v.ID, 6_500))) // half, before the supply (Art. 65)
		month("2010-12", map[string]int64{"1": 1_020, "6": 5_100, "e": 500}, 1_000)
		month("2011-01", map[string]int64{"1": 1_000, "6": 5_000, "e": 500}, 0)
		s.pay(received("", s.ann.ID, "2011-01-20", 6_500, part(v.ID, 6_500))) // after it
		month("2011-01", map[string]int64{"1": 1_000, "6": 5_000, "e": 500}, 0)

		// A credit note of before takes back what waits, one of after what is due.
		w := s.issue(supplied(document(s, "50", "S20"), "2011-02-10"))[0]
		s.issue(credits(s, w.ID, "2010-12-21", "20", "S20"))
		month("2011-02", map[string]int64{"1": 600, "6": 3_000}, 0)
		s.issue(credits(s, w.ID, "2011-02-20", "20", "S20"))
		month("2011-02", map[string]int64{"1": 200, "6": 1_000}, 0)

		in := supplied(document(s, "100", "S20"), "2011-03-10")
		in.Date, in.Terms.Discount = day("2011-02-21"), accounting.EarlyDiscount{Percent: price("10"), Until: day("2011-04-05")}
		x, y := s.issue(in)[0], s.issue(in)[0]
		for id, on := range map[uuid.UUID]string{x.ID: "2011-03-01", y.ID: "2011-04-01"} {
			_, err := s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: id, Date: day(on)}})
			require.NoError(t, err)
		}
		month("2011-03", map[string]int64{"1": 3_800, "6": 19_000}, 0)
		month("2011-04", map[string]int64{"1": -200, "6": -1_000}, 0)

		bill := s.withNet(1_000, "S20")
		bill.TaxPoint = day("2011-04-10")
		b := s.bill(bill)[0]
		require.Equal(t, int64(200), s.balance(accounting.RoleInputTax), "by the end of 2011")
		month("2011-04", map[string]int64{"1": -200, "6": -1_000, "4": 200, "7": 1_000}, 0)
		_, err := s.books.ReverseBills(s.ctx, []accounting.DocumentReversal{{DocumentID: b.ID, Date: day("2010-12-05"), Reason: "r"}})
		require.NoError(t, err)
		month("2011-04", map[string]int64{"1": -200, "6": -1_000}, 0)

		far := supplied(document(s, "1", "S20"), "2012-01-01")
		far.Date = day("2011-05-01")
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{far})
		require.ErrorIs(t, err, accounting.ErrNoPeriod, "the year of the supply is added first")
		s.sound()
	})
}

// What is late is declared in the period that it is booked in, and so is the tax.
func TestLateTaxIsDeclaredWhereItIsBooked(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		s.lock("2010-02")
		in := supplied(document(s, "100", "S20"), "2010-02-20")
		in.Date, in.Late = day("2010-01-10"), accounting.LateFirstOpen
		s.issue(in)
		got, waits := s.boxesOf("2010-03")
		require.Equal(t, map[string]int64{"1": 2_000, "6": 10_000}, got)
		require.Zero(t, waits)
		bill := s.withNet(1_000, "S20")
		bill.Date, bill.Late, bill.TaxPoint = day("2010-01-10"), accounting.LateFirstOpen, day("2010-04-02")
		s.bill(bill)
		got, _ = s.boxesOf("2010-04")
		require.Equal(t, map[string]int64{"4": 200, "7": 1_000}, got)
		s.sound()
	})
}

func TestAdvancesWithoutDocument(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		five := s20
		five.Code, five.Kind, five.Rates = "R5", accounting.TaxReduced, []accounting.NewTaxRate{rate("2000-01-01", "5")}
		s.taxes(s20, five, accounting.NewTax{Code: "G", Kind: accounting.TaxGroup, Components: []accounting.NewTaxComponent{{Code: "S20"}}})
		p := s.pay(received("P", s.ann.ID, "2010-11-20", 22_500))[0]
		in := accounting.NewAdvance{PaymentID: p.ID, Parts: []accounting.AdvancePart{{TaxCode: "S20", Amount: gbp(12_000)}, {TaxCode: "R5", Amount: gbp(10_500)}}}
		first, err := s.books.DeclareAdvances(s.ctx, []accounting.NewAdvance{in})
		require.NoError(t, err)
		again, err := s.books.DeclareAdvances(s.ctx, []accounting.NewAdvance{in})
		require.NoError(t, err)
		require.True(t, again[0].Replayed)
		require.Equal(t, first[0].ID, again[0].ID)
		other := in
		other.Parts = in.Parts[:1]
		_, err = s.books.DeclareAdvances(s.ctx, []accounting.NewAdvance{other})
		require.ErrorIs(t, err, accounting.ErrReferenceTaken)
		got, _ := s.boxesOf("2010-11")
		require.Equal(t, map[string]int64{"1": 2_500, "6": 20_000}, got)
		require.Equal(t, int64(2_500), s.balance(accounting.RoleTaxNotDue), "until its document comes")

		v := s.issue(document(s, "100", "S20", "100", "R5"))[0] // declares the same tax again
		_, err = s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: v.ID, CreditID: p.ID, Date: day("2010-12-02"), Amount: gbp(7_500)}})
		require.NoError(t, err)
		got, waits := s.boxesOf("2010-12")
		require.Equal(t, map[string]int64{"1": 2_500 - 834, "6": 20_000 - 6_666}, got, "a third of the advance")
		require.Equal(t, int64(-1_666), waits)
		refund := accounting.NewPayment{PartyID: s.ann.ID, Direction: accounting.MoneyOut, Date: day("2010-12-03"), Amount: gbp(1_000), Allocate: []accounting.PaymentAllocation{part(p.ID, 1_000)}}
		s.pay(refund)
		limit := accounting.BooksChange{RateMaxAgeDays: 7, WriteOffLimit: gbp(100_000)}
		_, err = s.books.UpdateBooks(s.ctx, limit)
		require.NoError(t, err)
		_, err = s.books.WriteOff(s.ctx, []accounting.NewWriteOff{{ItemID: p.ID, Date: day("2010-12-20"),
			PaymentWriteOff: accounting.PaymentWriteOff{Amount: gbp(120), Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "r"}}})
		require.ErrorIs(t, err, accounting.ErrTaxUnsupported, "an advance that is kept")
		_, err = s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: v.ID, CreditID: p.ID, Date: day("2010-12-04"), Amount: gbp(14_000)}})
		require.NoError(t, err)
		require.Zero(t, s.balance(accounting.RoleTaxNotDue))
		require.Equal(t, map[string]int64{"1": 2_500, "6": 20_000}, s.boxes(), "declared once, by the invoice")

		// An advance that is declared late, in the first period that is open.
		old := s.pay(received("O", s.ann.ID, "2010-01-20", 1_200))[0]
		s.lock("2010-02")
		forgotten := accounting.NewAdvance{PaymentID: old.ID, Parts: []accounting.AdvancePart{{TaxCode: "S20", Amount: gbp(1_200)}}}
		_, err = s.books.DeclareAdvances(s.ctx, []accounting.NewAdvance{forgotten})
		require.ErrorIs(t, err, accounting.ErrPeriodLocked)
		forgotten.Late = accounting.LateFirstOpen
		late, err := s.books.DeclareAdvances(s.ctx, []accounting.NewAdvance{forgotten})
		require.NoError(t, err)
		require.True(t, late[0].Late)
		got, _ = s.boxesOf("2010-03")
		require.Equal(t, map[string]int64{"1": 200, "6": 1_000}, got)

		q := s.pay(received("Q", s.ann.ID, "2010-12-10", 1_000))[0]
		out := s.pay(accounting.NewPayment{PartyID: s.ben.ID, Direction: accounting.MoneyOut, Date: day("2010-12-05"), Amount: gbp(500)})[0]
		one := func(id uuid.UUID, code string, amount money.Amount) accounting.NewAdvance {
			return accounting.NewAdvance{PaymentID: id, Parts: []accounting.AdvancePart{{TaxCode: code, Amount: amount}}}
		}
		for name, c := range map[string]struct {
			in  accounting.NewAdvance
			err error
		}{
			"no payment":        {one(v.ID, "S20", gbp(100)), accounting.ErrUnknownItem},
			"more than is open": {one(q.ID, "S20", gbp(1_001)), accounting.ErrOverAllocated},
			"a payment made":    {one(out.ID, "S20", gbp(100)), accounting.ErrTaxUnsupported},
			"a group":           {one(q.ID, "G", gbp(100)), accounting.ErrTaxUnsupported},
			"no tax":            {one(q.ID, "X", gbp(100)), accounting.ErrUnknownTax},
			"dollars":           {one(q.ID, "S20", usd(100)), accounting.ErrWrongCurrency},
			"nothing":           {accounting.NewAdvance{PaymentID: q.ID}, accounting.ErrBadInput},
		} {
			_, err := s.books.DeclareAdvances(s.ctx, []accounting.NewAdvance{c.in})
			require.ErrorIs(t, err, c.err, name)
		}
		s.sound()
	})
}

func TestVendorsOwnTax(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		half := s20
		half.Code, half.NotRecoverable = "H20", price("50")
		s.taxes(s20, half, accounting.NewTax{Code: "AE", Kind: accounting.TaxReverseCharge, Reason: "r", Rates: s20.Rates},
			accounting.NewTax{Code: "G", Kind: accounting.TaxGroup, Components: []accounting.NewTaxComponent{{Code: "S20"}}})
		stated := func(net int64, code string, tax int64) accounting.NewBill {
			in := s.withNet(net, code)
			in.Taxes = []accounting.StatedTax{{TaxCode: code, Tax: gbp(tax)}}
			return in
		}
		refused := func(in accounting.NewBill, want error, says string) {
			t.Helper()
			_, err := s.books.Bill(s.ctx, []accounting.NewBill{in})
			require.ErrorIs(t, err, want)
			require.ErrorContains(t, err, says)
		}
		refused(stated(1_002, "S20", 201), accounting.ErrTaxVariance, "Taxes: the vendor states 2.01 of S20 and we compute 2.00, and the tolerance is 0.00 (TaxTolerance, which UpdateBooks sets)")
		s.bill(stated(1_002, "S20", 200))
		_, err := s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 7, TaxTolerance: gbp(2)})
		require.NoError(t, err)
		refused(stated(1_002, "S20", 203), accounting.ErrTaxVariance, "tolerance")
		refused(stated(1_002, "S20", 197), accounting.ErrTaxVariance, "tolerance")
		b := s.bill(stated(1_002, "S20", 202))[0]
		require.Equal(t, []int64{202, 2, 2, 1_204}, []int64{b.Tax.Minor, b.TaxVarianceMinor, b.TaxResidualMinor, b.Payable.Minor})
		require.Equal(t, int64(402), s.balance(accounting.RoleInputTax), "what the vendor states is deducted")
		require.Zero(t, s.balance(accounting.RoleRounding))
		d, err := s.books.GetBill(s.ctx, b.ID)
		require.NoError(t, err)
		require.Equal(t, int64(2), d.Taxes[0].VarianceMinor)
		h := s.bill(stated(1_000, "H20", 198))[0]
		require.Equal(t, int64(-2), h.TaxVarianceMinor)
		require.Equal(t, int64(402+99), s.balance(accounting.RoleInputTax))
		refused(stated(1_000, "AE", 200), accounting.ErrTaxVariance, "does not charge")
		refused(stated(1_000, "G", 200), accounting.ErrTaxUnsupported, "group")
		missing := s.withNet(1_000, "")
		missing.Taxes = []accounting.StatedTax{{TaxCode: "S20", Tax: gbp(200)}}
		refused(missing, accounting.ErrBadInput, "no line bears it")
		missing.Taxes[0].TaxCode = "X"
		refused(missing, accounting.ErrUnknownTax, "X")
		missing.Taxes[0].Tax = usd(200)
		refused(missing, accounting.ErrWrongCurrency, "tax 1")

		_, err = s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 7})
		require.NoError(t, err)
		for _, id := range []uuid.UUID{b.ID, h.ID} {
			_, err = s.books.ReverseBills(s.ctx, []accounting.DocumentReversal{{DocumentID: id, Date: day("2010-12-02"), Reason: "r"}})
			require.NoError(t, err, "what was within the tolerance is taken back as it was booked")
		}
		require.Equal(t, int64(200), s.balance(accounting.RoleInputTax))
		s.sound()
	})
}

// Giving a debt up does not make its tax due earlier, and a reason for a soft lock holds for the tax as well.
func TestWaitingTaxBehindLocksAndWriteOffs(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20, c20)
		_, err := s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 7, WriteOffLimit: gbp(20_000)})
		require.NoError(t, err)
		v := s.issue(supplied(document(s, "100", "S20"), "2011-01-15"))[0]
		_, err = s.books.WriteOff(s.ctx, []accounting.NewWriteOff{{ItemID: v.ID, Date: day("2010-12-20"),
			PaymentWriteOff: accounting.PaymentWriteOff{Amount: gbp(6_000), Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "r"}}})
		require.NoError(t, err)
		got, waits := s.boxesOf("2010-12")
		require.Empty(t, got)
		require.Equal(t, int64(2_000), waits)
		w := s.issue(document(s, "100", "C20"))[0]
		require.NoError(t, s.setState("2010-12", accounting.PeriodSoftLocked, ""))
		back := credits(s, w.ID, "2010-12-21", "50", "C20")
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{back})
		require.ErrorIs(t, err, accounting.ErrPeriodSoftLocked)
		back.LockException = "the auditor asked for it"
		s.issue(back)
		require.Equal(t, int64(-1_000-2_000+2_000), s.balance(accounting.RoleTaxNotDue))
		s.sound()
	})
}
