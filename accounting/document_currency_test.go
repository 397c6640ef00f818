package accounting_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// inDollars is an invoice of prices in dollars.
func inDollars(s *shop, pairs ...string) accounting.NewInvoice {
	in := document(s, pairs...)
	in.Currency = "USD"
	return in
}

// dollarsIn is a payment in dollars for parts of items, at the rate of the day.
func (s *shop) dollarsIn(on string, id uuid.UUID, minor int64) {
	s.t.Helper()
	s.pay(accounting.NewPayment{PartyID: s.ann.ID, Direction: accounting.MoneyIn, Date: day(on), Amount: usd(minor),
		Allocate: []accounting.PaymentAllocation{{InvoiceID: id, Amount: usd(minor)}}})
}

func TestInvoiceInForeignCurrency(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{inDollars(s, "100", "")})
		require.ErrorIs(t, err, accounting.ErrNoRate)
		require.ErrorContains(t, err, "document 1: there is no rate from USD to GBP for 2010-12-01")
		s.rate("2010-11-28", "0.6413")
		s.rate("2010-12-01", "0.6421")
		in := inDollars(s, "33.33", "S20", "0.05", "S20", "9.99", "")
		in.Lines[1].Account = accounting.ByRole(accounting.RoleFees)
		in.Reference = "I1"
		v := s.issue(in)[0]
		// 33.33 + 0.05 + 9.99 = 43.37; tax 6.67 + 0.01 = 6.68; 50.05 in all.
		require.Equal(t, [3]money.Amount{usd(4337), usd(668), usd(5005)}, [3]money.Amount{v.Net, v.Tax, v.Gross})
		require.Equal(t, "0.6421 2010-12-01 test", v.Rate.String()+" "+v.RateOn.String()+" "+v.RateSource)
		// 43.32 to sales is 27.82 (27.8158), 0.05 to fees 0.03, tax 4.29 (4.2892), 50.05 is 32.14 (32.1371): nothing is left over.
		require.Equal(t, [4]int64{2785, 429, 3214, 0}, [4]int64{v.NetBaseMinor, v.TaxBaseMinor, v.PayableBaseMinor, v.ConversionMinor})
		e, err := s.books.GetEntry(s.ctx, v.EntryID)
		require.NoError(t, err)
		require.Equal(t, usd(5005), e.Lines[0].Transaction)
		require.Equal(t, gbp(3214), e.Lines[0].Amount)
		require.Equal(t, map[string]int64{"1": 429, "6": 2143}, s.boxes(), "33.38 dollars of base are 21.43 pounds")

		again := in
		again.Currency = "USD"
		require.True(t, s.issue(again)[0].Replayed)
		again.Rate = accounting.DocumentRate{Rate: price("0.65"), Source: "contract 17"}
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{again})
		require.ErrorIs(t, err, accounting.ErrReferenceTaken)

		// The day of the rate is that of the supply, or the document's as it declares; a stated rate comes with its source.
		in.Reference, in.TaxPoint = "", day("2010-11-30")
		require.Equal(t, "0.6413", s.issue(in)[0].Rate.String())
		in.Rate.Day = accounting.RateOfDate
		require.Equal(t, "0.6421", s.issue(in)[0].Rate.String())
		in.Rate = accounting.DocumentRate{Rate: price("0.65"), Source: "contract 17"}
		w := s.issue(in)[0]
		require.Equal(t, "0.65 contract 17", w.Rate.String()+" "+w.RateSource)
		require.Equal(t, int64(3253), w.PayableBaseMinor)

		base := document(s, "10", "")
		base.Reference = "I2"
		require.False(t, s.issue(base)[0].Foreign())
		base.Currency = "GBP"
		require.True(t, s.issue(base)[0].Replayed, "the default stated is the same input")
		s.sound()
	})
}

func TestForeignDocumentsRefuse(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2010-12-01", "0.5")
		v := s.issue(inDollars(s, "10", ""))[0]
		b := s.bill(accounting.NewBill{PartyID: s.ben.ID, Date: day("2010-12-01"), Currency: "USD",
			Lines: []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: usd(500)}}})[0]
		credit := func(change func(*accounting.NewInvoice)) accounting.NewInvoice {
			in := inDollars(s, "1", "")
			in.Kind, in.CorrectsID, in.Currency = accounting.CreditNoteDocument, v.ID, ""
			change(&in)
			return in
		}
		sale := func(change func(*accounting.NewInvoice)) accounting.NewInvoice {
			in := inDollars(s, "1", "")
			change(&in)
			return in
		}
		stated := accounting.DocumentRate{Rate: price("0.5"), Source: "x"}
		for name, row := range map[string]struct {
			in   accounting.NewInvoice
			want error
		}{
			"no currency":              {sale(func(v *accounting.NewInvoice) { v.Currency = "DOLLARS" }), accounting.ErrBadInput},
			"a rate without a source":  {sale(func(v *accounting.NewInvoice) { v.Rate.Rate = price("0.5") }), accounting.ErrBadInput},
			"a source without a rate":  {sale(func(v *accounting.NewInvoice) { v.Rate.Source = "x" }), accounting.ErrBadInput},
			"a rate below zero":        {sale(func(v *accounting.NewInvoice) { v.Rate = stated; v.Rate.Rate = price("-1") }), accounting.ErrBadInput},
			"a rate and a day":         {sale(func(v *accounting.NewInvoice) { v.Rate = stated; v.Rate.Day = accounting.RateOfDate }), accounting.ErrBadInput},
			"a day of no kind":         {sale(func(v *accounting.NewInvoice) { v.Rate.Day = "today" }), accounting.ErrBadInput},
			"a source of two lines":    {sale(func(v *accounting.NewInvoice) { v.Rate = stated; v.Rate.Source = "x\ny" }), accounting.ErrBadInput},
			"a rate of base":           {sale(func(v *accounting.NewInvoice) { v.Rate = stated; v.Currency = "GBP" }), accounting.ErrBadInput},
			"a currency without rates": {sale(func(v *accounting.NewInvoice) { v.Currency = "CHF" }), accounting.ErrNoRate},
			"a rate that is old":       {sale(func(v *accounting.NewInvoice) { v.Date = day("2010-12-31") }), accounting.ErrNoRate},
			"a worth beyond the books": {sale(func(v *accounting.NewInvoice) { v.Rate = stated; v.Rate.Rate = price("99999999999999") }), accounting.ErrAmountLimit},
			"a discount in pounds": {sale(func(v *accounting.NewInvoice) {
				v.Lines[0].Discount.Amount = gbp(1)
			}), accounting.ErrWrongCurrency},
			"a credit in another currency": {credit(func(v *accounting.NewInvoice) { v.Currency = "GBP" }), accounting.ErrWrongCurrency},
			"a credit at its own rate":     {credit(func(v *accounting.NewInvoice) { v.Rate = stated }), accounting.ErrBadInput},
		} {
			_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{row.in})
			require.ErrorIs(t, err, row.want, name)
			require.ErrorContains(t, err, "document 1: ", name)
		}
		_, err := s.books.Bill(s.ctx, []accounting.NewBill{{PartyID: s.ben.ID, Date: day("2010-12-01"), Currency: "USD",
			Lines: []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: gbp(500)}}}})
		require.ErrorIs(t, err, accounting.ErrWrongCurrency)
		_, err = s.books.Bill(s.ctx, []accounting.NewBill{{Kind: accounting.VendorCreditDocument, CorrectsID: b.ID, Date: day("2010-12-01"), Currency: "EUR",
			Lines: []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: eur(100)}}}})
		require.ErrorIs(t, err, accounting.ErrWrongCurrency)
		// 5.00 dollars and 5.00 pounds are not alike.
		other := s.bill(accounting.NewBill{PartyID: s.ben.ID, Date: day("2010-12-01"), Duplicates: 5,
			Lines: []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: gbp(500)}}})[0]
		require.Empty(t, other.LikelyDuplicates)
		s.sound()
	})
}

// A foreign invoice from its issue to its last cent: paid in parts at other rates, credited, discounted, written off.
func TestForeignInvoiceIsSettled(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		_, err := s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 7, WriteOffLimit: gbp(500)})
		require.NoError(t, err)
		s.rate("2010-12-01", "0.64")
		in := inDollars(s, "1000", "S20")
		in.Due, in.Terms.Discount = day("2010-12-31"), accounting.EarlyDiscount{Percent: price("2"), Until: day("2010-12-11")}
		v := s.issue(in)[0]
		require.Equal(t, int64(76_800), s.balance(receivable))

		// A quarter is credited, at what it stood in the books at, whatever the dollar is worth by then.
		s.rate("2010-12-05", "0.70")
		credit := accounting.NewInvoice{Kind: accounting.CreditNoteDocument, CorrectsID: v.ID, Date: day("2010-12-05"),
			Lines: []accounting.NewInvoiceLine{{Quantity: units(1), UnitPrice: price("250"), TaxCode: "S20"}}}
		c := s.issue(credit)[0]
		require.Equal(t, money.Currency("USD"), c.Gross.Currency)
		require.Equal(t, "0.64", c.Rate.String())
		require.Equal(t, int64(57_600), s.balance(receivable))
		require.Equal(t, map[string]int64{"1": 9_600, "6": 48_000}, s.boxes())
		require.Zero(t, s.balance(accounting.RoleExchangeGain))

		// Two per cent of 900 dollars are 18: 3 of tax, 15 of the rest, at 0.64.
		_, err = s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: v.ID, Date: day("2010-12-10")}})
		require.NoError(t, err)
		require.Equal(t, int64(960), s.balance(accounting.RoleDiscountGiven))
		require.Equal(t, map[string]int64{"1": 9_408, "6": 47_040}, s.boxes())
		require.Equal(t, map[uuid.UUID]int64{v.ID: 88_200}, s.open("2010-12-31"))

		// 400 dollars at 0.70 gain 24 pounds, 480 at 0.60 lose 19.20; 2 dollars are written off at 0.64.
		s.dollarsIn("2010-12-10", v.ID, 40_000)
		require.Equal(t, int64(-2_400), s.balance(accounting.RoleExchangeGain))
		standing, err := s.books.DocumentStates(s.ctx, []uuid.UUID{v.ID, c.ID})
		require.NoError(t, err)
		require.Equal(t, accounting.DocumentStanding{State: accounting.DocumentPartPaid, Open: usd(48_200)}, standing[v.ID])
		require.Equal(t, accounting.DocumentPaid, standing[c.ID].State)
		s.rate("2010-12-15", "0.60")
		s.dollarsIn("2010-12-15", v.ID, 48_000)
		require.Equal(t, int64(1_920), s.balance(accounting.RoleExchangeLoss))
		_, err = s.books.WriteOff(s.ctx, []accounting.NewWriteOff{{ItemID: v.ID, Date: day("2010-12-20"), PaymentWriteOff: accounting.PaymentWriteOff{
			Amount: usd(200), Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "not worth a letter"}}})
		require.NoError(t, err)
		require.Equal(t, int64(128), s.balance(accounting.RoleBadDebt))
		require.Zero(t, s.balance(receivable))
		require.Empty(t, s.open("2010-12-31"))

		// The customer's account, in dollars, and what is aged of it on the way.
		account, err := s.books.StatementOfAccount(s.ctx, accounting.StatementQuery{PartyID: s.ann.ID, Control: accounting.ControlReceivable, From: day("2010-12-01"), To: day("2010-12-31")})
		require.NoError(t, err)
		require.Len(t, account.Accounts, 1)
		require.Equal(t, usd(0), account.Accounts[0].Closing)
		require.Equal(t, usd(120_000), account.Accounts[0].Entries[0].Amount)
		aged, err := s.books.AgedItems(s.ctx, accounting.AgingQuery{Control: accounting.ControlReceivable, AsOf: day("2010-12-12")})
		require.NoError(t, err)
		require.Equal(t, gbp(30_848), aged.Total.Sum)
		s.sound()
	})
}

// Tax that is due on payment becomes due at what it was declared at, whatever the payment is worth.
func TestForeignTaxDueOnPayment(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(c20)
		s.rate("2010-12-01", "0.6437")
		in := inDollars(s, "10.01", "C20") // tax 2.00 dollars, 1.29 pounds, to pay 12.01
		in.Terms = thirds
		v := s.issue(in)[0]
		require.Equal(t, int64(129), v.TaxBaseMinor)
		require.Equal(t, int64(-129), s.balance(accounting.RoleTaxNotDue))
		require.Empty(t, s.boxes())
		s.rate("2010-12-10", "0.9")
		s.dollarsIn("2010-12-10", accounting.InstalmentID(v.ID, 1), 100)
		require.Equal(t, map[string]int64{"1": 11, "6": 54}, s.boxes())
		for n, left := range s.open("2010-12-31") {
			s.dollarsIn("2010-12-11", n, left)
		}
		require.Equal(t, map[string]int64{"1": 129, "6": 644}, s.boxes())
		held, err := s.books.Holdings(s.ctx, accounting.ByRole(accounting.RoleTaxNotDue), day("2010-12-31"))
		require.NoError(t, err)
		require.Empty(t, held, "neither dollars nor pounds wait")
		s.sound()
	})
}

// Credits in parts take back what the invoice stood in the books at, to the last penny, and realise nothing.
func TestForeignCreditsInParts(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2010-12-01", "0.6413")
		in := inDollars(s, "100.01", "")
		in.Terms = thirds
		v := s.issue(in)[0]
		for _, part := range []string{"33.33", "33.34", "0.01", "0.01", "33.32"} {
			s.issue(accounting.NewInvoice{Kind: accounting.CreditNoteDocument, CorrectsID: v.ID, Date: day("2010-12-02"),
				Lines: []accounting.NewInvoiceLine{{Quantity: units(1), UnitPrice: price(part)}}})
		}
		// Four instalments of a cent are two pence: 1, 1, 0 and 0, and so are the shares of the credit.
		in = inDollars(s, "0.04", "")
		in.Rate = accounting.DocumentRate{Rate: price("0.5"), Source: "test"}
		for _, due := range []string{"2010-12-05", "2010-12-06", "2010-12-07", "2010-12-08"} {
			in.Terms.Instalments = append(in.Terms.Instalments, accounting.Instalment{Due: day(due), Percent: price("25")})
		}
		s.issue(accounting.NewInvoice{Kind: accounting.CreditNoteDocument, CorrectsID: s.issue(in)[0].ID, Date: day("2010-12-02"), Lines: in.Lines})
		require.Zero(t, s.balance(receivable))
		require.Zero(t, s.balance(accounting.RoleExchangeGain))
		require.Zero(t, s.balance(accounting.RoleExchangeLoss))
		require.Empty(t, s.open("2010-12-31"))
		s.sound()
	})
}

// A vendor's bill in dollars, reversed after a part of it was paid.
func TestForeignBillIsReversed(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		s.rate("2010-12-01", "0.6413")
		b := s.bill(accounting.NewBill{PartyID: s.ben.ID, VendorNumber: "V1", Date: day("2010-12-01"), Currency: "USD",
			Lines: []accounting.NewBillLine{{Account: accounting.ByCode("6100"), Net: usd(10_003), TaxCode: "S20"}}})[0]
		require.Equal(t, -b.PayableBaseMinor, s.balance(payable))
		s.pay(accounting.NewPayment{PartyID: s.ben.ID, Direction: accounting.MoneyOut, Date: day("2010-12-02"), Amount: usd(5_000), Base: gbp(3_300),
			Allocate: []accounting.PaymentAllocation{{InvoiceID: b.ID, Amount: usd(5_000)}}})
		require.Equal(t, int64(94), s.balance(accounting.RoleExchangeLoss))
		c, err := s.books.ReverseBills(s.ctx, []accounting.DocumentReversal{{DocumentID: b.ID, Date: day("2010-12-05"), Reason: "twice"}})
		require.NoError(t, err)
		require.Equal(t, b.TaxBaseMinor, c[0].TaxBaseMinor)
		require.Equal(t, map[string]int64{"4": 0, "7": 0}, s.boxes())
		require.Equal(t, map[uuid.UUID]int64{c[0].ID: 5_000}, s.open("2010-12-31"), "what was paid is to come back")
		require.Equal(t, int64(94), s.balance(accounting.RoleExchangeLoss), "the reversal realises nothing")
		detail, err := s.books.GetBill(s.ctx, b.ID)
		require.NoError(t, err)
		require.Equal(t, int64(2_001), detail.Taxes[0].DocumentTaxMinor)
		s.sound()
	})
}

// What is revalued is the claim; the tax on it is owed in pounds.
func TestRevaluationLeavesTaxAsDeclared(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		account, err := s.books.GetAccount(s.ctx, accounting.ByRole(accounting.RoleTax))
		require.NoError(t, err)
		monetary := true
		_, err = s.books.UpdateAccount(s.ctx, accounting.AccountChange{ID: account.ID, Name: account.Name, Role: account.Role, Active: true, Monetary: &monetary})
		require.NoError(t, err)
		s.rate("2010-12-01", "0.5")
		s.issue(inDollars(s, "100", "S20"))
		s.rate("2010-12-31", "0.6")
		s.revalue("2010-12-31")
		require.Equal(t, int64(-1_000), s.on("2010-12-31", accounting.ByRole(accounting.RoleTax)))
		require.Equal(t, int64(1_200), s.on("2010-12-31", accounting.ByRole(customersTo)))
		s.sound()
	})
}

func TestForeignDraftsAndPreview(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2010-12-01", "0.5")
		in := inDollars(s, "10", "")
		in.Rate = accounting.DocumentRate{Rate: price("0.75"), Source: "contract 17"}
		kept, err := s.books.DraftInvoices(s.ctx, []accounting.NewInvoice{in})
		require.NoError(t, err)
		v, err := s.books.IssueDrafts(s.ctx, []uuid.UUID{kept[0].ID})
		require.NoError(t, err)
		require.Equal(t, int64(750), v[0].PayableBaseMinor)
		got, err := s.books.Explain(s.ctx, accounting.ByRole(sales), day("2010-12-01"), day("2010-12-31"), tenancy.PageRequest{})
		require.NoError(t, err)
		require.Equal(t, "0.75 contract 17", got.Reasons[0].Rate.String()+" "+got.Reasons[0].RateSource)
		step := got.Reasons[0].Steps[0]
		require.Equal(t, [2]money.Amount{usd(-1_000), gbp(-750)}, [2]money.Amount{step.Stated, step.Amount})

		s.analysed()
		for range 2 { // a combination that is new, and one that is known
			preview, err := s.books.Preview(s.ctx, func(ctx context.Context) error {
				in := inDollars(s, "3", "")
				in.Dimensions = accounting.Dimensions{"shop": "york"}
				_, err := s.books.Issue(ctx, []accounting.NewInvoice{in})
				return err
			})
			require.NoError(t, err)
			l := preview.Entries[0].Lines[1]
			require.Equal(t, usd(-300), l.Transaction)
			require.Equal(t, gbp(-150), l.Amount)
			require.Equal(t, accounting.Dimensions{"shop": "york"}, l.Dimensions)
			s.post(takings("2010-12-01", 1, accounting.Dimensions{"shop": "york"}))
		}
		s.sound()
	})
}

// A batch of documents in several currencies costs one statement more than one without, however large.
func TestForeignDocumentsCostTheSame(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2010-12-01", "0.5")
		s.rateOf("JPY", "2010-12-01", "0.007")
		s.issue(document(s, "1", ""))
		bare := s.env.Count(t, func() { s.issue(document(s, "1", "")) })
		batch := func(n int) []accounting.NewInvoice {
			out := make([]accounting.NewInvoice, n)
			for i := range out {
				out[i] = document(s, "1", "")
				out[i].Currency = []money.Currency{"USD", "JPY"}[i%2]
			}
			return out
		}
		require.Equal(t, bare+1, s.env.Count(t, func() { s.issue(batch(1)...) }))
		require.Equal(t, bare+1, s.env.Count(t, func() { s.issue(batch(20)...) }))
	})
}
