package sales

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

var forLong = time.Date(2099, 12, 31, 0, 0, 0, 0, time.UTC)

// reserved is an order of Anna's whose goods are kept for her.
func (s *shop) reserved(reference string, lines ...NewLine) NewOrder {
	in := s.newOrder(reference, lines...)
	in.ReserveUntil = forLong
	return in
}

// kept is how much of a product is reserved, of how much.
func (s *shop) kept(t require.TestingT, product uuid.UUID) string {
	found, err := s.stock.Availability(s.ctx, inventory.StockFilter{ProductIDs: []uuid.UUID{product}})
	require.NoError(t, err)
	if len(found) == 0 {
		return "nothing"
	}
	return fmt.Sprintf("%s of %s", found[0].Reserved, found[0].OnHand)
}

// What is reserved for an order is nobody else's; deliveries take from it, cancellations let it go in part.
func TestReserved(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		do := done[Fulfilment](t)
		s.order(t, s.reserved("O-1", line(s.tea, "60", "4.50"), line(s.postage, "1", "3"), line(s.tea, "10", "4")))
		assert.Equal(t, "70 of 100", s.kept(t, s.tea))
		s.order(t, s.newOrder("O-2", line(s.tea, "40", "4.50")))
		before := s.state(t)
		_, err := s.deliver("O-2", "D-X")
		require.ErrorIs(t, err, inventory.ErrInsufficientStock)
		_, err = s.sales.Sell(s.ctx, []NewSale{s.onAccount("S-X", line(s.tea, "31", "4.50"))})
		require.ErrorIs(t, err, inventory.ErrInsufficientStock)
		_, err = s.sales.Order(s.ctx, []NewOrder{s.reserved("O-X", line(s.tea, "31", "4.50"))})
		require.ErrorIs(t, err, inventory.ErrInsufficientStock)
		s.quote(t, s.quotation("Q-X", line(s.tea, "31", "4.50")))
		quoted := s.state(t)
		_, err = s.sales.Accept(s.ctx, []Acceptance{{Quotation: "Q-X", Reference: "O-X", Date: newYear, ReserveUntil: forLong}})
		require.ErrorIs(t, err, inventory.ErrInsufficientStock)
		assert.Equal(t, quoted, s.state(t))
		assert.NotEqual(t, before, quoted)

		do(s.deliver("O-1", "D-1", parts(1, "20", 3, "10")...))
		assert.Equal(t, "40 of 70", s.kept(t, s.tea))
		do(s.cancel("O-1", "X-1", parts(1, "15")...))
		assert.Equal(t, "25 of 70", s.kept(t, s.tea))
		do(s.deliver("O-2", "D-2"))
		assert.Equal(t, "25 of 30", s.kept(t, s.tea))
		do(s.deliver("O-1", "D-3", parts(1, "20")...))
		s.verify(t)
		do(s.cancel("O-1", "X-2"))
		assert.Equal(t, "0 of 10", s.kept(t, s.tea))
		do(s.takeBack("D-3", "R-1", parts(1, "1")...))
		assert.Equal(t, "0 of 11", s.kept(t, s.tea), "what came back is anybody's")
		s.verify(t)
	})
}

// An order whose time is over holds nothing, and takes what is free like any other.
func TestReservationExpires(t *testing.T) {
	now := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			clock := now
			s := openShop(t, tenancytest.Open(t, engine, tenancytest.Options{Modules: options.Modules, Clock: func() time.Time { return clock }}), inventory.FIFO)
			in := s.newOrder("O-1", line(s.tea, "60", "4.50"))
			in.ReserveUntil = now.Add(time.Hour)
			s.order(t, in)
			clock = clock.Add(2 * time.Hour)
			n, err := s.stock.ExpireReservations(s.ctx, 10)
			require.NoError(t, err)
			assert.Equal(t, 1, n)
			assert.True(t, s.order(t, in)[0].Replayed, "a retry long after")
			s.sell(t, s.onAccount("S-1", line(s.tea, "50", "4.50")))
			_, err = s.deliver("O-1", "D-1")
			require.ErrorIs(t, err, inventory.ErrInsufficientStock)
			do := done[Fulfilment](t)
			do(s.cancel("O-1", "X-1", parts(1, "10")...))
			assert.Equal(t, "0 of 50", s.kept(t, s.tea), "nothing is reserved again")
			do(s.deliver("O-1", "D-1"))
			s.verify(t)
		})
	}
}

// Two orders that reserve the last unit: exactly one gets it. A delivery of what is reserved against a sale of it: the order
// has it.
func TestRaceForReservedGoods(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.sell(t, s.onAccount("ALL", line(s.tea, "100", "1")))
		for i := range rounds {
			s.receive(t, s.tea, "1", "1.00")
			a, b := fmt.Sprint("A", i), fmt.Sprint("B", i)
			order := func(in NewOrder) func() error {
				return func() error { _, err := s.sales.Order(s.ctx, []NewOrder{in}); return err }
			}
			errs := racetest.Acts(order(s.reserved(a, line(s.tea, "1", "4.50"))), order(s.reserved(b, line(s.tea, "1", "4.50"))))
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			require.ErrorIs(t, errors.Join(errs...), inventory.ErrInsufficientStock)
			winner := a
			if errs[0] != nil {
				winner = b
			}
			errs = racetest.Acts(func() error { _, err := s.deliver(winner, winner+"-D"); return err },
				func() error {
					_, err := s.sales.Sell(s.ctx, []NewSale{s.onAccount(winner+"-S", line(s.tea, "1", "4.50"))})
					return err
				})
			require.NoError(t, errs[0])
			require.ErrorIs(t, errs[1], inventory.ErrInsufficientStock)
			same := s.reserved(winner+"-same", line(s.cup, "1", "7"))
			require.NoError(t, errors.Join(racetest.Acts(order(same), order(same))...))
			assert.Equal(t, fmt.Sprintf("%d of 100", i+1), s.kept(t, s.cup), "one reference, reserved once")
		}
		s.verify(t)
	})
}

// More lines than stock takes at once are reserved all the same.
func TestReserveManyLines(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		in := s.reserved("O-1")
		for range inventory.MaxBatch + 1 {
			in.Lines = append(in.Lines, line(s.tea, "0.01", "4.50"))
		}
		s.order(t, in)
		assert.Equal(t, "10.01 of 100", s.kept(t, s.tea))
		done[Fulfilment](t)(s.cancel("O-1", "X-1"))
		assert.Equal(t, "0 of 100", s.kept(t, s.tea))
		require.NoError(t, s.env.DB.Read(s.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			n, err := tenancy.Count[OrderLine](ctx, tx, tenancy.NotNull("reservation_id"))
			assert.Equal(t, int64(inventory.MaxBatch+1), n)
			return err
		}))
		s.verify(t)
	})
}
