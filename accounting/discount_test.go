package accounting_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
)

// TestDiscountsAreDeductions: the profit and loss takes given discounts off the revenue and taken ones off the cost of sales; a chart that has them in
// the financial result keeps them there.
func TestDiscountsAreDeductions(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		discounted := func() accounting.ProfitAndLoss {
			in := invoice("", s.ann.ID, "2010-12-01", "100.00")
			in.Due, in.Terms.Discount = day("2010-12-31"), accounting.EarlyDiscount{Percent: price("2"), Until: day("2010-12-11")}
			bought := accounting.NewBill{PartyID: s.ben.ID, VendorNumber: uuid.NewString()[:8], Date: day("2010-12-01"), Terms: accounting.Terms{Discount: accounting.EarlyDiscount{Percent: price("3"), Until: day("2010-12-11")}},
				Due: day("2010-12-31"), Lines: []accounting.NewBillLine{{Description: "Rent", Account: accounting.ByRole(accounting.RoleFees), Quantity: units(1), UnitPrice: price("100.00")}}}
			_, err := s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: s.issue(in)[0].ID, Date: day("2010-12-10")}, {DocumentID: s.bill(bought)[0].ID, Date: day("2010-12-10")}})
			require.NoError(t, err)
			pl, err := s.books.ProfitAndLoss(s.ctx, day("2010-01-01"), day("2010-12-31"))
			require.NoError(t, err)
			return pl
		}
		pl := discounted()
		require.Equal(t, []int64{9_800, -300, 10_000, 100}, []int64{pl.TotalIncome.Minor, pl.TotalCost.Minor, pl.TotalExpenses.Minor, pl.NetProfit.Minor})
		require.Equal(t, "Settlement discounts allowed -2.00", pl.Income[1].Name+" "+pl.Income[1].Amount.String())
		require.Equal(t, "Settlement discounts received -3.00", pl.CostOfSales[0].Name+" "+pl.CostOfSales[0].Amount.String())

		_, err := s.books.CreateAccounts(s.ctx, []accounting.NewAccount{{Code: "7665", Name: "Escomptes accordés", Type: accounting.Expense, Role: accounting.RoleDiscountGiven},
			{Code: "7765", Name: "Escomptes obtenus", Type: accounting.Income, Role: accounting.RoleDiscountTaken}})
		require.NoError(t, err)
		pl = discounted()
		require.Equal(t, []int64{20_000 - 200 + 300, -300, 20_000 + 200}, []int64{pl.TotalIncome.Minor, pl.TotalCost.Minor, pl.TotalExpenses.Minor})
		for role, types := range map[accounting.Role][]accounting.AccountType{accounting.RoleDiscountGiven: {accounting.CostOfSales, accounting.Liability}, accounting.RoleDiscountTaken: {accounting.Expense, accounting.Equity}} {
			for _, typ := range types {
				_, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "7999", Name: "Odd", Type: typ, Role: role})
				require.ErrorIs(t, err, accounting.ErrRoleType)
			}
		}
		s.sound()
	})
}

// Of a bill that is paid in instalments the discount goes to those that are open, and is taken once however they are.
func TestADiscountGoesToABillsOpenInstalments(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		in := s.withNet(10000, "S20")
		in.Terms.Discount = accounting.EarlyDiscount{Percent: price("3"), Until: day("2010-12-11")}
		in.Terms.Instalments = []accounting.Instalment{{Due: day("2010-12-20"), Percent: price("50")}, {Due: day("2010-12-31"), Percent: price("50")}}
		b := s.bill(in)[0]
		s.pay(accounting.NewPayment{PartyID: in.PartyID, Direction: accounting.MoneyOut, Date: day("2010-12-05"), Amount: gbp(6_000),
			Allocate: []accounting.PaymentAllocation{{InvoiceID: b.ID, Amount: gbp(6_000)}}})
		take := []accounting.NewDiscount{{DocumentID: b.ID, Date: day("2010-12-10")}}
		_, err := s.books.TakeDiscount(s.ctx, take)
		require.NoError(t, err)
		require.Equal(t, map[uuid.UUID]int64{accounting.InstalmentID(b.ID, 2): -6_000 + 360}, s.open("2010-12-31"))
		_, err = s.books.TakeDiscount(s.ctx, take)
		require.ErrorIs(t, err, accounting.ErrDiscountTaken, "it settled an instalment that is not the first")
		s.sound()
	})
}
