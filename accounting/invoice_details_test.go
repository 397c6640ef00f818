package accounting_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
)

// Documents read together are those that are read alone, in as many statements as one; what is no document is missing.
func TestDocumentsAreReadTogether(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		batch := make([]accounting.NewInvoice, 20)
		for i := range batch {
			batch[i] = invoice(fmt.Sprint("D", i), s.ann.ID, "2010-12-01", "10")
			batch[i].Lines = append(batch[i].Lines, batch[i].Lines...)
			batch[i].Note = fmt.Sprint("note ", i)
		}
		issued := s.issue(batch...)
		paid := s.pay(accounting.NewPayment{PartyID: s.ann.ID, Direction: accounting.MoneyIn, Date: day("2010-12-02"), Amount: issued[0].Gross})
		ids := []uuid.UUID{paid[0].ID, uuid.New()}
		for i := range issued {
			ids = append(ids, issued[i].ID)
		}
		var all map[uuid.UUID]accounting.InvoiceDetail
		many := s.env.Count(t, func() {
			var err error
			all, err = s.books.InvoiceDetailsByID(s.ctx, ids)
			require.NoError(t, err)
		})
		require.Len(t, all, len(issued))
		for i := range issued {
			var one accounting.InvoiceDetail
			require.Equal(t, many, s.env.Count(t, func() {
				var err error
				one, err = s.books.GetInvoice(s.ctx, issued[i].ID)
				require.NoError(t, err)
			}))
			require.Equal(t, one, all[issued[i].ID])
			require.Len(t, one.Lines, 2)
			require.Equal(t, fmt.Sprint("note ", i), one.Text.Note)
		}
		_, err := s.books.InvoiceDetailsByID(s.ctx, make([]uuid.UUID, accounting.MaxDetails+1))
		require.ErrorIs(t, err, accounting.ErrTooMany)
		none, err := s.books.InvoiceDetailsByID(s.ctx, nil)
		require.NoError(t, err)
		require.Empty(t, none)
	})
}
