package accounting_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// What is refused says what is wrong, which one it is, and what to do about it.
func TestRefusalsSayWhatIsMeant(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		parties, err := s.books.CreateParties(s.ctx, []accounting.NewParty{{Reference: "V9", Name: "Vendor alone", Vendor: true}, {Reference: "C9", Name: "Customer alone", Customer: true}})
		require.NoError(t, err)
		ok := invoice("", s.ann.ID, "2010-12-02", "10.00")
		issue := func(change func(v *accounting.NewInvoice)) func() error {
			return func() error {
				in := ok
				in.Lines = append([]accounting.NewInvoiceLine(nil), ok.Lines...)
				change(&in)
				_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{in})
				return err
			}
		}
		bill := func(change func(v *accounting.NewBill)) func() error {
			return func() error {
				in := s.withNet(1000, "S20")
				change(&in)
				_, err := s.books.Bill(s.ctx, []accounting.NewBill{in})
				return err
			}
		}
		exchanged := func(from, to accounting.Role) func() error {
			return func() error {
				_, err := s.books.Exchange(s.ctx, []accounting.NewExchange{{Date: day("2010-12-01"), From: accounting.ByRole(from), To: accounting.ByRole(to), Sold: gbp(500), Bought: usd(1000)}})
				return err
			}
		}
		party := func(country string) func() error {
			return func() error {
				_, err := s.books.CreateParties(s.ctx, []accounting.NewParty{{Name: "X", Customer: true, Country: country}})
				return err
			}
		}
		s.issue(invoice("", s.ann.ID, "2010-12-02", "10.00"))
		twice := s.withNet(5000, "S20")
		twice.VendorNumber = "R-17"
		s.bill(twice)
		for name, c := range map[string]struct {
			act  func() error
			want error
			says string
		}{
			"no customer":        {issue(func(v *accounting.NewInvoice) { v.PartyID = parties[0].ID }), accounting.ErrPartyKind, "the party V9 is no customer"},
			"no vendor":          {bill(func(v *accounting.NewBill) { v.PartyID = parties[1].ID }), accounting.ErrPartyKind, "the party C9 is no vendor"},
			"sold to the bank":   {issue(func(v *accounting.NewInvoice) { v.Lines[0].Account = accounting.ByRole(accounting.RoleBank) }), accounting.ErrMoneyAccount, "by a payment"},
			"bought the till":    {bill(func(v *accounting.NewBill) { v.Lines[0].Account = accounting.ByRole(cash) }), accounting.ErrMoneyAccount, "by a payment"},
			"exchange of income": {exchanged(sales, accounting.RoleBank), accounting.ErrNoMoneyAccount, "is no bank or cash account"},
			"exchange into tax":  {exchanged(accounting.RoleBank, accounting.RoleTax), accounting.ErrNoMoneyAccount, "is no bank or cash account"},
			"exchange of stock":  {exchanged(accounting.RoleBank, accounting.RoleStock), accounting.ErrNoMoneyAccount, "is no bank or cash account"},
			"millionths":         {issue(func(v *accounting.NewInvoice) { v.Lines[0].Quantity = 3 }), accounting.ErrBadInput, "line 1: 0.000003 x 10 rounds to nothing"},
			"bought millionths": {bill(func(v *accounting.NewBill) {
				v.Lines[0] = accounting.NewBillLine{Account: accounting.ByCode("6100"), Quantity: 3, UnitPrice: price("10.00")}
			}), accounting.ErrBadInput, "rounds to nothing"},
			"a percentage of no lines": {issue(func(v *accounting.NewInvoice) {
				v.Adjustments = []accounting.Adjustment{{Adjust: accounting.Adjust{Percent: price("10")}, TaxCode: "S20"}}
			}), accounting.ErrBadInput, `adjustment 1: it is a percentage of nothing: no line bears the tax code "S20"`},
			"a percentage of untaxed lines": {bill(func(v *accounting.NewBill) {
				v.Adjustments = []accounting.Adjustment{{Adjust: accounting.Adjust{Percent: price("10")}}}
			}), accounting.ErrBadInput, "no line is without tax"},
			"negative per cent": {issue(func(v *accounting.NewInvoice) { v.Lines[0].Discount = accounting.Adjust{Percent: price("-1")} }), accounting.ErrBadInput, "is above zero"},
			"backdated":         {issue(func(v *accounting.NewInvoice) { v.Date = day("2010-12-01") }), accounting.ErrBackdated, "document 1: a document of 2010-12-01"},
			"no amount": {func() error {
				p := received("", s.ann.ID, "2010-12-10", 1)
				p.Amount = accounting.NewPayment{}.Amount
				_, err := s.books.Pay(s.ctx, []accounting.NewPayment{p})
				return err
			}, accounting.ErrBadInput, "payment 1: Amount is needed"},
			"bill twice": {bill(func(v *accounting.NewBill) {
				*v = twice
				v.VendorNumber, v.Duplicates, v.RefuseDuplicates = "R-71", 5, true
			}),
				accounting.ErrBillDuplicate, "within 5 days: R-17 of 2010-12-01"},
			"role": {func() error {
				a, err := s.books.GetAccount(s.ctx, accounting.ByRole(accounting.RoleFees))
				require.NoError(t, err)
				_, err = s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "Z1", Name: "Z", Type: a.Type, Role: accounting.RoleBank})
				return err
			}, accounting.ErrRoleType, "cannot have the role bank: it is of type expense"},
			"UK":       {party("UK"), accounting.ErrBadInput, "Country must be a country code of ISO 3166-1 such as GB: the United Kingdom is GB"},
			"EL":       {party("EL"), accounting.ErrBadInput, "Greece is GR"},
			"XI":       {party("XI"), accounting.ErrBadInput, "Northern Ireland is GB"},
			"QZ":       {party("QZ"), accounting.ErrBadInput, "such as GB ("},
			"no party": {func() error { _, err := s.books.GetParty(s.ctx, uuid.New()); return err }, tenancy.ErrNotFound, "accounting.GetParty: there is no such party"},
			"no party to change": {func() error {
				_, err := s.books.UpdateParty(s.ctx, accounting.PartyChange{ID: uuid.New(), Name: "X", Customer: true})
				return err
			}, tenancy.ErrNotFound, "accounting.UpdateParty: there is no such party"},
			"books": {func() error {
				_, err := s.books.OpenBooks(s.ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartUKRetail, YearStart: day("2010-01-01"), Country: "IE"})
				return err
			}, accounting.ErrBooksDiffer, `for the country "GB", and not on 2010-01-01 in GBP with uk-retail for "IE"`},
		} {
			err := c.act()
			require.ErrorIs(t, err, c.want, name)
			require.ErrorContains(t, err, c.says, name)
		}
		free := ok
		free.Lines = []accounting.NewInvoiceLine{{Description: "A gift", Quantity: units(1)}}
		require.Zero(t, s.issue(free)[0].Gross.Minor, "what is given away has no price")
		s.sound()
	})
}

// All 249 codes of ISO 3166-1 are taken, and nothing besides.
func TestCountryCodes(t *testing.T) {
	n := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			if (accounting.NewParty{Name: "X", Customer: true, Country: string(a) + string(b)}).Check() == nil {
				n++
			}
		}
	}
	require.Equal(t, 249, n)
}

func TestListsAreNarrowedDown(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		in := invoice("I1", s.ann.ID, "2010-12-01", "100.00")
		in.Terms = thirds
		first := s.issue(in, invoice("I2", s.ben.ID, "2010-12-05", "20.00"))
		b := s.bill(aBill("B1", "V-1", s.ben.ID, "2010-12-03", "10.00"))[0]
		ids := func(f accounting.OpenItemFilter) (out []uuid.UUID) {
			page, err := s.books.ListOpenItems(s.ctx, tenancy.PageRequest{}, f)
			require.NoError(t, err)
			for _, o := range page.Items {
				out = append(out, o.ID)
			}
			return out
		}
		require.Len(t, ids(accounting.OpenItemFilter{}), 5)
		require.ElementsMatch(t, []uuid.UUID{first[1].ID, b.ID}, ids(accounting.OpenItemFilter{PartyID: s.ben.ID}))
		require.Equal(t, []uuid.UUID{b.ID}, ids(accounting.OpenItemFilter{Control: accounting.ControlPayable}))
		require.ElementsMatch(t, []uuid.UUID{first[0].ID, first[1].ID}, ids(accounting.OpenItemFilter{DueBy: day("2010-12-31"), Control: accounting.ControlReceivable}))
		s.pay(received("", s.ben.ID, "2010-12-10", 2_000, part(first[1].ID, 2_000)))
		require.Equal(t, []uuid.UUID{b.ID}, ids(accounting.OpenItemFilter{PartyID: s.ben.ID}))
		_, err := s.books.ListOpenItems(s.ctx, tenancy.PageRequest{}, accounting.OpenItemFilter{Control: "x"})
		require.ErrorIs(t, err, accounting.ErrBadInput)

		for _, row := range []struct {
			f               accounting.DocumentFilter
			invoices, bills int
		}{
			{accounting.DocumentFilter{}, 2, 1}, {accounting.DocumentFilter{PartyID: s.ben.ID}, 1, 1}, {accounting.DocumentFilter{PartyID: s.ann.ID}, 1, 0},
			{accounting.DocumentFilter{From: day("2010-12-02")}, 1, 1}, {accounting.DocumentFilter{To: day("2010-12-03")}, 1, 1}, {accounting.DocumentFilter{DueBy: day("2011-01-01")}, 1, 1},
		} {
			invoices, err := s.books.ListInvoices(s.ctx, tenancy.PageRequest{}, row.f)
			require.NoError(t, err)
			bills, err := s.books.ListBills(s.ctx, tenancy.PageRequest{}, row.f)
			require.NoError(t, err)
			require.Equal(t, []int{row.invoices, row.bills}, []int{len(invoices.Items), len(bills.Items)}, "%+v", row.f)
		}
		_, err = s.books.ListBills(s.ctx, tenancy.PageRequest{}, accounting.DocumentFilter{}, accounting.DocumentFilter{})
		require.ErrorIs(t, err, accounting.ErrBadInput)
		got, err := s.books.InvoicesByID(s.ctx, []uuid.UUID{first[1].ID, uuid.New()})
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.Equal(t, first[1].Number, got[first[1].ID].Number)

		st, err := s.books.StatementOfAccount(s.ctx, accounting.StatementQuery{PartyID: s.ann.ID, Control: accounting.ControlReceivable, From: day("2010-12-01"), To: day("2010-12-31")})
		require.NoError(t, err)
		for i, e := range st.Accounts[0].Entries {
			require.Equal(t, first[0].Number, e.Number)
			require.Equal(t, i+1, e.Instalment)
		}
		st, err = s.books.StatementOfAccount(s.ctx, accounting.StatementQuery{PartyID: s.ben.ID, Control: accounting.ControlPayable, From: day("2010-12-01"), To: day("2010-12-31")})
		require.NoError(t, err)
		require.Equal(t, "V-1", st.Accounts[0].Entries[0].Number)
		require.Zero(t, st.Accounts[0].Entries[0].Instalment)
	})
}
