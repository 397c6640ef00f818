package accounting_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
)

// rate is a rate from a day on.
func rate(from, percent string) accounting.NewTaxRate {
	return accounting.NewTaxRate{From: day(from), Rate: price(percent), Source: "a law for the test"}
}

// taxes makes taxes.
func (s *shop) taxes(in ...accounting.NewTax) {
	s.t.Helper()
	for _, t := range in {
		if t.Name == "" {
			t.Name = t.Code
		}
		_, err := s.books.CreateTax(s.ctx, t)
		require.NoError(s.t, err, t.Code)
	}
}

var s20 = accounting.NewTax{Code: "S20", Rates: []accounting.NewTaxRate{rate("2000-01-01", "20")},
	Boxes: accounting.TaxBoxes{SaleBase: "6", SaleTax: "1", PurchaseBase: "7", PurchaseTax: "4"}}

// document is an invoice of lines that are a price and a tax code each.
func document(s *shop, pairs ...string) accounting.NewInvoice {
	in := accounting.NewInvoice{PartyID: s.ann.ID, Date: day("2010-12-01")}
	for i := 0; i < len(pairs); i += 2 {
		in.Lines = append(in.Lines, accounting.NewInvoiceLine{Quantity: units(1), UnitPrice: price(pairs[i]), TaxCode: pairs[i+1]})
	}
	return in
}

// boxes is the return of 2010.
func (s *shop) boxes() map[string]int64 {
	s.t.Helper()
	r, err := s.books.TaxReport(s.ctx, day("2010-01-01"), day("2010-12-31"))
	require.NoError(s.t, err)
	out := map[string]int64{}
	for _, b := range r.Boxes {
		out[b.Box] = b.Amount.Minor
	}
	for _, a := range r.Accounts {
		require.Zero(s.t, a.Other.Minor, a.Code)
		require.Equal(s.t, a.Ledger, a.Declared, a.Code)
	}
	return out
}

// figures are net, tax and gross in minor units.
func figures(v accounting.Invoice) [3]int64 {
	return [3]int64{v.Net.Minor, v.Tax.Minor, v.Gross.Minor}
}

func TestTaxRatesAreDated(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		// The standard rate of the United Kingdom: 15 % until the end of 2009, 17.5 % from 2010, 20 % from 4 January 2011.
		s.taxes(accounting.NewTax{Code: "STD", Rates: []accounting.NewTaxRate{rate("2008-12-01", "15"), rate("2010-01-01", "17.5")}})
		changed, err := s.books.ChangeTaxRate(s.ctx, accounting.TaxRateChange{Code: "STD", NewTaxRate: rate("2011-01-04", "20")})
		require.NoError(t, err)
		require.Len(t, changed.Rates, 3)
		_, err = s.books.ChangeTaxRate(s.ctx, accounting.TaxRateChange{Code: "STD", NewTaxRate: rate("2011-01-04", "21")})
		require.ErrorIs(t, err, accounting.ErrBadInput, "not before what is known")

		in := document(s, "100", "STD")
		require.Equal(t, [3]int64{10000, 1750, 11750}, figures(s.issue(in)[0]))
		in.Date = day("2011-01-05")
		later := s.issue(in)[0]
		require.Equal(t, [3]int64{10000, 2000, 12000}, figures(later))
		in.TaxPoint = day("2010-12-31") // supplied before, invoiced after
		old := s.issue(in)[0]
		require.Equal(t, [3]int64{10000, 1750, 11750}, figures(old))
		// A credit note takes back the tax of what it corrects.
		credit := document(s, "100", "STD")
		credit.Kind, credit.CorrectsID, credit.PartyID, credit.Date = accounting.CreditNoteDocument, old.ID, uuid.Nil, day("2011-02-01")
		require.Equal(t, [3]int64{10000, 1750, 11750}, figures(s.issue(credit)[0]))

		early := document(s, "100", "STD")
		early.TaxPoint = day("2008-11-30")
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{early})
		require.ErrorIs(t, err, accounting.ErrNoTaxRate)
		s.sound()
	})
}

func TestTaxRounding(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		cases := []struct {
			name           string
			included       bool
			rounding       accounting.TaxRounding
			want           [3]int64
			residual, book int64
		}{
			// 3 x 0.13 at 20 %: 0.026 each, 0.078 together.
			{"per line", false, accounting.RoundPerLine, [3]int64{39, 9, 48}, 0, 0},
			{"per document", false, accounting.RoundPerDocument, [3]int64{39, 8, 47}, -1, 0},
			// 3 x 0.13 with tax: 0.021666 each, 0.065 together.
			{"included, per line", true, accounting.RoundPerLine, [3]int64{33, 6, 39}, 0, 0},
			{"included, per document", true, accounting.RoundPerDocument, [3]int64{32, 7, 39}, 1, 1},
		}
		rounding := int64(0)
		for _, c := range cases {
			in := document(s, "0.13", "S20", "0.13", "S20", "0.13", "S20")
			in.TaxIncluded, in.TaxRounding = c.included, c.rounding
			v := s.issue(in)[0]
			require.Equal(t, c.want, figures(v), c.name)
			require.Equal(t, c.residual, v.TaxResidualMinor, c.name)
			rounding += c.book
			require.Equal(t, rounding, s.balance(accounting.RoleRounding), c.name)
			d, err := s.books.GetInvoice(s.ctx, v.ID)
			require.NoError(t, err)
			require.Len(t, d.Taxes, 1, c.name)
			require.Equal(t, c.residual, d.Taxes[0].ResidualMinor, c.name)
		}
		require.Equal(t, int64(-30), s.balance(accounting.RoleTax))
		require.Equal(t, map[string]int64{"1": 30, "6": 39 + 39 + 33 + 32}, s.boxes())
		s.sound()
	})
}

func TestTaxKindsOnSales(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		base := func(box string) accounting.TaxBoxes { return accounting.TaxBoxes{SaleBase: box, SaleTax: "tax"} }
		s.taxes(s20,
			accounting.NewTax{Code: "Z", Kind: accounting.TaxZero, Reason: "books: VATA 1994, Sch. 8, group 3", Boxes: base("Z")},
			accounting.NewTax{Code: "E", Kind: accounting.TaxExempt, Reason: "insurance", ReasonCode: "VATEX-EU-135-1", Boxes: base("E")},
			accounting.NewTax{Code: "AE", Kind: accounting.TaxReverseCharge, Reason: "reverse charge", Rates: []accounting.NewTaxRate{rate("2000-01-01", "20")}, Boxes: base("AE")},
			accounting.NewTax{Code: "K", Kind: accounting.TaxIntraCommunity, Reason: "intra-community supply", Rates: []accounting.NewTaxRate{rate("2000-01-01", "20")}, Boxes: base("K")},
			accounting.NewTax{Code: "G", Kind: accounting.TaxExport, Reason: "export", Boxes: base("G")},
			accounting.NewTax{Code: "O", Kind: accounting.TaxOutsideScope, Reason: "outside the scope", Boxes: base("O")},
		)
		v := s.issue(document(s, "1", "S20", "2", "Z", "4", "E", "8", "AE", "16", "K", "32", "G", "64", "O", "128", ""))[0]
		require.Equal(t, [3]int64{25500, 20, 25520}, figures(v))
		require.Equal(t, map[string]int64{"6": 100, "1": 20, "Z": 200, "E": 400, "AE": 800, "K": 1600, "G": 3200, "O": 6400, "tax": 0}, s.boxes())
		d, err := s.books.GetInvoice(s.ctx, v.ID)
		require.NoError(t, err)
		require.Len(t, d.Taxes, 7)
		list, err := s.books.ListTaxes(s.ctx)
		require.NoError(t, err)
		categories := map[string]string{}
		for _, tax := range list {
			categories[tax.Code] = tax.Kind.Category() + " " + tax.ReasonCode
		}
		require.Equal(t, map[string]string{"S20": "S ", "Z": "Z ", "E": "E VATEX-EU-135-1", "AE": "AE VATEX-EU-AE", "K": "K VATEX-EU-IC", "G": "G VATEX-EU-G",
			"O": "O VATEX-EU-O"}, categories)
		s.sound()
	})
}

// withNet is a bill of one line.
func (s *shop) withNet(minor int64, code string) accounting.NewBill {
	return accounting.NewBill{PartyID: s.ben.ID, Date: day("2010-12-01"), Lines: []accounting.NewBillLine{
		{Account: accounting.ByCode("6100"), Net: gbp(minor), TaxCode: code}}}
}

func TestTaxKindsOnPurchases(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		half := s20
		half.Code, half.NotRecoverable = "H20", price("50")
		none := s20
		none.Code, none.NotRecoverable = "N20", price("100")
		s.taxes(s20, half, none,
			accounting.NewTax{Code: "AE", Kind: accounting.TaxReverseCharge, Reason: "reverse charge", NotRecoverable: price("50"), Rates: []accounting.NewTaxRate{rate("2000-01-01", "20")},
				Boxes: accounting.TaxBoxes{SelfBase: "s", SelfTax: "1", PurchaseBase: "7", PurchaseTax: "4"}},
			accounting.NewTax{Code: "W", Kind: accounting.TaxWithholding, Rates: []accounting.NewTaxRate{rate("2000-01-01", "20")}, Boxes: accounting.TaxBoxes{PurchaseTax: "w"}})
		rent := func() int64 {
			a, err := s.books.Balance(s.ctx, accounting.ByCode("6100"), day("2010-12-31"))
			require.NoError(t, err)
			return a.Minor
		}
		full := s.bill(s.withNet(1001, "S20"))[0]
		require.Equal(t, []int64{1001, 200, 1201, 1201}, []int64{full.Net.Minor, full.Tax.Minor, full.Gross.Minor, full.Payable.Minor})
		require.Equal(t, int64(1001), rent())
		require.Equal(t, int64(200), s.balance(accounting.RoleInputTax))

		h := s.bill(s.withNet(1005, "H20"))[0] // 2.01: 1.01 is claimed, rounded half up, and 1.00 goes with the rent
		require.Equal(t, int64(1206), h.Payable.Minor)
		require.Equal(t, int64(1001+1005+100), rent())
		require.Equal(t, int64(301), s.balance(accounting.RoleInputTax))

		n := s.bill(s.withNet(1000, "N20"))[0]
		require.Equal(t, int64(1200), n.Payable.Minor)
		require.Equal(t, int64(2106+1200), rent())

		r := s.bill(s.withNet(1000, "AE"))[0]
		require.Equal(t, int64(1000), r.Payable.Minor, "the vendor charges no tax")
		require.Zero(t, r.Tax.Minor)
		require.Equal(t, int64(-200), s.balance(accounting.RoleTax), "we owe it")
		require.Equal(t, int64(401), s.balance(accounting.RoleInputTax), "and claim half of it")
		require.Equal(t, int64(3306+1100), rent())

		w := s.bill(s.withNet(1000, "W"))[0]
		require.Equal(t, []int64{1000, 200, 800}, []int64{w.Gross.Minor, w.Withheld.Minor, w.Payable.Minor})
		require.Equal(t, int64(-200), s.balance(accounting.RoleWithholdingOwed))
		require.Equal(t, int64(-800), s.open("2010-12-31")[w.ID])

		require.Equal(t, map[string]int64{"1": 200, "s": 1000, "4": 200 + 101 + 100, "7": 1001 + 1005 + 1000 + 1000, "w": 200}, s.boxes())
		back := s.withNet(1000, "AE")
		back.Kind, back.CorrectsID, back.PartyID = accounting.VendorCreditDocument, r.ID, uuid.Nil
		s.bill(back)
		require.Zero(t, s.balance(accounting.RoleTax))
		require.Equal(t, int64(0), s.boxes()["s"])
		s.sound()
	})
}

func TestTaxGroups(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		// Québec until 2012: 5 % on the price, 9.5 % on the price with it. And a fee on which the customer withholds 20 %.
		s.taxes(accounting.NewTax{Code: "GST", Rates: []accounting.NewTaxRate{rate("2000-01-01", "5")}, Boxes: accounting.TaxBoxes{SaleBase: "gb", SaleTax: "gt"}},
			accounting.NewTax{Code: "QST", Rates: []accounting.NewTaxRate{rate("2000-01-01", "9.5")}, Boxes: accounting.TaxBoxes{SaleBase: "qb", SaleTax: "qt"}}, s20,
			accounting.NewTax{Code: "W20", Kind: accounting.TaxWithholding, Rates: []accounting.NewTaxRate{rate("2000-01-01", "20")}, Boxes: accounting.TaxBoxes{SaleTax: "wt"}},
			accounting.NewTax{Code: "QC", Kind: accounting.TaxGroup, Components: []accounting.NewTaxComponent{{Code: "GST"}, {Code: "QST", OnEarlier: true}}},
			accounting.NewTax{Code: "FEE", Kind: accounting.TaxGroup, Components: []accounting.NewTaxComponent{{Code: "S20"}, {Code: "W20"}}})
		require.Equal(t, [3]int64{10000, 500 + 998, 11498}, figures(s.issue(document(s, "100", "QC"))[0]), "9.5 % of 105.00 is 9.975")
		included := document(s, "114.98", "QC")
		included.TaxIncluded = true
		require.Equal(t, [3]int64{10000, 1498, 11498}, figures(s.issue(included)[0]))
		v := s.issue(document(s, "100", "FEE"))[0]
		require.Equal(t, [3]int64{10000, 2000, 12000}, figures(v))
		require.Equal(t, gbp(2000), v.Withheld)
		require.Equal(t, gbp(10000), v.Payable)
		require.Equal(t, int64(10000), s.open("2010-12-31")[v.ID])
		require.Equal(t, int64(2000), s.balance(accounting.RoleWithholdingClaim))
		require.Equal(t, map[string]int64{"gb": 20000, "gt": 1000, "qb": 21000, "qt": 1996, "6": 10000, "1": 2000, "wt": 2000}, s.boxes())
		s.sound()
	})
}

func TestTaxesThatCannotBe(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		r := []accounting.NewTaxRate{rate("2010-01-01", "20")}
		for name, in := range map[string]accounting.NewTax{
			"no rate":                 {Code: "X"},
			"a rate of nothing":       {Code: "X", Kind: accounting.TaxExempt, Reason: "r", Rates: r},
			"no reason":               {Code: "X", Kind: accounting.TaxExempt},
			"a reason to charge":      {Code: "X", Rates: r, Reason: "r"},
			"a reason of no list":     {Code: "X", Kind: accounting.TaxExempt, Reason: "r", ReasonCode: "because"},
			"zero by the list":        {Code: "X", Kind: accounting.TaxZero, Reason: "r", ReasonCode: "VATEX-EU-132"},
			"rates out of order":      {Code: "X", Rates: append(r, r[0])},
			"more than all is lost":   {Code: "X", Rates: r, NotRecoverable: price("100.01")},
			"a kind that is none":     {Code: "X", Kind: "vat", Rates: r},
			"exempt upon payment":     {Code: "X", Kind: accounting.TaxExempt, Reason: "r", Due: accounting.TaxDueOnPayment},
			"a group of none":         {Code: "X", Kind: accounting.TaxGroup},
			"components of no group":  {Code: "X", Rates: r, Components: []accounting.NewTaxComponent{{Code: "S20"}}},
			"twice the same":          {Code: "X", Kind: accounting.TaxGroup, Components: []accounting.NewTaxComponent{{Code: "S20"}, {Code: "S20"}}},
			"the first is on earlier": {Code: "X", Kind: accounting.TaxGroup, Components: []accounting.NewTaxComponent{{Code: "S20", OnEarlier: true}}},
			"a box with blanks":       {Code: "X", Rates: r, Boxes: accounting.TaxBoxes{SaleTax: "box 1"}},
			"a source that is none":   {Code: "X", Rates: []accounting.NewTaxRate{{From: day("2010-01-01"), Rate: price("20")}}},
		} {
			if in.Name == "" {
				in.Name = "X"
			}
			_, err := s.books.CreateTax(s.ctx, in)
			require.ErrorIs(t, err, accounting.ErrBadInput, name)
		}
		_, err := s.books.CreateTax(s.ctx, accounting.NewTax{Code: "X", Name: "X", Kind: accounting.TaxGroup, Components: []accounting.NewTaxComponent{{Code: "NOPE"}}})
		require.ErrorIs(t, err, accounting.ErrUnknownTax)
		_, err = s.books.CreateTax(s.ctx, accounting.NewTax{Code: "X", Name: "X", Rates: r, Claim: accounting.ByRole(accounting.RoleFees)})
		require.ErrorIs(t, err, accounting.ErrRoleType)
		direct := document(s, "1", "")
		direct.Lines[0].Account = accounting.ByRole(accounting.RoleTax)
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{direct})
		require.ErrorIs(t, err, accounting.ErrTaxAccount)
		s.sound()
	})
}

func TestDeclaredTaxEqualsTheEntry(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		list, err := s.books.ListTaxes(s.ctx)
		require.NoError(t, err)
		e := s.post(accounting.NewEntry{Date: day("2010-12-01"), Kind: accounting.KindTill, Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByRole(accounting.RoleCash), gbp(120)), accounting.CreditLine(accounting.ByRole(accounting.RoleSales), gbp(100)),
			accounting.CreditLine(accounting.ByRole(accounting.RoleTax), gbp(20))}})[0]
		d := accounting.TaxDeclaration{EntryID: e.ID, TaxID: list[0].ID, Base: gbp(100), Tax: gbp(19)}
		_, err = s.books.DeclareTaxes(s.ctx, []accounting.TaxDeclaration{d})
		require.ErrorIs(t, err, accounting.ErrTaxDiffers)
		d.Tax = gbp(20)
		for range 2 {
			_, err = s.books.DeclareTaxes(s.ctx, []accounting.TaxDeclaration{d})
			require.NoError(t, err)
		}
		d.Base = gbp(99)
		_, err = s.books.DeclareTaxes(s.ctx, []accounting.TaxDeclaration{d})
		require.ErrorIs(t, err, accounting.ErrTaxDiffers, "it was declared otherwise")
		require.Equal(t, map[string]int64{"6": 100, "1": 20}, s.boxes())

		// What is booked by hand is shown beside what is declared.
		s.post(accounting.NewEntry{Date: day("2010-12-20"), Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByRole(accounting.RoleTax), gbp(15)), accounting.CreditLine(accounting.ByRole(accounting.RoleBank), gbp(15))}})
		r, err := s.books.TaxReport(s.ctx, day("2010-12-01"), day("2010-12-31"))
		require.NoError(t, err)
		owed := r.Accounts[len(r.Accounts)-1]
		for _, a := range r.Accounts {
			if a.AccountID == list[0].AccountID {
				owed = a
			}
		}
		require.Equal(t, [3]money.Amount{gbp(-20), gbp(15), gbp(-5)}, [3]money.Amount{owed.Declared, owed.Other, owed.Ledger})
		s.sound()
	})
}

// rules are those of a business in a member state.
func (s *shop) rules() {
	s.t.Helper()
	s.taxes(s20,
		accounting.NewTax{Code: "K", Kind: accounting.TaxIntraCommunity, Reason: "intra-community supply", Rates: []accounting.NewTaxRate{rate("2000-01-01", "20")}},
		accounting.NewTax{Code: "G", Kind: accounting.TaxExport, Reason: "export"},
		accounting.NewTax{Code: "Z", Kind: accounting.TaxZero, Reason: "books"})
	_, err := s.books.CreateTaxRules(s.ctx, []accounting.NewTaxRule{
		{Name: "Books", Rank: 1, ValidFrom: day("2000-01-01"), Place: accounting.PlaceDomestic, Category: "books", TaxCode: "Z", Source: "national law"},
		{Name: "At home", Rank: 2, ValidFrom: day("2000-01-01"), Place: accounting.PlaceDomestic, TaxCode: "S20", Source: "Directive 2006/112/EC, Art. 96"},
		{Name: "To another state", Rank: 3, ValidFrom: day("2000-01-01"), Trade: accounting.Sale, Place: accounting.PlaceEU, Status: accounting.StatusBusiness,
			Nature: accounting.SupplyOfGoods, TaxCode: "K", Source: "Directive 2006/112/EC, Art. 138(1)"},
		{Name: "Abroad", Rank: 4, ValidFrom: day("2000-01-01"), Trade: accounting.Sale, Place: accounting.PlaceAbroad, Nature: accounting.SupplyOfGoods, TaxCode: "G",
			Source: "Directive 2006/112/EC, Art. 146"},
	})
	require.NoError(s.t, err)
}

func TestDetermineTax(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rules()
		goods := func(on, place string, status accounting.PartyStatus) accounting.TaxQuestion {
			return accounting.TaxQuestion{Date: day(on), Trade: accounting.Sale, Establishment: "DE", Place: place, Status: status, Nature: accounting.SupplyOfGoods}
		}
		books := goods("2020-01-01", "DE", accounting.StatusConsumer)
		books.Category = "books"
		services := goods("2020-01-01", "FR", accounting.StatusBusiness)
		services.Nature = accounting.SupplyOfServices
		bought := goods("2020-01-01", "FR", accounting.StatusBusiness)
		bought.Trade = accounting.Purchase
		margin := goods("2020-01-01", "DE", accounting.StatusConsumer)
		margin.Scheme = accounting.SchemeMargin
		states := goods("2020-01-01", "US", accounting.StatusConsumer)
		states.Establishment = "US"
		for _, c := range []struct {
			in   accounting.TaxQuestion
			code string
			err  error
			says string
		}{
			{goods("2020-01-01", "DE", accounting.StatusConsumer), "S20", nil, "Art. 96"},
			{books, "Z", nil, "Books"},
			{goods("2020-01-01", "FR", accounting.StatusBusiness), "K", nil, "Art. 138(1)"},
			{goods("2020-12-31", "GB", accounting.StatusBusiness), "K", nil, "supplied in GB (eu)"}, // the transition period's last day
			{goods("2021-01-01", "GB", accounting.StatusBusiness), "G", nil, "supplied in GB (abroad)"},
			{goods("2013-06-30", "HR", accounting.StatusBusiness), "G", nil, ""},
			{goods("2013-07-01", "HR", accounting.StatusBusiness), "K", nil, ""},
			{goods("2020-01-01", "CH", accounting.StatusConsumer), "G", nil, "Art. 146"},
			{goods("2020-01-01", "FR", accounting.StatusConsumer), "", accounting.ErrTaxUnsupported, "one-stop-shop"},
			{services, "", accounting.ErrNoTaxRule, "a sale of services"},
			{bought, "", accounting.ErrNoTaxRule, "a purchase of goods"}, // the rule is for sales
			{margin, "", accounting.ErrTaxUnsupported, "margin schemes"},
			{states, "", accounting.ErrTaxUnsupported, "nexus"},
			{goods("2021-01-01", "XI", accounting.StatusBusiness), "", accounting.ErrTaxUnsupported, "Northern Ireland"},
			{goods("1999-12-31", "DE", accounting.StatusConsumer), "", accounting.ErrNoTaxRule, "1999-12-31"},
		} {
			d, err := s.books.DetermineTax(s.ctx, c.in)
			if c.err != nil {
				require.ErrorIs(t, err, c.err)
				require.ErrorContains(t, err, c.says)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, c.code, d.TaxCode)
			require.Contains(t, d.Why, c.says)
		}
		// A rule may be for a single day, and not for less.
		one := accounting.NewTaxRule{Name: "A day", Rank: 9, ValidFrom: day("2000-01-02"), ValidUntil: day("2000-01-01"), TaxCode: "Z", Source: "a day's law"}
		_, err := s.books.CreateTaxRules(s.ctx, []accounting.NewTaxRule{one})
		require.ErrorIs(t, err, accounting.ErrBadInput)
		one.ValidUntil = one.ValidFrom
		_, err = s.books.CreateTaxRules(s.ctx, []accounting.NewTaxRule{one})
		require.NoError(t, err)
		// Two rules of one rank that say different things decide nothing.
		rules, err := s.books.CreateTaxRules(s.ctx, []accounting.NewTaxRule{{Name: "Everything", Rank: 2, ValidFrom: day("2000-01-01"), TaxCode: "Z", Source: "a mistake"}})
		require.NoError(t, err)
		_, err = s.books.DetermineTax(s.ctx, goods("2020-01-01", "DE", accounting.StatusConsumer))
		require.ErrorIs(t, err, accounting.ErrTaxRulesDiffer)
		_, err = s.books.EndTaxRule(s.ctx, rules[0].ID, day("2019-12-31"))
		require.NoError(t, err)
		d, err := s.books.DetermineTax(s.ctx, goods("2020-01-01", "DE", accounting.StatusConsumer))
		require.NoError(t, err)
		require.True(t, d.Rate.Equal(price("20")))
		require.Equal(t, `rule 2 "At home", from 2000-01-01: supplied in DE (domestic); Directive 2006/112/EC, Art. 96`, d.Why)
	})
}
