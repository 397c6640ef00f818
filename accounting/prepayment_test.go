package accounting_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/racetest"
)

// prepayment is a prepayment invoice.
func prepayment(s *shop, pairs ...string) accounting.NewInvoice {
	in := document(s, pairs...)
	in.Kind = accounting.PrepaymentDocument
	return in
}

// setsOff adds prepayments to a document.
func setsOff(in accounting.NewInvoice, on string, ids ...uuid.UUID) accounting.NewInvoice {
	in.Date = day(on)
	for _, id := range ids {
		in.Prepaid = append(in.Prepaid, accounting.NewDeduction{PrepaymentID: id})
	}
	return in
}

// credits is a credit note of a document.
func credits(s *shop, of uuid.UUID, on string, pairs ...string) accounting.NewInvoice {
	in := document(s, pairs...)
	in.Kind, in.CorrectsID, in.PartyID, in.Date = accounting.CreditNoteDocument, of, uuid.Nil, day(on)
	return in
}

func TestPrepaymentIsTaxedOnReceiptAndSetOff(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		five := s20
		five.Code, five.Kind, five.Rates = "R5", accounting.TaxReduced, []accounting.NewTaxRate{rate("2000-01-01", "5")}
		s.taxes(s20, five)
		p := s.issue(prepayment(s, "200", "S20", "100", "R5"))[0]
		require.Equal(t, [3]int64{30_000, 4_500, 34_500}, figures(p))
		require.Equal(t, "INV-2010-00001", p.Number, "it is an invoice, and numbered as one")
		require.Empty(t, s.boxes(), "nothing is due before it is paid (Art. 65)")
		require.Equal(t, int64(-30_000), s.balance(accounting.RoleCustomerAdvances))
		require.Zero(t, s.balance(accounting.RoleSales))

		final := func() accounting.NewInvoice {
			return setsOff(document(s, "1000", "S20", "100", "R5"), "2010-12-20", p.ID)
		}
		_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{final()})
		require.ErrorIs(t, err, accounting.ErrOverDeducted, "what nobody has paid is not set off")
		s.pay(received("", s.ann.ID, "2010-12-05", 11_500, part(p.ID, 11_500))) // a third
		require.Equal(t, map[string]int64{"1": 1_500, "6": 10_000}, s.boxes())
		s.pay(received("", s.ann.ID, "2010-12-06", 23_000, part(p.ID, 23_000)))
		require.Equal(t, map[string]int64{"1": 4_500, "6": 30_000}, s.boxes())

		some := final()
		some.Prepaid[0].Amount = gbp(11_500)
		first := s.issue(some)[0]
		require.Equal(t, [3]int64{110_000, 20_500, 130_500}, figures(first), "its lines total the whole supply")
		require.Equal(t, gbp(11_500), first.Prepaid)
		require.Equal(t, gbp(119_000), first.Payable)
		require.Equal(t, int64(119_000), s.open("2010-12-31")[first.ID])
		require.Equal(t, map[string]int64{"1": 4_500 + 20_500 - 1_500, "6": 30_000 + 110_000 - 10_000}, s.boxes())
		d, err := s.books.GetInvoice(s.ctx, first.ID)
		require.NoError(t, err)
		require.Len(t, d.Taxes, 2)
		require.Equal(t, accounting.Deducted{Net: gbp(10_000), Tax: gbp(1_500), Gross: gbp(11_500), BaseMinor: 11_500, TaxBaseMinor: 1_500}, d.Prepayments[0].Deducted)
		require.Equal(t, []int64{-1_333, -167}, []int64{d.PrepaidTaxes[0].Tax.Minor, d.PrepaidTaxes[1].Tax.Minor}, "by rate")

		too := final()
		too.Prepaid[0].Amount = gbp(23_001)
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{too})
		require.ErrorIs(t, err, accounting.ErrOverDeducted)
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{credits(s, p.ID, "2010-12-21", "200", "S20")})
		require.ErrorIs(t, err, accounting.ErrOverCredited, "what is set off is not credited")

		second := s.issue(final())[0]
		require.Equal(t, gbp(23_000), second.Prepaid, "all that is left")
		require.Zero(t, s.balance(accounting.RoleCustomerAdvances))
		require.Equal(t, map[string]int64{"1": 2 * 20_500, "6": 2 * 110_000}, s.boxes(), "no tax is declared twice")
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{final()})
		require.ErrorIs(t, err, accounting.ErrOverDeducted)

		_, err = s.books.ReverseInvoices(s.ctx, []accounting.DocumentReversal{{DocumentID: second.ID, Date: day("2010-12-22"), Reason: "returned"}})
		require.NoError(t, err)
		require.Equal(t, map[string]int64{"1": 20_500, "6": 110_000}, s.boxes())
		require.Equal(t, int64(119_000-23_000), s.balance(accounting.RoleReceivable), "what was prepaid is to be refunded")
		s.sound()
	})
}

func TestPrepaymentsThatCannotBe(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20, accounting.NewTax{Code: "K", Kind: accounting.TaxIntraCommunity, Reason: "r", Rates: s20.Rates},
			accounting.NewTax{Code: "W", Kind: accounting.TaxWithholding, Rates: s20.Rates})
		p := s.issue(prepayment(s, "100", "S20"))[0]
		s.pay(received("", s.ann.ID, "2010-12-02", 12_000, part(p.ID, 12_000)))
		plain := s.issue(document(s, "1", "S20"))[0]
		change := func(in accounting.NewInvoice, how func(*accounting.NewInvoice)) accounting.NewInvoice {
			how(&in)
			return in
		}
		final := setsOff(document(s, "1000", "S20"), "2010-12-20", p.ID)
		for name, c := range map[string]struct {
			in  accounting.NewInvoice
			err error
		}{
			"another party's":        {change(final, func(in *accounting.NewInvoice) { in.PartyID = s.ben.ID }), accounting.ErrNotDeductible},
			"before it is paid":      {setsOff(document(s, "1000", "S20"), "2010-12-01", p.ID), accounting.ErrOverDeducted},
			"before it is issued":    {setsOff(document(s, "1000", "S20"), "2010-11-30", p.ID), accounting.ErrNotDeductible},
			"no prepayment":          {setsOff(document(s, "10", "S20"), "2010-12-20", plain.ID), accounting.ErrNotDeductible},
			"twice":                  {setsOff(document(s, "1000", "S20"), "2010-12-20", p.ID, p.ID), accounting.ErrBadInput},
			"more than the total":    {setsOff(document(s, "10", "S20"), "2010-12-20", p.ID), accounting.ErrOverDeducted},
			"in dollars":             {change(setsOff(document(s, "1000", "S20"), "2010-12-20", p.ID), func(in *accounting.NewInvoice) { in.Prepaid[0].Amount = usd(100) }), accounting.ErrWrongCurrency},
			"by a credit note":       {change(credits(s, plain.ID, "2010-12-20", "1", "S20"), func(in *accounting.NewInvoice) { in.Prepaid = final.Prepaid }), accounting.ErrBadInput},
			"on an account":          {change(prepayment(s, "1", "S20"), func(in *accounting.NewInvoice) { in.Lines[0].Account = accounting.ByRole(accounting.RoleSales) }), accounting.ErrBadInput},
			"with terms":             {change(prepayment(s, "1", "S20"), func(in *accounting.NewInvoice) { in.Terms = thirds }), accounting.ErrBadInput},
			"of goods for the union": {prepayment(s, "1", "K"), accounting.ErrTaxUnsupported},
			"with tax withheld":      {prepayment(s, "1", "W"), accounting.ErrTaxUnsupported},
			"corrected upwards":      {change(credits(s, p.ID, "2010-12-20", "1", "S20"), func(in *accounting.NewInvoice) { in.Kind = accounting.DebitNoteDocument }), accounting.ErrNotCreditable},
		} {
			_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{c.in})
			require.ErrorIs(t, err, c.err, name)
		}
		limit := accounting.BooksChange{RateMaxAgeDays: 7, WriteOffLimit: gbp(100_000)}
		_, err := s.books.UpdateBooks(s.ctx, limit)
		require.NoError(t, err)
		open := s.issue(prepayment(s, "1", "S20"))[0]
		_, err = s.books.WriteOff(s.ctx, []accounting.NewWriteOff{{ItemID: open.ID, Date: day("2010-12-20"),
			PaymentWriteOff: accounting.PaymentWriteOff{Amount: gbp(120), Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "r"}}})
		require.ErrorIs(t, err, accounting.ErrTaxUnsupported)
		s.sound()
	})
}

// Of two rates one is credited: what is set off later bears what is left, each at its own rate.
func TestCreditedPrepaymentIsSetOffAtWhatIsLeft(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		issue := s20
		issue.Due = accounting.TaxDueOnIssue
		five := s20
		five.Code, five.Kind, five.Rates = "R5", accounting.TaxReduced, []accounting.NewTaxRate{rate("2000-01-01", "5")}
		s.taxes(issue, five)
		in := prepayment(s, "100", "S20", "100", "R5")
		in.TaxRounding = accounting.RoundPerDocument
		p := s.issue(in)[0]
		require.Equal(t, map[string]int64{"1": 2_000, "6": 10_000}, s.boxes(), "one is due on issue, the other on receipt")
		s.pay(received("", s.ann.ID, "2010-12-02", 22_500, part(p.ID, 22_500)))
		c := s.issue(credits(s, p.ID, "2010-12-03", "100", "R5"))[0]
		require.Equal(t, map[string]int64{"1": 2_500, "6": 20_000}, s.boxes(), "a credit is due when it is refunded")
		s.pay(accounting.NewPayment{PartyID: s.ann.ID, Direction: accounting.MoneyOut, Against: accounting.ByRole(accounting.RoleReceivable), Date: day("2010-12-04"), Amount: gbp(10_500),
			Allocate: []accounting.PaymentAllocation{part(c.ID, 10_500)}})
		require.Equal(t, map[string]int64{"1": 2_000, "6": 10_000}, s.boxes())
		v := s.issue(setsOff(document(s, "100", "S20"), "2010-12-20", p.ID))[0]
		require.Zero(t, v.Payable.Minor)
		require.Equal(t, map[string]int64{"1": 2_000, "6": 10_000}, s.boxes())
		require.Zero(t, s.balance(accounting.RoleCustomerAdvances))
		unpaid := s.issue(setsOff(prepayment(s, "40", "R5"), "2010-12-20"))[0]
		_, err := s.books.ReverseInvoices(s.ctx, []accounting.DocumentReversal{{DocumentID: unpaid.ID, Date: day("2010-12-21"), Reason: "not wanted"}})
		require.NoError(t, err)
		require.Zero(t, s.balance(accounting.RoleTaxNotDue))
		require.Zero(t, s.balance(accounting.RoleCustomerAdvances))
		states, err := s.books.DocumentStates(s.ctx, []uuid.UUID{v.ID, p.ID, unpaid.ID})
		require.NoError(t, err)
		require.Equal(t, accounting.DocumentReversed, states[unpaid.ID].State)
		require.Equal(t, accounting.DocumentPaid, states[v.ID].State)
		s.sound()
	})
}

// A prepayment at the rate of its day, and a supply at another: the final invoice bears the difference.
func TestPrepaymentAtAnotherRate(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		std := s20
		std.Rates = []accounting.NewTaxRate{rate("2010-01-01", "17.5"), rate("2011-01-04", "20")}
		s.taxes(std)
		in := prepayment(s, "117.5", "S20")
		in.TaxIncluded, in.TaxRounding, in.SettledBy = true, accounting.RoundPerDocument, accounting.ByRole(accounting.RoleCash)
		p := s.issue(in)[0]
		require.Equal(t, map[string]int64{"1": 1_750, "6": 10_000}, s.boxes(), "paid at once")
		v := s.issue(setsOff(document(s, "300", "S20"), "2011-01-10", p.ID))[0]
		require.Equal(t, gbp(36_000-11_750), v.Payable)
		require.Equal(t, int64(-6_000), s.balance(accounting.RoleTax))
		require.Zero(t, s.balance(accounting.RoleCustomerAdvances))
		require.Equal(t, map[string]int64{"1": 1_750, "6": 10_000}, s.boxes(), "the year before is as it was")
		s.sound()
	})
}

// Cash accounting: what is paid in advance is due at once, and the rest as the final invoice is paid.
func TestPrepaymentUnderCashAccounting(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(c20)
		p := s.issue(prepayment(s, "100", "C20"))[0]
		s.pay(received("", s.ann.ID, "2010-12-02", 12_000, part(p.ID, 12_000)))
		v := s.issue(setsOff(document(s, "300", "C20"), "2010-12-10", p.ID))[0]
		require.Equal(t, map[string]int64{"1": 2_000, "6": 10_000}, s.boxes())
		require.Equal(t, int64(-4_000), s.balance(accounting.RoleTaxNotDue))
		s.pay(received("", s.ann.ID, "2010-12-20", 12_000, part(v.ID, 12_000)))
		require.Equal(t, map[string]int64{"1": 4_000, "6": 20_000}, s.boxes())
		s.pay(received("", s.ann.ID, "2010-12-21", 12_000, part(v.ID, 12_000)))
		require.Equal(t, map[string]int64{"1": 6_000, "6": 30_000}, s.boxes())
		require.Zero(t, s.balance(accounting.RoleTaxNotDue))
		s.sound()
	})
}

func TestVendorsPrepayment(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		half := s20
		half.Code, half.NotRecoverable = "H20", price("50")
		s.taxes(half)
		in := s.withNet(10_000, "H20")
		in.Kind, in.Lines[0].Account = accounting.PrepaymentBillDocument, accounting.AccountRef{}
		p := s.bill(in)[0]
		require.Equal(t, int64(11_000), s.balance(accounting.RoleVendorAdvances), "with the tax that cannot be claimed")
		require.Zero(t, s.balance(accounting.RoleInputTax))
		pay := func(id uuid.UUID, minor int64) {
			s.pay(accounting.NewPayment{PartyID: s.ben.ID, Direction: accounting.MoneyOut, Date: day("2010-12-05"), Amount: gbp(minor),
				Allocate: []accounting.PaymentAllocation{part(id, minor)}})
		}
		pay(p.ID, 12_000)
		require.Equal(t, map[string]int64{"4": 1_000, "7": 10_000}, s.boxes())
		final := s.withNet(30_000, "H20")
		final.Date, final.Prepaid = day("2010-12-20"), []accounting.NewDeduction{{PrepaymentID: p.ID}}
		v := s.bill(final)[0]
		require.Equal(t, gbp(24_000), v.Payable)
		require.Equal(t, map[string]int64{"4": 3_000, "7": 30_000}, s.boxes())
		require.Zero(t, s.balance(accounting.RoleVendorAdvances))
		d, err := s.books.GetBill(s.ctx, v.ID)
		require.NoError(t, err)
		require.Equal(t, accounting.Deducted{Net: gbp(10_000), Tax: gbp(2_000), Gross: gbp(12_000), BaseMinor: 12_000, TaxBaseMinor: 2_000}, d.Prepayments[0].Deducted)
		require.Equal(t, int64(-1_000), d.PrepaidTaxes[0].NotRecoverableMinor)
		s.sound()
	})
}

func TestRacePrepaymentIsNeverSetOffTwice(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		p := s.issue(prepayment(s, "100", "S20"))[0]
		s.pay(received("", s.ann.ID, "2010-12-02", 12_000, part(p.ID, 12_000)))
		got := racetest.Together(6, func(i int) error {
			in := setsOff(document(s, "100", "S20"), "2010-12-20", p.ID)
			in.Prepaid[0].Amount = gbp(5_000)
			if i%3 == 2 {
				in = credits(s, p.ID, "2010-12-20", "40", "S20")
			}
			_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{in})
			return err
		})
		done := 0
		for _, err := range got {
			if err == nil {
				done++
				continue
			}
			require.True(t, errors.Is(err, accounting.ErrOverDeducted) || errors.Is(err, accounting.ErrOverCredited), "%v", err)
		}
		require.Equal(t, 2, done, "two of 50.00 and 48.00 fit into 120.00")
		s.sound()
	})
}

// setOffAndLost fills the tables of prepayments and bad debts. It needs S20.
func (s *shop) setOffAndLost() (final accounting.Invoice, debt accounting.BadDebt) {
	s.t.Helper()
	if list, err := s.books.ListTaxes(s.ctx); err != nil || !slices.ContainsFunc(list, func(t accounting.Tax) bool { return t.Code == "DE" }) {
		s.taxes(deRelief)
	}
	ahead := prepayment(s, "10", "S20")
	ahead.Date = day("2010-12-20")
	p := s.issue(ahead)[0]
	s.pay(received("", s.ann.ID, "2010-12-20", 1_200, part(p.ID, 1_200)))
	final = s.issue(setsOff(document(s, "30", "S20"), "2010-12-20", p.ID))[0]
	bought := s.withNet(1_000, "S20")
	bought.Kind, bought.Date, bought.Lines[0].Account = accounting.PrepaymentBillDocument, day("2010-12-20"), accounting.AccountRef{}
	b := s.bill(bought)[0]
	s.pay(accounting.NewPayment{PartyID: s.ben.ID, Direction: accounting.MoneyOut, Date: day("2010-12-20"), Amount: gbp(1_200), Allocate: []accounting.PaymentAllocation{part(b.ID, 1_200)}})
	rest := s.withNet(3_000, "S20")
	rest.Date, rest.Prepaid = day("2010-12-20"), []accounting.NewDeduction{{PrepaymentID: b.ID}}
	s.bill(rest)
	lost := document(s, "10", "DE")
	lost.Date = day("2010-12-20")
	return final, s.relieve(s.issue(lost)[0].ID, "2010-12-21", 0)
}

func TestTheDatabaseRefusesPrepaymentsThatChange(t *testing.T) {
	eachRaw(t, func(t *testing.T, r *raw) {
		if list, err := r.s.books.ListTaxes(r.s.ctx); err != nil || len(list) == 0 {
			r.s.taxes(s20)
		}
		_, debt := r.s.setOffAndLost()
		dearer := func(of string) string {
			return "INSERT INTO erp." + of + "_prepayments (tenant_id, " + of + "_id, prepayment_id, net_minor, net_currency, tax_minor, tax_currency, gross_minor, gross_currency, base_minor, tax_base_minor) SELECT tenant_id, " +
				of + "_id, " + of + "_id, net_minor, 'EUR', tax_minor, 'EUR', gross_minor, 'EUR', base_minor, tax_base_minor FROM erp." + of + "_prepayments"
		}
		for statement, says := range map[string]string{
			"UPDATE erp.invoices SET deducted_minor = deducted_minor + 1 WHERE kind = 'prepayment'":                                              "erp_invoices_deducted",
			"UPDATE erp.invoices SET deducted_minor = 0 WHERE deducted_minor > 0":                                                                "issued",
			"UPDATE erp.invoices SET deducted_minor = 1 WHERE kind = 'invoice'":                                                                  "erp_invoices_deducted",
			"UPDATE erp.invoices SET prepaid_minor = 0, payable_minor = payable_minor + prepaid_minor WHERE prepaid_minor > 0":                   "issued",
			"UPDATE erp.bills SET deducted_minor = deducted_minor + 1 WHERE kind = 'prepayment'":                                                 "erp_bills_deducted",
			"UPDATE erp.bills SET deducted_minor = 0 WHERE deducted_minor > 0":                                                                   "recorded",
			"UPDATE erp.bills SET tax_variance_minor = 1":                                                                                        "recorded",
			"UPDATE erp.invoice_prepayments SET net_minor = 0":                                                                                   "",
			"UPDATE erp.invoices SET prepaid_base_minor = prepaid_base_minor + 1, net_base_minor = net_base_minor + 1 WHERE kind = 'prepayment'": "",
			"UPDATE erp.bad_debts SET base_minor = base_minor + 1":                                                                               "written off",
			dearer("invoice"):                  "a prepayment is set off in its own currency",
			dearer("bill"):                     "a prepayment is set off in its own currency",
			"DELETE FROM erp.bill_prepayments": "",
			"DELETE FROM erp.bad_debts":        "",
			"UPDATE erp.bad_debts SET amount_minor = 1 WHERE id = '" + debt.ID.String() + "'": "written off",
			"UPDATE erp.bad_debts SET recovered_minor = amount_minor + 1":                     "erp_bad_debts_recovered",
			"UPDATE erp.taxes SET relief_months = 12 WHERE code = 'DE'":                       "how",
			"UPDATE erp.tax_entries SET due_on = '2011-01-01' WHERE NOT due":                  "",
		} {
			err := r.try(statement)
			require.Error(t, err, statement)
			require.ErrorContains(t, err, says, statement)
		}
		mine := " WHERE id = '" + debt.ID.String() + "'"
		require.NoError(t, r.rehearse("UPDATE erp.bad_debts SET recovered_minor = 1"+mine))
		require.ErrorContains(t, r.try("UPDATE erp.bad_debts SET recovered_minor = 1"+mine, "UPDATE erp.bad_debts SET recovered_minor = 0"+mine), "written off")
		r.s.sound()
	})
}

// A credit note and the final invoice in one call, and an early-payment discount on what the final invoice leaves to pay.
func TestPrepaymentWithinABatchAndWithADiscount(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		five := s20
		five.Code, five.Kind, five.Rates = "R5", accounting.TaxReduced, []accounting.NewTaxRate{rate("2000-01-01", "5")}
		s.taxes(s20, five)
		p := s.issue(prepayment(s, "100", "S20", "100", "R5"))[0]
		s.pay(received("", s.ann.ID, "2010-12-02", 22_500, part(p.ID, 22_500)))
		out := s.issue(credits(s, p.ID, "2010-12-10", "100", "R5"), setsOff(document(s, "300", "S20"), "2010-12-10", p.ID))
		require.Equal(t, gbp(12_000), out[1].Prepaid)
		d, err := s.books.GetInvoice(s.ctx, out[1].ID)
		require.NoError(t, err)
		require.Equal(t, gbp(2_000), d.Prepayments[0].Tax, "what the credit left is all at 20 per cent")

		q := s.issue(setsOff(prepayment(s, "100", "S20"), "2010-12-11"))[0]
		s.pay(received("", s.ann.ID, "2010-12-12", 12_000, part(q.ID, 12_000)))
		before := s.boxes()["1"]
		in := setsOff(document(s, "300", "S20"), "2010-12-13", q.ID)
		in.Terms.Discount = accounting.EarlyDiscount{Percent: price("10"), Until: day("2010-12-20")}
		v := s.issue(in)[0]
		_, err = s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: v.ID, Date: day("2010-12-14")}})
		require.NoError(t, err)
		require.Equal(t, before+6_000-2_000-400, s.boxes()["1"], "24.00 off, of which 4.00 are tax")
		s.sound()
	})
}
