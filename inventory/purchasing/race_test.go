package purchasing

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
const rounds = 4

func act[I, O any](s *shop, fn func(context.Context, []I) ([]O, error), in ...I) func() error {
	return func() error {
		_, err := fn(s.ctx, in)
		return err
	}
}

// oneWins requires that exactly one of two acts was refused, and why.
func oneWins(t *testing.T, errs []error, why error) {
	t.Helper()
	assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
	require.ErrorIs(t, errors.Join(errs...), why)
}

// Two receipts of one order, two bills, two returns, two credits, two cancellations: together never more than there is.
func TestRaces(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for i := range rounds {
			ref := func(kind string) string { return fmt.Sprint(kind, "-", i) }
			line := goods(s.tea, "3", "0.07")
			if i%3 == 2 {
				line = s.service("3", "0.07") // no stock to meet at
			}
			o := s.order(t, ref("O"), line)
			oneWins(t, racetest.Acts(act(s, s.buying.Receive, receipt(ref("RA"), o, some(1, "2"))), act(s, s.buying.Receive, receipt(ref("RB"), o, some(1, "2")))), ErrOverReceived)
			oneWins(t, racetest.Acts(act(s, s.buying.Cancel, NewCancellation{Reference: ref("CA"), OrderID: o.ID, Date: newYear}),
				act(s, s.buying.Cancel, NewCancellation{Reference: ref("CB"), OrderID: o.ID, Date: newYear, Lines: []NewNoteLine{some(1, "1")}})), ErrOverReceived)
			oneWins(t, racetest.Acts(act(s, s.buying.Bill, bill(ref("BA"), billed(o, 1, "2", "0.08"))), act(s, s.buying.Bill, bill(ref("BB"), billed(o, 1, "2", "0.09")))), ErrOverBilled)
			notes, err := s.buying.NotesByReference(s.ctx, []string{ref("RA"), ref("RB")})
			require.NoError(t, err)
			for _, n := range notes {
				oneWins(t, racetest.Acts(act(s, s.buying.Return, back(ref("TA"), n, some(1, "2"))), act(s, s.buying.Return, back(ref("TB"), n, some(1, "2")))), ErrOverReturned)
			}
			credit := func(reference string) NewCredit {
				return NewCredit{Reference: reference, Date: newYear, Lines: []NewBillLine{billed(o, 1, "2", "0.05")}}
			}
			oneWins(t, racetest.Acts(act(s, s.buying.Credit, credit(ref("VA"))), act(s, s.buying.Credit, credit(ref("VB")))), ErrOverCredited)
			assert.Equal(t, OrderClosed, s.reread(t, o).State)
		}
		assert.Equal(t, "goods_received 0.00", s.balances(t, grni))
		s.verify(t)
	})
}

// A bill and a return of what is not billed yet: one of them is first, and the account is clear either way.
func TestRaceOfBillAndReturn(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for i := range rounds {
			o := s.order(t, fmt.Sprint("O", i), goods(s.tea, "2", "0.07"))
			n := s.receive(t, receipt(fmt.Sprint("R", i), o, some(1, "2")))[0]
			errs := racetest.Acts(act(s, s.buying.Bill, bill(fmt.Sprint("B", i), billed(o, 1, "2", "0.08"))), act(s, s.buying.Return, back(fmt.Sprint("T", i), n, some(1, "2"))),
				act(s, s.stock.Adjust, inventory.NewDocument{Date: newYear, Lines: []inventory.NewMove{{ProductID: s.tea, Quantity: qty("1"), Cost: inventory.PerUnit(dec("0.07"))}}}))
			require.NoError(t, errs[1])
			require.NoError(t, errs[2])
			if errs[0] == nil {
				s.credit(t, NewCredit{Reference: fmt.Sprint("V", i), Date: newYear, Lines: []NewBillLine{billed(o, 1, "2", "0.08")}})
			} else {
				require.ErrorIs(t, errs[0], ErrOverBilled)
			}
		}
		assert.Equal(t, "goods_received 0.00", s.balances(t, grni))
		s.verify(t)
	})
}

// One reference, called twice at once: done once, and both are told of it. With other content one is refused.
func TestRaceOfOneReference(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for i := range rounds {
			order := NewOrder{Reference: fmt.Sprint("O", i), PartyID: s.leaf, Date: newYear, Lines: []NewOrderLine{goods(s.tea, "9", "1.03")}}
			for _, err := range racetest.Acts(act(s, s.buying.Order, order), act(s, s.buying.Order, order)) {
				require.NoError(t, err)
			}
			found, err := s.buying.OrdersByReference(s.ctx, []string{order.Reference})
			require.NoError(t, err)
			o := found[order.Reference]
			in := receipt(fmt.Sprint("R", i), o, some(1, "9"))
			for _, err := range racetest.Acts(act(s, s.buying.Receive, in), act(s, s.buying.Receive, in)) {
				require.NoError(t, err)
			}
			b := bill(fmt.Sprint("B", i), billed(o, 1, "4", "2"))
			for _, err := range racetest.Acts(act(s, s.buying.Bill, b), act(s, s.buying.Bill, b)) {
				require.NoError(t, err)
			}
			oneWins(t, racetest.Acts(act(s, s.buying.Bill, bill(fmt.Sprint("X", i), billed(o, 1, "1", "2"))), act(s, s.buying.Bill, bill(fmt.Sprint("X", i), billed(o, 1, "2", "2")))),
				ErrReferenceTaken)

			// Of two orders, so that they meet at the reference alone.
			other := s.order(t, fmt.Sprint("P", i), goods(s.cup, "9", "1"))
			more := s.order(t, fmt.Sprint("Q", i), goods(s.tea, "9", "1"))
			oneWins(t, racetest.Acts(act(s, s.buying.Receive, receipt(fmt.Sprint("Y", i), other, some(1, "1"))), act(s, s.buying.Receive, receipt(fmt.Sprint("Y", i), more, some(1, "1")))),
				ErrReferenceTaken)
		}
		s.verify(t)
	})
}

// Receipts, bills, returns and sales of the same goods at once neither cross nor lose anything.
func TestRaceOfEverything(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for i := range rounds {
			a := s.order(t, fmt.Sprint("A", i), goods(s.tea, "6", "1.01"), goods(s.cup, "6", "2.03"))
			b := s.order(t, fmt.Sprint("B", i), goods(s.cup, "6", "2.05"), goods(s.tea, "6", "1.07"))
			first := s.receive(t, receipt(fmt.Sprint("RA", i), a, some(1, "3"), some(2, "3")), receipt(fmt.Sprint("RB", i), b, some(1, "3"), some(2, "3")))
			issue := inventory.NewDocument{Date: newYear, Lines: []inventory.NewMove{{ProductID: s.cup, Quantity: qty("1")}, {ProductID: s.tea, Quantity: qty("1")}}}
			for _, err := range racetest.Acts(
				act(s, s.buying.Receive, receipt(fmt.Sprint("SA", i), a, some(2, "3"), some(1, "3")), receipt(fmt.Sprint("SB", i), b, some(1, "3"))),
				act(s, s.buying.Bill, bill(fmt.Sprint("BX", i), billed(b, 1, "2", "2"), billed(a, 1, "2", "1.5"), billed(b, 2, "1", "1.5"))),
				act(s, s.buying.Return, back(fmt.Sprint("TA", i), first[0], some(1, "1"), some(2, "1"))),
				act(s, s.stock.Issue, issue),
			) {
				require.NoError(t, err)
			}
		}
		s.verify(t)
	})
}

// A host may buy within a transaction of its own: all or nothing, with whatever else stands in it.
func TestWithinATransaction(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		before := s.state(t)
		sorry := errors.New("the host changed its mind")
		all := func(ctx context.Context) error {
			orders, err := s.buying.Order(ctx, []NewOrder{{Reference: "O-1", PartyID: s.leaf, Date: newYear, Lines: []NewOrderLine{goods(s.tea, "3", "1")}}})
			if err != nil {
				return err
			}
			if _, err := s.buying.Receive(ctx, []NewReceipt{receipt("R-1", orders[0], some(1, "3"))}); err != nil {
				return err
			}
			_, err = s.buying.Bill(ctx, []NewBill{bill("B-1", billed(orders[0], 1, "3", "1.01"))})
			return err
		}
		err := s.env.DB.Tx(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			if err := all(ctx); err != nil {
				return err
			}
			return sorry
		})
		require.ErrorIs(t, err, sorry)
		assert.Equal(t, before, s.state(t))
		require.NoError(t, s.env.DB.Tx(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error { return all(ctx) }))
		assert.Equal(t, "stock 3.03, goods_received 0.00", s.balances(t, stock, grni))
		s.verify(t)
	})
}
