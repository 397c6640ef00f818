package accounting_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/racetest"
)

// inParts is an invoice over 1,000.00 in three instalments: 500.00, 300.00 and 200.00.
func inParts(s *shop) accounting.NewInvoice {
	in := invoice("", s.ann.ID, "2010-10-01", "1000")
	in.Terms = accounting.Terms{Instalments: []accounting.Instalment{{Due: day("2010-10-31"), Percent: price("50")}, {Due: day("2010-11-30"), Percent: price("30")},
		{Due: day("2010-12-31"), Percent: price("20")}}}
	return in
}

// openOf is what is open of each instalment.
func (s *shop) openOf(document uuid.UUID) (out [3]int64) {
	s.t.Helper()
	open := s.open("2011-12-31")
	for n := range out {
		out[n] = open[accounting.InstalmentID(document, n+1)]
	}
	return out
}

// Who pays a document pays its instalments in the order in which they fall due; who names one pays that one.
func TestPayADocumentInInstalments(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		_, err := s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 7, WriteOffLimit: gbp(1_000)})
		require.NoError(t, err)
		v := s.issue(inParts(s))[0]
		// Two payments of one call: the second goes on where the first one ended.
		first := received("P1", s.ann.ID, "2010-11-01", 40_000, part(v.ID, 40_000))
		second := received("P2", s.ann.ID, "2010-11-01", 50_000, part(v.ID, 50_000))
		s.pay(first, second)
		require.Equal(t, [3]int64{0, 0, 10_000}, s.openOf(v.ID))
		require.True(t, s.pay(second)[0].Replayed)
		_, err = s.books.Pay(s.ctx, []accounting.NewPayment{received("P3", s.ann.ID, "2010-11-02", 20_000, part(v.ID, 20_000))})
		require.ErrorIs(t, err, accounting.ErrOverAllocated)
		require.ErrorContains(t, err, fmt.Sprintf("payment 1: allocation 1: 200.00 would be allocated, and of the invoice of 2010-10-01 in 3 instalments, the first over 500.00 GBP is open: "+
			"100.00 GBP due 2010-12-31 (instalment 3, item %s)", accounting.InstalmentID(v.ID, 3)))
		small := part(v.ID, 9_500)
		small.WriteOff = &accounting.PaymentWriteOff{Amount: gbp(500), Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "not worth a letter"}
		s.pay(received("P4", s.ann.ID, "2010-11-03", 9_500, small))
		require.Equal(t, [3]int64{}, s.openOf(v.ID))
		states, err := s.books.DocumentStates(s.ctx, []uuid.UUID{v.ID})
		require.NoError(t, err)
		require.Equal(t, accounting.DocumentPaid, states[v.ID].State)

		// One that is named is paid alone.
		w := s.issue(inParts(s))[0]
		_, err = s.books.Pay(s.ctx, []accounting.NewPayment{received("", s.ann.ID, "2010-11-01", 30_001, part(accounting.InstalmentID(w.ID, 2), 30_001))})
		require.ErrorIs(t, err, accounting.ErrOverAllocated)
		s.pay(received("", s.ann.ID, "2010-11-01", 30_000, part(accounting.InstalmentID(w.ID, 2), 30_000)))
		require.Equal(t, [3]int64{50_000, 0, 20_000}, s.openOf(w.ID))
		s.pay(received("", s.ann.ID, "2010-11-01", 60_000, part(w.ID, 60_000)))
		require.Equal(t, [3]int64{0, 0, 10_000}, s.openOf(w.ID), "what is settled is passed over")

		// Of a write-off, it is the instalment that is still open.
		x := s.issue(inParts(s))[0]
		all := part(x.ID, 99_500)
		all.WriteOff = &accounting.PaymentWriteOff{Amount: gbp(500), Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "not worth a letter"}
		s.pay(received("", s.ann.ID, "2010-11-03", 99_500, all))
		require.Equal(t, [3]int64{}, s.openOf(x.ID))
		s.sound()
	})
}

func TestPayABillInInstalments(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		in := aBill("", "V-1", s.ben.ID, "2010-10-01", "1000")
		in.Terms = inParts(s).Terms
		b := s.bill(in)[0]
		s.pay(accounting.NewPayment{PartyID: s.ben.ID, Direction: accounting.MoneyOut, Date: day("2010-11-01"), Amount: gbp(90_000), Allocate: []accounting.PaymentAllocation{part(b.ID, 90_000)}})
		require.Equal(t, [3]int64{0, 0, -10_000}, s.openOf(b.ID))
		s.sound()
	})
}

// Acts that name items are refused beyond the one that they name, and the refusal names the others.
func TestARefusalNamesTheInstalments(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(inParts(s))[0]
		p := s.pay(received("", s.ann.ID, "2010-11-01", 90_000))[0]
		_, err := s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: v.ID, CreditID: p.ID, Date: day("2010-11-02"), Amount: gbp(90_000)}})
		require.ErrorIs(t, err, accounting.ErrOverAllocated)
		require.ErrorContains(t, err, fmt.Sprintf("allocation 1: 900.00 would be allocated, and 500.00 of the invoice of 2010-10-01 over 500.00 GBP and 900.00 of the payment of 2010-11-01 over 900.00 GBP is open. "+
			"The document is paid in instalments, each an item of its own; open is: 500.00 GBP due 2010-10-31 (instalment 1, item %s), 300.00 GBP due 2010-11-30 (instalment 2, item %s), 200.00 GBP due 2010-12-31 (instalment 3, item %s)",
			v.ID, accounting.InstalmentID(v.ID, 2), accounting.InstalmentID(v.ID, 3)))
		_, err = s.books.WriteOff(s.ctx, []accounting.NewWriteOff{{ItemID: v.ID, Date: day("2010-11-01"), PaymentWriteOff: accounting.PaymentWriteOff{Amount: gbp(90_000),
			Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "gone"}}})
		require.ErrorIs(t, err, accounting.ErrOverAllocated)
		require.ErrorContains(t, err, "open is: 500.00 GBP due 2010-10-31 (instalment 1, item ")
		require.Equal(t, [3]int64{50_000, 30_000, 20_000}, s.openOf(v.ID))
	})
}

// Of two who pay all of a document, one finds nothing left to pay.
func TestRacePayingInstalments(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		for range 4 {
			v := s.issue(inParts(s))[0]
			pay := func() error {
				_, err := s.books.Pay(s.ctx, []accounting.NewPayment{received("", s.ann.ID, "2010-11-01", 100_000, part(v.ID, 100_000))})
				return err
			}
			errs := racetest.Acts(pay, pay)
			require.Equal(t, 1, countOf(errs, nil))
			require.Equal(t, 1, countOf(errs, accounting.ErrOverAllocated))
			require.Equal(t, [3]int64{}, s.openOf(v.ID))
		}
		s.sound()
	})
}
