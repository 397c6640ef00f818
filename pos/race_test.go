package pos

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
)

// rounds is how often each race is run: a lock that is missing shows within a few.
const rounds = 5

func (s *shop) selling(tickets ...NewTicket) func() error {
	return func() error { _, err := s.pos.Sell(s.ctx, tickets); return err }
}

func (s *shop) refunding(in NewRefund) func() error {
	return func() error { _, err := s.pos.Refund(s.ctx, []NewRefund{in}); return err }
}

func (s *shop) voiding(in NewVoid) func() error {
	return func() error { _, err := s.pos.Void(s.ctx, []NewVoid{in}); return err }
}

// Two refunds of one ticket, at one register and at two: together never more than was sold.
func TestRaceOfRefunds(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		here, there := s.session, s.open(t, s.register(t, "T2"), "100.00")
		for i := range rounds {
			in := s.ticket(s.cash("12.50"), line(s.tea, "1", "4.50"), line(s.wrapping, "1", "8.00"))
			sold := s.sell(t, in)[0]
			a, b := s.refund(sold.ID, "1", "1"), s.refund(sold.ID, "1")
			if i%2 == 1 {
				b.SessionID = there.ID
			}
			errs := racetest.Acts(s.refunding(a), s.refunding(b))
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			require.ErrorIs(t, errors.Join(errs...), ErrOverRefunded)
		}
		s.session = here
		s.verify(t)
	})
}

// A void against a refund of the same ticket: one of the two.
func TestRaceOfVoidAndRefund(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		there := s.open(t, s.register(t, "T2"), "100.00")
		for range rounds {
			sold := s.sell(t, s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50")))[0]
			back := s.refund(sold.ID, "1")
			back.SessionID = there.ID
			errs := racetest.Acts(s.voiding(s.void(sold.ID)), s.refunding(back))
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			for _, err := range errs {
				if err != nil && !errors.Is(err, ErrNotVoidable) {
					require.ErrorIs(t, err, ErrOverRefunded)
				}
			}
		}
		assert.Equal(t, "100", s.onHand(t, s.tea))
		s.verify(t)
	})
}

// Two closings of one session: booked once. With the same count both are told of it, with another one of them is refused.
func TestRaceOfClosings(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		closing := func(counted string) func() error {
			return func() error {
				_, err := s.pos.CloseSession(s.ctx, Close{SessionID: s.session.ID, Counted: s.amount(counted)})
				return err
			}
		}
		for i := range rounds {
			s.sell(t, s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50")))
			if i%2 == 0 {
				for _, err := range racetest.Acts(closing("104.50"), closing("104.50")) {
					require.NoError(t, err)
				}
			} else {
				errs := racetest.Acts(closing("104.50"), closing("104.49"))
				assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
				require.ErrorIs(t, errors.Join(errs...), ErrSessionClosed)
			}
			s.session = s.open(t, s.till, "100.00")
		}
		s.verify(t)
	})
}

// A sale against the closing of its session: it is in the closing, or it is refused.
func TestRaceOfSaleAndClosing(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for range rounds {
			var closed Closing
			errs := racetest.Acts(s.selling(s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50"))), func() (err error) {
				closed, err = s.pos.CloseSession(s.ctx, Close{SessionID: s.session.ID, Counted: s.amount("104.50")})
				return err
			})
			require.NoError(t, errs[1])
			if errs[0] != nil {
				require.ErrorIs(t, errs[0], ErrSessionClosed)
				assert.Equal(t, "4.50", closed.OverShort.String())
			} else {
				assert.Equal(t, "0.00", closed.OverShort.String())
			}
			s.session = s.open(t, s.till, "100.00")
		}
		s.verify(t)
	})
}

// pageOfLast asks for the youngest.
var pageOfLast = tenancy.PageRequest{Limit: 1, Sort: "-id"}

// closeOpen closes the register's session, if it has one.
func (s *shop) closeOpen(t *testing.T) {
	t.Helper()
	page, err := s.pos.ListSessions(s.ctx, pageOfLast)
	require.NoError(t, err)
	if page.Items[0].State != SessionClosed {
		s.closeWith(t, page.Items[0], "100.00")
	}
}

// Two openings of one register: one session. A closing and an opening of one register: the opening waits, or is refused.
func TestRaceOfOpenings(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		open := func(reference string) func() error {
			return func() error {
				_, err := s.pos.OpenSession(s.ctx, NewSession{RegisterID: s.till.ID, Float: s.amount("100.00"), Date: monday, Reference: reference})
				return err
			}
		}
		for i := range rounds {
			s.closeOpen(t)
			errs := racetest.Acts(open(fmt.Sprint("A", i)), open(fmt.Sprint("B", i)))
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			require.ErrorIs(t, errors.Join(errs...), ErrSessionOpen)
			s.closeOpen(t)
			for _, err := range racetest.Acts(open(fmt.Sprint("C", i)), open(fmt.Sprint("C", i))) {
				require.NoError(t, err)
			}
			page, err := s.pos.ListSessions(s.ctx, pageOfLast)
			require.NoError(t, err)
			errs = racetest.Acts(open(fmt.Sprint("D", i)), func() error {
				_, err := s.pos.CloseSession(s.ctx, Close{SessionID: page.Items[0].ID, Counted: s.amount("100.00")})
				return err
			})
			require.NoError(t, errs[1])
			if errs[0] != nil {
				require.ErrorIs(t, errs[0], ErrSessionOpen)
			}
		}
		s.verify(t)
	})
}

// One reference, called twice at once: one ticket, and both are told of it; at two registers one of them is refused.
func TestRaceOfOneReference(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		there := s.open(t, s.register(t, "T2"), "100.00")
		for range rounds {
			in := s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50"))
			for _, err := range racetest.Acts(s.selling(in), s.selling(in)) {
				require.NoError(t, err)
			}
			in = s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50"))
			elsewhere := in
			elsewhere.SessionID = there.ID
			errs := racetest.Acts(s.selling(in), s.selling(elsewhere))
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			require.ErrorIs(t, errors.Join(errs...), ErrReferenceTaken)
		}
		assert.Equal(t, "90", s.onHand(t, s.tea))
		s.verify(t)
	})
}

// Sales at two registers against a stock count, a receipt and an issue of the same goods: nothing is lost, whatever the order.
func TestRaceWithTheStockroom(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		here, there := s.session, s.open(t, s.register(t, "T2"), "100.00")
		for range rounds {
			sale := func(session Session) func() error {
				in := s.ticket(s.cash("20.00"), line(s.tea, "1", "4.50"), line(s.cup, "1", "8.00"))
				in.SessionID = session.ID
				return s.selling(in)
			}
			stock := func(kind inventory.Kind, quantity string, cost inventory.Cost, book func(context.Context, []inventory.NewDocument) ([]inventory.Document, error)) func() error {
				return func() error {
					_, err := book(s.ctx, []inventory.NewDocument{{Kind: kind, Date: monday, Counter: accounting.ByRole(accounting.RoleStockLoss), Lines: []inventory.NewMove{
						{ProductID: s.cup, Quantity: qty(quantity), Cost: cost}, {ProductID: s.tea, Quantity: qty(quantity), Cost: cost}}}})
					return err
				}
			}
			for _, err := range racetest.Acts(sale(here), sale(there), stock(inventory.Adjustment, "-2", inventory.Cost{}, s.stock.Adjust),
				stock(inventory.Receipt, "3", inventory.PerUnit(dec("2.00")), s.stock.Receive)) {
				require.NoError(t, err)
			}
		}
		assert.Equal(t, "95 95", s.onHand(t, s.tea)+" "+s.onHand(t, s.cup))
		s.closeWith(t, here, "162.50")
		s.closeWith(t, there, "162.50")
		s.verify(t)
	})
}

// One cash move, called twice at once beside a sale: it is made once.
func TestRaceOfCashMoves(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for range rounds {
			in := s.move(CashIn, "1.00")
			act := func() error { _, err := s.pos.MoveCash(s.ctx, []NewCashMove{in}); return err }
			for _, err := range racetest.Acts(act, act, s.selling(s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50")))) {
				require.NoError(t, err)
			}
		}
		detail, err := s.pos.GetSession(s.ctx, s.session.ID)
		require.NoError(t, err)
		assert.Equal(t, "127.50", detail.Totals.Expected.String())
		s.verify(t)
	})
}
