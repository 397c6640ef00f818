package inventory

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// at are the values of a shop and a project; "" for none.
func at(shop, project string) accounting.Dimensions {
	d := accounting.Dimensions{}
	for code, value := range map[string]string{"shop": shop, "project": project} {
		if value != "" {
			d[code] = value
		}
	}
	return d
}

// analysed defines shops and projects.
func (s *shop) analysed(t require.TestingT) {
	for code, values := range map[string][]string{"shop": {"york", "leeds"}, "project": {"17", "18"}} {
		_, err := s.books.CreateDimension(s.ctx, accounting.NewDimension{Code: code, Name: code})
		require.NoError(t, err)
		for _, v := range values {
			s.setValue(t, code, v, false)
		}
	}
}

// setValue opens or closes a value of a dimension.
func (s *shop) setValue(t require.TestingT, dimension, code string, closed bool) {
	_, err := s.books.SetDimensionValues(s.ctx, dimension, []accounting.NewDimensionValue{{Code: code, Name: code, Inactive: closed}})
	require.NoError(t, err)
}

// require has an account require dimensions from now on.
func (s *shop) require(t require.TestingT, role accounting.Role, codes ...string) {
	_, err := s.books.RequireDimensions(s.ctx, accounting.ByRole(role), codes)
	require.NoError(t, err)
}

// by is what an account has by combination, in all entries.
func (s *shop) by(t require.TestingT, role accounting.Role) map[string]int64 {
	account, err := s.books.GetAccount(s.ctx, accounting.ByRole(role))
	require.NoError(t, err)
	page, err := s.books.ListEntries(s.ctx, tenancy.PageRequest{Limit: 200})
	require.NoError(t, err)
	out := map[string]int64{}
	for _, e := range page.Items {
		d, err := s.books.GetEntry(s.ctx, e.ID)
		require.NoError(t, err)
		for _, l := range d.Lines {
			if l.AccountID == account.ID {
				out[fmt.Sprint(map[string]string(l.Dimensions))] += l.Amount.Minor
			}
		}
	}
	return out
}

func of(m NewMove, d accounting.Dimensions) NewMove {
	m.Dimensions = d
	return m
}

// A move has its line's dimensions over its document's over its warehouse's, and what comes back those of what went out, whatever was
// closed or is asked for by then. Stock has none.
func TestMovesAreAnalysed(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		w, err := s.stock.UpdateWarehouse(s.ctx, WarehouseChange{ID: s.main, Name: "Main", Dimensions: at("york", "17")})
		require.NoError(t, err)
		require.Equal(t, at("york", "17"), w.Dimensions)
		s.receive(t, s.tea, "10", "1.00")
		issue := document(Issue, "D-1", move(s.tea, "2"), of(move(s.tea, "1"), at("leeds", "")), NewMove{ProductID: s.tea.ID, Quantity: qty("3"), Counter: accounting.ByRole(accounting.RoleMarketing)})
		issue.Dimensions = at("", "18")
		issued, err := s.stock.Issue(s.ctx, []NewDocument{issue})
		require.NoError(t, err)
		york, leeds := "map[project:18 shop:york]", "map[project:18 shop:leeds]"
		require.Equal(t, map[string]int64{york: 200, leeds: 100}, s.by(t, accounting.RoleCostOfGoodsSold))
		require.Equal(t, map[string]int64{york: 300}, s.by(t, accounting.RoleMarketing))
		require.Equal(t, map[string]int64{"map[project:17 shop:york]": -1000}, s.by(t, accounting.RoleOpeningEquity))
		require.Equal(t, map[string]int64{"map[]": 400}, s.by(t, accounting.RoleStock))
		d, err := s.stock.GetDocument(s.ctx, issued[0].ID)
		require.NoError(t, err)
		require.Equal(t, at("leeds", "18"), d.Moves[1].Dimensions)

		s.setValue(t, "shop", "leeds", true)
		s.require(t, accounting.RoleCostOfGoodsSold, "shop", "project")
		back := document(Return, "D-2", NewMove{ProductID: s.tea.ID, Quantity: qty("1"), Origin: Origin{issued[0].ID, 2}},
			NewMove{ProductID: s.tea.ID, Quantity: qty("2"), Origin: Origin{issued[0].ID, 1}})
		back.Dimensions = at("york", "17") // of lines without an origin
		_, err = s.stock.Return(s.ctx, []NewDocument{back})
		require.NoError(t, err)
		require.Equal(t, map[string]int64{york: 0, leeds: 0}, s.by(t, accounting.RoleCostOfGoodsSold))
		back.Reference, back.Lines[0].Dimensions = "D-3", at("york", "")
		_, err = s.stock.Return(s.ctx, []NewDocument{back})
		require.ErrorIs(t, err, ErrBadInput)
		s.verify(t)
	})
}

// A document that lacks what an account requires is refused with its line, and a warehouse's default can make up for it.
func TestADimensionThatADocumentLacks(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		s.receive(t, s.tea, "10", "1.00")
		loss := document(Adjustment, "D-1", of(move(s.tea, "-1"), at("york", "")), move(s.tea, "-2"))
		for _, role := range []accounting.Role{accounting.RoleStockLoss, accounting.RoleStock} {
			s.require(t, role, "shop")
			before := s.state(t)
			_, err := s.stock.Adjust(s.ctx, []NewDocument{loss})
			require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
			require.ErrorContains(t, err, `document 1 ("D-1"), line 2: a line on `)
			require.Equal(t, before, s.state(t))
			s.require(t, role)
		}
		s.require(t, accounting.RoleStockLoss, "shop")
		_, err := s.stock.UpdateWarehouse(s.ctx, WarehouseChange{ID: s.main, Name: "Main", Dimensions: at("mars", "")})
		require.ErrorIs(t, err, accounting.ErrUnknownDimension)
		_, err = s.stock.UpdateWarehouse(s.ctx, WarehouseChange{ID: s.main, Name: "Main", Dimensions: at("leeds", "")})
		require.NoError(t, err)
		_, err = s.stock.Adjust(s.ctx, []NewDocument{loss})
		require.NoError(t, err)
		require.Equal(t, map[string]int64{"map[shop:york]": 100, "map[shop:leeds]": 200}, s.by(t, accounting.RoleStockLoss))

		// Dimensions are content; a retry is answered, whatever was closed since, and what stood in the warehouse then is not asked for.
		s.setValue(t, "shop", "leeds", true)
		again, err := s.stock.Adjust(s.ctx, []NewDocument{loss})
		require.NoError(t, err)
		require.True(t, again[0].Replayed)
		loss.Lines[0].Dimensions = at("leeds", "")
		_, err = s.stock.Adjust(s.ctx, []NewDocument{loss})
		require.ErrorIs(t, err, ErrReferenceTaken)
		_, err = s.stock.Adjust(s.ctx, []NewDocument{document(Adjustment, "D-4", move(s.tea, "-1"))})
		require.ErrorIs(t, err, accounting.ErrDimensionInactive, "a default that is closed is refused where nobody says otherwise")
		_, err = s.stock.CreateWarehouse(s.ctx, NewWarehouse{Code: "TWO", Name: "Second", Dimensions: at("york", "")})
		require.ErrorIs(t, err, ErrWarehouseCodeTaken)
		s.verify(t)
	})
}

// A group is posted by account and combination, as its documents stated it, though the account requires others by then. Where the stock
// account requires dimensions it has those of the other side.
func TestAGroupIsAnalysed(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		s.receive(t, s.tea, "10", "1.00")
		group := uuid.New()
		sold := func(d accounting.Dimensions, quantity string) NewDocument {
			doc := document(Issue, "", move(s.tea, quantity))
			doc.Group, doc.Dimensions = group, d
			return doc
		}
		_, err := s.stock.Issue(s.ctx, []NewDocument{sold(at("york", ""), "1"), sold(at("leeds", ""), "2"), sold(nil, "1"), sold(at("york", ""), "3")})
		require.NoError(t, err)
		s.setValue(t, "shop", "york", true)
		s.require(t, accounting.RoleCostOfGoodsSold, "shop", "project")
		s.require(t, accounting.RoleStock, "shop")
		_, err = s.stock.Issue(s.ctx, []NewDocument{sold(at("leeds", ""), "1")})
		require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
		posted, err := s.stock.PostGroup(s.ctx, PostGroup{Group: group})
		require.NoError(t, err)
		require.NotZero(t, posted.EntryID)
		require.Equal(t, map[string]int64{"map[shop:york]": 400, "map[shop:leeds]": 200, "map[]": 100}, s.by(t, accounting.RoleCostOfGoodsSold))
		require.Equal(t, map[string]int64{"map[shop:york]": -400, "map[shop:leeds]": -200, "map[]": 900}, s.by(t, accounting.RoleStock))
		s.verify(t)
	})
}

// What makes up for goods below zero at another cost is a variance of the document that brought it; a revaluation is the receipt's.
func TestVariancesAreAnalysed(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		s.receive(t, s.tea, "1", "1.00")
		below := document(Issue, "D-1", of(move(s.tea, "3"), at("leeds", "")))
		below.BelowZero = true
		s.mustBook(t, below)
		in := receipt("D-2", s.tea, "4", "1.50")
		in.Dimensions = at("york", "")
		came := s.mustBook(t, in)[0]
		require.Equal(t, map[string]int64{"map[shop:york]": 100}, s.by(t, accounting.RoleStockVariance))
		s.setValue(t, "shop", "york", true)
		_, err := s.stock.Revalue(s.ctx, []NewRevaluation{{Reference: "D-3", Date: newYear, Counter: accounting.ByRole(accounting.RoleGoodsReceived),
			Lines: []RevaluedLine{{Receipt: Origin{came.ID, 1}, Quantity: qty("4"), Difference: pence(40)}}}})
		require.NoError(t, err)
		require.Equal(t, map[string]int64{"map[shop:york]": -40}, s.by(t, accounting.RoleGoodsReceived))
		require.Equal(t, map[string]int64{"map[shop:york]": 20}, s.by(t, accounting.RolePriceVariance))
		s.verify(t)
	})
}
