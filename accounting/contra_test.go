package accounting_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// bought is a bill of one line.
func bought(party uuid.UUID, on string, net money.Amount) accounting.NewBill {
	return accounting.NewBill{PartyID: party, VendorNumber: uuid.NewString()[:8], Date: day(on), Currency: net.Currency,
		Lines: []accounting.NewBillLine{{Account: accounting.ByCode("6100"), Net: net}}}
}

// nets sets a claim off against a debt.
func nets(claim, debt uuid.UUID, on string, amount money.Amount) accounting.NewContra {
	return accounting.NewContra{ReceivableID: claim, PayableID: debt, Date: day(on), Amount: amount, Agreement: "letter of 3 December"}
}

func (s *shop) net(in ...accounting.NewContra) []accounting.Allocation {
	s.t.Helper()
	out, err := s.books.Contra(s.ctx, in)
	require.NoError(s.t, err)
	return out
}

// A claim and a debt of one party settle each other, once, and the whole is taken back from either side.
func TestContra(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "100.00"))[0]
		b := s.bill(bought(s.ann.ID, "2010-12-02", gbp(6_000)))[0]
		in := nets(v.ID, b.ID, "2010-12-05", gbp(6_000))
		in.Reference = "N1"
		made := s.net(in, in)
		require.False(t, made[0].Replayed)
		require.True(t, made[1].Replayed)
		require.True(t, s.net(in)[0].Replayed)
		other := in
		other.Amount = gbp(1)
		_, err := s.books.Contra(s.ctx, []accounting.NewContra{other})
		require.ErrorIs(t, err, accounting.ErrReferenceTaken)
		require.Equal(t, map[uuid.UUID]int64{v.ID: 4_000}, s.open("2010-12-31"))
		require.Equal(t, map[uuid.UUID]int64{v.ID: 10_000, b.ID: -6_000}, s.open("2010-12-04"), "before that day they stand apart")
		require.Equal(t, []int64{4_000, 0, 0}, []int64{s.balance(receivable), s.balance(payable), s.balance(accounting.RoleBank)})
		require.Equal(t, []accounting.DocumentState{accounting.DocumentPartPaid, accounting.DocumentPaid}, s.states(v.ID, b.ID))

		for i, of := range []uuid.UUID{v.ID, b.ID} {
			all, err := s.books.Allocations(s.ctx, of)
			require.NoError(t, err)
			last := all[len(all)-1]
			item := last.CreditID
			if of == b.ID {
				item = last.DebitID
			}
			entry := s.entryOf(item)
			require.Equal(t, accounting.KindContra, entry.Kind)
			_, err = s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: entry.ID, Date: day("2010-12-31"), Reason: "no"}})
			require.ErrorIs(t, err, accounting.ErrEntryOfSettlement)
			back := accounting.Unallocation{AllocationID: last.ID, Date: day([]string{"2010-12-10", "2010-12-22"}[i]), Reason: "contested"}
			_, err = s.books.Unallocate(s.ctx, []accounting.Unallocation{back})
			require.NoError(t, err)
			require.Equal(t, map[uuid.UUID]int64{v.ID: 10_000, b.ID: -6_000}, s.open("2010-12-31"))
			require.Equal(t, []int64{10_000, -6_000}, []int64{s.balance(receivable), s.balance(payable)})
			_, err = s.books.Unallocate(s.ctx, []accounting.Unallocation{back})
			require.ErrorIs(t, err, accounting.ErrAlreadyUnallocated)
			s.sound()
			s.net(nets(v.ID, b.ID, []string{"2010-12-20", "2010-12-25"}[i], gbp(6_000)))
			require.Equal(t, map[uuid.UUID]int64{v.ID: 4_000}, s.open("2010-12-31"), "and they can be set off again")
		}
		s.sound()
	})
}

// entryOf is the entry that opened an item.
func (s *shop) entryOf(item uuid.UUID) accounting.Entry {
	s.t.Helper()
	found, err := s.books.OpenItemsByID(s.ctx, []uuid.UUID{item})
	require.NoError(s.t, err)
	e, err := s.books.GetEntry(s.ctx, found[item].EntryID)
	require.NoError(s.t, err)
	return e.Entry
}

// What cannot be set off is refused, says why, and changes nothing.
func TestContrasThatCannotBe(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2010-12-01", "0.60")
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "100.00"), invoice("I2", s.ben.ID, "2010-12-01", "100.00"))
		b := s.bill(bought(s.ann.ID, "2010-12-02", gbp(6_000)), bought(s.ann.ID, "2010-12-02", usd(6_000)))
		ahead := invoice("", s.ann.ID, "2010-12-01", "10.00")
		ahead.Kind = accounting.PrepaymentDocument
		claim := s.issue(ahead)[0]
		before, debts := s.open("2010-12-31"), s.balance(payable)
		for name, tc := range map[string]struct {
			in   accounting.NewContra
			want error
		}{
			"another party":        {nets(v[1].ID, b[0].ID, "2010-12-05", gbp(1)), accounting.ErrMismatch},
			"other currencies":     {nets(v[0].ID, b[1].ID, "2010-12-05", gbp(1)), accounting.ErrMismatch},
			"another amount":       {nets(v[0].ID, b[0].ID, "2010-12-05", usd(1)), accounting.ErrWrongCurrency},
			"two claims":           {nets(v[0].ID, v[1].ID, "2010-12-05", gbp(1)), accounting.ErrMismatch},
			"the wrong way":        {nets(b[0].ID, v[0].ID, "2010-12-05", gbp(1)), accounting.ErrMismatch},
			"more than the bill":   {nets(v[0].ID, b[0].ID, "2010-12-05", gbp(6_001)), accounting.ErrOverAllocated},
			"nothing":              {nets(v[0].ID, b[0].ID, "2010-12-05", gbp(0)), accounting.ErrBadInput},
			"before the bill":      {nets(v[0].ID, b[0].ID, "2010-12-01", gbp(1)), accounting.ErrBadInput},
			"in no period":         {nets(v[0].ID, b[0].ID, "2012-12-01", gbp(1)), accounting.ErrNoPeriod},
			"no such item":         {nets(uuid.New(), b[0].ID, "2010-12-05", gbp(1)), accounting.ErrUnknownItem},
			"a prepayment":         {nets(claim.ID, b[0].ID, "2010-12-05", gbp(1)), accounting.ErrTaxUnsupported},
			"on nothing that says": {accounting.NewContra{ReceivableID: v[0].ID, PayableID: b[0].ID, Date: day("2010-12-05"), Amount: gbp(1)}, accounting.ErrBadInput},
		} {
			_, err := s.books.Contra(s.ctx, []accounting.NewContra{nets(v[0].ID, b[0].ID, "2010-12-05", gbp(1)), tc.in})
			require.ErrorIs(t, err, tc.want, name)
			require.ErrorContains(t, err, "contra 2: ", name)
			require.Equal(t, before, s.open("2010-12-31"), name)
			require.Equal(t, debts, s.balance(payable), name)
		}
		ctx, err := s.env.DB.Enter(context.Background(), tenancy.ScopeOf(s.ctx).TenantID(), "clerk", tenancy.Permissions{accounting.PermRead, accounting.PermPost})
		require.NoError(t, err)
		_, err = s.books.Contra(ctx, []accounting.NewContra{nets(v[0].ID, b[0].ID, "2010-12-05", gbp(1))})
		require.ErrorIs(t, err, fault.Forbidden)
		s.lock("2010-11")
		require.NoError(t, s.setState("2010-12", accounting.PeriodSoftLocked))
		_, err = s.books.Contra(s.ctx, []accounting.NewContra{nets(v[0].ID, b[0].ID, "2010-12-05", gbp(1))})
		require.ErrorIs(t, err, accounting.ErrPeriodSoftLocked)
		s.sound()
	})
}

// In a foreign currency the claim leaves at its worth, and what the debt stood at otherwise is realised; taken back, nothing is left of that.
func TestContraInAForeignCurrency(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.rate("2010-12-01", "0.60")
		s.rate("2010-12-02", "0.50")
		in := invoice("I1", s.ann.ID, "2010-12-01", "100.00")
		in.Currency = "USD"
		v := s.issue(in)[0]
		b := s.bill(bought(s.ann.ID, "2010-12-02", usd(9_999)))[0]
		made := s.net(nets(v.ID, b.ID, "2010-12-05", usd(3_333)))
		require.Equal(t, int64(2_000), made[0].DebitBaseMinor, "33.33 of 60.00 at 0.60, half up")
		require.Zero(t, made[0].EntryID)
		require.Equal(t, int64(333), s.balance(accounting.RoleExchangeLoss)+s.balance(accounting.RoleExchangeGain), "20.00 were given for what stood at 16.67")
		s.net(nets(v.ID, b.ID, "2010-12-06", usd(6_666)))
		require.Equal(t, map[uuid.UUID]int64{v.ID: 1}, s.open("2010-12-31"))
		require.Zero(t, s.balance(payable), "what is settled in its currency is settled in base")
		_, err := s.books.Unallocate(s.ctx, []accounting.Unallocation{{AllocationID: made[0].ID, Date: day("2010-12-07"), Reason: "contested"}})
		require.NoError(t, err)
		require.Equal(t, map[uuid.UUID]int64{v.ID: 3_334, b.ID: -3_333}, s.open("2010-12-31"))
		s.sound()
	})
}

// It is payment of both: tax that waits for that becomes due, and waits again when the contra is taken back.
func TestContraMakesTaxDue(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(c20)
		v := s.issue(document(s, "100", "C20"))[0]
		bill := bought(v.PartyID, "2010-12-02", gbp(5_000))
		bill.Lines[0].TaxCode = "C20"
		b := s.bill(bill)[0]
		require.Empty(t, s.boxes())
		made := s.net(nets(v.ID, b.ID, "2010-12-05", gbp(6_000)))
		require.Equal(t, int64(1_000), s.boxes()["1"], "half of the invoice")
		require.Zero(t, s.balance(accounting.RoleInputTaxNotDue), "and all of the bill")
		_, err := s.books.Unallocate(s.ctx, []accounting.Unallocation{{AllocationID: made[0].ID, Date: day("2010-12-07"), Reason: "contested"}})
		require.NoError(t, err)
		require.Zero(t, s.boxes()["1"])
		require.Equal(t, []int64{-2_000, 1_000}, []int64{s.balance(accounting.RoleTaxNotDue), s.balance(accounting.RoleInputTaxNotDue)})
		s.sound()
	})
}

// Contras and payments of the same items at once: no more is settled than is open.
func TestRaceForAContra(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "100.00"))[0]
		b := s.bill(bought(s.ann.ID, "2010-12-01", gbp(10_000)))[0]
		done := 0
		for i, err := range racetest.Together(6, func(i int) error {
			if i%2 == 1 {
				_, err := s.books.Pay(s.ctx, []accounting.NewPayment{received("", s.ann.ID, "2010-12-10", 4_000, part(v.ID, 4_000))})
				return err
			}
			_, err := s.books.Contra(s.ctx, []accounting.NewContra{nets(v.ID, b.ID, "2010-12-10", gbp(4_000))})
			return err
		}) {
			if err == nil {
				done++
				continue
			}
			require.ErrorIs(t, err, accounting.ErrOverAllocated, i)
		}
		require.Equal(t, 2, done)
		require.Equal(t, int64(2_000), s.open("2010-12-31")[v.ID])
		s.sound()
	})
}
