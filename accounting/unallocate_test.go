package accounting_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

func (s *shop) allocations(item uuid.UUID) []accounting.Allocation {
	s.t.Helper()
	out, err := s.books.Allocations(s.ctx, item)
	require.NoError(s.t, err)
	return out
}

func (s *shop) unallocate(on string, ids ...uuid.UUID) []accounting.Allocation {
	s.t.Helper()
	in := make([]accounting.Unallocation, len(ids))
	for i := range ids {
		in[i] = accounting.Unallocation{AllocationID: ids[i], Date: day(on), Reason: "wrong invoice"}
	}
	out, err := s.books.Unallocate(s.ctx, in)
	require.NoError(s.t, err)
	return out
}

func (s *shop) takeBack(on string, payment uuid.UUID) accounting.Entry {
	s.t.Helper()
	out, err := s.books.ReversePayments(s.ctx, []accounting.PaymentReversal{{PaymentID: payment, Date: day(on), Reason: "bounced"}})
	require.NoError(s.t, err)
	return out[0]
}

func (s *shop) states(ids ...uuid.UUID) (out []accounting.DocumentState) {
	s.t.Helper()
	all, err := s.books.DocumentStates(s.ctx, ids)
	require.NoError(s.t, err)
	for _, id := range ids {
		out = append(out, all[id].State)
	}
	return out
}

// What a payment paid is open again from the day on, and was settled until then.
func TestUnallocate(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10"))[0]
		p := s.pay(received("P1", s.ann.ID, "2010-12-10", 1000, part(v.ID, 1000)))[0]
		made := s.allocations(v.ID)[0]
		undo := accounting.Unallocation{AllocationID: made.ID, Reference: "U1", Date: day("2010-12-20"), Reason: "wrong invoice"}
		out, err := s.books.Unallocate(s.ctx, []accounting.Unallocation{undo})
		require.NoError(t, err)
		require.Equal(t, made.ID, out[0].UndoesID)
		require.Equal(t, gbp(-1000), out[0].Amount)
		require.Len(t, s.allocations(v.ID), 2, "nothing is deleted")
		require.Equal(t, map[uuid.UUID]int64{v.ID: 1000}, s.open("2010-12-09"))
		require.Empty(t, s.open("2010-12-10"))
		require.Empty(t, s.open("2010-12-19"))
		require.Equal(t, map[uuid.UUID]int64{v.ID: 1000, p.ID: -1000}, s.open("2010-12-20"))
		require.Equal(t, []accounting.DocumentState{accounting.DocumentIssued}, s.states(v.ID))
		s.sound()

		again, err := s.books.Unallocate(s.ctx, []accounting.Unallocation{undo})
		require.NoError(t, err)
		require.True(t, again[0].Replayed)
		require.Equal(t, out[0].ID, again[0].ID)
		undo.Date = day("2010-12-21")
		_, err = s.books.Unallocate(s.ctx, []accounting.Unallocation{undo})
		require.ErrorIs(t, err, accounting.ErrReferenceTaken)
		undo.Reference = "U2"
		_, err = s.books.Unallocate(s.ctx, []accounting.Unallocation{undo})
		require.ErrorIs(t, err, accounting.ErrAlreadyUnallocated)
		undo.AllocationID = out[0].ID
		_, err = s.books.Unallocate(s.ctx, []accounting.Unallocation{undo})
		require.ErrorIs(t, err, accounting.ErrBadInput, "an unallocation is not undone: allocate anew")

		// Settled again, from the day on which it was open again. Before that there was nothing to settle.
		_, err = s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: v.ID, CreditID: p.ID, Date: day("2010-12-15"), Amount: gbp(400)}})
		require.ErrorIs(t, err, accounting.ErrBadInput)
		_, err = s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 7, WriteOffLimit: gbp(5_000)})
		require.NoError(t, err)
		_, err = s.books.WriteOff(s.ctx, []accounting.NewWriteOff{{ItemID: v.ID, Date: day("2010-12-15"), PaymentWriteOff: accounting.PaymentWriteOff{Amount: gbp(1),
			Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "too early"}}})
		require.ErrorIs(t, err, accounting.ErrBadInput)
		next := s.pay(received("P2", s.ann.ID, "2010-12-12", 600, part(v.ID, 600)))[0]
		require.Equal(t, "2010-12-20", s.allocations(next.ID)[0].AllocatedOn.String())
		require.Equal(t, map[uuid.UUID]int64{next.ID: -600}, s.open("2010-12-15"), "until then it waits on account")
		require.Equal(t, map[uuid.UUID]int64{v.ID: 400, p.ID: -1000}, s.open("2010-12-31"))
		s.sound()
	})
}

// Statement of account, ageing, ledger and explanation tell the same before and after.
func TestWhatIsUndoneIsTold(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10"))[0]
		p := s.pay(received("P1", s.ann.ID, "2010-12-10", 1000, part(v.ID, 1000)))[0]
		s.unallocate("2010-12-20", s.allocations(v.ID)[0].ID)
		for on, open := range map[string][]int64{"2010-12-15": {0, 0}, "2010-12-20": {1000, -1000}} {
			st, err := s.books.StatementOfAccount(s.ctx, accounting.StatementQuery{PartyID: s.ann.ID, Control: accounting.ControlReceivable, From: day("2010-12-01"), To: day(on)})
			require.NoError(t, err)
			require.Equal(t, open, []int64{st.Accounts[0].Entries[0].Open.Minor, st.Accounts[0].Entries[1].Open.Minor}, on)
			aged, err := s.books.AgedItems(s.ctx, accounting.AgingQuery{Control: accounting.ControlReceivable, AsOf: day(on)})
			require.NoError(t, err)
			require.Zero(t, aged.Total.Sum.Minor)
			require.Equal(t, open[1], aged.Total.Unallocated.Minor, on)
		}
		back := s.takeBack("2010-12-22", p.ID)
		x, err := s.books.Explain(s.ctx, accounting.ByRole(accounting.RoleBank), day("2010-12-01"), day("2010-12-31"), tenancy.PageRequest{})
		require.NoError(t, err)
		require.Equal(t, accounting.Source{Model: "erp.payments", ID: p.ID}, x.Reasons[1].Source)
		require.Equal(t, back.ID, x.Lines[1].EntryID)
		s.sound()
	})
}

// What was realised is taken back at the worth at which it was booked, whatever the rate is by then.
func TestUnallocateTakesRealisedDifferencesBack(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		e := s.post(claim("", s.ann.ID, "2010-12-01", usd(1000), gbp(640)))[0]
		item := s.itemOf(e.ID)
		in := received("P1", s.ann.ID, "2010-12-10", 0, accounting.PaymentAllocation{InvoiceID: item.ID, Amount: usd(400)})
		in.Amount, in.Base = usd(400), gbp(250)
		p := s.pay(in)[0]
		require.Equal(t, int64(6), s.balance(accounting.RoleExchangeLoss), "256 of the claim for 250")
		made := s.allocations(item.ID)[0]
		undone := s.unallocate("2010-12-20", made.ID)[0]
		require.Zero(t, s.balance(accounting.RoleExchangeLoss))
		require.Equal(t, map[uuid.UUID]int64{item.ID: 1000, p.ID: -400}, s.open("2010-12-31"))
		require.Equal(t, int64(640), s.itemOf(e.ID).OpenBaseMinor)
		reversal, err := s.books.GetEntry(s.ctx, undone.EntryID)
		require.NoError(t, err)
		require.Equal(t, made.EntryID, reversal.ReversesID)
		require.Equal(t, accounting.KindRealised, reversal.Kind)
		require.Equal(t, "wrong invoice", reversal.Reason)
		_, err = s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: undone.EntryID, Date: day("2010-12-20"), Reason: "no"}})
		require.ErrorIs(t, err, accounting.ErrEntryOfSettlement)
		s.sound()
	})
}

// A write-off is taken back with its allocation, or with the payment's that it came along with.
func TestUnallocateTakesWriteOffsBack(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		_, err := s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 7, WriteOffLimit: gbp(5_000)})
		require.NoError(t, err)
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10"))[0]
		give := accounting.PaymentWriteOff{Amount: gbp(20), Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "cents"}
		off := accounting.NewWriteOff{Reference: "W1", ItemID: v.ID, Date: day("2010-12-05"), PaymentWriteOff: give}
		first, err := s.books.WriteOff(s.ctx, []accounting.NewWriteOff{off, off})
		require.NoError(t, err)
		require.True(t, first[1].Replayed)
		off.Amount = gbp(21)
		_, err = s.books.WriteOff(s.ctx, []accounting.NewWriteOff{off})
		require.ErrorIs(t, err, accounting.ErrReferenceTaken)
		require.Equal(t, int64(20), s.balance(accounting.RoleBadDebt))
		s.unallocate("2010-12-06", first[0].ID)
		require.Zero(t, s.balance(accounting.RoleBadDebt))
		require.Equal(t, map[uuid.UUID]int64{v.ID: 980}, s.open("2010-12-05"))
		require.Equal(t, map[uuid.UUID]int64{v.ID: 1000}, s.open("2010-12-06"))

		paid := part(v.ID, 980)
		paid.WriteOff = &give
		p := s.pay(received("P1", s.ann.ID, "2010-12-10", 980, paid))[0]
		require.Empty(t, s.open("2010-12-31"))
		require.Equal(t, int64(20), s.balance(accounting.RoleBadDebt))
		s.unallocate("2010-12-20", s.allocations(p.ID)[0].ID)
		require.Zero(t, s.balance(accounting.RoleBadDebt))
		require.Equal(t, map[uuid.UUID]int64{v.ID: 1000, p.ID: -980}, s.open("2010-12-31"))
		for _, a := range s.allocations(v.ID) {
			for _, o := range s.allocations(a.CreditID) {
				if o.CreditID == a.CreditID && o.DebitID != v.ID {
					_, err := s.books.Unallocate(s.ctx, []accounting.Unallocation{{AllocationID: o.ID, Date: day("2010-12-31"), Reason: "no"}})
					require.ErrorIs(t, err, accounting.ErrOfReversal, "what was taken back stays taken back")
				}
			}
		}
		s.sound()
	})
}

// What is asked for by itself is answered by itself, though it would have come along.
func TestUnallocateAnswersEach(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		_, err := s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 7, WriteOffLimit: gbp(5_000)})
		require.NoError(t, err)
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10"))[0]
		paid := part(v.ID, 980)
		paid.WriteOff = &accounting.PaymentWriteOff{Amount: gbp(20), Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "cents"}
		s.pay(received("P1", s.ann.ID, "2010-12-10", 980, paid))
		made := s.allocations(v.ID)
		require.Equal(t, made[0].ID, made[1].WithID)
		in := []accounting.Unallocation{{Reference: "U1", AllocationID: made[0].ID, Date: day("2010-12-20"), Reason: "both"},
			{Reference: "U2", AllocationID: made[1].ID, Date: day("2010-12-20"), Reason: "both"}}
		out, err := s.books.Unallocate(s.ctx, in)
		require.NoError(t, err)
		require.Equal(t, []string{"U1", "U2"}, []string{out[0].Reference, out[1].Reference})
		require.Equal(t, []uuid.UUID{made[0].ID, made[1].ID}, []uuid.UUID{out[0].UndoesID, out[1].UndoesID})
		again, err := s.books.Unallocate(s.ctx, in)
		require.NoError(t, err)
		require.True(t, again[0].Replayed && again[1].Replayed)
		s.sound()
	})
}

// What an undoing books into a soft-locked period needs a reason.
func TestUnallocateIntoASoftLock(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		_, err := s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 7, WriteOffLimit: gbp(5_000)})
		require.NoError(t, err)
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10"))[0]
		off, err := s.books.WriteOff(s.ctx, []accounting.NewWriteOff{{ItemID: v.ID, Date: day("2010-12-05"), PaymentWriteOff: accounting.PaymentWriteOff{Amount: gbp(100),
			Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "cents"}}})
		require.NoError(t, err)
		require.NoError(t, s.setState("2010-12", accounting.PeriodSoftLocked))
		undo := accounting.Unallocation{AllocationID: off[0].ID, Date: day("2010-12-06"), Reason: "paid after all"}
		_, err = s.books.Unallocate(s.ctx, []accounting.Unallocation{undo})
		require.ErrorIs(t, err, accounting.ErrPeriodSoftLocked)
		undo.LockException = "the auditor asked for it"
		_, err = s.books.Unallocate(s.ctx, []accounting.Unallocation{undo})
		require.NoError(t, err)
		require.Zero(t, s.balance(accounting.RoleBadDebt))
		s.sound()
	})
}

// Of a purchase whose tax cannot all be claimed, a discount is taken back with both parts of it.
func TestUnallocateTakesDiscountsOnBillsBack(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		half := s20
		half.Code, half.NotRecoverable = "H20", price("50")
		s.taxes(half)
		in := s.withNet(10000, "H20")
		in.Terms.Discount = accounting.EarlyDiscount{Percent: price("3"), Until: day("2010-12-11")}
		b := s.bill(in)[0]
		figures := func() (out []string) {
			r, err := s.books.TaxReport(s.ctx, day("2010-12-01"), day("2010-12-31"))
			require.NoError(t, err)
			for _, f := range r.Taxes {
				out = append(out, fmt.Sprint(f.Code, f.Base, f.Tax, f.NotRecoverable))
			}
			return out
		}
		before, owed := figures(), s.open("2010-12-31")
		_, err := s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: b.ID, Date: day("2010-12-10")}})
		require.NoError(t, err)
		require.NotEqual(t, before, figures())
		s.unallocate("2010-12-12", s.allocations(b.ID)[0].ID)
		require.Equal(t, before, figures())
		require.Equal(t, owed, s.open("2010-12-31"))
		require.Zero(t, s.balance(accounting.RoleDiscountTaken))
		s.sound()
	})
}

// A discount is taken back whole: for all instalments, with its tax, and can be taken again.
func TestUnallocateTakesDiscountsBack(t *testing.T) {
	for _, tax := range []accounting.NewTax{s20, c20} {
		t.Run(tax.Code, func(t *testing.T) {
			each(t, func(t *testing.T, s *shop) {
				s.taxes(tax)
				in := document(s, "100", tax.Code)
				in.Terms = thirds
				in.Terms.Discount = accounting.EarlyDiscount{Percent: price("50"), Until: day("2010-12-11")}
				v := s.issue(in)[0]
				before, boxes := s.open("2010-12-31"), s.boxes()
				take := accounting.NewDiscount{Reference: "D1", DocumentID: v.ID, Date: day("2010-12-10")}
				_, err := s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{take})
				require.NoError(t, err)
				after, discounted, given := s.open("2010-12-31"), s.boxes(), s.balance(accounting.RoleDiscountGiven)
				require.Less(t, len(after), len(before), "it settles the first instalment and a part of the second")
				first := s.allocations(v.ID)[0].ID
				seen, err := s.books.Preview(s.ctx, func(ctx context.Context) error {
					_, err := s.books.Unallocate(ctx, []accounting.Unallocation{{AllocationID: first, Date: day("2010-12-11"), Reason: "look"}})
					return err
				})
				require.NoError(t, err)
				require.Len(t, seen.Entries, 1, "the reversal: a discount is no payment, so nothing had become due by it, nor waits again")
				s.unallocate("2010-12-11", first)
				require.Equal(t, before, s.open("2010-12-31"))
				require.Equal(t, nonZero(boxes), nonZero(s.boxes()))
				require.Zero(t, s.balance(accounting.RoleDiscountGiven))
				s.sound()
				take.Reference, take.Date = "D2", day("2010-12-11")
				_, err = s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{take})
				require.NoError(t, err)
				require.Equal(t, after, s.open("2010-12-31"))
				require.Equal(t, nonZero(discounted), nonZero(s.boxes()))
				require.Equal(t, given, s.balance(accounting.RoleDiscountGiven))
				take.Reference = ""
				_, err = s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{take})
				require.ErrorIs(t, err, accounting.ErrDiscountTaken)
				s.sound()
			})
		})
	}
}

func nonZero(in map[string]int64) map[string]int64 {
	out := map[string]int64{}
	for k, n := range in {
		if n != 0 {
			out[k] = n
		}
	}
	return out
}

// Tax that a payment made due waits again.
func TestUnallocateHasTaxWaitAgain(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(c20)
		v := s.issue(document(s, "10.01", "C20"))[0]
		s.pay(received("", s.ann.ID, "2010-12-10", 400, part(v.ID, 400)), received("", s.ann.ID, "2010-12-11", 801, part(v.ID, 801)))
		require.Equal(t, map[string]int64{"1": 200, "6": 1001}, s.boxes())
		s.unallocate("2010-12-20", s.allocations(v.ID)[0].ID)
		require.Equal(t, map[string]int64{"1": 133, "6": 668}, s.boxes(), "in proportion to the 8.01 that are paid")
		require.Equal(t, int64(-67), s.balance(accounting.RoleTaxNotDue))
		r, err := s.books.TaxReport(s.ctx, day("2010-12-01"), day("2010-12-19"))
		require.NoError(t, err)
		require.Equal(t, int64(200), r.Boxes[0].Amount.Minor, "what was declared stays declared")
		s.sound()
	})
}

// A bounced cheque: what it paid is open again, its write-off is taken back, and the bank shows both ways.
func TestReversePayments(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		_, err := s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 7, WriteOffLimit: gbp(5_000)})
		require.NoError(t, err)
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10"), invoice("I2", s.ann.ID, "2010-12-14", "20"))
		first := part(v[0].ID, 990)
		first.WriteOff = &accounting.PaymentWriteOff{Amount: gbp(10), Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "cents"}
		p := s.pay(received("P1", s.ann.ID, "2010-12-10", 2500, first))[0]
		_, err = s.books.Allocate(s.ctx, []accounting.NewAllocation{{Reference: "A1", DebitID: v[1].ID, CreditID: p.ID, Date: day("2010-12-16"), Amount: gbp(500)}})
		require.NoError(t, err)

		back := accounting.PaymentReversal{PaymentID: p.ID, Reference: "R1", Date: day("2010-12-15"), Reason: "refer to drawer"}
		early := back
		early.Date = day("2010-12-09")
		_, err = s.books.ReversePayments(s.ctx, []accounting.PaymentReversal{early})
		require.ErrorIs(t, err, accounting.ErrBadInput)
		out, err := s.books.ReversePayments(s.ctx, []accounting.PaymentReversal{back, back})
		require.NoError(t, err)
		require.True(t, out[1].Replayed)
		require.Equal(t, p.EntryID, out[0].ReversesID)
		require.Zero(t, s.balance(accounting.RoleBank))
		require.Zero(t, s.balance(accounting.RoleBadDebt))
		require.Equal(t, int64(2500), s.on("2010-12-14", accounting.ByRole(accounting.RoleBank)))
		require.Equal(t, map[uuid.UUID]int64{v[0].ID: 1000, v[1].ID: 2000}, s.open("2010-12-31"))
		require.Equal(t, int64(1000), s.open("2010-12-15")[v[0].ID])
		require.Equal(t, map[uuid.UUID]int64{v[1].ID: 2000, p.ID: -1510}, s.open("2010-12-14"))
		reversals, err := s.books.PaymentReversals(s.ctx, []uuid.UUID{p.ID, uuid.New()})
		require.NoError(t, err)
		require.Len(t, reversals, 1)
		require.Equal(t, out[0].ID, reversals[p.ID].ID)

		back.Date = day("2010-12-17")
		_, err = s.books.ReversePayments(s.ctx, []accounting.PaymentReversal{back})
		require.ErrorIs(t, err, accounting.ErrReferenceTaken)
		back.Reference = ""
		_, err = s.books.ReversePayments(s.ctx, []accounting.PaymentReversal{back})
		require.ErrorIs(t, err, accounting.ErrAlreadyReversed)
		back.PaymentID = uuid.New()
		_, err = s.books.ReversePayments(s.ctx, []accounting.PaymentReversal{back})
		require.ErrorIs(t, err, fault.NotFound)
		s.pay(received("P2", s.ann.ID, "2010-12-20", 3000, part(v[0].ID, 1000), part(v[1].ID, 2000)))
		require.Empty(t, s.open("2010-12-31"))
		s.sound()
	})
}

// A payment in a currency that was banked in another one goes back at the worth at which it came.
func TestReversePaymentsInForeignCurrencies(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		e := s.post(claim("", s.ann.ID, "2010-12-01", usd(1000), gbp(640)))[0]
		item := s.itemOf(e.ID)
		in := received("P1", s.ann.ID, "2010-12-10", 0, accounting.PaymentAllocation{InvoiceID: item.ID, Amount: usd(1000)})
		in.Amount, in.Banked = usd(1000), gbp(610)
		p := s.pay(in)[0]
		require.Equal(t, int64(30), s.balance(accounting.RoleExchangeLoss))
		s.rate("2010-12-12", "0.70")
		s.takeBack("2010-12-12", p.ID)
		require.Zero(t, s.balance(accounting.RoleExchangeLoss))
		require.Zero(t, s.balance(accounting.RoleBank))
		require.Equal(t, map[uuid.UUID]int64{item.ID: 1000}, s.open("2010-12-31"))
		require.Equal(t, int64(640), s.itemOf(e.ID).OpenBaseMinor)
		s.sound()
	})
}

// Undoing is dated: never into a locked period, into a soft-locked one with a reason, and a late reversal counts for the next open day.
func TestUndoingIsDated(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("I1", s.ann.ID, "2010-11-01", "10"))[0]
		p := s.pay(received("P1", s.ann.ID, "2010-11-10", 1000, part(v.ID, 1000)))[0]
		made := s.allocations(v.ID)[0]
		undo := accounting.Unallocation{AllocationID: made.ID, Date: day("2010-11-20"), Reason: "wrong"}
		early := undo
		early.Date = day("2010-11-09")
		_, err := s.books.Unallocate(s.ctx, []accounting.Unallocation{early})
		require.ErrorIs(t, err, accounting.ErrBadInput)
		require.NoError(t, s.setState("2010-11", accounting.PeriodSoftLocked))
		back := accounting.PaymentReversal{PaymentID: p.ID, Date: day("2010-11-20"), Reason: "bounced"}
		_, err = s.books.ReversePayments(s.ctx, []accounting.PaymentReversal{back})
		require.ErrorIs(t, err, accounting.ErrPeriodSoftLocked)
		s.lock("2010-11")
		_, err = s.books.Unallocate(s.ctx, []accounting.Unallocation{undo})
		require.ErrorIs(t, err, accounting.ErrPeriodLocked)
		_, err = s.books.ReversePayments(s.ctx, []accounting.PaymentReversal{back})
		require.ErrorIs(t, err, accounting.ErrPeriodLocked)
		back.Late = accounting.LateFirstOpen
		out, err := s.books.ReversePayments(s.ctx, []accounting.PaymentReversal{back})
		require.NoError(t, err)
		require.True(t, out[0].Late)
		require.Equal(t, "2010-12-01", out[0].EntryDate.String())
		require.Empty(t, s.open("2010-11-30"))
		require.Equal(t, map[uuid.UUID]int64{v.ID: 1000}, s.open("2010-12-01"))
		s.sound()
	})
}

// However many are undone, it costs the same number of statements; and a preview of it changes nothing.
func TestUndoingCostsTheSame(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		batch := func(n int) (allocations []uuid.UUID, back []accounting.PaymentReversal) {
			for i := range 2 * n {
				v := s.issue(invoice("", s.ann.ID, "2010-12-01", "10"))[0]
				p := s.pay(received("", s.ann.ID, "2010-12-10", 1000, part(v.ID, 1000)))[0]
				if i%2 == 0 {
					allocations = append(allocations, s.allocations(v.ID)[0].ID)
				} else {
					back = append(back, accounting.PaymentReversal{PaymentID: p.ID, Date: day("2010-12-12"), Reason: "bounced"})
				}
			}
			return allocations, back
		}
		count := func(n int) [2]int64 {
			allocations, back := batch(n)
			before := s.open("2010-12-31")
			seen, err := s.books.Preview(s.ctx, func(ctx context.Context) error {
				_, err := s.books.ReversePayments(ctx, back)
				return err
			})
			require.NoError(t, err)
			require.Len(t, seen.Entries, n)
			require.Equal(t, before, s.open("2010-12-31"))
			return [2]int64{int64(s.env.Count(t, func() { s.unallocate("2010-12-11", allocations...) })), int64(s.env.Count(t, func() {
				_, err := s.books.ReversePayments(s.ctx, back)
				require.NoError(t, err)
			}))}
		}
		require.Equal(t, count(1), count(12))
		s.sound()
	})
}

// The database itself refuses what is not the mirror image of an allocation, and what would settle more than there is on some day.
func TestDatabaseRefusesBadUnallocations(t *testing.T) {
	eachRaw(t, func(t *testing.T, r *raw) {
		s := r.s
		v := s.issue(invoice("", s.ann.ID, "2010-12-01", "10"))[0]
		p := s.pay(received("", s.ann.ID, "2010-12-10", 1000, part(v.ID, 700)))[0]
		made := s.allocations(v.ID)[0]
		row := func(on string, minor, base int64, undoes, reference string) string {
			null := func(s string) string {
				if s == "" {
					return "NULL"
				}
				return "'" + s + "'"
			}
			return fmt.Sprintf("INSERT INTO erp.allocations (tenant_id, id, party_id, debit_id, credit_id, allocated_on, amount_minor, amount_currency, debit_base_minor, credit_base_minor, undoes_id, reference, fingerprint, recorded_at) "+
				"VALUES ('%s', '%s', '%s', '%s', '%s', '%s', %d, 'GBP', %d, %d, %s, %s, '', '2011-01-01T00:00:00.000000Z')",
				r.tenant, tenancy.NewID(), s.ann.ID, v.ID, p.ID, on, minor, base, base, null(undoes), null(reference))
		}
		reopen := func(minor int64, on string) string {
			return fmt.Sprintf("UPDATE erp.open_items SET open_minor = %d, open_base_minor = %d, reopened_on = %s%sid = '%s'", minor, minor, on, r.where(), v.ID)
		}
		mirror := row("2010-12-20", -700, -700, made.ID.String(), "")
		require.NoError(t, r.rehearse(mirror, reopen(1000, "'2010-12-20'")), "the attacks below prove nothing unless this works")
		for _, bad := range []struct {
			name       string
			statements []string
			code       string
		}{
			{"open again by decree", []string{reopen(1000, "NULL")}, "accounting.over_allocated"},
			{"open again by more than was undone", []string{mirror, reopen(999, "'2010-12-20'")}, "accounting.over_allocated"},
			{"open again from an earlier day", []string{mirror, reopen(1000, "'2010-12-19'")}, "accounting.over_allocated"},
			{"of another amount", []string{row("2010-12-20", -600, -600, made.ID.String(), "")}, "accounting.over_allocated"},
			{"of another worth", []string{row("2010-12-20", -700, -600, made.ID.String(), "")}, "accounting.over_allocated"},
			{"before it was made", []string{row("2010-12-09", -700, -700, made.ID.String(), "")}, "accounting.over_allocated"},
			{"of nothing", []string{row("2010-12-20", -700, -700, uuid.NewString(), "")}, ""},
			{"below zero without one", []string{row("2010-12-20", -700, -700, "", "")}, ""},
			{"twice", []string{mirror, row("2010-12-20", -700, -700, made.ID.String(), "")}, ""},
			{"settled again before", []string{mirror, reopen(1000, "'2010-12-20'"), row("2010-12-19", 1, 1, "", "")}, "accounting.over_allocated"},
			{"a reference twice", []string{row("2010-12-20", 1, 1, "", "R"), row("2010-12-20", 1, 1, "", "R")}, ""},
			{"an allocation changed", []string{"UPDATE erp.allocations SET amount_minor = 1" + r.where() + "id = '" + made.ID.String() + "'"}, ""},
			{"an allocation deleted", []string{"DELETE FROM erp.allocations" + r.where() + "id = '" + made.ID.String() + "'"}, ""},
		} {
			t.Run(bad.name, func(t *testing.T) { refused(t, r.try(bad.statements...), bad.code) })
		}
		s.sound()
	})
}

// One reference is one effect, however many try it at once.
func TestRaceOneReferenceIsOneSettlement(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		_, err := s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 7, WriteOffLimit: gbp(5_000)})
		require.NoError(t, err)
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10"))[0]
		p := s.pay(received("P", s.ann.ID, "2010-12-02", 900))[0]
		var made uuid.UUID
		for name, act := range []func() (uuid.UUID, bool, error){
			func() (uuid.UUID, bool, error) {
				out, err := s.books.Allocate(s.ctx, []accounting.NewAllocation{{Reference: "A", DebitID: v.ID, CreditID: p.ID, Date: day("2010-12-03"), Amount: gbp(900)}})
				return firstOf(out, err)
			},
			func() (uuid.UUID, bool, error) {
				out, err := s.books.WriteOff(s.ctx, []accounting.NewWriteOff{{Reference: "W", ItemID: v.ID, Date: day("2010-12-03"),
					PaymentWriteOff: accounting.PaymentWriteOff{Amount: gbp(100), Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "cents"}}})
				return firstOf(out, err)
			},
			func() (uuid.UUID, bool, error) {
				out, err := s.books.Unallocate(s.ctx, []accounting.Unallocation{{Reference: "U", AllocationID: made, Date: day("2010-12-04"), Reason: "race"}})
				return firstOf(out, err)
			},
			func() (uuid.UUID, bool, error) {
				out, err := s.books.ReversePayments(s.ctx, []accounting.PaymentReversal{{Reference: "R", PaymentID: p.ID, Date: day("2010-12-05"), Reason: "race"}})
				if err != nil {
					return uuid.Nil, false, err
				}
				return out[0].ID, out[0].Replayed, nil
			},
		} {
			var ids [4]uuid.UUID
			var replayed [4]bool
			for _, err := range racetest.Together(4, func(i int) error {
				return insist(func() (err error) { ids[i], replayed[i], err = act(); return err })
			}) {
				require.NoError(t, err, name)
			}
			fresh := 0
			for i := range ids {
				require.Equal(t, ids[0], ids[i])
				if !replayed[i] {
					fresh++
				}
			}
			require.Equal(t, 1, fresh)
			made = ids[0] // the write-off is what is undone
		}
		require.Equal(t, map[uuid.UUID]int64{v.ID: 1000}, s.open("2010-12-31"))
		s.sound()
	})
}

func firstOf(out []accounting.Allocation, err error) (uuid.UUID, bool, error) {
	if err != nil {
		return uuid.Nil, false, err
	}
	return out[0].ID, out[0].Replayed, nil
}

// What the books said before an undoing they still say about then.
func TestKnownAtBeforeAnUndoing(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		e := s.post(claim("", s.ann.ID, "2010-12-01", usd(1000), gbp(640)))[0]
		in := received("P1", s.ann.ID, "2010-12-10", 0, accounting.PaymentAllocation{InvoiceID: s.itemOf(e.ID).ID, Amount: usd(400)})
		in.Amount, in.Base = usd(400), gbp(250)
		p := s.pay(in)[0]
		was, err := s.books.BalanceSheet(s.ctx, day("2010-12-31"))
		require.NoError(t, err)
		s.unallocate("2010-12-10", s.allocations(p.ID)[0].ID)
		s.takeBack("2010-12-11", p.ID)
		known, err := s.books.KnownAt(p.PostedAt).BalanceSheet(s.ctx, day("2010-12-31"))
		require.NoError(t, err)
		require.Equal(t, was, known)
		now, err := s.books.BalanceSheet(s.ctx, day("2010-12-31"))
		require.NoError(t, err)
		require.NotEqual(t, was, now)
	})
}

// Two who undo the same, and one who settles meanwhile: it is undone once, and never settled beyond zero.
func TestRaceToUndo(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10"), invoice("I2", s.ann.ID, "2010-12-01", "10"))
		p := s.pay(received("P", s.ann.ID, "2010-12-02", 1500, part(v[0].ID, 1000)))[0]
		made := s.allocations(v[0].ID)[0]
		errs := racetest.Together(6, func(i int) (err error) {
			switch i % 3 {
			case 0:
				_, err = s.books.Unallocate(s.ctx, []accounting.Unallocation{{AllocationID: made.ID, Date: day("2010-12-05"), Reason: "race"}})
			case 1:
				_, err = s.books.ReversePayments(s.ctx, []accounting.PaymentReversal{{PaymentID: p.ID, Date: day("2010-12-05"), Reason: "race"}})
			default:
				_, err = s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: v[1].ID, CreditID: p.ID, Date: day("2010-12-05"), Amount: money.Of(400, "GBP")}})
			}
			return err
		})
		require.LessOrEqual(t, 1, countOf(errs, nil))
		require.Zero(t, s.balance(accounting.RoleBank))
		require.Equal(t, map[uuid.UUID]int64{v[0].ID: 1000, v[1].ID: 1000}, s.open("2010-12-31"))
		s.sound()
	})
}
