package inventory

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// rounds is how often each race is run: a lock that is missing shows within a few.
const rounds = 4

func (s *shop) book(docs ...NewDocument) func() error {
	return func() error {
		_, err := s.stock.Book(s.ctx, docs)
		return err
	}
}

// Two issues of the last unit: exactly one wins.
func TestRaceForTheLastUnit(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for range rounds {
			s.receive(t, s.tea, "1", "1.00")
			take := s.book(document(Issue, "", move(s.tea, "1")))
			errs := racetest.Acts(take, take)
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			require.ErrorIs(t, errors.Join(errs...), ErrInsufficientStock)
			assert.Equal(t, "0 @ 0.00", s.value(t, s.tea))
		}
		s.verify(t)
	})
}

// The first two receipts ever of a product: both survive.
func TestRaceOfFirstReceipts(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for i := range rounds {
			products, err := s.stock.CreateProducts(s.ctx, []NewProduct{{SKU: "NEW-" + string(rune('a'+i)), Name: "New"}})
			require.NoError(t, err)
			in := s.book(receipt("", products[0], "1", "1.00"))
			for _, err := range racetest.Acts(in, in, in) {
				require.NoError(t, err)
			}
			assert.Equal(t, "3 @ 3.00", s.value(t, products[0]))
		}
		s.verify(t)
	})
}

// The last layer is used up while it is replaced: whoever comes second sees what the first has left.
func TestRaceForAReplacedLayer(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "1", "1.00")
		for range rounds {
			swap := s.book(document(Issue, "", move(s.tea, "1")), receipt("", s.tea, "1", "2.00"))
			for _, err := range racetest.Acts(swap, swap) {
				require.NoError(t, err)
			}
			assert.Equal(t, "1 @ 2.00", s.value(t, s.tea))
		}
		s.verify(t)
	})
}

// Two returns of one issue, to two warehouses: together never more than went out.
func TestRaceOfReturns(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "100", "1.00")
		for range rounds {
			issued, err := s.stock.Issue(s.ctx, []NewDocument{document("", "", move(s.tea, "2"))})
			require.NoError(t, err)
			back := move(s.tea, "2")
			back.Origin = Origin{issued[0].ID, 1}
			here, there := document(Return, "", back), document(Return, "", back)
			there.WarehouseID = s.second
			errs := racetest.Acts(s.book(here), s.book(there))
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			require.ErrorIs(t, errors.Join(errs...), ErrOverReturn)
		}
		s.verify(t)
	})
}

// One reference, called twice at once: booked once, and both are told of it. With other content one is refused.
func TestRaceOfOneReference(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for i := range rounds {
			reference := "GRN-" + string(rune('a'+i))
			for _, err := range racetest.Acts(s.book(receipt(reference, s.tea, "1", "1.00")), s.book(receipt(reference, s.tea, "1", "1.00"))) {
				require.NoError(t, err)
			}
			reference += "-other"
			errs := racetest.Acts(s.book(receipt(reference, s.tea, "1", "1.00")), s.book(receipt(reference, s.cup, "1", "1.00")))
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			require.ErrorIs(t, errors.Join(errs...), ErrReferenceTaken)
		}
		s.verify(t)
	})
}

// Products and settings that are made twice at once are made once.
func TestRaceOfMasterData(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for i := range rounds {
			in := []NewProduct{{SKU: "SAME-" + string(rune('a'+i)), Name: "Same"}}
			create := func() error { _, err := s.stock.CreateProducts(s.ctx, in); return err }
			for _, err := range racetest.Acts(create, create) {
				require.NoError(t, err)
			}
			open := func() error {
				_, err := s.stock.CreateWarehouse(s.ctx, NewWarehouse{Code: "W" + string(rune('a'+i)), Name: "Same"})
				return err
			}
			for _, err := range racetest.Acts(open, open) {
				require.NoError(t, err)
			}
		}
		fresh := s.env.Tenant(t)
		_, err := s.books.OpenBooks(fresh, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartGeneral, YearStart: date.Must("2026-01-01")})
		require.NoError(t, err)
		configure := func() error { _, err := s.stock.Configure(fresh, NewSettings{Method: FIFO}); return err }
		for _, err := range racetest.Acts(configure, configure) {
			require.NoError(t, err)
		}
	})
}

// Batches that touch the same shelves in opposite orders do not stand in each other's way.
func TestRaceInOppositeOrders(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "100", "1.00")
		s.receive(t, s.cup, "100", "1.00")
		for range rounds {
			one := s.book(document(Issue, "", move(s.tea, "1")), document(Issue, "", move(s.cup, "1")))
			two := s.book(document(Issue, "", move(s.cup, "1")), document(Issue, "", move(s.tea, "1")))
			for _, err := range racetest.Acts(one, two, one, two) {
				require.NoError(t, err)
			}
		}
		left := 100 - 4*rounds
		assert.Equal(t, fmt.Sprintf("%d @ %d.00", left, left), s.value(t, s.tea))
		s.verify(t)
	})
}

// Within a caller's transaction a rival's reference dooms the whole, and says why.
func TestRivalWithinATransaction(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		before := s.state(t)
		err := s.env.DB.Tx(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			if _, err := s.stock.Receive(ctx, []NewDocument{receipt("GRN", s.tea, "1", "1")}); err != nil {
				return err
			}
			_, err := s.stock.Receive(ctx, []NewDocument{receipt("GRN", s.tea, "2", "1")})
			require.ErrorIs(t, err, ErrReferenceTaken)
			return nil
		})
		require.Error(t, err)
		assert.Equal(t, before, s.state(t))
	})
}
