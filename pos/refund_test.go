package pos

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
)

// However a line is cut, all parts together give back what was paid: gross, net and tax.
func TestPartsAddUpToTheWhole(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for _, price := range []string{"0.01", "0.33", "3.337"} {
			for _, included := range []bool{true, false} {
				in := s.ticket(s.card("1.00"), line(s.tea, "7", price))
				in.TaxIncluded = included
				whole := s.charged(t, &in)
				var parts []NewRefund
				for range 7 {
					parts = append(parts, s.refund(whole.ID, "1"))
				}
				back, err := s.pos.Refund(s.ctx, parts)
				require.NoError(t, err)
				var gross, net, tax int64
				for _, b := range back {
					gross, net, tax = gross+b.Gross.Minor, net+b.Net.Minor, tax+b.Tax.Minor
				}
				assert.Equal(t, []int64{whole.Gross.Minor, whole.Net.Minor, whole.Tax.Minor}, []int64{gross, net, tax}, "%s %v", price, included)
				_, err = s.pos.Refund(s.ctx, []NewRefund{s.refund(whole.ID, "0.000001")})
				require.ErrorIs(t, err, ErrOverRefunded)
			}
		}
		s.verify(t)
	})
}

// charged sells a ticket by card for whatever it comes to.
func (s *shop) charged(t *testing.T, in *NewTicket) Ticket {
	t.Helper()
	total := money.Zero(s.currency)
	for _, l := range in.Lines {
		row := &Line{Quantity: l.Quantity, UnitPrice: l.UnitPrice, TaxRate: dec("20")}
		require.NoError(t, row.compute(in.TaxIncluded, s.currency))
		total.Minor += row.Net.Minor + row.Tax.Minor
	}
	in.Payments = []NewPayment{{Method: Card, Amount: total}}
	return s.sell(t, *in)[0]
}

// A discount comes back together with what it was given on: never more money than was paid.
func TestRefundOfADiscountedSale(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		sold := s.sell(t, s.ticket(s.cash("8.00"), line(s.tea, "2", "5.00"), line(s.wrapping, "1", "-2.00")))[0]
		before := s.state(t)
		_, err := s.pos.Refund(s.ctx, []NewRefund{s.refund(sold.ID, "2")})
		require.ErrorIs(t, err, ErrOverRefunded)
		_, err = s.pos.Refund(s.ctx, []NewRefund{s.refund(sold.ID, "0", "1")})
		require.ErrorIs(t, err, ErrNegativeTotal)
		assert.Equal(t, before, s.state(t))
		one, err := s.pos.Refund(s.ctx, []NewRefund{s.refund(sold.ID, "1", "0.5")})
		require.NoError(t, err)
		assert.Equal(t, "4.00", one[0].Gross.String())
		_, err = s.pos.Refund(s.ctx, []NewRefund{s.refund(sold.ID, "1")})
		require.ErrorIs(t, err, ErrOverRefunded)
		rest, err := s.pos.Refund(s.ctx, []NewRefund{s.refund(sold.ID, "1", "0.5")})
		require.NoError(t, err)
		assert.Equal(t, "4.00", rest[0].Gross.String())
		s.verify(t)
	})
}

// A refund is made at any register, in any open session, paid back in cash or to a card, with the goods or without.
func TestRefundElsewhere(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		sold := s.sell(t, s.ticket(s.cash("9.00"), line(s.tea, "2", "4.50")))[0]
		s.closeWith(t, s.session, "109.00")
		s.session = s.open(t, s.register(t, "T2"), "50.00")
		in := s.refund(sold.ID, "1")
		in.Payments = []NewPayment{{Method: Card, Reference: "auth 9"}}
		in.Lines[0].Restock = false
		back, err := s.pos.Refund(s.ctx, []NewRefund{in})
		require.NoError(t, err)
		assert.Equal(t, "R-T2-2026-00001", back[0].Number)
		assert.Equal(t, []Payment{{Owned: back[0].Payments[0].Owned, TicketID: back[0].ID, LineNo: 1, Method: Card, Amount: s.amount("4.50"), TenderedMinor: 450}}, back[0].Payments)
		assert.Equal(t, "98", s.onHand(t, s.tea))
		split := s.refund(sold.ID, "1")
		split.Payments = []NewPayment{s.card("1.00"), s.cash("3.50")}
		_, err = s.pos.Refund(s.ctx, []NewRefund{split})
		require.NoError(t, err)
		assert.Equal(t, "99", s.onHand(t, s.tea))
		_, err = s.pos.Void(s.ctx, []NewVoid{s.void(sold.ID)})
		require.ErrorIs(t, err, ErrNotVoidable)
		s.closeWith(t, s.session, "46.50")
		assert.Equal(t, "cash 5.50, card_clearing -5.50, sales 0.00, tax 0.00, rounding 0.00, over_short 0.00, cost_of_goods_sold 1.00", s.balances(t, till...))
		s.verify(t)
	})
}

func TestRefusedRefunds(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		sold := s.sell(t, s.ticket(s.cash("9.00"), line(s.tea, "2", "4.50"), line(s.wrapping, "1", "0.00")))[0]
		back, err := s.pos.Refund(s.ctx, []NewRefund{s.refund(sold.ID, "1")})
		require.NoError(t, err)
		before := s.state(t)
		for _, row := range []struct {
			name   string
			change func(*NewRefund)
			want   error
		}{
			{"too many", func(n *NewRefund) { n.Lines[0].Quantity = qty("1.000001") }, ErrOverRefunded},
			{"of no ticket", func(n *NewRefund) { n.TicketID = uuid.Nil }, ErrBadInput},
			{"of an unknown ticket", func(n *NewRefund) { n.TicketID = uuid.New() }, ErrUnknownTicket},
			{"of a refund", func(n *NewRefund) { n.TicketID = back[0].ID }, ErrNotRefundable},
			{"of an unknown line", func(n *NewRefund) { n.Lines[0].TicketLine = 3 }, ErrUnknownTicket},
			{"of a line twice", func(n *NewRefund) { n.Lines = append(n.Lines, n.Lines[0]) }, ErrBadInput},
			{"of nothing", func(n *NewRefund) { n.Lines = nil }, ErrBadInput},
			{"too much to a card", func(n *NewRefund) { n.Payments = []NewPayment{s.card("4.51")} }, ErrOverpaid},
			{"too little to a card", func(n *NewRefund) { n.Payments = []NewPayment{s.card("4.49")} }, ErrUnderpaid},
			{"too much cash", func(n *NewRefund) { n.Payments = []NewPayment{s.cash("4.51")} }, ErrOverpaid},
			{"too little cash", func(n *NewRefund) { n.Payments = []NewPayment{s.cash("4.49")} }, ErrUnderpaid},
		} {
			in := s.refund(sold.ID, "1")
			row.change(&in)
			_, err := s.pos.Refund(s.ctx, []NewRefund{in})
			require.ErrorIs(t, err, row.want, row.name)
			require.Equal(t, before, s.state(t), row.name)
		}
		_, err = s.pos.Refund(s.ctx, []NewRefund{s.refund(sold.ID, "0.5"), s.refund(sold.ID, "0.6")})
		require.ErrorIs(t, err, ErrOverRefunded, "two of one batch are counted together")
		require.Equal(t, before, s.state(t))
		both, err := s.pos.Refund(s.ctx, []NewRefund{s.refund(sold.ID, "0.5"), s.refund(sold.ID, "0.5", "1")})
		require.NoError(t, err)
		assert.Equal(t, "4.50", s.amountOf(both[0].Gross.Minor+both[1].Gross.Minor))
		s.verify(t)
	})
}

func (s *shop) amountOf(minor int64) string {
	return money.Amount{Minor: minor, Currency: s.currency}.String()
}

// A void is the mirror of its ticket: all goods, all money, the way it was paid, rounding included.
func TestVoid(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		before := s.balances(t, till...)
		in := s.ticket(s.card("3.00"), line(s.tea, "2", "4.50"), line(s.cup, "1", "8.00"))
		in.Payments = append(in.Payments, s.cash("50.00"))
		sold := s.sell(t, in)[0]
		in = s.ticket(s.cash("9.00"), line(s.tea, "2", "4.50"))
		other := s.sell(t, in)[0]
		voided, err := s.pos.Void(s.ctx, []NewVoid{s.void(sold.ID), s.void(other.ID)})
		require.NoError(t, err)
		assert.Equal(t, KindVoid, voided[0].Kind)
		assert.Equal(t, "R-T1-2026-00003", voided[0].Number)
		assert.Equal(t, sold.Gross, voided[0].Gross)
		require.Len(t, voided[0].Payments, 2)
		for i, p := range voided[0].Payments {
			assert.Equal(t, sold.Payments[i].Amount, p.Amount)
			assert.Equal(t, p.Amount.Minor, p.TenderedMinor)
		}
		assert.Equal(t, "100 100", s.onHand(t, s.tea)+" "+s.onHand(t, s.cup))
		detail, err := s.pos.GetSession(s.ctx, s.session.ID)
		require.NoError(t, err)
		assert.Equal(t, "100.00", detail.Totals.Expected.String())
		for name, id := range map[string]uuid.UUID{"again": sold.ID, "of a void": voided[0].ID} {
			state := s.state(t)
			_, err := s.pos.Void(s.ctx, []NewVoid{s.void(id)})
			require.ErrorIs(t, err, ErrNotVoidable, name)
			require.Equal(t, state, s.state(t))
		}
		_, err = s.pos.Refund(s.ctx, []NewRefund{s.refund(sold.ID, "1")})
		require.ErrorIs(t, err, ErrOverRefunded)
		_, err = s.pos.Void(s.ctx, []NewVoid{s.void(uuid.New())})
		require.ErrorIs(t, err, ErrUnknownTicket)
		third := s.sell(t, s.ticket(s.cash("9.00"), line(s.tea, "2", "4.50")))[0]
		_, err = s.pos.Refund(s.ctx, []NewRefund{s.refund(third.ID, "1")})
		require.NoError(t, err)
		_, err = s.pos.Void(s.ctx, []NewVoid{s.void(third.ID)})
		require.ErrorIs(t, err, ErrNotVoidable)
		_, err = s.pos.Refund(s.ctx, []NewRefund{s.refund(third.ID, "1")})
		require.NoError(t, err)
		s.closeWith(t, s.session, "100.00")
		assert.Equal(t, before, s.balances(t, till...))
		s.verify(t)
	})
}

// Lines about no product, at accounts of their own, without stock.
func TestFreeLines(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		in := s.ticket(s.cash("5.00"), NewLine{Description: "Department 3", Quantity: qty("1"), UnitPrice: dec("5.00"), Account: accounting.ByCode("4900")})
		sold := s.sell(t, in)[0]
		assert.Equal(t, uuid.Nil, sold.StockDocumentID)
		back, err := s.pos.Refund(s.ctx, []NewRefund{s.refund(sold.ID, "0.4")})
		require.NoError(t, err)
		assert.False(t, back[0].Lines[0].Moved)
		detail, err := s.pos.GetTicket(s.ctx, back[0].ID)
		require.NoError(t, err)
		assert.Equal(t, []string{"Department 3"}, detail.Descriptions)
		assert.Equal(t, sold.Number, detail.OriginNumber)
		s.closeWith(t, s.session, "103.00")
		account, err := s.books.GetAccount(s.ctx, accounting.ByCode("4900"))
		require.NoError(t, err)
		balance, err := s.books.Balance(s.ctx, accounting.ByID(account.ID), monday)
		require.NoError(t, err)
		assert.Equal(t, "-3.00", balance.String())
		s.verify(t)
	})
}
