package inventory

import (
	"math"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
)

// below is an issue that may go below zero.
func below(reference string, lines ...NewMove) NewDocument {
	d := document(Issue, reference, lines...)
	d.BelowZero = true
	return d
}

func (s *shop) mustBook(t testing.TB, docs ...NewDocument) []Document {
	t.Helper()
	booked, err := s.stock.Book(s.ctx, docs)
	require.NoError(t, err)
	return booked
}

// variances are the documents of that kind with their moves, in order of posting.
func (s *shop) variances(t testing.TB) []Document {
	t.Helper()
	page, err := s.stock.ListDocuments(s.ctx, tenancy.PageRequest{Limit: 1000})
	require.NoError(t, err)
	var found []Document
	for _, d := range page.Items {
		if d.Kind == Variance {
			detail, err := s.stock.GetDocument(s.ctx, d.ID)
			require.NoError(t, err)
			found = append(found, detail.Document)
		}
	}
	return found
}

// A till sells what the books do not have. What is there goes at its cost, the rest at what goods last cost; the next receipt
// makes up for it, and the difference has a document and an entry of its own.
func TestBelowZero(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "2", "1.00")
		sold := s.mustBook(t, below("T-1", move(s.tea, "5")))
		assert.Equal(t, "-3 @ -3.00", s.value(t, s.tea))
		assert.Equal(t, pence(-500), sold[0].Moves[0].Value)
		assert.True(t, sold[0].BelowZero)
		assert.Equal(t, "5.00", s.balance(t, accounting.RoleCostOfGoodsSold))
		_, err := s.stock.Issue(s.ctx, []NewDocument{document("", "", move(s.tea, "1"))})
		require.ErrorIs(t, err, ErrInsufficientStock, "an ordinary issue cannot")
		s.verify(t)

		in := s.receive(t, s.tea, "10", "1.50")
		assert.Equal(t, "7 @ 10.50", s.value(t, s.tea))
		assert.Equal(t, "1.50", s.balance(t, accounting.RoleStockVariance), "three cost 0.50 more than was thought")
		assert.Equal(t, "10.50", s.balance(t, accounting.RoleStock))
		found := s.variances(t)
		require.Len(t, found, 1)
		m := found[0].Moves[0]
		assert.Equal(t, Origin{in.ID, 1}, Origin{m.OriginDocumentID, m.OriginLineNo})
		assert.Zero(t, m.Quantity)
		assert.Equal(t, pence(-150), m.Value)
		assert.NotEqual(t, uuid.Nil, found[0].EntryID)
		assert.NotEqual(t, in.EntryID, found[0].EntryID)
		s.verify(t)
	})
}

// What was missing is made up for in parts, and what it cost adds up to the penny; at zero nothing is left.
func TestBelowZeroInParts(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.mustBook(t, NewDocument{Kind: Receipt, Date: newYear, Counter: opening(), Lines: []NewMove{{ProductID: s.tea.ID, Quantity: qty("3"), Cost: InTotal(pence(1000))}}})
		s.mustBook(t, document(Issue, "", move(s.tea, "3")))
		s.mustBook(t, below("", move(s.tea, "1")), below("", move(s.tea, "2")))
		assert.Equal(t, "-3 @ -10.00", s.value(t, s.tea), "3.33 and 6.67")
		for range 3 {
			s.receive(t, s.tea, "1", "3.00")
			s.verify(t)
		}
		assert.Equal(t, "0 @ 0.00", s.value(t, s.tea))
		assert.Equal(t, "-1.00", s.balance(t, accounting.RoleStockVariance), "they cost less")
		assert.Equal(t, "0.00", s.balance(t, accounting.RoleStock))
	})
}

// What was never there has no cost: it goes out at nothing, and all that it turns out to cost is variance.
func TestBelowZeroNeverKnown(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.mustBook(t, below("", move(s.tea, "2")))
		assert.Equal(t, "-2 @ 0.00", s.value(t, s.tea))
		_, err := s.stock.Adjust(s.ctx, []NewDocument{document("", "", move(s.tea, "2"))})
		require.ErrorIs(t, err, ErrCostUnknown)
		s.receive(t, s.tea, "3", "4.00")
		assert.Equal(t, "1 @ 4.00", s.value(t, s.tea))
		assert.Equal(t, "8.00", s.balance(t, accounting.RoleStockVariance))
		s.verify(t)
	})
}

// A count that finds what was missing brings it in at what goods last cost here, so nothing differs; another warehouse's goods
// do not count.
func TestBelowZeroFound(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		there := receipt("", s.tea, "1", "9.00")
		there.WarehouseID = s.second
		s.mustBook(t, there, receipt("", s.tea, "1", "2.00"), below("", move(s.tea, "4")))
		s.mustBook(t, document(Adjustment, "", move(s.tea, "5")))
		assert.Empty(t, s.variances(t))
		assert.Equal(t, "3 @ 13.00", s.value(t, s.tea), "two of 2.00 here and one of 9.00 there")
		s.verify(t)
	})
}

// What was sold below zero comes back at what it went out at, also when the shelf is still below zero.
func TestReturnOfWhatWasSoldBelowZero(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "1", "2.00")
		sold := s.mustBook(t, below("", move(s.tea, "4")))
		s.receive(t, s.tea, "1", "3.00")
		back := move(s.tea, "4")
		back.Origin = Origin{sold[0].ID, 1}
		s.mustBook(t, document(Return, "", back))
		assert.Equal(t, "2 @ 4.00", s.value(t, s.tea))
		assert.Equal(t, "0.00", s.balance(t, accounting.RoleCostOfGoodsSold))
		assert.Equal(t, "1.00", s.balance(t, accounting.RoleStockVariance))
		s.verify(t)
	})
}

// Within one batch: sold, received, sold again, over two products of which one costs more and one less, so that the variance
// is worth nothing in all and has no entry.
func TestBelowZeroInOneBatch(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.mustBook(t, receipt("", s.tea, "1", "2.00"), receipt("", s.cup, "1", "2.00"), below("", move(s.tea, "2"), move(s.cup, "2")),
			NewDocument{Kind: Receipt, Reference: "R", Date: newYear, Counter: opening(), Lines: []NewMove{
				{ProductID: s.tea.ID, Quantity: qty("2"), Cost: PerUnit(dec("3"))}, {ProductID: s.cup.ID, Quantity: qty("2"), Cost: PerUnit(dec("1"))}}})
		found := s.variances(t)
		require.Len(t, found, 1)
		assert.Len(t, found[0].Moves, 2)
		assert.Equal(t, uuid.Nil, found[0].EntryID)
		assert.Equal(t, "1 @ 3.00", s.value(t, s.tea))
		assert.Equal(t, "1 @ 1.00", s.value(t, s.cup))
		s.verify(t)
	})
}

func TestBelowZeroRefusals(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "1", "2.00")
		s.mustBook(t, below("T-1", move(s.tea, "1")))
		before := s.state(t)
		for _, kind := range []Kind{Receipt, Return, Adjustment} {
			d := document(kind, "", move(s.tea, "1"))
			d.BelowZero = true
			_, err := s.stock.Book(s.ctx, []NewDocument{d})
			require.ErrorIs(t, err, ErrBadInput)
		}
		_, err := s.stock.Book(s.ctx, []NewDocument{document(Issue, "T-1", move(s.tea, "1"))})
		require.ErrorIs(t, err, ErrReferenceTaken, "it is part of the content")
		_, err = s.stock.Book(s.ctx, []NewDocument{below("", NewMove{ProductID: s.tea.ID, Quantity: math.MaxInt64})})
		require.ErrorIs(t, err, accounting.ErrAmountLimit)
		_, err = s.stock.Book(s.ctx, []NewDocument{below("", NewMove{ProductID: s.cup.ID, Quantity: math.MaxInt64}, move(s.cup, "1"))})
		require.ErrorIs(t, err, money.ErrOverflow)
		_, err = s.stock.Book(s.ctx, []NewDocument{{Kind: Variance, Date: newYear, Lines: []NewMove{move(s.tea, "1")}}})
		require.ErrorIs(t, err, ErrBadInput, "the program makes them")
		assert.Equal(t, before, s.state(t))
		s.verify(t)
	})
}

// Two tills sell below zero while goods come in: whatever comes first, the books agree.
func TestRaceBelowZero(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "1", "2.00")
		for range rounds {
			sell := s.book(below("", move(s.tea, "3")))
			for _, err := range racetest.Acts(sell, s.book(receipt("", s.tea, "6", "2.50")), sell) {
				require.NoError(t, err)
			}
		}
		page, err := s.stock.OnHand(s.ctx, StockFilter{})
		require.NoError(t, err)
		require.Len(t, page, 1)
		assert.Equal(t, qty("1"), page[0].Quantity)
		s.verify(t)
	})
}

// A hundred documents that go below zero, and a hundred that make up for it at another cost, take as many statements as one.
func TestBelowZeroStatements(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		var sold, in []NewDocument
		for range 100 {
			sold = append(sold, below("", move(s.tea, "1")))
			in = append(in, receipt("", s.tea, "1", "3.00"))
		}
		s.mustBook(t, receipt("", s.tea, "1", "2.00"), document(Issue, "", move(s.tea, "1")))
		count := func(docs []NewDocument) int { return s.env.Count(t, func() { s.mustBook(t, docs...) }) }
		assert.Equal(t, count(sold[:2]), count(sold))
		assert.Equal(t, count(in[:2]), count(in))
		s.verify(t)
	})
}
