package pos

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
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
