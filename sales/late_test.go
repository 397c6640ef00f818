package sales

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy/date"
)

// What is charged late keeps its date and counts for the first open day. Goods do not move late.
func TestLateSales(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "10", "1.00")
		ordered := s.order(t, s.newOrder("O-1", line(s.postage, "2", "3.00")))[0]
		first, err := s.invoice(ordered.Reference, "O-1-I", parts(1, "1")...)
		require.NoError(t, err)
		periods, err := s.books.Periods(s.ctx)
		require.NoError(t, err)
		day := first.Date
		var next accounting.Period
		for i, p := range periods {
			if !day.Before(p.StartsOn) && !day.After(p.EndsOn) {
				_, err = s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: p.ID, State: accounting.PeriodLocked})
				require.NoError(t, err)
				next = periods[i+1]
			}
		}
		counts := func(entry uuid.UUID) date.Date {
			e, err := s.books.GetEntry(s.ctx, entry)
			require.NoError(t, err)
			assert.True(t, e.Late)
			return e.EntryDate
		}

		sale := s.onAccount("S-1", line(s.postage, "1", "3.00"))
		sale.Date = day
		before := s.state(t)
		_, err = s.sales.Sell(s.ctx, []NewSale{sale})
		require.ErrorIs(t, err, accounting.ErrPeriodLocked)
		moved := s.onAccount("S-2", line(s.tea, "1", "3.00"))
		moved.Date, moved.Late = day, accounting.LateFirstOpen
		_, err = s.sales.Sell(s.ctx, []NewSale{moved})
		require.ErrorIs(t, err, accounting.ErrPeriodLocked, "goods do not move late")
		assert.Equal(t, before, s.state(t))
		sale.Late = accounting.LateFirstOpen
		sold := s.sell(t, sale)[0]
		assert.Equal(t, day, sold.Invoice.InvoiceDate)
		assert.Equal(t, next.StartsOn, counts(sold.Invoice.EntryID))

		credit := creditOf("S-1", "S-1-C", back(1, "1", "3.00"))
		credit.Date, credit.Late = day, accounting.LateFirstOpen
		credited, err := s.sales.Credit(s.ctx, []NewCredit{credit})
		require.NoError(t, err)
		assert.Equal(t, next.StartsOn, counts(credited[0].Invoice.EntryID))

		charged, err := s.sales.Invoice(s.ctx, []NewOrderInvoice{{Reference: "O-1-J", Order: "O-1", Date: day, Late: accounting.LateFirstOpen}})
		require.NoError(t, err)
		assert.Equal(t, next.StartsOn, counts(charged[0].Invoice.EntryID))
		taken, err := s.sales.CreditInvoice(s.ctx, []NewInvoiceCredit{{Reference: "O-1-K", Invoice: "O-1-J", Date: day, Late: accounting.LateFirstOpen}})
		require.NoError(t, err)
		assert.Equal(t, next.StartsOn, counts(taken[0].Invoice.EntryID))
		s.verify(t)
	})
}
