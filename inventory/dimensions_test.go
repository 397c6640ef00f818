package inventory

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/bookstest"
)

// at are the values of a shop and a project; "" for none.
func at(shop, project string) accounting.Dimensions {
	return bookstest.Values("shop", shop, "project", project)
}

// analysis is the shop's books by dimensions.
func (s *shop) analysis() bookstest.Analysis { return bookstest.Analysis{Ctx: s.ctx, Books: s.books} }

// analysed defines shops and projects.
func (s *shop) analysed(t require.TestingT) {
	s.analysis().Define(t, "shop", "york", "leeds")
	s.analysis().Define(t, "project", "17", "18")
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
		require.Equal(t, map[string]int64{york: 200, leeds: 100}, s.analysis().By(t, accounting.ByRole(accounting.RoleCostOfGoodsSold)))
		require.Equal(t, map[string]int64{york: 300}, s.analysis().By(t, accounting.ByRole(accounting.RoleMarketing)))
		require.Equal(t, map[string]int64{"map[project:17 shop:york]": -1000}, s.analysis().By(t, accounting.ByRole(accounting.RoleOpeningEquity)))
		require.Equal(t, map[string]int64{"map[]": 400}, s.analysis().By(t, accounting.ByRole(accounting.RoleStock)))
		d, err := s.stock.GetDocument(s.ctx, issued[0].ID)
		require.NoError(t, err)
		require.Equal(t, at("leeds", "18"), d.Moves[1].Dimensions)

		s.analysis().SetValue(t, "shop", "leeds", true)
		s.analysis().Require(t, accounting.ByRole(accounting.RoleCostOfGoodsSold), "shop", "project")
		back := document(Return, "D-2", NewMove{ProductID: s.tea.ID, Quantity: qty("1"), Origin: Origin{issued[0].ID, 2}},
			NewMove{ProductID: s.tea.ID, Quantity: qty("2"), Origin: Origin{issued[0].ID, 1}})
		back.Dimensions = at("york", "17") // of lines without an origin
		_, err = s.stock.Return(s.ctx, []NewDocument{back})
		require.NoError(t, err)
		require.Equal(t, map[string]int64{york: 0, leeds: 0}, s.analysis().By(t, accounting.ByRole(accounting.RoleCostOfGoodsSold)))
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
			s.analysis().Require(t, accounting.ByRole(role), "shop")
			before := s.state(t)
			_, err := s.stock.Adjust(s.ctx, []NewDocument{loss})
			require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
			require.ErrorContains(t, err, `document 1 ("D-1"), line 2: a line on `)
			require.Equal(t, before, s.state(t))
			s.analysis().Require(t, accounting.ByRole(role))
		}
		s.analysis().Require(t, accounting.ByRole(accounting.RoleStockLoss), "shop")
		_, err := s.stock.UpdateWarehouse(s.ctx, WarehouseChange{ID: s.main, Name: "Main", Dimensions: at("mars", "")})
		require.ErrorIs(t, err, accounting.ErrUnknownDimension)
		_, err = s.stock.UpdateWarehouse(s.ctx, WarehouseChange{ID: s.main, Name: "Main", Dimensions: at("leeds", "")})
		require.NoError(t, err)
		_, err = s.stock.Adjust(s.ctx, []NewDocument{loss})
		require.NoError(t, err)
		require.Equal(t, map[string]int64{"map[shop:york]": 100, "map[shop:leeds]": 200}, s.analysis().By(t, accounting.ByRole(accounting.RoleStockLoss)))

		// Dimensions are content; a retry is answered, whatever was closed since, and what stood in the warehouse then is not asked for.
		s.analysis().SetValue(t, "shop", "leeds", true)
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
		s.analysis().SetValue(t, "shop", "york", true)
		s.analysis().Require(t, accounting.ByRole(accounting.RoleCostOfGoodsSold), "shop", "project")
		s.analysis().Require(t, accounting.ByRole(accounting.RoleStock), "shop")
		_, err = s.stock.Issue(s.ctx, []NewDocument{sold(at("leeds", ""), "1")})
		require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
		posted, err := s.stock.PostGroup(s.ctx, PostGroup{Group: group})
		require.NoError(t, err)
		require.NotZero(t, posted.EntryID)
		require.Equal(t, map[string]int64{"map[shop:york]": 400, "map[shop:leeds]": 200, "map[]": 100}, s.analysis().By(t, accounting.ByRole(accounting.RoleCostOfGoodsSold)))
		require.Equal(t, map[string]int64{"map[shop:york]": -400, "map[shop:leeds]": -200, "map[]": 900}, s.analysis().By(t, accounting.ByRole(accounting.RoleStock)))
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
		require.Equal(t, map[string]int64{"map[shop:york]": 100}, s.analysis().By(t, accounting.ByRole(accounting.RoleStockVariance)))
		s.analysis().SetValue(t, "shop", "york", true)
		_, err := s.stock.Revalue(s.ctx, []NewRevaluation{{Reference: "D-3", Date: newYear, Counter: accounting.ByRole(accounting.RoleGoodsReceived),
			Lines: []RevaluedLine{{Receipt: Origin{came.ID, 1}, Quantity: qty("4"), Difference: pence(40)}}}})
		require.NoError(t, err)
		require.Equal(t, map[string]int64{"map[shop:york]": -40}, s.analysis().By(t, accounting.ByRole(accounting.RoleGoodsReceived)))
		require.Equal(t, map[string]int64{"map[shop:york]": 20}, s.analysis().By(t, accounting.ByRole(accounting.RolePriceVariance)))
		s.verify(t)
	})
}
