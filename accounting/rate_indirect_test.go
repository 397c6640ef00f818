package accounting_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// eachEuro runs fn on every engine with the books of a company whose currency is the euro, for 2024.
func eachEuro(t *testing.T, fn func(t *testing.T, s *shop)) {
	t.Helper()
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		s := &shop{t: t, env: env, ctx: env.Tenant(t), books: accounting.New(env.DB)}
		_, err := s.books.OpenBooks(s.ctx, accounting.NewBooks{Currency: "EUR", Chart: accounting.ChartGermany, YearStart: day("2024-01-01"), Country: "DE"})
		require.NoError(t, err)
		parties, err := s.books.CreateParties(s.ctx, []accounting.NewParty{{Reference: "C1", Name: "Ann", Customer: true, Vendor: true}})
		require.NoError(t, err)
		s.ann = parties[0]
		fn(t, s)
	})
}

// perEuro records how many dollars a euro was worth.
func (s *shop) perEuro(on, value string) {
	s.t.Helper()
	_, err := s.books.SetRates(s.ctx, []accounting.NewExchangeRate{{From: "USD", To: "EUR", On: day(on), Rate: price(value), Indirect: true, Source: "test"}})
	require.NoError(s.t, err)
}

// The European Central Bank's own table of 28 June 2024 (eurofxref-daily.xml): kept as it is quoted, and amounts divided by it, exactly.
func TestReferenceRatesOfACentralBank(t *testing.T) {
	file, err := os.ReadFile("testdata/rates/eurofxref-2024-06-28.xml")
	require.NoError(t, err)
	rates, err := accounting.ParseReferenceRates(strings.NewReader(string(file)))
	require.NoError(t, err)
	require.Len(t, rates, 7)
	eachEuro(t, func(t *testing.T, s *shop) {
		for range 2 { // read again, it is there
			out, err := s.books.SetRates(s.ctx, rates)
			require.NoError(t, err)
			require.Equal(t, "GBP to EUR of 2024-06-28: 0.84638 by ECB, indirect true, revision 1", fmt.Sprintf("%s to %s of %s: %s by %s, indirect %t, revision %d",
				out[2].From, out[2].To, out[2].On, out[2].Rate, out[2].Source, out[2].Indirect, out[2].Revision))
		}
		for _, row := range []struct {
			of   money.Amount
			want int64
		}{
			{money.Of(1_000_000_00, "USD"), 934_142_92}, // 934,142.9239; by 0.93414 it would be 934,140.00
			{money.Of(-1_000_000_00, "USD"), -934_142_92},
			{money.Of(1_000_000, "JPY"), 5_815_98},    // 5,815.9823
			{money.Of(123_456_78, "GBP"), 145_864_48}, // 145,864.4817
			{money.Of(999_999_99, "HUF"), 2_531_00},   // 2,531.0048
			{money.Of(1_000_000_00, "IDR"), 57_18},    // 57.1847
			{money.Of(1, "KRW"), 0},                   // 0.0007
			{money.Of(1, "USD"), 1},                   // 0.0093
		} {
			c, err := s.books.Convert(s.ctx, row.of, "EUR", day("2024-06-30"))
			require.NoError(t, err)
			require.Equal(t, money.Of(row.want, "EUR"), c.Amount, row.of.Format())
			require.True(t, c.Rate.Indirect)
		}
		// The other way round it would be another rate.
		direct := rates[0]
		direct.Indirect = false
		_, err := s.books.SetRates(s.ctx, []accounting.NewExchangeRate{direct})
		require.ErrorIs(t, err, accounting.ErrRateTaken)
		require.ErrorContains(t, err, "rate 1: USD to EUR of 2024-06-28 is recorded as 1 EUR = 1.0705 USD by ECB; Revise replaces it")
		direct.Revise = true
		_, err = s.books.SetRates(s.ctx, []accounting.NewExchangeRate{direct})
		require.NoError(t, err)
		c, err := s.books.Convert(s.ctx, money.Of(100_00, "USD"), "EUR", day("2024-06-28"))
		require.NoError(t, err)
		require.Equal(t, money.Of(107_05, "EUR"), c.Amount)
		_, err = s.books.Convert(s.ctx, money.Of(100_00, "EUR"), "USD", day("2024-06-28"))
		require.ErrorIs(t, err, accounting.ErrNoRate, "the way back is another quotation")
	})
}

func TestParseReferenceRates(t *testing.T) {
	const day = `<Envelope><Cube><Cube time="2024-06-28">`
	rates, err := accounting.ParseReferenceRates(strings.NewReader(day+`<Cube currency="USD" rate="1.0705"/><Cube currency="XXQ" rate="2"/></Cube><Cube time="2024-06-27"><Cube currency="USD" rate="1.0696"/></Cube></Cube></Envelope>`), "USD")
	require.NoError(t, err, "of what nobody wants nothing is asked")
	require.Equal(t, []string{"2024-06-28 1.0705", "2024-06-27 1.0696"}, []string{rates[0].On.String() + " " + rates[0].Rate.String(), rates[1].On.String() + " " + rates[1].Rate.String()})
	for text, want := range map[string]string{
		"":                        "this is no file of reference rates",
		"<Envelope/>":             "or has none",
		day + `</Cube>`:           "no file of reference rates",
		`<Cube time="tomorrow"/>`: `time "tomorrow" is no day`,
		day + `<Cube currency="USD" rate="much"/>`:                     `USD of 2024-06-28: rate "much" is no number`,
		day + `<Cube currency="USD" rate="-1"/>`:                       "USD of 2024-06-28: Rate is a number above zero",
		day + `<Cube currency="XXQ" rate="1"/>`:                        "XXQ of 2024-06-28: From",
		`<Cube currency="USD" rate="1"/>`:                              "On",
		day + strings.Repeat(`<Cube currency="USD" rate="1"/>`, 1_001): "name the currencies that are wanted",
	} {
		_, err := accounting.ParseReferenceRates(strings.NewReader(text))
		require.Error(t, err, text)
		require.ErrorContains(t, err, want)
	}
}

// In the Union, tax that is due on payment has the rate of the receipt: of a document in a foreign currency it is refused, and not declared at another.
func TestCashAccountingInAForeignCurrency(t *testing.T) {
	eachEuro(t, func(t *testing.T, s *shop) {
		s.perEuro("2024-06-28", "1.0705")
		due := c20
		due.Code = "C19"
		s.taxes(due, s20)
		of := func(code string, cur money.Currency) accounting.NewInvoice {
			return accounting.NewInvoice{PartyID: s.ann.ID, Date: day("2024-06-28"), Currency: cur, Lines: []accounting.NewInvoiceLine{{Description: "Lamp", Quantity: units(1), UnitPrice: price("100"), TaxCode: code}}}
		}
		_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{of("C19", "USD")})
		require.ErrorIs(t, err, accounting.ErrTaxUnsupported)
		require.ErrorContains(t, err, "document 1: C19 is due on payment, and in DE tax on a document in a foreign currency then has the rate of the receipt")
		ahead := of("C19", "USD")
		ahead.Kind = accounting.PrepaymentDocument
		cash := of("C19", "USD")
		cash.SettledBy = accounting.ByRole(accounting.RoleBank)
		s.issue(of("C19", "EUR"), of("S20", "USD"), ahead, cash)
		s.sound()
	})
}

// Documents, what corrects and pays them, and what is open at a month's end are all worth what the bank's table says.
func TestEveryActDividesByAnIndirectRate(t *testing.T) {
	eachEuro(t, func(t *testing.T, s *shop) {
		s.perEuro("2024-06-28", "1.0705")
		s.perEuro("2024-07-03", "1.10")
		s.perEuro("2024-07-31", "1.20")
		sell := func(on, amount string) accounting.NewInvoice {
			return accounting.NewInvoice{PartyID: s.ann.ID, Date: day(on), Currency: "USD", Lines: []accounting.NewInvoiceLine{{Description: "Lamp", Quantity: units(1), UnitPrice: price(amount)}}}
		}
		v := s.issue(sell("2024-06-28", "1000"))[0]
		require.Equal(t, [2]int64{934_14, 934_14}, [2]int64{v.PayableBaseMinor, v.NetBaseMinor}, "934.1429")
		require.Equal(t, "1.0705 true", fmt.Sprint(v.Rate, " ", v.RateIndirect))
		why, err := s.books.Explain(s.ctx, accounting.ByRole(accounting.RoleSales), day("2024-06-01"), day("2024-06-30"), tenancy.PageRequest{})
		require.NoError(t, err)
		require.True(t, why.Reasons[0].RateIndirect)
		require.Equal(t, []int64{-934_14}, []int64{why.Reasons[0].Steps[0].Amount.Minor}, "the one step comes to what is booked")

		ahead := sell("2024-06-28", "120")
		ahead.Kind = accounting.PrepaymentDocument
		p := s.issue(ahead)[0]
		require.Equal(t, int64(112_10), p.PayableBaseMinor, "112.0972")

		// Paid in two parts: at 1.10 the dollars are worth less than they stand in the books at.
		pay := func(on string, id uuid.UUID, minor int64) {
			s.pay(accounting.NewPayment{PartyID: s.ann.ID, Direction: accounting.MoneyIn, Date: day(on), Amount: usd(minor),
				Allocate: []accounting.PaymentAllocation{{InvoiceID: id, Amount: usd(minor)}}})
		}
		of := func(role accounting.Role) int64 {
			a, err := s.books.Balance(s.ctx, accounting.ByRole(role), day("2024-07-31"))
			require.NoError(t, err)
			return a.Minor
		}
		pay("2024-07-03", v.ID, 600_00) // 545.4545 for 560.49 (934.14 x 600 / 1000 = 560.484, half up 560.48)
		require.Equal(t, int64(560_48-545_45), of(accounting.RoleExchangeLoss))

		// A prepayment is worth what was paid, on the day on which it was paid.
		pay("2024-07-03", p.ID, 120_00)
		require.Equal(t, int64(-109_09), of(accounting.RoleCustomerAdvances), "109.0909")
		require.Equal(t, int64(560_48-545_45), of(accounting.RoleExchangeLoss), "which realises nothing")

		// A credit has the document's rate, whichever way it is quoted, and realises nothing.
		credit := sell("2024-07-03", "100")
		credit.Kind, credit.CorrectsID, credit.Currency = accounting.CreditNoteDocument, v.ID, ""
		c := s.issue(credit)[0]
		require.True(t, c.RateIndirect)
		require.Equal(t, int64(93_42), c.PayableBaseMinor, "a quarter of the 373.66 that is left")
		require.Equal(t, int64(560_48-545_45), of(accounting.RoleExchangeLoss))

		// A stated rate may be stated either way.
		stated := sell("2024-07-03", "500")
		stated.Rate = accounting.DocumentRate{Rate: price("1.25"), Indirect: true, Source: "contract"}
		w := s.issue(stated)[0]
		require.Equal(t, int64(400_00), w.PayableBaseMinor)
		stated.Rate = accounting.DocumentRate{Indirect: true}
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{stated})
		require.ErrorIs(t, err, accounting.ErrBadInput)
		require.ErrorContains(t, err, "Indirect is of a stated Rate")

		// 300.00 and 500.00 dollars are open: at 1.20 they are worth 666.67, and stand at 280.24 and 400.00.
		r, err := s.books.Revalue(s.ctx, accounting.NewRevaluation{On: day("2024-07-31")})
		require.NoError(t, err)
		var found bool
		for _, l := range r.Lines {
			if l.Balance == usd(800_00) {
				found = true
				require.Equal(t, [2]int64{666_67, 680_24}, [2]int64{l.WorthMinor, l.CarriedMinor})
				require.True(t, l.RateIndirect)
			}
		}
		require.True(t, found, "%+v", r.Lines)

		s.sound()
	})
}
