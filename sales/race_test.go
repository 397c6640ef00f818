package sales

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
)

// rounds is how often each race is run: a lock that is missing shows within a few.
const rounds = 6

func (s *shop) book(documents ...Document) func() error {
	return func() error {
		_, err := s.sales.Book(s.ctx, documents)
		return err
	}
}

// Two sales of the last unit: exactly one wins, and the other leaves no invoice behind.
func TestRaceForTheLastUnit(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.sell(t, s.onAccount("ALL", line(s.tea, "100", "1")))
		for i := range rounds {
			s.receive(t, s.tea, "1", "1.00")
			errs := racetest.Acts(
				s.book(s.onAccount(fmt.Sprint("A", i), line(s.tea, "1", "4.50"))),
				s.book(s.onAccount(fmt.Sprint("B", i), line(s.tea, "1", "4.50"), line(s.postage, "1", "3"))))
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			require.ErrorIs(t, errors.Join(errs...), inventory.ErrInsufficientStock)
			assert.Equal(t, "0", s.onHand(t, s.tea))
		}
		s.verify(t)
	})
}

// Two credits of one sale: together never more than was sold, whether goods move or not.
func TestRaceOfCredits(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for i := range rounds {
			sale := fmt.Sprint("O", i)
			s.sell(t, s.onAccount(sale, line(s.tea, "1", "4.50"), line(s.postage, "1", "3")))
			lines := []NewCreditLine{back(1, "1", "1")}
			if i%2 == 1 {
				lines = []NewCreditLine{back(2, "1", "1")} // a service: no stock to meet at
			}
			errs := racetest.Acts(s.book(creditOf(sale, sale+"-A", lines...)), s.book(creditOf(sale, sale+"-B", lines...)))
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			require.ErrorIs(t, errors.Join(errs...), ErrOverCredited)
		}
		s.verify(t)
	})
}

// One reference, called twice at once: booked once, and both are told of it. With other content one is refused.
func TestRaceOfOneReference(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for i := range rounds {
			goods, service := fmt.Sprint("G", i), fmt.Sprint("S", i)
			for _, errs := range [][]error{
				racetest.Acts(s.book(s.onAccount(goods, line(s.tea, "1", "4.50"))), s.book(s.onAccount(goods, line(s.tea, "1", "4.50")))),
				racetest.Acts(s.book(s.onAccount(service, line(s.postage, "1", "3"))), s.book(s.onAccount(service, line(s.postage, "1", "3")))),
			} {
				for _, err := range errs {
					require.NoError(t, err)
				}
			}
			other := fmt.Sprint("X", i)
			errs := racetest.Acts(s.book(s.onAccount(other, line(s.tea, "1", "4.50"))), s.book(s.onAccount(other, line(s.cup, "1", "4.50"))))
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			require.ErrorIs(t, errors.Join(errs...), ErrReferenceTaken)
		}
		s.verify(t)
	})
}

// Sales, credits and receipts of the same goods at once neither cross nor lose anything.
func TestRaceOfEverything(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for i := range rounds {
			sale := fmt.Sprint("O", i)
			s.sell(t, s.onAccount(sale, line(s.tea, "2", "4.50"), line(s.cup, "2", "7")))
			receive := func() error { s.receive(t, s.cup, "1", "3.00"); return nil }
			for _, err := range racetest.Acts(
				s.book(s.onAccount(sale+"-A", line(s.cup, "1", "7"), line(s.tea, "1", "4.50"))),
				s.book(s.onAccount(sale+"-B", line(s.tea, "1", "4.50"), line(s.cup, "1", "7"))),
				s.book(creditOf(sale, sale+"-C", back(2, "1", "7"), back(1, "1", "4.50"))), receive,
			) {
				require.NoError(t, err)
			}
		}
		s.verify(t)
	})
}

// A host may sell within a transaction of its own: all or nothing, with whatever else stands in it.
func TestWithinATransaction(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		before := s.state(t)
		sorry := errors.New("the host changed its mind")
		err := s.env.DB.Tx(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			if _, err := s.sales.Sell(ctx, []NewSale{s.onAccount("O-1", line(s.tea, "1", "4.50"))}); err != nil {
				return err
			}
			return sorry
		})
		require.ErrorIs(t, err, sorry)
		assert.Equal(t, before, s.state(t))
		require.NoError(t, s.env.DB.Tx(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			if _, err := s.sales.Sell(ctx, []NewSale{s.onAccount("O-1", line(s.tea, "1", "4.50"))}); err != nil {
				return err
			}
			_, err := s.sales.Credit(ctx, []NewCredit{creditOf("O-1", "CR-1", back(1, "1", "4.50"))})
			return err
		}))
		assert.Equal(t, "100", s.onHand(t, s.tea))
		s.verify(t)
	})
}
