package accounting_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy/date"
)

// thirds are three instalments.
var thirds = accounting.Terms{Instalments: []accounting.Instalment{{Due: day("2010-12-31"), Percent: price("33.3333")}, {Due: day("2011-01-31"), Percent: price("33.3333")},
	{Due: day("2011-02-28"), Percent: price("33.3334")}}}

func TestInstalments(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		in := invoice("I1", s.ann.ID, "2010-12-01", "100.00")
		in.Terms = thirds
		v := s.issue(in)[0]
		require.Equal(t, day("2011-02-28"), v.DueDate)
		second, third := accounting.InstalmentID(v.ID, 2), accounting.InstalmentID(v.ID, 3)
		require.Equal(t, map[uuid.UUID]int64{v.ID: 3333, second: 3333, third: 3334}, s.open("2010-12-31"))
		items, err := s.books.OpenItems(s.ctx, day("2010-12-31"))
		require.NoError(t, err)
		require.Equal(t, []date.Date{day("2010-12-31"), day("2011-01-31"), day("2011-02-28")}, []date.Date{items.Items[0].DueDate, items.Items[1].DueDate, items.Items[2].DueDate})
		s.pay(received("P1", s.ann.ID, "2010-12-20", 4_000, part(v.ID, 3_333), part(second, 667)))
		// A credit note is set off by instalment, as far as each is open.
		credit := invoice("C1", uuid.Nil, "2011-01-02", "50.00")
		credit.Kind, credit.CorrectsID = accounting.CreditNoteDocument, v.ID
		s.issue(credit)
		require.Equal(t, map[uuid.UUID]int64{third: 1_000}, s.open("2011-12-31"))
		s.sound()

		bill := aBill("B1", "1", s.ben.ID, "2010-12-01", "10.00")
		bill.Terms = thirds
		b := s.bill(bill)[0]
		require.Equal(t, int64(-334), s.open("2010-12-31")[accounting.InstalmentID(b.ID, 3)])
		s.sound()
	})
}

func TestTermsThatCannotBe(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		ok := invoice("", s.ann.ID, "2010-12-01", "100.00")
		part := func(due, percent string) accounting.Instalment {
			return accounting.Instalment{Due: day(due), Percent: price(percent)}
		}
		for name, change := range map[string]func(*accounting.NewInvoice){
			"not all": func(v *accounting.NewInvoice) {
				v.Terms.Instalments = []accounting.Instalment{part("2010-12-31", "99.9999")}
			},
			"before the date": func(v *accounting.NewInvoice) {
				v.Terms.Instalments = []accounting.Instalment{part("2010-11-30", "100")}
			},
			"backwards": func(v *accounting.NewInvoice) {
				v.Terms.Instalments = []accounting.Instalment{part("2010-12-31", "50"), part("2010-12-30", "50")}
			},
			"below zero": func(v *accounting.NewInvoice) {
				v.Terms.Instalments = []accounting.Instalment{part("2010-12-31", "150"), part("2010-12-31", "-50")}
			},
			"due twice":        func(v *accounting.NewInvoice) { v.Terms, v.Due = thirds, day("2010-12-31") },
			"settled at once":  func(v *accounting.NewInvoice) { v.Terms, v.SettledBy = thirds, accounting.ByRole(cash) },
			"of a credit note": func(v *accounting.NewInvoice) { v.Terms, v.Kind = thirds, accounting.CreditNoteDocument },
			"all is discount": func(v *accounting.NewInvoice) {
				v.Terms.Discount = accounting.EarlyDiscount{Percent: price("100"), Until: day("2010-12-31")}
			},
			"discount, no day": func(v *accounting.NewInvoice) { v.Terms.Discount = accounting.EarlyDiscount{Percent: price("2")} },
			"day, no discount": func(v *accounting.NewInvoice) { v.Terms.Discount = accounting.EarlyDiscount{Until: day("2010-12-31")} },
			"two discounts": func(v *accounting.NewInvoice) {
				v.Lines[0].Discount = accounting.Adjust{Percent: price("1"), Amount: gbp(1)}
			},
			"negative discount": func(v *accounting.NewInvoice) { v.Lines[0].Discount = accounting.Adjust{Amount: gbp(-1)} },
			"empty adjustment":  func(v *accounting.NewInvoice) { v.Adjustments = []accounting.Adjustment{{Reason: "none"}} },
		} {
			in := ok
			in.Lines = append([]accounting.NewInvoiceLine(nil), ok.Lines...)
			change(&in)
			_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{in})
			require.ErrorIs(t, err, accounting.ErrBadInput, name)
		}
		s.sound()
	})
}

func TestPaymentTerms(t *testing.T) {
	due, terms := accounting.PaymentTerms{Days: 30, DiscountPercent: price("2"), DiscountDays: 10}.On(day("2010-12-01"))
	require.Equal(t, day("2010-12-31"), due)
	require.Equal(t, day("2010-12-11"), terms.Discount.Until)
	due, _ = accounting.PaymentTerms{Days: 15, EndOfMonth: true}.On(day("2011-02-03"))
	require.Equal(t, day("2011-03-15"), due)
	due, terms = accounting.PaymentTerms{Instalments: []accounting.InstalmentTerm{{Days: 0, Percent: price("40")}, {Days: 60, Percent: price("60")}}}.On(day("2010-12-01"))
	require.Equal(t, day("2011-01-30"), due)
	require.Equal(t, day("2010-12-01"), terms.Instalments[0].Due)
}

func TestEarlyPaymentDiscountCorrectsTax(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		in := document(s, "100", "S20", "10", "")
		in.Due, in.Terms.Discount = day("2010-12-31"), accounting.EarlyDiscount{Percent: price("2"), Until: day("2010-12-11")}
		v := s.issue(in)[0]
		require.Equal(t, int64(13000), v.Payable.Minor)
		take := accounting.NewDiscount{Reference: "D1", DocumentID: v.ID, Date: day("2010-12-12")}
		_, err := s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{take})
		require.ErrorIs(t, err, accounting.ErrNoDiscount, "too late")
		take.Date = day("2010-12-10")
		out, err := s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{take, take})
		require.NoError(t, err)
		require.True(t, out[1].Replayed, "it is taken once")
		require.Equal(t, out[0].ID, out[1].ID)
		// 2.60 of 130.00: 0.40 of the tax of 20.00, 2.20 of the rest.
		require.Equal(t, int64(220), s.balance(accounting.RoleDiscountGiven))
		require.Equal(t, int64(-1960), s.balance(accounting.RoleTax))
		require.Equal(t, map[uuid.UUID]int64{v.ID: 12740}, s.open("2010-12-31"))
		require.Equal(t, map[string]int64{"1": 1960, "6": 9800}, s.boxes())
		take.Date = day("2010-12-09")
		_, err = s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{take})
		require.ErrorIs(t, err, accounting.ErrReferenceTaken)
		take.Reference = "D2"
		_, err = s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{take})
		require.ErrorIs(t, err, accounting.ErrDiscountTaken)
		_, err = s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: out[0].ID, Date: day("2010-12-20"), Reason: "no"}})
		require.ErrorIs(t, err, accounting.ErrEntryOfSettlement)

		bill := s.withNet(10000, "S20")
		bill.Terms.Discount = accounting.EarlyDiscount{Percent: price("3"), Until: day("2010-12-11")}
		b := s.bill(bill)[0]
		_, err = s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: b.ID, Date: day("2010-12-10")}})
		require.NoError(t, err)
		require.Equal(t, int64(-300), s.balance(accounting.RoleDiscountTaken))
		require.Equal(t, int64(2000-60), s.balance(accounting.RoleInputTax))
		require.Equal(t, int64(-12000+360), s.open("2010-12-31")[b.ID])

		paid := s.issue(in)[0]
		s.pay(received("", s.ann.ID, "2010-12-10", 13_000, part(paid.ID, 13_000)))
		_, err = s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: paid.ID, Date: day("2010-12-10")}})
		require.ErrorIs(t, err, accounting.ErrOverAllocated, "it was paid in full")
		_, err = s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: uuid.New(), Date: day("2010-12-10")}})
		require.ErrorIs(t, err, accounting.ErrUnknownItem)
		s.sound()
	})
}

// c20 is tax of a business that accounts for cash.
var c20 = accounting.NewTax{Code: "C20", Due: accounting.TaxDueOnPayment, Rates: s20.Rates, Boxes: s20.Boxes}

func TestTaxDueOnPayment(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(c20)
		in := document(s, "10.01", "C20") // tax 2.00, to pay 12.01
		in.Terms = thirds
		v := s.issue(in)[0]
		require.Equal(t, int64(-200), s.balance(accounting.RoleTaxNotDue))
		require.Empty(t, s.boxes(), "nothing is due yet")
		pay := func(n int, minor int64, on string) {
			s.pay(received("", s.ann.ID, on, minor, part(accounting.InstalmentID(v.ID, n), minor)))
		}
		pay(1, 100, "2010-12-10")
		require.Equal(t, map[string]int64{"1": 17, "6": 83}, s.boxes())
		pay(1, 300, "2010-12-11")
		pay(2, 400, "2010-12-12")
		pay(3, 1, "2010-12-13")
		r, err := s.books.TaxReport(s.ctx, day("2010-12-01"), day("2010-12-31"))
		require.NoError(t, err)
		require.Len(t, r.NotDue, 1)
		require.Equal(t, 200-s.boxes()["1"], r.NotDue[0].Tax.Minor)
		pay(3, 400, "2010-12-14")
		require.Zero(t, s.balance(accounting.RoleTaxNotDue), "the last payment takes the residual")
		require.Equal(t, map[string]int64{"1": 200, "6": 1001}, s.boxes())
		s.sound()

		// A credit note, an advance that is allocated later, what is settled at once, and a discount.
		w := s.issue(document(s, "50", "C20"))[0]
		credit := document(s, "20", "C20")
		credit.Kind, credit.CorrectsID, credit.PartyID = accounting.CreditNoteDocument, w.ID, uuid.Nil
		s.issue(credit)
		require.Equal(t, int64(200), s.boxes()["1"], "what is credited and what it credits become due against each other")
		require.Equal(t, int64(-600), s.balance(accounting.RoleTaxNotDue))
		advance := s.pay(received("", s.ann.ID, "2010-12-15", 3_600))[0]
		_, err = s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: w.ID, CreditID: advance.ID, Date: day("2010-12-16"), Amount: gbp(3_600)}})
		require.NoError(t, err)
		require.Zero(t, s.balance(accounting.RoleTaxNotDue))
		at := document(s, "5", "C20")
		at.SettledBy = accounting.ByRole(cash)
		s.issue(at)
		require.Equal(t, int64(200+600+100), s.boxes()["1"])

		d := document(s, "100", "C20")
		d.Terms.Discount = accounting.EarlyDiscount{Percent: price("2"), Until: day("2010-12-11")}
		x := s.issue(d)[0]
		_, err = s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: x.ID, Date: day("2010-12-10")}})
		require.NoError(t, err)
		require.Equal(t, int64(900), s.boxes()["1"])
		s.pay(received("", s.ann.ID, "2010-12-10", 11_760, part(x.ID, 11_760)))
		require.Equal(t, int64(900+1960), s.boxes()["1"])
		require.Zero(t, s.balance(accounting.RoleTaxNotDue))

		b := s.bill(s.withNet(1000, "C20"))[0]
		require.Equal(t, int64(200), s.balance(accounting.RoleInputTaxNotDue))
		require.Zero(t, s.balance(accounting.RoleInputTax))
		s.pay(accounting.NewPayment{PartyID: s.ben.ID, Direction: accounting.MoneyOut, Date: day("2010-12-20"), Amount: gbp(600),
			Allocate: []accounting.PaymentAllocation{{InvoiceID: b.ID, Amount: gbp(600)}}})
		require.Equal(t, int64(100), s.balance(accounting.RoleInputTax))
		require.Equal(t, int64(100), s.boxes()["4"])
		s.sound()
	})
}

func TestDiscountsAndCharges(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		in := document(s, "100", "S20", "50", "")
		in.Lines[0].Discount, in.Lines[0].Charge = accounting.Adjust{Percent: price("10")}, accounting.Adjust{Amount: gbp(250)}
		in.Adjustments = []accounting.Adjustment{
			{Adjust: accounting.Adjust{Percent: price("5")}, TaxCode: "S20", Reason: "loyalty"}, // of 92.50: 4.625
			{Adjust: accounting.Adjust{Amount: gbp(100)}, Reason: "untaxed"},
			{Charge: true, Adjust: accounting.Adjust{Amount: gbp(495)}, TaxCode: "S20", Reason: "carriage", Account: accounting.ByCode("4100")}}
		v := s.issue(in)[0]
		require.Equal(t, [3]int64{9250 + 5000 - 463 - 100 + 495, 1850 - 93 + 99, 14182 + 1856}, figures(v))
		d, err := s.books.GetInvoice(s.ctx, v.ID)
		require.NoError(t, err)
		require.Equal(t, []string{"", "", "loyalty", "untaxed", "carriage"}, d.Descriptions)
		require.Equal(t, accounting.LineDiscount, d.Lines[2].Kind)
		require.Equal(t, accounting.LineCharge, d.Lines[4].Kind)
		require.Equal(t, int64(1000), d.Lines[0].DiscountMinor)
		require.Equal(t, int64(250), d.Lines[0].ChargeMinor)
		bill := aBill("B1", "1", s.ben.ID, "2010-12-01", "10.00")
		bill.Adjustments = []accounting.Adjustment{{Adjust: accounting.Adjust{Percent: price("10")}}}
		require.Equal(t, gbp(900), s.bill(bill)[0].Gross)
		euro := in
		euro.Adjustments = []accounting.Adjustment{{Adjust: accounting.Adjust{Amount: gbp(100)}}}
		euro.Adjustments[0].Amount.Currency = "EUR"
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{euro})
		require.ErrorIs(t, err, accounting.ErrWrongCurrency)
		s.sound()
	})
}

func TestDebitNotes(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10.00"))[0]
		note := invoice("D1", uuid.Nil, "2010-12-05", "2.50")
		note.Kind, note.CorrectsID = accounting.DebitNoteDocument, v.ID
		d := s.issue(note)[0]
		require.Equal(t, "DN-2010-00001", d.Number)
		require.Equal(t, s.ann.ID, d.PartyID)
		require.Equal(t, map[uuid.UUID]int64{v.ID: 1000, d.ID: 250}, s.open("2010-12-31"))
		require.Equal(t, int64(-1250), s.balance(accounting.RoleSales))
		b := s.bill(aBill("B1", "1", s.ben.ID, "2010-12-01", "10"))[0]
		more := aBill("B2", "2", uuid.Nil, "2010-12-05", "1")
		more.Kind, more.CorrectsID = accounting.VendorDebitDocument, b.ID
		x := s.bill(more)[0]
		require.Equal(t, int64(-100), s.open("2010-12-31")[x.ID])
		s.sound()
	})
}

func TestBothPartiesAreOnTheDocument(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		_, err := s.books.DescribeBusiness(s.ctx, accounting.Business{Name: "Lamps Ltd", Address: []string{"2 Low Street", "York"}, Country: "GB", TaxID: "GB999"})
		require.NoError(t, err)
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10.00"))[0]
		_, err = s.books.DescribeBusiness(s.ctx, accounting.Business{Name: "Lamps plc", Country: "GB"})
		require.NoError(t, err)
		d, err := s.books.GetInvoice(s.ctx, v.ID)
		require.NoError(t, err)
		require.Equal(t, [4]string{"Lamps Ltd", "2 Low Street\nYork", "GB", "GB999"}, [4]string{d.Text.OwnName, d.Text.OwnAddress, d.Text.OwnCountry, d.Text.OwnTaxID})
		b, err := s.books.GetBill(s.ctx, s.bill(aBill("B1", "1", s.ben.ID, "2010-12-01", "10"))[0].ID)
		require.NoError(t, err)
		require.Equal(t, "Lamps plc", b.Text.OwnName)
	})
}

func TestLikelyDuplicatesOfBills(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		first := s.bill(aBill("B1", "17", s.ben.ID, "2010-12-01", "10"))[0]
		again := aBill("B2", "17a", s.ben.ID, "2010-12-08", "10")
		again.Duplicates = 6
		require.Empty(t, s.bill(again)[0].LikelyDuplicates, "seven days later")
		third := aBill("B3", "17b", s.ben.ID, "2010-12-04", "10")
		third.Duplicates, third.RefuseDuplicates = 6, true
		_, err := s.books.Bill(s.ctx, []accounting.NewBill{third})
		require.ErrorIs(t, err, accounting.ErrBillDuplicate)
		third.RefuseDuplicates = false
		found := s.bill(third)[0].LikelyDuplicates
		require.Len(t, found, 2)
		require.Contains(t, found, first.ID)
		other := aBill("B4", "17c", s.ben.ID, "2010-12-04", "10.01")
		other.Duplicates, other.RefuseDuplicates = 366, true
		twin := other
		twin.Reference, twin.VendorNumber = "B5", "17d"
		_, err = s.books.Bill(s.ctx, []accounting.NewBill{other, twin})
		require.ErrorIs(t, err, accounting.ErrBillDuplicate, "further up in the call")
		s.sound()
	})
}

func TestRaceForADiscount(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(c20)
		in := document(s, "100", "C20")
		in.Terms.Discount = accounting.EarlyDiscount{Percent: price("2"), Until: day("2010-12-11")}
		v := s.issue(in)[0]
		failed := make([]error, 6)
		var all sync.WaitGroup
		for i := range failed {
			all.Add(1)
			go func() {
				defer all.Done()
				if i%2 == 0 {
					_, failed[i] = s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{Reference: "D", DocumentID: v.ID, Date: day("2010-12-10")}})
				} else {
					_, failed[i] = s.books.Pay(s.ctx, []accounting.NewPayment{received("", s.ann.ID, "2010-12-10", 3_920, part(v.ID, 3_920))})
				}
			}()
		}
		all.Wait()
		for _, err := range failed {
			require.NoError(t, err)
		}
		require.Empty(t, s.open("2010-12-31"), "240 of discount and three payments of 39.20")
		require.Equal(t, int64(200), s.balance(accounting.RoleDiscountGiven))
		require.Zero(t, s.balance(accounting.RoleTaxNotDue))
		require.Equal(t, map[string]int64{"1": 1960, "6": 9800}, s.boxes())
		s.sound()
	})
}
