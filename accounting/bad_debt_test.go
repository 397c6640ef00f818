package accounting_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
)

// ukRelief is tax with the relief of the United Kingdom, claimed as input tax; deRelief takes it off the sale.
var (
	ukRelief = accounting.NewTax{Code: "UK", Rates: s20.Rates, Relief: accounting.NewTaxRelief{AfterMonths: 6, Source: "VATA 1994, s. 36"},
		Boxes: accounting.TaxBoxes{SaleBase: "6", SaleTax: "1", PurchaseBase: "7", PurchaseTax: "4", ReliefTax: "4"}}
	deRelief = accounting.NewTax{Code: "DE", Rates: s20.Rates, Relief: accounting.NewTaxRelief{Source: "UStG § 17 Abs. 2 Nr. 1"}, Boxes: s20.Boxes}
)

func (s *shop) relieve(id uuid.UUID, on string, minor int64) accounting.BadDebt {
	s.t.Helper()
	in := accounting.NewBadDebt{InvoiceID: id, Date: day(on), Reason: "insolvent"}
	if minor > 0 {
		in.Amount = gbp(minor)
	}
	out, err := s.books.RelieveBadDebts(s.ctx, []accounting.NewBadDebt{in})
	require.NoError(s.t, err)
	return out[0]
}

func (s *shop) recover(debt, payment uuid.UUID) accounting.Entry {
	s.t.Helper()
	out, err := s.books.RecoverBadDebts(s.ctx, []accounting.NewRecovery{{BadDebtID: debt, PaymentID: payment}})
	require.NoError(s.t, err)
	return out[0]
}

func TestBadDebtReliefAndRecovery(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(ukRelief, deRelief, s20)
		uk := document(s, "100", "UK", "30", "")
		uk.Date, uk.Due = day("2010-01-10"), day("2010-01-20")
		v := s.issue(uk)[0]                                                   // 150.00, of which 20.00 tax
		s.pay(received("", s.ann.ID, "2010-02-01", 3_000, part(v.ID, 3_000))) // a fifth
		_, err := s.books.RelieveBadDebts(s.ctx, []accounting.NewBadDebt{{InvoiceID: v.ID, Date: day("2010-07-19"), Reason: "r"}})
		require.ErrorIs(t, err, accounting.ErrNoRelief)
		require.ErrorContains(t, err, "from 2010-07-20 on (VATA 1994, s. 36)")
		d := s.relieve(v.ID, "2010-07-20", 0)
		require.Equal(t, []int64{12_000, 1_600}, []int64{d.Amount.Minor, d.Tax.Minor}, "four fifths of the tax")
		require.Equal(t, map[string]int64{"1": 2_000, "6": 10_000, "4": 1_600}, s.boxes())
		require.Equal(t, int64(10_400), s.balance(accounting.RoleBadDebt))
		require.Zero(t, s.open("2010-12-31")[v.ID])

		p := s.pay(received("", s.ann.ID, "2010-09-01", 3_000))[0]
		e := s.recover(d.ID, p.ID)
		require.Equal(t, accounting.KindBadDebt, e.Kind)
		require.True(t, s.recover(d.ID, p.ID).Replayed)
		require.Equal(t, map[string]int64{"1": 2_400, "6": 10_000, "4": 1_600}, s.boxes(), "a quarter is due again")
		require.Equal(t, int64(7_800), s.balance(accounting.RoleBadDebt))
		q := s.pay(received("", s.ann.ID, "2010-10-01", 10_000))[0]
		s.recover(d.ID, q.ID)
		require.Equal(t, map[string]int64{"1": 3_600, "6": 10_000, "4": 1_600}, s.boxes(), "owed 20.00 after all")
		require.Zero(t, s.balance(accounting.RoleBadDebt))
		require.Equal(t, int64(-1_000), s.open("2010-12-31")[q.ID], "what was paid too much")
		r := s.pay(received("", s.ann.ID, "2010-10-02", 100))[0]
		_, err = s.books.RecoverBadDebts(s.ctx, []accounting.NewRecovery{{BadDebtID: d.ID, PaymentID: r.ID}})
		require.ErrorIs(t, err, accounting.ErrOverAllocated)

		// Taken off the sale, after a credit note of another tax and in two parts: what is left of each is what relief is of.
		w := s.issue(document(s, "100", "DE", "100", "S20"))[0]
		_, err = s.books.RelieveBadDebts(s.ctx, []accounting.NewBadDebt{{InvoiceID: w.ID, Date: day("2010-12-05"), Reason: "r"}})
		require.ErrorIs(t, err, accounting.ErrNoRelief, "S20 gives none")
		x := s.issue(document(s, "100", "DE", "100", ""))[0]
		s.issue(credits(s, x.ID, "2010-12-02", "100", ""))
		before := s.boxes()["1"]
		first := s.relieve(x.ID, "2010-12-05", 5_000)
		require.Equal(t, int64(833), first.Tax.Minor)
		s.relieve(x.ID, "2010-12-06", 7_000)
		require.Equal(t, before-2_000, s.boxes()["1"])
		_, err = s.books.RelieveBadDebts(s.ctx, []accounting.NewBadDebt{{InvoiceID: x.ID, Date: day("2010-12-07"), Reason: "r"}})
		require.ErrorIs(t, err, accounting.ErrOverAllocated)

		// After a discount, relief is of what the discount left.
		before = s.boxes()["1"]
		in := document(s, "100", "DE")
		in.Date, in.Terms.Discount = day("2010-12-08"), accounting.EarlyDiscount{Percent: price("10"), Until: day("2010-12-20")}
		y := s.issue(in)[0]
		_, err = s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: y.ID, Date: day("2010-12-09")}})
		require.NoError(t, err)
		require.Equal(t, int64(1_800), s.relieve(y.ID, "2010-12-10", 0).Tax.Minor)
		require.Equal(t, before, s.boxes()["1"])
		s.sound()
	})
}

func TestBadDebtsThatCannotBe(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(deRelief)
		v := s.issue(document(s, "100", "DE"))[0]
		p := s.issue(prepayment(s, "100", "DE"))[0]
		in := accounting.NewBadDebt{Reference: "B1", InvoiceID: v.ID, Date: day("2010-12-05"), Amount: gbp(6_000), Reason: "insolvent"}
		for name, c := range map[string]struct {
			change func(*accounting.NewBadDebt)
			err    error
		}{
			"no invoice":    {func(in *accounting.NewBadDebt) { in.InvoiceID = uuid.New() }, accounting.ErrUnknownItem},
			"a prepayment":  {func(in *accounting.NewBadDebt) { in.InvoiceID = p.ID }, accounting.ErrUnknownItem},
			"no reason":     {func(in *accounting.NewBadDebt) { in.Reason = "" }, accounting.ErrBadInput},
			"too early":     {func(in *accounting.NewBadDebt) { in.Date = day("2010-11-30") }, accounting.ErrBadInput},
			"too much":      {func(in *accounting.NewBadDebt) { in.Amount = gbp(12_001) }, accounting.ErrOverAllocated},
			"in dollars":    {func(in *accounting.NewBadDebt) { in.Amount = usd(100) }, accounting.ErrWrongCurrency},
			"below zero":    {func(in *accounting.NewBadDebt) { in.Amount = gbp(-1) }, accounting.ErrBadInput},
			"into the till": {func(in *accounting.NewBadDebt) { in.Account = accounting.ByRole(accounting.RoleReceivable) }, accounting.ErrControlAccount},
		} {
			in := in
			in.Reference = ""
			c.change(&in)
			_, err := s.books.RelieveBadDebts(s.ctx, []accounting.NewBadDebt{in})
			require.ErrorIs(t, err, c.err, name)
		}
		for _, want := range []bool{false, true} {
			out, err := s.books.RelieveBadDebts(s.ctx, []accounting.NewBadDebt{in})
			require.NoError(t, err)
			require.Equal(t, want, out[0].Replayed)
		}
		in.Amount = gbp(5_000)
		_, err := s.books.RelieveBadDebts(s.ctx, []accounting.NewBadDebt{in})
		require.ErrorIs(t, err, accounting.ErrReferenceTaken)
		s.sound()
	})
}

// What waits for a payment that nobody expects any more was never due: written off, or relieved beyond the limit; recovered, it is.
func TestTaxDueOnPaymentIsGivenUp(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(c20)
		_, err := s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 7, WriteOffLimit: gbp(6_000)})
		require.NoError(t, err)
		v := s.issue(document(s, "100", "C20"))[0]
		s.pay(received("", s.ann.ID, "2010-12-02", 3_000, part(v.ID, 3_000)))
		out, err := s.books.WriteOff(s.ctx, []accounting.NewWriteOff{{ItemID: v.ID, Date: day("2010-12-05"),
			PaymentWriteOff: accounting.PaymentWriteOff{Amount: gbp(6_000), Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "r"}}})
		require.NoError(t, err)
		require.Equal(t, int64(5_000), s.balance(accounting.RoleBadDebt), "less by the tax that is never due")
		require.Equal(t, int64(-500), s.balance(accounting.RoleTaxNotDue))
		require.Equal(t, map[string]int64{"1": 500, "6": 2_500}, s.boxes())
		items, err := s.books.Allocations(s.ctx, v.ID)
		require.NoError(t, err)
		require.Len(t, items, 2)
		lines, err := s.books.GeneralLedger(s.ctx, accounting.ByRole(accounting.RoleReceivable), day("2010-12-05"), day("2010-12-05"), tenancy.PageRequest{})
		require.NoError(t, err)
		_, err = s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: lines.Lines[0].EntryID, Date: day("2010-12-06"), Reason: "r"}})
		require.ErrorIs(t, err, accounting.ErrEntryOfSettlement)
		require.NotEmpty(t, out)

		d := s.relieve(v.ID, "2010-12-08", 0)
		require.Zero(t, d.Tax.Minor, "nothing was declared of it")
		require.Zero(t, s.balance(accounting.RoleTaxNotDue))
		require.Equal(t, int64(7_500), s.balance(accounting.RoleBadDebt))
		p := s.pay(received("", s.ann.ID, "2010-12-20", 1_500))[0]
		s.recover(d.ID, p.ID)
		require.Equal(t, map[string]int64{"1": 750, "6": 3_750}, s.boxes(), "half of it was paid after all")
		require.Zero(t, s.balance(accounting.RoleTaxNotDue))
		require.Equal(t, int64(6_250), s.balance(accounting.RoleBadDebt))
		s.sound()
	})
}

func TestRaceBadDebtIsRelievedOnce(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(deRelief)
		v := s.issue(document(s, "100", "DE"))[0]
		done := 0
		for _, err := range racetest.Together(4, func(int) error {
			_, err := s.books.RelieveBadDebts(s.ctx, []accounting.NewBadDebt{{InvoiceID: v.ID, Date: day("2010-12-05"), Amount: gbp(5_000), Reason: "r"}})
			return err
		}) {
			if err == nil {
				done++
			} else {
				require.ErrorIs(t, err, accounting.ErrOverAllocated)
			}
		}
		require.Equal(t, 2, done)
		d := s.relieve(v.ID, "2010-12-06", 2_000)
		p := s.pay(received("", s.ann.ID, "2010-12-20", 2_000))[0]
		for _, err := range racetest.Together(4, func(int) error {
			return insist(func() error {
				_, err := s.books.RecoverBadDebts(s.ctx, []accounting.NewRecovery{{BadDebtID: d.ID, PaymentID: p.ID, Amount: gbp(2_000)}})
				return err
			})
		}) {
			require.NoError(t, err)
		}
		require.Zero(t, s.open("2010-12-31")[p.ID])
		s.sound()
	})
}
