package accounting_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

func (s *shop) drafted(in ...accounting.NewBill) []accounting.Draft {
	s.t.Helper()
	out, err := s.books.DraftBills(s.ctx, in)
	require.NoError(s.t, err)
	return out
}

// A vendor's document that is drafted twice is remarked on both drafts, whenever they are looked at, and no more once one of them is gone
// or says otherwise.
func TestADocumentDraftedTwiceIsRemarked(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		first := s.drafted(aBill("D1", "17", s.ben.ID, "2010-12-01", "10"))[0]
		require.Empty(t, first.LikelyDrafts)
		twice := s.drafted(aBill("D2", "17", s.ben.ID, "2011-06-30", "999"), aBill("D3", "17", s.ann.ID, "2010-12-01", "10"))
		require.Equal(t, []uuid.UUID{first.ID}, twice[0].LikelyDrafts, "the number is the same, whatever else is not")
		require.Empty(t, twice[1].LikelyDrafts, "another vendor's")
		require.Empty(t, twice[0].LikelyDuplicates)
		again := s.drafted(aBill("D2", "17", s.ben.ID, "2011-06-30", "999"))[0]
		require.True(t, again.Replayed)
		require.Equal(t, []uuid.UUID{first.ID}, again.LikelyDrafts, "a retry is told as well")
		read, err := s.books.GetDraft(s.ctx, first.ID)
		require.NoError(t, err)
		require.Equal(t, []uuid.UUID{twice[0].ID}, read.LikelyDrafts, "the first one learns of the second")
		page, err := s.books.ListDrafts(s.ctx, tenancy.PageRequest{Sort: "created_at"})
		require.NoError(t, err)
		require.Len(t, page.Items, 3)
		require.Equal(t, [][]uuid.UUID{{twice[0].ID}, {first.ID}, nil}, [][]uuid.UUID{page.Items[0].LikelyDrafts, page.Items[1].LikelyDrafts, page.Items[2].LikelyDrafts})

		changed, err := s.books.ChangeBillDraft(s.ctx, twice[0].ID, aBill("D2", "18", s.ben.ID, "2011-06-30", "999"))
		require.NoError(t, err)
		require.Empty(t, changed.LikelyDrafts)
		changed, err = s.books.ChangeBillDraft(s.ctx, twice[0].ID, aBill("D2", "17", s.ben.ID, "2011-06-30", "999"))
		require.NoError(t, err)
		require.Equal(t, []uuid.UUID{first.ID}, changed.LikelyDrafts)
		recorded, err := s.books.RecordDrafts(s.ctx, []uuid.UUID{first.ID})
		require.NoError(t, err)
		read, err = s.books.GetDraft(s.ctx, twice[0].ID)
		require.NoError(t, err)
		require.Equal(t, [2][]uuid.UUID{nil, {recorded[0].ID}}, [2][]uuid.UUID{read.LikelyDrafts, read.LikelyDuplicates}, "it is in the books by now")
		_, err = s.books.RecordDrafts(s.ctx, []uuid.UUID{twice[0].ID})
		require.ErrorIs(t, err, accounting.ErrBillTaken)
		gone, err := s.books.DiscardDraft(s.ctx, twice[0].ID)
		require.NoError(t, err)
		require.Equal(t, [3]any{"", "", int64(0)}, [3]any{gone.Content, gone.VendorNumber, gone.StatedMinor}, "nothing of it stays")
		require.Empty(t, s.drafted(aBill("D4", "17", s.ben.ID, "2010-12-01", "1"))[0].LikelyDrafts)
		s.sound()
	})
}

// Within the days that were asked for, documents of a vendor are alike that come to the same, however they say so.
func TestDraftsAreAlikeByWhatTheyComeTo(t *testing.T) {
	usd := func(minor int64) money.Amount { return money.Of(minor, "USD") }
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		s.rate("2010-12-01", "0.5")
		like := func(on string, change func(v *accounting.NewBill)) accounting.NewBill {
			v := accounting.NewBill{PartyID: s.ben.ID, Date: day(on), Duplicates: 5, Lines: []accounting.NewBillLine{{Account: accounting.ByCode("6100"), Net: gbp(12_000), TaxCode: "S20"}}}
			change(&v)
			return v
		}
		same := func(*accounting.NewBill) {}
		of := s.drafted(like("2010-12-10", same))[0]
		recorded := s.bill(like("2010-12-20", same))[0]
		require.Empty(t, recorded.LikelyDrafts, "ten days apart")
		for name, c := range map[string]struct {
			in            accounting.NewBill
			draft, booked bool
		}{
			"the same":        {like("2010-12-10", same), true, false},
			"within the days": {like("2010-12-15", same), true, true},
			"before it":       {like("2010-12-05", same), true, false},
			"a day too late":  {like("2010-12-26", same), false, false},
			"nobody asks":     {like("2010-12-15", func(v *accounting.NewBill) { v.Duplicates = 0 }), false, false},
			"other numbers":   {like("2010-12-15", func(v *accounting.NewBill) { v.VendorNumber = "X-1" }), true, true},
			"in two lines": {like("2010-12-15", func(v *accounting.NewBill) {
				v.Lines[0].Net = gbp(7_000)
				v.Lines = append(v.Lines, v.Lines[0])
				v.Lines[1].Net = gbp(5_000)
			}), true, true},
			"by quantity and price": {like("2010-12-15", func(v *accounting.NewBill) {
				v.Lines[0] = accounting.NewBillLine{Quantity: units(4), UnitPrice: price("30")}
			}), true, true},
			"less a discount": {like("2010-12-15", func(v *accounting.NewBill) {
				v.Lines[0].Net = gbp(15_000)
				v.Adjustments = []accounting.Adjustment{{Adjust: accounting.Adjust{Percent: price("20")}, TaxCode: "S20"}}
			}), true, true},
			"tax included":           {like("2010-12-15", func(v *accounting.NewBill) { v.TaxIncluded, v.Lines[0].Net = true, gbp(14_400) }), false, true},
			"tax included, and less": {like("2010-12-15", func(v *accounting.NewBill) { v.TaxIncluded = true }), false, false},
			"a penny more":           {like("2010-12-15", func(v *accounting.NewBill) { v.Lines[0].Net.Minor++ }), false, false},
			"a credit":               {like("2010-12-15", func(v *accounting.NewBill) { v.Kind = accounting.VendorCreditDocument }), false, false},
			"in another currency":    {like("2010-12-15", func(v *accounting.NewBill) { v.Currency, v.Lines[0].Net = "USD", usd(12_000) }), false, false},
			"another vendor's":       {like("2010-12-15", func(v *accounting.NewBill) { v.PartyID = s.ann.ID }), false, false},
			"of no vendor yet":       {like("2010-12-15", func(v *accounting.NewBill) { v.PartyID = uuid.Nil }), false, false},
			"without lines yet":      {like("2010-12-15", func(v *accounting.NewBill) { v.Lines = nil }), false, false},
			"without a quantity yet": {like("2010-12-15", func(v *accounting.NewBill) { v.Lines = append(v.Lines, accounting.NewBillLine{UnitPrice: price("1")}) }), false, false},
			"without a date yet":     {like("2010-12-15", func(v *accounting.NewBill) { v.Date = day("2010-12-15").AddDays(0); v.Duplicates = -3 }), false, false},
			"of no kind":             {like("2010-12-15", func(v *accounting.NewBill) { v.Kind = "poem" }), false, false},
			"a discount of nothing": {like("2010-12-15", func(v *accounting.NewBill) {
				v.Adjustments = []accounting.Adjustment{{Adjust: accounting.Adjust{Percent: price("20")}, TaxCode: "NONE"}}
			}), false, false},
			"a number that is no one": {like("2010-12-15", func(v *accounting.NewBill) { v.VendorNumber = "a\x00b" }), true, true},
		} {
			d := s.drafted(c.in)[0]
			require.Equal(t, c.draft, len(d.LikelyDrafts) > 0, name)
			require.Equal(t, c.booked, len(d.LikelyDuplicates) > 0, name)
			if c.draft {
				require.Equal(t, []uuid.UUID{of.ID}, d.LikelyDrafts, name)
			}
			if c.booked {
				require.Equal(t, []uuid.UUID{recorded.ID}, d.LikelyDuplicates, name)
			}
			_, err := s.books.DiscardDraft(s.ctx, d.ID)
			require.NoError(t, err)
		}
		// Who records it is told of the draft that waits, but for the one that he records.
		require.Equal(t, []uuid.UUID{of.ID}, s.bill(like("2010-12-09", same))[0].LikelyDrafts)
		twin := s.drafted(like("2010-12-11", same))[0]
		out, err := s.books.RecordDrafts(s.ctx, []uuid.UUID{of.ID})
		require.NoError(t, err)
		require.Equal(t, []uuid.UUID{twin.ID}, out[0].LikelyDrafts)
		s.sound()
	})
}

// Drafts can be kept before the books are open, of a foreign document as well; and a batch costs the same, however large.
func TestDraftsThatAreRemarkedCostTheSame(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		batch := func(n int) []accounting.NewBill {
			out := make([]accounting.NewBill, n)
			for i := range out {
				out[i] = aBill("", "same", s.ben.ID, "2010-12-01", "1")
				out[i].Duplicates = 5
			}
			return out
		}
		require.Equal(t, s.env.Count(t, func() { s.drafted(batch(1)...) }), s.env.Count(t, func() { s.drafted(batch(20)...) }))
		list := func() {
			_, err := s.books.ListDrafts(s.ctx, tenancy.PageRequest{})
			require.NoError(t, err)
		}
		before := s.env.Count(t, list)
		s.drafted(batch(20)...)
		require.Equal(t, before, s.env.Count(t, list))

		closed := *s
		closed.ctx = s.env.Tenant(t)
		parties, err := s.books.CreateParties(closed.ctx, []accounting.NewParty{{Name: "Ben", Vendor: true}})
		require.NoError(t, err)
		early := aBill("", "", parties[0].ID, "2010-12-01", "1")
		early.Duplicates = 5
		closed.drafted(early)
		require.Empty(t, closed.drafted(early)[0].LikelyDrafts, "in which currency nobody knows")
		early.Currency = "GBP"
		closed.drafted(early)
		require.Len(t, closed.drafted(early)[0].LikelyDrafts, 1)
	})
}

// Two who draft the same at once find each other when they look again.
func TestRaceTwoDraftTheSameDocument(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		made := make([]accounting.Draft, 2)
		failed := make([]error, 2)
		var all sync.WaitGroup
		for i := range made {
			all.Add(1)
			go func() {
				defer all.Done()
				out, err := s.books.DraftBills(s.ctx, []accounting.NewBill{aBill("", "17", s.ben.ID, "2010-12-01", "10")})
				if failed[i] = err; err == nil {
					made[i] = out[0]
				}
			}()
		}
		all.Wait()
		require.Equal(t, make([]error, 2), failed)
		for i := range made {
			d, err := s.books.GetDraft(s.ctx, made[i].ID)
			require.NoError(t, err)
			require.Equal(t, []uuid.UUID{made[1-i].ID}, d.LikelyDrafts)
		}
	})
}
