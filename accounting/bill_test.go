package accounting_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// aBill is a vendor's bill of one line for rent.
func aBill(reference, number string, vendor uuid.UUID, on, unitPrice string) accounting.NewBill {
	return accounting.NewBill{Reference: reference, VendorNumber: number, PartyID: vendor, Date: day(on), Lines: []accounting.NewBillLine{
		{Description: "Rent", Account: accounting.ByCode("6100"), Quantity: units(1), UnitPrice: price(unitPrice)},
	}}
}

// vendorCredit takes back a part of a bill.
func vendorCredit(reference string, bill uuid.UUID, on, amount string) accounting.NewBill {
	v := aBill(reference, "", uuid.Nil, on, amount)
	v.Kind, v.CorrectsID = accounting.VendorCreditDocument, bill
	return v
}

func TestBill(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		_, err := s.books.CreateTax(s.ctx, accounting.NewTax{Code: "S20", Name: "Standard rate", Rates: []accounting.NewTaxRate{{From: day("2000-01-01"), Rate: price("20"), Source: "for the example"}}})
		require.NoError(t, err)
		in := aBill("B1", "V-77", s.ben.ID, "2010-12-01", "12.345")
		in.Due, in.Note = day("2010-12-31"), "as agreed"
		in.Lines[0].Quantity, in.Lines[0].TaxCode = units(3), "S20"
		in.Lines = append(in.Lines, accounting.NewBillLine{Description: "Goods", Account: accounting.ByRole(accounting.RoleGoodsReceived), Net: gbp(5001), TaxCode: "S20"},
			accounting.NewBillLine{Description: "Discount", Account: accounting.ByCode("6100"), Net: gbp(-101)})
		v := s.bill(in)[0]
		require.Equal(t, gbp(3704+5001-101), v.Net)
		require.Equal(t, gbp(741+1000), v.Tax, "each line's tax rounded half up")
		require.Equal(t, int64(1741), s.balance(accounting.RoleInputTax))
		require.Zero(t, s.balance(accounting.RoleTax), "input tax is not set off against what is owed")
		require.Equal(t, int64(5001), s.balance(accounting.RoleGoodsReceived))
		require.Equal(t, -v.Gross.Minor, s.balance(accounting.RolePayable))
		require.Equal(t, map[uuid.UUID]int64{v.ID: -v.Gross.Minor}, s.open("2010-12-31"))

		d, err := s.books.GetBill(s.ctx, v.ID)
		require.NoError(t, err)
		require.Equal(t, []string{"Rent", "Goods", "Discount"}, d.Descriptions)
		require.Equal(t, "Ben & Sons", d.Text.PartyName)
		require.Equal(t, "GB123", d.Text.PartyTaxID)
		require.Equal(t, "as agreed", d.Text.Note)
		require.True(t, d.Lines[0].UnitPrice.Equal(price("12.345")))
		require.Equal(t, gbp(5001), d.Lines[1].Net)
		_, err = s.books.GetBill(s.ctx, uuid.New())
		require.ErrorIs(t, err, fault.NotFound)

		e, err := s.books.GetEntry(s.ctx, v.EntryID)
		require.NoError(t, err)
		require.Equal(t, accounting.JournalPurchases, e.Journal)
		require.Equal(t, accounting.KindBill, e.Kind)
		require.Equal(t, v.ID, e.SourceID)
		_, err = s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: e.ID, Date: e.EntryDate, Reason: "wrong"}})
		require.ErrorIs(t, err, accounting.ErrEntryOfDocument)

		found, err := s.books.BillsByReference(s.ctx, []string{"B1", "B2"})
		require.NoError(t, err)
		require.Equal(t, map[string]accounting.Bill{"B1": d.Bill}, found)
		page, err := s.books.ListBills(s.ctx, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Equal(t, []accounting.Bill{d.Bill}, page.Items)
		s.sound()
	})
}

func TestBillsArePaid(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.bill(aBill("B1", "1", s.ben.ID, "2010-12-01", "10"), aBill("B2", "2", s.ben.ID, "2010-12-01", "20"))
		out := func(reference string, minor int64, parts ...accounting.PaymentAllocation) accounting.NewPayment {
			p := received(reference, s.ben.ID, "2010-12-10", minor, parts...)
			p.Direction = accounting.MoneyOut
			return p
		}
		p := s.pay(out("P1", 2500, part(v[0].ID, 1000), part(v[1].ID, 500)))[0]
		require.Equal(t, int64(-2500), s.balance(accounting.RoleBank))
		require.Equal(t, map[uuid.UUID]int64{v[1].ID: -1500, p.ID: 1000}, s.open("2010-12-31"))
		_, err := s.books.Pay(s.ctx, []accounting.NewPayment{out("P2", 1501, part(v[1].ID, 1501))})
		require.ErrorIs(t, err, accounting.ErrOverAllocated)
		_, err = s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: p.ID, CreditID: v[1].ID, Date: day("2010-12-31"), Amount: gbp(1000)}})
		require.NoError(t, err)
		require.Equal(t, map[uuid.UUID]int64{v[1].ID: -500}, s.open("2010-12-31"))
		// A credit for what is paid already leaves the vendor owing, until he pays it back.
		c := s.bill(vendorCredit("C1", v[0].ID, "2010-12-20", "10"))[0]
		require.Equal(t, map[uuid.UUID]int64{v[1].ID: -500, c.ID: 1000}, s.open("2010-12-31"))
		back := received("P3", s.ben.ID, "2010-12-21", 1000, part(c.ID, 1000))
		s.pay(back)
		require.Equal(t, int64(-1500), s.balance(accounting.RoleBank))
		s.sound()
	})
}

func TestVendorCreditsNeverExceedTheBill(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.bill(aBill("B1", "1", s.ben.ID, "2010-12-01", "10.00"))[0]
		out := s.bill(vendorCredit("C1", v.ID, "2010-12-02", "4.00"), vendorCredit("C2", v.ID, "2010-12-02", "5.00"))
		require.Equal(t, s.ben.ID, out[0].PartyID, "the vendor is the bill's")
		d, err := s.books.GetBill(s.ctx, out[0].ID)
		require.NoError(t, err)
		require.Equal(t, "Ben & Sons", d.Text.PartyName)
		require.Equal(t, map[uuid.UUID]int64{v.ID: -100}, s.open("2010-12-31"), "set off at once")
		_, err = s.books.Bill(s.ctx, []accounting.NewBill{vendorCredit("C3", v.ID, "2010-12-02", "1.01")})
		require.ErrorIs(t, err, accounting.ErrOverCredited)
		_, err = s.books.Bill(s.ctx, []accounting.NewBill{vendorCredit("C4", v.ID, "2010-12-02", "1.00"), vendorCredit("C5", v.ID, "2010-12-02", "0.01")})
		require.ErrorIs(t, err, accounting.ErrOverCredited)

		other := vendorCredit("C7", v.ID, "2010-12-02", "0.01")
		other.PartyID = s.ann.ID
		for _, bad := range []accounting.NewBill{other, vendorCredit("C8", v.ID, "2010-11-30", "0.01"), vendorCredit("C9", out[0].ID, "2010-12-02", "0.01")} {
			_, err = s.books.Bill(s.ctx, []accounting.NewBill{bad})
			require.ErrorIs(t, err, accounting.ErrNotCreditable)
		}
		s.sound()
	})
}

func TestRaceABillThatComesTwiceIsRecordedOnce(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		first := s.bill(aBill("B1", "V-1", s.ben.ID, "2010-12-01", "10"))[0]
		again := s.bill(aBill("B1", "V-1", s.ben.ID, "2010-12-01", "10.00"))[0]
		require.True(t, again.Replayed)
		require.Equal(t, first.ID, again.ID)
		_, err := s.books.Bill(s.ctx, []accounting.NewBill{aBill("B1", "V-1", s.ben.ID, "2010-12-01", "10.01")})
		require.ErrorIs(t, err, accounting.ErrReferenceTaken)
		_, err = s.books.Bill(s.ctx, []accounting.NewBill{aBill("B2", "V-1", s.ben.ID, "2010-12-01", "10")})
		require.ErrorIs(t, err, accounting.ErrBillTaken)
		_, err = s.books.Bill(s.ctx, []accounting.NewBill{aBill("B3", "V-3", s.ben.ID, "2010-12-01", "10"), aBill("B4", "V-3", s.ben.ID, "2010-12-01", "10")})
		require.ErrorIs(t, err, accounting.ErrBillTaken, "twice in one batch")

		s.bill(aBill("B5", "V-1", s.ann.ID, "2010-12-01", "10"))                                             // another vendor's
		s.bill(aBill("B6", "", s.ben.ID, "2010-12-01", "10"), aBill("B7", "", s.ben.ID, "2010-12-01", "10")) // without numbers
		credit := vendorCredit("C1", first.ID, "2010-12-02", "1")
		credit.VendorNumber = "V-1"
		s.bill(credit) // another kind

		// Rivals with the same number.
		recorded := 0
		for _, err := range racetest.Together(4, func(i int) error {
			return insist(func() error {
				_, err := s.books.Bill(s.ctx, []accounting.NewBill{aBill(fmt.Sprint("R", i), "V-9", s.ben.ID, "2010-12-01", "10")})
				return err
			})
		}) {
			if err == nil {
				recorded++
			} else {
				require.ErrorIs(t, err, accounting.ErrBillTaken)
			}
		}
		require.Equal(t, 1, recorded)
		s.sound()
	})
}

func TestBillRefuses(t *testing.T) {
	table := []struct {
		name   string
		change func(*accounting.NewBill)
		want   error
	}{
		{"no lines", func(v *accounting.NewBill) { v.Lines = nil }, accounting.ErrBadInput},
		{"no quantity", func(v *accounting.NewBill) { v.Lines[0].Quantity = 0 }, accounting.ErrBadInput},
		{"no account", func(v *accounting.NewBill) { v.Lines[0].Account = accounting.AccountRef{} }, accounting.ErrBadInput},
		{"net stated twice", func(v *accounting.NewBill) { v.Lines[0].Net = gbp(100) }, accounting.ErrBadInput},
		{"another currency", func(v *accounting.NewBill) {
			v.Lines[0].UnitPrice, v.Lines[0].Net = decimal.Decimal{}, money.Of(100, "EUR")
		}, accounting.ErrWrongCurrency},
		{"negative total", func(v *accounting.NewBill) { v.Lines[0].Quantity = units(-1) }, accounting.ErrNegativeTotal},
		{"too large a line", func(v *accounting.NewBill) { v.Lines[0].UnitPrice = price("1e14") }, accounting.ErrAmountLimit},
		{"unknown tax", func(v *accounting.NewBill) { v.Lines[0].TaxCode = "X" }, accounting.ErrUnknownTax},
		{"unknown account", func(v *accounting.NewBill) { v.Lines[0].Account = accounting.ByCode("X") }, accounting.ErrUnknownAccount},
		{"control account", func(v *accounting.NewBill) { v.Lines[0].Account = accounting.ByRole(accounting.RolePayable) }, accounting.ErrControlAccount},
		{"no vendor", func(v *accounting.NewBill) { v.PartyID = uuid.Nil }, accounting.ErrBadInput},
		{"unknown vendor", func(v *accounting.NewBill) { v.PartyID = uuid.New() }, accounting.ErrUnknownParty},
		{"due before date", func(v *accounting.NewBill) { v.Due = day("2010-11-30") }, accounting.ErrBadInput},
		{"corrects without being a credit", func(v *accounting.NewBill) { v.CorrectsID = uuid.New() }, accounting.ErrBadInput},
		{"corrects nothing", func(v *accounting.NewBill) { v.CorrectsID, v.Kind = uuid.New(), accounting.VendorCreditDocument }, accounting.ErrNotCreditable},
		{"no such year", func(v *accounting.NewBill) { v.Date = day("2020-01-01") }, accounting.ErrNoPeriod},
		{"unknown kind", func(v *accounting.NewBill) { v.Kind = "invoice" }, accounting.ErrBadInput},
	}
	each(t, func(t *testing.T, s *shop) {
		for _, row := range table {
			t.Run(row.name, func(t *testing.T) {
				bad := aBill("bad", "", s.ben.ID, "2010-12-01", "1")
				row.change(&bad)
				_, err := s.books.Bill(s.ctx, []accounting.NewBill{aBill("good", "", s.ben.ID, "2010-12-01", "1"), bad})
				require.ErrorIs(t, err, row.want)
			})
		}
		found, err := s.books.BillsByReference(s.ctx, []string{"good", "bad"})
		require.NoError(t, err)
		require.Empty(t, found)
		s.sound()
	})
}

func TestBillOfNothing(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.bill(aBill("B1", "", s.ben.ID, "2010-12-01", "0"))[0]
		require.Equal(t, uuid.Nil, v.EntryID)
		require.Empty(t, s.open("2010-12-31"))
		s.sound()
	})
}

func TestBillCostsTheSameForAnyNumber(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		original := s.bill(aBill("O", "", s.ben.ID, "2010-12-01", "1000"))[0]
		batch := func(prefix string, n int) []accounting.NewBill {
			in := make([]accounting.NewBill, 0, 2*n)
			for i := range n {
				in = append(in, aBill(fmt.Sprint(prefix, i), fmt.Sprint(prefix, i), s.ben.ID, "2010-12-01", "2.50"),
					vendorCredit(fmt.Sprint(prefix, "c", i), original.ID, "2010-12-01", "1.50"))
			}
			return in
		}
		one := s.env.Count(t, func() { s.bill(batch("a", 1)...) })
		many := s.env.Count(t, func() { s.bill(batch("b", 100)...) })
		require.Equal(t, one, many)
		s.sound()
	})
}
