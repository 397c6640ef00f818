package purchasing

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// lockJanuary locks the first period of the books.
func (s *shop) lockJanuary(t *testing.T) {
	t.Helper()
	periods, err := s.books.Periods(s.ctx)
	require.NoError(t, err)
	_, err = s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[0].ID, State: accounting.PeriodLocked})
	require.NoError(t, err)
}

// A bill that comes when its month is closed keeps its date, and counts with all that follows from it for the first open day; so does a
// vendor's credit.
func TestLateBills(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		o := s.order(t, "PO-1", goods(s.tea, "10", "2.00"))
		n := s.receive(t, receipt("R-1", o, some(1, "10")))[0]
		s.lockJanuary(t)
		b := bill("B-1", billed(o, 1, "10", "2.50"))
		b.Date = date.Must("2026-01-20")
		before := s.state(t)
		_, err := s.buying.Bill(s.ctx, []NewBill{b})
		require.ErrorIs(t, err, accounting.ErrPeriodLocked)
		assert.Equal(t, before, s.state(t))
		b.Late = "whenever"
		_, err = s.buying.Bill(s.ctx, []NewBill{b})
		require.ErrorIs(t, err, ErrBadInput)
		b.Late = accounting.LateFirstOpen
		made := s.bill(t, b)[0]
		assert.Equal(t, "2026-01-20", made.Document.BillDate.String())
		entry, err := s.books.GetEntry(s.ctx, made.Document.EntryID)
		require.NoError(t, err)
		assert.True(t, entry.Late)
		assert.Equal(t, "2026-02-01", entry.EntryDate.String())
		assert.Equal(t, "stock 25.00, goods_received 0.00, payable -25.00", s.balances(t, stock, grni, payable))
		worth, err := tenancy.View(s.ctx, s.env.DB, inventory.PermRead, func(ctx context.Context, tx *tenancy.Tx) (inventory.Document, error) {
			d, err := tenancy.Get[inventory.Document](ctx, tx, made.RevaluationID)
			if err != nil {
				return inventory.Document{}, err
			}
			return *d, nil
		})
		require.NoError(t, err)
		assert.Equal(t, "2026-02-01", worth.Date.String(), "goods are worth more from the day on which the books learn it")
		b.Late = ""
		again, err := s.buying.Bill(s.ctx, []NewBill{b})
		require.NoError(t, err)
		assert.True(t, again[0].Replayed, "how it was dated is not part of what it is")

		returned := back("T-1", n, some(1, "2"))
		returned.Date = date.Must("2026-02-02")
		s.sendBack(t, returned)
		c := credit("C-1", made, billed(o, 1, "2", "2.60"))
		c.Date, c.Late = date.Must("2026-01-25"), accounting.LateFirstOpen
		out := s.credit(t, c)[0]
		for _, id := range []uuid.UUID{out.Document.EntryID, out.EntryID} {
			e, err := s.books.GetEntry(s.ctx, id)
			require.NoError(t, err)
			assert.Equal(t, "2026-02-01", e.EntryDate.String())
		}
		assert.Equal(t, "goods_received 0.00", s.balances(t, grni))
		s.verify(t)
	})
}
