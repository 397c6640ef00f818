package pos_test

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/pos"
	"github.com/opsmatiq/erp/tenancy/date"
)

// A till stands in a shop, and its departments are told apart on the lines. In the evening all of it is booked by both.
func Example_byDepartment() {
	s := openShop(pos.Options{})
	defer s.close()
	for code, value := range map[string]string{"shop": "york", "department": "tea"} {
		_, err := s.books.CreateDimension(s.ctx, accounting.NewDimension{Code: code, Name: code})
		check(err)
		_, err = s.books.SetDimensionValues(s.ctx, code, []accounting.NewDimensionValue{{Code: value, Name: value}})
		check(err)
	}
	_, err := s.books.RequireDimensions(s.ctx, accounting.ByRole(accounting.RoleSales), []string{"shop", "department"})
	check(err)
	registers, err := s.tills.CreateRegisters(s.ctx, []pos.NewRegister{{Code: "Y1", Name: "York", Dimensions: accounting.Dimensions{"shop": "york"}}})
	check(err)
	session, err := s.tills.OpenSession(s.ctx, pos.NewSession{RegisterID: registers[0].ID, Float: pounds("100.00"), Date: date.Must("2026-01-12"), Reference: "DAY-12"})
	check(err)

	ticket := pos.NewTicket{SessionID: session.ID, Reference: "T-1", TaxIncluded: true,
		Lines:    []pos.NewLine{{ProductID: s.tea, Quantity: units(2), UnitPrice: decimal.RequireFromString("6.00"), TaxCode: "S20"}},
		Payments: []pos.NewPayment{{Method: pos.Cash, Amount: pounds("20.00")}}}
	_, err = s.tills.Sell(s.ctx, []pos.NewTicket{ticket})
	fmt.Println(err)
	ticket.Lines[0].Dimensions = accounting.Dimensions{"department": "tea"}
	_, err = s.tills.Sell(s.ctx, []pos.NewTicket{ticket})
	check(err)

	closing, err := s.tills.CloseSession(s.ctx, pos.Close{SessionID: session.ID, Counted: pounds("111.50")})
	check(err)
	entry, err := s.books.GetEntry(s.ctx, closing.EntryID)
	check(err)
	for _, l := range entry.Lines {
		account, err := s.books.GetAccount(s.ctx, accounting.ByID(l.AccountID))
		check(err)
		fmt.Printf("%-20s %7s %v\n", account.Name, l.Amount, map[string]string(l.Dimensions))
	}

	// Output:
	// pos.Sell: ticket 1 ("T-1"), line 1: a line on 4000 Sales names the dimension department (accounting.dimension_needed)
	// Cash                   11.50 map[]
	// Tills over and short    0.50 map[shop:york]
	// Tax on sales           -2.00 map[]
	// Sales                 -10.00 map[department:tea shop:york]
}
