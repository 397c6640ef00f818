package pos

import (
	"testing"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// money roles that a till books to.
var till = []accounting.Role{accounting.RoleCash, accounting.RoleCardClearing, accounting.RoleSales, accounting.RoleTax, accounting.RoleRounding,
	accounting.RoleOverShort, accounting.RoleCostOfGoodsSold}

func TestADayAtTheTill(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		sold := s.sell(t, s.ticket(s.cash("20.00"), line(s.tea, "2", "4.50"), line(s.wrapping, "1", "0.60")), s.ticket(s.card("8.00"), line(s.cup, "1", "8.00")))
		assert.Equal(t, "R-T1-2026-00001", sold[0].Number)
		assert.Equal(t, "R-T1-2026-00002", sold[1].Number)
		assert.Equal(t, "9.60", sold[0].Gross.String())
		assert.Equal(t, "1.60", sold[0].Tax.String())
		change := sold[0].Change()
		assert.Equal(t, "10.40", change.String())
		assert.Equal(t, "98", s.onHand(t, s.tea))
		s.verify(t)

		back, err := s.pos.Refund(s.ctx, []NewRefund{s.refund(sold[0].ID, "1")})
		require.NoError(t, err)
		assert.Equal(t, "R-T1-2026-00003", back[0].Number)
		assert.Equal(t, "4.50", back[0].Gross.String())
		voided, err := s.pos.Void(s.ctx, []NewVoid{s.void(sold[1].ID)})
		require.NoError(t, err)
		assert.Equal(t, "8.00", voided[0].Gross.String())
		_, err = s.pos.MoveCash(s.ctx, []NewCashMove{{SessionID: s.session.ID, Reference: s.reference(), Direction: CashOut, Amount: s.amount("50.00"),
			Account: accounting.ByRole(accounting.RoleBank), Reason: "to the bank"}})
		require.NoError(t, err)
		s.verify(t)
		assert.Equal(t, "99", s.onHand(t, s.tea))
		assert.Equal(t, "100", s.onHand(t, s.cup))

		detail, err := s.pos.GetSession(s.ctx, s.session.ID)
		require.NoError(t, err)
		assert.Equal(t, "55.10", detail.Totals.Expected.String()) // 100.00 + 9.60 - 4.50 - 50.00
		closing := s.closeWith(t, s.session, "55.00")
		assert.Equal(t, "-0.10", closing.OverShort.String())
		assert.Equal(t, "cash -45.00, card_clearing 0.00, sales -4.25, tax -0.85, rounding 0.00, over_short 0.10, cost_of_goods_sold 1.00", s.balances(t, till...))
		s.verify(t)
	})
}

func TestAmounts(t *testing.T) {
	for _, row := range []struct {
		name                     string
		included                 bool
		quantity, price, rate    string
		wantNet, wantTax, wantIs string
	}{
		{"tax in the price", true, "1", "12.00", "20", "10.00", "2.00", "12.00"},
		{"tax in the price, rounded up", true, "3", "0.99", "20", "2.47", "0.50", "2.97"},
		{"half a penny of tax goes up", true, "1", "0.03", "20", "0.02", "0.01", "0.03"},
		{"tax on the price", false, "3", "0.99", "20", "2.97", "0.59", "3.56"},
		{"a part of a unit", true, "0.333333", "9.99", "20", "2.77", "0.56", "3.33"},
		{"a discount", true, "1", "-1.20", "20", "-1.00", "-0.20", "-1.20"},
		{"half a penny of a discount goes away from zero", true, "1", "-0.03", "20", "-0.02", "-0.01", "-0.03"},
		{"no tax", true, "2", "1.255", "0", "2.51", "0.00", "2.51"},
		{"an odd rate", true, "7", "1.99", "8.1", "12.89", "1.04", "13.93"},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := &Line{Quantity: qty(row.quantity), UnitPrice: dec(row.price), TaxRate: dec(row.rate)}
			require.NoError(t, l.compute(row.included, "GBP"))
			gross := l.Gross()
			assert.Equal(t, []string{row.wantNet, row.wantTax, row.wantIs}, []string{l.Net.String(), l.Tax.String(), gross.String()})
		})
	}
}

// Every way to pay a ticket of 10.02 francs, where coins end in five.
func TestPayments(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		s := openShop(t, env, "CHF", inventory.Average)
		pays := func(p ...NewPayment) []NewPayment { return p }
		for _, row := range []struct {
			name                   string
			payments               []NewPayment
			wantCash, wantRounding string
			wantChange             string
			want                   error
		}{
			{"cash, exactly", pays(s.cash("10.00")), "10.00", "-0.02", "0.00", nil},
			{"cash, with change", pays(s.cash("20.00")), "10.00", "-0.02", "10.00", nil},
			{"card", pays(s.card("10.02")), "0.00", "0.00", "0.00", nil},
			{"two cards", pays(s.card("4.01"), s.card("6.01")), "0.00", "0.00", "0.00", nil},
			{"card and cash: the cash is rounded", pays(s.card("3.00"), s.cash("7.00")), "7.00", "-0.02", "0.00", nil},
			{"cash first, and upwards", pays(s.cash("10.00"), s.card("4.99")), "5.05", "0.02", "4.95", nil},
			{"cash that rounds to nothing", pays(s.card("10.00"), s.cash("0.00")), "0.00", "-0.02", "0.00", nil},
			{"nothing", nil, "", "", "", ErrUnderpaid},
			{"too little cash", pays(s.cash("9.95")), "", "", "", ErrUnderpaid},
			{"too little by card", pays(s.card("10.00")), "", "", "", ErrUnderpaid},
			{"change from a card", pays(s.card("10.05")), "", "", "", ErrOverpaid},
			{"cash where none is due", pays(s.card("10.02"), s.cash("5.00")), "", "", "", ErrOverpaid},
			{"cash twice", pays(s.cash("5.00"), s.cash("6.00")), "", "", "", ErrBadInput},
			{"a card of nothing", pays(s.card("0.00"), s.cash("20.00")), "", "", "", ErrBadInput},
			{"less than nothing", pays(s.cash("-10.00")), "", "", "", ErrBadInput},
			{"another currency", pays(NewPayment{Method: Cash, Amount: money.Of(2000, "EUR")}), "", "", "", accounting.ErrWrongCurrency},
			{"no currency", pays(NewPayment{Method: Cash, Amount: money.Amount{Minor: 2000}}), "", "", "", accounting.ErrWrongCurrency},
			{"no method", pays(NewPayment{Amount: s.amount("20.00")}), "", "", "", ErrBadInput},
		} {
			before := s.state(t)
			in := s.ticket(s.cash("0.00"), line(s.tea, "1", "10.02"))
			in.Payments = row.payments
			sold, err := s.pos.Sell(s.ctx, []NewTicket{in})
			if row.want != nil {
				require.ErrorIs(t, err, row.want, row.name)
				require.Equal(t, before, s.state(t), row.name)
				continue
			}
			require.NoError(t, err, row.name)
			cash := s.amount("0.00")
			for _, p := range sold[0].Payments {
				if p.Method == Cash {
					cash = p.Amount
				}
			}
			change := sold[0].Change()
			assert.Equal(t, []string{row.wantCash, row.wantRounding, row.wantChange}, []string{cash.String(), sold[0].Rounding.String(), change.String()}, row.name)
		}
		s.verify(t)
		detail, err := s.pos.GetSession(s.ctx, s.session.ID)
		require.NoError(t, err)
		assert.Equal(t, "-0.06", detail.Totals.Rounding.String())
		assert.Equal(t, "132.05", detail.Totals.Expected.String()) // 100 + 10 + 10 + 7 + 5.05
		s.closeWith(t, s.session, "132.05")
		assert.Equal(t, "rounding 0.06, over_short 0.00", s.balances(t, accounting.RoleRounding, accounting.RoleOverShort))
		s.verify(t)
	})
}

// The customer holds the article: a till sells what the books have not got, and the next receipt puts the cost right.
func TestSellingBelowZero(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		sold := s.sell(t, s.ticket(s.card("1040.00"), line(s.tea, "104", "10.00")))
		assert.Equal(t, "-4", s.onHand(t, s.tea))
		s.verify(t)
		_, err := s.pos.Refund(s.ctx, []NewRefund{s.refund(sold[0].ID, "2")})
		require.NoError(t, err)
		assert.Equal(t, "-2", s.onHand(t, s.tea))
		s.closeWith(t, s.session, "80.00")
		s.verify(t)
		s.receive(t, s.tea, "10", "1.50")
		assert.Equal(t, "cost_of_goods_sold 102.00, stock_variance 1.00", s.balances(t, accounting.RoleCostOfGoodsSold, accounting.RoleStockVariance))
		s.verify(t)
	})
}

// A till asks until it is answered: the same reference gives the same ticket, whatever has happened since.
func TestReplays(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		in := s.ticket(s.cash("20.00"), line(s.tea, "2", "4.50"))
		first := s.sell(t, in)[0]
		back := s.refund(first.ID, "1")
		refunded, err := s.pos.Refund(s.ctx, []NewRefund{back})
		require.NoError(t, err)
		before := s.state(t)
		again := s.sell(t, in, in)
		for _, ticket := range again {
			assert.True(t, ticket.Replayed)
			assert.Equal(t, first.Number, ticket.Number)
			assert.Equal(t, first.Payments, ticket.Payments)
			assert.Len(t, ticket.Lines, 1)
		}
		once, err := s.pos.Refund(s.ctx, []NewRefund{back})
		require.NoError(t, err)
		assert.True(t, once[0].Replayed)
		assert.Equal(t, refunded[0].Number, once[0].Number)
		renamed := in
		renamed.Note = "free text is not part of what makes two inputs the same"
		assert.True(t, s.sell(t, renamed)[0].Replayed)
		assert.Equal(t, before, s.state(t))

		for name, change := range map[string]func(*NewTicket){
			"price":    func(n *NewTicket) { n.Lines = []NewLine{line(s.tea, "2", "4.51")} },
			"payment":  func(n *NewTicket) { n.Payments = []NewPayment{s.cash("21.00")} },
			"included": func(n *NewTicket) { n.TaxIncluded = false },
		} {
			other := in
			change(&other)
			_, err := s.pos.Sell(s.ctx, []NewTicket{other})
			require.ErrorIs(t, err, ErrReferenceTaken, name)
			_, err = s.pos.Sell(s.ctx, []NewTicket{in, other})
			require.ErrorIs(t, err, ErrReferenceTaken, name)
		}
		taken := s.refund(first.ID, "1")
		taken.Reference = in.Reference
		_, err = s.pos.Refund(s.ctx, []NewRefund{taken})
		require.ErrorIs(t, err, ErrReferenceTaken, "a reference is used once over tickets of all kinds")

		s.closeWith(t, s.session, "104.50")
		assert.True(t, s.sell(t, in)[0].Replayed, "in a closed session as well")
		_, err = s.pos.Sell(s.ctx, []NewTicket{in, s.ticket(s.cash("9.00"), line(s.tea, "2", "4.50"))})
		require.ErrorIs(t, err, ErrSessionClosed)
	})
}

// What cannot be sold changes nothing, uses no number, and takes the good tickets beside it along.
func TestRefusedTickets(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		_, err := s.books.CreateTax(s.ctx, accounting.NewTax{Code: "W20", Name: "Withheld", Kind: accounting.TaxWithholding,
			Rates: []accounting.NewTaxRate{{From: date.Of(2000, 1, 1), Rate: dec("20"), Source: "for the example"}}})
		require.NoError(t, err)
		_, err = s.books.CreateTax(s.ctx, accounting.NewTax{Code: "LATER", Name: "A rate to come",
			Rates: []accounting.NewTaxRate{{From: date.Of(2099, 1, 1), Rate: dec("20"), Source: "for the example"}}})
		require.NoError(t, err)
		s.sell(t, s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50")))
		before := s.state(t)
		for _, row := range []struct {
			name   string
			change func(*NewTicket)
			want   error
		}{
			{"no reference", func(n *NewTicket) { n.Reference = "" }, ErrBadInput},
			{"a reference with blanks", func(n *NewTicket) { n.Reference = " T" }, ErrBadInput},
			{"no session", func(n *NewTicket) { n.SessionID = uuid.Nil }, ErrBadInput},
			{"two sessions", func(n *NewTicket) { n.SessionID = uuid.New() }, ErrBadInput},
			{"no lines", func(n *NewTicket) { n.Lines = nil }, ErrBadInput},
			{"no quantity", func(n *NewTicket) { n.Lines[0].Quantity = 0 }, ErrBadInput},
			{"a negative quantity", func(n *NewTicket) { n.Lines[0].Quantity = -1 }, ErrBadInput},
			{"a price of a gigabyte", func(n *NewTicket) { n.Lines[0].UnitPrice = decimal.New(1, 1_000_000_000) }, ErrBadInput},
			{"a line about nothing", func(n *NewTicket) { n.Lines[0].ProductID = uuid.Nil }, ErrBadInput},
			{"a control character", func(n *NewTicket) { n.Lines[0].Description = "a\x00b" }, ErrBadInput},
			{"an unknown product", func(n *NewTicket) { n.Lines[0].ProductID = uuid.New() }, ErrUnknownProduct},
			{"an unknown tax", func(n *NewTicket) { n.Lines[0].TaxCode = "S99" }, accounting.ErrUnknownTax},
			{"tax that is withheld", func(n *NewTicket) { n.Lines[0].TaxCode = "W20" }, accounting.ErrTaxKind},
			{"a tax without a rate yet", func(n *NewTicket) { n.Lines[0].TaxCode = "LATER" }, accounting.ErrNoTaxRate},
			{"an account that holds tax", func(n *NewTicket) { n.Lines[0].Account = accounting.ByRole(accounting.RoleTax) }, accounting.ErrTaxAccount},
			{"an unknown account", func(n *NewTicket) { n.Lines[0].Account = accounting.ByCode("9999") }, accounting.ErrUnknownAccount},
			{"a control account", func(n *NewTicket) { n.Lines[0].Account = accounting.ByRole(accounting.RoleReceivable) }, accounting.ErrControlAccount},
			{"below zero", func(n *NewTicket) { n.Lines[0].UnitPrice = dec("-1") }, ErrNegativeTotal},
			{"more than a till holds", func(n *NewTicket) { n.Lines[0].UnitPrice = dec("10000000000") }, ErrAmountLimit},
			{"more than anything holds", func(n *NewTicket) { n.Lines[0].UnitPrice = dec("99999999999999999999") }, ErrAmountLimit},
			{"underpaid", func(n *NewTicket) { n.Payments[0].Amount.Minor = 449 }, ErrUnderpaid},
		} {
			good, bad := s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50")), s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50"))
			row.change(&bad)
			_, err := s.pos.Sell(s.ctx, []NewTicket{good, bad})
			require.ErrorIs(t, err, row.want, row.name)
			require.Equal(t, before, s.state(t), row.name)
		}
		missing := s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50"))
		missing.SessionID = uuid.New()
		_, err = s.pos.Sell(s.ctx, []NewTicket{missing})
		require.ErrorIs(t, err, fault.NotFound)
		_, err = s.pos.Sell(s.ctx, make([]NewTicket, MaxBatch+1))
		require.ErrorIs(t, err, ErrTooMany)
		_, err = s.pos.Refund(s.ctx, make([]NewRefund, MaxBack+1))
		require.ErrorIs(t, err, ErrTooMany)
		assert.Equal(t, "R-T1-2026-00002", s.sell(t, s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50")))[0].Number, "no number was used")
		s.verify(t)
	})
}
