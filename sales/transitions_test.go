package sales

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// The acts on a quotation, as a caller does them.
func (s *shop) quotationActs() map[act]func(reference string) error {
	return map[act]func(string) error{
		actAccept: func(reference string) error {
			_, err := s.sales.Accept(s.ctx, []Acceptance{{Quotation: reference, Reference: "accepts " + reference + tenancy.NewID().String(), Date: newYear}})
			return err
		},
		actDecline:  func(reference string) error { _, err := s.sales.Decline(s.ctx, []string{reference}); return err },
		actWithdraw: func(reference string) error { _, err := s.sales.Withdraw(s.ctx, []string{reference}); return err },
		actExpire:   func(string) error { _, err := s.sales.ExpireQuotations(s.ctx, MaxBatch); return err },
	}
}

// TestQuotationTransitions walks every pair of state and act: what stands in the table works and leads where it says;
// everything else is refused with sales.wrong_state and changes nothing.
func TestQuotationTransitions(t *testing.T) {
	states := []QuotationState{QuotationOpen, QuotationAccepted, QuotationDeclined, QuotationExpired, QuotationWithdrawn}
	reach := map[QuotationState]act{QuotationAccepted: actAccept, QuotationDeclined: actDecline, QuotationExpired: actExpire, QuotationWithdrawn: actWithdraw}
	eachShop(t, func(t *testing.T, s *shop) {
		acts := s.quotationActs()
		for _, from := range states {
			for by, do := range acts {
				reference := fmt.Sprint(from, "-", by)
				in := s.quotation(reference, line(s.tea, "1", "4.5"))
				if from == QuotationExpired || by == actExpire {
					in.ValidUntil = newYear // long past
				}
				s.quote(t, in)
				if from != QuotationOpen {
					require.NoError(t, acts[reach[from]](reference))
				}
				before := s.state(t)
				err := do(reference)
				after := s.quotationNow(t, reference)
				to := allowed(quotationTransitions, from, by)
				switch {
				case len(to) > 0:
					require.NoError(t, err, reference)
					assert.Equal(t, to[0], after.State, reference)
					assert.Equal(t, from == to[0], before == s.state(t), reference)
				case by == actExpire: // the job looks for what is open, and leaves the others
					require.NoError(t, err, reference)
					assert.Equal(t, from, after.State, reference)
				default:
					require.ErrorIs(t, err, ErrWrongState, reference)
					assert.Equal(t, before, s.state(t), reference)
				}
				assert.Equal(t, after.State == QuotationOpen, after.DecidedAt.IsZero())
			}
		}
		s.verify(t)
	})
}

func (s *shop) quotationNow(t require.TestingT, reference string) Quotation {
	found, err := s.sales.QuotationsByReference(s.ctx, []string{reference})
	require.NoError(t, err)
	return found[reference]
}

// TestOrderTransitions walks every pair of state and act. An open order can be left in several states, so each is reached.
func TestOrderTransitions(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		// What leads to a state, and what there is to take back in it; "%s" is the order.
		do := done[Fulfilment](t)
		both := func(n string) func(string) {
			return func(o string) { do(s.deliver(o, o+"-D0", parts(1, n)...)); do(s.invoice(o, o+"-I0", parts(1, n)...)) }
		}
		reach := map[OrderState]func(string){
			OrderOpen:      both("2"),
			OrderClosed:    both("3"),
			OrderCancelled: func(o string) { do(s.cancel(o, o+"-X0")) },
		}
		acts := map[act]func(o string) error{
			act(Delivery):     func(o string) error { _, err := s.deliver(o, o+"-D", parts(1, "1")...); return err },
			act(OrderInvoice): func(o string) error { _, err := s.invoice(o, o+"-I", parts(1, "1")...); return err },
			act(Cancellation): func(o string) error { _, err := s.cancel(o, o+"-X", parts(1, "1")...); return err },
			act(GoodsReturn):  func(o string) error { _, err := s.takeBack(o+"-D0", o+"-R", parts(1, "1")...); return err },
			act(OrderCredit):  func(o string) error { _, err := s.credit(o+"-I0", o+"-C", parts(1, "1")...); return err },
		}
		for from, lead := range reach {
			for by, act := range acts {
				o := fmt.Sprint(from, "-", by)
				s.order(t, s.newOrder(o, line(s.tea, "3", "4.5")))
				lead(o)
				require.Equal(t, from, s.orderNow(t, o).State)
				before := s.state(t)
				err := act(o)
				if to := allowed(orderTransitions, from, by); len(to) > 0 {
					require.NoError(t, err, o)
					assert.Contains(t, to, s.orderNow(t, o).State, o)
					continue
				}
				if from == OrderCancelled && (by == "return" || by == "credit") {
					require.ErrorIs(t, err, ErrUnknownFulfilment, "%s: nothing was given that could be taken back", o)
				} else {
					require.ErrorIs(t, err, ErrWrongState, o)
				}
				assert.Equal(t, before, s.state(t), o)
			}
		}
		s.verify(t)
	})
}

// TestEveryTransitionIsReached holds the table to what happens: each of its ends is seen, from each of its beginnings.
func TestEveryTransitionIsReached(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		seen := map[string]bool{}
		n := 0
		walk := func(steps ...func(o string) (Fulfilment, error)) {
			n++
			o := fmt.Sprint("O-", n)
			s.order(t, s.newOrder(o, line(s.tea, "2", "4.5")))
			for _, step := range steps {
				from := s.orderNow(t, o).State
				made, err := step(o)
				require.NoError(t, err)
				seen[fmt.Sprint(from, " ", made.Kind, " ", s.orderNow(t, o).State)] = true
			}
		}
		type step = func(o string) (Fulfilment, error)
		deliver := func(q string) step {
			return func(o string) (Fulfilment, error) { return s.deliver(o, o+"-D"+q, parts(1, q)...) }
		}
		invoice := func(q string) step {
			return func(o string) (Fulfilment, error) { return s.invoice(o, o+"-I"+q, parts(1, q)...) }
		}
		cancel := func(q string) step {
			return func(o string) (Fulfilment, error) { return s.cancel(o, o+"-X"+q, parts(1, q)...) }
		}
		returns := func(q string) step {
			return func(o string) (Fulfilment, error) { return s.takeBack(o+"-D2", o+"-R"+q, parts(1, q)...) }
		}
		credit := func(q string) step {
			return func(o string) (Fulfilment, error) { return s.credit(o+"-I2", o+"-C"+q, parts(1, q)...) }
		}
		walk(deliver("2"), returns("1"), invoice("1"), returns("1.000000")) // an invoice closes it
		walk(invoice("2"), deliver("2"), credit("1"), returns("1"))
		walk(invoice("2"), deliver("2"), returns("1"), credit("1"))
		walk(invoice("2"), credit("1"), cancel("1"), deliver("1"))
		walk(invoice("1"), deliver("1"), cancel("1"))
		walk(cancel("1"), cancel("1.0"))
		for _, row := range orderTransitions {
			for _, to := range row.to {
				assert.True(t, seen[fmt.Sprint(row.from, " ", row.act, " ", to)], "nothing goes from %s by %s to %s", row.from, row.act, to)
			}
		}
		s.verify(t)
	})
}

// Every state in the table is one that the database knows, and every state that the database knows stands in the code.
func TestDatabaseKnowsTheStates(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		quoted := s.quote(t, s.quotation("Q-1", line(s.tea, "1", "4.5")))[0]
		ordered := s.order(t, s.newOrder("O-1", line(s.tea, "1", "4.5")))[0]
		s.order(t, s.newOrder("O-2", line(s.tea, "1", "4.5")))
		done[Fulfilment](t)(s.deliver("O-2", "D-2"))
		owner := s.env.Owner(t, tenancy.ScopeOf(s.ctx).TenantID())
		for _, statement := range []string{
			"UPDATE erp.quotations SET state = 'lost'", "UPDATE erp.quotations SET state = 'accepted'", "UPDATE erp.orders SET state = 'lost'",
			"UPDATE erp.order_lines SET delivered = quantity + 1", "UPDATE erp.order_lines SET cancelled = quantity + 1", "UPDATE erp.order_lines SET returned = delivered + 1",
			"UPDATE erp.order_lines SET credited = invoiced + 1", "UPDATE erp.order_lines SET invoiced = quantity + 1", "UPDATE erp.order_lines SET goods = FALSE, delivered = 1",
			"DELETE FROM erp.orders", "DELETE FROM erp.order_lines", "DELETE FROM erp.quotations", "DELETE FROM erp.quotation_texts", "UPDATE erp.quotation_lines SET quantity = 1",
			"UPDATE erp.order_texts SET note = 'other'", "DELETE FROM erp.fulfilments",
			"UPDATE erp.fulfilments SET reference = 'other'", "UPDATE erp.fulfilment_lines SET taken_back = quantity + 1",
		} {
			_, err := owner.Exec(s.env.SQL(statement))
			assert.Error(t, err, statement)
		}
		assert.Equal(t, quoted, s.quotationNow(t, "Q-1"))
		assert.Equal(t, ordered, s.orderNow(t, "O-1"))
	})
}

// The job marks what is past its last day in the tenant's zone, and no more at once than it is told.
func TestExpireQuotations(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		var today date.Date
		require.NoError(t, s.env.DB.Read(s.ctx, func(_ context.Context, tx *tenancy.Tx) error { today = tx.Today(); return nil }))
		for i, until := range []date.Date{today.AddDays(-1), today, newYear, newYear.AddDays(3)} {
			in := s.quotation(fmt.Sprint("Q-", i), line(s.tea, "1", "4.5"))
			in.ValidUntil = until
			s.quote(t, in)
		}
		var counts []int
		for range 3 {
			n, err := s.sales.ExpireQuotations(s.ctx, 2)
			require.NoError(t, err)
			counts = append(counts, n)
		}
		assert.Equal(t, []int{2, 1, 0}, counts)
		list, err := s.sales.ListQuotations(s.ctx, tenancy.PageRequest{Sort: "reference"})
		require.NoError(t, err)
		open := slices.IndexFunc(list.Items, func(q Quotation) bool { return q.State == QuotationOpen })
		assert.Equal(t, "Q-1", list.Items[open].Reference, "today is its last day")

		_, err = s.sales.Accept(s.ctx, []Acceptance{{Quotation: "Q-0", Reference: "O-0", Date: newYear}})
		require.ErrorIs(t, err, ErrQuotationExpired, "what the job marked")
		_, err = s.sales.Accept(s.ctx, []Acceptance{{Quotation: "Q-1", Reference: "O-1", Date: today.AddDays(1)}})
		require.ErrorIs(t, err, ErrQuotationExpired, "what it did not mark yet")
		_, err = s.sales.Accept(s.ctx, []Acceptance{{Quotation: "Q-1", Reference: "O-1", Date: today}})
		require.NoError(t, err, "on the last day")
	})
}
