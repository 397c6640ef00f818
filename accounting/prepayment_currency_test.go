package accounting_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
)

// dollarsAhead is a prepayment invoice in dollars.
func dollarsAhead(s *shop, pairs ...string) accounting.NewInvoice {
	in := prepayment(s, pairs...)
	in.Currency = "USD"
	return in
}

// dollarsOff is an invoice in dollars that sets prepayments off.
func dollarsOff(s *shop, on string, of []uuid.UUID, pairs ...string) accounting.NewInvoice {
	in := setsOff(document(s, pairs...), on, of...)
	in.Currency = "USD"
	return in
}

// dollarsBack credits a document in dollars.
func dollarsBack(s *shop, of uuid.UUID, on string, pairs ...string) accounting.Invoice {
	return s.issue(credits(s, of, on, pairs...))[0]
}

// noExchange holds that nothing was gained or lost by rates.
func (s *shop) noExchange() {
	s.t.Helper()
	require.Zero(s.t, s.balance(accounting.RoleExchangeGain)+s.balance(accounting.RoleExchangeLoss))
}

// A prepayment in dollars is worth what was paid, and its tax is declared at the rates of the days of payment; so is its part of the revenue.
func TestForeignPrepayment(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		s.rate("2010-12-01", "0.60")
		s.rate("2010-12-05", "0.70")
		s.rate("2010-12-10", "0.75")
		s.rate("2010-12-20", "0.80")
		p := s.issue(dollarsAhead(s, "100", "S20"))[0]
		require.Equal(t, [3]int64{6_000, 1_200, 7_200}, [3]int64{p.NetBaseMinor, p.TaxBaseMinor, p.PayableBaseMinor})
		require.Empty(t, s.boxes())
		s.dollarsIn("2010-12-05", p.ID, 6_000) // 42.00 for what was claimed as 36.00
		require.Equal(t, map[string]int64{"1": 700, "6": 3_500}, s.boxes(), "at the rate of the day of receipt")
		require.Equal(t, int64(-6_500), s.balance(accounting.RoleCustomerAdvances), "35.00 paid, 30.00 claimed")
		s.dollarsIn("2010-12-10", p.ID, 6_000)
		require.Equal(t, map[string]int64{"1": 1_450, "6": 7_250}, s.boxes())
		require.Equal(t, int64(-7_250), s.balance(accounting.RoleCustomerAdvances))
		require.Zero(t, s.balance(accounting.RoleTaxNotDue))
		s.noExchange()

		v := s.issue(dollarsOff(s, "2010-12-20", []uuid.UUID{p.ID}, "300", "S20"))[0]
		require.Equal(t, [3]money.Amount{usd(36_000), usd(12_000), usd(24_000)}, [3]money.Amount{v.Gross, v.Prepaid, v.Payable})
		// 100.00 dollars at 0.725 and 200.00 at 0.80.
		require.Equal(t, [5]int64{23_250, 4_650, 8_700, 19_200, 0}, [5]int64{v.NetBaseMinor, v.TaxBaseMinor, v.PrepaidBaseMinor, v.PayableBaseMinor, v.ConversionMinor})
		require.Equal(t, int64(-23_250), s.balance(sales))
		require.Zero(t, s.balance(accounting.RoleCustomerAdvances))
		require.Equal(t, map[string]int64{"1": 4_650, "6": 23_250}, s.boxes())
		held, err := s.books.Holdings(s.ctx, accounting.ByRole(accounting.RoleCustomerAdvances), day("2010-12-31"))
		require.NoError(t, err)
		require.Empty(t, held, "neither dollars nor pounds are left")
		d, err := s.books.GetInvoice(s.ctx, v.ID)
		require.NoError(t, err)
		require.Equal(t, accounting.Deducted{Net: usd(10_000), Tax: usd(2_000), Gross: usd(12_000), BaseMinor: 8_700, TaxBaseMinor: 1_450}, d.Prepayments[0].Deducted)
		require.Equal(t, [2]int64{-1_450, -2_000}, [2]int64{d.PrepaidTaxes[0].Tax.Minor, d.PrepaidTaxes[0].DocumentTaxMinor})
		s.noExchange()
		for _, role := range []accounting.Role{accounting.RoleTax, sales} {
			why, err := s.books.Explain(s.ctx, accounting.ByRole(role), day("2010-12-01"), day("2010-12-31"), tenancy.PageRequest{})
			require.NoError(t, err)
			for i, l := range why.Lines {
				left := l.Debit.Minor - l.Credit.Minor
				for _, step := range why.Reasons[i].Steps {
					left -= step.Amount.Minor
				}
				require.Zero(t, left, "the steps of a line sum to it")
			}
		}
		s.sound()

		// All of it back: at what it was booked at, the advance as well; only the refund is at a rate of its own.
		_, err = s.books.ReverseInvoices(s.ctx, []accounting.DocumentReversal{{DocumentID: v.ID, Date: day("2010-12-22"), Reason: "not wanted"}})
		require.NoError(t, err)
		require.Zero(t, s.balance(sales))
		require.Equal(t, map[string]int64{"1": 0, "6": 0}, s.boxes())
		require.Equal(t, int64(-8_700), s.balance(receivable), "what was paid is to be refunded")
		s.noExchange()
		s.sound()
	})
}

// Set off in parts and credited in part: each has what it was paid at, and together they leave nothing.
func TestForeignPrepaymentInParts(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		five := s20
		five.Code, five.Kind, five.Rates = "R5", accounting.TaxReduced, []accounting.NewTaxRate{rate("2000-01-01", "5")}
		s.taxes(s20, five)
		s.rate("2010-12-01", "0.6123")
		s.rate("2010-12-05", "0.7317")
		s.rate("2010-12-10", "0.5561")
		s.rate("2010-12-20", "0.8091")
		p := s.issue(dollarsAhead(s, "100.01", "S20", "33.33", "R5"))[0] // 100.01 + 20.00 + 33.33 + 1.67
		s.dollarsIn("2010-12-05", p.ID, 7_000)
		in := dollarsOff(s, "2010-12-06", []uuid.UUID{p.ID}, "50", "S20")
		in.Prepaid[0].Amount = usd(4_000)
		s.rate("2010-12-06", "0.9")
		d, err := s.books.GetInvoice(s.ctx, s.issue(in)[0].ID)
		require.NoError(t, err)
		// 70.00 were 51.22, and of that 40.00 are 29.27. Of their tax 5.16 at a fifth is 3.78, as 9.03 were 6.61, and 0.43 are 0.32.
		require.Equal(t, [2]int64{2_927, 378 + 32}, [2]int64{d.Prepayments[0].BaseMinor, d.Prepayments[0].TaxBaseMinor}, "at what was paid, whatever waits")
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{dollarsOff(s, "2010-12-06", []uuid.UUID{p.ID}, "20", "S20")})
		require.ErrorIs(t, err, accounting.ErrOverDeducted, "30.00 are left, and the total is 24.00")
		s.dollarsIn("2010-12-10", p.ID, 5_001)
		dollarsBack(s, p.ID, "2010-12-11", "33.33", "R5") // 35.00, as much as nobody has paid
		require.Zero(t, s.open("2010-12-31")[p.ID])
		v := s.issue(dollarsOff(s, "2010-12-20", []uuid.UUID{p.ID}, "300", "S20", "0.07", "R5"))[0]
		require.Equal(t, usd(8_001), v.Prepaid)
		require.Zero(t, s.balance(accounting.RoleCustomerAdvances))
		require.Zero(t, s.balance(accounting.RoleTaxNotDue))
		s.noExchange()
		s.sound()
	})
}

// A prepayment that was paid and is not wanted goes back at what was paid, tax and all; one that nobody paid at what was claimed.
func TestForeignPrepaymentIsCredited(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		s.rate("2010-12-01", "0.60")
		s.rate("2010-12-05", "0.70")
		s.rate("2010-12-20", "0.50")
		p := s.issue(dollarsAhead(s, "100", "S20"))[0]
		s.dollarsIn("2010-12-05", p.ID, 9_000)
		c := dollarsBack(s, p.ID, "2010-12-06", "100", "S20") // 30.00 at 0.60 and 90.00 at 0.70
		require.Equal(t, int64(1_800+6_300), c.PayableBaseMinor)
		require.Equal(t, int64(300+1_050), c.TaxBaseMinor)
		require.Zero(t, s.balance(accounting.RoleCustomerAdvances))
		s.noExchange()
		made, err := s.books.Allocations(s.ctx, p.ID)
		require.NoError(t, err)
		for _, a := range made {
			_, err = s.books.Unallocate(s.ctx, []accounting.Unallocation{{AllocationID: a.ID, Date: day("2010-12-20"), Reason: "r"}})
			require.ErrorIs(t, err, accounting.ErrTaxUnsupported, "a credit took it back")
		}
		s.pay(accounting.NewPayment{PartyID: s.ann.ID, Direction: accounting.MoneyOut, Against: accounting.ByRole(receivable), Date: day("2010-12-20"), Amount: usd(9_000),
			Allocate: []accounting.PaymentAllocation{{InvoiceID: c.ID, Amount: usd(9_000)}}})
		require.Equal(t, map[string]int64{"1": 0, "6": 0}, s.boxes(), "taken back at what was declared")
		require.Equal(t, int64(-1_800), s.balance(accounting.RoleExchangeGain), "received at 0.70, refunded at 0.50")
		require.Zero(t, s.balance(accounting.RoleTaxNotDue))
		require.Empty(t, s.open("2010-12-31"))
		s.sound()
	})
}

// What is taken back of a payment waits again at what was claimed, and is declared at the rate of the payment that comes after all.
func TestForeignPrepaymentIsUnpaid(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		s.rate("2010-12-01", "0.60")
		s.rate("2010-12-05", "0.70")
		s.rate("2010-12-20", "0.50")
		p := s.issue(dollarsAhead(s, "100", "S20"))[0]
		s.dollarsIn("2010-12-05", p.ID, 12_000)
		page, err := s.books.Allocations(s.ctx, p.ID)
		require.NoError(t, err)
		_, err = s.books.ReversePayments(s.ctx, []accounting.PaymentReversal{{PaymentID: page[0].CreditID, Date: day("2010-12-07"), Reason: "bounced"}})
		require.NoError(t, err)
		require.Equal(t, map[string]int64{"1": 0, "6": 0}, s.boxes())
		require.Equal(t, int64(-1_200), s.balance(accounting.RoleTaxNotDue))
		require.Equal(t, int64(-6_000), s.balance(accounting.RoleCustomerAdvances))
		s.dollarsIn("2010-12-20", p.ID, 12_000)
		require.Equal(t, map[string]int64{"1": 1_000, "6": 5_000}, s.boxes())
		s.noExchange()
		s.issue(dollarsOff(s, "2010-12-20", []uuid.UUID{p.ID}, "100", "S20"))
		require.Equal(t, int64(-5_000), s.balance(sales))
		s.sound()
	})
}

// By the law of the place: tax that is due on issue stays at the rate of that day; under cash accounting what is paid in advance is declared
// at the rate of the payment, and the rest at the final invoice's.
func TestForeignPrepaymentsByTheirTax(t *testing.T) {
	issue := s20
	issue.Code, issue.Due = "I20", accounting.TaxDueOnIssue
	for _, row := range []struct {
		tax                 accounting.NewTax
		issued, paid, final [2]int64 // box 1, and what waits
		left                int64    // box 1 when all is paid
	}{
		{issue, [2]int64{1_200}, [2]int64{1_200}, [2]int64{1_200 + 3_200}, 4_400},
		{c20, [2]int64{0, -1_200}, [2]int64{1_400}, [2]int64{1_400, -3_200}, 4_600},
	} {
		each(t, func(t *testing.T, s *shop) {
			s.taxes(row.tax)
			s.rate("2010-12-01", "0.60")
			s.rate("2010-12-05", "0.70")
			s.rate("2010-12-20", "0.80")
			is := func(want [2]int64, what string) {
				require.Equal(t, want, [2]int64{s.boxes()["1"], s.balance(accounting.RoleTaxNotDue)}, row.tax.Code+" "+what)
			}
			p := s.issue(dollarsAhead(s, "100", row.tax.Code))[0]
			is(row.issued, "issued")
			s.dollarsIn("2010-12-05", p.ID, 12_000)
			is(row.paid, "paid")
			v := s.issue(dollarsOff(s, "2010-12-20", []uuid.UUID{p.ID}, "300", row.tax.Code))[0]
			is(row.final, "final")
			s.dollarsIn("2010-12-20", v.ID, 24_000)
			is([2]int64{row.left}, "all paid")
			require.Zero(t, s.balance(accounting.RoleCustomerAdvances))
			s.sound()
		})
	}
}

// A vendor's: input tax is claimed at the rate of the payment, and what cannot be claimed is a part of the cost.
func TestForeignVendorsPrepayment(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		half := s20
		half.Code, half.NotRecoverable = "H20", price("50")
		s.taxes(half, accounting.NewTax{Code: "RC", Kind: accounting.TaxReverseCharge, Reason: "Art. 196", Rates: s20.Rates,
			Boxes: accounting.TaxBoxes{SelfBase: "6", SelfTax: "1", PurchaseTax: "4"}})
		s.rate("2010-12-01", "0.60")
		s.rate("2010-12-05", "0.70")
		s.rate("2010-12-20", "0.80")
		fees := accounting.ByRole(accounting.RoleFees)
		bill := func(on string, net int64, code string, of ...uuid.UUID) accounting.Bill {
			in := accounting.NewBill{PartyID: s.ben.ID, Date: day(on), Currency: "USD", Lines: []accounting.NewBillLine{{Account: fees, Net: usd(net), TaxCode: code}}}
			for _, id := range of {
				in.Prepaid = append(in.Prepaid, accounting.NewDeduction{PrepaymentID: id})
			}
			if len(of) == 0 {
				in.Kind, in.Lines[0].Account = accounting.PrepaymentBillDocument, accounting.AccountRef{}
			}
			return s.bill(in)[0]
		}
		pay := func(id uuid.UUID, minor int64) {
			s.pay(accounting.NewPayment{PartyID: s.ben.ID, Direction: accounting.MoneyOut, Date: day("2010-12-05"), Amount: usd(minor),
				Allocate: []accounting.PaymentAllocation{{InvoiceID: id, Amount: usd(minor)}}})
		}
		p := bill("2010-12-01", 10_000, "H20")
		require.Equal(t, int64(6_600), s.balance(accounting.RoleVendorAdvances), "with the tax that cannot be claimed")
		pay(p.ID, 12_000)
		require.Equal(t, map[string]int64{"4": 700, "7": 7_000}, s.boxes())
		require.Equal(t, int64(7_700), s.balance(accounting.RoleVendorAdvances))
		v := bill("2010-12-20", 30_000, "H20", p.ID)
		require.Equal(t, int64(19_200), v.PayableBaseMinor)
		require.Equal(t, map[string]int64{"4": 700 + 1_600, "7": 7_000 + 16_000}, s.boxes())
		require.Equal(t, int64(7_700+16_000+1_600), s.balance(accounting.RoleFees))
		require.Zero(t, s.balance(accounting.RoleVendorAdvances))

		before := s.boxes()
		q := bill("2010-12-01", 10_000, "RC")
		pay(q.ID, 10_000)
		bill("2010-12-20", 30_000, "RC", q.ID)
		require.Equal(t, before["4"]+1_400+3_200, s.boxes()["4"])
		require.Equal(t, before["1"]+1_400+3_200, s.boxes()["1"], "what we owe instead of the vendor")
		require.Zero(t, s.balance(accounting.RoleVendorAdvances))
		_, err := s.books.ReverseBills(s.ctx, []accounting.DocumentReversal{{DocumentID: v.ID, Date: day("2010-12-21"), Reason: "returned"}})
		require.NoError(t, err)
		require.Equal(t, before["4"]+4_600-2_300, s.boxes()["4"])
		s.noExchange()
		s.sound()
	})
}

// A payment of one in preview, by many at once, and as the books said before it.
func TestRaceForeignPrepaymentIsPaidOnce(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		s.rate("2010-12-01", "0.60")
		s.rate("2010-12-05", "0.70")
		p := s.issue(dollarsAhead(s, "100", "S20"))[0]
		half := []accounting.NewPayment{{PartyID: s.ann.ID, Direction: accounting.MoneyIn, Date: day("2010-12-05"), Amount: usd(6_000),
			Allocate: []accounting.PaymentAllocation{{InvoiceID: p.ID, Amount: usd(6_000)}}}}
		preview, err := s.books.Preview(s.ctx, func(ctx context.Context) error {
			_, err := s.books.Pay(ctx, half)
			return err
		})
		require.NoError(t, err)
		require.Len(t, preview.Entries, 3, "the payment, its tax, and what the rate makes of both")
		require.Empty(t, s.boxes())
		done := 0
		for _, err := range racetest.Together(4, func(int) error {
			_, err := s.books.Pay(s.ctx, half)
			return err
		}) {
			if err == nil {
				done++
			} else {
				require.ErrorIs(t, err, accounting.ErrOverAllocated)
			}
		}
		require.Equal(t, 2, done)
		require.Equal(t, int64(-7_000), s.balance(accounting.RoleCustomerAdvances))
		require.Equal(t, map[string]int64{"1": 1_400, "6": 7_000}, s.boxes())
		set := 0
		for _, err := range racetest.Together(4, func(int) error {
			_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{dollarsOff(s, "2010-12-06", []uuid.UUID{p.ID}, "100", "S20")})
			return err
		}) {
			if err == nil {
				set++
			} else {
				require.ErrorIs(t, err, accounting.ErrOverDeducted)
			}
		}
		require.Equal(t, 1, set)
		before, err := s.books.KnownAt(p.IssuedAt).TrialBalance(s.ctx, day("2010-12-31"))
		require.NoError(t, err)
		require.Equal(t, gbp(7_200), before.Debit, "before it was paid, it stood at the rate of its issue")
		s.noExchange()
		s.sound()
	})
}

// Neither an advance nor the claim to one is monetary: a month's end leaves both as they are (IFRIC 22).
func TestRevaluationLeavesAdvances(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		s.rate("2010-11-01", "0.60")
		s.rate("2010-11-05", "0.70")
		s.rate("2010-11-30", "0.90")
		in := dollarsAhead(s, "100", "S20")
		in.Date = day("2010-11-01")
		p := s.issue(in)[0]
		s.dollarsIn("2010-11-05", p.ID, 6_000)
		r := s.revalue("2010-11-30")
		require.Len(t, r.Lines, 1, "the bank's dollars alone")
		require.Zero(t, s.on("2010-11-30", accounting.ByRole(customersTo)))
		other := inDollars(s, "10", "")
		other.Date, other.Rate = day("2010-11-30"), accounting.DocumentRate{Rate: price("0.5"), Source: "contract"}
		s.issue(other)
		s.revalue("2010-11-30")
		require.Equal(t, int64(400), s.on("2010-11-30", accounting.ByRole(customersTo)), "other claims are")
		s.sound()
	})
}

func TestForeignPrepaymentsRefuse(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		s.rate("2010-12-01", "0.60")
		p := s.issue(dollarsAhead(s, "100", "S20"))[0]
		late := accounting.NewPayment{PartyID: s.ann.ID, Direction: accounting.MoneyIn, Date: day("2010-12-20"), Amount: usd(12_000), Base: gbp(7_000),
			Allocate: []accounting.PaymentAllocation{{InvoiceID: p.ID, Amount: usd(12_000)}}}
		_, err := s.books.Pay(s.ctx, []accounting.NewPayment{late})
		require.ErrorIs(t, err, accounting.ErrNoRate, "its tax has the rate of that day, whatever the bank paid")
		s.dollarsIn("2010-12-05", p.ID, 12_000)
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{setsOff(document(s, "1000", "S20"), "2010-12-06", p.ID)})
		require.ErrorIs(t, err, accounting.ErrWrongCurrency)
		require.ErrorContains(t, err, "is in USD, and is set off in it")
		open := s.issue(dollarsAhead(s, "1", ""))[0]
		_, err = s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 7, WriteOffLimit: gbp(100_000)})
		require.NoError(t, err)
		_, err = s.books.WriteOff(s.ctx, []accounting.NewWriteOff{{ItemID: open.ID, Date: day("2010-12-07"),
			PaymentWriteOff: accounting.PaymentWriteOff{Amount: usd(100), Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "r"}}})
		require.ErrorIs(t, err, accounting.ErrTaxUnsupported)
		out := s.pay(accounting.NewPayment{PartyID: s.ann.ID, Direction: accounting.MoneyIn, Date: day("2010-12-05"), Amount: usd(12_000)})[0]
		_, err = s.books.DeclareAdvances(s.ctx, []accounting.NewAdvance{{PaymentID: out.ID, Parts: []accounting.AdvancePart{{TaxCode: "S20", Amount: usd(12_000)}}}})
		require.ErrorIs(t, err, accounting.ErrTaxUnsupported)
		require.ErrorContains(t, err, "needs a prepayment invoice")
		s.sound()
	})
}

// Relief takes tax back at what was declared, whatever the dollar is worth; recovered altogether, nothing is left of the loss.
func TestForeignBadDebt(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(deRelief, c20)
		_, err := s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 31, WriteOffLimit: gbp(1)})
		require.NoError(t, err)
		s.rate("2010-12-01", "0.64")
		s.rate("2010-12-10", "0.80")
		v := s.issue(inDollars(s, "100", "DE"))[0]
		s.dollarsIn("2010-12-01", v.ID, 2_000)
		out, err := s.books.RelieveBadDebts(s.ctx, []accounting.NewBadDebt{{InvoiceID: v.ID, Date: day("2010-12-10"), Reason: "insolvent"}})
		require.NoError(t, err)
		d := out[0]
		require.Equal(t, [2]money.Amount{usd(10_000), usd(1_667)}, [2]money.Amount{d.Amount, d.Tax})
		require.Equal(t, [2]int64{6_400, 1_067}, [2]int64{d.BaseMinor, d.TaxBaseMinor}, "100.00 dollars at 0.64, of which 16.67 tax")
		require.Equal(t, map[string]int64{"1": 1_280 - 1_067, "6": 6_400 - 5_333}, s.boxes())
		require.Equal(t, int64(6_400-1_067), s.balance(accounting.RoleBadDebt))
		require.Zero(t, s.balance(receivable))
		s.noExchange()

		in := accounting.NewPayment{PartyID: s.ann.ID, Direction: accounting.MoneyIn, Date: day("2010-12-10"), Amount: usd(2_500)}
		s.recover(d.ID, s.pay(in)[0].ID)
		require.Equal(t, int64(-400), s.balance(accounting.RoleExchangeGain), "25.00 dollars at 0.80 for what was 16.00")
		in.Amount = usd(7_500)
		s.recover(d.ID, s.pay(in)[0].ID)
		require.Zero(t, s.balance(accounting.RoleBadDebt))
		require.Equal(t, map[string]int64{"1": 1_280, "6": 6_400}, s.boxes(), "declared again, at what it was declared at")
		held, err := s.books.Holdings(s.ctx, accounting.ByRole(accounting.RoleBadDebt), day("2010-12-31"))
		require.NoError(t, err)
		require.Empty(t, held)

		// Tax that waits for the payment was never due.
		w := s.issue(inDollars(s, "100", "C20"))[0]
		out, err = s.books.RelieveBadDebts(s.ctx, []accounting.NewBadDebt{{InvoiceID: w.ID, Date: day("2010-12-10"), Reason: "insolvent"}})
		require.NoError(t, err)
		require.Equal(t, usd(0), out[0].Tax)
		require.Zero(t, s.balance(accounting.RoleTaxNotDue))
		require.Equal(t, int64(6_400), s.balance(accounting.RoleBadDebt), "76.80 less 12.80 of tax")
		in.Amount = usd(12_000)
		s.recover(out[0].ID, s.pay(in)[0].ID)
		require.Zero(t, s.balance(accounting.RoleBadDebt))
		require.Equal(t, map[string]int64{"1": 2_560, "6": 12_800}, s.boxes())
		s.sound()
	})
}
