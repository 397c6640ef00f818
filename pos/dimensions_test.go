package pos

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/bookstest"
	"github.com/opsmatiq/erp/internal/laws"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// at are the values of a shop and a department; "" for none.
func at(shop, department string) accounting.Dimensions {
	return bookstest.Values("shop", shop, "department", department)
}

var yearBegins, yearEnds = date.Must("2026-01-01"), date.Must("2026-12-31")

// analysis is the shop's books by dimensions.
func (s *shop) analysis() bookstest.Analysis { return bookstest.Analysis{Ctx: s.ctx, Books: s.books} }

// analysed defines shops and departments.
func (s *shop) analysed(t require.TestingT) {
	s.analysis().Define(t, "shop", "york", "leeds")
	s.analysis().Define(t, "department", "tea", "china")
}

// of is a line of a department.
func of(l NewLine, d accounting.Dimensions) NewLine {
	l.Dimensions = d
	return l
}

// inYork closes the shop's till and opens a register in York, which its tickets are made at from then on.
func (s *shop) inYork(t require.TestingT) {
	s.closeWith(t, s.session, "100.00")
	registers, err := s.pos.CreateRegisters(s.ctx, []NewRegister{{Code: "Y1", Name: "York", Dimensions: at("york", "")}})
	require.NoError(t, err)
	s.till = registers[0]
	s.session = s.open(t, s.till, "100.00")
}

// A till's lines have the register's dimensions under their own, and the closing adds up by combination: revenue, cost of goods, the
// other sides of cash moves, over/short. Cash, cards and tax have none.
func TestATillIsAnalysed(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		s.inYork(t)
		sold := s.sell(t,
			s.ticket(s.cash("30.00"), of(line(s.tea, "2", "6.00"), at("", "tea")), of(line(s.cup, "1", "12.00"), at("", "china")), line(s.wrapping, "1", "6.00")),
			s.ticket(s.cash("6.00"), of(line(s.tea, "1", "6.00"), at("leeds", "tea"))))
		_, err := s.pos.Refund(s.ctx, []NewRefund{s.refund(sold[0].ID, "1", "1")})
		require.NoError(t, err)
		_, err = s.pos.Void(s.ctx, []NewVoid{s.void(s.sell(t, s.ticket(s.cash("6.00"), of(line(s.tea, "1", "6.00"), at("", "tea"))))[0].ID)})
		require.NoError(t, err)
		_, err = s.pos.MoveCash(s.ctx, []NewCashMove{{SessionID: s.session.ID, Reference: s.reference(), Direction: CashOut, Amount: s.amount("3.00"),
			Account: accounting.ByCode("6900"), Dimensions: at("", "china"), Reason: "vases"}})
		require.NoError(t, err)

		// What is closed, or asked for, by the evening refuses nobody.
		s.analysis().SetValue(t, "shop", "york", true)
		for _, role := range []accounting.Role{accounting.RoleSales, accounting.RoleCostOfGoodsSold, accounting.RoleOverShort} {
			s.analysis().Require(t, accounting.ByRole(role), "department", "shop")
		}
		s.closeWith(t, s.session, "115.00")
		tea, china, york := "map[department:tea shop:york]", "map[department:china shop:york]", "map[shop:york]"
		require.Equal(t, map[string]int64{tea: -500, york: -500, "map[department:tea shop:leeds]": -500}, s.analysis().By(t, accounting.ByRole(accounting.RoleSales)))
		require.Equal(t, map[string]int64{tea: 100, "map[department:tea shop:leeds]": 100}, s.analysis().By(t, accounting.ByRole(accounting.RoleCostOfGoodsSold)))
		require.Equal(t, map[string]int64{china: 300}, s.analysis().By(t, accounting.ByCode("6900")))
		require.Equal(t, map[string]int64{"map[]": 1500}, s.analysis().By(t, accounting.ByRole(accounting.RoleCash)))
		require.Equal(t, map[string]int64{"map[]": -300}, s.analysis().By(t, accounting.ByRole(accounting.RoleTax)))
		d, err := s.pos.GetTicket(s.ctx, sold[1].ID)
		require.NoError(t, err)
		require.Equal(t, at("leeds", "tea"), d.Lines[0].Dimensions)
		r, err := s.pos.GetRegister(s.ctx, s.till.ID)
		require.NoError(t, err)
		require.Equal(t, at("york", ""), r.Dimensions)
		s.verify(t)
	})
}

// Over/short is the register's; cash and cards are where their accounts ask for it.
func TestADrawerIsAnalysed(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		s.closeWith(t, s.session, "100.00")
		for _, role := range []accounting.Role{accounting.RoleCash, accounting.RoleCardClearing, accounting.RoleOverShort} {
			s.analysis().Require(t, accounting.ByRole(role), "shop")
			_, err := s.pos.CreateRegisters(s.ctx, []NewRegister{{Code: "Y1", Name: "York"}})
			require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
			require.ErrorContains(t, err, "register 1 (Y1): ")
			_, err = s.pos.OpenSession(s.ctx, NewSession{RegisterID: s.till.ID, Float: s.amount("100.00"), Date: monday, Reference: s.reference()})
			require.ErrorIs(t, err, accounting.ErrDimensionNeeded, "not only at the closing, when it is too late")
			require.ErrorContains(t, err, "register T1: ")
			s.analysis().Require(t, accounting.ByRole(role))
		}
		for _, role := range []accounting.Role{accounting.RoleCash, accounting.RoleCardClearing, accounting.RoleOverShort} {
			s.analysis().Require(t, accounting.ByRole(role), "shop")
		}
		change := RegisterChange{ID: s.till.ID, Name: "Till T1", MaxHours: 24}
		_, err := s.pos.UpdateRegister(s.ctx, change)
		require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
		change.Dimensions = at("mars", "")
		_, err = s.pos.UpdateRegister(s.ctx, change)
		require.ErrorIs(t, err, accounting.ErrUnknownDimension)
		change.Dimensions = at("leeds", "")
		_, err = s.pos.UpdateRegister(s.ctx, change)
		require.NoError(t, err)
		s.session = s.open(t, s.till, "100.00")
		change.Dimensions = at("york", "")
		_, err = s.pos.UpdateRegister(s.ctx, change)
		require.NoError(t, err, "which is for the next session")
		s.sell(t, s.ticket(s.cash("6.00"), line(s.tea, "1", "6.00")), s.ticket(s.card("6.00"), line(s.tea, "1", "6.00")))
		s.closeWith(t, s.session, "105.00")
		require.Equal(t, map[string]int64{"map[shop:leeds]": 500}, s.analysis().By(t, accounting.ByRole(accounting.RoleCash)))
		require.Equal(t, map[string]int64{"map[shop:leeds]": 600}, s.analysis().By(t, accounting.ByRole(accounting.RoleCardClearing)))
		require.Equal(t, map[string]int64{"map[shop:leeds]": 100}, s.analysis().By(t, accounting.ByRole(accounting.RoleOverShort)))
		s.verify(t)
	})
}

// What a ticket lacks is refused at the till, with the line that lacks it, and changes nothing.
func TestADimensionThatATicketLacks(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		for _, role := range []accounting.Role{accounting.RoleSales, accounting.RoleCostOfGoodsSold, accounting.RoleStock} {
			s.analysis().Require(t, accounting.ByRole(role), "shop")
			before := s.state(t)
			good := s.ticket(s.cash("6.00"), of(line(s.tea, "1", "6.00"), at("york", "")))
			bad := s.ticket(s.cash("12.00"), of(line(s.tea, "1", "6.00"), at("york", "")), line(s.cup, "1", "6.00"))
			_, err := s.pos.Sell(s.ctx, []NewTicket{good, bad})
			require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
			require.ErrorContains(t, err, fmt.Sprintf("ticket 2 (%q), line 2: a line on ", bad.Reference))
			require.Equal(t, before, s.state(t))
			s.analysis().Require(t, accounting.ByRole(role))
		}
		s.analysis().Require(t, accounting.ByRole(accounting.RoleBank), "shop")
		move := NewCashMove{SessionID: s.session.ID, Reference: s.reference(), Direction: CashOut, Amount: s.amount("3.00"), Account: accounting.ByRole(accounting.RoleBank), Reason: "safe"}
		_, err := s.pos.MoveCash(s.ctx, []NewCashMove{move})
		require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
		require.ErrorContains(t, err, "cash move 1 (")
		move.Dimensions = at("york", "")
		moved, err := s.pos.MoveCash(s.ctx, []NewCashMove{move})
		require.NoError(t, err)

		// Dimensions are content, of tickets and of cash moves; a retry is answered, whatever was closed since.
		ticket := s.ticket(s.cash("6.00"), of(line(s.tea, "1", "6.00"), at("york", "")))
		s.sell(t, ticket)
		s.analysis().SetValue(t, "shop", "york", true)
		require.True(t, s.sell(t, ticket)[0].Replayed)
		again, err := s.pos.MoveCash(s.ctx, []NewCashMove{move})
		require.NoError(t, err)
		require.True(t, again[0].Replayed)
		require.Equal(t, moved[0].ID, again[0].ID)
		ticket.Lines[0].Dimensions, move.Dimensions = at("leeds", ""), at("leeds", "")
		_, err = s.pos.Sell(s.ctx, []NewTicket{ticket})
		require.ErrorIs(t, err, ErrReferenceTaken)
		_, err = s.pos.MoveCash(s.ctx, []NewCashMove{move})
		require.ErrorIs(t, err, ErrReferenceTaken)
	})
}

// Registers say the same only with the same dimensions, and the database lets nobody change what a line was sold under.
func TestDimensionsOfATillStay(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		s.inYork(t)
		in := NewRegister{Code: "Y1", Name: "York", Dimensions: at("york", "")}
		again, err := s.pos.CreateRegisters(s.ctx, []NewRegister{in})
		require.NoError(t, err)
		require.Equal(t, s.till.ID, again[0].ID)
		in.Dimensions = at("leeds", "")
		_, err = s.pos.CreateRegisters(s.ctx, []NewRegister{in})
		require.ErrorIs(t, err, ErrCodeTaken)
		s.sell(t, s.ticket(s.cash("6.00"), line(s.tea, "1", "6.00")))
		tenant := tenancy.ScopeOf(s.ctx).TenantID()
		owner := s.env.Owner(t, tenant)
		for _, table := range []string{"ticket_lines", "till_sessions"} {
			_, err := owner.Exec(s.env.SQL("UPDATE erp." + table + " SET dimension_set_id = NULL WHERE tenant_id = '" + tenant.String() + "' AND dimension_set_id IS NOT NULL"))
			require.Error(t, err, table)
		}
	})
}

// However many tickets and combinations there are, they cost the same number of statements; so does closing.
func TestDimensionsCostTheSame(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		s.inYork(t)
		combinations := []accounting.Dimensions{at("", "tea"), at("leeds", "china"), nil, at("leeds", "tea")}
		batch := func(n int) (out []NewTicket) {
			for i := range n {
				out = append(out, s.ticket(s.cash("12.00"), of(line(s.tea, "1", "6.00"), combinations[i%4]), of(line(s.wrapping, "1", "6.00"), combinations[(i+1)%4])))
			}
			return out
		}
		s.sell(t, batch(4)...)
		few, many := batch(1), batch(20)
		few[0].Lines[0].Dimensions = at("leeds", "tea")
		require.Equal(t, s.env.Count(t, func() { s.sell(t, few...) }), s.env.Count(t, func() { s.sell(t, many...) }))
	})
}

// TestSliceLaws runs a till at random, under random dimensions: what is closed has earned by shop what a child would add up, and profit
// and loss by slice sums to the whole.
func TestSliceLaws(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		laws.Check(t, 3, func(rt *rapid.T) {
			s := openShop(t, env, "GBP", inventory.Average)
			s.analysed(rt)
			s.inYork(rt)
			profit, cash := map[string]int64{}, int64(10000)
			var sold []Ticket
			shops := map[uuid.UUID][]string{}
			for range rapid.IntRange(2, 8).Draw(rt, "steps") {
				if len(sold) > 0 && rapid.IntRange(0, 2).Draw(rt, "back") == 0 {
					ticket := sold[0]
					sold = sold[1:]
					var quantities []string
					for i, l := range ticket.Lines {
						quantities = append(quantities, l.Quantity.String())
						profit[shops[ticket.ID][i]] -= l.Net.Minor
						if l.Moved {
							profit[shops[ticket.ID][i]] += int64(l.Quantity) / 1_000_000 * 100
						}
					}
					back, err := s.pos.Refund(s.ctx, []NewRefund{s.refund(ticket.ID, quantities...)})
					require.NoError(rt, err)
					cash -= back[0].Gross.Minor
					continue
				}
				in := s.ticket(s.cash("100.00"))
				var of []string
				for range rapid.IntRange(1, 3).Draw(rt, "lines") {
					shop := rapid.SampledFrom([]string{"", "york", "leeds"}).Draw(rt, "shop")
					l := line(rapid.SampledFrom([]uuid.UUID{s.tea, s.wrapping}).Draw(rt, "product"), fmt.Sprint(rapid.IntRange(1, 3).Draw(rt, "units")), "2.5")
					l.Dimensions = at(shop, rapid.SampledFrom([]string{"", "tea", "china"}).Draw(rt, "department"))
					if shop == "" {
						shop = "york" // the register's
					}
					in.Lines, of = append(in.Lines, l), append(of, shop)
				}
				ticket := s.sell(rt, in)[0]
				sold, shops[ticket.ID], cash = append(sold, ticket), of, cash+ticket.Gross.Minor
				for i, l := range ticket.Lines {
					profit[of[i]] += l.Net.Minor
					if l.Moved {
						profit[of[i]] -= int64(l.Quantity) / 1_000_000 * 100 // a tea costs 1.00
					}
				}
			}
			over := rapid.Int64Range(-50, 50).Draw(rt, "over")
			profit["york"] += over
			_, err := s.pos.CloseSession(s.ctx, Close{SessionID: s.session.ID, Counted: money.Of(cash+over, "GBP")})
			require.NoError(rt, err)
			for shop, net := range s.analysis().Sliced(rt, "shop", yearBegins, yearEnds) {
				require.Equal(rt, profit[shop], net, "shop %q", shop)
			}
			s.analysis().Sliced(rt, "department", yearBegins, yearEnds)
			s.verify(rt)
		})
	})
}
