package sales

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/racetest"
)

// Two acceptances of one quotation: with one reference both get the one order, with two exactly one wins.
func TestRaceOfAcceptances(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for i := range rounds {
			same, two := fmt.Sprint("S", i), fmt.Sprint("T", i)
			s.quote(t, s.quotation(same, line(s.tea, "1", "4.50")), s.quotation(two, line(s.tea, "1", "4.50")))
			accept := func(quotation, reference string, to *Order) func() error {
				return func() (err error) {
					*to, err = only(s.sales.Accept(s.ctx, []Acceptance{{Quotation: quotation, Reference: reference, Date: newYear}}))
					return err
				}
			}
			var a, b Order
			require.NoError(t, errors.Join(racetest.Acts(accept(same, same, &a), accept(same, same, &b))...))
			assert.Equal(t, a.ID, b.ID)
			assert.NotEqual(t, a.Replayed, b.Replayed)
			errs := racetest.Acts(accept(two, two+"-A", &a), accept(two, two+"-B", &b))
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			require.ErrorIs(t, errors.Join(errs...), ErrWrongState)
			// To accept and to withdraw are one decision as well.
			three := fmt.Sprint("U", i)
			s.quote(t, s.quotation(three, line(s.tea, "1", "4.50")))
			errs = racetest.Acts(accept(three, three, &a), func() error { _, err := s.sales.Withdraw(s.ctx, []string{three}); return err })
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			require.ErrorIs(t, errors.Join(errs...), ErrWrongState)
		}
		s.verify(t)
	})
}

// Two deliveries of the last unit of an order, two invoices of it, a cancellation against a delivery: exactly one wins. One
// reference twice is one delivery, even where nothing is left for a second.
func TestRaceForTheLastOfAnOrder(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for i := range rounds {
			o := fmt.Sprint("O", i)
			s.order(t, s.newOrder(o, line(s.tea, "1", "4.50")), s.newOrder(o+"-2", line(s.tea, "1", "4.50")), s.newOrder(o+"-3", line(s.tea, "1", "4.50")))
			deliver := func(order, reference string, lines ...OrderPart) func() error {
				return func() error { _, err := s.deliver(order, reference, lines...); return err }
			}
			invoice := func(reference string) func() error {
				return func() error { _, err := s.invoice(o, reference, parts(1, "1")...); return err }
			}
			errs := racetest.Acts(deliver(o, o+"-A", parts(1, "1")...), deliver(o, o+"-B", parts(1, "1")...))
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			require.ErrorIs(t, errors.Join(errs...), ErrOverDelivered)
			errs = racetest.Acts(invoice(o+"-C"), invoice(o+"-D"))
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			require.ErrorIs(t, errors.Join(errs...), ErrWrongState, "the other finds the order closed")
			errs = racetest.Acts(deliver(o+"-2", o+"-E"), func() error { _, err := s.cancel(o+"-2", o+"-F"); return err })
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			require.NoError(t, errors.Join(racetest.Acts(deliver(o+"-3", o+"-G"), deliver(o+"-3", o+"-G"))...))
		}
		s.verify(t)
	})
}

// Two returns of one delivery and two credits of one invoice: together never more than was given.
func TestRaceOfTakingBack(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for i := range rounds {
			o := fmt.Sprint("O", i)
			s.order(t, s.newOrder(o, line(s.tea, "1", "4.50")))
			do := done[Fulfilment](t)
			do(s.deliver(o, o+"-D"))
			do(s.invoice(o, o+"-I"))
			back := func(reference string) func() error {
				return func() error { _, err := s.takeBack(o+"-D", reference, parts(1, "1")...); return err }
			}
			credit := func(reference string) func() error {
				return func() error { _, err := s.credit(o+"-I", reference, parts(1, "1")...); return err }
			}
			errs := racetest.Acts(back(o+"-A"), back(o+"-B"))
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			require.ErrorIs(t, errors.Join(errs...), ErrOverReturned)
			errs = racetest.Acts(credit(o+"-E"), credit(o+"-F"))
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			assert.Equal(t, OrderClosed, s.orderNow(t, o).State)
		}
		s.verify(t)
	})
}

// Orders of the same goods delivered and charged at once in opposite order neither cross nor lose anything, and two that take
// one reference are one.
func TestRaceOfOrders(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for i := range rounds {
			a, b := fmt.Sprint("A", i), fmt.Sprint("B", i)
			take := func() error {
				_, err := s.sales.Order(s.ctx, []NewOrder{s.newOrder(a, line(s.tea, "1", "4.50"), line(s.cup, "1", "7")), s.newOrder(b, line(s.cup, "1", "7"), line(s.tea, "1", "4.50"))})
				return err
			}
			require.NoError(t, errors.Join(racetest.Acts(take, take)...))
			deliver := func(x, y string) func() error {
				return func() error {
					_, err := s.sales.Deliver(s.ctx, []NewDelivery{{Reference: x + "-D-" + y, Order: x, Date: newYear, Lines: parts(1, "0.5", 2, "0.5")},
						{Reference: y + "-D-" + x, Order: y, Date: newYear, Lines: parts(1, "0.5", 2, "0.5")}})
					return err
				}
			}
			invoice := func() error {
				_, err := s.sales.Invoice(s.ctx, []NewOrderInvoice{{Reference: a + "-I", Order: a, Date: newYear}, {Reference: b + "-I", Order: b, Date: newYear}})
				return err
			}
			quote := func() error {
				_, err := s.sales.Quote(s.ctx, []NewQuotation{s.quotation(a, line(s.tea, "1", "4.50"))})
				return err
			}
			require.NoError(t, errors.Join(racetest.Acts(deliver(a, b), invoice, quote, quote, func() error {
				_, err := s.sales.Deliver(s.ctx, []NewDelivery{{Reference: b + "-E", Order: b, Date: newYear, Lines: parts(1, "0.5")}, {Reference: a + "-E", Order: a, Date: newYear, Lines: parts(2, "0.5")}})
				return err
			})...))
		}
		s.verify(t)
	})
}
